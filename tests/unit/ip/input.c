/* SPDX-License-Identifier: MIT */
/* What comes in: headers, addresses, the decision, delivery. */
#include "tests/unit/ip/bench.h"

#include "lib/rng.h"

#include <stdlib.h>

/* ---- headers ---- */

/* RFC1812-5.2.2a, RFC1812-5.2.1 */
static void ip_short_header(void)
{
	struct bench b = bench_open();
	uint8_t f[ETHER_HDR_LEN + IP_HDR_LEN];

	lab_frame_ip(f, b.eth0->mac, MAC_ZERO, hdr("10.0.0.2", "10.0.0.1"), NULL, 0, NULL, 0);
	for (size_t len = 0; len < IP_HDR_LEN; len++)
		lab_inject(b.eth0, f, ETHER_HDR_LEN + len);
	CU_ASSERT_EQUAL(DROPS(b, IP_SHORT), 20);
	CU_ASSERT_EQUAL(MIB(b, IpInHdrErrors), 20);
	CU_ASSERT_EQUAL(MIB(b, IpInReceives), 20);
	bench_close(&b);
}

/* RFC791-1, RFC1812-5.2.2d */
static void ip_ihl_small(void)
{
	struct bench b = bench_open();
	uint8_t f[200], *ip = f + ETHER_HDR_LEN;
	size_t len =
		lab_frame_ip(f, b.eth0->mac, MAC_ZERO, hdr("10.0.0.2", "10.0.0.1"), NULL, 0, "12345678", 8);

	for (uint8_t ihl = 0; ihl < 5; ihl++) {
		ip[0] = (uint8_t)(0x40 | ihl);
		ip_checksum_again(ip, IP_HDR_LEN);
		lab_inject(b.eth0, f, len);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_IHL), 5);
	ip[0] = 0x4f; /* past the end of the packet */
	lab_inject(b.eth0, f, len);
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_IHL), 6);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

/* RFC791-1, RFC1812-5.2.2e */
static void ip_total_len_small(void)
{
	struct bench b = bench_open();
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	uint8_t f[200], opts[40] = {IPOPT_NOP}, *ip = f + ETHER_HDR_LEN;
	unsigned sent = 0;

	for (size_t opts_len = 0; opts_len <= 40; opts_len += 40) {
		for (uint16_t total = 0; total < IP_HDR_LEN + opts_len; total++) {
			struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");
			h.proto = protos[total % 3];
			size_t len = lab_frame_ip(f, b.eth0->mac, MAC_ZERO, h, opts, opts_len, "12345678", 8);
			*(be16 *)(ip + 2) = put16(total);
			ip_checksum_again(ip, IP_HDR_LEN + opts_len);
			lab_inject(b.eth0, f, len);
			sent++;
		}
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_TOTAL_LENGTH), sent);
	CU_ASSERT_EQUAL(MIB(b, IpInHdrErrors), sent);
	bench_close(&b);
}

/* RFC791-1, RFC1812-5.2.2f */
static void ip_total_len_beyond_frame(void)
{
	struct bench b = bench_open();
	static const uint16_t totals[] = {IP_HDR_LEN + 8 + 1, IP_HDR_LEN + 8 + 1480, 65535};

	for (size_t i = 0; i < 3; i++) {
		struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");
		h.total_len = totals[i];
		put(b.eth0, h, "12345678", 8);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_TRUNCATED), 3);
	CU_ASSERT_EQUAL(MIB(b, IpExtInTruncatedPkts), 3);
	CU_ASSERT_EQUAL(MIB(b, IpInHdrErrors), 0);
	bench_close(&b);
}

/* RFC791-8 */
static void ip_trailing_padding(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	uint8_t f[200] = {0}, got[200];

	for (size_t padding = 1; padding <= 26; padding++) {
		size_t len = lab_frame_ip(
			f, b.eth0->mac, MAC_ZERO, hdr("10.0.0.2", "10.0.0.1"), NULL, 0, "abc", 3);
		memset(f + len, 'X', padding);
		lab_inject(b.eth0, f, len + padding);
		CU_ASSERT_EQUAL(sock_recv(sk, got, sizeof(got), 0, NULL), IP_HDR_LEN + 3);
		CU_ASSERT_EQUAL(memcmp(got + IP_HDR_LEN, "abc", 3), 0);
	}
	sock_close(sk);
	bench_close(&b);
}

