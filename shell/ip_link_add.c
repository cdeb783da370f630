/* SPDX-License-Identifier: MIT */
/* `ip link add`. */
#include "shell/linkkind.h"

#include <errno.h>

enum { ADD_NAME = 1, ADD_UP, ADD_MTU, ADD_ADDRESS, ADD_NETNS, ADD_TYPE, ADD_LINK };

static int set_common(struct ipcmd *ip, struct link_recipe *r, int id, const char *value)
{
	switch (id) {
	case ADD_NAME:
		r->name = value;
		return ipcmd_device_name(ip, value, "name");
	case ADD_ADDRESS:
		return ipcmd_mac(ip, value, &r->config.mac);
	case ADD_MTU:
		return ipcmd_number(ip, value, "Invalid \"mtu\" value\n", &r->config.mtu);
	case ADD_NETNS:
		return ipcmd_host(ip, value, &r->netns);
	case ADD_UP:
		r->up = true;
		return 0;
	case ADD_TYPE:
		r->type = value;
		return 0;
	case ADD_LINK:
		return ipcmd_device(ip, value, &r->config.lower);
	}
	return 0;
}

int link_read_common(struct ipcmd *ip, struct link_recipe *r)
{
	static const struct ipcmd_word words[] = {
		VALUE("name", ADD_NAME),
		VALUE("dev", ADD_NAME),
		VALUE_ABBREVIATED("address", ADD_ADDRESS, 4),
		VALUE("mtu", ADD_MTU),
		VALUE("netns", ADD_NETNS),
		WORD("up", ADD_UP),
		VALUE("type", ADD_TYPE),
		VALUE("link", ADD_LINK),
		{0},
	};
	while (*ip->argv && !r->type) {
		const char *value = *ip->argv;
		int id;
		int status = ipcmd_read(ip, words, &id, &value);

		if (!status && id == 0) {
			if (r->name)
				return ipcmd_garbage(ip, value);
			ip->argv++;
			id = ADD_NAME;
		}
		if (!status)
			status = set_common(ip, r, id, value);
		if (status)
			return status;
	}
	return 0;
}

static bool mtu_is_bad(uint32_t mtu)
{
	return mtu && (mtu < DEV_MTU_MIN || mtu > DEV_MTU_MAX);
}

int link_make(struct ipcmd *ip, const struct link_recipe *r)
{
	const struct dev_kind *kind = dev_kind_by_name(r->type);

	if (mtu_is_bad(r->config.mtu) || mtu_is_bad(r->config.peer_mtu))
		return ipcmd_refused(ip, EINVAL);
	int err = kind->create(r->netns, r->name ? r->name : kind->name_pattern, &r->config);
	if (!err && r->up)
		err = dev_set_up(list_last(&r->netns->devs, struct dev, node), true);
	return ipcmd_refused(ip, err);
}

/* The kernel's words, and what there is instead. */
static int unknown_kind(struct ipcmd *ip)
{
	ipcmd_fail(ip, IPCMD_REFUSED, "Error: Unknown device type.");
	fputs("tapir has so far:", ip->c->err);
	for (const struct dev_kind *k = dev_kinds; k->name; k++)
		fprintf(ip->c->err, " %s", k->name);
	fputs("; tap and tun are options of tapir itself\n", ip->c->err);
	return IPCMD_REFUSED;
}

/* The kernel's answer where there is no "link DEVICE". */
static int needs_link(struct ipcmd *ip, const char *kind)
{
	return ipcmd_fail(ip, IPCMD_FAILED,
		"%s: a device to stand on is needed: ip link add link DEVICE name NAME type %s", kind, kind);
}

int ipcmd_link_add(struct ipcmd *ip)
{
	struct link_recipe r = {.netns = ip->s};
	int status = link_read_common(ip, &r);

	if (status)
		return status;
	if (!r.type)
		return ipcmd_fail(ip, IPCMD_FAILED, "Not enough information: \"type\" argument is required");
	const struct dev_kind *kind = dev_kind_by_name(r.type);
	const struct link_kind *words = link_kind_by_name(r.type);
	if (!kind)
		return unknown_kind(ip);
	if (*ip->argv && (!words || !words->add || strcmp(*ip->argv, "help") == 0))
		return link_kind_usage(ip, r.type);
	if (kind->has_lower && !r.config.lower)
		return needs_link(ip, r.type);
	if (!kind->has_lower && r.config.lower)
		return ipcmd_garbage(ip, "link");
	return words && words->add ? words->add(ip, &r) : link_make(ip, &r);
}
