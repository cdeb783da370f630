/* SPDX-License-Identifier: MIT */
/*
 * The forwarding table: longest prefix match (RFC 1812 5.2.4.3) by a tree bitmap (Eatherton, Varghese and
 * Dittia, 2004) with path compression.
 *
 * A node stands for an address prefix whose length, its depth, is a multiple of 6, and looks at the next six
 * bits of the address, the chunk. It knows two sets:
 *
 *   - prefixes: which prefixes of 0 to 5 bits more than its own are in the table. Prefix `v` of `len` bits is
 *     bit (1 << len | v), as in a heap. The ancestors of chunk c are the bits (64 | c) >> 1, >> 2 ...
 *     >> 6, so the longest match inside a node is one AND and the highest bit of what it gives.
 *   - children: which chunks have something longer below them.
 *
 * Behind the node lie the slots, one per bit that is set and no others: the children, then the routes. The
 * place of a bit's slot is the number of bits below it. A child is another node or, where there is but one
 * prefix down there, that route itself ("leaf"). So each node but the root has at least two slots, there are
 * fewer nodes than prefixes, and a step may skip any number of bits: a node keeps its prefix, and a leaf has
 * its own, to be compared on arrival. A leaf that ends right at its slot needs no comparison and is marked
 * so: most lookups in a table of /24s never touch a route that is not their answer.
 *
 *      root (depth 0) --+-- 10.0.0.0/5 ... 0.0.0.0/0     (prefixes)
 *                       +-- node 10.0.0.0/6 --+-- ...    (children)
 *                       +-- 192.168.1.0/24               (a leaf, to be compared)
 *
 * A lookup goes down at most six nodes (depths 0, 6, ... 30) and remembers the last match. A big table also
 * has jumps: for each value of the first 18 bits, the slot to begin at, the longest match above it, and for
 * which of the next chunks there may be a longer one below: for most there is none, and no node is touched. A
 * jump is found when first asked for, and forgotten when the slots on the way there change.
 *
 * What counts with a million routes is how many cache lines a lookup touches that are not in the cache. So
 * references are 32 bits: nodes lie in one array of words and routes in another. Both grow as needed (and so
 * move: pointers hold until the next change). Freed nodes wait in a list per size. Before a change, room is
 * made for all it may need; so it either fails at once, or not at all.
 */
#include "ip/fib_node.h"

#include <stdlib.h>

enum { JUMP_BITS = 18, JUMP_SLOTS = 1 << JUMP_BITS, JUMP_FROM = 1 << 14 /* routes */ };
enum { COMPACT_FROM = 128 /* routes there is room for */ };

struct fib_jump {
	uint64_t below; /* the chunks (of the next six bits) that may have a longer match than `best` */
	slot from;	/* where to look for it; 0: not known yet */
	slot best;	/* the longest match above; 0: none */
};

/* ---- looking up */

/* The route of the longest of the prefixes in `match`. */
static inline slot longest(const struct fib_node *n, uint64_t match)
{
	unsigned bit = 63 - (unsigned)__builtin_clzll(match);

	return n->slots[n->child_count + bits_below(n->prefixes, bit)];
}

/* The longest match below `s`, or `found` (0: none), which is the one above it. */
static inline struct fib_entry *search(const struct fib *f, slot s, slot found, uint32_t addr)
{
	const struct fib_node *n, *best = NULL;
	uint64_t best_match = 0;

	for (; kind_of(s) == SLOT_NODE; s = n->slots[bits_below(n->children, chunk_of(addr, n->depth))]) {
		unsigned chunk;
		uint64_t match;

		n = node_at(f, s);
		if (differ(addr, n->key, n->depth))
			break;
		chunk = chunk_of(addr, n->depth);
		match = n->prefixes & ancestors(chunk);
		if (match) {
			best = n;
			best_match = match;
		}
		if (!has_bit(n->children, chunk))
			break;
	}
	if (kind_of(s) == SLOT_CERTAIN)
		return entry_at(f, s);
	if (kind_of(s) == SLOT_LEAF && !differ(addr, entry_at(f, s)->prefix, entry_at(f, s)->plen))
		return entry_at(f, s);
	if (best)
		found = longest(best, best_match);
	return found ? entry_at(f, found) : NULL;
}

/* The chunks behind JUMP_BITS bits whose addresses begin with a prefix, or may do so: of a short one, all. */
static uint64_t chunks_of(uint32_t prefix, unsigned plen)
{
	unsigned more = plen > JUMP_BITS ? MIN(plen - JUMP_BITS, (unsigned)STRIDE) : 0;

	return UINT64_MAX >> (CHUNKS - (CHUNKS >> more)) << chunk_of(prefix, JUMP_BITS);
}

