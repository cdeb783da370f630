/* SPDX-License-Identifier: MIT */
/* The receive queue of an in-memory device: frames given to it in one turn of the loop come in with the next,
 * so that xmit never calls rx. Bounded as Linux's backlog is. */
#ifndef DEV_QUEUE_H
#define DEV_QUEUE_H

#include "net/dev.h"

enum { DEV_QUEUE_LIMIT = 1000 };

struct dev_queue {
	struct dev *dev;
	void (*input)(struct dev *d, struct pkt *p); /* dev_input(), or what the owner prefers */
	struct list frames;			     /* of struct pkt */
	unsigned count;
	struct work work;
};

void dev_queue_init(struct dev_queue *q, struct dev *d);

/* Takes the packet: it will be q->input to q->dev, or the drop DEV_QUEUE_FULL. */
void dev_queue_push(struct dev_queue *q, struct pkt *p);

/* Drops what waits (the device goes down or away). */
void dev_queue_flush(struct dev_queue *q);

#endif
