/* SPDX-License-Identifier: MIT */
/* A stream between two hosts whose devices write by the loop's ring, so that segments leave in parts: each octet arrives at
 * its place. A socket pair stands for the cable. */
#include "dev/fd_ring.h"
#include "dev/macvlan.h"
#include "tests/unit/tcp/pair.h"

#include <sys/socket.h>
#include <unistd.h>

enum { TOTAL = 3000000, WRITE = 70000, SEGMENT = 8947 /* of a device with an MTU of 8999 */ };

static unsigned with_parts;

static void xmit(struct dev *d, struct pkt *p)
{
	with_parts += p->part_count > 0;
	dev_fd_xmit(d, p);
}

static void free_device(struct dev *d)
{
	dev_fd_close(dev_fd_of(d));
	free(dev_fd_of(d));
}

static const struct dev_ops ops = {.kind = "tap", .xmit = xmit, .free = free_device};

/* The address is on the device, or on a macvlan that stands on it; with virtio headers or without, where each segment goes by
 * itself with its checksum: a long one of odd length, so that others begin at odd places. */
enum way { BARE, MACVLAN, PLAIN };

/* At this end of the cable. */
static void plug_in(struct stack *s, int fd, const char *cidr, enum way way)
{
	bool macvlan = way == MACVLAN;
	struct dev_fd *f = calloc(1, sizeof(*f));
	struct macvlan_config bridge = MACVLAN_CONFIG_DEFAULT;
	struct dev_config config = {.details = &bridge};

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	dev_fd_init(f, &ops, DEV_ETHER, fd);
	if (way == PLAIN)
		dev_fd_make_plain(f);
	CU_ASSERT_EQUAL_FATAL(dev_register(s, &f->dev, "eth0"), 0);
	dev_fd_start(f);
	if (way == PLAIN)
		CU_ASSERT_EQUAL(dev_set_mtu(&f->dev, 8999), 0);
	dev_set_up(&f->dev, true);
	config.lower = &f->dev;
	if (macvlan) {
		CU_ASSERT_EQUAL_FATAL(macvlan_create(s, "m0", &config), 0);
		dev_set_up(dev_by_name(s, "m0"), true);
	}
	lab_addr(dev_by_name(s, macvlan ? "m0" : "eth0"), cidr);
}

/* `most` octets more, or as many of them as the socket takes. */
static void write_on(struct sock *sk, uint64_t *sent, uint64_t most)
{
	uint64_t end = MIN(*sent + most, (uint64_t)TOTAL);
	static uint8_t b[WRITE];
	ssize_t n = 1;

	while (*sent < end && n > 0) {
		size_t len = (size_t)MIN(end - *sent, (uint64_t)WRITE);
		for (size_t i = 0; i < len; i++)
			b[i] = octet(*sent + i);
		n = sock_send(sk, b, len, 0, NULL);
		*sent += n > 0 ? (uint64_t)n : 0;
	}
}

static void stream_by(enum way way)
{
	struct pair p = {.l = lab_new()};
	int cable[2], room = 1 << 22;
	uint64_t sent = 0, got = 0;

	loop_use_ring(&p.l->loop, 0);
	if (p.l->loop.ring.fd < 0) {
		unit_skip("no io_uring here");
		lab_free(p.l);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, cable), 0);
	for (int i = 0; i < 2; i++)
		setsockopt(cable[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	p.a = lab_host(p.l, "a");
	p.b = lab_host(p.l, "b");
	plug_in(p.a, cable[0], "10.0.0.1/24", way);
	plug_in(p.b, cable[1], "10.0.0.2/24", way);
	p.listener = stream(p.b);
	CU_ASSERT_EQUAL_FATAL(bind_to(p.listener, "10.0.0.2", PORT), 0);
	CU_ASSERT_EQUAL_FATAL(sock_listen(p.listener, 1), 0);
	p.client = stream(p.a);
	CU_ASSERT_EQUAL_FATAL(connect_to(p.client, "10.0.0.2", PORT), -EINPROGRESS);
	for (int i = 0; i < 2000 && !p.server; i++) {
		lab_run(p.l, MS);
		p.server = sock_accept(p.listener, NULL);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.server);
	with_parts = 0;
	for (int i = 0; i < 20000 && got < TOTAL; i++) {
		write_on(p.client, &sent, way == PLAIN && i < 100 ? SEGMENT : TOTAL);
		lab_run(p.l, MS);
		pump_in(p.server, &got);
	}
	CU_ASSERT_EQUAL(got, TOTAL);
	CU_ASSERT(with_parts > 5);
	sock_close(p.server);
	sock_close(p.client);
	sock_close(p.listener);
	lab_free(p.l);
}

static void what_leaves_in_parts_arrives_whole(void)
{
	stream_by(BARE);
}

static void also_from_a_macvlan(void)
{
	stream_by(MACVLAN);
}

static void also_without_virtio_headers(void)
{
	stream_by(PLAIN);
}

SUITE(tcp_ring, T(what_leaves_in_parts_arrives_whole), T(also_from_a_macvlan), T(also_without_virtio_headers))
