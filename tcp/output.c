/* SPDX-License-Identifier: MIT */
/*
 * What to send, and when (RFC 9293 3.7.4, 3.8.6; RFC 5681; RFC 8985 7).
 *
 * Runs once in a turn for each connection to which something happened. It looks at the state that input, timers and
 * the program have left, and sends in this order: what was lost; new data, as far as both windows and Nagle allow;
 * the FIN behind it; a probe, if a timer asked for one; and an ACK, if one is due and nothing above carried it.
 */
#include "tcp/recovery.h"

#include <errno.h>

enum { SUPER_MAX = 65535 - TCP_HDR_MAX - IP_HDR_LEN /* text of a super-segment */, HALF_WND_MIN = 68 - 40 };

/* ---- MSS ---- */

uint16_t tcp_advertised_mss(const struct tcp_conn *c, uint32_t remote, uint32_t local)
{
	struct stack *s = c->stack;
	struct route_key key = {.dst = remote, .src = local};
	struct route_path path;
	uint32_t mtu = route_cached(s, &key, &path) ? 0
		: path.route.mtu		    ? path.route.mtu
						    : path.netif->dev->mtu;

	/* RFC 9293 3.7.1, MUST-14: what we can take in one piece, so not the path MTU learned for sending */
	mtu = MIN(MAX(mtu, (uint32_t)TCP_MSS_DEFAULT + 40), (uint32_t)UINT16_MAX);
	unsigned mss = mtu - IP_HDR_LEN - TCP_HDR_LEN, most = tcp_rare(c)->maxseg;
	return (uint16_t)(most ? MIN(mss, most) : mss);
}

/* RFC 9293 3.7.1: Eff.snd.MSS, less what every segment bears as options (RFC 6691). A peer that asks for less than
 * tcp_min_snd_mss does not get it (CVE-2019-11479). */
static uint16_t effective_mss(const struct tcp_conn *c, uint32_t mtu)
{
	uint32_t opts = c->ts_on ? TCP_TS_WORDS_LEN : 0;
	uint32_t mss = MIN((uint32_t)c->peer_mss, mtu - IP_HDR_LEN - TCP_HDR_LEN);

	if (tcp_rare(c)->maxseg)
		mss = MIN(mss, (uint32_t)tcp_rare(c)->maxseg);
	mss = MAX(mss, (uint32_t)c->stack->sysctl[SYSCTL_TCP_MIN_SND_MSS]);
	return (uint16_t)(mss - opts);
}

static uint32_t path_mtu(const struct tcp_conn *c)
{
	struct route_key key = {
		.dst = c->e.remote, .src = c->e.local, .oif = c->sock ? c->sock->bound_dev : 0};
	struct route_path path;

	if (route_cached(c->stack, &key, &path))
		return c->mtu ? c->mtu : TCP_MSS_DEFAULT + IP_HDR_LEN + TCP_HDR_LEN;
	return MAX(path.mtu, (uint32_t)IP_MIN_MTU);
}

void tcp_mtu_changed(struct tcp_conn *c, bool resend)
{
	uint16_t old = c->mss;

	c->generation = c->stack->generation;
	c->mtu = path_mtu(c);
	c->mss = effective_mss(c, c->mtu);
	if (!resend || c->mss >= old)
		return;
	tcp_mark_all_lost(c);
	tcp_want(c, 0);
}

uint32_t tcp_segment_size(const struct tcp_conn *c, unsigned sacks)
{
	uint32_t half = c->snd.max_wnd > TCP_MSS_DEFAULT ? c->snd.max_wnd / 2 : c->snd.max_wnd;
	uint32_t size = c->mss;

	if (half && size > half)
		size = MAX(half, (uint32_t)HALF_WND_MIN);
	return size - MIN(tcp_sack_len(sacks), size / 2);
}

/* ---- new data ---- */

static uint32_t unsent(const struct tcp_conn *c)
{
	return seq_lt(c->snd.nxt, c->snd.end) ? c->snd.end - c->snd.nxt : 0;
}

/* SND.UNA + SND.WND - SND.NXT, which is below 0 when the peer has shrunk its window. */
static uint32_t usable_window(const struct tcp_conn *c)
{
	uint32_t edge = c->snd.una + c->snd.wnd;

	return seq_lt(c->snd.nxt, edge) ? edge - c->snd.nxt : 0;
}

/* RFC 9293 3.7.4, in Minshall's form, as Linux: a segment that is not full waits only for another one like it. */
static bool nagle_holds(const struct tcp_conn *c)
{
	bool small_in_flight = seq_gt(c->sendq->sml, c->snd.una) && seq_le(c->sendq->sml, c->snd.nxt);

	if (c->fin_queued || c->want & TCP_WANT_PUSH)
		return false;
	if (c->wishes.cork || c->held)
		return true;
	return !c->wishes.nodelay && c->snd.una != c->snd.nxt && small_in_flight;
}

