/* SPDX-License-Identifier: MIT */
/* Explicit congestion notification (RFC 3168), segment by segment. */
#include "tests/unit/tcp/bench.h"

#include <errno.h>

enum { MSS = 1460, NOT_ECT = 0, ECT0 = 2, CE = 3 };

/* The peer's SYN asks for ECN. */
static struct bench *with_ecn(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	bench_say(b, TCP_SYN | TCP_ECE | TCP_CWR, 0);
	struct bench_seen synack = bench_next(b);
	CU_ASSERT_EQUAL(synack.h.flags, TCP_SYN | TCP_ACK | TCP_ECE);
	CU_ASSERT_EQUAL(synack.ip.tos & 3, NOT_ECT);
	bench_say(b, TCP_ACK, 0);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->sk);
	bench_last(b);
	return b;
}

static void writes(struct bench *b, size_t len)
{
	static const uint8_t zeros[65536];

	CU_ASSERT_EQUAL_FATAL(sock_send(b->sk, zeros, len, 0, NULL), (ssize_t)len);
	lab_settle(b->l);
}

/* RFC3168-6.1.1a, RFC3168-6.1.1b */
static void only_after_both_syns_agreed_data_is_marked(void)
{
	for (int agreed = 0; agreed < 2; agreed++) {
		struct bench *b = bench_new();

		b->s->sysctl[SYSCTL_TCP_ECN] = 1;
		struct sock_addr to = {.ip = PEER, .port = b->peer_port}, from = {.port = b->port};
		b->sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
		CU_ASSERT_EQUAL(sock_bind(b->sk, &from), 0);
		CU_ASSERT_EQUAL(sock_connect(b->sk, &to), -EINPROGRESS);
		lab_settle(b->l);
		struct bench_seen syn = bench_next(b);
		CU_ASSERT_EQUAL(syn.h.flags, TCP_SYN | TCP_ECE | TCP_CWR);
		CU_ASSERT_EQUAL(syn.ip.tos & 3, NOT_ECT);
		bench_say(b, TCP_SYN | TCP_ACK | (agreed ? TCP_ECE : 0), 0);
		struct bench_seen ack = bench_last(b);
		CU_ASSERT_EQUAL(ack.ip.tos & 3, NOT_ECT);
		writes(b, 100);
		struct bench_seen data = bench_next(b);
		CU_ASSERT_EQUAL(data.ip.tos & 3, agreed ? ECT0 : NOT_ECT);
		bench_free(b);
	}
}

/* RFC9293-SHLD-8 RFC3168-6.1.3 */
static void the_receiver_echoes_until_the_sender_has_reacted(void)
{
	struct bench *b = with_ecn();
	uint32_t seq = b->nxt;

	bench_put(b,
		&(struct bench_seg){.flags = TCP_ACK,
			.seq = seq,
			.ack = b->host_nxt,
			.wnd = 65535,
			.len = 100,
			.tos = CE});
	CU_ASSERT(bench_last(b).h.flags & TCP_ECE);
	for (uint32_t i = 1; i < 4; i++) {
		bench_put(b,
			&(struct bench_seg){.flags = TCP_ACK,
				.seq = seq + 100 * i,
				.ack = b->host_nxt,
				.wnd = 65535,
				.len = 100,
				.tos = ECT0});
		lab_run(b->l, 500 * MS);
		CU_ASSERT(bench_last(b).h.flags & TCP_ECE);
	}
	bench_put(b,
		&(struct bench_seg){.flags = TCP_ACK | TCP_CWR,
			.seq = seq + 400,
			.ack = b->host_nxt,
			.wnd = 65535,
			.len = 100,
			.tos = ECT0});
	lab_run(b->l, 500 * MS);
	struct bench_seen ack = bench_last(b);
	CU_ASSERT(ack.any && !(ack.h.flags & TCP_ECE));
	bench_free(b);
}

/* RFC3168-6.1.2: CWR on the first new data, once */
static void the_sender_reacts_once_and_says_so_once(void)
{
	struct bench *b = with_ecn();
	uint32_t una = b->host_nxt;
	unsigned cwr = 0;

	b->s->sysctl[SYSCTL_TCP_SLOW_START_AFTER_IDLE] = 0;
	writes(b, 16000);
	bench_last(b);
	uint32_t cwnd = bench_conn(b)->cwnd;
	for (uint32_t i = 1; i <= 5; i++) {
		bench_say_at(b, TCP_ACK | TCP_ECE, b->nxt, una + i * MSS, 0);
		writes(b, 3000);
		while (bench_count(b)) {
			struct bench_seen seen = bench_next(b);

			cwr += seen.h.flags & TCP_CWR ? 1 : 0;
			CU_ASSERT(!(seen.h.flags & TCP_CWR) || seen.len > 0);
		}
	}
	CU_ASSERT(bench_conn(b)->cwnd < cwnd);
	CU_ASSERT(bench_conn(b)->ssthresh >= cwnd / 2 && bench_conn(b)->ssthresh < cwnd);
	CU_ASSERT_EQUAL(cwr, 1);
	bench_free(b);
}

/* RFC3168-6.1.5 */
static void what_is_sent_again_is_not_marked(void)
{
	struct bench *b = with_ecn();

	writes(b, 3 * MSS);
	while (bench_count(b))
		CU_ASSERT_EQUAL(bench_next(b).ip.tos & 3, ECT0);
	lab_run(b->l, 2 * SEC);
	struct bench_seen again = bench_next(b);
	CU_ASSERT(again.any && again.len == MSS);
	CU_ASSERT_EQUAL(again.ip.tos & 3, NOT_ECT);
	bench_free(b);
}

/* RFC3168-6.1.6, RFC3168-6.1.1b: nor are ACKs without text */
static void window_probes_are_not_marked(void)
{
	struct bench *b = with_ecn();

	b->my_wnd = 0;
	bench_say(b, TCP_ACK, 0);
	writes(b, 100);
	EXPECT_NONE(b);
	lab_run(b->l, 2 * SEC);
	struct bench_seen probe = bench_next(b);
	CU_ASSERT(probe.any);
	CU_ASSERT_EQUAL(probe.ip.tos & 3, NOT_ECT);
	bench_free(b);
}

SUITE(tcp_ecn, T(only_after_both_syns_agreed_data_is_marked),
	T(the_receiver_echoes_until_the_sender_has_reacted), T(the_sender_reacts_once_and_says_so_once),
	T(what_is_sent_again_is_not_marked), T(window_probes_are_not_marked))
