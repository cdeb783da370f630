/* SPDX-License-Identifier: MIT */
/* From tokens to the tree: recursive descent, one function per rule of the grammar in shell/syntax.h. */
#include "shell/syntax.h"

#include <stdio.h>
#include <stdlib.h>

struct parser {
	struct lexer *lx;
	struct token next; /* looked at, not taken yet */
	unsigned depth;
};

static struct node *parse_list(struct parser *p, bool one_line);

/* ---- nodes ---- */

static struct node *node_new(enum node_kind kind, unsigned line)
{
	struct node *n = mem_new(sizeof(*n));

	n->refs = 1;
	n->kind = kind;
	n->line = line;
	return n;
}

struct node *node_get(struct node *n)
{
	n->refs++;
	return n;
}

void node_put(struct node *n)
{
	if (!n || --n->refs > 0)
		return;
	free(n->source);
	free(n->text);
	for (size_t i = 0; i < n->child_count; i++)
		node_put(n->children[i]);
	for (size_t i = 0; i < n->word_count; i++)
		word_free(&n->words[i]);
	for (size_t i = 0; i < n->assignment_count; i++) {
		free(n->assignments[i].name);
		word_free(&n->assignments[i].value);
	}
	for (size_t i = 0; i < n->redirect_count; i++)
		word_free(&n->redirects[i].target);
	free(n->children);
	free(n->words);
	free(n->assignments);
	free(n->redirects);
	free(n->substitutions);
	free(n);
}

/* Takes `child`; false when it is NULL (a mistake that was reported where it was seen). */
static bool add_child(struct node *n, struct node *child)
{
	if (!child)
		return false;
	n->children = mem_resize(n->children, (n->child_count + 1) * sizeof(*n->children));
	n->children[n->child_count++] = child;
	return true;
}

static void number_substitutions(struct node *n, struct word *w)
{
	for (size_t i = 0; i < w->count; i++) {
		struct part *part = &w->parts[i];

		if (part->kind != PART_COMMAND)
			continue;
		part->slot = n->substitution_count;
		n->substitutions = mem_resize(n->substitutions, (part->slot + 1) * sizeof(struct part *));
		n->substitutions[n->substitution_count++] = part;
	}
}

/* A node whose words are complete. */
static struct node *finish(struct node *n)
{
	for (size_t i = 0; i < n->assignment_count; i++)
		number_substitutions(n, &n->assignments[i].value);
	for (size_t i = 0; i < n->word_count; i++)
		number_substitutions(n, &n->words[i]);
	for (size_t i = 0; i < n->redirect_count; i++)
		number_substitutions(n, &n->redirects[i].target);
	return n;
}

/* ---- tokens ---- */

static void advance(struct parser *p)
{
	token_free(&p->next);
	lex_next(p->lx, &p->next);
}

static bool is(const struct parser *p, enum token_kind kind)
{
	return p->next.kind == kind;
}

/* A reserved word, where one may stand. */
static bool is_keyword(const struct parser *p, const char *text)
{
	return is(p, TOKEN_WORD) && p->next.at_command && word_is(&p->next.word, text);
}

static void skip_newlines(struct parser *p)
{
	while (is(p, TOKEN_NEWLINE))
		advance(p);
}

/* `wanted`: what should stand here; NULL: nothing. Returns NULL, for callers that return a node. */
static struct node *fail_here(struct parser *p, const char *wanted)
{
	struct lexer *lx = p->lx;
	const struct token *t = &p->next;

	if (is(p, TOKEN_BAD))
		return NULL;
	if (is(p, TOKEN_END)) {
		lx->incomplete = !*lx->error || lx->incomplete;
		lex_fail(lx, t->line, "the text ends where %s should follow", wanted);
	} else if (is(p, TOKEN_NEWLINE)) {
		lex_fail(lx, t->line, "the line ends where %s should follow", wanted);
	} else {
		lex_fail(lx, t->line, "unexpected \"%.*s\"%s%s%s", (int)MIN(t->end - t->start, 30),
			lx->text + t->start, wanted ? " where " : "", wanted ? wanted : "",
			wanted ? " should follow" : "");
	}
	return NULL;
}

