/* SPDX-License-Identifier: MIT */
/* The SACK option: which blocks are believed, and what D-SACK means (RFC 2018, RFC 2883). */
#include "tests/unit/tcp/flight.h"

static void send_ten(struct flight_bench *b)
{
	flight_open(b, true);
	for (int i = 0; i < 10; i++)
		flight_send(b, MSS);
	flight_wait(b, 20 * NS_PER_MS);
}

/* RFC2018-5a, RFC6675-5a */
static void blocks_of_one_ack_are_all_marked(void)
{
	struct flight_bench b;

	send_ten(&b);
	ACK(&b, .ack = MSS, .sack = {8 * MSS, 9 * MSS, 4 * MSS, 6 * MSS, 2 * MSS, 3 * MSS});
	CU_ASSERT_EQUAL(SACKED(&b), 4 * MSS);
	CU_ASSERT_EQUAL(b.c->snd.una, b.base + MSS);
	flight_close(&b);
}

static void without_the_agreement_blocks_are_not_looked_at(void)
{
	struct flight_bench b;

	flight_open(&b, false);
	flight_send(&b, 10 * MSS);
	ACK(&b, .ack = 0, .sack = {4 * MSS, 6 * MSS});
	CU_ASSERT_EQUAL(SACKED(&b), 0);
	flight_close(&b);
}

static void blocks_that_cannot_be_are_passed_over_and_the_others_count(void)
{
	static const struct flight_ack acks[] = {
		{.ack = MSS, .sack = {9 * MSS, 11 * MSS}},		      /* beyond SND.NXT */
		{.ack = MSS, .sack = {12 * MSS, 13 * MSS}},		      /* all of it */
		{.ack = MSS, .sack = {5 * MSS, 4 * MSS}},		      /* the wrong way round */
		{.ack = MSS, .sack = {5 * MSS, 5 * MSS}},		      /* empty */
		{.ack = MSS, .sack = {0, 3 * MSS}},			      /* across SND.UNA */
		{.ack = MSS, .sack = {5 * MSS, UINT32_C(1) << 31}},	      /* half the circle */
		{.ack = MSS, .sack = {UINT32_C(3) << 30, UINT32_C(1) << 31}}, /* far away */
	};

	for (size_t i = 0; i < ARRAY_SIZE(acks); i++) {
		struct flight_bench b;
		struct flight_ack a = acks[i];

		send_ten(&b);
		flight_ack(&b, a);
		CU_ASSERT_EQUAL(SACKED(&b), 0);
		CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSACKDiscard], a.sack[1] - 1 < MSS ? 0 : 1);
		a.sack[2] = 7 * MSS;
		a.sack[3] = 8 * MSS;
		flight_ack(&b, a);
		CU_ASSERT_EQUAL(SACKED(&b), MSS);
		flight_close(&b);
	}
}

/* Any numbers at all. */
static void tcp_sack_out_of_range(void)
{
	struct flight_bench b;
	struct rng r;

	send_ten(&b);
	rng_seed(&r, unit_seed);
	for (int i = 0; i < 2000; i++) {
		struct flight_ack a = {.ack = 0};
		unsigned n = rng_below(&r, 4);

		for (unsigned k = 0; k < 2 * n; k++)
			a.sack[k] = rng_below(&r, 2) ? rng_u32(&r) : rng_below(&r, 12 * MSS);
		flight_ack(&b, a);
		CU_ASSERT_EQUAL(FLYING(&b) + SACKED(&b) + LOST(&b), 10 * MSS);
		if (SACKED(&b) > 5 * MSS) {
			flight_close(&b);
			send_ten(&b);
		}
	}
	flight_close(&b);
}

static void an_old_ack_with_news_in_its_blocks_counts(void)
{
	struct flight_bench b;

	send_ten(&b);
	ACK(&b, .ack = 3 * MSS);
	ACK(&b, .ack = MSS, .sack = {5 * MSS, 6 * MSS}); /* was overtaken */
	CU_ASSERT_EQUAL(SACKED(&b), MSS);
	CU_ASSERT_EQUAL(b.c->snd.una, b.base + 3 * MSS);
	flight_close(&b);
}

/* ---- D-SACK ---- */

static void a_block_below_the_ack_is_a_dsack(void)
{
	struct flight_bench b;

	send_ten(&b);
	ACK(&b, .ack = 0, .sack = {MSS, 4 * MSS});
	CU_ASSERT(flight_resend_next(&b));
	ACK(&b, .ack = 4 * MSS);
	ACK(&b, .ack = 4 * MSS, .sack = {0, MSS});
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPDSACKRecv], 1);
	CU_ASSERT_EQUAL(b.c->stats->dsack_dups, 1);
	CU_ASSERT_EQUAL(SACKED(&b), 0);
	flight_close(&b);
}

