/* SPDX-License-Identifier: MIT */
/*
 * A DHCP client for one device (RFC 2131 4.4): gets an address, keeps it by renewing, and says when it must not be
 * used any more. It sets nothing itself: whoever owns it does, on the events BOUND and LOST.
 */
#ifndef APP_DHCP_CLIENT_H
#define APP_DHCP_CLIENT_H

#include "app/dhcp_lease.h"
#include "lib/loop.h"
#include "net/sock.h"

struct dhcp_client;

enum {
	DHCP_TIMEOUT_S = 60, /* so long somebody may take to offer something */
	DHCP_RETRY_S = 300,  /* then it is silent so long, and tries again */
};

struct dhcp_client_config {
	int ifindex; /* of an Ethernet device that is up */
	struct mac mac;
	uint16_t mtu;
	const char *hostname; /* told to the server; NULL: not */
	uint32_t remembered;  /* the address of a lease it had before (INIT-REBOOT); 0: none */
	unsigned timeout_s;   /* DHCP_TIMEOUT_S */
	bool once;	      /* is done when nobody offers an address in time */
	bool no_probe;	      /* takes the address without looking for another host that has it */
};

enum dhcp_client_what {
	DHCP_CLIENT_SENT,   /* type, addr, peer (where to), interval_s (DISCOVER: until the next one) */
	DHCP_CLIENT_HEARD,  /* type, addr, peer (the server), text */
	DHCP_CLIENT_CANNOT, /* sending failed: error. It goes on trying */
	DHCP_CLIENT_TAKEN,  /* another host has the address: addr, mac */
	DHCP_CLIENT_BOUND,  /* lease: use it from now on; `renewed`: it is the address in use */
	DHCP_CLIENT_LOST,   /* lease: its address must not be used any more */
	DHCP_CLIENT_SILENT, /* nobody offers an address; `last`: it will not try again */
	DHCP_CLIENT_DONE, /* the last of all: dhcp_client_free() may be called from it, and from no other. error: 0,
			       ETIMEDOUT (once), ENODEV (the device went away) */
};

struct dhcp_client_event {
	enum dhcp_client_what what;
	enum dhcp_type type;
	uint32_t addr, peer;
	uint32_t server; /* a REQUEST after an offer: whose it was */
	struct mac mac;
	unsigned interval_s;
	uint64_t now_ns;
	const struct dhcp_lease *lease;
	bool renewed, last;
	int error;
	const char *text; /* what a server said with its NAK; "" */
};

typedef void dhcp_client_fn(struct dhcp_client *c, const struct dhcp_client_event *e, void *ctx);

/* NULL with errno; *step names what failed. `hostname` is copied. */
struct dhcp_client *dhcp_client_new(struct loop *l, struct stack *s, const struct dhcp_client_config *cfg,
	dhcp_client_fn *fn, void *ctx, const char **step);
void dhcp_client_start(struct dhcp_client *c);

/* The address, if it has one, is LOST, and then comes DONE, before it returns. With `tell_server` the server learns that
 * it is free (RELEASE). Not from inside an event. */
void dhcp_client_stop(struct dhcp_client *c, bool tell_server);
void dhcp_client_free(struct dhcp_client *c);

/* The lease in use, or NULL. */
const struct dhcp_lease *dhcp_client_lease(const struct dhcp_client *c);

/* Messages that were not listened to, for this reason. */
uint64_t dhcp_client_ignored(const struct dhcp_client *c, enum dhcp_verdict why);

#endif
