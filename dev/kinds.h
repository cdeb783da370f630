/* SPDX-License-Identifier: MIT */
/* The devices that `ip link add type KIND` can make, in one table, and lo. */
#ifndef DEV_KINDS_H
#define DEV_KINDS_H

#include "net/dev.h"

/* What may be said at creation. Zero: not said. Unused fields must be zero for kinds that have no use for
 * them. */
struct dev_config {
	struct mac mac;
	uint32_t mtu;
	struct dev *lower; /* the device to stand on, for kinds that do: `link DEV`; maybe on another host */
	const void *details; /* what the kind's own header describes; NULL: its defaults */
	/* veth: the other end */
	const char *peer_name;	  /* NULL: "veth%d" */
	struct stack *peer_stack; /* NULL: the same host */
	struct mac peer_mac;
	uint32_t peer_mtu; /* 0: as mtu */
};

struct dev_kind {
	const char *name; /* "veth" */
	const char *about;
	const char *name_pattern; /* for `ip link add type veth` without a name: "veth%d" */
	bool has_lower;
	/* 0, or -errno of dev_register(), -EINVAL, -ENOMEM: nothing was made. */
	int (*create)(struct stack *s, const char *name, const struct dev_config *config);
};

/* Ends with a NULL name. */
extern const struct dev_kind dev_kinds[];

const struct dev_kind *dev_kind_by_name(const char *name);

/* For stack_new(): lo, down, as in a new network namespace. It gets 127.0.0.1/8 when it comes up. 0 or
 * -errno. */
int loopback_create(struct stack *s);

int veth_create(struct stack *s, const char *name, const struct dev_config *config);
int dummy_create(struct stack *s, const char *name, const struct dev_config *config);
int hub_create(struct stack *s, const char *name, const struct dev_config *config);

#endif
