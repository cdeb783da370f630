/* SPDX-License-Identifier: MIT */
/*
 * Pools of objects of one size. A pool counts what it made and what came back, keeps some of what came back
 * for the next pool_get(), and can be bounded: the checks "memory is back where it was" and "nothing grows
 * without limit" are both questions to a pool.
 */
#ifndef LIB_POOL_H
#define LIB_POOL_H

#include "lib/bytes.h"

struct pool {
	const char *name;
	size_t size;	 /* bytes of one object */
	size_t limit;	 /* most objects in use at once; 0: no limit */
	size_t cache;	 /* most free objects kept */
	uint64_t made;	 /* objects handed out, in all */
	uint64_t freed;	 /* objects that came back */
	uint64_t failed; /* requests refused: limit reached or no memory */
	size_t peak;	 /* most that were in use at once */
	void *free_list;
	size_t free_count;
};

/* `name` must outlive the pool. */
void pool_init(struct pool *p, const char *name, size_t size, size_t limit, size_t cache);

/* Gives back the cached memory. Everything handed out must have come back (assert). */
void pool_exit(struct pool *p);

/* An object with undefined content, or NULL (counted in ->failed). */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *obj);

static inline size_t pool_in_use(const struct pool *p)
{
	return (size_t)(p->made - p->freed);
}

#endif
