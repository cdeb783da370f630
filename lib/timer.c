/* SPDX-License-Identifier: MIT */
/* The hierarchical timer wheel. */
#include "lib/timer.h"

#include <assert.h>

void wheel_init(struct wheel *w, uint64_t now_ns)
{
	*w = (struct wheel){.tick = now_ns >> WHEEL_TICK_BITS};
	for (int l = 0; l < WHEEL_LEVELS; l++)
		for (int s = 0; s < WHEEL_SLOTS; s++)
			list_init(&w->slots[l][s]);
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){.fn = fn};
	list_init(&t->node);
}

/* The slot that tick `tick` belongs to on `level`. */
static unsigned slot_at(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (level * WHEEL_SLOT_BITS)) & (WHEEL_SLOTS - 1);
}

/* The level is where the timer's tick first differs from the present one, in digits of base 64. */
static unsigned level_of(uint64_t now_tick, uint64_t tick)
{
	uint64_t diff = now_tick ^ tick;

	return diff ? (unsigned)(63 - __builtin_clzll(diff)) / WHEEL_SLOT_BITS : 0;
}

/* Only the slots of level 0 are sorted. Most insertions belong at the end, so the search starts there. */
static void insert_sorted(struct list *slot, struct timer *t)
{
	struct list *after = slot->prev;

	while (after != slot && list_entry(after, struct timer, node)->deadline_ns > t->deadline_ns)
		after = after->prev;
	list_insert(&t->node, after, after->next);
}

static void place(struct wheel *w, struct timer *t)
{
	uint64_t tick = MAX(t->deadline_ns >> WHEEL_TICK_BITS, w->tick);
	unsigned level = level_of(w->tick, tick), slot = slot_at(tick, level);

	w->occupied[level] |= UINT64_C(1) << slot;
	if (level == 0)
		insert_sorted(&w->slots[0][slot], t);
	else
		list_add_tail(&w->slots[level][slot], &t->node);
}

/* A timer that has the same neighbour on both sides is alone with its slot's head, which tells the slot. */
static void unplace(struct wheel *w, struct timer *t)
{
	struct list *head = t->node.next == t->node.prev ? t->node.next : NULL;

	list_del(&t->node);
	if (!head)
		return;
	size_t slot = (size_t)(head - &w->slots[0][0]);
	w->occupied[slot / WHEEL_SLOTS] &= ~(UINT64_C(1) << slot % WHEEL_SLOTS);
}

void timer_arm(struct wheel *w, struct timer *t, uint64_t deadline_ns)
{
	timer_cancel(w, t);
	t->deadline_ns = deadline_ns;
	place(w, t);
	w->armed++;
}

void timer_cancel(struct wheel *w, struct timer *t)
{
	if (!timer_is_armed(t))
		return;
	unplace(w, t);
	w->armed--;
}

/* The lowest level that holds anything, or WHEEL_LEVELS: its first slot is the next in time. */
static unsigned first_level(const struct wheel *w)
{
	unsigned level = 0;

	while (level < WHEEL_LEVELS && !w->occupied[level])
		level++;
	return level;
}

/* The first tick of the earliest occupied slot of `level`. */
static uint64_t slot_start(const struct wheel *w, unsigned level)
{
	unsigned shift = level * WHEEL_SLOT_BITS;
	uint64_t slot = (uint64_t)__builtin_ctzll(w->occupied[level]);

	return ((w->tick >> shift & ~(uint64_t)(WHEEL_SLOTS - 1)) | slot) << shift;
}

uint64_t wheel_next(const struct wheel *w)
{
	unsigned level = first_level(w);

	if (level == WHEEL_LEVELS)
		return TIMER_NEVER;
	uint64_t start = slot_start(w, level);
	if (level > 0)
		return start << WHEEL_TICK_BITS;
	const struct list *slot = &w->slots[0][slot_at(start, 0)];
	return list_entry(slot->next, struct timer, node)->deadline_ns;
}

uint64_t wheel_first(const struct wheel *w)
{
	unsigned level = first_level(w);
	uint64_t first = TIMER_NEVER;

	if (level == WHEEL_LEVELS)
		return TIMER_NEVER;
	const struct list *slot = &w->slots[level][__builtin_ctzll(w->occupied[level])];
	list_each(t, slot, struct timer, node)
		first = MIN(first, t->deadline_ns);
	return first;
}

/* Time enters the slot that begins at w->tick: its timers move to lower levels. */
static void cascade(struct wheel *w, unsigned level)
{
	unsigned slot = slot_at(w->tick, level);
	struct list moving;

	list_init(&moving);
	list_splice_tail(&moving, &w->slots[level][slot]);
	w->occupied[level] &= ~(UINT64_C(1) << slot);
	list_each_safe(t, &moving, struct timer, node) {
		list_del(&t->node);
		place(w, t);
	}
}

void wheel_run(struct wheel *w, uint64_t now_ns)
{
	uint64_t next;

	while ((next = wheel_next(w)) <= now_ns && next != TIMER_NEVER) {
		unsigned level = first_level(w);
		w->tick = MAX(w->tick, slot_start(w, level));
		if (level > 0) {
			cascade(w, level);
			continue;
		}
		struct list *slot = &w->slots[0][slot_at(w->tick, 0)];
		struct timer *t = list_entry(slot->next, struct timer, node);
		timer_cancel(w, t);
		w->fired++;
		t->fn(t);
	}
	/* Never past a slot that still holds timers: they are due later than now, so their slot is at or
	 * after it. */
	w->tick = MAX(w->tick, now_ns >> WHEEL_TICK_BITS);
}
