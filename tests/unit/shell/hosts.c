/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

#include <errno.h>

static struct fixture *two_hosts(struct stack **h2)
{
	struct fixture *f = fixture_new();

	*h2 = shell_add_host(f->sh, "h2");
	CU_ASSERT_PTR_NOT_NULL(*h2);
	return f;
}

static void on_runs_a_command_there(void)
{
	struct stack *h2;
	struct fixture *f = two_hosts(&h2);

	fixture_run(f,
		"on h2 sudo sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'\n"
		"cat /proc/sys/net/ipv4/ip_forward\non h2 cat /proc/sys/net/ipv4/ip_forward\n");
	CU_ASSERT_STRING_EQUAL(f->text, "0\n1\n");
	fixture_free(f);
}

static void on_alone_goes_there_and_exit_comes_back(void)
{
	struct stack *h2;
	struct fixture *f = two_hosts(&h2);

	fixture_run(f,
		"on h2; echo 64 > /proc/sys/net/ipv4/ip_default_ttl; echo 9 > "
		"/proc/sys/net/ipv4/ip_default_ttl\nexit\ncat /proc/sys/net/ipv4/ip_default_ttl");
	CU_ASSERT_STRING_EQUAL(f->text, "64\n");
	CU_ASSERT_FALSE(shell_is_over(f->sh));
	fixture_free(f);
}

static void on_says_what_cannot_be(void)
{
	struct stack *h2;
	struct fixture *f = two_hosts(&h2);

	CU_ASSERT_EQUAL(fixture_run(f, "on h3 echo"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(f->text, "no host is called h3"));
	CU_ASSERT_EQUAL(fixture_run(f, "on h2 !ls"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(f->text, "the machine does not know it"));
	fixture_free(f);
}

static void a_deleted_host_takes_its_jobs_and_prompts_along(void)
{
	struct stack *h2;
	struct fixture *f = two_hosts(&h2);

	fixture_run(f, "on h2\nsleep 1000 & sleep 100");
	CU_ASSERT_EQUAL(shell_del_host(f->sh, f->host), -EBUSY);
	CU_ASSERT_EQUAL(shell_del_host(f->sh, h2), 0);
	CU_ASSERT_PTR_EQUAL(shell_host(f->sh), f->host);
	CU_ASSERT_EQUAL(fixture_run(f, "wait %1"), 128 + 9);
	fixture_free(f);
}

static void sh_and_bash_run_a_line_a_file_or_a_prompt(void)
{
	int fd = open("sh.tmp", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	CU_ASSERT_EQUAL(write(fd, "echo $1 $2\n", 11), 11);
	close(fd);
	PRINTS("sudo bash -c 'echo a; echo b'", "a\nb\n");
	PRINTS("bash sh.tmp 1 2; sh sh.tmp 3", "1 2\n3\n");
	PRINTS("sudo su\nbash\necho in\nexit\necho out", "in\nout\n");
	PRINTS("sh -x", "sh: of options only -c LINE is understood; !sh is the machine's\n");
	unlink("sh.tmp");
}

SUITE(shell_hosts, T(on_runs_a_command_there), T(on_alone_goes_there_and_exit_comes_back),
	T(on_says_what_cannot_be), T(a_deleted_host_takes_its_jobs_and_prompts_along),
	T(sh_and_bash_run_a_line_a_file_or_a_prompt))
