/* SPDX-License-Identifier: MIT */
/* What is the same in a flow and its twin. */
#ifndef SHELL_FLOWS_SAME_H
#define SHELL_FLOWS_SAME_H

#include "shell/flows.h"

/* Forgets what both have the same, but for the last of it. */
void flow_forget(struct flow *f);

/* What of the first `len` octets of the text was lost to the capture becomes the twin's, which has as many. */
void flow_patch(struct flow *f, const struct flow *twin, size_t len);

/* Two messages of a flow (flow_message()). What an echo of ours carries is the business of the program that asks, mostly the
 * time. */
bool flow_same_message(
	const struct flow *f, const uint8_t *x, uint32_t len_x, const uint8_t *y, uint32_t len_y);

#endif
