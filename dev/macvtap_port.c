/* SPDX-License-Identifier: MIT */
/*
 * macvtap inside tapir: a macvlan whose frames are another process's. That connects to the socket at a path which `ip
 * -d link` shows (dev/seqpacket.h says what goes by it); while it is connected the device has a carrier. One at a time.
 */
#include "dev/macvlan_table.h"
#include "dev/seqpacket.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATHS_TRIED = 100 };

struct macvtap_port {
	struct macvlan m;
	struct seqpacket far;
	int listener; /* -1: none */
	struct watch watch;
	struct sockaddr_un addr;
};

static const struct dev_ops ops;

static struct macvtap_port *port_of(const struct dev *d)
{
	return CONTAINER_OF(macvlan_of(d), struct macvtap_port, m);
}

const char *macvtap_port_path(const struct dev *d)
{
	return d->ops == &ops ? port_of(d)->addr.sun_path : NULL;
}

/* ---- frames ---- */

/* All that the macvlan gets goes to the far end; its own host sees nothing of it. */
static enum rx_verdict to_far_end(struct dev *d, struct pkt *p)
{
	seqpacket_send(&port_of(d)->far, p, dev_drop_rx);
	return RX_CONSUMED;
}

static void from_far_end(struct dev *d, struct pkt *p)
{
	struct ether_hdr h;
	enum drop_reason why = ether_parse(p->data, p->len, &h);

	if (!why && p->len > d->mtu + ETHER_HDR_LEN + VLAN_TAG_LEN)
		why = DROP_DEV_TOO_BIG;
	if (why)
		dev_drop_tx(d, p, why);
	else
		dev_output(d, p);
}

/* ---- the far end comes and goes ---- */

static void set_plugged(struct dev *d, bool plugged)
{
	d->unplugged = !plugged;
	dev_set_carrier(d, plugged && dev_is_running(d->lower));
}

static void far_end_gone(struct dev *d)
{
	set_plugged(d, false);
}

static void connected(struct watch *w, short revents)
{
	struct macvtap_port *port = CONTAINER_OF(w, struct macvtap_port, watch);
	int fd = accept4(port->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)revents;
	if (fd < 0)
		return;
	if (port->far.fd >= 0) {
		close(fd);
		return;
	}
	seqpacket_start(&port->far, fd);
	seqpacket_send_address(&port->far, port->m.dev.mac);
	set_plugged(&port->m.dev, true);
}

/* ---- the socket ---- */

/* Only its owner may connect. A path that is taken may be another process's, or what one left that crashed. */
static int bind_free_path(struct macvtap_port *port, const char *directory)
{
	struct sockaddr_un *a = &port->addr;
	const struct dev *d = &port->m.dev;

	a->sun_family = AF_UNIX;
	for (int i = 0; i < PATHS_TRIED; i++) {
		int len = snprintf(a->sun_path, sizeof(a->sun_path), i ? "%s/%d-%s-%s.%d" : "%s/%d-%s-%s",
			directory, (int)getpid(), d->stack->name, d->name, i);
		if (len >= (int)sizeof(a->sun_path))
			return -ENAMETOOLONG;
		if (fchmod(port->listener, S_IRUSR | S_IWUSR) == 0 &&
			bind(port->listener, (const struct sockaddr *)a, sizeof(*a)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -EADDRINUSE;
}

static int listen_at(struct macvtap_port *port, const char *directory)
{
	int fd = port->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = fd < 0 ? -errno : bind_free_path(port, directory);

	if (err) {
		port->addr.sun_path[0] = '\0'; /* it is not ours to remove */
		return err;
	}
	if (listen(fd, 1) < 0)
		return -errno;
	port->watch = (struct watch){.fd = fd, .events = POLLIN, .ready = connected};
	loop_watch(stack_loop(port->m.dev.stack), &port->watch);
	return 0;
}

static void stop_listening(struct macvtap_port *port)
{
	if (port->watch.ready)
		loop_unwatch(stack_loop(port->m.dev.stack), &port->watch);
	if (port->listener >= 0)
		close(port->listener);
	if (port->addr.sun_path[0])
		unlink(port->addr.sun_path);
}

/* ---- the device ---- */

static int set_mac(struct dev *d, struct mac mac)
{
	int err = macvlan_set_mac(d, mac);

	if (!err)
		seqpacket_send_address(&port_of(d)->far, mac);
	return err;
}

static void unregister(struct dev *d)
{
	seqpacket_close(&port_of(d)->far);
	stop_listening(port_of(d));
	macvlan_unregister(d);
}

static void free_port(struct dev *d)
{
	macvlan_table_leave(macvlan_of(d));
	free(port_of(d));
}

static const struct dev_ops ops = {.kind = "macvtap",
	.start = macvlan_start,
	.stop = macvlan_stop,
	.xmit = macvlan_xmit,
	.set_mac = set_mac,
	.set_mtu = macvlan_set_mtu,
	.rx_mode = macvlan_rx_mode,
	.event = macvlan_event,
	.unregister = unregister,
	.free = free_port};

int macvtap_port_create(struct stack *s, const char *name, const struct dev_config *config)
{
	const struct macvlan_config *details = config->details;

	if (!details || !details->socket_directory)
		return -EINVAL;
	struct macvtap_port *port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	port->listener = -1;
	port->far = (struct seqpacket){
		.dev = &port->m.dev, .fd = -1, .input = from_far_end, .closed = far_end_gone};
	int err = macvlan_register(&port->m, &ops, s, name, config);
	if (err) {
		free(port);
		return err;
	}
	set_plugged(&port->m.dev, false);
	dev_set_rx_handler(&port->m.dev, to_far_end, NULL);
	err = listen_at(port, details->socket_directory);
	if (err)
		dev_unregister(&port->m.dev);
	return err;
}
