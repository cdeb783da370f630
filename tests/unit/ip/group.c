/* SPDX-License-Identifier: MIT */
/* Multicast membership. */
#include "tests/unit/ip/bench.h"

static struct {
	unsigned count;
	uint32_t last;
	unsigned users;
} listed;

static void list_group(void *ctx, uint32_t group, unsigned users)
{
	(void)ctx;
	listed.count++;
	listed.last = group;
	listed.users = users;
}

/* RFC1122-I-125, RFC1112-4 */
static void every_device_is_in_the_all_hosts_group(void)
{
	struct bench b = bench_open();

	CU_ASSERT(ip_group_joined(b.eth0->netif, IP_ALL_HOSTS));
	CU_ASSERT(ip_group_joined(b.s->lo->netif, IP_ALL_HOSTS));
	CU_ASSERT(dev_hears_group(b.eth0, (struct mac){{0x01, 0x00, 0x5e, 0, 0, 1}}));
	bench_close(&b);
}

/* RFC1112-4, RFC1122-I-123 */
static void a_group_is_left_with_its_last_user(void)
{
	struct bench b = bench_open();
	uint32_t group = lab_ip("239.129.2.3");
	struct mac mac = {{0x01, 0x00, 0x5e, 0x01, 2, 3}}; /* the low 23 bits */

	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, group), 0);
	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, group), 0);
	CU_ASSERT(dev_hears_group(b.eth0, mac));
	CU_ASSERT_FALSE(ip_group_joined(b.eth1->netif, group));
	listed.count = 0;
	ip_group_each(b.eth0->netif, list_group, NULL);
	CU_ASSERT_EQUAL(listed.count, 2);
	CU_ASSERT_EQUAL(listed.last, group);
	CU_ASSERT_EQUAL(listed.users, 2);
	ip_group_leave(b.eth0->netif, group);
	CU_ASSERT(ip_group_joined(b.eth0->netif, group));
	ip_group_leave(b.eth0->netif, group);
	CU_ASSERT_FALSE(ip_group_joined(b.eth0->netif, group));
	CU_ASSERT_FALSE(dev_hears_group(b.eth0, mac));
	ip_group_leave(b.eth0->netif, group); /* once too often */
	bench_close(&b);
}

static void what_is_no_group_cannot_be_joined(void)
{
	struct bench b = bench_open();

	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, lab_ip("10.0.0.1")), -EINVAL);
	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, IP_BROADCAST), -EINVAL);
	bench_close(&b);
}

static void groups_go_with_their_device(void)
{
	struct bench b = bench_open();

	CU_ASSERT_EQUAL(ip_group_join(b.eth0->netif, lab_ip("239.1.2.3")), 0);
	dev_unregister(b.eth0); /* ASan sees what is left */
	bench_close(&b);
}

SUITE(ip_group, T(every_device_is_in_the_all_hosts_group), T(a_group_is_left_with_its_last_user),
	T(what_is_no_group_cannot_be_joined), T(groups_go_with_their_device))
