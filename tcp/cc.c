/* SPDX-License-Identifier: MIT */
/* Congestion control: what all algorithms share. */
#include "tcp/recovery.h"

static const struct tcp_cc *const algorithms[] = {&tcp_newreno, &tcp_cubic};

const struct tcp_cc *tcp_cc_by_number(int i)
{
	return i >= 0 && (size_t)i < ARRAY_SIZE(algorithms) ? algorithms[i] : NULL;
}

const struct tcp_cc *tcp_cc_of(const struct tcp_conn *c)
{
	return tcp_cc_by_number(c->cc - 1);
}

const struct tcp_cc *tcp_cc_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		if (strcmp(algorithms[i]->name, name) == 0)
			return algorithms[i];
	}
	return NULL;
}

const char *tcp_cc_name(const struct tcp_cc *cc)
{
	return cc->name;
}

void tcp_cc_set(struct tcp_conn *c, const struct tcp_cc *cc)
{
	if (tcp_cc_of(c) == cc)
		return;
	c->cc = 1;
	while (tcp_cc_of(c) != cc)
		c->cc++;
	if (c->flight) {
		memset(&c->flight->cc, 0, sizeof(c->flight->cc));
		memset(&c->flight->cc_prior, 0, sizeof(c->flight->cc_prior));
	}
}

/* ---- windows ---- */

uint32_t tcp_initial_window(const struct tcp_conn *c)
{
	return MIN(10u * c->mss, MAX(2u * c->mss, 14600u));
}

void tcp_cwnd_set(struct tcp_conn *c, uint64_t cwnd)
{
	c->cwnd = (uint32_t)MIN(MAX(cwnd, c->mss), TCP_CWND_MAX);
}

/* RFC 5681 3.1: one segment after a SYN that was lost. */
void tcp_cc_init(struct tcp_conn *c)
{
	bool syn_was_lost = c->retries > 0;

	if (!c->cc)
		c->cc = (uint8_t)(1 + c->stack->sysctl[SYSCTL_TCP_CONGESTION_CONTROL]);
	c->ssthresh = UINT32_MAX;
	tcp_cwnd_set(c, syn_was_lost ? c->mss : tcp_initial_window(c));
	rtt_init(c, syn_was_lost);
	c->retries = 0;
}

uint32_t tcp_slow_start(struct tcp_conn *c, uint32_t acked)
{
	uint32_t most = c->ca_state == TCP_CA_LOSS ? c->mss : acked; /* RFC 3465 2.3 */
	uint32_t n = hystart_grow(c, MIN(acked, most)), before = c->cwnd;

	tcp_cwnd_set(c, MIN((uint64_t)c->cwnd + n, c->ssthresh));
	return c->cwnd < c->ssthresh ? 0 : acked - MIN(acked, c->cwnd - before);
}

/* ---- was it cwnd that held us back? (RFC 7661, RFC 2861 3.1) ---- */

/* What matters is the fullest moment of a round trip. */
void cc_sent(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;
	uint32_t pipe = tcp_in_flight(c);
	bool limited = pipe + c->mss > c->cwnd;

	if (!limited && !tcp_unsent(c) && list_empty(&f->lost))
		f->rate.limited_until = f->rate.delivered + pipe + 1;
	if (seq_le(f->usage.end, c->snd.una) || limited || pipe > f->usage.most) {
		f->usage.limited = limited;
		f->usage.most = pipe;
		f->usage.end = c->snd.nxt;
	}
}

/* In slow start half a window in use is enough, since it is to double. */
static bool is_limited(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight;

	if (c->cwnd < c->ssthresh)
		return c->cwnd < 2 * (uint64_t)f->usage.most;
	return f->usage.limited;
}

void cc_ack(struct tcp_conn *c, const struct tcp_ack *a)
{
	bool progress = c->flight->rack.reordering_seen ? a->delivered > 0 : a->una_moved;

	if (recovery_is_reducing(c))
		recovery_reduce(c, a->delivered, a->lost, a->una_moved);
	else if (progress && a->delivered && !a->ended && is_limited(c))
		tcp_cc_of(c)->on_ack(c, a->delivered);
}

/* RFC 5681 4.1, and of RFC 2861 that ssthresh remembers how far we had come. */
void tcp_idle_restart(struct tcp_conn *c)
{
	uint32_t restart = MIN(tcp_initial_window(c), c->cwnd);

	if (!c->stack->sysctl[SYSCTL_TCP_SLOW_START_AFTER_IDLE] || c->snd.una != c->snd.nxt ||
		!c->last_send_ms)
		return;
	if (tcp_ms_since(c->stack, c->last_send_ms) * NS_PER_MS <= tcp_rto_ns(c) || c->cwnd == restart)
		return;
	TRACE(c->stack, LAYER_TCP, NULL, "RFC 5681 4.1", "idle: cwnd %u -> %u", c->cwnd, restart);
	if (c->ssthresh != UINT32_MAX)
		c->ssthresh = MAX(c->ssthresh, c->cwnd / 4 * 3);
	c->cwnd = restart;
}
