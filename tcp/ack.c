/* SPDX-License-Identifier: MIT */
/*
 * What an acknowledgment says (RFC 9293 3.10.7.4, fifth step, in synchronized states), in this order: the window; what
 * left the flight; SACKs; the round trip; then, with all that known, the tail loss probe, recovery and cwnd.
 */
#include "tcp/recovery.h"

#include <stdio.h>

/* "If SND.UNA =< SEG.ACK =< SND.NXT, the send window should be updated", unless this segment is older than the one that
 * set it (SND.WL1, SND.WL2). A window may shrink (3.8.6): what is in flight stays, nothing new leaves. */
static void take_window(struct tcp_conn *c, struct tcp_ack *a)
{
	const struct tcp_seg *seg = a->seg;
	uint32_t wnd = seg->wnd << c->snd_wscale;

	if (seq_lt(seg->ack, c->snd.una))
		return;
	if (!seq_lt(c->snd.wl1, seg->seq) && !(c->snd.wl1 == seg->seq && seq_le(c->snd.wl2, seg->ack)))
		return;
	a->window = wnd != c->snd.wnd;
	c->snd.wnd = wnd;
	c->snd.wl1 = seg->seq;
	c->snd.wl2 = seg->ack;
	c->snd.max_wnd = MAX(c->snd.max_wnd, wnd);
}

/* RFC 5681 2: nothing in it but that something has arrived out of order. */
static bool is_duplicate(const struct tcp_conn *c, const struct tcp_ack *a)
{
	const struct tcp_seg *seg = a->seg;

	return seg->ack == c->snd.una && !seg->len && !a->window && !(seg->flags & (TCP_SYN | TCP_FIN)) &&
		c->snd.una != c->snd.nxt;
}

static void take_una(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_stats *st = tcp_stats_of(c);
	uint32_t ack = a->seg->ack;

	a->una_moved = true;
	a->acked = ack - c->snd.una;
	if (c->flight)
		board_ack(c, a);
	c->snd.una = ack;
	c->retries = 0;
	if (st)
		st->bytes_acked += a->acked;
	tcp_sendq_acked(c, seq_min(ack, c->snd.end));
}

static void count_delivered(struct tcp_conn *c, const struct tcp_ack *a)
{
	struct tcp_stats *st = a->delivered ? tcp_stats_of(c) : NULL;
	uint32_t segs = (a->delivered + c->mss - 1) / c->mss;

	if (!st)
		return;
	st->delivered += segs;
	if (a->ece)
		st->delivered_ce += segs;
}

/* The peer acknowledged what it had SACKed only as far as to it, not through it: it may have thrown it away. It gets a
 * moment to correct itself, then the RTO begins from the start (RFC 2018 8). */
static void wait_for_reneging(struct tcp_conn *c)
{
	uint64_t wait = MAX(c->srtt_us * NS_PER_US / 2, 10 * NS_PER_MS);

	c->flight->rto_at_ns = MIN(c->flight->rto_at_ns, stack_now(c->stack) + wait);
}

/* All is acknowledged: for TCP_INFO, how long something was not. */
static void count_busy(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;
	struct tcp_stats *st = tcp_stats_of(c);

	if (st && f->busy_since_ns)
		st->busy_ns += stack_now(c->stack) - f->busy_since_ns;
	f->busy_since_ns = 0;
}

static void rearm(struct tcp_conn *c, const struct tcp_ack *a)
{
	/* A probe that fell due in this turn: its answer was waiting to be read. */
	if (a->una_moved)
		c->want &= (uint8_t)~TCP_WANT_TLP;
	if (c->snd.una == c->snd.nxt) {
		count_busy(c);
		return; /* take_at_rest() goes on */
	}
	if (a->una_moved)
		rtt_restart_rto(c);
	if (board_head_is_sacked(c))
		wait_for_reneging(c);
	if (!a->una_moved && tcp_timer_runs(c, TCP_TIMER_TLP) && tlp_allowed(c))
		return; /* the peer only sends text of its own: the probe does not wait for that to end */
	tcp_rearm(c);
}

/* Is there anything in this ACK that could change the state of recovery? Mostly there is not. */
static bool is_dubious(const struct tcp_conn *c, const struct tcp_ack *a)
{
	return c->ca_state != TCP_CA_OPEN || a->dup || a->sacked || a->dsack || a->ece;
}

/* Without SACK each duplicate ACK says that one segment arrived (RFC 5681 3.2): never more of them than are in flight,
 * and in recovery than were when it began, whatever a peer claims. A cumulative ACK of n segments ends n - 1 of them,
 * since the first of the n is the one that was missing; what was counted before is not delivered again. */
