/* SPDX-License-Identifier: MIT */
/* What the files of arp share. */
#ifndef ARP_INTERNAL_H
#define ARP_INTERNAL_H

#include "arp/arp.h"
#include "lib/clock.h"
#include "lib/pool.h"
#include "lib/siphash.h"
#include "net/stack.h"
#include "net/wire_arp.h"

/* Buffers, at their true size, that may wait for neighbours of one host in all. */
enum { ARP_WAITING_MAX = 16 << 20 };

/* A host's table of neighbours. */
struct arp {
	struct stack *stack;
	struct siphash_key key;
	struct pool pool;    /* of struct neigh */
	struct hash table;   /* by device and address */
	struct list entries; /* all of them, oldest first; proxy entries too */
	struct neigh *found; /* the one that was looked for last, or NULL */

	/* Where an entry's gc_node hangs; which one, gc_set_state() decides. */
	struct list resolving; /* INCOMPLETE: longest first */
	struct list idle;      /* nothing was ever sent to it, or it does not answer; longest first */
	struct list busy;      /* packets went to it; least recently used first */

	size_t collectable;   /* entries, but those the user made to stay */
	size_t waiting;	      /* packets */
	size_t waiting_size;  /* true bytes of their buffers */
	uint64_t trimmed_ns;  /* when the table was last cut down to gc_thresh2 */
	struct timer collect; /* runs while there are entries */
};

/* What arp keeps for a netif of an Ethernet device. */
struct arp_netif {
	struct list acds;    /* of struct acd */
	struct list delayed; /* proxy answers that wait for their time */
	unsigned delayed_count;
	uint64_t reachable_ns;	     /* for how long an answer is believed: drawn at random, */
	uint64_t reachable_drawn_ns; /* at this time, */
	int32_t reachable_base_ms;   /* from this setting */
	unsigned conflicts;	     /* addresses lost since one was won (RFC 5227 2.1.1) */
	uint64_t tried_ns;	     /* when an address was last tried */
};

/* A time given by a setting of the netif. */
static inline uint64_t conf_ms(const struct netif *n, enum sysctl_netif conf)
{
	return (uint64_t)netif_conf(n, conf) * NS_PER_MS;
}

static inline uint64_t conf_sec(const struct netif *n, enum sysctl_netif conf)
{
	return (uint64_t)netif_conf(n, conf) * NS_PER_SEC;
}

/* ---- arp.c ---- */

/* Messages. `parent`: id of the packet that made us send it. */
void arp_ask(struct netif *n, uint32_t target, uint32_t source, struct mac to, uint64_t parent);
void arp_answer(struct netif *n, const struct arp_msg *request, uint64_t parent);

/* Is `addr` a broadcast address on this link, the old form with zeros included? */
bool arp_is_broadcast(const struct netif *n, uint32_t addr);

bool arp_is_onlink(const struct netif *n, uint32_t addr);

/* ---- input.c ---- */
void arp_input(struct stack *s, struct pkt *p);

/* ---- output.c ---- */
int arp_output(struct netif *n, struct pkt *p, uint32_t nexthop);

/* ---- neigh.c: the states ---- */

/* How a neighbour's pair of addresses came to our ears. */
enum neigh_source {
	NEIGH_ANSWERED, /* a reply sent to us alone: the neighbour is there */
	NEIGH_ASKED_US, /* a request for one of our addresses */
	NEIGH_OVERHEARD /* anything else: announcements, requests for others */
};

/* `mac` says it has the entry's address. DROP_NONE, or why it was not believed. */
enum drop_reason neigh_hear(struct neigh *ng, struct mac mac, enum neigh_source source);

/* A new entry; the caller sends it a packet. NULL: the table is full. */
struct neigh *neigh_new(struct netif *n, uint32_t addr);

/* A new entry for what neigh_hear() would take; none when the table is full. */
void neigh_learn(struct netif *n, uint32_t addr, struct mac mac, enum neigh_source source);

/* A packet goes to the neighbour: takes it. The entry may be gone afterwards. */
int neigh_send(struct neigh *ng, struct pkt *p);

/* Removes an entry; what waits for it is dropped as `why`. */
void neigh_remove(struct neigh *ng, enum drop_reason why);

/* Removes entries of a device. */
enum neigh_flush { FLUSH_LEARNED, FLUSH_ALL, FLUSH_PROXIES_TOO };
void neigh_flush(struct netif *n, enum neigh_flush which);

/* ---- waiting.c: packets that wait for an answer ---- */
void waiting_add(struct neigh *ng, struct pkt *p);
void waiting_take(struct neigh *ng, struct list *out); /* the entry has none afterwards */
void waiting_drop(struct neigh *ng, enum drop_reason why);

/* ---- gc.c: the table and its bounds ---- */
int gc_init(struct stack *s);
void gc_exit(struct arp *arp);

enum gc_kind {
	GC_BOUND,   /* there are at most gc_thresh3 of these */
	GC_UNBOUND, /* the user wants it to stay */
	GC_PROXY,
};

/* An entry in NEIGH_NONE, in the table but in no queue. NULL: full or no memory. */
struct neigh *gc_new(struct netif *n, uint32_t addr, enum gc_kind kind);
struct neigh *gc_find(const struct netif *n, uint32_t addr, bool proxy);
void gc_free(struct neigh *ng);

/* The entry is in another state; it goes to the end of the queue it belongs to. */
void gc_set_state(struct neigh *ng, enum neigh_state state);

/* A packet goes to the neighbour now. */
void gc_touch(struct neigh *ng);

/* ---- proxy.c ---- */
bool proxy_answers(const struct netif *n, uint32_t addr);

/* Answers, now or later. DROP_NONE, or why not. */
enum drop_reason proxy_input(struct netif *n, const struct pkt *p, const struct arp_msg *m);
void proxy_flush(struct netif *n);

/* ---- acd.c: RFC 5227 ---- */

/* DROP_NONE, or the message is a conflict and was dealt with: why it goes. */
enum drop_reason acd_input(struct netif *n, const struct pkt *p, const struct arp_msg *m);
void acd_addr_event(struct netif_addr *a, bool gone);
void acd_start(struct netif *n); /* the device runs: its addresses are probed */
void acd_stop(struct netif *n);
void acd_flush(struct netif *n);

#endif
