/* SPDX-License-Identifier: MIT */
/* IGMP: what is told to routers, when, and in which version. */
#include "ip/igmp.h"

#include "net/wire_ether.h"
#include "tests/unit/alloc.h"
#include "tests/unit/ip/bench.h"

#include <stdlib.h>

#define GROUP	 UINT32_C(0xef010203) /* 239.1.2.3 */
#define GROUP2	 UINT32_C(0xef010204)
#define LOCAL	 UINT32_C(0xe0000009) /* 224.0.0.9 */
#define ROUTERS	 UINT32_C(0xe0000002)
#define ROUTERS3 UINT32_C(0xe0000016)
#define OWN	 UINT32_C(0x0a000001)

enum { NOTHING = -1 };

/* ---- what is sent ---- */

/* One message that was sent; of a version 3 report its only or first record. */
struct said {
	int type; /* NOTHING: none was sent */
	uint32_t dst, group;
	unsigned records;
	uint8_t record; /* enum igmp_record */
	uint16_t source_count;
	uint32_t first_source;
};

static struct said read_report(const uint8_t *b, size_t len)
{
	struct said said = {.records = get16(*(const be16 *)(b + 6))};

	CU_ASSERT_FATAL(said.records > 0 && len >= IGMP_REPORT3_LEN + IGMP_RECORD_LEN);
	b += IGMP_REPORT3_LEN;
	said.record = b[0];
	said.source_count = get16(*(const be16 *)(b + 2));
	said.group = get32(*(const be32 *)(b + 4));
	if (said.source_count)
		said.first_source = get32(*(const be32 *)(b + IGMP_RECORD_LEN));
	return said;
}

/* The next message on eth0. Every one has a right checksum, TTL 1 and Router Alert. */
static struct said next(struct bench *b)
{
	struct lab_ip_seen seen = lab_sent_ip(b->eth0);
	struct said said = {.type = NOTHING};
	struct igmp_msg m;

	if (!seen.payload)
		return said;
	CU_ASSERT_FATAL(seen.ip.proto == IP_PROTO_IGMP && !igmp_parse(seen.payload, seen.len, &m));
	CU_ASSERT(seen.ip.ttl == 1 && seen.ip.tos == 0xc0 && seen.ip.hdr_len == IP_HDR_LEN + 4);
	CU_ASSERT_EQUAL(seen.header[IP_HDR_LEN], IPOPT_RA);
	CU_ASSERT(mac_equal(seen.eth.dst, ether_multicast(seen.ip.dst)));
	said.group = m.group;
	if (m.type == IGMP_REPORT3)
		said = read_report(seen.payload, seen.len);
	said.type = m.type;
	said.dst = seen.ip.dst;
	return said;
}

#define SAYS(b, TYPE, DST, GRP)                                                       \
	do {                                                                          \
		struct said s_ = next(b);                                             \
		CU_ASSERT(s_.type == (TYPE) && s_.dst == (DST) && s_.group == (GRP)); \
	} while (0)

#define SAYS3(b, REC, GRP)                                                             \
	do {                                                                           \
		struct said s_ = next(b);                                              \
		CU_ASSERT(s_.type == IGMP_REPORT3 && s_.dst == ROUTERS3);              \
		CU_ASSERT(s_.record == (REC) && s_.group == (GRP) && s_.records == 1); \
	} while (0)

#define SAYS_NOTHING(b) CU_ASSERT_EQUAL(next(b).type, NOTHING)

static void pass(struct bench *b, uint64_t ms)
{
	lab_run(b->lab, ms * NS_PER_MS);
}

/* When the next message left, in ms from now; at most `most` pass. */
static uint64_t wait_for_one(struct bench *b, uint64_t most)
{
	uint64_t start = stack_now(b->s);

	while (!lab_sent_count(b->eth0) && stack_now(b->s) < start + most * NS_PER_MS)
		pass(b, 1);
	return (stack_now(b->s) - start) / NS_PER_MS;
}

static void join(struct bench *b, uint32_t group)
{
	CU_ASSERT_EQUAL_FATAL(ip_group_join(b->eth0->netif, group), 0);
	lab_settle(b->lab);
}

