/* SPDX-License-Identifier: MIT */
/* What the tests of arp share: a host with eth0 = 10.0.0.1/24 on a wire, packets to send, messages to inject.
 */
#ifndef TESTS_UNIT_ARP_BENCH_H
#define TESTS_UNIT_ARP_BENCH_H

#include "arp/arp.h"
#include "lib/clock.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdio.h>

#define SEC NS_PER_SEC
#define MS  NS_PER_MS

struct bench {
	struct lab *l;
	struct stack *s;
	struct dev *d;
	struct netif *n;
	struct lab_peer peer, rogue; /* 10.0.0.2, and somebody else who says so */
};

/* Routing as simple as it gets: what is in the subnet of an address is on the link. */
static inline bool bench_onlink(const struct netif *n, uint32_t addr)
{
	netif_each_addr(a, n)
		if (((a->peer ^ addr) & ip_mask(a->plen)) == 0)
			return true;
	return false;
}

static inline struct bench bench_new(void)
{
	struct bench b = {.l = lab_new()};

	b.s = lab_host(b.l, "h");
	b.s->onlink = bench_onlink;
	b.s->proxies = NULL;
	b.s->unresolved = NULL;
	b.d = lab_wire(b.s, "eth0", "10.0.0.1/24");
	b.n = b.d->netif;
	b.peer = LAB_PEER(2, "10.0.0.2");
	b.rogue = LAB_PEER(0x66, "10.0.0.2");
	lab_sent_clear(b.d);
	return b;
}

static inline void bench_free(struct bench *b)
{
	lab_free(b->l);
}

static inline uint64_t drops(const struct bench *b, enum drop_reason why)
{
	return stack_drops(b->s, why);
}

/* Hands a packet with `len` bytes of payload to the netif; `h` says the rest. */
static inline void bench_output(struct bench *b, struct ip_hdr h, size_t len, uint32_t nexthop)
{
	struct pkt *p = stack_pkt(b->s, IP_HDR_LEN + len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	h.hdr_len = IP_HDR_LEN;
	h.total_len = (uint16_t)(IP_HDR_LEN + len);
	h.ttl = 64;
	h.proto = h.proto ? h.proto : IP_PROTO_UDP;
	p->ip = h;
	memset(pkt_put(p, IP_HDR_LEN + len), 0, IP_HDR_LEN + len);
	ip_emit(p->data, &h);
	b->n->output(b->n, p, nexthop);
	lab_settle(b->l);
}

/* A packet with this IP id to `to`, as IP would send it. */
static inline void bench_send(struct bench *b, const char *to, uint16_t id)
{
	struct ip_hdr h = {.src = lab_ip("10.0.0.1"), .dst = lab_ip(to), .id = id};

	bench_output(b, h, 64, h.dst);
}

/* An ARP message in a frame from m->sha to `to`. */
static inline void bench_inject(struct bench *b, struct mac to, struct arp_msg m)
{
	uint8_t frame[ETHER_HDR_LEN + ARP_LEN];

	lab_inject(b->d, frame, lab_frame_arp(frame, to, m.sha, &m));
}

static inline void bench_request(struct bench *b, struct lab_peer from, const char *target)
{
	bench_inject(b, MAC_BROADCAST,
		(struct arp_msg){
			.op = ARP_OP_REQUEST, .sha = from.mac, .spa = from.ip, .tpa = lab_ip(target)});
}

/* To us alone. */
static inline void bench_reply(struct bench *b, struct lab_peer from)
{
	bench_inject(b, b->d->mac,
		(struct arp_msg){.op = ARP_OP_REPLY,
			.sha = from.mac,
			.spa = from.ip,
			.tha = b->d->mac,
			.tpa = lab_ip("10.0.0.1")});
}

/* An announcement, as a request or a reply to everybody. */
static inline void bench_gratuitous(struct bench *b, struct lab_peer from, uint16_t op)
{
	bench_inject(b, MAC_BROADCAST,
		(struct arp_msg){
			.op = op, .sha = from.mac, .spa = from.ip, .tha = MAC_BROADCAST, .tpa = from.ip});
}

/* The peer's entry after it answered our question: REACHABLE. */
static inline struct neigh *bench_reachable(struct bench *b)
{
	bench_send(b, "10.0.0.2", 1);
	bench_reply(b, b->peer);
	lab_sent_clear(b->d);
	return neigh_find(b->n, b->peer.ip);
}

/* Sets a value of the device's own; the name is the last part. */
static inline void bench_sysctl(struct bench *b, enum sysctl_netif conf, int32_t value)
{
	b->n->conf[conf] = value;
}

static inline enum neigh_state bench_state(const struct bench *b, const char *addr)
{
	const struct neigh *ng = neigh_find(b->n, lab_ip(addr));

	return ng ? ng->state : NEIGH_NONE;
}

/* The next frame is a request for `target` to `to`. */
static inline bool sent_request(struct bench *b, struct mac to, const char *source, const char *target)
{
	struct ether_hdr eth;
	struct arp_msg m;

	return lab_sent_arp(b->d, &eth, &m) && mac_equal(eth.dst, to) && m.op == ARP_OP_REQUEST &&
		mac_equal(m.sha, b->d->mac) && mac_is_zero(m.tha) && m.spa == lab_ip(source) &&
		m.tpa == lab_ip(target);
}

/* The next frame tells `to` alone that we have `addr`. */
static inline bool sent_reply(struct bench *b, struct lab_peer to, const char *addr)
{
	struct ether_hdr eth;
	struct arp_msg m;

	return lab_sent_arp(b->d, &eth, &m) && mac_equal(eth.dst, to.mac) && m.op == ARP_OP_REPLY &&
		mac_equal(m.sha, b->d->mac) && m.spa == lab_ip(addr) && mac_equal(m.tha, to.mac) &&
		m.tpa == to.ip;
}

/* The next frame is the IP packet `id` to `to`. */
static inline bool sent_packet(struct bench *b, struct mac to, uint16_t id)
{
	struct lab_ip_seen seen = lab_sent_ip(b->d);

	return seen.payload && mac_equal(seen.eth.dst, to) && seen.ip.id == id;
}

#endif
