/* SPDX-License-Identifier: MIT */
/* Segments put together again: cut once more, they are what came. */
#include "net/gro.h"

#include "lib/rng.h"
#include "net/gso.h"
#include "net/wire_ether.h"
#include "net/wire_tcp.h"
#include "tests/unit/unit.h"

enum { FRAMES = 40, FRAME_MAX = 2000, HDRS = ETHER_HDR_LEN + IP_HDR_LEN + TCP_HDR_LEN };

/* Frames of one connection, as a device delivers them. */
struct stream {
	size_t l2_len, options, mss;
	struct ip_hdr ip;
	struct tcp_hdr tcp;
	size_t count, len[FRAMES];
	uint8_t frame[FRAMES][FRAME_MAX];
};

static void put_checksums(const struct stream *st, uint8_t *b, size_t len)
{
	size_t tcp = st->l2_len + IP_HDR_LEN;

	*(be16 *)(b + st->l2_len + 10) = put16(0);
	*(be16 *)(b + st->l2_len + 10) = put16(csum(b + st->l2_len, IP_HDR_LEN));
	tcp_put_check(b + tcp, 0);
	tcp_put_check(b + tcp, tcp_csum(b + tcp, len - tcp, st->ip.src, st->ip.dst));
}

static void add_frame(struct stream *st, size_t payload, uint16_t flags)
{
	uint8_t *b = st->frame[st->count];
	size_t tcp = st->l2_len + IP_HDR_LEN, len = tcp + TCP_HDR_LEN + st->options + payload;

	memset(b, 1, tcp + TCP_HDR_LEN + st->options);
	memset(b + len - payload, (int)st->count, payload);
	if (st->l2_len)
		ether_emit(b, &(struct ether_hdr){{{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}}, ETHERTYPE_IP});
	st->ip.total_len = (uint16_t)(len - st->l2_len);
	ip_emit(b + st->l2_len, &st->ip);
	st->tcp.flags = flags;
	tcp_emit(b + tcp, &st->tcp);
	put_checksums(st, b, len);
	st->ip.id++;
	st->tcp.seq += (uint32_t)payload;
	st->len[st->count++] = len;
}

static void stream_begin(struct stream *st, size_t l2_len, size_t options)
{
	*st = (struct stream){.l2_len = l2_len,
		.options = options,
		.mss = 1000,
		.ip = {.hdr_len = IP_HDR_LEN,
			.src = 0x0a000001,
			.dst = 0x0a000002,
			.id = 0xfffe,
			.ttl = 64,
			.proto = IP_PROTO_TCP,
			.df = true},
		.tcp = {.sport = 5,
			.dport = 80,
			.seq = UINT32_C(0xfffff000),
			.ack = 7,
			.wnd = 9,
			.hdr_len = (uint8_t)(TCP_HDR_LEN + options)}};
}

/* What goes up: the packets, and the frames that a device without super-frames would make of them. */
struct result {
	struct dev d;
	size_t packets, frames;
	bool same;
};

static void compare(struct result *r, const struct stream *st, const struct pkt *p)
{
	size_t i = r->frames++;

	r->same = r->same && i < st->count && p->len == st->len[i] &&
		memcmp(p->data, st->frame[i], p->len) == 0;
}

static void deliver(struct result *r, const struct stream *st, struct pkt *p)
{
	struct list out;

	p->l2_len = (uint16_t)st->l2_len;
	list_init(&out);
	if (!p->offload.gso_type)
		compare(r, st, p);
	else if (gso_check(p) || gso_segment(p, &out))
		r->same = false;
	list_each_safe(seg, &out, struct pkt, node) {
		compare(r, st, seg);
		list_del(&seg->node);
		pkt_free(seg);
	}
	r->packets++;
	pkt_free(p);
}

static struct result put_together(struct pkt_pools *pools, const struct stream *st)
{
	struct result r = {.same = true};
	struct pkt *p[FRAMES] = {NULL};
	struct gro g = {0};
	size_t n = 0;

