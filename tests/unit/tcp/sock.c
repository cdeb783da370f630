/* SPDX-License-Identifier: MIT */
/* TCP sockets as programs see them, between two hosts: calls, their errors, and what poll() would say. */
#include "tcp/internal.h"
#include "tests/unit/alloc.h"
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

static void note(struct sock *sk, unsigned events, void *ctx)
{
	(void)sk;
	*(unsigned *)ctx |= events;
}

static struct sock *stream(struct stack *s)
{
	struct sock *sk = sock_open(s, SOCK_STREAM, IP_PROTO_TCP);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sk);
	return sk;
}

static struct pair hosts(void)
{
	struct pair p = {.l = lab_new()};

	p.a = lab_host(p.l, "a");
	p.b = lab_host(p.l, "b");
	lab_veth(p.a, "eth0", "10.0.0.1/24", p.b, "eth0", "10.0.0.2/24");
	lab_run(p.l, SEC);
	return p;
}

static struct sock_addr at(const char *ip, uint16_t port)
{
	return (struct sock_addr){.ip = lab_ip(ip), .port = port};
}

static int connect_to(struct sock *sk, const char *ip, uint16_t port)
{
	struct sock_addr to = at(ip, port);

	return sock_connect(sk, &to);
}

static struct pair connected(void)
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
static void watch(struct pair *p)
{
	sock_on_event(p->client, note, &p->client_events);
	sock_on_event(p->server, note, &p->server_events);
	lab_settle(p->l);
	p->client_events = p->server_events = 0;
}

static void over(struct pair *p)
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

static uint8_t octet(uint64_t i)
{
	return (uint8_t)(i * 11 + (i >> 9));
}

/* As much of [*sent, total) as the socket takes. */
static void pump_out(struct sock *sk, uint64_t *sent, uint64_t total)
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

static void pump_in(struct sock *sk, uint64_t *got)
{
	uint8_t b[8192];
	ssize_t n;

	while ((n = sock_recv(sk, b, sizeof(b), 0, NULL)) > 0)
		for (ssize_t i = 0; i < n; i++, ++*got)
			CU_ASSERT_EQUAL_FATAL(b[i], octet(*got));
}

static void transfer(struct pair *p, uint64_t total)
{
	uint64_t sent = 0, got = 0;

	for (int i = 0; i < 10000 && got < total; i++) {
		pump_out(p->client, &sent, total);
		lab_run(p->l, MS);
		pump_in(p->server, &got);
	}
	CU_ASSERT_EQUAL(got, total);
}

/* ---- text ---- */

