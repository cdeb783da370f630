/* SPDX-License-Identifier: MIT */
/*
 * traceroute (RFC 792 time exceeded, RFC 1812 5.3.1).
 *
 * Probe number i has TTL first + i / queries. What comes back is known by the ICMP sequence number i + 1, or, where
 * probes have sockets of their own (UDP), by the socket. Nobody should have the ports that datagrams go to: the
 * destination answers that they are closed. A SYN is what connect() of a TCP socket sends: an ICMP error ends the
 * attempt, the destination accepts or refuses it. Up to `at_once` are on their way; answers come in any order and are told in order of the probes, each as soon as all before it are
 * settled. A probe is settled when its answer came or when its time is up. The trace ends with the first hop
 * at which the destination, or somebody who says that it cannot be reached, has answered.
 */
#include "app/traceroute.h"

#include "net/wire_icmp.h"
#include "net/wire_ip.h"
#include "net/wire_tcp.h"
#include "net/wire_udp.h"

#include <errno.h>
#include <stdlib.h>

/* Less than this is never waited: the quick answer of one probe says little about the next one. */
#define SHORTEST_WAIT_NS (100 * NS_PER_MS)

enum { SYN_OPTIONS_LEN = 20 };

struct probe {
	struct traceroute *t;
	struct sock *sk;  /* its own, while it waits; NULL: it has none */
	uint64_t sent_ns; /* 0: not yet */
	bool settled;
	struct traceroute_probe told;
};

struct method {
	int type, protocol; /* of the sockets */
	size_t hdr_len;	    /* behind the IP header */
	bool own_socket;    /* for each probe */
	int (*send)(struct traceroute *t, struct probe *pr);
};

struct traceroute {
	struct loop *loop;
	struct stack *s;
	const struct method *method;
	struct sock *sk; /* of all probes; where these have their own, it only tells when the host goes */
	struct traceroute_config cfg;
	traceroute_fn *fn;
	void *ctx;
	struct timer timer;
	struct probe *probes;
	size_t made;  /* probes up to max_ttl */
	size_t count; /* at first all of them, later those up to the last hop that matters */
	size_t sent, told;
	uint64_t send_at_ns;
	uint8_t *request; /* what is handed to the socket */
	size_t request_len;
};

static size_t number_of(const struct probe *pr)
{
	return (size_t)(pr - pr->t->probes);
}

static uint16_t port_of(const struct probe *pr)
{
	const struct traceroute_config *cfg = &pr->t->cfg;

	return cfg->fixed_port ? cfg->port : (uint16_t)(cfg->port + number_of(pr));
}

/* ---- sockets ---- */

static int set_options(const struct traceroute *t, struct sock *sk)
{
	int pmtu = t->cfg.dont_fragment ? SOCK_PMTU_PROBE : SOCK_PMTU_DONT;
	int err = t->cfg.oif ? sock_set(sk, SO_OPT_BINDTODEVICE, t->cfg.oif) : 0;

	if (!err)
		err = sock_set(sk, SO_OPT_RECVERR, 1);
	if (!err)
		err = sock_set(sk, SO_OPT_TOS, t->cfg.tos);
	if (!err)
		err = sock_set(sk, SO_OPT_LINGER, 0); /* a connection that is accepted ends by a reset */
	return err ? err : sock_set(sk, SO_OPT_MTU_DISCOVER, pmtu);
}

/* A socket that is connected to the destination, or about to be; its packets have this TTL (0: the host's). 0 or
 * -errno, with what failed. */
static int open_socket(const struct traceroute *t, int type, int protocol, const struct probe *pr,
	struct sock **sk, const char **step_name)
{
	uint16_t port = pr ? port_of(pr) : t->cfg.port;
	int err;

	*step_name = "socket";
	*sk = sock_open(t->s, type, protocol);
	if (!*sk)
		return -errno;
	*step_name = "setsockopt";
	err = set_options(t, *sk);
	if (!err && pr)
		err = sock_set(*sk, SO_OPT_TTL, (int)pr->told.ttl);
	if (err)
		return err;
	*step_name = "bind";
	err = t->cfg.src ? sock_bind(*sk, &(struct sock_addr){.ip = t->cfg.src}) : 0;
	if (err)
		return err;
	*step_name = "connect";
	err = sock_connect(*sk, &(struct sock_addr){.ip = t->cfg.dst, .port = port});
	return err == -EINPROGRESS ? 0 : err;
}

