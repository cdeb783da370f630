/* SPDX-License-Identifier: MIT */
/* Datagrams that go out: header, checksum, way, size, errors. */
#include "dev/netem.h"
#include "tests/unit/alloc.h"
#include "tests/unit/udp/bench.h"

#include <stdio.h>

/* RFC768-1, RFC768-3, RFC1122-U-06, RFC1122-U-09, RFC1122-U-16 */
static void a_datagram_goes_out_whole(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_addr to = addr(PEER, 53);
	struct lab_ip_seen seen;
	struct udp_hdr h;

	CU_ASSERT_EQUAL(send_text(sk, &to, "query"), 5);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT(h.sport == 4000 && h.dport == 53 && h.len == 13);
	CU_ASSERT_NOT_EQUAL(h.check, 0);
	CU_ASSERT(seen.ip.src == ME && seen.ip.dst == PEER && seen.ip.ttl == 64);
	CU_ASSERT_EQUAL(memcmp(seen.payload + UDP_HDR_LEN, "query", 5), 0);
	CU_ASSERT_EQUAL(sock_send(sk, NULL, 0, 0, &to), 0); /* no data is a datagram too */
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(h.len, 8);
	CU_ASSERT_EQUAL(MIB(b, UdpOutDatagrams), 2);
	sock_close(sk);
	bench_free(b);
}

/* RFC768-2: of all 65536 datagrams that differ in two octets, one sums to 0. */
static void a_checksum_of_zero_is_sent_as_ones(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_addr to = addr(PEER, 53);
	struct lab_ip_seen seen;
	struct udp_hdr h;
	unsigned ones = 0;

	for (unsigned i = 0; i < 65536; i++) {
		be16 word = put16((uint16_t)i);
		CU_ASSERT_EQUAL(sock_send(sk, &word, sizeof(word), 0, &to), 2);
		CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
		CU_ASSERT_NOT_EQUAL(h.check, 0);
		ones += h.check == 0xffff;
	}
	CU_ASSERT_EQUAL(ones, 1);
	sock_close(sk);
	bench_free(b);
}

/* RFC1122-U-03, RFC1122-U-04, RFC1122-U-17 */
static void options_of_the_socket_go_into_the_header(void)
{
	static const uint8_t opts[] = {IPOPT_RR, 7, 4, 0, 0, 0, 0, IPOPT_EOL};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, ME, 4000);
	struct lab_ip_seen seen;
	struct udp_hdr h;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_TTL, 3), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_TOS, 0x10), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DO), 0);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, opts, sizeof(opts)), 0);
	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 53), 0);
	CU_ASSERT_EQUAL(send_text(sk, NULL, "x"), 1);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT(seen.ip.ttl == 3 && seen.ip.tos == 0x10 && seen.ip.df);
	CU_ASSERT_EQUAL(seen.ip.hdr_len, 28);
	CU_ASSERT_EQUAL(seen.header[IP_HDR_LEN], IPOPT_RR);
	sock_close(sk);
	bench_free(b);
}

static void what_cannot_be_sent_says_why(void)
{
	static const struct {
		struct sock_addr to;
		size_t len;
		int flags, err;
	} rows[] = {
		{{.ip = PEER, .port = 9}, 65508, 0, -EMSGSIZE},
		{{.ip = PEER, .port = 9}, 65507, 0, 65507},
		{{.ip = PEER}, 1, 0, -EINVAL},
		{{.ip = PEER, .port = 9}, 1, MSG_OOB, -EOPNOTSUPP},
		{{.ip = ALL, .port = 9}, 1, 0, -EACCES},
		{{.ip = IP_BROADCAST, .port = 9, .ifindex = 2}, 1, 0, -EACCES},
		{{.ip = UINT32_C(0xc0000201), .port = 9}, 1, 0, -ENETUNREACH},
		{{.ip = 0, .port = 9}, 1, 0, -EDESTADDRREQ},
	};
	static uint8_t data[65536];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CU_ASSERT_EQUAL(sock_send(sk, data, rows[i].len, rows[i].flags, &rows[i].to), rows[i].err);
	CU_ASSERT_EQUAL(send_text(sk, NULL, "x"), -EDESTADDRREQ);
	struct blob *octet = blob_new(1);
	CU_ASSERT_EQUAL(sock_send_blob(sk, octet, 0, 1, 0), -EOPNOTSUPP);
	blob_unref(octet);
	CU_ASSERT_EQUAL(bench_connect(sk, ALL, 9), -EACCES);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BROADCAST, 1), 0);
	CU_ASSERT_EQUAL(bench_connect(sk, ALL, 9), 0);
	CU_ASSERT_EQUAL(send_text(sk, NULL, "x"), 1);
	sock_close(sk);
	bench_free(b);
}

