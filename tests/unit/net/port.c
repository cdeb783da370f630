/* SPDX-License-Identifier: MIT */
/* Local ports: who may share one, and which one is chosen. */
#include "net/port.h"

#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

enum { A = 0x0a000001, B = 0x0a000002, ALL = 65536 };

struct bench {
	struct lab *l;
	struct port_table t;
};

static void bench_open(struct bench *b)
{
	b->l = lab_new();
	port_table_init(&b->t, lab_host(b->l, "h"));
}

static void bench_close(struct bench *b)
{
	port_table_exit(&b->t);
	lab_free(b->l);
}

static void set_range(struct bench *b, int32_t first, int32_t last)
{
	b->t.stack->sysctl[SYSCTL_IP_LOCAL_PORT_FIRST] = first;
	b->t.stack->sysctl[SYSCTL_IP_LOCAL_PORT_LAST] = last;
}

/* ---- sharing ---- */

static void addresses_and_devices_keep_owners_apart(void)
{
	static const struct {
		uint32_t ip, dev, ip2, dev2;
		int err;
	} rows[] = {
		{A, 0, A, 0, -EADDRINUSE},
		{A, 0, B, 0, 0},
		{0, 0, B, 0, -EADDRINUSE},
		{A, 0, 0, 0, -EADDRINUSE},
		{0, 0, 0, 0, -EADDRINUSE},
		{0, 1, 0, 2, 0},
		{0, 1, 0, 1, -EADDRINUSE},
		{0, 1, 0, 0, -EADDRINUSE},
		{A, 0, 0, 2, -EADDRINUSE},
		{A, 1, B, 1, 0},
	};
	struct bench b;

	bench_open(&b);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct port_owner one = {.ip = rows[i].ip, .dev = rows[i].dev & 0xf};
		struct port_owner two = {.ip = rows[i].ip2, .dev = rows[i].dev2 & 0xf};

		CU_ASSERT_EQUAL(port_bind(&b.t, &one, 80), 0);
		CU_ASSERT_EQUAL(port_bind(&b.t, &two, 80), rows[i].err);
		CU_ASSERT_EQUAL(port_number(&two), rows[i].err ? 0 : 80);
		port_release(&b.t, &two);
		port_release(&b.t, &one);
	}
	bench_close(&b);
}

static void reuse_must_be_wanted_by_both(void)
{
	struct bench b;

	bench_open(&b);
	for (unsigned i = 0; i < 16; i++) {
		struct port_owner one = {.reuseaddr = i & 1, .reuseport = i & 2};
		struct port_owner two = {.ip = A, .reuseaddr = i & 4, .reuseport = i & 8};
		bool shared = (one.reuseaddr && two.reuseaddr) || (one.reuseport && two.reuseport);

		CU_ASSERT_EQUAL(port_bind(&b.t, &one, 1), 0);
		CU_ASSERT_EQUAL(port_bind(&b.t, &two, 1), shared ? 0 : -EADDRINUSE);
		port_release(&b.t, &two);
		port_release(&b.t, &one);
	}
	bench_close(&b);
}

static void reuseaddr_does_not_share_with_a_listener(void)
{
	struct port_owner one = {.reuseaddr = true}, two = one, three = one;
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(port_bind(&b.t, &one, 80), 0);
	CU_ASSERT_EQUAL(port_bind(&b.t, &two, 80), 0);
	CU_ASSERT_EQUAL(port_listen(&b.t, &one), 0);
	CU_ASSERT_EQUAL(port_listen(&b.t, &one), 0); /* another backlog */
	CU_ASSERT_EQUAL(port_listen(&b.t, &two), -EADDRINUSE);
	CU_ASSERT_EQUAL(port_bind(&b.t, &three, 80), -EADDRINUSE);
	port_release(&b.t, &one);
	CU_ASSERT_FALSE(one.listening);
	CU_ASSERT_EQUAL(port_listen(&b.t, &two), 0);
	port_release(&b.t, &two);
	bench_close(&b);
}

static void reuseport_shares_among_listeners(void)
{
	struct port_owner one = {.reuseport = true}, two = one;
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(port_bind(&b.t, &one, 80), 0);
	CU_ASSERT_EQUAL(port_listen(&b.t, &one), 0);
	CU_ASSERT_EQUAL(port_bind(&b.t, &two, 80), 0);
	CU_ASSERT_EQUAL(port_listen(&b.t, &two), 0);
	port_release(&b.t, &one);
	port_release(&b.t, &two);
	bench_close(&b);
}

