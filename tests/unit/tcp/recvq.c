/* SPDX-License-Identifier: MIT */
/* The receive queue: order, gaps, overlaps, SACK, what comes twice, memory, urgent data. */
#include "tests/unit/tcp/rx.h"

/* ---- order ---- */

static void text_in_order_is_read_in_order(void)
{
	struct rx r = rx_new();

	rx_text(&r, 0, 1000, 0, 0);
	rx_text(&r, 1000, 1448, 0, TCP_PSH);
	CU_ASSERT_EQUAL(rx_nxt(&r), 2448);
	CU_ASSERT_EQUAL(tcp_recvq_unread(r.c), 2448);
	rx_expect(&r, 0, 2448);
	rx_free(&r);
}

static void nothing_is_allocated_while_nothing_is_held(void)
{
	struct rx r = rx_new();

	CU_ASSERT_PTR_NULL(r.c->recvq);
	rx_text(&r, 0, 100, 0, 0);
	CU_ASSERT_PTR_NOT_NULL(r.c->recvq);
	CU_ASSERT(tcp_of(r.s)->memory > PKT_SMALL_ROOM);
	rx_expect(&r, 0, 100);
	CU_ASSERT_PTR_NULL(r.c->recvq);
	CU_ASSERT_EQUAL(tcp_of(r.s)->memory, 0);
	rx_free(&r);
}

/* RFC9293-MUST-59 RFC9293-MAY-13 RFC9293-SHLD-31 */
static void a_gap_is_filled_and_what_stood_behind_it_follows(void)
{
	struct rx r = rx_new();

	rx_text(&r, 100, 100, 0, 0);
	rx_text(&r, 300, 100, 0, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 0);
	CU_ASSERT(rx_ack(&r).sent);
	rx_text(&r, 0, 100, 0, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 200);
	CU_ASSERT(rx_ack(&r).sent);
	rx_text(&r, 200, 100, 0, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 400);
	rx_expect(&r, 0, 400);
	rx_free(&r);
}

static void a_read_may_be_short_peek_or_throw_away(void)
{
	struct rx r = rx_new();
	uint8_t b[64];

	rx_text(&r, 0, 50, 0, 0);
	rx_text(&r, 50, 1448, 0, 0);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, 60, MSG_PEEK), 60);
	CU_ASSERT_EQUAL(b[55], rx_octet(55, 0));
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, 10, 0), 10);
	CU_ASSERT_EQUAL(b[9], rx_octet(9, 0));
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, NULL, 100, MSG_TRUNC), 100);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, 0, 0), 0);
	rx_expect(&r, 110, 1498 - 110);
	rx_free(&r);
}

/* ---- the thirteen relations of two stretches (Allen 1983). [100, 200) is there; what is sent is read. ---- */

/* Sends a second version of [from, to), then the first version of all that is missing. What was there first is what is
 * read: version 0 in [100, 200), version 1 in the rest of [from, to). Twice: in front of [100, 200) there is a gap, or
 * not. */
static void overlap(uint32_t from, uint32_t to)
{
	for (int gap = 0; gap < 2; gap++) {
		struct rx r = rx_new();
		uint8_t b[400];

		rx_open_wide(&r);
		if (!gap)
			rx_text(&r, 0, 100, 0, 0);
		rx_text(&r, 100, 100, 0, 0);
		rx_text(&r, from, to - from, 1, 0);
		rx_text(&r, 0, 300, 2, 0);
		CU_ASSERT_EQUAL(rx_nxt(&r), 300);
		CU_ASSERT_EQUAL_FATAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 300);
		for (uint32_t i = 0; i < 300; i++) {
			bool first = (i >= 100 && i < 200) || (!gap && i < 100);
			unsigned version = first ? 0 : i >= from && i < to ? 1 : 2;
			CU_ASSERT_EQUAL_FATAL(b[i], rx_octet(i, version));
		}
		rx_free(&r);
	}
}

