/* SPDX-License-Identifier: MIT */
/* explain: the way of packets over all hosts, in order, as a tree. */
#include "tests/unit/shell/bench.h"

/* Does `text` hold all of these, in this order? Ends with NULL. */
static bool in_order(const char *text, const char *const *parts)
{
	for (; text && *parts; parts++) {
		text = strstr(text, *parts);
		if (!text)
			printf("missing: %s\n", *parts);
	}
	return text != NULL;
}
#define CU_ASSERT_IN_ORDER(b, ...) CU_ASSERT(in_order((b)->text, (const char *const[]){__VA_ARGS__, NULL}))

static void the_whole_way_is_told_with_what_came_of_it(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b, "explain -c 1 icmp & ping -q -c 1 10.0.2.1; sleep 1; jobs"), 0);
	CU_ASSERT_IN_ORDER(b, "packet 1 at ", "  h1 icmp echo request",
		"  h1 route 10.0.2.1: default via 10.0.1.254 dev eth0",
		"  h1 eth0 arp waits for the MAC address of 10.0.1.254", "  packet 2, of 1\n",
		"    h1 arp who has 10.0.1.254?", "    packet 3, of 2\n", "      r arp tell 10.0.1.1",
		"      h1 eth0 arp 10.0.1.254 is at", "  h1 eth0 arp 10.0.1.254 is at",
		"over the cable to eth0 of r",
		"  r eth0 route 10.0.2.1: 10.0.2.0/24 dev eth1 (the longest prefix that fits)",
		"  r eth0 ip 10.0.1.1 > 10.0.2.1: on by eth1",
		"  h2 eth0 route 10.0.2.1: an address of this host", "  h2 eth0 icmp echo request",
		"  packet 6, of 1\n", "    h2 icmp echo reply", "    h1 eth0 sock for the ping socket",
		"    h1 sock read by the program: 64 octets");
	CU_ASSERT_PTR_NULL(strstr(b->text, "packet 7"));
	CU_ASSERT_PTR_NULL(strstr(b->text, "Running")); /* it has ended by itself */
	CU_ASSERT_EQUAL(b->h1->trace_mask | b->r->trace_mask | b->h2->trace_mask, 0);
	bench_free(b);
}

static void nothing_is_said_of_what_does_not_match(void)
{
	BENCH_PRINTS("explain udp port 53 & ping -q -c 1 10.0.2.1 >/dev/null; sleep 3; kill %1; wait", 0,
		"0 packets explained\n");
}

static void a_drop_is_named_with_a_hint(void)
{
	struct bench *b = bench_new();

	bench_run(b, "explain -c 1 icmp & ping -q -c 1 10.0.9.1");
	CU_ASSERT_IN_ORDER(b,
		"  r eth0 drop dropped IP_NO_ROUTE: no route to the destination [RFC 1812 4.3.3.1]\n",
		"hint: ip route add default via GATEWAY");
	CU_ASSERT_IN_ORDER(b, "    r icmp destination unreachable (code 0) to 10.0.1.1",
		"    h1 eth0 icmp 10.0.1.254 says:");
	bench_free(b);
}

/* It never gets to a device: the filter looks at what IP made. */
static void what_waits_is_told_after_a_second_and_goes_on(void)
{
	struct bench *b = bench_new();

	bench_run(b, "explain -c 1 icmp & ping -q -c 1 -W 5 10.0.1.77; wait");
	CU_ASSERT_IN_ORDER(b, "packet 1 at ", "waits for the MAC address of 10.0.1.77",
		"it is still on its way\n", "packet 1 goes on\n", "packet 3, of 1\n", "packet 1 goes on\n",
		"dropped NEIGH_UNREACHABLE", "hint: is the neighbour up");
	bench_free(b);
}

static void answers_of_tcp_stand_under_what_they_answer(void)
{
	struct bench *b = bench_new();

	bench_run(b, "on h2 serve echo >/dev/null & sleep 1; explain -c 2 tcp & echo hi | nc -N 10.0.2.1 7");
	CU_ASSERT_IN_ORDER(b, "packet ", "  h2 eth0 sock for TCP socket 0.0.0.0:7 in LISTEN",
		"  h2 eth0 tcp half-open entry", "    h1 tcp SYN_SENT -> ESTABLISHED: answered by an ACK",
		"      h2 eth0 sock for 10.0.2.1:7 > 10.0.1.1:",
		"      h2 tcp SYN_RECV -> ESTABLISHED: no answer needed",
		"  h2 eth0 tcp 3 octets of text in order",
		"  h2 tcp ESTABLISHED -> CLOSE_WAIT: its ACK waits a little");
	bench_free(b);
}

static void the_last_ones_are_told_when_they_were_recorded(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b, "explain last"), 1);
	CU_ASSERT_STRING_EQUAL(
		b->text, "explain: nothing was recorded yet: type `explain record on` first\n");
	bench_run(b, "explain record on; ping -q -c 2 10.0.2.1; explain record");
	CU_ASSERT_IN_ORDER(b, "on, ", " records\n");
	CU_ASSERT_EQUAL(bench_run(b, "explain last"), 0);
	CU_ASSERT_IN_ORDER(b, "packet ", "h1 icmp echo request", "h2 icmp echo reply", "read by the program");
	CU_ASSERT_PTR_NULL(strstr(b->text, "who has"));
	bench_run(b, "explain last 2");
	CU_ASSERT_IN_ORDER(b, "h1 icmp echo request", "who has", "h1 icmp echo request");
	bench_run(b, "explain record off");
	CU_ASSERT_EQUAL(b->h1->trace_mask, 0);
	bench_run(b, "explain record on"); /* the end of the shell ends it */
	bench_free(b);
}

static void trace_shows_no_more_than_it_was_told_to(void)
{
	struct bench *b = bench_new();

	bench_run(b, "trace arp; explain udp >/dev/null & ping -q -c 1 10.0.2.1; kill %1");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, " h1 arp who has"));
	CU_ASSERT_PTR_NULL(strstr(b->text, " icmp echo"));
	bench_free(b);
}

static void hosts_to_come_are_seen_too(void)
{
	struct bench *b = bench_new();

	bench_run(b,
		"explain -c 1 icmp & ip netns add late; on late ip link set lo up; on late ping -q -c 1 "
		"127.0.0.1");
	CU_ASSERT_IN_ORDER(b, "packet ", "late icmp echo request", "late lo dev lo: 98 bytes in, for us",
		"late icmp echo reply");
	bench_free(b);
}

static void mistakes_are_told(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b, "explain host and"), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "explain: ") && strstr(b->text, "syntax error"));
	CU_ASSERT_EQUAL(bench_run(b, "explain -c 0 icmp"), 2);
	CU_ASSERT_EQUAL(bench_run(b, "explain record maybe"), 2);
	CU_ASSERT_EQUAL(bench_run(b, "explain record on; explain last x"), 2);
	CU_ASSERT_EQUAL(bench_run(b, "explain last 1 2"), 2);
	bench_free(b);
}

SUITE(shell_cmd_explain, T(the_whole_way_is_told_with_what_came_of_it),
	T(nothing_is_said_of_what_does_not_match), T(a_drop_is_named_with_a_hint),
	T(what_waits_is_told_after_a_second_and_goes_on), T(answers_of_tcp_stand_under_what_they_answer),
	T(the_last_ones_are_told_when_they_were_recorded), T(trace_shows_no_more_than_it_was_told_to),
	T(hosts_to_come_are_seen_too), T(mistakes_are_told))
