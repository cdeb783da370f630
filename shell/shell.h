/* SPDX-License-Identifier: MIT */
/*
 * The shell, to main.c: what it is made with, and the ways to run it.
 *
 * The run functions drive the world's loop until what they were given is done and return the exit status of
 * the last command. After `exit` or SIGTERM (shell_is_over) they return at once. Nothing is read, and no
 * signal is taken over, before the first of them is called.
 */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include "net/stack.h"

struct shell;

struct shell_options {
	struct stack *host;   /* whose prompt it is at first */
	int in, out, err;     /* usually 0, 1, 2; they stay the caller's */
	bool stop_at_failure; /* -e: the first command that fails ends the run, as in sh -e */

	/* Makes `lo` for `ip netns add`: what stack_new() is given. */
	int (*make_lo)(struct stack *s);

	/* Called in the child between fork and exec of each program of the machine (`!COMMAND`): it may
	 * change the environment, the namespace, the user. NULL: nothing to do. */
	void (*program_prepare)(void *arg);
	void *program_arg;
};

/* NULL: no memory. Options are copied. */
struct shell *shell_new(struct world *w, const struct shell_options *o);

/* Ends jobs still in the background, gives the terminal back as it was, frees everything. */
void shell_free(struct shell *sh);

/* `name` is what messages about mistakes call it: "-c", a file name. */
int shell_run_text(struct shell *sh, const char *name, const char *text);

/* A file of the machine; 127 with a message when it cannot be read. */
int shell_run_file(struct shell *sh, const char *path);

/* Lines from o.in as they come (standard input that is no terminal): each is run when it is complete. */
int shell_run_input(struct shell *sh);

/* A prompt on the terminal o.in, with history and completion, until `exit` or ^D. */
int shell_interactive(struct shell *sh);

/* True after `exit` at the outermost prompt, SIGTERM, or a failure under stop_at_failure. */
bool shell_is_over(const struct shell *sh);

/* Exit status of the last command. */
int shell_status(const struct shell *sh);

#endif
