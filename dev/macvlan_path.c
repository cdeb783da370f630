/* SPDX-License-Identifier: MIT */
/*
 * The way of a frame through macvlans: who gets what the lower device received, and whether what a macvlan sends goes
 * to a sibling or out by the wire. Each decision is a trace point, since people ask which mode drops which frame.
 *
 *	from the wire   1. source lists: a copy to each macvlan that has the sender on its list
 *	                2. unicast: to the one that has the MAC address, else to the lower device itself
 *	                3. to all: by the table in who_hears(), and always to the lower device itself
 *	from a macvlan  in bridge mode to siblings in bridge mode; everything else by the wire
 */
#include "dev/macvlan_table.h"
#include "lib/text.h"
#include "net/stack.h"
#include "net/wire_ether.h"

enum { EXTRA = ETHER_HDR_LEN + 4 /* as veth: a sibling takes its MTU, the header and a VLAN tag */ };

#define SAY(s, p, ...) TRACE(s, LAYER_MACVLAN, p, "", "macvlan " __VA_ARGS__)
#define WHO(m)	       (m)->dev.name, macvlan_mode_names[(m)->mode]

static struct mac destination(const struct pkt *p)
{
	struct mac m;

	memcpy(m.b, p->data, sizeof(m.b));
	return m;
}

/* ---- from the wire ---- */

static void give_copy(struct macvlan *m, const struct pkt *p)
{
	struct pkt *copy = pkt_copy(p, 0);

	if (copy) {
		dev_input_typed(&m->dev, copy);
		return;
	}
	m->dev.stats.rx_dropped++;
	stack_count_drop(m->dev.stack, DROP_NO_MEMORY);
}

/* True: the frame goes to nobody else, and ended here. A macvlan that is down gets nothing, but its nodst counts. */
static bool give_to_listed(struct macvlan_table *t, struct pkt *p)
{
	uint32_t hash = macvlan_hash(p->src_mac);
	bool ends = false, heard = false;

	hash_each_match(src, &t->sources, hash, struct macvlan_source, link) {
		if (!mac_equal(src->mac, p->src_mac))
			continue;
		SAY(t->lower->stack, p, "%s (%s): %s is on its list of senders%s%s", WHO(src->member),
			TEXT_MAC(src->mac),
			macvlan_is_up(src->member) ? ": it gets a copy" : ", but it is down",
			src->member->flags & MACVLAN_NODST ? "; nodst: nobody else is asked" : "");
		ends |= src->member->flags & MACVLAN_NODST;
		if (!macvlan_is_up(src->member))
			continue;
		heard = true;
		give_copy(src->member, p);
	}
	if (ends && heard)
		pkt_done(p);
	else if (ends)
		stack_drop(t->lower->stack, p, DROP_MACVLAN_NODST);
	return ends;
}

static enum rx_verdict receive_unicast(struct macvlan_table *t, struct pkt *p)
{
	struct stack *s = t->lower->stack;
	struct macvlan *passthru = macvlan_table_passthru(t);
	struct macvlan *m = passthru ? passthru : macvlan_table_find(t, destination(p));

	if (!m || m->mode == MACVLAN_SOURCE) {
		SAY(s, p, "%s%s: %s, so %s itself gets it", m ? m->dev.name : "on ", m ? "" : t->lower->name,
			m ? "in source mode the list of senders counts, not the MAC address"
			  : "none that is up has this MAC address",
			t->lower->name);
		return RX_PASS;
	}
	if (!macvlan_is_up(m)) {
		stack_drop(s, p, DROP_MACVLAN_PASSTHRU_DOWN);
		return RX_CONSUMED;
	}
	SAY(s, p, "%s (%s): %s; %s itself does not get it", WHO(m),
		passthru ? "gets every frame, whatever its MAC address" : "has this MAC address",
		t->lower->name);
	p->dev = &m->dev;
	p->type = PKT_HOST;
	return RX_ANOTHER;
}

#define MODE(m)	  (1u << MACVLAN_##m)
#define ALL_MODES (MODE(PRIVATE) | MODE(VEPA) | MODE(BRIDGE) | MODE(PASSTHRU))

/* Which modes hear a frame to all that comes by the wire. `from`: the sender, where that is one of ours and a switch
 * sent the frame back. Siblings in bridge mode had it when it was sent. */
static unsigned who_hears(const struct macvlan *from)
{
	if (!from)
		return ALL_MODES;
	return from->mode == MACVLAN_VEPA ? MODE(VEPA) | MODE(BRIDGE) : MODE(VEPA);
}

/* Why it does not hear it, or NULL. */
static const char *deaf(const struct macvlan *m, const struct macvlan *from, const struct pkt *p)
{
	if (m == from)
		return "it is its own";
	if (!macvlan_is_up(m))
		return "it is down";
	if (!dev_hears_group(&m->dev, destination(p)))
		return "it did not join the group";
	if (m->mode == MACVLAN_SOURCE)
		return "it hears only senders on its list";
	if (who_hears(from) & 1u << m->mode)
		return NULL;
	return m->mode == MACVLAN_BRIDGE ? "it had it when its sibling sent it"
					 : "in this mode it does not hear what siblings send";
}

