/* SPDX-License-Identifier: MIT */
/* What peers said then, in the terms of now. Then our ISN was THEN and our port 555 where we began; now they are NOW and 999. */
#include "net/csum.h"
#include "net/wire_udp.h"
#include "shell/foreign.h"
#include "tests/unit/shell/segments.h"

#include <stdlib.h>

enum { THEN_PORT = 555, NOW_PORT = 999, LEN_MAX = 65600 };

struct bench {
	struct lab *lab;
	struct foreign fo;
	uint8_t frame[LEN_MAX];
	size_t len;
};

static uint32_t then(void)
{
	return unit_late ? 4294967290 : 5000;
}

static uint32_t now(void)
{
	return unit_late ? 4294967200 : 9000;
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->lab = lab_new();
	foreign_init(&b->fo);
	foreign_start(&b->fo, lab_wire(lab_host(b->lab, "h1"), "eth0", "10.0.0.1/24"), LINKTYPE_ETHERNET);
	return b;
}

static void bench_free(struct bench *b)
{
	foreign_stop(&b->fo);
	foreign_exit(&b->fo);
	lab_free(b->lab);
	free(b);
}

static void expect(struct bench *b, struct segment s)
{
	uint8_t frame[2000];
	struct capture_packet p = segment_packet(frame, segment_frame(frame, &s), 7);

	foreign_expect(&b->fo, &p);
}

static void send(struct bench *b, struct segment s)
{
	uint8_t frame[2000];

	foreign_sent(&b->fo, frame, segment_frame(frame, &s));
}

/* b->frame was in the capture. Does it come? */
static bool comes_frame(struct bench *b)
{
	struct capture_packet p = segment_packet(b->frame, b->len, 8);

	return foreign_translate(&b->fo, &p, 8);
}

static bool comes(struct bench *b, struct segment s)
{
	b->len = segment_frame(b->frame, &s);
	return comes_frame(b);
}

/* The segment that comes; its checksum is right. */
static struct tcp_hdr segment(const struct bench *b)
{
	const uint8_t *tcp = b->fo.packet + ETHER_HDR_LEN + IP_HDR_LEN;
	size_t len = b->fo.len - ETHER_HDR_LEN - IP_HDR_LEN;
	struct tcp_hdr h;

	CU_ASSERT_EQUAL(tcp_csum(tcp, len, PEER, US), 0);
	CU_ASSERT_EQUAL(tcp_peek(tcp, len, &h), DROP_NONE);
	return h;
}

static uint32_t word(const struct bench *b, size_t at)
{
	return get32(*(const be32 *)(b->fo.packet + ETHER_HDR_LEN + IP_HDR_LEN + at));
}

static const uint8_t syn_options[] = {1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0};    /* TSval 256 */
static const uint8_t later_options[] = {1, 1, 8, 10, 0, 0, 2, 0, 0, 0, 0, 0};  /* 512 */
static const uint8_t our_options[] = {1, 1, 8, 10, 0, 0, 0x10, 0, 0, 0, 0, 0}; /* 4096 */
static const uint8_t our_later_options[] = {1, 1, 8, 10, 0, 0, 0x10, 80, 0, 0, 0, 0};

/* It is seen that we have sent it. */
static void is_sent(struct bench *b)
{
	uint64_t at_ns;

	CU_ASSERT_TRUE(foreign_is_reached(&b->fo, &at_ns));
}

/* We have connected, then and now, and said five octets; the peer has taken the SYN. */
static void connect(struct bench *b)
{
	expect(b, OURS(TCP_SYN, then(), 0, .our_port = THEN_PORT, .options = syn_options, .options_len = 12));
	send(b, OURS(TCP_SYN, now(), 0, .our_port = NOW_PORT, .options = our_options, .options_len = 12));
	is_sent(b);
	CU_ASSERT_TRUE(comes(b, PEERS(TCP_SYN | TCP_ACK, 1000, then() + 1, .our_port = THEN_PORT)));
	expect(b,
		OURS(TCP_ACK, then() + 1, 1001, .our_port = THEN_PORT, .text = "hello",
			.options = later_options, .options_len = 12));
	send(b,
		OURS(TCP_ACK, now() + 1, 1001, .our_port = NOW_PORT, .text = "hello",
			.options = our_later_options, .options_len = 12));
}

