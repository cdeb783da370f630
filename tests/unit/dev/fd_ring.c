/* SPDX-License-Identifier: MIT */
/* Devices behind a descriptor, in a loop with a ring: a socket pair stands for the character device. */
#include "dev/fd_ring.h"

#include "net/wire_ether.h"
#include "tests/unit/lab.h"

#include <fcntl.h>
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
};

static void free_device(struct dev *d)
{
	dev_fd_close(dev_fd_of(d));
	free(dev_fd_of(d));
}

static const struct dev_ops ops = {.kind = "tap", .xmit = dev_fd_xmit, .free = free_device};

static void turn(struct bench *b)
{
	loop_turn(&b->l->loop, false);
}

static bool bench_on_plain(struct bench *b, int fd, int machine, bool is_plain)
{
	*b = (struct bench){.l = lab_new(), .machine = machine};
	struct dev_fd *f = calloc(1, sizeof(*f));

	CU_ASSERT_TRUE_FATAL(f && fd >= 0);
	loop_use_ring(&b->l->loop, 0);
	b->s = lab_host(b->l, "h1");
	dev_fd_init(f, &ops, DEV_ETHER, fd);
	if (is_plain)
		dev_fd_make_plain(f);
	b->d = &f->dev;
	CU_ASSERT_EQUAL_FATAL(dev_register(b->s, b->d, "eth0"), 0);
	dev_fd_start(f);
	dev_set_up(b->d, true);
	turn(b);
	if (b->l->loop.ring.fd < 0)
		unit_skip("no io_uring here");
	return b->l->loop.ring.fd >= 0;
}

static bool bench_on(struct bench *b, int fd, int machine)
{
	return bench_on_plain(b, fd, machine, false);
}

static bool bench_new(struct bench *b)
{
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	return bench_on(b, pair[0], pair[1]);
}

static void bench_free(struct bench *b)
{
	if (b->machine >= 0)
		close(b->machine);
	lab_free(b->l);
}

/* A frame of `len` octets for nobody here. */
static void give(struct bench *b, size_t len)
{
	static uint8_t message[VNET_LEN + 20000] = {
		[VNET_LEN] = 2, 9, 9, 9, 9, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};

	CU_ASSERT_EQUAL(write(b->machine, message, VNET_LEN + len), (ssize_t)(VNET_LEN + len));
}

static void send_frames(struct bench *b, int count)
{
	for (int i = 0; i < count; i++) {
		struct pkt *p = stack_pkt(b->s, FRAME_LEN);
		memset(pkt_put(p, FRAME_LEN), i, FRAME_LEN);
		dev_output(b->d, p);
	}
}

static void single_frames_come_in_one_a_turn(void)
{
	struct bench b;

	if (bench_new(&b)) {
		CU_ASSERT_TRUE(dev_fd_of(b.d)->watch.is_told);
		for (unsigned i = 1; i <= 40; i++) { /* more than it takes to expect one only */
			give(&b, i % 2 ? FRAME_LEN : 3000);
			turn(&b);
			CU_ASSERT_EQUAL(b.d->stats.rx_packets, i);
		}
		CU_ASSERT_EQUAL(b.d->stats.rx_bytes, 20 * (FRAME_LEN + 3000));
		CU_ASSERT_EQUAL(b.l->loop.busy.moved, 20 * (FRAME_LEN + 3000));
		CU_ASSERT_EQUAL(stack_drops(b.s, DROP_ETH_OTHERHOST), 40);
	}
	bench_free(&b);
}

static void sleep_once(struct bench *b)
{
	loop_turn(&b->l->loop, true);
}

