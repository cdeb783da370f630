/* SPDX-License-Identifier: MIT */
/*
 * tracepath (RFC 1191 path MTU discovery, RFC 1812 5.3.1), by echo requests with DF.
 *
 * One probe at a time, as long as the path carries: a router that cannot forward it says so with the MTU of
 * the next link, and the same TTL is tried again with that. A probe without answer is repeated twice.
 */
#include "app/tracepath.h"

#include "net/wire_icmp.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <stdlib.h>

enum { TRIES = 3, DEFAULT_HOPS = 30, MIN_LEN = IP_HDR_LEN + ICMP_HDR_LEN };

/* The last try is waited for longer, so that a neighbour which does not answer ARP (3 s) is told as that. */
#define WAIT_NS	     NS_PER_SEC
#define LAST_WAIT_NS (3 * NS_PER_SEC / 2)

struct tracepath {
	struct loop *loop;
	struct sock *sk;
	struct tracepath_config cfg;
	tracepath_fn *fn;
	void *ctx;
	struct timer timer;
	unsigned ttl, tries;
	uint32_t mtu;
	uint16_t seq;		 /* of the last request */
	uint64_t sent_ns[TRIES]; /* the requests of this TTL and size: the last `tries` numbers */
	uint8_t request[IP_MAX_LEN];
};

/* Senders use 64, 128 or 255 nearly always: the next of them above tells how far the answer came. */
static unsigned hops_back(unsigned ttl)
{
	return ttl == 0 ? 0 : ttl <= 64 ? 65 - ttl : ttl <= 128 ? 129 - ttl : 256 - ttl;
}

static void tell(struct tracepath *t, struct tracepath_event e)
{
	e.ttl = t->ttl;
	e.mtu = t->mtu;
	t->fn(t, &e, t->ctx);
}

/* Nothing may follow: the owner may free the trace. */
static void finish(struct tracepath *t, bool reached, bool gave_up)
{
	sock_on_event(t->sk, NULL, NULL);
	timer_cancel(&t->loop->wheel, &t->timer);
	tell(t, (struct tracepath_event){.what = TRACEPATH_DONE, .reached = reached, .gave_up = gave_up});
}

/* ---- sending ---- */

static ssize_t send_request(struct tracepath *t)
{
	struct icmp_hdr h = {.type = ICMP_ECHO, .rest = ++t->seq};
	struct sock_addr to = {.ip = t->cfg.dst};
	size_t len = t->mtu - IP_HDR_LEN;
	int err = sock_set(t->sk, SO_OPT_TTL, (int)t->ttl);

	icmp_emit(t->request, len, &h);
	t->sent_ns[t->tries] = t->loop->now;
	return err ? err : sock_send(t->sk, t->request, len, 0, &to);
}

/* Our own host knows a smaller MTU for this destination by now; false: it does not. */
static bool learn_own_mtu(struct tracepath *t)
{
	int mtu = 0;

	if (sock_get(t->sk, SO_OPT_MTU, &mtu) < 0 || mtu < MIN_LEN || (uint32_t)mtu >= t->mtu)
		return false;
	t->mtu = (uint32_t)mtu;
	return true;
}

/* Sends the probe of this TTL. Nothing may follow a call. */
static void probe(struct tracepath *t)
{
	ssize_t n = send_request(t);

	while (n == -EMSGSIZE && learn_own_mtu(t)) {
		tell(t, (struct tracepath_event){.what = TRACEPATH_LOCAL_MTU});
		n = send_request(t);
	}
	if (n < 0) {
		tell(t, (struct tracepath_event){.what = TRACEPATH_SEND_ERROR, .error = (int)-n});
		finish(t, false, false);
		return;
	}
	t->tries++;
	timer_arm(&t->loop->wheel, &t->timer, t->loop->now + (t->tries < TRIES ? WAIT_NS : LAST_WAIT_NS));
}

static void next_hop(struct tracepath *t)
{
	t->tries = 0;
	if (t->ttl >= t->cfg.max_hops) {
		finish(t, false, true);
		return;
	}
	t->ttl++;
	probe(t);
}

static void on_timer(struct timer *timer)
{
	struct tracepath *t = CONTAINER_OF(timer, struct tracepath, timer);

	if (t->tries < TRIES) {
		probe(t);
		return;
	}
	tell(t, (struct tracepath_event){.what = TRACEPATH_NO_REPLY});
	next_hop(t);
}

/* ---- answers ---- */

static void take_unreachable(struct tracepath *t, const struct sock_error *err, struct tracepath_event *e)
{
	bool smaller = err->info >= MIN_LEN && err->info < t->mtu;

	if (err->code != ICMP_FRAG_NEEDED || !smaller) {
		e->what = TRACEPATH_UNREACH;
		e->code = err->code;
		tell(t, *e);
		finish(t, false, false);
		return;
	}
	t->mtu = err->info;
	e->what = TRACEPATH_MTU;
	tell(t, *e);
	t->tries = 0;
	probe(t);
}

