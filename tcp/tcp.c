/* SPDX-License-Identifier: MIT */
/* TCP: the protocol, as inet.c sees it, and a host's TCP from its beginning to its end. */
#include "tcp/listen.h"
#include "tcp/recovery.h"
#include "tcp/recvq.h"

#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>

static void init_keys(struct tcp *tcp)
{
	struct rng rng;

	rng_fork(&tcp->stack->rng, "tcp", &rng);
	tcp->hash_key = rng_key(&rng);
	tcp->isn_key = rng_key(&rng);
	tcp->ts_key = rng_key(&rng);
	tcp->cookie_key = rng_key(&rng);
}

static void init_pools(struct tcp *tcp)
{
	pool_init(&tcp->conns, "tcp connections", sizeof(struct tcp_conn), 0, TCP_CACHED);
	pool_init(&tcp->stats, "tcp statistics", sizeof(struct tcp_stats), 0, TCP_CACHED);
	pool_init(&tcp->flights, "tcp flights", sizeof(struct tcp_flight), 0, TCP_CACHED);
	pool_init(&tcp->sent, "tcp sent", sizeof(struct tcp_sent), 0, TCP_CACHED);
	pool_init(&tcp->recvqs, "tcp receive queues", sizeof(struct tcp_recvq), 0, TCP_CACHED);
	pool_init(&tcp->runs, "tcp runs", sizeof(struct tcp_run), 0, TCP_CACHED);
	pool_init(&tcp->halves, "tcp half-open", sizeof(struct tcp_half), 0, TCP_CACHED);
}

static void exit_pools(struct tcp *tcp)
{
	pool_exit(&tcp->conns);
	pool_exit(&tcp->stats);
	pool_exit(&tcp->flights);
	pool_exit(&tcp->sent);
	pool_exit(&tcp->recvqs);
	pool_exit(&tcp->runs);
	pool_exit(&tcp->halves);
}

static int tcp_init(struct stack *s)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return -ENOMEM;
	s->tcp = tcp;
	tcp->stack = s;
	hash_init(&tcp->entries);
	hash_init(&tcp->listeners);
	port_table_init(&tcp->ports, s);
	init_keys(tcp);
	work_init(&tcp->output_work, tcp_attend);
	init_pools(tcp);
	tcp_sendq_init(tcp);
	tcp_time_wait_init(tcp);
	return 0;
}

/* ---- every connection ---- */

/* Those that are in the table. `fn` may end the one it is called for. */
static void each_listed(struct tcp *tcp, void (*fn)(struct tcp_conn *c, const void *ctx), const void *ctx)
{
	uint32_t slot = 0;
	struct hash_link *link = hash_next(&tcp->entries, &slot, NULL);

	while (link) {
		struct tcp_entry *e = CONTAINER_OF(link, struct tcp_entry, link);

		link = hash_next(&tcp->entries, &slot, link);
		if (e->kind == TCP_ENTRY_CONN)
			fn(CONTAINER_OF(e, struct tcp_conn, e), ctx);
	}
}

static void free_conn(struct tcp_conn *c, const void *ctx)
{
	(void)ctx;
	tcp_conn_free(c);
}

/* Sockets have left before, and with them the listeners. What is still here has nobody: orphans, what has just ended,
 * and TIME-WAIT. */
static void tcp_exit(struct stack *s)
{
	struct tcp *tcp = s->tcp;
	struct tcp_conn *c;

	if (!tcp)
		return;
	while ((c = tcp_take_dirty(tcp)))
		if (!c->e.listed)
			tcp_conn_free(c);
	each_listed(tcp, free_conn, NULL);
	work_cancel(&tcp->output_work);
	tcp_time_wait_exit(tcp);
	tcp_sendq_exit(tcp);
	tcp_causes_exit(tcp);
	hash_exit(&tcp->entries);
	hash_exit(&tcp->listeners);
	port_table_exit(&tcp->ports);
	exit_pools(tcp);
	free(tcp);
	s->tcp = NULL;
}

/* RFC 5227 2.4 (d): an address that is lost to another host takes its connections with it. (One that the user takes
 * away does not: it may come back.) */
static void reset_conn(struct tcp_conn *c, const void *local)
{
	if (c->e.local != *(const uint32_t *)local)
		return;
	TRACE(c->stack, LAYER_TCP, NULL, "RFC 5227 2.4", "%s is another host's: reset", TEXT_IP(c->e.local));
	tcp_abort(c, ECONNABORTED);
}

static void tcp_addr_event(struct netif_addr *a, bool gone)
{
	if (!gone && a->flags & ADDR_DUPLICATE)
		each_listed(tcp_of(a->netif->stack), reset_conn, &a->local);
}

void tcp_stat(const struct stack *s, struct tcp_stat *st)
{
	const struct tcp *tcp = s->tcp;

	*st = (struct tcp_stat){
		.connections = pool_in_use(&tcp->conns) - tcp->listeners.count,
		.listeners = tcp->listeners.count,
		.half_open = pool_in_use(&tcp->halves),
		.time_wait = pool_in_use(&tcp->time_waits),
		.orphans = tcp->orphans,
		.memory = tcp->memory,
	};
}

const struct proto tcp_proto = {
	.name = "tcp",
	.number = IP_PROTO_TCP,
	.init = tcp_init,
	.exit = tcp_exit,
	.addr_event = tcp_addr_event,
	.input = tcp_input,
	.note = tcp_note,
	.sock_ops = &tcp_sock_ops,
	.sock_type = SOCK_STREAM,
};
