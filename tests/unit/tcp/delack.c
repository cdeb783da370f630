/* SPDX-License-Identifier: MIT */
/* When received text is acknowledged. */
#include "tests/unit/tcp/rx.h"

/* A full segment, read at once; was an ACK asked for? It leaves then. */
static bool full(struct rx *r)
{
	rx_text(r, rx_nxt(r), RX_MSS, 0, 0);
	tcp_recvq_read(r->c, NULL, RX_MSS, MSG_TRUNC);
	tcp_take_dirty(tcp_of(r->s));
	return rx_ack(r).sent;
}

static bool small(struct rx *r)
{
	rx_text(r, rx_nxt(r), 10, 0, TCP_PSH);
	return rx_ack(r).sent;
}

/* Past the quick ACKs of the beginning. */
static void pass_the_beginning(struct rx *r)
{
	for (int i = 0; i < 100; i++)
		full(r);
	r->c->quick = 0;
	full(r);
	if (r->c->rcv.acked != r->c->rcv.nxt)
		full(r);
	CU_ASSERT_EQUAL(r->c->rcv.acked, r->c->rcv.nxt);
}

/* When the delayed ACK comes, in ms from now; 0: none is due. */
static uint64_t due_ms(const struct rx *r)
{
	uint64_t due = tcp_timer_due(r->c, TCP_TIMER_DELACK);

	return due == TIMER_NEVER ? 0 : (due - stack_now(r->s)) / NS_PER_MS;
}

static void the_first_segments_are_acknowledged_at_once(void)
{
	struct rx r = rx_new();
	int at_once = 0;

	while (at_once < 100 && small(&r))
		at_once++;
	CU_ASSERT_EQUAL(at_once, 16);
	CU_ASSERT_EQUAL(due_ms(&r), 40);
	rx_free(&r);
}

/* RFC9293-SHLD-18 RFC9293-SHLD-19 RFC9293-MUST-58 RFC5681-4.2a RFC5681-4.2c */
static void every_second_full_segment_is_acknowledged(void)
{
	struct rx r = rx_new();

	pass_the_beginning(&r);
	for (int i = 0; i < 20; i++) {
		r.c->quick = 0; /* growth of the window gives one now and then */
		CU_ASSERT_EQUAL(full(&r), i % 2 == 1);
	}
	rx_free(&r);
}

/* RFC9293-MUST-40 */
static void a_lone_segment_is_acknowledged_within_200_ms(void)
{
	for (uint32_t gap_ms = 1; gap_ms < 1000; gap_ms += 7) {
		struct rx r = rx_new();
		pass_the_beginning(&r);
		for (int i = 0; i < 20; i++) {
			r.c->quick = 0;
			bool waiting = due_ms(&r), at_once = small(&r);
			CU_ASSERT(at_once || (due_ms(&r) <= 200 && (waiting || due_ms(&r) >= 40)));
			lab_run(r.l, gap_ms * NS_PER_MS);
			CU_ASSERT(r.c->rcv.acked == r.c->rcv.nxt || gap_ms <= 200);
		}
		rx_free(&r);
	}
}

/* RFC5681-3.2a RFC5681-3.2b */
static void what_comes_out_of_order_or_fills_a_gap_is_acknowledged_at_once(void)
{
	struct rx r = rx_new();

	pass_the_beginning(&r);
	uint32_t at = rx_nxt(&r);
	r.c->quick = 0;
	rx_text(&r, at + 100, 10, 0, 0);
	CU_ASSERT(rx_ack(&r).sent);
	rx_text(&r, at + 200, 10, 0, 0);
	CU_ASSERT(rx_ack(&r).sent);
	rx_text(&r, at, 10, 0, 0); /* in order, while there is a gap */
	CU_ASSERT(rx_ack(&r).sent);
	rx_text(&r, at + 10, 190, 0, 0);
	CU_ASSERT(rx_ack(&r).sent);
	r.c->quick = 0;
	rx_text(&r, at + 210, 10, 0, 0);
	CU_ASSERT_FALSE(rx_ack(&r).sent);
	rx_free(&r);
}

static void after_a_duplicate_acks_are_quick_again(void)
{
	struct rx r = rx_new();

	pass_the_beginning(&r);
	tcp_note_duplicate(r.c, r.base, r.base + 10);
	CU_ASSERT_EQUAL(r.c->quick, 16);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtDelayedACKLost], 1);
	CU_ASSERT(small(&r));
	rx_free(&r);
}

static void in_a_dialogue_the_ack_waits_for_the_answer(void)
{
	struct rx r = rx_new();

	CU_ASSERT(small(&r));
	tcp_replied(r.c);
	CU_ASSERT_FALSE(small(&r)); /* although it is one of the first */
	CU_ASSERT_EQUAL(due_ms(&r), 40);
	tcp_ack_sent(r.c); /* the answer bore it */
	CU_ASSERT_EQUAL(due_ms(&r), 0);
	CU_ASSERT_FALSE(small(&r));
	lab_run(r.l, 50 * NS_PER_MS); /* no answer */
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtDelayedACKs], 1);
	CU_ASSERT_FALSE(r.c->dialogue);
	rx_free(&r);
}

static void a_late_answer_makes_no_dialogue(void)
{
	struct rx r = rx_new();

	small(&r);
	lab_run(r.l, 60 * NS_PER_MS);
	tcp_replied(r.c);
	CU_ASSERT_FALSE(r.c->dialogue);
	rx_free(&r);
}

