/* SPDX-License-Identifier: MIT */
/* The present network as a script of commands. */
#ifndef SHELL_SAVE_H
#define SHELL_SAVE_H

#include "net/stack.h"
#include "shell/cmd.h"

/* Where the script goes, and about which network. */
struct save {
	struct cmd *c;
	FILE *out;
	struct world *world;
};

/* The beginning of a line for a host: "ip ", or "ip -n h2 "; the same for `tc`. */
void save_begin(const struct save *v, const char *command, const struct stack *s);

/* Adds a word, quoted where it must be, behind a space. */
void save_word(const struct save *v, const char *word);

/* All devices, each after those it stands on; both ends of a cable at once (save_dev.c). */
void save_devices(const struct save *v);

/* Flags and masters; settings; addresses; up. */
void save_device_state(const struct save *v, struct stack *s);

/* Settings that are not as they are at first. */
void save_settings(const struct save *v, struct stack *s);

#endif
