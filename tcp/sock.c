/* SPDX-License-Identifier: MIT */
/*
 * The user calls (RFC 9293 3.9.1), as net/sock.h has them and with Linux's errors.
 *
 *   OPEN     connect(), listen()        3.10.1      CLOSE    close(), shutdown()   3.10.4
 *   SEND     send()                     3.10.2      ABORT    close() with LINGER 0 3.10.5
 *   RECEIVE  recv()                     3.10.3      STATUS   sock_tcp_info(), sock_ready()  3.10.6
 *
 * A socket always has a connection, which is CLOSED before it is opened and after it is over; then it still holds what
 * can be read. A socket that is opened again, or disconnected, gets another one.
 */
#include "tcp/internal.h"

#include <errno.h>

static struct tcp_sock *tcp_sock_of(const struct sock *sk)
{
	return CONTAINER_OF((struct sock *)(uintptr_t)sk, struct tcp_sock, sk);
}

/* CLOSED, and not because it is new. */
static bool is_over(const struct sock *sk)
{
	return tcp_sock_conn(sk)->state == TCP_CLOSED && tcp_sock_conn(sk)->e.remote;
}

static bool is_opening(const struct tcp_conn *c)
{
	return c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED;
}

/* ---- the connection of a socket ---- */

static void join(struct sock *sk, struct tcp_conn *c)
{
	tcp_sock_of(sk)->conn = c;
	c->sock = sk;
}

/* As after socket(), and bind() where that named a port: 3.10.5, and what Linux does besides. */
static int disconnect(struct sock *sk)
{
	struct tcp_sock *ts = tcp_sock_of(sk);
	struct tcp_conn *old = ts->conn, *c = tcp_conn_new(sk->stack);

	if (!c)
		return -ENOBUFS;
	if (tcp_inherit(c, old)) {
		tcp_conn_free(c);
		return -ENOBUFS;
	}
	c->port.ip = old->port.ip;
	c->port.dev = old->port.dev;
	c->port.reuseaddr = old->port.reuseaddr;
	c->port.reuseport = old->port.reuseport;
	if (tcp_may_receive(old) || old->state == TCP_CLOSE_WAIT || is_opening(old))
		sk->error = ECONNRESET;
	old->sock = NULL;
	if (old->state == TCP_LISTEN)
		tcp_listen_stop(old);
	tcp_abort(old, 0);
	if (sk->named_port) {
		port_inherit(&c->port, &old->port);
		c->e.local_port = old->e.local_port;
	}
	port_release(&tcp_of(sk->stack)->ports, &old->port);
	if (sk->named_ip)
		c->e.local = old->e.local;
	else
		c->port.ip = 0;
	sk->connecting = false;
	join(sk, c);
	return 0;
}

static int tcp_sock_open(struct sock *sk)
{
	struct tcp_conn *c = tcp_conn_new(sk->stack);

	if (!c)
		return -ENOMEM;
	join(sk, c);
	return 0;
}

/* 3.10.4; LINGER 0: 3.10.5. What waits to be sent goes on being sent without us, however long LINGER says: a socket
 * never blocks. */
static void tcp_sock_close(struct sock *sk)
{
	struct tcp_conn *c = tcp_sock_conn(sk);
	bool resets = tcp_rare(c)->lingers && tcp_rare(c)->linger_s == 0;

	if (!resets || c->state < TCP_SYN_RECEIVED) {
		tcp_close(c);
	} else {
		c->sock = NULL;
		mib_inc(sk->stack, MIB_TcpExtTCPAbortOnData);
		tcp_abort(c, 0);
	}
	/* The connection goes in the egress phase; its port is free at once, for who closes to bind again. */
	if (c->state == TCP_CLOSED)
		port_release(&tcp_of(sk->stack)->ports, &c->port);
}

/* ---- names ---- */

/* Linux lets a socket have an address that TCP can do nothing with: a broadcast or multicast one. */
static bool may_have(const struct sock *sk, uint32_t ip)
{
	enum ip_addr_kind kind = ip ? ip_addr_kind(sk->stack, ip) : IP_ADDR_LOCAL;

	return kind == IP_ADDR_LOCAL || kind == IP_ADDR_BROADCAST || kind == IP_ADDR_MULTICAST ||
		sk->freebind;
}

static int bind_port(struct sock *sk, uint32_t ip, uint16_t number)
{
	struct tcp_conn *c = tcp_sock_conn(sk);

	c->port.ip = ip;
	int err = port_bind(&tcp_of(sk->stack)->ports, &c->port, number);
	if (err)
		return err;
	c->e.local = ip;
	c->e.local_port = port_number(&c->port);
	return 0;
}