/* The chunks that a node of depth JUMP_BITS has something for. */
static uint64_t chunks_in(const struct fib_node *n)
{
	uint64_t chunks = n->children;

	for (uint64_t left = n->prefixes; left; left &= left - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(left), len = 31 - (unsigned)__builtin_clz(bit);

		chunks |= UINT64_MAX >> (CHUNKS - (CHUNKS >> len)) << (bit << (STRIDE - len)) % CHUNKS;
	}
	return chunks;
}

static uint64_t chunks_below(const struct fib *f, slot s)
{
	const struct fib_node *n = node_at(f, s);
	const struct fib_entry *e = entry_at(f, s);

	if (kind_of(s) == SLOT_NOTHING)
		return 0;
	if (kind_of(s) != SLOT_NODE)
		return chunks_of(e->prefix, e->plen);
	return n->depth == JUMP_BITS ? chunks_in(n) : chunks_of(n->key, n->depth);
}

/* Where a lookup of `addr` begins: it goes down from the root as far as the first JUMP_BITS bits tell. */
static struct fib_jump jump_of(const struct fib *f, uint32_t addr)
{
	struct fib_jump j = {.from = f->root};

	while (kind_of(j.from) == SLOT_NODE && node_at(f, j.from)->depth < JUMP_BITS) {
		const struct fib_node *n = node_at(f, j.from);
		unsigned chunk = chunk_of(addr, n->depth);
		uint64_t match = n->prefixes & ancestors(chunk);

		j.from = SLOT_NOTHING;
		if (differ(addr, n->key, n->depth))
			break;
		if (match)
			j.best = longest(n, match);
		if (has_bit(n->children, chunk))
			j.from = n->slots[bits_below(n->children, chunk)];
	}
	j.below = chunks_below(f, j.from);
	return j;
}

struct fib_entry *fib_lookup(const struct fib *f, uint32_t addr)
{
	struct fib_jump *j;

	if (!f->jump)
		return f->root ? search(f, f->root, 0, addr) : NULL;
	j = &f->jump[addr >> (32 - JUMP_BITS)];
	if (!j->from)
		*j = jump_of(f, addr);
	if (!has_bit(j->below, chunk_of(addr, JUMP_BITS)))
		return j->best ? entry_at(f, j->best) : NULL;
	return search(f, j->from, j->best, addr);
}

unsigned fib_depth(const struct fib *f, uint32_t addr)
{
	unsigned depth = 0;

	for (slot s = f->root; s && kind_of(s) == SLOT_NODE; depth++) {
		const struct fib_node *n = node_at(f, s);
		unsigned chunk = chunk_of(addr, n->depth);

		s = has_bit(n->children, chunk) ? n->slots[bits_below(n->children, chunk)] : 0;
	}
	return depth;
}

/* The deepest node on the way to a prefix, and the reference to it: it holds the prefix, or would hold it, or
 * stands where a node above it is to be made. `above`: the depth of its parent. */
struct spot {
	slot *link;
	unsigned above;
};

static struct spot descend(struct fib *f, uint32_t prefix, unsigned plen)
{
	struct spot at = {&f->root, 0};

	for (;;) {
		struct fib_node *n = node_at(f, *at.link);
		struct place p;
		slot *s;

		if (!is_inside(n, prefix, plen))
			return at;
		p = place_of(n, prefix, plen);
		if (!p.is_child || !has_place(n, p))
			return at;
		s = &n->slots[index_of(n, p)];
		if (kind_of(*s) != SLOT_NODE)
			return at;
		at = (struct spot){s, n->depth};
	}
}

struct fib_entry *fib_find(const struct fib *f, uint32_t prefix, unsigned plen)
{
	struct fib_node *n;
	struct fib_entry *e;
	struct place at;

	if (!f->root)
		return NULL;
	n = node_at(f, *descend((struct fib *)f, prefix, plen).link);
	if (!is_inside(n, prefix, plen))
		return NULL;
	at = place_of(n, prefix, plen);
	if (!has_place(n, at))
		return NULL;
	e = entry_at(f, n->slots[index_of(n, at)]);
	return e->prefix == prefix && e->plen == plen ? e : NULL;
}

struct fib_entry *fib_lookup_shorter(const struct fib *f, uint32_t addr, unsigned plen)
{
	while (plen-- > 0) {
		struct fib_entry *e = fib_find(f, addr & ip_mask(plen), plen);
		if (e)
			return e;
	}
	return NULL;
}

/* ---- in order */

/* The first route in or below `n` that begins at `chunk` or later; at `chunk` itself, only prefixes of `len`
 * bits and more beyond the node's own. */