/* Where they come one at a time for a while the loop sleeps in the device's read(), and no longer once a burst has come. */
static void lone_frames_are_slept_for_in_read(void)
{
	struct bench b;

	if (bench_new(&b)) {
		const struct loop *l = &b.l->loop;
		for (unsigned i = 1; i <= 40; i++) {
			give(&b, i % 3 ? FRAME_LEN : 3000);
			sleep_once(&b);
			CU_ASSERT_EQUAL(b.d->stats.rx_packets, i);
			CU_ASSERT_EQUAL(l->sleeper != NULL, i >= 4);
		}
		CU_ASSERT_EQUAL(b.d->stats.rx_bytes, 27 * FRAME_LEN + 13 * 3000);
		for (int i = 0; i < 30; i++) /* now and then it asks for a second one */
			give(&b, FRAME_LEN);
		while (b.d->stats.rx_packets < 70)
			sleep_once(&b);
		CU_ASSERT_PTR_NULL(l->sleeper);
		give(&b, FRAME_LEN);
		sleep_once(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 71);
	}
	bench_free(&b);
}

/* Of `rounds` times that two frames are there at once, how often a turn takes both; between them `alone` come by themselves. */
static int taken_together(struct bench *b, int rounds, int alone)
{
	const uint64_t *came = &b->d->stats.rx_packets;
	int together = 0;

	for (int i = 0; i < rounds; i++) {
		uint64_t all = *came + 2;
		give(b, FRAME_LEN);
		give(b, FRAME_LEN);
		turn(b);
		together += *came == all;
		while (*came < all)
			turn(b);
		for (int k = 0; k < alone; k++) {
			give(b, FRAME_LEN);
			turn(b);
		}
	}
	return together;
}

static void a_second_frame_is_looked_for_where_it_is_usual(void)
{
	struct bench b;

	if (bench_new(&b)) {
		CU_ASSERT_EQUAL(taken_together(&b, 50, 0), 50);
		taken_together(&b, 50, 4); /* to learn */
		CU_ASSERT_TRUE(taken_together(&b, 200, 4) < 30);
		taken_together(&b, 1000, 0);
		CU_ASSERT_EQUAL(taken_together(&b, 50, 0), 50);
	}
	bench_free(&b);
}

/* In the middle of a stream, as long as busy polling pays: of super-frames, but not of many that are small. */
static void super_frames_are_slept_for_in_read(void)
{
	struct bench b;

	if (bench_new(&b)) {
		struct loop *l = &b.l->loop;
		l->busy.most_ns = 1;
		for (int i = 0; i < 10; i++) {
			l->busy.pause = l->busy.skip = 0;
			give(&b, 20000);
			give(&b, 20000);
			sleep_once(&b);
			CU_ASSERT_EQUAL(b.d->stats.rx_packets, 2u * (unsigned)i + 2);
			CU_ASSERT_PTR_NOT_NULL(l->sleeper);
		}
		for (int i = 0; i < 20; i++)
			give(&b, 1500);
		while (b.d->stats.rx_packets < 40)
			sleep_once(&b);
		CU_ASSERT_PTR_NULL(l->sleeper);
	}
	bench_free(&b);
}

static bool is_nonblocking(const struct bench *b)
{
	return fcntl(dev_fd_of(b->d)->fd, F_GETFL) & O_NONBLOCK;
}

/* While busy polling pays, small ones are, too, however many there are; in bursts without waiting for each. */
static void bursts_are_looked_for_by_read(void)
{
	struct bench b;

	if (bench_new(&b)) {
		struct loop *l = &b.l->loop;
		for (unsigned i = 1; i <= 20; i++) {
			l->busy = (struct busy_poll){.most_ns = NS_PER_SEC};
			for (int k = 0; k < 5; k++)
				give(&b, FRAME_LEN);
			sleep_once(&b);
			CU_ASSERT_EQUAL(b.d->stats.rx_packets, 5 * i);
			CU_ASSERT_PTR_NOT_NULL(l->sleeper);
			CU_ASSERT_TRUE(is_nonblocking(&b));
		}
		l->busy.skip = 1; /* once it sleeps */
		give(&b, FRAME_LEN);
		sleep_once(&b);
		CU_ASSERT_FALSE(is_nonblocking(&b));
		for (int k = 0; k < 5; k++)
			give(&b, FRAME_LEN);
		sleep_once(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 106);
		CU_ASSERT_TRUE(is_nonblocking(&b));
		CU_ASSERT_PTR_NOT_NULL(l->sleeper);
		l->busy.pause = 100; /* it does not pay any longer */
		for (int k = 0; k < 5; k++)
			give(&b, FRAME_LEN);
		sleep_once(&b);
		CU_ASSERT_PTR_NULL(l->sleeper);
	}
	bench_free(&b);
}

