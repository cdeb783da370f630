/* SPDX-License-Identifier: MIT */
/*
 * The socket core: what is the same for all kinds. A kind is the sock_ops of a protocol in the world's table.
 *
 * A socket keeps the packets it got until they are read; each counts with the whole of its buffer, so a flood
 * of small packets cannot take more memory than the limit says. Events gather in pending_events and are told
 * once a turn, in the egress phase. When its host goes, a socket loses it and stays until it is closed.
 */
#include "net/sock.h"

#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

enum { RCVBUF_MIN = 2304, SNDBUF_MIN = 4608 };

/* ---- events ---- */

/* The callback may close the socket: nothing here looks at it afterwards. */
static void tell(struct work *w)
{
	struct sock *sk = CONTAINER_OF(w, struct sock, event_work);
	unsigned events = sk->pending_events;

	sk->pending_events = 0;
	sk->event(sk, events, sk->event_ctx);
}

void sock_wake(struct sock *sk, unsigned events)
{
	if (!sk->event || !sk->stack || !events)
		return;
	sk->pending_events |= (uint8_t)events;
	loop_defer(stack_loop(sk->stack), &sk->event_work);
}

void sock_on_event(struct sock *sk, sock_event_fn *fn, void *ctx)
{
	sk->event = fn;
	sk->event_ctx = ctx;
	if (fn)
		sock_wake(sk,
			sock_ready(sk) & ~(unsigned)SOCK_EVENT_WRITABLE); /* that is told when it changes */
	else
		work_cancel(&sk->event_work);
}

/* ---- opening ---- */

/* A protocol without a number (raw and packet sockets) takes every number. */
static const struct sock_ops *find_ops(struct stack *s, int type, int protocol)
{
	stack_each_proto(pr, s) {
		if (pr->sock_ops && pr->sock_type == type && (!pr->number || pr->number == protocol))
			return pr->sock_ops;
	}
	return NULL;
}

/* What sockets of messages have. */
static bool add_extra(struct sock *sk, int protocol)
{
	struct sock_extra *x = sock_extra_of(sk);

	if (!x)
		return false;
	x->protocol = (uint16_t)protocol;
	x->linger_s = -1;
	x->rx_limit = (uint32_t)sk->stack->sysctl[SYSCTL_RMEM_DEFAULT];
	x->tx_limit = (uint32_t)sk->stack->sysctl[SYSCTL_WMEM_DEFAULT];
	return true;
}

/* In no protocol's hands yet. */
static struct sock *make(struct stack *s, const struct sock_ops *ops, int type, int protocol)
{
	struct sock *sk = calloc(1, ops->size);

	if (!sk)
		return NULL;
	sk->stack = s;
	sk->ino = ++s->socks_made;
	sk->ops = ops;
	sk->type = (uint8_t)type;
	work_init(&sk->event_work, tell);
	sk->mtu_discover = s->sysctl[SYSCTL_IP_NO_PMTU_DISC] ? SOCK_PMTU_DONT : SOCK_PMTU_WANT;
	if (type != SOCK_STREAM && !add_extra(sk, protocol)) {
		free(sk);
		return NULL;
	}
	list_add_tail(&s->socks, &sk->node);
	return sk;
}

struct sock *sock_open(struct stack *s, int type, int protocol)
{
	const struct sock_ops *ops = find_ops(s, type, protocol);
	struct sock *sk = ops ? make(s, ops, type, protocol) : NULL;

	if (!sk) {
		errno = ops ? ENOMEM : EPROTONOSUPPORT;
		return NULL;
	}
	int err = ops->open ? ops->open(sk) : 0;
	if (err) {
		list_del(&sk->node);
		free(sk->extra);
		free(sk);
		errno = -err;
		return NULL;
	}
	return sk;
}

struct sock *sock_like(const struct sock *sk)
{
	struct sock *n = make(sk->stack, sk->ops, sk->type, sk->extra ? sk->extra->protocol : 0);

	if (!n)
		return NULL;
	n->bound_dev = sk->bound_dev;
	n->ttl = sk->ttl;
	n->tos = sk->tos;
	n->mtu_discover = sk->mtu_discover;
	n->broadcast = sk->broadcast;
	n->recverr = sk->recverr;
	n->freebind = sk->freebind;
	n->reuseaddr = sk->reuseaddr;
	n->reuseport = sk->reuseport;
	n->keepalive = sk->keepalive;
	n->oobinline = sk->oobinline;
	return n;
}

/* ---- closing ---- */

