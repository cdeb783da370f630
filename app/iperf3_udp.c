/* SPDX-License-Identifier: MIT */
/*
 * iperf3: what is in a datagram, and what is counted of it: losses by gaps in the numbers, jitter as RFC 3550 6.4.1
 * has it. Datagrams that come late take back the loss that they were counted as.
 */
#include "app/iperf3_internal.h"

#include "lib/clock.h"

#include <assert.h>
#include <math.h>

/* No test sends more; a forged number must not make sums overflow. */
#define NUMBER_MAX (UINT64_C(1) << 53)

struct head {
	be32 seconds, us, number[2];
};

static_assert(sizeof(struct head) == IPERF_UDP_LEN_MIN, "a datagram of the least length holds all of it");

void iperf_udp_emit(uint8_t *data, bool wide, uint64_t now_ns, uint64_t number)
{
	struct head *h = (struct head *)data;

	h->seconds = put32((uint32_t)(now_ns / NS_PER_SEC));
	h->us = put32((uint32_t)(now_ns % NS_PER_SEC / NS_PER_US));
	h->number[0] = put32((uint32_t)(wide ? number >> 32 : number));
	if (wide)
		h->number[1] = put32((uint32_t)number);
}

static void count_jitter(struct iperf_stream *st, const struct head *h, uint64_t now_ns)
{
	uint64_t sent_ns = get32(h->seconds) * NS_PER_SEC + get32(h->us) * NS_PER_US;
	int64_t transit = (int64_t)(now_ns - sent_ns);

	if (st->has_transit)
		st->jitter_s += (fabs((double)(transit - st->transit_ns) / 1e9) - st->jitter_s) / 16;
	st->transit_ns = transit;
	st->has_transit = true;
}

void iperf_udp_count(struct iperf_stream *st, const uint8_t *data, size_t len, bool wide, uint64_t now_ns)
{
	const struct head *h = (const struct head *)data;
	struct iperf_counters *raw = &st->raw;
	uint64_t number;

	if (len < IPERF_UDP_LEN_MIN)
		return;
	number = wide ? (uint64_t)get32(h->number[0]) << 32 | get32(h->number[1]) : get32(h->number[0]);
	if (number > NUMBER_MAX)
		return;
	raw->bytes += len;
	if (number > raw->packets) {
		raw->lost += (int64_t)(number - raw->packets - 1);
		raw->packets = number;
	} else {
		raw->out_of_order++;
		if (raw->lost > 0)
			raw->lost--;
	}
	count_jitter(st, h, now_ns);
}
