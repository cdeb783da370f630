/* SPDX-License-Identifier: MIT */
/*
 * Programs of the machine: `!COMMAND`, by `sh -c`, while the loop goes on.
 *
 * Each has a process group of its own. In the foreground of a terminal the group gets the terminal, and the
 * shell takes it back, with the modes it had, when the program ends or stops; after a signal, once all of the
 * group have obeyed it (shell/settle.h). Under the virtual clock a program that somebody waits for keeps time
 * from moving: programs take none. (Not while it waits itself, for what a command of ours has still to write
 * into its pipe.)
 */
#ifndef SHELL_PROGRAM_H
#define SHELL_PROGRAM_H

#include "shell/machine.h"

#include <sys/types.h>

struct program;

/* Runs `text` by `sh -c`; the machine is woken at its end with the exit status. `env`: besides the shell's variables;
 * ends with NULL. */
void program_start(struct machine *m, const char *text, char *const *env);

/* The same for a program and its words (argv ends with NULL), found by PATH. */
void program_start_words(struct machine *m, char *const *argv, char *const *env);

/* Is this one of the programs that people write after a "|" without a thought (grep, head, wc ...)? They see nothing
 * but text, so the machine's will do, and need no "!". */
bool program_is_filter(const char *name);

/* To the whole group. */
void program_signal(struct program *p, int sig);

/* It is asked to end (SIGTERM), and nobody waits for it any more. */
void program_kill(struct program *p);

/* Another machine waits for it from now on. */
void program_move(struct program *p, struct machine *m);

/* Its job came to the foreground: it gets the terminal, and the clock waits for it. A stopped one goes on. */
void program_foreground(struct program *p);

/* Keeps the virtual clock from moving, or lets it (`wait` for a job in the background). */
void program_hold(struct program *p, bool on);
bool program_is_stopped(const struct program *p);

/* A SIGCHLD came: looks at all of them. */
void program_reap(struct shell *sh);

/* Ends all of them: SIGTERM, a second of grace, SIGKILL. */
void program_end_all(struct shell *sh);

#endif
