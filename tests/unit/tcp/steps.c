/* SPDX-License-Identifier: MIT */
/*
 * The steps of RFC 9293 3.10.7.4 beyond the matrix: exact edges, rates of answers, timestamps, and the attacks that
 * they keep out.
 */
#include "tests/unit/tcp/bench.h"

#include <errno.h>

static const enum tcp_state synchronized[] = {
	TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK};

static int error_of(struct bench *b)
{
	int error = -1;

	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	return error;
}

static struct bench *established(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	return b;
}

static struct bench *established_with_ts(void)
{
	struct bench *b = bench_new();

	b->ts = true;
	bench_into(b, TCP_ESTABLISHED, false);
	return b;
}

/* Long enough for the next bad segment to be answered again. */
static void rest(struct bench *b)
{
	lab_run(b->l, 501 * MS);
	bench_last(b);
}

/* ---- first: the window ---- */

/* RFC9293-T-05, RFC9293-T-06: at the very edge stands the first number that is outside. */
static void first_number_after_the_window_is_outside(void)
{
	struct bench *b = established();
	uint32_t edge = b->una + b->wnd;

	bench_say_at(b, TCP_ACK | TCP_PSH, edge, b->host_nxt, 1);
	EXPECT_ACK(b);
	CU_ASSERT_EQUAL(DROPS(b, TCP_OUT_OF_WINDOW), 1);
	bench_say_at(b, TCP_RST, edge, 0, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(DROPS(b, TCP_OUT_OF_WINDOW), 2);
	bench_say_at(b, TCP_FIN | TCP_ACK, edge, b->host_nxt, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_OUT_OF_WINDOW), 3);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* A peer that has filled our window sends its pure ACKs from there: they must be heard, or what we sent would never be
 * acknowledged while one of its segments is lost. */
static void pure_ack_at_the_edge_is_heard(void)
{
	struct bench *b = established();
	uint32_t edge = b->una + b->wnd;

	CU_ASSERT_EQUAL(sock_send(b->sk, "data", 4, 0, NULL), 4);
	lab_settle(b->l);
	bench_last(b);
	bench_say_at(b, TCP_ACK, edge, b->host_nxt, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(bench_conn(b)->snd.una, b->host_nxt);
	bench_say_at(b, TCP_ACK, edge + 1, b->host_nxt, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_OUT_OF_WINDOW), 1);
	bench_free(b);
}

/* Beginning before the window and ending after it: all that fits is taken. */
static void text_that_overlaps_the_window_on_both_sides_fills_it(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	CU_ASSERT_EQUAL(sock_set(b->listener, SO_OPT_RCVBUF, 2304), 0);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	b->sk = sock_accept(b->listener, NULL);
	bench_say(b, TCP_ACK | TCP_PSH, 10);
	CU_ASSERT(bench_reads(b, b->nxt - 10, 10));
	bench_last(b);
	uint32_t wnd = b->wnd;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt - 5, b->host_nxt, wnd + 15);
	CU_ASSERT(bench_reads(b, b->nxt, wnd));
	bench_free(b);
}

/* The window is shut: nothing was read. */
static struct bench *shut_window(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	CU_ASSERT_EQUAL(sock_set(b->listener, SO_OPT_RCVBUF, 2304), 0);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->sk);
	for (int i = 0; i < 100 && b->wnd; i++) {
		bench_say(b, TCP_ACK | TCP_PSH, MIN(b->wnd, 500));
		lab_run(b->l, 300 * MS);
		bench_last(b);
	}
	CU_ASSERT_EQUAL_FATAL(b->wnd, 0);
	return b;
}

