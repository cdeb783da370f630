/* SPDX-License-Identifier: MIT */
/* A connection that stands twice: what the peer says of tapir's octets, in the kernel's terms, and back. */
#include "shell/diff_terms.h"

#include "net/wire_icmp.h"
#include "tests/unit/shell/segments.h"

enum { TAPIR_ISN = 5000, KERNEL_ISN = 0xfffffff0, TAPIR_TS = 100, KERNEL_TS = 70000 };

static struct kept kept_frame(const uint8_t *frame, size_t len)
{
	struct capture_packet p = {
		.linktype = LINKTYPE_ETHERNET, .data = frame, .caplen = (uint32_t)len, .len = (uint32_t)len};
	struct kept k = {0};

	kept_set(&k, &p);
	return k;
}

static struct kept kept_segment(struct segment s)
{
	uint8_t frame[2000];

	return kept_frame(frame, segment_frame(frame, &s));
}

static bool note(struct terms *t, enum diff_side side, struct segment s)
{
	struct kept k = kept_segment(s);
	bool again = terms_note(t, side, &k);

	kept_exit(&k);
	return again;
}

static uint64_t value(const struct kept *k, const char *name)
{
	return fields_value(&k->fields, name);
}

/* By how much the checksum is wrong. */
static uint16_t checksum_error(const struct kept *k)
{
	const uint8_t *tcp = k->data + ETHER_HDR_LEN + IP_HDR_LEN;

	return tcp_csum(tcp, value(k, "ip.len") - IP_HDR_LEN, (uint32_t)value(k, "ip.src"),
		(uint32_t)value(k, "ip.dst"));
}

static bool checksum_is_right(const struct kept *k)
{
	return checksum_error(k) == 0;
}

/* NOP, NOP, timestamp. */
struct times {
	uint8_t octets[12];
};

static struct times times(uint32_t tsval, uint32_t tsecr)
{
	struct times t = {{1, 1, 8, 10}};

	*(be32 *)(t.octets + 4) = put32(tsval);
	*(be32 *)(t.octets + 8) = put32(tsecr);
	return t;
}

/* The peer has begun a connection with both. */
static void accept_twice(struct terms *t)
{
	struct times tapir = times(TAPIR_TS, 1), kernel = times(KERNEL_TS, 1);

	terms_init(t);
	note(t, DIFF_TAPIR,
		OURS(TCP_SYN | TCP_ACK, TAPIR_ISN, 1001, .options = tapir.octets, .options_len = 12));
	note(t, DIFF_KERNEL,
		OURS(TCP_SYN | TCP_ACK, KERNEL_ISN, 1001, .options = kernel.octets, .options_len = 12));
}

/* ---- to the kernel ---- */

