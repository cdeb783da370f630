/* SPDX-License-Identifier: MIT */
/*
 * The life of a connection (RFC 9293 3.3): made, opened, closed, ended.
 *
 * A connection and its socket are two things. A connection that was not accepted yet has no socket; one whose
 * program has closed goes on without (an orphan) until the peer has everything. The other way round a socket
 * keeps its connection, CLOSED, for what can still be read.
 *
 * A connection never goes away while somebody may hold a pointer to it: what ends it makes it CLOSED, and its
 * output work, at the end of the turn, gives the memory back if no socket and no accept queue has it.
 */
#include "lib/text.h"
#include "tcp/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* ---- tables by state ---- */

bool tcp_may_send(const struct tcp_conn *c)
{
	return c->state == TCP_ESTABLISHED || c->state == TCP_CLOSE_WAIT;
}

bool tcp_may_receive(const struct tcp_conn *c)
{
	return c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 || c->state == TCP_FIN_WAIT_2;
}

/* RFC 9293 3.10.4: the state that CLOSE leads to, where a FIN has to be sent; else 0. */
static const uint8_t after_close[TCP_STATE_COUNT] = {
	[TCP_SYN_RECEIVED] = TCP_FIN_WAIT_1,
	[TCP_ESTABLISHED] = TCP_FIN_WAIT_1,
	[TCP_CLOSE_WAIT] = TCP_LAST_ACK,
};

/* 3.10.5: in these the peer is told of an ABORT by a reset. */
static const bool reset_on_abort[TCP_STATE_COUNT] = {
	[TCP_SYN_RECEIVED] = true,
	[TCP_ESTABLISHED] = true,
	[TCP_FIN_WAIT_1] = true,
	[TCP_FIN_WAIT_2] = true,
	[TCP_CLOSE_WAIT] = true,
};

/* ---- made and freed ---- */

static bool is_dead(const struct tcp_conn *c)
{
	return c->state == TCP_CLOSED && !c->sock && !c->is_waiting;
}

/* The queue of those that are dirty has one link in each, and its last one links to itself: who has a link is in it. */
static void add_dirty(struct tcp *tcp, struct tcp_conn *c)
{
	if (c->dirty_next)
		return;
	if (tcp->dirty_first)
		tcp->dirty_last->dirty_next = c;
	else
		tcp->dirty_first = c;
	tcp->dirty_last = c->dirty_next = c;
}

struct tcp_conn *tcp_take_dirty(struct tcp *tcp)
{
	struct tcp_conn *c = tcp->dirty_first;

	if (!c)
		return NULL;
	tcp->dirty_first = c->dirty_next == c ? NULL : c->dirty_next;
	c->dirty_next = NULL;
	return c;
}

static void attend(struct tcp_conn *c)
{
	tcp_output(c);
	if (!c->sock && c->state == TCP_FIN_WAIT_2)
		tcp_enter_time_wait(c, true);
	if (is_dead(c) && !c->dirty_next) /* else it is attended to once more */
		tcp_conn_free(c);
}

/* At the end of a turn: the connections to which something happened, in the order it did. */
void tcp_attend(struct work *w)
{
	struct tcp *tcp = CONTAINER_OF(w, struct tcp, output_work);
	struct tcp_conn *c;

	while ((c = tcp_take_dirty(tcp)))
		attend(c);
	tcp_causes_forget(tcp);
}

void tcp_want(struct tcp_conn *c, unsigned want)
{
	struct tcp *tcp = tcp_of(c->stack);

	c->want |= (uint8_t)want;
	add_dirty(tcp, c);
	loop_defer(stack_loop(c->stack), &tcp->output_work);
}

static void ring(struct timer *t)
{
	tcp_timers_run(CONTAINER_OF(t, struct tcp_conn, timer));
}

struct tcp_conn *tcp_conn_new(struct stack *s)
{
	struct tcp *tcp = tcp_of(s);
	struct tcp_conn *c = pool_get(&tcp->conns);

