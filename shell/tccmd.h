/* SPDX-License-Identifier: MIT */
/*
 * `tc`: cmd_tc.c reads options, devices and verbs; tc_netem.c what netem is to do. Words and output are iproute2's;
 * what is wrong is said in the form of tc's messages. Functions that read return 0, or the exit status after having
 * said it.
 */
#ifndef SHELL_TCCMD_H
#define SHELL_TCCMD_H

#include "dev/netem.h"
#include "shell/cmd.h"
#include "shell/show.h"

/* Exit statuses: what cannot be read, and what cannot be done. */
enum { TCCMD_SYNTAX = 1, TCCMD_REFUSED = 2 };

/* One run of `tc`. */
struct tccmd {
	struct cmd *c;
	struct stack *s; /* the host it speaks about */
	char **argv;	 /* the words not yet read; ends with NULL */
	struct show show;
	bool stats;
};

/* "Error: ...". Returns the status. */
int tccmd_fail(struct tccmd *tc, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The next word where one is due after `what`. */
int tccmd_value(struct tccmd *tc, const char *what, const char **value);

/* Reads all words that are left as wishes for netem. */
int tccmd_netem_read(struct tccmd *tc, struct netem_config *c);

/* " limit 1000 delay 20ms": what tccmd_netem_read() read, in tc's order. */
void tccmd_netem_show(struct tccmd *tc, const struct netem_config *c);

/* The words of netem, for completion; ends with NULL. */
extern const char *const tccmd_netem_words[];

#endif
