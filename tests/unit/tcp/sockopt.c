/* SPDX-License-Identifier: MIT */
/* Options of TCP sockets: their bounds, and what they do. */
#include "tests/unit/alloc.h"
#include "tests/unit/tcp/pair.h"

/* ---- numbers ---- */

struct
try {
	enum sock_option opt;
	int value, answer; /* of setting it, and then of getting it where that is 0 */
	int then;
};

#define REFUSED(opt, value)            \
	{                              \
		opt, value, -EINVAL, 0 \
	}

/* The answers of Linux 6.18. Sizes of buffers are bounded by our rmem_max and wmem_max. */
static const struct try tries[] = {
	{SO_OPT_TCP_NODELAY, -1, 0, 1},
	{SO_OPT_TCP_NODELAY, 0, 0, 0},
	{SO_OPT_TCP_NODELAY, 7, 0, 1},
	{SO_OPT_TCP_CORK, 2, 0, 1},
	{SO_OPT_TCP_CORK, 0, 0, 0},
	REFUSED(SO_OPT_TCP_MAXSEG, -1),
	{SO_OPT_TCP_MAXSEG, 0, 0, 536},
	REFUSED(SO_OPT_TCP_MAXSEG, 87),
	{SO_OPT_TCP_MAXSEG, 88, 0, 88},
	{SO_OPT_TCP_MAXSEG, 32767, 0, 32767},
	REFUSED(SO_OPT_TCP_MAXSEG, 32768),
	REFUSED(SO_OPT_TCP_KEEPIDLE, 0),
	{SO_OPT_TCP_KEEPIDLE, 1, 0, 1},
	{SO_OPT_TCP_KEEPIDLE, 32767, 0, 32767},
	REFUSED(SO_OPT_TCP_KEEPIDLE, 32768),
	REFUSED(SO_OPT_TCP_KEEPINTVL, 0),
	{SO_OPT_TCP_KEEPINTVL, 32767, 0, 32767},
	REFUSED(SO_OPT_TCP_KEEPINTVL, 32768),
	REFUSED(SO_OPT_TCP_KEEPCNT, 0),
	{SO_OPT_TCP_KEEPCNT, 127, 0, 127},
	REFUSED(SO_OPT_TCP_KEEPCNT, 128),
	REFUSED(SO_OPT_TCP_SYNCNT, 0),
	{SO_OPT_TCP_SYNCNT, 127, 0, 127},
	REFUSED(SO_OPT_TCP_SYNCNT, 128),
	{SO_OPT_TCP_LINGER2, -2, 0, -1},
	{SO_OPT_TCP_LINGER2, 0, 0, 60},
	{SO_OPT_TCP_LINGER2, 3, 0, 3},
	{SO_OPT_TCP_LINGER2, 121, 0, 120},
	{SO_OPT_TCP_DEFER_ACCEPT, -1, 0, 0},
	{SO_OPT_TCP_DEFER_ACCEPT, 1, 0, 1},
	{SO_OPT_TCP_DEFER_ACCEPT, 2, 0, 3},
	{SO_OPT_TCP_DEFER_ACCEPT, 50, 0, 63},
	{SO_OPT_TCP_DEFER_ACCEPT, 128, 0, 247},
	{SO_OPT_TCP_DEFER_ACCEPT, 1000, 0, 1087},
	{SO_OPT_TCP_DEFER_ACCEPT, 65536, 0, 29887},
	{SO_OPT_TCP_QUICKACK, 0, 0, 0},
	{SO_OPT_TCP_QUICKACK, 1, 0, 1},
	{SO_OPT_TCP_QUICKACK, 2, 0, 1},
	REFUSED(SO_OPT_TCP_USER_TIMEOUT, -1),
	{SO_OPT_TCP_USER_TIMEOUT, 65536, 0, 65536},
	{SO_OPT_TCP_NOTSENT_LOWAT, -1, 0, -1},
	{SO_OPT_TCP_NOTSENT_LOWAT, 1000, 0, 1000},
	{SO_OPT_RCVBUF, -1, 0, 2 * 212992},
	{SO_OPT_RCVBUF, 0, 0, 2304},
	{SO_OPT_RCVBUF, 32767, 0, 65534},
	{SO_OPT_SNDBUF, -1, 0, 2 * 212992},
	{SO_OPT_SNDBUF, 0, 0, 4608},
	{SO_OPT_SNDBUF, 65536, 0, 131072},
	{SO_OPT_TOS, 3, 0, 0},
	{SO_OPT_TOS, 0xb9, 0, 0xb8},
	REFUSED(SO_OPT_TTL, 0),
	{SO_OPT_TTL, 255, 0, 255},
	{SO_OPT_TTL, -1, 0, 64},
	REFUSED(SO_OPT_TTL, 256),
	{SO_OPT_TCP_AT_MARK, 1, -ENOPROTOOPT, 0},
	{SO_OPT_MULTICAST_TTL, 1, -ENOPROTOOPT, 0},
};

