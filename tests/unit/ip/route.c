/* SPDX-License-Identifier: MIT */
/* Routes: what addresses bring with them, what the user may add, and which way a packet goes. */
#include "ip/route.h"
#include "lib/text.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- the table as text, a route per line */

struct text {
	char buf[4096];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	t->len += (size_t)vsnprintf(t->buf + t->len, sizeof(t->buf) - t->len, fmt, args);
	va_end(args);
}

static void show(void *ctx, const struct route *r)
{
	static const char *const types[] = {[ROUTE_UNICAST] = "",
		[ROUTE_LOCAL] = "local ",
		[ROUTE_BROADCAST] = "broadcast ",
		[ROUTE_BLACKHOLE] = "blackhole ",
		[ROUTE_UNREACHABLE] = "unreachable ",
		[ROUTE_PROHIBIT] = "prohibit "};
	struct text *t = ctx;

	put(t, "%s%s/%u", types[r->type], TEXT_IP(r->prefix), r->plen);
	if (r->gateway)
		put(t, " via %s", TEXT_IP(r->gateway));
	if (r->netif)
		put(t, " dev %s", r->netif->dev->name);
	if (r->origin == ROUTE_BY_KERNEL)
		put(t, " kernel");
	if (r->scope)
		put(t, " scope %u", r->scope);
	if (r->source)
		put(t, " src %s", TEXT_IP(r->source));
	if (r->metric)
		put(t, " metric %u", r->metric);
	put(t, "%s\n", r->flags & ROUTE_LINKDOWN ? " linkdown" : "");
}

static bool table_is(struct stack *s, bool local, const char *want)
{
	struct text t = {.len = 0};

	route_each(s, local, show, &t);
	if (strcmp(t.buf, want) == 0)
		return true;
	printf("the %s table is\n%s", local ? "local" : "main", t.buf);
	return false;
}

#define LO_LOCAL                                                     \
	"local 127.0.0.0/8 dev lo kernel scope 254 src 127.0.0.1\n"  \
	"local 127.0.0.1/32 dev lo kernel scope 254 src 127.0.0.1\n" \
	"broadcast 127.255.255.255/32 dev lo kernel scope 253 src 127.0.0.1\n"

/* ---- worlds */

struct scene {
	struct lab *l;
	struct stack *s;
	struct dev *eth0;
};

static struct scene scene(const char *cidr)
{
	struct scene sc = {.l = lab_new()};

	sc.s = lab_host(sc.l, "h1");
	sc.eth0 = lab_wire(sc.s, "eth0", cidr);
	return sc;
}

/* lab_host() may or may not give lo its address. */
static void with_lo(struct stack *s)
{
	if (list_empty(&s->lo->netif->addrs)) {
		struct netif_addr a = {.local = lab_ip("127.0.0.1"),
			.peer = lab_ip("127.0.0.1"),
			.plen = 8,
			.scope = SCOPE_HOST};
		CU_ASSERT_EQUAL(netif_addr_add(s->lo->netif, &a, NULL), 0);
	}
}

static struct route route(const char *prefix, unsigned plen, const char *gateway, struct dev *d)
{
	return (struct route){.prefix = lab_ip(prefix),
		.plen = (uint8_t)plen,
		.type = ROUTE_UNICAST,
		.scope = SCOPE_NOWHERE,
		.origin = ROUTE_BY_BOOT,
		.gateway = gateway ? lab_ip(gateway) : 0,
		.netif = d ? d->netif : NULL};
}

static int add(struct stack *s, struct route r)
{
	return route_add(s, &r, false);
}

static int lookup(struct stack *s, const char *dst, struct route_path *path)
{
	return route_lookup(s, &(struct route_key){.dst = lab_ip(dst)}, path);
}

static bool goes_by(struct stack *s, const char *dst, const char *nexthop, const struct dev *d)
{
	struct route_path path;

	return !lookup(s, dst, &path) && path.nexthop == lab_ip(nexthop) && path.netif == d->netif;
}

/* ---- what addresses bring with them */

/* RFC1122-I-12, RFC1122-I-98, RFC1122-I-119 */
static void an_address_brings_its_routes(void)
{
	struct scene sc = scene("10.0.0.1/24");

	with_lo(sc.s);
	CU_ASSERT(table_is(sc.s, true,
		"local 10.0.0.1/32 dev eth0 kernel scope 254 src 10.0.0.1\n"
		"broadcast 10.0.0.255/32 dev eth0 kernel scope 253 src 10.0.0.1\n" LO_LOCAL));
	CU_ASSERT(table_is(sc.s, false, "10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1\n"));
	netif_addr_del(netif_addr_find(sc.eth0->netif, lab_ip("10.0.0.1")));
	CU_ASSERT(table_is(sc.s, true, LO_LOCAL));
	CU_ASSERT(table_is(sc.s, false, ""));
	lab_free(sc.l);
}