static void close_own(struct probe *pr)
{
	if (pr->sk)
		sock_close(pr->sk);
	pr->sk = NULL;
}

/* ---- sending ---- */

static int send_echo(struct traceroute *t, struct probe *pr)
{
	struct icmp_hdr h = {.type = ICMP_ECHO, .rest = (uint32_t)(number_of(pr) + 1)};
	ssize_t n = sock_set(t->sk, SO_OPT_TTL, (int)pr->told.ttl);

	icmp_emit(t->request, t->request_len, &h);
	return (int)(n < 0 ? n : sock_send(t->sk, t->request, t->request_len, 0, NULL));
}

static void on_own_event(struct sock *sk, unsigned events, void *ctx);

/* A socket of the probe's own. */
static int open_own(struct traceroute *t, struct probe *pr)
{
	const char *step_name;
	struct sock_addr name;
	int err = sock_name(t->sk, &name); /* is the host still there? */

	if (!err)
		err = open_socket(t, t->method->type, t->method->protocol, pr, &pr->sk, &step_name);
	if (!err)
		sock_on_event(pr->sk, on_own_event, pr);
	return err;
}

static int send_datagram(struct traceroute *t, struct probe *pr)
{
	int err = open_own(t, pr);

	return err ? err : (int)sock_send(pr->sk, t->request, t->request_len, 0, NULL);
}

static const struct method methods[] = {
	[TRACEROUTE_UDP] = {SOCK_DGRAM, IP_PROTO_UDP, UDP_HDR_LEN, true, send_datagram},
	[TRACEROUTE_ICMP] = {SOCK_DGRAM, IP_PROTO_ICMP, ICMP_HDR_LEN, false, send_echo},
	[TRACEROUTE_TCP] = {SOCK_STREAM, IP_PROTO_TCP, TCP_HDR_LEN + SYN_OPTIONS_LEN, true, open_own},
};

static int send_probe(struct traceroute *t, size_t i)
{
	struct probe *pr = &t->probes[i];
	int n = t->method->send(t, pr);

	if (n < 0 && n != -EMSGSIZE)
		return n;
	pr->sent_ns = t->loop->now;
	t->sent++;
	t->send_at_ns = t->loop->now + t->cfg.send_wait_ns;
	return 0;
}

static size_t in_flight(const struct traceroute *t)
{
	size_t n = 0;

	for (size_t i = t->told; i < t->sent; i++)
		n += !t->probes[i].settled;
	return n;
}

static int send_more(struct traceroute *t)
{
	int err = 0;

	while (!err && t->sent < t->count && t->loop->now >= t->send_at_ns && in_flight(t) < t->cfg.at_once)
		err = send_probe(t, t->sent);
	return err;
}

/* ---- waiting ---- */

/* The longest round trip among the answered probes of one hop; 0: none answered. */
static uint64_t hop_rtt_us(const struct traceroute *t, size_t hop)
{
	uint64_t longest = 0;

	for (size_t i = hop * t->cfg.queries; i < (hop + 1) * t->cfg.queries && i < t->sent; i++) {
		if (t->probes[i].settled && t->probes[i].told.from)
			longest = MAX(longest, t->probes[i].told.rtt_us + 1);
	}
	return longest;
}

static uint64_t limit_wait(uint64_t wait_ns, uint64_t rtt_us, double times)
{
	uint64_t by_rtt = (uint64_t)((double)(rtt_us * NS_PER_US) * times);

	return rtt_us ? MIN(wait_ns, MAX(by_rtt, SHORTEST_WAIT_NS)) : wait_ns;
}

/* How long probe i may take, by what is known now. */
static uint64_t patience_ns(const struct traceroute *t, size_t i)
{
	size_t hop = i / t->cfg.queries;
	uint64_t wait = limit_wait(t->cfg.wait_ns, hop_rtt_us(t, hop), t->cfg.here);

	for (hop++; hop * t->cfg.queries < t->sent; hop++)
		wait = limit_wait(wait, hop_rtt_us(t, hop), t->cfg.near);
	return wait;
}

