/* SPDX-License-Identifier: MIT */
/* Who has which address. */
#include "app/dhcp_pool.h"

#include "lib/timer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int dhcp_pool_init(struct dhcp_pool *p, uint32_t first, uint32_t last)
{
	*p = (struct dhcp_pool){0};
	if (first > last || last - first >= DHCP_POOL_MAX)
		return -EINVAL;
	p->count = last - first + 1;
	p->room = p->count + DHCP_FIXED_MAX;
	p->entries = calloc(p->room, sizeof(*p->entries));
	if (!p->entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->count; i++)
		p->entries[i].addr = first + i;
	return 0;
}

void dhcp_pool_exit(struct dhcp_pool *p)
{
	free(p->entries);
}

#define each_entry(e, p) for (struct dhcp_entry *e = (p)->entries; e < (p)->entries + (p)->count; e++)

struct dhcp_entry *dhcp_pool_at(const struct dhcp_pool *p, uint32_t addr)
{
	each_entry(e, p) if (e->addr == addr) return e;
	return NULL;
}

struct dhcp_entry *dhcp_pool_of(const struct dhcp_pool *p, const struct dhcp_octets *id)
{
	each_entry(e, p) if (e->id.len == id->len && memcmp(e->id.b, id->b, id->len) == 0) return e;
	return NULL;
}

static struct dhcp_entry *fixed_for(const struct dhcp_pool *p, struct mac mac)
{
	each_entry(e, p) if (e->fixed && mac_equal(e->mac, mac)) return e;
	return NULL;
}

int dhcp_pool_fix(struct dhcp_pool *p, struct mac mac, uint32_t addr, const char *name)
{
	struct dhcp_entry *e = dhcp_pool_at(p, addr);

	if (fixed_for(p, mac) || (e && e->fixed))
		return -EEXIST;
	if (!e && p->count == p->room)
		return -ENOSPC;
	if (!e)
		e = &p->entries[p->count++];
	e->addr = addr;
	e->mac = mac;
	e->fixed = true;
	snprintf(e->name, sizeof(e->name), "%s", name);
	return 0;
}

void dhcp_pool_reserve(struct dhcp_pool *p, uint32_t addr)
{
	struct dhcp_entry *e = dhcp_pool_at(p, addr);

	if (!e)
		return;
	e->state = DHCP_ENTRY_ABANDONED;
	e->until_ns = TIMER_NEVER;
}

enum dhcp_entry_state dhcp_entry_state(const struct dhcp_entry *e, uint64_t now)
{
	return now < e->until_ns ? (enum dhcp_entry_state)e->state : DHCP_ENTRY_FREE;
}

bool dhcp_entry_is_for(const struct dhcp_entry *e, const struct dhcp_octets *id, struct mac mac, uint64_t now)
{
	bool its_own = e->id.len == id->len && memcmp(e->id.b, id->b, id->len) == 0;
	enum dhcp_entry_state state = dhcp_entry_state(e, now);

	if (state == DHCP_ENTRY_ABANDONED || (e->fixed && !mac_equal(e->mac, mac)))
		return false;
	return its_own || state == DHCP_ENTRY_FREE;
}

/* Free entries that nobody had yet come first: until_ns is 0. */
static struct dhcp_entry *free_longest(const struct dhcp_pool *p, uint64_t now)
{
	struct dhcp_entry *best = NULL;

	each_entry(e, p) if (!e->fixed && dhcp_entry_state(e, now) == DHCP_ENTRY_FREE &&
		(!best || e->until_ns < best->until_ns)) best = e;
	return best;
}

struct dhcp_entry *dhcp_pool_choose(const struct dhcp_pool *p, const struct dhcp_octets *id, struct mac mac,
	uint32_t wanted, uint64_t now)
{
	struct dhcp_entry *candidates[] = {fixed_for(p, mac), dhcp_pool_of(p, id), dhcp_pool_at(p, wanted)};

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++)
		if (candidates[i] && dhcp_entry_is_for(candidates[i], id, mac, now))
			return candidates[i];
	return free_longest(p, now);
}
