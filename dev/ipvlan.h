/* SPDX-License-Identifier: MIT */
/*
 * ipvlan: several hosts share one lower device with one MAC address, its own. Who gets a frame is told by its IP
 * addresses. All of a lower device work in the same mode.
 */
#ifndef DEV_IPVLAN_H
#define DEV_IPVLAN_H

#include "dev/kinds.h"

/* L2: each host asks by ARP and hears broadcasts. L3: the lower device's host routes for them; there is neither ARP nor
 * broadcast. L3S: the same, and on Linux that host's netfilter, which we have not. */
enum ipvlan_mode { IPVLAN_L2, IPVLAN_L3, IPVLAN_L3S };

/* What one ipvlan sends to another of the same lower device: goes there at once; nowhere; out by the wire. */
enum ipvlan_flag { IPVLAN_BRIDGE, IPVLAN_PRIVATE, IPVLAN_VEPA };

struct ipvlan_config {
	enum ipvlan_mode mode;
	enum ipvlan_flag flag;
};

/* config->details is a struct ipvlan_config (NULL: mode l3, bridge), which then holds for all on the lower device.
 * -EINVAL (no Ethernet), -EBUSY (a bridge, hub or macvlan has the lower device's frames), and as others. */
int ipvlan_create(struct stack *s, const char *name, const struct dev_config *config);

/* NULL: another kind of device. */
const struct ipvlan_config *ipvlan_config(const struct dev *d);

/* For all on the same lower device. */
void ipvlan_set_config(struct dev *d, const struct ipvlan_config *config);

const char *ipvlan_mode_name(enum ipvlan_mode mode); /* "l3s" */

#endif
