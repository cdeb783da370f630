/* SPDX-License-Identifier: MIT */
/* What a lease sets on a device and its host. */
#include "shell/dhcp_lease.h"

#include "ip/ip.h"
#include "lib/timer.h"
#include "net/netif.h"
#include "net/resolver.h"
#include "tests/unit/lab.h"

#include <stdlib.h>

struct scene {
	struct lab *lab;
	struct stack *s;
	struct dev *d;
	struct dhcp_lease l;
};

static struct scene begin(void)
{
	struct scene sc = {.lab = lab_new()};

	sc.s = lab_host(sc.lab, "h1");
	sc.d = lab_wire(sc.s, "eth0", NULL);
	sc.l = (struct dhcp_lease){.addr = lab_ip("10.0.0.100"), .end_ns = TIMER_NEVER};
	sc.l.params.plen = 24;
	return sc;
}

/* The gateway towards `dst`: dst itself on the link; 0: no route. */
static uint32_t way_to(const struct scene *sc, const char *dst)
{
	struct route_key key = {.dst = lab_ip(dst)};
	struct route_path path;

	return route_lookup(sc->s, &key, &path) == 0 ? path.nexthop : 0;
}

static void the_address_with_its_broadcast(void)
{
	struct scene sc = begin();
	struct netif_addr *a;

	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	a = netif_addr_find(sc.d->netif, sc.l.addr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_EQUAL(a->broadcast, lab_ip("10.0.0.255"));
	CU_ASSERT_EQUAL(a->expires_ns, 0);
	sc.l.end_ns = 77;
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0); /* renewed */
	CU_ASSERT_EQUAL(a->expires_ns, 77);
	sc.l.params.plen = 16;
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	CU_ASSERT_EQUAL(netif_addr_find(sc.d->netif, sc.l.addr)->plen, 16);
	dhcp_lease_unset(sc.d, &sc.l);
	CU_ASSERT_PTR_NULL(netif_addr_find(sc.d->netif, sc.l.addr));
	dhcp_lease_unset(sc.d, &sc.l);
	lab_free(sc.lab);
}

static void the_default_route_by_the_first_router(void)
{
	struct scene sc = begin();

	sc.l.params.router_count = 2;
	sc.l.params.routers[0] = lab_ip("10.0.0.1");
	sc.l.params.routers[1] = lab_ip("10.0.0.2");
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	CU_ASSERT_EQUAL(way_to(&sc, "1.2.3.4"), lab_ip("10.0.0.1"));
	dhcp_lease_unset(sc.d, &sc.l);
	CU_ASSERT_EQUAL(way_to(&sc, "1.2.3.4"), 0);
	lab_free(sc.lab);
}

static void classless_routes_in_its_place(void)
{
	struct scene sc = begin();
	struct dhcp_params *p = &sc.l.params;

	p->router_count = 1;
	p->routers[0] = lab_ip("10.0.0.1");
	p->route_count = 2;
	p->routes[0] =
		(struct dhcp_route){.prefix = lab_ip("10.9.0.0"), .plen = 16, .gateway = lab_ip("10.0.0.9")};
	p->routes[1] = (struct dhcp_route){.prefix = lab_ip("10.8.0.0"), .plen = 16};
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	CU_ASSERT_EQUAL(way_to(&sc, "10.9.1.1"), lab_ip("10.0.0.9"));
	CU_ASSERT_EQUAL(way_to(&sc, "10.8.1.1"), lab_ip("10.8.1.1"));
	CU_ASSERT_EQUAL(way_to(&sc, "1.2.3.4"), 0);
	dhcp_lease_unset(sc.d, &sc.l);
	CU_ASSERT_EQUAL(way_to(&sc, "10.9.1.1"), 0);
	CU_ASSERT_EQUAL(way_to(&sc, "10.8.1.1"), 0);
	lab_free(sc.lab);
}

static void a_router_outside_of_the_subnet_is_on_the_link(void)
{
	struct scene sc = begin();

	sc.l.params.plen = 32;
	sc.l.params.router_count = 1;
	sc.l.params.routers[0] = lab_ip("10.0.0.1");
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	CU_ASSERT_EQUAL(way_to(&sc, "1.2.3.4"), lab_ip("10.0.0.1"));
	lab_free(sc.lab);
}

static void an_mtu_that_the_device_can_have(void)
{
	struct scene sc = begin();

	sc.l.params.mtu = 67;
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	CU_ASSERT_EQUAL(sc.d->mtu, 1500);
	sc.l.params.mtu = 1280;
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	CU_ASSERT_EQUAL(sc.d->mtu, 1280);
	lab_free(sc.lab);
}

static void name_servers_until_another_device_tells_of_others(void)
{
	struct scene sc = begin();
	struct dev *other = lab_wire(sc.s, "eth1", NULL);
	struct dhcp_lease l = sc.l;

	l.addr = lab_ip("10.1.0.100");
	sc.l.params.dns_count = 4;
	for (uint32_t i = 0; i < 4; i++)
		sc.l.params.dns[i] = i + 1;
	strcpy(sc.l.params.domain, "domain");
	CU_ASSERT_EQUAL(dhcp_lease_set(sc.d, &sc.l), 0);
	CU_ASSERT_EQUAL(sc.s->resolver->count, 3);
	CU_ASSERT_EQUAL(sc.s->resolver->servers[2], 3);
	CU_ASSERT_STRING_EQUAL(sc.s->resolver->search, "domain");
	CU_ASSERT_EQUAL(dhcp_lease_set(other, &l), 0); /* tells of none */
	CU_ASSERT_EQUAL(sc.s->resolver->servers[0], 1);
	l.params.dns_count = 1;
	l.params.dns[0] = 9;
	strcpy(l.params.search, "a b");
	strcpy(l.params.domain, "domain");
	CU_ASSERT_EQUAL(dhcp_lease_set(other, &l), 0);
	CU_ASSERT_STRING_EQUAL(sc.s->resolver->search, "a b");
	dhcp_lease_unset(sc.d, &sc.l);
	CU_ASSERT_EQUAL(sc.s->resolver->servers[0], 9);
	dhcp_lease_unset(other, &l);
	CU_ASSERT_PTR_NULL(sc.s->resolver);
	lab_free(sc.lab);
}

SUITE(shell_dhcp_lease, T(the_address_with_its_broadcast), T(the_default_route_by_the_first_router),
	T(classless_routes_in_its_place), T(a_router_outside_of_the_subnet_is_on_the_link),
	T(an_mtu_that_the_device_can_have), T(name_servers_until_another_device_tells_of_others))
