/* SPDX-License-Identifier: MIT */
/* Outgoing fragmentation. */
#include "tests/unit/ip/bench.h"

#include <stdlib.h>

static uint8_t payload[65535], whole[65535];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 251);
}

static int send_len(struct bench *b, size_t len, const struct ip_send *how)
{
	struct pkt *p = stack_pkt(b->s, len);

	fill();
	memcpy(pkt_put(p, len), payload, len);
	int err = ip_output(b->s, p, how);
	lab_settle(b->lab);
	return err;
}

static struct ip_send to_peer(void)
{
	return (struct ip_send){.dst = lab_ip("10.0.0.2"), .proto = PROTO_TEST};
}

/* Takes fragments off the wire, which must come in order, and puts them into `whole`. Returns how many. */
static unsigned collect(struct dev *wire, uint32_t mtu, size_t *len)
{
	unsigned n = 0;
	bool more = true;
	uint16_t id = 0;

	*len = 0;
	while (more && lab_sent_count(wire)) {
		struct lab_ip_seen seen = lab_sent_ip(wire);
		CU_ASSERT_PTR_NOT_NULL_FATAL(seen.payload);
		CU_ASSERT(seen.ip.total_len <= mtu);
		CU_ASSERT_EQUAL(seen.ip.frag_off, *len);
		CU_ASSERT(!seen.ip.mf || seen.len % 8 == 0);
		CU_ASSERT(!n || seen.ip.id == id);
		id = seen.ip.id;
		memcpy(whole + *len, seen.payload, seen.len);
		*len += seen.len;
		more = seen.ip.mf;
		n++;
	}
	CU_ASSERT_FALSE(more);
	return n;
}

/* RFC791-2, RFC1812-4.2.2.7b, RFC1122-I-107, RFC1812-3.3.4a */
static void every_length_arrives_in_the_fewest_fragments(void)
{
	struct bench b = bench_open();
	static const uint32_t mtus[] = {68, 69, 75, 76, 576, 1500};
	struct ip_send how = to_peer();

	for (size_t m = 0; m < ARRAY_SIZE(mtus); m++) {
		uint32_t mtu = mtus[m], per = (mtu - IP_HDR_LEN) & ~7u, room = mtu - IP_HDR_LEN;
		CU_ASSERT_EQUAL(dev_set_mtu(b.eth0, mtu), 0);
		for (uint32_t len = room - 9; len < room * 3 + 20; len += m < 4 ? 1 : 97) {
			size_t got;
			unsigned least = len <= room ? 1 : 1 + (len - room + per - 1) / per;
			CU_ASSERT_EQUAL(send_len(&b, len, &how), 0);
			CU_ASSERT_EQUAL(collect(b.eth0, mtu, &got), least);
			CU_ASSERT_EQUAL(got, len);
			CU_ASSERT_EQUAL(memcmp(whole, payload, len), 0);
		}
	}
	CU_ASSERT_EQUAL(dev_set_mtu(b.eth0, IP_MIN_MTU - 1), -EINVAL);
	bench_close(&b);
}

static void the_longest_datagram_there_can_be(void)
{
	struct bench b = bench_open();
	struct ip_send how = to_peer();
	size_t len;

	CU_ASSERT_EQUAL(send_len(&b, IP_MAX_LEN - IP_HDR_LEN, &how), 0);
	CU_ASSERT_EQUAL(collect(b.eth0, 1500, &len), 45);
	CU_ASSERT_EQUAL(len, IP_MAX_LEN - IP_HDR_LEN);
	CU_ASSERT_EQUAL(memcmp(whole, payload, len), 0);
	CU_ASSERT_EQUAL(MIB(b, IpFragOKs), 1);
	CU_ASSERT_EQUAL(MIB(b, IpFragCreates), 45);
	CU_ASSERT_EQUAL(MIB(b, IpOutRequests), 1);
	CU_ASSERT_EQUAL(send_len(&b, IP_MAX_LEN - IP_HDR_LEN + 1, &how), -EMSGSIZE);
	CU_ASSERT_EQUAL(DROPS(b, IP_TOO_BIG), 1);
	bench_close(&b);
}

/* RFC791-7 */
static void options_without_the_copied_flag_are_only_in_the_first(void)
{
	struct bench b = bench_open();
	static const uint8_t opts[12] = {IPOPT_RR, 7, 4, 0, 0, 0, 0, IPOPT_RA, 4, 0, 0, IPOPT_NOP};
	struct ip_send how = to_peer();

	how.opts = opts;
	how.opts_len = sizeof(opts);
	CU_ASSERT_EQUAL(send_len(&b, 4000, &how), 0);
	CU_ASSERT_EQUAL_FATAL(lab_sent_count(b.eth0), 3);
	for (unsigned i = 0; i < 3; i++) {
		struct lab_ip_seen seen = lab_sent_ip(b.eth0);
		CU_ASSERT_EQUAL(seen.ip.hdr_len, i ? 24 : 32);
		const uint8_t *first = seen.header + IP_HDR_LEN;
		CU_ASSERT_EQUAL(first[0], i ? IPOPT_RA : IPOPT_RR);
		CU_ASSERT(i || get32(*(const be32 *)(first + 3)) == lab_ip("10.0.0.1"));
	}
	bench_close(&b);
}

