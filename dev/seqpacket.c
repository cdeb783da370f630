/* SPDX-License-Identifier: MIT */
/* Frames as messages of a socket. */
#include "dev/seqpacket.h"

#include "net/csum.h"
#include "net/gso.h"
#include "net/stack.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- in ---- */

static void end(struct seqpacket *q)
{
	seqpacket_close(q);
	q->closed(q->dev);
}

static void message(struct seqpacket *q, struct pkt *p, size_t len)
{
	struct mac m;

	if (len > p->room - PKT_HEADROOM) {
		dev_drop_rx(q->dev, p, DROP_DEV_TOO_BIG);
		return;
	}
	p->len = (uint32_t)len;
	if (len != sizeof(m.b)) {
		q->input(q->dev, pkt_shrink(p));
		return;
	}
	memcpy(m.b, p->data, sizeof(m.b));
	if (q->address)
		q->address(q->dev, m);
	pkt_done(p);
}

/* False: there is none, or the other end has gone. */
static bool input_one(struct seqpacket *q)
{
	struct pkt *p = stack_pkt(q->dev->stack, PKT_BIG_ROOM - PKT_HEADROOM);

	if (!p)
		return false;
	ssize_t n = recv(q->fd, p->data, p->room - PKT_HEADROOM, MSG_TRUNC);
	if (n > 0) {
		message(q, p, (size_t)n);
		return true;
	}
	pkt_free(p);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end(q);
	return false;
}

/* Until there is no more, at most the loop's budget. */
static void drain(struct watch *w, short revents)
{
	struct seqpacket *q = CONTAINER_OF(w, struct seqpacket, watch);
	int left = stack_loop(q->dev->stack)->budget;

	(void)revents; /* POLLHUP: what was sent before is read first */
	while (left-- && q->fd >= 0 && input_one(q))
		;
}

void seqpacket_start(struct seqpacket *q, int fd)
{
	q->fd = fd;
	q->watch = (struct watch){.fd = fd, .events = POLLIN, .ready = drain};
	loop_watch(stack_loop(q->dev->stack), &q->watch);
}

void seqpacket_close(struct seqpacket *q)
{
	if (q->fd < 0)
		return;
	loop_unwatch(stack_loop(q->dev->stack), &q->watch);
	close(q->fd);
	q->fd = -1;
}

/* ---- out ---- */

static enum drop_reason send_one(struct seqpacket *q, struct pkt *p)
{
	csum_complete(p);
	if (q->fd < 0)
		return DROP_DEV_NO_CARRIER;
	if (send(q->fd, p->data, p->len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return DROP_NONE;
	return errno == EAGAIN ? DROP_DEV_TX_BUSY : DROP_DEV_TX_ERROR;
}

void seqpacket_send(
	struct seqpacket *q, struct pkt *p, void (*drop)(struct dev *d, struct pkt *p, enum drop_reason why))
{
	struct list frames;
	enum drop_reason why = DROP_NONE;

	list_init(&frames);
	if (p->offload.gso_type)
		why = gso_segment(p, &frames);
	else
		list_add_tail(&frames, &p->node);
	if (why)
		drop(q->dev, p, why);
	else if (p->offload.gso_type)
		pkt_done(p);
	list_each_safe(frame, &frames, struct pkt, node) {
		list_del(&frame->node);
		why = send_one(q, frame);
		if (why)
			drop(q->dev, frame, why);
		else
			pkt_done(frame);
	}
}

/* Where the other end does not read, it does not learn it. */
void seqpacket_send_address(struct seqpacket *q, struct mac m)
{
	if (q->fd >= 0)
		(void)!send(q->fd, m.b, sizeof(m.b), MSG_DONTWAIT | MSG_NOSIGNAL);
}
