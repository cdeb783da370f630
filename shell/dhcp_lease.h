/* SPDX-License-Identifier: MIT */
/* What dhclient-script does on Linux: an address from DHCP, and all that was told with it, set on a device and its host,
 * and taken away again. */
#ifndef SHELL_DHCP_LEASE_H
#define SHELL_DHCP_LEASE_H

#include "app/dhcp_lease.h"

struct dev;

/* 0, or -errno of the first thing that could not be set; the rest is. What is there already stays. */
int dhcp_lease_set(struct dev *d, const struct dhcp_lease *l);
void dhcp_lease_unset(struct dev *d, const struct dhcp_lease *l);

#endif
