/* SPDX-License-Identifier: MIT */
/*
 * Fragmentation (RFC 791 3.2): as few pieces as the MTU allows, in order (RFC 1812 4.2.2.7). A fragment of a
 * fragment is nothing special: offsets add up, and MF stays where it was.
 */
#include "ip/internal.h"

#include <errno.h>

/* What is cut, and how. */
struct cut {
	const struct pkt *p;
	uint32_t mtu;
	uint8_t opts[IP_OPT_MAX]; /* of all fragments but the first */
	size_t opts_len;
};

/* The piece of the payload from `at` on; NULL: no memory. */
static struct pkt *piece(const struct cut *c, uint32_t at)
{
	const struct pkt *p = c->p;
	size_t hdr_len = at ? IP_HDR_LEN + c->opts_len : p->ip.hdr_len;
	uint32_t left = p->len - p->ip.hdr_len - at, room = c->mtu - (uint32_t)hdr_len;
	uint32_t len = left <= room ? left : room & ~7u;
	struct pkt *f = pkt_new(p->pools, hdr_len + len);

	if (!f)
		return NULL;
	f->parent = p->id;
	f->time_ns = p->time_ns;
	f->dev = p->dev;
	f->ifindex = p->ifindex;
	f->type = p->type;
	f->ip = p->ip;
	f->ip.hdr_len = (uint8_t)hdr_len;
	f->ip.total_len = (uint16_t)(hdr_len + len);
	f->ip.frag_off = (uint16_t)(p->ip.frag_off + at);
	f->ip.mf = p->ip.mf || len < left;
	uint8_t *h = pkt_put(f, hdr_len + len);
	memcpy(h + IP_HDR_LEN, at ? c->opts : p->data + IP_HDR_LEN, hdr_len - IP_HDR_LEN);
	memcpy(h + hdr_len, p->data + p->ip.hdr_len + at, len);
	ip_emit(h, &f->ip);
	return f;
}

int fragment_output(struct netif *n, struct pkt *p, uint32_t nexthop, uint32_t mtu)
{
	struct stack *s = n->stack;
	struct cut c = {.p = p, .mtu = MAX(mtu, (uint32_t)IP_MIN_MTU)};
	uint32_t payload = p->len - p->ip.hdr_len;

	csum_complete_network(p); /* nobody downstream can sum over a packet in pieces */
	c.opts_len = options_copied(p->data, p->ip.hdr_len, c.opts);
	for (uint32_t at = 0, len; at < payload; at += len) {
		struct pkt *f = piece(&c, at);
		if (!f) {
			mib_inc(s, MIB_IpFragFails);
			stack_drop(s, p, DROP_NO_MEMORY);
			return -ENOBUFS;
		}
		len = (uint32_t)(f->ip.total_len - f->ip.hdr_len);
		TRACE(s, LAYER_FRAG, f, "RFC 791 3.2", "fragment of id %u: %u bytes from %u%s", f->ip.id, len,
			f->ip.frag_off, f->ip.mf ? ", more follow" : "");
		mib_inc(s, MIB_IpFragCreates);
		n->output(n, f, nexthop);
	}
	mib_inc(s, MIB_IpFragOKs);
	pkt_done(p);
	return 0;
}
