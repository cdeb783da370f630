/* SPDX-License-Identifier: MIT */
/* What comes in at the door: is it a segment, and for whom (RFC 9293 3.1, 3.9.2.3, 3.10.7.1)? */
#include "tests/unit/tcp/bench.h"

#include "arp/arp.h"

#include <errno.h>
#include <stdlib.h>

/* An IP packet of protocol 6 with these octets; the frame to the host, or to `to`. */
static void put_bytes(
	struct bench *b, struct mac to, uint32_t src, uint32_t dst, const uint8_t *bytes, size_t len)
{
	static uint8_t frame[2000];
	struct ip_hdr ip = {.src = src, .dst = dst, .ttl = 64, .proto = IP_PROTO_TCP};

	lab_inject(b->d, frame,
		lab_frame_ip(frame, to, (struct mac){{2, 0, 0, 0, 1, 2}}, ip, NULL, 0, bytes, len));
}

/* A SYN to port 80 of `dst`, with checksum. */
static size_t syn(uint8_t *out, uint32_t src, uint32_t dst)
{
	struct tcp_hdr h = {.sport = PEER_PORT,
		.dport = PORT,
		.seq = 1,
		.wnd = 1024,
		.flags = TCP_SYN,
		.hdr_len = TCP_HDR_LEN};

	tcp_emit(out, &h);
	tcp_put_check(out, tcp_csum(out, TCP_HDR_LEN, src, dst));
	return TCP_HDR_LEN;
}

/* ---- is it a segment? ---- */

static void tcp_short(void)
{
	struct bench *b = bench_new();
	uint8_t whole[TCP_HDR_LEN];

	bench_listen(b, 5);
	syn(whole, PEER, ME);
	for (size_t len = 0; len < TCP_HDR_LEN; len++)
		put_bytes(b, b->d->mac, PEER, ME, whole, len);
	CU_ASSERT_EQUAL(DROPS(b, TCP_SHORT), 20);
	for (uint8_t offset = 0; offset < 16; offset++) {
		if (offset == 5)
			continue;
		whole[12] = (uint8_t)(offset << 4);
		tcp_put_check(whole, 0);
		tcp_put_check(whole, tcp_csum(whole, sizeof(whole), PEER, ME));
		put_bytes(b, b->d->mac, PEER, ME, whole, sizeof(whole));
	}
	CU_ASSERT_EQUAL(DROPS(b, TCP_BAD_OFFSET), 15);
	CU_ASSERT_EQUAL(MIB(b, TcpInErrs), 35);
	CU_ASSERT_EQUAL(MIB(b, TcpInSegs), 35);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-3 */
static void tcp_checksum_bad(void)
{
	struct bench *b = bench_new();
	uint8_t seg[TCP_HDR_LEN];

	bench_listen(b, 5);
	for (size_t bit = 0; bit < TCP_HDR_LEN * 8; bit++) {
		if (bit / 8 == 12)
			continue; /* the offset: another mistake */
		syn(seg, PEER, ME);
		seg[bit / 8] ^= (uint8_t)(1 << bit % 8);
		put_bytes(b, b->d->mac, PEER, ME, seg, sizeof(seg));
	}
	CU_ASSERT_EQUAL(DROPS(b, TCP_BAD_CHECKSUM), 19 * 8);
	CU_ASSERT_EQUAL(MIB(b, TcpInCsumErrors), 19 * 8);
	syn(seg, PEER, ME);
	put_bytes(b, b->d->mac, OTHER, ME, seg, sizeof(seg)); /* the pseudo-header counts */
	CU_ASSERT_EQUAL(DROPS(b, TCP_BAD_CHECKSUM), 19 * 8 + 1);
	EXPECT_NONE(b);
	bench_free(b);
}

/* ---- for nobody ---- */

/* RFC9293-T-01 */
static void closed_port_answers_by_resets(void)
{
	struct bench *b = bench_new();

	for (uint16_t flags = 0; flags < 512; flags++)
		for (size_t len = 0; len < 4; len += 3) {
			uint32_t end = 7 + (uint32_t)len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);

			bench_say_at(b, flags, 7, 99, len);
			if (flags & TCP_RST)
				EXPECT_NONE(b);
			else if (flags & TCP_ACK)
				EXPECT(b, TCP_RST, 99, 0);
			else
				EXPECT(b, TCP_RST | TCP_ACK, 0, end);
			EXPECT_NONE(b);
		}
	CU_ASSERT_EQUAL(MIB(b, TcpOutRsts), 512);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NO_CONNECTION), 512);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NOTHING_TO_RESET), 512);
	bench_free(b);
}

