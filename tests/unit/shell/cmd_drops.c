/* SPDX-License-Identifier: MIT */
/* drops, trace and stat: tapir's own windows. */
#include "tests/unit/shell/bench.h"

static void drops_tell_count_age_and_packet(void)
{
	struct bench *b = bench_new();

	bench_run(b, "drops");
	CU_ASSERT_STRING_EQUAL(b->text, "no packet was dropped\n");
	bench_run(b, "ping -c 1 -t 1 -q 10.0.2.1; sleep 2; on r drops");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text,
		"     COUNT  REASON                                  LAST  PACKET\n"
		"         1  IP_TTL_EXCEEDED                  2.000 s ago  eth0 10.0.1.1 > 10.0.2.1"));
	bench_free(b);
}

static void reasons_are_explained_and_cited(void)
{
	struct bench *b = bench_new();

	bench_run(b, "ping -c 1 -t 1 -q 10.0.2.1; on r drops -v");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "\n            TTL reached 0 on the way (RFC 1812 5.3.1)\n"));
	CU_ASSERT_PTR_NULL(strstr(b->text, "IP_BAD_CHECKSUM"));
	bench_run(b, "drops -z");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "         0  IP_BAD_CHECKSUM"));
	CU_ASSERT_EQUAL(bench_run(b, "drops -x"), 2);
	bench_free(b);
}

SUITE(shell_cmd_drops, T(drops_tell_count_age_and_packet), T(reasons_are_explained_and_cited))
