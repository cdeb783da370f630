/* SPDX-License-Identifier: MIT */
/* iperf3 between two hosts, and against a peer that does not do what it should. */
#include "app/iperf3_internal.h"

#include "dev/kinds.h"
#include "lib/clock.h"
#include "net/wire_ip.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

/* One end, and what it was told. */
struct end {
	struct iperf *t;
	unsigned told[IPERF_DONE + 1];
	char text[256];
	struct iperf_stream streams[8]; /* at the last results or totals */
	unsigned count;
	bool omitted; /* one of the intervals */
};

struct scene {
	struct lab *lab;
	struct stack *h1, *h2;
	struct end client, server;
};

static void note(struct iperf *t, const struct iperf_event *e, void *ctx)
{
	struct end *end = ctx;
	unsigned count;
	const struct iperf_stream *st = iperf_streams(t, &count);

	CU_ASSERT_EQUAL(end->told[IPERF_DONE], 0);
	end->told[e->what]++;
	end->omitted = end->omitted || e->omitted;
	if (e->what == IPERF_RESULTS || e->what == IPERF_TOTALS) {
		CU_ASSERT_TRUE_FATAL(count <= ARRAY_SIZE(end->streams));
		memcpy(end->streams, st, count * sizeof(*st));
		end->count = count;
	}
	if (e->what == IPERF_FAILED)
		snprintf(end->text, sizeof(end->text), "%s", e->text);
}

static struct scene *scene_new(void)
{
	struct scene *sc = calloc(1, sizeof(*sc));

	sc->lab = lab_new();
	sc->h1 = lab_host(sc->lab, "h1");
	sc->h2 = lab_host(sc->lab, "h2");
	lab_veth(sc->h1, "eth0", "10.0.0.1/24", sc->h2, "eth0", "10.0.0.2/24");
	return sc;
}

static void start(struct scene *sc, struct end *end, struct stack *s, const struct iperf_config *cfg)
{
	const char *step;

	end->t = iperf_new(&sc->lab->loop, s, cfg, note, end, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end->t);
	iperf_start(end->t);
	lab_settle(sc->lab);
}

static void serve(struct scene *sc)
{
	start(sc, &sc->server, sc->h2,
		&(struct iperf_config){.server = true, .port = IPERF_PORT, .interval_ns = NS_PER_SEC});
}

/* A client with what is not said by default. */
static struct iperf_config wish(struct iperf_params ask)
{
	ask.parallel = ask.parallel ? ask.parallel : 1;
	ask.time_s = ask.time_s || ask.bytes || ask.blocks ? ask.time_s : 2;
	ask.rate = ask.rate ? ask.rate : 8000000;
	return (struct iperf_config){
		.addr = lab_ip("10.0.0.2"), .port = IPERF_PORT, .interval_ns = NS_PER_SEC, .ask = ask};
}

static void ask(struct scene *sc, struct iperf_params params)
{
	struct iperf_config cfg = wish(params);

	start(sc, &sc->client, sc->h1, &cfg);
}

static void scene_free(struct scene *sc)
{
	if (sc->client.t)
		iperf_free(sc->client.t);
	if (sc->server.t)
		iperf_free(sc->server.t);
	lab_run(sc->lab, 300 * NS_PER_SEC);
	lab_free(sc->lab);
	free(sc);
}

static void is_close(uint64_t bytes, uint64_t expected, uint64_t margin)
{
	CU_ASSERT_TRUE(bytes + margin >= expected && bytes <= expected + margin);
	if (!(bytes + margin >= expected && bytes <= expected + margin))
		printf("%llu instead of %llu\n", (unsigned long long)bytes, (unsigned long long)expected);
}

/* Somebody who speaks by hand. */
static struct sock *stranger(struct scene *sc, const void *says, size_t len)
{
	struct sock *sk = sock_open(sc->h1, SOCK_STREAM, IP_PROTO_TCP);
	const struct sock_addr to = {.ip = lab_ip("10.0.0.2"), .port = IPERF_PORT};

	CU_ASSERT_EQUAL(sock_connect(sk, &to), -EINPROGRESS);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sock_send(sk, says, len, 0, NULL), (ssize_t)len);
	lab_settle(sc->lab);
	return sk;
}

