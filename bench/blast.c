/* SPDX-License-Identifier: MIT */
/*
 * Frames to random addresses, as fast as the kernel takes them: the driver of the demux benchmark. Much more than the
 * other end can read, so what the device delivered is what the other end can do.
 *
 *	blast DEVICE ADDRESSES SECONDS	to 02:00:00:00:xx:xx, xxxx < ADDRESSES; prints how many were delivered, and in
 *						how many seconds
 *	blast DEVICE ADDRESSES SECONDS ip	IP packets to 10.1.x.x, there
 *	blast DEVICE ADDRESSES SECONDS router	IP packets to 10.1.x.x, by the router 02:00:00:00:00:00
 */
#include "net/wire_ether.h"
#include "net/wire_ip.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, LEN = 60 };
enum { TYPE = 0x88b5, PROTO = 253 }; /* for experiments: nobody answers */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t delivered(const char *dev)
{
	char path[100];
	unsigned long n = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/tx_packets", dev);
	FILE *f = fopen(path, "r");
	if (!f || fscanf(f, "%lu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static int open_device(const char *name)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), yes = 1;

	if (fd < 0 || !ll.sll_ifindex || bind(fd, (struct sockaddr *)&ll, sizeof(ll)) < 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) < 0)
		return -1;
	return fd;
}

/* Another number for each frame, the same ones in every run (xorshift). */
static uint32_t next(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* To the host of this number. */
static void fill(uint8_t *frame, bool ip, bool router, uint16_t number)
{
	struct ether_hdr e = {{{2, 0, 0, 0, 0, 0}}, {{2, 0xff, 0, 0, 0, 1}}, ip ? ETHERTYPE_IP : TYPE};
	struct ip_hdr h = {.src = 0xc0a80001,
		.dst = 0x0a010000 + number,
		.hdr_len = IP_HDR_LEN,
		.total_len = LEN - ETHER_HDR_LEN,
		.ttl = 64,
		.proto = PROTO};

	if (!router) {
		e.dst.b[4] = (uint8_t)(number >> 8);
		e.dst.b[5] = (uint8_t)number;
	}
	ether_emit(frame, &e);
	if (ip)
		ip_emit(frame + ETHER_HDR_LEN, &h);
}

int main(int argc, char **argv)
{
	static uint8_t frames[BATCH][LEN];
	static struct iovec iov[BATCH];
	static struct mmsghdr msgs[BATCH];
	bool router = argc == 5 && strcmp(argv[4], "router") == 0;
	bool ip = router || (argc == 5 && strcmp(argv[4], "ip") == 0);
	uint32_t addresses = argc == 4 || ip ? (uint32_t)atol(argv[2]) : 0, random = 1;
	int fd = addresses ? open_device(argv[1]) : -1;

	if (fd < 0) {
		fprintf(stderr, "Usage: blast DEVICE ADDRESSES SECONDS [ip | router] (as root)\n");
		return 2;
	}
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){frames[i], LEN};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	double start = now(), end = start + atof(argv[3]);
	uint64_t before = delivered(argv[1]);
	while (now() < end) {
		for (int i = 0; i < BATCH; i++)
			fill(frames[i], ip, router, (uint16_t)(next(&random) % addresses));
		sendmmsg(fd, msgs, BATCH, 0);
	}
	printf("%lu %.3f\n", delivered(argv[1]) - before, now() - start);
	return 0;
}
