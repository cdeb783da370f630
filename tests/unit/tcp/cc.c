/* SPDX-License-Identifier: MIT */
/* What all congestion control shares, and NewReno (RFC 5681). */
#include "tests/unit/tcp/flight.h"

#include "net/sysctl.h"

#define RTT (40 * NS_PER_MS)

static void begin(struct flight_bench *b, uint32_t cwnd, uint32_t ssthresh)
{
	flight_open(b, true);
	tcp_cc_set(b->c, &tcp_newreno);
	b->c->srtt_us = 40000;
	b->c->cwnd = cwnd;
	b->c->ssthresh = ssthresh;
}

/* Every segment in flight is acknowledged by an ACK of its own, and cwnd is used up again. */
static void round_trip(struct flight_bench *b)
{
	uint32_t end;

	flight_output(b);
	end = b->c->snd.nxt;
	flight_wait(b, RTT);
	while (b->c->snd.una != end) {
		ACK(b, .ack = b->c->snd.una + MSS - b->base);
		flight_output(b);
	}
}

/* The names stand in net/sysctl.c, the algorithms here. */
static void every_algorithm_has_its_name_in_the_setting(void)
{
	struct flight_bench b;
	char text[SYSCTL_TEXT_LEN], all[SYSCTL_TEXT_LEN] = "";
	int i = 0;

	flight_open(&b, true);
	for (; tcp_cc_by_number(i); i++) {
		const char *name = tcp_cc_name(tcp_cc_by_number(i));

		CU_ASSERT_EQUAL(sysctl_write(b.s, "net.ipv4.tcp_congestion_control", name), 0);
		CU_ASSERT_EQUAL(b.s->sysctl[SYSCTL_TCP_CONGESTION_CONTROL], i);
		CU_ASSERT_PTR_EQUAL(tcp_cc_find(name), tcp_cc_by_number(i));
		strcat(strcat(all, i ? " " : ""), name);
	}
	CU_ASSERT_EQUAL(sysctl_hosts[SYSCTL_TCP_CONGESTION_CONTROL].max, i - 1);
	CU_ASSERT_EQUAL(sysctl_read(b.s, "net.ipv4.tcp_available_congestion_control", text), 0);
	CU_ASSERT_STRING_EQUAL(text, all);
	CU_ASSERT_PTR_NULL(tcp_cc_find("bbr"));
	CU_ASSERT_PTR_NULL(tcp_cc_by_number(-1));
	flight_close(&b);
}

/* RFC5681-3.1b, RFC5681-3.1f: by RFC 6928 */
static void the_initial_window_is_ten_segments_and_at_most_14600_bytes(void)
{
	static const struct {
		uint16_t mss;
		uint32_t cwnd;
	} rows[] = {{536, 5360}, {1448, 14480}, {1460, 14600}, {4000, 14600}, {8960, 17920}, {65495, 130990}};
	struct flight_bench b;

	flight_open(&b, true);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		b.c->mss = rows[i].mss;
		tcp_cc_init(b.c);
		CU_ASSERT_EQUAL(b.c->cwnd, rows[i].cwnd);
		CU_ASSERT_EQUAL(b.c->ssthresh, UINT32_MAX);
	}
	flight_close(&b);
}

/* RFC5681-3.1a, RFC5681-3.1h */
static void slow_start_doubles_each_round_trip(void)
{
	struct flight_bench b;

	begin(&b, 10 * MSS, UINT32_MAX);
	for (uint32_t segs = 20; segs < 100; segs *= 2) {
		round_trip(&b);
		CU_ASSERT_EQUAL(b.c->cwnd, segs * MSS);
	}
	flight_close(&b);
}

/* RFC5681-3.1a, RFC5681-3.1i, RFC5681-3.1k */
static void congestion_avoidance_adds_a_segment_each_round_trip(void)
{
	struct flight_bench b;

	begin(&b, 20 * MSS, 10 * MSS);
	for (uint32_t segs = 21; segs < 30; segs++) {
		round_trip(&b);
		CU_ASSERT_EQUAL(b.c->cwnd, segs * MSS);
	}
	flight_close(&b);
}

/* RFC5681-3.1j: bytes are added up, so no window is too large to grow */
static void congestion_avoidance_grows_the_largest_windows_too(void)
{
	struct flight_bench b;

	begin(&b, 5000 * MSS, 10 * MSS);
	round_trip(&b);
	CU_ASSERT_EQUAL(b.c->cwnd, 5001 * MSS);
	flight_close(&b);
}

/* RFC5681-3.1h: an ACK for each byte */
static void tcp_ack_division(void)
{
	struct flight_bench b;

	begin(&b, 10 * MSS, UINT32_MAX);
	flight_output(&b);
	for (uint32_t i = 1; i <= MSS; i++)
		ACK(&b, .ack = i);
	CU_ASSERT_EQUAL(b.c->cwnd, 11 * MSS);
	b.c->ssthresh = b.c->cwnd = 10 * MSS;
	for (uint32_t i = 1; i <= MSS; i++)
		ACK(&b, .ack = MSS + i);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	flight_close(&b);
}

/* As Linux: RFC 9406 4.2 would have a limit, L = 8. */
static void in_slow_start_an_ack_of_much_may_double_the_window(void)
{
	struct flight_bench b;

	begin(&b, 40 * MSS, UINT32_MAX);
	flight_output(&b);
	ACK(&b, .ack = 40 * MSS);
	CU_ASSERT_EQUAL(b.c->cwnd, 80 * MSS);
	flight_close(&b);
}

