/* SPDX-License-Identifier: MIT */
/*
 * ipvlan, as Linux has it.
 *
 * The lower device has a table of the IP addresses of all ipvlans on it. What comes in is theirs by its destination (of
 * an ARP message: the address asked for, or answered); what no ipvlan has an address for is the lower device's own. So
 * no address may be on two of them. The lower device's own stack and its ipvlans do not hear each other: what they send
 * goes out by the wire.
 */
#include "dev/ipvlan.h"

#include "dev/queue.h"
#include "lib/text.h"
#include "net/ether.h"
#include "net/stack.h"
#include "net/wire_arp.h"

#include <errno.h>
#include <stdlib.h>

/* On a device with ipvlans. */
struct ipvlan_port {
	struct dev *lower;
	struct ipvlan_config config;
	struct list ipvlans;	   /* of struct ipvlan */
	struct hash addrs;	   /* of struct ipvlan_addr */
	struct dev_queue to_lower; /* what ipvlans send to the MAC address they share */
};

struct ipvlan {
	struct dev dev;
	struct list node;
	struct ipvlan_port *port;
	struct dev_queue queue; /* what others on the port sent */
	bool allmulti;		/* because of this one the lower device hears all groups */
};

struct ipvlan_addr {
	struct hash_link link; /* the address is the hash */
	struct ipvlan *owner;
};

/* From whom and to whom a frame is: IPv4, or ARP for it. */
struct ends {
	uint16_t type;	/* ETHERTYPE_IP or ETHERTYPE_ARP; 0: neither, or nothing that can be read */
	size_t network; /* where that begins */
	uint32_t src, dst;
	struct mac mac_src, mac_dst;
};

static const struct dev_ops ipvlan_ops;

static struct ipvlan *ipvlan_of(const struct dev *d)
{
	return CONTAINER_OF(d, struct ipvlan, dev);
}

static bool is_l3(const struct ipvlan_port *port)
{
	return port->config.mode != IPVLAN_L2;
}

/* ---- whose is it? ---- */

static void read_addresses(struct ends *e, uint16_t type, const uint8_t *b, size_t len)
{
	struct ip_hdr iph;
	struct arp_msg m;

	if (type == ETHERTYPE_IP && !ip_parse(b, len, &iph)) {
		e->src = iph.src;
		e->dst = iph.dst;
		e->type = type;
	} else if (type == ETHERTYPE_ARP && !arp_parse(b, len, &m)) {
		e->src = m.spa;
		e->dst = m.tpa;
		e->type = type;
	}
}

/* Behind the tags, if there are any. */
static struct ends read_ends(const struct pkt *p)
{
	struct ends e = {.network = ETHER_HDR_LEN};
	struct ether_hdr h;
	struct vlan_tag t;

	if (ether_parse(p->data, p->len, &h))
		return e;
	e.mac_src = h.src;
	e.mac_dst = h.dst;
	while (ether_is_tagged(h.type) && vlan_parse(p->data + e.network - 2, p->len - e.network + 2, &t)) {
		e.network += VLAN_TAG_LEN;
		h.type = t.type;
	}
	read_addresses(&e, h.type, p->data + e.network, p->len - e.network);
	return e;
}

static struct ipvlan_addr *find_addr(const struct ipvlan_port *port, uint32_t addr)
{
	hash_each_match(a, &port->addrs, addr, struct ipvlan_addr, link)
		return a;
	return NULL;
}

/* Only those that are up count: for others it is as if their addresses were nobody's. */
static struct ipvlan *find(const struct ipvlan_port *port, const struct ends *e, uint32_t addr)
{
	const struct ipvlan_addr *a = e->type ? find_addr(port, addr) : NULL;

	return a && (a->owner->dev.flags & DEV_UP) ? a->owner : NULL;
}

/* ---- broadcast and multicast ---- */

static bool hears(const struct ipvlan *v, struct mac dst)
{
	return (v->dev.flags & DEV_UP) && dev_hears_group(&v->dev, dst);
}

