/* SPDX-License-Identifier: MIT */
/*
 * Received text: step seven of SEGMENT ARRIVES (RFC 9293 3.10.7.4), selective acknowledgment of what came out of order
 * (RFC 2018) and of what came twice (RFC 2883). Reading is in receive.c.
 *
 *        read  |   ready: RCV.NXT - 1   |  gap  |  run  | gap |     run     |  ...
 *              start                  end    start    end
 *
 * Text stays in the packets it came in. A run is text without a gap; `ready` is the one that the program can read. A
 * segment fills gaps only: of an octet that comes twice, the first version counts, whatever the second one says. So a
 * segment is cut at the runs it overlaps, and each piece that is left begins a run, lengthens one, or joins two.
 *
 * Each packet costs its whole buffer. One that is less than half full is copied behind the last one of its run where
 * that has room, so that at most half of what is charged is air, but for gaps. When the buffer is full nevertheless:
 * packets are copied together, then what came out of order is given up from its far end (RFC 2018 8 lets us), but only
 * for text that comes in order.
 */
#include "tcp/recvq.h"

#include <errno.h>

enum { COLLAPSE_EVERY = 32 };

static size_t cost(const struct pkt *p)
{
	return sizeof(*p) + p->room;
}

/* ---- the queue exists while it holds anything ---- */

static struct tcp_recvq *get(struct tcp_conn *c)
{
	if (c->recvq)
		return c->recvq;
	c->recvq = pool_get(&tcp_of(c->stack)->recvqs);
	if (!c->recvq)
		return NULL;
	*c->recvq = (struct tcp_recvq){.ready = {.start = c->rcv.nxt, .end = c->rcv.nxt}};
	list_init(&c->recvq->ready.pkts);
	list_init(&c->recvq->runs);
	list_init(&c->recvq->recent);
	return c->recvq;
}

void tcp_recvq_rest(struct tcp_conn *c)
{
	struct tcp_recvq *q = c->recvq;

	if (!q || !list_empty(&q->ready.pkts) || !list_empty(&q->runs) || q->has_fin ||
		q->dsack.start != q->dsack.end)
		return;
	pool_put(&tcp_of(c->stack)->recvqs, q);
	c->recvq = NULL;
}

void tcp_recvq_forget(struct tcp_conn *c, struct pkt *p)
{
	list_del(&p->node);
	c->recvq->charge -= cost(p);
	tcp_mem_give(c->stack, cost(p));
}

static void drop_all(struct tcp_conn *c, struct list *pkts, enum drop_reason why)
{
	list_each_safe(p, pkts, struct pkt, node) {
		tcp_recvq_forget(c, p);
		stack_drop(c->stack, p, why);
	}
}

static void run_free(struct tcp_conn *c, struct tcp_run *r)
{
	list_del(&r->node);
	list_del(&r->recent);
	pool_put(&tcp_of(c->stack)->runs, r);
}

static void drop_run(struct tcp_conn *c, struct tcp_run *r, enum drop_reason why)
{
	drop_all(c, &r->pkts, why);
	run_free(c, r);
}

static void drop_runs(struct tcp_conn *c, enum drop_reason why)
{
	list_each_safe(r, &c->recvq->runs, struct tcp_run, node)
		drop_run(c, r, why);
}

size_t tcp_recvq_unread(const struct tcp_conn *c)
{
	return c->recvq ? c->recvq->ready.end - c->recvq->ready.start : 0;
}

void tcp_recvq_free(struct tcp_conn *c)
{
	if (!c->recvq)
		return;
	drop_runs(c, DROP_SOCK_CLOSED);
	drop_all(c, &c->recvq->ready.pkts, DROP_SOCK_CLOSED);
	c->recvq->has_fin = false;
	c->recvq->dsack = (struct tcp_sack){0};
	tcp_recvq_rest(c);
}

/* ---- what came twice ---- */

/* RFC 2883 4: one block, of what came last; a neighbour of what is to be told already lengthens that. */
static void note_twice(struct tcp_conn *c, uint32_t start, uint32_t end)
{
	struct stack *s = c->stack;
	struct tcp_recvq *q = c->sack_on && s->sysctl[SYSCTL_TCP_DSACK] ? get(c) : NULL;

	if (!q)
		return;
	mib_inc(s, seq_lt(start, c->rcv.nxt) ? MIB_TcpExtTCPDSACKOldSent : MIB_TcpExtTCPDSACKOfoSent);
	if (q->dsack.start != q->dsack.end && start == q->dsack.end)
		q->dsack.end = end;
	else
		q->dsack = (struct tcp_sack){start, end};
}

