/* SPDX-License-Identifier: MIT */
/* What the files of `netstat` share. */
#ifndef SHELL_CMD_NETSTAT_H
#define SHELL_CMD_NETSTAT_H

#include "net/stack.h"

#include <stdio.h>

/* ---- netstat_stats.c: -s ---- */

void netstat_print_counters(FILE *out, struct stack *s);

#endif
