/* SPDX-License-Identifier: MIT */
/*
 * ping (RFC 792, RFC 1122 3.2.2.6).
 *
 * One timer says when something is due: the next request, the end of the wait for late replies, or the
 * deadline. Every reply and every error also leads to step(), which sends what may be sent and decides
 * whether all is over. Requests follow a grid of times (start, start + interval, ...), so that a late turn of
 * the loop does not shift those after it.
 *
 * The time of sending travels in the first 16 octets of the data, as seconds and microseconds: nothing is
 * kept here per request but a bit that says "answered".
 */
#include "app/ping.h"

#include "net/wire_icmp.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum { STAMP_LEN = 16, SEQS = 65536, RX_OVERHEAD = 1024 };

#define SLOWEST_FLOOD_NS (10 * NS_PER_MS)
#define RETRY_NS	 (10 * NS_PER_MS)
#define INSTANT_NS	 NS_PER_US

struct ping {
	struct loop *loop;
	struct sock *sk;
	struct ping_config cfg;
	ping_event_fn *fn;
	void *ctx;
	struct timer timer;
	struct ping_stats stats;
	uint32_t source;
	uint16_t id;
	uint16_t acked;	       /* the newest request that is answered */
	unsigned preload_left; /* requests that may go at once */
	uint64_t due_ns;       /* when the next one may */
	uint64_t retry_ns;     /* and not before this: there was no buffer */
	uint64_t last_wait_ns; /* when waiting for the last replies ends; 0: not waiting */
	bool busy;	       /* inside an event */
	bool stopping;
	size_t len; /* of a request, with its header */
	uint8_t *request, *reply;
	uint8_t answered[SEQS / 8]; /* a bit per sequence number */
};

/* ---- telling ---- */

static void tell(struct ping *pg, const struct ping_event *e)
{
	pg->busy = true;
	pg->fn(pg, e, pg->ctx);
	pg->busy = false;
}

/* The owner may free the engine in this event: nothing may follow it. */
static void finish(struct ping *pg)
{
	sock_on_event(pg->sk, NULL, NULL);
	timer_cancel(&pg->loop->wheel, &pg->timer);
	pg->fn(pg, &(struct ping_event){.what = PING_DONE}, pg->ctx);
}

/* ---- which requests were answered ---- */

static bool is_answered(const struct ping *pg, uint16_t seq)
{
	return pg->answered[seq / 8] & 1 << seq % 8;
}

static void set_answered(struct ping *pg, uint16_t seq, bool on)
{
	uint8_t bit = (uint8_t)(1 << seq % 8);

	if (on)
		pg->answered[seq / 8] |= bit;
	else
		pg->answered[seq / 8] &= (uint8_t)~bit;
}

/* False for numbers that are still to come, or went by long ago. */
static bool was_sent(const struct ping *pg, uint16_t seq)
{
	uint16_t behind = (uint16_t)(pg->stats.sent - seq);

	return behind <= INT16_MAX && behind < pg->stats.sent;
}

/* An answer, of whatever kind, to request `seq`: how many were on their way? */
static void acknowledge(struct ping *pg, uint16_t seq)
{
	uint16_t sent = (uint16_t)pg->stats.sent;
	uint16_t behind = (uint16_t)(sent - seq);

	if (!was_sent(pg, seq))
		return;
	pg->stats.pipe = MAX(pg->stats.pipe, behind + 1u);
	if ((int16_t)(seq - pg->acked) > 0 || (uint16_t)(sent - pg->acked) > INT16_MAX)
		pg->acked = seq;
}

static uint64_t in_flight(const struct ping *pg)
{
	const struct ping_stats *st = &pg->stats;
	uint16_t behind = (uint16_t)(st->sent - pg->acked);
	uint64_t answers = st->received + st->errors;

	if (behind <= INT16_MAX)
		return behind;
	return st->sent > answers ? st->sent - answers : 0;
}

/* ---- sending ---- */

static void stamp(struct ping *pg)
{
	uint64_t us = clock_wall_ns(&pg->loop->clock) / NS_PER_US;
	uint64_t parts[2] = {us / 1000000, us % 1000000};

	if (pg->cfg.size >= STAMP_LEN)
		memcpy(pg->request + ICMP_HDR_LEN, parts, STAMP_LEN);
}

/* What the socket says about requests it refused; false when it says nothing. */
static bool drain_errors(struct ping *pg)
{
	struct sock_error e;
	bool any = false;

	while (sock_recv_error(pg->sk, &e) == 0) {
		bool news = !e.local && (e.type == ICMP_REDIRECT || e.type == ICMP_SOURCE_QUENCH);

		any = true;
		if (e.local)
			e.seq = (uint16_t)pg->stats.sent;
		if (!news) {
			pg->stats.errors++;
			acknowledge(pg, e.seq);
		}
		tell(pg,
			&(struct ping_event){
				.what = e.local ? PING_LOCAL : PING_ICMP, .seq = e.seq, .error = &e});
	}
	return any;
}

