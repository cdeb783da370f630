/* SPDX-License-Identifier: MIT */
/* ARP as a protocol: devices and addresses that come, change and go. */
#include "arp/internal.h"
#include "tests/unit/arp/bench.h"

static void arp_notify_announces_on_up_and_on_a_new_mac_address(void)
{
	struct bench b = bench_new();
	struct mac new = {{2, 0, 0, 0, 9, 9}};

	dev_set_up(b.d, false);
	dev_set_up(b.d, true);
	dev_set_mac(b.d, new);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_sysctl(&b, CONF_ARP_NOTIFY, 1);
	struct netif_addr *lost = lab_addr(b.d, "192.0.2.1/24");
	lost->flags |= ADDR_DUPLICATE; /* not ours: not announced */
	dev_set_mac(b.d, b.rogue.mac);
	netif_addr_del(lost);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.1"));
	dev_set_up(b.d, false);
	dev_set_mac(b.d, new);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	dev_set_up(b.d, true);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.1"));
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void with_entries(struct bench *b)
{
	neigh_set(b->n, lab_ip("10.0.0.3"), b->peer.mac, NEIGH_PERMANENT, true);
	bench_request(b, b->peer, "10.0.0.1");
	bench_send(b, "10.0.0.4", 1);
	lab_sent_clear(b->d);
}

static void down_and_a_new_mac_address_flush_everything(void)
{
	struct bench b = bench_new();
	size_t entries, waiting;

	with_entries(&b);
	dev_set_up(b.d, false);
	arp_stat(b.s, &entries, &waiting);
	CU_ASSERT_EQUAL(entries, 0);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_FLUSHED), 1);
	dev_set_up(b.d, true);
	with_entries(&b);
	dev_set_mac(b.d, b.rogue.mac);
	arp_stat(b.s, &entries, &waiting);
	CU_ASSERT_EQUAL(entries, 0);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_FLUSHED), 2);
	bench_free(&b);
}

static void with_or_without_arp_nothing_counts_that_was_before(void)
{
	struct bench b = bench_new();
	size_t entries, waiting;

	for (uint64_t change = 1; change <= 2; change++) {
		with_entries(&b);
		dev_set_flag(b.d, DEV_NOARP, b.d->flags & DEV_NOARP); /* as it is */
		arp_stat(b.s, &entries, &waiting);
		CU_ASSERT(entries > 0);
		dev_set_flag(b.d, DEV_NOARP, !(b.d->flags & DEV_NOARP));
		arp_stat(b.s, &entries, &waiting);
		CU_ASSERT_EQUAL(entries, 0);
	}
	bench_free(&b);
}

static void the_last_address_takes_everything_along(void)
{
	struct bench b = bench_new();
	struct netif_addr *other = lab_addr(b.d, "192.0.2.1/24");
	size_t entries, waiting;

	with_entries(&b);
	netif_addr_del(other);
	arp_stat(b.s, &entries, &waiting);
	CU_ASSERT_EQUAL(entries, 3);
	netif_addr_del(netif_addr_find(b.n, lab_ip("10.0.0.1")));
	arp_stat(b.s, &entries, &waiting);
	CU_ASSERT_EQUAL(entries, 0);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_FLUSHED), 1);
	bench_free(&b);
}

static void lost_carrier_flushes_what_was_learned(void)
{
	struct bench b = bench_new();
	struct dev *other = lab_wire(b.s, "eth1", "192.0.2.1/24");

	with_entries(&b);
	neigh_set(other->netif, lab_ip("192.0.2.2"), b.peer.mac, NEIGH_STALE, false);
	dev_set_carrier(b.d, false);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_NONE);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.4"), NEIGH_NONE);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.3"), NEIGH_PERMANENT);
	CU_ASSERT_PTR_NOT_NULL(neigh_find(other->netif, lab_ip("192.0.2.2")));
	bench_free(&b);
}

static void neighbour_whose_address_becomes_ours_or_broadcast_is_forgotten(void)
{
	struct bench b = bench_new();

	bench_request(&b, b.peer, "10.0.0.1");
	bench_request(&b, LAB_PEER(3, "10.0.0.3"), "10.0.0.1");
	lab_addr(b.d, "10.0.0.2/24");
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_NONE);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.3"), NEIGH_STALE);
	bench_send(&b, "10.0.5.255", 1); /* by a route, say */
	lab_sent_clear(b.d);
	lab_addr(b.d, "10.0.5.1/24");
	bench_send(&b, "10.0.5.255", 2);
	CU_ASSERT(sent_packet(&b, MAC_BROADCAST, 2));
	bench_free(&b);
}

