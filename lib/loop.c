/* SPDX-License-Identifier: MIT */
/* The loop. */
#include "lib/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOOP_BUDGET = 300, LOOK_EVERY = 8 };

void loop_init(struct loop *l, struct clock clock)
{
	*l = (struct loop){.clock = clock, .now = clock.now_ns, .budget = LOOP_BUDGET};
	wheel_init(&l->wheel, l->now);
	list_init(&l->ingress);
	list_init(&l->egress);
}

void loop_exit(struct loop *l)
{
	assert(l->watch_count == 0);
	free(l->watches);
	free(l->polls);
	l->watches = NULL;
	l->polls = NULL;
}

static void *must(void *p)
{
	if (!p) {
		perror("tapir: loop");
		abort();
	}
	return p;
}

void loop_watch(struct loop *l, struct watch *w)
{
	if (l->watch_count == l->watch_room) {
		l->watch_room = l->watch_room ? 2 * l->watch_room : 8;
		l->watches = must(realloc(l->watches, l->watch_room * sizeof(*l->watches)));
		l->polls = must(realloc(l->polls, l->watch_room * sizeof(*l->polls)));
	}
	w->index = l->watch_count;
	l->watches[l->watch_count] = w;
	l->polls[l->watch_count++] = (struct pollfd){.fd = w->fd};
}

/* The last watch takes the place of the one removed, with what poll() said about it. */
void loop_unwatch(struct loop *l, struct watch *w)
{
	size_t last = --l->watch_count;

	assert(l->watches[w->index] == w);
	l->watches[w->index] = l->watches[last];
	l->polls[w->index] = l->polls[last];
	l->watches[w->index]->index = w->index;
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

static bool clock_may_jump(const struct loop *l)
{
	return l->clock.is_virtual && l->waiters && !l->holds;
}

/* How long poll() may sleep, in ns: 0, or TIMER_NEVER for ever. */
static uint64_t sleep_time(struct loop *l, bool may_sleep)
{
	if (!may_sleep || !list_empty(&l->ingress) || !list_empty(&l->egress))
		return 0;
	uint64_t next = wheel_next(&l->wheel);
	if (l->clock.is_virtual)
		return next != TIMER_NEVER && clock_may_jump(l) ? 0 : TIMER_NEVER;
	if (next == TIMER_NEVER)
		return TIMER_NEVER;
	uint64_t now = clock_read(&l->clock);
	return next > now ? next - now : 0;
}

static void look_at_descriptors(struct loop *l, uint64_t sleep_ns)
{
	struct timespec ts = {(time_t)(sleep_ns / NS_PER_SEC), (long)(sleep_ns % NS_PER_SEC)};

	for (size_t i = 0; i < l->watch_count; i++) {
		l->polls[i].fd = l->watches[i]->fd;
		l->polls[i].events = l->watches[i]->events;
		l->polls[i].revents = 0;
	}
	if (ppoll(l->polls, l->watch_count, sleep_ns == TIMER_NEVER ? NULL : &ts, NULL) < 0)
		for (size_t i = 0; i < l->watch_count; i++)
			l->polls[i].revents = 0;
}

static void serve_descriptors(struct loop *l)
{
	for (size_t i = 0; i < l->watch_count;) {
		struct watch *w = l->watches[i];
		short revents = l->polls[i].revents;

		l->polls[i].revents = 0;
		if (revents)
			w->ready(w, revents);
		if (i < l->watch_count && l->watches[i] == w)
			i++; /* else it was removed, and another one stands here now */
	}
}

static void run_works(struct list *works)
{
	struct work *w;

	while ((w = list_first(works, struct work, node))) {
		list_del(&w->node);
		w->fn(w);
	}
}

/* Virtual time moves only when nothing else is left to do at the present moment. */
static void advance(struct loop *l, bool idle)
{
	uint64_t next = wheel_next(&l->wheel);

	if (idle && next != TIMER_NEVER && clock_may_jump(l))
		clock_jump(&l->clock, next);
	l->now = clock_read(&l->clock);
}

bool loop_turn(struct loop *l, bool may_sleep)
{
	bool idle = list_empty(&l->ingress) && list_empty(&l->egress);
	uint64_t sleep_ns = sleep_time(l, may_sleep);

	if (sleep_ns == TIMER_NEVER && l->watch_count == 0)
		return false;
	if ((l->watch_count || sleep_ns) && (idle || l->turns % LOOK_EVERY == 0)) {
		look_at_descriptors(l, sleep_ns);
		for (size_t i = 0; i < l->watch_count; i++)
			idle = idle && !l->polls[i].revents;
	}
	advance(l, idle && may_sleep);
	wheel_run(&l->wheel, l->now);

	struct list arrived; /* what is posted from here on is for the next turn */
	list_init(&arrived);
	list_splice_tail(&arrived, &l->ingress);
	serve_descriptors(l);
	run_works(&arrived);
	run_works(&l->egress);
	l->turns++;
	return true;
}
