/* SPDX-License-Identifier: MIT */
/* What the tests of TCP sockets share: two hosts on one cable, programs on both, and nothing that is faked. */
#ifndef TESTS_UNIT_TCP_PAIR_H
#define TESTS_UNIT_TCP_PAIR_H

#include "tcp/internal.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

enum { PORT = 80 };

/* Two hosts on one cable; `events` is what the client's and the server's socket were told. */
struct pair {
	struct lab *l;
	struct stack *a, *b;
	struct sock *listener, *client, *server;
	unsigned client_events, server_events;
};

#define MS  NS_PER_MS
#define SEC NS_PER_SEC

static inline void note(struct sock *sk, unsigned events, void *ctx)
{
	(void)sk;
	*(unsigned *)ctx |= events;
}

static inline struct sock *stream(struct stack *s)
{
	struct sock *sk = sock_open(s, SOCK_STREAM, IP_PROTO_TCP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
	return sk;
}

static inline struct pair hosts(void)
{
	struct pair p = {.l = lab_new()};

	p.a = lab_host(p.l, "a");
	p.b = lab_host(p.l, "b");
	lab_veth(p.a, "eth0", "10.0.0.1/24", p.b, "eth0", "10.0.0.2/24");
	lab_run(p.l, SEC);
	return p;
}

static inline struct sock_addr at(const char *ip, uint16_t port)
{
	return (struct sock_addr){.ip = lab_ip(ip), .port = port};
}

static inline int connect_to(struct sock *sk, const char *ip, uint16_t port)
{
	struct sock_addr to = at(ip, port);

	return sock_connect(sk, &to);
}

static inline struct pair connected(void)
{
	struct pair p = hosts();
	struct sock_addr any = at("0.0.0.0", PORT);

	p.listener = stream(p.b);
	CU_ASSERT_EQUAL_FATAL(sock_bind(p.listener, &any), 0);
	CU_ASSERT_EQUAL_FATAL(sock_listen(p.listener, 10), 0);
	p.client = stream(p.a);
	CU_ASSERT_EQUAL_FATAL(connect_to(p.client, "10.0.0.2", PORT), -EINPROGRESS);
	lab_run(p.l, 10 * MS);
	p.server = sock_accept(p.listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.server);
	return p;
}

/* `p` may be a copy by now: callbacks get the address that stays. */
static inline void watch(struct pair *p)
{
	sock_on_event(p->client, note, &p->client_events);
	sock_on_event(p->server, note, &p->server_events);
	lab_settle(p->l);
	p->client_events = p->server_events = 0;
}

static inline void over(struct pair *p)
{
	struct sock *socks[] = {p->listener, p->client, p->server};

	for (size_t i = 0; i < ARRAY_SIZE(socks); i++)
		if (socks[i])
			sock_close(socks[i]);
	lab_run(p->l, 200 * SEC);
	CU_ASSERT_EQUAL(pool_in_use(&tcp_of(p->a)->conns), 0);
	CU_ASSERT_EQUAL(pool_in_use(&tcp_of(p->b)->conns), 0);
	CU_ASSERT_EQUAL(tcp_of(p->a)->orphans + tcp_of(p->b)->orphans, 0);
	CU_ASSERT_EQUAL(tcp_of(p->a)->memory + tcp_of(p->b)->memory, 0);
	lab_free(p->l);
}

/* ---- the pattern of long transfers ---- */

static inline uint8_t octet(uint64_t i)
{
	return (uint8_t)(i * 11 + (i >> 9));
}

/* As much of [*sent, total) as the socket takes. */
static inline void pump_out(struct sock *sk, uint64_t *sent, uint64_t total)
{
	uint8_t b[8192];

	while (*sent < total) {
		size_t len = (size_t)MIN(total - *sent, sizeof(b));
		for (size_t i = 0; i < len; i++)
			b[i] = octet(*sent + i);
		ssize_t n = sock_send(sk, b, len, 0, NULL);
		if (n <= 0)
			return;
		*sent += (uint64_t)n;
	}
}

static inline void pump_in(struct sock *sk, uint64_t *got)
{
	uint8_t b[8192];
	ssize_t n;

	while ((n = sock_recv(sk, b, sizeof(b), 0, NULL)) > 0)
		for (ssize_t i = 0; i < n; i++, ++*got)
			CU_ASSERT_EQUAL_FATAL(b[i], octet(*got));
}

static inline void transfer(struct pair *p, uint64_t total)
{
	uint64_t sent = 0, got = 0;

	for (int i = 0; i < 10000 && got < total; i++) {
		pump_out(p->client, &sent, total);
		lab_run(p->l, MS);
		pump_in(p->server, &got);
	}
	CU_ASSERT_EQUAL(got, total);
}

static inline int bind_to(struct sock *sk, const char *ip, uint16_t port)
{
	struct sock_addr a = at(ip, port);

	return sock_bind(sk, &a);
}

#endif
