/* SPDX-License-Identifier: MIT */
/* echo, discard, chargen, daytime (RFC 862, 863, 864, 867), by datagrams on a wire and by connections over lo. */
#include "app/serve.h"

#include "tests/unit/udp/bench.h"

enum { CLIENT = 4000 };

static struct serve *start_with(struct bench *b, struct serve_config cfg)
{
	const char *step;
	struct serve *sv = serve_new(&b->l->loop, b->s, &cfg, &step);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sv);
	return sv;
}

static struct serve *start(struct bench *b, enum serve_kind kind, uint16_t port)
{
	return start_with(b, (struct serve_config){.kind = kind, .port = port});
}

/* The next datagram sent by the wire; its data, or NULL. */
static const char *answer(struct bench *b, size_t *len)
{
	struct lab_ip_seen seen = lab_sent_ip(b->d);
	struct udp_hdr h;

	if (!seen.payload || seen.ip.proto != IP_PROTO_UDP || !udp_peek(seen.payload, seen.len, &h))
		return NULL;
	CU_ASSERT_EQUAL(h.dport, CLIENT);
	*len = h.len - UDP_HDR_LEN;
	return (const char *)seen.payload + UDP_HDR_LEN;
}

static size_t answers(struct bench *b)
{
	size_t n = 0, len;

	while (lab_sent_count(b->d))
		n += answer(b, &len) != NULL;
	return n;
}

/* ---- datagrams ---- */

static void each_service_answers_datagrams_in_its_way(void)
{
	struct bench *b = bench_new();
	struct serve *sv[4];
	const char *data;
	size_t len = 0;

	for (int i = 0; i < 4; i++)
		sv[i] = start(b, (enum serve_kind)i, 0);
	bench_put(b, addr(PEER, CLIENT), addr(ME, 7), "hello");
	data = answer(b, &len);
	CU_ASSERT_FATAL(data != NULL && len == 5);
	CU_ASSERT_NSTRING_EQUAL(data, "hello", 5);
	bench_put(b, addr(PEER, CLIENT), addr(ME, 7), "");
	CU_ASSERT_FATAL(answer(b, &len) != NULL);
	CU_ASSERT_EQUAL(len, 0);
	bench_put(b, addr(PEER, CLIENT), addr(ME, 9), "hello");
	CU_ASSERT_EQUAL(answers(b), 0);
	bench_put(b, addr(PEER, CLIENT), addr(ME, 13), "");
	data = answer(b, &len);
	CU_ASSERT_FATAL(data != NULL && len > 5);
	CU_ASSERT_NSTRING_EQUAL(data + len - 11, " 2026 UTC\r\n", 11);
	for (int i = 0; i < 50; i++) {
		bench_put(b, addr(PEER, CLIENT), addr(ME, 19), "");
		CU_ASSERT_FATAL(answer(b, &len) != NULL);
		CU_ASSERT(len <= 512);
	}
	for (int i = 0; i < 4; i++)
		serve_free(sv[i]);
	bench_free(b);
}

static void udp_echo_chargen_loop(void)
{
	static const uint16_t other_services[] = {7, 13, 17, 19, 37, 53, 69, 123, 1023};
	struct bench *b = bench_new();
	struct serve *echo = start(b, SERVE_ECHO, 0), *chargen = start(b, SERVE_CHARGEN, 0),
		     *high = start(b, SERVE_ECHO, 5007);

	for (size_t i = 0; i < ARRAY_SIZE(other_services); i++) {
		bench_put(b, addr(PEER, other_services[i]), addr(ME, 7), "x");
		bench_put(b, addr(PEER, other_services[i]), addr(ME, 19), "x");
	}
	bench_put(b, addr(PEER, 5007), addr(ME, 5007), "x");
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(serve_stats(echo).ignored, ARRAY_SIZE(other_services));
	CU_ASSERT_EQUAL(serve_stats(high).ignored, 1);

	/* Both of our own, told of each other by a forged source: it ends. */
	bench_put(b, addr(ME2, 19), addr(ME, 7), "x");
	bench_put(b, addr(ME2, 7), addr(ME, 19), "x");
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	serve_free(echo);
	serve_free(chargen);
	serve_free(high);
	bench_free(b);
}

static void no_more_than_so_many_a_second_are_answered(void)
{
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_ECHO, 0);

	for (int i = 0; i < 3 * SERVE_ANSWERS; i++)
		bench_put(b, addr(PEER, CLIENT), addr(ME, 7), "x");
	CU_ASSERT_EQUAL(answers(b), SERVE_ANSWERS);
	lab_run(b->l, NS_PER_SEC / 2);
	for (int i = 0; i < SERVE_ANSWERS; i++)
		bench_put(b, addr(PEER, CLIENT), addr(ME, 7), "x");
	CU_ASSERT_EQUAL(answers(b), SERVE_ANSWERS / 2);
	CU_ASSERT_EQUAL(serve_stats(sv).datagrams, 4 * SERVE_ANSWERS);
	CU_ASSERT_EQUAL(serve_stats(sv).ignored, 4 * SERVE_ANSWERS - SERVE_ANSWERS * 3 / 2);
	serve_free(sv);
	bench_free(b);
}

