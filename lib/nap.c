/* SPDX-License-Identifier: MIT */
/* Sleeping in read(). */
#include "lib/nap.h"

#include <fcntl.h>
#include <unistd.h>

void nap_init(struct nap *n)
{
	*n = (struct nap){.ring.fd = -1, .of = -1, .fd = -1};
}

bool nap_enable(struct nap *n)
{
	return uring_init(&n->ring, URING_INTERRUPTS);
}

static void end(struct nap *n)
{
	uring_cancel(&n->ring, &n->poll);
	while (n->closed.pending)
		uring_enter(&n->ring, false);
	if (n->fd >= 0 && n->closed.res < 0) /* not by the ring */
		close(n->fd);
	n->fd = -1;
}

void nap_exit(struct nap *n)
{
	end(n);
	uring_exit(&n->ring);
}

bool nap_begin(struct nap *n, int of, int other)
{
	if (n->ring.fd < 0)
		return false;
	if (n->of == of && !nap_is_over(n))
		return true;
	end(n);
	n->of = of;
	n->fd = fcntl(of, F_DUPFD_CLOEXEC, 0);
	if (n->fd < 0)
		return false;
	uring_poll_and_close(&n->ring, &n->poll, other, &n->closed, n->fd);
	uring_enter(&n->ring, false);
	return n->poll.pending;
}

bool nap_is_over(struct nap *n)
{
	uring_look(&n->ring);
	return !n->poll.pending;
}

void nap_end(struct nap *n, int of)
{
	if (n->of == of)
		end(n);
}
