/* SPDX-License-Identifier: MIT */
/* The input table: what is read, what is counted, what is silently dropped. */
#include "tests/unit/icmp/bench.h"

/* CVE-2020-35683, CVE-2021-31346, CVE-2020-11910 */
static void icmp_short(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = {.src = PEER, .dst = ME, .ttl = 64, .proto = IP_PROTO_ICMP};

	for (unsigned type = 0; type < 256; type++) {
		for (size_t len = 0; len < ICMP_HDR_LEN; len++) {
			uint8_t msg[ICMP_HDR_LEN] = {(uint8_t)type};

			if (len >= 4)
				*(be16 *)(msg + 2) = put16(csum(msg, len));
			bench_ip(b, ip, msg, len);
		}
	}
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_SHORT), 256 * 8);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInErrors], 256 * 8);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	bench_free(b);
}

/* RFC792-2 */
static void icmp_bad_checksum(void)
{
	struct bench *b = bench_new();
	static const char data[] = "sixteen octets..";
	size_t at = ETHER_HDR_LEN + IP_HDR_LEN, bits = (ICMP_HDR_LEN + 16) * 8;
	size_t len = lab_frame_icmp(
		b->frame, b->d->mac, bench_peer_mac, PEER, ME, (struct icmp_hdr){ICMP_ECHO, 0, 77}, data, 16);

	for (size_t bit = 0; bit < bits; bit++) {
		b->frame[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
		lab_inject(b->d, b->frame, len);
		b->frame[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BAD_CHECKSUM), bits);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInCsumErrors], bits);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	lab_inject(b->d, b->frame, len);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 1);
	bench_free(b);
}

/* CVE-2025-12899, RFC1122-I-39, RFC1812-4.3.2.1 */
static void icmp_v6_type_in_v4(void)
{
	static const uint8_t data[64];
	struct bench *b = bench_new();
	unsigned unknown = 0;

	for (unsigned type = 0; type < 256; type++) {
		bool known = type == 0 || (type >= 3 && type <= 5) || type == 8 || (type >= 11 && type <= 18);

		unknown += known ? 0 : 16;
		for (uint8_t code = 0; code < 16; code++) {
			bench_icmp(
				b, PEER, ME, (struct icmp_hdr){(uint8_t)type, code, 1}, data, sizeof(data));
			CU_ASSERT_EQUAL(lab_sent_count(b->d), type == ICMP_ECHO || type == ICMP_TIMESTAMP);
			lab_sent_clear(b->d);
		}
	}
	unknown += 12 + 14; /* codes of redirect from 4 on, and of time exceeded from 2 on */
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_UNKNOWN_TYPE), unknown);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInMsgs], 256 * 16);
	bench_free(b);
}

static void device_may_vouch_for_the_checksum(void)
{
	struct bench *b = bench_new();
	size_t len = lab_frame_icmp(
		b->frame, b->d->mac, bench_peer_mac, PEER, ME, (struct icmp_hdr){ICMP_INFO, 0, 77}, NULL, 0);
	struct pkt *p = pkt_new(&b->l->world.pkts, len);

	b->frame[len - 1] ^= 1;
	memcpy(pkt_put(p, len), b->frame, len);
	p->offload.csum = PKT_CSUM_OK;
	dev_input(b->d, p);
	lab_settle(b->l);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_INFO_IGNORED), 1);
	bench_free(b);
}

/* What has to do with one host is not listened to when it was sent to many. */
static void errors_and_replies_to_many_are_dropped(void)
{
	static const uint8_t types[] = {ICMP_ECHO_REPLY, ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_REDIRECT,
		ICMP_TIME_EXCEEDED, ICMP_PARAM_PROBLEM, ICMP_TIMESTAMP_REPLY, ICMP_MASK};
	struct bench *b = bench_new();
	static const uint8_t data[32];

	b->s->sysctl[SYSCTL_ICMP_ECHO_IGNORE_BROADCASTS] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct icmp_hdr h = {types[i], 0, 0};

		lab_inject(b->d, b->frame,
			lab_frame_icmp(b->frame, MAC_BROADCAST, bench_peer_mac, PEER, IP_BROADCAST, h, data,
				sizeof(data)));
	}
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BROADCAST_IGNORED), ARRAY_SIZE(types));
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	bench_free(b);
}

/* RFC6633-4, RFC6633-8 */
static void source_quench_is_dropped_and_traced(void)
{
	struct bench *b = bench_new();
	uint8_t quote[IP_HDR_LEN + 8];
	size_t len = bench_quote(quote, (struct ip_hdr){.dst = FAR, .proto = IP_PROTO_UDP}, "12345678", 8);

	b->s->trace_mask = 1u << LAYER_ICMP | 1u << LAYER_DROP;
	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_SOURCE_QUENCH, 0, 0}, quote, len);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_SOURCE_QUENCH), 1);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInSrcQuenchs], 1);
	CU_ASSERT(b->l->world.trace.written >= 2);
	bench_free(b);
}

static void replies_that_nobody_asked_for_are_dropped(void)
{
	struct bench *b = bench_new();
	static const uint8_t data[12];

	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_ECHO_REPLY, 0, 0x00050001}, data, 12);
	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_TIMESTAMP_REPLY, 0, 0x00050001}, data, 12);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REPLY_UNWANTED), 2);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInEchoReps], 1);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInTimestampReps], 1);
	bench_free(b);
}

