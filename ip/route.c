/* SPDX-License-Identifier: MIT */
/*
 * The routes of a host: what the user adds and deletes, and what addresses bring with them, as in Linux.
 *
 * An address 10.0.0.1/24 on eth0 makes
 *
 *	local table	local 10.0.0.1 dev eth0 proto kernel scope host src 10.0.0.1
 *			broadcast 10.0.0.255 dev eth0 proto kernel scope link src 10.0.0.1
 *	main table	10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1
 *
 * (of loopback devices the whole prefix is local). They go with the last address that makes them. With the
 * device down, all but the first go, and they come back with it; routes that the user made do not. A route
 * that prefers an address as source goes with this address, and every route by a device with its last one.
 */
#include "ip/route.h"

#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>

/* ---- what routes have in common */

static uint32_t hash_info(const struct route_info *i)
{
	uint32_t h = i->gateway * UINT32_C(0x9e3779b1) ^ i->metric * UINT32_C(0x85ebca6b);

	h ^= i->source * UINT32_C(0xc2b2ae35) ^ (uint32_t)(i->type << 8 | i->origin);
	return h ^ h >> 15;
}

static bool same_info(const struct route_info *a, const struct route_info *b)
{
	return a->metric == b->metric && a->gateway == b->gateway && a->source == b->source &&
		a->mtu == b->mtu && a->type == b->type && a->scope == b->scope && a->origin == b->origin &&
		a->flags == b->flags && a->netif == b->netif;
}

/* The info that says what `r` says, counted as used once more; NULL: no memory. */
static struct route_info *info_get(struct routes *t, const struct route *r)
{
	struct route_info want = {.users = 1,
		.metric = r->metric,
		.gateway = r->gateway,
		.source = r->source,
		.mtu = r->mtu,
		.type = r->type,
		.scope = r->scope,
		.origin = r->origin,
		.flags = r->flags & ROUTE_ONLINK,
		.netif = r->netif};
	struct route_info *new;

	hash_each_match(i, &t->infos, hash_info(&want), struct route_info, link) {
		if (same_info(i, &want)) {
			i->users++;
			return i;
		}
	}
	new = hash_reserve(&t->infos) || hash_reserve(&t->by_source) ? NULL : malloc(sizeof(*new));
	if (!new)
		return NULL;
	*new = want;
	list_init(&new->node);
	hash_add(&t->infos, &new->link, hash_info(new));
	if (new->source)
		hash_add(&t->by_source, &new->source_link, hash_u32(new->source));
	if (new->netif)
		list_add_tail(&new->netif->ip->infos, &new->node);
	return new;
}

static void info_put(struct routes *t, struct route_info *i)
{
	if (--i->users)
		return;
	hash_del(&t->infos, &i->link);
	if (i->source)
		hash_del(&t->by_source, &i->source_link);
	list_del(&i->node);
	free(i);
}

static bool is_cheaper(const struct route_info *a, const struct route_info *b)
{
	return a->metric < b->metric;
}

struct route route_show(const struct fib_entry *e)
{
	const struct route_info *i = e->info;
	bool linkdown = i->netif && i->type != ROUTE_LOCAL && !i->netif->dev->carrier;

	return (struct route){
		.prefix = e->prefix,
		.plen = e->plen,
		.tos = e->tos,
		.type = i->type,
		.scope = i->scope,
		.origin = i->origin,
		.flags = (uint8_t)(i->flags | (linkdown ? ROUTE_LINKDOWN : 0)),
		.metric = i->metric,
		.gateway = i->gateway,
		.source = i->source,
		.mtu = i->mtu,
		.netif = i->netif,
	};
}

/* ---- changes */

static void note(struct stack *s, const struct route *r, bool gone)
{
	s->generation++;
	TRACE(s, LAYER_ROUTE, NULL, "RFC 1122 3.3.1", "route %s/%u%s%s%s%s: %s", TEXT_IP(r->prefix), r->plen,
		r->gateway ? " via " : "", r->gateway ? TEXT_IP(r->gateway) : "", r->netif ? " dev " : "",
		r->netif ? r->netif->dev->name : "", gone ? "gone" : "there");
}