/* The protocol lets go of the socket, and its packets end. */
static void leave_stack(struct sock *sk, enum drop_reason why)
{
	struct pkt *p;

	if (sk->ops->close)
		sk->ops->close(sk);
	while ((p = sock_next(sk))) {
		sock_unqueue(sk, p);
		stack_drop(sk->stack, p, why);
	}
	list_del(&sk->node);
	sk->stack = NULL;
}

void sock_close(struct sock *sk)
{
	if (sk->stack)
		leave_stack(sk, DROP_SOCK_CLOSED);
	sock_purge_errors(sk);
	work_cancel(&sk->event_work);
	free(sk->extra);
	free(sk);
}

void sock_stack_gone(struct stack *s)
{
	list_each_safe(sk, &s->socks, struct sock, node) {
		sock_wake(sk, SOCK_EVENT_HANGUP);
		leave_stack(sk, DROP_STACK_GONE);
	}
}

/* ---- names ---- */

int sock_bind(struct sock *sk, const struct sock_addr *a)
{
	if (!sk->stack)
		return -ENODEV;
	return sk->ops->bind ? sk->ops->bind(sk, a) : -EOPNOTSUPP;
}

int sock_connect(struct sock *sk, const struct sock_addr *a)
{
	if (!sk->stack)
		return -ENODEV;
	return sk->ops->connect ? sk->ops->connect(sk, a) : -EOPNOTSUPP;
}

int sock_name(const struct sock *sk, struct sock_addr *a)
{
	if (!sk->stack)
		return -ENODEV;
	if (sk->ops->local)
		return sk->ops->local(sk, a);
	*a = sock_addr_of(sk->extra->local);
	return 0;
}

int sock_peer(const struct sock *sk, struct sock_addr *a)
{
	if (!sk->stack)
		return -ENODEV;
	if (sk->ops->peer)
		return sk->ops->peer(sk, a);
	if (!sk->extra->peer.ip)
		return -ENOTCONN;
	*a = sock_addr_of(sk->extra->peer);
	return 0;
}

/* ---- streams ---- */

int sock_listen(struct sock *sk, int backlog)
{
	if (!sk->stack)
		return -ENODEV;
	return sk->ops->listen ? sk->ops->listen(sk, backlog) : -EOPNOTSUPP;
}

struct sock *sock_accept(struct sock *sk, struct sock_addr *from)
{
	errno = sk->stack ? EOPNOTSUPP : ENODEV;
	return sk->stack && sk->ops->accept ? sk->ops->accept(sk, from) : NULL;
}

int sock_shutdown(struct sock *sk, int how)
{
	if (!sk->stack)
		return -ENODEV;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	return sk->ops->shutdown ? sk->ops->shutdown(sk, how) : sk->extra->peer.ip ? 0 : -ENOTCONN;
}

unsigned sock_ready(const struct sock *sk)
{
	unsigned ready = sock_has_errors(sk) || sk->error ? SOCK_EVENT_ERROR : 0;

	if (!sk->stack)
		return SOCK_EVENT_HANGUP | SOCK_EVENT_READABLE | ready;
	if (sk->ops->ready)
		return ready | sk->ops->ready(sk);
	return ready | SOCK_EVENT_WRITABLE | (sock_next(sk) ? SOCK_EVENT_READABLE : 0);
}

static size_t hidden(const struct sock *sk, const struct pkt *p)
{
	return sk->ops->hides_ip ? (size_t)p->ip.hdr_len + sk->ops->hides_hdr : 0;
}

size_t sock_unread(const struct sock *sk)
{
	const struct pkt *p = sock_next(sk);

	if (sk->stack && sk->ops->unread)
		return sk->ops->unread(sk);
	return p ? p->len - hidden(sk, p) : 0; /* as Linux: of the next datagram */
}

size_t sock_unsent(const struct sock *sk)
{
	return sk->stack && sk->ops->unsent ? sk->ops->unsent(sk) : 0;
}

int sock_set_congestion(struct sock *sk, const char *name)
{
	if (!sk->stack)
		return -ENODEV;
	return sk->ops->set_congestion ? sk->ops->set_congestion(sk, name) : -ENOPROTOOPT;
}

const char *sock_congestion(const struct sock *sk)
{
	return sk->stack && sk->ops->congestion ? sk->ops->congestion(sk) : NULL;
}

int sock_tcp_info(const struct sock *sk, struct tcp_info *info)
{
	if (!sk->stack)
		return -ENODEV;
	return sk->ops->tcp_info ? sk->ops->tcp_info(sk, info) : -ENOPROTOOPT;
}

