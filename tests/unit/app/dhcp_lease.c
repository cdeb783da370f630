/* SPDX-License-Identifier: MIT */
/* Leases: what is one, and when it is renewed. */
#include "app/dhcp_lease.h"

#include "lib/clock.h"
#include "lib/rng.h"
#include "lib/timer.h"
#include "tests/unit/unit.h"

static const uint64_t start = UINT32_MAX * (uint64_t)NS_PER_SEC;

static struct dhcp_msg grant(uint32_t lease_s, uint32_t t1_s, uint32_t t2_s)
{
	return (struct dhcp_msg){.type = DHCP_ACK,
		.yiaddr = 0x0a000064,
		.server = 0x0a000001,
		.lease_s = lease_s,
		.t1_s = t1_s,
		.t2_s = t2_s};
}

static enum dhcp_verdict lease(struct dhcp_lease *l, struct dhcp_msg m)
{
	struct rng r;

	rng_seed(&r, unit_seed);
	return dhcp_lease_from(l, &m, MAC_ZERO, start, &r);
}

/* RFC2131-4.4.5b */
static void times_are_the_servers_and_up_to_an_eighth_earlier(void)
{
	struct dhcp_lease l;
	bool differs = false;
	uint64_t first = 0;
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 100; i++) {
		struct dhcp_msg m = grant(4000, 800, 1600);

		CU_ASSERT_EQUAL(dhcp_lease_from(&l, &m, MAC_ZERO, start, &r), DHCP_FINE);
		CU_ASSERT(l.t1_ns > start + 700 * NS_PER_SEC && l.t1_ns <= start + 800 * NS_PER_SEC);
		CU_ASSERT(l.t2_ns > start + 1500 * NS_PER_SEC && l.t2_ns <= start + 1600 * NS_PER_SEC);
		CU_ASSERT_EQUAL(l.end_ns, start + 4000 * NS_PER_SEC);
		first = first ? first : l.t1_ns;
		differs |= l.t1_ns != first;
	}
	CU_ASSERT(differs);
}

/* RFC2131-4.4.5a */
static void without_times_half_and_seven_eighths(void)
{
	struct dhcp_lease l;

	CU_ASSERT_EQUAL(lease(&l, grant(800, 0, 0)), DHCP_FINE);
	CU_ASSERT(l.t1_ns > start + 350 * NS_PER_SEC && l.t1_ns <= start + 400 * NS_PER_SEC);
	CU_ASSERT(l.t2_ns > start + 650 * NS_PER_SEC && l.t2_ns <= start + 700 * NS_PER_SEC);
}

/* RFC2131-4.4.5a */
static void dhcp_bad_lease_times(void)
{
	static const uint32_t values[] = {0, 1, 60, UINT32_C(1) << 31, UINT32_MAX};
	enum { N = sizeof(values) / sizeof(values[0]) };

	for (int i = 0; i < N * N * N; i++) {
		struct dhcp_msg m = grant(values[i % N], values[i / N % N], values[i / N / N]);
		struct dhcp_lease l;
		enum dhcp_verdict v = lease(&l, m);

		CU_ASSERT_EQUAL(v, m.lease_s < 60 ? DHCP_BAD_LEASE : DHCP_FINE);
		if (v)
			continue;
		if (m.lease_s == UINT32_MAX) {
			CU_ASSERT(
				l.t1_ns == TIMER_NEVER && l.t2_ns == TIMER_NEVER && l.end_ns == TIMER_NEVER);
			continue;
		}
		CU_ASSERT(l.t1_ns > start && l.t1_ns < l.t2_ns && l.t2_ns < l.end_ns);
		CU_ASSERT_EQUAL(l.end_ns, start + m.lease_s * NS_PER_SEC);
		if (m.t1_s == 0 || m.t1_s > m.lease_s)
			CU_ASSERT(l.t1_ns > start + m.lease_s * NS_PER_SEC / 8 * 3);
	}
}

static void addresses_that_no_host_can_have_are_refused(void)
{
	static const uint32_t bad[] = {0, 1, 0x7f000001, 0xe0000001, 0xf0000001, 0xffffffff};
	struct dhcp_lease l;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dhcp_msg m = grant(60, 0, 0);

		m.yiaddr = bad[i];
		CU_ASSERT_EQUAL(lease(&l, m), DHCP_BAD_ADDRESS);
	}
}

static void a_server_that_does_not_say_who_it_is_grants_nothing(void)
{
	struct dhcp_msg m = grant(60, 0, 0);
	struct dhcp_lease l;

	m.server = 0;
	CU_ASSERT_EQUAL(lease(&l, m), DHCP_OTHER_SERVER);
}

static void without_a_mask_that_of_its_class(void)
{
	static const struct {
		uint32_t addr;
		unsigned plen;
	} rows[] = {{0x0a000001, 8}, {0xac100001, 16}, {0xc0a80001, 24}};
	struct dhcp_lease l;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dhcp_msg m = grant(60, 0, 0);

		m.yiaddr = rows[i].addr;
		lease(&l, m);
		CU_ASSERT_EQUAL(l.params.plen, rows[i].plen);
	}
}

SUITE(app_dhcp_lease, T(times_are_the_servers_and_up_to_an_eighth_earlier),
	T(without_times_half_and_seven_eighths), T(dhcp_bad_lease_times),
	T(addresses_that_no_host_can_have_are_refused),
	T(a_server_that_does_not_say_who_it_is_grants_nothing), T(without_a_mask_that_of_its_class))
