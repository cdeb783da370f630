/* SPDX-License-Identifier: MIT */
/*
 * Packets that wait for a neighbour's answer (RFC 1122 2.3.2.2: save at least the latest one).
 *
 * An entry keeps unres_qlen_bytes of payload, a host ARP_WAITING_MAX bytes of buffers. Where that is not
 * enough the oldest goes, and with a fragment all the fragments of its datagram: the rest of them would be
 * carried for nothing.
 */
#include "arp/internal.h"

#include "lib/text.h"

static size_t payload_of(const struct pkt *p)
{
	return p->len > p->ip.hdr_len ? p->len - p->ip.hdr_len : 0;
}

static size_t size_of(const struct pkt *p)
{
	return sizeof(*p) + p->room;
}

static bool same_datagram(const struct ip_hdr *a, const struct ip_hdr *b)
{
	return ip_is_fragment(a) && ip_is_fragment(b) && a->id == b->id && a->src == b->src &&
		a->dst == b->dst && a->proto == b->proto;
}

static void take(struct neigh *ng, struct pkt *p)
{
	struct arp *arp = ng->netif->stack->arp;

	list_del(&p->node);
	ng->waiting_bytes -= payload_of(p);
	arp->waiting_size -= size_of(p);
	arp->waiting--;
}

/* The oldest packet, and what belongs to the same datagram. The entry has packets. */
static void drop_oldest(struct neigh *ng)
{
	struct stack *s = ng->netif->stack;
	struct ip_hdr oldest = list_first(&ng->waiting, struct pkt, node)->ip;
	bool first = true;

	list_each_safe(p, &ng->waiting, struct pkt, node) {
		if (!first && !same_datagram(&p->ip, &oldest))
			continue;
		first = false;
		take(ng, p);
		TRACE(s, LAYER_ARP, p, "RFC 1122 2.3.2.2", "too much waits for %s: the oldest goes",
			TEXT_IP(ng->addr));
		stack_drop(s, p, DROP_NEIGH_QUEUE_FULL);
	}
}

/* The entry that has been looked for longest pays for all. */
static bool drop_oldest_of_all(struct arp *arp)
{
	list_each(ng, &arp->resolving, struct neigh, gc_node) {
		if (list_empty(&ng->waiting))
			continue;
		drop_oldest(ng);
		return true;
	}
	return false;
}

void waiting_add(struct neigh *ng, struct pkt *p)
{
	struct arp *arp = ng->netif->stack->arp;
	size_t most = (size_t)netif_conf(ng->netif, CONF_UNRES_QLEN_BYTES);

	while (!list_empty(&ng->waiting) && ng->waiting_bytes + payload_of(p) > most)
		drop_oldest(ng);
	while (arp->waiting_size + size_of(p) > ARP_WAITING_MAX && drop_oldest_of_all(arp))
		;
	pkt_linearize(p);
	list_add_tail(&ng->waiting, &p->node);
	ng->waiting_bytes += payload_of(p);
	arp->waiting_size += size_of(p);
	arp->waiting++;
}

void waiting_take(struct neigh *ng, struct list *out)
{
	list_init(out);
	list_each_safe(p, &ng->waiting, struct pkt, node) {
		take(ng, p);
		list_add_tail(out, &p->node);
	}
}

void waiting_drop(struct neigh *ng, enum drop_reason why)
{
	list_each_safe(p, &ng->waiting, struct pkt, node) {
		take(ng, p);
		stack_drop(ng->netif->stack, p, why);
	}
}
