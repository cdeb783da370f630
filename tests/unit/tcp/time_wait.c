/* SPDX-License-Identifier: MIT */
/* TIME-WAIT, FIN-WAIT-2 without a program, and how both end (RFC 9293 3.6, RFC 6191, RFC 1337). */
#include "tests/unit/tcp/bench.h"

#include <errno.h>

static size_t waiting(const struct bench *b)
{
	struct tcp_stat st;

	tcp_stat(b->s, &st);
	return st.time_wait;
}

static struct bench *time_wait(bool ts)
{
	struct bench *b = bench_new();

	b->ts = ts;
	bench_into(b, TCP_TIME_WAIT, false);
	CU_ASSERT_EQUAL(waiting(b), 1);
	return b;
}

/* An orphan in FIN-WAIT-2. */
static struct bench *orphan(int linger2)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	if (linger2)
		CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_TCP_LINGER2, linger2), 0);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	lab_settle(b->l);
	EXPECT_NONE(b);
	return b;
}

/* RFC9293-MUST-13: 2 MSL are 60 s here. */
static void it_lasts_a_minute(void)
{
	struct bench *b = time_wait(false);

	lab_run(b->l, 60 * SEC - 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	lab_run(b->l, 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(waiting(b), 0);
	bench_free(b);
}

/* RFC9293-T-12 */
static void fin_again_is_acknowledged_and_the_minute_begins_anew(void)
{
	struct bench *b = time_wait(true);

	lab_run(b->l, 59 * SEC);
	bench_say_at(b, TCP_FIN | TCP_ACK, b->nxt - 1, b->host_nxt, 0);
	struct bench_seen seen = bench_next(b);
	CU_ASSERT(seen.h.flags == TCP_ACK && seen.h.seq == b->host_nxt && seen.h.ack == b->nxt);
	CU_ASSERT(seen.o.has_ts && seen.o.tsecr == b->tsval);
	lab_run(b->l, 59 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	lab_run(b->l, 2 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

static void entry_is_small_and_the_program_reads_what_came(void)
{
	struct bench *b = bench_new();
	struct tcp_stat st;
	uint8_t buf[4];

	bench_into(b, TCP_FIN_WAIT_2, false);
	bench_say(b, TCP_ACK | TCP_FIN, 8);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	CU_ASSERT(bench_reads(b, b->nxt - 9, 8));
	CU_ASSERT_EQUAL(sock_recv(b->sk, buf, sizeof(buf), 0, NULL), 0);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	tcp_stat(b->s, &st);
	CU_ASSERT_EQUAL(st.connections, 0);
	CU_ASSERT_EQUAL(st.orphans, 0);
	CU_ASSERT_EQUAL(st.time_wait, 1);
	bench_free(b);
}

/* RFC9293-MUST-13: the port stays taken, as for Linux. */
static void port_is_in_use_meanwhile(void)
{
	struct bench *b = time_wait(false);
	struct sock_addr a = {.ip = ME, .port = PORT};
	struct sock *sk;

	sock_close(b->sk);
	sock_close(b->listener);
	b->sk = b->listener = NULL;
	lab_settle(b->l);
	sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	CU_ASSERT_EQUAL(sock_bind(sk, &a), -EADDRINUSE);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_REUSEADDR, 1), 0);
	lab_run(b->l, 60 * SEC);
	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	sock_close(sk);
	bench_free(b);
}

/* Both FINs cross (3.6, figure 13). */
static void simultaneous_close_ends_in_time_wait(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_CLOSING, false);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	EXPECT_NONE(b);
	bench_free(b);
}

/* ---- what may end it ---- */

/* RFC1337-3 */
static void tcp_timewait_assassinate(void)
{
	static const uint16_t flags[] = {TCP_RST, TCP_RST | TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN,
		TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, 0};
	struct bench *b = time_wait(true);

	sysctl_set(b->s, "net.ipv4.tcp_rfc1337", 1);
	b->tsval--; /* of an old duplicate */
	const uint32_t at[] = {b->nxt - 100000, b->isn, b->nxt - 1, b->nxt, b->nxt + 1, b->nxt + b->wnd - 1,
		b->nxt + b->wnd, b->nxt + 0x7fffffff};
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		for (size_t k = 0; k < ARRAY_SIZE(at); k++) {
			bench_say_at(b, flags[i], at[k], b->host_nxt, flags[i] & TCP_PSH ? 10 : 0);
			CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
			CU_ASSERT(!(bench_last(b).h.flags & TCP_RST));
			lab_run(b->l, 501 * MS);
		}
	lab_run(b->l, 60 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* RFC 9293 3.10.7.4 as it stands, and Linux's default. */
static void exact_reset_ends_it_by_default(void)
{
	struct bench *b = time_wait(false);

	bench_say_at(b, TCP_RST, b->nxt + 1, 0, 0);
	EXPECT_ACK(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	bench_say_at(b, TCP_RST, b->nxt, 0, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* RFC 1337 1: what is answered is answered at most twice a second. */
static void old_duplicates_start_no_war(void)
{
	struct bench *b = time_wait(false);

	for (int i = 0; i < 100; i++)
		bench_say_at(b, TCP_ACK, b->nxt + 10, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_count(b), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPACKSkippedTimeWait), 99);
	CU_ASSERT_EQUAL(DROPS(b, TCP_TIME_WAIT), 100);
	bench_last(b);
	for (int i = 0; i < 100; i++)
		bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt, 0); /* its own ACK of our ACK says nothing */
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(DROPS(b, TCP_TIME_WAIT), 100);
	bench_free(b);
}

/* ---- a new SYN (RFC 6191) ---- */

/* A SYN with this number and timestamp: is it a new connection? */
static bool begins_anew(struct bench *b, uint32_t seq, uint32_t tsval)
{
	bool opened;

	b->tsval = tsval;
	bench_say_at(b, TCP_SYN, seq, 0, 0);
	opened = bench_state(b) == TCP_SYN_RECEIVED;
	if (!opened) {
		CU_ASSERT_EQUAL(bench_next(b).h.flags, TCP_ACK);
		CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	}
	return opened;
}

/* RFC6191-2a, RFC6191-2b, RFC6191-2c, RFC9293-SHLD-4, RFC9293-MAY-2 */
static void new_syn_is_known_by_its_clock_or_its_number(void)
{
	static const struct {
		bool ts;
		int32_t seq, tsval;
		bool begins;
	} tries[] = {
		{true, 1000, 1, true},
		{true, -1000, 1, true},
		{true, 0x7fffffff, 1, true},
		{true, 1000, -1, false},
		{true, -1000, -1, false}, /* by the clock it is old */
		{true, 1, 0, true},
		{true, 0, 0, false},
		{true, -1, 0, false}, /* the clock says nothing */
		{false, 1, 0, true},
		{false, 100000, 0, true},
		{false, 0, 0, false},
		{false, -1, 0, false},
		{false, -100000, 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct bench *b = time_wait(tries[i].ts);

		CU_ASSERT_EQUAL(
			begins_anew(b, b->nxt + (uint32_t)tries[i].seq, b->tsval + (uint32_t)tries[i].tsval),
			tries[i].begins);
		CU_ASSERT_EQUAL(MIB(b, TcpExtTWRecycled), tries[i].begins);
		bench_free(b);
	}
}

/* RFC 1122 4.2.2.13: the new connection begins above all that the old one used. */
static void new_connection_begins_above_the_old_one(void)
{
	struct bench *b = time_wait(true);
	uint32_t old = b->host_nxt;

	bench_isn_is(old - 5000);
	b->nxt += 1000;
	b->tsval++;
	bench_say(b, TCP_SYN, 0);
	struct bench_seen seen = bench_next(b);
	CU_ASSERT_EQUAL(seen.h.flags, TCP_SYN | TCP_ACK);
	CU_ASSERT(seq_gt(seen.h.seq, old + 65535));
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(waiting(b), 0);
	bench_free(b);
}

static void without_a_listener_a_new_syn_is_only_acknowledged(void)
{
	struct bench *b = time_wait(true);

	sock_close(b->listener);
	b->listener = NULL;
	CU_ASSERT(!begins_anew(b, b->nxt + 1000, b->tsval + 1));
	CU_ASSERT_EQUAL(waiting(b), 1);
	bench_free(b);
}

/* A socket on PORT that may share it with TIME-WAIT; connect() to the peer says `says`. */
static struct sock *connect_again(struct bench *b, int says)
{
	struct sock_addr from = {.port = PORT}, to = {.ip = PEER, .port = PEER_PORT};
	struct sock *sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);

	sock_set(sk, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(sock_bind(sk, &from), 0);
	CU_ASSERT_EQUAL(sock_connect(sk, &to), says);
	lab_settle(b->l);
	return sk;
}

/* connect() by the same four numbers: by default on the loopback only; after a second where the user says so. */
static void connect_ends_it_where_the_user_says_so(void)
{
	for (int reuse = 0; reuse <= 2; reuse++) {
		struct bench *b = bench_new();

		b->ts = true;
		sysctl_set(b->s, "net.ipv4.tcp_tw_reuse", reuse);
		b->sk = connect_again(b, -EINPROGRESS);
		bench_last(b);
		bench_say(b, TCP_SYN | TCP_ACK, 0);
		sock_close(b->sk);
		lab_settle(b->l);
		bench_last(b);
		bench_say(b, TCP_FIN | TCP_ACK, 0);
		CU_ASSERT_EQUAL_FATAL(bench_state(b), TCP_TIME_WAIT);
		bench_last(b);
		uint32_t old = b->host_nxt;
		bench_isn_is(old - 5000);
		sock_close(connect_again(b, -EADDRNOTAVAIL)); /* too early */
		lab_run(b->l, SEC);
		b->sk = connect_again(b, reuse == 1 ? -EINPROGRESS : -EADDRNOTAVAIL);
		CU_ASSERT_EQUAL(bench_count(b), reuse == 1);
		if (reuse == 1)
			CU_ASSERT(seq_gt(bench_next(b).h.seq, old + 65535));
		CU_ASSERT_EQUAL(waiting(b), reuse != 1);
		bench_free(b);
	}
}

/* A connection from 40000 to 7 of the same host that the client has closed first; its TIME-WAIT is the client's. */
static void open_and_close_on_loopback(struct bench *b, struct sock *listener, uint32_t ip)
{
	struct sock_addr from = {.ip = ip, .port = 40000}, to = {.ip = ip, .port = 7};
	struct sock *sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP), *peer;

	sock_set(sk, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(sock_bind(sk, &from), 0);
	CU_ASSERT_EQUAL(sock_connect(sk, &to), -EINPROGRESS);
	lab_settle(b->l);
	CU_ASSERT_PTR_NOT_NULL_FATAL(peer = sock_accept(listener, NULL));
	sock_close(sk);
	lab_settle(b->l);
	sock_close(peer);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(waiting(b), 1);
}

/* tcp_tw_reuse 2, the default, counts for 127.0.0.0/8: not for another address of the host, though by the loopback too. */
static void on_the_loopback_connect_ends_it_by_default(void)
{
	static const uint32_t addresses[] = {UINT32_C(0x7f000001), ME};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct bench *b = bench_new();
		struct sock_addr from = {.ip = addresses[i], .port = 40000},
				 to = {.ip = addresses[i], .port = 7};
		struct sock *listener = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP), *sk;
		bool reused = i == 0;

		CU_ASSERT_EQUAL(b->s->sysctl[SYSCTL_TCP_TW_REUSE], 2);
		CU_ASSERT_EQUAL(sock_bind(listener, &(struct sock_addr){.port = 7}), 0);
		CU_ASSERT_EQUAL(sock_listen(listener, 5), 0);
		open_and_close_on_loopback(b, listener, addresses[i]);
		lab_run(b->l, SEC);
		sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
		sock_set(sk, SO_OPT_REUSEADDR, 1);
		CU_ASSERT_EQUAL(sock_bind(sk, &from), 0);
		CU_ASSERT_EQUAL(sock_connect(sk, &to), reused ? -EINPROGRESS : -EADDRNOTAVAIL);
		CU_ASSERT_EQUAL(MIB(b, TcpExtTWRecycled), reused);
		sock_close(sk);
		sock_close(listener);
		bench_free(b);
	}
}

/* ---- bounds ---- */

static void too_many_are_not_remembered(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_max_tw_buckets", 0);
	bench_into(b, TCP_FIN_WAIT_2, false);
	bench_say(b, TCP_FIN | TCP_ACK, 0);
	EXPECT_ACK(b); /* said all the same */
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPTimeWaitOverflow), 1);
	bench_free(b);
}

/* What nobody remembers is reset when its FIN comes: so many a second. The others' FINs come again, later each time, so
 * the last of 200,000 may end after a minute and a half only. */
static void peers_of_what_is_not_remembered_end_by_resets_within_the_limit(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_max_tw_buckets", 0);
	sysctl_set(b->s, "net.ipv4.tcp_reset_ratelimit", 1);
	bench_into(b, TCP_ESTABLISHED, false);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPTimeWaitOverflow), 1);
	bench_say_at(b, TCP_FIN | TCP_ACK, b->nxt, b->host_nxt, 0);
	EXPECT(b, TCP_RST, b->host_nxt, 0);
	bench_say_at(b, TCP_FIN | TCP_ACK, b->nxt, b->host_nxt, 0);
	EXPECT_NONE(b);
	lab_run(b->l, SEC);
	bench_say_at(b, TCP_FIN | TCP_ACK, b->nxt, b->host_nxt, 0);
	EXPECT(b, TCP_RST, b->host_nxt, 0);
	bench_free(b);
}

