/* SPDX-License-Identifier: MIT */
/* `ip link add`, `set` and `del`. */
#include "shell/ipcmd.h"

#include "dev/kinds.h"

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
	LINK_LINK,
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
};

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

static int read_change(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct change *ch = to;

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
		{0},
	};
	int status = ipcmd_read_all(ip, words, read_change, ch);

	if (status)
		return status;
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
	if (!err && (ch->master || ch->no_master))
		err = dev_set_master(d, ch->master);
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

	return status ? status : apply(ip, &ch);
}

/* ---- add ---- */

struct recipe {
	const char *name, *type;
	const char *link; /* the device below: for kinds that have one */
	struct stack *netns;
	struct dev_config config;
	bool up;
};

static int set_end(struct ipcmd *ip, struct recipe *r, int id, const char *value)
{
	switch (id) {
	case LINK_NAME:
		r->name = value;
		return ipcmd_device_name(ip, value, "name");
	case LINK_ADDRESS:
		return ipcmd_mac(ip, value, &r->config.mac);
	case LINK_MTU:
		return ipcmd_number(ip, value, "Invalid \"mtu\" value\n", &r->config.mtu);
	case LINK_NETNS:
		return ipcmd_host(ip, value, &r->netns);
	case LINK_UP:
		r->up = true;
		return 0;
	case LINK_TYPE:
		r->type = value;
		return 0;
	case LINK_LINK:
		r->link = value;
		return 0;
	}
	return 0;
}

/* One end: options that both ends have. Stops at the first word that is none of them; a bare word is the name
 * while there is none. */
static int read_end(struct ipcmd *ip, struct recipe *r, bool is_peer)
{
	static const struct ipcmd_word words[] = {
		VALUE("name", LINK_NAME),
		VALUE("dev", LINK_NAME),
		VALUE_ABBREVIATED("address", LINK_ADDRESS, 4),
		VALUE("mtu", LINK_MTU),
		VALUE("netns", LINK_NETNS),
		WORD("up", LINK_UP),
		VALUE("type", LINK_TYPE),
		VALUE("link", LINK_LINK),
		{0},
	};
	while (*ip->argv && !(r->type && !is_peer)) {
		const char *value = *ip->argv;
		int id;
		int status = ipcmd_read(ip, words, &id, &value);

		if (!status && id == 0) {
			if (r->name)
				return ipcmd_garbage(ip, value);
			ip->argv++;
			id = LINK_NAME;
		}
		if (!status)
			status = set_end(ip, r, id, value);
		if (status)
			return status;
	}
	return 0;
}

/* What follows "type KIND". */
static int read_peer(struct ipcmd *ip, struct recipe *r)
{
	struct recipe peer = {0};
	int status;

	if (!*ip->argv)
		return 0;
	if (strcmp(r->type, "veth") != 0 || strcmp(*ip->argv, "peer") != 0)
		return ipcmd_fail(ip, IPCMD_FAILED, "Usage: ip link <options> type %s%s", r->type,
			strcmp(r->type, "veth") ? "" : " [peer <options>]");
	ip->argv++;
	status = read_end(ip, &peer, true);
	if (status)
		return status;
	if (peer.type || peer.up)
		return ipcmd_garbage(ip, peer.type ? "type" : "up");
	r->config.peer_name = peer.name;
	r->config.peer_stack = peer.netns ? peer.netns : ip->s;
	r->config.peer_mac = peer.config.mac;
	r->config.peer_mtu = peer.config.mtu;
	return 0;
}

static bool mtu_is_bad(uint32_t mtu)
{
	return mtu && (mtu < DEV_MTU_MIN || mtu > DEV_MTU_MAX);
}

/* The kernel's words, and what there is instead. */
static int unknown_kind(struct ipcmd *ip)
{
	ipcmd_fail(ip, IPCMD_REFUSED, "Error: Unknown device type.");
	fputs("tapir has so far:", ip->c->err);
	for (const struct dev_kind *k = dev_kinds; k->name; k++)
		fprintf(ip->c->err, " %s", k->name);
	fputs("; tap, tun and macvtap are options of tapir itself\n", ip->c->err);
	return IPCMD_REFUSED;
}

static int add(struct ipcmd *ip)
{
	struct recipe r = {.netns = ip->s};
	const struct dev_kind *kind;
	int status = read_end(ip, &r, false);

	if (status)
		return status;
	if (!r.type)
		return ipcmd_fail(ip, IPCMD_FAILED, "Not enough information: \"type\" argument is required");
	kind = dev_kind_by_name(r.type);
	if (!kind)
		return unknown_kind(ip);
	if (r.link)
		return ipcmd_garbage(ip, r.link);
	status = read_peer(ip, &r);
	if (status)
		return status;
	if (mtu_is_bad(r.config.mtu) || mtu_is_bad(r.config.peer_mtu))
		return ipcmd_refused(ip, EINVAL);
	int err = kind->create(r.netns, r.name ? r.name : kind->name_pattern, &r.config);
	if (!err && r.up)
		err = dev_set_up(list_last(&r.netns->devs, struct dev, node), true);
	return ipcmd_refused(ip, err);
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
	{"add", add,
		"[name] NAME [address LLADDR] [mtu MTU] [netns HOST]\n"
		"                    type { veth [peer [name] NAME [address LLADDR] [mtu MTU] [netns HOST]] "
		"|\n"
		"                    hub | dummy }"},
	{"set", set,
		"[dev] DEVICE [up | down] [mtu MTU] [address LLADDR] [name NEWNAME] [netns HOST]\n"
		"                    [master HUB | nomaster] [arp { on | off }] [promisc { on | off }]\n"
		"                    [multicast { on | off }] [allmulticast { on | off }]"},
	{"delete", del, "[dev] DEVICE"},
	{"show", ipcmd_link_show, "[[dev] DEVICE] [up] [type KIND] [master DEVICE] [nomaster]"},
	{"lst", ipcmd_link_show, NULL},
	{"list", ipcmd_link_show, NULL},
	{0},
};

static const char *const words[] = {"dev", "up", "down", "mtu", "address", "name", "netns", "master",
	"nomaster", "type", "veth", "hub", "dummy", "peer", "arp", "promisc", "multicast", "allmulticast",
	NULL};

const struct ipcmd_object ipcmd_link = {"link", ipcmd_link_show, verbs, words};
