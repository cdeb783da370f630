/* SPDX-License-Identifier: MIT */
/* The kinds of devices that `ip link` knows words for. */
#include "shell/linkkind.h"

const struct link_kind *const link_kinds[] = {
	&link_macvlan,
	&link_macvtap,
	&link_veth,
	&link_bridge,
	&link_bridge_slave,
	&link_vlan,
	&link_ipvlan,
	NULL,
};

const struct link_kind *link_kind_by_name(const char *name)
{
	for (const struct link_kind *const *k = link_kinds; *k; k++)
		if (strcmp((*k)->name, name) == 0)
			return *k;
	return NULL;
}

int link_kind_usage(struct ipcmd *ip, const char *kind)
{
	const struct link_kind *k = link_kind_by_name(kind);

	return ipcmd_fail(ip, IPCMD_FAILED, "Usage: ip link <options> type %s%s%s", kind, k ? " " : "",
		k ? k->usage : "");
}
