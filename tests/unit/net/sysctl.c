/* SPDX-License-Identifier: MIT */
/* Settings: names, ranges, and how all and the device combine. */
#include "net/sysctl.h"

#include "tests/unit/lab.h"

#include <errno.h>

static void names_take_dots_or_slashes(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	int32_t v = 0;

	lab_wire(s, "eth0.10", NULL);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.ip_default_ttl", 33), 0);
	CU_ASSERT_EQUAL(sysctl_get(s, "net/ipv4/ip_default_ttl", &v), 0);
	CU_ASSERT_EQUAL(v, 33);
	CU_ASSERT_EQUAL(sysctl_set(s, "net/ipv4/conf/eth0.10/proxy_arp", 1), 0);
	CU_ASSERT_EQUAL(netif_conf(dev_by_name(s, "eth0.10")->netif, CONF_PROXY_ARP), 1);
	lab_free(l);
}

static void wrong_names_and_values_change_nothing(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");

	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.no_such", 1), -ENOENT);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.conf.eth9.proxy_arp", 1), -ENOENT);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.neigh.all.gc_stale_time", 1), -ENOENT);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.ip_default_ttl", 0), -EINVAL);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.ip_default_ttl", 256), -EINVAL);
	CU_ASSERT_EQUAL(s->sysctl[SYSCTL_IP_DEFAULT_TTL], 64);
	lab_free(l);
}

static void a_setting_may_have_several_values(void)
{
	static const char name[] = "net.ipv4.ip_local_port_range";
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	char text[SYSCTL_TEXT_LEN];

	CU_ASSERT_EQUAL(sysctl_read(s, name, text), 0);
	CU_ASSERT_STRING_EQUAL(text, "32768\t60999");
	CU_ASSERT_EQUAL(sysctl_write(s, name, " 1024\t 65535\n"), 0);
	CU_ASSERT_EQUAL(s->sysctl[SYSCTL_IP_LOCAL_PORT_FIRST], 1024);
	CU_ASSERT_EQUAL(s->sysctl[SYSCTL_IP_LOCAL_PORT_LAST], 65535);
	CU_ASSERT_EQUAL(sysctl_write(s, name, "2048"), 0);
	CU_ASSERT_EQUAL(sysctl_read(s, name, text), 0);
	CU_ASSERT_STRING_EQUAL(text, "2048\t65535");
	CU_ASSERT_EQUAL(sysctl_write(s, name, "1 70000"), -EINVAL);
	CU_ASSERT_EQUAL(sysctl_write(s, name, "1 2 3"), -EINVAL);
	CU_ASSERT_EQUAL(sysctl_write(s, name, "1,2"), -EINVAL);
	CU_ASSERT_EQUAL(sysctl_write(s, name, " "), -EINVAL);
	CU_ASSERT_EQUAL(sysctl_write(s, "net.ipv4.no_such", "1"), -ENOENT);
	CU_ASSERT_EQUAL(sysctl_read(s, "net.ipv4.no_such", text), -ENOENT);
	CU_ASSERT_EQUAL(s->sysctl[SYSCTL_IP_LOCAL_PORT_FIRST], 2048);
	lab_free(l);
}

static void netdev_budget_is_that_of_the_loop(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");

	CU_ASSERT_EQUAL(l->loop.budget, 300);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.core.netdev_budget", 17), 0);
	CU_ASSERT_EQUAL(l->loop.budget, 17);
	lab_free(l);
}

static void every_default_lies_in_its_range(void)
{
	for (int i = 0; i < SYSCTL_COUNT; i++)
		CU_ASSERT(sysctl_hosts[i].min <= sysctl_hosts[i].def &&
			sysctl_hosts[i].def <= sysctl_hosts[i].max);
	for (int i = 0; i < CONF_COUNT; i++)
		CU_ASSERT(sysctl_netifs[i].min <= sysctl_netifs[i].def &&
			sysctl_netifs[i].def <= sysctl_netifs[i].max);
}

