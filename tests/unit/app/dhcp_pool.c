/* SPDX-License-Identifier: MIT */
/* Which address a client gets. */
#include "app/dhcp_pool.h"

#include "lib/timer.h"
#include "tests/unit/unit.h"

#include <errno.h>

enum { FIRST = 0x0a000064, LAST = 0x0a000066, NOW = 1000 };

static const struct mac mac_a = {{2, 0, 0, 0, 0, 0xa}}, mac_b = {{2, 0, 0, 0, 0, 0xb}};
static const struct dhcp_octets id_a = {1, {'a'}}, id_b = {1, {'b'}};

static struct dhcp_pool begin(void)
{
	struct dhcp_pool p;

	CU_ASSERT_EQUAL(dhcp_pool_init(&p, FIRST, LAST), 0);
	return p;
}

static void lease(struct dhcp_pool *p, uint32_t addr, struct dhcp_octets id, uint64_t until_ns)
{
	struct dhcp_entry *e = dhcp_pool_at(p, addr);

	e->state = DHCP_ENTRY_LEASED;
	e->id = id;
	e->until_ns = until_ns;
}

/* The address that client a gets. */
static uint32_t chosen(const struct dhcp_pool *p, uint32_t wanted)
{
	const struct dhcp_entry *e = dhcp_pool_choose(p, &id_a, mac_a, wanted, NOW);

	return e ? e->addr : 0;
}

static void a_range_has_an_order_and_a_bound(void)
{
	struct dhcp_pool p;

	CU_ASSERT_EQUAL(dhcp_pool_init(&p, 2, 1), -EINVAL);
	CU_ASSERT_EQUAL(dhcp_pool_init(&p, 0, DHCP_POOL_MAX), -EINVAL);
	CU_ASSERT_EQUAL(dhcp_pool_init(&p, 1, DHCP_POOL_MAX), 0);
	CU_ASSERT_EQUAL(p.count, DHCP_POOL_MAX);
	dhcp_pool_exit(&p);
}

static void its_own_then_the_wanted_then_the_one_free_longest(void)
{
	struct dhcp_pool p = begin();

	CU_ASSERT_EQUAL(chosen(&p, 0), FIRST);
	CU_ASSERT_EQUAL(chosen(&p, LAST), LAST);
	CU_ASSERT_EQUAL(chosen(&p, LAST + 1), FIRST);
	lease(&p, FIRST, id_b, NOW - 10);
	lease(&p, FIRST + 1, id_b, NOW - 20);
	lease(&p, LAST, id_b, NOW - 15);
	CU_ASSERT_EQUAL(chosen(&p, 0), FIRST + 1);
	lease(&p, LAST, id_a, NOW - 1); /* expired, and still its own */
	CU_ASSERT_EQUAL(chosen(&p, FIRST), LAST);
	dhcp_pool_exit(&p);
}

static void what_others_have_is_not_given(void)
{
	struct dhcp_pool p = begin();

	lease(&p, FIRST, id_b, NOW + 1);
	CU_ASSERT_EQUAL(chosen(&p, FIRST), FIRST + 1);
	lease(&p, FIRST + 1, id_b, TIMER_NEVER);
	dhcp_pool_reserve(&p, LAST);
	CU_ASSERT_EQUAL(chosen(&p, LAST), 0);
	dhcp_pool_exit(&p);
}

static void an_abandoned_address_comes_back(void)
{
	struct dhcp_pool p = begin();
	struct dhcp_entry *e = dhcp_pool_at(&p, FIRST);

	e->state = DHCP_ENTRY_ABANDONED;
	e->until_ns = NOW + 1;
	CU_ASSERT_EQUAL(chosen(&p, FIRST), FIRST + 1);
	e->until_ns = NOW;
	CU_ASSERT_EQUAL(dhcp_entry_state(e, NOW), DHCP_ENTRY_FREE);
	CU_ASSERT_EQUAL(chosen(&p, FIRST), FIRST);
	dhcp_pool_exit(&p);
}

static void a_fixed_address_is_for_one_client(void)
{
	struct dhcp_pool p = begin();

	CU_ASSERT_EQUAL(dhcp_pool_fix(&p, mac_b, FIRST, "b"), 0);
	CU_ASSERT_EQUAL(chosen(&p, FIRST), FIRST + 1);
	CU_ASSERT_EQUAL(dhcp_pool_fix(&p, mac_a, LAST + 10, "a"), 0); /* outside of the range */
	CU_ASSERT_EQUAL(chosen(&p, FIRST + 1), LAST + 10);
	CU_ASSERT_EQUAL(dhcp_pool_choose(&p, &id_b, mac_b, 0, NOW)->addr, FIRST);
	CU_ASSERT_EQUAL(dhcp_pool_fix(&p, mac_a, LAST, ""), -EEXIST);
	CU_ASSERT_EQUAL(dhcp_pool_fix(&p, (struct mac){{2}}, FIRST, ""), -EEXIST);
	for (uint8_t i = 0; i < DHCP_FIXED_MAX - 1; i++)
		CU_ASSERT_EQUAL(dhcp_pool_fix(&p, (struct mac){{4, i}}, LAST + 100 + i, ""), 0);
	CU_ASSERT_EQUAL(dhcp_pool_fix(&p, (struct mac){{6}}, LAST + 1000, ""), -ENOSPC);
	dhcp_pool_exit(&p);
}

SUITE(app_dhcp_pool, T(a_range_has_an_order_and_a_bound),
	T(its_own_then_the_wanted_then_the_one_free_longest), T(what_others_have_is_not_given),
	T(an_abandoned_address_comes_back), T(a_fixed_address_is_for_one_client))
