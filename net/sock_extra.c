/* SPDX-License-Identifier: MIT */
/*
 * What sockets of messages need and streams do not: names, bounds, a queue of packets, a queue of errors, IP options to
 * send, a filter. A stream, of which there may be very many, gets it when it has an error to queue.
 */
#include "net/sock.h"

#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

enum { MAX_ERRORS = 64 };

struct sock_queued_error {
	struct list node;
	struct sock_error e;
};

struct sock_extra *sock_extra_of(struct sock *sk)
{
	if (sk->extra)
		return sk->extra;
	sk->extra = calloc(1, sizeof(*sk->extra));
	if (!sk->extra)
		return NULL;
	list_init(&sk->extra->rx);
	list_init(&sk->extra->errors);
	return sk->extra;
}

/* ---- packets ---- */

static uint32_t true_size(const struct pkt *p)
{
	return (uint32_t)sizeof(*p) + p->room;
}

struct pkt *sock_next(const struct sock *sk)
{
	return sk->extra ? list_first(&sk->extra->rx, struct pkt, node) : NULL;
}

void sock_unqueue(struct sock *sk, struct pkt *p)
{
	list_del(&p->node);
	sk->extra->rx_bytes -= true_size(p);
	sk->stack->sock_bytes -= true_size(p);
}

/* The limits are looked at before, so that one packet of any size always fits. */
static enum drop_reason why_not(struct sock *sk)
{
	const struct stack *s = sk->stack;

	if (!sock_extra_of(sk))
		return DROP_NO_MEMORY;
	if (sk->extra->rx_bytes >= sk->extra->rx_limit)
		return DROP_SOCK_QUEUE_FULL;
	return s->sock_bytes >= (size_t)s->sysctl[SYSCTL_RMEM_TOTAL] ? DROP_SOCK_MEMORY : DROP_NONE;
}

void sock_count_drop(struct sock *sk)
{
	if (sock_extra_of(sk))
		sk->extra->rx_dropped++;
}

bool sock_queue(struct sock *sk, struct pkt *p)
{
	struct stack *s = sk->stack;
	enum drop_reason why = why_not(sk);

	if (why) {
		sock_count_drop(sk);
		stack_drop(s, p, why);
		return false;
	}
	TRACE(s, LAYER_SOCK, p, "", "queued for a %s socket, which holds %u octets", sk->ops->name,
		sk->extra->rx_bytes);
	p = pkt_shrink(p);
	p->ifindex = p->dev ? p->dev->ifindex : 0;
	p->dev = NULL;
	sk->extra->rx_bytes += true_size(p);
	s->sock_bytes += true_size(p);
	list_add_tail(&sk->extra->rx, &p->node);
	sock_wake(sk, SOCK_EVENT_READABLE);
	return true;
}

void sock_input(struct sock *sk, struct pkt *p)
{
	if (sock_wants(sk, p))
		sock_queue(sk, p);
	else
		stack_drop(sk->stack, p, DROP_SOCK_FILTER);
}

/* ---- errors ---- */

static struct sock_queued_error *first_error(const struct sock *sk)
{
	return sk->extra ? list_first(&sk->extra->errors, struct sock_queued_error, node) : NULL;
}

bool sock_has_errors(const struct sock *sk)
{
	return first_error(sk) != NULL;
}

static void forget_error(struct sock *sk, struct sock_queued_error *q)
{
	list_del(&q->node);
	free(q);
	sk->extra->error_count--;
}

void sock_purge_errors(struct sock *sk)
{
	struct sock_queued_error *q;

	while ((q = first_error(sk)))
		forget_error(sk, q);
}

int sock_recv_error(struct sock *sk, struct sock_error *e)
{
	struct sock_queued_error *q = first_error(sk);

	if (!sk->stack)
		return -ENODEV;
	if (!q)
		return -EAGAIN;
	*e = q->e;
	forget_error(sk, q);
	return 0;
}

void sock_report(struct sock *sk, const struct sock_error *e, bool fatal)
{
	struct sock_queued_error *q;

	if (!sk->recverr) {
		if (fatal) {
			sk->error = (uint8_t)e->error;
			sock_wake(sk, SOCK_EVENT_ERROR);
		}
		return;
	}
	q = sock_extra_of(sk) && sk->extra->error_count < MAX_ERRORS ? malloc(sizeof(*q)) : NULL;
	if (!q)
		return;
	q->e = *e;
	list_add_tail(&sk->extra->errors, &q->node);
	sk->extra->error_count++;
	sock_wake(sk, SOCK_EVENT_ERROR);
}

/* ---- options and filter ---- */

int sock_set_ip_options(struct sock *sk, const uint8_t *opts, size_t len)
{
	size_t padded = (len + 3) / 4 * 4;

	if (!sk->stack)
		return -ENODEV;
	if (padded > sizeof(sk->extra->opts))
		return -EINVAL;
	if (!sock_extra_of(sk))
		return -ENOMEM;
	memset(sk->extra->opts, IPOPT_EOL, sizeof(sk->extra->opts));
	if (len)
		memcpy(sk->extra->opts, opts, len);
	sk->extra->opts_len = padded;
	return 0;
}

int sock_set_filter(struct sock *sk, bool (*keep)(const struct pkt *p, void *ctx), void *ctx)
{
	if (!sock_extra_of(sk))
		return -ENOMEM;
	sk->extra->filter = keep;
	sk->extra->filter_ctx = ctx;
	return 0;
}