static void give_port_back(struct sock *sk)
{
	struct tcp_conn *c = tcp_sock_conn(sk);

	port_release(&tcp_of(sk->stack)->ports, &c->port);
	c->e.local_port = 0;
}

static int tcp_sock_bind(struct sock *sk, const struct sock_addr *a)
{
	struct tcp_sock *ts = tcp_sock_of(sk);

	if (!may_have(sk, a->ip))
		return -EADDRNOTAVAIL;
	if (is_over(sk) && !sk->named_port)
		give_port_back(sk);
	if (ts->conn->state != TCP_CLOSED || ts->conn->e.local_port)
		return -EINVAL;
	int err = bind_port(sk, a->ip, a->port);
	if (err)
		return err;
	sk->named_ip = a->ip;
	sk->named_port = a->port;
	return 0;
}

static int tcp_sock_local(const struct sock *sk, struct sock_addr *a)
{
	const struct tcp_entry *e = &tcp_sock_conn(sk)->e;

	*a = (struct sock_addr){.ip = e->local, .port = e->local_port};
	return 0;
}

static struct sock_addr remote(const struct tcp_conn *c)
{
	return (struct sock_addr){.ip = c->e.remote, .port = c->e.remote_port};
}

static int tcp_sock_peer(const struct sock *sk, struct sock_addr *a)
{
	const struct tcp_conn *c = tcp_sock_conn(sk);

	if (!tcp_is_synchronized(c) && c->state != TCP_SYN_RECEIVED)
		return -ENOTCONN;
	*a = remote(c);
	return 0;
}

/* ---- OPEN (3.10.1) ---- */

/* port_connect() asks: is the connection by this port new, or may it follow one in TIME-WAIT? */
static bool is_free(void *ctx, uint16_t number)
{
	struct tcp_conn *c = ctx;

	c->e.local_port = number;
	return tcp_numbers_free(c);
}

/* Where to, from where: 0.0.0.0 is this host. */
static int choose_way(struct sock *sk, struct tcp_conn *c, const struct sock_addr *a)
{
	struct route_path path;
	uint32_t ip = a->ip ? a->ip : c->e.local ? c->e.local : (IP_LOOPBACK_NET | 1);
	int err = ip_sock_route(sk, c->e.local, ip, &path);

	if (err == -EACCES && path.type == ROUTE_BROADCAST)
		return -ENETUNREACH;
	if (err)
		return err;
	if (path.type == ROUTE_BROADCAST || path.type == ROUTE_MULTICAST)
		return -ENETUNREACH;
	if (!a->port)
		return -ECONNREFUSED; /* RFC 6335 6: nobody can be there */
	if (!c->e.local)
		c->e.local = path.source;
	c->e.remote = ip;
	c->e.remote_port = a->port;
	return 0;
}

static int choose_port(struct sock *sk, struct tcp_conn *c)
{
	if (c->e.local_port)
		return is_free(c, c->e.local_port) ? 0 : -EADDRNOTAVAIL;
	c->port.ip = c->e.local;
	return port_connect(&tcp_of(sk->stack)->ports, &c->port, c->e.remote, c->e.remote_port, is_free, c);
}

static int open_active(struct sock *sk, const struct sock_addr *a)
{
	struct tcp_conn *c = tcp_sock_conn(sk);
	struct tcp_entry before = c->e;
	int err = choose_way(sk, c, a);

	if (!err)
		err = choose_port(sk, c);
	if (!err &&
		c->e.local_port != port_number(&c->port)) /* nobody else has it: is_free() was not asked */
		is_free(c, port_number(&c->port));
	if (!err && (err = tcp_open_active(c)) == -ENOMEM)
		err = -ENOBUFS;
	if (err) {
		c->e = before;
		if (!c->e.local_port)
			port_release(&tcp_of(sk->stack)->ports, &c->port);
		return err;
	}
	c->port.ip = c->e.local;
	sk->connecting = true;
	return -EINPROGRESS;
}

/* How the connect() before this one is doing. Once it has told of failure, another may be tried. */
static int tell_how_it_went(struct sock *sk)
{
	struct tcp_sock *ts = tcp_sock_of(sk);
	int error = sk->error;

	if (is_opening(ts->conn))
		return -EALREADY;
	if (ts->conn->state != TCP_CLOSED) {
		sk->connecting = false;
		return 0;
	}
	int err = disconnect(sk);
	sk->error = 0;
	return err ? err : error ? -error : -ECONNABORTED;
}

