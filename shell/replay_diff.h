/* SPDX-License-Identifier: MIT */
/* Two captures, compared packet by packet and field by field; the first difference is shown. */
#ifndef SHELL_REPLAY_DIFF_H
#define SHELL_REPLAY_DIFF_H

#include "lib/capture.h"
#include "shell/fields.h"

/* Fields that may differ, by their names or the beginnings of those (tcp.options). */
struct mask {
	char **names;
	size_t count;
};

/* "ipid,ts,tcp.window_size_value": names of fields, `time`, or words for several of them: ipid, ts, isn, ports, csum. A
 * checksum over a masked field is masked, too. False: `error` says which word means nothing. */
bool mask_add(struct mask *m, const char *words, struct buf *error);
void mask_exit(struct mask *m);

/* One line for each word that mask_add() knows besides names of fields. */
extern const char mask_help[];

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
