/* SPDX-License-Identifier: MIT */
/* Fields of packets: names and values, anything cut off or changed, and that no octet is overlooked. */
#include "shell/fields.h"

#include "lib/capture.h"
#include "lib/rng.h"
#include "tests/unit/lab.h"

#include <stdlib.h>

static const struct mac a = {{2, 0, 0, 0, 0, 1}}, b = {{2, 0, 0, 0, 0, 2}};

enum { A = 0x0a000001, B = 0x0a000002 };

static const char *value(const struct fields *f, const uint8_t *frame, const char *name, char *text)
{
	const struct field *x = fields_find(f, name);

	return x ? field_text(x, frame, text) : "none";
}

/* Of what was read from `frame`. */
#define VALUE(f, name, expected)                                              \
	do {                                                                  \
		char text_[FIELD_TEXT_LEN];                                   \
		const char *value_ = value(f, frame, name, text_);            \
		CU_ASSERT_STRING_EQUAL(value_, expected);                     \
		if (strcmp(value_, expected) != 0)                            \
			printf("%s is %s, not %s\n", name, value_, expected); \
	} while (0)

static const uint8_t options[] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 3, 3, 10, 5, 18,
	0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0};

/* A segment with all options that are known, and four octets of text. */
static size_t segment(uint8_t *frame)
{
	uint8_t tcp[TCP_HDR_MAX + 4] = {0};
	struct tcp_hdr h = {.sport = 80,
		.dport = 40000,
		.seq = 4294967295,
		.ack = 7,
		.wnd = 1000,
		.flags = TCP_SYN | TCP_ACK | TCP_ECE,
		.hdr_len = TCP_HDR_MAX};

	tcp_emit(tcp, &h);
	memcpy(tcp + TCP_HDR_LEN, options, sizeof(options));
	memcpy(tcp + TCP_HDR_MAX, "text", 4);
	return lab_frame_ip(frame, b, a,
		(struct ip_hdr){
			.src = A, .dst = B, .proto = IP_PROTO_TCP, .ttl = 64, .id = 0x1234, .df = true},
		NULL, 0, tcp, sizeof(tcp));
}

/* "Port unreachable" about that segment, quoting 8 octets of it. */
static size_t error(uint8_t *frame)
{
	uint8_t original[2000];

	segment(original);
	return lab_frame_icmp(frame, a, b, B, A, (struct icmp_hdr){ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0},
		original + ETHER_HDR_LEN, IP_HDR_LEN + TCP_QUOTE_LEN);
}

static size_t request(uint8_t *frame)
{
	struct arp_msg m = {.op = ARP_OP_REQUEST, .sha = a, .spa = A, .tpa = B};

	return lab_frame_arp(frame, MAC_BROADCAST, a, &m);
}

static size_t fragment(uint8_t *frame)
{
	uint8_t data[24] = "of a datagram";

	return lab_frame_ip(frame, b, a,
		(struct ip_hdr){.src = A, .dst = B, .proto = IP_PROTO_UDP, .ttl = 1, .frag_off = 1480},
		"\1\1\1", 4, data, sizeof(data));
}

static size_t echo(uint8_t *frame)
{
	return lab_frame_icmp(frame, a, b, B, A, (struct icmp_hdr){ICMP_ECHO, 0, 0x00070009}, "abc", 3);
}

static void a_segment_has_the_names_of_tshark(void)
{
	struct fields f = {0};
	uint8_t frame[2000];
	struct buf words = {0};

	fields_read(&f, LINKTYPE_ETHERNET, frame, segment(frame));
	VALUE(&f, "eth.src", "02:00:00:00:00:01");
	VALUE(&f, "eth.type", "0x0800");
	VALUE(&f, "ip.hdr_len", "20");
	VALUE(&f, "ip.id", "0x1234");
	VALUE(&f, "ip.flags.df", "1");
	VALUE(&f, "ip.flags.mf", "0");
	VALUE(&f, "ip.dst", "10.0.0.2");
	VALUE(&f, "tcp.seq", "4294967295");
	VALUE(&f, "tcp.hdr_len", "60");
	VALUE(&f, "tcp.flags", "0x052 SYN ACK ECE");
	VALUE(&f, "tcp.options.mss_val", "1460");
	VALUE(&f, "tcp.options.wscale.shift", "10");
	VALUE(&f, "tcp.options.timestamp.tsecr", "9");
	VALUE(&f, "tcp.options.sack_re", "2");
	VALUE(&f, "tcp.options.sack_perm", "4");
	VALUE(&f, "tcp.payload", "4 octets: 74 65 78 74");
	VALUE(&f, "udp.srcport", "none");
	fields_summary(&f, frame, &words);
	CU_ASSERT_STRING_EQUAL(buf_text(&words),
		"02:00:00:00:00:01 > 02:00:00:00:00:02, 10.0.0.1 > 10.0.0.2, TCP 80 > 40000 0x052 SYN ACK "
		"ECE seq "
		"4294967295");
	buf_exit(&words);
	fields_exit(&f);
}

