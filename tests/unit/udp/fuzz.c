/* SPDX-License-Identifier: MIT */
/* Mutated datagrams: none crashes, each ends by a name, and all memory comes back. */
#include "tests/unit/udp/bench.h"

enum { FRAMES = 20000 };

static size_t original(struct bench *b, struct rng *rng)
{
	static const uint32_t to[] = {ME, ME, ME2, ALL, GROUP, IP_BROADCAST};
	uint32_t dst = to[rng_below(rng, ARRAY_SIZE(to))];
	struct ip_hdr ip = {.src = PEER, .dst = dst, .ttl = 64, .proto = IP_PROTO_UDP};
	struct udp_hdr h = {.sport = 4000, .dport = (uint16_t)(50 + rng_below(rng, 5))};
	struct mac mac = dst == GROUP	  ? ether_multicast(dst)
		: dst == ME || dst == ME2 ? b->d->mac
					  : MAC_BROADCAST;
	uint8_t datagram[208], data[200] = {0};
	size_t len = bench_datagram(datagram, PEER, dst, h, data, rng_below(rng, sizeof(data)));

	return lab_frame_ip(b->frame, mac, bench_peer_mac, ip, NULL, 0, datagram, len);
}

/* Changes some octets and perhaps the length; then mends what would keep it from getting far, most times. */
static size_t mutate(uint8_t *f, size_t len, struct rng *rng)
{
	const size_t ip = ETHER_HDR_LEN, udp = ip + IP_HDR_LEN;

	for (uint32_t n = rng_below(rng, 4); n > 0; n--)
		f[udp + rng_below(rng, (uint32_t)(len - udp))] = (uint8_t)rng_u32(rng);
	if (rng_below(rng, 16) == 0)
		f[ip + rng_below(rng, IP_HDR_LEN)] = (uint8_t)rng_u32(rng);
	if (rng_below(rng, 3) == 0)
		len = ip + rng_below(rng, (uint32_t)(len - ip + 1));
	if (rng_below(rng, 8) && len >= udp)
		bench_mend_ip(f, len);
	if (rng_below(rng, 4) && len >= udp + UDP_HDR_LEN)
		*(be16 *)(f + udp + 6) = put16(0);
	return len;
}

static void mutated_datagrams_end_by_name_and_leave_nothing_behind(void)
{
	struct bench *b = bench_new_two();
	struct sock *socks[3] = {bench_sock(b, 0, 51), bench_sock(b, ME, 52), bench_sock(b, 0, 53)};
	uint64_t read = 0;
	struct rng rng;

	rng_seed(&rng, unit_seed);
	CU_ASSERT_EQUAL(bench_connect(socks[2], PEER, 4000), 0);
	CU_ASSERT_EQUAL(sock_join(socks[0], GROUP, b->d->ifindex), 0);
	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len = mutate(b->frame, original(b, &rng), &rng);
		uint64_t before = bench_ended(b);
		unsigned got = 0;

		lab_inject(b->d, b->frame, len);
		for (size_t k = 0; k < ARRAY_SIZE(socks); k++)
			got += sock_recv(socks[k], NULL, 0, 0, NULL) >= 0;
		CU_ASSERT(bench_ended(b) > before || bench_is_fragment(b->frame, len));
		read += got;
		lab_sent_clear(b->d);
	}
	CU_ASSERT(read > FRAMES / 10);
	lab_run(b->l, 60 * NS_PER_SEC);
	for (size_t k = 0; k < ARRAY_SIZE(socks); k++)
		sock_close(socks[k]);
	bench_free(b);
}

SUITE(udp_fuzz, T(mutated_datagrams_end_by_name_and_leave_nothing_behind))
