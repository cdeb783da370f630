/* SPDX-License-Identifier: MIT */
/* The door: what a netif makes of every kind of frame, and a device's addresses. */
#include "net/netif.h"

#include "lib/rng.h"
#include "net/ether.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <errno.h>

static const struct mac peer_mac = {{2, 0, 0, 0, 1, 9}};

struct door {
	struct lab *lab;
	struct stack *s;
	struct dev *wire;
};

static struct door door_open(void)
{
	struct door d = {.lab = lab_new()};

	d.s = lab_host(d.lab, "h");
	d.wire = lab_wire(d.s, "eth0", "10.0.0.1/24");
	lab_sent_clear(d.wire);
	return d;
}

/* A frame of `len` bytes, zeros after the header. */
static void inject(struct door *d, struct mac dst, struct mac src, uint16_t type, size_t len)
{
	uint8_t b[2000] = {0};

	ether_emit(b, &(struct ether_hdr){dst, src, type});
	lab_inject(d->wire, b, len);
}

static uint64_t all_drops(const struct stack *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < DROP_COUNT; i++)
		sum += stack_drops(s, (enum drop_reason)i);
	return sum;
}

static void eth_runt_under_14(void)
{
	struct door d = door_open();
	static const uint16_t types[] = {ETHERTYPE_ARP, ETHERTYPE_IP};

	for (size_t t = 0; t < 2; t++) {
		for (size_t len = 0; len < 42; len++) {
			uint64_t before = all_drops(d.s);
			inject(&d, d.wire->mac, peer_mac, types[t], len);
			CU_ASSERT_EQUAL(all_drops(d.s), before + 1);
		}
	}
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_SHORT), 28);
	CU_ASSERT_EQUAL(lab_sent_count(d.wire), 0);
	lab_free(d.lab);
}

/* RFC1812-3.3.2c */
static void eth_multicast_source_mac(void)
{
	struct door d = door_open();
	static const struct mac sources[] = {{{1, 0, 0x5e, 0, 0, 1}}, {{255, 255, 255, 255, 255, 255}}};

	for (size_t i = 0; i < 2; i++) {
		inject(&d, d.wire->mac, sources[i], ETHERTYPE_IP, 60);
		inject(&d, MAC_BROADCAST, sources[i], ETHERTYPE_ARP, 60);
	}
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_MULTICAST_SOURCE), 4);
	CU_ASSERT_EQUAL(lab_sent_count(d.wire), 0);
	lab_free(d.lab);
}

/* Frames with a length are counted and dropped; no read by that length. */
static void eth_llc_length_field(void)
{
	struct door d = door_open();

	for (uint16_t len = 1; len <= 1500; len++)
		inject(&d, d.wire->mac, peer_mac, len, 34);
	inject(&d, d.wire->mac, peer_mac, 1500, 17);   /* SNAP with a short body */
	inject(&d, d.wire->mac, peer_mac, 0x05ff, 60); /* the last length, and the first type */
	inject(&d, d.wire->mac, peer_mac, 0x0600, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_LLC), 1502);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_UNKNOWN_TYPE), 1);
	lab_free(d.lab);
}

static void frames_for_others_are_dropped_by_name(void)
{
	struct door d = door_open();

	inject(&d, peer_mac, peer_mac, ETHERTYPE_IP, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_OTHERHOST), 1);
	dev_promisc(d.wire, true); /* promiscuity is for taps: the stack still filters */
	inject(&d, peer_mac, peer_mac, ETHERTYPE_IP, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_OTHERHOST), 2);
	dev_promisc(d.wire, false);
	lab_free(d.lab);
}

static void only_groups_that_were_joined_are_heard(void)
{
	struct door d = door_open();
	struct mac group = ether_multicast(lab_ip("239.1.2.3"));

	inject(&d, group, peer_mac, ETHERTYPE_IP, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_MULTICAST_FILTER), 1);
	CU_ASSERT_EQUAL(dev_group_add(d.wire, group), 0);
	CU_ASSERT_EQUAL(dev_group_add(d.wire, group), 0);
	dev_group_del(d.wire, group);
	inject(&d, group, peer_mac, ETHERTYPE_IP, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_MULTICAST_FILTER), 1);
	dev_group_del(d.wire, group);
	inject(&d, group, peer_mac, ETHERTYPE_IP, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_MULTICAST_FILTER), 2);
	dev_set_flag(d.wire, DEV_ALLMULTI, true);
	inject(&d, group, peer_mac, ETHERTYPE_IP, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_MULTICAST_FILTER), 2);
	lab_free(d.lab);
}

