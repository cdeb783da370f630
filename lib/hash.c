/* SPDX-License-Identifier: MIT */
/* Chained hash tables. */
#include "lib/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { HASH_FIRST_BITS = 3, HASH_MAX_BITS = 24 };

void hash_init(struct hash *h)
{
	*h = (struct hash){0};
}

void hash_exit(struct hash *h)
{
	assert(h->count == 0);
	free(h->slots);
	hash_init(h);
}

uint32_t hash_text(const char *text)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT32_C(16777619);
	return hash;
}

static struct hash_link **slot_of(struct hash *h, uint32_t hash)
{
	return &h->slots[hash & ((1u << h->bits) - 1)];
}

/* Doubles the table. Without memory it stays as it is: only speed is lost. */
static void grow(struct hash *h)
{
	struct hash bigger = {.bits = h->bits + 1, .count = h->count};

	bigger.slots = calloc((size_t)1 << bigger.bits, sizeof(*bigger.slots));
	if (!bigger.slots)
		return;
	for (size_t i = 0; i < (size_t)1 << h->bits; i++) {
		for (struct hash_link *l = h->slots[i], *next; l; l = next) {
			struct hash_link **slot = slot_of(&bigger, l->hash);
			next = l->next;
			l->next = *slot;
			*slot = l;
		}
	}
	free(h->slots);
	*h = bigger;
}

int hash_reserve(struct hash *h)
{
	if (h->slots)
		return 0;
	h->slots = calloc((size_t)1 << HASH_FIRST_BITS, sizeof(*h->slots));
	h->bits = h->slots ? HASH_FIRST_BITS : 0;
	return h->slots ? 0 : -ENOMEM;
}

int hash_add(struct hash *h, struct hash_link *link, uint32_t hash)
{
	if (hash_reserve(h))
		return -ENOMEM;
	if (h->count >= 1u << h->bits && h->bits < HASH_MAX_BITS)
		grow(h);
	struct hash_link **slot = slot_of(h, hash);
	link->hash = hash;
	link->next = *slot;
	*slot = link;
	h->count++;
	return 0;
}

/* What points to it. */
static struct hash_link **place_of(struct hash *h, const struct hash_link *link)
{
	struct hash_link **l = slot_of(h, link->hash);

	while (*l != link) {
		assert(*l);
		l = &(*l)->next;
	}
	return l;
}

void hash_del(struct hash *h, struct hash_link *link)
{
	*place_of(h, link) = link->next;
	h->count--;
}

void hash_replace(struct hash *h, const struct hash_link *from, struct hash_link *to)
{
	*to = *from;
	*place_of(h, from) = to;
}

struct hash_link *hash_next(const struct hash *h, uint32_t *slot, struct hash_link *link)
{
	if (!h->slots)
		return NULL;
	if (link && link->next)
		return link->next;
	if (link)
		++*slot;
	for (; *slot < 1u << h->bits; ++*slot)
		if (h->slots[*slot])
			return h->slots[*slot];
	return NULL;
}
