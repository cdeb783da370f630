/* SPDX-License-Identifier: MIT */
/* dhcpd on h1. */
#include "tests/unit/shell/bench.h"

#include "app/dhcp_client.h"

#define FAILS(args, status, expected) BENCH_PRINTS("dhcpd " args, status, expected)

static void mistakes_are_told(void)
{
	FAILS("nosuch 10.0.1.5-10.0.1.9", 1, "dhcpd: nosuch: No such device\n");
	FAILS("lo 127.0.0.5-127.0.0.9", 1, "dhcpd: lo: no Ethernet device\n");
	FAILS("eth0 10.0.2.5-10.0.2.9", 1,
		"dhcpd: eth0 has no address in the network of 10.0.2.5 and 10.0.2.9\n");
	FAILS("eth0 10.0.1.5-10.0.2.9", 1,
		"dhcpd: eth0 has no address in the network of 10.0.1.5 and 10.0.2.9\n");
	FAILS("eth0 10.0.1.9-10.0.1.5", 1, "dhcpd: eth0: range: Invalid argument\n");
	FAILS("--lease 9 eth0 10.0.1.5-10.0.1.9", 2,
		"dhcpd: 9: a lease lasts 10 seconds or more: 3600, 10m, 12h, 2d, infinite\n");
	FAILS("--lease -3 eth0 10.0.1.5-10.0.1.9", 2,
		"dhcpd: -3: a lease lasts 10 seconds or more: 3600, 10m, 12h, 2d, infinite\n");
	FAILS("--lease 999999w eth0 10.0.1.5-10.0.1.9", 2,
		"dhcpd: 999999w: a lease lasts 10 seconds or more: 3600, 10m, 12h, 2d, infinite\n");
	FAILS("--dns 1.1.1 eth0 10.0.1.5-10.0.1.9", 2, "dhcpd: 1.1.1 is no address, or one too many\n");
	FAILS("--host 02:00:00:00:00:09 eth0 10.0.1.5-10.0.1.9", 2,
		"dhcpd: --host wants MAC,ADDRESS or MAC,ADDRESS,NAME\n");
	FAILS("--host 02:00:00:00:00:09,10.0.1.5 --host 02:00:00:00:00:09,10.0.1.6 eth0 10.0.1.5-10.0.1.9", 1,
		"dhcpd: --host 02:00:00:00:00:09,10.0.1.6: File exists\n");
	FAILS("leases", 1, "dhcpd: no server runs here\n");
}

static void words_that_are_missing_or_wrong_show_the_usage(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b, "dhcpd eth0"), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text,
		"dhcpd: a device and a range of addresses (10.0.0.100-10.0.0.199) are needed\nUsage: "
		"dhcpd "));
	CU_ASSERT_EQUAL(bench_run(b, "dhcpd eth0 10.0.1.5"), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "dhcpd: 10.0.1.5 is no range: "));
	CU_ASSERT_EQUAL(bench_run(b, "dhcpd --nosuch eth0 10.0.1.5-10.0.1.9"), 2);
	bench_free(b);
}

static void two_on_one_device_do_not_go(void)
{
	BENCH_PRINTS("dhcpd eth0 10.0.1.5-10.0.1.9 &\nsleep 1; dhcpd eth0 10.0.1.5-10.0.1.9", 1,
		"dhcpd: eth0: bind: Address already in use\n");
}

static void what_is_heard_and_sent_is_printed_and_listed(void)
{
	struct bench *b = bench_new();
	struct dev *d = dev_by_name(b->r, "eth0");

	CU_ASSERT_EQUAL(dev_set_mac(d, (struct mac){{2, 0, 0, 0, 0, 9}}), 0);
	bench_run(b, "dhcpd --host 02:00:00:00:00:09,10.0.1.77,router eth0 10.0.1.5,10.0.1.9,12h &");
	CU_ASSERT_EQUAL(bench_run(b, "on r udhcpc 2>/dev/null"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		"DHCPDISCOVER from 02:00:00:00:00:09 (r) via eth0\n"
		"DHCPOFFER on 10.0.1.77 to 02:00:00:00:00:09 (r) via eth0\n"
		"DHCPREQUEST for 10.0.1.77 from 02:00:00:00:00:09 (r) via eth0\n"
		"DHCPACK on 10.0.1.77 to 02:00:00:00:00:09 (r) via eth0\n");
	bench_run(b, "dhcpd leases eth0; dhcpd leases eth1");
	CU_ASSERT_STRING_EQUAL(b->text,
		"eth0: 10.0.1.5 to 10.0.1.9\n"
		"  10.0.1.77        02:00:00:00:00:09  leased for 43200 s  fixed  router\n"
		"dhcpd: no server runs here\n");
	bench_run(b, "on r dhclient -r 2>/dev/null; sleep 1; kill -INT %1; wait %1; dhcpd leases");
	CU_ASSERT_STRING_EQUAL(b->text,
		"DHCPRELEASE of 10.0.1.77 from 02:00:00:00:00:09 via eth0\ndhcpd: no server runs here\n");
	bench_free(b);
}

static void its_device_goes(void)
{
	struct bench *b = bench_new();

	bench_run(b, "dhcpd eth0 10.0.1.5-10.0.1.9 &\nsleep 1; ip link del eth0; wait %1");
	CU_ASSERT_STRING_EQUAL(b->text, "dhcpd: eth0: No such device\n");
	bench_free(b);
}

static void ignore(struct dhcp_client *c, const struct dhcp_client_event *e, void *ctx)
{
	(void)c;
	(void)e;
	(void)ctx;
}

/* The name of a client with octets that a terminal would obey, and with those that printf() would. */
static void stack_shell_injection(void)
{
	struct bench *b = bench_new();
	struct dev *d = dev_by_name(b->r, "eth0");
	struct dhcp_client_config cfg = {
		.ifindex = d->ifindex, .mac = d->mac, .hostname = "\33[2J%n%s\r", .timeout_s = 60};
	struct dhcp_client *c;
	const char *step;

	bench_run(b, "dhcpd eth0 10.0.1.5-10.0.1.9 &");
	c = dhcp_client_new(&b->lab->loop, b->r, &cfg, ignore, NULL, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	dhcp_client_start(c);
	bench_run(b, "sleep 1; dhcpd leases");
	dhcp_client_free(c);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "(?[2J%n%s?) via eth0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "leased for 3599 s  ?[2J%n%s?\n"));
	CU_ASSERT_PTR_NULL(strchr(b->text, '\33'));
	CU_ASSERT_PTR_NULL(strchr(b->text, '\r'));
	bench_free(b);
}

SUITE(shell_cmd_dhcpd, T(mistakes_are_told), T(words_that_are_missing_or_wrong_show_the_usage),
	T(two_on_one_device_do_not_go), T(what_is_heard_and_sent_is_printed_and_listed), T(its_device_goes),
	T(stack_shell_injection))
