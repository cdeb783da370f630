/* SPDX-License-Identifier: MIT */
#include "tests/unit/icmp/bench.h"

static struct sock *open_ping(struct bench *b, uint16_t id)
{
	struct sock *sk = sock_open(b->s, SOCK_DGRAM, IP_PROTO_ICMP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
	if (id)
		CU_ASSERT_EQUAL_FATAL(sock_bind(sk, &(struct sock_addr){.port = id}), 0);
	return sk;
}

/* An echo request with this sequence number and `len` octets of data. */
static ssize_t ask(struct sock *sk, uint32_t dst, uint16_t seq, size_t len)
{
	uint8_t *msg = calloc(1, ICMP_HDR_LEN + len);
	struct sock_addr to = {.ip = dst};

	msg[0] = ICMP_ECHO;
	*(be16 *)(msg + 4) = put16(0xdead); /* not ours to choose */
	*(be16 *)(msg + 6) = put16(seq);
	ssize_t n = sock_send(sk, msg, ICMP_HDR_LEN + len, 0, dst ? &to : NULL);
	free(msg);
	return n;
}

static void reply(struct bench *b, uint32_t from, uint32_t to, uint16_t id, uint16_t seq)
{
	bench_icmp(b, from, to, (struct icmp_hdr){ICMP_ECHO_REPLY, 0, (uint32_t)id << 16 | seq}, "answer", 6);
}

/* ---- identifiers ---- */

static void identifier_belongs_to_one_socket(void)
{
	struct bench *b = bench_new();
	struct sock *one = open_ping(b, 77), *two = open_ping(b, 0);
	struct sock_addr a = {.port = 77};

	CU_ASSERT_EQUAL(sock_bind(two, &a), -EADDRINUSE);
	CU_ASSERT_EQUAL(sock_bind(one, &(struct sock_addr){.port = 78}), -EINVAL);
	sock_close(one);
	CU_ASSERT_EQUAL(sock_bind(two, &a), 0);
	CU_ASSERT_EQUAL(sock_name(two, &a), 0);
	CU_ASSERT_EQUAL(a.port, 77);
	sock_close(two);
	bench_free(b);
}

static void identifiers_are_chosen_at_random_and_never_twice(void)
{
	enum { SOCKS = 500 };
	struct bench *b = bench_new();
	static struct sock *socks[SOCKS];
	static uint8_t seen[65536];
	unsigned steps_of_one = 0;
	uint16_t last = 0;

	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < SOCKS; i++) {
		struct sock_addr a = {0};

		socks[i] = open_ping(b, 0);
		CU_ASSERT_EQUAL(sock_bind(socks[i], &a), 0);
		CU_ASSERT_EQUAL(sock_name(socks[i], &a), 0);
		CU_ASSERT_NOT_EQUAL(a.port, 0);
		CU_ASSERT_EQUAL(seen[a.port]++, 0);
		steps_of_one += a.port == (uint16_t)(last + 1);
		last = a.port;
	}
	CU_ASSERT(steps_of_one < 10);
	for (int i = 0; i < SOCKS; i++)
		sock_close(socks[i]);
	bench_free(b);
}

static void number_of_sockets_is_bounded(void)
{
	struct bench *b = bench_new();

	b->s->sysctl[SYSCTL_PING_GROUP_RANGE_MAX] = 2;
	struct sock *one = open_ping(b, 0), *two = open_ping(b, 0);
	CU_ASSERT_PTR_NULL(sock_open(b->s, SOCK_DGRAM, IP_PROTO_ICMP));
	CU_ASSERT_EQUAL(errno, EMFILE);
	sock_close(one);
	one = open_ping(b, 0);
	sock_close(one);
	sock_close(two);
	bench_free(b);
}

/* ---- requests and replies ---- */