	if (!c)
		return NULL;
	*c = (struct tcp_conn){
		.stack = s,
		.e.kind = TCP_ENTRY_CONN,
		.ssthresh = UINT32_MAX,
		.mss = TCP_MSS_DEFAULT,
		.peer_mss = TCP_MSS_DEFAULT,
		.rcv_mss = TCP_MSS_DEFAULT,
		.sndbuf = (uint32_t)s->sysctl[SYSCTL_TCP_WMEM_DEFAULT],
		.rcvbuf = (uint32_t)s->sysctl[SYSCTL_TCP_RMEM_DEFAULT],
	};
	timer_init(&c->timer, ring);
	for (int i = 0; i < TCP_CLOCK_KEEPALIVE; i++)
		c->deadline_ns[i] = TIMER_NEVER;
	return c;
}

struct tcp_rare *tcp_rare_of(struct tcp_conn *c)
{
	if (c->rare)
		return c->rare;
	c->rare = calloc(1, sizeof(*c->rare));
	if (c->rare)
		c->rare->keepalive_ns = TIMER_NEVER;
	return c->rare;
}

int tcp_inherit(struct tcp_conn *to, const struct tcp_conn *from)
{
	to->wishes = from->wishes;
	to->cc = from->cc;
	if (from->wishes.rcvbuf_locked)
		to->rcvbuf = from->rcvbuf;
	if (from->wishes.sndbuf_locked)
		to->sndbuf = from->sndbuf;
	if (!from->rare)
		return 0;
	if (!tcp_rare_of(to))
		return -ENOMEM;
	*to->rare = *from->rare;
	to->rare->keepalive_ns = TIMER_NEVER;
	return 0;
}

struct tcp_stats *tcp_stats_of(struct tcp_conn *c)
{
	if (!c->stats && (c->stats = pool_get(&tcp_of(c->stack)->stats)))
		*c->stats = (struct tcp_stats){0};
	return c->stats;
}

/* What a closed connection no longer needs: everything but what the program may still read. */
static void quiet(struct tcp_conn *c)
{
	tcp_timers_stop(c);
	tcp_entry_del(tcp_of(c->stack), &c->e);
	tcp_flight_free(c);
	tcp_sendq_free(c);
}

void tcp_conn_free(struct tcp_conn *c)
{
	struct tcp *tcp = tcp_of(c->stack);

	assert(!c->dirty_next);
	quiet(c);
	tcp_recvq_free(c);
	port_release(&tcp->ports, &c->port);
	if (c->stats)
		pool_put(&tcp->stats, c->stats);
	free(c->rare);
	if (c->is_orphan)
		tcp->orphans--;
	pool_put(&tcp->conns, c);
}

/* ---- states ---- */

