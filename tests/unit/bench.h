/* SPDX-License-Identifier: MIT */
/*
 * What the tests of ICMP and UDP share: a host 10.0.0.1/24 on a wire, whose frames all go to the peer 10.0.0.2 without
 * being asked for, so that ARP is not on the wire.
 */
#ifndef TESTS_UNIT_BENCH_H
#define TESTS_UNIT_BENCH_H

#include "ip/ip.h"
#include "net/ether.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

#define ME    UINT32_C(0x0a000001)
#define PEER  UINT32_C(0x0a000002)
#define OTHER UINT32_C(0x0a000003)

static const struct mac bench_peer_mac = {{2, 0, 0, 0, 1, 2}};

struct bench {
	struct lab *l;
	struct stack *s;
	struct dev *d, *d2; /* d2: where a protocol's tests want a second wire */
	uint8_t frame[65600];
};

static inline int bench_output(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	(void)nexthop;
	return ether_output(n, p, bench_peer_mac, ETHERTYPE_IP);
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

/* ---- mutated frames ---- */

/* The length and the checksum of the IP header are right again. */
static inline void bench_mend_ip(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + ETHER_HDR_LEN;

	*(be16 *)(ip + 2) = put16((uint16_t)(len - ETHER_HDR_LEN));
	*(be16 *)(ip + 10) = put16(0);
	*(be16 *)(ip + 10) = put16(csum(ip, IP_HDR_LEN));
}

/* It may wait for others, and so end later. */
static inline bool bench_is_fragment(const uint8_t *frame, size_t len)
{
	return len >= ETHER_HDR_LEN + IP_HDR_LEN &&
		get16(*(const be16 *)(frame + ETHER_HDR_LEN + 6)) & 0x3fff;
}

/* Packets that have ended so far: done, or dropped by a name. */
static inline uint64_t bench_ended(const struct bench *b)
{
	uint64_t sum = b->l->world.pkts.done;

	for (int why = 1; why < DROP_COUNT; why++)
		sum += stack_drops(b->s, (enum drop_reason)why);
	return sum;
}

#endif