/* A frame of zeros behind a tag. */
static void inject_tagged(struct door *d, uint16_t proto, uint16_t id, size_t len)
{
	uint8_t b[2000] = {0};

	ether_emit(b, &(struct ether_hdr){d->wire->mac, peer_mac, 0});
	vlan_emit(b + ETHER_HDR_LEN - 2, proto, id);
	lab_inject(d->wire, b, len);
}

static void vlan_tags_and_unknown_types_are_dropped_by_name(void)
{
	struct door d = door_open();

	inject_tagged(&d, ETHERTYPE_VLAN, 1, 60);
	inject_tagged(&d, ETHERTYPE_QINQ, 4095, 60);
	inject_tagged(&d, ETHERTYPE_VLAN, 1, 17);
	inject_tagged(&d, ETHERTYPE_VLAN, 0, 60); /* in no VLAN: a frame of length 0 */
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_SHORT), 1);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_LLC), 1);
	inject(&d, d.wire->mac, peer_mac, ETHERTYPE_IPV6, 60);
	inject(&d, d.wire->mac, peer_mac, 0x88cc, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_VLAN), 2);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_ETH_UNKNOWN_TYPE), 2);
	lab_free(d.lab);
}

static void a_device_that_is_down_hears_nothing(void)
{
	struct door d = door_open();

	dev_set_up(d.wire, false);
	inject(&d, d.wire->mac, peer_mac, ETHERTYPE_IP, 60);
	CU_ASSERT_EQUAL(stack_drops(d.s, DROP_DEV_DOWN), 1);
	CU_ASSERT_EQUAL(d.wire->stats.rx_dropped, 1);
	CU_ASSERT_EQUAL(d.wire->stats.rx_packets, 0);
	lab_free(d.lab);
}

/* RFC894-1: EtherType 0x0800, and padding that is zero. */
static void short_frames_are_padded_with_zeros(void)
{
	struct door d = door_open();
	struct pkt *p = stack_pkt(d.s, 1000);
	size_t len;

	memset(pkt_put(p, 1000), 0x55, 1000); /* secrets in the buffer */
	pkt_trim(p, 3);
	ether_output(d.wire->netif, p, peer_mac, 0x1234);
	const uint8_t *b = lab_sent(d.wire, &len);
	CU_ASSERT_EQUAL_FATAL(len, ETHER_MIN_LEN);
	for (size_t i = ETHER_HDR_LEN + 3; i < len; i++)
		CU_ASSERT_EQUAL(b[i], 0);
	lab_free(d.lab);
}

/* 10,000 frames, random or with random headers: each is counted as a drop or delivered, and nothing is left.
 */
static void random_frames_are_all_accounted_for(void)
{
	struct door d = door_open();
	struct rng r;
	uint8_t b[256];

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 10000; i++) {
		static const uint16_t types[] = {ETHERTYPE_IP, ETHERTYPE_ARP, ETHERTYPE_VLAN, 0x0101};
		size_t len = rng_below(&r, sizeof(b));
		uint64_t ends = all_drops(d.s) + d.lab->world.pkts.done;
		rng_bytes(&r, b, sizeof(b));
		if (rng_below(&r, 2))
			ether_emit(b, &(struct ether_hdr){d.wire->mac, peer_mac, types[rng_below(&r, 4)]});
		lab_inject(d.wire, b, len);
		CU_ASSERT_FATAL(all_drops(d.s) + d.lab->world.pkts.done > ends);
	}
	lab_free(d.lab);
}

/* ---- addresses ---- */

static int add(struct dev *d, const char *local, uint8_t plen)
{
	struct netif_addr a = {.local = lab_ip(local), .peer = lab_ip(local), .plen = plen};

	return netif_addr_add(d->netif, &a, NULL);
}

