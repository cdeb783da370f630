/* SPDX-License-Identifier: MIT */
/* LISTEN: half-open entries, the accept queue, and which listener gets a SYN. */
#include "tests/unit/tcp/bench.h"

#include <errno.h>
#include <stdlib.h>

static struct tcp_stat stat_of(const struct bench *b)
{
	struct tcp_stat st;

	tcp_stat(b->s, &st);
	return st;
}

/* The nth client: another port of the peer, which begins anew. */
static void client(struct bench *b, unsigned n)
{
	b->peer_port = (uint16_t)(PEER_PORT + n);
	b->nxt = b->una = b->isn;
}

/* A client's whole handshake. */
static void open_client(struct bench *b, unsigned n)
{
	client(b, n);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
}

/* ---- the handshake ---- */

/* RFC9293-T-02, RFC9293-MUST-14, RFC9293-SHLD-5, RFC7323-2.2c */
static void syn_is_answered_by_a_syn_ack_with_our_mss(void)
{
	struct bench *b = bench_new();
	struct bench_seen seen;

	bench_listen(b, 5);
	b->ts = b->sack = true;
	b->wscale = 3;
	bench_say(b, TCP_SYN, 0);
	seen = bench_next(b);
	CU_ASSERT_EQUAL(seen.h.flags, TCP_SYN | TCP_ACK);
	CU_ASSERT_EQUAL(seen.h.ack, b->isn + 1);
	CU_ASSERT(seen.o.has_mss && seen.o.mss == 1460);
	CU_ASSERT(seen.o.has_sack_ok && seen.o.has_wscale && seen.o.has_ts);
	CU_ASSERT_EQUAL(seen.o.tsecr, b->tsval);
	CU_ASSERT_EQUAL(seen.h.wnd, 45 * (1460 - 12)); /* not scaled; of whole segments, as Linux */
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	CU_ASSERT_EQUAL(stat_of(b).half_open, 1);
	CU_ASSERT_PTR_NULL(sock_accept(b->listener, NULL));
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(stat_of(b).half_open, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(MIB(b, TcpPassiveOpens), 1);
	CU_ASSERT(sock_ready(b->listener) & SOCK_EVENT_READABLE);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT_PTR_NOT_NULL(b->sk);
	bench_free(b);
}

/* RFC7323-2.2a, RFC7323-2.2d, RFC7323-3.2a: what the SYN does not have, the SYN-ACK does not have either. */
static void options_are_only_in_the_syn_ack_when_they_were_in_the_syn(void)
{
	for (unsigned set = 0; set < 8; set++) {
		struct bench *b = bench_new();
		struct bench_seen seen;

		bench_listen(b, 5);
		b->ts = set & 1;
		b->sack = set & 2;
		b->wscale = set & 4 ? 2 : -1;
		bench_say(b, TCP_SYN, 0);
		seen = bench_next(b);
		CU_ASSERT_EQUAL(seen.o.has_ts, !!(set & 1));
		CU_ASSERT_EQUAL(seen.o.has_sack_ok, !!(set & 2));
		CU_ASSERT_EQUAL(seen.o.has_wscale, !!(set & 4));
		CU_ASSERT_EQUAL(seen.h.wnd, set & 1 ? 45 * 1448 : 44 * 1460);
		bench_say(b, TCP_ACK, 0);
		const struct tcp_conn *c = bench_conn(b);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
		CU_ASSERT_EQUAL(c->ts_on, !!(set & 1));
		CU_ASSERT_EQUAL(c->sack_on, !!(set & 2));
		CU_ASSERT_EQUAL(c->wscale_on, !!(set & 4));
		CU_ASSERT_EQUAL(c->snd_wscale, set & 4 ? 2 : 0);
		CU_ASSERT(set & 4 || c->rcv_wscale == 0);
		bench_free(b);
	}
}

static void settings_that_are_off_agree_to_nothing(void)
{
	struct bench *b = bench_new();
	struct bench_seen seen;

	sysctl_set(b->s, "net.ipv4.tcp_timestamps", 0);
	sysctl_set(b->s, "net.ipv4.tcp_sack", 0);
	sysctl_set(b->s, "net.ipv4.tcp_window_scaling", 0);
	sysctl_set(b->s, "net.ipv4.tcp_ecn", 0);
	bench_listen(b, 5);
	b->ts = b->sack = true;
	b->wscale = 3;
	bench_say(b, TCP_SYN | TCP_ECE | TCP_CWR, 0);
	seen = bench_next(b);
	CU_ASSERT(!seen.o.has_sack_ok && !seen.o.has_wscale && !seen.o.has_ts);
	CU_ASSERT_EQUAL(seen.h.flags, TCP_SYN | TCP_ACK);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* RFC 3168 6.1.1 */
static void ecn_is_agreed_on_when_both_flags_ask_for_it(void)
{
	static const uint16_t asks[] = {0, TCP_ECE, TCP_CWR, TCP_ECE | TCP_CWR};

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		struct bench *b = bench_new();

		bench_listen(b, 5);
		bench_say(b, TCP_SYN | asks[i], 0);
		CU_ASSERT_EQUAL(bench_next(b).h.flags, TCP_SYN | TCP_ACK | (i == 3 ? TCP_ECE : 0));
		bench_say(b, TCP_ACK, 0);
		CU_ASSERT_EQUAL(bench_conn(b)->ecn_on, i == 3);
		bench_free(b);
	}
}

/* RFC9293-MUST-15, RFC9293-MUST-16 */
static void peer_without_mss_option_gets_536(void)
{
	struct bench *b = bench_new();

	b->mss = 0;
	bench_into(b, TCP_ESTABLISHED, false);
	CU_ASSERT_EQUAL(bench_conn(b)->mss, 536);
	bench_free(b);
}

static void tcp_opt_mss_zero(void)
{
	static const uint16_t said[] = {0, 1, 8, 20, 48, 87, 88, 65535};

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct bench *b = bench_new();
		uint8_t opts[] = {2, 4, (uint8_t)(said[i] >> 8), (uint8_t)said[i]};
		struct bench_seg syn = {
			.flags = TCP_SYN, .seq = b->nxt++, .wnd = 65535, .opts = opts, .opts_len = 4};
		struct bench_seen seen;
		size_t got = 0;

		bench_listen(b, 5);
		bench_put(b, &syn);
		bench_last(b);
		bench_say(b, TCP_ACK, 0);
		b->sk = sock_accept(b->listener, NULL);
		CU_ASSERT_EQUAL(sock_send(b->sk, (uint8_t[1000]){0}, 1000, 0, NULL), 1000);
		lab_settle(b->l);
		CU_ASSERT(bench_count(b) > 0 && bench_count(b) < 20);
		while ((seen = bench_next(b)).any) {
			CU_ASSERT(seen.len > 0 && seen.len <= (unsigned)MAX(said[i], 88));
			got += seen.len;
		}
		CU_ASSERT(got >= 880); /* the initial window of ten */
		bench_free(b);
	}
}

