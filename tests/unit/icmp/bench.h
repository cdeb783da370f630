/* SPDX-License-Identifier: MIT */
/*
 * What the tests of ICMP share: a host 10.0.0.1/24 on a wire, whose frames all go to the peer 10.0.0.2
 * without being asked for, so that only IP and ICMP are on the wire.
 */
#ifndef TESTS_UNIT_ICMP_BENCH_H
#define TESTS_UNIT_ICMP_BENCH_H

#include "icmp/internal.h"
#include "net/ether.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

#define ME    UINT32_C(0x0a000001)
#define PEER  UINT32_C(0x0a000002)
#define OTHER UINT32_C(0x0a000003)
#define FAR   UINT32_C(0xc0000205) /* 192.0.2.5 */

enum { UNKNOWN_PROTO = 200 };

static const struct mac bench_peer_mac = {{2, 0, 0, 0, 1, 2}};

struct bench {
	struct lab *l;
	struct stack *s;
	struct dev *d;
	uint8_t frame[65600];
};

static inline void bench_output(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	(void)nexthop;
	ether_output(n, p, bench_peer_mac, ETHERTYPE_IP);
}

static inline struct dev *bench_wire(struct stack *s, const char *name, const char *cidr)
{
	struct dev *d = lab_wire(s, name, cidr);

	d->netif->output = bench_output;
	lab_settle(CONTAINER_OF(s->world, struct lab, world));
	lab_sent_clear(d);
	return d;
}

static inline struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->l = lab_new();
	b->s = lab_host(b->l, "h1");
	b->d = bench_wire(b->s, "eth0", "10.0.0.1/24");
	return b;
}

static inline void bench_free(struct bench *b)
{
	lab_free(b->l);
	free(b);
}

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
