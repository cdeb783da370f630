/* SPDX-License-Identifier: MIT */
/* The sockets of a host as ss, netstat and tcp list them. */
#include "shell/sockets.h"

#include "net/wire_ip.h"

const char *const socket_kind_names[SOCKET_KINDS] = {"raw", "udp", "tcp"};

struct each_tcp {
	socket_fn *fn;
	void *ctx;
};

static void give_tcp(void *ctx, const struct tcp_row *end)
{
	struct each_tcp *e = ctx;

	e->fn(e->ctx, &(struct socket_row){.kind = SOCKET_TCP, .end = *end});
}

static bool is_of_kind(const struct sock *sk, enum socket_kind kind)
{
	if (kind == SOCKET_RAW)
		return sk->type == SOCK_RAW;
	return kind == SOCKET_UDP && sk->type == SOCK_DGRAM && sk->extra->protocol == IP_PROTO_UDP;
}

static void give_socks(struct stack *s, enum socket_kind kind, socket_fn *fn, void *ctx)
{
	list_each(sk, &s->socks, struct sock, node) {
		const struct sock_extra *x = sk->extra;

		if (!is_of_kind(sk, kind))
			continue;
		struct socket_row row = {.kind = kind,
			.end = {.sk = sk,
				.state = x->peer.ip ? TCP_ESTABLISHED : TCP_CLOSED,
				.local = x->local.ip,
				.remote = x->peer.ip,
				.local_port = kind == SOCKET_RAW ? x->protocol : x->local.port,
				.remote_port = x->peer.port,
				.recvq = sock_rx_bytes(sk),
				.sendq = (uint32_t)sock_unsent(sk)}};
		fn(ctx, &row);
	}
}

void sockets_each(struct stack *s, unsigned kinds, socket_fn *fn, void *ctx)
{
	struct each_tcp e = {fn, ctx};

	if (kinds & 1u << SOCKET_RAW)
		give_socks(s, SOCKET_RAW, fn, ctx);
	if (kinds & 1u << SOCKET_UDP)
		give_socks(s, SOCKET_UDP, fn, ctx);
	if (kinds & 1u << SOCKET_TCP)
		tcp_each(s, give_tcp, &e);
}

static void count(void *ctx, const struct socket_row *row)
{
	(void)row;
	++*(size_t *)ctx;
}

size_t sockets_count(struct stack *s, enum socket_kind kind)
{
	size_t n = 0;

	sockets_each(s, 1u << kind, count, &n);
	return n;
}
