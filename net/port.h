/* SPDX-License-Identifier: MIT */
/*
 * Local ports of UDP and TCP: who has which, who may share one, and which one is taken where the user leaves
 * the choice to us. The rules are Linux's; the choice is RFC 6056's. Every port is free to bind for everybody,
 * those below 1024 too.
 *
 * A protocol has one port_table per host, and puts a port_owner into each of its sockets (and, with TCP, into
 * whatever else holds a local port: connections without a socket, TIME-WAIT). A port with its owners is in the
 * table as long as it has any.
 */
#ifndef NET_PORT_H
#define NET_PORT_H

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/siphash.h"

struct stack;
struct port;
struct port_choice;

/* One who has a local port. All zero to begin with; `port` NULL: none. The owner fills in the other fields
 * before it binds, and may change them at any time while it has the port (connect() gives it an address,
 * SO_REUSEADDR is set late): conflicts are judged by what they are when somebody else binds. */
struct port_owner {
	struct list node; /* among the port's owners; private */
	struct port *port;
	uint32_t ip;	   /* host order; 0: every address */
	uint32_t dev : 28; /* ifindex it is bound to (SO_BINDTODEVICE); 0: any */
	bool reuseaddr : 1;
	bool reuseport : 1;
	bool listening : 1; /* set by port_listen() only */
	bool connects : 1;  /* has it by port_connect(), private */
};

struct port_table {
	struct stack *stack;
	struct hash ports;	    /* of struct port, by number */
	struct port_choice *choice; /* what the choice of ports needs, made with the first port */
	struct list nobody;	    /* the owners of a port that has none */
};

void port_table_init(struct port_table *t, struct stack *s);

/* Every owner must have released its port (assert). */
void port_table_exit(struct port_table *t);

/*
 * bind(): takes `number`; 0: one of net.ipv4.ip_local_port_range, at random (RFC 6056 3.3.1), that collides with
 * nobody. 0; -EADDRINUSE; -EINVAL: it has a port; -ENOMEM.
 *
 * Two owners collide when their addresses are the same or one has every address, and so with their devices,
 * unless both say REUSEADDR and neither listens, or both say REUSEPORT. UDP, where nobody listens, thus lets
 * two share a port by REUSEADDR alone.
 */
int port_bind(struct port_table *t, struct port_owner *o, uint16_t number);

/* listen(): the owner listens from now on. -EADDRINUSE: another one that it shares the port with by REUSEADDR
 * listens already. Again on a listener: 0. */
int port_listen(struct port_table *t, struct port_owner *o);

/*
 * connect() of an owner without a port (o->ip is its address): takes one of net.ipv4.ip_local_port_range that
 * depends on both addresses and the remote port and that outsiders cannot foretell (RFC 6056 3.3.4, double hash).
 * Ports that someone has by port_bind() are passed over; one that others have by port_connect() is taken too
 * where is_free(ctx, number) says that the connection o->ip:number > ip:remote_port is new. is_free() is not
 * asked about ports that nobody has. 0, -EADDRNOTAVAIL (all in use), -EINVAL (it has a port), -ENOMEM.
 */
int port_connect(struct port_table *t, struct port_owner *o, uint32_t ip, uint16_t remote_port,
	bool (*is_free)(void *ctx, uint16_t number), void *ctx);

/* Another owner of the port that `from` has: an accepted connection beside its listener, a TIME-WAIT entry that
 * takes the place of a connection. Nothing is asked; ip, dev, reuseaddr and reuseport are copied, listening not. */
void port_inherit(struct port_owner *o, const struct port_owner *from);

/* Gives the port back; none is nothing. The other fields but `listening` stay. */
void port_release(struct port_table *t, struct port_owner *o);

/* Its local port, 0: none. */
uint16_t port_number(const struct port_owner *o);

/* Those who have `number`, of struct port_owner by `node`, in the order they came; maybe empty. */
const struct list *port_owners(const struct port_table *t, uint16_t number);

#endif