static void acknowledgments_and_ports_are_ours_of_now(void)
{
	struct bench *b = bench_new();

	connect(b);
	CU_ASSERT_TRUE(comes(b, PEERS(TCP_ACK, 1001, then() + 6, .our_port = THEN_PORT, .text = "x")));
	struct tcp_hdr h = segment(b);
	CU_ASSERT_EQUAL(h.dport, NOW_PORT);
	CU_ASSERT_EQUAL(h.sport, PEER_PORT);
	CU_ASSERT_EQUAL(h.seq, 1001);
	CU_ASSERT_EQUAL(h.ack, now() + 6);
	CU_ASSERT_PTR_NULL(b->fo.debtor);
	CU_ASSERT_EQUAL(b->fo.packet[b->fo.len - 1], 'x');
	bench_free(b);
}

/* The edges of the SACK block that comes, where it was from..to then; by distance from the ISN. */
static void selective(struct bench *b, uint32_t from, uint32_t to, uint32_t *now_from, uint32_t *now_to)
{
	uint8_t options[12] = {1, 1, 5, 10};

	*(be32 *)(options + 4) = put32(then() + from);
	*(be32 *)(options + 8) = put32(then() + to);
	CU_ASSERT_TRUE(comes(b,
		PEERS(TCP_ACK, 1001, then() + 6, .our_port = THEN_PORT, .options = options,
			.options_len = 12)));
	CU_ASSERT_EQUAL(segment(b).ack, now() + 6);
	*now_from = word(b, TCP_HDR_LEN + 4) - now();
	*now_to = word(b, TCP_HDR_LEN + 8) - now();
}

static void so_are_sack_blocks_in_whole_segments(void)
{
	static const char *const then_sent[] = {"1234", "5678", "9abc"},
				 *const now_sent[] = {"123456", "789abc"};
	struct bench *b = bench_new();
	uint32_t from, to;

	connect(b);
	for (uint32_t i = 0; i < 3; i++)
		expect(b,
			OURS(TCP_ACK, then() + 6 + 4 * i, 1001, .our_port = THEN_PORT, .text = then_sent[i]));
	for (uint32_t i = 0; i < 2; i++)
		send(b, OURS(TCP_ACK, now() + 6 + 6 * i, 1001, .our_port = NOW_PORT, .text = now_sent[i]));
	selective(b, 10, 14, &from, &to);
	CU_ASSERT_TRUE(from == 12 && to == 18);
	selective(b, 14, 18, &from, &to);
	CU_ASSERT_TRUE(from == 12 && to == 18);
	selective(b, 8, 10, &from, &to); /* what is before and behind is of the same segment */
	CU_ASSERT_TRUE(from == 8 && to == 10);
	selective(b, 12, 18, &from, &to);
	CU_ASSERT_TRUE(from == 12 && to == 18);
	selective(b, 2, 4, &from, &to); /* a D-SACK */
	CU_ASSERT_TRUE(from == 2 && to == 4);
	bench_free(b);
}

static uint32_t echoed(struct bench *b, uint32_t tsecr)
{
	uint8_t options[12] = {1, 1, 8, 10, 0, 0, 0, 77};

	*(be32 *)(options + 8) = put32(tsecr);
	CU_ASSERT_TRUE(comes(b,
		PEERS(TCP_ACK, 1001, then() + 6, .our_port = THEN_PORT, .options = options,
			.options_len = 12)));
	CU_ASSERT_EQUAL(segment(b).ack, now() + 6);
	CU_ASSERT_EQUAL(word(b, TCP_HDR_LEN + 4), 77); /* the peer's own */
	return word(b, TCP_HDR_LEN + 8);
}

static void an_echoed_timestamp_is_that_of_the_same_text_now(void)
{
	struct bench *b = bench_new();

	connect(b);
	CU_ASSERT_EQUAL(echoed(b, 256), 4096);
	CU_ASSERT_EQUAL(echoed(b, 256 + 50), 4096 + 50);
	CU_ASSERT_EQUAL(echoed(b, 512), 4096 + 80); /* 256 later then, and 80 now */
	is_sent(b);
	CU_ASSERT_EQUAL(echoed(b, 512), 4096 + 80);
	CU_ASSERT_EQUAL(echoed(b, 512 - 3), 4096 + 77);
	bench_free(b);
}

