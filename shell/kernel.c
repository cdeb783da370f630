/* SPDX-License-Identifier: MIT */
/* The kernel's end: by ioctl (netdevice(7)) and /proc, which show the namespace that the process is in. /sys
 * would show the one it was mounted in. */
#include "shell/kernel.h"

#include "lib/text.h"
#include "net/wire_ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0 or -errno. */
static int request(unsigned long what, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 || ioctl(fd, what, ifr) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static int set_address(const char *ifname, unsigned long what, uint32_t addr)
{
	struct ifreq ifr = {0};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	return request(what, &ifr);
}

int kernel_set_up(const char *ifname)
{
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	int err = request(SIOCGIFFLAGS, &ifr);
	if (err)
		return err;
	ifr.ifr_flags |= IFF_UP;
	return request(SIOCSIFFLAGS, &ifr);
}

bool kernel_is_up(const char *ifname)
{
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	return request(SIOCGIFFLAGS, &ifr) == 0 && ifr.ifr_flags & IFF_UP;
}

int kernel_set_mac(const char *ifname, struct mac mac)
{
	struct ifreq ifr = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	memcpy(ifr.ifr_hwaddr.sa_data, mac.b, sizeof(mac.b));
	return request(SIOCSIFHWADDR, &ifr);
}

bool kernel_has(const char *ifname)
{
	return if_nametoindex(ifname) != 0;
}

uint32_t kernel_mtu(const char *ifname)
{
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	return request(SIOCGIFMTU, &ifr) == 0 && ifr.ifr_mtu > 0 ? (uint32_t)ifr.ifr_mtu : 0;
}

int kernel_configure(const char *ifname, uint32_t ip, uint8_t plen)
{
	int err = set_address(ifname, SIOCSIFADDR, ip);

	if (!err)
		err = set_address(ifname, SIOCSIFNETMASK, ip_mask(plen));
	if (!err)
		err = set_address(ifname, SIOCSIFBRDADDR, ip | ~ip_mask(plen));
	return err ? err : kernel_set_up(ifname);
}

void kernel_disable_ipv6(const char *ifname)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", ifname);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, "1", 1);
	close(fd);
}

/* One line of /proc/net/route: name, destination and mask (hexadecimal, as they lie in memory). */
static bool read_route(const char *line, char ifname[IFNAMSIZ], uint32_t *prefix, uint32_t *mask)
{
	unsigned dst, m, flags;

	if (sscanf(line, "%15s %x %*x %x %*d %*d %*d %x", ifname, &dst, &flags, &m) != 4)
		return false;
	*prefix = ntohl(dst);
	*mask = ntohl(m);
	return true;
}

bool kernel_routes(uint32_t ip, uint8_t plen, char *where, size_t room)
{
	FILE *f = fopen("/proc/net/route", "re");
	char line[256], ifname[IFNAMSIZ];
	uint32_t prefix, mask;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (!read_route(line, ifname, &prefix, &mask) || mask == 0)
			continue;
		found = ((prefix ^ ip) & mask & ip_mask(plen)) == 0;
		if (found)
			snprintf(where, room, "%s/%d dev %s", TEXT_IP(prefix), __builtin_popcount(mask),
				ifname);
	}
	if (f)
		fclose(f);
	return found;
}

long kernel_sysctl(const char *path)
{
	char file[128];
	long value = -1;

	snprintf(file, sizeof(file), "/proc/sys/%s", path);
	FILE *f = fopen(file, "re");
	if (f && fscanf(f, "%ld", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}