/* Settles probes whose time is up; says when to look again. */
static uint64_t expire(struct traceroute *t)
{
	uint64_t next = TIMER_NEVER;

	for (size_t i = t->told; i < MIN(t->sent, t->count); i++) {
		struct probe *pr = &t->probes[i];
		if (pr->settled)
			continue;
		uint64_t end = pr->sent_ns + patience_ns(t, i);
		if (end > t->loop->now) {
			next = MIN(next, end);
			continue;
		}
		pr->settled = true;
		close_own(pr);
	}
	return next;
}

/* ---- telling ---- */

static void close_all(struct traceroute *t)
{
	for (size_t i = 0; t->probes && i < t->made; i++)
		close_own(&t->probes[i]);
	if (t->sk)
		sock_close(t->sk);
	t->sk = NULL;
}

/* Nothing may follow: the owner may free the trace. */
static void finish(struct traceroute *t, int error)
{
	close_all(t);
	timer_cancel(&t->loop->wheel, &t->timer);
	t->fn(t, NULL, error, t->ctx);
}

static void step(struct traceroute *t)
{
	uint64_t at = expire(t);
	int err = send_more(t);

	while (t->told < t->sent && t->told < t->count && t->probes[t->told].settled)
		t->fn(t, &t->probes[t->told++].told, 0, t->ctx);
	if (err || t->told >= t->count) {
		finish(t, -err);
		return;
	}
	at = MIN(at, expire(t));
	if (t->sent < t->count && t->cfg.send_wait_ns)
		at = MIN(at, MAX(t->send_at_ns, t->loop->now));
	if (at != TIMER_NEVER)
		timer_arm(&t->loop->wheel, &t->timer, at);
}

static void on_timer(struct timer *timer)
{
	step(CONTAINER_OF(timer, struct traceroute, timer));
}

/* ---- answers ---- */

/* The probe that a sequence number names, if it waits for an answer. */
static struct probe *waiting_probe(struct traceroute *t, uint16_t seq)
{
	size_t i = (size_t)seq - 1;

	return seq && i < t->sent && !t->probes[i].settled ? &t->probes[i] : NULL;
}

/* An answer after which farther probes tell nothing new. */
static void settle(struct traceroute *t, struct probe *pr, uint32_t from, uint64_t when_ns)
{
	size_t hop = number_of(pr) / t->cfg.queries;

	pr->settled = true;
	pr->told.from = from;
	pr->told.rtt_us = (when_ns - pr->sent_ns) / NS_PER_US;
	if (pr->told.reply || pr->told.type != ICMP_TIME_EXCEEDED)
		t->count = MIN(t->count, (hop + 1) * t->cfg.queries);
}

static bool is_closed_port(const struct traceroute *t, const struct sock_error *e)
{
	return t->method->own_socket && e->type == ICMP_DEST_UNREACH && e->code == ICMP_PORT_UNREACH;
}

/* `own`: the probe whose socket it is; NULL: the shared one. */
static void take_errors(struct traceroute *t, struct sock *sk, struct probe *own)
{
	struct sock_error e;

	while (sock_recv_error(sk, &e) == 0) {
		struct probe *pr = own ? own : waiting_probe(t, e.seq);
		if (e.local || e.type == ICMP_REDIRECT || e.type == ICMP_SOURCE_QUENCH || !pr || pr->settled)
			continue;
		pr->told.reply = is_closed_port(t, &e);
		pr->told.type = e.type;
		pr->told.code = e.code;
		pr->told.info = e.info;
		settle(t, pr, e.from, e.time_ns);
	}
}

static void take_replies(struct traceroute *t)
{
	uint8_t head[ICMP_HDR_LEN];
	struct sock_msg msg;
	struct icmp_hdr h;
	ssize_t n;

	while ((n = sock_recv(t->sk, head, sizeof(head), 0, &msg)) >= 0) {
		struct probe *pr;
		if (icmp_parse(head, MIN((size_t)n, sizeof(head)), true, &h) != DROP_NONE ||
			h.type != ICMP_ECHO_REPLY)
			continue;
		pr = waiting_probe(t, icmp_seq(&h));
		if (!pr)
			continue;
		pr->told.reply = true;
		settle(t, pr, msg.from.ip, msg.time_ns);
	}
}

static void on_event(struct sock *sk, unsigned events, void *ctx)
{
	struct traceroute *t = ctx;

	if (!t->method->own_socket) {
		take_errors(t, sk, NULL);
		take_replies(t);
	}
	if (events & SOCK_EVENT_HANGUP)
		finish(t, ENODEV);
	else
		step(t);
}