static struct pkt *copy_for(const struct ipvlan *v, const struct pkt *p)
{
	struct pkt *copy = pkt_copy(p, 0);

	if (!copy)
		stack_count_drop(v->dev.stack, DROP_NO_MEMORY);
	return copy;
}

/* From the wire, to all of them. What one of them sent and a switch sends back was heard by the others before. */
static void flood_up(struct ipvlan_port *port, const struct pkt *p, const struct ends *e)
{
	struct stack *s = port->lower->stack;

	if (mac_equal(e->mac_src, port->lower->mac) && find(port, e, e->src)) {
		TRACE(s, LAYER_IPVLAN, p, "", "%s: one of our own came back from the wire: no copies",
			port->lower->name);
		return;
	}
	list_each_safe(v, &port->ipvlans, struct ipvlan, node) {
		struct pkt *copy = hears(v, e->mac_dst) ? copy_for(v, p) : NULL;
		if (!copy)
			continue;
		TRACE(s, LAYER_IPVLAN, copy, "", "%s: to many, so %s gets a copy", port->lower->name,
			v->dev.name);
		dev_input_typed(&v->dev, copy);
	}
}

/* From one of them, to the others. */
static void flood_across(struct ipvlan *from, const struct pkt *p, const struct ends *e)
{
	list_each(v, &from->port->ipvlans, struct ipvlan, node) {
		struct pkt *copy = v != from && hears(v, e->mac_dst) ? copy_for(v, p) : NULL;
		if (!copy)
			continue;
		TRACE(from->dev.stack, LAYER_IPVLAN, copy, "", "%s: to many, so %s gets a copy",
			from->dev.name, v->dev.name);
		dev_queue_push(&v->queue, copy);
	}
}

/* ---- the way up ---- */

static enum rx_verdict from_lower(struct dev *lower, struct pkt *p)
{
	struct ipvlan_port *port = lower->rx_handler_data;
	struct ends e = read_ends(p);

	if (!is_l3(port) && mac_is_group(e.mac_dst)) {
		flood_up(port, p, &e);
		return RX_PASS;
	}
	/* With L3S it is IP on the lower device that looks, so ARP stays there. */
	if (port->config.mode == IPVLAN_L3S && e.type == ETHERTYPE_ARP)
		return RX_PASS;
	struct ipvlan *v = find(port, &e, e.dst);
	if (!v) {
		TRACE(lower->stack, LAYER_IPVLAN, p, "", "%s: %s is on no ipvlan: for the device itself",
			lower->name, e.type ? TEXT_IP(e.dst) : "what is neither IP nor ARP");
		return RX_PASS;
	}
	TRACE(lower->stack, LAYER_IPVLAN, p, "", "%s: %s is the address of %s", lower->name, TEXT_IP(e.dst),
		v->dev.name);
	p->dev = &v->dev;
	return RX_ANOTHER;
}

/* ---- the way down ---- */

/* To another one on the same device, or to the one that sent it. True: it is on its way, or dropped. */
static bool to_sibling(struct ipvlan *from, struct pkt *p, const struct ends *e)
{
	struct ipvlan *to = find(from->port, e, e->dst);

	if (!to)
		return false;
	if (from->port->config.flag == IPVLAN_PRIVATE) {
		dev_drop_tx(&from->dev, p, DROP_IPVLAN_PRIVATE);
		return true;
	}
	TRACE(from->dev.stack, LAYER_IPVLAN, p, "", "%s: %s is the address of %s: there without the wire",
		from->dev.name, TEXT_IP(e->dst), to->dev.name);
	dev_queue_push(&to->queue, p);
	return true;
}

static void to_wire(struct ipvlan *v, struct pkt *p)
{
	TRACE(v->dev.stack, LAYER_IPVLAN, p, "", "%s: out by %s", v->dev.name, v->port->lower->name);
	dev_output(v->port->lower, p);
}