/* A server starts again while connections of the old one live: that is what REUSEADDR is for. */
static void connections_keep_their_listeners_port(void)
{
	struct port_owner listener = {.reuseaddr = true}, child = {0}, next = {0};
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(port_bind(&b.t, &listener, 80), 0);
	CU_ASSERT_EQUAL(port_listen(&b.t, &listener), 0);
	port_inherit(&child, &listener);
	child.reuseaddr = false;
	CU_ASSERT_EQUAL(port_listen(&b.t, &listener), 0); /* another backlog */
	child.reuseaddr = true;
	child.ip = A;
	CU_ASSERT_EQUAL(port_number(&child), 80);
	CU_ASSERT_FALSE(child.listening);
	port_release(&b.t, &listener);
	CU_ASSERT_EQUAL(port_bind(&b.t, &next, 80), -EADDRINUSE);
	next.reuseaddr = true;
	CU_ASSERT_EQUAL(port_bind(&b.t, &next, 80), 0);
	CU_ASSERT_EQUAL(port_listen(&b.t, &next), 0);
	port_release(&b.t, &next);
	port_release(&b.t, &child);
	bench_close(&b);
}

static void owners_of_a_port_are_listed_and_go(void)
{
	struct port_owner one = {.ip = A}, two = {.ip = B};
	struct bench b;

	bench_open(&b);
	CU_ASSERT(list_empty(port_owners(&b.t, 53)));
	CU_ASSERT_EQUAL(port_bind(&b.t, &one, 53), 0);
	CU_ASSERT_EQUAL(port_bind(&b.t, &two, 53), 0);
	CU_ASSERT_EQUAL(port_bind(&b.t, &two, 54), -EINVAL);
	CU_ASSERT_PTR_EQUAL(list_first(port_owners(&b.t, 53), struct port_owner, node), &one);
	CU_ASSERT_PTR_EQUAL(list_last(port_owners(&b.t, 53), struct port_owner, node), &two);
	port_release(&b.t, &one);
	port_release(&b.t, &one); /* nothing to release */
	port_release(&b.t, &two);
	CU_ASSERT(list_empty(port_owners(&b.t, 53)));
	CU_ASSERT_EQUAL(port_number(&one), 0);
	bench_close(&b);
}

/* ---- bind() to port 0 ---- */

static unsigned steps_of_one;

/* Binds `n` owners to ports of our choice; each port is in [first, last] and given once. */
static void choose_many(struct bench *b, struct port_owner *o, int n, uint16_t first, uint16_t last)
{
	uint8_t *seen = calloc(1, ALL);
	uint16_t before = 0;

	steps_of_one = 0;
	for (int i = 0; i < n; i++) {
		CU_ASSERT_EQUAL_FATAL(port_bind(&b->t, &o[i], 0), 0);
		uint16_t number = port_number(&o[i]);
		CU_ASSERT(number >= first && number <= last);
		CU_ASSERT_EQUAL(seen[number]++, 0);
		steps_of_one += number == before + 1;
		before = number;
	}
	free(seen);
}

static void release_many(struct bench *b, struct port_owner *o, int n)
{
	for (int i = 0; i < n; i++)
		port_release(&b->t, &o[i]);
}

/* RFC6056-3.1, RFC6056-3.3 */
static void a_chosen_port_is_free_and_unpredictable(void)
{
	enum { N = 2000 };
	struct port_owner *o = calloc(N, sizeof(*o));
	struct bench b;

	bench_open(&b);
	choose_many(&b, o, N, 32768, 60999); /* Linux's range */
	CU_ASSERT(steps_of_one < N / 10);
	release_many(&b, o, N);
	bench_close(&b);
	free(o);
}

/* Every port of the widest range comes up, and none more often than another: chi-square over 64512 of them has that
 * mean and a standard deviation of 360. */
