/* SPDX-License-Identifier: MIT */
/* dhclient and udhcpc on h1, with a server on r. */
#include "tests/unit/shell/bench.h"

#include "net/netif.h"
#include "net/resolver.h"

#define SERVER \
	"on r dhcpd -q --dns 10.0.1.53 --domain lab.example --mtu 1400 eth0 10.0.1.100,10.0.1.101,1h &\n"

static bool says(const struct bench *b, const char *text)
{
	bool found = strstr(b->text, text) != NULL;

	if (!found)
		printf("no \"%s\" in:\n%s", text, b->text);
	return found;
}

/* h1 has no address, and r serves. */
static struct bench *begin(const char *server)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b, "ip addr flush dev eth0; ip link set eth0 down"), 0);
	CU_ASSERT_EQUAL(bench_run(b, server), 0);
	return b;
}

static struct dev *eth0(const struct bench *b)
{
	return dev_by_name(b->h1, "eth0");
}

static bool has_address(const struct bench *b, const char *addr)
{
	return netif_addr_find(eth0(b)->netif, lab_ip(addr)) != NULL;
}

static void quietly_everything_is_set(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "dhclient eth0"), 0);
	CU_ASSERT_STRING_EQUAL(b->text, "");
	CU_ASSERT(has_address(b, "10.0.1.100"));
	CU_ASSERT_EQUAL(
		netif_addr_find(eth0(b)->netif, lab_ip("10.0.1.100"))->broadcast, lab_ip("10.0.1.255"));
	CU_ASSERT_EQUAL(eth0(b)->mtu, 1400);
	CU_ASSERT_EQUAL(b->h1->resolver->servers[0], lab_ip("10.0.1.53"));
	bench_run(b, "ip route; cat /etc/resolv.conf; ip addr show eth0");
	CU_ASSERT(says(b, "default via 10.0.1.254 dev eth0"));
	CU_ASSERT(says(b, "search lab.example\nnameserver 10.0.1.53\n"));
	CU_ASSERT(says(b, "scope global dynamic eth0\n       valid_lft 359"));
	bench_free(b);
}

static void verbosely_in_the_words_of_isc(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "dhclient -v eth0"), 0);
	CU_ASSERT(says(b,
		"Sending on   Socket/fallback\n"
		"DHCPDISCOVER on eth0 to 255.255.255.255 port 67 interval "));
	CU_ASSERT(says(b,
		"\nDHCPOFFER of 10.0.1.100 from 10.0.1.254\n"
		"DHCPREQUEST for 10.0.1.100 on eth0 to 255.255.255.255 port 67\n"
		"DHCPACK of 10.0.1.100 from 10.0.1.254\n"
		"bound to 10.0.1.100 -- renewal in "));
	bench_free(b);
}

static void in_the_background_it_renews_and_says_nothing(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "dhclient -v eth0"), 0);
	CU_ASSERT_EQUAL(bench_run(b, "sleep 7200"), 0);
	CU_ASSERT_STRING_EQUAL(b->text, "");
	CU_ASSERT(has_address(b, "10.0.1.100"));
	bench_free(b);
}

static void released_everything_is_gone(void)
{
	struct bench *b = begin(SERVER);

	bench_run(b, "dhclient eth0");
	CU_ASSERT_EQUAL(bench_run(b, "dhclient -v -r eth0"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		"Killed old client process\nDHCPRELEASE of 10.0.1.100 on eth0 to 10.0.1.254 port 67\n");
	CU_ASSERT_FALSE(has_address(b, "10.0.1.100"));
	CU_ASSERT_PTR_NULL(b->h1->resolver);
	CU_ASSERT_EQUAL(bench_run(b, "ip route; dhclient -r"), 0);
	CU_ASSERT_STRING_EQUAL(b->text, "");
	bench_run(b, "on r dhcpd leases");
	CU_ASSERT(says(b, "free  h1"));
	bench_free(b);
}

/* What it had is asked for again, unless it was given back. */
static void what_was_dropped_is_remembered(void)
{
	struct bench *b = begin(SERVER);

	bench_run(b, "dhclient eth0; dhclient -x eth0");
	CU_ASSERT_STRING_EQUAL(b->text, "Killed old client process\n");
	CU_ASSERT_FALSE(has_address(b, "10.0.1.100"));
	bench_run(b, "dhclient -v eth0");
	CU_ASSERT(says(b, "fallback\nDHCPREQUEST for 10.0.1.100"));
	bench_run(b, "dhclient -v eth0"); /* in the place of the one that runs */
	CU_ASSERT(says(b, "fallback\nDHCPREQUEST for 10.0.1.100"));
	bench_run(b, "dhclient -r; dhclient -v eth0");
	CU_ASSERT(says(b, "fallback\nDHCPDISCOVER"));
	bench_free(b);
}

static void without_a_server(void)
{
	struct bench *b = begin("true");

	CU_ASSERT_EQUAL(bench_run(b, "dhclient -v -1 eth0"), 2);
	CU_ASSERT(says(b, "No DHCPOFFERS received.\nUnable to obtain a lease on first try.  Exiting.\n"));
	CU_ASSERT_EQUAL(bench_run(b, "dhclient -v eth0"), 0);
	CU_ASSERT(says(b, "No DHCPOFFERS received.\nNo working leases in persistent database - sleeping.\n"));
	CU_ASSERT_EQUAL(bench_run(b, SERVER "sleep 310"), 0);
	CU_ASSERT(has_address(b, "10.0.1.100"));
	CU_ASSERT_EQUAL(bench_run(b, "dhclient -r; udhcpc -n -i eth0"), 0);
	CU_ASSERT(says(b, "udhcpc: lease of 10.0.1.100 obtained from 10.0.1.254, lease time 3600\n"));
	bench_free(b);
}

static void not_waiting(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "dhclient -nw eth0"), 0);
	CU_ASSERT_FALSE(has_address(b, "10.0.1.100"));
	CU_ASSERT_EQUAL(bench_run(b, "sleep 10"), 0);
	CU_ASSERT(has_address(b, "10.0.1.100"));
	bench_free(b);
}

