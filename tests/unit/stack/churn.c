/* SPDX-License-Identifier: MIT */
/*
 * Everything at once: five hosts whose devices, addresses, routes, neighbours and settings change at random
 * while pings, whole and in fragments, are on their way between them. What is asked afterwards is only that
 * nothing is left: no packet, no timer, no memory (lab_free), and that nothing was touched after its end
 * (ASan).
 */
#include "app/ping.h"
#include "arp/arp.h"
#include "dev/kinds.h"
#include "ip/ip.h"
#include "net/sock.h"
#include "tests/unit/lab.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOSTS = 5, PINGS = 8, SOCKS = 4, DEVS_MAX = 40 };

struct churn {
	struct lab *l;
	struct rng rng;
	struct stack *hosts[HOSTS];
	struct ping *pings[PINGS];
	struct sock *socks[SOCKS];
	unsigned links;	    /* made so far: the names of devices */
	uint64_t delivered; /* replies */
};

static uint32_t below(struct churn *c, uint32_t n)
{
	return rng_below(&c->rng, n);
}

static struct stack *any_host(struct churn *c)
{
	return c->hosts[below(c, HOSTS)];
}

/* Never lo; NULL where there is no other. */
static struct dev *any_dev(struct churn *c, struct stack *s)
{
	unsigned n = 0;
	struct dev *found = NULL;

	stack_each_dev(d, s) {
		if (d != s->lo && below(c, ++n) == 0)
			found = d;
	}
	return found;
}

static unsigned count_devs(struct churn *c)
{
	unsigned n = 0;

	for (int i = 0; i < HOSTS; i++)
		stack_each_dev(d, c->hosts[i])
			n += d != c->hosts[i]->lo;
	return n;
}

/* 10.0.NET.HOST: few enough that hosts often meet. */
static uint32_t any_addr(struct churn *c)
{
	return UINT32_C(0x0a000000) | below(c, 4) << 8 | (1 + below(c, HOSTS));
}

/* ---- what may happen ---- */

static void add_addr(struct churn *c, struct dev *d)
{
	struct netif_addr a = {.plen = (uint8_t)(below(c, 4) ? 24 : 22 + below(c, 11))};

	a.local = a.peer = any_addr(c);
	a.broadcast = a.plen < 31 ? a.local | ~ip_mask(a.plen) : 0;
	netif_addr_add(d->netif, &a, NULL);
}

static void make_link(struct churn *c)
{
	char name[DEV_NAME_LEN], peer[DEV_NAME_LEN];
	struct dev_config config = {.peer_name = peer, .peer_stack = any_host(c)};
	struct stack *s = any_host(c);

	if (count_devs(c) >= DEVS_MAX)
		return;
	snprintf(name, sizeof(name), "a%u", c->links);
	snprintf(peer, sizeof(peer), "b%u", c->links++);
	if (below(c, 5) == 0) {
		(below(c, 3) ? hub_create : dummy_create)(s, name, &(struct dev_config){0});
		if (dev_by_name(s, name))
			dev_set_up(dev_by_name(s, name), true);
		return;
	}
	if (veth_create(s, name, &config))
		return;
	dev_set_up(dev_by_name(s, name), true);
	dev_set_up(dev_by_name(config.peer_stack, peer), true);
	add_addr(c, dev_by_name(s, name));
	add_addr(c, dev_by_name(config.peer_stack, peer));
}

static void change_dev(struct churn *c)
{
	struct stack *s = any_host(c);
	struct dev *d = any_dev(c, s), *other = any_dev(c, s);
	char name[DEV_NAME_LEN];

	if (!d)
		return;
	switch (below(c, 8)) {
	case 0:
		dev_set_up(d, !(d->flags & DEV_UP));
		break;
	case 1:
		snprintf(name, sizeof(name), "n%u", below(c, 50));
		dev_set_name(d, name);
		break;
	case 2:
		dev_move(d, any_host(c), NULL);
		break;
	case 3:
		if (below(c, 3) == 0)
			dev_unregister(d);
		break;
	case 4:
		dev_set_mtu(d, below(c, 3) ? 300 + below(c, 1300) : 68);
		break;
	case 5:
		dev_set_mac(d, (struct mac){{2, 7, 7, 7, 7, (uint8_t)below(c, 20)}});
		break;
	case 6: /* hubs are not tied to hubs: frames would go round for ever, as on real ones */
		if (!d->link || !d->link->master)
			dev_set_master(d, below(c, 3) ? other : NULL);
		break;
	default:
		dev_set_flag(d, below(c, 2) ? DEV_PROMISC : DEV_NOARP, below(c, 4) == 0);
	}
}