static void numbers_have_linuxs_bounds(void)
{
	struct pair p = hosts();

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		const struct try *t = &tries[i];
		struct sock *sk = stream(p.a);
		int value = -1234;
		CU_ASSERT_EQUAL(sock_set(sk, t->opt, t->value), t->answer);
		if (!t->answer) {
			CU_ASSERT_EQUAL(sock_get(sk, t->opt, &value), 0);
			CU_ASSERT_EQUAL(value, t->then);
		}
		sock_close(sk);
	}
	over(&p);
}

static void defaults_are_linuxs(void)
{
	static const struct {
		enum sock_option opt;
		int value;
	} defaults[] = {{SO_OPT_TCP_NODELAY, 0}, {SO_OPT_TCP_MAXSEG, 536}, {SO_OPT_TCP_CORK, 0},
		{SO_OPT_TCP_KEEPIDLE, 7200}, {SO_OPT_TCP_KEEPINTVL, 75}, {SO_OPT_TCP_KEEPCNT, 9},
		{SO_OPT_TCP_SYNCNT, 6}, {SO_OPT_TCP_LINGER2, 60}, {SO_OPT_TCP_DEFER_ACCEPT, 0},
		{SO_OPT_TCP_QUICKACK, 1}, {SO_OPT_TCP_USER_TIMEOUT, 0}, {SO_OPT_TCP_NOTSENT_LOWAT, 0},
		{SO_OPT_RCVBUF, 131072}, {SO_OPT_SNDBUF, 16384}, {SO_OPT_TOS, 0}, {SO_OPT_TTL, 64},
		{SO_OPT_KEEPALIVE, 0}, {SO_OPT_OOBINLINE, 0}, {SO_OPT_LINGER, -1}, {SO_OPT_TCP_AT_MARK, 0}};
	struct pair p = hosts();
	struct sock *sk = stream(p.a);

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		int value = -1234;
		CU_ASSERT_EQUAL(sock_get(sk, defaults[i].opt, &value), 0);
		CU_ASSERT_EQUAL(value, defaults[i].value);
	}
	CU_ASSERT_STRING_EQUAL(sock_congestion(sk), "cubic");
	sock_close(sk);
	over(&p);
}

/* ---- congestion control ---- */

static void congestion_control_has_a_name_and_may_change(void)
{
	struct pair p = connected();

	CU_ASSERT_EQUAL(sock_set_congestion(p.client, "vegas"), -ENOENT);
	CU_ASSERT_EQUAL(sock_set_congestion(p.client, "reno"), 0);
	transfer(&p, 300000);
	CU_ASSERT_STRING_EQUAL(sock_congestion(p.client), "reno");
	uint64_t sent = 0, got = 0;
	for (int i = 0; i < 1000 && got < 300000; i++) { /* with bytes in flight, to and fro */
		pump_out(p.client, &sent, 300000);
		loop_turn(&p.l->loop, false);
		CU_ASSERT_EQUAL(sock_set_congestion(p.client, i % 2 ? "reno" : "cubic"), 0);
		lab_run(p.l, MS);
		pump_in(p.server, &got);
	}
	CU_ASSERT_EQUAL(got, 300000);
	p.a->sysctl[SYSCTL_TCP_CONGESTION_CONTROL] = 0;
	struct sock *sk = stream(p.a);
	CU_ASSERT_STRING_EQUAL(sock_congestion(sk), "reno");
	sock_close(sk);
	over(&p);
}

/* ---- keepalive ---- */

static void keepalive_may_be_set_late_and_taken_back(void)
{
	struct pair p = connected();

	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_KEEPALIVE, 1), 0);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_KEEPIDLE, 10), 0);
	lab_run(p.l, 9 * SEC);
	CU_ASSERT_EQUAL(p.a->mib[MIB_TcpExtTCPKeepAlive], 0);
	lab_run(p.l, 2 * SEC);
	CU_ASSERT_EQUAL(p.a->mib[MIB_TcpExtTCPKeepAlive], 1);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_KEEPALIVE, 0), 0);
	lab_run(p.l, 100 * SEC);
	CU_ASSERT_EQUAL(p.a->mib[MIB_TcpExtTCPKeepAlive], 1);
	lab_run(p.l, 100 * SEC);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_KEEPALIVE, 1), 0); /* silent for long: now */
	lab_run(p.l, SEC);
	CU_ASSERT_EQUAL(p.a->mib[MIB_TcpExtTCPKeepAlive], 2);
	over(&p);
}

