/* SPDX-License-Identifier: MIT */
/* The ARP message for Ethernet and IPv4 (RFC 826). */
#ifndef NET_WIRE_ARP_H
#define NET_WIRE_ARP_H

#include "net/wire_ether.h"

enum { ARP_LEN = 28, ARP_HTYPE_ETHER = 1 };
enum {
	ARP_OP_REQUEST = 1,
	ARP_OP_REPLY = 2,
	ARP_OP_REVERSE_REQUEST = 3, /* RFC 903, as the next; we only know their names */
	ARP_OP_REVERSE_REPLY = 4,
};

struct arp_msg {
	uint16_t op;
	struct mac sha; /* sender hardware address */
	uint32_t spa;	/* sender protocol address */
	struct mac tha;
	uint32_t tpa;
};

/* The checks in the order of RFC 826: types and lengths before anything else. */
static inline enum drop_reason arp_parse(const uint8_t *b, size_t len, struct arp_msg *m)
{
	if (len < 8)
		return DROP_ARP_SHORT;
	if (get16(*(const be16 *)b) != ARP_HTYPE_ETHER || get16(*(const be16 *)(b + 2)) != ETHERTYPE_IP)
		return DROP_ARP_BAD_TYPE;
	if (b[4] != 6 || b[5] != 4)
		return DROP_ARP_BAD_LENGTHS;
	if (len < ARP_LEN)
		return DROP_ARP_SHORT;
	m->op = get16(*(const be16 *)(b + 6));
	memcpy(m->sha.b, b + 8, 6);
	m->spa = get32(*(const be32 *)(b + 14));
	memcpy(m->tha.b, b + 18, 6);
	m->tpa = get32(*(const be32 *)(b + 24));
	return m->op == ARP_OP_REQUEST || m->op == ARP_OP_REPLY ? DROP_NONE : DROP_ARP_BAD_OPCODE;
}

/* `b` has ARP_LEN bytes. */
static inline void arp_emit(uint8_t *b, const struct arp_msg *m)
{
	*(be16 *)b = put16(ARP_HTYPE_ETHER);
	*(be16 *)(b + 2) = put16(ETHERTYPE_IP);
	b[4] = 6;
	b[5] = 4;
	*(be16 *)(b + 6) = put16(m->op);
	memcpy(b + 8, m->sha.b, 6);
	*(be32 *)(b + 14) = put32(m->spa);
	memcpy(b + 18, m->tha.b, 6);
	*(be32 *)(b + 24) = put32(m->tpa);
}

#endif
