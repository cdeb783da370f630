/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets. A socket hangs a tap on its device, or on every device the host has and gets; what the tap
 * sees and the filter keeps is copied into the socket's queue. As in Linux, frames that leave are only shown
 * to sockets of ETHERTYPE_ALL, and not to the one that sent them; protocol 0 hears nothing until it is bound.
 */
#include "net/packet.h"

#include "net/sock.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <stdlib.h>

enum { GONE = -1 };

struct packet_sock {
	struct sock sk;
	int ifindex; /* that it is bound to, 0: all */
	uint16_t ethertype;
	struct list taps; /* of struct packet_tap */
	uint64_t id;	  /* of this socket, in pkt->sender */
};

struct packet_tap {
	struct dev_tap tap;
	struct list node; /* in the socket's taps */
	struct dev *dev;
	struct packet_sock *ps;
};

static const struct sock_ops packet_ops;

static struct packet_sock *packet_sock(struct sock *sk)
{
	return CONTAINER_OF(sk, struct packet_sock, sk);
}

/* ---- taps ---- */

static void see(struct dev_tap *t, const struct pkt *p, struct dev *d, bool outgoing)
{
	struct packet_sock *ps = CONTAINER_OF(t, struct packet_tap, tap)->ps;
	struct sock *sk = &ps->sk;
	bool all = ps->ethertype == ETHERTYPE_ALL;

	if (outgoing ? !all || p->sender == ps->id : !all && p->ethertype != ps->ethertype)
		return;
	if (!sock_wants(sk, p))
		return;
	struct pkt *copy = pkt_copy(p, 0);
	if (!copy) {
		sock_count_drop(sk);
		stack_count_drop(sk->stack, DROP_NO_MEMORY);
		return;
	}
	copy->dev = d;
	copy->ifindex = d->ifindex;
	if (outgoing) {
		netif_classify(d, copy);
		copy->type = PKT_OUTGOING;
		copy->time_ns = stack_now(sk->stack);
	}
	csum_complete(copy);
	sock_queue(sk, copy);
}

static int watch(struct packet_sock *ps, struct dev *d)
{
	struct packet_tap *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->tap.fn = see;
	t->dev = d;
	t->ps = ps;
	list_add_tail(&ps->taps, &t->node);
	dev_add_tap(d, &t->tap);
	return 0;
}

/* Stops watching `d`, or everything (NULL). */
static void unwatch(struct packet_sock *ps, const struct dev *d)
{
	list_each_safe(t, &ps->taps, struct packet_tap, node) {
		if (d && t->dev != d)
			continue;
		dev_del_tap(&t->tap);
		list_del(&t->node);
		free(t);
	}
}

static bool covers(const struct packet_sock *ps, const struct dev *d)
{
	return ps->ethertype && (!ps->ifindex || ps->ifindex == d->ifindex);
}

static int rewatch(struct packet_sock *ps)
{
	int err = 0;

	unwatch(ps, NULL);
	stack_each_dev(d, ps->sk.stack) {
		if (!err && covers(ps, d))
			err = watch(ps, d);
	}
	if (err)
		unwatch(ps, NULL);
	return err;
}

/* ---- devices come and go ---- */

#define each_packet_sock(sk, s)                            \
	list_each_safe(sk, &(s)->socks, struct sock, node) \
		if (sk->ops == &packet_ops)

static int attach(struct netif *n)
{
	int err = 0;

	each_packet_sock(sk, n->stack) {
		if (!err && covers(packet_sock(sk), n->dev))
			err = watch(packet_sock(sk), n->dev);
	}
	return err;
}

static void detach(struct netif *n)
{
	each_packet_sock(sk, n->stack) {
		unwatch(packet_sock(sk), n->dev);
		if (packet_sock(sk)->ifindex == n->dev->ifindex)
			packet_sock(sk)->ifindex = GONE;
	}
}

/* Who listens on this device alone learns that it went down. */
static void dev_event(struct netif *n, enum dev_event ev)
{
	if (ev != DEV_EVENT_DOWN && ev != DEV_EVENT_UNREGISTER)
		return;
	each_packet_sock(sk, n->stack) {
		if (packet_sock(sk)->ifindex == n->dev->ifindex) {
			sk->error = ENETDOWN;
			sock_wake(sk, SOCK_EVENT_ERROR);
		}
	}
}

/* ---- the socket's operations ---- */

static int packet_open(struct sock *sk)
{
	list_init(&packet_sock(sk)->taps);
	packet_sock(sk)->id = ++sk->stack->world->pkts.next_id;
	packet_sock(sk)->ethertype = sk->extra->protocol;
	return rewatch(packet_sock(sk));
}

static void packet_close(struct sock *sk)
{
	unwatch(packet_sock(sk), NULL);
}

/* ethertype 0 leaves the one it has. */
static int packet_bind(struct sock *sk, const struct sock_addr *a)
{
	struct packet_sock *ps = packet_sock(sk);

	if (a->ifindex && !dev_by_index(sk->stack, a->ifindex))
		return -ENODEV;
	ps->ifindex = a->ifindex;
	if (a->ethertype)
		ps->ethertype = a->ethertype;
	return rewatch(ps);
}

static int packet_local(const struct sock *sk, struct sock_addr *a)
{
	const struct packet_sock *ps = CONTAINER_OF((struct sock *)(uintptr_t)sk, struct packet_sock, sk);

	*a = (struct sock_addr){.ethertype = ps->ethertype, .ifindex = ps->ifindex};
	return 0;
}

/* 0, or why this device does not send these octets as a frame. */
static int check_frame(const struct dev *d, const uint8_t *frame, size_t len)
{
	size_t header = d->type == DEV_RAW ? 0 : ETHER_HDR_LEN;
	size_t most = d->mtu + header;
	struct ether_hdr eth;

	if (!(d->flags & DEV_UP))
		return -ENETDOWN;
	if (len == 0 || len < header)
		return -EINVAL;
	if (header && ether_parse(frame, len, &eth) == DROP_NONE && eth.type == ETHERTYPE_VLAN)
		most += VLAN_TAG_LEN;
	return len > most ? -EMSGSIZE : 0;
}

static ssize_t packet_send(
	struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to)
{
	int ifindex = to && to->ifindex ? to->ifindex : packet_sock(sk)->ifindex;
	struct dev *d = dev_by_index(sk->stack, ifindex);
	int err = d ? check_frame(d, data, len) : -ENXIO;

	(void)flags;
	if (err)
		return err;
	struct pkt *p = stack_pkt(sk->stack, MAX(len, (size_t)ETHER_MIN_LEN));
	if (!p)
		return -ENOBUFS;
	memcpy(pkt_put(p, len), data, len);
	p->dev = d;
	p->l2_len = d->type == DEV_RAW ? 0 : ETHER_HDR_LEN;
	p->sender = packet_sock(sk)->id;
	TRACE(sk->stack, LAYER_SOCK, p, "", "packet socket sends %zu octets by %s", len, d->name);
	err = dev_output(d, p);
	return err ? err : (ssize_t)len;
}

static const struct sock_ops packet_ops = {
	.name = "packet",
	.size = sizeof(struct packet_sock),
	.open = packet_open,
	.close = packet_close,
	.bind = packet_bind,
	.local = packet_local,
	.send = packet_send,
};

const struct proto packet_proto = {
	.name = "packet",
	.attach = attach,
	.detach = detach,
	.dev_event = dev_event,
	.sock_ops = &packet_ops,
	.sock_type = SOCK_KIND_PACKET,
};
