/* SPDX-License-Identifier: MIT */
/*
 * A run of `tapir replay`: a host under the virtual clock, which a script sets up, a device where a capture comes in, and what
 * is sent there, in a temporary file.
 */
#ifndef SHELL_REPLAY_RUN_H
#define SHELL_REPLAY_RUN_H

#include "dev/replay.h"
#include "net/stack.h"
#include "shell/packet_diff.h"
#include "shell/replay_feed.h"

/* What becomes of it; exit statuses. */
enum { REPLAY_SAME = 0, REPLAY_DIFFERENT = 1, REPLAY_UNUSABLE = 2 };

struct replay_run {
	/* the caller's */
	const char *program;			   /* complaints begin with it */
	const char *in, *setup, *after, *dev_name; /* `after` may be NULL */
	uint64_t linger_ns, seed;
	struct feed feed; /* .fast, .all, .foreign are the caller's */
	void (*begins)(
		struct replay_run *run); /* the setup is over, the capture has not begun; may be NULL */

	/* what came of it */
	struct dev *dev; /* NULL: deleted */
	FILE *sent_file; /* a capture; times are those of `in` */
	unsigned long long sent;

	/* the rest is replay_run.c's */
	struct loop loop;
	struct world world;
	struct shell *sh;
	struct replay_wire wire;
	struct timer linger;
	bool over;
	struct capture_writer *writer;
	unsigned iface;
	int write_error;
	struct list early; /* of struct early */
};

/* Zeroes it and sets what may be left alone: eth0, seed 1, a second to linger. */
void replay_run_init(struct replay_run *run, const char *program);

/* Prints "PROGRAM: ..." to stderr. Returns REPLAY_UNUSABLE. */
int replay_complain(const struct replay_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Words of --mask. False: one of them is unknown, and is complained of. */
bool replay_read_mask(const struct replay_run *run, struct mask *m, const char *words);

/* --seed. False: that was no number, and is complained of. */
bool replay_read_seed(struct replay_run *run, const char *text);

/* All of it. REPLAY_DIFFERENT: `after` failed; REPLAY_UNUSABLE: something else did, and was complained of. */
int replay_run(struct replay_run *run);

/* What was sent, from the beginning, through a descriptor of its own. NULL: there is none to be had. */
FILE *replay_reopen_sent(struct replay_run *run);

void replay_run_exit(struct replay_run *run);

#endif
