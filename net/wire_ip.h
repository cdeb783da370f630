/* SPDX-License-Identifier: MIT */
/* The IPv4 header (RFC 791): layout, parse and emit, and the two changes a router makes in place. */
#ifndef NET_WIRE_IP_H
#define NET_WIRE_IP_H

#include "net/csum.h"
#include "net/drop.h"

enum { IP_HDR_LEN = 20, IP_HDR_MAX = 60, IP_OPT_MAX = 40, IP_MAX_LEN = 65535, IP_MIN_MTU = 68 };

enum {
	IP_PROTO_ICMP = 1,
	IP_PROTO_IGMP = 2,
	IP_PROTO_IPIP = 4,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_IPV6 = 41
};

/* Options (RFC 791 3.1, RFC 2113). The high bit says: copied into every fragment. */
enum {
	IPOPT_EOL = 0,
	IPOPT_NOP = 1,
	IPOPT_RR = 7,
	IPOPT_TS = 68,
	IPOPT_LSRR = 131,
	IPOPT_SSRR = 137,
	IPOPT_RA = 148,
	IPOPT_COPIED = 0x80,
};

#define IP_ANY		UINT32_C(0)
#define IP_BROADCAST	UINT32_C(0xffffffff)
#define IP_LOOPBACK_NET UINT32_C(0x7f000000) /* 127/8 */
#define IP_ALL_HOSTS	UINT32_C(0xe0000001) /* 224.0.0.1 */

struct ip_hdr {
	uint32_t src, dst;
	uint16_t total_len; /* header and payload, bytes */
	uint16_t id;
	uint16_t frag_off; /* bytes, a multiple of 8 */
	uint16_t check;	   /* as found */
	uint8_t hdr_len;   /* bytes, 20 to 60 */
	uint8_t tos, ttl, proto;
	bool df, mf, reserved; /* the three flags */
};

/* The fields that lie in the first 20 bytes and need no check. */
static inline void ip_read(const uint8_t *b, struct ip_hdr *h)
{
	uint16_t frag = get16(*(const be16 *)(b + 6));
	h->tos = b[1];
	h->id = get16(*(const be16 *)(b + 4));
	h->reserved = frag & 0x8000;
	h->df = frag & 0x4000;
	h->mf = frag & 0x2000;
	h->frag_off = (uint16_t)((frag & 0x1fff) * 8);
	h->ttl = b[8];
	h->proto = b[9];
	h->check = get16(*(const be16 *)(b + 10));
	h->src = get32(*(const be32 *)(b + 12));
	h->dst = get32(*(const be32 *)(b + 16));
}

/* Every check of RFC 1812 5.2.2 on `len` bytes; on success *h is filled in. Bytes after total_len are the
 * caller's to trim. The reserved flag is kept and not checked (RFC 1812 4.2.2.3). */
static inline enum drop_reason ip_parse(const uint8_t *b, size_t len, struct ip_hdr *h)
{
	if (len < IP_HDR_LEN)
		return DROP_IP_SHORT;
	if (b[0] >> 4 != 4)
		return DROP_IP_BAD_VERSION;
	h->hdr_len = (uint8_t)((b[0] & 15) * 4);
	if (h->hdr_len < IP_HDR_LEN || h->hdr_len > len)
		return DROP_IP_BAD_IHL;
	if (csum(b, h->hdr_len) != 0)
		return DROP_IP_BAD_CHECKSUM;
	h->total_len = get16(*(const be16 *)(b + 2));
	if (h->total_len < h->hdr_len)
		return DROP_IP_BAD_TOTAL_LENGTH;
	if (h->total_len > len)
		return DROP_IP_TRUNCATED;
	ip_read(b, h);
	return DROP_NONE;
}

/* A header that need not be right, of a datagram that need not be whole: checksum and what follows are not looked at.
 * Its two lengths are in *h even when they are what is wrong with it. */
static inline enum drop_reason ip_peek(const uint8_t *b, size_t len, struct ip_hdr *h)
{
	if (len < IP_HDR_LEN)
		return DROP_IP_SHORT;
	h->hdr_len = (uint8_t)((b[0] & 15) * 4);
	h->total_len = get16(*(const be16 *)(b + 2));
	if (b[0] >> 4 != 4)
		return DROP_IP_BAD_VERSION;
	if (h->hdr_len < IP_HDR_LEN || h->hdr_len > len)
		return DROP_IP_BAD_IHL;
	if (h->total_len < h->hdr_len)
		return DROP_IP_BAD_TOTAL_LENGTH;
	ip_read(b, h);
	return DROP_NONE;
}

