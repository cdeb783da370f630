/* SPDX-License-Identifier: MIT */
/* What a connection sends and when: segments, windows, probes, keepalives, and how it gives up (RFC 9293 3.7, 3.8). */
#include "dev/netem.h"
#include "net/tcp_info.h"
#include "tcp/cc.h"
#include "tests/unit/tcp/bench.h"

#include <errno.h>

enum { MSS = 1460 };

static uint8_t text[50 * MSS];

static struct bench *established(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	return b;
}

static void writes(struct bench *b, size_t len)
{
	CU_ASSERT_EQUAL(sock_send(b->sk, text, len, 0, NULL), (ssize_t)len);
	lab_settle(b->l);
}

/* The next segment has so much text, from where the peer is on. */
static void expect_text(struct bench *b, size_t len, bool psh)
{
	uint32_t at = b->host_nxt;
	struct bench_seen seen = bench_next(b);

	CU_ASSERT_FATAL(seen.any);
	CU_ASSERT_EQUAL(seen.h.seq, at);
	CU_ASSERT_EQUAL(seen.len, len);
	CU_ASSERT_EQUAL(!!(seen.h.flags & TCP_PSH), psh);
	CU_ASSERT_FALSE(seen.o.has_mss);
}

static void peer_acks(struct bench *b, uint16_t wnd)
{
	b->my_wnd = wnd;
	bench_say(b, TCP_ACK, 0);
}

/* ---- how much at once ---- */

/* RFC9293-SHLD-28 RFC9293-MUST-61 RFC9293-SHLD-27 RFC9293-MUST-65 */
static void large_writes_leave_in_full_segments_and_the_last_is_pushed(void)
{
	struct bench *b = established();

	writes(b, 4000);
	expect_text(b, MSS, false);
	expect_text(b, MSS, false);
	expect_text(b, 4000 - 2 * MSS, true);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC5681-2 RFC5681-3.1c RFC9293-MUST-19 The handshake opened it by nothing. */
static void no_more_leaves_than_either_window_allows(void)
{
	struct bench *b = established();

	CU_ASSERT(sock_send(b->sk, text, 30000, 0, NULL) > 10 * MSS);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_count(b), 10);
	bench_last(b);
	bench_say(b, TCP_ACK, 0); /* slow start: as much again, and ten segments more */
	CU_ASSERT(bench_conn(b)->cwnd > 10 * MSS);
	bench_free(b);

	b = bench_new();
	b->my_wnd = 5 * MSS;
	bench_into(b, TCP_ESTABLISHED, false);
	CU_ASSERT(sock_send(b->sk, text, 20000, 0, NULL) > 10 * MSS);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_count(b), 5);
	bench_free(b);
}

/* RFC9293-SHLD-7 */
static void nagle_keeps_a_second_small_segment_until_the_first_is_acknowledged(void)
{
	struct bench *b = established();

	writes(b, 10);
	expect_text(b, 10, true);
	writes(b, 10);
	writes(b, 10);
	EXPECT_NONE(b);
	peer_acks(b, 65535);
	expect_text(b, 20, true);
	EXPECT_NONE(b);
	bench_free(b);
}

static void nagle_lets_a_full_segment_go(void)
{
	struct bench *b = established();

	writes(b, 10);
	expect_text(b, 10, true);
	writes(b, MSS + 5);
	expect_text(b, MSS, false);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-17 */
static void nagle_can_be_switched_off(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_NODELAY, 1), 0);
	for (int i = 0; i < 3; i++) {
		writes(b, 10);
		expect_text(b, 10, true);
	}
	bench_free(b);
}

static void cork_sends_only_full_segments_until_it_is_drawn(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_CORK, 1), 0);
	writes(b, 100);
	EXPECT_NONE(b);
	writes(b, MSS);
	expect_text(b, MSS, false);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_CORK, 0), 0);
	lab_settle(b->l);
	expect_text(b, 100, true);
	bench_free(b);
}

