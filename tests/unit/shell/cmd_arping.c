/* SPDX-License-Identifier: MIT */
/* arping prints what iputils 20221126 prints. */
#include "lib/text.h"
#include "tests/unit/shell/bench.h"

/* The MAC address of r's eth0 is made from the seed: it is replaced by this. */
static void hide_mac(struct bench *b)
{
	struct mac m = dev_by_name(b->r, "eth0")->mac;
	char mac[TEXT_MAC_LEN], *at;

	snprintf(mac, sizeof(mac), "%02X:%02X:%02X:%02X:%02X:%02X", m.b[0], m.b[1], m.b[2], m.b[3], m.b[4],
		m.b[5]);
	while ((at = strstr(b->text, mac)))
		memcpy(at, "RR:RR:RR:RR:RR:RR", strlen(mac));
}

static void check(const char *script, int status, const char *expected)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL(bench_run(b, script), status);
	hide_mac(b);
	CU_ASSERT_STRING_EQUAL(b->text, expected);
	if (strcmp(b->text, expected) != 0)
		printf("%s printed:\n%s", script, b->text);
	bench_free(b);
}

static void answers_and_statistics(void)
{
	check("arping -c 2 10.0.1.254", 0,
		"ARPING 10.0.1.254 from 10.0.1.1 eth0\n"
		"Unicast reply from 10.0.1.254 [RR:RR:RR:RR:RR:RR]  0.000ms\n"
		"Unicast reply from 10.0.1.254 [RR:RR:RR:RR:RR:RR]  0.000ms\n"
		"Sent 2 probes (1 broadcast(s))\n"
		"Received 2 response(s)\n");
	check("arping -w 2 10.0.1.77", 1,
		"ARPING 10.0.1.77 from 10.0.1.1 eth0\n"
		"Sent 3 probes (3 broadcast(s))\n"
		"Received 0 response(s)\n");
	check("arping -q -c 1 -I eth0 10.0.1.77", 1, "");
	check("arping -f r", 0,
		"ARPING r from 10.0.1.1 eth0\n"
		"Unicast reply from 10.0.1.254 [RR:RR:RR:RR:RR:RR]  0.000ms\n"
		"Sent 1 probes (1 broadcast(s))\n"
		"Received 1 response(s)\n");
}

static void detection_succeeds_when_nobody_answers(void)
{
	check("arping -D -c 2 10.0.1.77", 0,
		"ARPING 10.0.1.77 from 0.0.0.0 eth0\n"
		"Sent 2 probes (2 broadcast(s))\n"
		"Received 0 response(s)\n");
	check("arping -D -c 2 10.0.1.254", 1,
		"ARPING 10.0.1.254 from 0.0.0.0 eth0\n"
		"Unicast reply from 10.0.1.254 [RR:RR:RR:RR:RR:RR]  0.000ms\n"
		"Sent 1 probes (1 broadcast(s))\n"
		"Received 1 response(s)\n");
}

static void announcements_expect_no_answer(void)
{
	check("arping -U -c 2 10.0.1.1", 0,
		"ARPING 10.0.1.1 from 10.0.1.1 eth0\n"
		"Sent 2 probes (2 broadcast(s))\n"
		"Received 0 response(s)\n");
}

static void what_cannot_be_done_is_said_at_once(void)
{
	check("arping -I nodev 10.0.1.1", 2, "arping: Device nodev not available.\n");
	check("arping -I lo 10.0.1.1", 2, "Interface \"lo\" is not ARPable\n");
	check("arping -s 10.0.1.9 10.0.1.254", 2, "arping: bind: Cannot assign requested address\n");
	check("arping -U 10.0.1.5", 2, "arping: bind: Cannot assign requested address\n");
	check("arping nohost", 2, "arping: nohost: Name or service not known\n");
	check("arping -c x 10.0.1.1", 1, "arping: invalid argument: 'x'\n");
}

SUITE(shell_cmd_arping, T(answers_and_statistics), T(detection_succeeds_when_nobody_answers),
	T(announcements_expect_no_answer), T(what_cannot_be_done_is_said_at_once))
