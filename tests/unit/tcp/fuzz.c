/* SPDX-License-Identifier: MIT */
/*
 * A sender in a world without sense: ACKs, SACK blocks, D-SACKs, ECN echoes, windows and timestamps at random, in any
 * order with timers, sending and changes of the MSS. Whatever comes, what the flight says of itself stays true, and a
 * timer runs as long as anything is in flight.
 */
#include "tests/unit/tcp/flight.h"

struct fuzz {
	struct flight_bench b;
	struct rng r;
};

static uint32_t below(struct fuzz *z, uint32_t n)
{
	return n ? rng_below(&z->r, n) : 0;
}

/* ---- what must hold ---- */

static void check_records(const struct flight_bench *b)
{
	const struct tcp_flight *f = b->c->flight;
	uint32_t at = b->c->snd.una, bytes[TCP_SENT_STATES] = {0}, retrans = 0, count = 0;

	list_each(r, &f->sent, struct tcp_sent, node) {
		CU_ASSERT_EQUAL(r->seq, at);
		CU_ASSERT(seq_lt(r->seq, r->end) && r->state < TCP_SENT_STATES);
		CU_ASSERT_EQUAL(list_empty(&r->order), r->state == TCP_SACKED);
		bytes[r->state] += r->end - r->seq;
		retrans += r->state == TCP_FLYING && r->again ? r->end - r->seq : 0;
		count++;
		at = r->end;
	}
	CU_ASSERT_EQUAL(at, b->c->snd.nxt);
	CU_ASSERT_EQUAL(count, f->count);
	CU_ASSERT_EQUAL(retrans, f->retrans);
	for (int i = 0; i < TCP_SENT_STATES; i++)
		CU_ASSERT_EQUAL(bytes[i], f->bytes[i]);
	CU_ASSERT(count <= TCP_SENT_MAX);
}

static void check_orders(const struct flight_bench *b)
{
	const struct tcp_flight *f = b->c->flight;
	uint32_t lost = b->c->snd.una, in_lists = 0;
	uint64_t number = 0;

	list_each(r, &f->flying, struct tcp_sent, order) {
		CU_ASSERT(r->number >= number);
		number = r->number;
		in_lists += r->end - r->seq;
	}
	list_each(r, &f->lost, struct tcp_sent, order) {
		CU_ASSERT(seq_ge(r->seq, lost));
		lost = r->end;
		in_lists += r->end - r->seq;
	}
	CU_ASSERT_EQUAL(in_lists, f->bytes[TCP_FLYING] + f->bytes[TCP_LOST]);
}

static void check(const struct flight_bench *b)
{
	const struct tcp_conn *c = b->c;

	if (!c->flight)
		return;
	check_records(b);
	check_orders(b);
	CU_ASSERT(c->cwnd >= c->mss && c->cwnd <= TCP_CWND_MAX);
	CU_ASSERT(c->ssthresh >= 2u * MIN(c->mss, 88u));
	CU_ASSERT(tcp_in_flight(c) <= c->snd.nxt - c->snd.una);
	CU_ASSERT(c->ca_state != TCP_CA_OPEN || c->flight->bytes[TCP_LOST] == 0);
	CU_ASSERT(tcp_rto_ns(c) >= 200 * NS_PER_MS && tcp_rto_ns(c) <= 120 * NS_PER_SEC);
	if (c->snd.una != c->snd.nxt)
		CU_ASSERT(tcp_timer_runs(c, TCP_TIMER_REXMIT) || tcp_timer_runs(c, TCP_TIMER_TLP) ||
			tcp_timer_runs(c, TCP_TIMER_REORDER));
}

/* ---- what happens ---- */

static void send_some(struct fuzz *z)
{
	struct tcp_conn *c = z->b.c;
	uint32_t seq, end;

	for (uint32_t n = below(z, 4); n; n--) {
		if (tcp_cwnd_room(c) < c->mss)
			return;
		if (tcp_next_lost(c, c->mss * (1 + below(z, 4)), &seq, &end))
			tcp_sent(c, seq, end);
		else if (c->snd.nxt - c->snd.una < 400000)
			tcp_sent(c, c->snd.nxt, c->snd.nxt + 1 + below(z, 3 * c->mss));
	}
}

/* Whole segments of what is there, mostly; sometimes anything. */
static struct tcp_sack any_block(struct fuzz *z)
{
	const struct tcp_conn *c = z->b.c;
	uint32_t span = c->snd.nxt - c->snd.una, start = below(z, span + 1), len = 1 + below(z, 6 * c->mss);

