/* SPDX-License-Identifier: MIT */
/* The TCP header: what is emitted is parsed again, and nothing is read past the end. */
#include "net/wire_tcp.h"

#include "lib/rng.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

enum { SRC = 0x0a000001, DST = 0x0a000002 };

/* A segment of `len` bytes with 12 bytes of options and a right checksum. */
static void fill(uint8_t *b, size_t len, struct rng *r)
{
	struct tcp_hdr h = {.hdr_len = 32, .flags = (uint16_t)(rng_u32(r) & TCP_FLAGS)};

	rng_bytes(r, b, len);
	h.sport = (uint16_t)rng_u32(r);
	h.dport = (uint16_t)rng_u32(r);
	h.seq = rng_u32(r);
	h.ack = rng_u32(r);
	h.wnd = (uint16_t)rng_u32(r);
	h.urg = (uint16_t)rng_u32(r);
	tcp_emit(b, &h);
	tcp_put_check(b, tcp_csum(b, len, SRC, DST));
}

/* RFC9293-MUST-2, RFC9293-MUST-3 */
static void every_damaged_bit_fails_the_checksum(void)
{
	uint8_t b[101];
	struct tcp_hdr h;
	struct rng r;

	rng_seed(&r, unit_seed);
	fill(b, sizeof(b), &r);
	CU_ASSERT_EQUAL(tcp_parse(b, sizeof(b), SRC, DST, false, &h), DROP_NONE);
	CU_ASSERT_EQUAL(tcp_parse(b, sizeof(b), SRC, DST + 1, false, &h), DROP_TCP_BAD_CHECKSUM);
	CU_ASSERT_EQUAL(tcp_parse(b, sizeof(b) - 1, SRC, DST, false, &h), DROP_TCP_BAD_CHECKSUM);
	for (size_t bit = 0; bit < sizeof(b) * 8; bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_NOT_EQUAL_FATAL(tcp_parse(b, sizeof(b), SRC, DST, false, &h), DROP_NONE);
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void a_device_that_vouches_spares_the_checksum(void)
{
	uint8_t b[40];
	struct tcp_hdr h;
	struct rng r;

	rng_seed(&r, unit_seed);
	fill(b, sizeof(b), &r);
	b[39] ^= 1;
	CU_ASSERT_EQUAL(tcp_parse(b, sizeof(b), SRC, DST, true, &h), DROP_NONE);
}

static void what_is_emitted_is_parsed_again(void)
{
	struct rng r;

	rng_seed(&r, unit_seed);
	for (unsigned flags = 0; flags <= TCP_FLAGS; flags++) {
		struct tcp_hdr in = {.sport = (uint16_t)rng_u32(&r),
			.dport = (uint16_t)rng_u32(&r),
			.seq = rng_u32(&r),
			.ack = rng_u32(&r),
			.wnd = (uint16_t)rng_u32(&r),
			.urg = (uint16_t)rng_u32(&r),
			.check = (uint16_t)rng_u32(&r),
			.flags = (uint16_t)flags,
			.hdr_len = (uint8_t)(20 + 4 * rng_below(&r, 11))};
		struct tcp_hdr out;
		uint8_t b[TCP_HDR_MAX];
		tcp_emit(b, &in);
		CU_ASSERT_EQUAL_FATAL(tcp_peek(b, in.hdr_len, &out), DROP_NONE);
		CU_ASSERT(out.sport == in.sport && out.dport == in.dport && out.seq == in.seq &&
			out.ack == in.ack && out.wnd == in.wnd && out.urg == in.urg &&
			out.check == in.check && out.flags == in.flags && out.hdr_len == in.hdr_len);
	}
}

/* Each buffer ends where the segment ends: ASan sees a read past it. */
static void short_segments_and_bad_offsets_are_named(void)
{
	for (size_t len = 0; len < 70; len++) {
		for (unsigned words = 0; words < 16; words++) {
			uint8_t *b = calloc(1, len ? len : 1);
			struct tcp_hdr h;
			if (len > 12)
				b[12] = (uint8_t)(words << 4);
			enum drop_reason want = len < 20       ? DROP_TCP_SHORT
				: words < 5 || words * 4 > len ? DROP_TCP_BAD_OFFSET
							       : DROP_NONE;
			CU_ASSERT_EQUAL_FATAL(tcp_peek(b, len, &h), want);
			free(b);
		}
	}
}

static void a_quote_of_eight_octets_tells_ports_and_sequence(void)
{
	uint8_t b[TCP_QUOTE_LEN] = {0x12, 0x34, 0, 80, 0xff, 0xff, 0xff, 0xfe};
	struct tcp_hdr h;

	CU_ASSERT_FALSE(tcp_parse_quote(b, 7, &h));
	CU_ASSERT_FATAL(tcp_parse_quote(b, 8, &h));
	CU_ASSERT_EQUAL(h.sport, 0x1234);
	CU_ASSERT_EQUAL(h.dport, 80);
	CU_ASSERT_EQUAL(h.seq, 0xfffffffe);
	CU_ASSERT_EQUAL(h.hdr_len, 0);
}

SUITE(net_wire_tcp, T(every_damaged_bit_fails_the_checksum), T(a_device_that_vouches_spares_the_checksum),
	T(what_is_emitted_is_parsed_again), T(short_segments_and_bad_offsets_are_named),
	T(a_quote_of_eight_octets_tells_ports_and_sequence))
