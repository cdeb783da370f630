/* SPDX-License-Identifier: MIT */
/* The loop's turn: wait, timers, ingress, egress; and the rules of virtual time. */
#include "lib/loop.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	struct loop loop;
	char order[32]; /* what ran, a letter each */
	size_t ran;
	struct timer timer;
	struct work work, again;
	struct watch watch;
};

static void note(struct fixture *f, char what)
{
	f->order[f->ran++] = what;
	f->order[f->ran] = '\0';
}

static void on_timer(struct timer *t)
{
	note(CONTAINER_OF(t, struct fixture, timer), 'T');
}

static void on_work(struct work *w)
{
	note(CONTAINER_OF(w, struct fixture, work), 'W');
}

static void on_again(struct work *w)
{
	struct fixture *f = CONTAINER_OF(w, struct fixture, again);

	note(f, 'A');
	if (f->ran < 4)
		loop_post(&f->loop, &f->again);
}

static void on_readable(struct watch *w, short revents)
{
	char c;

	(void)revents;
	if (read(w->fd, &c, 1) == 1)
		note(CONTAINER_OF(w, struct fixture, watch), c);
}

static void setup(struct fixture *f, bool virtual)
{
	struct clock clock;

	*f = (struct fixture){0};
	if (virtual)
		clock_init_virtual(&clock, 1000);
	else
		clock_init_real(&clock);
	loop_init(&f->loop, clock);
	timer_init(&f->timer, on_timer);
	work_init(&f->work, on_work);
	work_init(&f->again, on_again);
}

static void a_turn_runs_timers_then_ingress_then_egress(void)
{
	struct fixture f;
	int pipe_fd[2];

	setup(&f, true);
	CU_ASSERT_EQUAL_FATAL(pipe2(pipe_fd, O_NONBLOCK), 0);
	CU_ASSERT_EQUAL(write(pipe_fd[1], "F", 1), 1);
	f.watch = (struct watch){.fd = pipe_fd[0], .events = POLLIN, .ready = on_readable};
	loop_watch(&f.loop, &f.watch);
	loop_defer(&f.loop, &f.work);
	timer_arm(&f.loop.wheel, &f.timer, 1000);
	loop_turn(&f.loop, true);
	CU_ASSERT_STRING_EQUAL(f.order, "TFW");
	loop_unwatch(&f.loop, &f.watch);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	loop_exit(&f.loop);
}

static void ingress_work_posted_during_ingress_waits_for_the_next_turn(void)
{
	struct fixture f;

	setup(&f, true);
	loop_post(&f.loop, &f.again);
	loop_turn(&f.loop, false);
	CU_ASSERT_STRING_EQUAL(f.order, "A");
	loop_turn(&f.loop, false);
	CU_ASSERT_STRING_EQUAL(f.order, "AA");
	work_cancel(&f.again);
	loop_exit(&f.loop);
}

static void work_asked_for_twice_runs_once(void)
{
	struct fixture f;

	setup(&f, true);
	loop_defer(&f.loop, &f.work);
	loop_defer(&f.loop, &f.work);
	loop_turn(&f.loop, false);
	CU_ASSERT_STRING_EQUAL(f.order, "W");
	loop_exit(&f.loop);
}

static void virtual_time_jumps_only_while_somebody_waits(void)
{
	struct fixture f;

	setup(&f, true);
	timer_arm(&f.loop.wheel, &f.timer, 1000 + NS_PER_SEC);
	CU_ASSERT_FALSE(loop_turn(&f.loop, true)); /* nobody waits: nothing can happen */
	CU_ASSERT_EQUAL(f.loop.now, 1000);
	f.loop.waiters = 1;
	f.loop.holds = 1;
	CU_ASSERT_FALSE(loop_turn(&f.loop, true)); /* a program of the machine runs */
	f.loop.holds = 0;
	while (f.ran == 0)
		CU_ASSERT_FATAL(loop_turn(&f.loop, true));
	CU_ASSERT_EQUAL(f.loop.now, 1000 + NS_PER_SEC);
	loop_exit(&f.loop);
}

