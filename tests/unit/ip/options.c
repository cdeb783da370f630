/* SPDX-License-Identifier: MIT */
/* Options: faults in them, record route and timestamp, source routes, unknown ones, what an answer bears. */
#include "tests/unit/ip/bench.h"

/* A packet with these option octets to the host, padded with EOL. */
static void put_bytes(struct bench *b, const char *dst, const uint8_t *bytes, size_t len)
{
	uint8_t opts[40] = {0};

	memcpy(opts, bytes, len);
	put_opts(b->eth0, hdr("10.0.0.2", dst), opts, (len + 3) / 4 * 4);
}

#define PUT(b, dst, ...) \
	put_bytes(b, dst, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void expect_pointer(unsigned octet)
{
	CU_ASSERT_EQUAL(rejected.count, 1);
	CU_ASSERT_EQUAL(rejected.why.type, ICMP_PARAM_PROBLEM);
	CU_ASSERT_EQUAL(rejected.why.code, 0);
	CU_ASSERT_EQUAL(rejected.why.info >> 24, octet);
	rejected.count = 0;
}

/* ---- faults ---- */

/* RFC1812-4.3.3.5 */
static void ip_opt_len_zero(void)
{
	struct bench b = bench_open();

	for (unsigned kind = 2; kind < 256; kind++) {
		PUT(&b, "10.0.0.1", IPOPT_NOP, (uint8_t)kind, 0, 0);
		expect_pointer(21);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_OPTION), 254);
	CU_ASSERT_EQUAL(MIB(b, IpInHdrErrors), 254);
	bench_close(&b);
}

static void ip_opt_len_one(void)
{
	struct bench b = bench_open();

	for (unsigned kind = 2; kind < 256; kind++) {
		PUT(&b, "10.0.0.1", (uint8_t)kind, 1, 0, 0);
		expect_pointer(20);
	}
	CU_ASSERT_EQUAL(DROPS(b, IP_BAD_OPTION), 254);
	bench_close(&b);
}

static void ip_opt_overrun(void)
{
	struct bench b = bench_open();
	static const uint8_t kinds[] = {IPOPT_RR, IPOPT_TS, IPOPT_RA, IPOPT_LSRR, IPOPT_SSRR, 130, 200};
	static const uint8_t lens[] = {3, 40, 41, 255};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t l = 0; l < ARRAY_SIZE(lens); l++) {
			uint8_t opts[40];
			memset(opts, IPOPT_NOP, sizeof(opts));
			opts[38] = kinds[k];
			opts[39] = lens[l];
			put_bytes(&b, "10.0.0.1", opts, sizeof(opts));
			expect_pointer(58);
		}
	}
	bench_close(&b);
}

static void ip_opt_missing_len(void)
{
	struct bench b = bench_open();

	PUT(&b, "10.0.0.1", IPOPT_NOP, IPOPT_NOP, IPOPT_NOP, IPOPT_RR);
	expect_pointer(23);
	bench_close(&b);
}

/* Whatever stands in them: dropped, nobody told, nothing passed on. RFC7126-4.3, RFC7126-4.4, RFC1122-I-115
 */
