/* SPDX-License-Identifier: MIT */
/*
 * Every call in every state (RFC 9293 3.10.1 to 3.10.6; what time brings, 3.10.8, stands at the end).
 *
 * The first table holds the answers of Linux 6.18, found by a program that brought sockets into these states; those for
 * states that a program cannot stay in (SYN-RECEIVED, FIN-WAIT-1, CLOSING, LAST-ACK) follow from its neighbours. In
 * each cell the call is the first one in that state. The second table holds what CLOSE and ABORT say to the peer.
 */
#include "tests/unit/tcp/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- states, also those that are the same to TCP and not to a program ---- */

enum situation {
	closed,
	listening,
	syn_sent,
	syn_received,
	established,
	fin_wait_1,
	fin_wait_2,
	close_wait,
	closing,
	last_ack,
	time_wait,
	after_last_ack,
	reset,
	refused,
	reset_in_close_wait,
	shut_reading,
	listening_shut,
	syn_sent_shut,
	SITUATIONS
};

static struct bench *bring_into(enum situation where)
{
	static const uint8_t state[SITUATIONS] = {[closed] = TCP_CLOSED,
		[listening] = TCP_LISTEN,
		[syn_sent] = TCP_SYN_SENT,
		[syn_received] = TCP_SYN_RECEIVED,
		[established] = TCP_ESTABLISHED,
		[fin_wait_1] = TCP_FIN_WAIT_1,
		[fin_wait_2] = TCP_FIN_WAIT_2,
		[close_wait] = TCP_CLOSE_WAIT,
		[closing] = TCP_CLOSING,
		[last_ack] = TCP_LAST_ACK,
		[time_wait] = TCP_TIME_WAIT,
		[after_last_ack] = TCP_LAST_ACK,
		[reset] = TCP_ESTABLISHED,
		[refused] = TCP_SYN_SENT,
		[reset_in_close_wait] = TCP_CLOSE_WAIT,
		[shut_reading] = TCP_ESTABLISHED,
		[listening_shut] = TCP_LISTEN,
		[syn_sent_shut] = TCP_SYN_SENT};
	struct bench *b = bench_new();

	bench_into(b, state[where], state[where] != TCP_LISTEN);
	if (where == closed)
		b->sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	if (state[where] == TCP_LISTEN) {
		b->sk = b->listener;
		b->listener = NULL;
	}
	if (where == after_last_ack)
		bench_say(b, TCP_ACK, 0);
	if (where == reset || where == refused || where == reset_in_close_wait)
		bench_say(b, TCP_RST | TCP_ACK, 0);
	if (where == shut_reading || where == listening_shut)
		CU_ASSERT_EQUAL(sock_shutdown(b->sk, SHUT_RD), 0);
	if (where == syn_sent_shut)
		CU_ASSERT_EQUAL(sock_shutdown(b->sk, SHUT_WR), 0);
	lab_settle(b->l);
	bench_last(b);
	return b;
}

/* ---- calls ---- */

enum {
	READY_IN = SOCK_EVENT_READABLE,
	READY_OUT = SOCK_EVENT_WRITABLE,
	READY_HUP = SOCK_EVENT_HANGUP,
	READY_ERR = SOCK_EVENT_ERROR
};

static const struct sock_addr elsewhere = {.ip = OTHER, .port = 9};

static int c_poll(struct sock *sk)
{
	return (int)sock_ready(sk);
}

static int c_send(struct sock *sk)
{
	return (int)sock_send(sk, "x", 1, 0, NULL);
}

static int c_recv(struct sock *sk)
{
	char b[9];

	return (int)sock_recv(sk, b, sizeof(b), 0, NULL);
}

static int c_recv2(struct sock *sk)
{
	c_recv(sk);
	return c_recv(sk);
}

static int c_oob(struct sock *sk)
{
	char b;

	return (int)sock_recv(sk, &b, 1, MSG_OOB, NULL);
}

static int c_connect(struct sock *sk)
{
	return sock_connect(sk, &elsewhere);
}

static int c_connect2(struct sock *sk)
{
	c_connect(sk);
	return c_connect(sk);
}

static int c_bind(struct sock *sk)
{
	return sock_bind(sk, &(struct sock_addr){.ip = ME});
}

static int c_listen(struct sock *sk)
{
	return sock_listen(sk, 1);
}

static int c_accept(struct sock *sk)
{
	return sock_accept(sk, NULL) ? 0 : -errno;
}

static int c_shut_rd(struct sock *sk)
{
	return sock_shutdown(sk, SHUT_RD);
}