/* As Linux: the largest windows are sent by halves, each a super-segment, which is pushed at its end. Here the device cuts
 * them. */
static void super_segments_are_pushed_and_none_is_more_than_half_a_window(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL_FATAL(bench_conn(b)->cwnd, 10 * MSS);
	writes(b, 20 * MSS);
	for (int i = 1; i <= 10; i++)
		expect_text(b, MSS, i % 5 == 0);
	EXPECT_NONE(b);
	bench_free(b);
}

/* Half of the window that the peer offers: 22 segments from where the program's write came to a halt. */
static void in_a_long_stream_half_a_window_is_pushed(void)
{
	struct bench *b = established();
	uint32_t sent = 0;

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_SNDBUF, 50 * MSS), 0);
	bench_conn(b)->cwnd = bench_conn(b)->ssthresh = 2 * MSS;
	writes(b, 50 * MSS);
	while (sent < 50) {
		expect_text(b, MSS, ++sent == 24 || sent == 46 || sent == 50);
		expect_text(b, MSS, ++sent == 24 || sent == 46 || sent == 50);
		bench_conn(b)->cwnd = 0; /* slow start brings it to ssthresh again, and no further */
		peer_acks(b, 65535);
	}
	bench_free(b);
}

/* What leaves in a millisecond at cwnd / SRTT, and at least net.ipv4.tcp_min_tso_segs. */
static void super_segments_are_short_where_the_way_is_slow(void)
{
	struct bench *b = established();

	bench_conn(b)->srtt_us = 100000;
	writes(b, 10 * MSS);
	for (int i = 1; i <= 10; i++)
		expect_text(b, MSS, i % 2 == 0);
	lab_run(b->l, 100 * MS);
	peer_acks(b, 65535);
	b->s->sysctl[SYSCTL_TCP_MIN_TSO_SEGS] = 4;
	writes(b, 8 * MSS);
	for (int i = 1; i <= 8; i++)
		expect_text(b, MSS, i % 4 == 0);
	bench_free(b);
}

/* RFC9293-MUST-60 */
static void what_is_corked_leaves_after_a_while_all_the_same(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_CORK, 1), 0);
	writes(b, 100);
	lab_run(b->l, 2 * SEC);
	expect_text(b, 100, true);
	bench_free(b);
}

static void more_to_come_waits_for_it(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_send(b->sk, text, 100, MSG_MORE, NULL), 100);
	lab_settle(b->l);
	EXPECT_NONE(b);
	writes(b, 50);
	expect_text(b, 150, true);
	bench_free(b);
}

/* As Linux: for a while, and then it is pushed. */
static void more_to_come_waits_no_longer_than_the_probe_timer(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_send(b->sk, text, 100, MSG_MORE, NULL), 100);
	lab_run(b->l, 2 * SEC);
	expect_text(b, 100, true);
	bench_free(b);
}

/* As Linux: MSG_MORE speaks of the moment of writing. The next ACK lets go what Nagle allows, without PSH. */
static void an_ack_lets_go_what_waited_for_more(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_send(b->sk, text, MSS + 100, MSG_MORE, NULL), MSS + 100);
	lab_settle(b->l);
	expect_text(b, MSS, false);
	EXPECT_NONE(b);
	peer_acks(b, 65535);
	expect_text(b, 100, false);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-15 */
static void without_an_mss_option_segments_have_536_octets(void)
{
	struct bench *b = bench_new();

	b->mss = 0;
	bench_into(b, TCP_ESTABLISHED, false);
	writes(b, 1000);
	expect_text(b, 536, false);
	expect_text(b, 464, true);
	bench_free(b);
}

