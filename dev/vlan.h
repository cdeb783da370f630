/* SPDX-License-Identifier: MIT */
/*
 * VLAN devices (IEEE 802.1Q, 802.1ad): one for each id on a device, which is then a trunk. What comes in there with
 * the device's tag comes in here without it; what goes out here goes out there with it.
 */
#ifndef DEV_VLAN_H
#define DEV_VLAN_H

#include "dev/kinds.h"

struct vlan_config {
	uint16_t proto; /* ETHERTYPE_VLAN or ETHERTYPE_QINQ */
	uint16_t id;	/* 0 to VLAN_ID_MAX */
	bool keep_tag;	/* reorder_hdr off: what comes in keeps its tag, for packet sockets to see */
	bool loose;	/* loose_binding on: up and down by itself, whatever its lower device does */
};

/* config->details is a struct vlan_config. -EINVAL (none, or an MTU larger than the lower device's), -ERANGE (id),
 * -EPROTONOSUPPORT, -EOPNOTSUPP (no Ethernet), -EEXIST (there is one with this protocol and id), and as others. */
int vlan_create(struct stack *s, const char *name, const struct dev_config *config);

/* The VLAN device that takes these tags on `lower`, or NULL. */
struct dev *vlan_find(const struct dev *lower, uint16_t proto, uint16_t id);

/* NULL: another kind of device. */
const struct vlan_config *vlan_config(const struct dev *d);

/* Protocol and id stay what they are. */
void vlan_set_flags(struct dev *d, bool keep_tag, bool loose);

/* "802.1Q", "802.1ad" */
const char *vlan_proto_name(uint16_t proto);

#endif