static void a_block_within_the_second_is_a_dsack(void)
{
	struct flight_bench b;

	send_ten(&b);
	flight_resend(&b, 4 * MSS, 5 * MSS);
	ACK(&b, .ack = MSS, .sack = {4 * MSS, 5 * MSS, 3 * MSS, 6 * MSS});
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPDSACKOfoRecv], 1);
	CU_ASSERT_EQUAL(SACKED(&b), 3 * MSS);
	flight_close(&b);
}

/* RFC2883-5: SND.UNA has moved on, since a later ACK came first; by the ACK's own number it is an ordinary block */
static void what_is_a_dsack_is_judged_by_the_acks_own_number(void)
{
	struct flight_bench b;

	send_ten(&b);
	flight_resend(&b, 2 * MSS, 3 * MSS);
	ACK(&b, .ack = 5 * MSS);
	ACK(&b, .ack = MSS, .sack = {2 * MSS, 3 * MSS});
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPDSACKRecv], 0);
	flight_close(&b);
}

/* More duplicates than there were retransmissions are lies */
static void a_dsack_of_what_was_never_sent_again_is_ignored(void)
{
	struct flight_bench b;

	send_ten(&b);
	ACK(&b, .ack = 4 * MSS, .sack = {0, MSS});
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPDSACKIgnoredDubious], 1);
	CU_ASSERT_FALSE(b.c->flight->rack.dsack_seen);
	CU_ASSERT_EQUAL(b.c->flight->dsack_total, 0);
	flight_close(&b);
}

/* ---- reneging ---- */

/* RFC2018-5b, RFC2018-8a: SACK all, then acknowledge none of it */
static void tcp_sack_reneging(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	send_ten(&b);
	ACK(&b, .ack = 0, .sack = {0, 10 * MSS});
	CU_ASSERT_EQUAL(SACKED(&b), 10 * MSS);
	CU_ASSERT(tcp_timer_runs(b.c, TCP_TIMER_REXMIT));
	CU_ASSERT(tcp_timer_due(b.c, TCP_TIMER_REXMIT) - stack_now(b.s) <= 10 * NS_PER_MS);
	flight_wait(&b, 10 * NS_PER_MS);
	tcp_rto(b.c);
	CU_ASSERT_EQUAL(b.s->mib[MIB_TcpExtTCPSACKReneging], 1);
	CU_ASSERT_EQUAL(SACKED(&b), 0);
	CU_ASSERT_EQUAL(LOST(&b), 10 * MSS);
	CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base);
	flight_close(&b);
}

/* RFC6675-5.1c: a timeout alone does not make the SACKs untrue */
static void sacks_survive_a_timeout(void)
{
	struct flight_bench b;

	send_ten(&b);
	ACK(&b, .ack = 0, .sack = {3 * MSS, 6 * MSS});
	flight_wait(&b, NS_PER_SEC);
	tcp_rto(b.c);
	CU_ASSERT_EQUAL(SACKED(&b), 3 * MSS);
	CU_ASSERT_EQUAL(LOST(&b), 7 * MSS);
	flight_close(&b);
}

/* CVE-2019-11478, CVE-2019-5599: each second segment of 4 MB, in any order; then blocks that are known, in any order.
 * The walk to a block begins near it. */
static void tcp_sack_slowness(void)
{
	enum { SEGS = 2800, HOLES = SEGS / 2 - 1 };
	struct flight_bench b;
	struct rng r;

	flight_open(&b, true);
	rng_seed(&r, unit_seed);
	for (int i = 0; i < SEGS / 40; i++)
		flight_send(&b, 40 * MSS);
	for (uint32_t i = 0; i < 4 * HOLES; i++) {
		uint32_t at = (2 * (i < HOLES ? i : rng_below(&r, HOLES)) + 1) * MSS, from, walked = 0;

		ACK(&b, .ack = 0, .sack = {at, at + MSS});
		const struct tcp_sent *hint =
			b.c->flight->hints[(b.base + at) >> TCP_HINT_SHIFT & (TCP_HINTS - 1)];
		CU_ASSERT_FATAL(hint != NULL);
		for (from = hint->seq - b.base; from != at && walked <= 65536; walked += MSS)
			from += from < at ? MSS : -(uint32_t)MSS;
		CU_ASSERT(walked <= 65536);
	}
	CU_ASSERT_EQUAL(SACKED(&b), HOLES * MSS);
	flight_close(&b);
}

SUITE(tcp_sack, T(blocks_of_one_ack_are_all_marked), T(without_the_agreement_blocks_are_not_looked_at),
	T(blocks_that_cannot_be_are_passed_over_and_the_others_count), T(tcp_sack_out_of_range),
	T(an_old_ack_with_news_in_its_blocks_counts), T(a_block_below_the_ack_is_a_dsack),
	T(a_block_within_the_second_is_a_dsack), T(what_is_a_dsack_is_judged_by_the_acks_own_number),
	T(a_dsack_of_what_was_never_sent_again_is_ignored), T(tcp_sack_reneging), T(sacks_survive_a_timeout),
	T(tcp_sack_slowness))
