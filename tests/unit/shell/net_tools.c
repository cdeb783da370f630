/* SPDX-License-Identifier: MIT */
/* ifconfig, route, arp and hostname: what they print is compared with net-tools 2.10. */
#include "tests/unit/shell/typed.h"

static struct typed *with_pair(void)
{
	struct typed *t = typed_new();

	TYPE(t,
		"ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02;"
		"ip link set v1 up",
		"");
	return t;
}

#define NO_TRAFFIC                                              \
	"        RX packets 0  bytes 0 (0.0 B)\n"               \
	"        RX errors 0  dropped 0  overruns 0  frame 0\n" \
	"        TX packets 0  bytes 0 (0.0 B)\n"               \
	"        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n"
#define ETHER "        ether 02:00:00:00:00:01  txqueuelen 1000  (Ethernet)\n"

static void ifconfig_prints_as_net_tools_does(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ifconfig v0", "v0: flags=4098<BROADCAST,MULTICAST>  mtu 1500\n" ETHER NO_TRAFFIC);
	TYPE(t,
		"ifconfig v0 10.0.0.1 netmask 255.255.255.0; ifconfig v0:1 10.4.4.4/16; ifconfig v1 down; "
		"ifconfig",
		"lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n"
		"        inet 127.0.0.1  netmask 255.0.0.0\n"
		"        loop  txqueuelen 1000  (Local Loopback)\n" NO_TRAFFIC
		"v0: flags=4099<UP,BROADCAST,MULTICAST>  mtu 1500\n"
		"        inet 10.0.0.1  netmask 255.255.255.0  broadcast 10.0.0.255\n" ETHER NO_TRAFFIC
		"v0:1: flags=4099<UP,BROADCAST,MULTICAST>  mtu 1500\n"
		"        inet 10.4.4.4  netmask 255.255.0.0  broadcast 10.4.255.255\n" ETHER "\n");
	TYPE_STATUS(
		t, "ifconfig nodev", "nodev: error fetching interface information: Device not found\n", 1);
	typed_free(t);
}

static void ifconfig_scales_what_it_counts(void)
{
	struct typed *t = with_pair();

	t->h1->lo->stats.rx_bytes = 1148;
	t->h1->lo->stats.tx_bytes = UINT64_C(5) * 1024 * 1024 * 1024 / 2;
	type(t, "ifconfig lo");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "bytes 1148 (1.1 KiB)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "bytes 2684354560 (2.5 GiB)"));
	typed_free(t);
}

static void ifconfig_takes_the_class_where_no_mask_is_given(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ifconfig v0 10.0.0.1; ip -4 -br addr show v0",
		"v0@v1            UP             10.0.0.1/8 \n");
	TYPE(t, "ifconfig v0 172.16.0.1; ip -4 -br addr show v0",
		"v0@v1            UP             172.16.0.1/16 \n");
	TYPE(t, "ifconfig v0 192.168.0.1; ip -4 -br addr show v0",
		"v0@v1            UP             192.168.0.1/24 \n");
	TYPE(t, "ifconfig v0 netmask 255.255.255.128; ip -4 -o addr show v0",
		"3: v0    inet 192.168.0.1/25 brd 192.168.0.127 scope global v0\\       valid_lft forever "
		"preferred_lft forever\n");
	TYPE(t, "ifconfig v0 0.0.0.0; ip -4 addr show v0", "");
	typed_free(t);
}

static void ifconfig_sets_flags_mtu_and_hardware_address(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ifconfig v0 up promisc -arp allmulti mtu 1400 hw ether 02:00:00:00:00:77; ifconfig v0",
		"v0: flags=5059<UP,BROADCAST,RUNNING,NOARP,PROMISC,ALLMULTI,MULTICAST>  mtu 1400\n"
		"        ether 02:00:00:00:00:77  txqueuelen 1000  (Ethernet)\n" NO_TRAFFIC);
	TYPE_STATUS(t, "ifconfig v0 mtu 20", "SIOCSIFMTU: Invalid argument\n", 1);
	TYPE_STATUS(t, "ifconfig v0 hw ether zz", "zz: invalid ether address.\n", 1);
	TYPE_STATUS(
		t, "ifconfig nodev up", "nodev: ERROR while getting interface flags: No such device\n", 255);
	typed_free(t);
}

static void ifconfig_has_a_short_form(void)
{
	struct typed *t = with_pair();

	TYPE(t, "ifconfig v0 10.0.0.1; ifconfig v0:1 10.4.4.4/16; ifconfig -s",
		"Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
		"lo              65536        0      0      0 0             0      0      0      0 LRU\n"
		"v0               1500        0      0      0 0             0      0      0      0 BMRU\n"
		"v0:1             1500      - no statistics available -                        BMRU\n"
		"v1               1500        0      0      0 0             0      0      0      0 BMRU\n");
	TYPE(t, "ifconfig v0:1 down; ip -br addr show label v0:1 dev v0", "");
	typed_free(t);
}

