/* SPDX-License-Identifier: MIT */
/* Ten thousand random and mutated ARP frames: each ends as done or as a named drop, and nothing is left. */
#include "arp/internal.h"
#include "tests/unit/arp/bench.h"

enum { FRAMES = 10000 };

static uint64_t all_drops(const struct stack *s)
{
	uint64_t sum = 0;

	for (int why = 1; why < DROP_COUNT; why++)
		sum += stack_drops(s, (enum drop_reason)why);
	return sum;
}

/* Addresses that matter more often than chance would have it. */
static uint32_t some_ip(struct rng *rng)
{
	static const char *const ips[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.5", "0.0.0.0",
		"10.0.0.255", "255.255.255.255", "127.0.0.1", "192.0.2.7"};
	uint32_t i = rng_below(rng, ARRAY_SIZE(ips) + 2);

	return i < ARRAY_SIZE(ips)     ? lab_ip(ips[i])
		: i == ARRAY_SIZE(ips) ? rng_u32(rng)
				       : 0x0a000000 | (rng_u32(rng) & 255);
}

static struct mac some_mac(struct rng *rng, const struct bench *b)
{
	struct mac random;
	const struct mac macs[] = {b->d->mac, b->peer.mac, b->rogue.mac, MAC_BROADCAST, MAC_ZERO};
	uint32_t i = rng_below(rng, ARRAY_SIZE(macs) + 1);

	rng_bytes(rng, random.b, 6);
	return i < ARRAY_SIZE(macs) ? macs[i] : random;
}

static size_t some_frame(struct rng *rng, const struct bench *b, uint8_t *frame)
{
	struct arp_msg m = {.op = (uint16_t)(rng_below(rng, 10) ? 1 + rng_below(rng, 2) : rng_u32(rng)),
		.sha = some_mac(rng, b),
		.spa = some_ip(rng),
		.tha = some_mac(rng, b),
		.tpa = some_ip(rng)};
	struct mac dst = rng_below(rng, 2) ? MAC_BROADCAST : b->d->mac;
	size_t len = lab_frame_arp(frame, dst, rng_below(rng, 3) ? m.sha : some_mac(rng, b), &m);

	for (uint32_t flips = rng_below(rng, 4) ? 0 : rng_below(rng, 8); flips; flips--)
		frame[rng_below(rng, (uint32_t)len)] ^= (uint8_t)(1u << rng_below(rng, 8));
	if (rng_below(rng, 10) == 0)
		rng_bytes(rng, frame + ETHER_HDR_LEN, ARP_LEN);
	return rng_below(rng, 10) ? len : rng_below(rng, (uint32_t)len + 1);
}

static void every_frame_is_done_or_a_named_drop(void)
{
	struct bench b = bench_new();
	struct rng rng;
	uint8_t frame[64];
	int wrong = 0;

	rng_seed(&rng, unit_seed);
	bench_sysctl(&b, CONF_ARP_DAD, 1);
	bench_sysctl(&b, CONF_ARP_ACCEPT, 1);
	bench_sysctl(&b, CONF_FORWARDING, 1);
	bench_sysctl(&b, CONF_UNRES_QLEN_BYTES, 500);
	lab_addr(b.d, "10.0.0.5/24");
	neigh_set_proxy(b.n, lab_ip("192.0.2.7"), true);
	for (int i = 0; i < FRAMES; i++) {
		size_t entries, waiting;
		struct pkt_pools *pools = &b.l->world.pkts;
		lab_inject(b.d, frame, some_frame(&rng, &b, frame));
		if (rng_below(&rng, 4) == 0)
			bench_output(&b, (struct ip_hdr){.dst = 0x0a000000 | rng_below(&rng, 8)}, 100,
				0x0a000000 | rng_below(&rng, 8));
		if (rng_below(&rng, 4) == 0)
			lab_run(b.l, rng_below(&rng, 2000) * MS);
		lab_sent_clear(b.d);
		/* Made is in use (what waits), done, or dropped by name. */
		arp_stat(b.s, &entries, &waiting);
		wrong += pool_in_use(&pools->small) != waiting;
		wrong += pools->small.made != waiting + pools->done + all_drops(b.s);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(all_drops(b.s) > FRAMES / 4);
	CU_ASSERT(b.l->world.pkts.done > FRAMES / 4);
	bench_free(&b);
}

SUITE(arp_fuzz, T(every_frame_is_done_or_a_named_drop))
