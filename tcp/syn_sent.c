/* SPDX-License-Identifier: MIT */
/* SYN-SENT (RFC 9293 3.10.7.3), and what both kinds of opening have in common: what a SYN says, and the beginning of
 * ESTABLISHED. */
#include "tcp/internal.h"

#include <errno.h>

/* ---- what the peer's SYN says ---- */

/* RFC 3168 6.1.1: a SYN asks by two flags, a SYN-ACK agrees by one. */
static bool wants_ecn(const struct tcp_seg *seg)
{
	uint16_t said = seg->flags & (TCP_ECE | TCP_CWR);

	return said == (seg->flags & TCP_ACK ? TCP_ECE : TCP_ECE | TCP_CWR);
}

static void take_options(struct tcp_conn *c, const struct tcp_options *o)
{
	c->peer_mss = o->has_mss ? o->mss : TCP_MSS_DEFAULT;
	c->sack_on &= o->has_sack_ok;
	c->ts_on &= o->has_ts;
	if (c->ts_on) {
		c->ts_recent = o->tsval;
		c->ts_recent_s = (uint32_t)(stack_now(c->stack) / NS_PER_SEC);
	}
	c->wscale_on &= o->has_wscale;
	c->snd_wscale = c->wscale_on ? o->wscale : 0;
	if (c->wscale_on && o->wscale_cut)
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 7323 2.3", "a window scale above 14 is taken as 14");
}

void tcp_take_syn(struct tcp_conn *c, const struct tcp_seg *seg)
{
	c->rcv.irs = seg->seq;
	c->rcv.nxt = seg->seq + 1;
	c->snd.wnd = c->snd.max_wnd = seg->wnd; /* never scaled in a SYN (RFC 7323 2.2) */
	c->snd.wl1 = seg->seq;
	c->snd.wl2 = seg->ack;
	c->ecn_on &= wants_ecn(seg);
	take_options(c, &seg->opt);
	tcp_window_start(c);
	tcp_mtu_changed(c, false);
}

/* ---- the handshake is over ---- */

/* By the timestamp that comes back, else from the SYN, if it was sent once (Karn). Echoes of what we have not sent in
 * this handshake say nothing. */
void tcp_syn_rtt(struct tcp_conn *c, const struct tcp_seg *seg)
{
	uint64_t passed = stack_now(c->stack) - c->first_try_ns;
	uint64_t ns = passed;

	if (!c->first_try_ns) /* by a cookie: nobody knows when */
		return;
	if (c->retries) {
		ns = (tcp_ts_clock(c->stack) + c->ts_offset - seg->opt.tsecr) * (uint64_t)NS_PER_MS;
		if (!c->ts_on || !seg->opt.has_ts || ns > passed + NS_PER_MS)
			return;
	}
	tcp_rtt_sample(c, ns);
}

void tcp_established(struct tcp_conn *c)
{
	uint64_t now = stack_now(c->stack);

	tcp_timer_stop(c, TCP_TIMER_REXMIT);
	tcp_set_state(c, TCP_ESTABLISHED);
	tcp_cc_init(c);
	c->retries = c->backoff = 0;
	c->last_rcv_ms = tcp_moment(c->stack);
	if (c->wishes.keepalive)
		tcp_timer_set(c, TCP_TIMER_KEEPALIVE, now + tcp_keepidle_ms(c) * NS_PER_MS);
	tcp_wake(c, SOCK_EVENT_WRITABLE);
	tcp_want(c, 0);
}

/* ---- SEGMENT ARRIVES in SYN-SENT ---- */

/* First: an ACK of anything but our SYN is answered by a reset. Second: a reset counts only with an ACK of our SYN.
 * True: the segment goes on. */
static bool check_ack_and_rst(struct tcp_conn *c, struct tcp_seg *seg)
{
	bool ack = seg->flags & TCP_ACK;

	if (ack && (seq_le(seg->ack, c->snd.iss) || seq_gt(seg->ack, c->snd.nxt))) {
		tcp_answer_reset(c->stack, seg);
		tcp_drop(c->stack, seg, DROP_TCP_BAD_ACK);
		return false;
	}
	if (!(seg->flags & TCP_RST))
		return true;
	if (ack) {
		TRACE(c->stack, LAYER_TCP, seg->p, "RFC 9293 3.10.7.3", "refused");
		tcp_fail(c, ECONNREFUSED);
	} else {
		tcp_drop(c->stack, seg, DROP_TCP_NOTHING_TO_RESET);
	}
	return false;
}

/* Fourth: with the ACK of our SYN the connection stands; without it the two SYNs have crossed (3.5). Text is not
 * taken from a SYN; the peer sends it again. */
void tcp_syn_sent_input(struct tcp_conn *c, struct tcp_seg *seg)
{
	if (!check_ack_and_rst(c, seg))
		return;
	if (!(seg->flags & TCP_SYN)) { /* fifth */
		tcp_drop(c->stack, seg, DROP_TCP_NO_SYN);
		return;
	}
	if (seg->flags & TCP_FIN) {
		tcp_drop(c->stack, seg, DROP_TCP_SYN_FIN);
		return;
	}
	tcp_take_syn(c, seg);
	if (seg->flags & TCP_ACK) {
		c->snd.una = seg->ack;
		tcp_syn_rtt(c, seg);
		tcp_established(c);
		tcp_want(c, TCP_WANT_ACK);
		return;
	}
	TRACE(c->stack, LAYER_TCP, seg->p, "RFC 9293 3.5", "simultaneous open");
	tcp_set_state(c, TCP_SYN_RECEIVED);
	tcp_want(c, TCP_WANT_SYN);
}