/* A client that comes again and again by all its ports is served each time: 100,000 within a minute. */
static void tcp_timewait_exhaust(void)
{
	enum { PORTS = 2000, ROUNDS = 6 };
	struct bench *b = bench_new();
	unsigned served = 0;

	b->ts = true;
	bench_listen(b, 16);
	for (unsigned i = 0; i < PORTS * ROUNDS; i++) {
		b->peer_port = (uint16_t)(20000 + i % PORTS);
		b->nxt = b->isn + i * 7;
		b->tsval++;
		bench_say(b, TCP_SYN, 0);
		bench_last(b);
		bench_say(b, TCP_ACK, 0);
		b->sk = sock_accept(b->listener, NULL);
		if (!b->sk)
			break;
		sock_close(b->sk);
		b->sk = NULL;
		lab_settle(b->l);
		bench_last(b);
		bench_say(b, TCP_FIN | TCP_ACK, 0);
		bench_last(b);
		served += bench_state(b) == TCP_TIME_WAIT;
		lab_run(b->l, 5 * MS);
	}
	CU_ASSERT_EQUAL(served, PORTS * ROUNDS);
	CU_ASSERT_EQUAL(waiting(b), PORTS);
	lab_run(b->l, 60 * SEC);
	CU_ASSERT_EQUAL(waiting(b), 0);
	bench_free(b);
}