/* clang-format off */
#define RELATION(name, from, to) static void name(void) { overlap(from, to); }
RELATION(allen_before, 20, 80)
RELATION(allen_meets, 20, 100)
RELATION(allen_overlaps, 20, 150)
RELATION(allen_starts, 100, 150)
RELATION(allen_during, 120, 180)
RELATION(allen_finishes, 150, 200)
RELATION(allen_equals, 100, 200)
RELATION(allen_finished_by, 20, 200)
RELATION(allen_contains, 20, 280)
RELATION(allen_started_by, 100, 280)
RELATION(allen_overlapped_by, 150, 280)
RELATION(allen_met_by, 200, 280)
RELATION(allen_after, 220, 280)
/* clang-format on */

/* One segment over several runs is cut into as many pieces as there are gaps. Whoever comes first wins. */
static void tcp_overlap_inconsistent(void)
{
	struct rx r = rx_new();
	uint8_t b[400];

	for (uint32_t at = 10; at < 200; at += 40)
		rx_text(&r, at, 20, 0, 0);
	rx_text(&r, 0, 200, 1, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 200);
	CU_ASSERT_EQUAL_FATAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 200);
	for (uint32_t i = 0; i < 200; i++)
		CU_ASSERT_EQUAL_FATAL(b[i], rx_octet(i, (i + 30) % 40 < 20 ? 0 : 1));
	rx_text(&r, 0, 200, 2, 0);
	CU_ASSERT_EQUAL(tcp_recvq_unread(r.c), 0);
	rx_free(&r);
}

/* ---- a slow twin: an array of octets ---- */

enum { SPAN = 6000 };
struct twin {
	uint8_t octet[SPAN];
	bool have[SPAN];
	uint32_t nxt, read;
};

static void twin_put(struct twin *t, uint32_t at, uint32_t len, unsigned version)
{
	for (uint32_t i = at; i < at + len; i++) {
		if (t->have[i] || i < t->nxt)
			continue;
		t->octet[i] = rx_octet(i, version);
		t->have[i] = true;
	}
	while (t->nxt < SPAN && t->have[t->nxt])
		t->nxt++;
}

/* Each block is the whole of a run, the first one holds the segment that caused it, none comes twice. */
static void check_blocks(const struct twin *t, struct rx_ack a, uint32_t at, uint32_t len)
{
	unsigned runs = 0;

	for (uint32_t i = t->nxt; i < SPAN; i++)
		runs += t->have[i] && !t->have[i - 1];
	CU_ASSERT_EQUAL_FATAL(a.n, MIN(runs, TCP_SACKS_MAX));
	for (unsigned k = 0; k < a.n; k++) {
		struct tcp_sack b = a.blocks[k];
		CU_ASSERT_FATAL(b.start > t->nxt && b.end <= SPAN && b.start < b.end);
		CU_ASSERT_FATAL(!t->have[b.start - 1] && (b.end == SPAN || !t->have[b.end]));
		for (uint32_t i = b.start; i < b.end; i++)
			CU_ASSERT_FATAL(t->have[i]);
		for (unsigned j = 0; j < k; j++)
			CU_ASSERT_FATAL(a.blocks[j].start != b.start);
	}
	if (at > t->nxt)
		CU_ASSERT_FATAL(a.n && a.blocks[0].start <= at && a.blocks[0].end >= at + len);
}

static void read_some(struct rx *r, struct twin *t, size_t room)
{
	uint8_t b[SPAN];
	ssize_t n = tcp_recvq_read(r->c, b, MIN(room, sizeof(b)), 0);

	CU_ASSERT_EQUAL_FATAL((uint32_t)n, MIN(t->nxt - t->read, MIN(room, sizeof(b))));
	for (ssize_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL_FATAL(b[i], t->octet[t->read + (uint32_t)i]);
	t->read += (uint32_t)n;
	tcp_take_dirty(tcp_of(r->s));
}

/* RFC2018-4b RFC2018-4c RFC2018-4d RFC2018-2 */
static void any_order_of_any_segments_gives_what_an_array_gives(void)
{
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int round = 0; round < 60; round++) {
		struct rx r = rx_new();
		struct twin *t = calloc(1, sizeof(*t));
		uint32_t longest = round % 3 ? 1448 : 40;

		rx_open_wide(&r);
		r.s->sysctl[SYSCTL_TCP_DSACK] = 0;
		for (unsigned v = 0; t->nxt < SPAN; v++) {
			uint32_t len = 1 + rng_below(&rng, longest);
			uint32_t at = v % 9 == 8 ? t->nxt : rng_below(&rng, SPAN);
			len = MIN(len, SPAN - at);
			bool old = at + len <= t->nxt;
			twin_put(t, at, len, v);
			if (old)
				tcp_note_duplicate(r.c, r.base + at, r.base + at + len);
			else
				rx_text(&r, at, len, v, 0);
			CU_ASSERT_EQUAL_FATAL(rx_nxt(&r), t->nxt);
			if (!old && tcp_recvq_has_gap(r.c))
				check_blocks(t, rx_ack(&r), at, len);
			if (v % 7 == 0)
				read_some(&r, t, rng_below(&rng, 3000));
		}
		read_some(&r, t, SPAN);
		free(t);
		rx_free(&r);
	}
}

