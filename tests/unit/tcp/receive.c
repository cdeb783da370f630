/* SPDX-License-Identifier: MIT */
/* Urgent data: on a connection made by hand, and between two hosts. */
#include "tests/unit/alloc.h"
#include "tests/unit/tcp/pair.h"
#include "tests/unit/tcp/rx.h"

/* ---- by hand ---- */

/* A segment with URG whose pointer is `urg`, as input hands it on: step six, then step seven. */
static void urgent(struct rx *r, uint32_t at, uint32_t len, uint16_t urg)
{
	struct tcp_seg seg = {
		.seq = r->base + at, .len = len, .segs = 1, .flags = TCP_ACK | TCP_URG, .urg = urg};

	tcp_urgent(r->c, &seg);
	rx_text(r, at, len, 0, 0);
}

static char oob(struct rx *r, int flags)
{
	char b = 0;
	ssize_t n = tcp_recvq_read_urgent(r->c, &b, 1, flags);

	return n == 1 ? b : n == -EAGAIN ? 'A' : n == -EINVAL ? 'I' : '?';
}

/* RFC9293-MUST-30 RFC9293-MUST-33 RFC9293-MUST-62 RFC6093-3 */
static void the_urgent_octet_is_read_beside_the_stream(void)
{
	struct rx r = rx_new();
	uint8_t b[32];

	urgent(&r, 0, 10, 5); /* octet 4 */
	CU_ASSERT(tcp_recvq_has_urgent(r.c));
	CU_ASSERT_EQUAL(tcp_recvq_readable(r.c), 4);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 4);
	CU_ASSERT(tcp_recvq_at_mark(r.c));
	CU_ASSERT_EQUAL(oob(&r, MSG_PEEK), (char)rx_octet(4, 0));
	CU_ASSERT_EQUAL(oob(&r, 0), (char)rx_octet(4, 0));
	CU_ASSERT_EQUAL(oob(&r, 0), 'I');
	CU_ASSERT_EQUAL(tcp_recvq_readable(r.c), 5);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), MSG_PEEK), 5);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 5);
	CU_ASSERT_EQUAL(b[0], rx_octet(5, 0));
	CU_ASSERT_FALSE(tcp_recvq_at_mark(r.c));
	CU_ASSERT_EQUAL(oob(&r, 0), 'I');
	rx_free(&r);
}

static void an_urgent_octet_that_is_not_read_is_passed_over(void)
{
	struct rx r = rx_new();
	uint8_t b[32];

	urgent(&r, 0, 10, 1);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 9);
	CU_ASSERT_EQUAL(b[0], rx_octet(1, 0));
	urgent(&r, 10, 1, 1); /* alone: the stream has nothing */
	CU_ASSERT_EQUAL(tcp_recvq_readable(r.c), 0);
	CU_ASSERT_EQUAL(tcp_recvq_unread(r.c), 1);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 0);
	CU_ASSERT_EQUAL(tcp_recvq_unread(r.c), 0);
	CU_ASSERT_PTR_NULL(r.c->recvq);
	rx_free(&r);
}

static void inline_the_urgent_octet_is_one_of_the_stream(void)
{
	struct rx r = rx_new();
	uint8_t b[32];

	r.c->wishes.oobinline = true;
	urgent(&r, 0, 10, 5);
	CU_ASSERT_EQUAL(oob(&r, 0), 'I');
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 4); /* a read ends at the mark nevertheless */
	CU_ASSERT(tcp_recvq_at_mark(r.c));
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 6);
	CU_ASSERT_EQUAL(b[0], rx_octet(4, 0));
	rx_free(&r);
}

static void with_stdurg_the_pointer_names_the_octet_itself(void)
{
	struct rx r = rx_new();

	r.s->sysctl[SYSCTL_TCP_STDURG] = 1;
	urgent(&r, 0, 10, 5);
	CU_ASSERT_EQUAL(oob(&r, 0), (char)rx_octet(5, 0));
	rx_free(&r);
}

/* RFC9293-MUST-31 RFC9293-MUST-32 */
static void tcp_urg_beyond(void)
{
	static const uint16_t pointers[] = {10, 11, 12, 65535};

	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		struct rx r = rx_new();
		rx_open_wide(&r);
		urgent(&r, 0, 10, pointers[i]);
		CU_ASSERT_EQUAL(oob(&r, 0), pointers[i] > 10 ? 'A' : (char)rx_octet(9, 0));
		uint8_t b[64];
		CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), pointers[i] > 10 ? 10 : 9);
		for (uint32_t at = 10; at < pointers[i]; at += 1000)
			rx_text(&r, at, 1000, 0, 0);
		if (pointers[i] > 10)
			CU_ASSERT_EQUAL(oob(&r, 0), (char)rx_octet(pointers[i] - 1u, 0));
		rx_free(&r);
	}
}

static void an_old_pointer_says_nothing_and_a_later_one_moves_the_mark(void)
{
	struct rx r = rx_new();

	urgent(&r, 0, 10, 5);
	urgent(&r, 10, 10, 3);
	CU_ASSERT_EQUAL(tcp_rare(r.c)->rcv_up - r.base, 12);
	CU_ASSERT_EQUAL(oob(&r, 0), (char)rx_octet(12, 0));
	struct tcp_seg old = {.seq = r.base, .flags = TCP_URG, .urg = 5};
	tcp_urgent(r.c, &old);
	CU_ASSERT_EQUAL(oob(&r, 0), 'I');
	CU_ASSERT_EQUAL(tcp_rare(r.c)->rcv_up - r.base, 12);
	struct tcp_seg zero = {.seq = r.base + 20, .flags = TCP_URG, .urg = 0};
	tcp_urgent(r.c, &zero); /* RFC 6093 has no meaning for it; as Linux: the segment's first octet */
	CU_ASSERT_EQUAL(tcp_rare(r.c)->rcv_up - r.base, 20);
	tcp_take_dirty(tcp_of(r.s));
	rx_free(&r);
}

