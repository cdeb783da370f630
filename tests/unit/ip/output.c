/* SPDX-License-Identifier: MIT */
/* What goes out: the way, the header, loops to ourselves, errors to the sender. */
#include "net/gso.h"
#include "tests/unit/ip/bench.h"

static struct ip_send to(const char *dst)
{
	return (struct ip_send){.dst = lab_ip(dst), .proto = PROTO_TEST};
}

static int send_now(struct bench *b, size_t len, struct ip_send how)
{
	struct pkt *p = stack_pkt(b->s, len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	memset(pkt_put(p, len), 'x', len);
	return ip_output(b->s, p, &how);
}

static int send_len(struct bench *b, size_t len, struct ip_send how)
{
	int err = send_now(b, len, how);

	lab_settle(b->lab);
	return err;
}

/* ---- the header ---- */

/* RFC1122-I-20, RFC1122-I-25, RFC1122-I-26, RFC1122-I-127, RFC1122-I-13, RFC1812-4.2.2.11a */
static void the_header_says_what_the_transport_and_the_settings_wish(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");

	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.payload);
	CU_ASSERT_EQUAL(seen.ip.src, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(seen.ip.ttl, 64);
	CU_ASSERT_EQUAL(seen.ip.tos, 0);
	CU_ASSERT_EQUAL(seen.ip.total_len, 28);
	CU_ASSERT_EQUAL(seen.ip.proto, PROTO_TEST);
	how.tos = 0x10;
	how.ttl = 3;
	how.src = lab_ip("10.0.1.1"); /* any of our own */
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	seen = lab_sent_ip(b.eth0);
	CU_ASSERT_EQUAL(seen.ip.src, lab_ip("10.0.1.1"));
	CU_ASSERT_EQUAL(seen.ip.ttl, 3);
	CU_ASSERT_EQUAL(seen.ip.tos, 0x10);
	sysctl_set(b.s, "net.ipv4.ip_default_ttl", 33);
	CU_ASSERT_EQUAL(send_len(&b, 8, to("10.0.0.2")), 0);
	CU_ASSERT_EQUAL(lab_sent_ip(b.eth0).ip.ttl, 33);
	CU_ASSERT_EQUAL(MIB(b, IpOutRequests), 3);
	CU_ASSERT_EQUAL(MIB(b, IpExtOutOctets), 3 * 28);
	bench_close(&b);
}

/* RFC1122-I-23, RFC1812-4.2.2.9b */
static void no_ttl_that_can_be_set_is_0(void)
{
	struct bench b = bench_open();
	struct ip_send group = to("224.0.0.9");

	group.oif = b.eth0->ifindex;
	CU_ASSERT_EQUAL(sysctl_set(b.s, "net.ipv4.ip_default_ttl", 0), -EINVAL);
	CU_ASSERT_EQUAL(send_len(&b, 8, to("10.0.0.2")), 0);
	CU_ASSERT(lab_sent_ip(b.eth0).ip.ttl > 0);
	CU_ASSERT_EQUAL(send_len(&b, 8, group), 0);
	CU_ASSERT_EQUAL(lab_sent_ip(b.eth0).ip.ttl, 1);
	bench_close(&b);
}

/* RFC6864-4.1a, RFC6864-4.1b */
static void only_what_may_be_fragmented_has_an_id(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");
	unsigned zero = 0;

	for (int i = 0; i < 8; i++) {
		CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
		zero += lab_sent_ip(b.eth0).ip.id == 0;
	}
	CU_ASSERT(zero < 2);
	how.df = true;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT(seen.ip.df && seen.ip.id == 0);
	bench_close(&b);
}

static void df_if_fits_has_df_until_it_must_fragment(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");

	how.df_if_fits = true;
	CU_ASSERT_EQUAL(send_len(&b, 1480, how), 0);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT(seen.ip.df && seen.ip.id == 0);
	CU_ASSERT_EQUAL(send_len(&b, 1481, how), 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 2);
	CU_ASSERT_FALSE(lab_sent_ip(b.eth0).ip.df);
	bench_close(&b);
}

/* RFC1122-I-108, RFC1191-3a */
static void the_path_mtu_is_respected_unless_it_is_to_be_ignored(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");

	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0); /* only who sent something is believed */
	lab_sent_clear(b.eth0);
	CU_ASSERT_EQUAL(route_pmtu_update(b.s, how.dst, 1000, 1500), 1000);
	CU_ASSERT_EQUAL(ip_path_mtu(b.s, how.dst), 1000);
	how.df = true;
	CU_ASSERT_EQUAL(send_len(&b, 981, how), -EMSGSIZE);
	how.ignore_pmtu = true;
	CU_ASSERT_EQUAL(send_len(&b, 981, how), 0);
	CU_ASSERT_EQUAL(lab_sent_ip(b.eth0).ip.total_len, 1001);
	CU_ASSERT_EQUAL(send_len(&b, 1481, how), -EMSGSIZE); /* the link's own counts */
	how = to("10.0.0.2");
	CU_ASSERT_EQUAL(send_len(&b, 981, how), 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 2);
	bench_close(&b);
}

