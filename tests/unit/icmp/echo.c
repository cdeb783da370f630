/* SPDX-License-Identifier: MIT */
#include "tests/unit/icmp/bench.h"

static void fill(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7 + 1);
}

/* ---- echo ---- */

/* RFC792-1, RFC1122-I-01, RFC1122-I-64, RFC1122-I-69, RFC1812-4.3.3.6 */
static void echo_reply_swaps_the_addresses_and_returns_everything_else(void)
{
	static const size_t lengths[] = {0, 1, 2, 3, 55, 56, 57, 1471, 1472};
	struct bench *b = bench_new();
	uint8_t data[1472];

	fill(data, sizeof(data));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct lab_ip_seen seen;
		struct icmp_hdr h;

		bench_echo(b, PEER, ME, data, lengths[i]);
		CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
		CU_ASSERT_EQUAL(h.type, ICMP_ECHO_REPLY);
		CU_ASSERT_EQUAL(h.code, 0);
		CU_ASSERT_EQUAL(h.rest, 0x12345678);
		CU_ASSERT_EQUAL(seen.ip.src, ME);
		CU_ASSERT_EQUAL(seen.ip.dst, PEER);
		CU_ASSERT_EQUAL_FATAL(seen.len, ICMP_HDR_LEN + lengths[i]);
		CU_ASSERT_EQUAL(memcmp(seen.payload + ICMP_HDR_LEN, data, lengths[i]), 0);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInEchos], ARRAY_SIZE(lengths));
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutEchoReps], ARRAY_SIZE(lengths));
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutMsgs], ARRAY_SIZE(lengths));
	bench_free(b);
}

/* As Linux does. */
static void code_of_the_request_comes_back(void)
{
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_ECHO, 9, 0x12345678}, "text", 4);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(h.type, ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(h.code, 9);
	bench_free(b);
}

/* RFC792-1 */
static void checksum_is_right_for_every_value_it_can_have(void)
{
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	for (uint32_t i = 0; i < 0x10000; i += 0x55) {
		uint8_t data[2] = {(uint8_t)(i >> 8), (uint8_t)i};

		bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_ECHO, 0, 0}, data, 2);
		CU_ASSERT_TRUE(bench_sent(b->d, &seen, &h));
	}
	/* the answers are zero in every octet, or sum up to the other zero */
	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_ECHO, 0, 0}, NULL, 0);
	CU_ASSERT_TRUE(bench_sent(b->d, &seen, &h));
	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_ECHO, 0, 0xffff}, NULL, 0);
	CU_ASSERT_TRUE(bench_sent(b->d, &seen, &h));
	bench_free(b);
}

