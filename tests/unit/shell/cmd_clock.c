/* SPDX-License-Identifier: MIT */
/* What tests/lab/clock.tapir does not show: ^C, jobs, time that flows. */
#include "tests/unit/shell/fixture.h"

static struct fixture *flowing(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(fixture_run(f, "clock speed 0.001x"), 0);
	return f;
}

static void steps_jump_even_where_time_flows(void)
{
	struct fixture *f = flowing();
	uint64_t start = f->loop.now;

	CU_ASSERT_EQUAL(fixture_run(f, "clock step 1h; clock until test 1 = 1"), 0);
	CU_ASSERT(f->loop.now >= start + 3600 * NS_PER_SEC);
	CU_ASSERT(f->loop.now < start + 3601 * NS_PER_SEC);
	CU_ASSERT_EQUAL(f->loop.hurries, 0);
	fixture_free(f);
}

static void other_commands_take_the_time_that_flows(void)
{
	struct fixture *f = fixture_new();
	struct clock real;

	clock_init_real(&real);
	uint64_t start = real.now_ns;
	CU_ASSERT_EQUAL(fixture_run(f, "clock speed 1000x; sleep 2"), 0);
	CU_ASSERT(clock_read(&real) >= start + 2 * NS_PER_MS);
	CU_ASSERT_EQUAL(fixture_run(f, "clock freeze; time sleep 2"), 0);
	CU_ASSERT_STRING_EQUAL(f->text, "\nreal\t0m2.000s\n");
	fixture_free(f);
}

static void what_waits_can_be_stopped(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(
		fixture_run(
			f, "clock until packet & clock until false & clock step 1h & kill %1 %2 %3; wait"),
		0);
	CU_ASSERT_EQUAL(f->loop.hurries, 0);
	CU_ASSERT_EQUAL(f->world.trace.everything, 0);
	CU_ASSERT(list_empty(&f->world.trace.listeners));
	fixture_free(f);
}

static void what_can_never_come_is_said(void)
{
	PRINTS("clock until false", "clock: no timer is left, so nothing will ever change\n");
	PRINTS("sleep 10 & clock until false", "clock: no timer is left, so nothing will ever change\n");
	PRINTS("sleep 10 & clock until -t 5 false", "clock: not within 5 s (-t LIMIT waits longer)\n");
	STATUS("clock until false", 1);
	STATUS("clock step", 1);
	STATUS("clock until timer", 1);
}

static void mistakes(void)
{
	STATUS("clock until packet '('", 2);
	STATUS("clock until -t x timer", 2);
	STATUS("clock until -x timer", 2);
	STATUS("clock step 1 2", 2);
	STATUS("clock step -1", 2);
	STATUS("clock step 1e30", 2);
	STATUS("clock speed 10y", 2);
	STATUS("clock speed nan", 2);
	STATUS("clock speed 1e7", 2);
	STATUS("clock until 24:00:00", 127);
	STATUS("clock while sleep", 2);
}

SUITE(shell_cmd_clock, T(steps_jump_even_where_time_flows), T(other_commands_take_the_time_that_flows),
	T(what_waits_can_be_stopped), T(what_can_never_come_is_said), T(mistakes))
