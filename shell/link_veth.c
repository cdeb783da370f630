/* SPDX-License-Identifier: MIT */
/* `type veth [peer OPTIONS]`: the other end has the options of any device. */
#include "shell/linkkind.h"

static int add(struct ipcmd *ip, struct link_recipe *r)
{
	struct link_recipe peer = {0};

	if (*ip->argv && strcmp(*ip->argv, "peer") != 0)
		return link_kind_usage(ip, "veth");
	if (*ip->argv) {
		ip->argv++;
		int status = link_read_common(ip, &peer);
		if (status)
			return status;
	}
	if (peer.type || peer.up || peer.config.lower)
		return ipcmd_garbage(ip, peer.type ? "type" : peer.up ? "up" : "link");
	r->config.peer_name = peer.name;
	r->config.peer_stack = peer.netns ? peer.netns : ip->s;
	r->config.peer_mac = peer.config.mac;
	r->config.peer_mtu = peer.config.mtu;
	return link_make(ip, r);
}

static const char *const words[] = {"peer", NULL};

const struct link_kind link_veth = {
	.name = "veth",
	.add = add,
	.usage = "[peer <options>]",
	.words = words,
};
