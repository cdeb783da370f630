/* SPDX-License-Identifier: MIT */
/* Streams, times and states out of packets. */
#include "tests/unit/shell/segments.h"

#include <stdlib.h>

static uint32_t isn(void)
{
	return unit_late ? 4294967290 : 5000;
}

static struct flow *text(struct flows *fs, uint32_t at, const char *words, uint64_t now_ns)
{
	return segments_see(fs, OURS(TCP_ACK, isn() + at, 1001, .text = words), now_ns);
}

static uint64_t sent_at(const struct flow *f, uint32_t end)
{
	const struct flow_send *s = flow_sent(f, end);

	return s ? s->at_ns : UINT64_MAX;
}

static bool is_text(const struct flow *f, const char *words)
{
	return f->text.len == strlen(words) && memcmp(f->text.at, words, f->text.len) == 0;
}

static void a_stream_is_put_together_however_it_was_cut(void)
{
	struct flows fs;

	flows_init(&fs);
	segments_handshake(&fs, isn());
	text(&fs, 1, "hello ", 10);
	text(&fs, 1, "hello ", 20);
	struct flow *f = text(&fs, 4, "lo world", 30);
	CU_ASSERT_TRUE(is_text(f, "hello world"));
	CU_ASSERT_FALSE(f->by_us);
	CU_ASSERT_TRUE(f->whole);
	CU_ASSERT_EQUAL(f->end, 12);
	CU_ASSERT_TRUE(flow_sent_again(f, 5));
	CU_ASSERT_FALSE(flow_sent_again(f, 12));
	CU_ASSERT_EQUAL(sent_at(f, 5), 10);
	CU_ASSERT_PTR_NULL(flow_sent(f, 13));
	CU_ASSERT_EQUAL(sent_at(f, 12), 30);
	flows_exit(&fs);
}

static void what_was_lost_before_the_capture_was_sent_all_the_same(void)
{
	struct flows fs;

	flows_init(&fs);
	segments_handshake(&fs, isn());
	text(&fs, 1, "ab", 10);
	struct flow *f = text(&fs, 7, "gh", 20);
	CU_ASSERT_EQUAL(f->hole_count, 1);
	text(&fs, 4, "de", 30);
	CU_ASSERT_EQUAL(f->hole_count, 2);
	text(&fs, 3, "cde", 40);
	text(&fs, 6, "f", 50);
	CU_ASSERT_EQUAL(f->hole_count, 0);
	CU_ASSERT_TRUE(is_text(f, "abcdefgh"));
	CU_ASSERT_EQUAL(sent_at(f, 7), 20);
	CU_ASSERT_TRUE(flow_sent_again(f, 7));
	flows_exit(&fs);
}

static void nonsense_is_no_part_of_a_stream(void)
{
	struct flows fs;

	flows_init(&fs);
	segments_handshake(&fs, isn());
	struct flow *f = text(&fs, 1, "ab", 10);
	text(&fs, 0x40000000, "x", 20);	  /* far ahead */
	text(&fs, (uint32_t)-5, "x", 20); /* before the SYN */
	text(&fs, 2, "?", 20);		  /* a keep-alive's octet */
	CU_ASSERT_TRUE(is_text(f, "ab"));
	flows_exit(&fs);
}

