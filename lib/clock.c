/* SPDX-License-Identifier: MIT */
/* The machine's clock and the virtual one. */
#include "lib/clock.h"

#include <assert.h>
#include <time.h>

static const uint64_t virtual_epoch_ns = 1767225600 * NS_PER_SEC; /* 2026-01-01 00:00:00 UTC */

static uint64_t machine_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

void clock_init_real(struct clock *c)
{
	*c = (struct clock){.now_ns = machine_ns(CLOCK_MONOTONIC)};
	c->epoch_ns = machine_ns(CLOCK_REALTIME) - c->now_ns;
}

void clock_init_virtual(struct clock *c, uint64_t start_ns)
{
	*c = (struct clock){.is_virtual = true, .now_ns = start_ns, .epoch_ns = virtual_epoch_ns - start_ns};
}

uint64_t clock_read(struct clock *c)
{
	if (!c->is_virtual)
		c->now_ns = MAX(c->now_ns, machine_ns(CLOCK_MONOTONIC));
	return c->now_ns;
}

void clock_jump(struct clock *c, uint64_t to_ns)
{
	assert(c->is_virtual);
	c->now_ns = MAX(c->now_ns, to_ns);
}
