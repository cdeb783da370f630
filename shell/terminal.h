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

struct shell;
struct terminal;

/* Takes over the shell's output and loads the history. */
struct terminal *terminal_new(struct shell *sh);
void terminal_free(struct terminal *t);

/* Shows the prompt; the next line comes by shell_line(). `more`: a command has begun and goes on. */
void terminal_prompt(struct terminal *t, bool more);

/* ^C at the prompt: a new, empty line. */
void terminal_interrupt(struct terminal *t);

/* ^C while something ran: the prompt stands on a new line even when nothing more is printed. */
void terminal_interrupted(struct terminal *t);
void terminal_resize(struct terminal *t);
bool terminal_is_prompting(const struct terminal *t);

#endif
