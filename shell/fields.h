/* SPDX-License-Identifier: MIT */
/*
 * The fields of a packet in their order, under the names that tshark gives them: what `tapir replay` compares. What is no
 * field known here is one long field (ip.options, tcp.payload, data ...), so that all octets belong to some field.
 */
#ifndef SHELL_FIELDS_H
#define SHELL_FIELDS_H

#include "shell/buf.h"

enum field_form {
	FIELD_DEC,
	FIELD_WORDS, /* of 4 octets; the value is in octets */
	FIELD_EIGHTS,
	FIELD_HEX,
	FIELD_MAC,
	FIELD_IP,
	FIELD_TCP_BITS,
	FIELD_OCTETS
};

enum { FIELD_TEXT_LEN = 48 };

struct field {
	const char *name;
	enum field_form form;
	bool quoted;	  /* of the packet that an ICMP error quotes */
	uint32_t at, len; /* octets of the packet that hold it */
	uint64_t value;	  /* FIELD_OCTETS have none, and are compared octet by octet */
};

struct fields {
	struct field *at;
	size_t count, room;
};

/* `linktype` is LINKTYPE_ETHERNET or LINKTYPE_RAW (lib/capture.h). Anything is taken: where a header is cut off or
 * wrong, the rest is octets. `f` is zeroed or used before. */
void fields_read(struct fields *f, unsigned linktype, const uint8_t *data, size_t len);
void fields_exit(struct fields *f);

/* The first field of that name, or NULL; its value, or 0. */
const struct field *fields_find(const struct fields *f, const char *name);
uint64_t fields_value(const struct fields *f, const char *name);

/* Writes another value to where it was read from; of fields of 2 or 4 octets. */
void field_put(uint8_t *data, const struct field *f, uint32_t value);

/* The value as text; of octets how many there are, and the first ones. `data` is what was read. Returns `text`. */
const char *field_text(const struct field *f, const uint8_t *data, char text[FIELD_TEXT_LEN]);

/* Is there such a name, or one that goes on with a point (tcp.options)? */
bool fields_is_name(const char *name);

/* Is it this field's name, or the beginning of it up to a point? */
bool field_is(const struct field *f, const char *name);

/* In a few words: who to whom, and what. `data` is what was read. */
void fields_summary(const struct fields *f, const uint8_t *data, struct buf *b);

#endif
