/* SPDX-License-Identifier: MIT */
/*
 * What `ip link` knows of a kind of device besides dev/kinds.h: the words that follow "type KIND", and what
 * `ip -d link` shows. One file for each kind that has something to say, and one table.
 */
#ifndef SHELL_LINKKIND_H
#define SHELL_LINKKIND_H

#include "dev/kinds.h"
#include "shell/buf.h"
#include "shell/ipcmd.h"

/* What `ip link add` makes, as far as it was read. */
struct link_recipe {
	const char *name, *type;
	struct stack *netns; /* where */
	struct dev_config config;
	bool up;
};

/* Functions return the exit status, after having said what is wrong. Any but the name may be NULL. */
struct link_kind {
	const char *name;
	/* Reads what follows "type KIND", sets config.details, and calls link_make(). NULL: nothing may follow. */
	int (*add)(struct ipcmd *ip, struct link_recipe *r);
	/* `ip link set DEV type KIND ...`: reads what follows, and does it. */
	int (*change)(struct ipcmd *ip, struct dev *d);
	/* Fields of "info_data", each followed by a space. */
	void (*print)(struct ipcmd *ip, const struct dev *d);
	/* The same for a port of such a device: "info_slave_data". */
	void (*print_port)(struct ipcmd *ip, const struct dev *port);
	/* Adds the words after "type KIND" that make the same device again, and nothing where the defaults do. */
	void (*save)(struct buf *b, const struct dev *d);
	/* The same for a port of such a device, after "type KIND_slave": each word after a space. */
	void (*save_port)(struct buf *b, const struct dev *port);
	/* Adds whole lines, commands for the host of the device, for when it has its ports. */
	void (*save_lines)(struct buf *lines, const struct dev *d);
	/* Its MAC address (else its MTU) comes from its ports, and is not to be set. */
	bool (*follows_ports)(const struct dev *d, bool mac);
	const char *usage;	  /* what may follow "type KIND" */
	const char *const *words; /* for completion; ends with NULL */
};

/* Ends with NULL. Kinds that are not in it take no words. */
extern const struct link_kind *const link_kinds[];

const struct link_kind *link_kind_by_name(const char *name); /* or NULL */

/* Makes the device, sets it up where that was asked for, and says what the kernel would. */
int link_make(struct ipcmd *ip, const struct link_recipe *r);

/* Reads the options that every device has (name, address, mtu ...). A bare word is the name while there is none.
 * Stops behind "type KIND". */
int link_read_common(struct ipcmd *ip, struct link_recipe *r);

/* Says how `type KIND` is used. */
int link_kind_usage(struct ipcmd *ip, const char *kind);

extern const struct link_kind link_bridge, link_bridge_slave, link_ipvlan, link_macvlan, link_macvtap,
	link_veth, link_vlan;

#endif
