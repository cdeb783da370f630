/* SPDX-License-Identifier: MIT */
/*
 * iperf3: the streams. A sender writes blocks until the socket takes no more (-EAGAIN) or its rate is reached; a reader
 * reads until nothing is there. Both go on by events of the socket.
 *
 * A rate is kept against the beginning of the test: block number n is due when n blocks at that rate have gone by.
 * The timer rings for the next due block, but not more often than every millisecond: then several blocks go at once.
 */
#include "app/iperf3_internal.h"

#include "lib/clock.h"
#include "net/stack.h"
#include "net/tcp_info.h"

#include <errno.h>

/* Under the virtual clock nothing takes time, so an unbounded sender between hosts in memory would send for ever in
 * one instant: there it does what a machine with a gigabit link would do, and never more than one with a hundred. */
enum { PACE_NS = 1000000, UDP_AT_ONCE = 64 };
#define VIRTUAL_RATE	 UINT64_C(1000000000)
#define VIRTUAL_RATE_MAX UINT64_C(100000000000)

static uint64_t rate_of(const struct iperf *t)
{
	if (!t->loop->clock.is_virtual)
		return t->p.rate;
	return t->p.rate ? MIN(t->p.rate, VIRTUAL_RATE_MAX) : VIRTUAL_RATE;
}

/* When the next block may go. */
static uint64_t due_ns(const struct iperf_stream *st)
{
	const struct iperf *t = st->test;
	uint64_t rate = rate_of(t), bytes = st->raw.bytes - st->base.bytes;

	return rate ? t->start_ns + (uint64_t)((double)bytes * 8e9 / (double)rate) : 0;
}

static void wait_until(struct iperf_stream *st, uint64_t due)
{
	struct loop *l = st->test->loop;

	timer_arm(&l->wheel, &st->pace, MAX(due, l->now + PACE_NS));
}

/* ---- sending ---- */

/* A block, or what is left of one. False: no more now. When the test is over, the other end may have closed before it
 * had all of the last block (with --bidir the machine's iperf3 does). */
static bool send_tcp(struct iperf_stream *st)
{
	struct iperf *t = st->test;
	size_t left = t->p.len - st->in_block;
	ssize_t n = t->shared ? sock_send_blob(st->sk, t->shared, 0, left, 0)
			      : sock_send(st->sk, t->block, left, 0, NULL);

	if (n < 0) {
		if (n != -EAGAIN && !t->running)
			st->in_block = 0;
		else if (n != -EAGAIN)
			iperf_fail(t, "error - unable to write to stream socket: %s", strerror((int)-n));
		return false;
	}
	st->raw.bytes += (uint64_t)n;
	st->in_block += (uint32_t)n;
	if (st->in_block < t->p.len)
		return true;
	st->in_block = 0;
	return true;
}

unsigned iperf_datagrams(const struct iperf_params *p)
{
	uint32_t room = p->window ? MIN(p->window, (uint32_t)IPERF_UDP_LEN_MAX) : IPERF_UDP_LEN_MAX;

	if (!p->udp || !p->gsro || p->bytes || p->blocks)
		return 1;
	return MAX(1, MIN(UDP_AT_ONCE, room / p->len));
}

/* So many, by one write. Datagrams that the network does not take (a full queue, no route for the moment) count as sent:
 * they are lost. */
static bool send_udp(struct iperf_stream *st, unsigned count)
{
	struct iperf *t = st->test;
	ssize_t n;

	for (unsigned i = 0; i < count; i++)
		iperf_udp_emit(t->block + (size_t)i * t->p.len, t->p.counters_64bit, t->loop->now,
			st->raw.packets + 1 + i);
	n = sock_send(st->sk, t->block, (size_t)count * t->p.len, 0, NULL);
	if (n == -EAGAIN)
		return false;
	if (n == -EMSGSIZE || n == -ENODEV) {
		iperf_fail(t, "error - unable to write to stream socket: %s", strerror((int)-n));
		return false;
	}
	st->raw.packets += count;
	st->raw.bytes += (uint64_t)count * t->p.len;
	return true;
}

/* Blocks that go before the clock is looked at again. */
static unsigned at_once(const struct iperf *t)
{
	return t->p.burst ? t->p.burst : iperf_datagrams(&t->p);
}

/* After the end of the test a block that was begun goes out whole: iperf3 reads no less, and would wait for it. */
static bool has_more(const struct iperf_stream *st)
{
	return st->test->running ? !iperf_is_enough(st->test) : st->in_block > 0;
}

static void send_more(struct iperf_stream *st)
{
	struct iperf *t = st->test;
	unsigned sent = 0, count; /* datagrams; of one write */

	while (has_more(st)) {
		uint64_t due = st->in_block ? 0 : due_ns(st);

		if (due > t->loop->now) {
			wait_until(st, due);
			return;
		}
		for (unsigned left = at_once(t); left; left -= count, sent += count) {
			count = MIN(iperf_datagrams(&t->p), left);
			if (!(t->p.udp ? send_udp(st, count) : send_tcp(st)))
				return;
		}
		/* Nothing stops datagrams: others must have their turn of the loop. */
		if (t->p.udp && sent >= UDP_AT_ONCE) {
			loop_post(t->loop, &st->again);
			return;
		}
	}
	if (t->running && !t->cfg.server)
		iperf_finish(t);
}

