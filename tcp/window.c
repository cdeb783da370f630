/* SPDX-License-Identifier: MIT */
/*
 * The window we offer (RFC 9293 3.8.6.2.2, RFC 7323 2), and how large the receive buffer is (tcp_rmem).
 *
 * A buffer of `rcvbuf` bytes of memory is offered as half of that (tcp_adv_win_scale), as packets cost more than their
 * text. The right edge that was promised never moves left. What is offered begins small and grows as the peer shows
 * that its segments are worth their memory (rcv_ssthresh); a peer of tiny segments never gets to fill the buffer.
 *
 * A buffer that the program did not set grows by measurement (dynamic right-sizing, as Linux does it): what the program
 * reads in a round trip is what the peer sent in the one before, and twice that should fit.
 */
#include "tcp/recvq.h"

enum {
	INITIAL_SEGMENTS = 10,
	TEXT_WORTH_GROWTH = 128 /* shorter segments say nothing about the next ones */
};

/* ---- sizes ---- */

/* How much text is offered for so many bytes of memory. */
static uint32_t text_for(const struct stack *s, size_t memory)
{
	int scale = s->sysctl[SYSCTL_TCP_ADV_WIN_SCALE];

	return (uint32_t)(scale > 0 ? memory - (memory >> scale) : memory >> -scale);
}

/* The other way round. */
static size_t memory_for(const struct stack *s, uint64_t text)
{
	int scale = s->sysctl[SYSCTL_TCP_ADV_WIN_SCALE];

	return (size_t)(scale > 0 ? (text << scale) / ((1u << scale) - 1) : text << -scale);
}

static uint32_t max_window(const struct tcp_conn *c)
{
	return UINT32_C(65535) << c->rcv_wscale;
}

uint32_t tcp_window_most(const struct tcp_conn *c)
{
	return MIN(text_for(c->stack, c->rcvbuf), max_window(c));
}

static uint32_t free_text(const struct tcp_conn *c)
{
	size_t charge = tcp_recvq_charge(c);

	return charge < c->rcvbuf ? text_for(c->stack, c->rcvbuf - charge) : 0;
}

/* The window that our last segment offered, of which some may be used up now. */
static uint32_t last_told(const struct tcp_conn *c)
{
	return c->rcv.adv - c->rcv.acked;
}

/* ---- at the beginning ---- */

uint32_t tcp_window_first(const struct tcp_conn *c, uint16_t mss, uint8_t *wscale)
{
	const int32_t *sysctl = c->stack->sysctl;
	uint32_t most = MIN(text_for(c->stack, c->rcvbuf), UINT32_C(65535) << TCP_WSCALE_MAX);
	uint32_t first = MIN(most, 65535), ever = most;

	if (!c->wishes.rcvbuf_locked)
		ever = MAX(ever, (uint32_t)MAX(sysctl[SYSCTL_TCP_RMEM_MAX], sysctl[SYSCTL_RMEM_MAX]));
	int bits = 32 - __builtin_clz(ever | 65535);
	*wscale = sysctl[SYSCTL_TCP_WINDOW_SCALING] ? (uint8_t)MIN(bits - 16, TCP_WSCALE_MAX) : 0;
	return mss && first > mss ? first - first % mss : first;
}

void tcp_window_init(struct tcp_conn *c)
{
	c->rcv_ssthresh = tcp_window_first(c, c->advmss, &c->rcv_wscale);
}

void tcp_window_start(struct tcp_conn *c)
{
	c->rcv.adv = c->rcv.nxt + c->rcv_ssthresh;
	c->rcv.acked = c->rcv.nxt;
	if (!c->wscale_on)
		c->rcv_wscale = 0;
}

/* ---- what is offered ---- */

/* RFC 9293 3.8.6.2.2 (MUST-39): nothing instead of something silly, and steps of whole segments. */
uint32_t tcp_window_now(const struct tcp_conn *c)
{
	uint32_t most = tcp_window_most(c), room = free_text(c), unit = UINT32_C(1) << c->rcv_wscale;
	uint32_t mss = MIN(c->rcv_mss, most), old = tcp_rcv_wnd(c);

	if (room < most / 2) {
		room -= room % unit; /* rounding up below must not make it larger */
		if (room < most / 16 || room < mss || !room)
			return 0;
	}
	room = MIN(room, c->rcv_ssthresh);
	if (c->rcv_wscale)
		return (room + unit - 1) / unit * unit;
	if (old <= room && room - old < mss)
		return old;
	return room - room % MAX(mss, 1);
}