/* Of a segment that several runs have parts of, the first part is told, as by Linux. */
static void note_part(struct tcp_conn *c, uint32_t start, uint32_t end)
{
	const struct tcp_recvq *q = c->recvq;

	if (q->dsack.start == q->dsack.end || start == q->dsack.end)
		note_twice(c, start, end);
}

/* Our ACKs seem not to arrive, or too late. */
void tcp_note_duplicate(struct tcp_conn *c, uint32_t seq, uint32_t end)
{
	mib_inc(c->stack, MIB_TcpExtDelayedACKLost);
	tcp_quickack(c, TCP_QUICK_MOST);
	note_twice(c, seq, seq_min(end, c->rcv.nxt));
}

/* ---- room ---- */

/* Asked before a packet is queued, so that one of any size always fits. When memory is full, the least of tcp_rmem is
 * still everybody's: a program that has nothing to read could wait for ever. */
static bool has_room(const struct tcp_conn *c)
{
	size_t charge = tcp_recvq_charge(c), least = (size_t)c->stack->sysctl[SYSCTL_TCP_RMEM_MIN];

	return charge < c->rcvbuf && (charge < least || !tcp_mem_full(c->stack));
}

/* How many packets from `first` on fit into one, how much text they hold, and what they cost now. */
struct group {
	unsigned count;
	size_t text, cost;
};

static struct group gather(const struct list *pkts, struct pkt *first)
{
	struct group g = {0};

	for (struct list *at = &first->node; at != pkts; at = at->next) {
		const struct pkt *p = list_entry(at, struct pkt, node);
		if (g.text + p->len > PKT_BIG_ROOM - PKT_HEADROOM)
			break;
		g.count++;
		g.text += p->len;
		g.cost += cost(p);
	}
	return g;
}

/* Copies the text of the group behind each other into `to`, which takes their place. */
static void merge(struct tcp_conn *c, struct pkt *first, struct group g, struct pkt *to)
{
	struct list *before = first->node.prev;

	to->parent = first->id;
	while (g.count--) {
		struct pkt *p = list_entry(before->next, struct pkt, node);
		memcpy(pkt_put(to, p->len), p->data, p->len);
		tcp_recvq_forget(c, p);
		pkt_done(p);
		mib_inc(c->stack, MIB_TcpExtTCPRcvCollapsed);
	}
	list_add_head(before, &to->node);
	c->recvq->charge += cost(to);
	tcp_mem_force(c->stack, cost(to));
}

static void collapse_run(struct tcp_conn *c, struct list *pkts)
{
	struct list *at = pkts->next;

	while (at != pkts) {
		struct pkt *first = list_entry(at, struct pkt, node);
		struct group g = gather(pkts, first);
		struct pkt *to = pkt_new(first->pools, g.text);
		if (to && cost(to) < g.cost) {
			merge(c, first, g, to);
			at = to->node.next;
			continue;
		}
		if (to)
			pkt_free(to);
		while (g.count--)
			at = at->next;
	}
}

/* Not for each packet that comes: copying the queue again and again would cost more than it is worth, and an outsider
 * could ask for it (CVE-2018-5390). */
static void collapse(struct tcp_conn *c)
{
	struct tcp_recvq *q = c->recvq;

	if (q->since_collapse < COLLAPSE_EVERY)
		return;
	q->since_collapse = 0;
	collapse_run(c, &q->ready.pkts);
	list_each(r, &q->runs, struct tcp_run, node)
		collapse_run(c, &r->pkts);
	TRACE(c->stack, LAYER_TCP, NULL, "", "received text copied together: it holds %zu octets now",
		q->charge);
}

/* Gives up runs that begin after `seq`, the last one first, until there is room. */
static void prune(struct tcp_conn *c, uint32_t seq)
{
	struct tcp_run *last;

	while (!has_room(c) && (last = list_last(&c->recvq->runs, struct tcp_run, node)) &&
		seq_gt(last->start, seq)) {
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 2018 8", "gives up %u octets that came out of order",
			last->end - last->start);
		mib_inc(c->stack, MIB_TcpExtOfoPruned);
		drop_run(c, last, DROP_TCP_OFO_PRUNED);
	}
}

