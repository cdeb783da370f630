/* SPDX-License-Identifier: MIT */
/* What is compared of two runs, and how differences are told. */
#include "shell/flows_diff.h"

#include "net/wire_udp.h"
#include "tests/unit/shell/segments.h"

#include <stdlib.h>

struct runs {
	struct flows expected, got;
	char *text;
	size_t len;
};

/* Two runs of a connection of which our ISN differs; each has one segment of text more. */
static void runs_init(struct runs *r, struct segment x, struct segment y)
{
	*r = (struct runs){0};
	flows_init(&r->expected);
	flows_init(&r->got);
	segments_handshake(&r->expected, 5000);
	segments_handshake(&r->got, 9000);
	x.ours = y.ours = true;
	x.seq += 5001;
	y.seq += 9001;
	x.ack += 1001;
	y.ack += 1001;
	flow_pair(segments_see(&r->expected, x, 10), segments_see(&r->got, y, 99));
}

static bool same(struct runs *r)
{
	FILE *out;
	bool answer;

	free(r->text);
	out = open_memstream(&r->text, &r->len);
	answer = flows_compare(&r->expected, &r->got, out);
	fclose(out);
	return answer;
}

static void runs_exit(struct runs *r)
{
	flows_exit(&r->expected);
	flows_exit(&r->got);
	free(r->text);
}

/* What is said of two segments. */
#define SAYS(x, y, words)                                            \
	do {                                                         \
		struct runs r_;                                      \
		runs_init(&r_, x, y);                                \
		CU_ASSERT_FALSE(same(&r_));                          \
		CU_ASSERT_PTR_NOT_NULL(strstr(r_.text, words));      \
		if (!strstr(r_.text, words))                         \
			printf("no \"%s\" in:\n%s", words, r_.text); \
		runs_exit(&r_);                                      \
	} while (0)

static void the_same_streams_are_the_same_whatever_their_numbers(void)
{
	struct runs r;

	runs_init(&r, OURS(TCP_ACK, 0, 5, .text = "text"), OURS(TCP_ACK | TCP_PSH, 0, 5, .text = "text"));
	CU_ASSERT_TRUE(same(&r));
	CU_ASSERT_STRING_EQUAL(r.text, "");
	segments_see(&r.got, OURS(TCP_ACK, 9002, 1006, .text = "ext"), 100);
	CU_ASSERT_TRUE(same(&r)); /* a probe of the tail */
	segments_see(&r.got, OURS(TCP_ACK, 9001, 1006, .text = "te"), 100);
	CU_ASSERT_FALSE(same(&r)); /* nothing was lost, and yet it was sent again */
	CU_ASSERT_PTR_NOT_NULL(strstr(r.text, "  sent again, and not then: 1-2\n"));
	segments_see(&r.expected, OURS(TCP_ACK, 5001, 1006, .text = "te"), 100);
	CU_ASSERT_TRUE(same(&r)); /* more or less of what was lost */
	segments_see(&r.got, OURS(TCP_ACK, 9005, 1006, .text = "!"), 100);
	segments_see(&r.expected, OURS(TCP_ACK, 5005, 1006, .text = "!"), 100);
	CU_ASSERT_TRUE(same(&r));
	segments_see(&r.expected, OURS(TCP_ACK, 5005, 1006, .text = "!"), 100);
	CU_ASSERT_FALSE(same(&r));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.text, "  of what was sent again not now: 5-5\n"));
	runs_exit(&r);
}

static void each_difference_is_named(void)
{
	SAYS(OURS(TCP_ACK, 0, 0, .text = "text"), OURS(TCP_ACK, 0, 0, .text = "texts"),
		"  text            4 octets  ");
	SAYS(OURS(TCP_ACK, 0, 0, .text = "text"), OURS(TCP_ACK, 0, 0, .text = "tent"),
		"  octet 1         expected  74 65 78 74\n  octet 1         got       74 65 6e 74\n");
	SAYS(OURS(TCP_ACK, 0, 0, .text = "x"), OURS(TCP_ACK | TCP_FIN, 0, 0, .text = "x"),
		"  FIN             none  ");
	SAYS(OURS(TCP_ACK, 0, 0, .text = "x"), OURS(TCP_ACK | TCP_FIN, 0, 0, .text = "x"),
		"  state           ESTABLISHED  ");
	SAYS(OURS(TCP_ACK, 0, 0), OURS(TCP_RST, 0, 0), "  RST             none  ");
	SAYS(OURS(TCP_ACK, 0, 7), OURS(TCP_ACK, 0, 3), "  acknowledged    8 octets  ");
	SAYS(OURS(TCP_ACK, 0, 7), OURS(TCP_ACK, 0, 3),
		"TCP 10.0.0.1:80 - 10.0.0.2:40000 is not as expected:\n");
}