static int c_shut_wr(struct sock *sk)
{
	return sock_shutdown(sk, SHUT_WR);
}

static int c_shut_both(struct sock *sk)
{
	return sock_shutdown(sk, SHUT_RDWR);
}

static int c_peer(struct sock *sk)
{
	struct sock_addr a;

	return sock_peer(sk, &a);
}

static int c_error(struct sock *sk)
{
	int error = -1;

	sock_get(sk, SO_OPT_ERROR, &error);
	return error;
}

static int c_disconnect(struct sock *sk)
{
	return sock_connect(sk, &(struct sock_addr){0});
}

static int (*const calls[])(struct sock *sk) = {c_poll, c_send, c_recv, c_recv2, c_oob, c_connect, c_connect2,
	c_bind, c_listen, c_accept, c_shut_rd, c_shut_wr, c_shut_both, c_peer, c_error, c_disconnect};

/* ---- the answers ---- */

#define IN_  READY_IN
#define OUT_ READY_OUT
#define HUP_ READY_HUP
#define ERR_ READY_ERR
enum {
	EAGN = -EAGAIN,
	PIPE = -EPIPE,
	NCON = -ENOTCONN,
	INVL = -EINVAL,
	PROG = -EINPROGRESS,
	ALRD = -EALREADY,
	ISCN = -EISCONN,
	CRST = -ECONNRESET,
	REFU = -ECONNREFUSED
};

