/* SPDX-License-Identifier: MIT */
/* The scoreboard: against a slow twin that keeps a state for every segment, and where its bounds are. */
#include "tests/unit/tcp/flight.h"

/* ---- single cases ---- */

static void what_leaves_in_one_turn_is_one_record(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	for (int i = 0; i < 20; i++)
		flight_send(&b, MSS);
	CU_ASSERT_EQUAL(b.c->flight->count, 1);
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 20 * MSS);
	flight_wait(&b, 1);
	flight_send(&b, 300);
	flight_send(&b, MSS); /* does not begin at a boundary of the one before */
	CU_ASSERT_EQUAL(b.c->flight->count, 3);
	flight_close(&b);
}

/* RFC6675-4g: nothing is lost, or all of it went again */
static void where_nothing_is_lost_nothing_is_offered(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	flight_open(&b, true);
	CU_ASSERT_FALSE(tcp_next_lost(b.c, MSS, &seq, &end));
	flight_send(&b, 2 * MSS);
	CU_ASSERT_FALSE(tcp_next_lost(b.c, MSS, &seq, &end));
	tcp_rto(b.c);
	CU_ASSERT(flight_resend_next(&b) && flight_resend_next(&b));
	CU_ASSERT_FALSE(tcp_next_lost(b.c, MSS, &seq, &end));
	flight_close(&b);
}

/* RFC6675-4b */
static void pipe_is_what_is_neither_lost_nor_sacked(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	flight_send(&b, 10 * MSS);
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 10 * MSS);
	flight_wait(&b, 20 * NS_PER_MS);
	ACK(&b, .ack = MSS, .sack = {2 * MSS, 3 * MSS});
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 8 * MSS);
	ACK(&b, .ack = MSS, .sack = {2 * MSS, 7 * MSS}); /* the hole is lost */
	CU_ASSERT_EQUAL(SACKED(&b), 5 * MSS);
	CU_ASSERT_EQUAL(LOST(&b), MSS);
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 3 * MSS);
	CU_ASSERT(flight_resend_next(&b));
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 4 * MSS);
	CU_ASSERT_FALSE(flight_resend_next(&b));
	flight_close(&b);
}

/* RFC2018-8a, RFC6675-4a: tcp_sendq_acked() is only told of cumulative acknowledgments. */
static void sacked_bytes_stay_until_they_are_acknowledged(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	flight_send(&b, 4 * MSS);
	flight_wait(&b, 20 * NS_PER_MS);
	ACK(&b, .ack = 0, .sack = {MSS, 4 * MSS});
	CU_ASSERT_EQUAL(b.c->snd.una, b.base);
	CU_ASSERT_EQUAL(SACKED(&b), 3 * MSS);
	ACK(&b, .ack = 4 * MSS);
	CU_ASSERT_EQUAL(b.c->snd.una, b.base + 4 * MSS);
	CU_ASSERT_EQUAL(SACKED(&b), 0);
	CU_ASSERT_EQUAL(b.c->flight->count, 0);
	flight_close(&b);
}

static void a_partial_ack_shortens_a_record_and_makes_none(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	flight_send(&b, 45 * MSS);
	ACK(&b, .ack = 2 * MSS);
	ACK(&b, .ack = 17 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->count, 1);
	CU_ASSERT_EQUAL(tcp_in_flight(b.c), 28 * MSS);
	flight_close(&b);
}

/* CVE-2019-11477: what is lost is a whole segment, not the pieces a peer made of it */
static void sack_of_a_part_of_a_segment_counts_for_nothing(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	flight_send(&b, 10 * MSS);
	for (uint32_t at = 0; at < 10 * MSS; at += 8)
		ACK(&b, .ack = 0, .sack = {at + 1, at + 5});
	CU_ASSERT_EQUAL(SACKED(&b), 0);
	CU_ASSERT_EQUAL(b.c->flight->count, 1);
	ACK(&b, .ack = 0, .sack = {MSS - 1, 3 * MSS + 1}); /* two whole ones are in there */
	CU_ASSERT_EQUAL(SACKED(&b), 2 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->count, 3);
	flight_close(&b);
}

