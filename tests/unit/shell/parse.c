/* SPDX-License-Identifier: MIT */
#include "lib/rng.h"
#include "shell/syntax.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(struct buf *b, const struct node *n);

static void show_children(struct buf *b, const struct node *n, const char *name)
{
	buf_printf(b, "%s(", name);
	for (size_t i = 0; i < n->child_count; i++) {
		if (i)
			buf_putc(b, ' ');
		show(b, n->children[i]);
	}
	buf_putc(b, ')');
}

/* The tree as text: and(a or(b c)) */
static void show(struct buf *b, const struct node *n)
{
	static const char *const names[] = {[NODE_PIPE] = "pipe",
		[NODE_AND] = "and",
		[NODE_OR] = "or",
		[NODE_LIST] = "list",
		[NODE_BACKGROUND] = "job",
		[NODE_FOR] = "for",
		[NODE_WHILE] = "while",
		[NODE_UNTIL] = "until",
		[NODE_IF] = "if"};

	if (n->kind == NODE_PROGRAM)
		buf_printf(b, "!%s", n->text);
	else if (n->kind != NODE_COMMAND)
		show_children(b, n, names[n->kind]);
	for (size_t i = 0; i < n->assignment_count; i++)
		buf_printf(b, "%s=", n->assignments[i].name);
	for (size_t i = 0; i < n->word_count; i++)
		buf_printf(b, "%s%s", i ? "_" : "",
			n->words[i].parts[0].text ? n->words[i].parts[0].text : "$()");
	for (size_t i = 0; i < n->redirect_count; i++)
		buf_putc(b, "<>+="[n->redirects[i].kind]);
}

/* All commands of a text, a line each, or its mistake. */
static char *parsed(const char *text, bool open)
{
	static const char *const ends[] = {[PARSE_END] = "", [PARSE_MORE] = "..."};
	char error[PARSE_ERROR_LEN];
	enum parse_result result;
	struct buf b = {0};
	struct script s;
	struct node *n;

	script_init(&s, "t", text, open);
	while ((result = parse_next(&s, &n, error)) == PARSE_NODE || result == PARSE_ERROR) {
		if (b.len)
			buf_putc(&b, '\n');
		if (result == PARSE_NODE)
			show(&b, n);
		else
			buf_puts(&b, error);
		node_put(n);
	}
	buf_puts(&b, ends[result]);
	script_exit(&s);
	return buf_take(&b);
}

#define PARSED_AS(text, open, expected)                  \
	do {                                             \
		char *t_ = parsed(text, open);           \
		CU_ASSERT_STRING_EQUAL(t_, expected);    \
		if (strcmp(t_, expected) != 0)           \
			printf("%s\n-> %s\n", text, t_); \
		free(t_);                                \
	} while (0)
#define PARSED(text, expected) PARSED_AS(text, false, expected)

static void a_line_is_a_command(void)
{
	PARSED("a b\n\n# c\nd\n", "a_b\nd");
	PARSED("a; b;\nc", "list(a b)\nc");
}

static void pipes_bind_closer_than_and_and_or(void)
{
	PARSED("a | b && c || d | e", "or(and(pipe(a b) c) pipe(d e))");
	PARSED("a &&\n\nb |\nc", "and(a pipe(b c))");
}

static void an_ampersand_takes_the_whole_and_or_list(void)
{
	PARSED("a && b & c", "list(job(and(a b)) c)");
	PARSED("a | !b x &", "job(pipe(a !b x))");
	PARSED("!a & b", "!a & b");
}

static void loops_and_branches_nest(void)
{
	PARSED("for x in 1 2; do a; done; b", "list(for(a)1_2 b)");
	PARSED("for x\ndo\na\nb\ndone > f", "for(list(a b))>");
	PARSED("while a; do until b; do c; done; done", "while(a until(b c))");
	PARSED("if a; then b; elif c; then d; else e; fi | f", "pipe(if(a b if(c d e)) f)");
}

static void assignments_stand_before_the_command(void)
{
	PARSED("X=1 Y= a Z=2; W=3", "list(X=Y=a_Z=2 W=)");
	PARSED("X=1 !a", "!aX=");
}

static void reserved_words_are_words_elsewhere(void)
{
	PARSED("echo for do done if; 'if' x", "list(echo_for_do_done_if if_x)");
}

