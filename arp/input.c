/* SPDX-License-Identifier: MIT */
/*
 * What arrives (RFC 826, "Packet Reception", in its order): types and lengths; who is the sender; an entry
 * that exists is updated; is it for us? then an entry is made; and only then, request or reply?
 *
 * Entries are made for senders on this link who ask us something, never by replies or announcements
 * (sysctl arp_accept).
 */
#include "arp/internal.h"

#include "lib/text.h"

/* Addresses that no sender has. */
static enum drop_reason check_sender(const struct netif *n, const struct arp_msg *m)
{
	if (mac_is_group(m->sha) || mac_is_zero(m->sha))
		return DROP_ARP_BAD_SENDER_MAC;
	if (!n->dev->mac_is_shared && mac_equal(m->sha, n->dev->mac))
		return DROP_ARP_OWN;
	if (m->spa == IP_ANY)
		return m->op == ARP_OP_REQUEST ? DROP_NONE : DROP_ARP_BAD_SENDER_IP;
	if (ip_is_zeronet(m->spa) || ip_is_loopback(m->spa) || ip_is_multicast(m->spa) ||
		ip_is_reserved(m->spa) || arp_is_broadcast(n, m->spa))
		return DROP_ARP_BAD_SENDER_IP;
	return DROP_NONE;
}

/* 127/8 is ours and nobody else's business. */
static bool is_ours(const struct netif *n, uint32_t addr)
{
	return !ip_is_loopback(addr) && netif_owning(n->stack, addr);
}

static bool share_subnet(const struct netif_addr *a, uint32_t addr)
{
	return ((a->peer ^ addr) & ip_mask(a->plen)) == 0;
}

/* Sysctl arp_ignore: may a request for our address `target` be answered on this link? */
static bool may_answer(const struct netif *n, uint32_t target, uint32_t asker)
{
	const struct netif *owner = netif_owning(n->stack, target);
	const struct netif_addr *here = netif_addr_find(n, target);
	const struct netif_addr *a = here ? here : netif_addr_find(owner, target);

	switch (netif_conf(n, CONF_ARP_IGNORE)) {
	case 1: /* addresses of this link only */
		return here;
	case 2: /* and askers of its subnet only */
		return here && (!asker || share_subnet(here, asker));
	case 3: /* nothing of host scope */
		return a && a->scope <= SCOPE_LINK;
	case 8:
		return false;
	default:
		return true;
	}
}

/* Sysctl arp_accept: may this message, which nobody asked for, make an entry? */
static bool may_create(const struct netif *n, const struct arp_msg *m)
{
	int32_t accept = netif_conf(n, CONF_ARP_ACCEPT);

	if (!accept || (m->op == ARP_OP_REQUEST && m->spa != m->tpa))
		return false;
	if (accept == 1)
		return true;
	netif_each_addr(a, n)
		if (share_subnet(a, m->spa))
			return true;
	return false;
}

/* Updates the entry of the sender, or makes one when `create`. */
static enum drop_reason merge(struct netif *n, const struct arp_msg *m, enum neigh_source source, bool create)
{
	struct neigh *ng = neigh_find(n, m->spa);

	if (ng)
		return neigh_hear(ng, m->sha, source);
	if (!create)
		return m->op == ARP_OP_REPLY || m->spa == m->tpa ? DROP_ARP_UNSOLICITED : DROP_ARP_NOT_FOR_US;
	if (!arp_is_onlink(n, m->spa))
		return DROP_ARP_OFFLINK;
	neigh_learn(n, m->spa, m->sha, source);
	return DROP_NONE;
}

/* RFC 5227 2.1.1: somebody wants to know whether the address is free. */
static enum drop_reason input_probe(struct netif *n, const struct pkt *p, const struct arp_msg *m)
{
	if (!is_ours(n, m->tpa))
		return DROP_ARP_NOT_FOR_US;
	if (!may_answer(n, m->tpa, IP_ANY))
		return DROP_ARP_IGNORED;
	TRACE(n->stack, LAYER_ARP, p, "RFC 5227 2.5", "%s probes our address %s: answered", TEXT_MAC(m->sha),
		TEXT_IP(m->tpa));
	arp_answer(n, m, p->id);
	return DROP_NONE;
}

/* A request for one of our addresses. The answer needs no entry, so what becomes of the entry is no matter.
 */
static enum drop_reason input_question(struct netif *n, const struct pkt *p, const struct arp_msg *m)
{
	if (!may_answer(n, m->tpa, m->spa))
		return DROP_ARP_IGNORED;
	merge(n, m, NEIGH_ASKED_US, true);
	TRACE(n->stack, LAYER_ARP, p, "RFC 826", "%s asks for %s: answered", TEXT_IP(m->spa),
		TEXT_IP(m->tpa));
	arp_answer(n, m, p->id);
	return DROP_NONE;
}

static enum drop_reason input_request(struct netif *n, const struct pkt *p, const struct arp_msg *m)
{
	if (is_ours(n, m->tpa))
		return input_question(n, p, m);
	if (m->tpa != m->spa && proxy_answers(n, m->tpa)) {
		merge(n, m, NEIGH_ASKED_US, true);
		return proxy_input(n, p, m);
	}
	return merge(n, m, NEIGH_OVERHEARD, may_create(n, m));
}

static enum drop_reason input_reply(struct netif *n, const struct pkt *p, const struct arp_msg *m)
{
	bool ours = p->type == PKT_HOST && is_ours(n, m->tpa);
	enum drop_reason why = merge(n, m, ours ? NEIGH_ANSWERED : NEIGH_OVERHEARD, may_create(n, m));

	if (!why)
		TRACE(n->stack, LAYER_ARP, p, "RFC 826", "%s is at %s", TEXT_IP(m->spa), TEXT_MAC(m->sha));
	return why;
}

static enum drop_reason input(struct netif *n, const struct pkt *p)
{
	struct arp_msg m;
	enum drop_reason why = arp_parse(p->data, p->len, &m);

	if (!why && (!n->arp || (n->dev->flags & DEV_NOARP)))
		why = DROP_ARP_IGNORED;
	if (!why)
		why = check_sender(n, &m);
	if (why)
		return why;
	/* Bonds, routers with VRRP and proxies do it as a rule: a matter of interest, not of trust. */
	if (!mac_equal(m.sha, p->src_mac)) {
		mib_inc(n->stack, MIB_ArpInSourceMismatch);
		TRACE(n->stack, LAYER_ARP, p, "RFC 826", "the frame is from %s, the message says %s",
			TEXT_MAC(p->src_mac), TEXT_MAC(m.sha));
	}
	why = acd_input(n, p, &m);
	if (why)
		return why;
	if (m.op == ARP_OP_REPLY)
		return input_reply(n, p, &m);
	return m.spa == IP_ANY ? input_probe(n, p, &m) : input_request(n, p, &m);
}

void arp_input(struct stack *s, struct pkt *p)
{
	enum drop_reason why = input(p->dev->netif, p);

	if (why)
		stack_drop(s, p, why);
	else
		pkt_done(p);
}