/* ---- the window's edges ---- */

/* RFC9293-T-17 RFC7323-2.4b */
static void tcp_segment_larger_than_window(void)
{
	static const uint32_t over[] = {1, 1460, 30000};

	for (size_t i = 0; i < ARRAY_SIZE(over); i++) {
		struct rx r = rx_new();
		uint32_t wnd = tcp_rcv_wnd(r.c);
		for (uint32_t at = 0; at + 1000 < wnd; at += 1000)
			rx_text(&r, at, 1000, 0, 0);
		uint32_t at = rx_nxt(&r);
		rx_text(&r, at, wnd - at + over[i], 0, TCP_FIN); /* the FIN goes with what is cut off */
		CU_ASSERT_EQUAL(rx_nxt(&r), wnd);
		CU_ASSERT_FALSE(r.c->fin_seen);
		CU_ASSERT(rx_ack(&r).sent);
		rx_expect(&r, 0, wnd);
		rx_free(&r);
	}
}

/* RFC9293-MUST-66 */
static void text_for_a_shut_window_is_dropped_and_answered_and_its_fin_waits(void)
{
	struct rx r = rx_new();

	r.c->rcv.adv = r.c->rcv.nxt;
	CU_ASSERT_FALSE(rx_text(&r, 0, 1, 0, TCP_FIN));
	CU_ASSERT(rx_ack(&r).sent);
	CU_ASSERT_EQUAL(rx_nxt(&r), 0);
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_ZERO_WINDOW), 1);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPZeroWindowDrop], 1);
	r.c->rcv.adv = r.c->rcv.nxt;
	CU_ASSERT(rx_text(&r, 0, 0, 0, TCP_FIN)); /* a bare one needs no room */
	rx_free(&r);
}

/* ---- FIN ---- */

static void a_fin_before_its_time_is_remembered(void)
{
	struct rx r = rx_new();

	CU_ASSERT_FALSE(rx_text(&r, 100, 100, 0, TCP_FIN));
	struct rx_ack a = rx_ack(&r);
	RX_BLOCK(a, 0, 100, 201); /* its number is acknowledged with the text before it */
	CU_ASSERT(rx_text(&r, 0, 100, 0, 0));
	CU_ASSERT_EQUAL(rx_nxt(&r), 201);
	CU_ASSERT(r.c->fin_seen);
	rx_expect(&r, 0, 200);
	rx_free(&r);
}

static void a_bare_fin_before_its_time_is_remembered(void)
{
	struct rx r = rx_new();

	CU_ASSERT_FALSE(rx_text(&r, 100, 0, 0, TCP_FIN));
	CU_ASSERT(rx_ack(&r).sent);
	CU_ASSERT(rx_text(&r, 0, 100, 0, 0));
	rx_expect(&r, 0, 100);
	rx_free(&r);
}

static void text_behind_the_fin_is_dropped(void)
{
	struct rx r = rx_new();

	rx_text(&r, 150, 10, 0, 0);
	CU_ASSERT(rx_text(&r, 0, 100, 0, TCP_FIN));
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_AFTER_FIN), 1);
	rx_expect(&r, 0, 100);
	rx_free(&r);
}

