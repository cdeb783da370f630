/* SPDX-License-Identifier: MIT */
/*
 * Devices of all kinds on each other, made, renamed, moved, changed and deleted at random on three hosts while frames
 * come in by wires and pings are on their way. What is asked is that nothing is left at the end: no packet, no timer, no
 * memory (lab_free), and that nothing was touched after its end (ASan).
 */
#include "dev/bridge.h"
#include "dev/ipvlan.h"
#include "dev/macvlan.h"
#include "dev/netem.h"
#include "dev/vlan.h"
#include "net/wire_ether.h"
#include "tests/unit/lab.h"

#include <stdio.h>

enum { HOSTS = 3, DEVS_MAX = 40, MACS = 24, NAMES = 60 };

struct churn {
	struct lab *l;
	struct rng rng;
	struct stack *hosts[HOSTS];
	struct dev *wires[HOSTS]; /* never deleted */
	uint64_t made[8], heard;  /* by kind; frames that a device on another one got */
};

static uint32_t below(struct churn *c, uint32_t n)
{
	return rng_below(&c->rng, n);
}

static struct stack *any_host(struct churn *c)
{
	return c->hosts[below(c, HOSTS)];
}

static struct mac any_mac(struct churn *c)
{
	return (struct mac){{2, 0, 0, 0, 7, (uint8_t)below(c, MACS)}};
}

/* Never lo; NULL: there is none. */
static struct dev *any_dev(struct churn *c)
{
	unsigned n = 0;
	struct dev *found = NULL;
	struct stack *host = any_host(c);

	stack_each_dev(d, host) {
		if (d->type == DEV_ETHER && below(c, ++n) == 0)
			found = d;
	}
	return found;
}

static bool is_wire(const struct churn *c, const struct dev *d)
{
	return d == c->wires[0] || d == c->wires[1] || d == c->wires[2];
}

static unsigned count_devs(const struct churn *c)
{
	unsigned n = 0;

	for (int i = 0; i < HOSTS; i++)
		stack_each_dev(d, c->hosts[i])
			n += d != c->hosts[i]->lo;
	return n;
}

/* ---- what may happen ---- */

static void make_dev(struct churn *c)
{
	struct stack *s = any_host(c);
	const struct dev_kind *kind = &dev_kinds[below(c, 8)];
	struct mac senders[3] = {any_mac(c), any_mac(c), any_mac(c)};
	struct macvlan_config macvlan = {.mode = (enum macvlan_mode)below(c, MACVLAN_MODES),
		.flags = below(c, 4),
		.bcqueuelen = below(c, 9),
		.sources = senders};
	struct vlan_config vlan = {below(c, 4) ? ETHERTYPE_VLAN : ETHERTYPE_QINQ, (uint16_t)below(c, 4),
		.keep_tag = below(c, 2), .loose = below(c, 2)};
	struct ipvlan_config ipvlan = {(enum ipvlan_mode)below(c, 3), (enum ipvlan_flag)below(c, 3)};
	struct dev_config config = {.mac = any_mac(c),
		.peer_stack = any_host(c),
		.lower = below(c, 2) ? c->wires[below(c, HOSTS)] : any_dev(c)};
	char name[DEV_NAME_LEN];

	macvlan.source_count = macvlan.mode == MACVLAN_SOURCE ? below(c, 4) : 0;
	if (kind->create == macvlan_create)
		config.details = &macvlan;
	else if (kind->create == vlan_create)
		config.details = &vlan;
	else if (kind->create == ipvlan_create)
		config.details = &ipvlan;
	else if (kind->create == macvtap_port_create)
		return; /* its far end is a process: tests/live/macvtap_socket.sh */
	snprintf(name, sizeof(name), "n%u", below(c, NAMES));
	if (count_devs(c) >= DEVS_MAX || kind->create(s, name, &config))
		return;
	c->made[kind - dev_kinds]++;
	dev_set_up(dev_by_name(s, name), below(c, 8) > 0);
}

