/* SPDX-License-Identifier: MIT */
/* sysctl prints what procps 4.0.2 prints. */
#include "tests/unit/shell/bench.h"

struct line {
	const char *script, *says;
	int status;
};

static void run_all(const struct line *lines, size_t n)
{
	struct bench *b = bench_new();

	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(bench_run(b, lines[i].script), lines[i].status);
		CU_ASSERT_STRING_EQUAL(b->text, lines[i].says);
		if (strcmp(b->text, lines[i].says) != 0)
			printf("%s printed:\n%s", lines[i].script, b->text);
	}
	bench_free(b);
}

static void values_are_shown_by_dots_and_slashes(void)
{
	static const struct line lines[] = {
		{"sysctl net.ipv4.ip_forward", "net.ipv4.ip_forward = 0\n", 0},
		{"sysctl net/ipv4/ip_forward", "net.ipv4.ip_forward = 0\n", 0},
		{"sysctl net.ipv4.ip_forward net.ipv4.ip_default_ttl",
			"net.ipv4.ip_forward = 0\nnet.ipv4.ip_default_ttl = 64\n", 0},
		{"sysctl -n net.ipv4.ip_default_ttl", "64\n", 0},
		{"sysctl -N net.ipv4.ip_default_ttl", "net.ipv4.ip_default_ttl\n", 0},
		{"sysctl -b net.ipv4.ip_default_ttl", "64", 0},
		{"sysctl net.ipv4.icmp_ratelimit -n", "1000\n", 0},
		{"sysctl net.ipv4.conf.eth0.proxy_arp", "net.ipv4.conf.eth0.proxy_arp = 0\n", 0},
	};

	run_all(lines, ARRAY_SIZE(lines));
}

static void values_are_set_with_and_without_w(void)
{
	static const struct line lines[] = {
		{"sysctl -w net.ipv4.ip_forward=1", "net.ipv4.ip_forward = 1\n", 0},
		{"sysctl net.ipv4.ip_forward", "net.ipv4.ip_forward = 1\n", 0},
		{"sysctl net/ipv4/ip_forward=0", "net.ipv4.ip_forward = 0\n", 0},
		{"sysctl -w \"net.ipv4.ip_forward = 1\"", "net.ipv4.ip_forward = 1\n", 0},
		{"sysctl -q -w net.ipv4.ip_forward=0", "", 0},
		{"sysctl -n -w net.ipv4.ip_forward=1", "1\n", 0},
		{"sysctl net.ipv4.conf.all.forwarding", "net.ipv4.conf.all.forwarding = 1\n", 0},
		{"sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
			"net.ipv4.ip_local_port_range = 1024 65535\n", 0},
		{"sysctl net.ipv4.ip_local_port_range", "net.ipv4.ip_local_port_range = 1024\t65535\n", 0},
	};

	run_all(lines, ARRAY_SIZE(lines));
}

static void mistakes_are_told_and_change_nothing(void)
{
	static const struct line lines[] = {
		{"sysctl -w net.ipv4.ip_forward=x",
			"sysctl: setting key \"net.ipv4.ip_forward\": Invalid argument\n", 1},
		{"sysctl -w net.ipv4.ip_forward=",
			"sysctl: setting key \"net.ipv4.ip_forward\": Invalid argument\n", 1},
		{"sysctl -w net.ipv4.ip_default_ttl=256",
			"sysctl: setting key \"net.ipv4.ip_default_ttl\": Invalid argument\n", 1},
		{"sysctl -w net.ipv4.nope=1",
			"sysctl: cannot stat /proc/sys/net/ipv4/nope: No such file or directory\n", 1},
		{"sysctl net.ipv4.conf.eth9.proxy_arp",
			"sysctl: cannot stat /proc/sys/net/ipv4/conf/eth9/proxy_arp: No such file or "
			"directory\n",
			1},
		{"sysctl -e net.ipv4.nope", "", 0},
		{"sysctl -w net.ipv4.ip_forward", "sysctl: command line(0): invalid syntax, continuing...\n",
			1},
		{"sysctl net.ipv4.ip_forward net.ipv4.ip_default_ttl",
			"net.ipv4.ip_forward = 0\nnet.ipv4.ip_default_ttl = 64\n", 0},
		{"sysctl -p", "sysctl: there is no /etc/sysctl.conf here; use -w, or a script\n", 1},
		{"sysctl -a -r '['", "sysctl: bad pattern: [\n", 1},
	};

	run_all(lines, ARRAY_SIZE(lines));
}

static void patterns_and_subtrees_select(void)
{
	static const struct line lines[] = {
		{"sysctl -a -r icmp_rate", "net.ipv4.icmp_ratelimit = 1000\nnet.ipv4.icmp_ratemask = 6168\n",
			0},
		{"sysctl -a --pattern 'icmp_ratel.*t$'", "net.ipv4.icmp_ratelimit = 1000\n", 0},
		{"sysctl -n -r forwarding net.ipv4.conf.eth0", "0\n", 0},
		{"sysctl -a -r nothing_has_this_name", "", 0},
	};

	run_all(lines, ARRAY_SIZE(lines));
}

static void all_of_them_are_sorted(void)
{
	struct bench *b = bench_new();
	char *line, *rest = b->text, last[128] = "";
	size_t lines = 0;

	CU_ASSERT_EQUAL(bench_run(b, "sysctl -aN"), 0);
	while ((line = strsep(&rest, "\n")) && *line) {
		CU_ASSERT(strcmp(last, line) < 0);
		snprintf(last, sizeof(last), "%s", line);
		lines++;
	}
	for (int i = 1; i < SYSCTL_COUNT; i++) /* several values of one setting */
		lines += strcmp(sysctl_hosts[i].name, sysctl_hosts[i - 1].name) == 0;
	CU_ASSERT_EQUAL(lines, SYSCTL_COUNT + 4 * CONF_COUNT - (CONF_COUNT - CONF_BASE_REACHABLE_TIME_MS));
	bench_free(b);
}

SUITE(shell_cmd_sysctl, T(values_are_shown_by_dots_and_slashes), T(values_are_set_with_and_without_w),
	T(mistakes_are_told_and_change_nothing), T(patterns_and_subtrees_select), T(all_of_them_are_sorted))
