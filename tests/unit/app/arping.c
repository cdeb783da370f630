/* SPDX-License-Identifier: MIT */
/* The arping engine against a wire. */
#include "app/arping.h"

#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

struct scene {
	struct lab *lab;
	struct stack *s;
	struct dev *wire;
	struct arping *a;
	struct arping_event last;
	unsigned answers, done;
	int error;
	uint64_t start_ns, done_ns;
};

static void note(struct arping *a, const struct arping_event *e, void *ctx)
{
	struct scene *sc = ctx;

	(void)a;
	CU_ASSERT_EQUAL(sc->done, 0);
	if (e->done) {
		sc->done++;
		sc->error = e->error;
		sc->done_ns = sc->lab->loop.now;
		return;
	}
	sc->answers++;
	sc->last = *e;
}

static struct scene *begin(enum arping_mode mode, uint64_t count, unsigned deadline_s)
{
	struct scene *sc = calloc(1, sizeof(*sc));
	struct arping_config cfg = {.mode = mode,
		.count = count,
		.dst = lab_ip("10.0.0.2"),
		.src = mode == ARPING_DAD ? 0 : lab_ip("10.0.0.1"),
		.interval_ns = NS_PER_SEC,
		.deadline_ns = deadline_s * NS_PER_SEC};
	const char *step;

	sc->lab = lab_new();
	sc->s = lab_host(sc->lab, "h1");
	sc->wire = lab_wire(sc->s, "eth0", "10.0.0.1/24");
	lab_sent_clear(sc->wire);
	if (mode == ARPING_ANNOUNCE || mode == ARPING_REPLY)
		cfg.dst = cfg.src;
	cfg.ifindex = sc->wire->ifindex;
	cfg.mac = sc->wire->mac;
	sc->a = arping_new(&sc->lab->loop, sc->s, &cfg, note, sc, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->a);
	sc->start_ns = sc->lab->loop.now;
	arping_start(sc->a);
	lab_settle(sc->lab);
	return sc;
}

static void tear_down(struct scene *sc)
{
	arping_free(sc->a);
	lab_free(sc->lab);
	free(sc);
}

static const struct mac peer = {{2, 0, 0, 0, 1, 2}};

static void inject(struct scene *sc, struct mac to, const struct arp_msg *m)
{
	static uint8_t frame[65600];

	lab_inject(sc->wire, frame, lab_frame_arp(frame, to, peer, m));
}

static void reply(struct scene *sc)
{
	inject(sc, sc->wire->mac,
		&(struct arp_msg){.op = ARP_OP_REPLY,
			.sha = peer,
			.spa = lab_ip("10.0.0.2"),
			.tha = sc->wire->mac,
			.tpa = lab_ip("10.0.0.1")});
}

static struct mac next_destination(struct scene *sc, struct arp_msg *m)
{
	struct ether_hdr eth = {.dst = MAC_ZERO};

	CU_ASSERT(lab_sent_arp(sc->wire, &eth, m));
	return eth.dst;
}

