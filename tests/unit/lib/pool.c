/* SPDX-License-Identifier: MIT */
/* Pools: what they count, and where they stop. */
#include "lib/pool.h"

#include "tests/unit/unit.h"

static void counts_what_is_out_and_the_most_that_was(void)
{
	struct pool p;
	void *a, *b;

	pool_init(&p, "test", 40, 0, 8);
	a = pool_get(&p);
	b = pool_get(&p);
	memset(a, 1, 40);
	memset(b, 2, 40);
	pool_put(&p, a);
	CU_ASSERT_EQUAL(pool_in_use(&p), 1);
	CU_ASSERT_EQUAL(p.peak, 2);
	pool_put(&p, b);
	CU_ASSERT_EQUAL(p.made, 2);
	CU_ASSERT_EQUAL(p.freed, 2);
	pool_exit(&p);
}

static void refuses_past_its_limit_and_counts_that(void)
{
	struct pool p;

	pool_init(&p, "test", 1, 1, 8);
	void *a = pool_get(&p);
	CU_ASSERT_PTR_NULL(pool_get(&p));
	CU_ASSERT_EQUAL(p.failed, 1);
	pool_put(&p, a);
	a = pool_get(&p);
	CU_ASSERT_PTR_NOT_NULL(a);
	pool_put(&p, a);
	pool_exit(&p);
}

SUITE(lib_pool, T(counts_what_is_out_and_the_most_that_was), T(refuses_past_its_limit_and_counts_that))
