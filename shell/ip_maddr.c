/* SPDX-License-Identifier: MIT */
/* `ip maddress`: the multicast addresses that devices listen to. */
#include "shell/ipcmd.h"

#include "lib/text.h"

#include <errno.h>

/* RFC 1112 6.4: the low 23 bits of the group. */
static struct mac group_mac(uint32_t group)
{
	return (struct mac){
		{0x01, 0x00, 0x5e, (uint8_t)(group >> 16 & 0x7f), (uint8_t)(group >> 8), (uint8_t)group}};
}

struct mac_search {
	struct mac mac;
	bool found;
};

static void match_mac(void *ctx, uint32_t group, unsigned users)
{
	struct mac_search *g = ctx;

	(void)users;
	g->found |= mac_equal(group_mac(group), g->mac);
}

/* Added by hand: no group of IP stands behind it. */
static bool is_static(const struct dev *d, struct mac m)
{
	struct mac_search g = {.mac = m};

	ip_group_each(d->netif, match_mac, &g);
	return !g.found;
}

/* ---- show ---- */

static void print_users(struct show *sh, unsigned users)
{
	if (users > 1)
		show_num(sh, "users", " users %u", users);
}

static void print_link_groups(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;

	list_each(g, &d->groups, struct dev_group, node) {
		show_object(sh);
		show_text(sh, "\tlink  ");
		show_color(sh, SHOW_MAC);
		show_str(sh, "link", "%s", TEXT_MAC(g->mac));
		print_users(sh, g->users);
		if (is_static(d, g->mac))
			show_true(sh, "static", " static");
		show_close(sh);
		show_text(sh, "\n");
	}
}

static void print_ip_group(void *ctx, uint32_t group, unsigned users)
{
	struct show *sh = ctx;

	show_object(sh);
	show_text(sh, "\t");
	show_str(sh, "family", "%s  ", "inet");
	show_color(sh, SHOW_IPV4);
	show_str(sh, "address", "%s", TEXT_IP(group));
	print_users(sh, users);
	show_close(sh);
	show_text(sh, "\n");
}

static void print_device(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;

	show_object(sh);
	show_num(sh, "ifindex", "%u:", (unsigned)d->ifindex);
	show_text(sh, "\t");
	show_color(sh, SHOW_NAME);
	show_str(sh, "ifname", "%s", d->name);
	show_text(sh, "\n");
	show_list(sh, "maddr");
	if (!ip->only_inet && d->type == DEV_ETHER) /* others map no groups to link addresses */
		print_link_groups(ip, d);
	ip_group_each(d->netif, print_ip_group, sh);
	show_close(sh);
	show_close(sh);
}

static int show(struct ipcmd *ip)
{
	struct ipcmd_link_filter f = {0};
	int status = ipcmd_link_filter_read_all(ip, &f);

	if (status)
		return status;
	show_begin(&ip->show);
	stack_each_dev(d, ip->s)
		if (ipcmd_link_wanted(&f, d))
			print_device(ip, d);
	show_end(&ip->show);
	return CMD_OK;
}

/* ---- add and del: link addresses, as in iproute2 ---- */

enum { MADDR_DEV = 1 };

struct request {
	struct dev *dev;
	struct mac mac; /* zero, which is no group's, until it is said */
};

static int set_request(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct request *r = to;

	return id == MADDR_DEV ? ipcmd_device(ip, value, &r->dev) : ipcmd_mac(ip, value, &r->mac);
}

static int read_request(struct ipcmd *ip, struct request *r)
{
	static const struct ipcmd_word words[] = {VALUE("dev", MADDR_DEV), {0}};
	int status = ipcmd_read_all(ip, words, set_request, r);

	if (status)
		return status;
	if (!r->dev)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Not enough information: \"dev\" is required.");
	return mac_is_group(r->mac) ? 0 : ipcmd_fail(ip, IPCMD_FAILED, "ioctl: %s", strerror(EINVAL));
}

static int add(struct ipcmd *ip)
{
	struct request r = {0};
	int status = read_request(ip, &r);

	if (status)
		return status;
	int err = dev_group_add(r.dev, r.mac);
	return err ? ipcmd_fail(ip, IPCMD_FAILED, "ioctl: %s", strerror(-err)) : CMD_OK;
}

static int del(struct ipcmd *ip)
{
	struct request r = {0};
	int status = read_request(ip, &r);

	if (status)
		return status;
	list_each(g, &r.dev->groups, struct dev_group, node) {
		if (mac_equal(g->mac, r.mac) && is_static(r.dev, r.mac)) {
			dev_group_del(r.dev, r.mac);
			return CMD_OK;
		}
	}
	return ipcmd_fail(ip, IPCMD_FAILED, "ioctl: %s", strerror(ENOENT));
}

static const struct ipcmd_verb verbs[] = {
	{"add", add, "LLADDR dev DEVICE"},
	{"delete", del, "LLADDR dev DEVICE"},
	{"show", show, "[[dev] DEVICE]"},
	{"lst", show, NULL},
	{"list", show, NULL},
	{0},
};

static const char *const words[] = {"dev", NULL};

const struct ipcmd_object ipcmd_maddr = {"maddr", show, verbs, words};
