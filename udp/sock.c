/* SPDX-License-Identifier: MIT */
/* The names and options of a UDP socket (RFC 1122 4.1.3.5, 4.1.4), as Linux has them. */
#include "udp/internal.h"

#include <errno.h>

static int udp_open(struct sock *sk)
{
	struct udp_sock *u = udp_sock(sk);

	list_init(&u->memberships);
	u->number = ++sk->stack->udp->made;
	u->mc_ttl = 1; /* RFC 1112 6.1 */
	u->mc_loop = true;
	return 0;
}

static void give_port_back(struct udp_sock *u)
{
	udp_unhash(u);
	port_release(&u->sk.stack->udp->ports, &u->port);
	u->sk.extra->local.port = 0;
}

static void udp_close(struct sock *sk)
{
	udp_leave_all(udp_sock(sk));
	give_port_back(udp_sock(sk));
}

/* ---- names ---- */

static int take_port(struct udp_sock *u, uint16_t number)
{
	struct sock *sk = &u->sk;

	u->port.ip = sk->extra->local.ip;
	u->port.dev = (uint32_t)sk->bound_dev & 0xfffffff;
	u->port.reuseaddr = sk->reuseaddr;
	u->port.reuseport = sk->reuseport;
	int err = port_bind(&sk->stack->udp->ports, &u->port, number);
	if (err)
		return err;
	sk->extra->local.port = port_number(&u->port);
	err = udp_rehash(u);
	if (err)
		give_port_back(u);
	return err;
}

int udp_autobind(struct udp_sock *u)
{
	int err = u->port.port ? 0 : take_port(u, 0);

	return err == -EADDRINUSE ? -EAGAIN : err;
}

static bool may_bind(const struct sock *sk, uint32_t ip)
{
	enum ip_addr_kind kind = ip ? ip_addr_kind(sk->stack, ip) : IP_ADDR_LOCAL;

	return kind == IP_ADDR_LOCAL || kind == IP_ADDR_BROADCAST || kind == IP_ADDR_MULTICAST ||
		sk->freebind;
}

static int udp_bind(struct sock *sk, const struct sock_addr *a)
{
	struct udp_sock *u = udp_sock(sk);

	if (u->port.port)
		return -EINVAL;
	if (!may_bind(sk, a->ip))
		return -EADDRNOTAVAIL;
	sk->extra->local.ip = a->ip;
	int err = take_port(u, a->port);
	if (err) {
		sk->extra->local.ip = 0;
		return err;
	}
	u->sk.named_ip = a->ip != 0;
	u->sk.named_port = a->port != 0;
	return 0;
}

static int disconnect(struct udp_sock *u)
{
	struct sock *sk = &u->sk;

	sk->extra->peer = (struct sock_end){0};
	if (!u->sk.named_ip)
		sk->extra->local.ip = u->port.ip = 0;
	if (!u->sk.named_port)
		give_port_back(u);
	return udp_rehash(u);
}

/* The address that datagrams go out from now on is the local one, if none was asked for (RFC 1122 4.1.3.5). */
static int udp_connect(struct sock *sk, const struct sock_addr *a)
{
	struct udp_sock *u = udp_sock(sk);
	struct route_path path;

	if (!a->ip)
		return disconnect(u);
	int err = udp_autobind(u);
	if (!err)
		err = ip_sock_route(sk, sk->extra->local.ip, a->ip, &path);
	if (err)
		return err;
	sk->extra->peer = (struct sock_end){a->ip, a->port};
	if (!sk->extra->local.ip)
		sk->extra->local.ip = u->port.ip = path.source;
	return udp_rehash(u);
}

/* ---- options ---- */

static int set_multicast_ttl(struct udp_sock *u, int value)
{
	if (value != -1 && (value < 1 || value > 255))
		return -EINVAL;
	u->mc_ttl = (uint8_t)(value == -1 ? 1 : value);
	return 0;
}

static int set_multicast_if(struct udp_sock *u, int ifindex)
{
	if (ifindex && !dev_by_index(u->sk.stack, ifindex))
		return -EADDRNOTAVAIL;
	u->mc_if = ifindex;
	return 0;
}

/* Who has the port learns what the core is about to set. */
static int udp_set(struct sock *sk, enum sock_option opt, int value)
{
	struct udp_sock *u = udp_sock(sk);

	switch (opt) {
	case SO_OPT_MULTICAST_TTL:
		return set_multicast_ttl(u, value);
	case SO_OPT_MULTICAST_IF:
		return set_multicast_if(u, value);
	case SO_OPT_MULTICAST_LOOP:
		u->mc_loop = value != 0;
		return 0;
	case SO_OPT_UDP_SEGMENT:
		if (value < 0 || value > UINT16_MAX)
			return -EINVAL;
		u->segment = (uint16_t)value;
		return 0;
	case SO_OPT_REUSEADDR:
		u->port.reuseaddr = value != 0;
		return -ENOPROTOOPT;
	case SO_OPT_REUSEPORT:
		u->port.reuseport = value != 0;
		return -ENOPROTOOPT;
	case SO_OPT_BINDTODEVICE:
		if (!value || dev_by_index(sk->stack, value))
			u->port.dev = (uint32_t)value & 0xfffffff;
		return -ENOPROTOOPT;
	default:
		return -ENOPROTOOPT;
	}
}

static int udp_get(struct sock *sk, enum sock_option opt, int *value)
{
	const struct udp_sock *u = udp_sock(sk);

	switch (opt) {
	case SO_OPT_MULTICAST_TTL:
		*value = u->mc_ttl;
		return 0;
	case SO_OPT_MULTICAST_IF:
		*value = u->mc_if;
		return 0;
	case SO_OPT_MULTICAST_LOOP:
		*value = u->mc_loop;
		return 0;
	case SO_OPT_UDP_SEGMENT:
		*value = u->segment;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* Data at the IP header. */
static void fill(const struct pkt *p, struct sock_msg *msg)
{
	struct udp_hdr h;

	if (udp_peek(p->data + p->ip.hdr_len, p->len - p->ip.hdr_len, &h))
		msg->from.port = h.sport;
}

const struct sock_ops udp_sock_ops = {
	.name = "udp",
	.size = sizeof(struct udp_sock),
	.open = udp_open,
	.close = udp_close,
	.bind = udp_bind,
	.connect = udp_connect,
	.send = udp_send,
	.path_mtu = ip_sock_path_mtu,
	.group = udp_group,
	.hides_ip = true,
	.hides_hdr = UDP_HDR_LEN,
	.fill = fill,
	.set = udp_set,
	.get = udp_get,
};