/* A refusal counts as a request sent, or a host without a route would try for ever. */
static void refused(struct ping *pg, int error)
{
	pg->stats.last_sent_ns = pg->loop->now;
	pg->stats.sent++;
	if (drain_errors(pg))
		return;
	struct sock_error e = {.error = error, .local = true, .dst = pg->cfg.dst, .time_ns = pg->loop->now};
	e.seq = (uint16_t)pg->stats.sent;
	tell(pg, &(struct ping_event){.what = PING_LOCAL, .seq = e.seq, .error = &e});
}

static bool is_passing(ssize_t error)
{
	return error == -ENOBUFS || error == -ENOMEM || error == -EAGAIN;
}

/* True: one request is gone (or was refused for good). */
static bool send_request(struct ping *pg)
{
	uint16_t seq = (uint16_t)(pg->stats.sent + 1);
	struct icmp_hdr h = {.type = ICMP_ECHO, .rest = (uint32_t)pg->id << 16 | seq};
	struct sock_addr to = {.ip = pg->cfg.dst};

	if (pg->cfg.report_unanswered && pg->stats.sent && !is_answered(pg, (uint16_t)(seq - 1)))
		tell(pg, &(struct ping_event){.what = PING_UNANSWERED, .seq = (uint16_t)(seq - 1)});
	set_answered(pg, seq, false);
	stamp(pg);
	icmp_emit(pg->request, pg->len, &h);
	ssize_t n = sock_send(pg->sk, pg->request, pg->len, 0, &to);
	if (is_passing(n))
		return false;
	if (n < 0) {
		refused(pg, (int)-n);
		return true;
	}
	pg->stats.last_sent_ns = pg->loop->now;
	pg->stats.sent++;
	tell(pg, &(struct ping_event){.what = PING_SENT, .seq = seq});
	return true;
}

/* When the next request may go. Where no interval holds it back, replies do: and never two requests in one
 * instant, or a virtual clock would stand still for ever. */
static uint64_t next_send_ns(const struct ping *pg)
{
	const struct ping_stats *st = &pg->stats;

	if (pg->preload_left)
		return pg->loop->now;
	if (!pg->cfg.interval_ns)
		return st->last_sent_ns + (in_flight(pg) >= pg->cfg.preload ? SLOWEST_FLOOD_NS : INSTANT_NS);
	return pg->cfg.adaptive ? st->last_sent_ns + pg->cfg.interval_ns : pg->due_ns;
}

static void move_grid(struct ping *pg)
{
	uint64_t now = pg->loop->now;

	if (pg->preload_left) {
		pg->preload_left--;
		pg->due_ns = now + pg->cfg.interval_ns;
		return;
	}
	pg->due_ns += pg->cfg.interval_ns;
	if (pg->due_ns + pg->cfg.interval_ns < now)
		pg->due_ns = now;
}

/* ---- the end ---- */

static bool all_sent(const struct ping *pg)
{
	return pg->cfg.count && !pg->cfg.deadline_ns && pg->stats.sent >= pg->cfg.count;
}

/* After the last request: twice the longest round trip is enough where there was one. */
static uint64_t last_wait(const struct ping *pg)
{
	const struct ping_stats *st = &pg->stats;
	uint64_t wait = pg->cfg.linger_ns;

	if (st->received)
		wait = MAX(2 * st->max_us * NS_PER_US, pg->cfg.interval_ns);
	return wait ? pg->loop->now + wait : TIMER_NEVER;
}

static bool enough(const struct ping *pg)
{
	return pg->stopping || (pg->cfg.count && pg->stats.received + pg->stats.errors >= pg->cfg.count);
}

static bool is_over(const struct ping *pg)
{
	const struct ping_stats *st = &pg->stats;
	uint64_t now = pg->loop->now;

	if (enough(pg) || (pg->last_wait_ns && now >= pg->last_wait_ns))
		return true;
	if (!pg->cfg.deadline_ns)
		return false;
	return st->errors || now >= st->start_ns + pg->cfg.deadline_ns;
}

/* Everything that can be done now; then the timer, or the end. Nothing may follow a call. */
static void step(struct ping *pg)
{
	uint64_t now = pg->loop->now, at;

	while (!is_over(pg) && !all_sent(pg) && MAX(next_send_ns(pg), pg->retry_ns) <= now) {
		if (!send_request(pg)) {
			pg->retry_ns = now + RETRY_NS;
			break;
		}
		move_grid(pg);
	}
	if (is_over(pg)) {
		finish(pg);
		return;
	}
	if (all_sent(pg) && !pg->last_wait_ns)
		pg->last_wait_ns = last_wait(pg);
	at = all_sent(pg) ? pg->last_wait_ns : MAX(next_send_ns(pg), pg->retry_ns);
	if (pg->cfg.deadline_ns)
		at = MIN(at, pg->stats.start_ns + pg->cfg.deadline_ns);
	if (at != TIMER_NEVER)
		timer_arm(&pg->loop->wheel, &pg->timer, at);
}

