/* SPDX-License-Identifier: MIT */
/* TAP and TUN devices (the kernel's Documentation/networking/tuntap.rst says what they are). */
#include "dev/tap.h"

#include "dev/fd.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void free_tap(struct dev *d)
{
	dev_fd_close(dev_fd_of(d));
	free(dev_fd_of(d));
}

static const struct dev_ops tap_ops = {.kind = "tap", .xmit = dev_fd_xmit, .free = free_tap};
static const struct dev_ops tun_ops = {.kind = "tun", .xmit = dev_fd_xmit, .free = free_tap};

/* Partial checksums and super-frames may come in where the offload fields carry them. An interface that outlives its
 * programs may have kept what another one said, and the length of its virtio header. */
static bool set_offloads(int fd, bool is_plain)
{
	int vnet_len = VNET_LEN;

	return (is_plain || ioctl(fd, TUNSETVNETHDRSZ, &vnet_len) == 0) &&
		ioctl(fd, TUNSETOFFLOAD, is_plain ? 0 : DEV_FD_OFFLOADS) == 0;
}

int tap_open(const char *ifname, const struct tap_config *config)
{
	int mode = (config->is_tun ? IFF_TUN : IFF_TAP) | (config->is_plain ? 0 : IFF_VNET_HDR);
	struct ifreq ifr = {.ifr_flags = (short)(mode | IFF_NO_PI)};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	strncpy(ifr.ifr_name, ifname, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || !set_offloads(fd, config->is_plain)) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int tap_create(struct stack *s, const char *name, const char *ifname, struct tap_config config)
{
	bool tap = !config.is_tun;

	if (strlen(ifname) >= IFNAMSIZ)
		return -EINVAL;
	struct dev_fd *f = calloc(1, sizeof(*f));
	int fd = f ? tap_open(ifname, &config) : -ENOMEM;
	if (fd < 0) {
		free(f);
		return fd;
	}
	dev_fd_init(f, tap ? &tap_ops : &tun_ops, tap ? DEV_ETHER : DEV_RAW, fd);
	if (config.is_plain)
		dev_fd_make_plain(f);
	f->dev.mac = tap ? config.mac : MAC_ZERO;
	f->dev.min_frame = tap ? ETHER_MIN_LEN : 0;
	f->dev.flags |= tap ? 0 : DEV_POINTOPOINT | DEV_MULTICAST;
	int err = dev_register(s, &f->dev, name);
	if (err) {
		close(fd);
		free(f);
		return err;
	}
	dev_fd_start(f);
	return 0;
}
