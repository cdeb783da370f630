/* SPDX-License-Identifier: MIT */
/*
 * Devices. A device knows no IP; it moves frames.
 *
 * A frame that arrives goes up in this order, as in Linux: packet taps; the ingress qdisc; the VLAN table; at
 * most one rx handler (bridge, macvlan ...), which answers CONSUMED, PASS or ANOTHER; then the device's own
 * netif, which filters by MAC address. A frame that leaves goes down: qdisc, packet taps, what the device lacks made
 * up in software, the driver's xmit.
 *
 * Devices stand on each other in two ways. A device with a `lower` (macvlan, VLAN ...) lives on it: it has a
 * carrier while the lower one runs, and ends with it. A device with a `master` (bridge, hub) is a port of it.
 *
 * A driver fills in a struct dev inside its own struct, registers it, calls dev_input() for each frame in the
 * ingress phase of the loop, and gets frames by ops->xmit. xmit never calls dev_input(): in-memory devices
 * queue for the next turn (loop_post).
 */
#ifndef NET_DEV_H
#define NET_DEV_H

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/loop.h"
#include "net/drop.h"

struct dev;
struct netif;
struct pkt;
struct qdisc;
struct stack;

enum { DEV_NAME_LEN = 16 /* with the end */, DEV_MTU_MIN = 68, DEV_MTU_MAX = 65535 };

enum dev_type {
	DEV_ETHER,    /* Ethernet frames */
	DEV_LOOPBACK, /* Ethernet frames with zero addresses, no ARP */
	DEV_RAW,      /* bare IP packets (tun): "none" */
};

enum dev_flag {
	DEV_UP = 1 << 0,
	DEV_BROADCAST = 1 << 1,
	DEV_MULTICAST = 1 << 2,
	DEV_NOARP = 1 << 3,
	DEV_POINTOPOINT = 1 << 4,
	DEV_PROMISC = 1 << 5, /* asked for by the user; dev_is_promisc() tells what is in force */
	DEV_ALLMULTI = 1 << 6,
};

/* What dev_output() need not make up in software. */
enum dev_feature {
	DEV_CAN_CSUM = 1 << 0, /* takes PKT_CSUM_PARTIAL */
	DEV_CAN_GSO = 1 << 1,  /* takes super-frames of TCP */
	DEV_CAN_USO = 1 << 2,  /* takes super-frames of UDP */
	DEV_CAN_ALL = DEV_CAN_CSUM | DEV_CAN_GSO | DEV_CAN_USO,
	DEV_CAN_SG = 1 << 3, /* takes packets with parts (scatter-gather) */
};

enum dev_event {
	DEV_EVENT_UP,
	DEV_EVENT_DOWN,
	DEV_EVENT_CARRIER, /* gained or lost */
	DEV_EVENT_MTU,
	DEV_EVENT_MAC,
	DEV_EVENT_NOARP, /* the flag changed: what was resolved may be nobody's */
	DEV_EVENT_NAME,
	DEV_EVENT_REGISTER,
	DEV_EVENT_UNREGISTER, /* last words: everything that points to the device must let go */
};

enum rx_verdict { RX_CONSUMED, RX_PASS, RX_ANOTHER };

/* Upper devices look at a frame first. RX_CONSUMED: took it. RX_PASS: go on. RX_ANOTHER: p->dev was changed;
 * go on there, as dev_input_typed(). */
typedef enum rx_verdict rx_handler_fn(struct dev *d, struct pkt *p);

/* Looks at every frame, both ways, and copies what it wants. `outgoing`: on the way out. */
struct dev_tap {
	struct list node;
	void (*fn)(struct dev_tap *t, const struct pkt *p, struct dev *d, bool outgoing);
};

