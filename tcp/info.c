/* SPDX-License-Identifier: MIT */
/* STATUS (RFC 9293 3.9.1.6): all there is to know about a connection, and the list of all. */
#include "tcp/listen.h"
#include "tcp/recvq.h"

static void put_timer(const struct tcp_conn *c, struct tcp_info *info)
{
	static const struct {
		uint8_t timer, shown;
	} order[] = {
		{TCP_TIMER_REXMIT, TCP_SHOW_ON},
		{TCP_TIMER_TLP, TCP_SHOW_ON},
		{TCP_TIMER_REORDER, TCP_SHOW_ON},
		{TCP_TIMER_PROBE, TCP_SHOW_PERSIST},
		{TCP_TIMER_KEEPALIVE, TCP_SHOW_KEEPALIVE},
	};
	uint64_t now = stack_now(c->stack);

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		uint64_t due = tcp_timer_due(c, order[i].timer);
		if (due == TIMER_NEVER)
			continue;
		info->timer = order[i].shown;
		info->timer_ns = due > now ? due - now : 0;
		return;
	}
}

static void put_stats(const struct tcp_stats *st, struct tcp_info *info)
{
	info->bytes_sent = st->bytes_sent;
	info->bytes_retrans = st->bytes_retrans;
	info->bytes_received = st->bytes_received;
	info->segs_out = st->segs_out;
	info->segs_in = st->segs_in;
	info->data_segs_out = st->data_segs_out;
	info->data_segs_in = st->data_segs_in;
	info->total_retrans = st->total_retrans;
	info->rcv_ooopack = st->rcv_ooopack;
	info->rwnd_limited_ns = st->rwnd_limited_ns;
	info->sndbuf_limited_ns = st->sndbuf_limited_ns;
}

static void put_sending(const struct tcp_conn *c, struct tcp_info *info)
{
	info->snd_mss = c->mss;
	info->wmem = (uint32_t)tcp_sendq_size(c);
	info->sndbuf = c->sndbuf;
	info->rmem = (uint32_t)tcp_recvq_charge(c);
	info->rcvbuf = c->rcvbuf;
	info->snd_wnd = c->snd.wnd;
	info->snd_una = c->snd.una;
	info->snd_nxt = c->snd.nxt;
	info->iss = c->snd.iss;
	info->notsent_bytes = seq_lt(c->snd.nxt, c->snd.end) ? c->snd.end - c->snd.nxt : 0;
	info->last_snd_ns = c->last_send_ms ? tcp_ms_since(c->stack, c->last_send_ms) * NS_PER_MS : 0;
}

static void put_agreed(const struct tcp_conn *c, struct tcp_info *info)
{
	info->timestamps = c->ts_on;
	info->sack = c->sack_on;
	info->wscale = c->wscale_on;
	info->ecn = c->ecn_on;
	info->ecn_seen = c->ecn_seen;
	info->snd_wscale = c->snd_wscale;
	info->rcv_wscale = c->rcv_wscale;
	info->advmss = c->advmss;
	info->pmtu = c->mtu;
	info->irs = c->rcv.irs;
	info->rcv_nxt = c->rcv.nxt;
}

void tcp_conn_info(const struct tcp_conn *c, struct tcp_info *info)
{
	bool probes = c->snd.una == c->snd.nxt; /* nothing is there to be sent again */

	*info = (struct tcp_info){.state = c->state, .probes = probes ? c->retries : 0};
	put_timer(c, info);
	put_agreed(c, info);
	put_sending(c, info);
	tcp_recv_info(c, info);
	tcp_recovery_info(c, info);
	if (c->stats)
		put_stats(c->stats, info);
	if (c->state == TCP_LISTEN) {
		info->accept_queue = tcp_listen_of(c)->accept_count;
		info->backlog = tcp_listen_of(c)->backlog;
	}
}

/* ---- all of them ---- */

typedef void row_fn(void *ctx, const struct tcp_row *row);

static struct tcp_row row_of(const struct tcp_entry *e, const struct sock *sk)
{
	return (struct tcp_row){
		.sk = sk,
		.local = e->local,
		.remote = e->remote,
		.local_port = e->local_port,
		.remote_port = e->remote_port,
	};
}

static void tell_conn(const struct tcp_conn *c, row_fn *fn, void *ctx)
{
	struct tcp_row row = row_of(&c->e, c->sock);

	tcp_conn_info(c, &row.info);
	row.state = c->state;
	row.recvq = c->state == TCP_LISTEN ? row.info.accept_queue : (uint32_t)tcp_recvq_readable(c);
	row.sendq =
		c->state == TCP_LISTEN ? row.info.backlog : row.info.unacked_bytes + row.info.notsent_bytes;
	fn(ctx, &row);
}

/* In the order in which the sockets were opened. */
static void tell_socks(const struct stack *s, bool listening, row_fn *fn, void *ctx)
{
	list_each(sk, &s->socks, struct sock, node) {
		const struct tcp_conn *c = sk->ops == &tcp_sock_ops ? tcp_sock_conn(sk) : NULL;
		if (c && c->state != TCP_CLOSED && (c->state == TCP_LISTEN) == listening)
			tell_conn(c, fn, ctx);
	}
}

/* What has no socket: connections in accept queues and orphans, half-open and TIME-WAIT entries. */
static void tell_entry(const struct tcp_entry *e, row_fn *fn, void *ctx)
{
	const struct tcp_conn *c = CONTAINER_OF((struct tcp_entry *)(uintptr_t)e, struct tcp_conn, e);
	struct tcp_row row = row_of(e, NULL);

	if (e->kind == TCP_ENTRY_CONN) {
		if (!c->sock)
			tell_conn(c, fn, ctx);
		return;
	}
	if (e->kind == TCP_ENTRY_HALF)
		tcp_half_row(CONTAINER_OF((struct tcp_entry *)(uintptr_t)e, struct tcp_half, e), &row);
	else
		tcp_time_wait_row(e, &row);
	row.info.state = (uint8_t)row.state;
	fn(ctx, &row);
}

void tcp_each(struct stack *s, row_fn *fn, void *ctx)
{
	struct hash_link *link = NULL;
	uint32_t slot = 0;

	tell_socks(s, true, fn, ctx);
	tell_socks(s, false, fn, ctx);
	while ((link = hash_next(&tcp_of(s)->entries, &slot, link)))
		tell_entry(CONTAINER_OF(link, struct tcp_entry, link), fn, ctx);
}