/* RFC 7661: a window that is not used says nothing about the path */
static void a_window_that_is_not_used_does_not_grow(void)
{
	struct flight_bench b;

	begin(&b, 40 * MSS, 20 * MSS);
	for (int i = 0; i < 50; i++) {
		flight_send(&b, 10 * MSS);
		flight_wait(&b, RTT);
		ACK(&b, .ack = b.c->snd.nxt - b.base);
	}
	CU_ASSERT_EQUAL(b.c->cwnd, 40 * MSS);
	b.c->ssthresh = UINT32_MAX; /* slow start: until twice what is used */
	b.c->cwnd = 11 * MSS;
	for (int i = 0; i < 50; i++) {
		flight_send(&b, 10 * MSS);
		flight_wait(&b, RTT);
		ACK(&b, .ack = b.c->snd.nxt - b.base);
	}
	CU_ASSERT(b.c->cwnd >= 20 * MSS && b.c->cwnd < 30 * MSS);
	flight_close(&b);
}

/* RFC5681-4.1 */
static void after_an_idle_time_the_window_is_the_initial_one_again(void)
{
	struct flight_bench b;

	begin(&b, 80 * MSS, 20 * MSS);
	flight_send(&b, MSS);
	flight_wait(&b, RTT);
	ACK(&b, .ack = MSS);
	flight_wait(&b, tcp_rto_ns(b.c) - RTT);
	tcp_idle_restart(b.c); /* not longer than the RTO */
	CU_ASSERT_EQUAL(b.c->cwnd, 80 * MSS);
	flight_wait(&b, NS_PER_MS);
	b.s->sysctl[SYSCTL_TCP_SLOW_START_AFTER_IDLE] = 0;
	tcp_idle_restart(b.c);
	CU_ASSERT_EQUAL(b.c->cwnd, 80 * MSS);
	b.s->sysctl[SYSCTL_TCP_SLOW_START_AFTER_IDLE] = 1;
	tcp_idle_restart(b.c);
	CU_ASSERT_EQUAL(b.c->cwnd, 10 * MSS);
	CU_ASSERT_EQUAL(b.c->ssthresh, 60 * MSS);
	flight_close(&b);
}

static void while_data_is_in_flight_nothing_is_idle(void)
{
	struct flight_bench b;

	begin(&b, 80 * MSS, 20 * MSS);
	flight_send(&b, MSS);
	flight_wait(&b, 10 * NS_PER_SEC);
	tcp_idle_restart(b.c);
	CU_ASSERT_EQUAL(b.c->cwnd, 80 * MSS);
	flight_close(&b);
}

/* ---- TCP_INFO ---- */

static void the_delivery_rate_is_what_arrives_in_a_round_trip(void)
{
	struct flight_bench b;
	struct tcp_info info = {0};

	begin(&b, 20 * MSS, 10 * MSS);
	for (int i = 0; i < 5; i++)
		round_trip(&b);
	tcp_recovery_info(b.c, &info);
	CU_ASSERT(info.delivery_rate > 20 * MSS * 24 && info.delivery_rate < 30 * MSS * 26);
	CU_ASSERT_FALSE(info.app_limited);
	CU_ASSERT_EQUAL(info.min_rtt_us, 40000);
	CU_ASSERT_EQUAL(info.snd_cwnd, 25);
	CU_ASSERT_EQUAL(info.snd_ssthresh, 10);
	CU_ASSERT_STRING_EQUAL(info.congestion, "reno");
	flight_close(&b);
}

static void a_rate_that_the_program_limits_does_not_replace_a_higher_one(void)
{
	struct flight_bench b;
	struct tcp_info info = {0};

	begin(&b, 20 * MSS, 10 * MSS);
	for (int i = 0; i < 5; i++)
		round_trip(&b);
	flight_wait(&b, RTT);
	ACK(&b, .ack = b.c->snd.nxt - b.base);
	for (int i = 0; i < 5; i++) {
		b.c->snd.end = b.c->snd.nxt + MSS;
		flight_send(&b, MSS);
		flight_wait(&b, RTT);
		ACK(&b, .ack = b.c->snd.nxt - b.base);
	}
	tcp_recovery_info(b.c, &info);
	CU_ASSERT(info.delivery_rate > 20 * MSS * 24);
	CU_ASSERT(info.app_limited);
	flight_close(&b);
}

SUITE(tcp_cc, T(every_algorithm_has_its_name_in_the_setting),
	T(the_initial_window_is_ten_segments_and_at_most_14600_bytes), T(slow_start_doubles_each_round_trip),
	T(congestion_avoidance_adds_a_segment_each_round_trip),
	T(congestion_avoidance_grows_the_largest_windows_too), T(tcp_ack_division),
	T(in_slow_start_an_ack_of_much_may_double_the_window), T(a_window_that_is_not_used_does_not_grow),
	T(after_an_idle_time_the_window_is_the_initial_one_again), T(while_data_is_in_flight_nothing_is_idle),
	T(the_delivery_rate_is_what_arrives_in_a_round_trip),
	T(a_rate_that_the_program_limits_does_not_replace_a_higher_one))
