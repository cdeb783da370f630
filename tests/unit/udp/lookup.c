/* SPDX-License-Identifier: MIT */
/* Whose datagram is it? */
#include "tests/unit/udp/bench.h"

static struct sock *sharing(struct bench *b, enum sock_option opt, uint32_t ip, uint16_t port)
{
	struct sock *sk = bench_sock(b, 0, 0);
	struct sock_addr a = addr(ip, port);

	CU_ASSERT_EQUAL(sock_set(sk, opt, 1), 0);
	CU_ASSERT_EQUAL_FATAL(sock_bind(sk, &a), 0);
	return sk;
}

static void connected_comes_before_bound_and_bound_before_any(void)
{
	struct bench *b = bench_new_two();
	struct sock *any = sharing(b, SO_OPT_REUSEADDR, 0, 53);
	struct sock *bound = sharing(b, SO_OPT_REUSEADDR, ME, 53);
	struct sock *connected = sharing(b, SO_OPT_REUSEADDR, 0, 53);

	CU_ASSERT_EQUAL(bench_connect(connected, PEER, 4000), 0);
	bench_put(b, addr(PEER, 4000), addr(ME, 53), "from the peer");
	CU_ASSERT(hears(connected, "from the peer"));
	bench_put(b, addr(PEER, 4001), addr(ME, 53), "another port");
	CU_ASSERT(hears(bound, "another port"));
	bench_put(b, addr(OTHER, 4000), addr(ME, 53), "another host");
	CU_ASSERT(hears(bound, "another host"));
	bench_put(b, addr(PEER, 4000), addr(ME2, 53), "another address of ours");
	CU_ASSERT(hears(any, "another address of ours"));
	sock_close(bound);
	bench_put(b, addr(OTHER, 4000), addr(ME, 53), "now for any");
	CU_ASSERT(hears(any, "now for any"));
	CU_ASSERT(hears(connected, NULL));
	sock_close(any);
	bench_put(b, addr(OTHER, 4000), addr(ME, 53), "not for the connected one");
	CU_ASSERT(hears(connected, NULL));
	CU_ASSERT(bench_sent_icmp(b->d, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH));
	sock_close(connected);
	bench_free(b);
}

static void a_socket_of_the_device_comes_first_and_hears_no_other(void)
{
	struct bench *b = bench_new_two();
	struct sock *eth1 = bench_sock(b, 0, 0), *any = sharing(b, SO_OPT_REUSEADDR, 0, 53);
	struct sock_addr a = addr(0, 53);

	sock_set(eth1, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(sock_set(eth1, SO_OPT_BINDTODEVICE, b->d2->ifindex), 0);
	CU_ASSERT_EQUAL(sock_bind(eth1, &a), 0);
	bench_put(b, addr(PEER, 1), addr(ME, 53), "by eth0");
	CU_ASSERT(hears(any, "by eth0"));
	bench_put_by(b, b->d2, addr(ME2 + 1, 1), addr(ME2, 53), "by eth1");
	CU_ASSERT(hears(eth1, "by eth1"));
	sock_close(any);
	bench_put(b, addr(PEER, 1), addr(ME, 53), "by eth0");
	CU_ASSERT(hears(eth1, NULL));
	CU_ASSERT_EQUAL(MIB(b, UdpNoPorts), 1);
	sock_close(eth1);
	bench_free(b);
}

static void of_two_that_share_by_reuseaddr_the_later_one_hears(void)
{
	struct bench *b = bench_new_two();
	struct sock *one = sharing(b, SO_OPT_REUSEADDR, 0, 53), *two = sharing(b, SO_OPT_REUSEADDR, 0, 53);
	struct sock *more[40];

	bench_put(b, addr(PEER, 1), addr(ME, 53), "x");
	CU_ASSERT(hears(two, "x"));
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) /* the table grows, and turns its chains over */
		more[i] = bench_sock(b, 0, (uint16_t)(1000 + i));
	bench_put(b, addr(PEER, 1), addr(ME, 53), "y");
	CU_ASSERT(hears(two, "y"));
	CU_ASSERT(hears(one, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		sock_close(more[i]);
	sock_close(one);
	sock_close(two);
	bench_free(b);
}

/* Which of the sockets hears a datagram from this port of the peer. */
static int who_hears(struct bench *b, struct sock **socks, int count, uint16_t peer)
{
	int who = -1;

	bench_put(b, addr(PEER, peer), addr(ME, 53), "x");
	for (int i = 0; i < count; i++) {
		if (!socks[i] || !hears(socks[i], "x"))
			continue;
		CU_ASSERT_EQUAL(who, -1);
		who = i;
	}
	return who;
}

static void sockets_that_share_by_reuseport_each_have_their_flows(void)
{
	enum { SOCKS = 4, PEERS = 400 };
	struct bench *b = bench_new_two();
	struct sock *socks[SOCKS];
	int who[PEERS], flows[SOCKS] = {0};

	for (int i = 0; i < SOCKS; i++)
		socks[i] = sharing(b, SO_OPT_REUSEPORT, 0, 53);
	for (uint16_t peer = 0; peer < PEERS; peer++) {
		who[peer] = who_hears(b, socks, SOCKS, (uint16_t)(peer + 1));
		CU_ASSERT_FATAL(who[peer] >= 0);
		CU_ASSERT_EQUAL(who_hears(b, socks, SOCKS, (uint16_t)(peer + 1)), who[peer]);
		flows[who[peer]]++;
	}
	sock_close(socks[0]);
	socks[0] = NULL;
	for (uint16_t peer = 0; peer < PEERS; peer++) /* only its own flows move */
		CU_ASSERT(who[peer] == 0 || who_hears(b, socks, SOCKS, (uint16_t)(peer + 1)) == who[peer]);
	for (int i = 0; i < SOCKS; i++) {
		CU_ASSERT(flows[i] > PEERS / SOCKS / 2);
		if (socks[i])
			sock_close(socks[i]);
	}
	bench_free(b);
}

static void many_connected_sockets_on_one_port_are_told_apart(void)
{
	enum { SOCKS = 3000 };
	struct bench *b = bench_new_two();
	struct sock **socks = calloc(SOCKS, sizeof(struct sock *));
	char text[16];

	for (uint16_t i = 0; i < SOCKS; i++) {
		socks[i] = sharing(b, SO_OPT_REUSEADDR, 0, 443);
		CU_ASSERT_EQUAL(bench_connect(socks[i], PEER, (uint16_t)(i + 1)), 0);
	}
	for (uint16_t i = 0; i < SOCKS; i++) {
		snprintf(text, sizeof(text), "%u", i);
		bench_put(b, addr(PEER, (uint16_t)(i + 1)), addr(ME, 443), text);
		CU_ASSERT(hears(socks[i], text));
	}
	for (int i = 0; i < SOCKS; i++)
		sock_close(socks[i]);
	free(socks);
	bench_free(b);
}

SUITE(udp_lookup, T(connected_comes_before_bound_and_bound_before_any),
	T(a_socket_of_the_device_comes_first_and_hears_no_other),
	T(of_two_that_share_by_reuseaddr_the_later_one_hears),
	T(sockets_that_share_by_reuseport_each_have_their_flows),
	T(many_connected_sockets_on_one_port_are_told_apart))
