/* SPDX-License-Identifier: MIT */
/*
 * The fields of a packet in their order, under the names that tshark gives them: what `tapir replay` compares. What is no
 * field known here is one long field (ip.options, tcp.payload, data ...), so that all octets belong to some field.
 */
#ifndef SHELL_FIELDS_H
#define SHELL_FIELDS_H

#include "shell/buf.h"

struct field {
	const char *name;
	bool quoted;	  /* of the packet that an ICMP error quotes */
	bool is_octets;	  /* compared octet by octet; `text` shows how many there are, and the first ones */
	uint32_t at, len; /* octets of the packet that hold it */
	char text[48];	  /* its value */
};

struct fields {
	struct field *at;
	size_t count;
};

/* `linktype` is LINKTYPE_ETHERNET or LINKTYPE_RAW (lib/capture.h). Anything is taken: where a header is cut off or
 * wrong, the rest is octets. `f` is zeroed or used before. */
void fields_read(struct fields *f, unsigned linktype, const uint8_t *data, size_t len);
void fields_exit(struct fields *f);

/* The first field of that name, or NULL. */
const struct field *fields_find(const struct fields *f, const char *name);

/* Is there such a name, or one that goes on with a point (tcp.options)? */
bool fields_is_name(const char *name);

/* Is it this field's name, or the beginning of it up to a point? */
bool field_is(const struct field *f, const char *name);

/* In a few words: who to whom, and what. */
void fields_summary(const struct fields *f, struct buf *b);

#endif
