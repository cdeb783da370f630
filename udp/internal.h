/* SPDX-License-Identifier: MIT */
/* What the files of udp/ share with each other and with nobody else. */
#ifndef UDP_INTERNAL_H
#define UDP_INTERNAL_H

#include "ip/ip.h"
#include "lib/text.h"
#include "net/port.h"
#include "net/sock.h"
#include "net/wire_icmp.h"
#include "net/wire_udp.h"
#include "udp/udp.h"

/* UDP's state on one host. */
struct udp {
	struct port_table ports;
	struct hash connected, bound; /* those that have a port, by their names (lookup.c) */
	struct siphash_key key;
	uint64_t made; /* sockets */
};

struct udp_sock {
	struct sock sk; /* local.port 0: none yet */
	struct port_owner port;
	struct hash *table; /* where it is found, by `link`; NULL: nowhere */
	struct hash_link link;
	uint64_t number;	 /* counts sockets: of two that are alike the later one hears */
	struct list memberships; /* group.c */
	int mc_if;		 /* ifindex to send multicasts by; 0: by the route */
	uint8_t mc_ttl;
	bool mc_loop;
	uint16_t segment; /* what is longer goes as datagrams of so many bytes; 0: as one */
};

static inline struct udp_sock *udp_sock(const struct sock *sk)
{
	return CONTAINER_OF((struct sock *)(uintptr_t)sk, struct udp_sock, sk);
}

/* ---- lookup.c ---- */

/* Both ends of a datagram, as the host sees it that has the local end. Host order. */
struct udp_names {
	uint32_t local_ip, remote_ip;
	uint16_t local_port, remote_port;
};

/* The socket's names have changed: finds it by them from now on. Without a port it is not found. 0, -ENOMEM (it is
 * not found). */
int udp_rehash(struct udp_sock *u);
void udp_unhash(struct udp_sock *u);

/*
 * Who gets a datagram between these ends that came by `ifindex` (0: whatever it is bound to). A socket that is
 * connected to the other end comes before one that is bound to the address, and that before one bound to the port
 * alone; among these one that is bound to the device comes first, then the latest; but
 * those that share by SO_REUSEPORT have each their part of all flows. NULL: nobody.
 */
struct udp_sock *udp_lookup(const struct udp *udp, const struct udp_names *names, int ifindex);

/* ---- sock.c ---- */

extern const struct sock_ops udp_sock_ops;

/* A port for a socket that has none. -EAGAIN: all are taken; -ENOMEM. */
int udp_autobind(struct udp_sock *u);

/* ---- input.c, note.c, output.c ---- */

void udp_input(struct stack *s, struct pkt *p);
void udp_note(struct stack *s, const struct icmp_note *note);
ssize_t udp_send(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to);

/* ---- group.c ---- */

int udp_group(struct sock *sk, uint32_t group, int ifindex, bool join);
void udp_leave_all(struct udp_sock *u);

#endif
