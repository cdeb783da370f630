/* SPDX-License-Identifier: MIT */
/* The memory of the forwarding table: two arrays that grow, and lists of what is free in them. */
#include "ip/fib_node.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_ENTRIES = 16, FIRST_WORDS = 128 };
enum { NODE_WORDS_MAX = (sizeof(struct fib_node) + (2 * CHUNKS - 1) * sizeof(slot) + 7) / 8 };

static_assert((int)NODE_WORDS_MAX < FIB_NODE_SIZES, "a list of free nodes for each size");
static_assert((int)FIRST_WORDS > NODE_WORDS_MAX + 4, "the first words hold a root and any other node");

/* Makes `*array` hold at least `need` elements: grown by a quarter, so that big tables are not mostly room.
 */
static bool grow(void **array, size_t size, uint32_t *room, uint32_t need)
{
	uint32_t more = MAX(need, *room + *room / 4);
	void *grown;

	if (need <= *room)
		return true;
	grown = more < UINT32_MAX / SLOT_KINDS ? realloc(*array, more * size) : NULL;
	if (!grown)
		return false;
	*array = grown;
	*room = more;
	return true;
}

/* Index 0 of both arrays stays unused. */
bool fib_reserve(struct fib *f)
{
	void *entries = f->entries, *words = f->words;
	bool ok;

	if (!f->entry_used)
		f->entry_used = f->word_used = 1;
	ok = f->entry_free ||
		grow(&entries, sizeof(*f->entries), &f->entry_room, MAX(f->entry_used + 1, FIRST_ENTRIES));
	f->entries = entries;
	ok = ok &&
		grow(&words, sizeof(*f->words), &f->word_room,
			MAX(f->word_used + NODE_WORDS_MAX, FIRST_WORDS));
	f->words = words;
	return ok;
}

struct fib_entry *fib_entry_new(struct fib *f)
{
	uint32_t i = f->entry_free;

	if (i)
		f->entry_free = f->entries[i].next;
	else
		i = f->entry_used++;
	f->count++;
	return &f->entries[i];
}

void fib_entry_free(struct fib *f, struct fib_entry *e)
{
	e->next = f->entry_free;
	f->entry_free = (uint32_t)(e - f->entries);
	f->count--;
}

static unsigned words_for(unsigned slots)
{
	return (unsigned)(sizeof(struct fib_node) + slots * sizeof(slot) + 7) / 8;
}

slot fib_node_new(struct fib *f, unsigned slots)
{
	unsigned words = words_for(slots);
	uint32_t w = f->node_free[words];

	if (w) {
		f->node_free[words] = node_at(f, w * SLOT_KINDS)->key;
	} else {
		if (f->word_room - f->word_used < words)
			return 0;
		w = f->word_used;
		f->word_used += words;
	}
	*node_at(f, w * SLOT_KINDS) = (struct fib_node){.words = (uint8_t)words};
	return w * SLOT_KINDS;
}

void fib_node_free(struct fib *f, slot s)
{
	struct fib_node *n = node_at(f, s);

	n->key = f->node_free[n->words];
	f->node_free[n->words] = s / SLOT_KINDS;
}

slot fib_node_resize(struct fib *f, slot s, unsigned slots)
{
	struct fib_node *n = node_at(f, s), *copy;
	slot to;

	if (n->words == words_for(slots))
		return s;
	to = fib_node_new(f, slots);
	if (!to)
		return s;
	copy = node_at(f, to);
	memcpy(&copy->children, &n->children, sizeof(*f->words) * (size_t)MIN(copy->words, n->words));
	copy->words = (uint8_t)words_for(slots);
	fib_node_free(f, s);
	return to;
}

static void flip_bit(struct fib_node *n, struct place at, int by)
{
	if (at.is_child) {
		n->children ^= UINT64_C(1) << at.bit;
		n->child_count = (uint8_t)(n->child_count + by);
	} else {
		n->prefixes ^= UINT64_C(1) << at.bit;
	}
}

void fib_slot_put(struct fib_node *n, struct place at, slot value)
{
	unsigned count = slot_count(n), i = index_of(n, at);

	memmove(&n->slots[i + 1], &n->slots[i], (count - i) * sizeof(slot));
	n->slots[i] = value;
	flip_bit(n, at, 1);
}

void fib_slot_take(struct fib_node *n, struct place at)
{
	unsigned count = slot_count(n), i = index_of(n, at);

	memmove(&n->slots[i], &n->slots[i + 1], (count - i - 1) * sizeof(slot));
	flip_bit(n, at, -1);
}