static void count_zero(struct tcp_conn *c, uint32_t old, uint32_t new)
{
	if (old && !new) {
		mib_inc(c->stack, MIB_TcpExtTCPToZeroWindowAdv);
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 9293 3.8.6", "the receive buffer is full: window 0");
	} else if (!old && new) {
		mib_inc(c->stack, MIB_TcpExtTCPFromZeroWindowAdv);
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 9293 3.8.6", "the window opens again: %u", new);
	}
}

uint16_t tcp_window_to_send(struct tcp_conn *c, bool syn)
{
	if (syn)
		return (uint16_t)MIN(c->rcv_ssthresh, 65535);
	uint32_t unit = UINT32_C(1) << c->rcv_wscale;
	uint32_t told = last_told(c), old = tcp_rcv_wnd(c), new = tcp_window_now(c);

	if (tcp_mem_pressure(c->stack))
		c->rcv_ssthresh = MIN(c->rcv_ssthresh, 4u * c->advmss);
	if (free_text(c) < tcp_window_most(c) / 2)
		c->quick = 0;
	if (new < old) { /* MUST-34: the promised edge stays */
		if (!new)
			mib_inc(c->stack, MIB_TcpExtTCPWantZeroWindowAdv);
		new = (old + unit - 1) / unit *unit;
	}
	new = MIN(new, max_window(c));
	count_zero(c, told, new);
	c->rcv.adv = c->rcv.nxt + new;
	return (uint16_t)(new >> c->rcv_wscale);
}

/* ---- growth ---- */

/* By how much what is offered may grow after a segment of `len` octets that cost `size`: two segments where half the
 * memory is text; else as long as such segments would fit a larger buffer nevertheless. */
static uint32_t growth(const struct tcp_conn *c, uint32_t len, size_t size)
{
	const struct stack *s = c->stack;
	uint32_t worth = text_for(s, size);
	uint32_t window = text_for(s, (size_t)s->sysctl[SYSCTL_TCP_RMEM_MAX]) / 2;

	if (worth <= len)
		return 2u * c->advmss;
	for (worth /= 2; c->rcv_ssthresh <= window; worth /= 2, window /= 2)
		if (worth <= len)
			return 2 * c->rcv_mss;
	return 0;
}

static void grow(struct tcp_conn *c, uint32_t len, size_t size)
{
	uint32_t limit = MIN(tcp_window_most(c), free_text(c));
	uint32_t step = growth(c, len, size);

	if (limit <= c->rcv_ssthresh || !step || tcp_mem_pressure(c->stack))
		return;
	c->rcv_ssthresh += MIN(limit - c->rcv_ssthresh, MAX(step, 2 * len));
	c->quick |= 1;
}

void tcp_window_clamp(struct tcp_conn *c)
{
	size_t most = (size_t)c->stack->sysctl[SYSCTL_TCP_RMEM_MAX];
	size_t charge = tcp_recvq_charge(c);

	c->quick = 0;
	if (c->rcvbuf < most && !c->wishes.rcvbuf_locked && !tcp_mem_pressure(c->stack))
		c->rcvbuf = (uint32_t)MIN(MAX(charge, c->rcvbuf), most);
	if (charge > c->rcvbuf)
		c->rcv_ssthresh = MIN(tcp_window_most(c), 2u * c->advmss);
}

/* ---- the round trip, as the receiver sees it ---- */

static void rtt_update(struct tcp_stats *st, uint32_t us, bool exact)
{
	uint32_t old = st->rcvq.rtt_us;

	if (!old || (!exact && us < old))
		st->rcvq.rtt_us = us;
	else if (exact)
		st->rcvq.rtt_us = old - old / 8 + us / 8;
}