static int change_group(struct sock *sk, uint32_t group, int ifindex, bool join)
{
	if (!sk->stack)
		return -ENODEV;
	return sk->ops->group ? sk->ops->group(sk, group, ifindex, join) : -ENOPROTOOPT;
}

int sock_join(struct sock *sk, uint32_t group, int ifindex)
{
	return change_group(sk, group, ifindex, true);
}

int sock_leave(struct sock *sk, uint32_t group, int ifindex)
{
	return change_group(sk, group, ifindex, false);
}

/* ---- data ---- */

/* Zero or minus the pending error, which is then no longer pending. */
static int take_error(struct sock *sk)
{
	int error = sk->error;

	sk->error = 0;
	return -error;
}

ssize_t sock_send(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to)
{
	int err = sk->stack ? take_error(sk) : -ENODEV;

	if (err)
		return err;
	if (!sk->ops->send)
		return -EOPNOTSUPP;
	if (sk->type != SOCK_STREAM && len > sk->extra->tx_limit)
		return -EMSGSIZE;
	return sk->ops->send(sk, data, len, flags, to);
}

ssize_t sock_send_blob(struct sock *sk, struct blob *b, size_t at, size_t len, int flags)
{
	int err = sk->stack ? take_error(sk) : -ENODEV;

	assert(at <= b->len && len <= b->len - at);
	if (err)
		return err;
	return sk->ops->send_blob ? sk->ops->send_blob(sk, b, at, len, flags) : -EOPNOTSUPP;
}

static void fill_msg(const struct sock *sk, const struct pkt *p, struct sock_msg *msg)
{
	*msg = (struct sock_msg){.time_ns = p->time_ns, .pkt = p->id};
	msg->from.ifindex = p->ifindex;
	msg->from.mac = p->src_mac;
	msg->from.ethertype = p->ethertype;
	msg->from.pkt_type = p->type;
	if (sk->type == SOCK_KIND_PACKET)
		return;
	msg->from.ip = p->ip.src;
	msg->dst = p->ip.dst;
	msg->ttl = p->ip.ttl;
	msg->tos = p->ip.tos;
	msg->opts_len = (size_t)(p->ip.hdr_len - IP_HDR_LEN);
	memcpy(msg->opts, p->data + IP_HDR_LEN, msg->opts_len);
}

ssize_t sock_recv(struct sock *sk, void *buf, size_t room, int flags, struct sock_msg *msg)
{
	struct pkt *p = sock_next(sk);

	if (!sk->stack)
		return -ENODEV;
	if (sk->ops->recv)
		return sk->ops->recv(sk, buf, room, flags, msg);
	int err = take_error(sk);
	if (err || !p)
		return err ? err : -EAGAIN;
	size_t skip = hidden(sk, p);
	size_t len = p->len - skip;
	if (room)
		memcpy(buf, p->data + skip, MIN(len, room));
	if (msg) {
		fill_msg(sk, p, msg);
		if (sk->ops->fill)
			sk->ops->fill(p, msg);
		msg->truncated = len > room;
	}
	if (!(flags & MSG_PEEK)) {
		TRACE(sk->stack, LAYER_SOCK, p, "", "read by the program: %zu octets", len);
		sock_unqueue(sk, p);
		pkt_done(p);
	}
	return (ssize_t)len;
}

/* ---- options ---- */

/* Linux doubles what is asked for, to have room for its own bookkeeping. Below 0 is very much. */
static uint32_t buffer_size(int value, int32_t max, uint32_t min)
{
	return MAX(MIN((uint32_t)value, (uint32_t)max) * 2, min);
}

static int set_device(struct sock *sk, int ifindex)
{
	if (ifindex && !dev_by_index(sk->stack, ifindex))
		return -ENODEV;
	sk->bound_dev = ifindex;
	return 0;
}

static int set_ttl(struct sock *sk, int value)
{
	if (value < -1 || value == 0 || value > 255)
		return -EINVAL;
	sk->ttl = (uint8_t)MAX(value, 0);
	return 0;
}

static int set_u8(uint8_t *field, int value, int max)
{
	if (value < 0 || value > max)
		return -EINVAL;
	*field = (uint8_t)value;
	return 0;
}