/* RFC1122-I-65, RFC1122-I-70, RFC1122-I-128 */
static void request_goes_out_and_its_reply_comes_back(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 0x4321);
	struct lab_ip_seen seen;
	struct sock_msg msg;
	struct icmp_hdr h;
	uint8_t buf[64];

	CU_ASSERT_EQUAL(ask(sk, PEER, 5, 56), 64);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(h.type, ICMP_ECHO);
	CU_ASSERT_EQUAL(h.rest, 0x43210005);
	CU_ASSERT_EQUAL(seen.len, 64);
	CU_ASSERT_EQUAL(seen.ip.src, ME);
	CU_ASSERT_EQUAL(seen.ip.dst, PEER);
	CU_ASSERT_TRUE(seen.ip.df);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutEchos], 1);
	reply(b, PEER, ME, 0x4321, 5);
	CU_ASSERT_EQUAL_FATAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), ICMP_HDR_LEN + 6);
	CU_ASSERT_EQUAL(buf[0], ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(memcmp(buf + 4, "\x43\x21\x00\x05", 4), 0);
	CU_ASSERT_EQUAL(memcmp(buf + ICMP_HDR_LEN, "answer", 6), 0);
	CU_ASSERT_EQUAL(msg.from.ip, PEER);
	CU_ASSERT_EQUAL(msg.dst, ME);
	CU_ASSERT_EQUAL(msg.ttl, 64);
	CU_ASSERT_EQUAL(msg.from.ifindex, b->d->ifindex);
	sock_close(sk);
	bench_free(b);
}

/* RFC1122-I-70 */
static void replies_with_other_identifiers_are_not_heard(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 100), *other = open_ping(b, 101);

	reply(b, PEER, ME, 102, 1);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REPLY_UNWANTED), 1);
	reply(b, PEER, ME, 101, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(sock_recv(other, NULL, 0, 0, NULL), 14);
	sock_close(sk);
	sock_close(other);
	reply(b, PEER, ME, 101, 1);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REPLY_UNWANTED), 2);
	bench_free(b);
}

static void bound_socket_hears_its_address_and_device_only(void)
{
	struct bench *b = bench_new();
	struct dev *d2 = bench_wire(b->s, "eth1", "172.16.0.1/24");
	struct sock *sk = open_ping(b, 0);

	lab_addr(b->d, "10.0.0.7/24");
	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.ip = FAR}), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.ip = IP_BROADCAST}), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.ip = lab_ip("10.0.0.7"), .port = 9}), 0);
	reply(b, PEER, ME, 9, 1);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REPLY_UNWANTED), 1);
	reply(b, PEER, lab_ip("10.0.0.7"), 9, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), 14);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BINDTODEVICE, d2->ifindex), 0);
	reply(b, PEER, lab_ip("10.0.0.7"), 9, 1);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REPLY_UNWANTED), 2);
	sock_close(sk);
	bench_free(b);
}

static void bound_socket_sends_from_its_address(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 0);
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	lab_addr(b->d, "10.0.0.7/24");
	lab_sent_clear(b->d);
	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.ip = lab_ip("10.0.0.7")}), 0);
	CU_ASSERT(ask(sk, PEER, 1, 0) > 0);
	CU_ASSERT_TRUE(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(seen.ip.src, lab_ip("10.0.0.7"));
	sock_close(sk);
	bench_free(b);
}

/* RFC1122-I-127 */
static void options_of_the_socket_reach_the_packet(void)
{
	static const uint8_t rr[7] = {IPOPT_RR, 7, 4};
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 1);
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	sock_set(sk, SO_OPT_TTL, 9);
	sock_set(sk, SO_OPT_TOS, 0x10);
	sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DONT);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, rr, sizeof(rr)), 0);
	CU_ASSERT(ask(sk, PEER, 1, 0) > 0);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(seen.ip.ttl, 9);
	CU_ASSERT_EQUAL(seen.ip.tos, 0x10);
	CU_ASSERT_FALSE(seen.ip.df);
	CU_ASSERT_EQUAL(seen.ip.hdr_len, 28);
	CU_ASSERT_EQUAL(seen.header[20], IPOPT_RR);
	sock_close(sk);
	bench_free(b);
}

static void only_echo_requests_are_sent(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 1);
	struct sock_addr to = {.ip = PEER};
	uint8_t msg[ICMP_HDR_LEN] = {ICMP_ECHO};

	for (unsigned type = 0; type < 256; type++) {
		msg[0] = (uint8_t)type;
		if (type != ICMP_ECHO)
			CU_ASSERT_EQUAL(sock_send(sk, msg, sizeof(msg), 0, &to), -EINVAL);
	}
	msg[0] = ICMP_ECHO;
	for (size_t len = 0; len < sizeof(msg); len++)
		CU_ASSERT_EQUAL(sock_send(sk, msg, len, 0, &to), -EINVAL);
	msg[1] = 1;
	CU_ASSERT_EQUAL(sock_send(sk, msg, sizeof(msg), 0, &to), -EINVAL);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	sock_close(sk);
	bench_free(b);
}

