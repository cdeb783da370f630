/* SPDX-License-Identifier: MIT */
/* The Internet checksum against RFC 1071's own sum of 16-bit words. */
#include "net/csum.h"

#include "lib/blob.h"
#include "lib/rng.h"
#include "net/pkt.h"
#include "net/wire_ether.h"
#include "tests/unit/unit.h"

static uint16_t slow_csum(const uint8_t *b, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? b[i] : (uint32_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC1071-1 */
static void agrees_with_the_slow_sum_at_every_length_and_alignment(void)
{
	uint8_t b[300];
	struct rng r;

	rng_seed(&r, unit_seed);
	rng_bytes(&r, b, sizeof(b));
	for (size_t at = 0; at < 8; at++)
		for (size_t len = 0; len + at <= sizeof(b); len++)
			CU_ASSERT_EQUAL_FATAL(csum(b + at, len), slow_csum(b + at, len));
	memset(b, 0xff, sizeof(b));
	CU_ASSERT_EQUAL(csum(b, sizeof(b)), slow_csum(b, sizeof(b)));
}

static void pieces_add_up(void)
{
	uint8_t b[100];
	struct rng r;

	rng_seed(&r, unit_seed);
	rng_bytes(&r, b, sizeof(b));
	for (size_t cut = 0; cut <= sizeof(b); cut += 2)
		CU_ASSERT_EQUAL(csum_finish(csum_add(csum_add(0, b, cut), b + cut, sizeof(b) - cut)),
			csum(b, sizeof(b)));
}

/* RFC1624-3: also where the sum is 0xffff, which the equation of RFC 1141 makes a wrong zero of */
static void updating_equals_computing_anew(void)
{
	uint8_t b[20];
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 20000; i++) {
		rng_bytes(&r, b, sizeof(b));
		uint16_t from = get16(*(be16 *)(b + 8)), before = csum(b, sizeof(b));
		uint32_t to = rng_below(&r, 3) ? rng_u32(&r) & 0xffff : 0;
		if (i % 3) { /* the word that makes the checksum 0, or 0xfffe, for which carries go round
				twice */
			*(be16 *)(b + 8) = put16(0);
			to = csum(b, sizeof(b)) + (i % 3 == 1 ? 0u : 1u);
			to = to > 0xffff ? 1 : to;
		}
		*(be16 *)(b + 8) = put16((uint16_t)to);
		CU_ASSERT_EQUAL_FATAL(csum_update(before, from, (uint16_t)to), csum(b, sizeof(b)));
		CU_ASSERT_FATAL(i % 3 != 1 || csum(b, sizeof(b)) == 0);
		CU_ASSERT_FATAL(i % 3 != 2 || csum(b, sizeof(b)) == 0xfffe);
	}
}

static void a_partial_checksum_is_completed_once(void)
{
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = pkt_new(&pools, 64);
	uint8_t *b = pkt_put(p, 64);
	for (uint8_t i = 0; i < 64; i++)
		b[i] = i;
	*(be16 *)(b + 40) = put16(0x1234); /* the pseudo-header's sum */
	p->offload = (struct pkt_offload){.csum = PKT_CSUM_PARTIAL, .csum_start = 34, .csum_offset = 6};
	csum_complete(p);
	CU_ASSERT_EQUAL(p->offload.csum, PKT_CSUM_NONE);
	/* the sum over all, less the pseudo-header's part that is no longer there */
	uint64_t sum = csum_add(0, b + 34, 30);
	be16 pseudo = put16(0x1234);
	CU_ASSERT_EQUAL(csum_finish(csum_add(sum, &pseudo, 2)), 0);
	p->offload = (struct pkt_offload){.csum = PKT_CSUM_PARTIAL, .csum_start = 60, .csum_offset = 6};
	csum_complete(p); /* past the end: left alone */
	memset(b, 0, 64);
	*(be16 *)(b + 40) = put16(0xffff); /* 0 would say in UDP that there is none (RFC 768) */
	p->offload = (struct pkt_offload){.csum = PKT_CSUM_PARTIAL, .csum_start = 34, .csum_offset = 6};
	csum_complete(p);
	CU_ASSERT_EQUAL(get16(*(be16 *)(b + 40)), 0xffff);
	memset(b, 0, 64);
	*(be16 *)(b + 50) = put16(0xffff); /* TCP has no such rule: RFC9293-MUST-2 */
	p->offload = (struct pkt_offload){.csum = PKT_CSUM_PARTIAL, .csum_start = 34, .csum_offset = 16};
	csum_complete(p);
	CU_ASSERT_EQUAL(get16(*(be16 *)(b + 50)), 0);
	pkt_free(p);
	pkt_pools_exit(&pools);
}

/* Wherever the bytes are, and however odd the places where the parts begin. */
static void a_packet_in_parts_has_the_sum_of_the_whole(void)
{
	enum { HEAD = 54, TEXT = 400 };
	struct blob *text = blob_new(TEXT);
	struct pkt_pools pools;
	struct rng r;

	pkt_pools_init(&pools, 0, 0);
	rng_seed(&r, unit_seed);
	rng_bytes(&r, text->bytes, TEXT);
	for (uint32_t first = 1; first < 100; first++) {
		struct pkt *p = pkt_new(&pools, HEAD + TEXT), *whole = pkt_new(&pools, HEAD + TEXT);
		uint32_t head = HEAD - first % 3;
		memset(pkt_put(p, head), 7, head);
		CU_ASSERT_TRUE(pkt_put_part(p, text, text->bytes, first));
		CU_ASSERT_TRUE(pkt_put_part(p, text, text->bytes + first, 2 * first));
		p->offload =
			(struct pkt_offload){.csum = PKT_CSUM_PARTIAL, .csum_start = 34, .csum_offset = 16};
		memcpy(pkt_put(whole, head), p->data, head);
		memcpy(pkt_put(whole, 3 * first), text->bytes, 3 * first);
		whole->offload = p->offload;
		csum_complete(p);
		csum_complete(whole);
		CU_ASSERT_EQUAL(memcmp(p->data, whole->data, head), 0);
		pkt_free(p);
		pkt_free(whole);
	}
	blob_unref(text);
	pkt_pools_exit(&pools);
}

/* RFC768-3: the pseudo-header's sum and what csum_complete() adds are the checksum over both. */
static void a_checksum_that_was_begun_is_completed(void)
{
	static const uint8_t data[] = {0, 7, 0, 9, 0, 13, 0, 0, 'h', 'e', 'l', 'l', 'o'};
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = pkt_new(&pools, 64);
	memcpy(pkt_put(p, IP_HDR_LEN + sizeof(data)) + IP_HDR_LEN, data, sizeof(data));
	p->ip = (struct ip_hdr){.src = 0x0a000001, .dst = 0x0a000002, .proto = IP_PROTO_UDP};
	csum_begin(p, IP_HDR_LEN, 6);
	CU_ASSERT_EQUAL(p->offload.csum, PKT_CSUM_PARTIAL);
	CU_ASSERT(pkt_csum_is_good(p));
	p->l2_len = ETHER_HDR_LEN;
	pkt_move_offload(p, ETHER_HDR_LEN); /* data is that far behind the link header */
	csum_complete_network(p);
	CU_ASSERT_FALSE(pkt_csum_is_good(p));
	CU_ASSERT_EQUAL(csum_finish(csum_add(csum_pseudo(p->ip.src, p->ip.dst, IP_PROTO_UDP, sizeof(data)),
				p->data + IP_HDR_LEN, sizeof(data))),
		0);
	pkt_free(p);
	pkt_pools_exit(&pools);
}

SUITE(net_csum, T(agrees_with_the_slow_sum_at_every_length_and_alignment), T(pieces_add_up),
	T(updating_equals_computing_anew), T(a_packet_in_parts_has_the_sum_of_the_whole),
	T(a_partial_checksum_is_completed_once), T(a_checksum_that_was_begun_is_completed))