static void text_goes_both_ways(void)
{
	struct pair p = connected();
	struct sock_msg msg;
	char b[64];

	CU_ASSERT_EQUAL(sock_send(p.client, "hello", 5, 0, NULL), 5);
	CU_ASSERT_EQUAL(sock_unsent(p.client), 5);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_unread(p.server), 5);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, 3, MSG_PEEK, NULL), 3);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, &msg), 5);
	CU_ASSERT_NSTRING_EQUAL(b, "hello", 5);
	CU_ASSERT_EQUAL(msg.from.ip, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sock_send(p.server, "world!", 6, 0, NULL), 6);
	CU_ASSERT_EQUAL(sock_send(p.server, "", 0, 0, NULL), 0);
	lab_run(p.l, 50 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.client, b, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(sock_recv(p.client, NULL, 5, MSG_TRUNC, NULL), 5);
	CU_ASSERT_EQUAL(sock_recv(p.client, b, sizeof(b), 0, NULL), 1);
	CU_ASSERT_EQUAL(b[0], '!');
	CU_ASSERT_EQUAL(sock_recv(p.client, b, sizeof(b), 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(sock_unsent(p.client), 0);
	over(&p);
}

static void much_text_arrives_whole(void)
{
	struct pair p = connected();

	transfer(&p, 5 << 20);
	over(&p);
}

/* RFC9293-MUST-60: a full buffer says -EAGAIN, and says when there is room again. */
static void a_full_send_buffer_tells_when_there_is_room(void)
{
	struct pair p = connected();
	uint64_t sent = 0, got = 0;

	watch(&p);
	for (int i = 0; i < 100 && sent < 64 << 20; i++) {
		pump_out(p.client, &sent, 64 << 20);
		lab_run(p.l, MS);
	}
	CU_ASSERT(sent < 64 << 20);
	CU_ASSERT_EQUAL(sock_send(p.client, "x", 1, 0, NULL), -EAGAIN);
	CU_ASSERT_FALSE(sock_ready(p.client) & SOCK_EVENT_WRITABLE);
	p.client_events = 0;
	lab_run(p.l, 100 * MS);
	CU_ASSERT_EQUAL(p.client_events, 0);
	while (got < sent) {
		pump_in(p.server, &got);
		lab_run(p.l, 10 * MS);
	}
	CU_ASSERT(p.client_events & SOCK_EVENT_WRITABLE);
	CU_ASSERT(sock_ready(p.client) & SOCK_EVENT_WRITABLE);
	over(&p);
}

/* ---- events ---- */

static void each_step_of_a_connection_is_told(void)
{
	struct pair p = hosts();
	struct sock_addr any = at("0.0.0.0", PORT);
	unsigned told = 0;
	char b[8];

	p.listener = stream(p.b);
	p.client = stream(p.a);
	sock_bind(p.listener, &any);
	sock_listen(p.listener, 1);
	sock_on_event(p.listener, note, &told);
	sock_on_event(p.client, note, &p.client_events);
	lab_run(p.l, MS);
	CU_ASSERT_EQUAL(told, 0);
	p.client_events = 0;
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", PORT), -EINPROGRESS);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(told, SOCK_EVENT_READABLE);
	CU_ASSERT_EQUAL(p.client_events, SOCK_EVENT_WRITABLE);
	p.server = sock_accept(p.listener, NULL);
	watch(&p);
	sock_send(p.client, "x", 1, 0, NULL);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(p.server_events, SOCK_EVENT_READABLE);
	sock_recv(p.server, b, sizeof(b), 0, NULL);
	p.server_events = 0;
	sock_shutdown(p.client, SHUT_WR);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(p.server_events, SOCK_EVENT_READABLE);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 0);
	p.client_events = 0;
	sock_set(p.server, SO_OPT_LINGER, 0);
	sock_close(p.server);
	p.server = NULL;
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(p.client_events,
		SOCK_EVENT_READABLE | SOCK_EVENT_WRITABLE | SOCK_EVENT_HANGUP | SOCK_EVENT_ERROR);
	over(&p);
}

/* ---- connecting ---- */

static void a_refused_connection_may_be_tried_again(void)
{
	struct pair p = hosts();
	int error;

	p.client = stream(p.a);
	sock_on_event(p.client, note, &p.client_events);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", 9), -EINPROGRESS);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", 9), -EALREADY);
	lab_run(p.l, 10 * MS);
	CU_ASSERT(p.client_events & SOCK_EVENT_ERROR);
	CU_ASSERT_EQUAL(sock_get(p.client, SO_OPT_ERROR, &error), 0);
	CU_ASSERT_EQUAL(error, ECONNREFUSED);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", 9), -ECONNABORTED); /* the error was fetched */
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", 9), -EINPROGRESS);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", 9), -ECONNREFUSED);
	over(&p);
}

/* RFC9293-MUST-46 */
static void there_is_no_connection_to_many(void)
{
	struct pair p = hosts();
	static const char *const many[] = {"10.0.0.255", "255.255.255.255", "224.0.0.1"};

	p.client = stream(p.a);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		for (int broadcast = 0; broadcast < 2; broadcast++) {
			sock_set(p.client, SO_OPT_BROADCAST, broadcast);
			CU_ASSERT_EQUAL(connect_to(p.client, many[i], PORT), -ENETUNREACH);
		}
	CU_ASSERT_EQUAL(connect_to(p.client, "192.0.2.1", PORT), -ENETUNREACH);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", 0), -ECONNREFUSED);
	over(&p);
}

/* tcp_port_zero of the attacks is the other direction. */
static void no_address_is_this_host(void)
{
	struct pair p = hosts();
	struct sock_addr any = at("0.0.0.0", PORT), name;

	p.listener = stream(p.a);
	sock_bind(p.listener, &any);
	sock_listen(p.listener, 1);
	p.client = stream(p.a);
	CU_ASSERT_EQUAL(connect_to(p.client, "0.0.0.0", PORT), -EINPROGRESS);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(connect_to(p.client, "0.0.0.0", PORT), 0);
	CU_ASSERT_EQUAL(sock_peer(p.client, &name), 0);
	CU_ASSERT_EQUAL(name.ip, lab_ip("127.0.0.1"));
	CU_ASSERT_EQUAL(sock_name(p.client, &name), 0);
	CU_ASSERT_EQUAL(name.ip, lab_ip("127.0.0.1"));
	p.server = sock_accept(p.listener, &name);
	CU_ASSERT_PTR_NOT_NULL(p.server);
	over(&p);
}

