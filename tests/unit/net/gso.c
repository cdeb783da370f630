/* SPDX-License-Identifier: MIT */
/* Super-frames: cut as a slow twin cuts them, and believed only when they are what they say. */
#include "net/gso.h"

#include "lib/rng.h"
#include "net/dev.h"
#include "net/wire_ether.h"
#include "net/wire_ip6.h"
#include "net/wire_tcp.h"
#include "net/wire_udp.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/* What a super-frame of the tests is made of. */
struct shape {
	size_t l2, tags, ip_len, tcp_len, payload;
	uint16_t mss, flags, id;
	uint32_t seq;
};

static size_t ip_at(const struct shape *sh)
{
	return sh->l2 + 4 * sh->tags;
}

static size_t headers(const struct shape *sh)
{
	return ip_at(sh) + sh->ip_len + sh->tcp_len;
}

static struct shape random_shape(struct rng *r)
{
	struct shape sh = {
		.l2 = rng_below(r, 4) ? ETHER_HDR_LEN : 0,
		.ip_len = 20 + 4 * (rng_below(r, 3) ? 0 : rng_below(r, 11)),
		.tcp_len = 20 + 4 * rng_below(r, 11),
		.mss = (uint16_t)(1 + rng_below(r, rng_below(r, 2) ? 9000 : 40)),
		.flags = (uint16_t)(rng_u32(r) & TCP_FLAGS),
		.id = (uint16_t)rng_u32(r),
		.seq = rng_u32(r) | UINT32_C(0xffff0000), /* goes round 2^32 */
	};

	sh.tags = sh.l2 ? rng_below(r, DEV_NEST_MAX + 1) : 0;
	sh.payload = 1 + rng_below(r, MIN(65000u, 100u * sh.mss));
	return sh;
}

static struct pkt *build(struct pkt_pools *pools, const struct shape *sh, struct rng *r)
{
	size_t ip = ip_at(sh), tcp = ip + sh->ip_len, len = headers(sh) + sh->payload;
	struct pkt *p = pkt_new(pools, len);
	uint8_t *b = pkt_put(p, len);
	struct ip_hdr iph = {.src = rng_u32(r),
		.dst = rng_u32(r),
		.total_len = (uint16_t)(len - ip),
		.hdr_len = (uint8_t)sh->ip_len,
		.id = sh->id,
		.ttl = 7,
		.tos = 1,
		.proto = IP_PROTO_TCP,
		.df = rng_below(r, 2)};
	struct tcp_hdr tcph = {.sport = 5, .dport = 80, .seq = sh->seq, .ack = 1, .wnd = 3, .urg = 4};

	rng_bytes(r, b, len);
	for (size_t at = 12; sh->l2 && at < ip; at += 4)
		*(be16 *)(b + at) = put16(at + 2 == ip ? ETHERTYPE_IP : ETHERTYPE_VLAN);
	ip_emit(b + ip, &iph);
	tcph.flags = sh->flags;
	tcph.hdr_len = (uint8_t)sh->tcp_len;
	tcp_emit(b + tcp, &tcph);
	p->l2_len = (uint16_t)sh->l2;
	p->ip = iph;
	csum_begin(p, (uint16_t)tcp, TCP_CHECK_OFFSET);
	p->offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	p->offload.gso_size = sh->mss;
	p->offload.hdr_len = (uint16_t)len; /* an upper bound */
	return p;
}

/* ---- the twin: octet by octet, in the order of RFC 793's and RFC 791's pictures ---- */

static void twin_put(uint8_t *b, size_t at, unsigned octets, uint32_t value)
{
	while (octets--) {
		b[at + octets] = (uint8_t)value;
		value >>= 8;
	}
}

static uint32_t twin_sum(uint32_t sum, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? b[i] : (uint32_t)b[i] << 8;
	return sum;
}

