/* SPDX-License-Identifier: MIT */
/*
 * Random numbers that are a function of a seed: SipHash of a counter under a key. What it gives away (IP IDs,
 * ports, sequence numbers) says nothing about what comes next, which a statistical generator could not
 * promise.
 */
#ifndef LIB_RNG_H
#define LIB_RNG_H

#include "lib/siphash.h"

struct rng {
	struct siphash_key key;
	uint64_t counter;
};

void rng_seed(struct rng *r, uint64_t seed);

/* A generator of its own for `name` (a host, a device), which depends on `r`'s key and on the name alone:
 * what one host draws never changes what another one gets. */
void rng_fork(const struct rng *r, const char *name, struct rng *child);

uint64_t rng_u64(struct rng *r);
uint32_t rng_u32(struct rng *r);

/* 0 <= result < n, without bias; n > 0. */
uint32_t rng_below(struct rng *r, uint32_t n);
void rng_bytes(struct rng *r, void *buf, size_t len);

/* A fresh secret for siphash(). */
struct siphash_key rng_key(struct rng *r);

#endif
