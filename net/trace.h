/* SPDX-License-Identifier: MIT */
/*
 * Trace points: what a layer decided about a packet, and by which clause.
 *
 * A record goes into a bounded ring of the world (the oldest goes first) and to whoever listens. A layer that
 * is switched off on a host costs one branch. Drops are recorded by stack_drop() itself in the layer of the
 * packet's last trace point, or LAYER_DROP.
 */
#ifndef NET_TRACE_H
#define NET_TRACE_H

#include "lib/list.h"

/* clang-format off */
#define TRACE_LAYERS(X) \
	X(DEV, "dev") \
	X(BRIDGE, "bridge") \
	X(MACVLAN, "macvlan") \
	X(VLAN, "vlan") \
	X(IPVLAN, "ipvlan") \
	X(ARP, "arp") \
	X(IP, "ip") \
	X(ROUTE, "route") \
	X(FRAG, "frag") \
	X(ICMP, "icmp") \
	X(IGMP, "igmp") \
	X(UDP, "udp") \
	X(TCP, "tcp") \
	X(SOCK, "sock") \
	X(DROP, "drop")
/* clang-format on */

enum trace_layer {
#define X(name, text) LAYER_##name,
	TRACE_LAYERS(X)
#undef X
		LAYER_COUNT
};

extern const char *const trace_layer_names[LAYER_COUNT];

struct dev;
struct pkt;
struct stack;
struct world;

enum { TRACE_TEXT_LEN = 160, TRACE_RING = 1024 };

struct trace_record {
	uint64_t time_ns;
	uint64_t pkt,
		parent; /* ids; without a packet: of the one that is being looked at meanwhile; 0: none */
	enum trace_layer layer;
	char host[32],
		dev[16]; /* names, since both may be gone when the record is read; "" where there is none */
	const char *clause; /* "RFC 826", or "" (static) */
	char text[TRACE_TEXT_LEN];
};

struct trace_listener {
	struct list node;
	/* A decision on host `s` about `p` (NULL: about no packet). */
	void (*fn)(
		struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p);
	/* Where layer dev is recorded: a frame as taps see it, with its device. NULL: not wanted. */
	void (*frame)(struct trace_listener *l, const struct pkt *p, const struct dev *d, bool outgoing);
	/* While everything is recorded: a packet ended, well or not. NULL: not wanted. */
	void (*ended)(struct trace_listener *l, const struct pkt *p);
};

struct trace {
	struct trace_record *ring; /* TRACE_RING of them, allocated with the first record */
	uint64_t written;	   /* in all; the newest is ring[(written - 1) % TRACE_RING] */
	uint64_t looking_at;	   /* id of the packet that a protocol is working on; 0: none */
	unsigned everything;	   /* who wants every layer of every host */
	struct list listeners;
};

void trace_init(struct trace *t);
void trace_exit(struct trace *t);

/* `trace` shows these layers (1 << enum trace_layer) of the host: they are recorded, as all are while somebody asks
 * for everything. */
void trace_show(struct stack *s, uint32_t layers);

/* All layers of all hosts of the world are recorded, also of hosts to come. Counted: each `on` needs its `off`. */
void trace_everything(struct world *w, bool on);

/* The layers that a new host of the world records. */
uint32_t trace_mask_at_first(const struct world *w);

/* To all who want frames; for dev_path.c, where layer dev is recorded. */
void trace_frame(const struct dev *d, const struct pkt *p, bool outgoing);

/* Records unconditionally; use the macro. `p` may be NULL. */
void trace_write(struct stack *s, enum trace_layer layer, const struct pkt *p, const char *clause,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* TRACE(s, LAYER_ARP, p, "RFC 826", "who has %s: asked", TEXT_IP(addr)): arguments are only evaluated when
 * the layer is on. Needs net/stack.h. */
#define TRACE(s, layer, p, clause, ...)                                \
	do {                                                           \
		if ((s)->trace_mask & 1u << (layer))                   \
			trace_write(s, layer, p, clause, __VA_ARGS__); \
	} while (0)

#endif
