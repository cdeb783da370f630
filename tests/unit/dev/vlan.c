/* SPDX-License-Identifier: MIT */
/* VLAN devices: whose a tag is, what goes out with which, and what lower and upper device do to each other. */
#include "dev/vlan.h"

#include "net/ether.h"
#include "net/gso.h"
#include "net/packet.h"
#include "net/sock.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <errno.h>

static const struct lab_peer nobody = {{{2, 0, 0, 0, 1, 9}}, 0};

struct trunk {
	struct lab *l;
	struct stack *s;
	struct dev *eth0; /* a wire without an address */
};

static struct trunk trunk_new(void)
{
	struct trunk t = {.l = lab_new()};

	t.s = lab_host(t.l, "h");
	t.eth0 = lab_wire(t.s, "eth0", NULL);
	return t;
}

static int try_vlan(struct stack *s, const char *name, struct dev *lower, struct vlan_config v)
{
	struct dev_config config = {.lower = lower, .details = &v};

	if (!v.proto)
		v.proto = ETHERTYPE_VLAN;
	return vlan_create(s, name, &config);
}

/* Up, with an address (NULL: none). */
static struct dev *add_vlan(struct dev *lower, const char *name, struct vlan_config v, const char *cidr)
{
	CU_ASSERT_EQUAL_FATAL(try_vlan(lower->stack, name, lower, v), 0);
	struct dev *d = dev_by_name(lower->stack, name);
	CU_ASSERT_EQUAL_FATAL(dev_set_up(d, true), 0);
	if (cidr)
		lab_addr(d, cidr);
	return d;
}

/* Puts the tag (its 16 bits) into a frame of `len` bytes. Returns the new length. */
static size_t tag(uint8_t *b, size_t len, uint16_t proto, uint16_t tci)
{
	memmove(b + 16, b + 12, len - 12);
	*(be16 *)(b + 12) = put16(proto);
	*(be16 *)(b + 14) = put16(tci);
	return len + 4;
}

/* The peer asks for the address by ARP: 1 when an answer came, of which the frame is in *answer. */
static size_t ask(
	struct trunk *t, struct mac dst, const char *target, const uint16_t *tags, const uint8_t **answer)
{
	struct arp_msg m = {
		.op = ARP_OP_REQUEST, .sha = nobody.mac, .spa = lab_ip(target) + 7, .tpa = lab_ip(target)};
	uint8_t b[128];
	size_t len = lab_frame_arp(b, dst, nobody.mac, &m);

	for (; tags && *tags; tags += 2)
		len = tag(b, len, tags[0], tags[1]);
	lab_sent_clear(t->eth0);
	lab_inject(t->eth0, b, len);
	*answer = lab_sent(t->eth0, &len);
	return *answer ? 1 + lab_sent_count(t->eth0) : 0;
}

/* Pairs of protocol and 16 bits of a tag, the innermost first; and 0. */
#define TAGS(...) ((const uint16_t[]){__VA_ARGS__, 0})

static uint16_t word(const uint8_t *b, size_t at)
{
	return get16(*(const be16 *)(b + at));
}

static void a_tag_says_whose_the_frame_is_and_the_answer_bears_it(void)
{
	struct trunk t = trunk_new();
	struct dev *ten = add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, "10.0.10.1/24");
	struct dev *twenty = add_vlan(t.eth0, "eth0.20", (struct vlan_config){.id = 20}, "10.0.20.1/24");
	const uint8_t *b;

	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.20.1", TAGS(ETHERTYPE_VLAN, 20), &b), 1);
	CU_ASSERT_EQUAL(twenty->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(twenty->stats.rx_bytes, ETHER_HDR_LEN + ARP_LEN);
	CU_ASSERT_EQUAL(twenty->stats.tx_packets, 1);
	CU_ASSERT_EQUAL(ten->stats.rx_packets, 0);
	CU_ASSERT_EQUAL(t.eth0->stats.rx_packets, 1);
	CU_ASSERT_EQUAL_FATAL(b != NULL, 1);
	CU_ASSERT_EQUAL(memcmp(b, nobody.mac.b, 6), 0);
	CU_ASSERT_EQUAL(memcmp(b + 6, t.eth0->mac.b, 6), 0);
	CU_ASSERT_EQUAL(word(b, 12), ETHERTYPE_VLAN);
	CU_ASSERT_EQUAL(word(b, 14), 20);
	CU_ASSERT_EQUAL(word(b, 16), ETHERTYPE_ARP);
	lab_free(t.l);
}

