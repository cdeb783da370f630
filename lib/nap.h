/* SPDX-License-Identifier: MIT */
/*
 * To sleep in read(). Whoever waits for several descriptors sleeps in poll() or the like and reads afterwards; who has only one
 * sleeps in its read(), which saves a system call for each frame and makes the waking cheaper for both sides. Here a read()
 * ends when another descriptor is readable, too: it reads from a second number of its descriptor, and a ring of io_uring
 * closes that number then, so that read() fails with EBADF. What the ring does is done by our own thread as it enters or
 * leaves the kernel or sleeps there, so nothing is missed between the last look and the sleep.
 */
#ifndef LIB_NAP_H
#define LIB_NAP_H

#include "lib/uring.h"

struct nap {
	struct uring ring; /* its own: this one must interrupt us; fd is -1: none */
	struct uring_op poll, closed;
	int of; /* the descriptor that is read */
	int fd; /* its second number; -1: none */
};

/* Nobody can nap before nap_enable(), nor where that returns false: as uring_init(). */
void nap_init(struct nap *n);
bool nap_enable(struct nap *n);
void nap_exit(struct nap *n);

/* From now on a read() of n->fd reads from `of`, which is blocking, and fails with EBADF as soon as `other` is readable. False:
 * it is readable already, or there is no ring or no descriptor left. */
bool nap_begin(struct nap *n, int of, int other);

/* Has `other` become readable since? */
bool nap_is_over(struct nap *n);

/* Before `of` is closed: nothing of it is left open. May be called without a beginning. */
void nap_end(struct nap *n, int of);

#endif