/* A look for another reason finds nothing, and changes nothing. */
static void a_look_in_passing_keeps_the_sleep_in_read(void)
{
	struct bench b;

	if (bench_new(&b)) {
		for (int i = 0; i < 5; i++) {
			give(&b, FRAME_LEN);
			sleep_once(&b);
		}
		turn(&b);
		turn(&b);
		CU_ASSERT_PTR_NOT_NULL(b.l->loop.sleeper);
		CU_ASSERT_FALSE(is_nonblocking(&b));
		give(&b, FRAME_LEN);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 6);
	}
	bench_free(&b);
}

/* What is too short ends the sleep, too; and a device that is closed is not left open by its second number. */
static void a_sleep_in_read_sees_the_device_go(void)
{
	struct bench b;

	if (bench_new(&b)) {
		for (int i = 0; i < 5; i++) {
			give(&b, FRAME_LEN);
			sleep_once(&b);
		}
		CU_ASSERT_PTR_NOT_NULL(b.l->loop.sleeper);
		CU_ASSERT_EQUAL(write(b.machine, "123456789", 9), 9);
		sleep_once(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 5);
		for (int i = 0; i < 5; i++) {
			give(&b, FRAME_LEN);
			sleep_once(&b);
		}
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 10);
		CU_ASSERT_PTR_NOT_NULL(b.l->loop.sleeper);
		dev_fd_close(dev_fd_of(b.d));
		CU_ASSERT_PTR_NULL(b.l->loop.sleeper);
		CU_ASSERT_EQUAL(read(b.machine, (char[8]){0}, 8), 0); /* nothing holds the descriptor */
	}
	bench_free(&b);
}

static void a_burst_comes_in_by_budgets(void)
{
	struct bench b;

	if (bench_new(&b)) {
		b.l->loop.budget = 3;
		for (int i = 0; i < 7; i++)
			give(&b, FRAME_LEN);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 3);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 6);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 7);
	}
	bench_free(&b);
}

static void a_turn_delivers_not_much_more_than_so_many_bytes(void)
{
	struct bench b;

	if (bench_new(&b)) {
		b.l->loop.budget_bytes = 2 * FRAME_LEN + 1;
		for (int i = 0; i < 5; i++)
			give(&b, FRAME_LEN);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 3);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 5);
	}
	bench_free(&b);
}

/* What fills a big packet is not copied: another packet takes its place. */
static void large_frames_stay_where_they_were_read_to(void)
{
	struct bench b;

	if (bench_new(&b)) {
		size_t big = pool_in_use(&b.l->world.pkts.big);
		uint64_t made = b.l->world.pkts.big.made;
		for (int i = 1; i <= 3; i++) {
			give(&b, 3000);
			turn(&b);
			CU_ASSERT_EQUAL(b.d->stats.rx_packets, i);
		}
		CU_ASSERT_EQUAL(b.d->stats.rx_bytes, 9000);
		CU_ASSERT_EQUAL(pool_in_use(&b.l->world.pkts.big), big);
		CU_ASSERT(b.l->world.pkts.big.made >= made + 3);
	}
	bench_free(&b);
}

/* It may come by the read that finds out what the descriptor can do. */
static void a_frame_that_waits_already_is_not_lost(void)
{
	struct bench b = {0};
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	b.machine = pair[1];
	give(&b, FRAME_LEN);
	give(&b, FRAME_LEN);
	if (bench_on(&b, pair[0], pair[1])) {
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 2);
		give(&b, FRAME_LEN);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 3);
	}
	bench_free(&b);
}