struct dev_ops {
	const char *kind;	     /* "veth": as in `ip link add type` */
	bool no_rx_handler;	     /* no bridge, macvlan or such gets its frames */
	int (*start)(struct dev *d); /* up; 0 or -errno; may be NULL, as all that follow but xmit and free */
	void (*stop)(struct dev *d); /* after all were told that it is down */
	void (*xmit)(struct dev *d, struct pkt *p);  /* takes the packet */
	void (*flush)(struct dev *d);		     /* end of the turn: send what xmit gathered */
	int (*set_mac)(struct dev *d, struct mac m); /* 0 or -errno; NULL: any address will do */
	int (*set_mtu)(struct dev *d, uint32_t mtu);
	void (*rx_mode)(struct dev *d); /* promiscuity or multicast filter changed */
	/* An IP address comes, 0 or -errno, or is gone: for devices that tell by it whose a frame is. */
	int (*addr)(struct dev *d, uint32_t addr, bool gone);
	int (*add_port)(
		struct dev *d, struct dev *port); /* hub, bridge: `ip link set PORT master D`; 0 or -errno */
	void (*del_port)(struct dev *d, struct dev *port); /* `nomaster`, or the port goes away */
	/* News of d->lower or of a port of `d`, after it happened. Their end is told by unregister and del_port. */
	void (*event)(struct dev *d, struct dev *from, enum dev_event ev);
	void (*unregister)(struct dev *d); /* let go of peers and upper devices (they unregister with it) */
	void (*free)(struct dev *d);	   /* free the memory, close descriptors */
};

/* Where a queueing discipline stands: on the way out, or on the way in. */
enum qdisc_way { QDISC_ROOT, QDISC_INGRESS, QDISC_WAYS };

struct dev_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; /* of every frame */
	uint64_t rx_dropped, rx_multicast, tx_dropped, tx_errors;
};

/* A multicast address somebody wants to hear. */
struct dev_group {
	struct list node;
	struct mac mac;
	unsigned users;
	bool below; /* the lower device hears it too, because of this one */
};

struct dev {
	/* what every frame looks at: in three lines of a cache, as there may be ten thousand devices */
	struct stack *stack;
	struct netif *netif; /* always there while registered */
	const struct dev_ops *ops;
	enum dev_type type;
	int ifindex;
	unsigned flags;	   /* enum dev_flag */
	unsigned features; /* enum dev_feature */
	bool carrier;
	bool mac_is_shared; /* by others on the link: it does not tell from whom a frame is */
	struct mac mac;
	uint32_t mtu;
	uint32_t min_frame;		 /* shorter frames are padded with zeros to this; 0: none */
	struct list taps;		 /* of struct dev_tap */
	struct qdisc *qdisc[QDISC_WAYS]; /* its own; NULL: none (net/qdisc.h) */
	rx_handler_fn *vlan_handler; /* the VLAN table: asked about tagged frames, before the rx handler */
	rx_handler_fn *rx_handler;
	void *vlan_data, *rx_handler_data;
	struct dev_stats stats;

	struct list node; /* in stack->devs, by ifindex */
	char name[DEV_NAME_LEN];
	struct hash_link name_link; /* in stack->devs_by_name */
	bool unplugged; /* has a lower device, and nobody at an end of its own: no carrier, whatever the lower one has */
	bool activated; /* was up since it came to this host: it has a qdisc, as Linux shows it */
	uint32_t min_mtu, max_mtu;
	unsigned promiscuity; /* how many users need every frame, */
	unsigned allmulti;    /* and how many every multicast */
	struct list groups;   /* of struct dev_group */
	/* Of the rx handler, or NULL: begins to fetch what the way of `p` will touch, where several frames wait. */
	void (*rx_prefetch)(const struct dev *d, const struct pkt *p);
	struct dev *master; /* the hub or bridge it is a port of, or NULL */
	struct dev *link;   /* the device at the other end, or below: shown as name@link; NULL: none */
	struct dev *lower;  /* the device it stands on (then also its link), or NULL; maybe on another host */
	struct list uppers, upper_node; /* the devices that stand on this one; its place among those */
	struct work flush_work;		/* ops->flush at the end of the turn */
};

/* Fills in everything that is the same for all devices of a type: flags, MTU, lists. The driver then sets
 * what differs and registers. */
void dev_init(struct dev *d, const struct dev_ops *ops, enum dev_type type);

/* Puts the device into host `s` as `name` (a "%d" in it is replaced by the first free number), gives it an
 * ifindex, a random MAC address if it has none, and a netif. The stack owns the device from here on. 0,
 * -EEXIST (name taken), -EINVAL (bad name), -ENOMEM: nothing was done. */
int dev_register(struct stack *s, struct dev *d, const char *name);

/* Down, events, out of the stack, freed. Devices that live and die with it (veth's peer, uppers) go too. */
void dev_unregister(struct dev *d);

