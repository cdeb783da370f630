/* SPDX-License-Identifier: MIT */
/*
 * Waiting until a process group has obeyed a signal.
 *
 * ^C and ^Z go to all of a group, but only its first process is our child, whose stop or end we are told of.
 * The others may not have run since: one that is in the middle of read() on the terminal still takes what is
 * typed to us then, and one that tidies the terminal up still does so.
 */
#ifndef SHELL_SETTLE_H
#define SHELL_SETTLE_H

#include "lib/loop.h"

#include <sys/types.h>

struct settle {
	struct loop *loop;
	struct watch tick; /* a timerfd: real time, whatever the loop's clock; ->fd: -1: not waiting */
	pid_t group;
	int looks; /* that are left before it gives up */
	void (*done)(struct settle *w);
};

/* `done` finds its object with CONTAINER_OF(). */
void settle_init(struct settle *w, struct loop *l, void (*done)(struct settle *w));

/* Calls `done`, perhaps at once, when all of the group sleep, are stopped or have ended, or after a second. */
void settle_start(struct settle *w, pid_t group);
void settle_cancel(struct settle *w);

#endif
