/* SPDX-License-Identifier: MIT */
/* The traceroute engine: along a row of hosts, and against a wire where the order of answers matters. */
#include "app/traceroute.h"

#include "net/wire_udp.h"

#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

struct scene {
	struct lab *lab;
	struct stack *h1, *r1, *r2, *h2;
	struct dev *wire;
	struct traceroute *t;
	struct traceroute_probe told[128];
	unsigned count, done;
	int error;
	uint64_t start_ns, done_ns;
};

static void note(struct traceroute *t, const struct traceroute_probe *p, int error, void *ctx)
{
	struct scene *sc = ctx;

	(void)t;
	CU_ASSERT_EQUAL(sc->done, 0);
	if (p) {
		sc->told[sc->count++ % ARRAY_SIZE(sc->told)] = *p;
		return;
	}
	sc->done++;
	sc->error = error;
	sc->done_ns = sc->lab->loop.now;
}

static void begin(struct scene *sc, struct traceroute_config cfg)
{
	const char *step;

	sc->t = traceroute_new(&sc->lab->loop, sc->h1, &cfg, note, sc, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->t);
	sc->start_ns = sc->lab->loop.now;
	traceroute_start(sc->t);
	lab_settle(sc->lab);
}

/* h1 - r1 - r2 - h2: 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24 */
static struct scene *row(void)
{
	struct scene *sc = calloc(1, sizeof(*sc));

	sc->lab = lab_new();
	sc->h1 = lab_host(sc->lab, "h1");
	sc->r1 = lab_host(sc->lab, "r1");
	sc->r2 = lab_host(sc->lab, "r2");
	sc->h2 = lab_host(sc->lab, "h2");
	lab_veth(sc->h1, "eth0", "10.0.1.1/24", sc->r1, "eth0", "10.0.1.254/24");
	lab_veth(sc->r1, "eth1", "10.0.2.1/24", sc->r2, "eth0", "10.0.2.2/24");
	lab_veth(sc->r2, "eth1", "10.0.3.254/24", sc->h2, "eth0", "10.0.3.1/24");
	lab_route(sc->h1, "default", "10.0.1.254", dev_by_name(sc->h1, "eth0"));
	lab_route(sc->r1, "10.0.3.0/24", "10.0.2.2", dev_by_name(sc->r1, "eth1"));
	lab_route(sc->r2, "10.0.1.0/24", "10.0.2.1", dev_by_name(sc->r2, "eth0"));
	lab_route(sc->h2, "default", "10.0.3.254", dev_by_name(sc->h2, "eth0"));
	CU_ASSERT_EQUAL(sysctl_set(sc->r1, "net.ipv4.ip_forward", 1), 0);
	CU_ASSERT_EQUAL(sysctl_set(sc->r2, "net.ipv4.ip_forward", 1), 0);
	return sc;
}

/* h1 alone, on a wire to 10.0.1.254, which the test plays. */
static struct scene *alone(void)
{
	struct scene *sc = calloc(1, sizeof(*sc));
	struct lab_peer peer = LAB_PEER(2, "10.0.1.254");

	sc->lab = lab_new();
	sc->h1 = lab_host(sc->lab, "h1");
	sc->wire = lab_wire(sc->h1, "eth0", "10.0.1.1/24");
	lab_meet(sc->wire, &peer);
	lab_route(sc->h1, "default", "10.0.1.254", sc->wire);
	return sc;
}

static void tear_down(struct scene *sc)
{
	traceroute_free(sc->t);
	lab_free(sc->lab);
	free(sc);
}

static struct traceroute_config to(const char *dst)
{
	return (struct traceroute_config){.dst = lab_ip(dst), .method = TRACEROUTE_ICMP};
}

static struct traceroute_config udp_to(const char *dst)
{
	return (struct traceroute_config){.dst = lab_ip(dst)};
}

/* The probe on the wire, answered by `from` with an error of this type, or with a reply. */
static void answer(struct scene *sc, const struct lab_ip_seen *probe, const char *from, uint8_t type)
{
	static uint8_t frame[65600];
	struct mac peer = {{2, 0, 0, 0, 1, 2}};
	struct icmp_hdr h = {.type = type};
	uint8_t quote[IP_HDR_LEN + ICMP_HDR_LEN];

	memcpy(quote, probe->header, sizeof(quote));
	if (type == ICMP_ECHO_REPLY)
		h.rest = get32(*(const be32 *)(probe->payload + 4));
	lab_inject(sc->wire, frame,
		lab_frame_icmp(frame, sc->wire->mac, peer, lab_ip(from), lab_ip("10.0.1.1"), h, quote,
			type == ICMP_ECHO_REPLY ? 0 : sizeof(quote)));
}

