/* SPDX-License-Identifier: MIT */
/* TCP (RFC 9293): what inet.c and the shell see of it. Programs use net/sock.h. */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include "net/stack.h"
#include "net/tcp_info.h"

extern const struct proto tcp_proto;

struct sock;

/* One endpoint, as ss lists them: a connection, a listener, or a half-open or TIME-WAIT entry. Host order. */
struct tcp_row {
	const struct sock *sk; /* NULL: none (orphan, not accepted yet, half-open, TIME-WAIT) */
	enum tcp_state state;
	uint32_t local, remote;
	uint16_t local_port, remote_port;
	uint32_t recvq, sendq; /* bytes; of a listener: connections to accept, and the backlog */
	struct tcp_info info;  /* of half-open and TIME-WAIT entries only state, timer and timer_ns */
};

/* Listeners first, then the others by no particular order that is the same in every run. `fn` may change nothing. */
void tcp_each(struct stack *s, void (*fn)(void *ctx, const struct tcp_row *row), void *ctx);

/* `ss -s`, `stat`: how many there are now. */
struct tcp_stat {
	size_t connections, listeners, half_open, time_wait, orphans;
	size_t memory; /* bytes that queues hold, true sizes */
};
void tcp_stat(const struct stack *s, struct tcp_stat *st);

#endif
