/* SPDX-License-Identifier: MIT */
/*
 * Expansion of words.
 *
 * A word becomes a row of marked characters: each knows whether it stood there unquoted (LITERAL: braces in
 * it mean something), came from a value (VALUE: is split at white space), or was quoted (QUOTED: neither).
 * Quotes around nothing leave a mark without a character, so that "" is a word. Braces turn one row into
 * many, and splitting turns each into fields.
 */
#include "shell/expand.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- variables ---- */

struct variables *variables_new(void)
{
	struct variables *v = mem_new(sizeof(*v));

	v->refs = 1;
	return v;
}

struct variables *variables_get(struct variables *v)
{
	v->refs++;
	return v;
}

static void free_variable(struct variable *var)
{
	free(var->name);
	free(var->value);
}

void variables_put(struct variables *v)
{
	if (--v->refs > 0)
		return;
	for (size_t i = 0; i < v->count; i++)
		free_variable(&v->at[i]);
	free(v->at);
	free(v);
}

static struct variable *find(const struct variables *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->at[i].name, name) == 0)
			return &v->at[i];
	return NULL;
}

const char *variables_find(const struct variables *v, const char *name)
{
	const struct variable *var = find(v, name);

	return var ? var->value : NULL;
}

void variables_set(struct variables *v, const char *name, const char *value)
{
	struct variable *var = find(v, name);

	if (!var) {
		v->at = mem_resize(v->at, (v->count + 1) * sizeof(*v->at));
		var = &v->at[v->count++];
		*var = (struct variable){.name = mem_text(name)};
	}
	free(var->value);
	var->value = mem_text(value);
}

void variables_unset(struct variables *v, const char *name)
{
	struct variable *var = find(v, name);

	if (!var)
		return;
	free_variable(var);
	*var = v->at[--v->count];
}

struct variables *variables_copy(const struct variables *v)
{
	struct variables *copy = variables_new();

	for (size_t i = 0; i < v->count; i++)
		variables_set(copy, v->at[i].name, v->at[i].value);
	return copy;
}

/* ---- marked characters ---- */

enum mark { LITERAL = 0, VALUE = 1 << 8, QUOTED = 2 << 8, MARKS = 3 << 8 };

struct row {
	uint16_t *at;
	size_t len, room;
};

static void row_add(struct row *r, uint16_t c)
{
	if (r->len == r->room) {
		r->room = r->room ? 2 * r->room : 32;
		r->at = mem_resize(r->at, r->room * sizeof(*r->at));
	}
	r->at[r->len++] = c;
}

static void row_text(struct row *r, enum mark mark, const char *text)
{
	for (; *text; text++)
		row_add(r, (uint16_t)((uint8_t)*text | mark));
}

static void row_part(struct row *r, const uint16_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		row_add(r, from[i]);
}

static bool is_literal(uint16_t c, char what)
{
	return c == (uint16_t)(uint8_t)what;
}

/* ---- parts ---- */

static void add_args(const struct expansion *x, struct buf *b)
{
	for (char *const *a = x->args && x->args[0] ? x->args + 1 : NULL; a && *a; a++)
		buf_printf(b, "%s%s", b->len ? " " : "", *a);
}

static size_t count_args(const struct expansion *x)
{
	size_t n = 0;

	while (x->args && x->args[0] && x->args[n + 1])
		n++;
	return n;
}

static const char *numbered(const struct expansion *x, size_t n)
{
	for (size_t i = 0; x->args && x->args[i]; i++)
		if (i == n)
			return x->args[i];
	return NULL;
}

/* Adds the variable's value; false when it is not set. */
static bool add_variable(const struct expansion *x, const char *name, struct buf *b)
{
	const char *value = NULL;

	if (strcmp(name, "?") == 0)
		buf_printf(b, "%d", x->status);
	else if (strcmp(name, "#") == 0)
		buf_printf(b, "%zu", count_args(x));
	else if (strcmp(name, "@") == 0 || strcmp(name, "*") == 0)
		add_args(x, b);
	else if (strcmp(name, "!") == 0 && x->job)
		buf_printf(b, "%%%u", x->job);
	else if (*name >= '0' && *name <= '9')
		value = numbered(x, strtoul(name, NULL, 10));
	else
		value = variables_find(x->vars, name);
	if (value)
		buf_puts(b, value);
	return b->len > 0;
}

