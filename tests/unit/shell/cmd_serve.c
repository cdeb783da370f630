/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/bench.h"

static void services_run_until_they_are_stopped(void)
{
	BENCH_PRINTS("on h2 serve echo discard & sleep 1; echo hello | nc -N h2 echo\n"
		     "echo hello | nc -N h2 discard; echo by udp | nc -u -w 1 h2 7\n"
		     "jobs\nkill %1; wait; nc -zv h2 7",
		1,
		"echo: port 7, TCP and UDP\ndiscard: port 9, TCP and UDP\nhello\nby udp\n"
		"[1]  Running    on h2 serve echo discard\n"
		"nc: connect to h2 (10.0.2.1) port 7 (tcp) failed: Connection refused\n");
	BENCH_PRINTS("on h2 serve -p 5000 -s 10.0.2.1 daytime & sleep 1; nc h2 5000 | !wc -c", 0,
		"daytime: port 5000, TCP and UDP\n30\n");
}

static void mistakes_are_named(void)
{
	static const char usage[] = "Usage: serve [-p PORT] [-r RATE] [-s ADDRESS] echo | discard | chargen "
				    "| daytime | all ...\n";
	static const struct {
		const char *script, *says;
		int status;
		bool usage;
	} cases[] = {
		{"serve", "serve: which service?\n", 2, true},
		{"serve finger", "serve: finger: there is no such service\n", 2, true},
		{"serve -p 5000 all", "serve: -p is for one service\n", 2, true},
		{"serve -p 0 echo", "serve: invalid argument: '0': out of range: 1 <= value <= 65535\n", 1,
			false},
		{"serve -r 100000001 echo",
			"serve: invalid argument: '100000001': out of range: 1 <= value <= 100000000\n", 1,
			false},
		{"serve -s 10.9.9.9 echo", "serve: echo: port 7: bind: Cannot assign requested address\n", 1,
			false},
	};
	struct bench *b = bench_new();
	char all[512];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(all, sizeof(all), "%s%s", cases[i].says, cases[i].usage ? usage : "");
		CU_ASSERT_EQUAL(bench_run(b, cases[i].script), cases[i].status);
		CU_ASSERT_STRING_EQUAL(b->text, all);
	}
	bench_free(b);
}

SUITE(shell_cmd_serve, T(services_run_until_they_are_stopped), T(mistakes_are_named))
