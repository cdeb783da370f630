/* SPDX-License-Identifier: MIT */
/*
 * One description of what is shown, two ways to print it: iproute2's text, or JSON with iproute2's names.
 *
 * A field is said once: show_str(sh, "operstate", "state %s ", name) is "state UP " in text and
 * "operstate":"UP" in JSON. Records are objects of one list; show_text() is for text alone, show_json_*() for
 * JSON alone. The value in JSON is always the first argument after the format.
 */
#ifndef SHELL_SHOW_H
#define SHELL_SHOW_H

#include "lib/bytes.h"

#include <stdio.h>

struct json_t;

enum { SHOW_DEPTH = 6 };

enum show_color { SHOW_PLAIN, SHOW_NAME, SHOW_MAC, SHOW_IPV4, SHOW_GOOD, SHOW_BAD };

struct show {
	FILE *out;
	bool json, pretty; /* JSON; with indentation */
	bool colored;
	bool oneline; /* a record stays on one line */
	enum show_color next;
	struct json_t *open[SHOW_DEPTH]; /* the lists and objects we are in; [0] is the list of all records */
	int depth;
};

/* Set the fields above before show_begin(). show_end() prints the JSON and frees it. */
void show_begin(struct show *sh);
void show_end(struct show *sh);

/* A record, or (in a list of a record) an element of it. */
void show_object(struct show *sh);

/* An object or list that is a field of the present object. */
void show_map(struct show *sh, const char *key);
void show_list(struct show *sh, const char *key);

/* Closes what was opened last. */
void show_close(struct show *sh);

/* The next field printed is in this colour. */
void show_color(struct show *sh, enum show_color color);

/* Fields. In a list `key` is not used. */
void show_str(struct show *sh, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void show_num(struct show *sh, const char *key, const char *fmt, ...) /* unsigned */
	__attribute__((format(printf, 3, 4)));
void show_true(struct show *sh, const char *key, const char *text);
void show_on_off(struct show *sh, const char *key, bool on); /* "KEY on " */
void show_null(struct show *sh, const char *key, const char *text);

void show_text(struct show *sh, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void show_newline(struct show *sh); /* inside a record: "\" where the record must stay on one line */
void show_json_str(struct show *sh, const char *key, const char *value);
void show_json_num(struct show *sh, const char *key, uint64_t value);
void show_json_real(struct show *sh, const char *key, double value);

#endif
