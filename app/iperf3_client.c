/* SPDX-License-Identifier: MIT */
/* iperf3: the client. The server says what is next; the client says when it is enough. */
#include "app/iperf3_internal.h"

#include "lib/clock.h"
#include "net/stack.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <stdlib.h>

/* A socket with the client's own end, as -B and --bind-dev have it. 0 or -errno. */
static int open_sock(struct iperf *t, bool udp, uint16_t port, struct sock **sk)
{
	struct sock_addr from = {.ip = t->cfg.bind, .port = port};
	int err;

	*sk = sock_open(t->stack, udp ? SOCK_DGRAM : SOCK_STREAM, udp ? IP_PROTO_UDP : IP_PROTO_TCP);
	if (!*sk)
		return -errno;
	err = t->cfg.oif ? sock_set(*sk, SO_OPT_BINDTODEVICE, t->cfg.oif) : 0;
	if (!err && (from.ip || from.port))
		err = sock_bind(*sk, &from);
	if (!err)
		return 0;
	sock_close(*sk);
	*sk = NULL;
	return err;
}

/* ---- streams, one after the other: the server takes them in the order they come ---- */

static void make_next(struct iperf *t);

static void fail_stream(struct iperf *t, struct sock *sk, int err)
{
	sock_close(sk);
	iperf_fail(t, "error - unable to connect stream: %s", strerror(-err));
}

static int pending_error(struct sock *sk)
{
	int error = 0, err = sock_get(sk, SO_OPT_ERROR, &error);

	return err ? err : -error;
}

static void on_tcp_connected(struct sock *sk, unsigned events, void *ctx)
{
	struct iperf *t = ctx;
	int err = events & (SOCK_EVENT_ERROR | SOCK_EVENT_HANGUP) ? pending_error(sk) : 0;

	if (t->over)
		return;
	if (!err && !(events & SOCK_EVENT_WRITABLE))
		return;
	if (!err && sock_send(sk, t->cookie, sizeof(t->cookie), 0, NULL) != sizeof(t->cookie))
		err = -EPIPE;
	t->connecting = NULL;
	if (err) {
		fail_stream(t, sk, err);
		return;
	}
	iperf_add_stream(t, sk);
	make_next(t);
}

static void on_udp_answer(struct sock *sk, unsigned events, void *ctx)
{
	struct iperf *t = ctx;
	char answer[IPERF_UDP_HELLO_LEN];
	ssize_t n = sock_recv(sk, answer, sizeof(answer), 0, NULL);

	(void)events;
	if (t->over || n == -EAGAIN)
		return;
	timer_cancel(&t->loop->wheel, &t->hello_timer);
	t->connecting = NULL;
	if (n < 0) {
		fail_stream(t, sk, (int)n);
		return;
	}
	iperf_add_stream(t, sk);
	make_next(t);
}

/* Says hello, and again while nobody answers. */
void iperf_client_hello(struct timer *timer)
{
	struct iperf *t = CONTAINER_OF(timer, struct iperf, hello_timer);

	sock_send(t->connecting, IPERF_UDP_HELLO, IPERF_UDP_HELLO_LEN, 0, NULL);
	timer_arm(&t->loop->wheel, timer, t->loop->now + NS_PER_SEC);
}

static int connect_stream(struct iperf *t, const char **step)
{
	struct sock_addr to = {.ip = t->cfg.addr, .port = t->cfg.port};
	uint16_t port = t->cfg.client_port ? (uint16_t)(t->cfg.client_port + t->made) : 0;
	bool udp = t->p.udp;
	int err = open_sock(t, udp, port, &t->connecting);

	*step = "connect stream";
	if (!err)
		err = iperf_set_options(t, t->connecting, step);
	if (err)
		return err;
	*step = "connect stream";
	sock_on_event(t->connecting, udp ? on_udp_answer : on_tcp_connected, t);
	err = sock_connect(t->connecting, &to);
	if (!err && udp)
		iperf_client_hello(&t->hello_timer);
	return err == -EINPROGRESS ? 0 : err;
}

static void make_next(struct iperf *t)
{
	const char *step;
	int err;

	if (t->made == t->stream_count)
		return;
	err = connect_stream(t, &step);
	if (err)
		iperf_fail(t, "error - unable to %s: %s", step, strerror(-err));
}

static void make_streams(struct iperf *t)
{
	if (iperf_make_streams(t) < 0)
		iperf_fail(t, "error - unable to create a new stream: %s", strerror(ENOMEM));
	else
		make_next(t);
}

/* ---- what the server says ---- */

