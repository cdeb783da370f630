/* SPDX-License-Identifier: MIT */
/* io_uring by its system calls (io_uring(7)): two queues, each with a head and a tail that the two sides move. */
#include "lib/uring.h"

#include "lib/bytes.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES = 64 };

static void *map(int fd, size_t len, off_t what)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
}

static bool map_queues(struct uring *u, const struct io_uring_params *p)
{
	u->queues_len =
		MAX(p->cq_off.cqes + p->cq_entries * sizeof(*u->cqes), p->sq_off.array + p->sq_entries * 4);
	u->queues = map(u->fd, u->queues_len, IORING_OFF_SQ_RING);
	u->sqes = map(u->fd, ENTRIES * sizeof(*u->sqes), IORING_OFF_SQES);
	if (u->queues == MAP_FAILED || u->sqes == MAP_FAILED)
		return false;
	uint8_t *at = u->queues;
	unsigned *order = (unsigned *)(at + p->sq_off.array);
	for (unsigned i = 0; i < ENTRIES; i++)
		order[i] = i; /* entries are always used in turn */
	u->tail = (unsigned *)(at + p->sq_off.tail);
	u->end_head = (unsigned *)(at + p->cq_off.head);
	u->end_tail = (unsigned *)(at + p->cq_off.tail);
	u->cqes = (struct io_uring_cqe *)(at + p->cq_off.cqes);
	u->mask = p->sq_entries - 1;
	u->end_mask = p->cq_entries - 1;
	return true;
}

bool uring_init(struct uring *u, enum uring_manner manner)
{
	unsigned when = manner == URING_INTERRUPTS ? IORING_SETUP_COOP_TASKRUN : IORING_SETUP_DEFER_TASKRUN;
	struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER | when};

	*u = (struct uring){.fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &p),
		.queues = MAP_FAILED,
		.sqes = MAP_FAILED};
	if (u->fd < 0)
		return false;
	if ((p.features & IORING_FEAT_SINGLE_MMAP) && map_queues(u, &p))
		return true;
	uring_exit(u);
	return false;
}

void uring_exit(struct uring *u)
{
	if (u->fd < 0)
		return;
	if (u->queues != MAP_FAILED)
		munmap(u->queues, u->queues_len);
	if (u->sqes != MAP_FAILED)
		munmap(u->sqes, ENTRIES * sizeof(*u->sqes));
	close(u->fd);
	u->fd = -1;
}

static struct io_uring_sqe *queue(struct uring *u, struct uring_op *op, enum io_uring_op what, int fd)
{
	while (u->queued == ENTRIES)
		uring_enter(u, false);
	struct io_uring_sqe *e = &u->sqes[*u->tail & u->mask];
	*e = (struct io_uring_sqe){.opcode = (uint8_t)what, .fd = fd, .user_data = (uintptr_t)op};
	if (op)
		op->pending = true;
	__atomic_store_n(u->tail, *u->tail + 1, __ATOMIC_RELEASE);
	u->queued++;
	return e;
}

static void queue_write(
	struct uring *u, struct uring_op *op, enum io_uring_op what, int fd, const void *at, size_t len)
{
	struct io_uring_sqe *e = queue(u, op, what, fd);

	e->addr = (uintptr_t)at;
	e->len = (uint32_t)len;
	e->off = (uint64_t)-1; /* as write() does: no position */
	e->rw_flags = RWF_NOWAIT;
	u->at_once++;
}

void uring_write(struct uring *u, struct uring_op *op, int fd, const void *buf, size_t len)
{
	queue_write(u, op, IORING_OP_WRITE, fd, buf, len);
}

void uring_writev(struct uring *u, struct uring_op *op, int fd, const struct iovec *v, unsigned count)
{
	queue_write(u, op, IORING_OP_WRITEV, fd, v, count);
}

void uring_poll(struct uring *u, struct uring_op *op, int fd)
{
	queue(u, op, IORING_OP_POLL_ADD, fd)->poll32_events = POLLIN;
}

void uring_poll_and_close(struct uring *u, struct uring_op *poll, int fd, struct uring_op *closed, int closes)
{
	struct io_uring_sqe *e = queue(u, poll, IORING_OP_POLL_ADD, fd);

	e->poll32_events = POLLIN;
	e->flags = IOSQE_IO_LINK;
	queue(u, closed, IORING_OP_CLOSE, closes);
}

void uring_look(struct uring *u)
{
	unsigned head;

	while ((head = *u->end_head) != __atomic_load_n(u->end_tail, __ATOMIC_ACQUIRE)) {
		const struct io_uring_cqe *e = &u->cqes[head & u->end_mask];
		struct uring_op *op = (struct uring_op *)(uintptr_t)e->user_data; /* NULL: a cancellation */
		if (op)
			op->res = e->res;
		__atomic_store_n(u->end_head, head + 1, __ATOMIC_RELEASE);
		if (!op)
			continue;
		op->pending = false;
		if (op->done)
			op->done(op);
	}
}

void uring_enter(struct uring *u, bool wait)
{
	unsigned least = wait ? u->at_once + 1 : 0;
	long taken = syscall(SYS_io_uring_enter, u->fd, u->queued, least, IORING_ENTER_GETEVENTS, NULL, 0);

	if (taken < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY) {
		perror("tapir: io_uring");
		abort();
	}
	u->queued -= taken > 0 ? (unsigned)taken : 0;
	u->at_once = MIN(u->at_once, u->queued);
	uring_look(u);
}

static bool is_write(const struct io_uring_sqe *e)
{
	return e->opcode == IORING_OP_WRITE || e->opcode == IORING_OP_WRITEV;
}

static bool has_only_writes(const struct uring *u)
{
	unsigned n = 0;

	while (n < u->queued && is_write(&u->sqes[(*u->tail - 1 - n) & u->mask]))
		n++;
	return n == u->queued;
}

/* As the kernel would do it. */
static ssize_t write_it(const struct io_uring_sqe *e, bool never_waits)
{
	void *at = (void *)(uintptr_t)e->addr;
	struct iovec one = {at, e->len};
	bool is_list = e->opcode == IORING_OP_WRITEV;

	if (never_waits && !is_list)
		return write(e->fd, at, e->len);
	return pwritev2(e->fd, is_list ? at : &one, is_list ? (int)e->len : 1, -1, RWF_NOWAIT);
}

/* The kernel has not seen what is queued. */
static void write_queued(struct uring *u)
{
	unsigned end = *u->tail, first = end - u->queued;

	*u->tail = first;
	u->queued = u->at_once = 0;
	for (unsigned i = first; i != end; i++) {
		const struct io_uring_sqe *e = &u->sqes[i & u->mask];
		struct uring_op *op = (struct uring_op *)(uintptr_t)e->user_data;
		ssize_t n = write_it(e, op->never_waits);
		op->res = n < 0 ? -errno : (int)n;
		op->pending = false;
		if (op->done)
			op->done(op);
	}
}

void uring_flush(struct uring *u)
{
	if (has_only_writes(u))
		write_queued(u);
	else
		uring_enter(u, false);
}

void uring_cancel(struct uring *u, struct uring_op *op)
{
	if (op->pending)
		queue(u, NULL, IORING_OP_ASYNC_CANCEL, -1)->addr = (uintptr_t)op;
	while (op->pending)
		uring_enter(u, false);
}