static void tell(struct stack *s, const struct route *r, bool gone)
{
	note(s, r, gone);
	monitor_tell(s, MONITOR_ROUTE, r, gone);
}

static struct fib *table_of(struct stack *s, uint8_t type)
{
	return type == ROUTE_LOCAL || type == ROUTE_BROADCAST ? &s->ip->routes->local : &s->ip->routes->main;
}

static int insert(struct stack *s, struct fib *f, const struct route *r)
{
	struct route_info *i = info_get(s->ip->routes, r);
	const struct fib_entry *e;
	struct route shown;

	if (!i)
		return -ENOMEM;
	e = fib_insert(f, r->prefix, r->plen, r->tos, i, is_cheaper);
	if (!e) {
		info_put(s->ip->routes, i);
		return -ENOMEM;
	}
	shown = route_show(e);
	tell(s, &shown, false);
	return 0;
}

/* Gives an entry another info of the same metric, so that it stays in its place. */
static int change(struct stack *s, struct fib_entry *e, const struct route *r)
{
	struct route_info *i = info_get(s->ip->routes, r);
	struct route shown;

	if (!i)
		return -ENOMEM;
	info_put(s->ip->routes, e->info);
	if (e->info == i)
		return 0;
	e->info = i;
	shown = route_show(e);
	tell(s, &shown, false);
	return 0;
}

/* Without telling the monitors. Returns what it was. */
static struct route take_out(struct stack *s, struct fib *f, const struct fib_entry *e)
{
	struct route shown = route_show(e);
	struct route_info *i = e->info;

	fib_remove(f, e);
	info_put(s->ip->routes, i);
	note(s, &shown, true);
	return shown;
}

static void drop(struct stack *s, struct fib *f, const struct fib_entry *e)
{
	struct route shown = take_out(s, f, e);

	monitor_tell(s, MONITOR_ROUTE, &shown, true);
}

/* ---- what the user may ask for */

static bool is_reject(uint8_t type)
{
	return type == ROUTE_BLACKHOLE || type == ROUTE_UNREACHABLE || type == ROUTE_PROHIBIT;
}

/* With "onlink" the user vouches for the gateway; its address must still be somebody else's. */
static int check_onlink(const struct stack *s, const struct route *r)
{
	if (!r->netif || ip_addr_kind(s, r->gateway) != IP_ADDR_UNICAST)
		return -EINVAL;
	return 0;
}

/* A gateway must be a neighbour: reached without another gateway (RFC 1122 3.3.1.1). */
static int check_gateway(const struct stack *s, struct route *r)
{
	struct route_key key = {.dst = r->gateway, .oif = r->netif ? r->netif->dev->ifindex : 0};
	const struct fib_entry *e;

	if (r->scope >= SCOPE_LINK)
		return -EINVAL;
	if (r->flags & ROUTE_ONLINK)
		return check_onlink(s, r);
	if (ip_addr_kind(s, r->gateway) != IP_ADDR_UNICAST)
		return -EINVAL;
	e = route_decide(s, &key, SCOPE_LINK);
	if (!e)
		return -ENETUNREACH;
	if (e->info->type != ROUTE_UNICAST || e->info->gateway)
		return -EINVAL;
	r->netif = e->info->netif;
	return 0;
}

static uint8_t default_scope(const struct route *r)
{
	if (r->type == ROUTE_LOCAL)
		return SCOPE_HOST;
	if (is_reject(r->type) || r->gateway)
		return SCOPE_GLOBAL;
	return SCOPE_LINK;
}

