/* SPDX-License-Identifier: MIT */
/*
 * netcat's engine.
 *
 *	TRYING -> CONNECTING (TCP) or PROBING (UDP) -> TALKING -> TRYING, the next port -> OVER
 *	WAITING (listening) -> TALKING -> WAITING or OVER
 *
 * Whatever happens changes the state or takes a note; settle(), at the end of each way in, then does what follows
 * from it. So the end is told from one place, and nothing looks at the engine afterwards.
 */
#include "app/nc.h"

#include "net/stack.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <stdlib.h>

enum { BACKLOG = 1, RECV_AT_ONCE = 64 << 10, PROBES = 3 };

enum state { TRYING, CONNECTING, PROBING, WAITING, TALKING, OVER };

struct nc {
	struct loop *loop;
	struct stack *stack;
	struct nc_config cfg;
	struct nc_owner owner;
	uint16_t *ports;
	size_t next_port;
	enum state state;
	struct sock *listener; /* TCP */
	struct sock *sk;
	int status;

	uint8_t *in; /* input that is not sent yet */
	size_t in_len, in_at, in_room;
	bool in_ended, in_told; /* no more comes; the peer knows */
	bool wants;		/* what the owner was told last */
	bool blocked;		/* the socket takes no more now */
	bool full;		/* the owner takes no more now */
	bool given_up;		/* to wait for input, after the peer's end */
	bool net_ended, broken; /* no more comes from the peer; nothing goes either way */
	unsigned received, probes_left;

	struct timer timer; /* CONNECTING, PROBING, and silence while TALKING */
	struct timer pace;  /* between lines or ports */
	struct timer quit;
	struct work grace; /* to give up in the next turn */
};

static void tell(struct nc *nc, struct nc_event e)
{
	nc->owner.event(&e, nc->owner.ctx);
}

static void arm(struct nc *nc, struct timer *t, uint64_t ns)
{
	timer_arm(&nc->loop->wheel, t, nc->loop->now + ns);
}

static void disarm(struct nc *nc, struct timer *t)
{
	timer_cancel(&nc->loop->wheel, t);
}

/* Something moved: the silence begins anew. */
static void note_activity(struct nc *nc)
{
	if (nc->cfg.timeout_ns)
		arm(nc, &nc->timer, nc->cfg.timeout_ns);
}

/* ---- sockets ---- */

static int set_options(const struct nc *nc, struct sock *sk)
{
	const struct nc_config *cfg = &nc->cfg;
	int err = cfg->tos >= 0 ? sock_set(sk, SO_OPT_TOS, cfg->tos) : 0;

	if (!err && cfg->ttl > 0)
		err = sock_set(sk, SO_OPT_TTL, cfg->ttl);
	if (!err && cfg->rcvbuf)
		err = sock_set(sk, SO_OPT_RCVBUF, cfg->rcvbuf);
	if (!err && cfg->sndbuf)
		err = sock_set(sk, SO_OPT_SNDBUF, cfg->sndbuf);
	if (!err && cfg->broadcast)
		err = sock_set(sk, SO_OPT_BROADCAST, 1);
	return err;
}

static void stop_because(struct nc *nc, const char *step, int error)
{
	tell(nc, (struct nc_event){.what = NC_CANNOT, .step = step, .error = error});
	nc->status = 1;
	nc->state = OVER;
}

/* A socket with its options, bound to `at` unless that is all zero. NULL: it was told why. */
static struct sock *open_bound(struct nc *nc, struct sock_addr at)
{
	bool udp = nc->cfg.udp;
	struct sock *sk =
		sock_open(nc->stack, udp ? SOCK_DGRAM : SOCK_STREAM, udp ? IP_PROTO_UDP : IP_PROTO_TCP);
	const char *step = "socket";
	int err = sk ? set_options(nc, sk) : -errno;

	if (!err && (at.ip || at.port)) {
		sock_set(sk, SO_OPT_REUSEADDR, 1);
		if (nc->cfg.listen)
			sock_set(sk, SO_OPT_REUSEPORT, 1);
		step = "bind";
		err = sock_bind(sk, &at);
	}
	if (!err)
		return sk;
	if (sk)
		sock_close(sk);
	stop_because(nc, step, -err);
	return NULL;
}

static void hang_up(struct nc *nc)
{
	if (nc->sk)
		sock_close(nc->sk);
	nc->sk = NULL;
	disarm(nc, &nc->timer);
	disarm(nc, &nc->pace);
	work_cancel(&nc->grace);
}

/* ---- talking: from the owner to the network ---- */

