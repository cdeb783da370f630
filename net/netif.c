/* SPDX-License-Identifier: MIT */
/* Netifs: addresses, and the way of a packet from the link to its protocol. */
#include "net/netif.h"

#include "lib/text.h"
#include "net/ether.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

/* ---- making and freeing ---- */

struct netif *netif_new(struct stack *s, struct dev *d)
{
	struct netif *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->dev = d;
	n->stack = s;
	n->output = netif_output_raw;
	list_init(&n->addrs);
	memcpy(n->conf, s->conf_default, sizeof(n->conf));
	stack_each_proto(pr, s) {
		if (!pr->attach || pr->attach(n) == 0)
			continue;
		netif_free(n);
		return NULL;
	}
	return n;
}

/* A protocol's detach copes with a netif it never attached to. */
void netif_free(struct netif *n)
{
	stack_each_proto(pr, n->stack)
		if (pr->detach)
			pr->detach(n);
	free(n);
}

/* ---- addresses ---- */

static void tell(struct netif_addr *a, bool gone)
{
	struct stack *s = a->netif->stack;

	/* First the news, then what follows from it. */
	s->generation++;
	monitor_tell(s, MONITOR_ADDR, a, gone);
	stack_each_proto(pr, s)
		if (pr->addr_event)
			pr->addr_event(a, gone);
}

static bool same_subnet(const struct netif_addr *a, const struct netif_addr *b)
{
	return a->plen == b->plen && ((a->peer ^ b->peer) & ip_mask(a->plen)) == 0;
}

/* The primary address of the subnet that `a` lies in, or NULL. */
static struct netif_addr *primary_of(const struct netif *n, const struct netif_addr *a)
{
	netif_each_addr(other, n)
		if (other != a && !(other->flags & ADDR_SECONDARY) && same_subnet(other, a))
			return other;
	return NULL;
}

static bool may_be_an_address(uint32_t addr)
{
	return !ip_is_multicast(addr) && !ip_is_reserved(addr) && addr != IP_ANY;
}

/* Primaries stand before secondaries, each in the order they came. */
static void insert(struct netif *n, struct netif_addr *a)
{
	struct list *at = &n->addrs;

	if (!(a->flags & ADDR_SECONDARY))
		netif_each_addr(other, n)
			if ((other->flags & ADDR_SECONDARY) && at == &n->addrs)
				at = &other->node;
	list_add_tail(at, &a->node);
}

/* The device may have its say. */
static int tell_device(struct netif *n, uint32_t addr, bool gone)
{
	return n->dev->ops->addr ? n->dev->ops->addr(n->dev, addr, gone) : 0;
}

int netif_addr_add(struct netif *n, const struct netif_addr *new, struct netif_addr **out)
{
	if (!may_be_an_address(new->local) || new->plen > 32)
		return -EINVAL;
	netif_each_addr(other, n)
		if (other->local == new->local && same_subnet(other, new))
			return -EEXIST;
	struct netif_addr *a = calloc(1, sizeof(*a));
	int err = a ? tell_device(n, new->local, false) : -ENOMEM;
	if (err) {
		free(a);
		return err;
	}
	*a = *new;
	a->netif = n;
	/* which has slots since the host was made, so it cannot fail */
	hash_add(&n->stack->addrs, &a->link, hash_u32(a->local));
	a->flags = primary_of(n, a) ? (uint8_t)(new->flags | ADDR_SECONDARY) : new->flags;
	if (n->arp && netif_conf(n, CONF_ARP_DAD))
		a->flags |= ADDR_TENTATIVE;
	if (!a->label[0])
		memcpy(a->label, n->dev->name, sizeof(a->label));
	insert(n, a);
	if (out)
		*out = a;
	tell(a, false);
	return 0;
}

static void remove_one(struct netif_addr *a)
{
	tell(a, true);
	tell_device(a->netif, a->local, true);
	list_del(&a->node);
	hash_del(&a->netif->stack->addrs, &a->link);
	free(a);
}

