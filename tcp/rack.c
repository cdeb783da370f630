/* SPDX-License-Identifier: MIT */
/*
 * RACK-TLP (RFC 8985): a segment is lost when one that was sent later has arrived, and so much time has passed that
 * mere reordering does not explain it. And where the end of a flight is lost, so that nothing sent later can arrive,
 * a probe is sent before the RTO is over.
 *
 * What flies is kept by time of sending, so detection looks at the oldest and stops at the first that may still come.
 */
#include "tcp/recovery.h"

enum { REORDERING_MAX = 300 /* as net.ipv4.tcp_max_reordering */ };

/* ---- 6.2: what the ACK tells ---- */

/* Step 2: did the last transmission arrive, or an earlier one? */
static bool is_ambiguous(const struct tcp_conn *c, const struct tcp_sent *r, const struct tcp_ack *a)
{
	if (!r->again)
		return false;
	if (rtt_echo_before(c, a->seg, (uint32_t)(r->sent_ns / NS_PER_MS)))
		return true;
	return stack_now(c->stack) - r->sent_ns < rtt_min_ns(c);
}

/* For TCP_INFO: how often, at most once for an ACK, and by how many segments, the most there were. */
static void count_reordering(struct tcp_conn *c, uint32_t seq, struct tcp_ack *a)
{
	struct tcp_stats *st = tcp_stats_of(c);
	uint32_t distance = (c->flight->fack - seq + c->mss - 1) / c->mss;

	if (st)
		st->reordering = MAX(st->reordering, MIN(distance, (uint32_t)REORDERING_MAX));
	if (a->reordered)
		return;
	a->reordered = true;
	mib_inc(c->stack, MIB_TcpExtTCPSACKReorder);
	if (st)
		st->reord_seen++;
}

/* Step 3: a segment below the highest that arrived, and sent once only, was overtaken. */
static void note_reordering(struct tcp_conn *c, const struct tcp_sent *r, uint32_t end, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	if (seq_gt(end, f->fack)) {
		f->fack = end;
	} else if (seq_lt(end, f->fack) && !r->again) {
		f->rack.reordering_seen = true;
		count_reordering(c, r->seq, a);
	}
}

void rack_delivered(struct tcp_conn *c, const struct tcp_sent *r, uint32_t end, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	note_reordering(c, r, end, a);
	if (is_ambiguous(c, r, a))
		return;
	f->rack.rtt_ns = stack_now(c->stack) - r->sent_ns; /* of the last one, whichever was sent last */
	if (rack_sent_after(r->number, end, f->rack.number, f->rack.end)) {
		f->rack.number = r->number;
		f->rack.end = end;
	}
}

/* Step 4: a D-SACK in a round says that the window was too narrow. It stays wide for 16 recoveries without. */
void rack_update_window(struct tcp_conn *c, const struct tcp_ack *a)
{
	enum { PERSIST = 16 };
	struct tcp_flight *f = c->flight;

	if (a->rate.set && a->rate.delivered < f->rack.round_delivered)
		f->rack.dsack_seen = false; /* not a round trip since the last change */
	if (f->rack.dsack_seen) {
		f->rack.dsack_seen = false;
		f->rack.wnd_mult = (uint8_t)MIN(f->rack.wnd_mult + 1, UINT8_MAX);
		f->rack.wnd_persist = PERSIST;
		f->rack.round_delivered = f->rate.delivered;
	} else if (!f->rack.wnd_persist) {
		f->rack.wnd_mult = 1;
	}
}

/* RFC 8985 widens by min_RTT / 4 for each D-SACK. Where some packets go around the queue that the others wait in,
 * min_RTT is that of a few and far too small a step; SRTT, which is the bound, is the better measure. */
uint64_t rack_window(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight;
	uint64_t srtt = c->srtt_us * NS_PER_US;

	if (!f->rack.reordering_seen) {
		if (c->ca_state >= TCP_CA_RECOVERY)
			return 0;
		if (f->bytes[TCP_SACKED] > (TCP_DUPTHRESH - 1) * (uint32_t)c->mss)
			return 0;
	}
	return MIN(rtt_min_ns(c) / 4 + (f->rack.wnd_mult - 1) * (srtt / 4), srtt);
}

