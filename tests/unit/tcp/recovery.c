/* SPDX-License-Identifier: MIT */
/* Recovery: how far and how fast cwnd goes down, and when that is taken back. */
#include "tests/unit/tcp/flight.h"

#define MS  NS_PER_MS
#define RTT (40 * MS)

/* `n` segments of NewReno in flight, which is all that cwnd allows, after a round trip of 40 ms was measured. */
static void begin_as(struct flight_bench *b, bool sack, unsigned n)
{
	flight_open(b, sack);
	tcp_cc_set(b->c, &tcp_newreno);
	b->c->snd.end = b->base + MSS;
	flight_send(b, MSS);
	flight_wait(b, RTT);
	ACK(b, .ack = MSS);
	b->base += MSS;
	b->c->snd.end += 1 << 30;
	b->c->ssthresh = b->c->cwnd = n * MSS;
	CU_ASSERT_EQUAL(flight_output(b), n);
	flight_wait(b, RTT);
}

static void begin(struct flight_bench *b, unsigned n)
{
	begin_as(b, true, n);
}

/* ---- PRR ---- */

/* RFC6937-3, RFC8985-9.3a, RFC8985-9.3b, RFC5681-4.3b, RFC6675-5f: 20 in flight, the first is lost; of the 19 ACKs that
 * follow every second one lets a segment go, until ssthresh is in flight */
static void sending_follows_what_is_delivered_down_to_ssthresh(void)
{
	static const unsigned sent[19] = {1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1};
	struct flight_bench b;

	begin(&b, 20);
	for (unsigned i = 0; i < 19; i++) {
		ACK(&b, .ack = 0, .sack = {MSS, (i + 2) * MSS});
		CU_ASSERT_EQUAL(flight_output(&b), sent[i]);
	}
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 10 * MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 20 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY); /* limited transmit's two are still out */
	flight_close(&b);
}

/* RFC6675-5d, RFC5681-4.3c */
static void recovery_ends_at_its_point_with_cwnd_at_ssthresh(void)
{
	struct flight_bench b;

	begin(&b, 20);
	ACK(&b, .ack = 0, .sack = {MSS, 20 * MSS});
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	flight_output(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 19 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	ACK(&b, .ack = 20 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	flight_close(&b);
}

/* 3.1, CRB: where losses leave less than ssthresh in flight, no more is sent than arrives */
static void heavy_loss_is_not_answered_by_a_burst(void)
{
	struct flight_bench b;

	begin(&b, 20);
	ACK(&b, .ack = 0, .sack = {17 * MSS, 20 * MSS}); /* 17 are lost */
	CU_ASSERT_EQUAL(LOST(&b), 17 * MSS);
	CU_ASSERT_EQUAL(flight_output(&b), 3);
	flight_wait(&b, RTT);
	ACK(&b, .ack = MSS, .sack = {17 * MSS, 20 * MSS});
	CU_ASSERT_EQUAL(flight_output(&b), 2); /* one arrived, and it shows progress */
	flight_close(&b);
}

/* RFC6675-5e */
static void what_is_sacked_beyond_the_point_stays_so(void)
{
	struct flight_bench b;

	begin(&b, 10);
	ACK(&b, .ack = 0, .sack = {MSS, 6 * MSS});
	flight_output(&b);
	flight_send(&b, 4 * MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 10 * MSS, .sack = {12 * MSS, 13 * MSS});
	CU_ASSERT_EQUAL(SACKED(&b), MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_DISORDER);
	flight_close(&b);
}

/* RFC5681-4.3a, RFC5681-3.1g, RFC5681-4.3d: the next window's loss cuts again */
static void each_window_with_a_loss_cuts_ssthresh_once(void)
{
	struct flight_bench b;

	begin(&b, 20);
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS});
	flight_output(&b);
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS, 6 * MSS, 12 * MSS}); /* a second loss in it */
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	flight_output(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 20 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	flight_output(&b);
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 10 * MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 20 * MSS, .sack = {21 * MSS, 25 * MSS});
	CU_ASSERT_EQUAL(b.c->ssthresh, 5 * MSS);
	flight_close(&b);
}

/* ---- NewReno: a peer without SACK ---- */

