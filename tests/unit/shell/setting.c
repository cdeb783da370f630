/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

static void redirections_set_settings_of_the_host(void)
{
	PRINTS("cat /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/ip_forward; cat < "
	       "/proc/sys/net/ipv4/ip_forward",
		"0\n1\n");
}

static void bad_values_are_write_errors(void)
{
	PRINTS("echo x > /proc/sys/net/ipv4/ip_forward", "echo: write error: Invalid argument\n");
	STATUS("echo 77777 > /proc/sys/net/ipv4/ip_default_ttl", 1);
}

static void unknown_settings_are_no_files(void)
{
	PRINTS("echo 1 > /proc/sys/net/ipv4/nosuch",
		"tapir: /proc/sys/net/ipv4/nosuch: No such file or directory\n");
	PRINTS("cat /proc/sys/net/x", "cat: /proc/sys/net/x: No such file or directory\n");
}

static void tee_writes_them_too(void)
{
	PRINTS("echo 1 | sudo tee /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward",
		"1\n1\n");
	PRINTS("sudo sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward'",
		"1\n");
	PRINTS("echo y | tee /proc/sys/net/ipv4/ip_forward", "y\ntee: write error: Invalid argument\n");
}

SUITE(shell_setting, T(redirections_set_settings_of_the_host), T(bad_values_are_write_errors),
	T(unknown_settings_are_no_files), T(tee_writes_them_too))
