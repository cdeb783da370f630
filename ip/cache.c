/* SPDX-License-Identifier: MIT */
/*
 * Answers of route_lookup(), remembered. Packets come in trains, and each asks for the way to its destination
 * and back to its source.
 *
 * Whatever an answer can depend on (routes, addresses, devices, settings, neighbours that fail, what was
 * learned of destinations) moves stack->generation on when it changes; an answer of another generation is
 * none. Where a slot is taken by another key, that one loses it: a table that cannot grow, and nothing to
 * clean up.
 */
#include "ip/internal.h"

#include <stdlib.h>

enum { SLOT_BITS = 6, SLOTS = 1 << SLOT_BITS };

struct answer {
	bool used;
	uint32_t generation;
	int err;
	struct route_key key;
	struct route_path path;
};

struct route_cache {
	struct answer slots[SLOTS];
};

static bool same_key(const struct route_key *a, const struct route_key *b)
{
	return a->dst == b->dst && a->src == b->src && a->tos == b->tos && a->oif == b->oif;
}

/* Whoever finds keys that meet in one slot only makes us look up again. */
static struct answer *slot_of(struct route_cache *c, const struct route_key *key)
{
	uint32_t mixed = (key->dst ^ (key->src << 7 | key->src >> 25)) * UINT32_C(2654435761);

	return &c->slots[mixed >> (32 - SLOT_BITS)];
}

int route_cached(struct stack *s, const struct route_key *key, struct route_path *path)
{
	if (!s->ip->cache)
		s->ip->cache = calloc(1, sizeof(*s->ip->cache));
	if (!s->ip->cache)
		return route_lookup(s, key, path);
	struct answer *a = slot_of(s->ip->cache, key);
	if (!a->used || a->generation != s->generation || !same_key(&a->key, key)) {
		a->used = true;
		a->key = *key;
		a->err = route_lookup(s, key, &a->path);
		a->generation = s->generation;
	}
	*path = a->path;
	return a->err;
}

void cache_exit(struct stack *s)
{
	free(s->ip->cache);
	s->ip->cache = NULL;
}
