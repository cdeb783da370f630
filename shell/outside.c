/* SPDX-License-Identifier: MIT */
/* Devices whose other end is the machine's: TAP, TUN and macvtap all know their interface's name. */
#include "shell/outside.h"

#include "dev/fd.h"

#include <string.h>
#include <sys/ioctl.h>

bool outside_ifname(const struct dev *d, char ifname[IFNAMSIZ])
{
	const struct dev_fd *f = CONTAINER_OF((struct dev *)(uintptr_t)d, struct dev_fd, dev);
	struct ifreq r = {0};

	ifname[0] = '\0';
	if (d->ops->xmit != dev_fd_xmit)
		return false;
	if (f->fd >= 0 && ioctl(f->fd, TUNGETIFF, &r) == 0)
		memcpy(ifname, r.ifr_name, IFNAMSIZ);
	return true;
}
