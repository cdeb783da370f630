/* SPDX-License-Identifier: MIT */
/* IPv4 as a whole: what it tells other layers, what it cleans up, and three hosts in a row. */
#include "tests/unit/ip/bench.h"

/* ---- what other layers ask ---- */

static void onlink_is_what_a_device_reaches_without_a_gateway(void)
{
	struct bench b = bench_open();

	lab_route(b.s, "10.7.0.0/16", "10.0.0.3", b.eth0);
	CU_ASSERT(b.s->onlink(b.eth0->netif, lab_ip("10.0.0.77")));
	CU_ASSERT_FALSE(b.s->onlink(b.eth1->netif, lab_ip("10.0.0.77")));
	CU_ASSERT_FALSE(b.s->onlink(b.eth0->netif, lab_ip("10.7.0.1")));
	CU_ASSERT_FALSE(b.s->onlink(b.eth0->netif, lab_ip("10.0.0.1"))); /* ourselves */
	CU_ASSERT_FALSE(b.s->onlink(b.eth0->netif, lab_ip("8.8.8.8")));
	bench_close(&b);
}

static void proxies_says_what_a_router_would_carry_elsewhere(void)
{
	struct bench b = bench_router();

	CU_ASSERT(b.s->proxies(b.eth0->netif, lab_ip("10.0.1.2")));
	CU_ASSERT_FALSE(b.s->proxies(b.eth0->netif, lab_ip("10.0.0.2"))); /* there anyway */
	CU_ASSERT_FALSE(b.s->proxies(b.eth0->netif, lab_ip("10.0.1.1"))); /* ours */
	CU_ASSERT_FALSE(b.s->proxies(b.eth0->netif, lab_ip("8.8.8.8")));
	sysctl_set(b.s, "net.ipv4.ip_forward", 0);
	CU_ASSERT_FALSE(b.s->proxies(b.eth0->netif, lab_ip("10.0.1.2")));
	bench_close(&b);
}

/* RFC1122-I-129 */
static void an_unresolved_next_hop_is_reported_to_a_sender_on_this_host(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct sock_addr a = {.ip = lab_ip("10.0.0.77")};

	CU_ASSERT_EQUAL(sock_send(sk, "x", 1, 0, &a), 1);
	lab_run(b.lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(rejected.count, 1);
	CU_ASSERT_EQUAL(rejected.why.code, ICMP_HOST_UNREACH);
	CU_ASSERT_EQUAL(rejected.about.src, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(rejected.about.dst, lab_ip("10.0.0.77"));
	sock_close(sk);
	bench_close(&b);
}

static struct {
	unsigned count;
	uint8_t type;
} noted;

static void take_note(struct stack *s, const struct icmp_note *note)
{
	(void)s;
	noted.count++;
	noted.type = note->type;
}

static void refuse_port(struct stack *s, struct pkt *p)
{
	ip_reject(s, p, (struct ip_reject){ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0});
	CU_ASSERT_EQUAL(memcmp(p->data, "abc", 3), 0); /* where it was */
	pkt_done(p);
}

static const struct proto transport = {
	.name = "transport", .number = PROTO_TEST, .input = refuse_port, .note = take_note};

/* RFC1122-I-129, RFC1122-I-130 */
static void a_transport_refuses_by_icmp_and_hears_of_icmp(void)
{
	struct bench b = bench_open();
	struct ip_hdr quoted = hdr("10.0.0.1", "10.0.0.2");

	b.s->by_number[PROTO_TEST] = &transport;
	put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), "abc", 3);
	CU_ASSERT_EQUAL(rejected.count, 1);
	CU_ASSERT_EQUAL(rejected.why.code, ICMP_PORT_UNREACH);
	CU_ASSERT_EQUAL(rejected.about.src, lab_ip("10.0.0.2"));
	noted.count = 0;
	ip_note(b.s, &(struct icmp_note){.type = ICMP_TIME_EXCEEDED, .quoted = &quoted});
	CU_ASSERT_EQUAL(noted.count, 1);
	CU_ASSERT_EQUAL(noted.type, ICMP_TIME_EXCEEDED);
	ip_set_reject(b.s, NULL); /* a host without ICMP */
	put(b.eth0, hdr("10.0.0.2", "10.0.0.1"), "abc", 3);
	put(b.eth0, hdr("10.0.0.2", "10.0.0.9"), "abc", 3);
	CU_ASSERT_EQUAL(rejected.count, 1);
	bench_close(&b);
}