static void large_datagrams_go_in_fragments_and_come_back_whole(void)
{
	static uint8_t data[65507], back[65507];
	struct lab *l = lab_new();
	struct stack *one = lab_host(l, "one"), *two = lab_host(l, "two");
	struct sock_addr to = addr(PEER, 9);

	lab_veth(one, "eth0", "10.0.0.1/24", two, "eth0", "10.0.0.2/24");
	struct sock *from = sock_open(one, SOCK_DGRAM, IP_PROTO_UDP);
	struct sock *at = sock_open(two, SOCK_DGRAM, IP_PROTO_UDP);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	CU_ASSERT_EQUAL(sock_bind(at, &to), 0);
	sock_set(from, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DONT);
	for (size_t len = 1400; len <= sizeof(data); len = len * 2 < sizeof(data) ? len * 2 : len + 20707) {
		CU_ASSERT_EQUAL(sock_send(from, data, len, 0, &to), (ssize_t)len);
		lab_run(l, NS_PER_SEC);
		CU_ASSERT_EQUAL(sock_recv(at, back, sizeof(back), 0, NULL), (ssize_t)len);
		CU_ASSERT_EQUAL(memcmp(data, back, len), 0);
	}
	CU_ASSERT_EQUAL(one->mib[MIB_UdpOutDatagrams], two->mib[MIB_UdpInDatagrams]);
	sock_close(from);
	sock_close(at);
	lab_free(l);
}

static void our_own_datagrams_come_back_by_lo(void)
{
	static const uint32_t own[] = {ME, ME2, UINT32_C(0x7f000001)};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		struct sock_addr to = addr(own[i], 53);
		struct sock_msg msg;
		char buf[8];
		CU_ASSERT_EQUAL(send_text(sk, &to, "self"), 4);
		lab_settle(b->l);
		CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), 4);
		CU_ASSERT(msg.from.ip == own[i] && msg.from.port == 53 && msg.dst == own[i]);
	}
	sock_close(sk);
	bench_free(b);
}

/* A filter sees the header of each. */
static bool is_a_datagram(const struct pkt *p, void *ctx)
{
	struct udp_hdr h = {0};

	(void)ctx;
	CU_ASSERT_EQUAL(get16(*(const be16 *)(p->data + 2)), p->len);
	CU_ASSERT_EQUAL(p->ip.total_len, p->len);
	CU_ASSERT_EQUAL(csum(p->data, IP_HDR_LEN), 0);
	CU_ASSERT_TRUE(udp_peek(p->data + IP_HDR_LEN, p->len - IP_HDR_LEN, &h));
	CU_ASSERT_EQUAL(h.len, p->len - IP_HDR_LEN);
	CU_ASSERT_FALSE(p->offload.gso_type);
	return true;
}