/* Of the sixteen bits of a tag only twelve are the id. */
static void priority_and_drop_eligibility_are_no_part_of_the_id(void)
{
	struct trunk t = trunk_new();
	const uint8_t *b;

	add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, "10.0.10.1/24");
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 0xf000 | 10), &b), 1);
	CU_ASSERT_EQUAL(word(b, 14), 10);
	lab_free(t.l);
}

static void a_tag_that_no_device_takes_is_dropped_by_name(void)
{
	struct trunk t = trunk_new();
	const uint8_t *b;

	lab_addr(t.eth0, "10.0.10.1/24");
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 0);
	CU_ASSERT_EQUAL(stack_drops(t.s, DROP_ETH_VLAN), 1);
	add_vlan(t.eth0, "v11", (struct vlan_config){.id = 11}, NULL);
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 0);
	CU_ASSERT_EQUAL(ask(&t, t.eth0->mac, "10.0.10.1", TAGS(ETHERTYPE_QINQ, 11), &b), 0);
	CU_ASSERT_EQUAL(stack_drops(t.s, DROP_ETH_VLAN), 3);
	lab_free(t.l);
}

static void both_protocols_have_all_ids_to_themselves(void)
{
	struct trunk t = trunk_new();
	const uint8_t *b;

	add_vlan(t.eth0, "c", (struct vlan_config){.id = 10}, "10.0.10.1/24");
	add_vlan(t.eth0, "s", (struct vlan_config){.proto = ETHERTYPE_QINQ, .id = 10}, "10.0.20.1/24");
	CU_ASSERT_STRING_EQUAL(vlan_find(t.eth0, ETHERTYPE_VLAN, 10)->name, "c");
	CU_ASSERT_STRING_EQUAL(vlan_find(t.eth0, ETHERTYPE_QINQ, 10)->name, "s");
	CU_ASSERT_PTR_NULL(vlan_find(t.eth0, ETHERTYPE_QINQ, 11));
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.20.1", TAGS(ETHERTYPE_QINQ, 10), &b), 1);
	CU_ASSERT_EQUAL(word(b, 12), ETHERTYPE_QINQ);
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 1);
	CU_ASSERT_EQUAL(word(b, 12), ETHERTYPE_VLAN);
	lab_free(t.l);
}

/* 4094 is a multiple of 23. */
static void each_id_finds_its_device_and_no_other_does(void)
{
	struct trunk t = trunk_new();
	char name[8];

	for (uint16_t id = 0; id <= VLAN_ID_MAX; id = (uint16_t)(id + 23)) {
		snprintf(name, sizeof(name), "v%u", id);
		CU_ASSERT_EQUAL_FATAL(try_vlan(t.s, name, t.eth0, (struct vlan_config){.id = id}), 0);
	}
	for (uint16_t id = 0; id <= VLAN_ID_MAX + 1; id++) {
		const struct dev *d = vlan_find(t.eth0, ETHERTYPE_VLAN, id);
		CU_ASSERT_EQUAL(d ? vlan_config(d)->id : -1, id % 23 ? -1 : id);
		CU_ASSERT_PTR_NULL(vlan_find(t.eth0, ETHERTYPE_QINQ, id));
	}
	lab_free(t.l);
}

static void a_priority_tag_is_read_as_none_with_and_without_vlans(void)
{
	struct trunk t = trunk_new();
	const uint8_t *b;

	lab_addr(t.eth0, "10.0.0.1/24");
	for (int round = 0; round < 2; round++) {
		CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.0.1", TAGS(ETHERTYPE_VLAN, 5 << 13), &b), 1);
		CU_ASSERT_EQUAL(word(b, 12), ETHERTYPE_ARP);
		CU_ASSERT_EQUAL(
			ask(&t, MAC_BROADCAST, "10.0.0.1", TAGS(ETHERTYPE_VLAN, 0, ETHERTYPE_QINQ, 0), &b),
			1);
		CU_ASSERT_EQUAL(
			ask(&t, MAC_BROADCAST, "10.0.0.1", TAGS(ETHERTYPE_VLAN, 7, ETHERTYPE_VLAN, 0), &b),
			0);
		CU_ASSERT_EQUAL(stack_drops(t.s, DROP_ETH_VLAN), (uint64_t)round + 1);
		if (round == 0)
			add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, NULL);
	}
	lab_free(t.l);
}

