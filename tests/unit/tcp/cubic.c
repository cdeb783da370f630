/* SPDX-License-Identifier: MIT */
/* CUBIC: against the formulas of RFC 9438 in floating point, and what is particular about it. */
#include "tests/unit/tcp/flight.h"

#include <math.h>

/* ---- the formulas ---- */

static void cube_roots_are_exact(void)
{
	struct rng r;

	CU_ASSERT_EQUAL(cubic_root(0), 0);
	CU_ASSERT_EQUAL(cubic_root(7), 1);
	CU_ASSERT_EQUAL(cubic_root(8), 2);
	CU_ASSERT_EQUAL(cubic_root(UINT64_MAX), 2642245);
	rng_seed(&r, unit_seed);
	for (int i = 0; i < 20000; i++) {
		uint64_t x = rng_u64(&r) >> rng_below(&r, 64), root = cubic_root(x);

		CU_ASSERT(root * root * root <= x);
		CU_ASSERT(root == 2642245 || (root + 1) * (root + 1) * (root + 1) > x);
	}
}

/* W_cubic(t) of 4.2, in segments and seconds. */
static double w_cubic(double w_max, double k, double t)
{
	return 0.4 * pow(t - k, 3) + w_max;
}

static void curve_and_floating_point_agree(void)
{
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 20000; i++) {
		uint32_t mss = 88 + rng_below(&r, 60000), w_max = mss * (2 + rng_below(&r, 5000));
		uint32_t cwnd = (uint32_t)((double)w_max * 0.7);
		double k = cbrt((double)(w_max - cwnd) / mss / 0.4);
		struct tcp_cubic_state cu = {.origin = w_max, .k_ms = (uint32_t)(k * 1000)};
		uint64_t t_ms = rng_below(&r, 60000);
		double slow = w_cubic((double)w_max / mss, cu.k_ms / 1000.0, (double)t_ms / 1000) * mss;
		double fast = (double)cubic_window(&cu, mss, t_ms);

		if (slow > 0)
			CU_ASSERT(fabs(slow - fast) <= mss / 1000.0 + 2);
	}
}

static void far_away_nothing_overflows(void)
{
	struct tcp_cubic_state cu = {.origin = 1 << 30, .k_ms = 4000};

	CU_ASSERT(cubic_window(&cu, UINT16_MAX, UINT64_MAX) > 1 << 30);
	CU_ASSERT(cubic_window(&cu, UINT16_MAX, 1000 * 1000) >= 1 << 30);
	cu = (struct tcp_cubic_state){.origin = 1000, .k_ms = UINT32_MAX};
	CU_ASSERT_EQUAL(cubic_window(&cu, UINT16_MAX, 0), 0);
}

/* ---- a connection that is always limited by cwnd: ACKs come as they would, one round trip at a time ---- */

static void begin(struct flight_bench *b, uint32_t segs)
{
	flight_open(b, true);
	b->c->cwnd = segs * MSS;
	b->c->ssthresh = segs * MSS;
	b->c->srtt_us = 100000;
	flight_send(b, MSS); /* makes the flight */
}

/* One round trip of `ms` in which cwnd bytes are acknowledged, two segments at a time. */
static void round_trip(struct flight_bench *b, uint64_t ms)
{
	uint32_t acks = MAX(b->c->cwnd / (2 * MSS), 1u);

	for (uint32_t i = 0; i < acks; i++) {
		flight_wait(b, ms * NS_PER_MS / acks);
		tcp_cc_of(b->c)->on_ack(b->c, 2 * MSS);
	}
}

static void lose(struct flight_bench *b)
{
	b->c->snd.nxt = b->c->snd.una + b->c->cwnd; /* all of cwnd is in flight */
	b->c->ssthresh = tcp_cc_of(b->c)->on_loss(b->c);
	b->c->cwnd = b->c->ssthresh;
}

static double segs(const struct flight_bench *b)
{
	return (double)b->c->cwnd / MSS;
}