static void nothing_is_acknowledged_before_it_is_sent(void)
{
	struct bench *b = bench_new();

	connect(b);
	expect(b, OURS(TCP_ACK, then() + 6, 1001, .our_port = THEN_PORT, .text = " world"));
	CU_ASSERT_TRUE(comes(b, PEERS(TCP_ACK, 1001, then() + 12, .our_port = THEN_PORT)));
	CU_ASSERT_EQUAL(segment(b).ack, now() + 6);
	CU_ASSERT_PTR_NOT_NULL(b->fo.debtor);
	send(b, OURS(TCP_ACK, now() + 6, 1001, .our_port = NOW_PORT, .text = " world"));
	CU_ASSERT_TRUE(comes(b, PEERS(TCP_ACK, 1001, then() + 12, .our_port = THEN_PORT)));
	CU_ASSERT_EQUAL(segment(b).ack, now() + 12);
	CU_ASSERT_PTR_NULL(b->fo.debtor);
	bench_free(b);
}

/* An attack of then is one now. */
static void what_was_never_sent_stays_as_far_away(void)
{
	struct bench *b = bench_new();

	connect(b);
	CU_ASSERT_TRUE(comes(b, PEERS(TCP_ACK, 1001, then() + 70000, .our_port = THEN_PORT)));
	CU_ASSERT_EQUAL(segment(b).ack, now() + 70000);
	CU_ASSERT_TRUE(comes(b, PEERS(TCP_ACK, 1001, then() - 70000, .our_port = THEN_PORT)));
	CU_ASSERT_EQUAL(segment(b).ack, now() - 70000);
	CU_ASSERT_PTR_NULL(b->fo.debtor);
	bench_free(b);
}

static void what_cannot_concern_us_does_not_come(void)
{
	struct bench *b = bench_new();

	/* in the middle of a connection */
	CU_ASSERT_FALSE(comes(b, PEERS(TCP_ACK, 1001, then() + 1, .text = "x")));
	CU_ASSERT_EQUAL(b->fo.left_out, 1);
	/* our SYN-ACK is missing */
	CU_ASSERT_TRUE(comes(b, PEERS(TCP_SYN, 1000, 0, .peer_port = 4)));
	CU_ASSERT_FALSE(comes(b, PEERS(TCP_ACK, 1001, then() + 1, .peer_port = 4)));
	CU_ASSERT_EQUAL(b->fo.left_out, 2);
	/* we have not connected yet */
	expect(b, OURS(TCP_SYN, then(), 0, .our_port = THEN_PORT));
	CU_ASSERT_FALSE(comes(b, PEERS(TCP_SYN | TCP_ACK, 1000, then() + 1, .our_port = THEN_PORT)));
	/* a question of then was answered */
	struct arp_msg m = {.op = ARP_OP_REPLY, .sha = peer_mac, .spa = PEER, .tha = our_mac, .tpa = US};
	b->len = lab_frame_arp(b->frame, our_mac, peer_mac, &m);
	CU_ASSERT_FALSE(comes_frame(b));
	m.op = ARP_OP_REQUEST;
	b->len = lab_frame_arp(b->frame, MAC_BROADCAST, peer_mac, &m);
	CU_ASSERT_TRUE(comes_frame(b));
	bench_free(b);
}

/* ---- errors ---- */

/* An error about what `ip` of ours carries, of which `len` octets are quoted. */
static bool error_comes(struct bench *b, uint8_t proto, const void *data, size_t len)
{
	uint8_t quote[200];
	size_t quoted = lab_frame_ip(quote, peer_mac, our_mac,
		(struct ip_hdr){.src = US, .dst = PEER, .proto = proto, .ttl = 64}, NULL, 0, data, len);

	b->len = lab_frame_icmp(b->frame, our_mac, peer_mac, 0x0a0000fe, US,
		(struct icmp_hdr){ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400}, quote + ETHER_HDR_LEN,
		quoted - ETHER_HDR_LEN);
	return comes_frame(b);
}

