/* SPDX-License-Identifier: MIT */
/* macvtap inside tapir and the device behind --socket: the test is the program at the far end, or has both. */
#include "dev/macvlan.h"
#include "dev/socket.h"
#include "net/ether.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { NOBODYS = 0x88b5 };

static const struct mac port_mac = {{2, 0, 0, 0, 7, 1}}, stranger = {{2, 0, 0, 0, 9, 9}};

/* A macvtap t0 on eth0, a wire, both on host "h". */
struct bench {
	struct lab *l;
	struct stack *h;
	struct dev *wire, *tap;
	char directory[32];
	int far;	    /* the test's end of the socket */
	uint8_t got[66000]; /* what it read last */
};

static int create(struct bench *b, const char *name, struct mac mac)
{
	struct macvlan_config details = MACVLAN_CONFIG_DEFAULT;
	struct dev_config config = {.lower = b->wire, .mac = mac, .details = &details};

	details.mode = MACVLAN_BRIDGE;
	details.socket_directory = b->directory;
	return macvtap_port_create(b->h, name, &config);
}

static void bench_open(struct bench *b)
{
	*b = (struct bench){.l = lab_new(), .directory = "/tmp/tapir-unit-XXXXXX", .far = -1};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->directory));
	b->h = lab_host(b->l, "h");
	b->wire = lab_wire(b->h, "eth0", NULL);
	CU_ASSERT_EQUAL_FATAL(create(b, "t0", port_mac), 0);
	b->tap = dev_by_name(b->h, "t0");
	CU_ASSERT_EQUAL(dev_set_up(b->tap, true), 0);
}

/* Nothing is left in the folder. */
static void bench_close(struct bench *b)
{
	if (b->far >= 0)
		close(b->far);
	lab_free(b->l);
	CU_ASSERT_EQUAL(rmdir(b->directory), 0);
}

static int far_end(struct bench *b)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, macvtap_port_path(b->tap));
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	lab_settle(b->l);
	return fd;
}

static ssize_t read_far(struct bench *b)
{
	return recv(b->far, b->got, sizeof(b->got), 0);
}

static void plug_in(struct bench *b)
{
	b->far = far_end(b);
	CU_ASSERT_EQUAL(read_far(b), 6);
	CU_ASSERT_EQUAL(memcmp(b->got, port_mac.b, 6), 0);
}

static size_t frame(uint8_t *out, struct mac dst, struct mac src, size_t len)
{
	struct ether_hdr h = {dst, src, NOBODYS};

	memset(out, 0x55, len);
	ether_emit(out, &h);
	return len;
}

static void write_far(struct bench *b, struct mac dst, size_t len)
{
	uint8_t buf[66000];

	CU_ASSERT_EQUAL(send(b->far, buf, frame(buf, dst, port_mac, len), 0), (ssize_t)len);
	lab_settle(b->l);
}

static void inject(struct bench *b, struct mac dst, size_t len)
{
	uint8_t buf[1600];

	lab_inject(b->wire, buf, frame(buf, dst, stranger, len));
}

static void the_carrier_is_the_connection(void)
{
	struct bench b;

	bench_open(&b);
	CU_ASSERT_FALSE(b.tap->carrier);
	inject(&b, port_mac, 60);
	CU_ASSERT_EQUAL(stack_drops(b.h, DROP_DEV_NO_CARRIER), 1);
	plug_in(&b);
	CU_ASSERT(dev_is_running(b.tap));
	dev_set_up(b.wire, false);
	CU_ASSERT_FALSE(b.tap->carrier);
	dev_set_up(b.wire, true);
	CU_ASSERT(b.tap->carrier);
	int second = far_end(&b); /* one at a time */
	CU_ASSERT_EQUAL(recv(second, b.got, sizeof(b.got), 0), 0);
	close(second);
	CU_ASSERT(b.tap->carrier);
	close(b.far);
	lab_settle(b.l);
	CU_ASSERT_FALSE(b.tap->carrier);
	dev_set_up(b.wire, false);
	dev_set_up(b.wire, true); /* the lower device's carrier alone is none */
	CU_ASSERT_FALSE(b.tap->carrier);
	plug_in(&b);
	CU_ASSERT(b.tap->carrier);
	bench_close(&b);
}