static void flood(struct macvlan_table *t, const struct pkt *p, const struct macvlan *from)
{
	struct stack *s = t->lower->stack;

	list_each(m, &t->members, struct macvlan, node) {
		const char *why = deaf(m, from, p);

		if (why) {
			SAY(s, p, "%s (%s): no copy of what is for many: %s", WHO(m), why);
			continue;
		}
		if (!t->bcqueuelen) {
			t->lower->stats.rx_dropped++;
			stack_count_drop(s, DROP_MACVLAN_NO_QUEUE);
			return;
		}
		SAY(s, p, "%s (%s): a copy of what is for many", WHO(m));
		m->dev.stats.rx_multicast += p->type == PKT_BROADCAST; /* as Linux counts */
		give_copy(m, p);
	}
}

/* A frame of a member that came back from a switch reaches siblings only if its mode lets them talk. */
static bool is_cut_off(const struct macvlan *m)
{
	return m && m->mode != MACVLAN_VEPA && m->mode != MACVLAN_BRIDGE;
}

static enum rx_verdict receive_group(struct macvlan_table *t, struct pkt *p)
{
	struct macvlan *from = macvlan_table_find(t, p->src_mac);

	if (is_cut_off(from)) {
		SAY(t->lower->stack, p, "%s (%s): its own frame came back; in this mode nobody else gets it",
			WHO(from));
		p->dev = &from->dev;
		return RX_ANOTHER;
	}
	if (p->ethertype != ETHERTYPE_PAUSE)
		flood(t, p, from);
	return RX_PASS;
}

enum rx_verdict macvlan_receive(struct dev *lower, struct pkt *p)
{
	struct macvlan_table *t = lower->rx_handler_data;

	if (give_to_listed(t, p))
		return RX_CONSUMED;
	return mac_is_group(destination(p)) ? receive_group(t, p) : receive_unicast(t, p);
}

void macvlan_prefetch(const struct dev *lower, const struct pkt *p)
{
	if (p->len >= ETHER_HDR_LEN)
		macvlan_table_prefetch(lower->rx_handler_data, destination(p));
}

/* ---- from a macvlan ---- */

/* Looks at the packet: a copy to each sibling in bridge mode, for the next turn. */
static void copy_to_siblings(struct macvlan *from, const struct pkt *p)
{
	list_each(m, &from->table->members, struct macvlan, node) {
		if (m == from || m->mode != MACVLAN_BRIDGE || !macvlan_is_up(m) ||
			!dev_hears_group(&m->dev, destination(p)))
			continue;
		SAY(from->dev.stack, p, "%s (%s): a copy to the sibling %s, which is in bridge mode too",
			WHO(from), m->dev.name);
		struct pkt *copy = pkt_copy(p, 0);
		if (!copy)
			stack_count_drop(m->dev.stack, DROP_NO_MEMORY);
		else if (!p->offload.gso_type && p->len > m->dev.mtu + EXTRA)
			dev_drop_rx(&m->dev, copy, DROP_DEV_TOO_BIG);
		else
			dev_queue_push(&m->queue, copy);
	}
}

/* What people expect otherwise. */
static const char *why_by_wire(const struct macvlan *from, struct mac dst)
{
	const struct macvlan *to = macvlan_table_find(from->table, dst);

	if (mac_equal(dst, from->table->lower->mac) && from->mode != MACVLAN_PASSTHRU)
		return "the lower device's host is not reached from here; the frame leaves by the wire";
	if (mac_is_group(dst))
		return "out by the wire";
	if (!to)
		return "no sibling has this MAC address: out by the wire";
	if (from->mode != MACVLAN_BRIDGE)
		return "a sibling is not asked; the frame leaves by the wire and needs a hairpin switch to "
		       "come back";
	return "that sibling is not in bridge mode; the frame leaves by the wire and needs a hairpin switch";
}

/* The sibling that gets the frame without the wire, or NULL. It may be the sender itself. */
static struct macvlan *sibling_for(const struct macvlan *from, struct mac dst)
{
	struct macvlan *to = from->mode == MACVLAN_BRIDGE ? macvlan_table_find(from->table, dst) : NULL;

	return to && to->mode == MACVLAN_BRIDGE ? to : NULL;
}

static enum drop_reason check(const struct macvlan *m, const struct pkt *p)
{
	struct ether_hdr h;
	enum drop_reason why = ether_parse(p->data, p->len, &h);

	if (!why && m->table->lower->stack->sysctl[SYSCTL_MACVLAN_SPOOF_CHECK] &&
		!mac_equal(h.src, m->dev.mac))
		why = DROP_MACVLAN_SPOOFED;
	return why;
}

void macvlan_xmit(struct dev *d, struct pkt *p)
{
	struct macvlan *m = macvlan_of(d);
	enum drop_reason why = check(m, p);

	if (why) {
		dev_drop_tx(d, p, why);
		return;
	}
	struct mac dst = destination(p);
	struct macvlan *to = sibling_for(m, dst);
	if (to) {
		SAY(d->stack, p,
			"%s (%s): %s is in bridge mode too and gets it inside %s; the wire does not see it",
			WHO(m), to->dev.name, m->table->lower->name);
		pkt_linearize(p);
		dev_queue_push(&m->table->looped, p);
		return;
	}
	if (m->mode == MACVLAN_BRIDGE && mac_is_group(dst))
		copy_to_siblings(m, p);
	SAY(d->stack, p, "%s (%s): %s", WHO(m), why_by_wire(m, dst));
	dev_output(m->table->lower, p);
}