static void device_that_goes_takes_entries_timers_and_packets_along(void)
{
	struct bench b = bench_new();

	bench_sysctl(&b, CONF_ARP_DAD, 1);
	with_entries(&b);
	lab_addr(b.d, "10.0.0.7/24");
	neigh_set_proxy(b.n, lab_ip("198.51.100.7"), true);
	dev_unregister(b.d);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_FLUSHED), 1);
	CU_ASSERT_EQUAL(pool_in_use(&b.s->arp->pool), 0);
	CU_ASSERT_EQUAL(b.l->loop.wheel.armed, 0);
	bench_free(&b);
}

static void announcement_is_a_gratuitous_request(void)
{
	struct bench b = bench_new();

	arp_announce(b.n, lab_ip("10.0.0.1"));
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.1"));
	bench_free(&b);
}

static void without_buffers_messages_are_not_sent_and_counted(void)
{
	struct bench b = bench_new();

	b.l->world.pkts.small.limit = 1;
	b.l->world.pkts.big.limit = 1;
	struct pkt *small = stack_pkt(b.s, 10), *big = stack_pkt(b.s, 10000);
	arp_announce(b.n, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(drops(&b, DROP_NO_MEMORY), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	pkt_free(small);
	pkt_free(big);
	bench_free(&b);
}

struct ear {
	struct trace_listener listener;
	unsigned records;
};

static void listen(
	struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	(void)s;
	(void)p;
	CONTAINER_OF(l, struct ear, listener)->records += r->layer == LAYER_ARP;
}

static void decisions_are_traced(void)
{
	struct bench b = bench_new();
	struct ear ear = {.listener = {.fn = listen}};

	list_add_tail(&b.l->world.trace.listeners, &ear.listener.node);
	bench_request(&b, b.peer, "10.0.0.1");
	CU_ASSERT_EQUAL(ear.records, 0);
	b.s->trace_mask = 1u << LAYER_ARP;
	bench_request(&b, b.peer, "10.0.0.1");
	CU_ASSERT(ear.records >= 2);
	ear.records = 0;
	lab_run(b.l, 2 * SEC);
	bench_request(&b, b.rogue, "10.0.0.1"); /* a change is in the log */
	CU_ASSERT(ear.records >= 3);
	list_del(&ear.listener.node);
	bench_free(&b);
}

/* Two hosts and nothing played by the test. */
static void two_hosts_find_each_other(void)
{
	struct lab *l = lab_new();
	struct stack *h1 = lab_host(l, "h1"), *h2 = lab_host(l, "h2");

	h1->onlink = h2->onlink = bench_onlink;
	lab_veth(h1, "eth0", "10.0.0.1/24", h2, "eth0", "10.0.0.2/24");
	struct netif *n1 = dev_by_name(h1, "eth0")->netif, *n2 = dev_by_name(h2, "eth0")->netif;
	struct bench b = {.l = l, .s = h1, .d = n1->dev, .n = n1};
	bench_send(&b, "10.0.0.2", 1);
	lab_settle(l);
	CU_ASSERT_EQUAL(neigh_find(n1, lab_ip("10.0.0.2"))->state, NEIGH_REACHABLE);
	CU_ASSERT(mac_equal(neigh_find(n1, lab_ip("10.0.0.2"))->mac, n2->dev->mac));
	CU_ASSERT_PTR_NOT_NULL(neigh_find(n2, lab_ip("10.0.0.1")));
	CU_ASSERT(mac_equal(neigh_find(n2, lab_ip("10.0.0.1"))->mac, n1->dev->mac));
	lab_free(l);
}

SUITE(arp_arp, T(arp_notify_announces_on_up_and_on_a_new_mac_address),
	T(down_and_a_new_mac_address_flush_everything), T(with_or_without_arp_nothing_counts_that_was_before),
	T(the_last_address_takes_everything_along), T(lost_carrier_flushes_what_was_learned),
	T(neighbour_whose_address_becomes_ours_or_broadcast_is_forgotten),
	T(device_that_goes_takes_entries_timers_and_packets_along), T(announcement_is_a_gratuitous_request),
	T(without_buffers_messages_are_not_sent_and_counted), T(decisions_are_traced),
	T(two_hosts_find_each_other))
