/* SPDX-License-Identifier: MIT */
/* tapir.h alone, as an embedding program has it: two hosts on a cable, by the machine's clock. */
#include "tapir.h"

#include "tests/unit/alloc.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rig {
	struct tapir *t;
	struct tapir_host *a, *b;
};

static struct rig rig_new(void)
{
	struct rig r = {.t = tapir_new()};

	CU_ASSERT_PTR_NOT_NULL_FATAL(r.t);
	r.a = tapir_host_new(r.t, "a");
	r.b = tapir_host_new(r.t, "b");
	CU_ASSERT_EQUAL_FATAL(tapir_cable(r.a, "eth0", r.b, "eth0"), 0);
	CU_ASSERT_EQUAL(tapir_addr_add(r.a, "eth0", "10.0.0.1/24"), 0);
	CU_ASSERT_EQUAL(tapir_addr_add(r.b, "eth0", "10.0.0.2/24"), 0);
	return r;
}

static struct tapir_addr at(const char *text)
{
	struct tapir_addr a = {0};

	CU_ASSERT_FATAL(tapir_addr_parse(text, &a));
	return a;
}

/* Turns until the socket is ready for one of `events`. */
static bool wait_for(struct tapir *t, struct tapir_sock *sk, unsigned events)
{
	for (int i = 0; i < 10000 && !(tapir_ready(sk) & events); i++)
		tapir_turn(t, false);
	return tapir_ready(sk) & events;
}

