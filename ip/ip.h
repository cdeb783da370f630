/* SPDX-License-Identifier: MIT */
/* IPv4 (RFC 791, 1122, 1812): what icmp, udp, tcp and the shell see of it. */
#ifndef IP_IP_H
#define IP_IP_H

#include "net/stack.h"

extern const struct proto ip_proto, igmp_proto;

/* ---- routes ---- */

/* The values are Linux's RTN_*. */
enum route_type {
	ROUTE_UNICAST = 1,
	ROUTE_LOCAL = 2,
	ROUTE_BROADCAST = 3,
	ROUTE_MULTICAST = 5,
	ROUTE_BLACKHOLE = 6,
	ROUTE_UNREACHABLE = 7,
	ROUTE_PROHIBIT = 8,
};

/* Who made it: `proto kernel` and so on; Linux's RTPROT_*. */
enum route_origin {
	ROUTE_BY_REDIRECT = 1,
	ROUTE_BY_KERNEL = 2,
	ROUTE_BY_BOOT = 3,
	ROUTE_BY_STATIC = 4,
	ROUTE_BY_DHCP = 16
};

enum { ROUTE_ONLINK = 1 << 0, ROUTE_LINKDOWN = 1 << 1 };

/* A route as the user sees it. Host order. Two routes with the same prefix, tos and metric are the same
 * route. */
struct route {
	uint32_t prefix;
	uint8_t plen;
	uint8_t type;	/* enum route_type */
	uint8_t scope;	/* enum addr_scope */
	uint8_t origin; /* enum route_origin */
	uint8_t flags;	/* ROUTE_ONLINK; ROUTE_LINKDOWN is only ever told */
	uint8_t tos;	/* 0: any */
	uint32_t metric;
	uint32_t gateway;    /* 0: destinations are neighbours */
	uint32_t source;     /* preferred source, 0: choose */
	uint32_t mtu;	     /* 0: the device's */
	struct netif *netif; /* NULL for blackhole, unreachable, prohibit */
};

/* Adds, or with `replace` takes the place of the route of the same prefix and metric. Fills in scope where it
 * is SCOPE_NOWHERE. The struct is copied. 0, -EEXIST, -EINVAL (host bits set, gateway is ours, ...),
 * -ENETUNREACH (gateway not on link, no onlink), -ENETDOWN (device down), -ENOMEM. */
int route_add(struct stack *s, const struct route *r, bool replace);

/* Deletes the first route that matches prefix and plen and every other field that is not 0 (netif NULL: any).
 * -ESRCH */
int route_del(struct stack *s, const struct route *r);

/* All routes in order of prefix, then shortest prefix first, then metric; the local table (local, broadcast)
 * when `local`, else the main one. `fn` may not change the table. */
void route_each(struct stack *s, bool local, void (*fn)(void *ctx, const struct route *r), void *ctx);

struct route_key {
	uint32_t dst;
	uint32_t src; /* 0: not chosen yet */
	uint8_t tos;
	int oif; /* only routes by this device; 0: any */
};

/* What a lookup says: the way, ready to be used. */
struct route_path {
	enum route_type type;
	struct netif
		*netif;	    /* out by this one; for LOCAL the one that has the address (lo for own packets) */
	uint32_t nexthop;   /* gateway, or dst itself */
	uint32_t source;    /* key.src, or the source to use */
	uint32_t mtu;	    /* of the path: learned (RFC 1191), the route's, or the device's */
	bool pmtu_locked;   /* learned below min_pmtu: send without DF */
	bool redirected;    /* by a redirect (RFC 1122 3.2.2.2) */
	struct route route; /* which route decided */
};

/* 0; -ENETUNREACH (none), -EHOSTUNREACH (unreachable), -EACCES (prohibit), -EINVAL (blackhole), -ENODEV. On
 * error path->route is the route that said so, where there is one. Multicast and 255.255.255.255 need a
 * device by oif, a route, or a default; then the nexthop is dst. */
int route_lookup(struct stack *s, const struct route_key *key, struct route_path *path);

/* The same, where it is asked once for each packet or connection: answers are remembered (cache.c). */
int route_cached(struct stack *s, const struct route_key *key, struct route_path *path);

/* A redirect was accepted: packets to `dst` go by `gateway` of `n` from now on (checked by the caller). */
void route_redirect(struct stack *s, uint32_t dst, uint32_t gateway, struct netif *n);

/* Negative advice (RFC 1122 3.3.1.4): nothing that was sent to `dst` seems to arrive. A redirect for it is forgotten. */
void route_doubt(struct stack *s, uint32_t dst);

/* Datagram Too Big (RFC 1191): lowers the estimate for `dst`; never raises it. `mtu` 0: the sender of the
 * error is old, use the plateau table from `original_len`. Returns the new estimate. Only destinations we
 * send to are remembered. */
uint32_t route_pmtu_update(struct stack *s, uint32_t dst, uint32_t mtu, uint32_t original_len);

/* What is remembered for destinations (redirects and path MTU): `ip route show cache`, `ip route flush
 * cache`. */
struct route_exception {
	uint32_t dst;
	uint32_t gateway; /* 0: none */
	struct netif *netif;
	uint32_t mtu; /* 0: none */
	uint64_t expires_ns;
};
void route_each_exception(struct stack *s, void (*fn)(void *ctx, const struct route_exception *e), void *ctx);
void route_flush_exceptions(struct stack *s);

/* What kind of address is it to this host? */
enum ip_addr_kind { IP_ADDR_UNICAST, IP_ADDR_LOCAL, IP_ADDR_BROADCAST, IP_ADDR_MULTICAST, IP_ADDR_BAD };
enum ip_addr_kind ip_addr_kind(const struct stack *s, uint32_t addr);

/* ---- sending ---- */

