/* SPDX-License-Identifier: MIT */
/* The scoreboard: what is in flight, and what became of it (RFC 2018 5, RFC 6675 3 and 4). See recovery.h. */
#include "tcp/recovery.h"

static uint32_t length(const struct tcp_sent *r)
{
	return r->end - r->seq;
}

static struct tcp_sent *next_of(const struct tcp_flight *f, const struct tcp_sent *r)
{
	return r->node.next == &f->sent ? NULL : list_entry(r->node.next, struct tcp_sent, node);
}

static struct tcp_sent *prev_of(const struct tcp_flight *f, const struct tcp_sent *r)
{
	return r->node.prev == &f->sent ? NULL : list_entry(r->node.prev, struct tcp_sent, node);
}

/* ---- the flight ---- */

static struct tcp_flight *flight_of(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;

	if (f)
		return f;
	f = pool_get(&tcp_of(c->stack)->flights);
	if (!f)
		return NULL;
	memset(f, 0, sizeof(*f));
	list_init(&f->sent);
	list_init(&f->flying);
	list_init(&f->lost);
	f->fack = f->recovery_point = f->usage.end = c->snd.una;
	f->rack.wnd_mult = 1;
	c->flight = f;
	return f;
}

/* A record that was looked for lately and begins in the same 64 KiB; NULL: none. */
static struct tcp_sent **hint_of(struct tcp_flight *f, uint32_t seq)
{
	return &f->hints[(seq >> TCP_HINT_SHIFT) % TCP_HINTS];
}

/* `r` ends, or begins elsewhere from now on. */
static void forget_hint(struct tcp_flight *f, const struct tcp_sent *r)
{
	if (*hint_of(f, r->seq) == r)
		*hint_of(f, r->seq) = NULL;
}

static void end_record(struct tcp_conn *c, struct tcp_sent *r)
{
	struct tcp_flight *f = c->flight;

	list_del(&r->node);
	list_del(&r->order);
	forget_hint(f, r);
	if (f->mark == r)
		f->mark = NULL;
	f->count--;
	pool_put(&tcp_of(c->stack)->sent, r);
}

/* Nothing can be in recovery without a flight. */
void tcp_flight_free(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;

	if (!f)
		return;
	list_each_safe(r, &f->sent, struct tcp_sent, node)
		end_record(c, r);
	if (c->ca_state != TCP_CA_OPEN) {
		c->ca_state = TCP_CA_OPEN;
		c->cwnd = MIN(c->cwnd, MAX(c->ssthresh, tcp_initial_window(c)));
	}
	pool_put(&tcp_of(c->stack)->flights, f);
	c->flight = NULL;
}

/* ---- states of records ---- */

static void count(struct tcp_flight *f, const struct tcp_sent *r, uint32_t len)
{
	f->bytes[r->state] += len;
	if (r->state == TCP_FLYING && r->again)
		f->retrans += len;
}

static void uncount(struct tcp_flight *f, const struct tcp_sent *r, uint32_t len)
{
	f->bytes[r->state] -= len;
	if (r->state == TCP_FLYING && r->again)
		f->retrans -= len;
}

/* Records are marked lost in rows of ascending numbers: the place is where the last one went, or near. */
static void insert_lost(struct tcp_flight *f, struct tcp_sent *r)
{
	struct list *at = f->mark ? &f->mark->order : f->lost.prev;

	while (at != &f->lost && seq_gt(list_entry(at, struct tcp_sent, order)->seq, r->seq))
		at = at->prev;
	while (at->next != &f->lost && seq_lt(list_entry(at->next, struct tcp_sent, order)->seq, r->seq))
		at = at->next;
	list_add_head(at, &r->order);
	f->mark = r;
}

/* Out of its list and its sum, into those of `state`; where a list needs a place, the caller finds it. */
static void change(struct tcp_flight *f, struct tcp_sent *r, enum tcp_sent_state state)
{
	uncount(f, r, length(r));
	list_del(&r->order);
	if (f->mark == r)
		f->mark = NULL;
	r->state = (uint8_t)state;
	count(f, r, length(r));
}

void board_lose(struct tcp_conn *c, struct tcp_sent *r, struct tcp_ack *a)
{
	if (r->again)
		mib_inc(c->stack, MIB_TcpExtTCPLostRetransmit);
	a->lost += length(r);
	change(c->flight, r, TCP_LOST);
	insert_lost(c->flight, r);
}

/* ---- cutting and joining ---- */

