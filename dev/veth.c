/* SPDX-License-Identifier: MIT */
/* veth: a virtual cable. The packet itself moves from one host to the other; nothing is copied. */
#include "dev/kinds.h"
#include "dev/queue.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <stdlib.h>

/* As Linux: a receiver takes frames up to its MTU, an Ethernet header and a VLAN tag. */
enum { VETH_EXTRA = ETHER_HDR_LEN + 4 };

struct veth {
	struct dev dev;
	struct dev_queue queue; /* what the peer sent */
	struct veth *peer;	/* NULL only while the pair is made or ends */
};

static struct veth *veth_of(struct dev *d)
{
	return CONTAINER_OF(d, struct veth, dev);
}

/* The cable carries while both ends are up. */
static int start(struct dev *d)
{
	struct veth *peer = veth_of(d)->peer;

	if (peer && (peer->dev.flags & DEV_UP)) {
		dev_set_carrier(d, true);
		dev_set_carrier(&peer->dev, true);
	}
	return 0;
}

static void stop(struct dev *d)
{
	struct veth *v = veth_of(d);

	dev_queue_flush(&v->queue);
	dev_set_carrier(d, false);
	if (v->peer)
		dev_set_carrier(&v->peer->dev, false);
}

static void cross(const struct dev *d, struct veth *peer, struct pkt *p)
{
	TRACE(d->stack, LAYER_DEV, p, "", "%s: over the cable to %s of %s", d->name, peer->dev.name,
		peer->dev.stack->name);
	dev_queue_push(&peer->queue, p);
}

static void xmit(struct dev *d, struct pkt *p)
{
	struct veth *peer = veth_of(d)->peer;

	if (!p->offload.gso_type && p->len > peer->dev.mtu + VETH_EXTRA)
		dev_drop_rx(&peer->dev, p, DROP_DEV_TOO_BIG);
	else
		cross(d, peer, p);
}

/* Both ends go together. */
static void unregister(struct dev *d)
{
	struct veth *peer = veth_of(d)->peer;

	if (!peer)
		return;
	veth_of(d)->peer = peer->peer = NULL;
	d->link = peer->dev.link = NULL;
	dev_set_carrier(d, false);
	dev_unregister(&peer->dev);
}

static void free_veth(struct dev *d)
{
	free(veth_of(d));
}

static const struct dev_ops veth_ops = {.kind = "veth",
	.start = start,
	.stop = stop,
	.xmit = xmit,
	.unregister = unregister,
	.free = free_veth};

static struct veth *new_end(struct mac mac, uint32_t mtu)
{
	struct veth *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	dev_init(&v->dev, &veth_ops, DEV_ETHER);
	v->dev.mac = mac;
	v->dev.mtu = mtu ? mtu : v->dev.mtu;
	v->dev.carrier = false;
	v->dev.features = DEV_CAN_ALL;
	dev_queue_init(&v->queue, &v->dev);
	return v;
}

int veth_create(struct stack *s, const char *name, const struct dev_config *config)
{
	struct stack *peer_stack = config->peer_stack ? config->peer_stack : s;
	uint32_t peer_mtu = config->peer_mtu ? config->peer_mtu : config->mtu;
	struct veth *a = new_end(config->mac, config->mtu), *b = new_end(config->peer_mac, peer_mtu);
	int err = a && b ? 0 : -ENOMEM;

	/* The peer first, as in Linux: it gets the lower ifindex. */
	if (!err)
		err = dev_register(peer_stack, &b->dev, config->peer_name ? config->peer_name : "veth%d");
	if (err) {
		free(a);
		free(b);
		return err;
	}
	err = dev_register(s, &a->dev, name);
	if (err) {
		dev_unregister(&b->dev);
		free(a);
		return err;
	}
	a->peer = b;
	b->peer = a;
	a->dev.link = &b->dev;
	b->dev.link = &a->dev;
	return 0;
}
