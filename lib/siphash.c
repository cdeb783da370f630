/* SPDX-License-Identifier: MIT */
/* SipHash-2-4, from the paper: two rounds for each eight bytes, four at the end. */
#include "lib/siphash.h"

#include <endian.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void mix(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline struct state begin(const struct siphash_key *key)
{
	return (struct state){
		key->k0 ^ 0x736f6d6570736575,
		key->k1 ^ 0x646f72616e646f6d,
		key->k0 ^ 0x6c7967656e657261,
		key->k1 ^ 0x7465646279746573,
	};
}

static inline void absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s);
	mix(s);
	s->v0 ^= word;
}

/* The last word holds the length and what is left of the data. */
static inline uint64_t finish(struct state *s, size_t len, uint64_t rest)
{
	absorb(s, (uint64_t)len << 56 | rest);
	s->v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		mix(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Up to eight bytes as a number, least significant first. */
static uint64_t load(const uint8_t *b, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, b, n);
	return le64toh(v);
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len)
{
	const uint8_t *b = data;
	struct state s = begin(key);
	size_t left = len;

	for (; left >= 8; left -= 8, b += 8)
		absorb(&s, load(b, 8));
	return finish(&s, len, load(b, left));
}

uint64_t siphash_u64(const struct siphash_key *key, uint64_t v)
{
	struct state s = begin(key);

	absorb(&s, v);
	return finish(&s, sizeof(v), 0);
}
