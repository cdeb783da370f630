/* SPDX-License-Identifier: MIT */
/* The options of a bridge's port: `ip link set DEV type bridge_slave ...`, `bridge link set dev DEV ...`. */
#include "shell/bridgecmd.h"

#include "shell/address.h"

#include <errno.h>
#include <inttypes.h>

enum { PRIORITY_MAX = 63, COST_MAX = 65535 };

static const char *const states[] = {
	[BRIDGE_DISABLED] = "disabled",
	[BRIDGE_LISTENING] = "listening",
	[BRIDGE_LEARNING] = "learning",
	[BRIDGE_FORWARDING] = "forwarding",
	[BRIDGE_BLOCKING] = "blocking",
};

const char *bridgecmd_state_name(enum bridge_state state)
{
	return states[state];
}

const char *bridgecmd_id(const struct bridge *b, bool colons, char text[BRIDGECMD_ID_LEN])
{
	uint8_t id[BRIDGE_ID_LEN];

	bridge_id(b, id);
	snprintf(text, BRIDGECMD_ID_LEN,
		colons ? "%02x%02x.%x:%x:%x:%x:%x:%x" : "%02x%02x.%02x%02x%02x%02x%02x%02x", id[0], id[1],
		id[2], id[3], id[4], id[5], id[6], id[7]);
	return text;
}

/* ---- reading ---- */

static const struct {
	const char *name;
	enum bridge_port_flag flag;
} flags[] = {
	{"hairpin", BRIDGE_HAIRPIN},
	{"guard", BRIDGE_GUARD},
	{"root_block", BRIDGE_ROOT_BLOCK},
	{"fastleave", BRIDGE_FASTLEAVE},
	{"mcast_fast_leave", BRIDGE_FASTLEAVE},
	{"learning", BRIDGE_LEARN},
	{"flood", BRIDGE_FLOOD},
	{"mcast_flood", BRIDGE_MCAST_FLOOD},
	{"bcast_flood", BRIDGE_BCAST_FLOOD},
	{"isolated", BRIDGE_ISOLATED},
	{"locked", BRIDGE_LOCKED},
};

/* What Linux's ports have besides, and the one value of it that is true here. */
static const struct {
	const char *name, *value, *lacks;
} not_yet[] = {
	{"proxy_arp", "off", "proxy ARP"},
	{"proxy_arp_wifi", "off", "proxy ARP"},
	{"neigh_suppress", "off", "ARP suppression"},
	{"mcast_router", "1", "IGMP snooping"},
	{"mcast_to_unicast", "off", "IGMP snooping"},
	{"vlan_tunnel", "off", "VLAN filtering"},
	{"learning_sync", "off", "hardware to learn from"},
	{"backup_port", "", "backup ports"},
	{"hwmode", "", "hardware switches (macvlan has vepa)"},
};

static int read_flag(
	struct ipcmd *ip, struct bridge_port_change *ch, const char *name, unsigned flag, bool names)
{
	const char *value;
	int status = ipcmd_read_any(ip, &value);

	if (status)
		return status;
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return ipcmd_fail(ip, names ? IPCMD_SYNTAX : IPCMD_FAILED,
			"Error: argument of \"%s\" must be one of \"off\", \"on\", not \"%s\"", name, value);
	ch->mask |= flag;
	ch->flags = strcmp(value, "on") == 0 ? ch->flags | flag : ch->flags & ~flag;
	return 0;
}

static int read_not_yet(struct ipcmd *ip, size_t which)
{
	const char *value;
	int status = ipcmd_read_any(ip, &value);

	if (status || strcmp(value, not_yet[which].value) == 0)
		return status;
	return ipcmd_fail(ip, IPCMD_REFUSED, "Error: %s %s: not yet: a port of tapir's bridges has no %s.",
		not_yet[which].name, value, not_yet[which].lacks);
}

/* `bridge link` knows states by name too. */
static int read_state(struct ipcmd *ip, struct bridge_port_change *ch, bool names)
{
	const char *value;
	int status = ipcmd_read_any(ip, &value);

	if (status)
		return status;
	ch->has_state = true;
	for (uint32_t i = 0; names && i < ARRAY_SIZE(states); i++) {
		if (strcmp(value, states[i]) == 0) {
			ch->state = i;
			return 0;
		}
	}
	if (address_parse_number(value, &ch->state))
		return 0;
	return names ? ipcmd_fail(ip, IPCMD_SYNTAX, "Error: invalid STP port state")
		     : ipcmd_bad_value(ip, value, "state is invalid");
}

