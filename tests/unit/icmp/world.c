/* SPDX-License-Identifier: MIT */
/* Hosts and routers that talk to each other, with ARP and all: what a ping sees of them. */
#include "dev/kinds.h"
#include "tests/unit/icmp/bench.h"

/* h1 10.0.1.1 --- 10.0.1.254 r 10.0.2.254 --- 10.0.2.1 h2 */
struct row {
	struct lab *l;
	struct stack *h1, *r, *h2;
	struct sock *ping;
	uint32_t target;
};

static struct sock *open_ping(struct stack *s)
{
	struct sock *ping = sock_open(s, SOCK_DGRAM, IP_PROTO_ICMP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(ping);
	CU_ASSERT_EQUAL(sock_set(ping, SO_OPT_RECVERR, 1), 0);
	return ping;
}

static struct row row_new(void)
{
	struct row w = {.l = lab_new(), .target = lab_ip("10.0.2.1")};

	w.h1 = lab_host(w.l, "h1");
	w.r = lab_host(w.l, "r");
	w.h2 = lab_host(w.l, "h2");
	lab_veth(w.h1, "eth0", "10.0.1.1/24", w.r, "eth0", "10.0.1.254/24");
	lab_veth(w.h2, "eth0", "10.0.2.1/24", w.r, "eth1", "10.0.2.254/24");
	lab_route(w.h1, "default", "10.0.1.254", dev_by_name(w.h1, "eth0"));
	lab_route(w.h2, "default", "10.0.2.254", dev_by_name(w.h2, "eth0"));
	CU_ASSERT_EQUAL_FATAL(sysctl_set(w.r, "net.ipv4.ip_forward", 1), 0);
	w.ping = open_ping(w.h1);
	return w;
}

static void row_free(struct row *w)
{
	sock_close(w->ping);
	lab_free(w->l);
}

static ssize_t ask(struct sock *sk, uint32_t dst, uint16_t seq, size_t len)
{
	uint8_t *msg = calloc(1, ICMP_HDR_LEN + len);
	struct icmp_hdr h = {ICMP_ECHO, 0, seq};
	struct sock_addr to = {.ip = dst};

	icmp_emit(msg, ICMP_HDR_LEN + len, &h);
	ssize_t n = sock_send(sk, msg, ICMP_HDR_LEN + len, 0, &to);
	free(msg);
	return n;
}

/* The sequence number of the reply that waits, or -1; it must come from `from` and have `len` octets of data.
 */
static int answer(struct sock *sk, uint32_t from, size_t len)
{
	struct sock_msg msg;
	uint8_t b[ICMP_HDR_LEN];
	ssize_t n = sock_recv(sk, b, sizeof(b), 0, &msg);

	if (n < 0)
		return -1;
	CU_ASSERT_EQUAL(n, ICMP_HDR_LEN + len);
	CU_ASSERT_EQUAL(msg.from.ip, from);
	return get16(*(const be16 *)(b + 6));
}

static void ping_crosses_a_router_and_not_even_the_first_is_lost(void)
{
	struct row w = row_new();

	for (uint16_t seq = 1; seq <= 5; seq++)
		CU_ASSERT(ask(w.ping, w.target, seq, 56) > 0);
	lab_run(w.l, 10 * NS_PER_MS);
	for (int seq = 1; seq <= 5; seq++)
		CU_ASSERT_EQUAL(answer(w.ping, w.target, 56), seq);
	row_free(&w);
}

static void ping_of_60000_octets_goes_there_and_back(void)
{
	struct row w = row_new();

	CU_ASSERT(ask(w.ping, w.target, 1, 60000) > 0);
	lab_run(w.l, 100 * NS_PER_MS);
	CU_ASSERT_EQUAL(answer(w.ping, w.target, 60000), 1);
	row_free(&w);
}

static void short_lives_show_the_routers(void)
{
	struct row w = row_new();
	struct sock_error e;

	sock_set(w.ping, SO_OPT_TTL, 1);
	ask(w.ping, w.target, 1, 0);
	lab_run(w.l, 10 * NS_PER_MS);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(w.ping, &e), 0);
	CU_ASSERT_EQUAL(e.type, ICMP_TIME_EXCEEDED);
	CU_ASSERT_EQUAL(e.from, lab_ip("10.0.1.254"));
	CU_ASSERT_EQUAL(e.seq, 1);
	sock_set(w.ping, SO_OPT_TTL, 2);
	ask(w.ping, w.target, 2, 0);
	lab_run(w.l, 10 * NS_PER_MS);
	CU_ASSERT_EQUAL(answer(w.ping, w.target, 0), 2);
	row_free(&w);
}