static void without_memory_an_urgent_octet_is_one_of_the_stream(void)
{
	struct rx r = rx_new();
	struct tcp_seg seg = {.seq = r.base, .flags = TCP_URG, .urg = 5};

	alloc_arm(1, true);
	tcp_urgent(r.c, &seg);
	alloc_disarm();
	CU_ASSERT_EQUAL(oob(&r, 0), 'I');
	rx_text(&r, 0, 10, 0, 0);
	CU_ASSERT_EQUAL(tcp_recvq_readable(r.c), 10);
	rx_free(&r);
}

/* The earlier urgent octet was the next one to be read: it does not become one of the stream. */
static void a_second_urgent_octet_lets_the_first_one_go(void)
{
	struct rx r = rx_new();
	uint8_t b[32];

	urgent(&r, 0, 1, 1);
	urgent(&r, 1, 5, 5);
	CU_ASSERT_EQUAL(tcp_recvq_read(r.c, b, sizeof(b), 0), 4);
	CU_ASSERT_EQUAL(b[0], rx_octet(1, 0));
	CU_ASSERT_EQUAL(oob(&r, 0), (char)rx_octet(5, 0));
	rx_free(&r);
}

/* ---- between two hosts ---- */

/* RFC9293-MUST-30 RFC9293-MUST-32 RFC9293-MUST-33 */
static void an_urgent_octet_is_told_and_read_beside_the_stream(void)
{
	struct pair p = connected();
	char b[16];
	int mark;

	watch(&p);
	CU_ASSERT_EQUAL(sock_send(p.client, "abc", 3, 0, NULL), 3);
	CU_ASSERT_EQUAL(sock_send(p.client, "!", 1, MSG_OOB, NULL), 1);
	CU_ASSERT_EQUAL(sock_send(p.client, "def", 3, 0, NULL), 3);
	lab_run(p.l, 10 * MS);
	CU_ASSERT(p.server_events & SOCK_EVENT_URGENT);
	CU_ASSERT(sock_ready(p.server) & SOCK_EVENT_URGENT);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 3);
	CU_ASSERT(sock_get(p.server, SO_OPT_TCP_AT_MARK, &mark) == 0 && mark == 1);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), MSG_OOB, NULL), 1);
	CU_ASSERT_EQUAL(b[0], '!');
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), MSG_OOB, NULL), -EINVAL);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 3);
	CU_ASSERT_EQUAL(b[0], 'd');
	CU_ASSERT(sock_get(p.server, SO_OPT_TCP_AT_MARK, &mark) == 0 && mark == 0);
	over(&p);
}

/* RFC 6093 6 recommends it. */
static void with_oobinline_it_is_in_the_stream(void)
{
	struct pair p = connected();
	char b[16];

	CU_ASSERT_EQUAL(sock_set(p.server, SO_OPT_OOBINLINE, 1), 0);
	sock_send(p.client, "abc", 3, 0, NULL);
	sock_send(p.client, "!", 1, MSG_OOB, NULL);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), MSG_OOB, NULL), -EINVAL);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 3);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 1);
	CU_ASSERT_EQUAL(b[0], '!');
	over(&p);
}

/* CVE-2019-12261 and others: nothing of the urgent mode survives into another connection of the same socket. */
static void tcp_urg_state_confusion(void)
{
	struct pair p = connected();
	struct sock_addr none = {0};
	char b[16];

	sock_send(p.server, "!", 1, MSG_OOB, NULL);
	lab_run(p.l, 10 * MS);
	CU_ASSERT(sock_ready(p.client) & SOCK_EVENT_URGENT);
	CU_ASSERT_EQUAL(sock_connect(p.client, &none), 0);
	CU_ASSERT_FALSE(sock_ready(p.client) & SOCK_EVENT_URGENT);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", PORT), -EINPROGRESS);
	lab_run(p.l, 10 * MS);
	sock_close(p.server);
	p.server = sock_accept(p.listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.server);
	CU_ASSERT_EQUAL(sock_recv(p.client, b, 1, MSG_OOB, NULL), -EINVAL);
	sock_send(p.server, "abc", 3, 0, NULL);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.client, b, sizeof(b), 0, NULL), 3);
	over(&p);
}

SUITE(tcp_receive, T(the_urgent_octet_is_read_beside_the_stream),
	T(an_urgent_octet_that_is_not_read_is_passed_over), T(inline_the_urgent_octet_is_one_of_the_stream),
	T(with_stdurg_the_pointer_names_the_octet_itself), T(tcp_urg_beyond),
	T(an_old_pointer_says_nothing_and_a_later_one_moves_the_mark),
	T(without_memory_an_urgent_octet_is_one_of_the_stream),
	T(a_second_urgent_octet_lets_the_first_one_go), T(an_urgent_octet_is_told_and_read_beside_the_stream),
	T(with_oobinline_it_is_in_the_stream), T(tcp_urg_state_confusion))
