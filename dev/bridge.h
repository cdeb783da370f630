/* SPDX-License-Identifier: MIT */
/*
 * The bridge (IEEE 802.1D without its spanning tree): a switch inside a host. Its ports are devices of the host
 * (`ip link set p1 master br0`); frames between them go by what it has learned of who is where, the forwarding
 * database (FDB). The bridge is itself a device, by which its host talks too.
 *
 *   bridge.c        the device and its ports: addresses, MTU, carrier, port states
 *   bridge_input.c  what becomes of a frame
 *   bridge_fdb.c    the forwarding database: learning and ageing
 *
 * Behaviour, numbers and defaults are Linux's. Spanning tree and VLAN filtering are not there yet, and no IGMP
 * snooping: groups are flooded, as Linux does while nobody queries.
 */
#ifndef DEV_BRIDGE_H
#define DEV_BRIDGE_H

#include "dev/kinds.h"
#include "lib/hash.h"
#include "lib/siphash.h"

/* As IEEE 802.1D names them and Linux numbers them. */
enum bridge_state {
	BRIDGE_DISABLED,
	BRIDGE_LISTENING,
	BRIDGE_LEARNING,
	BRIDGE_FORWARDING,
	BRIDGE_BLOCKING,
};

enum bridge_port_flag {
	BRIDGE_LEARN = 1 << 0, /* learn from what comes in here */
	BRIDGE_FLOOD = 1 << 1, /* unicast that nobody knows may go out here */
	BRIDGE_MCAST_FLOOD = 1 << 2,
	BRIDGE_BCAST_FLOOD = 1 << 3,
	BRIDGE_HAIRPIN = 1 << 4,  /* a frame may go out where it came in */
	BRIDGE_ISOLATED = 1 << 5, /* nothing goes from an isolated port to another one */
	BRIDGE_LOCKED = 1 << 6,	  /* only senders come in that the FDB already has here */
	/* Of the spanning tree: kept and shown. */
	BRIDGE_GUARD = 1 << 7,
	BRIDGE_ROOT_BLOCK = 1 << 8,
	BRIDGE_FASTLEAVE = 1 << 9,
};

/* Of a new port. */
enum {
	BRIDGE_PORT_FLAGS = BRIDGE_LEARN | BRIDGE_FLOOD | BRIDGE_MCAST_FLOOD | BRIDGE_BCAST_FLOOD,
	BRIDGE_PORT_PRIORITY = 32,
	BRIDGE_PORT_COST = 2, /* of 10 Gbit/s: the speed that veth and tap say they have */
};

/* What `ip link set br0 type bridge` says. */
struct bridge_settings {
	uint64_t ageing_ns; /* 0: nothing is learned */
	/* Of the spanning tree: kept and shown. */
	uint64_t forward_delay_ns, hello_ns, max_age_ns;
	uint16_t priority;	  /* first part of the bridge's id */
	uint16_t group_fwd_mask;  /* bit n: frames to 01:80:c2:00:00:0n are forwarded */
	uint32_t fdb_max_learned; /* entries; 0: no bound */
	bool mcast_snooping;	  /* kept and shown */
	bool no_linklocal_learn;  /* frames to 01:80:c2:00:00:0x that stay on their port teach nothing */
};

struct bridge_port {
	struct list node; /* in bridge->ports, by number */
	struct bridge *bridge;
	struct dev *dev;
	uint16_t number; /* from 1 */
	struct mac mac;	 /* of the device, as the FDB has it */
	enum bridge_state state;
	unsigned flags; /* enum bridge_port_flag */
	uint16_t group_fwd_mask;
	/* Of the spanning tree: kept and shown. */
	uint8_t priority;
	uint16_t cost;
};

struct bridge {
	struct dev dev;
	struct list ports; /* of struct bridge_port, by number */
	struct bridge_settings settings;
	struct mac
		id_mac; /* the last part of its id: its address, zeros until it got one by its ports or the user */
	bool mac_by_user, mtu_by_user; /* then ports do not change them */
	/* the FDB */
	struct hash fdb;
	struct siphash_key fdb_key;
	struct list entries; /* all struct bridge_fdb_entry, newest first */
	struct list ageing;  /* those that age, the one heard longest ago first */
	struct timer age_timer;
	uint32_t learned; /* how many of them were learned */
};