static void less_than_a_header_is_no_frame(void)
{
	struct bench b;

	if (bench_new(&b)) {
		CU_ASSERT_EQUAL(write(b.machine, "123456789", 9), 9);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 0);
		CU_ASSERT_TRUE(b.d->carrier);
		give(&b, FRAME_LEN);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 1);
	}
	bench_free(&b);
}

static void frames_leave_with_the_next_wait_in_order(void)
{
	struct bench b;
	uint8_t message[200];

	if (bench_new(&b)) {
		send_frames(&b, 40);
		CU_ASSERT_EQUAL(b.l->loop.busy.moved, 40 * (VNET_LEN + FRAME_LEN));
		turn(&b);
		for (int i = 0; i < 40; i++) {
			CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), VNET_LEN + FRAME_LEN);
			CU_ASSERT_EQUAL(message[VNET_LEN + FRAME_LEN - 1], i);
		}
		CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), -1);
	}
	bench_free(&b);
}

/* A frame with parts is one message all the same, and nobody needs the parts any longer. */
static void what_a_frame_refers_to_leaves_with_it(void)
{
	struct blob *text = lab_text(3000);
	uint8_t message[4000];
	struct bench b;

	if (bench_new(&b)) {
		CU_ASSERT_TRUE(b.d->features & DEV_CAN_SG);
		for (int i = 0; i < 20; i++) { /* more than are written at once */
			struct pkt *p = stack_pkt(b.s, FRAME_LEN + text->len);
			memset(pkt_put(p, FRAME_LEN), i, FRAME_LEN);
			lab_put_parts(p, text);
			dev_output(b.d, p);
		}
		CU_ASSERT(text->refs > 1);
		CU_ASSERT_EQUAL(b.d->stats.tx_bytes, 20 * (FRAME_LEN + text->len));
		turn(&b);
		CU_ASSERT_EQUAL(text->refs, 1);
		for (int i = 0; i < 20; i++) {
			CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)),
				(ssize_t)(VNET_LEN + FRAME_LEN + text->len));
			CU_ASSERT_EQUAL(message[VNET_LEN + FRAME_LEN - 1], i);
			CU_ASSERT_EQUAL(memcmp(message + VNET_LEN + FRAME_LEN, text->bytes, text->len), 0);
		}
	}
	bench_free(&b);
	blob_unref(text);
}

static void a_full_queue_drops_by_name(void)
{
	struct bench b;

	if (bench_new(&b)) {
		for (int i = 0; i < 100000 && !stack_drops(b.s, DROP_DEV_TX_BUSY); i++) {
			send_frames(&b, 1);
			turn(&b);
		}
		CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_TX_BUSY), 1);
		CU_ASSERT_EQUAL(b.d->stats.tx_errors, 1);
	}
	bench_free(&b);
}

/* The descriptor waits for what is read, but never for what is written. */
static void a_full_queue_drops_where_it_sleeps_in_read(void)
{
	struct bench b;

	if (bench_new(&b)) {
		for (int i = 0; i < 100000 && !stack_drops(b.s, DROP_DEV_TX_BUSY); i++) {
			send_frames(&b, 1);
			give(&b, FRAME_LEN);
			sleep_once(&b);
		}
		CU_ASSERT_FALSE(is_nonblocking(&b));
		CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_TX_BUSY), 1);
		CU_ASSERT_EQUAL(b.d->stats.tx_errors, 1);
	}
	bench_free(&b);
}