static struct fib_entry *first_from(
	const struct fib *f, const struct fib_node *n, unsigned chunk, unsigned len)
{
	for (; chunk < CHUNKS; chunk++, len = 0) {
		for (; len < STRIDE; len++) {
			struct place at = {false, (CHUNKS | chunk) >> (STRIDE - len)};

			if (at.bit << (STRIDE - len) == (CHUNKS | chunk) && has_place(n, at))
				return entry_at(f, n->slots[index_of(n, at)]);
		}
		if (has_bit(n->children, chunk)) {
			slot s = n->slots[bits_below(n->children, chunk)];
			return kind_of(s) == SLOT_NODE ? first_from(f, node_at(f, s), 0, 0) : entry_at(f, s);
		}
	}
	return NULL;
}

static bool is_after(uint32_t a, unsigned a_len, uint32_t b, unsigned b_len)
{
	return a > b || (a == b && a_len > b_len);
}

static struct fib_entry *next_in(
	const struct fib *f, const struct fib_node *n, uint32_t prefix, unsigned plen)
{
	struct fib_entry *e = NULL;
	unsigned chunk;
	slot s;

	if (!is_inside(n, prefix, plen))
		return is_after(n->key, n->depth, prefix, plen) ? first_from(f, n, 0, 0) : NULL;
	chunk = chunk_of(prefix, n->depth);
	if (plen - n->depth < STRIDE)
		return first_from(f, n, chunk, plen - n->depth + 1);
	if (has_bit(n->children, chunk)) {
		s = n->slots[bits_below(n->children, chunk)];
		if (kind_of(s) == SLOT_NODE)
			e = next_in(f, node_at(f, s), prefix, plen);
		else if (is_after(entry_at(f, s)->prefix, entry_at(f, s)->plen, prefix, plen))
			e = entry_at(f, s);
	}
	return e ? e : first_from(f, n, chunk + 1, 0);
}

struct fib_entry *fib_first(const struct fib *f)
{
	return f->root ? first_from(f, node_at(f, f->root), 0, 0) : NULL;
}

struct fib_entry *fib_next(const struct fib *f, uint32_t prefix, unsigned plen)
{
	return f->root ? next_in(f, node_at(f, f->root), prefix, plen) : NULL;
}

/* ---- jumps */

/* What hangs in a slot of a node of depth at.above has changed, moved, or gone: forget the jumps into it. */
static void forget_jumps(struct fib *f, uint32_t prefix, struct spot at)
{
	unsigned bits = at.link == &f->root ? 0 : MIN(at.above + STRIDE, JUMP_BITS);

	if (f->jump)
		memset(&f->jump[(prefix & ip_mask(bits)) >> (32 - JUMP_BITS)], 0,
			sizeof(*f->jump) << (JUMP_BITS - bits));
}

/* A table that became big gets jumps, if there is memory; one that became small loses them. */
static void resize_jumps(struct fib *f)
{
	if (!f->jump && f->count >= JUMP_FROM)
		f->jump = calloc(JUMP_SLOTS, sizeof(*f->jump));
	if (f->jump && f->count < JUMP_FROM / 2) {
		free(f->jump);
		f->jump = NULL;
	}
}

/* ---- inserting */

/* Puts `e` among the routes of its prefix, of which `head` is the first; returns the new first. */
static struct fib_entry *chain_add(struct fib *f, struct fib_entry *head, struct fib_entry *e,
	bool (*before)(const struct route_info *a, const struct route_info *b))
{
	uint32_t first = (uint32_t)(head - f->entries), *at = &first;

	while (*at && f->entries[*at].tos >= e->tos &&
		!(f->entries[*at].tos == e->tos && before(e->info, f->entries[*at].info)))
		at = &f->entries[*at].next;
	e->next = *at;
	*at = (uint32_t)(e - f->entries);
	return &f->entries[first];
}

/* How deep the node must stand that tells prefix a from b: as deep as both agree and reach. */
static unsigned fork_depth(uint32_t a, unsigned a_len, uint32_t b, unsigned b_len)
{
	unsigned same = a == b ? 32 : (unsigned)__builtin_clz(a ^ b);

	same = MIN(same, MIN(a_len, b_len));
	return same / STRIDE * STRIDE;
}

/* Puts a new node over `*link`, below which all begins with key/len, and `e`. */
static void fork_at(struct fib *f, slot *link, uint32_t key, unsigned len, const struct fib_entry *e)
{
	unsigned depth = fork_depth(key, len, e->prefix, e->plen);
	slot s = fib_node_new(f, 2), old = *link;
	struct fib_node *n = node_at(f, s);

	n->key = e->prefix & ip_mask(depth);
	n->depth = (uint8_t)depth;
	if (kind_of(old) != SLOT_NODE)
		old = entry_slot(f, entry_at(f, old), depth);
	fib_slot_put(n, place_of(n, key, len), old);
	fib_slot_put(n, place_of(n, e->prefix, e->plen), entry_slot(f, e, depth));
	*link = s;
}

