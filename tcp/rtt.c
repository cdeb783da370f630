/* SPDX-License-Identifier: MIT */
/*
 * Round trips, and the timer that follows from them (RFC 6298, with Linux's bounds: at least 200 ms above SRTT, at
 * most 120 s).
 *
 * The RTO has a time at which it is over, flight->rto_at_ns. Until then a more hopeful timer may run in its place: TLP,
 * or RACK's reordering timer; there is never more than one of the three (RFC 8985 8).
 */
#include "tcp/recovery.h"

enum { RTO_MIN_US = 200000, RTO_MAX_US = 120000000, RTO_INIT_US = 1000000, RTO_LOST_SYN_US = 3000000 };

/* After an idle time of this length the flight is given back. */
#define REST_NS (10 * NS_PER_SEC)

/* ---- samples ---- */

/* min_RTT over a window of one to two halves (RFC 8985 6.2 step 1). */
static void take_min(struct tcp_conn *c, uint64_t rtt_ns)
{
	struct tcp_flight *f = c->flight;
	uint64_t now = stack_now(c->stack);
	uint64_t half = (uint64_t)c->stack->sysctl[SYSCTL_TCP_MIN_RTT_WLEN] * NS_PER_SEC / 2;

	if (!f->min_rtt_ns[0] || now - f->min_rtt_since_ns > half) {
		f->min_rtt_ns[1] = f->min_rtt_ns[0];
		f->min_rtt_ns[0] = rtt_ns;
		f->min_rtt_since_ns = now;
	}
	f->min_rtt_ns[0] = MIN(f->min_rtt_ns[0], rtt_ns);
}

uint64_t rtt_min_ns(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight;

	if (!f)
		return 0;
	return f->min_rtt_ns[1] ? MIN(f->min_rtt_ns[0], f->min_rtt_ns[1]) : f->min_rtt_ns[0];
}

uint64_t tcp_min_rtt_us(const struct tcp_conn *c)
{
	uint64_t ns = rtt_min_ns(c);

	return ns ? ns / NS_PER_US : c->srtt_us;
}

/* RFC 6298 2.2, 2.3, in microseconds, rounded. */
void tcp_rtt_sample(struct tcp_conn *c, uint64_t rtt_ns)
{
	uint32_t r = (uint32_t)MIN(MAX(rtt_ns / NS_PER_US, 1), RTO_MAX_US);
	uint32_t err = c->srtt_us > r ? c->srtt_us - r : r - c->srtt_us;

	if (!c->srtt_us) {
		c->srtt_us = r;
		c->rttvar_us = r / 2;
	} else {
		c->rttvar_us = (uint32_t)((3 * (uint64_t)c->rttvar_us + err + 2) / 4);
		c->srtt_us = (uint32_t)((7 * (uint64_t)c->srtt_us + r + 4) / 8);
	}
	c->backoff = 0;
	if (c->flight)
		c->flight->tlp.unmeasured = false;
}

/* What our clock said when the segment left that this one echoes (RFC 7323 4.1). False: it echoes none. */
static bool echoed(const struct tcp_conn *c, const struct tcp_seg *seg, uint32_t *stamp)
{
	if (!seg || !c->ts_on || !seg->opt.has_ts || !seg->opt.tsecr)
		return false;
	*stamp = seg->opt.tsecr - c->ts_offset;
	return true;
}

bool rtt_echo_before(const struct tcp_conn *c, const struct tcp_seg *seg, uint32_t stamp)
{
	uint32_t echo;

	return echoed(c, seg, &echo) && seq_lt(echo, stamp);
}

/* Karn: what was sent more than once only timestamps can measure (RFC 6298 3). Not where D-SACK says that a duplicate made
 * the peer answer: it echoes the copy that it got long ago, whose ACK was lost, and what would be measured is how long
 * we waited. 0: no sample. */
static uint64_t sample_of(const struct tcp_conn *c, const struct tcp_ack *a)
{
	uint64_t now = stack_now(c->stack);
	uint32_t echo, ms;

	if (!a->again_acked && a->sent_first_ns)
		return MAX(now - a->sent_first_ns, 1);
	if (!a->una_moved || a->dsack || !echoed(c, a->seg, &echo))
		return 0;
	ms = tcp_ts_clock(c->stack) - echo;
	return ms <= RTO_MAX_US / 1000 ? MAX(ms, 1) * NS_PER_MS : 0;
}

void rtt_ack(struct tcp_conn *c, struct tcp_ack *a)
{
	uint64_t rtt = sample_of(c, a);

	if (a->sent_last_ns) {
		a->rtt_ns = MAX(stack_now(c->stack) - a->sent_last_ns, 1);
		take_min(c, a->rtt_ns);
	}
	c->flight->rtt_ns = a->rtt_ns;
	if (rtt)
		tcp_rtt_sample(c, rtt);
	else if (a->una_moved && a->dsack)
		c->backoff = 0; /* the ACK before was lost, not late: the RTO was not too short */
}

/* ---- timers ---- */

void rtt_init(struct tcp_conn *c, bool syn_was_lost)
{
	c->syn_was_lost = syn_was_lost;
	c->backoff = 0;
}

uint32_t tcp_rto_us(const struct tcp_conn *c)
{
	if (!c->srtt_us)
		return c->syn_was_lost ? RTO_LOST_SYN_US : RTO_INIT_US;
	return (uint32_t)MIN(c->srtt_us + MAX(4 * (uint64_t)c->rttvar_us, RTO_MIN_US), RTO_MAX_US);
}

uint64_t tcp_rto_ns(const struct tcp_conn *c)
{
	return MIN((uint64_t)tcp_rto_us(c) << MIN(c->backoff, 32), RTO_MAX_US) * NS_PER_US;
}

void rtt_restart_rto(struct tcp_conn *c)
{
	c->flight->rto_at_ns = stack_now(c->stack) + tcp_rto_ns(c);
}

static void rearm_at_rest(struct tcp_conn *c)
{
	if (tcp_unsent(c) && tcp_timer_runs(c, TCP_TIMER_PROBE))
		return;
	tcp_timer_stop(c, c->sending);
	if (tcp_unsent(c))
		tcp_timer_set(c, TCP_TIMER_PROBE, stack_now(c->stack) + tcp_rto_ns(c));
	else if (c->flight)
		tcp_timer_set(c, TCP_TIMER_REST, stack_now(c->stack) + REST_NS);
}

void tcp_rearm(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;

	if (c->snd.una == c->snd.nxt) {
		rearm_at_rest(c);
		return;
	}
	if (!f || list_empty(&f->sent)) /* the SYN: timer.c's own */
		return;
	if (tcp_timer_runs(c, TCP_TIMER_REORDER))
		return;
	if (tlp_allowed(c))
		tcp_timer_set(c, TCP_TIMER_TLP, MIN(stack_now(c->stack) + tlp_timeout(c), f->rto_at_ns));
	else
		tcp_timer_set(c, TCP_TIMER_REXMIT, f->rto_at_ns);
}