static void a_delayed_ack_that_came_alone_waits_longer_next_time(void)
{
	struct rx r = rx_new();

	pass_the_beginning(&r);
	r.c->quick = 0;
	CU_ASSERT_FALSE(small(&r));
	CU_ASSERT_EQUAL(due_ms(&r), 40);
	lab_run(r.l, 45 * NS_PER_MS);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtDelayedACKs], 1);
	CU_ASSERT_EQUAL(r.c->ato_ms, 80);
	rx_free(&r);
}

/* RFC5681-4.2b RFC9293-MUST-40 */
static void a_round_trip_bounds_the_delay(void)
{
	struct rx r = rx_new();

	pass_the_beginning(&r);
	r.c->ato_ms = 150;
	r.c->srtt_us = 60000;
	lab_run(r.l, 100 * NS_PER_MS);
	r.c->quick = 0;
	CU_ASSERT_FALSE(small(&r));
	CU_ASSERT_EQUAL(due_ms(&r), 60);
	rx_free(&r);
}

/* Whoever waits for our ACK before it sends more (Nagle) need not, when the program has seen all there is. */
static void the_end_of_a_write_is_acknowledged_when_it_is_read(void)
{
	struct rx r = rx_new();

	pass_the_beginning(&r);
	r.c->quick = 0;
	CU_ASSERT_FALSE(small(&r));
	tcp_recvq_read(r.c, NULL, 5, MSG_TRUNC);
	CU_ASSERT_FALSE(rx_ack(&r).sent);
	tcp_recvq_read(r.c, NULL, 5, MSG_TRUNC);
	CU_ASSERT(rx_ack(&r).sent);
	tcp_take_dirty(tcp_of(r.s));
	rx_free(&r);
}

/* tcp_ack_burst is for those who want RFC 9293's SHLD-19 to the letter. */
static void one_ack_for_a_burst_or_one_for_two_segments(void)
{
	for (int burst = 0; burst < 2; burst++) {
		struct rx r = rx_new();
		unsigned acks = 0;
		r.s->sysctl[SYSCTL_TCP_ACK_BURST] = burst;
		pass_the_beginning(&r);
		r.c->want = 0;
		for (int i = 0; i < 20; i++) {
			uint32_t acked = r.c->rcv.acked;
			r.c->quick = 0;
			rx_text(&r, rx_nxt(&r), RX_MSS, 0, 0);
			tcp_recvq_read(r.c, NULL, RX_MSS, MSG_TRUNC);
			acks += r.c->rcv.acked != acked; /* it has left in the middle of the burst */
		}
		CU_ASSERT_EQUAL(acks, burst ? 0 : 10);
		CU_ASSERT_EQUAL(r.c->want & TCP_WANT_ACK, burst ? TCP_WANT_ACK : 0);
		tcp_take_dirty(tcp_of(r.s));
		rx_free(&r);
	}
}

/* A peer that fills a large window in one turn of ours need not wait for the turn's end. */
static void a_long_burst_is_acknowledged_in_quarters_of_the_window(void)
{
	struct rx r = rx_new();
	unsigned acks = 0;

	rx_open_wide(&r);
	r.c->rcv.adv = r.c->rcv.nxt + 2000 * RX_MSS;
	for (int i = 0; i < 2000; i++) {
		uint32_t acked = r.c->rcv.acked;
		rx_text(&r, rx_nxt(&r), RX_MSS, 0, 0);
		if (r.c->rcv.acked == acked)
			continue;
		CU_ASSERT(r.c->rcv.acked - acked >= 500 * RX_MSS);
		CU_ASSERT_FALSE(r.c->want & TCP_WANT_ACK);
		r.c->rcv.adv = r.c->rcv.nxt + 2000 * RX_MSS;
		acks++;
	}
	CU_ASSERT(acks >= 3 && acks <= 4);
	rx_free(&r);
}

/* The estimate is for segments of the wire, not for what a device put together. */
static void the_peers_segments_are_measured(void)
{
	struct rx r = rx_new();
	struct tcp_seg super = {.seq = r.base, .len = 8000, .segs = 8, .p = stack_pkt(r.s, 8000)};

	r.c->rcv_mss = TCP_MSS_DEFAULT;
	pkt_put(super.p, 8000);
	tcp_text(r.c, &super);
	CU_ASSERT_EQUAL(r.c->rcv_mss, 1000);
	rx_text(&r, 8000, 1448, 0, 0);
	CU_ASSERT_EQUAL(r.c->rcv_mss, 1448);
	rx_text(&r, 8000 + 1448, 700, 0, TCP_PSH); /* the end of a write */
	CU_ASSERT_EQUAL(r.c->rcv_mss, 1448);
	rx_text(&r, 8000 + 1448 + 700, 700, 0, 0); /* the path became narrower */
	CU_ASSERT_EQUAL(r.c->rcv_mss, 700);
	rx_free(&r);
}

SUITE(tcp_delack, T(the_first_segments_are_acknowledged_at_once),
	T(every_second_full_segment_is_acknowledged), T(a_lone_segment_is_acknowledged_within_200_ms),
	T(what_comes_out_of_order_or_fills_a_gap_is_acknowledged_at_once),
	T(after_a_duplicate_acks_are_quick_again), T(in_a_dialogue_the_ack_waits_for_the_answer),
	T(a_late_answer_makes_no_dialogue), T(a_delayed_ack_that_came_alone_waits_longer_next_time),
	T(a_round_trip_bounds_the_delay), T(the_end_of_a_write_is_acknowledged_when_it_is_read),
	T(one_ack_for_a_burst_or_one_for_two_segments),
	T(a_long_burst_is_acknowledged_in_quarters_of_the_window), T(the_peers_segments_are_measured))
