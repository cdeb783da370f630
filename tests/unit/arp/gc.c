/* SPDX-License-Identifier: MIT */
/* The bounds of the table: who has to go, checked against a slow twin too. */
#include "arp/internal.h"
#include "tests/unit/arp/bench.h"

/* 10.7.0.0 + i, which has the MAC address 02:00:07:xx:xx:01. */
static struct lab_peer stranger(uint32_t i)
{
	return (struct lab_peer){{{2, 0, 7, (uint8_t)(i >> 8), (uint8_t)i, 1}}, lab_ip("10.7.0.1") + i};
}

static struct bench big_link(void)
{
	struct bench b = bench_new();

	lab_addr(b.d, "10.4.0.1/13");
	lab_sent_clear(b.d);
	return b;
}

static void learn(struct bench *b, uint32_t i)
{
	bench_request(b, stranger(i), "10.0.0.1");
	lab_sent_clear(b->d);
}

static bool known(const struct bench *b, uint32_t i)
{
	return neigh_find(b->n, stranger(i).ip);
}

static void send_to(struct bench *b, uint32_t i)
{
	bench_output(
		b, (struct ip_hdr){.src = lab_ip("10.0.0.1"), .dst = stranger(i).ip}, 10, stranger(i).ip);
}

static void thresholds(struct bench *b, int32_t t1, int32_t t2, int32_t t3)
{
	b->s->sysctl[SYSCTL_NEIGH_GC_THRESH1] = t1;
	b->s->sysctl[SYSCTL_NEIGH_GC_THRESH2] = t2;
	b->s->sysctl[SYSCTL_NEIGH_GC_THRESH3] = t3;
}

static void arp_table_exhaustion(void)
{
	struct bench b = big_link();
	struct lab_peer fixed = LAB_PEER(3, "10.0.0.3");

	bench_reachable(&b);
	neigh_set(b.n, fixed.ip, fixed.mac, NEIGH_PERMANENT, false);
	for (uint32_t i = 0; i < 65536; i++) {
		learn(&b, i);
		if (i % 100 == 0) {
			bench_send(&b, "10.0.0.2", 1);
			CU_ASSERT(sent_packet(&b, b.peer.mac, 1));
			lab_run(b.l, MS);
		}
		if (i == 2000)
			CU_ASSERT_EQUAL(pool_in_use(&b.s->arp->pool), 1025);
	}
	CU_ASSERT_EQUAL(pool_in_use(&b.s->arp->pool), 1025); /* gc_thresh3, and the permanent one */
	CU_ASSERT_EQUAL(b.s->arp->pool.peak, 1025);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.3"), NEIGH_PERMANENT);
	bench_free(&b);
}

static void table_full_of_entries_in_use_refuses_new_ones(void)
{
	struct bench b = big_link();

	thresholds(&b, 0, 4, 4);
	for (uint32_t i = 0; i < 4; i++) {
		learn(&b, i);
		send_to(&b, i);
	}
	lab_sent_clear(b.d);
	send_to(&b, 4);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_TABLE_FULL), 1);
	bench_request(&b, stranger(5), "10.0.0.1");
	CU_ASSERT(sent_reply(&b, stranger(5), "10.0.0.1")); /* answered, not learned */
	CU_ASSERT(!known(&b, 5));
	CU_ASSERT_EQUAL(neigh_set(b.n, stranger(6).ip, b.peer.mac, NEIGH_STALE, false), -ENOBUFS);
	CU_ASSERT_EQUAL(neigh_set(b.n, stranger(6).ip, b.peer.mac, NEIGH_PERMANENT, false), 0);
	lab_run(b.l, 5 * SEC);
	send_to(&b, 7);
	CU_ASSERT(!known(&b, 0)); /* used least recently, and not for 5 s */
	CU_ASSERT(known(&b, 1) && known(&b, 7));
	bench_free(&b);
}

static void what_is_being_resolved_is_not_evicted(void)
{
	struct bench b = big_link();

	thresholds(&b, 0, 100, 3);
	send_to(&b, 0);
	send_to(&b, 1);
	learn(&b, 2);
	learn(&b, 3);
	CU_ASSERT(known(&b, 0) && known(&b, 1) && known(&b, 3));
	CU_ASSERT(!known(&b, 2));
	lab_run(b.l, 3 * SEC); /* both failed */
	learn(&b, 4);
	learn(&b, 5);
	CU_ASSERT(!known(&b, 3) && !known(&b, 0) && known(&b, 1));
	bench_free(&b);
}

static void above_the_second_threshold_what_was_not_touched_for_5_s_goes(void)
{
	struct bench b = big_link();

	thresholds(&b, 0, 10, 100);
	for (uint32_t i = 0; i < 20; i++)
		learn(&b, i);
	send_to(&b, 0); /* now in use */
	CU_ASSERT_EQUAL(b.s->arp->collectable, 20);
	lab_run(b.l, 5 * SEC - 1);
	send_to(&b, 0);
	learn(&b, 20);
	CU_ASSERT_EQUAL(b.s->arp->collectable, 21);
	lab_run(b.l, 1);
	learn(&b, 21);
	CU_ASSERT_EQUAL(b.s->arp->collectable, 11);
	CU_ASSERT(known(&b, 0) && !known(&b, 1) && !known(&b, 11) && known(&b, 12) && known(&b, 20));
	bench_free(&b);
}

