/* SPDX-License-Identifier: MIT */
/*
 * A small DHCP server for one network, on one device (RFC 2131 4.3). It looks by ARP whether an address is free before
 * it offers it; it forgets its leases when it ends, and believes clients that renew one it does not know while the
 * address is free.
 */
#ifndef APP_DHCP_SERVER_H
#define APP_DHCP_SERVER_H

#include "app/dhcp_pool.h"
#include "lib/loop.h"
#include "net/sock.h"

struct dhcp_server;

struct dhcp_server_config {
	int ifindex;
	struct mac mac;
	uint32_t addr; /* the server's own, on this device */
	uint32_t first, last;
	uint32_t lease_s;	   /* DHCP_INFINITE: for ever */
	struct dhcp_params params; /* for the clients; plen is that of the network too */
	bool no_probe;
};

/* What was heard or sent, and what became of it. */
struct dhcp_server_event {
	enum dhcp_type type;
	bool sent;
	enum dhcp_verdict verdict; /* of what was heard and is answered by nothing: why */
	uint32_t addr;		   /* asked for or given; 0: none */
	struct mac mac;
	const char *name; /* the client's; "" */
	int error;	  /* sending failed */
	bool gone;	  /* nothing follows: the device went away. dhcp_server_free() may be called */
};

typedef void dhcp_server_fn(struct dhcp_server *sv, const struct dhcp_server_event *e, void *ctx);

/* NULL with errno; *step names what failed. It serves until dhcp_server_free(). */
struct dhcp_server *dhcp_server_new(struct loop *l, struct stack *s, const struct dhcp_server_config *cfg,
	dhcp_server_fn *fn, void *ctx, const char **step);
void dhcp_server_free(struct dhcp_server *sv);

/* To be filled in before the first client comes (dhcp_pool_fix()), and to be looked at. */
struct dhcp_pool *dhcp_server_pool(struct dhcp_server *sv);

uint64_t dhcp_server_ignored(const struct dhcp_server *sv, enum dhcp_verdict why);

#endif
