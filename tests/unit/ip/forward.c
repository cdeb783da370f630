/* SPDX-License-Identifier: MIT */
/* A router: what goes on, what does not, and what its sender hears. */
#include "tests/unit/ip/bench.h"

static void expect_reject(uint8_t type, uint8_t code, uint32_t info)
{
	CU_ASSERT_EQUAL(rejected.count, 1);
	CU_ASSERT_EQUAL(rejected.why.type, type);
	CU_ASSERT_EQUAL(rejected.why.code, code);
	CU_ASSERT_EQUAL(rejected.why.info, info);
	rejected.count = 0;
}

/* RFC1812-5.3.1, RFC1122-I-04, RFC1122-I-05, RFC1812-5.2.3, RFC6864-4.3c */
static void one_hop_costs_one_ttl_and_nothing_else_changes(void)
{
	struct bench b = bench_router();
	struct ip_hdr h = hdr("10.0.0.2", "10.0.1.2");

	h.ttl = 2;
	h.tos = 0x1c;
	h.df = true;
	h.reserved = true;
	h.id = 0x1234;
	put(b.eth0, h, "abcdefg", 7);
	struct lab_ip_seen seen = lab_sent_ip(b.eth1); /* parsed: the checksum is right */
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.payload);
	CU_ASSERT_EQUAL(seen.ip.ttl, 1);
	CU_ASSERT_EQUAL(seen.ip.tos, 0x1c);
	CU_ASSERT(seen.ip.df && seen.ip.reserved);
	CU_ASSERT_EQUAL(seen.ip.id, 0x1234);
	CU_ASSERT_EQUAL(seen.ip.src, h.src);
	CU_ASSERT_EQUAL(seen.len, 7);
	CU_ASSERT_EQUAL(memcmp(seen.payload, "abcdefg", 7), 0);
	CU_ASSERT_EQUAL(MIB(b, IpForwDatagrams), 1);
	CU_ASSERT_EQUAL(MIB(b, IpOutRequests), 0);
	CU_ASSERT_EQUAL(MIB(b, IpInDelivers), 0);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

/* RFC1812-5.3.11, RFC1122-I-05 */
static void forwarding_is_switched_by_the_device_a_packet_comes_by(void)
{
	struct bench b = bench_router();

	sysctl_set(b.s, "net.ipv4.conf.eth0.forwarding", 0);
	put(b.eth0, hdr("10.0.0.2", "10.0.1.2"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_NOT_FOR_US), 1);
	put(b.eth1, hdr("10.0.1.2", "10.0.0.2"), "abc", 3);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	bench_close(&b);
}

/* RFC1191-4, RFC1812-5.2.7.1, RFC791-5, RFC6864-4.3b */
static void too_big_with_df_tells_the_mtu_of_the_next_link(void)
{
	struct bench b = bench_router();
	struct ip_hdr h = hdr("10.0.0.2", "10.0.1.2");
	static const uint8_t data[1400];

	CU_ASSERT_EQUAL(dev_set_mtu(b.eth1, 1000), 0);
	h.df = true;
	h.ttl = 9;
	put(b.eth0, h, data, 981);
	expect_reject(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1000);
	CU_ASSERT_EQUAL(rejected.ttl, 9);
	CU_ASSERT_EQUAL(DROPS(b, IP_FRAG_NEEDED), 1);
	CU_ASSERT_EQUAL(MIB(b, IpFragFails), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	put(b.eth0, h, data, 980);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 1);
	bench_close(&b);
}

static void what_hosts_said_about_a_path_does_not_count_for_others(void)
{
	struct bench b = bench_router();
	struct ip_hdr h = hdr("10.0.0.2", "10.0.1.2");
	static const uint8_t data[1400];

	route_pmtu_update(b.s, h.dst, 600, 1500);
	h.df = true;
	put(b.eth0, h, data, 1400);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 1);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

static void a_route_may_have_an_mtu_of_its_own(void)
{
	struct bench b = bench_router();
	struct route r = {.prefix = lab_ip("10.7.0.0"),
		.plen = 16,
		.type = ROUTE_UNICAST,
		.scope = SCOPE_NOWHERE,
		.origin = ROUTE_BY_BOOT,
		.gateway = lab_ip("10.0.1.2"),
		.mtu = 700,
		.netif = b.eth1->netif};
	struct ip_hdr h = hdr("10.0.0.2", "10.7.0.1");
	static const uint8_t data[1400];

	CU_ASSERT_EQUAL(route_add(b.s, &r, false), 0);
	h.df = true;
	put(b.eth0, h, data, 681);
	expect_reject(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 700);
	bench_close(&b);
}

