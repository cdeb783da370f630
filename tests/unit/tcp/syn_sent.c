/* SPDX-License-Identifier: MIT */
/* SYN-SENT, and both ends opening at once (RFC 9293 3.5, 3.10.7.3). */
#include "tests/unit/tcp/bench.h"

#include <errno.h>

static int error_of(struct bench *b)
{
	int error = -1;

	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	return error;
}

/* ---- the SYN-ACK ---- */

/* RFC9293-MUST-4, RFC7323-2.3a, RFC7323-3.2b, RFC7323-3.2f */
static void syn_ack_opens_and_is_acknowledged(void)
{
	struct bench *b = bench_new();
	struct bench_seen seen;

	b->ts = b->sack = true;
	b->wscale = 5;
	bench_connect(b);
	CU_ASSERT(!(sock_ready(b->sk) & SOCK_EVENT_WRITABLE));
	bench_say(b, TCP_SYN | TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	seen = bench_next(b);
	CU_ASSERT(seen.h.flags == TCP_ACK && seen.h.seq == b->host_nxt && seen.h.ack == b->nxt);
	CU_ASSERT(seen.o.has_ts && seen.o.tsecr == b->tsval);
	CU_ASSERT(sock_ready(b->sk) & SOCK_EVENT_WRITABLE);
	const struct tcp_conn *c = bench_conn(b);
	CU_ASSERT(c->ts_on && c->sack_on && c->wscale_on && c->snd_wscale == 5);
	CU_ASSERT_EQUAL(c->rcv_wscale, b->host_wscale);
	CU_ASSERT_EQUAL(c->snd.wnd, 65535); /* not scaled in the SYN-ACK: RFC7323-2.2c */
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(c->snd.wnd, 65535u << 5); /* RFC7323-2.3b */
	bench_free(b);
}

/* RFC7323-2.2a, RFC7323-3.2e: what the SYN-ACK does not have is off, and not heard when it comes later. */
static void options_missing_in_the_syn_ack_are_off(void)
{
	struct bench *b = bench_new();
	const struct tcp_conn *c;

	b->mss = 0;
	bench_into(b, TCP_ESTABLISHED, true);
	c = bench_conn(b);
	CU_ASSERT(!c->ts_on && !c->sack_on && !c->wscale_on);
	CU_ASSERT(c->snd_wscale == 0 && c->rcv_wscale == 0 && c->mss == 536);
	b->ts = true;
	bench_say(b, TCP_ACK | TCP_PSH, 4);
	CU_ASSERT(bench_reads(b, b->nxt - 4, 4));
	CU_ASSERT(!bench_next(b).o.has_ts);
	bench_free(b);
}

/* RFC9293-T-11: and RFC9293-T-04 */
static void tcp_fin_on_syn_sent(void)
{
	struct bench *b = bench_new();

	bench_connect(b);
	bench_say_at(b, TCP_FIN, b->nxt, 0, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NO_SYN), 1);
	bench_say_at(b, TCP_FIN | TCP_ACK, b->nxt, b->host_nxt, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NO_SYN), 2);
	EXPECT_NONE(b);
	bench_say_at(b, TCP_FIN | TCP_SYN | TCP_ACK, b->nxt, b->host_nxt, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_SYN_FIN), 1);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_SENT);
	bench_free(b);
}

