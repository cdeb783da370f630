/* SPDX-License-Identifier: MIT */
/* Two captures compared: what is the same, which difference is shown, and how. */
#include "shell/replay_diff.h"

#include "lib/clock.h"
#include "tests/unit/lab.h"

#include <stdlib.h>

static const struct mac a = {{2, 0, 0, 0, 0, 1}}, b = {{2, 0, 0, 0, 0, 2}};

enum { A = 0x0a000001, B = 0x0a000002 };

/* A side: echo replies, each with a number, an identification and a time in ms. */
struct reply {
	uint16_t number, id;
	unsigned ms;
};

struct side {
	char *bytes;
	size_t len;
};

static struct side written(const struct reply *replies, size_t count)
{
	struct side s;
	struct capture_writer *w = capture_writer_new(open_memstream(&s.bytes, &s.len), CAPTURE_PCAP_NS);
	uint8_t frame[200];

	capture_writer_iface(w, "", LINKTYPE_ETHERNET);
	for (size_t i = 0; i < count; i++) {
		uint8_t icmp[12] = {
			ICMP_ECHO_REPLY, 0, 0, 0, 0, 7, 0, (uint8_t)replies[i].number, 'd', 'a', 't', 'a'};
		struct ip_hdr h = {
			.src = A, .dst = B, .proto = IP_PROTO_ICMP, .ttl = 64, .id = replies[i].id};
		struct capture_packet p = {
			.ts_ns = 1000 * NS_PER_SEC + replies[i].ms * NS_PER_MS, .data = frame};

		*(be16 *)(icmp + 2) = put16(csum(icmp, sizeof(icmp)));
		p.caplen = p.len = (uint32_t)lab_frame_ip(frame, b, a, h, NULL, 0, icmp, sizeof(icmp));
		capture_write(w, &p);
	}
	capture_writer_free(w);
	return s;
}

struct outcome {
	enum diff_result result;
	char *text;
	size_t len;
	struct diff d;
};

static struct outcome compared(struct side x, struct side y, const char *words)
{
	struct outcome o = {0};
	struct mask m = {0};
	struct buf wrong = {0};
	char error[CAPTURE_ERROR_LEN];
	FILE *out = open_memstream(&o.text, &o.len);

	CU_ASSERT(mask_add(&m, words, &wrong));
	o.d = (struct diff){.mask = &m, .out = out, .zero_ns = 1000 * NS_PER_SEC};
	o.d.expected = capture_fopen(fmemopen(x.bytes, x.len, "rb"), "expected", error);
	o.d.got = capture_fopen(fmemopen(y.bytes, y.len, "rb"), "got", error);
	o.result = diff_captures(&o.d);
	capture_reader_free(o.d.expected);
	capture_reader_free(o.d.got);
	fclose(out);
	mask_exit(&m);
	buf_exit(&wrong);
	free(x.bytes);
	free(y.bytes);
	return o;
}

#define COMPARED(x, y, words) compared(written(x, ARRAY_SIZE(x)), written(y, ARRAY_SIZE(y)), words)

/* What is said holds this. */
#define SAYS(o, words)                                                \
	do {                                                          \
		CU_ASSERT_PTR_NOT_NULL(strstr((o).text, words));      \
		if (!strstr((o).text, words))                         \
			printf("no \"%s\" in:\n%s", words, (o).text); \
	} while (0)

static const struct reply three[] = {{1, 10, 0}, {2, 11, 100}, {3, 12, 200}};

static void the_same_is_the_same(void)
{
	struct outcome o = COMPARED(three, three, "");

	CU_ASSERT_EQUAL(o.result, DIFF_SAME);
	CU_ASSERT_STRING_EQUAL(o.text, "");
	CU_ASSERT_EQUAL(o.d.expected_count, 3);
	free(o.text);
	o = compared(written(NULL, 0), written(NULL, 0), "");
	CU_ASSERT_EQUAL(o.result, DIFF_SAME);
	free(o.text);
}

