/* SPDX-License-Identifier: MIT */
/* Groups of real processes: the test waits for them and for nothing else. */
#include "shell/settle.h"

#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct waiting {
	struct loop loop;
	struct settle settle;
	int done;
};

static void count_done(struct settle *w)
{
	CONTAINER_OF(w, struct waiting, settle)->done++;
}

static void begin(struct waiting *w)
{
	struct clock clock;

	w->done = 0;
	clock_init_virtual(&clock, 0);
	loop_init(&w->loop, clock);
	settle_init(&w->settle, &w->loop, count_done);
}

static pid_t busy_group(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (true)
			continue;
	}
	setpgid(pid, pid);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGSTOP);
	CU_ASSERT_EQUAL(waitpid(pid, NULL, WUNTRACED), pid);
}

static void end(struct waiting *w, pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	loop_exit(&w->loop);
}

static void a_stopped_group_has_settled(void)
{
	pid_t pid = busy_group();
	struct waiting w;

	begin(&w);
	stop(pid);
	settle_start(&w.settle, pid);
	CU_ASSERT_EQUAL(w.done, 1);
	CU_ASSERT_FALSE(loop_turn(&w.loop, true)); /* and watches nothing */
	end(&w, pid);
}

static void a_busy_group_settles_when_it_stops(void)
{
	pid_t pid = busy_group();
	struct waiting w;

	begin(&w);
	settle_start(&w.settle, pid);
	CU_ASSERT_TRUE(loop_turn(&w.loop, true));
	CU_ASSERT_EQUAL(w.done, 0);
	stop(pid);
	while (!w.done && loop_turn(&w.loop, true))
		continue;
	CU_ASSERT_EQUAL(w.done, 1);
	end(&w, pid);
}

static void a_group_that_does_not_obey_is_not_waited_for_long(void)
{
	pid_t pid = busy_group();
	struct waiting w;

	begin(&w);
	settle_start(&w.settle, pid);
	w.settle.looks = 2;
	CU_ASSERT_TRUE(loop_turn(&w.loop, true));
	CU_ASSERT_EQUAL(w.done, 0);
	CU_ASSERT_TRUE(loop_turn(&w.loop, true));
	CU_ASSERT_EQUAL(w.done, 1);
	CU_ASSERT_FALSE(loop_turn(&w.loop, true));
	end(&w, pid);
}

static void cancelled_it_is_not_done(void)
{
	pid_t pid = busy_group();
	struct waiting w;

	begin(&w);
	settle_start(&w.settle, pid);
	settle_cancel(&w.settle);
	CU_ASSERT_FALSE(loop_turn(&w.loop, true));
	CU_ASSERT_EQUAL(w.done, 0);
	end(&w, pid);
}

SUITE(shell_settle, T(a_stopped_group_has_settled), T(a_busy_group_settles_when_it_stops),
	T(a_group_that_does_not_obey_is_not_waited_for_long), T(cancelled_it_is_not_done))