static void a_device_of_vlan_0_takes_priority_tags(void)
{
	struct trunk t = trunk_new();
	struct dev *zero = add_vlan(t.eth0, "zero", (struct vlan_config){.id = 0}, "10.0.0.1/24");
	const uint8_t *b;

	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.0.1", TAGS(ETHERTYPE_VLAN, 3 << 13), &b), 1);
	CU_ASSERT_EQUAL(zero->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(word(b, 12), ETHERTYPE_VLAN);
	CU_ASSERT_EQUAL(word(b, 14), 0);
	lab_free(t.l);
}

static void a_tag_that_is_cut_off_is_a_short_frame(void)
{
	struct trunk t = trunk_new();
	uint8_t b[ETHER_HDR_LEN + 4];

	add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, NULL);
	for (size_t len = ETHER_HDR_LEN; len <= ETHER_HDR_LEN + 4; len++) {
		uint8_t frame[64] = {0};
		ether_emit(frame, &(struct ether_hdr){t.eth0->mac, nobody.mac, 0x88b5});
		tag(frame, ETHER_HDR_LEN, ETHERTYPE_VLAN, 10);
		memcpy(b, frame, sizeof(b));
		lab_inject(t.eth0, b, len);
	}
	CU_ASSERT_EQUAL(stack_drops(t.s, DROP_ETH_SHORT), 4);
	CU_ASSERT_EQUAL(stack_drops(t.s, DROP_ETH_UNKNOWN_TYPE), 1);
	lab_free(t.l);
}

static void vlans_in_vlans_have_one_tag_in_the_other(void)
{
	struct trunk t = trunk_new();
	struct dev *outer =
		add_vlan(t.eth0, "s5", (struct vlan_config){.proto = ETHERTYPE_QINQ, .id = 5}, NULL);
	struct dev *inner = add_vlan(outer, "s5.10", (struct vlan_config){.id = 10}, "10.0.10.1/24");
	const uint8_t *b;

	CU_ASSERT_EQUAL(
		ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10, ETHERTYPE_QINQ, 5), &b), 1);
	CU_ASSERT_EQUAL(inner->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(outer->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(word(b, 12), ETHERTYPE_QINQ);
	CU_ASSERT_EQUAL(word(b, 14), 5);
	CU_ASSERT_EQUAL(word(b, 16), ETHERTYPE_VLAN);
	CU_ASSERT_EQUAL(word(b, 18), 10);
	CU_ASSERT_EQUAL(word(b, 20), ETHERTYPE_ARP);
	/* The other way round is another network. */
	CU_ASSERT_EQUAL(
		ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_QINQ, 5, ETHERTYPE_VLAN, 10), &b), 0);
	lab_free(t.l);
}

static void as_many_as_eight_devices_stand_on_each_other(void)
{
	struct trunk t = trunk_new();
	struct dev *d = t.eth0;
	int made = 0;

	while (try_vlan(t.s, "v%d", d, (struct vlan_config){.id = 1}) == 0) {
		d = list_last(&t.s->devs, struct dev, node);
		CU_ASSERT_EQUAL(dev_set_up(d, true), 0);
		made++;
	}
	CU_ASSERT_EQUAL(made, DEV_NEST_MAX - 1);
	CU_ASSERT_EQUAL(try_vlan(t.s, "v", d, (struct vlan_config){.id = 1}), -EMLINK);
	CU_ASSERT(list_empty(&d->uppers));
	lab_addr(d, "10.0.0.1/24");
	CU_ASSERT_EQUAL(lab_sent_count(t.eth0), 0);
	struct pkt *p = stack_pkt(t.s, 1000);
	memset(pkt_put(p, 1000), 0, 1000);
	ether_output(d->netif, p, nobody.mac, 0x88b5);
	size_t len;
	lab_sent(t.eth0, &len);
	CU_ASSERT_EQUAL(len, ETHER_HDR_LEN + 1000 + 4u * (DEV_NEST_MAX - 1));
	lab_free(t.l);
}

/* ---- addresses ---- */

static void a_vlan_has_the_address_of_its_lower_device_until_it_gets_one(void)
{
	struct trunk t = trunk_new();
	struct dev *d = add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, NULL);
	const struct mac first = {{2, 1, 1, 1, 1, 1}}, second = {{2, 2, 2, 2, 2, 2}};

	CU_ASSERT(mac_equal(d->mac, t.eth0->mac));
	dev_set_mac(t.eth0, first);
	CU_ASSERT(mac_equal(d->mac, first));
	dev_set_mac(t.eth0, second); /* to follow once is not to have an address of its own */
	CU_ASSERT(mac_equal(d->mac, second));
	CU_ASSERT_EQUAL(dev_set_mac(d, first), 0);
	dev_set_mac(t.eth0, nobody.mac);
	CU_ASSERT(mac_equal(d->mac, first));
	lab_free(t.l);
}

