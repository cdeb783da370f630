/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/typed.h"

/* ---- making ---- */

static const char *const orders[] = {
	"ip link add veth0 type veth peer name veth1",
	"ip link add name veth0 type veth peer name veth1",
	"ip link add dev veth0 type veth peer name veth1",
	"ip l a veth0 type veth peer name veth1",
	"ip link add veth0 type veth peer veth1",
	"ip link add veth0 type veth peer dev veth1",
	"ip link add veth0 mtu 1500 type veth peer name veth1",
	"ip link add type veth",
};

static void every_order_of_words_makes_the_same_pair(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct typed *t = typed_new();
		bool anonymous = i + 1 == ARRAY_SIZE(orders); /* then the peer, made first, is veth0 */

		TYPE(t, orders[i], "");
		struct dev *a = dev_by_name(t->h1, anonymous ? "veth1" : "veth0");
		struct dev *b = dev_by_name(t->h1, anonymous ? "veth0" : "veth1");
		CU_ASSERT_PTR_NOT_NULL_FATAL(a);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b);
		CU_ASSERT_PTR_EQUAL(a->link, b);
		CU_ASSERT_EQUAL(a->ifindex, 3);
		CU_ASSERT_EQUAL(b->ifindex, 2);
		typed_free(t);
	}
}

static void each_end_has_its_own_address_mtu_and_host(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip netns add h2", "");
	TYPE(t,
		"ip link add v0 address 02:00:00:00:00:01 mtu 1400 type veth "
		"peer name v1 address 02:00:00:00:00:02 mtu 1300 netns h2",
		"");
	TYPE(t, "ip link show v0",
		"2: v0@if2: <BROADCAST,MULTICAST> mtu 1400 qdisc noop state DOWN mode DEFAULT group default "
		"qlen 1000\n"
		"    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netns h2\n");
	TYPE(t, "ip -n h2 link show v1",
		"2: v1@if2: <BROADCAST,MULTICAST> mtu 1300 qdisc noop state DOWN mode DEFAULT group default "
		"qlen 1000\n"
		"    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff link-netns h1\n");
	typed_free(t);
}

static void a_pair_may_begin_on_another_host(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip netns add h2; ip link add v0 netns h2 type veth peer name v1", "");
	CU_ASSERT_PTR_NOT_NULL(dev_by_name(stack_by_name(&t->lab->world, "h2"), "v0"));
	CU_ASSERT_PTR_NOT_NULL(dev_by_name(t->h1, "v1"));
	typed_free(t);
}

static void both_ends_go_together(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip link add v0 type veth peer name v1; ip link del v1; ip -br link",
		"lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \n");
	typed_free(t);
}

static void a_failed_pair_leaves_nothing(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip link add v0 type veth peer name v1", "");
	TYPE_STATUS(t, "ip link add v2 type veth peer name v1", "RTNETLINK answers: File exists\n", 2);
	TYPE_STATUS(t, "ip link add v0 type veth peer name v9", "RTNETLINK answers: File exists\n", 2);
	TYPE_STATUS(t, "ip link add v2 type veth peer v3 foo",
		"Error: either \"dev\" is duplicate, or \"foo\" is a garbage.\n", 255);
	CU_ASSERT_PTR_NULL(dev_by_name(t->h1, "v2"));
	CU_ASSERT_PTR_NULL(dev_by_name(t->h1, "v9"));
	typed_free(t);
}

#define UNKNOWN_KIND                                                                                       \
	"Error: Unknown device type.\n"                                                                    \
	"tapir has so far: veth bridge hub dummy macvlan macvtap vlan ipvlan; tap and tun are options of " \
	"tapir itself\n"

