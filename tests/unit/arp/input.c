/* SPDX-License-Identifier: MIT */
/* What arrives: RFC 826 "Packet Reception". */
#include "tests/unit/arp/bench.h"

#include <stdlib.h>

/* The 28 bytes of a good request for us, to be spoiled. */
static size_t request_frame(const struct bench *b, uint8_t *frame)
{
	struct arp_msg m = {
		.op = ARP_OP_REQUEST, .sha = b->peer.mac, .spa = b->peer.ip, .tpa = lab_ip("10.0.0.1")};

	return lab_frame_arp(frame, MAC_BROADCAST, b->peer.mac, &m);
}

static void expect_nothing(struct bench *b)
{
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_PTR_NULL(neigh_find(b->n, b->peer.ip));
}

/* RFC826-3, RFC826-4, RFC5227-2.5, RFC5227-2.6 */
static void request_for_us_is_answered_by_unicast_and_makes_an_entry(void)
{
	struct bench b = bench_new();

	bench_request(&b, b.peer, "10.0.0.1");
	CU_ASSERT(sent_reply(&b, b.peer, "10.0.0.1"));
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_STALE);
	CU_ASSERT(mac_equal(neigh_find(b.n, b.peer.ip)->mac, b.peer.mac));
	bench_free(&b);
}

/* RFC826-5 */
static void request_for_another_host_creates_no_entry(void)
{
	struct bench b = bench_new();

	bench_request(&b, b.peer, "10.0.0.3");
	expect_nothing(&b);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_NOT_FOR_US), 1);
	bench_free(&b);
}

/* RFC826-2 */
static void request_for_another_host_updates_an_entry(void)
{
	struct bench b = bench_new();
	struct lab_peer moved = b.peer;

	bench_request(&b, b.peer, "10.0.0.1");
	lab_sent_clear(b.d);
	lab_run(b.l, 2 * SEC);
	moved.mac.b[5] = 0x22;
	bench_request(&b, moved, "10.0.0.3");
	CU_ASSERT(mac_equal(neigh_find(b.n, b.peer.ip)->mac, moved.mac));
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_NOT_FOR_US), 0);
	bench_free(&b);
}

static void unsolicited_reply_creates_no_entry(void)
{
	struct bench b = bench_new();

	bench_reply(&b, b.peer);
	expect_nothing(&b);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_UNSOLICITED), 1);
	bench_free(&b);
}

/* RFC1122-L-13: how the frame was addressed reaches the protocol. */
static void broadcast_answer_is_believed_but_proves_nothing(void)
{
	struct bench b = bench_new();
	struct arp_msg m = {
		.op = ARP_OP_REPLY, .sha = b.peer.mac, .spa = b.peer.ip, .tpa = lab_ip("10.0.0.1")};

	bench_request(&b, b.peer, "10.0.0.1");
	bench_inject(&b, MAC_BROADCAST, m);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_STALE);
	m.tpa = lab_ip("10.0.0.9"); /* an answer to somebody else */
	bench_inject(&b, b.d->mac, m);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_STALE);
	m.tpa = lab_ip("10.0.0.1");
	bench_inject(&b, b.d->mac, m);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_REACHABLE);
	bench_free(&b);
}

static void arp_accept_lets_announcements_create_entries(void)
{
	struct bench b = bench_new();
	struct lab_peer offlink = LAB_PEER(9, "192.0.2.9");

	bench_sysctl(&b, CONF_ARP_ACCEPT, 1);
	bench_gratuitous(&b, b.peer, ARP_OP_REQUEST);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_STALE);
	bench_reply(&b, LAB_PEER(3, "10.0.0.3"));
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.3"), NEIGH_REACHABLE);
	bench_request(&b, LAB_PEER(4, "10.0.0.4"), "10.0.0.5");
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.4"), NEIGH_NONE);
	bench_gratuitous(&b, offlink, ARP_OP_REPLY);
	CU_ASSERT_EQUAL(bench_state(&b, "192.0.2.9"), NEIGH_NONE);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_OFFLINK), 1);
	bench_free(&b);
}

static bool onlink_always(const struct netif *n, uint32_t addr)
{
	return n && addr;
}

static void arp_accept_2_asks_for_the_same_subnet(void)
{
	struct bench b = bench_new();

	b.s->onlink = onlink_always;
	bench_sysctl(&b, CONF_ARP_ACCEPT, 2);
	bench_gratuitous(&b, LAB_PEER(9, "192.0.2.9"), ARP_OP_REPLY);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_UNSOLICITED), 1);
	bench_gratuitous(&b, b.peer, ARP_OP_REPLY);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_STALE);
	bench_free(&b);
}