/* CVE-2019-11477: the smallest MSS, as many segments as ever fit, and each second one SACKed */
static void tcp_sack_panic(void)
{
	struct flight_bench b;
	uint32_t segs = 3 * TCP_SENT_MAX;

	flight_open(&b, true);
	b.c->mss = 48;
	for (uint32_t i = 0; i < segs; i += 100)
		flight_send(&b, 100 * 48);
	for (uint32_t i = 1; i < segs; i += 2)
		ACK(&b, .ack = 0, .sack = {i * 48, i * 48 + 48});
	CU_ASSERT(b.c->flight->count <= TCP_SENT_MAX);
	CU_ASSERT(b.c->flight->count > TCP_SENT_MAX - 4);
	flight_close(&b);
}

/* CVE-2019-11478: neighbours that are SACKed are one record; a peer that fills holes makes the list shorter */
static void sacked_neighbours_are_one_record(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	flight_send(&b, 60 * MSS);
	for (uint32_t i = 1; i < 60; i += 2)
		ACK(&b, .ack = 0, .sack = {i * MSS, (i + 1) * MSS});
	CU_ASSERT_EQUAL(b.c->flight->count, 60);
	for (uint32_t i = 2; i < 60; i += 2)
		ACK(&b, .ack = 0, .sack = {i * MSS, (i + 1) * MSS});
	CU_ASSERT_EQUAL(b.c->flight->count, 2);
	CU_ASSERT_EQUAL(SACKED(&b), 59 * MSS);
	flight_close(&b);
}

static void without_memory_nothing_is_sent(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	b.tcp->flights.limit = 1;
	b.tcp->sent.limit = 1;
	flight_send(&b, MSS);
	flight_wait(&b, 1);
	CU_ASSERT_FALSE(tcp_sent(b.c, b.c->snd.nxt, b.c->snd.nxt + MSS));
	CU_ASSERT_EQUAL(b.c->snd.nxt, b.base + MSS);
	flight_close(&b);
}

static void without_memory_a_sack_is_not_heard(void)
{
	struct flight_bench b;

	flight_open(&b, true);
	b.tcp->sent.limit = 1;
	flight_send(&b, 5 * MSS);
	ACK(&b, .ack = 0, .sack = {MSS, 2 * MSS});
	CU_ASSERT_EQUAL(SACKED(&b), 0);
	ACK(&b, .ack = 5 * MSS);
	CU_ASSERT_EQUAL(b.c->flight->count, 0);
	flight_close(&b);
}

