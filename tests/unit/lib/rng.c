/* SPDX-License-Identifier: MIT */
/* SipHash by its published vectors; the random numbers by what they promise. */
#include "lib/rng.h"

#include "tests/unit/unit.h"

/* The first vectors of the paper's reference: key 00 01 .. 0f, messages "", 00, 00 01, ... */
static void siphash_gives_the_published_values(void)
{
	static const uint64_t expected[] = {0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a,
		0x85676696d7fb7e2d, 0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce,
		0xab0200f58b01d137, 0x93f5f5799a932462};
	/* of SipHash-1-3 the lower half, which hash tables take */
	static const uint32_t short_ones[] = {0x050fc4dc, 0x7d57ca93, 0x4dc7d44d, 0xe7ddf7fb, 0x88d38328,
		0x49533b67, 0xc59f22a7, 0x9bb11140, 0x8d299a8e};
	struct siphash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	uint8_t message[16];

	for (uint8_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	for (size_t len = 0; len < ARRAY_SIZE(expected); len++) {
		CU_ASSERT_EQUAL(siphash(&key, message, len), expected[len]);
		CU_ASSERT_EQUAL(hsiphash(&key, message, len), short_ones[len]);
	}
	CU_ASSERT_EQUAL(siphash_u64(&key, 0x0706050403020100), expected[8]);
	CU_ASSERT_EQUAL(hsiphash_u64(&key, 0x0706050403020100), short_ones[8]);
}

static void the_same_seed_gives_the_same_numbers(void)
{
	struct rng a, b, c;

	rng_seed(&a, unit_seed);
	rng_seed(&b, unit_seed);
	rng_seed(&c, unit_seed + 1);
	uint64_t first = rng_u64(&a);
	CU_ASSERT_EQUAL(first, rng_u64(&b));
	CU_ASSERT_NOT_EQUAL(first, rng_u64(&c));
}

static void a_fork_depends_on_the_name_and_not_on_what_was_drawn(void)
{
	struct rng parent, before, after, other;

	rng_seed(&parent, unit_seed);
	rng_fork(&parent, "h1", &before);
	rng_u64(&parent);
	rng_fork(&parent, "h1", &after);
	rng_fork(&parent, "h2", &other);
	uint64_t first = rng_u64(&before);
	CU_ASSERT_EQUAL(first, rng_u64(&after));
	CU_ASSERT_NOT_EQUAL(first, rng_u64(&other));
}

static void below_stays_below_and_reaches_everything(void)
{
	struct rng r;
	unsigned seen[7] = {0};

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 70000; i++) {
		uint32_t v = rng_below(&r, 7);
		CU_ASSERT_FATAL(v < 7);
		seen[v]++;
	}
	for (int i = 0; i < 7; i++)
		CU_ASSERT(seen[i] > 9000 && seen[i] < 11000);
	CU_ASSERT_EQUAL(rng_below(&r, 1), 0);
}

SUITE(lib_rng, T(siphash_gives_the_published_values), T(the_same_seed_gives_the_same_numbers),
	T(a_fork_depends_on_the_name_and_not_on_what_was_drawn), T(below_stays_below_and_reaches_everything))
