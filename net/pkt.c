/* SPDX-License-Identifier: MIT */
/* Packets: allocation and copies. */
#include "net/pkt.h"

/* The room of parts is poisoned: who reads it before pkt_linearize() does not get far. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

enum { SMALL_CACHE = 1024, BIG_CACHE = 16 };

void pkt_pools_init(struct pkt_pools *pools, size_t small_limit, size_t big_limit)
{
	*pools = (struct pkt_pools){0};
	pool_init(&pools->small, "small packets", sizeof(struct pkt) + PKT_SMALL_ROOM, small_limit,
		SMALL_CACHE);
	pool_init(&pools->big, "big packets", sizeof(struct pkt) + PKT_BIG_ROOM, big_limit, BIG_CACHE);
}

void pkt_pools_exit(struct pkt_pools *pools)
{
	pool_exit(&pools->small);
	pool_exit(&pools->big);
}

struct pkt *pkt_new(struct pkt_pools *pools, size_t room)
{
	bool big = room > PKT_SMALL_ROOM - PKT_HEADROOM;

	if (room > PKT_BIG_ROOM - PKT_HEADROOM)
		return NULL;
	struct pkt *p = pool_get(big ? &pools->big : &pools->small);
	if (!p)
		return NULL;
	*p = (struct pkt){
		.pools = pools,
		.id = ++pools->next_id,
		.big = big,
		.room = big ? PKT_BIG_ROOM : PKT_SMALL_ROOM,
		.data = p->buf + PKT_HEADROOM,
	};
	list_init(&p->node);
	return p;
}

/* The fields that describe the packet, not the buffer it lies in. */
static void copy_fields(struct pkt *to, const struct pkt *from)
{
	to->dev = from->dev;
	to->ifindex = from->ifindex;
	to->sender = from->sender;
	to->time_ns = from->time_ns;
	to->l2_len = from->l2_len;
	to->type = from->type;
	to->local = from->local;
	to->to_group = from->to_group;
	to->ethertype = from->ethertype;
	to->src_mac = from->src_mac;
	to->ip = from->ip;
	to->offload = from->offload;
}

struct pkt *pkt_child(const struct pkt *p, size_t room)
{
	struct pkt *child = pkt_new(p->pools, room);

	if (!child)
		return NULL;
	copy_fields(child, p);
	child->parent = p->id;
	return child;
}

static void copy_parts(uint8_t *to, const struct pkt *p)
{
	for (unsigned i = 0; i < p->part_count; i++) {
		memcpy(to, p->parts[i].data, p->parts[i].len);
		to += p->parts[i].len;
	}
}

static void copy_bytes(uint8_t *to, const struct pkt *p)
{
	uint32_t head = pkt_head_len(p);

	memcpy(to, p->data, head);
	copy_parts(to + head, p);
}

struct pkt *pkt_copy(const struct pkt *p, size_t extra)
{
	struct pkt *copy = pkt_child(p, p->len + extra);

	if (copy)
		copy_bytes(pkt_put(copy, p->len), p);
	return copy;
}

bool pkt_put_part(struct pkt *p, struct blob *blob, const uint8_t *data, uint32_t len)
{
	if (p->part_count == PKT_PARTS)
		return false;
	uint8_t *room = pkt_put(p, len);
	ASAN_POISON_MEMORY_REGION(room, len);
	p->parts[p->part_count++] = (struct pkt_part){blob_ref(blob), data, len};
	return true;
}

static void let_parts_go(struct pkt *p)
{
	while (p->part_count)
		blob_unref(p->parts[--p->part_count].blob);
}

void pkt_linearize(struct pkt *p)
{
	uint32_t head = pkt_head_len(p);

	ASAN_UNPOISON_MEMORY_REGION(p->data + head, p->len - head);
	copy_parts(p->data + head, p);
	let_parts_go(p);
}

static void give_back(struct pkt *p)
{
	assert(list_empty(&p->node));
	ASAN_UNPOISON_MEMORY_REGION(p->buf, p->room);
	let_parts_go(p);
	pool_put(p->big ? &p->pools->big : &p->pools->small, p);
}

static void tell_end(const struct pkt *p)
{
	if (p->pools->ended)
		p->pools->ended(p->pools, p);
}

void pkt_free(struct pkt *p)
{
	tell_end(p);
	give_back(p);
}

void pkt_renew(struct pkt *p)
{
	tell_end(p);
	p->parent = p->id;
	p->id = ++p->pools->next_id;
}

void pkt_done(struct pkt *p)
{
	p->pools->done++;
	pkt_free(p);
}

/* The same packet in another buffer with `room` bytes; NULL: no memory. */
static struct pkt *move(struct pkt *p, size_t room)
{
	struct pkt *to = pkt_new(p->pools, room);

	if (!to)
		return NULL;
	copy_fields(to, p);
	to->id = p->id;
	to->parent = p->parent;
	copy_bytes(pkt_put(to, p->len), p);
	give_back(p);
	return to;
}

struct pkt *pkt_shrink(struct pkt *p)
{
	struct pkt *small = p->big && p->len <= PKT_SMALL_ROOM - PKT_HEADROOM ? move(p, p->len) : NULL;

	return small ? small : p;
}

struct pkt *pkt_grow(struct pkt *p)
{
	return p->big ? p : move(p, PKT_BIG_ROOM - PKT_HEADROOM);
}
