/* SPDX-License-Identifier: MIT */
/*
 * A bridge as a device: its ports, and what follows from them.
 *
 * Its MAC address is the lowest of its ports' and its MTU the smallest, unless the user chose; it has a carrier
 * while a port forwards. A port forwards while it and the bridge are up and it has a carrier: there is no spanning
 * tree that could find a loop first.
 */
#include "dev/bridge.h"

#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PORT_MAX = 1023,
	MTU_WITHOUT_PORTS = 1500,
	DEFAULT_PRIORITY = 0x8000,
	DEFAULT_MAX_LEARNED = 65536,
	GROUP_FWD_RESTRICTED = 0x0007, /* spanning tree, PAUSE, LACP */
	GROUP_FWD_PAUSE = 0x0002,
};

static const struct dev_ops bridge_ops;

struct bridge *bridge_of(const struct dev *d)
{
	return d->ops == &bridge_ops ? CONTAINER_OF(d, struct bridge, dev) : NULL;
}

struct bridge_port *bridge_port_of(const struct dev *d)
{
	return d->rx_handler == bridge_input ? d->rx_handler_data : NULL;
}

void bridge_id(const struct bridge *b, uint8_t id[BRIDGE_ID_LEN])
{
	id[0] = (uint8_t)(b->settings.priority >> 8);
	id[1] = (uint8_t)b->settings.priority;
	memcpy(id + 2, b->id_mac.b, sizeof(b->id_mac.b));
}

/* ---- states of ports, and the carrier ---- */

/* After a change: nobody has a reason to block; the bridge has a carrier while any port forwards. */
static void settle(struct bridge *b)
{
	bool carrier = false;

	bridge_each_port(port, b)
	{
		if (port->state == BRIDGE_BLOCKING)
			port->state = BRIDGE_FORWARDING;
		carrier |= port->state == BRIDGE_FORWARDING;
	}
	dev_set_carrier(&b->dev, carrier);
}

static void enable(struct bridge_port *port)
{
	port->state = BRIDGE_FORWARDING;
	settle(port->bridge);
}

static void disable(struct bridge_port *port)
{
	port->state = BRIDGE_DISABLED;
	bridge_fdb_flush_dynamic(port->bridge, port);
	settle(port->bridge);
}

void bridge_port_follow(struct bridge_port *port)
{
	bool running = dev_is_running(port->dev);

	if (!(port->bridge->dev.flags & DEV_UP))
		return;
	if (running && port->state == BRIDGE_DISABLED)
		enable(port);
	else if (!running && port->state != BRIDGE_DISABLED)
		disable(port);
}

int bridge_port_set_state(struct bridge_port *port, unsigned state)
{
	if (state > BRIDGE_BLOCKING)
		return -EINVAL;
	if (!(port->dev->flags & DEV_UP) || (!port->dev->carrier && state != BRIDGE_DISABLED))
		return -ENETDOWN;
	port->state = (enum bridge_state)state;
	settle(port->bridge);
	return 0;
}

static int start(struct dev *d)
{
	bridge_each_port(port, bridge_of(d)) if (dev_is_running(port->dev)) enable(port);
	return 0;
}

static void stop(struct dev *d)
{
	bridge_each_port(port, bridge_of(d)) if (port->state != BRIDGE_DISABLED) disable(port);
}

/* ---- MTU and MAC address: the user's, or the ports' ---- */

static int set_mtu(struct dev *d, uint32_t mtu)
{
	(void)mtu;
	bridge_of(d)->mtu_by_user = true;
	return 0;
}

static void adjust_mtu(struct bridge *b)
{
	uint32_t mtu = list_empty(&b->ports) ? MTU_WITHOUT_PORTS : DEV_MTU_MAX;

	if (b->mtu_by_user)
		return;
	bridge_each_port(port, b) mtu = MIN(mtu, port->dev->mtu);
	if (mtu != b->dev.mtu)
		dev_set_mtu(&b->dev, mtu);
	b->mtu_by_user = false;
}

