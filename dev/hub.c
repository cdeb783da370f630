/* SPDX-License-Identifier: MIT */
/*
 * A dumb hub: what comes in at one port goes out at all others, and to the hub's own netif, so that its host
 * can talk too. Ports are devices of the same host (`ip link set veth1 master hub0`); usually the near ends
 * of veth pairs.
 */
#include "dev/kinds.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

struct hub_port {
	struct list node;
	struct dev *dev;
};

struct hub {
	struct dev dev;
	struct list ports; /* of struct hub_port */
};

static struct hub *hub_of(struct dev *d)
{
	return CONTAINER_OF(d, struct hub, dev);
}

/* A copy to every port but `except`. Looks at the packet. */
static void repeat(struct hub *h, const struct pkt *p, const struct dev *except)
{
	list_each_safe(port, &h->ports, struct hub_port, node) {
		if (port->dev == except || !(port->dev->flags & DEV_UP))
			continue;
		struct pkt *copy = pkt_copy(p, 0);
		if (copy)
			dev_output(port->dev, copy);
		else
			stack_count_drop(h->dev.stack, DROP_NO_MEMORY);
	}
}

static enum rx_verdict from_port(struct dev *port, struct pkt *p)
{
	struct hub *h = port->rx_handler_data;

	if (!(h->dev.flags & DEV_UP)) {
		dev_drop_rx(&h->dev, p, DROP_DEV_DOWN);
		return RX_CONSUMED;
	}
	TRACE(h->dev.stack, LAYER_DEV, p, "", "%s: repeated at every port but %s, and to its own host",
		h->dev.name, port->name);
	repeat(h, p, port);
	p->dev = &h->dev;
	return RX_ANOTHER;
}

static void xmit(struct dev *d, struct pkt *p)
{
	TRACE(d->stack, LAYER_DEV, p, "", "%s: repeated at every port", d->name);
	repeat(hub_of(d), p, NULL);
	pkt_done(p);
}

static int add_port(struct dev *d, struct dev *port)
{
	if (port->type != DEV_ETHER || port->ops == d->ops)
		return port->ops == d->ops ? -ELOOP : -EINVAL;
	struct hub_port *hp = malloc(sizeof(*hp));
	if (!hp)
		return -ENOMEM;
	int err = dev_set_rx_handler(port, from_port, hub_of(d));
	if (err) {
		free(hp);
		return err;
	}
	hp->dev = port;
	list_add_tail(&hub_of(d)->ports, &hp->node);
	dev_promisc(port, true);
	return 0;
}

static void del_port(struct dev *d, struct dev *port)
{
	list_each_safe(hp, &hub_of(d)->ports, struct hub_port, node) {
		if (hp->dev != port)
			continue;
		list_del(&hp->node);
		free(hp);
		dev_clear_rx_handler(port);
		dev_promisc(port, false);
	}
}

static void unregister(struct dev *d)
{
	struct hub_port *hp;

	while ((hp = list_first(&hub_of(d)->ports, struct hub_port, node)))
		dev_set_master(hp->dev, NULL);
}

static void free_hub(struct dev *d)
{
	free(hub_of(d));
}

static const struct dev_ops hub_ops = {.kind = "hub",
	.xmit = xmit,
	.add_port = add_port,
	.del_port = del_port,
	.unregister = unregister,
	.free = free_hub};

int hub_create(struct stack *s, const char *name, const struct dev_config *config)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	dev_init(&h->dev, &hub_ops, DEV_ETHER);
	h->dev.mac = config->mac;
	h->dev.mtu = config->mtu ? config->mtu : h->dev.mtu;
	h->dev.features = DEV_CAN_ALL;
	list_init(&h->ports);
	int err = dev_register(s, &h->dev, name);
	if (err)
		free(h);
	return err;
}
