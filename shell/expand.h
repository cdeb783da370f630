/* SPDX-License-Identifier: MIT */
/*
 * From the words of the tree to the words of a command: braces, variables, the results of $( ), splitting at
 * white space, quotes taken away. Everything that takes time ($( ) itself) was done before.
 */
#ifndef SHELL_EXPAND_H
#define SHELL_EXPAND_H

#include "shell/syntax.h"

/* Variables, shared by the machines of one script and copied for pipes and jobs. */
struct variable {
	char *name, *value;
};

struct variables {
	unsigned refs;
	struct variable *at;
	size_t count;
};

struct variables *variables_new(void);
struct variables *variables_get(struct variables *v);
void variables_put(struct variables *v);
struct variables *variables_copy(const struct variables *v);
void variables_set(struct variables *v, const char *name, const char *value);
void variables_unset(struct variables *v, const char *name);
const char *variables_find(const struct variables *v, const char *name); /* NULL: not set */

struct expansion {
	const struct variables *vars;
	char *const *args;    /* $0, $1, ...; ends with NULL */
	int status;	      /* $? */
	unsigned job;	      /* $! is "%job"; 0: "" */
	char *const *results; /* of the node's substitutions, by slot */
};

enum { EXPAND_MAX = 65536 /* words from one */ };

/* All fields of the words; ends with NULL, *count may be NULL. NULL: too many (braces). Free with
 * mem_words_free. */
char **expand_words(const struct expansion *x, const struct word *words, size_t n, int *count);

/* One text, neither split nor braces looked at: assignments, file names. */
char *expand_text(const struct expansion *x, const struct word *w);

#endif
