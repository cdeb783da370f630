/* SPDX-License-Identifier: MIT */
/* Frames that attack: padding, impossible lengths, our own address as source. */
#include "net/ether.h"

#include "tests/unit/ip/bench.h"

#include <stdlib.h>

/* Sends the packet back where it came from, in its own buffer, with one octet of its data. */
static void answer_in_place(struct stack *s, struct pkt *p)
{
	struct ip_send how = {.dst = p->ip.src, .src = p->ip.dst, .proto = p->ip.proto};

	pkt_trim(p, 1);
	ip_output(s, p, &how);
}

static const struct proto answerer = {.name = "answerer", .number = PROTO_TEST, .input = answer_in_place};

static void eth_padding_leak(void)
{
	struct bench b = bench_open();
	uint8_t secret[1000];
	struct sock *sk = sock_open(b.s, SOCK_RAW, PROTO_TEST + 1);
	struct sock_addr peer = {.ip = lab_ip("10.0.0.2")};

	memset(secret, 'S', sizeof(secret));
	b.s->by_number[PROTO_TEST] = &answerer;
	put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), secret, sizeof(secret));
	CU_ASSERT_EQUAL(sock_send(sk, secret, 1000, 0, &peer), 1000); /* leaves its octets in a buffer */
	CU_ASSERT_EQUAL(sock_send(sk, secret, 1, 0, &peer), 1);
	for (unsigned i = 0; i < 3; i++) {
		size_t len;
		const uint8_t *f = lab_sent(b.eth0, &len);
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		if (i == 1)
			continue;
		CU_ASSERT_EQUAL(len, ETHER_MIN_LEN);
		CU_ASSERT_EQUAL(f[ETHER_HDR_LEN + IP_HDR_LEN], 'S');
		for (size_t at = ETHER_HDR_LEN + IP_HDR_LEN + 1; at < len; at++)
			CU_ASSERT_EQUAL(f[at], 0);
	}
	sock_close(sk);
	bench_close(&b);
}

/* Delivered, as Linux does, and after the same checks. */
static void eth_src_is_own_mac(void)
{
	struct bench b = bench_open();
	struct sock *sk = sock_open(b.s, SOCK_RAW, PROTO_TEST);
	uint8_t f[100], *ip = f + ETHER_HDR_LEN;
	size_t len = lab_frame_ip(
		f, b.eth0->mac, b.eth0->mac, hdr("10.0.0.2", "10.0.0.1"), NULL, 0, "12345678", 8);

	lab_inject(b.eth0, f, len);
	CU_ASSERT_EQUAL(heard(sk), 1);
	ip[10] ^= 1;
	lab_inject(b.eth0, f, len);
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_CHECKSUM), 1);
	ip[10] ^= 1;
	ip[0] = 0x4f;
	lab_inject(b.eth0, f, len);
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_IHL), 1);
	ip[0] = 0x45;
	lab_inject(b.eth0, f, len - 5);
	CU_ASSERT_EQUAL(DROPS(b, IP_TRUNCATED), 1);
	lab_inject(b.eth0, f, ETHER_HDR_LEN + 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_SHORT), 1);
	CU_ASSERT_EQUAL(heard(sk), 0);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1812-3.3.4b */
static void eth_jumbo_over_mtu(void)
{
	struct bench b = bench_open();
	struct sock *sk = sock_open(b.s, SOCK_RAW, PROTO_TEST);
	static const size_t lens[] = {1501, 1502, 1920, 1921, 2034, 2035, 9000, 65534, 65535};
	static const uint8_t data[65535];

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), data, lens[i] - IP_HDR_LEN);
		CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), (ssize_t)lens[i]);
	}
	sock_close(sk);
	bench_close(&b);
}

SUITE(net_ether, T(eth_padding_leak), T(eth_src_is_own_mac), T(eth_jumbo_over_mtu))