static void with_an_address_of_its_own_the_lower_device_hears_everything(void)
{
	struct trunk t = trunk_new();
	struct dev_config config = {.lower = t.eth0,
		.mac = {{2, 1, 1, 1, 1, 1}},
		.details = &(struct vlan_config){ETHERTYPE_VLAN, 10, 0, 0}};
	const uint8_t *b;

	CU_ASSERT_EQUAL_FATAL(vlan_create(t.s, "v", &config), 0);
	struct dev *d = dev_by_name(t.s, "v");
	CU_ASSERT(mac_equal(d->mac, config.mac));
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 0);
	dev_set_up(d, true);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 1);
	lab_addr(d, "10.0.10.1/24");
	CU_ASSERT_EQUAL(
		ask(&t, d->mac, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 1); /* was otherhost below */
	CU_ASSERT_EQUAL(memcmp(b + 6, d->mac.b, 6), 0);
	CU_ASSERT_EQUAL(ask(&t, t.eth0->mac, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 1);
	CU_ASSERT_EQUAL(ask(&t, (struct mac){{2, 9}}, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 0);
	CU_ASSERT_EQUAL(stack_drops(t.s, DROP_ETH_OTHERHOST), 1);
	dev_set_mac(d, t.eth0->mac);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 0);
	dev_set_mac(t.eth0, nobody.mac);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 1);
	dev_set_up(d, false);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 0);
	lab_free(t.l);
}

static void what_it_hears_its_lower_device_hears_too_while_it_is_up(void)
{
	struct trunk t = trunk_new();
	struct dev *d = add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, NULL);

	dev_set_flag(d, DEV_PROMISC, true);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 1);
	dev_set_flag(d, DEV_PROMISC, true);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 1);
	dev_set_up(d, false);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 0);
	dev_set_up(d, true);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 1);
	dev_set_flag(d, DEV_ALLMULTI, true);
	CU_ASSERT_EQUAL(t.eth0->allmulti, 1);
	dev_promisc(d, true); /* as a bridge does with its ports */
	dev_set_flag(d, DEV_PROMISC, false);
	CU_ASSERT_EQUAL(t.eth0->promiscuity, 1);
	dev_unregister(d);
	CU_ASSERT_EQUAL(t.eth0->promiscuity + t.eth0->allmulti, 0);
	lab_free(t.l);
}

static void groups_are_heard_by_all_devices_below(void)
{
	struct trunk t = trunk_new();
	struct dev *outer = add_vlan(t.eth0, "o", (struct vlan_config){.id = 5}, NULL);
	struct dev *inner = add_vlan(outer, "i", (struct vlan_config){.id = 10}, NULL);
	const struct mac group = ether_multicast(lab_ip("239.1.2.3"));

	CU_ASSERT_EQUAL(dev_group_add(inner, group), 0);
	CU_ASSERT_EQUAL(dev_group_add(inner, group), 0);
	CU_ASSERT(dev_hears_group(outer, group) && dev_hears_group(t.eth0, group));
	dev_group_del(inner, group);
	CU_ASSERT(dev_hears_group(t.eth0, group));
	dev_set_up(inner, false);
	CU_ASSERT_FALSE(dev_hears_group(outer, group) || dev_hears_group(t.eth0, group));
	dev_set_up(inner, true);
	CU_ASSERT(dev_hears_group(outer, group) && dev_hears_group(t.eth0, group));
	dev_group_del(inner, group);
	CU_ASSERT_FALSE(dev_hears_group(outer, group) || dev_hears_group(t.eth0, group));
	CU_ASSERT_EQUAL(dev_group_add(outer, group), 0);
	CU_ASSERT_FALSE(dev_hears_group(inner, group));
	dev_unregister(outer); /* who joined is gone, nobody left */
	CU_ASSERT_FALSE(dev_hears_group(t.eth0, group));
	lab_free(t.l);
}

static void a_group_that_cannot_be_heard_below_is_not_joined(void)
{
	struct trunk t = trunk_new();
	struct dev *d = add_vlan(t.eth0, "o", (struct vlan_config){.id = 5}, NULL);
	const struct mac group = ether_multicast(lab_ip("239.1.2.3"));

	for (unsigned long nth = 1; nth <= 2; nth++) {
		alloc_arm(nth, false);
		CU_ASSERT_EQUAL(dev_group_add(d, group), -ENOMEM);
		alloc_disarm();
		CU_ASSERT_FALSE(dev_hears_group(d, group) || dev_hears_group(t.eth0, group));
	}
	lab_free(t.l);
}

/* ---- up, down, MTU ---- */

