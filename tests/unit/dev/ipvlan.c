/* SPDX-License-Identifier: MIT */
/* ipvlan: whose a frame is by its IP addresses, whom each mode and flag lets talk to whom, and who may have what. */
#include "dev/ipvlan.h"

#include "dev/vlan.h"
#include "net/ether.h"
#include "net/gso.h"
#include "net/sock.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <errno.h>

enum { PORT = 7 };

/* Host m has the wire eth0 and two ipvlans on it, of which one is on host a and the other on b. */
struct house {
	struct lab *l;
	struct stack *m, *a, *b;
	struct dev *eth0, *ia, *ib;
	struct lab_peer peer;
};

static int try_ipvlan(struct stack *s, const char *name, struct dev *lower, struct ipvlan_config c)
{
	struct dev_config config = {.lower = lower, .details = &c};

	return ipvlan_create(s, name, &config);
}

static struct dev *add_ipvlan(
	struct stack *s, const char *name, struct dev *lower, struct ipvlan_config c, const char *cidr)
{
	CU_ASSERT_EQUAL_FATAL(try_ipvlan(s, name, lower, c), 0);
	struct dev *d = dev_by_name(s, name);
	CU_ASSERT_EQUAL_FATAL(dev_set_up(d, true), 0);
	if (cidr)
		lab_addr(d, cidr);
	return d;
}

static struct house house_new(enum ipvlan_mode mode, enum ipvlan_flag flag)
{
	struct house h = {.l = lab_new(), .peer = LAB_PEER(9, "10.0.0.9")};
	struct ipvlan_config c = {mode, flag};

	h.m = lab_host(h.l, "m");
	h.a = lab_host(h.l, "a");
	h.b = lab_host(h.l, "b");
	h.eth0 = lab_wire(h.m, "eth0", "10.0.0.1/24");
	h.ia = add_ipvlan(h.a, "ia", h.eth0, c, "10.0.0.2/24");
	h.ib = add_ipvlan(h.b, "ib", h.eth0, c, "10.0.0.3/24");
	lab_settle(h.l);
	lab_sent_clear(h.eth0);
	return h;
}

static void house_free(struct house *h)
{
	lab_free(h->l);
}

/* Sends a frame out by a device. */
static void out(struct dev *d, const void *frame, size_t len)
{
	struct pkt *p = stack_pkt(d->stack, len);

	memcpy(pkt_put(p, len), frame, len);
	p->l2_len = ETHER_HDR_LEN;
	dev_output(d, p);
	lab_settle(CONTAINER_OF(d->stack->world, struct lab, world));
}

/* A UDP datagram of 100 octets to PORT. */
static size_t datagram(uint8_t *b, struct mac dst, struct mac src, const char *from, const char *to)
{
	struct ip_hdr ip = {.src = lab_ip(from), .dst = lab_ip(to), .ttl = 64, .proto = IP_PROTO_UDP};
	uint8_t udp[108] = {0, 99, 0, PORT, 0, 108};

	return lab_frame_ip(b, dst, src, ip, NULL, 0, udp, sizeof(udp));
}

static void from_wire(struct house *h, struct mac dst, const char *to)
{
	uint8_t b[300];

	lab_inject(h->eth0, b, datagram(b, dst, h->peer.mac, "10.0.0.9", to));
}

static size_t ask(uint8_t *b, struct mac dst, struct mac from, const char *asker, const char *target)
{
	struct arp_msg m = {.op = ARP_OP_REQUEST, .sha = from, .spa = lab_ip(asker), .tpa = lab_ip(target)};

	return lab_frame_arp(b, dst, from, &m);
}

static void arp_from_wire(struct house *h, struct mac from, const char *asker, const char *target)
{
	uint8_t b[100];

	lab_inject(h->eth0, b, ask(b, MAC_BROADCAST, from, asker, target));
}

/* A program sends by UDP. */
static void say(struct stack *s, const char *to)
{
	struct sock *sk = sock_open(s, SOCK_DGRAM, IP_PROTO_UDP);
	struct sock_addr at = {.ip = lab_ip(to), .port = PORT};

	CU_ASSERT_EQUAL(sock_send(sk, "hello", 5, 0, &at), 5);
	lab_settle(CONTAINER_OF(s->world, struct lab, world));
	sock_close(sk);
}