static uint16_t twin_fold(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Segment `n` of `p` into `out`; returns its length. */
static size_t twin_segment(const struct pkt *p, const struct shape *sh, unsigned n, uint8_t *out)
{
	size_t ip = ip_at(sh), tcp = ip + sh->ip_len, hdrs = headers(sh), done = (size_t)n * sh->mss;
	size_t left = sh->payload - done, len = left < sh->mss ? left : sh->mss;
	uint16_t flags = sh->flags;

	memcpy(out, p->data, hdrs);
	memcpy(out + hdrs, p->data + hdrs + done, len);
	twin_put(out, ip + 2, 2, (uint32_t)(hdrs - ip + len));
	twin_put(out, ip + 4, 2, sh->id + n);
	twin_put(out, ip + 10, 2, 0);
	twin_put(out, ip + 10, 2, twin_fold(twin_sum(0, out + ip, sh->ip_len)));
	twin_put(out, tcp + 4, 4, sh->seq + (uint32_t)done);
	if (n > 0)
		flags &= (uint16_t)~TCP_CWR;
	if (len < left)
		flags &= (uint16_t) ~(TCP_FIN | TCP_PSH);
	twin_put(out, tcp + 12, 2, (uint32_t)(sh->tcp_len / 4 << 12 | flags));
	twin_put(out, tcp + 16, 2, 0);
	uint32_t sum = twin_sum(6 + (uint32_t)(sh->tcp_len + len), out + ip + 12, 8);
	twin_put(out, tcp + 16, 2, twin_fold(twin_sum(sum, out + tcp, sh->tcp_len + len)));
	return hdrs + len;
}

/* RFC9293-MUST-2 */
static void cut_as_the_slow_twin_cuts(void)
{
	static uint8_t want[70000];
	struct pkt_pools pools;
	struct rng r;

	rng_seed(&r, unit_seed);
	pkt_pools_init(&pools, 0, 0);
	for (int round = 0; round < 300; round++) {
		struct shape sh = random_shape(&r);
		struct pkt *p = build(&pools, &sh, &r);
		struct list out;
		unsigned n = 0;

		list_init(&out);
		CU_ASSERT_EQUAL_FATAL(gso_check(p), DROP_NONE);
		CU_ASSERT_EQUAL(p->offload.hdr_len, headers(&sh));
		CU_ASSERT_EQUAL_FATAL(gso_segment(p, &out), DROP_NONE);
		list_each_safe(seg, &out, struct pkt, node) {
			size_t len = twin_segment(p, &sh, n++, want);
			CU_ASSERT_FATAL(seg->len == len && memcmp(seg->data, want, len) == 0);
			CU_ASSERT(seg->parent == p->id && seg->l2_len == p->l2_len);
			CU_ASSERT(seg->offload.csum == PKT_CSUM_NONE && !seg->offload.gso_type);
			CU_ASSERT_EQUAL(seg->ip.total_len, len - ip_at(&sh));
			list_del(&seg->node);
			pkt_free(seg);
		}
		CU_ASSERT_EQUAL(n, (sh.payload + sh.mss - 1) / sh.mss);
		pkt_free(p);
	}
	pkt_pools_exit(&pools);
}

static void a_super_frame_without_payload_is_one_segment(void)
{
	struct shape sh = {.l2 = 14, .ip_len = 20, .tcp_len = 20, .mss = 100, .flags = TCP_FIN | TCP_CWR};
	struct pkt_pools pools;
	struct list out;
	struct rng r;

	rng_seed(&r, unit_seed);
	list_init(&out);
	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = build(&pools, &sh, &r);
	CU_ASSERT_EQUAL(gso_segment(p, &out), DROP_NONE);
	struct pkt *seg = list_first(&out, struct pkt, node);
	CU_ASSERT_EQUAL(seg->len, 54);
	CU_ASSERT(seg->data[47] == (TCP_FIN | TCP_CWR) && seg->node.next == &out);
	list_del(&seg->node);
	pkt_free(seg);
	pkt_free(p);
	pkt_pools_exit(&pools);
}

static void what_a_card_put_together_and_verified_is_summed_anew(void)
{
	struct shape sh = {.l2 = 14, .ip_len = 20, .tcp_len = 32, .payload = 3000, .mss = 1448};
	struct pkt_pools pools;
	struct rng r;

	rng_seed(&r, unit_seed);
	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = build(&pools, &sh, &r);
	uint16_t check = get16(*(be16 *)(p->data + 50));
	*(be16 *)(p->data + 50) = put16(0x4711);
	p->offload.csum = PKT_CSUM_OK;
	p->offload.csum_start = 0;
	CU_ASSERT_EQUAL(gso_check(p), DROP_NONE);
	CU_ASSERT_EQUAL(p->offload.csum, PKT_CSUM_PARTIAL);
	CU_ASSERT_EQUAL(p->offload.csum_start, 34);
	CU_ASSERT_EQUAL(get16(*(be16 *)(p->data + 50)), check);
	pkt_free(p);
	pkt_pools_exit(&pools);
}

/* One lie at a time, in the offload fields or in an octet of the headers. */
static void lies_are_found_out(void)
{
	enum { PARTIAL = PKT_CSUM_PARTIAL, TCP4 = VIRTIO_NET_HDR_GSO_TCPV4 };
	static const struct {
		const char *lie;
		struct pkt_offload o;
		size_t at;
		uint8_t octet;
	} rows[] = {
		{"TCP over IPv6", {PARTIAL, VIRTIO_NET_HDR_GSO_TCPV6, 10, 54, 34, 16}, 0, 0},
		{"UDP", {PARTIAL, VIRTIO_NET_HDR_GSO_UDP, 10, 54, 34, 16}, 0, 0},
		{"segments of nothing", {PARTIAL, TCP4, 0, 54, 34, 16}, 0, 0},
		{"nobody has summed", {PKT_CSUM_NONE, TCP4, 10, 54, 34, 16}, 0, 0},
		{"the sum begins elsewhere", {PARTIAL, TCP4, 10, 54, 35, 16}, 0, 0},
		{"the sum goes elsewhere", {PARTIAL, TCP4, 10, 54, 34, 6}, 0, 0},
		{"the sum begins in the link header", {PARTIAL, 0, 0, 0, 13, 16}, 0, 0},
		{"the sum goes past the end", {PARTIAL, 0, 0, 0, 34, 49}, 0, 0},
		{"no IPv4", {PARTIAL, TCP4, 10, 54, 34, 16}, 14, 0x65},
		{"another protocol", {PARTIAL, TCP4, 10, 54, 34, 16}, 23, 17},
		{"a fragment", {PARTIAL, TCP4, 10, 54, 34, 16}, 20, 0x20},
		{"not as long as IP says", {PARTIAL, TCP4, 10, 54, 34, 16}, 17, 69},
		{"TCP header past the end", {PARTIAL, TCP4, 10, 54, 34, 16}, 46, 0xf0},
		{"TCP header too short", {PARTIAL, TCP4, 10, 54, 34, 16}, 46, 0x40},
		{"a tag that ends the frame", {PARTIAL, TCP4, 10, 54, 34, 16}, 12, 0x81},
	};
	struct shape sh = {.l2 = 14, .ip_len = 20, .tcp_len = 20, .payload = 30, .mss = 10};
	struct pkt_pools pools;
	struct rng r;

	rng_seed(&r, unit_seed);
	pkt_pools_init(&pools, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pkt *p = build(&pools, &sh, &r);
		CU_ASSERT_EQUAL(gso_check(p), DROP_NONE);
		p->offload = rows[i].o;
		if (rows[i].at)
			p->data[rows[i].at] = rows[i].octet;
		if (rows[i].at > 14) /* only IP's own checksum stays right */
			ip_complete(p->data + 14, 20);
		if (gso_check(p) != DROP_DEV_BAD_OFFLOAD)
			CU_FAIL(rows[i].lie);
		pkt_free(p);
	}
	pkt_pools_exit(&pools);
}

/* ---- UDP: a header for each piece ---- */

enum { UDP_PIECE = 100, UDP_DATA = 250 };

/* The headers of IPv4 or IPv6 at 14, and UDP's behind them; its checksum is the sum of the pseudo-header. */
static struct pkt *build_udp(struct pkt_pools *pools, bool ip6, struct rng *r)
{
	size_t udp = 14 + (ip6 ? IP6_HDR_LEN : IP_HDR_LEN), len = udp + UDP_HDR_LEN + UDP_DATA;
	struct pkt *p = pkt_new(pools, len);
	struct ip_hdr ip = {.src = rng_u32(r),
		.dst = rng_u32(r),
		.total_len = (uint16_t)(len - 14),
		.hdr_len = 20,
		.id = 0xffff,
		.ttl = 7,
		.proto = IP_PROTO_UDP};
	uint8_t *b = pkt_put(p, len);

	rng_bytes(r, b, len);
	*(be16 *)(b + 12) = put16(ip6 ? 0x86dd : ETHERTYPE_IP);
	if (ip6) {
		b[14] = 0x60;
		b[20] = IP_PROTO_UDP;
		twin_put(b, 18, 2, UDP_HDR_LEN + UDP_DATA);
	} else {
		ip_emit(b + 14, &ip);
	}
	udp_emit(b + udp, &(struct udp_hdr){.sport = 5, .dport = 6, .len = UDP_HDR_LEN + UDP_DATA});
	p->l2_len = 14;
	p->offload = (struct pkt_offload){PKT_CSUM_PARTIAL, VIRTIO_NET_HDR_GSO_UDP_L4, UDP_PIECE,
		(uint16_t)len, (uint16_t)udp, UDP_CHECK_OFFSET};
	return p;
}

/* Of the transport, with the pseudo-header: 0 where it is right. */
static uint16_t twin_check(const struct pkt *seg, size_t udp, bool ip6)
{
	uint32_t len = seg->len - (uint32_t)udp;
	uint32_t pseudo =
		ip6 ? twin_sum(17 + len, seg->data + 14 + 8, 32) : twin_sum(17 + len, seg->data + 14 + 12, 8);

	return twin_fold(twin_sum(pseudo, seg->data + udp, len));
}

static void check_datagrams(struct pkt *p, bool ip6)
{
	size_t udp = 14 + (ip6 ? IP6_HDR_LEN : IP_HDR_LEN), payload = udp + UDP_HDR_LEN;
	size_t done = 0;
	struct list out;

	list_init(&out);
	CU_ASSERT_EQUAL_FATAL(gso_check(p), DROP_NONE);
	CU_ASSERT_EQUAL(p->offload.hdr_len, payload);
	CU_ASSERT_EQUAL_FATAL(gso_segment(p, &out), DROP_NONE);
	list_each_safe(seg, &out, struct pkt, node) {
		size_t len = MIN((size_t)UDP_PIECE, UDP_DATA - done);
		CU_ASSERT_EQUAL_FATAL(seg->len, payload + len);
		CU_ASSERT_EQUAL(memcmp(seg->data + payload, p->data + payload + done, len), 0);
		CU_ASSERT_EQUAL(memcmp(seg->data + udp, p->data + udp, 4), 0); /* the ports */
		CU_ASSERT_EQUAL(get16(*(be16 *)(seg->data + udp + 4)), UDP_HDR_LEN + len);
		CU_ASSERT_NOT_EQUAL(get16(*(be16 *)(seg->data + udp + UDP_CHECK_OFFSET)), 0);
		CU_ASSERT_EQUAL(twin_check(seg, udp, ip6), 0);
		if (ip6) {
			CU_ASSERT_EQUAL(get16(*(be16 *)(seg->data + 18)), UDP_HDR_LEN + len);
		} else {
			CU_ASSERT_EQUAL(get16(*(be16 *)(seg->data + 16)), seg->len - 14);
			CU_ASSERT_EQUAL(
				get16(*(be16 *)(seg->data + 18)), (uint16_t)(0xffff + done / UDP_PIECE));
			CU_ASSERT_EQUAL(twin_fold(twin_sum(0, seg->data + 14, IP_HDR_LEN)), 0);
		}
		CU_ASSERT(seg->offload.csum == PKT_CSUM_NONE && !seg->offload.gso_type);
		done += len;
		list_del(&seg->node);
		pkt_free(seg);
	}
	CU_ASSERT_EQUAL(done, UDP_DATA);
}

static void datagrams_get_a_header_each(void)
{
	struct pkt_pools pools;
	struct rng r;

	rng_seed(&r, unit_seed);
	pkt_pools_init(&pools, 0, 0);
	for (int round = 0; round < 100; round++) {
		struct pkt *p = build_udp(&pools, round % 2, &r);
		if (round % 4 == 0) { /* put together by a card, and verified */
			p->offload.csum = PKT_CSUM_OK;
			p->offload.csum_start = p->offload.csum_offset = 0;
		}
		check_datagrams(p, round % 2);
		CU_ASSERT(p->offload.csum == PKT_CSUM_PARTIAL && p->offload.csum_offset == UDP_CHECK_OFFSET);
		pkt_free(p);
	}
	pkt_pools_exit(&pools);
}

static void lies_about_datagrams_are_found_out(void)
{
	static const struct {
		const char *lie;
		bool ip6;
		size_t at;
		uint8_t octet;
		uint8_t csum;
		uint16_t csum_offset;
	} rows[] = {
		{"the sum goes where TCP has it", false, 0, 0, PKT_CSUM_PARTIAL, TCP_CHECK_OFFSET},
		{"nobody has summed", false, 0, 0, PKT_CSUM_NONE, UDP_CHECK_OFFSET},
		{"UDP's length is another one", false, 39, 3, PKT_CSUM_PARTIAL, UDP_CHECK_OFFSET},
		{"IPv6: UDP's length is another one", true, 59, 3, PKT_CSUM_PARTIAL, UDP_CHECK_OFFSET},
		{"IPv6: another protocol", true, 20, IP_PROTO_TCP, PKT_CSUM_PARTIAL, UDP_CHECK_OFFSET},
		{"IPv6: not as long as it says", true, 19, 3, PKT_CSUM_PARTIAL, UDP_CHECK_OFFSET},
		{"IPv6: its own version", true, 14, 0x50, PKT_CSUM_PARTIAL, UDP_CHECK_OFFSET},
		{"IPv6, whose sum we do not begin anew", true, 0, 0, PKT_CSUM_OK, UDP_CHECK_OFFSET},
	};
	struct pkt_pools pools;
	struct rng r;

	rng_seed(&r, unit_seed);
	pkt_pools_init(&pools, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pkt *p = build_udp(&pools, rows[i].ip6, &r);
		CU_ASSERT_EQUAL(gso_check(p), DROP_NONE);
		p->offload.csum = rows[i].csum;
		p->offload.csum_offset = rows[i].csum_offset;
		if (rows[i].at)
			p->data[rows[i].at] = rows[i].octet;
		if (gso_check(p) != DROP_DEV_BAD_OFFLOAD)
			CU_FAIL(rows[i].lie);
		pkt_free(p);
	}
	pkt_pools_exit(&pools);
}

/* Any octets under any offload fields, at the very end of what may be read. */
static void noise_is_survived(void)
{
	struct pkt_pools pools;
	struct rng r;

	rng_seed(&r, unit_seed);
	pkt_pools_init(&pools, 0, 0);
	for (int round = 0; round < 20000; round++) {
		struct shape sh = random_shape(&r);
		sh.payload %= 100;
		struct pkt *p =
			rng_below(&r, 2) ? build(&pools, &sh, &r) : build_udp(&pools, rng_below(&r, 2), &r);
		struct list out;
		pkt_trim(p, rng_below(&r, 4) ? p->len : rng_below(&r, p->len + 1));
		memmove(p->buf + p->room - p->len, p->data, p->len);
		p->data = p->buf + p->room - p->len;
		for (uint32_t n = rng_below(&r, 4); n && p->len; n--)
			p->data[rng_below(&r, MIN(p->len, 80u))] = (uint8_t)rng_u32(&r);
		p->offload.csum_start = (uint16_t)(p->offload.csum_start + (rng_below(&r, 9) == 0));
		p->offload.gso_size = rng_below(&r, 3) ? p->offload.gso_size : (uint16_t)rng_below(&r, 3);
		list_init(&out);
		if (gso_check(p) == DROP_NONE && p->offload.gso_type)
			CU_ASSERT_EQUAL(gso_segment(p, &out), DROP_NONE);
		list_each_safe(seg, &out, struct pkt, node) {
			list_del(&seg->node);
			pkt_free(seg);
		}
		csum_complete(p);
		pkt_free(p);
	}
	pkt_pools_exit(&pools);
}

static void without_memory_nothing_is_left_of_it(void)
{
	struct shape sh = {.l2 = 14, .ip_len = 20, .tcp_len = 20, .payload = 30, .mss = 10};
	struct pkt_pools pools;
	struct list out;
	struct rng r;

	rng_seed(&r, unit_seed);
	list_init(&out);
	for (size_t limit = 1; limit < 4; limit++) {
		pkt_pools_init(&pools, limit, 0);
		struct pkt *p = build(&pools, &sh, &r);
		CU_ASSERT_EQUAL(gso_segment(p, &out), DROP_NO_MEMORY);
		CU_ASSERT(list_empty(&out));
		CU_ASSERT_EQUAL(pool_in_use(&pools.small), 1);
		pkt_free(p);
		pkt_pools_exit(&pools);
	}
}

SUITE(net_gso, T(cut_as_the_slow_twin_cuts), T(a_super_frame_without_payload_is_one_segment),
	T(what_a_card_put_together_and_verified_is_summed_anew), T(lies_are_found_out),
	T(datagrams_get_a_header_each), T(lies_about_datagrams_are_found_out), T(noise_is_survived),
	T(without_memory_nothing_is_left_of_it))