/* The wire cannot cut, whatever it can besides; lo takes the whole, and programs read one by one. */
static void check_pieces(unsigned features)
{
	static uint8_t data[2500];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000), *own = bench_sock(b, 0, 53);
	struct sock_addr to = addr(PEER, 53), home = addr(ME, 53);
	struct lab_ip_seen seen;
	struct udp_hdr h;
	uint8_t buf[2000];

	b->d->features = features;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i / 7);
	CU_ASSERT_EQUAL(sock_set_filter(own, is_a_datagram, NULL), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_UDP_SEGMENT, 1000), 0);
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, &to), 2500);
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, &home), 2500);
	lab_settle(b->l);
	for (size_t done = 0; done < sizeof(data); done += 1000) {
		size_t len = MIN((size_t)1000, sizeof(data) - done);
		CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
		CU_ASSERT_EQUAL(h.len, UDP_HDR_LEN + len);
		CU_ASSERT_EQUAL(memcmp(seen.payload + UDP_HDR_LEN, data + done, len), 0);
		CU_ASSERT_EQUAL(sock_recv(own, buf, sizeof(buf), 0, NULL), (ssize_t)len);
		CU_ASSERT_EQUAL(memcmp(buf, data + done, len), 0);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(sock_recv(own, buf, sizeof(buf), 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(MIB(b, UdpInDatagrams), 3);
	sock_close(sk);
	sock_close(own);
	bench_free(b);
}

static void one_write_goes_as_many_datagrams(void)
{
	check_pieces(0);
	check_pieces(DEV_CAN_CSUM | DEV_CAN_GSO);
}

static void a_super_frame_to_many_reaches_each_in_pieces(void)
{
	static const uint8_t data[2500];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000), *own[] = {bench_sock(b, 0, 0), bench_sock(b, 0, 0)};
	struct sock_addr to = addr(ALL, 53);
	uint8_t buf[2000];

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BROADCAST, 1), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_UDP_SEGMENT, 1000), 0);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		sock_set(own[i], SO_OPT_REUSEADDR, 1);
		CU_ASSERT_EQUAL(sock_bind(own[i], &(struct sock_addr){.port = 53}), 0);
		CU_ASSERT_EQUAL(sock_set_filter(own[i], is_a_datagram, NULL), 0);
	}
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, &to), 2500);
	lab_settle(b->l);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		CU_ASSERT_EQUAL(sock_recv(own[i], buf, sizeof(buf), 0, NULL), 1000);
		CU_ASSERT_EQUAL(sock_recv(own[i], buf, sizeof(buf), 0, NULL), 1000);
		CU_ASSERT_EQUAL(sock_recv(own[i], buf, sizeof(buf), 0, NULL), 500);
		CU_ASSERT_EQUAL(sock_recv(own[i], buf, sizeof(buf), 0, NULL), -EAGAIN);
		sock_close(own[i]);
	}
	sock_close(sk);
	bench_free(b);
}

static void pieces_have_to_fit(void)
{
	static const struct {
		size_t len;
		int segment, result;
	} rows[] = {
		{1000, 1000, 1000},				/* one, as ever */
		{4, 2000, 4},					/* none is longer */
		{3000, 1472, 3000},				/* as long as fits into an MTU of 1500 */
		{3000, 1473, -EMSGSIZE}, {12800, 100, 12800},	/* 128 of them */
		{12801, 100, -EINVAL}, {70000, 100, -EMSGSIZE}, /* no datagram at all */
	};
	static const uint8_t data[70000];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_addr to = addr(PEER, 53);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_UDP_SEGMENT, rows[i].segment), 0);
		CU_ASSERT_EQUAL(sock_send(sk, data, rows[i].len, 0, &to), rows[i].result);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_FRAG_NEEDED), 1);
	sock_close(sk);
	bench_free(b);
}

/* One that nobody hears is one packet, and told once. */
static void a_super_frame_to_a_closed_port_is_refused_once(void)
{
	static const uint8_t data[2500];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_addr home = addr(ME, 53);

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_UDP_SEGMENT, 1000), 0);
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, &home), 2500);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(MIB(b, UdpNoPorts), 1);
	CU_ASSERT_EQUAL(DROPS(b, UDP_PORT_CLOSED), 1);
	CU_ASSERT_EQUAL(MIB(b, IcmpOutDestUnreachs), 1);
	sock_close(sk);
	bench_free(b);
}

/* What came before memory ran out stays. */
static void without_memory_the_rest_of_a_super_frame_is_lost_by_name(void)
{
	static const uint8_t data[3000];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000), *own = bench_sock(b, 0, 53);
	struct sock_addr home = addr(ME, 53);
	uint8_t buf[2000];

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_UDP_SEGMENT, 1000), 0);
	CU_ASSERT_EQUAL(sock_send(sk, data, sizeof(data), 0, &home), (ssize_t)sizeof(data));
	b->l->world.pkts.small.limit = pool_in_use(&b->l->world.pkts.small) + 1;
	lab_settle(b->l);
	CU_ASSERT_EQUAL(sock_recv(own, buf, sizeof(buf), 0, NULL), 1000);
	CU_ASSERT_EQUAL(sock_recv(own, buf, sizeof(buf), 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(DROPS(b, NO_MEMORY), 1);
	CU_ASSERT_EQUAL(MIB(b, UdpInErrors), 1);
	sock_close(sk);
	sock_close(own);
	bench_free(b);
}

static void a_path_mtu_is_told_to_who_asked_for_errors(void)
{
	static const uint8_t data[1480];
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_error e;
	int mtu = 0;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DO), 0);
	CU_ASSERT_EQUAL(bench_connect(sk, PEER, 9), 0);
	CU_ASSERT_EQUAL(sock_send(sk, data, 1472, 0, NULL), 1472);
	CU_ASSERT_EQUAL(sock_send(sk, data, 1473, 0, NULL), -EMSGSIZE);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT(e.local && e.error == EMSGSIZE && e.info == 1500);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_MTU, &mtu), 0);
	CU_ASSERT_EQUAL(mtu, 1500);
	sock_close(sk);
	bench_free(b);
}