/* RFC791-5, RFC6864-4.3b */
static void df_forbids_it(void)
{
	struct bench b = bench_open();
	struct ip_send how = to_peer();

	how.df = true;
	CU_ASSERT_EQUAL(send_len(&b, 1480, &how), 0);
	CU_ASSERT_EQUAL(send_len(&b, 1481, &how), -EMSGSIZE);
	CU_ASSERT_EQUAL(DROPS(b, IP_FRAG_NEEDED), 1);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT(seen.ip.df && !seen.ip.mf && seen.ip.id == 0);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 0);
	bench_close(&b);
}

/* RFC1812-4.2.2.7a, RFC1812-5.2.6 */
static void fragments_in_transit_are_cut_again_and_not_put_together(void)
{
	struct bench b = bench_router();
	struct ip_hdr h = hdr("10.0.0.2", "10.0.1.2");
	size_t len, part;

	fill();
	CU_ASSERT_EQUAL(dev_set_mtu(b.eth1, 300), 0);
	h.id = 99;
	h.mf = true;
	put(b.eth0, h, payload, 800);
	h.mf = false;
	h.frag_off = 800;
	put(b.eth0, h, payload + 800, 300);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth1), 3 + 2);
	/* four pieces say that more follow, also the last one of the first fragment */
	for (len = 0; lab_sent_count(b.eth1); len += part) {
		struct lab_ip_seen seen = lab_sent_ip(b.eth1);
		part = seen.len;
		CU_ASSERT_EQUAL(seen.ip.id, 99);
		CU_ASSERT_EQUAL(seen.ip.frag_off, len);
		CU_ASSERT_EQUAL(seen.ip.mf, lab_sent_count(b.eth1) > 0);
		CU_ASSERT_EQUAL(memcmp(seen.payload, payload + len, part), 0);
	}
	CU_ASSERT_EQUAL(len, 1100);
	CU_ASSERT_EQUAL(MIB(b, IpReasmReqds), 0);
	bench_close(&b);
}

/* In one piece it is the device that does it, and knows where. */
static void a_checksum_left_to_the_device_is_completed_before_cutting(void)
{
	struct bench b = bench_open();
	struct ip_send how = to_peer();
	size_t len;

	fill();
	for (size_t size = 1000; size <= 3000; size += 2000) {
		struct pkt *p = stack_pkt(b.s, size);
		memcpy(pkt_put(p, size), payload, size);
		*(be16 *)(p->data + 6) = put16(0);
		uint64_t pseudo = csum_pseudo(lab_ip("10.0.0.1"), how.dst, how.proto, (uint16_t)size);
		uint16_t want = csum_finish(csum_add(pseudo, p->data, size));
		how.csum_offset = 6;
		CU_ASSERT_EQUAL(ip_output(b.s, p, &how), 0);
		CU_ASSERT_EQUAL(collect(b.eth0, 1500, &len), size == 1000 ? 1 : 3);
		CU_ASSERT_EQUAL(get16(*(be16 *)(whole + 6)), want);
	}
	bench_close(&b);
}

/* Memory runs out between two fragments. */
static void without_memory_it_ends_by_name(void)
{
	struct bench b = bench_open();
	struct ip_send how = to_peer();
	struct pool *small = &b.lab->world.pkts.small;

	small->limit = pool_in_use(small) + 1; /* the wire gives each back at once */
	CU_ASSERT_EQUAL(send_len(&b, 4000, &how), 0);
	struct pkt *hold = stack_pkt(b.s, 100);
	CU_ASSERT_EQUAL(send_len(&b, 4000, &how), -ENOBUFS);
	CU_ASSERT_EQUAL(DROPS(b, NO_MEMORY), 1);
	CU_ASSERT_EQUAL(MIB(b, IpFragFails), 1);
	pkt_free(hold);
	small->limit = 0;
	bench_close(&b);
}

static struct {
	unsigned count;
	uint64_t parent;
	uint32_t longest;
} cut;

static int record_output(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	(void)n, (void)nexthop;
	cut.count++;
	cut.parent = p->parent;
	cut.longest = MAX(cut.longest, p->len);
	pkt_done(p);
	return 0;
}

/* However small a route's MTU: no link carries less than 68 (RFC 791 3.2), and 20 would cut for ever. */
static void pieces_have_room_for_data_and_name_what_they_were_cut_from(void)
{
	struct bench b = bench_open();
	struct pkt *p = stack_pkt(b.s, IP_HDR_LEN + 100);
	uint64_t id = p->id;

	b.eth0->netif->output = record_output;
	pkt_put(p, IP_HDR_LEN + 100);
	p->dev = b.eth0;
	p->ip = hdr("10.0.0.1", "10.0.0.2");
	p->ip.hdr_len = IP_HDR_LEN;
	p->ip.total_len = IP_HDR_LEN + 100;
	ip_emit(p->data, &p->ip);
	cut.count = cut.longest = 0;
	CU_ASSERT_EQUAL(fragment_output(b.eth0->netif, p, p->ip.dst, IP_HDR_LEN), 0);
	CU_ASSERT_EQUAL(cut.count, 3);
	CU_ASSERT_EQUAL(cut.longest, IP_MIN_MTU);
	CU_ASSERT_EQUAL(cut.parent, id);
	bench_close(&b);
}

SUITE(ip_fragment, T(pieces_have_room_for_data_and_name_what_they_were_cut_from),
	T(every_length_arrives_in_the_fewest_fragments), T(the_longest_datagram_there_can_be),
	T(options_without_the_copied_flag_are_only_in_the_first), T(df_forbids_it),
	T(fragments_in_transit_are_cut_again_and_not_put_together),
	T(a_checksum_left_to_the_device_is_completed_before_cutting), T(without_memory_it_ends_by_name))
