/* SPDX-License-Identifier: MIT */
/* nstat prints what iproute2 6.1 prints. */
#include "tests/unit/shell/bench.h"

static void check(struct bench *b, const char *script, const char *expected)
{
	CU_ASSERT_EQUAL(bench_run(b, script), 0);
	CU_ASSERT_STRING_EQUAL(b->text, expected);
	if (strcmp(b->text, expected) != 0)
		printf("%s printed:\n%s", script, b->text);
}

static void increments_since_the_last_time(void)
{
	struct bench *b = bench_new();

	bench_run(b, "nstat -n");
	check(b, "nstat", "#kernel\n");
	bench_run(b, "ping -q -c 2 10.0.1.254");
	check(b, "nstat -s 'Icmp*'",
		"#kernel\n"
		"IcmpInMsgs                      2                  0.0\n"
		"IcmpInEchoReps                  2                  0.0\n"
		"IcmpOutMsgs                     2                  0.0\n"
		"IcmpOutEchos                    2                  0.0\n");
	check(b, "nstat IcmpOutEchos", "#kernel\nIcmpOutEchos                    2                  0.0\n");
	check(b, "nstat", "#kernel\n");
	bench_run(b, "ping -q -c 1 10.0.1.254");
	check(b, "nstat IcmpOutEchos", "#kernel\nIcmpOutEchos                    1                  0.0\n");
	check(b, "nstat -a icmpoutechos",
		"#kernel\nIcmpOutEchos                    3                  0.0\n");
	bench_free(b);
}

static void zeros_and_json(void)
{
	struct bench *b = bench_new();

	check(b, "nstat -z IpForw*", "#kernel\nIpForwDatagrams                 0                  0.0\n");
	bench_run(b, "ping -q -c 2 10.0.1.254");
	check(b, "nstat -aj 'IcmpOut*'", "{\"kernel\":{\"IcmpOutMsgs\":2,\"IcmpOutEchos\":2}}\n");
	check(b, "nstat -j", "{\"kernel\":{}}\n");
	bench_free(b);
}

/* Each host has a history; a host made anew under an old name begins with none. */
static void hosts_are_kept_apart(void)
{
	struct bench *b = bench_new();

	bench_run(b, "ping -q -c 2 10.0.1.254; nstat -n");
	check(b, "on r nstat IcmpInEchos",
		"#kernel\nIcmpInEchos                     2                  0.0\n");
	check(b, "nstat IcmpOutEchos", "#kernel\n");
	memset(b->r->mib, 0, sizeof(b->r->mib));
	b->r->mib[MIB_IcmpInEchos] = 1;
	check(b, "on r nstat IcmpInEchos",
		"#kernel\nIcmpInEchos                     1                  0.0\n");
	bench_free(b);
}

SUITE(shell_cmd_nstat, T(increments_since_the_last_time), T(zeros_and_json), T(hosts_are_kept_apart))