static void what_cannot_be_sent_says_why(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 1);

	CU_ASSERT_EQUAL(ask(sk, 0, 1, 0), -EDESTADDRREQ);
	CU_ASSERT_EQUAL(ask(sk, FAR, 1, 0), -ENETUNREACH);
	CU_ASSERT_EQUAL(ask(sk, lab_ip("10.0.0.255"), 1, 0), -EACCES);
	CU_ASSERT_EQUAL(ask(sk, PEER, 1, 65508), -EMSGSIZE);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BROADCAST, 1), 0);
	CU_ASSERT_EQUAL(ask(sk, lab_ip("10.0.0.255"), 1, 0), 8);
	b->l->world.pkts.small.limit = 1;
	struct pkt *last = pkt_new(&b->l->world.pkts, 1);
	CU_ASSERT_EQUAL(ask(sk, PEER, 1, 0), -ENOBUFS);
	if (last)
		pkt_free(last);
	lab_settle(b->l);
	sock_close(sk);
	bench_free(b);
}

static void connected_socket_has_a_peer_a_source_and_a_path_mtu(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 0);
	struct sock_addr a = {.ip = PEER}, name;
	int mtu = 0;

	CU_ASSERT_EQUAL(sock_connect(sk, &(struct sock_addr){.ip = FAR}), -ENETUNREACH);
	CU_ASSERT_EQUAL(sock_connect(sk, &(struct sock_addr){.ip = lab_ip("10.0.0.255")}), -EACCES);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	CU_ASSERT_EQUAL(sock_name(sk, &name), 0);
	CU_ASSERT_EQUAL(name.ip, ME);
	CU_ASSERT_NOT_EQUAL(name.port, 0);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_MTU, &mtu), 0);
	CU_ASSERT_EQUAL(mtu, 1500);
	CU_ASSERT_EQUAL(ask(sk, 0, 1, 0), 8);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 1);
	CU_ASSERT_EQUAL(sock_connect(sk, &(struct sock_addr){0}), 0);
	CU_ASSERT_EQUAL(sock_name(sk, &name), 0);
	CU_ASSERT_EQUAL(name.ip, 0);
	CU_ASSERT_EQUAL(ask(sk, 0, 1, 0), -EDESTADDRREQ);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	dev_set_up(b->d, false);
	CU_ASSERT(sock_get(sk, SO_OPT_MTU, &mtu) < 0);
	sock_close(sk);
	bench_free(b);
}

/* ---- path MTU ---- */

static void long_request_is_fragmented_unless_that_was_forbidden(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 1);
	struct sock_error e;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	CU_ASSERT_EQUAL(ask(sk, PEER, 1, 3000), 3008);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 3);
	lab_sent_clear(b->d);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DO), 0);
	CU_ASSERT_EQUAL(ask(sk, PEER, 2, 1472), 1480);
	CU_ASSERT_EQUAL(ask(sk, PEER, 3, 1473), -EMSGSIZE);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 1);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT_TRUE(e.local);
	CU_ASSERT_EQUAL(e.error, EMSGSIZE);
	CU_ASSERT_EQUAL(e.info, 1500);
	CU_ASSERT_EQUAL(e.seq, 3);
	CU_ASSERT_EQUAL(e.dst, PEER);
	sock_close(sk);
	bench_free(b);
}

/* ---- errors ---- */

/* An error from PEER that quotes a request of ours to `dst`. */
static void fail(struct bench *b, struct icmp_hdr h, uint32_t dst, uint16_t id, uint16_t seq)
{
	uint8_t quote[IP_HDR_LEN + ICMP_HDR_LEN], echo[ICMP_HDR_LEN];
	struct icmp_hdr q = {ICMP_ECHO, 0, (uint32_t)id << 16 | seq};

	icmp_emit(echo, sizeof(echo), &q);
	bench_icmp(b, PEER, ME, h, quote,
		bench_quote(quote, (struct ip_hdr){.dst = dst, .proto = IP_PROTO_ICMP, .total_len = 84}, echo,
			ICMP_HDR_LEN));
}