/* All that came for a port nobody has. */
static uint64_t heard(const struct stack *s)
{
	return stack_drops(s, DROP_UDP_PORT_CLOSED);
}

/* ---- who gets what ---- */

static void from_the_wire_the_ip_address_says_whose_it_is(void)
{
	for (int mode = IPVLAN_L2; mode <= IPVLAN_L3S; mode++) {
		struct house h = house_new(mode, IPVLAN_BRIDGE);

		from_wire(&h, h.eth0->mac, "10.0.0.2");
		from_wire(&h, h.eth0->mac, "10.0.0.3");
		from_wire(&h, h.eth0->mac, "10.0.0.3");
		CU_ASSERT_EQUAL(heard(h.a), 1);
		CU_ASSERT_EQUAL(heard(h.b), 2);
		CU_ASSERT_EQUAL(heard(h.m), 0);
		from_wire(&h, h.eth0->mac, "10.0.0.1");
		CU_ASSERT_EQUAL(heard(h.m), 1);
		from_wire(&h, (struct mac){{2, 9}}, "10.0.0.2"); /* to another MAC address: no */
		CU_ASSERT_EQUAL(stack_drops(h.a, DROP_ETH_OTHERHOST), 1);
		house_free(&h);
	}
}

static void one_that_is_down_has_no_address(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);

	dev_set_up(h.ia, false);
	from_wire(&h, h.eth0->mac, "10.0.0.2");
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets + h.ia->stats.rx_dropped, 0);
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_IP_NOT_FOR_US), 1);
	house_free(&h);
}

static void a_frame_that_says_nothing_of_addresses_is_the_lower_devices(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);
	uint8_t b[60] = {0};

	ether_emit(b, &(struct ether_hdr){h.eth0->mac, h.peer.mac, 0x88b5});
	lab_inject(h.eth0, b, sizeof(b));
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_ETH_UNKNOWN_TYPE), 1);
	ether_emit(b, &(struct ether_hdr){h.eth0->mac, h.peer.mac, ETHERTYPE_IP});
	lab_inject(h.eth0, b, sizeof(b));
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_IP_BAD_VERSION), 1);
	house_free(&h);
}

static void tags_are_looked_behind(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);
	uint8_t b[300];

	for (uint16_t id = 0; id < 2; id++) {
		size_t len = datagram(b, h.eth0->mac, h.peer.mac, "10.0.0.9", "10.0.0.2");
		memmove(b + 16, b + 12, len - 12);
		vlan_emit(b + 12, ETHERTYPE_VLAN, id);
		lab_inject(h.eth0, b, len + 4);
	}
	CU_ASSERT_EQUAL(heard(h.a), 1);
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_ETH_VLAN), 1);
	house_free(&h);
}

static void in_l2_all_hear_broadcasts_and_the_asked_one_answers(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);
	struct ether_hdr eth;
	struct arp_msg m;

	arp_from_wire(&h, h.peer.mac, "10.0.0.9", "10.0.0.3");
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_ARP_NOT_FOR_US), 1);
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_ARP_NOT_FOR_US), 1);
	CU_ASSERT(lab_sent_arp(h.eth0, &eth, &m));
	CU_ASSERT(mac_equal(m.sha, h.eth0->mac) && mac_equal(eth.src, h.eth0->mac));
	CU_ASSERT_EQUAL(m.spa, lab_ip("10.0.0.3"));
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 0);
	dev_set_up(h.ia, false);
	arp_from_wire(&h, h.peer.mac, "10.0.0.9", "10.0.0.2");
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets, 1);
	house_free(&h);
}

static void in_l2_groups_are_heard_by_who_joined(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);
	struct mac group = ether_multicast(lab_ip("239.1.2.3"));
	uint8_t b[300];

	CU_ASSERT_EQUAL(dev_group_add(h.ib, group), 0);
	CU_ASSERT(dev_hears_group(h.eth0, group));
	from_wire(&h, group, "239.1.2.3");
	out(h.ia, b, datagram(b, group, h.ia->mac, "10.0.0.2", "239.1.2.3"));
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets, 0);
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 2);
	dev_set_flag(h.ia, DEV_ALLMULTI, true);
	CU_ASSERT_EQUAL(h.eth0->allmulti, 1);
	from_wire(&h, group, "239.1.2.3");
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets, 1);
	dev_group_del(h.ib, group);
	dev_unregister(h.ia);
	CU_ASSERT_EQUAL(h.eth0->allmulti, 0);
	CU_ASSERT_FALSE(dev_hears_group(h.eth0, group));
	house_free(&h);
}