/* RFC9293-MUST-43 RFC9293-MUST-44 RFC9293-MUST-45 */
static void the_local_address_is_the_programs_or_the_routes_and_stays(void)
{
	struct pair p = connected();
	struct sock_addr name, from = at("10.0.0.77", 0);
	struct sock *second = stream(p.a);

	CU_ASSERT_EQUAL(sock_name(p.client, &name), 0);
	CU_ASSERT_EQUAL(name.ip, lab_ip("10.0.0.1"));
	CU_ASSERT(name.port >= 32768);
	CU_ASSERT_EQUAL(sock_bind(second, &from), -EADDRNOTAVAIL);
	lab_addr(dev_by_name(p.a, "eth0"), "10.0.0.77/24");
	CU_ASSERT_EQUAL(sock_bind(second, &from), 0);
	CU_ASSERT_EQUAL(connect_to(second, "10.0.0.2", PORT), -EINPROGRESS);
	transfer(&p, 1000);
	CU_ASSERT_EQUAL(connect_to(second, "10.0.0.2", PORT), 0);
	struct sock *other = sock_accept(p.listener, &name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT_EQUAL(name.ip, from.ip);
	sock_name(p.client, &name);
	CU_ASSERT_EQUAL(name.ip, lab_ip("10.0.0.1"));
	sock_close(other);
	sock_close(second);
	over(&p);
}

static void a_disconnected_socket_is_as_new_but_for_what_bind_said(void)
{
	struct pair p = connected();
	struct sock_addr none = {0}, name, from = at("10.0.0.1", 5555);

	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_NODELAY, 1), 0);
	CU_ASSERT_EQUAL(sock_connect(p.client, &none), 0);
	int value;
	sock_get(p.client, SO_OPT_ERROR, &value);
	CU_ASSERT_EQUAL(value, ECONNRESET);
	sock_name(p.client, &name);
	CU_ASSERT_EQUAL(name.ip, 0);
	CU_ASSERT_EQUAL(name.port, 0);
	sock_get(p.client, SO_OPT_TCP_NODELAY, &value);
	CU_ASSERT_EQUAL(value, 1);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.server, &value, 1, 0, NULL), -ECONNRESET);
	CU_ASSERT_EQUAL(sock_bind(p.client, &from), 0);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", PORT), -EINPROGRESS);
	CU_ASSERT_EQUAL(sock_connect(p.client, &none), 0);
	sock_name(p.client, &name);
	CU_ASSERT_EQUAL(name.ip, from.ip);
	CU_ASSERT_EQUAL(name.port, 5555);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", PORT), -EINPROGRESS);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(connect_to(p.client, "10.0.0.2", PORT), 0);
	over(&p);
}

/* ---- ports ---- */

static int bind_to(struct sock *sk, const char *ip, uint16_t port)
{
	struct sock_addr a = at(ip, port);

	return sock_bind(sk, &a);
}

static void a_port_that_is_taken_is_refused(void)
{
	struct pair p = connected();
	struct sock *sk = stream(p.b);

	CU_ASSERT_EQUAL(bind_to(sk, "0.0.0.0", PORT), -EADDRINUSE);
	CU_ASSERT_EQUAL(bind_to(sk, "10.0.0.2", PORT), -EADDRINUSE);
	CU_ASSERT_EQUAL(bind_to(sk, "0.0.0.0", PORT + 1), 0);
	CU_ASSERT_EQUAL(bind_to(sk, "0.0.0.0", PORT + 2), -EINVAL);
	sock_close(sk);
	over(&p);
}

static void reuseport_lets_several_listen(void)
{
	struct pair p = hosts();
	struct sock *sk[3];

	for (int i = 0; i < 3; i++) {
		sk[i] = stream(p.b);
		if (i < 2)
			CU_ASSERT_EQUAL(sock_set(sk[i], SO_OPT_REUSEPORT, 1), 0);
		CU_ASSERT_EQUAL(bind_to(sk[i], "0.0.0.0", PORT), i < 2 ? 0 : -EADDRINUSE);
	}
	CU_ASSERT_EQUAL(sock_listen(sk[0], 1), 0);
	CU_ASSERT_EQUAL(sock_listen(sk[1], 1), 0);
	for (int i = 0; i < 3; i++)
		sock_close(sk[i]);
	over(&p);
}

