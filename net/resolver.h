/* SPDX-License-Identifier: MIT */
/* Whom the programs of a host ask for names: what /etc/resolv.conf says elsewhere. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "lib/bytes.h"

enum { RESOLVER_SERVERS = 3, RESOLVER_SEARCH_LEN = 256 };

struct resolver {
	uint32_t servers[RESOLVER_SERVERS]; /* in the order in which they are asked */
	unsigned count;
	char search[RESOLVER_SEARCH_LEN]; /* domains to try, with spaces between them */
	int ifindex;			  /* of the device by which this was learnt */
};

#endif
