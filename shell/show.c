/* SPDX-License-Identifier: MIT */
/* One description of what is shown, two ways to print it. */
#include "shell/show.h"

#include <assert.h>
#include <jansson.h>
#include <stdarg.h>

static const char *const escapes[] = {
	[SHOW_NAME] = "\033[36m",
	[SHOW_MAC] = "\033[33m",
	[SHOW_IPV4] = "\033[35m",
	[SHOW_GOOD] = "\033[32m",
	[SHOW_BAD] = "\033[31m",
};

/* Puts a value into the list or object we are in. */
static void put(struct show *sh, const char *key, json_t *value)
{
	json_t *in = sh->open[sh->depth - 1];

	if (json_is_array(in))
		json_array_append_new(in, value);
	else
		json_object_set_new(in, key, value);
}

/* Goes into a new list or object; nothing in text. */
static void enter(struct show *sh, const char *key, json_t *value)
{
	if (!sh->json)
		return;
	assert(sh->depth < SHOW_DEPTH);
	put(sh, key, value);
	sh->open[sh->depth++] = value;
}

void show_begin(struct show *sh)
{
	sh->next = SHOW_PLAIN;
	sh->depth = 0;
	if (sh->json)
		sh->open[sh->depth++] = json_array();
}

void show_end(struct show *sh)
{
	if (!sh->json)
		return;
	json_dumpf(
		sh->open[0], sh->out, (sh->pretty ? JSON_INDENT(4) : JSON_COMPACT) | JSON_REAL_PRECISION(6));
	fputc('\n', sh->out);
	json_decref(sh->open[0]);
	sh->depth = 0;
}

void show_object(struct show *sh)
{
	if (sh->json)
		enter(sh, NULL, json_object());
}

void show_map(struct show *sh, const char *key)
{
	if (sh->json)
		enter(sh, key, json_object());
}

void show_list(struct show *sh, const char *key)
{
	if (sh->json)
		enter(sh, key, json_array());
}

void show_close(struct show *sh)
{
	if (sh->json)
		sh->depth--;
}

void show_color(struct show *sh, enum show_color color)
{
	sh->next = color;
}

static void print(struct show *sh, const char *fmt, va_list ap)
{
	bool colored = sh->colored && sh->next != SHOW_PLAIN;

	if (colored)
		fputs(escapes[sh->next], sh->out);
	vfprintf(sh->out, fmt, ap);
	if (colored)
		fputs("\033[0m", sh->out);
	sh->next = SHOW_PLAIN;
}

void show_text(struct show *sh, const char *fmt, ...)
{
	va_list ap;

	if (sh->json)
		return;
	va_start(ap, fmt);
	print(sh, fmt, ap);
	va_end(ap);
}

void show_str(struct show *sh, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (sh->json)
		put(sh, key, json_string(va_arg(ap, const char *)));
	else
		print(sh, fmt, ap);
	va_end(ap);
}

void show_num(struct show *sh, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (sh->json)
		put(sh, key, json_integer(va_arg(ap, unsigned)));
	else
		print(sh, fmt, ap);
	va_end(ap);
}

void show_true(struct show *sh, const char *key, const char *text)
{
	if (sh->json)
		put(sh, key, json_true());
	else
		show_text(sh, "%s", text);
}

void show_on_off(struct show *sh, const char *key, bool on)
{
	if (sh->json)
		put(sh, key, json_boolean(on));
	else
		show_text(sh, "%s %s ", key, on ? "on" : "off");
}

void show_null(struct show *sh, const char *key, const char *text)
{
	if (sh->json)
		put(sh, key, json_null());
	else
		show_text(sh, "%s", text);
}

void show_newline(struct show *sh)
{
	show_text(sh, "%c", sh->oneline ? '\\' : '\n');
}

void show_json_str(struct show *sh, const char *key, const char *value)
{
	if (sh->json)
		put(sh, key, json_string(value));
}

void show_json_num(struct show *sh, const char *key, uint64_t value)
{
	if (sh->json)
		put(sh, key, json_integer((json_int_t)value));
}

void show_json_real(struct show *sh, const char *key, double value)
{
	if (sh->json)
		put(sh, key, json_real(value));
}