static void bad_requests_are_refused_as_iproute2_does(void)
{
	static const struct {
		const char *line, *says;
		int status;
	} cases[] = {
		{"ip link add foo type bar", UNKNOWN_KIND, 2},
		{"ip link add link lo name foo type macvlan mode bridge",
			"RTNETLINK answers: Invalid argument\n", 2},
		{"ip link add link v0 name foo type macvlan mode brigde",
			"Error: argument of \"mode\" must be \"private\", \"vepa\", \"bridge\", \"passthru\" "
			"or "
			"\"source\", not \"brigde\"\n",
			1},
		{"ip link add name foo type vlan id 1",
			"vlan: a device to stand on is needed: ip link add link DEVICE name NAME type vlan\n",
			1},
		{"ip link add foo", "Not enough information: \"type\" argument is required\n", 1},
		{"ip link add x/y type veth",
			"Error: argument \"x/y\" is wrong: \"name\" not a valid ifname\n", 255},
		{"ip link add d type dummy foo", "Usage: ip link <options> type dummy\n", 1},
		{"ip link del nodev", "Cannot find device \"nodev\"\n", 1},
		{"ip link del lo", "RTNETLINK answers: Operation not supported\n", 2},
		{"ip link del", "Not enough information: \"dev\" argument is required.\n", 255},
		{"ip link set nodev up", "Cannot find device \"nodev\"\n", 1},
		{"ip link set", "Not enough information: \"dev\" argument is required.\n", 255},
		{"ip link set v0 foo", "Error: either \"dev\" is duplicate, or \"foo\" is a garbage.\n", 255},
		{"ip link set v0 mtu", "Command line is not complete. Try option \"help\"\n", 255},
		{"ip link set v0 mtu 20", "Error: mtu less than device minimum.\n", 2},
		{"ip link set v0 mtu 70000", "Error: mtu greater than device maximum.\n", 2},
		{"ip link set v0 mtu abc", "Error: argument \"abc\" is wrong: Invalid \"mtu\" value\n\n",
			255},
		{"ip link set v0 address 01:00:00:00:00:01",
			"RTNETLINK answers: Cannot assign requested address\n", 2},
		{"ip link set v0 address zz", "\"zz\" is invalid lladdr.\n", 1},
		{"ip link set v0 name v1", "RTNETLINK answers: File exists\n", 2},
		{"ip link set v0 netns nons",
			"Error: argument \"nons\" is wrong: Invalid \"netns\" value\n\n", 255},
		{"ip link set v0 master nodev",
			"Error: argument \"nodev\" is wrong: Device does not exist\n\n", 255},
		{"ip link set v0 master v1", "RTNETLINK answers: Operation not supported\n", 2},
		{"ip link set v0 promisc maybe",
			"Error: argument of \"promisc\" must be \"on\" or \"off\", not \"maybe\"\n", 1},
		{"ip link show nodev", "Device \"nodev\" does not exist.\n", 1},
		{"ip link foo", "Command \"foo\" is unknown, try \"ip link help\".\n", 255},
		{"ip foo", "Object \"foo\" is unknown, try \"ip help\".\n", 1},
		{"ip -x", "Option \"-x\" is unknown, try \"ip -help\".\n", 255},
		{"ip -n nons link", "Cannot open network namespace \"nons\": No such file or directory\n",
			255},
		{"ip -6 addr", "ip: inet6 is out of scope: tapir speaks IPv4 (RFC 791) and nothing else\n",
			1},
	};
	struct typed *t = typed_new();

	type(t, "ip link add v0 type veth peer name v1");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		TYPE_STATUS(t, cases[i].line, cases[i].says, cases[i].status);
	typed_free(t);
}

/* ---- setting ---- */

static void words_come_in_any_order(void)
{
	static const char *const lines[] = {"ip link set v0 up", "ip link set dev v0 up",
		"ip link set up dev v0", "ip link set up v0", "ip l s v0 up"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct typed *t = typed_new();
		type(t, "ip link add v0 type veth peer name v1");
		TYPE(t, lines[i], "");
		CU_ASSERT(dev_by_name(t->h1, "v0")->flags & DEV_UP);
		typed_free(t);
	}
}

static void flags_are_shown_in_the_order_of_iproute2(void)
{
	struct typed *t = typed_new();

	type(t, "ip link add v0 address 02:00:00:00:00:01 type veth peer name v1");
	TYPE(t, "ip link set v0 up promisc on multicast off arp off allmulticast on", "");
	TYPE(t, "ip -br link show v0",
		"v0@v1            LOWERLAYERDOWN 02:00:00:00:00:01 "
		"<NO-CARRIER,BROADCAST,NOARP,ALLMULTI,PROMISC,UP,M-DOWN> \n");
	TYPE(t, "ip link set v0 promisc off multicast on arp on allmulticast off; ip link set v1 up", "");
	TYPE(t, "ip -br link show v0",
		"v0@v1            UP             02:00:00:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP> \n");
	typed_free(t);
}