static void a_vlan_goes_down_and_up_with_its_lower_device(void)
{
	struct trunk t = trunk_new();
	struct dev *d = add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, NULL);

	CU_ASSERT_EQUAL(try_vlan(t.s, "never", t.eth0, (struct vlan_config){.id = 11}), 0);
	dev_set_up(t.eth0, false);
	CU_ASSERT_FALSE(d->flags & DEV_UP);
	CU_ASSERT_EQUAL(dev_set_up(d, true), -ENETDOWN);
	CU_ASSERT_FALSE(d->flags & DEV_UP);
	dev_set_up(t.eth0, true);
	CU_ASSERT(d->flags & DEV_UP);
	CU_ASSERT(dev_is_running(d));
	CU_ASSERT(dev_by_name(t.s, "never")->flags & DEV_UP); /* as Linux */
	lab_free(t.l);
}

static void a_loose_one_does_not_but_shares_the_carrier(void)
{
	struct trunk t = trunk_new();
	struct dev *d = add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10, .loose = true}, NULL);

	dev_set_up(t.eth0, false);
	CU_ASSERT(d->flags & DEV_UP);
	CU_ASSERT_FALSE(d->carrier);
	dev_set_up(d, false);
	CU_ASSERT_EQUAL(dev_set_up(d, true), 0);
	dev_set_up(d, false);
	dev_set_up(t.eth0, true);
	CU_ASSERT_FALSE(d->flags & DEV_UP);
	CU_ASSERT(d->carrier);
	vlan_set_flags(d, false, false);
	dev_set_up(t.eth0, false);
	dev_set_up(t.eth0, true);
	CU_ASSERT(d->flags & DEV_UP);
	dev_set_carrier(t.eth0, false);
	CU_ASSERT_FALSE(dev_is_running(d));
	CU_ASSERT(d->flags & DEV_UP);
	lab_free(t.l);
}

static void what_comes_for_a_vlan_that_is_down_is_dropped(void)
{
	struct trunk t = trunk_new();
	struct dev *d = add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, "10.0.10.1/24");
	const uint8_t *b;

	dev_set_up(d, false);
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 0);
	CU_ASSERT_EQUAL(stack_drops(t.s, DROP_DEV_DOWN), 1);
	CU_ASSERT_EQUAL(d->stats.rx_dropped, 1);
	lab_free(t.l);
}

static void no_mtu_is_larger_than_the_lower_devices(void)
{
	struct trunk t = trunk_new();
	struct vlan_config v = {ETHERTYPE_VLAN, 10, false, false};
	struct dev_config config = {.lower = t.eth0, .mtu = 1501, .details = &v};

	CU_ASSERT_EQUAL(vlan_create(t.s, "v", &config), -EINVAL);
	config.mtu = 1500;
	CU_ASSERT_EQUAL_FATAL(vlan_create(t.s, "v", &config), 0);
	struct dev *d = dev_by_name(t.s, "v");
	CU_ASSERT_EQUAL(dev_set_mtu(d, 1501), -ERANGE);
	CU_ASSERT_EQUAL(dev_set_mtu(d, 1300), 0);
	dev_set_mtu(t.eth0, 1400);
	CU_ASSERT_EQUAL(d->mtu, 1300);
	dev_set_mtu(t.eth0, 1200);
	CU_ASSERT_EQUAL(d->mtu, 1200);
	dev_set_mtu(t.eth0, 1500);
	CU_ASSERT_EQUAL(d->mtu, 1200);
	CU_ASSERT_EQUAL(try_vlan(t.s, "w", t.eth0, (struct vlan_config){.id = 11}), 0);
	CU_ASSERT_EQUAL(dev_by_name(t.s, "w")->mtu, 1500);
	lab_free(t.l);
}

/* ---- making, moving, ending ---- */

