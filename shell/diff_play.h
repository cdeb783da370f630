/* SPDX-License-Identifier: MIT */
/* What was said to tapir is said to the kernel: in its order, at its times, and not before both have answered what came before. */
#ifndef SHELL_DIFF_PLAY_H
#define SHELL_DIFF_PLAY_H

#include "shell/diff_kernel.h"
#include "shell/diff_match.h"

struct diff_play {
	struct diff_match *match; /* all is added */
	struct diff_kernel *kernel;
	uint64_t gap_ns; /* longer gaps between packets are not waited for */
	bool keep_going; /* after a packet that is answered differently */
};

/* 0, or -errno of sending: what differs was shown. */
int diff_play(const struct diff_play *p);

#endif