/* RFC9293-MUST-66, RFC9293-T-05 */
static void reset_urgent_and_ack_are_heard_with_a_shut_window(void)
{
	struct bench *b = shut_window();

	CU_ASSERT_EQUAL(sock_send(b->sk, "data", 4, 0, NULL), 4);
	lab_settle(b->l);
	bench_last(b);
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt,
		1); /* a window probe: its ACK counts, its text not */
	CU_ASSERT_EQUAL(bench_conn(b)->snd.una, b->host_nxt);
	EXPECT_ACK(b);
	struct bench_seg urg = {
		.flags = TCP_ACK | TCP_URG, .seq = b->nxt, .ack = b->host_nxt, .wnd = 1000, .urg = 10};
	bench_put(b, &urg);
	CU_ASSERT(bench_conn(b)->urg_seen);
	bench_say_at(b, TCP_RST, b->nxt + 1, 0, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_say_at(b, TCP_RST, b->nxt, 0, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(error_of(b), ECONNRESET);
	bench_free(b);
}

/* RFC7323-2.4b, RFC7323-2.4c: the edge that was once offered holds, though the buffer has become smaller. */
static void edge_once_offered_is_honoured(void)
{
	struct bench *b = established();
	uint32_t edge = b->una + b->wnd;

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_RCVBUF, 2304), 0);
	bench_say(b, TCP_ACK | TCP_PSH, 10);
	bench_last(b);
	bench_say_at(b, TCP_ACK | TCP_PSH, edge - 1, b->host_nxt, 1);
	CU_ASSERT_EQUAL(DROPS(b, TCP_OUT_OF_WINDOW), 0);
	bench_free(b);
}

/* RFC9293-T-06: answers to bad segments without text come at most twice a second. */
static void tcp_challenge_ack_storm(void)
{
	struct bench *b = established();
	unsigned answers = 0;

	for (unsigned i = 0; i < 1000; i++) {
		bench_say_at(b, TCP_ACK, b->nxt - 1000, b->host_nxt, 0);
		answers += bench_count(b) > 0;
		bench_last(b);
		lab_run(b->l, 3 * MS);
	}
	CU_ASSERT_EQUAL(answers, 6); /* in 3 s */
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPACKSkippedSeq), 994);
	sysctl_set(b->s, "net.ipv4.tcp_invalid_ratelimit", 0);
	for (unsigned i = 0; i < 10; i++)
		bench_say_at(b, TCP_ACK, b->nxt - 1000, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_count(b), 10);
	bench_free(b);
}

/* The same between two true ends: host and peer each believe that the other is elsewhere. */
static void two_desynchronised_hosts_fall_silent(void)
{
	struct lab *l = lab_new();
	struct stack *s[2] = {lab_host(l, "a"), lab_host(l, "c")};
	struct sock_addr at = {.ip = lab_ip("10.0.0.2"), .port = 80};
	struct sock *listener = sock_open(s[1], SOCK_STREAM, IP_PROTO_TCP),
		    *client = sock_open(s[0], SOCK_STREAM, IP_PROTO_TCP), *server;

	lab_veth(s[0], "eth0", "10.0.0.1/24", s[1], "eth0", "10.0.0.2/24");
	lab_run(l, SEC);
	sock_bind(listener, &at);
	sock_listen(listener, 5);
	sock_connect(client, &at);
	lab_run(l, SEC);
	server = sock_accept(listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(server);
	for (int i = 0; i < 2; i++) {
		struct tcp_conn *c = tcp_sock_conn(i ? server : client);
		c->rcv.nxt += 1000000;
		c->rcv.adv += 1000000;
		c->rcv.acked = c->rcv.nxt;
	}
	uint64_t sent = s[0]->mib[MIB_TcpOutSegs] + s[1]->mib[MIB_TcpOutSegs];
	CU_ASSERT_EQUAL(sock_send(client, "x", 1, 0, NULL), 1);
	lab_run(l, 10 * SEC);
	CU_ASSERT(s[0]->mib[MIB_TcpOutSegs] + s[1]->mib[MIB_TcpOutSegs] - sent < 60);
	sock_close(client);
	sock_close(server);
	sock_close(listener);
	lab_free(l);
}

/* RFC9293-MAY-13 and D-SACK: old text is answered each time, and said to be superfluous. */
static void old_text_is_answered_each_time(void)
{
	struct bench *b = bench_new();

	b->sack = true;
	bench_into(b, TCP_ESTABLISHED, false);
	bench_say(b, TCP_ACK | TCP_PSH, 100);
	bench_last(b);
	for (int i = 0; i < 3; i++) {
		bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt - 100, b->host_nxt, 100);
		struct bench_seen seen = bench_next(b);
		CU_ASSERT(seen.any && seen.h.ack == b->nxt);
		CU_ASSERT_EQUAL_FATAL(seen.o.sack_count, 1);
		CU_ASSERT(seen.o.sacks[0].start == b->nxt - 100 && seen.o.sacks[0].end == b->nxt);
	}
	CU_ASSERT_EQUAL(DROPS(b, TCP_OLD_DUPLICATE), 3);
	bench_free(b);
}