/* RFC9293-MUST-16 */
static void the_peers_mss_bounds_segments_less_what_options_take(void)
{
	struct bench *b = bench_new();

	b->mss = 1000;
	b->ts = true;
	bench_into(b, TCP_ESTABLISHED, false);
	writes(b, 1500);
	expect_text(b, 1000 - 12, false);
	expect_text(b, 500 + 12, true);
	bench_free(b);
}

/* RFC9293-MUST-16 */
static void the_path_bounds_segments(void)
{
	struct bench *b = bench_new();

	dev_set_mtu(b->d, 1000);
	bench_into(b, TCP_ESTABLISHED, false);
	writes(b, 1500);
	expect_text(b, 960, false);
	expect_text(b, 540, true);
	bench_free(b);
}

/* Longer than a super-segment may be, and still one segment. */
static void the_longest_segment_is_sent_at_once(void)
{
	struct bench *b = bench_new();

	dev_set_mtu(b->d, DEV_MTU_MAX);
	b->mss = 65495;
	b->wscale = 7;
	bench_into(b, TCP_ESTABLISHED, false);
	peer_acks(b, 65535);
	writes(b, 65536);
	expect_text(b, 65495, false);
	expect_text(b, 41, true);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-67 RFC9293-SHLD-5 RFC9293-SHLD-6 RFC9293-MUST-14 */
static void a_syn_offers_what_the_device_takes(void)
{
	struct bench *b = bench_new();
	struct sock_addr to = {.ip = PEER, .port = 9};

	dev_set_mtu(b->d, 1000);
	b->sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	CU_ASSERT_EQUAL(sock_connect(b->sk, &to), -EINPROGRESS);
	lab_settle(b->l);
	struct bench_seen syn = bench_next(b);
	CU_ASSERT_EQUAL(syn.h.flags, TCP_SYN);
	CU_ASSERT(syn.o.has_mss && syn.o.mss == 960);
	CU_ASSERT(syn.o.has_ts && syn.o.has_sack_ok && syn.o.has_wscale);
	bench_free(b);
}

/* RFC9293-MUST-67: and no more than the program wants. */
static void a_syn_offers_no_more_than_tcp_maxseg(void)
{
	struct bench *b = bench_new();
	struct sock_addr to = {.ip = PEER, .port = 9};
	struct tcp_info info;

	b->sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_MAXSEG, 1100), 0);
	CU_ASSERT_EQUAL(sock_connect(b->sk, &to), -EINPROGRESS);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_next(b).o.mss, 1100);
	CU_ASSERT_EQUAL(sock_tcp_info(b->sk, &info), 0);
	CU_ASSERT_EQUAL(info.advmss, 1100);
	bench_free(b);
}

/* RFC9293-MUST-48 RFC9293-SHLD-21 RFC9293-SHLD-22 RFC9293-MUST-49 */
static void tos_and_ttl_are_the_programs(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TOS, 0x48), 0);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TTL, 9), 0);
	writes(b, 1);
	struct bench_seen seen = bench_next(b);
	CU_ASSERT_EQUAL(seen.ip.tos, 0x48);
	CU_ASSERT_EQUAL(seen.ip.ttl, 9);
	bench_free(b);
}

/* ---- the peer's window ---- */

/* RFC9293-MUST-38 */
static void a_small_window_is_not_filled_with_a_small_segment_at_once(void)
{
	struct bench *b = established();

	peer_acks(b, 500);
	writes(b, 2000);
	EXPECT_NONE(b);
	lab_run(b->l, 1500 * MS); /* the override timeout */
	expect_text(b, 500, true);
	bench_free(b);
}

