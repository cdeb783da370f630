/* SPDX-License-Identifier: MIT */
/*
 * Ping round trips, one outstanding, through the kernel's own stack: the driver of the latency benchmark.
 *
 *	rtt ADDRESS COUNT [BYTES]	prints "p50 NS min NS p99 NS lost N"
 */
#include "lib/text.h"
#include "net/wire_icmp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Waits for the reply with this sequence number; false after the socket's time-out. */
static bool await(int fd, uint16_t seq)
{
	uint8_t buf[70000];
	struct icmp_hdr h;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (n >= 28 && icmp_parse(buf + 20, (size_t)n - 20, true, &h) == 0 &&
			h.type == ICMP_ECHO_REPLY && icmp_seq(&h) == seq && icmp_id(&h) == (uint16_t)getpid())
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static uint8_t msg[70000];
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct timeval timeout = {.tv_sec = 1};
	size_t count = argc > 2 ? (size_t)atol(argv[2]) : 0,
	       len = 8 + (argc > 3 ? (size_t)atol(argv[3]) : 56), got = 0;
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	if (!count || len > 65000 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || fd < 0) {
		fprintf(stderr, "Usage: rtt ADDRESS COUNT [BYTES] (as root)\n");
		return 2;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	uint64_t *took = calloc(count, sizeof(*took));
	for (size_t i = 0; i < count; i++) {
		struct icmp_hdr h = {
			.type = ICMP_ECHO, .rest = (uint32_t)(uint16_t)getpid() << 16 | (uint16_t)i};
		icmp_emit(msg, len, &h);
		uint64_t start = now_ns();
		if (sendto(fd, msg, len, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len &&
			await(fd, (uint16_t)i))
			took[got++] = now_ns() - start;
	}
	qsort(took, got, sizeof(*took), compare);
	if (got)
		printf("p50 %lu min %lu p99 %lu lost %zu\n", took[got / 2], took[0], took[got * 99 / 100],
			count - got);
	return got ? 0 : 1;
}