static bool make_room(struct tcp_conn *c, uint32_t seq)
{
	if (has_room(c))
		return true;
	mib_inc(c->stack, MIB_TcpExtPruneCalled);
	tcp_window_clamp(c);
	if (!has_room(c))
		collapse(c);
	if (!has_room(c))
		prune(c, seq);
	return has_room(c);
}

/* ---- queueing ---- */

static void keep(struct tcp_conn *c, struct tcp_run *r, struct pkt *p)
{
	p = pkt_shrink(p);
	p->dev = NULL;
	list_add_tail(&r->pkts, &p->node);
	c->recvq->charge += cost(p);
	c->recvq->since_collapse++;
	tcp_mem_force(c->stack, cost(p));
}

/* Takes `p`, whose text goes on where the run ends. */
static void append(struct tcp_conn *c, struct tcp_run *r, struct pkt *p)
{
	struct pkt *last = list_last(&r->pkts, struct pkt, node);

	r->end += p->len;
	if (last && p->len < p->room / 2 && p->len <= pkt_tailroom(last)) {
		memcpy(pkt_put(last, p->len), p->data, p->len);
		mib_inc(c->stack, MIB_TcpExtTCPRcvCoalesce);
		pkt_done(p);
	} else {
		keep(c, r, p);
	}
}

static struct tcp_run *run_after(const struct tcp_recvq *q, const struct tcp_run *r)
{
	const struct list *at = r == &q->ready ? &q->runs : &r->node;

	return at->next == &q->runs ? NULL : list_entry(at->next, struct tcp_run, node);
}

/* The last run that does not begin after `seq`. Most segments come behind everything else: from the end. */
static struct tcp_run *run_before(struct tcp_recvq *q, uint32_t seq)
{
	for (struct list *at = q->runs.prev; at != &q->runs; at = at->prev) {
		struct tcp_run *r = list_entry(at, struct tcp_run, node);
		if (seq_le(r->start, seq))
			return r;
	}
	return &q->ready;
}

static struct tcp_run *run_new(struct tcp_conn *c, struct tcp_run *before, uint32_t seq)
{
	struct tcp_recvq *q = c->recvq;
	struct tcp_run *r = pool_get(&tcp_of(c->stack)->runs);

	if (!r)
		return NULL;
	r->start = r->end = seq;
	list_init(&r->pkts);
	list_init(&r->recent);
	list_add_head(before == &q->ready ? &q->runs : &before->node, &r->node);
	return r;
}

static void touch(struct tcp_recvq *q, struct tcp_run *r)
{
	if (r == &q->ready)
		return;
	list_del(&r->recent);
	list_add_head(&q->recent, &r->recent);
}

/* Takes a piece that lies between `before` and the run after it, and touches neither, one or both. */
static void attach(struct tcp_conn *c, struct tcp_run *before, struct pkt *p, uint32_t seq)
{
	struct tcp_run *r = before->end == seq ? before : run_new(c, before, seq);

	if (!r) {
		stack_drop(c->stack, p, DROP_NO_MEMORY);
		return;
	}
	append(c, r, p);
	struct tcp_run *next = run_after(c->recvq, r);
	if (next && next->start == r->end) {
		list_splice_tail(&r->pkts, &next->pkts);
		r->end = next->end;
		run_free(c, next);
	}
	touch(c->recvq, r);
}

/* The first `len` octets of `p` as a packet of their own, and the rest in `p`. NULL: no memory, they are lost. */
static struct pkt *split(struct stack *s, struct pkt *p, uint32_t len)
{
	struct pkt *piece = stack_pkt(s, len);

	if (piece) {
		piece->parent = p->id;
		memcpy(pkt_put(piece, len), p->data, len);
	}
	pkt_pull(p, len);
	return piece;
}

/* Takes the front off that the run has already. */
static uint32_t cut_front(struct tcp_conn *c, struct tcp_run *r, struct pkt *p, uint32_t seq)
{
	uint32_t cut = seq_lt(seq, r->end) ? MIN(r->end - seq, p->len) : 0;

	if (!cut)
		return seq;
	note_part(c, seq, seq + cut);
	touch(c->recvq, r); /* RFC 2883 4: the block around it comes second */
	pkt_pull(p, cut);
	return seq + cut;
}

