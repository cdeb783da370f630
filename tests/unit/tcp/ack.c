/* SPDX-License-Identifier: MIT */
/* What acknowledgments and windows of a peer can do to a connection, segment by segment. */
#include "tests/unit/tcp/bench.h"

#include "tcp/recovery.h"

enum { MSS = 1460 };

static struct bench *established(bool ts)
{
	struct bench *b = bench_new();

	b->sack = true;
	b->ts = ts;
	b->s->sysctl[SYSCTL_TCP_WMEM_DEFAULT] = 1 << 20;
	bench_into(b, TCP_ESTABLISHED, false);
	return b;
}

static void writes(struct bench *b, size_t len)
{
	static const uint8_t zeros[1 << 20];

	CU_ASSERT_EQUAL_FATAL(sock_send(b->sk, zeros, len, 0, NULL), (ssize_t)len);
	lab_settle(b->l);
}

/* How many bytes of text the host has sent that were not looked at. */
static uint32_t sent(struct bench *b)
{
	uint32_t n = 0;

	while (bench_count(b))
		n += (uint32_t)bench_next(b).len;
	return n;
}

static void acks(struct bench *b, uint32_t seq, uint16_t wnd, uint32_t ack)
{
	bench_put(b, &(struct bench_seg){.flags = TCP_ACK, .seq = seq, .ack = ack, .wnd = wnd});
}

/* RFC5681-3.1c: neither a SYN-ACK nor the ACK of ours opens the window */
static void the_handshake_does_not_open_the_window(void)
{
	for (int active = 0; active < 2; active++) {
		struct bench *b = bench_new();

		bench_into(b, TCP_ESTABLISHED, active);
		CU_ASSERT_EQUAL(bench_conn(b)->cwnd, 10 * MSS);
		bench_free(b);
	}
}

/* RFC5681-2 */
static void no_more_is_sent_than_both_windows_allow(void)
{
	struct bench *b = established(false);
	uint32_t una = b->host_nxt;

	writes(b, 100 * MSS);
	CU_ASSERT_EQUAL(sent(b), 10 * MSS); /* cwnd */
	acks(b, b->nxt, 5 * MSS, una + 10 * MSS);
	CU_ASSERT_EQUAL(sent(b), 5 * MSS); /* the peer's */
	bench_free(b);
}

/* With data in flight: nothing new, nothing underflows, and what is in flight is still watched over. */
static void tcp_window_shrink(void)
{
	static const uint16_t windows[] = {0, 1, 100};

	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct bench *b = established(false);
		uint32_t una = b->host_nxt;

		writes(b, 100 * MSS);
		CU_ASSERT_EQUAL(sent(b), 10 * MSS);
		acks(b, b->nxt, windows[i], una);
		EXPECT_NONE(b);
		acks(b, b->nxt, windows[i], una + 5 * MSS);
		EXPECT_NONE(b);
		lab_run(b->l, 3 * SEC);
		struct bench_seen again = bench_next(b); /* the probe or the timeout */
		CU_ASSERT(again.any && again.len <= MSS && seq_lt(again.h.seq, una + 10 * MSS));
		sent(b);
		acks(b, b->nxt, 65535, una + 10 * MSS);
		CU_ASSERT(sent(b) > 0);
		CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
		bench_free(b);
	}
}

/* SND.WL1, SND.WL2: an old ACK, or an old segment, with an old window changes nothing. */
static void tcp_window_update_replay(void)
{
	struct bench *b = established(false);
	uint32_t una = b->host_nxt, seq = b->nxt;
	struct tcp_conn *c = bench_conn(b);

	writes(b, 100 * MSS);
	acks(b, seq, 60000, una + MSS);
	acks(b, seq, 500, una + 2 * MSS);
	CU_ASSERT_EQUAL(c->snd.wnd, 500);
	acks(b, seq, 60000, una + MSS); /* acknowledges less */
	CU_ASSERT_EQUAL(c->snd.wnd, 500);
	bench_put(b,
		&(struct bench_seg){
			.flags = TCP_ACK, .seq = seq, .ack = una + 2 * MSS, .wnd = 700, .len = 10});
	CU_ASSERT_EQUAL(c->snd.wnd, 700);
	acks(b, seq + 10, 800, una + 2 * MSS); /* newer by its sequence number */
	CU_ASSERT_EQUAL(c->snd.wnd, 800);
	acks(b, seq, 60000, una + 2 * MSS); /* older */
	CU_ASSERT_EQUAL(c->snd.wnd, 800);
	bench_free(b);
}