static void delete_dev(struct churn *c)
{
	struct dev *d = any_dev(c);

	if (!d || is_wire(c, d))
		return;
	if (d->lower)
		c->heard += d->stats.rx_packets;
	dev_unregister(d);
}

static void move_dev(struct churn *c)
{
	struct dev *d = any_dev(c);
	char name[DEV_NAME_LEN];

	snprintf(name, sizeof(name), "n%u", below(c, NAMES));
	if (d && !is_wire(c, d))
		dev_move(d, any_host(c), below(c, 2) ? name : NULL);
}

/* A cable has one end at most in a bridge or hub, so that there is seldom a loop. */
static void enslave(struct churn *c)
{
	struct dev *d = any_dev(c), *master = any_dev(c);

	if (d && master && (!d->link || !d->link->master))
		dev_set_master(d, below(c, 4) ? master : NULL);
}

static void change_dev(struct churn *c)
{
	static const struct mac group = {{1, 0, 0x5e, 0, 0, 9}};
	struct dev *d = any_dev(c);
	char name[DEV_NAME_LEN];

	if (!d)
		return;
	switch (below(c, 6)) {
	case 0:
		dev_set_up(d, below(c, 3) > 0);
		break;
	case 1:
		snprintf(name, sizeof(name), "n%u", below(c, NAMES));
		dev_set_name(d, name);
		break;
	case 2:
		dev_set_mtu(d, 300 + below(c, 1300));
		break;
	case 3:
		dev_set_mac(d, any_mac(c));
		break;
	case 4:
		dev_set_flag(d, below(c, 2) ? DEV_PROMISC : DEV_ALLMULTI, below(c, 2));
		break;
	default:
		if (dev_group_add(d, group) == 0)
			dev_group_del(d, group);
	}
}

static void change_macvlan(struct dev *d, struct churn *c)
{
	macvlan_set_mode(d, (enum macvlan_mode)below(c, MACVLAN_MODES));
	macvlan_set_flags(d, below(c, 4));
	macvlan_set_bcqueuelen(d, below(c, 3));
	if (below(c, 2))
		macvlan_source_add(d, any_mac(c));
	else
		macvlan_source_del(d, any_mac(c));
}

static void change_port(struct bridge_port *port, struct churn *c)
{
	struct bridge_fdb_request r = {.mac = any_mac(c), .port = port, .is_static = below(c, 2)};

	port->flags = below(c, BRIDGE_FASTLEAVE << 1);
	bridge_port_set_state(port, below(c, 5));
	bridge_port_set_group_fwd_mask(port, (uint16_t)(below(c, 1 << 16) & ~2u));
	if (below(c, 2))
		bridge_fdb_put(port->bridge, &r);
	else
		bridge_fdb_del(port->bridge, r.mac, port);
}

static void change_details(struct churn *c)
{
	struct dev *d = any_dev(c);

	if (!d)
		return;
	if (macvlan_is(d))
		change_macvlan(d, c);
	else if (bridge_port_of(d))
		change_port(bridge_port_of(d), c);
	else if (vlan_config(d))
		vlan_set_flags(d, below(c, 2), below(c, 2));
	else if (ipvlan_config(d))
		ipvlan_set_config(d,
			&(struct ipvlan_config){
				(enum ipvlan_mode)below(c, 3), (enum ipvlan_flag)below(c, 3)});
	else if (bridge_of(d))
		bridge_fdb_flush_dynamic(bridge_of(d), NULL);
}

static void change_qdisc(struct churn *c)
{
	struct dev *d = any_dev(c);
	struct netem_config config = {.limit = 1 + below(c, 20), .delay_ns = below(c, 50) * NS_PER_MS};

	if (!d)
		return;
	enum qdisc_way way = (enum qdisc_way)below(c, QDISC_WAYS);
	if (below(c, 2))
		netem_create(d, way, 1, &config);
	else
		dev_set_qdisc(d, way, NULL);
}

static void change_addr(struct churn *c)
{
	struct dev *d = any_dev(c);

	if (!d)
		return;
	netif_each_addr(a, d->netif) {
		netif_addr_del(a);
		return;
	}
	struct netif_addr a = {.local = 0x0a000001 + below(c, 30), .plen = 24};
	a.peer = a.local;
	netif_addr_add(d->netif, &a, NULL);
}