/* RFC1122-I-05, RFC1122-I-06, RFC1122-I-07, RFC1812-5.3.11 */
static void forwarding_is_off_until_the_switch_is_thrown(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *a = lab_wire(s, "eth0", NULL), *b = lab_wire(s, "eth1", NULL);

	CU_ASSERT_EQUAL(netif_conf(a->netif, CONF_FORWARDING), 0);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.ip_forward", 1), 0);
	CU_ASSERT_EQUAL(netif_conf(a->netif, CONF_FORWARDING), 1);
	CU_ASSERT_EQUAL(netif_conf(lab_wire(s, "eth2", NULL)->netif, CONF_FORWARDING), 1);
	CU_ASSERT_EQUAL(sysctl_set(s, "net.ipv4.conf.eth1.forwarding", 0), 0);
	CU_ASSERT_EQUAL(netif_conf(b->netif, CONF_FORWARDING), 0);
	CU_ASSERT_EQUAL(netif_conf(a->netif, CONF_FORWARDING), 1);
	lab_free(l);
}

static void all_and_the_device_combine_as_in_linux(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct netif *n = lab_wire(s, "eth0", NULL)->netif;

	s->conf_all[CONF_RP_FILTER] = 1;
	n->conf[CONF_RP_FILTER] = 2;
	CU_ASSERT_EQUAL(netif_conf(n, CONF_RP_FILTER), 2); /* the larger */
	n->conf[CONF_RP_FILTER] = 0;
	CU_ASSERT_EQUAL(netif_conf(n, CONF_RP_FILTER), 1);
	s->conf_all[CONF_PROXY_ARP] = 1;
	CU_ASSERT_EQUAL(netif_conf(n, CONF_PROXY_ARP), 1); /* either */
	n->conf[CONF_ACCEPT_REDIRECTS] = 0;
	CU_ASSERT_EQUAL(netif_conf(n, CONF_ACCEPT_REDIRECTS), 1); /* a host: either */
	n->conf[CONF_FORWARDING] = 1;
	CU_ASSERT_EQUAL(netif_conf(n, CONF_ACCEPT_REDIRECTS), 0); /* a router: both */
	lab_free(l);
}

static void congestion_control_has_names(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	char text[SYSCTL_TEXT_LEN];

	CU_ASSERT_EQUAL(sysctl_read(s, "net.ipv4.tcp_congestion_control", text), 0);
	CU_ASSERT_STRING_EQUAL(text, "cubic");
	CU_ASSERT_EQUAL(sysctl_write(s, "net.ipv4.tcp_congestion_control", "reno\n"), 0);
	CU_ASSERT_EQUAL(sysctl_read(s, "net/ipv4/tcp_congestion_control", text), 0);
	CU_ASSERT_STRING_EQUAL(text, "reno");
	CU_ASSERT_EQUAL(sysctl_write(s, "net.ipv4.tcp_congestion_control", "bbr"), -EINVAL);
	CU_ASSERT_EQUAL(sysctl_write(s, "net.ipv4.tcp_congestion_control", ""), -EINVAL);
	CU_ASSERT_EQUAL(sysctl_read(s, "net.ipv4.tcp_available_congestion_control", text), 0);
	CU_ASSERT_STRING_EQUAL(text, "reno cubic");
	lab_free(l);
}

static void count(void *ctx, const char *name, const char *value, const char *help)
{
	int *n = ctx;

	CU_ASSERT(strncmp(name, "net.", 4) == 0 && *value && *help);
	++*n;
}

static void listing_shows_every_setting_of_every_interface(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	int before = 0, after = 0;

	sysctl_each(s, count, &before);
	lab_wire(s, "eth0", NULL);
	sysctl_each(s, count, &after);
	CU_ASSERT_EQUAL(after - before, CONF_COUNT);
	lab_free(l);
}

SUITE(net_sysctl, T(names_take_dots_or_slashes), T(wrong_names_and_values_change_nothing),
	T(a_setting_may_have_several_values), T(netdev_budget_is_that_of_the_loop),
	T(every_default_lies_in_its_range), T(congestion_control_has_names),
	T(forwarding_is_off_until_the_switch_is_thrown), T(all_and_the_device_combine_as_in_linux),
	T(listing_shows_every_setting_of_every_interface))
