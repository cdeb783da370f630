/* SPDX-License-Identifier: MIT */
/* Datagrams that come in: which are right, who gets them, what the sender hears. */
#include "tests/unit/udp/bench.h"

/* ---- is it a datagram? ---- */

/* RFC768-3, RFC1122-U-06, RFC1122-U-11, RFC1122-U-17 */
static void a_datagram_reaches_its_socket_with_all_that_is_known_of_it(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	struct sock_msg msg;
	char buf[16];

	bench_put(b, addr(PEER, 4000), addr(ME, 53), "hello");
	CU_ASSERT_EQUAL(sock_unread(sk), 5);
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), 5);
	CU_ASSERT_EQUAL(memcmp(buf, "hello", 5), 0);
	CU_ASSERT_EQUAL(msg.from.ip, PEER);
	CU_ASSERT_EQUAL(msg.from.port, 4000);
	CU_ASSERT_EQUAL(msg.from.ifindex, b->d->ifindex);
	CU_ASSERT_EQUAL(msg.dst, ME);
	CU_ASSERT_EQUAL(msg.ttl, 64);
	CU_ASSERT_FALSE(msg.truncated);
	CU_ASSERT_EQUAL(MIB(b, UdpInDatagrams), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	sock_close(sk);
	bench_free(b);
}

/* RFC1122-U-02 */
static void options_of_the_datagram_reach_the_program(void)
{
	static const uint8_t opts[] = {IPOPT_RR, 7, 8, 10, 0, 0, 9, IPOPT_EOL};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	struct ip_hdr ip = {.src = PEER, .dst = ME, .ttl = 64, .proto = IP_PROTO_UDP};
	uint8_t datagram[64];
	struct sock_msg msg;
	char buf[16];

	size_t len = bench_datagram(datagram, PEER, ME, (struct udp_hdr){.sport = 7, .dport = 53}, "x", 1);
	lab_inject(b->d, b->frame,
		lab_frame_ip(b->frame, b->d->mac, bench_peer_mac, ip, opts, sizeof(opts), datagram, len));
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), 1);
	CU_ASSERT_EQUAL(buf[0], 'x');
	CU_ASSERT_EQUAL(msg.from.port, 7);
	CU_ASSERT_EQUAL(msg.opts_len, sizeof(opts));
	CU_ASSERT_EQUAL(memcmp(msg.opts, opts, sizeof(opts)), 0);
	sock_close(sk);
	bench_free(b);
}

/* RFC768-1 */
static void udp_len_under_8(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	uint8_t datagram[64];

	for (uint16_t n = 0; n < 8; n++) {
		struct udp_hdr h = {.sport = 7, .dport = 53, .len = n ? n : 0xffff};
		size_t len = bench_datagram(datagram, PEER, ME, h, "eight octets", 12);
		*(be16 *)(datagram + 4) = put16(n);
		bench_inject(b, b->d, PEER, ME, datagram, len);
		bench_inject(b, b->d, PEER, ME, datagram, n); /* the datagram itself is so short */
	}
	CU_ASSERT_EQUAL(DROPS(b, UDP_BAD_LENGTH), 8);
	CU_ASSERT_EQUAL(DROPS(b, UDP_SHORT), 8);
	CU_ASSERT_EQUAL(MIB(b, UdpInErrors), 16);
	CU_ASSERT(hears(sk, NULL));
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	sock_close(sk);
	bench_free(b);
}

/* RFC768-1 */
static void a_length_past_the_end_is_no_datagram(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	uint8_t datagram[64];
	struct udp_hdr h = {.sport = 7, .dport = 53, .len = UDP_HDR_LEN + 5};

	bench_inject(b, b->d, PEER, ME, datagram, bench_datagram(datagram, PEER, ME, h, "four", 4));
	CU_ASSERT_EQUAL(DROPS(b, UDP_BAD_LENGTH), 1);
	CU_ASSERT(hears(sk, NULL));
	sock_close(sk);
	bench_free(b);
}

/* RFC768-1: what IP carries behind the datagram is not its data. */
static void udp_len_under_ip(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	uint8_t datagram[64];

	for (uint16_t data = 0; data < 8; data += 7) {
		struct udp_hdr h = {.sport = 7, .dport = 53, .len = (uint16_t)(UDP_HDR_LEN + data)};
		size_t len = bench_datagram(datagram, PEER, ME, h, "12345678", 8);
		bench_inject(b, b->d, PEER, ME, datagram, len);
	}
	CU_ASSERT(hears(sk, ""));
	CU_ASSERT(hears(sk, "1234567"));
	CU_ASSERT(hears(sk, NULL));
	sock_close(sk);
	bench_free(b);
}

