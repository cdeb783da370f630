/* SPDX-License-Identifier: MIT */
/*
 * SEGMENT ARRIVES in a connection that has had its peer's SYN (RFC 9293 3.10.7.4): the steps in the RFC's order,
 * one function each. A step says whether the segment goes on to the next one. Blind attackers are kept out by RFC
 * 5961, old duplicates by RFC 7323 5.
 *
 * SYN-RECEIVED here is that of a simultaneous open, or the moment in which a half-open entry becomes a connection.
 */
#include "tcp/recvq.h"

#include <errno.h>

#define TS_STALE_S (24 * UINT32_C(86400)) /* RFC 7323 5.5 */

/* ---- answers to what is not acceptable ---- */

static bool was_just_now(const struct stack *s, uint32_t moment_ms)
{
	return moment_ms && tcp_ms_since(s, moment_ms) < (uint32_t)s->sysctl[SYSCTL_TCP_INVALID_RATELIMIT];
}

bool tcp_ack_allowed(struct stack *s, const struct tcp_seg *seg, uint32_t *last_ms, enum mib skipped)
{
	bool counts = !seg->len || seg->flags & TCP_SYN;

	if (counts && was_just_now(s, *last_ms)) {
		mib_inc(s, skipped);
		return false;
	}
	if (counts)
		*last_ms = tcp_moment(s);
	return true;
}

static bool is_new_second(struct stack *s, struct tcp_quota *q)
{
	uint64_t now = stack_now(s);

	if (q->since_ns && now - q->since_ns < NS_PER_SEC)
		return false;
	q->since_ns = now;
	return true;
}

static bool take(struct tcp_quota *q)
{
	if (!q->left)
		return false;
	q->left--;
	return true;
}

/* A new second has its own number, at random between half and one and a half times the limit: nobody can find out
 * by counting whether we answered somebody else (CVE-2016-5696). */
static bool one_more_challenge(struct stack *s)
{
	struct tcp_quota *q = &tcp_of(s)->challenges;
	uint32_t limit = (uint32_t)s->sysctl[SYSCTL_TCP_CHALLENGE_ACK_LIMIT];

	if (limit == INT32_MAX)
		return true;
	if (is_new_second(s, q))
		q->left = limit ? (limit + 1) / 2 + rng_below(&s->rng, limit) : 0;
	return take(q);
}

bool tcp_reset_allowed(struct stack *s)
{
	struct tcp_quota *q = &tcp_of(s)->resets;

	if (is_new_second(s, q))
		q->left = (uint32_t)s->sysctl[SYSCTL_TCP_RESET_RATELIMIT];
	return take(q);
}

bool tcp_challenge_allowed(struct stack *s, uint32_t *last_ms)
{
	if (was_just_now(s, *last_ms) || !one_more_challenge(s)) {
		mib_inc(s, MIB_TcpExtTCPACKSkippedChallenge);
		return false;
	}
	*last_ms = tcp_moment(s);
	mib_inc(s, MIB_TcpExtTCPChallengeACK);
	return true;
}

/* In SYN-RECEIVED the SYN-ACK says where we are. */
static unsigned ack_by(const struct tcp_conn *c)
{
	return c->state == TCP_SYN_RECEIVED ? TCP_WANT_SYN : TCP_WANT_ACK;
}

/* RFC 5961: the true peer answers a challenge ACK with what we wait for, or with a reset in its place. */
static void challenge(struct tcp_conn *c, struct tcp_seg *seg, enum drop_reason why)
{
	if (tcp_challenge_allowed(c->stack, &c->answered_ms))
		tcp_want(c, ack_by(c));
	tcp_drop(c->stack, seg, why);
}

/* ---- first ---- */

bool tcp_is_acceptable(uint32_t rcv_nxt, uint32_t rcv_wnd, const struct tcp_seg *seg)
{
	uint32_t edge = rcv_nxt + rcv_wnd;

	if (!rcv_wnd)
		return seg->seq == rcv_nxt;
	if (seg->seq != seg->end)
		return seq_lt(seg->seq, edge) && seq_gt(seg->end, rcv_nxt);
	return seq_in(seg->seq, rcv_nxt, edge) || (seg->seq == edge && !(seg->flags & TCP_RST));
}

static bool ts_recent_is_stale(const struct tcp_conn *c)
{
	return (uint32_t)(stack_now(c->stack) / NS_PER_SEC) - c->ts_recent_s > TS_STALE_S;
}

/* RFC 7323 5.2, 5.3 R1. A reset is never judged by its timestamp. */
static bool is_from_the_past(const struct tcp_conn *c, const struct tcp_seg *seg)
{
	return seg->opt.has_ts && !(seg->flags & TCP_RST) && seq_lt(seg->opt.tsval, c->ts_recent) &&
		!ts_recent_is_stale(c);
}

