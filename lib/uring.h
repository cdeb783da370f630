/* SPDX-License-Identifier: MIT */
/*
 * io_uring: writes and polls are queued in memory that we share with the kernel, and one system call hands over all
 * that are queued, waits, and brings what has ended. Where frames come one at a time that is two calls for a frame
 * and its answer, this and read(), instead of three: epoll_wait(), read() and write().
 *
 * Only what the loop needs: polls, which wait, and writes, which never do. (A read that waits is tried, armed and tried again,
 * which takes longer than a poll and a read().)
 */
#ifndef LIB_URING_H
#define LIB_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* One write or poll. It, the bytes and the list of where they are stay where they are while it is pending. */
struct uring_op {
	void (*done)(struct uring_op *op); /* must not queue more; NULL: nobody need be told */
	int res;			   /* once it is done: how many bytes, or -errno */
	bool pending;
	bool never_waits; /* by write(): else it takes more of a system call, which must not wait */
};

struct io_uring_sqe;
struct io_uring_cqe;

struct uring {
	int fd;		   /* -1: none */
	unsigned queued;   /* not yet handed over */
	unsigned at_once;  /* how many of those end without waiting: the writes */
	unsigned mask;	   /* of the queue that we fill */
	unsigned end_mask; /* of the queue of those that ended */
	unsigned *tail, *end_head, *end_tail;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *queues; /* mapped: the indices and cqes */
	size_t queues_len;
};

/* When the kernel does its part of what waits. */
enum uring_manner {
	URING_DEFERS, /* when we ask for what has ended: it interrupts nothing */
	URING_INTERRUPTS, /* as soon as we are in the kernel: a system call that sleeps is interrupted, and begun again after it */
};

/* False, and fd is -1: an old kernel (before 6.1), or we may not. Only the thread that made it may use it. */
bool uring_init(struct uring *u, enum uring_manner manner);

/* What is pending is given up. */
void uring_exit(struct uring *u);

/* Where it would have to wait, it fails with -EAGAIN. */
void uring_write(struct uring *u, struct uring_op *op, int fd, const void *buf, size_t len);
void uring_writev(struct uring *u, struct uring_op *op, int fd, const struct iovec *v, unsigned count);
void uring_poll(struct uring *u, struct uring_op *op, int fd); /* for POLLIN, once */

/* A poll that closes another descriptor once there is something. Cancelled, it closes nothing, and closed->res is an error. */
void uring_poll_and_close(
	struct uring *u, struct uring_op *poll, int fd, struct uring_op *closed, int closes);

/* Hands over what is queued, and calls `done` of all that have ended; with `wait` it sleeps until something other
 * than a write has. Afterwards no write is pending. */
void uring_enter(struct uring *u, bool wait);

/* Hands over what is queued; writes, if that is all, by a system call each. */
void uring_flush(struct uring *u);

/* Calls `done` of those that the kernel has told us of, without a system call. */
void uring_look(struct uring *u);

/* Ends it, if it is pending: `done` is called. */
void uring_cancel(struct uring *u, struct uring_op *op);

#endif