/* lab_sent_ip() is valid until the next frame is taken: keeps what answer() needs. */
struct kept {
	struct lab_ip_seen seen;
	uint8_t octets[64];
};

static struct kept *take(struct scene *sc, struct kept *k)
{
	k->seen = lab_sent_ip(sc->wire);
	CU_ASSERT_PTR_NOT_NULL_FATAL(k->seen.payload);
	memcpy(k->octets, k->seen.header, IP_HDR_LEN + ICMP_HDR_LEN);
	k->seen.header = k->octets;
	k->seen.payload = k->octets + IP_HDR_LEN;
	return k;
}

/* ---- along the row ---- */

static void each_router_is_named_in_order(void)
{
	struct scene *sc = row();

	begin(sc, to("10.0.3.1"));
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL(sc->error, 0);
	CU_ASSERT_EQUAL_FATAL(sc->count, 9);
	for (unsigned i = 0; i < 9; i++) {
		CU_ASSERT_EQUAL(sc->told[i].ttl, 1 + i / 3);
		CU_ASSERT_EQUAL(sc->told[i].query, i % 3);
		CU_ASSERT_EQUAL(sc->told[i].reply, i >= 6);
	}
	CU_ASSERT_EQUAL(sc->told[0].from, lab_ip("10.0.1.254"));
	CU_ASSERT_EQUAL(sc->told[0].type, ICMP_TIME_EXCEEDED);
	CU_ASSERT_EQUAL(sc->told[5].from, lab_ip("10.0.2.2"));
	CU_ASSERT_EQUAL(sc->told[8].from, lab_ip("10.0.3.1"));
	tear_down(sc);
}

static void first_and_last_hop_can_be_chosen(void)
{
	struct traceroute_config cfg = to("10.0.3.1");
	struct scene *sc = row();

	cfg.first_ttl = 2;
	cfg.max_ttl = 2;
	cfg.queries = 2;
	begin(sc, cfg);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL_FATAL(sc->count, 2);
	CU_ASSERT_EQUAL(sc->told[0].ttl, 2);
	CU_ASSERT_EQUAL(sc->told[1].from, lab_ip("10.0.2.2"));
	tear_down(sc);
}

static void who_says_unreachable_ends_the_trace(void)
{
	struct scene *sc = row();

	begin(sc, to("10.0.9.1"));
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL_FATAL(sc->count, 3);
	CU_ASSERT_EQUAL(sc->told[0].type, ICMP_DEST_UNREACH);
	CU_ASSERT_EQUAL(sc->told[0].code, ICMP_NET_UNREACH);
	CU_ASSERT_EQUAL(sc->told[0].from, lab_ip("10.0.1.254"));
	tear_down(sc);
}

/* Our own host is the first to know. */
static void a_neighbour_that_is_not_there_ends_the_trace(void)
{
	struct scene *sc = row();

	begin(sc, to("10.0.1.77"));
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL_FATAL(sc->count, 3);
	CU_ASSERT_EQUAL(sc->told[2].code, ICMP_HOST_UNREACH);
	CU_ASSERT_EQUAL(sc->told[2].from, lab_ip("10.0.1.1"));
	tear_down(sc);
}

static void no_route_is_known_before_the_start(void)
{
	struct scene *sc = alone();
	struct traceroute_config cfg = to("10.0.1.254");
	const char *step;

	begin(sc, cfg);
	CU_ASSERT_EQUAL(dev_set_up(sc->wire, false), 0);
	CU_ASSERT_PTR_NULL(traceroute_new(&sc->lab->loop, sc->h1, &cfg, note, sc, &step));
	CU_ASSERT_EQUAL(errno, ENETUNREACH);
	CU_ASSERT_STRING_EQUAL(step, "connect");
	tear_down(sc);
}

/* ---- against the wire ---- */

static void so_many_probes_are_on_their_way_at_once(void)
{
	struct traceroute_config cfg = to("10.5.0.1");
	struct scene *sc = alone();
	struct kept k;

	cfg.at_once = 4;
	begin(sc, cfg);
	CU_ASSERT_EQUAL(lab_sent_count(sc->wire), 4);
	answer(sc, &take(sc, &k)->seen, "10.0.1.254", ICMP_TIME_EXCEEDED);
	CU_ASSERT_EQUAL(lab_sent_count(sc->wire), 4);
	tear_down(sc);
}

