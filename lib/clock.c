/* SPDX-License-Identifier: MIT */
/* The machine's clock and the virtual one. */
#include "lib/clock.h"

#include <assert.h>
#include <math.h>
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

void clock_set_speed(struct clock *c, double speed)
{
	assert(c->is_virtual);
	c->speed = speed;
	c->since_ns = c->now_ns;
	c->machine_since_ns = speed > 0 ? machine_ns(CLOCK_MONOTONIC) : 0;
}

uint64_t clock_machine_ns(const struct clock *c, uint64_t at_ns)
{
	if (!c->is_virtual || at_ns == UINT64_MAX)
		return at_ns;
	if (!clock_flows(c))
		return UINT64_MAX;
	double wait_ns = ceil((double)(MAX(at_ns, c->since_ns) - c->since_ns) / c->speed);
	return wait_ns < 1e18 ? c->machine_since_ns + (uint64_t)wait_ns : UINT64_MAX;
}

uint64_t clock_read(struct clock *c)
{
	uint64_t machine;

	if (!clock_flows(c))
		return c->now_ns;
	machine = machine_ns(CLOCK_MONOTONIC);
	if (c->is_virtual)
		machine = c->since_ns + (uint64_t)((double)(machine - c->machine_since_ns) * c->speed);
	c->now_ns = MAX(c->now_ns, machine);
	return c->now_ns;
}

void clock_jump(struct clock *c, uint64_t to_ns)
{
	assert(c->is_virtual);
	c->now_ns = MAX(c->now_ns, to_ns);
	if (c->speed > 0)
		clock_set_speed(c, c->speed);
}