/* ---- both ends are ours ---- */

static void both_ends_count_what_the_rate_says(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){0});
	lab_run(sc->lab, 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_INTERVAL], 2);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_DONE], 1);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_FAILED] + sc->server.told[IPERF_FAILED], 0);
	CU_ASSERT_EQUAL(sc->server.told[IPERF_RESULTS], 1);
	CU_ASSERT_EQUAL(sc->server.told[IPERF_LISTENING], 2);
	CU_ASSERT_EQUAL(sc->client.count, 1);
	is_close(sc->client.streams[0].total.n.bytes, 2000000, IPERF_TCP_LEN);
	CU_ASSERT_EQUAL(sc->client.streams[0].remote.n.bytes, sc->client.streams[0].total.n.bytes);
	CU_ASSERT_EQUAL(sc->client.streams[0].total.end_ns, 2 * NS_PER_SEC);
	CU_ASSERT_TRUE(sc->client.streams[0].has_info && sc->client.streams[0].cwnd > 0);
	CU_ASSERT_FALSE(sc->server.streams[0].sender);
	scene_free(sc);
}

static void the_server_sends_in_reverse(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.reverse = true, .parallel = 3});
	lab_run(sc->lab, 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	CU_ASSERT_EQUAL(sc->client.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(sc->client.streams[i].sender);
		CU_ASSERT_TRUE(sc->server.streams[i].sender);
		is_close(sc->client.streams[i].total.n.bytes, 2000000, IPERF_TCP_LEN);
		CU_ASSERT_TRUE(sc->client.streams[i].has_info); /* retransmits: the server says */
	}
	scene_free(sc);
}

static void both_send_at_once(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc,
		(struct iperf_params){.bidir = true,
			.nodelay = true,
			.zerocopy = true,
			.mss = 1000,
			.window = 100000,
			.tos = 16});
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_FATAL(sc->client.t->shared && sc->server.t->shared);
	for (unsigned turns = 0; turns < 1000 && sc->client.t->shared->refs == 1; turns++)
		loop_turn(&sc->lab->loop, true);
	CU_ASSERT(sc->client.t->shared->refs > 1);
	lab_run(sc->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.count, 2);
	CU_ASSERT_TRUE(sc->client.streams[0].sender && !sc->client.streams[1].sender);
	CU_ASSERT_TRUE(!sc->server.streams[0].sender && sc->server.streams[1].sender);
	is_close(sc->client.streams[0].remote.n.bytes, 2000000, IPERF_TCP_LEN);
	is_close(sc->client.streams[1].total.n.bytes, 2000000, IPERF_TCP_LEN);
	/* The options of that test are not those of the next one. */
	iperf_free(sc->client.t);
	memset(&sc->client, 0, sizeof(sc->client));
	ask(sc, (struct iperf_params){.blocks = 5, .len = 1000});
	lab_run(sc->lab, 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.streams[0].total.n.bytes, 5000);
	CU_ASSERT_EQUAL(sc->server.told[IPERF_LISTENING], 3);
	scene_free(sc);
}

static void an_amount_ends_the_test(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.bytes = 1 << 20, .len = 1 << 16});
	lab_run(sc->lab, 5 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.streams[0].total.n.bytes, 1 << 20);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_DONE], 1);
	scene_free(sc);
}

static void what_is_omitted_does_not_count(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.omit_s = 1, .len = 8192});
	lab_run(sc->lab, 4 * NS_PER_SEC);
	CU_ASSERT_TRUE(sc->client.omitted && sc->server.omitted);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_INTERVAL], 3);
	is_close(sc->client.streams[0].total.n.bytes, 2000000, 2 * 8192);
	is_close(sc->client.streams[0].remote.n.bytes, 2000000, 3 * 8192);
	scene_free(sc);
}

/* Nothing takes time here: without a bound it would send for ever in one instant. */
static void under_the_virtual_clock_no_rate_is_a_gigabit(void)
{
	struct scene *sc = scene_new();
	struct iperf_config cfg = wish((struct iperf_params){.bytes = 10 << 20});

	cfg.ask.rate = 0;
	serve(sc);
	start(sc, &sc->client, sc->h1, &cfg);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	is_close(sc->client.streams[0].total.end_ns, 83886080, 2000000);
	scene_free(sc);
}

