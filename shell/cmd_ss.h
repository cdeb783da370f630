/* SPDX-License-Identifier: MIT */
/* What the files of `ss` share. */
#ifndef SHELL_CMD_SS_H
#define SHELL_CMD_SS_H

#include "shell/ss_filter.h"

struct ss_options {
	unsigned kinds; /* 1 << enum socket_kind; 0: all */
	bool all, listening, numeric, timers, info, memory, extended, summary, no_header, oneline;
};

/* ---- ss_detail.c ---- */

/* What stands behind the addresses: " timer:(...)" and so on, or nothing. */
void ss_add_detail(struct buf *b, const struct socket_row *row, const struct ss_options *o);

#endif