/* The octets of ours that are quoted; the message's checksum is right. */
static const uint8_t *quote(const struct bench *b)
{
	const uint8_t *icmp = b->fo.packet + ETHER_HDR_LEN + IP_HDR_LEN;

	CU_ASSERT_EQUAL(csum(icmp, b->fo.len - ETHER_HDR_LEN - IP_HDR_LEN), 0);
	return icmp + ICMP_HDR_LEN + IP_HDR_LEN;
}

static void what_an_error_quotes_is_ours_of_now(void)
{
	struct bench *b = bench_new();
	uint8_t tcp[TCP_HDR_LEN];

	connect(b);
	tcp_emit(tcp,
		&(struct tcp_hdr){
			.sport = THEN_PORT, .dport = PEER_PORT, .seq = then() + 1, .hdr_len = TCP_HDR_LEN});
	for (size_t len = TCP_QUOTE_LEN; len <= TCP_HDR_LEN; len += 6) {
		CU_ASSERT_TRUE(error_comes(b, IP_PROTO_TCP, tcp, len));
		CU_ASSERT_EQUAL(get16(*(const be16 *)quote(b)), NOW_PORT);
		CU_ASSERT_EQUAL(get16(*(const be16 *)(quote(b) + 2)), PEER_PORT);
		CU_ASSERT_EQUAL(get32(*(const be32 *)(quote(b) + 4)), now() + 1);
	}
	bench_free(b);
}

static void what_an_error_quotes_of_nobody_stays(void)
{
	struct bench *b = bench_new();
	uint8_t tcp[TCP_HDR_LEN];

	connect(b);
	tcp_emit(tcp,
		&(struct tcp_hdr){.sport = THEN_PORT + 1,
			.dport = PEER_PORT,
			.seq = then() + 1,
			.hdr_len = TCP_HDR_LEN});
	CU_ASSERT_TRUE(error_comes(b, IP_PROTO_TCP, tcp, sizeof(tcp)));
	CU_ASSERT_EQUAL(memcmp(quote(b), tcp, sizeof(tcp)), 0);
	CU_ASSERT_TRUE(error_comes(b, IP_PROTO_TCP, tcp, 3));
	CU_ASSERT_EQUAL(memcmp(quote(b), tcp, 3), 0);
	bench_free(b);
}

/* ---- messages ---- */

static size_t echo_frame(uint8_t *frame, bool ours, uint16_t ident, const char *data)
{
	struct icmp_hdr h = {ours ? ICMP_ECHO : ICMP_ECHO_REPLY, 0, (uint32_t)ident << 16 | 1};

	return lab_frame_icmp(frame, ours ? peer_mac : our_mac, ours ? our_mac : peer_mac, ours ? US : PEER,
		ours ? PEER : US, h, data, strlen(data));
}

static void an_echo_comes_back_with_what_we_have_sent(void)
{
	struct bench *b = bench_new();
	uint8_t icmp[ICMP_HDR_LEN];
	struct capture_packet p;

	p = segment_packet(b->frame, echo_frame(b->frame, true, THEN_PORT, "the time then"), 7);
	foreign_expect(&b->fo, &p);
	foreign_sent(&b->fo, b->frame, echo_frame(b->frame, true, NOW_PORT, "the time now!"));
	b->len = echo_frame(b->frame, false, THEN_PORT, "the time then");
	CU_ASSERT_TRUE(comes_frame(b));
	const uint8_t *reply = quote(b) - ICMP_HDR_LEN - IP_HDR_LEN;
	CU_ASSERT_EQUAL(get16(*(const be16 *)(reply + 4)), NOW_PORT);
	CU_ASSERT_EQUAL(memcmp(reply + ICMP_HDR_LEN, "the time now!", 13), 0);
	icmp_emit(icmp, sizeof(icmp), &(struct icmp_hdr){ICMP_ECHO, 0, (uint32_t)THEN_PORT << 16 | 1});
	CU_ASSERT_TRUE(error_comes(b, IP_PROTO_ICMP, icmp, sizeof(icmp)));
	CU_ASSERT_EQUAL(get16(*(const be16 *)(quote(b) + 4)), NOW_PORT);
	bench_free(b);
}

