/* SPDX-License-Identifier: MIT */
/* Two captures, compared packet by packet and field by field; the first difference is shown. */
#ifndef SHELL_REPLAY_DIFF_H
#define SHELL_REPLAY_DIFF_H

#include "shell/packet_diff.h"

enum diff_result { DIFF_SAME, DIFF_DIFFERENT, DIFF_UNUSABLE };

struct diff {
	struct capture_reader *expected, *got; /* stay the caller's */
	const struct mask *mask;
	FILE *out;	  /* what is to be said */
	uint64_t zero_ns; /* times are shown from here on */

	unsigned long long expected_count, got_count; /* of packets, in the end */
	char error[CAPTURE_ERROR_LEN];		      /* DIFF_UNUSABLE */
};

enum diff_result diff_captures(struct diff *d);

#endif