static void route_prints_as_net_tools_does(void)
{
	struct typed *t = with_pair();

	TYPE(t,
		"ifconfig v0 10.0.0.1/24; route add default gw 10.0.0.2;"
		"route add -net 10.9.0.0 netmask 255.255.0.0 gw 10.0.0.2;"
		"route add -net 10.10.0.0/16 gw 10.0.0.2 metric 7 dev v0;"
		"route add -host 10.11.0.1 dev v0; route add 10.12.0.1 gw 10.0.0.2;"
		"route add -net 10.13.0.0/16 reject; ip route add blackhole 10.14.0.0/16",
		"");
	TYPE(t, "route -n",
		"Kernel IP routing table\n"
		"Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
		"0.0.0.0         10.0.0.2        0.0.0.0         UG    0      0        0 v0\n"
		"10.0.0.0        0.0.0.0         255.255.255.0   U     0      0        0 v0\n"
		"10.9.0.0        10.0.0.2        255.255.0.0     UG    0      0        0 v0\n"
		"10.10.0.0       10.0.0.2        255.255.0.0     UG    7      0        0 v0\n"
		"10.11.0.1       0.0.0.0         255.255.255.255 UH    0      0        0 v0\n"
		"10.12.0.1       10.0.0.2        255.255.255.255 UGH   0      0        0 v0\n"
		"10.13.0.0       -               255.255.0.0     !     0      -        0 -\n"
		"10.14.0.0       0.0.0.0         255.255.0.0     U     0      0        0 *\n");
	TYPE(t, "ip route show 10.13.0.0/16", "unreachable 10.13.0.0/16 scope host \n");
	TYPE(t,
		"route del default; route del -net 10.9.0.0/16; route del -net 10.13.0.0 netmask 255.255.0.0 "
		"reject",
		"");
	TYPE_STATUS(t, "route del default", "SIOCDELRT: No such process\n", 7);
	typed_free(t);
}

static void route_refuses_as_net_tools_does(void)
{
	static const struct {
		const char *line, *says;
		int status;
	} cases[] = {
		{"route add -net 10.9.0.0/16 gw 10.0.0.2", "SIOCADDRT: File exists\n", 7},
		{"route add -net 10.14.0.0 gw 10.0.0.2", "SIOCADDRT: Invalid argument\n", 7},
		{"route add -net 10.99.0.0/16 gw 9.9.9.9", "SIOCADDRT: Network is unreachable\n", 7},
		{"route add -net 10.99.0.0/16", "SIOCADDRT: No such device\n", 7},
		{"route add -net 10.99.0.0/16 dev nodev", "SIOCADDRT: No such device\n", 7},
		{"route add foo gw 10.0.0.2", "foo: Host name lookup failure\n", 6},
	};
	struct typed *t = with_pair();

	type(t, "ifconfig v0 10.0.0.1/24; route add -net 10.9.0.0/16 gw 10.0.0.2");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		TYPE_STATUS(t, cases[i].line, cases[i].says, cases[i].status);
	typed_free(t);
}

static void arp_prints_as_net_tools_does(void)
{
	struct typed *t = with_pair();

	TYPE(t,
		"ifconfig v0 10.0.0.1/24; arp -i v0 -Ds 10.0.0.10 v0 pub; arp -s 10.0.0.7 02:00:00:00:00:07;"
		"arp -s 10.0.0.8 02:00:00:00:00:08 temp; ip neigh add 10.0.0.9 dev v0 nud failed",
		"");
	TYPE(t, "arp -vn",
		"Address                  HWtype  HWaddress           Flags Mask            Iface\n"
		"10.0.0.7                 ether   02:00:00:00:00:07   CM                    v0\n"
		"10.0.0.8                 ether   02:00:00:00:00:08   C                     v0\n"
		"10.0.0.9                         (incomplete)                              v0\n"
		"10.0.0.10                *       <from_interface>    MP                    v0\n"
		"Entries: 4	Skipped: 0	Found: 4\n");
	TYPE(t, "arp -a",
		"? (10.0.0.7) at 02:00:00:00:00:07 [ether] PERM on v0\n"
		"? (10.0.0.8) at 02:00:00:00:00:08 [ether] on v0\n"
		"? (10.0.0.9) at <incomplete> on v0\n"
		"? (10.0.0.10) at <from_interface> PERM PUB on v0\n");
	TYPE(t, "arpcache 10.0.0.8",
		"Address                  HWtype  HWaddress           Flags Mask            Iface\n"
		"10.0.0.8                 ether   02:00:00:00:00:08   C                     v0\n");
	TYPE(t, "arp -n 10.0.0.77", "10.0.0.77 (10.0.0.77) -- no entry\n");
	TYPE(t, "arp -n -i lo", "arp: in 4 entries no match found.\n");
	TYPE(t, "arp -d 10.0.0.7", "");
	TYPE_STATUS(t, "arp -d 10.0.0.7", "No ARP entry for 10.0.0.7\n", 255);
	TYPE_STATUS(t, "arp -s 10.0.0.7", "arp: need hardware address\n", 255);
	TYPE_STATUS(t, "arp -s 10.0.0.7 zz", "arp: invalid hardware address\n", 255);
	TYPE_STATUS(t, "arp -s 99.0.0.7 02:00:00:00:00:07", "SIOCSARP: Network is unreachable\n", 255);
	TYPE_STATUS(t, "arp -d", "arp: need host name\n", 255);
	typed_free(t);
}

static void hostname_is_the_name_of_the_host(void)
{
	struct typed *t = with_pair();

	TYPE(t, "hostname; ifconfig v0 10.0.0.1/24; ifconfig v0:1 10.4.4.4/16; hostname -I",
		"h1\n10.0.0.1 10.4.4.4 \n");
	TYPE_STATUS(t, "hostname other", "hostname: a host keeps the name that `ip netns add` gave it\n", 1);
	typed_free(t);
}

SUITE(shell_net_tools, T(ifconfig_prints_as_net_tools_does), T(ifconfig_scales_what_it_counts),
	T(ifconfig_takes_the_class_where_no_mask_is_given), T(ifconfig_sets_flags_mtu_and_hardware_address),
	T(ifconfig_has_a_short_form), T(route_prints_as_net_tools_does), T(route_refuses_as_net_tools_does),
	T(arp_prints_as_net_tools_does), T(hostname_is_the_name_of_the_host))
