/* SPDX-License-Identifier: MIT */
/* The tracepath engine along a row of hosts. */
#include "app/tracepath.h"

#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

struct scene {
	struct lab *lab;
	struct stack *h1, *r, *h2;
	struct tracepath *t;
	struct tracepath_event told[32];
	unsigned count, done;
};

static void note(struct tracepath *t, const struct tracepath_event *e, void *ctx)
{
	struct scene *sc = ctx;

	(void)t;
	CU_ASSERT_EQUAL(sc->done, 0);
	sc->done += e->what == TRACEPATH_DONE;
	sc->told[sc->count++ % ARRAY_SIZE(sc->told)] = *e;
}

static void set_mtu(struct stack *s, const char *name, uint32_t mtu)
{
	CU_ASSERT_EQUAL(dev_set_mtu(dev_by_name(s, name), mtu), 0);
}

/* h1 - r - h2: 10.0.1.0/24, and 10.0.2.0/24 with an MTU of 1400 */
static struct scene *row(void)
{
	struct scene *sc = calloc(1, sizeof(*sc));

	sc->lab = lab_new();
	sc->h1 = lab_host(sc->lab, "h1");
	sc->r = lab_host(sc->lab, "r");
	sc->h2 = lab_host(sc->lab, "h2");
	lab_veth(sc->h1, "eth0", "10.0.1.1/24", sc->r, "eth0", "10.0.1.254/24");
	lab_veth(sc->r, "eth1", "10.0.2.254/24", sc->h2, "eth0", "10.0.2.1/24");
	lab_route(sc->h1, "default", "10.0.1.254", dev_by_name(sc->h1, "eth0"));
	lab_route(sc->h2, "default", "10.0.2.254", dev_by_name(sc->h2, "eth0"));
	CU_ASSERT_EQUAL(sysctl_set(sc->r, "net.ipv4.ip_forward", 1), 0);
	set_mtu(sc->r, "eth1", 1400);
	set_mtu(sc->h2, "eth0", 1400);
	return sc;
}

static void run(struct scene *sc, const char *dst, unsigned hops, size_t len)
{
	struct tracepath_config cfg = {.dst = lab_ip(dst), .max_hops = hops, .len = len};
	const char *step;

	sc->t = tracepath_new(&sc->lab->loop, sc->h1, &cfg, note, sc, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->t);
	tracepath_start(sc->t);
	lab_run(sc->lab, 200 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->done, 1);
}

static void tear_down(struct scene *sc)
{
	if (sc->t)
		tracepath_free(sc->t);
	lab_free(sc->lab);
	free(sc);
}

/* RFC 1191: the smaller MTU is found where it begins. */
static void the_path_mtu_is_found_on_the_way(void)
{
	struct scene *sc = row();

	run(sc, "10.0.2.1", 0, 0);
	CU_ASSERT_EQUAL_FATAL(sc->count, 5);
	CU_ASSERT_EQUAL(sc->told[0].what, TRACEPATH_LOCAL_MTU);
	CU_ASSERT_EQUAL(sc->told[0].mtu, 1500);
	CU_ASSERT_EQUAL(sc->told[1].what, TRACEPATH_HOP);
	CU_ASSERT_EQUAL(sc->told[1].ttl, 1);
	CU_ASSERT_EQUAL(sc->told[1].from, lab_ip("10.0.1.254"));
	CU_ASSERT_EQUAL(sc->told[1].back, 1);
	CU_ASSERT_EQUAL(sc->told[2].what, TRACEPATH_MTU);
	CU_ASSERT_EQUAL(sc->told[2].ttl, 2);
	CU_ASSERT_EQUAL(sc->told[2].mtu, 1400);
	CU_ASSERT_EQUAL(sc->told[3].what, TRACEPATH_REACHED);
	CU_ASSERT_EQUAL(sc->told[3].from, lab_ip("10.0.2.1"));
	CU_ASSERT_EQUAL(sc->told[3].back, 2);
	CU_ASSERT(sc->told[4].reached);
	tear_down(sc);
}