/* RFC7323-5.2b */
static void reset_echoes_the_timestamp(void)
{
	struct bench *b = bench_new();

	b->ts = true;
	bench_say(b, TCP_SYN, 0);
	struct bench_seen seen = bench_next(b);
	CU_ASSERT(seen.h.flags == (TCP_RST | TCP_ACK) && seen.o.has_ts && seen.o.tsecr == b->tsval);
	bench_free(b);

	b = bench_new();
	b->ts = true;
	bench_into(b, TCP_ESTABLISHED, false);
	CU_ASSERT_EQUAL(sock_set(b->sk, SO_OPT_LINGER, 0), 0);
	sock_close(b->sk);
	b->sk = NULL;
	lab_settle(b->l);
	seen = bench_next(b);
	CU_ASSERT(seen.h.flags & TCP_RST && seen.o.has_ts && seen.o.tsecr == b->tsval);
	bench_free(b);
}

static void reserved_bits_are_not_looked_at(void)
{
	struct bench *b = bench_new();

	bench_listen(b, 5);
	bench_say(b, TCP_SYN | TCP_RESERVED, 0);
	CU_ASSERT_EQUAL(bench_next(b).h.flags, TCP_SYN | TCP_ACK);
	bench_say(b, TCP_ACK | TCP_RESERVED, 0);
	CU_ASSERT_EQUAL(bench_state(b), TCP_ESTABLISHED);
	bench_free(b);
}

static void tcp_port_zero(void)
{
	struct bench *b = bench_new();
	struct tcp_hdr h = {.seq = 1, .flags = TCP_SYN, .hdr_len = TCP_HDR_LEN};
	uint8_t seg[TCP_HDR_LEN];

	bench_listen(b, 5);
	for (int i = 0; i < 3; i++) {
		h.sport = i == 1 ? PEER_PORT : 0;
		h.dport = i == 2 ? PORT : 0;
		tcp_emit(seg, &h);
		tcp_put_check(seg, tcp_csum(seg, sizeof(seg), PEER, ME));
		put_bytes(b, b->d->mac, PEER, ME, seg, sizeof(seg));
	}
	CU_ASSERT_EQUAL(DROPS(b, TCP_PORT_ZERO), 3);
	EXPECT_NONE(b);
	bench_free(b);
}

/* RFC9293-MUST-57: by the link, by the address, and by both. */
static void tcp_syn_to_broadcast(void)
{
	static const struct mac all = {{255, 255, 255, 255, 255, 255}}, group = {{1, 0, 0x5e, 0, 0, 1}};
	static const uint32_t many[] = {0xffffffff, 0x0a0000ff, 0x0a000000, 0xe0000001};
	struct bench *b = bench_new();
	uint8_t seg[TCP_HDR_LEN];

	bench_listen(b, 5);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		syn(seg, PEER, many[i]);
		put_bytes(b, all, PEER, many[i], seg, sizeof(seg));
		put_bytes(b, group, PEER, many[i], seg, sizeof(seg));
		put_bytes(b, b->d->mac, PEER, many[i], seg, sizeof(seg));
	}
	CU_ASSERT(DROPS(b, TCP_NOT_UNICAST) > 0);
	syn(seg, PEER, ME);
	put_bytes(b, all, PEER, ME, seg, sizeof(seg));
	put_bytes(b, group, PEER, ME, seg, sizeof(seg));
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(MIB(b, TcpOutSegs), 0);
	CU_ASSERT_EQUAL(MIB(b, TcpOutRsts), 0);
	bench_free(b);
}

