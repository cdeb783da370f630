/* SPDX-License-Identifier: MIT */
/* io_uring: what waits, what does not, and what is given up. */
#include "lib/uring.h"

#include "lib/bytes.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	struct uring u;
	int near, far; /* a pair of sockets that keep messages apart */
};

static bool setup(struct fixture *f)
{
	int pair[2];

	if (!uring_init(&f->u, URING_DEFERS)) {
		unit_skip("no io_uring here");
		return false;
	}
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	f->near = pair[0];
	f->far = pair[1];
	return true;
}

static void teardown(struct fixture *f)
{
	close(f->near);
	close(f->far);
	uring_exit(&f->u);
}

struct counted {
	struct uring_op op;
	int times;
};

static void count(struct uring_op *op)
{
	CONTAINER_OF(op, struct counted, op)->times++;
}

static void a_poll_waits_until_there_is_something(void)
{
	struct fixture f;
	struct counted p = {.op.done = count};

	if (!setup(&f))
		return;
	uring_poll(&f.u, &p.op, f.near);
	uring_enter(&f.u, false);
	CU_ASSERT_TRUE(p.op.pending);
	CU_ASSERT_EQUAL(p.times, 0);
	CU_ASSERT_EQUAL(write(f.far, "abc", 3), 3);
	uring_enter(&f.u, true);
	CU_ASSERT_FALSE(p.op.pending);
	CU_ASSERT_EQUAL(p.times, 1);
	CU_ASSERT_TRUE(p.op.res & POLLIN);
	uring_poll(&f.u, &p.op, f.near); /* it is still there */
	uring_enter(&f.u, true);
	CU_ASSERT_EQUAL(p.times, 2);
	teardown(&f);
}

/* The other end answers what we write, and only that wakes us: the writes alone would not. */
static void writes_go_first_and_in_order_and_do_not_end_the_wait(void)
{
	struct fixture f;
	struct uring_op w[2] = {0}, back = {0}, poll = {0};
	char buf[8];

	if (!setup(&f))
		return;
	uring_poll(&f.u, &poll, f.far);
	uring_write(&f.u, &w[0], f.near, "1", 1);
	uring_write(&f.u, &w[1], f.near, "22", 2);
	uring_poll(&f.u, &back, f.near);
	uring_enter(&f.u, true);
	CU_ASSERT_FALSE(w[0].pending || w[1].pending || poll.pending);
	CU_ASSERT_EQUAL(w[1].res, 2);
	CU_ASSERT_TRUE(back.pending);
	CU_ASSERT_EQUAL(read(f.far, buf, sizeof(buf)), 1);
	CU_ASSERT_EQUAL(read(f.far, buf, sizeof(buf)), 2);
	teardown(&f);
}

static void a_write_that_would_wait_fails(void)
{
	struct fixture f;
	struct uring_op w = {0};
	static char block[4096];

	if (!setup(&f))
		return;
	while (write(f.near, block, sizeof(block)) > 0)
		;
	uring_write(&f.u, &w, f.near, block, sizeof(block));
	uring_enter(&f.u, false);
	CU_ASSERT_FALSE(w.pending);
	CU_ASSERT_EQUAL(w.res, -EAGAIN);
	teardown(&f);
}

static void more_than_the_queue_holds_goes_in_parts(void)
{
	struct fixture f;
	struct counted w[150];
	char c;
	int sent = 0;

	if (!setup(&f))
		return;
	for (size_t i = 0; i < 150; i++) {
		w[i] = (struct counted){.op.done = count};
		uring_write(&f.u, &w[i].op, f.near, "x", 1);
		for (; read(f.far, &c, 1) == 1; sent++)
			;
	}
	uring_enter(&f.u, false);
	for (; read(f.far, &c, 1) == 1; sent++)
		;
	CU_ASSERT_EQUAL(sent, 150);
	for (size_t i = 0; i < 150; i++)
		CU_ASSERT_TRUE(w[i].times == 1 && w[i].op.res == 1);
	teardown(&f);
}

static void what_lies_in_several_places_is_one_write(void)
{
	struct iovec v[] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
	struct uring_op w[2] = {0};
	struct fixture f;
	char buf[20];

	if (!setup(&f))
		return;
	uring_writev(&f.u, &w[0], f.near, v, 3);
	uring_writev(&f.u, &w[1], f.near, v, 1);
	uring_enter(&f.u, false);
	CU_ASSERT_TRUE(!w[0].pending && w[0].res == 13);
	CU_ASSERT_EQUAL(read(f.far, buf, sizeof(buf)), 13);
	CU_ASSERT_EQUAL(memcmp(buf, "one two three", 13), 0);
	CU_ASSERT_EQUAL(read(f.far, buf, sizeof(buf)), 4);
	teardown(&f);
}

static void a_poll_that_is_cancelled_is_done(void)
{
	struct fixture f;
	struct counted p = {.op.done = count};

	if (!setup(&f))
		return;
	uring_poll(&f.u, &p.op, f.near);
	uring_enter(&f.u, false);
	uring_cancel(&f.u, &p.op);
	CU_ASSERT_FALSE(p.op.pending);
	CU_ASSERT_EQUAL(p.times, 1);
	CU_ASSERT_EQUAL(p.op.res, -ECANCELED);
	uring_cancel(&f.u, &p.op); /* a second time: nothing to end */
	CU_ASSERT_EQUAL(p.times, 1);
	teardown(&f);
}