/* RFC3042-2, RFC5681-3.2d, RFC5681-3.2e */
static void the_first_two_duplicate_acks_let_one_new_segment_go_each(void)
{
	struct flight_bench b;

	begin_as(&b, false, 10);
	for (unsigned i = 1; i <= 2; i++) {
		ACK(&b, .ack = 0);
		CU_ASSERT_EQUAL(flight_output(&b), 1);
		CU_ASSERT_EQUAL(b.c->snd.nxt, b.base + (10 + i) * MSS);
		CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	}
	flight_close(&b);
}

/* RFC5681-3.2f */
static void with_sack_a_duplicate_ack_without_news_lets_none_go(void)
{
	struct flight_bench b;

	begin(&b, 10);
	for (int i = 0; i < 5; i++) {
		ACK(&b, .ack = 0);
		CU_ASSERT_EQUAL(flight_output(&b), 0);
	}
	flight_close(&b);
}

/* RFC5681-3.2c, RFC5681-3.2g, RFC5681-3.2h, RFC5681-3.2l: inflation is what PRR computes from the duplicates */
static void the_third_resends_the_first_segment_and_halves(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	begin_as(&b, false, 10);
	for (int i = 0; i < 3; i++)
		ACK(&b, .ack = 0);
	CU_ASSERT_EQUAL(b.c->ssthresh, 5 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base);
	CU_ASSERT_EQUAL(flight_output(&b), 1);
	for (int i = 0; i < 6; i++) { /* the other six that arrived */
		ACK(&b, .ack = 0);
		flight_output(&b);
	}
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 5 * MSS);
	flight_close(&b);
}

/* RFC6582-3, RFC6675-5b: 0 and 4 are lost */
static void a_partial_ack_resends_the_next_hole(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	begin_as(&b, false, 10);
	for (int i = 0; i < 8; i++)
		ACK(&b, .ack = 0);
	flight_output(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 4 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base + 4 * MSS);
	CU_ASSERT_EQUAL(end, b.base + 5 * MSS);
	CU_ASSERT(flight_output(&b) >= 1);
	CU_ASSERT_EQUAL(b.c->ssthresh, 5 * MSS);
	flight_close(&b);
}

/* RFC5681-3.2k, RFC6582-3: and what still comes of duplicates begins no second one */
static void a_full_ack_ends_recovery_only_beyond_its_point(void)
{
	struct flight_bench b;

	begin_as(&b, false, 10);
	for (int i = 0; i < 3; i++)
		ACK(&b, .ack = 0);
	flight_resend_next(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 10 * MSS);
	flight_send(&b, 4 * MSS);
	for (int i = 0; i < 3; i++)
		ACK(&b, .ack = 10 * MSS);
	CU_ASSERT_EQUAL(LOST(&b), 0);
	CU_ASSERT_EQUAL(b.c->ssthresh, 5 * MSS);
	ACK(&b, .ack = 12 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT_EQUAL(b.c->cwnd, 5 * MSS);
	flight_close(&b);
}

/* RFC5681-3.2i, RFC5681-3.2j: forged duplicates let no more go than was in flight */
static void tcp_dupack_spoof(void)
{
	struct flight_bench b;
	unsigned sent = 0;

	begin_as(&b, false, 10);
	for (int i = 0; i < 1000; i++) {
		ACK(&b, .ack = 0);
		sent += flight_output(&b);
	}
	CU_ASSERT(sent <= 10);
	flight_close(&b);
}

/* RFC5681-3.1l, RFC5681-3.2g */
static void ssthresh_is_two_segments_at_least(void)
{
	struct flight_bench b;

	begin(&b, 10);
	ACK(&b, .ack = 8 * MSS);
	tcp_rto(b.c);
	CU_ASSERT_EQUAL(b.c->ssthresh, 2 * MSS);
	flight_close(&b);
}

/* What is no duplicate ACK: it carries text, moves the window, or nothing is in flight. */
static void only_real_duplicates_count(void)
{
	struct flight_bench b;

	begin_as(&b, false, 10);
	ACK(&b, .ack = 0, .wnd = 50000);
	ACK(&b, .ack = 0, .flags = TCP_FIN);
	CU_ASSERT_EQUAL(b.c->flight->dupacks, 0);
	ACK(&b, .ack = 0);
	CU_ASSERT_EQUAL(b.c->flight->dupacks, 1);
	ACK(&b, .ack = 10 * MSS);
	ACK(&b, .ack = 10 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->dupacks, 0);
	flight_close(&b);
}

/* ---- the RTO ---- */

/* RFC5681-3.1l, RFC5681-3.1m, RFC6675-5.1a */
static void a_timeout_begins_again_with_one_segment(void)
{
	struct flight_bench b;

	begin(&b, 20);
	flight_wait(&b, NS_PER_SEC);
	tcp_rto(b.c);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_LOSS);
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	CU_ASSERT_EQUAL(b.c->cwnd, MSS);
	CU_ASSERT_EQUAL(LOST(&b), 20 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->recovery_point, b.base + 20 * MSS);
	CU_ASSERT_EQUAL(flight_output(&b), 1);
	flight_wait(&b, 2 * NS_PER_SEC);
	tcp_rto(b.c); /* the same segment again: ssthresh has been cut for it */
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	flight_close(&b);
}

