/* SPDX-License-Identifier: MIT */
/*
 * The SACK option as it arrives (RFC 2018 5, RFC 2883 4).
 *
 * Blocks are hints: one that cannot be true is passed over, the others count. Receivers repeat their blocks; those that
 * the ACK before had do not go to the scoreboard again.
 */
#include "tcp/recovery.h"

static bool inside(const struct tcp_sack *b, const struct tcp_sack *outer)
{
	return seq_le(outer->start, b->start) && seq_le(b->end, outer->end);
}

/* RFC 2883 4: the first block tells of a duplicate where it lies below the acknowledgment or within the second. It is
 * measured by this segment's own SEG.ACK: SND.UNA may have moved on, where ACKs overtook each other. */
static bool is_dsack(const struct tcp_seg *seg)
{
	const struct tcp_sack *b = seg->opt.sacks;

	if (seq_le(b[0].end, seg->ack))
		return true;
	return seg->opt.sack_count > 1 && inside(&b[0], &b[1]);
}

/* A duplicate arrived. More of them than we sent again cannot be our doing: a peer that says so wants to widen the
 * reordering window or to undo reductions (RFC 8985 6.2.4), or the network copies packets; both are no news to us. */
static void take_dsack(struct tcp_conn *c, const struct tcp_sack *b, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	struct tcp_stats *st = tcp_stats_of(c);
	uint32_t len = b->end - b->start;

	mib_inc(c->stack, seq_le(b->end, a->seg->ack) ? MIB_TcpExtTCPDSACKRecv : MIB_TcpExtTCPDSACKOfoRecv);
	if (f->dsack_total + len > f->retrans_total) {
		mib_inc(c->stack, MIB_TcpExtTCPDSACKIgnoredDubious);
		return;
	}
	TRACE(c->stack, LAYER_TCP, a->seg->p, "RFC 2883 4", "the peer has %u bytes twice", len);
	f->dsack_total += len;
	if (st)
		st->dsack_dups += (len + c->mss - 1) / c->mss;
	a->dsack = true;
	a->dsack_tlp = f->tlp.out && f->tlp.end == b->end;
	if (!a->dsack_tlp)
		f->rack.dsack_seen = true;
	if (f->undo.possible && seq_gt(b->end, f->undo.marker))
		f->undo.bytes -= MIN(len, f->undo.bytes);
}

/* Did the ACK before say the same, or more? */
static bool is_known(const struct tcp_flight *f, const struct tcp_sack *b)
{
	for (unsigned i = 0; i < f->block_count; i++) {
		if (inside(b, &f->blocks[i]))
			return true;
	}
	return false;
}

/* All three distances are from SND.UNA: comparing the numbers in pairs, a block across half the circle would pass. */
static bool is_valid(const struct tcp_conn *c, const struct tcp_sack *b)
{
	uint32_t start = b->start - c->snd.una, end = b->end - c->snd.una;

	return start < end && end <= c->snd.nxt - c->snd.una;
}

static bool take_block(struct tcp_conn *c, const struct tcp_sack *b, struct tcp_ack *a)
{
	if (!is_valid(c, b)) {
		if (seq_gt(b->end, c->snd.una)) /* else: an old one, repeated */
			mib_inc(c->stack, MIB_TcpExtTCPSACKDiscard);
		return false;
	}
	if (!is_known(c->flight, b))
		board_sack(c, b->start, b->end, a);
	return true;
}

void sack_input(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	const struct tcp_options *o = &a->seg->opt;
	struct tcp_sack taken[TCP_SACKS_MAX];
	uint8_t first = 0, n = 0;

	if (!o->sack_count)
		return;
	if (seq_lt(o->sacks[0].start, o->sacks[0].end) && is_dsack(a->seg)) {
		take_dsack(c, &o->sacks[0], a);
		first = 1;
	}
	for (unsigned i = first; i < o->sack_count; i++) {
		if (take_block(c, &o->sacks[i], a))
			taken[n++] = o->sacks[i];
	}
	memcpy(f->blocks, taken, n * sizeof(*taken));
	f->block_count = n;
}
