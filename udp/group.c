/* SPDX-License-Identifier: MIT */
/* Groups that a socket is in (RFC 1112 6.1, 7.1): a device hears a group as long as some socket wants it. */
#include "udp/internal.h"

#include <errno.h>
#include <stdlib.h>

struct membership {
	struct list node; /* in udp_sock->memberships */
	uint32_t group;
	int ifindex;
};

/* The device meant by `ifindex`; 0: the one that a multicast to the group would leave by. */
static struct netif *choose(struct sock *sk, uint32_t group, int ifindex)
{
	struct dev *d = dev_by_index(sk->stack, ifindex);
	struct route_path path;

	if (ifindex)
		return d ? d->netif : NULL;
	return ip_sock_route(sk, sk->extra->local.ip, group, &path) ? NULL : path.netif;
}

static struct membership *find(const struct udp_sock *u, uint32_t group, int ifindex, int32_t *count)
{
	struct membership *found = NULL;

	*count = 0;
	list_each(m, &u->memberships, struct membership, node) {
		++*count;
		if (!found && m->group == group && (!ifindex || m->ifindex == ifindex))
			found = m;
	}
	return found;
}

static int join_group(struct udp_sock *u, uint32_t group, int ifindex)
{
	struct netif *n = choose(&u->sk, group, ifindex);
	int32_t count;

	if (!n)
		return -ENODEV;
	if (find(u, group, n->dev->ifindex, &count))
		return -EADDRINUSE;
	if (count >= u->sk.stack->sysctl[SYSCTL_IGMP_MAX_MEMBERSHIPS])
		return -ENOBUFS;
	struct membership *m = malloc(sizeof(*m));
	if (!m || ip_group_join(n, group)) {
		free(m);
		return -ENOMEM;
	}
	*m = (struct membership){.group = group, .ifindex = n->dev->ifindex};
	list_add_tail(&u->memberships, &m->node);
	return 0;
}

/* The device may be gone, and the group with it. */
static void leave(struct udp_sock *u, struct membership *m)
{
	struct dev *d = dev_by_index(u->sk.stack, m->ifindex);

	if (d)
		ip_group_leave(d->netif, m->group);
	list_del(&m->node);
	free(m);
}

static int leave_group(struct udp_sock *u, uint32_t group, int ifindex)
{
	int32_t count;
	struct membership *m = find(u, group, ifindex, &count);

	if (!m)
		return -EADDRNOTAVAIL;
	leave(u, m);
	return 0;
}

int udp_group(struct sock *sk, uint32_t group, int ifindex, bool join)
{
	if (!ip_is_multicast(group))
		return -EINVAL;
	return join ? join_group(udp_sock(sk), group, ifindex) : leave_group(udp_sock(sk), group, ifindex);
}

void udp_leave_all(struct udp_sock *u)
{
	list_each_safe(m, &u->memberships, struct membership, node)
		leave(u, m);
}
