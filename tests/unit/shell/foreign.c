/* SPDX-License-Identifier: MIT */
/* What is expected of us, and when it has come; whom we ask by ARP; what peers say again. */
#include "shell/foreign.h"

#include "dev/replay.h"
#include "tests/unit/shell/segments.h"

#include <stdlib.h>

enum { THEN = 5000, NOW = 9000 };

struct bench {
	struct lab *lab;
	struct dev *d;
	struct replay_wire wire;
	struct foreign fo;
};

static void on_sent(struct replay_wire *w, const struct pkt *p)
{
	foreign_sent(&CONTAINER_OF(w, struct bench, wire)->fo, p->data, p->len);
}

static void on_gone(struct replay_wire *w)
{
	(void)w;
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct stack *s;

	b->lab = lab_new();
	s = lab_host(b->lab, "h1");
	b->wire = (struct replay_wire){on_sent, on_gone};
	CU_ASSERT_EQUAL_FATAL(replay_create(s, "eth0", DEV_ETHER, &b->wire), 0);
	b->d = dev_by_name(s, "eth0");
	dev_set_mac(b->d, our_mac);
	lab_addr(b->d, "10.0.0.1/24");
	dev_set_up(b->d, true);
	foreign_init(&b->fo);
	foreign_start(&b->fo, b->d, LINKTYPE_ETHERNET);
	return b;
}

static void bench_free(struct bench *b)
{
	foreign_stop(&b->fo);
	lab_free(b->lab);
	foreign_exit(&b->fo);
	free(b);
}

static void expect(struct bench *b, struct segment s, uint64_t ts_ns)
{
	uint8_t frame[2000];
	struct capture_packet p = segment_packet(frame, segment_frame(frame, &s), ts_ns);

	foreign_expect(&b->fo, &p);
}

static void send(struct bench *b, struct segment s)
{
	uint8_t frame[2000];

	foreign_sent(&b->fo, frame, segment_frame(frame, &s));
}

static bool is_reached(struct bench *b)
{
	uint64_t at_ns;

	return foreign_is_reached(&b->fo, &at_ns);
}

static void addresses_are_read(void)
{
	static const char *const bad[] = {"", ",", "10.0.0", "10.0.0.1,x", "10.0.0.1000000000000000000",
		"1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
		"1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"};
	struct bench *b = bench_new();

	CU_ASSERT_TRUE(foreign_parse_ours(&b->fo, "10.0.0.1,10.0.0.9"));
	CU_ASSERT_EQUAL(b->fo.ours_count, 2);
	CU_ASSERT_TRUE(foreign_has_addr(&b->fo, 0x0a000009));
	CU_ASSERT_FALSE(foreign_has_addr(&b->fo, 0x0a000002));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		b->fo.ours_count = 0;
		CU_ASSERT_FALSE(foreign_parse_ours(&b->fo, bad[i]));
	}
	bench_free(b);
}

static void the_address_tells_whose_a_packet_is(void)
{
	struct bench *b = bench_new();
	struct segment s = OURS(TCP_SYN, 1, 0), t = PEERS(TCP_SYN, 1, 0);
	struct arp_msg m = {.op = ARP_OP_REQUEST, .sha = peer_mac, .spa = US, .tpa = PEER};
	uint8_t frame[2000];

	foreign_parse_ours(&b->fo, "10.0.0.1");
	struct capture_packet p = segment_packet(frame, segment_frame(frame, &s), 0);
	CU_ASSERT_TRUE(foreign_is_ours(&b->fo, &p));
	p = segment_packet(frame, segment_frame(frame, &t), 0);
	CU_ASSERT_FALSE(foreign_is_ours(&b->fo, &p));
	p = segment_packet(frame, lab_frame_arp(frame, MAC_BROADCAST, peer_mac, &m), 0);
	CU_ASSERT_TRUE(foreign_is_ours(&b->fo, &p));
	p.caplen = 13;
	CU_ASSERT_FALSE(foreign_is_ours(&b->fo, &p));
	bench_free(b);
}