static void keepalive_needs_memory_for_its_timer(void)
{
	struct pair p = connected();
	int value = 1;

	alloc_arm(1, true);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_KEEPALIVE, 1), -ENOMEM);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_KEEPALIVE, 0), 0);
	alloc_disarm();
	CU_ASSERT_EQUAL(sock_get(p.client, SO_OPT_KEEPALIVE, &value), 0);
	CU_ASSERT_EQUAL(value, 0);
	over(&p);
}

/* ---- room ---- */

static void below_notsent_lowat_there_is_room(void)
{
	struct pair p = connected();
	uint64_t sent = 0;

	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_NOTSENT_LOWAT, 5000), 0);
	for (int i = 0; i < 200; i++) {
		pump_out(p.client, &sent, 64 << 20);
		lab_run(p.l, MS);
	}
	struct tcp_info info;
	sock_tcp_info(p.client, &info);
	CU_ASSERT(info.notsent_bytes >= 5000 && info.notsent_bytes < 5000 + 65536);
	CU_ASSERT_FALSE(sock_ready(p.client) & SOCK_EVENT_WRITABLE);
	watch(&p);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_NOTSENT_LOWAT, 1 << 20), 0);
	lab_settle(p.l);
	CU_ASSERT_EQUAL(p.client_events & SOCK_EVENT_WRITABLE, sock_ready(p.client) & SOCK_EVENT_WRITABLE);
	over(&p);
}

/* ---- ACKs ---- */

static void quickack_sends_the_ack_that_waits(void)
{
	struct pair p = connected();
	struct tcp_conn *c = tcp_sock_conn(p.server);

	CU_ASSERT_EQUAL(sock_set(p.server, SO_OPT_TCP_QUICKACK, 0), 0);
	sock_send(p.client, "x", 1, 0, NULL);
	lab_run(p.l, MS);
	CU_ASSERT(tcp_timer_runs(c, TCP_TIMER_DELACK));
	CU_ASSERT_EQUAL(sock_set(p.server, SO_OPT_TCP_QUICKACK, 2), 0);
	lab_settle(p.l);
	CU_ASSERT_FALSE(tcp_timer_runs(c, TCP_TIMER_DELACK));
	CU_ASSERT_EQUAL(sock_unsent(p.client), 0);
	int value;
	CU_ASSERT(sock_get(p.server, SO_OPT_TCP_QUICKACK, &value) == 0 && value == 0);
	over(&p);
}

/* ---- small segments ---- */

static uint64_t data_segments(const struct sock *sk)
{
	struct tcp_info info = {0};

	CU_ASSERT_EQUAL(sock_tcp_info(sk, &info), 0);
	return info.data_segs_out;
}

/* RFC9293-MAY-16 */
static void more_and_cork_make_one_segment_of_several_writes(void)
{
	struct pair p = connected();

	for (int i = 0; i < 5; i++) {
		sock_send(p.client, "abc", 3, i < 4 ? MSG_MORE : 0, NULL);
		lab_run(p.l, MS);
	}
	CU_ASSERT_EQUAL(data_segments(p.client), 1);
	lab_run(p.l, 100 * MS);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_CORK, 1), 0);
	for (int i = 0; i < 5; i++) {
		sock_send(p.client, "abc", 3, 0, NULL);
		lab_run(p.l, MS);
	}
	CU_ASSERT_EQUAL(data_segments(p.client), 1);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_CORK, 0), 0);
	lab_run(p.l, MS);
	CU_ASSERT_EQUAL(data_segments(p.client), 2);
	CU_ASSERT_EQUAL(sock_unread(p.server), 30);
	over(&p);
}

static void nodelay_sends_what_is_corked_now(void)
{
	struct pair p = connected();

	sock_set(p.client, SO_OPT_TCP_CORK, 1);
	sock_send(p.client, "abc", 3, 0, NULL);
	lab_run(p.l, MS);
	CU_ASSERT_EQUAL(data_segments(p.client), 0);
	sock_set(p.client, SO_OPT_TCP_NODELAY, 1);
	lab_run(p.l, MS);
	CU_ASSERT_EQUAL(data_segments(p.client), 1);
	over(&p);
}

SUITE(tcp_sockopt, T(numbers_have_linuxs_bounds), T(defaults_are_linuxs),
	T(congestion_control_has_a_name_and_may_change), T(keepalive_may_be_set_late_and_taken_back),
	T(keepalive_needs_memory_for_its_timer), T(below_notsent_lowat_there_is_room),
	T(quickack_sends_the_ack_that_waits), T(more_and_cork_make_one_segment_of_several_writes),
	T(nodelay_sends_what_is_corked_now))
