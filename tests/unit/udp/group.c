/* SPDX-License-Identifier: MIT */
/* Groups that a socket is in. */
#include "tests/unit/alloc.h"
#include "tests/unit/udp/bench.h"

static void joining_and_leaving_say_what_is_wrong(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);

	CU_ASSERT_EQUAL(sock_join(sk, PEER, 0), -EINVAL);
	CU_ASSERT_EQUAL(sock_leave(sk, PEER, 0), -EINVAL);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP, 77), -ENODEV);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP, 0), -ENODEV); /* no route says by which */
	CU_ASSERT_EQUAL(sock_leave(sk, GROUP, 0), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP, b->d->ifindex), 0);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP, b->d->ifindex), -EADDRINUSE);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP, b->d2->ifindex), 0);
	CU_ASSERT_EQUAL(sock_leave(sk, GROUP, b->d2->ifindex), 0);
	CU_ASSERT_EQUAL(sock_leave(sk, GROUP, b->d2->ifindex), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(sock_leave(sk, GROUP, 0), 0);
	CU_ASSERT_FALSE(ip_group_joined(b->d->netif, GROUP));
	sock_close(sk);
	bench_free(b);
}

static void without_a_device_the_route_says_where(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);

	lab_route(b->s, "224.0.0.0/4", NULL, b->d2);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP, 0), 0);
	CU_ASSERT(ip_group_joined(b->d2->netif, GROUP));
	CU_ASSERT_FALSE(ip_group_joined(b->d->netif, GROUP));
	sock_close(sk);
	CU_ASSERT_FALSE(ip_group_joined(b->d2->netif, GROUP)); /* closing leaves all */
	bench_free(b);
}

static void a_socket_is_in_no_more_groups_than_the_setting_allows(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);

	for (uint32_t i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(sock_join(sk, GROUP + i, b->d->ifindex), 0);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP + 20, b->d->ifindex), -ENOBUFS);
	CU_ASSERT_EQUAL(sysctl_set(b->s, "net.ipv4.igmp_max_memberships", 21), 0);
	CU_ASSERT_EQUAL(sock_join(sk, GROUP + 20, b->d->ifindex), 0);
	sock_close(sk);
	bench_free(b);
}

static void a_group_is_left_when_its_last_socket_closes(void)
{
	struct bench *b = bench_new_two();
	struct sock *one = bench_sock(b, 0, 0), *two = bench_sock(b, 0, 0);

	CU_ASSERT_EQUAL(sock_join(one, GROUP, b->d->ifindex), 0);
	CU_ASSERT_EQUAL(sock_join(two, GROUP, b->d->ifindex), 0);
	sock_close(one);
	CU_ASSERT(ip_group_joined(b->d->netif, GROUP));
	sock_close(two);
	CU_ASSERT_FALSE(ip_group_joined(b->d->netif, GROUP));
	bench_free(b);
}

static void a_device_may_go_before_its_members(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);

	CU_ASSERT_EQUAL(sock_join(sk, GROUP, b->d->ifindex), 0);
	dev_unregister(b->d);
	CU_ASSERT_EQUAL(sock_leave(sk, GROUP, 0), 0);
	sock_close(sk);
	bench_free(b);
}

static void without_memory_nothing_is_joined(void)
{
	struct bench *b = bench_new_two();
	struct sock *sk = bench_sock(b, 0, 0);

	for (unsigned long nth = 1; nth <= 3; nth++) { /* membership, group, filter of the device */
		alloc_arm(nth, false);
		CU_ASSERT_EQUAL(sock_join(sk, GROUP, b->d->ifindex), -ENOMEM);
		alloc_disarm();
		CU_ASSERT_FALSE(ip_group_joined(b->d->netif, GROUP));
	}
	sock_close(sk);
	bench_free(b);
}

SUITE(udp_group, T(joining_and_leaving_say_what_is_wrong), T(without_a_device_the_route_says_where),
	T(a_socket_is_in_no_more_groups_than_the_setting_allows),
	T(a_group_is_left_when_its_last_socket_closes), T(a_device_may_go_before_its_members),
	T(without_memory_nothing_is_joined))
