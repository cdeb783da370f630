/* SPDX-License-Identifier: MIT */
/* The lists of senders that macvlans in source mode hear. */
#include "dev/macvlan_table.h"

#include <errno.h>
#include <stdlib.h>

static struct macvlan_source *find(const struct macvlan *m, struct mac mac)
{
	uint32_t hash = macvlan_hash(mac);

	hash_each_match(src, &m->table->sources, hash, struct macvlan_source, link)
		if (src->member == m && mac_equal(src->mac, mac))
			return src;
	return NULL;
}

static void remove_one(struct macvlan_source *src)
{
	hash_del(&src->member->table->sources, &src->link);
	list_del(&src->node);
	free(src);
}

static bool may_be_a_sender(struct mac mac)
{
	return !mac_is_group(mac) && !mac_is_zero(mac);
}

int macvlan_source_add(struct dev *d, struct mac mac)
{
	struct macvlan *m = macvlan_of(d);

	if (m->mode != MACVLAN_SOURCE)
		return -EINVAL;
	if (!may_be_a_sender(mac))
		return -EADDRNOTAVAIL;
	if (find(m, mac))
		return 0;
	struct macvlan_source *src = calloc(1, sizeof(*src));
	if (!src || hash_add(&m->table->sources, &src->link, macvlan_hash(mac))) {
		free(src);
		return -ENOMEM;
	}
	src->member = m;
	src->mac = mac;
	list_add_tail(&m->sources, &src->node);
	return 0;
}

int macvlan_source_del(struct dev *d, struct mac mac)
{
	struct macvlan *m = macvlan_of(d);
	struct macvlan_source *src = find(m, mac);

	if (m->mode != MACVLAN_SOURCE)
		return -EINVAL;
	if (!may_be_a_sender(mac))
		return -EADDRNOTAVAIL;
	if (src)
		remove_one(src);
	return 0;
}

void macvlan_source_flush(struct macvlan *m)
{
	list_each_safe(src, &m->sources, struct macvlan_source, node)
		remove_one(src);
}

int macvlan_source_set(struct dev *d, const struct mac *macs, size_t count)
{
	int err = macvlan_of(d)->mode == MACVLAN_SOURCE ? 0 : -EINVAL;

	for (size_t i = 0; !err && i < count; i++)
		err = may_be_a_sender(macs[i]) ? 0 : -EADDRNOTAVAIL;
	if (err)
		return err;
	macvlan_source_flush(macvlan_of(d));
	for (size_t i = 0; !err && i < count; i++)
		err = macvlan_source_add(d, macs[i]);
	return err;
}

size_t macvlan_source_count(const struct dev *d)
{
	size_t n = 0;

	list_each(src, &macvlan_of(d)->sources, struct macvlan_source, node)
		n++;
	return n;
}

void macvlan_source_each(const struct dev *d, void (*fn)(void *ctx, struct mac m), void *ctx)
{
	list_each(src, &macvlan_of(d)->sources, struct macvlan_source, node)
		fn(ctx, src->mac);
}
