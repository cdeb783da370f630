/* SPDX-License-Identifier: MIT */
/* What the tests of ICMP have besides tests/unit/bench.h. */
#ifndef TESTS_UNIT_ICMP_BENCH_H
#define TESTS_UNIT_ICMP_BENCH_H

#include "icmp/internal.h"
#include "tests/unit/bench.h"

#define FAR UINT32_C(0xc0000205) /* 192.0.2.5 */

enum { UNKNOWN_PROTO = 200 };

static inline uint64_t bench_drops(const struct bench *b, enum drop_reason why)
{
	return stack_drops(b->s, why);
}

/* An ICMP message from the peer's MAC address. */
static inline void bench_icmp(
	struct bench *b, uint32_t src, uint32_t dst, struct icmp_hdr h, const void *data, size_t len)
{
	size_t n = lab_frame_icmp(b->frame, b->d->mac, bench_peer_mac, src, dst, h, data, len);

	lab_inject(b->d, b->frame, n);
}

static inline void bench_echo(struct bench *b, uint32_t src, uint32_t dst, const void *data, size_t len)
{
	bench_icmp(b, src, dst, (struct icmp_hdr){ICMP_ECHO, 0, 0x12345678}, data, len);
}

/* Any IP packet from the peer's MAC address. */
static inline void bench_ip(struct bench *b, struct ip_hdr h, const void *payload, size_t len)
{
	lab_inject(
		b->d, b->frame, lab_frame_ip(b->frame, b->d->mac, bench_peer_mac, h, NULL, 0, payload, len));
}

/* The next ICMP message sent: false where the next frame is none, or there is none. */
static inline bool bench_sent(struct dev *d, struct lab_ip_seen *seen, struct icmp_hdr *h)
{
	*seen = lab_sent_ip(d);
	return seen->payload && seen->ip.proto == IP_PROTO_ICMP &&
		icmp_parse(seen->payload, seen->len, false, h) == DROP_NONE;
}

/* A quote, as routers send it: a header of ours and eight octets or more. Returns its length. */
static inline size_t bench_quote(uint8_t *out, struct ip_hdr h, const void *payload, size_t len)
{
	h.hdr_len = IP_HDR_LEN;
	if (!h.total_len)
		h.total_len = (uint16_t)(IP_HDR_LEN + len);
	if (!h.src)
		h.src = ME;
	if (!h.ttl)
		h.ttl = 1;
	memcpy(out + IP_HDR_LEN, payload, len);
	ip_emit(out, &h);
	return IP_HDR_LEN + len;
}

#endif
