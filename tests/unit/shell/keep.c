/* SPDX-License-Identifier: MIT */
/* What families of commands keep in the shell, and text that no command prints. */
#include "tests/unit/shell/fixture.h"

static void count_end(void *mem)
{
	(**(int **)mem)++;
}

static void memory_is_zeroed_once_and_stays_with_its_key(void)
{
	struct fixture *f = fixture_new();
	static const int one, other;
	int *a = shell_keep(f->sh, &one, sizeof(int), NULL);

	CU_ASSERT_EQUAL(*a, 0);
	*a = 7;
	CU_ASSERT_PTR_EQUAL(shell_keep(f->sh, &one, sizeof(int), NULL), a);
	CU_ASSERT_EQUAL(*(int *)shell_keep(f->sh, &one, sizeof(int), NULL), 7);
	CU_ASSERT_PTR_NOT_EQUAL(shell_keep(f->sh, &other, sizeof(int), NULL), a);
	fixture_free(f);
}

static void end_is_called_once_when_the_shell_goes(void)
{
	struct fixture *f = fixture_new();
	static const int key;
	int ends = 0;
	int **mem = shell_keep(f->sh, &key, sizeof(*mem), count_end);

	*mem = &ends;
	shell_keep(f->sh, &key, sizeof(*mem), count_end);
	CU_ASSERT_EQUAL(ends, 0);
	fixture_free(f);
	CU_ASSERT_EQUAL(ends, 1);
}

static void a_notice_stands_between_the_lines_of_commands(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_FALSE(shell_notice_is_tty(f->sh));
	shell_notice(f->sh, "noticed\n");
	fixture_run(f, "echo one");
	CU_ASSERT_STRING_EQUAL(f->text, "noticed\none\n");
	fixture_free(f);
}

SUITE(shell_keep, T(memory_is_zeroed_once_and_stays_with_its_key), T(end_is_called_once_when_the_shell_goes),
	T(a_notice_stands_between_the_lines_of_commands))