static void datagrams_without_bound_leave_others_their_turn(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc,
		(struct iperf_params){
			.udp = true, .bytes = 20 << 20, .len = 1000, .rate = UINT64_C(1) << 50});
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	CU_ASSERT_TRUE(sc->client.streams[0].total.n.packets >= 20000);
	scene_free(sc);
}

static void datagrams_are_counted_on_both_sides(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc,
		(struct iperf_params){
			.udp = true, .bidir = true, .parallel = 2, .rate = 1000000, .len = 1000});
	lab_run(sc->lab, 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	CU_ASSERT_EQUAL(sc->client.count, 4);
	for (unsigned i = 0; i < 4; i++) {
		const struct iperf_stream *st = &sc->client.streams[i];
		is_close(st->total.n.packets, 250, 1);
		is_close(st->remote.n.packets, st->total.n.packets, 1);
		CU_ASSERT_EQUAL(st->total.n.lost + st->remote.n.lost, 0);
	}
	scene_free(sc);
}

static void a_datagram_fills_a_packet_by_default(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.udp = true, .blocks = 3});
	lab_run(sc->lab, 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.streams[0].total.n.bytes, 3 * 1448);
	scene_free(sc);
}

/* What is no hello, and a hello of somebody else's, makes no stream. */
static void only_the_client_says_hello(void)
{
	struct scene *sc = scene_new();
	char says[64] = "cookiecookiecookiecookiecookiecookie";
	const struct sock_addr to = {.ip = lab_ip("10.0.0.2"), .port = IPERF_PORT},
			       a = {.ip = lab_ip("10.0.0.2")};
	struct sock *udp = sock_open(sc->h1, SOCK_DGRAM, IP_PROTO_UDP), *control, *other;
	char answer[8];

	serve(sc);
	memcpy(says + IPERF_COOKIE_LEN, "\0\0\0\x0c{\"udp\":true}", 16);
	control = stranger(sc, says, IPERF_COOKIE_LEN + 16);
	other = sock_open(sc->h2, SOCK_DGRAM, IP_PROTO_UDP);
	CU_ASSERT_EQUAL(sock_bind(other, &a), 0);
	CU_ASSERT_EQUAL(sock_send(other, "9876", 4, 0, &to), 4);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sock_recv(other, answer, sizeof(answer), 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(sock_send(udp, "what?", 5, 0, &to), 5);
	CU_ASSERT_EQUAL(sock_send(udp, "9876", 4, 0, &to), 4);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sock_recv(udp, answer, sizeof(answer), 0, NULL), 4);
	CU_ASSERT_EQUAL(memcmp(answer, "6789", 4), 0);
	CU_ASSERT_EQUAL(sc->server.told[IPERF_STREAMS], 1);
	sock_close(control);
	sock_close(udp);
	sock_close(other);
	scene_free(sc);
}

/* ---- what goes wrong ---- */

static void who_is_not_there_refuses(void)
{
	struct scene *sc = scene_new();

	ask(sc, (struct iperf_params){0});
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_STRING_EQUAL(sc->client.text, "error - unable to connect to server: Connection refused");
	CU_ASSERT_EQUAL(sc->client.told[IPERF_DONE], 1);
	scene_free(sc);
}

static void a_busy_server_says_so(void)
{
	struct scene *sc = scene_new();
	struct end other = {0};
	struct iperf_config cfg = wish((struct iperf_params){0});

	serve(sc);
	ask(sc, (struct iperf_params){0});
	lab_run(sc->lab, NS_PER_SEC / 2);
	start(sc, &other, sc->h1, &cfg);
	CU_ASSERT_STRING_EQUAL(other.text, "error - the server is busy running a test. try again later");
	lab_run(sc->lab, 3 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	iperf_free(other.t);
	scene_free(sc);
}

static void an_interrupted_client_tells_the_server(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.time_s = 10});
	lab_run(sc->lab, 3 * NS_PER_SEC / 2);
	iperf_stop(sc->client.t);
	lab_settle(sc->lab);
	CU_ASSERT_STRING_EQUAL(sc->client.text, "interrupt - the client has terminated");
	CU_ASSERT_EQUAL(sc->client.told[IPERF_TOTALS], 1);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_INTERVAL], 2);
	is_close(sc->client.streams[0].total.n.bytes, 1500000, IPERF_TCP_LEN);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_DONE], 1);
	CU_ASSERT_STRING_EQUAL(sc->server.text, "the client has terminated");
	CU_ASSERT_EQUAL(sc->server.told[IPERF_LISTENING], 2);
	scene_free(sc);
}