static void addresses_are_read_and_written(void)
{
	static const char *const bad[] = {"", "10.0.0", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:65536",
		"10.0.0.1:-1", "1:2:3", "10.0.0.1111111111111", "10.0.0.1 :3"};
	struct tapir_addr a = at("10.0.0.1:80");
	char text[22];

	CU_ASSERT(a.ip == 0x0a000001 && a.port == 80);
	CU_ASSERT_STRING_EQUAL(tapir_addr_print(text, a), "10.0.0.1:80");
	CU_ASSERT_STRING_EQUAL(tapir_addr_print(text, at("255.255.255.255:65535")), "255.255.255.255:65535");
	a = at(":7");
	CU_ASSERT(a.ip == 0 && a.port == 7);
	a = at("1.2.3.4");
	CU_ASSERT(a.ip == 0x01020304 && a.port == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_FALSE(tapir_addr_parse(bad[i], &a));
}

static void text_goes_over_a_cable(void)
{
	struct rig r = rig_new();
	struct tapir_sock *l = tapir_socket(r.b, TAPIR_TCP), *c = tapir_socket(r.a, TAPIR_TCP);
	struct tapir_addr from, name;
	char b[16];
	int value;

	CU_ASSERT_EQUAL(tapir_bind(l, at(":80")), 0);
	CU_ASSERT_EQUAL(tapir_listen(l, 5), 0);
	CU_ASSERT_PTR_NULL(tapir_accept(l, NULL));
	CU_ASSERT_EQUAL(errno, EAGAIN);
	CU_ASSERT_EQUAL(tapir_set(c, TAPIR_OPT_NODELAY, 1), 0);
	CU_ASSERT(tapir_get(c, TAPIR_OPT_NODELAY, &value) == 0 && value == 1);
	CU_ASSERT_EQUAL(tapir_set(c, (enum tapir_option)999, 1), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(tapir_peer(c, &name), -ENOTCONN);
	CU_ASSERT_EQUAL(tapir_connect(c, at("10.0.0.2:80")), -EINPROGRESS);
	CU_ASSERT(wait_for(r.t, c, TAPIR_WRITABLE));
	struct tapir_sock *s = wait_for(r.t, l, TAPIR_READABLE) ? tapir_accept(l, &from) : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(tapir_name(c, &name), 0);
	CU_ASSERT(name.ip == from.ip && name.port == from.port);
	CU_ASSERT_EQUAL(tapir_peer(c, &name), 0);
	CU_ASSERT_EQUAL(name.port, 80);
	CU_ASSERT_EQUAL(tapir_send(c, "hello", 5, 0), 5);
	CU_ASSERT(wait_for(r.t, s, TAPIR_READABLE));
	CU_ASSERT_EQUAL(tapir_recv(s, b, sizeof(b), TAPIR_PEEK), 5);
	CU_ASSERT_EQUAL(tapir_recv(s, NULL, 1, TAPIR_TRUNC), 1);
	CU_ASSERT_EQUAL(tapir_recv(s, b, sizeof(b), 0), 4);
	CU_ASSERT_NSTRING_EQUAL(b, "ello", 4);
	CU_ASSERT_EQUAL(tapir_shutdown(c, SHUT_WR), 0);
	CU_ASSERT(wait_for(r.t, s, TAPIR_READABLE));
	CU_ASSERT_EQUAL(tapir_recv(s, b, sizeof(b), 0), 0);
	tapir_close(s);
	tapir_close(c);
	tapir_close(l);
	tapir_free(r.t);
}

static void datagrams_too(void)
{
	struct rig r = rig_new();
	struct tapir_sock *a = tapir_socket(r.a, TAPIR_UDP), *b = tapir_socket(r.b, TAPIR_UDP);
	struct tapir_addr from;
	char buf[16];

	CU_ASSERT_EQUAL(tapir_bind(b, at(":53")), 0);
	CU_ASSERT_EQUAL(tapir_send_to(a, "question", 8, 0, at("10.0.0.2:53")), 8);
	CU_ASSERT(wait_for(r.t, b, TAPIR_READABLE));
	CU_ASSERT_EQUAL(tapir_recv_from(b, buf, sizeof(buf), 0, &from), 8);
	CU_ASSERT_EQUAL(from.ip, at("10.0.0.1").ip);
	CU_ASSERT_EQUAL(tapir_send_to(b, "answer", 6, 0, from), 6);
	CU_ASSERT(wait_for(r.t, a, TAPIR_READABLE));
	CU_ASSERT_EQUAL(tapir_recv(a, buf, sizeof(buf), 0), 6);
	tapir_close(a);
	tapir_close(b);
	tapir_free(r.t);
}

static void a_router_between_two_hosts_is_a_few_lines(void)
{
	struct rig r = rig_new();
	struct tapir_host *far = tapir_host_new(r.t, "far");

	CU_ASSERT_EQUAL(tapir_cable(r.b, "eth1", far, "eth0"), 0);
	CU_ASSERT_EQUAL(tapir_addr_add(r.b, "eth1", "10.1.0.1/16"), 0);
	CU_ASSERT_EQUAL(tapir_addr_add(far, "eth0", "10.1.0.2/16"), 0);
	CU_ASSERT_EQUAL(tapir_sysctl(r.b, "net.ipv4.ip_forward", "1"), 0);
	CU_ASSERT_EQUAL(tapir_route_add(r.a, "10.1.0.0/16", "10.0.0.2"), 0);
	CU_ASSERT_EQUAL(tapir_route_add(far, "default", "10.1.0.1"), 0);
	struct tapir_sock *c = tapir_socket(r.a, TAPIR_TCP);
	CU_ASSERT_EQUAL(tapir_connect(c, at("10.1.0.2:9")), -EINPROGRESS);
	CU_ASSERT(wait_for(r.t, c, TAPIR_ERROR));
	int error = 0;
	CU_ASSERT(tapir_get(c, TAPIR_OPT_ERROR, &error) == 0 && error == ECONNREFUSED);
	tapir_close(c);
	tapir_free(r.t);
}

static void what_is_wrong_is_said(void)
{
	struct rig r = rig_new();

	CU_ASSERT_PTR_NULL(tapir_host_new(r.t, "a"));
	CU_ASSERT_EQUAL(errno, EEXIST);
	CU_ASSERT_EQUAL(tapir_addr_add(r.a, "eth7", "10.0.0.1/24"), -ENODEV);
	CU_ASSERT_EQUAL(tapir_addr_add(r.a, "eth0", "10.0.0.1/24"), -EEXIST);
	CU_ASSERT_EQUAL(tapir_addr_add(r.a, "eth0", "10.0.0.1/33"), -EINVAL);
	CU_ASSERT_EQUAL(tapir_addr_add(r.a, "eth0", "10.0.0.1/"), -EINVAL);
	CU_ASSERT_EQUAL(tapir_addr_add(r.a, "eth0", "ten/8"), -EINVAL);
	CU_ASSERT_EQUAL(tapir_route_add(r.a, "10.0.0.0/99", "10.0.0.2"), -EINVAL);
	CU_ASSERT_EQUAL(tapir_route_add(r.a, "default", "gateway"), -EINVAL);
	CU_ASSERT_EQUAL(tapir_route_add(r.a, "default", "192.0.2.1"), -ENETUNREACH);
	CU_ASSERT_EQUAL(tapir_sysctl(r.a, "net.ipv4.nothing", "1"), -ENOENT);
	CU_ASSERT_EQUAL(tapir_sysctl(r.a, "net.ipv4.ip_forward", "9"), -EINVAL);
	CU_ASSERT_EQUAL(tapir_cable(r.a, "eth0", r.b, "eth9"), -EEXIST);
	CU_ASSERT_NOT_EQUAL(tapir_tap(r.a, "a name that is too long", "tap9"), 0);
	CU_ASSERT_NOT_EQUAL(tapir_tun(r.a, "a name that is too long", "tun9"), 0);
	tapir_free(r.t);
}

static void note(struct tapir_sock *sk, unsigned events, void *ctx)
{
	*(unsigned *)ctx |= events;
	tapir_close(sk);
}

static void a_host_that_goes_hangs_its_sockets_up(void)
{
	struct rig r = rig_new();
	struct tapir_sock *c = tapir_socket(r.a, TAPIR_TCP);
	unsigned told = 0;

	tapir_listen(c, 1);
	tapir_on_event(c, note, &told);
	tapir_host_free(r.a);
	tapir_turn(r.t, false);
	CU_ASSERT_EQUAL(told, TAPIR_HANGUP);
	tapir_free(r.t);
}

/* ---- the loop ---- */

static void stop(void *ctx)
{
	tapir_stop(ctx);
}

static void timers_ring_and_run_ends_when_told(void)
{
	struct rig r = rig_new();
	struct tapir_timer *tm = tapir_timer_new(r.t, stop, r.t), *never = tapir_timer_new(r.t, stop, NULL);

	tapir_turn(r.t, false);
	uint64_t before = tapir_now_ns(r.t);
	tapir_timer_set(never, UINT64_C(3600000000000));
	tapir_timer_set(tm, 2000000);
	int ms = tapir_timeout_ms(r.t);
	CU_ASSERT(ms >= 0 && ms <= 3);
	tapir_run(r.t);
	CU_ASSERT(tapir_now_ns(r.t) >= before + 2000000);
	tapir_timer_free(tm);
	tapir_timer_free(never);
	tapir_free(r.t);
}

static void readable(int fd, short events, void *ctx)
{
	char b;

	CU_ASSERT_EQUAL(read(fd, &b, 1), 1);
	CU_ASSERT(events & POLLIN);
	tapir_stop(ctx);
}

static void descriptors_are_watched_and_the_loop_can_be(void)
{
	struct rig r = rig_new();
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	struct tapir_watch *w = tapir_watch(r.t, fds[0], POLLIN, readable, r.t);
	struct pollfd p = {.fd = tapir_fd(r.t), .events = POLLIN};
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	CU_ASSERT_EQUAL(write(fds[1], "x", 1), 1);
	CU_ASSERT_EQUAL(poll(&p, 1, 1000), 1);
	tapir_run(r.t);
	tapir_unwatch(w);
	close(fds[0]);
	close(fds[1]);
	tapir_free(r.t);
}

static void without_memory_there_is_nothing_and_errno_says_why(void)
{
	struct rig r = rig_new();

	alloc_arm(1, true);
	CU_ASSERT_PTR_NULL(tapir_new());
	CU_ASSERT_PTR_NULL(tapir_socket(r.a, TAPIR_TCP));
	CU_ASSERT_PTR_NULL(tapir_timer_new(r.t, stop, NULL));
	CU_ASSERT_PTR_NULL(tapir_watch(r.t, 0, POLLIN, readable, NULL));
	CU_ASSERT_PTR_NULL(tapir_host_new(r.t, "c"));
	alloc_disarm();
	CU_ASSERT_EQUAL(errno, ENOMEM);
	for (unsigned long nth = 2; nth < 4; nth++) { /* the core's socket is there, and ours not */
		alloc_arm(nth, false);
		struct tapir_sock *sk = tapir_socket(r.a, TAPIR_TCP);
		if (sk)
			tapir_close(sk);
		alloc_disarm();
	}
	tapir_free(r.t);
}

SUITE(stack_embedding, T(addresses_are_read_and_written), T(text_goes_over_a_cable), T(datagrams_too),
	T(a_router_between_two_hosts_is_a_few_lines), T(what_is_wrong_is_said),
	T(a_host_that_goes_hangs_its_sockets_up), T(timers_ring_and_run_ends_when_told),
	T(descriptors_are_watched_and_the_loop_can_be), T(without_memory_there_is_nothing_and_errno_says_why))
