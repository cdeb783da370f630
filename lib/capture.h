/* SPDX-License-Identifier: MIT */
/*
 * Capture files, read and written a packet at a time. What libpcap can do it does: classic pcap of both byte orders,
 * in micro- and nanoseconds. pcapng is read and written by lib/pcapng.h, since libpcap knows neither comments nor
 * several interfaces. What a file says of its kind is believed, its name is not.
 */
#ifndef LIB_CAPTURE_H
#define LIB_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	CAPTURE_SNAPLEN = 262144,  /* no packet is longer */
	CAPTURE_IFACES_MAX = 4096, /* of a file */
	CAPTURE_NAME_LEN = 64,
	CAPTURE_ERROR_LEN = 512,
};

/* Link types as files number them; the registry is that of tcpdump.org. */
enum {
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101, /* begins with the IP header */
	LINKTYPE_LINUX_SLL2 = 276,
};

enum capture_direction { CAPTURE_DIRECTION_UNKNOWN, CAPTURE_IN, CAPTURE_OUT };

struct capture_iface {
	unsigned linktype;
	uint32_t snaplen;	     /* most bytes of a packet that were captured */
	char name[CAPTURE_NAME_LEN]; /* "" where the file has none; longer ones are cut */
};

struct capture_packet {
	uint64_t ts_ns;	     /* since 1970; 0 where the file has no time (Simple Packet Blocks) */
	unsigned iface;	     /* which of the file's */
	unsigned linktype;   /* of that interface */
	uint32_t caplen;     /* bytes in `data`, at most CAPTURE_SNAPLEN */
	uint32_t len;	     /* bytes the packet had; at least caplen */
	const uint8_t *data; /* from the reader: until the next read */
	const char *comment; /* NULL: none; several are joined by line feeds */
	enum capture_direction direction;
};

/* ---- reading ---- */

enum capture_result {
	CAPTURE_PACKET,
	CAPTURE_END, /* where a packet could have begun: the file is whole */
	CAPTURE_BAD, /* capture_reader_error() says why; there is nothing more to read */
};

struct capture_reader;

/* Opens a file; "-" is the standard input of the process. NULL: `error` (CAPTURE_ERROR_LEN bytes) says why, with
 * the file's name. A file is streamed: what is kept does not grow with it. */
struct capture_reader *capture_open(const char *path, char *error);

/* The same of an open file, which is the reader's from now on (closed here on errors, too). */
struct capture_reader *capture_fopen(FILE *f, const char *name, char *error);
void capture_reader_free(struct capture_reader *r); /* NULL is fine */

/* The next packet. One that is cut off is not delivered; those before it have been. */
enum capture_result capture_read(struct capture_reader *r, struct capture_packet *p);
const char *capture_reader_error(const struct capture_reader *r);

/* The interfaces known so far: pcapng files may name more of them later, classic files have exactly one. Numbers go
 * on over the sections of a file. */
unsigned capture_iface_count(const struct capture_reader *r);
const struct capture_iface *capture_iface(const struct capture_reader *r, unsigned number);

/* ---- writing ---- */

enum capture_format { CAPTURE_PCAP, CAPTURE_PCAP_NS, CAPTURE_PCAPNG };

struct capture_writer;

/* Writes to `f`, which is the writer's from now on (closed here on errors, too). NULL: no memory. */
struct capture_writer *capture_writer_new(FILE *f, enum capture_format format);

/* What could not be written any more: 0 or -errno. */
int capture_writer_free(struct capture_writer *w);

/* The number of the interface of that name and link type, which is written if it is new; for classic files the
 * name means nothing, and the header of the file is written with the first one. -EINVAL: a classic file has one
 * link type; -ENOSPC: more than CAPTURE_IFACES_MAX; or what writing said. */
int capture_writer_iface(struct capture_writer *w, const char *name, unsigned linktype);

/* p->iface is one that capture_writer_iface() gave; p->linktype means nothing. Classic files have no comments and
 * directions; a comment longer than 65535 bytes is cut. 0 or -errno: -EMSGSIZE for more than CAPTURE_SNAPLEN. */
int capture_write(struct capture_writer *w, const struct capture_packet *p);

/* Hands to the kernel what was written. */
int capture_flush(struct capture_writer *w);

/* Bytes written so far. */
uint64_t capture_written(const struct capture_writer *w);

/* libpcap's number (DLT_) for a link type of files. */
int capture_dlt(unsigned linktype);

#endif
