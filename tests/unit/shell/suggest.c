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

static void what_is_lacking_is_said_by_name(void)
{
	PRINTS("iptables -L",
		"iptables: command not found: tapir has no packet filter and no NAT yet (!iptables is the "
		"machine's own, at the kernel's end)\n");
	PRINTS("nft list ruleset",
		"nft: command not found: tapir has no packet filter and no NAT yet (!nft is the "
		"machine's own, at the kernel's end)\n");
	PRINTS("conntrack -L",
		"conntrack: command not found: tapir has no packet filter and no NAT yet (!conntrack is the "
		"machine's own, at the kernel's end)\n");
	PRINTS("ip rule", "Object \"rule\" is not there yet: a host of tapir has one routing table.\n");
	PRINTS("ip tuntap add tap5 mode tap",
		"Object \"tuntap\" is not there yet: tapir attaches to TAP devices when it "
		"starts (tapir --tap NAME).\n");
	PRINTS("ip tun", "Object \"tun\" is unknown, try \"ip help\".\n");
	PRINTS("tshark -ni eth0",
		"tshark: command not found: tapir has tcpdump, which writes files for it (!tshark is the "
		"machine's own, at the kernel's end)\n");
}

SUITE(shell_suggest, T(what_is_lacking_is_said_by_name), T(distance_counts_letters),
	T(what_is_far_from_everything_is_only_unknown))