static bool counts_as_established(uint8_t state)
{
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

void tcp_set_state(struct tcp_conn *c, enum tcp_state state)
{
	struct stack *s = c->stack;

	TRACE(s, LAYER_TCP, NULL, "RFC 9293 3.3.2", "%s:%u > %s:%u: %s, was %s", TEXT_IP(c->e.local),
		c->e.local_port, TEXT_IP(c->e.remote), c->e.remote_port, tcp_state_name_ss(state),
		tcp_state_name_ss(c->state));
	if (!counts_as_established(c->state) && counts_as_established(state))
		s->mib[MIB_TcpCurrEstab]++;
	if (counts_as_established(c->state) && !counts_as_established(state))
		s->mib[MIB_TcpCurrEstab]--;
	c->state = (uint8_t)state;
	tcp_want(c, 0);
}

void tcp_wake(struct tcp_conn *c, unsigned events)
{
	if (c->sock)
		sock_wake(c->sock, events);
}

/* ---- opened ---- */

static void offer_options(struct tcp_conn *c)
{
	const int32_t *sysctl = c->stack->sysctl;

	c->ts_on = sysctl[SYSCTL_TCP_TIMESTAMPS];
	c->sack_on = sysctl[SYSCTL_TCP_SACK];
	c->wscale_on = sysctl[SYSCTL_TCP_WINDOW_SCALING];
	c->ecn_on = sysctl[SYSCTL_TCP_ECN] == 1;
}

int tcp_open_active(struct tcp_conn *c)
{
	struct stack *s = c->stack;
	int err = tcp_entry_add(tcp_of(s), &c->e);

	if (err)
		return err;
	c->snd.una = c->snd.push = c->snd.iss;
	c->snd.nxt = c->snd.end = c->snd.iss + 1;
	c->ts_offset = tcp_ts_offset(s, &c->e);
	offer_options(c);
	tcp_mtu_changed(c, false);
	c->advmss = tcp_advertised_mss(c, c->e.remote, c->e.local);
	tcp_window_init(c);
	c->first_try_ns = stack_now(s);
	mib_inc(s, MIB_TcpActiveOpens);
	tcp_set_state(c, TCP_SYN_SENT);
	tcp_timer_set(c, TCP_TIMER_REXMIT, stack_now(s) + tcp_rto_ns(c));
	tcp_want(c, TCP_WANT_SYN);
	return 0;
}

/* ---- closed ---- */

void tcp_shutdown_send(struct tcp_conn *c)
{
	if (!after_close[c->state])
		return;
	c->fin_queued = true;
	c->more = c->held = false;
	tcp_set_state(c, after_close[c->state]);
}

/* Without a program nobody takes what still comes, so the peer is told at once that it was lost. */
static bool has_lost_data(const struct tcp_conn *c)
{
	return tcp_recvq_unread(c) > 0 && c->state != TCP_CLOSED;
}

/* 3.10.4 */
void tcp_close(struct tcp_conn *c)
{
	bool was_listening = c->state == TCP_LISTEN;
	bool lost = has_lost_data(c);

	c->sock = NULL;
	c->rcv_shut = true;
	if (was_listening)
		tcp_listen_stop(c);
	if (was_listening || c->state == TCP_SYN_SENT) {
		tcp_fail(c, 0);
		return;
	}
	if (c->state != TCP_CLOSED && !c->is_orphan) {
		c->is_orphan = true;
		tcp_of(c->stack)->orphans++;
	}
	if (lost) {
		mib_inc(c->stack, MIB_TcpExtTCPAbortOnClose);
		tcp_abort(c, 0);
	} else if (tcp_too_many_orphans(c->stack, 1)) {
		mib_inc(c->stack, MIB_TcpExtTCPAbortOnMemory);
		tcp_abort(c, 0);
	} else if (tcp_rare(c)->linger2_s < 0 && c->state == TCP_FIN_WAIT_2) {
		mib_inc(c->stack, MIB_TcpExtTCPAbortOnLinger);
		tcp_abort(c, 0);
	} else {
		tcp_recvq_free(c);
		tcp_shutdown_send(c);
		tcp_want(c, 0);
	}
}

/* ---- ended ---- */

void tcp_fail(struct tcp_conn *c, int error)
{
	if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED)
		mib_inc(c->stack, MIB_TcpAttemptFails);
	quiet(c);
	c->want &= TCP_WANT_RST;
	if (c->state != TCP_CLOSED)
		tcp_set_state(c, TCP_CLOSED);
	if (c->sock && error)
		c->sock->error = (uint8_t)error;
	tcp_wake(c,
		SOCK_EVENT_HANGUP | SOCK_EVENT_READABLE | SOCK_EVENT_WRITABLE |
			(error ? SOCK_EVENT_ERROR : 0));
	tcp_want(c, 0);
}

/* 3.10.5 */
void tcp_abort(struct tcp_conn *c, int error)
{
	if (counts_as_established(c->state))
		mib_inc(c->stack, MIB_TcpEstabResets);
	if (reset_on_abort[c->state])
		c->want |= TCP_WANT_RST;
	tcp_recvq_free(c);
	tcp_fail(c, error);
}