/* [seq, at) stays `r`; the rest is a new record behind it in every list. NULL: no memory. */
static struct tcp_sent *split(struct tcp_conn *c, struct tcp_sent *r, uint32_t at)
{
	struct tcp_flight *f = c->flight;
	struct tcp_sent *n = pool_get(&tcp_of(c->stack)->sent);

	if (!n)
		return NULL;
	*n = *r;
	n->seq = r->end = at;
	list_add_head(&r->node, &n->node);
	list_init(&n->order);
	if (r->state != TCP_SACKED)
		list_add_head(&r->order, &n->order);
	f->count++;
	return n;
}

/* SACKed neighbours become one, so that what has arrived costs nothing to pass by. */
static struct tcp_sent *join_sacked(struct tcp_conn *c, struct tcp_sent *r)
{
	struct tcp_sent *prev = prev_of(c->flight, r), *next = next_of(c->flight, r);

	if (next && next->state == TCP_SACKED) {
		r->end = next->end;
		r->again |= next->again;
		end_record(c, next);
	}
	if (prev && prev->state == TCP_SACKED) {
		prev->end = r->end;
		prev->again |= r->again;
		end_record(c, r);
		r = prev;
	}
	return r;
}

/* The part of `r` that lies in [start, end), as whole segments; NULL: none, or no room to remember it. */
static struct tcp_sent *cut(struct tcp_conn *c, struct tcp_sent *r, uint32_t start, uint32_t end)
{
	uint32_t low = 0, high = length(r);

	if (seq_lt(r->seq, start))
		low = (start - r->seq + r->mss - 1) / r->mss * r->mss;
	if (seq_lt(end, r->end))
		high = (end - r->seq) / r->mss * r->mss;
	if (low >= high)
		return NULL;
	if ((low || high != length(r)) && c->flight->count + 2 > TCP_SENT_MAX)
		return NULL;
	if (high != length(r) && !split(c, r, r->seq + high))
		return NULL;
	return low ? split(c, r, r->seq + low) : r;
}

/* ---- finding ---- */

/* The record that holds `seq`, in [una, nxt). The walk begins at the nearest of: the first, the last, and what was found
 * around here before. So no order in which a peer sends its blocks makes us walk far (CVE-2019-11478). */
static struct tcp_sent *find(struct tcp_conn *c, uint32_t seq)
{
	struct tcp_flight *f = c->flight;
	struct tcp_sent *near[] = {board_head(f), list_last(&f->sent, struct tcp_sent, node),
		*hint_of(f, seq), *hint_of(f, seq - (1 << TCP_HINT_SHIFT))};
	struct tcp_sent *r = near[0];

	for (size_t i = 1; i < ARRAY_SIZE(near); i++) {
		if (near[i] && MIN(seq - near[i]->seq, near[i]->seq - seq) < MIN(seq - r->seq, r->seq - seq))
			r = near[i];
	}
	while (seq_lt(seq, r->seq))
		r = list_entry(r->node.prev, struct tcp_sent, node);
	while (seq_ge(seq, r->end))
		r = list_entry(r->node.next, struct tcp_sent, node);
	*hint_of(f, r->seq) = r;
	return r;
}

/* ---- what arrives ---- */

/* Bytes of `r` up to `end` have arrived, and we did not know. */
static void delivered(struct tcp_conn *c, struct tcp_sent *r, uint32_t end, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	a->delivered += end - r->seq;
	rate_delivered(r, a);
	rack_delivered(c, r, end, a);
	if (r->again)
		return;
	if (seq_le(end, f->recovery_point))
		a->orig = true;
	if (!a->sent_first_ns || r->sent_ns < a->sent_first_ns)
		a->sent_first_ns = r->sent_ns;
	if (r->sent_ns > a->sent_last_ns)
		a->sent_last_ns = r->sent_ns;
}

void board_ack(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	uint32_t ack = a->seg->ack;
	struct tcp_sent *r;

	while ((r = board_head(f)) && seq_lt(r->seq, ack)) {
		uint32_t upto = seq_min(r->end, ack);

		if (r->again)
			a->again_acked = true;
		if (r->state != TCP_SACKED)
			delivered(c, r, upto, a);
		uncount(f, r, upto - r->seq);
		forget_hint(f, r);
		r->seq = upto;
		if (r->seq == r->end)
			end_record(c, r);
	}
}

void board_sack(struct tcp_conn *c, uint32_t start, uint32_t end, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	struct tcp_sent *r = find(c, start), *part;

	while (r && seq_lt(r->seq, end)) {
		part = r->state == TCP_SACKED ? NULL : cut(c, r, start, end);
		if (part) {
			delivered(c, part, part->end, a);
			change(f, part, TCP_SACKED);
			a->sacked = true;
			r = join_sacked(c, part);
			*hint_of(f, r->seq) = r;
		}
		r = next_of(f, r);
	}
}