/* RFC9293-MUST-63 */
static void syn_from_no_host_is_ignored(void)
{
	static const uint32_t nobody[] = {0, 0xffffffff, 0x0a0000ff, 0xe0000001, 0x7f000001, ME, 0xf0000001};
	struct bench *b = bench_new();
	uint8_t seg[TCP_HDR_LEN];

	bench_listen(b, 5);
	for (size_t i = 0; i < ARRAY_SIZE(nobody); i++) {
		syn(seg, nobody[i], ME);
		put_bytes(b, b->d->mac, nobody[i], ME, seg, sizeof(seg));
	}
	EXPECT_NONE(b);
	CU_ASSERT_EQUAL(MIB(b, TcpOutSegs), 0);
	bench_free(b);
}

/* RFC9293-MUST-63: a packet of our own is not asked by ip where it came from, and a raw socket may lie about that. */
static void nor_is_one_of_our_own(void)
{
	static const uint32_t nobody[] = {0xffffffff, 0x0a0000ff, 0xe0000001, 0xf0000001};
	struct bench *b = bench_new();
	struct sock *sk = sock_open(b->s, SOCK_RAW, 255);
	uint8_t p[IP_HDR_LEN + TCP_HDR_LEN];

	bench_listen(b, 5);
	sock_set(sk, SO_OPT_HDRINCL, 1);
	for (size_t i = 0; i < ARRAY_SIZE(nobody); i++) {
		struct ip_hdr ip = {.src = nobody[i],
			.dst = ME,
			.total_len = sizeof(p),
			.hdr_len = IP_HDR_LEN,
			.ttl = 64,
			.proto = IP_PROTO_TCP};
		ip_emit(p, &ip);
		syn(p + IP_HDR_LEN, nobody[i], ME);
		CU_ASSERT_EQUAL(
			sock_send(sk, p, sizeof(p), 0, &(struct sock_addr){.ip = ME}), (ssize_t)sizeof(p));
		lab_run(b->l, NS_PER_MS);
	}
	CU_ASSERT_EQUAL(DROPS(b, TCP_NOT_UNICAST), ARRAY_SIZE(nobody));
	CU_ASSERT_EQUAL(MIB(b, TcpOutSegs), 0);
	sock_close(sk);
	bench_free(b);
}

/* RFC9293-MUST-50: options of IP that mean nothing to TCP. */
static void ip_options_are_not_looked_at(void)
{
	static const uint8_t opts[] = {IPOPT_RR, 7, 4, 0, 0, 0, 0, IPOPT_EOL};
	struct bench *b = bench_new();
	uint8_t seg[TCP_HDR_LEN], frame[200];
	struct ip_hdr ip = {.src = PEER, .dst = ME, .ttl = 64, .proto = IP_PROTO_TCP};

	bench_listen(b, 5);
	syn(seg, PEER, ME);
	lab_inject(b->d, frame,
		lab_frame_ip(frame, b->d->mac, (struct mac){{2, 0, 0, 0, 1, 2}}, ip, opts, sizeof(opts), seg,
			sizeof(seg)));
	CU_ASSERT_EQUAL(bench_next(b).h.flags, TCP_SYN | TCP_ACK);
	bench_free(b);
}

/* ---- for whom ---- */

/* SO_BINDTODEVICE: the connection is not there for what comes by another device. */
static void connection_bound_to_a_device_hears_only_that(void)
{
	struct bench *b = bench_new();
	struct dev *d = lab_wire(b->s, "eth1", "10.0.1.1/24");
	uint32_t host_nxt;

	b->listener = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	struct sock_addr a = {.port = PORT};
	sock_set(b->listener, SO_OPT_BINDTODEVICE, b->d->ifindex);
	sock_bind(b->listener, &a);
	sock_listen(b->listener, 5);
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	bench_say(b, TCP_ACK, 0);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->sk);
	host_nxt = b->host_nxt;
	struct dev *first = b->d;
	b->d = d;
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, host_nxt, 5);
	CU_ASSERT_EQUAL(sock_unread(b->sk), 0);
	CU_ASSERT_EQUAL(DROPS(b, TCP_NO_CONNECTION), 1);
	b->d = first;
	bench_last(b);
	bench_say_at(b, TCP_ACK | TCP_PSH, b->nxt, host_nxt, 5);
	CU_ASSERT_EQUAL(sock_unread(b->sk), 5);
	bench_free(b);
}

