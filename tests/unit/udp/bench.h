/* SPDX-License-Identifier: MIT */
/* What the tests of UDP have besides tests/unit/bench.h: a second wire with 10.0.1.1/24, and datagrams. */
#ifndef TESTS_UNIT_UDP_BENCH_H
#define TESTS_UNIT_UDP_BENCH_H

#include "tests/unit/bench.h"
#include "udp/internal.h"

#define ME2   UINT32_C(0x0a000101) /* 10.0.1.1 */
#define ALL   UINT32_C(0x0a0000ff) /* 10.0.0.255 */
#define GROUP UINT32_C(0xef010203) /* 239.1.2.3 */

static inline struct bench *bench_new_two(void)
{
	struct bench *b = bench_new();

	b->d2 = bench_wire(b->s, "eth1", "10.0.1.1/24");
	return b;
}

#define DROPS(b, name) stack_drops((b)->s, DROP_##name)
#define MIB(b, name)   ((b)->s->mib[MIB_##name])

/* A socket, bound where `port` or `ip` is not 0. */
static inline struct sock *bench_sock(struct bench *b, uint32_t ip, uint16_t port)
{
	struct sock *sk = sock_open(b->s, SOCK_DGRAM, IP_PROTO_UDP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
	if (ip || port)
		CU_ASSERT_EQUAL_FATAL(sock_bind(sk, &(struct sock_addr){.ip = ip, .port = port}), 0);
	return sk;
}

static inline struct sock_addr addr(uint32_t ip, uint16_t port)
{
	return (struct sock_addr){.ip = ip, .port = port};
}

static inline int bench_connect(struct sock *sk, uint32_t ip, uint16_t port)
{
	return sock_connect(sk, &(struct sock_addr){.ip = ip, .port = port});
}

static inline struct sock_addr name_of(const struct sock *sk)
{
	struct sock_addr a = {0};

	CU_ASSERT_EQUAL(sock_name(sk, &a), 0);
	return a;
}

/* A datagram with a checksum of its own: `h` with len 0 and check 0 is filled in. Its octets go to `out`. */
static inline size_t bench_datagram(
	uint8_t *out, uint32_t src, uint32_t dst, struct udp_hdr h, const void *data, size_t len)
{
	if (!h.len)
		h.len = (uint16_t)(UDP_HDR_LEN + len);
	memcpy(out + UDP_HDR_LEN, data, len);
	udp_emit(out, &h);
	if (!h.check && h.len >= UDP_HDR_LEN && h.len <= UDP_HDR_LEN + len) {
		uint64_t sum = csum_add(csum_pseudo(src, dst, IP_PROTO_UDP, h.len), out, h.len);
		h.check = csum_finish(sum) ? csum_finish(sum) : 0xffff;
		udp_emit(out, &h);
	}
	return UDP_HDR_LEN + len;
}

/* From `src` to `dst` by `wire`, `len` octets as they are. */
static inline void bench_inject(
	struct bench *b, struct dev *wire, uint32_t src, uint32_t dst, const void *datagram, size_t len)
{
	struct ip_hdr ip = {.src = src, .dst = dst, .ttl = 64, .proto = IP_PROTO_UDP};
	struct mac mac = wire->mac;

	if (ip_is_multicast(dst))
		mac = ether_multicast(dst);
	else if (ip_addr_kind(b->s, dst) == IP_ADDR_BROADCAST)
		mac = MAC_BROADCAST;
	lab_inject(wire, b->frame, lab_frame_ip(b->frame, mac, bench_peer_mac, ip, NULL, 0, datagram, len));
}

static inline void bench_put_by(
	struct bench *b, struct dev *wire, struct sock_addr from, struct sock_addr to, const char *text)
{
	static uint8_t datagram[2048];
	struct udp_hdr h = {.sport = from.port, .dport = to.port};
	size_t len = bench_datagram(datagram, from.ip, to.ip, h, text, strlen(text));

	bench_inject(b, wire, from.ip, to.ip, datagram, len);
}

static inline void bench_put(struct bench *b, struct sock_addr from, struct sock_addr to, const char *text)
{
	bench_put_by(b, b->d, from, to, text);
}

/* Does the oldest datagram in the socket's queue hold `text`? It is taken out. NULL: nothing is there. */
static inline bool hears(struct sock *sk, const char *text)
{
	char buf[2048];
	ssize_t n = sock_recv(sk, buf, sizeof(buf), 0, NULL);

	if (!text)
		return n == -EAGAIN;
	return n == (ssize_t)strlen(text) && memcmp(buf, text, (size_t)n) == 0;
}

/* The next frame sent as a datagram, its checksum looked at; false where it is none. */
static inline bool bench_sent(struct dev *d, struct lab_ip_seen *seen, struct udp_hdr *h)
{
	*seen = lab_sent_ip(d);
	return seen->payload && seen->ip.proto == IP_PROTO_UDP &&
		!udp_parse(seen->payload, seen->len, seen->ip.src, seen->ip.dst, false, h);
}

/* The next frame sent as an ICMP error of this type and code. */
static inline bool bench_sent_icmp(struct dev *d, uint8_t type, uint8_t code)
{
	struct lab_ip_seen seen = lab_sent_ip(d);
	struct icmp_hdr h;

	return seen.payload && seen.ip.proto == IP_PROTO_ICMP &&
		icmp_parse(seen.payload, seen.len, false, &h) == DROP_NONE && h.type == type &&
		h.code == code;
}

static inline ssize_t send_text(struct sock *sk, const struct sock_addr *to, const char *text)
{
	return sock_send(sk, text, strlen(text), 0, to);
}

#endif
