/* SPDX-License-Identifier: MIT */
/*
 * A connection without a network, for what acknowledgments do: the test says what output sends and what the peer
 * answers, and moves the clock by hand, so every number can be known beforehand. Nothing here runs the loop.
 */
#ifndef TESTS_UNIT_TCP_FLIGHT_H
#define TESTS_UNIT_TCP_FLIGHT_H

#include "tcp/recovery.h"
#include "tests/unit/lab.h"

#include <stdlib.h>

enum { MSS = 1000 };

struct flight_bench {
	struct lab *l;
	struct stack *s;
	struct tcp *tcp, *host_tcp;
	struct tcp_conn *c;
	uint32_t base; /* sequence number of the first byte */
};

static inline void flight_open(struct flight_bench *b, bool sack)
{
	b->l = lab_new();
	b->s = lab_host(b->l, "h");
	b->host_tcp = b->s->tcp;
	b->tcp = b->s->tcp = calloc(1, sizeof(*b->tcp));
	b->tcp->stack = b->s;
	work_init(&b->tcp->output_work, tcp_attend);
	pool_init(&b->tcp->conns, "conns", sizeof(struct tcp_conn), 0, 0);
	pool_init(&b->tcp->flights, "flights", sizeof(struct tcp_flight), 0, 0);
	pool_init(&b->tcp->sent, "sent", sizeof(struct tcp_sent), 0, 0);
	pool_init(&b->tcp->stats, "stats", sizeof(struct tcp_stats), 0, 0);
	b->c = tcp_conn_new(b->s);
	b->base = unit_late ? UINT32_MAX - 5 * MSS : 100000;
	b->c->state = TCP_ESTABLISHED;
	b->c->sack_on = sack;
	b->c->mss = MSS;
	b->c->snd.una = b->c->snd.nxt = b->c->snd.push = b->base;
	b->c->snd.end = b->base + (1 << 30); /* always more to send */
	b->c->snd.wnd = b->c->snd.max_wnd = 1 << 30;
	b->c->snd.wl2 = b->base;
	tcp_cc_init(b->c);
}

static inline void flight_close(struct flight_bench *b)
{
	struct tcp_conn *c = b->c;

	tcp_flight_free(c);
	if (c->stats)
		pool_put(&b->tcp->stats, c->stats);
	tcp_take_dirty(b->tcp);
	work_cancel(&b->tcp->output_work);
	timer_cancel(&stack_loop(b->s)->wheel, &c->timer);
	pool_put(&b->tcp->conns, c);
	pool_exit(&b->tcp->conns);
	pool_exit(&b->tcp->flights);
	pool_exit(&b->tcp->sent);
	pool_exit(&b->tcp->stats);
	free(b->tcp);
	b->s->tcp = b->host_tcp;
	lab_free(b->l);
}

static inline void flight_wait(struct flight_bench *b, uint64_t ns)
{
	b->l->loop.now += ns;
	clock_jump(&b->l->loop.clock, b->l->loop.now);
}

/* Output sends `len` bytes more; or [from, to) again, measured from the first byte. */
static inline void flight_send(struct flight_bench *b, uint32_t len)
{
	CU_ASSERT(tcp_sent(b->c, b->c->snd.nxt, b->c->snd.nxt + len));
}

static inline void flight_resend(struct flight_bench *b, uint32_t from, uint32_t to)
{
	CU_ASSERT(tcp_sent(b->c, b->base + from, b->base + to));
}

/* The next that is lost, as segments of one MSS, goes out again. */
static inline bool flight_resend_next(struct flight_bench *b)
{
	uint32_t seq, end;

	if (!tcp_next_lost(b->c, b->c->mss, &seq, &end))
		return false;
	CU_ASSERT(tcp_sent(b->c, seq, end));
	return true;
}

/* The peer's ACK up to `ack`, with up to three SACK blocks (0, 0: none), all measured from the first byte. */
struct flight_ack {
	uint32_t ack;
	uint32_t sack[6];
	uint32_t tsecr; /* of our clock; 0: no timestamps */
	uint16_t flags;
	uint32_t wnd; /* 0: as it is */
};

static inline void flight_ack(struct flight_bench *b, struct flight_ack a)
{
	struct tcp_seg seg = {
		.flags = TCP_ACK | a.flags, .seq = b->c->rcv.nxt, .ack = b->base + a.ack, .segs = 1};

	seg.wnd = a.wnd ? a.wnd : b->c->snd.wnd;
	seg.end = seg.seq;
	for (int i = 0; i < 6 && a.sack[i + 1]; i += 2) {
		struct tcp_sack *block = &seg.opt.sacks[seg.opt.sack_count++];

		*block = (struct tcp_sack){b->base + a.sack[i], b->base + a.sack[i + 1]};
	}
	seg.opt.has_ts = a.tsecr;
	seg.opt.tsecr = a.tsecr + b->c->ts_offset;
	tcp_ack_input(b->c, &seg);
}
#define ACK(b, ...) flight_ack(b, (struct flight_ack){__VA_ARGS__})

/* Output, in segments of one MSS: lost ones first, then new ones. Returns how many. */
static inline unsigned flight_output(struct flight_bench *b)
{
	unsigned n = 0;

	while (tcp_cwnd_room(b->c) >= MSS) {
		if (!flight_resend_next(b))
			flight_send(b, MSS);
		n++;
	}
	return n;
}

/* How many bytes are in which state. */
#define FLYING(b) ((b)->c->flight->bytes[TCP_FLYING])
#define SACKED(b) ((b)->c->flight->bytes[TCP_SACKED])
#define LOST(b)	  ((b)->c->flight->bytes[TCP_LOST])

#endif
