/* SPDX-License-Identifier: MIT */
/*
 * Packets as text, in the words of tcpdump 4.99. What is shown: Ethernet with VLAN tags, Linux's cooked frames, raw IP;
 * ARP, IPv4 with options and fragments, ICMP, IGMP, UDP, DHCP, TCP with options, the beginning of HTTP; of IPv6 what a
 * line needs. Whatever else there is appears by its number, or in hex.
 */
#ifndef SHELL_DUMP_H
#define SHELL_DUMP_H

#include "lib/capture.h"
#include "lib/hash.h"
#include "shell/buf.h"

struct stack;

enum dump_time { DUMP_TIME, DUMP_NONE, DUMP_EPOCH, DUMP_DELTA, DUMP_DATE, DUMP_SINCE_FIRST };

struct dump_options {
	int verbose;		   /* -v, -vv */
	bool link;		   /* -e: the link header */
	bool quick;		   /* -q */
	bool absolute;		   /* -S: sequence numbers as they stand there */
	bool unchecked;		   /* -K: checksums are not looked at */
	bool numbers;		   /* -#: of packets */
	bool nano;		   /* time in nanoseconds */
	bool comments;		   /* of the file, below each packet */
	enum dump_time time;	   /* by the number of -t */
	int hex, hex_ascii, ascii; /* how often -x, -X, -A was said: twice is with the link header */
	bool utc;		   /* else the time zone of the machine */
	const struct stack *host;  /* whose devices an interface number means; NULL: nobody's */
};

struct dump {
	struct dump_options o;
	struct buf *out; /* gets the text */
	struct hash flows;
	uint64_t packets, first_ns, last_ns;
	bool cut; /* the present packet is not all there */
};

/* `out` is the caller's, and outlives it. */
void dump_init(struct dump *d, const struct dump_options *o, struct buf *out);
void dump_exit(struct dump *d);

/* One packet: a line or several, with the line feed at their end. */
void dump_packet(struct dump *d, const struct capture_packet *p);

#endif