/* RFC1122-I-73, RFC1812-4.3.3.6 */
static void long_request_comes_back_whole_in_fragments(void)
{
	enum { DATA = 2960, MTU_DATA = 1480 };
	struct bench *b = bench_new();
	uint8_t msg[ICMP_HDR_LEN + DATA], back[ICMP_HDR_LEN + DATA];
	struct icmp_hdr h = {ICMP_ECHO, 0, 0x00010001};
	size_t got = 0;

	fill(msg, sizeof(msg));
	icmp_emit(msg, sizeof(msg), &h);
	for (size_t at = 0; at < sizeof(msg); at += MTU_DATA) {
		size_t len = MIN(sizeof(msg) - at, (size_t)MTU_DATA);
		struct ip_hdr ip = {.src = PEER,
			.dst = ME,
			.id = 7,
			.ttl = 64,
			.proto = IP_PROTO_ICMP,
			.frag_off = (uint16_t)at,
			.mf = at + len < sizeof(msg)};

		bench_ip(b, ip, msg + at, len);
	}
	for (struct lab_ip_seen f = lab_sent_ip(b->d); f.payload; f = lab_sent_ip(b->d)) {
		CU_ASSERT_FATAL(f.ip.frag_off + f.len <= sizeof(back));
		memcpy(back + f.ip.frag_off, f.payload, f.len);
		got += f.len;
	}
	CU_ASSERT_EQUAL_FATAL(got, sizeof(msg));
	CU_ASSERT_EQUAL(icmp_parse(back, sizeof(back), false, &h), DROP_NONE);
	CU_ASSERT_EQUAL(h.type, ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(memcmp(back + ICMP_HDR_LEN, msg + ICMP_HDR_LEN, DATA), 0);
	bench_free(b);
}

/* RFC1122-I-68, RFC1812-4.3.3.6 */
static void reply_comes_from_the_address_that_was_asked(void)
{
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	lab_addr(b->d, "10.0.0.7/24");
	lab_sent_clear(b->d);
	bench_echo(b, PEER, lab_ip("10.0.0.7"), "x", 1);
	CU_ASSERT_TRUE(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(seen.ip.src, lab_ip("10.0.0.7"));
	bench_free(b);
}

static void reply_keeps_the_type_of_service_and_has_its_own_ttl(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = {
		.src = PEER, .dst = ME, .ttl = 3, .tos = 0xb8, .proto = IP_PROTO_ICMP, .df = true};
	uint8_t msg[ICMP_HDR_LEN];
	struct icmp_hdr h = {ICMP_ECHO, 0, 0};
	struct lab_ip_seen seen;

	icmp_emit(msg, sizeof(msg), &h);
	bench_ip(b, ip, msg, sizeof(msg));
	CU_ASSERT_TRUE(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(seen.ip.tos, 0xb8);
	CU_ASSERT_EQUAL(seen.ip.ttl, 64);
	CU_ASSERT_FALSE(seen.ip.df);
	bench_free(b);
}

/* A frame to all, with an echo request or another message to `dst`. */
static void ask_all(struct bench *b, uint32_t dst, struct icmp_hdr h, size_t len)
{
	static const uint8_t zeros[64];
	struct mac mac = ip_is_multicast(dst) ? ether_multicast(dst) : MAC_BROADCAST;

	lab_inject(b->d, b->frame, lab_frame_icmp(b->frame, mac, bench_peer_mac, PEER, dst, h, zeros, len));
}

/* RFC1122-I-66, RFC1122-I-67 */
static void ip_smurf(void)
{
	struct bench *b = bench_new();
	struct icmp_hdr h = {ICMP_ECHO, 0, 1};

	ask_all(b, IP_BROADCAST, h, 8);
	ask_all(b, lab_ip("10.0.0.255"), h, 8);
	ask_all(b, IP_ALL_HOSTS, h, 8);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BROADCAST_IGNORED), 3);
	ask_all(b, lab_ip("10.0.0.0"), h, 8);
	bench_echo(b, PEER, lab_ip("10.0.0.255"), "x", 1);
	bench_echo(b, PEER, lab_ip("10.0.0.0"), "x", 1);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BROADCAST_IGNORED), 6);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutMsgs], 0);
	bench_free(b);
}

/* RFC1122-I-68 */
static void broadcast_is_answered_from_the_devices_address_when_allowed(void)
{
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	b->s->sysctl[SYSCTL_ICMP_ECHO_IGNORE_BROADCASTS] = 0;
	ask_all(b, lab_ip("10.0.0.255"), (struct icmp_hdr){ICMP_ECHO, 0, 1}, 8);
	CU_ASSERT_TRUE(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(h.type, ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(seen.ip.src, ME);
	CU_ASSERT_EQUAL(seen.ip.dst, PEER);
	bench_free(b);
}

static void echo_can_be_switched_off(void)
{
	struct bench *b = bench_new();

	b->s->sysctl[SYSCTL_ICMP_ECHO_IGNORE_ALL] = 1;
	bench_echo(b, PEER, ME, "x", 1);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_ECHO_IGNORED), 1);
	bench_free(b);
}

