/* SPDX-License-Identifier: MIT */
/* Frames: Ethernet, VLAN tags, Linux's cooked ones; ARP. */
#include "shell/dump_part.h"

#include "lib/text.h"
#include "net/stack.h"
#include "net/wire_arp.h"
#include "net/wire_sll2.h"

static const struct dump_name ethertypes[] = {
	{ETHERTYPE_IP, "IPv4"},
	{ETHERTYPE_ARP, "ARP"},
	{ETHERTYPE_RARP, "Reverse ARP"},
	{ETHERTYPE_VLAN, "802.1Q"},
	{ETHERTYPE_IPV6, "IPv6"},
	{ETHERTYPE_PAUSE, "MPCP"},
	{0x8809, "Slow Protocols"},
	{0x8847, "MPLS unicast"},
	{0x8863, "PPPoE D"},
	{0x8864, "PPPoE S"},
	{0x888e, "EAPOL"},
	{ETHERTYPE_QINQ, "802.1Q-QinQ"},
	{0x88cc, "LLDP"},
	{0x88e5, "802.1AE MACsec"},
	{0x88f7, "PTP"},
	{0x9000, "Loopback"},
	{0},
};

/* "ethertype IPv4 (0x0800)", or "IPv4" */
static void print_type(struct dump *d, uint16_t type)
{
	const char *name = dump_name(ethertypes, type);

	if (!d->o.quick)
		buf_printf(d->out, "ethertype %s (0x%04x)", name ? name : "Unknown", type);
	else if (name)
		buf_puts(d->out, name);
	else
		buf_printf(d->out, "Unknown Ethertype (0x%04x)", type);
}

static void print_tag(struct dump *d, const struct vlan_tag *t)
{
	buf_printf(d->out, "vlan %u, p %u, ", t->id, t->priority);
	if (t->drop_eligible)
		buf_puts(d->out, "DEI, ");
	print_type(d, t->type);
	buf_puts(d->out, ", ");
}

/* Tags, and what is behind them. False: nobody knows the type. `*type` and `*s` move on behind the tags. */
static bool print_network(struct dump *d, uint16_t *type, struct span *s)
{
	struct vlan_tag t;

	while (ether_is_tagged(*type)) {
		if (!vlan_parse(s->at - 2, s->have + 2, &t)) {
			dump_cut(d, "vlan");
			return true;
		}
		*s = span_skip(*s, VLAN_TAG_LEN);
		*type = t.type;
		if (d->o.link)
			print_tag(d, &t);
	}
	switch (*type) {
	case ETHERTYPE_IP:
		dump_ip(d, *s);
		return true;
	case ETHERTYPE_IPV6:
		dump_ip6(d, *s);
		return true;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		dump_arp(d, *s, dump_name(ethertypes, *type));
		return true;
	default:
		return false;
	}
}

/* ---- Ethernet ---- */

static void print_ether(struct dump *d, const struct ether_hdr *h, uint16_t type, uint32_t len)
{
	buf_printf(d->out, "%s > %s, ", TEXT_MAC(h->src), TEXT_MAC(h->dst));
	if (type < ETHER_TYPE_MIN)
		buf_puts(d->out, "802.3");
	else
		print_type(d, type);
	buf_printf(d->out, ", length %u: ", len);
}

/* What we cannot tell, we show with all that was around it. */
static uint32_t dump_ether(struct dump *d, struct span frame)
{
	struct span s = span_skip(frame, ETHER_HDR_LEN);
	struct ether_hdr h;
	uint16_t type;

	if (ether_parse(frame.at, frame.have, &h)) {
		dump_cut(d, "ether");
		return 0;
	}
	type = h.type;
	if (d->o.link)
		print_ether(d, &h, type, frame.len);
	if (type < ETHER_TYPE_MIN || !print_network(d, &type, &s)) {
		if (!d->o.link)
			print_ether(d, &h, type, frame.len);
		dump_payload(d, s);
	}
	return (uint32_t)(s.at - frame.at);
}

/* ---- cooked frames: what "any" device gives ---- */