/* Takes `p`: what is new of it fills the gaps. */
static void fill_gaps(struct tcp_conn *c, struct pkt *p, uint32_t seq)
{
	struct tcp_run *before = run_before(c->recvq, seq);
	bool used = false;

	while ((seq = cut_front(c, before, p, seq)), p->len > 0) {
		struct tcp_run *next = run_after(c->recvq, before);
		if (!next || seq_le(seq + p->len, next->start)) {
			attach(c, before, p, seq);
			return;
		}
		uint32_t room = next->start - seq;
		struct pkt *piece = split(c->stack, p, room);
		mib_inc(c->stack, MIB_TcpExtTCPOFOMerge);
		if (piece)
			attach(c, before, piece, seq);
		used = true;
		seq += room;
		before = run_before(c->recvq, seq);
	}
	if (used)
		pkt_done(p);
	else
		stack_drop(c->stack, p, DROP_TCP_DUPLICATE);
}

/* ---- step seven ---- */

/* RFC 9293 3.10.4, RFC 1122 4.2.2.13: nobody will read it, and the peer should know. The reset stands where the peer
 * says that it waits, which is not behind our FIN if that was lost (RFC 5961 3.2). */
static bool nobody_reads(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (!c->rcv_shut || (c->state != TCP_FIN_WAIT_1 && c->state != TCP_FIN_WAIT_2) || !seg->len ||
		seq_le(seg->seq + seg->len, c->rcv.nxt))
		return false;
	mib_inc(c->stack, MIB_TcpExtTCPAbortOnData);
	tcp_answer_reset(c->stack, seg);
	tcp_drop(c->stack, seg, DROP_TCP_NOBODY_READS);
	tcp_recvq_free(c);
	tcp_fail(c, ECONNRESET);
	return true;
}

static void count(struct tcp_conn *c, const struct tcp_seg *seg, uint32_t nxt)
{
	struct tcp_stats *st = tcp_stats_of(c);

	if (!st)
		return;
	st->bytes_received += c->rcv.nxt - nxt;
	if (seg->seq != nxt)
		st->rcv_ooopack += seg->segs;
}

/* Before the packet is given away. */
static void trace_text(struct tcp_conn *c, const struct tcp_seg *seg)
{
	if (seg->seq == c->rcv.nxt)
		TRACE(c->stack, LAYER_TCP, seg->p, "RFC 9293 3.10.7.4", "%u octets of text in order",
			seg->len);
	else
		TRACE(c->stack, LAYER_TCP, seg->p, "RFC 2018 4",
			"%u octets of text after a gap of %u are kept", seg->len, seg->seq - c->rcv.nxt);
}

/* Queues the text, which is cut to the window. True: RCV.NXT moved. */
static bool queue(struct tcp_conn *c, struct tcp_seg *seg)
{
	struct tcp_recvq *q = get(c);
	uint32_t nxt = c->rcv.nxt;
	size_t charge = tcp_recvq_charge(c);
	bool in_order = seg->seq == nxt;

	if (!q || !make_room(c, seg->seq)) {
		mib_inc(c->stack, in_order ? MIB_TcpExtTCPRcvQDrop : MIB_TcpExtTCPOFODrop);
		tcp_drop(c->stack, seg, DROP_TCP_RCVBUF_FULL);
		tcp_recvq_rest(c);
		return false;
	}
	if (!in_order)
		mib_inc(c->stack, MIB_TcpExtTCPOFOQueue);
	tcp_delack_text(c, seg);
	trace_text(c, seg);
	fill_gaps(c, seg->p, seg->seq);
	seg->p = NULL;
	c->rcv.nxt = q->ready.end;
	count(c, seg, nxt);
	tcp_window_text(c, seg, q->charge > charge ? q->charge - charge : 0);
	tcp_recvq_rest(c);
	return c->rcv.nxt != nxt;
}

