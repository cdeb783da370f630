/* SPDX-License-Identifier: MIT */
/* The sockets of a host as ss, netstat and tcp list them. */
#ifndef SHELL_SOCKETS_H
#define SHELL_SOCKETS_H

#include "net/sock.h"
#include "tcp/tcp.h"

enum socket_kind { SOCKET_RAW, SOCKET_UDP, SOCKET_TCP, SOCKET_KINDS };

extern const char *const socket_kind_names[SOCKET_KINDS]; /* "raw", "udp", "tcp" */

/* A TCP endpoint, or a socket of another kind in the same form: CLOSED, or ESTABLISHED when it is connected. A raw
 * socket's local port is its protocol number. */
struct socket_row {
	enum socket_kind kind;
	struct tcp_row end;
};

typedef void socket_fn(void *ctx, const struct socket_row *row);

/* Raw sockets, UDP sockets, TCP's listeners and TCP's others: those of 1 << enum socket_kind. */
void sockets_each(struct stack *s, unsigned kinds, socket_fn *fn, void *ctx);

/* How many of a kind. */
size_t sockets_count(struct stack *s, enum socket_kind kind);

#endif
