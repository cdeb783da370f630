/* SPDX-License-Identifier: MIT */
/* The hosts that tapir starts with. */
#include "shell/setup.h"

#include "dev/kinds.h"
#include "dev/macvtap.h"
#include "dev/socket.h"
#include "dev/tap.h"
#include "ip/ip.h"
#include "lib/text.h"
#include "net/netif.h"
#include "net/wire_ip.h"
#include "shell/kernel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static int __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
	va_list args;

	fputs("tapir: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

/* ---- the machine ---- */

int setup_machine(const struct options *o, struct sandbox *b)
{
	*b = (struct sandbox){0};
	if (o->topology == TOPOLOGY_HOST && sandbox_check_host(b) < 0)
		return complain("--host: %s", b->why);
	if (o->topology == TOPOLOGY_SANDBOX && sandbox_enter(b) < 0)
		complain(
			"no sandbox: %s. Two hosts on a veth pair instead: h1 10.0.0.1, h2 10.0.0.2", b->why);
	return 0;
}

/* ---- addresses and routes ---- */

/* Up, with this address. */
static int configure(struct dev *d, struct options_addr a)
{
	struct netif_addr addr = {.local = a.ip, .peer = a.ip, .plen = a.plen, .scope = SCOPE_GLOBAL};

	if (a.plen < 31 && d->type == DEV_ETHER)
		addr.broadcast = a.ip | ~ip_mask(a.plen);
	memcpy(addr.label, d->name, sizeof(addr.label));
	int err = netif_addr_add(d->netif, &addr, NULL);
	if (!err)
		err = dev_set_up(d, true);
	return err ? complain("%s: address %s/%u: %s", d->name, TEXT_IP(a.ip), a.plen, strerror(-err)) : 0;
}

static int add_default_route(struct dev *d, uint32_t gateway)
{
	struct route r = {
		.type = ROUTE_UNICAST,
		.scope = SCOPE_NOWHERE,
		.origin = ROUTE_BY_BOOT,
		.gateway = gateway,
		.netif = d->netif,
	};
	int err = route_add(d->stack, &r, false);

	if (err == -ENETUNREACH)
		return complain(
			"%s: gateway %s is in the subnet of none of its addresses: give it one by --addr",
			d->name, TEXT_IP(gateway));
	if (err == -EEXIST)
		return complain("%s: there is a default route already: only one --gw", d->name);
	return err ? complain("%s: default route by %s: %s", d->name, TEXT_IP(gateway), strerror(-err)) : 0;
}

static struct stack *new_host(struct world *w, const char *name)
{
	struct stack *s = stack_new(w, name, loopback_create);

	if (!s)
		complain("host %s: %s", name, strerror(errno));
	else if (dev_set_up(s->lo, true) < 0)
		complain("%s: lo cannot be set up", name);
	return s;
}

/* ---- topologies ---- */

/* h1 with eth0 on tap0. */
static int join_kernel(struct stack *h1, struct sandbox *b)
{
	int err = tap_create(h1, "eth0", SANDBOX_IFNAME, (struct tap_config){0});

	if (err)
		sandbox_explain_tap(b, err);
	if (err || sandbox_configure(b) < 0)
		return complain("%s", b->why);
	struct dev *eth0 = dev_by_name(h1, "eth0");
	if (configure(eth0, (struct options_addr){SANDBOX_HOST_IP, SANDBOX_PLEN}) < 0)
		return -1;
	return add_default_route(eth0, SANDBOX_KERNEL_IP);
}

/* h1 and h2 joined by a veth pair, with the same addresses. */
static int join_second_host(struct stack *h1)
{
	struct stack *h2 = new_host(h1->world, "h2");
	struct dev_config config = {.peer_name = "eth0", .peer_stack = h2};

	if (!h2)
		return -1;
	int err = veth_create(h1, "eth0", &config);
	if (err)
		return complain("veth: %s", strerror(-err));
	if (configure(dev_by_name(h2, "eth0"), (struct options_addr){SANDBOX_KERNEL_IP, SANDBOX_PLEN}) < 0)
		return -1;
	return configure(dev_by_name(h1, "eth0"), (struct options_addr){SANDBOX_HOST_IP, SANDBOX_PLEN});
}

static int complain_tap(const struct options_device *d, int err)
{
	const char *mode = d->kind == DEVICE_TAP ? "tap" : "tun";
	struct sandbox b;

	if (err == -EPERM)
		return complain("--%s %s: needs root, or an interface made for you; as root: "
				"ip tuntap add dev %s mode %s user %u",
			mode, d->ifname, d->ifname, mode, getuid());
	if (err == -EBUSY)
		return complain("--%s %s: another program is attached to it", mode, d->ifname);
	if (err == -EINVAL)
		return complain(
			"--%s %s: there is an interface of this name, and it is no %s interface (or one "
			"with several queues)",
			mode, d->ifname, mode);
	sandbox_explain_tap(&b, err);
	return complain("--%s %s: %s", mode, d->ifname, b.why);
}

static int complain_socket(const char *path, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		return complain(
			"--socket %s: nobody is there; `ip -d link` of the tapir that has the macvtap shows "
			"the path",
			path);
	if (err == -EPROTOTYPE)
		return complain("--socket %s: a socket, but not of the type SOCK_SEQPACKET", path);
	return complain("--socket %s: %s", path, strerror(-err));
}

/* Makes the device; the interface of the machine is set up too where it is ours. */
static int create_device(struct stack *s, const struct options_device *d, const char *name)
{
	char why[512];
	bool existed = kernel_has(d->ifname);
	int err;

	if (d->kind == DEVICE_MACVTAP) {
		err = macvtap_create(s, name, d->ifname, d->mac, why, sizeof(why));
		return err ? complain("--macvtap %s: %s", d->ifname, why) : 0;
	}
	if (d->kind == DEVICE_SOCKET) {
		err = socket_create(s, name, d->ifname, d->mac);
		return err ? complain_socket(d->ifname, err) : 0;
	}
	struct tap_config config = {d->kind == DEVICE_TUN, d->is_plain, d->mac};
	err = tap_create(s, name, d->ifname, config);
	if (err)
		return complain_tap(d, err);
	if (!existed)
		kernel_set_up(d->ifname);
	return 0;
}

static int add_device(struct stack *s, const struct options_device *o, int number)
{
	char name[DEV_NAME_LEN];

	snprintf(name, sizeof(name), "%s%d", o->kind == DEVICE_TUN ? "tun" : "eth", number);
	if (create_device(s, o, name) < 0)
		return -1;
	struct dev *d = dev_by_name(s, name);
	uint32_t mtu = o->kind == DEVICE_SOCKET ? 0 : kernel_mtu(o->ifname);
	if (mtu)
		dev_set_mtu(d, mtu);
	for (unsigned i = 0; i < o->addr_count; i++)
		if (configure(d, o->addrs[i]) < 0)
			return -1;
	int err = dev_set_up(d, true);
	if (err)
		return complain("%s cannot be set up: %s", name, strerror(-err));
	return o->gateway ? add_default_route(d, o->gateway) : 0;
}

/* Ethernet devices are eth0, eth1 ..., the others tun0, tun1 ... */
static int add_devices(struct stack *s, const struct options *o)
{
	int ethers = 0, tuns = 0;

	for (unsigned i = 0; i < o->device_count; i++) {
		const struct options_device *d = &o->devices[i];
		if (add_device(s, d, d->kind == DEVICE_TUN ? tuns++ : ethers++) < 0)
			return -1;
	}
	return 0;
}

struct stack *setup_hosts(struct world *w, const struct options *o, struct sandbox *b)
{
	struct stack *h1 = new_host(w, "h1");
	int err = -1;

	if (!h1)
		return NULL;
	if (o->topology == TOPOLOGY_HOST || b->inside)
		err = join_kernel(h1, b);
	else if (o->topology == TOPOLOGY_SANDBOX)
		err = join_second_host(h1);
	else
		err = add_devices(h1, o);
	return err ? NULL : h1;
}

/* ---- the banner ---- */

void setup_banner(const struct options *o, const struct sandbox *b)
{
	printf("tapir " TAPIR_VERSION ", a TCP/IP stack of its own. ");
	if (o->seed_given || o->is_virtual)
		printf("Seed %llu.\n", (unsigned long long)o->seed);
	else
		printf("Seed %llu (by chance).\n", (unsigned long long)o->seed);
	if (o->topology == TOPOLOGY_HOST || b->inside)
		printf("h1 eth0 10.0.0.1 ---- tap0 10.0.0.2: the kernel, %s\n"
		       "Try: ping 10.0.0.2    !ping -c 3 10.0.0.1    !tcpdump -ni tap0 &    help\n",
			b->inside ? "in a network namespace of its own" : "in the namespace you are in");
	else if (o->topology == TOPOLOGY_SANDBOX)
		puts("h1 eth0 10.0.0.1 ---- eth0 10.0.0.2 h2\n"
		     "Try: ping 10.0.0.2    on h2 ip addr    help");
	else
		puts("Try: ip addr    help");
}
