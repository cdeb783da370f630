/* SPDX-License-Identifier: MIT */
/* SYN cookies (RFC 4987 3.6): a SYN-ACK remembers the SYN, and only its true receiver can bring it back. */
#include "tests/unit/tcp/bench.h"

/* A listener that answers every SYN by a cookie. */
static struct bench *always(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_syncookies", 2);
	bench_listen(b, 5);
	return b;
}

static size_t half_open(const struct bench *b)
{
	struct tcp_stat st;

	tcp_stat(b->s, &st);
	return st.half_open;
}

/* RFC4987-3.6, RFC4987-3.1 */
static void cookies_begin_when_half_open_entries_are_too_many(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 3);
	for (unsigned i = 0; i < 10; i++) {
		b->peer_port = (uint16_t)(PEER_PORT + i);
		b->nxt = b->isn;
		bench_say(b, TCP_SYN, 0);
		CU_ASSERT_EQUAL(bench_last(b).h.flags, TCP_SYN | TCP_ACK);
		CU_ASSERT_EQUAL(half_open(b), MIN(i + 1, 3));
	}
	CU_ASSERT_EQUAL(MIB(b, TcpExtSyncookiesSent), 7);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPReqQFullDoCookies), 7);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(MIB(b, TcpExtSyncookiesRecv), 1);
	bench_free(b);
}

/* The MSS comes back rounded down; the other options by the timestamp. */
static void cookie_brings_the_options_back(void)
{
	static const struct {
		uint16_t mss, back;
	} sizes[] = {{100, 216}, {536, 536}, {1200, 1024}, {1459, 1440}, {1460, 1460}, {8960, 8960},
		{65495, 8960}};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int wscale = -1; wscale <= 14; wscale++) {
			struct bench *b = always();
			const struct tcp_conn *c;

			b->ts = true;
			b->sack = i & 1;
			b->wscale = wscale;
			b->mss = sizes[i].mss;
			bench_say(b, TCP_SYN | (i & 2 ? TCP_ECE | TCP_CWR : 0), 0);
			CU_ASSERT_EQUAL(half_open(b), 0);
			bench_last(b);
			b->tsval += 3;
			bench_say(b, TCP_ACK, 0);
			c = bench_conn(b);
			CU_ASSERT_PTR_NOT_NULL_FATAL(c);
			CU_ASSERT_EQUAL(c->state, TCP_ESTABLISHED);
			CU_ASSERT_EQUAL(c->peer_mss, sizes[i].back);
			CU_ASSERT_EQUAL(c->sack_on, i & 1);
			CU_ASSERT_EQUAL(c->ecn_on, i >> 1 & 1);
			CU_ASSERT_EQUAL(c->wscale_on, wscale >= 0);
			CU_ASSERT_EQUAL(c->snd_wscale, MAX(wscale, 0));
			CU_ASSERT_EQUAL(c->rcv_wscale, b->host_wscale);
			CU_ASSERT(c->ts_on && c->ts_recent == b->tsval);
			bench_free(b);
		}
}