/* What is wrong with it, if anything. RFC 7323 3.2: a segment without the timestamp that was agreed on is not the
 * peer's; but one that has forgotten everything sends a SYN or a reset, and those are judged by other rules. */
static enum drop_reason check_first(const struct tcp_conn *c, const struct tcp_seg *seg)
{
	if (is_from_the_past(c, seg))
		return DROP_TCP_PAWS;
	if (c->ts_on && !seg->opt.has_ts && !(seg->flags & (TCP_RST | TCP_SYN)))
		return DROP_TCP_NO_TIMESTAMP;
	if (tcp_is_acceptable(c->rcv.nxt, tcp_rcv_wnd(c), seg))
		return DROP_NONE;
	return seq_lt(seg->seq, c->rcv.nxt) ? DROP_TCP_OLD_DUPLICATE : DROP_TCP_OUT_OF_WINDOW;
}

/* In a simultaneous open the peer's SYN comes twice: alone, and with the ACK of ours (RFC 9293 3.5, figure 8). The
 * second time only what stands behind the SYN counts. */
static void pass_over_known_syn(const struct tcp_conn *c, struct tcp_seg *seg)
{
	if (c->state != TCP_SYN_RECEIVED || !(seg->flags & TCP_SYN) || seg->seq != c->rcv.irs ||
		!(seg->flags & TCP_ACK))
		return;
	seg->flags &= (uint16_t)~TCP_SYN;
	seg->seq++;
}

/* First: a segment that holds nothing of the window is answered by an ACK of where we are, and dropped; a reset is
 * only dropped. */
static bool step_seq(struct tcp_conn *c, struct tcp_seg *seg)
{
	enum mib skipped = MIB_TcpExtTCPACKSkippedSeq;

	pass_over_known_syn(c, seg);
	enum drop_reason why = check_first(c, seg);
	if (!why)
		return true;
	if (why == DROP_TCP_PAWS) {
		mib_inc(c->stack, MIB_TcpExtPAWSEstab);
		skipped = MIB_TcpExtTCPACKSkippedPAWS;
	}
	if (!(seg->flags & TCP_RST) && why != DROP_TCP_NO_TIMESTAMP) {
		if (seg->len && seq_lt(seg->seq, c->rcv.nxt))
			tcp_note_duplicate(c, seg->seq, seg->seq + seg->len);
		if (tcp_ack_allowed(c->stack, seg, &c->answered_ms, skipped))
			tcp_want(c, ack_by(c));
	}
	tcp_drop(c->stack, seg, why);
	return false;
}

/* ---- second to fourth (the third, security, is not used on the Internet) ---- */

static const int reset_error[TCP_STATE_COUNT] = {
	[TCP_SYN_RECEIVED] = ECONNREFUSED,
	[TCP_ESTABLISHED] = ECONNRESET,
	[TCP_FIN_WAIT_1] = ECONNRESET,
	[TCP_FIN_WAIT_2] = ECONNRESET,
	[TCP_CLOSE_WAIT] = EPIPE,
	[TCP_CLOSING] = ECONNRESET,
	[TCP_LAST_ACK] = ECONNRESET,
};

/* Second: a reset that stands exactly where the next byte is due ends the connection (RFC 5961 3.2); one elsewhere in
 * the window is answered by a challenge ACK. */
static bool step_rst(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (!(seg->flags & TCP_RST))
		return true;
	if (seg->seq != c->rcv.nxt) {
		challenge(c, seg, DROP_TCP_RST_CHALLENGED);
		return false;
	}
	TRACE(c->stack, LAYER_TCP, seg->p, "RFC 5961 3.2", "reset by the peer in %s",
		tcp_state_name(c->state));
	tcp_fail(c, reset_error[c->state]);
	return false;
}

/* Fourth: a SYN never resets a connection, wherever it stands; it is answered by a challenge ACK (RFC 5961 4.2). */
static bool step_syn(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (!(seg->flags & TCP_SYN))
		return true;
	mib_inc(c->stack, MIB_TcpExtTCPSYNChallenge);
	challenge(c, seg, DROP_TCP_SYN_CHALLENGED);
	return false;
}

/* ---- fifth ---- */

/* RFC 7323 4.3: the stamp that is echoed is that of the segment that the last ACK was waiting for. */
static void keep_timestamp(struct tcp_conn *c, const struct tcp_seg *seg)
{
	if (!seg->opt.has_ts || seq_gt(seg->seq, c->rcv.acked))
		return;
	if (seq_lt(seg->opt.tsval, c->ts_recent) && !ts_recent_is_stale(c))
		return;
	c->ts_recent = seg->opt.tsval;
	c->ts_recent_s = (uint32_t)(stack_now(c->stack) / NS_PER_SEC);
}