/* RFC1122-I-52, RFC1122-I-63, RFC1122-I-130 */
static void error_is_queued_with_the_sequence_number_of_its_request(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 7);
	struct sock_error e;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	lab_run(b->l, 5 * NS_PER_MS);
	fail(b, (struct icmp_hdr){ICMP_TIME_EXCEEDED, 0, 0}, FAR, 7, 42);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT_EQUAL(e.error, EHOSTUNREACH);
	CU_ASSERT_EQUAL(e.type, ICMP_TIME_EXCEEDED);
	CU_ASSERT_EQUAL(e.code, 0);
	CU_ASSERT_EQUAL(e.from, PEER);
	CU_ASSERT_EQUAL(e.dst, FAR);
	CU_ASSERT_EQUAL(e.seq, 42);
	CU_ASSERT_EQUAL(e.ttl, 64);
	CU_ASSERT_EQUAL(e.time_ns, b->l->loop.now);
	CU_ASSERT_FALSE(e.local);
	fail(b, (struct icmp_hdr){ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400}, FAR, 7, 43);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(sk, &e), 0);
	CU_ASSERT_EQUAL(e.error, EMSGSIZE);
	CU_ASSERT_EQUAL(e.info, 1400);
	sock_close(sk);
	bench_free(b);
}

static void errors_about_others_are_not_heard(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 7);
	struct sock_error e;
	uint8_t quote[IP_HDR_LEN + ICMP_HDR_LEN] = {0};
	struct icmp_hdr h = {ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0};
	struct ip_hdr ip = {.dst = PEER, .proto = IP_PROTO_ICMP, .total_len = 84};

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	fail(b, h, PEER, 8, 1);
	bench_icmp(b, PEER, ME, h, quote, bench_quote(quote, ip, "\0\0\0\0\0\7\0\1", 8)); /* a reply */
	ip.total_len = 24;
	bench_icmp(b, PEER, ME, h, quote, bench_quote(quote, ip, "\10\0\0\0", 4));
	CU_ASSERT_EQUAL(sock_recv_error(sk, &e), -EAGAIN);
	CU_ASSERT_EQUAL(sock_connect(sk, &(struct sock_addr){.ip = PEER}), 0);
	fail(b, h, OTHER, 7, 1);
	CU_ASSERT_EQUAL(sock_recv_error(sk, &e), -EAGAIN);
	fail(b, h, PEER, 7, 1);
	CU_ASSERT_EQUAL(sock_recv_error(sk, &e), 0);
	sock_close(sk);
	bench_free(b);
}

static void hard_error_ends_a_call_of_a_connected_socket_only(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 7);
	struct icmp_hdr hard = {ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0};
	struct icmp_hdr soft = {ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0};
	struct icmp_hdr too_big = {ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400};

	fail(b, hard, PEER, 7, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(sock_connect(sk, &(struct sock_addr){.ip = PEER}), 0);
	fail(b, soft, PEER, 7, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	fail(b, hard, PEER, 7, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -ENOPROTOOPT);
	fail(b, too_big, PEER, 7, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EMSGSIZE);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DONT), 0);
	fail(b, too_big, PEER, 7, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	sock_close(sk);
	bench_free(b);
}

static void socket_may_outlive_its_host(void)
{
	struct bench *b = bench_new();
	struct sock *sk = open_ping(b, 7);

	reply(b, PEER, ME, 7, 1);
	stack_delete(b->s);
	CU_ASSERT_EQUAL(ask(sk, PEER, 1, 0), -ENODEV);
	sock_close(sk);
	bench_free(b);
}

SUITE(icmp_ping, T(identifier_belongs_to_one_socket), T(identifiers_are_chosen_at_random_and_never_twice),
	T(number_of_sockets_is_bounded), T(request_goes_out_and_its_reply_comes_back),
	T(replies_with_other_identifiers_are_not_heard), T(bound_socket_hears_its_address_and_device_only),
	T(bound_socket_sends_from_its_address), T(options_of_the_socket_reach_the_packet),
	T(only_echo_requests_are_sent), T(what_cannot_be_sent_says_why),
	T(connected_socket_has_a_peer_a_source_and_a_path_mtu),
	T(long_request_is_fragmented_unless_that_was_forbidden),
	T(error_is_queued_with_the_sequence_number_of_its_request), T(errors_about_others_are_not_heard),
	T(hard_error_ends_a_call_of_a_connected_socket_only), T(socket_may_outlive_its_host))
