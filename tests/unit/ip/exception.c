/* SPDX-License-Identifier: MIT */
/* What is remembered of destinations: redirects and path MTUs. */
#include "ip/route.h"
#include "tests/unit/lab.h"

/* 10.0.0.1/24 with a default gateway .254. */
struct scene {
	struct lab *l;
	struct stack *s;
	struct dev *eth0;
	uint32_t dst;
};

static struct scene scene(void)
{
	struct scene sc = {.l = lab_new(), .dst = lab_ip("198.51.100.7")};

	sc.s = lab_host(sc.l, "h1");
	sc.eth0 = lab_wire(sc.s, "eth0", "10.0.0.1/24");
	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	return sc;
}

/* A scene that sent something to sc.dst. */
static struct scene sending(void)
{
	struct scene sc = scene();

	route_note_sent(sc.s, sc.dst);
	return sc;
}

static struct route_path path_to(struct scene *sc, uint32_t dst)
{
	struct route_path path;

	CU_ASSERT_EQUAL(route_lookup(sc->s, &(struct route_key){.dst = dst}, &path), 0);
	return path;
}

static uint32_t mtu_to(struct scene *sc, uint32_t dst)
{
	return path_to(sc, dst).mtu;
}

static size_t count(struct scene *sc)
{
	struct ip_stat st;

	ip_stat(sc->s, &st);
	return st.exceptions;
}

/* ---- redirects */

/* RFC1122-I-55, RFC1122-I-86, RFC1122-I-90 */
static void a_redirect_moves_one_destination(void)
{
	struct scene sc = scene();
	uint32_t before = sc.s->generation;

	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.253"), sc.eth0->netif);
	CU_ASSERT(sc.s->generation != before);
	CU_ASSERT_EQUAL(path_to(&sc, sc.dst).nexthop, lab_ip("10.0.0.253"));
	CU_ASSERT(path_to(&sc, sc.dst).redirected);
	CU_ASSERT_EQUAL(path_to(&sc, sc.dst + 1).nexthop, lab_ip("10.0.0.254"));
	CU_ASSERT(!path_to(&sc, sc.dst + 1).redirected);
	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.252"), sc.eth0->netif);
	CU_ASSERT_EQUAL(path_to(&sc, sc.dst).nexthop, lab_ip("10.0.0.252"));
	CU_ASSERT_EQUAL(count(&sc), 1);
	lab_free(sc.l);
}

/* RFC1122-I-93 */
static void a_redirect_ends_after_five_minutes(void)
{
	struct scene sc = scene();
	uint32_t before;

	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.253"), sc.eth0->netif);
	lab_run(sc.l, 299 * NS_PER_SEC);
	CU_ASSERT(path_to(&sc, sc.dst).redirected);
	before = sc.s->generation;
	lab_run(sc.l, 1 * NS_PER_SEC);
	CU_ASSERT(!path_to(&sc, sc.dst).redirected);
	CU_ASSERT(sc.s->generation != before);
	CU_ASSERT_EQUAL(count(&sc), 0);
	lab_free(sc.l);
}

static bool new_gateway_fails(const struct netif *n, uint32_t addr)
{
	(void)n;
	return addr == lab_ip("10.0.0.253");
}

/* RFC1122-I-92 */
static void a_redirect_to_a_dead_gateway_is_passed_over(void)
{
	struct scene sc = scene();

	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.253"), sc.eth0->netif);
	sc.s->neigh_failed = new_gateway_fails;
	CU_ASSERT_EQUAL(path_to(&sc, sc.dst).nexthop, lab_ip("10.0.0.254"));
	CU_ASSERT(!path_to(&sc, sc.dst).redirected);
	lab_free(sc.l);
}

static void what_was_learned_holds_for_the_way_it_was_learned_on(void)
{
	struct scene sc = sending();

	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.253"), sc.eth0->netif);
	route_pmtu_update(sc.s, sc.dst, 1400, 1500);
	lab_route(sc.s, "198.51.100.0/24", "10.0.0.9", sc.eth0);
	CU_ASSERT_EQUAL(path_to(&sc, sc.dst).nexthop, lab_ip("10.0.0.9"));
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 1500);
	/* what is learned now takes its place */
	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.8"), sc.eth0->netif);
	CU_ASSERT_EQUAL(path_to(&sc, sc.dst).nexthop, lab_ip("10.0.0.8"));
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 1500);
	CU_ASSERT_EQUAL(count(&sc), 1);
	lab_free(sc.l);
}

