/* SPDX-License-Identifier: MIT */
/* TCP sockets as programs see them: text, events, opening, names and ports. */
#include "tests/unit/alloc.h"
#include "tests/unit/tcp/pair.h"

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
	T(when_all_ports_are_used_connect_says_so), T(without_memory_calls_fail_and_nothing_is_lost))
