/* SPDX-License-Identifier: MIT */
/* The decision of lookup.c in words, for traces. */
#include "ip/internal.h"

#include <stdarg.h>
#include <stdio.h>

enum { WORDS = 120 };

/* Adds to the text, as far as there is room. */
__attribute__((format(printf, 2, 3))) static void add(char *text, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, WORDS - len, fmt, ap);
	va_end(ap);
}

/* What was learned about the destination since the route was made: redirects (RFC 1122 3.2.2.2), the MTU of the path. */
static void add_exception(char *text, const struct route_path *path)
{
	const struct route *r = &path->route;

	if (r->gateway && path->nexthop != r->gateway)
		add(text, ", redirected to %s", TEXT_IP(path->nexthop));
	if (path->mtu < path->netif->dev->mtu)
		add(text, ", path MTU %u", path->mtu);
}

/* RFC 1122 3.3.1.1: the longest prefix that fits. */
static void describe(char *text, const struct route_key *key, const struct route_path *path)
{
	const struct route *r = &path->route;

	if (r->plen)
		add(text, "%s/%u", TEXT_IP(r->prefix), r->plen);
	else
		add(text, "default");
	if (r->gateway)
		add(text, " via %s", TEXT_IP(r->gateway));
	add(text, " dev %s", path->netif->dev->name);
	if (r->metric)
		add(text, " metric %u", r->metric);
	add(text, r->plen ? " (the longest prefix that fits)" : " (no longer prefix fits)");
	if (!key->src)
		add(text, ", source %s", TEXT_IP(path->source));
	add_exception(text, path);
}

static void tell(
	struct stack *s, const struct pkt *p, const struct route_key *key, const struct route_path *path)
{
	char text[WORDS] = "";

	switch (path->type) {
	case ROUTE_LOCAL:
		add(text, "an address of this host (%s)", path->netif->dev->name);
		break;
	case ROUTE_BROADCAST:
		add(text, "a broadcast address of %s", path->netif->dev->name);
		break;
	case ROUTE_MULTICAST:
		add(text, "a group, by %s", path->netif->dev->name);
		break;
	default:
		describe(text, key, path);
	}
	trace_write(s, LAYER_ROUTE, p, "RFC 1122 3.3.1", "%s: %s", TEXT_IP(key->dst), text);
}

void route_trace(
	struct stack *s, const struct pkt *p, const struct route_key *key, const struct route_path *path)
{
	if (s->trace_mask & 1u << LAYER_ROUTE)
		tell(s, p, key, path);
}