/* Did the destination itself answer? A datagram comes back where the port is open after all; a connection is accepted or
 * refused. */
static bool has_answer(const struct traceroute *t, struct sock *sk, unsigned events)
{
	int error = 0;

	if (t->method->type == SOCK_DGRAM)
		return sock_recv(sk, NULL, 0, 0, NULL) >= 0;
	sock_get(sk, SO_OPT_ERROR, &error);
	return error == ECONNREFUSED ||
		(!error && (events & SOCK_EVENT_WRITABLE) && !(events & SOCK_EVENT_HANGUP));
}

static void on_own_event(struct sock *sk, unsigned events, void *ctx)
{
	struct probe *pr = ctx;
	struct traceroute *t = pr->t;
	struct sock_addr name;

	take_errors(t, sk, pr);
	if (!pr->settled && has_answer(t, sk, events)) {
		pr->told.reply = true;
		settle(t, pr, t->cfg.dst, t->loop->now);
	}
	if (pr->settled)
		close_own(pr);
	if (sock_name(t->sk, &name) == 0) /* else the host is gone, and the shared one is told too */
		step(t);
}

/* ---- making and ending ---- */

static void set_defaults(struct traceroute_config *cfg)
{
	cfg->first_ttl = cfg->first_ttl ? cfg->first_ttl : 1;
	cfg->max_ttl = cfg->max_ttl ? cfg->max_ttl : 30;
	cfg->queries = cfg->queries ? cfg->queries : 3;
	cfg->at_once = cfg->at_once ? cfg->at_once : 16;
	cfg->wait_ns = cfg->wait_ns ? cfg->wait_ns : 5 * NS_PER_SEC;
	cfg->here = cfg->here > 0 ? cfg->here : 3;
	cfg->near = cfg->near > 0 ? cfg->near : 10;
	cfg->len = MAX(cfg->len ? cfg->len : 60, IP_HDR_LEN + methods[cfg->method].hdr_len);
	cfg->fixed_port |= cfg->method == TRACEROUTE_TCP;
	if (!cfg->port)
		cfg->port = cfg->method == TRACEROUTE_TCP ? 80 : cfg->fixed_port ? 53 : 33434;
}

static void number_probes(struct traceroute *t)
{
	for (size_t i = 0; i < t->count; i++) {
		t->probes[i].t = t;
		t->probes[i].told.ttl = t->cfg.first_ttl + (unsigned)(i / t->cfg.queries);
		t->probes[i].told.query = (unsigned)(i % t->cfg.queries);
	}
}

struct traceroute *traceroute_new(struct loop *l, struct stack *s, const struct traceroute_config *cfg,
	traceroute_fn *fn, void *ctx, const char **step_name)
{
	struct traceroute *t = calloc(1, sizeof(*t));
	int err = ENOMEM;

	*step_name = "socket";
	if (!t)
		return NULL;
	t->loop = l;
	t->s = s;
	t->cfg = *cfg;
	t->fn = fn;
	t->ctx = ctx;
	timer_init(&t->timer, on_timer);
	set_defaults(&t->cfg);
	t->method = &methods[t->cfg.method];
	t->made = t->count = (size_t)(t->cfg.max_ttl - t->cfg.first_ttl + 1) * t->cfg.queries;
	t->request_len = t->cfg.len - IP_HDR_LEN - (t->method->own_socket ? t->method->hdr_len : 0);
	t->request = calloc(1, t->request_len + 1); /* maybe nothing */
	t->probes = calloc(t->count, sizeof(*t->probes));
	if (t->request && t->probes)
		err = -open_socket(t, SOCK_DGRAM, t->method->own_socket ? IP_PROTO_UDP : t->method->protocol,
			NULL, &t->sk, step_name);
	if (!err) {
		number_probes(t);
		return t;
	}
	traceroute_free(t);
	errno = err;
	return NULL;
}

void traceroute_start(struct traceroute *t)
{
	sock_on_event(t->sk, on_event, t);
	timer_arm(&t->loop->wheel, &t->timer, t->loop->now);
}

void traceroute_free(struct traceroute *t)
{
	timer_cancel(&t->loop->wheel, &t->timer);
	close_all(t);
	free(t->request);
	free(t->probes);
	free(t);
}

const struct traceroute_config *traceroute_settings(const struct traceroute *t)
{
	return &t->cfg;
}
