/* SPDX-License-Identifier: MIT */
/*
 * VLAN devices (IEEE 802.1Q, 802.1ad), with the manners of Linux's: a VLAN goes down and up with its lower device, and
 * has that one's MAC address until it is given one of its own.
 */
#include "dev/vlan.h"

#include "net/ether.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

/* On a device with VLANs. */
struct vlan_table {
	struct hash vlans; /* of struct vlan */
};

struct vlan {
	struct dev dev;
	struct hash_link link; /* in the lower device's table */
	struct vlan_config config;
	bool own_mac;		/* was given a MAC address */
	bool promisc, allmulti; /* because of this one the lower device hears everything, or all groups */
};

static const struct dev_ops vlan_ops;

static struct vlan *vlan_of(const struct dev *d)
{
	return CONTAINER_OF(d, struct vlan, dev);
}

/* ---- the table ---- */

/* No two protocols and ids have the same, so it is the key as well. */
static uint32_t key_of(uint16_t proto, uint16_t id)
{
	return id | (proto == ETHERTYPE_QINQ ? VLAN_ID_MASK + 1u : 0);
}

struct dev *vlan_find(const struct dev *lower, uint16_t proto, uint16_t id)
{
	const struct vlan_table *t = lower->vlan_data;
	uint32_t key = key_of(proto, id);

	if (t)
		hash_each_match(v, &t->vlans, key, struct vlan, link)
			return &v->dev;
	return NULL;
}

/* On the way up: the tag says whose the frame is. Others that handle the lower device's frames, or its own netif, see
 * what no VLAN took. */
static enum rx_verdict from_lower(struct dev *lower, struct pkt *p)
{
	struct vlan_tag t;

	if (!ether_peek_tag(p, &t))
		return RX_PASS;
	struct dev *d = vlan_find(lower, t.proto, t.id);
	if (!d) {
		TRACE(lower->stack, LAYER_VLAN, p, "IEEE 802.1Q", "%s: tag %s %u, and no VLAN device for it",
			lower->name, vlan_proto_name(t.proto), t.id);
		return RX_PASS;
	}
	/* What stands on the VLAN, a bridge say, gets a frame as others are. */
	if (vlan_of(d)->config.keep_tag && !d->rx_handler)
		ether_skip_tag(p, &t);
	else
		ether_take_tag(p, &t);
	TRACE(lower->stack, LAYER_VLAN, p, "IEEE 802.1Q", "%s: tag %s %u, so it comes in by %s", lower->name,
		vlan_proto_name(t.proto), t.id, d->name);
	p->dev = d;
	return RX_ANOTHER;
}

static int table_add(struct dev *lower, struct vlan *v)
{
	struct vlan_table *t = lower->vlan_data ? lower->vlan_data : calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	int err = hash_add(&t->vlans, &v->link, key_of(v->config.proto, v->config.id));
	if (err && !lower->vlan_data)
		free(t);
	if (err)
		return err;
	lower->vlan_data = t;
	lower->vlan_handler = from_lower;
	return 0;
}

static void table_del(struct dev *lower, struct vlan *v)
{
	struct vlan_table *t = lower->vlan_data;

	hash_del(&t->vlans, &v->link);
	if (t->vlans.count)
		return;
	hash_exit(&t->vlans);
	free(t);
	lower->vlan_data = NULL;
	lower->vlan_handler = NULL;
}

/* ---- the device ---- */

static void xmit(struct dev *d, struct pkt *p)
{
	const struct vlan_config *c = &vlan_of(d)->config;

	TRACE(d->stack, LAYER_VLAN, p, "IEEE 802.1Q", "%s: gets the tag %s %u and goes out by %s", d->name,
		vlan_proto_name(c->proto), c->id, d->lower->name);
	ether_put_tag(p, c->proto, c->id);
	dev_output(d->lower, p);
}

/* Frames to an address that the lower device has not only arrive if it hears everything. */
static void listen(struct vlan *v, bool up, struct mac mac)
{
	bool promisc = up && (!mac_equal(mac, v->dev.lower->mac) || dev_is_promisc(&v->dev));
	bool allmulti = up && dev_is_allmulti(&v->dev);

	if (promisc != v->promisc)
		dev_promisc(v->dev.lower, promisc);
	if (allmulti != v->allmulti)
		dev_allmulti(v->dev.lower, allmulti);
	v->promisc = promisc;
	v->allmulti = allmulti;
}

