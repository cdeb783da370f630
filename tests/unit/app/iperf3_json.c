/* SPDX-License-Identifier: MIT */
/* iperf3's JSON: what iperf3 3.12 says is understood, and what we say is what it says. */
#include "app/iperf3_internal.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static bool read_params(const char *text, struct iperf_params *p)
{
	return iperf_params_from_json(text, strlen(text), p);
}

static void parameters_of_the_real_client_are_understood(void)
{
	struct iperf_params p;

	CU_ASSERT_TRUE(read_params(
		"{\"tcp\":true,\"omit\":2,\"time\":0,\"num\":1000000,\"blockcount\":0,\"MSS\":1400,"
		"\"nodelay\":true,\"parallel\":3,\"bidirectional\":true,\"window\":102400,\"len\":131072,"
		"\"bandwidth\":10000000,\"pacing_timer\":1000,\"burst\":8,\"TOS\":16,"
		"\"congestion\":\"cubic\",\"client_version\":\"3.12\"}",
		&p));
	CU_ASSERT_FALSE(p.udp);
	CU_ASSERT_TRUE(p.bidir && p.nodelay && !p.reverse);
	CU_ASSERT_EQUAL(p.omit_s, 2);
	CU_ASSERT_EQUAL(p.bytes, 1000000);
	CU_ASSERT_EQUAL(p.mss, 1400);
	CU_ASSERT_EQUAL(p.parallel, 3);
	CU_ASSERT_EQUAL(p.window, 102400);
	CU_ASSERT_EQUAL(p.len, 131072);
	CU_ASSERT_EQUAL(p.rate, 10000000);
	CU_ASSERT_EQUAL(p.burst, 8);
	CU_ASSERT_EQUAL(p.tos, 16);
	CU_ASSERT_STRING_EQUAL(p.congestion, "cubic");
	CU_ASSERT_TRUE(read_params("{\"udp\":true,\"time\":1,\"len\":1448,\"udp_counters_64bit\":1}", &p));
	CU_ASSERT_TRUE(p.udp && p.counters_64bit);
	CU_ASSERT_EQUAL(p.parallel, 1);
}

static void parameters_come_back_as_they_were_sent(void)
{
	const struct iperf_params sent = {.udp = true,
		.reverse = true,
		.dont_fragment = true,
		.zerocopy = true,
		.parallel = 128,
		.time_s = 10,
		.blocks = 7,
		.rate = 1048576,
		.len = 1460,
		.tos = 8};
	struct iperf_params p;
	char *text = iperf_params_to_json(&sent);

	CU_ASSERT_TRUE(read_params(text, &p));
	CU_ASSERT_EQUAL(memcmp(&p, &sent, sizeof(p)), 0);
	free(text);
}

static void parameters_that_make_no_test_are_refused(void)
{
	static const char *const bad[] = {"", "[]", "{", "{\"parallel\":0}", "{\"parallel\":129}",
		"{\"parallel\":-1}", "{\"parallel\":\"2\"}", "{\"len\":0}", "{\"len\":1e9}",
		"{\"udp\":true,\"len\":15}", "{\"udp\":true,\"len\":65508}", "{\"time\":-5}",
		"{\"num\":1e40}", "{\"window\":1e12}", "{\"TOS\":256}", "{\"burst\":100000}", "{\"sctp\":1}",
		"{\"bandwidth\":-1}"};
	struct iperf_params p;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CU_ASSERT_FALSE(read_params(bad[i], &p));
}

static struct iperf *test_with_streams(unsigned n)
{
	struct iperf *t = calloc(1, sizeof(*t));

	t->streams = calloc(n, sizeof(*t->streams));
	t->made = t->stream_count = n;
	for (unsigned i = 0; i < n; i++) {
		t->streams[i].test = t;
		t->streams[i].id = i ? (int)i + 2 : 1;
		t->streams[i].number = 5 + 2 * (int)i;
	}
	return t;
}

static void free_test(struct iperf *t)
{
	free(t->streams);
	free(t);
}

