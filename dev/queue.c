/* SPDX-License-Identifier: MIT */
/* Receive queues of in-memory devices. */
#include "dev/queue.h"

#include "net/stack.h"

static struct pkt *pop(struct dev_queue *q)
{
	struct pkt *p = list_first(&q->frames, struct pkt, node);

	if (p) {
		list_del(&p->node);
		q->count--;
	}
	return p;
}

/* Only what was there at the beginning: what is pushed meanwhile is for the next turn. */
static void deliver(struct work *w)
{
	struct dev_queue *q = CONTAINER_OF(w, struct dev_queue, work);

	for (unsigned left = q->count; left && q->count; left--)
		q->input(q->dev, pop(q));
	if (q->count)
		loop_post(stack_loop(q->dev->stack), &q->work);
}

void dev_queue_init(struct dev_queue *q, struct dev *d)
{
	*q = (struct dev_queue){.dev = d, .input = dev_input};
	list_init(&q->frames);
	work_init(&q->work, deliver);
}

void dev_queue_push(struct dev_queue *q, struct pkt *p)
{
	if (q->count >= DEV_QUEUE_LIMIT) {
		dev_drop_rx(q->dev, p, DROP_DEV_QUEUE_FULL);
		return;
	}
	p->dev = q->dev; /* the sender's device may be gone when its turn comes */
	list_add_tail(&q->frames, &p->node);
	q->count++;
	loop_post(stack_loop(q->dev->stack), &q->work);
}

void dev_queue_flush(struct dev_queue *q)
{
	struct pkt *p;

	while ((p = pop(q)))
		dev_drop_rx(q->dev, p, DROP_DEV_DOWN);
	work_cancel(&q->work);
}
