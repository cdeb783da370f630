/* SPDX-License-Identifier: MIT */
/* The lines that were typed, kept across sessions in $XDG_STATE_HOME/tapir/history (~/.local/state/...). */
#ifndef SHELL_HISTORY_H
#define SHELL_HISTORY_H

enum { HISTORY_LINES = 1000 };

/* Loads the history; returns the name of its file, or NULL where none can be had. */
char *history_open(void);

/* Adds a line to the history and to the file, unless it is empty or the same as the last one. */
void history_enter(const char *file, const char *line);

/* The lines entered, oldest first, with their numbers. */
void history_each(void (*fn)(void *ctx, int number, const char *line), void *ctx);

#endif