static int tcp_sock_connect(struct sock *sk, const struct sock_addr *a)
{
	const struct tcp_conn *c = tcp_sock_conn(sk);

	if (!a->ip && !a->port)
		return disconnect(sk);
	if (sk->connecting)
		return tell_how_it_went(sk);
	if (c->state != TCP_CLOSED || is_over(sk))
		return -EISCONN;
	return open_active(sk, a);
}

static int tcp_sock_listen(struct sock *sk, int backlog)
{
	struct tcp_conn *c = tcp_sock_conn(sk);

	if ((c->state != TCP_CLOSED && c->state != TCP_LISTEN) || is_over(sk))
		return -EINVAL;
	int err = c->e.local_port ? 0 : bind_port(sk, c->e.local, 0);
	return err ? err : tcp_listen_start(c, backlog < 0 ? INT32_MAX : backlog);
}

static struct sock *tcp_sock_accept(struct sock *sk, struct sock_addr *from)
{
	struct tcp_conn *l = tcp_sock_conn(sk);

	errno = l->state != TCP_LISTEN ? EINVAL : EAGAIN;
	if (l->state != TCP_LISTEN || !tcp_listen_waiting(l))
		return NULL;
	struct sock *child = sock_like(sk);
	if (!child)
		return NULL;
	struct tcp_conn *c = tcp_listen_take(l);
	join(child, c);
	if (c->state == TCP_CLOSED)
		child->error = ECONNRESET; /* while it waited */
	if (from)
		*from = remote(c);
	return child;
}

/* ---- SEND (3.10.2) ---- */

static ssize_t write_bytes(struct sock *sk, const void *data, size_t len, struct blob *blob, int flags)
{
	struct tcp_conn *c = tcp_sock_conn(sk);

	if (is_opening(c))
		return -EAGAIN;
	if (!tcp_may_send(c))
		return -EPIPE;
	ssize_t n = len ? tcp_sendq_write(c, data, len, blob) : 0;
	if (n < 0)
		return n == -ENOMEM ? -ENOBUFS : n;
	bool whole = (size_t)n == len;
	c->more = c->held = (flags & MSG_MORE) && whole;
	if ((flags & MSG_OOB) && whole && len) {
		c->sendq->up = c->snd.end; /* RFC 6093 3.1: after the octet */
		c->urg_to_send = true;
	}
	tcp_want(c, 0);
	return n;
}

static ssize_t tcp_sock_send(
	struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to)
{
	(void)to; /* as Linux: a stream has one peer */
	return write_bytes(sk, data, len, NULL, flags);
}

static ssize_t tcp_sock_send_blob(struct sock *sk, struct blob *b, size_t at, size_t len, int flags)
{
	return write_bytes(sk, b->bytes + at, len, b, flags);
}

/* ---- RECEIVE (3.10.3) ---- */

static bool peer_has_ended(const struct sock *sk)
{
	const struct tcp_conn *c = tcp_sock_conn(sk);

	return c->fin_seen || c->rcv_shut || is_over(sk);
}

static ssize_t receive_urgent(struct sock *sk, void *buf, size_t room, int flags)
{
	struct tcp_conn *c = tcp_sock_conn(sk);
	ssize_t n = c->state == TCP_LISTEN ? -ENOTCONN : tcp_recvq_read_urgent(c, buf, room, flags);

	if (n == -EAGAIN && peer_has_ended(sk))
		return 0;
	return n;
}

/* Nothing can be read: why not? In Linux's order. */
static ssize_t nothing_to_read(struct sock *sk)
{
	const struct tcp_conn *c = tcp_sock_conn(sk);
	int error = c->fin_seen ? 0 : sk->error;

	if (c->state == TCP_LISTEN)
		return -ENOTCONN;
	if (error) {
		sk->error = 0;
		return -error;
	}
	if (peer_has_ended(sk))
		return 0;
	return c->state == TCP_CLOSED ? -ENOTCONN : -EAGAIN;
}

static ssize_t tcp_sock_recv(struct sock *sk, void *buf, size_t room, int flags, struct sock_msg *msg)
{
	struct tcp_conn *c = tcp_sock_conn(sk);

	if (msg)
		*msg = (struct sock_msg){
			.from = remote(c), .dst = c->e.local, .time_ns = stack_now(sk->stack)};
	if (flags & MSG_OOB)
		return receive_urgent(sk, buf, room, flags);
	ssize_t n = tcp_recvq_read(c, buf, room, flags);
	return n || tcp_recvq_readable(c) ? n : nothing_to_read(sk);
}