static void what_an_error_quotes_is_marked(void)
{
	struct fields f = {0};
	uint8_t frame[2000];

	fields_read(&f, LINKTYPE_ETHERNET, frame, error(frame));
	VALUE(&f, "icmp.code", "3");
	VALUE(&f, "tcp.seq", "4294967295");
	CU_ASSERT_TRUE(fields_find(&f, "tcp.seq")->quoted);
	CU_ASSERT_FALSE(fields_find(&f, "ip.src")->quoted);
	CU_ASSERT_STRING_EQUAL(f.at[f.count - 1].name, "tcp.seq");
	fields_exit(&f);
}

static void fragments_and_other_protocols(void)
{
	struct fields f = {0};
	uint8_t frame[2000];

	fields_read(&f, LINKTYPE_ETHERNET, frame, fragment(frame));
	VALUE(&f, "ip.frag_offset", "1480");
	VALUE(&f, "ip.options", "4 octets: 01 01 01 00");
	VALUE(&f, "data", "24 octets: 6f 66 20 61 20 64 61...");
	fields_read(&f, LINKTYPE_ETHERNET, frame, request(frame));
	VALUE(&f, "arp.opcode", "1");
	VALUE(&f, "arp.dst.proto_ipv4", "10.0.0.2");
	fields_read(&f, LINKTYPE_ETHERNET, frame, echo(frame));
	VALUE(&f, "icmp.seq", "9");
	VALUE(&f, "icmp.data", "3 octets: 61 62 63");
	size_t len = echo(frame);
	fields_read(&f, LINKTYPE_RAW, frame + ETHER_HDR_LEN, len - ETHER_HDR_LEN);
	VALUE(&f, "ip.src", "10.0.0.2");
	VALUE(&f, "eth.src", "none");
	memmove(frame + 16, frame + 12, len - 12);
	vlan_emit(frame + 12, ETHERTYPE_VLAN, 5);
	fields_read(&f, LINKTYPE_ETHERNET, frame, len + 4);
	VALUE(&f, "vlan.id", "5");
	VALUE(&f, "icmp.seq", "9");
	fields_exit(&f);
}

static void names_are_known(void)
{
	CU_ASSERT_TRUE(fields_is_name("tcp.options"));
	CU_ASSERT_TRUE(fields_is_name("tcp"));
	CU_ASSERT_TRUE(fields_is_name("udp.payload"));
	CU_ASSERT_FALSE(fields_is_name("tcp.opt"));
	CU_ASSERT_FALSE(fields_is_name("tcp.options.mss_val.x"));
	CU_ASSERT_FALSE(fields_is_name("ipx"));
}

/* ---- anything ---- */

static size_t (*const makers[])(uint8_t *frame) = {segment, error, request, fragment, echo};

static bool is_same(const uint8_t *x, const struct fields *f, const uint8_t *y, const struct fields *g)
{
	if (f->count != g->count)
		return false;
	for (size_t i = 0; i < f->count; i++) {
		const struct field *p = &f->at[i], *q = &g->at[i];
		if (strcmp(p->name, q->name) != 0 || p->value != q->value || p->len != q->len)
			return false;
		if (p->form == FIELD_OCTETS && memcmp(x + p->at, y + q->at, p->len) != 0)
			return false;
	}
	return true;
}

static void no_octet_is_overlooked(void)
{
	struct fields f = {0}, g = {0};
	uint8_t frame[2000], changed[2000];

	for (size_t m = 0; m < ARRAY_SIZE(makers); m++) {
		size_t len = makers[m](frame);
		fields_read(&f, LINKTYPE_ETHERNET, frame, len);
		for (size_t i = 0; i < len * 8; i++) {
			memcpy(changed, frame, len);
			changed[i / 8] ^= (uint8_t)(1 << i % 8);
			fields_read(&g, LINKTYPE_ETHERNET, changed, len);
			CU_ASSERT_FALSE(is_same(frame, &f, changed, &g));
		}
		fields_read(&g, LINKTYPE_ETHERNET, frame, len - 1);
		CU_ASSERT_FALSE(is_same(frame, &f, frame, &g));
	}
	fields_exit(&f);
	fields_exit(&g);
}

static void anything_is_taken(void)
{
	struct fields f = {0};
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int round = 0; round < 20000; round++) {
		uint8_t frame[2000];
		size_t len = makers[rng_below(&r, ARRAY_SIZE(makers))](frame);
		for (uint32_t n = rng_below(&r, 6); n > 0; n--)
			frame[rng_below(&r, (uint32_t)len)] = (uint8_t)rng_u32(&r);
		len = rng_below(&r, 2) ? rng_below(&r, (uint32_t)len + 1) : len;
		uint8_t *exact = malloc(len + 1); /* so that ASan sees a read past its end */
		memcpy(exact + 1, frame, len);
		fields_read(&f, rng_below(&r, 2) ? LINKTYPE_ETHERNET : LINKTYPE_RAW, exact + 1, len);
		for (size_t i = 0; i < f.count; i++)
			CU_ASSERT(f.at[i].at + f.at[i].len <= len && f.at[i].len > 0);
		free(exact);
	}
	fields_exit(&f);
}

SUITE(shell_fields, T(a_segment_has_the_names_of_tshark), T(what_an_error_quotes_is_marked),
	T(fragments_and_other_protocols), T(names_are_known), T(no_octet_is_overlooked), T(anything_is_taken))
