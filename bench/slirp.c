/* SPDX-License-Identifier: MIT */
/*
 * libslirp as a peer of the benchmark, on the library of Debian's libslirp-dev. It is a stack of another kind: each
 * connection ends in it, and goes on by a socket of the machine. So build/bench/server must run in the same namespace,
 * and what is measured is both, with the way between them over lo.
 *
 *	slirp TAP ADDRESS	ADDRESS is taken for the machine's 127.0.0.1; the other side is in the same /24
 */
#include <errno.h>
#include <fcntl.h>
#include <slirp/libslirp.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FDS = 1024, FRAME = 1514, BURST = 64 };

struct bench {
	int fd; /* the TAP device */
	struct pollfd fds[FDS];
	int count;
};

static ssize_t send_packet(const void *frame, size_t len, void *ctx)
{
	struct bench *b = ctx;

	return write(b->fd, frame, len);
}

static void guest_error(const char *msg, void *ctx)
{
	(void)ctx;
	fprintf(stderr, "slirp: %s\n", msg);
}

static int64_t clock_get_ns(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Timers are for IPv6 alone, and descriptors are asked for anew before each wait. */
static void *timer_new(SlirpTimerCb cb, void *cb_ctx, void *ctx)
{
	(void)cb;
	(void)cb_ctx;
	return ctx;
}

static void timer_free(void *timer, void *ctx)
{
	(void)timer;
	(void)ctx;
}

static void timer_mod(void *timer, int64_t when, void *ctx)
{
	(void)timer;
	(void)when;
	(void)ctx;
}

static void watch_fd(int fd, void *ctx)
{
	(void)fd;
	(void)ctx;
}

static void notify(void *ctx)
{
	(void)ctx;
}

/* Its bits are poll(2)'s in another order. */
static const struct {
	short poll;
	int slirp;
} bits[] = {{POLLIN, SLIRP_POLL_IN}, {POLLOUT, SLIRP_POLL_OUT}, {POLLPRI, SLIRP_POLL_PRI},
	{POLLERR, SLIRP_POLL_ERR}, {POLLHUP, SLIRP_POLL_HUP}};

static int add_poll(int fd, int events, void *ctx)
{
	struct bench *b = ctx;
	short wanted = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		wanted = (short)(wanted | (events & bits[i].slirp ? bits[i].poll : 0));
	if (b->count == FDS)
		return -1;
	b->fds[b->count] = (struct pollfd){.fd = fd, .events = wanted};
	return b->count++;
}

static int get_revents(int index, void *ctx)
{
	struct bench *b = ctx;
	int found = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		found |= b->fds[index].revents & bits[i].poll ? bits[i].slirp : 0;
	return found;
}

static void turn(struct bench *b, Slirp *slirp)
{
	uint32_t timeout_ms = 1000;
	uint8_t frame[FRAME];
	ssize_t n = 0;

	b->fds[0] = (struct pollfd){.fd = b->fd, .events = POLLIN};
	b->count = 1;
	slirp_pollfds_fill(slirp, &timeout_ms, add_poll, b);
	int ready = poll(b->fds, (nfds_t)b->count, (int)timeout_ms);
	slirp_pollfds_poll(slirp, ready < 0, get_revents, b);
	for (int i = 0; i < BURST && (n = read(b->fd, frame, sizeof(frame))) > 0; i++)
		slirp_input(slirp, frame, (int)n);
	if (n < 0 && errno != EAGAIN) {
		perror("slirp: read");
		exit(1);
	}
}

static int open_tap(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static const SlirpCb callbacks = {send_packet, guest_error, clock_get_ns, timer_new, timer_free,
		timer_mod, watch_fd, watch_fd, notify, NULL, NULL};
	static struct bench b;
	SlirpConfig config = {.version = 4, .in_enabled = true, .disable_dns = true, .disable_dhcp = true};

	if (argc != 3 || !inet_aton(argv[2], &config.vhost)) {
		fprintf(stderr, "Usage: slirp TAP ADDRESS\n");
		return 2;
	}
	config.vnetmask.s_addr = htonl(0xffffff00);
	config.vnetwork.s_addr = config.vhost.s_addr & config.vnetmask.s_addr;
	config.vnameserver.s_addr = config.vnetwork.s_addr | htonl(250); /* must be there, and not the host */
	b.fd = open_tap(argv[1]);
	Slirp *slirp = slirp_new(&config, &callbacks, &b);
	for (;;)
		turn(&b, slirp);
}