/* What is likely to leave in a millisecond, and more where the round trip is so short that sending is cheap compared
 * with waiting (tcp_tso_rtt_log). */
static uint64_t burst(const struct tcp_conn *c)
{
	uint64_t percent = c->cwnd < c->ssthresh / 2 ? 200 : 120, rtt_us = tcp_min_rtt_us(c);
	uint64_t bytes = c->srtt_us ? (uint64_t)c->cwnd * percent * 10000 / c->srtt_us / 1024 : SUPER_MAX;

	return rtt_us >> 9 < 32 ? bytes + (UINT64_C(65536) >> (rtt_us >> 9)) : bytes;
}

/* The longest super-segment, a multiple of `size`, as Linux has it: what is sent should not come in lumps. A single segment
 * may be longer than that (an MTU of 65520). */
static uint32_t super_size(const struct tcp_conn *c, uint32_t size)
{
	uint64_t least = (uint64_t)c->stack->sysctl[SYSCTL_TCP_MIN_TSO_SEGS] * size;

	return MAX((uint32_t)MIN(MAX(burst(c), least), (uint64_t)SUPER_MAX) / size * size, size);
}

/* RFC 9293 3.8.6.2.1: how much of the new data may go now, in one (super-)segment; 0: nothing. As Linux no more than half
 * of what the windows allow: the ACKs of one half come while the other is under way. */
static uint32_t new_data(struct tcp_conn *c, uint32_t size)
{
	uint32_t data = unsent(c), wnd = usable_window(c);

	if (data == 0 || wnd == 0)
		return 0;
	uint32_t room = tcp_cwnd_room(c), len = MIN(data, wnd);
	if (len > size) {
		uint32_t half = MAX(MIN(c->cwnd, c->snd.max_wnd) / 2 / size * size, size);
		len = MIN(len, MIN(super_size(c, size), half));
	}
	if (room < MIN(len, size))
		return 0;
	len = MIN(len, MAX(room, size));
	if (len == data && (len % size == 0 || !nagle_holds(c)))
		return len;
	return len / size * size; /* 0: less than a segment; the rest waits, if need be for the probe timer */
}

/* RFC 9293 3.9.1.2: PSH where the program's data ends for now; and, as Linux, in a long stream once in half a window, on
 * new data that waited for a timer, and on super-segments, which the receiver may have put together again and should not
 * keep in the hope of more. */
static uint16_t push_flag(const struct tcp_conn *c, uint32_t seq, uint32_t end, bool again)
{
	bool last = end == c->snd.end && !c->more;
	bool half = seq_lt(seq, c->snd.push) && seq_ge(end, c->snd.push);

	return last || (!again && (half || end - seq > c->mss || c->want & TCP_WANT_PROBE)) ? TCP_PSH : 0;
}

/* Where in what is not sent yet that half window ends. */
static void plan_push(struct tcp_conn *c, uint32_t size)
{
	if (unsent(c) && seq_le(c->snd.push, c->snd.nxt))
		c->snd.push = c->snd.nxt + MAX(c->snd.max_wnd / 2 / size * size, size);
}

/* [seq, end) where the FIN, if it is in there, counts as the last. False: it could not be sent now. That there is no room in
 * a queue of our own is congestion, as if the network had said so. */
static bool transmit(struct tcp_conn *c, uint32_t seq, uint32_t end, bool again)
{
	bool fin = c->fin_queued && end == c->snd.end + 1;
	uint32_t text_end = fin ? end - 1 : end;
	uint16_t psh = seq != text_end ? push_flag(c, seq, text_end, again) : 0;
	uint16_t flags = (uint16_t)(TCP_ACK | psh | (fin ? TCP_FIN : 0));

	c->want &= (uint8_t)~TCP_WANT_ACK;
	if (tcp_segment_send(c, flags, seq, text_end - seq, again) == -ENOBUFS) {
		tcp_enter_cwr(c);
		return false;
	}
	if (!tcp_sent(c, seq, end))
		return false;
	if (fin)
		c->fin_sent = true;
	return true;
}

/* The FIN rides on the last segment where there is room for its sequence number. */
static uint32_t with_fin(const struct tcp_conn *c, uint32_t end)
{
	return c->fin_queued && !c->fin_sent && end == c->snd.end ? end + 1 : end;
}

static void send_new(struct tcp_conn *c)
{
	uint32_t size = tcp_piece_size(c), len;

	if (unsent(c) && c->snd.una == c->snd.nxt)
		tcp_idle_restart(c);
	while ((len = new_data(c, size)) > 0) {
		uint32_t seq = c->snd.nxt;

		if (!transmit(c, seq, with_fin(c, seq + len), false))
			return;
		c->sendq->probe_since_ms = 0;
		if (len % size)
			c->sendq->sml = seq + len;
	}
	plan_push(c, size);
	if (c->fin_queued && !c->fin_sent && unsent(c) == 0)
		transmit(c, c->snd.nxt, c->snd.nxt + 1, false);
}

