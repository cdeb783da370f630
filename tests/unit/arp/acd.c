/* SPDX-License-Identifier: MIT */
/* Address conflict detection: RFC 5227, clause by clause. */
#include "arp/internal.h"
#include "tests/unit/arp/bench.h"

static struct bench with_dad(void)
{
	struct bench b = bench_new();

	bench_sysctl(&b, CONF_ARP_DAD, 1);
	return b;
}

/* Runs until a frame was sent, at most for 100 s; how long it took. */
static uint64_t until_sent(struct bench *b)
{
	uint64_t start = stack_now(b->s);

	while (!lab_sent_count(b->d) && stack_now(b->s) - start < 100 * SEC)
		lab_run(b->l, MS);
	return stack_now(b->s) - start;
}

/* An address on eth0 that has passed the probes. */
static struct netif_addr *won(struct bench *b, const char *cidr)
{
	struct netif_addr *a = lab_addr(b->d, cidr);

	lab_run(b->l, 20 * SEC);
	CU_ASSERT(netif_addr_is_usable(a));
	lab_sent_clear(b->d);
	return a;
}

static bool sent_announcement(struct bench *b, const char *addr)
{
	return sent_request(b, MAC_BROADCAST, addr, addr);
}

static void probe_and_announce_once(uint64_t seed)
{
	struct bench b = with_dad();

	rng_seed(&b.s->rng, seed);
	struct netif_addr *a = lab_addr(b.d, "10.0.0.5/24");

	CU_ASSERT(a->flags & ADDR_TENTATIVE);
	CU_ASSERT_PTR_NULL(netif_owning(b.s, a->local));
	CU_ASSERT(until_sent(&b) <= SEC + MS);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT(sent_request(&b, MAC_BROADCAST, "0.0.0.0", "10.0.0.5"));
		uint64_t wait = until_sent(&b);
		CU_ASSERT(i == 2 ? wait >= 2 * SEC - MS && wait <= 2 * SEC + MS
				 : wait >= SEC - MS && wait <= 2 * SEC + MS);
	}
	CU_ASSERT(sent_announcement(&b, "10.0.0.5"));
	CU_ASSERT(netif_addr_is_usable(a));
	lab_run(b.l, 2 * SEC - 2 * MS);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	lab_run(b.l, 2 * MS);
	CU_ASSERT(sent_announcement(&b, "10.0.0.5"));
	bench_free(&b);
}

/* RFC5227-1.1a, RFC5227-1.1b, RFC5227-2.1a, RFC5227-2.1.1d, RFC5227-2.3 */
static void new_address_is_probed_three_times_then_announced_twice(void)
{
	for (int i = 0; i < 20; i++) /* the times are random */
		probe_and_announce_once(unit_seed + (uint64_t)i);
}

/* RFC5227-2.1b */
static void address_in_use_is_not_probed_again(void)
{
	struct bench b = with_dad();
	struct netif_addr *a = won(&b, "10.0.0.5/24");

	lab_run(b.l, 7200 * SEC);
	netif_addr_changed(a); /* by whomever, for whatever reason */
	lab_run(b.l, 60 * SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void without_arp_dad_an_address_is_ours_at_once(void)
{
	struct bench b = bench_new();
	struct netif_addr *a = lab_addr(b.d, "10.0.0.5/24");

	CU_ASSERT(netif_addr_is_usable(a));
	lab_run(b.l, 20 * SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void tentative_address_does_not_answer(void)
{
	struct bench b = with_dad();

	lab_addr(b.d, "10.0.0.5/24");
	bench_request(&b, b.peer, "10.0.0.5");
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_NOT_FOR_US), 1);
	bench_free(&b);
}

/* RFC5227-2.1.1a */
static void any_message_from_the_probed_address_is_a_conflict(void)
{
	for (uint16_t op = ARP_OP_REQUEST; op <= ARP_OP_REPLY; op++) {
		struct bench b = with_dad();
		struct netif_addr *a = lab_addr(b.d, "10.0.0.5/24");
		struct arp_msg m = {
			.op = op, .sha = b.rogue.mac, .spa = a->local, .tpa = lab_ip("10.0.0.99")};

		lab_run(b.l, 2 * SEC);
		lab_sent_clear(b.d);
		bench_inject(&b, op == ARP_OP_REPLY ? b.d->mac : MAC_BROADCAST, m);
		CU_ASSERT_EQUAL(a->flags & (ADDR_TENTATIVE | ADDR_DUPLICATE), ADDR_DUPLICATE);
		CU_ASSERT_EQUAL(drops(&b, DROP_ARP_CONFLICT), 1);
		lab_run(b.l, 60 * SEC);
		CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
		CU_ASSERT(a->flags & ADDR_DUPLICATE);
		bench_free(&b);
	}
}

/* Conflicts count up to ANNOUNCE_WAIT after the last probe. */
static void conflict_in_the_last_moment_counts(void)
{
	struct bench b = with_dad();
	struct netif_addr *a = lab_addr(b.d, "10.0.0.5/24");

	for (int i = 0; i < 3; i++) {
		until_sent(&b);
		lab_sent_clear(b.d);
	}
	lab_run(b.l, 2 * SEC - 2 * MS);
	bench_gratuitous(&b, LAB_PEER(0x66, "10.0.0.5"), ARP_OP_REPLY);
	CU_ASSERT(a->flags & ADDR_DUPLICATE);
	bench_free(&b);
}

/* RFC5227-2.1.1b */
static void foreign_probe_for_the_same_address_is_a_conflict(void)
{
	struct bench b = with_dad();
	struct netif_addr *a = lab_addr(b.d, "10.0.0.5/24");
	struct lab_peer self = {b.d->mac, IP_ANY};

	bench_request(&b, self, "10.0.0.5"); /* our own, back through a loop */
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_OWN), 1);
	CU_ASSERT(a->flags & ADDR_TENTATIVE);
	bench_request(&b, LAB_PEER(9, "0.0.0.0"), "10.0.0.6");
	CU_ASSERT(a->flags & ADDR_TENTATIVE);
	bench_request(&b, LAB_PEER(9, "0.0.0.0"), "10.0.0.5");
	CU_ASSERT(a->flags & ADDR_DUPLICATE);
	bench_free(&b);
}