static void ip_opt_lsrr_ssrr(void)
{
	struct bench b = bench_router();
	unsigned sent = 0;

	for (unsigned kind = IPOPT_LSRR; kind <= IPOPT_SSRR; kind += IPOPT_SSRR - IPOPT_LSRR) {
		for (unsigned len = 3; len < 40; len++) {
			for (unsigned pointer = 0; pointer < 256; pointer += len == 39 ? 1 : 17) {
				uint8_t opts[40] = {(uint8_t)kind, (uint8_t)len, (uint8_t)pointer};
				put_bytes(&b, sent % 2 ? "10.0.0.1" : "10.0.1.2", opts, sizeof(opts));
				sent++;
			}
		}
	}
	PUT(&b, "10.0.0.1", IPOPT_LSRR, 7, 4, 10, 0, 1, 2, IPOPT_SSRR, 7, 4, 10, 0, 1, 2);
	CU_ASSERT_EQUAL(DROPS(b, IP_SOURCE_ROUTE), sent + 1);
	CU_ASSERT_EQUAL(rejected.count, 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	bench_close(&b);
}

static void ip_opt_rr_ts_pointer(void)
{
	struct bench b = bench_router();

	for (unsigned pointer = 0; pointer < 4; pointer++) {
		PUT(&b, "10.0.1.2", IPOPT_RR, 7, (uint8_t)pointer, 0, 0, 0, 0);
		expect_pointer(22);
		PUT(&b, "10.0.1.2", IPOPT_TS, 8, (uint8_t)(pointer + 1), 0, 0, 0, 0, 0);
		expect_pointer(22);
	}
	PUT(&b, "10.0.1.2", IPOPT_RR, 7, 5, 0, 0, 0, 0); /* a slot that ends behind the option */
	expect_pointer(22);
	PUT(&b, "10.0.1.2", IPOPT_TS, 8, 5, IPOPT_TS_ADDR, 0, 0, 0, 0);
	expect_pointer(22);
	PUT(&b, "10.0.1.2", IPOPT_TS, 8, 9, 0xf0, 0, 0, 0, 0); /* no counting beyond 15 */
	expect_pointer(23);
	PUT(&b, "10.0.1.2", IPOPT_RR, 2);
	expect_pointer(21);
	PUT(&b, "10.0.1.2", IPOPT_TS, 3, 5);
	expect_pointer(21);
	PUT(&b, "10.0.1.2", IPOPT_RA, 3, 0);
	expect_pointer(21);
	PUT(&b, "10.0.1.2", IPOPT_RR, 3, 4, IPOPT_RR, 3, 4); /* twice */
	expect_pointer(23);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 0);
	PUT(&b, "10.0.1.2", IPOPT_RR, 7, 8, 9, 9, 9, 9); /* full, and len + 1, and 255: nothing to write */
	PUT(&b, "10.0.1.2", IPOPT_RR, 7, 255, 9, 9, 9, 9);
	PUT(&b, "10.0.1.2", IPOPT_TS, 8, 255, 0x10, 9, 9, 9, 9);
	PUT(&b, "10.0.1.2", IPOPT_TS, 12, 13, IPOPT_TS_PRESPEC, 9, 9, 9, 9, 9, 9, 9, 9);
	for (int i = 0; i < 2; i++) {
		struct lab_ip_seen seen = lab_sent_ip(b.eth1);
		CU_ASSERT_EQUAL(memcmp(seen.header + 23, "\x09\x09\x09\x09", 4), 0);
	}
	struct lab_ip_seen seen = lab_sent_ip(b.eth1);
	CU_ASSERT_EQUAL(seen.header[23], 0x20); /* one more that found no room */
	seen = lab_sent_ip(b.eth1);
	CU_ASSERT_EQUAL(seen.header[23], IPOPT_TS_PRESPEC); /* nobody else was asked */
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

/* RFC1122-I-29, RFC1122-I-32, RFC1812-4.2.2.6, RFC1122-I-28 */
static void a_host_skips_options_it_does_not_know(void)
{
	struct bench b = bench_open();
	struct sock *sk = listen_raw(&b, PROTO_TEST);
	struct sock_msg msg;

	PUT(&b, "10.0.0.1", IPOPT_NOP, 200, 6, 1, 2, 3, 4, IPOPT_NOP); /* nobody's */
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, &msg), 20 + 8 + 4);
	CU_ASSERT_EQUAL(msg.opts_len, 8);
	CU_ASSERT_EQUAL(msg.opts[1], 200);
	PUT(&b, "10.0.0.1", 136, 4, 0, 1);	   /* stream id */
	PUT(&b, "10.0.0.1", IPOPT_EOL, 200, 0, 0); /* behind the end */
	CU_ASSERT_EQUAL(heard(sk), 2);
	sock_close(sk);
	bench_close(&b);
}