static int start(struct dev *d)
{
	if (!(d->lower->flags & DEV_UP) && !vlan_of(d)->config.loose)
		return -ENETDOWN;
	listen(vlan_of(d), true, d->mac);
	return 0;
}

static void stop(struct dev *d)
{
	listen(vlan_of(d), false, d->mac);
}

static void rx_mode(struct dev *d)
{
	listen(vlan_of(d), d->flags & DEV_UP, d->mac);
}

static int set_mac(struct dev *d, struct mac m)
{
	vlan_of(d)->own_mac = true;
	listen(vlan_of(d), d->flags & DEV_UP, m);
	return 0;
}

static int set_mtu(struct dev *d, uint32_t mtu)
{
	return mtu > d->lower->mtu ? -ERANGE : 0;
}

/* The lower device has another address. */
static void follow_mac(struct vlan *v)
{
	if (v->own_mac) {
		rx_mode(&v->dev);
	} else {
		dev_set_mac(&v->dev, v->dev.lower->mac);
		v->own_mac = false;
	}
}

/* A VLAN comes up with its lower device even if it never was up before, as in Linux. */
static void event(struct dev *d, struct dev *lower, enum dev_event ev)
{
	struct vlan *v = vlan_of(d);

	if ((ev == DEV_EVENT_UP || ev == DEV_EVENT_DOWN) && !v->config.loose)
		dev_set_up(d, ev == DEV_EVENT_UP);
	else if (ev == DEV_EVENT_MTU && d->mtu > lower->mtu)
		dev_set_mtu(d, lower->mtu);
	else if (ev == DEV_EVENT_MAC)
		follow_mac(v);
}

static void unregister(struct dev *d)
{
	table_del(d->lower, vlan_of(d));
}

static void free_vlan(struct dev *d)
{
	free(vlan_of(d));
}

static const struct dev_ops vlan_ops = {
	.kind = "vlan",
	.start = start,
	.stop = stop,
	.xmit = xmit,
	.rx_mode = rx_mode,
	.set_mac = set_mac,
	.set_mtu = set_mtu,
	.event = event,
	.unregister = unregister,
	.free = free_vlan,
};

/* ---- making ---- */

static int check(const struct dev *lower, const struct vlan_config *c, uint32_t mtu)
{
	if (!c)
		return -EINVAL;
	if (c->proto != ETHERTYPE_VLAN && c->proto != ETHERTYPE_QINQ)
		return -EPROTONOSUPPORT;
	if (c->id > VLAN_ID_MAX)
		return -ERANGE;
	if (lower->type != DEV_ETHER)
		return -EOPNOTSUPP;
	if (vlan_find(lower, c->proto, c->id))
		return -EEXIST;
	return mtu > lower->mtu ? -EINVAL : 0;
}

/* Onto its lower device and into its host; or neither. */
static int attach(struct vlan *v, struct stack *s, const char *name, struct dev *lower)
{
	int err = dev_set_lower(&v->dev, lower);

	if (!err)
		err = table_add(lower, v);
	if (err)
		return err;
	err = dev_register(s, &v->dev, name);
	if (err)
		table_del(lower, v);
	return err;
}

int vlan_create(struct stack *s, const char *name, const struct dev_config *config)
{
	struct dev *lower = config->lower;
	int err = check(lower, config->details, config->mtu);

	if (err)
		return err;
	struct vlan *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	dev_init(&v->dev, &vlan_ops, DEV_ETHER);
	v->config = *(const struct vlan_config *)config->details;
	v->own_mac = !mac_is_zero(config->mac);
	v->dev.mac = v->own_mac ? config->mac : lower->mac;
	v->dev.mtu = config->mtu ? config->mtu : lower->mtu;
	v->dev.features = DEV_CAN_ALL | DEV_CAN_SG; /* what the lower device lacks is made up for there */
	err = attach(v, s, name, lower);
	if (err) {
		list_del(&v->dev.upper_node);
		free(v);
	}
	return err;
}

/* ---- seen from outside ---- */

const struct vlan_config *vlan_config(const struct dev *d)
{
	return d->ops == &vlan_ops ? &vlan_of(d)->config : NULL;
}

void vlan_set_flags(struct dev *d, bool keep_tag, bool loose)
{
	vlan_of(d)->config.keep_tag = keep_tag;
	vlan_of(d)->config.loose = loose;
}

const char *vlan_proto_name(uint16_t proto)
{
	return proto == ETHERTYPE_QINQ ? "802.1ad" : "802.1Q";
}
