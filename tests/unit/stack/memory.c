/* SPDX-License-Identifier: MIT */
/*
 * Memory that is refused: each scenario runs again and again, and in its n-th run the n-th allocation fails,
 * once and for good, until a run needs no more than n - 1. Nothing may crash or leak, no half state may stay:
 * with memory back, the hosts serve as before.
 */
#include "app/arping.h"
#include "app/ping.h"
#include "app/tracepath.h"
#include "app/traceroute.h"
#include "arp/arp.h"
#include "dev/kinds.h"
#include "inet.h"
#include "ip/ip.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <stdio.h>

/*      a eth0 10.0.1.1 ----.
 *                           hub (in box) ---- 10.0.1.254 eth0 r eth1 10.0.2.254 ---- 10.0.2.1 eth0 b
 *   r2 eth0 10.0.1.253 ----'                                            MTU 1400
 */
struct net {
	struct lab *l;
	struct stack *a, *box, *r, *r2, *b;
	unsigned replies;
};

static struct dev *eth0(struct stack *s)
{
	return dev_by_name(s, "eth0");
}

static void plug(struct net *net, struct stack *s, const char *port, const char *cidr)
{
	lab_veth(s, "eth0", cidr, net->box, port, NULL);
	CU_ASSERT_EQUAL(dev_set_master(dev_by_name(net->box, port), dev_by_name(net->box, "hub0")), 0);
}

static struct net net_new(void)
{
	struct net n = {.l = lab_new()};

	n.a = lab_host(n.l, "a");
	n.box = lab_host(n.l, "box");
	n.r = lab_host(n.l, "r");
	n.r2 = lab_host(n.l, "r2");
	n.b = lab_host(n.l, "b");
	CU_ASSERT_EQUAL_FATAL(hub_create(n.box, "hub0", &(struct dev_config){0}), 0);
	dev_set_up(dev_by_name(n.box, "hub0"), true);
	plug(&n, n.a, "p1", "10.0.1.1/24");
	plug(&n, n.r, "p2", "10.0.1.254/24");
	plug(&n, n.r2, "p3", "10.0.1.253/24");
	lab_veth(n.r, "eth1", "10.0.2.254/24", n.b, "eth0", "10.0.2.1/24");
	dev_set_mtu(dev_by_name(n.r, "eth1"), 1400);
	dev_set_mtu(eth0(n.b), 1400);
	lab_route(n.a, "default", "10.0.1.254", eth0(n.a));
	lab_route(n.b, "default", "10.0.2.254", eth0(n.b));
	lab_route(n.r2, "default", "10.0.1.254", eth0(n.r2));
	sysctl_set(n.r, "net.ipv4.ip_forward", 1);
	sysctl_set(n.r2, "net.ipv4.ip_forward", 1);
	return n;
}

static void ping_heard(struct ping *pg, const struct ping_event *e, void *ctx)
{
	struct net *n = ctx;

	(void)pg;
	n->replies += e->what == PING_REPLY;
}

static void ping_with(struct net *n, struct stack *from, struct ping_config cfg)
{
	const char *step;

	cfg.count = cfg.count ? cfg.count : 2;
	cfg.interval_ns = NS_PER_SEC;
	cfg.linger_ns = NS_PER_SEC;
	cfg.preload = 1;
	cfg.ttl = cfg.ttl ? cfg.ttl : -1;
	struct ping *pg = ping_new(&n->l->loop, from, &cfg, ping_heard, n, &step);
	if (!pg)
		return;
	ping_start(pg);
	lab_run(n->l, (cfg.count + 1) * NS_PER_SEC);
	ping_stop(pg);
	ping_free(pg);
}

static void ping_to(struct net *n, struct stack *from, const char *to, size_t size, int pmtu)
{
	ping_with(n, from, (struct ping_config){.dst = lab_ip(to), .size = size, .pmtu = pmtu});
}

/* ---- the scenarios ---- */

static void a_host_is_made(struct net *n)
{
	struct stack *s = stack_new(&n->l->world, "new", loopback_create);

	if (!s)
		return;
	dev_set_up(s->lo, true);
	ping_to(n, s, "127.0.0.1", 56, -1);
	stack_delete(s);
}

