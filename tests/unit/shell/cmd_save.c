/* SPDX-License-Identifier: MIT */
/* save: what it writes builds the same network. */
#include "tests/unit/shell/bench.h"

/* A shell on an empty host. */
struct second {
	struct lab *lab;
	struct shell *sh;
	int out, in;
};

static void second_open(struct second *e)
{
	struct shell_options o = {.make_lo = loopback_create};

	e->lab = lab_new();
	o.host = lab_host(e->lab, "h1");
	e->out = memfd_create("out", MFD_CLOEXEC);
	e->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	o.in = e->in;
	o.out = o.err = e->out;
	e->sh = shell_new(&e->lab->world, &o);
}

static void second_close(struct second *e)
{
	shell_free(e->sh);
	close(e->out);
	close(e->in);
	lab_free(e->lab);
}

/* What `save -` says after the text was run in an empty shell. */
static void build_and_save(const char *script, char *text, size_t room)
{
	struct second e;

	second_open(&e);
	shell_run_text(e.sh, "saved", script);
	CU_ASSERT_EQUAL(shell_run_text(e.sh, "test", "save -"), 0);
	ssize_t n = pread(e.out, text, room - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	second_close(&e);
}

/* Saved, built, saved again: the same. */
static void comes_back(const char *script)
{
	struct bench *b = bench_new();
	static char again[sizeof(b->text)];

	bench_run(b, script);
	CU_ASSERT_STRING_EQUAL(b->text, "");
	CU_ASSERT_EQUAL(bench_run(b, "save -"), 0);
	build_and_save(b->text, again, sizeof(again));
	CU_ASSERT_STRING_EQUAL(again, b->text);
	if (strcmp(again, b->text) != 0)
		printf("saved:\n%s\nagain:\n%s\n", b->text, again);
	bench_free(b);
}

static void a_network_is_a_script(void)
{
	BENCH_PRINTS(
		"ip link set eth0 address 02:00:00:00:01:01; on r ip link set eth0 address 02:00:00:00:01:02;"
		"on r ip link set eth1 address 02:00:00:00:02:01; on h2 ip link set eth0 address "
		"02:00:00:00:02:02; save -",
		0,
		"# A network, as `save` wrote it. To build it again: tapir --empty, and then source this "
		"file.\n"
		"ip netns add r\n"
		"ip netns add h2\n"
		"ip link add name eth0 address 02:00:00:00:01:01 type veth peer name eth0 address "
		"02:00:00:00:01:02 netns r\n"
		"ip -n r link add name eth1 address 02:00:00:00:02:01 type veth peer name eth0 address "
		"02:00:00:00:02:02 "
		"netns h2\n"
		"ip link set lo up\n"
		"ip addr add 10.0.1.1/24 brd 10.0.1.255 dev eth0\n"
		"ip link set eth0 up\n"
		"on r sysctl -qw 'net.ipv4.ip_forward=1'\n"
		"ip -n r link set lo up\n"
		"ip -n r addr add 10.0.1.254/24 brd 10.0.1.255 dev eth0\n"
		"ip -n r link set eth0 up\n"
		"ip -n r addr add 10.0.2.254/24 brd 10.0.2.255 dev eth1\n"
		"ip -n r link set eth1 up\n"
		"ip -n h2 link set lo up\n"
		"ip -n h2 addr add 10.0.2.1/24 brd 10.0.2.255 dev eth0\n"
		"ip -n h2 link set eth0 up\n"
		"ip route add default via 10.0.1.254 dev eth0\n"
		"ip -n h2 route add default via 10.0.2.254 dev eth0\n");
}

static void it_comes_back_as_it_was(void)
{
	comes_back("");
	comes_back("ip link add hub0 type hub; ip link add b type veth peer name a; ip link set a master "
		   "hub0 up;"
		   "ip link set hub0 up promisc on; ip link set b mtu 900 arp off");
	comes_back("ip addr add 10.0.1.3/24 dev eth0; ip addr add 10.5.0.1 peer 10.5.0.2/32 dev eth0;"
		   "ip addr add 10.6.0.1/16 scope link dev eth0 label eth0:six");
	comes_back("ip route add 10.8.0.0/16 via 10.0.1.77 metric 7 proto static; ip route add 10.7.0.0/16 "
		   "dev eth0 mtu 900;"
		   "ip route add blackhole 10.9.0.0/16; ip -n r route add 10.8.0.0/16 via 192.0.2.1 dev eth1 "
		   "onlink");
	comes_back("ip neigh add 10.0.1.9 lladdr 02:00:00:00:09:09 dev eth0 nud permanent; ip neigh add "
		   "proxy 10.0.1.8 dev eth0");
	comes_back("sysctl -qw net.ipv4.tcp_rmem='4096 5000 6000'; sysctl -qw net.ipv4.conf.all.rp_filter=1;"
		   "on r sysctl -qw net.ipv4.conf.eth1.forwarding=0; ip link add eth0.5 type dummy;"
		   "sysctl -qw net/ipv4/conf/eth0.5/proxy_arp=1");
	comes_back("tc qdisc add dev eth0 root handle 3: netem delay 10ms 1ms 20% loss state 1% reorder 10% "
		   "gap 5;"
		   "tc qdisc add dev eth0 ingress netem rate 1mbit 0 48 -2 corrupt 0.1% loss gemodel 1% 20%");
}

/* Where devices were moved so that no order gives them their numbers, it is only the second time the same. */
static void comes_back_in_the_end(const char *script)
{
	struct bench *b = bench_new();
	static char once[sizeof(b->text)], twice[sizeof(b->text)];

	bench_run(b, script);
	CU_ASSERT_EQUAL(bench_run(b, "save -"), 0);
	build_and_save(b->text, once, sizeof(once));
	build_and_save(once, twice, sizeof(twice));
	CU_ASSERT_STRING_EQUAL(twice, once);
	CU_ASSERT_PTR_NOT_NULL(strstr(twice, "name eth0 address 02:00:00:00:00:99 type veth"));
	bench_free(b);
}

static void kinds_say_what_they_are(void)
{
	comes_back("ip netns add x; ip link add link eth0 name m0 netns x type macvlan mode private "
		   "bcqueuelen 7;"
		   "ip link add link eth0 name m1 type macvlan mode source macaddr add 02:00:00:00:00:07;"
		   "ip link set m1 type macvlan macaddr add 02:00:00:00:00:08; ip link set m1 mtu 1000 up;"
		   "on x ip link set m0 up; ip link add link m1 name m2 type macvlan mode bridge");
	comes_back(
		"ip link add d0 type dummy; ip link add link d0 name p type macvlan mode passthru nopromisc");
	comes_back("ip link add link eth0 name eth0.5 type vlan id 5; ip link set eth0.5 up;"
		   "ip link add link eth0.5 name q type vlan protocol 802.1ad id 7 reorder_hdr off "
		   "loose_binding on;"
		   "sysctl -qw "
		   "net/ipv4/conf/eth0.5/rp_filter=1");
	comes_back("ip netns add x; ip link add link eth0 name i0 netns x type ipvlan mode l2;"
		   "ip link add link eth0 name i1 netns x type ipvlan mode l3s vepa; on x ip link set i0 up");
	comes_back("ip link add br0 type bridge ageing_time 1000 group_fwd_mask 16384; ip link add br1 type "
		   "bridge;"
		   "ip link add p type veth peer name q; ip link set p master br0 up; ip link set br0 up;"
		   "ip link set p type bridge_slave hairpin on flood off isolated on cost 9 priority 3;"
		   "bridge fdb add 02:00:00:00:00:77 dev p master static sticky;"
		   "bridge fdb add 02:00:00:00:00:78 dev br0 self local");
}

/* Cables and hosts in an order of their own. */
static void devices_that_were_moved_come_back(void)
{
	comes_back("ip netns add x; ip link add p type veth peer name q; ip link add s type veth peer name t;"
		   "ip link set t netns x; ip link set q netns x; ip link set p netns h2");
	comes_back_in_the_end(
		"on r ip link set eth0 address 02:00:00:00:00:99; ip link add p type veth peer name q;"
		"ip link set eth0 netns h2 name e9; ip link set q netns r");
}

static void a_file_is_written_whole_or_not_at_all(void)
{
	char dir[] = "/tmp/tapir-save-XXXXXX", line[256];
	struct bench *b = bench_new();

	CU_ASSERT_PTR_NOT_NULL(mkdtemp(dir));
	snprintf(line, sizeof(line), "save %s/n && cat %s/n && test ! -e %s/n.new", dir, dir, dir);
	CU_ASSERT_EQUAL(bench_run(b, line), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "ip netns add r\n"));
	snprintf(line, sizeof(line), "%s/n", dir);
	unlink(line);
	rmdir(dir);
	CU_ASSERT_EQUAL(bench_run(b, "save /nowhere/n"), 1);
	CU_ASSERT_EQUAL(bench_run(b, "save"), 2);
	CU_ASSERT_EQUAL(bench_run(b, "save a b"), 2);
	bench_free(b);
}

SUITE(shell_cmd_save, T(a_network_is_a_script), T(it_comes_back_as_it_was), T(kinds_say_what_they_are),
	T(devices_that_were_moved_come_back), T(a_file_is_written_whole_or_not_at_all))