static void answers_in_any_order_are_told_in_order(void)
{
	struct traceroute_config cfg = to("10.5.0.1");
	struct scene *sc = alone();
	struct kept k[4];

	cfg.queries = 1;
	cfg.max_ttl = 4;
	begin(sc, cfg);
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(take(sc, &k[i])->seen.ip.ttl, i + 1);
	lab_run(sc->lab, 5 * NS_PER_MS);
	answer(sc, &k[1].seen, "10.2.0.1", ICMP_TIME_EXCEEDED);
	answer(sc, &k[2].seen, "10.5.0.1", ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(sc->count, 0);
	lab_run(sc->lab, 5 * NS_PER_MS);
	answer(sc, &k[0].seen, "10.0.1.254", ICMP_TIME_EXCEEDED);
	CU_ASSERT_EQUAL_FATAL(sc->count, 3);
	CU_ASSERT_EQUAL(sc->told[0].rtt_us, 10000);
	CU_ASSERT_EQUAL(sc->told[1].rtt_us, 5000);
	CU_ASSERT_EQUAL(sc->told[2].from, lab_ip("10.5.0.1"));
	CU_ASSERT_EQUAL(sc->done, 1);
	tear_down(sc);
}

static void silence_is_waited_for_as_long_as_nothing_is_known(void)
{
	struct traceroute_config cfg = to("10.5.0.1");
	struct scene *sc = alone();

	cfg.queries = 1;
	cfg.max_ttl = 2;
	cfg.wait_ns = 2 * NS_PER_SEC;
	begin(sc, cfg);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->count, 2);
	CU_ASSERT_EQUAL(sc->told[0].from, 0);
	CU_ASSERT_EQUAL(sc->done_ns, sc->start_ns + 2 * NS_PER_SEC);
	tear_down(sc);
}

/* ... and less once a farther hop has answered: ten times as long as that took. */
static void answers_of_farther_hops_shorten_the_wait(void)
{
	struct traceroute_config cfg = to("10.5.0.1");
	struct scene *sc = alone();
	struct kept k[2];

	cfg.queries = 1;
	cfg.max_ttl = 2;
	begin(sc, cfg);
	take(sc, &k[0]);
	take(sc, &k[1]);
	lab_run(sc->lab, 30 * NS_PER_MS);
	answer(sc, &k[1].seen, "10.5.0.1", ICMP_ECHO_REPLY);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->count, 2);
	CU_ASSERT_EQUAL(sc->told[0].from, 0);
	CU_ASSERT_EQUAL(sc->done_ns, sc->start_ns + 10 * (30 * NS_PER_MS + NS_PER_US));
	tear_down(sc);
}