/* How much of the input may go at once: a line where there is a pause between lines, a datagram by UDP. */
static size_t piece_len(const struct nc *nc)
{
	const uint8_t *at = nc->in + nc->in_at;
	size_t len = nc->in_len - nc->in_at;
	const uint8_t *end = nc->cfg.interval_ns ? memchr(at, '\n', len) : NULL;

	if (end)
		len = (size_t)(end - at) + 1;
	return nc->cfg.udp ? MIN(len, (size_t)NC_DATAGRAM) : len;
}

/* All input was sent: the peer may have to know, and the end may be near. */
static void tell_input_end(struct nc *nc)
{
	if (nc->in_told)
		return;
	nc->in_told = true;
	if (nc->cfg.half_close && !nc->cfg.udp)
		sock_shutdown(nc->sk, SHUT_WR);
	if (nc->cfg.quit_ns != NC_NEVER)
		arm(nc, &nc->quit, nc->cfg.quit_ns);
}

static void transmit(struct nc *nc)
{
	while (nc->in_at < nc->in_len && !nc->blocked && !timer_is_armed(&nc->pace)) {
		ssize_t n = sock_send(nc->sk, nc->in + nc->in_at, piece_len(nc), 0, NULL);

		if (n == -EAGAIN) {
			nc->blocked = true;
			return;
		}
		if (n < 0) {
			nc->broken = true;
			return;
		}
		nc->in_at += (size_t)n;
		note_activity(nc);
		if (nc->cfg.interval_ns)
			arm(nc, &nc->pace, nc->cfg.interval_ns);
	}
	if (nc->in_at < nc->in_len)
		return;
	nc->in_len = nc->in_at = 0;
	if (nc->in_ended)
		tell_input_end(nc);
}

static bool make_room(struct nc *nc, size_t len)
{
	uint8_t *bigger;

	if (nc->in_len + len <= nc->in_room)
		return true;
	bigger = realloc(nc->in, nc->in_len + len);
	if (!bigger)
		return false;
	nc->in = bigger;
	nc->in_room = nc->in_len + len;
	return true;
}

/* Keeps input, with CR LF for LF (unless it is that already) where that was asked for. */
static bool keep_input(struct nc *nc, const uint8_t *data, size_t len)
{
	if (!make_room(nc, nc->cfg.crlf ? 2 * len : len))
		return false;
	if (!nc->cfg.crlf) {
		memcpy(nc->in + nc->in_len, data, len);
		nc->in_len += len;
		return true;
	}
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
			nc->in[nc->in_len++] = '\r';
		nc->in[nc->in_len++] = data[i];
	}
	return true;
}

/* ---- talking: from the network to the owner ---- */

static void receive(struct nc *nc)
{
	uint8_t data[RECV_AT_ONCE];

	while (!nc->net_ended && !nc->broken && !nc->full) {
		ssize_t n = sock_recv(nc->sk, data, sizeof(data), 0, NULL);

		if (n == -EAGAIN)
			return;
		nc->broken = n < 0;
		nc->net_ended = n <= 0;
		if (n <= 0)
			return;
		note_activity(nc);
		nc->full = !nc->owner.output(data, MIN((size_t)n, sizeof(data)), nc->owner.ctx);
		if (nc->cfg.recv_limit && ++nc->received == nc->cfg.recv_limit)
			nc->broken = true;
	}
}

static void talk(struct nc *nc)
{
	nc->state = TALKING;
	nc->blocked = nc->net_ended = nc->broken = nc->given_up = false;
	nc->in_told = nc->cfg.no_input || (nc->cfg.listen && nc->cfg.udp && nc->cfg.keep);
	nc->in_ended |= nc->in_told;
	disarm(nc, &nc->timer);
	note_activity(nc);
	receive(nc);
	transmit(nc);
}

/* The peer has ended, and all input so far was sent. */
static bool is_at_end(const struct nc *nc)
{
	return nc->state == TALKING && nc->net_ended && nc->in_at == nc->in_len;
}

/* A listener does not wait for more input then, beyond what is there already. */
static bool has_hung_up(struct nc *nc)
{
	if (nc->broken || !is_at_end(nc))
		return nc->broken;
	if (nc->cfg.listen && !nc->given_up)
		loop_post(nc->loop, &nc->grace);
	return nc->in_ended || nc->given_up;
}

/* ---- connecting ---- */

static struct sock_addr target(const struct nc *nc)
{
	return (struct sock_addr){.ip = nc->cfg.host, .port = nc->ports[nc->next_port]};
}