static void a_fin_that_text_goes_past_was_none(void)
{
	struct rx r = rx_new();

	CU_ASSERT_FALSE(rx_text(&r, 100, 0, 0, TCP_FIN));
	CU_ASSERT_FALSE(rx_text(&r, 0, 150, 0, 0));
	CU_ASSERT(rx_text(&r, 150, 10, 0, TCP_FIN));
	rx_expect(&r, 0, 160);
	rx_free(&r);
}

/* ---- D-SACK ---- */

/* RFC2883-4 RFC 2883 4.1: reported once, and only once. */
static void what_comes_twice_is_reported_in_the_first_block(void)
{
	struct rx r = rx_new();

	rx_text(&r, 0, 200, 0, 0);
	rx_text(&r, 300, 100, 0, 0);
	rx_ack(&r);
	tcp_note_duplicate(r.c, r.base + 50, r.base + 150);
	r.c->want |= TCP_WANT_ACK;
	struct rx_ack a = rx_ack(&r);
	CU_ASSERT_EQUAL(a.n, 2);
	RX_BLOCK(a, 0, 50, 150);
	RX_BLOCK(a, 1, 300, 400);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPDSACKOldSent], 1);
	r.c->want |= TCP_WANT_ACK;
	a = rx_ack(&r);
	CU_ASSERT_EQUAL(a.n, 1);
	rx_free(&r);
}

/* RFC 2883 4.2: part of a block above the cumulative ACK, and that block second. */
static void what_comes_twice_out_of_order_is_followed_by_its_block(void)
{
	struct rx r = rx_new();

	rx_text(&r, 100, 100, 0, 0);
	rx_text(&r, 300, 100, 0, 0);
	rx_ack(&r);
	rx_text(&r, 120, 50, 1, 0);
	struct rx_ack a = rx_ack(&r);
	CU_ASSERT_EQUAL(a.n, 3);
	RX_BLOCK(a, 0, 120, 170);
	RX_BLOCK(a, 1, 100, 200);
	RX_BLOCK(a, 2, 300, 400);
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_DUPLICATE), 1);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPDSACKOfoSent], 1);
	rx_free(&r);
}

/* RFC 2883 4 asks for one block, not for which. */
static void of_several_parts_that_come_twice_the_first_is_reported(void)
{
	struct rx r = rx_new();

	rx_text(&r, 0, 100, 0, 0);
	rx_text(&r, 200, 100, 0, 0);
	rx_text(&r, 400, 100, 0, 0);
	rx_ack(&r);
	rx_text(&r, 150, 400, 0, 0);
	struct rx_ack a = rx_ack(&r);
	RX_BLOCK(a, 0, 200, 300);
	RX_BLOCK(a, 1, 150, 550);
	rx_text(&r, 50, 200, 0, 0); /* its old part, and one that it has in common with the run */
	a = rx_ack(&r);
	CU_ASSERT_EQUAL(a.n, 1);
	RX_BLOCK(a, 0, 50, 100);
	rx_free(&r);
}

static void a_partly_old_segment_reports_its_old_part(void)
{
	struct rx r = rx_new();

	rx_text(&r, 0, 200, 0, 0);
	rx_ack(&r);
	rx_text(&r, 100, 200, 0, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 300);
	struct rx_ack a = rx_ack(&r);
	CU_ASSERT(a.sent);
	CU_ASSERT_EQUAL(a.n, 1);
	RX_BLOCK(a, 0, 100, 200);
	rx_expect(&r, 0, 300);
	rx_free(&r);
}

static void duplicates_that_follow_each_other_are_one_block(void)
{
	struct rx r = rx_new();

	rx_text(&r, 0, 400, 0, 0);
	tcp_note_duplicate(r.c, r.base, r.base + 100);
	tcp_note_duplicate(r.c, r.base + 100, r.base + 200);
	r.c->want |= TCP_WANT_ACK;
	struct rx_ack a = rx_ack(&r);
	RX_BLOCK(a, 0, 0, 200);
	rx_free(&r);
}

