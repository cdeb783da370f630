/* SPDX-License-Identifier: MIT */
/*
 * echo, discard, chargen and daytime. A kind is a row of a table: what a connection does when something has happened,
 * and what answers a datagram. A connection holds at most what one read gave and could not be written yet, and reads
 * nothing while it does.
 */
#include "app/serve.h"

#include "net/stack.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
	AT_ONCE = 64 << 10, /* read or written in one call */
	DATAGRAM_MAX = 65507,
	BACKLOG = 4096,
	PRIVILEGED = 1024,
	CHARGEN_LINE = 74,  /* 72 characters, CR, LF */
	CHARGEN_CHARS = 95, /* printable ones, space included */
	CHARGEN_PERIOD = CHARGEN_LINE * CHARGEN_CHARS,
	CHARGEN_DATAGRAM = 512,
};

struct client {
	struct list node;
	struct serve *serve;
	struct sock *sk;
	uint8_t *held; /* to be written first; NULL: nothing */
	size_t held_len, held_at;
	size_t position;    /* chargen: in the period, of what comes next */
	uint64_t active_ns; /* when something happened last */
	struct timer idle;
};

struct kind {
	const char *name;
	uint16_t port;
	/* Moves what can be moved. False: the connection is over. */
	bool (*talk)(struct client *cl);
	/* Makes the answer in place of the question, whose length is `len`; NULL: there is none. */
	size_t (*answer)(struct serve *sv, uint8_t *data, size_t len);
	bool is_dialogue; /* what comes on a connection is answered at once: the answer takes the ACK with it */
};

struct serve {
	struct loop *loop;
	struct stack *stack;
	const struct kind *kind;
	uint16_t port;
	struct sock *listener, *udp;
	struct list clients;
	struct serve_stats stats;
	/* chargen: AT_ONCE octets from any place in the period on; else NULL */
	struct blob *text;
	unsigned answers;   /* to datagrams, a second */
	unsigned allowance; /* datagrams that may be answered, as of reckoned_ns */
	uint64_t reckoned_ns;
};

/* ---- connections: writing ---- */

static bool put_held(struct client *cl)
{
	while (cl->held_at < cl->held_len) {
		ssize_t n = sock_send(cl->sk, cl->held + cl->held_at, cl->held_len - cl->held_at, 0, NULL);

		if (n < 0)
			return n == -EAGAIN;
		cl->held_at += (size_t)n;
	}
	free(cl->held);
	cl->held = NULL;
	return true;
}

/* Writes, and holds what does not fit. False: the connection is broken, or there is no memory. */
static bool put(struct client *cl, const uint8_t *data, size_t len)
{
	ssize_t n = sock_send(cl->sk, data, len, 0, NULL);
	size_t done = n > 0 ? (size_t)n : 0;

	if ((n < 0 && n != -EAGAIN) || done == len)
		return done == len;
	cl->held = malloc(len - done);
	if (!cl->held)
		return false;
	memcpy(cl->held, data + done, len - done);
	cl->held_len = len - done;
	cl->held_at = 0;
	return put_held(cl);
}

/* ---- the services ---- */

static bool echo_talk(struct client *cl)
{
	uint8_t data[AT_ONCE];

	if (!put_held(cl))
		return false;
	while (!cl->held) {
		ssize_t n = sock_recv(cl->sk, data, sizeof(data), 0, NULL);

		if (n == -EAGAIN)
			return true;
		if (n <= 0 || !put(cl, data, (size_t)n))
			return false;
	}
	return true;
}

static size_t echo_answer(struct serve *sv, uint8_t *data, size_t len)
{
	(void)sv;
	(void)data;
	return len;
}

static bool discard_talk(struct client *cl)
{
	ssize_t n;

	do
		n = sock_recv(cl->sk, NULL, AT_ONCE, MSG_TRUNC, NULL);
	while (n > 0);
	return n == -EAGAIN;
}

/* Each line begins one character later than the one before it. */
static void chargen_fill(struct blob *text)
{
	for (size_t i = 0; i < text->len; i++) {
		size_t line = i / CHARGEN_LINE, column = i % CHARGEN_LINE;

		text->bytes[i] = column < CHARGEN_LINE - 2 ? (uint8_t)(' ' + (line + column) % CHARGEN_CHARS)
			: column == CHARGEN_LINE - 2	   ? '\r'
							   : '\n';
	}
}