static void leave(struct bench *b, uint32_t group)
{
	ip_group_leave(b->eth0->netif, group);
	lab_settle(b->lab);
}

/* A member whose joining has been told. */
static void settled_member(struct bench *b, uint32_t group)
{
	join(b, group);
	pass(b, 60000);
	lab_sent_clear(b->eth0);
}

/* ---- what comes in ---- */

static void put_igmp(struct bench *b, uint32_t dst, const uint8_t *msg, size_t len)
{
	static const uint8_t alert[] = {IPOPT_RA, 4, 0, 0};
	struct ip_hdr h = {.src = lab_ip("10.0.0.2"), .dst = dst, .ttl = 1, .proto = IP_PROTO_IGMP};
	struct mac mac = ip_is_multicast(dst) ? ether_multicast(dst) : b->eth0->mac;

	put_to(b->eth0, mac, h, alert, sizeof(alert), msg, len);
}

static void put_msg(struct bench *b, uint32_t dst, enum igmp_type type, uint8_t code, uint32_t group)
{
	uint8_t msg[IGMP_LEN];

	igmp_emit(msg, &(struct igmp_msg){.type = (uint8_t)type, .code = code, .group = group});
	put_igmp(b, dst, msg, sizeof(msg));
}

/* A version 2 query (code 0: version 1). */
static void query2(struct bench *b, uint8_t code, uint32_t group)
{
	put_msg(b, group ? group : IP_ALL_HOSTS, IGMP_QUERY, code, group);
}

static void sum_again(uint8_t *msg, size_t len)
{
	*(be16 *)(msg + 2) = put16(0);
	*(be16 *)(msg + 2) = put16(csum(msg, len));
}

struct asked {
	uint8_t code, robustness, interval;
	uint32_t group;
	uint32_t sources[3];
	uint16_t source_count;
};

static size_t query3_bytes(uint8_t *msg, const struct asked *q)
{
	size_t len = IGMP_QUERY3_LEN + q->source_count * sizeof(be32);

	igmp_emit(msg, &(struct igmp_msg){.type = IGMP_QUERY, .code = q->code, .group = q->group});
	msg[8] = q->robustness;
	msg[9] = q->interval;
	*(be16 *)(msg + 10) = put16(q->source_count);
	for (uint16_t i = 0; i < q->source_count; i++)
		*(be32 *)(msg + IGMP_QUERY3_LEN + i * sizeof(be32)) = put32(q->sources[i]);
	sum_again(msg, len);
	return len;
}

static void query3_to(struct bench *b, uint32_t dst, struct asked q)
{
	uint8_t msg[64];
	size_t len = query3_bytes(msg, &q);

	put_igmp(b, dst, msg, len);
}

static void query3(struct bench *b, struct asked q)
{
	query3_to(b, q.group ? q.group : IP_ALL_HOSTS, q);
}

/* ---- joining and leaving ---- */

