/* SPDX-License-Identifier: MIT */
/*
 * ARP (RFC 826, RFC 1122 2.3.2) with Linux's neighbour states, and address conflict detection (RFC 5227).
 *
 * To ip, ARP is only netif->output: packets go in, and come out on the wire, or by stack->unresolved(). What
 * follows is for the shell.
 */
#ifndef ARP_ARP_H
#define ARP_ARP_H

#include "lib/hash.h"
#include "net/proto.h"

extern const struct proto arp_proto;

/* The names of `ip neigh`; the values are Linux's NUD_* bits, so that `nud` filters are masks. */
enum neigh_state {
	NEIGH_NONE = 0, /* being made; proxy entries stay so */
	NEIGH_INCOMPLETE = 0x01,
	NEIGH_REACHABLE = 0x02,
	NEIGH_STALE = 0x04,
	NEIGH_DELAY = 0x08,
	NEIGH_PROBE = 0x10,
	NEIGH_FAILED = 0x20,
	NEIGH_NOARP = 0x40,
	NEIGH_PERMANENT = 0x80,
};

struct neigh {
	struct hash_link link;
	struct list node; /* in the order they were made */
	struct netif *netif;
	uint32_t addr;	/* host order */
	struct mac mac; /* valid but in INCOMPLETE and FAILED */
	enum neigh_state state;
	bool proxy; /* `ip neigh add proxy`: we answer for it. Not a neighbour: neigh_find() never gives it */
	bool carries;				    /* packets went to it since it last had to be found */
	uint32_t probes;			    /* requests sent since the state began */
	uint64_t confirmed_ns, used_ns, updated_ns; /* as `ip -s neigh` shows them */
	uint64_t asked_ns;			    /* last request; 0: none yet */
	struct timer timer;
	struct list waiting;  /* of struct pkt, oldest first */
	size_t waiting_bytes; /* of payload */
	struct list gc_node;
};

const char *neigh_state_name(enum neigh_state state); /* "REACHABLE" */

/* The entry, or NULL. */
struct neigh *neigh_find(const struct netif *n, uint32_t addr);

/* Adds or replaces. `state` is any but NONE and INCOMPLETE; FAILED ignores the mac. 0, -EEXIST (present and
 * `replace` false), -EINVAL (no device for ARP, an own or group address), -ENOBUFS (table full). */
int neigh_set(struct netif *n, uint32_t addr, struct mac mac, enum neigh_state state, bool replace);

/* Proxy entries: while `n` forwards, requests for `addr` that arrive on it are answered with its own MAC
 * address. 0, -ENOMEM, -ENOENT. */
int neigh_set_proxy(struct netif *n, uint32_t addr, bool on);

/* Linux's `ip neigh del`: the entry becomes FAILED and goes; waiting packets are dropped. -ENOENT */
int neigh_del(struct netif *n, uint32_t addr);

/* Every entry whose state is in `mask` (0: all, and proxy entries too), of `n` or (NULL) of every device, in
 * the order they were made. `fn` may delete the entry (a proxy entry by neigh_set_proxy()), and no other. */
void neigh_each(
	struct stack *s, struct netif *n, unsigned mask, void (*fn)(void *ctx, struct neigh *ng), void *ctx);

/* Upper layers confirm that the way to `addr` works (RFC 1122 2.3.2.1, 3.3.1.4). */
void neigh_confirm(struct netif *n, uint32_t addr);

/* Announcements (RFC 5227 2.3): a gratuitous request now. */
void arp_announce(struct netif *n, uint32_t addr);

/* `stat`: how many entries, and how many packets wait. */
void arp_stat(const struct stack *s, size_t *entries, size_t *waiting);

#endif
