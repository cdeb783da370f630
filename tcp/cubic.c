/* SPDX-License-Identifier: MIT */
/*
 * CUBIC (RFC 9438). After a loss at W_max the window follows a cubic curve of time: steep at first, flat around
 * W_max, where the path was full, and steep again beyond it:
 *
 *      W_cubic(t) = C * (t - K)^3 + W_max          K = cbrt((W_max - cwnd_epoch) / C)
 *
 * and never grows slower than a Reno with the same average would, W_est. C = 0.4 segments/s^3, beta = 0.7.
 * Windows are in bytes and times in milliseconds here, so C * (t - K)^3 segments are
 * (t - K)^3 * mss * 4 / 10^10 bytes.
 */
#include "tcp/recovery.h"

#define BETA_NUM  7 /* beta_cubic = 7 / 10 */
#define BETA_DEN  10
#define ALPHA_NUM 9 /* alpha_cubic = 3 * (1 - beta) / (1 + beta) = 9 / 17, 4.3 */
#define ALPHA_DEN 17

enum { FAR_MS = 1 << 20 }; /* (t - K) further away than this is that far: no overflow */

/* Bit by bit from the top: x = root^3 at most, 64 bits have roots of 22. */
uint32_t cubic_root(uint64_t x)
{
	uint64_t root = 0;

	for (int bit = 21; bit >= 0; bit--) {
		uint64_t try = root | UINT64_C(1) << bit;

		if (try <= 2642245 && try * try * try <= x) /* the largest whose cube has 64 bits */
			root = try;
	}
	return (uint32_t)root;
}

uint64_t cubic_window(const struct tcp_cubic_state *cu, uint32_t mss, uint64_t t_ms)
{
	bool before = t_ms < cu->k_ms;
	uint64_t d = MIN(before ? cu->k_ms - t_ms : t_ms - cu->k_ms, FAR_MS);
	uint64_t bytes = d * d * d / 1000000 * mss * 4 / 10000;

	if (before)
		return cu->origin > bytes ? cu->origin - bytes : 0;
	return cu->origin + bytes;
}

/* 4.2, 4.8: without a W_max above us (after a timeout, or a slow start that ended by itself) the plateau is here. */
static void begin_epoch(struct tcp_conn *c, struct tcp_cubic_state *cu, uint64_t now)
{
	cu->epoch_ns = now;
	cu->w_est = c->cwnd;
	cu->rest = cu->est_rest = 0;
	cu->origin = MAX(cu->w_max, c->cwnd);
	cu->k_ms = cubic_root((cu->origin - c->cwnd) * UINT64_C(2500000000) / c->mss);
}

/* 4.3: as many segments per round trip as Reno needs for the same average; one, once past the old window. */
static void grow_reno(const struct tcp_conn *c, struct tcp_cubic_state *cu, uint32_t acked)
{
	uint64_t full = (uint64_t)c->cwnd * ALPHA_DEN;

	cu->est_rest += (uint64_t)acked * c->mss * (cu->w_est < cu->cwnd_prior ? ALPHA_NUM : ALPHA_DEN);
	cu->w_est += (uint32_t)(cu->est_rest / full);
	cu->est_rest %= full;
	cu->w_est = MIN(cu->w_est, TCP_CWND_MAX);
}

/* 4.4, 4.5: towards where the curve is one round trip from now, by at most half the window a round trip. */
static void grow_cubic(struct tcp_conn *c, struct tcp_cubic_state *cu, uint64_t t_ms, uint32_t acked)
{
	uint64_t target = cubic_window(cu, c->mss, t_ms + c->srtt_us / 1000);

	target = MIN(MAX(target, c->cwnd), c->cwnd + c->cwnd / 2);
	cu->rest += (target - c->cwnd) * acked;
	uint64_t grown = c->cwnd + cu->rest / c->cwnd;
	cu->rest %= c->cwnd;
	tcp_cwnd_set(c, grown);
}

/* 5.8: time in which cwnd was not what held us back does not count. */
static void skip_idle(const struct tcp_conn *c, struct tcp_cubic_state *cu, uint64_t now)
{
	uint64_t gap = now - cu->last_ns;

	if (cu->epoch_ns && gap > 2 * c->srtt_us * NS_PER_US + 100 * NS_PER_MS)
		cu->epoch_ns += gap;
	cu->last_ns = now;
}

/* 4.3: the ACK with which congestion avoidance begins says where W_est is; those after it move it. */
static void avoid(struct tcp_conn *c, uint32_t acked)
{
	struct tcp_cubic_state *cu = &c->flight->cc.cubic;
	uint64_t now = stack_now(c->stack), t_ms;

	skip_idle(c, cu, now);
	if (!cu->epoch_ns) {
		begin_epoch(c, cu, now);
		return;
	}
	t_ms = (now - cu->epoch_ns) / NS_PER_MS;
	grow_reno(c, cu, acked);
	if (cubic_window(cu, c->mss, t_ms) < cu->w_est)
		tcp_cwnd_set(c, MAX(c->cwnd, cu->w_est));
	else
		grow_cubic(c, cu, t_ms, acked);
}

static void on_ack(struct tcp_conn *c, uint32_t acked)
{
	if (c->cwnd < c->ssthresh)
		acked = tcp_slow_start(c, acked);
	if (acked && c->cwnd >= c->ssthresh)
		avoid(c, acked);
}

/* 4.6: a share of cwnd, as Linux; which 4.6 allows instead of one of what is in flight, as cwnd only grows while it is in
 * use. 4.7: a flow that meets its limit below the last one makes room for new flows. */
static uint32_t on_loss(struct tcp_conn *c)
{
	struct tcp_cubic_state *cu = &c->flight->cc.cubic;
	bool falls = c->cwnd < cu->w_max;

	c->flight->cc_prior.cubic = *cu;
	cu->w_max = falls ? (uint32_t)((uint64_t)c->cwnd * (BETA_DEN + BETA_NUM) / (2 * BETA_DEN)) : c->cwnd;
	cu->cwnd_prior = c->cwnd;
	cu->epoch_ns = 0;
	return (uint32_t)MAX((uint64_t)c->cwnd * BETA_NUM / BETA_DEN, 2u * c->mss);
}

static void on_rto(struct tcp_conn *c)
{
	c->flight->cc.cubic.w_max = 0;
}

static void on_undo(struct tcp_conn *c)
{
	c->flight->cc.cubic = c->flight->cc_prior.cubic;
}

const struct tcp_cc tcp_cubic = {
	.name = "cubic", .on_ack = on_ack, .on_loss = on_loss, .on_rto = on_rto, .on_undo = on_undo};