static void a_frame_is_a_message_both_ways(void)
{
	struct bench b;
	size_t len;

	bench_open(&b);
	plug_in(&b);
	inject(&b, port_mac, 77);
	CU_ASSERT_EQUAL(read_far(&b), 77);
	CU_ASSERT_EQUAL(memcmp(b.got, port_mac.b, 6), 0);
	inject(&b, MAC_BROADCAST, 60);
	CU_ASSERT_EQUAL(read_far(&b), 60);
	inject(&b, stranger, 60); /* not for the macvtap */
	CU_ASSERT_EQUAL(read_far(&b), -1);
	write_far(&b, stranger, 70);
	const uint8_t *sent = lab_sent(b.wire, &len);
	CU_ASSERT_EQUAL(len, 70);
	CU_ASSERT_EQUAL(memcmp(sent, stranger.b, 6), 0);
	CU_ASSERT_EQUAL(b.tap->stats.tx_packets, 1);
	CU_ASSERT_EQUAL(b.tap->stats.rx_packets, 2);
	bench_close(&b);
}

static void frames_are_complete(void)
{
	struct bench b;
	struct ip_hdr ip = {.ttl = 64, .proto = IP_PROTO_TCP, .src = 0x0a000001, .dst = 0x0a000002};
	struct tcp_hdr tcp = {.sport = 1, .dport = 2, .flags = TCP_ACK};

	bench_open(&b);
	plug_in(&b);
	dev_input(b.wire, lab_super_frame(b.h, port_mac, stranger, ip, tcp, 3000, 1000));
	lab_settle(b.l);
	for (int i = 0; i < 3; i++) {
		struct ip_hdr h;
		CU_ASSERT_EQUAL(read_far(&b), 14 + 20 + 20 + 1000);
		CU_ASSERT_EQUAL(ip_parse(b.got + 14, 1040, &h), DROP_NONE);
		CU_ASSERT_EQUAL(tcp_csum(b.got + 34, 1020, ip.src, ip.dst), 0);
	}
	CU_ASSERT_EQUAL(read_far(&b), -1);
	bench_close(&b);
}

static void what_is_no_frame_is_dropped_by_name(void)
{
	struct bench b;

	bench_open(&b);
	plug_in(&b);
	CU_ASSERT_EQUAL(send(b.far, "short", 5, 0), 5);
	CU_ASSERT_EQUAL(send(b.far, "an address", 6, 0), 6); /* only a macvtap tells addresses */
	write_far(&b, stranger, 1518);
	write_far(&b, stranger, 1519);
	write_far(&b, stranger, 65990);
	CU_ASSERT_EQUAL(stack_drops(b.h, DROP_ETH_SHORT), 1);
	CU_ASSERT_EQUAL(stack_drops(b.h, DROP_DEV_TOO_BIG), 2);
	CU_ASSERT_EQUAL(lab_sent_count(b.wire), 1);
	CU_ASSERT(mac_equal(b.tap->mac, port_mac));
	bench_close(&b);
}

static void a_far_end_that_does_not_read_costs_a_bounded_queue(void)
{
	struct bench b;
	uint64_t read = 0;

	bench_open(&b);
	plug_in(&b);
	for (int i = 0; i < 2000; i++)
		inject(&b, port_mac, 1000);
	while (read_far(&b) > 0)
		read++;
	CU_ASSERT(read > 50 && read < 2000);
	CU_ASSERT_EQUAL(stack_drops(b.h, DROP_DEV_TX_BUSY), 2000 - read);
	CU_ASSERT_EQUAL(b.tap->stats.rx_dropped, 2000 - read);
	inject(&b, port_mac, 60);
	CU_ASSERT_EQUAL(read_far(&b), 60);
	bench_close(&b);
}

