/* SPDX-License-Identifier: MIT */
/* TAP (Ethernet frames) and TUN (IP packets) devices of the machine. */
#ifndef DEV_TAP_H
#define DEV_TAP_H

#include "net/dev.h"

struct tap_config {
	bool is_tun;
	bool is_plain; /* without virtio headers: super-frames are cut, and no checksum is left to the other end */
	struct mac mac; /* zero: random; no meaning for tun */
};

/* Attaches to the machine's interface `ifname`, or makes it; its other end is the kernel's. The device is
 * `name` on host `s`. Needs /dev/net/tun, and CAP_NET_ADMIN unless the interface belongs to the user. 0, or -errno of
 * open("/dev/net/tun"), TUNSETIFF or dev_register(): nothing was made. */
int tap_create(struct stack *s, const char *name, const char *ifname, struct tap_config config);

/* A bare descriptor (it does not block) on such an interface, for who is no device. Or -errno. */
int tap_open(const char *ifname, const struct tap_config *config);

#endif