bool board_head_is_sacked(const struct tcp_conn *c)
{
	const struct tcp_sent *r = c->flight ? board_head(c->flight) : NULL;

	return r && r->state == TCP_SACKED;
}

/* ---- what does not ---- */

void board_lose_head(struct tcp_conn *c, bool again, struct tcp_ack *a)
{
	struct tcp_sent *r = board_head(c->flight);

	if (!r || r->state != TCP_FLYING || (r->again && !again))
		return;
	if (length(r) > r->mss && !split(c, r, r->seq + r->mss))
		return;
	board_lose(c, r, a);
}

/* They were sent before most of what flies: the places are at the front, by time. */
void board_unlose(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;
	struct list *at = &f->flying;

	list_each_safe(r, &f->lost, struct tcp_sent, order) {
		change(f, r, TCP_FLYING);
		while (at != &f->flying && list_entry(at, struct tcp_sent, order)->number > r->number)
			at = at->prev;
		while (at->next != &f->flying &&
			list_entry(at->next, struct tcp_sent, order)->number <= r->number)
			at = at->next;
		list_add_head(at, &r->order);
		at = &r->order;
	}
}

void board_forget_sacks(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;

	list_each(r, &f->sent, struct tcp_sent, node) {
		if (r->state != TCP_SACKED)
			continue;
		change(f, r, TCP_LOST);
		insert_lost(f, r);
	}
	f->block_count = 0;
}

/* ---- for output ---- */

/* Where [seq, end) is cut into segments, if it is longer than one. */
static uint16_t piece_of(const struct tcp_conn *c, uint32_t seq, uint32_t end)
{
	return (uint16_t)(end - seq > c->mss ? tcp_piece_size(c) : tcp_segment_size(c, 0));
}

/* Segments that leave in the same turn are one record, where the next begins at a boundary of the one before. */
static bool extend(struct tcp_conn *c, uint32_t seq, uint32_t end)
{
	struct tcp_flight *f = c->flight;
	struct tcp_sent *r = list_last(&f->sent, struct tcp_sent, node);

	if (!r || r->state != TCP_FLYING || r->again || r->delivered != f->rate.delivered)
		return false;
	if (r->sent_ns != stack_now(c->stack) || r->number != f->transmissions)
		return false;
	if (r->mss != piece_of(c, seq, end) || length(r) % r->mss != 0 || end - r->seq > TCP_RECORD_MAX)
		return false;
	count(f, r, end - r->end);
	r->end = end;
	return true;
}

static bool send_new(struct tcp_conn *c, uint32_t seq, uint32_t end)
{
	struct tcp_flight *f = c->flight;
	struct tcp_sent *r;

	if (!extend(c, seq, end)) {
		r = f->count < TCP_SENT_MAX ? pool_get(&tcp_of(c->stack)->sent) : NULL;
		if (!r)
			return false;
		*r = (struct tcp_sent){.seq = seq,
			.end = end,
			.mss = piece_of(c, seq, end),
			.sent_ns = stack_now(c->stack),
			.number = ++f->transmissions};
		rate_sent(c, r);
		list_add_tail(&f->sent, &r->node);
		list_add_tail(&f->flying, &r->order);
		f->count++;
		count(f, r, end - seq);
	}
	c->snd.nxt = end;
	return true;
}

/* `r`, all of it, flies again. */
static void resend(struct tcp_conn *c, struct tcp_sent *r, uint16_t piece)
{
	struct tcp_flight *f = c->flight;

	change(f, r, TCP_FLYING);
	if (!r->again)
		f->retrans += length(r);
	r->again = true;
	r->mss = piece;
	r->sent_ns = stack_now(c->stack);
	r->number = f->transmissions;
	rate_sent(c, r);
	list_add_tail(&f->flying, &r->order);
}

/* What goes out in one piece is one record: its segments are cut anew. */
static struct tcp_sent *join_resent(struct tcp_conn *c, struct tcp_sent *first, struct tcp_sent *r)
{
	if (!first || first->end != r->seq)
		return r;
	first->end = r->end;
	end_record(c, r);
	return first;
}

