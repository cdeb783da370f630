/* SPDX-License-Identifier: MIT */
/* Names and options of UDP sockets. */
#include "tests/unit/alloc.h"
#include "tests/unit/udp/bench.h"

static int bind_to(struct sock *sk, uint32_t ip, uint16_t port)
{
	struct sock_addr a = addr(ip, port);

	return sock_bind(sk, &a);
}

/* RFC1122-U-12, RFC1122-U-13 */
static void a_socket_binds_to_an_address_of_the_host_or_to_none(void)
{
	static const struct {
		uint32_t ip;
		int err;
	} rows[] = {
		{0, 0},
		{ME, 0},
		{ME2, 0},
		{UINT32_C(0x7f000001), 0},
		{UINT32_C(0x7f112233), 0},
		{ALL, 0},
		{IP_BROADCAST, 0},
		{GROUP, 0},
		{PEER, -EADDRNOTAVAIL},
		{UINT32_C(0xf0000001), -EADDRNOTAVAIL},
	};
	struct bench *b = bench_new_two();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sock *sk = bench_sock(b, 0, 0);
		CU_ASSERT_EQUAL(bind_to(sk, rows[i].ip, 7), rows[i].err);
		CU_ASSERT_EQUAL(name_of(sk).ip, rows[i].err ? 0 : rows[i].ip);
		CU_ASSERT_EQUAL(name_of(sk).port, rows[i].err ? 0 : 7);
		CU_ASSERT_EQUAL(bind_to(sk, 0, 8), rows[i].err ? 0 : -EINVAL);
		sock_close(sk);
	}
	struct sock *sk = bench_sock(b, 0, 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_FREEBIND, 1), 0);
	CU_ASSERT_EQUAL(bind_to(sk, PEER, 7), 0);
	sock_close(sk);
	bench_free(b);
}

static void a_port_in_use_is_refused_until_it_is_free(void)
{
	struct bench *b = bench_new_two();
	struct sock *one = bench_sock(b, ME, 53), *two = bench_sock(b, 0, 0);

	CU_ASSERT_EQUAL(bind_to(two, 0, 53), -EADDRINUSE);
	CU_ASSERT_EQUAL(name_of(two).port, 0);
	sock_set(two, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(bind_to(two, 0, 53), -EADDRINUSE);
	sock_set(one, SO_OPT_REUSEADDR, 1); /* also when it is set late */
	CU_ASSERT_EQUAL(bind_to(two, 0, 53), 0);
	struct sock *three = bench_sock(b, 0, 0);
	sock_set(three, SO_OPT_BINDTODEVICE, b->d2->ifindex);
	CU_ASSERT_EQUAL(bind_to(three, 0, 53), -EADDRINUSE);
	sock_close(one);
	CU_ASSERT_EQUAL(sock_set(two, SO_OPT_BINDTODEVICE, b->d->ifindex), 0);
	CU_ASSERT_EQUAL(bind_to(three, 0, 53), 0);
	sock_close(two);
	sock_close(three);
	CU_ASSERT_EQUAL(b->s->udp->ports.ports.count, 0);
	CU_ASSERT_EQUAL(b->s->udp->connected.count + b->s->udp->bound.count, 0);
	bench_free(b);
}

/* RFC1122-U-14, RFC6056-3.3 */
static void connecting_chooses_port_and_address(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);
	struct sock_addr peer;

	CU_ASSERT_EQUAL(sock_peer(sk, &peer), -ENOTCONN);
	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 53), 0);
	CU_ASSERT_EQUAL(name_of(sk).ip, ME);
	CU_ASSERT(name_of(sk).port >= 32768 && name_of(sk).port <= 60999);
	CU_ASSERT_EQUAL(sock_peer(sk, &peer), 0);
	CU_ASSERT(peer.ip == PEER && peer.port == 53);
	CU_ASSERT_EQUAL(bench_connect(sk, UINT32_C(0xc0000201), 53), -ENETUNREACH);
	CU_ASSERT_EQUAL(sock_peer(sk, &peer), 0); /* still the old one */
	CU_ASSERT_EQUAL(peer.ip, PEER);
	sock_close(sk);
	bench_free(b);
}

