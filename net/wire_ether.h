/* SPDX-License-Identifier: MIT */
/* The Ethernet II header (RFC 894, RFC 1042, IEEE 802.3, 802.1Q). */
#ifndef NET_WIRE_ETHER_H
#define NET_WIRE_ETHER_H

#include "net/drop.h"

enum {
	ETHER_HDR_LEN = 14,
	ETHER_MIN_LEN = 60,	 /* without the frame check sequence */
	ETHER_TYPE_MIN = 0x0600, /* smaller values are 802.3 lengths */
};

enum {
	ETHERTYPE_IP = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_RARP = 0x8035,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PAUSE = 0x8808, /* IEEE 802.3 flow control: never leaves the link */
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_ALL = 0x0003, /* for packet sockets: every type */
};

struct ether_hdr {
	struct mac dst, src;
	uint16_t type;
};

/* Does an 802.1Q or 802.1ad tag stand behind the type? */
static inline bool ether_is_tagged(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ;
}

/* A tag: the type 802.1Q or 802.1ad, sixteen bits of its own, and then the type of what is tagged. */
enum { VLAN_TAG_LEN = 4, VLAN_ID_MASK = 0x0fff, VLAN_ID_MAX = 4094 };

struct vlan_tag {
	uint16_t proto; /* ETHERTYPE_VLAN or ETHERTYPE_QINQ */
	uint16_t id;	/* 0: in no VLAN, the tag is for the priority alone */
	uint8_t priority;
	bool drop_eligible; /* the bit between the two */
	uint16_t type;	    /* of what follows */
};

/* `b`: where the type of the tag stands. False: it is cut off. */
static inline bool vlan_parse(const uint8_t *b, size_t len, struct vlan_tag *t)
{
	const be16 *words = (const be16 *)b;

	if (len < 2 + VLAN_TAG_LEN)
		return false;
	t->proto = get16(words[0]);
	t->id = get16(words[1]) & VLAN_ID_MASK;
	t->priority = (uint8_t)(get16(words[1]) >> 13);
	t->drop_eligible = get16(words[1]) & 0x1000;
	t->type = get16(words[2]);
	return true;
}

/* Its first four bytes; the type of what follows stands there already. */
static inline void vlan_emit(uint8_t *b, uint16_t proto, uint16_t id)
{
	((be16 *)b)[0] = put16(proto);
	((be16 *)b)[1] = put16(id);
}

static inline enum drop_reason ether_parse(const uint8_t *b, size_t len, struct ether_hdr *h)
{
	if (len < ETHER_HDR_LEN)
		return DROP_ETH_SHORT;
	memcpy(h->dst.b, b, 6);
	memcpy(h->src.b, b + 6, 6);
	h->type = get16(*(const be16 *)(b + 12));
	return DROP_NONE;
}

static inline void ether_emit(uint8_t *b, const struct ether_hdr *h)
{
	memcpy(b, h->dst.b, 6);
	memcpy(b + 6, h->src.b, 6);
	*(be16 *)(b + 12) = put16(h->type);
}

/* RFC 1112 6.4: 01-00-5E and the low 23 bits of the group. */
static inline struct mac ether_multicast(uint32_t group)
{
	return (struct mac){
		{0x01, 0x00, 0x5e, (uint8_t)(group >> 16 & 0x7f), (uint8_t)(group >> 8), (uint8_t)group}};
}

#endif
