/* SPDX-License-Identifier: MIT */
/* `ip link set` and `del`, and the table of all verbs. */
#include "shell/linkkind.h"

#include "dev/bridge.h"

#include <errno.h>

enum {
	LINK_DEV = 1,
	LINK_NAME,
	LINK_UP,
	LINK_DOWN,
	LINK_MTU,
	LINK_ADDRESS,
	LINK_NETNS,
	LINK_PROMISC,
	LINK_ALLMULTI,
	LINK_ARP,
	LINK_MULTICAST,
	LINK_MASTER,
	LINK_NOMASTER,
	LINK_TYPE,
};

/* The kernel says why in words of its own. */
static int mtu_refused(struct ipcmd *ip, const struct dev *d, uint32_t mtu, int error)
{
	if (error == -EINVAL && mtu < d->min_mtu)
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: mtu less than device minimum.");
	if (error == -EINVAL && mtu > d->max_mtu)
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: mtu greater than device maximum.");
	return ipcmd_refused(ip, error);
}

/* ---- set: all words are read before anything is done ---- */

struct change {
	struct dev *dev;
	bool up, down, no_master, has_mac, has_mtu;
	unsigned flags, mask; /* enum dev_flag */
	struct mac mac;
	uint32_t mtu;
	const char *name;
	struct dev *master;
	struct stack *netns;
	const struct link_kind *kind; /* whose words follow; they are read when all else is done */
};

/* The kernel has a word for this case too. */
static int master_refused(struct ipcmd *ip, const struct change *ch, int error)
{
	if (error == -ELOOP && bridge_of(ch->dev) && bridge_of(ch->master))
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: Can not enslave a bridge to a bridge.");
	return ipcmd_refused(ip, error);
}

