/* SPDX-License-Identifier: MIT */
/*
 * What a bridge does with a frame (IEEE 802.1D 7.5 to 7.9), in this order: the source address must be one; reserved
 * addresses go their own way; the state of the port; locked; learning; then by the destination: here, to one port,
 * or to all. Whoever is last to get the frame gets it itself, the others copies.
 */
#include "dev/bridge.h"
#include "lib/text.h"
#include "net/stack.h"
#include "net/wire_ether.h"

struct frame {
	struct bridge *b;
	struct bridge_port *from; /* NULL: the bridge's own host sends it */
	struct pkt *p;
	struct ether_hdr eth;
	enum pkt_type kind; /* PKT_HOST (unicast, whosever), PKT_BROADCAST, PKT_MULTICAST */
};

/* What the bridge decided, for those who want to know. */
#define SAY(f, clause, fmt, ...)                                                                    \
	TRACE((f)->b->dev.stack, LAYER_BRIDGE, (f)->p, clause, "bridge %s: " fmt, (f)->b->dev.name, \
		__VA_ARGS__)

static const char *const state_names[] = {"disabled", "listening", "learning", "forwarding", "blocking"};

/* ---- going out ---- */

/* May the frame go out there? DROP_NONE: yes. */
static enum drop_reason refused(const struct frame *f, const struct bridge_port *to)
{
	if (to == f->from && !(to->flags & BRIDGE_HAIRPIN))
		return DROP_BRIDGE_SAME_PORT;
	if (to->state != BRIDGE_FORWARDING)
		return DROP_BRIDGE_PORT_STATE;
	if (f->from && f->from->flags & to->flags & BRIDGE_ISOLATED)
		return DROP_BRIDGE_ISOLATED;
	return DROP_NONE;
}

/* The flags that keep groups from a port do not count for what the bridge's own host sends. */
static bool floods_to(const struct frame *f, const struct bridge_port *to)
{
	static const unsigned flags[] = {
		[PKT_HOST] = BRIDGE_FLOOD,
		[PKT_BROADCAST] = BRIDGE_BCAST_FLOOD,
		[PKT_MULTICAST] = BRIDGE_MCAST_FLOOD,
	};

	if (!(to->flags & flags[f->kind]) && (f->from || f->kind == PKT_HOST))
		return false;
	return refused(f, to) == DROP_NONE;
}

static void send_to(struct bridge_port *to, struct pkt *p)
{
	if (!p->offload.gso_type && p->len > to->dev->mtu + ETHER_HDR_LEN + VLAN_TAG_LEN)
		dev_drop_tx(to->dev, p, DROP_DEV_TOO_BIG);
	else
		dev_output(to->dev, p);
}

static void send_copy(const struct frame *f, struct bridge_port *to)
{
	struct pkt *copy = pkt_copy(f->p, 0);

	if (copy)
		send_to(to, copy);
	else
		stack_count_drop(f->b->dev.stack, DROP_NO_MEMORY);
}

/* The end of a frame that went to nobody, or whose last receiver is the bridge's own host. */
static enum rx_verdict finish(const struct frame *f, bool here, enum drop_reason why)
{
	if (here) {
		f->p->dev = &f->b->dev;
		return RX_ANOTHER;
	}
	stack_drop(f->b->dev.stack, f->p, why);
	return RX_CONSUMED;
}

static unsigned count_receivers(const struct frame *f)
{
	unsigned count = 0;

	bridge_each_port(port, f->b) count += floods_to(f, port);
	return count;
}

static enum rx_verdict flood(const struct frame *f, bool here)
{
	static const char *const kinds[] = {[PKT_HOST] = "nobody knows where it is",
		[PKT_BROADCAST] = "broadcast",
		[PKT_MULTICAST] = "multicast"};
	struct bridge_port *last = NULL;

	SAY(f, "IEEE 802.1D 7.7", "%s, %s: flooded to %u ports%s", TEXT_MAC(f->eth.dst), kinds[f->kind],
		count_receivers(f), here ? " and to the bridge itself" : "");
	list_each_safe(port, &f->b->ports, struct bridge_port, node) {
		if (!floods_to(f, port))
			continue;
		if (last)
			send_copy(f, last);
		last = port;
	}
	if (!last)
		return finish(f, here, DROP_BRIDGE_NO_PORT);
	if (here) {
		send_copy(f, last);
		return finish(f, true, DROP_NONE);
	}
	send_to(last, f->p);
	return RX_CONSUMED;
}

/* In words that come before "...: filtered". */
static const char *because(enum drop_reason why)
{
	return why == DROP_BRIDGE_SAME_PORT   ? "is where it came from"
		: why == DROP_BRIDGE_ISOLATED ? "is isolated, as the port it came from"
					      : "does not forward";
}

static enum rx_verdict forward(const struct frame *f, struct bridge_fdb_entry *e, bool here)
{
	uint64_t now = stack_now(f->b->dev.stack);
	struct bridge_port *to = e->port;
	enum drop_reason why = refused(f, to);

	e->used_ns = now;
	if (why) {
		SAY(f, "IEEE 802.1D 7.7", "%s is at %s, which %s: filtered", TEXT_MAC(e->mac), to->dev->name,
			because(why));
		return finish(f, here, why);
	}
	SAY(f, "IEEE 802.1D 7.7", "%s is at %s (%s %llu s ago): forwarded there%s", TEXT_MAC(e->mac),
		to->dev->name, e->by_user ? "set" : "heard",
		(unsigned long long)((now - e->updated_ns) / NS_PER_SEC),
		here ? ", and a copy to the bridge" : "");
	if (here) {
		send_copy(f, to);
		return finish(f, true, DROP_NONE);
	}
	send_to(to, f->p);
	return RX_CONSUMED;
}