/* Can this route be? Fills in what was left open. */
static int check(const struct stack *s, struct route *r)
{
	int err;

	if (r->plen > 32 || (r->prefix & ~ip_mask(r->plen)))
		return -EINVAL;
	if (r->scope == SCOPE_NOWHERE)
		r->scope = default_scope(r);
	if (r->source && ip_addr_kind(s, r->source) != IP_ADDR_LOCAL)
		return -EINVAL;
	if (is_reject(r->type))
		return r->gateway || r->netif ? -EINVAL : 0;
	err = r->gateway ? check_gateway(s, r) : 0;
	if (err)
		return err;
	if (!r->netif)
		return -ENODEV;
	return r->type == ROUTE_LOCAL || (r->netif->dev->flags & DEV_UP) ? 0 : -ENETDOWN;
}

/* The first route of the same prefix, TOS and metric, or NULL. */
static struct fib_entry *find_same(const struct fib *f, const struct route *r)
{
	struct fib_entry *e = fib_find(f, r->prefix, r->plen);

	while (e && (e->tos != r->tos || e->info->metric != r->metric))
		e = fib_also(f, e);
	return e;
}

int route_add(struct stack *s, const struct route *wanted, bool replace)
{
	struct route r = *wanted;
	struct fib *f = table_of(s, r.type);
	struct fib_entry *old;
	int err = check(s, &r);

	if (err)
		return err;
	old = find_same(f, &r);
	if (!old)
		return insert(s, f, &r);
	return replace ? change(s, old, &r) : -EEXIST;
}

static bool is_meant(const struct fib_entry *e, const struct route *r)
{
	const struct route_info *i = e->info;

	return (!r->type || r->type == i->type) &&
		(r->scope == SCOPE_GLOBAL || r->scope == SCOPE_NOWHERE || r->scope == i->scope) &&
		(!r->origin || r->origin == i->origin) && (!r->tos || r->tos == e->tos) &&
		(!r->metric || r->metric == i->metric) && (!r->gateway || r->gateway == i->gateway) &&
		(!r->source || r->source == i->source) && (!r->mtu || r->mtu == i->mtu) &&
		(!r->netif || r->netif == i->netif);
}

int route_del(struct stack *s, const struct route *r)
{
	struct fib *f = table_of(s, r->type);
	const struct fib_entry *e = fib_find(f, r->prefix, r->plen);

	while (e && !is_meant(e, r))
		e = fib_also(f, e);
	if (!e)
		return -ESRCH;
	drop(s, f, e);
	return 0;
}

void route_each(struct stack *s, bool local, void (*fn)(void *ctx, const struct route *r), void *ctx)
{
	const struct fib *f = local ? &s->ip->routes->local : &s->ip->routes->main;

	for (const struct fib_entry *e = fib_first(f); e; e = fib_next(f, e->prefix, e->plen)) {
		for (const struct fib_entry *same = e; same; same = fib_also(f, same)) {
			struct route r = route_show(same);
			fn(ctx, &r);
		}
	}
}

/* ---- removing many */

/* Which routes go. */
struct doom {
	const struct netif *netif; /* those by this device, */
	bool keep_host;		   /* but not its local addresses; */
	uint32_t source;	   /* or those that prefer this source */
};

static bool is_doomed(const struct route_info *i, const struct doom *d)
{
	if (d->netif)
		return i->netif == d->netif && !(d->keep_host && i->scope == SCOPE_HOST);
	return i->source == d->source;
}

/* In silence, as in Linux: `ip monitor` shows the cause. */
static void purge_table(struct stack *s, struct fib *f, const struct doom *d)
{
	const struct fib_entry *e = fib_first(f);

	while (e) {
		const struct fib_entry *c = e;
		uint32_t prefix = e->prefix;
		unsigned plen = e->plen;

		while (c && !is_doomed(c->info, d))
			c = fib_also(f, c);
		if (c)
			take_out(s, f, c);
		e = c ? fib_find(f, prefix, plen) : NULL;
		if (!e)
			e = fib_next(f, prefix, plen);
	}
}