static void or_as_many_as_was_asked_for(void)
{
	struct bench *b = bench_new();
	struct serve *sv = start_with(b, (struct serve_config){.kind = SERVE_ECHO, .answers = 5000});

	for (int i = 0; i < 6000; i++)
		bench_put(b, addr(PEER, CLIENT), addr(ME, 7), "x");
	CU_ASSERT_EQUAL(answers(b), 5000);
	lab_run(b->l, NS_PER_SEC / 5);
	for (int i = 0; i < 2000; i++)
		bench_put(b, addr(PEER, CLIENT), addr(ME, 7), "x");
	CU_ASSERT_EQUAL(answers(b), 1000);
	serve_free(sv);
	bench_free(b);
}

static void what_was_sent_to_many_is_not_answered(void)
{
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_ECHO, 0);

	bench_put(b, addr(PEER, CLIENT), addr(ALL, 7), "x");
	bench_put(b, addr(PEER, CLIENT), addr(IP_BROADCAST, 7), "x");
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(serve_stats(sv).ignored, 2);
	serve_free(sv);
	bench_free(b);
}

/* ---- connections ---- */

static struct sock *dial(struct bench *b, uint16_t port)
{
	struct sock *sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
	CU_ASSERT_EQUAL(sock_connect(sk, &(struct sock_addr){.ip = ME, .port = port}), -EINPROGRESS);
	lab_settle(b->l);
	return sk;
}

/* What has come, as text of at most `room` - 1 octets; what sock_recv() said last. */
static ssize_t hear(struct bench *b, struct sock *sk, char *text, size_t room)
{
	size_t len = 0;
	ssize_t n = -EAGAIN;

	lab_settle(b->l);
	while (len < room - 1 && (n = sock_recv(sk, text + len, room - 1 - len, 0, NULL)) > 0) {
		len += (size_t)n;
		lab_run(b->l, NS_PER_SEC);
	}
	text[len] = '\0';
	return n;
}

static void echo_sends_back_whatever_comes_and_ends_with_its_client(void)
{
	static char sent[200000], got[200001];
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_ECHO, 0);
	struct sock *sk = dial(b, 7);
	size_t done = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)('a' + i % 26);
	while (done < sizeof(sent)) { /* nothing is read meanwhile: the service has to hold and to wait */
		ssize_t n = sock_send(sk, sent + done, sizeof(sent) - done, 0, NULL);

		if (n < 0)
			break;
		done += (size_t)n;
		lab_run(b->l, NS_PER_SEC);
	}
	sock_shutdown(sk, SHUT_WR);
	for (int i = 0; i < 60 && strlen(got) < done; i++) {
		hear(b, sk, got + strlen(got), done + 1 - strlen(got));
		lab_run(b->l, NS_PER_SEC);
	}
	CU_ASSERT_EQUAL(strlen(got), done);
	CU_ASSERT_EQUAL(memcmp(sent, got, done), 0);
	lab_run(b->l, NS_PER_SEC);
	CU_ASSERT_EQUAL(sock_recv(sk, got, 1, 0, NULL), 0);
	CU_ASSERT_EQUAL(serve_stats(sv).connections, 0);
	sock_close(sk);
	serve_free(sv);
	bench_free(b);
}

/* It is there as soon as the question, so no ACK goes alone. */
static void the_answer_of_echo_takes_the_ack_with_it(void)
{
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_ECHO, 0);
	uint64_t before = b->s->mib[MIB_TcpOutSegs];
	struct sock *sk = dial(b, 7);
	char text[8];

	CU_ASSERT_EQUAL(sock_send(sk, "hello", 5, 0, NULL), 5);
	hear(b, sk, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "hello");
	/* of both ends: three of the handshake, question, answer, and the client's ACK of it */
	CU_ASSERT_EQUAL(b->s->mib[MIB_TcpOutSegs] - before, 6);
	sock_close(sk);
	serve_free(sv);
	bench_free(b);
}

static void discard_reads_for_ever_and_says_nothing(void)
{
	static const char much[50000];
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_DISCARD, 0);
	struct sock *sk = dial(b, 9);
	char text[8];

	for (int i = 0; i < 40; i++) {
		sock_send(sk, much, sizeof(much), 0, NULL);
		lab_run(b->l, NS_PER_SEC);
	}
	CU_ASSERT_EQUAL(sock_unsent(sk), 0);
	CU_ASSERT_EQUAL(hear(b, sk, text, sizeof(text)), -EAGAIN);
	sock_shutdown(sk, SHUT_WR);
	CU_ASSERT_EQUAL(hear(b, sk, text, sizeof(text)), 0);
	sock_close(sk);
	serve_free(sv);
	bench_free(b);
}