static void to_all(struct house *h, struct mac from, const char *src)
{
	uint8_t b[300];

	lab_inject(h->eth0, b, datagram(b, MAC_BROADCAST, from, src, "10.0.0.255"));
}

/* The others heard it when it was sent. */
static void in_l2_a_broadcast_of_our_own_that_comes_back_is_not_heard_again(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);

	to_all(&h, h.eth0->mac, "10.0.0.2");
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets + h.ib->stats.rx_packets, 0);
	to_all(&h, h.eth0->mac, "10.0.0.1"); /* of the lower device: they did not hear it */
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 1);
	to_all(&h, h.peer.mac, "10.0.0.2"); /* somebody else's, who lies */
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 2);
	house_free(&h);
}

static void in_l3_there_is_neither_arp_nor_broadcast(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);

	arp_from_wire(&h, h.peer.mac, "10.0.0.9", "10.0.0.2");
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_ARP_IGNORED), 1);
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 0);
	from_wire(&h, MAC_BROADCAST, "10.0.0.255");
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 0);
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_UDP_NOBODY_HEARS), 1);
	ipvlan_set_config(h.ia, &(struct ipvlan_config){IPVLAN_L3S, IPVLAN_BRIDGE});
	arp_from_wire(&h, h.peer.mac, "10.0.0.9", "10.0.0.2");
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_ARP_IGNORED), 1);
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_ARP_NOT_FOR_US), 1);
	house_free(&h);
}

/* ---- with each other ---- */

static void in_bridge_they_talk_without_the_wire(void)
{
	for (int mode = IPVLAN_L2; mode <= IPVLAN_L3S; mode++) {
		struct house h = house_new(mode, IPVLAN_BRIDGE);

		say(h.a, "10.0.0.3");
		CU_ASSERT_EQUAL(heard(h.b), 1);
		/* In l2 the question of a, and nothing else, went out as well. */
		CU_ASSERT_EQUAL(lab_sent_count(h.eth0), mode == IPVLAN_L2 ? 1 : 0);
		CU_ASSERT_EQUAL(h.m->mib[MIB_IpOutRequests], 0);
		house_free(&h);
	}
}

static void xmit_never_calls_rx(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);
	struct pkt *p = stack_pkt(h.a, 300);
	uint8_t b[300];
	size_t len = datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "10.0.0.3");

	memcpy(pkt_put(p, len), b, len);
	p->l2_len = ETHER_HDR_LEN;
	dev_output(h.ia, p);
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 0);
	dev_set_up(h.ib, false);
	CU_ASSERT_EQUAL(stack_drops(h.b, DROP_DEV_DOWN), 1);
	house_free(&h);
}

static void in_private_they_do_not_talk(void)
{
	for (int mode = IPVLAN_L2; mode <= IPVLAN_L3S; mode++) {
		struct house h = house_new(mode, IPVLAN_PRIVATE);
		uint8_t b[300];

		out(h.ia, b, datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "10.0.0.3"));
		CU_ASSERT_EQUAL(heard(h.b), 0);
		CU_ASSERT_EQUAL(stack_drops(h.a, DROP_IPVLAN_PRIVATE), 1);
		CU_ASSERT_EQUAL(h.ia->stats.tx_dropped, 1);
		CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 0);
		from_wire(&h, h.eth0->mac, "10.0.0.3");
		CU_ASSERT_EQUAL(heard(h.b), 1);
		house_free(&h);
	}
}