static void what_is_due_now_fires_while_virtual_time_is_held(void)
{
	struct fixture f;

	setup(&f, true);
	f.loop.holds = 1;
	timer_arm(&f.loop.wheel, &f.timer, f.loop.now);
	CU_ASSERT(loop_turn(&f.loop, true));
	CU_ASSERT_STRING_EQUAL(f.order, "T");
	loop_exit(&f.loop);
}

static void virtual_time_stands_while_work_is_left(void)
{
	struct fixture f;

	setup(&f, true);
	f.loop.waiters = 1;
	timer_arm(&f.loop.wheel, &f.timer, 1000 + 10);
	loop_post(&f.loop, &f.again);
	for (int i = 0; i < 4; i++) {
		loop_turn(&f.loop, true);
		CU_ASSERT_EQUAL(f.loop.now, 1000);
	}
	loop_turn(&f.loop, true);
	CU_ASSERT_STRING_EQUAL(f.order, "AAAAT");
	CU_ASSERT_EQUAL(f.loop.now, 1010);
	loop_exit(&f.loop);
}

static void what_waits_for_rest_runs_before_time_moves(void)
{
	struct fixture f;

	setup(&f, true);
	f.loop.waiters = 1;
	timer_arm(&f.loop.wheel, &f.timer, 1000 + 10);
	loop_post(&f.loop, &f.again);
	loop_at_rest(&f.loop, &f.work);
	loop_at_rest(&f.loop, &f.work);
	loop_turn(&f.loop, false);
	for (int i = 0; i < 4; i++)
		loop_turn(&f.loop, true);
	CU_ASSERT_STRING_EQUAL(f.order, "AAAAW");
	CU_ASSERT_EQUAL(f.loop.now, 1000);
	loop_turn(&f.loop, true);
	CU_ASSERT_STRING_EQUAL(f.order, "AAAAWT");
	loop_exit(&f.loop);
}

static void endless(struct work *w)
{
	struct fixture *f = CONTAINER_OF(w, struct fixture, again);

	loop_post(&f->loop, &f->again);
}

/* Frames in a loop of bridges. */
static void work_without_end_is_as_good_as_rest(void)
{
	struct fixture f;

	setup(&f, true);
	f.loop.waiters = 1;
	work_init(&f.again, endless);
	loop_post(&f.loop, &f.again);
	loop_at_rest(&f.loop, &f.work);
	for (int i = 0; i < 2000 && !f.ran; i++)
		loop_turn(&f.loop, true);
	CU_ASSERT_STRING_EQUAL(f.order, "W");
	work_cancel(&f.again);
	loop_exit(&f.loop);
}

static void who_is_in_a_hurry_needs_no_waiters(void)
{
	struct fixture f;

	setup(&f, true);
	f.loop.hurries = 1;
	clock_set_speed(&f.loop.clock, 1e-3);
	timer_arm(&f.loop.wheel, &f.timer, 1000 + NS_PER_SEC);
	while (f.ran == 0)
		CU_ASSERT_FATAL(loop_turn(&f.loop, true));
	CU_ASSERT(f.loop.turns < 20);
	loop_exit(&f.loop);
}

/* A thousand times as fast: the loop sleeps for as long as the machine takes. */
static void flowing_time_sleeps_until_the_timer(void)
{
	struct fixture f;
	struct clock real;

	setup(&f, true);
	clock_init_real(&real);
	uint64_t start = real.now_ns;
	clock_set_speed(&f.loop.clock, 1000);
	timer_arm(&f.loop.wheel, &f.timer, 1000 + 3 * NS_PER_SEC);
	while (f.ran == 0)
		CU_ASSERT_FATAL(loop_turn(&f.loop, true));
	CU_ASSERT(clock_read(&real) >= start + 3 * NS_PER_MS);
	CU_ASSERT(f.loop.turns < 20);
	loop_exit(&f.loop);
}