/* RFC1122-U-06, RFC1122-U-07, RFC768-2, RFC768-3 */
static void udp_checksum_bad(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	uint8_t datagram[64];
	struct udp_hdr h = {.sport = 7, .dport = 53};
	size_t len = bench_datagram(datagram, PEER, ME, h, "odd", 3); /* as if a zero followed */

	bench_inject(b, b->d, PEER, ME, datagram, len);
	CU_ASSERT(hears(sk, "odd"));
	for (size_t bit = 0; bit < len * 8; bit++) {
		if (bit / 8 / 2 == 2)
			continue; /* the length field has its own case */
		datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
		bench_inject(b, b->d, PEER, ME, datagram, len);
		datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(DROPS(b, UDP_BAD_CHECKSUM), (len - 2) * 8);
	bench_inject(b, b->d, OTHER, ME, datagram, len); /* the pseudo-header counts */
	CU_ASSERT_EQUAL(DROPS(b, UDP_BAD_CHECKSUM), (len - 2) * 8 + 1);
	CU_ASSERT_EQUAL(MIB(b, UdpInCsumErrors), (len - 2) * 8 + 1);
	CU_ASSERT_EQUAL(MIB(b, UdpInErrors), MIB(b, UdpInCsumErrors));
	CU_ASSERT(hears(sk, NULL));
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	*(be16 *)(datagram + 6) = put16(0); /* the sender made none */
	bench_inject(b, b->d, PEER, ME, datagram, len);
	CU_ASSERT(hears(sk, "odd"));
	sock_close(sk);
	bench_free(b);
}

/* What the device vouches for, or has still to be filled in on this machine, is not summed. */
static void offloaded_checksums_are_believed(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	struct ip_hdr ip = {.src = PEER, .dst = ME, .ttl = 64, .proto = IP_PROTO_UDP};
	uint8_t datagram[64];
	struct udp_hdr h = {.sport = 7, .dport = 53, .check = 1};
	size_t len = bench_datagram(datagram, PEER, ME, h, "x", 1);

	for (uint8_t csum = PKT_CSUM_NONE; csum <= PKT_CSUM_PARTIAL; csum++) {
		struct pkt *p = stack_pkt(b->s, 128);
		size_t n = lab_frame_ip(b->frame, b->d->mac, bench_peer_mac, ip, NULL, 0, datagram, len);
		memcpy(pkt_put(p, n), b->frame, n);
		p->offload = (struct pkt_offload){.csum = csum,
			.csum_start = ETHER_HDR_LEN + IP_HDR_LEN,
			.csum_offset = UDP_CHECK_OFFSET};
		dev_input(b->d, p);
		CU_ASSERT(hears(sk, csum == PKT_CSUM_NONE ? NULL : "x"));
	}
	sock_close(sk);
	bench_free(b);
}

/* ---- nobody is there ---- */

/* RFC1122-U-01 */
static void a_closed_port_is_told_to_the_sender(void)
{
	struct bench *b = bench_new_two();

	bench_put(b, addr(PEER, 4000), addr(ME, 9), "anybody?");
	CU_ASSERT(bench_sent_icmp(b->d, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH));
	CU_ASSERT_EQUAL(DROPS(b, UDP_PORT_CLOSED), 1);
	CU_ASSERT_EQUAL(MIB(b, UdpNoPorts), 1);
	bench_free(b);
}

/* RFC1122-U-01: nobody can have port 0, and nothing can be sent to it. */
static void udp_port_zero(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);
	struct sock_msg msg;
	char buf[4];

	bench_put(b, addr(PEER, 4000), addr(ME, 0), "x");
	CU_ASSERT_EQUAL(DROPS(b, UDP_PORT_CLOSED), 1);
	bench_put(b, addr(PEER, 0), addr(ME, 53), "y");
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), 1);
	CU_ASSERT_EQUAL(msg.from.port, 0);
	CU_ASSERT_EQUAL(send_text(sk, &msg.from, "answer"), -EINVAL);
	sock_close(sk);
	bench_free(b);
}