static void offlink_asker_is_answered_but_not_learned(void)
{
	struct bench b = bench_new();
	struct lab_peer offlink = LAB_PEER(9, "192.0.2.9");

	bench_request(&b, offlink, "10.0.0.1");
	CU_ASSERT(sent_reply(&b, offlink, "10.0.0.1"));
	CU_ASSERT_EQUAL(bench_state(&b, "192.0.2.9"), NEIGH_NONE);
	bench_free(&b);
}

/* RFC826-1 */
static void types_are_checked_first(void)
{
	struct bench b = bench_new();
	uint8_t frame[64];
	size_t len = request_frame(&b, frame);

	frame[15] = 6; /* IEEE 802 */
	lab_inject(b.d, frame, len);
	len = request_frame(&b, frame);
	frame[16] = 0x86; /* IPv6 */
	frame[17] = 0xdd;
	frame[18] = 1; /* the length would be wrong, too */
	lab_inject(b.d, frame, len);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_BAD_TYPE), 2);
	expect_nothing(&b);
	bench_free(&b);
}

static void short_messages_are_dropped(void)
{
	struct bench b = bench_new();
	uint8_t frame[64];

	request_frame(&b, frame);
	for (size_t len = ETHER_HDR_LEN; len < ETHER_HDR_LEN + ARP_LEN; len++)
		lab_inject(b.d, frame, len);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_SHORT), ARP_LEN);
	expect_nothing(&b);
	bench_free(&b);
}

static void arp_bad_lengths(void)
{
	static const uint8_t hlens[] = {6, 0, 1, 5, 7, 255}, plens[] = {4, 0, 3, 5, 16, 255};
	struct bench b = bench_new();
	uint8_t frame[64];
	size_t len = request_frame(&b, frame);

	for (size_t i = 0; i < ARRAY_SIZE(hlens); i++) {
		for (size_t j = i ? 0 : 1; j < ARRAY_SIZE(plens); j++) { /* not both right */
			frame[18] = hlens[i];
			frame[19] = plens[j];
			lab_inject(b.d, frame, len);
		}
	}
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_BAD_LENGTHS), 35);
	expect_nothing(&b);
	bench_free(&b);
}

static void arp_bad_opcode(void)
{
	struct bench b = bench_new();
	uint8_t frame[64];
	size_t len = request_frame(&b, frame);

	for (uint32_t op = 0; op <= 65535; op++) {
		if (op == ARP_OP_REQUEST || op == ARP_OP_REPLY)
			continue;
		frame[20] = (uint8_t)(op >> 8);
		frame[21] = (uint8_t)op;
		lab_inject(b.d, frame, len);
	}
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_BAD_OPCODE), 65534);
	expect_nothing(&b);
	bench_free(&b);
}

static void arp_rarp_reply_unsolicited(void)
{
	struct bench b = bench_new();
	uint8_t frame[64];
	struct arp_msg m = {
		.op = 4, .sha = b.peer.mac, .spa = b.peer.ip, .tha = b.d->mac, .tpa = lab_ip("10.0.0.77")};
	size_t len = lab_frame_arp(frame, b.d->mac, b.peer.mac, &m);

	lab_inject(b.d, frame, len); /* as ARP */
	frame[12] = 0x80;
	frame[13] = 0x35;
	lab_inject(b.d, frame, len);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_BAD_OPCODE), 1);
	CU_ASSERT_EQUAL(drops(&b, DROP_ETH_UNKNOWN_TYPE), 1);
	CU_ASSERT_PTR_NULL(netif_addr_find(b.n, lab_ip("10.0.0.77")));
	expect_nothing(&b);
	bench_free(&b);
}

static void arp_sender_bcast_or_loopback_ip(void)
{
	static const char *const senders[] = {"255.255.255.255", "10.0.0.255", "10.0.0.0", "127.0.0.1",
		"224.0.0.5", "240.0.0.1", "0.0.0.5"};
	struct bench b = bench_new();

	for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
		bench_request(&b, LAB_PEER(2, senders[i]), "10.0.0.1");
		bench_reply(&b, LAB_PEER(2, senders[i]));
	}
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_BAD_SENDER_IP), 2 * ARRAY_SIZE(senders));
	bench_reply(&b, LAB_PEER(2, "0.0.0.0"));
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_BAD_SENDER_IP), 2 * ARRAY_SIZE(senders) + 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

