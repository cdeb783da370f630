/* SPDX-License-Identifier: MIT */
/* The way down on Ethernet: a header in front (RFC 894). */
#ifndef NET_ETHER_H
#define NET_ETHER_H

#include "net/netif.h"
#include "net/wire_ether.h"

/* Takes a packet with data at the network header; sends it to `dst` from the device's own address. */
void ether_output(struct netif *n, struct pkt *p, struct mac dst, uint16_t ethertype);

#endif
