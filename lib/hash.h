/* SPDX-License-Identifier: MIT */
/*
 * A hash table of elements that carry their own link: chained, doubling as it fills, allocated with the first element, or
 * before by hash_reserve(). The caller computes the hash (hsiphash() where outsiders choose the keys) and compares keys itself.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include "lib/bytes.h"

struct hash_link {
	struct hash_link *next;
	uint32_t hash;
};

struct hash {
	struct hash_link **slots; /* 1 << bits of them, or NULL before the first element */
	uint32_t bits;
	uint32_t count;
};

void hash_init(struct hash *h);

/* Of names that nobody chooses to do harm (FNV-1a). */
uint32_t hash_text(const char *text);

/* Of a number that nobody chooses to do harm (the end of MurmurHash3). */
static inline uint32_t hash_u32(uint32_t x)
{
	x = (x ^ x >> 16) * UINT32_C(0x85ebca6b);
	x = (x ^ x >> 13) * UINT32_C(0xc2b2ae35);
	return x ^ x >> 16;
}

/* Frees the slots. The table must be empty. */
void hash_exit(struct hash *h);

/* Makes the first slots: no hash_add() will fail. 0 or -ENOMEM. */
int hash_reserve(struct hash *h);

/* 0, or -ENOMEM when the first slots cannot be had. A table that cannot grow goes on with longer chains. */
int hash_add(struct hash *h, struct hash_link *link, uint32_t hash);
void hash_del(struct hash *h, struct hash_link *link);

/* `to`, whose hash is the same, comes where `from` was. */
void hash_replace(struct hash *h, const struct hash_link *from, struct hash_link *to);

/* The first link of the chain that `hash` belongs to, or NULL; follow ->next and compare ->hash and the key.
 */
static inline struct hash_link *hash_chain(const struct hash *h, uint32_t hash)
{
	return h->slots ? h->slots[hash & ((1u << h->bits) - 1)] : NULL;
}

/* All elements whose hash equals `hv`: the body compares the key. */
#define hash_each_match(it, h, hv, type, member)                                                      \
	for (struct hash_link *it##_l = hash_chain(h, hv); it##_l; it##_l = it##_l->next)             \
		for (type *it = it##_l->hash == (hv) ? CONTAINER_OF(it##_l, type, member) : NULL; it; \
			it = NULL)

/* Any order, stepping: start with *slot = 0 and link = NULL; returns NULL at the end. The element returned
 * may be removed before the next call when the caller asks for the next one first. */
struct hash_link *hash_next(const struct hash *h, uint32_t *slot, struct hash_link *link);

#endif