/* ---- second: RST ---- */

/* RFC5961-3a, RFC5961-3b, RFC5961-3c, RFC9293-SHLD-2 */
static void tcp_rst_in_window(void)
{
	enum { LEFT, EXACT, NEXT, LAST, BEYOND, PLACES };
	static const enum tcp_state gone[] = {
		[LEFT] = 0, [EXACT] = TCP_LISTEN, [NEXT] = 0, [LAST] = 0, [BEYOND] = 0};

	for (size_t i = 0; i < ARRAY_SIZE(synchronized); i++)
		for (int place = 0; place < PLACES; place++)
			for (size_t text = 0; text < 2; text++) {
				struct bench *b = bench_new();
				bench_into(b, synchronized[i], false);
				const uint32_t at[] = {b->nxt - 1 - (uint32_t)text, b->nxt, b->nxt + 1,
					b->una + b->wnd - 1, b->una + b->wnd};

				bench_say_at(b, TCP_RST, at[place], 0, text);
				if (place == NEXT || place == LAST)
					EXPECT_ACK(b);
				EXPECT_NONE(b);
				CU_ASSERT_EQUAL(bench_state(b), gone[place] ? gone[place] : synchronized[i]);
				CU_ASSERT_EQUAL(DROPS(b, TCP_RST_CHALLENGED), place == NEXT || place == LAST);
				bench_free(b);
			}
}

/* RFC9293-MUST-12: FIN and RST are told apart. */
static void program_is_told_that_the_peer_aborted(void)
{
	static const struct {
		enum tcp_state state;
		int error;
	} told[] = {{TCP_ESTABLISHED, ECONNRESET}, {TCP_FIN_WAIT_1, ECONNRESET}, {TCP_FIN_WAIT_2, ECONNRESET},
		{TCP_CLOSE_WAIT, EPIPE}, {TCP_CLOSING, ECONNRESET}, {TCP_LAST_ACK, ECONNRESET}};

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		struct bench *b = bench_new();

		bench_into(b, told[i].state, false);
		bench_say(b, TCP_RST, 0);
		CU_ASSERT(sock_ready(b->sk) & SOCK_EVENT_HANGUP);
		CU_ASSERT(sock_ready(b->sk) & SOCK_EVENT_ERROR);
		CU_ASSERT_EQUAL(error_of(b), told[i].error);
		bench_free(b);
	}
}

/* ---- fourth: SYN ---- */