static void echo_is_limited_where_the_mask_says_so(void)
{
	struct bench *b = bench_new();

	for (int i = 0; i < 20; i++)
		bench_echo(b, PEER, ME, "x", 1);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 20);
	b->s->sysctl[SYSCTL_ICMP_RATEMASK] = 1 << ICMP_ECHO_REPLY;
	for (int i = 0; i < 20; i++)
		bench_echo(b, PEER, ME, "x", 1);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 26);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_RATE_LIMITED), 14);
	bench_free(b);
}

/* CVE-2003-0001 */
static void eth_padding_leak(void)
{
	struct bench *b = bench_new();
	uint8_t secret[1400];
	size_t len;

	memset(secret, 0x5a, sizeof(secret));
	for (int i = 0; i < 50; i++) {
		bench_echo(b, PEER, ME, secret, sizeof(secret));
		lab_sent_clear(b->d);
		bench_echo(b, PEER, ME, "x", 1);
		const uint8_t *f = lab_sent(b->d, &len);
		CU_ASSERT_EQUAL_FATAL(len, ETHER_MIN_LEN);
		for (size_t at = ETHER_HDR_LEN + IP_HDR_LEN + ICMP_HDR_LEN + 1; at < len; at++)
			CU_ASSERT_EQUAL(f[at], 0);
	}
	bench_free(b);
}

/* ---- options ---- */

static void ask_with_options(struct bench *b, const uint8_t *opts, size_t len)
{
	struct ip_hdr ip = {.src = PEER, .dst = ME, .ttl = 64, .proto = IP_PROTO_ICMP};
	struct icmp_hdr h = {ICMP_ECHO, 0, 0};
	uint8_t msg[ICMP_HDR_LEN];

	icmp_emit(msg, sizeof(msg), &h);
	lab_inject(b->d, b->frame,
		lab_frame_ip(b->frame, b->d->mac, bench_peer_mac, ip, opts, len, msg, sizeof(msg)));
}

/* RFC1122-I-71 */
static void record_route_goes_on_in_the_reply(void)
{
	static const uint8_t opts[12] = {IPOPT_RR, 11, 8, 10, 0, 0, 9};
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	ask_with_options(b, opts, sizeof(opts));
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL_FATAL(seen.ip.hdr_len, IP_HDR_LEN + 12);
	const uint8_t *rr = seen.header + IP_HDR_LEN;
	CU_ASSERT_EQUAL(memcmp(rr, "\x07\x0b\x0c\x0a\x00\x00\x09\x0a\x00\x00\x01\x00", 12), 0);
	bench_free(b);
}

/* RFC1122-I-71 */
static void timestamp_option_goes_on_in_the_reply(void)
{
	static const uint8_t opts[12] = {IPOPT_TS, 12, 5, 1};
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	ask_with_options(b, opts, sizeof(opts));
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL_FATAL(seen.ip.hdr_len, IP_HDR_LEN + 12);
	const uint8_t *ts = seen.header + IP_HDR_LEN;
	CU_ASSERT_EQUAL(ts[0], IPOPT_TS);
	CU_ASSERT_EQUAL(ts[2], 13);
	CU_ASSERT_EQUAL(get32(*(const be32 *)(ts + 4)), ME);
	bench_free(b);
}

/* CVE-2021-31344 */
static void ip_opt_40_octets_echo(void)
{
	struct bench *b = bench_new();
	struct rng rng;
	unsigned answers = 0;

	rng_seed(&rng, unit_seed);
	for (int i = 0; i < 2000; i++) {
		uint8_t opts[IP_OPT_MAX];

		rng_bytes(&rng, opts, sizeof(opts));
		opts[0] = i % 2 ? IPOPT_RR : opts[0];
		if (i % 100 == 0)
			memset(opts, IPOPT_NOP, sizeof(opts));
		ask_with_options(b, opts, sizeof(opts));
		for (struct lab_ip_seen seen = lab_sent_ip(b->d); seen.payload; seen = lab_sent_ip(b->d)) {
			CU_ASSERT_EQUAL(seen.ip.dst, PEER);
			CU_ASSERT(mac_equal(seen.eth.dst, bench_peer_mac));
			answers += seen.payload[0] == ICMP_ECHO_REPLY;
		}
	}
	CU_ASSERT(answers >= 20 && answers <= 2000);
	bench_free(b);
}