static void no_redirect_for_what_is_not_routed(void)
{
	struct scene sc = scene();
	struct dev *eth1 = lab_wire(sc.s, "eth1", "10.1.0.1/24");

	route_redirect(sc.s, lab_ip("10.0.0.1"), lab_ip("10.0.0.253"), sc.eth0->netif);
	route_redirect(sc.s, sc.dst, lab_ip("10.1.0.253"), eth1->netif);
	CU_ASSERT_EQUAL(count(&sc), 0);
	lab_free(sc.l);
}

static void the_device_takes_what_was_learned_with_it(void)
{
	struct scene sc = sending();

	route_pmtu_update(sc.s, sc.dst, 1400, 1500);
	dev_set_up(sc.eth0, false);
	CU_ASSERT_EQUAL(count(&sc), 0);
	lab_free(sc.l);
}

/* ---- path MTU */

/* RFC1191-3a, RFC1191-3c, RFC1191-3h, RFC1191-6.2, RFC1122-I-106 */
static void too_big_lowers_and_never_raises(void)
{
	struct scene sc = sending();

	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 1400, 1500), 1400);
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 1400);
	CU_ASSERT_EQUAL(ip_path_mtu(sc.s, sc.dst), 1400);
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst + 1), 1500);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 1401, 1500), 1400);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 65535, 1500), 1400);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 1300, 1400), 1300);
	CU_ASSERT(!path_to(&sc, sc.dst).pmtu_locked);
	lab_free(sc.l);
}

/* RFC1191-3d, RFC1191-3e, RFC1191-6.2 */
static void a_path_mtu_is_forgotten_after_ten_minutes(void)
{
	struct scene sc = sending();

	route_pmtu_update(sc.s, sc.dst, 1400, 1500);
	lab_run(sc.l, 599 * NS_PER_SEC);
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 1400);
	lab_run(sc.l, 1 * NS_PER_SEC);
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 1500);
	CU_ASSERT_EQUAL(count(&sc), 0);
	sc.s->sysctl[SYSCTL_MTU_EXPIRES] = 20;
	route_pmtu_update(sc.s, sc.dst, 1400, 1500);
	lab_run(sc.l, 20 * NS_PER_SEC);
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 1500);
	lab_free(sc.l);
}

static void redirect_and_path_mtu_end_each_at_its_time(void)
{
	struct scene sc = sending();

	route_pmtu_update(sc.s, sc.dst, 1400, 1500);
	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.253"), sc.eth0->netif);
	lab_run(sc.l, 300 * NS_PER_SEC);
	CU_ASSERT(!path_to(&sc, sc.dst).redirected);
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 1400);
	lab_run(sc.l, 300 * NS_PER_SEC);
	CU_ASSERT_EQUAL(count(&sc), 0);
	lab_free(sc.l);
}

/* RFC1191-3g; the policy of docs: below min_pmtu, pieces of min_pmtu without DF */
static void every_small_mtu_is_taken_as_the_least(void)
{
	for (uint32_t mtu = 1; mtu < 552; mtu++) {
		struct scene sc = sending();

		CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, mtu, 1500), 552);
		CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 552);
		CU_ASSERT(path_to(&sc, sc.dst).pmtu_locked);
		lab_free(sc.l);
	}
}

static void a_link_smaller_than_the_least_keeps_its_mtu_and_loses_df(void)
{
	struct scene sc = sending();

	dev_set_mtu(sc.eth0, 296);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 200, 296), 296);
	CU_ASSERT_EQUAL(mtu_to(&sc, sc.dst), 296);
	CU_ASSERT(path_to(&sc, sc.dst).pmtu_locked);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 200, 296), 296);
	CU_ASSERT_EQUAL(count(&sc), 1);
	lab_free(sc.l);
}

/* RFC1191-3f */
static void old_routers_are_guessed_by_the_plateaus(void)
{
	static const struct {
		uint32_t original, want;
	} cases[] = {{1500, 1492}, {1492, 1006}, {1006, 552}, {508, 552}, {0, 1492}, {1520, 1492},
		{1512, 1006}, {1200, 1006}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene sc = sending();

		CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, cases[i].original), cases[i].want);
		lab_free(sc.l);
	}
}

/* RFC1191-3b: errors about packets that were sent before the estimate fell change nothing */
static void a_burst_of_errors_lowers_once(void)
{
	struct scene sc = sending();

	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, 1500), 1492);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, 1492), 1006);
	lab_free(sc.l);
}

static void large_links_have_their_plateaus_too(void)
{
	struct scene sc = sending();

	dev_set_mtu(sc.eth0, 65535);
	sc.s->sysctl[SYSCTL_MIN_PMTU] = 68;
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, 65535), 32000);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, 8166), 4352);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, 300), 296);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, 296), 68);
	CU_ASSERT(!path_to(&sc, sc.dst).pmtu_locked);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 0, 68), 68);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 67, 68), 68);
	lab_free(sc.l);
}

