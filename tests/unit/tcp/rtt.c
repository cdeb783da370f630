/* SPDX-License-Identifier: MIT */
/* Round trips and the retransmission timer (RFC 6298). */
#include "tests/unit/tcp/flight.h"

#define MS NS_PER_MS

/* When REXMIT is due, from now; 0: it does not run. */
static uint64_t rexmit_in(const struct flight_bench *b)
{
	return tcp_timer_runs(b->c, TCP_TIMER_REXMIT)
		? tcp_timer_due(b->c, TCP_TIMER_REXMIT) - stack_now(b->s)
		: 0;
}

/* What timer.c does when it is due, as far as these tests go. */
static void expire(struct flight_bench *b)
{
	flight_wait(b, rexmit_in(b));
	tcp_timer_stop(b->c, TCP_TIMER_REXMIT);
	tcp_rto(b->c);
}

/* ---- 2: the estimate ---- */

/* RFC6298-2.1, RFC6298-5.7, RFC5681-3.1d */
static void before_any_sample_the_rto_is_1_s_and_3_s_if_the_syn_was_lost(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	CU_ASSERT_EQUAL(tcp_rto_ns(b.c), NS_PER_SEC);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	b.c->retries = 1;
	tcp_cc_init(b.c);
	CU_ASSERT_EQUAL(tcp_rto_ns(b.c), 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(b.c->cwnd, MSS);
	CU_ASSERT_EQUAL(b.c->retries, 0);
	flight_close(&b);
}

/* RFC6298-2.2 */
static void the_first_sample_sets_everything(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	tcp_rtt_sample(b.c, 300 * MS);
	CU_ASSERT_EQUAL(b.c->srtt_us, 300000);
	CU_ASSERT_EQUAL(b.c->rttvar_us, 150000);
	CU_ASSERT_EQUAL(tcp_rto_ns(b.c), 900 * MS);
	flight_close(&b);
}

/* RFC6298-2.3a, RFC6298-2.3b */
static void later_samples_change_rttvar_by_the_old_srtt_and_then_srtt(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	tcp_rtt_sample(b.c, 300 * MS);
	tcp_rtt_sample(b.c, 700 * MS);
	CU_ASSERT_EQUAL(b.c->rttvar_us, 150000 * 3 / 4 + 400000 / 4);
	CU_ASSERT_EQUAL(b.c->srtt_us, 300000 * 7 / 8 + 700000 / 8);
	CU_ASSERT_EQUAL(tcp_rto_ns(b.c), (350000 + 4 * 212500) * NS_PER_US);
	flight_close(&b);
}

/* RFC6298-2.4, RFC6298-4: our lower bound is Linux's: 200 ms above SRTT, for which the clock's grain is nothing */
static void the_rto_is_at_least_200_ms_above_srtt(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	for (int i = 0; i < 100; i++)
		tcp_rtt_sample(b.c, 50 * NS_PER_US);
	CU_ASSERT_EQUAL(b.c->srtt_us, 50);
	CU_ASSERT_EQUAL(tcp_rto_ns(b.c), 200050 * NS_PER_US);
	flight_close(&b);
}

/* RFC6298-2.5 */
static void the_rto_is_at_most_120_s(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	tcp_rtt_sample(b.c, 100 * NS_PER_SEC);
	CU_ASSERT_EQUAL(tcp_rto_ns(b.c), 120 * NS_PER_SEC);
	b.c->srtt_us = 800000;
	b.c->rttvar_us = 50000;
	b.c->backoff = 255;
	CU_ASSERT_EQUAL(tcp_rto_ns(b.c), 120 * NS_PER_SEC);
	tcp_rtt_sample(b.c, UINT64_MAX);
	CU_ASSERT(b.c->srtt_us <= 120000000);
	flight_close(&b);
}

/* ---- 3: samples ---- */

/* RFC6298-3b */
static void each_ack_of_new_data_is_a_sample(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	flight_send(&b, MSS);
	flight_wait(&b, 80 * MS);
	flight_send(&b, MSS);
	flight_wait(&b, 20 * MS);
	ACK(&b,
		.ack = 2 *
			MSS); /* by the first of what it covers: the receiver may have waited for the second */
	CU_ASSERT_EQUAL(b.c->srtt_us, 100000);
	CU_ASSERT_EQUAL(rtt_min_ns(b.c), 20 * MS);
	flight_close(&b);
}

/* RFC6298-3a */
static void what_was_sent_twice_is_no_sample(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	tcp_rtt_sample(b.c, 300 * MS);
	flight_send(&b, MSS);
	expire(&b);
	CU_ASSERT(flight_resend_next(&b));
	flight_wait(&b, 5 * MS);
	ACK(&b, .ack = MSS);
	CU_ASSERT_EQUAL(b.c->srtt_us, 300000);
	CU_ASSERT_EQUAL(b.c->backoff, 1); /* and the RTO stays doubled */
	flight_send(&b, MSS);
	flight_wait(&b, 300 * MS);
	ACK(&b, .ack = 2 * MSS);
	CU_ASSERT_EQUAL(b.c->backoff, 0);
	flight_close(&b);
}

/* RFC6298-3a: the exception */
static void but_with_timestamps_it_is(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	b.c->ts_on = true;
	b.c->ts_offset = 0x12345678;
	tcp_rtt_sample(b.c, 800 * MS);
	flight_send(&b, MSS);
	flight_wait(&b, NS_PER_SEC);
	tcp_rto(b.c);
	CU_ASSERT(flight_resend_next(&b));
	uint32_t stamp = tcp_ts_clock(b.s);
	flight_wait(&b, 400 * MS);
	ACK(&b, .ack = MSS, .tsecr = stamp);
	CU_ASSERT_EQUAL(b.c->srtt_us, (800000 * 7 + 400000) / 8);
	CU_ASSERT_EQUAL(b.c->backoff, 0);
	flight_close(&b);
}

/* The ACK of the first copy was lost, and a later copy makes the peer say so again: it echoes the first. */
static void what_a_duplicate_made_the_peer_say_is_no_sample(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	b.c->ts_on = true;
	tcp_rtt_sample(b.c, 100 * MS);
	flight_send(&b, MSS);
	uint32_t stamp = tcp_ts_clock(b.s);
	flight_wait(&b, 10 * NS_PER_SEC);
	tcp_rto(b.c);
	CU_ASSERT(flight_resend_next(&b));
	flight_wait(&b, 100 * MS);
	ACK(&b, .ack = MSS, .sack = {0, MSS}, .tsecr = stamp);
	CU_ASSERT_EQUAL(b.c->backoff, 0); /* but the RTO was not too short */
	CU_ASSERT_EQUAL(b.c->srtt_us, 100000);
	flight_close(&b);
}

static void an_echo_from_the_future_is_no_sample(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	b.c->ts_on = true;
	tcp_rtt_sample(b.c, 800 * MS);
	flight_send(&b, MSS);
	tcp_rto(b.c);
	CU_ASSERT(flight_resend_next(&b));
	ACK(&b, .ack = MSS, .tsecr = tcp_ts_clock(b.s) + 1);
	CU_ASSERT_EQUAL(b.c->srtt_us, 800000);
	flight_close(&b);
}

/* RFC8985-6.2a */
static void the_least_rtt_is_forgotten_after_a_while(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	for (uint32_t i = 1; i < 40; i++) {
		flight_send(&b, MSS);
		flight_wait(&b, i == 1 ? 10 * MS : 20 * NS_PER_SEC);
		ACK(&b, .ack = i * MSS);
		if (i * 20 < 150)
			CU_ASSERT_EQUAL(rtt_min_ns(b.c), 10 * MS);
	}
	CU_ASSERT_EQUAL(rtt_min_ns(b.c), 20 * NS_PER_SEC);
	flight_close(&b);
}

/* ---- 5: the timer ---- */

/* RFC6298-5.1, RFC6298-5.2 */
static void data_starts_the_timer_and_the_last_ack_stops_it(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	b.c->snd.end = b.base + 2 * MSS;
	CU_ASSERT_EQUAL(rexmit_in(&b), 0);
	flight_send(&b, MSS);
	CU_ASSERT_EQUAL(rexmit_in(&b), NS_PER_SEC);
	flight_wait(&b, 10 * MS);
	flight_send(&b, MSS); /* it runs already */
	CU_ASSERT_EQUAL(rexmit_in(&b), 990 * MS);
	ACK(&b, .ack = 2 * MSS);
	CU_ASSERT_EQUAL(rexmit_in(&b), 0);
	CU_ASSERT(tcp_timer_runs(b.c, TCP_TIMER_REST));
	flight_close(&b);
}

/* RFC6298-5.3 */
static void an_ack_of_some_starts_it_again(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	flight_send(&b, 3 * MSS);
	flight_wait(&b, 100 * MS);
	ACK(&b, .ack = MSS);
	CU_ASSERT_EQUAL(rexmit_in(&b), 300 * MS);
	flight_wait(&b, 100 * MS);
	ACK(&b, .ack = MSS); /* nothing new */
	CU_ASSERT_EQUAL(rexmit_in(&b), 200 * MS);
	flight_close(&b);
}

/* RFC6298-5.4, RFC6298-5.5, RFC6298-5.6, RFC6298-5.0 */
static void when_it_fires_the_first_segment_goes_again_and_the_rto_doubles(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	flight_open(&b, false);
	tcp_rtt_sample(b.c, 300 * MS);
	flight_send(&b, 3 * MSS);
	for (uint64_t rto = 1800; rto < 20000; rto *= 2) {
		expire(&b);
		CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
		CU_ASSERT_EQUAL(seq, b.base);
		CU_ASSERT_EQUAL(end, b.base + MSS);
		CU_ASSERT(tcp_sent(b.c, seq, end));
		CU_ASSERT_EQUAL(tcp_cwnd_room(b.c), 0);
		CU_ASSERT_EQUAL(rexmit_in(&b), rto * MS);
	}
	flight_close(&b);
}

/* RFC6298-1, RFC6298-5.0: also where it was sent long after the timer began */
static void no_segment_goes_again_within_an_rto(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	tcp_rtt_sample(b.c, 300 * MS); /* RTO 900 ms */
	flight_send(&b, 5 * MSS);
	flight_wait(&b, 800 * MS);
	for (int i = 0; i < 3; i++)
		ACK(&b, .ack = 0);
	CU_ASSERT(flight_resend_next(&b));
	CU_ASSERT_EQUAL(rexmit_in(&b), 900 * MS);
	flight_close(&b);
}

static void unsent_data_and_nothing_in_flight_run_the_probe_timer(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	tcp_rearm(b.c);
	CU_ASSERT(tcp_timer_runs(b.c, TCP_TIMER_PROBE));
	flight_send(&b, MSS);
	CU_ASSERT_FALSE(tcp_timer_runs(b.c, TCP_TIMER_PROBE));
	CU_ASSERT(tcp_timer_runs(b.c, TCP_TIMER_REXMIT));
	ACK(&b, .ack = MSS, .wnd = 10);
	CU_ASSERT(tcp_timer_runs(b.c, TCP_TIMER_PROBE));
	CU_ASSERT_FALSE(tcp_timer_runs(b.c, TCP_TIMER_REXMIT));
	flight_close(&b);
}

SUITE(tcp_rtt, T(before_any_sample_the_rto_is_1_s_and_3_s_if_the_syn_was_lost),
	T(the_first_sample_sets_everything), T(later_samples_change_rttvar_by_the_old_srtt_and_then_srtt),
	T(the_rto_is_at_least_200_ms_above_srtt), T(the_rto_is_at_most_120_s),
	T(each_ack_of_new_data_is_a_sample), T(what_was_sent_twice_is_no_sample),
	T(but_with_timestamps_it_is), T(what_a_duplicate_made_the_peer_say_is_no_sample),
	T(an_echo_from_the_future_is_no_sample), T(the_least_rtt_is_forgotten_after_a_while),
	T(data_starts_the_timer_and_the_last_ack_stops_it), T(an_ack_of_some_starts_it_again),
	T(when_it_fires_the_first_segment_goes_again_and_the_rto_doubles),
	T(no_segment_goes_again_within_an_rto), T(unsent_data_and_nothing_in_flight_run_the_probe_timer))