/* RFC2018-4a */
static void without_sack_or_by_sysctl_nothing_is_reported(void)
{
	struct rx r = rx_new();

	r.s->sysctl[SYSCTL_TCP_DSACK] = 0;
	tcp_note_duplicate(r.c, r.base - 10, r.base);
	CU_ASSERT_PTR_NULL(r.c->recvq);
	r.c->sack_on = false;
	r.s->sysctl[SYSCTL_TCP_DSACK] = 1;
	tcp_note_duplicate(r.c, r.base - 10, r.base);
	rx_text(&r, 100, 10, 0, 0);
	CU_ASSERT_EQUAL(rx_ack(&r).n, 0);
	rx_free(&r);
}

/* RFC2018-4c RFC2018-4d RFC2018-4e RFC 2018 4: the blocks that were touched last first, and no more than there is room for. */
static void the_block_that_was_touched_last_comes_first(void)
{
	struct rx r = rx_new();
	struct tcp_sack blocks[3];

	for (uint32_t i = 1; i <= 6; i++)
		rx_text(&r, 100 * i, 50, 0, 0);
	struct rx_ack a = rx_ack(&r);
	CU_ASSERT_EQUAL(a.n, 4);
	RX_BLOCK(a, 0, 600, 650);
	RX_BLOCK(a, 3, 300, 350);
	rx_text(&r, 250, 10, 0, 0);
	a = rx_ack(&r);
	RX_BLOCK(a, 0, 200, 260);
	RX_BLOCK(a, 1, 600, 650);
	CU_ASSERT_EQUAL(tcp_sack_blocks(r.c, blocks, 3), 3);
	CU_ASSERT_EQUAL(tcp_sack_count(r.c, 3), 3);
	rx_free(&r);
}

/* ---- memory ---- */

static size_t small_cost(void)
{
	return sizeof(struct pkt) + PKT_SMALL_ROOM;
}

static void small_segments_share_a_buffer(void)
{
	struct rx r = rx_new();

	for (uint32_t at = 0; at < 1000; at += 10)
		rx_text(&r, at, 10, 0, 0);
	CU_ASSERT_EQUAL(tcp_recvq_charge(r.c), small_cost());
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPRcvCoalesce], 99);
	rx_expect(&r, 0, 1000);
	rx_free(&r);
}

static void a_little_text_in_a_big_buffer_is_moved(void)
{
	struct rx r = rx_new();
	uint8_t text[100] = {0};

	rx_put(&r, 0, text, sizeof(text), 0, true);
	CU_ASSERT_EQUAL(tcp_recvq_charge(r.c), small_cost());
	CU_ASSERT_EQUAL(pool_in_use(&r.l->world.pkts.big), 0);
	rx_free(&r);
}

/* CVE-2004-0171 */
static void tcp_ooo_memory_overhead(void)
{
	struct rx r = rx_new();
	size_t most = 0;

	r.c->rcv.adv = r.c->rcv.nxt + 65535 * 2;
	for (uint32_t i = 0; i < 65535; i++) {
		rx_text(&r, 2 * i + 1, 1, 0, 0);
		most = MAX(most, tcp_recvq_charge(r.c));
		if (i % 100 == 0)
			rx_ack(&r);
	}
	CU_ASSERT(most < r.c->rcvbuf + 2 * small_cost());
	CU_ASSERT(r.c->rcvbuf <= (uint32_t)r.s->sysctl[SYSCTL_TCP_RMEM_MAX]);
	CU_ASSERT(stack_drops(r.s, DROP_TCP_RCVBUF_FULL) > 0);
	CU_ASSERT(r.s->mib[MIB_TcpExtTCPOFODrop] > 0);
	rx_text(&r, 0, 1, 0, 0); /* the stream goes on */
	CU_ASSERT(rx_nxt(&r) >= 2);
	rx_free(&r);
}

