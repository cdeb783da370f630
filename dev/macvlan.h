/* SPDX-License-Identifier: MIT */
/*
 * macvlan: devices with MAC addresses of their own that share one lower device, as Linux's driver has them. The mode
 * of each says whom it talks to:
 *
 *   bridge    siblings in bridge mode directly, inside the lower device; everybody else by the wire
 *   vepa      only the wire, and what a hairpin switch sends back, siblings included (802.1Qbg); the default
 *   private   only the wire; a broadcast of its own that comes back reaches no sibling
 *   passthru  is alone on its lower device, shares its MAC address and gets all its frames
 *   source    hears by the sender's MAC address, which is on its list, and not by its own
 *
 * The lower device's own host never hears its macvlans, nor they it: their frames for it leave by the wire.
 */
#ifndef DEV_MACVLAN_H
#define DEV_MACVLAN_H

#include "dev/kinds.h"

enum macvlan_mode {
	MACVLAN_VEPA,
	MACVLAN_PRIVATE,
	MACVLAN_BRIDGE,
	MACVLAN_PASSTHRU,
	MACVLAN_SOURCE,
	MACVLAN_MODES
};

extern const char *const macvlan_mode_names[MACVLAN_MODES];

enum macvlan_flag {
	MACVLAN_NOPROMISC = 1 << 0, /* passthru: the lower device does not go promiscuous */
	MACVLAN_NODST = 1 << 1,	    /* source: a frame whose sender is on the list goes to nobody else */
};

enum { MACVLAN_BCQUEUELEN_DEFAULT = 1000 };

/* dev_config.details. */
struct macvlan_config {
	enum macvlan_mode mode;
	unsigned flags; /* enum macvlan_flag */
	uint32_t bcqueuelen;
	const struct mac *sources;
	size_t source_count;
	const char *socket_directory; /* macvtap: where its socket is to be */
};

#define MACVLAN_CONFIG_DEFAULT ((struct macvlan_config){.bcqueuelen = MACVLAN_BCQUEUELEN_DEFAULT})

/* On config->lower, or on what that stands on where it is a macvlan itself. Besides dev_register()'s: -EINVAL (lower
 * is no Ethernet device, MTU above the lower's, sources without source mode, a passthru device that would not be
 * alone), -EBUSY (lower is a port of a bridge or hub), -EADDRNOTAVAIL (group or zero MAC), -EMLINK. */
int macvlan_create(struct stack *s, const char *name, const struct dev_config *config);

/* The same, but its frames go to another process by a socket in details->socket_directory, and from there; while
 * nobody is connected, the device has no carrier. Besides macvlan_create()'s: -EINVAL (no directory), -errno of
 * bind(). */
int macvtap_port_create(struct stack *s, const char *name, const struct dev_config *config);

/* The path of the socket; NULL: it is no such device. */
const char *macvtap_port_path(const struct dev *d);

/* Is it of this kind (or a macvtap)? All below wants such a device. */
bool macvlan_is(const struct dev *d);

enum macvlan_mode macvlan_mode(const struct dev *d);
unsigned macvlan_flags(const struct dev *d);

/* -EINVAL: into passthru, or out of it. What leaves source mode loses its list. */
int macvlan_set_mode(struct dev *d, enum macvlan_mode mode);
void macvlan_set_flags(struct dev *d, unsigned flags);

/* How many broadcasts of the wire may wait, as asked for by this device, and as the lower device has it: the most any
 * asks for. Ours never wait; but where nobody wants a queue, no broadcast of the wire comes in. */
uint32_t macvlan_bcqueuelen(const struct dev *d);
uint32_t macvlan_bcqueuelen_used(const struct dev *d);
void macvlan_set_bcqueuelen(struct dev *d, uint32_t len);

/* The list of senders. -EINVAL: not in source mode; -EADDRNOTAVAIL: a group or zero. Adding what is there and deleting
 * what is not is no error. */
int macvlan_source_add(struct dev *d, struct mac m);
int macvlan_source_del(struct dev *d, struct mac m);
int macvlan_source_set(struct dev *d, const struct mac *macs, size_t count); /* these and no others */
size_t macvlan_source_count(const struct dev *d);

/* Calls fn for each of the list, in the order they came. */
void macvlan_source_each(const struct dev *d, void (*fn)(void *ctx, struct mac m), void *ctx);

#endif
