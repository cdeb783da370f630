/* SPDX-License-Identifier: MIT */
/*
 * pcapng (draft-ietf-opsawg-pcapng): sections of either byte order, interfaces with their own link types and units of
 * time, packets with comments. Blocks that we do not know are skipped. For lib/capture.c, which is what others use.
 */
#ifndef LIB_PCAPNG_H
#define LIB_PCAPNG_H

#include "lib/capture.h"

enum pcapng_block {
	PCAPNG_IFACE = 1,
	PCAPNG_PACKET_OLD = 2, /* obsolete, and still found */
	PCAPNG_PACKET_SIMPLE = 3,
	PCAPNG_PACKET = 6,
	PCAPNG_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
};

enum pcapng_option {
	PCAPNG_OPT_END = 0,
	PCAPNG_OPT_COMMENT = 1,
	PCAPNG_PACKET_FLAGS = 2, /* of packets */
	PCAPNG_IFACE_NAME = 2,	 /* of interfaces */
	PCAPNG_IFACE_TSRESOL = 9,
	PCAPNG_IFACE_TSOFFSET = 14,
};

enum {
	PCAPNG_MAGIC = 0x1a2b3c4d,
	PCAPNG_FRAME = 12, /* type, length, and the length again at the end */
};

struct pcapng_iface {
	struct capture_iface shown;
	uint32_t snaplen; /* 0: no bound */
	uint64_t per_sec; /* units of time in a second */
	int64_t offset_s; /* is added to all times */
};

struct pcapng_reader {
	FILE *file;	       /* the owner's */
	uint64_t offset, next; /* of the present block, and of the one behind it */
	uint64_t packets;
	bool swapped; /* this section has the other byte order than we */
	bool in_section;
	struct pcapng_iface *ifaces; /* of the whole file; those of this section begin at: */
	unsigned first_iface, iface_count, iface_room;
	uint8_t *block;			   /* what is in the present block, between the lengths */
	char error[CAPTURE_ERROR_LEN / 2]; /* what is wrong, without the file's name */
};

/* False: no memory. */
bool pcapng_reader_init(struct pcapng_reader *r, FILE *file);
void pcapng_reader_exit(struct pcapng_reader *r);
enum capture_result pcapng_read(struct pcapng_reader *r, struct capture_packet *p);

/* In the byte order of this machine, with times in nanoseconds. Errors are the file's: ferror(). */
void pcapng_write_section(FILE *file);
void pcapng_write_iface(FILE *file, const struct capture_iface *iface);
void pcapng_write_packet(FILE *file, const struct capture_packet *p);

#endif