static void the_first_address_of_a_subnet_is_the_primary_one(void)
{
	struct door d = door_open();

	CU_ASSERT_EQUAL(add(d.wire, "10.0.0.2", 24), 0);
	CU_ASSERT_EQUAL(add(d.wire, "10.1.0.1", 24), 0);
	CU_ASSERT_FALSE(netif_addr_find(d.wire->netif, lab_ip("10.0.0.1"))->flags & ADDR_SECONDARY);
	CU_ASSERT(netif_addr_find(d.wire->netif, lab_ip("10.0.0.2"))->flags & ADDR_SECONDARY);
	CU_ASSERT_FALSE(netif_addr_find(d.wire->netif, lab_ip("10.1.0.1"))->flags & ADDR_SECONDARY);
	struct netif_addr *last = list_last(&d.wire->netif->addrs, struct netif_addr, node);
	CU_ASSERT_EQUAL(last->local, lab_ip("10.0.0.2")); /* secondaries stand behind */
	lab_free(d.lab);
}

static void secondaries_go_with_their_primary_or_take_its_place(void)
{
	struct door d = door_open();
	struct netif *n = d.wire->netif;

	add(d.wire, "10.0.0.2", 24);
	add(d.wire, "10.0.0.3", 24);
	sysctl_set(d.s, "net.ipv4.conf.eth0.promote_secondaries", 1);
	netif_addr_del(netif_addr_find(n, lab_ip("10.0.0.1")));
	CU_ASSERT_FALSE(netif_addr_find(n, lab_ip("10.0.0.2"))->flags & ADDR_SECONDARY);
	CU_ASSERT(netif_addr_find(n, lab_ip("10.0.0.3"))->flags & ADDR_SECONDARY);
	sysctl_set(d.s, "net.ipv4.conf.eth0.promote_secondaries", 0);
	netif_addr_del(netif_addr_find(n, lab_ip("10.0.0.2")));
	CU_ASSERT(list_empty(&n->addrs));
	lab_free(d.lab);
}

static void impossible_addresses_are_refused(void)
{
	struct door d = door_open();

	CU_ASSERT_EQUAL(add(d.wire, "224.0.0.1", 24), -EINVAL);
	CU_ASSERT_EQUAL(add(d.wire, "255.255.255.255", 32), -EINVAL);
	CU_ASSERT_EQUAL(add(d.wire, "0.0.0.0", 0), -EINVAL);
	CU_ASSERT_EQUAL(add(d.wire, "10.0.0.7", 33), -EINVAL);
	CU_ASSERT_EQUAL(add(d.wire, "10.0.0.1", 24), -EEXIST);
	CU_ASSERT_EQUAL(add(d.wire, "10.0.0.1", 25), 0); /* another prefix: another address */
	lab_free(d.lab);
}

/* RFC1122-I-13, RFC1122-I-111 */
static void the_source_is_in_the_destinations_subnet_where_there_is_one(void)
{
	struct door d = door_open();
	struct netif *n = d.wire->netif;

	add(d.wire, "10.1.0.1", 16);
	CU_ASSERT_EQUAL(netif_source(n, lab_ip("10.1.9.9"), SCOPE_GLOBAL), lab_ip("10.1.0.1"));
	CU_ASSERT_EQUAL(netif_source(n, lab_ip("8.8.8.8"), SCOPE_GLOBAL), lab_ip("10.0.0.1"));
	netif_addr_find(n, lab_ip("10.0.0.1"))->flags |= ADDR_TENTATIVE;
	CU_ASSERT_EQUAL(netif_source(n, lab_ip("8.8.8.8"), SCOPE_GLOBAL), lab_ip("10.1.0.1"));
	CU_ASSERT_PTR_NULL(netif_owning(d.s, lab_ip("10.0.0.1")));
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("10.1.0.1")), n);
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("127.8.9.10")), d.s->lo->netif);
	lab_free(d.lab);
}

static void an_address_of_two_devices_is_that_of_the_first(void)
{
	struct door d = door_open();
	struct dev *second = lab_wire(d.s, "eth1", "10.2.0.1/24"), *third = lab_wire(d.s, "eth2", NULL);
	struct netif_addr *a;

	add(third, "10.2.0.1", 16);
	add(d.wire, "10.2.0.1", 8);
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("10.2.0.1")), d.wire->netif);
	netif_addr_del(netif_addr_find(d.wire->netif, lab_ip("10.2.0.1")));
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("10.2.0.1")), second->netif);
	a = netif_addr_find(third->netif, lab_ip("10.2.0.1"));
	CU_ASSERT(netif_addr_has_twin(a));
	netif_addr_find(second->netif, lab_ip("10.2.0.1"))->flags |= ADDR_TENTATIVE;
	CU_ASSERT(!netif_addr_has_twin(a));
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("10.2.0.1")), third->netif);
	dev_unregister(third);
	CU_ASSERT_PTR_NULL(netif_owning(d.s, lab_ip("10.2.0.1")));
	lab_free(d.lab);
}

