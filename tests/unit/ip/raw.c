/* SPDX-License-Identifier: MIT */
/* Raw sockets. */
#include "tests/unit/ip/bench.h"

#include <stdlib.h>

static struct sock_addr at(const char *ip)
{
	return (struct sock_addr){.ip = lab_ip(ip)};
}

static ssize_t send_to(struct bench *b, struct sock *sk, const void *data, size_t len, const char *dst)
{
	struct sock_addr a = at(dst);
	ssize_t n = sock_send(sk, data, len, 0, &a);

	lab_settle(b->lab);
	return n;
}

/* ---- in ---- */

static void every_socket_of_the_protocol_gets_a_copy(void)
{
	struct bench b = bench_open();
	struct sock *one = listen_raw(&b, PROTO_TEST), *two = listen_raw(&b, PROTO_TEST),
		    *other = listen_raw(&b, PROTO_TEST + 1);
	uint8_t got[100];
	struct sock_msg msg;

	put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(sock_recv(one, got, sizeof(got), 0, &msg), 23);
	CU_ASSERT_EQUAL(got[0], 0x45); /* from the IP header on */
	CU_ASSERT_EQUAL(memcmp(got + 20, "abc", 3), 0);
	CU_ASSERT_EQUAL(msg.from.ip, lab_ip("10.0.0.2"));
	CU_ASSERT_EQUAL(msg.dst, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(msg.ttl, 64);
	CU_ASSERT_EQUAL(heard(two), 1);
	CU_ASSERT_EQUAL(heard(other), 0);
	CU_ASSERT_EQUAL(MIB(b, IpInDelivers), 1);
	CU_ASSERT_EQUAL(MIB(b, IpInUnknownProtos), 0);
	CU_ASSERT_EQUAL(rejected.count, 0);
	sock_close(one);
	sock_close(two);
	sock_close(other);
	bench_close(&b);
}

static bool keep_none(const struct pkt *p, void *ctx)
{
	(void)p;
	(void)ctx;
	return false;
}

static void a_checksum_that_nobody_filled_in_is_completed_for_who_reads_it(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, IP_PROTO_TCP);
	struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");
	struct mac from = {{2, 0, 0, 0, 1, 2}};
	uint8_t read[3000];

	dev_input(b.eth0, lab_super_frame(b.s, b.eth0->mac, from, h, (struct tcp_hdr){0}, 2000, 1000));
	CU_ASSERT_EQUAL(sock_recv(sk, read, sizeof(read), 0, NULL), 2040);
	CU_ASSERT_EQUAL(tcp_csum(read + 20, 2020, h.src, h.dst), 0);
	sock_close(sk);
	bench_close(&b);
}

