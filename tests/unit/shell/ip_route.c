/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/typed.h"

#include "ip/ip.h"

static struct typed *with_pair(void)
{
	struct typed *t = typed_new();

	TYPE(t,
		"ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up;"
		"ip addr add 10.0.0.1/24 dev v0",
		"");
	return t;
}

static struct typed *with_routes(void)
{
	struct typed *t = with_pair();

	TYPE(t,
		"ip route add default via 10.0.0.2;"
		"ip route add 10.9.0.0/16 via 10.0.0.2 src 10.0.0.1 metric 5 mtu 1400;"
		"ip route add blackhole 10.10.0.0/16;"
		"ip route add unreachable 10.11.0.0/16 metric 7;"
		"ip route add 10.12.0.1 dev v1 proto static;"
		"ip route add 10.13.0.0/24 via 1.2.3.4 dev v0 onlink",
		"");
	return t;
}

static void routes_are_shown_as_iproute2_shows_them(void)
{
	struct typed *t = with_routes();

	TYPE(t, "ip route",
		"default via 10.0.0.2 dev v0 \n"
		"10.0.0.0/24 dev v0 proto kernel scope link src 10.0.0.1 \n"
		"10.9.0.0/16 via 10.0.0.2 dev v0 src 10.0.0.1 metric 5 mtu 1400 \n"
		"blackhole 10.10.0.0/16 \n"
		"unreachable 10.11.0.0/16 metric 7 \n"
		"10.12.0.1 dev v1 proto static scope link \n"
		"10.13.0.0/24 via 1.2.3.4 dev v0 onlink \n");
	TYPE(t, "ip -d route show root 10.8.0.0/14",
		"unicast 10.9.0.0/16 via 10.0.0.2 dev v0 proto boot scope global src 10.0.0.1 metric 5 mtu "
		"1400 \n"
		"blackhole 10.10.0.0/16 proto boot scope global \n"
		"unreachable 10.11.0.0/16 proto boot scope global metric 7 \n");
	TYPE(t, "ip -j route show root 10.8.0.0/14",
		"[{\"dst\":\"10.9.0.0/16\",\"gateway\":\"10.0.0.2\",\"dev\":\"v0\",\"prefsrc\":\"10.0.0.1\","
		"\"metric\":5,\"flags\":[],\"metrics\":[{\"mtu\":1400}]},"
		"{\"type\":\"blackhole\",\"dst\":\"10.10.0.0/16\",\"flags\":[]},"
		"{\"type\":\"unreachable\",\"dst\":\"10.11.0.0/16\",\"metric\":7,\"flags\":[]}]\n");
	typed_free(t);
}

static void the_local_table_is_named_where_both_are_shown(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ip route show table local",
		"local 10.0.0.1 dev v0 proto kernel scope host src 10.0.0.1 \n"
		"broadcast 10.0.0.255 dev v0 proto kernel scope link src 10.0.0.1 \n"
		"local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 \n"
		"local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 \n"
		"broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1 \n");
	TYPE(t, "ip route show table all dev v0",
		"10.0.0.0/24 proto kernel scope link src 10.0.0.1 \n"
		"local 10.0.0.1 table local proto kernel scope host src 10.0.0.1 \n"
		"broadcast 10.0.0.255 table local proto kernel scope link src 10.0.0.1 \n");
	typed_free(t);
}

static void what_a_filter_fixes_is_not_printed(void)
{
	struct typed *t = with_routes();

	TYPE(t, "ip route show via 10.0.0.2",
		"default dev v0 \n10.9.0.0/16 dev v0 src 10.0.0.1 metric 5 mtu 1400 \n");
	TYPE(t, "ip route show proto kernel", "10.0.0.0/24 dev v0 scope link src 10.0.0.1 \n");
	TYPE(t, "ip route show scope link dev v1", "10.12.0.1 proto static \n");
	TYPE(t, "ip route show type blackhole", "blackhole 10.10.0.0/16 \n");
	TYPE(t, "ip route show match 10.9.0.5",
		"default via 10.0.0.2 dev v0 \n10.9.0.0/16 via 10.0.0.2 dev v0 src 10.0.0.1 metric 5 mtu "
		"1400 \n");
	TYPE(t, "ip route show default", "default via 10.0.0.2 dev v0 \n");
	typed_free(t);
}

