/* SPDX-License-Identifier: MIT */
/* What waits for an answer, and what goes when it is too much. */
#include "arp/internal.h"
#include "tests/unit/arp/bench.h"

static void send_len(struct bench *b, const char *to, uint16_t id, size_t len)
{
	bench_output(
		b, (struct ip_hdr){.src = lab_ip("10.0.0.1"), .dst = lab_ip(to), .id = id}, len, lab_ip(to));
}

/* A fragment of datagram `id` to 10.0.0.2. */
static void send_fragment(struct bench *b, uint16_t id, uint16_t offset, size_t len, bool more)
{
	struct ip_hdr h = {
		.src = lab_ip("10.0.0.1"), .dst = b->peer.ip, .id = id, .frag_off = offset, .mf = more};

	bench_output(b, h, len, h.dst);
}

static size_t waiting(const struct bench *b)
{
	size_t entries, packets;

	arp_stat(b->s, &entries, &packets);
	return packets;
}

/* The ids that arrive once the peer answers, as text. */
static const char *arrived(struct bench *b, char *out, size_t room)
{
	size_t at = 0;

	lab_sent_clear(b->d);
	bench_reply(b, b->peer);
	out[0] = 0;
	while (lab_sent_count(b->d) && at < room)
		at += (size_t)snprintf(out + at, room - at, "%u ", lab_sent_ip(b->d).ip.id);
	return out;
}

static void oldest_goes_when_64_kib_wait(void)
{
	struct bench b = bench_new();

	for (uint16_t id = 1; id <= 70; id++)
		send_len(&b, "10.0.0.2", id, 1024);
	CU_ASSERT_EQUAL(waiting(&b), 64);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 6);
	lab_sent_clear(b.d);
	bench_reply(&b, b.peer);
	for (uint16_t id = 7; id <= 70; id++)
		CU_ASSERT(sent_packet(&b, b.peer.mac, id));
	CU_ASSERT_EQUAL(waiting(&b), 0);
	bench_free(&b);
}

static void largest_datagram_waits_whole(void)
{
	struct bench b = bench_new();
	uint16_t offset = 0;

	for (; offset + 1480 < 65515; offset = (uint16_t)(offset + 1480))
		send_fragment(&b, 7, offset, 1480, true);
	send_fragment(&b, 7, offset, 65515u - offset, false);
	CU_ASSERT_EQUAL(waiting(&b), 45);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 0);
	bench_free(&b);
}

static void fragments_of_a_datagram_go_together(void)
{
	struct bench b = bench_new();
	char text[64];

	bench_sysctl(&b, CONF_UNRES_QLEN_BYTES, 400);
	send_fragment(&b, 5, 0, 80, true);
	send_len(&b, "10.0.0.2", 6, 80); /* in between, and no fragment */
	send_fragment(&b, 5, 80, 80, true);
	send_fragment(&b, 5, 160, 80, false);
	send_len(&b, "10.0.0.2", 5, 80); /* the same id, but whole */
	CU_ASSERT_EQUAL(waiting(&b), 5);
	send_len(&b, "10.0.0.2", 7, 8);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 3);
	CU_ASSERT_STRING_EQUAL(arrived(&b, text, sizeof(text)), "6 5 7 ");
	bench_free(&b);
}

static void fragments_of_another_datagram_stay(void)
{
	struct bench b = bench_new();
	char text[64];

	bench_sysctl(&b, CONF_UNRES_QLEN_BYTES, 320);
	for (uint16_t at = 0; at < 160; at = (uint16_t)(at + 80))
		for (uint16_t id = 5; id <= 6; id++)
			send_fragment(&b, id, at, 80, at == 0);
	CU_ASSERT_EQUAL(waiting(&b), 4); /* exactly what may wait */
	send_len(&b, "10.0.0.2", 7, 1);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 2);
	CU_ASSERT_STRING_EQUAL(arrived(&b, text, sizeof(text)), "6 6 7 ");
	bench_free(&b);
}