static void the_last_address_takes_every_route_by_its_device_along(void)
{
	struct scene sc = scene("10.0.0.1/24");

	lab_addr(sc.eth0, "192.0.2.1/24");
	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	netif_addr_del(netif_addr_find(sc.eth0->netif, lab_ip("10.0.0.1")));
	CU_ASSERT(table_is(sc.s, false,
		"0.0.0.0/0 via 10.0.0.254 dev eth0\n"
		"192.0.2.0/24 dev eth0 kernel scope 253 src 192.0.2.1\n"));
	netif_addr_del(netif_addr_find(sc.eth0->netif, lab_ip("192.0.2.1")));
	CU_ASSERT(table_is(sc.s, false, ""));
	lab_free(sc.l);
}

static void what_two_addresses_share_goes_with_the_second(void)
{
	struct scene sc = scene("10.0.0.1/24");

	lab_addr(sc.eth0, "10.0.0.2/24");
	lab_addr(sc.eth0, "10.0.0.3/25");
	CU_ASSERT(table_is(sc.s, false,
		"10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1\n"
		"10.0.0.0/25 dev eth0 kernel scope 253 src 10.0.0.3\n"));
	netif_addr_del(netif_addr_find(sc.eth0->netif, lab_ip("10.0.0.2")));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.255")), IP_ADDR_BROADCAST);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.2")), IP_ADDR_UNICAST);
	netif_addr_del(netif_addr_find(sc.eth0->netif, lab_ip("10.0.0.1")));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.255")), IP_ADDR_UNICAST);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.127")), IP_ADDR_BROADCAST);
	lab_free(sc.l);
}

static void a_promoted_secondary_takes_the_routes_over(void)
{
	struct scene sc = scene("10.0.0.1/24");

	sc.eth0->netif->conf[CONF_PROMOTE_SECONDARIES] = 1;
	lab_addr(sc.eth0, "10.0.0.2/24");
	lab_addr(sc.eth0, "10.0.0.3/24");
	netif_addr_del(netif_addr_find(sc.eth0->netif, lab_ip("10.0.0.1")));
	CU_ASSERT(table_is(sc.s, false, "10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.2\n"));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.3")), IP_ADDR_LOCAL);
	lab_free(sc.l);
}

static void narrow_prefixes_have_no_broadcast_address(void)
{
	struct scene sc = scene("10.0.0.0/31");

	lab_addr(sc.eth0, "10.0.1.1/32");
	CU_ASSERT(table_is(sc.s, false, "10.0.0.0/31 dev eth0 kernel scope 253 src 10.0.0.0\n"));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.0")), IP_ADDR_LOCAL);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.1")), IP_ADDR_UNICAST);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.1.1")), IP_ADDR_LOCAL);
	lab_free(sc.l);
}

static void a_peer_address_is_routed_to_its_link(void)
{
	struct scene sc = scene(NULL);
	struct netif_addr a = {.local = lab_ip("10.0.0.1"), .peer = lab_ip("10.9.9.9"), .plen = 32};

	CU_ASSERT_EQUAL(netif_addr_add(sc.eth0->netif, &a, NULL), 0);
	CU_ASSERT(table_is(sc.s, false, "10.9.9.9/32 dev eth0 kernel scope 253 src 10.0.0.1\n"));
	lab_free(sc.l);
}

/* RFC1812-5.3.12 */
static void a_device_that_goes_down_keeps_only_its_own_addresses(void)
{
	struct scene sc = scene("10.0.0.1/24");

	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	lab_route(sc.s, "10.5.0.0/16", NULL, sc.eth0);
	CU_ASSERT_EQUAL(dev_set_up(sc.eth0, false), 0);
	CU_ASSERT(table_is(sc.s, false, ""));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.1")), IP_ADDR_LOCAL);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.255")), IP_ADDR_UNICAST);
	CU_ASSERT_EQUAL(dev_set_up(sc.eth0, true), 0);
	CU_ASSERT(table_is(sc.s, false, "10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1\n"));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.255")), IP_ADDR_BROADCAST);
	lab_free(sc.l);
}

static void an_address_of_a_device_that_is_down_is_local_at_once_and_routed_later(void)
{
	struct scene sc = scene(NULL);

	dev_set_up(sc.eth0, false);
	lab_addr(sc.eth0, "10.0.0.1/24");
	CU_ASSERT(table_is(sc.s, false, ""));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.1")), IP_ADDR_LOCAL);
	dev_set_up(sc.eth0, true);
	CU_ASSERT(table_is(sc.s, false, "10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1\n"));
	lab_free(sc.l);
}

static void a_device_that_is_gone_leaves_no_route(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", "10.1.0.1/24");

	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	dev_unregister(sc.eth0);
	CU_ASSERT(table_is(sc.s, false, "10.1.0.0/24 dev eth1 kernel scope 253 src 10.1.0.1\n"));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.1")), IP_ADDR_UNICAST);
	CU_ASSERT(goes_by(sc.s, "10.1.0.7", "10.1.0.7", eth1));
	lab_free(sc.l);
}

