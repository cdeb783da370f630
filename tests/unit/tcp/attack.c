/* SPDX-License-Identifier: MIT */
/* Attacks on what a connection keeps and for how long: windows that stay shut, that shrink, that are replayed, and
 * timestamps that lie. Each case bears the name of its row in docs/attacks.csv. */
#include "net/port.h"
#include "tests/unit/tcp/bench.h"

#include <errno.h>
#include <stdlib.h>

static uint8_t text[65536];

/* One more connection to the listener, from another port of the peer's; its window is b->my_wnd. */
static struct sock *one_more(struct bench *b, uint16_t port)
{
	b->peer_port = port;
	b->nxt = b->una = b->isn;
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	bench_last(b);
	return sock_accept(b->listener, NULL);
}

/* Time passes; what the host sends is acknowledged by the peer where `acks`, and not kept. */
static void pass(struct bench *b, uint64_t ns, bool acks)
{
	for (uint64_t t = 0; t < ns; t += SEC) {
		lab_run(b->l, SEC);
		if (bench_count(b)) {
			bench_last(b);
			if (acks && bench_conn(b))
				bench_say(b, TCP_ACK, 0);
		}
	}
}

static size_t connections(const struct bench *b)
{
	return pool_in_use(&tcp_of(b->s)->conns) - 1; /* the listener */
}

/* ---- windows that stay shut ---- */

/* RFC 6429: under memory pressure such connections are ended; all the time others are served. */
static void tcp_sockstress_zero_window(void)
{
	enum { N = 1000 };
	struct sock **sk = calloc(N, sizeof(*sk));
	struct bench *b = bench_new();

	b->s->sysctl[SYSCTL_TCP_MEM_LOW] = 512;
	b->s->sysctl[SYSCTL_TCP_MEM_PRESSURE] = 1024;
	b->s->sysctl[SYSCTL_TCP_MEM_HIGH] = 2048; /* pages: 8 MiB */
	bench_listen(b, 128);
	b->my_wnd = 0;
	for (int i = 0; i < N; i++) {
		sk[i] = one_more(b, (uint16_t)(10000 + i));
		CU_ASSERT_PTR_NOT_NULL_FATAL(sk[i]);
		sock_send(sk[i], text, sizeof(text), 0, NULL);
		CU_ASSERT(tcp_of(b->s)->memory <= 2048 * 4096);
	}
	pass(b, 300 * SEC, false);
	CU_ASSERT(tcp_of(b->s)->memory <= 1024 * 4096);
	b->my_wnd = 65535;
	struct sock *other = one_more(b, 9999);
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT_EQUAL(sock_send(other, text, 1000, 0, NULL), 1000);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_next(b).len, 1000);
	sock_close(other);
	for (int i = 0; i < N; i++)
		sock_close(sk[i]);
	free(sk);
	bench_free(b);
}

/* One octet of window at a time gets one octet a time-out, and no more memory than any other. */
static void tcp_small_window(void)
{
	for (uint16_t wnd = 1; wnd <= 4; wnd = (uint16_t)(wnd * 2)) {
		struct bench *b = bench_new();
		unsigned segments = 0;
		size_t octets = 0;

		b->my_wnd = wnd;
		bench_into(b, TCP_ESTABLISHED, false);
		CU_ASSERT(sock_send(b->sk, text, sizeof(text), 0, NULL) > 0);
		for (int i = 0; i < 600; i++) {
			lab_run(b->l, 100 * MS);
			while (bench_count(b)) {
				struct bench_seen seen = bench_next(b);

				segments += seen.len > 0;
				octets += seen.len;
				bench_say(b, TCP_ACK, 0);
			}
		}
		CU_ASSERT(segments > 0 && segments <= 600);
		CU_ASSERT(octets <= (size_t)segments * wnd);
		CU_ASSERT(tcp_of(b->s)->memory <= 2 * bench_conn(b)->sndbuf);
		bench_free(b);
	}
}