static int read_flag(struct ipcmd *ip, struct change *ch, int id, const char *value)
{
	static const struct {
		int id;
		const char *name;
		unsigned flag;
		bool inverse;
	} flags[] = {
		{LINK_PROMISC, "promisc", DEV_PROMISC, false},
		{LINK_ALLMULTI, "allmulticast", DEV_ALLMULTI, false},
		{LINK_MULTICAST, "multicast", DEV_MULTICAST, false},
		{LINK_ARP, "arp", DEV_NOARP, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		bool on;
		if (flags[i].id != id)
			continue;
		int status = ipcmd_on_off(ip, flags[i].name, value, &on);
		if (status)
			return status;
		ch->mask |= flags[i].flag;
		ch->flags = on != flags[i].inverse ? ch->flags | flags[i].flag : ch->flags & ~flags[i].flag;
	}
	return 0;
}

static int read_master(struct ipcmd *ip, struct change *ch, const char *value)
{
	ch->master = dev_by_name(ip->s, value);
	return ch->master ? 0 : ipcmd_bad_value(ip, value, "Device does not exist\n");
}

static int read_kind(struct ipcmd *ip, struct change *ch, const char *value)
{
	ch->kind = link_kind_by_name(value);
	if (ch->kind && ch->kind->change)
		return 0;
	return ipcmd_fail(ip, IPCMD_REFUSED, "Error: %s.",
		ch->kind || dev_kind_by_name(value) ? "Operation not supported: there is nothing to set"
						    : "Unknown device type");
}

static int read_change(struct ipcmd *ip, struct change *ch, int id, const char *value)
{
	switch (id) {
	case 0: /* the name alone */
	case LINK_DEV:
		return ch->dev ? ipcmd_garbage(ip, value) : ipcmd_device(ip, value, &ch->dev);
	case LINK_UP:
		ch->up = true;
		return 0;
	case LINK_DOWN:
		ch->down = true;
		return 0;
	case LINK_MTU:
		ch->has_mtu = true;
		return ipcmd_number(ip, value, "Invalid \"mtu\" value\n", &ch->mtu);
	case LINK_ADDRESS:
		ch->has_mac = true;
		return ipcmd_mac(ip, value, &ch->mac);
	case LINK_NAME:
		ch->name = value;
		return ipcmd_device_name(ip, value, "name");
	case LINK_NETNS:
		return ipcmd_host(ip, value, &ch->netns);
	case LINK_MASTER:
		return read_master(ip, ch, value);
	case LINK_NOMASTER:
		ch->no_master = true;
		return 0;
	case LINK_TYPE:
		return read_kind(ip, ch, value);
	default:
		return read_flag(ip, ch, id, value);
	}
}

static int read_changes(struct ipcmd *ip, struct change *ch)
{
	static const struct ipcmd_word words[] = {
		VALUE("dev", LINK_DEV),
		WORD("up", LINK_UP),
		WORD("down", LINK_DOWN),
		VALUE("mtu", LINK_MTU),
		VALUE_ABBREVIATED("address", LINK_ADDRESS, 4),
		VALUE("name", LINK_NAME),
		VALUE("netns", LINK_NETNS),
		VALUE("promisc", LINK_PROMISC),
		VALUE("allmulticast", LINK_ALLMULTI),
		VALUE("arp", LINK_ARP),
		VALUE("multicast", LINK_MULTICAST),
		VALUE("master", LINK_MASTER),
		WORD("nomaster", LINK_NOMASTER),
		VALUE("type", LINK_TYPE),
		{0},
	};

	while (*ip->argv && !ch->kind) {
		const char *value = NULL;
		int id;
		int status = ipcmd_read(ip, words, &id, &value);

		if (!status && id == 0)
			status = ipcmd_read_any(ip, &value);
		if (!status)
			status = read_change(ip, ch, id, value);
		if (status)
			return status;
	}
	return ch->dev ? 0 : ipcmd_needs_device(ip);
}

/* In the order of the kernel; stops at the first refusal, as it does. */
static int apply(struct ipcmd *ip, const struct change *ch)
{
	struct dev *d = ch->dev;
	int err = 0;

	if (ch->netns)
		err = dev_move(d, ch->netns, ch->name);
	if (!err && ch->has_mac)
		err = dev_set_mac(d, ch->mac);
	if (!err && ch->has_mtu) {
		err = dev_set_mtu(d, ch->mtu);
		if (err)
			return mtu_refused(ip, d, ch->mtu, err);
	}
	if (!err && ch->name && !ch->netns)
		err = dev_set_name(d, ch->name);
	if (!err && (ch->master || ch->no_master)) {
		err = dev_set_master(d, ch->master);
		if (err)
			return master_refused(ip, ch, err);
	}
	for (unsigned bit = 1; !err && bit <= ch->mask; bit <<= 1)
		if (ch->mask & bit)
			dev_set_flag(d, bit, ch->flags & bit);
	if (!err && (ch->up || ch->down))
		err = dev_set_up(d, ch->up);
	return ipcmd_refused(ip, err);
}

static int set(struct ipcmd *ip)
{
	struct change ch = {0};
	int status = read_changes(ip, &ch);

	if (!status)
		status = apply(ip, &ch);
	return status || !ch.kind ? status : ch.kind->change(ip, ch.dev);
}

/* ---- del ---- */

static int set_victim(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct dev **d = to;

	if (id == LINK_TYPE)
		return 0;
	return *d ? ipcmd_garbage(ip, value) : ipcmd_device(ip, value, d);
}

static int del(struct ipcmd *ip)
{
	static const struct ipcmd_word words[] = {VALUE("dev", LINK_DEV), VALUE("type", LINK_TYPE), {0}};
	struct dev *d = NULL;
	int status = ipcmd_read_all(ip, words, set_victim, &d);

	if (status)
		return status;
	if (!d)
		return ipcmd_needs_device(ip);
	if (d->type == DEV_LOOPBACK)
		return ipcmd_refused(ip, EOPNOTSUPP);
	dev_unregister(d);
	return CMD_OK;
}

static const struct ipcmd_verb verbs[] = {
	{"add", ipcmd_link_add,
		"[link DEVICE] [name] NAME [address LLADDR] [mtu MTU] [netns HOST]\n"
		"                    type KIND [OPTIONS]   (`ip link add type KIND help` shows them)"},
	{"set", set,
		"[dev] DEVICE [up | down] [mtu MTU] [address LLADDR] [name NEWNAME] [netns HOST]\n"
		"                    [master DEVICE | nomaster] [arp { on | off }] [promisc { on | off }]\n"
		"                    [multicast { on | off }] [allmulticast { on | off }]\n"
		"                    [type { KIND | KIND_slave } OPTIONS]"},
	{"delete", del, "[dev] DEVICE"},
	{"show", ipcmd_link_show, "[[dev] DEVICE] [up] [type KIND] [master DEVICE] [nomaster]"},
	{"lst", ipcmd_link_show, NULL},
	{"list", ipcmd_link_show, NULL},
	{0},
};

static const char *const words[] = {"dev", "up", "down", "mtu", "address", "name", "netns", "master",
	"nomaster", "type", "arp", "promisc", "multicast", "allmulticast", NULL};

const struct ipcmd_object ipcmd_link = {"link", ipcmd_link_show, verbs, words};
