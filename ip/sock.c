/* SPDX-License-Identifier: MIT */
/* What sockets over IP have in common: their options and IP's wishes, their way, and errors of their own. */
#include "ip/ip.h"
#include "net/sock.h"

#include <errno.h>

/* A broadcast or multicast address may be listened on, and is never a source (RFC 1122 3.2.1.3). */
static uint32_t source(const struct sock *sk, uint32_t local)
{
	enum ip_addr_kind kind = local ? ip_addr_kind(sk->stack, local) : IP_ADDR_LOCAL;

	return kind == IP_ADDR_BROADCAST || kind == IP_ADDR_MULTICAST ? 0 : local;
}

int ip_sock_route(const struct sock *sk, uint32_t local, uint32_t dst, struct route_path *path)
{
	struct route_key key = {.dst = dst, .src = source(sk, local), .tos = sk->tos, .oif = sk->bound_dev};
	int err = route_lookup(sk->stack, &key, path);

	return !err && path->type == ROUTE_BROADCAST && !sk->broadcast ? -EACCES : err;
}

struct ip_send ip_sock_send(const struct sock *sk, uint32_t dst, uint8_t proto, int oif)
{
	return (struct ip_send){
		.dst = dst,
		.src = source(sk, sk->extra->local.ip),
		.proto = proto,
		.tos = sk->tos,
		.ttl = sk->ttl,
		.df = sk->mtu_discover == SOCK_PMTU_DO || sk->mtu_discover == SOCK_PMTU_PROBE,
		.df_if_fits = sk->mtu_discover == SOCK_PMTU_WANT,
		.ignore_pmtu = sk->mtu_discover == SOCK_PMTU_PROBE,
		.broadcast_ok = sk->broadcast,
		.oif = oif ? oif : sk->bound_dev,
		.opts = sk->extra->opts,
		.opts_len = sock_opts_len(sk),
	};
}

static void report_too_big(struct sock *sk, uint32_t dst, uint16_t seq)
{
	struct sock_error e = {
		.error = EMSGSIZE,
		.local = true,
		.info = ip_path_mtu(sk->stack, dst) - (uint32_t)sock_opts_len(sk),
		.dst = dst,
		.seq = seq,
		.time_ns = stack_now(sk->stack),
	};

	sock_report(sk, &e, false);
}

int ip_sock_result(struct sock *sk, int err, uint32_t dst, uint16_t seq)
{
	if (err == -EMSGSIZE)
		report_too_big(sk, dst, seq);
	return err == -ENOBUFS && !sk->recverr ? 0 : err;
}

int ip_sock_path_mtu(const struct sock *sk)
{
	uint32_t mtu = ip_path_mtu(sk->stack, sk->extra->peer.ip);

	return mtu ? (int)mtu : -ENETUNREACH;
}