static void a_connection_goes_through_its_states(void)
{
	struct flows fs;
	uint32_t us = isn();

	flows_init(&fs);
	struct flow *f = segments_see(&fs, PEERS(TCP_SYN, 1000, 0), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "LISTEN");
	segments_see(&fs, OURS(TCP_SYN | TCP_ACK, us, 1001), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "SYN-RECEIVED");
	segments_see(&fs, PEERS(TCP_ACK, 1001, us + 1), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "ESTABLISHED");
	segments_see(&fs, OURS(TCP_ACK | TCP_FIN, us + 1, 1001, .text = "bye"), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "FIN-WAIT-1");
	CU_ASSERT_EQUAL(f->fin_at, 4);
	segments_see(&fs, PEERS(TCP_ACK, 1001, us + 5), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "FIN-WAIT-2");
	segments_see(&fs, PEERS(TCP_ACK | TCP_FIN, 1001, us + 5), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "FIN-WAIT-2"); /* until we acknowledge it */
	segments_see(&fs, OURS(TCP_ACK, us + 5, 1002), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "TIME-WAIT");
	struct flow *again = segments_see(&fs, PEERS(TCP_SYN, 77000, 0), 0);
	CU_ASSERT_PTR_NOT_EQUAL(again, f);
	segments_see(&fs, OURS(TCP_RST | TCP_ACK, 0, 77001), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(again), "CLOSED");
	CU_ASSERT_TRUE(again->rst);
	CU_ASSERT_FALSE(f->rst);
	flows_exit(&fs);
}

static void the_peer_may_close_first(void)
{
	struct flows fs;
	uint32_t us = isn();

	flows_init(&fs);
	segments_handshake(&fs, us);
	segments_see(&fs, PEERS(TCP_ACK | TCP_FIN, 1001, us + 1, .text = "x"), 0);
	struct flow *f = segments_see(&fs, OURS(TCP_ACK, us + 1, 1003), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "CLOSE-WAIT");
	segments_see(&fs, OURS(TCP_ACK | TCP_FIN, us + 1, 1003), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "LAST-ACK");
	segments_see(&fs, PEERS(TCP_ACK, 1003, us + 2), 0);
	CU_ASSERT_STRING_EQUAL(flow_state(f), "CLOSED");
	flows_exit(&fs);
}

static void what_began_before_the_capture_is_marked(void)
{
	struct flows fs;

	flows_init(&fs);
	struct flow *f = segments_see(&fs, PEERS(TCP_ACK, 5, 6, .text = "middle"), 0);
	CU_ASSERT_FALSE(f->whole);
	flows_exit(&fs);
}

static void messages_are_kept_one_by_one(void)
{
	struct flows fs;
	uint8_t frame[2000];
	size_t len, at = 0;
	uint32_t message_len;

	flows_init(&fs);
	len = lab_frame_icmp(
		frame, peer_mac, our_mac, US, PEER, (struct icmp_hdr){ICMP_ECHO, 0, 0x00070001}, "abc", 3);
	segments_see_frame(&fs, true, frame, len, 5);
	len = lab_frame_icmp(frame, our_mac, peer_mac, PEER, US,
		(struct icmp_hdr){ICMP_ECHO_REPLY, 0, 0x00070001}, "abc", 3);
	struct flow *f = segments_see_frame(&fs, false, frame, len, 6);
	CU_ASSERT_TRUE(f->by_us);
	CU_ASSERT_EQUAL(f->key.our_port, 7);
	CU_ASSERT_EQUAL(f->end, 1);
	const uint8_t *m = flow_message(f, &at, &message_len);
	CU_ASSERT_EQUAL(message_len, FLOW_ICMP_HEAD + 3);
	CU_ASSERT_EQUAL(memcmp(m,
				"\x08\x00\x00\x01"
				"abc",
				7),
		0);
	CU_ASSERT_PTR_NULL(flow_message(f, &at, &message_len));
	struct arp_msg ask = {.op = ARP_OP_REQUEST, .sha = our_mac, .spa = US, .tpa = PEER};
	len = lab_frame_arp(frame, MAC_BROADCAST, our_mac, &ask);
	CU_ASSERT_PTR_NULL(segments_see_frame(&fs, true, frame, len, 7));
	flows_exit(&fs);
}

static void a_connection_whose_syn_ack_is_missing_is_marked(void)
{
	struct flows fs;

	flows_init(&fs);
	struct flow *f = segments_see(&fs, PEERS(TCP_SYN, 1000, 0), 0);
	CU_ASSERT_TRUE(f->whole);
	segments_see(&fs, PEERS(TCP_ACK, 1001, isn() + 1), 0);
	text(&fs, 1, "words", 10);
	CU_ASSERT_FALSE(f->whole);
	CU_ASSERT_FALSE(f->has_isn);
	CU_ASSERT_EQUAL(f->text.len, 0);
	flows_exit(&fs);
}

