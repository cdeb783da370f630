/* SPDX-License-Identifier: MIT */
/* Devices behind a descriptor: a socket pair stands for the character device, since it keeps frames apart
 * too. */
#include "dev/fd.h"

#include "net/gso.h"
#include "net/wire_ether.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <fcntl.h>
#include <linux/virtio_net.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_LEN = 60 };

struct bench {
	struct lab *l;
	struct stack *s;
	struct dev *d;
	int machine; /* the other end */
	struct dev_tap tap;
	struct pkt_offload seen; /* of the last frame that came in */
	bool seen_big;
};

static void free_device(struct dev *d)
{
	dev_fd_close(dev_fd_of(d));
	free(dev_fd_of(d));
}

static const struct dev_ops ops = {.kind = "tap", .xmit = dev_fd_xmit, .free = free_device};

static void see(struct dev_tap *t, const struct pkt *p, struct dev *d, bool outgoing)
{
	struct bench *b = CONTAINER_OF(t, struct bench, tap);

	(void)d;
	if (outgoing)
		return;
	b->seen = p->offload;
	b->seen_big = p->big;
}

/* With the device on this descriptor. */
static struct bench bench_on_plain(int fd, bool is_plain)
{
	struct bench b = {.l = lab_new(), .machine = -1};
	struct dev_fd *f = calloc(1, sizeof(*f));

	CU_ASSERT_TRUE_FATAL(f && fd >= 0);
	b.s = lab_host(b.l, "h1");
	dev_fd_init(f, &ops, DEV_ETHER, fd);
	if (is_plain)
		dev_fd_make_plain(f);
	b.d = &f->dev;
	CU_ASSERT_EQUAL_FATAL(dev_register(b.s, b.d, "eth0"), 0);
	dev_fd_start(f);
	dev_set_up(b.d, true);
	return b;
}

static struct bench bench_on(int fd)
{
	return bench_on_plain(fd, false);
}

static struct bench bench_new_plain(bool is_plain)
{
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	struct bench b = bench_on_plain(pair[0], is_plain);
	b.machine = pair[1];
	return b;
}

static struct bench bench_new(void)
{
	return bench_new_plain(false);
}

static void bench_free(struct bench *b)
{
	if (b->machine >= 0)
		close(b->machine);
	lab_free(b->l);
}

/* A frame of `len` bytes from the machine, for nobody here. */
static void give(struct bench *b, struct virtio_net_hdr h, size_t len)
{
	static const uint8_t to_nobody[] = {2, 9, 9, 9, 9, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	uint8_t message[VNET_LEN + 3000] = {0};

	memcpy(message, &h, VNET_LEN);
	memcpy(message + VNET_LEN, to_nobody, sizeof(to_nobody));
	CU_ASSERT_EQUAL(write(b->machine, message, VNET_LEN + len), (ssize_t)(VNET_LEN + len));
}

/* A super-frame for nobody here, with `len` octets of payload. */
static void give_super_frame(struct bench *b, struct virtio_net_hdr h, size_t len)
{
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64};
	struct mac nobody = {{2, 9, 9, 9, 9, 9}};
	struct pkt *p =
		lab_super_frame(b->s, nobody, nobody, ip, (struct tcp_hdr){.flags = TCP_ACK}, len, 1448);

	memcpy(pkt_push(p, VNET_LEN), &h, VNET_LEN);
	CU_ASSERT_EQUAL(write(b->machine, p->data, p->len), (ssize_t)p->len);
	pkt_free(p);
}

static void turn(struct bench *b)
{
	loop_turn(&b->l->loop, false);
}

static struct pkt *outgoing(struct bench *b)
{
	struct pkt *p = stack_pkt(b->s, FRAME_LEN);

	memset(pkt_put(p, FRAME_LEN), 0, FRAME_LEN);
	return p;
}

static void frames_come_in_behind_their_header(void)
{
	struct bench b = bench_new();

	give(&b, (struct virtio_net_hdr){0}, FRAME_LEN);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(b.d->stats.rx_bytes, FRAME_LEN);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_ETH_OTHERHOST), 1);
	bench_free(&b);
}