static void a_path_mtu_below_the_least_believed_is_used_without_df(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");

	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	lab_sent_clear(b.eth0);
	CU_ASSERT_EQUAL(route_pmtu_update(b.s, how.dst, 200, 1500), 552);
	how.df_if_fits = true;
	CU_ASSERT_EQUAL(send_len(&b, 100, how), 0);
	CU_ASSERT_FALSE(lab_sent_ip(b.eth0).ip.df);
	bench_close(&b);
}

/* RFC1122-I-106, RFC1122-I-126 */
static void a_transport_can_ask_how_much_it_may_send(void)
{
	struct bench b = bench_open();

	CU_ASSERT_EQUAL(ip_path_mtu(b.s, lab_ip("10.0.0.2")), 1500);
	CU_ASSERT_EQUAL(ip_path_mtu(b.s, lab_ip("192.168.0.1")), 0);
	CU_ASSERT(b.eth0->flags & DEV_MULTICAST);
	bench_close(&b);
}

/* RFC1122-I-27 */
static void options_go_out_and_bad_ones_do_not(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");
	uint8_t opts[40] = {IPOPT_RR, 39, 4};

	how.opts = opts;
	how.opts_len = 40;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT_EQUAL_FATAL(seen.ip.hdr_len, 60);
	CU_ASSERT_EQUAL(
		get32(*(const be32 *)(seen.header + 23)), lab_ip("10.0.0.1")); /* the first hop is us */
	how.router_alert = true;					       /* and 4 more do not fit */
	CU_ASSERT_EQUAL(send_len(&b, 8, how), -EINVAL);
	how.opts_len = 0;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	seen = lab_sent_ip(b.eth0);
	CU_ASSERT_EQUAL(memcmp(seen.header + 20, "\x94\x04\0\0", 4), 0);
	how.router_alert = false;
	how.opts_len = 3;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), -EINVAL);
	how.opts_len = 4;
	opts[1] = 200;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), -EINVAL);
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_OPTION), 3);
	opts[0] = IPOPT_LSRR;
	opts[1] = 3;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), -EINVAL);
	CU_ASSERT_EQUAL(DROPS(b, IP_SOURCE_ROUTE), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
	bench_close(&b);
}

/* ---- errors ---- */

/* RFC1122-I-13, RFC1122-I-16, RFC1122-I-17, RFC1812-4.2.2.11a, RFC1812-4.2.2.11c */
static void a_source_that_is_not_ours_is_refused(void)
{
	struct bench b = bench_open();
	static const char *const sources[] = {
		"10.0.0.2", "10.0.0.255", "255.255.255.255", "224.0.0.1", "127.0.0.1", "8.8.8.8"};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct ip_send how = to("10.0.0.2");
		how.src = lab_ip(sources[i]);
		CU_ASSERT_EQUAL(send_len(&b, 8, how), -EINVAL);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_SOURCE), ARRAY_SIZE(sources));
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
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

