/* SPDX-License-Identifier: MIT */
/* The ICMP header (RFC 792, 1191, 1812). */
#ifndef NET_WIRE_ICMP_H
#define NET_WIRE_ICMP_H

#include "net/csum.h"
#include "net/drop.h"

enum { ICMP_HDR_LEN = 8 };

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_DEST_UNREACH = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_ROUTER_ADVERT = 9,
	ICMP_ROUTER_SOLICIT = 10,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAM_PROBLEM = 12,
	ICMP_TIMESTAMP = 13,
	ICMP_TIMESTAMP_REPLY = 14,
	ICMP_INFO = 15,
	ICMP_INFO_REPLY = 16,
	ICMP_MASK = 17,
	ICMP_MASK_REPLY = 18,
};

/* Codes of destination unreachable. */
enum {
	ICMP_NET_UNREACH = 0,
	ICMP_HOST_UNREACH = 1,
	ICMP_PROT_UNREACH = 2,
	ICMP_PORT_UNREACH = 3,
	ICMP_FRAG_NEEDED = 4,
	ICMP_SR_FAILED = 5,
	ICMP_NET_UNKNOWN = 6,
	ICMP_HOST_UNKNOWN = 7,
	ICMP_HOST_ISOLATED = 8,
	ICMP_NET_PROHIBITED = 9,
	ICMP_HOST_PROHIBITED = 10,
	ICMP_NET_TOS = 11,
	ICMP_HOST_TOS = 12,
	ICMP_ADMIN_PROHIBITED = 13,
	ICMP_PRECEDENCE = 14,
	ICMP_PRECEDENCE_CUTOFF = 15,
};

enum { ICMP_TTL_EXCEEDED = 0, ICMP_REASSEMBLY_TIMEOUT = 1 };
enum { ICMP_REDIRECT_NET = 0, ICMP_REDIRECT_HOST = 1, ICMP_REDIRECT_TOS_NET = 2, ICMP_REDIRECT_TOS_HOST = 3 };

struct icmp_hdr {
	uint8_t type, code;
	uint32_t rest; /* the second word: id and sequence, gateway, MTU, pointer */
};

/* The header alone, as it is quoted in an error about it: no checksum can be checked there. */
static inline enum drop_reason icmp_peek(const uint8_t *b, size_t len, struct icmp_hdr *h)
{
	if (len < ICMP_HDR_LEN)
		return DROP_ICMP_SHORT;
	h->type = b[0];
	h->code = b[1];
	h->rest = get32(*(const be32 *)(b + 4));
	return DROP_NONE;
}

/* Checks the length and, unless the device vouches for it, the checksum over all `len` bytes. */
static inline enum drop_reason icmp_parse(const uint8_t *b, size_t len, bool csum_ok, struct icmp_hdr *h)
{
	if (len >= ICMP_HDR_LEN && !csum_ok && csum(b, len) != 0)
		return DROP_ICMP_BAD_CHECKSUM;
	return icmp_peek(b, len, h);
}

/* Writes the header in front of the `len - 8` bytes of payload that stand behind it, with the checksum over
 * all. */
static inline void icmp_emit(uint8_t *b, size_t len, const struct icmp_hdr *h)
{
	b[0] = h->type;
	b[1] = h->code;
	*(be16 *)(b + 2) = put16(0);
	*(be32 *)(b + 4) = put32(h->rest);
	*(be16 *)(b + 2) = put16(csum(b, len));
}

/* Makes a parsed message one of another type, its code left as it is, checksum mended (RFC 1624). Of the two zeros the
 * sum has, 0xffff is right even when all the message is zero. */
static inline void icmp_change_type(uint8_t *b, uint8_t type)
{
	be16 *check = (be16 *)(b + 2);
	uint16_t from = get16(*(const be16 *)b), to = (uint16_t)(type << 8 | b[1]);

	uint16_t mended = csum_update(get16(*check), from, to);

	*(be16 *)b = put16(to);
	*check = put16(mended ? mended : 0xffff);
}

/* Timestamp messages: after the header three times in ms since midnight UT, of which the answer fills in the
 * last two (RFC 792). `b` has ICMP_TIMESTAMP_LEN bytes. */
enum { ICMP_TIMESTAMP_LEN = 20 };

static inline void icmp_put_times(uint8_t *b, uint32_t receive_ms, uint32_t transmit_ms)
{
	*(be32 *)(b + 12) = put32(receive_ms);
	*(be32 *)(b + 16) = put32(transmit_ms);
}

/* How many of the bytes behind the header of an error quote the datagram. The rest are extensions, when the
 * length field says so and may be believed: at least 128 bytes, and there (RFC 4884 4, 5). */
static inline size_t icmp_quote_len(const uint8_t *b, size_t len)
{
	size_t given = (size_t)b[5] * 4;
	bool extensible =
		b[0] == ICMP_DEST_UNREACH || b[0] == ICMP_TIME_EXCEEDED || b[0] == ICMP_PARAM_PROBLEM;

	return extensible && given >= 128 && given <= len - ICMP_HDR_LEN ? given : len - ICMP_HDR_LEN;
}

static inline uint16_t icmp_id(const struct icmp_hdr *h)
{
	return (uint16_t)(h->rest >> 16);
}

static inline uint16_t icmp_seq(const struct icmp_hdr *h)
{
	return (uint16_t)h->rest;
}

/* Next-hop MTU of fragmentation needed (RFC 1191 4). */
static inline uint16_t icmp_mtu(const struct icmp_hdr *h)
{
	return (uint16_t)h->rest;
}

/* Pointer of parameter problem: the octet at fault. */
static inline uint8_t icmp_pointer(const struct icmp_hdr *h)
{
	return (uint8_t)(h->rest >> 24);
}

/* Errors, as against queries: nothing may be sent about them (RFC 1122 3.2.2). Unknown types count as errors
 * would: better silent. */
static inline bool icmp_is_error(uint8_t type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
		type == ICMP_TIME_EXCEEDED || type == ICMP_PARAM_PROBLEM;
}

#endif
