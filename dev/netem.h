/* SPDX-License-Identifier: MIT */
/*
 * netem: a device behaves as if a worse network were behind it. What goes out (or comes in: QDISC_INGRESS) is
 * duplicated, lost, corrupted, delayed and put out of order as Linux's qdisc of this name does it, by the random
 * numbers of the host or of a seed.
 */
#ifndef DEV_NETEM_H
#define DEV_NETEM_H

#include "dev/chance.h"
#include "net/qdisc.h"

enum { NETEM_LIMIT_DEFAULT = 1000 };

/* What `tc qdisc ... netem` says. All zero but `limit`: nothing happens. */
struct netem_config {
	uint32_t limit; /* most packets that wait */
	uint64_t delay_ns, jitter_ns;
	uint32_t delay_correlation; /* of CHANCE_ALWAYS */
	enum chance_shape shape;    /* of the jitter */
	struct loss loss;
	bool ecn; /* mark instead of losing, where the sender knows of ECN (RFC 3168 5) */
	struct chance duplicate, corrupt;
	struct chance
		reorder; /* goes out at once, if it is the gap-th since the last one that did, or later */
	uint32_t gap;	 /* 0: nothing is reordered */
	uint64_t rate;	 /* bytes per second, 0: no limit */
	int32_t packet_overhead; /* bytes added to each packet, for the rate */
	uint32_t cell_size;	 /* packets fill whole cells of so many bytes; 0: there are none */
	int32_t cell_overhead;	 /* bytes added to each cell */
	bool seeded;
	uint64_t seed;
};

/* A netem on `d`, in the place of the qdisc it has there. 0, or -ENOMEM: nothing was done. */
int netem_create(struct dev *d, enum qdisc_way way, uint16_t major, const struct netem_config *config);

/* Other wishes for one that runs: what waits stays as it is. */
void netem_change(struct qdisc *q, const struct netem_config *config);

/* NULL: another kind of qdisc. */
const struct netem_config *netem_config(const struct qdisc *q);

#endif