static void real_time_sleeps_until_the_timer(void)
{
	struct fixture f;

	setup(&f, false);
	uint64_t start = f.loop.now;
	timer_arm(&f.loop.wheel, &f.timer, start + 3 * NS_PER_MS);
	while (f.ran == 0)
		CU_ASSERT_FATAL(loop_turn(&f.loop, true));
	CU_ASSERT(f.loop.now >= start + 3 * NS_PER_MS);
	CU_ASSERT(f.loop.turns < 20);
	loop_exit(&f.loop);
}

/* Both come by epoll, which the ring polls: the alarm, and twice the descriptor. */
static void a_ring_sleeps_until_the_timer_and_sees_descriptors(void)
{
	struct fixture f;
	int pipe_fd[2];

	setup(&f, false);
	loop_use_ring(&f.loop, 0);
	CU_ASSERT_EQUAL_FATAL(pipe2(pipe_fd, O_NONBLOCK), 0);
	f.watch = (struct watch){.fd = pipe_fd[0], .events = POLLIN, .ready = on_readable};
	loop_watch(&f.loop, &f.watch);
	timer_arm(&f.loop.wheel, &f.timer, f.loop.now + 3 * NS_PER_MS);
	while (f.ran == 0)
		CU_ASSERT_FATAL(loop_turn(&f.loop, true));
	CU_ASSERT(f.loop.turns < 20);
	CU_ASSERT_EQUAL(write(pipe_fd[1], "FG", 2), 2);
	loop_turn(&f.loop, true);
	loop_turn(&f.loop, true);
	CU_ASSERT_STRING_EQUAL(f.order, "TFG");
	loop_unwatch(&f.loop, &f.watch);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	loop_exit(&f.loop);
}

static void on_byte(struct watch *w, short revents)
{
	char c;

	(void)revents;
	CU_ASSERT_EQUAL(read(w->fd, &c, 1), 1);
}

/* A turn that only the timer ends, long after the try. False: it took longer, as others had the core, and so the timer may
 * have rung during the try. */
static bool quiet_turn(struct fixture *f)
{
	struct clock machine;

	clock_init_real(&machine);
	f->ran = 0;
	timer_arm(&f->loop.wheel, &f->timer, f->loop.now + 20 * NS_PER_MS);
	uint64_t start = f->loop.now;
	loop_turn(&f->loop, true);
	return clock_read(&machine) < start + 30 * NS_PER_MS;
}

/* Each try that nothing comes of doubles the sleeps until the next one. */
static void check_pause_doubles(struct fixture *f)
{
	unsigned pause = 0;

	for (int turns = 0; turns < 1000 && pause < 7; turns++) {
		bool quiet = quiet_turn(f);
		unsigned now = f->loop.busy.pause;
		CU_ASSERT(!quiet || now == pause || now == 2 * pause + 1);
		pause = now;
	}
	CU_ASSERT_EQUAL(pause, 7);
}

/* Each that finds something halves them. More of those than it takes, as our core may be taken from us meanwhile. */
static void check_pause_ends(struct fixture *f, int fd)
{
	int bytes = 0;

	for (; bytes < 1000 && f->loop.busy.pause > 0; bytes++) {
		CU_ASSERT_EQUAL(write(fd, "B", 1), 1);
		loop_turn(&f->loop, true);
	}
	CU_ASSERT(bytes < 1000);
}

static void busy_polling_goes_on_while_it_pays(void)
{
	struct fixture f;
	int pipe_fd[2];

	setup(&f, false);
	loop_use_ring(&f.loop, 100 * NS_PER_US);
	CU_ASSERT_EQUAL_FATAL(pipe2(pipe_fd, O_NONBLOCK), 0);
	f.watch = (struct watch){.fd = pipe_fd[0], .events = POLLIN, .ready = on_byte};
	loop_watch(&f.loop, &f.watch);
	if (f.loop.ring.fd >= 0) {
		check_pause_doubles(&f);
		check_pause_ends(&f, pipe_fd[1]);
	} else {
		unit_skip("no io_uring here");
	}
	loop_unwatch(&f.loop, &f.watch);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	loop_exit(&f.loop);
}

