/* SPDX-License-Identifier: MIT */
/*
 * A packet comes in (RFC 791, RFC 1122 3.2.1, RFC 1812 5.2).
 *
 *	ip_input: the header is right; padding cut off
 *	  -> act -> decide: addresses that may not be there; for us, for many, for others, for nobody?
 *	       -> deliver: fragments put together; raw sockets, then the protocol
 *	       -> forward.c
 *
 * Packets that came by lo (p->local) passed ip_output() and are not asked where they come from.
 */
#include "ip/internal.h"

#include <errno.h>

/* What becomes of a packet. */
struct verdict {
	enum drop_reason drop; /* DROP_NONE: it goes on */
	bool to_group;	       /* for us, and others may hear it, too */
	bool forward;	       /* for another host */
	bool tell;	       /* dropped, and its sender hears `reject` */
	struct ip_reject reject;
};

void ip_refuse(struct stack *s, struct pkt *p, enum drop_reason why, struct ip_reject reject)
{
	if (s->ip->reject)
		s->ip->reject(s, p, reject);
	stack_drop(s, p, why);
}

/* ---- is it a packet? ---- */

static void count_bad_header(struct stack *s, enum drop_reason why)
{
	if (why == DROP_IP_TRUNCATED) {
		mib_inc(s, MIB_IpExtInTruncatedPkts);
		return;
	}
	if (why == DROP_IP_BAD_CHECKSUM)
		mib_inc(s, MIB_IpExtInCsumErrors);
	mib_inc(s, MIB_IpInHdrErrors);
}

/* ---- addresses ---- */

/* Addresses that no packet on a wire may have, whatever the routes say. RFC 1122 3.2.1.3; RFC 1812 4.2.2.11,
 * 5.3.7. A host that does not know its own address yet sends from 0.0.0.0 to everybody. */
static enum drop_reason check_martian(const struct netif *n, const struct ip_hdr *h)
{
	bool localnet = netif_conf(n, CONF_ROUTE_LOCALNET);
	bool to_all = h->dst == IP_BROADCAST || (h->src == IP_ANY && h->dst == IP_ANY);

	if (ip_is_multicast(h->src) || ip_is_reserved(h->src) || (ip_is_loopback(h->src) && !localnet))
		return DROP_IP_MARTIAN_SOURCE;
	if (to_all)
		return DROP_NONE;
	if (ip_is_multicast(h->dst))
		return ip_is_zeronet(h->src) && h->proto != IP_PROTO_IGMP ? DROP_IP_MARTIAN_SOURCE
									  : DROP_NONE;
	if (ip_is_zeronet(h->src))
		return DROP_IP_MARTIAN_SOURCE;
	if (ip_is_zeronet(h->dst) || ip_is_reserved(h->dst) || (ip_is_loopback(h->dst) && !localnet))
		return DROP_IP_MARTIAN_DESTINATION;
	return DROP_NONE;
}

/* The way back to the source tells whether it may have come by `n`: it is not ourselves, not a broadcast
 * address, and (rp_filter 1) by the same device, or (2) by any. */
static enum drop_reason check_source(const struct netif *n, const struct ip_hdr *h)
{
	struct route_key key = {.dst = h->src, .tos = h->tos};
	int32_t filter = netif_conf(n, CONF_RP_FILTER);
	struct route_path back;

	if (h->src == IP_ANY)
		return DROP_NONE;
	int err = route_cached(n->stack, &key, &back);
	if (!err && back.type == ROUTE_LOCAL)
		return DROP_IP_OWN_SOURCE;
	if (!err && back.type != ROUTE_UNICAST)
		return DROP_IP_MARTIAN_SOURCE;
	if (filter && (err || (filter == 1 && back.netif != n)))
		return DROP_IP_REVERSE_PATH;
	return DROP_NONE;
}

/* RFC 1812 5.3.7: such drops can be logged, with the addresses and the device. */
static void report_address(struct stack *s, const struct pkt *p, enum drop_reason why)
{
	const struct drop_info *info = &drop_infos[why];

	if (why == DROP_IP_REVERSE_PATH)
		mib_inc(s, MIB_TcpExtIPReversePathFilter);
	if (netif_conf(p->dev->netif, CONF_LOG_MARTIANS) || s->trace_mask & 1u << LAYER_IP)
		trace_write(s, LAYER_IP, p, info->clause, "martian %s > %s on %s: %s", TEXT_IP(p->ip.src),
			TEXT_IP(p->ip.dst), p->dev->name, info->text);
}

