/* SPDX-License-Identifier: MIT */
/* What to look at or change when a packet was dropped. */
#ifndef SHELL_HINT_H
#define SHELL_HINT_H

#include "net/stack.h"
#include "shell/buf.h"

/* Adds what helps against the drop that the record (of layer drop) tells of, as words of this shell where there are
 * any; nothing where the drop says it all, or is as it should be. */
void hint_add(struct buf *b, const struct world *w, const struct trace_record *r);

#endif