static void what_has_no_way_ends_with_its_reason(void)
{
	struct bench b = bench_open();

	add_special(&b, "10.9.0.0", ROUTE_UNREACHABLE);
	add_special(&b, "10.9.1.0", ROUTE_PROHIBIT);
	add_special(&b, "10.9.2.0", ROUTE_BLACKHOLE);
	CU_ASSERT_EQUAL(send_len(&b, 8, to("192.168.0.1")), -ENETUNREACH);
	CU_ASSERT_EQUAL(send_len(&b, 8, to("10.9.0.1")), -EHOSTUNREACH);
	CU_ASSERT_EQUAL(send_len(&b, 8, to("10.9.1.1")), -EACCES);
	CU_ASSERT_EQUAL(send_len(&b, 8, to("10.9.2.1")), -EINVAL);
	CU_ASSERT_EQUAL(DROPS(b, IP_NO_ROUTE), 1);
	CU_ASSERT_EQUAL(DROPS(b, IP_ROUTE_UNREACHABLE), 1);
	CU_ASSERT_EQUAL(DROPS(b, IP_ROUTE_PROHIBIT), 1);
	CU_ASSERT_EQUAL(DROPS(b, IP_ROUTE_BLACKHOLE), 1);
	CU_ASSERT_EQUAL(MIB(b, IpOutNoRoutes), 4);
	bench_close(&b);
}

/* The wire gets a whole checksum, in one piece and in two. */
static void a_checksum_of_the_transport_is_filled_in_on_the_way(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");
	uint8_t data[1600];

	how.csum_offset = 6;
	for (size_t len = 100; len <= 1600; len += 1500) {
		uint64_t sum = csum_pseudo(lab_ip("10.0.0.1"), how.dst, PROTO_TEST, (uint16_t)len);
		CU_ASSERT_EQUAL(send_len(&b, len, how), 0);
		for (size_t at = 0; at < len;) {
			struct lab_ip_seen seen = lab_sent_ip(b.eth0);
			CU_ASSERT_FATAL(seen.payload && seen.ip.frag_off == at && at + seen.len <= len);
			memcpy(data + at, seen.payload, seen.len);
			at += seen.len;
		}
		CU_ASSERT_EQUAL(csum_finish(csum_add(sum, data, len)), 0);
	}
	bench_close(&b);
}

/* ---- to ourselves, to all, to a group ---- */

/* RFC1122-I-17 */
static void what_is_for_ourselves_comes_back_by_lo_in_the_next_turn(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct sock_msg msg;

	CU_ASSERT_EQUAL(send_now(&b, 8, to("10.0.0.1")), 0);
	CU_ASSERT_EQUAL(heard(sk), 0);
	lab_settle(b.lab);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, &msg), 28);
	CU_ASSERT_EQUAL(msg.from.ip, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(msg.from.ifindex, b.s->lo->ifindex);
	CU_ASSERT_EQUAL(send_len(&b, 65000, to("127.0.0.1")), 0); /* in one piece */
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(MIB(b, IpFragCreates), 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1122-I-120, RFC1122-I-119, RFC1122-I-122 */
static void broadcasts_need_leave_and_are_heard_by_ourselves(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct ip_send how = to("10.0.0.255");

	CU_ASSERT_EQUAL(send_len(&b, 8, how), -EACCES);
	CU_ASSERT_EQUAL(DROPS(b, IP_BROADCAST_DENIED), 1);
	how.broadcast_ok = true;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT(mac_is_broadcast(seen.eth.dst));
	CU_ASSERT_EQUAL(heard(sk), 1);
	how.dst = IP_BROADCAST;
	how.oif = b.eth1->ifindex;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	seen = lab_sent_ip(b.eth1);
	CU_ASSERT(mac_is_broadcast(seen.eth.dst));
	CU_ASSERT_EQUAL(seen.ip.src, lab_ip("10.0.1.1"));
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(MIB(b, IpExtOutBcastPkts), 2);
	CU_ASSERT_EQUAL(MIB(b, IpExtOutBcastOctets), 56);
	sock_close(sk);
	bench_close(&b);
}

static void a_broadcast_on_lo_comes_back_once(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct ip_send how = to("255.255.255.255");

	how.broadcast_ok = true;
	how.oif = b.s->lo->ifindex;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	CU_ASSERT_EQUAL(heard(sk), 1);
	sock_close(sk);
	bench_close(&b);
}

/* RFC1122-I-123, RFC1112-4 */
static void a_member_hears_its_own_multicasts(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct ip_send how = to("239.1.2.3");

	how.oif = b.eth0->ifindex;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	CU_ASSERT_EQUAL(heard(sk), 0);
	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, how.dst), 0);
	lab_run(b.lab, 60 * NS_PER_SEC); /* IGMP has told it */
	lab_sent_clear(b.eth0);
	uint64_t before = MIB(b, IpExtOutMcastPkts);
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	CU_ASSERT_EQUAL(heard(sk), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 1);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT(mac_equal(seen.eth.dst, ether_multicast(how.dst)));
	CU_ASSERT_EQUAL(MIB(b, IpExtOutMcastPkts), before + 1);
	how.no_loop = true;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	CU_ASSERT_EQUAL(heard(sk), 0);
	sock_close(sk);
	bench_close(&b);
}

