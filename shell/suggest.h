/* SPDX-License-Identifier: MIT */
/* What to say to a command that does not exist. */
#ifndef SHELL_SUGGEST_H
#define SHELL_SUGGEST_H

#include "shell/cmd.h"

/* Says so, with what may have been meant; returns 127. */
int suggest_unknown(struct cmd *c);

/* The machine has a program of this name on PATH. */
bool suggest_is_program(const char *name);

/* How many letters to insert, take away, change or swap with the next one make a of b; at most `limit` + 1.
 */
unsigned suggest_distance(const char *a, const char *b, unsigned limit);

#endif
