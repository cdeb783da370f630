/* SPDX-License-Identifier: MIT */
/* The TCP header (RFC 9293 3.1): layout, parse and emit. Of the options behind it only where each ends: what they say
 * is tcp's. */
#ifndef NET_WIRE_TCP_H
#define NET_WIRE_TCP_H

#include "net/csum.h"
#include "net/drop.h"
#include "net/wire_ip.h"

enum { TCP_HDR_LEN = 20, TCP_HDR_MAX = 60, TCP_OPT_MAX = 40, TCP_CHECK_OFFSET = 16, TCP_QUOTE_LEN = 8 };

/* The nine flags, and above them three reserved bits (RFC 9293 3.1, RFC 3168 6.1; AE: RFC 9768). */
enum tcp_flag {
	TCP_FIN = 0x001,
	TCP_SYN = 0x002,
	TCP_RST = 0x004,
	TCP_PSH = 0x008,
	TCP_ACK = 0x010,
	TCP_URG = 0x020,
	TCP_ECE = 0x040,
	TCP_CWR = 0x080,
	TCP_AE = 0x100,
	TCP_RESERVED = 0xe00,
	TCP_FLAGS = 0xfff,
};

struct tcp_hdr {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t wnd; /* as it stands there, not scaled */
	uint16_t urg;
	uint16_t check;	 /* as found; as it is written */
	uint16_t flags;	 /* enum tcp_flag */
	uint8_t hdr_len; /* bytes, 20 to 60 */
};

/* The header alone, whose options (hdr_len - 20 bytes) are all there; the checksum is not looked at. Where that is not
 * so (DROP_TCP_BAD_OFFSET), *h holds what stands in the first 20 bytes all the same. */
static inline enum drop_reason tcp_peek(const uint8_t *b, size_t len, struct tcp_hdr *h)
{
	if (len < TCP_HDR_LEN)
		return DROP_TCP_SHORT;
	uint16_t offset_flags = get16(*(const be16 *)(b + 12));
	h->hdr_len = (uint8_t)((offset_flags >> 12) * 4);
	h->sport = get16(*(const be16 *)b);
	h->dport = get16(*(const be16 *)(b + 2));
	h->seq = get32(*(const be32 *)(b + 4));
	h->ack = get32(*(const be32 *)(b + 8));
	h->flags = offset_flags & TCP_FLAGS;
	h->wnd = get16(*(const be16 *)(b + 14));
	h->check = get16(*(const be16 *)(b + 16));
	h->urg = get16(*(const be16 *)(b + 18));
	return h->hdr_len < TCP_HDR_LEN || h->hdr_len > len ? DROP_TCP_BAD_OFFSET : DROP_NONE;
}

/* The checksum over the pseudo-header and all `len` bytes of the segment: 0 where the one inside is right; what
 * to put there where it is 0. Addresses in host order. */
static inline uint16_t tcp_csum(const uint8_t *b, size_t len, uint32_t src, uint32_t dst)
{
	return csum_finish(csum_add(csum_pseudo(src, dst, IP_PROTO_TCP, (uint16_t)len), b, len));
}

/* tcp_peek() of a whole segment and, unless the device vouches for it, its checksum. */
static inline enum drop_reason tcp_parse(
	const uint8_t *b, size_t len, uint32_t src, uint32_t dst, bool csum_ok, struct tcp_hdr *h)
{
	enum drop_reason why = tcp_peek(b, len, h);

	return !why && !csum_ok && tcp_csum(b, len, src, dst) != 0 ? DROP_TCP_BAD_CHECKSUM : why;
}

/* What an ICMP error quotes of a segment at the least: ports and sequence number; the rest of *h is 0. False:
 * not even that. */
static inline bool tcp_parse_quote(const uint8_t *b, size_t len, struct tcp_hdr *h)
{
	if (len < TCP_QUOTE_LEN)
		return false;
	*h = (struct tcp_hdr){
		.sport = get16(*(const be16 *)b),
		.dport = get16(*(const be16 *)(b + 2)),
		.seq = get32(*(const be32 *)(b + 4)),
	};
	return true;
}

static inline void tcp_put_check(uint8_t *b, uint16_t check)
{
	*(be16 *)(b + TCP_CHECK_OFFSET) = put16(check);
}

/* Writes the fixed 20 bytes; options and data are put behind them by the caller. h->check is written as it is:
 * 0, to be filled in with tcp_csum() by tcp_put_check() when all the rest is there. */
static inline void tcp_emit(uint8_t *b, const struct tcp_hdr *h)
{
	*(be16 *)b = put16(h->sport);
	*(be16 *)(b + 2) = put16(h->dport);
	*(be32 *)(b + 4) = put32(h->seq);
	*(be32 *)(b + 8) = put32(h->ack);
	*(be16 *)(b + 12) = put16((uint16_t)(h->hdr_len / 4 << 12 | (h->flags & TCP_FLAGS)));
	*(be16 *)(b + 14) = put16(h->wnd);
	tcp_put_check(b, h->check);
	*(be16 *)(b + 18) = put16(h->urg);
}

/* Options (RFC 9293 3.1; RFC 7323, RFC 2018). */
enum tcp_opt_kind {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_OK = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TS = 8,
};

enum { TCP_TS_WORDS_LEN = 12 }; /* of timestamps, in whole words */

/* Octets of the option at `b`, with which the last `len` octets of the header begin; 0 where its length is missing, too
 * small, or runs past the header. */
static inline uint8_t tcp_opt_len(const uint8_t *b, size_t len)
{
	if (b[0] == TCP_OPT_EOL || b[0] == TCP_OPT_NOP)
		return 1;
	return len < 2 || b[1] < 2 || b[1] > len ? 0 : b[1];
}

#endif