static void an_interrupted_server_tells_the_client(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.time_s = 10, .reverse = true});
	lab_run(sc->lab, 3 * NS_PER_SEC / 2);
	iperf_stop(sc->server.t);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_STRING_EQUAL(sc->server.text, "interrupt - the server has terminated");
	CU_ASSERT_EQUAL(sc->server.told[IPERF_DONE], 1);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_TOTALS], 1);
	CU_ASSERT_STRING_EQUAL(sc->client.text, "error - the server has terminated");
	CU_ASSERT_EQUAL(sc->client.told[IPERF_DONE], 1);
	scene_free(sc);
}

static void a_server_that_is_not_asked_stops_at_once(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	iperf_stop(sc->server.t);
	lab_settle(sc->lab);
	CU_ASSERT_EQUAL(sc->server.told[IPERF_DONE], 1);
	scene_free(sc);
}

static void congestion_control_nobody_knows_is_an_error(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.congestion = "nosuch"});
	CU_ASSERT_STRING_EQUAL(sc->client.text,
		"error - unable to set TCP_CONGESTION: Supplied congestion control algorithm not supported "
		"on this host");
	CU_ASSERT_EQUAL(sc->server.told[IPERF_CONNECTED], 0);
	iperf_free(sc->client.t);
	memset(&sc->client, 0, sizeof(sc->client));
	ask(sc, (struct iperf_params){.congestion = "reno", .time_s = 1});
	lab_run(sc->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	scene_free(sc);
}

/* A server that cannot do what is asked says why, and goes on with the next one. */
static void what_the_server_cannot_do_is_an_error_of_both(void)
{
	struct scene *sc = scene_new();
	const struct sock_addr a = {.port = IPERF_PORT};
	struct sock *in_the_way = sock_open(sc->h2, SOCK_DGRAM, IP_PROTO_UDP);

	CU_ASSERT_EQUAL(sock_bind(in_the_way, &a), 0);
	serve(sc);
	ask(sc, (struct iperf_params){.udp = true});
	CU_ASSERT_STRING_EQUAL(
		sc->server.text, "error - unable to start stream listener: Address already in use");
	CU_ASSERT_STRING_EQUAL(
		sc->client.text, "error - the server reports error 202: Address already in use");
	CU_ASSERT_EQUAL(sc->server.told[IPERF_LISTENING], 2);
	sock_close(in_the_way);
	scene_free(sc);
}

/* The peer's device goes down: nothing moves any more, and nobody says so. */
static void a_test_that_does_not_move_is_given_up(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.time_s = 1000});
	lab_run(sc->lab, NS_PER_SEC);
	dev_set_up(dev_by_name(sc->h1, "eth0"), false);
	lab_run(sc->lab, 250 * NS_PER_SEC);
	CU_ASSERT_STRING_EQUAL(sc->server.text, "error - idle timeout for receiving data");
	CU_ASSERT_EQUAL(sc->server.told[IPERF_LISTENING], 2);
	scene_free(sc);
}

static void a_host_that_goes_takes_its_server_along(void)
{
	struct scene *sc = scene_new();

	serve(sc);
	ask(sc, (struct iperf_params){.time_s = 10});
	lab_run(sc->lab, NS_PER_SEC);
	stack_delete(sc->h2);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->server.told[IPERF_DONE], 1);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 0);
	scene_free(sc);
}

/* ---- strangers ---- */

