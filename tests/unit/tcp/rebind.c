/* SPDX-License-Identifier: MIT */
/* Ports of sockets that are closed: who closes may bind again in the same turn. */
#include "net/sock.h"
#include "net/wire_ip.h"
#include "tests/unit/lab.h"

static struct sock *bound(struct stack *s, bool listens)
{
	const struct sock_addr a = {.port = 80};
	struct sock *sk = sock_open(s, SOCK_STREAM, IP_PROTO_TCP);

	CU_ASSERT_EQUAL(sock_bind(sk, &a), 0);
	if (listens)
		CU_ASSERT_EQUAL(sock_listen(sk, 5), 0);
	return sk;
}

static void a_closed_socket_leaves_its_port_at_once(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");

	sock_close(bound(s, false));
	sock_close(bound(s, true));
	sock_close(bound(s, true));
	lab_free(l);
}

SUITE(tcp_rebind, T(a_closed_socket_leaves_its_port_at_once))
