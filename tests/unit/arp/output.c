/* SPDX-License-Identifier: MIT */
/* The way down: which MAC address a next hop has without asking, and what cannot be sent. */
#include "net/ether.h"
#include "tests/unit/arp/bench.h"

/* RFC1122-L-07 */
static void broadcast_addresses_go_to_all_ones(void)
{
	static const char *const addrs[] = {"255.255.255.255", "10.0.0.255", "10.0.0.0", "192.0.2.99"};
	struct bench b = bench_new();

	lab_addr(b.d, "192.0.2.1/26")->broadcast = lab_ip("192.0.2.99"); /* by `ip addr add ... broadcast` */
	for (uint16_t i = 0; i < ARRAY_SIZE(addrs); i++) {
		bench_send(&b, addrs[i], i);
		CU_ASSERT(sent_packet(&b, MAC_BROADCAST, i));
	}
	bench_send(&b, "10.0.1.255", 9); /* of no subnet here */
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.1.255"));
	bench_free(&b);
}

static void multicast_addresses_are_mapped(void)
{
	struct bench b = bench_new();

	bench_send(&b, "224.0.0.251", 1);
	CU_ASSERT(sent_packet(&b, ((struct mac){{1, 0, 0x5e, 0, 0, 0xfb}}), 1));
	bench_send(&b, "239.255.129.2", 2);
	CU_ASSERT(sent_packet(&b, ((struct mac){{1, 0, 0x5e, 0x7f, 0x81, 2}}), 2));
	CU_ASSERT_EQUAL(bench_state(&b, "224.0.0.251"), NEIGH_NONE);
	bench_free(&b);
}

static void point_to_point_prefixes_have_no_broadcast(void)
{
	struct bench b = bench_new();

	lab_addr(b.d, "192.0.2.0/31");
	bench_send(&b, "192.0.2.1", 1);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "192.0.2.1"));
	bench_free(&b);
}

static void device_without_arp_sends_to_itself(void)
{
	struct bench b = bench_new();

	dev_set_flag(b.d, DEV_NOARP, true);
	bench_send(&b, "10.0.0.2", 1);
	CU_ASSERT(sent_packet(&b, b.d->mac, 1));
	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_PERMANENT, false), 0);
	bench_send(&b, "10.0.0.2", 2);
	CU_ASSERT(sent_packet(&b, b.peer.mac, 2));
	bench_free(&b);
}

static void nothing_is_looked_for_on_a_device_that_is_down(void)
{
	struct bench b = bench_new();

	dev_set_up(b.d, false);
	bench_send(&b, "10.0.0.2", 1);
	CU_ASSERT_EQUAL(drops(&b, DROP_DEV_DOWN), 1);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_NONE);
	bench_free(&b);
}

static void loopback_resolves_nothing(void)
{
	struct bench b = bench_new();

	CU_ASSERT(b.s->lo->netif->output == netif_output_raw);
	CU_ASSERT_PTR_NULL(b.s->lo->netif->arp);
	bench_free(&b);
}

SUITE(arp_output, T(broadcast_addresses_go_to_all_ones), T(multicast_addresses_are_mapped),
	T(point_to_point_prefixes_have_no_broadcast), T(device_without_arp_sends_to_itself),
	T(nothing_is_looked_for_on_a_device_that_is_down), T(loopback_resolves_nothing))