/* RFC1812-3.3.2c */
static void group_or_zero_hardware_address_is_not_believed(void)
{
	static const struct mac bad[] = {{{255, 255, 255, 255, 255, 255}}, {{1, 0, 0x5e, 0, 0, 1}}, {{0}}};
	struct bench b = bench_new();
	uint8_t frame[64];

	bench_send(&b, "10.0.0.2", 1);
	lab_sent_clear(b.d);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct arp_msg m = {
			.op = ARP_OP_REPLY, .sha = bad[i], .spa = b.peer.ip, .tpa = lab_ip("10.0.0.1")};
		lab_inject(b.d, frame, lab_frame_arp(frame, b.d->mac, b.peer.mac, &m));
	}
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_BAD_SENDER_MAC), 3);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

static void arp_ether_src_mismatch(void)
{
	struct bench b = bench_new();
	uint8_t frame[64];
	struct arp_msg m = {
		.op = ARP_OP_REQUEST, .sha = b.peer.mac, .spa = b.peer.ip, .tpa = lab_ip("10.0.0.1")};

	lab_inject(b.d, frame, lab_frame_arp(frame, MAC_BROADCAST, b.rogue.mac, &m));
	CU_ASSERT_EQUAL(b.s->mib[MIB_ArpInSourceMismatch], 1);
	CU_ASSERT(sent_reply(&b, b.peer, "10.0.0.1")); /* as Linux: the message counts */
	m.op = ARP_OP_REPLY;
	lab_inject(b.d, frame, lab_frame_arp(frame, b.d->mac, b.rogue.mac, &m));
	CU_ASSERT_EQUAL(b.s->mib[MIB_ArpInSourceMismatch], 2);
	CU_ASSERT(mac_equal(neigh_find(b.n, b.peer.ip)->mac, b.peer.mac));
	bench_free(&b);
}

static void arp_cache_poison_unsolicited_reply(void)
{
	struct bench b = bench_new();
	struct neigh *ng = bench_reachable(&b);

	for (int i = 0; i < 100; i++) {
		bench_reply(&b, b.rogue);
		bench_reply(&b, LAB_PEER(0x66, "10.0.0.7"));
		lab_run(b.l, 9 * MS);
	}
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_LOCKED), 100);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_UNSOLICITED), 100);
	CU_ASSERT(mac_equal(ng->mac, b.peer.mac));
	CU_ASSERT_EQUAL(ng->state, NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.7"), NEIGH_NONE);

	/* Past locktime the old holder is asked. It answers, and the rogue has won nothing. */
	lab_run(b.l, 2 * SEC);
	bench_reply(&b, b.rogue);
	CU_ASSERT_EQUAL(ng->state, NEIGH_PROBE);
	CU_ASSERT(sent_request(&b, b.peer.mac, "10.0.0.1", "10.0.0.2"));
	bench_reply(&b, b.rogue);
	bench_reply(&b, b.peer);
	CU_ASSERT_EQUAL(ng->state, NEIGH_REACHABLE);
	CU_ASSERT(mac_equal(ng->mac, b.peer.mac));
	bench_free(&b);
}

/* A transfer with a packet every 10 ms, both ways as TCP would confirm it. */
static void arp_gratuitous_override(void)
{
	struct bench b = bench_new();
	struct neigh *ng = bench_reachable(&b);

	for (uint16_t i = 0; i < 1000; i++) {
		bench_send(&b, "10.0.0.2", i);
		CU_ASSERT(sent_packet(&b, b.peer.mac, i));
		neigh_confirm(b.n, b.peer.ip);
		if (i % 10 == 0)
			bench_gratuitous(&b, b.rogue, i % 20 ? ARP_OP_REPLY : ARP_OP_REQUEST);
		lab_run(b.l, 10 * MS);
	}
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_LOCKED), 100);
	CU_ASSERT(mac_equal(ng->mac, b.peer.mac));
	bench_free(&b);
}