static void a_cable_is_plugged_in(struct net *n)
{
	struct dev_config config = {.peer_name = "new", .peer_stack = n->r2};

	if (veth_create(n->a, "new", &config))
		return;
	dev_set_up(dev_by_name(n->a, "new"), true);
	dev_set_up(dev_by_name(n->r2, "new"), true);
	lab_run(n->l, NS_PER_SEC);
	dev_unregister(dev_by_name(n->r2, "new"));
}

static void a_hub_gets_ports(struct net *n)
{
	if (hub_create(n->a, "hub1", &(struct dev_config){0}))
		return;
	if (dummy_create(n->a, "d0", &(struct dev_config){0}) == 0)
		dev_set_master(dev_by_name(n->a, "d0"), dev_by_name(n->a, "hub1"));
	dev_set_up(dev_by_name(n->a, "hub1"), true);
	dev_unregister(dev_by_name(n->a, "hub1"));
}

static void a_device_moves_and_comes_back(struct net *n)
{
	struct dev_config config = {.peer_name = "there", .peer_stack = n->r2};

	if (veth_create(n->a, "here", &config))
		return;
	struct dev *d = dev_by_name(n->a, "here");
	dev_move(d, n->b, "guest");
	dev_move(d, n->a, NULL);
	lab_run(n->l, NS_PER_SEC);
	dev_unregister(d);
}

static void addresses_come_and_go(struct net *n)
{
	struct netif *netif = eth0(n->a)->netif;
	struct netif_addr *a;

	for (uint32_t i = 2; i < 6; i++) {
		uint32_t addr = lab_ip("10.0.7.0") + i;
		netif_addr_add(netif, &(struct netif_addr){.local = addr, .peer = addr, .plen = 24}, NULL);
	}
	lab_run(n->l, NS_PER_SEC);
	if ((a = netif_addr_find(netif, lab_ip("10.0.7.2"))))
		netif_addr_del(a);
	for (uint32_t i = 3; i < 6; i++)
		if ((a = netif_addr_find(netif, lab_ip("10.0.7.0") + i)))
			netif_addr_del(a);
}

static void an_address_is_probed(struct net *n)
{
	struct netif *netif = eth0(n->a)->netif;
	uint32_t addr = lab_ip("10.0.1.2"), taken = lab_ip("10.0.1.254");
	struct netif_addr *a;

	sysctl_set(n->a, "net.ipv4.conf.eth0.arp_dad", 1);
	netif_addr_add(netif, &(struct netif_addr){.local = addr, .peer = addr, .plen = 24}, NULL);
	netif_addr_add(netif, &(struct netif_addr){.local = taken, .peer = taken, .plen = 24}, NULL);
	lab_run(n->l, 20 * NS_PER_SEC);
	if ((a = netif_addr_find(netif, taken)))
		netif_addr_del(a);
	if ((a = netif_addr_find(netif, addr)))
		netif_addr_del(a);
}

static void routes_come_and_go(struct net *n)
{
	struct route r = {.type = ROUTE_UNICAST, .scope = SCOPE_NOWHERE, .netif = eth0(n->a)->netif};

	for (uint32_t i = 0; i < 300; i++) {
		r.prefix = lab_ip("10.128.0.0") + (i << 12);
		r.plen = (uint8_t)(20 + i % 13);
		r.gateway = lab_ip(i % 3 ? "10.0.1.254" : "10.0.1.253");
		r.metric = i % 2;
		route_add(n->a, &r, i % 5 == 0);
	}
	for (uint32_t i = 0; i < 300; i++) {
		r = (struct route){
			.prefix = lab_ip("10.128.0.0") + (i << 12), .plen = (uint8_t)(20 + i % 13)};
		route_del(n->a, &r);
	}
}

static void neighbours_by_hand(struct net *n)
{
	struct netif *netif = eth0(n->a)->netif;

	for (uint8_t i = 0; i < 4; i++)
		neigh_set(netif, lab_ip("10.0.1.100") + i, (struct mac){{2, 1, 1, 1, 1, i}}, NEIGH_STALE,
			false);
	neigh_set_proxy(netif, lab_ip("10.0.1.200"), true);
	neigh_set_proxy(netif, lab_ip("10.0.1.200"), false);
	arp_announce(netif, lab_ip("10.0.1.1"));
	lab_run(n->l, 10 * NS_PER_SEC);
	for (uint8_t i = 0; i < 4; i++)
		neigh_del(netif, lab_ip("10.0.1.100") + i);
}