/* RFC1122-I-52 */
static void silent_neighbour_is_reported_for_every_request_that_waited(void)
{
	static const char *const targets[] = {"10.0.1.77", "10.0.2.77"};
	static const char *const reporters[] = {"10.0.1.1", "10.0.1.254"};
	struct row w = row_new();
	struct sock_error e;

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		for (uint16_t seq = 1; seq <= 3; seq++)
			ask(w.ping, lab_ip(targets[i]), seq, 56);
		lab_run(w.l, 5 * NS_PER_SEC);
		for (uint16_t seq = 1; seq <= 3; seq++) {
			CU_ASSERT_EQUAL_FATAL(sock_recv_error(w.ping, &e), 0);
			CU_ASSERT_EQUAL(e.error, EHOSTUNREACH);
			CU_ASSERT_EQUAL(e.code, ICMP_HOST_UNREACH);
			CU_ASSERT_EQUAL(e.from, lab_ip(reporters[i]));
			CU_ASSERT_EQUAL(e.seq, seq);
		}
	}
	row_free(&w);
}

/* RFC1191-3a, RFC1191-3b, RFC1191-4 */
static void narrow_link_is_found_and_respected(void)
{
	struct row w = row_new();
	struct sock_error e;

	dev_set_mtu(dev_by_name(w.r, "eth1"), 1000);
	dev_set_mtu(dev_by_name(w.h2, "eth0"), 1000);
	sock_set(w.ping, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DO);
	CU_ASSERT(ask(w.ping, w.target, 1, 1400) > 0);
	lab_run(w.l, 10 * NS_PER_MS);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(w.ping, &e), 0);
	CU_ASSERT_EQUAL(e.error, EMSGSIZE);
	CU_ASSERT_EQUAL(e.info, 1000);
	CU_ASSERT_FALSE(e.local);
	CU_ASSERT_EQUAL(ask(w.ping, w.target, 2, 1400), -EMSGSIZE);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(w.ping, &e), 0);
	CU_ASSERT_TRUE(e.local);
	CU_ASSERT_EQUAL(e.info, 1000);
	sock_set(w.ping, SO_OPT_MTU_DISCOVER, SOCK_PMTU_WANT);
	CU_ASSERT(ask(w.ping, w.target, 3, 1400) > 0);
	lab_run(w.l, 10 * NS_PER_MS);
	CU_ASSERT_EQUAL(answer(w.ping, w.target, 1400), 3);
	CU_ASSERT_EQUAL(w.h1->mib[MIB_IcmpInDestUnreachs], 1);
	row_free(&w);
}

