/* SPDX-License-Identifier: MIT */
/* Jobs: what `&` makes, and foreground lines whose program was stopped (^Z). */
#ifndef SHELL_JOBS_H
#define SHELL_JOBS_H

#include "shell/machine.h"

struct job {
	struct list node; /* in shell->jobs, by number */
	unsigned number;
	char *text;
	struct machine *machine; /* NULL: it has ended, with */
	int status;
	bool told;	    /* the user has been told of its end */
	struct cmd *waiter; /* a `wait` or `fg` that is told of its end */
	void (*ended)(struct cmd *c, struct job *j);
};

/* The node of `m`, a NODE_BACKGROUND, goes on as a machine of its own. */
void job_start(struct machine *m, const struct node *n);

/* ^Z: what the prompt's machine is doing becomes a job, stopped if it is a program, else running. */
void job_suspend(struct machine *m);

/* "%1", "%%", "%+", "1" or the beginning of its text behind "%"; NULL: the current one. NULL when there is
 * none. */
struct job *job_find(struct shell *sh, const char *name);
void job_remove(struct job *j);
const char *job_state(const struct job *j);

/* To the foreground: terminal, ^C and keyboard are its own until it ends; what was stopped goes on. */
void job_foreground(struct job *j);

/* Its programs keep the virtual clock from moving, or not. */
void job_hold(struct job *j, bool on);

/* A signal that ends things goes to the whole job; any other to its programs. False: it has none. */
bool job_signal(struct job *j, int sig);

/* Tells of jobs that have ended, each once. */
void jobs_tell(struct shell *sh);

/* Ends all of them. */
void jobs_end(struct shell *sh);

#endif