static void a_device_moves_to_another_host_under_a_new_name(void)
{
	struct typed *t = typed_new();

	TYPE(t, "ip netns add h2; ip link add v0 type veth peer name v1; ip link set v1 netns h2 name eth0",
		"");
	CU_ASSERT_PTR_NULL(dev_by_name(t->h1, "v1"));
	CU_ASSERT_PTR_NOT_NULL(dev_by_name(stack_by_name(&t->lab->world, "h2"), "eth0"));
	TYPE_STATUS(t, "ip link set lo netns h2", "RTNETLINK answers: Invalid argument\n", 2);
	typed_free(t);
}

static void a_port_shows_its_hub(void)
{
	struct typed *t = typed_new();

	type(t, "ip link add hub0 type hub; ip link add v0 address 02:00:00:00:00:01 type veth peer name v1");
	TYPE(t, "ip link set v0 master hub0; ip link show master hub0",
		"4: v0@v1: <BROADCAST,MULTICAST,M-DOWN> mtu 1500 qdisc noop master hub0 state DOWN mode "
		"DEFAULT "
		"group default qlen 1000\n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n");
	TYPE(t, "ip link set v0 nomaster; ip link show master hub0", "");
	typed_free(t);
}

/* ---- showing ---- */

static void one_description_gives_text_and_json(void)
{
	struct typed *t = typed_new();

	type(t, "ip link add v0 address 02:00:00:00:00:01 type veth peer name v1");
	TYPE(t, "ip -j link show v0",
		"[{\"ifindex\":3,\"link\":\"v1\",\"ifname\":\"v0\",\"flags\":[\"BROADCAST\",\"MULTICAST\","
		"\"M-DOWN\"],\"mtu\":1500,\"qdisc\":\"noop\",\"operstate\":\"DOWN\",\"linkmode\":\"DEFAULT\","
		"\"group\":\"default\",\"txqlen\":1000,\"link_type\":\"ether\","
		"\"address\":\"02:00:00:00:00:01\",\"broadcast\":\"ff:ff:ff:ff:ff:ff\"}]\n");
	TYPE(t, "ip -o link show v0",
		"3: v0@v1: <BROADCAST,MULTICAST,M-DOWN> mtu 1500 qdisc noop state DOWN mode DEFAULT group "
		"default qlen 1000\\    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n");
	TYPE(t, "ip -c -br link show v0",
		"\033[36mv0@v1            \033[0m\033[31mDOWN           \033[0m\033[33m02:00:00:00:00:01 "
		"\033[0m<BROADCAST,MULTICAST,M-DOWN> \n");
	TYPE(t, "ip -j link show type dummy", "[]\n");
	typed_free(t);
}

static void statistics_are_columns_as_wide_as_their_numbers(void)
{
	struct typed *t = typed_new();

	t->h1->lo->stats.rx_bytes = UINT64_C(123456789012);
	t->h1->lo->stats.rx_dropped = 7;
	TYPE(t, "ip -s -s link show lo",
		"1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group "
		"default "
		"qlen 1000\n"
		"    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
		"    RX:    bytes packets errors dropped  missed   mcast           \n"
		"    123456789012       0      0       7       0       0 \n"
		"    RX   errors:  length    crc   frame    fifo overrun\n"
		"                       0      0       0       0       0 \n"
		"    TX:  bytes packets errors dropped carrier collsns           \n"
		"             0       0      0       0       0       0 \n"
		"    TX errors: aborted   fifo  window heartbt transns\n"
		"                     0      0       0       0       0 \n");
	typed_free(t);
}

static void filters_choose_devices(void)
{
	struct typed *t = typed_new();

	type(t, "ip link add v0 type veth peer name v1; ip link add d0 type dummy; ip link set d0 up");
	type(t, "ip -br link show type dummy");
	CU_ASSERT_NSTRING_EQUAL(t->text, "d0               UNKNOWN", 24);
	type(t, "ip -br link show up");
	CU_ASSERT_PTR_NULL(strstr(t->text, "v0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "d0"));
	typed_free(t);
}

SUITE(shell_ip_link, T(every_order_of_words_makes_the_same_pair),
	T(each_end_has_its_own_address_mtu_and_host), T(a_pair_may_begin_on_another_host),
	T(both_ends_go_together), T(a_failed_pair_leaves_nothing),
	T(bad_requests_are_refused_as_iproute2_does), T(words_come_in_any_order),
	T(flags_are_shown_in_the_order_of_iproute2), T(a_device_moves_to_another_host_under_a_new_name),
	T(a_port_shows_its_hub), T(one_description_gives_text_and_json),
	T(statistics_are_columns_as_wide_as_their_numbers), T(filters_choose_devices))