static void check_chargen(const char *text, size_t lines)
{
	CU_ASSERT_FATAL(strlen(text) >= 74 * lines);
	for (size_t line = 0; line < lines; line++) {
		CU_ASSERT_EQUAL(text[74 * line], (char)(' ' + line % 95));
		CU_ASSERT_EQUAL(text[74 * line + 71], (char)(' ' + (line + 71) % 95));
		CU_ASSERT_NSTRING_EQUAL(text + 74 * line + 72, "\r\n", 2);
	}
}

static void chargen_turns_its_lines_by_one_character(void)
{
	static char text[300000];
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_CHARGEN, 0);
	struct sock *sk = dial(b, 19);

	hear(b, sk, text, sizeof(text));
	check_chargen(text, (sizeof(text) - 1) / 74);
	sock_close(sk);
	lab_run(b->l, NS_PER_SEC);
	CU_ASSERT_EQUAL(serve_stats(sv).connections, 0);
	serve_free(sv);
	bench_free(b);
}

static void what_chargen_has_sent_arrives_after_its_end(void)
{
	static char text[300000];
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_CHARGEN, 0);
	struct sock *sk = dial(b, 19);

	lab_settle(b->l);
	serve_free(sv);
	hear(b, sk, text, sizeof(text));
	check_chargen(text, 1000);
	sock_close(sk);
	bench_free(b);
}

static void daytime_says_the_time_and_closes(void)
{
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_DAYTIME, 0);
	struct sock *sk = dial(b, 13);
	char text[64];

	CU_ASSERT_EQUAL(hear(b, sk, text, sizeof(text)), 0);
	CU_ASSERT_NSTRING_EQUAL(text + 10, " 00:0", 5);
	CU_ASSERT_STRING_EQUAL(text + strlen(text) - 11, " 2026 UTC\r\n");
	sock_close(sk);
	serve_free(sv);
	bench_free(b);
}

static void connections_are_bounded_in_number_and_in_idle_time(void)
{
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_ECHO, 0);
	struct sock *sk[SERVE_CONNECTIONS + 1];
	char text[8];

	for (size_t i = 0; i < ARRAY_SIZE(sk); i++)
		sk[i] = dial(b, 7);
	CU_ASSERT_EQUAL(serve_stats(sv).connections, SERVE_CONNECTIONS);
	CU_ASSERT_EQUAL(serve_stats(sv).refused, 1);
	CU_ASSERT_EQUAL(hear(b, sk[SERVE_CONNECTIONS], text, sizeof(text)), -ECONNRESET);
	lab_run(b->l, SERVE_IDLE_S * NS_PER_SEC / 2);
	sock_send(sk[0], "x", 1, 0, NULL);
	lab_run(b->l, SERVE_IDLE_S * NS_PER_SEC / 2 + NS_PER_SEC);
	CU_ASSERT_EQUAL(serve_stats(sv).connections, 1);
	for (size_t i = 0; i < ARRAY_SIZE(sk); i++)
		sock_close(sk[i]);
	serve_free(sv);
	bench_free(b);
}

static void a_port_in_use_is_said_with_the_step_that_failed(void)
{
	struct bench *b = bench_new();
	struct serve *sv = start(b, SERVE_ECHO, 5000);
	struct serve_config cfg = {.kind = SERVE_DISCARD, .port = 5000};
	const char *step;

	CU_ASSERT_PTR_NULL(serve_new(&b->l->loop, b->s, &cfg, &step));
	CU_ASSERT_EQUAL(errno, EADDRINUSE);
	CU_ASSERT_STRING_EQUAL(step, "bind");
	serve_free(sv);
	bench_free(b);
}

SUITE(app_serve, T(each_service_answers_datagrams_in_its_way), T(udp_echo_chargen_loop),
	T(no_more_than_so_many_a_second_are_answered), T(or_as_many_as_was_asked_for),
	T(what_was_sent_to_many_is_not_answered), T(echo_sends_back_whatever_comes_and_ends_with_its_client),
	T(the_answer_of_echo_takes_the_ack_with_it), T(discard_reads_for_ever_and_says_nothing),
	T(chargen_turns_its_lines_by_one_character), T(what_chargen_has_sent_arrives_after_its_end),
	T(daytime_says_the_time_and_closes), T(connections_are_bounded_in_number_and_in_idle_time),
	T(a_port_in_use_is_said_with_the_step_that_failed))
