/* SPDX-License-Identifier: MIT */
/*
 * The clock. The loop reads it once a turn (loop->now); nothing else asks the machine for the time. A virtual
 * clock stands until the loop moves it, and then jumps; with a speed it flows as the machine's does, so many times as fast.
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include "lib/bytes.h"

#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

struct clock {
	bool is_virtual;
	double speed;	   /* of a virtual clock; 0: it stands */
	uint64_t now_ns;   /* monotonic; as of the last clock_read() or clock_jump() */
	uint64_t epoch_ns; /* wall clock (ns since 1970, UTC) minus now_ns */
	uint64_t since_ns,
		machine_since_ns; /* with a speed: this clock and the machine's, when it began to flow */
};

/* The machine's monotonic clock. */
void clock_init_real(struct clock *c);

/* A virtual clock that stands at `start_ns`. Its wall clock is a fixed date, 2026-01-01 00:00:00 UTC, at
 * start. */
void clock_init_virtual(struct clock *c, uint64_t start_ns);

/* From its present time on a virtual clock flows `speed` times as fast as the machine's, or (0) stands. */
void clock_set_speed(struct clock *c, double speed);

/* Does time pass by itself? */
static inline bool clock_flows(const struct clock *c)
{
	return !c->is_virtual || c->speed > 0;
}

/* What the machine's clock will show when this one shows `at_ns`; UINT64_MAX: never. */
uint64_t clock_machine_ns(const struct clock *c, uint64_t at_ns);

/* Reads the machine's clock, where this one flows. Returns the time, which never goes back. */
uint64_t clock_read(struct clock *c);

/* Moves a virtual clock forward to `to_ns`, from where it flows on if it did. */
void clock_jump(struct clock *c, uint64_t to_ns);

static inline uint64_t clock_wall_ns(const struct clock *c)
{
	return c->epoch_ns + c->now_ns;
}

#endif