static void the_first_difference_is_shown_with_all_its_fields(void)
{
	static const struct reply other[] = {{1, 10, 0}, {2, 0x0bff, 100}, {9, 12, 200}};
	struct outcome o = COMPARED(three, other, "");

	CU_ASSERT_EQUAL(o.result, DIFF_DIFFERENT);
	CU_ASSERT_STRING_EQUAL(o.text,
		"packet 2 is not as expected:\n"
		"  at 0.100000000 s: 02:00:00:00:00:01 > 02:00:00:00:00:02, 10.0.0.1 > 10.0.0.2, ICMP type 0 "
		"code 0, 46 "
		"octets\n"
		"  field                             expected                            got\n"
		"  ip.id                             0x000b                              0x0bff\n"
		"  ip.checksum                       0x66d0                              0x5adc\n"
		"  0x0010  expected  00 20 00 0b 00 00 40 01 66 d0 0a 00 00 01 0a 00\n"
		"  0x0010  got       00 20 0b ff 00 00 40 01 5a dc 0a 00 00 01 0a 00\n"
		"                          ^^ ^^             ^^ ^^\n");
	free(o.text);
	o = COMPARED(three, other, "ipid");
	SAYS(o, "packet 3");
	SAYS(o, "icmp.seq ");
	free(o.text);
	o = COMPARED(three, other, "ip.id,icmp.seq");
	CU_ASSERT_EQUAL(o.result, DIFF_SAME);
	free(o.text);
}

static void times_are_exact(void)
{
	static const struct reply late[] = {{1, 10, 0}, {2, 11, 101}, {3, 12, 200}};
	struct outcome o = COMPARED(three, late, "");

	CU_ASSERT_EQUAL(o.result, DIFF_DIFFERENT);
	SAYS(o, "  time                              0.100000000 s                       0.101000000 s\n");
	CU_ASSERT_PTR_NULL(strstr(o.text, "0x0"));
	free(o.text);
	o = COMPARED(three, late, "time");
	CU_ASSERT_EQUAL(o.result, DIFF_SAME);
	free(o.text);
}

static void packets_that_are_missing_or_too_many_are_told(void)
{
	static const struct reply without[] = {{1, 10, 0}, {3, 12, 200}};
	struct outcome o = COMPARED(three, without, "");

	CU_ASSERT_EQUAL(o.result, DIFF_DIFFERENT);
	SAYS(o, "packet 2 of the expectation is missing:\n  at 0.100000000 s");
	CU_ASSERT_EQUAL(o.d.expected_count, 3);
	CU_ASSERT_EQUAL(o.d.got_count, 2);
	free(o.text);
	o = COMPARED(without, three, "");
	SAYS(o, "packet 2 was not expected:\n  at 0.100000000 s");
	free(o.text);
	o = compared(written(three, 3), written(three, 2), "");
	SAYS(o, "packet 3 of the expectation is missing:\n");
	free(o.text);
	o = compared(written(three, 2), written(three, 3), "");
	SAYS(o, "packet 3 was not expected:\n");
	free(o.text);
}

static void a_broken_expectation_is_no_difference(void)
{
	struct side x = written(three, 3);
	struct outcome o;

	x.len -= 5;
	o = compared(x, written(three, 3), "");
	CU_ASSERT_EQUAL(o.result, DIFF_UNUSABLE);
	CU_ASSERT_STRING_EQUAL(o.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(o.d.error, "expected: after 2 packets: "));
	free(o.text);
}

static void masks_are_names_and_words(void)
{
	struct mask m = {0};
	struct buf error = {0};

	CU_ASSERT_TRUE(mask_add(&m, "ipid,ts,isn,ports,csum,time,tcp.options,,arp", &error));
	CU_ASSERT_FALSE(mask_add(&m, "ipid,ipx", &error));
	CU_ASSERT_STRING_EQUAL(buf_text(&error), "\"ipx\" is no field, and no word for some");
	buf_exit(&error);
	mask_exit(&m);
}

SUITE(shell_replay_diff, T(the_same_is_the_same), T(the_first_difference_is_shown_with_all_its_fields),
	T(times_are_exact), T(packets_that_are_missing_or_too_many_are_told),
	T(a_broken_expectation_is_no_difference), T(masks_are_names_and_words))