static void it_goes_on_when_we_have_sent_as_much(void)
{
	struct bench *b = bench_new();

	expect(b, OURS(TCP_SYN, THEN, 0, .our_port = 555), 7);
	CU_ASSERT_FALSE(is_reached(b));
	send(b, OURS(TCP_SYN, NOW, 0, .our_port = 998, .peer_port = 9)); /* to another port */
	CU_ASSERT_FALSE(is_reached(b));
	send(b, OURS(TCP_SYN, NOW, 0, .our_port = 999));
	CU_ASSERT_TRUE(is_reached(b));
	expect(b, OURS(TCP_ACK, THEN + 1, 1, .our_port = 555, .text = "text"), 8);
	CU_ASSERT_FALSE(is_reached(b));
	send(b, OURS(TCP_ACK, NOW + 1, 1, .our_port = 999, .text = "te"));
	CU_ASSERT_FALSE(is_reached(b));
	send(b, OURS(TCP_ACK, NOW + 3, 1, .our_port = 999, .text = "xt and more"));
	CU_ASSERT_TRUE(is_reached(b));
	expect(b, OURS(TCP_ACK, THEN + 1, 1, .our_port = 555, .text = "text"), 9);
	CU_ASSERT_TRUE(is_reached(b)); /* what is sent again is a matter of timers */
	expect(b, OURS(TCP_ACK, THEN + 5, 1, .our_port = 555), 10);
	CU_ASSERT_TRUE(is_reached(b)); /* acknowledgments are not waited for */
	bench_free(b);
}

static void connections_to_one_port_are_matched_in_their_order(void)
{
	struct bench *b = bench_new();

	expect(b, OURS(TCP_SYN, THEN, 0, .our_port = 555), 7);
	expect(b, OURS(TCP_SYN, THEN, 0, .our_port = 556), 8);
	struct flow *second = b->fo.wanted;
	send(b, OURS(TCP_SYN, NOW, 0, .our_port = 999));
	struct flow *first = list_first(&b->fo.expected.flows, struct flow, node);
	CU_ASSERT_EQUAL(foreign_twin(&b->fo, first)->key.our_port, 999);
	CU_ASSERT_FALSE(is_reached(b));
	send(b, OURS(TCP_SYN, NOW, 0, .our_port = 1000));
	CU_ASSERT_TRUE(is_reached(b));
	CU_ASSERT_EQUAL(second->twin->key.our_port, 1000);
	bench_free(b);
}

/* The stack asks for whom it wants to talk to, and gets an answer at once. */
static void whom_we_ask_for_is_there(void)
{
	struct bench *b = bench_new();
	struct segment s = PEERS(TCP_SYN, 1000, 0);
	uint8_t frame[2000];
	struct capture_packet p = segment_packet(frame, segment_frame(frame, &s), 7);

	foreign_input(&b->fo, &p, &(uint32_t){0}, false);
	lab_settle(b->lab);
	struct flow *f = list_first(&b->fo.got.flows, struct flow, node);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_TRUE(f->rst); /* nobody listens, and that could be said */
	CU_ASSERT_PTR_EQUAL(f->twin, list_first(&b->fo.expected.flows, struct flow, node));
	bench_free(b);
}

static void what_came_too_early_comes_again(void)
{
	struct bench *b = bench_new();
	struct segment s = PEERS(TCP_SYN | TCP_ACK, 1000, THEN + 1, .our_port = 555),
		       t = PEERS(TCP_ACK, 1001, THEN + 5, .our_port = 555);
	uint8_t frame[2000];
	struct capture_packet p;

	expect(b, OURS(TCP_SYN, THEN, 0, .our_port = 555), 7);
	send(b, OURS(TCP_SYN, NOW, 0, .our_port = 999));
	p = segment_packet(frame, segment_frame(frame, &s), 8);
	foreign_input(&b->fo, &p, &(uint32_t){0}, false);
	expect(b, OURS(TCP_ACK, THEN + 1, 1001, .our_port = 555, .text = "text"), 8);
	p = segment_packet(frame, segment_frame(frame, &t), 8);
	foreign_input(&b->fo, &p, &(uint32_t){0}, false);
	struct flow *f = list_first(&b->fo.got.flows, struct flow, node);
	CU_ASSERT_EQUAL(f->peer_acked, 1);
	send(b, OURS(TCP_ACK, NOW + 1, 1001, .our_port = 999, .text = "te"));
	lab_settle(b->lab);
	CU_ASSERT_EQUAL(f->peer_acked, 3);
	send(b, OURS(TCP_ACK, NOW + 3, 1001, .our_port = 999, .text = "xt"));
	lab_settle(b->lab);
	CU_ASSERT_EQUAL(f->peer_acked, 5);
	CU_ASSERT_TRUE(list_empty(&b->fo.owed));
	bench_free(b);
}