/* RFC 3376 5.1: at once, and once more at a random time within a second. */
static void joins_and_leaves_are_told_twice(void)
{
	struct bench b = bench_open();

	join(&b, GROUP);
	SAYS3(&b, IGMP_TO_EXCLUDE, GROUP);
	SAYS_NOTHING(&b);
	pass(&b, 1000);
	SAYS3(&b, IGMP_TO_EXCLUDE, GROUP);
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	leave(&b, GROUP);
	SAYS3(&b, IGMP_TO_INCLUDE, GROUP);
	pass(&b, 1000);
	SAYS3(&b, IGMP_TO_INCLUDE, GROUP);
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void a_member_more_or_less_tells_nothing(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	join(&b, GROUP);
	leave(&b, GROUP);
	pass(&b, 10000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void changes_of_one_moment_share_a_report(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	ip_group_join(b.eth0->netif, GROUP2);
	ip_group_join(b.eth0->netif, LOCAL);
	ip_group_leave(b.eth0->netif, GROUP);
	lab_settle(b.lab);
	struct said said = next(&b);
	CU_ASSERT(said.type == IGMP_REPORT3 && said.records == 3);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void who_leaves_before_joining_is_told_twice_only_leaves(void)
{
	struct bench b = bench_open();

	join(&b, GROUP);
	SAYS3(&b, IGMP_TO_EXCLUDE, GROUP);
	leave(&b, GROUP);
	SAYS3(&b, IGMP_TO_INCLUDE, GROUP);
	pass(&b, 10000);
	SAYS3(&b, IGMP_TO_INCLUDE, GROUP);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void what_everybody_hears_is_never_reported(void)
{
	struct bench b = bench_open();

	join(&b, IP_ALL_HOSTS);
	SAYS_NOTHING(&b);
	join(&b, LOCAL);
	SAYS3(&b, IGMP_TO_EXCLUDE, LOCAL);
	b.s->sysctl[SYSCTL_IGMP_LINK_LOCAL_MCAST_REPORTS] = 0;
	pass(&b, 60000);
	lab_sent_clear(b.eth0);
	join(&b, LOCAL + 1);
	SAYS_NOTHING(&b);
	CU_ASSERT_EQUAL(ip_group_join(b.s->lo->netif, GROUP), 0); /* lo has no routers */
	pass(&b, 1000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void robustness_is_the_settings_or_the_queriers(void)
{
	struct bench b = bench_open();

	b.s->sysctl[SYSCTL_IGMP_QRV] = 4;
	join(&b, GROUP);
	pass(&b, 20000);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 4);
	query3(&b, (struct asked){.code = 1, .robustness = 3});
	pass(&b, 20000);
	lab_sent_clear(b.eth0);
	join(&b, GROUP2);
	pass(&b, 20000);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 3);
	bench_close(&b);
}

static void a_device_that_comes_up_tells_all_its_groups(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	query2(&b, 10, 0); /* an old router on that link */
	dev_set_up(b.eth0, false);
	join(&b, GROUP2);
	leave(&b, GROUP);
	join(&b, GROUP);
	pass(&b, 20000);
	lab_sent_clear(b.eth0);
	dev_set_up(b.eth0, true);
	lab_settle(b.lab);
	struct said said = next(&b);
	CU_ASSERT(said.type == IGMP_REPORT3 && said.records == 2 && said.record == IGMP_TO_EXCLUDE);
	bench_close(&b);
}

static void many_groups_go_into_as_few_reports_as_the_mtu_allows(void)
{
	enum { GROUPS = 400, EACH = (1500 - 24 - 8) / 8 };
	struct bench b = bench_open();
	unsigned records = 0;
	struct said said;

	for (uint32_t i = 0; i < GROUPS; i++)
		CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, GROUP + i), 0);
	lab_settle(b.lab);
	for (unsigned packet = 0; packet < 3; packet++) {
		said = next(&b);
		records += said.records;
		CU_ASSERT_EQUAL(said.records, packet < 2 ? EACH : GROUPS - 2 * EACH);
	}
	CU_ASSERT_EQUAL(records, GROUPS);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void a_host_without_address_reports_from_nobody(void)
{
	struct bench b = bench_open();

	netif_addr_flush(b.eth0->netif);
	join(&b, GROUP);
	struct lab_ip_seen seen = lab_sent_ip(b.eth0);
	CU_ASSERT(seen.payload && seen.ip.src == 0 && seen.ip.dst == ROUTERS3);
	bench_close(&b);
}

/* ---- queries, version 3 ---- */

/* RFC 3376 5.2: one report of all groups, within the time that is given. */
static void a_general_query_is_answered_by_one_report(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	settled_member(&b, GROUP2);
	query3(&b, (struct asked){.code = 20}); /* 2 s */
	SAYS_NOTHING(&b);
	pass(&b, 2000);
	struct said said = next(&b);
	CU_ASSERT(said.type == IGMP_REPORT3 && said.dst == ROUTERS3 && said.records == 2);
	CU_ASSERT(said.record == IGMP_IS_EXCLUDE && said.group == GROUP && said.source_count == 0);
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void a_host_in_no_group_answers_nothing(void)
{
	struct bench b = bench_open();

	query3(&b, (struct asked){.code = 20});
	query2(&b, 20, 0);
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void a_query_about_a_group_is_answered_by_its_members(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	settled_member(&b, GROUP2);
	query3(&b, (struct asked){.code = 10, .group = GROUP2});
	pass(&b, 1000);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP2);
	query3_to(&b, IP_ALL_HOSTS, (struct asked){.code = 10, .group = GROUP + 99});
	pass(&b, 1000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

/* RFC 3376 5.2: EXCLUDE {} wants each of them. */
static void a_query_about_sources_is_answered_with_these(void)
{
	struct bench b = bench_open();
	struct asked q = {.code = 10, .group = GROUP, .sources = {7, 8, 9}, .source_count = 2};

	settled_member(&b, GROUP);
	query3(&b, q);
	q.sources[0] = 9;
	q.source_count = 1;
	query3(&b, q); /* rule 5: one answer about all that were asked for */
	pass(&b, 1000);
	struct said said = next(&b);
	CU_ASSERT(said.record == IGMP_IS_INCLUDE && said.group == GROUP);
	CU_ASSERT(said.source_count == 3 && said.first_source == 7);
	SAYS_NOTHING(&b);
	query3(&b, q);
	q.source_count = 0;
	query3(&b, q); /* rule 4: the whole group */
	pass(&b, 1000);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP);
	query3(&b, q);
	q.source_count = 3;
	query3(&b, q); /* it stays so */
	pass(&b, 1000);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP);
	for (int i = 0; i < 30; i++) /* too many to be remembered: the whole group is as true */
		query3(&b, q);
	pass(&b, 1000);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP);
	bench_close(&b);
}

/* RFC 3376 5.2, rule 1 and the first of the checks: what is answered sooner anyhow is not answered twice. */
static void a_general_answer_that_comes_sooner_answers_all(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	query3(&b, (struct asked){.code = 1});
	query3(&b, (struct asked){.code = 255, .group = GROUP});
	query3(&b, (struct asked){.code = 255});
	pass(&b, 100);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP);
	pass(&b, 4000 * 1000);
	CU_ASSERT(lab_sent_count(b.eth0) <= 1); /* a group's own time may have been the shorter one */
	bench_close(&b);
}

/* RFC2236-3 */
static void answers_come_at_random_times(void)
{
	enum { TIMES = 100 };
	struct bench b = bench_open();
	uint64_t sum = 0, least = UINT64_MAX, most = 0;

	settled_member(&b, GROUP);
	for (int i = 0; i < TIMES; i++) {
		if (i % 2)
			query2(&b, 10, GROUP); /* 1 s */
		else
			query3(&b, (struct asked){.code = 10, .group = GROUP});
		uint64_t after = wait_for_one(&b, 1001);
		CU_ASSERT(lab_sent_count(b.eth0) == 1 && after <= 1000);
		lab_sent_clear(b.eth0);
		sum += after;
		least = MIN(least, after);
		most = MAX(most, after);
		pass(&b, 2000);
	}
	CU_ASSERT(sum / TIMES > 350 && sum / TIMES < 650);
	CU_ASSERT(least < 150 && most > 850);
	bench_close(&b);
}

/* ---- older versions ---- */

/* RFC2236-3 */
static void version_2_reports_to_the_group_and_repeats_once(void)
{
	struct bench b = bench_open();

	query2(&b, 10, 0);
	join(&b, GROUP);
	SAYS(&b, IGMP_REPORT2, GROUP, GROUP);
	pass(&b, 10000);
	SAYS(&b, IGMP_REPORT2, GROUP, GROUP);
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	query2(&b, 10, 0);
	pass(&b, 1000);
	SAYS(&b, IGMP_REPORT2, GROUP, GROUP);
	query2(&b, 10, GROUP2);
	pass(&b, 1000);
	SAYS_NOTHING(&b);
	leave(&b, GROUP);
	SAYS(&b, IGMP_LEAVE, ROUTERS, GROUP);
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

/* RFC2236-3 */
static void anothers_report_is_as_good_as_ours(void)
{
	struct bench b = bench_open();

	query2(&b, 10, 0);
	settled_member(&b, GROUP);
	query2(&b, 100, 0);
	put_msg(&b, GROUP, IGMP_REPORT2, 0, GROUP);
	pass(&b, 20000);
	SAYS_NOTHING(&b);
	leave(&b, GROUP); /* the router goes on hearing from him who reported last */
	SAYS_NOTHING(&b);
	join(&b, GROUP2);
	SAYS(&b, IGMP_REPORT2, GROUP2, GROUP2);
	put_msg(&b, GROUP2, IGMP_REPORT1, 0, GROUP2);
	pass(&b, 20000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

/* RFC 3376 7.2: reports of others mean nothing to version 3. */
static void version_3_is_not_silenced_by_anothers_report(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	query3(&b, (struct asked){.code = 100, .group = GROUP});
	put_msg(&b, GROUP, IGMP_REPORT2, 0, GROUP);
	pass(&b, 10000);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP);
	bench_close(&b);
}

/* RFC2236-3: a running timer is only made shorter. */
static void a_second_query_leaves_a_shorter_time_alone(void)
{
	struct bench b = bench_open();

	query2(&b, 10, 0);
	settled_member(&b, GROUP);
	query2(&b, 10, 0);
	query2(&b, 200, 0);
	CU_ASSERT(wait_for_one(&b, 1001) <= 1000);
	SAYS(&b, IGMP_REPORT2, GROUP, GROUP);
	pass(&b, 30000);
	SAYS_NOTHING(&b);
	query2(&b, 255, 0);
	query2(&b, 1, 0);
	CU_ASSERT(wait_for_one(&b, 101) <= 100);
	SAYS(&b, IGMP_REPORT2, GROUP, GROUP);
	bench_close(&b);
}

/* RFC2236-10: zero is version 1, which knows no leaves and answers within 10 s. */
static void version_1_reports_and_never_leaves(void)
{
	struct bench b = bench_open();

	query2(&b, 0, 0);
	join(&b, GROUP);
	SAYS(&b, IGMP_REPORT1, GROUP, GROUP);
	pass(&b, 60000);
	lab_sent_clear(b.eth0);
	query2(&b, 0, 0);
	CU_ASSERT(wait_for_one(&b, 10001) <= 10000);
	SAYS(&b, IGMP_REPORT1, GROUP, GROUP);
	query2(&b, 1, 0); /* of version 2; the older one counts */
	CU_ASSERT(wait_for_one(&b, 10001) <= 10000);
	SAYS(&b, IGMP_REPORT1, GROUP, GROUP);
	leave(&b, GROUP);
	pass(&b, 10000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

/* RFC 3376 7.2.1, 8.12 */
static void an_old_querier_is_forgotten_after_its_time(void)
{
	struct bench b = bench_open();

	query3(&b, (struct asked){.code = 10, .interval = 20});
	query2(&b, 10, 0);
	pass(&b, (2 * 20 + 10) * 1000 - 1);
	join(&b, GROUP);
	SAYS(&b, IGMP_REPORT2, GROUP, GROUP);
	pass(&b, 20000);
	lab_sent_clear(b.eth0);
	join(&b, GROUP2);
	CU_ASSERT_EQUAL(next(&b).type, IGMP_REPORT3);
	bench_close(&b);
}

static void a_change_of_version_ends_what_was_under_way(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP);
	leave(&b, GROUP);
	join(&b, GROUP2);
	query3(&b, (struct asked){.code = 100});
	lab_sent_clear(b.eth0);
	put_msg(&b, IP_ALL_HOSTS, IGMP_QUERY, 10, GROUP + 99);
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	bench_close(&b);
}

static void a_version_can_be_forced(void)
{
	struct bench b = bench_open();

	sysctl_set(b.s, "net.ipv4.conf.eth0.force_igmp_version", 2);
	join(&b, GROUP);
	SAYS(&b, IGMP_REPORT2, GROUP, GROUP);
	sysctl_set(b.s, "net.ipv4.conf.eth0.force_igmp_version", 3);
	query2(&b, 0, 0);
	join(&b, GROUP2);
	struct said said = next(&b);
	CU_ASSERT(said.type == IGMP_REPORT3 && said.record == IGMP_TO_EXCLUDE);
	pass(&b, 10000);
	lab_sent_clear(b.eth0);
	query2(&b, 10, 0);
	pass(&b, 1000);
	said = next(&b);
	CU_ASSERT(said.type == IGMP_REPORT3 && said.record == IGMP_IS_EXCLUDE && said.records == 2);
	bench_close(&b);
}

static void intervals_of_unasked_reports_are_settings(void)
{
	struct bench b = bench_open();

	sysctl_set(b.s, "net.ipv4.conf.eth0.igmpv3_unsolicited_report_interval", 1);
	join(&b, GROUP);
	pass(&b, 2);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 2);
	lab_sent_clear(b.eth0);
	sysctl_set(b.s, "net.ipv4.conf.eth0.force_igmp_version", 2);
	sysctl_set(b.s, "net.ipv4.conf.eth0.igmpv2_unsolicited_report_interval", 1);
	join(&b, GROUP2);
	pass(&b, 2);
	CU_ASSERT_EQUAL(lab_sent_count(b.eth0), 2);
	bench_close(&b);
}

/* ---- what is wrong ---- */

/* RFC2236-10 */
static void igmp_malformed(void)
{
	struct bench b = bench_open();
	struct asked q = {.code = 0, .group = 0};
	uint8_t msg[64];

	settled_member(&b, GROUP);
	for (size_t len = 0; len < IGMP_LEN; len++)
		put_igmp(&b, IP_ALL_HOSTS, msg, len);
	CU_ASSERT_EQUAL(DROPS(b, IGMP_SHORT), IGMP_LEN);
	query3_bytes(msg, &q);
	for (size_t len = IGMP_LEN + 1; len < IGMP_QUERY3_LEN; len++) {
		sum_again(msg, len);
		put_igmp(&b, IP_ALL_HOSTS, msg, len);
	}
	CU_ASSERT_EQUAL(DROPS(b, IGMP_BAD_LENGTH), 3);
	for (uint32_t claimed = 1; claimed <= 65535;
		claimed += claimed < 4 ? 1 : 65531) { /* sources not there */
		q.group = GROUP;
		query3_bytes(msg, &q);
		*(be16 *)(msg + 10) = put16((uint16_t)claimed);
		sum_again(msg, IGMP_QUERY3_LEN);
		put_igmp(&b, GROUP, msg, IGMP_QUERY3_LEN);
	}
	CU_ASSERT_EQUAL(DROPS(b, IGMP_BAD_LENGTH), 3 + 5);
	query3_bytes(msg, &q);
	msg[7] ^= 1;
	put_igmp(&b, GROUP, msg, IGMP_QUERY3_LEN);
	CU_ASSERT_EQUAL(DROPS(b, IGMP_BAD_CHECKSUM), 1);
	query2(&b, 10, lab_ip("10.0.0.1")); /* no group, and to us alone */
	query3(&b, (struct asked){.source_count = 1});
	CU_ASSERT_EQUAL(DROPS(b, IGMP_BAD_QUERY), 2);
	put_msg(&b, IP_ALL_HOSTS, (enum igmp_type)0x13, 0, GROUP);
	CU_ASSERT_EQUAL(DROPS(b, IGMP_UNKNOWN_TYPE), 1);
	put_msg(&b, IP_ALL_HOSTS, IGMP_LEAVE, 0, GROUP);
	put_msg(&b, IP_ALL_HOSTS, IGMP_REPORT3, 0, 0xffff); /* 65535 records: routers may wonder */
	pass(&b, 60000);
	SAYS_NOTHING(&b);
	query3(&b, (struct asked){.code = 0}); /* no time at all: at once */
	pass(&b, 1);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP);
	q = (struct asked){.code = 255}; /* 53 minutes; to our own address (RFC 3376 4.1.12) */
	put_igmp(&b, OWN, msg, query3_bytes(msg, &q));
	pass(&b, 3175000);
	SAYS3(&b, IGMP_IS_EXCLUDE, GROUP);
	bench_close(&b);
}

static void mutated_messages_end_by_name_and_leave_nothing_behind(void)
{
	enum { FRAMES = 10000 };
	struct bench b = bench_open();
	struct rng rng;
	uint8_t msg[64];

	rng_seed(&rng, unit_seed);
	join(&b, GROUP);
	join(&b, GROUP2);
	for (int i = 0; i < FRAMES; i++) {
		static const uint8_t types[] = {
			IGMP_QUERY, IGMP_QUERY, IGMP_REPORT1, IGMP_REPORT2, IGMP_LEAVE};
		struct asked q = {.code = (uint8_t)rng_u32(&rng),
			.robustness = (uint8_t)rng_u32(&rng),
			.interval = (uint8_t)rng_u32(&rng),
			.group = rng_below(&rng, 2) ? GROUP + rng_below(&rng, 3) : 0,
			.source_count = (uint16_t)rng_below(&rng, 4)};
		size_t len = query3_bytes(msg, &q);

		msg[0] = types[rng_below(&rng, sizeof(types))];
		for (uint32_t n = rng_below(&rng, 3); n; n--)
			msg[rng_below(&rng, sizeof(msg))] = (uint8_t)rng_u32(&rng);
		if (rng_below(&rng, 2))
			len = rng_below(&rng, sizeof(msg));
		if (rng_below(&rng, 8) && len >= 4)
			sum_again(msg, len);
		put_igmp(&b, rng_below(&rng, 2) ? IP_ALL_HOSTS : GROUP, msg, len);
		if (rng_below(&rng, 4) == 0)
			pass(&b, rng_below(&rng, 20000));
		if (rng_below(&rng, 16) == 0) {
			leave(&b, GROUP2);
			join(&b, GROUP2);
		}
	}
	bench_close(&b);
}

static void without_memory_a_group_is_joined_and_not_reported(void)
{
	struct bench b = bench_open();

	settled_member(&b, GROUP2);
	alloc_arm(3, false); /* group, filter of the device, report */
	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, GROUP), 0);
	alloc_disarm();
	lab_settle(b.lab);
	CU_ASSERT(ip_group_joined(b.eth0->netif, GROUP));
	SAYS_NOTHING(&b);
	leave(&b, GROUP);
	SAYS_NOTHING(&b);
	b.lab->world.pkts.small.limit = 1;
	struct pkt *p = stack_pkt(b.s, 1); /* the last one */
	join(&b, GROUP);
	pkt_free(p);
	b.lab->world.pkts.small.limit = 0;
	SAYS_NOTHING(&b);
	pass(&b, 1000);
	SAYS3(&b, IGMP_TO_EXCLUDE, GROUP); /* the second time */
	bench_close(&b);
}

static void groups_go_with_their_device_whatever_is_under_way(void)
{
	struct bench b = bench_open();

	join(&b, GROUP);
	join(&b, GROUP2);
	leave(&b, GROUP);
	query3(&b, (struct asked){.code = 255});
	query3(&b, (struct asked){.code = 1, .group = GROUP2, .sources = {1}, .source_count = 1});
	dev_unregister(b.eth0);
	pass(&b, 10000);
	bench_close(&b);
}

SUITE(ip_igmp, T(joins_and_leaves_are_told_twice), T(a_member_more_or_less_tells_nothing),
	T(changes_of_one_moment_share_a_report), T(who_leaves_before_joining_is_told_twice_only_leaves),
	T(what_everybody_hears_is_never_reported), T(robustness_is_the_settings_or_the_queriers),
	T(a_device_that_comes_up_tells_all_its_groups),
	T(many_groups_go_into_as_few_reports_as_the_mtu_allows),
	T(a_host_without_address_reports_from_nobody), T(a_general_query_is_answered_by_one_report),
	T(a_host_in_no_group_answers_nothing), T(a_query_about_a_group_is_answered_by_its_members),
	T(a_query_about_sources_is_answered_with_these), T(a_general_answer_that_comes_sooner_answers_all),
	T(answers_come_at_random_times), T(version_2_reports_to_the_group_and_repeats_once),
	T(anothers_report_is_as_good_as_ours), T(version_3_is_not_silenced_by_anothers_report),
	T(a_second_query_leaves_a_shorter_time_alone), T(version_1_reports_and_never_leaves),
	T(an_old_querier_is_forgotten_after_its_time), T(a_change_of_version_ends_what_was_under_way),
	T(a_version_can_be_forced), T(intervals_of_unasked_reports_are_settings), T(igmp_malformed),
	T(mutated_messages_end_by_name_and_leave_nothing_behind),
	T(without_memory_a_group_is_joined_and_not_reported),
	T(groups_go_with_their_device_whatever_is_under_way))
