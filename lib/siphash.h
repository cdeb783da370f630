/* SPDX-License-Identifier: MIT */
/* SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed function of 64 bits that outsiders cannot predict. */
#ifndef LIB_SIPHASH_H
#define LIB_SIPHASH_H

#include "lib/bytes.h"

struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len);

/* The same over one 64-bit number (as eight bytes, least significant first). */
uint64_t siphash_u64(const struct siphash_key *key, uint64_t v);

#endif
