/* SPDX-License-Identifier: MIT */
/* macvtap: a macvlan of the machine whose frames come and go by a character device. */
#ifndef DEV_MACVTAP_H
#define DEV_MACVTAP_H

#include "net/dev.h"

/* Attaches to the machine's macvtap interface `ifname`, which must exist. The device is `name` on host `s`
 * and has the interface's MAC address, or `mac` (not zero), which the interface gets too. Sets the interface
 * up and all-multicast where that is allowed. 0, or -errno with the reason, and what to do about it, in
 * `why`: nothing was made. */
int macvtap_create(
	struct stack *s, const char *name, const char *ifname, struct mac mac, char *why, size_t room);

#endif