static void reuseaddr_lets_two_bind_and_one_listen(void)
{
	struct pair p = hosts();
	struct sock *sk[2];

	for (int i = 0; i < 2; i++) {
		sk[i] = stream(p.b);
		CU_ASSERT_EQUAL(sock_set(sk[i], SO_OPT_REUSEADDR, 1), 0);
		CU_ASSERT_EQUAL(bind_to(sk[i], "0.0.0.0", PORT), 0);
	}
	CU_ASSERT_EQUAL(sock_listen(sk[0], 1), 0);
	CU_ASSERT_EQUAL(sock_listen(sk[1], 1), -EADDRINUSE);
	for (int i = 0; i < 2; i++)
		sock_close(sk[i]);
	over(&p);
}

/* What every server has to say to be started again at once. */
static void time_wait_keeps_the_port_but_for_reuseaddr(void)
{
	struct pair p = connected();

	sock_close(p.server);
	lab_run(p.l, 10 * MS);
	sock_close(p.client);
	lab_run(p.l, 10 * MS);
	sock_close(p.listener);
	p.server = p.client = NULL;
	struct tcp_stat st;
	tcp_stat(p.b, &st);
	CU_ASSERT_EQUAL(st.time_wait, 1);
	p.listener = stream(p.b);
	CU_ASSERT_EQUAL(bind_to(p.listener, "0.0.0.0", PORT), -EADDRINUSE);
	sock_set(p.listener, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(bind_to(p.listener, "0.0.0.0", PORT), -EADDRINUSE); /* the old one did not say so */
	lab_run(p.l, 61 * SEC);
	CU_ASSERT_EQUAL(bind_to(p.listener, "0.0.0.0", PORT), 0);
	CU_ASSERT_EQUAL(sock_listen(p.listener, 1), 0);
	p.client = stream(p.a);
	connect_to(p.client, "10.0.0.2", PORT);
	lab_run(p.l, 10 * MS);
	p.server = sock_accept(p.listener, NULL);
	sock_close(p.server);
	lab_run(p.l, 10 * MS);
	sock_close(p.client);
	sock_close(p.listener);
	p.server = p.client = NULL;
	lab_run(p.l, 10 * MS);
	p.listener = stream(p.b);
	sock_set(p.listener, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(bind_to(p.listener, "0.0.0.0", PORT), 0);
	CU_ASSERT_EQUAL(sock_listen(p.listener, 1), 0);
	over(&p);
}

static void the_same_four_numbers_are_not_used_twice(void)
{
	struct pair p = connected();
	struct sock_addr name;
	struct sock *second = stream(p.a);

	sock_name(p.client, &name);
	sock_set(p.client, SO_OPT_REUSEADDR, 1);
	sock_set(second, SO_OPT_REUSEADDR, 1);
	CU_ASSERT_EQUAL(sock_bind(second, &name), 0);
	CU_ASSERT_EQUAL(connect_to(second, "10.0.0.2", PORT), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(connect_to(second, "10.0.0.2", PORT + 1), -EINPROGRESS);
	sock_close(second);
	over(&p);
}

static void when_all_ports_are_used_connect_says_so(void)
{
	struct pair p = connected();
	struct sock *sk[3];

	p.a->sysctl[SYSCTL_IP_LOCAL_PORT_FIRST] = 50000;
	p.a->sysctl[SYSCTL_IP_LOCAL_PORT_LAST] = 50001;
	for (int i = 0; i < 3; i++) {
		sk[i] = stream(p.a);
		CU_ASSERT_EQUAL(connect_to(sk[i], "10.0.0.2", PORT), i < 2 ? -EINPROGRESS : -EADDRNOTAVAIL);
	}
	CU_ASSERT_EQUAL(
		connect_to(sk[2], "10.0.0.2", PORT + 1), -EINPROGRESS); /* another peer: other numbers */
	for (int i = 0; i < 3; i++)
		sock_close(sk[i]);
	over(&p);
}

/* ---- listening ---- */

static void listen_without_bind_takes_a_port(void)
{
	struct pair p = hosts();
	struct sock_addr name;

	p.listener = stream(p.b);
	CU_ASSERT_EQUAL(sock_listen(p.listener, -1), 0);
	sock_name(p.listener, &name);
	CU_ASSERT(name.port >= 32768);
	struct tcp_info info;
	sock_tcp_info(p.listener, &info);
	CU_ASSERT_EQUAL(info.backlog, 4096);
	CU_ASSERT_EQUAL(sock_listen(p.listener, 7), 0);
	sock_tcp_info(p.listener, &info);
	CU_ASSERT_EQUAL(info.backlog, 7);
	over(&p);
}

static void an_accepted_socket_has_its_listeners_options(void)
{
	static const struct {
		enum sock_option opt;
		int value, got;
	} options[] = {{SO_OPT_TCP_NODELAY, 1, 1}, {SO_OPT_TCP_KEEPIDLE, 77, 77}, {SO_OPT_KEEPALIVE, 1, 1},
		{SO_OPT_OOBINLINE, 1, 1}, {SO_OPT_TTL, 9, 9}, {SO_OPT_TOS, 0x20, 0x20}, {SO_OPT_LINGER, 3, 3},
		{SO_OPT_RCVBUF, 50000, 100000}, {SO_OPT_TCP_USER_TIMEOUT, 1234, 1234}};
	struct pair p = hosts();

	p.listener = stream(p.b);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		CU_ASSERT_EQUAL(sock_set(p.listener, options[i].opt, options[i].value), 0);
	CU_ASSERT_EQUAL(sock_set_congestion(p.listener, "reno"), 0);
	bind_to(p.listener, "0.0.0.0", PORT);
	sock_listen(p.listener, 1);
	p.client = stream(p.a);
	connect_to(p.client, "10.0.0.2", PORT);
	lab_run(p.l, 10 * MS);
	struct sock_addr from, name;
	p.server = sock_accept(p.listener, &from);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.server);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		int value = -1;
		CU_ASSERT_EQUAL(sock_get(p.server, options[i].opt, &value), 0);
		CU_ASSERT_EQUAL(value, options[i].got);
	}
	CU_ASSERT_STRING_EQUAL(sock_congestion(p.server), "reno");
	CU_ASSERT_EQUAL(sock_name(p.server, &name), 0);
	CU_ASSERT(name.ip == lab_ip("10.0.0.2") && name.port == PORT);
	CU_ASSERT_EQUAL(sock_name(p.client, &name), 0);
	CU_ASSERT(name.ip == from.ip && name.port == from.port);
	CU_ASSERT_PTR_NULL(sock_accept(p.listener, NULL));
	CU_ASSERT_EQUAL(errno, EAGAIN);
	over(&p);
}

static void a_connection_that_ended_before_accept_says_how(void)
{
	struct pair p = hosts();
	char b[8];

	p.listener = stream(p.b);
	bind_to(p.listener, "0.0.0.0", PORT);
	sock_listen(p.listener, 4);
	p.client = stream(p.a);
	connect_to(p.client, "10.0.0.2", PORT);
	lab_run(p.l, 10 * MS);
	sock_send(p.client, "bye", 3, 0, NULL);
	sock_close(p.client);
	lab_run(p.l, 10 * MS);
	p.server = sock_accept(p.listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.server);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 3);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 0);
	p.client = NULL;
	over(&p);
}