/* In SYN-RECEIVED only an ACK of our SYN will do. */
static bool open_by_ack(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (!seq_lt(c->snd.una, seg->ack) || !seq_le(seg->ack, c->snd.nxt)) {
		tcp_answer_reset(c->stack, seg);
		tcp_drop(c->stack, seg, DROP_TCP_BAD_ACK);
		return false;
	}
	c->snd.una = seg->ack;
	c->snd.wnd = seg->wnd << c->snd_wscale;
	c->snd.max_wnd = MAX(c->snd.max_wnd, c->snd.wnd);
	c->snd.wl1 = seg->seq;
	c->snd.wl2 = seg->ack;
	tcp_syn_rtt(c, seg);
	tcp_established(c);
	return true;
}

/* RFC 5961 5.2: an ACK of what was never sent, or older than the largest window, is a blind attacker's. */
static bool ack_is_plausible(const struct tcp_conn *c, const struct tcp_seg *seg)
{
	return seq_ge(seg->ack, c->snd.una - c->snd.max_wnd) && seq_le(seg->ack, c->snd.nxt);
}

/* What the ACK of our FIN does. False: the connection is over. */
static bool fin_was_acked(struct tcp_conn *c)
{
	switch (c->state) {
	case TCP_FIN_WAIT_1:
		tcp_set_state(c, TCP_FIN_WAIT_2);
		return true;
	case TCP_CLOSING:
		tcp_enter_time_wait(c, false);
		return false;
	case TCP_LAST_ACK:
		tcp_fail(c, 0);
		return false;
	default:
		return true;
	}
}

/* Fifth: without an ACK nothing is taken. What it acknowledges leaves the send queue, and if that was our FIN, the
 * state moves on. */
static bool step_ack(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (!(seg->flags & TCP_ACK)) {
		tcp_drop(c->stack, seg, DROP_TCP_NO_ACK);
		return false;
	}
	if (c->state == TCP_SYN_RECEIVED && !open_by_ack(c, seg))
		return false;
	if (!ack_is_plausible(c, seg)) {
		challenge(c, seg, DROP_TCP_BAD_ACK);
		return false;
	}
	c->last_rcv_ms = tcp_moment(c->stack);
	keep_timestamp(c, seg);
	tcp_ack_input(c, seg);
	if (c->state == TCP_CLOSED)
		return false;
	return !tcp_fin_acked(c) || fin_was_acked(c);
}

/* ---- sixth to eighth ---- */

/* Sixth: the urgent pointer, in states in which the peer may still send. */
static bool step_urg(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (seg->flags & TCP_URG && tcp_may_receive(c))
		tcp_urgent(c, seg);
	return true;
}

/* Seventh: text goes into the receive queue; after the peer's FIN there is none. True: its FIN has now come, with
 * all that stood before it. */
static bool step_text(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (!seg->len && !(seg->flags & TCP_FIN))
		return false;
	if (!tcp_may_receive(c)) {
		tcp_drop(c->stack, seg, DROP_TCP_AFTER_FIN);
		return false;
	}
	return tcp_text(c, seg);
}

static const enum tcp_state after_fin[TCP_STATE_COUNT] = {
	[TCP_ESTABLISHED] = TCP_CLOSE_WAIT,
	[TCP_FIN_WAIT_1] = TCP_CLOSING,
	[TCP_FIN_WAIT_2] = TCP_TIME_WAIT,
};

/* Eighth: the peer has sent all it had. */
static bool step_fin(struct tcp_conn *c, struct tcp_seg *seg)
{
	enum tcp_state next = after_fin[c->state];

	TRACE(c->stack, LAYER_TCP, seg->p, "RFC 9293 3.10.7.4", "the peer's FIN in %s",
		tcp_state_name(c->state));
	if (next == TCP_TIME_WAIT) {
		tcp_enter_time_wait(c, false);
		return false;
	}
	tcp_set_state(c, next);
	tcp_delack_fin(c, !(seg->flags & TCP_FIN));
	tcp_wake(c, SOCK_EVENT_READABLE);
	return false;
}

void tcp_steps(struct tcp_conn *c, struct tcp_seg *seg)
{
	static bool (*const steps[])(struct tcp_conn * c, struct tcp_seg * seg) = {
		step_seq, step_rst, step_syn, step_ack, step_urg, step_text, step_fin};

	seg->opt.has_ts &= c->ts_on; /* RFC 7323 3.2: not agreed on, not heard */
	if (!c->sack_on)
		seg->opt.sack_count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (!steps[i](c, seg))
			return;
}