static size_t datagram_frame(uint8_t *frame, bool ours, uint16_t our_port, uint16_t check)
{
	uint8_t udp[UDP_HDR_LEN + 2] = {0};
	struct ip_hdr ip = {
		.src = ours ? US : PEER, .dst = ours ? PEER : US, .proto = IP_PROTO_UDP, .ttl = 64};

	udp_emit(udp,
		&(struct udp_hdr){.sport = ours ? our_port : 53,
			.dport = ours ? 53 : our_port,
			.len = sizeof(udp),
			.check = check});
	return lab_frame_ip(
		frame, ours ? peer_mac : our_mac, ours ? our_mac : peer_mac, ip, NULL, 0, udp, sizeof(udp));
}

/* The datagram of the peer's: its checksum now. */
static uint16_t check_now(struct bench *b, uint16_t check)
{
	struct udp_hdr h;

	b->len = datagram_frame(b->frame, false, THEN_PORT, check);
	CU_ASSERT_TRUE(comes_frame(b));
	udp_peek(b->fo.packet + ETHER_HDR_LEN + IP_HDR_LEN, UDP_HDR_LEN, &h);
	CU_ASSERT_EQUAL(h.dport, NOW_PORT);
	return h.check;
}

static void a_datagram_without_checksum_gets_none(void)
{
	struct bench *b = bench_new();
	uint64_t pseudo = csum_pseudo(PEER, US, IP_PROTO_UDP, UDP_HDR_LEN + 2);
	uint16_t bare = (uint16_t)~csum_finish(pseudo);
	struct capture_packet p = segment_packet(b->frame, datagram_frame(b->frame, true, THEN_PORT, 0), 7);

	foreign_expect(&b->fo, &p);
	foreign_sent(&b->fo, b->frame, datagram_frame(b->frame, true, NOW_PORT, 0));
	CU_ASSERT_EQUAL(check_now(b, 0), 0);
	CU_ASSERT_EQUAL(check_now(b, 1234), 1234);
	CU_ASSERT_NOT_EQUAL(check_now(b, bare), bare);
	CU_ASSERT_EQUAL(
		csum_finish(csum_add(pseudo, b->fo.packet + ETHER_HDR_LEN + IP_HDR_LEN, UDP_HDR_LEN + 2)), 0);
	bench_free(b);
}

/* ---- how the capture was taken ---- */

/* What was left to a network card that never saw it. */
static void a_bare_checksum_is_made_whole(void)
{
	struct bench *b = bench_new();
	struct segment s = PEERS(TCP_ACK, 1001, then() + 6, .our_port = THEN_PORT, .text = "x");
	uint8_t *check = b->frame + ETHER_HDR_LEN + IP_HDR_LEN + TCP_CHECK_OFFSET;

	connect(b);
	b->len = segment_frame(b->frame, &s);
	*(be16 *)check = put16((uint16_t)~csum_finish(csum_pseudo(PEER, US, IP_PROTO_TCP, TCP_HDR_LEN + 1)));
	CU_ASSERT_TRUE(comes_frame(b));
	CU_ASSERT_EQUAL(segment(b).ack, now() + 6);
	bench_free(b);
}

static void a_wrong_checksum_stays_wrong(void)
{
	struct bench *b = bench_new();
	struct segment s = PEERS(TCP_ACK, 1001, then() + 6, .our_port = THEN_PORT, .text = "x");

	connect(b);
	b->len = segment_frame(b->frame, &s);
	b->frame[b->len - 1] ^= 1;
	CU_ASSERT_TRUE(comes_frame(b));
	CU_ASSERT_NOT_EQUAL(
		tcp_csum(b->fo.packet + ETHER_HDR_LEN + IP_HDR_LEN, TCP_HDR_LEN + 1, PEER, US), 0);
	bench_free(b);
}