/* By the echo of our timestamp; without timestamps, by the time a whole window takes to arrive, which is no less. */
static void measure_rtt(struct tcp_conn *c, struct tcp_stats *st, const struct tcp_seg *seg)
{
	uint64_t now = stack_now(c->stack);

	if (c->ts_on && seg->opt.has_ts) {
		uint32_t ms = tcp_ts_clock(c->stack) + c->ts_offset - seg->opt.tsecr;
		if (seg->len / seg->segs >= c->rcv_mss && ms < INT32_MAX / 1000)
			rtt_update(st, MAX(ms, 1) * 1000, true);
		return;
	}
	if (st->rcvq.rtt_ns && seq_lt(c->rcv.nxt, st->rcvq.rtt_seq))
		return;
	if (st->rcvq.rtt_ns)
		rtt_update(st, (uint32_t)MIN(MAX((now - st->rcvq.rtt_ns) / NS_PER_US, 1), UINT32_MAX), false);
	st->rcvq.rtt_seq = c->rcv.nxt + last_told(c);
	st->rcvq.rtt_ns = now;
}

/* ---- right-sizing ---- */

static void measure_anew(struct tcp_conn *c, struct tcp_stats *st, uint32_t space)
{
	st->rcvq.space = space;
	st->rcvq.copied_seq = tcp_recvq_head(c);
	st->rcvq.began_ns = stack_now(c->stack);
}

void tcp_window_text(struct tcp_conn *c, const struct tcp_seg *seg, size_t size)
{
	struct tcp_stats *st = tcp_stats_of(c);

	if (st && !st->rcvq.space)
		measure_anew(c, st, MIN(MIN(c->rcv_ssthresh, tcp_rcv_wnd(c)), INITIAL_SEGMENTS * c->advmss));
	if (st)
		measure_rtt(c, st, seg);
	if (seg->len >= TEXT_WORTH_GROWTH)
		grow(c, seg->len, size);
}

/* The program read `copied` in the last round trip and `space` in the one before: room for twice that, and more the
 * faster it grows, as a sender in slow start doubles each round trip. */
static void enlarge(struct tcp_conn *c, uint32_t copied, uint32_t space)
{
	struct stack *s = c->stack;
	uint64_t window = 2 * (uint64_t)copied + 16u * c->advmss;
	uint64_t most = (uint64_t)s->sysctl[SYSCTL_TCP_RMEM_MAX];

	window += 2 * (window * (copied - space) / space);
	uint64_t rcvbuf = MIN(memory_for(s, MIN(window, most)), most);
	if (rcvbuf > c->rcvbuf) {
		TRACE(s, LAYER_TCP, NULL, "", "receive buffer %u -> %u octets (sysctl tcp_moderate_rcvbuf)",
			c->rcvbuf, (uint32_t)rcvbuf);
		c->rcvbuf = (uint32_t)rcvbuf;
	}
}

void tcp_window_read(struct tcp_conn *c)
{
	struct tcp_stats *st = c->stats;

	if (!st || !st->rcvq.rtt_us || stack_now(c->stack) - st->rcvq.began_ns < st->rcvq.rtt_us * NS_PER_US)
		return;
	uint32_t copied = tcp_recvq_head(c) - st->rcvq.copied_seq, space = MAX(st->rcvq.space, 1);
	if (copied > space && c->stack->sysctl[SYSCTL_TCP_MODERATE_RCVBUF] && !c->wishes.rcvbuf_locked)
		enlarge(c, copied, space);
	measure_anew(c, st, MAX(copied, space));
}

/* ---- STATUS ---- */

void tcp_recv_info(const struct tcp_conn *c, struct tcp_info *info)
{
	info->rcv_mss = c->rcv_mss;
	info->ato_ms = c->ato_ms;
	info->rcv_wnd = tcp_rcv_wnd(c);
	info->rcv_ssthresh = c->rcv_ssthresh;
	info->unread_bytes = (uint32_t)tcp_recvq_unread(c);
	info->last_rcv_ns = c->ato_ms ? tcp_ms_since(c->stack, c->text_ms) * NS_PER_MS : 0;
	if (!c->stats)
		return;
	info->rcv_space = c->stats->rcvq.space;
	info->rcv_rtt_us = c->stats->rcvq.rtt_us;
}
