/* SPDX-License-Identifier: MIT */
/* Sequence numbers and timestamp offsets that nobody can foretell. */
#include "tests/unit/tcp/bench.h"

#include <math.h>

static struct tcp_entry four(uint32_t i)
{
	return (struct tcp_entry){.local = ME,
		.remote = PEER + i / 60000,
		.local_port = PORT,
		.remote_port = (uint16_t)(1024 + i % 60000)};
}

/* RFC9293-MUST-8, RFC6528-3a, RFC9293-SHLD-1 */
static void the_clock_ticks_every_4_microseconds(void)
{
	struct bench *b = bench_new();
	struct tcp_entry e = four(0);

	bench_isn_natural();
	uint32_t before = tcp_isn(b->s, &e);
	lab_run(b->l, 1 * SEC);
	CU_ASSERT_EQUAL(tcp_isn(b->s, &e) - before, 250000);
	lab_run(b->l, 4000);
	CU_ASSERT_EQUAL(tcp_isn(b->s, &e) - before, 250001);
	bench_free(b);
}

/* Bits of n numbers, each as often 0 as 1 within five standard deviations. */
static bool bits_are_even(const unsigned *ones, unsigned n)
{
	double slack = 5 * sqrt(n) / 2;

	for (int i = 0; i < 32; i++)
		if (fabs(ones[i] - n / 2.0) > slack)
			return false;
	return true;
}

static void count_bits(unsigned *ones, uint32_t v)
{
	for (int i = 0; i < 32; i++)
		ones[i] += v >> i & 1;
}

/* RFC9293-MUST-9, RFC6528-3b: neither the numbers nor their first or second differences show anything, and neighbours
 * in port or address have nothing in common. */
static void tcp_isn_predict(void)
{
	enum { N = 100000 };
	struct bench *b = bench_new();
	unsigned plain[32] = {0}, first[32] = {0}, second[32] = {0};
	uint32_t last = 0, last_diff = 0;

	bench_isn_natural();
	for (uint32_t i = 0; i < N; i++) {
		struct tcp_entry e = four(i);
		uint32_t isn = tcp_isn(b->s, &e), diff = isn - last;

		count_bits(plain, isn);
		count_bits(first, diff);
		count_bits(second, diff - last_diff);
		last = isn;
		last_diff = diff;
	}
	CU_ASSERT(bits_are_even(plain, N));
	CU_ASSERT(bits_are_even(first, N));
	CU_ASSERT(bits_are_even(second, N));
	bench_free(b);
}

/* RFC6528-3a */
static void the_same_four_numbers_go_upwards(void)
{
	struct bench *b = bench_new();
	struct tcp_entry e = four(7);

	bench_isn_natural();
	uint32_t last = tcp_isn(b->s, &e);
	for (int i = 0; i < 1000; i++) {
		lab_run(b->l, 10 * MS);
		uint32_t isn = tcp_isn(b->s, &e);
		CU_ASSERT(seq_gt(isn, last));
		last = isn;
	}
	bench_free(b);
}

/* RFC6528-4: another host (or the same one started again with other entropy) has another secret. */
static void each_host_has_its_own_secret(void)
{
	struct bench *b = bench_new();
	struct stack *other = lab_host(b->l, "h2");
	struct tcp_entry e = four(7);

	bench_isn_natural();
	CU_ASSERT_NOT_EQUAL(tcp_isn(b->s, &e), tcp_isn(other, &e));
	CU_ASSERT_NOT_EQUAL(tcp_ts_offset(b->s, &e), tcp_ts_offset(other, &e));
	bench_free(b);
}

/* RFC7323-7, RFC7323-5.4a */
static void tcp_timestamp_leak(void)
{
	enum { N = 1000 };
	struct bench *b = bench_new();
	unsigned ones[32] = {0};

	for (uint32_t i = 0; i < N; i++) {
		struct tcp_entry e = four(i);
		count_bits(ones, tcp_ts_offset(b->s, &e));
	}
	CU_ASSERT(bits_are_even(ones, N));
	CU_ASSERT_EQUAL(sysctl_set(b->s, "net.ipv4.tcp_timestamps", 2), 0);
	struct tcp_entry e = four(3);
	CU_ASSERT_EQUAL(tcp_ts_offset(b->s, &e), 0);
	bench_free(b);
}

/* RFC7323-4.1a, RFC7323-5.4a */
static void timestamp_clock_counts_milliseconds(void)
{
	struct bench *b = bench_new();
	uint32_t before = tcp_ts_clock(b->s);

	lab_run(b->l, 12345 * MS);
	CU_ASSERT_EQUAL(tcp_ts_clock(b->s) - before, 12345);
	bench_free(b);
}

/* RFC9293-T-18: both ends' numbers wrap in the handshake, in the text, at the FIN. */
static void tcp_isn_wrap(void)
{
	static const uint32_t around[] = {UINT32_MAX, 0x7fffffff};

	for (size_t i = 0; i < ARRAY_SIZE(around); i++)
		for (uint32_t d = 0; d < 32; d++)
			for (int active = 0; active < 2; active++) {
				struct bench *b = bench_new();
				uint32_t seq;

				bench_isn_is(around[i] - 15 + d);
				b->isn = b->nxt = around[i] + 16 - d;
				bench_into(b, TCP_ESTABLISHED, active);
				seq = b->nxt;
				bench_say(b, TCP_ACK | TCP_PSH, 20);
				CU_ASSERT(bench_reads(b, seq, 20));
				CU_ASSERT_EQUAL(sock_send(b->sk, "0123456789abcdef", 16, 0, NULL), 16);
				lab_settle(b->l);
				CU_ASSERT_EQUAL(bench_last(b).h.seq, around[i] - 15 + d + 1);
				sock_shutdown(b->sk, SHUT_WR);
				lab_settle(b->l);
				CU_ASSERT_EQUAL(bench_last(b).h.seq, around[i] - 15 + d + 17);
				bench_say(b, TCP_ACK | TCP_FIN, 0);
				CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
				EXPECT_ACK(b);
				bench_free(b);
			}
}

SUITE(tcp_isn, T(the_clock_ticks_every_4_microseconds), T(tcp_isn_predict),
	T(the_same_four_numbers_go_upwards), T(each_host_has_its_own_secret), T(tcp_timestamp_leak),
	T(timestamp_clock_counts_milliseconds), T(tcp_isn_wrap))
