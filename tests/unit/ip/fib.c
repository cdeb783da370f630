/* SPDX-License-Identifier: MIT */
/* The forwarding table against its slow twin, an array that is searched from end to end. */
#include "ip/fib.h"
#include "lib/rng.h"
#include "net/wire_ip.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

enum { TWIN_ROOM = 600 };

struct route_info {
	unsigned metric;
};

struct twin_route {
	uint32_t prefix;
	unsigned plen;
	uint8_t tos;
	struct route_info *info;
	unsigned order;
};

struct twin {
	struct twin_route routes[TWIN_ROOM];
	size_t count;
	unsigned orders;
};

static struct route_info infos[4] = {{0}, {10}, {20}, {30}};

static bool cheaper(const struct route_info *a, const struct route_info *b)
{
	return a->metric < b->metric;
}

static struct rng test_rng(unsigned n)
{
	struct rng r;

	rng_seed(&r, unit_seed + n);
	return r;
}

static uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return a << 24 | b << 16 | c << 8 | d;
}

static void add(struct fib *f, uint32_t prefix, unsigned plen)
{
	CU_ASSERT_PTR_NOT_NULL(fib_insert(f, prefix, plen, 0, &infos[0], cheaper));
}

static bool finds(const struct fib *f, uint32_t addr, uint32_t prefix, unsigned plen)
{
	const struct fib_entry *e = fib_lookup(f, addr);

	return e && e->prefix == prefix && e->plen == plen;
}

/* ---- the twin */

static bool twin_before(const struct twin_route *a, const struct twin_route *b)
{
	if (a->tos != b->tos)
		return a->tos > b->tos;
	if (a->info->metric != b->info->metric)
		return a->info->metric < b->info->metric;
	return a->order < b->order;
}

/* The best route of the longest prefix shorter than `below` that holds addr. */
static const struct twin_route *twin_lookup(const struct twin *t, uint32_t addr, unsigned below)
{
	const struct twin_route *best = NULL;

	for (size_t i = 0; i < t->count; i++) {
		const struct twin_route *r = &t->routes[i];

		if (((addr ^ r->prefix) & ip_mask(r->plen)) || r->plen >= below)
			continue;
		if (!best || r->plen > best->plen || (r->plen == best->plen && twin_before(r, best)))
			best = r;
	}
	return best;
}

static bool same(const struct twin_route *r, const struct fib_entry *e)
{
	if (!r || !e)
		return !r && !e;
	return r->prefix == e->prefix && r->plen == e->plen && r->tos == e->tos && r->info == e->info;
}

static int in_order(const void *a, const void *b)
{
	const struct twin_route *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	if (x->plen != y->plen)
		return x->plen < y->plen ? -1 : 1;
	return twin_before(x, y) ? -1 : 1;
}

/* Both hold the same routes in the same order. */
static void compare_all(struct twin *t, const struct fib *f)
{
	size_t i = 0;

	CU_ASSERT_EQUAL_FATAL(f->count, t->count);
	qsort(t->routes, t->count, sizeof(t->routes[0]), in_order);
	for (const struct fib_entry *e = fib_first(f); e; e = fib_next(f, e->prefix, e->plen))
		for (const struct fib_entry *c = e; c; c = fib_also(f, c))
			CU_ASSERT_FATAL(i < t->count && same(&t->routes[i++], c));
	CU_ASSERT_EQUAL(i, t->count);
}

static void compare_lookups(const struct twin *t, const struct fib *f, struct rng *r)
{
	for (int i = 0; i < 20; i++) {
		uint32_t addr = rng_u32(r);
		unsigned below = rng_below(r, 33);

		if (t->count && rng_below(r, 4))
			addr = t->routes[rng_below(r, (uint32_t)t->count)].prefix ^
				(addr >> rng_below(r, 32));
		CU_ASSERT_FATAL(same(twin_lookup(t, addr, 33), fib_lookup(f, addr)));
		CU_ASSERT_FATAL(same(twin_lookup(t, addr, below), fib_lookup_shorter(f, addr, below)));
	}
}

