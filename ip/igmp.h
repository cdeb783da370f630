/* SPDX-License-Identifier: MIT */
/* What igmp.c (when) and igmp_send.c (what) share with each other. */
#ifndef IP_IGMP_H
#define IP_IGMP_H

#include "ip/internal.h"
#include "net/wire_igmp.h"

enum { IGMP_SOURCES_MAX = 64 /* that are remembered of queries about one group */ };

/* IGMP on one device. */
struct igmp {
	struct netif *n;
	struct list groups;   /* of struct igmp_group, in the order they were joined */
	struct timer change;  /* version 3: joins and leaves are told */
	struct timer general; /* version 3: a general query is answered */
	uint64_t v1_until_ns; /* a querier of version 1 is here until then */
	uint64_t v2_until_ns; /* of version 2 */
	uint8_t robustness;   /* as the querier told; 0: the setting */
	uint32_t query_interval_s;
};

/* A group that is reported: joined, or left so lately that this is still to be told. */
struct igmp_group {
	struct list node;
	struct igmp *igmp;
	uint32_t addr;
	struct timer timer; /* version 3: a query about it is answered; before: the next report */
	bool member;
	bool last_reporter;    /* version 2: nobody else has reported since we did */
	uint8_t changes;       /* how often joining or leaving is still to be told */
	uint16_t source_count; /* version 3: sources that were asked about; 0: the whole group was */
	uint32_t *sources;
};

/* A message of version 1 or 2, to `dst`. */
void igmp_send(struct igmp *ig, uint32_t dst, enum igmp_type type, uint32_t group);

/* A version 3 report while it grows: it leaves when it is full, or by igmp_report_end(). All zero but for `ig`. */
struct igmp_report {
	struct igmp *ig;
	struct pkt *p;
	uint16_t records;
};
void igmp_report_add(struct igmp_report *r, enum igmp_record type, const struct igmp_group *g);
void igmp_report_end(struct igmp_report *r);

#endif
