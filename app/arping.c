/* SPDX-License-Identifier: MIT */
/*
 * arping on a packet socket. The first requests are broadcast; once somebody answered by unicast, the next
 * ones go to that address alone, which also proves that it is reached there.
 */
#include "app/arping.h"

#include "net/stack.h"
#include "net/wire_arp.h"

#include <errno.h>
#include <stdlib.h>

struct arping {
	struct loop *loop;
	struct sock *sk;
	struct arping_config cfg;
	arping_fn *fn;
	void *ctx;
	struct timer timer;
	struct arping_stats stats;
	struct mac peer; /* whom requests go to: everybody, until somebody answered */
	uint64_t start_ns, last_ns, next_ns;
	struct rng *rng;
};

/* Nothing may follow: the owner may free the engine. */
static void finish(struct arping *a, int error)
{
	sock_on_event(a->sk, NULL, NULL);
	timer_cancel(&a->loop->wheel, &a->timer);
	a->fn(a, &(struct arping_event){.done = true, .error = error}, a->ctx);
}

static bool announces(const struct arping *a)
{
	return a->cfg.mode == ARPING_ANNOUNCE || a->cfg.mode == ARPING_REPLY;
}

/* ---- sending ---- */

/* RFC 5227 2.1.1: the target hardware address of a probe should be zero. */
static ssize_t send_request(struct arping *a)
{
	bool reply = a->cfg.mode == ARPING_REPLY;
	uint8_t frame[ETHER_HDR_LEN + ARP_LEN];
	struct ether_hdr eth = {.dst = a->peer, .src = a->cfg.mac, .type = ETHERTYPE_ARP};
	struct arp_msg m = {.op = reply ? ARP_OP_REPLY : ARP_OP_REQUEST,
		.sha = a->cfg.mac,
		.spa = a->cfg.src,
		.tha = reply			    ? a->cfg.mac
			: mac_is_broadcast(a->peer) ? MAC_ZERO
						    : a->peer,
		.tpa = a->cfg.dst};

	ether_emit(frame, &eth);
	arp_emit(frame + ETHER_HDR_LEN, &m);
	return sock_send(a->sk, frame, sizeof(frame), 0,
		&(struct sock_addr){.ifindex = a->cfg.ifindex, .mac = a->peer});
}

/* Is the last frame sent? With a deadline a count is of replies. */
static bool all_sent(const struct arping *a)
{
	bool counts_replies = a->cfg.deadline_ns && a->cfg.mode == ARPING_ASK;

	return a->cfg.count && a->stats.sent >= a->cfg.count && !counts_replies;
}

/* How long until the next frame, or the end. */
static uint64_t pause_ns(const struct arping *a)
{
	if (all_sent(a) && a->cfg.last_ns)
		return a->cfg.last_ns;
	return a->cfg.interval_ns + (a->cfg.jitter_ns ? rng_u64(a->rng) % a->cfg.jitter_ns : 0);
}

static ssize_t ask(struct arping *a)
{
	ssize_t n = send_request(a);

	a->last_ns = a->loop->now;
	if (n < 0)
		return n;
	a->stats.sent++;
	a->stats.broadcasts += mac_is_broadcast(a->peer);
	a->next_ns = a->last_ns + pause_ns(a);
	return 0;
}

/* ---- the clock ---- */

static bool all_answered(const struct arping *a)
{
	if (a->cfg.mode == ARPING_DAD || a->cfg.first_only)
		return a->stats.received > 0;
	return a->cfg.count && a->stats.received >= a->cfg.count && a->stats.sent >= a->cfg.count;
}

static uint64_t deadline_ns(const struct arping *a)
{
	return a->cfg.deadline_ns ? a->start_ns + a->cfg.deadline_ns : TIMER_NEVER;
}

/* The next frame is due, or the time is up. A frame due at the very end is still sent, as iputils does. */
static void on_timer(struct timer *t)
{
	struct arping *a = CONTAINER_OF(t, struct arping, timer);
	bool first = a->stats.sent == 0 && a->start_ns == 0;
	uint64_t now = a->loop->now;
	ssize_t err = 0;

	if (first)
		a->start_ns = now;
	if (first || now >= a->next_ns) {
		if (all_sent(a)) {
			finish(a, 0);
			return;
		}
		err = ask(a);
	}
	if (err || now >= deadline_ns(a) || (announces(a) && all_sent(a))) {
		finish(a, (int)-err);
		return;
	}
	timer_arm(&a->loop->wheel, t, MIN(a->next_ns, deadline_ns(a)));
}