static bool read_results(struct iperf *t, const char *text)
{
	return iperf_results_from_json(t, text, strlen(text));
}

/* It writes -1 as an unsigned number. */
static void results_of_the_real_server_are_understood(void)
{
	struct iperf *t = test_with_streams(2);

	CU_ASSERT_TRUE(read_results(t,
		"{\"cpu_util_total\":0.1,\"sender_has_retransmits\":18446744073709551615,\"congestion_used\":"
		"\"bbr\","
		"\"streams\":[{\"id\":1,\"bytes\":253952,\"retransmits\":18446744073709551615,\"jitter\":2."
		"5e-05,"
		"\"errors\":3,\"packets\":40,\"start_time\":0,\"end_time\":1.000324},"
		"{\"id\":3,\"bytes\":7,\"retransmits\":12,\"jitter\":0,\"errors\":0,\"packets\":0,"
		"\"start_time\":0,\"end_time\":2}]}"));
	CU_ASSERT_EQUAL(t->streams[0].remote.n.bytes, 253952);
	CU_ASSERT_EQUAL(t->streams[0].remote.n.lost, 3);
	CU_ASSERT_EQUAL(t->streams[0].remote.n.packets, 40);
	CU_ASSERT_EQUAL(t->streams[0].remote.end_ns, 1000324000);
	CU_ASSERT_DOUBLE_EQUAL(t->streams[0].remote.jitter_s, 2.5e-5, 1e-12);
	CU_ASSERT_FALSE(t->streams[0].has_info);
	CU_ASSERT_EQUAL(t->streams[1].remote.n.retransmits, 12);
	CU_ASSERT_TRUE(t->streams[1].has_info);
	CU_ASSERT_STRING_EQUAL(iperf_congestion(t, true), "bbr");
	free_test(t);
}

static void results_for_streams_nobody_made_are_refused(void)
{
	struct iperf *t = test_with_streams(1);

	CU_ASSERT_FALSE(read_results(t, "{\"streams\":[{\"id\":2,\"bytes\":1}]}"));
	CU_ASSERT_FALSE(read_results(t, "{\"streams\":7}"));
	CU_ASSERT_FALSE(read_results(t, "nonsense"));
	CU_ASSERT_TRUE(read_results(t,
		"{\"streams\":[{\"id\":1,\"bytes\":-5,\"end_time\":1e300,\"errors\":\"x\",\"jitter\":-1e99}]"
		"}"));
	CU_ASSERT_EQUAL(t->streams[0].remote.n.bytes, 0);
	free_test(t);
}

static void results_are_read_by_the_other_end(void)
{
	struct iperf *a = test_with_streams(2), *b = test_with_streams(2);
	char *text;

	a->streams[0].total = (struct iperf_row){.end_ns = 1500000000, .n.bytes = 1000000, .jitter_s = 0.25};
	a->streams[1].total.n.lost = 2;
	a->streams[1].sender = a->streams[1].has_info = true;
	a->streams[1].total.n.retransmits = 9;
	text = iperf_results_to_json(a);
	CU_ASSERT_TRUE(read_results(b, text));
	free(text);
	CU_ASSERT_EQUAL(b->streams[0].remote.n.bytes, 1000000);
	CU_ASSERT_EQUAL(b->streams[0].remote.end_ns, 1500000000);
	CU_ASSERT_DOUBLE_EQUAL(b->streams[0].remote.jitter_s, 0.25, 1e-9);
	CU_ASSERT_FALSE(b->streams[0].has_info);
	CU_ASSERT_EQUAL(b->streams[1].remote.n.lost, 2);
	CU_ASSERT_EQUAL(b->streams[1].remote.n.retransmits, 9);
	free_test(a);
	free_test(b);
}

SUITE(app_iperf3_json, T(parameters_of_the_real_client_are_understood),
	T(parameters_come_back_as_they_were_sent), T(parameters_that_make_no_test_are_refused),
	T(results_of_the_real_server_are_understood), T(results_for_streams_nobody_made_are_refused),
	T(results_are_read_by_the_other_end))
