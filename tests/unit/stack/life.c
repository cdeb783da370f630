/* SPDX-License-Identifier: MIT */
/* The life of hosts as a whole: links that flap under traffic, clocks that wrap, hosts by the hundred. */
#include "app/ping.h"
#include "arp/arp.h"
#include "dev/kinds.h"
#include "inet.h"
#include "ip/ip.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/*	a eth0 10.0.1.1 ---- 10.0.1.254 eth0 r eth1 10.0.2.254 ---- 10.0.2.1 eth0 b */
struct scene {
	struct lab *l;
	struct stack *a, *r, *b;
	struct ping *pg;
	uint64_t replies;

	/* what happened, with the time since the start (stack_timer_wrap) */
	uint64_t start_ns;
	struct monitor monitor;
	FILE *log;
	char *text;
	size_t text_len;
};

static void populate(struct scene *sc)
{
	sc->a = lab_host(sc->l, "a");
	sc->r = lab_host(sc->l, "r");
	sc->b = lab_host(sc->l, "b");
	lab_veth(sc->a, "eth0", "10.0.1.1/24", sc->r, "eth0", "10.0.1.254/24");
	lab_veth(sc->r, "eth1", "10.0.2.254/24", sc->b, "eth0", "10.0.2.1/24");
	lab_route(sc->a, "default", "10.0.1.254", dev_by_name(sc->a, "eth0"));
	lab_route(sc->b, "default", "10.0.2.254", dev_by_name(sc->b, "eth0"));
	sysctl_set(sc->r, "net.ipv4.ip_forward", 1);
}

static void __attribute__((format(printf, 2, 3))) note(struct scene *sc, const char *fmt, ...)
{
	va_list args;

	if (!sc->log)
		return;
	fprintf(sc->log, "%" PRIu64 " ", sc->l->loop.now - sc->start_ns);
	va_start(args, fmt);
	vfprintf(sc->log, fmt, args);
	va_end(args);
	fputc('\n', sc->log);
}

static void heard(struct ping *pg, const struct ping_event *e, void *ctx)
{
	struct scene *sc = ctx;

	(void)pg;
	sc->replies += e->what == PING_REPLY;
	note(sc, "ping %d seq %u rtt %" PRIu64 " error %d", e->what, e->seq,
		e->what == PING_REPLY ? e->rtt_us : 0, e->error ? e->error->error : 0);
}

static void start_ping(struct scene *sc, size_t size, uint64_t interval_ns, int pmtu)
{
	struct ping_config cfg = {.dst = lab_ip("10.0.2.1"),
		.interval_ns = interval_ns,
		.preload = 1,
		.size = size,
		.ttl = -1,
		.pmtu = pmtu};
	const char *step;

	sc->pg = ping_new(&sc->l->loop, sc->a, &cfg, heard, sc, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->pg);
	ping_start(sc->pg);
}

static void stop_ping(struct scene *sc)
{
	ping_stop(sc->pg);
	ping_free(sc->pg);
}

/* A device that went down lost its routes. */
static void set_up_again(struct scene *sc, struct dev *d)
{
	dev_set_up(d, true);
	if (d->stack == sc->a)
		lab_route(sc->a, "default", "10.0.1.254", d);
	else if (d->stack == sc->b)
		lab_route(sc->b, "default", "10.0.2.254", d);
}

static void stack_reinit(void)
{
	struct scene sc = {.l = lab_new()};
	struct rng rng;

	populate(&sc);
	struct dev *ends[] = {dev_by_name(sc.a, "eth0"), dev_by_name(sc.r, "eth0"), dev_by_name(sc.r, "eth1"),
		dev_by_name(sc.b, "eth0")};
	rng_seed(&rng, unit_seed);
	start_ping(&sc, 4000, 10 * NS_PER_MS, SOCK_PMTU_DONT);
	for (int i = 0; i < 1000; i++) {
		struct dev *d = ends[rng_below(&rng, 4)];

		dev_set_up(d, false);
		for (uint32_t n = rng_below(&rng, 4); n; n--)
			loop_turn(&sc.l->loop, false);
		set_up_again(&sc, d);
		/* Often in the middle of a datagram, and sometimes long enough for some to get through. */
		for (uint32_t n = rng_below(&rng, 12); n; n--)
			loop_turn(&sc.l->loop, true);
		lab_run(sc.l, rng_below(&rng, 8) ? 0 : 50 * NS_PER_MS);
	}
	CU_ASSERT(sc.replies > 0);
	uint64_t before = sc.replies;
	lab_run(sc.l, 10 * NS_PER_SEC);
	CU_ASSERT(sc.replies >= before + 500);
	stop_ping(&sc);
	lab_free(sc.l);
}

/* ---- clocks that wrap ---- */

static void changed(struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	struct scene *sc = CONTAINER_OF(m, struct scene, monitor);

	if (kind == MONITOR_NEIGH) {
		const struct neigh *ng = object;
		note(sc, "%s neigh %08x %s%s", s->name, ng->addr, neigh_state_name(ng->state),
			gone ? " gone" : "");
	}
}

static void note_exception(void *ctx, const struct route_exception *e)
{
	struct scene *sc = ctx;

	note(sc, "exception %08x mtu %u for %" PRIu64, e->dst, e->mtu, e->expires_ns - sc->l->loop.now);
}

