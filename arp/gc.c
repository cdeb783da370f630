/* SPDX-License-Identifier: MIT */
/*
 * The table of neighbours and its bounds (RFC 1122 2.3.2.1; Linux's gc_thresh1 to 3).
 *
 * An entry that may be collected hangs in one of two queues: `idle`, when no packet of ours ever went to it
 * (whoever sends us requests can make such entries), and `busy`, by last use. So a flood of requests from
 * invented senders pushes out its own entries and never those that carry traffic:
 *
 *   - at gc_thresh3 each new entry costs the first of idle, or else the least recently used of busy, unless
 *     that one was used within the last 5 s: then the table is full and the new entry is refused;
 *   - above gc_thresh2, at most every 5 s, what was not touched for 5 s goes, until gc_thresh2 is reached;
 *   - every gc_interval, from gc_thresh1 on, entries that failed or were not used for gc_stale_time go.
 *
 * What is being resolved is not collected (it ends by itself within seconds), nor what the user made to stay.
 */
#include "arp/internal.h"

#include <errno.h>
#include <stdlib.h>

#define IN_USE_NS (5 * NS_PER_SEC)

static uint32_t hash_of(const struct netif *n, uint32_t addr)
{
	return hsiphash_u64(&n->stack->arp->key, (uint64_t)n->dev->ifindex << 32 | addr);
}

static bool is_that(const struct neigh *ng, const struct netif *n, uint32_t addr, bool proxy)
{
	return ng->addr == addr && ng->netif == n && ng->proxy == proxy;
}

struct neigh *gc_find(const struct netif *n, uint32_t addr, bool proxy)
{
	struct arp *arp = n->stack->arp;

	if (arp->found && is_that(arp->found, n, addr, proxy))
		return arp->found;
	hash_each_match(ng, &arp->table, hash_of(n, addr), struct neigh, link) {
		if (is_that(ng, n, addr, proxy))
			return arp->found = ng;
	}
	return NULL;
}

static uint64_t age(const struct neigh *ng, uint64_t since)
{
	return stack_now(ng->netif->stack) - since;
}

static bool is_collectable(const struct neigh *ng)
{
	return !ng->proxy && !(ng->state & (NEIGH_PERMANENT | NEIGH_NOARP));
}

/* One entry less, where there is one that can be spared. */
static bool evict(struct arp *arp)
{
	struct neigh *idle = list_first(&arp->idle, struct neigh, gc_node);
	struct neigh *busy = list_first(&arp->busy, struct neigh, gc_node);

	if (!idle && (!busy || age(busy, busy->used_ns) < IN_USE_NS))
		return false;
	neigh_remove(idle ? idle : busy, DROP_NEIGH_TABLE_FULL);
	return true;
}

/* Down to gc_thresh2, as far as there are entries that nobody touched for a while. */
static void trim(struct arp *arp)
{
	size_t enough = (size_t)arp->stack->sysctl[SYSCTL_NEIGH_GC_THRESH2];

	list_each_safe(ng, &arp->idle, struct neigh, gc_node)
		if (arp->collectable > enough && age(ng, ng->updated_ns) >= IN_USE_NS)
			neigh_remove(ng, DROP_NEIGH_TABLE_FULL);
	list_each_safe(ng, &arp->busy, struct neigh, gc_node)
		if (arp->collectable > enough && ng->state == NEIGH_STALE &&
			age(ng, ng->used_ns) >= IN_USE_NS)
			neigh_remove(ng, DROP_NEIGH_TABLE_FULL);
}

static bool make_room(struct arp *arp)
{
	const int32_t *sysctl = arp->stack->sysctl;
	uint64_t now = stack_now(arp->stack);

	if (arp->collectable >= (size_t)sysctl[SYSCTL_NEIGH_GC_THRESH2] &&
		now - arp->trimmed_ns >= IN_USE_NS) {
		arp->trimmed_ns = now;
		trim(arp);
	}
	while (arp->collectable >= (size_t)sysctl[SYSCTL_NEIGH_GC_THRESH3])
		if (!evict(arp))
			return false;
	return true;
}

static void arm_collection(struct arp *arp)
{
	uint64_t interval = (uint64_t)arp->stack->sysctl[SYSCTL_NEIGH_GC_INTERVAL] * NS_PER_SEC;

	timer_arm(&stack_loop(arp->stack)->wheel, &arp->collect, stack_now(arp->stack) + interval);
}

