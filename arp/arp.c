/* SPDX-License-Identifier: MIT */
/* ARP as a protocol of the house (RFC 826): what comes and goes, and the messages it sends. */
#include "arp/internal.h"

#include "lib/text.h"
#include "net/ether.h"

#include <errno.h>
#include <stdlib.h>

/* ---- messages ---- */

static void send_message(struct netif *n, const struct arp_msg *m, struct mac to, uint64_t parent)
{
	struct pkt *p = stack_pkt(n->stack, ARP_LEN);

	if (!p)
		return;
	p->parent = parent;
	arp_emit(pkt_put(p, ARP_LEN), m);
	TRACE(n->stack, LAYER_ARP, p, "RFC 826",
		m->op == ARP_OP_REQUEST ? "who has %s? tell %s" : "tell %s: %s is here", TEXT_IP(m->tpa),
		TEXT_IP(m->spa));
	ether_output(n, p, to, ETHERTYPE_ARP);
}

void arp_ask(struct netif *n, uint32_t target, uint32_t source, struct mac to, uint64_t parent)
{
	struct arp_msg m = {.op = ARP_OP_REQUEST, .sha = n->dev->mac, .spa = source, .tpa = target};

	send_message(n, &m, to, parent);
}

/* RFC 826: the fields swapped, to the sender alone. */
void arp_answer(struct netif *n, const struct arp_msg *request, uint64_t parent)
{
	struct arp_msg m = {.op = ARP_OP_REPLY,
		.sha = n->dev->mac,
		.spa = request->tpa,
		.tha = request->sha,
		.tpa = request->spa};

	send_message(n, &m, request->sha, parent);
}

/* RFC 5227 2.3 */
void arp_announce(struct netif *n, uint32_t addr)
{
	arp_ask(n, addr, addr, MAC_BROADCAST, 0);
}

/* ---- addresses of a link ---- */

bool arp_is_broadcast(const struct netif *n, uint32_t addr)
{
	if (addr == IP_BROADCAST)
		return true;
	netif_each_addr(a, n) {
		uint32_t mask = ip_mask(a->plen), host = addr & ~mask;
		bool in_subnet = a->plen < 31 && ((a->peer ^ addr) & mask) == 0;
		if ((a->broadcast && a->broadcast == addr) || (in_subnet && (host == 0 || host == ~mask)))
			return true;
	}
	return false;
}

bool arp_is_onlink(const struct netif *n, uint32_t addr)
{
	return n->stack->onlink && n->stack->onlink(n, addr);
}

void arp_stat(const struct stack *s, size_t *entries, size_t *waiting)
{
	*entries = s->arp->table.count;
	*waiting = s->arp->waiting;
}

/* ---- what comes and goes ---- */

static bool failed(const struct netif *n, uint32_t addr)
{
	const struct neigh *ng = n->arp ? neigh_find(n, addr) : NULL;

	return ng && ng->state == NEIGH_FAILED;
}

static int init(struct stack *s)
{
	s->neigh_failed = failed;
	return gc_init(s);
}

static void arp_exit(struct stack *s)
{
	if (s->arp)
		gc_exit(s->arp);
	s->arp = NULL;
}

static int attach(struct netif *n)
{
	if (n->dev->type != DEV_ETHER)
		return 0;
	n->arp = calloc(1, sizeof(*n->arp));
	if (!n->arp)
		return -ENOMEM;
	list_init(&n->arp->acds);
	list_init(&n->arp->delayed);
	n->output = arp_output;
	return 0;
}

static void detach(struct netif *n)
{
	if (!n->arp)
		return;
	neigh_flush(n, FLUSH_PROXIES_TOO);
	proxy_flush(n);
	acd_flush(n);
	free(n->arp);
	n->arp = NULL;
}

/* Sysctl arp_notify */
static void notify(struct netif *n)
{
	if (!netif_conf(n, CONF_ARP_NOTIFY) || !dev_is_running(n->dev))
		return;
	netif_each_addr(a, n)
		if (netif_addr_is_usable(a))
			arp_announce(n, a->local);
}

/* Everything, with the last address. */
static void forget_all(struct netif *n)
{
	neigh_flush(n, FLUSH_PROXIES_TOO);
	proxy_flush(n);
}

/* As Linux: down and a new MAC address flush everything, a lost carrier what was learned. */
static void dev_event(struct netif *n, enum dev_event ev)
{
	if (!n->arp)
		return;
	if (ev == DEV_EVENT_DOWN || ev == DEV_EVENT_MAC || ev == DEV_EVENT_NOARP)
		neigh_flush(n, ev == DEV_EVENT_DOWN ? FLUSH_PROXIES_TOO : FLUSH_ALL);
	if (ev == DEV_EVENT_CARRIER && !n->dev->carrier)
		neigh_flush(n, FLUSH_LEARNED);
	if (ev == DEV_EVENT_DOWN || (ev == DEV_EVENT_CARRIER && !n->dev->carrier)) {
		proxy_flush(n);
		acd_stop(n);
	}
	if (ev == DEV_EVENT_UP || (ev == DEV_EVENT_CARRIER && n->dev->carrier))
		acd_start(n);
	if (ev == DEV_EVENT_UP || ev == DEV_EVENT_MAC)
		notify(n);
}

/* What was a neighbour's address is one no more when it becomes ours, or the broadcast address of our subnet.
 */
static void forget_neighbours(const struct netif_addr *a)
{
	struct netif *n = a->netif;

	list_each_safe(ng, &n->stack->arp->entries, struct neigh, node)
		if (ng->netif == n && !ng->proxy && (ng->addr == a->local || arp_is_broadcast(n, ng->addr)))
			neigh_remove(ng, DROP_NEIGH_FLUSHED);
}

static void addr_event(struct netif_addr *a, bool gone)
{
	if (!a->netif->arp)
		return;
	if (!gone)
		forget_neighbours(a);
	else if (netif_addr_is_only(a))
		forget_all(a->netif);
	acd_addr_event(a, gone);
}

const struct proto arp_proto = {
	.name = "arp",
	.ethertype = ETHERTYPE_ARP,
	.init = init,
	.exit = arp_exit,
	.attach = attach,
	.detach = detach,
	.dev_event = dev_event,
	.addr_event = addr_event,
	.input = arp_input,
};