static void get_tells_the_way(void)
{
	struct typed *t = with_routes();

	TYPE(t, "ip route get 10.9.1.1",
		"10.9.1.1 via 10.0.0.2 dev v0 src 10.0.0.1 uid 0 \n    cache mtu 1400 \n");
	TYPE(t, "ip ro g 10.0.0.9", "10.0.0.9 dev v0 src 10.0.0.1 uid 0 \n    cache \n");
	TYPE(t, "ip route get 10.0.0.1", "local 10.0.0.1 dev lo src 10.0.0.1 uid 0 \n    cache <local> \n");
	TYPE(t, "ip route get 10.9.1.1 from 10.0.0.1",
		"10.9.1.1 from 10.0.0.1 via 10.0.0.2 dev v0 uid 0 \n    cache mtu 1400 \n");
	TYPE(t, "ip -j route get 127.0.0.1",
		"[{\"type\":\"local\",\"dst\":\"127.0.0.1\",\"dev\":\"lo\",\"prefsrc\":\"127.0.0.1\","
		"\"flags\":[],\"uid\":0,\"cache\":[\"local\"]}]\n");
	TYPE_STATUS(t, "ip route get 10.10.0.1", "RTNETLINK answers: Invalid argument\n", 2);
	TYPE_STATUS(t, "ip route get 10.11.0.1", "RTNETLINK answers: No route to host\n", 2);
	TYPE_STATUS(t, "ip route del default; ip route get 8.8.8.8",
		"RTNETLINK answers: Network is unreachable\n", 2);
	typed_free(t);
}

static void what_was_learned_of_a_destination_is_shown_and_flushed(void)
{
	struct typed *t = with_routes();

	ip_output(t->h1, stack_pkt(t->h1, 100), &(struct ip_send){.dst = lab_ip("8.8.4.4"), .proto = 253});
	route_redirect(t->h1, lab_ip("8.8.8.8"), lab_ip("10.0.0.7"), dev_by_name(t->h1, "v0")->netif);
	route_pmtu_update(t->h1, lab_ip("8.8.4.4"), 1280, 0);
	type(t, "ip route show cache");
	CU_ASSERT_PTR_NOT_NULL(
		strstr(t->text, "8.8.8.8 via 10.0.0.7 dev v0 \n    cache <redirected> expires "));
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "8.8.4.4 dev v0 \n    cache expires 600sec mtu 1280 \n"));
	type(t, "ip route get 8.8.8.8");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text,
		"8.8.8.8 via 10.0.0.7 dev v0 src 10.0.0.1 uid 0 \n"
		"    cache <redirected> expires "));
	TYPE(t, "ip route get 8.8.4.4",
		"8.8.4.4 via 10.0.0.2 dev v0 src 10.0.0.1 uid 0 \n    cache expires 600sec mtu 1280 \n");
	TYPE(t, "ip route flush cache; ip route show cache", "");
	typed_free(t);
}

static void replace_change_and_delete(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ip route add 10.1.0.0/16 via 10.0.0.2; ip route add 10.1.0.0/16 via 10.0.0.3 metric 5", "");
	TYPE_STATUS(t, "ip route add 10.1.0.0/16 via 10.0.0.4", "RTNETLINK answers: File exists\n", 2);
	TYPE(t, "ip route replace 10.1.0.0/16 via 10.0.0.4; ip route show 10.1.0.0/16",
		"10.1.0.0/16 via 10.0.0.4 dev v0 \n10.1.0.0/16 via 10.0.0.3 dev v0 metric 5 \n");
	TYPE_STATUS(t, "ip route change 10.77.0.0/16 via 10.0.0.4",
		"RTNETLINK answers: No such file or directory\n", 2);
	TYPE(t,
		"ip route change 10.1.0.0/16 via 10.0.0.5; ip route del 10.1.0.0/16; ip route show "
		"10.1.0.0/16",
		"10.1.0.0/16 via 10.0.0.3 dev v0 metric 5 \n");
	TYPE_STATUS(t, "ip route del 10.1.0.0/16 via 10.0.0.99", "RTNETLINK answers: No such process\n", 2);
	typed_free(t);
}