/* ---- answers ---- */

/* RFC 5227 2.1.1: anybody who sends from this address, and anybody else who is probing for it too. */
static bool is_conflict(const struct arping *a, const struct arp_msg *m)
{
	if (mac_equal(m->sha, a->cfg.mac))
		return false;
	return m->spa == a->cfg.dst || (m->spa == 0 && m->tpa == a->cfg.dst);
}

static bool is_answer(const struct arping *a, const struct arp_msg *m)
{
	if (a->cfg.mode == ARPING_DAD)
		return is_conflict(a, m);
	if (m->spa != a->cfg.dst || m->tpa != a->cfg.src || mac_equal(m->sha, a->cfg.mac))
		return false;
	return m->op == ARP_OP_REQUEST || mac_equal(m->tha, a->cfg.mac);
}

static void count_answer(struct arping *a, const struct arping_event *e)
{
	a->stats.received++;
	a->stats.got_broadcasts += e->broadcast;
	a->stats.got_requests += e->request;
	if (a->cfg.mode == ARPING_ASK && !a->cfg.keep_broadcasting && !e->broadcast)
		a->peer = e->mac;
}

static void take_frame(struct arping *a, const uint8_t *frame, size_t len, const struct sock_msg *msg)
{
	struct arp_msg m;

	if (msg->from.pkt_type == PKT_OUTGOING || msg->from.pkt_type == PKT_OTHERHOST || len < ETHER_HDR_LEN)
		return;
	if (arp_parse(frame + ETHER_HDR_LEN, len - ETHER_HDR_LEN, &m) != DROP_NONE || !is_answer(a, &m))
		return;
	struct arping_event e = {.broadcast = msg->from.pkt_type != PKT_HOST,
		.request = m.op == ARP_OP_REQUEST,
		.from = m.spa,
		.to = m.tpa,
		.mac = m.sha,
		.to_mac = m.tha,
		.timed = a->stats.sent > 0,
		.rtt_us = (msg->time_ns - a->last_ns) / NS_PER_US};
	count_answer(a, &e);
	a->fn(a, &e, a->ctx);
}

static void on_event(struct sock *sk, unsigned events, void *ctx)
{
	struct arping *a = ctx;
	uint8_t frame[128];
	struct sock_msg msg;
	ssize_t n = 0;

	while (!announces(a) && !all_answered(a) && (n = sock_recv(sk, frame, sizeof(frame), 0, &msg)) >= 0)
		take_frame(a, frame, MIN((size_t)n, sizeof(frame)), &msg);
	if (events & SOCK_EVENT_HANGUP)
		finish(a, ENODEV);
	else if (n < 0 && n != -EAGAIN)
		finish(a, (int)-n);
	else if (all_answered(a))
		finish(a, 0);
}

/* ---- making and ending ---- */

struct arping *arping_new(struct loop *l, struct stack *s, const struct arping_config *cfg, arping_fn *fn,
	void *ctx, const char **step)
{
	struct arping *a = calloc(1, sizeof(*a));
	struct sock_addr to = {.ifindex = cfg->ifindex, .ethertype = ETHERTYPE_ARP};
	int err;

	*step = "socket";
	if (!a)
		return NULL;
	*a = (struct arping){
		.loop = l, .cfg = *cfg, .fn = fn, .ctx = ctx, .peer = MAC_BROADCAST, .rng = &s->rng};
	timer_init(&a->timer, on_timer);
	a->sk = sock_open(s, SOCK_KIND_PACKET, ETHERTYPE_ARP);
	err = a->sk ? 0 : errno;
	if (!err) {
		*step = "bind";
		err = -sock_bind(a->sk, &to);
	}
	if (!err)
		return a;
	arping_free(a);
	errno = err;
	return NULL;
}

void arping_start(struct arping *a)
{
	sock_on_event(a->sk, on_event, a);
	timer_arm(&a->loop->wheel, &a->timer, a->loop->now);
}

void arping_stop(struct arping *a)
{
	finish(a, 0);
}

void arping_free(struct arping *a)
{
	timer_cancel(&a->loop->wheel, &a->timer);
	if (a->sk)
		sock_close(a->sk);
	free(a);
}

const struct arping_stats *arping_stats(const struct arping *a)
{
	return &a->stats;
}