/* ---- what strangers can do */

static void only_destinations_we_send_to_are_remembered(void)
{
	struct scene sc = scene();

	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 1000, 1500), 1500);
	for (uint32_t i = 0; i < 100000; i++)
		route_pmtu_update(sc.s, lab_ip("20.0.0.0") + i * 77, 1000, 1500);
	CU_ASSERT_EQUAL(count(&sc), 0);
	route_note_sent(sc.s, sc.dst);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 1000, 1500), 1000);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst + 1, 1000, 1500), 1500);
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, lab_ip("10.0.0.1"), 1000, 1500), sc.s->lo->mtu);
	CU_ASSERT_EQUAL(count(&sc), 1);
	lab_free(sc.l);
}

static void a_destination_in_use_stays_known_beside_thousands(void)
{
	struct scene sc = scene();

	for (uint32_t i = 0; i < 20000; i++) {
		route_note_sent(sc.s, lab_ip("20.0.0.0") + i);
		if (i % 64 == 0)
			route_note_sent(sc.s, sc.dst);
	}
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, sc.dst, 1000, 1500), 1000);
	lab_free(sc.l);
}

static void the_table_is_bounded_and_the_oldest_go(void)
{
	struct scene sc = scene();

	for (uint32_t i = 0; i < 5000; i++)
		route_redirect(sc.s, lab_ip("20.0.0.0") + i, lab_ip("10.0.0.253"), sc.eth0->netif);
	CU_ASSERT_EQUAL(count(&sc), 4096);
	CU_ASSERT(!path_to(&sc, lab_ip("20.0.0.0")).redirected);
	CU_ASSERT(path_to(&sc, lab_ip("20.0.0.0") + 4999).redirected);
	route_flush_exceptions(sc.s);
	CU_ASSERT_EQUAL(count(&sc), 0);
	lab_free(sc.l);
}

static void check_shown(void *ctx, const struct route_exception *e)
{
	struct scene *sc = ctx;

	CU_ASSERT(e->dst == sc->dst && e->mtu == 1400 && e->gateway == lab_ip("10.0.0.253") &&
		e->netif == sc->eth0->netif);
	CU_ASSERT_EQUAL(e->expires_ns, stack_now(sc->s) + 300 * NS_PER_SEC);
	sc->dst = 0;
}

static void what_is_remembered_can_be_shown_and_flushed(void)
{
	struct scene sc = sending();

	route_each_exception(sc.s, check_shown, &sc);
	route_pmtu_update(sc.s, sc.dst, 1400, 1500);
	route_redirect(sc.s, sc.dst, lab_ip("10.0.0.253"), sc.eth0->netif);
	route_each_exception(sc.s, check_shown, &sc);
	CU_ASSERT_EQUAL(sc.dst, 0);
	route_flush_exceptions(sc.s);
	CU_ASSERT_EQUAL(count(&sc), 0);
	lab_free(sc.l);
}

static void nothing_is_known_of_what_has_no_route(void)
{
	struct scene sc = {.l = lab_new()};

	sc.s = lab_host(sc.l, "h1");
	CU_ASSERT_EQUAL(route_pmtu_update(sc.s, lab_ip("198.51.100.7"), 1000, 1500), 0);
	route_flush_exceptions(sc.s);
	CU_ASSERT_EQUAL(count(&sc), 0);
	lab_free(sc.l);
}

SUITE(ip_exception, T(a_redirect_moves_one_destination), T(a_redirect_ends_after_five_minutes),
	T(a_redirect_to_a_dead_gateway_is_passed_over),
	T(what_was_learned_holds_for_the_way_it_was_learned_on), T(no_redirect_for_what_is_not_routed),
	T(the_device_takes_what_was_learned_with_it), T(too_big_lowers_and_never_raises),
	T(a_path_mtu_is_forgotten_after_ten_minutes), T(redirect_and_path_mtu_end_each_at_its_time),
	T(every_small_mtu_is_taken_as_the_least), T(a_link_smaller_than_the_least_keeps_its_mtu_and_loses_df),
	T(old_routers_are_guessed_by_the_plateaus), T(a_burst_of_errors_lowers_once),
	T(large_links_have_their_plateaus_too), T(only_destinations_we_send_to_are_remembered),
	T(a_destination_in_use_stays_known_beside_thousands), T(the_table_is_bounded_and_the_oldest_go),
	T(what_is_remembered_can_be_shown_and_flushed), T(nothing_is_known_of_what_has_no_route))
