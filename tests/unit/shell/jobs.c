/* SPDX-License-Identifier: MIT */
#include "tests/unit/shell/fixture.h"

static void a_job_runs_beside_the_next_command(void)
{
	PRINTS("sleep 2 && echo late & echo early; sleep 3; echo end", "early\nlate\nend\n");
}

static void wait_waits_for_all_jobs(void)
{
	PRINTS("sleep 2 && echo b & sleep 1 && echo a & wait; echo c", "a\nb\nc\n");
}

static void wait_gives_the_status_of_its_job(void)
{
	STATUS("sleep 1 && false & wait %1", 1);
	STATUS("false & sleep 1; wait $!", 1);
	STATUS("wait %7", 127);
}

static void jobs_still_running_at_the_end_are_ended(void)
{
	PRINTS("sleep 5 && echo never & echo done", "done\n");
	PRINTS("!sleep 100 &\necho done", "done\n");
}

static void kill_ends_a_job(void)
{
	STATUS("sleep 100 & kill %1; wait %1", 128 + 15);
	STATUS("for i in 1 2 3; do sleep 100; done & kill -INT %1; wait %1", 128 + 2);
	STATUS("!sleep 100 &\nkill %1; wait %1", 128 + 15);
	STATUS("!sleep 100 &\nkill -9 %1; wait %1", 128 + 9);
}

static void kill_says_what_it_does_not_know(void)
{
	PRINTS("kill -NOSUCH %1", "kill: NOSUCH is no signal\nUsage: kill [-SIGNAL] %JOB...\n");
	PRINTS("kill %3", "kill: %3: no such job\n");
	PRINTS("sleep 1 & kill -STOP %1",
		"kill: %1 runs no program of the machine; signals that end it are "
		"understood\n");
}

static void jobs_lists_them_and_forgets_the_ended(void)
{
	PRINTS("sleep 9 & true & false & sleep 1; jobs; jobs",
		"[1]  Running    sleep 9\n[2]  Done       true\n[3]  Failed     false\n[1]  Running    sleep "
		"9\n");
}

static void a_job_has_a_copy_of_the_variables(void)
{
	PRINTS("X=1; X=2 & wait; echo $X", "1\n");
	PRINTS("X=1; sleep 1 && echo $X & X=3; wait", "1\n");
}

static void fg_waits_for_the_job_and_gives_its_status(void)
{
	PRINTS("sleep 3 && echo there & fg; echo here", "sleep 3 && echo there\nthere\nhere\n");
	STATUS("sleep 1 && false & fg %sleep", 1);
	STATUS("fg", 1);
}

static void programs_in_the_background_hold_the_clock_while_waited_for(void)
{
	struct fixture *f = fixture_new();
	uint64_t before = f->loop.now;

	CU_ASSERT_EQUAL(fixture_run(f, "sleep 1000 & !exit 3 &\nwait %2"), 3);
	CU_ASSERT_EQUAL(f->loop.now, before);
	fixture_free(f);
}

SUITE(shell_jobs, T(a_job_runs_beside_the_next_command), T(wait_waits_for_all_jobs),
	T(wait_gives_the_status_of_its_job), T(jobs_still_running_at_the_end_are_ended), T(kill_ends_a_job),
	T(kill_says_what_it_does_not_know), T(jobs_lists_them_and_forgets_the_ended),
	T(a_job_has_a_copy_of_the_variables), T(fg_waits_for_the_job_and_gives_its_status),
	T(programs_in_the_background_hold_the_clock_while_waited_for))
