/* SPDX-License-Identifier: MIT */
/*
 * A protocol, to the rest of the house: one const struct in one table (inet.c). Adding a protocol is one
 * folder and one line there.
 */
#ifndef NET_PROTO_H
#define NET_PROTO_H

#include "net/netif.h"

struct pkt;
struct sock_ops;
struct stack;
struct ip_hdr;

/* An ICMP error that came back about a packet this host sent (RFC 1122 3.2.2). */
struct icmp_note {
	uint8_t type, code;
	uint32_t info;		     /* next-hop MTU, or pointer; 0: none */
	uint32_t from;		     /* who sent the error */
	const struct ip_hdr *quoted; /* the header of our packet, parsed */
	const uint8_t *payload;	     /* what followed it, */
	size_t payload_len;	     /* so many bytes, maybe 0 */
	int error;		     /* as errno: EHOSTUNREACH, ECONNREFUSED, EMSGSIZE ... */
	bool fatal;		     /* a hard error, as Linux has them */
	const struct pkt *pkt; /* the ICMP packet, for traces and raw sockets; data at the ICMP header */
};

struct proto {
	const char *name;
	uint16_t ethertype;		 /* over the link layer: 0x0806; 0: not */
	uint8_t number;			 /* over IP: 1; 0: not */
	int (*init)(struct stack *s);	 /* 0 or -errno; may be NULL, as all that follow */
	void (*exit)(struct stack *s);	 /* every packet and timer back */
	int (*attach)(struct netif *n);	 /* a device came: 0 or -errno */
	void (*detach)(struct netif *n); /* it goes */
	void (*dev_event)(struct netif *n, enum dev_event ev);
	void (*addr_event)(
		struct netif_addr *a, bool gone);      /* added, changed (gone false), about to go (true) */
	void (*input)(struct stack *s, struct pkt *p); /* takes; data at this protocol's header */
	void (*note)(struct stack *s, const struct icmp_note *note);
	void (*sent_raw)(struct stack *s, const uint8_t *b, size_t len); /* a raw socket sends these octets */
	const struct sock_ops *sock_ops;				 /* for sock_open() */
	int sock_type;							 /* SOCK_DGRAM, ... */
};

#endif