/* Such a route survives that the device goes down, and no address of it takes the route along. */
static void a_device_without_addresses_leaves_no_local_route(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", NULL);
	struct route r = route("10.5.0.1", 32, NULL, eth1);

	r.type = ROUTE_LOCAL;
	r.scope = SCOPE_HOST;
	add(sc.s, r);
	dev_set_up(eth1, false);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.5.0.1")), IP_ADDR_LOCAL);
	dev_unregister(eth1);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.5.0.1")), IP_ADDR_UNICAST);
	lab_free(sc.l);
}

/* RFC 5227: probed first */
static void a_tentative_address_has_no_routes(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct netif_addr *a = netif_addr_find(sc.eth0->netif, lab_ip("10.0.0.1"));

	a->flags |= ADDR_TENTATIVE;
	netif_addr_changed(a);
	CU_ASSERT(table_is(sc.s, false, ""));
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, a->local), IP_ADDR_UNICAST);
	a->flags &= (uint8_t)~ADDR_TENTATIVE;
	netif_addr_changed(a);
	CU_ASSERT(table_is(sc.s, false, "10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1\n"));
	lab_free(sc.l);
}

static void two_devices_in_one_subnet_each_have_a_route(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", "10.0.0.2/24");
	struct route_path path;

	CU_ASSERT(table_is(sc.s, false,
		"10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1\n"
		"10.0.0.0/24 dev eth1 kernel scope 253 src 10.0.0.2\n"));
	CU_ASSERT(goes_by(sc.s, "10.0.0.9", "10.0.0.9", sc.eth0));
	CU_ASSERT_EQUAL(route_lookup(sc.s,
				&(struct route_key){.dst = lab_ip("10.0.0.9"), .oif = eth1->ifindex}, &path),
		0);
	CU_ASSERT(path.netif == eth1->netif && path.source == lab_ip("10.0.0.2"));
	dev_set_up(sc.eth0, false);
	CU_ASSERT(goes_by(sc.s, "10.0.0.9", "10.0.0.9", eth1));
	lab_free(sc.l);
}

/* ---- what the user adds */

/* RFC1122-I-84, RFC1122-I-85, RFC1122-I-88, RFC1122-I-89, RFC1812-5.2.4.3a, RFC1812-5.2.4.3b */
static void the_mask_decides_between_neighbour_and_gateway(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route_path path;

	CU_ASSERT(goes_by(sc.s, "10.0.0.200", "10.0.0.200", sc.eth0));
	CU_ASSERT_EQUAL(lookup(sc.s, "10.0.1.1", &path), -ENETUNREACH);
	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	lab_route(sc.s, "10.2.0.0/16", "10.0.0.253", sc.eth0);
	CU_ASSERT(goes_by(sc.s, "10.0.1.1", "10.0.0.254", sc.eth0));
	CU_ASSERT(goes_by(sc.s, "10.2.7.7", "10.0.0.253", sc.eth0));
	CU_ASSERT(goes_by(sc.s, "10.0.0.200", "10.0.0.200", sc.eth0));
	lab_free(sc.l);
}

static void a_gateway_must_be_a_neighbour(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct stack *s = sc.s;
	struct dev *eth1 = lab_wire(s, "eth1", "10.1.0.1/24");

	CU_ASSERT_EQUAL(add(s, route("10.7.0.0", 16, "10.0.9.1", NULL)), -ENETUNREACH);
	CU_ASSERT_EQUAL(add(s, route("10.7.0.0", 16, "10.0.0.2", eth1)), -ENETUNREACH);
	CU_ASSERT_EQUAL(add(s, route("10.7.0.0", 16, "10.0.0.1", NULL)), -EINVAL);
	CU_ASSERT_EQUAL(add(s, route("10.7.0.0", 16, "10.0.0.255", NULL)), -EINVAL);
	CU_ASSERT_EQUAL(add(s, route("10.7.0.0", 16, "224.0.0.1", NULL)), -EINVAL);
	CU_ASSERT_EQUAL(add(s, route("10.7.0.0", 16, "0.0.0.1", NULL)), -EINVAL);
	CU_ASSERT_EQUAL(add(s, route("10.7.0.0", 16, "10.0.0.2", NULL)), 0);
	CU_ASSERT(goes_by(s, "10.7.1.1", "10.0.0.2", sc.eth0));
	/* not by way of another gateway */
	CU_ASSERT_EQUAL(add(s, route("10.8.0.0", 16, "10.7.1.1", NULL)), -ENETUNREACH);
	lab_free(sc.l);
}

static void onlink_vouches_for_the_gateway(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("0.0.0.0", 0, "192.0.2.1", NULL);

	r.flags = ROUTE_ONLINK;
	CU_ASSERT_EQUAL(add(sc.s, r), -EINVAL);
	r.netif = sc.eth0->netif;
	CU_ASSERT_EQUAL(add(sc.s, r), 0);
	CU_ASSERT(goes_by(sc.s, "198.51.100.1", "192.0.2.1", sc.eth0));
	r.metric = 5;
	r.gateway = lab_ip("10.0.0.1");
	CU_ASSERT_EQUAL(add(sc.s, r), -EINVAL);
	lab_free(sc.l);
}

