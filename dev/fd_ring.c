/* SPDX-License-Identifier: MIT */
/* A device behind a descriptor, by io_uring. */
#include "dev/fd_ring.h"

#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

enum { WRITES = 16 };

struct fd_ring {
	struct uring *uring; /* the loop's */
	struct dev_fd *f;
	struct uring_op read;
	struct fd_write {
		struct uring_op op;
		struct pkt *p;
		struct dev_fd *f;
	} writes[WRITES]; /* used in turn */
	unsigned next;
};

static void read_done(struct uring_op *op)
{
	struct dev_fd *f = CONTAINER_OF(op, struct fd_ring, read)->f;

	loop_tell(stack_loop(f->dev.stack), &f->watch, POLLIN);
}

struct fd_ring *fd_ring_new(struct dev_fd *f)
{
	struct uring *u = &stack_loop(f->dev.stack)->ring;
	struct fd_ring *r = u->fd >= 0 ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return NULL;
	r->uring = u;
	r->f = f;
	r->read.done = read_done;
	return r;
}

void fd_ring_free(struct dev_fd *f)
{
	struct fd_ring *r = f->ring;

	if (!r)
		return;
	uring_enter(r->uring, false); /* the writes */
	uring_cancel(r->uring, &r->read);
	f->ring = NULL;
	free(r);
}

void fd_ring_read(struct dev_fd *f)
{
	struct fd_ring *r = f->ring;

	r->read.res = -EAGAIN;
	uring_read(r->uring, &r->read, f->fd, f->spare->data - f->hdr_len, DEV_FD_ROOM + f->hdr_len);
}

int fd_ring_take(struct dev_fd *f)
{
	int n = f->ring->read.res;

	f->ring->read.res = -EAGAIN;
	return n;
}

static void write_done(struct uring_op *op)
{
	struct fd_write *w = CONTAINER_OF(op, struct fd_write, op);

	dev_fd_sent(w->f, w->p, op->res);
}

void fd_ring_write(struct dev_fd *f, struct pkt *p)
{
	struct fd_ring *r = f->ring;
	struct fd_write *w = &r->writes[r->next++ % WRITES];

	while (w->op.pending)
		uring_enter(r->uring, false);
	*w = (struct fd_write){.op.done = write_done, .p = p, .f = f};
	uring_write(r->uring, &w->op, f->fd, p->data, p->len);
}
