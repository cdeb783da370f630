/* SPDX-License-Identifier: MIT */
/* Options of TCP sockets (tcp(7), RFC 9293 3.9.1), with Linux's bounds. */
#include "tcp/internal.h"

#include <errno.h>

enum {
	MAXSEG_MIN = 88,
	MAXSEG_MAX = 32767,
	KEEP_MAX_S = 32767,
	COUNT_MAX = 127,
	LINGER2_MAX_S = 120,
	SYNACK_WAIT_MAX_S = 120,
	SYNACK_RETRIES_MAX = 255,
	RCVBUF_MIN = 2304,
	SNDBUF_MIN = 4608,
	TOS_ECN = 3,
};

/* ---- setting ---- */

static int set_u8(uint8_t *field, int value, int min, int max)
{
	if (value < min || value > max)
		return -EINVAL;
	*field = (uint8_t)value;
	return 0;
}

static int set_u16(uint16_t *field, int value, int min, int max)
{
	if (value < min || value > max)
		return -EINVAL;
	*field = (uint16_t)value;
	return 0;
}

/* Linux doubles what is asked for, to have room for its own bookkeeping. Below 0 is very much. */
static uint32_t buffer_size(int value, int32_t max, uint32_t min)
{
	return MAX(MIN((uint32_t)value, (uint32_t)max) * 2, min);
}

/* What waits goes now, even if it is corked. */
static void set_nodelay(struct tcp_conn *c, bool on)
{
	c->wishes.nodelay = on;
	if (on)
		tcp_want(c, TCP_WANT_PUSH);
}

static void set_cork(struct tcp_conn *c, bool on)
{
	c->wishes.cork = on;
	if (!on)
		tcp_want(c, c->wishes.nodelay ? TCP_WANT_PUSH : 0);
}

/* Silence counts from the last segment, however long ago that is. */
static void set_keepalive_timer(struct tcp_conn *c)
{
	uint64_t passed_ms = tcp_ms_since(c->stack, c->last_rcv_ms), most_ms = tcp_keepidle_ms(c);

	if (!c->wishes.keepalive)
		tcp_timer_stop(c, TCP_TIMER_KEEPALIVE);
	else if (tcp_is_synchronized(c))
		tcp_timer_set(c, TCP_TIMER_KEEPALIVE,
			stack_now(c->stack) + (most_ms - MIN(most_ms, passed_ms)) * NS_PER_MS);
}

/* As Linux: until the SYN-ACK would be sent again for the n-th time, after 1, 2, 4 ... s. */
static uint16_t whole_retries(int seconds)
{
	int sum = 0, wait = 1;

	for (int n = 0; sum < seconds && n < SYNACK_RETRIES_MAX; n++, wait = MIN(wait * 2, SYNACK_WAIT_MAX_S))
		sum += wait;
	return (uint16_t)sum;
}

/* 0: later. Else at once, until the connection turns out to be a dialogue; an even number: only the ACK that waits. */
static void set_quickack(struct tcp_conn *c, int value)
{
	c->dialogue = value == 0;
	if (!value || !tcp_timer_runs(c, TCP_TIMER_DELACK))
		return;
	tcp_want(c, TCP_WANT_ACK);
	c->dialogue = !(value & 1);
}

int tcp_sock_set_congestion(struct sock *sk, const char *name)
{
	const struct tcp_cc *cc = tcp_cc_find(name);

	if (!cc)
		return -ENOENT;
	tcp_cc_set(tcp_sock_conn(sk), cc);
	return 0;
}

static int set_keepidle(struct tcp_conn *c, int value)
{
	int err = set_u16(&c->rare->keepidle_s, value, 1, KEEP_MAX_S);

	if (!err)
		set_keepalive_timer(c);
	return err;
}

static void set_lowat(struct tcp_conn *c, int value)
{
	c->rare->notsent_lowat = (uint32_t)value;
	tcp_wake(c, sock_ready(c->sock) & SOCK_EVENT_WRITABLE);
}

