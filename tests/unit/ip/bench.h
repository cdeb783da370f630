/* SPDX-License-Identifier: MIT */
/*
 * The bench of ip's tests: one host `h` between two wires, a peer on each, and a recorder in place of ICMP.
 *
 *	10.0.0.2 --- eth0 10.0.0.1 [h] 10.0.1.1 eth1 --- 10.0.1.2
 */
#ifndef TESTS_UNIT_IP_BENCH_H
#define TESTS_UNIT_IP_BENCH_H

#include "arp/arp.h"
#include "ip/internal.h"
#include "net/sock.h"
#include "tests/unit/lab.h"

#include <errno.h>

enum { PROTO_TEST = 200 };

struct bench {
	struct lab *lab;
	struct stack *s;
	struct dev *eth0, *eth1;
};

/* What the host wanted to be said by ICMP. */
static struct {
	unsigned count;
	struct ip_reject why;
	struct ip_hdr about;
	uint8_t ttl; /* in the bytes of the packet */
} rejected;

static inline void record_reject(struct stack *s, const struct pkt *p, struct ip_reject why)
{
	(void)s;
	rejected.count++;
	rejected.why = why;
	rejected.about = p->ip;
	rejected.ttl = p->data[8];
}

static inline void know(struct dev *d, const char *ip, uint8_t last_mac)
{
	CU_ASSERT_EQUAL_FATAL(neigh_set(d->netif, lab_ip(ip), (struct mac){{2, 0, 0, 0, 1, last_mac}},
				      NEIGH_PERMANENT, true),
		0);
}

static inline struct bench bench_open(void)
{
	struct bench b = {.lab = lab_new()};

	b.s = lab_host(b.lab, "h");
	b.eth0 = lab_wire(b.s, "eth0", "10.0.0.1/24");
	b.eth1 = lab_wire(b.s, "eth1", "10.0.1.1/24");
	know(b.eth0, "10.0.0.2", 2);
	know(b.eth0, "10.0.0.3", 3);
	know(b.eth1, "10.0.1.2", 2);
	ip_set_reject(b.s, record_reject);
	rejected.count = 0;
	lab_settle(b.lab);
	lab_sent_clear(b.eth0);
	lab_sent_clear(b.eth1);
	return b;
}

/* The same as a router. */
static inline struct bench bench_router(void)
{
	struct bench b = bench_open();

	CU_ASSERT_EQUAL(sysctl_set(b.s, "net.ipv4.ip_forward", 1), 0);
	return b;
}

static inline void bench_close(struct bench *b)
{
	lab_free(b->lab);
}

static inline struct ip_hdr hdr(const char *src, const char *dst)
{
	return (struct ip_hdr){.src = lab_ip(src), .dst = lab_ip(dst), .ttl = 64, .proto = PROTO_TEST};
}

/* From the peer on `wire`, in a frame to `dst`. */
static inline void put_to(struct dev *wire, struct mac dst, struct ip_hdr h, const void *opts,
	size_t opts_len, const void *payload, size_t len)
{
	static uint8_t b[65600];
	struct mac src = {{2, 0, 0, 0, 1, (uint8_t)h.src}};

	lab_inject(wire, b, lab_frame_ip(b, dst, src, h, opts, opts_len, payload, len));
}

static inline void put(struct dev *wire, struct ip_hdr h, const void *payload, size_t len)
{
	put_to(wire, wire->mac, h, NULL, 0, payload, len);
}

static inline void put_opts(struct dev *wire, struct ip_hdr h, const void *opts, size_t opts_len)
{
	put_to(wire, wire->mac, h, opts, opts_len, "data", 4);
}

static inline struct sock *listen_raw(struct bench *b, int proto)
{
	struct sock *sk = sock_open(b->s, SOCK_RAW, proto);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
	return sk;
}

/* How many messages wait; they are taken away. */
static inline unsigned heard(struct sock *sk)
{
	unsigned n = 0;

	while (sock_recv(sk, NULL, 0, 0, NULL) >= 0)
		n++;
	return n;
}

#define DROPS(b, name) stack_drops((b).s, DROP_##name)
#define MIB(b, name)   ((b).s->mib[MIB_##name])

#endif