/* RFC 1122 2.3.2.1: out-of-date entries are flushed. */
static void collect(struct timer *t)
{
	struct arp *arp = CONTAINER_OF(t, struct arp, collect);

	if (arp->collectable >= (size_t)arp->stack->sysctl[SYSCTL_NEIGH_GC_THRESH1])
		list_each_safe(ng, &arp->entries, struct neigh, node) {
			uint64_t unused = age(ng, MAX(ng->used_ns, ng->confirmed_ns));
			if (ng->state == NEIGH_FAILED ||
				(ng->state == NEIGH_STALE &&
					unused >= conf_sec(ng->netif, CONF_GC_STALE_TIME)))
				neigh_remove(ng, DROP_NEIGH_FLUSHED);
		}
	if (!list_empty(&arp->entries))
		arm_collection(arp);
}

struct neigh *gc_new(struct netif *n, uint32_t addr, enum gc_kind kind)
{
	struct arp *arp = n->stack->arp;
	uint64_t now = stack_now(n->stack);
	struct neigh *ng = kind != GC_BOUND || make_room(arp) ? pool_get(&arp->pool) : NULL;

	if (!ng)
		return NULL;
	*ng = (struct neigh){
		.netif = n, .addr = addr, .proxy = kind == GC_PROXY, .used_ns = now, .updated_ns = now};
	if (hash_add(&arp->table, &ng->link, hash_of(n, addr))) {
		pool_put(&arp->pool, ng);
		return NULL;
	}
	list_init(&ng->waiting);
	list_init(&ng->gc_node);
	list_add_tail(&arp->entries, &ng->node);
	arp->collectable += is_collectable(ng);
	if (!timer_is_armed(&arp->collect))
		arm_collection(arp);
	return ng;
}

void gc_free(struct neigh *ng)
{
	struct arp *arp = ng->netif->stack->arp;

	arp->collectable -= is_collectable(ng);
	arp->stack->generation += ng->state == NEIGH_FAILED;
	list_del(&ng->gc_node);
	list_del(&ng->node);
	hash_del(&arp->table, &ng->link);
	if (arp->found == ng)
		arp->found = NULL;
	pool_put(&arp->pool, ng);
	if (list_empty(&arp->entries))
		timer_cancel(&stack_loop(arp->stack)->wheel, &arp->collect);
}

static void place(struct neigh *ng)
{
	struct arp *arp = ng->netif->stack->arp;

	list_del(&ng->gc_node);
	if (ng->state == NEIGH_INCOMPLETE)
		list_add_tail(&arp->resolving, &ng->gc_node);
	else if (is_collectable(ng))
		list_add_tail(ng->carries ? &arp->busy : &arp->idle, &ng->gc_node);
}

void gc_set_state(struct neigh *ng, enum neigh_state state)
{
	struct arp *arp = ng->netif->stack->arp;
	bool queued_as_busy = ng->carries && !list_empty(&ng->gc_node);

	arp->collectable -= is_collectable(ng);
	/* routes by a gateway that does not answer are avoided */
	arp->stack->generation += (ng->state == NEIGH_FAILED) != (state == NEIGH_FAILED);
	ng->state = state;
	arp->collectable += is_collectable(ng);
	if (state & (NEIGH_FAILED | NEIGH_INCOMPLETE))
		ng->carries = false;
	/* Busy is in order of use, and a new state is no use. */
	if (!queued_as_busy || !ng->carries || !is_collectable(ng))
		place(ng);
}

void gc_touch(struct neigh *ng)
{
	uint64_t now = stack_now(ng->netif->stack);

	if (ng->carries && ng->used_ns == now)
		return;
	ng->used_ns = now;
	ng->carries = true;
	place(ng);
}

int gc_init(struct stack *s)
{
	struct arp *arp = calloc(1, sizeof(*arp));

	if (!arp)
		return -ENOMEM;
	s->arp = arp;
	arp->stack = s;
	arp->key = rng_key(&s->rng);
	pool_init(&arp->pool, "neigh", sizeof(struct neigh), 0, 64);
	hash_init(&arp->table);
	list_init(&arp->entries);
	list_init(&arp->resolving);
	list_init(&arp->idle);
	list_init(&arp->busy);
	timer_init(&arp->collect, collect);
	return 0;
}

void gc_exit(struct arp *arp)
{
	hash_exit(&arp->table);
	pool_exit(&arp->pool);
	free(arp);
}
