/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

static void sleep_takes_units_and_points(void)
{
	PRINTS("time sleep 1m 1.25", "\nreal\t1m1.250s\n");
	STATUS("sleep x", 2);
	STATUS("sleep -1", 2);
	STATUS("sleep", 2);
	STATUS("sleep 1x", 2);
	PRINTS("time sleep 250ms", "\nreal\t0m0.250s\n");
	STATUS("sleep 1e99", 2);
}

static void time_gives_the_status_of_its_command(void)
{
	STATUS("time false", 1);
	STATUS("time", 2);
	PRINTS("time echo 'a  b'", "a  b\n\nreal\t0m0.000s\n");
}

static void time_counts_what_passes_within_a_turn(void)
{
	struct fixture *f = fixture_new();

	clock_set_speed(&f->loop.clock, 1e6); /* a second in a microsecond */
	fixture_run(f, "time echo x");
	CU_ASSERT_PTR_NOT_NULL(strstr(f->text, "x\n\nreal\t"));
	CU_ASSERT_PTR_NULL(strstr(f->text, "0m0.000s"));
	fixture_free(f);
}

static void watch_repeats_until_it_is_stopped(void)
{
	PRINTS("watch -n 2 echo x & sleep 3; kill -INT %1; wait %1; echo $?",
		"Every 2.0s: echo x\n\nx\nEvery 2.0s: echo x\n\nx\n0\n");
	PRINTS("watch -t -n1 'echo x; sleep 5' & sleep 6.5; kill %1; wait %1", "x\nx\n");
	STATUS("watch", 2);
	STATUS("watch -n 0 echo", 2);
	STATUS("watch -x echo", 2);
}

SUITE(shell_cmd_time, T(sleep_takes_units_and_points), T(time_gives_the_status_of_its_command),
	T(time_counts_what_passes_within_a_turn), T(watch_repeats_until_it_is_stopped))
