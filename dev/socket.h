/* SPDX-License-Identifier: MIT */
/* A device whose other end is a program behind a UNIX socket: a macvtap of another tapir, or anything. */
#ifndef DEV_SOCKET_H
#define DEV_SOCKET_H

#include "net/dev.h"

/* Connects to the socket at `path` (dev/seqpacket.h says what goes by it). The device is `name` on host `s`; its MAC
 * address is `mac` (zero: the one that the other end tells it; failing that, a random one). It ends, without carrier,
 * when the other end does. 0, or -errno of connect(), -ENAMETOOLONG, or of dev_register(): nothing was made. */
int socket_create(struct stack *s, const char *name, const char *path, struct mac mac);

#endif