static void impossible_routes_are_refused(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("10.7.0.0", 16, NULL, sc.eth0);

	CU_ASSERT_EQUAL(add(sc.s, route("10.7.0.1", 16, NULL, sc.eth0)), -EINVAL);
	CU_ASSERT_EQUAL(add(sc.s, route("10.7.0.0", 33, NULL, sc.eth0)), -EINVAL);
	CU_ASSERT_EQUAL(add(sc.s, route("10.7.0.0", 16, NULL, NULL)), -ENODEV);
	r.source = lab_ip("10.0.0.2");
	CU_ASSERT_EQUAL(add(sc.s, r), -EINVAL);
	r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0);
	r.scope = SCOPE_LINK;
	CU_ASSERT_EQUAL(add(sc.s, r), -EINVAL);
	r = route("10.7.0.0", 16, NULL, sc.eth0);
	r.type = ROUTE_BLACKHOLE;
	CU_ASSERT_EQUAL(add(sc.s, r), -EINVAL);
	dev_set_up(sc.eth0, false);
	CU_ASSERT_EQUAL(add(sc.s, route("10.7.0.0", 16, NULL, sc.eth0)), -ENETDOWN);
	CU_ASSERT(table_is(sc.s, false, ""));
	lab_free(sc.l);
}

static void the_same_prefix_tos_and_metric_is_the_same_route(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0);

	CU_ASSERT_EQUAL(add(sc.s, r), 0);
	CU_ASSERT_EQUAL(add(sc.s, r), -EEXIST);
	r.gateway = lab_ip("10.0.0.3");
	CU_ASSERT_EQUAL(add(sc.s, r), -EEXIST);
	CU_ASSERT_EQUAL(route_add(sc.s, &r, true), 0);
	CU_ASSERT(goes_by(sc.s, "10.7.0.1", "10.0.0.3", sc.eth0));
	r.metric = 10;
	r.gateway = lab_ip("10.0.0.4");
	CU_ASSERT_EQUAL(route_add(sc.s, &r, true), 0);
	r.metric = 5;
	r.gateway = lab_ip("10.0.0.5");
	CU_ASSERT_EQUAL(add(sc.s, r), 0);
	CU_ASSERT(table_is(sc.s, false,
		"10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1\n"
		"10.7.0.0/16 via 10.0.0.3 dev eth0\n"
		"10.7.0.0/16 via 10.0.0.5 dev eth0 metric 5\n"
		"10.7.0.0/16 via 10.0.0.4 dev eth0 metric 10\n"));
	lab_free(sc.l);
}

static void deleting_matches_what_is_given(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0), gone;

	add(sc.s, r);
	r.metric = 7;
	r.gateway = lab_ip("10.0.0.3");
	add(sc.s, r);
	gone = (struct route){.prefix = r.prefix, .plen = 16, .gateway = lab_ip("10.0.0.9")};
	CU_ASSERT_EQUAL(route_del(sc.s, &gone), -ESRCH);
	gone.gateway = 0;
	gone.metric = 7;
	CU_ASSERT_EQUAL(route_del(sc.s, &gone), 0);
	CU_ASSERT_EQUAL(route_del(sc.s, &gone), -ESRCH);
	gone = (struct route){.prefix = r.prefix, .plen = 16};
	CU_ASSERT_EQUAL(route_del(sc.s, &gone), 0);
	gone = (struct route){.prefix = lab_ip("10.0.0.0"), .plen = 24, .scope = SCOPE_HOST};
	CU_ASSERT_EQUAL(route_del(sc.s, &gone), -ESRCH);
	gone = (struct route){.prefix = lab_ip("10.0.0.255"), .plen = 32, .type = ROUTE_BROADCAST};
	CU_ASSERT_EQUAL(route_del(sc.s, &gone), 0);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("10.0.0.255")), IP_ADDR_UNICAST);
	lab_free(sc.l);
}

static void routes_that_refuse_say_how(void)
{
	static const struct {
		uint8_t type;
		int err;
	} cases[] = {
		{ROUTE_BLACKHOLE, -EINVAL}, {ROUTE_UNREACHABLE, -EHOSTUNREACH}, {ROUTE_PROHIBIT, -EACCES}};
	struct scene sc = scene("10.0.0.1/24");
	struct route_path path;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct route r = route("10.0.0.128", 25, NULL, NULL);

		r.type = cases[i].type;
		CU_ASSERT_EQUAL(route_add(sc.s, &r, true), 0);
		CU_ASSERT_EQUAL(lookup(sc.s, "10.0.0.200", &path), cases[i].err);
		CU_ASSERT_EQUAL(path.route.type, cases[i].type);
	}
	CU_ASSERT(goes_by(sc.s, "10.0.0.100", "10.0.0.100", sc.eth0));
	lab_free(sc.l);
}

static void a_route_that_prefers_a_source_goes_with_it(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0);
	struct route_path path;

	lab_addr(sc.eth0, "192.0.2.1/32");
	r.source = lab_ip("192.0.2.1");
	CU_ASSERT_EQUAL(add(sc.s, r), 0);
	CU_ASSERT_EQUAL(lookup(sc.s, "10.7.0.1", &path), 0);
	CU_ASSERT_EQUAL(path.source, r.source);
	netif_addr_del(netif_addr_find(sc.eth0->netif, r.source));
	CU_ASSERT_EQUAL(lookup(sc.s, "10.7.0.1", &path), -ENETUNREACH);
	lab_free(sc.l);
}

