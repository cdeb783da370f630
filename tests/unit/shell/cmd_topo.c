/* SPDX-License-Identifier: MIT */
/* topo: who is connected to whom. */
#include "tests/unit/shell/bench.h"

static void hosts_are_trees_with_their_cables(void)
{
	BENCH_PRINTS("ip netns add web; ip link add hub0 type hub; ip addr add 192.168.1.1/24 dev hub0; ip "
		     "link set hub0 up;"
		     "ip link add p1 type veth peer name eth0 netns web; ip link set p1 master hub0 up; topo",
		0,
		"h1\n"
		"├─ eth0     veth  10.0.1.1/24  ─── r eth0\n"
		"└─ hub0     hub  192.168.1.1/24\n"
		"   └─ p1    veth  ─── web eth0  no carrier\n"
		"r\n"
		"├─ eth0     veth  10.0.1.254/24  ─── h1 eth0\n"
		"└─ eth1     veth  10.0.2.254/24  ─── h2 eth0\n"
		"h2\n"
		"└─ eth0     veth  10.0.2.1/24  ─── r eth1\n"
		"web\n"
		"└─ eth0     veth  ─── h1 p1  down\n");
}

static void what_stands_on_a_device_is_below_it(void)
{
	BENCH_PRINTS("ip netns del r; ip netns del h2; ip netns add x; ip link add d0 type dummy; ip link "
		     "set d0 up;"
		     "ip link add link d0 name m0 type macvlan mode source macaddr add 02:00:00:00:00:07;"
		     "ip link add link d0 name m1 netns x type macvlan; ip link add br0 type bridge; topo",
		0,
		"h1\n"
		"├─ d0       dummy\n"
		"│  └─ m0    macvlan mode source  down\n"
		"└─ br0      bridge  down\n"
		"x\n"
		"└─ m1       macvlan mode vepa  on d0 of h1  down\n");
}

static void lines_are_broken_where_the_terminal_is_narrow(void)
{
	BENCH_PRINTS("ip netns del r; ip netns del h2; ip link add d0 type dummy; ip link add a type veth "
		     "peer name b;"
		     "for i in 1 2 3; do ip addr add 10.9.$i.1/24 dev d0; done; topo -a -w 40",
		0,
		"h1\n"
		"|- d0       dummy  10.9.1.1/24\n"
		"|    10.9.2.1/24  10.9.3.1/24  down\n"
		"|- b        veth  --- a  down\n"
		"`- a        veth  --- b  down\n");
}

static void lo_is_shown_when_it_has_more_than_its_own(void)
{
	struct bench *b = bench_new();

	bench_run(b, "ip addr add 192.0.2.1/32 dev lo; topo");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "lo       loopback"));
	bench_free(b);
}

static void a_graph_for_graphviz_has_every_cable_once(void)
{
	char dir[] = "/tmp/tapir-topo-XXXXXX", line[256];
	struct bench *b = bench_new();

	CU_ASSERT_PTR_NOT_NULL(mkdtemp(dir));
	snprintf(line, sizeof(line), "topo -o %s/n.dot; cat %s/n.dot", dir, dir);
	CU_ASSERT_EQUAL(bench_run(b, line), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "subgraph \"cluster_r\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "\"h1/eth0\" [label=\"eth0\\nveth\\n10.0.1.1/24\"];"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "\t\"h1/eth0\" -- \"r/eth0\" [style=solid];"));
	CU_ASSERT_PTR_NULL(strstr(b->text, "\"r/eth0\" -- \"h1/eth0\""));
	snprintf(line, sizeof(line), "%s/n.dot", dir);
	unlink(line);
	rmdir(dir);
	bench_free(b);
}

/* Where there is no dot, it is said what is needed. */
static void mistakes_are_told(void)
{
	char *path = strdup(getenv("PATH"));
	struct bench *b = bench_new();

	setenv("PATH", "/nowhere", 1);
	CU_ASSERT_EQUAL(bench_run(b, "topo -o x.svg"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "package graphviz"));
	setenv("PATH", path, 1);
	CU_ASSERT_EQUAL(bench_run(b, "topo -o x.png"), 1);
	CU_ASSERT_EQUAL(bench_run(b, "topo -o /nowhere/x.dot"), 1);
	CU_ASSERT_EQUAL(bench_run(b, "topo -o /nowhere/x.svg"), 1);
	CU_ASSERT_EQUAL(bench_run(b, "topo more"), 2);
	CU_ASSERT_EQUAL(bench_run(b, "topo -w 3"), 2);
	bench_free(b);
	free(path);
}

SUITE(shell_cmd_topo, T(hosts_are_trees_with_their_cables), T(what_stands_on_a_device_is_below_it),
	T(lines_are_broken_where_the_terminal_is_narrow), T(lo_is_shown_when_it_has_more_than_its_own),
	T(a_graph_for_graphviz_has_every_cable_once), T(mistakes_are_told))