static void a_loss_takes_three_tenths(void)
{
	struct flight_bench b;

	begin(&b, 1000);
	lose(&b);
	CU_ASSERT_EQUAL(b.c->ssthresh, 700 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->cc.cubic.w_max, 1000 * MSS);
	flight_close(&b);
}

/* 4.6, as Linux: of cwnd, however little of it was in use. */
static void a_loss_takes_them_from_cwnd_and_not_from_what_is_in_flight(void)
{
	struct flight_bench b;

	begin(&b, 10);
	CU_ASSERT_EQUAL(tcp_cc_of(b.c)->on_loss(b.c), 7 * MSS);
	flight_close(&b);
}

static void the_window_comes_back_to_w_max_at_k(void)
{
	struct flight_bench b;
	double k = cbrt(300 / 0.4);

	begin(&b, 1000);
	lose(&b);
	for (int i = 0; i < (int)(k * 10) / 2; i++)
		round_trip(&b, 100);
	CU_ASSERT(fabs(segs(&b) - w_cubic(1000, k, k / 2)) < 10);
	for (int i = (int)(k * 10) / 2; i < (int)(k * 10); i++)
		round_trip(&b, 100);
	CU_ASSERT(fabs(segs(&b) - 1000) < 5);
	for (int i = 0; i < 50; i++) /* and convex beyond */
		round_trip(&b, 100);
	CU_ASSERT(fabs(segs(&b) - w_cubic(1000, k, k + 5)) < 15);
	flight_close(&b);
}

/* 4.7 */
static void a_limit_below_the_last_one_makes_room(void)
{
	struct flight_bench b;

	begin(&b, 1000);
	lose(&b);
	lose(&b); /* at 700 */
	CU_ASSERT_EQUAL(b.c->flight->cc.cubic.w_max, 595 * MSS);
	flight_close(&b);
}

/* 4.3: on a short path with a small window Reno would be faster: 9/17 of a segment for each round trip, and one once
 * it is back where it was. */
static void small_windows_grow_as_reno_does(void)
{
	struct flight_bench b;
	int rounds = 0;

	begin(&b, 40);
	b.c->srtt_us = 10000;
	lose(&b);
	CU_ASSERT_EQUAL(b.c->cwnd, 28 * MSS);
	for (; b.c->cwnd < 40 * MSS; rounds++)
		round_trip(&b, 10);
	CU_ASSERT(abs(rounds - 12 * 17 / 9) <= 2);
	uint32_t before = b.c->cwnd;
	for (int i = 0; i < 10; i++)
		round_trip(&b, 10);
	CU_ASSERT(b.c->cwnd - before > 9 * MSS && b.c->cwnd - before <= 11 * MSS);
	flight_close(&b);
}

/* 4.3: W_est is what cwnd is when congestion avoidance begins, and then each ACK moves it. */
static void the_first_ack_begins_congestion_avoidance_and_the_next_lets_it_grow(void)
{
	struct flight_bench b;

	begin(&b, 10);
	tcp_cc_of(b.c)->on_ack(b.c, MSS);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->cc.cubic.w_est, 10 * MSS);
	tcp_cc_of(b.c)->on_ack(b.c, MSS);
	CU_ASSERT(b.c->cwnd > 10 * MSS);
	flight_close(&b);
}

/* 4.4: never by more than half a window for each window that is acknowledged. */
static void growth_is_bounded(void)
{
	struct flight_bench b;

	begin(&b, 10);
	lose(&b);
	b.c->flight->cc.cubic.epoch_ns = 1; /* ages ago */
	b.c->flight->cc.cubic.last_ns = stack_now(b.s);
	uint32_t before = b.c->cwnd;
	round_trip(&b, 100);
	CU_ASSERT(b.c->cwnd <= before + before * 3 / 4);
	flight_close(&b);
}