static void print_iface(struct dump *d, const struct sll2_hdr *h)
{
	static const char *const ways[] = {"In", "B", "M", "P", "Out"};
	const struct dev *dev = d->o.host ? dev_by_index(d->o.host, (int)h->ifindex) : NULL;

	if (dev)
		buf_printf(d->out, "%-5s ", dev->name);
	else
		buf_printf(d->out, "ifindex %u ", h->ifindex);
	buf_printf(d->out, "%-3s ", h->type < ARRAY_SIZE(ways) ? ways[h->type] : "?");
}

static uint32_t dump_sll2(struct dump *d, struct span frame)
{
	struct span s = span_skip(frame, SLL2_HDR_LEN);
	struct sll2_hdr h;
	uint16_t type;

	if (!sll2_parse(frame.at, frame.have, &h)) {
		dump_cut(d, "sll2");
		return 0;
	}
	print_iface(d, &h);
	type = h.protocol;
	if (d->o.link) {
		buf_printf(d->out, "ifindex %u ", h.ifindex);
		if (h.addr_len == sizeof(h.mac.b))
			buf_printf(d->out, "%s ", TEXT_MAC(h.mac));
	}
	if (d->o.link && !d->o.quick) {
		print_type(d, type);
		buf_printf(d->out, ", length %u: ", frame.len);
	}
	if (!print_network(d, &type, &s)) {
		if (!d->o.link) {
			print_type(d, type);
			buf_printf(d->out, ", length %u: ", frame.len);
		}
		dump_payload(d, s);
	}
	return (uint32_t)(s.at - frame.at);
}

static uint32_t dump_raw(struct dump *d, struct span frame)
{
	if (d->o.link)
		buf_puts(d->out, "ip: ");
	if (frame.have && frame.at[0] >> 4 == 6)
		dump_ip6(d, frame);
	else
		dump_ip(d, frame);
	return 0;
}

uint32_t dump_link(struct dump *d, const struct capture_packet *p)
{
	struct span frame = {p->data, p->caplen, p->len};

	switch (p->linktype) {
	case LINKTYPE_ETHERNET:
		return dump_ether(d, frame);
	case LINKTYPE_LINUX_SLL2:
		return dump_sll2(d, frame);
	case LINKTYPE_RAW:
		return dump_raw(d, frame);
	default:
		dump_payload(d, frame);
		return 0;
	}
}

/* ---- ARP ---- */

static void print_arp(struct dump *d, const struct arp_msg *m)
{
	switch (m->op) {
	case ARP_OP_REQUEST:
		buf_printf(d->out, "Request who-has %s ", TEXT_IP(m->tpa));
		if (!mac_is_zero(m->tha))
			buf_printf(d->out, "(%s) ", TEXT_MAC(m->tha));
		buf_printf(d->out, "tell %s", TEXT_IP(m->spa));
		break;
	case ARP_OP_REPLY:
		buf_printf(d->out, "Reply %s is-at %s", TEXT_IP(m->spa), TEXT_MAC(m->sha));
		break;
	case ARP_OP_REVERSE_REQUEST:
		buf_printf(d->out, "Reverse Request who-is %s tell %s", TEXT_MAC(m->tha), TEXT_MAC(m->sha));
		break;
	case ARP_OP_REVERSE_REPLY:
		buf_printf(d->out, "Reverse Reply %s at %s", TEXT_MAC(m->tha), TEXT_IP(m->tpa));
		break;
	}
}

void dump_arp(struct dump *d, struct span s, const char *name)
{
	struct arp_msg m;
	enum drop_reason why = arp_parse(s.at, s.have, &m);

	if (why == DROP_ARP_SHORT) {
		dump_cut(d, "arp");
		return;
	}
	if (!d->o.link)
		buf_printf(d->out, "%s, ", name);
	if (why && why != DROP_ARP_BAD_OPCODE) {
		buf_printf(d->out, "not of Ethernet and IPv4, length %u", s.len);
		dump_payload(d, s);
		return;
	}
	if (d->o.verbose)
		buf_puts(d->out, "Ethernet (len 6), IPv4 (len 4), ");
	if (m.op == 0 || m.op > ARP_OP_REVERSE_REPLY) {
		buf_printf(d->out, "Unknown (%u) ", m.op);
		dump_payload(d, s);
		return;
	}
	print_arp(d, &m);
	buf_printf(d->out, ", length %u", s.len);
}