/* Those that few programs set. */
static int set_rare(struct tcp_conn *c, enum sock_option opt, int value)
{
	struct tcp_rare *r = tcp_rare_of(c);

	if (!r)
		return -ENOMEM;
	switch (opt) {
	case SO_OPT_TCP_MAXSEG:
		return set_u16(&r->maxseg, value, value ? MAXSEG_MIN : 0, MAXSEG_MAX);
	case SO_OPT_TCP_USER_TIMEOUT:
		if (value < 0)
			return -EINVAL;
		r->user_timeout_ms = (uint32_t)value;
		return 0;
	case SO_OPT_TCP_KEEPIDLE:
		return set_keepidle(c, value);
	case SO_OPT_TCP_KEEPINTVL:
		return set_u16(&r->keepintvl_s, value, 1, KEEP_MAX_S);
	case SO_OPT_TCP_KEEPCNT:
		return set_u8(&r->keepcnt, value, 1, COUNT_MAX);
	case SO_OPT_TCP_SYNCNT:
		return set_u8(&r->syncnt, value, 1, COUNT_MAX);
	case SO_OPT_TCP_LINGER2:
		r->linger2_s = (int16_t)MIN(MAX(value, -1), LINGER2_MAX_S);
		return 0;
	case SO_OPT_TCP_DEFER_ACCEPT:
		r->defer_accept_s = whole_retries(value);
		return 0;
	case SO_OPT_TCP_NOTSENT_LOWAT:
		set_lowat(c, value);
		return 0;
	case SO_OPT_LINGER:
		r->lingers = value >= 0;
		r->linger_s = value;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int tcp_sock_set(struct sock *sk, enum sock_option opt, int value)
{
	struct tcp_conn *c = tcp_sock_conn(sk);
	struct tcp_wishes *w = &c->wishes;

	switch (opt) {
	case SO_OPT_RCVBUF:
		c->rcvbuf = buffer_size(value, sk->stack->sysctl[SYSCTL_RMEM_MAX], RCVBUF_MIN);
		w->rcvbuf_locked = true;
		return 0;
	case SO_OPT_SNDBUF:
		c->sndbuf = buffer_size(value, sk->stack->sysctl[SYSCTL_WMEM_MAX], SNDBUF_MIN);
		w->sndbuf_locked = true;
		return 0;
	case SO_OPT_KEEPALIVE: /* its timer is rare */
		return !value || tcp_rare_of(c) ? -ENOPROTOOPT : -ENOMEM;
	case SO_OPT_TCP_NODELAY:
		set_nodelay(c, value);
		return 0;
	case SO_OPT_TCP_CORK:
		set_cork(c, value);
		return 0;
	case SO_OPT_TCP_QUICKACK:
		set_quickack(c, value);
		return 0;
	case SO_OPT_LINGER:
	case SO_OPT_TCP_MAXSEG:
	case SO_OPT_TCP_USER_TIMEOUT:
	case SO_OPT_TCP_KEEPIDLE:
	case SO_OPT_TCP_KEEPINTVL:
	case SO_OPT_TCP_KEEPCNT:
	case SO_OPT_TCP_SYNCNT:
	case SO_OPT_TCP_LINGER2:
	case SO_OPT_TCP_DEFER_ACCEPT:
	case SO_OPT_TCP_NOTSENT_LOWAT:
		return set_rare(c, opt, value);
	default:
		return -ENOPROTOOPT;
	}
}

/* The connection outlives its socket, and its port is judged by itself: both have copies. */
void tcp_sock_changed(struct sock *sk, enum sock_option opt)
{
	struct tcp_conn *c = tcp_sock_conn(sk);
	struct tcp_wishes *w = &c->wishes;

	w->ttl = sk->ttl;
	w->tos = (uint8_t)(sk->tos & ~TOS_ECN); /* these two bits are TCP's */
	w->pmtu_off = sk->mtu_discover == SOCK_PMTU_DONT;
	w->pmtu_probe = sk->mtu_discover == SOCK_PMTU_PROBE;
	w->oobinline = sk->oobinline;
	w->keepalive = sk->keepalive;
	c->port.dev = (uint32_t)sk->bound_dev & 0xfffffff;
	c->port.reuseaddr = sk->reuseaddr;
	c->port.reuseport = sk->reuseport;
	if (opt == SO_OPT_KEEPALIVE)
		set_keepalive_timer(c);
}

/* ---- getting ---- */

static int default_or(const struct tcp_conn *c, int wish, enum sysctl_host which)
{
	return wish ? wish : c->stack->sysctl[which];
}

/* What follows a setting of the host, until the program says otherwise. */
static int get_or_default(const struct tcp_conn *c, enum sock_option opt, int *value)
{
	const struct tcp_rare *r = tcp_rare(c);

	switch (opt) {
	case SO_OPT_TCP_KEEPIDLE:
		*value = default_or(c, r->keepidle_s, SYSCTL_TCP_KEEPALIVE_TIME);
		return 0;
	case SO_OPT_TCP_KEEPINTVL:
		*value = default_or(c, r->keepintvl_s, SYSCTL_TCP_KEEPALIVE_INTVL);
		return 0;
	case SO_OPT_TCP_KEEPCNT:
		*value = default_or(c, r->keepcnt, SYSCTL_TCP_KEEPALIVE_PROBES);
		return 0;
	case SO_OPT_TCP_SYNCNT:
		*value = default_or(c, r->syncnt, SYSCTL_TCP_SYN_RETRIES);
		return 0;
	case SO_OPT_TCP_LINGER2:
		*value = default_or(c, r->linger2_s, SYSCTL_TCP_FIN_TIMEOUT);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int tcp_sock_get(struct sock *sk, enum sock_option opt, int *value)
{
	const struct tcp_conn *c = tcp_sock_conn(sk);
	const struct tcp_wishes *w = &c->wishes;
	const struct tcp_rare *r = tcp_rare(c);
	bool unopened = c->state == TCP_CLOSED || c->state == TCP_LISTEN;

	switch (opt) {
	case SO_OPT_RCVBUF:
		*value = (int)c->rcvbuf;
		return 0;
	case SO_OPT_SNDBUF:
		*value = (int)c->sndbuf;
		return 0;
	case SO_OPT_TOS:
		*value = w->tos;
		return 0;
	case SO_OPT_LINGER:
		*value = r->lingers ? r->linger_s : -1;
		return 0;
	case SO_OPT_TCP_NODELAY:
		*value = w->nodelay;
		return 0;
	case SO_OPT_TCP_CORK:
		*value = w->cork;
		return 0;
	case SO_OPT_TCP_MAXSEG:
		*value = unopened && r->maxseg ? r->maxseg : c->mss;
		return 0;
	case SO_OPT_TCP_USER_TIMEOUT:
		*value = (int)r->user_timeout_ms;
		return 0;
	case SO_OPT_TCP_QUICKACK:
		*value = !c->dialogue;
		return 0;
	case SO_OPT_TCP_DEFER_ACCEPT:
		*value = r->defer_accept_s;
		return 0;
	case SO_OPT_TCP_NOTSENT_LOWAT:
		*value = (int)r->notsent_lowat;
		return 0;
	case SO_OPT_TCP_AT_MARK:
		*value = tcp_recvq_at_mark(c);
		return 0;
	default:
		return get_or_default(c, opt, value);
	}
}
