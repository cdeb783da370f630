/* SPDX-License-Identifier: MIT */
/* SipHash of a counter. */
#include "lib/rng.h"

#include <assert.h>

void rng_seed(struct rng *r, uint64_t seed)
{
	struct siphash_key k = {seed, ~seed};

	*r = (struct rng){.key = {siphash_u64(&k, 0), siphash_u64(&k, 1)}};
}

void rng_fork(const struct rng *r, const char *name, struct rng *child)
{
	uint64_t k0 = siphash(&r->key, name, strlen(name));

	*child = (struct rng){.key = {k0, siphash_u64(&r->key, k0)}};
}

uint64_t rng_u64(struct rng *r)
{
	return siphash_u64(&r->key, r->counter++);
}

uint32_t rng_u32(struct rng *r)
{
	return (uint32_t)rng_u64(r);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	assert(n > 0);
	uint32_t unfair = (uint32_t)-n % n; /* 2^32 mod n: results below this are one too many */
	uint32_t v;

	do
		v = rng_u32(r);
	while (v < unfair);
	return v % n;
}

void rng_bytes(struct rng *r, void *buf, size_t len)
{
	uint8_t *b = buf;

	for (size_t i = 0; i < len; i++)
		b[i] = (uint8_t)rng_u64(r);
}

struct siphash_key rng_key(struct rng *r)
{
	uint64_t k0 = rng_u64(r);

	return (struct siphash_key){k0, rng_u64(r)};
}
