/* SPDX-License-Identifier: MIT */
/* The table of a lower device: which macvlans stand on it, and how a MAC address finds them. */
#include "dev/macvlan_table.h"

#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

/* Who may add a macvlan chooses the addresses in the table; strangers only ask it. So this need not be a secret. */
uint32_t macvlan_hash(struct mac m)
{
	uint64_t number = 0;

	memcpy(&number, m.b, sizeof(m.b));
	for (int i = 0; i < 2;
		i++) { /* a product's upper half depends on all bits, its lower half does not */
		number *= UINT64_C(0x9e3779b97f4a7c15);
		number ^= number >> 32;
	}
	return (uint32_t)number;
}

static struct macvlan_table *new_table(struct dev *lower)
{
	struct macvlan_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->lower = lower;
	t->lower_mac = lower->mac;
	list_init(&t->members);
	hash_init(&t->up);
	hash_init(&t->sources);
	dev_queue_init(&t->looped, lower);
	t->looped.input = dev_input_looped;
	return t;
}

struct macvlan_table *macvlan_table_get(struct dev *lower, int *err)
{
	*err = lower->type == DEV_ETHER ? 0 : -EINVAL;
	if (lower->rx_handler == macvlan_receive)
		return lower->rx_handler_data;
	if (*err)
		return NULL;
	struct macvlan_table *t = new_table(lower);
	*err = t ? dev_set_rx_handler(lower, macvlan_receive, t) : -ENOMEM;
	if (!*err) {
		lower->rx_prefetch = macvlan_prefetch;
		return t;
	}
	free(t);
	return NULL;
}

void macvlan_table_put(struct macvlan_table *t)
{
	if (!list_empty(&t->members))
		return;
	dev_clear_rx_handler(t->lower);
	dev_queue_flush(&t->looped);
	hash_exit(&t->up);
	hash_exit(&t->sources);
	free(t);
}

void macvlan_table_join(struct macvlan_table *t, struct macvlan *m)
{
	m->table = t;
	list_add_tail(&t->members, &m->node);
	t->bcqueuelen = MAX(t->bcqueuelen, m->bcqueuelen);
}

static bool has_another(const struct macvlan_table *t, uint32_t bcqueuelen)
{
	list_each(m, &t->members, struct macvlan, node)
		if (m->bcqueuelen == bcqueuelen)
			return true;
	return false;
}

void macvlan_table_leave(struct macvlan *m)
{
	macvlan_source_flush(m);
	list_del(&m->node);
	if (!has_another(m->table, m->bcqueuelen))
		macvlan_table_update(m->table);
	macvlan_table_put(m->table);
}

int macvlan_table_add_up(struct macvlan *m, struct mac mac)
{
	return hash_add(&m->table->up, &m->up_link, macvlan_hash(mac));
}

void macvlan_table_del_up(struct macvlan *m)
{
	hash_del(&m->table->up, &m->up_link);
}

struct macvlan *macvlan_table_find(const struct macvlan_table *t, struct mac mac)
{
	uint32_t hash = macvlan_hash(mac);

	hash_each_match(m, &t->up, hash, struct macvlan, up_link)
		if (mac_equal(m->dev.mac, mac))
			return m;
	return NULL;
}

static void prefetch(const void *from, size_t len)
{
	for (size_t i = 0; i < len; i += CACHE_LINE)
		__builtin_prefetch((const uint8_t *)from + i);
}

void macvlan_table_prefetch(const struct macvlan_table *t, struct mac mac)
{
	const struct hash_link *l = hash_chain(&t->up, macvlan_hash(mac));

	if (!l)
		return;
	const struct macvlan *m = CONTAINER_OF(l, struct macvlan, up_link);
	prefetch(m, sizeof(*m));
	prefetch(m->dev.netif, sizeof(*m->dev.netif));
	prefetch(m->dev.stack, 2 * CACHE_LINE);
}

struct macvlan *macvlan_table_passthru(const struct macvlan_table *t)
{
	struct macvlan *first = list_first(&t->members, struct macvlan, node);

	return first && first->mode == MACVLAN_PASSTHRU ? first : NULL;
}

bool macvlan_table_is_taken(const struct macvlan_table *t, struct mac mac)
{
	return mac_equal(t->lower->mac, mac) || macvlan_table_find(t, mac);
}

void macvlan_table_update(struct macvlan_table *t)
{
	t->bcqueuelen = 0;
	list_each(m, &t->members, struct macvlan, node)
		t->bcqueuelen = MAX(t->bcqueuelen, m->bcqueuelen);
}