static void late_and_foreign_answers_change_nothing(void)
{
	struct traceroute_config cfg = to("10.5.0.1");
	struct scene *sc = alone();
	struct kept k;

	cfg.queries = 1;
	cfg.max_ttl = 1;
	cfg.wait_ns = NS_PER_SEC;
	begin(sc, cfg);
	take(sc, &k);
	k.octets[IP_HDR_LEN + 7] = 9;
	answer(sc, &k.seen, "10.5.0.1", ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(sc->count, 0);
	lab_run(sc->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	k.octets[IP_HDR_LEN + 7] = 1;
	answer(sc, &k.seen, "10.5.0.1", ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(sc->count, 1);
	tear_down(sc);
}

static void deleting_its_host_ends_it(void)
{
	struct scene *sc = alone();

	begin(sc, to("10.5.0.1"));
	stack_delete(sc->h1);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL(sc->error, ENODEV);
	tear_down(sc);
}

/* ---- by datagrams ---- */

/* The ports at the destination are closed: it says so, and the trace is over. */
static void datagrams_find_the_same_way(void)
{
	struct scene *sc = row();

	begin(sc, udp_to("10.0.3.1"));
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT(sc->done == 1 && sc->error == 0);
	CU_ASSERT_EQUAL_FATAL(sc->count, 9);
	for (unsigned i = 0; i < 9; i++)
		CU_ASSERT_EQUAL(sc->told[i].reply, i >= 6);
	CU_ASSERT_EQUAL(sc->told[0].from, lab_ip("10.0.1.254"));
	CU_ASSERT_EQUAL(sc->told[3].from, lab_ip("10.0.2.2"));
	CU_ASSERT_EQUAL(sc->told[8].from, lab_ip("10.0.3.1"));
	CU_ASSERT(sc->told[8].type == ICMP_DEST_UNREACH && sc->told[8].code == ICMP_PORT_UNREACH);
	tear_down(sc);
}

static void each_datagram_goes_to_the_next_port_unless_it_is_fixed(void)
{
	for (int fixed = 0; fixed < 2; fixed++) {
		struct traceroute_config cfg = udp_to("10.5.0.1");
		struct scene *sc = alone();
		uint16_t last = 0;

		cfg.queries = 1;
		cfg.max_ttl = 5;
		cfg.fixed_port = fixed;
		begin(sc, cfg);
		for (unsigned i = 0; i < 5; i++) {
			struct lab_ip_seen seen = lab_sent_ip(sc->wire);
			struct udp_hdr h;
			CU_ASSERT_FATAL(
				seen.payload && seen.ip.proto == IP_PROTO_UDP && seen.ip.ttl == i + 1);
			CU_ASSERT_EQUAL(seen.ip.total_len, 60);
			CU_ASSERT_FATAL(udp_peek(seen.payload, seen.len, &h));
			CU_ASSERT_EQUAL(h.dport, fixed ? 53 : 33434 + i);
			CU_ASSERT_NOT_EQUAL(h.sport, last);
			last = h.sport;
		}
		tear_down(sc);
	}
}

/* Who answers with data has the port open. */
static void an_open_port_answers_too(void)
{
	struct traceroute_config cfg = udp_to("10.0.3.1");
	struct scene *sc = row();
	struct sock *sk = sock_open(sc->h2, SOCK_DGRAM, IP_PROTO_UDP);
	struct sock_msg msg;

	cfg.fixed_port = true;
	cfg.port = 5353;
	cfg.queries = 1;
	cfg.at_once = 3;
	CU_ASSERT_EQUAL(sock_bind(sk, &(struct sock_addr){.port = 5353}), 0);
	begin(sc, cfg);
	lab_run(sc->lab, NS_PER_MS);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, &msg), 32);
	CU_ASSERT_EQUAL(sock_send(sk, "here", 4, 0, &msg.from), 4);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT(sc->done == 1 && sc->count == 3);
	CU_ASSERT(sc->told[2].reply && sc->told[2].from == lab_ip("10.0.3.1"));
	sock_close(sk);
	tear_down(sc);
}

static void a_host_that_goes_ends_a_trace_by_datagrams(void)
{
	struct traceroute_config cfg = udp_to("10.5.0.1");

	for (int early = 0; early < 2; early++) {
		struct scene *sc = alone();

		cfg.send_wait_ns = NS_PER_SEC;
		cfg.wait_ns = NS_PER_MS;
		begin(sc, cfg);
		lab_run(sc->lab, early ? 0 : NS_PER_SEC / 2); /* or while no probe is on its way */
		stack_delete(sc->h1);
		lab_run(sc->lab, 10 * NS_PER_SEC);
		CU_ASSERT(sc->done == 1 && sc->error == ENODEV);
		tear_down(sc);
	}
}

static void a_trace_by_datagrams_knows_before_the_start_that_there_is_no_way(void)
{
	struct scene *sc = alone();
	struct traceroute_config cfg = udp_to("10.0.1.254");
	const char *step;

	begin(sc, cfg);
	cfg.dst = lab_ip("10.0.1.255");
	CU_ASSERT_PTR_NULL(traceroute_new(&sc->lab->loop, sc->h1, &cfg, note, sc, &step));
	CU_ASSERT_EQUAL(errno, EACCES); /* a broadcast address */
	CU_ASSERT_STRING_EQUAL(step, "connect");
	CU_ASSERT_EQUAL(dev_set_up(sc->wire, false), 0); /* and when it is lost on the way */
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	tear_down(sc);
}

SUITE(app_traceroute, T(each_router_is_named_in_order), T(first_and_last_hop_can_be_chosen),
	T(who_says_unreachable_ends_the_trace), T(a_neighbour_that_is_not_there_ends_the_trace),
	T(no_route_is_known_before_the_start), T(so_many_probes_are_on_their_way_at_once),
	T(answers_in_any_order_are_told_in_order), T(silence_is_waited_for_as_long_as_nothing_is_known),
	T(answers_of_farther_hops_shorten_the_wait), T(late_and_foreign_answers_change_nothing),
	T(deleting_its_host_ends_it), T(datagrams_find_the_same_way),
	T(each_datagram_goes_to_the_next_port_unless_it_is_fixed), T(an_open_port_answers_too),
	T(a_host_that_goes_ends_a_trace_by_datagrams),
	T(a_trace_by_datagrams_knows_before_the_start_that_there_is_no_way))
