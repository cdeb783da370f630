/* SPDX-License-Identifier: MIT */
/* tcp list, watch and plot: how connections are named, watched until their end, and recorded. */
#include "shell/cmd_tcp.h"
#include "tests/unit/shell/bench.h"

static const struct tcp_row row = {.state = TCP_ESTABLISHED,
	.local = 0x0a000001,
	.local_port = 40000,
	.remote = 0x0a000002,
	.remote_port = 80};

static bool means(struct tcp_wanted w)
{
	return tcp_wanted_matches(&w, &row);
}

static void a_connection_is_named_by_one_end_or_by_both(void)
{
	CU_ASSERT_TRUE(means((struct tcp_wanted){.a = {0, 80}}));
	CU_ASSERT_TRUE(means((struct tcp_wanted){.a = {0, 40000}}));
	CU_ASSERT_TRUE(means((struct tcp_wanted){.a = {0x0a000002, 0}}));
	CU_ASSERT_FALSE(means((struct tcp_wanted){.a = {0x0a000002, 40000}}));
	CU_ASSERT_TRUE(
		means((struct tcp_wanted){.both = true, .a = {0x0a000001, 40000}, .b = {0x0a000002, 80}}));
	CU_ASSERT_TRUE(means((struct tcp_wanted){.both = true, .a = {0, 80}, .b = {0x0a000001, 0}}));
	CU_ASSERT_FALSE(means((struct tcp_wanted){.both = true, .a = {0, 80}, .b = {0, 80}}));
	CU_ASSERT_FALSE(means((struct tcp_wanted){.ino = 7})); /* nobody has this one */
}

static void what_is_no_name_is_said(void)
{
	static const char *const bad[] = {
		"eighty", "10.0.0.1", ":99999", "10.0.0.1:80-", "x:80", "10.0.0.1:80-:y", "-"};
	char line[64], says[256];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(line, sizeof(line), "tcp watch -1 -- %s", bad[i]);
		snprintf(says, sizeof(says),
			"tcp: %s: a connection is named as 10.0.0.1:40000-10.0.0.2:80, by one end "
			"(10.0.0.2:80 or :80), or by "
			"its number in `tcp list`\n",
			bad[i]);
		BENCH_PRINTS(line, 1, says);
	}
	BENCH_PRINTS("tcp watch -1 :http", 1,
		"tcp: :http: no such connection (`tcp list` shows those of this host)\n");
	BENCH_PRINTS("tcp list", 0, "number  state       local-remote\n");
}

static void watching_ends_with_the_connection(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b,
				"on h2 nc -l 80 > /dev/null & sleep 0.1\n"
				"sleep 2 | nc -N 10.0.2.1 80 &\n"
				"sleep 0.1; tcp watch -i 1 :80"),
		0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "-10.0.2.1:80  ESTAB\ntimer    none\nsend     una 1 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "\nThe connection has ended.\n"));
	bench_free(b);
}

static void a_recording_waits_for_the_busiest_connection(void)
{
	char path[] = "/tmp/tapir-plot-XXXXXX.csv", line[512];
	int fd = mkstemps(path, 4);
	struct bench *b = bench_new();
	FILE *f;

	snprintf(line, sizeof(line),
		"on h2 nc -lk 80 > /dev/null & sleep 0.1\n"
		"tcp plot :80 %s &\n"
		"sleep 1; echo little | nc 10.0.2.1 80 & seq 5000 | nc 10.0.2.1 80 &\n"
		"sleep 1; kill %%3 %%4; wait %%2",
		path);
	bench_run(b, line);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, " samples in /tmp/tapir-plot-"));
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), f));
	CU_ASSERT_STRING_EQUAL(line,
		"seconds,una,nxt,rcv_nxt,snd_wnd,cwnd,ssthresh,unacked,rtt_ms,rto_ms,retransmits,state\n");
	while (fgets(line, sizeof(line), f))
		CU_ASSERT_PTR_NOT_NULL(
			strstr(line, ",23894,23894,1,")); /* all of seq 5000 at the first look */
	fclose(f);
	close(fd);
	unlink(path);
	bench_free(b);
}

static void nothing_recorded_is_a_failure(void)
{
	struct bench *b = bench_new();

	bench_run(b, "tcp plot :80 never.svg & sleep 1; kill %1; wait %1");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->text, "tcp: :80: no such connection came\n"));
	CU_ASSERT_NOT_EQUAL(access("never.csv", F_OK), 0);
	bench_free(b);
}

SUITE(shell_cmd_tcp, T(a_connection_is_named_by_one_end_or_by_both), T(what_is_no_name_is_said),
	T(watching_ends_with_the_connection), T(a_recording_waits_for_the_busiest_connection),
	T(nothing_recorded_is_a_failure))
