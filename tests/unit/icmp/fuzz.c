/* SPDX-License-Identifier: MIT */
/* Mutated ICMP frames: none crashes, each ends by a name, and all memory comes back. */
#include "tests/unit/icmp/bench.h"

enum { FRAMES = 10000, ORIGINALS = 9 };

/* One of the messages that come in, by number. */
static size_t original(struct bench *b, uint32_t which, struct rng *rng)
{
	static const struct icmp_hdr headers[ORIGINALS] = {
		{ICMP_ECHO, 0, 0x00070001},
		{ICMP_ECHO_REPLY, 0, 0x00070001},
		{ICMP_TIMESTAMP, 0, 0x00070001},
		{ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0},
		{ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1300},
		{ICMP_TIME_EXCEEDED, 0, 0x00200000},
		{ICMP_PARAM_PROBLEM, 0, 0x14000000},
		{ICMP_REDIRECT, ICMP_REDIRECT_HOST, OTHER},
		{ICMP_MASK_REPLY, 0, 0},
	};
	struct ip_hdr quoted = {.dst = rng_below(rng, 2) ? FAR : PEER,
		.proto = rng_below(rng, 2) ? IP_PROTO_ICMP : IP_PROTO_UDP,
		.total_len = 1400,
		.df = true};
	uint8_t data[200] = {0}, echo[172] = {ICMP_ECHO, 0, 0, 0, 0, 7};

	bench_quote(data, quoted, echo, sizeof(echo));
	return lab_frame_icmp(
		b->frame, b->d->mac, bench_peer_mac, PEER, ME, headers[which], data, sizeof(data));
}

/* Changes some octets and perhaps the length; then mends what would keep it from getting far, most times. */
static size_t mutate(uint8_t *f, size_t len, struct rng *rng)
{
	const size_t ip = ETHER_HDR_LEN, icmp = ip + IP_HDR_LEN;

	for (uint32_t n = rng_below(rng, 9); n > 0; n--)
		f[icmp + rng_below(rng, (uint32_t)(rng_below(rng, 2) ? 36 : len - icmp))] =
			(uint8_t)rng_u32(rng);
	if (rng_below(rng, 8) == 0)
		f[ip + rng_below(rng, IP_HDR_LEN)] = (uint8_t)rng_u32(rng);
	if (rng_below(rng, 2))
		len = ip + rng_below(rng, (uint32_t)(len - ip + 1));
	if (rng_below(rng, 8) && len >= icmp)
		bench_mend_ip(f, len);
	if (rng_below(rng, 8) && len >= icmp + 4) {
		*(be16 *)(f + icmp + 2) = put16(0);
		*(be16 *)(f + icmp + 2) = put16(csum(f + icmp, len - icmp));
	}
	return len;
}

static void mutated_frames_end_by_name_and_leave_nothing_behind(void)
{
	struct bench *b = bench_new();
	struct sock *ping = sock_open(b->s, SOCK_DGRAM, IP_PROTO_ICMP);
	uint64_t handed_up = 0;
	struct rng rng;

	rng_seed(&rng, unit_seed);
	lab_route(b->s, "default", "10.0.0.2", b->d);
	b->s->sysctl[SYSCTL_ICMP_ECHO_IGNORE_BROADCASTS] = 0;
	sock_set(ping, SO_OPT_RECVERR, 1);
	CU_ASSERT_EQUAL_FATAL(sock_bind(ping, &(struct sock_addr){.port = 7}), 0);
	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len = mutate(b->frame, original(b, rng_below(&rng, ORIGINALS), &rng), &rng);
		struct sock_error e;
		uint64_t before = bench_ended(b);

		lab_inject(b->d, b->frame, len);
		bool waits = sock_recv(ping, NULL, 0, 0, NULL) >= 0;
		CU_ASSERT(bench_ended(b) > before || bench_is_fragment(b->frame, len));
		handed_up += waits || sock_recv_error(ping, &e) == 0;
		lab_sent_clear(b->d);
	}
	CU_ASSERT(handed_up > FRAMES / 100);
	lab_run(b->l, 60 * NS_PER_SEC);
	sock_close(ping);
	bench_free(b);
}

SUITE(icmp_fuzz, T(mutated_frames_end_by_name_and_leave_nothing_behind))
