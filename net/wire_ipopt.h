/* SPDX-License-Identifier: MIT */
/* The options of an IPv4 header (RFC 791 3.1, RFC 2113): parse, and what hosts and routers write into them.
 */
#ifndef NET_WIRE_IPOPT_H
#define NET_WIRE_IPOPT_H

#include "net/wire_ip.h"

/* Flags of the timestamp option. */
enum { IPOPT_TS_ONLY = 0, IPOPT_TS_ADDR = 1, IPOPT_TS_PRESPEC = 3 };

/* Where the options that somebody here acts on stand: octets from the start of the header; 0: not there. */
struct ip_options {
	uint8_t rr, ts, ra;
	bool unknown; /* there is one that nobody here knows */
};

/* The length of the option at octet `at` of the header; 0 where its length is missing, too small, or runs
 * past the header. */
static inline uint8_t ipopt_len(const uint8_t *h, size_t hdr_len, size_t at)
{
	if (h[at] == IPOPT_EOL || h[at] == IPOPT_NOP)
		return 1;
	if (at + 2 > hdr_len || h[at + 1] < 2 || at + h[at + 1] > hdr_len)
		return 0;
	return h[at + 1];
}

/* Record route: 0, or which octet of the option is wrong. */
static inline uint8_t ipopt_check_rr(const uint8_t *o)
{
	if (o[1] < 3)
		return 1;
	return o[2] < 4 || (o[2] <= o[1] && o[2] + 3 > o[1]) ? 2 : 0;
}

/* Timestamp, likewise. An overflow counter that would overflow itself is an error (RFC 791 3.1). */
static inline uint8_t ipopt_check_ts(const uint8_t *o)
{
	if (o[1] < 4)
		return 1;
	uint8_t flag = o[3] & 15, slot = flag == IPOPT_TS_ONLY ? 4 : 8;
	if (o[2] < 5 || (o[2] <= o[1] && o[2] + slot - 1 > o[1]))
		return 2;
	return o[2] > o[1] && flag != IPOPT_TS_PRESPEC && o[3] >> 4 == 15 ? 3 : 0;
}

/* Notes the option at `at` in *o. 0, or the octet of it that is wrong plus 1. */
static inline uint8_t ipopt_note(const uint8_t *h, uint8_t at, struct ip_options *o)
{
	uint8_t *seen = NULL, bad = 0;

	switch (h[at]) {
	case IPOPT_RR:
		seen = &o->rr;
		bad = ipopt_check_rr(h + at);
		break;
	case IPOPT_TS:
		seen = &o->ts;
		bad = ipopt_check_ts(h + at);
		break;
	case IPOPT_RA:
		seen = &o->ra;
		bad = h[at + 1] < 4;
		break;
	default:
		o->unknown = true;
		return 0;
	}
	if (*seen) /* twice the same */
		return 1;
	*seen = at;
	return bad ? (uint8_t)(bad + 1) : 0;
}

/* All options of a parsed header. DROP_NONE; DROP_IP_BAD_OPTION with *at the octet at fault, as Parameter
 * Problem wants it; DROP_IP_SOURCE_ROUTE. */
static inline enum drop_reason ip_options_parse(
	const uint8_t *h, size_t hdr_len, struct ip_options *o, uint8_t *at)
{
	uint8_t len = 0;

	*o = (struct ip_options){0};
	for (size_t i = IP_HDR_LEN; i < hdr_len && h[i] != IPOPT_EOL; i += len) {
		*at = (uint8_t)i;
		len = ipopt_len(h, hdr_len, i);
		if (!len)
			return DROP_IP_BAD_OPTION;
		if (h[i] == IPOPT_LSRR || h[i] == IPOPT_SSRR)
			return DROP_IP_SOURCE_ROUTE;
		uint8_t bad = h[i] == IPOPT_NOP ? 0 : ipopt_note(h, (uint8_t)i, o);
		if (bad) {
			*at = (uint8_t)(i + bad - 1);
			return DROP_IP_BAD_OPTION;
		}
	}
	return DROP_NONE;
}

/* Record route: `addr` into the next slot; a full route stays as it is. */
static inline void ipopt_record(uint8_t *o, uint32_t addr)
{
	if (o[2] > o[1])
		return;
	*(be32 *)(o + o[2] - 1) = put32(addr);
	o[2] = (uint8_t)(o[2] + 4);
}

/* Timestamp: the host that the next slot is meant for, where the sender named them; else 0. */
static inline uint32_t ipopt_ts_asked(const uint8_t *o)
{
	return (o[3] & 15) == IPOPT_TS_PRESPEC && o[2] <= o[1] ? get32(*(const be32 *)(o + o[2] - 1)) : 0;
}

/* Timestamp: `addr` (where the option has addresses) and `ms` since midnight UTC into the next slot; a full
 * option counts us as overflow. With addresses named by the sender only call it when the next one is ours. */
static inline void ipopt_stamp(uint8_t *o, uint32_t addr, uint32_t ms)
{
	uint8_t flag = o[3] & 15;

	if (o[2] > o[1]) {
		if (flag != IPOPT_TS_PRESPEC && o[3] >> 4 < 15)
			o[3] = (uint8_t)(o[3] + 16);
		return;
	}
	if (flag != IPOPT_TS_ONLY) {
		*(be32 *)(o + o[2] - 1) = put32(addr);
		o[2] = (uint8_t)(o[2] + 4);
	}
	*(be32 *)(o + o[2] - 1) = put32(ms);
	o[2] = (uint8_t)(o[2] + 4);
}

/* After a change of options in place. */
static inline void ip_checksum_again(uint8_t *h, size_t hdr_len)
{
	*(be16 *)(h + 10) = put16(0);
	*(be16 *)(h + 10) = put16(csum(h, hdr_len));
}

#endif