/* ---- to many ---- */

static void a_broadcast_goes_out_and_comes_back_to_ourselves(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 68);
	struct sock_addr to = addr(ALL, 68);
	struct lab_ip_seen seen;
	struct udp_hdr h;

	sock_set(sk, SO_OPT_BROADCAST, 1);
	CU_ASSERT_EQUAL(send_text(sk, &to, "all"), 3);
	lab_settle(b->l);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT(seen.ip.src == ME && seen.ip.dst == ALL);
	CU_ASSERT(hears(sk, "all"));
	sock_close(sk);
	bench_free(b);
}

/* RFC1112-6.4 */
static void multicasts_go_by_ttl_device_and_loop_of_the_socket(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, GROUP, 5000);
	struct sock_addr to = addr(GROUP, 5000);
	struct lab_ip_seen seen;
	struct udp_hdr h;

	CU_ASSERT_EQUAL(send_text(sk, &to, "x"), -ENETUNREACH); /* by which link? */
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MULTICAST_IF, b->d2->ifindex), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_TTL, 9), 0);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP, b->d2->ifindex), 0);
	lab_run(b->l, 20 * NS_PER_SEC);
	lab_sent_clear(b->d2);
	CU_ASSERT_EQUAL(send_text(sk, &to, "one"), 3);
	lab_settle(b->l);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d2, &seen, &h));
	CU_ASSERT(seen.ip.ttl == 1 && seen.ip.src == ME2); /* never the group, to which it is bound */
	CU_ASSERT(hears(sk, "one"));
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MULTICAST_TTL, 5), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MULTICAST_LOOP, 0), 0);
	to.ifindex = b->d->ifindex;
	CU_ASSERT_EQUAL(send_text(sk, &to, "two"), 3);
	lab_settle(b->l);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT(seen.ip.ttl == 5 && seen.ip.src == ME);
	CU_ASSERT(hears(sk, NULL));
	sock_close(sk);
	bench_free(b);
}

static void without_memory_a_datagram_is_an_error(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_addr to = addr(PEER, 53);

	CU_ASSERT_EQUAL(send_text(sk, &to, "x"), 1);
	b->l->world.pkts.small.limit = 1;
	struct pkt *p = stack_pkt(b->s, 1);
	CU_ASSERT_EQUAL(send_text(sk, &to, "x"), -ENOBUFS);
	CU_ASSERT_EQUAL(MIB(b, UdpSndbufErrors), 1);
	pkt_free(p);
	sock_close(sk);
	bench_free(b);
}

/* As in Linux: it is for those who ask for errors. */
static void a_full_queue_of_our_own_is_told_to_who_asked_for_errors(void)
{
	struct netem_config full = {.limit = 0};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 4000);
	struct sock_addr to = addr(PEER, 53);

	CU_ASSERT_EQUAL_FATAL(netem_create(b->d, QDISC_ROOT, 0x8001, &full), 0);
	CU_ASSERT_EQUAL(send_text(sk, &to, "x"), 1);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	CU_ASSERT_EQUAL(send_text(sk, &to, "x"), -ENOBUFS);
	CU_ASSERT_EQUAL(stack_drops(b->s, DROP_NETEM_LIMIT), 2);
	sock_close(sk);
	bench_free(b);
}

SUITE(udp_output, T(a_datagram_goes_out_whole), T(a_checksum_of_zero_is_sent_as_ones),
	T(options_of_the_socket_go_into_the_header), T(what_cannot_be_sent_says_why),
	T(large_datagrams_go_in_fragments_and_come_back_whole), T(our_own_datagrams_come_back_by_lo),
	T(one_write_goes_as_many_datagrams), T(a_super_frame_to_many_reaches_each_in_pieces),
	T(pieces_have_to_fit), T(a_super_frame_to_a_closed_port_is_refused_once),
	T(without_memory_the_rest_of_a_super_frame_is_lost_by_name),
	T(a_path_mtu_is_told_to_who_asked_for_errors), T(a_broadcast_goes_out_and_comes_back_to_ourselves),
	T(multicasts_go_by_ttl_device_and_loop_of_the_socket), T(without_memory_a_datagram_is_an_error),
	T(a_full_queue_of_our_own_is_told_to_who_asked_for_errors))