static void pings_cross_a_router(struct net *n)
{
	ping_to(n, n->a, "10.0.2.1", 56, -1);
}

static void fragments_cross_a_router(struct net *n)
{
	ping_to(n, n->a, "10.0.2.1", 4000, SOCK_PMTU_DONT);
}

static void fragments_get_lost(struct net *n)
{
	sysctl_set(n->r, "net.ipv4.neigh.eth1.unres_qlen_bytes", 3000);
	ping_to(n, n->a, "10.0.2.1", 4000, SOCK_PMTU_DONT);
	lab_run(n->l, 40 * NS_PER_SEC);
}

static void a_path_mtu_is_learned(struct net *n)
{
	ping_to(n, n->a, "10.0.2.1", 1472, SOCK_PMTU_DO);
	route_flush_exceptions(n->a);
}

static void a_redirect_is_sent_and_obeyed(struct net *n)
{
	route_add(n->a,
		&(struct route){.prefix = lab_ip("10.0.2.0"),
			.plen = 24,
			.type = ROUTE_UNICAST,
			.scope = SCOPE_NOWHERE,
			.gateway = lab_ip("10.0.1.253"),
			.netif = eth0(n->a)->netif},
		false);
	ping_to(n, n->a, "10.0.2.1", 56, -1);
	route_del(n->a, &(struct route){.prefix = lab_ip("10.0.2.0"), .plen = 24});
}

static void errors_come_back(struct net *n)
{
	ping_with(n, n->a, (struct ping_config){.dst = lab_ip("10.0.2.1"), .ttl = 1, .pmtu = -1});
	ping_with(n, n->a, (struct ping_config){.dst = lab_ip("10.0.2.77"), .count = 4, .pmtu = -1});
	ping_with(n, n->a, (struct ping_config){.dst = lab_ip("10.0.9.1"), .pmtu = -1});
	ping_with(n, n->a, (struct ping_config){.dst = lab_ip("10.0.1.255"), .broadcast = true, .pmtu = -1});
}

static void the_router_is_a_proxy(struct net *n)
{
	sysctl_set(n->r, "net.ipv4.conf.eth0.proxy_arp", 1);
	route_add(n->a,
		&(struct route){.prefix = lab_ip("10.0.2.0"),
			.plen = 24,
			.type = ROUTE_UNICAST,
			.scope = SCOPE_NOWHERE,
			.netif = eth0(n->a)->netif},
		false);
	ping_to(n, n->a, "10.0.2.1", 56, -1);
	route_del(n->a, &(struct route){.prefix = lab_ip("10.0.2.0"), .plen = 24});
	sysctl_set(n->r, "net.ipv4.conf.eth0.proxy_arp", 0);
}

static void sockets_listen(struct net *n)
{
	struct sock *sk[] = {sock_open(n->a, SOCK_RAW, IP_PROTO_ICMP),
		sock_open(n->a, SOCK_KIND_PACKET, ETHERTYPE_ALL), sock_open(n->a, SOCK_DGRAM, IP_PROTO_ICMP)};

	ping_to(n, n->a, "10.0.1.254", 56, -1);
	for (int i = 0; i < 3; i++)
		if (sk[i])
			sock_close(sk[i]);
}

static void groups_are_joined(struct net *n)
{
	struct netif *netif = eth0(n->a)->netif;

	for (uint32_t i = 1; i < 5; i++)
		if (ip_group_join(netif, lab_ip("239.1.1.0") + i) == 0 && i % 2)
			ip_group_leave(netif, lab_ip("239.1.1.0") + i);
	lab_run(n->l, 5 * NS_PER_SEC);
}

static void arping_heard(struct arping *a, const struct arping_event *e, void *ctx)
{
	(void)ctx;
	if (e->done)
		arping_free(a);
}

static void arping_asks(struct net *n)
{
	struct arping_config cfg = {.mode = ARPING_ASK,
		.dst = lab_ip("10.0.1.254"),
		.src = lab_ip("10.0.1.1"),
		.ifindex = eth0(n->a)->ifindex,
		.mac = eth0(n->a)->mac,
		.count = 2,
		.interval_ns = NS_PER_SEC,
		.deadline_ns = 5 * NS_PER_SEC};
	const char *step;
	struct arping *a = arping_new(&n->l->loop, n->a, &cfg, arping_heard, NULL, &step);

	if (a)
		arping_start(a);
	lab_run(n->l, 10 * NS_PER_SEC);
}

