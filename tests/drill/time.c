/* SPDX-License-Identifier: MIT */
/* Virtual time, and threads that wait for it. */
#include "tests/drill/drill.h"

struct sleeper {
	struct list node;
	uint64_t until_ns;
	bool woken;
};

/* Was this thread woken, and has not come back yet? */
static _Thread_local bool is_due;

void drill_is_back(struct drill *d)
{
	if (!is_due)
		return;
	is_due = false;
	d->woken--;
	pthread_cond_broadcast(&d->changed);
}

/* Whoever sleeps looks whether that was it. Those who have what they waited for have come back when this returns; the
 * others sleep again. */
static void wake_all(struct drill *d)
{
	if (is_due)
		return;
	list_each(me, &d->sleepers, struct sleeper, node) {
		if (!me->woken)
			d->woken++;
		me->woken = true;
	}
	pthread_cond_broadcast(&d->changed);
	while (d->woken)
		pthread_cond_wait(&d->changed, &d->lock);
}

static void settle(struct drill *d)
{
	do
		loop_turn(&d->loop, false);
	while (!list_empty(&d->loop.ingress) || !list_empty(&d->loop.egress));
}

void drill_settle(struct drill *d)
{
	settle(d);
	wake_all(d);
}

/* When something happens next: a timer fires, or somebody's patience ends. */
static uint64_t next_event(const struct drill *d)
{
	uint64_t next = wheel_next(&d->loop.wheel);

	list_each(me, &d->sleepers, struct sleeper, node)
		next = MIN(next, me->until_ns);
	return next;
}

static void jump(struct drill *d, uint64_t to_ns)
{
	clock_jump(&d->loop.clock, MAX(to_ns, d->loop.now));
	settle(d);
}

void drill_pass(struct drill *d, uint64_t to_ns)
{
	while (next_event(d) <= to_ns) {
		jump(d, next_event(d));
		wake_all(d);
	}
	jump(d, to_ns);
}

bool drill_step(struct drill *d, uint64_t until_ns)
{
	uint64_t next = next_event(d);

	if (next == TIMER_NEVER && until_ns == TIMER_NEVER)
		return false;
	jump(d, MIN(next, until_ns));
	wake_all(d);
	return next < until_ns;
}

bool drill_sleep(struct drill *d, uint64_t until_ns)
{
	struct sleeper me = {.until_ns = until_ns};

	settle(d);
	if (d->loop.now >= until_ns)
		return false;
	if (pthread_equal(pthread_self(), d->main))
		return drill_step(d, until_ns);
	drill_is_back(d);
	list_add_tail(&d->sleepers, &me.node);
	while (!me.woken)
		pthread_cond_wait(&d->changed, &d->lock);
	list_del(&me.node);
	is_due = true;
	return true;
}

uint64_t drill_deadline(const struct drill *d, uint64_t timeout_ns)
{
	return timeout_ns ? d->loop.now + timeout_ns : TIMER_NEVER;
}