static void go_on(struct nc *nc)
{
	hang_up(nc);
	nc->state = TRYING;
	nc->next_port++;
	arm(nc, &nc->pace, nc->cfg.interval_ns);
}

static void not_reached(struct nc *nc, enum nc_what what, int error)
{
	tell(nc, (struct nc_event){.what = what, .addr = target(nc), .error = error});
	go_on(nc);
}

static void reached(struct nc *nc)
{
	nc->status = 0;
	tell(nc, (struct nc_event){.what = NC_CONNECTED, .addr = target(nc)});
	if (nc->cfg.zero_io)
		go_on(nc);
	else
		talk(nc);
}

/* Closed UDP ports answer by ICMP; open ones, and those behind a filter, are silent. */
static void probe(struct nc *nc)
{
	nc->state = PROBING;
	if (sock_send(nc->sk, "X", 1, 0, NULL) < 0) {
		not_reached(nc, NC_REFUSED, 0);
	} else if (nc->probes_left-- > 0) {
		arm(nc, &nc->timer, NS_PER_SEC);
	} else {
		reached(nc);
	}
}

static void start_probing(struct nc *nc)
{
	nc->probes_left = nc->cfg.timeout_ns ? (unsigned)(nc->cfg.timeout_ns / NS_PER_SEC) : PROBES;
	if (sock_send(nc->sk, "X", 1, 0, NULL) < 0)
		not_reached(nc, NC_REFUSED, 0);
	else
		probe(nc);
}

static void on_event(struct sock *sk, unsigned events, void *ctx);

static void try_port(struct nc *nc)
{
	struct sock_addr to = target(nc), from = {.ip = nc->cfg.src, .port = nc->cfg.src_port};
	int err;

	nc->sk = open_bound(nc, from);
	if (!nc->sk)
		return;
	err = sock_connect(nc->sk, &to);
	sock_on_event(nc->sk, on_event, nc); /* not before: what is not connected counts as hung up */
	if (err == -EINPROGRESS) {
		nc->state = CONNECTING;
		note_activity(nc);
	} else if (err) {
		not_reached(nc, NC_REFUSED, -err);
	} else if (nc->cfg.probe) {
		start_probing(nc);
	} else {
		reached(nc);
	}
}

static void end_connecting(struct nc *nc, unsigned events)
{
	int error = 0;

	sock_get(nc->sk, SO_OPT_ERROR, &error);
	if (!error && (events & SOCK_EVENT_HANGUP))
		error = ECONNRESET;
	if (error)
		not_reached(nc, NC_REFUSED, error);
	else if (events & SOCK_EVENT_WRITABLE)
		reached(nc);
}

/* ---- listening ---- */

static void start_listening(struct nc *nc)
{
	struct sock *sk = open_bound(nc, target(nc));
	struct nc_event e = {.what = NC_LISTENING};
	int err;

	if (!sk)
		return;
	*(nc->cfg.udp ? &nc->sk : &nc->listener) = sk;
	sock_on_event(sk, on_event, nc);
	err = nc->cfg.udp ? 0 : sock_listen(sk, BACKLOG);
	if (err) {
		stop_because(nc, "listen", -err);
		return;
	}
	sock_name(sk, &e.addr);
	tell(nc, e);
	nc->state = WAITING;
	if (nc->cfg.udp && nc->cfg.keep)
		talk(nc); /* with all who send something */
}

static void take_connection(struct nc *nc)
{
	struct nc_event e = {.what = NC_RECEIVED};

	nc->sk = sock_accept(nc->listener, &e.addr);
	if (!nc->sk)
		return;
	sock_on_event(nc->sk, on_event, nc);
	tell(nc, e);
	talk(nc);
}

/* The first one who sends something is the peer. */
static void take_datagram(struct nc *nc)
{
	struct nc_event e = {.what = NC_RECEIVED};
	struct sock_msg msg;

	do {
		if (sock_recv(nc->sk, NULL, 0, MSG_PEEK, &msg) < 0)
			return;
	} while (sock_connect(nc->sk, &msg.from) < 0 && sock_recv(nc->sk, NULL, 0, 0, NULL) >= 0);
	e.addr = msg.from;
	tell(nc, e);
	talk(nc);
}

/* ---- what follows ---- */

/* The connection has ended. */
static void leave_peer(struct nc *nc)
{
	if (!nc->cfg.listen) {
		go_on(nc);
		return;
	}
	hang_up(nc);
	nc->in_len = nc->in_at = 0;
	nc->state = nc->cfg.keep ? WAITING : OVER;
	if (!nc->cfg.keep)
		return;
	if (nc->cfg.udp)
		start_listening(nc);
	else
		take_connection(nc);
}