/* A device as the loop sees it: `near` of a pair, which blocks. */
struct sleeper {
	struct fixture f;
	struct watch w;
	int far;
	char came; /* 0: nothing */
	int reads; /* while asleep */
};

static bool read_byte(struct watch *w, int from)
{
	struct sleeper *s = CONTAINER_OF(w, struct sleeper, w);
	ssize_t n = from < 0 ? recv(w->fd, &s->came, 1, MSG_DONTWAIT) : read(from, &s->came, 1);

	s->reads += from >= 0;
	return n == 1;
}

static void take_byte(struct watch *w, short revents)
{
	struct sleeper *s = CONTAINER_OF(w, struct sleeper, w);

	(void)revents;
	if (!s->came)
		read_byte(w, -1);
	if (s->came)
		note(&s->f, s->came);
	s->came = 0;
}

static bool sleeper_setup(struct sleeper *s, uint64_t busy_ns)
{
	int pair[2];

	*s = (struct sleeper){0};
	setup(&s->f, false);
	loop_use_ring(&s->f.loop, busy_ns);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	s->w = (struct watch){
		.fd = pair[0], .events = POLLIN, .ready = take_byte, .read = read_byte, .is_told = true};
	s->far = pair[1];
	loop_watch(&s->f.loop, &s->w);
	if (s->f.loop.nap.ring.fd < 0)
		unit_skip("no io_uring here");
	return s->f.loop.nap.ring.fd >= 0;
}