static void a_listener_that_closes_resets_who_waits(void)
{
	struct pair p = hosts();

	p.listener = stream(p.b);
	bind_to(p.listener, "0.0.0.0", PORT);
	sock_listen(p.listener, 4);
	p.client = stream(p.a);
	connect_to(p.client, "10.0.0.2", PORT);
	lab_run(p.l, 10 * MS);
	sock_close(p.listener);
	p.listener = NULL;
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_send(p.client, "x", 1, 0, NULL), -ECONNRESET);
	over(&p);
}

/* ---- closing ---- */

static void half_closed_the_other_half_goes_on(void)
{
	struct pair p = connected();
	uint64_t sent = 0, got = 0;
	char b[8];

	CU_ASSERT_EQUAL(sock_shutdown(p.client, SHUT_WR), 0);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 0);
	for (int i = 0; i < 1000 && got < 300000; i++) {
		pump_out(p.server, &sent, 300000);
		lab_run(p.l, MS);
		pump_in(p.client, &got);
	}
	CU_ASSERT_EQUAL(got, 300000);
	CU_ASSERT_EQUAL(sock_send(p.client, "x", 1, 0, NULL), -EPIPE);
	sock_shutdown(p.server, SHUT_WR);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.client, b, sizeof(b), 0, NULL), 0);
	over(&p);
}

