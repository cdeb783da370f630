/* SPDX-License-Identifier: MIT */
/* ICMP errors about datagrams of ours. */
#include "tests/unit/udp/bench.h"

/* An error from `router` about a datagram from ME:`sport` to `to`. */
static void tell(struct bench *b, uint32_t router, struct icmp_hdr h, uint16_t sport, struct sock_addr to)
{
	struct ip_hdr quoted = {.src = ME,
		.dst = to.ip,
		.ttl = 1,
		.proto = IP_PROTO_UDP,
		.hdr_len = IP_HDR_LEN,
		.total_len = 1400,
		.df = true};
	struct udp_hdr udp = {.sport = sport, .dport = to.port, .len = 1380};
	uint8_t quote[IP_HDR_LEN + UDP_HDR_LEN];

	ip_emit(quote, &quoted);
	udp_emit(quote + IP_HDR_LEN, &udp);
	lab_inject(b->d, b->frame,
		lab_frame_icmp(b->frame, b->d->mac, bench_peer_mac, router, ME, h, quote, sizeof(quote)));
}

static const struct icmp_hdr refused = {.type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH};
static const struct icmp_hdr expired = {.type = ICMP_TIME_EXCEEDED};

static int pending(struct sock *sk)
{
	int err = -1;

	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_ERROR, &err), 0);
	return err;
}

/* RFC1122-U-05 */
static void a_refused_datagram_is_an_error_of_the_connected_socket(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	char buf[8];

	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 9), 0);
	CU_ASSERT_EQUAL(send_text(sk, NULL, "x"), 1);
	tell(b, PEER, refused, 4000, addr(PEER, 9));
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, NULL), -ECONNREFUSED);
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, NULL), -EAGAIN); /* told once */
	tell(b, PEER, refused, 4000, addr(PEER, 9));
	CU_ASSERT_EQUAL(send_text(sk, NULL, "x"), -ECONNREFUSED);
	CU_ASSERT_EQUAL(send_text(sk, NULL, "x"), 1);
	sock_close(sk);
	bench_free(b);
}

static void only_hard_errors_are_told_to_a_connected_socket(void)
{
	static const struct {
		struct icmp_hdr h;
		int err;
	} rows[] = {
		{{.type = ICMP_DEST_UNREACH, .code = ICMP_NET_UNREACH}, 0},
		{{.type = ICMP_DEST_UNREACH, .code = ICMP_HOST_UNREACH}, 0},
		{{.type = ICMP_DEST_UNREACH, .code = ICMP_PROT_UNREACH}, ENOPROTOOPT},
		{{.type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH}, ECONNREFUSED},
		{{.type = ICMP_DEST_UNREACH, .code = ICMP_FRAG_NEEDED, .rest = 1300}, EMSGSIZE},
		{{.type = ICMP_DEST_UNREACH, .code = ICMP_ADMIN_PROHIBITED}, EHOSTUNREACH},
		{{.type = ICMP_TIME_EXCEEDED}, 0},
		{{.type = ICMP_PARAM_PROBLEM}, EPROTO},
		{{.type = ICMP_SOURCE_QUENCH}, 0},
		{{.type = ICMP_REDIRECT, .code = 1, .rest = OTHER}, 0},
	};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);

	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 9), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tell(b, OTHER, rows[i].h, 4000, addr(PEER, 9));
		CU_ASSERT_EQUAL(pending(sk), rows[i].err);
	}
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DONT), 0);
	tell(b, OTHER, rows[4].h, 4000, addr(PEER, 9));
	CU_ASSERT_EQUAL(pending(sk), 0); /* it will be fragmented: nobody need know */
	sock_close(sk);
	bench_free(b);
}

/* RFC1122-U-05: what is known of an error, in the order they came. */
static void who_asks_for_errors_gets_every_one(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_error e;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	tell(b, OTHER, expired, 4000, addr(PEER, 33434)); /* not connected */
	tell(b, PEER, refused, 4000, addr(PEER, 33435));
	CU_ASSERT(sock_ready(sk) & SOCK_EVENT_ERROR);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT(e.error == EHOSTUNREACH && e.type == ICMP_TIME_EXCEEDED && !e.local);
	CU_ASSERT(e.from == OTHER && e.dst == PEER && e.port == 33434 && e.ttl == 64);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT(e.error == ECONNREFUSED && e.code == ICMP_PORT_UNREACH && e.port == 33435);
	CU_ASSERT_EQUAL(sock_recv_error(sk, &e), -EAGAIN);
	CU_ASSERT_EQUAL(pending(sk), 0);
	sock_close(sk);
	bench_free(b);
}

static void udp_icmp_spoof(void)
{
	static const struct {
		uint16_t sport;
		struct sock_addr to;
	} rows[] = {
		{4000, {.ip = PEER, .port = 10}}, {4000, {.ip = OTHER, .port = 9}},
		{4001, {.ip = PEER, .port = 9}},
		{4002, {.ip = PEER, .port = 9}}, /* the port of a socket that is not connected */
	};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000), *bound = bench_sock(b, 0, 4002);

	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 9), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tell(b, PEER, refused, rows[i].sport, rows[i].to);
		CU_ASSERT_EQUAL(pending(sk), 0);
		CU_ASSERT_EQUAL(pending(bound), 0);
	}
	tell(b, OTHER, refused, 4000, addr(PEER, 9)); /* a firewall on the way may say so */
	CU_ASSERT_EQUAL(pending(sk), ECONNREFUSED);
	sock_close(sk);
	sock_close(bound);
	bench_free(b);
}

/* The whole circle: two hosts, a closed port. */
static void a_closed_port_of_another_host_refuses(void)
{
	struct lab *l = lab_new();
	struct stack *one = lab_host(l, "one"), *two = lab_host(l, "two");

	lab_veth(one, "eth0", "10.0.0.1/24", two, "eth0", "10.0.0.2/24");
	struct sock *sk = sock_open(one, SOCK_DGRAM, IP_PROTO_UDP);
	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 9), 0);
	CU_ASSERT_EQUAL(send_text(sk, NULL, "anybody?"), 8);
	lab_run(l, NS_PER_SEC);
	CU_ASSERT_EQUAL(pending(sk), ECONNREFUSED);
	CU_ASSERT_EQUAL(two->mib[MIB_UdpNoPorts], 1);
	sock_close(sk);
	lab_free(l);
}

/* RFC 8085 3.2: the next datagram knows. */
static void a_path_mtu_that_was_learned_is_respected(void)
{
	static const uint8_t data[1400];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct icmp_hdr too_big = {.type = ICMP_DEST_UNREACH, .code = ICMP_FRAG_NEEDED, .rest = 1300};
	int mtu = 0;

	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 9), 0);
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, NULL), sizeof(data));
	lab_sent_clear(b->d);
	tell(b, OTHER, too_big, 4000, addr(PEER, 9));
	CU_ASSERT_EQUAL(pending(sk), EMSGSIZE);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_MTU, &mtu), 0);
	CU_ASSERT_EQUAL(mtu, 1300);
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, NULL), sizeof(data)); /* in pieces now */
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 2);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DO), 0);
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, NULL), -EMSGSIZE);
	sock_close(sk);
	bench_free(b);
}

SUITE(udp_note, T(a_refused_datagram_is_an_error_of_the_connected_socket),
	T(only_hard_errors_are_told_to_a_connected_socket), T(who_asks_for_errors_gets_every_one),
	T(udp_icmp_spoof), T(a_closed_port_of_another_host_refuses),
	T(a_path_mtu_that_was_learned_is_respected))
