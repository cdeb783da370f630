/* SPDX-License-Identifier: MIT */
/* RACK-TLP (RFC 8985). */
#include "tests/unit/tcp/flight.h"

#define MS  NS_PER_MS
#define RTT (40 * MS)

static uint64_t in(const struct flight_bench *b, enum tcp_timer which)
{
	return tcp_timer_runs(b->c, which) ? tcp_timer_due(b->c, which) - stack_now(b->s) : 0;
}

/* Segments 0 to n - 1, one each millisecond, after a round trip of 40 ms was measured. The clock then stands where
 * the answer to the first arrives. */
static void begin(struct flight_bench *b, unsigned n)
{
	flight_open(b, true);
	b->c->snd.end = b->base;
	flight_send(b, MSS);
	flight_wait(b, RTT);
	b->c->snd.end += MSS;
	ACK(b, .ack = MSS);
	b->c->snd.end += 1 << 30;
	b->base += MSS;
	b->c->cwnd = 40 * MSS;
	for (unsigned i = 0; i < n; i++) {
		flight_send(b, MSS);
		flight_wait(b, MS);
	}
	flight_wait(b, RTT - n * MS);
}

/* ---- 6: RACK ---- */

/* RFC8985-3a, RFC6675-5c, RFC5681-3.2c, RFC6675-4c */
static void three_segments_that_overtook_it_show_that_one_is_lost(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	begin(&b, 10);
	ACK(&b, .ack = 0, .sack = {MSS, 2 * MSS});
	flight_wait(&b, MS);
	ACK(&b, .ack = 0, .sack = {MSS, 3 * MSS});
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_DISORDER);
	CU_ASSERT_EQUAL(LOST(&b), 0);
	flight_wait(&b, MS);
	ACK(&b, .ack = 0, .sack = {MSS, 4 * MSS});
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base);
	CU_ASSERT_EQUAL(end, b.base + MSS);
	CU_ASSERT(tcp_cwnd_room(b.c) >= MSS);
	flight_close(&b);
}

/* RFC 8985 6.2 step 2 takes the RTT of each segment that arrives, sent last or not: of an ACK the last one counts. Here
 * the first is what was sent again and the second an old one, so that what was sent with that still has time. */
static void the_rtt_is_of_the_last_that_arrived(void)
{
	struct flight_bench b;
	struct tcp_flight *f;

	begin(&b, 0);
	for (int i = 0; i < 5; i++)
		flight_send(&b, MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 0, .sack = {2 * MSS, 3 * MSS});
	f = b.c->flight;
	board_lose_head(b.c, false, &(struct tcp_ack){0});
	flight_resend(&b, 0, MSS);
	flight_wait(&b, RTT + MS);
	ACK(&b, .ack = 3 * MSS);
	CU_ASSERT_EQUAL(f->rack.rtt_ns, 2 * RTT + MS);
	CU_ASSERT_EQUAL(LOST(&b), 0);
	flight_close(&b);
}

static void tcp_info_tells_of_reordering_and_of_what_was_sent_again(void)
{
	struct flight_bench b;
	struct tcp_info info = {0};

	begin(&b, 10);
	ACK(&b, .ack = 0, .sack = {MSS, 2 * MSS, 3 * MSS, 4 * MSS, 7 * MSS, 8 * MSS});
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	tcp_recovery_info(b.c, &info);
	CU_ASSERT_EQUAL(info.reordering, 3);
	CU_ASSERT_EQUAL(info.lost, LOST(&b) / MSS);
	CU_ASSERT(flight_resend_next(&b));
	CU_ASSERT_EQUAL(LOST(&b) / MSS, info.lost - 1);
	uint32_t lost = info.lost;
	tcp_recovery_info(b.c, &info);
	CU_ASSERT_EQUAL(info.lost, lost); /* one of them is under way again */
	flight_wait(&b, MS);
	ACK(&b, .ack = 0, .sack = {MSS, 4 * MSS, 7 * MSS, 8 * MSS}); /* 2 was overtaken by 7 */
	tcp_recovery_info(b.c, &info);
	CU_ASSERT_EQUAL(info.reordering, 6);
	CU_ASSERT_EQUAL(info.reord_seen, 1);
	flight_close(&b);
}

