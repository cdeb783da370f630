/* SPDX-License-Identifier: MIT */
#include "lib/rng.h"
#include "shell/expand.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields that the words of a line become, each in []; X is "a  b", $1 is "one", $2 is "t w o". */
static char *fields(const char *text)
{
	char arg0[] = "tapir", arg1[] = "one", arg2[] = "t w o";
	char *args[] = {arg0, arg1, arg2, NULL}, **words;
	struct variables *vars = variables_new();
	struct expansion x = {.vars = vars, .args = args, .status = 3, .job = 2};
	char error[PARSE_ERROR_LEN];
	struct buf b = {0};
	struct script s;
	struct node *n;

	variables_set(vars, "X", "a  b");
	variables_set(vars, "E", "");
	script_init(&s, "t", text, false);
	words = NULL;
	if (parse_next(&s, &n, error) == PARSE_NODE)
		words = expand_words(&x, n->words, n->word_count, NULL);
	for (char **w = words; w && *w; w++)
		buf_printf(&b, "[%s]", *w);
	if (!words)
		buf_puts(&b, "too many");
	mem_words_free(words);
	node_put(n);
	script_exit(&s);
	variables_put(vars);
	return buf_take(&b);
}

#define FIELDS(text, expected)                           \
	do {                                             \
		char *t_ = fields(text);                 \
		CU_ASSERT_STRING_EQUAL(t_, expected);    \
		if (strcmp(t_, expected) != 0)           \
			printf("%s\n-> %s\n", text, t_); \
		free(t_);                                \
	} while (0)

static void values_are_split_unless_quoted(void)
{
	FIELDS("$X \"$X\" -$X-", "[a][b][a  b][-a][b-]");
}

static void nothing_is_no_word_but_quoted_nothing_is(void)
{
	FIELDS("e $E $Z '' \"$E\" a''b", "[e][][][ab]");
}

static void special_variables_have_their_values(void)
{
	FIELDS("$? $! $# $0 $1 $2 $3 \"$2\" $*", "[3][%2][2][tapir][one][t][w][o][t w o][one][t][w][o]");
	FIELDS("\"$@\" \"$*\"", "[one][t w o][one t w o]");
	FIELDS("${Z:-none} ${X:-none} ${E:-empty}", "[none][a][b][empty]");
}

static void braces_count(void)
{
	FIELDS("{1..4} {3..1} {01..03} {1..9..4} {a..c} {5..5}",
		"[1][2][3][4][3][2][1][01][02][03][1][5][9][a][b][c][5]");
	FIELDS("h{1..2}x {-1..1}", "[h1x][h2x][-1][0][1]");
}

static void braces_choose_and_nest(void)
{
	FIELDS("{a,b}{1,2} x{,y} {a,{b,c}d}", "[a1][a2][b1][b2][x][xy][a][bd][cd]");
}

static void braces_that_mean_nothing_stay(void)
{
	FIELDS("{} {a} {1..} {a b '{1..2}' \"{a,b}\" \\{a,b}",
		"[{}][{a}][{1..}][{a][b][{1..2}][{a,b}][{a,b}]");
	FIELDS("{$X,c}", "[a][b][c]");
}

static void too_many_words_are_refused(void)
{
	FIELDS("{1..1000000}", "too many");
	FIELDS("{1..1000}{1..1000}", "too many");
	FIELDS("{1..999999999..999999}{1..9}{a..z}", "too many");
}

static void copies_of_variables_go_their_own_way(void)
{
	struct variables *v = variables_new(), *copy;

	variables_set(v, "A", "1");
	copy = variables_copy(v);
	variables_set(v, "A", "2");
	variables_set(v, "B", "3");
	variables_unset(copy, "nosuch");
	CU_ASSERT_STRING_EQUAL(variables_find(copy, "A"), "1");
	CU_ASSERT_PTR_NULL(variables_find(copy, "B"));
	variables_unset(v, "A");
	CU_ASSERT_PTR_NULL(variables_find(v, "A"));
	CU_ASSERT_STRING_EQUAL(variables_find(v, "B"), "3");
	variables_put(v);
	variables_put(copy);
}

static void garbage_in_braces_ends_in_words_or_too_many(void)
{
	static const char pieces[] = "{{{}}},,..19a-$X'\"";
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int i = 0; i < 3000; i++) {
		char text[40] = "w";
		uint32_t len = 1 + rng_below(&rng, 30);

		for (uint32_t k = 0; k < len; k++)
			text[1 + k] = pieces[rng_below(&rng, sizeof(pieces) - 3)];
		free(fields(text));
	}
}

SUITE(shell_expand, T(values_are_split_unless_quoted), T(nothing_is_no_word_but_quoted_nothing_is),
	T(special_variables_have_their_values), T(braces_count), T(braces_choose_and_nest),
	T(braces_that_mean_nothing_stay), T(too_many_words_are_refused),
	T(copies_of_variables_go_their_own_way), T(garbage_in_braces_ends_in_words_or_too_many))