static void insert_at(struct fib *f, slot *link, struct fib_entry *e,
	bool (*before)(const struct route_info *a, const struct route_info *b))
{
	struct fib_node *n = node_at(f, *link);
	struct fib_entry *old;
	struct place at;
	slot *s;

	if (!is_inside(n, e->prefix, e->plen)) {
		fork_at(f, link, n->key, n->depth, e);
		return;
	}
	at = place_of(n, e->prefix, e->plen);
	if (!has_place(n, at)) {
		*link = fib_node_resize(f, *link, slot_count(n) + 1);
		n = node_at(f, *link);
		fib_slot_put(n, at, entry_slot(f, e, n->depth));
		return;
	}
	s = &n->slots[index_of(n, at)];
	old = entry_at(f, *s);
	if (old->prefix == e->prefix && old->plen == e->plen)
		*s = entry_slot(f, chain_add(f, old, e, before), n->depth);
	else
		fork_at(f, s, old->prefix, old->plen, e);
}

struct fib_entry *fib_insert(struct fib *f, uint32_t prefix, unsigned plen, uint8_t tos,
	struct route_info *info, bool (*before)(const struct route_info *a, const struct route_info *b))
{
	struct fib_entry *e;
	struct spot at;

	if (!fib_reserve(f)) {
		if (f->count == 0)
			fib_exit(f);
		return NULL;
	}
	if (!f->root)
		f->root = fib_node_new(f, 0);
	e = fib_entry_new(f);
	*e = (struct fib_entry){.prefix = prefix, .plen = (uint8_t)plen, .tos = tos, .info = info};
	at = descend(f, prefix, plen);
	insert_at(f, at.link, e, before);
	forget_jumps(f, prefix, at);
	resize_jumps(f);
	return e;
}

/* ---- removing */

static struct fib_entry *chain_del(struct fib *f, struct fib_entry *head, const struct fib_entry *e)
{
	uint32_t first = (uint32_t)(head - f->entries), *at = &first;

	while (&f->entries[*at] != e)
		at = &f->entries[*at].next;
	*at = e->next;
	return first ? &f->entries[first] : NULL;
}

/* A slot of the node was taken away: what is to stand in its place? */
static slot shrink(struct fib *f, struct spot at)
{
	struct fib_node *n = node_at(f, *at.link);
	unsigned count = slot_count(n);
	slot last = n->slots[0];

	if (count > 1 || at.link == &f->root)
		return fib_node_resize(f, *at.link, count);
	fib_node_free(f, *at.link);
	return kind_of(last) == SLOT_NODE ? last : entry_slot(f, entry_at(f, last), at.above);
}

static bool never(const struct route_info *a, const struct route_info *b)
{
	(void)a;
	(void)b;
	return false;
}

/* A table that lost most of what it once held is built anew in less memory. Without memory it stays. */
static void compact(struct fib *f)
{
	struct fib small = {0};

	if (f->count == 0) {
		fib_exit(f);
		return;
	}
	if (f->entry_room <= COMPACT_FROM || f->count > f->entry_room / 8)
		return;
	for (const struct fib_entry *e = fib_first(f); e; e = fib_next(f, e->prefix, e->plen))
		for (const struct fib_entry *c = e; c; c = fib_also(f, c))
			if (!fib_insert(&small, c->prefix, c->plen, c->tos, c->info, never)) {
				fib_exit(&small);
				return;
			}
	fib_exit(f);
	*f = small;
}

void fib_remove(struct fib *f, const struct fib_entry *e)
{
	struct spot at = descend(f, e->prefix, e->plen);
	struct fib_node *n = node_at(f, *at.link);
	struct place p = place_of(n, e->prefix, e->plen);
	slot *s = &n->slots[index_of(n, p)];
	struct fib_entry *head = chain_del(f, entry_at(f, *s), e);

	forget_jumps(f, e->prefix, at);
	if (head) {
		*s = entry_slot(f, head, n->depth);
	} else {
		fib_slot_take(n, p);
		*at.link = shrink(f, at);
	}
	fib_entry_free(f, &f->entries[e - f->entries]);
	resize_jumps(f);
	compact(f);
}

void fib_exit(struct fib *f)
{
	free(f->entries);
	free(f->words);
	free(f->jump);
	*f = (struct fib){0};
}

size_t fib_bytes(const struct fib *f)
{
	return f->entry_room * sizeof(*f->entries) + f->word_room * sizeof(*f->words) +
		(f->jump ? JUMP_SLOTS * sizeof(*f->jump) : 0);
}
