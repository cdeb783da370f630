/* SPDX-License-Identifier: MIT */
/* The Internet checksum (RFC 1071, 1624). */
#ifndef NET_CSUM_H
#define NET_CSUM_H

#include "lib/bytes.h"

struct pkt;

/* Adds `len` bytes to the running sum `sum` (start with 0). All pieces but the last must have an even length.
 */
uint64_t csum_add(uint64_t sum, const void *data, size_t len);

/* The 16 bits that go into the header (host order: write with put16). Over data that holds a right checksum:
 * 0. */
uint16_t csum_finish(uint64_t sum);

/* Sum of the pseudo-header of UDP and TCP: two addresses (here in host order), a zero, the protocol, the length. */
static inline uint64_t csum_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len)
{
	const be32 pseudo[] = {put32(src), put32(dst), put32((uint32_t)proto << 16 | len)};
	uint32_t words[3];

	memcpy(words, pseudo, sizeof(words));
	return (uint64_t)words[0] + words[1] + words[2];
}

/* Both at once. */
static inline uint16_t csum(const void *data, size_t len)
{
	return csum_finish(csum_add(0, data, len));
}

/* RFC 1624 eqn. 3: the new checksum after a 16-bit word changed from `from` to `to`. */
uint16_t csum_update(uint16_t check, uint16_t from, uint16_t to);

/* The transport's checksum is left to whoever can do it best: marks the packet PKT_CSUM_PARTIAL and writes the
 * pseudo-header's sum where the checksum will be. p->ip is set; the transport header begins `start` bytes behind
 * data, and its checksum stands `offset` bytes into that. */
void csum_begin(struct pkt *p, uint16_t start, uint16_t offset);

/* Fills in the checksum of a packet whose offload field says PKT_CSUM_PARTIAL (data at the link header), and
 * clears the mark. Offsets past what is in the buffer leave it alone. */
void csum_complete(struct pkt *p);

/* The same with data at the network header, l2_len bytes further on. */
void csum_complete_network(struct pkt *p);

#endif
