/* SPDX-License-Identifier: MIT */
/*
 * Whole connections that lose segments: what the host sends, and when, to the millisecond.
 *
 *	[host] ===== 10 ms each way; transmissions may be dropped, held up or doubled ===== [a receiver]
 *
 * The receiver acknowledges each segment at once, with SACK and D-SACK as RFC 2018 and 2883 want them. What the host
 * sent is written down as "TIME: SEGMENTS", segments of one MSS counted from 0 and r for those sent again, so a test is
 * a line that can be read.
 */
#include "tests/unit/tcp/bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { MSS = 1460, SEGS_MAX = 400, SENDS_MAX = 1000, LOG = 4000, BLOCKS = 3 };

#define ONE_WAY (10 * MS)
#define LATE	(4 * MS)

/* An ACK on its way to the host. */
struct ack {
	struct list node;
	uint64_t at_ns;
	uint32_t ack, sacks[2 * BLOCKS];
	unsigned blocks;
};

struct path {
	struct bench *b;
	uint32_t first;	  /* sequence number of segment 0 */
	unsigned total;	  /* segments */
	uint32_t written; /* bytes */
	uint64_t start_ns;

	/* wishes: by number of the transmission, from 0 */
	const unsigned *drop;			 /* ends with END */
	const unsigned *late;			 /* these come LATE later; ends with END */
	unsigned twice;				 /* this one comes twice */
	uint64_t no_acks_from_ns, no_acks_to_ns; /* ACKs that would arrive then arrive at the end of it */

	/* the receiver */
	bool got[SEGS_MAX];
	unsigned cum; /* everything below has come */
	unsigned recent[BLOCKS];
	struct list arrivals, acks; /* of struct ack: by time */

	/* what the host sent */
	unsigned sends, top;
	char log[LOG];
	uint64_t log_ns;
	unsigned run_from, run_to; /* not yet written: segments */
	bool run_again, running;
};
#define END UINT32_MAX

static void write_run(struct path *p)
{
	size_t at = strlen(p->log);
	const char *r = p->run_again ? "r" : "";

	if (!p->running)
		return;
	if (p->run_from == p->run_to)
		snprintf(p->log + at, LOG - at, " %s%u", r, p->run_from);
	else
		snprintf(p->log + at, LOG - at, " %s%u-%u", r, p->run_from, p->run_to);
	p->running = false;
}

static void note(struct path *p, unsigned seg, bool again)
{
	uint64_t now = p->b->l->loop.now;

	if (p->log_ns != now || !p->log[0]) {
		size_t at;

		write_run(p);
		at = strlen(p->log);
		snprintf(p->log + at, LOG - at, "%s%u:", at ? " " : "", (unsigned)((now - p->start_ns) / MS));
		p->log_ns = now;
	}
	if (p->running && p->run_again == again && seg == p->run_to + 1) {
		p->run_to = seg;
		return;
	}
	write_run(p);
	p->running = true;
	p->run_from = p->run_to = seg;
	p->run_again = again;
}

/* ---- the receiver ---- */

static void insert(struct list *l, struct ack *a)
{
	struct list *at = l->prev;

	while (at != l && list_entry(at, struct ack, node)->at_ns > a->at_ns)
		at = at->prev;
	list_add_head(at, &a->node);
}

static void add_block(struct ack *a, uint32_t from, uint32_t to)
{
	for (unsigned i = 0; i < a->blocks; i++)
		if (a->sacks[2 * i] == from)
			return;
	if (a->blocks == BLOCKS)
		return;
	a->sacks[2 * a->blocks] = from;
	a->sacks[2 * a->blocks++ + 1] = to;
}

/* The block of what has come around `seg`. */
static void block_around(const struct path *p, struct ack *a, unsigned seg)
{
	unsigned from = seg, to = seg + 1;

	if (seg < p->cum || !p->got[seg])
		return;
	while (from > p->cum && p->got[from - 1])
		from--;
	while (to < SEGS_MAX && p->got[to])
		to++;
	add_block(a, from, to);
}

