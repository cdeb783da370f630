/* SPDX-License-Identifier: MIT */
/* Reading and writing options: every length, every place, and what attackers have tried. */
#include "tests/unit/tcp/bench.h"

#include <stdlib.h>
#include <string.h>

/* In a buffer of its very length, so that ASan sees a read past the end. */
static struct tcp_options parse(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct tcp_options o;

	memcpy(copy, bytes, len);
	tcp_options_parse(copy, len, &o);
	free(copy);
	return o;
}

#define PARSE(...) parse((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static bool is_empty(struct tcp_options o)
{
	return !o.has_mss && !o.has_wscale && !o.has_sack_ok && !o.has_ts && !o.sack_count;
}

/* RFC9293-MUST-4, RFC9293-MUST-5, RFC9293-MUST-14, RFC9293-MUST-68 */
static void each_option_is_read(void)
{
	struct tcp_options o = PARSE(2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7);

	CU_ASSERT(o.has_mss && o.mss == 1460);
	CU_ASSERT(o.has_sack_ok);
	CU_ASSERT(o.has_ts && o.tsval == 0x01020304 && o.tsecr == 0x05060708);
	CU_ASSERT(o.has_wscale && o.wscale == 7 && !o.wscale_cut);
	o = PARSE(1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 9);
	CU_ASSERT_EQUAL_FATAL(o.sack_count, 2);
	CU_ASSERT(o.sacks[0].start == 1 && o.sacks[0].end == 2);
	CU_ASSERT(o.sacks[1].start == UINT32_MAX && o.sacks[1].end == 9);
	CU_ASSERT(is_empty(parse("", 0)));
}