static bool chargen_talk(struct client *cl)
{
	ssize_t n;

	if (!discard_talk(cl))
		return false;
	do {
		n = sock_send_blob(cl->sk, cl->serve->text, cl->position, AT_ONCE, 0);
		if (n > 0)
			cl->position = (cl->position + (size_t)n) % CHARGEN_PERIOD;
	} while (n > 0);
	return n == -EAGAIN;
}

static size_t chargen_answer(struct serve *sv, uint8_t *data, size_t len)
{
	(void)len;
	len = rng_below(&sv->stack->rng, CHARGEN_DATAGRAM + 1);
	memcpy(data, sv->text->bytes, len);
	return len;
}

static size_t daytime_answer(struct serve *sv, uint8_t *data, size_t len)
{
	time_t now = (time_t)(clock_wall_ns(&sv->loop->clock) / NS_PER_SEC);
	struct tm tm;

	(void)len;
	gmtime_r(&now, &tm);
	return strftime((char *)data, DATAGRAM_MAX, "%a %b %e %H:%M:%S %Y UTC\r\n", &tm);
}

/* What has come is read before the end: bytes unread would turn it into a reset. */
static bool daytime_talk(struct client *cl)
{
	uint8_t text[64];

	discard_talk(cl);
	put(cl, text, daytime_answer(cl->serve, text, 0));
	return false;
}

static const struct kind kinds[] = {
	[SERVE_ECHO] = {"echo", 7, echo_talk, echo_answer, .is_dialogue = true},
	[SERVE_DISCARD] = {"discard", 9, discard_talk, NULL},
	[SERVE_CHARGEN] = {"chargen", 19, chargen_talk, chargen_answer},
	[SERVE_DAYTIME] = {"daytime", 13, daytime_talk, daytime_answer},
};

/* ---- connections: their life ---- */

static void client_free(struct client *cl)
{
	struct serve *sv = cl->serve;

	timer_cancel(&sv->loop->wheel, &cl->idle);
	sock_close(cl->sk);
	free(cl->held);
	list_del(&cl->node);
	free(cl);
	sv->stats.connections--;
}

static uint64_t idle_end(const struct client *cl)
{
	return cl->active_ns + SERVE_IDLE_S * NS_PER_SEC;
}

/* It was set long ago; something may have happened since. */
static void client_idle(struct timer *t)
{
	struct client *cl = CONTAINER_OF(t, struct client, idle);
	struct loop *l = cl->serve->loop;

	if (idle_end(cl) > l->now)
		timer_arm(&l->wheel, &cl->idle, idle_end(cl));
	else
		client_free(cl);
}

static void client_event(struct sock *sk, unsigned events, void *ctx)
{
	struct client *cl = ctx;

	(void)sk;
	(void)events;
	cl->active_ns = cl->serve->loop->now;
	if (!cl->serve->kind->talk(cl))
		client_free(cl);
}

static void refuse(struct serve *sv, struct sock *sk)
{
	sock_set(sk, SO_OPT_LINGER, 0);
	sock_close(sk);
	sv->stats.refused++;
}

static void accept_all(struct sock *listener, unsigned events, void *ctx)
{
	struct serve *sv = ctx;
	struct sock *sk;

	(void)events;
	while ((sk = sock_accept(listener, NULL))) {
		struct client *cl = sv->stats.connections < SERVE_CONNECTIONS ? calloc(1, sizeof(*cl)) : NULL;

		if (!cl) {
			refuse(sv, sk);
			continue;
		}
		cl->serve = sv;
		cl->sk = sk;
		timer_init(&cl->idle, client_idle);
		timer_arm(&sv->loop->wheel, &cl->idle, sv->loop->now + SERVE_IDLE_S * NS_PER_SEC);
		list_add_tail(&sv->clients, &cl->node);
		sv->stats.connections++;
		sv->stats.accepted++;
		if (sv->kind->is_dialogue)
			sock_set(sk, SO_OPT_TCP_QUICKACK, 0);
		sock_on_event(sk, client_event, cl);
		client_event(sk, 0, cl);
	}
}

/* ---- datagrams ---- */