static void take_dupacks(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	uint32_t known = f->dupacks * c->mss, segs = (a->acked + c->mss - 1) / c->mss, most;

	if (a->una_moved) {
		a->delivered -= MIN(known, a->delivered - MIN(a->delivered, c->mss));
		f->dupacks = recovery_is_open(c) ? 0 : f->dupacks - MIN(f->dupacks, segs - 1);
	}
	most = (recovery_is_open(c) ? f->bytes[TCP_FLYING] : f->recovery_point - c->snd.una) / c->mss;
	if (a->dup && f->dupacks < most) {
		f->dupacks++;
		a->delivered += c->mss;
	}
	f->dupacks = MIN(f->dupacks, most);
}

static void take_flight(struct tcp_conn *c, struct tcp_ack *a)
{
	if (c->sack_on)
		sack_input(c, a);
	else
		take_dupacks(c, a);
	rtt_ack(c, a);
	tlp_ack(c, a);
	if (is_dubious(c, a))
		recovery_ack(c, a);
	cc_ack(c, a);
	rate_ack(c, a);
	count_delivered(c, a);
	rearm(c, a);
}

/* Nothing is in flight: any ACK shows that the peer lives, and one that opens the window ends the probes. */
static void take_at_rest(struct tcp_conn *c, const struct tcp_ack *a)
{
	c->retries = 0;
	if (a->window && c->snd.wnd) {
		c->backoff = 0;
		tcp_timer_stop(c, TCP_TIMER_PROBE);
	}
	if (a->una_moved)
		tcp_rearm(c);
}

void tcp_ack_input(struct tcp_conn *c, const struct tcp_seg *seg)
{
	struct tcp_ack a = {.seg = seg};
	struct tcp_stats *st = c->flight ? tcp_stats_of(c) : NULL;

	if (st)
		st->last_ack_ns = stack_now(c->stack);
	c->held = false;
	a.ece = c->ecn_on && (seg->flags & TCP_ECE) && !(seg->flags & TCP_SYN);
	take_window(c, &a);
	if (seq_gt(seg->ack, c->snd.una))
		take_una(c, &a);
	else
		a.dup = is_duplicate(c, &a);
	if (c->flight)
		take_flight(c, &a);
	if (c->snd.una == c->snd.nxt)
		take_at_rest(c, &a);
	if (a.una_moved && tcp_sendq_is_writable(c))
		tcp_wake(c, SOCK_EVENT_WRITABLE);
	if (a.una_moved || a.window || (c->flight && is_dubious(c, &a)))
		tcp_want(c, 0);
}

/* ---- TCP_INFO ---- */

static uint32_t segments(const struct tcp_conn *c, uint32_t bytes)
{
	return c->mss ? (bytes + c->mss - 1) / c->mss : 0;
}

static void flight_info(const struct tcp_conn *c, const struct tcp_flight *f, struct tcp_info *info)
{
	info->sacked = segments(c, f->bytes[TCP_SACKED]) + f->dupacks;
	info->lost = segments(c, f->bytes[TCP_LOST] + (recovery_is_open(c) ? 0 : f->retrans));
	info->retrans = segments(c, f->retrans);
	info->app_limited = f->rate.delivered < f->rate.limited_until;
	info->min_rtt_us = (uint32_t)(rtt_min_ns(c) / NS_PER_US);
	if (f->rate.interval_ns)
		info->delivery_rate = f->rate.bytes * NS_PER_SEC / f->rate.interval_ns;
	if (f->busy_since_ns)
		info->busy_ns += stack_now(c->stack) - f->busy_since_ns;
}

void tcp_recovery_info(const struct tcp_conn *c, struct tcp_info *info)
{
	const struct tcp_stats *st = c->stats;

	info->ca_state = c->ca_state;
	info->retransmits = c->retries;
	info->backoff = c->backoff;
	info->rto_ms = (uint32_t)(tcp_rto_ns(c) / NS_PER_MS);
	info->rtt_us = c->srtt_us;
	info->rttvar_us = c->rttvar_us;
	info->snd_cwnd = c->mss ? c->cwnd / c->mss : 0;
	info->snd_ssthresh = c->ssthresh == UINT32_MAX || !c->mss ? UINT32_MAX : c->ssthresh / c->mss;
	info->unacked = segments(c, c->snd.nxt - c->snd.una);
	info->unacked_bytes = c->snd.nxt - c->snd.una;
	info->reordering = MAX(st ? st->reordering : 0, (uint32_t)TCP_DUPTHRESH);
	if (c->cc)
		snprintf(info->congestion, sizeof(info->congestion), "%s", tcp_cc_of(c)->name);
	if (st) {
		info->reord_seen = st->reord_seen;
		info->dsack_dups = st->dsack_dups;
		info->delivered = st->delivered;
		info->delivered_ce = st->delivered_ce;
		info->bytes_acked = st->bytes_acked;
		info->busy_ns = st->busy_ns;
		info->last_ack_ns = stack_now(c->stack) - st->last_ack_ns;
	}
	if (c->flight)
		flight_info(c, c->flight, info);
}