static void nothing_is_told_about_what_was_sent_to_many(void)
{
	struct bench *b = bench_new_two();

	CU_ASSERT_EQUAL(ip_group_join(b->d->netif, GROUP), 0);
	lab_run(b->l, 20 * NS_PER_SEC);
	lab_sent_clear(b->d);
	bench_put(b, addr(PEER, 4000), addr(ALL, 9), "anybody?");
	bench_put(b, addr(PEER, 4000), addr(IP_BROADCAST, 9), "anybody?");
	bench_put(b, addr(PEER, 4000), addr(GROUP, 9), "anybody?");
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(DROPS(b, UDP_NOBODY_HEARS), 3);
	CU_ASSERT_EQUAL(MIB(b, UdpIgnoredMulti), 3);
	bench_free(b);
}

/* RFC1122-U-15 */
static void a_source_that_cannot_be_is_never_delivered(void)
{
	static const uint32_t sources[] = {IP_BROADCAST, ALL, GROUP, UINT32_C(0x7f000001), ME};
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		bench_put(b, addr(sources[i], 53), addr(ME, 53), "x");
	CU_ASSERT(hears(sk, NULL));
	CU_ASSERT_EQUAL(MIB(b, UdpInDatagrams), 0);
	sock_close(sk);
	bench_free(b);
}

/* ---- to many ---- */

static void every_socket_that_matches_hears_a_broadcast(void)
{
	struct bench *b = bench_new_two();
	struct sock *socks[6], *sk;
	static const bool should[6] = {true, true, false, false, true, false};

	for (int i = 0; i < 6; i++) {
		socks[i] = sk = bench_sock(b, 0, 0);
		sock_set(sk, SO_OPT_REUSEADDR, 1);
		if (i == 2)
			CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BINDTODEVICE, b->d2->ifindex), 0);
		if (i == 4)
			CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_BINDTODEVICE, b->d->ifindex), 0);
		struct sock_addr a = addr(i == 1 ? ALL : i == 3 ? ME : 0, i == 5 ? 69 : 68);
		CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	}
	bench_put(b, addr(PEER, 67), addr(ALL, 68), "all");
	for (int i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(hears(socks[i], "all"), should[i]);
		CU_ASSERT(hears(socks[i], NULL));
		sock_close(socks[i]);
	}
	CU_ASSERT_EQUAL(MIB(b, UdpInDatagrams), 3);
	bench_free(b);
}

static void a_group_is_heard_while_a_socket_is_a_member(void)
{
	struct bench *b = bench_new_two();
	struct sock *member = bench_sock(b, GROUP, 5000);

	bench_put(b, addr(PEER, 1), addr(GROUP, 5000), "early");
	CU_ASSERT_EQUAL(DROPS(b, ETH_MULTICAST_FILTER), 1);
	CU_ASSERT_EQUAL(sock_join(member, GROUP, b->d->ifindex), 0);
	bench_put(b, addr(PEER, 1), addr(GROUP, 5000), "now");
	CU_ASSERT(hears(member, "now"));
	bench_put_by(b, b->d2, addr(ME2 + 1, 1), addr(GROUP, 5000), "by another link");
	CU_ASSERT(hears(member, NULL));
	CU_ASSERT_EQUAL(sock_leave(member, GROUP, b->d->ifindex), 0);
	bench_put(b, addr(PEER, 1), addr(GROUP, 5000), "late");
	CU_ASSERT(hears(member, NULL));
	sock_close(member);
	bench_free(b);
}

static bool has_a_header(const struct pkt *p, void *ctx)
{
	(void)ctx;
	CU_ASSERT_EQUAL(csum(p->data, p->ip.hdr_len), 0);
	return get16(*(const be16 *)(p->data + 2)) == p->len;
}

/* Also of a copy the program gets the options, and its filter the header. */
static void a_copy_is_the_whole_packet(void)
{
	static const uint8_t opts[] = {IPOPT_NOP, IPOPT_NOP, IPOPT_NOP, IPOPT_EOL};
	struct bench *b = bench_new_two();
	struct sock *sk[] = {bench_sock(b, 0, 0), bench_sock(b, 0, 0)};
	struct ip_hdr ip = {.src = PEER, .dst = ALL, .ttl = 64, .proto = IP_PROTO_UDP};
	uint8_t datagram[64];
	size_t len = bench_datagram(datagram, PEER, ALL, (struct udp_hdr){.sport = 67, .dport = 68}, "x", 1);

	for (size_t i = 0; i < ARRAY_SIZE(sk); i++) {
		sock_set(sk[i], SO_OPT_REUSEADDR, 1);
		CU_ASSERT_EQUAL(sock_bind(sk[i], &(struct sock_addr){.port = 68}), 0);
		CU_ASSERT_EQUAL(sock_set_filter(sk[i], has_a_header, NULL), 0);
	}
	lab_inject(b->d, b->frame,
		lab_frame_ip(b->frame, MAC_BROADCAST, bench_peer_mac, ip, opts, sizeof(opts), datagram, len));
	for (size_t i = 0; i < ARRAY_SIZE(sk); i++) {
		struct sock_msg msg;
		char c;
		CU_ASSERT_EQUAL(sock_recv(sk[i], &c, 1, 0, &msg), 1);
		CU_ASSERT_EQUAL(msg.opts_len, sizeof(opts));
		CU_ASSERT_EQUAL(memcmp(msg.opts, opts, sizeof(opts)), 0);
		sock_close(sk[i]);
	}
	bench_free(b);
}