/* Text on a SYN is not taken: it comes again after the handshake. */
static void text_on_a_syn_is_acknowledged_later(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	bench_say_at(b, TCP_SYN, b->nxt++, 0, 100);
	EXPECT(b, TCP_SYN | TCP_ACK, b->host_isn, b->nxt);
	bench_say(b, TCP_ACK, 100);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT(bench_reads(b, b->nxt - 100, 100));
	bench_free(b);
}

/* The ACK may bring text, and a FIN behind it. */
static void text_and_fin_with_the_ack_count(void)
{
	struct bench *b = bench_new();
	uint8_t buf[8];

	bench_listen(b, 5);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK | TCP_FIN, 5);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSE_WAIT);
	EXPECT_NONE(b); /* the program may close in answer */
	lab_run(b->l, 40 * MS);
	EXPECT_ACK(b);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT(bench_reads(b, b->nxt - 6, 5));
	CU_ASSERT_EQUAL(sock_recv(b->sk, buf, sizeof(buf), 0, NULL), 0);
	bench_free(b);
}

/* ---- SYN-RECEIVED ---- */

static void same_syn_again_gets_the_same_syn_ack(void)
{
	struct bench *b = bench_new();
	uint32_t isn;

	bench_listen(b, 5);
	bench_say(b, TCP_SYN, 0);
	isn = bench_next(b).h.seq;
	lab_run(b->l, 600 * MS);
	bench_say_at(b, TCP_SYN, b->isn, 0, 0);
	EXPECT(b, TCP_SYN | TCP_ACK, isn, b->isn + 1);
	bench_say_at(b, TCP_SYN, b->isn, 0, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPACKSkippedSynRecv), 1);
	CU_ASSERT_EQUAL(stat_of(b).half_open, 1);
	bench_free(b);
}

