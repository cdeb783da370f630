/* SPDX-License-Identifier: MIT */
/* The way down on Ethernet, and tags (IEEE 802.1Q). */
#include "net/ether.h"

#include "net/pkt.h"

int ether_output(struct netif *n, struct pkt *p, struct mac dst, uint16_t ethertype)
{
	struct ether_hdr h = {.dst = dst, .src = n->dev->mac, .type = ethertype};

	ether_emit(pkt_push(p, ETHER_HDR_LEN), &h);
	p->l2_len = ETHER_HDR_LEN;
	p->ethertype = ethertype;
	return dev_output(n->dev, p);
}

/* ---- tags ---- */

enum { ADDRESSES_LEN = 12 };

bool ether_peek_tag(const struct pkt *p, struct vlan_tag *t)
{
	size_t at = p->l2_len - sizeof(be16);

	return ether_is_tagged(p->ethertype) && vlan_parse(p->data + at, p->len - at, t);
}

void ether_take_tag(struct pkt *p, const struct vlan_tag *t)
{
	memmove(p->data + VLAN_TAG_LEN, p->data, p->l2_len - sizeof(be16));
	pkt_pull(p, VLAN_TAG_LEN);
	pkt_move_offload(p, -VLAN_TAG_LEN);
	p->ethertype = t->type;
}

void ether_skip_tag(struct pkt *p, const struct vlan_tag *t)
{
	p->l2_len += VLAN_TAG_LEN;
	p->ethertype = t->type;
}

void ether_put_tag(struct pkt *p, uint16_t proto, uint16_t id)
{
	uint8_t *b = pkt_push(p, VLAN_TAG_LEN);

	memmove(b, b + VLAN_TAG_LEN, ADDRESSES_LEN);
	vlan_emit(b + ADDRESSES_LEN, proto, id);
	pkt_move_offload(p, VLAN_TAG_LEN);
	p->ethertype = proto;
}
