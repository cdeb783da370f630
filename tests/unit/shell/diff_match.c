/* SPDX-License-Identifier: MIT */
/* Answers of two hosts to the same packets: what counts as a difference, and how it is shown. */
#include "shell/diff_match.h"

#include "lib/clock.h"
#include "tests/unit/shell/segments.h"

#include <stdlib.h>

enum { AT_ONCE = true, LATER = false };

struct bench {
	struct diff_match m;
	struct mask mask;
	char *text; /* what is shown */
	size_t len;
	unsigned long long inputs;
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct buf error = {0};

	diff_init(&b->m);
	CU_ASSERT_TRUE(mask_add(&b->mask, "ip.id,ip.len,csum,eth.padding", &error));
	b->m.mask = &b->mask;
	b->m.out = open_memstream(&b->text, &b->len);
	return b;
}

static void bench_free(struct bench *b)
{
	fclose(b->m.out);
	diff_end(&b->m);
	mask_exit(&b->mask);
	free(b->text);
	free(b);
}

static struct capture_packet packet(const uint8_t *frame, size_t len, unsigned ms)
{
	return (struct capture_packet){.ts_ns = 1000 * NS_PER_SEC + ms * NS_PER_MS,
		.linktype = LINKTYPE_ETHERNET,
		.data = frame,
		.caplen = (uint32_t)len,
		.len = (uint32_t)len};
}

/* What comes, what tapir sends, at a time in ms; what the kernel sends now. */
static void in(struct bench *b, unsigned ms, struct segment s)
{
	uint8_t frame[2000];
	struct capture_packet p = packet(frame, segment_frame(frame, &s), ms);

	diff_add_input(&b->m, ++b->inputs, &p);
}

static void tapir(struct bench *b, unsigned ms, struct segment s)
{
	uint8_t frame[2000];
	struct capture_packet p = packet(frame, segment_frame(frame, &s), ms);

	diff_add_answer(&b->m, &p);
}

static void kernel(struct bench *b, bool at_once, struct segment s)
{
	uint8_t frame[2000];
	struct capture_packet p = packet(frame, segment_frame(frame, &s), 0);

	diff_take(&b->m, &p, at_once);
}

/* The window is over; what was shown since the last one. */
static const char *judged(struct bench *b)
{
	size_t before = b->len;

	diff_judge(&b->m);
	fflush(b->m.out);
	return b->text + before;
}

/* A connection begins, and text comes. */
static struct bench *connected(void)
{
	struct bench *b = bench_new();

	in(b, 0, PEERS(TCP_SYN, 1000, 0));
	tapir(b, 0, OURS(TCP_SYN | TCP_ACK, 5000, 1001));
	in(b, 100, PEERS(TCP_ACK, 1001, 5001, .text = "hello"));
	return b;
}

/* The beginning is the same but for the ISN; the text's window begins. */
static void begin(struct bench *b)
{
	diff_begin(&b->m);
	CU_ASSERT_TRUE(diff_next(&b->m)); /* the setup */
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	CU_ASSERT_TRUE(diff_next(&b->m));
	kernel(b, AT_ONCE, OURS(TCP_SYN | TCP_ACK, 7000, 1001));
	CU_ASSERT_TRUE(diff_has_all(&b->m));
	CU_ASSERT_EQUAL(diff_gap_ns(&b->m), 100 * NS_PER_MS);
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	CU_ASSERT_TRUE(diff_next(&b->m));
}

static void the_same_in_other_terms_is_the_same(void)
{
	struct bench *b = connected();
	struct kept k;

	tapir(b, 100, OURS(TCP_ACK, 5001, 1006));
	begin(b);
	diff_get_input(&b->m, 1, &k);
	CU_ASSERT_EQUAL(fields_value(&k.fields, "tcp.ack"), 7001);
	kept_exit(&k);
	CU_ASSERT_FALSE(diff_has_all(&b->m));
	kernel(b, AT_ONCE, OURS(TCP_ACK, 7001, 1006));
	CU_ASSERT_TRUE(diff_has_all(&b->m));
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	CU_ASSERT_FALSE(diff_next(&b->m));
	CU_ASSERT_EQUAL(b->m.differences, 0);
	CU_ASSERT_EQUAL(b->m.kernel_count, 2);
	bench_free(b);
}

static void another_value_is_shown_beside_tapirs(void)
{
	struct bench *b = connected();

	tapir(b, 100, OURS(TCP_ACK, 5001, 1006));
	begin(b);
	kernel(b, AT_ONCE, OURS(TCP_ACK, 7001, 1003));
	CU_ASSERT_TRUE(diff_has_all(&b->m));
	CU_ASSERT_STRING_EQUAL(judged(b),
		"packet 2 is answered in two ways:\n"
		"  at 0.100000000 s: 02:00:00:00:00:02 > 02:00:00:00:00:01, 10.0.0.2 > 10.0.0.1, TCP 40000 > "
		"80 "
		"0x010 ACK seq 1001, 59 octets\n"
		"  at 0.100000000 s: 02:00:00:00:00:01 > 02:00:00:00:00:02, 10.0.0.1 > 10.0.0.2, TCP 80 > "
		"40000 "
		"0x010 ACK seq 5001, 54 octets\n"
		"  field                             kernel                              tapir\n"
		"  tcp.ack                           1003                                1006\n"
		"  0x0020  kernel    00 02 00 50 9c 40 00 00 13 89 00 00 03 eb 50 10\n"
		"  0x0020  tapir     00 02 00 50 9c 40 00 00 13 89 00 00 03 ee 50 10\n"
		"                                                           ^^\n");
	CU_ASSERT_EQUAL(b->m.differences, 1);
	bench_free(b);
}