static void the_socket_comes_and_goes_with_the_device(void)
{
	struct bench b;
	struct macvlan_config none = MACVLAN_CONFIG_DEFAULT;
	struct dev_config config = {0};
	struct stat st;

	bench_open(&b);
	CU_ASSERT_EQUAL(stat(macvtap_port_path(b.tap), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	CU_ASSERT_PTR_NULL(macvtap_port_path(b.wire));
	CU_ASSERT(macvlan_is(b.tap));
	dev_set_name(b.tap, "t1");
	CU_ASSERT_EQUAL(create(&b, "t0", MAC_ZERO), 0); /* the path was taken: another one */
	CU_ASSERT_STRING_NOT_EQUAL(macvtap_port_path(b.tap), macvtap_port_path(dev_by_name(b.h, "t0")));
	plug_in(&b);
	CU_ASSERT_EQUAL(dev_move(b.tap, lab_host(b.l, "other"), NULL), 0);
	CU_ASSERT_EQUAL(dev_set_up(b.tap, true), 0);
	inject(&b, port_mac, 60);
	CU_ASSERT_EQUAL(read_far(&b), 60);
	config.lower = b.wire;
	CU_ASSERT_EQUAL(macvtap_port_create(b.h, "t2", &config), -EINVAL);
	none.socket_directory = "/nowhere/at/all";
	config.details = &none;
	CU_ASSERT_EQUAL(macvtap_port_create(b.h, "t2", &config), -ENOENT);
	CU_ASSERT_PTR_NULL(dev_by_name(b.h, "t2"));
	dev_unregister(b.wire); /* and all that stands on it, folder included */
	CU_ASSERT_EQUAL(read_far(&b), 0);
	bench_close(&b);
}

static void a_device_at_a_socket_takes_the_address_it_is_told(void)
{
	struct bench b;
	static const struct mac next = {{2, 0, 0, 0, 7, 2}}, given = {{2, 0, 0, 0, 7, 3}};

	bench_open(&b);
	struct stack *far = lab_host(b.l, "far");
	char path[108];
	strcpy(path, macvtap_port_path(b.tap));
	/* Nobody greets while the test has both ends in one thread: so the address comes later. */
	CU_ASSERT_EQUAL_FATAL(socket_create(far, "eth0", path, MAC_ZERO), 0);
	struct dev *d = dev_by_name(far, "eth0");
	CU_ASSERT_EQUAL(dev_set_up(d, true), 0);
	for (int i = 0; i < 3; i++)
		lab_settle(b.l);
	CU_ASSERT(mac_equal(d->mac, port_mac));
	dev_set_mac(b.tap, next);
	lab_settle(b.l);
	CU_ASSERT(mac_equal(d->mac, next));
	inject(&b, next, 60);
	lab_settle(b.l);
	CU_ASSERT_EQUAL(stack_drops(far, DROP_ETH_UNKNOWN_TYPE), 1);
	ether_output(d->netif, stack_pkt(far, 60), stranger, NOBODYS);
	lab_settle(b.l);
	CU_ASSERT_EQUAL(lab_sent_count(b.wire), 1);
	dev_unregister(b.tap);
	lab_settle(b.l);
	CU_ASSERT_FALSE(d->carrier);
	ether_output(d->netif, stack_pkt(far, 60), stranger, NOBODYS);
	CU_ASSERT_EQUAL(stack_drops(far, DROP_DEV_NO_CARRIER), 1);
	dev_unregister(d);

	CU_ASSERT_EQUAL(socket_create(far, "eth0", path, given), -ENOENT);
	CU_ASSERT_EQUAL(create(&b, "t0", port_mac), 0);
	CU_ASSERT_EQUAL(socket_create(far, "eth0", path, given), 0);
	for (int i = 0; i < 3; i++)
		lab_settle(b.l);
	CU_ASSERT(mac_equal(dev_by_name(far, "eth0")->mac, given));
	CU_ASSERT_EQUAL(socket_create(far, "eth0", path, given), -EEXIST);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CU_ASSERT_EQUAL(socket_create(far, "eth1", strcat((char[256]){0}, path), given), -ENOENT);
	CU_ASSERT_EQUAL(
		socket_create(far, "eth1", strcat(strcat((char[256]){0}, path), "x"), given), -ENAMETOOLONG);
	bench_close(&b);
}

SUITE(dev_macvtap_port, T(the_carrier_is_the_connection), T(a_frame_is_a_message_both_ways),
	T(frames_are_complete), T(what_is_no_frame_is_dropped_by_name),
	T(a_far_end_that_does_not_read_costs_a_bounded_queue), T(the_socket_comes_and_goes_with_the_device),
	T(a_device_at_a_socket_takes_the_address_it_is_told))
