/* SPDX-License-Identifier: MIT */
#include "shell/suggest.h"
#include "tests/unit/shell/fixture.h"

static void distance_counts_letters(void)
{
	CU_ASSERT_EQUAL(suggest_distance("ping", "ping", 3), 0);
	CU_ASSERT_EQUAL(suggest_distance("pnig", "ping", 3), 1);
	CU_ASSERT_EQUAL(suggest_distance("pin", "ping", 3), 1);
	CU_ASSERT_EQUAL(suggest_distance("pingg", "ping", 3), 1);
	CU_ASSERT_EQUAL(suggest_distance("", "ping", 9), 4);
	CU_ASSERT_EQUAL(suggest_distance("abcd", "wxyz", 2), 3);
}

static void what_is_far_from_everything_is_only_unknown(void)
{
	PRINTS("X", "X: command not found\n");
	PRINTS("qqqqqqqqqq", "qqqqqqqqqq: command not found\n");
	PRINTS("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: "
		"command not found\n");
	PRINTS("sudo !ls", "sudo: a program of the machine begins the line: !sudo ...\n");
	PRINTS("time '!ls'",
		"!ls: command not found: a program of the machine can only begin a line: !ls\n"
		"\nreal\t0m0.000s\n");
}

static void what_is_for_later_is_said_so(void)
{
	PRINTS("tcpdump -ni eth0",
		"tcpdump: command not found: tapir does not have it yet (!tcpdump is the machine's "
		"own, at the kernel's end)\n");
}

SUITE(shell_suggest, T(what_is_for_later_is_said_so), T(distance_counts_letters),
	T(what_is_far_from_everything_is_only_unknown))