static void in_vepa_they_talk_by_the_wire(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_VEPA);
	uint8_t b[300];
	size_t len = datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "10.0.0.3"), n;

	out(h.ia, b, len);
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 0);
	CU_ASSERT_EQUAL_FATAL(lab_sent_count(h.eth0), 1);
	const uint8_t *sent = lab_sent(h.eth0, &n);
	CU_ASSERT_EQUAL(memcmp(sent, b, len), 0);
	lab_inject(h.eth0, b, len); /* a hairpin switch */
	CU_ASSERT_EQUAL(heard(h.b), 1);
	/* In l3 the host below sends it out. */
	ipvlan_set_config(h.ia, &(struct ipvlan_config){IPVLAN_L3, IPVLAN_VEPA});
	lab_sent_clear(h.eth0);
	say(h.a, "10.0.0.3");
	CU_ASSERT_EQUAL(heard(h.b), 1);
	CU_ASSERT_EQUAL(h.m->mib[MIB_IpOutRequests], 1);
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 1); /* asks for 10.0.0.3, whom nobody answers for */
	house_free(&h);
}

/* What is for the shared MAC address and no ipvlan's IP address. */
static void in_l2_who_knows_the_address_reaches_the_lower_device(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);
	uint8_t b[300];

	out(h.ia, b, datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "10.0.0.1"));
	CU_ASSERT_EQUAL(heard(h.m), 1);
	/* The answer went out by the wire: the lower device never reaches its ipvlans. */
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 1);
	say(h.m, "10.0.0.3");
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 0);
	/* But its question is not heard by it. */
	say(h.b, "10.0.0.1");
	CU_ASSERT_EQUAL(heard(h.m), 1);
	house_free(&h);
}

/* ---- l3: the host below routes ---- */

static void in_l3_the_host_below_routes(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);

	lab_meet(h.eth0, &h.peer);
	lab_route(h.m, "default", "10.0.0.9", h.eth0);
	lab_route(h.a, "default", NULL, h.ia);
	say(h.a, "192.0.2.7");
	struct lab_ip_seen seen = lab_sent_ip(h.eth0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.payload);
	CU_ASSERT(mac_equal(seen.eth.dst, h.peer.mac));
	CU_ASSERT(mac_equal(seen.eth.src, h.eth0->mac));
	CU_ASSERT_EQUAL(seen.ip.src, lab_ip("10.0.0.2"));
	CU_ASSERT_EQUAL(seen.ip.ttl, 64); /* it is no hop */
	CU_ASSERT_EQUAL(h.m->mib[MIB_IpOutRequests], 1);
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 0);
	house_free(&h);
}

static void in_l3_the_host_below_can_be_talked_to_but_does_not_find_back(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);

	say(h.a, "10.0.0.1");
	CU_ASSERT_EQUAL(heard(h.m), 1);
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 1); /* who has 10.0.0.2? */
	house_free(&h);
}

static void in_l3_what_cannot_be_routed_ends_at_the_host_below(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);
	uint8_t b[300];

	out(h.ia, b, datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "192.0.2.7"));
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_IP_NO_ROUTE), 1);
	out(h.ia, b, datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "10.0.0.255"));
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_IP_BROADCAST_DENIED), 1);
	out(h.ia, b, datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "239.1.2.3"));
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_IPVLAN_TO_MANY), 1);
	out(h.ia, b, datagram(b, h.ia->mac, h.ia->mac, "127.0.0.1", "10.0.0.9"));
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_IP_BAD_SOURCE), 1);
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 0);
	house_free(&h);
}

static void in_l3_what_is_no_unicast_of_ip_is_dropped_by_name(void)
{
	struct house h = house_new(IPVLAN_L3S, IPVLAN_BRIDGE);
	uint64_t before = stack_drops(h.a, DROP_IPVLAN_TO_MANY); /* IGMP tried */
	uint8_t b[300];
	size_t len;

	out(h.ia, b, datagram(b, MAC_BROADCAST, h.ia->mac, "10.0.0.2", "10.0.0.255"));
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_IPVLAN_TO_MANY), before + 1);
	out(h.ia, b, ask(b, h.ia->mac, h.ia->mac, "10.0.0.2", "10.0.0.9"));
	len = datagram(b, h.ia->mac, h.ia->mac, "10.0.0.2", "10.0.0.9");
	memmove(b + 16, b + 12, len - 12);
	vlan_emit(b + 12, ETHERTYPE_VLAN, 0);
	out(h.ia, b, len + 4);
	out(h.ia, b, 10);
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_IPVLAN_NOT_IP), 3);
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 0);
	house_free(&h);
}

