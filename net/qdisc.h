/* SPDX-License-Identifier: MIT */
/*
 * Queueing disciplines: what stands between dev_output() and dev_xmit(), or (ingress) between the taps of
 * dev_input() and dev_receive(). A device without one passes everything at once, as Linux's noqueue does.
 */
#ifndef NET_QDISC_H
#define NET_QDISC_H

#include "net/dev.h"

enum { QDISC_FIRST_MAJOR = 0x8001, QDISC_INGRESS_MAJOR = 0xffff /* as in "qdisc ingress ffff:" */ };

struct qdisc_ops {
	const char *kind; /* "netem" */

	/* Takes the packet; data at the link header. 0, or -ENOBUFS: there is no room for any of it, so it has ended, and
	 * whoever sent it should know. */
	int (*enqueue)(struct qdisc *q, struct pkt *p);
	void (*reset)(struct qdisc *q); /* drops what waits, as DROP_DEV_DOWN */
	void (*free)(struct qdisc *q);	/* nothing waits any more */
};

struct qdisc_stats {
	uint64_t bytes, packets; /* that went on */
	uint64_t dropped;
	uint64_t requeues;			 /* put before others */
	uint64_t backlog_bytes, backlog_packets; /* that wait */
};

struct qdisc {
	const struct qdisc_ops *ops;
	struct dev *dev;
	enum qdisc_way way;
	uint16_t major; /* of its handle: 0x8001 is shown as "8001:" */
	struct qdisc_stats stats;
};

/* A major number that no qdisc of this host has: 0x8001 the first time. */
uint16_t qdisc_choose_major(struct stack *s);

/* The packet goes on its way now. Takes it. */
void qdisc_pass(struct qdisc *q, struct pkt *p);

/* And here it ends. */
void qdisc_drop(struct qdisc *q, struct pkt *p, enum drop_reason why);

#endif
