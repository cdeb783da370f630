/* SPDX-License-Identifier: MIT */
/*
 * The floor: the least program that can answer a ping on a TAP device. It reads a frame, swaps the addresses,
 * turns the request into a reply and writes it back; it answers ARP for every address; it checks nothing.
 * What a stack takes longer than this is its own.
 *
 *	floor TAPNAME [vnet] [wait]
 *
 * vnet: with a virtio header before each frame. wait: epoll_wait() before each read, as any program must that
 * has something else to listen to; without it, read() itself sleeps.
 */
#include "net/wire_arp.h"
#include "net/wire_icmp.h"
#include "net/wire_ip.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct mac own = {{2, 0, 0, 0, 0, 1}};

static int open_tap(const char *name, bool vnet)
{
	struct ifreq ifr = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (vnet ? IFF_VNET_HDR : 0))};
	int fd = open("/dev/net/tun", O_RDWR);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0) {
		perror(name);
		exit(2);
	}
	return fd;
}

static bool answer_arp(uint8_t *frame, size_t len)
{
	struct arp_msg m;

	if (arp_parse(frame + ETHER_HDR_LEN, len - ETHER_HDR_LEN, &m) || m.op != ARP_OP_REQUEST)
		return false;
	struct arp_msg reply = {.op = ARP_OP_REPLY, .sha = own, .spa = m.tpa, .tha = m.sha, .tpa = m.spa};
	arp_emit(frame + ETHER_HDR_LEN, &reply);
	ether_emit(frame, &(struct ether_hdr){m.sha, own, ETHERTYPE_ARP});
	return true;
}

static bool answer_echo(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + ETHER_HDR_LEN, *icmp = ip + IP_HDR_LEN, mac[6];
	be32 addr;

	if (len < ETHER_HDR_LEN + IP_HDR_LEN + ICMP_HDR_LEN || ip[9] != IP_PROTO_ICMP || icmp[0] != ICMP_ECHO)
		return false;
	memcpy(mac, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
	memcpy(&addr, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4);
	memcpy(ip + 16, &addr, 4);
	icmp[0] = ICMP_ECHO_REPLY;
	*(be16 *)(icmp + 2) = put16(csum_update(get16(*(be16 *)(icmp + 2)), ICMP_ECHO << 8, 0));
	return true;
}

static bool has_word(char **argv, const char *word)
{
	while (*argv && strcmp(*argv, word) != 0)
		argv++;
	return *argv;
}

int main(int argc, char **argv)
{
	static uint8_t buf[70000];
	bool vnet = has_word(argv, "vnet"), wait = has_word(argv, "wait");
	size_t skip = vnet ? sizeof(struct virtio_net_hdr) : 0;

	if (argc < 2) {
		fprintf(stderr, "Usage: floor TAPNAME [vnet] [wait]\n");
		return 2;
	}
	int fd = open_tap(argv[1], vnet), epoll = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN};
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	for (;;) {
		if (wait)
			epoll_wait(epoll, &ev, 1, -1);
		ssize_t n = read(fd, buf, sizeof(buf));
		size_t len = n < (ssize_t)(skip + ETHER_HDR_LEN) ? 0 : (size_t)n - skip;
		uint8_t *frame = buf + skip;
		if (n < 0)
			return 1;
		memset(buf, 0, skip);
		if (len && (answer_echo(frame, len) || answer_arp(frame, len)) &&
			write(fd, buf, (size_t)n) != n)
			return 1;
	}
}
