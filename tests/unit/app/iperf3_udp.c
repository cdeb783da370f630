/* SPDX-License-Identifier: MIT */
/* iperf3's datagrams: what is counted as lost, late and jittering. */
#include "app/iperf3_internal.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

/* A datagram with this number, sent and received at these times. */
static void arrive(struct iperf_stream *st, uint64_t number, uint64_t sent_ns, uint64_t now_ns, bool wide)
{
	uint8_t data[100] = {0};

	iperf_udp_emit(data, wide, sent_ns, number);
	iperf_udp_count(st, data, sizeof(data), wide, now_ns);
}

static void gaps_are_losses_until_the_late_ones_come(void)
{
	struct iperf_stream st = {0};

	arrive(&st, 1, 0, 0, false);
	arrive(&st, 5, 0, 0, false);
	CU_ASSERT_EQUAL(st.raw.lost, 3);
	CU_ASSERT_EQUAL(st.raw.packets, 5);
	arrive(&st, 3, 0, 0, false);
	CU_ASSERT_EQUAL(st.raw.lost, 2);
	CU_ASSERT_EQUAL(st.raw.out_of_order, 1);
	CU_ASSERT_EQUAL(st.raw.packets, 5);
	CU_ASSERT_EQUAL(st.raw.bytes, 300);
}

static void duplicates_take_back_no_loss_that_is_not_there(void)
{
	struct iperf_stream st = {0};

	arrive(&st, 1, 0, 0, false);
	arrive(&st, 1, 0, 0, false);
	CU_ASSERT_EQUAL(st.raw.lost, 0);
	CU_ASSERT_EQUAL(st.raw.out_of_order, 1);
}

static void numbers_may_be_wide(void)
{
	struct iperf_stream st = {0};

	st.raw.packets = UINT64_C(1) << 32;
	arrive(&st, (UINT64_C(1) << 32) + 2, 0, 0, true);
	CU_ASSERT_EQUAL(st.raw.lost, 1);
	CU_ASSERT_EQUAL(st.raw.packets, (UINT64_C(1) << 32) + 2);
}

/* RFC 3550 6.4.1: a sixteenth of each change of the way's time; the clocks of the two ends need not agree. */
static void jitter_is_the_smoothed_change_of_transit_time(void)
{
	struct iperf_stream st = {0};
	uint64_t ahead = 1000 * NS_PER_SEC;

	arrive(&st, 4, 0, ahead, false);
	CU_ASSERT_EQUAL(st.jitter_s, 0);
	arrive(&st, 5, NS_PER_SEC, ahead + NS_PER_SEC + 16 * NS_PER_MS, false);
	CU_ASSERT_DOUBLE_EQUAL(st.jitter_s, 0.001, 1e-9);
	arrive(&st, 6, 2 * NS_PER_SEC, ahead + 2 * NS_PER_SEC + 16 * NS_PER_MS, false);
	CU_ASSERT_DOUBLE_EQUAL(st.jitter_s, 0.001 * 15 / 16, 1e-9);
}

static void what_no_test_sends_is_not_counted(void)
{
	struct iperf_stream st = {0};
	uint8_t data[16] = {0};

	iperf_udp_count(&st, data, 15, false, 0);
	arrive(&st, UINT64_MAX, 0, 0, true);
	CU_ASSERT_EQUAL(st.raw.bytes, 0);
	CU_ASSERT_EQUAL(st.raw.lost, 0);
}

SUITE(app_iperf3_udp, T(gaps_are_losses_until_the_late_ones_come),
	T(duplicates_take_back_no_loss_that_is_not_there), T(numbers_may_be_wide),
	T(jitter_is_the_smoothed_change_of_transit_time), T(what_no_test_sends_is_not_counted))
