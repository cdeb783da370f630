/* SPDX-License-Identifier: MIT */
/* Devices whose other end is the machine's. */
#ifndef SHELL_OUTSIDE_H
#define SHELL_OUTSIDE_H

#include "net/dev.h"

#include <net/if.h>

/* True for TAP, TUN and macvtap devices of the machine; `ifname` is then that of its interface, "" when that is gone. */
bool outside_ifname(const struct dev *d, char ifname[IFNAMSIZ]);

#endif
