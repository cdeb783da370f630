/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

static void commands_run_one_after_the_other(void)
{
	PRINTS("echo a; echo b\necho c", "a\nb\nc\n");
}

static void and_runs_the_right_side_after_success_only(void)
{
	PRINTS("true && echo yes; false && echo no", "yes\n");
	PRINTS("false && echo a || echo b", "b\n");
}

static void or_runs_the_right_side_after_failure_only(void)
{
	PRINTS("false || echo yes; true || echo no", "yes\n");
	PRINTS("true || echo a && echo b", "b\n");
}

static void for_runs_its_body_for_each_word(void)
{
	PRINTS("for x in a {1..3} $(echo p q); do echo -n $x.; done", "a.1.2.3.p.q.");
}

static void if_chooses_its_branch(void)
{
	PRINTS("if true; then echo a; else echo b; fi", "a\n");
	PRINTS("if false; then echo a; else echo b; fi", "b\n");
	PRINTS("if false; then echo a; elif true; then echo b; fi", "b\n");
	STATUS("if false; then echo a; fi", 0);
}

static void status_is_that_of_the_last_command(void)
{
	STATUS("true; false", 1);
	STATUS("false; true", 0);
	STATUS("nosuch", 127);
	PRINTS("false; echo $?; echo $?", "1\n0\n");
}

static void exit_ends_the_run_with_its_status(void)
{
	STATUS("exit 3; echo no", 3);
	PRINTS("echo a; exit 3; echo no", "a\n");
	PRINTS("for x in 1 2; do echo $x; exit; done", "1\n");
}

static void variables_keep_their_values(void)
{
	PRINTS("X=1; Y=\"a  b\"; echo $X $Y; echo \"$Y\" ${X}2 ${Z:-none}", "1 a b\na  b 12 none\n");
}

static void substitution_takes_the_output_without_the_last_newlines(void)
{
	PRINTS("X=$(echo a; echo b); echo \"$X\"; echo $X", "a\nb\na b\n");
}

static void pipe_ends_when_its_reader_is_gone(void)
{
	PRINTS("echo a | echo b", "b\n");
	STATUS("sleep 100000 | true", 0);
}

static void output_goes_to_files(void)
{
	PRINTS("echo a > tapir-test.tmp; echo b >> tapir-test.tmp; echo done", "done\n");
	int fd = open("tapir-test.tmp", O_RDONLY);
	char text[8] = "";

	CU_ASSERT_EQUAL(read(fd, text, sizeof(text)), 4);
	CU_ASSERT_NSTRING_EQUAL(text, "a\nb\n", 4);
	close(fd);
	unlink("tapir-test.tmp");
}

static void a_file_that_cannot_be_opened_is_an_error_with_its_name(void)
{
	PRINTS("echo a > /dev/null/x || echo failed", "tapir: /dev/null/x: Not a directory\nfailed\n");
}

static void a_mistake_in_the_syntax_names_its_line(void)
{
	PRINTS("echo a\necho b; done\n", "a\ntest:2: unexpected \"done\"\n");
	STATUS("echo 'x", 2);
}

static void stop_at_failure_ends_at_the_first_one(void)
{
	struct fixture *f = fixture_with((struct shell_options){.stop_at_failure = true});

	CU_ASSERT_EQUAL(fixture_run(f, "if false; then echo x; fi; false || echo a; false; echo b"), 1);
	CU_ASSERT_STRING_EQUAL(f->text, "a\n");
	CU_ASSERT_TRUE(shell_is_over(f->sh));
	fixture_free(f);
}

static void sleep_takes_virtual_time_only(void)
{
	struct fixture *f = fixture_new();
	uint64_t before = f->loop.now;

	CU_ASSERT_EQUAL(fixture_run(f, "sleep 1h 0.5"), 0);
	CU_ASSERT_EQUAL(f->loop.now - before, UINT64_C(3600500) * NS_PER_MS);
	fixture_free(f);
}

/* Signals are seen meanwhile. */
static void an_endless_loop_leaves_the_loop_its_turns(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(fixture_run(f, "while true; do true; done &\n!kill -TERM $PPID; sleep 1"), 128 + 15);
	fixture_free(f);
}

static void unknown_commands_are_suggested(void)
{
	PRINTS("ecoh x", "ecoh: command not found: did you mean echo?\n");
	PRINTS("ls", "ls: command not found: !ls runs the machine's program\n");
}

static void programs_of_the_machine_run(void)
{
	PRINTS("!echo a b", "a b\n");
	PRINTS("X=7; Y=8 !echo $X $Y; echo $Y.", "7 8\n.\n");
	STATUS("!exit 5", 5);
	STATUS("!kill -TERM $$", 143);
}

static void programs_take_part_in_pipes_and_substitutions(void)
{
	PRINTS("echo a b c | !wc -w", "3\n");
	PRINTS("echo $(!echo x; echo y)", "x y\n");
	PRINTS("for i in 1 2 3; do !echo $i; done | !wc -l", "3\n");
}

SUITE(shell_machine, T(commands_run_one_after_the_other), T(and_runs_the_right_side_after_success_only),
	T(or_runs_the_right_side_after_failure_only), T(for_runs_its_body_for_each_word),
	T(if_chooses_its_branch), T(status_is_that_of_the_last_command), T(exit_ends_the_run_with_its_status),
	T(variables_keep_their_values), T(substitution_takes_the_output_without_the_last_newlines),
	T(pipe_ends_when_its_reader_is_gone), T(output_goes_to_files),
	T(a_file_that_cannot_be_opened_is_an_error_with_its_name), T(a_mistake_in_the_syntax_names_its_line),
	T(stop_at_failure_ends_at_the_first_one), T(sleep_takes_virtual_time_only),
	T(an_endless_loop_leaves_the_loop_its_turns), T(unknown_commands_are_suggested),
	T(programs_of_the_machine_run), T(programs_take_part_in_pipes_and_substitutions))