/* RFC9293-T-03 */
static void ack_of_anything_but_the_syn_gets_a_reset(void)
{
	static const uint32_t wrong[] = {0, UINT32_MAX, 1, 1000, 0x7fffffff};
	struct bench *b = bench_new();

	bench_connect(b);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint32_t ack = b->host_isn + wrong[i];

		if (ack == b->host_nxt)
			ack++;
		bench_say_at(b, TCP_SYN | TCP_ACK, b->nxt, ack, 0);
		EXPECT(b, TCP_RST, ack, 0);
		CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_SENT);
		bench_say_at(b, TCP_RST | TCP_ACK, b->nxt, ack, 0);
		EXPECT_NONE(b);
		CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_SENT);
	}
	CU_ASSERT_EQUAL(DROPS(b, TCP_BAD_ACK), 10);
	bench_say(b, TCP_SYN | TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* RFC9293-MUST-12, RFC9293-T-04 */
static void reset_with_a_good_ack_refuses(void)
{
	struct bench *b = bench_new();

	bench_connect(b);
	bench_say_at(b, TCP_RST, 0, 0, 0);
	bench_say_at(b, TCP_RST, b->nxt, 0, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NOTHING_TO_RESET), 2);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_SENT);
	bench_say_at(b, TCP_RST | TCP_ACK, 0, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSED);
	CU_ASSERT_EQUAL(error_of(b), ECONNREFUSED);
	CU_ASSERT_EQUAL(MIB(b, TcpAttemptFails), 1);
	EXPECT_NONE(b);
	bench_free(b);
}

static void text_on_a_syn_ack_comes_again(void)
{
	struct bench *b = bench_new();

	bench_connect(b);
	bench_say_at(b, TCP_SYN | TCP_ACK, b->nxt++, b->host_nxt, 50);
	EXPECT_ACK(b);
	bench_say(b, TCP_ACK, 50);
	CU_ASSERT(bench_reads(b, b->nxt - 50, 50));
	bench_free(b);
}

/* RFC 3168 6.1.1 */
static void ecn_is_on_when_asked_for_and_agreed(void)
{
	static const struct {
		int asked;
		uint16_t answer;
		bool on;
	} tries[] = {{1, TCP_ECE, true}, {1, 0, false}, {1, TCP_ECE | TCP_CWR, false}, {2, TCP_ECE, false}};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct bench *b = bench_new();

		sysctl_set(b->s, "net.ipv4.tcp_ecn", tries[i].asked);
		bench_connect(b);
		bench_say(b, TCP_SYN | TCP_ACK | tries[i].answer, 0);
		CU_ASSERT_EQUAL(bench_conn(b)->ecn_on, tries[i].on);
		bench_free(b);
	}
}

static void round_trip_is_that_of_the_syn(void)
{
	struct bench *b = bench_new();

	bench_connect(b);
	lab_run(b->l, 70 * MS);
	bench_say(b, TCP_SYN | TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_conn(b)->srtt_us, 70000);
	bench_free(b);
}

/* RFC9293-MUST-18 (Karn): after a retransmission only the timestamp can tell, if it is one of ours. */
static void tcp_rtt_poison_in_the_handshake(void)
{
	static const int32_t wild[] = {INT32_MIN, -100000, -1100, 31, 1000, INT32_MAX};

	for (size_t i = 0; i <= ARRAY_SIZE(wild); i++) {
		struct bench *b = bench_new();

		b->ts = true;
		bench_connect(b);
		lab_run(b->l, SEC + 30 * MS);
		CU_ASSERT_EQUAL(bench_count(b), 1);
		bench_last(b);
		if (i < ARRAY_SIZE(wild))
			b->tsecr += (uint32_t)wild[i];
		else
			CU_ASSERT_NOT_EQUAL(b->tsecr, 0);
		bench_say(b, TCP_SYN | TCP_ACK, 0);
		CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
		if (i < ARRAY_SIZE(wild)) {
			CU_ASSERT_EQUAL(bench_conn(b)->srtt_us, 0);
			CU_ASSERT_EQUAL(tcp_rto_us(bench_conn(b)), 3000000); /* RFC 6298 5.7 */
		} else {
			CU_ASSERT_EQUAL(bench_conn(b)->srtt_us, 30000);
		}
		bench_free(b);
	}
}

/* ---- both at once ---- */

