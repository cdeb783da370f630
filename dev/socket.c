/* SPDX-License-Identifier: MIT */
/* The device behind --socket. */
#include "dev/socket.h"

#include "dev/seqpacket.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { GREETING_MS = 200 };

struct socket_dev {
	struct dev dev;
	struct seqpacket far;
};

static struct socket_dev *socket_of(struct dev *d)
{
	return CONTAINER_OF(d, struct socket_dev, dev);
}

static void xmit(struct dev *d, struct pkt *p)
{
	seqpacket_send(&socket_of(d)->far, p, dev_drop_tx);
}

static void far_end_gone(struct dev *d)
{
	dev_set_carrier(d, false);
}

/* What cannot be an address changes nothing. */
static void take_address(struct dev *d, struct mac m)
{
	(void)dev_set_mac(d, m);
}

static void free_socket(struct dev *d)
{
	seqpacket_close(&socket_of(d)->far);
	free(socket_of(d));
}

static const struct dev_ops ops = {.kind = "socket", .xmit = xmit, .free = free_socket};

static int connect_to(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	int err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* A macvtap tells the address at once; so the device has it before the first frame leaves. Others may say nothing. */
static struct mac greeting(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct mac m = MAC_ZERO;

	if (poll(&p, 1, GREETING_MS) == 1 && recv(fd, m.b, sizeof(m.b), MSG_PEEK | MSG_TRUNC) == sizeof(m.b))
		return mac_is_group(m) ? MAC_ZERO : m;
	return MAC_ZERO;
}

int socket_create(struct stack *s, const char *name, const char *path, struct mac mac)
{
	struct socket_dev *sd = calloc(1, sizeof(*sd));
	int fd = sd ? connect_to(path) : -ENOMEM;

	if (fd < 0) {
		free(sd);
		return fd;
	}
	dev_init(&sd->dev, &ops, DEV_ETHER);
	sd->dev.mac = mac_is_zero(mac) ? greeting(fd) : mac;
	sd->far = (struct seqpacket){.dev = &sd->dev,
		.fd = -1,
		.input = dev_input,
		.address = mac_is_zero(mac) ? take_address : NULL,
		.closed = far_end_gone};
	int err = dev_register(s, &sd->dev, name);
	if (err) {
		close(fd);
		free(sd);
		return err;
	}
	seqpacket_start(&sd->far, fd);
	return 0;
}