static void announcement_of_an_entry_in_use_asks_the_old_holder_whose_silence_decides(void)
{
	struct bench b = bench_new();
	struct neigh *ng = bench_reachable(&b);

	lab_run(b.l, 2 * SEC);
	bench_gratuitous(&b, b.rogue, ARP_OP_REQUEST);
	CU_ASSERT_EQUAL(ng->state, NEIGH_PROBE);
	CU_ASSERT(sent_request(&b, b.peer.mac, "10.0.0.1", "10.0.0.2"));
	lab_run(b.l, 2 * SEC); /* RFC 5227 2.3: the second announcement */
	bench_gratuitous(&b, b.rogue, ARP_OP_REQUEST);
	CU_ASSERT_EQUAL(ng->state, NEIGH_STALE);
	CU_ASSERT(mac_equal(ng->mac, b.rogue.mac));
	bench_free(&b);
}

static void locktime_0_believes_everything_at_once(void)
{
	struct bench b = bench_new();
	struct neigh *ng = bench_reachable(&b);

	bench_sysctl(&b, CONF_LOCKTIME_MS, 0);
	bench_gratuitous(&b, b.rogue, ARP_OP_REPLY);
	CU_ASSERT_EQUAL(ng->state, NEIGH_STALE);
	CU_ASSERT(mac_equal(ng->mac, b.rogue.mac));
	bench_free(&b);
}

static void request_to_us_moves_an_entry_after_locktime(void)
{
	struct bench b = bench_new();
	struct neigh *ng = bench_reachable(&b);

	bench_request(&b, b.rogue, "10.0.0.1");
	CU_ASSERT(mac_equal(ng->mac, b.peer.mac));
	CU_ASSERT(sent_reply(&b, b.rogue, "10.0.0.1"));
	lab_run(b.l, SEC);
	bench_request(&b, b.rogue, "10.0.0.1");
	CU_ASSERT(mac_equal(ng->mac, b.rogue.mac));
	CU_ASSERT_EQUAL(ng->state, NEIGH_STALE);
	bench_free(&b);
}

static void permanent_entry_never_changes(void)
{
	struct bench b = bench_new();

	CU_ASSERT_EQUAL(neigh_set(b.n, b.peer.ip, b.peer.mac, NEIGH_PERMANENT, false), 0);
	lab_run(b.l, 10 * SEC);
	bench_reply(&b, b.rogue);
	bench_request(&b, b.rogue, "10.0.0.1");
	bench_reply(&b, b.peer);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_LOCKED), 1);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.2"), NEIGH_PERMANENT);
	CU_ASSERT(mac_equal(neigh_find(b.n, b.peer.ip)->mac, b.peer.mac));
	bench_free(&b);
}

/* As the ipvlans of a device have: the same MAC address is then no sign of our own message. Our own IP address is. */
static void who_shares_our_mac_address_is_a_neighbour(void)
{
	struct bench b = bench_new();
	struct lab_peer sibling = {b.d->mac, lab_ip("10.0.0.8")}, self = {b.d->mac, lab_ip("10.0.0.1")};

	b.d->mac_is_shared = true;
	bench_request(&b, sibling, "10.0.0.1");
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.8"), NEIGH_STALE);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 1);
	bench_gratuitous(&b, self, ARP_OP_REQUEST);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_OWN), 1);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_CONFLICT), 0);
	bench_free(&b);
}

static void own_message_coming_back_is_no_conflict(void)
{
	struct bench b = bench_new();
	struct lab_peer self = {b.d->mac, lab_ip("10.0.0.1")};
	struct dev *other = lab_wire(b.s, "eth1", "10.0.0.9/24");

	bench_gratuitous(&b, self, ARP_OP_REQUEST);
	self = (struct lab_peer){other->mac, lab_ip("10.0.0.9")}; /* of another device of ours */
	bench_request(&b, self, "10.0.0.7");
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_OWN), 2);
	self = (struct lab_peer){other->mac, lab_ip("10.0.0.1")}; /* our address, told by that one */
	bench_request(&b, self, "10.0.0.7");
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_OWN), 3);
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_CONFLICT), 0);
	self = (struct lab_peer){b.d->mac, lab_ip("10.0.0.8")}; /* a proxy's answer, say: no neighbour */
	bench_request(&b, self, "10.0.0.1");
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_OWN), 4);
	CU_ASSERT_EQUAL(bench_state(&b, "10.0.0.8"), NEIGH_NONE);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

/* Which of "10.0.0.1" of eth0, "192.0.2.1" of eth1 and "198.51.100.1" (scope host) are answered. */
static unsigned answers(struct bench *b, struct lab_peer asker)
{
	static const char *const targets[] = {"10.0.0.1", "192.0.2.1", "198.51.100.1"};
	unsigned mask = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(targets); i++) {
		lab_sent_clear(b->d);
		bench_request(b, asker, targets[i]);
		mask |= lab_sent_count(b->d) ? 1u << i : 0;
	}
	return mask;
}