static void arrive(struct path *p, unsigned seg)
{
	struct ack *a = calloc(1, sizeof(*a));
	bool twice = p->got[seg];

	p->got[seg] = true;
	while (p->cum < SEGS_MAX && p->got[p->cum])
		p->cum++;
	a->ack = p->cum;
	a->at_ns = p->b->l->loop.now + ONE_WAY;
	if (a->at_ns >= p->no_acks_from_ns && a->at_ns < p->no_acks_to_ns)
		a->at_ns = p->no_acks_to_ns;
	if (twice)
		add_block(a, seg, seg + 1);
	block_around(p, a, seg);
	for (int i = 0; i < BLOCKS; i++)
		block_around(p, a, p->recent[i]);
	memmove(p->recent + 1, p->recent, sizeof(p->recent) - sizeof(*p->recent));
	p->recent[0] = seg;
	insert(&p->acks, a);
}

static void say(struct path *p, const struct ack *a)
{
	struct bench *b = p->b;
	uint8_t opts[TCP_OPT_MAX];
	struct tcp_options o = {.sack_count = b->sack ? (uint8_t)a->blocks : 0};

	for (unsigned i = 0; i < a->blocks; i++)
		o.sacks[i] = (struct tcp_sack){
			p->first + a->sacks[2 * i] * MSS, p->first + a->sacks[2 * i + 1] * MSS};
	struct bench_seg g = {.flags = TCP_ACK,
		.seq = b->nxt,
		.ack = p->first + a->ack * MSS,
		.wnd = b->my_wnd,
		.opts = opts,
		.opts_len = tcp_options_emit(opts, sizeof(opts), &o)};
	bench_put(b, &g);
}

/* ---- the host ---- */

static bool is_in(const unsigned *list, unsigned n)
{
	for (const unsigned *d = list; d && *d != END; d++)
		if (*d == n)
			return true;
	return false;
}

static void post(struct path *p, unsigned seg, uint64_t later)
{
	struct ack *a = calloc(1, sizeof(*a));

	a->ack = seg;
	a->at_ns = p->b->l->loop.now + ONE_WAY + later;
	insert(&p->arrivals, a);
}

static void take_sent(struct path *p)
{
	while (bench_count(p->b)) {
		struct bench_seen s = bench_next(p->b);
		unsigned seg = (s.h.seq - p->first) / MSS, n = p->sends;

		if (!s.len)
			continue;
		CU_ASSERT_FATAL(seg < SEGS_MAX && (s.h.seq - p->first) % MSS == 0 && s.len == MSS);
		note(p, seg, seg < p->top);
		p->top = MAX(p->top, seg + 1);
		p->sends++;
		if (is_in(p->drop, n))
			continue;
		post(p, seg, is_in(p->late, n) ? LATE : 0);
		if (n == p->twice)
			post(p, seg, 0);
	}
}

static void write_more(struct path *p)
{
	static const uint8_t zeros[64 * MSS];
	ssize_t n = 1;

	for (; p->written < p->total * MSS && n > 0; p->written += n > 0 ? (uint32_t)n : 0)
		n = sock_send(p->b->sk, zeros, MIN(sizeof(zeros), p->total * MSS - p->written), 0, NULL);
	lab_settle(p->b->l);
}

static uint64_t next_ns(const struct path *p)
{
	uint64_t at = UINT64_MAX;

	if (!list_empty(&p->arrivals))
		at = list_entry(p->arrivals.next, struct ack, node)->at_ns;
	if (!list_empty(&p->acks))
		at = MIN(at, list_entry(p->acks.next, struct ack, node)->at_ns);
	return at;
}

/* What is due now, first what the receiver gets. False: nothing. */
static bool serve(struct path *p)
{
	uint64_t now = p->b->l->loop.now;
	struct ack *a = list_first(&p->arrivals, struct ack, node);
	bool data = a && a->at_ns <= now;

	if (!data)
		a = list_first(&p->acks, struct ack, node);
	if (!a || a->at_ns > now)
		return false;
	list_del(&a->node);
	if (data)
		arrive(p, a->ack);
	else
		say(p, a);
	free(a);
	return true;
}

