/* SPDX-License-Identifier: MIT */
/* tc: what it reads, prints, and refuses. */
#include "tests/unit/shell/bench.h"

#define ADD    "tc qdisc add dev eth0 root "
#define SHOW   "; tc qdisc show dev eth0"
#define LINE   "qdisc netem 8001: root refcnt 2 limit 1000"
#define DELAYS " delay 20ms  5ms 25%"

static void every_wish_is_shown_as_it_was_said(void)
{
	BENCH_PRINTS(ADD "netem" SHOW, 0, LINE "\n");
	BENCH_PRINTS(ADD "netem delay 20ms 5ms 25% distribution normal" SHOW, 0,
		LINE DELAYS " distribution normal\n");
	BENCH_PRINTS(ADD "netem latency 1.5s limit 7" SHOW, 0,
		"qdisc netem 8001: root refcnt 2 limit 7 delay 1.5s\n");
	BENCH_PRINTS(ADD "netem loss 1% 25% ecn" SHOW, 0, LINE " loss 1% 25% ecn\n");
	BENCH_PRINTS(ADD "netem loss random 0.1" SHOW, 0, LINE " loss 0.1%\n");
	BENCH_PRINTS(ADD "netem loss gemodel 1%" SHOW, 0, LINE " loss gemodel p 1% r 99% 1-h 100% 1-k 0%\n");
	BENCH_PRINTS(ADD "netem loss gemodel 1% 10% 70% 0.1%" SHOW, 0,
		LINE " loss gemodel p 1% r 10% 1-h 70% 1-k 0.1%\n");
	BENCH_PRINTS(ADD "netem loss state 1%" SHOW, 0,
		LINE " loss state p13 1% p31 99% p32 0% p23 100% p14 0%\n");
	BENCH_PRINTS(ADD "netem loss state 1 2 3 4 5" SHOW, 0,
		LINE " loss state p13 1% p31 2% p32 3% p23 4% p14 5%\n");
	BENCH_PRINTS(
		ADD "netem duplicate 2% 10% corrupt 0.1%" SHOW, 0, LINE " duplicate 2% 10% corrupt 0.1%\n");
	BENCH_PRINTS(
		ADD "netem delay 1ms reorder 25% 50%" SHOW, 0, LINE " delay 1ms reorder 25% 50% gap 1\n");
	BENCH_PRINTS(ADD "netem delay 1ms reorder 25% gap 5" SHOW, 0, LINE " delay 1ms reorder 25% gap 5\n");
	BENCH_PRINTS(ADD "netem rate 10mbit -14 48 5 seed 0x7" SHOW, 0,
		LINE " rate 10Mbit packetoverhead -14 cellsize 48 celloverhead 5 seed 7\n");
	BENCH_PRINTS(ADD "netem del 1ms dup 1% dist uniform lo 1%" SHOW, 0,
		LINE " delay 1ms loss 1% duplicate 1%\n");
}

static void what_makes_no_sense_is_refused(void)
{
	BENCH_PRINTS(ADD "netem delay", 1, "Error: a value is missing after delay.\n");
	BENCH_PRINTS(ADD "netem delay 1parsec", 1,
		"Error: delay: \"1parsec\" is no time (as 10ms, 500us or 1.5s, up to a day).\n");
	BENCH_PRINTS(ADD "netem loss 101%", 1, "Error: loss: \"101%\" is no percentage from 0% to 100%.\n");
	BENCH_PRINTS(ADD "netem limit x", 1, "Error: limit: \"x\" is no number.\n");
	BENCH_PRINTS(
		ADD "netem rate 3", 1, "Error: rate: \"3\" is no rate (as 10mbit, 512kbit or 100kbps).\n");
	BENCH_PRINTS(ADD "netem rate 1mbit 65536", 1,
		"Error: packet overhead: \"65536\" is no number from -65535 to 65535.\n");
	BENCH_PRINTS(ADD "netem seed -1", 1, "Error: seed: \"-1\" is no number.\n");
	BENCH_PRINTS(ADD "netem distribution gauss", 1,
		"Error: distribution: there is uniform, normal, pareto and paretonormal, not \"gauss\".\n");
	BENCH_PRINTS(ADD "netem distribution normal delay 1ms", 1,
		"Error: distribution needs a delay with jitter (delay 100ms 10ms).\n");
	BENCH_PRINTS(ADD "netem reorder 1%", 1,
		"Error: reorder needs a delay: what is not delayed cannot be overtaken.\n");
	BENCH_PRINTS(ADD "netem delay 1ms gap 2", 1, "Error: gap needs reorder.\n");
	BENCH_PRINTS(ADD "netem ecn", 1, "Error: ecn needs loss: it marks what would be lost.\n");
	BENCH_PRINTS(ADD "netem slot 1ms", 2, "Error: tapir's netem has no slots.\n");
	BENCH_PRINTS(ADD "netem lag 1ms", 1,
		"Error: netem does not know \"lag\". Try \"tc qdisc add dev DEV root netem help\".\n");
	BENCH_PRINTS(ADD, 1, "Error: which qdisc? (netem ...)\n");
	BENCH_PRINTS(ADD "noqueue fast", 1, "Error: noqueue has no wishes.\n");
	BENCH_PRINTS(ADD "tbf rate 1mbit", 2,
		"Error: tapir has no qdisc \"tbf\"; it has netem (rate is one of its wishes) and noqueue.\n");
	BENCH_PRINTS("tc qdisc add root netem", 1, "Error: which device? (dev DEV)\n");
	BENCH_PRINTS("tc qdisc add dev eth0 netem", 1, "Error: where? (root or ingress)\n");
	BENCH_PRINTS("tc qdisc add dev eth9 root netem", 1, "Error: there is no device \"eth9\".\n");
	BENCH_PRINTS("tc qdisc show dev", 1, "Error: a value is missing after dev.\n");
	BENCH_PRINTS("tc qdisc show root", 1, "Error: What is \"root\"? Try \"tc qdisc help\".\n");
	BENCH_PRINTS("tc qdisc add dev eth0 root ingress", 1,
		"Error: \"ingress\": there is one place, root or ingress.\n");
	BENCH_PRINTS("tc qdisc add dev eth0 parent 1:1 netem", 2,
		"Error: \"parent\": tapir's qdiscs have no classes and no filters; there is root and "
		"ingress.\n");
	BENCH_PRINTS("tc qdisc add dev eth0 root handle 0: netem", 1,
		"Error: handle: \"0:\" is none (as 1: or 8001:, up to fffe:).\n");
	BENCH_PRINTS("tc qdisc fly", 1, "Error: \"fly\" is unknown, try \"tc qdisc help\".\n");
	BENCH_PRINTS("tc filter show", 1,
		"Error: tc filter: tapir has qdiscs, and no classes, filters or actions.\n");
	BENCH_PRINTS("tc -n nobody qdisc", 1, "Error: there is no host \"nobody\".\n");
	BENCH_PRINTS("tc -fast qdisc", 1, "Error: Option \"-fast\" is unknown, try \"tc help\".\n");
}