static void add_part(const struct expansion *x, const struct part *part, struct buf *b)
{
	switch (part->kind) {
	case PART_TEXT:
		buf_puts(b, part->text);
		break;
	case PART_VARIABLE:
		if (!add_variable(x, part->text, b) && part->otherwise)
			buf_puts(b, part->otherwise);
		break;
	case PART_COMMAND:
		buf_puts(b, x->results[part->slot]);
		break;
	}
}

char *expand_text(const struct expansion *x, const struct word *w)
{
	struct buf b = {0};

	for (size_t i = 0; i < w->count; i++) {
		struct buf part = {0};

		add_part(x, &w->parts[i], &part);
		buf_puts(&b, buf_text(&part));
		buf_exit(&part);
	}
	return buf_take(&b);
}

static void mark_word(const struct expansion *x, const struct word *w, struct row *r)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct part *part = &w->parts[i];
		enum mark mark = part->quoted ? QUOTED : part->kind == PART_TEXT ? LITERAL : VALUE;
		struct buf b = {0};

		add_part(x, part, &b);
		if (mark == QUOTED)
			row_add(r, QUOTED);
		row_text(r, mark, buf_text(&b));
		buf_exit(&b);
	}
}

/* ---- fields ---- */

struct fields {
	char **at;
	size_t count, room;
	size_t limit;
	unsigned depth; /* of braces being replaced */
};

static void add_field(struct fields *f, struct buf *b)
{
	if (f->count + 2 > f->room) {
		f->room = 2 * f->room + 8;
		f->at = mem_resize(f->at, f->room * sizeof(*f->at));
	}
	f->at[f->count++] = buf_take(b);
	f->at[f->count] = NULL;
}

static void split(const struct row *r, struct fields *f)
{
	struct buf b = {0};
	bool any = false;

	for (size_t i = 0; i < r->len; i++) {
		char c = (char)(r->at[i] & 0xff);

		if ((r->at[i] & MARKS) == VALUE && strchr(" \t\n", c)) {
			if (any)
				add_field(f, &b);
			any = false;
			continue;
		}
		any = true;
		if (c)
			buf_putc(&b, c);
	}
	if (any)
		add_field(f, &b);
	buf_exit(&b);
}

/* ---- braces ---- */

/* The literal "}" that belongs to the "{" at `open`, or 0; *list: has commas of its own. */
static size_t closing_brace(const struct row *r, size_t open, bool *list)
{
	unsigned depth = 0;

	*list = false;
	for (size_t i = open; i < r->len; i++) {
		if (is_literal(r->at[i], '{'))
			depth++;
		else if (is_literal(r->at[i], ',') && depth == 1)
			*list = true;
		else if (is_literal(r->at[i], '}') && --depth == 0)
			return i;
	}
	return 0;
}

/* "a..b" and "a..b..step" of integers, or of single letters. */
struct range {
	long from, to, step;
	int width; /* as in {01..10} */
	bool letters;
};

static bool parse_range(const char *text, struct range *g)
{
	char a, b;
	int end = 0;

	*g = (struct range){.step = 1};
	if (sscanf(text, "%ld..%ld%n", &g->from, &g->to, &end) == 2 && end) {
		const char *digits = text + (*text == '-');

		g->width = *digits == '0' && digits[1] != '.' ? (int)(strstr(text, "..") - text) : 0;
		if (sscanf(text + end, "..%ld", &g->step) == 1)
			end += (int)strspn(text + end, ".-0123456789");
	} else if (sscanf(text, "%c..%c%n", &a, &b, &end) == 2 && end) {
		g->from = a;
		g->to = b;
		g->letters = true;
	}
	if (!end || text[end] || g->width > 32)
		return false;
	g->step = g->step < 0 ? -g->step : g->step;
	return g->from > -1000000000 && g->from < 1000000000 && g->to > -1000000000 && g->to < 1000000000 &&
		g->step > 0 && g->step < 1000000000;
}

static bool braces(const struct row *r, size_t from, struct fields *f);