/* We have connected, then and now, and sent "one two three " then. */
static struct flow *connect(struct bench *b)
{
	struct segment s = PEERS(TCP_SYN | TCP_ACK, 1000, THEN + 1, .our_port = 555);
	uint8_t frame[2000];
	struct capture_packet p = segment_packet(frame, segment_frame(frame, &s), 8);

	expect(b, OURS(TCP_SYN, THEN, 0, .our_port = 555), 7);
	send(b, OURS(TCP_SYN, NOW, 0, .our_port = 999));
	CU_ASSERT_TRUE(foreign_input(&b->fo, &p, &(uint32_t){0}, false));
	expect(b, OURS(TCP_ACK, THEN + 1, 1001, .our_port = 555, .text = "one two three "), 8);
	send(b, OURS(TCP_ACK, NOW + 1, 1001, .our_port = 999, .text = "one two three "));
	return list_first(&b->fo.got.flows, struct flow, node);
}

/* It is on its way: when it is there, a host that knows of no connection resets it. */
static void begin_input(struct bench *b, struct segment s)
{
	uint8_t frame[2000];
	struct capture_packet p = segment_packet(frame, segment_frame(frame, &s), 9);

	CU_ASSERT_TRUE(foreign_input(&b->fo, &p, &(uint32_t){0}, false));
}

static void input(struct bench *b, struct segment s)
{
	begin_input(b, s);
	lab_settle(b->lab);
}

static void what_was_lost_then_is_not_acknowledged_before_it_is_sent_again(void)
{
	struct bench *b = bench_new();
	struct flow *f = connect(b);

	expect(b, OURS(TCP_ACK, THEN + 5, 1001, .our_port = 555, .text = "two "), 9);
	CU_ASSERT_TRUE(is_reached(b)); /* that is a matter of timers */
	input(b, PEERS(TCP_ACK, 1001, THEN + 15, .our_port = 555));
	CU_ASSERT_EQUAL(f->peer_acked, 5);
	b->fo.at_end = true;
	CU_ASSERT_FALSE(is_reached(b));
	send(b, OURS(TCP_ACK, NOW + 6, 1001, .our_port = 999, .text = "wo three ")); /* cut otherwise */
	lab_settle(b->lab);
	CU_ASSERT_EQUAL(f->peer_acked, 15);
	CU_ASSERT_TRUE(is_reached(b));
	bench_free(b);
}

/* A timeout, if need be: nothing that comes would be about what was not sent again. */
static void what_was_lost_then_has_to_be_sent_again_first(void)
{
	struct bench *b = bench_new();

	connect(b);
	expect(b, OURS(TCP_ACK, THEN + 5, 1001, .our_port = 555, .text = "two "), 9);
	expect(b, OURS(TCP_ACK, THEN + 15, 1001, .our_port = 555, .text = "four"), 9);
	CU_ASSERT_FALSE(foreign_must_repeat(&b->fo)); /* "one " is still to be acknowledged */
	begin_input(b, PEERS(TCP_ACK, 1001, THEN + 5, .our_port = 555));
	expect(b, OURS(TCP_ACK, THEN + 19, 1001, .our_port = 555, .text = "five"), 9);
	CU_ASSERT_TRUE(foreign_must_repeat(&b->fo));
	send(b, OURS(TCP_ACK, NOW + 5, 1001, .our_port = 999, .text = "two "));
	CU_ASSERT_FALSE(foreign_must_repeat(&b->fo));
	bench_free(b);
}

static void who_has_given_up_need_not_send_anything_again(void)
{
	struct bench *b = bench_new();

	connect(b);
	begin_input(b, PEERS(TCP_ACK, 1001, THEN + 5, .our_port = 555));
	expect(b, OURS(TCP_ACK, THEN + 5, 1001, .our_port = 555, .text = "two "), 9);
	expect(b, OURS(TCP_ACK, THEN + 15, 1001, .our_port = 555, .text = "four"), 9);
	CU_ASSERT_TRUE(foreign_must_repeat(&b->fo));
	lab_settle(b->lab); /* a reset */
	CU_ASSERT_FALSE(foreign_must_repeat(&b->fo));
	bench_free(b);
}