/* RFC5961-4 */
static void tcp_syn_in_window(void)
{
	static const uint16_t flags[] = {
		TCP_SYN, TCP_SYN | TCP_ACK, TCP_SYN | TCP_FIN, TCP_SYN | TCP_PSH | TCP_URG};

	for (size_t i = 0; i < ARRAY_SIZE(synchronized); i++) {
		struct bench *b = bench_new();

		bench_into(b, synchronized[i], false);
		const uint32_t at[] = {0, b->isn, b->nxt - 1, b->nxt, b->nxt + 1, b->una + b->wnd - 1,
			b->una + b->wnd, b->nxt + 0x7fffffff, b->nxt + 0x80000000};
		for (size_t k = 0; k < ARRAY_SIZE(at) * ARRAY_SIZE(flags); k++) {
			rest(b);
			if (b->sk && sock_ready(b->sk) & SOCK_EVENT_HANGUP)
				break; /* a FIN that nobody acknowledges is given up some day */
			uint32_t nxt = b->nxt;
			bench_say_at(
				b, flags[k % ARRAY_SIZE(flags)], at[k / ARRAY_SIZE(flags)], b->host_nxt, 0);
			struct bench_seen seen = bench_next(b);
			CU_ASSERT(seen.any && seen.h.ack == nxt);
			CU_ASSERT(!(seen.h.flags & (TCP_RST | TCP_SYN)));
			CU_ASSERT_EQUAL(bench_state(b), synchronized[i]);
		}
		bench_free(b);
	}
}

/* RFC 5961 4.2: a peer that was started again learns by the challenge what to reset, and its next SYN opens. */
static void peer_that_has_forgotten_comes_back(void)
{
	struct bench *b = established();
	uint32_t isn = b->nxt + 500000;

	bench_say_at(b, TCP_SYN, isn, 0, 0);
	struct bench_seen seen = bench_next(b);
	CU_ASSERT(seen.h.flags == TCP_ACK && seen.h.ack == b->nxt);
	bench_say_at(b, TCP_RST, seen.h.ack, 0, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	b->nxt = isn;
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* ---- challenge ACKs ---- */

static unsigned challenges(struct bench *b, unsigned tries)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tries; i++) {
		bench_say_at(b, TCP_RST, b->nxt + 1, 0, 0);
		n += bench_count(b) > 0;
		bench_last(b);
	}
	return n;
}

/* RFC5961-7a, RFC5961-7b */
static void one_connection_is_challenged_twice_a_second(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(challenges(b, 100), 1);
	lab_run(b->l, 499 * MS);
	CU_ASSERT_EQUAL(challenges(b, 1), 0);
	lab_run(b->l, 1 * MS);
	CU_ASSERT_EQUAL(challenges(b, 100), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPChallengeACK), 2);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPACKSkippedChallenge), 199);
	bench_free(b);
}

/* How many challenge ACKs an attacker's own connections get in a second, after `victims` spoofed resets made the host
 * send some to others. */
static unsigned count_as_attacker(struct bench *b, unsigned own, unsigned victims)
{
	unsigned n = 0;

	lab_run(b->l, 1500 * MS);
	bench_last(b);
	for (unsigned i = 0; i < own + victims; i++) {
		b->peer_port = (uint16_t)(PEER_PORT + own + victims - 1 - i);
		bench_say_at(b, TCP_RST, b->isn + 2, 0, 0);
		n += i >= victims && bench_count(b) > 0;
		bench_last(b);
	}
	return n;
}

/* RFC5961-7b, CVE-2016-5696: the number differs from second to second by more than what a victim takes away. */
static void tcp_challenge_ack_side_channel(void)
{
	enum { OWN = 200, ROUNDS = 30 };
	struct bench *b = bench_new();
	unsigned least[2] = {OWN, OWN}, most[2] = {0};

	sysctl_set(b->s, "net.ipv4.tcp_challenge_ack_limit", 100);
	bench_listen(b, 400);
	for (unsigned i = 0; i < OWN + 2; i++) {
		b->peer_port = (uint16_t)(PEER_PORT + i);
		b->nxt = b->isn;
		bench_say(b, TCP_SYN, 0);
		bench_last(b);
		bench_say(b, TCP_ACK, 0);
		CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	}
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		unsigned n = count_as_attacker(b, OWN, i % 2 ? 2 : 0);
		least[i % 2] = MIN(least[i % 2], n);
		most[i % 2] = MAX(most[i % 2], n);
	}
	for (int i = 0; i < 2; i++) {
		CU_ASSERT(least[i] >= 48 && least[i] < 80);
		CU_ASSERT(most[i] <= 150 && most[i] > 120);
	}
	CU_ASSERT(least[0] < most[1] && least[1] < most[0]);

	sysctl_set(
		b->s, "net.ipv4.tcp_challenge_ack_limit", INT32_MAX); /* Linux's default: no limit of all */
	CU_ASSERT_EQUAL(count_as_attacker(b, OWN, 0), OWN);
	sysctl_set(b->s, "net.ipv4.tcp_challenge_ack_limit", 0);
	CU_ASSERT_EQUAL(count_as_attacker(b, OWN, 0), 0);
	bench_free(b);
}