	switch (below(z, 8)) {
	case 0:
		return (struct tcp_sack){rng_u32(&z->r), rng_u32(&z->r)};
	case 1: /* below SND.UNA */
		return (struct tcp_sack){c->snd.una - len, c->snd.una - len + below(z, len + 1)};
	case 2:
		return (struct tcp_sack){c->snd.una + start, c->snd.una + start + len};
	default:
		start -= start % c->mss;
		len += c->mss - len % c->mss;
		return (struct tcp_sack){c->snd.una + start, seq_min(c->snd.una + start + len, c->snd.nxt)};
	}
}

static void any_ack(struct fuzz *z)
{
	struct tcp_conn *c = z->b.c;
	uint32_t span = c->snd.nxt - c->snd.una, ahead = below(z, 8) ? 0 : below(z, span + 1);
	struct tcp_seg seg = {.flags = TCP_ACK, .segs = 1, .seq = c->rcv.nxt, .end = c->rcv.nxt};

	if (below(z, 4))
		ahead -= ahead % c->mss;
	seg.ack = below(z, 20) ? c->snd.una + ahead : c->snd.una - below(z, 5000);
	seg.flags |= below(z, 10) ? 0 : TCP_ECE;
	seg.wnd = below(z, 10) ? 1 << 20 : below(z, 1 << 20);
	seg.opt.sack_count = (uint8_t)below(z, TCP_SACKS_MAX + 1);
	for (unsigned i = 0; i < seg.opt.sack_count; i++)
		seg.opt.sacks[i] = any_block(z);
	seg.opt.has_ts = c->ts_on;
	seg.opt.tsecr = tcp_ts_clock(z->b.s) - (below(z, 10) ? below(z, 500) : rng_u32(&z->r));
	tcp_ack_input(c, &seg);
}

static void time_passes(struct fuzz *z)
{
	struct tcp_conn *c = z->b.c;
	uint64_t due = c->deadline_ns[TCP_CLOCK_SENDING];

	flight_wait(&z->b, below(z, 30) * NS_PER_MS);
	if (due > stack_now(z->b.s))
		return;
	c->deadline_ns[TCP_CLOCK_SENDING] = TIMER_NEVER;
	if (c->sending == TCP_TIMER_TLP)
		tcp_timer_tlp(c);
	else if (c->sending == TCP_TIMER_REORDER)
		tcp_timer_reorder(c);
	else if (c->sending == TCP_TIMER_REXMIT)
		tcp_rto(c);
	else if (c->sending == TCP_TIMER_REST)
		tcp_flight_free(c);
}

static void probe(struct fuzz *z)
{
	struct tcp_conn *c = z->b.c;
	uint32_t seq, end;

	if (!(c->want & TCP_WANT_TLP))
		return;
	if (tcp_last_sent(c, &seq, &end) && tcp_sent(c, seq, end))
		tcp_tlp_sent(c, false);
	c->want = 0;
}

static void change_mss(struct fuzz *z)
{
	struct tcp_conn *c = z->b.c;

	c->mss = (uint16_t)(88 + below(z, 1400));
	tcp_cwnd_set(c, c->cwnd);
	if (below(z, 2))
		tcp_mark_all_lost(c);
}

static void step(struct fuzz *z)
{
	uint32_t what = below(z, 1000);

	if (what < 450)
		any_ack(z);
	else if (what < 850)
		send_some(z);
	else if (what < 997)
		time_passes(z);
	else if (what < 998)
		change_mss(z);
	else if (what < 999)
		tcp_enter_cwr(z->b.c);
	else
		tcp_idle_restart(z->b.c);
	probe(z);
	check(&z->b);
}

static void run(bool sack, bool ts, const struct tcp_cc *cc)
{
	struct fuzz z;

	rng_seed(&z.r, unit_seed + (uint64_t)(4 * sack + 2 * ts + (cc == &tcp_cubic)));
	for (int round = 0; round < 20; round++) {
		flight_open(&z.b, sack);
		z.b.c->ts_on = ts;
		z.b.c->ecn_on = round % 2;
		tcp_cc_set(z.b.c, cc);
		for (int i = 0; i < 1500; i++)
			step(&z);
		flight_close(&z.b);
	}
}

static void with_sack_and_cubic(void)
{
	run(true, true, &tcp_cubic);
	run(true, false, &tcp_cubic);
}

static void with_sack_and_newreno(void)
{
	run(true, true, &tcp_newreno);
	run(true, false, &tcp_newreno);
}

static void without_sack(void)
{
	run(false, true, &tcp_cubic);
	run(false, false, &tcp_newreno);
}

SUITE(tcp_fuzz, T(with_sack_and_cubic), T(with_sack_and_newreno), T(without_sack))
