/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors about datagrams of ours (RFC 1122 4.1.3.3, RFC 8085 5.2). Anybody may forge one: it finds a socket
 * only by both ends of a datagram that this socket could have sent. A connected socket then has the error pending
 * where it is a hard one; one with IP_RECVERR has every error in its queue.
 */
#include "udp/internal.h"

#include <errno.h>

/* RFC 1191: too big is final for who relies on path MTU discovery. */
static bool is_fatal(const struct sock *sk, const struct icmp_note *note)
{
	return note->fatal || (note->error == EMSGSIZE && sk->mtu_discover != SOCK_PMTU_DONT);
}

void udp_note(struct stack *s, const struct icmp_note *note)
{
	const struct ip_hdr *q = note->quoted;
	struct udp_hdr h;

	if (note->type == ICMP_REDIRECT || !udp_peek(note->payload, note->payload_len, &h))
		return;
	struct udp_names names = {q->src, q->dst, h.sport, h.dport};
	struct udp_sock *u = udp_lookup(s->udp, &names, 0);
	if (!u)
		return;
	struct sock_error e = {
		.error = note->error,
		.type = note->type,
		.code = note->code,
		.info = note->info,
		.from = note->from,
		.dst = q->dst,
		.port = h.dport,
		.ttl = note->pkt ? note->pkt->ip.ttl : 0,
		.time_ns = stack_now(s),
	};
	sock_report(&u->sk, &e, u->sk.extra->peer.ip && is_fatal(&u->sk, note));
}
