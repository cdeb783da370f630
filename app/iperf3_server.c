/* SPDX-License-Identifier: MIT */
/*
 * iperf3: the server. One test at a time: who connects says a cookie, and is the client of the next test, a stream of
 * the present one (the cookie is the same), or sent away.
 */
#include "app/iperf3_internal.h"

#include "net/stack.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <stdlib.h>

enum {
	BACKLOG = 128,
	GUESTS_MAX = 2 * IPERF_STREAMS_MAX + 64,
	/* iperf3's own numbers of errors, for the client to explain */
	ERROR_PARAMS = 114,
	ERROR_RESULTS = 117,
	ERROR_STREAM = 202,
};

static void on_listener(struct sock *sk, unsigned events, void *ctx);
static void on_udp_hello(struct sock *sk, unsigned events, void *ctx);

/* ---- listening ---- */

static void close_listener(struct iperf *t)
{
	if (t->listener)
		sock_close(t->listener);
	t->listener = NULL;
}

static int set_up_listener(struct iperf *t, struct sock *sk, const char **step)
{
	const struct sock_addr a = {.ip = t->cfg.addr, .port = t->cfg.port};
	/* They are inherited, and must be there before a connection is. */
	int err = t->streams ? iperf_set_options(t, sk, step) : 0;

	if (err)
		return err;
	*step = "start listener for connections";
	err = sock_set(sk, SO_OPT_REUSEADDR, 1);
	if (!err && t->cfg.oif)
		err = sock_set(sk, SO_OPT_BINDTODEVICE, t->cfg.oif);
	if (!err)
		err = sock_bind(sk, &a);
	return err ? err : sock_listen(sk, BACKLOG);
}

/* In the place of the one before, if there was one. */
static int open_listener(struct iperf *t, const char **step)
{
	struct sock *sk = sock_open(t->stack, SOCK_STREAM, IP_PROTO_TCP);
	int err;

	*step = "start listener for connections";
	if (!sk)
		return -errno;
	close_listener(t);
	err = set_up_listener(t, sk, step);
	if (err) {
		sock_close(sk);
		return err;
	}
	t->listener = sk;
	t->listener_has_options = t->streams != NULL;
	sock_on_event(sk, on_listener, t);
	return 0;
}

static int open_udp_listener(struct iperf *t)
{
	const struct sock_addr a = {.ip = t->cfg.addr, .port = t->cfg.port};
	struct sock *sk = sock_open(t->stack, SOCK_DGRAM, IP_PROTO_UDP);
	const char *step;
	int err = sk ? 0 : -errno;

	if (!err)
		err = sock_set(sk, SO_OPT_REUSEADDR, 1);
	if (!err)
		err = iperf_set_options(t, sk, &step);
	if (!err)
		err = sock_bind(sk, &a);
	if (err && sk)
		sock_close(sk);
	if (err)
		return err;
	t->udp_listener = sk;
	sock_on_event(sk, on_udp_hello, t);
	return 0;
}

/* ---- the beginning of a test ---- */

/* The client is told by number; here it is told by name. */
static void refuse(struct iperf *t, uint32_t number, int err, const char *what)
{
	be32 body[2] = {put32(number), put32((uint32_t)-err)};

	iperf_control_state(&t->control, IPERF_SERVER_ERROR);
	iperf_control_send(&t->control, body, sizeof(body));
	iperf_fail(t, "error - unable to %s%s%s", what, err ? ": " : "", err ? strerror(-err) : "");
}

static void start_if_complete(struct iperf *t)
{
	if (t->made < t->stream_count)
		return;
	iperf_control_state(&t->control, IPERF_TEST_START);
	iperf_control_state(&t->control, IPERF_TEST_RUNNING);
	t->state = IPERF_TEST_RUNNING;
	iperf_begin(t);
}

static void take_params(struct iperf *t, const char *text, ssize_t len)
{
	const char *step = "receive parameters from client";
	int err = 0;

	t->expect = IPERF_EXPECT_STATE;
	if (len < 0 || !iperf_params_from_json(text, (size_t)len, &t->p)) {
		refuse(t, ERROR_PARAMS, 0, step);
		return;
	}
	step = "start stream listener";
	err = iperf_make_streams(t);
	if (!err && t->p.udp)
		err = open_udp_listener(t);
	else if (!err && (t->p.window || t->p.mss || t->p.congestion[0]))
		err = open_listener(t, &step);
	if (err) {
		refuse(t, ERROR_STREAM, err, step);
		return;
	}
	t->state = IPERF_CREATE_STREAMS;
	iperf_control_state(&t->control, IPERF_CREATE_STREAMS);
}