static void in_l3_the_mtu_below_counts(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);
	struct ip_hdr ip = {
		.src = lab_ip("10.0.0.2"), .dst = h.peer.ip, .ttl = 9, .proto = IP_PROTO_UDP, .df = true};
	uint8_t b[1600], payload[1400] = {0};

	lab_meet(h.eth0, &h.peer);
	dev_set_mtu(h.eth0, 1000);
	CU_ASSERT_EQUAL(h.ia->mtu, 1000);
	out(h.ia, b, lab_frame_ip(b, h.ia->mac, h.ia->mac, ip, NULL, 0, payload, sizeof(payload)));
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_IP_FRAG_NEEDED), 1);
	ip.df = false;
	out(h.ia, b, lab_frame_ip(b, h.ia->mac, h.ia->mac, ip, NULL, 0, payload, sizeof(payload)));
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 2);
	house_free(&h);
}

static struct pkt *super_frame(const struct house *h, const char *to)
{
	return lab_super_frame(h->a, h->ia->mac, h->ia->mac,
		(struct ip_hdr){.src = lab_ip("10.0.0.2"), .dst = lab_ip(to), .ttl = 9},
		(struct tcp_hdr){.sport = 5, .dport = 80, .seq = 1}, 5000, 1000);
}

static void super_frames_go_whole_inside_and_are_cut_for_the_wire(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);

	lab_meet(h.eth0, &h.peer);
	dev_output(h.ia, super_frame(&h, "10.0.0.3"));
	lab_settle(h.l);
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(h.ib->stats.rx_bytes, 5054);
	lab_sent_clear(h.eth0);
	dev_output(h.ia, super_frame(&h, "10.0.0.9"));
	CU_ASSERT_EQUAL(lab_sent_count(h.eth0), 5);
	for (int i = 0; i < 5; i++) {
		struct lab_ip_seen seen = lab_sent_ip(h.eth0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(seen.payload);
		CU_ASSERT_EQUAL(tcp_csum(seen.payload, seen.len, seen.ip.src, seen.ip.dst), 0);
	}
	house_free(&h);
}

/* ---- what they share ---- */

static void they_have_the_mac_address_of_the_lower_device_and_no_other(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);
	const struct mac other = {{2, 1, 1, 1, 1, 1}};

	CU_ASSERT_EQUAL(dev_set_mac(h.ia, other), -EOPNOTSUPP);
	CU_ASSERT(mac_equal(h.ia->mac, h.eth0->mac));
	dev_set_mac(h.eth0, other);
	CU_ASSERT(mac_equal(h.ia->mac, other) && mac_equal(h.ib->mac, other));
	CU_ASSERT_EQUAL(dev_set_mac(h.ia, other), 0);
	house_free(&h);
}

static void all_are_in_the_mode_that_was_said_last(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_PRIVATE);
	struct dev_config config = {.lower = h.eth0};

	CU_ASSERT_FALSE(h.ia->flags & DEV_NOARP);
	CU_ASSERT_EQUAL(
		ipvlan_create(h.m, "third", &config), 0); /* as Linux: l3 and bridge, where nothing is said */
	CU_ASSERT_EQUAL(ipvlan_config(h.ia)->mode, IPVLAN_L3);
	CU_ASSERT_EQUAL(ipvlan_config(h.ib)->flag, IPVLAN_BRIDGE);
	CU_ASSERT(h.ia->flags & dev_by_name(h.m, "third")->flags & DEV_NOARP);
	ipvlan_set_config(h.ib, &(struct ipvlan_config){IPVLAN_L2, IPVLAN_VEPA});
	CU_ASSERT_FALSE(h.ia->flags & DEV_NOARP);
	CU_ASSERT_EQUAL(ipvlan_config(h.ia)->flag, IPVLAN_VEPA);
	dev_set_flag(h.ia, DEV_NOARP, true);
	dev_set_up(h.ia, false);
	dev_set_up(h.ia, true);
	CU_ASSERT_FALSE(h.ia->flags & DEV_NOARP);
	CU_ASSERT_PTR_NULL(ipvlan_config(h.eth0));
	house_free(&h);
}