static void a_source_that_two_devices_own_keeps_its_routes(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", "192.0.2.1/32");
	struct route r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0);

	lab_addr(sc.eth0, "192.0.2.1/32");
	r.source = lab_ip("192.0.2.1");
	CU_ASSERT_EQUAL(add(sc.s, r), 0);
	netif_addr_del(netif_addr_find(eth1->netif, r.source));
	CU_ASSERT(goes_by(sc.s, "10.7.0.1", "10.0.0.2", sc.eth0));
	lab_free(sc.l);
}

/* ---- which way */

/* RFC1122-I-91 */
static void tos_chooses_among_routes(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0);
	struct route_key key = {.dst = lab_ip("10.7.0.1"), .tos = 0x11};
	struct route_path path;

	add(sc.s, r);
	r.tos = 0x10;
	r.gateway = lab_ip("10.0.0.3");
	CU_ASSERT_EQUAL(add(sc.s, r), 0);
	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.nexthop, lab_ip("10.0.0.3"));
	key.tos = 0x08;
	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.nexthop, lab_ip("10.0.0.2"));
	lab_free(sc.l);
}

/* RFC1122-I-117, RFC1122-I-118; RFC 3021: where there are only two addresses, both are hosts */
static void zeros_behind_the_prefix_are_a_broadcast_unless_there_are_only_two(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route_key key = {.dst = lab_ip("10.0.0.0")};
	struct route_path path;

	lab_addr(sc.eth0, "10.9.0.1/31");
	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.type, ROUTE_BROADCAST);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, key.dst), IP_ADDR_BROADCAST);
	add(sc.s, route("10.0.0.0", 32, "10.0.0.2", sc.eth0)); /* a gateway knows better */
	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.type, ROUTE_UNICAST);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, key.dst), IP_ADDR_UNICAST);
	key.dst = lab_ip("10.9.0.0");
	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.type, ROUTE_UNICAST);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, key.dst), IP_ADDR_UNICAST);
	lab_free(sc.l);
}

static void what_is_a_broadcast_goes_by_the_route_that_is_taken(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h1");
	struct dev *eth1 = lab_wire(s, "eth1", NULL);
	struct route_key key = {.dst = lab_ip("10.0.0.0")};
	struct route_path path;

	add(s, route("10.0.0.0", 24, NULL, eth1)); /* stands before the one of the address */
	lab_wire(s, "eth0", "10.0.0.1/24");
	dev_set_carrier(eth1, false);
	CU_ASSERT_EQUAL(route_lookup(s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.type, ROUTE_BROADCAST);
	CU_ASSERT_EQUAL(ip_addr_kind(s, key.dst), IP_ADDR_BROADCAST);
	lab_free(l);
}

static void a_device_asked_for_narrows_the_choice(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", "10.1.0.1/24");
	struct route_key key = {.dst = lab_ip("10.0.0.9"), .oif = eth1->ifindex};
	struct route_path path;

	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), -ENETUNREACH);
	lab_route(sc.s, "10.0.0.0/16", "10.1.0.254", eth1);
	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.nexthop, lab_ip("10.1.0.254"));
	key.oif = 77;
	CU_ASSERT_EQUAL(route_lookup(sc.s, &key, &path), -ENODEV);
	lab_free(sc.l);
}

/* RFC1122-I-13, RFC1812-4.2.2.11a */
static void the_source_is_the_address_that_fits_the_next_hop(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", NULL);
	struct route_path path;

	lab_addr(sc.eth0, "10.0.1.1/24");
	lab_route(sc.s, "default", "10.0.1.254", sc.eth0);
	lab_route(sc.s, "172.16.0.0/12", NULL, eth1);
	CU_ASSERT(!lookup(sc.s, "8.8.8.8", &path) && path.source == lab_ip("10.0.1.1"));
	CU_ASSERT(!lookup(sc.s, "10.0.0.5", &path) && path.source == lab_ip("10.0.0.1"));
	/* eth1 has none of its own */
	CU_ASSERT(!lookup(sc.s, "172.16.0.1", &path) && path.source == lab_ip("10.0.0.1"));
	CU_ASSERT(!route_lookup(sc.s,
			  &(struct route_key){.dst = lab_ip("8.8.8.8"), .src = lab_ip("10.0.0.1")}, &path) &&
		path.source == lab_ip("10.0.0.1"));
	lab_free(sc.l);
}

static void a_host_without_addresses_has_no_source(void)
{
	struct scene sc = scene(NULL);
	struct route_path path;

	dev_set_up(sc.s->lo, false);
	while (!list_empty(&sc.s->lo->netif->addrs))
		netif_addr_del(list_first(&sc.s->lo->netif->addrs, struct netif_addr, node));
	lab_route(sc.s, "default", NULL, sc.eth0);
	CU_ASSERT(!lookup(sc.s, "8.8.8.8", &path) && path.source == 0);
	lab_free(sc.l);
}