static void udp_port_guess(void)
{
	enum { FIRST = 1024, PORTS = ALL - FIRST, EACH = 20 };
	uint16_t *seen = calloc(ALL, sizeof(*seen));
	struct port_owner o = {0};
	double chi2 = 0;
	struct bench b;

	bench_open(&b);
	set_range(&b, FIRST, ALL - 1);
	for (unsigned i = 0; i < EACH * PORTS; i++) {
		CU_ASSERT_EQUAL_FATAL(port_bind(&b.t, &o, 0), 0);
		seen[port_number(&o)]++;
		port_release(&b.t, &o);
	}
	for (unsigned port = 0; port < ALL; port++) {
		double off = seen[port] - (port < FIRST ? 0 : EACH);

		CU_ASSERT((seen[port] > 0) == (port >= FIRST));
		chi2 += off * off / EACH;
	}
	CU_ASSERT(chi2 < PORTS + 5 * 360);
	free(seen);
	bench_close(&b);
}

/* RFC6056-3.2a: as wide as the user likes. Every port of a range is found, and what has none says so. */
static void the_last_free_port_of_a_full_range_is_found(void)
{
	enum { FIRST = 1024, N = 65535 - FIRST + 1 };
	struct port_owner *o = calloc(N, sizeof(*o)), more = {0};
	struct bench b;

	bench_open(&b);
	set_range(&b, FIRST, 65535);
	choose_many(&b, o, N, FIRST, 65535);
	CU_ASSERT_EQUAL(port_bind(&b.t, &more, 0), -EADDRINUSE);
	port_release(&b.t, &o[N / 2]);
	CU_ASSERT_EQUAL(port_bind(&b.t, &more, 0), 0);
	port_release(&b.t, &more);
	release_many(&b, o, N);
	bench_close(&b);
	free(o);
}

/* RFC6056-3.2b: services outside the range are safe from the choice. */
static void ports_outside_the_range_are_never_chosen(void)
{
	struct port_owner o[3], more = {.ip = A};
	struct bench b;

	memset(o, 0, sizeof(o));
	bench_open(&b);
	set_range(&b, 5002, 5000); /* in any order */
	choose_many(&b, o, 3, 5000, 5002);
	CU_ASSERT_EQUAL(port_bind(&b.t, &more, 0), -EADDRINUSE);
	CU_ASSERT_EQUAL(port_bind(&b.t, &more, 4999), 0);
	port_release(&b.t, &more);
	release_many(&b, o, 3);
	bench_close(&b);
}

/* REUSEADDR is a wish for a port that the user names. */
static void a_chosen_port_is_shared_only_by_other_addresses(void)
{
	struct port_owner one = {.ip = A, .reuseaddr = true, .reuseport = true}, two = one, three = one;
	struct bench b;

	bench_open(&b);
	set_range(&b, 6000, 6000);
	CU_ASSERT_EQUAL(port_bind(&b.t, &one, 0), 0);
	CU_ASSERT_EQUAL(port_bind(&b.t, &two, 0), -EADDRINUSE);
	three.ip = B;
	CU_ASSERT_EQUAL(port_bind(&b.t, &three, 0), 0);
	port_release(&b.t, &one);
	port_release(&b.t, &three);
	bench_close(&b);
}

/* ---- connect() ---- */

struct asked {
	unsigned count;
	bool answer;
};

static bool answer(void *ctx, uint16_t number)
{
	struct asked *asked = ctx;

	(void)number;
	asked->count++;
	return asked->answer;
}

static int connect_to(struct bench *b, struct port_owner *o, uint32_t ip, struct asked *asked)
{
	return port_connect(&b->t, o, ip, 80, answer, asked);
}