/* RFC9293-MUST-64 */
static void options_stand_at_any_alignment(void)
{
	for (size_t before = 0; before < 8; before++) {
		uint8_t b[8 + 14] = {1, 1, 1, 1, 1, 1, 1, 1};

		memcpy(b + before, (uint8_t[]){2, 4, 1, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, 14);
		struct tcp_options o = parse(b, before + 14);
		CU_ASSERT(o.has_mss && o.mss == 258);
		CU_ASSERT(o.has_ts && o.tsval == 1 && o.tsecr == 2);
	}
}

/* RFC9293-MUST-6 */
static void unknown_options_are_passed_over_by_their_length(void)
{
	struct tcp_options o = PARSE(253, 4, 2, 4, 29, 6, 2, 4, 0, 1, 34, 2, 2, 4, 1, 2);

	CU_ASSERT(o.has_mss && o.mss == 258);
	CU_ASSERT(!o.has_wscale && !o.has_ts);
}

/* RFC9293-MUST-69 */
static void nothing_is_read_after_the_end(void)
{
	struct tcp_options o = PARSE(1, 0, 2, 4, 1, 2);

	CU_ASSERT(is_empty(o));
}

/* RFC9293-MUST-7 */
static void tcp_opt_len_zero(void)
{
	for (unsigned kind = 2; kind < 256; kind++) {
		struct tcp_options o = PARSE(3, 3, 1, (uint8_t)kind, 0, 2, 4, 1, 2);

		CU_ASSERT(o.has_wscale && o.wscale == 1);
		CU_ASSERT(!o.has_mss);
	}
}

/* RFC9293-MUST-7 */
static void tcp_opt_len_one(void)
{
	for (unsigned kind = 2; kind < 256; kind++) {
		struct tcp_options o = PARSE(3, 3, 1, (uint8_t)kind, 1, 2, 4, 1, 2);

		CU_ASSERT(o.has_wscale && o.wscale == 1);
		CU_ASSERT(!o.has_mss);
	}
	CU_ASSERT(is_empty(PARSE(2)));
	CU_ASSERT(is_empty(PARSE(1, 8)));
}

static void tcp_opt_overrun(void)
{
	for (unsigned kind = 2; kind < 256; kind++)
		for (unsigned len = 0; len < 256; len++)
			for (size_t room = 2; room < 12; room++) {
				uint8_t b[12] = {(uint8_t)kind, (uint8_t)len};
				struct tcp_options o = parse(b, room);
				CU_ASSERT(len <= room || is_empty(o));
			}
}

static void tcp_opt_wrong_fixed_len(void)
{
	static const struct {
		uint8_t kind, right;
	} options[] = {{2, 4}, {3, 3}, {4, 2}, {8, 10}};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		for (uint8_t len = 2; len <= 36; len++) {
			uint8_t b[40] = {options[i].kind, len};

			b[len] = 3;
			b[len + 1] = 3;
			b[len + 2] = 5;
			struct tcp_options o = parse(b, (size_t)len + 3);
			CU_ASSERT(o.has_wscale && o.wscale == 5);
			CU_ASSERT_EQUAL(o.has_mss || o.has_sack_ok || o.has_ts,
				len == options[i].right && options[i].kind != 3);
		}
	for (uint8_t len = 2; len <= 36; len++) {
		uint8_t b[40] = {5, len};
		struct tcp_options o = parse(b, len);
		CU_ASSERT_EQUAL(o.sack_count, len % 8 == 2 ? len / 8 : 0);
	}
}

/* The last one counts. */
static void tcp_opt_duplicate(void)
{
	uint8_t b[40] = {0};
	struct tcp_options o;

	for (uint8_t i = 0; i < 10; i++)
		memcpy(b + 4 * i, (uint8_t[]){2, 4, 1, i}, 4);
	o = parse(b, 40);
	CU_ASSERT(o.has_mss && o.mss == 256 + 9);
	for (uint8_t i = 0; i < 13; i++)
		memcpy(b + 3 * i, (uint8_t[]){3, 3, i}, 3);
	b[39] = 0;
	o = parse(b, 40);
	CU_ASSERT(o.has_wscale && o.wscale == 12);
	o = PARSE(5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 18, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6);
	CU_ASSERT(o.sack_count == 2 && o.sacks[0].start == 3);
}

/* RFC7323-2.3c */
static void tcp_opt_wscale_15(void)
{
	for (unsigned shift = 0; shift < 256; shift++) {
		struct tcp_options o = PARSE(3, 3, (uint8_t)shift);

		CU_ASSERT_EQUAL(o.wscale, MIN(shift, 14u));
		CU_ASSERT_EQUAL(o.wscale_cut, shift > 14);
	}
}

static bool are_equal(const struct tcp_options *a, const struct tcp_options *b)
{
	return a->has_mss == b->has_mss && a->has_wscale == b->has_wscale &&
		a->has_sack_ok == b->has_sack_ok && a->has_ts == b->has_ts && a->mss == b->mss &&
		a->wscale == b->wscale && a->tsval == b->tsval && a->tsecr == b->tsecr &&
		a->sack_count == b->sack_count && memcmp(a->sacks, b->sacks, sizeof(a->sacks)) == 0;
}

/* RFC9293-MUST-69 */
static void what_is_written_is_read_back(void)
{
	for (unsigned set = 0; set < 16; set++)
		for (uint8_t sacks = 0; sacks <= 3; sacks++) {
			struct tcp_options o = {.has_mss = set & 1,
				.has_wscale = set & 2,
				.has_sack_ok = set & 4,
				.has_ts = set & 8,
				.sack_count = set & 7 ? 0 : sacks};
			struct tcp_options back;
			uint8_t b[TCP_OPT_MAX];

			if (o.has_mss)
				o.mss = 1460;
			if (o.has_wscale)
				o.wscale = 9;
			if (o.has_ts)
				o.tsval = 0xfffefdfc, o.tsecr = 77;
			for (uint8_t i = 0; i < o.sack_count; i++)
				o.sacks[i] = (struct tcp_sack){i * 100u, i * 100u + 50};
			size_t len = tcp_options_emit(b, sizeof(b), &o);
			CU_ASSERT(len <= TCP_OPT_MAX && len % 4 == 0);
			back = parse(b, len);
			CU_ASSERT(are_equal(&o, &back));
		}
}

static void linux_order_fits_a_syn_in_20_octets(void)
{
	struct tcp_options o = {.has_mss = true,
		.mss = 1460,
		.has_sack_ok = true,
		.has_ts = true,
		.has_wscale = true,
		.wscale = 7};
	static const uint8_t linux[] = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
	uint8_t b[TCP_OPT_MAX];

	CU_ASSERT_EQUAL_FATAL(tcp_options_emit(b, sizeof(b), &o), sizeof(linux));
	CU_ASSERT_EQUAL(memcmp(b, linux, sizeof(linux)), 0);
}

static void sack_blocks_take_the_room_that_is_left(void)
{
	struct tcp_options o = {.has_ts = true, .sack_count = 4};
	uint8_t b[TCP_OPT_MAX];

	CU_ASSERT_EQUAL(tcp_options_emit(b, TCP_OPT_MAX, &o), 12 + 4 + 3 * 8);
	CU_ASSERT_EQUAL(tcp_options_emit(b, 27, &o), 24);
	CU_ASSERT_EQUAL(tcp_options_emit(b, 23, &o), 12);
	o.has_ts = false;
	CU_ASSERT_EQUAL(tcp_options_emit(b, TCP_OPT_MAX, &o), 4 + 4 * 8);
	CU_ASSERT_EQUAL(tcp_options_emit(b, 0, &o), 0);
}

/* A twin that reads in another way: what it finds at each place must be what was found. */
static void random_octets_are_read_as_the_slow_twin_reads_them(void)
{
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int round = 0; round < 20000; round++) {
		uint8_t b[40];
		size_t len = rng_below(&rng, 41), at = 0;
		struct tcp_options o, twin = {0};

		for (size_t i = 0; i < len; i++)
			b[i] = rng_below(&rng, 2) ? (uint8_t)rng_below(&rng, 11) : (uint8_t)rng_u32(&rng);
		while (at < len && b[at] != 0) {
			if (b[at] == 1) {
				at++;
				continue;
			}
			if (at + 1 >= len || b[at + 1] < 2 || at + b[at + 1] > len)
				break;
			if (b[at] == 2 && b[at + 1] == 4)
				twin.has_mss = true, twin.mss = (uint16_t)(b[at + 2] * 256 + b[at + 3]);
			if (b[at] == 4 && b[at + 1] == 2)
				twin.has_sack_ok = true;
			at += b[at + 1];
		}
		o = parse(b, len);
		CU_ASSERT(
			o.has_mss == twin.has_mss && o.mss == twin.mss && o.has_sack_ok == twin.has_sack_ok);
	}
}

static void flags_are_letters_for_people(void)
{
	CU_ASSERT_STRING_EQUAL(TEXT_FLAGS(TCP_SYN | TCP_ACK), "SA");
	CU_ASSERT_STRING_EQUAL(TEXT_FLAGS(0), "-");
	CU_ASSERT_STRING_EQUAL(TEXT_FLAGS(TCP_FLAGS), "FSRPAUEWN");
}

SUITE(tcp_option, T(each_option_is_read), T(options_stand_at_any_alignment),
	T(unknown_options_are_passed_over_by_their_length), T(nothing_is_read_after_the_end),
	T(tcp_opt_len_zero), T(tcp_opt_len_one), T(tcp_opt_overrun), T(tcp_opt_wrong_fixed_len),
	T(tcp_opt_duplicate), T(tcp_opt_wscale_15), T(what_is_written_is_read_back),
	T(linux_order_fits_a_syn_in_20_octets), T(sack_blocks_take_the_room_that_is_left),
	T(random_octets_are_read_as_the_slow_twin_reads_them), T(flags_are_letters_for_people))