/* RFC1122-I-17, RFC1812-4.2.2.11c */
static void own_addresses_are_local_and_loopback_stays_inside(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route_path path;

	with_lo(sc.s);
	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	CU_ASSERT(!lookup(sc.s, "10.0.0.1", &path) && path.type == ROUTE_LOCAL &&
		path.source == lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(path.mtu, sc.s->lo->mtu);
	CU_ASSERT(!lookup(sc.s, "127.9.9.9", &path) && path.type == ROUTE_LOCAL &&
		path.source == lab_ip("127.0.0.1"));
	CU_ASSERT_EQUAL(lookup(sc.s, "0.0.0.0", &path), -ENETUNREACH);
	CU_ASSERT_EQUAL(lookup(sc.s, "0.0.0.1", &path), -EINVAL);
	CU_ASSERT_EQUAL(
		route_lookup(sc.s, &(struct route_key){.dst = lab_ip("127.0.0.1"), .oif = sc.eth0->ifindex},
			&path),
		-ENETUNREACH);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, 0), IP_ADDR_BAD);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("240.0.0.1")), IP_ADDR_BAD);
	CU_ASSERT_EQUAL(ip_addr_kind(sc.s, lab_ip("224.0.0.1")), IP_ADDR_MULTICAST);
	lab_free(sc.l);
}

/* RFC1122-I-117, RFC1122-I-122, RFC1812-4.2.3.1a */
static void broadcasts_and_multicasts_stay_on_one_link(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", "10.1.0.1/24");
	struct route_key all = {.dst = IP_BROADCAST}, group = {.dst = lab_ip("239.1.1.1")};
	struct route_path path;

	CU_ASSERT(!lookup(sc.s, "10.1.0.255", &path) && path.type == ROUTE_BROADCAST &&
		path.netif == eth1->netif);
	CU_ASSERT_EQUAL(route_lookup(sc.s, &all, &path), -ENETUNREACH);
	all.oif = eth1->ifindex;
	CU_ASSERT_EQUAL(route_lookup(sc.s, &all, &path), 0);
	CU_ASSERT(path.type == ROUTE_BROADCAST && path.netif == eth1->netif && path.nexthop == IP_BROADCAST &&
		path.source == lab_ip("10.1.0.1"));
	group.src = lab_ip("10.1.0.1");
	CU_ASSERT(!route_lookup(sc.s, &group, &path) && path.netif == eth1->netif);
	group.src = 0;
	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	CU_ASSERT(!route_lookup(sc.s, &group, &path) && path.type == ROUTE_MULTICAST &&
		path.netif == sc.eth0->netif);
	CU_ASSERT(path.nexthop == group.dst && path.mtu == 1500 && path.source == lab_ip("10.0.0.1"));
	lab_free(sc.l);
}

static void a_refused_multicast_is_refused(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("224.0.0.0", 4, NULL, NULL);
	struct route_path path;

	r.type = ROUTE_PROHIBIT;
	CU_ASSERT_EQUAL(add(sc.s, r), 0);
	CU_ASSERT_EQUAL(lookup(sc.s, "239.0.0.1", &path), -EACCES);
	lab_free(sc.l);
}

/* RFC1122-I-106 */
static void the_mtu_is_the_devices_or_the_routes(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0);
	struct route_path path;

	r.mtu = 1400;
	add(sc.s, r);
	CU_ASSERT(!lookup(sc.s, "10.0.0.2", &path) && path.mtu == 1500);
	CU_ASSERT(!lookup(sc.s, "10.7.0.2", &path) && path.mtu == 1400);
	dev_set_mtu(sc.eth0, 1300);
	CU_ASSERT(!lookup(sc.s, "10.7.0.2", &path) && path.mtu == 1300);
	lab_free(sc.l);
}

/* ---- several ways */

static bool second_fails(const struct netif *n, uint32_t addr)
{
	(void)n;
	return addr == lab_ip("10.0.0.252");
}

static bool all_fail(const struct netif *n, uint32_t addr)
{
	(void)n;
	(void)addr;
	return true;
}

static void add_default(struct scene *sc, const char *gateway, uint32_t metric)
{
	struct route r = route("0.0.0.0", 0, gateway, sc->eth0);

	r.metric = metric;
	CU_ASSERT_EQUAL(add(sc->s, r), 0);
}

/* RFC1122-I-88, RFC1122-I-92, RFC1122-I-97 */
static void a_default_gateway_that_failed_is_passed_over(void)
{
	struct scene sc = scene("10.0.0.1/24");

	add_default(&sc, "10.0.0.252", 1);
	add_default(&sc, "10.0.0.253", 2);
	CU_ASSERT(goes_by(sc.s, "8.8.8.8", "10.0.0.252", sc.eth0));
	sc.s->neigh_failed = second_fails;
	CU_ASSERT(goes_by(sc.s, "8.8.8.8", "10.0.0.253", sc.eth0));
	sc.s->neigh_failed = all_fail;
	CU_ASSERT(goes_by(sc.s, "8.8.8.8", "10.0.0.252", sc.eth0));
	lab_free(sc.l);
}