static void a_peer_whose_buffer_is_small_gets_halves_of_it(void)
{
	struct bench *b = bench_new();

	b->my_wnd = 1000;
	bench_into(b, TCP_ESTABLISHED, false);
	writes(b, 3000);
	expect_text(b, 500, false);
	expect_text(b, 500, false);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-34 RFC9293-SHLD-15 RFC9293-SHLD-17 */
static void a_window_that_shrinks_below_what_is_in_flight_stops_new_data_only(void)
{
	struct bench *b = established();
	uint32_t una = b->host_nxt;

	writes(b, 3 * MSS);
	bench_last(b);
	b->my_wnd = MSS;
	bench_say_at(b, TCP_ACK, b->nxt, una, 0); /* SND.UNA + SND.WND < SND.NXT */
	writes(b, MSS);
	EXPECT_NONE(b);
	b->my_wnd = 65535;
	bench_say(b, TCP_ACK, 0);
	expect_text(b, MSS, true);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* Time until the host sends, at most `most`. */
static uint64_t silence(struct bench *b, uint64_t most)
{
	uint64_t start = b->l->loop.now;

	while (!bench_count(b) && b->l->loop.now - start < most)
		lab_run(b->l, 10 * MS);
	return b->l->loop.now - start;
}

/* RFC9293-MUST-36 RFC9293-MUST-35 RFC9293-SHLD-29 RFC9293-SHLD-30 RFC9293-MUST-37 */
static void a_shut_window_is_probed_ever_more_rarely_and_for_ever(void)
{
	struct bench *b = established();
	uint64_t before = 0;

	peer_acks(b, 0);
	writes(b, 100);
	EXPECT_NONE(b);
	for (int i = 0; i < 40; i++) {
		uint64_t waited = silence(b, 200 * SEC);
		struct bench_seen probe = bench_next(b);

		CU_ASSERT_FATAL(probe.any);
		CU_ASSERT_EQUAL(probe.h.seq, b->host_nxt - 1);
		CU_ASSERT_EQUAL(probe.len, 0);
		if (i == 0)
			CU_ASSERT(waited <= 1100 * MS);
		CU_ASSERT(waited + 20 * MS >= before && waited <= 121 * SEC);
		if (i > 0 && i < 6)
			CU_ASSERT(waited > before * 3 / 2);
		before = waited;
		bench_say(b, TCP_ACK, 0);
	}
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	peer_acks(b, 65535);
	expect_text(b, 100, true);
	bench_free(b);
}

/* RFC 6429: a program may say how long is enough. */
static void a_user_timeout_ends_a_connection_whose_window_stays_shut(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_USER_TIMEOUT, 30000), 0);
	peer_acks(b, 0);
	writes(b, 100);
	for (int i = 0; i < 20 && bench_state(b) == TCP_ESTABLISHED; i++) {
		silence(b, 60 * SEC);
		bench_last(b);
		if (bench_state(b) == TCP_ESTABLISHED)
			bench_say(b, TCP_ACK, 0);
	}
	int error = 0;
	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, ETIMEDOUT);
	bench_free(b);
}

/* ---- a queue of our own that is full ---- */

static void fill_the_queue(struct bench *b)
{
	struct netem_config full = {.limit = 0};

	CU_ASSERT_EQUAL_FATAL(netem_create(b->d, QDISC_ROOT, 0x8001, &full), 0);
}

static struct tcp_info info_of(struct bench *b)
{
	struct tcp_info info;

	CU_ASSERT_EQUAL_FATAL(sock_tcp_info(b->sk, &info), 0);
	return info;
}

static void what_our_own_queue_refuses_was_not_sent(void)
{
	struct bench *b = established();

	writes(b, 100);
	expect_text(b, 100, true);
	fill_the_queue(b);
	writes(b, MSS);
	CU_ASSERT_EQUAL(stack_drops(b->s, DROP_NETEM_LIMIT), 1);
	CU_ASSERT_EQUAL(info_of(b).unacked_bytes, 100);
	CU_ASSERT_EQUAL(info_of(b).ca_state, TCP_CA_CWR);
	dev_set_qdisc(b->d, QDISC_ROOT, NULL);
	peer_acks(b, 65535);
	expect_text(b, MSS, true);
	CU_ASSERT_EQUAL(info_of(b).total_retrans, 0);
	bench_free(b);
}