static void an_open_text_waits_for_the_rest(void)
{
	PARSED_AS("a\nfor x in 1\n", true, "a...");
	PARSED_AS("a &&\n", true, "...");
	PARSED_AS("a 'b\n", true, "...");
	PARSED_AS("if a; then\n", true, "...");
	PARSED_AS("a |\n# c\n", true, "...");
}

static void a_backslash_at_the_end_of_an_open_text_waits_for_the_next_line(void)
{
	PARSED_AS("a b \\\n", true, "...");
	PARSED_AS("a b\\\n", true, "...");
	PARSED_AS("!a \\\n", true, "...");
	PARSED_AS("a b \\\n c\n", true, "a_b_c");
	PARSED_AS("a b \\\n\n", true, "a_b");
	PARSED("a b \\\n", "a_b");
}

static void mistakes_name_their_place_and_cost_a_line(void)
{
	PARSED("a\n;b\nc", "a\nt:2: unexpected \";\" where a command should follow\nc");
	PARSED("a\n\nb > ; c", "a\nt:3: unexpected \";\" where a file name should follow");
	PARSED("for 1 in; do", "t:1: the text ends where a command should follow");
	PARSED("for x in a\nb", "t:2: unexpected \"b\" where \"do\" should follow");
	PARSED("if a; b; fi", "t:1: unexpected \"fi\" where \"then\" should follow");
	PARSED("a && && b", "t:1: unexpected \"&&\" where a command should follow");
	PARSED("a |", "t:1: the text ends where a command should follow");
	PARSED("a; 'b", "t:1: a quote (') is not closed");
	PARSED("done\na", "t:1: unexpected \"done\" where a command should follow\na");
}

static void nesting_has_a_bottom(void)
{
	struct buf b = {0};
	char *out;

	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "if a; then ");
	out = parsed(buf_text(&b), false);
	CU_ASSERT_STRING_EQUAL(out, "t:1: nested too deeply");
	free(out);
	buf_exit(&b);
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "$(");
	out = parsed(buf_text(&b), false);
	CU_ASSERT_STRING_EQUAL(out, "t:1: a \"$(\" is not closed");
	free(out);
	buf_exit(&b);
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "a&&");
	out = parsed(buf_text(&b), false);
	CU_ASSERT_STRING_EQUAL(out, "t:1: too many && and || in one line");
	free(out);
	buf_exit(&b);
}

/* Random lines of pieces that mean something, under the sanitizers: parsed or refused, and nothing is left.
 */
static void garbage_is_parsed_or_refused(void)
{
	static const char *const pieces[] = {"for ", "x ", "in ", "do ", "done", "if ", "then ", "fi",
		"else ", "elif ", "while ", "until ", ";", ";", "\n", "&", "&&", "||", "|", "<", ">", ">>",
		"2>&1", "&>", "'", "\"", "\\", "$", "$X", "${", "}", "{1..3}", "{a,b}", "$(", ")", "(", "`",
		"!", "!ls", "#", " ", "  ", "X=", "=", "a", "word", "\xff", "\t", "${X:-y}", "$?", "%1"};
	unsigned nodes = 0, errors = 0;
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int i = 0; i < 10000; i++) {
		char error[PARSE_ERROR_LEN];
		enum parse_result result;
		struct buf b = {0};
		struct script s;
		struct node *n;

		for (uint32_t k = rng_below(&rng, 30); k > 0; k--)
			buf_puts(&b, pieces[rng_below(&rng, ARRAY_SIZE(pieces))]);
		script_init(&s, "t", buf_text(&b), false);
		while ((result = parse_next(&s, &n, error)) != PARSE_END) {
			nodes += result == PARSE_NODE;
			errors += result == PARSE_ERROR;
			CU_ASSERT_NOT_EQUAL(result, PARSE_MORE);
			node_put(n);
		}
		CU_ASSERT_EQUAL(s.pos, s.text.len);
		script_exit(&s);
		buf_exit(&b);
	}
	CU_ASSERT_TRUE(nodes > 100);
	CU_ASSERT_TRUE(errors > 100);
}

SUITE(shell_parse, T(a_line_is_a_command), T(pipes_bind_closer_than_and_and_or),
	T(an_ampersand_takes_the_whole_and_or_list), T(loops_and_branches_nest),
	T(assignments_stand_before_the_command), T(reserved_words_are_words_elsewhere),
	T(an_open_text_waits_for_the_rest), T(a_backslash_at_the_end_of_an_open_text_waits_for_the_next_line),
	T(mistakes_name_their_place_and_cost_a_line), T(nesting_has_a_bottom),
	T(garbage_is_parsed_or_refused))
