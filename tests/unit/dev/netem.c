/* SPDX-License-Identifier: MIT */
/* netem: what each wish does to frames on their way out of, or into, a device. */
#include "dev/netem.h"

#include "dev/kinds.h"
#include "net/ether.h"
#include "net/gso.h"
#include "net/sock.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <math.h>
#include <stdlib.h>

enum { PACKETS = 2000, FRAME = 1000, TYPE = 0x88b5 /* for experiments: nobody has it */ };

static const struct mac peer = {{2, 0, 0, 0, 1, 9}};

struct bench {
	struct lab *l;
	struct stack *s;
	struct dev *d;
};

static struct bench bench_new(const struct netem_config *config)
{
	struct bench b = {.l = lab_new()};

	b.s = lab_host(b.l, "h");
	b.d = lab_wire(b.s, "eth0", NULL);
	if (config)
		CU_ASSERT_EQUAL_FATAL(netem_create(b.d, QDISC_ROOT, 0x8001, config), 0);
	return b;
}

static struct qdisc_stats stats(const struct bench *b)
{
	return b->d->qdisc[QDISC_ROOT]->stats;
}

/* A frame whose payload begins with its number. */
static int emit(struct dev *d, uint32_t number)
{
	struct pkt *p = stack_pkt(d->stack, FRAME);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	memset(pkt_put(p, FRAME - ETHER_HDR_LEN), 0, FRAME - ETHER_HDR_LEN);
	*(be32 *)p->data = put32(number);
	return ether_output(d->netif, p, peer, TYPE);
}

/* The next frame that left; -1: none. */
static int64_t left(struct dev *d)
{
	size_t len;
	const uint8_t *b = lab_sent(d, &len);

	return b ? (int64_t)get32(*(const be32 *)(b + ETHER_HDR_LEN)) : -1;
}

static uint32_t part(double p)
{
	return (uint32_t)lround(p * CHANCE_ALWAYS);
}

static void expect_part(uint64_t count, double p)
{
	CU_ASSERT(fabs((double)count - p * PACKETS) <= 5 * sqrt(p * (1 - p) * PACKETS));
}

static void send_all(struct bench *b)
{
	for (uint32_t i = 0; i < PACKETS; i++)
		emit(b->d, i);
	lab_run(b->l, 10 * NS_PER_SEC);
}

/* ---- waiting ---- */

static void a_delay_lasts_to_the_nanosecond(void)
{
	struct netem_config c = {.limit = 1000, .delay_ns = 20000001};
	struct bench b = bench_new(&c);

	emit(b.d, 7);
	CU_ASSERT_EQUAL(stats(&b).backlog_packets, 1);
	CU_ASSERT_EQUAL(stats(&b).backlog_bytes, FRAME);
	lab_run(b.l, 20000000);
	CU_ASSERT_EQUAL(left(b.d), -1);
	lab_run(b.l, 1);
	CU_ASSERT_EQUAL(left(b.d), 7);
	CU_ASSERT_EQUAL(stats(&b).backlog_packets, 0);
	CU_ASSERT_EQUAL(stats(&b).backlog_bytes, 0);
	CU_ASSERT_EQUAL(stats(&b).packets, 1);
	CU_ASSERT_EQUAL(stats(&b).bytes, FRAME);
	lab_free(b.l);
}

