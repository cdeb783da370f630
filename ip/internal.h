/* SPDX-License-Identifier: MIT */
/* What the files of ip/ share with each other and with nobody else. */
#ifndef IP_INTERNAL_H
#define IP_INTERNAL_H

#include "ip/ip.h"
#include "lib/text.h"
#include "net/wire_icmp.h"
#include "net/wire_ipopt.h"

struct exceptions;
struct routes;
struct ip_ids;
struct ip_redirects;
struct route_cache;
struct reassembly;
struct sock_ops;
struct igmp;

/* What was decided about a packet depends on these, and on what moves stack->generation on. */
struct ip_last {
	uint32_t generation;
	uint32_t src, dst;
	const struct netif *netif;
	uint8_t tos;
};

/* IPv4's state on one host. Each part owns what its pointer leads to, and makes it when it is first needed.
 */
struct ip {
	struct routes *routes;		/* route.c, fib.c */
	struct exceptions *exceptions;	/* exception.c: redirects and path MTUs */
	struct route_cache *cache;	/* cache.c */
	struct reassembly *reass;	/* reassemble.c */
	struct ip_ids *ids;		/* id.c */
	struct ip_redirects *redirects; /* forward.c: redirects sent, for their rate limit */
	struct ip_last last;		/* input.c: the latest packet that was for us */
	struct list raw;		/* raw.c: of struct raw_sock */
	struct list looped;		/* output.c: copies of broadcasts and multicasts for ourselves */
	unsigned looped_count;
	struct work loop_work;
	struct stack *stack;  /* for loop_work */
	ip_reject_fn *reject; /* icmp's; NULL: no ICMP on this host */
};

/* And on one device. */
struct ip_netif {
	struct list infos;  /* route.c: of struct route_info, what routes by it say */
	struct list groups; /* group.c: memberships */
	struct igmp *igmp;  /* igmp.c; NULL: nothing is reported there (lo) */
};

/* ---- route.c, lookup.c, exception.c ---- */

int route_init(struct stack *s); /* 0 or -errno; s->ip is there, all zero */
void route_exit(struct stack *s);
void route_addr_event(struct netif_addr *a, bool gone);
void route_dev_event(struct netif *n, enum dev_event ev);
void route_stat(const struct stack *s, struct ip_stat *st); /* fills in routes and exceptions */

/* This host sends a packet of its own to `dst`, so what is said about the way there concerns it. */
void route_note_sent(struct stack *s, uint32_t dst);

/* ---- tell.c ---- */

/* Says in the trace which route was chosen for `p`, and why. */
void route_trace(
	struct stack *s, const struct pkt *p, const struct route_key *key, const struct route_path *path);

/* ---- cache.c ---- */

void cache_exit(struct stack *s);

/* ---- reassemble.c ---- */

int reass_init(struct stack *s);
void reass_exit(struct stack *s);
void reass_dev_event(struct netif *n, enum dev_event ev); /* UNREGISTER: what came by n goes */
void reass_stat(const struct stack *s, struct ip_stat *st);

/* How many fragments a search looks at at most in any datagram: what the complexity check counts. */
unsigned reass_depth(const struct stack *s);

/* Takes a fragment for this host (data at the IP header, p->ip parsed, length trimmed). Returns the whole
 * datagram, in the same state and with its header mended, once it is complete; else NULL. */
struct pkt *reass_input(struct stack *s, struct pkt *p);

/* ---- input.c ---- */

void ip_input(struct stack *s, struct pkt *p);

/* Takes a packet that is not carried on: it counts as `why`, and its sender hears `reject` by ICMP. Data at
 * the IP header. */
void ip_refuse(struct stack *s, struct pkt *p, enum drop_reason why, struct ip_reject reject);

/* ---- forward.c ---- */

/* Takes a packet for another host. `path`: the way to its destination; `o`: its options. */
void forward_input(struct stack *s, struct pkt *p, const struct route_path *path, const struct ip_options *o);
void forward_exit(struct stack *s);

/* ---- output.c ---- */

/* Takes a packet that is ready but for its fragmentation, and sends it the way `path` says, in pieces of at
 * most `mtu` bytes; with `loop` we hear our own multicast if we are in the group. 0, -EMSGSIZE (too big and DF),
 * -ENOBUFS. */
int output_transmit(struct stack *s, struct pkt *p, const struct route_path *path, uint32_t mtu, bool loop);

/* What net/stack.h calls carry. */
void output_carry(struct netif *n, struct pkt *p);

/* Would it leave in one piece? */
bool output_fits(const struct pkt *p, uint32_t mtu);
void output_init(struct stack *s);
void output_exit(struct stack *s);
void output_dev_event(struct netif *n, enum dev_event ev);

/* ---- fragment.c ---- */

/* Takes a packet (data at the IP header, p->ip set) and sends it to `nexthop` as fragments of at most `mtu`
 * bytes. 0, or -ENOBUFS when not all could be made. */
int fragment_output(struct netif *n, struct pkt *p, uint32_t nexthop, uint32_t mtu);

/* ---- options.c ---- */

/* Writes this host into record route and timestamp of a packet that it sends or forwards by the address
 * `addr`. Data at the IP header. */
void options_stamp(struct stack *s, struct pkt *p, const struct ip_options *o, uint32_t addr);

/* Those that belong into every fragment (RFC 791 3.1), padded. Writes at most 40 bytes; returns how many. */
size_t options_copied(const uint8_t *header, size_t hdr_len, uint8_t *opts);

/* ---- id.c ---- */

/* The ID of the next packet from src to dst (RFC 6864 4.1): unpredictable, and not repeated soon. */
uint16_t id_next(struct stack *s, uint32_t src, uint32_t dst, uint8_t proto);
void id_exit(struct stack *s);

/* ---- raw.c ---- */

extern const struct sock_ops raw_sock_ops;

/* Gives a copy of a delivered packet (data at the IP header) to each raw socket that wants it. True: one
 * did. */
bool raw_input(struct stack *s, const struct pkt *p);
void raw_note(struct stack *s, const struct icmp_note *note);
void raw_count_sent(struct stack *s, uint8_t proto, const uint8_t *b, size_t len);

/* ---- group.c ---- */

int group_attach(struct netif *n);
void group_detach(struct netif *n);

/* ---- igmp.c ---- */

int igmp_attach(struct netif *n); /* 0 or -ENOMEM */
void igmp_detach(struct netif *n);
void igmp_dev_event(struct netif *n, enum dev_event ev);

/* The device hears the group now, or no longer. */
void igmp_joined(struct netif *n, uint32_t group);
void igmp_left(struct netif *n, uint32_t group);

#endif