/* RFC1122-I-10, RFC1812-5.2.2c, RFC1812-4.3.2.7b */
static void ip_bad_version(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	uint8_t f[200], *ip = f + ETHER_HDR_LEN;
	size_t len = lab_frame_ip(f, b.eth0->mac, MAC_ZERO, hdr("10.0.0.2", "10.0.0.1"), NULL, 0, "abc", 3);

	for (uint8_t version = 0; version < 16; version++) {
		ip[0] = (uint8_t)(version << 4 | 5);
		ip_checksum_again(ip, IP_HDR_LEN);
		lab_inject(b.eth0, f, len);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_VERSION), 15);
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1122-I-11, RFC1812-4.2.2.5, RFC1812-5.2.2b, RFC1122-I-09, RFC1812-4.2.1, RFC1812-5.2.1 */
static void ip_bad_checksum(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	uint8_t f[200], *ip = f + ETHER_HDR_LEN;
	size_t len = lab_frame_ip(f, b.eth0->mac, MAC_ZERO, hdr("10.0.0.2", "10.0.0.1"), NULL, 0, "abc", 3);

	for (unsigned bit = 0; bit < 160; bit++) {
		ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
		lab_inject(b.eth0, f, len);
		ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* the eight bits of version and IHL are judged before the checksum can be */
	CU_ASSERT(DROPS(b, IP_BAD_CHECKSUM) >= 152);
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_CHECKSUM) + DROPS(b, IP_BAD_VERSION) + DROPS(b, IP_BAD_IHL), 160);
	CU_ASSERT_EQUAL(MIB(b, IpExtInCsumErrors), DROPS(b, IP_BAD_CHECKSUM));
	CU_ASSERT_EQUAL(MIB(b, IpInHdrErrors), 160);
	CU_ASSERT_EQUAL(heard(sk), 0);
	CU_ASSERT_EQUAL(rejected.count, 0);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1812-4.2.2.3 */
static void ip_reserved_bit(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");

	h.reserved = true;
	put(b.eth0, h, "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	sock_close(sk);
	bench_close(&b);
}

/* Taken as the fragments they are: DF only forbids making more of them. */
static void ip_df_and_mf(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);

	for (uint16_t i = 0; i < 3; i++) {
		struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");
		h.df = true;
		h.mf = i < 2;
		h.frag_off = (uint16_t)(i * 8);
		h.id = 7;
		put(b.eth0, h, "12345678", 8);
	}
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), IP_HDR_LEN + 24);
	sock_close(sk);
	bench_close(&b);
}

/* RFC6864-4.1c */
static void id_of_an_atomic_datagram_is_ignored(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");

	h.df = true;
	for (int i = 0; i < 3; i++) { /* thrice the same */
		h.id = 42;
		put(b.eth0, h, "abc", 3);
	}
	CU_ASSERT_EQUAL(heard(sk), 3);
	sock_close(sk);
	bench_close(&b);
}

/* ---- TTL ---- */

/* RFC1122-I-24, RFC1812-4.2.2.9a, RFC1812-4.2.2.9b, RFC1812-5.2.7.3 */
static void ip_ttl_zero(void)
{
	struct bench b = bench_router();
	struct sock *sk = listen_raw(&b, PROTO_TEST);

	for (uint8_t ttl = 0; ttl < 2; ttl++) {
		struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");
		h.ttl = ttl;
		put(b.eth0, h, "abc", 3);
		h.dst = lab_ip("10.0.1.2");
		put(b.eth0, h, "abc", 3);
		CU_ASSERT_EQUAL(rejected.count, ttl + 1u);
		CU_ASSERT_EQUAL(rejected.why.type, ICMP_TIME_EXCEEDED);
		CU_ASSERT_EQUAL(rejected.why.code, ICMP_TTL_EXCEEDED);
		CU_ASSERT_EQUAL(rejected.ttl, ttl); /* as it arrived */
	}
	CU_ASSERT_EQUAL(heard(sk), 2);
	CU_ASSERT_EQUAL(DROPS(b, IP_TTL_EXCEEDED), 2);
	CU_ASSERT_EQUAL(MIB(b, IpInHdrErrors), 2);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	sock_close(sk);
	bench_close(&b);
}