static void what_cannot_be_is_refused(void)
{
	struct trunk t = trunk_new();
	struct dev_config none = {.lower = t.eth0};

	CU_ASSERT_EQUAL(vlan_create(t.s, "v", &none), -EINVAL);
	CU_ASSERT_EQUAL(try_vlan(t.s, "v", t.eth0, (struct vlan_config){.id = 4095}), -ERANGE);
	CU_ASSERT_EQUAL(try_vlan(t.s, "v", t.eth0, (struct vlan_config){.proto = 0x9100}), -EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(try_vlan(t.s, "v", t.s->lo, (struct vlan_config){.id = 1}), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(try_vlan(t.s, "eth0", t.eth0, (struct vlan_config){.id = 1}), -EEXIST);
	CU_ASSERT_PTR_NULL(t.eth0->vlan_handler);
	CU_ASSERT_PTR_NULL(t.eth0->vlan_data);
	CU_ASSERT(list_empty(&t.eth0->uppers));
	CU_ASSERT_EQUAL(try_vlan(t.s, "v", t.eth0, (struct vlan_config){.id = 1}), 0);
	CU_ASSERT_EQUAL(try_vlan(t.s, "w", t.eth0, (struct vlan_config){.id = 1}), -EEXIST);
	CU_ASSERT_PTR_NULL(vlan_config(t.eth0));
	lab_free(t.l);
}

static void without_memory_nothing_is_made(void)
{
	unsigned long used, nth = 0;

	do {
		struct trunk t = trunk_new();
		alloc_arm(++nth, false);
		int err = try_vlan(t.s, "v", t.eth0, (struct vlan_config){.id = 1});
		used = alloc_disarm();
		CU_ASSERT_EQUAL(err, used < nth ? 0 : -ENOMEM);
		if (err) {
			CU_ASSERT_PTR_NULL(t.eth0->vlan_handler);
			CU_ASSERT(list_empty(&t.eth0->uppers));
			CU_ASSERT_PTR_NULL(dev_by_name(t.s, "v"));
		}
		CU_ASSERT_EQUAL(try_vlan(t.s, "w", t.eth0, (struct vlan_config){.id = 2}), 0);
		lab_free(t.l);
	} while (used >= nth);
	CU_ASSERT(used > 3);
}

static void vlans_end_with_their_lower_device(void)
{
	struct trunk t = trunk_new();
	struct dev *outer = add_vlan(t.eth0, "o", (struct vlan_config){.id = 5}, NULL);

	add_vlan(outer, "i", (struct vlan_config){.id = 10}, NULL);
	add_vlan(t.eth0, "p", (struct vlan_config){.id = 6}, NULL);
	dev_unregister(dev_by_name(t.s, "p"));
	CU_ASSERT_PTR_NOT_NULL(t.eth0->vlan_handler);
	dev_unregister(t.eth0);
	CU_ASSERT_PTR_NULL(dev_by_name(t.s, "o"));
	CU_ASSERT_PTR_NULL(dev_by_name(t.s, "i"));
	lab_free(t.l);
}

static void a_vlan_on_another_host_goes_on_by_its_lower_device(void)
{
	struct trunk t = trunk_new();
	struct stack *other = lab_host(t.l, "other");
	struct dev *d = add_vlan(t.eth0, "eth0.10", (struct vlan_config){.id = 10}, NULL);
	const uint8_t *b;

	CU_ASSERT_EQUAL(dev_move(d, other, NULL), 0);
	CU_ASSERT_PTR_EQUAL(d->lower, t.eth0);
	CU_ASSERT_EQUAL(dev_set_up(d, true), 0);
	lab_addr(d, "10.0.10.1/24");
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 1);
	CU_ASSERT_EQUAL(word(b, 14), 10);
	/* The lower device may go to a third one; both were down then. */
	CU_ASSERT_EQUAL(dev_move(t.eth0, lab_host(t.l, "third"), NULL), 0);
	CU_ASSERT_FALSE(d->flags & DEV_UP);
	dev_set_up(t.eth0, true);
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 1);
	stack_delete(other);
	CU_ASSERT_PTR_NULL(t.eth0->vlan_handler);
	lab_free(t.l);
}

/* In each turn some frames are on their way in the queue of a veth pair. */
static void vlans_end_and_move_with_frames_on_their_way(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b"), *c = lab_host(l, "c");

	lab_veth(a, "eth0", NULL, b, "eth0", NULL);
	struct dev *lower_a = dev_by_name(a, "eth0"), *lower_b = dev_by_name(b, "eth0");
	struct dev *from = add_vlan(lower_a, "v", (struct vlan_config){.id = 10}, NULL);
	for (int round = 0; round < 40; round++) {
		struct dev *to = add_vlan(lower_b, "v", (struct vlan_config){.id = 10}, NULL);
		for (int i = 0; i < 5; i++) {
			struct pkt *p = stack_pkt(a, 100);
			memset(pkt_put(p, 100), 0, 100);
			ether_output(from->netif, p, MAC_BROADCAST, 0x88b5);
		}
		if (round % 2)
			dev_move(to, c, NULL);
		if (round % 4 == 0)
			loop_turn(&l->loop, false);
		dev_unregister(to);
		lab_settle(l);
	}
	CU_ASSERT_EQUAL(stack_drops(b, DROP_ETH_UNKNOWN_TYPE), 50);
	CU_ASSERT_EQUAL(stack_drops(b, DROP_ETH_VLAN), 150);
	lab_free(l);
}

/* ---- what is in the frame ---- */