static void twin_insert(struct twin *t, struct fib *f, struct rng *r)
{
	struct twin_route n = {
		.plen = rng_below(r, 33), .info = &infos[rng_below(r, 4)], .order = t->orders++};

	n.tos = rng_below(r, 4) ? 0 : (uint8_t)(4 * rng_below(r, 3));
	/* crowded, so that prefixes nest and meet */
	n.prefix = rng_below(r, 2) ? rng_u32(r) : ip(10, rng_below(r, 2), rng_below(r, 4), rng_below(r, 256));
	if (t->count && rng_below(r, 8) == 0)
		n.prefix = t->routes[t->count / 2].prefix;
	n.prefix &= ip_mask(n.plen);
	t->routes[t->count++] = n;
	CU_ASSERT_PTR_NOT_NULL_FATAL(fib_insert(f, n.prefix, n.plen, n.tos, n.info, cheaper));
}

/* Of routes that are equal in everything the table removes the one it is given; the twin the oldest. */
static void twin_remove(struct twin *t, struct fib *f, struct rng *r)
{
	struct twin_route gone = t->routes[rng_below(r, (uint32_t)t->count)];
	const struct fib_entry *e = fib_find(f, gone.prefix, gone.plen);
	size_t oldest = t->count;

	for (size_t i = 0; i < t->count; i++) {
		const struct twin_route *x = &t->routes[i];

		if (x->prefix == gone.prefix && x->plen == gone.plen && x->tos == gone.tos &&
			x->info == gone.info && (oldest == t->count || x->order < t->routes[oldest].order))
			oldest = i;
	}
	while (e && !same(&gone, e))
		e = fib_also(f, e);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	fib_remove(f, e);
	t->routes[oldest] = t->routes[--t->count];
}

/* RFC1812-5.2.4.3a */
static void agrees_with_a_linear_search(void)
{
	struct rng r = test_rng(1);
	struct twin *t = calloc(1, sizeof(*t));
	struct fib f = {0};

	for (unsigned step = 0; step < 6000; step++) {
		bool growing = step % 2000 < 1200;

		if (t->count < TWIN_ROOM && (t->count == 0 || rng_below(&r, 10) < (growing ? 7u : 2u)))
			twin_insert(t, &f, &r);
		else
			twin_remove(t, &f, &r);
		compare_lookups(t, &f, &r);
		if (step % 50 == 0)
			compare_all(t, &f);
	}
	while (t->count)
		twin_remove(t, &f, &r);
	CU_ASSERT_EQUAL(fib_bytes(&f), 0);
	fib_exit(&f);
	free(t);
}

static void an_empty_table_finds_nothing_and_holds_no_memory(void)
{
	struct fib f = {0};

	CU_ASSERT_PTR_NULL(fib_lookup(&f, ip(10, 0, 0, 1)));
	CU_ASSERT_PTR_NULL(fib_lookup_shorter(&f, ip(10, 0, 0, 1), 32));
	CU_ASSERT_PTR_NULL(fib_find(&f, 0, 0));
	CU_ASSERT_PTR_NULL(fib_first(&f));
	CU_ASSERT_PTR_NULL(fib_next(&f, 0, 0));
	CU_ASSERT_EQUAL(fib_bytes(&f), 0);
	CU_ASSERT_EQUAL(fib_depth(&f, 0), 0);
}