/* RFC8985-3b, RFC8985-6.2b, RFC8985-4b, RFC8985-9.2 */
static void one_that_overtook_it_shows_so_after_a_quarter_of_min_rtt(void)
{
	struct flight_bench b;

	begin(&b, 4);
	flight_wait(&b, MS); /* when the second arrives */
	ACK(&b, .ack = 0, .sack = {MSS, 2 * MSS});
	CU_ASSERT_EQUAL(LOST(&b), 0);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_REORDER), RTT / 4 - MS); /* the first is 1 ms older */
	flight_wait(&b, RTT / 4 - MS);
	tcp_timer_stop(b.c, TCP_TIMER_REORDER);
	tcp_timer_reorder(b.c);
	CU_ASSERT_EQUAL(LOST(&b), MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	CU_ASSERT(tcp_cwnd_room(b.c) >= MSS);
	flight_close(&b);
}

/* RFC8985-8 */
static void one_timer_runs_at_a_time(void)
{
	struct flight_bench b;

	begin(&b, 4);
	CU_ASSERT(in(&b, TCP_TIMER_TLP) && !in(&b, TCP_TIMER_REXMIT) && !in(&b, TCP_TIMER_REORDER));
	flight_wait(&b, MS);
	ACK(&b, .ack = 0, .sack = {MSS, 2 * MSS});
	CU_ASSERT(!in(&b, TCP_TIMER_TLP) && !in(&b, TCP_TIMER_REXMIT) && in(&b, TCP_TIMER_REORDER));
	ACK(&b, .ack = 2 * MSS);
	CU_ASSERT(in(&b, TCP_TIMER_TLP) && !in(&b, TCP_TIMER_REXMIT) && !in(&b, TCP_TIMER_REORDER));
	flight_close(&b);
}

/* What is only late is not sent again, and the next time RACK waits although three have overtaken it. */
static void reordering_that_was_seen_is_waited_for(void)
{
	struct flight_bench b;

	begin(&b, 12);
	ACK(&b, .ack = 0, .sack = {MSS, 3 * MSS});
	ACK(&b, .ack = 3 * MSS); /* the first came late */
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSACKReorder], 1);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	flight_wait(&b, 11 * MS);
	ACK(&b, .ack = 3 * MSS, .sack = {4 * MSS, 12 * MSS});
	CU_ASSERT_EQUAL(LOST(&b), 0);
	CU_ASSERT(in(&b, TCP_TIMER_REORDER) > 0 && in(&b, TCP_TIMER_REORDER) <= 10 * MS);
	flight_close(&b);
}

static void a_lost_retransmission_is_found_by_what_was_sent_after_it(void)
{
	struct flight_bench b;

	begin(&b, 10);
	flight_wait(&b, 4 * MS);
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS});
	CU_ASSERT(flight_resend_next(&b));
	flight_wait(&b, MS);
	flight_send(&b, 2 * MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 0, .sack = {MSS, 12 * MSS}); /* segments 10 and 11 left after the retransmission */
	CU_ASSERT_EQUAL(LOST(&b), MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPLostRetransmit], 1);
	flight_close(&b);
}

/* 6.2 step 2: an ACK that comes sooner than any round trip answers the first transmission, not the second. */
static void an_ambiguous_ack_does_not_move_racks_clock(void)
{
	struct flight_bench b;

	begin(&b, 10);
	flight_wait(&b, 4 * MS);
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS});
	uint64_t before = b.c->flight->rack.number;
	CU_ASSERT(flight_resend_next(&b));
	flight_wait(&b, MS);
	ACK(&b, .ack = 5 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->rack.number, before);
	CU_ASSERT_EQUAL(LOST(&b), 0);
	flight_close(&b);
}

/* ---- the reordering window ---- */

/* One recovery that a D-SACK shows to have been superfluous. */
static void spurious_recovery(struct flight_bench *b, bool dsack)
{
	uint32_t from = b->c->snd.una - b->base;

	for (int i = 0; i < 6; i++)
		flight_send(b, MSS);
	flight_wait(b, RTT);
	ACK(b, .ack = from, .sack = {from + MSS, from + 6 * MSS});
	if (!LOST(b)) {
		flight_wait(b, in(b, TCP_TIMER_REORDER));
		tcp_timer_reorder(b->c);
	}
	CU_ASSERT_EQUAL(b->c->ca_state, TCP_CA_RECOVERY);
	CU_ASSERT(flight_resend_next(b));
	flight_wait(b, RTT);
	if (dsack)
		ACK(b, .ack = from + 6 * MSS, .sack = {from, from + MSS});
	else
		ACK(b, .ack = from + 6 * MSS);
	CU_ASSERT_EQUAL(b->c->snd.una, b->c->snd.nxt);
}