/* The same with ARP: the first packets are lost with the gateway, the next ones go by the other.
 * RFC1122-I-93, RFC1122-I-94, RFC1122-I-95, RFC1122-I-97 */
static void packets_move_to_the_gateway_that_answers(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct lab_peer alive = LAB_PEER(3, "10.0.0.253");
	uint32_t before;

	add_default(&sc, "10.0.0.252", 1);
	add_default(&sc, "10.0.0.253", 2);
	lab_meet(sc.eth0, &alive);
	before = sc.s->generation;
	for (int i = 0; i < 2; i++) {
		struct pkt *p = stack_pkt(sc.s, 8);

		memset(pkt_put(p, 8), 0, 8);
		ip_output(sc.s, p, &(struct ip_send){.dst = lab_ip("8.8.8.8"), .proto = 253});
		lab_run(sc.l, 5 * NS_PER_SEC);
	}
	CU_ASSERT(sc.s->generation != before);
	CU_ASSERT(goes_by(sc.s, "8.8.8.8", "10.0.0.253", sc.eth0));
	CU_ASSERT_EQUAL(stack_drops(sc.s, DROP_NEIGH_UNREACHABLE), 1);
	/* idle: no gateway is asked for its health */
	lab_sent_clear(sc.eth0);
	lab_run(sc.l, 600 * NS_PER_SEC);
	CU_ASSERT(lab_sent_count(sc.eth0) <= 3); /* the probes that end the second one's time as REACHABLE */
	lab_free(sc.l);
}

/* RFC1812-5.3.12 */
static void a_link_without_carrier_is_shown_and_passed_over(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct dev *eth1 = lab_wire(sc.s, "eth1", "10.1.0.1/24");
	struct route r = route("0.0.0.0", 0, "10.1.0.254", eth1);

	add_default(&sc, "10.0.0.254", 1);
	r.metric = 2;
	add(sc.s, r);
	dev_set_carrier(sc.eth0, false);
	CU_ASSERT(table_is(sc.s, false,
		"0.0.0.0/0 via 10.0.0.254 dev eth0 metric 1 linkdown\n"
		"0.0.0.0/0 via 10.1.0.254 dev eth1 metric 2\n"
		"10.0.0.0/24 dev eth0 kernel scope 253 src 10.0.0.1 linkdown\n"
		"10.1.0.0/24 dev eth1 kernel scope 253 src 10.1.0.1\n"));
	CU_ASSERT(goes_by(sc.s, "8.8.8.8", "10.1.0.254", eth1));
	CU_ASSERT(goes_by(sc.s, "10.0.0.7", "10.0.0.7", sc.eth0));
	dev_set_carrier(sc.eth0, true);
	CU_ASSERT(goes_by(sc.s, "8.8.8.8", "10.0.0.254", sc.eth0));
	lab_free(sc.l);
}

/* ---- who hears of it, and what it costs */

struct ear {
	struct monitor monitor;
	int came, went;
};

static void hear(struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	struct ear *e = CONTAINER_OF(m, struct ear, monitor);

	(void)s;
	(void)object;
	if (kind == MONITOR_ROUTE)
		*(gone ? &e->went : &e->came) += 1;
}

static void every_change_is_told_and_moves_the_generation(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct route r = route("10.7.0.0", 16, "10.0.0.2", sc.eth0);
	struct ear ear = {.monitor.fn = hear};
	uint32_t before = sc.s->generation;

	monitor_add(&sc.l->world, &ear.monitor);
	add(sc.s, r);
	CU_ASSERT(ear.came == 1 && sc.s->generation != before);
	before = sc.s->generation;
	route_add(sc.s, &r, true); /* nothing new */
	CU_ASSERT(ear.came == 1 && sc.s->generation == before);
	r.gateway++;
	route_add(sc.s, &r, true);
	CU_ASSERT(ear.came == 2 && sc.s->generation != before);
	before = sc.s->generation;
	route_del(sc.s, &r);
	CU_ASSERT(ear.went == 1 && sc.s->generation != before);
	monitor_del(&ear.monitor);
	lab_free(sc.l);
}

static void a_few_routes_take_less_than_four_kilobytes(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct ip_stat st;

	with_lo(sc.s);
	lab_route(sc.s, "default", "10.0.0.254", sc.eth0);
	ip_stat(sc.s, &st);
	CU_ASSERT_EQUAL(st.routes, 7);
	CU_ASSERT(fib_bytes(&sc.s->ip->routes->local) + fib_bytes(&sc.s->ip->routes->main) < 4096);
	lab_free(sc.l);
}

/* ---- the whole against its slow twin: a list, searched from end to end */

enum { TWIN_ROOM = 300 };

struct twin {
	struct route routes[TWIN_ROOM];
	size_t count;
	uint32_t made; /* each route has an MTU of its own, by which it can be meant */
};