static void stopped_while_it_waits_it_ends(void)
{
	struct bench *b = begin("true");

	CU_ASSERT_EQUAL(bench_run(b, "dhclient eth0 &\nsleep 1; kill -INT %1; wait %1"), 130);
	CU_ASSERT_EQUAL(bench_run(b, "dhclient -r"), 0);
	CU_ASSERT_STRING_EQUAL(b->text, ""); /* none runs */
	bench_free(b);
}

static void in_the_foreground_it_goes_on(void)
{
	struct bench *b = begin(SERVER);

	bench_run(b, "dhclient -d eth0 &\nsleep 4000; kill -INT %2; wait %2");
	CU_ASSERT(says(b, "DHCPREQUEST for 10.0.1.100 on eth0 to 10.0.1.254 port 67\n"));
	CU_ASSERT_FALSE(has_address(b, "10.0.1.100"));
	bench_free(b);
}

static void all_devices_and_none(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "ip link add d0 type dummy; dhclient"), 0);
	CU_ASSERT(has_address(b, "10.0.1.100"));
	CU_ASSERT_EQUAL(bench_run(b, "dhclient nosuch"), 1);
	CU_ASSERT_STRING_EQUAL(b->text, "Cannot find device \"nosuch\"\n");
	CU_ASSERT_EQUAL(bench_run(b, "dhclient lo"), 1);
	CU_ASSERT_STRING_EQUAL(b->text, "dhclient: lo is no Ethernet device\n");
	CU_ASSERT_EQUAL(bench_run(b, "ip netns add e; on e dhclient"), 1);
	CU_ASSERT_STRING_EQUAL(b->text, "No broadcast interfaces found - exiting.\n");
	bench_free(b);
}

static void options_that_it_has_not(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "dhclient -6 eth0"), 1);
	CU_ASSERT_STRING_EQUAL(
		b->text, "dhclient: -6: tapir's dhclient has no such thing: there is no IPv6 yet\n");
	CU_ASSERT_EQUAL(bench_run(b, "dhclient -Q eth0"), 2);
	CU_ASSERT_EQUAL(bench_run(b, "dhclient -pf /tmp/p -lf /tmp/l eth0"), 0);
	CU_ASSERT(has_address(b, "10.0.1.100"));
	bench_free(b);
}

/* A host that goes takes its client with it, and so does a device that moves away. */
static void hosts_and_devices_go(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "ip netns add x; ip link set eth0 netns x; on x dhclient eth0"), 0);
	bench_run(b, "on x hostname -I");
	CU_ASSERT_STRING_EQUAL(b->text, "10.0.1.100 \n");
	CU_ASSERT_EQUAL(
		bench_run(b, "on x ip link set eth0 netns h1; sleep 1; on x dhclient -r; ip addr show eth0"),
		0);
	CU_ASSERT(strstr(b->text, "10.0.1.100") == NULL && strstr(b->text, "Killed") == NULL);
	CU_ASSERT_EQUAL(
		bench_run(b, "ip link set eth0 netns x; on x dhclient eth0; ip netns del x; sleep 1"), 0);
	bench_free(b);
}

static void udhcpc_in_the_words_of_busybox(void)
{
	struct bench *b = begin(SERVER);

	CU_ASSERT_EQUAL(bench_run(b, "udhcpc -i eth0 -q"), 0);
	CU_ASSERT_STRING_EQUAL(b->text,
		"udhcpc: started\n"
		"udhcpc: broadcasting discover\n"
		"udhcpc: broadcasting select for 10.0.1.100, server 10.0.1.254\n"
		"udhcpc: lease of 10.0.1.100 obtained from 10.0.1.254, lease time 3600\n");
	CU_ASSERT_EQUAL(bench_run(b, "udhcpc -i nosuch"), 1);
	bench_run(b, "udhcpc -f -R &\nsleep 10; kill -INT %2; wait %2");
	CU_ASSERT(says(b, "udhcpc: unicasting a release of 10.0.1.100 to 10.0.1.254\n"));
	bench_free(b);
}

static void udhcpc_without_a_server(void)
{
	struct bench *b = begin("true");

	CU_ASSERT_EQUAL(bench_run(b, "udhcpc -n"), 1);
	CU_ASSERT(says(b, "udhcpc: no lease, failing\n"));
	CU_ASSERT_EQUAL(bench_run(b, "udhcpc -b"), 0);
	CU_ASSERT(says(b, "udhcpc: no lease\n"));
	bench_free(b);
}

SUITE(shell_cmd_dhclient, T(quietly_everything_is_set), T(verbosely_in_the_words_of_isc),
	T(in_the_background_it_renews_and_says_nothing), T(released_everything_is_gone),
	T(what_was_dropped_is_remembered), T(without_a_server), T(not_waiting),
	T(stopped_while_it_waits_it_ends), T(in_the_foreground_it_goes_on), T(all_devices_and_none),
	T(options_that_it_has_not), T(hosts_and_devices_go), T(udhcpc_in_the_words_of_busybox),
	T(udhcpc_without_a_server))
