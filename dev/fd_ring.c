/* SPDX-License-Identifier: MIT */
/* A device behind a descriptor, by io_uring. */
#include "dev/fd_ring.h"

#include "net/stack.h"

#include <stdlib.h>

enum { WRITES = 16 };

struct fd_ring {
	struct uring *uring; /* the loop's */
	struct dev_fd *f;
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

struct fd_ring *fd_ring_new(struct dev_fd *f)
{
	struct uring *u = &stack_loop(f->dev.stack)->ring;
	struct fd_ring *r = u->fd >= 0 ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return NULL;
	r->uring = u;
	r->f = f;
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

void fd_ring_wait(struct dev_fd *f)
{
	uring_poll(f->ring->uring, &f->ring->poll, f->fd);
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

	while (w->op.pending)
		uring_enter(r->uring, false);
	w->op = (struct uring_op){.done = write_done};
	w->p = p;
	w->f = f;
	if (p->part_count)
		uring_writev(r->uring, &w->op, f->fd, w->v, gather(p, w->v));
	else
		uring_write(r->uring, &w->op, f->fd, p->data, p->len);
}
