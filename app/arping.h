/* SPDX-License-Identifier: MIT */
/* arping: ARP requests at a pace, and who answers (RFC 826); duplicate address detection (RFC 5227 2.1, RFC
 * 2131 4.4.1); announcements. */
#ifndef APP_ARPING_H
#define APP_ARPING_H

#include "lib/loop.h"
#include "net/sock.h"

struct arping;

enum arping_mode {
	ARPING_ASK,	 /* who has dst? */
	ARPING_DAD,	 /* does anybody have dst? Source 0.0.0.0; the first answer ends it */
	ARPING_ANNOUNCE, /* "dst is mine", as a request (-U), */
	ARPING_REPLY,	 /* or as a reply (-A) */
};

struct arping_config {
	enum arping_mode mode;
	uint32_t dst, src;
	int ifindex;
	struct mac mac;	      /* the device's */
	uint64_t count;	      /* 0: until stopped */
	uint64_t interval_ns; /* 1 s */
	uint64_t jitter_ns;   /* up to so much, at random, is added to it */
	uint64_t last_ns;     /* after the last frame it waits so long for answers; 0: an interval */
	uint64_t deadline_ns; /* 0: none; with a count: waits for so many replies */
	bool first_only;      /* ends with the first reply */
	bool keep_broadcasting;
};

struct arping_stats {
	uint64_t sent, broadcasts;			 /* frames, and how many of them to everybody */
	uint64_t received, got_broadcasts, got_requests; /* answers, and what kind they were */
};

struct arping_event {
	bool done; /* the last of all: arping_free() may be called from it */
	int error; /* with done: errno of what ended it early */

	/* an answer */
	bool broadcast, request;
	uint32_t from, to;
	struct mac mac, to_mac;
	bool timed;
	uint64_t rtt_us;
};

typedef void arping_fn(struct arping *a, const struct arping_event *e, void *ctx);

/* NULL with errno; *step names what failed. */
struct arping *arping_new(struct loop *l, struct stack *s, const struct arping_config *cfg, arping_fn *fn,
	void *ctx, const char **step);
void arping_start(struct arping *a);
void arping_stop(struct arping *a); /* `done` comes before it returns; not from inside an event */
void arping_free(struct arping *a);
const struct arping_stats *arping_stats(const struct arping *a);

#endif