/* One write alone, of either kind, goes by a system call of its own: the ring has nothing of it. */
static void a_flush_hands_over_what_there_is(void)
{
	struct iovec v[] = {{"one ", 4}, {"two", 3}};
	struct fixture f;
	struct counted w[3] = {{{.done = count}, 0}, {{.done = count}, 0}, {{.done = count}, 0}};
	char buf[20];

	if (!setup(&f))
		return;
	uring_flush(&f.u); /* nothing */
	uring_write(&f.u, &w[0].op, f.near, "abc", 3);
	uring_flush(&f.u);
	CU_ASSERT_TRUE(w[0].times == 1 && w[0].op.res == 3 && !w[0].op.pending);
	uring_writev(&f.u, &w[0].op, f.near, v, 2);
	uring_flush(&f.u);
	CU_ASSERT_TRUE(w[0].times == 2 && w[0].op.res == 7);
	w[1].op.never_waits = true;
	for (int i = 0; i < 3; i++)
		uring_write(&f.u, &w[i].op, f.near, &"def"[i], 1);
	uring_flush(&f.u);
	CU_ASSERT_TRUE(w[0].times == 3 && w[1].times == 1 && w[2].times == 1);
	uring_write(&f.u, &w[0].op, f.near, "g", 1);
	uring_enter(&f.u, false); /* and nothing comes twice */
	CU_ASSERT_EQUAL(read(f.far, buf, sizeof(buf)), 3);
	CU_ASSERT_EQUAL(read(f.far, buf, sizeof(buf)), 7);
	CU_ASSERT_EQUAL(memcmp(buf, "one two", 7), 0);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_TRUE(read(f.far, buf, sizeof(buf)) == 1 && buf[0] == "defg"[i]);
	CU_ASSERT_EQUAL(read(f.far, buf, sizeof(buf)), -1);
	close(f.far);
	f.far = -1;
	signal(SIGPIPE, SIG_IGN);
	uring_write(&f.u, &w[0].op, f.near, "abc", 3);
	uring_flush(&f.u);
	CU_ASSERT_EQUAL(w[0].op.res, -EPIPE);
	teardown(&f);
}

/* By a descriptor that waits, and by one that does not. */
static void a_flush_never_waits(void)
{
	struct fixture f;
	struct counted w[2] = {{{.done = count}, 0}, {{.done = count}, 0}};
	int flags;

	if (!setup(&f))
		return;
	w[1].op.never_waits = true;
	flags = fcntl(f.near, F_GETFL);
	fcntl(f.near, F_SETFL, flags & ~O_NONBLOCK);
	for (int i = 0; i < 100000 && w[0].op.res >= 0; i++) {
		uring_write(&f.u, &w[0].op, f.near, "abc", 3);
		uring_flush(&f.u);
	}
	CU_ASSERT_EQUAL(w[0].op.res, -EAGAIN);
	fcntl(f.near, F_SETFL, flags | O_NONBLOCK);
	uring_write(&f.u, &w[1].op, f.near, "abc", 3);
	uring_write(&f.u, &w[0].op, f.near, "abc", 3);
	uring_flush(&f.u);
	CU_ASSERT_TRUE(w[1].op.res == -EAGAIN && w[0].op.res == -EAGAIN);
	teardown(&f);
}

/* Then what is queued goes by the ring, with it and in order. */
static void a_flush_takes_a_poll_along(void)
{
	struct fixture f;
	struct counted poll = {{.done = count}, 0}, w[2] = {{{.done = count}, 0}, {{.done = count}, 0}};
	char buf[8];

	if (!setup(&f))
		return;
	uring_write(&f.u, &w[0].op, f.near, "a", 1);
	uring_poll(&f.u, &poll.op, f.far);
	uring_write(&f.u, &w[1].op, f.near, "b", 1);
	uring_flush(&f.u);
	CU_ASSERT_TRUE(w[0].times == 1 && w[1].times == 1);
	CU_ASSERT_TRUE(poll.times == 1 && poll.op.res == POLLIN);
	CU_ASSERT_TRUE(read(f.far, buf, sizeof(buf)) == 1 && buf[0] == 'a');
	CU_ASSERT_TRUE(read(f.far, buf, sizeof(buf)) == 1 && buf[0] == 'b');
	teardown(&f);
}

static void a_poll_may_close_another(void)
{
	struct uring_op poll = {0}, closed = {0};
	struct fixture f;
	int second[2];

	if (!setup(&f))
		return;
	for (int i = 0; i < 2; i++)
		second[i] = dup(f.near);
	uring_poll_and_close(&f.u, &poll, f.near, &closed, second[0]);
	uring_enter(&f.u, false);
	CU_ASSERT_TRUE(poll.pending && closed.pending);
	uring_cancel(&f.u, &poll); /* then it stays open */
	while (closed.pending)
		uring_enter(&f.u, false);
	CU_ASSERT(closed.res < 0);
	CU_ASSERT_EQUAL(close(second[0]), 0);
	uring_poll_and_close(&f.u, &poll, f.near, &closed, second[1]);
	CU_ASSERT_EQUAL(write(f.far, "abc", 3), 3);
	while (closed.pending)
		uring_enter(&f.u, true);
	CU_ASSERT_EQUAL(closed.res, 0);
	CU_ASSERT_EQUAL(close(second[1]), -1);
	teardown(&f);
}

SUITE(lib_uring, T(a_poll_waits_until_there_is_something),
	T(writes_go_first_and_in_order_and_do_not_end_the_wait), T(a_write_that_would_wait_fails),
	T(more_than_the_queue_holds_goes_in_parts), T(a_poll_that_is_cancelled_is_done),
	T(what_lies_in_several_places_is_one_write), T(a_flush_hands_over_what_there_is),
	T(a_flush_never_waits), T(a_flush_takes_a_poll_along), T(a_poll_may_close_another))