/* RFC8985-3c, RFC8985-3d: a D-SACK in every ACK widens the window up to SRTT */
static void tcp_dsack_abuse(void)
{
	struct flight_bench b;

	begin(&b, 0);
	for (unsigned i = 1; i < 300; i++) {
		spurious_recovery(&b, true);
		flight_send(&b, MSS); /* the next ACK takes notice */
		flight_wait(&b, RTT);
		ACK(&b, .ack = b.c->snd.nxt - b.base);
		CU_ASSERT(rack_window(b.c) <= b.c->srtt_us * NS_PER_US);
	}
	CU_ASSERT(b.c->flight->rack.wnd_mult > 4);
	CU_ASSERT(b.c->flight->rack.wnd_mult <= 255);
	flight_close(&b);
}

/* RFC 8985 6.2.4 */
static void after_sixteen_recoveries_without_it_is_narrow_again(void)
{
	struct flight_bench b;

	begin(&b, 0);
	b.c->flight->rack.wnd_mult = 4;
	b.c->flight->rack.wnd_persist = 16;
	for (int i = 0; i < 16; i++) {
		CU_ASSERT_EQUAL(b.c->flight->rack.wnd_mult, 4);
		spurious_recovery(&b, false);
	}
	spurious_recovery(&b, false);
	CU_ASSERT_EQUAL(b.c->flight->rack.wnd_mult, 1);
	flight_close(&b);
}

/* ---- 7: TLP ---- */

/* RFC8985-7.2a, RFC8985-7.2b, RFC8985-7.2c */
static void the_probe_is_due_after_two_round_trips(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	b.c->snd.end = b.base;
	flight_send(&b, MSS);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), NS_PER_SEC); /* no SRTT yet */
	flight_wait(&b, RTT);
	ACK(&b, .ack = MSS);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), 0);
	flight_send(&b, MSS);
	CU_ASSERT_EQUAL(
		in(&b, TCP_TIMER_TLP), RTT + 200 * MS); /* SRTT + 200 ms is the RTO: not later than that */
	flight_wait(&b, 10 * MS);
	flight_send(&b, MSS);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), 2 * RTT + 2 * MS);
	flight_close(&b);
}

static void text_of_the_peers_own_does_not_put_the_probe_off(void)
{
	struct flight_bench b;

	begin(&b, 4);
	uint64_t due = b.c->deadline_ns[TCP_CLOCK_SENDING];
	CU_ASSERT(in(&b, TCP_TIMER_TLP) > 0);
	flight_wait(&b, MS);
	ACK(&b, .ack = 0, .wnd = 1000000);
	CU_ASSERT_EQUAL(b.c->deadline_ns[TCP_CLOCK_SENDING], due);
	ACK(&b, .ack = MSS);
	CU_ASSERT(b.c->deadline_ns[TCP_CLOCK_SENDING] > due);
	flight_close(&b);
}

/* RFC8985-4a */
static void without_sack_there_are_no_probes(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	flight_send(&b, 2 * MSS);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), 0);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_REXMIT), NS_PER_SEC);
	flight_close(&b);
}

static void in_disorder_there_are_none(void)
{
	struct flight_bench b;

	begin(&b, 6);
	ACK(&b, .ack = 0, .sack = {MSS, 2 * MSS});
	ACK(&b, .ack = 0, .sack = {MSS, 6 * MSS});
	CU_ASSERT(flight_resend_next(&b));
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), 0);
	CU_ASSERT(in(&b, TCP_TIMER_REXMIT) > 0);
	flight_close(&b);
}

/* The PTO is over: the last segment goes again. */
static void probe(struct flight_bench *b)
{
	uint32_t seq, end;

	flight_wait(b, in(b, TCP_TIMER_TLP));
	tcp_timer_stop(b->c, TCP_TIMER_TLP);
	tcp_timer_tlp(b->c);
	CU_ASSERT(b->c->want & TCP_WANT_TLP);
	CU_ASSERT(tcp_last_sent(b->c, &seq, &end));
	CU_ASSERT(tcp_sent(b->c, seq, end));
	tcp_tlp_sent(b->c, false);
	b->c->want = 0;
}

/* RFC8985-7.3a, RFC8985-7.3c */
static void after_the_probe_comes_the_rto(void)
{
	struct flight_bench b;

	begin(&b, 4);
	probe(&b);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), 0);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_REXMIT), tcp_rto_ns(b.c));
	flight_wait(&b, 5 * MS);
	flight_send(&b, MSS); /* none until this one is answered */
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), 0);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 4 * MSS);
	ACK(&b, .ack = 5 * MSS); /* which was sent once: a sample */
	flight_send(&b, MSS);
	CU_ASSERT(in(&b, TCP_TIMER_TLP) > 0);
	flight_close(&b);
}