/* ---- fifth: ACK ---- */

/* RFC5961-5a, RFC5961-5b, RFC9293-MAY-12 */
static void tcp_blind_data(void)
{
	enum { STEPS = 1 << 16 };
	struct bench *b = established();
	uint32_t una = b->host_nxt, taken = 0;

	bench_conn(b)->snd.max_wnd = 65535;
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t ack = una + i * (UINT32_MAX / STEPS + 1);
		uint64_t before = DROPS(b, TCP_BAD_ACK);
		bool good = seq_ge(ack, una - 65535) && seq_le(ack, una);

		bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, ack, 1);
		if (DROPS(b, TCP_BAD_ACK) == before) {
			CU_ASSERT(good);
			taken++;
			b->nxt++;
		} else {
			CU_ASSERT(!good);
		}
		lab_sent_clear(b->d);
	}
	CU_ASSERT_EQUAL(taken, 1);
	bench_say(b, TCP_ACK | TCP_PSH, 1);
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt++, una - 65535, 1);
	CU_ASSERT_EQUAL(DROPS(b, TCP_BAD_ACK), STEPS - 1);
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, una - 65536, 1);
	CU_ASSERT_EQUAL(DROPS(b, TCP_BAD_ACK), STEPS);
	CU_ASSERT_EQUAL(sock_unread(b->sk), 3);
	bench_free(b);
}

/* RFC9293-T-08 */
static void tcp_ack_future(void)
{
	static const uint32_t beyond[] = {1, 2, 1000, 0x7fffffff};

	for (size_t i = 0; i < ARRAY_SIZE(synchronized); i++)
		for (size_t k = 0; k < ARRAY_SIZE(beyond); k++) {
			struct bench *b = bench_new();

			bench_into(b, synchronized[i], false);
			bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt + beyond[k], 0);
			EXPECT_ACK(b);
			CU_ASSERT_EQUAL(DROPS(b, TCP_BAD_ACK), 1);
			CU_ASSERT_EQUAL(bench_state(b), synchronized[i]);
			bench_free(b);
		}
}

/* RFC9293-T-13, RFC9293-T-14: a FIN whose ACK is lost is sent again, and then acknowledged. */
static void states_move_only_by_the_ack_of_our_fin(void)
{
	static const enum tcp_state from[] = {TCP_FIN_WAIT_1, TCP_CLOSING, TCP_LAST_ACK};
	static const enum tcp_state to[] = {TCP_FIN_WAIT_2, TCP_TIME_WAIT, TCP_LISTEN};

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		struct bench *b = bench_new();

		bench_into(b, from[i], false);
		bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt - 1, 0);
		CU_ASSERT_EQUAL(bench_state(b), from[i]);
		lab_run(b->l, 3 * SEC);
		CU_ASSERT(bench_last(b).h.flags & TCP_FIN);
		bench_say(b, TCP_ACK, 0);
		CU_ASSERT_EQUAL(bench_state(b), to[i]);
		bench_free(b);
	}
}

/* ---- RFC 7323 ---- */

