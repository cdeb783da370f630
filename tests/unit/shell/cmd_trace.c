/* SPDX-License-Identifier: MIT */
/* trace: which layers, and the lines. */
#include "tests/unit/shell/bench.h"

static void layers_are_switched_by_name(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b, "trace arp icmp on"), 0);
	CU_ASSERT_EQUAL(b->h1->trace_mask, 1u << LAYER_ARP | 1u << LAYER_ICMP);
	CU_ASSERT_EQUAL(b->r->trace_mask, 0);
	CU_ASSERT_EQUAL(bench_run(b, "debug arp off"), 0);
	CU_ASSERT_EQUAL(b->h1->trace_mask, 1u << LAYER_ICMP);
	CU_ASSERT_EQUAL(bench_run(b, "trace"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "arp     off\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "icmp    on\n"));
	CU_ASSERT_EQUAL(bench_run(b, "trace all"), 0);
	CU_ASSERT_EQUAL(b->h1->trace_mask, (1u << LAYER_COUNT) - 1);
	CU_ASSERT_EQUAL(bench_run(b, "trace off"), 0);
	CU_ASSERT_EQUAL(b->h1->trace_mask, 0);
	CU_ASSERT_EQUAL(bench_run(b, "trace nosuch on"), 2);
	bench_free(b);
}

static void a_decision_is_one_line_with_its_clause(void)
{
	struct bench *b = bench_new();
	struct stack *s = b->h1;

	bench_run(b, "trace ip; trace arp on");
	TRACE(s, LAYER_ARP, NULL, "RFC 826", "who has %s: asked", "10.0.1.254");
	TRACE(s, LAYER_IP, NULL, "", "no clause");
	TRACE(s, LAYER_ICMP, NULL, "", "not traced");
	bench_run(b, "trace off");
	CU_ASSERT_STRING_EQUAL(b->text,
		"00:00:00.000000 h1 arp who has 10.0.1.254: asked [RFC 826]\n"
		"00:00:00.000000 h1 ip no clause\n");
	bench_free(b);
}

static void lines_come_as_packets_move(void)
{
	struct bench *b = bench_new();

	bench_run(b, "on r trace arp; ping -q -c 1 10.0.1.254");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, " r eth0 arp "));
	CU_ASSERT_PTR_NULL(strstr(b->text, " h1 eth0 arp "));
	bench_free(b);
}

SUITE(shell_cmd_trace, T(layers_are_switched_by_name), T(a_decision_is_one_line_with_its_clause),
	T(lines_come_as_packets_move))