static void what_it_refuses_of_lost_text_stays_lost(void)
{
	struct bench *b = established();

	writes(b, 100);
	expect_text(b, 100, true);
	fill_the_queue(b);
	lab_run(b->l, 10 * SEC);
	CU_ASSERT(info_of(b).lost == 1 && info_of(b).retrans == 0);
	dev_set_qdisc(b->d, QDISC_ROOT, NULL);
	silence(b, 20 * SEC);
	CU_ASSERT_EQUAL(bench_next(b).len, 100);
	CU_ASSERT(info_of(b).lost == 1 && info_of(b).retrans == 1);
	bench_free(b);
}

/* Nor does a FIN go that it refuses, behind which there is no text: it is tried again. */
static void a_fin_that_it_refuses_goes_later(void)
{
	struct bench *b = established();

	fill_the_queue(b);
	CU_ASSERT_EQUAL(sock_shutdown(b->sk, SHUT_WR), 0);
	silence(b, 4 * SEC);
	CU_ASSERT(stack_drops(b->s, DROP_NETEM_LIMIT) > 4);
	dev_set_qdisc(b->d, QDISC_ROOT, NULL);
	lab_run(b->l, 1 * SEC);
	CU_ASSERT(bench_next(b).h.flags & TCP_FIN);
	bench_free(b);
}

/* Twice a second, and what the peer has no part in is no reason to become slower. */
static void a_probe_that_it_refuses_is_tried_twice_a_second(void)
{
	struct bench *b = established();
	int error = 0;

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_USER_TIMEOUT, 3000), 0);
	fill_the_queue(b);
	writes(b, 100);
	lab_run(b->l, tcp_rto_ns(bench_conn(b)) + 10 * MS);
	CU_ASSERT_EQUAL(info_of(b).probes, 1);
	lab_run(b->l, 2 * SEC);
	CU_ASSERT(info_of(b).probes == 5 && info_of(b).backoff == 0);
	lab_run(b->l, 1 * SEC);
	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, ETIMEDOUT);
	CU_ASSERT_EQUAL(info_of(b).probes, 6);
	bench_free(b);
}

/* ---- silence ---- */

/* RFC9293-MUST-25 */
static void nothing_is_sent_to_keep_a_connection_alive_by_itself(void)
{
	struct bench *b = established();

	lab_run(b->l, 24 * 3600 * SEC);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* RFC9293-MUST-24 RFC9293-MUST-26 RFC9293-MUST-28 RFC9293-SHLD-12 RFC9293-MAY-5 */
static void keepalive_probes_after_two_hours_without_text(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_KEEPALIVE, 1), 0);
	lab_run(b->l, 7199 * SEC);
	EXPECT_NONE(b);
	lab_run(b->l, 2 * SEC);
	struct bench_seen probe = bench_next(b);
	CU_ASSERT_FATAL(probe.any);
	CU_ASSERT_EQUAL(probe.h.seq, b->host_nxt - 1);
	CU_ASSERT_EQUAL(probe.len, 0);
	bench_say(b, TCP_ACK, 0);
	lab_run(b->l, 7190 * SEC);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-27 RFC9293-MUST-29 */
static void a_peer_that_answers_no_keepalive_is_gone_after_all_of_them(void)
{
	struct bench *b = established();
	int error = 0;

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_KEEPIDLE, 10), 0);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_KEEPINTVL, 5), 0);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_KEEPCNT, 3), 0);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_KEEPALIVE, 1), 0);
	lab_run(b->l, 10 * SEC + 100 * MS);
	CU_ASSERT_EQUAL(bench_count(b), 1);
	lab_run(b->l, 10 * SEC);
	CU_ASSERT_EQUAL(bench_count(b), 3);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	lab_run(b->l, 5 * SEC);
	CU_ASSERT(bench_last(b).h.flags & TCP_RST);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, ETIMEDOUT);
	bench_free(b);
}

