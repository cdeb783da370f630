/* SPDX-License-Identifier: MIT */
/*
 * When to acknowledge (RFC 9293 3.8.6.3, RFC 5681 4.2): at once at the start, when text comes out of order, fills a gap
 * or comes twice, and when more than one full segment is unacknowledged; else a little later, so that an answer or the
 * next segment may save the ACK. How much later follows the pace of the peer's segments, 40 to 200 ms, as with Linux.
 *
 * At once means at the end of this turn: one ACK for all segments of a burst, unless it is so long that the peer could
 * run out of window meanwhile. RFC 9293 (SHLD-19) would have one for every second full segment, which sysctl
 * tcp_ack_burst=0 gives; a peer whose window grows by octets (RFC 3465) loses nothing by the difference.
 */
#include "tcp/recvq.h"

enum { ATO_MIN_MS = 40, ATO_MAX_MS = 200, ATO_UNPUSHED_MAX_MS = 500 };
enum { BURST_MIN = 65536 /* octets that are one burst in any case */ };

static uint32_t rto_ms(const struct tcp_conn *c)
{
	return MAX(tcp_rto_us(c) / 1000, ATO_MIN_MS);
}

static void raise_quick(struct tcp_conn *c, unsigned segments)
{
	uint32_t some = tcp_rcv_wnd(c) / (2 * c->rcv_mss);

	c->quick = (uint8_t)MAX(c->quick, MIN(MAX(some, 2), segments));
}

void tcp_quickack(struct tcp_conn *c, unsigned segments)
{
	raise_quick(c, segments);
	c->dialogue = false;
	c->ato_ms = ATO_MIN_MS;
}

static bool in_quick_mode(const struct tcp_conn *c)
{
	return c->quick && !c->dialogue;
}

/* The peer's segments are as long as the longest it sent, or as the last one that was not the end of a write. */
static void measure_mss(struct tcp_conn *c, const struct tcp_seg *seg)
{
	uint32_t len = (seg->len + seg->segs - 1) / seg->segs;

	if (len >= c->rcv_mss || (!(seg->flags & TCP_PSH) && len >= TCP_MSS_DEFAULT))
		c->rcv_mss = (uint16_t)MIN(len, c->advmss);
	else if (c->pushed < 2)
		c->pushed++;
}

void tcp_delack_text(struct tcp_conn *c, const struct tcp_seg *seg)
{
	uint32_t now = tcp_ts_clock(c->stack), gap = now - c->text_ms;

	measure_mss(c, seg);
	c->text_ms = now;
	if (!c->ato_ms) {
		raise_quick(c, TCP_QUICK_MOST);
		c->ato_ms = ATO_MIN_MS;
	} else if (gap <= ATO_MIN_MS / 2) {
		c->ato_ms = (uint16_t)(c->ato_ms / 2 + ATO_MIN_MS / 2);
	} else if (gap < c->ato_ms) {
		c->ato_ms = (uint16_t)MIN(c->ato_ms / 2 + gap, rto_ms(c));
	} else if (gap > rto_ms(c)) {
		raise_quick(c, TCP_QUICK_MOST); /* the peer begins anew */
	}
}

static uint32_t delay_ms(const struct tcp_conn *c)
{
	uint32_t most = c->dialogue || c->pushed ? ATO_MAX_MS : ATO_UNPUSHED_MAX_MS;

	if (c->srtt_us)
		most = MIN(most, MAX(c->srtt_us / 1000, ATO_MIN_MS));
	return MIN(MIN(c->ato_ms, most), ATO_MAX_MS);
}

static void delay(struct tcp_conn *c)
{
	uint64_t now = stack_now(c->stack), wait = delay_ms(c) * NS_PER_MS;
	uint64_t deadline = tcp_timer_due(c, TCP_TIMER_DELACK);

	if (deadline <= now + wait / 4)
		tcp_want(c, TCP_WANT_ACK);
	else if (now + wait < deadline)
		tcp_timer_set(c, TCP_TIMER_DELACK, now + wait);
}

/* The one ACK that does not wait for output: in the middle of a burst, of which a quarter of the window has come. */
static void acknowledge(struct tcp_conn *c)
{
	uint32_t window = c->rcv.adv - c->rcv.acked, unacked = c->rcv.nxt - c->rcv.acked;

	tcp_want(c, TCP_WANT_ACK);
	if (c->stack->sysctl[SYSCTL_TCP_ACK_BURST] && unacked < MAX(window / 4, BURST_MIN))
		return;
	c->want &= (uint8_t)~TCP_WANT_ACK;
	tcp_segment_send(c, TCP_ACK, c->snd.nxt, 0, false);
}

void tcp_delack_decide(struct tcp_conn *c, bool now)
{
	bool full = c->rcv.nxt - c->rcv.acked > c->rcv_mss && tcp_window_now(c) >= tcp_rcv_wnd(c);

	if (now || full || in_quick_mode(c))
		acknowledge(c);
	else
		delay(c);
}

void tcp_delack_fin(struct tcp_conn *c, bool filled)
{
	c->dialogue = c->state == TCP_CLOSE_WAIT && !filled;
	tcp_delack_decide(c, !c->dialogue);
}

void tcp_delack_read(struct tcp_conn *c, size_t n)
{
	uint32_t unacked = c->rcv.nxt - c->rcv.acked, wnd = tcp_rcv_wnd(c), room = tcp_window_now(c);
	bool drained = n && !tcp_recvq_charge(c);

	if (!tcp_may_receive(c))
		return;
	if (tcp_timer_runs(c, TCP_TIMER_DELACK) &&
		(unacked > c->rcv_mss || (drained && (c->pushed == 2 || (c->pushed && !c->dialogue)))))
		tcp_want(c, TCP_WANT_ACK);
	else if (n && 2 * wnd <= tcp_window_most(c) && room && room >= 2 * wnd)
		tcp_want(c, TCP_WANT_ACK); /* MUST-39: a window that opened by more than a trifle */
}

void tcp_ack_sent(struct tcp_conn *c)
{
	if (c->quick && c->rcv.acked != c->rcv.nxt && !--c->quick)
		c->ato_ms = ATO_MIN_MS;
	c->rcv.acked = c->rcv.nxt;
	c->pushed = 0;
	tcp_timer_stop(c, TCP_TIMER_DELACK);
}

void tcp_replied(struct tcp_conn *c)
{
	if (tcp_ms_since(c->stack, c->text_ms) < c->ato_ms)
		c->dialogue = true;
}

void tcp_timer_delack(struct tcp_conn *c)
{
	if (c->dialogue) {
		c->dialogue = false;
		c->ato_ms = ATO_MIN_MS;
	} else {
		c->ato_ms = (uint16_t)MIN(2u * c->ato_ms, rto_ms(c));
	}
	mib_inc(c->stack, MIB_TcpExtDelayedACKs);
	tcp_want(c, TCP_WANT_ACK);
}