static void questions_go_to_everybody_until_somebody_answers(void)
{
	struct scene *sc = begin(ARPING_ASK, 2, 0);
	struct arp_msg m;

	CU_ASSERT(mac_is_broadcast(next_destination(sc, &m)));
	CU_ASSERT_EQUAL(m.op, ARP_OP_REQUEST);
	CU_ASSERT_EQUAL(m.spa, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(m.tpa, lab_ip("10.0.0.2"));
	CU_ASSERT(mac_equal(m.sha, sc->wire->mac));
	lab_run(sc->lab, 2500 * NS_PER_US);
	reply(sc);
	CU_ASSERT_EQUAL(sc->answers, 1);
	CU_ASSERT(mac_equal(sc->last.mac, peer));
	CU_ASSERT_EQUAL(sc->last.rtt_us, 2500);
	CU_ASSERT_FALSE(sc->last.broadcast || sc->last.request);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT(mac_equal(next_destination(sc, &m), peer));
	CU_ASSERT_EQUAL(sc->done, 0);
	reply(sc);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL(arping_stats(sc->a)->sent, 2);
	CU_ASSERT_EQUAL(arping_stats(sc->a)->broadcasts, 1);
	CU_ASSERT_EQUAL(arping_stats(sc->a)->received, 2);
	tear_down(sc);
}

static void unanswered_it_ends_one_interval_after_the_last(void)
{
	struct scene *sc = begin(ARPING_ASK, 2, 0);

	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(arping_stats(sc->a)->sent, 2);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL(sc->done_ns, sc->start_ns + 2 * NS_PER_SEC);
	tear_down(sc);
}

static void the_deadline_ends_it(void)
{
	struct scene *sc = begin(ARPING_ASK, 0, 2);

	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(arping_stats(sc->a)->sent, 3);
	CU_ASSERT_EQUAL(sc->done_ns, sc->start_ns + 2 * NS_PER_SEC);
	tear_down(sc);
}

static void what_others_say_to_others_is_no_answer(void)
{
	struct scene *sc = begin(ARPING_ASK, 0, 0);
	struct arp_msg m = {.op = ARP_OP_REPLY,
		.sha = peer,
		.spa = lab_ip("10.0.0.3"),
		.tha = sc->wire->mac,
		.tpa = lab_ip("10.0.0.1")};

	inject(sc, sc->wire->mac, &m);
	m.spa = lab_ip("10.0.0.2");
	m.tpa = lab_ip("10.0.0.9");
	inject(sc, sc->wire->mac, &m);
	m.tpa = lab_ip("10.0.0.1");
	m.sha = sc->wire->mac;
	inject(sc, sc->wire->mac, &m);
	CU_ASSERT_EQUAL(sc->answers, 0);
	tear_down(sc);
}

/* RFC5227-1.1a, RFC5227-1.1b */
static void detection_probes_without_an_address(void)
{
	struct scene *sc = begin(ARPING_DAD, 2, 0);
	struct arp_msg m;

	CU_ASSERT(mac_is_broadcast(next_destination(sc, &m)));
	CU_ASSERT_EQUAL(m.spa, 0);
	CU_ASSERT_EQUAL(m.tpa, lab_ip("10.0.0.2"));
	CU_ASSERT(mac_is_zero(m.tha));
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL(arping_stats(sc->a)->received, 0);
	tear_down(sc);
}

/* RFC5227-2.1.1d: the pauses of a prober, and how long it waits at the end. */
static void pauses_may_differ_and_the_last_one_be_longer(void)
{
	struct scene *sc = begin(ARPING_DAD, 1, 0);
	struct arping_config cfg = {.mode = ARPING_DAD,
		.count = 3,
		.dst = lab_ip("10.0.0.3"),
		.interval_ns = NS_PER_SEC,
		.jitter_ns = NS_PER_SEC,
		.last_ns = 5 * NS_PER_SEC,
		.ifindex = sc->wire->ifindex,
		.mac = sc->wire->mac};
	uint64_t last = 0, pauses[2];
	const char *step;

	arping_free(sc->a);
	sc->a = arping_new(&sc->lab->loop, sc->s, &cfg, note, sc, &step);
	arping_start(sc->a);
	for (unsigned sent = 0; sent < 3; lab_run(sc->lab, NS_PER_SEC / 100)) {
		if (arping_stats(sc->a)->sent == sent)
			continue;
		if (sent++)
			pauses[sent - 2] = sc->lab->loop.now - last;
		last = sc->lab->loop.now;
	}
	CU_ASSERT(pauses[0] >= NS_PER_SEC && pauses[0] <= 2 * NS_PER_SEC);
	CU_ASSERT(pauses[1] >= NS_PER_SEC && pauses[1] <= 2 * NS_PER_SEC);
	CU_ASSERT_NOT_EQUAL(pauses[0], pauses[1]);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT(sc->done_ns >= last + 5 * NS_PER_SEC - NS_PER_SEC / 50 &&
		sc->done_ns <= last + 5 * NS_PER_SEC);
	tear_down(sc);
}

/* RFC5227-2.1.1a */
static void any_frame_from_the_address_is_a_conflict(void)
{
	struct scene *sc = begin(ARPING_DAD, 0, 0);

	inject(sc, MAC_BROADCAST,
		&(struct arp_msg){.op = ARP_OP_REQUEST,
			.sha = peer,
			.spa = lab_ip("10.0.0.2"),
			.tpa = lab_ip("10.0.0.77")});
	CU_ASSERT_EQUAL(sc->answers, 1);
	CU_ASSERT(sc->last.broadcast && sc->last.request);
	CU_ASSERT_EQUAL(sc->done, 1);
	tear_down(sc);
}

/* RFC5227-2.1.1b */
static void another_probe_for_the_address_is_a_conflict(void)
{
	struct scene *sc = begin(ARPING_DAD, 0, 0);
	struct arp_msg m = {.op = ARP_OP_REQUEST, .sha = sc->wire->mac, .tpa = lab_ip("10.0.0.2")};

	inject(sc, MAC_BROADCAST, &m);
	CU_ASSERT_EQUAL(sc->answers, 0);
	m.sha = peer;
	inject(sc, MAC_BROADCAST, &m);
	CU_ASSERT_EQUAL(sc->answers, 1);
	CU_ASSERT_EQUAL(sc->done, 1);
	tear_down(sc);
}

static void announcements_name_our_address_twice(void)
{
	struct scene *sc = begin(ARPING_ANNOUNCE, 1, 0);
	struct arp_msg m;

	CU_ASSERT(mac_is_broadcast(next_destination(sc, &m)));
	CU_ASSERT_EQUAL(m.op, ARP_OP_REQUEST);
	CU_ASSERT_EQUAL(m.spa, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(m.tpa, m.spa);
	CU_ASSERT_EQUAL(sc->done, 1);
	tear_down(sc);
	sc = begin(ARPING_REPLY, 1, 0);
	next_destination(sc, &m);
	CU_ASSERT_EQUAL(m.op, ARP_OP_REPLY);
	CU_ASSERT(mac_equal(m.tha, sc->wire->mac));
	tear_down(sc);
}

static void a_device_that_goes_down_ends_it_with_the_reason(void)
{
	struct scene *sc = begin(ARPING_ASK, 0, 0);

	CU_ASSERT_EQUAL(dev_set_up(sc->wire, false), 0);
	lab_run(sc->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
	CU_ASSERT_EQUAL(sc->error, ENETDOWN);
	tear_down(sc);
}

static void deleting_its_host_ends_it(void)
{
	struct scene *sc = begin(ARPING_ASK, 0, 0);

	stack_delete(sc->s);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sc->done, 1);
	tear_down(sc);
}

SUITE(app_arping, T(questions_go_to_everybody_until_somebody_answers),
	T(unanswered_it_ends_one_interval_after_the_last), T(the_deadline_ends_it),
	T(what_others_say_to_others_is_no_answer), T(detection_probes_without_an_address),
	T(pauses_may_differ_and_the_last_one_be_longer), T(any_frame_from_the_address_is_a_conflict),
	T(another_probe_for_the_address_is_a_conflict), T(announcements_name_our_address_twice),
	T(a_device_that_goes_down_ends_it_with_the_reason), T(deleting_its_host_ends_it))
