/* SPDX-License-Identifier: MIT */
/*
 * The clock. The loop reads it once a turn (loop->now); nothing else asks the machine for the time. A virtual
 * clock only moves when the loop says so, and jumps.
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include "lib/bytes.h"

#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

struct clock {
	bool is_virtual;
	uint64_t now_ns;   /* monotonic; as of the last clock_read() or clock_jump() */
	uint64_t epoch_ns; /* wall clock (ns since 1970, UTC) minus now_ns */
};

/* The machine's monotonic clock. */
void clock_init_real(struct clock *c);

/* A virtual clock that stands at `start_ns`. Its wall clock is a fixed date, 2026-01-01 00:00:00 UTC, at
 * start. */
void clock_init_virtual(struct clock *c, uint64_t start_ns);

/* Reads the machine's clock (a virtual one stands still). Returns the time, which never goes back. */
uint64_t clock_read(struct clock *c);

/* Moves a virtual clock forward to `to_ns`. */
void clock_jump(struct clock *c, uint64_t to_ns);

static inline uint64_t clock_wall_ns(const struct clock *c)
{
	return c->epoch_ns + c->now_ns;
}

#endif