/* RFC7323-5.3a, RFC7323-5.2a */
static void old_timestamp_is_acknowledged_and_dropped(void)
{
	struct bench *b = established_with_ts();
	uint32_t good = b->tsval;

	b->tsval = good - 1;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt, 5);
	EXPECT_ACK(b);
	CU_ASSERT_EQUAL(DROPS(b, TCP_PAWS), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtPAWSEstab), 1);
	bench_say_at(b, TCP_ACK, b->nxt + b->wnd + 9, b->host_nxt, 0); /* outside too: PAWS comes first */
	CU_ASSERT_EQUAL(DROPS(b, TCP_PAWS), 2);
	bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt, 0);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPACKSkippedPAWS), 1);
	struct bench_seg rst = {.flags = TCP_RST, .seq = b->nxt + 1};
	uint8_t opts[TCP_OPT_MAX];
	struct tcp_options ts = {.has_ts = true, .tsval = good - 1};
	rst.opts = opts;
	rst.opts_len = tcp_options_emit(opts, sizeof(opts), &ts);
	bench_put(b, &rst);
	CU_ASSERT_EQUAL(DROPS(b, TCP_RST_CHALLENGED), 1); /* a reset is judged without its timestamp */
	rst.seq = b->nxt;
	bench_put(b, &rst);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* RFC7323-3.2c, RFC7323-3.2d */
static void segment_without_the_agreed_timestamp_is_dropped_silently(void)
{
	struct bench *b = established_with_ts();

	b->ts = false;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt, 5);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NO_TIMESTAMP), 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_say_at(b, TCP_SYN, b->nxt, 0, 0); /* who has forgotten everything has forgotten that too */
	CU_ASSERT_EQUAL(DROPS(b, TCP_SYN_CHALLENGED), 1);
	bench_last(b);
	bench_say_at(b, TCP_RST, b->nxt, 0, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* RFC7323-4.3a, RFC7323-4.3b, RFC7323-4.3c */
static void echo_is_of_the_segment_the_ack_waited_for(void)
{
	struct bench *b = established_with_ts();
	uint32_t first = b->tsval;

	b->tsval = first + 10;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt + 100, b->host_nxt, 100); /* leaves a gap */
	CU_ASSERT_EQUAL(bench_next(b).o.tsecr, first);
	b->tsval = first + 20;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt, 100); /* fills it */
	CU_ASSERT_EQUAL(bench_next(b).o.tsecr, first + 20);
	b->nxt += 200;
	/* delayed ACKs: two segments, one ACK, which echoes the first of them */
	bench_conn(b)->quick = 0;
	b->tsval = first + 30;
	bench_say(b, TCP_ACK, 100);
	EXPECT_NONE(b);
	b->tsval = first + 40;
	bench_say(b, TCP_ACK, 100);
	lab_run(b->l, 300 * MS);
	struct bench_seen seen = bench_last(b);
	CU_ASSERT(seen.any && seen.h.ack == b->nxt && seen.o.tsecr == first + 30);
	bench_free(b);
}

/* RFC7323-5.3b */
static void text_that_waits_out_of_order_is_not_judged_again(void)
{
	struct bench *b = established_with_ts();

	b->tsval += 1;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt + 10, b->host_nxt, 10);
	b->tsval += 1000;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt, 10);
	CU_ASSERT(bench_reads(b, b->nxt, 20));
	bench_free(b);
}