/* ---- traffic: on a wire, and by any device ---- */

static size_t make_frame(struct churn *c, uint8_t *b)
{
	struct mac to = below(c, 3) ? any_mac(c) : MAC_BROADCAST;
	size_t len = 60 + below(c, 1000);
	struct arp_msg arp = {.op = ARP_OP_REQUEST,
		.sha = any_mac(c),
		.spa = 0x0a000001 + below(c, 30),
		.tpa = 0x0a000001 + below(c, 30)};

	memset(b, 0, len);
	if (below(c, 3) == 0)
		return lab_frame_arp(b, to, arp.sha, &arp);
	struct ip_hdr ip = {.src = 0x0a000001 + below(c, 30),
		.dst = 0x0a000001 + below(c, 30),
		.ttl = 9,
		.proto = IP_PROTO_UDP};
	size_t used = lab_frame_ip(b, to, any_mac(c), ip, NULL, 0, "payload", 7);
	if (below(c, 3)) /* a tag */
		return used;
	memmove(b + 16, b + 12, used - 12);
	memcpy(b + 12, (uint8_t[]){0x81, 0, 0, (uint8_t)below(c, 4)}, 4);
	return used + 4;
}

static void traffic(struct churn *c)
{
	uint8_t b[1200];
	size_t len = make_frame(c, b);
	struct dev *d = below(c, 2) ? c->wires[below(c, HOSTS)] : any_dev(c);
	struct pkt *p = d && (d->flags & DEV_UP) ? pkt_new(&c->l->world.pkts, len) : NULL;

	if (!p)
		return;
	memcpy(pkt_put(p, len), b, len);
	if (is_wire(c, d))
		dev_input(d, p);
	else
		dev_output(d, p);
}

/* Cables between bridges may send frames round for ever: so turns are counted, and time is moved by hand. */
static void step(struct churn *c)
{
	static void (*const acts[])(struct churn * c) = {make_dev, make_dev, delete_dev, move_dev, enslave,
		change_dev, change_details, change_qdisc, change_addr, traffic, traffic, traffic, traffic};

	acts[below(c, sizeof(acts) / sizeof(acts[0]))](c);
	clock_jump(&c->l->loop.clock,
		c->l->loop.now + (below(c, 20) ? below(c, 20) * NS_PER_MS : below(c, 400) * NS_PER_SEC));
	for (uint32_t turns = below(c, 5); turns > 0; turns--)
		loop_turn(&c->l->loop, false);
}

static void delete_all(struct churn *c)
{
	for (int i = 0; i < HOSTS; i++) {
		stack_each_dev(d, c->hosts[i])
			c->heard += d->lower ? d->stats.rx_packets : 0;
		stack_delete(c->hosts[i]);
	}
}

static void churn(struct churn *c, uint64_t seed, unsigned steps)
{
	char name[16];

	c->l = lab_new();
	rng_seed(&c->rng, seed);
	for (unsigned i = 0; i < HOSTS; i++) {
		snprintf(name, sizeof(name), "h%u", i);
		c->hosts[i] = lab_host(c->l, name);
		c->wires[i] = lab_wire(c->hosts[i], "eth0", NULL);
	}
	for (unsigned i = 0; i < steps; i++)
		step(c);
	delete_all(c);
	lab_free(c->l);
}

static void nothing_is_left_of_devices_that_come_and_go_under_traffic(void)
{
	struct churn c = {0};

	for (uint64_t i = 0; i < 4; i++)
		churn(&c, unit_seed + i, 3000);
	for (const struct dev_kind *k = dev_kinds; k->name; k++)
		if (k->create != macvtap_port_create)
			CU_ASSERT(c.made[k - dev_kinds] > 20);
	CU_ASSERT(c.heard > 50);
}

SUITE(dev_churn, T(nothing_is_left_of_devices_that_come_and_go_under_traffic))
