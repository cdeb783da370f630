/* SPDX-License-Identifier: MIT */
/* The table of device kinds. */
#include "dev/kinds.h"

#include "dev/bridge.h"
#include "dev/macvlan.h"
#include "dev/ipvlan.h"
#include "dev/vlan.h"

const struct dev_kind dev_kinds[] = {
	{"veth", "a virtual cable: what goes in at one end comes out at the other", "veth%d", false,
		veth_create},
	{"bridge", "a switch: learns who is where, and sends frames only there", "bridge%d", false,
		bridge_create},
	{"hub", "tapir's own: repeats every frame to every other port", "hub%d", false, hub_create},
	{"dummy", "swallows what is sent to it", "dummy%d", false, dummy_create},
	{"macvlan", "a device with a MAC address of its own that shares another one's wire", "macvlan%d",
		true, macvlan_create},
	{"macvtap", "a macvlan whose frames go to another process, by a UNIX socket", "macvtap%d", true,
		macvtap_port_create},
	{"vlan", "what comes by another device with a tag (802.1Q)", "vlan%d", true, vlan_create},
	{"ipvlan", "a share of another device, by IP addresses; all have its MAC address", "ipvlan%d", true,
		ipvlan_create},
	{0},
};

const struct dev_kind *dev_kind_by_name(const char *name)
{
	for (const struct dev_kind *k = dev_kinds; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}