/* RFC9293-MUST-22 */
static void syn_ack_is_sent_again_after_1_2_4_8_16_seconds(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	for (unsigned i = 0; i < 5; i++) {
		lab_run(b->l, (SEC << i) - 1);
		EXPECT_NONE(b);
		lab_run(b->l, 1);
		EXPECT(b, TCP_SYN | TCP_ACK, b->host_isn, b->isn + 1);
	}
	CU_ASSERT_EQUAL(MIB(b, TcpRetransSegs), 5);
	lab_run(b->l, 32 * SEC);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(stat_of(b).half_open, 0);
	CU_ASSERT_EQUAL(MIB(b, TcpAttemptFails), 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

static void retries_of_a_syn_ack_are_a_setting_and_a_wish(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_synack_retries", 1);
	bench_listen(b, 5);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	lab_run(b->l, 200 * SEC);
	CU_ASSERT_EQUAL(bench_count(b), 1);
	bench_last(b);
	CU_ASSERT_EQUAL(sock_set(b->listener, SO_OPT_TCP_SYNCNT, 9), 0);
	client(b, 1);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	lab_run(b->l, 1000 * SEC);
	CU_ASSERT_EQUAL(bench_count(b), 9);
	bench_free(b);
}

static void late_ack_after_a_repeated_syn_ack_opens(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	bench_say(b, TCP_SYN, 0);
	lab_run(b->l, 10 * SEC);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	lab_run(b->l, 100 * SEC);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-11, RFC9293-T-07: the passive one goes back to LISTEN, and nobody is told. */
static void reset_of_a_half_open_entry_leaves_the_listener(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_RST, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(sock_ready(b->listener), 0);
	CU_ASSERT_EQUAL(MIB(b, TcpExtEmbryonicRsts), 1);
	EXPECT_NONE(b);
	lab_run(b->l, 100 * SEC);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC7323-5.3a, RFC7323-3.2c */
static void half_open_entry_asks_for_its_timestamp(void)
{
	struct bench *b = bench_new();

	b->ts = true;
	bench_listen(b, 5);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	b->tsval--;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_PAWS), 1);
	EXPECT_ACK(b);
	b->ts = false;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NO_TIMESTAMP), 1);
	EXPECT_NONE(b);
	b->ts = true;
	b->tsval++;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* TCP_DEFER_ACCEPT: the bare ACK waits for text; when the time is over, one more SYN-ACK asks for one more ACK. */
static void deferred_accept_waits_for_text(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	CU_ASSERT_EQUAL(sock_set(b->listener, SO_OPT_TCP_DEFER_ACCEPT, 3), 0);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPDeferAcceptDrop), 1);
	lab_run(b->l, 500 * MS);
	bench_say(b, TCP_ACK, 10);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_last(b);

	client(b, 1);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	lab_run(b->l, 2900 * MS);
	EXPECT_NONE(b); /* no SYN-ACK at 1 s */
	lab_run(b->l, 200 * MS);
	EXPECT(b, TCP_SYN | TCP_ACK, b->host_isn, b->isn + 1);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* ---- the accept queue ---- */