static void acknowledgments_are_as_far_from_its_isn(void)
{
	struct terms t;
	struct kept k = kept_segment(PEERS(TCP_ACK, 1001, TAPIR_ISN + 100, .text = "text"));

	accept_twice(&t);
	terms_to_kernel(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.ack"), (uint32_t)KERNEL_ISN + 100);
	CU_ASSERT_EQUAL(value(&k, "tcp.seq"), 1001);
	CU_ASSERT_TRUE(checksum_is_right(&k));
	kept_exit(&k);
	terms_exit(&t);
}

static void sack_blocks_too(void)
{
	uint8_t sack[12] = {1, 1, 5, 10};
	struct terms t;
	struct kept k;

	accept_twice(&t);
	*(be32 *)(sack + 4) = put32(TAPIR_ISN + 200);
	*(be32 *)(sack + 8) = put32(TAPIR_ISN + 300);
	k = kept_segment(PEERS(TCP_ACK, 1001, TAPIR_ISN + 1, .options = sack, .options_len = 12));
	terms_to_kernel(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.options.sack_le"), (uint32_t)KERNEL_ISN + 200);
	CU_ASSERT_EQUAL(value(&k, "tcp.options.sack_re"), (uint32_t)KERNEL_ISN + 300);
	CU_ASSERT_TRUE(checksum_is_right(&k));
	kept_exit(&k);
	terms_exit(&t);
}

static void echoed_timestamps_are_its_own_and_none_to_come(void)
{
	struct terms t;
	struct times syn = times(1, TAPIR_TS), later = times(2, TAPIR_TS + 50);
	struct kept k =
		kept_segment(PEERS(TCP_ACK, 1001, TAPIR_ISN + 1, .options = syn.octets, .options_len = 12));

	accept_twice(&t);
	terms_to_kernel(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.options.timestamp.tsecr"), KERNEL_TS);
	CU_ASSERT_EQUAL(value(&k, "tcp.options.timestamp.tsval"), 1);
	kept_exit(&k);
	k = kept_segment(PEERS(TCP_ACK, 1001, TAPIR_ISN + 1, .options = later.octets, .options_len = 12));
	terms_to_kernel(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.options.timestamp.tsecr"), KERNEL_TS);
	kept_exit(&k);
	terms_exit(&t);
}

static void what_acknowledges_nothing_stays_as_it_is(void)
{
	struct terms t;
	struct kept syn = kept_segment(PEERS(TCP_SYN, 9000, 7)),
		    stranger = kept_segment(PEERS(TCP_ACK, 1, 77, .peer_port = PEER_PORT + 1));

	accept_twice(&t);
	terms_to_kernel(&t, &syn);
	terms_to_kernel(&t, &stranger);
	CU_ASSERT_EQUAL(value(&syn, "tcp.ack"), 7);
	CU_ASSERT_EQUAL(value(&stranger, "tcp.ack"), 77);
	kept_exit(&syn);
	kept_exit(&stranger);
	terms_exit(&t);
}

static void a_wrong_checksum_stays_wrong(void)
{
	struct terms t;
	struct segment s = PEERS(TCP_ACK, 1001, TAPIR_ISN + 100, .text = "odd");
	uint8_t frame[2000];
	size_t len = segment_frame(frame, &s);
	uint16_t error;
	struct kept k;

	accept_twice(&t);
	frame[ETHER_HDR_LEN + IP_HDR_LEN + TCP_CHECK_OFFSET] ^= 1;
	k = kept_frame(frame, len);
	error = checksum_error(&k);
	CU_ASSERT_NOT_EQUAL(error, 0);
	terms_to_kernel(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.ack"), (uint32_t)KERNEL_ISN + 100);
	CU_ASSERT_EQUAL(checksum_error(&k), error);
	kept_exit(&k);
	terms_exit(&t);
}

static void errors_quote_what_the_kernel_has_sent(void)
{
	struct segment s = OURS(TCP_ACK, TAPIR_ISN + 1, 1001, .text = "text");
	uint8_t quoted[2000], data[IP_HDR_LEN + TCP_QUOTE_LEN], frame[2000];
	struct terms t;
	struct kept k;
	size_t len;

	accept_twice(&t);
	segment_frame(quoted, &s);
	memcpy(data, quoted + ETHER_HDR_LEN, sizeof(data));
	len = lab_frame_icmp(frame, our_mac, peer_mac, PEER, US, (struct icmp_hdr){ICMP_DEST_UNREACH, 1, 0},
		data, sizeof(data));
	k = kept_frame(frame, len);
	terms_to_kernel(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.seq"), (uint32_t)KERNEL_ISN + 1);
	CU_ASSERT_EQUAL(csum(k.data + ETHER_HDR_LEN + IP_HDR_LEN, ICMP_HDR_LEN + sizeof(data)), 0);
	kept_exit(&k);
	terms_exit(&t);
}

/* ---- to tapir ---- */

static void answers_of_the_kernel_come_back(void)
{
	struct terms t;
	struct kept k = kept_segment(OURS(TCP_ACK, (uint32_t)KERNEL_ISN + 1, 1005, .text = "text"));

	accept_twice(&t);
	terms_to_tapir(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.seq"), TAPIR_ISN + 1);
	CU_ASSERT_EQUAL(value(&k, "tcp.ack"), 1005);
	CU_ASSERT_TRUE(checksum_is_right(&k));
	kept_exit(&k);
	terms_exit(&t);
}

static void where_we_begin_the_port_may_be_another(void)
{
	struct kept from_peer = kept_segment(PEERS(TCP_SYN | TCP_ACK, 1, TAPIR_ISN + 1, .our_port = 50000)),
		    answer;
	struct terms t;

	terms_init(&t);
	note(&t, DIFF_TAPIR, OURS(TCP_SYN, TAPIR_ISN, 0, .our_port = 50000));
	note(&t, DIFF_KERNEL, OURS(TCP_SYN, KERNEL_ISN, 0, .our_port = 60000));
	terms_to_kernel(&t, &from_peer);
	CU_ASSERT_EQUAL(value(&from_peer, "tcp.dstport"), 60000);
	CU_ASSERT_EQUAL(value(&from_peer, "tcp.ack"), (uint32_t)KERNEL_ISN + 1);
	CU_ASSERT_TRUE(checksum_is_right(&from_peer));
	answer = kept_segment(OURS(TCP_ACK, (uint32_t)KERNEL_ISN + 1, 2, .our_port = 60000));
	terms_to_tapir(&t, &answer);
	CU_ASSERT_EQUAL(value(&answer, "tcp.srcport"), 50000);
	CU_ASSERT_EQUAL(value(&answer, "tcp.seq"), TAPIR_ISN + 1);
	kept_exit(&from_peer);
	kept_exit(&answer);
	terms_exit(&t);
}

static void a_new_connection_has_new_terms(void)
{
	struct terms t;
	struct kept k = kept_segment(PEERS(TCP_ACK, 8001, 9001));

	accept_twice(&t);
	note(&t, DIFF_TAPIR, OURS(TCP_SYN | TCP_ACK, 9000, 8001));
	note(&t, DIFF_KERNEL, OURS(TCP_SYN | TCP_ACK, 200, 8001));
	terms_to_kernel(&t, &k);
	CU_ASSERT_EQUAL(value(&k, "tcp.ack"), 201);
	kept_exit(&k);
	terms_exit(&t);
}

/* ---- what a side says ---- */

static void what_was_sent_before_is_known(void)
{
	struct terms t;

	accept_twice(&t);
	CU_ASSERT_TRUE(note(&t, DIFF_KERNEL, OURS(TCP_SYN | TCP_ACK, KERNEL_ISN, 1001)));
	CU_ASSERT_FALSE(note(&t, DIFF_KERNEL, OURS(TCP_ACK, (uint32_t)KERNEL_ISN + 1, 1001)));
	CU_ASSERT_FALSE(note(&t, DIFF_KERNEL, OURS(TCP_ACK, (uint32_t)KERNEL_ISN + 1, 1001, .text = "text")));
	CU_ASSERT_TRUE(note(&t, DIFF_KERNEL, OURS(TCP_ACK, (uint32_t)KERNEL_ISN + 1, 1001, .text = "text")));
	CU_ASSERT_TRUE(note(&t, DIFF_KERNEL, OURS(TCP_ACK, (uint32_t)KERNEL_ISN + 3, 1001, .text = "xt")));
	CU_ASSERT_FALSE(
		note(&t, DIFF_KERNEL, OURS(TCP_ACK, (uint32_t)KERNEL_ISN + 3, 1001, .text = "xt and more")));
	CU_ASSERT_FALSE(note(&t, DIFF_KERNEL, OURS(TCP_RST, 1, 0, .our_port = 99)));
	terms_exit(&t);
}

static void text_and_fin_are_two(void)
{
	struct kept k = kept_segment(OURS(TCP_ACK | TCP_PSH | TCP_FIN, 10, 20, .text = "text")), fin = {0},
		    bare = kept_segment(OURS(TCP_ACK | TCP_FIN, 14, 20)), none = {0};

	terms_simplify(&k, &fin);
	CU_ASSERT_EQUAL(value(&k, "tcp.flags"), TCP_ACK);
	CU_ASSERT_PTR_NOT_NULL(fields_find(&k.fields, "tcp.payload"));
	CU_ASSERT_EQUAL(value(&fin, "tcp.flags"), TCP_ACK | TCP_FIN);
	CU_ASSERT_EQUAL(value(&fin, "tcp.seq"), 14);
	CU_ASSERT_PTR_NULL(fields_find(&fin.fields, "tcp.payload"));
	CU_ASSERT_EQUAL(value(&fin, "ip.len"), IP_HDR_LEN + TCP_HDR_LEN);
	terms_simplify(&bare, &none);
	CU_ASSERT_FALSE(none.there);
	CU_ASSERT_EQUAL(value(&bare, "tcp.flags"), TCP_ACK | TCP_FIN);
	kept_exit(&k);
	kept_exit(&fin);
	kept_exit(&bare);
}

SUITE(shell_diff_terms, T(acknowledgments_are_as_far_from_its_isn), T(sack_blocks_too),
	T(echoed_timestamps_are_its_own_and_none_to_come), T(what_acknowledges_nothing_stays_as_it_is),
	T(a_wrong_checksum_stays_wrong), T(errors_quote_what_the_kernel_has_sent),
	T(answers_of_the_kernel_come_back), T(where_we_begin_the_port_may_be_another),
	T(a_new_connection_has_new_terms), T(what_was_sent_before_is_known), T(text_and_fin_are_two))
