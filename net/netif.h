/* SPDX-License-Identifier: MIT */
/*
 * A netif is a device attached to a stack: its addresses, its settings, and the way down for packets of the
 * network layer. Every registered device has one.
 */
#ifndef NET_NETIF_H
#define NET_NETIF_H

#include "net/dev.h"
#include "net/sysctl.h"

struct arp_netif;
struct ip_netif;

enum addr_scope {
	SCOPE_GLOBAL = 0,
	SCOPE_SITE = 200,
	SCOPE_LINK = 253,
	SCOPE_HOST = 254,
	SCOPE_NOWHERE = 255
};

enum addr_flag {
	ADDR_SECONDARY = 1 << 0, /* in the subnet of an earlier address */
	ADDR_TENTATIVE = 1 << 1, /* being probed (RFC 5227): not yet ours */
	ADDR_DUPLICATE = 1 << 2, /* another host has it: not ours */
};

/* An IPv4 address of a netif; host order. */
struct netif_addr {
	struct list node;
	struct hash_link link; /* in stack->addrs */
	struct netif *netif;
	uint32_t local;
	uint32_t peer;		  /* == local but on point-to-point links; the prefix is of this one */
	uint32_t broadcast;	  /* 0: none */
	uint8_t plen;		  /* 0 to 32 */
	uint8_t scope;		  /* enum addr_scope */
	uint8_t flags;		  /* enum addr_flag */
	char label[DEV_NAME_LEN]; /* "eth0" or "eth0:1" */
	uint64_t expires_ns;	  /* 0: never. For people to see: who gave the address takes it away */
};

struct netif {
	struct dev *dev;
	struct stack *stack;	  /* == dev->stack */
	struct list addrs;	  /* of struct netif_addr; primaries before secondaries */
	int32_t conf[CONF_COUNT]; /* this interface's own values; read with netif_conf() */
	struct arp_netif *arp;	  /* owned by arp, NULL until attach */
	struct ip_netif *ip;	  /* owned by ip */

	/* The way down: takes a packet with data at the IP header and sends it to `nexthop` (host order) on
	 * this link. Ethernet devices: arp puts itself here. Others: netif_output_raw. Broadcast and
	 * multicast addresses are nexthops too. 0, -ENOBUFS (as dev_output()). */
	int (*output)(struct netif *n, struct pkt *p, uint32_t nexthop);
};

/* Called by dev_register() and dev_unregister(), without addresses. NULL: no memory. */
struct netif *netif_new(struct stack *s, struct dev *d);
void netif_free(struct netif *n);

/* The way up from dev_input(): classifies by MAC address, filters, and hands the packet to the protocol of
 * its ethertype, data at the network header. Takes the packet. */
void netif_input(struct netif *n, struct pkt *p);

/* Sets p->type, p->ethertype and p->src_mac from the link header, and nothing else. DROP_NONE, or why the
 * frame is no frame. */
enum drop_reason netif_classify(const struct dev *d, struct pkt *p);

/* For devices that resolve nothing (loopback, tun). */
int netif_output_raw(struct netif *n, struct pkt *p, uint32_t nexthop);

/* Adds an address: sorts out primary and secondary, tells the protocols (routes follow) and the monitors.
 * Duplicate address detection is arp's reaction to the event. `broadcast` and `label` as in the struct; *out
 * may be NULL. 0, -EEXIST (same local and prefix), -EINVAL (multicast, broadcast, 0.0.0.0, plen > 32),
 * -ENOMEM, or what the device says (-EADDRINUSE: another ipvlan has it). */
int netif_addr_add(struct netif *n, const struct netif_addr *a, struct netif_addr **out);

/* Before the device takes another name: its addresses' labels follow, "eth0:1" as "lan0:1". */
void netif_renamed(struct netif *n, const char *name);

/* Removes it and, unless promote_secondaries, before it the secondaries of its subnet. */
void netif_addr_del(struct netif_addr *a);

/* Removes all. */
void netif_addr_flush(struct netif *n);

/* After arp changed a->flags (probing over, conflict): tells protocols and monitors. */
void netif_addr_changed(struct netif_addr *a);

/* The address `local` of this netif (any flags), or NULL. */
struct netif_addr *netif_addr_find(const struct netif *n, uint32_t local);

/* True for an address that answers and sends: neither tentative nor duplicate. */
static inline bool netif_addr_is_usable(const struct netif_addr *a)
{
	return !(a->flags & (ADDR_TENTATIVE | ADDR_DUPLICATE));
}

/* Has its device no other? With the last address that goes, routes and neighbours go too, as in Linux. */
static inline bool netif_addr_is_only(const struct netif_addr *a)
{
	return a->node.next == a->node.prev;
}

/* The netif of this host that has the usable address `addr`, or NULL. 127/8 belongs to lo as a whole, but for
 * addresses that another device has. */
struct netif *netif_owning(const struct stack *s, uint32_t addr);

/* Does another usable one of this host have the same local address? */
bool netif_addr_has_twin(const struct netif_addr *a);

/* The source for packets to `dst` on this link: the usable address whose subnet holds dst, else the first
 * primary of scope <= `scope`; 0: none. */
uint32_t netif_source(const struct netif *n, uint32_t dst, enum addr_scope scope);

/* The setting in force: conf.all and the interface's own, combined as Linux combines them. */
int32_t netif_conf(const struct netif *n, enum sysctl_netif conf);

#define netif_each_addr(a, n) list_each(a, &(n)->addrs, struct netif_addr, node)

#endif