/* ---- streams ---- */

/* A hello of the client's, if one is there; other datagrams are thrown away. */
static bool take_hello(struct iperf *t, struct sock *sk, struct sock_addr *from)
{
	char hello[IPERF_UDP_HELLO_LEN];
	struct sock_addr client = {0};
	struct sock_msg msg;
	ssize_t n;

	sock_peer(t->control.sk, &client);
	while ((n = sock_recv(sk, hello, sizeof(hello), 0, &msg)) != -EAGAIN && n != -ENODEV) {
		if (n == sizeof(hello) && memcmp(hello, IPERF_UDP_HELLO, sizeof(hello)) == 0 &&
			msg.from.ip == client.ip) {
			*from = msg.from;
			return true;
		}
	}
	return false;
}

/* The listening socket becomes the stream, and the next one listens. */
static void on_udp_hello(struct sock *sk, unsigned events, void *ctx)
{
	struct iperf *t = ctx;
	struct sock_addr from;
	int err;

	(void)events;
	if (t->over || t->state != IPERF_CREATE_STREAMS || !take_hello(t, sk, &from))
		return;
	err = sock_connect(sk, &from);
	t->udp_listener = NULL;
	if (!err && t->made + 1 < t->stream_count)
		err = open_udp_listener(t);
	if (err) {
		sock_close(sk);
		refuse(t, ERROR_STREAM, err, "accept stream connection");
		return;
	}
	sock_send(sk, IPERF_UDP_ANSWER, IPERF_UDP_HELLO_LEN, 0, NULL);
	iperf_add_stream(t, sk);
	start_if_complete(t);
}

static void take_stream(struct iperf *t, struct sock *sk)
{
	const char *step;
	int err = iperf_set_options(t, sk, &step);

	if (err) {
		sock_close(sk);
		refuse(t, ERROR_STREAM, err, step);
		return;
	}
	iperf_add_stream(t, sk);
	start_if_complete(t);
}

/* ---- what the client says ---- */

/* The streams end first: a client that reads whole blocks would wait for the rest of one. */
void iperf_server_finish(struct iperf *t)
{
	for (unsigned i = 0; i < t->made; i++)
		iperf_stream_close(&t->streams[i]);
}

static void take_results(struct iperf *t, const char *text, ssize_t len)
{
	char *own;

	t->expect = IPERF_EXPECT_STATE;
	if (len < 0 || !iperf_results_from_json(t, text, (size_t)len)) {
		refuse(t, ERROR_RESULTS, 0, "receive results");
		return;
	}
	own = iperf_results_to_json(t);
	if (own)
		iperf_control_send_json(&t->control, own);
	free(own);
	t->state = IPERF_DISPLAY_RESULTS;
	iperf_control_state(&t->control, IPERF_DISPLAY_RESULTS);
	iperf_tell(t, IPERF_RESULTS);
}

static void take_state(struct iperf *t, enum iperf_state state)
{
	switch (state) {
	case IPERF_TEST_END:
		if (t->state != IPERF_TEST_RUNNING)
			break;
		iperf_finish(t);
		if (t->over)
			return;
		t->state = IPERF_EXCHANGE_RESULTS;
		t->expect = IPERF_EXPECT_JSON;
		iperf_control_state(&t->control, IPERF_EXCHANGE_RESULTS);
		return;
	case IPERF_CLIENT_TERMINATE:
		if (t->running) {
			iperf_finish(t);
			iperf_tell(t, IPERF_TOTALS);
		}
		iperf_fail(t, "the client has terminated");
		return;
	case IPERF_IS_DONE:
		iperf_end(t);
		return;
	default:
		break;
	}
	iperf_fail(t, "error - received an unknown control message (%d)", state);
}

static bool take_message(struct iperf *t)
{
	struct iperf_control *c = &t->control;
	ssize_t len = 0;
	bool json = t->expect == IPERF_EXPECT_JSON;
	const char *b = json ? iperf_control_json(c, &len) : iperf_control_peek(c, 1);
	enum iperf_state state;

	if (!b || t->over)
		return false;
	if (json) {
		if (t->state == IPERF_PARAM_EXCHANGE)
			take_params(t, b, len);
		else
			take_results(t, b, len);
		iperf_control_eat(c, len < 0 ? 0 : sizeof(be32) + (size_t)len);
		return !t->over;
	}
	state = (uint8_t)b[0];
	iperf_control_eat(c, 1);
	take_state(t, state);
	return !t->over;
}