static void what_crossed_with_its_acknowledgment_was_not_lost(void)
{
	struct bench *b = bench_new();
	struct flow *f = connect(b);

	input(b, PEERS(TCP_ACK, 1001, THEN + 15, .our_port = 555));
	expect(b, OURS(TCP_ACK, THEN + 5, 1001, .our_port = 555, .text = "two "), 9);
	CU_ASSERT_TRUE(list_empty(&b->fo.losses));
	CU_ASSERT_EQUAL(f->peer_acked, 15);
	bench_free(b);
}

/* Then we had room for a thousand octets. */
static void text_comes_as_far_as_there_is_room(void)
{
	struct bench *b = bench_new();
	struct segment s = PEERS(TCP_ACK | TCP_FIN, 1001, THEN + 15, .our_port = 555, .text = "abcdefgh");
	uint8_t frame[2000];
	struct capture_packet p = segment_packet(frame, segment_frame(frame, &s), 9);
	uint32_t done = 0;
	struct flow *f = connect(b);

	f->room = 4; /* behind the octet at distance 3 */
	CU_ASSERT_FALSE(foreign_input(&b->fo, &p, &done, false));
	CU_ASSERT_EQUAL(done, 3);
	CU_ASSERT_EQUAL(memcmp(b->fo.packet + b->fo.len - 3, "abc", 3), 0);
	CU_ASSERT_FALSE(f->peer_fin);
	CU_ASSERT_FALSE(is_reached(b));
	CU_ASSERT_FALSE(foreign_input(&b->fo, &p, &done, false)); /* still none */
	send(b, OURS(TCP_ACK, NOW + 15, 1004, .our_port = 999, .wnd = 2));
	CU_ASSERT_TRUE(is_reached(b));
	CU_ASSERT_FALSE(foreign_input(&b->fo, &p, &done, false));
	CU_ASSERT_EQUAL(done, 5);
	CU_ASSERT_EQUAL(memcmp(b->fo.packet + b->fo.len - 2, "de", 2), 0);
	CU_ASSERT_TRUE(foreign_input(&b->fo, &p, &done, true));
	CU_ASSERT_EQUAL(memcmp(b->fo.packet + b->fo.len - 3, "fgh", 3), 0);
	CU_ASSERT_TRUE(f->peer_fin);
	CU_ASSERT_EQUAL(b->fo.len, ETHER_HDR_LEN + IP_HDR_LEN + TCP_HDR_LEN + 3);
	CU_ASSERT_EQUAL(tcp_csum(b->fo.packet + 34, TCP_HDR_LEN + 3, PEER, US), 0);
	CU_ASSERT_EQUAL(csum(b->fo.packet + ETHER_HDR_LEN, IP_HDR_LEN), 0);
	bench_free(b);
}

/* An attack of then, or a probe of a closed window. */
static void text_for_which_there_never_was_room_comes_as_it_was(void)
{
	struct bench *b = bench_new();
	struct flow *f = connect(b);

	f->room = 4;
	input(b, PEERS(TCP_ACK, 1001 + 1000, THEN + 15, .our_port = 555, .text = "abcdefgh"));
	CU_ASSERT_EQUAL(memcmp(b->fo.packet + b->fo.len - 8, "abcdefgh", 8), 0);
	bench_free(b);
}

SUITE(shell_foreign, T(addresses_are_read), T(the_address_tells_whose_a_packet_is),
	T(it_goes_on_when_we_have_sent_as_much), T(connections_to_one_port_are_matched_in_their_order),
	T(whom_we_ask_for_is_there), T(what_came_too_early_comes_again),
	T(what_was_lost_then_is_not_acknowledged_before_it_is_sent_again),
	T(what_was_lost_then_has_to_be_sent_again_first), T(who_has_given_up_need_not_send_anything_again),
	T(what_crossed_with_its_acknowledgment_was_not_lost), T(text_comes_as_far_as_there_is_room),
	T(text_for_which_there_never_was_room_comes_as_it_was))