static void without_timestamps_only_the_mss_comes_back(void)
{
	struct bench *b = always();
	struct bench_seen seen;
	const struct tcp_conn *c;

	b->sack = true;
	b->wscale = 7;
	bench_say(b, TCP_SYN | TCP_ECE | TCP_CWR, 0);
	seen = bench_next(b);
	CU_ASSERT(!seen.o.has_sack_ok && !seen.o.has_wscale && !(seen.h.flags & TCP_ECE));
	CU_ASSERT_EQUAL(b->host_wscale, 0);
	bench_say(b, TCP_ACK | TCP_PSH, 5);
	c = bench_conn(b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT(!c->sack_on && !c->wscale_on && !c->ecn_on && !c->ts_on);
	CU_ASSERT_EQUAL(c->peer_mss, 1460);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT(bench_reads(b, b->nxt - 5, 5));
	bench_free(b);
}

/* Round trip and clock go on as if the SYN had been remembered. */
static void connection_of_a_cookie_works(void)
{
	struct bench *b = always();
	uint32_t host_nxt;

	b->ts = b->sack = true;
	b->wscale = 7;
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	lab_run(b->l, 100 * MS);
	b->tsval += 100;
	bench_say(b, TCP_ACK, 0);
	b->sk = sock_accept(b->listener, NULL);
	host_nxt = b->host_nxt;
	CU_ASSERT_EQUAL(bench_conn(b)->srtt_us, 0); /* when the SYN came is forgotten */
	CU_ASSERT_EQUAL(bench_conn(b)->cwnd, 10u * bench_conn(b)->mss);
	CU_ASSERT_EQUAL(sock_send(b->sk, "hello", 5, 0, NULL), 5);
	lab_settle(b->l);
	struct bench_seen seen = bench_next(b);
	CU_ASSERT(seen.len == 5 && seen.h.seq == host_nxt && seen.o.has_ts && seen.o.tsecr == b->tsval);
	bench_say(b, TCP_ACK | TCP_FIN, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSE_WAIT);
	bench_free(b);
}

static bool opens(struct bench *b, uint32_t seq, uint32_t ack)
{
	bench_say_at(b, TCP_ACK, seq, ack, 0);
	return bench_state(b) == TCP_ESTABLISHED;
}

/* Each bit of the cookie, of the peer's number, its port, another host: nothing but the true answer opens. */
static void forged_cookie_is_answered_by_a_reset(void)
{
	struct bench *b = always();

	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t ack = ((b->host_nxt - 1) ^ 1u << bit) + 1;
		CU_ASSERT(!opens(b, b->nxt, ack));
		EXPECT(b, TCP_RST, ack, 0);
		CU_ASSERT(!opens(b, b->nxt ^ 1u << bit, b->host_nxt));
		EXPECT(b, TCP_RST, b->host_nxt, 0);
	}
	b->peer_port++;
	CU_ASSERT(!opens(b, b->nxt, b->host_nxt));
	b->peer_port--;
	struct bench_seg other = {.flags = TCP_ACK, .seq = b->nxt, .ack = b->host_nxt, .src = OTHER};
	bench_put(b, &other);
	CU_ASSERT_EQUAL(MIB(b, TcpExtSyncookiesFailed), 66);
	CU_ASSERT_EQUAL(MIB(b, TcpExtSyncookiesRecv), 0);
	bench_last(b);
	CU_ASSERT(opens(b, b->nxt, b->host_nxt));
	bench_free(b);
}

static void cookie_lives_two_to_three_minutes(void)
{
	for (unsigned s = 0; s <= 240; s += 10) {
		struct bench *b = always();
		bool opened;

		bench_say(b, TCP_SYN, 0);
		bench_last(b);
		lab_run(b->l, s * SEC);
		opened = opens(b, b->nxt, b->host_nxt);
		CU_ASSERT(s > 120 || opened);
		CU_ASSERT(s < 180 || !opened);
		bench_free(b);
	}
}

/* Nobody can try cookies out on a listener that has sent none. */
static void without_a_flood_no_cookie_is_taken(void)
{
	struct bench *b = always();
	uint32_t ack;

	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	ack = b->host_nxt;
	sock_close(b->listener);
	bench_listen(b, 5);
	sysctl_set(b->s, "net.ipv4.tcp_syncookies", 1);
	CU_ASSERT(!opens(b, b->nxt, ack));
	EXPECT(b, TCP_RST, ack, 0);
	CU_ASSERT_EQUAL(MIB(b, TcpExtSyncookiesFailed), 0);
	bench_free(b);
}

/* A SYN-ACK's number says nothing about another's. */
static void cookies_of_neighbours_have_nothing_in_common(void)
{
	struct bench *b = always();
	unsigned same = 0;
	uint32_t last = 0;

	for (unsigned i = 0; i < 1000; i++) {
		b->peer_port = (uint16_t)(PEER_PORT + i);
		b->nxt = b->isn;
		bench_say(b, TCP_SYN, 0);
		uint32_t isn = bench_last(b).h.seq;
		same += ((isn ^ last) & 0xff0000) == 0;
		last = isn;
	}
	CU_ASSERT(same < 20);
	bench_free(b);
}

static void full_accept_queue_counts_for_cookies_too(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_syncookies", 2);
	bench_listen(b, 0);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	uint32_t first = b->host_nxt;
	b->peer_port++;
	b->nxt = b->isn;
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	CU_ASSERT(opens(b, b->nxt, b->host_nxt));
	b->peer_port--;
	CU_ASSERT(!opens(b, b->nxt, first));
	CU_ASSERT_EQUAL(DROPS(b, TCP_ACCEPT_QUEUE_FULL), 1);
	EXPECT_NONE(b);
	sysctl_set(b->s, "net.ipv4.tcp_abort_on_overflow", 1);
	CU_ASSERT(!opens(b, b->nxt, first));
	EXPECT(b, TCP_RST, first, 0);
	bench_free(b);
}

SUITE(tcp_cookie, T(cookies_begin_when_half_open_entries_are_too_many), T(cookie_brings_the_options_back),
	T(without_timestamps_only_the_mss_comes_back), T(connection_of_a_cookie_works),
	T(forged_cookie_is_answered_by_a_reset), T(cookie_lives_two_to_three_minutes),
	T(without_a_flood_no_cookie_is_taken), T(cookies_of_neighbours_have_nothing_in_common),
	T(full_accept_queue_counts_for_cookies_too))