static void a_fault_in_a_packet_with_an_impossible_source_is_not_answered(void)
{
	struct bench b = bench_open();
	static const uint8_t opts[4] = {IPOPT_RR, 0, 0, 0};

	put_opts(b.eth0, hdr("127.0.0.1", "10.0.0.1"), opts, 4);
	CU_ASSERT_EQUAL(DROPS(b, IP_MARTIAN_SOURCE), 1);
	CU_ASSERT_EQUAL(rejected.count, 0);
	bench_close(&b);
}

/* ---- on the way through ---- */

/* RFC1812-5.3.13, RFC7126-4.23 */
static void a_router_passes_unknown_options_on_unless_told_otherwise(void)
{
	struct bench b = bench_router();
	static const uint8_t opts[8] = {200, 7, 1, 2, 3, 4, 5, IPOPT_EOL};

	put_opts(b.eth0, hdr("10.0.0.2", "10.0.1.2"), opts, 8);
	struct lab_ip_seen seen = lab_sent_ip(b.eth1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.header);
	CU_ASSERT_EQUAL(memcmp(seen.header + IP_HDR_LEN, opts, 8), 0);
	sysctl_set(b.s, "net.ipv4.ip_opt_drop_unknown", 1);
	put_opts(b.eth0, hdr("10.0.0.2", "10.0.1.2"), opts, 8);
	CU_ASSERT_EQUAL(DROPS(b, IP_UNKNOWN_OPTION), 1);
	PUT(&b, "10.0.1.2", IPOPT_RA, 4, 0, 0); /* is known */
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 1);
	put_opts(b.eth0, hdr("10.0.0.2", "10.0.0.1"), opts, 8); /* a host takes it all the same */
	CU_ASSERT_EQUAL(DROPS(b, IP_UNKNOWN_OPTION), 1);
	bench_close(&b);
}

static uint32_t word(const uint8_t *at)
{
	return get32(*(const be32 *)at);
}

/* RFC1122-I-37 */
static void record_route_gets_the_address_of_the_way_out(void)
{
	struct bench b = bench_router();

	PUT(&b, "10.0.1.2", IPOPT_NOP, IPOPT_RR, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0);
	struct lab_ip_seen seen = lab_sent_ip(b.eth1); /* which has a right checksum, or it would be none */
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.header);
	CU_ASSERT_EQUAL(word(seen.header + 24), 0x01020304);
	CU_ASSERT_EQUAL(word(seen.header + 28), lab_ip("10.0.1.1"));
	CU_ASSERT_EQUAL(seen.header[23], 12);
	bench_close(&b);
}

static uint32_t midnight_ms(const struct bench *b)
{
	return (uint32_t)(clock_wall_ns(&b->lab->loop.clock) / NS_PER_MS % 86400000);
}