/* RFC5227-2.1.1c */
static void after_ten_conflicts_one_try_a_minute(void)
{
	struct bench b = with_dad();
	char cidr[32], addr[32];

	for (int i = 20; i < 30; i++) {
		snprintf(cidr, sizeof(cidr), "10.0.0.%d/24", i);
		snprintf(addr, sizeof(addr), "10.0.0.%d", i);
		struct netif_addr *a = lab_addr(b.d, cidr);
		CU_ASSERT(until_sent(&b) <= SEC + MS);
		bench_gratuitous(&b, LAB_PEER(0x66, addr), ARP_OP_REPLY);
		CU_ASSERT(a->flags & ADDR_DUPLICATE);
		lab_sent_clear(b.d);
	}
	lab_addr(b.d, "10.0.0.40/24");
	uint64_t first = until_sent(&b);
	CU_ASSERT(first >= 58 * SEC && first <= 61 * SEC + MS);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "0.0.0.0", "10.0.0.40"));
	bench_gratuitous(&b, LAB_PEER(0x66, "10.0.0.40"), ARP_OP_REPLY);
	lab_addr(b.d, "10.0.0.41/24");
	lab_addr(b.d, "10.0.0.42/24"); /* two at once: a minute apart */
	lab_run(b.l, 75 * SEC);
	lab_sent_clear(b.d);
	CU_ASSERT(netif_addr_is_usable(netif_addr_find(b.n, lab_ip("10.0.0.41"))));
	CU_ASSERT(!netif_addr_is_usable(netif_addr_find(b.n, lab_ip("10.0.0.42"))));
	lab_run(b.l, 60 * SEC);
	lab_sent_clear(b.d);
	lab_addr(b.d, "10.0.0.43/24"); /* one was won: all is well again */
	CU_ASSERT(until_sent(&b) <= SEC + MS);
	bench_free(&b);
}

/* RFC5227-2.4c: permanent defence. */
static void arp_sender_is_self_ip(void)
{
	struct bench b = bench_new();
	struct lab_peer thief = LAB_PEER(0x66, "10.0.0.1");

	for (int i = 0; i < 100; i++) {
		bench_request(&b, thief, "10.0.0.2");
		lab_run(b.l, 250 * MS);
	}
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_CONFLICT), 100);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 3); /* at 0, 10 and 20 s of 25 */
	while (lab_sent_count(b.d))
		CU_ASSERT(sent_announcement(&b, "10.0.0.1"));
	CU_ASSERT_PTR_NULL(neigh_find(b.n, thief.ip));
	CU_ASSERT(netif_addr_is_usable(netif_addr_find(b.n, thief.ip)));
	bench_free(&b);
}

/* RFC5227-2.4a, RFC5227-2.4b */
static void second_conflict_within_10_s_gives_the_address_up(void)
{
	struct bench b = with_dad();
	struct netif_addr *a = won(&b, "10.0.0.5/24");
	struct lab_peer thief = LAB_PEER(0x66, "10.0.0.5");

	bench_reply(&b, thief);
	CU_ASSERT(sent_announcement(&b, "10.0.0.5"));
	lab_run(b.l, 10 * SEC);
	bench_reply(&b, thief); /* the first within 10 s again */
	CU_ASSERT(sent_announcement(&b, "10.0.0.5"));
	CU_ASSERT(netif_addr_is_usable(a));
	lab_run(b.l, 10 * SEC - 1);
	bench_reply(&b, thief);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	CU_ASSERT(a->flags & ADDR_DUPLICATE);
	CU_ASSERT_PTR_NULL(netif_owning(b.s, a->local));
	bench_request(&b, b.peer, "10.0.0.5");
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	/* From now on the other one is a neighbour like any other. */
	bench_request(&b, thief, "10.0.0.1");
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.5"), NEIGH_STALE);
	bench_free(&b);
}

