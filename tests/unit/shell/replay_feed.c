/* SPDX-License-Identifier: MIT */
/* A capture that comes in at a device: when, whose packets, what is waited for, and what cannot be used. */
#include "shell/replay_feed.h"

#include "dev/replay.h"
#include "tests/unit/shell/segments.h"

#include <stdlib.h>

enum { SENT_MAX = 16, THEN = 5000, NOW = 9000 };

struct bench {
	struct lab *lab;
	struct stack *h;
	struct dev *d;
	struct replay_wire wire;
	char *bytes;
	size_t len;
	struct capture_writer *w;
	struct feed feed;
	struct foreign foreign;
	bool over, gone;
	uint64_t begin_ns;
	unsigned sent;
	uint64_t sent_ns[SENT_MAX]; /* in the capture's time */
	uint32_t sent_len;	    /* of the last one */
};

static const struct mac peer = {{2, 0, 0, 0, 1, 9}}, mine = {{2, 0, 0, 0, 0, 1}};

static void on_sent(struct replay_wire *w, const struct pkt *p)
{
	struct bench *b = CONTAINER_OF(w, struct bench, wire);

	b->sent_ns[b->sent++ % SENT_MAX] = feed_time_ns(&b->feed, b->lab->loop.now);
	b->sent_len = p->len;
}

static void on_gone(struct replay_wire *w)
{
	CONTAINER_OF(w, struct bench, wire)->gone = true;
}

static void on_over(struct feed *f)
{
	CONTAINER_OF(f, struct bench, feed)->over = true;
}

static struct bench *bench_new(unsigned linktype)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->lab = lab_new();
	b->h = lab_host(b->lab, "h1");
	b->wire = (struct replay_wire){on_sent, on_gone};
	CU_ASSERT_EQUAL_FATAL(
		replay_create(b->h, "eth0", linktype == LINKTYPE_RAW ? DEV_RAW : DEV_ETHER, &b->wire), 0);
	b->d = dev_by_name(b->h, "eth0");
	if (linktype != LINKTYPE_RAW)
		dev_set_mac(b->d, mine);
	lab_addr(b->d, "10.0.0.1/24");
	dev_set_up(b->d, true);
	b->w = capture_writer_new(open_memstream(&b->bytes, &b->len), CAPTURE_PCAPNG);
	capture_writer_iface(b->w, "eth0", linktype);
	return b;
}

static void add(
	struct bench *b, unsigned iface, uint64_t ts_ns, const void *data, uint32_t caplen, uint32_t len)
{
	struct capture_packet p = {
		.ts_ns = ts_ns, .iface = iface, .data = data, .caplen = caplen, .len = len};

	CU_ASSERT_EQUAL(capture_write(b->w, &p), 0);
}

/* An ARP request for 10.0.0.1 at this time of the capture. */
static void add_request(struct bench *b, uint64_t ts_ns, struct mac from)
{
	struct arp_msg m = {.op = ARP_OP_REQUEST, .sha = peer, .spa = 0x0a000002, .tpa = 0x0a000001};
	uint8_t frame[100];
	size_t len = lab_frame_arp(frame, MAC_BROADCAST, from, &m);

	add(b, 0, ts_ns, frame, (uint32_t)len, (uint32_t)len);
}

static bool open_feed(struct bench *b)
{
	char error[CAPTURE_ERROR_LEN];

	capture_writer_free(b->w);
	b->feed.in = capture_fopen(fmemopen(b->bytes, b->len, "rb"), "test", error);
	b->feed.name = "test";
	b->feed.over = on_over;
	return feed_open(&b->feed);
}

static void start(struct bench *b)
{
	CU_ASSERT_FATAL(open_feed(b));
	b->begin_ns = b->lab->loop.now + NS_PER_SEC;
	feed_start(&b->feed, b->d, b->begin_ns);
}

static void bench_free(struct bench *b)
{
	if (b->feed.dev)
		feed_stop(&b->feed);
	lab_free(b->lab);
	CU_ASSERT_TRUE(b->gone);
	capture_reader_free(b->feed.in);
	free(b->bytes);
	free(b);
}

static const uint64_t T0 = 1700000000 * NS_PER_SEC;