struct ip_send {
	uint32_t dst;
	uint32_t src; /* 0: the route's choice */
	uint8_t proto;
	uint8_t tos;
	uint8_t ttl;	   /* 0: net.ipv4.ip_default_ttl */
	bool df;	   /* do not fragment: -EMSGSIZE above the path MTU (IP_PMTUDISC_DO, PROBE) */
	bool df_if_fits;   /* do not fragment on the way what fits the path MTU, fragment here what does not
				(IP_PMTUDISC_WANT) */
	bool whole;	   /* do not fragment here: -EMSGSIZE */
	bool ignore_pmtu;  /* send at the device's MTU, whatever was learned (IP_PMTUDISC_PROBE) */
	bool router_alert; /* IGMP (RFC 2113) */
	bool broadcast_ok; /* else -EACCES to broadcast addresses */
	bool no_loop;	   /* no copy of a multicast for ourselves (RFC 1112 6.1) */
	uint8_t csum_offset; /* so many bytes into the transport header stands a checksum over it, its data and the
				pseudo-header, which is filled in on the way, if need be by the device; 0: none */
	int oif;	     /* ifindex; 0: any */
	const uint8_t *opts; /* IP options, padded to a multiple of 4 */
	size_t opts_len;
};

/* Takes a packet with data at the transport header; puts the IP header on, fragments where it must and may,
 * and hands it to the netif, or back up for our own addresses. 0, or -errno of route_lookup(), -EMSGSIZE (df or
 * whole, and larger than the path MTU), -EINVAL, -EACCES, -ENOBUFS (no memory, or a queue of our own was full). The packet is gone
 * in every case.
 * A super-frame has gso_type and gso_size set, and in hdr_len the length of its transport's header; it fits where its pieces
 * fit. */
int ip_output(struct stack *s, struct pkt *p, const struct ip_send *how);

/* The same for a packet that has its IP header (raw sockets with HDRINCL): checksum, length, ID (if 0) and
 * source (if 0) are filled in. */
int ip_output_raw(struct stack *s, struct pkt *p, int oif, bool broadcast_ok);

/* The path MTU that ip_output() would respect towards dst (RFC 1122 3.3.3, 3.4: MMS_S is this minus headers).
 * 0: no route. */
uint32_t ip_path_mtu(struct stack *s, uint32_t dst);

/* ---- what sockets over IP have in common (sock.c) ---- */

struct sock;

/* The way to `dst` as this socket, which has the address `local` or 0, would send. 0, -errno of route_lookup(), -EACCES (a broadcast address, and
 * SO_OPT_BROADCAST is off). */
int ip_sock_route(const struct sock *sk, uint32_t local, uint32_t dst, struct route_path *path);

/* The socket's options as wishes for ip_output(): TTL, TOS, DF, broadcast, IP options, and its address as source,
 * unless that is one to listen on only (broadcast, multicast).
 * `oif`: ifindex, 0: the device it is bound to, if any. */
struct ip_send ip_sock_send(const struct sock *sk, uint32_t dst, uint8_t proto, int oif);

/* What ip_output() said, `err`, as the program hears it. -EMSGSIZE: with SO_OPT_RECVERR the socket finds the path MTU
 * among its errors, as local; `seq`: of the echo request, else 0. That a queue of our own is full (-ENOBUFS) is told to
 * those only who have that option, as in Linux. */
int ip_sock_result(struct sock *sk, int err, uint32_t dst, uint16_t seq);

/* sock_ops->path_mtu: to the connected peer. -ENETUNREACH */
int ip_sock_path_mtu(const struct sock *sk);

/* ---- ICMP errors, seen from ip ---- */

/* What ip says about a packet it will not carry; icmp decides whether anything may be sent. */
struct ip_reject {
	uint8_t type, code;
	uint32_t info; /* MTU, gateway, or pointer in the high octet: the second word of the ICMP header */
};

/* `p` has its data at its IP header and p->ip parsed. Set by icmp at init. Looks at the packet, which stays
 * the caller's. */
typedef void ip_reject_fn(struct stack *s, const struct pkt *p, struct ip_reject why);
void ip_set_reject(struct stack *s, ip_reject_fn *fn);

/* For the transports: port unreachable and such. `p` is as it was handed up: data at the transport header,
 * the IP header in front of it. Looks at the packet, which stays the caller's. */
void ip_reject(struct stack *s, const struct pkt *p, struct ip_reject why);

/* An ICMP error about a packet of ours: hands it to the protocol it names and to the raw sockets. */
void ip_note(struct stack *s, const struct icmp_note *note);

/* ---- options ---- */

/* The options that the answer to a received packet bears (RFC 1122 3.2.2.6): record route and timestamp go
 * back as they are, with room for the way back; others do not. `header`: its IP header. Writes at most 40
 * bytes, padded to a multiple of 4; returns how many. */
size_t ip_options_reflect(const uint8_t *header, uint8_t *opts);

/* Where the IP header of a delivered packet stands (the transport moved data past it). */
static inline const uint8_t *ip_header(const struct pkt *p, const uint8_t *transport)
{
	(void)p;
	return transport - p->ip.hdr_len;
}

/* ---- multicast membership (RFC 1112), told to routers by IGMP ---- */

int ip_group_join(struct netif *n, uint32_t group); /* counted; 0, -EINVAL, -ENOMEM */
void ip_group_leave(struct netif *n, uint32_t group);
bool ip_group_joined(const struct netif *n, uint32_t group);
void ip_group_each(const struct netif *n, void (*fn)(void *ctx, uint32_t group, unsigned users), void *ctx);

/* `stat` */
struct ip_stat {
	size_t routes, exceptions, reassembling, reassembly_bytes;
};
void ip_stat(const struct stack *s, struct ip_stat *st);

#endif