static void without_wishes_everything_goes_at_once(void)
{
	struct netem_config c = {.limit = 1000};
	struct bench b = bench_new(&c);

	for (uint32_t i = 0; i < 5; i++)
		emit(b.d, i);
	for (uint32_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(left(b.d), i);
	lab_free(b.l);
}

static void jitter_spreads_and_reorders(void)
{
	struct netem_config c = {.limit = PACKETS, .delay_ns = 20 * NS_PER_MS, .jitter_ns = 5 * NS_PER_MS};
	struct bench b = bench_new(&c);
	uint64_t start = b.l->loop.now, first = 0, last = 0;
	unsigned early = 0;
	int64_t most = -1;

	for (uint32_t i = 0; i < PACKETS; i++)
		emit(b.d, i);
	for (size_t count = 0; count < PACKETS; count = lab_sent_count(b.d)) {
		lab_run(b.l, NS_PER_MS / 10);
		first = first || !lab_sent_count(b.d) ? first : b.l->loop.now - start;
		last = b.l->loop.now - start;
	}
	CU_ASSERT(first >= 15 * NS_PER_MS && first <= 15200000);
	CU_ASSERT(last <= 25100000 && last >= 24800000);
	for (int64_t n; (n = left(b.d)) >= 0; most = n > most ? n : most)
		early += n < most;
	CU_ASSERT(early > PACKETS / 2);
	lab_free(b.l);
}

static void correlated_jitter_keeps_order_longer(void)
{
	struct netem_config c = {.limit = PACKETS,
		.delay_ns = 20 * NS_PER_MS,
		.jitter_ns = 5 * NS_PER_MS,
		.delay_correlation = part(0.99)};
	struct bench b = bench_new(&c);
	unsigned steps = 0;
	int64_t before = -1;

	send_all(&b);
	for (int64_t n; (n = left(b.d)) >= 0; before = n)
		steps += n != before + 1;
	CU_ASSERT(steps > 2 && steps < PACKETS / 20);
	lab_free(b.l);
}

/* 1000 octets at 1 Mbit/s take 8 ms each, and stay in order whatever the jitter says. */
static void a_rate_spaces_packets_and_keeps_their_order(void)
{
	struct netem_config c = {.limit = 1000, .rate = 125000, .delay_ns = 100 * NS_PER_MS};
	struct bench b = bench_new(&c);

	for (uint32_t i = 0; i < 10; i++)
		emit(b.d, i);
	lab_run(b.l, 107 * NS_PER_MS);
	for (uint32_t i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
		lab_run(b.l, NS_PER_MS);
		CU_ASSERT_EQUAL(left(b.d), i);
		lab_run(b.l, 7 * NS_PER_MS);
	}
	c.jitter_ns = 50 * NS_PER_MS;
	netem_change(b.d->qdisc[QDISC_ROOT], &c);
	for (uint32_t i = 0; i < 100; i++)
		emit(b.d, i);
	lab_run(b.l, 2 * NS_PER_SEC);
	for (uint32_t i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(left(b.d), i);
	lab_free(b.l);
}

/* 1000 octets and 14 of overhead are 22 cells of 48 octets, each with 5 more on the wire: 1166 octets. */
static void the_rate_counts_overhead_and_cells(void)
{
	struct netem_config c = {
		.limit = 1000, .rate = 1000000, .packet_overhead = 14, .cell_size = 48, .cell_overhead = 5};
	struct bench b = bench_new(&c);

	emit(b.d, 1);
	lab_run(b.l, 1165999);
	CU_ASSERT_EQUAL(left(b.d), -1);
	lab_run(b.l, 1);
	CU_ASSERT_EQUAL(left(b.d), 1);
	c = (struct netem_config){.limit = 1000, .rate = 1, .packet_overhead = -2000};
	netem_change(b.d->qdisc[QDISC_ROOT], &c);
	emit(b.d, 2); /* less than nothing takes no time */
	CU_ASSERT_EQUAL(left(b.d), 2);
	lab_free(b.l);
}

static void what_is_over_the_limit_drops_by_name_and_the_sender_is_told(void)
{
	struct netem_config c = {.limit = 3, .delay_ns = NS_PER_MS};
	struct bench b = bench_new(&c);

	for (uint32_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(emit(b.d, i), i < 3 ? 0 : -ENOBUFS);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_NETEM_LIMIT), 2);
	CU_ASSERT_EQUAL(stats(&b).dropped, 2);
	lab_run(b.l, NS_PER_MS);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 3);
	lab_free(b.l);
}

/* As long as it is not all of it: a sender that sent the whole again would send too much. */
static void a_super_frame_that_finds_room_for_a_part_is_sent(void)
{
	struct netem_config c = {.limit = 3, .delay_ns = NS_PER_MS};
	struct bench b = bench_new(&c);
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64, .proto = IP_PROTO_TCP};

	for (int i = 0; i < 2; i++) {
		struct pkt *p = lab_super_frame(b.s, peer, b.d->mac, ip, (struct tcp_hdr){0}, 5000, 1000);
		CU_ASSERT_EQUAL(dev_output(b.d, p), i == 0 ? 0 : -ENOBUFS);
	}
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_NETEM_LIMIT), 2 + 5);
	lab_free(b.l);
}

/* Lost is not refused: it happens on the way. */
static void nobody_is_told_of_a_loss(void)
{
	struct netem_config c = {.limit = 3, .loss = {.random = {.p = CHANCE_ALWAYS}}};
	struct bench b = bench_new(&c);

	CU_ASSERT_EQUAL(emit(b.d, 1), 0);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_NETEM_LOSS), 1);
	lab_free(b.l);
}

