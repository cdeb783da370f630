/* SPDX-License-Identifier: MIT */
/* The loop. */
#include "lib/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	LOOP_BUDGET = 300,
	LOOP_BUDGET_BYTES = 1 << 20,
	LOOK_EVERY = 8,
	LOOK_EVENTS = 64,
	PAUSE_MAX = 1000,
	PAUSE_PAYS = 3, /* so few sleeps between two tries: busy polling pays */
	STREAM = 16384, /* octets between two sleeps that are more than some questions and answers */
	STREAM_BUSY_NS = 10000,
	MORE_TRIES = 24, /* some microseconds */
	RESTLESS_TURNS = 1000,
	RESTLESS_NS = 1000000
};

static void must(bool worked)
{
	if (worked)
		return;
	perror("tapir: loop");
	abort();
}

void loop_init(struct loop *l, struct clock clock)
{
	*l = (struct loop){.clock = clock,
		.now = clock.now_ns,
		.budget = LOOP_BUDGET,
		.budget_bytes = LOOP_BUDGET_BYTES,
		.alarm_ns = TIMER_NEVER,
		.ring.fd = -1};
	nap_init(&l->nap);
	wheel_init(&l->wheel, l->now);
	list_init(&l->watches);
	list_init(&l->ingress);
	list_init(&l->egress);
	list_init(&l->at_rest);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	must(l->epoll >= 0);
	struct epoll_event ev = {.events = EPOLLIN};
	l->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	must(l->alarm >= 0 && epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->alarm, &ev) == 0);
}

void loop_exit(struct loop *l)
{
	assert(l->watch_count == 0);
	uring_exit(&l->ring);
	nap_exit(&l->nap);
	close(l->epoll);
	close(l->alarm);
}

void loop_use_ring(struct loop *l, uint64_t busy_ns)
{
	if (uring_init(&l->ring, URING_DEFERS))
		nap_enable(&l->nap);
	l->busy.most_ns = busy_ns;
}

void loop_watch(struct loop *l, struct watch *w)
{
	struct epoll_event ev = {.events = (uint32_t)w->events, .data.ptr = w};

	w->revents = 0;
	w->is_file = !w->is_told && epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &ev) < 0;
	must(!w->is_file || errno == EPERM);
	list_add_tail(&l->watches, &w->node);
	l->watch_count++;
	l->file_count += w->is_file;
	l->told_count += w->is_told;
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	if (l->serving == &w->node)
		l->serving = w->node.next;
	list_del(&w->node);
	l->watch_count--;
	l->file_count -= w->is_file;
	l->told_count -= w->is_told;
	if (l->sleeper == w)
		l->sleeper = NULL;
	nap_end(&l->nap, w->fd);
	if (!w->is_file && !w->is_told)
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
}

bool loop_busy_polling_pays(const struct loop *l)
{
	return l->busy.most_ns && l->busy.pause <= PAUSE_PAYS;
}

bool loop_sleep_by(struct loop *l, struct watch *w)
{
	if (l->nap.ring.fd < 0 || l->told_count > 1 || (l->busy.streams && !loop_busy_polling_pays(l)))
		return false;
	l->sleeper = w;
	return true;
}

void loop_flush(struct loop *l)
{
	if (l->ring.queued == 1 || loop_busy_polling_pays(l))
		uring_flush(&l->ring);
	else if (l->ring.queued)
		uring_enter(&l->ring, false);
}

void loop_post(struct loop *l, struct work *w)
{
	if (list_empty(&w->node))
		list_add_tail(&l->ingress, &w->node);
}

void loop_defer(struct loop *l, struct work *w)
{
	if (list_empty(&w->node))
		list_add_tail(&l->egress, &w->node);
}

void loop_at_rest(struct loop *l, struct work *w)
{
	if (list_empty(&w->node))
		list_add_tail(&l->at_rest, &w->node);
}

/* A virtual clock that flows takes its time, unless somebody is in a hurry. */
static bool clock_may_jump(const struct loop *l)
{
	return l->clock.is_virtual && !l->holds && (l->hurries || (l->waiters && !clock_flows(&l->clock)));
}

/* May we sleep until something happens? */
static bool may_wait(const struct loop *l, bool may_sleep, uint64_t next)
{
	if (!may_sleep || l->file_count || !list_empty(&l->ingress) || !list_empty(&l->egress) ||
		!list_empty(&l->at_rest) || next <= l->now)
		return false;
	return next == TIMER_NEVER || !clock_may_jump(l);
}

/* Sees to it that a sleep ends at the next timer. A time-out of the sleep itself would program the machine's
 * timer anew each time, which costs as much as the rest of a short turn; so the alarm is only touched when it
 * would ring too late. One that rings too early is set again then. */
static void set_alarm(struct loop *l, uint64_t next)
{
	struct itimerspec when = {0}; /* never */

	next = clock_machine_ns(&l->clock, next);
	if (next >= l->alarm_ns && !l->alarm_rang)
		return;
	if (next != TIMER_NEVER)
		when.it_value = (struct timespec){(time_t)(next / NS_PER_SEC), (long)(next % NS_PER_SEC)};
	timerfd_settime(l->alarm, TFD_TIMER_ABSTIME, &when, NULL);
	l->alarm_ns = next;
	l->alarm_rang = false;
}

/* How often somebody else has taken our core from us. */
static long preemptions(void)
{
	struct rusage use;

	getrusage(RUSAGE_THREAD, &use);
	return use.ru_nivcsw;
}

/* Has anything come by now? */
static bool try(struct loop *l)
{
	struct watch *w = l->sleeper;

	if (!w) {
		uring_enter(&l->ring, false);
		return l->told || !l->epoll_op.pending;
	}
	loop_flush(l);
	if (w->read(w, -1))
		loop_tell(l, w, POLLIN);
	return l->told || nap_is_over(&l->nap);
}