/* CVE-2005-0356; RFC7323-4.3a */
static void tcp_paws_poison(void)
{
	struct bench *b = established_with_ts();
	uint32_t good = b->tsval;

	b->tsval = good + 0x7fffffff;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt + b->wnd + 5, b->host_nxt, 10);
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt - 500, b->host_nxt, 10);
	bench_say_at(
		b, TCP_ACK | TCP_PSH, b->nxt + 1, b->host_nxt, 10); /* in the window, beyond Last.ACK.sent */
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt + 1, 10); /* a guessed ACK */
	bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt - 100000, 0);
	bench_say_at(b, TCP_PSH, b->nxt, 0, 10); /* none */
	struct bench_seg rst = {.flags = TCP_RST, .seq = b->nxt + 5};
	bench_put(b, &rst);
	bench_say_at(b, TCP_SYN, b->nxt + 5, 0, 0);
	CU_ASSERT_EQUAL(bench_conn(b)->ts_recent, good);
	b->tsval = good + 1;
	bench_last(b);
	uint32_t seq = b->nxt;
	bench_say(b, TCP_ACK | TCP_PSH, 1);
	CU_ASSERT_EQUAL(DROPS(b, TCP_PAWS), 0);
	CU_ASSERT_EQUAL(bench_conn(b)->ts_recent, good + 1);
	CU_ASSERT_EQUAL(sock_unread(b->sk), 11);
	(void)seq;
	bench_free(b);
}

/* RFC7323-5.5 */
static void timestamp_of_24_days_ago_is_forgotten(void)
{
	struct bench *b = established_with_ts();
	uint32_t good = b->tsval;

	lab_run(b->l, 24 * 86400 * SEC);
	b->tsval = good - 1;
	bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_PAWS), 1);
	lab_run(b->l, 2 * SEC);
	bench_say(b, TCP_ACK | TCP_PSH, 3);
	CU_ASSERT_EQUAL(DROPS(b, TCP_PAWS), 1);
	CU_ASSERT(bench_reads(b, b->nxt - 3, 3));
	CU_ASSERT_EQUAL(bench_conn(b)->ts_recent, good - 1);
	bench_free(b);
}

/* RFC7323-2.2b */
static void tcp_opt_wscale_non_syn(void)
{
	struct bench *b = bench_new();
	static const uint8_t opts[] = {1, 3, 3, 14};

	b->wscale = 2;
	bench_into(b, TCP_ESTABLISHED, false);
	struct bench_seg g = {.flags = TCP_ACK,
		.seq = b->nxt,
		.ack = b->host_nxt,
		.wnd = 1000,
		.opts = opts,
		.opts_len = sizeof(opts)};
	bench_put(b, &g);
	CU_ASSERT_EQUAL(bench_conn(b)->snd_wscale, 2);
	CU_ASSERT_EQUAL(bench_conn(b)->snd.wnd, 4000);
	bench_free(b);
}

/* RFC9293-MUST-1, RFC9293-REC-1 */
static void window_is_a_number_without_sign(void)
{
	struct bench *b = established();

	b->my_wnd = 0xffff;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_conn(b)->snd.wnd, 65535);
	b->my_wnd = 0x8000;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_conn(b)->snd.wnd, 32768);
	bench_free(b);
}

/* ---- sixth to eighth ---- */

/* RFC9293-T-10, RFC9293-T-17 */
static void fin_counts_after_all_text_before_it(void)
{
	struct bench *b = established();
	uint8_t buf[4];

	bench_say_at(b, TCP_ACK | TCP_FIN, b->nxt + 30, b->host_nxt, 10);
	bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt, 20);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_say_at(b, TCP_ACK, b->nxt + 15, b->host_nxt, 20);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSE_WAIT);
	CU_ASSERT(bench_reads(b, b->nxt, 40));
	CU_ASSERT_EQUAL(sock_recv(b->sk, buf, sizeof(buf), 0, NULL), 0);
	CU_ASSERT_EQUAL(bench_last(b).h.ack, b->nxt + 41);
	bench_free(b);
}