/* With gap 5, each fifth goes before the four that wait. */
static void reordered_packets_go_at_once(void)
{
	struct netem_config c = {
		.limit = 1000, .delay_ns = NS_PER_MS, .gap = 5, .reorder = {.p = CHANCE_ALWAYS}};
	struct bench b = bench_new(&c);

	for (uint32_t i = 0; i < 10; i++)
		emit(b.d, i);
	CU_ASSERT_EQUAL(left(b.d), 4);
	CU_ASSERT_EQUAL(left(b.d), 9);
	lab_run(b.l, NS_PER_MS);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 8);
	CU_ASSERT_EQUAL(stats(&b).requeues, 2);
	c.gap = 1;
	c.reorder.p = part(0.25);
	c.limit = PACKETS;
	netem_change(b.d->qdisc[QDISC_ROOT], &c);
	lab_sent_clear(b.d);
	for (uint32_t i = 0; i < PACKETS; i++)
		emit(b.d, i);
	expect_part(lab_sent_count(b.d), 0.25);
	lab_free(b.l);
}

/* ---- losing, repeating, spoiling ---- */

static void losses_are_as_many_as_asked_for(void)
{
	struct netem_config c = {.limit = 1000, .loss = {.random = {.p = part(0.1)}}};
	struct bench b = bench_new(&c);

	send_all(&b);
	expect_part(stack_drops(b.s, DROP_NETEM_LOSS), 0.1);
	CU_ASSERT_EQUAL(stats(&b).dropped, stack_drops(b.s, DROP_NETEM_LOSS));
	CU_ASSERT_EQUAL(stats(&b).packets + stats(&b).dropped, PACKETS);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), stats(&b).packets);
	lab_free(b.l);
}

/* The second one is lost or not by itself. */
static void duplicates_are_packets_of_their_own(void)
{
	struct netem_config c = {.limit = 1000, .duplicate = {.p = CHANCE_ALWAYS}};
	struct bench b = bench_new(&c);

	send_all(&b);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 2 * PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++) {
		CU_ASSERT_EQUAL_FATAL(left(b.d), i);
		CU_ASSERT_EQUAL_FATAL(left(b.d), i);
	}
	c.duplicate.p = part(0.2);
	netem_change(b.d->qdisc[QDISC_ROOT], &c);
	send_all(&b);
	expect_part(lab_sent_count(b.d) - PACKETS, 0.2);
	lab_free(b.l);
}

static void one_bit_is_turned_and_nobody_vouches_for_it(void)
{
	struct netem_config c = {.limit = 1000, .corrupt = {.p = CHANCE_ALWAYS}};
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64};
	struct bench b = bench_new(&c);

	b.d->features = DEV_CAN_CSUM | DEV_CAN_GSO;
	for (int i = 0; i < 200; i++) {
		struct pkt *p = lab_super_frame(b.s, peer, b.d->mac, ip, (struct tcp_hdr){0}, 100, 1000);
		struct pkt *whole = pkt_copy(p, 0);
		unsigned turned = 0;
		size_t len;
		p->offload.gso_type = 0;
		csum_complete(whole);
		dev_output(b.d, p);
		const uint8_t *f = lab_sent(b.d, &len);
		CU_ASSERT_EQUAL_FATAL(len, whole->len);
		for (size_t at = 0; at < len; at++)
			turned += (unsigned)__builtin_popcount(f[at] ^ whole->data[at]);
		CU_ASSERT_EQUAL(turned, 1);
		pkt_free(whole);
	}
	c.corrupt.p = part(0.3);
	netem_change(b.d->qdisc[QDISC_ROOT], &c);
	unsigned spoiled = 0;
	for (uint32_t i = 0; i < PACKETS; i++) {
		size_t len, sum = 0;
		emit(b.d, 0);
		const uint8_t *f = lab_sent(b.d, &len);
		for (size_t at = ETHER_HDR_LEN; at < len; at++)
			sum += f[at];
		spoiled += sum != 0;
	}
	expect_part(spoiled, 0.3 * (FRAME - ETHER_HDR_LEN) / FRAME);
	lab_free(b.l);
}

/* RFC 3168 5 */
static void marks_take_the_place_of_losses_where_ecn_is_known(void)
{
	struct netem_config c = {.limit = 1000, .loss = {.random = {.p = CHANCE_ALWAYS}}, .ecn = true};
	struct bench b = bench_new(&c);

	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64, .tos = (uint8_t)(0x10 | ecn)};
		struct pkt *p = lab_super_frame(b.s, peer, b.d->mac, ip, (struct tcp_hdr){0}, 100, 1000);
		p->ethertype = ETHERTYPE_IP;
		dev_output(b.d, p);
		struct lab_ip_seen seen = lab_sent_ip(b.d); /* its checksum is right */
		CU_ASSERT_EQUAL(seen.payload != NULL, ecn != IP_ECN_NOT);
		CU_ASSERT_EQUAL(seen.ip.tos, ecn ? 0x13 : 0);
	}
	emit(b.d, 1); /* no IP */
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_NETEM_LOSS), 2);
	lab_free(b.l);
}

