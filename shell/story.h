/* SPDX-License-Identifier: MIT */
/*
 * Stories: trace records put together by the packet they are about. A story begins with a packet that came of no
 * other one; packets that came of it (copies, fragments, answers, ARP requests) are parts of it, each at the place
 * where it first appeared in the story of its parent.
 *
 * A story is over when all its packets have ended, and what they made TCP send at the end of the turn too.
 */
#ifndef SHELL_STORY_H
#define SHELL_STORY_H

#include "net/stack.h"
#include "shell/filter.h"

struct story;

/* One thing that happened to a packet: a record, or the first sight of a packet that came of it. */
struct story_line {
	struct list node;
	bool told;
	struct story_part *child; /* NULL: */
	struct trace_record record;
};

struct story_part {
	struct hash_link link; /* in stories->parts */
	struct list node;      /* in story->parts */
	struct list lines;     /* of struct story_line */
	struct story *story;
	uint64_t id, parent;
	unsigned depth;
	bool ended;
	bool titled; /* told already */
};

struct story {
	struct list node;  /* in stories->open */
	struct list parts; /* of struct story_part; the first is the root */
	unsigned alive;	   /* parts that have not ended */
	unsigned lines;	   /* in all; some are left out: */
	unsigned left_out;
	bool wanted;	 /* the filter knows one of its frames, or there is none */
	uint64_t due_ns; /* when to tell what is there, though it is not over */
};

enum {
	STORIES_MAX = 256 /* open at once */,
	STORY_PARTS_MAX = 128,
	STORY_LINES_MAX = 500,
	STORY_DEPTH_MAX = 16
};

struct stories {
	struct world *world;
	const struct filter *filter; /* NULL: every story is wanted */
	unsigned most;		     /* so many are wanted; 0: any number */
	/* `over`: it is freed after the call. Else it goes on: lines are marked as told. */
	void (*tell)(struct stories *ss, struct story *st, bool over);

	/* the rest is story.c's */
	unsigned wanted, lost; /* stories so far that matched; that were given up for want of room */
	struct trace_listener listener;
	struct hash parts;
	struct list open; /* of struct story, oldest first */
	struct work look;
	struct timer timer;
};

/* The fields above the line are set. */
void stories_init(struct stories *ss);
void stories_exit(struct stories *ss);

/* Listens to everything from now on; stories_exit() ends that. */
void stories_listen(struct stories *ss);

/* Adds a record (stories out of the ring: nobody listens, and nothing is told). */
void stories_add(struct stories *ss, const struct trace_record *r);

#endif
