/* SPDX-License-Identifier: MIT */
/*
 * SipHash (Aumasson and Bernstein, 2012): a keyed function of 64 bits that outsiders cannot predict. In the header, since most
 * keys have a length that the compiler knows.
 *
 *	siphash()	SipHash-2-4, two rounds for each eight bytes and four at the end: for what is told to others (sequence
 *			numbers, cookies, IDs), and must not say how it came about
 *	hsiphash()	SipHash-1-3, for hash tables, as in Linux: who could predict it would get a longer chain, and never
 *			sees a value
 */
#ifndef LIB_SIPHASH_H
#define LIB_SIPHASH_H

#include "lib/bytes.h"

struct siphash_key {
	uint64_t k0, k1;
};

struct siphash_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash_rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void siphash_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
	s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
	s->v0 = siphash_rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
	s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
	s->v2 = siphash_rotate(s->v2, 32);
}

static inline struct siphash_state siphash_begin(const struct siphash_key *key)
{
	return (struct siphash_state){
		key->k0 ^ 0x736f6d6570736575,
		key->k1 ^ 0x646f72616e646f6d,
		key->k0 ^ 0x6c7967656e657261,
		key->k1 ^ 0x7465646279746573,
	};
}

static inline void siphash_absorb(struct siphash_state *s, uint64_t word, int rounds)
{
	s->v3 ^= word;
	for (int i = 0; i < rounds; i++)
		siphash_round(s);
	s->v0 ^= word;
}

/* The last word holds the length and what is left of the data. */
static inline uint64_t siphash_finish(
	struct siphash_state *s, size_t len, uint64_t rest, int rounds, int last)
{
	siphash_absorb(s, (uint64_t)len << 56 | rest, rounds);
	s->v2 ^= 0xff;
	for (int i = 0; i < last; i++)
		siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Up to eight bytes as a number, least significant first. */
static inline uint64_t siphash_load(const uint8_t *b, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, b, n);
	return le64toh(v);
}

static inline uint64_t siphash_by(
	const struct siphash_key *key, const void *data, size_t len, int rounds, int last)
{
	struct siphash_state s = siphash_begin(key);
	const uint8_t *b = data;
	size_t left = len;

	for (; left >= 8; left -= 8, b += 8)
		siphash_absorb(&s, siphash_load(b, 8), rounds);
	return siphash_finish(&s, len, siphash_load(b, left), rounds, last);
}

static inline uint64_t siphash(const struct siphash_key *key, const void *data, size_t len)
{
	return siphash_by(key, data, len, 2, 4);
}

static inline uint32_t hsiphash(const struct siphash_key *key, const void *data, size_t len)
{
	return (uint32_t)siphash_by(key, data, len, 1, 3);
}

/* The same over one 64-bit number (as eight bytes, least significant first). */
static inline uint64_t siphash_u64(const struct siphash_key *key, uint64_t v)
{
	v = htole64(v);
	return siphash(key, &v, sizeof(v));
}

static inline uint32_t hsiphash_u64(const struct siphash_key *key, uint64_t v)
{
	v = htole64(v);
	return hsiphash(key, &v, sizeof(v));
}

#endif
