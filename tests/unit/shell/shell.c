/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

#include <signal.h>

/* Runs lines from a pipe that is fed and closed; the output as after fixture_run(). */
static int run_input(struct fixture *f, const char *lines)
{
	int fds[2], status;
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT_EQUAL(write(fds[1], lines, strlen(lines)), (ssize_t)strlen(lines));
	close(fds[1]);
	f->sh->options.in = fds[0];
	status = shell_run_input(f->sh);
	close(fds[0]);
	n = pread(f->out, f->text, sizeof(f->text) - 1, 0);
	f->text[n > 0 ? n : 0] = '\0';
	return status;
}

static void lines_from_standard_input_run_when_they_are_complete(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(run_input(f, "echo a\nfor i in 1 2\ndo echo $i\ndone\n\nsleep 5; !cat\nfalse"), 1);
	CU_ASSERT_STRING_EQUAL(f->text, "a\n1\n2\n");
	CU_ASSERT_FALSE(shell_is_over(f->sh));
	fixture_free(f);
}

static void a_mistake_in_standard_input_costs_one_line(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(run_input(f, "echo a; done\necho b\necho 'c"), 2);
	CU_ASSERT_STRING_EQUAL(
		f->text, "input:1: unexpected \"done\"\nb\ninput:3: a quote (') is not closed\n");
	fixture_free(f);
}

static void exit_leaves_the_rest_of_standard_input_alone(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(run_input(f, "echo a\nexit 4\necho b\n"), 4);
	CU_ASSERT_STRING_EQUAL(f->text, "a\n");
	CU_ASSERT_TRUE(shell_is_over(f->sh));
	CU_ASSERT_EQUAL(fixture_run(f, "echo c"), 4);
	fixture_free(f);
}

static void sigint_ends_the_line_and_not_the_shell(void)
{
	PRINTS("!kill -INT $PPID; echo no\necho yes", "yes\n");
	PRINTS("for i in 1 2; do echo $i; !kill -INT $PPID; sleep 1; done\necho end", "1\nend\n");
}

static void sigterm_ends_the_shell(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(fixture_run(f, "sleep 10000 & !kill -TERM $PPID; sleep 1\necho no"), 128 + SIGTERM);
	CU_ASSERT_STRING_EQUAL(f->text, "");
	CU_ASSERT_TRUE(shell_is_over(f->sh));
	fixture_free(f);
}

static void a_file_is_run_with_its_name_in_messages(void)
{
	struct fixture *f = fixture_new();
	FILE *file = fopen("shell.tmp", "w");

	fputs("echo a\n)\n", file);
	fclose(file);
	CU_ASSERT_EQUAL(shell_run_file(f->sh, "shell.tmp"), 2);
	CU_ASSERT_EQUAL(shell_run_file(f->sh, "nosuch.tmp"), 127);
	fixture_run(f, "echo $?");
	CU_ASSERT_STRING_EQUAL(f->text,
		"a\nshell.tmp:2: unexpected \")\"\n"
		"tapir: nosuch.tmp: No such file or directory\n127\n");
	unlink("shell.tmp");
	fixture_free(f);
}

/* Random lines of words that do no harm, all the way through the machine. */
static void garbage_runs_to_its_end(void)
{
	static const char *const pieces[] = {"for x in ", "do ", "done", "if ", "then ", "fi", "else ", ";",
		";", "\n", "&", "&&", "||", "|", " < /dev/null ", " 2>&1 ", " &> /dev/null ", "'", "\"", "\\",
		"$x", "${x}", "{1..3}", "{a,b}", "$(", ")", "`", "#", " ", "x=", "echo ", "true ", "false ",
		"seq 3 ", "cat ", "sleep 1 ", "wait", "jobs", "kill %1", "fg ", "break ", "continue ",
		"time ", "sudo ", "set ", "help ", "\xff", "on h1 ", "sh -c 'echo y'", "source /dev/null",
		"exit "};
	struct fixture *f = fixture_new();
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int i = 0; i < 10000; i++) {
		struct buf b = {0};

		for (uint32_t k = rng_below(&rng, 15); k > 0; k--)
			buf_puts(&b, pieces[rng_below(&rng, ARRAY_SIZE(pieces))]);
		f->sh->over = false;
		fixture_run(f, buf_text(&b));
		buf_exit(&b);
	}
	fixture_free(f);
}

SUITE(shell_shell, T(lines_from_standard_input_run_when_they_are_complete),
	T(a_mistake_in_standard_input_costs_one_line), T(exit_leaves_the_rest_of_standard_input_alone),
	T(sigint_ends_the_line_and_not_the_shell), T(sigterm_ends_the_shell),
	T(a_file_is_run_with_its_name_in_messages), T(garbage_runs_to_its_end))
