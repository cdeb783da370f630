/* SPDX-License-Identifier: MIT */
/* What all queueing disciplines do with a packet in the end. */
#include "net/qdisc.h"

#include "net/stack.h"

void qdisc_pass(struct qdisc *q, struct pkt *p)
{
	q->stats.packets++;
	q->stats.bytes += p->len;
	if (q->way == QDISC_INGRESS)
		dev_receive(q->dev, p);
	else
		dev_xmit(q->dev, p);
}

void qdisc_drop(struct qdisc *q, struct pkt *p, enum drop_reason why)
{
	q->stats.dropped++;
	stack_drop(q->dev->stack, p, why);
}
