/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/typed.h"

static struct typed *with_pair(void)
{
	struct typed *t = typed_new();

	TYPE(t,
		"ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02;"
		"ip link set v0 up; ip link set v1 up",
		"");
	return t;
}

#define V0                                                                                                \
	"3: v0@v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen " \
	"1000\n"
#define ETHER	"    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
#define FOREVER "       valid_lft forever preferred_lft forever\n"

static void the_first_of_a_subnet_is_primary_the_others_secondary(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ip addr add 10.0.0.1/24 dev v0; ip addr add 10.0.0.3/24 brd + dev v0", "");
	TYPE(t, "ip addr add 10.0.0.4/24 broadcast 10.0.0.255 dev v0 label v0:1", "");
	TYPE(t, "ip addr add 10.1.0.1/30 brd - dev v0 scope link", "");
	TYPE(t, "ip addr show v0",
		V0 ETHER "    inet 10.0.0.1/24 scope global v0\n" FOREVER
			 "    inet 10.1.0.1/30 brd 10.1.0.0 scope link v0\n" FOREVER
			 "    inet 10.0.0.3/24 brd 10.0.0.255 scope global secondary v0\n" FOREVER
			 "    inet 10.0.0.4/24 brd 10.0.0.255 scope global secondary v0:1\n" FOREVER);
	typed_free(t);
}

static void secondaries_go_with_their_primary(void)
{
	struct typed *t = with_pair();

	type(t, "ip addr add 10.0.0.1/24 dev v0; ip addr add 10.0.0.2/24 dev v0");
	TYPE(t, "ip addr del 10.0.0.1/24 dev v0; ip -br addr show v0", "v0@v1            UP             \n");
	type(t, "sysctl -w net.ipv4.conf.v0.promote_secondaries=1");
	typed_free(t);
}

static void a_peer_carries_the_prefix(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ip addr add 10.5.0.1 peer 10.5.0.2/32 dev v0; ip -br a s v0",
		"v0@v1            UP             10.5.0.1 peer 10.5.0.2/32 \n");
	TYPE(t, "ip -j -br addr show v0",
		"[{\"link\":\"v1\",\"ifname\":\"v0\",\"operstate\":\"UP\",\"addr_info\":[{\"local\":\"10.5.0."
		"1\","
		"\"address\":\"10.5.0.2\",\"prefixlen\":32}]}]\n");
	typed_free(t);
}

static void json_has_the_names_of_iproute2(void)
{
	struct typed *t = with_pair();

	type(t, "ip addr add 10.0.0.1/24 brd + dev v0; ip addr add 10.0.0.3/24 dev v0");
	TYPE(t, "ip -j addr show v0",
		"[{\"ifindex\":3,\"link\":\"v1\",\"ifname\":\"v0\",\"flags\":[\"BROADCAST\",\"MULTICAST\","
		"\"UP\","
		"\"LOWER_UP\"],\"mtu\":1500,\"qdisc\":\"noqueue\",\"operstate\":\"UP\",\"group\":\"default\","
		"\"txqlen\":1000,\"link_type\":\"ether\",\"address\":\"02:00:00:00:00:01\","
		"\"broadcast\":\"ff:ff:ff:ff:ff:ff\",\"addr_info\":[{\"family\":\"inet\",\"local\":\"10.0.0."
		"1\","
		"\"prefixlen\":24,\"broadcast\":\"10.0.0.255\",\"scope\":\"global\",\"label\":\"v0\","
		"\"valid_life_time\":4294967295,\"preferred_life_time\":4294967295},{\"family\":\"inet\","
		"\"local\":\"10.0.0.3\",\"prefixlen\":24,\"scope\":\"global\",\"secondary\":true,"
		"\"label\":\"v0\",\"valid_life_time\":4294967295,\"preferred_life_time\":4294967295}]}]\n");
	typed_free(t);
}

static void one_line_has_the_device_and_no_link(void)
{
	struct typed *t = with_pair();

	type(t, "ip addr add 10.0.0.1/24 dev v0");
	TYPE(t, "ip -o addr show",
		"1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n"
		"3: v0    inet 10.0.0.1/24 scope global v0\\       valid_lft forever preferred_lft "
		"forever\n");
	typed_free(t);
}

static void filters_choose_as_iproute2_does(void)
{
	struct typed *t = with_pair();

	type(t, "ip addr add 10.0.0.1/24 dev v0; ip addr add 10.8.0.1/24 dev v0 label v0:x");
	TYPE(t, "ip -4 addr show v0",
		V0 "    inet 10.0.0.1/24 scope global v0\n" FOREVER
		   "    inet 10.8.0.1/24 scope global v0:x\n" FOREVER);
	TYPE(t, "ip -br addr show to 10.8.0.0/16", "v0@v1            UP             10.8.0.1/24 \n");
	TYPE(t, "ip -br addr show label v0:*", "v0@v1            UP             10.8.0.1/24 \n");
	TYPE(t, "ip addr show label v0:*", "    inet 10.8.0.1/24 scope global v0:x\n" FOREVER);
	TYPE(t, "ip -br addr show scope host",
		"lo               UNKNOWN        127.0.0.1/8 \nv1@v0            UP             \n");
	TYPE(t, "ip -4 -br addr show secondary", "");
	typed_free(t);
}

