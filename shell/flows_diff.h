/* SPDX-License-Identifier: MIT */
/* What was sent in two runs, compared as streams, messages and states; the first flow that differs is shown. */
#ifndef SHELL_FLOWS_DIFF_H
#define SHELL_FLOWS_DIFF_H

#include "shell/flows.h"

#include <stdio.h>

/* Twins are set (foreign.c). Connections of TCP whose SYNs are not there are passed over. True: no difference. */
bool flows_compare(struct flows *expected, struct flows *got, FILE *out);

/* "2 connections, 1 exchange of messages", and how many that are; nothing where there is nothing to compare. */
unsigned flows_count(const struct flows *fs, FILE *out);

/* Octets of ours that were lost to the capture, and not compared. */
unsigned long long flows_missed(const struct flows *fs);

/* Why there may be differences that do not count: a paragraph. */
extern const char flows_tolerance[];

#endif