static void what_did_not_begin_in_the_capture_is_passed_over(void)
{
	struct runs r;

	runs_init(&r, OURS(TCP_ACK, 0, 0), OURS(TCP_ACK, 0, 0));
	segments_see(&r.expected, OURS(TCP_ACK, 5, 6, .text = "middle", .our_port = 555), 0);
	segments_see(&r.expected, PEERS(TCP_SYN, 1, 0, .our_port = 556), 0);
	segments_see(&r.expected, PEERS(TCP_ACK, 2, 7, .our_port = 556), 0); /* and we have answered */
	CU_ASSERT_TRUE(same(&r));
	runs_exit(&r);
}

static void what_the_capture_has_lost_is_not_compared(void)
{
	struct runs r;

	runs_init(&r, OURS(TCP_ACK, 0, 0, .text = "ab"), OURS(TCP_ACK, 0, 0, .text = "abcdefg"));
	segments_see(&r.expected, OURS(TCP_ACK, 5006, 1001, .text = "fg"), 10);
	CU_ASSERT_TRUE(same(&r));
	CU_ASSERT_EQUAL(flows_missed(&r.expected), 3);
	segments_see(&r.expected, OURS(TCP_ACK, 5009, 1001, .text = "i"), 10);
	segments_see(&r.got, OURS(TCP_ACK, 9008, 1001, .text = "hI"), 10);
	CU_ASSERT_FALSE(same(&r));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.text, "octet 1         expected  61 62 63 64 65 66 67 68 69\n"));
	runs_exit(&r);
}

static struct flow *see_datagram(struct flows *fs, uint16_t our_port, const char *words)
{
	uint8_t frame[2000], udp[100];
	size_t len = UDP_HDR_LEN + strlen(words);

	udp_emit(udp, &(struct udp_hdr){.sport = our_port, .dport = 53, .len = (uint16_t)len});
	memcpy(udp + UDP_HDR_LEN, words, strlen(words));
	len = lab_frame_ip(frame, peer_mac, our_mac,
		(struct ip_hdr){.src = US, .dst = PEER, .proto = IP_PROTO_UDP, .ttl = 64}, NULL, 0, udp, len);
	return segments_see_frame(fs, true, frame, len, 0);
}

static void the_first_message_that_differs_is_shown(void)
{
	struct runs r;

	runs_init(&r, OURS(TCP_ACK, 0, 0), OURS(TCP_ACK, 0, 0));
	flow_pair(see_datagram(&r.expected, 5, "one"), see_datagram(&r.got, 6, "one"));
	CU_ASSERT_TRUE(same(&r));
	see_datagram(&r.expected, 5, "two");
	CU_ASSERT_FALSE(same(&r));
	CU_ASSERT_STRING_EQUAL(r.text,
		"UDP 10.0.0.1:5 - 10.0.0.2:53 is not as expected:\n"
		"  message 2 of 2 expected and 1 sent:\n"
		"  expected  74 77 6f (3 octets)\n"
		"  got       none\n");
	see_datagram(&r.got, 6, "too");
	CU_ASSERT_FALSE(same(&r));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.text, "  got       74 6f 6f (3 octets)\n"));
	runs_exit(&r);
}

static void flows_that_are_missing_or_too_many_are_told(void)
{
	struct runs r;

	runs_init(&r, OURS(TCP_ACK, 0, 0), OURS(TCP_ACK, 0, 0));
	segments_see(&r.got, OURS(TCP_SYN, 5, 0, .our_port = 999), 0);
	CU_ASSERT_FALSE(same(&r));
	CU_ASSERT_STRING_EQUAL(r.text, "TCP 10.0.0.1:999 - 10.0.0.2:40000 was not expected\n");
	segments_see(&r.expected, OURS(TCP_SYN, 5, 0, .our_port = 555), 0);
	CU_ASSERT_FALSE(same(&r));
	CU_ASSERT_STRING_EQUAL(
		r.text, "TCP 10.0.0.1:555 - 10.0.0.2:40000 was expected and did not come about\n");
	runs_exit(&r);
}

SUITE(shell_flows_diff, T(the_same_streams_are_the_same_whatever_their_numbers), T(each_difference_is_named),
	T(what_did_not_begin_in_the_capture_is_passed_over), T(what_the_capture_has_lost_is_not_compared),
	T(the_first_message_that_differs_is_shown), T(flows_that_are_missing_or_too_many_are_told))