/* To another host, under `name` or its own when NULL; goes down and loses its addresses, as in Linux. 0,
 * -EEXIST, -EINVAL (loopback, hub, bad name), -ENOMEM: nothing was done. */
int dev_move(struct dev *d, struct stack *to, const char *name);

struct dev *dev_by_name(const struct stack *s, const char *name);
struct dev *dev_by_index(const struct stack *s, int ifindex);

/* True for 1 to 15 printable characters without '/', ':' and white space, and not "." or "..". */
bool dev_name_is_valid(const char *name);

/* What `ip link set` does. 0 or -errno: -EINVAL, -EADDRNOTAVAIL (group or zero MAC), -EBUSY (rename while up
 * is allowed; kept for drivers), -EEXIST. Nothing changed when not 0. */
int dev_set_up(struct dev *d, bool up);
int dev_set_mac(struct dev *d, struct mac m);
int dev_set_mtu(struct dev *d, uint32_t mtu);
int dev_set_name(struct dev *d, const char *name);
void dev_set_flag(struct dev *d, enum dev_flag flag, bool on); /* PROMISC, ALLMULTI, NOARP */

/* Makes `d` a port of `master`, which must be on the same host, or of nothing (NULL). 0, -EOPNOTSUPP (master
 * takes no ports), -EBUSY (somebody else handles its frames), -EINVAL, -ELOOP (master stands on `d`, or is it). */
int dev_set_master(struct dev *d, struct dev *master);

/* Drivers, before dev_register(): `d` stands on `lower`. 0, or -EMLINK: too many devices on each other. */
enum { DEV_NEST_MAX = 8 };
int dev_set_lower(struct dev *d, struct dev *lower);

/* Drivers: the other end came or went. While the device is down, nobody is told. */
void dev_set_carrier(struct dev *d, bool carrier);

/* Counted: each `on` needs its `off`. While a device is up, its groups are also groups of the one it
 * stands on. */
void dev_promisc(struct dev *d, bool on);
void dev_allmulti(struct dev *d, bool on);
int dev_group_add(struct dev *d, struct mac m); /* 0 or -ENOMEM */
void dev_group_del(struct dev *d, struct mac m);

bool dev_is_promisc(const struct dev *d);
bool dev_is_allmulti(const struct dev *d);
bool dev_hears_group(const struct dev *d, struct mac m);

/* Up, with carrier. */
static inline bool dev_is_running(const struct dev *d)
{
	return (d->flags & DEV_UP) && d->carrier;
}

/* 0, -EBUSY (somebody else handles this device's frames), -EINVAL (nobody may). */
int dev_set_rx_handler(struct dev *d, rx_handler_fn *fn, void *data);
void dev_clear_rx_handler(struct dev *d);

void dev_add_tap(struct dev *d, struct dev_tap *t);
void dev_del_tap(struct dev_tap *t);

/* The way up. Takes the packet; data at the link header (Ethernet) or the IP header (DEV_RAW). */
void dev_input(struct dev *d, struct pkt *p);

/* The same for a frame that a device above sends to another one above: it takes this device's way up, but is not counted
 * here, since it never came by the wire. */
void dev_input_looped(struct dev *d, struct pkt *p);

/* The same for a frame that came by another device of ours, which knows of which type it is: p->type stays, but for
 * frames to d's own MAC address, which are PKT_HOST. */
void dev_input_typed(struct dev *d, struct pkt *p);

/* The way down. Takes the packet; data at the link header. 0, or -ENOBUFS: its qdisc was full. */
int dev_output(struct dev *d, struct pkt *p);

/* The rest of both ways, behind the qdisc. Takes the packet. */
void dev_receive(struct dev *d, struct pkt *p);
void dev_xmit(struct dev *d, struct pkt *p);

/* The device gets this qdisc (NULL: none) and owns it; what it had before ends, with what waited in it. */
void dev_set_qdisc(struct dev *d, enum qdisc_way way, struct qdisc *q);

/* The device (driver or dev.c) ends a packet of its own: counted in its statistics and on its stack. */
void dev_drop_rx(struct dev *d, struct pkt *p, enum drop_reason why);
void dev_drop_tx(struct dev *d, struct pkt *p, enum drop_reason why);

#endif