/* ACKs of what has not arrived yet make the host faster only as far as slow start goes; ACKs of what was not sent are
 * no ACKs. */
static void tcp_optimistic_ack(void)
{
	struct bench *b = established(false);
	uint32_t una = b->host_nxt;

	writes(b, 400 * MSS);
	CU_ASSERT_EQUAL(sent(b), 10 * MSS);
	acks(b, b->nxt, 65535, una + 11 * MSS);
	CU_ASSERT_EQUAL(bench_conn(b)->snd.una, una);
	CU_ASSERT_EQUAL(bench_conn(b)->cwnd, 10 * MSS);
	sent(b);
	for (uint32_t i = 1; i <= 10; i++)
		acks(b, b->nxt, 65535, una + i * MSS); /* before the wire could have carried them */
	CU_ASSERT(bench_conn(b)->cwnd <= 20 * MSS);
	CU_ASSERT_EQUAL(sent(b), 20 * MSS);
	bench_free(b);
}

/* Echoes of 0, of the future, of long ago and of anything: the RTO stays between its bounds, and what can be measured
 * without them is. */
static void tcp_rtt_poison(void)
{
	struct bench *b = established(true);
	struct tcp_conn *c = bench_conn(b);
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 500; i++) {
		writes(b, MSS);
		bench_last(b);
		lab_run(b->l, 20 * MS);
		b->tsval++;
		b->tsecr = i % 4 == 0 ? 0
			: i % 4 == 1  ? b->tsecr + 1000
			: i % 4 == 2  ? b->tsecr - 5000000
				      : rng_u32(&r);
		bench_say(b, TCP_ACK, 0);
		CU_ASSERT_EQUAL(c->snd.una, c->snd.nxt);
		CU_ASSERT(i < 50 || (c->srtt_us >= 19000 && c->srtt_us <= 21000));
		CU_ASSERT(tcp_rto_ns(c) >= 200 * MS && tcp_rto_ns(c) <= 300 * MS);
	}
	for (int i = 0; i < 100; i++) { /* and where they are all there is: after a retransmission */
		writes(b, MSS);
		lab_run(b->l, tcp_rto_ns(c) * 2);
		bench_last(b);
		b->tsval++;
		b->tsecr = rng_u32(&r);
		bench_say(b, TCP_ACK, 0);
		CU_ASSERT(tcp_rto_ns(c) >= 200 * MS && tcp_rto_ns(c) <= 120 * SEC);
	}
	bench_free(b);
}

/* What does not fit our own host slows the connection down once, as congestion elsewhere would, and arrives later. */
static void a_segment_without_a_buffer_is_congestion(void)
{
	struct bench *b = established(false);
	struct pool *pool = &b->l->world.pkts.big;

	writes(b, MSS);
	CU_ASSERT_EQUAL(sent(b), MSS);
	pool->limit = pool_in_use(pool) + 1;
	void *taken = pool_get(pool);
	writes(b, 10 * MSS); /* one super-segment */
	CU_ASSERT_EQUAL(sent(b), 0);
	CU_ASSERT_EQUAL(bench_conn(b)->ca_state, TCP_CA_CWR);
	CU_ASSERT_EQUAL(bench_conn(b)->ssthresh, 7 * MSS);
	pool_put(pool, taken);
	pool->limit = 0;
	lab_run(b->l, 5 * SEC);
	CU_ASSERT(sent(b) > 0);
	bench_free(b);
}

/* The flight part of a connection is there while it is used, and then it is not. */
static void a_connection_at_rest_gives_back_what_only_flight_needs(void)
{
	struct bench *b = established(false);
	struct tcp_conn *c = bench_conn(b);

	CU_ASSERT_PTR_NULL(c->flight);
	writes(b, 100);
	bench_last(b);
	CU_ASSERT_PTR_NOT_NULL(c->flight);
	bench_say(b, TCP_ACK, 0);
	CU_ASSERT_PTR_NOT_NULL(c->flight);
	lab_run(b->l, 11 * SEC);
	CU_ASSERT_PTR_NULL(c->flight);
	CU_ASSERT_EQUAL(pool_in_use(&b->s->tcp->sent), 0);
	writes(b, 100);
	CU_ASSERT_EQUAL(sent(b), 100);
	bench_free(b);
}

SUITE(tcp_ack, T(the_handshake_does_not_open_the_window), T(no_more_is_sent_than_both_windows_allow),
	T(a_segment_without_a_buffer_is_congestion), T(tcp_window_shrink), T(tcp_window_update_replay),
	T(tcp_optimistic_ack), T(tcp_rtt_poison), T(a_connection_at_rest_gives_back_what_only_flight_needs))
