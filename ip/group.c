/* SPDX-License-Identifier: MIT */
/*
 * Which multicast groups a device hears for IP (RFC 1112). Every device is in the all-hosts group from the
 * beginning to the end (RFC 1112 7.2); the others are counted. Routers hear of them from igmp.c.
 */
#include "ip/internal.h"

#include "net/wire_ether.h"

#include <errno.h>
#include <stdlib.h>

struct group {
	struct list node; /* in ip_netif.groups, in the order they were joined */
	uint32_t addr;
	unsigned users;
};

static struct group *find(const struct netif *n, uint32_t addr)
{
	list_each(g, &n->ip->groups, struct group, node)
		if (g->addr == addr)
			return g;
	return NULL;
}

int ip_group_join(struct netif *n, uint32_t group)
{
	struct group *g = find(n, group);

	if (!ip_is_multicast(group))
		return -EINVAL;
	if (g) {
		g->users++;
		return 0;
	}
	g = malloc(sizeof(*g));
	if (!g || dev_group_add(n->dev, ether_multicast(group))) {
		free(g);
		return -ENOMEM;
	}
	*g = (struct group){.addr = group, .users = 1};
	list_add_tail(&n->ip->groups, &g->node);
	TRACE(n->stack, LAYER_IP, NULL, "RFC 1112 7.1", "%s joins %s", n->dev->name, TEXT_IP(group));
	igmp_joined(n, group);
	return 0;
}

static void forget(struct netif *n, struct group *g)
{
	dev_group_del(n->dev, ether_multicast(g->addr));
	list_del(&g->node);
	free(g);
}

void ip_group_leave(struct netif *n, uint32_t group)
{
	struct group *g = find(n, group);

	if (!g || --g->users)
		return;
	TRACE(n->stack, LAYER_IP, NULL, "RFC 1112 7.1", "%s leaves %s", n->dev->name, TEXT_IP(group));
	forget(n, g);
	igmp_left(n, group);
}

bool ip_group_joined(const struct netif *n, uint32_t group)
{
	return find(n, group);
}

void ip_group_each(const struct netif *n, void (*fn)(void *ctx, uint32_t group, unsigned users), void *ctx)
{
	list_each(g, &n->ip->groups, struct group, node)
		fn(ctx, g->addr, g->users);
}

int group_attach(struct netif *n)
{
	list_init(&n->ip->groups);
	return ip_group_join(n, IP_ALL_HOSTS);
}

void group_detach(struct netif *n)
{
	list_each_safe(g, &n->ip->groups, struct group, node)
		forget(n, g);
}