static void without_reorder_the_tag_stays_for_packet_sockets_and_ip_works(void)
{
	struct trunk t = trunk_new();
	struct dev *d =
		add_vlan(t.eth0, "v", (struct vlan_config){.id = 10, .keep_tag = true}, "10.0.10.1/24");
	struct sock *sk = sock_open(t.s, SOCK_KIND_PACKET, ETHERTYPE_ALL);
	struct sock_addr at = {.ifindex = d->ifindex};
	uint8_t buf[200];
	const uint8_t *b;

	CU_ASSERT_EQUAL_FATAL(sock_bind(sk, &at), 0);
	CU_ASSERT_EQUAL(ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b), 1);
	CU_ASSERT_EQUAL(word(b, 16), ETHERTYPE_ARP);
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, NULL), ETHER_HDR_LEN + 4 + ARP_LEN);
	CU_ASSERT_EQUAL(word(buf, 12), ETHERTYPE_VLAN);
	CU_ASSERT_EQUAL(word(buf, 16), ETHERTYPE_ARP);
	sock_close(sk);
	lab_free(t.l);
}

static void a_port_of_a_hub_gets_its_frames_without_the_tag_in_any_case(void)
{
	struct trunk t = trunk_new();
	struct dev *d = add_vlan(t.eth0, "v", (struct vlan_config){.id = 10, .keep_tag = true}, NULL);
	struct dev *eth1 = lab_wire(t.s, "eth1", NULL);
	const uint8_t *b;
	size_t len;

	CU_ASSERT_EQUAL(hub_create(t.s, "hub0", &(struct dev_config){0}), 0);
	struct dev *hub = dev_by_name(t.s, "hub0");
	dev_set_up(hub, true);
	CU_ASSERT_EQUAL(dev_set_master(d, hub) + dev_set_master(eth1, hub), 0);
	ask(&t, MAC_BROADCAST, "10.0.10.1", TAGS(ETHERTYPE_VLAN, 10), &b);
	b = lab_sent(eth1, &len);
	CU_ASSERT_EQUAL_FATAL(b != NULL, 1);
	CU_ASSERT_EQUAL(word(b, 12), ETHERTYPE_ARP);
	lab_free(t.l);
}

static struct pkt *super_frame(struct stack *s)
{
	return lab_super_frame(s, MAC_BROADCAST, nobody.mac, (struct ip_hdr){.src = 1, .dst = 2, .ttl = 9},
		(struct tcp_hdr){.sport = 5, .dport = 80, .seq = 1}, 5000, 1000);
}

static void super_frames_are_cut_behind_their_tags_where_they_must_be(void)
{
	struct trunk t = trunk_new();
	struct dev *outer =
		add_vlan(t.eth0, "o", (struct vlan_config){.proto = ETHERTYPE_QINQ, .id = 5}, NULL);
	struct dev *inner = add_vlan(outer, "i", (struct vlan_config){.id = 10}, NULL);
	size_t len, at = ETHER_HDR_LEN + 8;

	dev_output(inner, super_frame(t.s));
	CU_ASSERT_EQUAL(lab_sent_count(t.eth0), 5);
	CU_ASSERT_EQUAL(inner->stats.tx_packets, 1);
	for (uint32_t i = 0; i < 5; i++) {
		const uint8_t *b = lab_sent(t.eth0, &len);
		struct tcp_hdr h;
		CU_ASSERT_EQUAL_FATAL(len, at + IP_HDR_LEN + TCP_HDR_LEN + 1000);
		CU_ASSERT_EQUAL(word(b, 14), 5);
		CU_ASSERT_EQUAL(word(b, 18), 10);
		CU_ASSERT_EQUAL(tcp_peek(b + at + IP_HDR_LEN, len - at - IP_HDR_LEN, &h), DROP_NONE);
		CU_ASSERT_EQUAL(h.seq, 1 + 1000 * i);
		CU_ASSERT_EQUAL(tcp_csum(b + at + IP_HDR_LEN, len - at - IP_HDR_LEN, 1, 2), 0);
	}
	lab_free(t.l);
}

struct looker {
	struct dev_tap tap;
	struct pkt *seen; /* a copy */
};

static void look(struct dev_tap *tap, const struct pkt *p, struct dev *d, bool outgoing)
{
	struct looker *lk = CONTAINER_OF(tap, struct looker, tap);

	(void)d;
	if (!outgoing && !lk->seen)
		lk->seen = pkt_copy(p, 0);
}