/* RFC9293-MUST-26 */
static void keepalive_keeps_quiet_while_text_is_in_flight(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_KEEPIDLE, 1), 0);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_KEEPALIVE, 1), 0);
	writes(b, 10);
	bench_last(b);
	lab_run(b->l, 10 * SEC);
	while (bench_count(b))
		CU_ASSERT_EQUAL(bench_next(b).len, 10); /* retransmissions, no probes */
	bench_free(b);
}

/* ---- giving up ---- */

/* RFC9293-MUST-20 RFC9293-SHLD-10 RFC9293-SHLD-11 */
static void text_that_nobody_acknowledges_is_sent_for_a_quarter_of_an_hour(void)
{
	struct bench *b = established();
	uint64_t start = b->l->loop.now;
	unsigned sent = 0;

	writes(b, 10);
	while (bench_state(b) == TCP_ESTABLISHED && b->l->loop.now - start < 3000 * SEC) {
		silence(b, 200 * SEC);
		while (bench_count(b))
			sent += bench_next(b).len == 10;
	}
	uint64_t took = b->l->loop.now - start;
	CU_ASSERT(took > 900 * SEC && took < 1100 * SEC);
	CU_ASSERT(sent >= 13 && sent <= 18);
	int error = 0;
	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, ETIMEDOUT);
	bench_free(b);
}