static void what_one_side_does_not_send_is_told(void)
{
	struct bench *b = connected();
	const char *text;

	tapir(b, 100, OURS(TCP_ACK, 5001, 1006, .text = "answer"));
	begin(b);
	kernel(b, AT_ONCE, OURS(TCP_ACK, 7001, 1006, .text = "answer", .our_port = 81));
	CU_ASSERT_FALSE(diff_has_all(&b->m));
	text = judged(b);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "packet 2: tapir sends what the kernel does not:\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "packet 2: the kernel sends what tapir does not:\n"));
	CU_ASSERT_EQUAL(b->m.differences, 2);
	bench_free(b);
}

static void the_order_within_a_window_is_free(void)
{
	struct bench *b = connected();

	tapir(b, 100, OURS(TCP_ACK, 5001, 1006, .text = "one"));
	tapir(b, 100, OURS(TCP_ACK, 5004, 1006, .text = "two"));
	begin(b);
	kernel(b, AT_ONCE, OURS(TCP_ACK, 7004, 1006, .text = "two"));
	CU_ASSERT_FALSE(diff_has_all(&b->m));
	kernel(b, AT_ONCE, OURS(TCP_ACK, 7001, 1006, .text = "one"));
	CU_ASSERT_TRUE(diff_has_all(&b->m));
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	bench_free(b);
}

static void what_timers_bring_may_come_early_or_never(void)
{
	struct bench *b = connected();

	tapir(b, 140, OURS(TCP_ACK, 5001, 1006)); /* a delayed ACK */
	in(b, 200, PEERS(TCP_ACK, 1006, 5001, .text = "x"));
	begin(b);
	CU_ASSERT_TRUE(diff_has_all(&b->m));
	kernel(b, AT_ONCE, OURS(TCP_ACK, 7001, 1006));
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	CU_ASSERT_TRUE(diff_next(&b->m));
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	bench_free(b);
}

static void what_is_sent_again_counts_only_at_once(void)
{
	struct bench *b = connected();

	begin(b);
	kernel(b, LATER, OURS(TCP_SYN | TCP_ACK, 7000, 1001));
	kernel(b, LATER, OURS(TCP_ACK, 7001, 1006)); /* a program has read */
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	bench_free(b);
	b = connected();
	begin(b);
	kernel(b, AT_ONCE, OURS(TCP_SYN | TCP_ACK, 7000, 1001));
	CU_ASSERT_STRING_NOT_EQUAL(judged(b), "");
	bench_free(b);
}

static void an_acknowledgment_may_come_before_the_answer(void)
{
	struct bench *b = connected();

	tapir(b, 100, OURS(TCP_ACK | TCP_PSH | TCP_FIN, 5001, 1006, .text = "hello"));
	begin(b);
	kernel(b, AT_ONCE, OURS(TCP_ACK, 7001, 1006));
	CU_ASSERT_FALSE(diff_has_all(&b->m));
	kernel(b, LATER, OURS(TCP_ACK, 7001, 1006, .text = "hello"));
	CU_ASSERT_FALSE(diff_has_all(&b->m));
	kernel(b, LATER, OURS(TCP_ACK | TCP_FIN, 7006, 1006));
	CU_ASSERT_TRUE(diff_has_all(&b->m));
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	bench_free(b);
}

static void packets_of_one_time_are_one_window(void)
{
	struct bench *b = bench_new();

	in(b, 0, PEERS(TCP_ACK, 1, 10));
	in(b, 0, PEERS(TCP_ACK, 2, 20));
	tapir(b, 0, OURS(TCP_RST, 10, 0));
	tapir(b, 0, OURS(TCP_RST, 20, 0));
	diff_begin(&b->m);
	CU_ASSERT_TRUE(diff_next(&b->m));
	CU_ASSERT_TRUE(diff_next(&b->m));
	CU_ASSERT_EQUAL(b->m.w.to, 2);
	kernel(b, AT_ONCE, OURS(TCP_RST, 20, 0));
	kernel(b, AT_ONCE, OURS(TCP_RST, 10, 0));
	CU_ASSERT_STRING_EQUAL(judged(b), "");
	CU_ASSERT_FALSE(diff_next(&b->m));
	bench_free(b);
}

static void what_comes_before_the_first_packet_is_compared(void)
{
	struct bench *b = bench_new();

	tapir(b, 0, OURS(TCP_SYN, 5000, 0));
	in(b, 10, PEERS(TCP_SYN | TCP_ACK, 1000, 5001));
	diff_begin(&b->m);
	CU_ASSERT_TRUE(diff_next(&b->m));
	CU_ASSERT_FALSE(diff_has_all(&b->m));
	CU_ASSERT_PTR_NOT_NULL(strstr(judged(b),
		"before the first packet: tapir sends what the kernel does not:\n  at -0.010000000 s"));
	bench_free(b);
}

SUITE(shell_diff_match, T(the_same_in_other_terms_is_the_same), T(another_value_is_shown_beside_tapirs),
	T(what_one_side_does_not_send_is_told), T(the_order_within_a_window_is_free),
	T(what_timers_bring_may_come_early_or_never), T(what_is_sent_again_counts_only_at_once),
	T(an_acknowledgment_may_come_before_the_answer), T(packets_of_one_time_are_one_window),
	T(what_comes_before_the_first_packet_is_compared))
