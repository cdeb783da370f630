/* SPDX-License-Identifier: MIT */
/* Receiving, from the inside: what recvq.c, window.c and delack.c share, and what tests look at. */
#ifndef TCP_RECVQ_H
#define TCP_RECVQ_H

#include "tcp/internal.h"

/* How many segments are acknowledged at once: at the start and after trouble; when a router marks. */
enum { TCP_QUICK_MOST = 16, TCP_QUICK_ECN = 2 };

/* Text without a gap: [start, end), in packets that follow each other. */
struct tcp_run {
	struct list node;   /* in recvq->runs, by start */
	struct list recent; /* in recvq->recent */
	struct list pkts;   /* of struct pkt, data at their text */
	uint32_t start, end;
};

struct tcp_recvq {
	struct tcp_run ready;  /* [first octet not read yet, RCV.NXT); in no list */
	struct list runs;      /* of struct tcp_run: what came out of order; between two is a gap */
	struct list recent;    /* the same, the one that a segment touched last first (RFC 2018 4) */
	struct tcp_sack dsack; /* to be reported as come twice; empty: nothing */
	size_t charge;	       /* bytes of memory held: whole buffers */
	uint32_t fin;	       /* sequence number of a FIN that came out of order, where has_fin */
	bool has_fin;
	uint16_t since_collapse; /* packets queued since then */
};

/* ---- recvq.c ---- */

void tcp_recvq_forget(struct tcp_conn *c, struct pkt *p); /* takes it out of the queue and off its account */
void tcp_recvq_rest(struct tcp_conn *c);		  /* the queue goes, if it holds nothing any more */

/* Memory that the queue holds, 0 where there is none. */
static inline size_t tcp_recvq_charge(const struct tcp_conn *c)
{
	return c->recvq ? c->recvq->charge : 0;
}

/* Sequence number of the first octet that the program has not read. */
static inline uint32_t tcp_recvq_head(const struct tcp_conn *c)
{
	return c->recvq ? c->recvq->ready.start : c->rcv.nxt;
}

static inline bool tcp_recvq_has_gap(const struct tcp_conn *c)
{
	return c->recvq && !list_empty(&c->recvq->runs);
}

/* ---- window.c ---- */

/* What would be offered now, by what is free and not by what was promised. */
uint32_t tcp_window_now(const struct tcp_conn *c);

/* The largest that can be offered with this buffer. */
uint32_t tcp_window_most(const struct tcp_conn *c);

/* New text of a segment was queued and cost `size` bytes of memory. */
void tcp_window_text(struct tcp_conn *c, const struct tcp_seg *seg, size_t size);

/* The program has read: measures how fast it does, and enlarges the buffer to match. */
void tcp_window_read(struct tcp_conn *c);

/* The queue has outgrown the buffer: a buffer that tunes itself follows, otherwise the window stops growing. */
void tcp_window_clamp(struct tcp_conn *c);

/* ---- delack.c ---- */

/* New text has come (before it is queued): how dense the peer's segments follow, and how long they are. */
void tcp_delack_text(struct tcp_conn *c, const struct tcp_seg *seg);

/* And after that: an ACK at once, or later. */
void tcp_delack_decide(struct tcp_conn *c, bool now);

/* The peer's FIN counts, in the state after it; `filled`: it had come before and waited. As with Linux its ACK waits where a
 * program may close in answer, so that our FIN bears it. */
void tcp_delack_fin(struct tcp_conn *c, bool filled);

/* The program has read `n` bytes: is the window so much larger that the peer should know? */
void tcp_delack_read(struct tcp_conn *c, size_t n);

#endif
