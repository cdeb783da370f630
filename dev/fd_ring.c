/* SPDX-License-Identifier: MIT */
/* A device behind a descriptor, by io_uring. */
#include "dev/fd_ring.h"

#include "net/stack.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WRITES = 16 };

struct fd_ring {
	struct uring *uring; /* the loop's */
	struct dev_fd *f;
	bool is_blocking;  /* the descriptor, since the loop slept in its read() */
	bool is_boundless; /* what was written and not taken: a write() never waits */
	struct uring_op poll;
	struct fd_write {
		struct uring_op op;
		struct pkt *p;
		struct dev_fd *f;
		struct iovec v[1 + PKT_PARTS]; /* of a packet with parts */
	} writes[WRITES];		       /* used in turn */
	unsigned next;
};

static void poll_done(struct uring_op *op)
{
	struct dev_fd *f = CONTAINER_OF(op, struct fd_ring, poll)->f;

	loop_tell(stack_loop(f->dev.stack), &f->watch, POLLIN);
}

static bool is_boundless(const struct dev_fd *f)
{
	int most;

	return ioctl(f->fd, TUNGETSNDBUF, &most) == 0 && most == INT_MAX;
}

struct fd_ring *fd_ring_new(struct dev_fd *f)
{
	struct uring *u = &stack_loop(f->dev.stack)->ring;
	struct fd_ring *r = u->fd >= 0 ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return NULL;
	r->uring = u;
	r->f = f;
	r->is_boundless = is_boundless(f);
	r->poll.done = poll_done;
	return r;
}

void fd_ring_free(struct dev_fd *f)
{
	struct fd_ring *r = f->ring;

	if (!r)
		return;
	uring_enter(r->uring, false); /* the writes */
	uring_cancel(r->uring, &r->poll);
	f->ring = NULL;
	free(r);
}

static void make_blocking(struct dev_fd *f, bool blocking)
{
	if (f->ring->is_blocking == blocking)
		return;
	int flags = fcntl(f->fd, F_GETFL);
	fcntl(f->fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
	f->ring->is_blocking = blocking;
}

void fd_ring_wait(struct dev_fd *f, bool worth)
{
	bool by_read = worth && f->spare && loop_sleep_by(stack_loop(f->dev.stack), &f->watch);

	if (!f->few)
		make_blocking(f, false);
	if (!by_read)
		uring_poll(f->ring->uring, &f->ring->poll, f->fd);
}

ssize_t fd_ring_sleep(struct dev_fd *f, int from, void *buf, size_t room)
{
	make_blocking(f, true);
	return read(from, buf, room);
}

ssize_t fd_ring_read(struct dev_fd *f, void *buf, size_t room)
{
	struct iovec v = {buf, room};

	return f->ring->is_blocking ? preadv2(f->fd, &v, 1, -1, RWF_NOWAIT) : read(f->fd, buf, room);
}

static void write_done(struct uring_op *op)
{
	struct fd_write *w = CONTAINER_OF(op, struct fd_write, op);

	dev_fd_sent(w->f, w->p, op->res);
}

/* Where its bytes are; returns in how many places. */
static unsigned gather(const struct pkt *p, struct iovec v[static 1 + PKT_PARTS])
{
	v[0] = (struct iovec){p->data, pkt_head_len(p)};
	for (unsigned i = 0; i < p->part_count; i++)
		v[i + 1] = (struct iovec){(void *)(uintptr_t)p->parts[i].data, p->parts[i].len};
	return 1u + p->part_count;
}

void fd_ring_write(struct dev_fd *f, struct pkt *p)
{
	struct fd_ring *r = f->ring;
	struct fd_write *w = &r->writes[r->next++ % WRITES];

	if (w->op.pending)
		loop_flush(stack_loop(f->dev.stack));
	while (w->op.pending)
		uring_enter(r->uring, false);
	w->op = (struct uring_op){.done = write_done, .never_waits = !r->is_blocking || r->is_boundless};
	w->p = p;
	w->f = f;
	if (p->part_count)
		uring_writev(r->uring, &w->op, f->fd, w->v, gather(p, w->v));
	else
		uring_write(r->uring, &w->op, f->fd, p->data, p->len);
}
