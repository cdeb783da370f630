/* SPDX-License-Identifier: MIT */
/*
 * UDP as a protocol of the house (RFC 768).
 *
 *	in:  ip -> udp_input -> udp_lookup -> the socket's queue, or port unreachable
 *	     icmp -> ip -> udp_note -> the socket's errors
 *	out: udp_send -> ip_output
 *
 * What programs see of it is sock.c; ports are given out by net/port.c.
 */
#include "udp/internal.h"

#include <errno.h>
#include <stdlib.h>

/* The key of the hash is not drawn from the host's own numbers: a protocol more or less on a host changes nothing
 * of what the others get. */
static int udp_init(struct stack *s)
{
	struct rng rng;

	s->udp = calloc(1, sizeof(*s->udp));
	if (!s->udp)
		return -ENOMEM;
	rng_fork(&s->rng, "udp", &rng);
	s->udp->key = rng_key(&rng);
	port_table_init(&s->udp->ports, s);
	hash_init(&s->udp->connected);
	hash_init(&s->udp->bound);
	return 0;
}

/* Sockets have left before. */
static void udp_exit(struct stack *s)
{
	if (!s->udp)
		return;
	port_table_exit(&s->udp->ports);
	hash_exit(&s->udp->connected);
	hash_exit(&s->udp->bound);
	free(s->udp);
	s->udp = NULL;
}

const struct proto udp_proto = {
	.name = "udp",
	.number = IP_PROTO_UDP,
	.init = udp_init,
	.exit = udp_exit,
	.input = udp_input,
	.note = udp_note,
	.sock_ops = &udp_sock_ops,
	.sock_type = SOCK_DGRAM,
};