/* The first secondary of the subnet of `a`, or NULL. */
static struct netif_addr *secondary_of(const struct netif *n, const struct netif_addr *a)
{
	netif_each_addr(other, n)
		if ((other->flags & ADDR_SECONDARY) && same_subnet(other, a))
			return other;
	return NULL;
}

/* A secondary takes the place of its primary (sysctl promote_secondaries). */
static void promote(struct netif *n, struct netif_addr *a)
{
	list_del(&a->node);
	a->flags &= (uint8_t)~ADDR_SECONDARY;
	insert(n, a);
	tell(a, false);
}

void netif_addr_del(struct netif_addr *a)
{
	struct netif *n = a->netif;
	bool has_secondaries = !(a->flags & ADDR_SECONDARY);
	bool go_too = !netif_conf(n, CONF_PROMOTE_SECONDARIES);
	struct netif_addr *other;

	while (has_secondaries && go_too && (other = secondary_of(n, a)))
		remove_one(other);
	other = has_secondaries ? secondary_of(n, a) : NULL;
	remove_one(a);
	if (other)
		promote(n, other);
}

void netif_addr_flush(struct netif *n)
{
	struct netif_addr *a;

	while ((a = list_last(&n->addrs, struct netif_addr, node)))
		netif_addr_del(a);
}

/* As Linux does; a label that has no room for its suffix becomes the name alone. */
void netif_renamed(struct netif *n, const char *name)
{
	netif_each_addr(a, n) {
		const char *suffix = strchr(a->label, ':');
		size_t len = strlen(name), more = suffix ? strlen(suffix) : 0;

		if (len + more >= sizeof(a->label))
			more = 0;
		if (more)
			memmove(a->label + len, suffix, more);
		memcpy(a->label, name, len);
		a->label[len + more] = '\0';
	}
}

void netif_addr_changed(struct netif_addr *a)
{
	tell(a, false);
}

struct netif_addr *netif_addr_find(const struct netif *n, uint32_t local)
{
	netif_each_addr(a, n)
		if (a->local == local)
			return a;
	return NULL;
}

/* All of the network is ours, as 127/8 is. */
static bool lies_in_lo(const struct stack *s, uint32_t addr)
{
	if (!s->lo)
		return false;
	netif_each_addr(a, s->lo->netif)
		if (a->scope == SCOPE_HOST && netif_addr_is_usable(a) &&
			((a->local ^ addr) & ip_mask(a->plen)) == 0)
			return true;
	return false;
}

struct netif *netif_owning(const struct stack *s, uint32_t addr)
{
	struct netif *first = NULL;

	hash_each_match(a, &s->addrs, hash_u32(addr), struct netif_addr, link) {
		if (a->local == addr && netif_addr_is_usable(a) &&
			(!first || a->netif->dev->ifindex < first->dev->ifindex))
			first = a->netif;
	}
	return !first && lies_in_lo(s, addr) ? s->lo->netif : first;
}

bool netif_addr_has_twin(const struct netif_addr *a)
{
	hash_each_match(other, &a->netif->stack->addrs, hash_u32(a->local), struct netif_addr, link)
		if (other != a && other->local == a->local && netif_addr_is_usable(other))
			return true;
	return false;
}

uint32_t netif_source(const struct netif *n, uint32_t dst, enum addr_scope scope)
{
	uint32_t first = 0;

	netif_each_addr(a, n) {
		if (!netif_addr_is_usable(a) || (a->flags & ADDR_SECONDARY) || a->scope > scope)
			continue;
		if (dst && ((a->peer ^ dst) & ip_mask(a->plen)) == 0)
			return a->local;
		first = first ? first : a->local;
	}
	return first;
}

int32_t netif_conf(const struct netif *n, enum sysctl_netif conf)
{
	int32_t own = n->conf[conf], all = n->stack->conf_all[conf];

	switch (sysctl_netifs[conf].combine) {
	case COMBINE_OWN:
		return own;
	case COMBINE_OR:
		return own || all;
	case COMBINE_MAX:
		return MAX(own, all);
	case COMBINE_REDIRECTS: /* a router wants both, a host either */
		return n->conf[CONF_FORWARDING] ? own && all : own || all;
	}
	return own;
}

