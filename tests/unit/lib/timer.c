/* SPDX-License-Identifier: MIT */
/* The timer wheel, against a slow twin: an array that is searched for the earliest deadline. */
#include "lib/timer.h"

#include "lib/clock.h"
#include "lib/rng.h"
#include "tests/unit/unit.h"

enum { TIMERS = 300 };

static uint64_t start_time(void)
{
	return unit_late ? (UINT64_C(1) << 32) * NS_PER_MS - 1000 : 12345;
}

struct log {
	int fired[4096];
	size_t count;
};

struct logged {
	struct timer timer;
	struct log *log;
	int index;
	int order; /* of arming */
};

static void log_firing(struct timer *t)
{
	struct logged *l = CONTAINER_OF(t, struct logged, timer);

	l->log->fired[l->log->count++] = l->index;
}

static void setup(struct wheel *w, struct logged *t, int count, struct log *log)
{
	wheel_init(w, start_time());
	log->count = 0;
	for (int i = 0; i < count; i++) {
		t[i] = (struct logged){.log = log, .index = i};
		timer_init(&t[i].timer, log_firing);
	}
}

static void fires_at_its_nanosecond_and_not_before(void)
{
	static const uint64_t delays[] = {0, 1, 65535, 65536, 65537, 1000000, NS_PER_SEC, 3600 * NS_PER_SEC,
		86400 * 1000 * NS_PER_SEC, UINT64_C(1) << 60};
	struct wheel w;
	struct logged t;
	struct log log;

	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		setup(&w, &t, 1, &log);
		uint64_t at = start_time() + delays[i];
		timer_arm(&w, &t.timer, at);
		wheel_run(&w, at - 1);
		CU_ASSERT_EQUAL(log.count, 0);
		CU_ASSERT(wheel_next(&w) <= at);
		wheel_run(&w, at);
		CU_ASSERT_EQUAL(log.count, 1);
		CU_ASSERT_EQUAL(wheel_next(&w), TIMER_NEVER);
		CU_ASSERT_EQUAL(w.armed, 0);
	}
}

static void equal_deadlines_fire_in_the_order_of_arming(void)
{
	struct wheel w;
	struct logged t[100];
	struct log log;
	uint64_t at = start_time() + 10 * NS_PER_SEC;

	setup(&w, t, 100, &log);
	for (int i = 0; i < 50; i++)
		timer_arm(&w, &t[i].timer, at);
	wheel_run(&w, at - NS_PER_MS / 100); /* the first half has moved down by now */
	for (int i = 50; i < 100; i++)
		timer_arm(&w, &t[i].timer, at);
	wheel_run(&w, at);
	CU_ASSERT_EQUAL_FATAL(log.count, 100);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(log.fired[i], i);
}

static void a_cancelled_timer_does_not_fire(void)
{
	struct wheel w;
	struct logged t[2];
	struct log log;

	setup(&w, t, 2, &log);
	timer_arm(&w, &t[0].timer, start_time() + NS_PER_SEC);
	timer_arm(&w, &t[1].timer, start_time() + NS_PER_SEC);
	timer_cancel(&w, &t[0].timer);
	timer_cancel(&w, &t[0].timer);
	CU_ASSERT_FALSE(timer_is_armed(&t[0].timer));
	wheel_run(&w, start_time() + 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(log.count, 1);
	CU_ASSERT_EQUAL(log.fired[0], 1);
}

static void a_deadline_in_the_past_fires_at_the_next_run(void)
{
	struct wheel w;
	struct logged t;
	struct log log;

	setup(&w, &t, 1, &log);
	wheel_run(&w, start_time() + 5 * NS_PER_SEC);
	timer_arm(&w, &t.timer, start_time());
	CU_ASSERT(wheel_next(&w) <= start_time() + 5 * NS_PER_SEC);
	wheel_run(&w, start_time() + 5 * NS_PER_SEC);
	CU_ASSERT_EQUAL(log.count, 1);
}

/* The slow twin's next timer: earliest deadline, then earliest arming; -1: none due. */
static int twin_next(const struct logged *t, int count, const bool *armed, uint64_t now)
{
	int best = -1;

	for (int i = 0; i < count; i++) {
		if (!armed[i] || t[i].timer.deadline_ns > now)
			continue;
		if (best < 0 || t[i].timer.deadline_ns < t[best].timer.deadline_ns ||
			(t[i].timer.deadline_ns == t[best].timer.deadline_ns && t[i].order < t[best].order))
			best = i;
	}
	return best;
}

static uint64_t random_delay(struct rng *r)
{
	return rng_u64(r) >> (20 + rng_below(r, 44)); /* from nanoseconds to days, every size alike */
}

/* Often one that another timer has, too. */
static uint64_t random_deadline(struct rng *r, const struct logged *t, uint64_t now)
{
	uint64_t other = t[rng_below(r, TIMERS)].timer.deadline_ns;

	return rng_below(r, 3) == 0 && other >= now ? other : now + random_delay(r);
}

static void agrees_with_the_slow_twin(void)
{
	struct wheel w;
	struct logged t[TIMERS];
	bool armed[TIMERS] = {0};
	struct log log;
	struct rng r;
	uint64_t now = start_time();

	rng_seed(&r, unit_seed);
	setup(&w, t, TIMERS, &log);
	for (int round = 0; round < 3000; round++) {
		int i = (int)rng_below(&r, TIMERS);
		if (rng_below(&r, 4)) {
			timer_arm(&w, &t[i].timer, random_deadline(&r, t, now));
			t[i].order = round;
			armed[i] = true;
		} else {
			timer_cancel(&w, &t[i].timer);
			armed[i] = false;
		}
		now += rng_below(&r, 3) ? 0 : random_delay(&r) >> 3;
		log.count = 0;
		wheel_run(&w, now);
		for (size_t k = 0; k < log.count; k++) {
			int next = twin_next(t, TIMERS, armed, now);
			CU_ASSERT_EQUAL_FATAL(log.fired[k], next);
			armed[next] = false;
		}
		CU_ASSERT_EQUAL_FATAL(twin_next(t, TIMERS, armed, now), -1);
		int first = twin_next(t, TIMERS, armed, TIMER_NEVER);
		CU_ASSERT_EQUAL_FATAL(wheel_first(&w), first < 0 ? TIMER_NEVER : t[first].timer.deadline_ns);
	}
}

static void jumping_to_wheel_next_reaches_every_deadline_exactly(void)
{
	struct wheel w;
	struct logged t;
	struct log log;
	uint64_t at = start_time() + 12345678901234, now = start_time();
	int jumps = 0;

	setup(&w, &t, 1, &log);
	timer_arm(&w, &t.timer, at);
	while (log.count == 0 && jumps++ < WHEEL_LEVELS + 1) {
		now = wheel_next(&w);
		wheel_run(&w, now);
	}
	CU_ASSERT_EQUAL(log.count, 1);
	CU_ASSERT_EQUAL(now, at);
}

SUITE(lib_timer, T(fires_at_its_nanosecond_and_not_before), T(equal_deadlines_fire_in_the_order_of_arming),
	T(a_cancelled_timer_does_not_fire), T(a_deadline_in_the_past_fires_at_the_next_run),
	T(agrees_with_the_slow_twin), T(jumping_to_wheel_next_reaches_every_deadline_exactly))
