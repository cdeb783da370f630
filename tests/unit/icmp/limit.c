/* SPDX-License-Identifier: MIT */
#include "tests/unit/icmp/bench.h"

#include <math.h>

static bool allows(struct bench *b, uint32_t dst)
{
	return limit_allows(b->s, dst, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH);
}

/* How many of `tries` to `dst` are allowed at once. */
static unsigned count(struct bench *b, uint32_t dst, unsigned tries)
{
	unsigned allowed = 0;

	while (tries--)
		allowed += allows(b, dst);
	return allowed;
}

/* RFC1812-4.3.2.8 */
static void one_host_gets_six_at_once_and_then_one_a_second(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(count(b, PEER, 100), 6);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutRateLimitHost], 94);
	lab_run(b->l, NS_PER_SEC - 1);
	CU_ASSERT_EQUAL(count(b, PEER, 100), 0);
	lab_run(b->l, 1);
	CU_ASSERT_EQUAL(count(b, PEER, 100), 1);
	CU_ASSERT_EQUAL(count(b, OTHER, 100), 6);
	lab_run(b->l, 3600 * NS_PER_SEC);
	CU_ASSERT_EQUAL(count(b, PEER, 100), 6);
	bench_free(b);
}

/* RFC1812-4.3.2.8 */
static void interval_is_a_setting(void)
{
	struct bench *b = bench_new();

	b->s->sysctl[SYSCTL_ICMP_RATELIMIT] = 100;
	CU_ASSERT_EQUAL(count(b, PEER, 100), 6);
	lab_run(b->l, 250 * NS_PER_MS);
	CU_ASSERT_EQUAL(count(b, PEER, 100), 2);
	b->s->sysctl[SYSCTL_ICMP_RATELIMIT] = 0;
	CU_ASSERT_EQUAL(count(b, PEER, 100), 100);
	bench_free(b);
}

static void types_outside_the_mask_are_not_limited(void)
{
	struct bench *b = bench_new();

	for (int i = 0; i < 100; i++) {
		CU_ASSERT_TRUE(limit_allows(b->s, PEER, ICMP_ECHO_REPLY, 0));
		CU_ASSERT_TRUE(limit_allows(b->s, PEER, ICMP_REDIRECT, ICMP_REDIRECT_HOST));
		CU_ASSERT_TRUE(limit_allows(b->s, PEER, 200, 0));
	}
	b->s->sysctl[SYSCTL_ICMP_RATEMASK] = 0;
	CU_ASSERT_EQUAL(count(b, PEER, 100), 100);
	bench_free(b);
}

/* RFC1191-3c */
static void path_mtu_discovery_and_this_host_itself_are_not_limited(void)
{
	struct bench *b = bench_new();

	for (int i = 0; i < 100; i++)
		CU_ASSERT_TRUE(limit_allows(b->s, PEER, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED));
	CU_ASSERT_EQUAL(count(b, ME, 100), 100);
	CU_ASSERT_EQUAL(count(b, IP_LOOPBACK_NET + 1, 100), 100);
	bench_free(b);
}

static void whole_host_has_a_limit_of_its_own(void)
{
	struct bench *b = bench_new();
	unsigned allowed = 0;

	b->s->sysctl[SYSCTL_ICMP_MSGS_BURST] = 50;
	b->s->sysctl[SYSCTL_ICMP_MSGS_PER_SEC] = 100;
	for (uint32_t i = 0; i < 1000; i++)
		allowed += allows(b, FAR + i);
	CU_ASSERT(allowed >= 15 && allowed <= 150); /* 50 on average */
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutRateLimitGlobal], 1000 - allowed);
	lab_run(b->l, 19 * NS_PER_MS);
	CU_ASSERT_FALSE(allows(b, PEER));
	lab_run(b->l, 21 * NS_PER_MS);
	CU_ASSERT_TRUE(allows(b, PEER));
	b->s->sysctl[SYSCTL_ICMP_MSGS_PER_SEC] = 0;
	while (allows(b, PEER))
		continue;
	lab_run(b->l, 10 * NS_PER_SEC);
	b->s->sysctl[SYSCTL_ICMP_MSGS_BURST] = 0;
	CU_ASSERT_FALSE(allows(b, OTHER));
	bench_free(b);
}

static void slow_rates_are_not_rounded_to_nothing(void)
{
	struct bench *b = bench_new();
	unsigned allowed = 0;

	b->s->sysctl[SYSCTL_ICMP_MSGS_BURST] = 1;
	b->s->sysctl[SYSCTL_ICMP_MSGS_PER_SEC] = 2;
	for (uint32_t i = 0; i < 400; i++) {
		lab_run(b->l, 100 * NS_PER_MS);
		allowed += allows(b, FAR + i);
	}
	CU_ASSERT(allowed >= 30 && allowed <= 200); /* 80 on average */
	bench_free(b);
}