static void on_timer(struct timer *t)
{
	struct ping *pg = CONTAINER_OF(t, struct ping, timer);

	if (!pg->stats.start_ns) {
		pg->stats.start_ns = pg->loop->now;
		pg->due_ns = pg->loop->now;
	}
	step(pg);
}

/* ---- receiving ---- */

/* The round trip by the time that travelled with the request; false where that cannot be. */
static bool round_trip(const struct ping *pg, const struct sock_msg *msg, size_t len, uint64_t *rtt_us)
{
	uint64_t epoch = pg->loop->clock.epoch_ns, parts[2];

	if (pg->cfg.size < STAMP_LEN || len < ICMP_HDR_LEN + STAMP_LEN)
		return false;
	memcpy(parts, pg->reply + ICMP_HDR_LEN, STAMP_LEN);
	uint64_t now_us = (epoch + msg->time_ns) / NS_PER_US;
	uint64_t start_us = (epoch + pg->stats.start_ns) / NS_PER_US;
	uint64_t sent_us = parts[0] * 1000000 + parts[1];
	if (parts[1] >= 1000000 || parts[0] > now_us / 1000000 || sent_us < start_us || sent_us > now_us)
		return false;
	*rtt_us = now_us - sent_us;
	return true;
}

static void count_time(struct ping *pg, uint64_t rtt_us)
{
	struct ping_stats *st = &pg->stats;

	st->min_us = st->timed ? MIN(st->min_us, rtt_us) : rtt_us;
	st->max_us = MAX(st->max_us, rtt_us);
	st->sum_us += rtt_us;
	st->sum2_us += (unsigned __int128)rtt_us * rtt_us;
	st->ewma_us8 = st->timed ? st->ewma_us8 + rtt_us - st->ewma_us8 / 8 : rtt_us * 8;
	st->timed++;
	if (pg->cfg.adaptive)
		pg->cfg.interval_ns = (st->ewma_us8 / 8 + 500) / 1000 * NS_PER_MS;
}

/* Offset of the first octet of the data behind the time stamp that is not as it was sent. */
static size_t find_damage(const struct ping *pg)
{
	const uint8_t *got = pg->reply + ICMP_HDR_LEN, *sent = pg->request + ICMP_HDR_LEN;

	for (size_t i = STAMP_LEN; i < pg->cfg.size; i++) {
		if (got[i] != sent[i])
			return i;
	}
	return SIZE_MAX;
}

static void take_reply(struct ping *pg, size_t len, const struct sock_msg *msg)
{
	struct ping_event e = {.what = PING_REPLY, .msg = msg, .len = len, .damaged = SIZE_MAX};
	struct icmp_hdr h;

	if (icmp_parse(pg->reply, MIN(len, pg->len), true, &h) != DROP_NONE || h.type != ICMP_ECHO_REPLY)
		return;
	e.seq = icmp_seq(&h);
	if (!was_sent(pg, e.seq))
		return;
	e.duplicate = is_answered(pg, e.seq);
	e.truncated = len < pg->len;
	e.data = pg->reply + ICMP_HDR_LEN;
	e.wanted = pg->request + ICMP_HDR_LEN;
	if (!e.truncated)
		e.damaged = find_damage(pg);
	acknowledge(pg, e.seq);
	set_answered(pg, e.seq, true);
	if (e.duplicate)
		pg->stats.duplicates++;
	else
		pg->stats.received++;
	e.timed = round_trip(pg, msg, len, &e.rtt_us);
	if (e.timed)
		count_time(pg, e.rtt_us);
	tell(pg, &e);
}

static void on_event(struct sock *sk, unsigned events, void *ctx)
{
	struct ping *pg = ctx;
	struct sock_msg msg;
	ssize_t n = 0;

	drain_errors(pg);
	while (!enough(pg) && (n = sock_recv(sk, pg->reply, pg->len, 0, &msg)) >= 0)
		take_reply(pg, (size_t)n, &msg);
	if (events & SOCK_EVENT_HANGUP)
		pg->stopping = true;
	step(pg);
}

/* ---- making and ending ---- */

static int find_source(struct ping *pg, const char **step_name)
{
	struct sock_addr a = {.ip = pg->cfg.dst};
	int err;

	*step_name = "connect";
	err = sock_connect(pg->sk, &a);
	if (!err)
		err = sock_name(pg->sk, &a);
	if (!err) {
		pg->source = a.ip;
		pg->id = a.port;
		err = sock_connect(pg->sk, &(struct sock_addr){0});
	}
	return err;
}

