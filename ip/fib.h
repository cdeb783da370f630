/* SPDX-License-Identifier: MIT */
/* The forwarding table: from an address to the routes of its longest matching prefix. Private to ip. */
#ifndef IP_FIB_H
#define IP_FIB_H

#include "lib/bytes.h"

struct route_info; /* what a route says apart from prefix and TOS: route.c's */

/* One route. Where pointers to entries are given, they are good until the next change of the table. */
struct fib_entry {
	struct route_info *info;
	uint32_t prefix; /* host order, no host bits */
	uint32_t next;	 /* the next route of the same prefix: fib_also() */
	uint8_t plen;
	uint8_t tos;
};

enum { FIB_NODE_SIZES = 68 };

/* Zeros are an empty table, which holds no memory. What the fields mean is told in fib.c. */
struct fib {
	size_t count; /* routes */
	struct fib_entry *entries;
	uint32_t entry_used, entry_room, entry_free;
	uint64_t *words;
	uint32_t word_used, word_room, node_free[FIB_NODE_SIZES];
	uint32_t root;
	struct fib_jump *jump;
};

/* Frees the memory. What the entries point to is the caller's. */
void fib_exit(struct fib *f);

/* Adds a route, among those of the same prefix and TOS (higher TOS first) before the first one for which
 * `before(info, its info)` is true. NULL: no memory, and nothing changed. */
struct fib_entry *fib_insert(struct fib *f, uint32_t prefix, unsigned plen, uint8_t tos,
	struct route_info *info, bool (*before)(const struct route_info *a, const struct route_info *b));

/* `e` is in the table. Always succeeds. */
void fib_remove(struct fib *f, const struct fib_entry *e);

/* The first route of the longest prefix that holds `addr`, or NULL. */
struct fib_entry *fib_lookup(const struct fib *f, uint32_t addr);

/* The same among the prefixes shorter than `plen`: where to go on when no route of a prefix will do. */
struct fib_entry *fib_lookup_shorter(const struct fib *f, uint32_t addr, unsigned plen);

/* The first route of exactly this prefix, or NULL. */
struct fib_entry *fib_find(const struct fib *f, uint32_t prefix, unsigned plen);

/* The first route of the prefix that follows prefix/plen in order (by address, shorter first), or NULL.
 * prefix/plen itself need not be there (any more). fib_first() begins. */
struct fib_entry *fib_next(const struct fib *f, uint32_t prefix, unsigned plen);
struct fib_entry *fib_first(const struct fib *f);

/* The next route of the same prefix, or NULL. */
static inline struct fib_entry *fib_also(const struct fib *f, const struct fib_entry *e)
{
	return e->next ? &f->entries[e->next] : NULL;
}

/* How many nodes a lookup of `addr` looks at at most, and how much memory there is: for checks. */
unsigned fib_depth(const struct fib *f, uint32_t addr);
size_t fib_bytes(const struct fib *f);

#endif