/* As with Linux: three segments end a connection, not four. */
static void the_ack_of_a_fin_waits_for_ours(void)
{
	struct bench *b = established();

	bench_say(b, TCP_ACK | TCP_PSH, 10);
	EXPECT_ACK(b);
	CU_ASSERT(bench_reads(b, b->nxt - 10, 10));
	bench_say(b, TCP_ACK | TCP_FIN, 0);
	EXPECT_NONE(b);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	EXPECT(b, TCP_FIN | TCP_ACK, b->host_nxt - 1, b->nxt);
	lab_run(b->l, 50 * MS);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-SHLD-3, RFC9293-MAY-1: text for a program that has closed. */
static void text_after_close_is_answered_by_a_reset(void)
{
	static const enum tcp_state states[] = {TCP_FIN_WAIT_1, TCP_FIN_WAIT_2};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct bench *b = established();

		sock_close(b->sk);
		b->sk = NULL;
		lab_settle(b->l);
		bench_last(b);
		bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt - !i, 0);
		CU_ASSERT_EQUAL(bench_state(b), states[i]);
		bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt - !i, 5);
		CU_ASSERT_EQUAL(bench_last(b).h.flags & TCP_RST, TCP_RST);
		CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
		CU_ASSERT_EQUAL(DROPS(b, TCP_NOBODY_READS), 1);
		bench_free(b);
	}
}

/* ---- all 512 ---- */

/* Nothing but the rules may move a state: those with SYN or RST never do where the sequence number is not exact, those
 * without ACK never. */
static void tcp_flags_all_512(void)
{
	for (int state = TCP_CLOSED; state <= TCP_TIME_WAIT; state++)
		for (uint16_t flags = 0; flags < 512; flags++)
			for (uint32_t inside = 0; inside < 2; inside++) {
				struct bench *b = bench_new();
				bench_into(b, (enum tcp_state)state, false);
				uint32_t seq = inside ? b->nxt + 1 : b->nxt - 100000;
				bool open = state >= TCP_ESTABLISHED && state != TCP_TIME_WAIT;

				bench_say_at(b, flags, seq, b->host_nxt, flags & 1);
				if (open && (!inside || !(flags & TCP_ACK) || flags & (TCP_SYN | TCP_RST)))
					CU_ASSERT_EQUAL(bench_state(b), state);
				if (!inside && flags & TCP_RST)
					EXPECT_NONE(b);
				bench_last(b);
				bench_free(b);
			}
}

/* Where each second segment is acknowledged without waiting for the turn's end, the FIN's ACK is still the only one. */
static void text_and_fin_get_one_ack(void)
{
	struct bench *b = bench_new();

	b->s->sysctl[SYSCTL_TCP_ACK_BURST] = 0;
	bench_into(b, TCP_ESTABLISHED, false);
	bench_say(b, TCP_ACK | TCP_FIN, 1000);
	EXPECT_ACK(b);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSE_WAIT);
	bench_free(b);
}

SUITE(tcp_steps, T(text_and_fin_get_one_ack), T(first_number_after_the_window_is_outside),
	T(pure_ack_at_the_edge_is_heard), T(text_that_overlaps_the_window_on_both_sides_fills_it),
	T(reset_urgent_and_ack_are_heard_with_a_shut_window), T(edge_once_offered_is_honoured),
	T(tcp_challenge_ack_storm), T(two_desynchronised_hosts_fall_silent),
	T(old_text_is_answered_each_time), T(tcp_rst_in_window), T(program_is_told_that_the_peer_aborted),
	T(tcp_syn_in_window), T(peer_that_has_forgotten_comes_back),
	T(one_connection_is_challenged_twice_a_second), T(tcp_challenge_ack_side_channel), T(tcp_blind_data),
	T(tcp_ack_future), T(states_move_only_by_the_ack_of_our_fin),
	T(old_timestamp_is_acknowledged_and_dropped),
	T(segment_without_the_agreed_timestamp_is_dropped_silently),
	T(echo_is_of_the_segment_the_ack_waited_for), T(text_that_waits_out_of_order_is_not_judged_again),
	T(tcp_paws_poison), T(timestamp_of_24_days_ago_is_forgotten), T(tcp_opt_wscale_non_syn),
	T(window_is_a_number_without_sign), T(fin_counts_after_all_text_before_it),
	T(the_ack_of_a_fin_waits_for_ours), T(text_after_close_is_answered_by_a_reset), T(tcp_flags_all_512))
