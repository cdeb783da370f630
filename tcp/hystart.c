/* SPDX-License-Identifier: MIT */
/*
 * HyStart++ (RFC 9406). When the least RTT of a round is clearly above that of the round before, a queue is building
 * up and slow start is about to overrun it. That may be a false alarm, so growth first slows to a quarter
 * (conservative slow start) for five rounds; if the RTT falls below where it was when that began, slow start goes on.
 * With tcp_hystart_css_rounds 0 slow start ends there and then, as Linux's does.
 *
 * Only the first slow start, which knows nothing of the path, needs this (4.3).
 */
#include "tcp/recovery.h"

enum { SAMPLES = 8, CSS_DIVISOR = 4, RTT_DIVISOR = 8 };
#define MIN_THRESH_NS (4 * NS_PER_MS)
#define MAX_THRESH_NS (16 * NS_PER_MS)

static unsigned max_css_rounds(const struct tcp_conn *c)
{
	return (unsigned)c->stack->sysctl[SYSCTL_TCP_HYSTART_CSS_ROUNDS];
}

/* A round is over when the first octet that was sent after it began is acknowledged. */
static void begin_round(struct tcp_conn *c, struct tcp_hystart *h)
{
	h->last_min_ns = h->begun ? h->min_ns : UINT64_MAX;
	h->begun = true;
	h->round_end = c->snd.nxt;
	h->min_ns = UINT64_MAX;
	h->samples = 0;
	h->css_rounds += h->css;
}

static void sample(struct tcp_hystart *h, uint64_t rtt_ns)
{
	if (!rtt_ns)
		return;
	h->min_ns = MIN(h->min_ns, rtt_ns);
	h->samples = (uint8_t)MIN(h->samples + 1, UINT8_MAX);
}

static bool is_rising(const struct tcp_hystart *h)
{
	uint64_t thresh = MIN(MAX(h->last_min_ns / RTT_DIVISOR, MIN_THRESH_NS), MAX_THRESH_NS);

	return h->last_min_ns != UINT64_MAX && h->min_ns >= h->last_min_ns + thresh;
}

static void look(struct tcp_conn *c, struct tcp_hystart *h)
{
	if (h->samples < SAMPLES + (max_css_rounds(c) == 0)) /* Linux waits for one more */
		return;
	if (!h->css && is_rising(h)) {
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 9406 4.2", "the RTT rises: slow start slows down");
		h->css = true;
		h->css_base_ns = h->min_ns;
		h->css_rounds = 0;
	} else if (h->css && h->min_ns < h->css_base_ns) {
		h->css = false;
	}
}

uint32_t hystart_grow(struct tcp_conn *c, uint32_t n)
{
	struct tcp_hystart *h = &c->flight->hystart;

	if (c->ssthresh != UINT32_MAX)
		return n;
	if (!h->begun || seq_gt(c->snd.una, h->round_end))
		begin_round(c, h);
	sample(h, c->flight->rtt_ns);
	look(c, h);
	if (h->css && h->css_rounds >= max_css_rounds(c)) {
		mib_inc(c->stack, MIB_TcpExtTCPHystartDelayDetect);
		c->ssthresh = c->cwnd;
		return 0;
	}
	return h->css ? n / CSS_DIVISOR : n;
}