/* By veth, which takes them as they are: whole, with one tag, and with offsets that fit. */
static void super_frames_go_whole_where_they_can(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");

	lab_veth(a, "eth0", NULL, b, "eth0", NULL);
	struct dev *lower_b = dev_by_name(b, "eth0");
	struct dev *from = add_vlan(dev_by_name(a, "eth0"), "v", (struct vlan_config){.id = 10}, NULL);
	struct dev *to = add_vlan(lower_b, "v", (struct vlan_config){.id = 10}, NULL);
	struct looker below = {.tap.fn = look}, above = {.tap.fn = look};
	dev_add_tap(lower_b, &below.tap);
	dev_add_tap(to, &above.tap);
	struct pkt *p = super_frame(a);
	uint16_t start = p->offload.csum_start, headers = p->offload.hdr_len;
	uint32_t len = p->len;
	dev_output(from, p);
	lab_settle(l);
	CU_ASSERT_FATAL(below.seen && above.seen);
	CU_ASSERT_EQUAL(below.seen->len, len + 4);
	CU_ASSERT_EQUAL(below.seen->offload.csum_start, start + 4);
	CU_ASSERT_EQUAL(above.seen->len, len);
	CU_ASSERT_EQUAL(above.seen->offload.csum_start, start);
	CU_ASSERT_EQUAL(above.seen->offload.hdr_len, headers);
	CU_ASSERT_EQUAL(gso_check(above.seen), DROP_NONE);
	CU_ASSERT_EQUAL(stack_drops(b, DROP_DEV_BAD_OFFLOAD), 0);
	pkt_free(below.seen);
	pkt_free(above.seen);
	dev_del_tap(&below.tap);
	dev_del_tap(&above.tap);
	lab_free(l);
}

static void a_tag_goes_before_parts_too(void)
{
	struct trunk t = trunk_new();
	struct dev *v = add_vlan(t.eth0, "eth0.5", (struct vlan_config){.id = 5}, NULL);
	struct blob *text = lab_text(1400);
	size_t len;

	t.eth0->features = DEV_CAN_ALL | DEV_CAN_SG;
	dev_output(v, lab_frame_in_parts(t.s, nobody.mac, v->mac, text));
	CU_ASSERT_EQUAL(lab_sent_parts(t.eth0), 2);
	const uint8_t *f = lab_sent(t.eth0, &len);
	CU_ASSERT_EQUAL_FATAL(len, ETHER_HDR_LEN + VLAN_TAG_LEN + text->len);
	CU_ASSERT_EQUAL(get16(*(const be16 *)(f + ETHER_HDR_LEN)), 5);
	CU_ASSERT_EQUAL(memcmp(f + len - text->len, text->bytes, text->len), 0);
	CU_ASSERT_EQUAL(text->refs, 1);
	lab_free(t.l);
	blob_unref(text);
}

SUITE(dev_vlan, T(a_tag_says_whose_the_frame_is_and_the_answer_bears_it),
	T(priority_and_drop_eligibility_are_no_part_of_the_id),
	T(a_tag_that_no_device_takes_is_dropped_by_name), T(both_protocols_have_all_ids_to_themselves),
	T(each_id_finds_its_device_and_no_other_does),
	T(a_priority_tag_is_read_as_none_with_and_without_vlans), T(a_device_of_vlan_0_takes_priority_tags),
	T(a_tag_that_is_cut_off_is_a_short_frame), T(vlans_in_vlans_have_one_tag_in_the_other),
	T(as_many_as_eight_devices_stand_on_each_other),
	T(a_vlan_has_the_address_of_its_lower_device_until_it_gets_one),
	T(with_an_address_of_its_own_the_lower_device_hears_everything),
	T(what_it_hears_its_lower_device_hears_too_while_it_is_up), T(groups_are_heard_by_all_devices_below),
	T(a_group_that_cannot_be_heard_below_is_not_joined), T(a_vlan_goes_down_and_up_with_its_lower_device),
	T(a_loose_one_does_not_but_shares_the_carrier), T(what_comes_for_a_vlan_that_is_down_is_dropped),
	T(no_mtu_is_larger_than_the_lower_devices), T(what_cannot_be_is_refused),
	T(without_memory_nothing_is_made), T(vlans_end_with_their_lower_device),
	T(a_vlan_on_another_host_goes_on_by_its_lower_device), T(vlans_end_and_move_with_frames_on_their_way),
	T(without_reorder_the_tag_stays_for_packet_sockets_and_ip_works),
	T(a_port_of_a_hub_gets_its_frames_without_the_tag_in_any_case),
	T(super_frames_are_cut_behind_their_tags_where_they_must_be), T(super_frames_go_whole_where_they_can),
	T(a_tag_goes_before_parts_too))
