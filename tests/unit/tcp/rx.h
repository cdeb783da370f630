/* SPDX-License-Identifier: MIT */
/*
 * What the tests of receiving share: a connection in ESTABLISHED that is made by hand and gets its segments by hand, so
 * that nothing but the receive queue, the window and the decision to acknowledge is at work. Text is numbered from 0.
 */
#ifndef TESTS_UNIT_TCP_RX_H
#define TESTS_UNIT_TCP_RX_H

#include "ip/ip.h"
#include "tcp/recvq.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

enum { RX_MSS = 1448 };

struct rx {
	struct lab *l;
	struct stack *s;
	struct tcp_conn *c;
	uint32_t base; /* sequence number of octet 0 */
};

static const struct proto *const rx_protos[] = {&ip_proto, &tcp_proto, NULL};

static inline struct rx rx_new(void)
{
	struct rx r = {.l = lab_new(), .base = unit_late ? UINT32_MAX - 700 : 5000};

	r.l->world.protos = rx_protos;
	r.s = lab_host(r.l, "h1");
	r.c = tcp_conn_new(r.s);
	r.c->state = TCP_ESTABLISHED;
	r.c->sack_on = r.c->wscale_on = true;
	r.c->advmss = RX_MSS;
	r.c->rcv_mss = RX_MSS;
	r.c->rcv.irs = r.base - 1;
	r.c->rcv.nxt = r.base;
	tcp_window_init(r.c);
	tcp_window_start(r.c);
	return r;
}

/* A window that bounds nothing. */
static inline void rx_open_wide(struct rx *r)
{
	r->c->rcvbuf = 1 << 30;
	r->c->rcv_wscale = 14;
	r->c->rcv_ssthresh = 1 << 29;
	r->c->rcv.adv = r->c->rcv.nxt + (1 << 29);
}

static inline void rx_free(struct rx *r)
{
	size_t packets = pool_in_use(&r->l->world.pkts.small) + pool_in_use(&r->l->world.pkts.big);

	tcp_take_dirty(tcp_of(r->s));
	tcp_recvq_free(r->c);
	CU_ASSERT_EQUAL(tcp_of(r->s)->memory, 0);
	CU_ASSERT_EQUAL(pool_in_use(&tcp_of(r->s)->recvqs), 0);
	CU_ASSERT_EQUAL(pool_in_use(&tcp_of(r->s)->runs), 0);
	CU_ASSERT(packets >= pool_in_use(&r->l->world.pkts.small) + pool_in_use(&r->l->world.pkts.big));
	tcp_conn_free(r->c);
	lab_free(r->l);
}

/* A segment with `text` for [at, at + len), in a buffer of the size that fits, or of the big kind. True: FIN passed. */
static inline bool rx_put(struct rx *r, uint32_t at, const void *text, uint32_t len, uint16_t flags, bool big)
{
	struct pkt *p = stack_pkt(r->s, big ? PKT_SMALL_ROOM : len);
	struct tcp_seg seg = {.seq = r->base + at, .len = len, .segs = 1, .flags = TCP_ACK | flags, .p = p};

	seg.end = seg.seq + len + (flags & TCP_FIN ? 1 : 0);
	if (len)
		memcpy(pkt_put(p, len), text, len);
	bool passed = tcp_text(r->c, &seg);
	if (seg.p)
		pkt_done(seg.p);
	tcp_take_dirty(tcp_of(r->s));
	return passed;
}

/* What octet `i` is in the first version of the text, and in others. */
static inline uint8_t rx_octet(uint32_t i, unsigned version)
{
	return (uint8_t)(i * 7 + (i >> 8) + version * 101);
}

static inline bool rx_text(struct rx *r, uint32_t at, uint32_t len, unsigned version, uint16_t flags)
{
	uint8_t *text = malloc(len + 1);

	for (uint32_t i = 0; i < len; i++)
		text[i] = rx_octet(at + i, version);
	bool passed = rx_put(r, at, text, len, flags, false);
	free(text);
	return passed;
}

/* RCV.NXT, counted as the text is. */
static inline uint32_t rx_nxt(const struct rx *r)
{
	return r->c->rcv.nxt - r->base;
}

/* An ACK leaves, if one is asked for: its SACK blocks, counted as the text is. */
struct rx_ack {
	bool sent;
	uint32_t wnd; /* bytes */
	unsigned n;
	struct tcp_sack blocks[TCP_SACKS_MAX];
};

static inline struct rx_ack rx_ack(struct rx *r)
{
	struct rx_ack a = {.sent = r->c->want & TCP_WANT_ACK};

	if (!a.sent)
		return a;
	r->c->want = 0;
	CU_ASSERT_EQUAL(
		tcp_sack_count(r->c, TCP_SACKS_MAX), (a.n = tcp_sack_blocks(r->c, a.blocks, TCP_SACKS_MAX)));
	for (unsigned i = 0; i < a.n; i++) {
		a.blocks[i].start -= r->base;
		a.blocks[i].end -= r->base;
	}
	a.wnd = (uint32_t)tcp_window_to_send(r->c, false) << r->c->rcv_wscale;
	tcp_ack_sent(r->c);
	return a;
}

#define RX_BLOCK(a, i, from, to) \
	CU_ASSERT((a).n > (i) && (a).blocks[i].start == (from) && (a).blocks[i].end == (to))

/* Reads everything there is; the text must be the first version of [at, at + len) and no more. */
static inline void rx_expect(struct rx *r, uint32_t at, uint32_t len)
{
	uint8_t b[4096];

	for (uint32_t end = at + len; at < end;) {
		ssize_t n = tcp_recvq_read(r->c, b, sizeof(b), 0);
		CU_ASSERT_FATAL(n > 0 && (uint32_t)n <= end - at);
		for (ssize_t i = 0; i < n; i++, at++)
			CU_ASSERT_EQUAL_FATAL(b[i], rx_octet(at, 0));
	}
	CU_ASSERT_EQUAL(tcp_recvq_read(r->c, b, sizeof(b), 0), 0);
	tcp_take_dirty(tcp_of(r->s));
}

#endif
