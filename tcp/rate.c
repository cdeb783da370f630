/* SPDX-License-Identifier: MIT */
/*
 * How fast the path delivers, for TCP_INFO. Each record remembers how much had been delivered when it left. When it
 * arrives, what was delivered in between, divided by the time that took, is a sample: the longer of the time it took
 * to send and the time it took to be acknowledged, so that ACKs which arrive in a bunch do not look like a fast path.
 */
#include "tcp/recovery.h"

void rate_sent(struct tcp_conn *c, struct tcp_sent *r)
{
	struct tcp_flight *f = c->flight;

	r->delivered = f->rate.delivered;
	r->delivered_ns = f->rate.delivered_ns;
	r->first_ns = f->rate.first_ns;
	r->app_limited = f->rate.delivered < f->rate.limited_until;
}

/* Of all that one ACK delivers the record that was sent last makes the sample. */
void rate_delivered(const struct tcp_sent *r, struct tcp_ack *a)
{
	if (a->rate.set && r->number <= a->rate.number)
		return;
	a->rate.set = true;
	a->rate.number = r->number;
	a->rate.delivered = r->delivered;
	a->rate.delivered_ns = r->delivered_ns;
	a->rate.sent_ns = r->sent_ns;
	a->rate.first_ns = r->first_ns;
	a->rate.app_limited = r->app_limited;
}

void rate_ack(struct tcp_conn *c, const struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	uint64_t now = stack_now(c->stack), interval, bytes;

	if (!a->delivered)
		return;
	f->rate.delivered += a->delivered;
	f->rate.delivered_ns = now;
	f->rate.first_ns = a->rate.sent_ns;
	interval = MAX(a->rate.sent_ns - a->rate.first_ns, now - a->rate.delivered_ns);
	bytes = f->rate.delivered - a->rate.delivered;
	if (!interval || interval < rtt_min_ns(c))
		return; /* faster than the path can be: a retransmission that was not needed */
	if (a->rate.app_limited && f->rate.interval_ns &&
		bytes * f->rate.interval_ns < f->rate.bytes * interval)
		return;
	f->rate.bytes = bytes;
	f->rate.interval_ns = interval;
}
