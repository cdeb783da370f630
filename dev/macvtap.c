/* SPDX-License-Identifier: MIT */
/*
 * macvtap interfaces.
 *
 * The character device of interface number N is called /dev/tapN, but interfaces are numbered per network
 * namespace and /dev is shared: the node of that name may be another namespace's. What counts is the device
 * number in sysfs, and of sysfs the instance of this namespace, which /sys need not be (it shows the
 * namespace that mounted it). So root mounts one of its own, in a child, and opens a private node; others
 * compare /sys with what the namespace says itself, and the node with /sys. At the end the descriptor is
 * asked for the name and the address of its interface.
 *
 * The deletion of the interface does not show on the descriptor: no POLLHUP, writes succeed. So a netlink
 * socket tells that some interface changed, and then we look.
 */
#include "dev/macvtap.h"

#include "dev/fd.h"
#include "lib/text.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

struct macvtap {
	struct dev_fd f;
	struct watch links; /* netlink: some interface changed */
	char ifname[IFNAMSIZ];
	short added; /* IFF_UP, IFF_ALLMULTI: set by us, taken back at the end */
};

/* The machine's interface while it is being looked for. */
struct target {
	const char *ifname;
	unsigned ifindex;
	char *why;
	size_t room;
};

static int __attribute__((format(printf, 3, 4)))
because(const struct target *t, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(t->why, t->room, fmt, args);
	va_end(args);
	return err;
}

/* An ioctl about interface `ifname`, on a socket or on the device. 0 or -errno. */
static int request(int fd, const char *ifname, unsigned long what, struct ifreq *ifr)
{
	int sock = fd < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", ifname);
	int err = ioctl(fd < 0 ? sock : fd, what, ifr) < 0 ? -errno : 0;
	if (sock >= 0)
		close(sock);
	return err;
}

/* ---- the device number ---- */

/* A line of a file below /sys/class/net, or false. */
static bool read_line(const char *ifname, const char *file, char *line, size_t room)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", ifname, file);
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, (int)room, f);
	if (f)
		fclose(f);
	return ok;
}

/* From /sys as it is mounted. False: it is another namespace's, or the interface no macvtap. */
static bool number_from_sysfs(const struct target *t, dev_t *number)
{
	char file[32], line[64];
	unsigned major_number, minor_number;

	if (!read_line(t->ifname, "ifindex", line, sizeof(line)) || strtoul(line, NULL, 10) != t->ifindex)
		return false;
	snprintf(file, sizeof(file), "tap%u/dev", t->ifindex);
	if (!read_line(t->ifname, file, line, sizeof(line)))
		return false;
	if (sscanf(line, "%u:%u", &major_number, &minor_number) != 2)
		return false;
	*number = makedev(major_number, minor_number);
	return true;
}

/* Mounts /sys anew. EBUSY: it is the sysfs of this namespace already. */
static bool mount_sysfs(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		(mount("sysfs", "/sys", "sysfs", MS_RDONLY, NULL) == 0 || errno == EBUSY);
}

/* In a child with a mount namespace of its own. */
static void __attribute__((noreturn)) tell_number(const struct target *t, int fd)
{
	dev_t number;

	if (mount_sysfs()) {
		if (!number_from_sysfs(t, &number))
			number = 0;
		(void)!write(fd, &number, sizeof(number));
	}
	_exit(0);
}