/* ---- coming in ---- */

static bool is_reserved(struct mac m)
{
	static const uint8_t first[] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return memcmp(m.b, first, sizeof(first)) == 0 && m.b[5] <= 0x0f;
}

enum { BRIDGE_GROUP = 0x00 /* spanning tree */, PAUSE_GROUP = 0x01 };

/* Without a spanning tree its messages are a group like any other. */
static bool reserved_is_forwarded(const struct bridge_port *port, uint8_t last)
{
	unsigned mask = port->bridge->settings.group_fwd_mask | port->group_fwd_mask;

	return last == BRIDGE_GROUP || mask & 1u << last;
}

static bool learns(const struct bridge_port *port)
{
	return (port->flags & BRIDGE_LEARN) &&
		(port->state == BRIDGE_LEARNING || port->state == BRIDGE_FORWARDING);
}

/* For the port's own device, and nobody else. */
static enum rx_verdict reserved(const struct frame *f)
{
	SAY(f, "IEEE 802.1D 7.12.6",
		"%s is reserved for the two ends of a cable: not forwarded (group_fwd_mask)",
		TEXT_MAC(f->eth.dst));
	if (learns(f->from) && !f->b->settings.no_linklocal_learn)
		bridge_fdb_learn(f->from, f->eth.src, f->p);
	return RX_PASS;
}

/* May it come in? A port that learns lets frames in, but no further. */
static enum drop_reason admit(const struct frame *f)
{
	const struct bridge_fdb_entry *e;

	if (f->from->state != BRIDGE_LEARNING && f->from->state != BRIDGE_FORWARDING)
		return DROP_BRIDGE_PORT_STATE;
	if (!(f->from->flags & BRIDGE_LOCKED))
		return DROP_NONE;
	e = bridge_fdb_find(f->b, f->eth.src);
	return e && e->port == f->from && !e->local ? DROP_NONE : DROP_BRIDGE_LOCKED;
}

static enum rx_verdict refuse(const struct frame *f, enum drop_reason why)
{
	const char *reason = why == DROP_BRIDGE_LOCKED ? "locked, and does not know the sender"
		: f->b->dev.flags & DEV_UP	       ? state_names[f->from->state]
						       : "disabled, since the bridge is down";

	SAY(f, "IEEE 802.1D 7.4", "%s is %s: what comes in there ends there", f->from->dev->name, reason);
	return finish(f, false, why);
}

static enum rx_verdict by_destination(const struct frame *f)
{
	bool promisc = dev_is_promisc(&f->b->dev);
	struct bridge_fdb_entry *e = f->kind == PKT_HOST ? bridge_fdb_find(f->b, f->eth.dst) : NULL;

	if (!e)
		return flood(f, promisc || f->kind != PKT_HOST);
	if (!e->local)
		return forward(f, e, promisc);
	SAY(f, "IEEE 802.1D 7.12", "%s is an address of %s: for the bridge itself", TEXT_MAC(e->mac),
		e->port ? e->port->dev->name : f->b->dev.name);
	return finish(f, true, DROP_NONE);
}

static enum pkt_type kind_of(struct mac dst)
{
	return mac_is_broadcast(dst) ? PKT_BROADCAST : mac_is_group(dst) ? PKT_MULTICAST : PKT_HOST;
}

enum rx_verdict bridge_input(struct dev *d, struct pkt *p)
{
	struct frame f = {.from = d->rx_handler_data, .p = p};

	f.b = f.from->bridge;
	enum drop_reason why = ether_parse(p->data, p->len, &f.eth);
	if (!why && (mac_is_group(f.eth.src) || mac_is_zero(f.eth.src)))
		why = DROP_BRIDGE_BAD_SOURCE;
	if (!why && is_reserved(f.eth.dst) && f.eth.dst.b[5] == PAUSE_GROUP)
		why = DROP_BRIDGE_PAUSE;
	if (why)
		return finish(&f, false, why);
	f.kind = kind_of(f.eth.dst);
	if (is_reserved(f.eth.dst) && !reserved_is_forwarded(f.from, f.eth.dst.b[5]))
		return reserved(&f);
	why = admit(&f);
	if (why)
		return refuse(&f, why);
	if (learns(f.from))
		bridge_fdb_learn(f.from, f.eth.src, p);
	return f.from->state == BRIDGE_FORWARDING ? by_destination(&f) : refuse(&f, DROP_BRIDGE_PORT_STATE);
}

void bridge_xmit(struct dev *d, struct pkt *p)
{
	struct frame f = {.b = bridge_of(d), .p = p};
	enum drop_reason why = ether_parse(p->data, p->len, &f.eth);

	f.kind = kind_of(f.eth.dst);
	struct bridge_fdb_entry *e = why || f.kind != PKT_HOST ? NULL : bridge_fdb_find(f.b, f.eth.dst);
	if (!why && e && !e->port)
		why = DROP_BRIDGE_TO_ITSELF;
	if (why)
		finish(&f, false, why);
	else if (e)
		forward(&f, e, false);
	else
		flood(&f, false);
}
