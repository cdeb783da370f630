/* SPDX-License-Identifier: MIT */
/* The nodes of the forwarding table, and the memory of nodes and routes. fib.c tells what they mean. */
#ifndef IP_FIB_NODE_H
#define IP_FIB_NODE_H

#include "ip/fib.h"
#include "net/wire_ip.h"

enum { STRIDE = 6, CHUNKS = 1 << STRIDE };

/* A reference: to a node (word * 4), or to a route (entry * 4 + kind) that is to be compared, or is not. */
typedef uint32_t slot;

enum { SLOT_NODE, SLOT_LEAF, SLOT_CERTAIN, SLOT_NOTHING, SLOT_KINDS };

struct fib_node {
	uint64_t children, prefixes;
	uint32_t key; /* the first `depth` bits of everything below, then zeros */
	uint8_t depth;
	uint8_t child_count;
	uint8_t words; /* its size */
	slot slots[];
};

static inline unsigned count_bits(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(v * UINT64_C(0x0101010101010101) >> 56);
}

static inline unsigned bits_below(uint64_t set, unsigned bit)
{
	return count_bits(set & ((UINT64_C(1) << bit) - 1));
}

static inline bool has_bit(uint64_t set, unsigned bit)
{
	return set >> bit & 1;
}

/* The six bits of `addr` that a node of this depth looks at; zeros follow the last bit. */
static inline unsigned chunk_of(uint32_t addr, unsigned depth)
{
	return (uint32_t)(addr << depth) >> (32 - STRIDE);
}

/* The bits of `prefixes` that a chunk matches. */
static inline uint64_t ancestors(unsigned chunk)
{
	uint64_t one = 1;
	unsigned h = CHUNKS | chunk;

	return one << (h >> 1) | one << (h >> 2) | one << (h >> 3) | one << (h >> 4) | one << (h >> 5) |
		one << 1;
}

static inline bool differ(uint32_t a, uint32_t b, unsigned bits)
{
	return (a ^ b) & ip_mask(bits);
}

static inline unsigned kind_of(slot s)
{
	return s % SLOT_KINDS;
}

static inline struct fib_node *node_at(const struct fib *f, slot s)
{
	return (struct fib_node *)(void *)&f->words[s / SLOT_KINDS];
}

static inline struct fib_entry *entry_at(const struct fib *f, slot s)
{
	return &f->entries[s / SLOT_KINDS];
}

/* A route in a node of this depth; those of `prefixes` are as certain as leaves that end at their slot. */
static inline slot entry_slot(const struct fib *f, const struct fib_entry *e, unsigned depth)
{
	uint32_t i = (uint32_t)(e - f->entries);

	return i * SLOT_KINDS + (e->plen > depth + STRIDE ? SLOT_LEAF : SLOT_CERTAIN);
}

/* Where a prefix belongs in a node: to the routes (as bit `bit`) or to the children (as chunk `bit`). */
struct place {
	bool is_child;
	unsigned bit;
};

static inline struct place place_of(const struct fib_node *n, uint32_t prefix, unsigned plen)
{
	unsigned chunk = chunk_of(prefix, n->depth), len = plen - n->depth;

	if (len >= STRIDE)
		return (struct place){true, chunk};
	return (struct place){false, (CHUNKS | chunk) >> (STRIDE - len)};
}

static inline bool has_place(const struct fib_node *n, struct place at)
{
	return has_bit(at.is_child ? n->children : n->prefixes, at.bit);
}

static inline unsigned index_of(const struct fib_node *n, struct place at)
{
	return at.is_child ? bits_below(n->children, at.bit)
			   : n->child_count + bits_below(n->prefixes, at.bit);
}

static inline unsigned slot_count(const struct fib_node *n)
{
	return n->child_count + count_bits(n->prefixes);
}

static inline bool is_inside(const struct fib_node *n, uint32_t prefix, unsigned plen)
{
	return plen >= n->depth && !differ(prefix, n->key, n->depth);
}

/* Room for one route more, and for one node of any size: what follows then succeeds. False: no memory. */
bool fib_reserve(struct fib *f);

/* The content of a new one is undefined. */
struct fib_entry *fib_entry_new(struct fib *f);
void fib_entry_free(struct fib *f, struct fib_entry *e);

/* An empty node with room for so many slots; 0: no room (never after fib_reserve()). */
slot fib_node_new(struct fib *f, unsigned slots);
void fib_node_free(struct fib *f, slot s);

/* The node with room for so many slots: itself, or a copy, the node being freed. */
slot fib_node_resize(struct fib *f, slot s, unsigned slots);

/* Puts a slot into a node that has room for it, and takes one out. */
void fib_slot_put(struct fib_node *n, struct place at, slot value);
void fib_slot_take(struct fib_node *n, struct place at);

#endif