static void accept_queue_gives_the_oldest_first(void)
{
	struct bench *b = bench_new();
	struct sock_addr from;

	bench_listen(b, 5);
	for (unsigned i = 0; i < 3; i++)
		open_client(b, i);
	for (unsigned i = 0; i < 3; i++) {
		struct sock *sk = sock_accept(b->listener, &from);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
		CU_ASSERT(from.ip == PEER && from.port == PEER_PORT + i);
		sock_close(sk);
	}
	CU_ASSERT_PTR_NULL(sock_accept(b->listener, &from));
	CU_ASSERT_EQUAL(errno, EAGAIN);
	bench_free(b);
}

static void accept_queue_grows_and_keeps_the_order(void)
{
	struct bench *b = bench_new();
	struct sock *taken[40];
	struct sock_addr from;
	unsigned came = 0;

	bench_listen(b, 50);
	for (unsigned i = 0; i < ARRAY_SIZE(taken); i++) {
		while (came < ARRAY_SIZE(taken) && came < 2 * i + 1)
			open_client(b, came++);
		taken[i] = sock_accept(b->listener, &from);
		CU_ASSERT_PTR_NOT_NULL_FATAL(taken[i]);
		CU_ASSERT_EQUAL(from.port, PEER_PORT + i);
	}
	CU_ASSERT_PTR_NULL(sock_accept(b->listener, &from));
	for (unsigned i = 0; i < ARRAY_SIZE(taken); i++)
		sock_close(taken[i]);
	bench_free(b);
}