static void packets_come_at_their_times(void)
{
	struct bench *b = bench_new(LINKTYPE_ETHERNET);

	add_request(b, T0, peer);
	add_request(b, T0 + 1500000001, peer);
	add_request(b, T0 + 7, peer); /* the clock of the capture went back */
	start(b);
	lab_run(b->lab, NS_PER_SEC - 1);
	CU_ASSERT_EQUAL(b->sent, 0);
	lab_run(b->lab, 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL_FATAL(b->sent, 3);
	CU_ASSERT_EQUAL(b->sent_ns[0], T0);
	CU_ASSERT_EQUAL(b->sent_ns[1], T0 + 1500000001);
	CU_ASSERT_EQUAL(b->sent_ns[2], T0 + 1500000001);
	CU_ASSERT_EQUAL(b->sent_len, 60); /* padded, as on a wire */
	CU_ASSERT_TRUE(b->over);
	CU_ASSERT_STRING_EQUAL(b->feed.error, "");
	bench_free(b);
}

static void fast_they_come_as_soon_as_all_is_quiet(void)
{
	struct bench *b = bench_new(LINKTYPE_ETHERNET);

	add_request(b, T0, peer);
	add_request(b, T0 + 3600 * NS_PER_SEC, peer);
	b->feed.fast = true;
	start(b);
	while (!b->over)
		loop_turn(&b->lab->loop, true);
	lab_settle(b->lab);
	CU_ASSERT_EQUAL(b->lab->loop.now, b->begin_ns);
	CU_ASSERT_EQUAL(b->sent, 2);
	bench_free(b);
}

static void what_our_hosts_sent_does_not_come_in(void)
{
	struct bench *b = bench_new(LINKTYPE_ETHERNET);

	add_request(b, T0, mine);
	add_request(b, T0, peer);
	start(b);
	lab_run(b->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(b->feed.read, 2);
	CU_ASSERT_EQUAL(b->feed.ours, 1);
	CU_ASSERT_EQUAL(b->sent, 1);
	bench_free(b);
}

/* A switch that reflects (VEPA), or somebody with our address. */
static void all_come_in_where_that_is_asked_for(void)
{
	struct bench *b = bench_new(LINKTYPE_ETHERNET);

	add_request(b, T0, mine);
	b->feed.all = true;
	start(b);
	lab_run(b->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(b->feed.ours, 0);
	CU_ASSERT_EQUAL(b->sent, 1);
	bench_free(b);
}

static void without_ethernet_the_address_tells_whose_it_is(void)
{
	struct bench *b = bench_new(LINKTYPE_RAW);
	uint8_t frame[200];

	for (uint32_t host = 1; host <= 2; host++) {
		size_t len = lab_frame_icmp(frame, mine, peer, 0x0a000000 | host, 0x0a000001,
			(struct icmp_hdr){ICMP_ECHO, 0, 1}, "x", 1);
		add(b, 0, T0, frame + ETHER_HDR_LEN, (uint32_t)len - ETHER_HDR_LEN,
			(uint32_t)len - ETHER_HDR_LEN);
	}
	start(b);
	lab_run(b->lab, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(b->feed.ours, 1);
	CU_ASSERT_EQUAL(b->sent, 1);
	bench_free(b);
}

static void an_empty_capture_is_over_at_once(void)
{
	struct bench *b = bench_new(LINKTYPE_ETHERNET);

	start(b);
	CU_ASSERT_TRUE(b->over);
	bench_free(b);
}

/* Every objection, at the first packet and later. */
static void what_cannot_be_used_is_said(void)
{
	static const uint8_t zeros[CAPTURE_SNAPLEN];
	struct bench *b = bench_new(LINKTYPE_ETHERNET);

	add(b, 0, T0, zeros, 60, 61);
	CU_ASSERT_FALSE(open_feed(b));
	CU_ASSERT_STRING_EQUAL(b->feed.error, "test: packet 1 is not whole; capture with -s 0");
	bench_free(b);
	b = bench_new(LINKTYPE_LINUX_SLL2);
	add(b, 0, T0, zeros, 60, 60);
	CU_ASSERT_FALSE(open_feed(b));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->feed.error, "neither Ethernet nor bare IP"));
	bench_free(b);
	b = bench_new(LINKTYPE_ETHERNET);
	add(b, 0, T0, zeros, CAPTURE_SNAPLEN, CAPTURE_SNAPLEN);
	CU_ASSERT_FALSE(open_feed(b));
	CU_ASSERT_STRING_EQUAL(b->feed.error, "test: packet 1 is longer than any frame");
	bench_free(b);
	b = bench_new(LINKTYPE_ETHERNET);
	add_request(b, T0, peer);
	add(b, (unsigned)capture_writer_iface(b->w, "tun0", LINKTYPE_RAW), T0, zeros, 60, 60);
	start(b);
	lab_run(b->lab, 2 * NS_PER_SEC);
	CU_ASSERT_STRING_EQUAL(b->feed.error, "test: packet 2 is of another link type than those before it");
	CU_ASSERT_TRUE(b->over);
	CU_ASSERT_EQUAL(b->sent, 1);
	bench_free(b);
}

/* ---- foreign captures ---- */

static void add_segment(struct bench *b, struct segment s)
{
	uint8_t frame[2000];
	size_t len = segment_frame(frame, &s);

	add(b, 0, T0, frame, (uint32_t)len, (uint32_t)len);
}

static void send(struct bench *b, struct segment s)
{
	uint8_t frame[2000];

	feed_sent(&b->feed, frame, segment_frame(frame, &s));
	lab_settle(b->lab);
}

/* We connected then and said "one two ", and `next` is what was said next: what did we wait for? Now we say it, too. */
static struct bench *foreign_new(const struct segment *next, size_t count)
{
	struct bench *b = bench_new(LINKTYPE_ETHERNET);

	foreign_init(&b->foreign);
	foreign_start(&b->foreign, b->d, LINKTYPE_ETHERNET);
	b->feed.foreign = &b->foreign;
	add_segment(b, OURS(TCP_SYN, THEN, 0));
	add_segment(b, PEERS(TCP_SYN | TCP_ACK, 1000, THEN + 1));
	add_segment(b, OURS(TCP_ACK, THEN + 1, 1001, .text = "one two "));
	for (size_t i = 0; i < count; i++)
		add_segment(b, next[i]);
	start(b);
	lab_run(b->lab, NS_PER_SEC);
	send(b, OURS(TCP_SYN, NOW, 0));
	send(b, OURS(TCP_ACK, NOW + 1, 1001, .text = "one two "));
	lab_settle(b->lab);
	return b;
}

static void foreign_free(struct bench *b)
{
	feed_stop(&b->feed);
	foreign_exit(&b->foreign);
	bench_free(b);
}

/* Our timeout may take seconds. */
static void what_was_lost_then_is_waited_for_until_it_is_sent_again(void)
{
	static const struct segment next[] = {PEERS(TCP_ACK, 1001, THEN + 5),
		OURS(TCP_ACK, THEN + 5, 1001, .text = "two "), PEERS(TCP_ACK, 1001, THEN + 9),
		OURS(TCP_ACK, THEN + 9, 1001, .text = "three"), PEERS(TCP_ACK, 1001, THEN + 14)};
	struct bench *b = foreign_new(next, ARRAY_SIZE(next));

	lab_run(b->lab, 10 * NS_PER_SEC);
	CU_ASSERT_TRUE(b->feed.has_next);
	CU_ASSERT_EQUAL(b->feed.read, 8);
	send(b, OURS(TCP_ACK, NOW + 5, 1001, .text = "two "));
	lab_run(b->lab, NS_PER_MS);
	CU_ASSERT_FALSE(b->feed.has_next);
	foreign_free(b);
}

SUITE(shell_replay_feed, T(packets_come_at_their_times), T(fast_they_come_as_soon_as_all_is_quiet),
	T(what_our_hosts_sent_does_not_come_in), T(all_come_in_where_that_is_asked_for),
	T(without_ethernet_the_address_tells_whose_it_is), T(an_empty_capture_is_over_at_once),
	T(what_cannot_be_used_is_said), T(what_was_lost_then_is_waited_for_until_it_is_sent_again))
