/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	fputs(text, f);
	fclose(f);
}

static void source_runs_a_file_with_arguments(void)
{
	write_file("source.tmp", "echo $0 $1 $# $2\nX=set\nfor a; do echo -$a; done\n!echo $1 $X\n");
	PRINTS("source source.tmp a 'b c'; echo $X; . source.tmp",
		"source.tmp a 2 b c\n-a\n-b c\na set\nset\nsource.tmp 0\nset\n");
	unlink("source.tmp");
}

static void a_file_that_sources_itself_ends(void)
{
	write_file("source.tmp", "source source.tmp\n");
	PRINTS("source source.tmp; echo $?",
		"source: source.tmp: files that source files, too many deep\n1\n");
	unlink("source.tmp");
	STATUS("source nosuch.tmp", 1);
	STATUS("source", 2);
}

static void exit_in_a_sourced_file_leaves_the_shell(void)
{
	write_file("source.tmp", "exit 5\n");
	STATUS("source source.tmp; echo no", 5);
	unlink("source.tmp");
}

static void help_lists_and_explains(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(fixture_run(f, "help"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(f->text, "\n  sleep "));
	CU_ASSERT_EQUAL(fixture_run(f, "help kill"), 0);
	CU_ASSERT_STRING_EQUAL(f->text,
		"kill: end jobs\n\nUsage: kill [-SIGNAL] %JOB...\n\n"
		"  -SIGNAL   its name or number; TERM when it is not said\n\n"
		"For example:\n  kill %1\n  kill -INT %2\n\nPeople know it from kill(1).\n");
	CU_ASSERT_EQUAL(fixture_run(f, "help nosuch"), 1);
	fixture_free(f);
}

/* `help COMMAND` has something to say about each. */
static void every_command_is_described(void)
{
	for (const struct command *const *c = shell_commands; *c; c++) {
		CU_ASSERT_PTR_NOT_NULL((*c)->about);
		if (!(*c)->run)
			continue;
		CU_ASSERT_PTR_NOT_NULL((*c)->usage);
		CU_ASSERT_PTR_NOT_NULL((*c)->example);
		CU_ASSERT_EQUAL(strncmp((*c)->usage, (*c)->name, strlen((*c)->name)), 0);
		CU_ASSERT_PTR_EQUAL(command_find((*c)->name), *c);
	}
}

static void type_tells_whose_a_command_is(void)
{
	PRINTS("type echo; type ls; type nosuch_at_all",
		"echo is a command of tapir\nls is a program of the machine: !ls\ntype: nosuch_at_all: not "
		"found\n");
}

static void history_needs_a_prompt(void)
{
	STATUS("history", 1);
	PRINTS("clear", "");
}

SUITE(shell_cmd_shell, T(source_runs_a_file_with_arguments), T(a_file_that_sources_itself_ends),
	T(exit_in_a_sourced_file_leaves_the_shell), T(help_lists_and_explains), T(every_command_is_described),
	T(type_tells_whose_a_command_is), T(history_needs_a_prompt))
