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
	struct pkt *p; /* a big one, into which the pending read goes */
};

static void read_done(struct uring_op *op)
{
	struct dev_fd *f = CONTAINER_OF(op, struct fd_ring, read)->f;

	loop_tell(stack_loop(f->dev.stack), &f->watch, POLLIN);
}

static struct pkt *big_packet(const struct dev_fd *f)
{
	return stack_pkt(f->dev.stack, PKT_BIG_ROOM - PKT_HEADROOM);
}

struct fd_ring *fd_ring_new(struct dev_fd *f)
{
	struct uring *u = &stack_loop(f->dev.stack)->ring;
	struct fd_ring *r = u->fd >= 0 ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return NULL;
	r->p = big_packet(f);
	if (!r->p) {
		free(r);
		return NULL;
	}
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
	pkt_free(r->p);
	f->ring = NULL;
	free(r);
}

void fd_ring_read(struct dev_fd *f)
{
	struct fd_ring *r = f->ring;

	r->read.res = -EAGAIN;
	uring_read(
		r->uring, &r->read, f->fd, r->p->data - f->hdr_len, r->p->room - PKT_HEADROOM + f->hdr_len);
}

/* A packet with the `n` octets that came: a small one with a copy of them, or else the one they came to, in whose place
 * there is another one then. What came bears the younger number. NULL: no memory. */
static struct pkt *swap(struct dev_fd *f, size_t n)
{
	struct fd_ring *r = f->ring;
	struct pkt *came = r->p, *p = stack_pkt(f->dev.stack, n - f->hdr_len);

	if (!p)
		return NULL;
	if (!p->big) {
		memcpy(p->data - f->hdr_len, came->data - f->hdr_len, n);
		return p;
	}
	uint64_t older = came->id;
	came->id = p->id;
	came->time_ns = p->time_ns;
	p->id = older;
	r->p = p;
	return came;
}

struct pkt *fd_ring_take(struct dev_fd *f, bool *gone)
{
	struct fd_ring *r = f->ring;
	int n = r->read.res;

	r->read.res = -EAGAIN;
	*gone = n < 0 && n != -EAGAIN && n != -EINTR;
	bool whole = n > 0 && (size_t)n >= f->hdr_len;
	struct pkt *p = whole ? swap(f, (size_t)n) : NULL;
	return p ? dev_fd_frame(f, p, (size_t)n) : NULL;
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