static void arp_ignore_chooses_what_is_answered(void)
{
	struct bench b = bench_new();
	struct dev *other = lab_wire(b.s, "eth1", "192.0.2.1/24");
	struct lab_peer offlink = LAB_PEER(9, "203.0.113.9"), nobody = LAB_PEER(9, "0.0.0.0");

	lab_addr(other, "198.51.100.1/32")->scope = SCOPE_HOST;
	CU_ASSERT_EQUAL(answers(&b, b.peer), 7);
	bench_sysctl(&b, CONF_ARP_IGNORE, 1);
	CU_ASSERT_EQUAL(answers(&b, b.peer), 1);
	CU_ASSERT_EQUAL(answers(&b, offlink), 1);
	bench_sysctl(&b, CONF_ARP_IGNORE, 2);
	CU_ASSERT_EQUAL(answers(&b, b.peer), 1);
	CU_ASSERT_EQUAL(answers(&b, offlink), 0);
	CU_ASSERT_EQUAL(answers(&b, nobody), 1);
	bench_sysctl(&b, CONF_ARP_IGNORE, 3);
	CU_ASSERT_EQUAL(answers(&b, b.peer), 3);
	bench_sysctl(&b, CONF_ARP_IGNORE, 8);
	CU_ASSERT_EQUAL(answers(&b, b.peer), 0);
	CU_ASSERT_EQUAL(answers(&b, nobody), 0);
	CU_ASSERT(drops(&b, DROP_ARP_IGNORED) > 0);
	bench_free(&b);
}

static void requests_for_loopback_addresses_are_not_answered(void)
{
	struct bench b = bench_new();

	bench_request(&b, b.peer, "127.0.0.1");
	bench_request(&b, LAB_PEER(9, "0.0.0.0"), "127.0.0.1");
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_NOT_FOR_US), 2);
	expect_nothing(&b);
	bench_free(&b);
}

static void device_without_arp_does_not_listen(void)
{
	struct bench b = bench_new();

	dev_set_flag(b.d, DEV_NOARP, true);
	bench_request(&b, b.peer, "10.0.0.1");
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_IGNORED), 1);
	expect_nothing(&b);
	bench_free(&b);
}

static void foreign_probe_of_our_address_is_answered(void)
{
	struct bench b = bench_new();
	struct lab_peer nobody = LAB_PEER(9, "0.0.0.0");

	bench_request(&b, nobody, "10.0.0.1");
	CU_ASSERT(sent_reply(&b, nobody, "10.0.0.1"));
	bench_request(&b, nobody, "10.0.0.3");
	CU_ASSERT_EQUAL(drops(&b, DROP_ARP_NOT_FOR_US), 1);
	CU_ASSERT_EQUAL(lab_sent_count(b.d), 0);
	bench_free(&b);
}

SUITE(arp_input, T(request_for_us_is_answered_by_unicast_and_makes_an_entry),
	T(request_for_another_host_creates_no_entry), T(request_for_another_host_updates_an_entry),
	T(unsolicited_reply_creates_no_entry), T(broadcast_answer_is_believed_but_proves_nothing),
	T(arp_accept_lets_announcements_create_entries), T(arp_accept_2_asks_for_the_same_subnet),
	T(offlink_asker_is_answered_but_not_learned), T(types_are_checked_first),
	T(short_messages_are_dropped), T(arp_bad_lengths), T(arp_bad_opcode), T(arp_rarp_reply_unsolicited),
	T(arp_sender_bcast_or_loopback_ip), T(group_or_zero_hardware_address_is_not_believed),
	T(arp_ether_src_mismatch), T(arp_cache_poison_unsolicited_reply), T(arp_gratuitous_override),
	T(announcement_of_an_entry_in_use_asks_the_old_holder_whose_silence_decides),
	T(locktime_0_believes_everything_at_once), T(request_to_us_moves_an_entry_after_locktime),
	T(permanent_entry_never_changes), T(own_message_coming_back_is_no_conflict),
	T(who_shares_our_mac_address_is_a_neighbour), T(arp_ignore_chooses_what_is_answered),
	T(requests_for_loopback_addresses_are_not_answered), T(device_without_arp_does_not_listen),
	T(foreign_probe_of_our_address_is_answered))
