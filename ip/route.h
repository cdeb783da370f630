/* SPDX-License-Identifier: MIT */
/* Routes, as route.c keeps them and lookup.c and exception.c use them. Private to ip. */
#ifndef IP_ROUTE_H
#define IP_ROUTE_H

#include "ip/fib.h"
#include "ip/internal.h"

/* What a route says apart from its prefix and TOS. A million routes share a few of these. */
struct route_info {
	struct hash_link link;	      /* in routes->infos, */
	struct hash_link source_link; /* routes->by_source, if it prefers one, */
	struct list node;	      /* and netif->ip->infos, if it has a device */
	uint32_t users;
	uint32_t metric, gateway, source, mtu;
	uint8_t type, scope, origin, flags;
	struct netif *netif;
};

/* The local table (our addresses and the broadcast addresses of our links) is asked first. */
struct routes {
	struct fib local, main;
	struct hash infos, by_source; /* of struct route_info */
};

/* The route as the user sees it. */
struct route route_show(const struct fib_entry *e);

/* The route that decides about `key`, in the local or else the main table, or NULL. Routes of a smaller scope
 * value than `scope` do not count. */
const struct fib_entry *route_decide(const struct stack *s, const struct route_key *key, uint8_t scope);

/* Puts what is remembered about the destination into a path to it. */
void exception_apply(struct stack *s, uint32_t dst, struct route_path *path);

/* What was learned by way of `n` (NULL: of any device) is forgotten. */
void exception_flush(struct stack *s, const struct netif *n);

void exception_exit(struct stack *s);
size_t exception_count(const struct stack *s);

#endif
