/* SPDX-License-Identifier: MIT */
/*
 * The machine that runs the tree, and the shell around it.
 *
 * Nothing blocks: a machine has a stack of frames, one for each node it is inside of, and is stepped from the
 * loop. A step that starts something which takes time (a command, a program of the machine, machines of its
 * own for the stages of a pipe or a $( )) leaves; its end wakes the machine again. So what runs at the same
 * time is a machine each: jobs, stages, substitutions, lines that commands spawn.
 */
#ifndef SHELL_MACHINE_H
#define SHELL_MACHINE_H

#include "shell/cmd.h"
#include "shell/expand.h"
#include "shell/io.h"
#include "shell/shell.h"

struct program;
struct run;
struct terminal;

/* Where a node's commands read and write. */
struct io {
	struct source *in;
	struct sink *out, *err;
};

struct io io_get(const struct io *io); /* the same, with references of its own */
void io_put(struct io *io);

struct frame {
	struct frame *below;
	const struct node *node;
	size_t step;	/* how far it is; what that means is the node's business */
	int status;	/* NODE_WHILE: of the body */
	char **results; /* of its substitutions, so far */
	size_t result_count;
	char **items;	   /* NODE_FOR: the values */
	struct io io;	   /* where the node has redirections; else NULLs */
	bool prepared;	   /* redirections are open */
	bool in_condition; /* a failure in here is an answer, not a mistake (-e) */
};

enum jump { JUMP_NONE, JUMP_BREAK, JUMP_CONTINUE };

struct machine {
	struct list node; /* in its parent's, run's or the shell's list */
	struct shell *shell;
	struct machine *parent; /* NULL: a root (the prompt's, a job), or spawned */
	struct run *spawner;	/* the command that spawned it, or NULL */
	unsigned depth;		/* of parents and spawners above it */
	struct stack *host;	/* NULL: the parent's, the spawner's, the prompt's */
	struct io io;
	struct variables *vars;
	char **args;  /* $0, $1, ...; owned; or NULL */
	unsigned job; /* its number; 0: none */

	struct script script; /* where the next command comes from */
	struct node *tree;    /* what the frames are about; owned or NULL */
	struct frame *top;

	/* What it waits for: at most one sort of these. */
	struct run *run;
	struct program *program;
	struct list children; /* of struct machine */

	int status;
	int signal;	/* being ended by this one; 0: not */
	enum jump jump; /* `break`, `continue` */
	bool leaving;	/* ends as soon as it can: */
	bool exits;	/* for `exit` or a failure under -e, so its spawner does too */
	bool awaited;	/* a root that `wait` waits for: its programs hold the clock */
	bool excused;	/* all of it stands in a condition (-e) */
	struct work step;

	/* From the loop. It has ended, and is freed right after. */
	void (*done)(struct machine *m, int status);
	/* Its script has no complete command now, but may get one; `more`: one has begun. It may be
	 * told so more than once. */
	void (*idle)(struct machine *m, bool more);
	void (*spawn_done)(struct cmd *c, int status);
	void *owner;
};

enum { MACHINE_DEPTH = 100 };

/* A machine with no work yet, with references to io and vars of its own. */
struct machine *machine_new(struct shell *sh, const struct io *io, struct variables *vars);

/* Begins, from the loop, with a tree (which it keeps) or a text. `open`: more is put into
 * m->script.text later, whole lines, each time with a machine_wake(). */
void machine_start_node(struct machine *m, struct node *tree);
void machine_start_text(struct machine *m, const char *name, const char *text, bool open);

/* $0, $1, ...; ends with NULL, or is NULL. Before it is started. */
void machine_copy_args(struct machine *m, char *const *args);

/* Ends everything it runs, at once and without asking; `done` is not called. */
void machine_free(struct machine *m);

/* ^C, kill: asks what runs to stop; the machine then ends, or (one with a script and no parent) goes on with
 * the next line. */
void machine_signal(struct machine *m, int sig);

/* ^\: asks what runs to say how it stands. */
void machine_report(struct machine *m);

/* What it is at goes on as a machine of its own, which is returned; `m` goes on with what comes next. */
struct machine *machine_split(struct machine *m);

/* Something it waited for has ended, or its script has more. */
void machine_wake(struct machine *m);

/* The host its next command runs on. */
struct stack *machine_host(const struct machine *m);
struct machine *machine_root(struct machine *m);

/* It reads the keyboard and is what ^C stops. */
bool machine_is_foreground(struct machine *m);

/* Calls `fn` for it, and for every machine below it: stages, substitutions, what its commands spawned. */
void machine_each(struct machine *m, void (*fn)(struct machine *m, void *ctx), void *ctx);

/* Its commands may read the keyboard from now on (fg). */
void machine_refresh_input(struct machine *m);

/* What words of its top frame expand with. */
struct expansion machine_expansion(const struct machine *m);

/* What its top frame reads and writes. */
const struct io *machine_io(const struct machine *m);

/* A failure here is an answer to a condition, not a mistake (-e). */
bool machine_is_excused(const struct machine *m);

void frame_push(struct machine *m, const struct node *n, bool in_condition);
void frame_pop(struct machine *m);

/* One step of the node on top (step.c). */
void step_frame(struct machine *m);

/* ---- one run of a command (run.c) ---- */

struct run {
	struct cmd c;
	struct machine *machine;
	struct io io;
	char **words;	      /* owned; c.argv may be permuted */
	struct list children; /* machines of cmd_spawn() */
	struct reader reader;
	struct drain drain;
	bool at_end;   /* of its input */
	bool held;     /* it wants no input now */
	unsigned busy; /* inside one of its own functions */
	bool ended;    /* cmd_done() came meanwhile */
	int status;
};

/* Runs argv (taken over) as the machine's command; the machine is woken at its end. */
void run_start(struct machine *m, struct stack *host, int argc, char **argv);

/* Asks it to stop. */
void run_stop(struct run *r, int sig);
void run_report(struct run *r);

/* Without asking. */
void run_kill(struct run *r);

/* Attaches its input when it wants and may have it. */
void run_attach_input(struct run *r);

const struct command *command_find(const char *name);

/* As cmd_spawn(), of a text with a name and arguments ($0 is argv[0]); sets the caller's variables. */
int cmd_spawn_text(struct cmd *c, struct stack *host, const char *name, const char *text, char *const *argv,
	void (*done)(struct cmd *c, int status));

static inline struct run *run_of(struct cmd *c)
{
	return CONTAINER_OF(c, struct run, c);
}

#endif