static void what_was_written_before_close_arrives(void)
{
	struct pair p = connected();
	uint64_t sent = 0, got = 0;

	pump_out(p.client, &sent, 1 << 20);
	sock_close(p.client);
	p.client = NULL;
	CU_ASSERT(sent > 10000);
	for (int i = 0; i < 1000 && got < sent; i++) {
		lab_run(p.l, MS);
		pump_in(p.server, &got);
	}
	CU_ASSERT_EQUAL(got, sent);
	CU_ASSERT(sock_ready(p.server) & SOCK_EVENT_READABLE);
	over(&p);
}

/* RFC 2525 2.17 */
static void close_with_unread_text_resets(void)
{
	struct pair p = connected();
	char b[8];

	sock_send(p.client, "unread", 6, 0, NULL);
	lab_run(p.l, 10 * MS);
	sock_close(p.server);
	p.server = NULL;
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.client, b, sizeof(b), 0, NULL), -ECONNRESET);
	CU_ASSERT_EQUAL(p.b->mib[MIB_TcpExtTCPAbortOnClose], 1);
	over(&p);
}

static void linger_says_whether_close_resets(void)
{
	for (int seconds = -1; seconds <= 1; seconds++) {
		struct pair p = connected();
		char b[8];
		CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_LINGER, seconds), 0);
		sock_close(p.client);
		p.client = NULL;
		lab_run(p.l, 10 * MS);
		CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), seconds == 0 ? -ECONNRESET : 0);
		CU_ASSERT_EQUAL(p.a->mib[MIB_TcpExtTCPAbortOnData], seconds == 0);
		over(&p);
	}
}

static void text_that_comes_after_close_resets(void)
{
	struct pair p = connected();
	char b[8];

	sock_close(p.client);
	p.client = NULL;
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 0);
	CU_ASSERT_EQUAL(sock_send(p.server, "x", 1, 0, NULL), 1);
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_send(p.server, "x", 1, 0, NULL), -EPIPE);
	over(&p);
}

static void with_reading_shut_text_can_be_read_nevertheless(void)
{
	struct pair p = connected();
	char b[8];

	CU_ASSERT_EQUAL(sock_shutdown(p.server, SHUT_RD), 0);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 0);
	sock_send(p.client, "abc", 3, 0, NULL);
	lab_run(p.l, 50 * MS);
	CU_ASSERT_EQUAL(sock_unsent(p.client), 0);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 3);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 0);
	over(&p);
}

static void too_many_orphans_are_reset(void)
{
	struct pair p = connected();
	char b[8];

	p.a->sysctl[SYSCTL_TCP_MAX_ORPHANS] = 0;
	sock_close(p.client);
	p.client = NULL;
	lab_run(p.l, 10 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), -ECONNRESET);
	CU_ASSERT_EQUAL(p.a->mib[MIB_TcpExtTCPAbortOnMemory], 1);
	over(&p);
}

static void a_host_that_goes_leaves_sockets_that_say_so(void)
{
	struct pair p = connected();
	char b[8];

	watch(&p);
	transfer(&p, 100000);
	pump_out(p.client, &(uint64_t){0}, 1 << 20);
	lab_run(p.l, MS);
	stack_delete(p.a);
	lab_settle(p.l);
	CU_ASSERT(p.client_events & SOCK_EVENT_HANGUP);
	CU_ASSERT_EQUAL(sock_recv(p.client, b, sizeof(b), 0, NULL), -ENODEV);
	CU_ASSERT_EQUAL(sock_send(p.client, b, 1, 0, NULL), -ENODEV);
	sock_close(p.client);
	sock_close(p.server);
	sock_close(p.listener);
	lab_free(p.l);
}

/* ---- urgent data ---- */

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

/* ---- small segments ---- */

static uint64_t data_segments(const struct sock *sk)
{
	struct tcp_info info = {0};

	CU_ASSERT_EQUAL(sock_tcp_info(sk, &info), 0);
	return info.data_segs_out;
}