/* RFC1122-I-79, RFC1122-I-130 */
static void raw_sockets_get_every_message(void)
{
	static const uint8_t types[] = {
		ICMP_TIMESTAMP_REPLY, ICMP_MASK_REPLY, ICMP_ECHO_REPLY, ICMP_ECHO, 99};
	struct bench *b = bench_new();
	struct sock *raw = sock_open(b->s, SOCK_RAW, IP_PROTO_ICMP);
	static const uint8_t data[12];
	uint8_t buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		bench_icmp(b, PEER, ME, (struct icmp_hdr){types[i], 0, 0}, data, sizeof(data));
		CU_ASSERT_EQUAL(sock_recv(raw, buf, sizeof(buf), 0, NULL), IP_HDR_LEN + ICMP_HDR_LEN + 12);
		CU_ASSERT_EQUAL(buf[IP_HDR_LEN], types[i]);
	}
	sock_close(raw);
	bench_free(b);
}

/* What the device hears of ourselves: the answer goes the same way back. */
static void host_answers_itself(void)
{
	struct bench *b = bench_new();
	struct sock *ping = sock_open(b->s, SOCK_DGRAM, IP_PROTO_ICMP);
	static const uint8_t request[ICMP_HDR_LEN + 4] = {ICMP_ECHO};
	static const uint32_t own[] = {ME, IP_LOOPBACK_NET + 1};
	struct sock_msg msg;
	uint8_t buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		struct sock_addr to = {.ip = own[i]};

		CU_ASSERT_EQUAL(sock_send(ping, request, sizeof(request), 0, &to), 12);
		lab_settle(b->l);
		CU_ASSERT_EQUAL(sock_recv(ping, buf, sizeof(buf), 0, &msg), 12);
		CU_ASSERT_EQUAL(msg.from.ip, own[i]);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	sock_close(ping);
	bench_free(b);
}

static void message_that_cannot_be_sent_counts_as_an_error(void)
{
	struct bench *b = bench_new();
	struct pkt *p = stack_pkt(b->s, ICMP_HDR_LEN);
	struct icmp_hdr h = {ICMP_INFO, 0, 0};

	icmp_emit(pkt_put(p, ICMP_HDR_LEN), ICMP_HDR_LEN, &h);
	CU_ASSERT_EQUAL(icmp_output(b->s, p, &(struct ip_send){.dst = FAR, .proto = 1}), -ENETUNREACH);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutErrors], 1);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutMsgs], 1);
	bench_free(b);
}

static uint64_t sent_parent;

static int record_parent(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	(void)n, (void)nexthop;
	sent_parent = p->parent;
	pkt_done(p);
	return 0;
}

/* So that a packet can be followed through what it caused. */
static void answers_and_errors_name_the_packet_they_are_about(void)
{
	static const uint8_t protos[] = {IP_PROTO_ICMP, UNKNOWN_PROTO};
	struct bench *b = bench_new();

	b->d->netif->output = record_parent;
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		struct ip_hdr ip = {.src = PEER, .dst = ME, .ttl = 64, .proto = protos[i]};
		size_t len = lab_frame_ip(
			b->frame, b->d->mac, bench_peer_mac, ip, NULL, 0, "\x08\0\xf7\xff\0\0\0", 8);
		struct pkt *p = pkt_new(&b->l->world.pkts, len);
		uint64_t id = p->id;

		memcpy(pkt_put(p, len), b->frame, len);
		sent_parent = 0;
		dev_input(b->d, p);
		lab_settle(b->l);
		CU_ASSERT_EQUAL(sent_parent, id);
	}
	bench_free(b);
}

/* As in Linux: whoever makes it, an ICMP message is one. */
static void messages_of_raw_sockets_are_counted(void)
{
	static const struct {
		uint8_t type;
		enum mib counter;
	} rows[] = {{ICMP_TIMESTAMP, MIB_IcmpOutTimestamps}, {ICMP_MASK, MIB_IcmpOutAddrMasks},
		{ICMP_MASK_REPLY, MIB_IcmpOutAddrMaskReps}, {ICMP_SOURCE_QUENCH, MIB_IcmpOutSrcQuenchs},
		{99, MIB_IcmpOutMsgs}};
	struct bench *b = bench_new();
	struct sock *raw = sock_open(b->s, SOCK_RAW, IP_PROTO_ICMP);
	struct sock *whole = sock_open(b->s, SOCK_RAW, 255);
	uint8_t packet[IP_HDR_LEN + ICMP_HDR_LEN] = {
		0x45, 0, 0, 0, 0, 0, 0, 0, 64, IP_PROTO_ICMP, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2, ICMP_TIMESTAMP};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t msg[ICMP_HDR_LEN] = {rows[i].type};

		CU_ASSERT_EQUAL(
			sock_send(raw, msg, sizeof(msg), 0, &(struct sock_addr){.ip = PEER}), sizeof(msg));
		CU_ASSERT_EQUAL(b->s->mib[rows[i].counter], rows[i].type == 99 ? ARRAY_SIZE(rows) : 1);
	}
	CU_ASSERT_EQUAL(
		sock_send(whole, packet, sizeof(packet), 0, &(struct sock_addr){.ip = PEER}), sizeof(packet));
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutTimestamps], 2);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutMsgs], ARRAY_SIZE(rows) + 1);
	sock_close(raw);
	sock_close(whole);
	bench_free(b);
}

SUITE(icmp_icmp, T(icmp_short), T(icmp_bad_checksum), T(icmp_v6_type_in_v4),
	T(device_may_vouch_for_the_checksum), T(errors_and_replies_to_many_are_dropped),
	T(source_quench_is_dropped_and_traced), T(replies_that_nobody_asked_for_are_dropped),
	T(raw_sockets_get_every_message), T(host_answers_itself),
	T(message_that_cannot_be_sent_counts_as_an_error), T(messages_of_raw_sockets_are_counted),
	T(answers_and_errors_name_the_packet_they_are_about))