static void a_copy_that_no_memory_is_there_for_is_counted(void)
{
	struct bench *b = bench_new_two();
	struct sock *one = bench_sock(b, 0, 0), *two = bench_sock(b, 0, 0);
	struct sock_addr a = addr(0, 68);

	sock_set(one, SO_OPT_REUSEADDR, 1);
	sock_set(two, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(sock_bind(one, &a), 0);
	CU_ASSERT_EQUAL(sock_bind(two, &a), 0);
	bench_put(b, addr(PEER, 67), addr(ALL, 68), "drops and pools are there now");
	b->l->world.pkts.small.limit = pool_in_use(&b->l->world.pkts.small) + 1;
	bench_put(b, addr(PEER, 67), addr(ALL, 68), "x");
	CU_ASSERT_EQUAL(MIB(b, UdpMemErrors), 1);
	CU_ASSERT_EQUAL(DROPS(b, NO_MEMORY), 1);
	sock_close(one);
	sock_close(two);
	bench_free(b);
}

/* ---- queues ---- */

static void udp_socket_queue_exhaust(void)
{
	enum { MANY = 1000000 };
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53), *other = bench_sock(b, 0, 54);
	int limit = 0;

	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_RCVBUF, &limit), 0);
	for (int i = 0; i < MANY / (unit_late ? 10 : 1); i++)
		bench_put(b, addr(PEER, 1), addr(ME, 53), "flood");
	CU_ASSERT(sock_rx_bytes(sk) < (size_t)limit + PKT_SMALL_ROOM + sizeof(struct pkt));
	CU_ASSERT_EQUAL(MIB(b, UdpRcvbufErrors), DROPS(b, SOCK_QUEUE_FULL));
	CU_ASSERT_EQUAL(MIB(b, UdpRcvbufErrors), MIB(b, UdpInErrors));
	CU_ASSERT_EQUAL(MIB(b, UdpRcvbufErrors) + MIB(b, UdpInDatagrams), MANY / (unit_late ? 10 : 1));
	bench_put(b, addr(PEER, 1), addr(ME, 54), "others go on");
	CU_ASSERT(hears(other, "others go on"));
	CU_ASSERT(hears(sk, "flood")); /* the oldest stay */
	sock_close(sk);
	sock_close(other);
	bench_free(b);
}

static bool no_x(const struct pkt *p, void *ctx)
{
	(void)ctx;
	return p->data[p->len - 1] != 'x';
}

static void a_filter_of_the_socket_sees_the_whole_packet(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 53);

	sock_set_filter(sk, no_x, NULL);
	bench_put(b, addr(PEER, 1), addr(ME, 53), "ax");
	bench_put(b, addr(PEER, 1), addr(ME, 53), "ay");
	CU_ASSERT(hears(sk, "ay"));
	CU_ASSERT_EQUAL(DROPS(b, SOCK_FILTER), 1);
	sock_close(sk);
	bench_free(b);
}

SUITE(udp_input, T(a_datagram_reaches_its_socket_with_all_that_is_known_of_it),
	T(options_of_the_datagram_reach_the_program), T(udp_len_under_8),
	T(a_length_past_the_end_is_no_datagram), T(udp_len_under_ip), T(udp_checksum_bad),
	T(offloaded_checksums_are_believed), T(a_closed_port_is_told_to_the_sender), T(udp_port_zero),
	T(nothing_is_told_about_what_was_sent_to_many), T(a_source_that_cannot_be_is_never_delivered),
	T(every_socket_that_matches_hears_a_broadcast), T(a_group_is_heard_while_a_socket_is_a_member),
	T(a_copy_is_the_whole_packet), T(a_copy_that_no_memory_is_there_for_is_counted),
	T(udp_socket_queue_exhaust), T(a_filter_of_the_socket_sees_the_whole_packet))