/* RFC1122-I-38 */
static void timestamps_of_all_three_kinds(void)
{
	struct bench b = bench_router();
	struct lab_ip_seen seen;

	lab_run(b.lab, 12345 * NS_PER_MS);
	PUT(&b, "10.0.1.2", IPOPT_TS, 8, 5, IPOPT_TS_ONLY, 0, 0, 0, 0);
	seen = lab_sent_ip(b.eth1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen.header);
	CU_ASSERT_EQUAL(word(seen.header + 24), midnight_ms(&b));
	CU_ASSERT_EQUAL(seen.header[22], 9);
	PUT(&b, "10.0.1.2", IPOPT_TS, 12, 5, IPOPT_TS_ADDR, 0, 0, 0, 0, 0, 0, 0, 0);
	seen = lab_sent_ip(b.eth1);
	CU_ASSERT_EQUAL(word(seen.header + 24), lab_ip("10.0.1.1"));
	CU_ASSERT_EQUAL(word(seen.header + 28), midnight_ms(&b));
	PUT(&b, "10.0.1.2", IPOPT_TS, 12, 5, IPOPT_TS_PRESPEC, 10, 0, 0, 1, 0, 0, 0,
		0); /* an address of ours */
	seen = lab_sent_ip(b.eth1);
	CU_ASSERT_EQUAL(word(seen.header + 24), lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(word(seen.header + 28), midnight_ms(&b));
	CU_ASSERT_EQUAL(seen.header[22], 13);
	PUT(&b, "10.0.1.2", IPOPT_TS, 12, 5, IPOPT_TS_PRESPEC, 10, 0, 0, 9, 0, 0, 0, 0); /* another's */
	seen = lab_sent_ip(b.eth1);
	CU_ASSERT_EQUAL(word(seen.header + 28), 0);
	CU_ASSERT_EQUAL(seen.header[22], 5);
	bench_close(&b);
}

/* ---- back ---- */

/* RFC1122-I-37 */
static void an_answer_bears_record_route_and_timestamp_and_nothing_else(void)
{
	uint8_t h[IP_HDR_MAX] = {0}, opts[40];
	static const uint8_t in[] = {IPOPT_RA, 4, 0, 0, IPOPT_RR, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0, 200, 3, 7,
		IPOPT_TS, 8, 9, 0, 5, 6, 7, 8};
	static const uint8_t out[20] = {
		IPOPT_RR, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0, IPOPT_TS, 8, 9, 0, 5, 6, 7, 8, IPOPT_EOL};

	h[0] = 0x4c; /* 48 octets */
	memcpy(h + IP_HDR_LEN, in, sizeof(in));
	CU_ASSERT_EQUAL(ip_options_reflect(h, opts), sizeof(out));
	CU_ASSERT_EQUAL(memcmp(opts, out, sizeof(out)), 0);
	h[0] = 0x45;
	CU_ASSERT_EQUAL(ip_options_reflect(h, opts), 0);
	h[0] = 0x46;
	memcpy(h + IP_HDR_LEN, "\x83\x04\x04\0", 4); /* a source route, which was never accepted */
	CU_ASSERT_EQUAL(ip_options_reflect(h, opts), 0);
}

static void only_options_with_the_copied_flag_are_copied(void)
{
	uint8_t h[IP_HDR_MAX] = {0}, opts[40];
	static const uint8_t in[] = {
		IPOPT_NOP, IPOPT_RR, 3, 4, 200, 3, 7, IPOPT_NOP, 130, 4, 1, 2, IPOPT_EOL, 131, 4, 9};

	h[0] = 0x49;
	memcpy(h + IP_HDR_LEN, in, sizeof(in));
	CU_ASSERT_EQUAL(options_copied(h, 36, opts), 8);
	CU_ASSERT_EQUAL(memcmp(opts, "\xc8\x03\x07\x82\x04\x01\x02\x00", 8), 0);
	h[0] = 0x46;
	memcpy(h + IP_HDR_LEN, "\xc8\x00\x00\x00", 4); /* it cannot come so far, and would do no harm */
	CU_ASSERT_EQUAL(options_copied(h, 24, opts), 0);
}

SUITE(ip_options, T(ip_opt_len_zero), T(ip_opt_len_one), T(ip_opt_overrun), T(ip_opt_missing_len),
	T(ip_opt_lsrr_ssrr), T(ip_opt_rr_ts_pointer), T(a_host_skips_options_it_does_not_know),
	T(a_fault_in_a_packet_with_an_impossible_source_is_not_answered),
	T(a_router_passes_unknown_options_on_unless_told_otherwise),
	T(record_route_gets_the_address_of_the_way_out), T(timestamps_of_all_three_kinds),
	T(an_answer_bears_record_route_and_timestamp_and_nothing_else),
	T(only_options_with_the_copied_flag_are_copied))
