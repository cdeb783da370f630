/* SPDX-License-Identifier: MIT */
/*
 * What a command of the shell is, and what it may ask of the shell.
 *
 * Commands are tables: one `const struct command` each, listed in shell/commands.c. A command runs inside the
 * loop: it either finishes in run() and returns its exit status, or it returns CMD_RUNNING, goes on by events
 * and timers, and calls cmd_done() once. It never blocks and never sleeps.
 */
#ifndef SHELL_CMD_H
#define SHELL_CMD_H

#include "net/stack.h"

#include <stdio.h>

struct shell;
struct completion;

enum { CMD_RUNNING = -1 };

/* Exit statuses by custom: 0 done, 1 it failed, 2 wrong usage, 127 no such command, 128 + n: by signal n. */
enum { CMD_OK = 0, CMD_FAILED = 1, CMD_USAGE = 2 };

struct cmd;

struct command {
	const char *name;
	int (*run)(struct cmd *c);
	const char *usage;   /* "ping [-c COUNT] [-i INTERVAL] DESTINATION": the part after "Usage: " */
	const char *about;   /* one line for `help` */
	const char *options; /* a line for each, or NULL */
	const char *example; /* one or more lines that can be typed */
	const char *man;     /* "ping(8)": the page people know it from, or NULL */
	void (*complete)(struct completion *w); /* NULL: device and file names */
};

/* One run of a command. */
struct cmd {
	const struct command *command;
	struct shell *shell;
	struct world *world;
	struct stack *host; /* the host it runs on */
	int argc;
	char **argv;	 /* argv[0] is what it was called by; ends with NULL; getopt may permute it */
	FILE *out, *err; /* terminal, file, pipe: the same to a command. Flushed by the shell. */
	bool out_is_tty; /* colour and redrawing make sense */
	void *state;	 /* the command's own */

	/* Set by a command that returned CMD_RUNNING. `stop`: ^C or kill with `sig`; it must lead to
	 * cmd_done() soon (at once, or after a last line of output). NULL: the shell ends it with status 128
	 * + sig without asking. `report`: ^\; it says how it stands and goes on; NULL: nothing happens.
	 * `free_state`: called once at the end, after cmd_done() or when the shell ends the command itself;
	 * frees ->state. */
	void (*stop)(struct cmd *c, int sig);
	void (*report)(struct cmd *c);
	void (*free_state)(struct cmd *c);

	/* Input from `<`, a pipe, or (foreground) the keyboard: set `input` to get it, len 0 is the end.
	 * NULL: the command does not read. */
	void (*input)(struct cmd *c, const char *data, size_t len);

	/* Called from the loop, once for each time that cmd_out_is_full() said so: what was written has been
	 * read. */
	void (*drained)(struct cmd *c);
};

/* Commands through which much flows hold back what they cannot pass on. While `hold` is true no input comes;
 * output is full when its reader is behind (it may be written to all the same). */
void cmd_hold_input(struct cmd *c, bool hold);
bool cmd_out_is_full(struct cmd *c);

/* The end of a command that returned CMD_RUNNING; `c` is gone when it returns. */
void cmd_done(struct cmd *c, int status);

/* "NAME: message\n" on c->err; returns CMD_FAILED. */
int cmd_error(struct cmd *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, then the usage line; returns CMD_USAGE. */
int cmd_usage(struct cmd *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Runs the words as a command in the place of this one, perhaps on another host (`on h2 ping ...`, `sudo`,
 * `time`, `ip netns exec`). Returns what the run function must return. argv is copied. */
int cmd_become(struct cmd *c, struct stack *host, int argc, char **argv);

/* Runs a line of shell as a child of this command, with its output on c->out and c->err; `done` gets its exit
 * status (from the loop, never from inside this call). `watch`, `time`, `source`. 0, or -errno. */
int cmd_spawn(struct cmd *c, struct stack *host, const char *line, void (*done)(struct cmd *c, int status));

/* ---- what commands may ask of the shell ---- */

/* The current host of the prompt, and changing it (`on NAME`, `ip netns exec NAME bash`). Pushes: `exit`
 * comes back. */
void shell_enter_host(struct shell *sh, struct stack *host);

/* A new host as `ip netns add` makes it (with lo). NULL with errno. Deleting is stack_delete() through here,
 * so that prompts and commands on that host end first: 0, -EBUSY. */
struct stack *shell_add_host(struct shell *sh, const char *name);
int shell_del_host(struct shell *sh, struct stack *host);

/* Text that no command in the foreground prints (traces, `ip monitor &`): to the shell's terminal without
 * garbling the line being typed, or to its standard error where that is no terminal. Whole lines. */
void shell_notice(struct shell *sh, const char *text);

/* True when shell_notice() goes to a terminal: colours make sense. */
bool shell_notice_is_tty(const struct shell *sh);

/* Memory that a family of commands keeps as long as tapir lives, whatever terminal they were typed at: `size` zeroed bytes at the first call
 * with this `key` (any address of the family's own), the same ones afterwards. `end` (or NULL) is called with
 * them before they are freed. NULL: no memory. */
void *shell_keep(struct shell *sh, const void *key, size_t size, void (*end)(void *mem));

/* The same, as long as this terminal is there, and for it alone. */
void *shell_keep_here(struct shell *sh, const void *key, size_t size, void (*end)(void *mem));

/* ---- completion ---- */

/* What is being completed: words before the cursor and the beginning of the one it is in. */
struct completion {
	struct shell *shell;
	struct stack *host;
	int argc; /* words before the current one; argv[0] is the command */
	char **argv;
	const char *word; /* the part typed of the current one */
	void *offers;
};

/* Offers `text` if it begins with what was typed. */
void complete_offer(struct completion *w, const char *text);
void complete_offer_list(struct completion *w, const char *const *texts); /* ends with NULL */
void complete_devices(struct completion *w);
void complete_hosts(struct completion *w);
void complete_files(struct completion *w);
void complete_commands(struct completion *w);

/* For commands whose arguments are a command: as if the words from `from` on were typed alone. */
void complete_rest(struct completion *w, int from);

/* ---- the commands ---- */

/* Ends with {0}. One line in shell/commands.c per command. */
extern const struct command *const shell_commands[];

#endif
