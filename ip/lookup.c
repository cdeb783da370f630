/* SPDX-License-Identifier: MIT */
/*
 * Which way does a packet go (RFC 1122 3.3.1, RFC 1812 5.2.4)?
 *
 * The local table is asked first, then the main one. In each, the longest prefix that has a suitable route
 * decides: of its routes the one with the TOS asked for, then the lowest metric. One that is known to lead
 * nowhere, because its gateway does not answer (RFC 1122 3.3.1.5) or its link has no carrier (RFC 1812
 * 5.3.12.3), is passed over while the same prefix has another. That is how several default gateways back each
 * other up. A gateway is tried again once its FAILED neighbour entry is gone.
 */
#include "ip/route.h"

#include <errno.h>

enum { TOS_ECN = 3 };

static bool suits(const struct fib_entry *e, const struct route_key *key, uint8_t scope)
{
	const struct route_info *i = e->info;

	if (e->tos && e->tos != (key->tos & ~TOS_ECN))
		return false;
	if (i->scope < scope)
		return false;
	return !key->oif || !i->netif || i->netif->dev->ifindex == key->oif;
}

/* It has a device, but a packet sent there would be lost. */
static bool is_dead(const struct stack *s, const struct route_info *i)
{
	if (!i->netif || i->type != ROUTE_UNICAST)
		return false;
	if (!i->netif->dev->carrier)
		return true;
	return i->gateway && s->neigh_failed && s->neigh_failed(i->netif, i->gateway);
}

/* Of the routes of one prefix. */
static const struct fib_entry *choose(const struct stack *s, const struct fib *f, const struct fib_entry *e,
	const struct route_key *key, uint8_t scope)
{
	const struct fib_entry *first = NULL;

	for (; e; e = fib_also(f, e)) {
		if (!suits(e, key, scope))
			continue;
		if (!is_dead(s, e->info))
			return e;
		first = first ? first : e;
	}
	return first;
}

static const struct fib_entry *find(
	const struct stack *s, const struct fib *f, const struct route_key *key, uint8_t scope)
{
	const struct fib_entry *e = fib_lookup(f, key->dst), *chosen;

	for (; e; e = fib_lookup_shorter(f, key->dst, e->plen)) {
		chosen = choose(s, f, e, key, scope);
		if (chosen)
			return chosen;
	}
	return NULL;
}

const struct fib_entry *route_decide(const struct stack *s, const struct route_key *key, uint8_t scope)
{
	const struct fib_entry *e = find(s, &s->ip->routes->local, key, scope);

	return e ? e : find(s, &s->ip->routes->main, key, scope);
}

/* ---- the path */

static int error_of(uint8_t type)
{
	switch (type) {
	case ROUTE_BLACKHOLE:
		return -EINVAL;
	case ROUTE_UNREACHABLE:
		return -EHOSTUNREACH;
	case ROUTE_PROHIBIT:
		return -EACCES;
	default:
		return 0;
	}
}

/* The address that packets by this route come from: RFC 1122 3.3.4.3. A device without a fitting one borrows
 * from another. */
static uint32_t source_of(const struct stack *s, const struct route *r, uint32_t nexthop)
{
	uint32_t addr = r->source ? r->source : netif_source(r->netif, nexthop, r->scope);

	if (addr)
		return addr;
	stack_each_dev(d, s) {
		addr = netif_source(d->netif, 0, SCOPE_SITE);
		if (addr)
			return addr;
	}
	return 0;
}

static uint32_t mtu_of(const struct stack *s, const struct route *r)
{
	const struct dev *d = r->type == ROUTE_LOCAL && s->lo ? s->lo : r->netif->dev;

	return r->mtu ? MIN(r->mtu, d->mtu) : d->mtu;
}

/* Multicast and 255.255.255.255 stay on one link: that of the device asked for, of the source address, or of
 * the route that would be taken. */
