/* SPDX-License-Identifier: MIT */
/* ICMP errors about segments of ours (RFC 9293 3.9.2.2, RFC 5927). */
#include "tests/unit/tcp/bench.h"

#include "net/wire_icmp.h"

#include <errno.h>

enum { MTU_BIT = 1500 };

/* An error from a router on the way, which quotes `quoted_len` octets long segment of ours with this number. */
static void icmp(
	struct bench *b, uint8_t type, uint8_t code, uint32_t rest, uint32_t seq, uint16_t quoted_len)
{
	uint8_t quote[IP_HDR_LEN + TCP_QUOTE_LEN], frame[200];
	struct ip_hdr ip = {.src = ME,
		.dst = PEER,
		.ttl = 60,
		.proto = IP_PROTO_TCP,
		.df = true,
		.hdr_len = IP_HDR_LEN,
		.total_len = quoted_len};

	*(be16 *)(quote + IP_HDR_LEN) = put16(b->port);
	*(be16 *)(quote + IP_HDR_LEN + 2) = put16(b->peer_port);
	*(be32 *)(quote + IP_HDR_LEN + 4) = put32(seq);
	ip_emit(quote, &ip);
	lab_inject(b->d, frame,
		lab_frame_icmp(frame, b->d->mac, (struct mac){{2, 0, 0, 0, 1, 9}}, OTHER, ME,
			(struct icmp_hdr){type, code, rest}, quote, sizeof(quote)));
}

static void unreachable(struct bench *b, uint8_t code, uint32_t seq)
{
	icmp(b, ICMP_DEST_UNREACH, code, 0, seq, 100);
}

static int error_of(struct bench *b)
{
	int error = -1;

	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	return error;
}

/* In `state` with something unacknowledged at `*seq`. SYN-RECEIVED: with a connection. */
static struct bench *in_flight(enum tcp_state state, uint32_t *seq)
{
	struct bench *b = bench_new();

	bench_into(b, state, state == TCP_SYN_RECEIVED);
	*seq = b->host_nxt - 1;
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT)
		return b;
	CU_ASSERT_EQUAL(sock_send(b->sk, "x", 1, 0, NULL), 1);
	lab_settle(b->l);
	bench_last(b);
	*seq = b->host_nxt - 1;
	return b;
}

/* RFC9293-MUST-54, RFC9293-SHLD-26, RFC5927-5.2, RFC5927-4.1 */
static void icmp_hard_error_reset(void)
{
	static const enum tcp_state states[] = {TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED,
		TCP_FIN_WAIT_1, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		for (uint8_t code = 0; code < 16; code++) {
			uint32_t seq;
			struct bench *b = in_flight(states[i], &seq);
			bool opening = states[i] < TCP_ESTABLISHED;

			unreachable(b, code, seq - 1);
			unreachable(b, code, seq + 1);
			unreachable(b, code, seq + 0x80000000);
			CU_ASSERT_EQUAL(MIB(b, TcpExtOutOfWindowIcmps), 3);
			CU_ASSERT_EQUAL(bench_state(b), states[i]);
			CU_ASSERT_EQUAL(error_of(b), 0);
			unreachable(b, code, seq);
			CU_ASSERT_EQUAL(
				bench_state(b), opening && code != ICMP_FRAG_NEEDED ? TCP_CLOSED : states[i]);
			CU_ASSERT_EQUAL(error_of(b) != 0, opening && code != ICMP_FRAG_NEEDED);
			bench_free(b);
		}
}

static void refused_connection_knows_why(void)
{
	static const struct {
		uint8_t type, code;
		int error;
	} told[] = {{ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, ECONNREFUSED},
		{ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, EHOSTUNREACH},
		{ICMP_DEST_UNREACH, ICMP_NET_UNREACH, ENETUNREACH},
		{ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, ENOPROTOOPT}, {ICMP_TIME_EXCEEDED, 0, EHOSTUNREACH},
		{ICMP_PARAM_PROBLEM, 0, EPROTO}};

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		struct bench *b = bench_new();

		bench_connect(b);
		icmp(b, told[i].type, told[i].code, 0, b->host_isn, 60);
		CU_ASSERT_EQUAL(bench_state(b), TCP_CLOSED);
		CU_ASSERT_EQUAL(error_of(b), told[i].error);
		bench_free(b);
	}
}

