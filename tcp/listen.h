/* SPDX-License-Identifier: MIT */
/* What listening needs besides its connection record: for listen.c, half.c, cookie.c, and who looks for listeners. */
#ifndef TCP_LISTEN_H
#define TCP_LISTEN_H

#include "tcp/internal.h"

enum { TCP_HALF_LEVELS = 8 };

struct tcp_listen {
	struct hash_link link; /* in tcp->listeners; its hash is the port */
	struct tcp_conn *conn; /* in LISTEN */
	unsigned backlog;
	struct tcp_conn **accept; /* the accept queue: a ring of accept_room, the oldest at accept_first */
	unsigned accept_room, accept_first, accept_count;
	uint64_t cookie_ns; /* when the last SYN cookie was sent; 0: never */

	/* Half-open entries by how often their SYN-ACK was sent again. All of one list wait equally long, so each
	 * list is in order of time, and one timer does for all. */
	struct list halves[TCP_HALF_LEVELS];
	unsigned half_count;
	struct timer timer;
};

/* SYN-RECEIVED after a passive OPEN, from the SYN to the ACK. */
struct tcp_half {
	struct tcp_entry e;
	struct list node; /* in one of listen->halves */
	struct tcp_listen *listen;
	uint64_t due_ns; /* the SYN-ACK is sent again */
	uint32_t answered_ms;
	uint32_t iss, irs;
	uint32_t ts_recent;
	uint16_t mss; /* of the peer */
	uint16_t wnd; /* that our SYN-ACK offers */
	uint8_t retries;
	uint8_t snd_wscale : 4, rcv_wscale : 4;
	bool ts : 1, sack : 1, wscale : 1, ecn : 1; /* agreed */
	bool acked : 1; /* its ACK has come, but it could not be accepted yet, or its program waits for text */
	bool cookie : 1; /* of no list and no table: made of a cookie, or gone into one */
};

static inline struct stack *tcp_listen_stack(const struct tcp_listen *l)
{
	return l->conn->stack;
}

/* ---- listen.c ---- */

/* A SYN for this listener, in LISTEN or TIME-WAIT. `iss`: ours, if it is remembered. */
void tcp_listen_syn(struct tcp_listen *l, struct tcp_seg *seg, uint32_t iss);

/* LISTEN: what it has. */
struct tcp_listen *tcp_listen_of(const struct tcp_conn *c);

/* Sees to it that one more fits into the accept queue. False: no memory. */
bool tcp_listen_make_room(struct tcp_listen *l);

/* Into the accept queue, where there is room. */
void tcp_listen_add(struct tcp_listen *l, struct tcp_conn *c);

/* ---- half.c: half-open entries ---- */

/* What a SYN asks for and we agree to; not yet in a table. `iss`: ours. */
struct tcp_half tcp_half_of(struct tcp_listen *l, const struct tcp_seg *syn);

/* Sends the SYN-ACK. `tsval`: our timestamp, not yet shifted by its offset. */
void tcp_half_answer(struct tcp_half *h, uint32_t tsval, uint64_t parent);

/* A half-open entry for this SYN, which is answered. Without memory nothing but a counter. */
void tcp_half_open(struct tcp_listen *l, const struct tcp_seg *syn, uint32_t iss);
void tcp_half_free(struct tcp_half *h);
void tcp_half_init(struct tcp_listen *l);

/* The handshake's ACK has come: a connection in the accept queue, through which the segment goes on. */
void tcp_half_complete(struct tcp_half *h, struct tcp_seg *seg);

/* ---- cookie.c: SYN cookies (RFC 4987 3.6) ---- */

/* Answers a SYN without remembering it. */
void tcp_cookie_answer(struct tcp_listen *l, const struct tcp_seg *syn);

/* Does this ACK bring back a cookie of ours? Then *h is what its SYN was. */
bool tcp_cookie_check(struct tcp_listen *l, const struct tcp_seg *seg, struct tcp_half *h);

#endif
