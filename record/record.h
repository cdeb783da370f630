/* SPDX-License-Identifier: MIT */
/*
 * Recordings: `--record DIR` writes down every answer of the machine, `--again DIR` runs tapir on those answers alone
 * and proves that it asks the same questions, in the same order, and prints the same bytes.
 *
 *   DIR/about    version, seed, arguments, the environment that readline looks at (JSON)
 *   DIR/log      the event log (record/log.h)
 *   DIR/output   all that tapir printed, drawing of the prompt included
 *
 * Of other bytes that go out, frames above all, the log holds a hash.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "lib/loop.h"

/* What a run is made of besides the log. */
struct record_about {
	const char *version;
	int argc;
	char **argv;
	uint64_t seed;
	void *kept; /* by record_again(), until record_end(): what holds the strings */
};

/* Recording begins; `dir` must not exist, or be empty. 0, or -1: it was said why on stderr. */
int record_begin(const char *dir, const struct record_about *about);

/* The same, in a new directory in `folder`. */
int record_begin_in(const char *folder, const struct record_about *about);

/* From here on the machine is that of the recording. about->version is this one's; the rest is filled in. 0 or -1. */
int record_again(const char *dir, struct record_about *about);

/* What is said about a difference is said by this loop's turns; NULL: it is about to go. */
void record_loop(const struct loop *l);

/* The run ends with this exit status. Returns that to end with: the same; of --again 0: all was the same.
 * Differences that come earlier end the process by themselves: with 1, or 2 where the recording is damaged. */
int record_end(int status);

#endif
