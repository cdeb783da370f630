/* SPDX-License-Identifier: MIT */
/* IGMP messages of versions 1, 2 and 3 (RFC 1112 A, RFC 2236 2, RFC 3376 4): layout, parse and emit. */
#ifndef NET_WIRE_IGMP_H
#define NET_WIRE_IGMP_H

#include "net/csum.h"
#include "net/drop.h"

enum { IGMP_LEN = 8, IGMP_QUERY3_LEN = 12, IGMP_REPORT3_LEN = 8, IGMP_RECORD_LEN = 8, IGMP_SOURCE_LEN = 4 };

enum igmp_type {
	IGMP_QUERY = 0x11,
	IGMP_REPORT1 = 0x12,
	IGMP_REPORT2 = 0x16,
	IGMP_LEAVE = 0x17,
	IGMP_REPORT3 = 0x22,
};

/* Records of a version 3 report (RFC 3376 4.2.12). */
enum igmp_record {
	IGMP_IS_INCLUDE = 1,
	IGMP_IS_EXCLUDE = 2,
	IGMP_TO_INCLUDE = 3,
	IGMP_TO_EXCLUDE = 4,
	IGMP_ALLOW_NEW = 5,
	IGMP_BLOCK_OLD = 6,
};

/* What all messages but version 3 reports begin with. */
struct igmp_msg {
	uint8_t type; /* maybe none of enum igmp_type */
	uint8_t code; /* of a query: the longest response time, coded */
	uint32_t group;
};

struct igmp_query {
	uint8_t version;
	uint32_t group;	      /* 0: a general query */
	uint32_t max_resp_ms; /* version 1: 10 s */
	uint8_t robustness;   /* version 3, as the next two; 0: not told */
	uint32_t interval_s;  /* between general queries */
	uint16_t sources;     /* how many follow; read them by igmp_source() */
};

/* The length alone: the checksum may be wrong. */
static inline enum drop_reason igmp_peek(const uint8_t *b, size_t len, struct igmp_msg *m)
{
	if (len < IGMP_LEN)
		return DROP_IGMP_SHORT;
	*m = (struct igmp_msg){.type = b[0], .code = b[1], .group = get32(*(const be32 *)(b + 4))};
	return DROP_NONE;
}

/* Length and checksum. */
static inline enum drop_reason igmp_parse(const uint8_t *b, size_t len, struct igmp_msg *m)
{
	enum drop_reason why = igmp_peek(b, len, m);

	return !why && csum(b, len) != 0 ? DROP_IGMP_BAD_CHECKSUM : why;
}

/* RFC 3376 4.1.1, 4.1.7: from 128 on a number has an exponent. */
static inline uint32_t igmp_decode(uint8_t code)
{
	return code < 128 ? code : (uint32_t)(0x10 | (code & 15)) << ((code >> 4 & 7) + 3);
}

/* A parsed message that is a query, of `len` bytes. Which version follows from length and code (RFC 3376 7.1). */
static inline enum drop_reason igmp_parse_query(
	const uint8_t *b, size_t len, const struct igmp_msg *m, struct igmp_query *q)
{
	*q = (struct igmp_query){.group = m->group};
	if (len == IGMP_LEN) {
		q->version = m->code ? 2 : 1;
		q->max_resp_ms = m->code ? m->code * 100u : 10000;
		return DROP_NONE;
	}
	if (len < IGMP_QUERY3_LEN)
		return DROP_IGMP_BAD_LENGTH;
	q->version = 3;
	q->max_resp_ms = igmp_decode(m->code) * 100;
	q->robustness = b[8] & 7;
	q->interval_s = igmp_decode(b[9]);
	q->sources = get16(*(const be16 *)(b + 10));
	return IGMP_QUERY3_LEN + (size_t)q->sources * IGMP_SOURCE_LEN > len ? DROP_IGMP_BAD_LENGTH
									    : DROP_NONE;
}

/* The i-th source that a version 3 query asks about. */
static inline uint32_t igmp_source(const uint8_t *b, uint16_t i)
{
	return get32(*(const be32 *)(b + IGMP_QUERY3_LEN + (size_t)i * IGMP_SOURCE_LEN));
}

/* A record of a version 3 report (RFC 3376 4.2.4). */
struct igmp_group_record {
	uint8_t record; /* enum igmp_record */
	uint32_t group;
	uint16_t sources;
	uint32_t len; /* bytes it takes, with its sources and auxiliary data */
};

/* False: it is not all there. Its sources stand IGMP_RECORD_LEN bytes behind `b`. */
static inline bool igmp_parse_record(const uint8_t *b, size_t len, struct igmp_group_record *g)
{
	if (len < IGMP_RECORD_LEN)
		return false;
	g->record = b[0];
	g->sources = get16(*(const be16 *)(b + 2));
	g->group = get32(*(const be32 *)(b + 4));
	g->len = IGMP_RECORD_LEN + g->sources * (uint32_t)IGMP_SOURCE_LEN + b[1] * 4u;
	return g->len <= len;
}

/* Writes a message of 8 bytes. */
static inline void igmp_emit(uint8_t *b, const struct igmp_msg *m)
{
	b[0] = m->type;
	b[1] = m->code;
	*(be16 *)(b + 2) = put16(0);
	*(be32 *)(b + 4) = put32(m->group);
	*(be16 *)(b + 2) = put16(csum(b, IGMP_LEN));
}

/* Writes a record of a version 3 report, IGMP_RECORD_LEN + IGMP_SOURCE_LEN * count bytes. */
static inline void igmp_emit_record(
	uint8_t *b, enum igmp_record type, uint32_t group, const uint32_t *sources, uint16_t count)
{
	b[0] = (uint8_t)type;
	b[1] = 0; /* no auxiliary data */
	*(be16 *)(b + 2) = put16(count);
	*(be32 *)(b + 4) = put32(group);
	for (uint16_t i = 0; i < count; i++)
		*(be32 *)(b + IGMP_RECORD_LEN + (size_t)i * IGMP_SOURCE_LEN) = put32(sources[i]);
}

/* Writes the header of a version 3 report in front of `records` records that stand behind it; `len`: of all. */
static inline void igmp_emit_report(uint8_t *b, size_t len, uint16_t records)
{
	igmp_emit(b, &(struct igmp_msg){.type = IGMP_REPORT3, .group = records});
	*(be16 *)(b + 2) = put16(0);
	*(be16 *)(b + 2) = put16(csum(b, len));
}

#endif