/* RFC1812-5.2.4.3a */
static void the_longest_prefix_wins(void)
{
	struct fib f = {0};

	add(&f, 0, 0);
	add(&f, ip(10, 0, 0, 0), 8);
	add(&f, ip(10, 1, 0, 0), 16);
	add(&f, ip(10, 1, 2, 3), 32);
	CU_ASSERT(finds(&f, ip(10, 1, 2, 3), ip(10, 1, 2, 3), 32));
	CU_ASSERT(finds(&f, ip(10, 1, 2, 4), ip(10, 1, 0, 0), 16));
	CU_ASSERT(finds(&f, ip(10, 2, 0, 0), ip(10, 0, 0, 0), 8));
	CU_ASSERT(finds(&f, ip(11, 0, 0, 0), 0, 0));
	fib_remove(&f, fib_find(&f, ip(10, 1, 0, 0), 16));
	CU_ASSERT(finds(&f, ip(10, 1, 2, 4), ip(10, 0, 0, 0), 8));
	fib_exit(&f);
}

static void every_length_is_found_at_its_edges(void)
{
	struct fib f = {0};
	const uint32_t base = ip(172, 21, 85, 170);

	for (unsigned plen = 0; plen <= 32; plen++)
		add(&f, base & ip_mask(plen), plen);
	for (unsigned plen = 0; plen < 32; plen++)
		CU_ASSERT(finds(&f, base ^ UINT32_C(1) << (31 - plen), base & ip_mask(plen), plen));
	CU_ASSERT(finds(&f, base, base, 32));
	CU_ASSERT_EQUAL(fib_depth(&f, base), 6);
	for (unsigned plen = 32; plen > 0; plen--) {
		fib_remove(&f, fib_find(&f, base & ip_mask(plen), plen));
		CU_ASSERT(finds(&f, base, base & ip_mask(plen - 1), plen - 1));
	}
	fib_exit(&f);
}

static void routes_of_one_prefix_are_ordered_by_tos_then_metric_then_age(void)
{
	static const struct {
		uint8_t tos, info;
	} want[] = {{8, 1}, {0, 0}, {0, 2}, {0, 2}, {0, 3}},
	  order[] = {{0, 2}, {0, 3}, {8, 1}, {0, 0}, {0, 2}};
	struct fib f = {0};
	size_t i = 0;

	for (i = 0; i < 5; i++)
		CU_ASSERT_PTR_NOT_NULL(
			fib_insert(&f, ip(10, 0, 0, 0), 8, order[i].tos, &infos[order[i].info], cheaper));
	i = 0;
	for (struct fib_entry *e = fib_lookup(&f, ip(10, 1, 1, 1)); e; e = fib_also(&f, e), i++)
		CU_ASSERT(e->tos == want[i].tos && e->info == &infos[want[i].info]);
	CU_ASSERT_EQUAL(i, 5);
	fib_exit(&f);
}

static void a_few_routes_take_less_than_two_kilobytes(void)
{
	struct fib f = {0};

	add(&f, 0, 0);
	add(&f, ip(10, 0, 0, 0), 24);
	add(&f, ip(192, 168, 1, 0), 24);
	CU_ASSERT(fib_bytes(&f) < 2048);
	fib_exit(&f);
}

/* Fills the table with `n` different prefixes of the lengths of the Internet's. */
static void fill(struct fib *f, struct rng *r, uint32_t n)
{
	static const uint8_t lengths[] = {24, 24, 24, 24, 24, 24, 23, 22, 22, 20, 19, 16, 32, 12};

	while (f->count < n) {
		unsigned plen = lengths[rng_below(r, sizeof(lengths))];
		uint32_t prefix = rng_u32(r) & ip_mask(plen);

		if (!fib_find(f, prefix, plen))
			add(f, prefix, plen);
	}
}

static uint32_t check_depths(const struct fib *f, struct rng *r)
{
	unsigned worst = 0;

	for (int i = 0; i < 2000; i++)
		worst = MAX(worst, fib_depth(f, rng_u32(r)));
	return worst;
}

/* The numbers that make it fast, without a stopwatch: nodes per lookup, and bytes per route. */
static void a_big_table_is_shallow_and_compact(void)
{
	struct rng r = test_rng(2);
	struct fib f = {0};

	fill(&f, &r, 100000);
	CU_ASSERT(check_depths(&f, &r) <= 6);
	CU_ASSERT(fib_bytes(&f) < 100000 * 48 + (4 << 20) + 4096);
	fib_exit(&f);
}