/* The FDB has the new address before it has lost the old one. The same one again brings nothing back that was flushed. */
static int set_mac(struct dev *d, struct mac m)
{
	struct bridge *b = bridge_of(d);

	if (!mac_equal(m, b->id_mac)) {
		int err = bridge_fdb_add_local(b, NULL, m);
		if (err)
			return err;
		if (!mac_equal(m, d->mac))
			bridge_fdb_del_local(b, NULL, d->mac);
		b->id_mac = m;
	}
	b->mac_by_user = true;
	return 0;
}

/* The lowest address of the ports; without ports it has none, as in Linux. */
static void adjust_mac(struct bridge *b)
{
	struct mac lowest = MAC_ZERO;

	if (b->mac_by_user)
		return;
	bridge_each_port(port, b) if (mac_is_zero(lowest) ||
		memcmp(port->mac.b, lowest.b, sizeof(lowest.b)) < 0) lowest = port->mac;
	if (mac_is_zero(lowest)) {
		bridge_fdb_del_local(b, NULL, b->dev.mac);
		b->dev.mac = b->id_mac = lowest;
	} else if (!mac_equal(lowest, b->id_mac)) {
		dev_set_mac(&b->dev, lowest);
	}
	b->mac_by_user = false;
}

/* Or was set to what it is: then too its entry comes back, if it was lost to another one. */
static void port_mac_changed(struct bridge_port *port)
{
	struct mac old = port->mac;

	port->mac = port->dev->mac;
	bridge_fdb_del_local(port->bridge, port, old);
	if (bridge_fdb_add_local(port->bridge, port, port->mac) < 0)
		stack_count_drop(port->dev->stack, DROP_NO_MEMORY);
	adjust_mac(port->bridge);
}

/* ---- ports come and go ---- */

/* The first number that is free; the list is by number. 0: none. */
static uint16_t free_number(const struct bridge *b, struct list **before)
{
	uint16_t number = 1;

	*before = b->ports.next;
	bridge_each_port(port, b)
	{
		if (port->number != number)
			break;
		number++;
		*before = port->node.next;
	}
	return number <= PORT_MAX ? number : 0;
}

static struct bridge_port *new_port(struct bridge *b, struct dev *d, uint16_t number)
{
	struct bridge_port *port = malloc(sizeof(*port));

	if (port)
		*port = (struct bridge_port){
			.bridge = b,
			.dev = d,
			.number = number,
			.mac = d->mac,
			.flags = BRIDGE_PORT_FLAGS,
			.priority = BRIDGE_PORT_PRIORITY,
			.cost = BRIDGE_PORT_COST,
		};
	return port;
}

static int add_port(struct dev *d, struct dev *port_dev)
{
	struct bridge *b = bridge_of(d);
	struct list *before;
	uint16_t number = free_number(b, &before);

	if (port_dev->type != DEV_ETHER || mac_is_zero(port_dev->mac))
		return -EINVAL;
	if (bridge_of(port_dev))
		return -ELOOP;
	if (!number)
		return -EXFULL;
	struct bridge_port *port = new_port(b, port_dev, number);
	int err = port ? dev_set_rx_handler(port_dev, bridge_input, port) : -ENOMEM;
	if (!err) {
		err = bridge_fdb_add_local(b, port, port->mac);
		if (err)
			dev_clear_rx_handler(port_dev);
	}
	if (err) {
		free(port);
		return err;
	}
	list_add_tail(before, &port->node);
	dev_promisc(port_dev, true);
	dev_allmulti(port_dev, true);
	bridge_port_follow(port);
	adjust_mtu(b);
	adjust_mac(b);
	return 0;
}

static void del_port(struct dev *d, struct dev *port_dev)
{
	struct bridge *b = bridge_of(d);
	struct bridge_port *port = bridge_port_of(port_dev);

	disable(port);
	list_del(&port->node);
	bridge_fdb_port_gone(port);
	dev_clear_rx_handler(port_dev);
	dev_promisc(port_dev, false);
	dev_allmulti(port_dev, false);
	free(port);
	adjust_mtu(b);
	adjust_mac(b);
}