static void mtu_and_carrier_are_the_lower_devices(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);
	struct dev_config config = {.lower = h.eth0, .mtu = 1300};

	CU_ASSERT_EQUAL(h.ia->mtu, 1500);
	CU_ASSERT_EQUAL(ipvlan_create(h.m, "third", &config), 0);
	CU_ASSERT_EQUAL(dev_by_name(h.m, "third")->mtu, 1300);
	dev_set_mtu(h.eth0, 1400);
	CU_ASSERT_EQUAL(h.ia->mtu, 1400);
	dev_set_mtu(h.eth0, 1450);
	CU_ASSERT_EQUAL(h.ia->mtu, 1450);
	dev_set_up(h.eth0, false);
	CU_ASSERT(h.ia->flags & DEV_UP);
	CU_ASSERT_FALSE(h.ia->carrier);
	say(h.a, "10.0.0.3"); /* not even to a sibling */
	CU_ASSERT_EQUAL(heard(h.b), 0);
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_DEV_NO_CARRIER), 1);
	dev_set_up(h.eth0, true);
	CU_ASSERT(dev_is_running(h.ia));
	house_free(&h);
}

static int add_addr(struct dev *d, const char *addr, uint8_t plen)
{
	struct netif_addr a = {.local = lab_ip(addr), .peer = lab_ip(addr), .plen = plen};

	return netif_addr_add(d->netif, &a, NULL);
}

static void an_address_is_on_one_of_them_only(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);

	CU_ASSERT_EQUAL(add_addr(h.ib, "10.0.0.2", 24), -EADDRINUSE);
	CU_ASSERT_EQUAL(add_addr(h.ib, "10.0.0.2", 32), -EADDRINUSE);
	CU_ASSERT_EQUAL(add_addr(h.ia, "10.0.0.2", 16), -EADDRINUSE); /* nor twice on one */
	CU_ASSERT_PTR_NULL(netif_addr_find(h.ib->netif, lab_ip("10.0.0.2")));
	CU_ASSERT_EQUAL(add_addr(h.eth0, "10.0.0.2", 24), 0); /* whom Linux does not ask */
	netif_addr_del(netif_addr_find(h.ia->netif, lab_ip("10.0.0.2")));
	CU_ASSERT_EQUAL(add_addr(h.ib, "10.0.0.2", 24), 0);
	from_wire(&h, h.eth0->mac, "10.0.0.2");
	CU_ASSERT_EQUAL(heard(h.b), 1);
	dev_unregister(h.ib);
	CU_ASSERT_EQUAL(add_addr(h.ia, "10.0.0.2", 24), 0);
	house_free(&h);
}

static void many_addresses_are_found(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);
	char text[40];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "10.0.%d.%d", i % 8 + 1, i);
		CU_ASSERT_EQUAL_FATAL(add_addr(i % 2 ? h.ia : h.ib, text, 32), 0);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "10.0.%d.%d", i % 8 + 1, i);
		from_wire(&h, h.eth0->mac, text);
	}
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets, 100);
	CU_ASSERT_EQUAL(h.ib->stats.rx_packets, 100);
	house_free(&h);
}

/* ---- making, moving, ending ---- */

static void who_has_the_frames_of_a_device_shares_them_with_nobody(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);
	struct ipvlan_config c = {IPVLAN_L2, IPVLAN_BRIDGE};
	struct dev *eth1 = lab_wire(h.m, "eth1", NULL);

	CU_ASSERT_EQUAL(hub_create(h.m, "hub0", &(struct dev_config){0}), 0);
	struct dev *hub = dev_by_name(h.m, "hub0");
	CU_ASSERT_EQUAL(dev_set_master(h.eth0, hub), -EBUSY);
	CU_ASSERT_EQUAL(dev_set_master(eth1, hub), 0);
	CU_ASSERT_EQUAL(try_ipvlan(h.m, "i", eth1, c), -EBUSY);
	CU_ASSERT_EQUAL(try_ipvlan(h.m, "i", h.m->lo, c), -EINVAL);
	struct dev *third = add_ipvlan(h.m, "third", h.eth0, c, NULL);
	CU_ASSERT_EQUAL(dev_set_master(third, hub), -EINVAL);
	struct dev *fourth = add_ipvlan(h.m, "fourth", third, c, NULL); /* on the device below */
	CU_ASSERT_PTR_EQUAL(fourth->lower, h.eth0);
	house_free(&h);
}