/* The header of a datagram that an ICMP error quotes, perhaps not to its end. Its checksum is not looked at:
 * who changed the TTL last may not have mended it. False: no header. */
static inline bool ip_parse_quote(const uint8_t *b, size_t len, struct ip_hdr *h)
{
	return ip_peek(b, len, h) == DROP_NONE;
}

/* Writes the fixed 20 bytes; the options must already stand behind them (`hdr_len` bytes in all), because the
 * checksum, which is computed here, covers them. */
static inline void ip_emit(uint8_t *b, const struct ip_hdr *h)
{
	uint16_t flags = (uint16_t)((h->reserved ? 0x8000 : 0) | (h->df ? 0x4000 : 0) | (h->mf ? 0x2000 : 0));

	b[0] = (uint8_t)(0x40 | h->hdr_len / 4);
	b[1] = h->tos;
	*(be16 *)(b + 2) = put16(h->total_len);
	*(be16 *)(b + 4) = put16(h->id);
	*(be16 *)(b + 6) = put16((uint16_t)(flags | h->frag_off / 8));
	b[8] = h->ttl;
	b[9] = h->proto;
	*(be16 *)(b + 10) = put16(0);
	*(be32 *)(b + 12) = put32(h->src);
	*(be32 *)(b + 16) = put32(h->dst);
	*(be16 *)(b + 10) = put16(csum(b, h->hdr_len));
}

/* RFC 1812 5.3.1: one hop, with the checksum mended (RFC 1624). `b` is a parsed header; its TTL is not 0. */
static inline void ip_decrease_ttl(uint8_t *b)
{
	uint16_t from = get16(*(const be16 *)(b + 8));

	b[8]--;
	*(be16 *)(b + 10) =
		put16(csum_update(get16(*(const be16 *)(b + 10)), from, (uint16_t)(from - 0x100)));
}

/* The lower two bits of tos (RFC 3168 5). */
enum { IP_ECN_NOT = 0, IP_ECN_ECT1 = 1, IP_ECN_ECT0 = 2, IP_ECN_CE = 3 };

/* Congestion experienced, said in a parsed header with its checksum mended. False: the sender does not know of
 * ECN, nothing was changed. */
static inline bool ip_mark_ce(uint8_t *b)
{
	uint16_t from = get16(*(const be16 *)b);

	if ((b[1] & IP_ECN_CE) == IP_ECN_NOT)
		return false;
	b[1] |= IP_ECN_CE;
	*(be16 *)(b + 10) = put16(csum_update(get16(*(const be16 *)(b + 10)), from, get16(*(const be16 *)b)));
	return true;
}

/* A header that somebody else made (HDRINCL): total length and checksum are filled in. False where it is too
 * short, or is none. */
static inline bool ip_complete(uint8_t *b, size_t len)
{
	if (len < IP_HDR_LEN || len > IP_MAX_LEN || b[0] >> 4 != 4)
		return false;
	size_t hdr_len = (size_t)(b[0] & 15) * 4;
	if (hdr_len < IP_HDR_LEN || hdr_len > len)
		return false;
	*(be16 *)(b + 2) = put16((uint16_t)len);
	*(be16 *)(b + 10) = put16(0);
	*(be16 *)(b + 10) = put16(csum(b, hdr_len));
	return true;
}

static inline bool ip_is_fragment(const struct ip_hdr *h)
{
	return h->mf || h->frag_off;
}

static inline bool ip_is_multicast(uint32_t addr)
{
	return addr >> 28 == 14;
}

static inline bool ip_is_loopback(uint32_t addr)
{
	return addr >> 24 == 127;
}

/* 240/4 and 255.255.255.255 */
static inline bool ip_is_reserved(uint32_t addr)
{
	return addr >> 28 == 15;
}

/* 0/8 */
static inline bool ip_is_zeronet(uint32_t addr)
{
	return addr >> 24 == 0;
}

static inline bool ip_is_link_local(uint32_t addr)
{
	return addr >> 16 == 0xa9fe;
}

static inline uint32_t ip_mask(unsigned plen)
{
	return plen ? ~UINT32_C(0) << (32 - plen) : 0;
}

#endif