static void stat_counts_what_ip_holds(void)
{
	struct bench b = bench_open();
	struct ip_stat before, after;
	struct ip_hdr h = hdr("10.0.0.2", "10.0.0.1");

	ip_stat(b.s, &before);
	CU_ASSERT_EQUAL(before.reassembling, 0);
	lab_route(b.s, "10.7.0.0/16", "10.0.0.3", b.eth0);
	h.mf = true;
	put(b.eth0, h, "12345678", 8);
	ip_stat(b.s, &after);
	CU_ASSERT_EQUAL(after.routes, before.routes + 1);
	CU_ASSERT_EQUAL(after.reassembling, 1);
	CU_ASSERT(after.reassembly_bytes > 0);
	bench_close(&b);
}

/* ---- three hosts in a row ---- */

struct row {
	struct lab *lab;
	struct stack *a, *r, *c;
	struct sock *at_a, *at_c;
};

/* a 10.0.0.1 --- 10.0.0.254 r 10.0.1.254 --- 10.0.1.1 c */
static struct row row_open(void)
{
	struct row w = {.lab = lab_new()};

	w.a = lab_host(w.lab, "a");
	w.r = lab_host(w.lab, "r");
	w.c = lab_host(w.lab, "c");
	lab_veth(w.a, "eth0", "10.0.0.1/24", w.r, "eth0", "10.0.0.254/24");
	lab_veth(w.r, "eth1", "10.0.1.254/24", w.c, "eth0", "10.0.1.1/24");
	lab_route(w.a, "default", "10.0.0.254", dev_by_name(w.a, "eth0"));
	lab_route(w.c, "default", "10.0.1.254", dev_by_name(w.c, "eth0"));
	sysctl_set(w.r, "net.ipv4.ip_forward", 1);
	w.at_a = sock_open(w.a, SOCK_RAW, PROTO_TEST);
	w.at_c = sock_open(w.c, SOCK_RAW, PROTO_TEST);
	ip_set_reject(w.a, record_reject);
	ip_set_reject(w.r, record_reject);
	ip_set_reject(w.c, record_reject);
	rejected.count = 0;
	return w;
}

static void row_close(struct row *w)
{
	sock_close(w->at_a);
	sock_close(w->at_c);
	lab_free(w->lab);
}

static ssize_t row_send(struct row *w, const void *data, size_t len)
{
	struct sock_addr c = {.ip = lab_ip("10.0.1.1")};
	ssize_t n = sock_send(w->at_a, data, len, 0, &c);

	lab_run(w->lab, 10 * NS_PER_MS);
	return n;
}

/* RFC1812-5.3.1, RFC1122-I-18, RFC1122-I-99, RFC791-6, RFC1812-3.3.2b */
static void packets_of_every_size_cross_a_router_and_the_first_is_not_lost(void)
{
	struct row w = row_open();
	static uint8_t data[60000], got[60020];
	static const size_t sizes[] = {0, 1, 576, 1480, 1481, 9000, 60000};
	struct sock_msg msg;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31 + i / 256);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CU_ASSERT_EQUAL(row_send(&w, data, sizes[i]), (ssize_t)sizes[i]);
		CU_ASSERT_EQUAL(sock_recv(w.at_c, got, sizeof(got), 0, &msg), (ssize_t)sizes[i] + 20);
		CU_ASSERT_EQUAL(memcmp(got + 20, data, sizes[i]), 0);
		CU_ASSERT_EQUAL(msg.ttl, 63);
		CU_ASSERT_EQUAL(msg.from.ip, lab_ip("10.0.0.1"));
	}
	CU_ASSERT_EQUAL(w.r->mib[MIB_IpReasmReqds], 0);
	CU_ASSERT_EQUAL(rejected.count, 0);
	row_close(&w);
}