/* ---- FIN-WAIT-2 without a program ---- */

static void orphan_waits_for_the_fin_a_minute(void)
{
	struct bench *b = orphan(0);
	struct tcp_stat st;

	CU_ASSERT_EQUAL(bench_state(b), TCP_FIN_WAIT_2);
	tcp_stat(b->s, &st);
	CU_ASSERT(st.connections == 0 && st.orphans == 0 && st.time_wait == 1);
	lab_run(b->l, 60 * SEC - 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_FIN_WAIT_2);
	lab_run(b->l, 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

static void how_long_an_orphan_waits_is_a_setting_and_a_wish(void)
{
	struct bench *b = bench_new();

	sysctl_set(b->s, "net.ipv4.tcp_fin_timeout", 10);
	bench_free(b);
	b = orphan(7);
	lab_run(b->l, 7 * SEC - 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_FIN_WAIT_2);
	lab_run(b->l, 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
	b = orphan(-1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(waiting(b), 0);
	bench_free(b);
}

static void orphans_fin_leads_to_time_wait(void)
{
	struct bench *b = orphan(0);

	lab_run(b->l, 50 * SEC);
	bench_say(b, TCP_FIN | TCP_ACK, 0);
	EXPECT_ACK(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	lab_run(b->l, 59 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	lab_run(b->l, 1 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* RFC9293-SHLD-3 */
static void text_for_an_orphan_is_answered_by_a_reset(void)
{
	struct bench *b = orphan(0);

	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, b->host_nxt, 10);
	EXPECT(b, TCP_RST, b->host_nxt, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NOBODY_READS), 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPAbortOnData), 1);
	bench_free(b);
}

/* RFC9293-SHLD-3. The FIN may have been lost: the reset stands where the peer is, not behind it. */
static void text_for_an_orphan_is_reset_where_the_peer_waits(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	uint32_t at = b->host_nxt;
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	EXPECT(b, TCP_FIN | TCP_ACK, at, b->nxt);
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, at, 10);
	EXPECT(b, TCP_RST, at, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NOBODY_READS), 1);
	bench_free(b);
}

static void orphan_keeps_to_the_rules_of_its_state(void)
{
	struct bench *b = orphan(0);

	bench_say_at(b, TCP_ACK, b->nxt - 100, b->host_nxt, 0);
	EXPECT_ACK(b);
	bench_say_at(b, TCP_ACK, b->nxt - 100, b->host_nxt, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(MIB(b, TcpExtTCPACKSkippedFinWait2), 1);
	CU_ASSERT_EQUAL(DROPS(b, TCP_OUT_OF_WINDOW), 2);
	bench_say_at(b, TCP_ACK, b->nxt, b->host_nxt, 0);
	bench_say_at(b, 0, b->nxt, 0, 0);
	bench_say_at(b, TCP_RST, b->nxt - 1, 0, 0);
	EXPECT_NONE(b);
	lab_run(b->l, SEC);
	bench_say_at(b, TCP_SYN, b->nxt + 5, 0, 0);
	EXPECT_ACK(b);
	lab_run(b->l, SEC);
	bench_say_at(b, TCP_RST, b->nxt + 5, 0, 0);
	EXPECT_ACK(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_FIN_WAIT_2);
	bench_say_at(b, TCP_RST, b->nxt, 0, 0);
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);
}

/* The ACK of our FIN and the peer's FIN in one segment. */
static void orphan_goes_through_fin_wait_2_in_one_step(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	bench_last(b);
	bench_say(b, TCP_FIN | TCP_ACK, 0);
	EXPECT_ACK(b);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	bench_free(b);
}

SUITE(tcp_time_wait, T(it_lasts_a_minute), T(fin_again_is_acknowledged_and_the_minute_begins_anew),
	T(entry_is_small_and_the_program_reads_what_came), T(port_is_in_use_meanwhile),
	T(simultaneous_close_ends_in_time_wait), T(tcp_timewait_assassinate),
	T(exact_reset_ends_it_by_default), T(old_duplicates_start_no_war),
	T(new_syn_is_known_by_its_clock_or_its_number), T(new_connection_begins_above_the_old_one),
	T(without_a_listener_a_new_syn_is_only_acknowledged), T(connect_ends_it_where_the_user_says_so),
	T(on_the_loopback_connect_ends_it_by_default), T(too_many_are_not_remembered),
	T(peers_of_what_is_not_remembered_end_by_resets_within_the_limit), T(tcp_timewait_exhaust),
	T(orphan_waits_for_the_fin_a_minute), T(how_long_an_orphan_waits_is_a_setting_and_a_wish),
	T(orphans_fin_leads_to_time_wait), T(text_for_an_orphan_is_answered_by_a_reset),
	T(orphan_keeps_to_the_rules_of_its_state), T(orphan_goes_through_fin_wait_2_in_one_step),
	T(text_for_an_orphan_is_reset_where_the_peer_waits))