/* RFC6675-5.1a, RFC6675-5.1b */
static void a_timeout_ends_recovery_and_none_begins_before_its_point(void)
{
	struct flight_bench b;

	begin(&b, 20);
	b.s->sysctl[SYSCTL_TCP_FRTO] = 0;
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS});
	flight_output(&b);
	flight_wait(&b, NS_PER_SEC);
	tcp_rto(b.c);
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	flight_output(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 5 * MSS, .sack = {6 * MSS, 10 * MSS});
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_LOSS);
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	ACK(&b, .ack = b.c->snd.nxt - b.base);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	flight_close(&b);
}

/* Slow start by one segment for each ACK, however much that covers (RFC 3465 2.3). */
static void after_a_timeout_an_ack_of_much_opens_the_window_by_one_segment(void)
{
	struct flight_bench b;

	begin(&b, 20);
	b.s->sysctl[SYSCTL_TCP_FRTO] = 0;
	flight_wait(&b, NS_PER_SEC);
	tcp_rto(b.c);
	flight_output(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 15 * MSS);
	CU_ASSERT_EQUAL(b.c->cwnd, 2 * MSS);
	flight_close(&b);
}

/* ---- undo ---- */

/* RFC 3522, 4015: the ACK echoes a timestamp from before the first retransmission */
static void an_echo_of_the_original_undoes_fast_retransmit(void)
{
	struct flight_bench b;

	begin(&b, 20);
	b.c->ts_on = true;
	uint32_t original = tcp_ts_clock(b.s) - 40;
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS}, .tsecr = original);
	flight_output(&b);
	flight_wait(&b, 5 * MS);
	ACK(&b, .ack = 20 * MSS, .tsecr = original);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT_EQUAL(b.c->cwnd, 20 * MSS);
	CU_ASSERT_EQUAL(b.c->ssthresh, 20 * MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPFullUndo], 1);
	flight_close(&b);
}

static void an_echo_of_the_retransmission_does_not(void)
{
	struct flight_bench b;

	begin(&b, 20);
	b.c->ts_on = true;
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS}, .tsecr = tcp_ts_clock(b.s) - 40);
	flight_output(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 20 * MSS, .tsecr = tcp_ts_clock(b.s) - 40);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPFullUndo], 0);
	flight_close(&b);
}

/* Two holes; what fills the first one is the original, and nothing that was sent again is under way. */
static void a_partial_ack_of_the_original_undoes_as_well(void)
{
	struct flight_bench b;

	begin(&b, 20);
	b.c->ts_on = true;
	uint32_t original = tcp_ts_clock(b.s) - 40;
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS, 6 * MSS, 10 * MSS}, .tsecr = original);
	CU_ASSERT_EQUAL(LOST(&b), 2 * MSS);
	CU_ASSERT(flight_resend_next(&b));
	flight_wait(&b, 5 * MS);
	ACK(&b, .ack = 5 * MSS, .sack = {6 * MSS, 10 * MSS}, .tsecr = original);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPPartialUndo], 1);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_DISORDER);
	CU_ASSERT_EQUAL(b.c->cwnd, 20 * MSS);
	CU_ASSERT_EQUAL(LOST(&b), 0);
	flight_close(&b);
}