static void table_of_hosts_is_bounded(void)
{
	struct bench *b = bench_new();

	b->s->sysctl[SYSCTL_ICMP_MSGS_BURST] = 1 << 20;
	b->s->icmp->limit.credit = 1 << 20;
	CU_ASSERT_EQUAL(count(b, PEER, 10), 6);
	for (uint32_t i = 0; i < 5000; i++) {
		CU_ASSERT_TRUE(allows(b, FAR + i));
		if (i % 100 == 0)
			CU_ASSERT_FALSE(allows(b, PEER));
	}
	CU_ASSERT_EQUAL(pool_in_use(&b->s->icmp->limit.pool), 1024);
	CU_ASSERT_EQUAL(b->s->icmp->limit.hosts.count, 1024);
	bench_free(b);
}

/* RFC1812-4.3.2.8, RFC6633-3a, RFC1812-4.3.3.3 */
static void icmp_error_rate_limit(void)
{
	enum { TRIES = 100000, SECONDS = 10 };
	struct bench *b = bench_new();
	struct ip_hdr ip = {.dst = ME, .ttl = 64, .proto = UNKNOWN_PROTO};
	unsigned to_one = 0, to_all = 0;

	b->s->sysctl[SYSCTL_ICMP_MSGS_PER_SEC] = 1000;
	b->s->sysctl[SYSCTL_ICMP_MSGS_BURST] = 1000;
	lab_route(b->s, "default", "10.0.0.2", b->d);
	for (uint32_t i = 0; i < TRIES; i++) {
		ip.src = i % 2 ? PEER : FAR + i;
		bench_ip(b, ip, "12345678", 8);
		for (struct lab_ip_seen f = lab_sent_ip(b->d); f.payload; f = lab_sent_ip(b->d)) {
			CU_ASSERT_EQUAL(f.payload[0], ICMP_DEST_UNREACH);
			to_one += f.ip.dst == PEER;
			to_all++;
		}
		lab_run(b->l, SECONDS * NS_PER_SEC / TRIES);
	}
	CU_ASSERT(to_one > 0 && to_one <= 6 + SECONDS);
	CU_ASSERT(to_all > SECONDS * 500 && to_all < (SECONDS + 1) * 1000 * 11 / 10);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_RATE_LIMITED), TRIES - to_all);
	bench_free(b);
}

/* One attack: 1000 probes under as many false addresses, of which those to open ports cause no error; then
 * the attacker counts what is left for addresses of his own. */
static double attack(struct bench *b, struct rng *rng, unsigned open_ports)
{
	unsigned left = 0;

	b->s->icmp->limit.credit = 2000;
	for (uint32_t i = open_ports; i < 1000; i++)
		allows(b, rng_u32(rng) & 0x1fffffff);
	while (allows(b, rng_u32(rng) & 0x1fffffff))
		left++;
	return left;
}

static void measure(struct bench *b, struct rng *rng, unsigned open_ports, unsigned trials, double *mean,
	double *variance)
{
	double sum = 0, squares = 0;

	for (unsigned i = 0; i < trials; i++) {
		double x = attack(b, rng, open_ports);

		sum += x;
		squares += x * x;
	}
	*mean = sum / trials;
	*variance = squares / trials - *mean * *mean;
}

/* CVE-2020-25705. Fixed prices would tell at the first try: the two numbers would always differ by one. */
static void icmp_rate_limit_side_channel(void)
{
	enum { TRIALS = 100 };
	struct bench *b = bench_new();
	double closed, open, closed_variance, open_variance;
	struct rng rng;

	rng_seed(&b->s->rng, 1); /* a statistical test that is the same each time */
	rng_seed(&rng, 2);
	b->s->sysctl[SYSCTL_ICMP_MSGS_PER_SEC] = 0;
	measure(b, &rng, 0, TRIALS, &closed, &closed_variance);
	measure(b, &rng, 1, TRIALS, &open, &open_variance);
	double z = fabs(closed - open) / sqrt((closed_variance + open_variance) / TRIALS);
	CU_ASSERT(closed_variance > 100 && open_variance > 100);
	CU_ASSERT(closed > 800 && closed < 1200);
	CU_ASSERT(z < 2.576); /* p > 0.01 */
	bench_free(b);
}

SUITE(icmp_limit, T(one_host_gets_six_at_once_and_then_one_a_second), T(interval_is_a_setting),
	T(types_outside_the_mask_are_not_limited), T(path_mtu_discovery_and_this_host_itself_are_not_limited),
	T(whole_host_has_a_limit_of_its_own), T(slow_rates_are_not_rounded_to_nothing),
	T(table_of_hosts_is_bounded), T(icmp_error_rate_limit), T(icmp_rate_limit_side_channel))
