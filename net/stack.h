/* SPDX-License-Identifier: MIT */
/*
 * A stack is one host (what `ip netns add` makes): devices, protocols, sockets, settings, counters. A world
 * is what all hosts of a process share: the loop, the packet pools, the ring of traces. There are no globals:
 * whoever needs one of these is handed it.
 */
#ifndef NET_STACK_H
#define NET_STACK_H

#include "lib/hash.h"
#include "lib/rng.h"
#include "net/mib.h"
#include "net/pkt.h"
#include "net/proto.h"
#include "net/trace.h"

struct arp;
struct ip;
struct icmp;
struct udp;
struct tcp;
struct resolver;

struct world {
	struct loop *loop;
	struct rng rng; /* forked, never drawn from */
	uint64_t seed;	/* for people: `stat` */
	struct pkt_pools pkts;
	struct trace trace;
	struct list stacks;		   /* in order of creation, */
	struct hash by_name;		   /* and by their names */
	struct list monitors;		   /* of struct monitor */
	const struct proto *const *protos; /* ends with NULL; in order of init */
};

/* What `ip monitor` shows. */
enum monitor_kind { MONITOR_LINK, MONITOR_ADDR, MONITOR_ROUTE, MONITOR_NEIGH, MONITOR_NETNS };

/* `object` is a struct dev, netif_addr, route, neigh or stack. */
struct monitor {
	struct list node;
	void (*fn)(struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone);
};

struct stack {
	/* what every packet looks at: in two lines of a cache, as there may be ten thousand hosts */
	struct world *world;
	struct drop_count *drops; /* DROP_COUNT of them, allocated with the first drop */
	uint32_t trace_mask;	  /* 1 << enum trace_layer: what is recorded */
	uint32_t generation;	  /* moves on with each change of addresses, routes or devices: for caches */
	struct arp *arp;	  /* each protocol's own state */
	struct ip *ip;
	struct icmp *icmp;
	struct udp *udp;
	struct tcp *tcp;

	uint32_t trace_shown;	    /* of what is recorded, what the user wants to see (`trace`) */
	struct list node;	    /* in world->stacks */
	struct hash_link name_link; /* in world->by_name */
	char name[32];
	struct rng rng;		  /* depends on the world's seed and the name only */
	struct list devs;	  /* by ifindex */
	struct hash devs_by_name; /* the same */
	int next_ifindex;
	struct dev *lo;
	struct hash addrs; /* of struct netif_addr: those of all devices, by their local address */

	const struct proto *by_number[256]; /* IP protocol number -> protocol, or NULL */

	/* What one layer asks of another that it may not include. Set at init by ip... */
	bool (*onlink)(
		const struct netif *n, uint32_t addr); /* is there a route to addr directly on this link? */
	bool (*proxies)(const struct netif *n,
		uint32_t addr); /* would a packet from n to addr be forwarded elsewhere? */
	void (*unresolved)(
		struct netif *n, struct pkt *p); /* takes a packet whose next hop does not answer */
	void (*carry)(
		struct netif *n, struct pkt *p); /* takes an IP packet that a device above n's (ipvlan) leaves
							   to this host to route: out by n, whatever its source */
	/* ... and by arp (NULL: no arp). When the answer changes, so does `generation`. */
	bool (*neigh_failed)(const struct netif *n, uint32_t addr); /* did addr lately not answer (FAILED)? */

	struct list socks;   /* every open socket */
	uint32_t socks_made; /* since the beginning */
	size_t sock_bytes;   /* of packets in their queues */
	int32_t sysctl[SYSCTL_COUNT];
	int32_t conf_all[CONF_COUNT], conf_default[CONF_COUNT];
	uint64_t mib[MIB_COUNT];
	struct resolver *resolver; /* net/resolver.h; owned. NULL: nobody told it of any */
	uint16_t last_qdisc;	   /* major number that a qdisc got of itself last */
};

void world_init(struct world *w, struct loop *loop, uint64_t seed, const struct proto *const *protos);

/* Deletes every host. Every packet made must have been freed (assert). */
void world_exit(struct world *w);

/* A new host with nothing but `lo` (made by `make_lo`, which dev/ provides; NULL: none). NULL: no memory, or
 * a host of that name exists (errno = EEXIST), or the name is bad (EINVAL). */
struct stack *stack_new(struct world *w, const char *name, int (*make_lo)(struct stack *s));

/* Devices are unregistered, protocols end, sockets get HANGUP. */
void stack_delete(struct stack *s);

struct stack *stack_by_name(const struct world *w, const char *name);

static inline struct loop *stack_loop(const struct stack *s)
{
	return s->world->loop;
}

static inline uint64_t stack_now(const struct stack *s)
{
	return s->world->loop->now;
}

static inline void mib_inc(struct stack *s, enum mib m)
{
	s->mib[m]++;
}

/* How often `why` has happened on this host. */
uint64_t stack_drops(const struct stack *s, enum drop_reason why);

/* A packet made on this host (pkt_new() and the time), or NULL; the failure is counted as a drop. */
struct pkt *stack_pkt(struct stack *s, size_t room);

void monitor_add(struct world *w, struct monitor *m);
void monitor_del(struct monitor *m);
void monitor_tell(struct stack *s, enum monitor_kind kind, const void *object, bool gone);

#define stack_each_dev(d, s) list_each(d, &(s)->devs, struct dev, node)
#define stack_each_proto(pr, s) \
	for (const struct proto *const *pr##_i = (s)->world->protos, *pr = *pr##_i; pr; pr = *++pr##_i)

#endif
