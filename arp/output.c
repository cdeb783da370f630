/* SPDX-License-Identifier: MIT */
/* netif->output of Ethernet devices: from the next hop's IP address to its MAC address (RFC 826, RFC 894,
 * RFC 1112 6.4, RFC 1122 2.3.2). */
#include "arp/internal.h"

#include "lib/text.h"
#include "net/ether.h"

/* There is no entry for `nexthop` (yet). */
static int output_unknown(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	struct stack *s = n->stack;
	struct neigh *ng;

	if (arp_is_broadcast(n, nexthop)) {
		TRACE(s, LAYER_ARP, p, "RFC 894", "%s is a broadcast address", TEXT_IP(nexthop));
		return ether_output(n, p, MAC_BROADCAST, ETHERTYPE_IP);
	}
	if (n->dev->flags & DEV_NOARP)
		return ether_output(n, p, n->dev->mac, ETHERTYPE_IP);
	if (!(n->dev->flags & DEV_UP))
		dev_drop_tx(n->dev, p, DROP_DEV_DOWN);
	else if ((ng = neigh_new(n, nexthop)))
		return neigh_send(ng, p);
	else
		stack_drop(s, p, DROP_NEIGH_TABLE_FULL);
	return 0;
}

int arp_output(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	if (ip_is_multicast(nexthop))
		return ether_output(n, p, ether_multicast(nexthop), ETHERTYPE_IP);
	struct neigh *ng = neigh_find(n, nexthop);
	return ng ? neigh_send(ng, p) : output_unknown(n, p, nexthop);
}