/* As Linux: backlog + 1 connections fit; then ACKs are forgotten, and SYNs too. */
static void full_accept_queue_forgets_acks_and_syns(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 2);
	for (unsigned i = 0; i < 3; i++)
		open_client(b, i);
	CU_ASSERT_EQUAL(DROPS(b, TCP_ACCEPT_QUEUE_FULL), 0);
	bench_free(b);

	b = bench_new();
	bench_listen(b, 1);
	client(b, 2);
	bench_say(b, TCP_SYN, 0); /* half-open before the queue is full */
	bench_last(b);
	uint32_t host_nxt = b->host_nxt;
	open_client(b, 0);
	open_client(b, 1);
	client(b, 2);
	b->nxt++;
	b->host_nxt = host_nxt;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	CU_ASSERT_EQUAL(DROPS(b, TCP_ACCEPT_QUEUE_FULL), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtListenOverflows), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtListenDrops), 1);
	EXPECT_NONE(b);
	client(b, 3);
	bench_say(b, TCP_SYN, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(DROPS(b, TCP_ACCEPT_QUEUE_FULL), 2);

	/* there is room again: the repeated SYN-ACK brings another ACK */
	sock_close(sock_accept(b->listener, NULL));
	lab_settle(b->l);
	bench_last(b);
	lab_run(b->l, SEC);
	client(b, 2);
	b->nxt++;
	b->host_nxt = host_nxt;
	bool again = false;
	for (struct bench_seen seen; (seen = bench_next(b)).any;)
		again |= seen.h.dport == b->peer_port && seen.h.flags == (TCP_SYN | TCP_ACK);
	CU_ASSERT(again);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

static void abort_on_overflow_resets_instead(void)
{
	struct bench *b = bench_new();
	uint32_t host_nxt[2];

	sysctl_set(b->s, "net.ipv4.tcp_abort_on_overflow", 1);
	bench_listen(b, 5);
	for (unsigned i = 0; i < 2; i++) {
		client(b, i);
		bench_say(b, TCP_SYN, 0);
		bench_last(b);
		host_nxt[i] = b->host_nxt;
	}
	CU_ASSERT_EQUAL(sock_listen(b->listener, 0), 0);
	for (unsigned i = 0; i < 2; i++) {
		client(b, i);
		bench_say_at(b, TCP_ACK, b->isn + 1, host_nxt[i], 0);
	}
	EXPECT(b, TCP_RST, host_nxt[1], 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(DROPS(b, TCP_ACCEPT_QUEUE_FULL), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtEmbryonicRsts), 1);
	client(b, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

static void somaxconn_bounds_the_backlog(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.core.somaxconn", 1);
	bench_listen(b, 1000);
	for (unsigned i = 0; i < 5; i++)
		open_client(b, i);
	CU_ASSERT(DROPS(b, TCP_ACCEPT_QUEUE_FULL) > 0);
	CU_ASSERT_EQUAL(stat_of(b).connections, 2);
	CU_ASSERT_EQUAL(sock_listen(b->listener, 1000), 0);
	sysctl_set(b->s, "net.core.somaxconn", 4096);
	CU_ASSERT_EQUAL(sock_listen(b->listener, 1000), 0);
	open_client(b, 9);
	CU_ASSERT_EQUAL(stat_of(b).connections, 3);
	bench_free(b);
}

/* Linux: the program still gets it, and then reads its end. */
static void reset_before_accept_leaves_a_closed_connection(void)
{
	struct bench *b = bench_new();
	uint8_t buf[4];

	bench_listen(b, 5);
	open_client(b, 0);
	bench_say(b, TCP_RST, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->sk);
	CU_ASSERT(sock_recv(b->sk, buf, sizeof(buf), 0, NULL) <= 0);
	bench_free(b);
}

/* RFC9293-MUST-41 */
static void closing_a_listener_resets_what_nobody_accepted(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	open_client(b, 0);
	b->sk = sock_accept(b->listener, NULL);
	open_client(b, 1);
	client(b, 2);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	sock_close(b->listener);
	b->listener = NULL;
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_count(b), 1);
	CU_ASSERT_EQUAL(bench_last(b).h.flags & TCP_RST, TCP_RST);
	CU_ASSERT_EQUAL(stat_of(b).half_open, 0);
	CU_ASSERT_EQUAL(stat_of(b).listeners, 0);
	CU_ASSERT_EQUAL(stat_of(b).connections, 1);
	client(b, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

static void closing_what_was_reset_before_accept_says_nothing(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	open_client(b, 0);
	bench_say(b, TCP_RST, 0);
	sock_close(b->listener);
	b->listener = NULL;
	lab_settle(b->l);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(stat_of(b).connections, 0);
	bench_free(b);
}

/* ---- bounds ---- */

/* RFC4987-3.1: without cookies the oldest half-open entries make room. */
static void oldest_half_open_entry_makes_room(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_syncookies", 0);
	bench_listen(b, 3);
	for (unsigned i = 0; i < 4; i++) {
		client(b, i);
		bench_say(b, TCP_SYN, 0);
		CU_ASSERT(bench_last(b).any);
	}
	CU_ASSERT_EQUAL(stat_of(b).half_open, 3);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPReqQFullDrop), 1);
	client(b, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	for (unsigned i = 1; i < 4; i++) {
		client(b, i);
		CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	}
	bench_free(b);
}

static void max_syn_backlog_bounds_half_open_entries_too(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_max_syn_backlog", 2);
	bench_listen(b, 100);
	for (unsigned i = 0; i < 10; i++) {
		client(b, i);
		bench_say(b, TCP_SYN, 0);
	}
	CU_ASSERT_EQUAL(bench_count(b), 10);
	CU_ASSERT_EQUAL(stat_of(b).half_open, 2);
	bench_free(b);
}

/* The flood: a second of it, and 100 clients in between. */
static void a_flood_of_syns_keeps_nobody_out(void)
{
	struct bench *b = bench_new();
	struct rng rng;
	unsigned opened = 0;
	size_t halves = 0;

	rng_seed(&rng, unit_seed);
	bench_listen(b, 128);
	for (unsigned i = 0; i < 50000; i++) {
		struct bench_seg syn = {.flags = TCP_SYN,
			.seq = rng_u32(&rng),
			.wnd = 1024,
			.src = 0x0b000000 | rng_below(&rng, 1 << 24),
			.sport = (uint16_t)(1 + rng_below(&rng, 65535))};

		bench_put(b, &syn);
		lab_sent_clear(b->d);
		if (i % 500 == 250) {
			open_client(b, i / 500);
			opened += bench_state(b) == TCP_ESTABLISHED;
			sock_close(sock_accept(b->listener, NULL));
			lab_settle(b->l);
			lab_sent_clear(b->d);
		}
		if (i % 50 == 0)
			lab_run(b->l, MS);
		halves = MAX(halves, stat_of(b).half_open);
	}
	CU_ASSERT_EQUAL(opened, 100);
	CU_ASSERT(halves <= 128);
	bench_free(b);
}

/* 1,000,000 are a matter of time only. */
static void tcp_ack_flood_listen(void)
{
	struct bench *b = bench_new();
	struct rng rng;

	rng_seed(&rng, unit_seed);
	sysctl_set(b->s, "net.ipv4.tcp_reset_ratelimit", 1000);
	bench_listen(b, 128);
	for (unsigned i = 0; i < 20000; i++) {
		struct bench_seg ack = {.flags = TCP_ACK,
			.seq = rng_u32(&rng),
			.ack = rng_u32(&rng),
			.src = 0x0b000000 | rng_below(&rng, 1 << 24),
			.sport = (uint16_t)(1 + rng_below(&rng, 65535))};

		bench_put(b, &ack);
		if (i == 0)
			EXPECT(b, TCP_RST, ack.ack, 0);
	}
	CU_ASSERT_EQUAL(bench_count(b), 999);
	CU_ASSERT_EQUAL(stat_of(b).half_open, 0);
	CU_ASSERT_EQUAL(stat_of(b).connections, 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NO_CONNECTION), 20000);
	lab_sent_clear(b->d);
	lab_run(b->l, 1 * SEC);
	bench_say_at(b, TCP_ACK, 1, 2, 0);
	EXPECT(b, TCP_RST, 2, 0);
	bench_free(b);
}

/* From one source as many as it likes: another one is served all the same, and all memory comes back. */
static void tcp_connection_exhaust(void)
{
	enum { MANY = 5000 };
	struct bench *b = bench_new();
	struct sock **all = calloc(MANY + 1, sizeof(struct sock *));

	bench_listen(b, 16);
	for (unsigned i = 0; i < MANY; i++) {
		open_client(b, i);
		all[i] = sock_accept(b->listener, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(all[i]);
	}
	for (unsigned i = 0; i < 40; i++) /* and the queue is left full */
		open_client(b, MANY + i);
	CU_ASSERT_EQUAL(stat_of(b).connections, MANY + 17);
	while ((all[MANY] = sock_accept(b->listener, NULL)))
		sock_close(all[MANY]);
	lab_settle(b->l);
	bench_last(b);
	open_client(b, MANY + 100);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	for (unsigned i = 0; i < MANY; i++)
		sock_close(all[i]);
	free(all);
	bench_free(b);
}

/* Nothing but a counter; the peer's next try works when memory is there again. */
static void handshake_survives_without_memory(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	client(b, 0);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	b->s->tcp->halves.limit = 1;
	client(b, 1);
	bench_say(b, TCP_SYN, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(MIB(b, TcpExtListenDrops), 1);

	client(b, 0);
	b->nxt++;
	b->s->tcp->conns.limit = 1;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	CU_ASSERT_EQUAL(DROPS(b, NO_MEMORY), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtListenDrops), 2);
	b->s->tcp->conns.limit = 0;
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

/* ---- which listener ---- */

static struct sock *listener_at(struct bench *b, uint32_t ip, int dev, bool reuseport)
{
	struct sock *sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	struct sock_addr a = {.ip = ip, .port = PORT};

	sock_set(sk, SO_OPT_REUSEPORT, reuseport);
	sock_set(sk, SO_OPT_BINDTODEVICE, dev);
	CU_ASSERT_EQUAL_FATAL(sock_bind(sk, &a), 0);
	CU_ASSERT_EQUAL_FATAL(sock_listen(sk, 1000), 0);
	return sk;
}

static unsigned accepted(struct sock *sk)
{
	struct sock *child;
	unsigned n = 0;

	while ((child = sock_accept(sk, NULL))) {
		sock_close(child);
		n++;
	}
	return n;
}

/* RFC9293-MUST-43 */
static void exact_address_comes_before_any_and_a_device_before_none(void)
{
	struct bench *b = bench_new();
	struct sock *any, *exact, *dev, *other;

	lab_wire(b->s, "eth1", NULL);
	any = listener_at(b, 0, 0, true);
	open_client(b, 0);
	CU_ASSERT_EQUAL(accepted(any), 1);
	other = listener_at(b, 0, b->d->ifindex + 1, true);
	open_client(b, 1);
	CU_ASSERT_EQUAL(accepted(any), 1);
	dev = listener_at(b, 0, b->d->ifindex, true);
	open_client(b, 2);
	CU_ASSERT_EQUAL(accepted(dev), 1);
	exact = listener_at(b, ME, 0, true);
	open_client(b, 3);
	CU_ASSERT_EQUAL(accepted(exact), 1);
	CU_ASSERT_EQUAL(accepted(any) + accepted(dev) + accepted(other), 0);
	sock_close(any);
	sock_close(exact);
	sock_close(dev);
	sock_close(other);
	bench_free(b);
}

static void reuseport_shares_out_by_hash(void)
{
	struct bench *b = bench_new();
	struct sock *sk[4];

	for (int i = 0; i < 4; i++)
		sk[i] = listener_at(b, 0, 0, true);
	for (unsigned i = 0; i < 400; i++) {
		open_client(b, i);
		CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	}
	for (int i = 0; i < 4; i++) {
		unsigned n = accepted(sk[i]);
		CU_ASSERT(n > 60 && n < 140);
		sock_close(sk[i]);
	}
	bench_free(b);
}

/* RFC9293-MUST-42: a port with connections in any state may be listened on. */
static void listening_beside_a_connection_in_syn_sent(void)
{
	struct bench *b = bench_new();
	struct sock_addr to = {.ip = PEER, .port = 9}, a = {.port = PORT};
	struct sock *sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);

	sock_set(sk, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	CU_ASSERT_EQUAL(sock_connect(sk, &to), -EINPROGRESS);
	b->listener = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	sock_set(b->listener, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(sock_bind(b->listener, &a), 0);
	CU_ASSERT_EQUAL(sock_listen(b->listener, 5), 0);
	lab_settle(b->l);
	lab_sent_clear(b->d);
	open_client(b, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	sock_close(sk);
	bench_free(b);
}

SUITE(tcp_listen, T(syn_is_answered_by_a_syn_ack_with_our_mss),
	T(options_are_only_in_the_syn_ack_when_they_were_in_the_syn),
	T(settings_that_are_off_agree_to_nothing), T(ecn_is_agreed_on_when_both_flags_ask_for_it),
	T(peer_without_mss_option_gets_536), T(tcp_opt_mss_zero), T(text_on_a_syn_is_acknowledged_later),
	T(text_and_fin_with_the_ack_count), T(same_syn_again_gets_the_same_syn_ack),
	T(syn_ack_is_sent_again_after_1_2_4_8_16_seconds), T(retries_of_a_syn_ack_are_a_setting_and_a_wish),
	T(late_ack_after_a_repeated_syn_ack_opens), T(reset_of_a_half_open_entry_leaves_the_listener),
	T(half_open_entry_asks_for_its_timestamp), T(deferred_accept_waits_for_text),
	T(accept_queue_gives_the_oldest_first), T(accept_queue_grows_and_keeps_the_order),
	T(full_accept_queue_forgets_acks_and_syns), T(abort_on_overflow_resets_instead),
	T(somaxconn_bounds_the_backlog), T(reset_before_accept_leaves_a_closed_connection),
	T(closing_a_listener_resets_what_nobody_accepted),
	T(closing_what_was_reset_before_accept_says_nothing), T(oldest_half_open_entry_makes_room),
	T(max_syn_backlog_bounds_half_open_entries_too), T(a_flood_of_syns_keeps_nobody_out),
	T(tcp_ack_flood_listen), T(tcp_connection_exhaust), T(handshake_survives_without_memory),
	T(exact_address_comes_before_any_and_a_device_before_none), T(reuseport_shares_out_by_hash),
	T(listening_beside_a_connection_in_syn_sent))