	for (size_t i = 0; i < st->count; i++) {
		if (gro_join(&g, st->frame[i], st->len[i]))
			continue;
		gro_finish(&g, &r.d);
		p[n] = pkt_new(pools, st->len[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p[n]);
		memcpy(pkt_put(p[n], st->len[i]), st->frame[i], st->len[i]);
		gro_hold(&g, &p[n++], st->l2_len);
	}
	gro_finish(&g, &r.d);
	for (size_t i = 0; i < n; i++)
		deliver(&r, st, p[i]);
	r.same = r.same && r.frames == st->count;
	return r;
}

static void segments_without_a_gap_become_one_packet(void)
{
	static struct stream st;
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	for (size_t l2_len = 0; l2_len <= ETHER_HDR_LEN; l2_len += ETHER_HDR_LEN) {
		stream_begin(&st, l2_len, TCP_TS_WORDS_LEN);
		for (int i = 0; i < 10; i++)
			add_frame(&st, 1000, TCP_ACK);
		add_frame(&st, 300, TCP_ACK | TCP_PSH);
		struct result r = put_together(&pools, &st);
		CU_ASSERT(r.same && r.packets == 1);
		CU_ASSERT_EQUAL(r.d.stats.rx_packets, 10); /* and the packet itself */
		CU_ASSERT_EQUAL(r.d.stats.rx_bytes, 10 * (l2_len + 52));
	}
	pkt_pools_exit(&pools);
}

/* Two frames, of which the second one has another octet somewhere: together only where cutting brings it back. */
static void whatever_differs_is_kept(void)
{
	static const uint8_t masks[] = {1, 8, 16, 0x80};
	static struct stream st;
	struct pkt_pools pools;
	size_t together = 0;

	pkt_pools_init(&pools, 0, 0);
	for (size_t at = 0; at < HDRS + TCP_TS_WORDS_LEN + 10; at++)
		for (size_t i = 0; i < 2 * ARRAY_SIZE(masks); i++) {
			stream_begin(&st, ETHER_HDR_LEN, TCP_TS_WORDS_LEN);
			add_frame(&st, 50, TCP_ACK);
			add_frame(&st, 50, TCP_ACK);
			st.frame[1][at] ^= masks[i / 2];
			if (i % 2)
				put_checksums(&st, st.frame[1], st.len[1]);
			struct result r = put_together(&pools, &st);
			CU_ASSERT_FATAL(r.same);
			together += r.packets == 1;
		}
	/* those whose checksums were put right: of the ten octets of text, of the checksums, and PSH */
	CU_ASSERT_EQUAL(together, 10 * ARRAY_SIZE(masks) + 4 * ARRAY_SIZE(masks) + 1);
	pkt_pools_exit(&pools);
}

/* A checksum of zero that is written the other way: nobody would write it so again. */
static void the_other_zero_is_kept(void)
{
	static struct stream st;
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	stream_begin(&st, ETHER_HDR_LEN, 0);
	add_frame(&st, 100, TCP_ACK);
	add_frame(&st, 100, TCP_ACK);
	uint8_t *tcp = st.frame[1] + ETHER_HDR_LEN + IP_HDR_LEN, *text = tcp + TCP_HDR_LEN;
	*(be16 *)text = put16(0);
	put_checksums(&st, st.frame[1], st.len[1]);
	*(be16 *)text = *(be16 *)(tcp + TCP_CHECK_OFFSET);
	tcp_put_check(tcp, 0xffff);
	CU_ASSERT_EQUAL(tcp_csum(tcp, st.len[1] - ETHER_HDR_LEN - IP_HDR_LEN, st.ip.src, st.ip.dst), 0);
	struct result r = put_together(&pools, &st);
	CU_ASSERT(r.same && r.packets == 2);
	pkt_pools_exit(&pools);
}

static void a_wrong_checksum_joins_nothing(void)
{
	static struct stream st;
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	for (size_t bad = 0; bad < 3; bad++) {
		stream_begin(&st, ETHER_HDR_LEN, 0);
		for (int i = 0; i < 3; i++)
			add_frame(&st, 100, TCP_ACK);
		st.frame[bad][HDRS + 50]++;
		struct result r = put_together(&pools, &st);
		CU_ASSERT(r.same && r.packets == (bad == 1 ? 3 : 2));
	}
	pkt_pools_exit(&pools);
}

/* RFC9293-MUST-2 */
static void any_frames_come_out_as_they_came_in(void)
{
	static const uint16_t flags[] = {TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH,
		TCP_ACK | TCP_FIN, TCP_ACK | TCP_ECE, TCP_SYN, TCP_ACK | TCP_URG, TCP_RST};
	static struct stream st;
	struct pkt_pools pools;
	size_t packets = 0, frames = 0;
	struct rng r;

	rng_seed(&r, unit_seed);
	pkt_pools_init(&pools, 0, 0);
	for (int round = 0; round < 2000; round++) {
		stream_begin(&st, rng_below(&r, 3) ? ETHER_HDR_LEN : 0, 4 * rng_below(&r, 11));
		st.mss = 1 + rng_below(&r, 1400);
		for (uint32_t n = 1 + rng_below(&r, FRAMES); n > 0; n--) {
			bool odd = rng_below(&r, 12) == 0;
			add_frame(&st, rng_below(&r, 8) ? st.mss : rng_below(&r, 1400),
				flags[odd ? rng_below(&r, 10) : 0]);
			if (rng_below(&r, 20) == 0)
				st.tcp.seq += rng_below(&r, 3) - 1;
			if (rng_below(&r, 30) == 0)
				st.ip.id = (uint16_t)(st.ip.id + rng_below(&r, 3));
			if (rng_below(&r, 30) == 0)
				st.len[st.count - 1] -= rng_below(&r, (uint32_t)st.len[st.count - 1]);
			if (rng_below(&r, 30) == 0)
				st.frame[st.count - 1][rng_below(&r, HDRS)] ^=
					(uint8_t)(1 << rng_below(&r, 8));
		}
		struct result result = put_together(&pools, &st);
		CU_ASSERT_FATAL(result.same);
		packets += result.packets;
		frames += result.frames;
	}
	CU_ASSERT(packets < frames / 2);
	pkt_pools_exit(&pools);
}

static void without_memory_frames_stay_alone(void)
{
	static struct stream st;
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 1);
	struct pkt *other = pkt_new(&pools, 10000);
	stream_begin(&st, ETHER_HDR_LEN, 0);
	for (int i = 0; i < 3; i++)
		add_frame(&st, 100, TCP_ACK);
	struct result r = put_together(&pools, &st);
	CU_ASSERT(r.same && r.packets == 3);
	pkt_free(other);
	pkt_pools_exit(&pools);
}

SUITE(net_gro, T(segments_without_a_gap_become_one_packet), T(whatever_differs_is_kept),
	T(the_other_zero_is_kept), T(a_wrong_checksum_joins_nothing), T(any_frames_come_out_as_they_came_in),
	T(without_memory_frames_stay_alone))