static const struct route *twin_lookup(const struct twin *t, uint32_t dst, uint8_t tos)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < t->count; i++) {
		const struct route *r = &t->routes[i];

		if (((dst ^ r->prefix) & ip_mask(r->plen)) || (r->tos && r->tos != tos))
			continue;
		if (!best || r->plen > best->plen || (r->plen == best->plen && r->tos > best->tos) ||
			(r->plen == best->plen && r->tos == best->tos && r->metric < best->metric))
			best = r;
	}
	return best;
}

static size_t twin_find(const struct twin *t, const struct route *r)
{
	size_t i = 0;

	while (i < t->count &&
		(t->routes[i].prefix != r->prefix || t->routes[i].plen != r->plen ||
			t->routes[i].tos != r->tos || t->routes[i].metric != r->metric))
		i++;
	return i;
}

static struct route random_route(struct rng *rng, struct dev *d)
{
	struct route r = route("0.0.0.0", rng_below(rng, 33), NULL, d);

	r.prefix = (lab_ip("172.16.0.0") | (rng_u32(rng) & 0x3ff)) & ip_mask(r.plen);
	r.gateway = lab_ip("10.0.0.2") + rng_below(rng, 100);
	r.metric = rng_below(rng, 3);
	r.tos = (uint8_t)(4 * rng_below(rng, 2));
	return r;
}

static void twin_step(struct twin *t, struct stack *s, struct rng *rng, struct dev *d)
{
	struct route r = random_route(rng, d);
	bool replace = rng_below(rng, 4) == 0;
	size_t i = twin_find(t, &r);
	int err;

	r.mtu = 1500 + t->made++;
	if (rng_below(rng, 3) == 0 || t->count == TWIN_ROOM) {
		if (i < t->count)
			r = t->routes[i];
		err = route_del(s, &r);
		CU_ASSERT_EQUAL(err, i < t->count ? 0 : -ESRCH);
		if (i < t->count)
			t->routes[i] = t->routes[--t->count];
		return;
	}
	err = route_add(s, &r, replace);
	CU_ASSERT_EQUAL(err, i < t->count && !replace ? -EEXIST : 0);
	if (!err)
		t->routes[i] = r;
	t->count += i == t->count;
}

/* RFC1812-5.2.4.3a */
static void the_table_agrees_with_a_list(void)
{
	struct scene sc = scene("10.0.0.1/24");
	struct twin t = {.count = 0};
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int step = 0; step < 4000; step++) {
		struct route_key key = {
			.dst = lab_ip("172.16.0.0") | (rng_u32(&rng) & 0x7ff), .tos = step % 2 ? 4 : 0};
		struct route_path path;
		const struct route *want;
		int err;

		twin_step(&t, sc.s, &rng, sc.eth0);
		want = twin_lookup(&t, key.dst, key.tos);
		err = route_lookup(sc.s, &key, &path);
		CU_ASSERT_EQUAL_FATAL(err, want ? 0 : -ENETUNREACH);
		if (want)
			CU_ASSERT_FATAL(path.nexthop == want->gateway && path.route.plen == want->plen &&
				path.route.metric == want->metric && path.route.tos == want->tos);
	}
	lab_free(sc.l);
}

SUITE(ip_route, T(an_address_brings_its_routes), T(the_last_address_takes_every_route_by_its_device_along),
	T(what_two_addresses_share_goes_with_the_second), T(a_promoted_secondary_takes_the_routes_over),
	T(narrow_prefixes_have_no_broadcast_address), T(a_peer_address_is_routed_to_its_link),
	T(a_device_that_goes_down_keeps_only_its_own_addresses),
	T(an_address_of_a_device_that_is_down_is_local_at_once_and_routed_later),
	T(a_device_that_is_gone_leaves_no_route), T(a_device_without_addresses_leaves_no_local_route),
	T(a_tentative_address_has_no_routes), T(two_devices_in_one_subnet_each_have_a_route),
	T(the_mask_decides_between_neighbour_and_gateway), T(a_gateway_must_be_a_neighbour),
	T(onlink_vouches_for_the_gateway), T(impossible_routes_are_refused),
	T(the_same_prefix_tos_and_metric_is_the_same_route), T(deleting_matches_what_is_given),
	T(routes_that_refuse_say_how), T(a_route_that_prefers_a_source_goes_with_it),
	T(a_source_that_two_devices_own_keeps_its_routes), T(tos_chooses_among_routes),
	T(zeros_behind_the_prefix_are_a_broadcast_unless_there_are_only_two),
	T(what_is_a_broadcast_goes_by_the_route_that_is_taken), T(a_device_asked_for_narrows_the_choice),
	T(the_source_is_the_address_that_fits_the_next_hop), T(a_host_without_addresses_has_no_source),
	T(own_addresses_are_local_and_loopback_stays_inside), T(broadcasts_and_multicasts_stay_on_one_link),
	T(a_refused_multicast_is_refused), T(the_mtu_is_the_devices_or_the_routes),
	T(a_default_gateway_that_failed_is_passed_over), T(packets_move_to_the_gateway_that_answers),
	T(a_link_without_carrier_is_shown_and_passed_over), T(every_change_is_told_and_moves_the_generation),
	T(a_few_routes_take_less_than_four_kilobytes), T(the_table_agrees_with_a_list))