static void traceroute_heard(struct traceroute *t, const struct traceroute_probe *p, int error, void *ctx)
{
	(void)error;
	(void)ctx;
	if (!p)
		traceroute_free(t);
}

static void traceroute_looks(struct net *n)
{
	struct traceroute_config cfg = {.dst = lab_ip("10.0.2.1"), .max_ttl = 3};
	const char *step;
	struct traceroute *t = traceroute_new(&n->l->loop, n->a, &cfg, traceroute_heard, NULL, &step);

	if (t)
		traceroute_start(t);
	lab_run(n->l, 60 * NS_PER_SEC);
}

static void tracepath_heard(struct tracepath *t, const struct tracepath_event *e, void *ctx)
{
	(void)ctx;
	if (e->what == TRACEPATH_DONE)
		tracepath_free(t);
}

static void tracepath_looks(struct net *n)
{
	struct tracepath_config cfg = {.dst = lab_ip("10.0.2.1"), .max_hops = 4};
	const char *step;
	struct tracepath *t = tracepath_new(&n->l->loop, n->a, &cfg, tracepath_heard, NULL, &step);

	if (t)
		tracepath_start(t);
	lab_run(n->l, 60 * NS_PER_SEC);
}

static void everything_is_traced(struct net *n)
{
	n->a->trace_mask = n->r->trace_mask = ~UINT32_C(0);
	ping_to(n, n->a, "10.0.2.1", 3000, -1);
	n->a->trace_mask = n->r->trace_mask = 0;
}

static void a_link_flaps(struct net *n)
{
	struct dev *d = dev_by_name(n->box, "p2");

	for (int i = 0; i < 3; i++) {
		dev_set_up(d, false);
		ping_to(n, n->a, "10.0.2.1", 56, -1);
		dev_set_up(d, true);
		ping_to(n, n->a, "10.0.2.1", 2000, SOCK_PMTU_DONT);
	}
}

/* ---- */

static const struct {
	const char *name;
	void (*run)(struct net *n);
} scenarios[] = {
	T(a_host_is_made),
	T(a_cable_is_plugged_in),
	T(a_hub_gets_ports),
	T(a_device_moves_and_comes_back),
	T(addresses_come_and_go),
	T(an_address_is_probed),
	T(routes_come_and_go),
	T(neighbours_by_hand),
	T(pings_cross_a_router),
	T(fragments_cross_a_router),
	T(fragments_get_lost),
	T(a_path_mtu_is_learned),
	T(a_redirect_is_sent_and_obeyed),
	T(errors_come_back),
	T(the_router_is_a_proxy),
	T(sockets_listen),
	T(groups_are_joined),
	T(arping_asks),
	T(traceroute_looks),
	T(tracepath_looks),
	T(everything_is_traced),
	T(a_link_flaps),
};

/* With memory: does the network still serve? */
static bool serves(struct net *n)
{
	lab_run(n->l, 60 * NS_PER_SEC);
	n->replies = 0;
	ping_with(n, n->a,
		(struct ping_config){.dst = lab_ip("10.0.2.1"), .size = 3000, .count = 4, .pmtu = 0});
	return n->replies >= 2;
}

/* How many allocations the scenario needs; 0: it went wrong when the nth failed. */
static unsigned long run(void (*scenario)(struct net *n), unsigned long nth, bool for_good)
{
	struct net n = net_new();
	unsigned long used;
	bool ok;

	alloc_arm(nth, for_good);
	scenario(&n);
	used = alloc_disarm();
	ok = serves(&n);
	lab_free(n.l);
	return ok ? used : 0;
}

static void every_alloc(bool for_good)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		unsigned long nth = 0, used;

		do {
			nth++;
			used = run(scenarios[i].run, nth, for_good);
			if (used == 0)
				printf("%s: allocation %lu%s\n", scenarios[i].name, nth,
					for_good ? " and all after it" : "");
			CU_ASSERT_NOT_EQUAL(used, 0);
		} while (used >= nth);
	}
}

static void stack_memory_pressure_every_alloc(void)
{
	every_alloc(false);
}

static void memory_that_ends_for_good_ends_nothing_else(void)
{
	every_alloc(true);
}

SUITE(stack_memory, T(stack_memory_pressure_every_alloc), T(memory_that_ends_for_good_ends_nothing_else))