static bool is_any_doomed(const struct routes *t, const struct doom *d)
{
	if (d->netif) {
		list_each(i, &d->netif->ip->infos, struct route_info, node)
			if (is_doomed(i, d))
				return true;
	} else {
		hash_each_match(i, &t->by_source, hash_u32(d->source), struct route_info, source_link)
			if (is_doomed(i, d))
				return true;
	}
	return false;
}

/* The tables are only walked when something is to be found. */
static void purge(struct stack *s, const struct doom *d)
{
	struct routes *t = s->ip->routes;

	if (!is_any_doomed(t, d))
		return;
	purge_table(s, &t->local, d);
	purge_table(s, &t->main, d);
}

/* ---- what addresses bring with them */

enum { ROUTES_PER_ADDR = 4 };

static bool same_subnet(const struct netif_addr *a, const struct netif_addr *b)
{
	return a->plen == b->plen && !((a->peer ^ b->peer) & ip_mask(a->plen));
}

static bool is_primary(const struct netif_addr *a)
{
	return !(a->flags & ADDR_SECONDARY);
}

static bool is_up(const struct netif_addr *a)
{
	return a->netif->dev->flags & DEV_UP;
}

/* The address that `a` sends as: its primary. */
static uint32_t primary_of(const struct netif_addr *a)
{
	netif_each_addr(other, a->netif) {
		if (is_primary(other) && same_subnet(other, a))
			return other->local;
	}
	return a->local;
}

/* The routes that an address makes while its device is up, or down, but for their source; returns how many. */
static unsigned routes_of(const struct netif_addr *a, bool up, struct route out[ROUTES_PER_ADDR])
{
	const struct dev *d = a->netif->dev;
	uint32_t mask = ip_mask(a->plen), prefix = a->peer & mask;
	bool loopback = d->type == DEV_LOOPBACK;
	struct route r = {.plen = 32, .scope = SCOPE_LINK, .origin = ROUTE_BY_KERNEL, .netif = a->netif};
	unsigned n = 0;

	if (!netif_addr_is_usable(a))
		return 0;
	out[n] = r;
	out[n].prefix = a->local;
	out[n].type = ROUTE_LOCAL;
	out[n++].scope = SCOPE_HOST;
	if (!up)
		return n;
	r.type = ROUTE_BROADCAST;
	if (a->broadcast && a->broadcast != IP_BROADCAST) {
		out[n] = r;
		out[n++].prefix = a->broadcast;
	}
	if (ip_is_zeronet(prefix) || !is_primary(a) || (prefix == a->local && a->plen == 32))
		return n;
	out[n] = r;
	out[n].prefix = prefix;
	out[n].plen = a->plen;
	out[n].type = loopback ? ROUTE_LOCAL : ROUTE_UNICAST;
	out[n++].scope = loopback ? SCOPE_HOST : SCOPE_LINK;
	if (a->plen < 31) {
		out[n] = r;
		out[n++].prefix = prefix | ~mask;
	}
	return n;
}

static bool same_place(const struct route *a, const struct route *b)
{
	return a->prefix == b->prefix && a->plen == b->plen && a->type == b->type;
}

/* The route that the kernel made at this place for this device, or NULL. */
static struct fib_entry *find_kernels(const struct fib *f, const struct route *r)
{
	struct fib_entry *e = fib_find(f, r->prefix, r->plen);

	while (e &&
		(e->info->origin != ROUTE_BY_KERNEL || e->info->netif != r->netif ||
			e->info->type != r->type))
		e = fib_also(f, e);
	return e;
}

/* Two devices in one subnet each have their own route to it; the first one is used. Without memory the
 * address stays without its route. */
static void install(struct stack *s, const struct netif_addr *a)
{
	struct route rs[ROUTES_PER_ADDR];
	unsigned n = routes_of(a, is_up(a), rs);
	uint32_t source = primary_of(a);

	for (unsigned i = 0; i < n; i++) {
		struct fib *f = table_of(s, rs[i].type);
		struct fib_entry *e = find_kernels(f, &rs[i]);

		rs[i].source = source;
		if (e)
			change(s, e, &rs[i]);
		else
			insert(s, f, &rs[i]);
	}
}