/* ---- the way up ---- */

static enum pkt_type type_by_mac(const struct dev *d, struct mac dst)
{
	if (mac_is_broadcast(dst))
		return PKT_BROADCAST;
	if (mac_is_group(dst))
		return PKT_MULTICAST;
	return mac_equal(dst, d->mac) ? PKT_HOST : PKT_OTHERHOST;
}

/* A device without link headers carries IP; the version in the first byte says which. */
static enum drop_reason classify_raw(struct pkt *p)
{
	p->type = PKT_HOST;
	p->l2_len = 0;
	p->ethertype = ETHERTYPE_IP;
	return p->len && p->data[0] >> 4 == 4 ? DROP_NONE : DROP_TUN_NOT_IP;
}

enum drop_reason netif_classify(const struct dev *d, struct pkt *p)
{
	struct ether_hdr h;

	if (d->type == DEV_RAW)
		return classify_raw(p);
	enum drop_reason why = ether_parse(p->data, p->len, &h);
	if (why)
		return why;
	p->type = (uint8_t)type_by_mac(d, h.dst);
	p->l2_len = ETHER_HDR_LEN;
	p->ethertype = h.type;
	p->src_mac = h.src;
	return DROP_NONE;
}

/* Frames that end here, by the addresses and the type alone. */
static enum drop_reason filter(const struct netif *n, const struct pkt *p)
{
	const struct dev *d = n->dev;
	struct mac dst;

	if (d->type == DEV_RAW)
		return DROP_NONE;
	memcpy(dst.b, p->data, 6);
	if (mac_is_group(p->src_mac))
		return DROP_ETH_MULTICAST_SOURCE;
	if (p->type == PKT_OTHERHOST)
		return DROP_ETH_OTHERHOST;
	if (p->type == PKT_MULTICAST && !dev_hears_group(d, dst))
		return DROP_ETH_MULTICAST_FILTER;
	if (p->ethertype < ETHER_TYPE_MIN)
		return DROP_ETH_LLC;
	if (ether_is_tagged(p->ethertype))
		return p->len < (size_t)p->l2_len + VLAN_TAG_LEN ? DROP_ETH_SHORT : DROP_ETH_VLAN;
	return DROP_NONE;
}

/* IEEE 802.1Q: a frame with a tag of VLAN 0 is in no VLAN. */
static void skip_priority_tags(const struct netif *n, struct pkt *p)
{
	struct vlan_tag t;

	while (ether_peek_tag(p, &t) && t.id == 0) {
		TRACE(n->stack, LAYER_VLAN, p, "IEEE 802.1Q",
			"%s: a tag with priority %u and no VLAN: skipped", n->dev->name, t.priority);
		ether_skip_tag(p, &t);
	}
}

static const struct proto *proto_by_ethertype(const struct stack *s, uint16_t ethertype)
{
	stack_each_proto(pr, s)
		if (pr->ethertype == ethertype)
			return pr;
	return NULL;
}

void netif_input(struct netif *n, struct pkt *p)
{
	skip_priority_tags(n, p);
	enum drop_reason why = filter(n, p);
	const struct proto *pr = proto_by_ethertype(n->stack, p->ethertype);

	if (!why && !pr)
		why = DROP_ETH_UNKNOWN_TYPE;
	if (why) {
		dev_drop_rx(n->dev, p, why);
		return;
	}
	TRACE(n->stack, LAYER_DEV, p, "RFC 894", "from %s, type 0x%04x: up to %s", TEXT_MAC(p->src_mac),
		p->ethertype, pr->name);
	pkt_pull(p, p->l2_len);
	n->stack->world->trace.looking_at = p->id;
	pr->input(n->stack, p);
	n->stack->world->trace.looking_at = 0;
}

int netif_output_raw(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	(void)nexthop;
	if (n->dev->type == DEV_RAW) {
		p->l2_len = 0;
		p->ethertype = ETHERTYPE_IP;
		return dev_output(n->dev, p);
	}
	return ether_output(n, p, n->dev->mac, ETHERTYPE_IP);
}