static void on_control(struct sock *sk, unsigned events, void *ctx)
{
	struct iperf *t = ctx;
	int err;

	(void)sk;
	(void)events;
	if (t->over)
		return;
	iperf_control_flush(&t->control);
	err = iperf_control_read(&t->control);
	while (take_message(t))
		;
	if (err == -EPIPE && t->state == IPERF_DISPLAY_RESULTS)
		iperf_end(t);
	else if (err)
		iperf_fail(t, "error - the client has unexpectedly closed the connection");
}

/* ---- guests ---- */

static void forget_guest(struct iperf_guest *g)
{
	list_del(&g->node);
	g->test->guest_count--;
	free(g);
}

static void drop_guest(struct iperf_guest *g)
{
	sock_close(g->sk);
	forget_guest(g);
}

static void begin_test(struct iperf *t, struct iperf_guest *g)
{
	memcpy(t->cookie, g->cookie, sizeof(t->cookie));
	t->cookie[IPERF_COOKIE_LEN - 1] = '\0';
	t->control.sk = g->sk;
	t->state = IPERF_PARAM_EXCHANGE;
	t->expect = IPERF_EXPECT_JSON;
	sock_set(g->sk, SO_OPT_TCP_NODELAY, 1);
	sock_get(g->sk, SO_OPT_TCP_MAXSEG, &t->mss);
	sock_on_event(g->sk, on_control, t);
	iperf_tell(t, IPERF_CONNECTED);
	iperf_control_state(&t->control, IPERF_PARAM_EXCHANGE);
	iperf_watch(t, 0);
	forget_guest(g);
}

static void send_away(struct iperf_guest *g)
{
	uint8_t denied = IPERF_ACCESS_DENIED;

	sock_send(g->sk, &denied, 1, 0, NULL);
	drop_guest(g);
}

static void take_guest(struct iperf *t, struct iperf_guest *g)
{
	bool ours = strncmp(g->cookie, t->cookie, IPERF_COOKIE_LEN) == 0;

	if (t->state == IPERF_STATE_NONE && !t->over) {
		begin_test(t, g);
	} else if (ours && t->state == IPERF_CREATE_STREAMS && !t->p.udp && t->made < t->stream_count) {
		struct sock *sk = g->sk;
		forget_guest(g);
		take_stream(t, sk);
	} else {
		send_away(g);
	}
}

static void on_guest(struct sock *sk, unsigned events, void *ctx)
{
	struct iperf_guest *g = ctx;
	ssize_t n = sock_recv(sk, g->cookie + g->len, sizeof(g->cookie) - g->len, 0, NULL);

	(void)events;
	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		drop_guest(g);
		return;
	}
	g->len += (size_t)n;
	if (g->len == sizeof(g->cookie))
		take_guest(g->test, g);
}

/* Who says nothing does not keep others out: the oldest one goes. */
static void add_guest(struct iperf *t, struct sock *sk)
{
	struct iperf_guest *g = calloc(1, sizeof(*g));

	if (!g) {
		sock_close(sk);
		return;
	}
	if (t->guest_count == GUESTS_MAX)
		drop_guest(list_first(&t->guests, struct iperf_guest, node));
	g->test = t;
	g->sk = sk;
	list_add_tail(&t->guests, &g->node);
	t->guest_count++;
	sock_on_event(sk, on_guest, g);
}

static void on_listener(struct sock *sk, unsigned events, void *ctx)
{
	struct iperf *t = ctx;
	struct sock *guest;

	while ((guest = sock_accept(sk, NULL)))
		add_guest(t, guest);
	if (events & SOCK_EVENT_HANGUP) {
		t->cfg.one_off = true;
		iperf_fail(t, "error - the host is gone");
	}
}

/* ---- life ---- */

int iperf_server_start(struct iperf *t, const char **step)
{
	return open_listener(t, step);
}

void iperf_server_listen(struct iperf *t)
{
	const char *step;

	if (t->udp_listener)
		sock_close(t->udp_listener);
	t->udp_listener = NULL;
	if ((!t->listener || t->listener_has_options) && open_listener(t, &step) < 0) {
		t->cfg.one_off = true;
		iperf_fail(t, "error - unable to %s", step);
		return;
	}
	t->tests++;
	iperf_tell(t, IPERF_LISTENING);
}

void iperf_server_exit(struct iperf *t)
{
	list_each_safe(g, &t->guests, struct iperf_guest, node)
		drop_guest(g);
	if (t->udp_listener)
		sock_close(t->udp_listener);
	close_listener(t);
}
