/* SPDX-License-Identifier: MIT */
/* The way down on Ethernet. */
#include "net/ether.h"

#include "net/pkt.h"

void ether_output(struct netif *n, struct pkt *p, struct mac dst, uint16_t ethertype)
{
	struct ether_hdr h = {.dst = dst, .src = n->dev->mac, .type = ethertype};

	ether_emit(pkt_push(p, ETHER_HDR_LEN), &h);
	p->l2_len = ETHER_HDR_LEN;
	p->ethertype = ethertype;
	dev_output(n->dev, p);
}
