/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/typed.h"

static void news_of_all_kinds_with_labels(void)
{
	struct typed *t = typed_new();

	type(t, "ip link add v0 address 02:00:00:00:00:01 type veth peer name v1; ip link set v1 up");
	TYPE(t,
		"ip monitor all & sleep 0.1; ip link set v0 mtu 1400; ip addr add 10.0.0.1/24 dev v0; "
		"ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev v0; ip addr del 10.0.0.1/24 dev v0; kill "
		"%1",
		"[LINK]3: v0@v1: <BROADCAST,MULTICAST> mtu 1400 qdisc noop state DOWN group default \n"
		"    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
		"[ADDR]3: v0    inet 10.0.0.1/24 scope global v0\n"
		"       valid_lft forever preferred_lft forever\n"
		"[ROUTE]local 10.0.0.1 dev v0 table local proto kernel scope host src 10.0.0.1 \n"
		"[NEIGH]10.0.0.7 dev v0 lladdr 02:00:00:00:00:07 PERMANENT \n"
		"[ADDR]Deleted 3: v0    inet 10.0.0.1/24 scope global v0\n"
		"       valid_lft forever preferred_lft forever\n"
		"[NEIGH]Deleted 10.0.0.7 dev v0 lladdr 02:00:00:00:00:07 PERMANENT \n"
		"[ROUTE]Deleted local 10.0.0.1 dev v0 table local proto kernel scope host src 10.0.0.1 \n");
	typed_free(t);
}

/* As the kernel tells it, but for the end of the peer, which is a device of its own here. */
static void the_end_of_a_device_comes_after_what_it_had(void)
{
	struct typed *t = typed_new();

	type(t,
		"ip link add v0 address 02:00:00:00:00:01 type veth peer name v1; ip link set v0 up; "
		"ip link set v1 up; ip addr add 10.0.0.1/24 dev v0; ip route add default via 10.0.0.9; "
		"ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0");
	TYPE(t, "ip monitor dev v0 & sleep 0.1; ip link del v0; kill %1",
		"3: v0@v1: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default \n"
		"    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
		"Deleted 10.0.0.9 dev v0 lladdr 02:00:00:00:00:09 PERMANENT \n"
		"Deleted 3: v0    inet 10.0.0.1/24 scope global v0\n"
		"       valid_lft forever preferred_lft forever\n"
		"Deleted local 10.0.0.1 dev v0 table local proto kernel scope host src 10.0.0.1 \n"
		"Deleted 3: v0: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default \n"
		"    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n");
	typed_free(t);
}

static void a_subnets_secondaries_end_before_their_primary(void)
{
	struct typed *t = typed_new();

	type(t,
		"ip link add v0 type veth peer name v1; ip link set v0 up; ip addr add 10.0.0.1/24 dev v0; "
		"ip addr add 10.0.0.2/24 dev v0; ip route add default via 10.0.0.9");
	TYPE(t, "ip monitor & sleep 0.1; ip addr del 10.0.0.1/24 dev v0; kill %1",
		"Deleted 3: v0    inet 10.0.0.2/24 scope global secondary v0\n"
		"       valid_lft forever preferred_lft forever\n"
		"Deleted local 10.0.0.2 dev v0 table local proto kernel scope host src 10.0.0.1 \n"
		"Deleted 3: v0    inet 10.0.0.1/24 scope global v0\n"
		"       valid_lft forever preferred_lft forever\n"
		"Deleted 10.0.0.0/24 dev v0 proto kernel scope link src 10.0.0.1 linkdown \n"
		"Deleted broadcast 10.0.0.255 dev v0 table local proto kernel scope link src 10.0.0.1 "
		"linkdown \n"
		"Deleted local 10.0.0.1 dev v0 table local proto kernel scope host src 10.0.0.1 \n");
	TYPE(t, "ip route", "");
	typed_free(t);
}

static void only_what_was_asked_for(void)
{
	struct typed *t = typed_new();

	type(t, "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
	TYPE(t,
		"ip monitor route & sleep 0.1; ip addr add 10.0.0.1/24 dev v0; ip link set v0 mtu 1400; "
		"sleep 0.1; kill %1",
		"local 10.0.0.1 dev v0 table local proto kernel scope host src 10.0.0.1 \n"
		"10.0.0.0/24 dev v0 proto kernel scope link src 10.0.0.1 \n"
		"broadcast 10.0.0.255 dev v0 table local proto kernel scope link src 10.0.0.1 \n");
	TYPE(t, "ip monitor link dev v1 & sleep 0.1; ip link set v0 mtu 1300; sleep 0.1; kill %2", "");
	TYPE_STATUS(t, "ip monitor foo", "Argument \"foo\" is unknown, try \"ip monitor help\".\n", 255);
	typed_free(t);
}

static void other_hosts_are_other_monitors(void)
{
	struct typed *t = typed_new();

	type(t, "ip netns add h2");
	TYPE(t, "ip monitor link & sleep 0.1; ip -n h2 link set lo up; sleep 0.1; kill %1", "");
	TYPE(t, "ip -n h2 monitor link & sleep 0.1; ip -n h2 link set lo down; sleep 0.1; kill %2",
		"1: lo: <LOOPBACK> mtu 65536 qdisc noqueue state DOWN group default \n"
		"    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n");
	typed_free(t);
}

static void a_monitor_ends_with_its_host(void)
{
	struct typed *t = typed_new();

	type(t, "ip netns add h2");
	TYPE(t,
		"ip -n h2 -ts monitor & sleep 0.1; ip netns del h2; sleep 0.1; ip netns add h3; ip -n h3 "
		"link set lo up; jobs",
		"[1]  Killed     ip -n h2 -ts monitor\n");
	typed_free(t);
}

SUITE(shell_ip_monitor, T(news_of_all_kinds_with_labels), T(the_end_of_a_device_comes_after_what_it_had),
	T(a_subnets_secondaries_end_before_their_primary), T(only_what_was_asked_for),
	T(other_hosts_are_other_monitors), T(a_monitor_ends_with_its_host))