/* From a sysfs of this namespace. False: the right to mount one is missing. *number 0: no macvtap. */
static bool number_from_own_sysfs(const struct target *t, dev_t *number)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return false;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		tell_number(t, fd[1]);
	close(fd[1]);
	bool told = read(fd[0], number, sizeof(*number)) == sizeof(*number);
	close(fd[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return told;
}

/* ---- the node ---- */

static int open_flags(void)
{
	return O_RDWR | O_NONBLOCK | O_CLOEXEC;
}

/* A descriptor by a node of our own, which is gone when this returns; or -errno. /tmp may be mounted without
 * devices. */
static int open_private_node(dev_t number)
{
	static const char *const places[] = {"/dev/tapir-XXXXXX", "/tmp/tapir-XXXXXX"};
	int fd = -EACCES;

	for (size_t i = 0; fd < 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		char dir[32], node[40];
		snprintf(dir, sizeof(dir), "%s", places[i]);
		if (!mkdtemp(dir))
			continue;
		snprintf(node, sizeof(node), "%s/tap", dir);
		fd = mknod(node, S_IFCHR | 0600, number) < 0 ? -1 : open(node, open_flags());
		fd = fd < 0 ? -errno : fd;
		unlink(node);
		rmdir(dir);
	}
	return fd;
}

static int explain_node(const struct target *t, const char *node, int err)
{
	if (err == -EACCES)
		return because(t, err,
			"%s may not be opened; as root: chown %u %s (or for good: echo "
			"'SUBSYSTEM==\"macvtap\", OWNER=\"%u\"' >/etc/udev/rules.d/70-tapir.rules)",
			node, getuid(), node, getuid());
	if (err == -ENOENT || err == -ENXIO)
		return because(t, err,
			"%s is not there, or is the interface of another network namespace: run tapir as "
			"root",
			node);
	return because(t, err, "%s: %s", node, strerror(-err));
}

/* A descriptor on the character device of the interface, or -errno with the reason. */
static int open_node(const struct target *t)
{
	char node[32];
	struct stat st;
	dev_t number;
	bool sure = number_from_own_sysfs(t, &number);

	if (sure && number == 0)
		return because(t, -EINVAL, "it is no macvtap interface");
	bool known = sure || number_from_sysfs(t, &number);
	snprintf(node, sizeof(node), "/dev/tap%u", t->ifindex);
	bool is_there = stat(node, &st) == 0 && S_ISCHR(st.st_mode) && (!known || st.st_rdev == number);
	int fd = is_there ? open(node, open_flags()) : -1;
	int err = fd >= 0 ? 0 : is_there ? -errno : -ENOENT;
	if (fd < 0 && known && getuid() == 0) {
		fd = open_private_node(number);
		err = MIN(fd, 0);
	}
	return err ? explain_node(t, node, err) : fd;
}

/* ---- the interface behind the descriptor ---- */

static bool is_same_interface(const struct target *t, int fd)
{
	struct ifreq here = {0}, there = {0};

	if (ioctl(fd, TUNGETIFF, &there) < 0 || strncmp(there.ifr_name, t->ifname, IFNAMSIZ) != 0)
		return false;
	return request(fd, t->ifname, SIOCGIFHWADDR, &there) == 0 &&
		request(-1, t->ifname, SIOCGIFHWADDR, &here) == 0 &&
		memcmp(here.ifr_hwaddr.sa_data, there.ifr_hwaddr.sa_data, sizeof(struct mac)) == 0;
}

static int configure_fd(int fd)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int len = 10;

	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &len) < 0 ||
		ioctl(fd, TUNSETOFFLOAD, DEV_FD_OFFLOADS) < 0)
		return -errno;
	return 0;
}

static int change_mac(int fd, const char *ifname, struct mac m)
{
	struct ifreq ifr = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};

	memcpy(ifr.ifr_hwaddr.sa_data, &m, sizeof(m));
	return request(fd, ifname, SIOCSIFHWADDR, &ifr);
}

/* Up and all-multicast, as far as that is allowed: without the right it is the administrator's to do. */
static int raise_interface(struct macvtap *m)
{
	struct ifreq ifr = {0};
	int err = request(-1, m->ifname, SIOCGIFFLAGS, &ifr);

	if (err)
		return err;
	m->added = (short)((IFF_UP | IFF_ALLMULTI) & ~ifr.ifr_flags);
	ifr.ifr_flags = (short)(ifr.ifr_flags | m->added);
	err = m->added ? request(-1, m->ifname, SIOCSIFFLAGS, &ifr) : 0;
	if (err)
		m->added = 0;
	return err == -EPERM ? 0 : err;
}

static void lower_interface(struct macvtap *m)
{
	struct ifreq ifr = {0};

	if (!m->added || request(-1, m->ifname, SIOCGIFFLAGS, &ifr) < 0)
		return;
	ifr.ifr_flags = (short)(ifr.ifr_flags & ~m->added);
	request(-1, m->ifname, SIOCSIFFLAGS, &ifr);
}

/* ---- the device ---- */

static struct macvtap *macvtap_of(struct dev *d)
{
	return CONTAINER_OF(dev_fd_of(d), struct macvtap, f);
}

static int set_mac(struct dev *d, struct mac mac)
{
	struct macvtap *m = macvtap_of(d);

	return m->f.fd < 0 ? -ENODEV : change_mac(m->f.fd, m->ifname, mac);
}

