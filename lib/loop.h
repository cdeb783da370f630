/* SPDX-License-Identifier: MIT */
/*
 * The loop: one thread, one place to wait (epoll, so that a descriptor costs nothing while it is quiet;
 * or a ring of io_uring that polls it, so that devices can write and wait in the same system call; or the read() of the
 * one device that offers it, which ends when epoll has something, lib/nap.h). A turn is: wait, timers, ingress, egress.
 *
 *   1. wait    If no in-memory work is pending: sleep (after busy polling, while that pays) until a descriptor is ready or the
 * next timer is due; under the virtual clock: jump to the next timer when somebody waits for time to pass. Then read
 * `now` once. While in-memory work is pending, descriptors are only looked at every few turns; work that never ends
 * (frames in a loop of bridges) takes time under the virtual clock too, after a thousand turns a millisecond each. What was to
 * be done at rest (loop_at_rest()) is done instead of the first sleep or jump.
 *   2. timers  What is due fires.
 *   3. ingress Each ready descriptor's `ready` is called; it reads until EAGAIN, at most loop->budget items
 * (what is left makes the descriptor ready again). Then the in-memory devices that were given frames in the
 * turn before.
 *   4. egress  Deferred work, in the order it was asked for, until none is left.
 *
 * A piece of work is in at most one queue at a time; asking again while it waits changes nothing.
 */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include "lib/clock.h"
#include "lib/nap.h"
#include "lib/timer.h"
#include "lib/uring.h"

#include <poll.h>

struct loop;

/* A descriptor that the loop watches. `fd` stays the owner's, who unwatches before closing it; no two watches
 * share one. */
struct watch {
	int fd;
	short events; /* POLLIN, POLLOUT */
	void (*ready)(struct watch *w, short revents);
	/* For loop_sleep_by() and loop_more_soon(): reads from `from`, which blocks, or, where that is -1, only what is there
	 * already from `fd`. False: nothing. What it has read is for `ready`. */
	bool (*read)(struct watch *w, int from);
	struct list node; /* in loop->watches */
	short revents;	  /* what epoll said, until it is served */
	bool is_told;	  /* by loop_tell() and not by epoll; set before adding */
	bool is_file;	  /* a regular file: epoll does not take those, and they are always ready */
};

/* Something to be done once, later in this turn (egress) or in the next one (ingress). */
struct work {
	struct list node;
	void (*fn)(struct work *w);
};

/* Busy polling: before it sleeps, the loop looks for a while whether something comes, since to be woken takes longer than
 * most answers do, and costs who wakes us, too. A try does not pay where nothing came, or somebody else wanted our core
 * meanwhile; it doubles the sleeps until the next one. In the middle of a stream a try is short: when nothing comes soon, the
 * other side is waiting, or so slow that more of it should come for one ACK. */
struct busy_poll {
	uint64_t most_ns; /* how long it looks; 0: never */
	size_t moved;	  /* octets that devices brought and took since the last sleep */
	bool streams;	  /* it was a stream when we slept last */
	unsigned pause;	  /* so many sleeps were between the last tries */
	unsigned skip;	  /* and are left until the next one */
};

struct loop {
	struct clock clock;
	uint64_t now; /* ns; the only time anybody sees during a turn */
	struct wheel wheel;
	struct list watches;  /* of struct watch, in the order they came */
	struct list *serving; /* the next one to be served, during ingress */
	unsigned watch_count, file_count, told_count;
	int epoll;
	struct uring ring;	  /* fd is -1: none */
	struct uring_op epoll_op; /* the ring's poll of epoll */
	bool told;		  /* a watch, since the last look */
	struct watch *sleeper;	  /* by whose read() we sleep next; NULL: by the ring's polls */
	struct nap nap;
	struct busy_poll busy;
	int alarm; /* a timerfd that ends the sleep at alarm_ns of the machine's clock */
	bool alarm_rang;
	uint64_t alarm_ns;
	struct list ingress; /* of struct work: in-memory devices holding frames */
	struct list egress;  /* of struct work */
	struct list at_rest; /* of struct work */
	int budget;	     /* items a descriptor may deliver in one turn (sysctl net.core.netdev_budget), */
	int64_t budget_bytes; /* and bytes: what a cache holds, so that buffers are used again while warm */
	unsigned waiters; /* who waits for time to pass: the virtual clock jumps only while this is not 0 */
	unsigned hurries; /* who wants it to jump even where it flows, or nobody waits (`clock step`) */
	unsigned holds;	  /* who keeps it from jumping: programs of the machine that run */
	uint64_t turns;
	unsigned restless; /* turns in a row that might have slept and left work in memory for the next one */
};

/* Takes the clock over. A machine without descriptors or memory for the loop ends the program. */
void loop_init(struct loop *l, struct clock clock);
void loop_exit(struct loop *l);

/* From now on it waits by a ring, if the kernel lets us have one: for a loop that always sleeps by itself. With a ring it
 * may also poll busily, `busy_ns` before a sleep at most. */
void loop_use_ring(struct loop *l, uint64_t busy_ns);

/* One turn. With `may_sleep` false it does what can be done now and returns.
 * Returns false when nothing can ever happen any more: no work, no timer that could fire, no descriptor. */
bool loop_turn(struct loop *l, bool may_sleep);

/* Set fd, events and ready before adding. A watch may remove itself and others from inside `ready`. */
void loop_watch(struct loop *l, struct watch *w);
void loop_unwatch(struct loop *l, struct watch *w);

/* The watch's `ready` is called in the next ingress phase (for watches with is_told). */
static inline void loop_tell(struct loop *l, struct watch *w, short revents)
{
	w->revents |= revents;
	l->told = true;
	if (l->sleeper == w)
		l->sleeper = NULL;
}

/* Until it is told, the loop sleeps in the read() of `w`, which has is_told, instead of a poll of the ring. That pays where
 * reads find one or two things at a time, or large ones. False: it cannot, as others are told, too; or it does not pay, in the
 * middle of a stream that has to wake us again and again, since busy polling finds nothing. */
bool loop_sleep_by(struct loop *l, struct watch *w);

/* That is so where the other side runs on another core. */
bool loop_busy_polling_pays(const struct loop *l);

/* Hands over to the kernel what the ring has: all at once where the other side would take our core after the first write; else
 * by a system call for each write, which is quicker. */
void loop_flush(struct loop *l);

/* For w->ready: looks by w->read() for a moment whether there is more, but only in the middle of a stream, and while busy
 * polling pays. */
bool loop_more_soon(struct loop *l, struct watch *w);

/* A device has brought or taken so many octets. */
static inline void loop_moved(struct loop *l, size_t octets)
{
	l->busy.moved += octets;
}

static inline void work_init(struct work *w, void (*fn)(struct work *w))
{
	list_init(&w->node);
	w->fn = fn;
}

/* Runs w->fn in the ingress phase of the next turn (in-memory devices: so that xmit never calls rx). */
void loop_post(struct loop *l, struct work *w);

/* Runs w->fn in the egress phase of this turn (or of the next one, when egress is over). */
void loop_defer(struct loop *l, struct work *w);

/* Runs w->fn once when nothing is left to do at the present moment, before time moves on: all frames have arrived, all
 * that was asked for is done. */
void loop_at_rest(struct loop *l, struct work *w);

static inline void work_cancel(struct work *w)
{
	list_del(&w->node);
}

#endif