static void copies_for_ourselves_are_bounded_and_go_with_their_device(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.255");

	how.broadcast_ok = true;
	for (int i = 0; i < 1003; i++)
		CU_ASSERT_EQUAL(send_now(&b, 8, how), 0);
	CU_ASSERT_EQUAL(DROPS(b, DEV_QUEUE_FULL), 3);
	lab_sent_clear(b.eth0);
	how.dst = lab_ip("10.0.1.255");
	lab_settle(b.lab);
	CU_ASSERT_EQUAL(send_now(&b, 8, how), 0);
	how.dst = lab_ip("10.0.0.255");
	CU_ASSERT_EQUAL(send_now(&b, 8, how), 0);
	dev_unregister(b.eth1);
	CU_ASSERT_EQUAL(DROPS(b, DEV_DOWN), 1);
	lab_settle(b.lab);
	CU_ASSERT_EQUAL(DROPS(b, IP_UNKNOWN_PROTOCOL), 1001);
	bench_close(&b);
}

static uint8_t link_tos;

static int record_tos(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	(void)n, (void)nexthop;
	link_tos = p->ip.tos;
	pkt_done(p);
	return 0;
}

/* RFC1122-L-14: for queues and links that care */
static void the_link_is_told_the_tos(void)
{
	struct bench b = bench_open();
	struct ip_send how = to("10.0.0.2");

	b.eth0->netif->output = record_tos;
	how.tos = 0x88;
	CU_ASSERT_EQUAL(send_len(&b, 8, how), 0);
	CU_ASSERT_EQUAL(link_tos, 0x88);
	link_tos = 0;
	CU_ASSERT_EQUAL(send_len(&b, 3000, how), 0); /* of fragments too */
	CU_ASSERT_EQUAL(link_tos, 0x88);
	bench_close(&b);
}

/* As TCP sends: what it leaves to the link is done at the link, or never on the way to ourselves. */
static void a_super_frame_is_cut_at_the_device_and_reaches_ourselves_whole(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, IP_PROTO_TCP);
	struct ip_send how = {.src = lab_ip("10.0.0.1"),
		.proto = IP_PROTO_TCP,
		.df = true,
		.csum_offset = TCP_CHECK_OFFSET};
	struct tcp_hdr h = {.sport = 1, .dport = 2, .hdr_len = TCP_HDR_LEN, .flags = TCP_ACK};

	for (int own = 0; own < 2; own++) {
		struct pkt *p = stack_pkt(b.s, 20 + 14600);
		how.dst = lab_ip(own ? "10.0.0.1" : "10.0.0.2");
		memset(pkt_put(p, 20 + 14600), 'x', 20 + 14600);
		tcp_emit(p->data, &h);
		p->offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		p->offload.gso_size = 1460;
		p->offload.hdr_len = TCP_HDR_LEN;
		CU_ASSERT_EQUAL(ip_output(b.s, p, &how), 0);
		lab_settle(b.lab);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 10);
	while (lab_sent_count(b.eth0)) {
		struct lab_ip_seen seen = lab_sent_ip(b.eth0);
		CU_ASSERT_EQUAL_FATAL(seen.len, 20 + 1460);
		CU_ASSERT(seen.ip.df);
		CU_ASSERT_EQUAL(tcp_csum(seen.payload, seen.len, seen.ip.src, seen.ip.dst), 0);
	}
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), 40 + 14600);
	sock_close(sk);
	bench_close(&b);
}