/* More than a ring takes at once, each written by itself. */
static void a_burst_of_answers_leaves_in_order(void)
{
	uint8_t message[200];
	struct bench b;

	if (bench_new(&b)) {
		b.l->loop.busy.most_ns = NS_PER_SEC;
		give(&b, FRAME_LEN);
		sleep_once(&b);
		CU_ASSERT_PTR_NOT_NULL(b.l->loop.sleeper);
		send_frames(&b, 40);
		give(&b, FRAME_LEN);
		sleep_once(&b);
		for (int i = 0; i < 40; i++) {
			CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), VNET_LEN + FRAME_LEN);
			CU_ASSERT_EQUAL(message[VNET_LEN + FRAME_LEN - 1], i);
		}
		CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), -1);
	}
	bench_free(&b);
}

static void a_refused_write_drops_by_name(void)
{
	struct bench b;

	signal(SIGPIPE, SIG_IGN);
	if (bench_new(&b)) {
		close(b.machine);
		b.machine = -1;
		send_frames(&b, 1);
		turn(&b);
		CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_TX_ERROR), 1);
	}
	bench_free(&b);
}

static void a_failed_read_takes_the_carrier(void)
{
	struct bench b;
	int listener =
		socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); /* readable for poll, but not for read */

	if (bench_on(&b, listener, -1)) {
		turn(&b);
		CU_ASSERT_FALSE(b.d->carrier);
		CU_ASSERT_PTR_NULL(dev_fd_of(b.d)->ring);
		CU_ASSERT_EQUAL(dev_fd_of(b.d)->fd, -1);
	}
	bench_free(&b);
}

static void closing_ends_the_pending_read_and_what_was_sent(void)
{
	struct bench b;
	uint8_t message[200];

	if (bench_new(&b)) {
		send_frames(&b, 2);
		dev_fd_close(dev_fd_of(b.d));
		CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), VNET_LEN + FRAME_LEN);
		CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), VNET_LEN + FRAME_LEN);
		CU_ASSERT_EQUAL(
			read(b.machine, message, sizeof(message)), 0); /* nothing holds the descriptor */
		turn(&b);
		CU_ASSERT_FALSE(b.d->carrier);
	}
	bench_free(&b);
}

static void a_plain_device_has_no_header_either_way(void)
{
	uint8_t message[200] = {2, 9, 9, 9, 9, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	struct bench b;
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	if (bench_on_plain(&b, pair[0], pair[1], true)) {
		CU_ASSERT_EQUAL(b.d->features, DEV_CAN_SG);
		for (int i = 0; i < 3; i++)
			CU_ASSERT_EQUAL(write(b.machine, message, FRAME_LEN), FRAME_LEN);
		turn(&b);
		CU_ASSERT_EQUAL(b.d->stats.rx_packets, 3);
		CU_ASSERT_EQUAL(b.d->stats.rx_bytes, 3 * FRAME_LEN);
		send_frames(&b, 1);
		turn(&b);
		CU_ASSERT_EQUAL(read(b.machine, message, sizeof(message)), FRAME_LEN);
	}
	bench_free(&b);
}

SUITE(dev_fd_ring, T(single_frames_come_in_one_a_turn), T(lone_frames_are_slept_for_in_read),
	T(a_second_frame_is_looked_for_where_it_is_usual), T(super_frames_are_slept_for_in_read),
	T(bursts_are_looked_for_by_read), T(a_look_in_passing_keeps_the_sleep_in_read),
	T(a_full_queue_drops_where_it_sleeps_in_read), T(a_burst_of_answers_leaves_in_order),
	T(a_sleep_in_read_sees_the_device_go), T(a_burst_comes_in_by_budgets),
	T(a_turn_delivers_not_much_more_than_so_many_bytes), T(large_frames_stay_where_they_were_read_to),
	T(less_than_a_header_is_no_frame), T(a_frame_that_waits_already_is_not_lost),
	T(frames_leave_with_the_next_wait_in_order), T(a_full_queue_drops_by_name),
	T(a_refused_write_drops_by_name), T(a_failed_read_takes_the_carrier),
	T(closing_ends_the_pending_read_and_what_was_sent), T(a_plain_device_has_no_header_either_way),
	T(what_a_frame_refers_to_leaves_with_it))
