/* SPDX-License-Identifier: MIT */
/*
 * The addresses that a DHCP server gives out, and who has them. As many entries as addresses, made once: nothing a
 * client does makes it grow.
 */
#ifndef APP_DHCP_POOL_H
#define APP_DHCP_POOL_H

#include "app/dhcp_msg.h"

enum { DHCP_POOL_MAX = 4096, DHCP_FIXED_MAX = 64, DHCP_NAME_LEN = 64 };

enum dhcp_entry_state {
	DHCP_ENTRY_FREE,      /* nobody's, or expired; `id` had it last */
	DHCP_ENTRY_OFFERED,   /* kept for `id` for a while */
	DHCP_ENTRY_LEASED,    /* to `id` */
	DHCP_ENTRY_ABANDONED, /* another host was seen with it */
};

struct dhcp_entry {
	uint32_t addr;
	uint8_t state;	    /* enum dhcp_entry_state, until */
	uint64_t until_ns;  /* TIMER_NEVER: for ever; FREE: since then */
	uint64_t probed_ns; /* when it was last seen to be free, by ARP; 0: never */
	struct mac mac;
	struct dhcp_octets id; /* the client's identifier; empty: nobody had it yet */
	char name[DHCP_NAME_LEN];
	bool fixed; /* for `mac` alone */
};

struct dhcp_pool {
	struct dhcp_entry *entries;
	size_t count, room;
};

/* Addresses from `first` to `last`. -EINVAL (in the wrong order, more than DHCP_POOL_MAX), -ENOMEM */
int dhcp_pool_init(struct dhcp_pool *p, uint32_t first, uint32_t last);
void dhcp_pool_exit(struct dhcp_pool *p);

/* `addr`, in the range or not, is for this client only. -EEXIST (address or client has been named before), -ENOSPC */
int dhcp_pool_fix(struct dhcp_pool *p, struct mac mac, uint32_t addr, const char *name);

/* This address is given to nobody. */
void dhcp_pool_reserve(struct dhcp_pool *p, uint32_t addr);

/* The entry of an address, or that a client has or had last; NULL. */
struct dhcp_entry *dhcp_pool_at(const struct dhcp_pool *p, uint32_t addr);
struct dhcp_entry *dhcp_pool_of(const struct dhcp_pool *p, const struct dhcp_octets *id);

/* The state at `now`: what has expired is FREE. */
enum dhcp_entry_state dhcp_entry_state(const struct dhcp_entry *e, uint64_t now);

/* May this client have the entry? */
bool dhcp_entry_is_for(
	const struct dhcp_entry *e, const struct dhcp_octets *id, struct mac mac, uint64_t now);

/* The one for a client (RFC 2131 4.3.1): its fixed one; the one that it has or had; `wanted`, if that is free; the one
 * that has been free longest. NULL: there is none. */
struct dhcp_entry *dhcp_pool_choose(const struct dhcp_pool *p, const struct dhcp_octets *id, struct mac mac,
	uint32_t wanted, uint64_t now);

#endif