/* A bridge's own addresses, those of its ports, and what the user added with "local", are local: the frame is for
 * the bridge's host. Local entries are static. */
struct bridge_fdb_entry {
	struct hash_link link;
	struct list node, age_node;
	struct mac mac;
	struct bridge_port *port; /* NULL: the bridge itself */
	bool local, is_static, sticky, by_user;
	uint64_t used_ns, updated_ns; /* last sent to, last heard from (or set) */
};

/* config->details is a struct bridge_settings, or NULL. */
int bridge_create(struct stack *s, const char *name, const struct dev_config *config);

void bridge_settings_init(struct bridge_settings *b); /* Linux's defaults */

struct bridge *bridge_of(const struct dev *d);		 /* NULL: it is no bridge */
struct bridge_port *bridge_port_of(const struct dev *d); /* NULL: it is no bridge's port */

/* Changes take effect at once. -EINVAL: a group_fwd_mask with one of the bits 0 to 2. */
int bridge_change(struct bridge *b, const struct bridge_settings *settings);

/* Without a spanning tree nobody has a reason to block: BRIDGE_BLOCKING is undone at once. -EINVAL, -ENETDOWN. */
int bridge_port_set_state(struct bridge_port *port, unsigned state);

/* The state becomes what the device's being up and having a carrier say, whatever was set. So it goes with news of the
 * device, and also, as measured of Linux, when the port is changed by `ip link set ... type bridge_slave`. */
void bridge_port_follow(struct bridge_port *port);

/* -EINVAL: bit 1 (PAUSE frames are never forwarded). */
int bridge_port_set_group_fwd_mask(struct bridge_port *port, uint16_t mask);

/* "8000.020000000001" is priority and MAC address. */
enum { BRIDGE_ID_LEN = 8 };
void bridge_id(const struct bridge *b, uint8_t id[BRIDGE_ID_LEN]);

/* ---- the FDB ---- */

struct bridge_fdb_entry *bridge_fdb_find(const struct bridge *b, struct mac m);

/* What the user says of an address. `port` NULL: the bridge's own, which must be local. */
struct bridge_fdb_request {
	struct mac mac;
	struct bridge_port *port;
	bool local, is_static, sticky;
	bool may_exist; /* it takes the place of an entry that is there; otherwise that is -EEXIST */
};

/* 0, -EEXIST, -EINVAL (zero address, sticky and local), -EPERM (an entry that ages, and the port does not learn),
 * -ENOMEM. */
int bridge_fdb_put(struct bridge *b, const struct bridge_fdb_request *r);

/* -ENOENT: it is not at this port. */
int bridge_fdb_del(struct bridge *b, struct mac m, const struct bridge_port *port);

/* Removes those for which `wanted` is true, local ones too. Returns how many. */
size_t bridge_fdb_flush(
	struct bridge *b, bool (*wanted)(void *ctx, const struct bridge_fdb_entry *e), void *ctx);

/* Removes those that are not static, of this port or (NULL) of all. */
void bridge_fdb_flush_dynamic(struct bridge *b, const struct bridge_port *port);

#define bridge_each_port(it, b)	 list_each(it, &(b)->ports, struct bridge_port, node)
#define bridge_each_entry(it, b) list_each(it, &(b)->entries, struct bridge_fdb_entry, node)

/* ---- for dev/bridge*.c alone ---- */

enum rx_verdict bridge_input(struct dev *d, struct pkt *p); /* the rx handler of ports */
void bridge_xmit(struct dev *d, struct pkt *p);

void bridge_fdb_init(struct bridge *b);
void bridge_fdb_exit(struct bridge *b);

/* Learns that `m` is at `port`, by a frame. Looks at the packet. */
void bridge_fdb_learn(struct bridge_port *port, struct mac m, const struct pkt *p);

/* The bridge (port NULL) or a port has address `m`, or has it no more: then another port with the same address
 * may take the entry over. 0 or -ENOMEM. */
int bridge_fdb_add_local(struct bridge *b, struct bridge_port *port, struct mac m);
void bridge_fdb_del_local(struct bridge *b, struct bridge_port *port, struct mac m);

/* The port goes: everything that is there goes too. */
void bridge_fdb_port_gone(struct bridge_port *port);

/* The ageing time changed. */
void bridge_fdb_age(struct bridge *b);

#endif