/* RFC1122-L-06 */
static void latest_packet_is_kept_whatever_its_size(void)
{
	struct bench b = bench_new();
	char text[64];

	bench_sysctl(&b, CONF_UNRES_QLEN_BYTES, 0);
	for (uint16_t id = 1; id <= 5; id++)
		send_len(&b, "10.0.0.2", id, 1400);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 4);
	CU_ASSERT_STRING_EQUAL(arrived(&b, text, sizeof(text)), "5 ");
	bench_free(&b);
}

static void host_has_a_bound_for_all_entries_together(void)
{
	struct bench b = bench_new();
	size_t size = sizeof(struct pkt) + PKT_SMALL_ROOM, most = ARP_WAITING_MAX / size;

	bench_sysctl(&b, CONF_UNRES_QLEN_BYTES, 1 << 30);
	bench_send(&b, "10.0.0.3", 1); /* looked for longest: pays first */
	for (size_t i = 1; i < most; i++)
		bench_send(&b, "10.0.0.2", (uint16_t)i);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 0);
	bench_send(&b, "10.0.0.4", 2);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 1);
	CU_ASSERT(list_empty(&neigh_find(b.n, lab_ip("10.0.0.3"))->waiting));
	bench_send(&b, "10.0.0.4", 3);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_QUEUE_FULL), 2);
	CU_ASSERT_EQUAL(waiting(&b), most);
	bench_free(&b);
}

static void arp_pending_queue_exhaustion(void)
{
	struct bench b = bench_new();
	size_t entries, packets;

	lab_addr(b.d, "11.0.0.1/8");
	for (uint32_t i = 0; i < 65536; i++) {
		struct ip_hdr h = {.src = lab_ip("11.0.0.1"), .dst = lab_ip("11.1.0.0") + i};
		bench_output(&b, h, 1000, h.dst);
	}
	arp_stat(b.s, &entries, &packets);
	CU_ASSERT_EQUAL(entries, 1024);
	CU_ASSERT_EQUAL(packets, 1024);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_TABLE_FULL), 65536 - 1024);
	lab_run(b.l, 3 * SEC);
	CU_ASSERT_EQUAL(drops(&b, DROP_NEIGH_UNREACHABLE), 1024);
	CU_ASSERT_EQUAL(b.l->world.pkts.small.made, b.l->world.pkts.small.freed);
	lab_sent_clear(b.d);
	bench_send(&b, "10.0.0.2", 1);
	CU_ASSERT(sent_request(&b, MAC_BROADCAST, "10.0.0.1", "10.0.0.2"));
	bench_reply(&b, b.peer);
	CU_ASSERT(sent_packet(&b, b.peer.mac, 1));
	bench_free(&b);
}

static void what_waits_refers_to_nothing(void)
{
	struct bench b = bench_new();
	struct blob *text = lab_text(1200);
	struct pkt *p = stack_pkt(b.s, IP_HDR_LEN + text->len);

	b.d->features = DEV_CAN_ALL | DEV_CAN_SG;
	p->ip = (struct ip_hdr){.src = lab_ip("10.0.0.1"),
		.dst = b.peer.ip,
		.hdr_len = IP_HDR_LEN,
		.total_len = (uint16_t)(IP_HDR_LEN + text->len)};
	ip_emit(pkt_put(p, IP_HDR_LEN), &p->ip);
	lab_put_parts(p, text);
	b.d->netif->output(b.d->netif, p, b.peer.ip);
	CU_ASSERT_EQUAL(waiting(&b), 1);
	CU_ASSERT_EQUAL(text->refs, 1);
	lab_sent_clear(b.d);
	bench_reply(&b, b.peer);
	struct lab_ip_seen seen = lab_sent_ip(b.d);
	CU_ASSERT_EQUAL_FATAL(seen.len, text->len);
	CU_ASSERT_EQUAL(memcmp(seen.payload, text->bytes, text->len), 0);
	bench_free(&b);
	blob_unref(text);
}

SUITE(arp_waiting, T(oldest_goes_when_64_kib_wait), T(largest_datagram_waits_whole),
	T(fragments_of_a_datagram_go_together), T(fragments_of_another_datagram_stay),
	T(latest_packet_is_kept_whatever_its_size), T(host_has_a_bound_for_all_entries_together),
	T(arp_pending_queue_exhaustion), T(what_waits_refers_to_nothing))