/* ---- addresses ---- */

/* RFC1122-I-15, RFC1812-4.2.2.11b */
static void ip_land(void)
{
	struct bench b = bench_open();
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};

	for (size_t i = 0; i < 3; i++) {
		struct ip_hdr h = hdr("10.0.0.1", "10.0.0.1");
		h.proto = protos[i];
		put(b.eth0, h, "\x12\x34\x12\x34........", 12);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_OWN_SOURCE), 3);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
	bench_close(&b);
}

/* RFC1122-I-15, RFC1812-4.2.2.11c, RFC1812-5.3.7a, RFC1812-5.3.7b */
static void ip_src_loopback_from_wire(void)
{
	struct bench b = bench_router();

	put(b.eth0, hdr("127.0.0.1", "10.0.0.1"), "abc", 3);
	put(b.eth0, hdr("127.1.2.3", "10.0.1.2"), "abc", 3);
	put(b.eth0, hdr("127.0.0.1", "255.255.255.255"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_SOURCE), 3);
	put(b.eth0, hdr("10.0.0.2", "127.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_DESTINATION), 1);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	bench_close(&b);
}

/* RFC1122-I-15, RFC1112-6.4, RFC1812-4.3.2.7a */
static void ip_src_multicast(void)
{
	struct bench b = bench_open();
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};

	for (size_t i = 0; i < 3; i++) {
		struct ip_hdr h = hdr("224.0.0.1", "10.0.0.1");
		h.proto = protos[i];
		put(b.eth0, h, "abcdefgh", 8);
	}
	put(b.eth0, hdr("224.0.0.9", "224.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_SOURCE), 4);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
	bench_close(&b);
}

/* RFC1122-I-15, RFC1812-4.2.2.11b, RFC1812-5.3.7a */
static void a_source_that_is_no_unicast_address_is_dropped(void)
{
	struct bench b = bench_router();
	static const char *const sources[] = {"255.255.255.255", "240.0.0.1", "0.0.0.0", "0.1.2.3",
		"10.0.0.255", "10.0.1.255", "10.0.0.0", "10.0.1.0"};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		put(b.eth0, hdr(sources[i], "10.0.0.1"), "abc", 3);
		put(b.eth0, hdr(sources[i], "10.0.1.2"), "abc", 3);
		CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_SOURCE), 2 * i + 2);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

/* RFC1812-5.3.7b, RFC1812-4.2.3.1b */
static void a_destination_that_is_no_address_is_dropped(void)
{
	struct bench b = bench_router();

	put(b.eth0, hdr("10.0.0.2", "0.0.0.0"), "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "0.1.2.3"), "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "240.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_DESTINATION), 3);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

static void route_localnet_lets_loopback_addresses_in(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);

	sysctl_set(b.s, "net.ipv4.conf.eth0.route_localnet", 1);
	put(b.eth0, hdr("10.0.0.2", "127.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1122-I-08, RFC1812-5.3.7c */
static void log_martians_names_addresses_and_device(void)
{
	struct bench b = bench_open();
	struct trace *t = &b.lab->world.trace;

	put(b.eth0, hdr("127.0.0.1", "10.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(t->written, 0);
	sysctl_set(b.s, "net.ipv4.conf.all.log_martians", 1);
	put(b.eth0, hdr("127.0.0.1", "10.0.0.1"), "abc", 3);
	CU_ASSERT_FATAL(t->written > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->ring[0].text, "127.0.0.1 > 10.0.0.1 on eth0"));
	bench_close(&b);
}

/* RFC1812-5.3.8 */
static void reverse_path_filter(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	static const struct {
		int filter;
		const char *src;
		unsigned heard;
	} rows[] = {
		{0, "10.0.1.2", 1},
		{0, "192.168.0.1", 1},
		{1, "10.0.0.2", 1},
		{1, "10.0.1.2", 0},
		{1, "192.168.0.1", 0},
		{2, "10.0.1.2", 1},
		{2, "192.168.0.1", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		sysctl_set(b.s, "net.ipv4.conf.eth0.rp_filter", rows[i].filter);
		put(b.eth0, hdr(rows[i].src, "10.0.0.1"), "abc", 3);
		CU_ASSERT_EQUAL(heard(sk), rows[i].heard);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_REVERSE_PATH), 3);
	CU_ASSERT_EQUAL(MIB(b, TcpExtIPReversePathFilter), 3);
	sock_close(sk);
	bench_close(&b);
}

/* ---- for whom? ---- */

/* RFC1122-I-14, RFC1122-I-06, RFC1122-I-07 */
static void a_host_drops_what_is_for_others(void)
{
	struct bench b = bench_open();

	put(b.eth0, hdr("10.0.0.2", "10.0.1.2"), "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "10.0.0.3"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_NOT_FOR_US), 2);
	CU_ASSERT_EQUAL(MIB(b, IpInAddrErrors), 2);
	put(b.eth0, hdr("10.0.0.2", "192.168.9.9"), "abc", 3); /* nor is anybody told that there is no way */
	CU_ASSERT_EQUAL(DROPS(b, IP_NOT_FOR_US), 3);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0) + lab_sent_count(b.eth1), 0);
	bench_close(&b);
}

/* RFC1122-I-12, RFC1122-I-03, RFC1812-5.2.3 */
static void every_own_address_is_ours_on_every_device(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);

	lab_addr(b.eth1, "172.16.5.4/26");
	put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "10.0.1.1"), "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "172.16.5.4"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 3);
	CU_ASSERT_EQUAL(MIB(b, IpInDelivers), 3);
	sock_close(sk);
	bench_close(&b);
}

/* The last packet that was for us is remembered: whatever a decision depends on is asked for again when it differs. */
static void what_was_for_us_is_decided_anew_when_anything_differs(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1"), from_us = hdr("10.0.0.1", "10.0.0.1"),
		      to_others = hdr("10.0.0.2", "10.0.0.3"), other_tos = h,
		      by_eth1 = hdr("10.0.1.2", "10.0.0.1");
	struct route r = {.type = ROUTE_UNICAST,
		.scope = SCOPE_LINK,
		.prefix = lab_ip("10.0.0.2"),
		.plen = 32,
		.tos = 0x10,
		.netif = b.eth1->netif};

	other_tos.tos = 0x10;
	CU_ASSERT_EQUAL(route_add(b.s, &r, false), 0);
	sysctl_set(b.s, "net.ipv4.conf.eth0.rp_filter", 1);
	sysctl_set(b.s, "net.ipv4.conf.eth1.rp_filter", 1);
	for (int i = 0; i < 2; i++) {
		put(b.eth0, h, "abc", 3);
		put(b.eth0, from_us, "abc", 3);
		put(b.eth0, h, "abc", 3);
		put(b.eth0, to_others, "abc", 3);
		put(b.eth0, h, "abc", 3);
		put(b.eth0, other_tos, "abc", 3);
		put(b.eth0, h, "abc", 3);
		put(b.eth1, h, "abc", 3);
		put(b.eth0, h, "abc", 3);
		put_to(b.eth0, MAC_BROADCAST, h, NULL, 0, "abc", 3);
	}
	CU_ASSERT_EQUAL(heard(sk), 2 * 5);
	CU_ASSERT_EQUAL(DROPS(b, IP_OWN_SOURCE), 2);
	CU_ASSERT_EQUAL(DROPS(b, IP_NOT_FOR_US), 2);
	CU_ASSERT_EQUAL(DROPS(b, IP_REVERSE_PATH), 2 * 2);
	CU_ASSERT_EQUAL(DROPS(b, IP_UNICAST_IN_LINK_BROADCAST), 2);
	sysctl_set(b.s, "net.ipv4.conf.eth0.rp_filter", 0);
	put(b.eth0, by_eth1, "abc", 3);
	sysctl_set(b.s, "net.ipv4.conf.eth0.rp_filter", 1);
	put(b.eth0, by_eth1, "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(DROPS(b, IP_REVERSE_PATH), 2 * 2 + 1);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1122-I-117, RFC1122-I-118, RFC1812-4.2.3.1a, RFC1122-I-122 */
static void every_form_of_broadcast_is_heard(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);

	put_to(b.eth0, MAC_BROADCAST, hdr("10.0.0.2", "255.255.255.255"), NULL, 0, "abc", 3);
	put_to(b.eth0, MAC_BROADCAST, hdr("10.0.0.2", "10.0.0.255"), NULL, 0, "abc", 3);
	put_to(b.eth0, MAC_BROADCAST, hdr("0.0.0.0", "255.255.255.255"), NULL, 0, "abc", 3);
	put_to(b.eth0, MAC_BROADCAST, hdr("0.0.0.0", "0.0.0.0"), NULL, 0, "abc", 3);
	put_to(b.eth0, MAC_BROADCAST, hdr("10.0.0.2", "10.0.0.0"), NULL, 0, "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 5);
	CU_ASSERT_EQUAL(MIB(b, IpExtInBcastPkts), 5);
	CU_ASSERT_EQUAL(MIB(b, IpExtInBcastOctets), 5 * 23);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1122-I-121, RFC1812-5.3.4a, RFC1812-5.3.4b */
static void eth_unicast_ip_in_bcast_frame(void)
{
	struct bench b = bench_router();
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP, PROTO_TEST};
	struct mac group = ether_multicast(IP_ALL_HOSTS);

	for (size_t i = 0; i < 4; i++) {
		struct ip_hdr h = hdr("10.0.0.2", i % 2 ? "10.0.0.1" : "10.0.1.2");
		h.proto = protos[i];
		put_to(b.eth0, MAC_BROADCAST, h, NULL, 0, "\0\1\0\2........", 12);
		put_to(b.eth0, group, h, NULL, 0, "\0\1\0\2........", 12);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_UNICAST_IN_LINK_BROADCAST), 8);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0) + lab_sent_count(b.eth1), 0);
	bench_close(&b);
}

/* RFC1112-7.2, RFC1122-I-123, RFC1122-I-125 */
static void multicast_is_heard_by_members_alone(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	uint32_t group = lab_ip("239.1.2.3");

	put_to(b.eth0, ether_multicast(IP_ALL_HOSTS), hdr("10.0.0.2", "224.0.0.1"), NULL, 0, "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(ip_group_join(b.eth1->netif, group), 0);
	dev_set_flag(b.eth0, DEV_ALLMULTI, true);
	put_to(b.eth0, ether_multicast(group), hdr("10.0.0.2", "239.1.2.3"), NULL, 0, "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_MULTICAST_NOT_JOINED), 1);
	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, group), 0);
	put_to(b.eth0, ether_multicast(group), hdr("10.0.0.2", "239.1.2.3"), NULL, 0, "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(MIB(b, IpExtInMcastPkts), 2);
	CU_ASSERT_EQUAL(rejected.count, 0);
	sock_close(sk);
	bench_close(&b);
}

static void multicast_from_nobody_is_only_for_igmp(void)
{
	struct bench b = bench_open();
	struct ip_hdr h = hdr("0.0.0.0", "224.0.0.1");

	put_to(b.eth0, ether_multicast(IP_ALL_HOSTS), h, NULL, 0, "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_SOURCE), 1);
	h.proto = IP_PROTO_IGMP;
	put_to(b.eth0, ether_multicast(IP_ALL_HOSTS), h, NULL, 0, "12345678", 8);
	CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_SOURCE), 1);
	bench_close(&b);
}

/* ---- up ---- */

/* RFC1812-4.3.2.7b */
static void ip_unknown_protocol(void)
{
	struct bench b = bench_open();
	unsigned unknown = 0;

	for (unsigned proto = 0; proto < 256; proto++) {
		struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");
		h.proto = (uint8_t)proto;
		if (b.s->by_number[proto])
			continue;
		put(b.eth0, h, "12345678", 8);
		unknown++;
		CU_ASSERT_EQUAL(rejected.count, unknown);
		CU_ASSERT_EQUAL(rejected.why.type, ICMP_DEST_UNREACH);
		CU_ASSERT_EQUAL(rejected.why.code, ICMP_PROT_UNREACH);
		CU_ASSERT_EQUAL(rejected.about.proto, proto);
	}
	CU_ASSERT(unknown > 250);
	CU_ASSERT_EQUAL(DROPS(b, IP_UNKNOWN_PROTOCOL), unknown);
	CU_ASSERT_EQUAL(MIB(b, IpInUnknownProtos), unknown);
	CU_ASSERT_EQUAL(MIB(b, IpInDelivers), 0);
	bench_close(&b);
}

/* The inner packet, ten deep and in fragments too, is nobody's business. RFC1812-4.2.2.8 */
static void ip_in_ip(void)
{
	struct bench b = bench_router();
	struct sock *inner = listen_raw(&b, PROTO_TEST);
	struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");
	uint8_t nested[20 * 10 + 8] = {0};

	for (unsigned depth = 0; depth < 10; depth++) {
		struct ip_hdr in = hdr("10.0.1.2", "10.0.0.1");
		in.hdr_len = IP_HDR_LEN;
		in.total_len = (uint16_t)(sizeof(nested) - depth * 20);
		in.proto = depth == 9 ? PROTO_TEST : IP_PROTO_IPIP;
		ip_emit(nested + depth * 20, &in);
	}
	h.proto = IP_PROTO_IPIP;
	put(b.eth0, h, nested, sizeof(nested));
	CU_ASSERT_EQUAL(DROPS(b, IP_UNKNOWN_PROTOCOL), 1);
	CU_ASSERT_EQUAL(rejected.why.code, ICMP_PROT_UNREACH);
	h.mf = true;
	put(b.eth0, h, nested, 104);
	h.mf = false;
	h.frag_off = 104;
	put(b.eth0, h, nested + 104, sizeof(nested) - 104);
	CU_ASSERT_EQUAL(DROPS(b, IP_UNKNOWN_PROTOCOL), 2);
	CU_ASSERT_EQUAL(heard(inner), 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0) + lab_sent_count(b.eth1), 0);
	sock_close(inner);
	bench_close(&b);
}

static struct {
	struct ip_hdr ip;
	int ifindex;
	uint8_t opts[40];
	uint32_t len;
} got;

static void take(struct stack *s, struct pkt *p)
{
	(void)s;
	got.ip = p->ip;
	got.ifindex = p->dev->ifindex;
	got.len = p->len;
	memcpy(got.opts, ip_header(p, p->data) + IP_HDR_LEN, (size_t)(p->ip.hdr_len - IP_HDR_LEN));
	pkt_done(p);
}

static const struct proto taker = {.name = "taker", .number = PROTO_TEST, .input = take};

/* RFC1122-I-21, RFC1122-I-28, RFC1122-I-128, RFC1122-I-130, RFC1122-I-110 */
static void a_transport_learns_all_about_a_packet(void)
{
	struct bench b = bench_open();
	static const uint8_t opts[4] = {IPOPT_NOP, IPOPT_NOP, IPOPT_NOP, IPOPT_EOL};
	struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");

	b.s->by_number[PROTO_TEST] = &taker;
	h.tos = 0x12;
	h.ttl = 9;
	put_opts(b.eth0, h, opts, sizeof(opts));
	CU_ASSERT_EQUAL(MIB(b, IpInDelivers), 1);
	CU_ASSERT_EQUAL(MIB(b, IpExtInOctets), IP_HDR_LEN + 8);
	CU_ASSERT_EQUAL(got.len, 4);
	CU_ASSERT_EQUAL(got.ip.tos, 0x12);
	CU_ASSERT_EQUAL(got.ip.ttl, 9);
	CU_ASSERT_EQUAL(got.ip.src, h.src);
	CU_ASSERT_EQUAL(got.ip.dst, h.dst);
	CU_ASSERT_EQUAL(got.ifindex, b.eth0->ifindex);
	CU_ASSERT_EQUAL(memcmp(got.opts, opts, 4), 0);
	bench_close(&b);
}

/* ---- everything at once ---- */

static uint64_t all_drops(const struct stack *s)
{
	uint64_t sum = 0;

	for (int i = 1; i < DROP_COUNT; i++)
		sum += stack_drops(s, (enum drop_reason)i);
	return sum;
}

/* A packet like those that people send, then a few of its bytes changed; the checksum mostly made right. */
static size_t mutant(struct rng *r, struct dev *d, uint8_t *f)
{
	static const char *const addrs[] = {"10.0.0.1", "10.0.0.2", "10.0.1.2", "255.255.255.255",
		"10.0.0.255", "224.0.0.1", "127.0.0.1", "192.168.0.1", "0.0.0.0", "10.0.0.3"};
	struct ip_hdr h = hdr(addrs[rng_below(r, ARRAY_SIZE(addrs))], addrs[rng_below(r, ARRAY_SIZE(addrs))]);
	uint8_t opts[40], payload[256];
	size_t opts_len = rng_below(r, 3) ? 0 : rng_below(r, 11) * 4;

	rng_bytes(r, opts, sizeof(opts));
	rng_bytes(r, payload, sizeof(payload));
	h.proto = (uint8_t)(rng_below(r, 2) ? rng_below(r, 20) : rng_below(r, 256));
	h.ttl = (uint8_t)rng_below(r, 4);
	h.id = (uint16_t)rng_below(r, 3);
	h.mf = !rng_below(r, 4);
	h.df = !rng_below(r, 2);
	h.frag_off = rng_below(r, 4) ? 0 : (uint16_t)(rng_below(r, 0x2000) * 8);
	size_t len = lab_frame_ip(f, rng_below(r, 5) ? d->mac : MAC_BROADCAST,
		(struct mac){{2, 0, 0, 0, 1, 2}}, h, opts, opts_len, payload, rng_below(r, 256));
	for (uint32_t i = rng_below(r, 4); i; i--)
		f[ETHER_HDR_LEN + rng_below(r, (uint32_t)(len - ETHER_HDR_LEN))] = (uint8_t)rng_u32(r);
	size_t hdr_len = (size_t)(f[ETHER_HDR_LEN] & 15) * 4;
	if (rng_below(r, 8) && hdr_len >= IP_HDR_LEN && hdr_len <= len - ETHER_HDR_LEN)
		ip_checksum_again(f + ETHER_HDR_LEN, hdr_len);
	return rng_below(r, 10) ? len : ETHER_HDR_LEN + rng_below(r, (uint32_t)(len - ETHER_HDR_LEN));
}

/* RFC1812-5.2.2g */
static void ten_thousand_mutants_end_as_done_or_as_a_named_drop(void)
{
	struct bench b = bench_router();
	struct rng r;
	uint8_t f[600];

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 10000; i++)
		lab_inject(b.eth0, f, mutant(&r, b.eth0, f));
	lab_run(b.lab, 60 * NS_PER_SEC); /* fragments time out */
	struct pkt_pools *pools = &b.lab->world.pkts;
	uint64_t made = pools->small.made + pools->big.made;
	CU_ASSERT_EQUAL(MIB(b, IpInReceives), 10000);
	CU_ASSERT_EQUAL(made, pools->done + all_drops(b.s));
	CU_ASSERT(DROPS(b, IP_BAD_OPTION) > 0);
	CU_ASSERT(DROPS(b, IP_UNKNOWN_PROTOCOL) > 0);
	CU_ASSERT(MIB(b, IpForwDatagrams) > 0);
	bench_close(&b);
}

SUITE(ip_input, T(ip_short_header), T(ip_ihl_small), T(ip_total_len_small), T(ip_total_len_beyond_frame),
	T(ip_trailing_padding), T(ip_bad_version), T(ip_bad_checksum), T(ip_reserved_bit), T(ip_df_and_mf),
	T(id_of_an_atomic_datagram_is_ignored), T(ip_ttl_zero), T(ip_land), T(ip_src_loopback_from_wire),
	T(ip_src_multicast), T(a_source_that_is_no_unicast_address_is_dropped),
	T(a_destination_that_is_no_address_is_dropped), T(route_localnet_lets_loopback_addresses_in),
	T(log_martians_names_addresses_and_device), T(reverse_path_filter),
	T(a_host_drops_what_is_for_others), T(every_own_address_is_ours_on_every_device),
	T(what_was_for_us_is_decided_anew_when_anything_differs), T(every_form_of_broadcast_is_heard),
	T(eth_unicast_ip_in_bcast_frame), T(multicast_is_heard_by_members_alone),
	T(multicast_from_nobody_is_only_for_igmp), T(ip_unknown_protocol), T(ip_in_ip),
	T(a_transport_learns_all_about_a_packet), T(ten_thousand_mutants_end_as_done_or_as_a_named_drop))
