/* SPDX-License-Identifier: MIT */
/*
 * What tapir and the kernel answer to the same packets, held against each other.
 *
 * tapir's time is virtual, so an answer comes at the very time of the packet that asked for it, or a timer brought it. Packets of
 * one time and the answers to them are a window; those are compared as a set. What timers bring is compared where both send it;
 * that it comes at another time, or not at all, counts for nothing.
 */
#ifndef SHELL_DIFF_MATCH_H
#define SHELL_DIFF_MATCH_H

#include "shell/diff_terms.h"

/* A packet that comes to the host. */
struct diff_input {
	unsigned long long number; /* in the capture */
	struct kept packet;
};

/* What the kernel sent, and tapir did not. */
struct diff_surplus {
	struct kept packet;
	bool is_paired; /* it is perhaps an answer of tapir's with another value in it */
};

/* What tapir sent. */
struct diff_answer {
	struct kept packet;
	bool late;		      /* by a timer, or a program that runs by the clock */
	bool matched;		      /* the kernel sent it, too; not known of late ones */
	struct diff_surplus *instead; /* what it perhaps sent for it */
};

/* The inputs from..to - 1, and the answers that belong to them: from `answers` on, late ones from `late` on, and before
 * `answers_to`. Without inputs: what is sent before the first one. */
struct diff_window {
	size_t from, to;
	size_t answers, late, answers_to;
};

/* In both arrays times are those of the capture, and never go back. */
struct diff_match {
	/* the caller's */
	struct diff_input *inputs;
	size_t input_count, input_room;
	struct diff_answer *answers;
	size_t answer_count, answer_room;
	const struct mask *mask;
	FILE *out; /* differences are shown there */

	/* what came of it */
	unsigned long long kernel_count; /* packets of the kernel */
	unsigned long long differences;

	/* the rest is diff_match.c's; to be read */
	struct terms terms;
	struct diff_window w;
	bool begun;
	struct diff_surplus *surplus; /* in this window */
	size_t surplus_count, surplus_room;
};

/* Zeroes it. */
void diff_init(struct diff_match *m);

/* Both add to the arrays; a segment of tapir's with text and FIN becomes two. */
void diff_add_input(struct diff_match *m, unsigned long long number, const struct capture_packet *p);
void diff_add_answer(struct diff_match *m, const struct capture_packet *p);

/* All is added. */
void diff_begin(struct diff_match *m);

/* The next window, of which the first one is the setup's. False: there is none. */
bool diff_next(struct diff_match *m);

/* How long after the inputs of this window those of the next come. */
uint64_t diff_gap_ns(const struct diff_match *m);

/* An input, for the kernel; `k` is the caller's, to kept_exit(). */
void diff_get_input(struct diff_match *m, size_t i, struct kept *k);

/* A packet of the kernel. `at_once`: it came with the sending of an input, by no timer and no program. */
void diff_take(struct diff_match *m, const struct capture_packet *p, bool at_once);

/* Is there, for each answer of tapir's, one of the kernel's, be it another one? */
bool diff_has_all(struct diff_match *m);

/* The window is over: shows what differs. */
void diff_judge(struct diff_match *m);

void diff_end(struct diff_match *m);

#endif