/* clang-format off */
static const int answers[SITUATIONS][ARRAY_SIZE(calls)] = {
/*                  poll               send  recv recv2   oob  conn conn2  bind listn accpt  shrd  shwr shboth peer  err disc */
[closed]         = {OUT_|HUP_,         PIPE, NCON, NCON, INVL, PROG, ALRD,    0,    0, INVL, NCON, NCON, NCON, NCON, 0, 0},
[listening]      = {0,                 PIPE, NCON, NCON, NCON, ISCN, ISCN, INVL,    0, EAGN,    0,    0,    0, NCON, 0, 0},
[syn_sent]       = {0,                 EAGN, EAGN, EAGN, INVL, ALRD, ALRD, INVL, INVL, INVL,    0,    0,    0, NCON, 0, 0},
[syn_received]   = {0,                 EAGN, EAGN, EAGN, INVL, ALRD, ALRD, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[established]    = {OUT_,                 1, EAGN, EAGN, INVL,    0, ISCN, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[fin_wait_1]     = {OUT_,              PIPE, EAGN, EAGN, INVL, ISCN, ISCN, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[fin_wait_2]     = {OUT_,              PIPE, EAGN, EAGN, INVL, ISCN, ISCN, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[close_wait]     = {IN_|OUT_,             1,    0,    0, INVL,    0, ISCN, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[closing]        = {IN_|OUT_|HUP_,     PIPE,    0,    0, INVL, ISCN, ISCN, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[last_ack]       = {IN_|OUT_|HUP_,     PIPE,    0,    0, INVL, ISCN, ISCN, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[time_wait]      = {IN_|OUT_|HUP_,     PIPE,    0,    0, INVL, ISCN, ISCN, INVL, INVL, INVL, NCON, NCON, NCON, NCON, 0, 0},
[after_last_ack] = {IN_|OUT_|HUP_,     PIPE,    0,    0, INVL, ISCN, ISCN, INVL, INVL, INVL, NCON, NCON, NCON, NCON, 0, 0},
[reset]          = {IN_|OUT_|HUP_|ERR_, CRST, CRST,   0, INVL, CRST, PROG, INVL, INVL, INVL, NCON, NCON, NCON, NCON, ECONNRESET, 0},
[refused]        = {IN_|OUT_|HUP_|ERR_, REFU, REFU,   0, INVL, REFU, PROG, INVL, INVL, INVL, NCON, NCON, NCON, NCON, ECONNREFUSED, 0},
[reset_in_close_wait] =
		   {IN_|OUT_|HUP_|ERR_, PIPE,    0,   0, INVL, PIPE, PROG, INVL, INVL, INVL, NCON, NCON, NCON, NCON, EPIPE, 0},
[shut_reading]   = {IN_|OUT_,             1,    0,    0, INVL, ISCN, ISCN, INVL, INVL, INVL,    0,    0,    0,    0, 0, 0},
[listening_shut] = {OUT_|HUP_,         PIPE, NCON, NCON, INVL, PROG, ALRD, INVL,    0, INVL, NCON, NCON, NCON, NCON, 0, 0},
[syn_sent_shut]  = {OUT_|HUP_|ERR_,    CRST, CRST, NCON, INVL, PROG, ALRD, INVL,    0, INVL, NCON, NCON, NCON, NCON, ECONNRESET, 0},
};
/* clang-format on */

static void check(enum situation where)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct bench *b = bring_into(where);
		int answer = calls[i](b->sk);
		if (answer != answers[where][i])
			printf("situation %d, call %zu: %d and not %d\n", where, i, answer,
				answers[where][i]);
		CU_ASSERT_EQUAL(answer, answers[where][i]);
		bench_free(b);
	}
}

/* clang-format off */
#define IN_STATE(where) static void calls_in_##where(void) { check(where); }
/* clang-format on */
/* RFC9293-MUST-41 */
IN_STATE(closed)
IN_STATE(listening)
IN_STATE(syn_sent)
IN_STATE(syn_received)
IN_STATE(established)
IN_STATE(fin_wait_1)
IN_STATE(fin_wait_2)
IN_STATE(close_wait)
IN_STATE(closing)
IN_STATE(last_ack)
IN_STATE(time_wait)
IN_STATE(after_last_ack)
IN_STATE(reset)
IN_STATE(refused)
IN_STATE(reset_in_close_wait)
IN_STATE(shut_reading)
IN_STATE(listening_shut)
IN_STATE(syn_sent_shut)

/* ---- CLOSE (3.10.4) and ABORT (3.10.5): what the peer hears, and what is left ---- */

struct end {
	uint16_t flags; /* of the segment that is sent; 0: none */
	uint8_t state;	/* of the four numbers afterwards */
};

static void check_end(const struct end *want, enum situation where, bool abort)
{
	struct bench *b = bring_into(where);

	if (abort)
		CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_LINGER, 0), 0);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	struct bench_seen seen = bench_next(b);
	int flags = seen.any ? seen.h.flags & ~TCP_PSH : 0;
	if (flags != want->flags || bench_state(b) != want->state)
		printf("situation %d, abort %d: flags %x, state %d\n", where, abort, flags, bench_state(b));
	CU_ASSERT_EQUAL(flags, want->flags);
	CU_ASSERT_EQUAL(bench_state(b), want->state);
	CU_ASSERT_FALSE(bench_next(b).any);
	bench_free(b);
}

static void close_in_each_state(void)
{
	static const struct end ends[] = {
		[closed] = {0, TCP_CLOSED},
		[listening] = {0, TCP_CLOSED},
		[syn_sent] = {0, TCP_CLOSED},
		[syn_received] = {TCP_FIN | TCP_ACK, TCP_FIN_WAIT_1},
		[established] = {TCP_FIN | TCP_ACK, TCP_FIN_WAIT_1},
		[fin_wait_1] = {0, TCP_FIN_WAIT_1},
		[fin_wait_2] = {0, TCP_FIN_WAIT_2},
		[close_wait] = {TCP_FIN | TCP_ACK, TCP_LAST_ACK},
		[closing] = {0, TCP_CLOSING},
		[last_ack] = {0, TCP_LAST_ACK},
		[time_wait] = {0, TCP_TIME_WAIT},
	};

	for (enum situation i = closed; i <= time_wait; i++)
		check_end(&ends[i], i, false);
}

static void abort_in_each_state(void)
{
	static const struct end ends[] = {
		[closed] = {0, TCP_CLOSED},
		[listening] = {0, TCP_CLOSED},
		[syn_sent] = {0, TCP_CLOSED},
		[syn_received] = {TCP_RST | TCP_ACK, TCP_CLOSED},
		[established] = {TCP_RST | TCP_ACK, TCP_CLOSED},
		[fin_wait_1] = {TCP_RST | TCP_ACK, TCP_CLOSED},
		[fin_wait_2] = {TCP_RST | TCP_ACK, TCP_CLOSED},
		[close_wait] = {TCP_RST | TCP_ACK, TCP_CLOSED},
		[closing] = {0, TCP_CLOSED},
		[last_ack] = {0, TCP_CLOSED},
		[time_wait] = {0, TCP_TIME_WAIT},
	};

	for (enum situation i = closed; i <= time_wait; i++)
		check_end(&ends[i], i, true);
}

/* ---- STATUS (3.10.6) ---- */

static void find_row(void *ctx, const struct tcp_row *row)
{
	struct tcp_row *found = ctx;

	if (row->state != TCP_LISTEN || found->state == TCP_CLOSED)
		*found = *row;
}

static void status_in_each_state(void)
{
	for (enum situation i = listening; i <= time_wait; i++) {
		struct bench *b = bring_into(i);
		struct tcp_row row = {0};
		struct tcp_info info;
		CU_ASSERT_EQUAL(sock_tcp_info(b->sk, &info), 0);
		CU_ASSERT_EQUAL(
			info.state, i == time_wait ? TCP_CLOSED : (int)i); /* the socket has none any more */
		tcp_each(b->s, find_row, &row);
		CU_ASSERT_EQUAL(row.state, (int)i);
		CU_ASSERT_EQUAL(row.info.state, (int)i);
		CU_ASSERT_EQUAL(row.local, i == listening ? 0 : ME);
		CU_ASSERT_EQUAL(row.remote_port, i == listening ? 0 : PEER_PORT);
		CU_ASSERT_PTR_EQUAL(row.sk, i == time_wait ? NULL : b->sk);
		bench_free(b);
	}
}

/* ---- time-outs (3.10.8) ---- */

/* USER TIMEOUT: "connection aborted due to user timeout", in each state in which something waits for the peer. */
static void user_timeout_in_each_state(void)
{
	static const enum situation waiting[] = {
		syn_sent, syn_received, established, fin_wait_1, close_wait, closing, last_ack};

	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
		struct bench *b = bring_into(waiting[i]);
		CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_USER_TIMEOUT, 5000), 0);
		if (waiting[i] == established || waiting[i] == close_wait)
			CU_ASSERT_EQUAL(c_send(b->sk), 1);
		lab_run(b->l, 4 * SEC);
		CU_ASSERT_NOT_EQUAL(bench_state(b), TCP_CLOSED);
		lab_run(b->l, 10 * SEC);
		CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSED);
		CU_ASSERT_EQUAL(c_error(b->sk), ETIMEDOUT);
		bench_free(b);
	}
}