static void add_special(struct bench *b, const char *prefix, enum route_type type)
{
	struct route r = {.prefix = lab_ip(prefix),
		.plen = 24,
		.type = (uint8_t)type,
		.scope = SCOPE_NOWHERE,
		.origin = ROUTE_BY_BOOT};

	CU_ASSERT_EQUAL_FATAL(route_add(b->s, &r, false), 0);
}

/* RFC1812-4.3.3.1a, RFC1812-5.2.4.3b */
static void no_way_is_said_by_its_code(void)
{
	struct bench b = bench_router();

	add_special(&b, "10.9.0.0", ROUTE_UNREACHABLE);
	add_special(&b, "10.9.1.0", ROUTE_PROHIBIT);
	add_special(&b, "10.9.2.0", ROUTE_BLACKHOLE);
	put(b.eth0, hdr("10.0.0.2", "192.168.0.1"), "abc", 3);
	expect_reject(ICMP_DEST_UNREACH, ICMP_NET_UNREACH, 0);
	CU_ASSERT_EQUAL(MIB(b, IpExtInNoRoutes), 1);
	put(b.eth0, hdr("10.0.0.2", "10.9.0.1"), "abc", 3);
	expect_reject(ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	put(b.eth0, hdr("10.0.0.2", "10.9.1.1"), "abc", 3);
	expect_reject(ICMP_DEST_UNREACH, ICMP_ADMIN_PROHIBITED, 0);
	put(b.eth0, hdr("10.0.0.2", "10.9.2.1"), "abc", 3);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(DROPS(b, IP_NO_ROUTE), 1);
	CU_ASSERT_EQUAL(DROPS(b, IP_ROUTE_UNREACHABLE), 1);
	CU_ASSERT_EQUAL(DROPS(b, IP_ROUTE_PROHIBIT), 1);
	CU_ASSERT_EQUAL(DROPS(b, IP_ROUTE_BLACKHOLE), 1);
	bench_close(&b);
}

/* RFC1812-4.3.3.1b, RFC1122-I-129 */
static void a_next_hop_that_does_not_answer_is_reported_to_the_source(void)
{
	struct bench b = bench_router();

	put(b.eth0, hdr("10.0.0.2", "10.0.1.77"), "abc", 3);
	CU_ASSERT_EQUAL(rejected.count, 0); /* RFC 1812 3.3.2: not before ARP gave up */
	lab_run(b.lab, 10 * NS_PER_SEC);
	expect_reject(ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	CU_ASSERT_EQUAL(rejected.about.src, lab_ip("10.0.0.2"));
	CU_ASSERT_EQUAL(DROPS(b, NEIGH_UNREACHABLE), 1);
	bench_close(&b);
}

/* ---- what is never forwarded ---- */

/* RFC2644-3a, RFC2644-3b */
static void ip_directed_broadcast_forward(void)
{
	struct bench b = bench_router();
	struct sock *sk = listen_raw(&b, PROTO_TEST);

	put(b.eth0, hdr("10.0.0.2", "10.0.1.255"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_BROADCAST_NOT_FORWARDED), 1);
	put(b.eth0, hdr("10.0.0.2", "10.0.1.0"), "abc", 3); /* the old form */
	CU_ASSERT_EQUAL(DROPS(b, IP_BROADCAST_NOT_FORWARDED), 2);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	CU_ASSERT_EQUAL(heard(sk), 0);
	CU_ASSERT_EQUAL(rejected.count, 0);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1812-5.3.5.1, RFC1812-5.3.4a */
static void a_limited_broadcast_stays_on_its_link(void)
{
	struct bench b = bench_router();
	struct sock *sk = listen_raw(&b, PROTO_TEST);

	put_to(b.eth0, MAC_BROADCAST, hdr("10.0.0.2", "255.255.255.255"), NULL, 0, "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "255.255.255.255"), "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "224.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(heard(sk), 3);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	sock_close(sk);
	bench_close(&b);
}

/* RFC3927-2.7 */
static void link_local_addresses_stay_on_their_link(void)
{
	struct bench b = bench_router();

	lab_addr(b.eth1, "169.254.1.1/16");
	put(b.eth0, hdr("10.0.0.2", "169.254.9.9"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_LINK_LOCAL_NOT_FORWARDED), 1);
	put(b.eth1, hdr("169.254.9.9", "10.0.0.2"), "abc", 3);
	CU_ASSERT_EQUAL(DROPS(b, IP_LINK_LOCAL_NOT_FORWARDED), 2);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

/* ---- redirects ---- */

/* RFC1812-5.2.7.2a, RFC1812-5.2.7.2b, RFC1122-I-129 */
static void a_redirect_names_the_better_first_hop(void)
{
	struct bench b = bench_router();

	lab_route(b.s, "10.7.0.0/16", "10.0.0.3", b.eth0);
	put(b.eth0, hdr("10.0.0.2", "10.7.0.1"), "abc", 3);
	expect_reject(ICMP_REDIRECT, ICMP_REDIRECT_HOST, lab_ip("10.0.0.3"));
	CU_ASSERT_EQUAL(rejected.ttl, 64);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0); /* and the packet goes on */
	CU_ASSERT_EQUAL(seen.ip.ttl, 63);
	bench_close(&b);
}

/* RFC1812-5.2.7.2b */
static void no_redirect_where_the_source_could_not_follow_it(void)
{
	struct bench b = bench_router();

	lab_route(b.s, "10.7.0.0/16", "10.0.0.3", b.eth0);
	lab_route(b.s, "10.8.0.0/16", "10.0.0.2", b.eth0);
	put(b.eth0, hdr("10.8.0.1", "10.7.0.1"), "abc", 3); /* from another subnet */
	put(b.eth1, hdr("10.0.1.2", "10.7.0.1"), "abc", 3); /* in by another device */
	sysctl_set(b.s, "net.ipv4.conf.all.send_redirects", 0);
	sysctl_set(b.s, "net.ipv4.conf.eth0.send_redirects", 0);
	put(b.eth0, hdr("10.0.0.2", "10.7.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(MIB(b, IpForwDatagrams), 3);
	bench_close(&b);
}

static unsigned redirects_for(struct bench *b, unsigned packets, uint64_t gap_ns)
{
	rejected.count = 0;
	for (unsigned i = 0; i < packets; i++) {
		put(b->eth0, hdr("10.0.0.2", "10.7.0.1"), "abc", 3);
		lab_run(b->lab, gap_ns);
	}
	lab_sent_clear(b->eth0);
	return rejected.count;
}

static void a_host_that_does_not_listen_is_told_nine_times_at_growing_distance(void)
{
	struct bench b = bench_router();

	lab_route(b.s, "10.7.0.0/16", "10.0.0.3", b.eth0);
	CU_ASSERT_EQUAL(redirects_for(&b, 10, NS_PER_MS), 1);
	CU_ASSERT_EQUAL(redirects_for(&b, 1000, 20 * NS_PER_MS), 8);
	CU_ASSERT_EQUAL(redirects_for(&b, 100, 20 * NS_PER_MS), 0);
	lab_run(b.lab, 21 * NS_PER_SEC); /* it was quiet: afresh */
	CU_ASSERT_EQUAL(redirects_for(&b, 1, NS_PER_MS), 1);
	bench_close(&b);
}

/* Each waits twice as long as the one before */
static void the_distance_between_redirects_doubles(void)
{
	struct bench b = bench_router();
	uint64_t last = 0, step = 5 * NS_PER_MS;
	unsigned told = 0;

	lab_route(b.s, "10.7.0.0/16", "10.0.0.3", b.eth0);
	for (unsigned i = 0; i < 2500; i++) {
		unsigned now_told = redirects_for(&b, 1, 0);
		uint64_t gap = stack_now(b.s) - last, least = (20 * NS_PER_MS) << told;
		if (now_told && told)
			CU_ASSERT(gap > least && gap <= least + step);
		last = now_told ? stack_now(b.s) : last;
		told += now_told;
		lab_run(b.lab, step);
	}
	CU_ASSERT_EQUAL(told, 9);
	bench_close(&b);
}

/* A super-frame from 10.0.0.2 to 10.0.1.2 comes in. */
static void put_super_frame(struct bench *b, bool df, size_t len, uint16_t mss)
{
	struct ip_hdr h = hdr("10.0.0.2", "10.0.1.2");

	h.df = df;
	h.id = 0x1234;
	struct tcp_hdr tcp = {.flags = TCP_ACK};
	dev_input(b->eth0,
		lab_super_frame(b->s, b->eth0->mac, (struct mac){{2, 0, 0, 0, 1, 2}}, h, tcp, len, mss));
	lab_settle(b->lab);
}

static void a_super_frame_goes_on_in_one_piece_when_its_segments_fit(void)
{
	struct bench b = bench_router();
	struct lab_ip_seen seen;

	b.eth1->features = DEV_CAN_CSUM | DEV_CAN_GSO;
	for (int df = 0; df < 2; df++) {
		put_super_frame(&b, df, 20000, 1460);
		CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 1);
		seen = lab_sent_ip(b.eth1);
		CU_ASSERT_EQUAL(seen.ip.total_len, 20040);
		CU_ASSERT_EQUAL(seen.ip.ttl, 63);
	}
	CU_ASSERT_EQUAL(MIB(b, IpFragCreates), 0);
	b.eth1->features = 0;
	put_super_frame(&b, true, 20000, 1460);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 14);
	while (lab_sent_count(b.eth1)) {
		seen = lab_sent_ip(b.eth1);
		CU_ASSERT_EQUAL(seen.ip.ttl, 63);
		CU_ASSERT_EQUAL(tcp_csum(seen.payload, seen.len, seen.ip.src, seen.ip.dst), 0);
	}
	bench_close(&b);
}

/* RFC1191-4: it is the segments that are too big */
static void a_super_frame_whose_segments_are_too_big_tells_the_mtu(void)
{
	struct bench b = bench_router();

	put_super_frame(&b, true, 20000, 1461);
	expect_reject(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1500);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	bench_close(&b);
}

/* Each segment may be fragmented: that is what TCP sent, as far as IP is concerned. */
static void segments_of_a_super_frame_are_fragmented_where_they_may(void)
{
	struct bench b = bench_router();

	put_super_frame(&b, false, 3000, 1461); /* 1461, 1461 and 78 octets */
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 5);
	CU_ASSERT_EQUAL(MIB(b, IpFragCreates), 4);
	for (uint16_t id = 0x1234; id < 0x1237; id++) {
		struct lab_ip_seen seen = lab_sent_ip(b.eth1);
		CU_ASSERT_EQUAL(seen.ip.id, id);
		CU_ASSERT_EQUAL(seen.ip.mf, id < 0x1236);
		seen = seen.ip.mf ? lab_sent_ip(b.eth1) : seen;
		CU_ASSERT_EQUAL(seen.ip.id, id);
		CU_ASSERT_FALSE(seen.ip.mf);
	}
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

/* Two links with the same addresses: the next hop may well be out of the source's reach. */
static void no_redirect_for_what_leaves_by_another_device(void)
{
	struct bench b = bench_router();

	lab_addr(b.eth1, "10.0.0.9/24");
	know(b.eth1, "10.0.0.3", 3);
	lab_route(b.s, "10.7.0.0/16", "10.0.0.3", b.eth1);
	put(b.eth0, hdr("10.0.0.2", "10.7.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 1);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

SUITE(ip_forward, T(a_super_frame_goes_on_in_one_piece_when_its_segments_fit),
	T(a_super_frame_whose_segments_are_too_big_tells_the_mtu),
	T(segments_of_a_super_frame_are_fragmented_where_they_may), T(the_distance_between_redirects_doubles),
	T(no_redirect_for_what_leaves_by_another_device), T(one_hop_costs_one_ttl_and_nothing_else_changes),
	T(forwarding_is_switched_by_the_device_a_packet_comes_by),
	T(too_big_with_df_tells_the_mtu_of_the_next_link),
	T(what_hosts_said_about_a_path_does_not_count_for_others), T(a_route_may_have_an_mtu_of_its_own),
	T(no_way_is_said_by_its_code), T(a_next_hop_that_does_not_answer_is_reported_to_the_source),
	T(ip_directed_broadcast_forward), T(a_limited_broadcast_stays_on_its_link),
	T(link_local_addresses_stay_on_their_link), T(a_redirect_names_the_better_first_hop),
	T(no_redirect_where_the_source_could_not_follow_it),
	T(a_host_that_does_not_listen_is_told_nine_times_at_growing_distance))