/* RFC 1122 3.2.2 says it of ICMP; to answer a broadcast would be as bad here. */
static bool was_for_us_alone(const struct sock_msg *msg)
{
	return msg->from.pkt_type == PKT_HOST && !ip_is_multicast(msg->dst) && msg->dst != IP_BROADCAST;
}

static bool is_allowed(struct serve *sv)
{
	uint64_t earned = (sv->loop->now - sv->reckoned_ns) / (NS_PER_SEC / sv->answers);

	if (earned) {
		sv->allowance = (unsigned)MIN(earned + sv->allowance, (uint64_t)sv->answers);
		sv->reckoned_ns = sv->loop->now;
	}
	if (sv->allowance == 0)
		return false;
	sv->allowance--;
	return true;
}

static bool may_answer(struct serve *sv, const struct sock_msg *msg)
{
	return msg->from.port >= PRIVILEGED && msg->from.port != sv->port && was_for_us_alone(msg) &&
		is_allowed(sv);
}

static void take_datagrams(struct sock *sk, unsigned events, void *ctx)
{
	struct serve *sv = ctx;
	uint8_t data[DATAGRAM_MAX];
	struct sock_msg msg;
	ssize_t n;

	(void)events;
	while ((n = sock_recv(sk, data, sizeof(data), 0, &msg)) != -EAGAIN && n != -ENODEV) {
		if (n < 0)
			continue; /* an error that is no longer pending */
		sv->stats.datagrams++;
		if (!sv->kind->answer)
			continue;
		if (may_answer(sv, &msg))
			sock_send(sk, data, sv->kind->answer(sv, data, (size_t)n), 0, &msg.from);
		else
			sv->stats.ignored++;
	}
}

/* ---- making and ending ---- */

static int set_up(struct serve *sv, const struct sock_addr *at, const char **step)
{
	int err;

	*step = "memory";
	if (sv->kind == &kinds[SERVE_CHARGEN]) {
		sv->text = blob_new(CHARGEN_PERIOD + AT_ONCE);
		if (!sv->text)
			return -ENOMEM;
		chargen_fill(sv->text);
	}
	*step = "socket";
	sv->listener = sock_open(sv->stack, SOCK_STREAM, IP_PROTO_TCP);
	sv->udp = sv->listener ? sock_open(sv->stack, SOCK_DGRAM, IP_PROTO_UDP) : NULL;
	if (!sv->udp)
		return -errno;
	*step = "bind";
	sock_set(sv->listener, SO_OPT_REUSEADDR, 1);
	err = sock_bind(sv->listener, at);
	if (!err)
		err = sock_bind(sv->udp, at);
	if (err)
		return err;
	*step = "listen";
	err = sock_listen(sv->listener, BACKLOG);
	sock_on_event(sv->listener, accept_all, sv);
	sock_on_event(sv->udp, take_datagrams, sv);
	return err;
}

struct serve *serve_new(struct loop *l, struct stack *s, const struct serve_config *cfg, const char **step)
{
	struct serve *sv = calloc(1, sizeof(*sv));
	int err;

	*step = "socket";
	if (!sv)
		return NULL;
	sv->loop = l;
	sv->stack = s;
	sv->kind = &kinds[cfg->kind];
	sv->port = cfg->port ? cfg->port : sv->kind->port;
	sv->answers = sv->allowance = cfg->answers ? cfg->answers : SERVE_ANSWERS;
	sv->reckoned_ns = l->now;
	list_init(&sv->clients);
	err = set_up(sv, &(struct sock_addr){.ip = cfg->addr, .port = sv->port}, step);
	if (!err)
		return sv;
	serve_free(sv);
	errno = -err;
	return NULL;
}

void serve_free(struct serve *sv)
{
	list_each_safe(cl, &sv->clients, struct client, node)
		client_free(cl);
	if (sv->listener)
		sock_close(sv->listener);
	if (sv->udp)
		sock_close(sv->udp);
	blob_unref(sv->text);
	free(sv);
}

struct serve_stats serve_stats(const struct serve *sv)
{
	return sv->stats;
}

const char *serve_name(enum serve_kind kind)
{
	return kinds[kind].name;
}

uint16_t serve_port(enum serve_kind kind)
{
	return kinds[kind].port;
}