/* Until everything has come, or a minute has passed. */
static void run(struct path *p)
{
	struct loop *l = &p->b->l->loop;

	p->start_ns = l->now;
	while (p->cum < p->total && l->now - p->start_ns < 60 * SEC) {
		write_more(p);
		take_sent(p);
		while (serve(p)) {}
		take_sent(p);
		uint64_t next = MIN(next_ns(p), wheel_next(&l->wheel));
		lab_run(p->b->l, MAX(next, l->now) - l->now);
		take_sent(p);
	}
	write_run(p);
}

/* ---- set-up ---- */

static struct path *begin(unsigned total, bool sack)
{
	struct path *p = calloc(1, sizeof(*p));
	struct bench *b = p->b = bench_new();

	b->s->sysctl[SYSCTL_TCP_CONGESTION_CONTROL] = 0; /* reno: its numbers are those of the RFCs */
	b->s->sysctl[SYSCTL_TCP_WMEM_DEFAULT] = 1 << 20; /* all of it is written at once */
	b->sack = sack;
	b->wscale = 7;
	bench_into(b, TCP_ESTABLISHED, false);
	bench_conn(b)->srtt_us = 0;
	p->first = b->host_nxt;
	p->total = total;
	p->twice = END;
	list_init(&p->arrivals);
	list_init(&p->acks);
	return p;
}

static void end(struct path *p, const char *expected)
{
	CU_ASSERT_EQUAL(p->cum, p->total);
	CU_ASSERT_STRING_EQUAL(p->log, expected);
	if (strcmp(p->log, expected) != 0)
		printf("sent     %s\nexpected %s\n", p->log, expected);
	list_each_safe(a, &p->arrivals, struct ack, node)
		free(a);
	list_each_safe(k, &p->acks, struct ack, node)
		free(k);
	bench_free(p->b);
	free(p);
}

#define THESE(...) ((const unsigned[]){__VA_ARGS__, END})

/* ---- with SACK ---- */

static void without_loss_slow_start_doubles(void)
{
	struct path *p = begin(70, true);

	run(p);
	end(p, "0: 0-9 20: 10-29 40: 30-69");
}

/* RFC6675-5c, RFC6675-5f, RFC5681-3.2c, RFC3042-2: two by limited transmit, the lost one, then one for two that arrive;
 * at 40 ms all is repaired and ssthresh, 5, is in flight */
static void one_lost_segment_is_sent_again_when_three_have_overtaken_it(void)
{
	struct path *p = begin(40, true);

	p->drop = THESE(0);
	run(p);
	end(p, "0: 0-9 20: 10-11 r0 12-13 40: 14-18 60: 19-24 80: 25-31 100: 32-39");
}

/* RFC6675-4c, RFC6675-4d: lost ones first, then new ones; ssthresh 6 */
static void three_lost_segments_are_sent_again_in_one_round_trip(void)
{
	struct path *p = begin(40, true);

	p->drop = THESE(2, 5, 7);
	run(p);
	end(p, "0: 0-9 20: 10-15 r2 40: r5 r7 16-19 60: 20-25 80: 26-32 100: 33-39");
}

/* RFC8985-7.3b: one segment in flight waits for a delayed ACK too, but not longer than the RTO */
static void a_lost_tail_is_probed_for(void)
{
	struct path *p = begin(10, true);

	p->drop = THESE(9);
	run(p);
	end(p, "0: 0-9 240: r9");
}

/* RFC8985-7.2b, RFC8985-7.3b: 2 * SRTT + 2 ms after the last ACK; what it shows to be lost follows by PRR */
static void the_probe_shows_what_else_of_the_tail_is_lost(void)
{
	struct path *p = begin(10, true);

	p->drop = THESE(6, 7, 8, 9);
	run(p);
	end(p, "0: 0-9 62: r9 82: r6 102: r7-8");
}

