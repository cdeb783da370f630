/* SPDX-License-Identifier: MIT */
/* What all queueing disciplines do with a packet in the end. */
#include "net/qdisc.h"

#include "net/stack.h"

static bool is_taken(const struct stack *s, uint16_t major)
{
	stack_each_dev(d, s) {
		const struct qdisc *q = d->qdisc[QDISC_ROOT];
		if (q && q->major == major)
			return true;
	}
	return false;
}

uint16_t qdisc_choose_major(struct stack *s)
{
	do
		s->last_qdisc = s->last_qdisc >= QDISC_FIRST_MAJOR && s->last_qdisc < QDISC_INGRESS_MAJOR - 1
			? (uint16_t)(s->last_qdisc + 1)
			: QDISC_FIRST_MAJOR;
	while (is_taken(s, s->last_qdisc));
	return s->last_qdisc;
}

void qdisc_pass(struct qdisc *q, struct pkt *p)
{
	q->stats.packets++;
	q->stats.bytes += p->len;
	if (q->way == QDISC_ROOT) {
		dev_xmit(q->dev, p);
		return;
	}
	p->time_ns = stack_now(q->dev->stack); /* now it has arrived: the delay is the network's */
	dev_receive(q->dev, p);
}

void qdisc_drop(struct qdisc *q, struct pkt *p, enum drop_reason why)
{
	q->stats.dropped++;
	stack_drop(q->dev->stack, p, why);
}