/* 4.8 */
static void after_a_timeout_the_plateau_is_where_slow_start_ends(void)
{
	struct flight_bench b;

	begin(&b, 100);
	lose(&b);
	tcp_cc_of(b.c)->on_rto(b.c);
	b.c->cwnd = b.c->ssthresh;
	round_trip(&b, 100);
	CU_ASSERT_EQUAL(b.c->flight->cc.cubic.k_ms, 0);
	CU_ASSERT_EQUAL(b.c->flight->cc.cubic.origin, 70 * MSS);
	flight_close(&b);
}

/* 4.9.1 */
static void undo_brings_the_curve_back(void)
{
	struct flight_bench b;

	begin(&b, 1000);
	lose(&b);
	for (int i = 0; i < 20; i++)
		round_trip(&b, 100);
	struct tcp_cubic_state before = b.c->flight->cc.cubic;
	lose(&b);
	tcp_cc_of(b.c)->on_undo(b.c);
	CU_ASSERT_EQUAL(memcmp(&before, &b.c->flight->cc.cubic, sizeof(before)), 0);
	flight_close(&b);
}

/* 5.8 */
static void idle_time_does_not_count(void)
{
	struct flight_bench b;

	begin(&b, 1000);
	lose(&b);
	for (int i = 0; i < 20; i++)
		round_trip(&b, 100);
	uint32_t before = b.c->cwnd;
	flight_wait(&b, 600 * NS_PER_SEC);
	tcp_cc_of(b.c)->on_ack(b.c, MSS);
	CU_ASSERT(b.c->cwnd - before < MSS);
	flight_close(&b);
}

/* ---- HyStart++ (RFC 9406) ---- */

/* So many ACKs of one segment each, which show this RTT; all of the window is in use again after each. */
static void hystart_acks(struct flight_bench *b, unsigned n, uint64_t rtt_ms)
{
	while (n--) {
		b->c->snd.una += MSS;
		b->c->flight->rtt_ns = rtt_ms * NS_PER_MS;
		tcp_cc_of(b->c)->on_ack(b->c, MSS);
		b->c->snd.nxt = b->c->snd.una + b->c->cwnd;
	}
}

/* A round of slow start whose ACKs all show this RTT. */
static void hystart_round(struct flight_bench *b, uint64_t rtt_ms)
{
	hystart_acks(b, 1, rtt_ms); /* begins it */
	hystart_acks(b, (b->c->flight->hystart.round_end - b->c->snd.una) / MSS, rtt_ms);
}

static void hystart_begin(struct flight_bench *b)
{
	flight_open(b, true);
	flight_send(b, MSS);
	b->c->snd.nxt = b->c->snd.una + b->c->cwnd;
	hystart_round(b, 40);
	CU_ASSERT_EQUAL(b->c->cwnd, 20 * MSS);
}

static void while_the_rtt_stays_slow_start_doubles(void)
{
	struct flight_bench b;

	hystart_begin(&b);
	for (int i = 0; i < 4; i++) {
		uint32_t before = b.c->cwnd;
		hystart_round(&b, 43); /* not 40 + max(40 / 8, 4) */
		CU_ASSERT(b.c->cwnd >= 2 * before - 4 * MSS);
	}
	CU_ASSERT_EQUAL(b.c->ssthresh, UINT32_MAX);
	flight_close(&b);
}

static void a_rising_rtt_slows_slow_start_down_and_ends_it_after_five_rounds(void)
{
	struct flight_bench b;

	hystart_begin(&b);
	hystart_round(&b, 40);
	CU_ASSERT(b.c->cwnd >= 36 * MSS);
	hystart_round(&b, 46);
	CU_ASSERT(b.c->flight->hystart.css);
	CU_ASSERT(b.c->cwnd < 60 * MSS);
	for (int i = 0; i < 3; i++) {
		uint32_t before = b.c->cwnd;
		hystart_round(&b, 47);
		CU_ASSERT(b.c->cwnd > before + before / 5 && b.c->cwnd < before + before / 3);
		CU_ASSERT_EQUAL(b.c->ssthresh, UINT32_MAX);
	}
	hystart_round(&b, 47);
	hystart_round(&b, 47);
	CU_ASSERT(b.c->ssthresh != UINT32_MAX);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPHystartDelayDetect], 1);
	flight_close(&b);
}

