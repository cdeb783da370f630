/* SPDX-License-Identifier: MIT */
/* stat: packets, timers, hosts. */
#include "tests/unit/shell/bench.h"

static void everything_in_hand_is_counted(void)
{
	struct bench *b = bench_new();
	char expected[128];

	bench_run(b, "ping -q -c 1 10.0.2.1; stat");
	snprintf(expected, sizeof(expected), "  small     %10llu %10llu %8d",
		(unsigned long long)b->lab->world.pkts.small.made,
		(unsigned long long)b->lab->world.pkts.small.freed, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, expected));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, " armed, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "  h1              2       0          1 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "  r               3       0          2 "));
	bench_free(b);
}

SUITE(shell_cmd_stat, T(everything_in_hand_is_counted))
