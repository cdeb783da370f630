/* SPDX-License-Identifier: MIT */
/*
 * A packet for another host goes on (RFC 1812 5.2, 5.3).
 *
 * Whatever its sender may hear of it is said before anything is changed, so that ICMP quotes what arrived.
 * The MTU that counts is that of the next link: what hosts told this one about paths is only believed for its
 * own packets.
 */
#include "ip/internal.h"

#include <stdlib.h>

/* ---- redirects (RFC 1812 5.2.7.2) ---- */

/* As Linux limits them: to one host, a first one at once, each further one after twice the time, none after
 * nine; and afresh when the host was good for so long. */
enum { REDIRECT_SLOTS = 256, REDIRECT_NUMBER = 9, REDIRECT_LOAD_MS = 20 };
#define REDIRECT_SILENCE_NS ((REDIRECT_LOAD_MS * NS_PER_MS) << (REDIRECT_NUMBER + 1))

/* Two hosts that meet in one slot are at worst told more often. */
struct ip_redirects {
	struct siphash_key key;
	struct redirected {
		uint32_t host;
		unsigned sent;
		uint64_t last_ns;
	} slots[REDIRECT_SLOTS];
};

static struct ip_redirects *redirects_of(struct stack *s)
{
	if (!s->ip->redirects) {
		s->ip->redirects = calloc(1, sizeof(*s->ip->redirects));
		if (s->ip->redirects)
			s->ip->redirects->key = rng_key(&s->rng);
	}
	return s->ip->redirects;
}

void forward_exit(struct stack *s)
{
	free(s->ip->redirects);
	s->ip->redirects = NULL;
}

/* May `host` be told once more? */
static bool redirect_allowed(struct stack *s, uint32_t host)
{
	struct ip_redirects *table = redirects_of(s);
	uint64_t now = stack_now(s);

	if (!table)
		return false;
	struct redirected *r = &table->slots[hsiphash_u64(&table->key, host) % REDIRECT_SLOTS];
	if (r->host != host || now > r->last_ns + REDIRECT_SILENCE_NS)
		*r = (struct redirected){.host = host};
	if (r->sent >= REDIRECT_NUMBER) { /* it does not listen */
		r->last_ns = now;
		return false;
	}
	if (r->sent && now <= r->last_ns + ((REDIRECT_LOAD_MS * NS_PER_MS) << r->sent))
		return false;
	r->last_ns = now;
	r->sent++;
	return true;
}

/* The sender could have reached the next hop by itself. */
static bool is_detour(const struct netif *n, const struct pkt *p, const struct route_path *path)
{
	if (path->netif != n)
		return false;
	netif_each_addr(a, n) {
		uint32_t mask = ip_mask(a->plen);
		if (((a->peer ^ p->ip.src) & mask) == 0 && ((a->peer ^ path->nexthop) & mask) == 0)
			return true;
	}
	return false;
}

static void redirect(struct stack *s, const struct pkt *p, const struct route_path *path)
{
	const struct netif *n = p->dev->netif;

	if (!s->ip->reject || !is_detour(n, p, path) || !netif_conf(n, CONF_SEND_REDIRECTS) ||
		!redirect_allowed(s, p->ip.src))
		return;
	TRACE(s, LAYER_IP, p, "RFC 1812 5.2.7.2", "%s would reach %s sooner by %s: redirect",
		TEXT_IP(p->ip.src), TEXT_IP(p->ip.dst), TEXT_IP(path->nexthop));
	s->ip->reject(s, p, (struct ip_reject){ICMP_REDIRECT, ICMP_REDIRECT_HOST, path->nexthop});
}

/* ---- forwarding ---- */

static uint32_t link_mtu(const struct route_path *path)
{
	uint32_t mtu = MIN(path->netif->dev->mtu, (uint32_t)IP_MAX_LEN);

	return path->route.mtu ? MIN(path->route.mtu, mtu) : mtu;
}

/* Packets that stop here, their sender told or not. */
static bool stops(struct stack *s, struct pkt *p, const struct ip_options *o, uint32_t mtu)
{
	if (ip_is_link_local(p->ip.src) || ip_is_link_local(p->ip.dst)) {
		stack_drop(s, p, DROP_IP_LINK_LOCAL_NOT_FORWARDED);
	} else if (o->unknown && s->sysctl[SYSCTL_IP_OPT_DROP_UNKNOWN]) {
		stack_drop(s, p, DROP_IP_UNKNOWN_OPTION);
	} else if (p->ip.ttl <= 1) {
		mib_inc(s, MIB_IpInHdrErrors);
		ip_refuse(s, p, DROP_IP_TTL_EXCEEDED,
			(struct ip_reject){ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED, 0});
	} else if (p->ip.df && !output_fits(p, mtu)) {
		mib_inc(s, MIB_IpFragFails);
		TRACE(s, LAYER_IP, p, "RFC 1191 4", "%u bytes, the next link carries %u, and DF is set",
			p->len, mtu);
		ip_refuse(s, p, DROP_IP_FRAG_NEEDED,
			(struct ip_reject){ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu});
	} else {
		return false;
	}
	return true;
}

/* RFC 1812 5.3.13.5: the address of the interface that the packet leaves by. */
static uint32_t outgoing_address(const struct route_path *path)
{
	uint32_t addr = netif_source(path->netif, path->nexthop, SCOPE_LINK);

	return addr ? addr : path->source;
}

void forward_input(struct stack *s, struct pkt *p, const struct route_path *path, const struct ip_options *o)
{
	uint32_t mtu = link_mtu(path);

	if (stops(s, p, o, mtu))
		return;
	redirect(s, p, path);
	ip_decrease_ttl(p->data);
	p->ip.ttl--;
	TRACE(s, LAYER_IP, p, "RFC 1812 5.3.1", "%s > %s: on by %s, TTL %u", TEXT_IP(p->ip.src),
		TEXT_IP(p->ip.dst), path->netif->dev->name, p->ip.ttl);
	options_stamp(s, p, o, outgoing_address(path));
	mib_inc(s, MIB_IpForwDatagrams);
	output_transmit(s, p, path, mtu, false);
}