/* Has RCV.NXT come to a FIN: this segment's, at `at`, or one that came before its time? Then it moves past it. */
static bool pass_fin(struct tcp_conn *c, bool fin, uint32_t at)
{
	struct tcp_recvq *q = c->recvq;

	if (q && q->has_fin && seq_gt(c->rcv.nxt, q->fin))
		q->has_fin = false; /* text went on past it */
	bool stored = q && q->has_fin;
	if ((fin && at == c->rcv.nxt) || (stored && q->fin == c->rcv.nxt)) {
		if (q) {
			q->has_fin = false;
			drop_runs(c, DROP_TCP_AFTER_FIN);
			tcp_recvq_rest(c);
		}
		c->rcv.nxt++;
		c->fin_seen = true;
		return true;
	}
	if (fin && !stored && seq_gt(at, c->rcv.nxt) && (q = get(c))) {
		q->has_fin = true;
		q->fin = at;
	}
	return false;
}

/* Cuts what is right of the window (its FIN goes with it) and what is left of it. */
static bool trim(struct tcp_conn *c, struct tcp_seg *seg)
{
	uint32_t edge = c->rcv.nxt + tcp_rcv_wnd(c);
	bool fin = seg->flags & TCP_FIN;

	if (seq_gt(seg->seq + seg->len, edge)) {
		uint32_t over = MIN(seg->seq + seg->len - edge, seg->len);
		TRACE(c->stack, LAYER_TCP, seg->p, "RFC 9293 3.10.7.4",
			"%u octets beyond the window are cut off", over);
		seg->len -= over;
		pkt_trim(seg->p, seg->len);
		fin = false;
	}
	if (seq_lt(seg->seq, c->rcv.nxt)) {
		uint32_t old = MIN(c->rcv.nxt - seg->seq, seg->len);
		if (old)
			note_twice(c, seg->seq, seg->seq + old);
		pkt_pull(seg->p, old);
		seg->seq += old;
		seg->len -= old;
	}
	return fin;
}

/* RFC 3168 6.1.3 */
static void note_ecn(struct tcp_conn *c, const struct tcp_seg *seg)
{
	if (!c->ecn_on)
		return;
	if (seg->flags & TCP_CWR)
		c->ecn_echo = false;
	if (seg->ce && !c->ecn_echo) {
		c->ecn_echo = true;
		tcp_quickack(c, TCP_QUICK_ECN);
	}
	if (seg->ce)
		c->ecn_seen = true;
}

bool tcp_text(struct tcp_conn *c, struct tcp_seg *seg)
{
	if ((!seg->len && !(seg->flags & TCP_FIN)) || nobody_reads(c, seg))
		return false;
	uint32_t len = seg->len, end = seg->seq + len;
	bool had_gap = tcp_recvq_has_gap(c);
	bool fin = trim(c, seg);

	note_ecn(c, seg);
	bool news = seg->len && queue(c, seg);
	bool passed = pass_fin(c, fin, end);
	if (len && !seg->len &&
		!passed) { /* the peer asks whether the window is still shut (RFC 9293 3.8.6.1) */
		mib_inc(c->stack, MIB_TcpExtTCPZeroWindowDrop);
		tcp_drop(c->stack, seg, DROP_TCP_ZERO_WINDOW);
	}
	if (len && !passed)
		tcp_delack_decide(c, !news || had_gap || tcp_recvq_has_gap(c) || seg->len < len);
	else if (!passed)
		tcp_want(c, TCP_WANT_ACK); /* for a FIN that has passed, who is told of it acknowledges */
	if (news)
		tcp_wake(c, SOCK_EVENT_READABLE);
	return passed;
}

/* ---- SACK ---- */

unsigned tcp_sack_count(const struct tcp_conn *c, unsigned max)
{
	const struct tcp_recvq *q = c->recvq;
	unsigned n = q && q->dsack.start != q->dsack.end;

	if (!q || !c->sack_on || !max)
		return 0;
	for (const struct list *at = q->recent.next; at != &q->recent && n < max; at = at->next)
		n++;
	return n;
}

unsigned tcp_sack_blocks(struct tcp_conn *c, struct tcp_sack *blocks, unsigned max)
{
	struct tcp_recvq *q = c->recvq;
	unsigned n = 0;

	if (!q || !c->sack_on || !max)
		return 0;
	if (q->dsack.start != q->dsack.end)
		blocks[n++] = q->dsack;
	list_each(r, &q->recent, struct tcp_run, recent) {
		if (n == max)
			break;
		/* A FIN that came with its text is acknowledged with it. */
		blocks[n++] = (struct tcp_sack){r->start, r->end + (q->has_fin && q->fin == r->end)};
	}
	q->dsack = (struct tcp_sack){0};
	tcp_recvq_rest(c);
	return n;
}