/* RFC9293-MAY-16 */
static void more_and_cork_make_one_segment_of_several_writes(void)
{
	struct pair p = connected();

	for (int i = 0; i < 5; i++) {
		sock_send(p.client, "abc", 3, i < 4 ? MSG_MORE : 0, NULL);
		lab_run(p.l, MS);
	}
	CU_ASSERT_EQUAL(data_segments(p.client), 1);
	lab_run(p.l, 100 * MS);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_CORK, 1), 0);
	for (int i = 0; i < 5; i++) {
		sock_send(p.client, "abc", 3, 0, NULL);
		lab_run(p.l, MS);
	}
	CU_ASSERT_EQUAL(data_segments(p.client), 1);
	CU_ASSERT_EQUAL(sock_set(p.client, SO_OPT_TCP_CORK, 0), 0);
	lab_run(p.l, MS);
	CU_ASSERT_EQUAL(data_segments(p.client), 2);
	CU_ASSERT_EQUAL(sock_unread(p.server), 30);
	over(&p);
}

static void nodelay_sends_what_is_corked_now(void)
{
	struct pair p = connected();

	sock_set(p.client, SO_OPT_TCP_CORK, 1);
	sock_send(p.client, "abc", 3, 0, NULL);
	lab_run(p.l, MS);
	CU_ASSERT_EQUAL(data_segments(p.client), 0);
	sock_set(p.client, SO_OPT_TCP_NODELAY, 1);
	lab_run(p.l, MS);
	CU_ASSERT_EQUAL(data_segments(p.client), 1);
	over(&p);
}

/* ---- STATUS ---- */

static void the_status_tells_what_was_done(void)
{
	struct pair p = connected();
	struct tcp_info out, in;

	transfer(&p, 200000);
	lab_run(p.l, 300 * MS);
	CU_ASSERT_EQUAL(sock_tcp_info(p.client, &out), 0);
	CU_ASSERT_EQUAL(sock_tcp_info(p.server, &in), 0);
	CU_ASSERT_EQUAL(out.state, TCP_ESTABLISHED);
	CU_ASSERT(out.timestamps && out.sack && out.wscale);
	CU_ASSERT_EQUAL(out.bytes_sent, 200000);
	CU_ASSERT_EQUAL(out.bytes_acked, 200000);
	CU_ASSERT_EQUAL(in.bytes_received, 200000);
	CU_ASSERT_EQUAL(out.snd_mss, 1448);
	CU_ASSERT_EQUAL(out.advmss, 1460);
	CU_ASSERT_EQUAL(out.pmtu, 1500);
	CU_ASSERT_EQUAL(in.rcv_mss, 1448);
	CU_ASSERT_EQUAL(out.data_segs_out, in.data_segs_in);
	CU_ASSERT(out.segs_in > 0 && in.segs_in >= in.data_segs_in);
	CU_ASSERT_EQUAL(out.unacked + out.notsent_bytes + out.unacked_bytes, 0);
	CU_ASSERT_EQUAL(out.snd_nxt, in.rcv_nxt);
	CU_ASSERT_EQUAL(out.iss, in.irs);
	CU_ASSERT_EQUAL(out.snd_wscale, 7);
	CU_ASSERT(out.snd_wnd > 60000 && out.snd_wnd <= in.rcv_wnd + 127);
	CU_ASSERT(out.rto_ms >= 200 && out.snd_cwnd >= 10 && out.last_snd_ns >= 300 * MS);
	CU_ASSERT(in.last_rcv_ns >= 300 * MS && in.last_rcv_ns < SEC);
	CU_ASSERT_STRING_EQUAL(out.congestion, "cubic");
	CU_ASSERT_EQUAL(out.timer, TCP_SHOW_OFF);
	sock_set(p.client, SO_OPT_KEEPALIVE, 1);
	sock_tcp_info(p.client, &out);
	CU_ASSERT_EQUAL(out.timer, TCP_SHOW_KEEPALIVE);
	CU_ASSERT(out.timer_ns > 7190 * SEC && out.timer_ns <= 7200 * SEC);
	sock_send(p.client, "x", 1, 0, NULL);
	loop_turn(&p.l->loop, false); /* it has left, and its ACK not come */
	sock_tcp_info(p.client, &out);
	CU_ASSERT_EQUAL(out.timer, TCP_SHOW_ON);
	sock_set(p.client, SO_OPT_KEEPALIVE, 0);
	over(&p);
}

struct rows {
	unsigned n, listeners;
	bool order;
	uint32_t recvq, sendq;
};