static int read_number(struct ipcmd *ip, const char *what, bool *has, uint32_t *number)
{
	const char *value;
	int status = ipcmd_read_any(ip, &value);

	*has = true;
	return status ? status : ipcmd_number(ip, value, what, number);
}

static int read_value(
	struct ipcmd *ip, struct bridge_port_change *ch, const char *word, bool names, bool *known)
{
	if (!strcmp(word, "state"))
		return read_state(ip, ch, names);
	if (!strcmp(word, "priority"))
		return read_number(ip, "priority is invalid", &ch->has_priority, &ch->priority);
	if (!strcmp(word, "cost")) {
		int status = read_number(ip, "cost is invalid", &ch->has_cost, &ch->cost);
		ch->has_cost = ch->cost || !names; /* to `bridge link` 0 is not said */
		return status;
	}
	if (!strcmp(word, "group_fwd_mask"))
		return read_number(
			ip, "group_fwd_mask is invalid", &ch->has_group_fwd_mask, &ch->group_fwd_mask);
	if (!strcmp(word, "fdb_flush"))
		ch->flush = true;
	else if (strcmp(word, "nobackup_port") != 0)
		*known = false;
	return 0;
}

int bridgecmd_read_port(struct ipcmd *ip, struct bridge_port_change *ch, bool names, bool *known)
{
	const char *word = *ip->argv++;

	*known = true;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(word, flags[i].name) == 0)
			return read_flag(ip, ch, word, flags[i].flag, names);
	for (size_t i = 0; i < ARRAY_SIZE(not_yet); i++)
		if (strcmp(word, not_yet[i].name) == 0)
			return read_not_yet(ip, i);
	int status = read_value(ip, ch, word, names, known);
	if (!*known)
		ip->argv--;
	return status;
}

/* ---- changing ---- */

static int apply(struct bridge_port *port, const struct bridge_port_change *ch)
{
	int err = 0;

	if ((ch->has_priority && ch->priority > PRIORITY_MAX) ||
		(ch->has_cost && (!ch->cost || ch->cost > COST_MAX)))
		return -ERANGE;
	port->flags = (port->flags & ~ch->mask) | ch->flags;
	if (ch->has_cost)
		port->cost = (uint16_t)ch->cost;
	if (ch->has_priority)
		port->priority = (uint8_t)ch->priority;
	if (ch->has_state)
		err = bridge_port_set_state(port, ch->state);
	if (ch->flush)
		bridge_fdb_flush_dynamic(port->bridge, port);
	if (!err && ch->has_group_fwd_mask)
		err = bridge_port_set_group_fwd_mask(port, (uint16_t)ch->group_fwd_mask);
	return err;
}

int bridgecmd_change_port(struct ipcmd *ip, struct dev *d, const struct bridge_port_change *ch)
{
	struct bridge_port *port = bridge_port_of(d);

	return ipcmd_refused(ip, port ? apply(port, ch) : -EOPNOTSUPP);
}

/* ---- printing ---- */

static void print_flag(struct ipcmd *ip, const struct bridge_port *port, const char *name, unsigned flag)
{
	show_on_off(&ip->show, name, port->flags & flag);
}

void bridgecmd_print_flags(struct ipcmd *ip, const struct bridge_port *port)
{
	print_flag(ip, port, "hairpin", BRIDGE_HAIRPIN);
	print_flag(ip, port, "guard", BRIDGE_GUARD);
	print_flag(ip, port, "root_block", BRIDGE_ROOT_BLOCK);
	print_flag(ip, port, "fastleave", BRIDGE_FASTLEAVE);
	print_flag(ip, port, "learning", BRIDGE_LEARN);
	print_flag(ip, port, "flood", BRIDGE_FLOOD);
	print_flag(ip, port, "mcast_flood", BRIDGE_MCAST_FLOOD);
	print_flag(ip, port, "bcast_flood", BRIDGE_BCAST_FLOOD);
	show_num(&ip->show, "mcast_router", "mcast_router %u ", 1u);
	show_on_off(&ip->show, "mcast_to_unicast", false);
	show_on_off(&ip->show, "neigh_suppress", false);
	show_on_off(&ip->show, "vlan_tunnel", false);
	print_flag(ip, port, "isolated", BRIDGE_ISOLATED);
	print_flag(ip, port, "locked", BRIDGE_LOCKED);
}

