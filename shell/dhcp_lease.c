/* SPDX-License-Identifier: MIT */
/* Address, routes, MTU and name servers of a lease. */
#include "shell/dhcp_lease.h"

#include "ip/ip.h"
#include "lib/timer.h"
#include "net/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the address ---- */

static int set_address(struct dev *d, const struct dhcp_lease *l)
{
	struct netif_addr a = {
		.local = l->addr, .peer = l->addr, .plen = l->params.plen, .scope = SCOPE_GLOBAL};
	struct netif_addr *there = netif_addr_find(d->netif, l->addr);
	int err = 0;

	a.broadcast = l->params.broadcast;
	if (!a.broadcast && a.plen < 31)
		a.broadcast = a.local | ~ip_mask(a.plen);
	snprintf(a.label, sizeof(a.label), "%s", d->name);
	if (there && there->plen != a.plen) {
		netif_addr_del(there);
		there = NULL;
	}
	if (!there)
		err = netif_addr_add(d->netif, &a, &there);
	if (!err)
		there->expires_ns = l->end_ns == TIMER_NEVER ? 0 : l->end_ns;
	return err;
}

/* ---- routes ---- */

/* The routes of the lease, one after the other: those of RFC 3442, which come in the place of the routers, or a default
 * route by the first router. False: there are no more. */
static bool route_at(const struct dev *d, const struct dhcp_lease *l, unsigned i, struct route *r)
{
	const struct dhcp_params *p = &l->params;

	*r = (struct route){
		.type = ROUTE_UNICAST, .scope = SCOPE_NOWHERE, .origin = ROUTE_BY_BOOT, .netif = d->netif};
	if (i < p->route_count) {
		r->prefix = p->routes[i].prefix;
		r->plen = p->routes[i].plen;
		r->gateway = p->routes[i].gateway;
		return true;
	}
	if (p->route_count || i > 0 || !p->router_count)
		return false;
	r->gateway = p->routers[0];
	return true;
}

/* A router outside of the subnet is reached on the link all the same: so it is where every host has a /32. */
static int set_route(struct dev *d, struct route *r)
{
	int err = route_add(d->stack, r, false);

	if (err == -ENETUNREACH && r->gateway) {
		r->flags |= ROUTE_ONLINK;
		err = route_add(d->stack, r, false);
	}
	return err == -EEXIST ? 0 : err;
}

static int set_routes(struct dev *d, const struct dhcp_lease *l)
{
	struct route r;
	int err = 0;

	for (unsigned i = 0; route_at(d, l, i, &r); i++) {
		int e = set_route(d, &r);

		err = err ? err : e;
	}
	return err;
}

/* ---- name servers ---- */

/* What was told last counts. */
static int set_resolver(struct dev *d, const struct dhcp_params *p)
{
	struct stack *s = d->stack;
	struct resolver *r = s->resolver;

	if (!p->dns_count)
		return 0;
	if (!r)
		r = s->resolver = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct resolver){.count = MIN(p->dns_count, (unsigned)RESOLVER_SERVERS), .ifindex = d->ifindex};
	memcpy(r->servers, p->dns, r->count * sizeof(r->servers[0]));
	snprintf(r->search, sizeof(r->search), "%s", p->search[0] ? p->search : p->domain);
	return 0;
}

static void unset_resolver(struct dev *d)
{
	struct stack *s = d->stack;

	if (!s->resolver || s->resolver->ifindex != d->ifindex)
		return;
	free(s->resolver);
	s->resolver = NULL;
}

/* ---- all of it ---- */

int dhcp_lease_set(struct dev *d, const struct dhcp_lease *l)
{
	int err = set_address(d, l);

	if (!err && l->params.mtu >= IP_MIN_MTU && l->params.mtu != d->mtu)
		err = dev_set_mtu(d, l->params.mtu);
	int route_err = set_routes(d, l);
	int resolver_err = set_resolver(d, &l->params);
	return err ? err : route_err ? route_err : resolver_err;
}

void dhcp_lease_unset(struct dev *d, const struct dhcp_lease *l)
{
	struct netif_addr *a = netif_addr_find(d->netif, l->addr);
	struct route r;

	for (unsigned i = 0; route_at(d, l, i, &r); i++)
		route_del(d->stack, &r);
	if (a)
		netif_addr_del(a);
	unset_resolver(d);
}