static void super_frames_are_cut_before_anything_happens_to_them(void)
{
	struct netem_config c = {.limit = 1000, .delay_ns = NS_PER_MS, .loss = {.random = {.p = part(0.5)}}};
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64};
	struct bench b = bench_new(&c);

	b.d->features = DEV_CAN_CSUM | DEV_CAN_GSO;
	for (int i = 0; i < PACKETS / 40; i++)
		dev_output(b.d, lab_super_frame(b.s, peer, b.d->mac, ip, (struct tcp_hdr){0}, 40000, 1000));
	expect_part(stats(&b).backlog_packets, 0.5);
	lab_run(b.l, NS_PER_MS);
	while (lab_sent_count(b.d)) {
		struct lab_ip_seen seen = lab_sent_ip(b.d);
		CU_ASSERT_EQUAL(seen.len, 1020);
		CU_ASSERT_EQUAL(tcp_csum(seen.payload, seen.len, 1, 2), 0);
	}
	lab_free(b.l);
}

/* ---- the way in ---- */

static void hear(struct bench *b, uint32_t number)
{
	uint8_t f[60] = {0};

	ether_emit(f, &(struct ether_hdr){b->d->mac, peer, TYPE});
	*(be32 *)(f + ETHER_HDR_LEN) = put32(number);
	lab_inject(b->d, f, sizeof(f));
}

/* Who looks on sees frames before they are delayed on the way in, and after that on the way out (as Linux's
 * packet sockets do). */
static void monitors_stand_outside_of_netem(void)
{
	struct netem_config c = {.limit = 1000, .delay_ns = NS_PER_MS};
	struct bench b = bench_new(&c);
	struct sock *sk = sock_open(b.s, SOCK_KIND_PACKET, ETHERTYPE_ALL);

	CU_ASSERT_EQUAL(netem_create(b.d, QDISC_INGRESS, 0xffff, &c), 0);
	hear(&b, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), 60);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_ETH_UNKNOWN_TYPE), 0);
	emit(b.d, 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	lab_run(b.l, NS_PER_MS);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), FRAME);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN); /* once, not twice */
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_ETH_UNKNOWN_TYPE), 1);
	sock_close(sk);
	lab_free(b.l);
}

/* What is corrupted on the way in may be for another host by then. */
static void what_is_spoiled_on_the_way_in_is_looked_at_anew(void)
{
	struct netem_config c = {.limit = 1000, .corrupt = {.p = CHANCE_ALWAYS}};
	struct bench b = bench_new(NULL);

	CU_ASSERT_EQUAL(netem_create(b.d, QDISC_INGRESS, 0xffff, &c), 0);
	for (uint32_t i = 0; i < PACKETS; i++)
		hear(&b, i);
	CU_ASSERT(stack_drops(b.s, DROP_ETH_OTHERHOST) > 0);
	lab_free(b.l);
}

/* ---- its life ---- */

static uint64_t digest(uint64_t seed, bool seeded)
{
	struct netem_config c = {.limit = 1000,
		.delay_ns = 5 * NS_PER_MS,
		.jitter_ns = 3 * NS_PER_MS,
		.shape = CHANCE_PARETONORMAL,
		.loss = {.random = {part(0.1), part(0.3)}},
		.duplicate = {.p = part(0.1)},
		.corrupt = {.p = part(0.1)},
		.seeded = seeded,
		.seed = seed};
	struct bench b = bench_new(&c);
	uint64_t sum = 0;
	int64_t n;

	for (uint32_t i = 0; i < 500; i++) {
		emit(b.d, i);
		lab_run(b.l, NS_PER_MS / 3);
	}
	lab_run(b.l, NS_PER_SEC);
	while ((n = left(b.d)) >= 0)
		sum = sum * UINT64_C(6364136223846793005) + (uint64_t)n;
	lab_free(b.l);
	return sum;
}

static void the_seed_says_everything(void)
{
	CU_ASSERT_EQUAL(digest(7, true), digest(7, true));
	CU_ASSERT_NOT_EQUAL(digest(7, true), digest(8, true));
	CU_ASSERT_EQUAL(digest(0, false), digest(0, false)); /* by the world's seed */
	CU_ASSERT_NOT_EQUAL(digest(0, false), digest(7, true));
}

