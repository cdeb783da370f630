/* SPDX-License-Identifier: MIT */
/* A lease, as a client holds it. */
#ifndef APP_DHCP_LEASE_H
#define APP_DHCP_LEASE_H

#include "app/dhcp_msg.h"

struct rng;

enum { DHCP_LEASE_MIN_S = 10 /* shorter ones are not taken: they would end before the address is probed */ };

struct dhcp_lease {
	uint32_t addr, server;
	struct mac server_mac; /* of the server, or of the router it is behind */
	struct dhcp_params params;
	uint32_t lease_s;	       /* as granted, from when it was asked for */
	uint64_t t1_ns, t2_ns, end_ns; /* when to renew, to ask anybody, to stop; TIMER_NEVER */
};

/* What `m`, an offer or ACK that came from `from`, grants to one who asked at `asked_ns`. DHCP_FINE, or why it is no
 * lease: OTHER_SERVER (none is named), BAD_ADDRESS, BAD_LEASE. */
enum dhcp_verdict dhcp_lease_from(
	struct dhcp_lease *l, const struct dhcp_msg *m, struct mac from, uint64_t asked_ns, struct rng *r);

/* May a host have this address? */
bool dhcp_is_host(uint32_t addr);

#endif