static void each_verb_minds_what_is_there(void)
{
	BENCH_PRINTS(ADD "netem; " ADD "netem", 2,
		"Error: eth0 has a qdisc at root already (netem 8001:); change, replace or del it.\n");
	BENCH_PRINTS("tc qdisc change dev eth0 root netem", 2, "Error: eth0 has no qdisc at root.\n");
	BENCH_PRINTS("tc qdisc del dev eth0 root", 2, "Error: eth0 has no qdisc at root.\n");
	BENCH_PRINTS("tc qdisc del dev eth0 ingress", 2, "Error: eth0 has no qdisc at ingress.\n");
	BENCH_PRINTS(ADD "netem; tc qdisc del dev eth0 root tbf", 2, "Error: eth0 has no qdisc at root.\n");
	BENCH_PRINTS(ADD "handle 5: netem; tc qdisc change dev eth0 root handle 6: netem", 2,
		"Error: eth0 has no qdisc at root.\n");
	/* change and replace keep it, unless another handle is asked for; what is not said is not wished */
	BENCH_PRINTS(ADD "netem delay 1ms; tc qdisc change dev eth0 root netem loss 1%" SHOW, 0,
		LINE " loss 1%\n");
	BENCH_PRINTS(ADD "netem delay 1ms; tc qdisc replace dev eth0 root netem loss 1%" SHOW, 0,
		LINE " loss 1%\n");
	BENCH_PRINTS(ADD "netem; tc qdisc replace dev eth0 root handle a: netem" SHOW, 0,
		"qdisc netem a: root refcnt 2 limit 1000\n");
	BENCH_PRINTS(ADD "netem; tc qdisc del dev eth0 root; " ADD "netem" SHOW, 0,
		"qdisc netem 8002: root refcnt 2 limit 1000\n");
	BENCH_PRINTS(ADD "netem; tc qdisc replace dev eth0 root noqueue" SHOW, 0,
		"qdisc noqueue 0: root refcnt 2 \n");
}

static void devices_show_what_stands_on_both_ways(void)
{
	BENCH_PRINTS("tc -n r qdisc", 0,
		"qdisc noqueue 0: dev lo root refcnt 2 \nqdisc noqueue 0: dev eth0 root refcnt 2 \n"
		"qdisc noqueue 0: dev eth1 root refcnt 2 \n");
	BENCH_PRINTS("tc qdisc add dev eth0 ingress netem delay 1ms; " ADD "netem; tc qdisc ls dev eth0", 0,
		LINE "\nqdisc netem ffff: ingress limit 1000 delay 1ms\n");
	BENCH_PRINTS("ip link add d0 type dummy; tc qdisc show dev d0", 0, ""); /* never up: none yet */
}

static void statistics_count_what_went_on_and_what_did_not(void)
{
	BENCH_PRINTS(ADD "netem duplicate 100%; ping -q -c 1 10.0.2.1 > /dev/null; tc -s q s dev eth0", 0,
		LINE " duplicate 100%\n Sent 280 bytes 4 pkt (dropped 0, overlimits 0 requeues 0) \n"
		     " backlog 0b 0p requeues 0\n");
	BENCH_PRINTS("ping -q -c 1 10.0.2.1 > /dev/null; " ADD
		     "netem loss 100%; ping -q -c 1 -W 1 10.0.2.1 > /dev/null; tc -s q s dev eth0",
		0,
		LINE " loss 100%\n Sent 0 bytes 0 pkt (dropped 1, overlimits 0 requeues 0) \n"
		     " backlog 0b 0p requeues 0\n");
}

static void json_says_the_same(void)
{
	BENCH_PRINTS(ADD "netem delay 20ms loss 1%; tc -j qdisc show dev eth0", 0,
		"[{\"kind\":\"netem\",\"handle\":\"8001:\",\"root\":true,\"refcnt\":2,\"options\":{\"limit\":"
		"1000,"
		"\"delay\":{\"delay\":0.02,\"jitter\":0.0,\"correlation\":0.0},"
		"\"loss-random\":{\"loss\":0.01,\"correlation\":0.0}}}]\n");
}

SUITE(shell_cmd_tc, T(every_wish_is_shown_as_it_was_said), T(what_makes_no_sense_is_refused),
	T(each_verb_minds_what_is_there), T(devices_show_what_stands_on_both_ways),
	T(statistics_count_what_went_on_and_what_did_not), T(json_says_the_same))