static void a_bound_socket_hears_only_what_it_is_bound_to(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct sock_addr a = at("10.0.1.1");

	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 0);
	CU_ASSERT_EQUAL(DROPS(b, IP_UNKNOWN_PROTOCOL), 1);
	put(b.eth0, hdr("10.0.0.2", "10.0.1.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BINDTODEVICE, b.eth1->ifindex), 0);
	put(b.eth0, hdr("10.0.0.2", "10.0.1.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 0);
	put(b.eth1, hdr("10.0.1.2", "10.0.1.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	a = at("10.0.1.2");
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	put(b.eth1, hdr("10.0.1.9", "10.0.1.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 0);
	put(b.eth1, hdr("10.0.1.2", "10.0.1.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	sock_set_filter(sk, keep_none, NULL);
	put(b.eth1, hdr("10.0.1.2", "10.0.1.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 0);
	sock_close(sk);
	bench_close(&b);
}

static void a_copy_that_no_memory_is_there_for_is_counted(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct pool *small = &b.lab->world.pkts.small;

	small->limit = pool_in_use(small) + 1;
	put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 0);
	CU_ASSERT_EQUAL(DROPS(b, NO_MEMORY), 1);
	struct pkt *last = stack_pkt(b.s, 1);
	CU_ASSERT_EQUAL(send_to(&b, sk, "x", 1, "10.0.0.2"), -ENOBUFS);
	CU_ASSERT_EQUAL(MIB(b, IpOutDiscards), 1);
	pkt_free(last);
	small->limit = 0;
	sock_close(sk);
	bench_close(&b);
}

/* ---- out ---- */

/* RFC1122-I-111, RFC1122-I-127 */
static void what_is_sent_gets_a_header_by_the_sockets_options(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	static const uint8_t opts[4] = {IPOPT_RA, 4, 0, 0};
	struct sock_addr a = at("10.0.0.1");

	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_TTL, 7), 0);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_TOS, 0x20), 0);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, opts, 4), 0);
	CU_ASSERT_EQUAL(send_to(&b, sk, "hello", 5, "10.0.0.2"), 5);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT_EQUAL_FATAL(seen.len, 5);
	CU_ASSERT_EQUAL(seen.ip.ttl, 7);
	CU_ASSERT_EQUAL(seen.ip.tos, 0x20);
	CU_ASSERT_EQUAL(seen.ip.proto, PROTO_TEST);
	CU_ASSERT_EQUAL(seen.header[20], IPOPT_RA);
	CU_ASSERT(seen.ip.df); /* path MTU discovery is on */
	CU_ASSERT_EQUAL(sock_send(sk, "hello", 5, 0, NULL), -EDESTADDRREQ);
	a = at("10.0.0.2");
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	CU_ASSERT_EQUAL(sock_send(sk, "hello", 5, 0, NULL), 5);
	int mtu = 0;
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_MTU, &mtu), 0);
	CU_ASSERT_EQUAL(mtu, 1500);
	sock_close(sk);
	bench_close(&b);
}

static void mtu_discover_decides_about_df_and_fragments(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	static const uint8_t data[3000];
	static const struct {
		int discover;
		ssize_t big;
		bool df;
	} rows[] = {
		{SOCK_PMTU_DONT, 3000, false},
		{SOCK_PMTU_WANT, 3000, true},
		{SOCK_PMTU_DO, -EMSGSIZE, true},
		{SOCK_PMTU_PROBE, -EMSGSIZE, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU_DISCOVER, rows[i].discover), 0);
		CU_ASSERT_EQUAL(send_to(&b, sk, data, 100, "10.0.0.2"), 100);
		CU_ASSERT_EQUAL(lab_sent_ip(b.eth0).ip.df, rows[i].df);
		CU_ASSERT_EQUAL(send_to(&b, sk, data, sizeof(data), "10.0.0.2"), rows[i].big);
		lab_sent_clear(b.eth0);
	}
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	CU_ASSERT_EQUAL(send_to(&b, sk, data, sizeof(data), "10.0.0.2"), -EMSGSIZE);
	struct sock_error e;
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT(e.local && e.error == EMSGSIZE && e.info == 1500);
	CU_ASSERT_EQUAL(
		sock_set_ip_options(sk, (const uint8_t[4]){IPOPT_NOP, IPOPT_NOP, IPOPT_NOP, IPOPT_EOL}, 4),
		0);
	CU_ASSERT_EQUAL(send_to(&b, sk, data, sizeof(data), "10.0.0.2"), -EMSGSIZE);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT_EQUAL(e.info, 1496); /* what the options take is not there for data */
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_SNDBUF, 100000), 0);
	uint8_t *most = calloc(1, 65536);
	CU_ASSERT_EQUAL(send_to(&b, sk, most, 65536, "10.0.0.2"), -EMSGSIZE);
	free(most);
	sock_close(sk);
	bench_close(&b);
}

static void broadcasts_need_the_socket_option(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct sock_addr a = at("10.0.0.255");

	CU_ASSERT_EQUAL(send_to(&b, sk, "x", 1, "10.0.0.255"), -EACCES);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), -EACCES);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BROADCAST, 1), 0);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	CU_ASSERT_EQUAL(send_to(&b, sk, "x", 1, "10.0.0.255"), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 1);
	sock_close(sk);
	bench_close(&b);
}