static void a_super_frame_is_cut_as_we_allow(void)
{
	static const uint8_t mss[] = {2, 4, 1400 >> 8, 1400 & 0xff};
	struct bench *b = bench_new();
	uint8_t tcp[TCP_HDR_LEN + 5000] = {0};

	CU_ASSERT_TRUE(comes(b, PEERS(TCP_SYN, 1000, 0)));
	CU_ASSERT_EQUAL(b->fo.gso_size, 0);
	expect(b, OURS(TCP_SYN | TCP_ACK, then(), 1001, .options = mss, .options_len = 4));
	send(b, OURS(TCP_SYN | TCP_ACK, now(), 1001));
	tcp_emit(tcp,
		&(struct tcp_hdr){.sport = PEER_PORT,
			.dport = OUR_PORT,
			.seq = 1001,
			.ack = then() + 1,
			.flags = TCP_ACK,
			.hdr_len = TCP_HDR_LEN});
	tcp_put_check(tcp, tcp_csum(tcp, sizeof(tcp), PEER, US));
	b->len = lab_frame_ip(b->frame, our_mac, peer_mac,
		(struct ip_hdr){.src = PEER, .dst = US, .proto = IP_PROTO_TCP, .ttl = 64}, NULL, 0, tcp,
		sizeof(tcp));
	CU_ASSERT_TRUE(comes_frame(b));
	CU_ASSERT_EQUAL(b->fo.gso_size, 1400);
	CU_ASSERT_EQUAL(segment(b).ack, now() + 1);
	bench_free(b);
}

static void with_ours_the_frame_is_for_our_device(void)
{
	struct bench *b = bench_new();
	struct mac far = {{2, 0, 0, 0, 77, 77}};
	struct segment s = PEERS(TCP_SYN, 1000, 0);

	CU_ASSERT_TRUE(foreign_parse_ours(&b->fo, "10.0.0.1"));
	b->len = segment_frame(b->frame, &s);
	memcpy(b->frame, far.b, sizeof(far.b));
	CU_ASSERT_TRUE(comes_frame(b));
	CU_ASSERT_EQUAL(memcmp(b->fo.packet, b->fo.dev->mac.b, sizeof(far.b)), 0);
	memcpy(b->frame, MAC_BROADCAST.b, sizeof(far.b));
	CU_ASSERT_TRUE(comes_frame(b));
	CU_ASSERT_EQUAL(memcmp(b->fo.packet, MAC_BROADCAST.b, sizeof(far.b)), 0);
	bench_free(b);
}

/* Under ASan. */
static void garbage_does_no_harm(void)
{
	struct bench *b = bench_new();
	struct rng r;

	rng_seed(&r, unit_seed);
	connect(b);
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t sack[12] = {1, 1, 5, 10};
		struct segment s = PEERS(
			TCP_ACK, 1001, then() + 6, .our_port = THEN_PORT, .options = sack, .options_len = 12);
		b->len = i % 3 ? segment_frame(b->frame, &s) : echo_frame(b->frame, false, THEN_PORT, "data");
		if (i % 7 == 0)
			error_comes(b, IP_PROTO_TCP, "\x02\x2b\x9c\x40\0\0\0\0", rng_below(&r, 9));
		for (unsigned k = 0; k < 3; k++)
			b->frame[12 + rng_below(&r, (uint32_t)b->len - 12)] = (uint8_t)rng_u32(&r);
		b->len = rng_below(&r, (uint32_t)b->len + 1);
		uint8_t *exact = malloc(b->len ? b->len : 1);
		memcpy(exact, b->frame, b->len);
		struct capture_packet p = segment_packet(exact, b->len, i);
		if (i & 8)
			foreign_expect(&b->fo, &p);
		else
			foreign_translate(&b->fo, &p, i);
		free(exact);
	}
	CU_ASSERT_TRUE(b->fo.left_out > 0);
	bench_free(b);
}

SUITE(shell_foreign_translate, T(acknowledgments_and_ports_are_ours_of_now),
	T(so_are_sack_blocks_in_whole_segments), T(an_echoed_timestamp_is_that_of_the_same_text_now),
	T(nothing_is_acknowledged_before_it_is_sent), T(what_was_never_sent_stays_as_far_away),
	T(what_cannot_concern_us_does_not_come), T(what_an_error_quotes_is_ours_of_now),
	T(what_an_error_quotes_of_nobody_stays), T(an_echo_comes_back_with_what_we_have_sent),
	T(a_datagram_without_checksum_gets_none), T(a_bare_checksum_is_made_whole),
	T(a_wrong_checksum_stays_wrong), T(a_super_frame_is_cut_as_we_allow),
	T(with_ours_the_frame_is_for_our_device), T(garbage_does_no_harm))