static void tcp_last_ack_stuck(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_CLOSE_WAIT, false);
	b->my_wnd = 0;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(sock_send(b->sk, text, 1000, 0, NULL), 1000);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LAST_ACK);
	pass(b, 1200 * SEC, false);
	CU_ASSERT_EQUAL(connections(b), 0);
	bench_free(b);
}

/* Nobody is there any more whom the data could matter to: even a peer that answers each probe does not keep them. */
static void tcp_fin_wait1_orphan(void)
{
	enum { N = 1000 };
	struct bench *b = bench_new();

	bench_listen(b, 128);
	b->my_wnd = 0;
	for (int i = 0; i < N; i++) {
		struct sock *sk = one_more(b, (uint16_t)(10000 + i));

		CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
		CU_ASSERT_EQUAL(sock_send(sk, text, 1000, 0, NULL), 1000);
		sock_close(sk);
		lab_settle(b->l);
		CU_ASSERT_EQUAL(bench_state(b), TCP_FIN_WAIT_1);
	}
	CU_ASSERT_EQUAL(connections(b), N);
	pass(b, 1200 * SEC, true); /* it answers those of the last one */
	CU_ASSERT_EQUAL(connections(b), 0);
	CU_ASSERT_EQUAL(tcp_of(b->s)->orphans, 0);
	CU_ASSERT_EQUAL(tcp_of(b->s)->memory, 0);
	bench_free(b);
}

/* A peer's MSS of 48 does not make us cut the stream into more and more headers. */
static void tcp_opt_low_mss(void)
{
	static const struct {
		int32_t floor;
		size_t len;
	} cases[] = {{0, 88}, {48, 48}, {200, 200}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench *b = bench_new();

		if (cases[i].floor)
			b->s->sysctl[SYSCTL_TCP_MIN_SND_MSS] = cases[i].floor;
		b->mss = 48;
		bench_into(b, TCP_ESTABLISHED, false);
		CU_ASSERT(sock_send(b->sk, text, 10000, 0, NULL) > 0);
		lab_settle(b->l);
		CU_ASSERT_EQUAL(bench_next(b).len, cases[i].len);
		bench_free(b);
	}
}

/* ---- windows that lie ---- */

/* RFC9293-MUST-34 RFC9293-SHLD-16 RFC7323-2.4d */
static void tcp_window_shrink(void)
{
	static const uint16_t to[] = {0, 1, 100};

	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		struct bench *b = bench_new();

		bench_into(b, TCP_ESTABLISHED, false);
		uint32_t una = b->host_nxt;
		CU_ASSERT_EQUAL(sock_send(b->sk, text, 20000, 0, NULL), 20000);
		lab_settle(b->l);
		bench_last(b);
		uint32_t nxt = b->host_nxt;
		CU_ASSERT(nxt != una);
		b->my_wnd = to[i];
		bench_say_at(b, TCP_ACK, b->nxt, una, 0);
		EXPECT_NONE(b);
		lab_run(b->l, 3 * SEC); /* what is in flight is sent again all the same, and nothing else */
		while (bench_count(b)) {
			struct bench_seen seen = bench_next(b);
			CU_ASSERT(seq_le(seen.h.seq + (uint32_t)seen.len, nxt));
		}
		b->my_wnd = 65535;
		bench_say_at(b, TCP_ACK, b->nxt, nxt, 0);
		CU_ASSERT_EQUAL(bench_next(b).h.seq, nxt);
		bench_free(b);
	}
}

/* RFC9293-T-09 */
static void tcp_window_update_replay(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	uint32_t una = b->host_nxt, nxt = b->nxt;
	CU_ASSERT_EQUAL(sock_send(b->sk, text, 100, 0, NULL), 100);
	lab_settle(b->l);
	bench_last(b);
	b->my_wnd = 500;
	bench_say(b, TCP_ACK, 10); /* newer by sequence number */
	CU_ASSERT_EQUAL(bench_conn(b)->snd.wnd, 500);
	b->my_wnd = 60000;
	bench_say_at(b, TCP_ACK, nxt, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_conn(b)->snd.wnd, 500);
	bench_say_at(b, TCP_ACK, b->nxt, una, 0); /* older by acknowledgment */
	CU_ASSERT_EQUAL(bench_conn(b)->snd.wnd, 500);
	bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_conn(b)->snd.wnd, 60000);
	bench_free(b);
}