static void settle(struct nc *nc)
{
	bool wants;

	while (nc->state == TALKING && has_hung_up(nc))
		leave_peer(nc);
	if (nc->state == TRYING && nc->next_port == nc->cfg.port_count)
		nc->state = OVER;
	wants = nc->state == TALKING && !nc->in_ended && nc->in_len == 0;
	if (wants != nc->wants) {
		nc->wants = wants;
		nc->owner.want_input(wants, nc->owner.ctx);
	}
	if (nc->state != OVER)
		return;
	hang_up(nc);
	disarm(nc, &nc->quit);
	tell(nc, (struct nc_event){.what = NC_DONE, .status = nc->status});
}

static bool host_is_gone(const struct sock *sk)
{
	struct sock_addr a;

	return sock_name(sk, &a) == -ENODEV;
}

static void on_event(struct sock *sk, unsigned events, void *ctx)
{
	struct nc *nc = ctx;

	if (host_is_gone(sk)) {
		stop_because(nc, "socket", ENODEV);
	} else if (nc->state == CONNECTING) {
		end_connecting(nc, events);
	} else if (nc->state == PROBING && (events & (SOCK_EVENT_ERROR | SOCK_EVENT_HANGUP))) {
		not_reached(nc, NC_REFUSED, 0);
	} else if (nc->state == WAITING && sk == nc->listener) {
		take_connection(nc);
	} else if (nc->state == WAITING) {
		take_datagram(nc);
	} else if (nc->state == TALKING && sk == nc->sk) {
		nc->blocked &= !(events & SOCK_EVENT_WRITABLE);
		receive(nc);
		transmit(nc);
		nc->broken |= nc->net_ended && (events & SOCK_EVENT_ERROR); /* a reset after a FIN */
	}
	settle(nc);
}

static void on_timer(struct timer *t)
{
	struct nc *nc = CONTAINER_OF(t, struct nc, timer);

	if (nc->state == PROBING)
		probe(nc);
	else if (nc->state == CONNECTING)
		not_reached(nc, NC_TIMED_OUT, EINPROGRESS);
	else
		nc->broken = true;
	settle(nc);
}

static void on_pace(struct timer *t)
{
	struct nc *nc = CONTAINER_OF(t, struct nc, pace);

	if (nc->state == TALKING)
		transmit(nc);
	else if (nc->cfg.listen)
		start_listening(nc);
	else
		try_port(nc);
	settle(nc);
}

static void on_grace(struct work *w)
{
	struct nc *nc = CONTAINER_OF(w, struct nc, grace);

	nc->given_up = is_at_end(nc);
	settle(nc);
}

static void on_quit(struct timer *t)
{
	struct nc *nc = CONTAINER_OF(t, struct nc, quit);

	nc->state = OVER;
	settle(nc);
}

/* ---- for the owner ---- */

struct nc *nc_new(struct loop *l, struct stack *s, const struct nc_config *cfg, const struct nc_owner *owner)
{
	struct nc *nc = calloc(1, sizeof(*nc));

	if (!nc)
		return NULL;
	nc->loop = l;
	nc->stack = s;
	nc->cfg = *cfg;
	nc->owner = *owner;
	nc->status = !cfg->listen;
	nc->in_ended = cfg->no_input;
	timer_init(&nc->timer, on_timer);
	timer_init(&nc->pace, on_pace);
	timer_init(&nc->quit, on_quit);
	work_init(&nc->grace, on_grace);
	nc->ports = calloc(cfg->port_count, sizeof(*nc->ports));
	if (!nc->ports) {
		free(nc);
		return NULL;
	}
	memcpy(nc->ports, cfg->ports, cfg->port_count * sizeof(*nc->ports));
	return nc;
}

void nc_start(struct nc *nc)
{
	arm(nc, &nc->pace, 0);
}

void nc_input(struct nc *nc, const void *data, size_t len)
{
	if (len == 0)
		nc->in_ended = true;
	else if (!keep_input(nc, data, len))
		stop_because(nc, "input", ENOMEM);
	work_cancel(&nc->grace);
	if (nc->state == TALKING)
		transmit(nc);
	settle(nc);
}

void nc_resume(struct nc *nc)
{
	nc->full = false;
	if (nc->state == TALKING)
		receive(nc);
	settle(nc);
}

void nc_free(struct nc *nc)
{
	hang_up(nc);
	disarm(nc, &nc->quit);
	if (nc->listener)
		sock_close(nc->listener);
	free(nc->ports);
	free(nc->in);
	free(nc);
}