/* Timers come before frames in a turn of the loop: after a pause of the process both are due at once. */
static void an_ack_in_the_turn_of_the_probe_makes_it_needless(void)
{
	struct flight_bench b;

	begin(&b, 4);
	flight_wait(&b, in(&b, TCP_TIMER_TLP));
	tcp_timer_stop(b.c, TCP_TIMER_TLP);
	tcp_timer_tlp(b.c);
	CU_ASSERT(b.c->want & TCP_WANT_TLP);
	ACK(&b, .ack = 3 * MSS);
	CU_ASSERT_FALSE(b.c->want & TCP_WANT_TLP);
	CU_ASSERT(in(&b, TCP_TIMER_TLP) > 0);
	flight_close(&b);
}

/* RFC8985-7.3a: the ACK of a segment sent twice measures nothing */
static void without_a_new_rtt_there_is_no_second_probe(void)
{
	struct flight_bench b;

	begin(&b, 1);
	probe(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = MSS);
	ACK(&b, .ack = MSS, .sack = {0, MSS});
	flight_send(&b, MSS);
	CU_ASSERT_EQUAL(in(&b, TCP_TIMER_TLP), 0);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 2 * MSS);
	flight_send(&b, MSS);
	CU_ASSERT(in(&b, TCP_TIMER_TLP) > 0);
	flight_close(&b);
}

/* RFC8985-7.4 */
static void a_loss_that_only_the_probe_repaired_is_congestion(void)
{
	struct flight_bench b;

	begin(&b, 4);
	probe(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 4 * MSS);
	flight_send(&b, MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 5 * MSS); /* and no D-SACK came */
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPLossProbeRecovery], 1);
	CU_ASSERT(b.c->cwnd < 40 * MSS);
	CU_ASSERT(b.c->cwnd == b.c->ssthresh);
	flight_close(&b);
}

static void a_probe_that_arrived_beside_the_original_is_none(void)
{
	struct flight_bench b;

	for (int dsack = 0; dsack < 2; dsack++) {
		begin(&b, 4);
		uint32_t cwnd = b.c->cwnd;
		probe(&b);
		flight_wait(&b, MS);
		ACK(&b, .ack = 4 * MSS);
		flight_send(&b, MSS);
		if (dsack)
			ACK(&b, .ack = 4 * MSS, .sack = {3 * MSS, 4 * MSS});
		else
			ACK(&b, .ack = 4 * MSS);
		flight_wait(&b, RTT);
		ACK(&b, .ack = 5 * MSS);
		CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPLossProbeRecovery], 0);
		CU_ASSERT(b.c->cwnd >= cwnd);
		flight_close(&b);
	}
}

/* RFC8985-7.2a: the loss that the probe lays open is repaired as any other */
static void the_probe_lays_open_what_was_lost_before_it(void)
{
	struct flight_bench b;

	begin(&b, 6);
	ACK(&b, .ack = 2 * MSS);
	probe(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 2 * MSS, .sack = {5 * MSS, 6 * MSS});
	CU_ASSERT_EQUAL(LOST(&b), 3 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	flight_close(&b);
}

SUITE(tcp_rack, T(three_segments_that_overtook_it_show_that_one_is_lost),
	T(one_that_overtook_it_shows_so_after_a_quarter_of_min_rtt), T(one_timer_runs_at_a_time),
	T(reordering_that_was_seen_is_waited_for),
	T(a_lost_retransmission_is_found_by_what_was_sent_after_it),
	T(an_ambiguous_ack_does_not_move_racks_clock), T(tcp_dsack_abuse),
	T(after_sixteen_recoveries_without_it_is_narrow_again), T(the_probe_is_due_after_two_round_trips),
	T(text_of_the_peers_own_does_not_put_the_probe_off), T(without_sack_there_are_no_probes),
	T(in_disorder_there_are_none), T(after_the_probe_comes_the_rto),
	T(an_ack_in_the_turn_of_the_probe_makes_it_needless), T(without_a_new_rtt_there_is_no_second_probe),
	T(a_loss_that_only_the_probe_repaired_is_congestion),
	T(a_probe_that_arrived_beside_the_original_is_none), T(the_probe_lays_open_what_was_lost_before_it),
	T(the_rtt_is_of_the_last_that_arrived), T(tcp_info_tells_of_reordering_and_of_what_was_sent_again))
