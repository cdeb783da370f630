/* SPDX-License-Identifier: MIT */
/* Pools of objects of one size. Under AddressSanitizer nothing is cached, so that a use after pool_put() is
 * seen. */
#include "lib/pool.h"

#include <assert.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
enum { POOL_MAY_CACHE = 0 };
#else
enum { POOL_MAY_CACHE = 1 };
#endif

void pool_init(struct pool *p, const char *name, size_t size, size_t limit, size_t cache)
{
	*p = (struct pool){
		.name = name,
		.size = MAX(size, sizeof(void *)),
		.limit = limit,
		.cache = POOL_MAY_CACHE ? cache : 0,
	};
}

void pool_exit(struct pool *p)
{
	assert(p->made == p->freed);
	while (p->free_list) {
		void *next = *(void **)p->free_list;
		free(p->free_list);
		p->free_list = next;
	}
	p->free_count = 0;
}

static void *take(struct pool *p)
{
	void *obj = p->free_list;

	if (!obj)
		return malloc(p->size);
	p->free_list = *(void **)obj;
	p->free_count--;
	return obj;
}

void *pool_get(struct pool *p)
{
	void *obj = p->limit && pool_in_use(p) >= p->limit ? NULL : take(p);

	if (!obj) {
		p->failed++;
		return NULL;
	}
	p->made++;
	p->peak = MAX(p->peak, pool_in_use(p));
	return obj;
}

void pool_put(struct pool *p, void *obj)
{
	assert(p->made > p->freed);
	p->freed++;
	if (p->free_count >= p->cache) {
		free(obj);
		return;
	}
	*(void **)obj = p->free_list;
	p->free_list = obj;
	p->free_count++;
}