static void xmit_l2(struct ipvlan *v, struct pkt *p, const struct ends *e)
{
	if (mac_is_group(e->mac_dst)) {
		flood_across(v, p, e);
		to_wire(v, p);
	} else if (v->port->config.flag == IPVLAN_VEPA || !mac_equal(e->mac_dst, v->dev.mac)) {
		to_wire(v, p);
	} else if (!to_sibling(v, p, e)) {
		/* The MAC address that all share, and no ipvlan's IP address: then the lower device's. */
		dev_queue_push(&v->port->to_lower, p);
	}
}

/* The link header was only made because the device looks like Ethernet. */
static void xmit_l3(struct ipvlan *v, struct pkt *p, const struct ends *e)
{
	struct stack *below = v->port->lower->stack;

	if (v->port->config.flag != IPVLAN_VEPA && to_sibling(v, p, e))
		return;
	if (mac_is_group(e->mac_dst)) {
		dev_drop_tx(&v->dev, p, DROP_IPVLAN_TO_MANY);
		return;
	}
	if (e->type != ETHERTYPE_IP || e->network != ETHER_HDR_LEN || !below->carry) {
		dev_drop_tx(&v->dev, p, DROP_IPVLAN_NOT_IP);
		return;
	}
	TRACE(v->dev.stack, LAYER_IPVLAN, p, "", "%s: host %s routes it (mode %s)", v->dev.name, below->name,
		ipvlan_mode_name(v->port->config.mode));
	pkt_pull(p, ETHER_HDR_LEN);
	below->carry(v->port->lower->netif, p);
}

static void xmit(struct dev *d, struct pkt *p)
{
	struct ipvlan *v = ipvlan_of(d);
	struct ends e = read_ends(p);

	if (is_l3(v->port))
		xmit_l3(v, p, &e);
	else
		xmit_l2(v, p, &e);
}

/* ---- addresses ---- */

