/* SPDX-License-Identifier: MIT */
/*
 * Whose datagram is it? Sockets are hashed by the names they have: a connected one by both ends, another one by
 * its own with zeros for the rest. So a datagram is looked for under at most four names, from the most to the
 * least specific, and a server with thousands of connected sockets on one port finds each at once. In two tables,
 * since a server that has none connected need not look for them.
 */
#include "udp/internal.h"

static struct udp_names names_of(const struct sock *sk)
{
	return (struct udp_names){
		sk->extra->local.ip, sk->extra->peer.ip, sk->extra->local.port, sk->extra->peer.port};
}

static bool same_names(const struct udp_names *a, const struct udp_names *b)
{
	return a->local_ip == b->local_ip && a->remote_ip == b->remote_ip && a->local_port == b->local_port &&
		a->remote_port == b->remote_port;
}

static uint32_t hash_of(const struct udp *udp, const struct udp_names *names)
{
	return hsiphash(&udp->key, names, sizeof(*names));
}

void udp_unhash(struct udp_sock *u)
{
	if (u->table)
		hash_del(u->table, &u->link);
	u->table = NULL;
}

int udp_rehash(struct udp_sock *u)
{
	struct udp *udp = u->sk.stack->udp;
	struct udp_names names = names_of(&u->sk);

	udp_unhash(u);
	if (!names.local_port)
		return 0;
	struct hash *table = names.remote_ip || names.remote_port ? &udp->connected : &udp->bound;
	int err = hash_add(table, &u->link, hash_of(udp, &names));
	u->table = err ? NULL : table;
	return err;
}

static bool has_names(const struct udp_sock *u, const struct udp_names *names)
{
	struct udp_names own = names_of(&u->sk);

	return same_names(&own, names);
}

static bool hears(const struct udp_sock *u, int ifindex)
{
	return !u->sk.bound_dev || !ifindex || u->sk.bound_dev == ifindex;
}

/* Who shares by SO_REUSEPORT draws a number for each flow, and the highest has it: whoever comes or goes, the flows of
 * the others stay where they are. */
static uint64_t draw(const struct udp *udp, const struct udp_sock *u, const struct udp_names *flow)
{
	struct {
		struct udp_names flow;
		uint32_t number;
	} lot = {*flow, (uint32_t)u->number};

	return siphash(&udp->key, &lot, sizeof(lot));
}

static bool is_better(const struct udp *udp, const struct udp_sock *u, const struct udp_sock *than,
	const struct udp_names *flow)
{
	if (!than || !u->sk.bound_dev != !than->sk.bound_dev)
		return !than || u->sk.bound_dev;
	if (u->sk.reuseport && than->sk.reuseport)
		return draw(udp, u, flow) > draw(udp, than, flow);
	return u->number > than->number;
}

/* Of those with these names, who hears what comes by `ifindex` in this flow? */
static struct udp_sock *find(const struct udp *udp, const struct hash *table, struct udp_names names,
	int ifindex, const struct udp_names *flow)
{
	struct udp_sock *best = NULL;

	if (!table->count)
		return NULL;
	uint32_t hash = hash_of(udp, &names);
	hash_each_match(u, table, hash, struct udp_sock, link)
		if (has_names(u, &names) && hears(u, ifindex) && is_better(udp, u, best, flow))
			best = u;
	return best;
}

struct udp_sock *udp_lookup(const struct udp *udp, const struct udp_names *names, int ifindex)
{
	uint16_t port = names->local_port;
	struct udp_sock *u = find(udp, &udp->connected, *names, ifindex, names);

	if (!u)
		u = find(udp, &udp->connected,
			(struct udp_names){0, names->remote_ip, port, names->remote_port}, ifindex, names);
	if (!u)
		u = find(udp, &udp->bound,
			(struct udp_names){.local_ip = names->local_ip, .local_port = port}, ifindex, names);
	if (!u)
		u = find(udp, &udp->bound, (struct udp_names){.local_port = port}, ifindex, names);
	return u;
}