static void disconnecting_gives_back_what_was_not_asked_for(void)
{
	struct bench *b = bench_new_two();
	struct sock *chosen = bench_sock(b, 0, 0), *asked = bench_sock(b, ME, 53),
		    *port = bench_sock(b, 0, 54);
	struct sock_addr peer;

	CU_ASSERT_EQUAL(bench_connect(chosen, PEER, 53), 0);
	CU_ASSERT_EQUAL(bench_connect(asked, PEER, 53), 0);
	CU_ASSERT_EQUAL(bench_connect(port, PEER, 53), 0);
	CU_ASSERT_EQUAL(bench_connect(chosen, 0, 0), 0);
	CU_ASSERT_EQUAL(bench_connect(asked, 0, 0), 0);
	CU_ASSERT_EQUAL(bench_connect(port, 0, 0), 0);
	CU_ASSERT_EQUAL(sock_peer(asked, &peer), -ENOTCONN);
	CU_ASSERT(name_of(chosen).ip == 0 && name_of(chosen).port == 0);
	CU_ASSERT(name_of(asked).ip == ME && name_of(asked).port == 53);
	CU_ASSERT(name_of(port).ip == 0 && name_of(port).port == 54);
	bench_put(b, addr(OTHER, 9), addr(ME, 53), "from anybody again");
	CU_ASSERT(hears(asked, "from anybody again"));
	CU_ASSERT_EQUAL(send_text(asked, NULL, "x"), -EDESTADDRREQ);
	sock_close(chosen);
	sock_close(asked);
	sock_close(port);
	bench_free(b);
}

static void connecting_again_takes_another_peer(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 54);

	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 1), 0);
	CU_ASSERT_EQUAL(bench_connect(sk, OTHER, 2), 0);
	bench_put(b, addr(PEER, 1), addr(ME, 54), "old");
	bench_put(b, addr(OTHER, 2), addr(ME, 54), "new");
	CU_ASSERT(hears(sk, "new"));
	CU_ASSERT(hears(sk, NULL));
	sock_close(sk);
	bench_free(b);
}

/* Before DHCP there is no address to be connected from. */
static void a_host_without_address_can_connect(void)
{
	struct bench *b = bench_new_two();
	struct dev *d = bench_wire(b->s, "eth2", NULL);
	struct sock *sk = bench_sock(b, 0, 68);

	netif_addr_flush(b->d->netif);
	netif_addr_flush(b->d2->netif);
	sock_set(sk, SO_OPT_BROADCAST, 1);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BINDTODEVICE, d->ifindex), 0);
	CU_ASSERT_EQUAL(bench_connect(sk, IP_BROADCAST, 67), 0);
	CU_ASSERT_EQUAL(send_text(sk, NULL, "discover"), 8);
	struct lab_ip_seen seen;
	struct udp_hdr h;
	CU_ASSERT(bench_sent(d, &seen, &h));
	CU_ASSERT(seen.ip.src == 0 && seen.ip.dst == IP_BROADCAST);
	sock_close(sk);
	bench_free(b);
}

static void ports_run_out_with_eagain(void)
{
	struct bench *b = bench_new_two();
	struct sock *one = bench_sock(b, 0, 0), *two = bench_sock(b, 0, 0);
	struct sock_addr to = addr(PEER, 9);

	CU_ASSERT_EQUAL(sysctl_write(b->s, "net.ipv4.ip_local_port_range", "5000 5000"), 0);
	CU_ASSERT_EQUAL(send_text(one, &to, "x"), 1);
	CU_ASSERT_EQUAL(name_of(one).port, 5000);
	CU_ASSERT_EQUAL(send_text(two, &to, "x"), -EAGAIN);
	CU_ASSERT_EQUAL(bench_connect(two, PEER, 9), -EAGAIN);
	CU_ASSERT_EQUAL(bind_to(two, 0, 0), -EADDRINUSE);
	sock_close(one);
	CU_ASSERT_EQUAL(bench_connect(two, PEER, 9), 0);
	sock_close(two);
	bench_free(b);
}