static bool send_again(struct tcp_conn *c, uint32_t seq, uint32_t end)
{
	struct tcp_flight *f = c->flight;
	struct tcp_sent *r = find(c, seq), *first = NULL, *next;
	uint16_t piece = piece_of(c, seq, end);

	if (seq != r->seq)
		r = split(c, r, seq);
	if (!r)
		return false;
	f->transmissions++;
	for (; r && seq_lt(r->seq, end); r = next) {
		if (seq_gt(r->end, end) && !split(c, r, end))
			return false;
		next = next_of(f, r);
		if (r->state == TCP_SACKED)
			continue;
		resend(c, r, piece);
		first = join_resent(c, first, r);
	}
	return true;
}

static void note_again(struct tcp_conn *c, uint32_t len)
{
	struct tcp_flight *f = c->flight;
	uint32_t segs = (len + c->mss - 1) / c->mss;

	if (!f->undo.stamped) {
		f->undo.stamped = true;
		f->undo.stamp = tcp_ts_clock(c->stack);
	}
	f->undo.again = true;
	f->undo.bytes += len;
	f->retrans_total += len;
	if (c->ca_state == TCP_CA_RECOVERY)
		c->stack->mib[MIB_TcpExtTCPFastRetrans] += segs;
	else if (c->ca_state == TCP_CA_LOSS)
		c->stack->mib[MIB_TcpExtTCPSlowStartRetrans] += segs;
}

bool tcp_sent(struct tcp_conn *c, uint32_t seq, uint32_t end)
{
	struct tcp_flight *f = flight_of(c);
	bool fresh = seq == c->snd.nxt, first = c->snd.una == c->snd.nxt, head = seq == c->snd.una;

	if (!f)
		return false;
	if (first) {
		f->rate.first_ns = f->rate.delivered_ns = f->busy_since_ns = stack_now(c->stack);
		f->rate.limited_until = f->rate.delivered + 1; /* there was nothing to send */
		f->fack = c->snd.una;
	}
	if (fresh ? !send_new(c, seq, end) : !send_again(c, seq, end))
		return false;
	if (!fresh)
		note_again(c, end - seq);
	if (recovery_is_reducing(c))
		f->prr.out += end - seq;
	c->last_send_ms = tcp_moment(c->stack);
	cc_sent(c);
	if (first || head)
		rtt_restart_rto(c);
	tcp_rearm(c);
	return true;
}

/* Pipe. A peer without SACK says with each duplicate ACK that some segment has arrived, not which. */
uint32_t tcp_in_flight(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight;

	if (!f)
		return 0;
	uint64_t arrived = (uint64_t)f->dupacks * c->mss;
	return f->bytes[TCP_FLYING] - (uint32_t)MIN(arrived, f->bytes[TCP_FLYING]);
}

uint32_t tcp_cwnd_room(struct tcp_conn *c)
{
	uint32_t pipe = tcp_in_flight(c);

	return pipe < c->cwnd ? c->cwnd - pipe : 0;
}

bool tcp_has_lost(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight;

	return f && !f->frto_new && !list_empty(&f->lost);
}

bool tcp_next_lost(struct tcp_conn *c, uint32_t most, uint32_t *seq, uint32_t *end)
{
	const struct tcp_flight *f = c->flight;

	if (!tcp_has_lost(c))
		return false;
	*seq = *end = list_first(&f->lost, struct tcp_sent, order)->seq;
	list_each(r, &f->lost, struct tcp_sent, order) {
		if (r->seq != *end || *end - *seq >= most)
			break;
		*end = r->end;
	}
	if (*end - *seq > most)
		*end = *seq + most;
	return true;
}

bool tcp_last_sent(struct tcp_conn *c, uint32_t *seq, uint32_t *end)
{
	const struct tcp_flight *f = c->flight;
	const struct tcp_sent *r = f ? list_last(&f->sent, struct tcp_sent, node) : NULL;

	while (r && r->state == TCP_SACKED)
		r = prev_of(f, r);
	if (!r)
		return false;
	*end = r->end;
	*seq = r->seq + (length(r) - 1) / r->mss * r->mss;
	return true;
}

/* The network did not lose them for want of room, so cwnd stays as many segments as it was (RFC 5681 3.1). */
void tcp_mark_all_lost(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;
	struct tcp_ack a = {0};

	if (!f || list_empty(&f->sent))
		return;
	if (board_head(f)->mss > c->mss)
		tcp_cwnd_set(c, (uint64_t)c->cwnd * c->mss / board_head(f)->mss);
	list_each_safe(r, &f->flying, struct tcp_sent, order) {
		if (r->mss > c->mss)
			board_lose(c, r, &a);
	}
	if (!a.lost || c->ca_state == TCP_CA_LOSS)
		return;
	f->recovery_point = c->snd.nxt;
	f->undo.possible = false;
	recovery_set_state(c, TCP_CA_LOSS);
}
