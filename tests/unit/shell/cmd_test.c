/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

static void numbers_words_and_files_are_compared(void)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{"[ 1 -eq 1 ]", 0},
		{"[ 1 -ne 1 ]", 1},
		{"[ -2 -lt 1 ]", 0},
		{"[ 10 -le 9 ]", 1},
		{"[ 10 -gt 9 ]", 0},
		{"[ 9 -ge 10 ]", 1},
		{"[ a = a ]", 0},
		{"[ a == b ]", 1},
		{"[ a != b ]", 0},
		{"test -n ''", 1},
		{"test -z ''", 0},
		{"test x", 0},
		{"test", 1},
		{"[ ! 1 -eq 1 ]", 1},
		{"[ ! x ]", 1},
		{"test -d .", 0},
		{"test -f .", 1},
		{"test -e test.tmp", 1},
		{"if [ a = a ]; then false; else true; fi", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		STATUS(cases[i].text, cases[i].status);
}

static void what_is_not_understood_is_neither(void)
{
	PRINTS("[ a -eq 1 ] || echo $?", "[: -eq wants numbers\n2\n");
	PRINTS("[ 1 -eq 1; echo $?", "[: the last word is not ]\n2\n");
	PRINTS("test ! a -foo b; echo $?", "test: -foo is not understood\n2\n");
	PRINTS("test -x a; test a b c d; echo $?", "test: -x is not understood\ntest: too many words\n2\n");
}

SUITE(shell_cmd_test, T(numbers_words_and_files_are_compared), T(what_is_not_understood_is_neither))