/* RFC9293-MUST-10: figure 8. */
static void simultaneous_open_ends_in_established(void)
{
	struct bench *b = bench_new();

	b->ts = b->sack = true;
	b->wscale = 2;
	bench_connect(b);
	bench_say(b, TCP_SYN, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	struct bench_seen seen = bench_next(b);
	CU_ASSERT_EQUAL(seen.h.flags, TCP_SYN | TCP_ACK);
	CU_ASSERT(seen.h.seq == b->host_isn && seen.h.ack == b->nxt);
	CU_ASSERT(seen.o.has_mss && seen.o.has_sack_ok && seen.o.has_wscale && seen.o.has_ts);
	/* the peer's SYN-ACK: it had our SYN meanwhile */
	bench_say_at(b, TCP_SYN | TCP_ACK, b->isn, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	CU_ASSERT(sock_ready(b->sk) & SOCK_EVENT_WRITABLE);
	bench_last(b);
	bench_say(b, TCP_ACK, 10);
	CU_ASSERT(bench_reads(b, b->nxt - 10, 10));
	CU_ASSERT(bench_conn(b)->ts_on && bench_conn(b)->snd_wscale == 2);
	bench_free(b);
}

/* RFC9293-MUST-11, RFC9293-T-07: the active one tells its program. */
static void reset_in_a_simultaneous_open_refuses(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_SYN_RECEIVED, true);
	bench_say(b, TCP_RST, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSED);
	CU_ASSERT_EQUAL(error_of(b), ECONNREFUSED);
	bench_free(b);
}

/* A spoofed SYN makes SYN-RECEIVED of SYN-SENT. The true peer's SYN-ACK still leads out of it: either it fits, or the
 * challenge makes the peer reset what it holds, and the program is told. */
static void tcp_simultaneous_connect_spoof(void)
{
	struct bench *b = bench_new();
	uint32_t isn = b->isn;

	bench_connect(b);
	bench_say_at(b, TCP_SYN, isn + 50000, 0, 0); /* not the peer */
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	bench_last(b);
	bench_say_at(b, TCP_SYN | TCP_ACK, isn, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	EXPECT(b, TCP_SYN | TCP_ACK, b->host_isn, isn + 50001);
	/* to the true peer that acknowledges what it never sent: it resets by SEQ = SEG.ACK */
	bench_say_at(b, TCP_RST, isn + 50001, 0, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSED);
	CU_ASSERT_EQUAL(error_of(b), ECONNREFUSED);
	bench_free(b);

	b = bench_new();
	bench_connect(b);
	bench_say(b, TCP_SYN, 0); /* guessed right: no harm */
	bench_last(b);
	bench_say_at(b, TCP_SYN | TCP_ACK, isn, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* The host connects to itself by the same port: SYNs that cross on lo (figure 8 again). */
static void connection_to_oneself_stands(void)
{
	struct bench *b = bench_new();
	struct sock_addr a = {.ip = ME, .port = 7777};
	char buf[8];

	b->sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	CU_ASSERT_EQUAL(sock_bind(b->sk, &a), 0);
	CU_ASSERT_EQUAL(sock_connect(b->sk, &a), -EINPROGRESS);
	lab_run(b->l, 100 * MS);
	CU_ASSERT(sock_ready(b->sk) & SOCK_EVENT_WRITABLE);
	CU_ASSERT_EQUAL(sock_send(b->sk, "echo", 4, 0, NULL), 4);
	lab_run(b->l, 100 * MS);
	CU_ASSERT_EQUAL(sock_recv(b->sk, buf, sizeof(buf), 0, NULL), 4);
	CU_ASSERT_EQUAL(memcmp(buf, "echo", 4), 0);
	EXPECT_NONE(b);
	bench_free(b);
}

SUITE(tcp_syn_sent, T(syn_ack_opens_and_is_acknowledged), T(options_missing_in_the_syn_ack_are_off),
	T(tcp_fin_on_syn_sent), T(ack_of_anything_but_the_syn_gets_a_reset), T(reset_with_a_good_ack_refuses),
	T(text_on_a_syn_ack_comes_again), T(ecn_is_on_when_asked_for_and_agreed),
	T(round_trip_is_that_of_the_syn), T(tcp_rtt_poison_in_the_handshake),
	T(simultaneous_open_ends_in_established), T(reset_in_a_simultaneous_open_refuses),
	T(tcp_simultaneous_connect_spoof), T(connection_to_oneself_stands))
