/* SPDX-License-Identifier: MIT */
/* Linux's "cooked" header, version 2 (LINKTYPE_LINUX_SLL2): what captures of several devices at once have instead of
 * each one's own link header. */
#ifndef NET_WIRE_SLL2_H
#define NET_WIRE_SLL2_H

#include "net/wire_ether.h"

enum { SLL2_HDR_LEN = 20, SLL2_PROTOCOL_802_2 = 4 /* a length stood where the EtherType is */ };

/* What kind of device (ARPHRD_ of Linux). */
enum { SLL2_ETHER = 1, SLL2_LOOPBACK = 772, SLL2_NONE = 0xfffe };

struct sll2_hdr {
	uint16_t protocol; /* EtherType */
	uint32_t ifindex;
	uint16_t device; /* SLL2_* */
	uint8_t type;	 /* enum pkt_type */
	uint8_t addr_len;
	struct mac mac; /* of the sender, where addr_len is 6 */
};

static inline bool sll2_parse(const uint8_t *b, size_t len, struct sll2_hdr *h)
{
	if (len < SLL2_HDR_LEN)
		return false;
	h->protocol = get16(*(const be16 *)b);
	h->ifindex = get32(*(const be32 *)(b + 4));
	h->device = get16(*(const be16 *)(b + 8));
	h->type = b[10];
	h->addr_len = b[11];
	memcpy(h->mac.b, b + 12, 6);
	return true;
}

static inline void sll2_emit(uint8_t *b, const struct sll2_hdr *h)
{
	memset(b, 0, SLL2_HDR_LEN);
	*(be16 *)b = put16(h->protocol);
	*(be32 *)(b + 4) = put32(h->ifindex);
	*(be16 *)(b + 8) = put16(h->device);
	b[10] = h->type;
	b[11] = h->addr_len;
	memcpy(b + 12, h->mac.b, h->addr_len ? 6 : 0);
}

#endif