/* An address, and those that differ from it in one bit: the jumps say what a walk from the root says. */
static void check_around(const struct fib *f, uint32_t addr)
{
	CU_ASSERT_PTR_EQUAL_FATAL(fib_lookup(f, addr), fib_lookup_shorter(f, addr, 33));
	for (unsigned bit = 0; bit < 32; bit++)
		CU_ASSERT_PTR_EQUAL_FATAL(fib_lookup(f, addr ^ UINT32_C(1) << bit),
			fib_lookup_shorter(f, addr ^ UINT32_C(1) << bit, 33));
}

/* While the table changes. */
static void jumps_follow_every_change(void)
{
	struct rng r = test_rng(3);
	struct fib f = {0};
	uint32_t addr = 0;

	fill(&f, &r, 20000);
	CU_ASSERT_PTR_NOT_NULL(f.jump);
	for (int i = 0; i < 3000; i++) {
		unsigned plen = rng_below(&r, 33);
		struct fib_entry *e;

		addr = i % 2 ? addr ^ rng_below(&r, 256)
			     : rng_u32(&r); /* alone, or close to the one before */
		check_around(&f, addr);
		e = fib_find(&f, addr & ip_mask(plen), plen);
		if (e)
			fib_remove(&f, e);
		else
			add(&f, addr & ip_mask(plen), plen);
		check_around(&f, addr);
	}
	fib_exit(&f);
}

static void memory_comes_back_when_routes_go(void)
{
	struct rng r = test_rng(4);
	struct fib f = {0};
	struct fib_entry *e;
	size_t most;

	fill(&f, &r, 20000);
	most = fib_bytes(&f);
	while (f.count > 100) {
		e = fib_lookup(&f, rng_u32(&r));
		e = e ? e : fib_first(&f);
		fib_remove(&f, e);
	}
	CU_ASSERT_PTR_NULL(f.jump);
	CU_ASSERT(fib_bytes(&f) < most / 50);
	while ((e = fib_first(&f)))
		fib_remove(&f, e);
	CU_ASSERT_EQUAL(fib_bytes(&f), 0);
}

static void walking_goes_on_after_a_prefix_that_is_gone(void)
{
	struct fib f = {0};
	const struct fib_entry *e;

	add(&f, ip(10, 0, 0, 0), 8);
	add(&f, ip(10, 1, 0, 0), 16);
	add(&f, ip(10, 1, 1, 0), 24);
	add(&f, ip(10, 1, 1, 1), 32);
	add(&f, ip(192, 0, 2, 0), 24);
	e = fib_next(&f, ip(10, 0, 255, 0), 24);
	CU_ASSERT(e && e->plen == 16);
	e = fib_next(&f, ip(10, 1, 1, 0), 30);
	CU_ASSERT(e && e->plen == 32);
	e = fib_next(&f, ip(10, 1, 1, 2), 32);
	CU_ASSERT(e && e->prefix == ip(192, 0, 2, 0));
	e = fib_next(&f, ip(192, 0, 2, 255), 32);
	CU_ASSERT_PTR_NULL(e);
	fib_exit(&f);
}

SUITE(ip_fib, T(agrees_with_a_linear_search), T(an_empty_table_finds_nothing_and_holds_no_memory),
	T(the_longest_prefix_wins), T(every_length_is_found_at_its_edges),
	T(routes_of_one_prefix_are_ordered_by_tos_then_metric_then_age),
	T(a_few_routes_take_less_than_two_kilobytes), T(a_big_table_is_shallow_and_compact),
	T(jumps_follow_every_change), T(memory_comes_back_when_routes_go),
	T(walking_goes_on_after_a_prefix_that_is_gone))
