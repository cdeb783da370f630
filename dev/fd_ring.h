/* SPDX-License-Identifier: MIT */
/*
 * By the loop's ring: the writes of dev/fd.c, and the wait for something to read. A poll is pending, and what ends it is
 * the device's interrupt, unless the loop sleeps in the device's read(). Written frames are handed over when the loop waits.
 */
#ifndef DEV_FD_RING_H
#define DEV_FD_RING_H

#include "dev/fd.h"

/* NULL: the loop has no ring, or there is no memory. */
struct fd_ring *fd_ring_new(struct dev_fd *f);

/* Ends the pending poll and writes, and sets f->ring to NULL. May be called without one. */
void fd_ring_free(struct dev_fd *f);

/* Queues the next poll, of which none is pending, unless the loop sleeps by read(), where that is `worth` while. */
void fd_ring_wait(struct dev_fd *f, bool worth);

/* As read(), but waits; of another number of the descriptor. */
ssize_t fd_ring_sleep(struct dev_fd *f, int from, void *buf, size_t room);

/* As read(), but never waits. */
ssize_t fd_ring_read(struct dev_fd *f, void *buf, size_t room);

/* `p` begins with its virtio header, where there is one. */
void fd_ring_write(struct dev_fd *f, struct pkt *p);

/* In fd.c: `p` was written, or -errno. */
void dev_fd_sent(struct dev_fd *f, struct pkt *p, int res);

#endif
