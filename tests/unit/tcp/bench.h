/* SPDX-License-Identifier: MIT */
/*
 * The bench of TCP's tests: a host 10.0.0.1/24 on a wire, and a peer 10.0.0.2 that is played by the test, segment by
 * segment. The constructors bring a connection into each of the 11 states by real segments.
 *
 *	[host] 10.0.0.1:PORT ---eth0--- 10.0.0.2:PEER_PORT (the test)
 *
 * The peer remembers what a peer must: its own next sequence number, and what the host has sent. Sequence numbers of
 * both begin just below 2^32 in --late runs (bench.c takes the place of tcp_isn() there), and wherever a test says.
 */
#ifndef TESTS_UNIT_TCP_BENCH_H
#define TESTS_UNIT_TCP_BENCH_H

#include "net/sock.h"
#include "tcp/internal.h"
#include "tests/unit/lab.h"

#define ME    UINT32_C(0x0a000001)
#define PEER  UINT32_C(0x0a000002)
#define OTHER UINT32_C(0x0a000003)

enum { PORT = 80, PEER_PORT = 40000 };

#define MS  UINT64_C(1000000)
#define SEC (1000 * MS)

/* A segment from the peer. What is 0 is 0 on the wire too. */
struct bench_seg {
	uint16_t flags;
	uint32_t seq, ack;
	uint32_t wnd; /* as on the wire */
	uint16_t urg;
	const void *data; /* NULL: `len` octets of a pattern that continues with seq */
	size_t len;
	const uint8_t *opts; /* padded */
	size_t opts_len;
	uint32_t src, dst;     /* 0: the peer, the host */
	uint16_t sport, dport; /* 0: the peer's and ours */
	uint8_t tos;
	bool bad_csum;
};

/* A segment that the host sent. */
struct bench_seen {
	bool any;
	struct ip_hdr ip;
	struct tcp_hdr h;
	struct tcp_options o;
	const uint8_t *data;
	size_t len;
};

struct bench {
	struct lab *l;
	struct stack *s;
	struct dev *d;
	struct sock *listener; /* on PORT; NULL: none */
	struct sock *sk;       /* the socket of the connection; NULL: none (yet) */

	/* what the peer would know */
	uint32_t isn;
	uint32_t nxt;	   /* its next sequence number */
	uint32_t una;	   /* what the host has acknowledged */
	uint32_t host_isn; /* ISS of the host */
	uint32_t host_nxt; /* after the last octet that the host has sent */
	uint32_t wnd;	   /* that the host offers, scaled */
	uint8_t host_wscale;
	uint16_t my_wnd; /* that it offers itself */
	bool ts, sack;	 /* it sends timestamps; offers SACK */
	int wscale;	 /* it offers; -1: not */
	uint16_t mss;
	uint32_t tsval, tsecr;
	uint16_t port, peer_port;
};

struct bench *bench_new(void);
void bench_free(struct bench *b);

/* ---- sequence numbers of the host ---- */

/* From now on each tcp_isn() of any host is this, until bench_isn_natural(); in --late runs and without this it is
 * just below 2^32. bench_new() makes it natural again. */
void bench_isn_is(uint32_t isn);
void bench_isn_natural(void); /* as RFC 6528 says, in --late runs too */

/* ---- segments ---- */

void bench_put(struct bench *b, const struct bench_seg *g);

/* From the peer's state: seq b->nxt, ack b->host_nxt, window b->my_wnd, timestamps when agreed. `len` octets of the
 * pattern. b->nxt moves on. */
void bench_say(struct bench *b, uint16_t flags, size_t len);

/* The same at another place; nothing moves on. */
void bench_say_at(struct bench *b, uint16_t flags, uint32_t seq, uint32_t ack, size_t len);

/* The next segment of the host, oldest first; b's knowledge of the host follows it if it is of b's connection. */
struct bench_seen bench_next(struct bench *b);

/* All of them are passed over. Returns the last one. */
struct bench_seen bench_last(struct bench *b);
size_t bench_count(const struct bench *b);

/* Octet of the pattern at a sequence number of the peer's. */
uint8_t bench_octet(uint32_t seq);

/* The peer's SYN has these options besides the MSS; b->ts, b->sack, b->wscale, b->mss say what. */
size_t bench_syn_options(const struct bench *b, uint8_t *out);

/* ---- states ---- */

void bench_listen(struct bench *b, int backlog);
void bench_connect(struct bench *b); /* SYN-SENT; the SYN is taken off the wire */

/* Into `state` on a new bench: by a passive opening (from SYN-SENT on: by an active one where `active`). All that
 * the host sent on the way is taken off the wire. b->sk is the socket where there is one. SYN-RECEIVED: a half-open
 * entry, or with `active` a simultaneous open. TIME-WAIT: ours was the first FIN. */
void bench_into(struct bench *b, enum tcp_state state, bool active);

/* Which state the four numbers have now: of a connection, a half-open or a TIME-WAIT entry, the listener, or
 * TCP_CLOSED. */
enum tcp_state bench_state(const struct bench *b);
struct tcp_conn *bench_conn(const struct bench *b); /* of the four numbers, or NULL */

/* What the program reads: `len` octets that continue the pattern at `seq`. */
bool bench_reads(struct bench *b, uint32_t seq, size_t len);

/* ---- checks ---- */

#define DROPS(b, name) stack_drops((b)->s, DROP_##name)
#define MIB(b, name)   ((b)->s->mib[MIB_##name])

/* The next segment is this one. */
#define EXPECT(b, want_flags, want_seq, want_ack)                                            \
	do {                                                                                 \
		struct bench_seen seen_ = bench_next(b);                                     \
		CU_ASSERT_FATAL(seen_.any);                                                  \
		CU_ASSERT_EQUAL(seen_.h.flags & ~(TCP_PSH | TCP_ECE | TCP_CWR), want_flags); \
		CU_ASSERT_EQUAL(seen_.h.seq, want_seq);                                      \
		CU_ASSERT_EQUAL(seen_.h.ack, want_ack);                                      \
	} while (0)

/* An ACK of where both are. */
#define EXPECT_ACK(b) EXPECT(b, TCP_ACK, (b)->host_nxt, (b)->nxt)
#define EXPECT_NONE(b)                             \
	do                                         \
		CU_ASSERT_EQUAL(bench_count(b), 0) \
	while (0)

#endif
