/* SPDX-License-Identifier: MIT */
/*
 * LISTEN (RFC 9293 3.10.7.2), and the queue of connections that nobody has accepted yet.
 *
 *	SYN -> half-open entry (half.c), or a cookie where there are too many (cookie.c)
 *	ACK -> connection -> accept queue -> tcp_listen_take()
 *
 * Both queues are bounded by the backlog, which is bounded by net.core.somaxconn.
 */
#include "tcp/listen.h"

#include <errno.h>
#include <stdlib.h>

/* ---- LISTEN and its end ---- */

static unsigned bounded(const struct stack *s, int backlog)
{
	return (unsigned)MIN(MAX(backlog, 0), s->sysctl[SYSCTL_SOMAXCONN]);
}

int tcp_listen_start(struct tcp_conn *c, int backlog)
{
	struct tcp *tcp = tcp_of(c->stack);
	struct tcp_listen *l;

	if (c->state == TCP_LISTEN) {
		tcp_listen_of(c)->backlog = bounded(c->stack, backlog);
		return 0;
	}
	int err = port_listen(&tcp->ports, &c->port);
	if (err)
		return err;
	l = calloc(1, sizeof(*l));
	if (!l || hash_add(&tcp->listeners, &l->link, c->e.local_port)) {
		free(l);
		return -ENOMEM;
	}
	l->conn = c;
	l->backlog = bounded(c->stack, backlog);
	tcp_half_init(l);
	tcp_set_state(c, TCP_LISTEN);
	return 0;
}

struct tcp_listen *tcp_listen_of(const struct tcp_conn *c)
{
	hash_each_match(l, &tcp_of(c->stack)->listeners, c->e.local_port, struct tcp_listen, link) {
		if (l->conn == c)
			return l;
	}
	return NULL;
}

static void free_halves(struct tcp_listen *l)
{
	for (unsigned i = 0; i < TCP_HALF_LEVELS; i++) {
		list_each_safe(h, &l->halves[i], struct tcp_half, node)
			tcp_half_free(h);
	}
	timer_cancel(&stack_loop(tcp_listen_stack(l))->wheel, &l->timer);
}

void tcp_listen_stop(struct tcp_conn *c)
{
	struct tcp_listen *l = tcp_listen_of(c);
	struct tcp_conn *child;

	free_halves(l);
	while ((child = tcp_listen_take(c)))
		tcp_abort(child, 0);
	hash_del(&tcp_of(c->stack)->listeners, &l->link);
	free(l->accept);
	free(l);
	tcp_set_state(c, TCP_CLOSED);
}

/* ---- the accept queue ---- */

bool tcp_listen_make_room(struct tcp_listen *l)
{
	unsigned room = MAX(2 * l->accept_room, 8u);

	if (l->accept_count < l->accept_room)
		return true;
	struct tcp_conn **bigger = malloc(room * sizeof(struct tcp_conn *));
	if (!bigger)
		return false;
	for (unsigned i = 0; i < l->accept_count; i++)
		bigger[i] = l->accept[(l->accept_first + i) % l->accept_room];
	free(l->accept);
	l->accept = bigger;
	l->accept_room = room;
	l->accept_first = 0;
	return true;
}

/* One that ends while it waits stays: the program is told by accept(), as Linux does it. */
void tcp_listen_add(struct tcp_listen *l, struct tcp_conn *c)
{
	c->is_waiting = true;
	l->accept[(l->accept_first + l->accept_count++) % l->accept_room] = c;
}

struct tcp_conn *tcp_listen_take(struct tcp_conn *c)
{
	struct tcp_listen *l = tcp_listen_of(c);

	if (!l->accept_count)
		return NULL;
	struct tcp_conn *child = l->accept[l->accept_first];
	l->accept_first = (l->accept_first + 1) % l->accept_room;
	l->accept_count--;
	child->is_waiting = false;
	return child;
}

size_t tcp_listen_waiting(const struct tcp_conn *c)
{
	return tcp_listen_of(c)->accept_count;
}

/* ---- SEGMENT ARRIVES in LISTEN (RFC 9293 3.10.7.2) ---- */

static void recycle_oldest(struct tcp_listen *l)
{
	for (unsigned i = TCP_HALF_LEVELS; i-- > 0;) {
		struct tcp_half *h = list_first(&l->halves[i], struct tcp_half, node);
		if (h) {
			tcp_half_free(h);
			return;
		}
	}
}

static bool too_many_halves(const struct tcp_listen *l)
{
	unsigned most = MIN(l->backlog, (unsigned)tcp_listen_stack(l)->sysctl[SYSCTL_TCP_MAX_SYN_BACKLOG]);

	return l->half_count >= MAX(most, 1u);
}

/* Third: a SYN. Text that comes with it is not taken; the peer sends it again. */
void tcp_listen_syn(struct tcp_listen *l, struct tcp_seg *seg, uint32_t iss)
{
	struct stack *s = tcp_listen_stack(l);
	int32_t cookies = s->sysctl[SYSCTL_TCP_SYNCOOKIES];

	if (seg->flags & TCP_FIN) {
		tcp_drop(s, seg, DROP_TCP_SYN_FIN);
		return;
	}
	if (l->accept_count > l->backlog) {
		mib_inc(s, MIB_TcpExtListenOverflows);
		mib_inc(s, MIB_TcpExtListenDrops);
		tcp_drop(s, seg, DROP_TCP_ACCEPT_QUEUE_FULL);
		return;
	}
	if (cookies == 2 || (cookies && too_many_halves(l))) {
		tcp_cookie_answer(l, seg);
		return;
	}
	if (too_many_halves(l)) { /* RFC 4987 3.4 */
		mib_inc(s, MIB_TcpExtTCPReqQFullDrop);
		recycle_oldest(l);
	}
	tcp_half_open(l, seg, iss);
}

/* Second: an ACK. There is nothing that it could acknowledge, but for a cookie. */
static void listen_ack(struct tcp_listen *l, struct tcp_seg *seg)
{
	struct stack *s = tcp_listen_stack(l);
	struct tcp_half h;

	if (!(seg->flags & TCP_SYN) && tcp_cookie_check(l, seg, &h)) {
		tcp_half_complete(&h, seg);
		return;
	}
	tcp_answer_reset(s, seg);
	tcp_drop(s, seg, DROP_TCP_NO_CONNECTION);
}

void tcp_listen_input(struct tcp_listen *l, struct tcp_seg *seg)
{
	struct stack *s = tcp_listen_stack(l);
	struct tcp_entry e = {
		.local = seg->dst, .remote = seg->src, .local_port = seg->dport, .remote_port = seg->sport};

	if (seg->flags & TCP_RST) /* first */
		tcp_drop(s, seg, DROP_TCP_NOTHING_TO_RESET);
	else if (seg->flags & TCP_ACK)
		listen_ack(l, seg);
	else if (seg->flags & TCP_SYN)
		tcp_listen_syn(l, seg, tcp_isn(s, &e));
	else /* fourth: anything else */
		tcp_drop(s, seg, DROP_TCP_NO_SYN);
}