/* RFC2018-8b */
static void text_in_order_is_worth_more_than_text_out_of_order(void)
{
	struct rx r = rx_new();

	r.c->wishes.rcvbuf_locked = true;
	r.c->rcvbuf = 4 * (uint32_t)small_cost();
	for (uint32_t i = 1; i <= 4; i++)
		rx_text(&r, 2000 * i, 1448, 0, 0);
	CU_ASSERT_EQUAL(rx_ack(&r).n, 4);
	rx_text(&r, 0, 1448, 0, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 1448);
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_OFO_PRUNED), 1);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtOfoPruned], 1);
	struct rx_ack a = rx_ack(&r);
	CU_ASSERT_EQUAL(a.n, 3); /* what was given up is not reported */
	RX_BLOCK(a, 0, 6000, 7448);
	rx_text(&r, 9000, 1448, 0, 0); /* behind everything: it is what goes */
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_RCVBUF_FULL), 1);
	rx_free(&r);
}

static void a_full_queue_is_copied_together(void)
{
	struct rx r = rx_new();
	uint32_t at = 0;

	r.c->wishes.rcvbuf_locked = true;
	r.c->rcv.adv = r.c->rcv.nxt + (1 << 20);
	for (; tcp_recvq_charge(r.c) < r.c->rcvbuf;
		at += 1000) /* too much for a tail, too little for a buffer */
		rx_text(&r, at, 1000, 0, 0);
	size_t before = tcp_recvq_charge(r.c);
	rx_text(&r, at, 1000, 0, 0);
	CU_ASSERT(tcp_recvq_charge(r.c) < before * 2 / 3);
	CU_ASSERT(r.s->mib[MIB_TcpExtTCPRcvCollapsed] >= 50);
	CU_ASSERT_EQUAL(rx_nxt(&r), at + 1000);
	rx_expect(&r, 0, at + 1000);
	rx_free(&r);
}

/* As much work for each segment as CVE-2018-5390 asked for must not be had. */
static void tcp_collapse_is_not_done_for_each_segment(void)
{
	struct rx r = rx_new();

	r.c->wishes.rcvbuf_locked = true;
	r.c->rcv.adv = r.c->rcv.nxt + (1 << 20);
	for (uint32_t at = 1; at < 1 << 18; at += 2)
		rx_text(&r, at, 1, 0, 0);
	CU_ASSERT(r.s->mib[MIB_TcpExtPruneCalled] > 1000);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPRcvCollapsed], 0);
	rx_free(&r);
}

static void the_least_of_tcp_rmem_is_everybodys(void)
{
	struct rx r = rx_new();

	tcp_mem_force(r.s, (size_t)r.s->sysctl[SYSCTL_TCP_MEM_HIGH] * 4096);
	rx_text(&r, 100, 100, 0, 0);
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_RCVBUF_FULL), 0);
	rx_text(&r, 0, 100, 0, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 200);
	for (uint32_t at = 200; at < 20000; at += 1000)
		rx_text(&r, at, 1000, 0, 0);
	CU_ASSERT(rx_nxt(&r) < 8000);
	tcp_mem_give(r.s, (size_t)r.s->sysctl[SYSCTL_TCP_MEM_HIGH] * 4096);
	rx_free(&r);
}

static void text_out_of_order_goes_when_memory_is_full_and_text_in_order_comes(void)
{
	struct rx r = rx_new();

	for (uint32_t at = 10000; at < 20000; at += 2000)
		rx_text(&r, at, 1448, 0, 0);
	tcp_mem_force(r.s, (size_t)r.s->sysctl[SYSCTL_TCP_MEM_HIGH] * 4096);
	rx_text(&r, 30000, 1448, 0, 0);
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_RCVBUF_FULL), 1);
	rx_text(&r, 0, 100, 0, 0);
	CU_ASSERT_EQUAL(rx_nxt(&r), 100);
	CU_ASSERT(stack_drops(r.s, DROP_TCP_OFO_PRUNED) > 0);
	rx_text(&r, 100, 1448, 0, 0);
	rx_text(&r, 1548, 1448, 0, 0); /* the program has something to read: not more than the least */
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPRcvQDrop], 1);
	rx_expect(&r, 0, 1548);
	tcp_mem_give(r.s, (size_t)r.s->sysctl[SYSCTL_TCP_MEM_HIGH] * 4096);
	rx_free(&r);
}

/* ---- a program that does not read any more ---- */