static bool expect_keyword(struct parser *p, const char *text)
{
	char wanted[16];

	if (!is_keyword(p, text)) {
		snprintf(wanted, sizeof(wanted), "\"%s\"", text);
		fail_here(p, wanted);
		return false;
	}
	advance(p);
	return true;
}

static bool is_reserved(const struct parser *p)
{
	static const char *const words[] = {
		"if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (is_keyword(p, words[i]))
			return true;
	return false;
}

/* A word that ends the list before it. */
static bool is_closing(const struct parser *p)
{
	return is_reserved(p) && !is_keyword(p, "if") && !is_keyword(p, "for") && !is_keyword(p, "while") &&
		!is_keyword(p, "until");
}

/* ---- commands ---- */

static void add_word(struct node *n, struct word *w)
{
	n->words = mem_resize(n->words, (n->word_count + 1) * sizeof(*n->words));
	n->words[n->word_count++] = *w;
	*w = (struct word){0};
}

static bool parse_redirect(struct parser *p, struct node *n)
{
	struct redirect r = p->next.redirect;

	advance(p);
	if (r.kind != REDIRECT_DUP) {
		if (!is(p, TOKEN_WORD)) {
			fail_here(p, "a file name");
			return false;
		}
		r.target = p->next.word;
		p->next.word = (struct word){0};
		advance(p);
	}
	n->redirects = mem_resize(n->redirects, (n->redirect_count + 1) * sizeof(*n->redirects));
	n->redirects[n->redirect_count++] = r;
	return true;
}

static void add_assignment(struct node *n, const struct assignment *a)
{
	n->assignments = mem_resize(n->assignments, (n->assignment_count + 1) * sizeof(*n->assignments));
	n->assignments[n->assignment_count++] = *a;
}

static bool parse_simple_part(struct parser *p, struct node *n)
{
	struct assignment a = {0};

	if (is(p, TOKEN_REDIRECT))
		return parse_redirect(p, n);
	if (n->word_count == 0 && word_to_assignment(&p->next.word, &a))
		add_assignment(n, &a);
	else
		add_word(n, &p->next.word);
	advance(p);
	return true;
}

static struct node *parse_simple(struct parser *p)
{
	struct node *n = node_new(NODE_COMMAND, p->next.line);

	while (is(p, TOKEN_WORD) || is(p, TOKEN_REDIRECT)) {
		if (!parse_simple_part(p, n)) {
			node_put(n);
			return NULL;
		}
	}
	if (is(p, TOKEN_PROGRAM) && n->word_count == 0 && n->redirect_count == 0) {
		n->kind = NODE_PROGRAM;
		n->text = p->next.program;
		p->next.program = NULL;
		advance(p);
	}
	if (n->kind == NODE_COMMAND && n->word_count + n->assignment_count + n->redirect_count == 0) {
		node_put(n);
		return fail_here(p, "a command");
	}
	return n;
}

static bool parse_body(struct parser *p, struct node *n)
{
	return expect_keyword(p, "do") && add_child(n, parse_list(p, false)) && expect_keyword(p, "done");
}

static bool parse_for(struct parser *p, struct node *n)
{
	advance(p);
	if (!is(p, TOKEN_WORD) || p->next.word.count != 1 || p->next.word.parts[0].kind != PART_TEXT ||
		p->next.word.parts[0].quoted) {
		fail_here(p, "the name of a variable");
		return false;
	}
	n->text = mem_text(p->next.word.parts[0].text);
	advance(p);
	n->over_args = !(is(p, TOKEN_WORD) && word_is(&p->next.word, "in"));
	if (!n->over_args) {
		for (advance(p); is(p, TOKEN_WORD); advance(p))
			add_word(n, &p->next.word);
	}
	if (is(p, TOKEN_SEMICOLON))
		advance(p);
	skip_newlines(p);
	return parse_body(p, n);
}

static bool parse_while(struct parser *p, struct node *n)
{
	advance(p);
	return add_child(n, parse_list(p, false)) && parse_body(p, n);
}

static struct node *parse_if(struct parser *p);

static bool parse_if_rest(struct parser *p, struct node *n)
{
	if (!add_child(n, parse_list(p, false)) || !expect_keyword(p, "then") ||
		!add_child(n, parse_list(p, false)))
		return false;
	if (is_keyword(p, "elif"))
		return add_child(n, parse_if(p));
	if (is_keyword(p, "else")) {
		advance(p);
		if (!add_child(n, parse_list(p, false)))
			return false;
	}
	return expect_keyword(p, "fi");
}

/* From "if" or "elif", which is an "if" of its own in the place of an "else". */
static struct node *parse_if(struct parser *p)
{
	struct node *n = node_new(NODE_IF, p->next.line);
	bool ok = p->depth < SYNTAX_DEPTH || lex_fail(p->lx, p->next.line, "nested too deeply");

	advance(p);
	p->depth++;
	ok = ok && parse_if_rest(p, n);
	p->depth--;
	if (ok)
		return n;
	node_put(n);
	return NULL;
}

static bool parse_redirects(struct parser *p, struct node *n)
{
	while (is(p, TOKEN_REDIRECT))
		if (!parse_redirect(p, n))
			return false;
	return true;
}

static struct node *parse_compound(struct parser *p)
{
	struct node *n = NULL;
	bool ok;

	if (p->depth + p->lx->depth >= SYNTAX_DEPTH) {
		lex_fail(p->lx, p->next.line, "nested too deeply");
		return NULL;
	}
	p->depth++;
	if (is_keyword(p, "if")) {
		n = parse_if(p);
		ok = n != NULL;
	} else if (is_keyword(p, "for")) {
		n = node_new(NODE_FOR, p->next.line);
		ok = parse_for(p, n);
	} else {
		n = node_new(is_keyword(p, "until") ? NODE_UNTIL : NODE_WHILE, p->next.line);
		ok = parse_while(p, n);
	}
	p->depth--;
	if (ok && parse_redirects(p, n))
		return n;
	node_put(n);
	return NULL;
}

static struct node *parse_command(struct parser *p)
{
	struct node *n;

	if (is_closing(p))
		return fail_here(p, "a command");
	n = is_reserved(p) ? parse_compound(p) : parse_simple(p);
	return n ? finish(n) : NULL;
}

/* ---- what joins commands ---- */

static struct node *parse_pipeline(struct parser *p)
{
	struct node *n = parse_command(p), *pipe;

	if (!n || !is(p, TOKEN_PIPE))
		return n;
	pipe = node_new(NODE_PIPE, n->line);
	add_child(pipe, n);
	while (is(p, TOKEN_PIPE)) {
		advance(p);
		skip_newlines(p);
		if (!add_child(pipe, parse_command(p))) {
			node_put(pipe);
			return NULL;
		}
	}
	return pipe;
}

static struct node *parse_andor(struct parser *p)
{
	struct node *left = parse_pipeline(p);

	for (unsigned n_ops = 0; left && (is(p, TOKEN_AND) || is(p, TOKEN_OR)); n_ops++) {
		struct node *n = node_new(is(p, TOKEN_AND) ? NODE_AND : NODE_OR, left->line);
		bool ok = n_ops < SYNTAX_CHAIN || lex_fail(p->lx, n->line, "too many && and || in one line");

		add_child(n, left);
		left = n;
		advance(p);
		skip_newlines(p);
		if (!ok || !add_child(n, parse_pipeline(p))) {
			node_put(n);
			return NULL;
		}
	}
	return left;
}

/* What stands from `start` to the next token, without the white space between. */
static char *source_text(const struct parser *p, size_t start)
{
	size_t end = p->next.start;

	while (end > start && strchr(" \t\n", p->lx->text[end - 1]))
		end--;
	return mem_textn(p->lx->text + start, end - start);
}

/* An and-or list and, where "&" follows, the job it becomes. */
static struct node *parse_job(struct parser *p)
{
	size_t start = p->next.start;
	struct node *n = parse_andor(p), *job;

	if (!n || !is(p, TOKEN_AMPERSAND))
		return n;
	job = node_new(NODE_BACKGROUND, n->line);
	job->text = source_text(p, start);
	add_child(job, n);
	return job;
}

static bool ends_list(const struct parser *p, bool one_line)
{
	return is(p, TOKEN_END) || is(p, TOKEN_BAD) || is_closing(p) || (one_line && is(p, TOKEN_NEWLINE));
}

/* At least one command. `one_line`: up to the newline, which is not taken. A list of one is that one. */
static struct node *parse_list(struct parser *p, bool one_line)
{
	struct node *list = node_new(NODE_LIST, p->next.line), *only;

	if (!one_line)
		skip_newlines(p);
	do {
		if (!add_child(list, parse_job(p))) {
			node_put(list);
			return NULL;
		}
		if (!is(p, TOKEN_SEMICOLON) && !is(p, TOKEN_AMPERSAND) && !is(p, TOKEN_NEWLINE))
			break;
		if (one_line && is(p, TOKEN_NEWLINE))
			break;
		advance(p);
		if (!one_line)
			skip_newlines(p);
	} while (!ends_list(p, one_line));
	if (list->child_count > 1)
		return list;
	only = list->children[0];
	list->child_count = 0;
	node_put(list);
	return only;
}

bool parse_all(struct lexer *lx, struct node **out)
{
	struct parser p = {.lx = lx};

	*out = NULL;
	advance(&p);
	skip_newlines(&p);
	if (!is(&p, TOKEN_END)) {
		*out = parse_list(&p, false);
		if (*out && !is(&p, TOKEN_END)) {
			fail_here(&p, NULL);
			node_put(*out);
			*out = NULL;
		}
	}
	token_free(&p.next);
	return !*lx->error;
}

/* ---- scripts ---- */

void script_init(struct script *s, const char *name, const char *text, bool open)
{
	*s = (struct script){.name = mem_text(name), .line = 1, .open = open};
	buf_puts(&s->text, text);
}

void script_exit(struct script *s)
{
	free(s->name);
	buf_exit(&s->text);
}

static void skip_to(struct script *s, const struct lexer *lx, size_t pos)
{
	for (; s->pos < pos; s->pos++)
		s->line += lx->text[s->pos] == '\n';
}

/* The line in which the parser gave up, and everything before it, is not tried again. */
static void skip_line(struct script *s, const struct parser *p)
{
	const struct lexer *lx = p->lx;
	size_t from = is(p, TOKEN_NEWLINE) ? p->next.start : lx->pos;
	const char *end = from < lx->len ? memchr(lx->text + from, '\n', lx->len - from) : NULL;

	skip_to(s, lx, end ? (size_t)(end - lx->text) + 1 : lx->len);
}

/* An open text comes in lines; one that has lost its newline to a backslash goes on in the next. */
static bool is_whole(const struct script *s, const struct parser *p)
{
	return is(p, TOKEN_NEWLINE) || (is(p, TOKEN_END) && !s->open);
}

enum parse_result parse_next(struct script *s, struct node **out, char error[PARSE_ERROR_LEN])
{
	struct lexer lx;
	struct parser p = {.lx = &lx};
	enum parse_result result = PARSE_END;
	size_t start;

	*out = NULL;
	lex_init(&lx, buf_text(&s->text), s->text.len, s->line, 0);
	lx.pos = s->pos;
	advance(&p);
	skip_newlines(&p);
	start = p.next.start;
	if (is(&p, TOKEN_END)) {
		skip_to(s, &lx, lx.pos);
	} else if ((*out = parse_list(&p, true)) && is_whole(s, &p)) {
		(*out)->source = source_text(&p, start);
		skip_to(s, &lx, p.next.end);
		result = PARSE_NODE;
	} else {
		if (*out)
			fail_here(&p, NULL);
		node_put(*out);
		*out = NULL;
		result = lx.incomplete && s->open ? PARSE_MORE : PARSE_ERROR;
	}
	if (result == PARSE_ERROR) {
		snprintf(error, PARSE_ERROR_LEN, "%s:%u: %s", s->name, lx.error_line, lx.error);
		skip_line(s, &p);
	}
	token_free(&p.next);
	return result;
}