static void what_waits_goes_with_the_device_or_the_qdisc(void)
{
	struct netem_config c = {.limit = 1000, .delay_ns = NS_PER_MS};
	struct bench b = bench_new(&c);
	struct stack *other = lab_host(b.l, "other");

	CU_ASSERT_EQUAL(netem_create(b.d, QDISC_INGRESS, 0xffff, &c), 0);
	emit(b.d, 1);
	hear(&b, 1);
	dev_set_up(b.d, false);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_DOWN), 2);
	CU_ASSERT_PTR_NOT_NULL(b.d->qdisc[QDISC_ROOT]);
	dev_set_up(b.d, true);
	emit(b.d, 2);
	dev_set_qdisc(b.d, QDISC_ROOT, NULL);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_DOWN), 3);
	emit(b.d, 3);
	CU_ASSERT_EQUAL(left(b.d), 3);
	CU_ASSERT_EQUAL(netem_create(b.d, QDISC_ROOT, 0x8002, &c), 0);
	emit(b.d, 4);
	CU_ASSERT_EQUAL(dev_move(b.d, other, NULL), 0); /* as in Linux, without its qdiscs */
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_DEV_DOWN), 4);
	CU_ASSERT(!b.d->qdisc[QDISC_ROOT] && !b.d->qdisc[QDISC_INGRESS]);
	dev_set_up(b.d, true);
	CU_ASSERT_EQUAL(netem_create(b.d, QDISC_ROOT, 0x8001, &c), 0);
	emit(b.d, 5);
	lab_free(b.l); /* with one that waits */
}

static void a_change_leaves_alone_what_waits(void)
{
	struct netem_config c = {.limit = 1000, .delay_ns = 10 * NS_PER_MS};
	struct bench b = bench_new(&c);

	emit(b.d, 1);
	c.delay_ns = NS_PER_MS;
	netem_change(b.d->qdisc[QDISC_ROOT], &c);
	CU_ASSERT_EQUAL(netem_config(b.d->qdisc[QDISC_ROOT])->delay_ns, NS_PER_MS);
	emit(b.d, 2);
	lab_run(b.l, NS_PER_MS);
	CU_ASSERT_EQUAL(left(b.d), 2);
	lab_run(b.l, 9 * NS_PER_MS);
	CU_ASSERT_EQUAL(left(b.d), 1);
	lab_free(b.l);
}

static void without_memory_it_drops_by_name(void)
{
	struct netem_config c = {.limit = 1000, .duplicate = {.p = CHANCE_ALWAYS}};
	struct bench b = bench_new(&c);
	struct pool *small = &b.l->world.pkts.small;

	small->limit = pool_in_use(small) + 1;
	emit(b.d, 1); /* no second one */
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 1);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_NO_MEMORY), 1);
	small->limit = 0;
	c = (struct netem_config){.limit = 1000, .delay_ns = NS_PER_MS};
	netem_change(b.d->qdisc[QDISC_ROOT], &c);
	struct pkt *p = stack_pkt(b.s, FRAME);
	pkt_put(p, FRAME);
	alloc_arm(1, true);
	dev_output(b.d, p); /* nothing to hold it by */
	CU_ASSERT_EQUAL(alloc_disarm(), 1);
	CU_ASSERT_EQUAL(stack_drops(b.s, DROP_NO_MEMORY), 2);
	CU_ASSERT_EQUAL(stats(&b).dropped, 1);
	lab_free(b.l);
}

SUITE(dev_netem, T(a_delay_lasts_to_the_nanosecond), T(without_wishes_everything_goes_at_once),
	T(jitter_spreads_and_reorders), T(correlated_jitter_keeps_order_longer),
	T(a_rate_spaces_packets_and_keeps_their_order), T(the_rate_counts_overhead_and_cells),
	T(what_is_over_the_limit_drops_by_name_and_the_sender_is_told),
	T(a_super_frame_that_finds_room_for_a_part_is_sent), T(nobody_is_told_of_a_loss),
	T(reordered_packets_go_at_once), T(losses_are_as_many_as_asked_for),
	T(duplicates_are_packets_of_their_own), T(one_bit_is_turned_and_nobody_vouches_for_it),
	T(marks_take_the_place_of_losses_where_ecn_is_known),
	T(super_frames_are_cut_before_anything_happens_to_them), T(monitors_stand_outside_of_netem),
	T(what_is_spoiled_on_the_way_in_is_looked_at_anew), T(the_seed_says_everything),
	T(what_waits_goes_with_the_device_or_the_qdisc), T(a_change_leaves_alone_what_waits),
	T(without_memory_it_drops_by_name))
