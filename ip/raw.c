/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets: every packet that is delivered is copied to each socket of its protocol, from the IP header
 * on, whatever the protocol itself makes of it. What they send gets a header here, or (HDRINCL, and always
 * with protocol 255) has one. ICMP errors about what they sent come back as with Linux.
 */
#include "ip/internal.h"

#include "net/sock.h"

#include <errno.h>

enum { PROTO_RAW = 255 };

struct raw_sock {
	struct sock sk;
	struct list node; /* in ip->raw */
};

#define each_raw(r, s) list_each(r, &(s)->ip->raw, struct raw_sock, node)

/* ---- in ---- */

static bool wants(const struct sock *sk, const struct pkt *p)
{
	return sk->extra->protocol == p->ip.proto &&
		(!sk->extra->local.ip || sk->extra->local.ip == p->ip.dst) &&
		(!sk->extra->peer.ip || sk->extra->peer.ip == p->ip.src) &&
		(!sk->bound_dev || (p->dev && sk->bound_dev == p->dev->ifindex)) && sock_wants(sk, p);
}

bool raw_input(struct stack *s, const struct pkt *p)
{
	bool taken = false;

	each_raw(raw, s)
	{
		struct sock *sk = &raw->sk;

		if (!wants(sk, p))
			continue;
		struct pkt *copy = pkt_copy(p, 0);
		taken = true;
		if (!copy) {
			stack_count_drop(s, DROP_NO_MEMORY);
			continue;
		}
		csum_complete_network(copy);
		sock_queue(sk, copy);
	}
	return taken;
}

void raw_note(struct stack *s, const struct icmp_note *note)
{
	const struct ip_hdr *q = note->quoted;
	struct sock_error e = {
		.error = note->error,
		.type = note->type,
		.code = note->code,
		.info = note->info,
		.from = note->from,
		.dst = q->dst,
		.ttl = note->pkt ? note->pkt->ip.ttl : 0,
		.time_ns = stack_now(s),
	};

	each_raw(raw, s)
	{
		struct sock *sk = &raw->sk;
		bool ours = sk->extra->protocol == q->proto &&
			(!sk->extra->local.ip || sk->extra->local.ip == q->src) &&
			(!sk->extra->peer.ip || sk->extra->peer.ip == q->dst);
		if (ours && (sk->recverr || sk->extra->peer.ip))
			sock_report(sk, &e, note->fatal);
	}
}

/* ---- names ---- */

static struct raw_sock *raw_sock(struct sock *sk)
{
	return CONTAINER_OF(sk, struct raw_sock, sk);
}

static int raw_open(struct sock *sk)
{
	if (sk->extra->protocol <= 0 || sk->extra->protocol > PROTO_RAW)
		return -EPROTONOSUPPORT;
	sk->hdrincl = sk->extra->protocol == PROTO_RAW;
	list_add_tail(&sk->stack->ip->raw, &raw_sock(sk)->node);
	return 0;
}

static void raw_close(struct sock *sk)
{
	list_del(&raw_sock(sk)->node);
}

static int raw_bind(struct sock *sk, const struct sock_addr *a)
{
	enum ip_addr_kind kind = a->ip ? ip_addr_kind(sk->stack, a->ip) : IP_ADDR_LOCAL;

	if (kind != IP_ADDR_LOCAL && kind != IP_ADDR_BROADCAST && kind != IP_ADDR_MULTICAST && !sk->freebind)
		return -EADDRNOTAVAIL;
	sk->extra->local.ip = a->ip;
	return 0;
}

static int raw_connect(struct sock *sk, const struct sock_addr *a)
{
	struct route_path path;

	if (!a->ip) {
		sk->extra->peer.ip = 0;
		return 0;
	}
	int err = ip_sock_route(sk, sk->extra->local.ip, a->ip, &path);
	if (err)
		return err;
	sk->extra->local.ip = path.source;
	sk->extra->peer.ip = a->ip;
	return 0;
}

/* ---- out ---- */

/* As in Linux, the protocol counts it among its own. */
void raw_count_sent(struct stack *s, uint8_t proto, const uint8_t *b, size_t len)
{
	const struct proto *pr = s->by_number[proto];

	if (pr && pr->sent_raw)
		pr->sent_raw(s, b, len);
}

static int send_packet(struct sock *sk, struct pkt *p, uint32_t dst, int oif)
{
	struct ip_send how = ip_sock_send(sk, dst, (uint8_t)sk->extra->protocol, oif);

	raw_count_sent(sk->stack, how.proto, p->data, p->len);
	return ip_output(sk->stack, p, &how);
}

static ssize_t raw_send(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to)
{
	uint32_t dst = to ? to->ip : sk->extra->peer.ip;
	int oif = to && to->ifindex ? to->ifindex : sk->bound_dev;

	(void)flags;
	if (!dst)
		return -EDESTADDRREQ;
	if (len > IP_MAX_LEN)
		return -EMSGSIZE;
	struct pkt *p = stack_pkt(sk->stack, len);
	if (!p) {
		mib_inc(sk->stack, MIB_IpOutDiscards);
		return -ENOBUFS;
	}
	memcpy(pkt_put(p, len), data, len);
	int err =
		sk->hdrincl ? ip_output_raw(sk->stack, p, oif, sk->broadcast) : send_packet(sk, p, dst, oif);
	err = ip_sock_result(sk, err, dst, 0);
	return err ? err : (ssize_t)len;
}

const struct sock_ops raw_sock_ops = {
	.name = "raw",
	.size = sizeof(struct raw_sock),
	.open = raw_open,
	.close = raw_close,
	.bind = raw_bind,
	.connect = raw_connect,
	.send = raw_send,
	.path_mtu = ip_sock_path_mtu,
};