static void lost_neighbours_are_offered_as_one_stretch(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	flight_open(&b, true);
	for (int i = 0; i < 10; i++) {
		flight_send(&b, MSS);
		flight_wait(&b, NS_PER_MS);
	}
	flight_wait(&b, 20 * NS_PER_MS);
	ACK(&b, .ack = 0, .sack = {6 * MSS, 10 * MSS});
	CU_ASSERT_EQUAL(LOST(&b), 6 * MSS);
	CU_ASSERT(tcp_next_lost(b.c, 4 * MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base);
	CU_ASSERT_EQUAL(end, b.base + 4 * MSS);
	CU_ASSERT(tcp_sent(b.c, seq, end));
	CU_ASSERT(tcp_next_lost(b.c, 4 * MSS, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base + 4 * MSS);
	CU_ASSERT_EQUAL(end, b.base + 6 * MSS);
	flight_close(&b);
}

static void what_is_sent_again_in_one_piece_is_one_record(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	flight_open(&b, true);
	for (int i = 0; i < 5; i++) { /* small ones, which are cut anew */
		flight_send(&b, 300);
		flight_wait(&b, NS_PER_MS);
	}
	flight_wait(&b, NS_PER_SEC);
	tcp_rto(b.c);
	CU_ASSERT(tcp_next_lost(b.c, MSS, &seq, &end));
	CU_ASSERT_EQUAL(end - seq, MSS);
	CU_ASSERT(tcp_sent(b.c, seq, end));
	CU_ASSERT_EQUAL(b.c->flight->count, 3);
	CU_ASSERT_EQUAL(FLYING(&b), MSS);
	CU_ASSERT_EQUAL(LOST(&b), 500);
	CU_ASSERT_EQUAL(b.c->flight->retrans, MSS);
	ACK(&b, .ack = MSS);
	CU_ASSERT_EQUAL(b.c->flight->retrans, 0);
	flight_close(&b);
}

/* RFC5681-3.1e */
static void a_smaller_mtu_marks_lost_and_keeps_cwnd_in_segments(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	flight_open(&b, true);
	b.c->cwnd = 20 * MSS;
	flight_send(&b, 10 * MSS);
	b.c->mss = 500;
	tcp_mark_all_lost(b.c);
	CU_ASSERT_EQUAL(b.c->cwnd, 20 * 500);
	CU_ASSERT_EQUAL(b.c->ssthresh, UINT32_MAX);
	CU_ASSERT_EQUAL(LOST(&b), 10 * MSS);
	CU_ASSERT(tcp_next_lost(b.c, 500, &seq, &end));
	CU_ASSERT(tcp_sent(b.c, seq, end));
	ACK(&b, .ack = 500);
	CU_ASSERT_EQUAL(b.c->snd.una, b.base + 500);
	flight_close(&b);
}

static void the_last_segment_in_flight_is_the_last_not_sacked(void)
{
	struct flight_bench b;
	uint32_t seq, end;

	flight_open(&b, true);
	CU_ASSERT_FALSE(tcp_last_sent(b.c, &seq, &end));
	flight_send(&b, 4 * MSS + 300);
	CU_ASSERT(tcp_last_sent(b.c, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base + 4 * MSS);
	CU_ASSERT_EQUAL(end, b.base + 4 * MSS + 300);
	ACK(&b, .ack = 0, .sack = {3 * MSS, 4 * MSS + 300});
	CU_ASSERT(tcp_last_sent(b.c, &seq, &end));
	CU_ASSERT_EQUAL(seq, b.base + 2 * MSS);
	CU_ASSERT_EQUAL(end, b.base + 3 * MSS);
	flight_close(&b);
}

/* ---- the twin: an array of segments, each with its state ---- */

enum { SEGS = 4000, UNIT = 10 };

struct twin {
	uint8_t state[SEGS]; /* enum tcp_sent_state, or GONE */
	uint32_t una, nxt;   /* in segments */
};
enum { GONE = TCP_SENT_STATES };

static uint32_t twin_bytes(const struct twin *t, uint8_t state)
{
	uint32_t n = 0;

	for (uint32_t i = t->una; i < t->nxt; i++)
		n += t->state[i] == state ? UNIT : 0;
	return n;
}

static void compare(struct flight_bench *b, const struct twin *t)
{
	uint32_t seq, end, first = t->una;
	bool lost;

	CU_ASSERT_EQUAL(b->c->snd.una, b->base + t->una * UNIT);
	for (int state = 0; state < TCP_SENT_STATES; state++)
		CU_ASSERT_EQUAL(b->c->flight->bytes[state], twin_bytes(t, (uint8_t)state));
	while (first < t->nxt && t->state[first] != TCP_LOST)
		first++;
	lost = tcp_next_lost(b->c, UNIT, &seq, &end);
	CU_ASSERT_EQUAL(lost, first < t->nxt);
	if (lost)
		CU_ASSERT_EQUAL(seq, b->base + first * UNIT);
}

/* What the records say, segment by segment. */
static void compare_records(struct flight_bench *b, const struct twin *t)
{
	uint32_t at = b->c->snd.una;

	list_each(r, &b->c->flight->sent, struct tcp_sent, node) {
		CU_ASSERT_EQUAL(r->seq, at);
		for (at = r->seq; seq_lt(at, r->end); at += UNIT)
			CU_ASSERT_EQUAL(r->state, t->state[(at - b->base) / UNIT]);
		at = r->end;
	}
	CU_ASSERT_EQUAL(at, b->c->snd.nxt);
}

static void by_time_in_order(struct flight_bench *b)
{
	uint64_t last = 0;

	list_each(r, &b->c->flight->flying, struct tcp_sent, order) {
		CU_ASSERT(r->number >= last);
		last = r->number;
	}
}

static uint32_t below(struct rng *r, uint32_t n)
{
	return n ? rng_below(r, n) : 0;
}

static void twin_send(struct flight_bench *b, struct twin *t, struct rng *r)
{
	uint32_t n = 1 + below(r, 44);

	if (t->nxt + n > SEGS)
		return;
	flight_send(b, n * UNIT);
	for (; n; n--)
		t->state[t->nxt++] = TCP_FLYING;
}

/* Any bytes of the flight: whole segments in there are SACKed. */
static void twin_sack(struct flight_bench *b, struct twin *t, struct rng *r)
{
	struct tcp_ack a = {.seg = &(struct tcp_seg){0}};
	uint32_t bytes = (t->nxt - t->una) * UNIT, from = below(r, bytes), len = 1 + below(r, 300);

	if (from >= bytes)
		return;
	len = MIN(len, bytes - from);
	board_sack(b->c, b->c->snd.una + from, b->c->snd.una + from + len, &a);
	for (uint32_t i = (from + UNIT - 1) / UNIT; i < (from + len) / UNIT; i++)
		t->state[t->una + i] = TCP_SACKED;
}

static void twin_ack(struct flight_bench *b, struct twin *t, struct rng *r)
{
	uint32_t n = below(r, MIN(t->nxt - t->una, 60u) + 1);
	struct tcp_seg seg = {.ack = b->c->snd.una + n * UNIT};
	struct tcp_ack a = {.seg = &seg};

	board_ack(b->c, &a);
	b->c->snd.una = seg.ack;
	t->una += n;
}

static void twin_lose(struct flight_bench *b, struct twin *t, struct rng *r)
{
	struct tcp_ack a = {0};
	uint32_t n = below(r, 5);

	list_each_safe(rec, &b->c->flight->flying, struct tcp_sent, order) {
		if (!n--)
			break;
		for (uint32_t at = rec->seq; seq_lt(at, rec->end); at += UNIT)
			t->state[(at - b->base) / UNIT] = TCP_LOST;
		board_lose(b->c, rec, &a);
	}
}

static void twin_resend(struct flight_bench *b, struct twin *t, struct rng *r)
{
	uint32_t seq, end;

	if (!tcp_next_lost(b->c, (1 + below(r, 20)) * UNIT, &seq, &end))
		return;
	CU_ASSERT(tcp_sent(b->c, seq, end));
	for (; seq_lt(seq, end); seq += UNIT)
		t->state[(seq - b->base) / UNIT] = TCP_FLYING;
}

static void twin_change_minds(struct flight_bench *b, struct twin *t, bool sacks)
{
	if (sacks)
		board_forget_sacks(b->c);
	else
		board_unlose(b->c);
	for (uint32_t i = t->una; i < t->nxt; i++) {
		if (t->state[i] == (sacks ? TCP_SACKED : TCP_LOST))
			t->state[i] = sacks ? TCP_LOST : TCP_FLYING;
	}
}

static void twin_step(struct flight_bench *b, struct twin *t, struct rng *r)
{
	uint32_t what = below(r, 100);

	flight_wait(b, below(r, 3));
	if (what < 25)
		twin_send(b, t, r);
	else if (what < 55)
		twin_sack(b, t, r);
	else if (what < 65)
		twin_ack(b, t, r);
	else if (what < 80)
		twin_lose(b, t, r);
	else if (what < 98)
		twin_resend(b, t, r);
	else
		twin_change_minds(b, t, what == 98);
}

static void scoreboard_and_twin_agree(void)
{
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int round = 0; round < 30; round++) {
		struct flight_bench b;
		struct twin *t = calloc(1, sizeof(*t));

		flight_open(&b, true);
		b.c->mss = UNIT;
		flight_send(&b, UNIT);
		t->nxt = 1;
		for (int i = 0; i < 400; i++) {
			twin_step(&b, t, &r);
			compare(&b, t);
		}
		compare_records(&b, t);
		by_time_in_order(&b);
		free(t);
		flight_close(&b);
	}
}

SUITE(tcp_scoreboard, T(what_leaves_in_one_turn_is_one_record), T(where_nothing_is_lost_nothing_is_offered),
	T(pipe_is_what_is_neither_lost_nor_sacked), T(sacked_bytes_stay_until_they_are_acknowledged),
	T(a_partial_ack_shortens_a_record_and_makes_none), T(sack_of_a_part_of_a_segment_counts_for_nothing),
	T(tcp_sack_panic), T(sacked_neighbours_are_one_record), T(without_memory_nothing_is_sent),
	T(without_memory_a_sack_is_not_heard), T(lost_neighbours_are_offered_as_one_stretch),
	T(what_is_sent_again_in_one_piece_is_one_record),
	T(a_smaller_mtu_marks_lost_and_keeps_cwnd_in_segments),
	T(the_last_segment_in_flight_is_the_last_not_sacked), T(scoreboard_and_twin_agree))