static void who_says_no_cookie_keeps_nobody_out(void)
{
	struct scene *sc = scene_new();
	struct sock *quiet[2 * IPERF_STREAMS_MAX + 70];

	serve(sc);
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++)
		quiet[i] = stranger(sc, "half a cookie", 13);
	ask(sc, (struct iperf_params){.time_s = 1});
	lab_run(sc->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->client.told[IPERF_RESULTS], 1);
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++)
		sock_close(quiet[i]);
	scene_free(sc);
}

static void parameters_that_cannot_be_are_an_error(void)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {{"\0\0\0\4none", 8}, {"\xff\xff\xff\xff", 4}, {"\0\0\0\2{}", 6},
		{"\0\0\0\x11{\"parallel\":9999}", 21}};
	struct scene *sc = scene_new();

	serve(sc);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char says[64] = "cookiecookiecookiecookiecookiecookie";
		uint8_t heard[16];

		memcpy(says + IPERF_COOKIE_LEN, cases[i].bytes, cases[i].len);
		struct sock *sk = stranger(sc, says, IPERF_COOKIE_LEN + cases[i].len);
		ssize_t n = sock_recv(sk, heard, sizeof(heard), 0, NULL);
		CU_ASSERT_TRUE(n >= 1 && heard[0] == IPERF_PARAM_EXCHANGE);
		if (i != 2) /* an empty object is a test by default */
			CU_ASSERT_TRUE(n == 10 && heard[1] == IPERF_SERVER_ERROR);
		sock_close(sk);
		lab_settle(sc->lab);
	}
	CU_ASSERT_EQUAL(sc->server.told[IPERF_LISTENING], 1 + ARRAY_SIZE(cases));
	scene_free(sc);
}

static void a_stream_that_is_none_of_the_test_is_sent_away(void)
{
	struct scene *sc = scene_new();
	char says[64] = "cookiecookiecookiecookiecookiecookie";
	struct sock *control, *other, *stream;
	uint8_t heard[16];

	serve(sc);
	memcpy(says + IPERF_COOKIE_LEN, "\0\0\0\2{}", 6);
	control = stranger(sc, says, IPERF_COOKIE_LEN + 6);
	other = stranger(sc, "xookiecookiecookiecookiecookiecookie", IPERF_COOKIE_LEN);
	CU_ASSERT_EQUAL(sock_recv(other, heard, sizeof(heard), 0, NULL), 1);
	CU_ASSERT_EQUAL(heard[0], IPERF_ACCESS_DENIED);
	stream = stranger(sc, says, IPERF_COOKIE_LEN);
	CU_ASSERT_EQUAL(sock_recv(control, heard, sizeof(heard), 0, NULL), 4);
	CU_ASSERT_EQUAL(heard[3], IPERF_TEST_RUNNING);
	/* Words that make no sense end it. */
	CU_ASSERT_EQUAL(sock_send(control, "\x09", 1, 0, NULL), 1);
	lab_settle(sc->lab);
	CU_ASSERT_STRING_EQUAL(sc->server.text, "error - received an unknown control message (9)");
	sock_close(control);
	sock_close(other);
	sock_close(stream);
	scene_free(sc);
}

SUITE(app_iperf3, T(both_ends_count_what_the_rate_says), T(the_server_sends_in_reverse), T(both_send_at_once),
	T(an_amount_ends_the_test), T(what_is_omitted_does_not_count),
	T(under_the_virtual_clock_no_rate_is_a_gigabit), T(datagrams_without_bound_leave_others_their_turn),
	T(datagrams_are_counted_on_both_sides), T(a_datagram_fills_a_packet_by_default),
	T(only_the_client_says_hello), T(who_is_not_there_refuses), T(a_busy_server_says_so),
	T(an_interrupted_client_tells_the_server), T(an_interrupted_server_tells_the_client),
	T(a_server_that_is_not_asked_stops_at_once), T(congestion_control_nobody_knows_is_an_error),
	T(what_the_server_cannot_do_is_an_error_of_both), T(a_test_that_does_not_move_is_given_up),
	T(a_host_that_goes_takes_its_server_along), T(who_says_no_cookie_keeps_nobody_out),
	T(parameters_that_cannot_be_are_an_error), T(a_stream_that_is_none_of_the_test_is_sent_away))