static void options_have_their_ranges(void)
{
	static const struct {
		enum sock_option opt;
		int value, err, then;
	} rows[] = {
		{SO_OPT_MULTICAST_TTL, 7, 0, 7},
		{SO_OPT_MULTICAST_TTL, 0, -EINVAL, 7},
		{SO_OPT_MULTICAST_TTL, 256, -EINVAL, 7},
		{SO_OPT_MULTICAST_TTL, -1, 0, 1},
		{SO_OPT_MULTICAST_LOOP, 0, 0, 0},
		{SO_OPT_MULTICAST_LOOP, 5, 0, 1},
		{SO_OPT_MULTICAST_IF, 2, 0, 2},
		{SO_OPT_MULTICAST_IF, 77, -EADDRNOTAVAIL, 2},
		{SO_OPT_MULTICAST_IF, 0, 0, 0},
		{SO_OPT_UDP_SEGMENT, 1472, 0, 1472},
		{SO_OPT_UDP_SEGMENT, 65536, -EINVAL, 1472},
		{SO_OPT_UDP_SEGMENT, -1, -EINVAL, 1472},
		{SO_OPT_UDP_SEGMENT, 0, 0, 0},
		{SO_OPT_REUSEADDR, 1, 0, 1},
		{SO_OPT_REUSEPORT, 1, 0, 1},
		{SO_OPT_BINDTODEVICE, 2, 0, 2},
		{SO_OPT_BINDTODEVICE, 77, -ENODEV, 2},
		{SO_OPT_TTL, 9, 0, 9},
	};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int value = -5;
		CU_ASSERT_EQUAL(sock_set(sk, rows[i].opt, rows[i].value), rows[i].err);
		CU_ASSERT_EQUAL(sock_get(sk, rows[i].opt, &value), 0);
		CU_ASSERT_EQUAL(value, rows[i].then);
	}
	sock_close(sk);
	bench_free(b);
}

static void without_memory_names_stay_as_they_were(void)
{
	struct bench *b = bench_new_two();

	for (unsigned long nth = 1; nth <= 4; nth++) { /* choice, port, slots of both hashes */
		struct sock *sk = bench_sock(b, 0, 0);
		alloc_arm(nth, false);
		int err = bind_to(sk, ME, 53);
		unsigned long used = alloc_disarm();
		CU_ASSERT(err == -ENOMEM || used < nth);
		if (err)
			CU_ASSERT(name_of(sk).port == 0 && name_of(sk).ip == 0);
		sock_close(sk);
	}
	bench_free(b);
}

static void sockets_survive_their_host(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);

	CU_ASSERT_EQUAL(sock_join(sk, GROUP, b->d->ifindex), 0);
	bench_put(b, addr(PEER, 1), addr(ME, 53), "never read");
	stack_delete(b->s);
	CU_ASSERT_EQUAL(send_text(sk, &(struct sock_addr){.ip = PEER, .port = 9}, "x"), -ENODEV);
	sock_close(sk);
	bench_free(b);
}

SUITE(udp_sock, T(a_socket_binds_to_an_address_of_the_host_or_to_none),
	T(a_port_in_use_is_refused_until_it_is_free), T(connecting_chooses_port_and_address),
	T(disconnecting_gives_back_what_was_not_asked_for), T(connecting_again_takes_another_peer),
	T(a_host_without_address_can_connect), T(ports_run_out_with_eagain), T(options_have_their_ranges),
	T(without_memory_names_stay_as_they_were), T(sockets_survive_their_host))