/* RFC9293-MUST-20 RFC9293-SHLD-9 */
static void after_three_retransmissions_a_redirect_is_no_longer_believed(void)
{
	struct bench *b = established();
	struct route_key key = {.dst = PEER};
	struct route_path path;

	route_redirect(b->s, PEER, OTHER, b->d->netif);
	CU_ASSERT_EQUAL(route_lookup(b->s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.nexthop, OTHER);
	writes(b, 10);
	lab_run(b->l, 1 * SEC);
	CU_ASSERT_EQUAL(route_lookup(b->s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.nexthop, OTHER);
	lab_run(b->l, 10 * SEC);
	CU_ASSERT_EQUAL(route_lookup(b->s, &key, &path), 0);
	CU_ASSERT_EQUAL(path.nexthop, PEER);
	bench_free(b);
}

/* RFC9293-MUST-21 */
static void a_program_may_give_up_earlier(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_USER_TIMEOUT, 5000), 0);
	writes(b, 10);
	lab_run(b->l, 4 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	lab_run(b->l, 6 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* RFC9293-MUST-22 */
static void a_syn_is_sent_again_five_times_a_second_apart_then_ever_more_rarely(void)
{
	static const unsigned at_s[] = {1, 2, 3, 4, 5, 7, 11, 19, 35, 67};
	struct bench *b = bench_new();
	int error = 0;

	bench_connect(b);
	uint64_t start = b->l->loop.now;
	for (size_t i = 0; i < ARRAY_SIZE(at_s); i++) {
		silence(b, 100 * SEC);
		CU_ASSERT_EQUAL(bench_next(b).h.flags & (TCP_SYN | TCP_ACK), TCP_SYN);
		CU_ASSERT_EQUAL((b->l->loop.now - start + 50 * MS) / SEC, at_s[i]);
	}
	lab_run(b->l, 100 * SEC);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, ETIMEDOUT);
	bench_free(b);
}

/* ---- the end of the stream ---- */

/* RFC9293-T-15 */
static void close_sends_what_was_written_before_the_fin(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_send(b->sk, text, 5000, 0, NULL), 5000);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	expect_text(b, MSS, false);
	expect_text(b, MSS, false);
	expect_text(b, MSS, false);
	struct bench_seen last = bench_next(b);
	CU_ASSERT_EQUAL(last.len, 5000 - 3 * MSS);
	CU_ASSERT_EQUAL(last.h.flags, TCP_FIN | TCP_PSH | TCP_ACK);
	EXPECT_NONE(b);
	bench_free(b);
}

static void a_lost_fin_is_sent_again(void)
{
	struct bench *b = established();

	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	uint32_t at = bench_last(b).h.seq;
	silence(b, 5 * SEC);
	struct bench_seen again = bench_next(b);
	CU_ASSERT(again.h.flags & TCP_FIN);
	CU_ASSERT_EQUAL(again.h.seq, at);
	bench_free(b);
}

/* RFC9293-T-16 */
static void linger_zero_aborts(void)
{
	struct bench *b = established();

	CU_ASSERT_EQUAL(sock_send(b->sk, text, 20000, 0, NULL), 20000);
	lab_settle(b->l);
	bench_last(b);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_LINGER, 0), 0);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	struct bench_seen rst = bench_last(b);
	CU_ASSERT_EQUAL(rst.h.flags, TCP_RST | TCP_ACK);
	CU_ASSERT_EQUAL(rst.h.seq, b->host_nxt);
	CU_ASSERT_EQUAL(tcp_of(b->s)->memory, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* RFC9293-SHLD-3 */
static void close_with_unread_text_resets(void)
{
	struct bench *b = established();

	bench_say(b, TCP_ACK, 100);
	bench_last(b);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	CU_ASSERT(bench_last(b).h.flags & TCP_RST);
	bench_free(b);
}

SUITE(tcp_output, T(large_writes_leave_in_full_segments_and_the_last_is_pushed),
	T(no_more_leaves_than_either_window_allows),
	T(nagle_keeps_a_second_small_segment_until_the_first_is_acknowledged),
	T(nagle_lets_a_full_segment_go), T(nagle_can_be_switched_off),
	T(cork_sends_only_full_segments_until_it_is_drawn),
	T(what_is_corked_leaves_after_a_while_all_the_same), T(more_to_come_waits_for_it),
	T(without_an_mss_option_segments_have_536_octets),
	T(the_peers_mss_bounds_segments_less_what_options_take), T(the_path_bounds_segments),
	T(the_longest_segment_is_sent_at_once), T(a_syn_offers_what_the_device_takes),
	T(tos_and_ttl_are_the_programs), T(a_small_window_is_not_filled_with_a_small_segment_at_once),
	T(a_peer_whose_buffer_is_small_gets_halves_of_it),
	T(a_window_that_shrinks_below_what_is_in_flight_stops_new_data_only),
	T(a_shut_window_is_probed_ever_more_rarely_and_for_ever),
	T(a_user_timeout_ends_a_connection_whose_window_stays_shut),
	T(what_our_own_queue_refuses_was_not_sent), T(what_it_refuses_of_lost_text_stays_lost),
	T(a_fin_that_it_refuses_goes_later), T(a_probe_that_it_refuses_is_tried_twice_a_second),
	T(nothing_is_sent_to_keep_a_connection_alive_by_itself),
	T(keepalive_probes_after_two_hours_without_text),
	T(a_peer_that_answers_no_keepalive_is_gone_after_all_of_them),
	T(keepalive_keeps_quiet_while_text_is_in_flight),
	T(after_three_retransmissions_a_redirect_is_no_longer_believed),
	T(text_that_nobody_acknowledges_is_sent_for_a_quarter_of_an_hour), T(a_program_may_give_up_earlier),
	T(a_syn_is_sent_again_five_times_a_second_apart_then_ever_more_rarely),
	T(close_sends_what_was_written_before_the_fin), T(a_lost_fin_is_sent_again), T(linger_zero_aborts),
	T(close_with_unread_text_resets), T(a_syn_offers_no_more_than_tcp_maxseg),
	T(super_segments_are_pushed_and_none_is_more_than_half_a_window),
	T(in_a_long_stream_half_a_window_is_pushed), T(super_segments_are_short_where_the_way_is_slow),
	T(more_to_come_waits_no_longer_than_the_probe_timer), T(an_ack_lets_go_what_waited_for_more));