static void only_networks_inside_the_host_belong_to_lo_as_a_whole(void)
{
	struct door d = door_open();
	struct netif *lo = d.s->lo->netif;

	add(d.s->lo, "10.9.0.1", 16); /* scope global */
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("10.9.0.1")), lo);
	CU_ASSERT_PTR_NULL(netif_owning(d.s, lab_ip("10.9.0.2")));
	add(d.wire, "127.0.0.5", 32);
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("127.0.0.5")), d.wire->netif);
	CU_ASSERT_PTR_EQUAL(netif_owning(d.s, lab_ip("127.0.0.6")), lo);
	netif_addr_find(lo, lab_ip("127.0.0.1"))->flags |= ADDR_TENTATIVE;
	CU_ASSERT_PTR_NULL(netif_owning(d.s, lab_ip("127.0.0.6")));
	lab_free(d.lab);
}

static void an_address_needs_memory(void)
{
	struct door d = door_open();

	alloc_arm(1, false);
	CU_ASSERT_EQUAL(add(d.wire, "10.3.0.1", 24), -ENOMEM);
	alloc_disarm();
	CU_ASSERT_PTR_NULL(netif_owning(d.s, lab_ip("10.3.0.1")));
	lab_free(d.lab);
}

/* ---- devices without link headers ---- */

struct tunnel {
	struct dev dev;
	unsigned sent;
	uint8_t first; /* octet of the last one sent */
};

static void tunnel_xmit(struct dev *d, struct pkt *p)
{
	struct tunnel *t = CONTAINER_OF(d, struct tunnel, dev);

	t->sent++;
	t->first = p->data[0];
	pkt_done(p);
}

static void tunnel_free(struct dev *d)
{
	(void)d;
}

static void a_device_without_link_headers_carries_ipv4_alone(void)
{
	static const struct dev_ops ops = {.kind = "test", .xmit = tunnel_xmit, .free = tunnel_free};
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct tunnel t = {.sent = 0};
	uint8_t frame[128], *packet = frame + ETHER_HDR_LEN;
	size_t len = lab_frame_icmp(frame, MAC_BROADCAST, peer_mac, lab_ip("10.0.0.2"), lab_ip("10.0.0.1"),
		(struct icmp_hdr){ICMP_ECHO, 0, 1}, "data", 4);

	dev_init(&t.dev, &ops, DEV_RAW);
	CU_ASSERT_EQUAL_FATAL(dev_register(s, &t.dev, "tun0"), 0);
	CU_ASSERT_EQUAL(dev_set_up(&t.dev, true), 0);
	lab_addr(&t.dev, "10.0.0.1/24");
	lab_inject(&t.dev, packet, len - ETHER_HDR_LEN);
	CU_ASSERT_EQUAL(t.sent, 1);
	CU_ASSERT_EQUAL(t.first, 0x45);
	lab_inject(&t.dev, packet, 0);
	lab_inject(&t.dev, "\x60IPv6", 5);
	lab_inject(&t.dev, "\x50", 1);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_TUN_NOT_IP), 3);
	CU_ASSERT_EQUAL(t.dev.stats.rx_dropped, 3);
	lab_inject(&t.dev, "\x45", 1);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_IP_SHORT), 1);
	CU_ASSERT_EQUAL(t.sent, 1);
	lab_free(l);
}

SUITE(net_netif, T(eth_runt_under_14), T(eth_multicast_source_mac), T(eth_llc_length_field),
	T(frames_for_others_are_dropped_by_name), T(only_groups_that_were_joined_are_heard),
	T(vlan_tags_and_unknown_types_are_dropped_by_name), T(a_device_that_is_down_hears_nothing),
	T(short_frames_are_padded_with_zeros), T(random_frames_are_all_accounted_for),
	T(the_first_address_of_a_subnet_is_the_primary_one),
	T(secondaries_go_with_their_primary_or_take_its_place), T(impossible_addresses_are_refused),
	T(the_source_is_in_the_destinations_subnet_where_there_is_one),
	T(an_address_of_two_devices_is_that_of_the_first), T(an_address_needs_memory),
	T(only_networks_inside_the_host_belong_to_lo_as_a_whole),
	T(a_device_without_link_headers_carries_ipv4_alone))
