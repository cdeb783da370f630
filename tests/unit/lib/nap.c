/* SPDX-License-Identifier: MIT */
/* A read() that ends when another descriptor is readable, too. */
#include "lib/nap.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct fixture {
	struct nap n;
	int near, far; /* a pair of sockets; `near` is blocking */
	int alarm;     /* the other descriptor */
};

static bool setup(struct fixture *f)
{
	int pair[2];

	nap_init(&f->n);
	if (!nap_enable(&f->n)) {
		unit_skip("no io_uring here");
		return false;
	}
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	f->near = pair[0];
	f->far = pair[1];
	f->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	return true;
}

static void teardown(struct fixture *f)
{
	nap_exit(&f->n);
	close(f->near);
	close(f->far);
	close(f->alarm);
}

static void ring_in(struct fixture *f, long ns)
{
	timerfd_settime(f->alarm, 0, &(struct itimerspec){.it_value.tv_nsec = ns}, NULL);
}

static void stop(struct fixture *f)
{
	uint64_t times;

	CU_ASSERT_EQUAL(read(f->alarm, &times, sizeof(times)), sizeof(times));
}

static void what_comes_is_read(void)
{
	struct fixture f;
	char buf[8];

	if (!setup(&f))
		return;
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(nap_begin(&f.n, f.near, f.alarm));
		CU_ASSERT_EQUAL(write(f.far, "abc", 3), 3);
		CU_ASSERT_EQUAL(read(f.n.fd, buf, sizeof(buf)), 3);
		CU_ASSERT_FALSE(nap_is_over(&f.n));
	}
	teardown(&f);
}

/* While it sleeps, and again. */
static void the_other_ends_it(void)
{
	struct fixture f;
	char buf[8];

	if (!setup(&f))
		return;
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(nap_begin(&f.n, f.near, f.alarm));
		ring_in(&f, 2000000);
		CU_ASSERT_EQUAL(read(f.n.fd, buf, sizeof(buf)), -1);
		CU_ASSERT_EQUAL(errno, EBADF);
		CU_ASSERT_TRUE(nap_is_over(&f.n));
		stop(&f);
	}
	teardown(&f);
}

/* Before it sleeps: nothing is missed. */
static void the_other_may_have_been_first(void)
{
	struct fixture f;
	char buf[8];

	if (!setup(&f))
		return;
	CU_ASSERT_TRUE(nap_begin(&f.n, f.near, f.alarm));
	ring_in(&f, 1);
	CU_ASSERT_EQUAL(read(f.n.fd, buf, sizeof(buf)), -1);
	CU_ASSERT_EQUAL(errno, EBADF);
	CU_ASSERT_FALSE(nap_begin(&f.n, f.near, f.alarm)); /* it is still readable */
	stop(&f);
	CU_ASSERT_TRUE(nap_begin(&f.n, f.near, f.alarm));
	CU_ASSERT_EQUAL(write(f.far, "abc", 3), 3);
	CU_ASSERT_EQUAL(read(f.n.fd, buf, sizeof(buf)), 3);
	teardown(&f);
}

static void nothing_stays_open(void)
{
	struct fixture f;
	char c;

	if (!setup(&f))
		return;
	nap_end(&f.n, f.near); /* there is none */
	CU_ASSERT_TRUE(nap_begin(&f.n, f.near, f.alarm));
	int second = f.n.fd;
	nap_end(&f.n, f.far); /* another's */
	CU_ASSERT_EQUAL(f.n.fd, second);
	nap_end(&f.n, f.near);
	CU_ASSERT_EQUAL(fcntl(second, F_GETFD), -1);
	close(f.near);
	CU_ASSERT_EQUAL(read(f.far, &c, 1), 0);
	f.near = f.far;
	CU_ASSERT_TRUE(nap_begin(&f.n, f.far, f.alarm));
	ring_in(&f, 1);
	CU_ASSERT(read(f.n.fd, &c, 1) <= 0);
	CU_ASSERT_TRUE(nap_is_over(&f.n));
	second = f.n.fd;
	CU_ASSERT_EQUAL(dup2(f.alarm, second), second); /* closed by the ring: the number is free */
	nap_end(&f.n, f.far);
	CU_ASSERT_EQUAL(f.n.fd, -1);
	CU_ASSERT_EQUAL(close(second), 0); /* and was not closed a second time */
	f.far = -1;
	teardown(&f);
}

static void two_take_turns(void)
{
	struct fixture f;
	char c;

	if (!setup(&f))
		return;
	CU_ASSERT_EQUAL(write(f.far, "a", 1), 1);
	CU_ASSERT_EQUAL(write(f.near, "b", 1), 1);
	CU_ASSERT_TRUE(nap_begin(&f.n, f.near, f.alarm));
	CU_ASSERT_TRUE(read(f.n.fd, &c, 1) == 1 && c == 'a');
	CU_ASSERT_TRUE(nap_begin(&f.n, f.far, f.alarm));
	CU_ASSERT_TRUE(read(f.n.fd, &c, 1) == 1 && c == 'b');
	teardown(&f);
}

static void without_a_ring_nobody_sleeps(void)
{
	struct nap n;

	nap_init(&n);
	CU_ASSERT_FALSE(nap_begin(&n, 0, 1));
	nap_end(&n, 0);
	nap_exit(&n);
	CU_ASSERT_NOT_EQUAL(fcntl(0, F_GETFD), -1); /* it is not ours to close */
}

SUITE(lib_nap, T(what_comes_is_read), T(the_other_ends_it), T(the_other_may_have_been_first),
	T(nothing_stays_open), T(two_take_turns), T(without_a_ring_nobody_sleeps))