/* RFC5227-2.4d: the address is another host's now. One that the user takes away leaves them alone. */
static void connections_end_with_an_address_that_is_lost(void)
{
	struct bench *b = bench_new();
	struct netif_addr *addr = netif_addr_find(b->d->netif, ME);
	int error = 0;

	bench_into(b, TCP_ESTABLISHED, false);
	addr->flags |= ADDR_DUPLICATE;
	netif_addr_changed(addr);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(sock_get(b->sk, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, ECONNABORTED);
	CU_ASSERT(bench_conn(b) == NULL);
	bench_free(b);

	b = bench_new();
	bench_into(b, TCP_ESTABLISHED, false);
	netif_addr_del(netif_addr_find(b->d->netif, ME));
	CU_ASSERT_PTR_NOT_NULL(bench_conn(b));
	lab_addr(b->d, "10.0.0.1/24");
	lab_settle(b->l);
	lab_sent_clear(b->d);
	bench_say(b, TCP_ACK | TCP_PSH, 5);
	CU_ASSERT(bench_reads(b, b->nxt - 5, 5));
	bench_free(b);
}

/* ---- anything ---- */

/* Mutated segments of a living connection, in every state: nothing crashes, nothing leaks, every packet ends. */
static void mutated_segments_break_nothing(void)
{
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int round = 0; round < 300; round++) {
		struct bench *b = bench_new();
		uint8_t opts[40];

		b->ts = rng_below(&rng, 2);
		b->sack = rng_below(&rng, 2);
		b->wscale = rng_below(&rng, 2) ? (int)rng_below(&rng, 15) : -1;
		bench_into(b, (enum tcp_state)rng_below(&rng, TCP_STATE_COUNT), false);
		for (int i = 0; i < 30; i++) {
			struct bench_seg g = {.flags = (uint16_t)rng_below(&rng, 4096),
				.seq = b->nxt +
					(rng_below(&rng, 4) ? rng_below(&rng, 3000) - 1000 : rng_u32(&rng)),
				.ack = b->host_nxt + (rng_below(&rng, 4) ? 0 : rng_u32(&rng)),
				.wnd = rng_below(&rng, 65536),
				.urg = (uint16_t)rng_below(&rng, 65536),
				.len = rng_below(&rng, 3) ? 0 : rng_below(&rng, 1400),
				.tos = (uint8_t)rng_below(&rng, 256),
				.opts = opts,
				.opts_len = 4 * rng_below(&rng, 11)};

			if (rng_below(&rng, 2))
				g.flags = (uint16_t)((g.flags & ~(TCP_SYN | TCP_RST)) | TCP_ACK);
			for (size_t k = 0; k < g.opts_len; k++)
				opts[k] = rng_below(&rng, 2) ? (uint8_t)rng_below(&rng, 11)
							     : (uint8_t)rng_u32(&rng);
			bench_put(b, &g);
			if (b->sk && rng_below(&rng, 3) == 0)
				sock_send(b->sk, opts, sizeof(opts), 0, NULL);
			if (rng_below(&rng, 4) == 0)
				lab_run(b->l, rng_below(&rng, 2000) * MS);
			lab_sent_clear(b->d);
		}
		bench_free(b);
	}
}

SUITE(tcp_input, T(tcp_short), T(tcp_checksum_bad), T(closed_port_answers_by_resets),
	T(reset_echoes_the_timestamp), T(reserved_bits_are_not_looked_at), T(tcp_port_zero),
	T(tcp_syn_to_broadcast), T(syn_from_no_host_is_ignored), T(nor_is_one_of_our_own),
	T(ip_options_are_not_looked_at), T(connection_bound_to_a_device_hears_only_that),
	T(connections_end_with_an_address_that_is_lost), T(mutated_segments_break_nothing))