/* Some interface changed: is ours still there, and running? */
static void look(struct macvtap *m)
{
	struct ifreq ifr = {0};

	if (m->f.fd >= 0 && ioctl(m->f.fd, TUNGETIFF, &ifr) < 0)
		dev_fd_close(&m->f);
	if (m->f.fd >= 0 && request(-1, m->ifname, SIOCGIFFLAGS, &ifr) == 0)
		dev_set_carrier(&m->f.dev, (ifr.ifr_flags & IFF_UP) && (ifr.ifr_flags & IFF_RUNNING));
}

static void links_changed(struct watch *w, short revents)
{
	struct macvtap *m = CONTAINER_OF(w, struct macvtap, links);
	char message[4096];

	(void)revents;
	while (recv(w->fd, message, sizeof(message), MSG_DONTWAIT) > 0)
		;
	look(m);
}

static int open_links(void)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	int err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static void free_macvtap(struct dev *d)
{
	struct macvtap *m = macvtap_of(d);

	loop_unwatch(stack_loop(d->stack), &m->links);
	close(m->links.fd);
	if (m->f.fd >= 0)
		lower_interface(m);
	dev_fd_close(&m->f);
	free(m);
}

static const struct dev_ops macvtap_ops = {
	.kind = "macvtap",
	.xmit = dev_fd_xmit,
	.set_mac = set_mac,
	.free = free_macvtap,
};

static int prepare(struct macvtap *m, const struct target *t, int fd, struct mac mac)
{
	struct ifreq ifr = {0};

	if (!is_same_interface(t, fd))
		return because(t, -ENXIO,
			"/dev/tap%u is the interface of another network namespace; run tapir as root",
			t->ifindex);
	int err = configure_fd(fd);
	if (err)
		return because(t, err, "its device is refused: %s", strerror(-err));
	err = mac_is_zero(mac) ? 0 : change_mac(fd, t->ifname, mac);
	if (err)
		return because(t, err, "it does not take the address %s: %s", TEXT_MAC(mac), strerror(-err));
	err = raise_interface(m);
	if (err)
		return because(t, err, "it cannot be set up: %s%s", strerror(-err),
			err == -EADDRINUSE ? " (another interface of the same lower device has its MAC)"
					   : "");
	request(fd, t->ifname, SIOCGIFHWADDR, &ifr);
	memcpy(&m->f.dev.mac, ifr.ifr_hwaddr.sa_data, sizeof(m->f.dev.mac));
	if (request(-1, t->ifname, SIOCGIFMTU, &ifr) == 0)
		m->f.dev.mtu = (uint32_t)ifr.ifr_mtu;
	return 0;
}

/* Registers the device, watched. Takes both descriptors where it succeeds. */
static int attach(struct macvtap *m, struct stack *s, const char *name, int links)
{
	int err = dev_register(s, &m->f.dev, name);

	if (err)
		return err;
	dev_fd_start(&m->f);
	m->links = (struct watch){.fd = links, .events = POLLIN, .ready = links_changed};
	loop_watch(stack_loop(s), &m->links);
	look(m);
	return 0;
}

int macvtap_create(
	struct stack *s, const char *name, const char *ifname, struct mac mac, char *why, size_t room)
{
	struct target t = {ifname, if_nametoindex(ifname), why, room};

	if (t.ifindex == 0)
		return because(&t, -ENODEV,
			"there is no such interface; as root: ip link add link eth0 name %s type macvtap "
			"mode bridge "
			"(with your own interface for eth0)",
			ifname);
	struct macvtap *m = calloc(1, sizeof(*m));
	int links = m ? open_links() : -ENOMEM;
	int fd = links < 0 ? because(&t, links, "netlink: %s", strerror(-links)) : open_node(&t);
	int err = MIN(fd, 0);
	if (!err) {
		dev_fd_init(&m->f, &macvtap_ops, DEV_ETHER, fd);
		m->f.dev.min_frame = ETHER_MIN_LEN;
		snprintf(m->ifname, sizeof(m->ifname), "%s", ifname);
		err = prepare(m, &t, fd, mac);
	}
	if (!err) {
		err = attach(m, s, name, links);
		if (err)
			because(&t, err, "%s: %s", name, strerror(-err));
	}
	if (err) {
		if (m)
			lower_interface(m);
		if (fd >= 0)
			close(fd);
		if (links >= 0)
			close(links);
		free(m);
	}
	return err;
}
