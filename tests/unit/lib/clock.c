/* SPDX-License-Identifier: MIT */
/* The virtual clock: standing, jumping and flowing. */
#include "lib/clock.h"

#include "tests/unit/unit.h"

static uint64_t start_ns(void)
{
	return unit_late ? UINT64_C(4294967000) * NS_PER_MS : NS_PER_SEC;
}

static struct clock virtual_clock(void)
{
	struct clock c;

	clock_init_virtual(&c, start_ns());
	return c;
}

static void a_virtual_clock_stands_until_it_is_moved(void)
{
	struct clock c = virtual_clock();

	CU_ASSERT_FALSE(clock_flows(&c));
	CU_ASSERT_EQUAL(clock_read(&c), start_ns());
	CU_ASSERT_EQUAL(clock_machine_ns(&c, start_ns() + 1), UINT64_MAX);
	clock_jump(&c, start_ns() + 5);
	clock_jump(&c, start_ns() + 3);
	CU_ASSERT_EQUAL(clock_read(&c), start_ns() + 5);
	CU_ASSERT_EQUAL(clock_wall_ns(&c), 1767225600 * NS_PER_SEC + 5);
}

static void with_a_speed_it_flows_from_where_it_was(void)
{
	struct clock c = virtual_clock(), real;
	uint64_t before, now;

	clock_init_real(&real);
	clock_set_speed(&c, 1e6);
	CU_ASSERT(clock_flows(&c));
	before = clock_read(&real);
	while (clock_read(&real) < before + NS_PER_MS)
		continue;
	now = clock_read(&c);
	CU_ASSERT(now >= start_ns() + 999 * NS_PER_SEC);
	clock_jump(&c, now + 86400 * NS_PER_SEC);
	CU_ASSERT(clock_read(&c) >= now + 86400 * NS_PER_SEC);
	clock_set_speed(&c, 0);
	now = c.now_ns;
	CU_ASSERT_EQUAL(clock_read(&c), now);
}

static void when_the_machine_shows_what_comes_by_the_factor(void)
{
	struct clock c = virtual_clock();

	clock_set_speed(&c, 10);
	CU_ASSERT_EQUAL(clock_machine_ns(&c, start_ns() + 10 * NS_PER_SEC), c.machine_since_ns + NS_PER_SEC);
	CU_ASSERT_EQUAL(clock_machine_ns(&c, start_ns() + 1), c.machine_since_ns + 1); /* not too early */
	CU_ASSERT_EQUAL(clock_machine_ns(&c, start_ns() - 1), c.machine_since_ns);
	CU_ASSERT_EQUAL(clock_machine_ns(&c, UINT64_MAX), UINT64_MAX);
	clock_set_speed(&c, 1e-9);
	CU_ASSERT_EQUAL(clock_machine_ns(&c, start_ns() + 10 * NS_PER_SEC), UINT64_MAX); /* in centuries */
	clock_init_real(&c);
	CU_ASSERT_EQUAL(clock_machine_ns(&c, 7), 7);
}

SUITE(lib_clock, T(a_virtual_clock_stands_until_it_is_moved), T(with_a_speed_it_flows_from_where_it_was),
	T(when_the_machine_shows_what_comes_by_the_factor))