struct setting {
	enum sock_option opt;
	int value;
	bool wanted;
};

static int apply(struct sock *sk, const struct setting *settings, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (settings[i].wanted)
			err = sock_set(sk, settings[i].opt, settings[i].value);
	}
	return err;
}

static int set_up(struct ping *pg, const char **step_name)
{
	const struct ping_config *cfg = &pg->cfg;
	size_t queue = (pg->len + RX_OVERHEAD) * cfg->preload;
	const struct setting settings[] = {
		{SO_OPT_RECVERR, 1, true},
		{SO_OPT_BROADCAST, 1, cfg->broadcast},
		{SO_OPT_TTL, cfg->ttl, cfg->ttl >= 0},
		{SO_OPT_TOS, cfg->tos, cfg->tos != 0},
		{SO_OPT_MTU_DISCOVER, cfg->pmtu, cfg->pmtu >= 0},
		{SO_OPT_SNDBUF, cfg->sndbuf, cfg->sndbuf > 0},
		{SO_OPT_RCVBUF, (int)MIN(queue, INT_MAX), queue > 65536},
	};
	int err;

	*step_name = "SO_BINDTODEVICE";
	err = cfg->oif ? sock_set(pg->sk, SO_OPT_BINDTODEVICE, cfg->oif) : 0;
	if (err)
		return err;
	*step_name = "setsockopt";
	err = apply(pg->sk, settings, ARRAY_SIZE(settings));
	if (!err && cfg->opts_len)
		err = sock_set_ip_options(pg->sk, cfg->opts, cfg->opts_len);
	if (err)
		return err;
	*step_name = "bind";
	if (cfg->src || cfg->id)
		err = sock_bind(pg->sk, &(struct sock_addr){.ip = cfg->src, .port = cfg->id});
	return err ? err : find_source(pg, step_name);
}

static void fill(struct ping *pg)
{
	uint8_t *data = pg->request + ICMP_HDR_LEN;
	const struct ping_config *cfg = &pg->cfg;

	for (size_t i = 0; i < cfg->size; i++)
		data[i] = cfg->pattern_len ? cfg->pattern[i % cfg->pattern_len] : (uint8_t)i;
}

static struct ping *allocate(struct stack *s, const struct ping_config *cfg)
{
	struct ping *pg = calloc(1, sizeof(*pg));

	if (!pg)
		return NULL;
	pg->cfg = *cfg;
	pg->cfg.preload = MAX(cfg->preload, 1u);
	pg->preload_left = pg->cfg.preload;
	pg->len = ICMP_HDR_LEN + cfg->size;
	pg->request = malloc(pg->len);
	pg->reply = malloc(pg->len);
	pg->sk = pg->request && pg->reply ? sock_open(s, SOCK_DGRAM, IP_PROTO_ICMP) : NULL;
	if (pg->sk)
		return pg;
	ping_free(pg);
	return NULL;
}

struct ping *ping_new(struct loop *l, struct stack *s, const struct ping_config *cfg, ping_event_fn *fn,
	void *ctx, const char **step_name)
{
	struct ping *pg;
	int err;

	*step_name = "socket";
	pg = allocate(s, cfg);
	if (!pg)
		return NULL;
	pg->loop = l;
	pg->fn = fn;
	pg->ctx = ctx;
	timer_init(&pg->timer, on_timer);
	fill(pg);
	err = set_up(pg, step_name);
	if (!err)
		return pg;
	ping_free(pg);
	errno = -err;
	return NULL;
}

void ping_start(struct ping *pg)
{
	sock_on_event(pg->sk, on_event, pg);
	timer_arm(&pg->loop->wheel, &pg->timer, pg->loop->now);
}

void ping_stop(struct ping *pg)
{
	pg->stopping = true;
	if (!pg->busy)
		finish(pg);
}

void ping_free(struct ping *pg)
{
	int error = errno;

	if (pg->loop)
		timer_cancel(&pg->loop->wheel, &pg->timer);
	if (pg->sk)
		sock_close(pg->sk);
	free(pg->request);
	free(pg->reply);
	free(pg);
	errno = error;
}

/* ---- asking ---- */

const struct ping_stats *ping_stats(const struct ping *pg)
{
	return &pg->stats;
}

uint32_t ping_source(const struct ping *pg)
{
	return pg->source;
}

uint16_t ping_id(const struct ping *pg)
{
	return pg->id;
}

uint64_t ping_avg_us(const struct ping_stats *st)
{
	return st->timed ? st->sum_us / st->timed : 0;
}

uint64_t ping_mdev_us(const struct ping_stats *st)
{
	unsigned __int128 n = st->timed, sum = st->sum_us;

	return n ? (uint64_t)sqrtl((long double)((st->sum2_us - sum * sum / n) / n)) : 0;
}
