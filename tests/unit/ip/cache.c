/* SPDX-License-Identifier: MIT */
/* Remembered answers are those that would be given now. */
#include "tests/unit/ip/bench.h"

#include "lib/rng.h"

static bool same(const struct route_path *a, const struct route_path *b)
{
	return a->type == b->type && a->netif == b->netif && a->nexthop == b->nexthop &&
		a->source == b->source && a->mtu == b->mtu && a->pmtu_locked == b->pmtu_locked &&
		a->redirected == b->redirected && a->route.prefix == b->route.prefix;
}

/* Both ways for a hundred keys; how many answers differ. */
static unsigned compare(struct stack *s, struct rng *r)
{
	unsigned different = 0;

	for (int i = 0; i < 100; i++) {
		struct route_key key = {.dst = lab_ip("10.0.0.0") + (rng_below(r, 4) << 8) + rng_below(r, 4)};
		struct route_path now = {0}, remembered = {0};
		key.oif = rng_below(r, 4) ? 0 : 2;
		key.tos = (uint8_t)(rng_below(r, 2) << 4);
		key.src = rng_below(r, 2) ? 0 : lab_ip("10.0.0.1");
		int err = route_lookup(s, &key, &now);
		different += route_cached(s, &key, &remembered) != err || !same(&now, &remembered);
	}
	return different;
}

/* Something that lookups depend on changes. */
static void change(struct bench *b, struct rng *r)
{
	struct route route = {.prefix = lab_ip("10.0.2.0"),
		.plen = 24,
		.type = ROUTE_UNICAST,
		.tos = (uint8_t)(rng_below(r, 2) << 4),
		.scope = SCOPE_NOWHERE,
		.origin = ROUTE_BY_BOOT,
		.gateway = lab_ip(rng_below(r, 2) ? "10.0.0.2" : "10.0.0.3"),
		.netif = b->eth0->netif};
	uint32_t far = lab_ip("10.0.2.1");
	struct netif_addr *a;

	switch (rng_below(r, 8)) {
	case 0:
		route_add(b->s, &route, true);
		break;
	case 1:
		route_del(b->s, &(struct route){.prefix = route.prefix, .plen = 24});
		break;
	case 2:
		route_redirect(b->s, far, lab_ip("10.0.0.3"), b->eth0->netif);
		break;
	case 3:
		route_note_sent(b->s, far);
		route_pmtu_update(b->s, far, 600 + rng_below(r, 500), 1500);
		break;
	case 4:
		dev_set_up(b->eth1, rng_below(r, 2));
		break;
	case 5:
		dev_set_mtu(b->eth1, 1000 + rng_below(r, 500));
		break;
	case 6:
		a = netif_addr_find(b->eth1->netif, lab_ip("10.0.3.1"));
		if (a)
			netif_addr_del(a);
		else
			lab_addr(b->eth1, "10.0.3.1/24");
		break;
	case 7:
		lab_run(b->lab, rng_below(r, 700) * NS_PER_SEC); /* what was learned is forgotten */
		break;
	}
}

static void remembered_answers_are_those_of_now(void)
{
	struct bench b = bench_open();
	unsigned different = 0;
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 1000; i++) {
		change(&b, &r);
		different += compare(b.s, &r);
	}
	CU_ASSERT_EQUAL(different, 0);
	bench_close(&b);
}

static void an_answer_is_remembered_until_something_changes(void)
{
	struct bench b = bench_open();
	struct route_key key = {.dst = lab_ip("10.0.1.2")};
	struct route_path path;

	CU_ASSERT_EQUAL(route_cached(b.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.mtu, 1500);
	b.eth1->mtu = 1000; /* behind everybody's back */
	CU_ASSERT_EQUAL(route_cached(b.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.mtu, 1500);
	b.s->generation++;
	CU_ASSERT_EQUAL(route_cached(b.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.mtu, 1000);
	bench_close(&b);
}

SUITE(ip_cache, T(remembered_answers_are_those_of_now), T(an_answer_is_remembered_until_something_changes))
