/* SPDX-License-Identifier: MIT */
/*
 * Ping sockets, Linux's SOCK_DGRAM of IPPROTO_ICMP (RFC 1122 3.2.2.6: the echo client interface). They send
 * echo requests only, under an identifier that belongs to the socket, and get the replies that bear it, and
 * the errors that quote it.
 */
#include "icmp/internal.h"
#include "lib/text.h"

#include <errno.h>

enum { IDS = 65536 };

struct ping_sock {
	struct sock sk; /* local.port is the identifier, 0: none yet */
	struct hash_link link;
};

static struct ping_sock *ping_sock(struct sock *sk)
{
	return CONTAINER_OF(sk, struct ping_sock, sk);
}

/* ---- identifiers ---- */

static struct ping_sock *find(const struct icmp *icmp, uint16_t id)
{
	hash_each_match(ps, &icmp->pings, id, struct ping_sock, link)
		return ps;
	return NULL;
}

/* One that is free, unpredictable, or 0. */
static uint16_t choose_id(struct stack *s)
{
	uint32_t first = rng_below(&s->rng, IDS);

	for (uint32_t i = 0; i < IDS; i++) {
		uint16_t id = (uint16_t)(first + i);
		if (id && !find(s->icmp, id))
			return id;
	}
	return 0;
}

static int take_id(struct sock *sk, uint16_t wanted)
{
	struct stack *s = sk->stack;
	uint16_t id = wanted ? wanted : choose_id(s);

	if (!id || find(s->icmp, id))
		return -EADDRINUSE;
	int err = hash_add(&s->icmp->pings, &ping_sock(sk)->link, id);
	if (!err)
		sk->extra->local.port = id;
	return err;
}

/* ---- opening, closing, names ---- */

static int ping_open(struct sock *sk)
{
	int32_t others = -1;

	list_each(other, &sk->stack->socks, struct sock, node)
		others += other->ops == &ping_sock_ops;
	return others < sk->stack->sysctl[SYSCTL_PING_GROUP_RANGE_MAX] ? 0 : -EMFILE;
}

static void ping_close(struct sock *sk)
{
	if (sk->extra->local.port)
		hash_del(&sk->stack->icmp->pings, &ping_sock(sk)->link);
	sk->extra->local.port = 0;
}

static int ping_bind(struct sock *sk, const struct sock_addr *a)
{
	if (sk->extra->local.port)
		return -EINVAL;
	if (a->ip && !sk->freebind && ip_addr_kind(sk->stack, a->ip) != IP_ADDR_LOCAL)
		return -EADDRNOTAVAIL;
	int err = take_id(sk, a->port);
	if (err)
		return err;
	sk->extra->local.ip = a->ip;
	sk->named_ip = a->ip != 0;
	return 0;
}

static void disconnect(struct sock *sk)
{
	sk->extra->peer = (struct sock_end){0};
	if (!sk->named_ip)
		sk->extra->local.ip = 0;
}

static int ping_connect(struct sock *sk, const struct sock_addr *a)
{
	struct route_path path;

	disconnect(sk);
	if (!a->ip)
		return 0;
	int err = ip_sock_route(sk, sk->extra->local.ip, a->ip, &path);
	if (!err && !sk->extra->local.port)
		err = take_id(sk, 0);
	if (err)
		return err;
	sk->extra->peer = (struct sock_end){a->ip, a->port};
	if (!sk->extra->local.ip)
		sk->extra->local.ip = path.source;
	return 0;
}

/* ---- sending ---- */

/* 0 or -errno: what may be sent is an echo request that fits a datagram. */
static int check_request(const struct sock *sk, const uint8_t *data, size_t len, struct icmp_hdr *h)
{
	if (len > (size_t)IP_MAX_LEN - IP_HDR_LEN - sock_opts_len(sk))
		return -EMSGSIZE;
	if (icmp_peek(data, len, h) || h->type != ICMP_ECHO || h->code != 0)
		return -EINVAL;
	return 0;
}

static ssize_t ping_send(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to)
{
	struct sock_addr peer = to ? *to : sock_addr_of(sk->extra->peer);
	struct icmp_hdr h;
	int err = peer.ip ? check_request(sk, data, len, &h) : -EDESTADDRREQ;

	(void)flags;
	if (!err && !sk->extra->local.port)
		err = take_id(sk, 0);
	if (err)
		return err;
	struct ip_send how = ip_sock_send(sk, peer.ip, IP_PROTO_ICMP, peer.ifindex);
	struct pkt *p = stack_pkt(sk->stack, len);
	if (!p)
		return -ENOBUFS;
	memcpy(pkt_put(p, len), data, len);
	h.rest = (uint32_t)sk->extra->local.port << 16 | icmp_seq(&h);
	icmp_emit(p->data, len, &h);
	err = ip_sock_result(sk, icmp_output(sk->stack, p, &how), how.dst, icmp_seq(&h));
	return err ? err : (ssize_t)len;
}

const struct sock_ops ping_sock_ops = {
	.name = "ping",
	.size = sizeof(struct ping_sock),
	.open = ping_open,
	.close = ping_close,
	.bind = ping_bind,
	.connect = ping_connect,
	.send = ping_send,
	.path_mtu = ip_sock_path_mtu,
	.hides_ip = true,
};

/* ---- what comes back ---- */

static bool is_bound_elsewhere(const struct sock *sk, uint32_t own, const struct dev *d)
{
	return (sk->extra->local.ip && sk->extra->local.ip != own) ||
		(sk->bound_dev && d && d->ifindex != sk->bound_dev);
}

void ping_input(struct stack *s, struct pkt *p, const struct icmp_hdr *h)
{
	struct ping_sock *ps = find(s->icmp, icmp_id(h));

	if (!ps || is_bound_elsewhere(&ps->sk, p->ip.dst, p->dev)) {
		stack_drop(s, p, DROP_ICMP_REPLY_UNWANTED);
		return;
	}
	TRACE(s, LAYER_SOCK, p, "RFC 1122 3.2.2.6", "for the ping socket of identifier %u", icmp_id(h));
	pkt_push(p, p->ip.hdr_len);
	sock_input(&ps->sk, p);
}

/* RFC 1122 3.2.2: an error finds its socket by the identifier of the request it quotes. */
void ping_note(struct stack *s, const struct icmp_note *note)
{
	struct icmp_hdr h;
	struct ping_sock *ps;

	if (icmp_peek(note->payload, note->payload_len, &h) || h.type != ICMP_ECHO)
		return;
	ps = find(s->icmp, icmp_id(&h));
	if (!ps || is_bound_elsewhere(&ps->sk, note->quoted->src, NULL) ||
		(ps->sk.extra->peer.ip && ps->sk.extra->peer.ip != note->quoted->dst))
		return;
	struct sock_error e = {
		.error = note->error,
		.type = note->type,
		.code = note->code,
		.info = note->info,
		.from = note->from,
		.dst = note->quoted->dst,
		.seq = icmp_seq(&h),
		.ttl = note->pkt->ip.ttl,
		.time_ns = stack_now(s),
	};
	bool fatal = note->fatal || (e.error == EMSGSIZE && ps->sk.mtu_discover != SOCK_PMTU_DONT);
	sock_report(&ps->sk, &e, fatal && ps->sk.extra->peer.ip);
}