/* Nobody can cut what is not there. */
static void parts_are_copied_before_a_packet_is_cut(void)
{
	struct bench b = bench_open();
	struct blob *text = lab_text(4000);
	struct ip_send how = to("10.0.0.2");
	uint32_t at = 0;

	b.eth0->features = DEV_CAN_ALL | DEV_CAN_SG;
	struct tcp_hdr h = {.sport = 1, .dport = 2, .hdr_len = TCP_HDR_LEN, .flags = TCP_ACK};
	struct pkt *p = stack_pkt(b.s, text->len);
	lab_put_parts(p, text);
	CU_ASSERT_EQUAL(ip_output(b.s, p, &how), 0);
	CU_ASSERT_EQUAL(text->refs, 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 3);
	while (lab_sent_count(b.eth0)) {
		struct lab_ip_seen seen = lab_sent_ip(b.eth0);
		CU_ASSERT_EQUAL(memcmp(seen.payload, text->bytes + at, seen.len), 0);
		at += (uint32_t)seen.len;
	}
	CU_ASSERT_EQUAL(at, text->len);

	/* a super-frame of which the pieces do not fit either */
	p = stack_pkt(b.s, TCP_HDR_LEN + text->len);
	tcp_emit(pkt_put(p, TCP_HDR_LEN), &h);
	lab_put_parts(p, text);
	p->offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	p->offload.gso_size = 2000;
	p->offload.hdr_len = TCP_HDR_LEN;
	how.proto = IP_PROTO_TCP;
	how.csum_offset = TCP_CHECK_OFFSET;
	CU_ASSERT_EQUAL(ip_output(b.s, p, &how), 0);
	CU_ASSERT_EQUAL(text->refs, 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 4);
	at = 0;
	for (int i = 0; i < 4; i++) {
		struct lab_ip_seen seen = lab_sent_ip(b.eth0);
		size_t header = i % 2 ? 0 : TCP_HDR_LEN;
		CU_ASSERT_EQUAL(memcmp(seen.payload + header, text->bytes + at, seen.len - header), 0);
		at += (uint32_t)(seen.len - header);
	}
	CU_ASSERT_EQUAL(at, text->len);
	bench_close(&b);
	blob_unref(text);
}

SUITE(ip_output, T(parts_are_copied_before_a_packet_is_cut),
	T(a_super_frame_is_cut_at_the_device_and_reaches_ourselves_whole), T(the_link_is_told_the_tos),
	T(the_header_says_what_the_transport_and_the_settings_wish), T(no_ttl_that_can_be_set_is_0),
	T(only_what_may_be_fragmented_has_an_id), T(df_if_fits_has_df_until_it_must_fragment),
	T(a_checksum_of_the_transport_is_filled_in_on_the_way),
	T(the_path_mtu_is_respected_unless_it_is_to_be_ignored),
	T(a_path_mtu_below_the_least_believed_is_used_without_df),
	T(a_transport_can_ask_how_much_it_may_send), T(options_go_out_and_bad_ones_do_not),
	T(a_source_that_is_not_ours_is_refused), T(what_has_no_way_ends_with_its_reason),
	T(what_is_for_ourselves_comes_back_by_lo_in_the_next_turn),
	T(broadcasts_need_leave_and_are_heard_by_ourselves), T(a_broadcast_on_lo_comes_back_once),
	T(a_member_hears_its_own_multicasts), T(copies_for_ourselves_are_bounded_and_go_with_their_device))