static void flush_takes_what_show_takes(void)
{
	struct typed *t = with_routes();

	TYPE(t, "ip -s route flush root 10.8.0.0/14",
		"\n*** Round 1, deleting 3 entries ***\n*** Flush is complete after 1 round ***\n");
	TYPE(t, "ip -s route flush root 10.8.0.0/14", "Nothing to flush.\n");
	TYPE(t, "ip route flush table main; ip route", "");
	TYPE_STATUS(t, "ip route flush", "\"ip route flush\" requires arguments.\n", 1);
	typed_free(t);
}

static void bad_requests_are_refused_as_iproute2_does(void)
{
	static const struct {
		const char *line, *says;
		int status;
	} cases[] = {
		{"ip route add default via 10.99.0.1", "Error: Nexthop has invalid gateway.\n", 2},
		{"ip route add 10.1.0.1/16 via 10.0.0.2", "Error: Invalid prefix for given prefix length.\n",
			2},
		{"ip route add 10.2.0.0/16 via foo", "Error: inet address is expected rather than \"foo\".\n",
			1},
		{"ip route add 10.2.0.0/16", "RTNETLINK answers: No such device\n", 2},
		{"ip route add foo via 10.0.0.2",
			"Error: any valid prefix is expected rather than \"foo\".\n", 1},
		{"ip route add 10.2.0.0/16 dev nodev", "Cannot find device \"nodev\"\n", 1},
		{"ip route add 10.2.0.0/16 dev v0 src 10.99.0.9", "Error: Invalid prefsrc address.\n", 2},
		{"ip route add 10.2.0.0/16 dev v0 metric foo",
			"Error: argument \"foo\" is wrong: \"metric\" value is invalid\n\n", 255},
		{"ip route add 10.2.0.0/16 dev v0 proto foo",
			"Error: argument \"foo\" is wrong: \"protocol\" value is invalid\n\n", 255},
		{"ip route add 10.2.0.0/16 dev v0 scope foo",
			"Error: argument \"foo\" is wrong: invalid \"scope\" value\n\n", 255},
		{"ip route add 10.2.0.0/16 dev v0 table foo",
			"Error: argument \"foo\" is wrong: \"table\" value is invalid\n\n", 255},
		{"ip route add blackhole 10.3.0.0/16 dev v0",
			"Error: Gateway, device and multipath can not be specified for this route type.\n",
			2},
		{"ip route add 10.2.0.0/16 10.3.0.0/16",
			"Error: either \"to\" is duplicate, or \"10.3.0.0/16\" is a garbage.\n", 255},
		{"ip route show table foo", "Error: argument \"foo\" is wrong: table id value is invalid\n\n",
			255},
		{"ip route get", "need at least a destination address\n", 1},
		{"ip route foo", "Command \"foo\" is unknown, try \"ip route help\".\n", 255},
		{"ip link set v0 down; ip route add 10.2.0.0/16 dev v0",
			"Error: Device for nexthop is not up.\n", 2},
	};
	struct typed *t = with_pair();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		TYPE_STATUS(t, cases[i].line, cases[i].says, cases[i].status);
	typed_free(t);
}

SUITE(shell_ip_route, T(routes_are_shown_as_iproute2_shows_them),
	T(the_local_table_is_named_where_both_are_shown), T(what_a_filter_fixes_is_not_printed),
	T(get_tells_the_way), T(what_was_learned_of_a_destination_is_shown_and_flushed),
	T(replace_change_and_delete), T(flush_takes_what_show_takes),
	T(bad_requests_are_refused_as_iproute2_does))
