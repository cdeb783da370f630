/* SPDX-License-Identifier: MIT */
/* The shell itself, to its own files. */
#ifndef SHELL_INTERNAL_H
#define SHELL_INTERNAL_H

#include "shell/machine.h"

#include <signal.h>
#include <termios.h>

struct terminal;

enum { SHELL_IGNORED = 3 };

struct shell {
	struct world *world;
	struct loop *loop;
	struct shell_options options;
	bool interactive;

	struct sink *out, *err;
	struct source *keyboard;
	struct variables *vars;

	struct machine *main;	    /* what is read: the prompt, a script, -c; NULL between runs */
	struct machine *foreground; /* what ^C stops and who may read the keyboard: main, or a job by fg */

	struct list jobs;     /* of struct job, by number */
	unsigned last_job;    /* $! */
	struct list programs; /* of struct program, all that run */
	struct list kept;     /* what families of commands keep: keep.c */

	struct stack **hosts; /* of the prompt; the last one is the current one */
	size_t host_count;

	struct terminal *terminal; /* NULL: not interactive */
	struct watch input;	   /* lines from a file: standard input that is no terminal */
	bool watching_input;
	struct buf partial;   /* the beginning of a line of it */
	struct watch signals; /* ->fd: -1 before the first run */
	sigset_t old_signals; /* what was blocked before */
	struct sigaction old_actions[SHELL_IGNORED];
	int tty;	      /* the terminal that programs are handed; -1: none */
	pid_t old_group;      /* that the terminal goes back to; 0: not taken */
	struct termios modes; /* of the terminal, as they were */
	bool counted;	      /* in loop->waiters */
	bool over;
	int status;
};

/* ^C: to what is in the foreground, or the line being typed. */
void shell_interrupt(struct shell *sh);

/* The whole file; false with errno. */
bool shell_read_file(const char *path, struct buf *text);

/* A line from the prompt; NULL: ^D. */
void shell_line(struct shell *sh, const char *line);

static inline struct stack *shell_host(const struct shell *sh)
{
	return sh->hosts[sh->host_count - 1];
}

#endif
