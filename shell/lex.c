/* SPDX-License-Identifier: MIT */
/*
 * From text to tokens. Where a command may begin the lexer itself knows (after an operator, a reserved word
 * or an assignment), because there "!" takes the rest of the line as it stands, for `sh -c`.
 */
#include "shell/syntax.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void lex_init(struct lexer *lx, const char *text, size_t len, unsigned line, unsigned depth)
{
	*lx = (struct lexer){.text = text, .len = len, .line = line, .depth = depth, .at_command = true};
}

bool lex_fail(struct lexer *lx, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (*lx->error)
		return false;
	lx->error_line = line;
	va_start(ap, fmt);
	vsnprintf(lx->error, sizeof(lx->error), fmt, ap);
	va_end(ap);
	return false;
}

/* The text ends inside something that began on `line`. */
static bool fail_open(struct lexer *lx, unsigned line, const char *what)
{
	lx->incomplete = true;
	return lex_fail(lx, line, "%s is not closed", what);
}

/* ---- characters ---- */

static char peek(const struct lexer *lx, size_t ahead)
{
	return lx->pos + ahead < lx->len ? lx->text[lx->pos + ahead] : '\0';
}

static bool at_end(const struct lexer *lx)
{
	return lx->pos >= lx->len;
}

static char take(struct lexer *lx)
{
	char c = lx->text[lx->pos++];

	if (c == '\n')
		lx->line++;
	return c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool ends_word(char c)
{
	return is_blank(c) || (c && strchr("\n;&|<>()", c));
}

/* A backslash and the newline behind it are nothing at all. */
static void skip_blanks(struct lexer *lx)
{
	for (; !at_end(lx);) {
		if (is_blank(peek(lx, 0))) {
			take(lx);
		} else if (peek(lx, 0) == '\\' && peek(lx, 1) == '\n') {
			take(lx);
			take(lx);
		} else {
			break;
		}
	}
	if (!at_end(lx) && peek(lx, 0) == '#')
		while (!at_end(lx) && peek(lx, 0) != '\n')
			take(lx);
}

/* ---- words ---- */

static struct part *add_part(struct word *w, enum part_kind kind, bool quoted)
{
	w->parts = mem_resize(w->parts, (w->count + 1) * sizeof(*w->parts));
	w->parts[w->count] = (struct part){.kind = kind, .quoted = quoted};
	return &w->parts[w->count++];
}

/* Literal text, joined to the part before it when that is of the same sort. Also quotes around nothing. */
static void add_text(struct word *w, bool quoted, const char *text, size_t len)
{
	struct part *last = w->count ? &w->parts[w->count - 1] : NULL;
	size_t old = 0;

	if (last && last->kind == PART_TEXT && last->quoted == quoted)
		old = strlen(last->text);
	else
		last = add_part(w, PART_TEXT, quoted);
	last->text = mem_resize(last->text, old + len + 1);
	memcpy(last->text + old, text, len);
	last->text[old + len] = '\0';
}

void word_free(struct word *w)
{
	for (size_t i = 0; i < w->count; i++) {
		free(w->parts[i].text);
		free(w->parts[i].otherwise);
		node_put(w->parts[i].node);
	}
	free(w->parts);
	*w = (struct word){0};
}

bool word_is(const struct word *w, const char *text)
{
	return w->count == 1 && w->parts[0].kind == PART_TEXT && !w->parts[0].quoted &&
		strcmp(w->parts[0].text, text) == 0;
}

static size_t name_length(const char *text)
{
	size_t n = 0;

	if (is_name_start(text[0]))
		while (is_name_char(text[n]))
			n++;
	return n;
}

bool word_to_assignment(struct word *w, struct assignment *a)
{
	struct part *first = w->parts;
	size_t n;

	if (w->count == 0 || first->kind != PART_TEXT || first->quoted)
		return false;
	n = name_length(first->text);
	if (n == 0 || first->text[n] != '=')
		return false;
	a->name = mem_textn(first->text, n);
	memmove(first->text, first->text + n + 1, strlen(first->text + n + 1) + 1);
	a->value = *w;
	*w = (struct word){0};
	return true;
}

static bool single_quoted(struct lexer *lx, struct word *w)
{
	unsigned line = lx->line;
	size_t start;

	take(lx);
	start = lx->pos;
	while (!at_end(lx) && peek(lx, 0) != '\'')
		take(lx);
	if (at_end(lx))
		return fail_open(lx, line, "a quote (')");
	add_text(w, true, lx->text + start, strnlen(lx->text + start, lx->pos - start));
	take(lx);
	return true;
}

/* True when `c`, the next character, is a quote or quoted: *quote is the one that is open. Moves past a
 * backslash, to what it quotes. */
static bool skip_quoting(struct lexer *lx, char c, char *quote)
{
	if (c == '\\' && *quote != '\'' && lx->pos + 1 < lx->len)
		take(lx);
	else if (*quote)
		*quote = c == *quote ? '\0' : *quote;
	else if (c == '\'' || c == '"')
		*quote = c;
	else
		return false;
	return true;
}

/* Moves past quotes and nested parentheses to the ")" that belongs to a "$(" just read. */
static bool skip_to_closing(struct lexer *lx)
{
	unsigned open = 1;
	char quote = '\0';

	for (; !at_end(lx); take(lx)) {
		char c = peek(lx, 0);

		if (skip_quoting(lx, c, &quote))
			continue;
		if (c == '(')
			open++;
		else if (c == ')' && --open == 0)
			return true;
	}
	return false;
}

static bool skip_to_backquote(struct lexer *lx)
{
	for (; !at_end(lx); take(lx)) {
		if (peek(lx, 0) == '`')
			return true;
		if (peek(lx, 0) == '\\' && lx->pos + 1 < lx->len)
			take(lx);
	}
	return false;
}

/* $(...) and `...`: what stands between is parsed as a text of its own. The opening was read. */
static bool substitution(struct lexer *lx, struct word *w, bool quoted, bool backquotes)
{
	unsigned line = lx->line;
	size_t start = lx->pos;
	struct lexer inner;
	struct node *node = NULL;

	if (lx->depth >= SYNTAX_DEPTH)
		return lex_fail(lx, line, "nested too deeply");
	if (!(backquotes ? skip_to_backquote(lx) : skip_to_closing(lx)))
		return fail_open(lx, line, backquotes ? "a backquote (`)" : "a \"$(\"");
	lex_init(&inner, lx->text + start, lx->pos - start, line, lx->depth + 1);
	if (!parse_all(&inner, &node))
		return lex_fail(lx, inner.error_line, "%s", inner.error);
	add_part(w, PART_COMMAND, quoted)->node = node;
	take(lx);
	return true;
}

/* ${NAME} and ${NAME:-TEXT}; "${" was read. */
static bool braced_variable(struct lexer *lx, struct word *w, bool quoted)
{
	unsigned line = lx->line;
	size_t start = lx->pos, name, end;
	struct part *part;

	while (!at_end(lx) && peek(lx, 0) != '}' && peek(lx, 0) != '\n')
		take(lx);
	if (peek(lx, 0) != '}')
		return fail_open(lx, line, "a \"${\"");
	end = lx->pos;
	take(lx);
	for (name = start; name < end && is_name_char(lx->text[name]);)
		name++;
	if (name == start && name < end && strchr("?!#@*", lx->text[name]))
		name++;
	if (name == start || (name < end && (lx->text[name] != ':' || lx->text[name + 1] != '-')))
		return lex_fail(lx, line, "${%.*s}: only ${NAME} and ${NAME:-TEXT} are understood",
			(int)MIN(end - start, 40), lx->text + start);
	part = add_part(w, PART_VARIABLE, quoted);
	part->text = mem_textn(lx->text + start, name - start);
	if (name < end)
		part->otherwise = mem_textn(lx->text + name + 2, end - name - 2);
	return true;
}

/* A "$" that begins nothing stands for itself. */
static bool dollar(struct lexer *lx, struct word *w, bool quoted)
{
	char next = peek(lx, 1);
	size_t start;

	take(lx);
	if (next == '(' && peek(lx, 1) == '(')
		return lex_fail(lx, lx->line, "arithmetic, $(( )), is not understood: use $(!expr ...)");
	if (next == '(' || next == '{') {
		take(lx);
		return next == '(' ? substitution(lx, w, quoted, false) : braced_variable(lx, w, quoted);
	}
	start = lx->pos;
	if (is_name_start(next)) {
		while (!at_end(lx) && is_name_char(peek(lx, 0)))
			take(lx);
	} else if (next && (isdigit((unsigned char)next) || strchr("?!#@*", next))) {
		take(lx);
	}
	if (lx->pos == start)
		add_text(w, quoted, "$", 1);
	else
		add_part(w, PART_VARIABLE, quoted)->text = mem_textn(lx->text + start, lx->pos - start);
	return true;
}

/* Inside double quotes, up to what means something there. */
static void quoted_text(struct lexer *lx, struct word *w)
{
	size_t start = lx->pos;

	while (!at_end(lx) && peek(lx, 0) && !strchr("\"$`\\", peek(lx, 0)))
		take(lx);
	add_text(w, true, lx->text + start, lx->pos - start);
	if (at_end(lx) || (peek(lx, 0) && peek(lx, 0) != '\\'))
		return;
	if (take(lx) == '\0')
		return;
	if (at_end(lx) || !peek(lx, 0) || !strchr("$`\"\\\n", peek(lx, 0)))
		add_text(w, true, "\\", 1);
	else if (take(lx) != '\n')
		add_text(w, true, lx->text + lx->pos - 1, 1);
}

static bool double_quoted(struct lexer *lx, struct word *w)
{
	unsigned line = lx->line;

	take(lx);
	add_text(w, true, "", 0);
	while (!at_end(lx) && peek(lx, 0) != '"') {
		bool ok = true;

		if (peek(lx, 0) == '$') {
			ok = dollar(lx, w, true);
		} else if (peek(lx, 0) == '`') {
			take(lx);
			ok = substitution(lx, w, true, true);
		} else {
			quoted_text(lx, w);
		}
		if (!ok)
			return false;
	}
	if (at_end(lx))
		return fail_open(lx, line, "a quote (\")");
	take(lx);
	return true;
}

static bool backslash(struct lexer *lx, struct word *w)
{
	char c;

	take(lx);
	if (at_end(lx)) {
		lx->incomplete = true;
		return lex_fail(lx, lx->line, "nothing follows the \"\\\"");
	}
	c = take(lx);
	if (c != '\n' && c)
		add_text(w, true, &c, 1);
	return true;
}

static bool lex_word(struct lexer *lx, struct word *w)
{
	bool ok = true;

	while (ok && !at_end(lx) && !ends_word(peek(lx, 0))) {
		char c = peek(lx, 0);

		if (c == '\'') {
			ok = single_quoted(lx, w);
		} else if (c == '"') {
			ok = double_quoted(lx, w);
		} else if (c == '\\') {
			ok = backslash(lx, w);
		} else if (c == '$') {
			ok = dollar(lx, w, false);
		} else if (c == '`') {
			take(lx);
			ok = substitution(lx, w, false, true);
		} else {
			size_t start = lx->pos;

			while (!at_end(lx) && !ends_word(peek(lx, 0)) && !strchr("'\"\\$`", peek(lx, 0)))
				take(lx);
			add_text(w, false, lx->text + start, lx->pos - start);
		}
	}
	return ok;
}

/* ---- tokens ---- */

void token_free(struct token *t)
{
	word_free(&t->word);
	free(t->program);
	*t = (struct token){0};
}

/* After these words another command may begin. */
static bool opens_command(const struct word *w)
{
	static const char *const words[] = {"if", "then", "elif", "else", "while", "until", "do"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (word_is(w, words[i]))
			return true;
	return false;
}

static bool looks_like_assignment(const struct word *w)
{
	const struct part *first = w->parts;
	size_t n;

	if (w->count == 0 || first->kind != PART_TEXT || first->quoted)
		return false;
	n = name_length(first->text);
	return n && first->text[n] == '=';
}

/* The end without the white space before it. */
static size_t without_blanks(const struct lexer *lx, size_t start, size_t end)
{
	while (end > start && is_blank(lx->text[end - 1]))
		end--;
	return end;
}

/* "!COMMAND": its end is an unquoted ";" or the end of the line, a comment before that, or a last "&". */
static bool lex_program(struct lexer *lx, struct token *t)
{
	unsigned line = lx->line;
	size_t start, end;
	char quote = '\0', before = ' ';

	take(lx);
	for (start = lx->pos; !at_end(lx); before = take(lx)) {
		char c = peek(lx, 0);

		if (skip_quoting(lx, c, &quote))
			continue;
		if (c == ';' || c == '\n' || (c == '#' && is_blank(before)))
			break;
	}
	if (quote)
		return fail_open(lx, line, "a quote in what follows \"!\"");
	end = without_blanks(lx, start, lx->pos);
	if (end > start && lx->text[end - 1] == '&' &&
		(end - start < 2 || !strchr("&\\>", lx->text[end - 2]))) {
		lx->pos = end - 1;
		end = without_blanks(lx, start, lx->pos);
	}
	for (; start < end && is_blank(lx->text[start]);)
		start++;
	if (start == end)
		return lex_fail(lx, line, "\"!\" needs a command of the machine");
	t->kind = TOKEN_PROGRAM;
	t->program = mem_textn(lx->text + start, end - start);
	return true;
}

/* [0-2] < > >> >& and &>; false when none of them is here. */
static bool lex_redirect(struct lexer *lx, struct token *t)
{
	struct redirect *r = &t->redirect;
	size_t i = 0;
	int fd = -2;

	if (peek(lx, 0) >= '0' && peek(lx, 0) <= '2' && (peek(lx, 1) == '<' || peek(lx, 1) == '>'))
		fd = peek(lx, (i++)) - '0';
	else if (peek(lx, 0) == '&' && peek(lx, 1) == '>') {
		fd = -1;
		i++;
	}
	if (peek(lx, i) != '<' && peek(lx, i) != '>')
		return false;
	r->kind = peek(lx, i) == '<' ? REDIRECT_IN : REDIRECT_OUT;
	r->fd = fd != -2 ? fd : r->kind == REDIRECT_IN ? 0 : 1;
	i++;
	if (r->kind == REDIRECT_OUT && peek(lx, i) == '>') {
		r->kind = REDIRECT_APPEND;
		i++;
	} else if (r->kind == REDIRECT_OUT && peek(lx, i) == '&' && peek(lx, i + 1) >= '0' &&
		peek(lx, i + 1) <= '2') {
		r->kind = REDIRECT_DUP;
		r->from = peek(lx, i + 1) - '0';
		i += 2;
	}
	t->kind = TOKEN_REDIRECT;
	lx->pos += i;
	return true;
}

static bool lex_operator(struct lexer *lx, struct token *t)
{
	static const struct {
		const char *text;
		enum token_kind kind;
	} operators[] = {
		{"\n", TOKEN_NEWLINE},
		{";", TOKEN_SEMICOLON},
		{"&&", TOKEN_AND},
		{"&", TOKEN_AMPERSAND},
		{"||", TOKEN_OR},
		{"|", TOKEN_PIPE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		const char *text = operators[i].text;

		if (peek(lx, 0) != text[0] || (text[1] && peek(lx, 1) != text[1]))
			continue;
		for (size_t n = strlen(text); n; n--)
			take(lx);
		t->kind = operators[i].kind;
		lx->at_command = true;
		return true;
	}
	return false;
}

static bool lex_token(struct lexer *lx, struct token *t)
{
	if (at_end(lx)) {
		t->kind = TOKEN_END;
		return true;
	}
	if (peek(lx, 0) == '<' && peek(lx, 1) == '<')
		return lex_fail(lx, lx->line, "here-documents, <<, are not understood");
	if (lex_redirect(lx, t) || lex_operator(lx, t))
		return true;
	if (peek(lx, 0) == '(' || peek(lx, 0) == ')')
		return lex_fail(lx, lx->line, "unexpected \"%c\"", peek(lx, 0));
	t->at_command = lx->at_command;
	if (lx->at_command && peek(lx, 0) == '!') {
		lx->at_command = false;
		return lex_program(lx, t);
	}
	t->kind = TOKEN_WORD;
	if (!lex_word(lx, &t->word))
		return false;
	lx->at_command = t->at_command && (opens_command(&t->word) || looks_like_assignment(&t->word));
	return true;
}

void lex_next(struct lexer *lx, struct token *t)
{
	*t = (struct token){0};
	skip_blanks(lx);
	t->start = lx->pos;
	t->line = lx->line;
	if (!lex_token(lx, t)) {
		word_free(&t->word);
		t->kind = TOKEN_BAD;
	}
	t->end = lx->pos;
}
