/* SPDX-License-Identifier: MIT */
/*
 * The reads and writes of dev/fd.c by the loop's ring. A read is always pending: what ends it is the device's
 * interrupt, and brings the first frame of a burst (the others are read as ever). Written frames are handed over when
 * the loop waits.
 */
#ifndef DEV_FD_RING_H
#define DEV_FD_RING_H

#include "dev/fd.h"

/* NULL: the loop has no ring, or there is no memory. */
struct fd_ring *fd_ring_new(struct dev_fd *f);

/* Ends the pending read and writes, and sets f->ring to NULL. May be called without one. */
void fd_ring_free(struct dev_fd *f);

/* Queues the next read; none is pending. */
void fd_ring_read(struct dev_fd *f);

/* The frame that the last read brought, the caller's now. NULL: none, it was taken already, or the device is gone
 * (then *gone). */
struct pkt *fd_ring_take(struct dev_fd *f, bool *gone);

/* `p` begins with its virtio header, where there is one. */
void fd_ring_write(struct dev_fd *f, struct pkt *p);

/* The two ends in fd.c. n bytes, header included, came to p->data - f->hdr_len: the frame that they are, in p or a
 * smaller packet in its place; `p` was written, or -errno. */
struct pkt *dev_fd_frame(const struct dev_fd *f, struct pkt *p, size_t n);
void dev_fd_sent(struct dev_fd *f, struct pkt *p, int res);

#endif