/* RETRANSMISSION TIMEOUT: what is first in the retransmission queue is sent again. */
static void retransmission_timeout_in_each_state(void)
{
	static const struct {
		enum situation where;
		uint16_t flags;
	} cases[] = {
		{syn_sent, TCP_SYN},
		{syn_received, TCP_SYN | TCP_ACK},
		{established, TCP_ACK},
		{fin_wait_1, TCP_FIN | TCP_ACK},
		{close_wait, TCP_ACK},
		{closing, TCP_FIN | TCP_ACK},
		{last_ack, TCP_FIN | TCP_ACK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench *b = bring_into(cases[i].where);
		if (cases[i].where == established || cases[i].where == close_wait)
			CU_ASSERT_EQUAL(c_send(b->sk), 1);
		lab_settle(b->l);
		bench_last(b);
		lab_run(b->l, 5 * SEC);
		struct bench_seen seen = bench_next(b);
		CU_ASSERT(seen.any);
		CU_ASSERT_EQUAL(seen.h.flags & ~TCP_PSH, cases[i].flags);
		bench_free(b);
	}
}

/* TIME-WAIT TIMEOUT; and what never ends by itself does not. */
static void time_wait_timeout_and_no_other(void)
{
	static const enum situation still[] = {listening, established, fin_wait_2, close_wait};
	struct bench *b = bring_into(time_wait);

	lab_run(b->l, 59 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	lab_run(b->l, 2 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSED);
	bench_free(b);
	for (size_t i = 0; i < ARRAY_SIZE(still); i++) {
		b = bring_into(still[i]);
		lab_run(b->l, 100000 * SEC);
		CU_ASSERT_EQUAL(bench_state(b), (int)still[i]);
		EXPECT_NONE(b);
		bench_free(b);
	}
}

SUITE(tcp_calls, T(calls_in_closed), T(calls_in_listening), T(calls_in_syn_sent), T(calls_in_syn_received),
	T(calls_in_established), T(calls_in_fin_wait_1), T(calls_in_fin_wait_2), T(calls_in_close_wait),
	T(calls_in_closing), T(calls_in_last_ack), T(calls_in_time_wait), T(calls_in_after_last_ack),
	T(calls_in_reset), T(calls_in_refused), T(calls_in_reset_in_close_wait), T(calls_in_shut_reading),
	T(calls_in_listening_shut), T(calls_in_syn_sent_shut), T(close_in_each_state), T(abort_in_each_state),
	T(status_in_each_state), T(user_timeout_in_each_state), T(retransmission_timeout_in_each_state),
	T(time_wait_timeout_and_no_other))