/* RFC8985-7.3b: new data, since there is some. Then PRR fills up as slow start does */
static void a_whole_flight_that_is_lost_takes_one_probe(void)
{
	struct path *p = begin(40, true);

	p->drop = THESE(10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
	run(p);
	end(p,
		"0: 0-9 20: 10-29 62: 30 82: r10 102: r11-12 122: r13-16 142: r17-24 162: r25-29 31-35 182: "
		"36-39");
}

/* RFC8985-7.3c, RFC6298-5.4, RFC5681-3.1m */
static void if_the_probe_is_lost_too_the_rto_begins_from_the_start(void)
{
	struct path *p = begin(14, true);

	p->drop = THESE(10, 11, 12, 13, 14);
	run(p);
	end(p, "0: 0-9 20: 10-13 62: r13 282: r10 302: r11-12 322: r13");
}

/* RFC5681-4.3d: found by 18, which left after it */
static void a_retransmission_that_is_lost_is_sent_again_without_a_timeout(void)
{
	struct path *p = begin(60, true);

	p->drop = THESE(3, 18);
	run(p);
	end(p, "0: 0-9 20: 10-17 r3 18 40: 19-22 r3 23 60: 24-29 80: 30-36 100: 37-44 120: 45-52 140: 53-59");
}

/* Four milliseconds are within a quarter of the round trip, but three that overtake are waited for only once reordering
 * was seen. The D-SACK for r12 takes the reduction back. */
static void a_segment_that_is_late_is_sent_again_once_and_then_waited_for(void)
{
	struct path *p = begin(100, true);

	p->late = THESE(12, 61);
	run(p);
	CU_ASSERT_EQUAL(MIB(p->b, TcpExtTCPDSACKUndo), 1);
	end(p, "0: 0-9 20: 10-29 40: 30-35 r12 36-41 44: 42 60: 43-69 64: 70-71 80: 72-99");
}

static void a_segment_that_comes_twice_changes_nothing(void)
{
	struct path *p = begin(70, true);

	p->twice = 4;
	run(p);
	end(p, "0: 0-9 20: 10-29 40: 30-69");
}

/* F-RTO (RFC 5682): at 330 ms the first ACK is answered with new data, and the second one undoes all */
static void acks_that_come_late_make_one_needless_retransmission(void)
{
	struct path *p = begin(60, true);

	p->no_acks_from_ns = p->b->l->loop.now + 30 * MS;
	p->no_acks_to_ns = p->b->l->loop.now + 330 * MS;
	run(p);
	end(p, "0: 0-9 20: 10-29 62: 30 282: r10 330: 31-59");
}

/* ---- without ---- */

/* RFC3042-2, RFC5681-3.2c, RFC5681-3.2d */
static void without_sack_one_lost_segment_is_sent_again_after_three_duplicates(void)
{
	struct path *p = begin(40, false);

	p->drop = THESE(0);
	run(p);
	end(p, "0: 0-9 20: 10-11 r0 12-13 40: 14-18 60: 19-24 80: 25-31 100: 32-39");
}

/* RFC6582-3: one hole each round trip */
static void without_sack_each_partial_ack_sends_one_again(void)
{
	struct path *p = begin(40, false);

	p->drop = THESE(2, 5, 7);
	run(p);
	end(p, "0: 0-9 20: 10-15 r2 40: 16-18 r5 19 60: 20-21 r7 80: 22-27 100: 28-34 120: 35-39");
}

/* RFC6298-5.4, RFC6298-5.5 */
static void without_sack_a_lost_tail_takes_the_rto(void)
{
	struct path *p = begin(10, false);

	p->drop = THESE(8, 9);
	run(p);
	end(p, "0: 0-9 240: r8 260: r9");
}

SUITE(tcp_loss, T(without_loss_slow_start_doubles),
	T(one_lost_segment_is_sent_again_when_three_have_overtaken_it),
	T(three_lost_segments_are_sent_again_in_one_round_trip), T(a_lost_tail_is_probed_for),
	T(the_probe_shows_what_else_of_the_tail_is_lost), T(a_whole_flight_that_is_lost_takes_one_probe),
	T(if_the_probe_is_lost_too_the_rto_begins_from_the_start),
	T(a_retransmission_that_is_lost_is_sent_again_without_a_timeout),
	T(a_segment_that_is_late_is_sent_again_once_and_then_waited_for),
	T(a_segment_that_comes_twice_changes_nothing),
	T(acks_that_come_late_make_one_needless_retransmission),
	T(without_sack_one_lost_segment_is_sent_again_after_three_duplicates),
	T(without_sack_each_partial_ack_sends_one_again), T(without_sack_a_lost_tail_takes_the_rto))