/* The row with what stands between `open` and `close` replaced; braces further on are looked at next. */
static bool with_choice(
	const struct row *r, size_t open, size_t close, const struct row *choice, struct fields *f)
{
	struct row whole = {0};
	bool ok;

	row_part(&whole, r->at, open);
	row_part(&whole, choice->at, choice->len);
	row_part(&whole, r->at + close + 1, r->len - close - 1);
	f->depth++;
	ok = f->count < f->limit && f->depth <= SYNTAX_DEPTH && braces(&whole, open, f);
	f->depth--;
	free(whole.at);
	return ok;
}

static bool each_of_list(const struct row *r, size_t open, size_t close, struct fields *f)
{
	size_t start = open + 1;
	unsigned depth = 0;

	for (size_t i = start; i <= close; i++) {
		bool ends = i == close || (is_literal(r->at[i], ',') && depth == 0);
		struct row choice = {.at = r->at + start, .len = i - start};

		if (!ends) {
			depth += is_literal(r->at[i], '{');
			depth -= is_literal(r->at[i], '}');
			continue;
		}
		if (!with_choice(r, open, close, &choice, f))
			return false;
		start = i + 1;
	}
	return true;
}

static bool each_of_range(
	const struct row *r, size_t open, size_t close, const struct range *g, struct fields *f)
{
	long step = g->from <= g->to ? g->step : -g->step;
	bool ok = true;

	for (long v = g->from; ok && (step > 0 ? v <= g->to : v >= g->to); v += step) {
		struct row choice = {0};
		char text[48];

		if (g->letters)
			snprintf(text, sizeof(text), "%c", (char)v);
		else
			snprintf(text, sizeof(text), "%0*ld", g->width, v);
		row_text(&choice, LITERAL, text);
		ok = with_choice(r, open, close, &choice, f);
		free(choice.at);
	}
	return ok;
}

static bool is_range(const struct row *r, size_t open, size_t close, struct range *g)
{
	char text[80];
	size_t n = close - open - 1;

	if (n >= sizeof(text))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (r->at[open + 1 + i] & MARKS)
			return false;
		text[i] = (char)r->at[open + 1 + i];
	}
	text[n] = '\0';
	return parse_range(text, g);
}

/* Replaces the first pair of braces at or after `from` that means something, and goes on with each result. */
static bool braces(const struct row *r, size_t from, struct fields *f)
{
	struct range g;
	bool list;

	for (size_t open = from; open < r->len; open++) {
		size_t close = is_literal(r->at[open], '{') ? closing_brace(r, open, &list) : 0;

		if (close && list)
			return each_of_list(r, open, close, f);
		if (close && is_range(r, open, close, &g))
			return each_of_range(r, open, close, &g, f);
	}
	split(r, f);
	return f->count < f->limit;
}

/* "$@": each argument is a field of its own, whatever is in it. */
static bool is_all_args(const struct word *w)
{
	return w->count == 2 && w->parts[0].kind == PART_TEXT && !*w->parts[0].text && w->parts[1].quoted &&
		w->parts[1].kind == PART_VARIABLE && strcmp(w->parts[1].text, "@") == 0;
}

static void add_all_args(const struct expansion *x, struct fields *f)
{
	for (size_t i = 1; i <= count_args(x); i++) {
		struct buf b = {0};

		buf_puts(&b, x->args[i]);
		add_field(f, &b);
	}
}

static bool expand_word(const struct expansion *x, const struct word *w, struct fields *f)
{
	struct row r = {0};
	bool ok;

	if (is_all_args(w)) {
		add_all_args(x, f);
		return true;
	}
	mark_word(x, w, &r);
	f->limit = f->count + EXPAND_MAX;
	ok = braces(&r, 0, f);
	free(r.at);
	return ok;
}

char **expand_words(const struct expansion *x, const struct word *words, size_t n, int *count)
{
	struct fields f = {.at = mem_new(sizeof(char *))};
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++)
		ok = f.count < INT32_MAX / 2 && expand_word(x, &words[i], &f);
	if (count)
		*count = (int)f.count;
	if (ok)
		return f.at;
	mem_words_free(f.at);
	return NULL;
}