static int lookup_many(struct stack *s, const struct route_key *key, struct route_path *path)
{
	struct dev *d = key->oif ? dev_by_index(s, key->oif) : NULL;
	struct netif *n = d ? d->netif : key->src ? netif_owning(s, key->src) : NULL;

	path->type = key->dst == IP_BROADCAST ? ROUTE_BROADCAST : ROUTE_MULTICAST;
	path->route = (struct route){.prefix = key->dst, .plen = 32, .type = (uint8_t)path->type};
	if (!n) {
		const struct fib_entry *e = route_decide(s, key, 0);
		if (!e)
			return -ENETUNREACH;
		path->route = route_show(e);
		if (error_of(path->route.type))
			return error_of(path->route.type);
		n = path->route.netif;
	}
	path->netif = path->route.netif = n;
	path->nexthop = key->dst;
	path->source = key->src	     ? key->src
		: path->route.source ? path->route.source
				     : netif_source(n, 0, SCOPE_LINK);
	path->mtu = mtu_of(s, &path->route);
	return 0;
}

/* The old form of a broadcast address, zeros behind the prefix (RFC 1122 3.3.6). ARP takes it for one too, so
 * that a router which sent it on would be as good for a smurf attack as with the other form (RFC 2644). */
static bool is_old_broadcast(const struct netif *n, uint32_t addr)
{
	netif_each_addr(a, n)
		if (a->plen < 31 && addr == (a->peer & ip_mask(a->plen)))
			return true;
	return false;
}

int route_lookup(struct stack *s, const struct route_key *key, struct route_path *path)
{
	const struct fib_entry *e;
	int err;

	*path = (struct route_path){0};
	if (key->oif && !dev_by_index(s, key->oif))
		return -ENODEV;
	if (ip_is_multicast(key->dst) || key->dst == IP_BROADCAST)
		return lookup_many(s, key, path);
	/* RFC 1122 3.2.1.3 (b): an address of 0/8 is never sent to */
	if (ip_is_zeronet(key->dst))
		return key->dst == IP_ANY ? -ENETUNREACH : -EINVAL;
	e = route_decide(s, key, 0);
	if (!e)
		return -ENETUNREACH;
	path->route = route_show(e);
	path->type = e->info->type;
	err = error_of(e->info->type);
	if (err)
		return err;
	path->netif = e->info->netif;
	/* RFC 1122 3.2.1.3 (g): never outside a host */
	if (ip_is_loopback(key->dst) && path->type != ROUTE_LOCAL && path->netif->dev->type != DEV_LOOPBACK &&
		!netif_conf(path->netif, CONF_ROUTE_LOCALNET))
		return -ENETUNREACH;
	if (path->type == ROUTE_UNICAST && !e->info->gateway && is_old_broadcast(path->netif, key->dst))
		path->type = ROUTE_BROADCAST;
	path->nexthop = e->info->gateway ? e->info->gateway : key->dst;
	path->mtu = mtu_of(s, &path->route);
	if (path->type == ROUTE_UNICAST)
		exception_apply(s, key->dst, path);
	if (key->src)
		path->source = key->src;
	else if (path->type == ROUTE_LOCAL)
		path->source = path->route.source ? path->route.source : key->dst;
	else
		path->source = source_of(s, &path->route, path->nexthop);
	return 0;
}

/* On the link that packets to it would go by. */
static bool is_old_broadcast_here(const struct stack *s, uint32_t addr)
{
	const struct fib_entry *e = find(s, &s->ip->routes->main, &(struct route_key){.dst = addr}, 0);

	return e && e->info->netif && !e->info->gateway && is_old_broadcast(e->info->netif, addr);
}

enum ip_addr_kind ip_addr_kind(const struct stack *s, uint32_t addr)
{
	const struct fib_entry *e = fib_lookup(&s->ip->routes->local, addr);

	if (addr == IP_BROADCAST || (e && e->info->type == ROUTE_BROADCAST))
		return IP_ADDR_BROADCAST;
	if (e)
		return IP_ADDR_LOCAL;
	if (ip_is_multicast(addr))
		return IP_ADDR_MULTICAST;
	if (is_old_broadcast_here(s, addr))
		return IP_ADDR_BROADCAST;
	return ip_is_zeronet(addr) || ip_is_reserved(addr) ? IP_ADDR_BAD : IP_ADDR_UNICAST;
}
