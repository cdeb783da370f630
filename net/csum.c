/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071): the one's complement sum does not care about byte order or word size, so it is taken
 * over native words, as many at once as there is room for, folded at the end, and swapped once on little-endian machines.
 */
#include "net/pkt.h"
#include "net/wire_udp.h"

enum { LONG = 64 /* bytes from which vectors pay; not those of a header */ };

/* Makes vectors of a loop: for each set of instructions, where the loader can choose; clang does so unasked, for one. */
#if defined(__clang__)
#define VECTORS
#elif defined(__x86_64__) && defined(__GLIBC__)
#define VECTORS __attribute__((optimize("O3"), target_clones("avx512f", "avx2", "default")))
#else
#define VECTORS __attribute__((optimize("O3")))
#endif

/* Of the whole 8-byte words. Their halves are summed apart in 64 bits, so that no carry is lost. */
VECTORS static uint64_t add_long(const uint8_t *b, size_t len)
{
	uint64_t even = 0, odd = 0;

	for (size_t i = 0; i < len / 8; i++) {
		uint64_t word;
		memcpy(&word, b + 8 * i, 8);
		even += (uint32_t)word;
		odd += word >> 32;
	}
	return even + odd;
}

static inline uint64_t add_short(uint64_t sum, const uint8_t *b, size_t len)
{
	for (; len >= 4; b += 4, len -= 4) {
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

uint64_t csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *b = data;

	if (len < LONG)
		return add_short(sum, b, len);
	return add_short(sum + add_long(b, len), b + (len & ~(size_t)7), len & 7);
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

/* Of all from `start` on, which is in the buffer; behind an odd number of bytes both halves of each 16 bits are swapped. */
static uint64_t add_from(const struct pkt *p, size_t start)
{
	size_t done = pkt_head_len(p) - start;
	uint64_t sum = csum_add(0, p->data + start, done);

	for (unsigned i = 0; i < p->part_count; i++) {
		uint64_t part = csum_add(0, p->parts[i].data, p->parts[i].len);
		sum += done % 2 ? part << 8 : part;
		done += p->parts[i].len;
	}
	return sum;
}

void csum_complete(struct pkt *p)
{
	size_t start = p->offload.csum_start, field = start + p->offload.csum_offset;

	if (p->offload.csum != PKT_CSUM_PARTIAL)
		return;
	p->offload.csum = PKT_CSUM_NONE;
	if (field + 2 > pkt_head_len(p))
		return;
	uint16_t sum = csum_finish(add_from(p, start));
	bool would_be_none = sum == 0 && p->offload.csum_offset == UDP_CHECK_OFFSET; /* RFC 768 */
	*(be16 *)(p->data + field) = put16(would_be_none ? 0xffff : sum);
}

void csum_complete_network(struct pkt *p)
{
	pkt_push(p, p->l2_len);
	csum_complete(p);
	pkt_pull(p, p->l2_len);
}
