/* SPDX-License-Identifier: MIT */
/* The shell itself, to its own files. */
#ifndef SHELL_INTERNAL_H
#define SHELL_INTERNAL_H

#include "shell/machine.h"
#include "shell/terminal.h"

#include <signal.h>
#include <termios.h>

enum { SHELL_IGNORED = 3 };

/* Who shows the prompt: a terminal of ours, or one that is attached. The next line comes by shell_line(). */
struct prompter {
	bool (*is_shown)(const struct shell *sh);
	void (*show)(struct shell *sh, bool more);
	void (*clear)(struct shell *sh); /* ^C: what was typed is forgotten, and an empty line comes */
};

struct shell {
	struct list
		peers; /* all shells of the process: the one it began with, and those of attached terminals */
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

	const struct prompter *prompter; /* NULL: not interactive */
	struct terminal *terminal;	 /* NULL: it has none, or another process has it */
	struct terminal_user user;
	void *session;	    /* that it belongs to; NULL: it is the first one */
	struct watch input; /* lines from a file: standard input that is no terminal */
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

/* A shell beside `first`, on the same world, for a terminal that is attached: `out` and `keyboard` are taken over.
 * It runs in the loop of the first one, from shell_begin() on, and ends by ->over, after which `done` is called from the
 * loop. shell_free() ends it. */
struct shell *shell_new_beside(struct shell *first, struct sink *out, struct source *keyboard);
void shell_begin(struct shell *sh, const struct prompter *p, void (*done)(struct machine *m, int status));

/* Ends what it runs, at once; for one that is beside another. */
void shell_stop(struct shell *sh);

/* Every shell of the process, `sh` first. */
#define shell_each(it, sh)                                              \
	for (struct shell *it = (sh), *it##_end = NULL; it != it##_end; \
		it##_end = (sh), it = list_entry(it->peers.next, struct shell, peers))

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
