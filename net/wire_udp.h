/* SPDX-License-Identifier: MIT */
/* The UDP header (RFC 768): layout, parse and emit. */
#ifndef NET_WIRE_UDP_H
#define NET_WIRE_UDP_H

#include "net/csum.h"
#include "net/drop.h"
#include "net/wire_ip.h"

enum { UDP_HDR_LEN = 8, UDP_CHECK_OFFSET = 6 };

struct udp_hdr {
	uint16_t sport, dport;
	uint16_t len;	/* header and data, bytes */
	uint16_t check; /* as found; 0: the sender made none */
};

/* The header alone, as it is quoted in an error about it: neither length nor checksum can be judged there. False:
 * not even that. */
static inline bool udp_peek(const uint8_t *b, size_t len, struct udp_hdr *h)
{
	if (len < UDP_HDR_LEN)
		return false;
	h->sport = get16(*(const be16 *)b);
	h->dport = get16(*(const be16 *)(b + 2));
	h->len = get16(*(const be16 *)(b + 4));
	h->check = get16(*(const be16 *)(b + 6));
	return true;
}

/* A whole datagram of `len` bytes: its length field and, where there is one and nobody vouches for it, its checksum.
 * Bytes after h->len are the caller's to trim. Addresses in host order. */
static inline enum drop_reason udp_parse(
	const uint8_t *b, size_t len, uint32_t src, uint32_t dst, bool csum_ok, struct udp_hdr *h)
{
	if (!udp_peek(b, len, h))
		return DROP_UDP_SHORT;
	if (h->len < UDP_HDR_LEN || h->len > len)
		return DROP_UDP_BAD_LENGTH;
	if (!h->check || csum_ok)
		return DROP_NONE;
	uint64_t sum = csum_add(csum_pseudo(src, dst, IP_PROTO_UDP, h->len), b, h->len);
	return csum_finish(sum) ? DROP_UDP_BAD_CHECKSUM : DROP_NONE;
}

/* Writes the header. h->check is written as it is: 0 where ip_output() is to fill it in. */
static inline void udp_emit(uint8_t *b, const struct udp_hdr *h)
{
	*(be16 *)b = put16(h->sport);
	*(be16 *)(b + 2) = put16(h->dport);
	*(be16 *)(b + 4) = put16(h->len);
	*(be16 *)(b + 6) = put16(h->check);
}

/* The length alone, of a piece whose header is a copy of the whole's. */
static inline void udp_put_len(uint8_t *b, uint16_t len)
{
	*(be16 *)(b + 4) = put16(len);
}

#endif