/* ---- for whom? ---- */

static const struct verdict for_us = {.drop = DROP_NONE}, for_us_and_others = {.to_group = true};

static struct verdict drop(enum drop_reason why)
{
	return (struct verdict){.drop = why};
}

static struct verdict drop_and_tell(enum drop_reason why, uint8_t code)
{
	return (struct verdict){.drop = why, .tell = true, .reject = {ICMP_DEST_UNREACH, code, 0}};
}

/* No way to the destination. Hosts keep quiet about that (RFC 1122 3.2.1.3), routers do not (RFC 1812
 * 4.3.3.1). */
static struct verdict no_route(struct stack *s, const struct netif *n, int err)
{
	if (err == -EINVAL)
		return drop(DROP_IP_ROUTE_BLACKHOLE);
	bool none = err != -EHOSTUNREACH && err != -EACCES;
	mib_inc(s, none ? MIB_IpExtInNoRoutes : MIB_IpInAddrErrors);
	if (!netif_conf(n, CONF_FORWARDING))
		return drop(DROP_IP_NOT_FOR_US);
	if (err == -EHOSTUNREACH)
		return drop_and_tell(DROP_IP_ROUTE_UNREACHABLE, ICMP_HOST_UNREACH);
	if (err == -EACCES)
		return drop_and_tell(DROP_IP_ROUTE_PROHIBIT, ICMP_ADMIN_PROHIBITED);
	return drop_and_tell(DROP_IP_NO_ROUTE, ICMP_NET_UNREACH);
}

/* What was for us a moment ago still is. */
static bool is_like_last(const struct stack *s, const struct pkt *p)
{
	const struct ip_last *l = &s->ip->last;

	return l->generation == s->generation && l->src == p->ip.src && l->dst == p->ip.dst &&
		l->netif == p->dev->netif && l->tos == p->ip.tos && p->type == PKT_HOST && !p->local &&
		!s->trace_mask;
}

static void remember(struct stack *s, const struct pkt *p)
{
	s->ip->last = (struct ip_last){s->generation, p->ip.src, p->ip.dst, p->dev->netif, p->ip.tos};
}

/* RFC 1812 5.2.3: local, forward, or neither. */
static struct verdict decide_unicast(struct stack *s, const struct pkt *p, const struct route_path *path)
{
	const struct netif *n = p->dev->netif;

	if (p->type == PKT_BROADCAST || p->type == PKT_MULTICAST)
		return drop(DROP_IP_UNICAST_IN_LINK_BROADCAST);
	if (path->type == ROUTE_LOCAL) {
		remember(s, p);
		return for_us;
	}
	if (netif_conf(n, CONF_FORWARDING))
		return (struct verdict){.forward = true};
	mib_inc(s, MIB_IpInAddrErrors);
	return drop(DROP_IP_NOT_FOR_US);
}

static void count_for_many(struct stack *s, const struct pkt *p, enum mib packets, enum mib octets)
{
	mib_inc(s, packets);
	s->mib[octets] += p->len;
}

/* A directed broadcast for another link than the one it came by is neither carried on nor listened to (RFC
 * 2644). */
static struct verdict decide_broadcast(struct stack *s, const struct pkt *p, const struct netif *of)
{
	if (of && of != p->dev->netif && !p->local)
		return drop(DROP_IP_BROADCAST_NOT_FORWARDED);
	count_for_many(s, p, MIB_IpExtInBcastPkts, MIB_IpExtInBcastOctets);
	return for_us_and_others;
}

static struct verdict decide_multicast(struct stack *s, const struct pkt *p)
{
	if (!ip_group_joined(p->dev->netif, p->ip.dst))
		return drop(DROP_IP_MULTICAST_NOT_JOINED);
	count_for_many(s, p, MIB_IpExtInMcastPkts, MIB_IpExtInMcastOctets);
	return for_us_and_others;
}

