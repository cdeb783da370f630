/* SPDX-License-Identifier: MIT */
/*
 * The terminal with a prompt: readline inside the loop, by its callback interface.
 *
 * While the prompt is shown, output goes above it: the line being typed is taken off the screen, whole lines
 * are written, and it is drawn again. While a command runs readline is off and the terminal is as it was
 * found.
 */
#ifndef SHELL_TERMINAL_H
#define SHELL_TERMINAL_H

#include "shell/io.h"

struct terminal;

/* Whose terminal it is: a shell, or one that is attached to a shell elsewhere. */
struct terminal_user {
	/* A line was entered; NULL: ^D. */
	void (*line)(struct terminal_user *u, const char *line);
	/* What complete_line() gives. */
	char **(*complete)(struct terminal_user *u, const char *before, size_t len, const char *word);
};

/* On the terminal that `in` and `out` are; `sink` is where output goes there, and is taken over. Loads the history. */
struct terminal *terminal_new(struct terminal_user *u, struct sink *sink, int in, int out);
void terminal_free(struct terminal *t);

/* Shows the prompt of a host; the next line comes by ->line(). `more`: a command has begun and goes on. */
void terminal_prompt(struct terminal *t, const char *host, bool more);

/* ^C at the prompt: a new, empty line. */
void terminal_interrupt(struct terminal *t);

/* ^C while something ran: the prompt stands on a new line even when nothing more is printed. */
void terminal_interrupted(struct terminal *t);
void terminal_resize(struct terminal *t);
bool terminal_is_prompting(const struct terminal *t);

#endif
