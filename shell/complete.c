/* SPDX-License-Identifier: MIT */
/* Completion: what could stand where the cursor is. */
#include "shell/complete.h"
#include "shell/internal.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

struct offers {
	char **at;
	size_t count;
};

/* ---- offers ---- */

void complete_offer(struct completion *w, const char *text)
{
	struct offers *o = w->offers;

	if (strncmp(text, w->word, strlen(w->word)) != 0)
		return;
	o->at = mem_resize(o->at, (o->count + 2) * sizeof(char *));
	o->at[o->count++] = mem_text(text);
	o->at[o->count] = NULL;
}

void complete_offer_list(struct completion *w, const char *const *texts)
{
	for (; *texts; texts++)
		complete_offer(w, *texts);
}

void complete_devices(struct completion *w)
{
	stack_each_dev(d, w->host)
		complete_offer(w, d->name);
}

void complete_hosts(struct completion *w)
{
	list_each(s, &w->shell->world->stacks, struct stack, node)
		complete_offer(w, s->name);
}

void complete_commands(struct completion *w)
{
	for (const struct command *const *c = shell_commands; *c; c++)
		if ((*c)->run)
			complete_offer(w, (*c)->name);
}

static void offer_file(struct completion *w, const char *dir, const struct dirent *e)
{
	struct buf path = {0};
	struct stat st;

	if (e->d_name[0] == '.' && strncmp(w->word + strlen(dir), ".", 1) != 0)
		return;
	buf_puts(&path, dir);
	buf_puts(&path, e->d_name);
	if (stat(buf_text(&path), &st) == 0 && S_ISDIR(st.st_mode))
		buf_putc(&path, '/');
	if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
		complete_offer(w, buf_text(&path));
	buf_exit(&path);
}

void complete_files(struct completion *w)
{
	const char *slash = strrchr(w->word, '/');
	char *dir = mem_textn(w->word, slash ? (size_t)(slash - w->word) + 1 : 0);
	DIR *d = opendir(*dir ? dir : ".");

	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		offer_file(w, dir, e);
	if (d)
		closedir(d);
	free(dir);
}

/* "!" and the programs of the machine; not all of them, which are thousands. */
static void offer_programs(struct completion *w)
{
	const char *path = getenv("PATH");
	struct buf text = {0};

	if (w->word[0] != '!' || !w->word[1])
		return;
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		char *dir = mem_textn(path, strcspn(path, ":"));
		DIR *d = opendir(dir);

		for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
			buf_eat(&text, text.len);
			buf_printf(&text, "!%s", e->d_name);
			complete_offer(w, buf_text(&text));
		}
		if (d)
			closedir(d);
		free(dir);
	}
	buf_exit(&text);
}

/* The options that a text of help speaks of. */
static void offer_options(struct completion *w, const char *text)
{
	const char *end;

	for (const char *at = text; at && (at = strchr(at, '-')); at = end) {
		for (end = at + 1; isalnum((unsigned char)*end) || *end == '-';)
			end++;
		if (end == at + 1 || (at != text && !strchr(" [|`\n", at[-1])))
			continue;
		char *option = mem_textn(at, (size_t)(end - at));
		complete_offer(w, option);
		free(option);
	}
}

/* ---- where the cursor is ---- */

enum place { PLACE_COMMAND, PLACE_ARGUMENT, PLACE_FILE };

struct context {
	enum place place;
	char **words; /* of the command so far */
	int count;
};

static void forget_words(struct context *x)
{
	mem_words_free(x->words);
	x->words = NULL;
	x->count = 0;
	x->place = PLACE_COMMAND;
}

static void add_word(struct context *x, const struct word *w)
{
	struct buf b = {0};

	for (size_t i = 0; i < w->count; i++)
		if (w->parts[i].kind == PART_TEXT)
			buf_puts(&b, w->parts[i].text);
	x->words = mem_resize(x->words, ((size_t)x->count + 2) * sizeof(char *));
	x->words[x->count++] = buf_take(&b);
	x->words[x->count] = NULL;
	x->place = PLACE_ARGUMENT;
}

static void note_token(struct context *x, const struct lexer *lx, const struct token *t)
{
	switch (t->kind) {
	case TOKEN_WORD:
		if (x->place == PLACE_FILE)
			x->place = x->count ? PLACE_ARGUMENT : PLACE_COMMAND;
		else if (!lx->at_command) /* else a reserved word or an assignment: a command is still to come
					   */
			add_word(x, &t->word);
		break;
	case TOKEN_REDIRECT:
	case TOKEN_PROGRAM:
		x->place = PLACE_FILE;
		break;
	case TOKEN_BAD:
	case TOKEN_END:
		break;
	default:
		forget_words(x);
		break;
	}
}

static void find_context(struct context *x, const char *before, size_t len)
{
	enum token_kind kind;
	struct lexer lx;
	struct token t;

	if (len && strchr("'\"", before[len - 1])) /* the quote that the word begins with */
		len--;
	lex_init(&lx, before, len, 1, 0);
	do {
		lex_next(&lx, &t);
		kind = t.kind;
		note_token(x, &lx, &t);
		token_free(&t);
	} while (kind != TOKEN_END && kind != TOKEN_BAD);
}

static void complete_arguments(struct completion *w)
{
	const struct command *command = command_find(w->argv[0]);
	struct offers *o = w->offers;

	if (command && command->complete) {
		command->complete(w);
	} else {
		complete_devices(w);
		complete_files(w);
	}
	if (command && w->word[0] == '-' && o->count == 0) {
		offer_options(w, command->usage);
		offer_options(w, command->options);
	}
}

void complete_rest(struct completion *w, int from)
{
	struct completion rest = *w;

	rest.argc -= from;
	rest.argv += from;
	if (rest.argc <= 0)
		complete_commands(&rest);
	else
		complete_arguments(&rest);
}

/* ---- the answer ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct offers *o)
{
	size_t kept = 0;

	if (o->count == 0)
		return;
	qsort(o->at, o->count, sizeof(char *), compare);
	for (size_t i = 0; i < o->count; i++) {
		if (kept && strcmp(o->at[kept - 1], o->at[i]) == 0)
			free(o->at[i]);
		else
			o->at[kept++] = o->at[i];
	}
	o->at[kept] = NULL;
}

char **complete_line(struct shell *sh, const char *before, size_t len, const char *word)
{
	struct context x = {0};
	struct offers offers = {.at = mem_new(sizeof(char *))};
	struct completion w;

	find_context(&x, before, len);
	w = (struct completion){.shell = sh,
		.host = shell_host(sh),
		.argc = x.count,
		.argv = x.words,
		.word = word,
		.offers = &offers};
	if (x.place == PLACE_COMMAND) {
		complete_commands(&w);
		offer_programs(&w);
	} else if (x.place == PLACE_FILE) {
		complete_files(&w);
	} else {
		complete_arguments(&w);
	}
	mem_words_free(x.words);
	sort(&offers);
	return offers.at;
}