static void flush_takes_what_show_takes(void)
{
	struct typed *t = with_pair();

	type(t,
		"ip addr add 10.0.0.1/24 dev v0; ip addr add 10.0.0.2/24 dev v0; ip addr add 10.8.0.1/24 dev "
		"v0");
	TYPE(t, "ip -s addr flush to 10.0.0.0/16",
		"\n*** Round 1, deleting 2 addresses ***\n*** Flush is complete after 1 round ***\n");
	TYPE(t, "ip -br addr show v0", "v0@v1            UP             10.8.0.1/24 \n");
	TYPE(t, "ip -s addr flush to 10.0.0.0/16", "Nothing to flush.\n");
	TYPE(t, "ip addr flush dev v0; ip -4 addr show v0", "");
	TYPE_STATUS(t, "ip addr flush", "Flush requires arguments.\n", 1);
	typed_free(t);
}

static void replace_and_change_touch_what_is_there(void)
{
	struct typed *t = with_pair();

	TYPE_STATUS(
		t, "ip addr change 10.0.0.1/24 dev v0", "RTNETLINK answers: No such file or directory\n", 2);
	TYPE(t, "ip addr replace 10.0.0.1/24 dev v0; ip addr replace 10.0.0.1/24 brd + dev v0", "");
	TYPE(t, "ip -4 -o addr show v0",
		"3: v0    inet 10.0.0.1/24 brd 10.0.0.255 scope global v0\\       valid_lft forever "
		"preferred_lft "
		"forever\n");
	typed_free(t);
}

static void deletion_without_a_length_warns(void)
{
	struct typed *t = with_pair();

	type(t, "ip addr add 10.0.0.1/24 dev v0; ip addr add 10.0.0.9 dev v0");
	TYPE(t, "ip addr del 10.0.0.9 dev v0", "");
	TYPE(t, "ip addr del 10.0.0.1 dev v0",
		"Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
		"         Explicitly specify the prefix length (10.0.0.1/32) to avoid this warning.\n"
		"         This special behaviour is likely to disappear in further releases,\n"
		"         fix your scripts!\n");
	TYPE(t, "ip -4 addr show v0", "");
	typed_free(t);
}

static void bad_requests_are_refused_as_iproute2_does(void)
{
	static const struct {
		const char *line, *says;
		int status;
	} cases[] = {
		{"ip addr add 10.0.0.1/24", "Not enough information: \"dev\" argument is required.\n", 1},
		{"ip addr add 10.0.0.1/24 dev nodev", "Cannot find device \"nodev\"\n", 1},
		{"ip addr add 10.0.0.1/24 dev v0", "RTNETLINK answers: File exists\n", 2},
		{"ip addr add 10.0.0.1/33 dev v0",
			"Error: any valid prefix is expected rather than \"10.0.0.1/33\".\n", 1},
		{"ip addr add foo dev v0", "Error: any valid prefix is expected rather than \"foo\".\n", 1},
		{"ip addr add 224.0.0.1/24 dev v0", "RTNETLINK answers: Invalid argument\n", 2},
		{"ip addr add 0.0.0.0/24 dev v0", "RTNETLINK answers: Invalid argument\n", 2},
		{"ip addr add 10.8.0.2/24 dev v0 scope foo",
			"Error: argument \"foo\" is wrong: invalid scope value.\n", 255},
		{"ip addr add dev v0", "RTNETLINK answers: Operation not supported\n", 2},
		{"ip addr del 10.99.0.1/24 dev v0", "RTNETLINK answers: Cannot assign requested address\n",
			2},
		{"ip addr show nodev", "Device \"nodev\" does not exist.\n", 1},
		{"ip addr foo", "Command \"foo\" is unknown, try \"ip address help\".\n", 255},
	};
	struct typed *t = with_pair();

	type(t, "ip addr add 10.0.0.1/24 dev v0");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		TYPE_STATUS(t, cases[i].line, cases[i].says, cases[i].status);
	typed_free(t);
}

SUITE(shell_ip_addr, T(the_first_of_a_subnet_is_primary_the_others_secondary),
	T(secondaries_go_with_their_primary), T(a_peer_carries_the_prefix), T(json_has_the_names_of_iproute2),
	T(one_line_has_the_device_and_no_link), T(filters_choose_as_iproute2_does),
	T(flush_takes_what_show_takes), T(replace_and_change_touch_what_is_there),
	T(deletion_without_a_length_warns), T(bad_requests_are_refused_as_iproute2_does))