/* RFC6056-3.1 */
static void connections_to_several_destinations_share_a_port(void)
{
	struct port_owner one = {.ip = A}, two = {.ip = A}, three = {.ip = A};
	struct asked no = {0, false}, yes = {0, true};
	struct bench b;

	bench_open(&b);
	set_range(&b, 7000, 7000);
	CU_ASSERT_EQUAL(connect_to(&b, &one, B, &no), 0);
	CU_ASSERT_EQUAL(no.count, 0); /* nobody had it */
	CU_ASSERT_EQUAL(connect_to(&b, &one, B, &no), -EINVAL);
	CU_ASSERT_EQUAL(connect_to(&b, &two, B, &no), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(no.count, 1);
	CU_ASSERT_EQUAL(connect_to(&b, &two, B + 1, &yes), 0);
	CU_ASSERT_EQUAL(port_number(&two), 7000);
	CU_ASSERT_EQUAL(port_bind(&b.t, &three, 7000), -EADDRINUSE);
	port_release(&b.t, &one);
	port_release(&b.t, &two);
	bench_close(&b);
}

static void connect_leaves_bound_ports_alone(void)
{
	struct port_owner bound = {.ip = B}, one = {.ip = A}, time_wait = {0};
	struct asked yes = {0, true};
	struct bench b;

	bench_open(&b);
	set_range(&b, 7000, 7001);
	CU_ASSERT_EQUAL(port_bind(&b.t, &bound, 7000), 0);
	CU_ASSERT_EQUAL(connect_to(&b, &one, B, &yes), 0);
	CU_ASSERT_EQUAL(port_number(&one), 7001);
	port_inherit(&time_wait, &one);
	port_release(&b.t, &one);
	CU_ASSERT_EQUAL(connect_to(&b, &one, B, &yes), 0); /* what TIME-WAIT holds may be had */
	CU_ASSERT_EQUAL(port_number(&one), 7001);
	CU_ASSERT_EQUAL(yes.count, 1);
	port_release(&b.t, &one);
	port_release(&b.t, &time_wait);
	port_release(&b.t, &bound);
	bench_close(&b);
}

/* RFC6056-3.3 */
static void ports_towards_one_destination_do_not_repeat_soon(void)
{
	enum { N = 5000 };
	struct port_owner one = {.ip = A}, other = {.ip = A};
	struct asked yes = {0, true};
	uint8_t *seen = calloc(1, ALL);
	unsigned follows = 0;
	struct bench b;

	bench_open(&b);
	for (int i = 0; i < N; i++) {
		CU_ASSERT_EQUAL(connect_to(&b, &one, B, &yes), 0);
		CU_ASSERT_EQUAL(seen[port_number(&one)]++, 0);
		CU_ASSERT_EQUAL(connect_to(&b, &other, B + 1 + (uint32_t)i, &yes), 0);
		follows += (uint16_t)(port_number(&other) - port_number(&one)) < 8;
		port_release(&b.t, &one);
		port_release(&b.t, &other);
	}
	CU_ASSERT(follows < N / 100); /* what one sees says nothing about another */
	free(seen);
	bench_close(&b);
}

/* As many at once as the range has, and not one more. */
static void one_destination_can_have_every_port(void)
{
	enum { N = 60999 - 32768 + 1 };
	struct port_owner *o = calloc(N, sizeof(*o)), more = {.ip = A};
	struct asked no = {0, false};
	struct bench b;

	bench_open(&b);
	for (int i = 0; i < N; i++) {
		o[i].ip = A;
		CU_ASSERT_EQUAL_FATAL(connect_to(&b, &o[i], B, &no), 0);
	}
	CU_ASSERT_EQUAL(connect_to(&b, &more, B, &no), -EADDRNOTAVAIL);
	release_many(&b, o, N);
	bench_close(&b);
	free(o);
}

static void without_memory_nothing_is_taken(void)
{
	struct port_owner one = {0};
	struct asked yes = {0, true};
	struct bench b;

	bench_open(&b);
	for (unsigned long nth = 1; nth <= 3; nth++) { /* choice, port, slots of the hash */
		alloc_arm(nth, false);
		CU_ASSERT_EQUAL(port_bind(&b.t, &one, 5), -ENOMEM);
		alloc_disarm();
		port_table_exit(&b.t);
		alloc_arm(nth, false);
		CU_ASSERT_EQUAL(connect_to(&b, &one, B, &yes), -ENOMEM);
		alloc_disarm();
		port_table_exit(&b.t);
	}
	bench_close(&b);
}

SUITE(net_port, T(addresses_and_devices_keep_owners_apart), T(reuse_must_be_wanted_by_both),
	T(reuseaddr_does_not_share_with_a_listener), T(reuseport_shares_among_listeners),
	T(connections_keep_their_listeners_port), T(owners_of_a_port_are_listed_and_go),
	T(a_chosen_port_is_free_and_unpredictable), T(udp_port_guess),
	T(the_last_free_port_of_a_full_range_is_found), T(ports_outside_the_range_are_never_chosen),
	T(a_chosen_port_is_shared_only_by_other_addresses),
	T(connections_to_several_destinations_share_a_port), T(connect_leaves_bound_ports_alone),
	T(ports_towards_one_destination_do_not_repeat_soon), T(one_destination_can_have_every_port),
	T(without_memory_nothing_is_taken))