/* ---- timestamp ---- */

static void ask_time(struct bench *b, size_t data_len)
{
	static const uint8_t data[64] = {1, 2, 3, 4};

	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_TIMESTAMP, 0, 0xabcd0001}, data, data_len);
}

/* RFC1122-I-75, RFC1122-I-76, RFC1122-I-78, RFC1122-I-79 */
static void timestamp_reply_tells_milliseconds_since_midnight(void)
{
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	lab_run(b->l, 3 * NS_PER_SEC);
	uint32_t now_ms = (uint32_t)(clock_wall_ns(&b->l->loop.clock) / NS_PER_MS % 86400000);
	ask_time(b, 20);
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(h.type, ICMP_TIMESTAMP_REPLY);
	CU_ASSERT_EQUAL(h.rest, 0xabcd0001);
	CU_ASSERT_EQUAL(seen.ip.src, ME);
	CU_ASSERT_EQUAL_FATAL(seen.len, ICMP_TIMESTAMP_LEN);
	CU_ASSERT_EQUAL(get32(*(const be32 *)(seen.payload + 8)), 0x01020304);
	CU_ASSERT_EQUAL(get32(*(const be32 *)(seen.payload + 12)), now_ms);
	CU_ASSERT_EQUAL(get32(*(const be32 *)(seen.payload + 16)), now_ms);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutTimestampReps], 1);
	bench_free(b);
}

static void timestamp_request_without_room_for_the_times_is_dropped(void)
{
	struct bench *b = bench_new();

	for (size_t len = 0; len < 12; len++)
		ask_time(b, len);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_SHORT), 12);
	ask_time(b, 12);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 1);
	bench_free(b);
}

/* RFC1122-I-77 */
static void timestamp_request_to_all_is_not_answered(void)
{
	struct bench *b = bench_new();

	ask_all(b, IP_BROADCAST, (struct icmp_hdr){ICMP_TIMESTAMP, 0, 1}, 12);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BROADCAST_IGNORED), 1);
	bench_free(b);
}

/* CVE-1999-0524, CVE-2020-11911, RFC1122-I-74, RFC1122-I-83 */
static void icmp_timestamp_mask(void)
{
	struct bench *b = bench_new();
	static const uint8_t data[12];

	ask_time(b, 12);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutTimestampReps], 1);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 1);
	lab_sent_clear(b->d);
	b->s->sysctl[SYSCTL_ICMP_TIMESTAMP_REPLY] = 0;
	ask_time(b, 12);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_TIMESTAMP_IGNORED), 1);
	for (uint8_t type = ICMP_INFO; type <= ICMP_MASK_REPLY; type++)
		bench_icmp(b, PEER, ME, (struct icmp_hdr){type, 0, 1}, data, sizeof(data));
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_INFO_IGNORED), 2);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_MASK_IGNORED), 2);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInAddrMasks], 1);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInAddrMaskReps], 1);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	bench_free(b);
}

SUITE(icmp_echo, T(echo_reply_swaps_the_addresses_and_returns_everything_else),
	T(code_of_the_request_comes_back), T(checksum_is_right_for_every_value_it_can_have),
	T(long_request_comes_back_whole_in_fragments), T(reply_comes_from_the_address_that_was_asked),
	T(reply_keeps_the_type_of_service_and_has_its_own_ttl), T(ip_smurf),
	T(broadcast_is_answered_from_the_devices_address_when_allowed), T(echo_can_be_switched_off),
	T(echo_is_limited_where_the_mask_says_so), T(eth_padding_leak), T(record_route_goes_on_in_the_reply),
	T(timestamp_option_goes_on_in_the_reply), T(ip_opt_40_octets_echo),
	T(timestamp_reply_tells_milliseconds_since_midnight),
	T(timestamp_request_without_room_for_the_times_is_dropped),
	T(timestamp_request_to_all_is_not_answered), T(icmp_timestamp_mask))