/* Which of the requests of this TTL and size is it? TRIES: none. */
static unsigned find_try(const struct tracepath *t, uint16_t seq)
{
	uint16_t behind = (uint16_t)(t->seq - seq);

	return behind < t->tries ? t->tries - 1 - behind : TRIES;
}

static void take_error(struct tracepath *t, const struct sock_error *err)
{
	struct tracepath_event e = {.what = TRACEPATH_HOP,
		.from = err->from,
		.rtt_us = (err->time_ns - t->sent_ns[find_try(t, err->seq)]) / NS_PER_US,
		.back = hops_back(err->ttl)};

	if (err->type == ICMP_DEST_UNREACH) {
		take_unreachable(t, err, &e);
	} else {
		tell(t, e);
		next_hop(t);
	}
}

static void take_reply(struct tracepath *t, const struct sock_msg *msg, uint16_t seq)
{
	tell(t,
		(struct tracepath_event){.what = TRACEPATH_REACHED,
			.from = msg->from.ip,
			.rtt_us = (msg->time_ns - t->sent_ns[find_try(t, seq)]) / NS_PER_US,
			.back = hops_back(msg->ttl)});
	finish(t, true, false);
}

/* One answer at a time, because the owner may free the trace with the last: what else waits in the socket is
 * looked at after the next event, and by then is stale. */
static void on_event(struct sock *sk, unsigned events, void *ctx)
{
	struct tracepath *t = ctx;
	uint8_t head[ICMP_HDR_LEN];
	struct sock_error err;
	struct sock_msg msg;
	struct icmp_hdr h;
	ssize_t n;

	if (events & SOCK_EVENT_HANGUP) {
		finish(t, false, false);
		return;
	}
	while ((n = sock_recv(sk, head, sizeof(head), 0, &msg)) >= 0) {
		if (icmp_parse(head, MIN((size_t)n, sizeof(head)), true, &h) == DROP_NONE &&
			h.type == ICMP_ECHO_REPLY && find_try(t, icmp_seq(&h)) < TRIES) {
			take_reply(t, &msg, icmp_seq(&h));
			return;
		}
	}
	while (sock_recv_error(sk, &err) == 0) {
		if (!err.local && find_try(t, err.seq) < TRIES &&
			(err.type == ICMP_DEST_UNREACH || err.type == ICMP_TIME_EXCEEDED)) {
			take_error(t, &err);
			return;
		}
	}
}

/* ---- making and ending ---- */

static int set_up(struct tracepath *t, const char **step_name)
{
	int err, mtu = 0;

	*step_name = "setsockopt";
	err = sock_set(t->sk, SO_OPT_RECVERR, 1);
	if (!err)
		err = sock_set(t->sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DO);
	if (err)
		return err;
	*step_name = "connect";
	err = sock_connect(t->sk, &(struct sock_addr){.ip = t->cfg.dst});
	if (err)
		return err;
	err = sock_get(t->sk, SO_OPT_MTU, &mtu);
	t->mtu = (uint32_t)MIN(MAX(mtu, MIN_LEN), IP_MAX_LEN);
	return err;
}

struct tracepath *tracepath_new(struct loop *l, struct stack *s, const struct tracepath_config *cfg,
	tracepath_fn *fn, void *ctx, const char **step_name)
{
	struct tracepath *t = calloc(1, sizeof(*t));
	int err;

	*step_name = "socket";
	if (!t)
		return NULL;
	*t = (struct tracepath){.loop = l, .cfg = *cfg, .fn = fn, .ctx = ctx};
	timer_init(&t->timer, on_timer);
	t->sk = sock_open(s, SOCK_DGRAM, IP_PROTO_ICMP);
	err = t->sk ? -set_up(t, step_name) : errno;
	if (!err)
		return t;
	tracepath_free(t);
	errno = err;
	return NULL;
}

static void start(struct timer *timer)
{
	struct tracepath *t = CONTAINER_OF(timer, struct tracepath, timer);

	timer->fn = on_timer;
	t->ttl = 1;
	if (!t->cfg.len && t->mtu < IP_MAX_LEN)
		tell(t, (struct tracepath_event){.what = TRACEPATH_LOCAL_MTU});
	else if (t->cfg.len)
		t->mtu = (uint32_t)MIN(MAX(t->cfg.len, (size_t)MIN_LEN), (size_t)IP_MAX_LEN);
	probe(t);
}

void tracepath_start(struct tracepath *t)
{
	t->cfg.max_hops = t->cfg.max_hops ? t->cfg.max_hops : DEFAULT_HOPS;
	sock_on_event(t->sk, on_event, t);
	t->timer.fn = start;
	timer_arm(&t->loop->wheel, &t->timer, t->loop->now);
}

void tracepath_free(struct tracepath *t)
{
	timer_cancel(&t->loop->wheel, &t->timer);
	if (t->sk)
		sock_close(t->sk);
	free(t);
}