static void a_small_frame_moves_to_a_small_buffer(void)
{
	struct bench b = bench_new();

	b.tap.fn = see;
	dev_add_tap(b.d, &b.tap);
	give(&b, (struct virtio_net_hdr){0}, FRAME_LEN);
	turn(&b);
	CU_ASSERT_FALSE(b.seen_big);
	give(&b, (struct virtio_net_hdr){0}, 3000);
	turn(&b);
	CU_ASSERT_TRUE(b.seen_big);
	CU_ASSERT_EQUAL(b.d->stats.rx_bytes, FRAME_LEN + 3000);
	bench_free(&b);
}

static void offload_fields_come_in(void)
{
	struct bench b = bench_new();
	struct virtio_net_hdr h = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = 1448,
		.hdr_len = 200, /* the machine tells how much of it lies in one piece */
		.csum_start = 34,
		.csum_offset = 16,
	};

	b.tap.fn = see;
	dev_add_tap(b.d, &b.tap);
	give_super_frame(&b, h, 4000);
	turn(&b);
	CU_ASSERT_EQUAL(b.seen.csum, PKT_CSUM_PARTIAL);
	CU_ASSERT_EQUAL(b.seen.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	CU_ASSERT_EQUAL(b.seen.gso_size, 1448);
	CU_ASSERT_EQUAL(b.seen.hdr_len, 54);
	CU_ASSERT_EQUAL(b.seen.csum_start, 34);
	CU_ASSERT_EQUAL(b.seen.csum_offset, 16);
	give(&b, (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_DATA_VALID}, FRAME_LEN);
	turn(&b);
	CU_ASSERT_EQUAL(b.seen.csum, PKT_CSUM_OK);
	bench_free(&b);
}

static void a_turn_delivers_no_more_than_the_budget(void)
{
	struct bench b = bench_new();

	b.l->loop.budget = 2;
	for (int i = 0; i < 5; i++)
		give(&b, (struct virtio_net_hdr){0}, FRAME_LEN);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 2);
	turn(&b);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 5);
	bench_free(&b);
}

static void nor_much_more_than_so_many_bytes(void)
{
	struct bench b = bench_new();

	b.l->loop.budget_bytes = 2 * FRAME_LEN + 1;
	for (int i = 0; i < 5; i++)
		give(&b, (struct virtio_net_hdr){0}, FRAME_LEN);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 3);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 5);
	bench_free(&b);
}

static void see_order(struct dev_tap *t, const struct pkt *p, struct dev *d, bool outgoing)
{
	(void)t;
	(void)outgoing;
	CU_ASSERT_EQUAL(p->len, FRAME_LEN + d->stats.rx_packets - 1);
}

static void a_burst_comes_in_order(void)
{
	struct bench b = bench_new();

	b.tap.fn = see_order;
	dev_add_tap(b.d, &b.tap);
	for (size_t i = 0; i < 40; i++)
		give(&b, (struct virtio_net_hdr){0}, FRAME_LEN + i);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 40);
	bench_free(&b);
}

static void less_than_a_header_is_no_frame(void)
{
	struct bench b = bench_new();

	CU_ASSERT_EQUAL(write(b.machine, "123456789", 9), 9);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 0);
	CU_ASSERT_TRUE(b.d->carrier);
	bench_free(&b);
}

static void a_frame_leaves_with_its_offload_fields(void)
{
	struct bench b = bench_new();
	struct pkt *p = outgoing(&b);
	struct virtio_net_hdr h;
	uint8_t message[2000];

	p->offload = (struct pkt_offload){.csum = PKT_CSUM_PARTIAL, .csum_start = 34, .csum_offset = 2};
	dev_output(b.d, p);
	CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), VNET_LEN + FRAME_LEN);
	memcpy(&h, message, VNET_LEN);
	CU_ASSERT_EQUAL(h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	CU_ASSERT_EQUAL(h.csum_start, 34);
	CU_ASSERT_EQUAL(h.csum_offset, 2);
	CU_ASSERT_EQUAL(h.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	CU_ASSERT_EQUAL(h.gso_size, 0);
	CU_ASSERT_EQUAL(b.d->stats.tx_bytes, FRAME_LEN);
	bench_free(&b);
}

static void a_super_frame_leaves_in_one_piece(void)
{
	struct bench b = bench_new();
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64};
	struct tcp_hdr tcp = {.flags = TCP_ACK};
	static uint8_t message[65600];
	struct virtio_net_hdr h;

	dev_output(b.d, lab_super_frame(b.s, b.d->mac, b.d->mac, ip, tcp, 60000, 1448));
	CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), VNET_LEN + 54 + 60000);
	memcpy(&h, message, VNET_LEN);
	CU_ASSERT_EQUAL(h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	CU_ASSERT_EQUAL(h.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	CU_ASSERT_EQUAL(h.gso_size, 1448);
	CU_ASSERT_EQUAL(h.hdr_len, 54);
	CU_ASSERT_EQUAL(h.csum_start, 34);
	CU_ASSERT_EQUAL(h.csum_offset, 16);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_TX_ERROR), 0);
	bench_free(&b);
}

