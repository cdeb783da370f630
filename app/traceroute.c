/* SPDX-License-Identifier: MIT */
/*
 * traceroute -I (RFC 792 time exceeded, RFC 1812 5.3.1).
 *
 * Probe number i (its ICMP sequence number is i + 1) has TTL first + i / queries. Up to `at_once` are on
 * their way; answers come in any order and are told in order of the probes, each as soon as all before it are
 * settled. A probe is settled when its answer came or when its time is up. The trace ends with the first hop
 * at which the destination, or somebody who says that it cannot be reached, has answered.
 */
#include "app/traceroute.h"

#include "net/wire_icmp.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <stdlib.h>

/* Less than this is never waited: the quick answer of one probe says little about the next one. */
#define SHORTEST_WAIT_NS (100 * NS_PER_MS)

struct probe {
	uint64_t sent_ns; /* 0: not yet */
	bool settled;
	struct traceroute_probe told;
};

struct traceroute {
	struct loop *loop;
	struct sock *sk;
	struct traceroute_config cfg;
	traceroute_fn *fn;
	void *ctx;
	struct timer timer;
	struct probe *probes;
	size_t count; /* probes up to max_ttl, later up to the last hop that matters */
	size_t sent, told;
	uint64_t send_at_ns;
	uint8_t *request;
	size_t request_len;
};

/* ---- sending ---- */

static int send_probe(struct traceroute *t, size_t i)
{
	struct icmp_hdr h = {.type = ICMP_ECHO, .rest = (uint32_t)(i + 1)};
	struct sock_addr to = {.ip = t->cfg.dst};
	struct probe *pr = &t->probes[i];
	ssize_t n = sock_set(t->sk, SO_OPT_TTL, (int)pr->told.ttl);

	icmp_emit(t->request, t->request_len, &h);
	if (n == 0)
		n = sock_send(t->sk, t->request, t->request_len, 0, &to);
	if (n < 0 && n != -EMSGSIZE)
		return (int)n;
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
		if (end <= t->loop->now)
			pr->settled = true;
		else
			next = MIN(next, end);
	}
	return next;
}

/* ---- telling ---- */

/* Nothing may follow: the owner may free the trace. */
static void finish(struct traceroute *t, int error)
{
	sock_on_event(t->sk, NULL, NULL);
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
	size_t hop = (size_t)(pr - t->probes) / t->cfg.queries;

	pr->settled = true;
	pr->told.from = from;
	pr->told.rtt_us = (when_ns - pr->sent_ns) / NS_PER_US;
	if (pr->told.reply || pr->told.type != ICMP_TIME_EXCEEDED)
		t->count = MIN(t->count, (hop + 1) * t->cfg.queries);
}

static void take_errors(struct traceroute *t)
{
	struct sock_error e;

	while (sock_recv_error(t->sk, &e) == 0) {
		struct probe *pr = waiting_probe(t, e.seq);
		if (e.local || e.type == ICMP_REDIRECT || e.type == ICMP_SOURCE_QUENCH || !pr)
			continue;
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

	(void)sk;
	take_errors(t);
	take_replies(t);
	if (events & SOCK_EVENT_HANGUP)
		finish(t, ENODEV);
	else
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
	cfg->len = MAX(cfg->len ? cfg->len : 60, (size_t)(IP_HDR_LEN + ICMP_HDR_LEN));
}

static int set_up(struct traceroute *t, const char **step_name)
{
	const struct traceroute_config *cfg = &t->cfg;
	int err;

	*step_name = "setsockopt";
	err = cfg->oif ? sock_set(t->sk, SO_OPT_BINDTODEVICE, cfg->oif) : 0;
	if (!err)
		err = sock_set(t->sk, SO_OPT_RECVERR, 1);
	if (!err)
		err = sock_set(t->sk, SO_OPT_TOS, cfg->tos);
	if (!err)
		err = sock_set(
			t->sk, SO_OPT_MTU_DISCOVER, cfg->dont_fragment ? SOCK_PMTU_PROBE : SOCK_PMTU_DONT);
	if (err)
		return err;
	*step_name = "bind";
	err = cfg->src ? sock_bind(t->sk, &(struct sock_addr){.ip = cfg->src}) : 0;
	if (err)
		return err;
	*step_name = "connect";
	return sock_connect(t->sk, &(struct sock_addr){.ip = cfg->dst});
}

static void number_probes(struct traceroute *t)
{
	for (size_t i = 0; i < t->count; i++) {
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
	t->cfg = *cfg;
	t->fn = fn;
	t->ctx = ctx;
	timer_init(&t->timer, on_timer);
	set_defaults(&t->cfg);
	t->count = (size_t)(t->cfg.max_ttl - t->cfg.first_ttl + 1) * t->cfg.queries;
	t->request_len = t->cfg.len - IP_HDR_LEN;
	t->request = calloc(1, t->request_len);
	t->probes = calloc(t->count, sizeof(*t->probes));
	if (t->request && t->probes) {
		t->sk = sock_open(s, SOCK_DGRAM, IP_PROTO_ICMP);
		err = t->sk ? -set_up(t, step_name) : errno;
	}
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
	if (t->sk)
		sock_close(t->sk);
	free(t->request);
	free(t->probes);
	free(t);
}

const struct traceroute_config *traceroute_settings(const struct traceroute *t)
{
	return &t->cfg;
}