static bool something_came(struct loop *l, uint64_t most_ns)
{
	struct clock machine;

	clock_init_real(&machine);
	for (uint64_t end = machine.now_ns + most_ns; clock_read(&machine) < end;)
		if (try(l))
			return true;
	return false;
}

bool loop_more_soon(struct loop *l, struct watch *w)
{
	int tries = l->busy.streams && loop_busy_polling_pays(l) ? MORE_TRIES : 0;

	for (; tries > 0; tries--)
		if (w->read(w, -1))
			return true;
	return false;
}

/* True: need not sleep. */
static bool poll_busily(struct loop *l)
{
	struct busy_poll *b = &l->busy;

	b->streams = b->moved > STREAM;
	b->moved = 0;
	uint64_t most_ns = b->streams ? MIN(b->most_ns, (uint64_t)STREAM_BUSY_NS) : b->most_ns;
	if (most_ns == 0)
		return false;
	if (b->skip > 0) {
		b->skip--;
		return false;
	}
	long before = preemptions();
	bool came = something_came(l, most_ns);
	bool paid = came && preemptions() == before;
	b->pause = paid ? b->pause / 2 : MIN(2 * b->pause + 1, (unsigned)PAUSE_MAX);
	b->skip = b->pause;
	return came;
}

/* Until the ring has something. True: epoll has. */
static bool sleep_by_ring(struct loop *l, bool wait)
{
	if (!l->epoll_op.pending)
		uring_poll(&l->ring, &l->epoll_op, l->epoll);
	if (!wait)
		uring_enter(&l->ring, false);
	else if (!poll_busily(l))
		uring_enter(&l->ring, true);
	return !l->epoll_op.pending;
}

/* The same, by the read() of whoever offered it. */
static bool sleep_by_read(struct loop *l)
{
	if (!poll_busily(l)) {
		loop_flush(l);
		if (!l->ring.queued && l->sleeper->read(l->sleeper, l->nap.fd))
			loop_tell(l, l->sleeper, POLLIN);
	}
	return nap_is_over(&l->nap);
}

/* What epoll has; waits for that, or for what a ring or a read brings. Who offered a read and is not slept by has to ask for
 * himself. */
static int look(struct loop *l, struct epoll_event *events, bool wait)
{
	if (l->ring.fd < 0)
		return epoll_wait(l->epoll, events, LOOK_EVENTS, wait ? -1 : 0);
	wait = wait && !l->told;
	if (l->sleeper && (!wait || l->told_count > 1 || !nap_begin(&l->nap, l->sleeper->fd, l->epoll)))
		loop_tell(l, l->sleeper, POLLIN);
	bool any = l->sleeper ? sleep_by_read(l) : sleep_by_ring(l, wait && !l->told);
	return any ? epoll_wait(l->epoll, events, LOOK_EVENTS, 0) : 0;
}

/* Notes which descriptors are ready; true when any is. */
static bool look_at_descriptors(struct loop *l, bool wait)
{
	struct epoll_event events[LOOK_EVENTS];
	int n = look(l, events, wait);
	bool any = l->file_count > 0 || l->told;

	l->told = false;
	for (int i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;
		if (w)
			w->revents = (short)events[i].events;
		else
			l->alarm_rang = true;
		any |= w != NULL;
	}
	return any;
}

/* In the order they were added, whatever the order of epoll: one that is removed meanwhile is not served. */
static void serve_descriptors(struct loop *l)
{
	for (struct list *at = l->watches.next; at != &l->watches; at = l->serving) {
		struct watch *w = list_entry(at, struct watch, node);
		short revents = w->is_file ? w->events : w->revents;

		l->serving = at->next;
		w->revents = 0;
		if (revents)
			w->ready(w, revents);
	}
	l->serving = NULL;
}

static void run_works(struct list *works)
{
	struct work *w;

	while ((w = list_first(works, struct work, node))) {
		list_del(&w->node);
		w->fn(w);
	}
}

/* Virtual time moves only when nothing else is left to do at the present moment, or when that never ends. */
static void advance(struct loop *l, bool idle, uint64_t next)
{
	if (next > l->now && (idle || l->restless > RESTLESS_TURNS) && !list_empty(&l->at_rest))
		list_splice_tail(&l->ingress, &l->at_rest);
	else if (idle && next != TIMER_NEVER && clock_may_jump(l))
		clock_jump(&l->clock, next);
	else if (l->restless > RESTLESS_TURNS && next > l->now && clock_may_jump(l))
		clock_jump(&l->clock, MIN(next, l->now + RESTLESS_NS));
	l->now = clock_read(&l->clock);
}

bool loop_turn(struct loop *l, bool may_sleep)
{
	bool idle = list_empty(&l->ingress) && list_empty(&l->egress);
	uint64_t next = wheel_next(&l->wheel);
	bool wait = may_wait(l, may_sleep, next);

	if (wait && l->watch_count == 0 && (!clock_flows(&l->clock) || l->wheel.armed == 0))
		return false;
	if (wait)
		set_alarm(l, next);
	if ((l->watch_count || wait) && (idle || l->ring.queued || l->turns % LOOK_EVERY == 0))
		idle = !look_at_descriptors(l, wait) && idle;
	advance(l, idle && may_sleep, next);
	if (next <= l->now)
		wheel_run(&l->wheel, l->now);

	struct list arrived; /* what is posted from here on is for the next turn */
	list_init(&arrived);
	list_splice_tail(&arrived, &l->ingress);
	serve_descriptors(l);
	run_works(&arrived);
	run_works(&l->egress);
	l->restless = may_sleep && !list_empty(&l->ingress) ? l->restless + 1 : 0;
	l->turns++;
	return true;
}