static void sleeper_teardown(struct sleeper *s)
{
	char c;

	loop_unwatch(&s->f.loop, &s->w);
	close(s->w.fd);
	CU_ASSERT(recv(s->far, &c, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET); /* nothing else holds it */
	close(s->far);
	loop_exit(&s->f.loop);
}

static void give_byte(struct sleeper *s, char c)
{
	CU_ASSERT_EQUAL(write(s->far, &c, 1), 1);
}

/* Bytes are read as it sleeps; the timer ends the sleep, too, and after it the loop still sleeps so. */
static void a_loop_may_sleep_in_a_read(void)
{
	struct sleeper s;

	if (sleeper_setup(&s, 0)) {
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		give_byte(&s, 'A');
		loop_turn(&s.f.loop, true);
		CU_ASSERT_PTR_NULL(s.f.loop.sleeper); /* once told, it is asked anew */
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		timer_arm(&s.f.loop.wheel, &s.f.timer, s.f.loop.now + 3 * NS_PER_MS);
		while (s.f.ran < 2)
			loop_turn(&s.f.loop, true);
		CU_ASSERT(s.f.loop.turns < 20);
		/* told in vain, if it took so long to sleep that the timer was first */
		CU_ASSERT_TRUE(s.f.loop.sleeper == &s.w || loop_sleep_by(&s.f.loop, &s.w));
		give_byte(&s, 'B');
		loop_turn(&s.f.loop, true);
		CU_ASSERT_STRING_EQUAL(s.f.order, "ATB");
		CU_ASSERT(s.reads >= 2);
	}
	sleeper_teardown(&s);
}

/* A loop that does not wait, or has to watch another one so, leaves the asking to who offered the read. */
static void a_read_is_not_slept_in_where_others_would_wait(void)
{
	struct sleeper s;
	struct watch other = {.fd = -1, .is_told = true};

	if (sleeper_setup(&s, 0)) {
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		give_byte(&s, 'A');
		loop_turn(&s.f.loop, false);
		CU_ASSERT_STRING_EQUAL(s.f.order, "A");
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		loop_watch(&s.f.loop, &other);
		give_byte(&s, 'B');
		loop_turn(&s.f.loop, true);
		CU_ASSERT_STRING_EQUAL(s.f.order, "AB");
		CU_ASSERT_FALSE(loop_sleep_by(&s.f.loop, &s.w));
		loop_unwatch(&s.f.loop, &other);
		CU_ASSERT_EQUAL(s.reads, 0);
	}
	sleeper_teardown(&s);
}

static void stream(struct sleeper *s)
{
	loop_moved(&s->f.loop, 65536);
	give_byte(s, 'A');
	loop_turn(&s->f.loop, true);
}

static void a_stream_is_slept_in_while_busy_polling_pays(void)
{
	struct sleeper s;

	if (sleeper_setup(&s, 1000)) {
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		stream(&s);
		s.f.loop.busy.pause = 0;
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		stream(&s);
		s.f.loop.busy.pause = 7;
		CU_ASSERT_FALSE(loop_sleep_by(&s.f.loop, &s.w));
		s.f.loop.busy.pause = 0;
		s.f.loop.busy.most_ns = 0;
		CU_ASSERT_FALSE(loop_sleep_by(&s.f.loop, &s.w));
	}
	sleeper_teardown(&s);
}

/* Then it is worth a look, too, whether there is more; but neither otherwise, nor for long. */
static void more_of_a_stream_is_looked_for(void)
{
	struct sleeper s;

	if (sleeper_setup(&s, 1000)) {
		give_byte(&s, 'B');
		CU_ASSERT_FALSE(loop_more_soon(&s.f.loop, &s.w));
		s.f.loop.busy.streams = true;
		CU_ASSERT_TRUE(loop_more_soon(&s.f.loop, &s.w));
		CU_ASSERT_EQUAL(s.came, 'B');
		CU_ASSERT_FALSE(loop_more_soon(&s.f.loop, &s.w));
		give_byte(&s, 'C');
		s.f.loop.busy.pause = 7;
		CU_ASSERT_FALSE(loop_more_soon(&s.f.loop, &s.w));
	}
	sleeper_teardown(&s);
}

/* The alarm, after 20 ms, ends a long try, but a short one is over by then: so the loop sleeps. */
static void a_try_in_a_stream_is_short(void)
{
	struct sleeper s;

	if (sleeper_setup(&s, 1000 * NS_PER_MS)) {
		for (int turns = 0; turns < 100 && s.reads == 0; turns++) {
			s.f.loop.busy.pause = s.f.loop.busy.skip = 0;
			CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
			if (turns > 0)
				loop_moved(&s.f.loop, 65536);
			quiet_turn(&s.f);
			CU_ASSERT(turns > 0 || s.reads == 0);
		}
		CU_ASSERT_EQUAL(s.reads, 1);
	}
	sleeper_teardown(&s);
}

/* What comes during a try is not slept for, and the alarm is seen there, too. */
static void busy_polling_reads_as_well(void)
{
	struct sleeper s;

	if (sleeper_setup(&s, 1000 * NS_PER_MS)) {
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		give_byte(&s, 'A');
		loop_turn(&s.f.loop, true);
		s.f.loop.busy.skip = 0;
		CU_ASSERT_TRUE(loop_sleep_by(&s.f.loop, &s.w));
		timer_arm(&s.f.loop.wheel, &s.f.timer, s.f.loop.now + 3 * NS_PER_MS);
		while (s.f.ran < 2) {
			loop_turn(&s.f.loop, true);
			s.f.loop.busy.skip = 0;
		}
		CU_ASSERT(s.f.loop.turns < 20);
		CU_ASSERT_STRING_EQUAL(s.f.order, "AT");
		CU_ASSERT_EQUAL(s.reads, 0);
	}
	sleeper_teardown(&s);
}

struct pair {
	struct loop *loop;
	struct watch a, b;
	int calls;
};

static void remove_both(struct watch *w, short revents)
{
	struct pair *p = CONTAINER_OF(w, struct pair, a);

	(void)revents;
	p->calls++;
	loop_unwatch(p->loop, &p->a);
	loop_unwatch(p->loop, &p->b);
}

static void never(struct watch *w, short revents)
{
	(void)w, (void)revents;
	CU_FAIL("a watch that was removed was served");
}

static void a_watch_may_remove_itself_and_others(void)
{
	struct fixture f;
	struct pair p = {.loop = &f.loop};
	int pipe_fd[2];

	setup(&f, true);
	CU_ASSERT_EQUAL_FATAL(pipe(pipe_fd), 0);
	CU_ASSERT_EQUAL(write(pipe_fd[1], "x", 1), 1);
	p.a = (struct watch){.fd = pipe_fd[0], .events = POLLIN, .ready = remove_both};
	p.b = (struct watch){.fd = dup(pipe_fd[0]), .events = POLLIN, .ready = never};
	loop_watch(&f.loop, &p.a);
	loop_watch(&f.loop, &p.b);
	loop_turn(&f.loop, true);
	CU_ASSERT_EQUAL(p.calls, 1);
	CU_ASSERT_EQUAL(f.loop.watch_count, 0);
	close(p.b.fd);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	loop_exit(&f.loop);
}

/* epoll refuses them; a script on standard input is one. */
static void a_regular_file_is_always_ready(void)
{
	struct fixture f;
	FILE *file = tmpfile();

	setup(&f, true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(pwrite(fileno(file), "xyz", 3, 0), 3);
	f.watch = (struct watch){.fd = fileno(file), .events = POLLIN, .ready = on_readable};
	loop_watch(&f.loop, &f.watch);
	for (int i = 0; i < 3; i++)
		loop_turn(&f.loop, true);
	CU_ASSERT_STRING_EQUAL(f.order, "xyz");
	loop_unwatch(&f.loop, &f.watch);
	fclose(file);
	loop_exit(&f.loop);
}

static void on_endless(struct work *w)
{
	loop_post(&CONTAINER_OF(w, struct fixture, again)->loop, w);
}

/* Frames may go round for ever; whoever waits for time to pass must not wait for ever too. */
static void virtual_time_passes_although_work_never_ends(void)
{
	struct fixture f;

	setup(&f, true);
	f.loop.waiters = 1;
	f.again.fn = on_endless;
	loop_post(&f.loop, &f.again);
	timer_arm(&f.loop.wheel, &f.timer, f.loop.now + 10 * NS_PER_MS + 500);
	uint64_t start = f.loop.now, deadline = f.timer.deadline_ns;
	for (int i = 0; i < 1000; i++)
		loop_turn(&f.loop, true);
	CU_ASSERT_EQUAL(f.loop.now, start); /* it might still end */
	int turns = 0;
	for (; !f.ran && turns < 100; turns++)
		loop_turn(&f.loop, true);
	CU_ASSERT_EQUAL(f.ran, 1);
	CU_ASSERT_EQUAL(f.loop.now, deadline);
	CU_ASSERT(turns >= 10 && turns <= 13);
	work_cancel(&f.again);
	loop_exit(&f.loop);
}

SUITE(lib_loop, T(virtual_time_passes_although_work_never_ends), T(a_regular_file_is_always_ready),
	T(a_turn_runs_timers_then_ingress_then_egress),
	T(ingress_work_posted_during_ingress_waits_for_the_next_turn), T(work_asked_for_twice_runs_once),
	T(virtual_time_jumps_only_while_somebody_waits), T(what_is_due_now_fires_while_virtual_time_is_held),
	T(virtual_time_stands_while_work_is_left), T(what_waits_for_rest_runs_before_time_moves),
	T(work_without_end_is_as_good_as_rest), T(who_is_in_a_hurry_needs_no_waiters),
	T(flowing_time_sleeps_until_the_timer), T(real_time_sleeps_until_the_timer),
	T(a_ring_sleeps_until_the_timer_and_sees_descriptors), T(busy_polling_goes_on_while_it_pays),
	T(a_watch_may_remove_itself_and_others), T(a_loop_may_sleep_in_a_read),
	T(a_read_is_not_slept_in_where_others_would_wait), T(a_stream_is_slept_in_while_busy_polling_pays),
	T(more_of_a_stream_is_looked_for), T(a_try_in_a_stream_is_short), T(busy_polling_reads_as_well))
