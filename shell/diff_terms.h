/* SPDX-License-Identifier: MIT */
/*
 * The same peers talk to tapir and to the kernel. Their packets acknowledge what tapir sent; the kernel's initial sequence
 * numbers, timestamps and ports are others. So what peers say is put into the kernel's terms before it gets it, and what the
 * kernel says into tapir's before it is compared.
 */
#ifndef SHELL_DIFF_TERMS_H
#define SHELL_DIFF_TERMS_H

#include "lib/list.h"
#include "shell/packet_diff.h"

enum diff_side { DIFF_TAPIR, DIFF_KERNEL, DIFF_SIDES };

struct terms {
	struct list connections; /* of struct connection (diff_terms.c) */
};

void terms_init(struct terms *t);
void terms_exit(struct terms *t);

/* A packet that this side has sent, in its own terms: a SYN tells what its terms are. True: all that it carries of a stream
 * was sent before. */
bool terms_note(struct terms *t, enum diff_side side, const struct kept *sent);

/* A packet of peers to tapir becomes one to the kernel; a checksum is as right or wrong as it was. */
void terms_to_kernel(struct terms *t, struct kept *k);

/* A packet of the kernel becomes one of tapir's. */
void terms_to_tapir(struct terms *t, struct kept *k);

/* What is the program's doing, and when it runs: PSH, and whether a FIN comes with text or after it. PSH is taken away, and of a
 * segment with both `fin` becomes the FIN and `k` keeps the text; else `fin` is left alone. */
void terms_simplify(struct kept *k, struct kept *fin);

#endif
