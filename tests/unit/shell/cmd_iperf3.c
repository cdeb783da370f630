/* SPDX-License-Identifier: MIT */
/* The command line of iperf3, and its numbers. */
#include "shell/cmd_iperf3.h"
#include "tests/unit/shell/bench.h"

static void amounts_have_three_digits(void)
{
	static const struct {
		double bytes;
		char format;
		const char *text;
	} cases[] = {{0, 'A', "0.00 Bytes"}, {1023, 'A', "1023 Bytes"}, {1024, 'A', "1.00 KBytes"},
		{253952, 'A', " 248 KBytes"}, {1010 << 10, 'A', "1010 KBytes"}, {98304, 'A', "96.0 KBytes"},
		{1 << 20, 'A', "1.00 MBytes"}, {4e12, 'A', "3.64 TBytes"}, {0, 0, "0.00 bits"},
		{253952, 0, "2.03 Mbits"}, {124, 0, " 992 bits"}, {125, 0, "1.00 Kbits"},
		{1.25e9, 0, "10.0 Gbits"}, {131072, 'k', "1049 Kbits"}, {131072, 'G', "0.00 GBytes"},
		{131072, 'K', " 128 KBytes"}, {131072, 'm', "1.05 Mbits"}};
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		iperf3_format(text, sizeof(text), cases[i].bytes, cases[i].format);
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
	}
}

static void what_does_not_go_together_is_said(void)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"iperf3", "iperf3: parameter error - must either be a client (-c) or server (-s)\n"},
		{"iperf3 -s -c h2", "iperf3: parameter error - cannot be both server and client\n"},
		{"iperf3 -s -R",
			"iperf3: parameter error - some option you are trying to set is client only\n"},
		{"iperf3 -s -Z",
			"iperf3: parameter error - some option you are trying to set is client only\n"},
		{"iperf3 -c h2 -1",
			"iperf3: parameter error - some option you are trying to set is server only\n"},
		{"iperf3 -c h2 -R --bidir",
			"iperf3: parameter error - cannot be both reverse and bidirectional\n"},
		{"iperf3 -c h2 -t 1 -n 5",
			"iperf3: parameter error - only one test end condition (-t, -n, -k) may be "
			"specified\n"},
		{"iperf3 -c h2 -i 0.01",
			"iperf3: parameter error - invalid report interval (min = 0.1, max = 60 seconds)\n"},
		{"iperf3 -c h2 -b x",
			"iperf3: parameter error - bitrate: x (bits per second, as 10M or 1.5G)\n"},
		{"iperf3 -c h2 -w 1G",
			"iperf3: parameter error - socket buffer size: 1G (at most 536870912, as 10M or "
			"1.5G)\n"},
		{"iperf3 -c h2 -u -l 70000",
			"iperf3: parameter error - block size invalid (minimum = 16 bytes, maximum = 65507 "
			"bytes)\n"},
		{"iperf3 -c nowhere", "iperf3: nowhere: Name or service not known\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		BENCH_PRINTS(cases[i].line, 1, cases[i].says);
}

SUITE(shell_cmd_iperf3, T(amounts_have_three_digits), T(what_does_not_go_together_is_said))
