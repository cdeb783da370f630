/* SPDX-License-Identifier: MIT */
/* Hints: a table for drops, and what is peculiar to the device it happened on. */
#include "shell/hint.h"

#include "net/dev.h"

#include <stdio.h>

/* The commands are for the host of the drop; %s is its device. */
static const char *const hints[DROP_COUNT] = {
	[DROP_DEV_DOWN] = "ip link set %s up",
	[DROP_DEV_NO_CARRIER] = "set the other end up too, and look at `topo`",
	[DROP_DEV_TOO_BIG] = "compare the MTUs of both ends: ip link show",
	[DROP_DEV_QUEUE_FULL] = "the sender is faster than the receiver takes frames",
	[DROP_ETH_OTHERHOST] =
		"nothing is wrong, unless it should be for us: compare the MAC addresses in `ip link` and "
		"the sender's `ip neigh`",
	[DROP_ETH_MULTICAST_FILTER] = "ip link set %s allmulticast on, or join the group",
	[DROP_ETH_VLAN] = "ip link add link %s type vlan id N",
	[DROP_ARP_OFFLINK] =
		"the sender has an address of another subnet: compare both prefix lengths in `ip addr`",
	[DROP_ARP_CONFLICT] = "give one of the two hosts another address",
	[DROP_ARP_OWN] = "look for a loop in `topo`",
	[DROP_NEIGH_UNREACHABLE] =
		"is the neighbour up, in the same subnet, and on this link? See `topo`, and `ip neigh`",
	[DROP_IP_NOT_FOR_US] = "to make this host a router: sysctl -w net.ipv4.ip_forward=1",
	[DROP_IP_NO_ROUTE] = "ip route add default via GATEWAY, or a route to the destination",
	[DROP_IP_ROUTE_BLACKHOLE] = "ip route show type blackhole",
	[DROP_IP_ROUTE_UNREACHABLE] = "ip route show type unreachable",
	[DROP_IP_ROUTE_PROHIBIT] = "ip route show type prohibit",
	[DROP_IP_REVERSE_PATH] = "sysctl -w net.ipv4.conf.%s.rp_filter=0 (or 2), or a route back",
	[DROP_IP_OWN_SOURCE] =
		"another host uses our address, or the packet came back: see `ip addr` on both",
	[DROP_IP_TTL_EXCEEDED] = "a loop of routes, or a small TTL: traceroute shows the way",
	[DROP_IP_FRAG_NEEDED] = "a smaller MTU at the sender, or let it fragment (ping -M dont)",
	[DROP_IP_MULTICAST_NOT_JOINED] = "ip maddr show %s says what is joined",
	[DROP_FRAG_TIMEOUT] = "a fragment was lost: look for drops on the way",
	[DROP_ICMP_ECHO_IGNORED] = "sysctl -w net.ipv4.icmp_echo_ignore_all=0",
	[DROP_ICMP_BROADCAST_IGNORED] = "sysctl -w net.ipv4.icmp_echo_ignore_broadcasts=0",
	[DROP_ICMP_REPLY_UNWANTED] = "the program that asked has ended, or never asked",
	[DROP_UDP_PORT_CLOSED] = "ss -lun shows which ports are open",
	[DROP_TCP_NO_CONNECTION] = "ss -ltn shows which ports are open",
	[DROP_TCP_PAWS] = "an old duplicate, or two hosts with one address",
};

static enum drop_reason reason_of(const struct trace_record *r)
{
	char name[40];

	if (sscanf(r->text, "dropped %39[A-Z0-9_]", name) != 1)
		return DROP_NONE;
	for (enum drop_reason why = DROP_NONE + 1; why < DROP_COUNT; why++)
		if (strcmp(drop_infos[why].name, name) == 0)
			return why;
	return DROP_NONE;
}

static bool is_kind(const struct dev *d, const char *kind)
{
	return strcmp(d->ops->kind, kind) == 0;
}

static const struct dev *upper_of_kind(const struct dev *d, const char *kind)
{
	list_each(upper, &d->uppers, struct dev, upper_node)
		if (is_kind(upper, kind))
			return upper;
	return NULL;
}

/* What people trip over most: a device and the macvlan or ipvlan ports on it never hear each other. */
static void add_about_sharing(struct buf *b, const struct dev *d)
{
	static const char *const kinds[] = {"macvlan", "macvtap", "ipvlan"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (upper_of_kind(d, kinds[i]))
			buf_printf(b,
				"; %s and the %s ports on it cannot talk: give this host a port of its own, "
				"or use a "
				"hairpin switch",
				d->name, kinds[i]);
		else if (is_kind(d, kinds[i]) && d->lower)
			buf_printf(b,
				"; by its %s port %s this host cannot reach the host that %s is on: give "
				"that one a "
				"port of its own",
				kinds[i], d->name, d->lower->name);
	}
}

void hint_add(struct buf *b, const struct world *w, const struct trace_record *r)
{
	enum drop_reason why = reason_of(r);
	const struct stack *s = stack_by_name(w, r->host);
	const struct dev *d = s && r->dev[0] ? dev_by_name(s, r->dev) : NULL;

	if (!hints[why])
		return;
	if (strstr(hints[why], "%s")) {
		const char *at = strstr(hints[why], "%s");
		buf_add(b, hints[why], (size_t)(at - hints[why]));
		buf_printf(b, "%s%s", r->dev[0] ? r->dev : "DEV", at + 2);
	} else {
		buf_puts(b, hints[why]);
	}
	if (d && why == DROP_NEIGH_UNREACHABLE)
		add_about_sharing(b, d);
}