static void note_counters(struct scene *sc, const struct stack *s)
{
	for (int i = 0; i < MIB_COUNT; i++)
		if (s->mib[i])
			note(sc, "%s mib %d %" PRIu64, s->name, i, s->mib[i]);
}

/* Neighbours from INCOMPLETE to collection, reassembly timeouts, path MTUs, rate limits, pings: all of it
 * begun before the clock reads `wrap` and ended after it. Returns what happened when; the caller frees it. */
static char *ten_minutes_from(uint64_t start_ns)
{
	struct scene sc = {.l = lab_new_at(start_ns), .start_ns = start_ns, .monitor.fn = changed};

	sc.log = open_memstream(&sc.text, &sc.text_len);
	monitor_add(&sc.l->world, &sc.monitor);
	populate(&sc);
	sysctl_set(sc.r, "net.ipv4.neigh.eth1.unres_qlen_bytes", 3000);
	sysctl_set(sc.a, "net.ipv4.neigh.default.gc_thresh1", 0);
	start_ping(&sc, 4000, 300 * NS_PER_MS, SOCK_PMTU_DONT); /* the first loses fragments at r */
	lab_run(sc.l, 40 * NS_PER_SEC);
	stop_ping(&sc);
	dev_set_mtu(dev_by_name(sc.r, "eth1"), 1400);
	dev_set_mtu(dev_by_name(sc.b, "eth0"), 1400);
	start_ping(&sc, 1472, 200 * NS_PER_MS, SOCK_PMTU_DO);
	lab_run(sc.l, NS_PER_SEC);
	stop_ping(&sc);
	for (int i = 0; i < 12; i++) {
		route_each_exception(sc.a, note_exception, &sc);
		lab_run(sc.l, 60 * NS_PER_SEC);
	}
	note_counters(&sc, sc.a);
	note_counters(&sc, sc.r);
	note_counters(&sc, sc.b);
	monitor_del(&sc.monitor);
	lab_free(sc.l);
	fclose(sc.log);
	return sc.text;
}

/* Times are 64 bits of nanoseconds; where 32 bits of a coarser unit would wrap, nothing must happen. */
static void stack_timer_wrap(void)
{
	static const uint64_t wraps_ns[] = {(UINT64_C(1) << 32), (UINT64_C(1) << 32) * 1000,
		(UINT64_C(1) << 31) * NS_PER_MS, (UINT64_C(1) << 32) * NS_PER_MS, UINT64_C(1) << 63};
	static const uint64_t before_ns[] = {NS_PER_MS / 10, NS_PER_SEC, 20 * NS_PER_SEC, 300 * NS_PER_SEC};
	char *plain = ten_minutes_from(5 * NS_PER_SEC);

	CU_ASSERT_PTR_NOT_NULL(strstr(plain, "STALE"));
	CU_ASSERT_PTR_NOT_NULL(strstr(plain, "gone"));
	CU_ASSERT_PTR_NOT_NULL(strstr(plain, "mtu 1400"));
	for (size_t i = 0; i < sizeof(wraps_ns) / sizeof(wraps_ns[0]); i++) {
		for (size_t j = 0; j < sizeof(before_ns) / sizeof(before_ns[0]); j++) {
			if (before_ns[j] >= wraps_ns[i])
				continue;
			char *late = ten_minutes_from(wraps_ns[i] - before_ns[j]);
			CU_ASSERT_STRING_EQUAL(late, plain);
			free(late);
		}
	}
	free(plain);
}

/* ---- many hosts ---- */

enum { MANY = 200 };

static void two_hundred_hosts_come_and_go(void)
{
	struct lab *l = lab_new();
	struct stack *hosts[MANY];
	char name[32], cidr[32];

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			snprintf(name, sizeof(name), "h%u", i);
			hosts[i] = lab_host(l, name);
			if (i == 0)
				continue;
			snprintf(name, sizeof(name), "to%u", i);
			snprintf(cidr, sizeof(cidr), "10.0.%u.1/24", i);
			lab_veth(hosts[i], "eth0", cidr, hosts[0], name, NULL);
		}
		lab_run(l, NS_PER_SEC);
		/* The middle first, then the one that has an end of every cable. */
		for (unsigned i = MANY / 2; i < MANY; i++)
			stack_delete(hosts[i]);
		stack_delete(hosts[0]);
		for (unsigned i = 1; i < MANY / 2; i++) {
			CU_ASSERT_PTR_NULL(dev_by_name(hosts[i], "eth0"));
			stack_delete(hosts[i]);
		}
		CU_ASSERT(list_empty(&l->world.stacks));
		CU_ASSERT_EQUAL(l->loop.wheel.armed, 0);
	}
	lab_free(l);
}

/* lo and one end of a cable, with an address. (The other end is counted too.) */
static void an_idle_host_fits_in_64_kib(void)
{
	struct lab *l = lab_new();
	struct stack *other = lab_host(l, "other");

	alloc_arm(0, false);
	struct stack *s = lab_host(l, "idle");
	lab_veth(s, "eth0", "10.0.0.1/24", other, "eth0", "10.0.0.2/24");
	alloc_disarm();
	CU_ASSERT(alloc_bytes() < 64 * 1024);
	lab_free(l);
}

SUITE(stack_life, T(stack_reinit), T(stack_timer_wrap), T(two_hundred_hosts_come_and_go),
	T(an_idle_host_fits_in_64_kib))
