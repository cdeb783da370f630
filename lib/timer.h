/* SPDX-License-Identifier: MIT */
/*
 * Timers on a hierarchical wheel (Varghese and Lauck, 1987): arming and cancelling are O(1).
 *
 * Time is cut into ticks of 2^16 ns (65.5 us). Level 0 has a slot for each of the next 64 ticks, level 1 for
 * each of the next 64 groups of 64 ticks, and so on; eight levels cover all of uint64_t. When time enters a
 * group its timers move one level or more down. The slots of level 0 are sorted by deadline, so timers fire at
 * their exact nanosecond. Equal deadlines fire in the order they were armed: they are always in the same slot,
 * and every step on their way down keeps their order.
 */
#ifndef LIB_TIMER_H
#define LIB_TIMER_H

#include "lib/list.h"

enum { WHEEL_TICK_BITS = 16, WHEEL_SLOT_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_SLOT_BITS, WHEEL_LEVELS = 8 };

struct timer {
	struct list node; /* in a slot; points to itself while not armed */
	uint64_t deadline_ns;
	void (*fn)(struct timer *t);
};

struct wheel {
	uint64_t tick;			 /* everything before this tick has been run */
	uint64_t occupied[WHEEL_LEVELS]; /* a bit per slot that is not empty */
	size_t armed;			 /* timers in the wheel */
	uint64_t fired;
	struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

#define TIMER_NEVER UINT64_MAX

void wheel_init(struct wheel *w, uint64_t now_ns);

/* When to call wheel_run() next: the first deadline, or an earlier moment at which timers must move down a
 * level. TIMER_NEVER when no timer is armed. */
uint64_t wheel_next(const struct wheel *w);

/* The first deadline, however far; TIMER_NEVER. */
uint64_t wheel_first(const struct wheel *w);

/* Fires what is due at `now_ns`, in order of deadline. A timer is disarmed when its fn is called and may be
 * armed again or freed by it; one armed by a fn for a time already past fires in the same run. */
void wheel_run(struct wheel *w, uint64_t now_ns);

/* `fn` finds its object with CONTAINER_OF(). */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/* Arms, or moves, the timer. Deadlines in the past fire at the next wheel_run(). */
void timer_arm(struct wheel *w, struct timer *t, uint64_t deadline_ns);
void timer_cancel(struct wheel *w, struct timer *t);

static inline bool timer_is_armed(const struct timer *t)
{
	return !list_empty(&t->node);
}

#endif
