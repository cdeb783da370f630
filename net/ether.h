/* SPDX-License-Identifier: MIT */
/* The way down on Ethernet: a header in front (RFC 894). */
#ifndef NET_ETHER_H
#define NET_ETHER_H

#include "net/netif.h"
#include "net/wire_ether.h"

/* Takes a packet with data at the network header; sends it to `dst` from the device's own address. 0, -ENOBUFS (as
 * dev_output()). */
int ether_output(struct netif *n, struct pkt *p, struct mac dst, uint16_t ethertype);

/* The tag of a frame whose p->ethertype is that of a tag. Data at the link header. False: there is none, or it is cut
 * off. */
bool ether_peek_tag(const struct pkt *p, struct vlan_tag *t);

/* It is looked at no more. Taken out: data moves. Skipped: it stays in the frame as a part of the link header. */
void ether_take_tag(struct pkt *p, const struct vlan_tag *t);
void ether_skip_tag(struct pkt *p, const struct vlan_tag *t);

/* A tag more, behind the addresses. Needs VLAN_TAG_LEN bytes of headroom. */
void ether_put_tag(struct pkt *p, uint16_t proto, uint16_t id);

#endif