static void text_for_a_program_that_has_closed_resets(void)
{
	struct rx r = rx_new();

	r.c->rcv_shut = true;
	rx_text(&r, 0, 10, 0, 0); /* in ESTABLISHED (shutdown of reading) it is kept, as in Linux */
	CU_ASSERT_EQUAL(rx_nxt(&r), 10);
	r.c->state = TCP_FIN_WAIT_1;
	rx_text(&r, 5, 5, 0, 0); /* old */
	CU_ASSERT_EQUAL(r.c->state, TCP_FIN_WAIT_1);
	rx_text(&r, 10, 1, 0, 0);
	CU_ASSERT_EQUAL(r.c->state, TCP_CLOSED);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpOutRsts], 1);
	CU_ASSERT_EQUAL(stack_drops(r.s, DROP_TCP_NOBODY_READS), 1);
	rx_free(&r);
}

/* ---- ECN (RFC 3168 6.1.3) ---- */

static void put_marked(struct rx *r, uint32_t at, bool ce, uint16_t flags)
{
	struct tcp_seg seg = {.seq = r->base + at,
		.len = 1,
		.end = r->base + at + 1,
		.segs = 1,
		.flags = TCP_ACK | flags,
		.ce = ce,
		.p = stack_pkt(r->s, 1)};

	*pkt_put(seg.p, 1) = 0;
	tcp_text(r->c, &seg);
	tcp_take_dirty(tcp_of(r->s));
}

/* RFC3168-6.1.3 */
static void a_mark_is_echoed_until_the_peer_has_reduced(void)
{
	struct rx r = rx_new();

	put_marked(&r, 0, true, 0);
	CU_ASSERT_FALSE(r.c->ecn_echo);
	r.c->ecn_on = true;
	put_marked(&r, 1, true, 0);
	CU_ASSERT(r.c->ecn_echo && r.c->ecn_seen && r.c->quick >= 2);
	put_marked(&r, 2, false, 0);
	CU_ASSERT(r.c->ecn_echo);
	put_marked(&r, 3, false, TCP_CWR);
	CU_ASSERT_FALSE(r.c->ecn_echo);
	put_marked(&r, 4, true, TCP_CWR);
	CU_ASSERT(r.c->ecn_echo);
	rx_free(&r);
}

SUITE(tcp_recvq, T(text_in_order_is_read_in_order), T(nothing_is_allocated_while_nothing_is_held),
	T(a_gap_is_filled_and_what_stood_behind_it_follows), T(a_read_may_be_short_peek_or_throw_away),
	T(allen_before), T(allen_meets), T(allen_overlaps), T(allen_starts), T(allen_during),
	T(allen_finishes), T(allen_equals), T(allen_finished_by), T(allen_contains), T(allen_started_by),
	T(allen_overlapped_by), T(allen_met_by), T(allen_after), T(tcp_overlap_inconsistent),
	T(any_order_of_any_segments_gives_what_an_array_gives), T(tcp_segment_larger_than_window),
	T(text_for_a_shut_window_is_dropped_and_answered_and_its_fin_waits),
	T(a_fin_before_its_time_is_remembered), T(a_bare_fin_before_its_time_is_remembered),
	T(text_behind_the_fin_is_dropped), T(a_fin_that_text_goes_past_was_none),
	T(what_comes_twice_is_reported_in_the_first_block),
	T(what_comes_twice_out_of_order_is_followed_by_its_block),
	T(of_several_parts_that_come_twice_the_first_is_reported),
	T(a_partly_old_segment_reports_its_old_part), T(duplicates_that_follow_each_other_are_one_block),
	T(without_sack_or_by_sysctl_nothing_is_reported), T(the_block_that_was_touched_last_comes_first),
	T(small_segments_share_a_buffer), T(a_little_text_in_a_big_buffer_is_moved),
	T(tcp_ooo_memory_overhead), T(text_in_order_is_worth_more_than_text_out_of_order),
	T(a_full_queue_is_copied_together), T(tcp_collapse_is_not_done_for_each_segment),
	T(the_least_of_tcp_rmem_is_everybodys),
	T(text_out_of_order_goes_when_memory_is_full_and_text_in_order_comes),
	T(text_for_a_program_that_has_closed_resets), T(a_mark_is_echoed_until_the_peer_has_reduced))
