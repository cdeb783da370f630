/* SPDX-License-Identifier: MIT */
/* TCP sockets as programs see them: listening, accepting, closing. */
#include "tests/unit/tcp/pair.h"

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

static struct blob *pattern(size_t len)
{
	struct blob *b = blob_new(len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (size_t i = 0; i < len; i++)
		b->bytes[i] = octet(i);
	return b;
}

struct onlooker {
	struct trace_listener listener;
	unsigned long long octets, missing;
};

static void look_on(
	struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct onlooker *o = CONTAINER_OF(l, struct onlooker, listener);

	(void)s;
	if (!p || r->layer != LAYER_IP)
		return;
	o->octets += p->len;
	o->missing += p->len - pkt_head_len(p);
}

/* Although it leaves in parts where nobody looks: filters of traces may want to see it. */
static void text_that_is_traced_is_there(void)
{
	struct pair p = connected();
	struct onlooker o = {.listener.fn = look_on};
	struct blob *b = pattern(50000);

	list_add_tail(&p.l->world.trace.listeners, &o.listener.node);
	trace_everything(&p.l->world, true);
	CU_ASSERT(sock_send_blob(p.client, b, 0, b->len, 0) > 10000);
	lab_run(p.l, SEC);
	CU_ASSERT(o.octets > 10000);
	CU_ASSERT_EQUAL(o.missing, 0);
	trace_everything(&p.l->world, false);
	list_del(&o.listener.node);
	blob_unref(b);
	over(&p);
}

/* In two parts, and to two peers, although its writer keeps neither the blob nor one of the sockets. */
static void a_blob_arrives_when_nobody_else_refers_to_it(void)
{
	struct pair p = connected();
	struct sock *other = stream(p.a);
	struct blob *b = pattern(50000);
	uint64_t got[2] = {0};

	CU_ASSERT_EQUAL(connect_to(other, "10.0.0.2", PORT), -EINPROGRESS);
	lab_run(p.l, 10 * MS);
	struct sock *peer = sock_accept(p.listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(peer);
	sock_set(p.client, SO_OPT_SNDBUF, 200000);
	sock_set(other, SO_OPT_SNDBUF, 200000);
	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, b->len, 0, 0), 0);
	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, 0, 20001, 0), 20001);
	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, 20001, 29999, 0), 29999);
	CU_ASSERT_EQUAL(sock_send_blob(other, b, 0, 50000, 0), 50000);
	CU_ASSERT_EQUAL(b->refs, 4);
	blob_unref(b);
	sock_close(p.client);
	p.client = NULL;
	for (int i = 0; i < 100; i++) {
		lab_run(p.l, MS);
		pump_in(p.server, &got[0]);
		pump_in(peer, &got[1]);
	}
	CU_ASSERT_EQUAL(got[0], 50000);
	CU_ASSERT_EQUAL(got[1], 50000);
	sock_close(other);
	sock_close(peer);
	over(&p);
}

static void a_blob_is_sent_by_the_same_rules(void)
{
	struct pair p = connected();
	struct blob *b = pattern(3000);
	uint8_t urgent;

	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, 0, b->len, MSG_OOB), 3000);
	lab_run(p.l, 20 * MS);
	CU_ASSERT_EQUAL(sock_recv(p.server, &urgent, 1, MSG_OOB, NULL), 1);
	CU_ASSERT_EQUAL(urgent, octet(2999));
	sock_set(p.server, SO_OPT_LINGER, 0);
	sock_close(p.server);
	p.server = NULL;
	lab_run(p.l, 20 * MS);
	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, 0, b->len, 0), -ECONNRESET);
	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, 0, b->len, 0), -EPIPE);
	CU_ASSERT_EQUAL(b->refs, 1);
	blob_unref(b);
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

static void a_host_that_goes_refers_to_no_blob(void)
{
	struct pair p = connected();
	struct blob *b = pattern(10000);

	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, 0, b->len, 0), 10000);
	CU_ASSERT_EQUAL(b->refs, 2);
	stack_delete(p.a);
	lab_settle(p.l);
	CU_ASSERT_EQUAL(b->refs, 1);
	CU_ASSERT_EQUAL(sock_send_blob(p.client, b, 0, 1, 0), -ENODEV);
	blob_unref(b);
	sock_close(p.client);
	sock_close(p.server);
	sock_close(p.listener);
	lab_free(p.l);
}

SUITE(tcp_sock_life, T(listen_without_bind_takes_a_port), T(an_accepted_socket_has_its_listeners_options),
	T(a_connection_that_ended_before_accept_says_how), T(a_listener_that_closes_resets_who_waits),
	T(half_closed_the_other_half_goes_on), T(what_was_written_before_close_arrives),
	T(text_that_is_traced_is_there), T(a_blob_arrives_when_nobody_else_refers_to_it),
	T(a_blob_is_sent_by_the_same_rules), T(close_with_unread_text_resets),
	T(linger_says_whether_close_resets), T(text_that_comes_after_close_resets),
	T(with_reading_shut_text_can_be_read_nevertheless), T(too_many_orphans_are_reset),
	T(a_host_that_goes_leaves_sockets_that_say_so), T(a_host_that_goes_refers_to_no_blob))