static void the_peer_acknowledges_only_what_was_sent(void)
{
	struct flows fs;

	flows_init(&fs);
	segments_handshake(&fs, isn());
	struct flow *f = text(&fs, 1, "words", 10);
	segments_see(&fs, PEERS(TCP_ACK, 1001, isn() + 4), 0);
	CU_ASSERT_EQUAL(f->peer_acked, 4);
	segments_see(&fs, PEERS(TCP_ACK, 1001, isn() + 7), 0);
	segments_see(&fs, PEERS(TCP_ACK, 1001, isn() - 9), 0);
	CU_ASSERT_EQUAL(f->peer_acked, 4);
	segments_see(&fs, PEERS(TCP_ACK, 1001, isn() + 6), 0);
	CU_ASSERT_EQUAL(f->peer_acked, 6);
	flows_exit(&fs);
}

/* What a peer of ill will has captured. */
static void text_of_which_nobody_knows_the_like_is_not_kept_for_ever(void)
{
	enum { STEP = 900000 };
	struct flows fs;
	struct flow *f;

	flows_init(&fs);
	segments_handshake(&fs, isn());
	for (uint32_t at = 1; at < 100u * STEP; at += STEP)
		f = text(&fs, at, "x", at);
	CU_ASSERT_TRUE(f->differs);
	CU_ASSERT_TRUE(f->text.room < 3 * FLOW_TEXT_MAX);
	CU_ASSERT_EQUAL(f->text_len, 99 * STEP + 1);
	flows_exit(&fs);
}

static void there_are_only_so_many(void)
{
	struct flows fs;
	uint32_t i = 0;

	flows_init(&fs);
	while (segments_see(&fs,
		PEERS(TCP_SYN, 5, 0, .our_port = (uint16_t)(i % 30000 + 1),
			.peer_port = (uint16_t)(i / 30000 + 1)),
		0))
		i++;
	CU_ASSERT_EQUAL(i, FLOWS_MAX);
	CU_ASSERT_TRUE(fs.full);
	flows_exit(&fs);
}

static void errors_are_messages_whatever_they_quote(void)
{
	static const uint8_t cut[6] = {0, 80};
	struct flows fs;
	uint8_t frame[2000], quote[100];
	size_t len;

	flows_init(&fs);
	len = lab_frame_ip(quote, our_mac, peer_mac,
		(struct ip_hdr){.src = PEER, .dst = US, .proto = IP_PROTO_TCP, .ttl = 64}, NULL, 0, cut,
		sizeof(cut));
	len = lab_frame_icmp(frame, peer_mac, our_mac, US, PEER, (struct icmp_hdr){ICMP_DEST_UNREACH, 3, 0},
		quote + ETHER_HDR_LEN, len - ETHER_HDR_LEN);
	struct flow *f = segments_see_frame(&fs, true, frame, len, 5);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(f->end, 1);
	CU_ASSERT_EQUAL(f->text.at[4], ICMP_DEST_UNREACH);
	CU_ASSERT_EQUAL(f->text.at[5], 3);
	flows_exit(&fs);
}

SUITE(shell_flows, T(a_stream_is_put_together_however_it_was_cut),
	T(what_was_lost_before_the_capture_was_sent_all_the_same), T(nonsense_is_no_part_of_a_stream),
	T(a_connection_goes_through_its_states), T(the_peer_may_close_first),
	T(what_began_before_the_capture_is_marked), T(messages_are_kept_one_by_one),
	T(a_connection_whose_syn_ack_is_missing_is_marked), T(the_peer_acknowledges_only_what_was_sent),
	T(text_of_which_nobody_knows_the_like_is_not_kept_for_ever), T(there_are_only_so_many),
	T(errors_are_messages_whatever_they_quote))