/* RFC1812-5.2.7.3 */
static void a_ttl_that_ends_at_the_router_is_reported_there(void)
{
	struct row w = row_open();

	CU_ASSERT_EQUAL(sock_set(w.at_a, SO_OPT_TTL, 1), 0);
	row_send(&w, "x", 1);
	CU_ASSERT_EQUAL(rejected.why.type, ICMP_TIME_EXCEEDED);
	CU_ASSERT_EQUAL(stack_drops(w.r, DROP_IP_TTL_EXCEEDED), 1);
	CU_ASSERT_EQUAL(sock_set(w.at_a, SO_OPT_TTL, 2), 0);
	row_send(&w, "x", 1);
	CU_ASSERT_EQUAL(heard(w.at_c), 1);
	row_close(&w);
}

static void a_narrow_link_behind_the_router_is_reported_or_fragmented_for(void)
{
	struct row w = row_open();
	static uint8_t data[1400];

	CU_ASSERT_EQUAL(dev_set_mtu(dev_by_name(w.r, "eth1"), 600), 0);
	row_send(&w, data, sizeof(data));
	CU_ASSERT_EQUAL(heard(w.at_c), 0);
	CU_ASSERT_EQUAL(rejected.why.code, ICMP_FRAG_NEEDED);
	CU_ASSERT_EQUAL(rejected.why.info, 600);
	CU_ASSERT_EQUAL(sock_set(w.at_a, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DONT), 0);
	row_send(&w, data, sizeof(data));
	CU_ASSERT_EQUAL(heard(w.at_c), 1);
	CU_ASSERT_EQUAL(w.r->mib[MIB_IpFragOKs], 1);
	row_close(&w);
}

static void record_route_names_every_hop(void)
{
	struct row w = row_open();
	static const uint8_t opts[] = {IPOPT_NOP, IPOPT_RR, 15, 4};
	uint8_t rr[16] = {0};
	struct sock_msg msg;

	memcpy(rr, opts, sizeof(opts));
	CU_ASSERT_EQUAL(sock_set_ip_options(w.at_a, rr, sizeof(rr)), 0);
	row_send(&w, "x", 1);
	CU_ASSERT_EQUAL_FATAL(sock_recv(w.at_c, NULL, 0, 0, &msg), 20 + 16 + 1);
	CU_ASSERT_EQUAL(get32(*(be32 *)(msg.opts + 4)), lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(get32(*(be32 *)(msg.opts + 8)), lab_ip("10.0.1.254"));
	CU_ASSERT_EQUAL(msg.opts[3], 12);
	row_close(&w);
}

/* The device of a packet that waits at the router goes away: both its ends, one after the other. */
static void devices_may_go_while_packets_are_on_their_way(void)
{
	for (int which = 0; which < 2; which++) {
		struct row w = row_open();
		struct sock_addr nobody = {.ip = lab_ip("10.0.1.77")};

		CU_ASSERT_EQUAL(sock_send(w.at_a, "x", 1, 0, &nobody), 1);
		lab_run(w.lab, 100 * NS_PER_MS);
		dev_unregister(dev_by_name(w.r, which ? "eth1" : "eth0"));
		lab_run(w.lab, 10 * NS_PER_SEC);
		row_close(&w);
	}
}

SUITE(ip_ip, T(onlink_is_what_a_device_reaches_without_a_gateway),
	T(proxies_says_what_a_router_would_carry_elsewhere),
	T(an_unresolved_next_hop_is_reported_to_a_sender_on_this_host),
	T(a_transport_refuses_by_icmp_and_hears_of_icmp), T(stat_counts_what_ip_holds),
	T(packets_of_every_size_cross_a_router_and_the_first_is_not_lost),
	T(a_ttl_that_ends_at_the_router_is_reported_there),
	T(a_narrow_link_behind_the_router_is_reported_or_fragmented_for), T(record_route_names_every_hop),
	T(devices_may_go_while_packets_are_on_their_way))
