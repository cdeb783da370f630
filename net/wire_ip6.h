/* SPDX-License-Identifier: MIT */
/* The IPv6 header (RFC 8200 3), for those who show what they see of it or carry it on. The stack speaks IPv4. */
#ifndef NET_WIRE_IP6_H
#define NET_WIRE_IP6_H

#include "net/wire_ip.h"

enum { IP6_HDR_LEN = 40, IP6_ADDR_LEN = 16 };

enum { IP6_NEXT_HOP_BY_HOP = 0, IP6_NEXT_ICMP = 58 };

enum {
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_ROUTER_SOLICIT = 133,
	ICMP6_ROUTER_ADVERT = 134,
	ICMP6_NEIGHBOR_SOLICIT = 135,
	ICMP6_NEIGHBOR_ADVERT = 136,
	ICMP6_REPORT2 = 143, /* RFC 3810 */
};

struct ip6_hdr {
	const uint8_t *src, *dst; /* IP6_ADDR_LEN bytes each, in the packet */
	uint16_t payload_len;
	uint8_t next, hop_limit;
};

/* False: too short, or of another version. */
static inline bool ip6_peek(const uint8_t *b, size_t len, struct ip6_hdr *h)
{
	if (len < IP6_HDR_LEN || b[0] >> 4 != 6)
		return false;
	h->payload_len = get16(*(const be16 *)(b + 4));
	h->next = b[6];
	h->hop_limit = b[7];
	h->src = b + 8;
	h->dst = b + 8 + IP6_ADDR_LEN;
	return true;
}

static inline void ip6_put_payload_len(uint8_t *b, uint16_t len)
{
	*(be16 *)(b + 4) = put16(len);
}

/* The sum of the pseudo-header of a transport (8.1), for csum_add(). */
static inline uint64_t ip6_pseudo(const uint8_t *b, uint8_t proto, uint32_t len)
{
	struct {
		be32 len;
		uint8_t zero[3], proto;
	} rest = {put32(len), {0}, proto};

	return csum_add(csum_add(0, b + 8, 2 * IP6_ADDR_LEN), &rest, sizeof(rest));
}

#endif
