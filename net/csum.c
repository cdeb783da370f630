/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071): the one's complement sum does not care about byte order or word size, so it is taken
 * over native words, the longer the better, folded at the end, and swapped once on little-endian machines.
 */
#include "net/pkt.h"

enum { LONG = 64 /* bytes from which on long words pay; not those of a header */ };

typedef unsigned __int128 wide; /* on 64-bit machines */

/* 2^16 counts as 1 in such a sum, and so do its powers. What is left is below 2^34: many can be added. */
static uint64_t fold(wide sum)
{
	uint64_t a = (uint64_t)(sum >> 64), b = (uint64_t)sum;

	return (a >> 32) + (uint32_t)a + (b >> 32) + (uint32_t)b;
}

/* Of a multiple of 16 bytes. Two sums, so that neither addition waits for the other; their upper halves take the
 * carries. */
static uint64_t add_long(const uint8_t *b, size_t len)
{
	wide even = 0, odd = 0;

	for (const uint8_t *end = b + len; b < end; b += 16) {
		uint64_t word[2];
		memcpy(word, b, 16);
		even += word[0];
		odd += word[1];
	}
	return fold(even + odd);
}

uint64_t csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *b = data;
	size_t longs = len < LONG ? 0 : len & ~(size_t)15;

	sum += add_long(b, longs);
	for (b += longs, len -= longs; len >= 4; b += 4, len -= 4) {
		uint32_t word;
		memcpy(&word, b, 4);
		sum += word;
	}
	if (len) {
		uint32_t word = 0;
		memcpy(&word, b, len);
		sum += word;
	}
	return sum;
}

uint16_t csum_finish(uint64_t sum)
{
	be16 wire;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	uint16_t native = (uint16_t)~sum;
	memcpy(&wire, &native, 2);
	return get16(wire);
}

uint16_t csum_update(uint16_t check, uint16_t from, uint16_t to)
{
	uint32_t sum = (uint16_t)~check + (uint32_t)(uint16_t)~from + to;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void csum_begin(struct pkt *p, uint16_t start, uint16_t offset)
{
	uint64_t pseudo = csum_pseudo(p->ip.src, p->ip.dst, p->ip.proto, (uint16_t)(p->len - start));

	*(be16 *)(p->data + start + offset) = put16((uint16_t)~csum_finish(pseudo));
	p->offload.csum = PKT_CSUM_PARTIAL;
	p->offload.csum_start = start;
	p->offload.csum_offset = offset;
}

void csum_complete(struct pkt *p)
{
	size_t start = p->offload.csum_start, field = start + p->offload.csum_offset;

	if (p->offload.csum != PKT_CSUM_PARTIAL)
		return;
	p->offload.csum = PKT_CSUM_NONE;
	if (field + 2 > p->len)
		return;
	uint16_t sum = csum(p->data + start, p->len - start);
	*(be16 *)(p->data + field) = put16(sum ? sum : 0xffff);
}

void csum_complete_network(struct pkt *p)
{
	pkt_push(p, p->l2_len);
	csum_complete(p);
	pkt_pull(p, p->l2_len);
}