static struct verdict decide(struct stack *s, const struct pkt *p, struct route_path *path)
{
	if (is_like_last(s, p))
		return for_us;
	const struct netif *n = p->dev->netif;
	const struct ip_hdr *h = &p->ip;
	enum drop_reason why = p->local ? DROP_NONE : check_martian(n, h);

	if (!why && !p->local)
		why = check_source(n, h);
	if (why) {
		report_address(s, p, why);
		return drop(why);
	}
	if (ip_is_multicast(h->dst))
		return decide_multicast(s, p);
	if (h->dst == IP_BROADCAST || h->dst == IP_ANY)
		return decide_broadcast(s, p, NULL);
	struct route_key key = {.dst = h->dst, .src = h->src, .tos = h->tos};
	int err = route_cached(s, &key, path);
	if (err)
		return no_route(s, n, err);
	route_trace(s, p, &key, path);
	if (path->type == ROUTE_BROADCAST)
		return decide_broadcast(s, p, path->netif);
	return decide_unicast(s, p, path);
}

/* ---- up ---- */

static void deliver(struct stack *s, struct pkt *p, bool to_group)
{
	const struct proto *up = s->by_number[p->ip.proto];

	if (ip_is_fragment(&p->ip)) {
		p = reass_input(s, p);
		if (!p)
			return;
	}
	p->to_group = to_group;
	bool taken = raw_input(s, p);
	if (up && up->input) {
		TRACE(s, LAYER_IP, p, "RFC 1122 3.2.1", "%s > %s: up to %s", TEXT_IP(p->ip.src),
			TEXT_IP(p->ip.dst), up->name);
		mib_inc(s, MIB_IpInDelivers);
		pkt_pull(p, p->ip.hdr_len);
		up->input(s, p);
	} else if (taken) {
		mib_inc(s, MIB_IpInDelivers);
		pkt_done(p);
	} else {
		mib_inc(s, MIB_IpInUnknownProtos);
		TRACE(s, LAYER_IP, p, "RFC 1122 3.2.2.1", "nobody speaks protocol %u", p->ip.proto);
		ip_refuse(s, p, DROP_IP_UNKNOWN_PROTOCOL,
			(struct ip_reject){ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0});
	}
}

/* Options are looked at only now: nobody whose address is impossible hears about their faults. */
static enum drop_reason read_options(struct stack *s, struct pkt *p, struct ip_options *o, uint8_t *at)
{
	*o = (struct ip_options){0};
	if (p->ip.hdr_len == IP_HDR_LEN)
		return DROP_NONE;
	enum drop_reason why = ip_options_parse(p->data, p->ip.hdr_len, o, at);
	if (why) {
		TRACE(s, LAYER_IP, p, drop_infos[why].clause, "option at octet %u: %s", *at,
			drop_infos[why].text);
		mib_inc(s, MIB_IpInHdrErrors);
	}
	return why;
}

static void act(struct stack *s, struct pkt *p)
{
	struct route_path path;
	struct ip_options o;
	uint8_t at = 0;
	struct verdict v = decide(s, p, &path);

	if (v.tell) {
		ip_refuse(s, p, v.drop, v.reject);
		return;
	}
	enum drop_reason why = v.drop ? v.drop : read_options(s, p, &o, &at);
	if (why == DROP_IP_BAD_OPTION)
		ip_refuse(s, p, why, (struct ip_reject){ICMP_PARAM_PROBLEM, 0, (uint32_t)at << 24});
	else if (why)
		stack_drop(s, p, why);
	else if (v.forward)
		forward_input(s, p, &path, &o);
	else
		deliver(s, p, v.to_group);
}

void ip_input(struct stack *s, struct pkt *p)
{
	mib_inc(s, MIB_IpInReceives);
	s->mib[MIB_IpExtInOctets] += p->len;
	enum drop_reason why = ip_parse(p->data, p->len, &p->ip);
	if (why) {
		count_bad_header(s, why);
		stack_drop(s, p, why);
		return;
	}
	pkt_trim(p, p->ip.total_len); /* the link's padding (RFC 1122 2.3.3) */
	act(s, p);
}