static void second_threshold_takes_stale_entries_that_were_in_use_long_ago(void)
{
	struct bench b = big_link();

	thresholds(&b, 1000, 1, 100);
	for (uint32_t i = 0; i < 3; i++)
		send_to(&b, i);
	for (uint32_t i = 0; i < 3; i++)
		bench_reply(&b, stranger(i));
	lab_run(b.l, 10 * SEC);
	learn(&b, 3);
	CU_ASSERT(known(&b, 0) && known(&b, 1) && known(&b, 2)); /* REACHABLE */
	lab_run(b.l, 60 * SEC);
	learn(&b, 4);
	CU_ASSERT_EQUAL(b.s->arp->collectable, 2);
	CU_ASSERT(!known(&b, 0) && !known(&b, 1) && known(&b, 2) && !known(&b, 3));
	bench_free(&b);
}

/* RFC1122-L-03, RFC826-7 */
static void every_interval_failed_and_long_unused_entries_go(void)
{
	struct bench b = big_link();

	thresholds(&b, 3, 100, 200);
	learn(&b, 0); /* STALE */
	learn(&b, 1);
	send_to(&b, 2); /* FAILED after 3 s */
	neigh_set(b.n, stranger(3).ip, b.peer.mac, NEIGH_PERMANENT, false);
	lab_run(b.l, 30 * SEC - 1);
	CU_ASSERT(known(&b, 2));
	lab_run(b.l, 1);
	CU_ASSERT(!known(&b, 2) && known(&b, 0));
	learn(&b, 2);
	lab_run(b.l, 15 * SEC);
	neigh_confirm(b.n, stranger(1).ip);
	lab_run(b.l, 15 * SEC); /* 60 s: gc_stale_time is over for 0; not for 1 and 2 */
	CU_ASSERT(!known(&b, 0) && known(&b, 1) && known(&b, 2) && known(&b, 3));
	lab_run(b.l, 300 * SEC);
	CU_ASSERT(known(&b, 1) && known(&b, 2)); /* below gc_thresh1 nothing is collected */
	bench_free(&b);
}

static void empty_table_needs_no_timer(void)
{
	struct bench b = big_link();

	learn(&b, 0);
	CU_ASSERT(timer_is_armed(&b.s->arp->collect));
	neigh_del(b.n, stranger(0).ip);
	CU_ASSERT(!timer_is_armed(&b.s->arp->collect));
	bench_free(&b);
}

/* ---- the slow twin: who goes is found by looking at everybody ---- */

enum { STRANGERS = 20, ROOM = 8 };

struct twin {
	bool known, carries;
	uint64_t order;	  /* of the last event that moved it back */
	uint64_t used_ns; /* last packet */
};

static int twin_victim(const struct twin *t, uint64_t now)
{
	int best = -1;

	for (int i = 0; i < STRANGERS; i++) {
		if (!t[i].known || (t[i].carries && now - t[i].used_ns < 5 * SEC))
			continue;
		if (best < 0 || t[i].carries < t[best].carries ||
			(t[i].carries == t[best].carries && t[i].order < t[best].order))
			best = i;
	}
	return best;
}

static int twin_count(const struct twin *t)
{
	int count = 0;

	for (int i = 0; i < STRANGERS; i++)
		count += t[i].known;
	return count;
}

static void order_of_eviction_is_that_of_the_slow_twin(void)
{
	struct bench b = big_link();
	struct twin t[STRANGERS] = {0};
	struct rng rng;
	uint64_t order = 0;
	int wrong = 0, refused = 0, evicted = 0;

	rng_seed(&rng, unit_seed);
	thresholds(&b, 1000, 1000, ROOM);
	bench_sysctl(&b, CONF_DELAY_FIRST_PROBE_TIME, 1 << 20);
	for (int step = 0; step < 5000; step++) {
		uint32_t i = rng_below(&rng, STRANGERS);
		uint64_t now = stack_now(b.s);
		if (!t[i].known) {
			int victim = twin_count(t) < ROOM ? -1 : twin_victim(t, now);
			bool full = twin_count(t) == ROOM && victim < 0;
			learn(&b, i);
			refused += full;
			evicted += victim >= 0;
			if (victim >= 0)
				t[victim].known = false;
			if (!full)
				t[i] = (struct twin){.known = true, .order = ++order};
		} else if (rng_below(&rng, 2)) {
			send_to(&b, i);
			bool again = t[i].carries && t[i].used_ns == now;
			t[i].carries = true;
			t[i].used_ns = now;
			t[i].order = again ? t[i].order : ++order;
		}
		for (uint32_t k = 0; k < STRANGERS; k++)
			wrong += known(&b, k) != t[k].known;
		if (rng_below(&rng, 3) == 0)
			lab_run(b.l, rng_below(&rng, 500) * MS);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(refused > 10);
	CU_ASSERT(evicted > 100);
	bench_free(&b);
}

SUITE(arp_gc, T(arp_table_exhaustion), T(table_full_of_entries_in_use_refuses_new_ones),
	T(what_is_being_resolved_is_not_evicted),
	T(above_the_second_threshold_what_was_not_touched_for_5_s_goes),
	T(second_threshold_takes_stale_entries_that_were_in_use_long_ago),
	T(every_interval_failed_and_long_unused_entries_go), T(empty_table_needs_no_timer),
	T(order_of_eviction_is_that_of_the_slow_twin))
