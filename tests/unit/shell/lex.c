/* SPDX-License-Identifier: MIT */
#include "shell/syntax.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tokens of a text, each as one letter; words in [], quoted parts in "", variables as <NAME>. */
static char *tokens(const char *text)
{
	static const char letters[] = {[TOKEN_NEWLINE] = 'n',
		[TOKEN_SEMICOLON] = ';',
		[TOKEN_AMPERSAND] = '&',
		[TOKEN_AND] = 'a',
		[TOKEN_OR] = 'o',
		[TOKEN_PIPE] = '|'};
	struct buf b = {0};
	struct lexer lx;
	struct token t;

	lex_init(&lx, text, strlen(text), 1, 0);
	for (lex_next(&lx, &t); t.kind != TOKEN_END && t.kind != TOKEN_BAD; lex_next(&lx, &t)) {
		if (t.kind == TOKEN_PROGRAM) {
			buf_printf(&b, "!{%s}", t.program);
		} else if (t.kind == TOKEN_REDIRECT) {
			buf_printf(&b, "%d%c", t.redirect.fd, "<>+="[t.redirect.kind]);
		} else if (t.kind == TOKEN_WORD) {
			buf_putc(&b, '[');
			for (size_t i = 0; i < t.word.count; i++) {
				const struct part *p = &t.word.parts[i];
				const char *q = p->quoted ? "\"" : "";

				buf_printf(&b, p->kind == PART_VARIABLE ? "%s<%s>%s" : "%s%s%s", q,
					p->text ? p->text : "()", q);
			}
			buf_putc(&b, ']');
		} else {
			buf_putc(&b, letters[t.kind]);
		}
		token_free(&t);
	}
	if (t.kind == TOKEN_BAD)
		buf_printf(&b, "%u: %s%s", lx.error_line, lx.error, lx.incomplete ? " (yet)" : "");
	token_free(&t);
	return buf_take(&b);
}

#define TOKENS(text, expected)                          \
	do {                                            \
		char *t_ = tokens(text);                \
		CU_ASSERT_STRING_EQUAL(t_, expected);   \
		if (strcmp(t_, expected) != 0)          \
			printf("%s -> %s\n", text, t_); \
		free(t_);                               \
	} while (0)

static void words_are_cut_at_white_space_and_operators(void)
{
	TOKENS("a b\tc;d&&e||f|g&h\ni", "[a][b][c];[d]a[e]o[f]|[g]&[h]n[i]");
}

static void quotes_keep_words_together(void)
{
	TOKENS("'a b' \"c d\"e\\ f ''", "[\"a b\"][\"c d\"e\" \"f][\"\"]");
	TOKENS("'$X' \"\\$X\\\"\\n\"", "[\"$X\"][\"$X\"\\n\"]");
}

static void a_backslash_before_a_newline_is_nothing(void)
{
	TOKENS("a\\\nb \\\n c \"d\\\ne\"", "[ab][c][\"de\"]");
}

static void variables_have_names_digits_and_signs(void)
{
	TOKENS("$X ${Y}z \"$Z\" $12 $? $! $# $ $.", "[<X>][<Y>z][\"\"\"<Z>\"][<1>2][<?>][<!>][<#>][$][$.]");
}

static void comments_reach_to_the_end_of_the_line(void)
{
	TOKENS("a # b ' c\nd#e", "[a]n[d#e]");
}

static void redirections_are_read_with_their_numbers(void)
{
	TOKENS("a >f 2>>g <h 2>&1 &>i b2>c", "[a]1>[f]2+[g]0<[h]2=-1>[i][b2]1>[c]");
}

static void an_exclamation_mark_takes_the_rest_of_the_line(void)
{
	TOKENS("!ls -l | wc; echo !x", "!{ls -l | wc};[echo][!x]");
	TOKENS("a | !b 'c;d' \\; e &\nf", "[a]|!{b 'c;d' \\; e}&n[f]");
	TOKENS("!a && b # c'\nd", "!{a && b}n[d]");
	TOKENS("do !a\nthen !b; X=1 !c 2>&1", "[do]!{a}n[then]!{b};[X=1]!{c 2>&1}");
	TOKENS("!a 'b\nc'", "!{a 'b\nc'}");
}

static void what_is_not_closed_may_be_closed_yet(void)
{
	TOKENS("a 'b", "[a]1: a quote (') is not closed (yet)");
	TOKENS("\n\"b", "n2: a quote (\") is not closed (yet)");
	TOKENS("$(a", "1: a \"$(\" is not closed (yet)");
	TOKENS("`a", "1: a backquote (`) is not closed (yet)");
	TOKENS("a \\", "[a]1: nothing follows the \"\\\" (yet)");
	TOKENS("!a 'b", "1: a quote in what follows \"!\" is not closed (yet)");
}

static void mistakes_are_named(void)
{
	TOKENS("a (b)", "[a]1: unexpected \"(\"");
	TOKENS("cat <<E", "[cat]1: here-documents, <<, are not understood");
	TOKENS("${X#a}", "1: ${X#a}: only ${NAME} and ${NAME:-TEXT} are understood");
	TOKENS("$((1+1))", "1: arithmetic, $(( )), is not understood: use $(!expr ...)");
	TOKENS("!", "1: \"!\" needs a command of the machine");
	TOKENS("$(a; done)", "1: unexpected \"done\"");
}

SUITE(shell_lex, T(words_are_cut_at_white_space_and_operators), T(quotes_keep_words_together),
	T(a_backslash_before_a_newline_is_nothing), T(variables_have_names_digits_and_signs),
	T(comments_reach_to_the_end_of_the_line), T(redirections_are_read_with_their_numbers),
	T(an_exclamation_mark_takes_the_rest_of_the_line), T(what_is_not_closed_may_be_closed_yet),
	T(mistakes_are_named))