static void count_row(void *ctx, const struct tcp_row *row)
{
	struct rows *r = ctx;

	r->n++;
	if (row->state == TCP_LISTEN) {
		r->order &= r->listeners++ == r->n - 1;
		return;
	}
	r->recvq += row->recvq;
	r->sendq += row->sendq;
}

static void all_connections_are_listed_listeners_first(void)
{
	struct pair p = connected();
	struct rows r = {.order = true};
	struct sock *other = stream(p.b);

	bind_to(other, "0.0.0.0", PORT + 1);
	sock_listen(other, 3);
	CU_ASSERT_EQUAL(sock_send(p.client, "abcd", 4, 0, NULL), 4);
	lab_run(p.l, 50 * MS);
	tcp_each(p.b, count_row, &r);
	CU_ASSERT_EQUAL(r.n, 3);
	CU_ASSERT_EQUAL(r.listeners, 2);
	CU_ASSERT(r.order);
	CU_ASSERT_EQUAL(r.recvq, 4);
	r = (struct rows){0};
	sock_send(p.client, "abcde", 5, 0, NULL);
	tcp_each(p.a, count_row, &r);
	CU_ASSERT_EQUAL(r.sendq, 5);
	sock_close(other);
	over(&p);
}

/* ---- no memory ---- */

static void without_memory_calls_fail_and_nothing_is_lost(void)
{
	for (unsigned long nth = 1; nth < 40; nth++) {
		struct pair p = hosts();
		char b[8];
		p.listener = stream(p.b);
		bind_to(p.listener, "0.0.0.0", PORT);
		sock_listen(p.listener, 4);
		alloc_arm(nth, false);
		struct sock *sk = sock_open(p.a, SOCK_STREAM, IP_PROTO_TCP);
		if (sk) {
			int err = connect_to(sk, "10.0.0.2", PORT);
			CU_ASSERT(err == -EINPROGRESS || err == -ENOBUFS || err == -ENOMEM);
			lab_run(p.l, 3 * SEC);
			ssize_t n = sock_send(sk, "x", 1, 0, NULL);
			CU_ASSERT(n == 1 || n == -ENOBUFS || n == -EPIPE);
			lab_run(p.l, SEC);
		}
		p.server = sock_accept(p.listener, NULL);
		bool failed = alloc_disarm() >= nth;
		if (!p.server)
			p.server = sock_accept(p.listener, NULL);
		if (!failed)
			CU_ASSERT_EQUAL(sock_recv(p.server, b, sizeof(b), 0, NULL), 1);
		p.client = sk;
		over(&p);
		if (!failed)
			return;
	}
}

SUITE(tcp_sock, T(text_goes_both_ways), T(much_text_arrives_whole),
	T(a_full_send_buffer_tells_when_there_is_room), T(each_step_of_a_connection_is_told),
	T(a_refused_connection_may_be_tried_again), T(there_is_no_connection_to_many),
	T(no_address_is_this_host), T(the_local_address_is_the_programs_or_the_routes_and_stays),
	T(a_disconnected_socket_is_as_new_but_for_what_bind_said), T(a_port_that_is_taken_is_refused),
	T(reuseport_lets_several_listen), T(reuseaddr_lets_two_bind_and_one_listen),
	T(time_wait_keeps_the_port_but_for_reuseaddr), T(the_same_four_numbers_are_not_used_twice),
	T(when_all_ports_are_used_connect_says_so), T(listen_without_bind_takes_a_port),
	T(an_accepted_socket_has_its_listeners_options), T(a_connection_that_ended_before_accept_says_how),
	T(a_listener_that_closes_resets_who_waits), T(half_closed_the_other_half_goes_on),
	T(what_was_written_before_close_arrives), T(close_with_unread_text_resets),
	T(linger_says_whether_close_resets), T(text_that_comes_after_close_resets),
	T(with_reading_shut_text_can_be_read_nevertheless), T(too_many_orphans_are_reset),
	T(a_host_that_goes_leaves_sockets_that_say_so), T(an_urgent_octet_is_told_and_read_beside_the_stream),
	T(with_oobinline_it_is_in_the_stream), T(tcp_urg_state_confusion),
	T(more_and_cork_make_one_segment_of_several_writes), T(nodelay_sends_what_is_corked_now),
	T(the_status_tells_what_was_done), T(all_connections_are_listed_listeners_first),
	T(without_memory_calls_fail_and_nothing_is_lost))