static void address_of_another_device_is_not_learned_nor_defended_here(void)
{
	struct bench b = bench_new();
	struct dev *other = lab_wire(b.s, "eth1", "10.0.0.9/24");

	bench_request(&b, LAB_PEER(0x66, "10.0.0.9"), "10.0.0.1");
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_CONFLICT), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.d) + lab_sent_count(other), 0);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.9"), NEIGH_NONE);
	bench_free(&b);
}

static void address_added_while_down_is_probed_when_the_device_comes_up(void)
{
	struct bench b = with_dad();

	dev_set_up(b.d, false);
	struct netif_addr *a = lab_addr(b.d, "10.0.0.5/24");
	lab_run(b.l, 20 * SEC);
	CU_ASSERT(a->flags & ADDR_TENTATIVE);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	dev_set_up(b.d, true);
	lab_run(b.l, 20 * SEC);
	CU_ASSERT(netif_addr_is_usable(a));
	bench_free(&b);
}

static void carrier_that_comes_back_probes_again(void)
{
	struct bench b = with_dad();
	struct netif_addr *a = won(&b, "10.0.0.5/24");

	dev_set_carrier(b.d, false);
	CU_ASSERT(netif_addr_is_usable(a));
	dev_set_carrier(b.d, true);
	CU_ASSERT(a->flags & ADDR_TENTATIVE);
	lab_run(b.l, 500 * MS);
	dev_set_carrier(b.d, false); /* and goes in the middle of it */
	lab_sent_clear(b.d);
	lab_run(b.l, 20 * SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_sysctl(&b, CONF_ARP_DAD, 0);
	dev_set_carrier(b.d, true);
	CU_ASSERT(netif_addr_is_usable(a));
	bench_free(&b);
}

static void address_deleted_while_it_is_probed_is_forgotten(void)
{
	struct bench b = with_dad();

	netif_addr_del(lab_addr(b.d, "10.0.0.5/32"));
	lab_run(b.l, 20 * SEC);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	lab_addr(b.d, "10.0.0.6/32"); /* probed while everything ends */
	bench_free(&b);
}

struct changes {
	struct monitor monitor;
	unsigned count;
	uint8_t flags[8];
};

static void note_change(
	struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	struct changes *c = CONTAINER_OF(m, struct changes, monitor);
	const struct netif_addr *a = object;

	if (s && kind == MONITOR_ADDR && !gone && c->count < ARRAY_SIZE(c->flags))
		c->flags[c->count++] = a->flags & (ADDR_TENTATIVE | ADDR_DUPLICATE);
}

static void others_hear_of_every_change(void)
{
	struct bench b = with_dad();
	struct changes c = {.monitor = {.fn = note_change}};
	static const uint8_t expected[] = {ADDR_TENTATIVE, 0, ADDR_DUPLICATE};

	monitor_add(&b.l->world, &c.monitor);
	lab_addr(b.d, "10.0.0.5/24");
	lab_run(b.l, 20 * SEC);
	bench_reply(&b, LAB_PEER(0x66, "10.0.0.5"));
	bench_reply(&b, LAB_PEER(0x66, "10.0.0.5"));
	monitor_del(&c.monitor);
	CU_ASSERT_EQUAL(c.count, 3);
	CU_ASSERT_EQUAL(memcmp(c.flags, expected, 3), 0);
	bench_free(&b);
}

SUITE(arp_acd, T(new_address_is_probed_three_times_then_announced_twice),
	T(address_in_use_is_not_probed_again), T(without_arp_dad_an_address_is_ours_at_once),
	T(tentative_address_does_not_answer), T(any_message_from_the_probed_address_is_a_conflict),
	T(conflict_in_the_last_moment_counts), T(foreign_probe_for_the_same_address_is_a_conflict),
	T(after_ten_conflicts_one_try_a_minute), T(arp_sender_is_self_ip),
	T(second_conflict_within_10_s_gives_the_address_up),
	T(address_of_another_device_is_not_learned_nor_defended_here),
	T(address_added_while_down_is_probed_when_the_device_comes_up),
	T(carrier_that_comes_back_probes_again), T(address_deleted_while_it_is_probed_is_forgotten),
	T(others_hear_of_every_change))