static void without_memory_nothing_is_made(void)
{
	unsigned long used, nth = 0;

	do {
		struct lab *l = lab_new();
		struct stack *s = lab_host(l, "h");
		struct dev *eth0 = lab_wire(s, "eth0", NULL);
		alloc_arm(++nth, false);
		int err = try_ipvlan(s, "i", eth0, (struct ipvlan_config){IPVLAN_L2, IPVLAN_BRIDGE});
		used = alloc_disarm();
		CU_ASSERT_EQUAL(err, used < nth ? 0 : -ENOMEM);
		if (err) {
			CU_ASSERT_PTR_NULL(eth0->rx_handler);
			CU_ASSERT(list_empty(&eth0->uppers));
			CU_ASSERT_PTR_NULL(dev_by_name(s, "i"));
		}
		add_ipvlan(s, "j", eth0, (struct ipvlan_config){IPVLAN_L2, IPVLAN_BRIDGE}, "10.0.0.2/24");
		CU_ASSERT_EQUAL(try_ipvlan(s, "eth0", eth0, (struct ipvlan_config){0}), -EEXIST);
		lab_free(l);
	} while (used >= nth);
	CU_ASSERT(used > 3);
}

static void without_memory_an_address_is_not_added(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);

	for (unsigned long nth = 1; nth <= 2; nth++) {
		alloc_arm(nth, false);
		CU_ASSERT_EQUAL(add_addr(h.ia, "10.0.0.7", 24), -ENOMEM);
		alloc_disarm();
		CU_ASSERT_PTR_NULL(netif_addr_find(h.ia->netif, lab_ip("10.0.0.7")));
		CU_ASSERT_EQUAL(add_addr(h.ib, "10.0.0.7", 24), 0);
		netif_addr_del(netif_addr_find(h.ib->netif, lab_ip("10.0.0.7")));
	}
	house_free(&h);
}

/* No copy can be made: one drop for each that should have had one. */
static void without_memory_broadcasts_are_lost_by_name(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);
	uint8_t b[100];
	size_t len = ask(b, MAC_BROADCAST, h.peer.mac, "10.0.0.9", "10.0.0.77");
	struct pkt *p = stack_pkt(h.m, len);

	memcpy(pkt_put(p, len), b, len);
	h.l->world.pkts.small.limit = pool_in_use(&h.l->world.pkts.small);
	dev_input(h.eth0, p);
	CU_ASSERT_EQUAL(stack_drops(h.a, DROP_NO_MEMORY), 1);
	CU_ASSERT_EQUAL(stack_drops(h.b, DROP_NO_MEMORY), 1);
	CU_ASSERT_EQUAL(h.ia->stats.rx_packets, 0);
	h.l->world.pkts.small.limit = 0;
	house_free(&h);
}

static void they_end_with_their_lower_device_and_leave_it_as_it_was(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);

	dev_unregister(h.ia);
	CU_ASSERT_PTR_NOT_NULL(h.eth0->rx_handler);
	stack_delete(h.b);
	CU_ASSERT_PTR_NULL(h.eth0->rx_handler);
	CU_ASSERT_EQUAL(try_ipvlan(h.m, "i", h.eth0, (struct ipvlan_config){IPVLAN_L2, IPVLAN_BRIDGE}), 0);
	dev_unregister(h.eth0);
	CU_ASSERT_PTR_NULL(dev_by_name(h.m, "i"));
	house_free(&h);
}

static void they_and_the_lower_device_may_move(void)
{
	struct house h = house_new(IPVLAN_L3, IPVLAN_BRIDGE);
	struct stack *c = lab_host(h.l, "c");

	CU_ASSERT_EQUAL(dev_move(h.ia, c, NULL), 0);
	CU_ASSERT_EQUAL(add_addr(h.ib, "10.0.0.2", 32), 0); /* it had lost it */
	netif_addr_del(netif_addr_find(h.ib->netif, lab_ip("10.0.0.2")));
	dev_set_up(h.ia, true);
	lab_addr(h.ia, "10.0.0.2/24");
	from_wire(&h, h.eth0->mac, "10.0.0.2");
	CU_ASSERT_EQUAL(heard(c), 1);
	CU_ASSERT_EQUAL(dev_move(h.eth0, h.a, NULL), 0);
	dev_set_up(h.eth0, true);
	lab_addr(h.eth0, "10.0.0.1/24");
	lab_meet(h.eth0, &h.peer);
	lab_sent_clear(h.eth0);
	say(c, "10.0.0.9"); /* now host a routes for it */
	CU_ASSERT_EQUAL(h.a->mib[MIB_IpOutRequests], 1);
	CU_ASSERT_PTR_NOT_NULL(lab_sent_ip(h.eth0).payload);
	house_free(&h);
}