static void a_length_can_be_chosen(void)
{
	struct scene *sc = row();

	run(sc, "10.0.2.1", 0, 1000);
	CU_ASSERT_EQUAL_FATAL(sc->count, 3);
	CU_ASSERT_EQUAL(sc->told[0].what, TRACEPATH_HOP);
	CU_ASSERT_EQUAL(sc->told[1].what, TRACEPATH_REACHED);
	CU_ASSERT_EQUAL(sc->told[1].mtu, 1000);
	tear_down(sc);
}

static void a_length_that_the_first_link_refuses_is_cut_to_its_mtu(void)
{
	struct scene *sc = row();

	run(sc, "10.0.2.1", 0, 9000);
	CU_ASSERT_EQUAL(sc->told[0].what, TRACEPATH_LOCAL_MTU);
	CU_ASSERT_EQUAL(sc->told[0].mtu, 1500);
	CU_ASSERT_EQUAL(sc->told[sc->count - 1].mtu, 1400);
	tear_down(sc);
}

static void it_gives_up_at_the_last_hop(void)
{
	struct scene *sc = row();

	run(sc, "10.0.2.1", 1, 0);
	CU_ASSERT_EQUAL_FATAL(sc->count, 3);
	CU_ASSERT_EQUAL(sc->told[1].what, TRACEPATH_HOP);
	CU_ASSERT(sc->told[2].gave_up);
	CU_ASSERT_FALSE(sc->told[2].reached);
	tear_down(sc);
}

static void unreachable_ends_it(void)
{
	struct scene *sc = row();

	run(sc, "10.0.9.1", 0, 0);
	CU_ASSERT_EQUAL_FATAL(sc->count, 3);
	CU_ASSERT_EQUAL(sc->told[1].what, TRACEPATH_UNREACH);
	CU_ASSERT_EQUAL(sc->told[1].code, ICMP_NET_UNREACH);
	CU_ASSERT_EQUAL(sc->told[1].from, lab_ip("10.0.1.254"));
	tear_down(sc);
}

static void silence_is_no_reply_after_three_tries(void)
{
	struct scene *sc = row();
	uint64_t start = sc->lab->loop.now;
	uint64_t before = sc->h1->mib[MIB_IcmpOutEchos];

	CU_ASSERT_EQUAL(sysctl_set(sc->h2, "net.ipv4.icmp_echo_ignore_all", 1), 0);
	run(sc, "10.0.2.1", 2, 1000);
	CU_ASSERT_EQUAL_FATAL(sc->count, 3);
	CU_ASSERT_EQUAL(sc->told[1].what, TRACEPATH_NO_REPLY);
	CU_ASSERT_EQUAL(sc->told[1].ttl, 2);
	CU_ASSERT(sc->told[2].gave_up);
	CU_ASSERT_EQUAL(sc->h1->mib[MIB_IcmpOutEchos] - before, 4);
	CU_ASSERT(sc->lab->loop.now > start);
	tear_down(sc);
}

static void no_route_is_known_before_the_start(void)
{
	struct scene *sc = row();
	struct tracepath_config cfg = {.dst = lab_ip("10.0.2.1")};
	const char *step;

	CU_ASSERT_EQUAL(dev_set_up(dev_by_name(sc->h1, "eth0"), false), 0);
	CU_ASSERT_PTR_NULL(tracepath_new(&sc->lab->loop, sc->h1, &cfg, note, sc, &step));
	CU_ASSERT_EQUAL(errno, ENETUNREACH);
	tear_down(sc);
}

static void deleting_its_host_ends_it(void)
{
	struct scene *sc = row();
	struct tracepath_config cfg = {.dst = lab_ip("10.0.2.1")};
	const char *step;

	CU_ASSERT_EQUAL(sysctl_set(sc->h2, "net.ipv4.icmp_echo_ignore_all", 1), 0);
	sc->t = tracepath_new(&sc->lab->loop, sc->h1, &cfg, note, sc, &step);
	tracepath_start(sc->t);
	lab_settle(sc->lab);
	stack_delete(sc->h1);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sc->done, 1);
	tear_down(sc);
}

SUITE(app_tracepath, T(the_path_mtu_is_found_on_the_way), T(a_length_can_be_chosen),
	T(a_length_that_the_first_link_refuses_is_cut_to_its_mtu), T(it_gives_up_at_the_last_hop),
	T(unreachable_ends_it), T(silence_is_no_reply_after_three_tries),
	T(no_route_is_known_before_the_start), T(deleting_its_host_ends_it))
