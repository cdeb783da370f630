/* SPDX-License-Identifier: MIT */
/*
 * Who gets a segment: one probe of a keyed hash finds the connection, half-open or TIME-WAIT entry of its four
 * numbers; where there is none, the listener of its port.
 */
#include "tcp/listen.h"

#include <errno.h>

static uint32_t hash_of(
	const struct tcp *tcp, uint32_t local, uint16_t local_port, uint32_t remote, uint16_t remote_port)
{
	uint32_t four[3] = {local, remote, (uint32_t)local_port << 16 | remote_port};

	return hsiphash(&tcp->hash_key, four, sizeof(four));
}

static struct tcp_entry *find(const struct tcp *tcp, uint32_t hash, uint32_t local, uint16_t local_port,
	uint32_t remote, uint16_t remote_port)
{
	hash_each_match(e, &tcp->entries, hash, struct tcp_entry, link) {
		if (e->local == local && e->remote == remote && e->local_port == local_port &&
			e->remote_port == remote_port)
			return e;
	}
	return NULL;
}

struct tcp_entry *tcp_entry_find(
	const struct tcp *tcp, uint32_t local, uint16_t local_port, uint32_t remote, uint16_t remote_port)
{
	return find(tcp, hash_of(tcp, local, local_port, remote, remote_port), local, local_port, remote,
		remote_port);
}

int tcp_entry_add(struct tcp *tcp, struct tcp_entry *e)
{
	uint32_t hash = hash_of(tcp, e->local, e->local_port, e->remote, e->remote_port);

	if (find(tcp, hash, e->local, e->local_port, e->remote, e->remote_port))
		return -EADDRNOTAVAIL;
	int err = hash_add(&tcp->entries, &e->link, hash);
	e->listed = !err;
	return err;
}

void tcp_entry_replace(struct tcp *tcp, struct tcp_entry *from, struct tcp_entry *to)
{
	hash_replace(&tcp->entries, &from->link, &to->link);
	from->listed = false;
	to->listed = true;
}

void tcp_entry_del(struct tcp *tcp, struct tcp_entry *e)
{
	if (e->listed)
		hash_del(&tcp->entries, &e->link);
	e->listed = false;
}

/* ---- listeners ---- */

/* How well it fits: 0 not at all; an address of its own counts more than a device of its own. */
static unsigned fit(const struct tcp_listen *l, const struct tcp_seg *seg, int ifindex)
{
	const struct port_owner *o = &l->conn->port;

	if ((o->ip && o->ip != seg->dst) || (o->dev && (int)o->dev != ifindex))
		return 0;
	return 1 + (o->dev ? 1u : 0) + (o->ip ? 2u : 0);
}

/* Which of `n` equal listeners: the same one for all segments of a peer's port. */
static unsigned share(const struct tcp *tcp, const struct tcp_seg *seg, unsigned n)
{
	uint32_t hash = hash_of(tcp, seg->dst, seg->dport, seg->src, seg->sport);

	return (unsigned)((uint64_t)hash * n >> 32);
}

struct tcp_listen *tcp_listen_find(const struct tcp *tcp, const struct tcp_seg *seg, int ifindex)
{
	struct tcp_listen *found = NULL;
	unsigned best = 0, equal = 0, chosen;

	hash_each_match(l, &tcp->listeners, seg->dport, struct tcp_listen, link) {
		unsigned f = fit(l, seg, ifindex);

		if (f > best) {
			best = f;
			equal = 0;
			found = l;
		}
		equal += f && f == best;
	}
	if (equal < 2)
		return found;
	chosen = share(tcp, seg, equal);
	hash_each_match(l, &tcp->listeners, seg->dport, struct tcp_listen, link) {
		if (fit(l, seg, ifindex) == best && chosen-- == 0)
			return l;
	}
	return found;
}
