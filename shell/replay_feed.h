/* SPDX-License-Identifier: MIT */
/* The frames of a capture come in at a device (dev/replay.h), at the times the capture has, or as soon as all is quiet. */
#ifndef SHELL_REPLAY_FEED_H
#define SHELL_REPLAY_FEED_H

#include "lib/capture.h"
#include "shell/foreign.h"

struct feed {
	const char *name;	   /* of the file, for errors */
	struct capture_reader *in; /* stays the caller's */
	bool fast;
	bool all; /* our own packets come in, too */
	struct foreign
		*foreign; /* translates, and knows what we are to send; NULL: the capture was made for us */
	void (*came)(struct feed *f); /* ->next comes in, of a capture that is not foreign; may be NULL */
	void (*over)(struct feed *f); /* everything has come, or ->error says why it has not */

	/* the rest is replay_feed.c's; to be read */
	unsigned linktype;	       /* of all packets */
	unsigned long long read, ours; /* packets so far; of those, frames of our own, which do not come in */
	char error[CAPTURE_ERROR_LEN];
	uint64_t capture_ns, begin_ns; /* the time of the first packet, and when it comes */
	struct dev *dev;
	struct capture_packet next;
	bool has_next;
	int64_t shift_ns; /* foreign: we are later than the capture by so much, or earlier */
	bool waiting;	  /* foreign: until we have sent what was sent then, or have room, or give up */
	uint32_t done;	  /* foreign: so much of the next packet's text has come in */
	bool hopeless;	  /* foreign: there is no room for the rest of it */
	uint64_t give_up_ns, expected_ns;
	struct timer timer;
	struct work work;
};

/* Reads the first packet: `linktype` is known. False: ->error says why the capture cannot be used. */
bool feed_open(struct feed *f);

/* The first packet comes at `begin_ns`. */
void feed_start(struct feed *f, struct dev *d, uint64_t begin_ns);
void feed_stop(struct feed *f);

/* Our host has sent something. */
void feed_sent(struct feed *f, const uint8_t *data, size_t len);

/* What a clock that has gone on with the capture's shows now. */
uint64_t feed_time_ns(const struct feed *f, uint64_t now_ns);

#endif