static void packets_with_their_own_header_are_completed_and_sent(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, 255);
	struct ip_hdr h = {.dst = lab_ip("10.0.0.2"), .ttl = 3, .proto = 99, .hdr_len = 20, .total_len = 1};
	uint8_t p[1600] = {0};
	struct lab_ip_seen seen;

	ip_emit(p, &h);
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 30, "10.0.0.2"), 30);
	seen = lab_sent_ip(b.eth0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.payload);
	CU_ASSERT_EQUAL(seen.ip.total_len, 30);
	CU_ASSERT_EQUAL(seen.ip.src, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(seen.ip.proto, 99);
	CU_ASSERT_EQUAL(seen.ip.ttl, 3);
	h.src = lab_ip("8.8.8.8"); /* may lie */
	h.id = 77;
	ip_emit(p, &h);
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 30, "10.0.0.2"), 30);
	seen = lab_sent_ip(b.eth0);
	CU_ASSERT_EQUAL(seen.ip.src, h.src);
	CU_ASSERT_EQUAL(seen.ip.id, 77);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_SNDBUF, 100000), 0);
	uint8_t *most = calloc(1, 65536);
	CU_ASSERT_EQUAL(send_to(&b, sk, most, 65536, "10.0.0.2"), -EMSGSIZE);
	free(most);
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 1501, "10.0.0.2"), -EMSGSIZE); /* in one piece, or not at all */
	h.src = lab_ip("127.0.0.1");					  /* but not so */
	ip_emit(p, &h);
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 30, "10.0.0.2"), -EINVAL);
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_SOURCE), 1);
	p[0] = 0x65;
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 30, "10.0.0.2"), -EINVAL);
	p[0] = 0x48;
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 31, "10.0.0.2"), -EINVAL);
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 19, "10.0.0.2"), -EINVAL);
	h.dst = lab_ip("192.168.0.1");
	ip_emit(p, &h);
	CU_ASSERT_EQUAL(send_to(&b, sk, p, 30, "192.168.0.1"), -ENETUNREACH);
	CU_ASSERT_EQUAL(heard(sk), 0);
	sock_close(sk);
	bench_close(&b);
}

static void names_that_are_not_ours_cannot_be_bound(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct sock_addr a = at("10.0.0.9");

	CU_ASSERT_EQUAL(sock_bind(sk, &a), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_FREEBIND, 1), 0);
	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	a = at("224.0.0.1"); /* to listen to; a source it is not */
	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	CU_ASSERT_EQUAL(send_to(&b, sk, "x", 1, "10.0.0.2"), 1);
	CU_ASSERT_EQUAL(lab_sent_ip(b.eth0).ip.src, lab_ip("10.0.0.1"));
	a = at("192.168.0.1");
	CU_ASSERT_EQUAL(sock_connect(sk, &a), -ENETUNREACH);
	a.ip = 0;
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	CU_ASSERT_PTR_NULL(sock_open(b.s, SOCK_RAW, 0));
	CU_ASSERT_EQUAL(errno, EPROTONOSUPPORT);
	CU_ASSERT_PTR_NULL(sock_open(b.s, SOCK_RAW, 256));
	sock_close(sk);
	bench_close(&b);
}

/* ---- errors ---- */

static void tell(struct bench *b, const char *src, const char *dst, bool fatal)
{
	struct ip_hdr quoted = hdr(src, dst);
	struct icmp_note note = {.type = ICMP_DEST_UNREACH,
		.code = ICMP_HOST_UNREACH,
		.from = lab_ip("10.0.0.3"),
		.quoted = &quoted,
		.error = EHOSTUNREACH,
		.fatal = fatal};

	ip_note(b->s, &note);
}

/* RFC1122-I-130 */
static void errors_about_what_was_sent_come_back(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST), *other = listen_raw(&b, PROTO_TEST + 1);
	struct sock_addr a = at("10.0.0.2");
	struct sock_error e;
	int error = 0;

	tell(&b, "10.0.0.1", "10.0.0.2", true); /* who is not connected and does not ask, hears nothing */
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	tell(&b, "10.0.0.1", "10.0.0.9", true); /* about somebody else's packet */
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	tell(&b, "10.0.0.1", "10.0.0.2", true);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EHOSTUNREACH);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	CU_ASSERT_EQUAL(sock_set(other, SO_OPT_RECVERR, 1), 0);
	tell(&b, "10.0.0.1", "10.0.0.2", false);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT_EQUAL(e.error, EHOSTUNREACH);
	CU_ASSERT_EQUAL(e.from, lab_ip("10.0.0.3"));
	CU_ASSERT_EQUAL(e.dst, lab_ip("10.0.0.2"));
	CU_ASSERT_EQUAL(sock_recv_error(other, &e), -EAGAIN);
	sock_close(sk);
	sock_close(other);
	bench_close(&b);
}

SUITE(ip_raw, T(a_checksum_that_nobody_filled_in_is_completed_for_who_reads_it),
	T(every_socket_of_the_protocol_gets_a_copy), T(a_bound_socket_hears_only_what_it_is_bound_to),
	T(a_copy_that_no_memory_is_there_for_is_counted),
	T(what_is_sent_gets_a_header_by_the_sockets_options), T(mtu_discover_decides_about_df_and_fragments),
	T(broadcasts_need_the_socket_option), T(packets_with_their_own_header_are_completed_and_sent),
	T(names_that_are_not_ours_cannot_be_bound), T(errors_about_what_was_sent_come_back))