/* One to each other ipvlan and the lower device, and one to all; they wait in queues. */
static void send_some(const struct house *h)
{
	static const char *const to[] = {"10.0.0.4", "10.0.0.3", "10.0.0.1", "10.0.0.255"};
	uint8_t b[300];

	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		struct mac dst = i < 3 ? h->ia->mac : MAC_BROADCAST;
		size_t len = datagram(b, dst, h->ia->mac, "10.0.0.2", to[i]);
		struct pkt *p = stack_pkt(h->a, len);
		memcpy(pkt_put(p, len), b, len);
		p->l2_len = ETHER_HDR_LEN;
		dev_output(h->ia, p);
	}
}

static void they_end_and_move_with_frames_on_their_way(void)
{
	struct house h = house_new(IPVLAN_L2, IPVLAN_BRIDGE);

	say(h.b, "10.0.0.2"); /* so that no questions are on their way later */
	for (int round = 0; round < 40; round++) {
		struct ipvlan_config c = {IPVLAN_L2, IPVLAN_BRIDGE};
		struct dev *third = add_ipvlan(h.b, "third", h.eth0, c, "10.0.0.4/24");
		send_some(&h);
		if (round % 2)
			dev_move(third, h.m, NULL);
		if (round % 4 == 0)
			loop_turn(&h.l->loop, false);
		dev_unregister(third);
		lab_settle(h.l);
	}
	CU_ASSERT_EQUAL(stack_drops(h.b, DROP_DEV_DOWN), 30 * 2);
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_DEV_DOWN), 0);
	send_some(&h);
	dev_unregister(h.eth0);
	CU_ASSERT_EQUAL(stack_drops(h.b, DROP_DEV_DOWN), 30 * 2 + 2);
	CU_ASSERT_EQUAL(stack_drops(h.m, DROP_DEV_DOWN), 2); /* 10.0.0.4 is nobody's now */
	CU_ASSERT_PTR_NULL(dev_by_name(h.a, "ia"));
	house_free(&h);
}

SUITE(dev_ipvlan, T(from_the_wire_the_ip_address_says_whose_it_is), T(one_that_is_down_has_no_address),
	T(a_frame_that_says_nothing_of_addresses_is_the_lower_devices), T(tags_are_looked_behind),
	T(in_l2_all_hear_broadcasts_and_the_asked_one_answers), T(in_l2_groups_are_heard_by_who_joined),
	T(in_l2_a_broadcast_of_our_own_that_comes_back_is_not_heard_again),
	T(in_l3_there_is_neither_arp_nor_broadcast), T(in_bridge_they_talk_without_the_wire),
	T(xmit_never_calls_rx), T(in_private_they_do_not_talk), T(in_vepa_they_talk_by_the_wire),
	T(in_l2_who_knows_the_address_reaches_the_lower_device), T(in_l3_the_host_below_routes),
	T(in_l3_the_host_below_can_be_talked_to_but_does_not_find_back),
	T(in_l3_what_cannot_be_routed_ends_at_the_host_below),
	T(in_l3_what_is_no_unicast_of_ip_is_dropped_by_name), T(in_l3_the_mtu_below_counts),
	T(super_frames_go_whole_inside_and_are_cut_for_the_wire),
	T(they_have_the_mac_address_of_the_lower_device_and_no_other),
	T(all_are_in_the_mode_that_was_said_last), T(mtu_and_carrier_are_the_lower_devices),
	T(an_address_is_on_one_of_them_only), T(many_addresses_are_found),
	T(who_has_the_frames_of_a_device_shares_them_with_nobody), T(without_memory_nothing_is_made),
	T(without_memory_an_address_is_not_added), T(without_memory_broadcasts_are_lost_by_name),
	T(they_end_with_their_lower_device_and_leave_it_as_it_was), T(they_and_the_lower_device_may_move),
	T(they_end_and_move_with_frames_on_their_way))
