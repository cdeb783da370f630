/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

#include <sys/stat.h>

/* Runs the script in an empty directory. */
static void prints_in_a_directory(const char *script, const char *expected)
{
	char dir[] = "redirect.XXXXXX";

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	CU_ASSERT_EQUAL_FATAL(chdir(dir), 0);
	PRINTS(script, expected);
	CU_ASSERT_EQUAL(system("rm -f x y fifo"), 0);
	CU_ASSERT_EQUAL(chdir(".."), 0);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void files_are_written_added_to_and_read(void)
{
	prints_in_a_directory(
		"echo a > x; echo b >> x; cat < x; cat x - < x; echo c > x; cat x", "a\nb\na\nb\na\nb\nc\n");
	prints_in_a_directory("> x; cat x; echo end", "end\n");
}

static void both_outputs_go_where_they_are_sent(void)
{
	prints_in_a_directory("nosuch_at_all 2> x; cat x", "nosuch_at_all: command not found\n");
	prints_in_a_directory("nosuch_at_all > x 2>&1; cat x", "nosuch_at_all: command not found\n");
	prints_in_a_directory("nosuch_at_all &> x; cat x", "nosuch_at_all: command not found\n");
	prints_in_a_directory("echo a 1>&2 2> x; cat x", "a\n");
}

static void loops_and_programs_are_redirected_as_a_whole(void)
{
	prints_in_a_directory("for i in 1 2; do echo $i; !echo p$i; done > x; cat x", "1\np1\n2\np2\n");
	prints_in_a_directory("echo a > x; if true; then cat; !cat; fi < x", "a\n");
	prints_in_a_directory("echo a > x; cat x | cat | tee y | !cat; cat y", "a\na\n");
}

static void a_fifo_without_a_reader_is_an_error(void)
{
	prints_in_a_directory("!mkfifo fifo\necho a > fifo", "tapir: fifo: No such device or address\n");
}

static void a_full_disk_is_a_failure(void)
{
	PRINTS("echo a > /dev/full", "echo: write error: No space left on device\n");
	STATUS("echo a > /dev/full", 1);
}

static void much_goes_through_pipes(void)
{
	PRINTS("seq 200000 | cat | !wc -lc", " 200000 1288895\n");
	PRINTS("seq 200000 | !cat >/dev/null; echo $?", "0\n");
	PRINTS("for i in 1; do !seq 200000; done | cat | !tail -n 1", "200000\n");
	PRINTS("seq 1000000 | !head -n 1; echo end", "1\nend\n");
}

static void what_the_kernel_says_of_its_network_is_not_taken_for_the_hosts(void)
{
	PRINTS("cat /proc/net/arp",
		"cat: /proc/net/arp: tells of the kernel's network, not of h1: !cat shows it, and ip, arp, "
		"route and nstat show h1's\n");
}

SUITE(shell_redirect, T(files_are_written_added_to_and_read), T(both_outputs_go_where_they_are_sent),
	T(loops_and_programs_are_redirected_as_a_whole), T(a_fifo_without_a_reader_is_an_error),
	T(a_full_disk_is_a_failure), T(much_goes_through_pipes),
	T(what_the_kernel_says_of_its_network_is_not_taken_for_the_hosts))