/* The options that are on or off. */
static int set_flag(struct sock *sk, enum sock_option opt, bool on)
{
	switch (opt) {
	case SO_OPT_BROADCAST:
		sk->broadcast = on;
		return 0;
	case SO_OPT_RECVERR:
		if (!on)
			sock_purge_errors(sk);
		sk->recverr = on;
		return 0;
	case SO_OPT_HDRINCL:
		if (sk->type != SOCK_RAW)
			return -ENOPROTOOPT;
		sk->hdrincl = on;
		return 0;
	case SO_OPT_FREEBIND:
		sk->freebind = on;
		return 0;
	case SO_OPT_REUSEADDR:
		sk->reuseaddr = on;
		return 0;
	case SO_OPT_REUSEPORT:
		sk->reuseport = on;
		return 0;
	case SO_OPT_KEEPALIVE:
		sk->keepalive = on;
		return 0;
	case SO_OPT_OOBINLINE:
		sk->oobinline = on;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set(struct sock *sk, enum sock_option opt, int value)
{
	switch (opt) {
	case SO_OPT_RCVBUF:
		sk->extra->rx_limit = buffer_size(value, sk->stack->sysctl[SYSCTL_RMEM_MAX], RCVBUF_MIN);
		return 0;
	case SO_OPT_SNDBUF:
		sk->extra->tx_limit = buffer_size(value, sk->stack->sysctl[SYSCTL_WMEM_MAX], SNDBUF_MIN);
		return 0;
	case SO_OPT_BINDTODEVICE:
		return set_device(sk, value);
	case SO_OPT_TTL:
		return set_ttl(sk, value);
	case SO_OPT_TOS:
		return set_u8(&sk->tos, value, 255);
	case SO_OPT_MTU_DISCOVER:
		return set_u8(&sk->mtu_discover, value, SOCK_PMTU_PROBE);
	case SO_OPT_LINGER:
		sk->extra->linger_s = MAX(value, -1);
		return 0;
	default:
		return set_flag(sk, opt, value);
	}
}

int sock_set(struct sock *sk, enum sock_option opt, int value)
{
	int err = !sk->stack ? -ENODEV : sk->ops->set ? sk->ops->set(sk, opt, value) : -ENOPROTOOPT;

	if (err != -ENOPROTOOPT)
		return err;
	err = set(sk, opt, value);
	if (!err && sk->ops->changed)
		sk->ops->changed(sk, opt);
	return err;
}

static int get_mtu(const struct sock *sk, int *value)
{
	bool may_have_peer = sk->type == SOCK_STREAM || sk->extra->peer.ip;
	int mtu = !may_have_peer ? -ENOTCONN : !sk->ops->path_mtu ? -ENOPROTOOPT : sk->ops->path_mtu(sk);

	if (mtu >= 0)
		*value = mtu;
	return MIN(mtu, 0);
}

/* What all sockets have. */
static int get_common(struct sock *sk, enum sock_option opt, int *value)
{
	switch (opt) {
	case SO_OPT_RCVBUF:
		*value = (int)sk->extra->rx_limit;
		return 0;
	case SO_OPT_SNDBUF:
		*value = (int)sk->extra->tx_limit;
		return 0;
	case SO_OPT_BROADCAST:
		*value = sk->broadcast;
		return 0;
	case SO_OPT_BINDTODEVICE:
		*value = sk->bound_dev;
		return 0;
	case SO_OPT_TTL:
		*value = sk->ttl ? sk->ttl : sk->stack->sysctl[SYSCTL_IP_DEFAULT_TTL];
		return 0;
	case SO_OPT_TOS:
		*value = sk->tos;
		return 0;
	case SO_OPT_MTU_DISCOVER:
		*value = sk->mtu_discover;
		return 0;
	case SO_OPT_RECVERR:
		*value = sk->recverr;
		return 0;
	case SO_OPT_HDRINCL:
		*value = sk->hdrincl;
		return sk->type == SOCK_RAW ? 0 : -ENOPROTOOPT;
	case SO_OPT_FREEBIND:
		*value = sk->freebind;
		return 0;
	case SO_OPT_REUSEADDR:
		*value = sk->reuseaddr;
		return 0;
	case SO_OPT_REUSEPORT:
		*value = sk->reuseport;
		return 0;
	case SO_OPT_KEEPALIVE:
		*value = sk->keepalive;
		return 0;
	case SO_OPT_OOBINLINE:
		*value = sk->oobinline;
		return 0;
	case SO_OPT_LINGER:
		*value = sk->extra->linger_s;
		return 0;
	case SO_OPT_MTU:
		return get_mtu(sk, value);
	case SO_OPT_ERROR:
		*value = -take_error(sk);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int sock_get(struct sock *sk, enum sock_option opt, int *value)
{
	int err = !sk->stack ? -ENODEV : sk->ops->get ? sk->ops->get(sk, opt, value) : -ENOPROTOOPT;

	return err == -ENOPROTOOPT ? get_common(sk, opt, value) : err;
}
