/* SPDX-License-Identifier: MIT */
/* `ip link ... type bridge`, `bridge` and `brctl`: what cannot be compared with the kernel's, since it is ours, or
 * since the kernel says nothing. */
#include "dev/bridge.h"
#include "tests/unit/shell/typed.h"

static struct typed *with_bridge(void)
{
	struct typed *t = typed_new();

	TYPE(t,
		"ip link add br0 type bridge\n"
		"ip link add p1 address 02:00:00:00:00:01 type veth peer name e1\n"
		"ip link add p2 address 02:00:00:00:00:02 type veth peer name e2\n"
		"ip link set p1 master br0; ip link set p2 master br0\n"
		"for d in br0 p1 p2 e1 e2; do ip link set $d up; done\n",
		"");
	return t;
}

static struct bridge *bridge(struct typed *t)
{
	return bridge_of(dev_by_name(t->h1, "br0"));
}

static void every_option_of_a_bridge_is_set(void)
{
	struct typed *t = with_bridge();

	TYPE(t,
		"ip link set br0 type bridge ageing_time 100 forward_delay 200 hello_time 300 max_age 400 "
		"priority 5 "
		"group_fwd_mask 0x4000 mcast_snooping 0 no_linklocal_learn 1 fdb_max_learned 7 stp_state 0 "
		"vlan_filtering 0",
		"");
	const struct bridge_settings *s = &bridge(t)->settings;
	CU_ASSERT_EQUAL(s->ageing_ns, NS_PER_SEC);
	CU_ASSERT_EQUAL(s->forward_delay_ns, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(s->hello_ns, 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(s->max_age_ns, 4 * NS_PER_SEC);
	CU_ASSERT_EQUAL(s->priority, 5);
	CU_ASSERT_EQUAL(s->group_fwd_mask, 0x4000);
	CU_ASSERT_EQUAL(s->fdb_max_learned, 7);
	CU_ASSERT_FALSE(s->mcast_snooping);
	CU_ASSERT(s->no_linklocal_learn);
	typed_free(t);
}

static void every_option_of_a_port_is_set(void)
{
	struct typed *t = with_bridge();

	TYPE(t,
		"ip link set p1 type bridge_slave hairpin on guard on root_block on fastleave on learning "
		"off flood off "
		"mcast_flood off bcast_flood off isolated on locked on cost 7 priority 9 group_fwd_mask 4",
		"");
	const struct bridge_port *p = bridge_port_of(dev_by_name(t->h1, "p1"));
	CU_ASSERT_EQUAL(p->flags,
		BRIDGE_HAIRPIN | BRIDGE_GUARD | BRIDGE_ROOT_BLOCK | BRIDGE_FASTLEAVE | BRIDGE_ISOLATED |
			BRIDGE_LOCKED);
	CU_ASSERT_EQUAL(p->cost, 7);
	CU_ASSERT_EQUAL(p->priority, 9);
	CU_ASSERT_EQUAL(p->group_fwd_mask, 4);
	TYPE(t, "bridge link set dev p1 state learning master", "");
	CU_ASSERT_EQUAL(p->state, BRIDGE_LEARNING);
	/* As measured: Linux looks at the device again, but after `bridge link` it does not. */
	TYPE(t, "bridge link set dev p1 state disabled", "");
	CU_ASSERT_EQUAL(p->state, BRIDGE_DISABLED);
	TYPE(t, "ip link set p1 type bridge_slave fdb_flush", "");
	CU_ASSERT_EQUAL(p->state, BRIDGE_FORWARDING);
	typed_free(t);
}

/* What Linux has and tapir has not is named; the value that is true here is taken. */
static void what_is_not_there_yet_is_refused_by_name(void)
{
	struct typed *t = with_bridge();

	TYPE_STATUS(t, "ip link set br0 type bridge stp_state 1",
		"Error: stp_state 1: not yet: tapir's bridges have no spanning tree.\n", 2);
	TYPE_STATUS(t, "ip link set br0 type bridge vlan_filtering 1",
		"Error: vlan_filtering 1: not yet: tapir's bridges have no VLAN filtering.\n", 2);
	TYPE_STATUS(t, "ip link set br0 type bridge vlan_default_pvid 5",
		"Error: vlan_default_pvid 5: not yet: tapir's bridges have no VLAN filtering.\n", 2);
	TYPE_STATUS(t, "ip link set br0 type bridge mcast_querier 1",
		"Error: mcast_querier 1: not yet: tapir's bridges have no IGMP snooping.\n", 2);
	TYPE(t, "ip link set br0 type bridge mcast_querier 0 mcast_router 1", "");
	TYPE_STATUS(t, "ip link set p1 type bridge_slave neigh_suppress on",
		"Error: neigh_suppress on: not yet: a port of tapir's bridges has no ARP suppression.\n", 2);
	TYPE(t, "ip link set p1 type bridge_slave neigh_suppress off mcast_router 1", "");
	TYPE_STATUS(
		t, "bridge vlan show", "bridge vlan: not yet: tapir's bridges have no VLAN filtering\n", 2);
	TYPE_STATUS(t, "bridge mdb", "bridge mdb: not yet: tapir's bridges have no IGMP snooping\n", 2);
	TYPE_STATUS(t, "bridge monitor",
		"bridge monitor: not yet (`trace bridge` shows what a bridge learns)\n", 2);
	TYPE_STATUS(t, "bridge fdb add 02:00:00:00:00:07 dev p1 master vlan 5",
		"bridge fdb: not yet: entries with a VLAN or the end of a tunnel (\"5\")\n", 2);
	TYPE_STATUS(t, "brctl stp br0 on", "stp on: not yet: tapir's bridges have no spanning tree\n", 1);
	typed_free(t);
}

/* How often p1 hears the group 01:00:5e:01:02:03. */
static int group_count(struct typed *t)
{
	int count = 0;

	list_each(g, &dev_by_name(t->h1, "p1")->groups, struct dev_group, node)
		count += mac_equal(g->mac, (struct mac){{1, 0, 0x5e, 1, 2, 3}});
	return count;
}

static void an_entry_of_the_device_itself_is_told_from_one_of_the_bridge(void)
{
	struct typed *t = with_bridge();

	TYPE_STATUS(t, "bridge fdb add 02:00:00:00:00:07 dev p1",
		"RTNETLINK answers: Operation not supported\n"
		"(for an entry of the bridge say \"master\" behind the device)\n",
		255);
	TYPE(t, "bridge fdb add 01:00:5e:01:02:03 dev p1", "");
	CU_ASSERT_EQUAL(group_count(t), 1);
	TYPE(t, "bridge fdb del 01:00:5e:01:02:03 dev p1", "");
	CU_ASSERT_EQUAL(group_count(t), 0);
	TYPE_STATUS(t, "bridge fdb del 01:00:5e:01:02:03 dev p1",
		"RTNETLINK answers: No such file or directory\n", 255);
	TYPE(t, "bridge fdb add 02:00:00:00:00:07 dev br0 self; bridge fdb get 02:00:00:00:00:07 br br0",
		"02:00:00:00:00:07 dev br0 master br0 permanent\n");
	typed_free(t);
}

/* A word that means nothing would flush everything. */
static void a_flush_takes_no_word_it_does_not_know(void)
{
	struct typed *t = with_bridge();

	TYPE(t, "bridge fdb add 02:00:00:00:00:07 dev p1 master static", "");
	TYPE_STATUS(t, "bridge fdb flush dev br0 foo",
		"Error: either \"dev\" is duplicate, or \"foo\" is a garbage.\n", 255);
	TYPE_STATUS(t, "bridge fdb flush dev br0 brport e1", "RTNETLINK answers: Invalid argument\n", 255);
	TYPE(t, "bridge fdb flush dev br0 brport p2; bridge fdb flush dev br0 nostatic", "");
	CU_ASSERT_EQUAL(bridge(t)->fdb.count, 2); /* p1's own address, and the static one; p2's went */
	TYPE(t, "bridge fdb flush dev p1 master added_by_user", "");
	CU_ASSERT_EQUAL(bridge(t)->fdb.count, 1);
	typed_free(t);
}

static void brctl_sets_what_ip_sets(void)
{
	struct typed *t = with_bridge();
	const struct bridge_port *p = bridge_port_of(dev_by_name(t->h1, "p1"));

	TYPE(t, "brctl setageing br0 2.5; brctl hairpin br0 p1 on; brctl setpathcost br0 p1 9", "");
	TYPE(t, "brctl setportprio br0 p1 3; brctl setbridgeprio br0 0x10; brctl sethello br0 3", "");
	CU_ASSERT_EQUAL(bridge(t)->settings.ageing_ns, 2500 * NS_PER_MS);
	CU_ASSERT_EQUAL(bridge(t)->settings.priority, 0x10);
	CU_ASSERT_EQUAL(bridge(t)->settings.hello_ns, 3 * NS_PER_SEC);
	CU_ASSERT(p->flags & BRIDGE_HAIRPIN);
	CU_ASSERT_EQUAL(p->cost, 9);
	CU_ASSERT_EQUAL(p->priority, 3);
	TYPE_STATUS(t, "brctl hairpin br0 p1 off; brctl delif br0 p1; brctl hairpin br0 p1 on",
		"can't set p1 to hairpin on bridge br0: No such file or directory\n", 1);
	TYPE_STATUS(t, "brctl setageing br0 -5", "bad ageing time value\n", 1);
	TYPE_STATUS(t, "brctl setpathcost br0 p2 0", "bad path cost value\n", 1);
	TYPE_STATUS(t, "brctl setbridgeprio br9 5", "set bridge priority failed: No such device\n", 1);
	typed_free(t);
}

SUITE(shell_cmd_bridge, T(every_option_of_a_bridge_is_set), T(every_option_of_a_port_is_set),
	T(what_is_not_there_yet_is_refused_by_name),
	T(an_entry_of_the_device_itself_is_told_from_one_of_the_bridge),
	T(a_flush_takes_no_word_it_does_not_know), T(brctl_sets_what_ip_sets))