static bool is_wanted_by_another(const struct route *r, const struct netif_addr *but)
{
	struct route rs[ROUTES_PER_ADDR];

	netif_each_addr(a, but->netif) {
		unsigned n = a == but ? 0 : routes_of(a, is_up(a), rs);

		for (unsigned i = 0; i < n; i++)
			if (same_place(r, &rs[i]))
				return true;
	}
	return false;
}

/* Takes away what only `a` makes, as a usable address, and what wants it as source. */
static void uninstall(struct stack *s, const struct netif_addr *a)
{
	struct netif_addr usable = *a;
	struct route rs[ROUTES_PER_ADDR];
	unsigned n;

	usable.flags &= ADDR_SECONDARY;
	n = routes_of(&usable, is_up(a), rs);
	for (unsigned i = 1; i <= n; i++) { /* the local one last */
		const struct route *r = &rs[i % n];
		struct fib *f = table_of(s, r->type);
		const struct fib_entry *e = find_kernels(f, r);

		if (e && !is_wanted_by_another(r, a))
			drop(s, f, e);
	}
	if (!netif_addr_has_twin(a))
		purge(s, &(struct doom){.source = a->local});
}

/* The device is down. What its addresses made is found at once, and mostly that is all there was: only for routes that the
 * user made by it the tables are walked. */
static void uninstall_link(struct stack *s, struct netif *n)
{
	const struct doom d = {.netif = n, .keep_host = true};
	struct route rs[ROUTES_PER_ADDR];

	netif_each_addr(a, n) {
		unsigned count = routes_of(a, true, rs);

		for (unsigned i = 0; i < count; i++) {
			struct fib *f = table_of(s, rs[i].type);
			const struct fib_entry *e = find_kernels(f, &rs[i]);

			if (e && is_doomed(e->info, &d))
				take_out(s, f, e);
		}
	}
	purge(s, &d);
	exception_flush(s, n);
}

static void uninstall_all(struct stack *s, struct netif *n)
{
	purge(s, &(struct doom){.netif = n});
	exception_flush(s, n);
}

/* A primary is also the source in the routes of its secondaries. */
void route_addr_event(struct netif_addr *a, bool gone)
{
	struct stack *s = a->netif->stack;

	if (gone || !netif_addr_is_usable(a)) {
		uninstall(s, a);
		if (gone && netif_addr_is_only(a))
			uninstall_all(s, a->netif);
		return;
	}
	install(s, a);
	if (is_primary(a))
		netif_each_addr(other, a->netif)
			if (!is_primary(other) && same_subnet(other, a))
				install(s, other);
}

void route_dev_event(struct netif *n, enum dev_event ev)
{
	struct stack *s = n->stack;

	if (ev == DEV_EVENT_UP)
		netif_each_addr(a, n)
			install(s, a);
	if (ev == DEV_EVENT_DOWN)
		uninstall_link(s, n);
	if (ev == DEV_EVENT_UNREGISTER)
		uninstall_all(s, n);
}

/* ---- coming and going */

int route_init(struct stack *s)
{
	s->ip->routes = calloc(1, sizeof(*s->ip->routes));
	return s->ip->routes ? 0 : -ENOMEM;
}

void route_exit(struct stack *s)
{
	struct routes *t = s->ip->routes;
	const struct fib_entry *e;

	if (!t)
		return;
	exception_exit(s);
	while ((e = fib_first(&t->local)))
		drop(s, &t->local, e);
	while ((e = fib_first(&t->main)))
		drop(s, &t->main, e);
	hash_exit(&t->infos);
	hash_exit(&t->by_source);
	free(t);
	s->ip->routes = NULL;
}

void route_stat(const struct stack *s, struct ip_stat *st)
{
	st->routes = s->ip->routes->local.count + s->ip->routes->main.count;
	st->exceptions = exception_count(s);
}