/* RFC1122-I-71 */
static void record_route_names_every_hop_there_and_back(void)
{
	static const uint8_t rr[28] = {IPOPT_RR, 27, 4};
	static const char *const hops[] = {"10.0.1.1", "10.0.2.254", "10.0.2.1", "10.0.1.254"};
	struct row w = row_new();
	struct sock_msg msg;

	CU_ASSERT_EQUAL(sock_set_ip_options(w.ping, rr, sizeof(rr)), 0);
	CU_ASSERT(ask(w.ping, w.target, 1, 0) > 0);
	lab_run(w.l, 10 * NS_PER_MS);
	CU_ASSERT_EQUAL_FATAL(sock_recv(w.ping, NULL, 0, 0, &msg), ICMP_HDR_LEN);
	CU_ASSERT_EQUAL_FATAL(msg.opts_len, 28);
	CU_ASSERT_EQUAL(msg.opts[2], 4 + 4 * ARRAY_SIZE(hops));
	for (size_t i = 0; i < ARRAY_SIZE(hops); i++)
		CU_ASSERT_EQUAL(get32(*(const be32 *)(msg.opts + 3 + 4 * i)), lab_ip(hops[i]));
	row_free(&w);
}

static void plug(struct stack *s, const char *cidr, struct stack *hub, const char *port)
{
	lab_veth(s, "eth0", cidr, hub, port, NULL);
	CU_ASSERT_EQUAL_FATAL(dev_set_master(dev_by_name(hub, port), dev_by_name(hub, "hub0")), 0);
}

/* A host and two routers on one hub: the first router knows that the second is the way. RFC1122-I-55 */
static void redirect_is_sent_and_obeyed(void)
{
	struct lab *l = lab_new();
	struct stack *hub = lab_host(l, "hub"), *h1 = lab_host(l, "h1"), *r1 = lab_host(l, "r1");
	struct stack *r2 = lab_host(l, "r2"), *h2 = lab_host(l, "h2");
	uint32_t target = lab_ip("10.0.2.1");
	struct sock_error e;

	CU_ASSERT_EQUAL_FATAL(hub_create(hub, "hub0", &(struct dev_config){0}), 0);
	dev_set_up(dev_by_name(hub, "hub0"), true);
	plug(h1, "10.0.0.1/24", hub, "p1");
	plug(r1, "10.0.0.254/24", hub, "p2");
	plug(r2, "10.0.0.253/24", hub, "p3");
	lab_veth(h2, "eth0", "10.0.2.1/24", r2, "eth1", "10.0.2.254/24");
	lab_route(h1, "default", "10.0.0.254", dev_by_name(h1, "eth0"));
	lab_route(h2, "default", "10.0.2.254", dev_by_name(h2, "eth0"));
	lab_route(r1, "10.0.2.0/24", "10.0.0.253", dev_by_name(r1, "eth0"));
	sysctl_set(r1, "net.ipv4.ip_forward", 1);
	sysctl_set(r2, "net.ipv4.ip_forward", 1);

	struct sock *ping = open_ping(h1);
	CU_ASSERT(ask(ping, target, 1, 56) > 0);
	lab_run(l, 10 * NS_PER_MS);
	CU_ASSERT_EQUAL(answer(ping, target, 56), 1);
	CU_ASSERT_EQUAL(r1->mib[MIB_IcmpOutRedirects], 1);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(ping, &e), 0);
	CU_ASSERT_EQUAL(e.type, ICMP_REDIRECT);
	CU_ASSERT_EQUAL(e.info, lab_ip("10.0.0.253"));
	CU_ASSERT_EQUAL(r1->mib[MIB_IpForwDatagrams], 1);
	CU_ASSERT(ask(ping, target, 2, 56) > 0);
	lab_run(l, 10 * NS_PER_MS);
	CU_ASSERT_EQUAL(answer(ping, target, 56), 2);
	CU_ASSERT_EQUAL(r1->mib[MIB_IpForwDatagrams], 1);
	sock_close(ping);
	lab_free(l);
}

SUITE(icmp_world, T(ping_crosses_a_router_and_not_even_the_first_is_lost),
	T(ping_of_60000_octets_goes_there_and_back), T(short_lives_show_the_routers),
	T(silent_neighbour_is_reported_for_every_request_that_waited), T(narrow_link_is_found_and_respected),
	T(record_route_names_every_hop_there_and_back), T(redirect_is_sent_and_obeyed))