/* ---- CLOSE for one direction ---- */

static int shut(struct sock *sk, int how)
{
	struct tcp_conn *c = tcp_sock_conn(sk);

	if (c->state == TCP_CLOSED)
		return -ENOTCONN;
	if (c->state == TCP_SYN_SENT || (c->state == TCP_LISTEN && how != SHUT_WR))
		return disconnect(sk);
	if (c->state == TCP_LISTEN)
		return 0;
	sk->connecting = false;
	if (how != SHUT_WR)
		c->rcv_shut = true;
	if (how != SHUT_RD)
		tcp_shutdown_send(c);
	return 0;
}

static int tcp_sock_shutdown(struct sock *sk, int how)
{
	int err = shut(sk, how);

	if (!err)
		sock_wake(sk, sock_ready(sk) & ~(unsigned)SOCK_EVENT_WRITABLE);
	return err;
}

/* ---- STATUS (3.10.6) ---- */

/* What poll() says of such a socket in Linux. */
static unsigned tcp_sock_ready(const struct sock *sk)
{
	const struct tcp_conn *c = tcp_sock_conn(sk);
	bool sending_over = c->fin_queued || is_over(sk), receiving_over = peer_has_ended(sk);
	unsigned ready = 0;

	if (c->state == TCP_LISTEN)
		return tcp_listen_waiting(c) ? SOCK_EVENT_READABLE : 0;
	if (c->state == TCP_CLOSED || (sending_over && receiving_over))
		ready |= SOCK_EVENT_HANGUP;
	if (receiving_over || tcp_recvq_readable(c))
		ready |= SOCK_EVENT_READABLE;
	if (!is_opening(c) && (sending_over || tcp_sendq_is_writable(c)))
		ready |= SOCK_EVENT_WRITABLE;
	if (tcp_recvq_has_urgent(c))
		ready |= SOCK_EVENT_URGENT;
	return ready;
}

static size_t tcp_sock_unread(const struct sock *sk)
{
	return tcp_recvq_readable(tcp_sock_conn(sk));
}

static size_t tcp_sock_unsent(const struct sock *sk)
{
	const struct tcp_conn *c = tcp_sock_conn(sk);

	return tcp_is_synchronized(c) && seq_lt(c->snd.una, c->snd.end) ? c->snd.end - c->snd.una : 0;
}

static int tcp_sock_info(const struct sock *sk, struct tcp_info *info)
{
	tcp_conn_info(tcp_sock_conn(sk), info);
	return 0;
}

static int tcp_sock_path_mtu(const struct sock *sk)
{
	uint32_t peer = tcp_sock_conn(sk)->e.remote, mtu = peer ? ip_path_mtu(sk->stack, peer) : 0;

	if (!peer)
		return -ENOTCONN;
	return mtu ? (int)mtu : -ENETUNREACH;
}

static const char *tcp_sock_congestion(const struct sock *sk)
{
	const struct tcp_cc *cc = tcp_cc_of(tcp_sock_conn(sk));

	return tcp_cc_name(cc ? cc : tcp_cc_by_number(sk->stack->sysctl[SYSCTL_TCP_CONGESTION_CONTROL]));
}

const struct sock_ops tcp_sock_ops = {
	.name = "tcp",
	.size = sizeof(struct tcp_sock),
	.open = tcp_sock_open,
	.close = tcp_sock_close,
	.bind = tcp_sock_bind,
	.connect = tcp_sock_connect,
	.local = tcp_sock_local,
	.peer = tcp_sock_peer,
	.listen = tcp_sock_listen,
	.accept = tcp_sock_accept,
	.send = tcp_sock_send,
	.send_blob = tcp_sock_send_blob,
	.recv = tcp_sock_recv,
	.shutdown = tcp_sock_shutdown,
	.ready = tcp_sock_ready,
	.unread = tcp_sock_unread,
	.unsent = tcp_sock_unsent,
	.path_mtu = tcp_sock_path_mtu,
	.set = tcp_sock_set,
	.get = tcp_sock_get,
	.changed = tcp_sock_changed,
	.set_congestion = tcp_sock_set_congestion,
	.congestion = tcp_sock_congestion,
	.tcp_info = tcp_sock_info,
};