/* RFC 7323 4: an echo of what we never sent measures nothing. */
static void tcp_rtt_poison(void)
{
	static const int64_t lies_ms[] = {0 /* an echo of 0 */, 1000000, -1000000, INT32_MAX, INT32_MIN, 5};
	struct bench *b = bench_new();

	b->ts = true;
	bench_into(b, TCP_ESTABLISHED, false);
	for (size_t i = 0; i < ARRAY_SIZE(lies_ms) * 10; i++) {
		int64_t lie = lies_ms[i % ARRAY_SIZE(lies_ms)];

		CU_ASSERT_EQUAL(sock_send(b->sk, text, 100, 0, NULL), 100);
		lab_run(b->l, 20 * MS);
		bench_last(b);
		b->tsecr = lie ? b->tsecr + (uint32_t)lie : 0;
		bench_say(b, TCP_ACK, 0);
		const struct tcp_conn *c = bench_conn(b);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
		CU_ASSERT(tcp_rto_us(c) >= 200000 && tcp_rto_us(c) <= 1000000);
		CU_ASSERT(c->srtt_us < 100000);
	}
	bench_free(b);
}

/* ---- ports ---- */

/* Two owners have the same one now and then: these are other connections. */
static bool any_port(void *ctx, uint16_t number)
{
	(void)ctx;
	(void)number;
	return true;
}

/* RFC6056-3.3 RFC6056-3.1 Where the ports towards one destination stand says nothing about another, and the first ones towards many
 * are spread evenly. */
static void tcp_port_predict(void)
{
	enum { STEPS = 20000, FIRSTS = 20000, CELLS = 50 };
	struct lab *l = lab_new();
	struct port_table t;
	unsigned cell[CELLS] = {0}, same = 0;
	int32_t before = 0;
	double chi2 = 0;

	port_table_init(&t, lab_host(l, "h1"));
	for (int i = 0; i < STEPS; i++) {
		struct port_owner o = {.ip = ME}, q = {.ip = ME};

		CU_ASSERT_EQUAL_FATAL(port_connect(&t, &o, PEER, 80, any_port, NULL), 0);
		CU_ASSERT_EQUAL_FATAL(port_connect(&t, &q, OTHER, 80, any_port, NULL), 0);
		int32_t apart = port_number(&o) - port_number(&q);
		same += i && apart == before;
		before = apart;
		port_release(&t, &o);
		port_release(&t, &q);
	}
	CU_ASSERT(same < STEPS / 2);
	for (uint32_t i = 0; i < FIRSTS; i++) {
		struct port_owner o = {.ip = ME};

		CU_ASSERT_EQUAL_FATAL(port_connect(&t, &o, 0x0b000000 + i, 80, NULL, NULL), 0);
		unsigned at = (unsigned)(port_number(&o) - 32768) * CELLS / (60999 - 32768 + 1);
		CU_ASSERT_FATAL(at < CELLS);
		cell[at]++;
		port_release(&t, &o);
	}
	for (int i = 0; i < CELLS; i++) {
		double off = cell[i] - (double)FIRSTS / CELLS;

		chi2 += off * off / ((double)FIRSTS / CELLS);
	}
	CU_ASSERT(chi2 < 49 + 5 * 10); /* mean 49, standard deviation 9.9 */
	port_table_exit(&t);
	lab_free(l);
}

SUITE(tcp_attack, T(tcp_sockstress_zero_window), T(tcp_small_window), T(tcp_opt_low_mss),
	T(tcp_last_ack_stuck), T(tcp_fin_wait1_orphan), T(tcp_window_shrink), T(tcp_window_update_replay),
	T(tcp_rtt_poison), T(tcp_port_predict));
