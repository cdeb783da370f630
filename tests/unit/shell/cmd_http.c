/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/bench.h"

static void a_directory_is_served_until_it_is_stopped(void)
{
	BENCH_PRINTS("!mkdir www; !echo hello > www/f\n"
		     "on h2 http -p 8080 www & sleep 1; !printf 'GET /f HTTP/1.0\\r\\n\\r\\n' > request\n"
		     "nc h2 8080 < request | !tail -n 1\n"
		     "kill %1; wait; !rm -r www request\nnc -zv 10.0.2.1 8080",
		1,
		"10.0.1.1 - - [01/Jan/2026:00:00:01 +0000] \"GET /f HTTP/1.0\" 200 6\nhello\n"
		"nc: connect to 10.0.2.1 port 8080 (tcp) failed: Connection refused\n");
}

static void mistakes_are_named(void)
{
	static const char usage[] = "Usage: http [-q] [-p PORT] [-s ADDRESS] DIR\n";
	static const struct {
		const char *script, *says;
		int status;
	} cases[] = {
		{"http", "http: one directory is needed\n", 2},
		{"http a b", "http: one directory is needed\n", 2},
		{"http -p 70000 /", "http: invalid argument: '70000': out of range: 1 <= value <= 65535\n",
			1},
		{"http /nowhere", "http: /nowhere: No such file or directory\n", 1},
		{"http /etc/passwd", "http: /etc/passwd: Not a directory\n", 1},
		{"http -s 10.9.9.9 /", "http: bind: Cannot assign requested address\n", 1},
	};
	struct bench *b = bench_new();
	char all[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(all, sizeof(all), "%s%s", cases[i].says, cases[i].status == 2 ? usage : "");
		CU_ASSERT_EQUAL(bench_run(b, cases[i].script), cases[i].status);
		CU_ASSERT_STRING_EQUAL(b->text, all);
	}
	bench_free(b);
}

SUITE(shell_cmd_http, T(a_directory_is_served_until_it_is_stopped), T(mistakes_are_named))