/* ---- lost data ---- */

static void send_lost(struct tcp_conn *c)
{
	uint32_t seq, end;

	while (tcp_has_lost(c)) {
		uint32_t size = tcp_piece_size(c), room = tcp_cwnd_room(c);
		uint32_t most = MIN(room, super_size(c, size)) / size * size;

		tcp_next_lost(c, MAX(most, size), &seq, &end);
		if (end - seq > room && tcp_in_flight(c) > 0)
			return;
		if (!transmit(c, seq, end, true))
			return;
	}
}

/* ---- what timers asked for ---- */

/* RFC 8985 7.3: new data if there is any that the peer's window takes, else the last segment again. */
static void send_tail_probe(struct tcp_conn *c)
{
	uint32_t len = MIN(MIN(unsent(c), usable_window(c)), tcp_piece_size(c));
	uint32_t seq = c->snd.nxt, end = seq + len;
	bool fresh = len > 0;

	if (!fresh && !tcp_last_sent(c, &seq, &end))
		return;
	if (transmit(c, seq, fresh ? with_fin(c, end) : end, !fresh))
		tcp_tlp_sent(c, fresh);
}

/* RFC 9293 3.8.6.1: into a window that is shut, an old sequence number, which the peer must answer with its window; into
 * one that is open but too small for SWS avoidance, what fits (3.8.6.2.1, the override timeout). */
static void send_window_probe(struct tcp_conn *c)
{
	uint32_t len = MIN(MIN(unsent(c), usable_window(c)), tcp_piece_size(c));

	bool fits = len > 0 && c->snd.una == c->snd.nxt, sent;

	mib_inc(c->stack, MIB_TcpExtTCPWinProbe);
	if (fits)
		sent = transmit(c, c->snd.nxt, with_fin(c, c->snd.nxt + len), false);
	else
		sent = tcp_segment_send(c, TCP_ACK, c->snd.una - 1, 0, false) != -ENOBUFS;
	if (!sent && c->snd.una == c->snd.nxt)
		tcp_probe_refused(c);
}

/* RFC 9293 3.8.4, MUST-26: an old sequence number, without text. */
static void send_keepalive(struct tcp_conn *c)
{
	mib_inc(c->stack, MIB_TcpExtTCPKeepAlive);
	tcp_segment_send(c, TCP_ACK, c->snd.una - 1, 0, false);
}

/* RFC 3168 6.1.1: a SYN asks for ECN once; if it was lost, something on the way may not like the question. */
static void send_syn(struct tcp_conn *c)
{
	bool ask = c->ecn_on && c->retries == 0;

	if (c->state == TCP_SYN_SENT)
		tcp_segment_send(c, (uint16_t)(TCP_SYN | (ask ? TCP_ECE | TCP_CWR : 0)), c->snd.iss, 0,
			c->retries > 0);
	else if (c->state == TCP_SYN_RECEIVED)
		tcp_segment_send(c, (uint16_t)(TCP_SYN | TCP_ACK | (c->ecn_on ? TCP_ECE : 0)), c->snd.iss, 0,
			c->retries > 0);
}

static void send_reset(struct tcp_conn *c)
{
	mib_inc(c->stack, MIB_TcpOutRsts);
	tcp_segment_send(c, TCP_RST | TCP_ACK, c->snd.nxt, 0, false);
}

/* ---- all of it ---- */

/* Nothing is in flight and something waits: for the window, for cork to be drawn, for SWS avoidance, for room in a queue of
 * our own. */
static void see_to_timers(struct tcp_conn *c)
{
	if (tcp_unsent(c) && c->snd.una == c->snd.nxt && !tcp_timer_runs(c, TCP_TIMER_PROBE))
		tcp_rearm(c);
}

void tcp_output(struct tcp_conn *c)
{
	if (c->want & TCP_WANT_RST)
		send_reset(c);
	if (c->want & TCP_WANT_SYN)
		send_syn(c);
	if (tcp_is_synchronized(c) && c->state != TCP_TIME_WAIT) {
		if (c->generation != c->stack->generation)
			tcp_mtu_changed(c, false);
		send_lost(c);
		if (c->want & TCP_WANT_TLP)
			send_tail_probe(c);
		send_new(c);
		if (c->want & TCP_WANT_PROBE && c->snd.una == c->snd.nxt)
			send_window_probe(c);
		if (c->want & TCP_WANT_KEEPALIVE)
			send_keepalive(c);
		if (c->want & TCP_WANT_ACK)
			tcp_segment_send(c, TCP_ACK, c->snd.nxt, 0, false);
		see_to_timers(c);
	}
	c->want = 0;
}