/* RFC9293-MUST-56, RFC9293-MUST-47, RFC9293-SHLD-25: and the program may know, if it listens. */
static void soft_errors_end_nothing_that_stands(void)
{
	static const uint8_t soft[][2] = {{ICMP_DEST_UNREACH, ICMP_NET_UNREACH},
		{ICMP_DEST_UNREACH, ICMP_HOST_UNREACH}, {ICMP_DEST_UNREACH, ICMP_SR_FAILED},
		{ICMP_TIME_EXCEEDED, 0}, {ICMP_TIME_EXCEEDED, 1}, {ICMP_PARAM_PROBLEM, 0}};
	struct sock_error e;
	uint32_t seq;
	struct bench *b = in_flight(TCP_ESTABLISHED, &seq);

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_RECVERR, 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(soft); i++) {
		icmp(b, soft[i][0], soft[i][1], 0, seq, 41);
		CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
		CU_ASSERT_EQUAL(sock_recv_error(b->sk, &e), 0);
		CU_ASSERT(e.type == soft[i][0] && e.code == soft[i][1]);
		CU_ASSERT(e.from == OTHER && e.dst == PEER && !e.local);
	}
	CU_ASSERT_EQUAL(sock_recv_error(b->sk, &e), -EAGAIN);
	bench_say(b, TCP_ACK | TCP_PSH, 5);
	CU_ASSERT(bench_reads(b, b->nxt - 5, 5));
	bench_free(b);
}

/* RFC9293-SHLD-20: without RECVERR the program hears nothing of it. When all retries are in vain, the soft error says why. */
static void soft_error_is_the_reason_when_retries_end(void)
{
	uint32_t seq;
	struct bench *b = in_flight(TCP_ESTABLISHED, &seq);

	unreachable(b, ICMP_HOST_UNREACH, seq);
	CU_ASSERT_EQUAL(error_of(b), 0);
	lab_run(b->l, 2000 * SEC);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	CU_ASSERT_EQUAL(error_of(b), EHOSTUNREACH);
	bench_free(b);
}

/* RFC9293-MUST-55, RFC5927-6.2 */
static void source_quench_is_nothing(void)
{
	uint32_t seq;
	struct bench *b = in_flight(TCP_ESTABLISHED, &seq);
	uint32_t cwnd = bench_conn(b)->cwnd;

	icmp(b, ICMP_SOURCE_QUENCH, 0, 0, seq, 41);
	CU_ASSERT_EQUAL(DROPS(b, ICMP_SOURCE_QUENCH), 1);
	CU_ASSERT_EQUAL(bench_conn(b)->cwnd, cwnd);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

static void nothing_in_flight_nothing_believed(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	for (uint32_t d = 0; d < 4; d++)
		icmp(b, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 600, b->host_nxt - 2 + d, 1500);
	CU_ASSERT_EQUAL(MIB(b, TcpExtOutOfWindowIcmps), 4);
	CU_ASSERT_EQUAL(bench_conn(b)->mtu, 1500);
	bench_free(b);
}

/* ---- half-open and TIME-WAIT entries ---- */

static void half_open_entry_ends_by_a_hard_error_only(void)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_SYN_RECEIVED, false);
	unreachable(b, ICMP_PORT_UNREACH, b->host_isn + 1);
	CU_ASSERT_EQUAL(MIB(b, TcpExtOutOfWindowIcmps), 1);
	unreachable(b, ICMP_HOST_UNREACH, b->host_isn);
	unreachable(b, ICMP_FRAG_NEEDED, b->host_isn);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_RECEIVED);
	unreachable(b, ICMP_PORT_UNREACH, b->host_isn);
	CU_ASSERT_EQUAL(bench_state(b), TCP_LISTEN);
	bench_free(b);

	b = bench_new();
	bench_into(b, TCP_TIME_WAIT, false);
	unreachable(b, ICMP_PORT_UNREACH, b->host_nxt - 1);
	CU_ASSERT_EQUAL(bench_state(b), TCP_TIME_WAIT);
	bench_free(b);
}

static void error_about_nobody_is_nothing(void)
{
	struct bench *b = bench_new();

	unreachable(b, ICMP_PORT_UNREACH, 5);
	CU_ASSERT_EQUAL(MIB(b, TcpExtOutOfWindowIcmps), 0);
	EXPECT_NONE(b);
	bench_free(b);
}

/* ---- path MTU (RFC 1191) ---- */

/* Ten full segments are under way; the first one's number. */
static struct bench *full_flight(uint32_t *seq)
{
	struct bench *b = bench_new();

	bench_into(b, TCP_ESTABLISHED, false);
	*seq = b->host_nxt;
	CU_ASSERT_EQUAL(sock_send(b->sk, (uint8_t[14600]){0}, 14600, 0, NULL), 14600);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_count(b), 10);
	bench_last(b);
	return b;
}

static uint32_t longest_sent(struct bench *b)
{
	struct bench_seen seen;
	uint32_t most = 0;

	while ((seen = bench_next(b)).any)
		most = MAX(most, (uint32_t)seen.ip.total_len);
	return most;
}