/* RFC 2883, 3708 */
static void dsacks_for_all_that_was_sent_again_undo(void)
{
	struct flight_bench b;

	begin(&b, 20);
	ACK(&b, .ack = 0, .sack = {2 * MSS, 6 * MSS});
	CU_ASSERT_EQUAL(LOST(&b), 2 * MSS);
	CU_ASSERT(flight_resend_next(&b) && flight_resend_next(&b));
	flight_wait(&b, 10 * MS);
	ACK(&b, .ack = 6 * MSS);
	flight_wait(&b, 30 * MS);
	ACK(&b, .ack = 6 * MSS, .sack = {0, MSS});
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPDSACKUndo], 0);
	ACK(&b, .ack = 6 * MSS, .sack = {MSS, 2 * MSS});
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPDSACKUndo], 1);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT_EQUAL(b.c->cwnd, 20 * MSS);
	flight_close(&b);
}

static void nothing_is_undone_before_anything_was_sent_again(void)
{
	struct flight_bench b;

	begin(&b, 20);
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS});
	ACK(&b, .ack = 20 * MSS);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	flight_close(&b);
}

/* RFC 4015 3.2: congestion that the network itself reported was real */
static void what_ecn_reported_is_not_undone(void)
{
	struct flight_bench b;

	begin(&b, 20);
	b.c->ecn_on = b.c->ts_on = true;
	uint32_t original = tcp_ts_clock(b.s) - 40;
	ACK(&b, .ack = 0, .sack = {MSS, 5 * MSS}, .tsecr = original);
	flight_output(&b);
	ACK(&b, .ack = 0, .sack = {MSS, 6 * MSS}, .tsecr = original, .flags = TCP_ECE);
	ACK(&b, .ack = 20 * MSS, .tsecr = original);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	flight_close(&b);
}

/* ---- F-RTO ---- */

/* The RTO fires although nothing was lost; the ACKs are only late. */
static void time_out(struct flight_bench *b, bool sack)
{
	begin_as(b, sack, 10);
	flight_wait(b, NS_PER_SEC);
	tcp_rto(b->c);
	CU_ASSERT_EQUAL(flight_output(b), 1);
	flight_wait(b, 5 * MS);
}

/* What the first ACK covers may have arrived long before the timeout, its ACK being lost. */
static void f_rto_does_not_trust_the_first_ack(void)
{
	struct flight_bench b;

	time_out(&b, true);
	ACK(&b, .ack = 2 * MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSpuriousRTOs], 0);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_LOSS);
	flight_close(&b);
}

/* RFC 5682 3.1, 2b: new data goes, nothing old, and what was never sent again arrives */
static void f_rto_sends_new_data_after_the_first_ack(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	time_out(&b, true);
	ACK(&b, .ack = MSS);
	CU_ASSERT_FALSE(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(flight_output(&b), 2);
	CU_ASSERT_EQUAL(b.c->snd.nxt, b.base + 12 * MSS);
	ACK(&b, .ack = 2 * MSS); /* 3b */
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSpuriousRTOs], 1);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT(b.c->cwnd >= 10 * MSS);
	CU_ASSERT_EQUAL(LOST(&b), 0);
	CU_ASSERT_EQUAL(b.c->backoff, 0);
	flight_close(&b);
}

/* 3a: only the new data arrives */
static void f_rto_gives_up_where_the_loss_was_real(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	time_out(&b, true);
	ACK(&b, .ack = MSS);
	CU_ASSERT_EQUAL(flight_output(&b), 2);
	flight_wait(&b, RTT);
	ACK(&b, .ack = MSS, .sack = {10 * MSS, 11 * MSS});
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSpuriousRTOs], 0);
	CU_ASSERT_FALSE(b.c->flight->frto);
	CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base + MSS);
	flight_close(&b);
}

/* 2.1, without SACK: an ACK of much may be of what had arrived long before; only the one after it tells. */
static void f_rto_without_sack_waits_for_the_second_ack(void)
{
	struct flight_bench b;

	time_out(&b, false);
	ACK(&b, .ack = 2 * MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSpuriousRTOs], 0);
	CU_ASSERT_EQUAL(flight_output(&b), 2);
	CU_ASSERT_EQUAL(b.c->snd.nxt, b.base + 12 * MSS);
	ACK(&b, .ack = 4 * MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSpuriousRTOs], 1);
	CU_ASSERT(b.c->cwnd >= 10 * MSS);
	flight_close(&b);
}