static void take_state(struct iperf *t, enum iperf_state state)
{
	char *text = NULL;

	t->state = state;
	switch (state) {
	case IPERF_PARAM_EXCHANGE:
		text = iperf_params_to_json(&t->p);
		break;
	case IPERF_CREATE_STREAMS:
		if (!t->streams)
			make_streams(t);
		break;
	case IPERF_TEST_START:
		break;
	case IPERF_TEST_RUNNING:
		if (t->stream_count && t->made == t->stream_count && !t->began)
			iperf_begin(t);
		break;
	case IPERF_EXCHANGE_RESULTS:
		text = iperf_results_to_json(t);
		t->expect = IPERF_EXPECT_JSON;
		break;
	case IPERF_DISPLAY_RESULTS:
		iperf_tell(t, IPERF_RESULTS);
		iperf_control_state(&t->control, IPERF_IS_DONE);
		iperf_end(t);
		break;
	case IPERF_SERVER_TERMINATE:
		iperf_finish(t);
		iperf_tell(t, IPERF_TOTALS);
		iperf_fail(t, "error - the server has terminated");
		break;
	case IPERF_ACCESS_DENIED:
		iperf_fail(t, "error - the server is busy running a test. try again later");
		break;
	case IPERF_SERVER_ERROR:
		t->expect = IPERF_EXPECT_ERROR;
		break;
	default:
		iperf_fail(t, "error - received an unknown control message (%d)", state);
	}
	if (text)
		iperf_control_send_json(&t->control, text);
	free(text);
}

/* Two numbers: iperf3's own, and errno. */
static void take_error(struct iperf *t, const char *b)
{
	const be32 *n = (const be32 *)(const void *)b;
	int error = (int)get32(n[1]);

	iperf_fail(t, "error - the server reports error %u%s%s", get32(n[0]), error ? ": " : "",
		error ? strerror(error) : "");
}

static void take_results(struct iperf *t, const char *text, ssize_t len)
{
	t->expect = IPERF_EXPECT_STATE;
	if (len < 0 || !iperf_results_from_json(t, text, (size_t)len))
		iperf_fail(t, "error - unable to receive results: Bad message");
}

/* One message, if it is there as a whole. */
static bool take_message(struct iperf *t)
{
	struct iperf_control *c = &t->control;
	ssize_t len = 0;
	const char *b = t->expect == IPERF_EXPECT_JSON ? iperf_control_json(c, &len)
		: t->expect == IPERF_EXPECT_ERROR      ? iperf_control_peek(c, 2 * sizeof(be32))
						       : iperf_control_peek(c, 1);

	if (!b || t->over)
		return false;
	switch (t->expect) {
	case IPERF_EXPECT_JSON:
		take_results(t, b, len);
		iperf_control_eat(c, len < 0 ? 0 : sizeof(be32) + (size_t)len);
		break;
	case IPERF_EXPECT_ERROR:
		take_error(t, b);
		break;
	case IPERF_EXPECT_STATE: {
		enum iperf_state state = (uint8_t)b[0];
		iperf_control_eat(c, 1);
		take_state(t, state);
		break;
	}
	}
	return !t->over;
}

/* ---- the control connection ---- */

static void on_connected(struct iperf *t)
{
	sock_get(t->control.sk, SO_OPT_TCP_MAXSEG, &t->mss);
	if (!t->p.len)
		t->p.len = t->p.udp ? (uint32_t)MAX(t->mss, IPERF_UDP_LEN_MIN) : IPERF_TCP_LEN;
	t->state = IPERF_PARAM_EXCHANGE;
	iperf_tell(t, IPERF_CONNECTED);
	iperf_control_send(&t->control, t->cookie, sizeof(t->cookie));
	iperf_watch(t, 0);
}

static void on_control(struct sock *sk, unsigned events, void *ctx)
{
	struct iperf *t = ctx;
	int err = 0;

	if (t->over)
		return;
	if (t->state == IPERF_STATE_NONE) {
		if (events & (SOCK_EVENT_ERROR | SOCK_EVENT_HANGUP))
			err = pending_error(sk);
		if (err)
			iperf_fail(t, "error - unable to connect to server: %s", strerror(-err));
		else if (events & SOCK_EVENT_WRITABLE)
			on_connected(t);
		return;
	}
	iperf_control_flush(&t->control);
	err = iperf_control_read(&t->control);
	while (take_message(t))
		;
	if (err == -EPIPE)
		iperf_fail(t, "error - control socket has closed unexpectedly");
	else if (err)
		iperf_fail(t, "error - unable to receive control message: %s", strerror(-err));
}

static void make_cookie(struct iperf *t)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

	for (size_t i = 0; i < IPERF_COOKIE_LEN - 1; i++)
		t->cookie[i] = letters[rng_below(&t->stack->rng, sizeof(letters) - 1)];
}

/* Said before anything is sent; the control connection itself may have it. */
static bool knows_congestion(struct iperf *t)
{
	return t->p.udp || !t->p.congestion[0] || sock_set_congestion(t->control.sk, t->p.congestion) == 0;
}

void iperf_client_start(struct iperf *t)
{
	struct sock_addr to = {.ip = t->cfg.addr, .port = t->cfg.port};
	int err;

	make_cookie(t);
	err = open_sock(t, false, 0, &t->control.sk);
	if (!err && !knows_congestion(t)) {
		iperf_fail(t,
			"error - unable to set TCP_CONGESTION: "
			"Supplied congestion control algorithm not supported on this host");
		return;
	}
	if (!err) {
		sock_set(t->control.sk, SO_OPT_TCP_NODELAY, 1);
		sock_on_event(t->control.sk, on_control, t);
		err = sock_connect(t->control.sk, &to);
	}
	if (err && err != -EINPROGRESS)
		iperf_fail(t, "error - unable to connect to server: %s", strerror(-err));
}

void iperf_client_finish(struct iperf *t)
{
	t->state = IPERF_TEST_END;
	iperf_control_state(&t->control, IPERF_TEST_END);
}