static void change_addr(struct churn *c)
{
	struct dev *d = any_dev(c, any_host(c));

	if (!d)
		return;
	netif_each_addr(a, d->netif) {
		if (below(c, 3) == 0) {
			netif_addr_del(a);
			return;
		}
	}
	add_addr(c, d);
}

static void change_route(struct churn *c)
{
	struct stack *s = any_host(c);
	struct dev *d = any_dev(c, s);
	struct route r = {.type = ROUTE_UNICAST, .scope = SCOPE_NOWHERE, .origin = ROUTE_BY_BOOT};

	r.plen = (uint8_t)(below(c, 2) ? 0 : 20 + below(c, 13));
	r.prefix = any_addr(c) & ip_mask(r.plen);
	r.metric = below(c, 2);
	r.mtu = below(c, 4) ? 0 : 576 + below(c, 1000);
	if (below(c, 8) == 0)
		r.type = (uint8_t)(ROUTE_BLACKHOLE + below(c, 3));
	else {
		r.netif = d ? d->netif : NULL;
		r.gateway = below(c, 4) ? any_addr(c) : 0;
		r.flags = below(c, 4) ? 0 : ROUTE_ONLINK;
	}
	if (below(c, 4) == 0)
		route_del(s, &r);
	else if (below(c, 10) == 0)
		route_flush_exceptions(s);
	else
		route_add(s, &r, below(c, 2));
}

static void delete_neigh(void *ctx, struct neigh *ng)
{
	struct churn *c = ctx;

	if (ng->proxy)
		neigh_set_proxy(ng->netif, ng->addr, false);
	else if (below(c, 2))
		neigh_del(ng->netif, ng->addr);
}

static void change_neigh(struct churn *c)
{
	static const enum neigh_state states[] = {
		NEIGH_REACHABLE, NEIGH_STALE, NEIGH_DELAY, NEIGH_PROBE, NEIGH_FAILED, NEIGH_PERMANENT};
	struct stack *s = any_host(c);
	struct dev *d = any_dev(c, s);

	if (below(c, 8) == 0) {
		neigh_each(s, d && below(c, 2) ? d->netif : NULL, 0, delete_neigh, c);
		return;
	}
	if (!d)
		return;
	if (below(c, 3) == 0)
		neigh_set_proxy(d->netif, any_addr(c), below(c, 2));
	else
		neigh_set(d->netif, any_addr(c), (struct mac){{2, 7, 7, 7, 7, (uint8_t)below(c, 20)}},
			states[below(c, 6)], below(c, 2));
	arp_announce(d->netif, any_addr(c));
}

static void change_setting(struct churn *c)
{
	static const char *const bits[] = {"net.ipv4.ip_forward", "net.ipv4.conf.all.proxy_arp",
		"net.ipv4.conf.all.arp_dad", "net.ipv4.conf.all.arp_notify", "net.ipv4.conf.all.rp_filter",
		"net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.all.promote_secondaries",
		"net.ipv4.icmp_echo_ignore_broadcasts"};
	struct stack *s = any_host(c);

	switch (below(c, 6)) {
	case 0:
		sysctl_set(s, "net.ipv4.neigh.default.gc_thresh1", (int32_t)below(c, 3));
		sysctl_set(s, "net.ipv4.neigh.default.gc_thresh3", (int32_t)(1 + below(c, 8)));
		break;
	case 1:
		sysctl_set(s, "net.ipv4.ipfrag_high_thresh", (int32_t)(below(c, 2) ? 4000 : 4194304));
		sysctl_set(s, "net.ipv4.ipfrag_time", (int32_t)(1 + below(c, 30)));
		break;
	default:
		sysctl_set(s, bits[below(c, 8)], (int32_t)below(c, 3) > 0);
	}
}