/* RFC7323-5.7, RFC 1191 6.1, 6.5: what was too big goes again at once, in smaller pieces, and it was no congestion. */
static void smaller_path_mtu_sends_again_in_smaller_pieces(void)
{
	uint32_t seq, cwnd;
	struct bench *b = full_flight(&seq);

	cwnd = bench_conn(b)->cwnd / bench_conn(b)->mss;
	icmp(b, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1000, seq, MTU_BIT);
	CU_ASSERT_EQUAL(bench_conn(b)->mtu, 1000);
	CU_ASSERT_EQUAL(bench_conn(b)->mss, 960);
	CU_ASSERT(bench_count(b) > 0);
	CU_ASSERT_EQUAL(longest_sent(b), 1000);
	CU_ASSERT_EQUAL(bench_conn(b)->cwnd / bench_conn(b)->mss, cwnd);
	bench_free(b);
}

/* RFC5927-7.2b; and icmp_frag_needed_tiny, icmp_frag_needed_raises for TCP */
static void unbelievable_mtus_are_ignored(void)
{
	static const uint32_t mtus[] = {1, 20, 67, 1500, 1501, 65535};

	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		uint32_t seq;
		struct bench *b = full_flight(&seq);

		icmp(b, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtus[i], seq, MTU_BIT);
		CU_ASSERT_EQUAL(bench_conn(b)->mtu, 1500);
		EXPECT_NONE(b);
		bench_free(b);
	}
}

/* CVE-2004-1060: whatever is claimed, segments stay of some size and the connection lives. */
static void every_mtu_leaves_segments_of_some_size(void)
{
	for (uint32_t mtu = 0; mtu < MTU_BIT; mtu += 37) {
		uint32_t seq;
		struct bench *b = full_flight(&seq);

		icmp(b, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu, seq, MTU_BIT);
		CU_ASSERT(bench_conn(b)->mss >= 512);
		CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
		bench_say(b, TCP_ACK, 0);
		CU_ASSERT_EQUAL(bench_conn(b)->snd.una, b->host_nxt);
		bench_free(b);
	}
}

/* Straight to TCP: an error about the segment at `seq`, as `note` says. */
static void tell(struct bench *b, struct icmp_note *note, uint32_t seq)
{
	uint8_t payload[TCP_QUOTE_LEN];
	struct pkt *p = stack_pkt(b->s, 0);

	*(be16 *)payload = put16(b->port);
	*(be16 *)(payload + 2) = put16(b->peer_port);
	*(be32 *)(payload + 4) = put32(seq);
	note->payload = payload;
	note->pkt = p;
	b->s->by_number[IP_PROTO_TCP]->note(b->s, note);
	pkt_done(p);
}

/* Another first hop is no error. */
static void redirect_ends_no_attempt(void)
{
	struct bench *b = bench_new();
	struct ip_hdr quoted = {.src = ME, .dst = PEER, .total_len = 60};
	struct icmp_note note = {
		.type = ICMP_REDIRECT, .code = 1, .quoted = &quoted, .payload_len = 8, .error = EREMOTEIO};

	bench_connect(b);
	tell(b, &note, b->host_isn);
	CU_ASSERT_EQUAL(bench_state(b), TCP_SYN_SENT);
	CU_ASSERT_EQUAL(error_of(b), 0);
	bench_free(b);
}

/* What went without DF was not refused for its size. */
static void error_about_a_segment_that_may_be_fragmented_is_ignored(void)
{
	uint32_t seq;
	struct bench *b = full_flight(&seq);
	struct ip_hdr quoted = {.src = ME, .dst = PEER, .total_len = 1500};
	struct icmp_note note = {.type = ICMP_DEST_UNREACH,
		.code = ICMP_FRAG_NEEDED,
		.info = 1000,
		.quoted = &quoted,
		.payload_len = 8,
		.error = EMSGSIZE};

	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DONT), 0);
	tell(b, &note, seq);
	CU_ASSERT_EQUAL(bench_conn(b)->mtu, 1500);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_WANT), 0);
	note.payload_len = 7;
	tell(b, &note, seq);
	CU_ASSERT_EQUAL(bench_conn(b)->mtu, 1500);
	note.payload_len = 8;
	tell(b, &note, seq);
	CU_ASSERT_EQUAL(bench_conn(b)->mtu, 1000);
	bench_free(b);
}

SUITE(tcp_note, T(icmp_hard_error_reset), T(refused_connection_knows_why),
	T(soft_errors_end_nothing_that_stands), T(soft_error_is_the_reason_when_retries_end),
	T(source_quench_is_nothing), T(nothing_in_flight_nothing_believed),
	T(half_open_entry_ends_by_a_hard_error_only), T(error_about_nobody_is_nothing),
	T(redirect_ends_no_attempt), T(smaller_path_mtu_sends_again_in_smaller_pieces),
	T(unbelievable_mtus_are_ignored), T(every_mtu_leaves_segments_of_some_size),
	T(error_about_a_segment_that_may_be_fragmented_is_ignored))