/* Step 5. */
void rack_detect(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	uint64_t now = stack_now(c->stack), patience = f->rack.rtt_ns + rack_window(c);

	tcp_timer_stop(c, TCP_TIMER_REORDER);
	list_each_safe(r, &f->flying, struct tcp_sent, order) {
		if (!rack_sent_after(f->rack.number, f->rack.end, r->number, r->end))
			return;
		if (r->sent_ns + patience > now) {
			tcp_timer_set(c, TCP_TIMER_REORDER, r->sent_ns + patience);
			return;
		}
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 8985 6.2", "%u bytes from %u are lost", r->end - r->seq,
			r->seq);
		board_lose(c, r, a);
	}
}

/* 6.3 */
void tcp_timer_reorder(struct tcp_conn *c)
{
	struct tcp_ack a = {0};

	if (!c->flight)
		return;
	rack_detect(c, &a);
	if (a.lost && c->ca_state < TCP_CA_RECOVERY) {
		recovery_enter(c, false);
		recovery_reduce(c, 0, a.lost, false);
	}
	tcp_rearm(c);
	tcp_want(c, 0);
}

/* ---- 7: the tail loss probe ---- */

/* 7.2: one at a time, with an RTT measured since; outside recovery and without holes. */
bool tlp_allowed(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight;

	if (c->stack->sysctl[SYSCTL_TCP_EARLY_RETRANS] < 3 || !c->sack_on)
		return false;
	if (f->tlp.out || f->tlp.unmeasured || c->want & TCP_WANT_TLP)
		return false;
	if (c->ca_state != TCP_CA_OPEN && c->ca_state != TCP_CA_CWR)
		return false;
	return !c->backoff && !f->bytes[TCP_SACKED] && !f->bytes[TCP_LOST];
}

/* Two round trips, and a little for timers that are late; for a single segment as long as an ACK may be delayed. */
uint64_t tlp_timeout(const struct tcp_conn *c)
{
	if (!c->srtt_us)
		return NS_PER_SEC;
	return 2 * c->srtt_us * NS_PER_US +
		(c->snd.nxt - c->snd.una <= c->mss ? 200 * NS_PER_MS : 2 * NS_PER_MS);
}

/* The RTO begins anew, whether or not the probe can leave. */
void tcp_timer_tlp(struct tcp_conn *c)
{
	if (!c->flight)
		return;
	tcp_want(c, TCP_WANT_TLP);
	rtt_restart_rto(c);
	tcp_rearm(c);
}

void tcp_tlp_sent(struct tcp_conn *c, bool new_data)
{
	struct tcp_flight *f = c->flight;

	TRACE(c->stack, LAYER_TCP, NULL, "RFC 8985 7.3", "tail loss probe with %s data",
		new_data ? "new" : "old");
	mib_inc(c->stack, MIB_TcpExtTCPLossProbes);
	f->tlp.out = f->tlp.unmeasured = true;
	f->tlp.retrans = !new_data;
	f->tlp.end = c->snd.nxt;
	rtt_restart_rto(c);
	tcp_rearm(c);
}

/* 7.4: did the probe repair a loss, that nobody else will ever hear of? */
void tlp_ack(struct tcp_conn *c, const struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	if (!f->tlp.out || seq_lt(a->seg->ack, f->tlp.end))
		return;
	if (!f->tlp.retrans || a->dsack_tlp) {
		f->tlp.out = false;
	} else if (seq_gt(a->seg->ack, f->tlp.end)) {
		f->tlp.out = false;
		mib_inc(c->stack, MIB_TcpExtTCPLossProbeRecovery);
		recovery_reduce_at_once(c);
	} else if (a->dup && !a->sacked) {
		f->tlp.out = false; /* both arrived */
	}
}