static void change_host(struct churn *c)
{
	unsigned i = below(c, HOSTS);
	char name[16];

	if (below(c, 12))
		return;
	snprintf(name, sizeof(name), "h%u", i);
	stack_delete(c->hosts[i]);
	c->hosts[i] = lab_host(c->l, name);
	c->hosts[i]->sysctl[SYSCTL_ICMP_RATELIMIT] = 0;
}

/* ---- who talks ---- */

static void heard(struct ping *pg, const struct ping_event *e, void *ctx)
{
	struct churn *c = ctx;

	(void)pg;
	c->delivered += e->what == PING_REPLY;
}

static void change_ping(struct churn *c)
{
	struct ping **pg = &c->pings[below(c, PINGS)];
	struct ping_config cfg = {.dst = below(c, 20) ? any_addr(c) : any_addr(c) | 255,
		.interval_ns = (1 + below(c, 400)) * NS_PER_MS,
		.preload = 1 + below(c, 4),
		.size = below(c, 3) ? below(c, 5000) : below(c, 65508),
		.ttl = below(c, 6) ? -1 : 1,
		.pmtu = below(c, 5) ? -1 : (int)below(c, 4),
		.broadcast = true};
	const char *step;

	if (*pg) {
		ping_stop(*pg);
		ping_free(*pg);
	}
	*pg = ping_new(&c->l->loop, any_host(c), &cfg, heard, c, &step);
	if (*pg)
		ping_start(*pg);
}

/* Raw and packet sockets listen; now and then somebody reads them. */
static void change_sock(struct churn *c)
{
	struct sock **sk = &c->socks[below(c, SOCKS)];
	uint8_t b[2048];

	if (*sk && below(c, 4)) {
		sock_recv(*sk, b, sizeof(b), 0, NULL);
		return;
	}
	if (*sk)
		sock_close(*sk);
	*sk = below(c, 2) ? sock_open(any_host(c), SOCK_RAW, IP_PROTO_ICMP)
			  : sock_open(any_host(c), SOCK_KIND_PACKET, ETHERTYPE_ALL);
}

static void step(struct churn *c)
{
	static void (*const acts[])(struct churn * c) = {make_link, change_dev, change_dev, change_dev,
		change_addr, change_route, change_route, change_neigh, change_setting, change_host,
		change_ping, change_ping, change_sock};

	acts[below(c, sizeof(acts) / sizeof(acts[0]))](c);
	if (below(c, 4))
		loop_turn(&c->l->loop, false);
	else
		lab_run(c->l, below(c, 10) ? below(c, 300) * NS_PER_MS : below(c, 60) * NS_PER_SEC);
}

static uint64_t churn(uint64_t seed, unsigned steps)
{
	struct churn c = {.l = lab_new()};
	char name[16];

	rng_seed(&c.rng, seed);
	for (unsigned i = 0; i < HOSTS; i++) {
		snprintf(name, sizeof(name), "h%u", i);
		c.hosts[i] = lab_host(c.l, name);
		c.hosts[i]->sysctl[SYSCTL_ICMP_RATELIMIT] = 0;
	}
	for (int i = 0; i < 8; i++)
		make_link(&c);
	for (unsigned i = 0; i < steps; i++)
		step(&c);
	for (int i = 0; i < PINGS; i++) {
		if (c.pings[i]) {
			ping_stop(c.pings[i]);
			ping_free(c.pings[i]);
		}
	}
	for (int i = 0; i < SOCKS; i++)
		if (c.socks[i])
			sock_close(c.socks[i]);
	lab_free(c.l);
	return c.delivered;
}

static void nothing_is_left_when_everything_changes_under_traffic(void)
{
	uint64_t delivered = 0;

	for (uint64_t i = 0; i < 3; i++)
		delivered += churn(unit_seed + i, 400);
	/* It was no idle talk. */
	CU_ASSERT(delivered > 0);
}

SUITE(stack_churn, T(nothing_is_left_when_everything_changes_under_traffic))