static void on_event(struct dev *d, struct dev *from, enum dev_event ev)
{
	struct bridge_port *port = bridge_port_of(from);

	switch (ev) {
	case DEV_EVENT_UP:
	case DEV_EVENT_CARRIER:
		bridge_port_follow(port);
		break;
	case DEV_EVENT_DOWN: /* also where the user had disabled the port: what it had learned goes only now, as in Linux */
		if (d->flags & DEV_UP)
			disable(port);
		break;
	case DEV_EVENT_MTU:
		adjust_mtu(bridge_of(d));
		break;
	case DEV_EVENT_MAC:
		port_mac_changed(port);
		break;
	default:
		break;
	}
}

/* ---- settings ---- */

void bridge_settings_init(struct bridge_settings *b)
{
	*b = (struct bridge_settings){
		.ageing_ns = 300 * NS_PER_SEC,
		.forward_delay_ns = 15 * NS_PER_SEC,
		.hello_ns = 2 * NS_PER_SEC,
		.max_age_ns = 20 * NS_PER_SEC,
		.priority = DEFAULT_PRIORITY,
		.fdb_max_learned = DEFAULT_MAX_LEARNED,
		.mcast_snooping = true,
	};
}

int bridge_change(struct bridge *b, const struct bridge_settings *settings)
{
	if (settings->group_fwd_mask & GROUP_FWD_RESTRICTED)
		return -EINVAL;
	b->settings = *settings;
	bridge_fdb_age(b);
	return 0;
}

int bridge_port_set_group_fwd_mask(struct bridge_port *port, uint16_t mask)
{
	if (mask & GROUP_FWD_PAUSE)
		return -EINVAL;
	port->group_fwd_mask = mask;
	return 0;
}

/* ---- the device ---- */

static void unregister(struct dev *d)
{
	struct bridge_port *port;

	while ((port = list_first(&bridge_of(d)->ports, struct bridge_port, node)))
		dev_set_master(port->dev, NULL);
	bridge_fdb_exit(bridge_of(d));
}

static void free_bridge(struct dev *d)
{
	free(bridge_of(d));
}

static const struct dev_ops bridge_ops = {
	.kind = "bridge",
	.start = start,
	.stop = stop,
	.xmit = bridge_xmit,
	.set_mac = set_mac,
	.set_mtu = set_mtu,
	.add_port = add_port,
	.del_port = del_port,
	.event = on_event,
	.unregister = unregister,
	.free = free_bridge,
};

static struct bridge *new_bridge(struct stack *s, const struct dev_config *config)
{
	struct bridge *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	dev_init(&b->dev, &bridge_ops, DEV_ETHER);
	b->dev.mac = b->id_mac = config->mac;
	b->dev.mtu = config->mtu ? config->mtu : b->dev.mtu;
	b->dev.features = DEV_CAN_ALL;
	b->mac_by_user = !mac_is_zero(config->mac);
	b->fdb_key = rng_key(&s->rng);
	list_init(&b->ports);
	bridge_fdb_init(b);
	bridge_settings_init(&b->settings);
	return b;
}

int bridge_create(struct stack *s, const char *name, const struct dev_config *config)
{
	const struct bridge_settings *settings = config->details;
	struct bridge *b;
	int err;

	if (settings && settings->group_fwd_mask & GROUP_FWD_RESTRICTED)
		return -EINVAL;
	b = new_bridge(s, config);
	if (!b)
		return -ENOMEM;
	if (settings)
		b->settings = *settings;
	err = dev_register(s, &b->dev, name);
	if (err) {
		free(b);
		return err;
	}
	err = bridge_fdb_add_local(b, NULL, b->dev.mac);
	if (err)
		dev_unregister(&b->dev);
	return err;
}