static void offload_fields_that_do_not_fit_drop_by_name(void)
{
	struct bench b = bench_new();
	struct virtio_net_hdr past = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 50, .csum_offset = 9};
	struct virtio_net_hdr no_tcp = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000};

	give(&b, past, FRAME_LEN);
	give(&b, no_tcp, 3000);
	turn(&b);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_BAD_OFFLOAD), 2);
	bench_free(&b);
}

static void a_full_queue_drops_by_name(void)
{
	struct bench b = bench_new();

	for (int i = 0; i < 100000 && !stack_drops(b.s, DROP_DEV_TX_BUSY); i++)
		dev_output(b.d, outgoing(&b));
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_TX_BUSY), 1);
	CU_ASSERT_EQUAL(b.d->stats.tx_dropped, 1);
	CU_ASSERT_EQUAL(b.d->stats.tx_errors, 1);
	bench_free(&b);
}

static void a_refused_write_drops_by_name(void)
{
	struct bench b = bench_new();

	signal(SIGPIPE, SIG_IGN); /* of the socket pair; character devices have none */
	close(b.machine);
	b.machine = -1;
	dev_output(b.d, outgoing(&b));
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_TX_ERROR), 1);
	bench_free(&b);
}

static void check_carrier_goes_with(int fd)
{
	struct bench b = bench_on(fd);

	turn(&b);
	CU_ASSERT_FALSE(b.d->carrier);
	CU_ASSERT_EQUAL(dev_fd_of(b.d)->fd, -1);
	dev_output(b.d, outgoing(&b));
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_NO_CARRIER), 1);
	dev_fd_close(dev_fd_of(b.d)); /* a second time: harmless */
	bench_free(&b);
}

static void a_failed_read_takes_the_carrier(void)
{
	check_carrier_goes_with(open("/dev/null", O_WRONLY)); /* readable for poll, but not for read */
}

static void an_error_without_data_takes_the_carrier(void)
{
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	close(ends[0]);
	check_carrier_goes_with(ends[1]); /* POLLERR */
}

static void a_plain_device_has_no_header_either_way(void)
{
	struct bench b = bench_new_plain(true);
	uint8_t message[2000] = {2, 9, 9, 9, 9, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};

	b.tap.fn = see;
	dev_add_tap(b.d, &b.tap);
	CU_ASSERT_EQUAL(write(b.machine, message, FRAME_LEN), FRAME_LEN);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(b.d->stats.rx_bytes, FRAME_LEN);
	CU_ASSERT_EQUAL(b.seen.csum, PKT_CSUM_NONE);
	dev_output(b.d, outgoing(&b));
	CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), FRAME_LEN);
	CU_ASSERT_EQUAL(b.d->stats.tx_bytes, FRAME_LEN);
	bench_free(&b);
}

static void a_plain_device_cuts_super_frames_and_completes_checksums(void)
{
	struct bench b = bench_new_plain(true);
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64};
	struct tcp_hdr tcp = {.flags = TCP_ACK};
	uint8_t frame[2000];

	dev_output(b.d, lab_super_frame(b.s, b.d->mac, b.d->mac, ip, tcp, 3000, 1448));
	for (size_t left = 3000; left; left -= MIN(left, (size_t)1448)) {
		size_t segment = TCP_HDR_LEN + MIN(left, (size_t)1448), at = ETHER_HDR_LEN + IP_HDR_LEN;
		CU_ASSERT_EQUAL_FATAL(read(b.machine, frame, sizeof(frame)), (ssize_t)(at + segment));
		CU_ASSERT_EQUAL(tcp_csum(frame + at, segment, ip.src, ip.dst), 0);
	}
	CU_ASSERT_EQUAL(read(b.machine, frame, sizeof(frame)), -1);
	bench_free(&b);
}

