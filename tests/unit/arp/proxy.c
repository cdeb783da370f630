/* SPDX-License-Identifier: MIT */
/* Answering for others. */
#include "arp/internal.h"
#include "tests/unit/arp/bench.h"

static bool proxies_192(const struct netif *n, uint32_t addr)
{
	return n && addr >> 8 == 0xc00002;
}

static struct bench router(void)
{
	struct bench b = bench_new();

	b.s->proxies = proxies_192;
	bench_sysctl(&b, CONF_FORWARDING, 1);
	bench_sysctl(&b, CONF_PROXY_ARP, 1);
	return b;
}

static void request_for_what_we_forward_is_answered_within_the_delay(void)
{
	struct bench b = router();

	bench_request(&b, b.peer, "192.0.2.7");
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_STALE);
	lab_run(b.l, 800 * MS);
	CU_ASSERT(sent_reply(&b, b.peer, "192.0.2.7"));
	bench_request(&b, b.peer, "198.51.100.7");
	lab_run(b.l, SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void delay_0_and_unicast_requests_are_answered_at_once(void)
{
	struct bench b = router();

	bench_inject(&b, b.d->mac,
		(struct arp_msg){.op = ARP_OP_REQUEST,
			.sha = b.peer.mac,
			.spa = b.peer.ip,
			.tpa = lab_ip("192.0.2.7")});
	CU_ASSERT(sent_reply(&b, b.peer, "192.0.2.7"));
	bench_sysctl(&b, CONF_PROXY_DELAY_MS, 0);
	bench_request(&b, b.peer, "192.0.2.8");
	CU_ASSERT(sent_reply(&b, b.peer, "192.0.2.8"));
	bench_free(&b);
}

static void only_a_router_with_the_setting_answers_and_never_probes_or_announcements(void)
{
	struct bench b = router();

	bench_sysctl(&b, CONF_PROXY_DELAY_MS, 0);
	bench_request(&b, LAB_PEER(9, "0.0.0.0"), "192.0.2.7");
	bench_gratuitous(&b, LAB_PEER(9, "192.0.2.7"), ARP_OP_REQUEST);
	bench_sysctl(&b, CONF_PROXY_ARP, 0);
	bench_request(&b, b.peer, "192.0.2.7");
	bench_sysctl(&b, CONF_PROXY_ARP, 1);
	bench_sysctl(&b, CONF_FORWARDING, 0);
	bench_request(&b, b.peer, "192.0.2.7");
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void single_addresses_are_proxied_by_entry(void)
{
	struct bench b = bench_new();
	uint32_t addr = lab_ip("198.51.100.7");

	bench_sysctl(&b, CONF_FORWARDING, 1);
	bench_sysctl(&b, CONF_PROXY_DELAY_MS, 0);
	CU_ASSERT_EQUAL(neigh_set_proxy(b.n, addr, false), -ENOENT);
	CU_ASSERT_EQUAL(neigh_set_proxy(b.n, addr, true), 0);
	CU_ASSERT_EQUAL(neigh_set_proxy(b.n, addr, true), 0);
	CU_ASSERT_EQUAL(neigh_set_proxy(b.s->lo->netif, addr, true), -ENOMEM);
	CU_ASSERT_PTR_NULL(neigh_find(b.n, addr));
	bench_request(&b, b.peer, "198.51.100.7");
	CU_ASSERT(sent_reply(&b, b.peer, "198.51.100.7"));
	CU_ASSERT_EQUAL(neigh_set_proxy(b.n, addr, false), 0);
	bench_request(&b, b.peer, "198.51.100.7");
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void waiting_answers_are_bounded_and_end_with_the_device(void)
{
	struct bench b = router();

	for (int i = 0; i < 100; i++)
		bench_request(&b, b.peer, "192.0.2.7");
	CU_ASSERT_EQUAL(b.n->arp->delayed_count, 64);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_PROXY_QUEUE_FULL), 36);
	neigh_set_proxy(b.n, lab_ip("198.51.100.7"), true);
	dev_set_up(b.d, false);
	CU_ASSERT_EQUAL(b.n->arp->delayed_count, 0);
	CU_ASSERT_EQUAL(neigh_set_proxy(b.n, lab_ip("198.51.100.7"), false), -ENOENT);
	lab_run(b.l, SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	dev_set_up(b.d, true);
	bench_request(&b, b.peer, "192.0.2.7"); /* left for the teardown */
	bench_free(&b);
}

SUITE(arp_proxy, T(request_for_what_we_forward_is_answered_within_the_delay),
	T(delay_0_and_unicast_requests_are_answered_at_once),
	T(only_a_router_with_the_setting_answers_and_never_probes_or_announcements),
	T(single_addresses_are_proxied_by_entry), T(waiting_answers_are_bounded_and_end_with_the_device))
