/* SPDX-License-Identifier: MIT */
/* NewReno (RFC 5681 3.1), named "reno" as in Linux: one segment more per round trip, half after a loss. */
#include "tcp/recovery.h"

static void on_ack(struct tcp_conn *c, uint32_t acked)
{
	struct tcp_newreno *nr = &c->flight->cc.newreno;

	if (c->cwnd < c->ssthresh)
		acked = tcp_slow_start(c, acked);
	nr->acked += acked;
	if (nr->acked < c->cwnd)
		return;
	nr->acked -= MIN(nr->acked, c->cwnd);
	tcp_cwnd_set(c, (uint64_t)c->cwnd + c->mss);
}

/* Half of FlightSize, without what limited transmit added (RFC 5681 3.2). */
static uint32_t on_loss(struct tcp_conn *c)
{
	c->flight->cc.newreno.acked = 0;
	return MAX(MIN(c->cwnd, c->snd.nxt - c->snd.una) / 2, 2u * c->mss);
}

/* on_loss() has said it all; cwnd and ssthresh come back by recovery.c. */
static void nothing(struct tcp_conn *c)
{
	(void)c;
}

const struct tcp_cc tcp_newreno = {
	.name = "reno", .on_ack = on_ack, .on_loss = on_loss, .on_rto = nothing, .on_undo = nothing};