/* Three segments of `size` octets, as a plain device delivers them. */
static void give_segments(struct bench *b, uint16_t size)
{
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64};
	struct tcp_hdr tcp = {.flags = TCP_ACK};
	struct pkt *p = lab_super_frame(b->s, b->d->mac, b->d->mac, ip, tcp, (size_t)3 * size, size);
	struct list segments;

	p->l2_len = ETHER_HDR_LEN;
	list_init(&segments);
	CU_ASSERT_EQUAL_FATAL(gso_segment(p, &segments), DROP_NONE);
	list_each_safe(seg, &segments, struct pkt, node) {
		CU_ASSERT_EQUAL(write(b->machine, seg->data, seg->len), (ssize_t)seg->len);
		list_del(&seg->node);
		pkt_free(seg);
	}
	pkt_free(p);
}

static void segments_of_a_plain_device_are_put_together(void)
{
	enum { HEADERS = ETHER_HDR_LEN + IP_HDR_LEN + TCP_HDR_LEN };

	for (uint16_t size = 1000; size <= 3000; size += 2000) {
		struct bench b = bench_new_plain(true);
		b.tap.fn = see;
		dev_add_tap(b.d, &b.tap);
		give_segments(&b, size);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 3);
		CU_ASSERT_EQUAL(b.d->stats.rx_bytes, 3 * (HEADERS + size));
		CU_ASSERT_EQUAL(b.seen.gso_size, size);
		CU_ASSERT_EQUAL(b.seen.csum, PKT_CSUM_PARTIAL);
		dev_set_up(b.d, false);
		give_segments(&b, size);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 3);
		CU_ASSERT_EQUAL(b.d->stats.rx_dropped, 3);
		bench_free(&b);
	}
}

static void without_memory_frames_are_counted_and_lost(void)
{
	struct bench b = bench_new();

	b.l->loop.budget = 3;
	stack_count_drop(b.s, DROP_NO_MEMORY); /* makes the counters */
	for (int i = 0; i < 5; i++)
		give(&b, (struct virtio_net_hdr){0}, FRAME_LEN);
	alloc_arm(1, true);
	turn(&b);
	CU_ASSERT_EQUAL(b.d->stats.rx_dropped, 3);
	turn(&b);
	alloc_disarm();
	CU_ASSERT_EQUAL(b.d->stats.rx_dropped, 5);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_NO_MEMORY), 6);
	bench_free(&b);
}

/* write() is for what lies in one place. */
static void parts_are_copied_without_a_ring(void)
{
	struct bench b = bench_new();
	struct blob *text = lab_text(1400);
	uint8_t message[2000];

	dev_output(b.d, lab_frame_in_parts(b.s, MAC_BROADCAST, b.d->mac, text));
	CU_ASSERT_EQUAL(text->refs, 1);
	CU_ASSERT_EQUAL_FATAL(read(b.machine, message, sizeof(message)), VNET_LEN + ETHER_HDR_LEN + 1400);
	CU_ASSERT_EQUAL(memcmp(message + VNET_LEN + ETHER_HDR_LEN, text->bytes, text->len), 0);
	bench_free(&b);
	blob_unref(text);
}

SUITE(dev_fd, T(segments_of_a_plain_device_are_put_together), T(without_memory_frames_are_counted_and_lost),
	T(frames_come_in_behind_their_header), T(a_small_frame_moves_to_a_small_buffer),
	T(offload_fields_come_in), T(a_turn_delivers_no_more_than_the_budget),
	T(nor_much_more_than_so_many_bytes), T(a_burst_comes_in_order), T(less_than_a_header_is_no_frame),
	T(a_frame_leaves_with_its_offload_fields), T(a_super_frame_leaves_in_one_piece),
	T(offload_fields_that_do_not_fit_drop_by_name), T(a_full_queue_drops_by_name),
	T(a_refused_write_drops_by_name), T(a_failed_read_takes_the_carrier),
	T(an_error_without_data_takes_the_carrier), T(a_plain_device_has_no_header_either_way),
	T(a_plain_device_cuts_super_frames_and_completes_checksums), T(parts_are_copied_without_a_ring))