/* Whatever its prefix, an address is on one of them only. */
static int add_addr(struct ipvlan *v, uint32_t addr)
{
	if (find_addr(v->port, addr))
		return -EADDRINUSE;
	struct ipvlan_addr *a = malloc(sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->owner = v;
	int err = hash_add(&v->port->addrs, &a->link, addr);
	if (err)
		free(a);
	return err;
}

static int change_addr(struct dev *d, uint32_t addr, bool gone)
{
	struct ipvlan *v = ipvlan_of(d);

	if (!gone)
		return add_addr(v, addr);
	struct ipvlan_addr *a = find_addr(v->port, addr);
	hash_del(&v->port->addrs, &a->link);
	free(a);
	return 0;
}

/* ---- the device ---- */

static void set_mode_flags(struct ipvlan *v)
{
	if (is_l3(v->port) != !!(v->dev.flags & DEV_NOARP))
		dev_set_flag(&v->dev, DEV_NOARP, is_l3(v->port));
}

/* Somebody may have said "arp on" meanwhile. */
static int start(struct dev *d)
{
	set_mode_flags(ipvlan_of(d));
	return 0;
}

static void stop(struct dev *d)
{
	dev_queue_flush(&ipvlan_of(d)->queue);
}

static void rx_mode(struct dev *d)
{
	struct ipvlan *v = ipvlan_of(d);

	if (v->allmulti == dev_is_allmulti(d))
		return;
	v->allmulti = !v->allmulti;
	dev_allmulti(d->lower, v->allmulti);
}

/* It has that of the lower device, and no other. */
static int set_mac(struct dev *d, struct mac m)
{
	return mac_equal(m, d->lower->mac) ? 0 : -EOPNOTSUPP;
}

static void event(struct dev *d, struct dev *lower, enum dev_event ev)
{
	if (ev == DEV_EVENT_MAC)
		dev_set_mac(d, lower->mac);
	else if (ev == DEV_EVENT_MTU)
		dev_set_mtu(d, lower->mtu);
}

/* ---- on the lower device ---- */

static struct ipvlan_port *port_of(const struct dev *lower)
{
	return lower->rx_handler == from_lower ? lower->rx_handler_data : NULL;
}

static void port_put(struct ipvlan_port *port)
{
	if (!list_empty(&port->ipvlans))
		return;
	dev_clear_rx_handler(port->lower);
	dev_queue_flush(&port->to_lower);
	hash_exit(&port->addrs);
	free(port);
}

/* The one that is there, or a new one. NULL, with *err, if that cannot be. */
static struct ipvlan_port *port_get(struct dev *lower, int *err)
{
	struct ipvlan_port *port = port_of(lower);

	if (port)
		return port;
	port = calloc(1, sizeof(*port));
	*err = port ? dev_set_rx_handler(lower, from_lower, port) : -ENOMEM;
	if (*err) {
		free(port);
		return NULL;
	}
	port->lower = lower;
	list_init(&port->ipvlans);
	dev_queue_init(&port->to_lower, lower);
	port->to_lower.input = dev_input_looped;
	return port;
}

static void unregister(struct dev *d)
{
	if (ipvlan_of(d)->allmulti)
		dev_allmulti(d->lower, false);
	netif_addr_flush(d->netif);
	list_del(&ipvlan_of(d)->node);
}

static void free_ipvlan(struct dev *d)
{
	port_put(ipvlan_of(d)->port);
	free(ipvlan_of(d));
}

static const struct dev_ops ipvlan_ops = {
	.kind = "ipvlan",
	.no_rx_handler = true,
	.start = start,
	.stop = stop,
	.xmit = xmit,
	.rx_mode = rx_mode,
	.set_mac = set_mac,
	.addr = change_addr,
	.event = event,
	.unregister = unregister,
	.free = free_ipvlan,
};

/* ---- making ---- */

static struct ipvlan *new_ipvlan(struct ipvlan_port *port, uint32_t mtu, enum ipvlan_mode mode)
{
	struct ipvlan *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	dev_init(&v->dev, &ipvlan_ops, DEV_ETHER);
	v->dev.flags |= mode == IPVLAN_L2 ? 0 : DEV_NOARP;
	v->dev.mac = port->lower->mac;
	v->dev.mac_is_shared = true;
	v->dev.mtu = mtu ? mtu : port->lower->mtu;
	v->dev.features = DEV_CAN_ALL; /* what the lower device lacks is made up for there */
	v->port = port;
	dev_queue_init(&v->queue, &v->dev);
	list_add_tail(&port->ipvlans, &v->node);
	return v;
}

static const struct ipvlan_config by_default = {IPVLAN_L3, IPVLAN_BRIDGE};

int ipvlan_create(struct stack *s, const char *name, const struct dev_config *config)
{
	const struct ipvlan_config *c = config->details ? config->details : &by_default;
	struct dev *lower = config->lower;
	int err = 0;

	if (lower->ops == &ipvlan_ops)
		lower = lower->lower;
	if (lower->type != DEV_ETHER)
		return -EINVAL;
	struct ipvlan_port *port = port_get(lower, &err);
	if (!port)
		return err;
	struct ipvlan *v = new_ipvlan(port, config->mtu, c->mode);
	if (!v) {
		port_put(port);
		return -ENOMEM;
	}
	err = dev_set_lower(&v->dev, lower);
	if (!err)
		err = dev_register(s, &v->dev, name);
	if (err) {
		list_del(&v->node);
		list_del(&v->dev.upper_node);
		free_ipvlan(&v->dev);
		return err;
	}
	ipvlan_set_config(&v->dev, c);
	return 0;
}

/* ---- seen from outside ---- */

const struct ipvlan_config *ipvlan_config(const struct dev *d)
{
	return d->ops == &ipvlan_ops ? &ipvlan_of(d)->port->config : NULL;
}

void ipvlan_set_config(struct dev *d, const struct ipvlan_config *config)
{
	struct ipvlan_port *port = ipvlan_of(d)->port;

	port->config = *config;
	list_each(v, &port->ipvlans, struct ipvlan, node)
		set_mode_flags(v);
}

const char *ipvlan_mode_name(enum ipvlan_mode mode)
{
	static const char *const names[] = {[IPVLAN_L2] = "l2", [IPVLAN_L3] = "l3", [IPVLAN_L3S] = "l3s"};

	return names[mode];
}