static void a_false_alarm_is_taken_back(void)
{
	struct flight_bench b;

	hystart_begin(&b);
	hystart_round(&b, 40);
	hystart_round(&b, 46);
	CU_ASSERT(b.c->flight->hystart.css);
	hystart_round(&b, 41);
	CU_ASSERT_FALSE(b.c->flight->hystart.css);
	uint32_t before = b.c->cwnd;
	hystart_round(&b, 41);
	CU_ASSERT(b.c->cwnd >= 2 * before - 4 * MSS);
	flight_close(&b);
}

static void without_such_rounds_slow_start_ends_at_the_ninth_sample(void)
{
	struct flight_bench b;

	hystart_begin(&b);
	b.s->sysctl[SYSCTL_TCP_HYSTART_CSS_ROUNDS] = 0;
	hystart_round(&b, 40);
	uint32_t before = b.c->cwnd;
	hystart_acks(&b, 8, 46);
	CU_ASSERT_EQUAL(b.c->cwnd, before + 8 * MSS);
	CU_ASSERT_EQUAL(b.c->ssthresh, UINT32_MAX);
	hystart_acks(&b, 1, 46);
	CU_ASSERT_EQUAL(b.c->ssthresh, before + 8 * MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPHystartDelayDetect], 1);
	flight_close(&b);
}

/* The next round begins with what is sent then: one ACK does not make a round. */
static void a_round_that_leaves_nothing_in_flight_ends_with_the_ack_of_something_new(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	flight_send(&b, MSS);
	b.c->snd.nxt = b.c->snd.una + MSS;
	hystart_acks(&b, 1, 40);
	CU_ASSERT_EQUAL(b.c->flight->hystart.round_end, b.base + MSS);
	hystart_acks(&b, 1, 46);
	CU_ASSERT_EQUAL(b.c->flight->hystart.last_min_ns, 40 * NS_PER_MS);
	hystart_acks(&b, 7, 46);
	CU_ASSERT(b.c->flight->hystart.css);
	flight_close(&b);
}

static void only_the_first_slow_start_looks_at_delays(void)
{
	struct flight_bench b;

	hystart_begin(&b);
	b.c->ssthresh = 1000 * MSS;
	hystart_round(&b, 40);
	hystart_round(&b, 80);
	hystart_round(&b, 80);
	CU_ASSERT_FALSE(b.c->flight->hystart.css);
	flight_close(&b);
}

SUITE(tcp_cubic, T(cube_roots_are_exact), T(curve_and_floating_point_agree), T(far_away_nothing_overflows),
	T(a_loss_takes_three_tenths), T(the_window_comes_back_to_w_max_at_k),
	T(a_limit_below_the_last_one_makes_room), T(small_windows_grow_as_reno_does),
	T(the_first_ack_begins_congestion_avoidance_and_the_next_lets_it_grow), T(growth_is_bounded),
	T(after_a_timeout_the_plateau_is_where_slow_start_ends), T(undo_brings_the_curve_back),
	T(idle_time_does_not_count), T(while_the_rtt_stays_slow_start_doubles),
	T(a_rising_rtt_slows_slow_start_down_and_ends_it_after_five_rounds), T(a_false_alarm_is_taken_back),
	T(without_such_rounds_slow_start_ends_at_the_ninth_sample),
	T(a_round_that_leaves_nothing_in_flight_ends_with_the_ack_of_something_new),
	T(only_the_first_slow_start_looks_at_delays),
	T(a_loss_takes_them_from_cwnd_and_not_from_what_is_in_flight))