static void f_rto_without_sack_takes_a_duplicate_for_a_loss(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	time_out(&b, false);
	ACK(&b, .ack = 2 * MSS);
	flight_output(&b);
	ACK(&b, .ack = 2 * MSS);
	CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base + 2 * MSS);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSpuriousRTOs], 0);
	flight_close(&b);
}

/* RFC 3522: timestamps tell at once */
static void an_echo_of_the_original_undoes_a_timeout(void)
{
	struct flight_bench b;

	begin(&b, 10);
	b.c->ts_on = true;
	uint32_t original = tcp_ts_clock(b.s) - 40;
	flight_wait(&b, NS_PER_SEC);
	tcp_rto(b.c);
	flight_output(&b);
	flight_wait(&b, 5 * MS);
	ACK(&b, .ack = MSS, .tsecr = original);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPLossUndo], 1);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT(b.c->cwnd >= 10 * MSS);
	flight_close(&b);
}

/* ---- CWR ---- */

/* RFC3168-6.1.2 */
static void ece_reduces_once_for_a_window(void)
{
	struct flight_bench b;

	begin(&b, 20);
	b.c->ecn_on = true;
	for (unsigned i = 1; i <= 20; i++) {
		ACK(&b, .ack = i * MSS, .flags = TCP_ECE);
		CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_CWR);
		CU_ASSERT_EQUAL(b.c->ssthresh, 19 * MSS / 2); /* what was in flight after the first */
		flight_output(&b);
	}
	CU_ASSERT(b.c->ecn_cwr); /* goes out with new data: segment.c */
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 9 * MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = 21 * MSS);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT_EQUAL(b.c->cwnd, 19 * MSS / 2);
	flight_close(&b);
}

static void ece_without_the_agreement_means_nothing(void)
{
	struct flight_bench b;

	begin(&b, 20);
	ACK(&b, .ack = MSS, .flags = TCP_ECE);
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_OPEN);
	CU_ASSERT_EQUAL(b.c->ssthresh, 20 * MSS);
	flight_close(&b);
}

static void a_loss_while_cwnd_goes_down_is_no_second_reduction(void)
{
	struct flight_bench b;

	begin(&b, 20);
	tcp_enter_cwr(b.c); /* our own queue was full */
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	ACK(&b, .ack = 0, .sack = {MSS, 6 * MSS});
	CU_ASSERT_EQUAL(b.c->ca_state, TCP_CA_RECOVERY);
	CU_ASSERT_EQUAL(b.c->ssthresh, 10 * MSS);
	flight_close(&b);
}

SUITE(tcp_recovery, T(sending_follows_what_is_delivered_down_to_ssthresh),
	T(recovery_ends_at_its_point_with_cwnd_at_ssthresh), T(heavy_loss_is_not_answered_by_a_burst),
	T(what_is_sacked_beyond_the_point_stays_so), T(each_window_with_a_loss_cuts_ssthresh_once),
	T(the_first_two_duplicate_acks_let_one_new_segment_go_each),
	T(with_sack_a_duplicate_ack_without_news_lets_none_go),
	T(the_third_resends_the_first_segment_and_halves), T(a_partial_ack_resends_the_next_hole),
	T(a_full_ack_ends_recovery_only_beyond_its_point), T(tcp_dupack_spoof),
	T(ssthresh_is_two_segments_at_least), T(only_real_duplicates_count),
	T(a_timeout_begins_again_with_one_segment),
	T(a_timeout_ends_recovery_and_none_begins_before_its_point),
	T(after_a_timeout_an_ack_of_much_opens_the_window_by_one_segment),
	T(an_echo_of_the_original_undoes_fast_retransmit), T(an_echo_of_the_retransmission_does_not),
	T(a_partial_ack_of_the_original_undoes_as_well), T(dsacks_for_all_that_was_sent_again_undo),
	T(nothing_is_undone_before_anything_was_sent_again), T(what_ecn_reported_is_not_undone),
	T(f_rto_does_not_trust_the_first_ack), T(f_rto_sends_new_data_after_the_first_ack),
	T(f_rto_gives_up_where_the_loss_was_real), T(f_rto_without_sack_waits_for_the_second_ack),
	T(f_rto_without_sack_takes_a_duplicate_for_a_loss), T(an_echo_of_the_original_undoes_a_timeout),
	T(ece_reduces_once_for_a_window), T(ece_without_the_agreement_means_nothing),
	T(a_loss_while_cwnd_goes_down_is_no_second_reduction))