/* "stp,lldp", or the number of a group that has no name. */
static const char *group_names(uint16_t mask, char text[64])
{
	uint16_t other = mask & (uint16_t)~0x4005u;

	if (other || !mask)
		snprintf(text, 64, "%#x", mask);
	else
		snprintf(text, 64, "%s%s%s", mask & 1 ? "stp," : "", mask & 4 ? "lacp," : "",
			mask & 0x4000 ? "lldp," : "");
	if (!other && mask)
		text[strlen(text) - 1] = '\0';
	return text;
}

static void print_ids(struct ipcmd *ip, const struct bridge_port *port)
{
	struct show *sh = &ip->show;
	unsigned id = (unsigned)port->priority << 10 | port->number;
	char text[BRIDGECMD_ID_LEN], number[16];

	snprintf(number, sizeof(number), "0x%x", id);
	show_str(sh, "id", "port_id %s ", number);
	snprintf(number, sizeof(number), "0x%x", port->number);
	show_str(sh, "no", "port_no %s ", number);
	show_num(sh, "designated_port", "designated_port %u ", id);
	show_num(sh, "designated_cost", "designated_cost %u ", 0u);
	show_str(sh, "bridge_id", "designated_bridge %s ", bridgecmd_id(port->bridge, true, text));
	show_str(sh, "root_id", "designated_root %s ", text);
}

/* Those of the spanning tree, which never run. */
static void print_timers(struct ipcmd *ip)
{
	static const char *const names[] = {"hold_timer", "message_age_timer", "forward_delay_timer"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		show_text(&ip->show, "%s %7.2f ", names[i], 0.0);
		show_json_real(&ip->show, names[i], 0.0);
	}
	show_num(&ip->show, "topology_change_ack", "topology_change_ack %u ", 0u);
	show_num(&ip->show, "config_pending", "config_pending %u ", 0u);
}

void bridgecmd_print_port(struct ipcmd *ip, const struct bridge_port *port)
{
	struct show *sh = &ip->show;
	char mask[64];

	show_str(sh, "state", "state %s ", states[port->state]);
	show_num(sh, "priority", "priority %u ", (unsigned)port->priority);
	show_num(sh, "cost", "cost %u ", (unsigned)port->cost);
	print_flag(ip, port, "hairpin", BRIDGE_HAIRPIN);
	print_flag(ip, port, "guard", BRIDGE_GUARD);
	print_flag(ip, port, "root_block", BRIDGE_ROOT_BLOCK);
	print_flag(ip, port, "fastleave", BRIDGE_FASTLEAVE);
	print_flag(ip, port, "learning", BRIDGE_LEARN);
	print_flag(ip, port, "flood", BRIDGE_FLOOD);
	print_ids(ip, port);
	print_timers(ip);
	show_on_off(sh, "proxy_arp", false);
	show_on_off(sh, "proxy_arp_wifi", false);
	show_num(sh, "multicast_router", "mcast_router %u ", 1u);
	show_text(sh, "mcast_fast_leave %s ", port->flags & BRIDGE_FASTLEAVE ? "on" : "off");
	print_flag(ip, port, "mcast_flood", BRIDGE_MCAST_FLOOD);
	print_flag(ip, port, "bcast_flood", BRIDGE_BCAST_FLOOD);
	show_on_off(sh, "mcast_to_unicast", false);
	show_on_off(sh, "neigh_suppress", false);
	snprintf(mask, sizeof(mask), "%#x", port->group_fwd_mask);
	show_str(sh, "group_fwd_mask", "group_fwd_mask %s ", mask);
	show_str(sh, "group_fwd_mask_str", "group_fwd_mask_str %s ",
		port->group_fwd_mask ? group_names(port->group_fwd_mask, mask) : "0x0");
	show_on_off(sh, "vlan_tunnel", false);
	print_flag(ip, port, "isolated", BRIDGE_ISOLATED);
	print_flag(ip, port, "locked", BRIDGE_LOCKED);
}

/* ---- saving ---- */

void bridgecmd_save_port(struct buf *b, const struct bridge_port *port)
{
	unsigned differ = port->flags ^ BRIDGE_PORT_FLAGS;

	for (size_t i = 0; i < ARRAY_SIZE(flags);
		differ &= ~(unsigned)flags[i++].flag) /* some have two names */
		if (differ & flags[i].flag)
			buf_printf(b, " %s %s", flags[i].name, port->flags & flags[i].flag ? "on" : "off");
	if (port->group_fwd_mask)
		buf_printf(b, " group_fwd_mask %u", port->group_fwd_mask);
	if (port->priority != BRIDGE_PORT_PRIORITY)
		buf_printf(b, " priority %u", port->priority);
	if (port->cost != BRIDGE_PORT_COST)
		buf_printf(b, " cost %u", port->cost);
}