static void on_pace(struct timer *timer)
{
	iperf_stream_go(CONTAINER_OF(timer, struct iperf_stream, pace));
}

static void on_again(struct work *w)
{
	iperf_stream_go(CONTAINER_OF(w, struct iperf_stream, again));
}

/* ---- receiving ---- */

/* All three: false when nothing more is there. */
static bool receive_tcp(struct iperf_stream *st)
{
	struct iperf *t = st->test;
	ssize_t n = sock_recv(st->sk, t->block, t->p.len, t->p.skip_rx_copy ? MSG_TRUNC : 0, NULL);

	if (n > 0 && t->running)
		st->raw.bytes += (uint64_t)n;
	else if (n < 0 && n != -EAGAIN && t->running)
		iperf_fail(t, "error - unable to read from stream socket: %s", strerror((int)-n));
	return n > 0;
}

/* An error of a datagram that was sent is no reason to stop reading. */
static bool receive_udp(struct iperf_stream *st)
{
	struct iperf *t = st->test;
	struct sock_msg msg;
	ssize_t n = sock_recv(st->sk, t->block, t->p.len, 0, &msg);

	if (n >= 0 && t->running)
		iperf_udp_count(st, t->block, MIN((size_t)n, t->p.len), t->p.counters_64bit, msg.time_ns);
	return n != -EAGAIN && n != -ENODEV;
}

void iperf_stream_read(struct iperf_stream *st)
{
	while (st->test->p.udp ? receive_udp(st) : receive_tcp(st))
		;
}

/* What comes before the beginning waits, so that it counts. What comes after the end is read and does not count: the
 * other end must not wait for us. */
void iperf_stream_go(struct iperf_stream *st)
{
	struct iperf *t = st->test;

	if (!t->began)
		return;
	if (st->sender) {
		send_more(st);
		return;
	}
	iperf_stream_read(st);
	if (t->running && !t->cfg.server && iperf_is_enough(t))
		iperf_finish(t);
}

static void on_event(struct sock *sk, unsigned events, void *ctx)
{
	(void)sk;
	(void)events;
	iperf_stream_go(ctx);
}

/* ---- measuring ---- */

static struct iperf_counters minus(const struct iperf_counters *a, const struct iperf_counters *b)
{
	return (struct iperf_counters){.bytes = a->bytes - b->bytes,
		.packets = a->packets - b->packets,
		.retransmits = a->retransmits - b->retransmits,
		.lost = a->lost - b->lost,
		.out_of_order = a->out_of_order - b->out_of_order};
}

static void ask_tcp(struct iperf_stream *st)
{
	struct tcp_info info;

	if (!st->sender || st->test->p.udp || sock_tcp_info(st->sk, &info) < 0)
		return;
	st->has_info = true;
	st->raw.retransmits = info.total_retrans;
	st->cwnd = info.snd_cwnd * info.snd_mss;
	st->snd_wnd = info.snd_wnd;
	st->rtt_us = info.rtt_us;
	st->rttvar_us = info.rttvar_us;
	st->pmtu = info.pmtu;
}

static void sample_tcp(struct iperf_stream *st)
{
	st->max_cwnd = MAX(st->max_cwnd, st->cwnd);
	st->max_wnd = MAX(st->max_wnd, st->snd_wnd);
	st->max_rtt_us = MAX(st->max_rtt_us, st->rtt_us);
	st->min_rtt_us = st->samples ? MIN(st->min_rtt_us, st->rtt_us) : st->rtt_us;
	st->sum_rtt_us += st->rtt_us;
	st->samples++;
}

void iperf_stream_measure(struct iperf_stream *st, uint64_t since_ns, uint64_t now_ns)
{
	uint64_t start_ns = st->test->start_ns;

	ask_tcp(st);
	sample_tcp(st);
	st->interval = (struct iperf_row){.start_ns = since_ns - start_ns,
		.end_ns = now_ns - start_ns,
		.n = minus(&st->raw, &st->mark),
		.jitter_s = st->jitter_s};
	st->total = (struct iperf_row){
		.end_ns = now_ns - start_ns, .n = minus(&st->raw, &st->base), .jitter_s = st->jitter_s};
	st->mark = st->raw;
}

void iperf_stream_rebase(struct iperf_stream *st)
{
	ask_tcp(st);
	st->base = st->mark = st->raw;
	st->max_cwnd = st->max_wnd = st->max_rtt_us = st->min_rtt_us = st->samples = 0;
	st->sum_rtt_us = 0;
	st->jitter_s = 0;
}

/* ---- making and ending ---- */

void iperf_stream_init(struct iperf_stream *st)
{
	sock_on_event(st->sk, on_event, st);
	timer_init(&st->pace, on_pace);
	work_init(&st->again, on_again);
}

void iperf_stream_close(struct iperf_stream *st)
{
	timer_cancel(&st->test->loop->wheel, &st->pace);
	work_cancel(&st->again);
	if (st->sk)
		sock_close(st->sk);
	st->sk = NULL;
}
