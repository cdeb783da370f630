/* SPDX-License-Identifier: MIT */
/*
 * iperf3: a test from its beginning to its end, as both ends have it. What differs is in iperf3_client.c and
 * iperf3_server.c.
 *
 * A test ends in the egress phase (end_work), never under the callback that noticed the end: sockets and streams stay
 * valid until then.
 */
#include "app/iperf3_internal.h"

#include "lib/clock.h"
#include "net/stack.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A test in which nothing happened for so long is given up. */
#define IDLE_NS (120 * NS_PER_SEC)

/* ---- telling ---- */

void iperf_tell(struct iperf *t, enum iperf_what what)
{
	struct iperf_event e = {.what = what, .omitted = t->omitting};

	if (what == IPERF_CONNECTED)
		sock_peer(t->control.sk, &e.peer);
	t->fn(t, &e, t->ctx);
}

void iperf_end(struct iperf *t)
{
	t->over = true;
	t->running = false;
	loop_defer(t->loop, &t->end_work);
}

void iperf_fail(struct iperf *t, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (t->over)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->fn(t, &(struct iperf_event){.what = IPERF_FAILED, .text = text}, t->ctx);
	iperf_end(t);
}

/* ---- streams ---- */

static int make_shared(struct iperf *t, size_t len)
{
	t->shared = blob_new(len);
	if (!t->shared)
		return -ENOMEM;
	memcpy(t->shared->bytes, t->block, len);
	return 0;
}

int iperf_make_streams(struct iperf *t)
{
	unsigned n = t->p.parallel * (t->p.bidir ? 2 : 1);
	size_t len = (size_t)iperf_datagrams(&t->p) * t->p.len;
	bool sends = false;

	t->block = malloc(len);
	t->streams = calloc(n, sizeof(*t->streams));
	if (!t->block || !t->streams)
		return -ENOMEM;
	rng_bytes(&t->stack->rng, t->block, len);
	t->stream_count = n;
	for (unsigned i = 0; i < n; i++) {
		bool to_server = t->p.bidir ? i < t->p.parallel : !t->p.reverse;
		t->streams[i].test = t;
		t->streams[i].number = 5 + 2 * (int)i;
		t->streams[i].id = i ? (int)i + 2 : 1; /* iperf3 leaves out 2, and minds */
		t->streams[i].sender = to_server != t->cfg.server;
		sends |= t->streams[i].sender;
	}
	return sends && t->p.zerocopy && !t->p.udp ? make_shared(t, len) : 0;
}

void iperf_add_stream(struct iperf *t, struct sock *sk)
{
	struct iperf_stream *st = &t->streams[t->made++];

	st->sk = sk;
	sock_name(sk, &st->local);
	sock_peer(sk, &st->peer);
	iperf_stream_init(st);
	if (t->made == t->stream_count)
		iperf_tell(t, IPERF_STREAMS);
}

static int set_buffers(struct iperf *t, struct sock *sk)
{
	int err = t->p.window ? sock_set(sk, SO_OPT_SNDBUF, (int)t->p.window) : 0;

	return !err && t->p.window ? sock_set(sk, SO_OPT_RCVBUF, (int)t->p.window) : err;
}

int iperf_set_options(struct iperf *t, struct sock *sk, const char **step)
{
	const struct iperf_params *p = &t->p;
	int err = set_buffers(t, sk);

	*step = "set socket buffer size";
	if (!err && p->tos) {
		*step = "set IP TOS";
		err = sock_set(sk, SO_OPT_TOS, p->tos);
	}
	if (!err && p->udp && p->dont_fragment) {
		*step = "set IP Do-Not-Fragment flag";
		err = sock_set(sk, SO_OPT_MTU_DISCOVER, SOCK_PMTU_DO);
	}
	if (!err && iperf_datagrams(p) > 1) {
		*step = "set UDP GSO";
		err = sock_set(sk, SO_OPT_UDP_SEGMENT, (int)p->len);
	}
	if (!err && !p->udp && p->nodelay) {
		*step = "set TCP/SCTP NODELAY";
		err = sock_set(sk, SO_OPT_TCP_NODELAY, 1);
	}
	if (!err && !p->udp && p->mss) {
		*step = "set TCP/SCTP MSS";
		err = sock_set(sk, SO_OPT_TCP_MAXSEG, (int)p->mss);
	}
	if (!err && !p->udp && p->congestion[0]) {
		*step = "set TCP_CONGESTION";
		err = sock_set_congestion(sk, p->congestion);
	}
	return err;
}

/* ---- running ---- */

static void measure(struct iperf *t)
{
	uint64_t since = t->start_ns + (t->made ? t->streams[0].interval.end_ns : 0);

	for (unsigned i = 0; i < t->made; i++)
		iperf_stream_measure(&t->streams[i], since, t->loop->now);
}

/* A report that comes late does not put off the next one. */
static void arm_interval(struct iperf *t, uint64_t from_ns)
{
	if (t->cfg.interval_ns)
		timer_arm(&t->loop->wheel, &t->interval_timer, from_ns + t->cfg.interval_ns);
}

static void on_interval(struct timer *timer)
{
	struct iperf *t = CONTAINER_OF(timer, struct iperf, interval_timer);

	measure(t);
	iperf_tell(t, IPERF_INTERVAL);
	arm_interval(t, timer->deadline_ns);
}

/* The last piece is told if it is worth it: something came, or it is not much shorter than the others. */
static void tell_rest(struct iperf *t)
{
	bool worth = false;

	measure(t);
	for (unsigned i = 0; i < t->made; i++) {
		const struct iperf_row *r = &t->streams[i].interval;
		uint64_t ns = r->end_ns - r->start_ns;
		worth = worth || (ns && (r->n.bytes || ns >= t->cfg.interval_ns / 10));
	}
	if (worth && t->cfg.interval_ns)
		iperf_tell(t, IPERF_INTERVAL);
}

/* From here on it counts. */
static void start_counting(struct iperf *t)
{
	t->omitting = false;
	t->start_ns = t->loop->now;
	for (unsigned i = 0; i < t->made; i++) {
		t->streams[i].interval = (struct iperf_row){0};
		iperf_stream_rebase(&t->streams[i]);
	}
	arm_interval(t, t->start_ns);
	if (t->p.time_s && !t->cfg.server)
		timer_arm(&t->loop->wheel, &t->end_timer, t->start_ns + t->p.time_s * NS_PER_SEC);
}

/* The end of what is omitted, or (client) of the test. */
static void on_end_timer(struct timer *timer)
{
	struct iperf *t = CONTAINER_OF(timer, struct iperf, end_timer);

	if (!t->omitting) {
		iperf_finish(t);
		return;
	}
	tell_rest(t);
	start_counting(t);
}

void iperf_begin(struct iperf *t)
{
	t->began = t->running = true;
	start_counting(t);
	t->omitting = t->p.omit_s != 0;
	if (t->omitting)
		timer_arm(&t->loop->wheel, &t->end_timer, t->loop->now + t->p.omit_s * NS_PER_SEC);
	for (unsigned i = 0; i < t->made; i++)
		iperf_stream_go(&t->streams[i]);
}

bool iperf_is_enough(const struct iperf *t)
{
	uint64_t bytes[2] = {0}, blocks[2] = {0}; /* received, sent */

	if (t->omitting || (!t->p.bytes && !t->p.blocks))
		return false;
	for (unsigned i = 0; i < t->made; i++) {
		const struct iperf_stream *st = &t->streams[i];
		uint64_t got = st->raw.bytes - st->base.bytes;
		bytes[st->sender] += got;
		blocks[st->sender] += got / t->p.len;
	}
	return t->p.bytes ? MAX(bytes[0], bytes[1]) >= t->p.bytes : MAX(blocks[0], blocks[1]) >= t->p.blocks;
}

/* For the results, which come when the streams are closed. */
static void note_congestion(struct iperf *t)
{
	const char *name = t->made && !t->p.udp ? sock_congestion(t->streams[0].sk) : NULL;

	snprintf(t->congestion[0], sizeof(t->congestion[0]), "%s", name ? name : "");
}

void iperf_finish(struct iperf *t)
{
	for (unsigned i = 0; i < t->made; i++) {
		if (!t->streams[i].sender)
			iperf_stream_read(&t->streams[i]); /* what is here already counts */
	}
	if (!t->running)
		return;
	timer_cancel(&t->loop->wheel, &t->end_timer);
	timer_cancel(&t->loop->wheel, &t->interval_timer);
	t->running = false;
	tell_rest(t);
	note_congestion(t);
	if (t->cfg.server)
		iperf_server_finish(t);
	else
		iperf_client_finish(t);
}

/* Nothing moved since the last look: the other end is gone without a word. */
static void on_idle(struct timer *timer)
{
	struct iperf *t = CONTAINER_OF(timer, struct iperf, idle_timer);
	uint64_t mark = t->state + t->made;

	for (unsigned i = 0; i < t->made; i++)
		mark += t->streams[i].raw.bytes;
	if (mark == t->idle_mark)
		iperf_fail(t, "error - idle timeout for receiving data");
	else
		iperf_watch(t, mark);
}

void iperf_watch(struct iperf *t, uint64_t mark)
{
	t->idle_mark = mark;
	timer_arm(&t->loop->wheel, &t->idle_timer, t->loop->now + IDLE_NS);
}

/* ---- the end ---- */

static void clear_test(struct iperf *t)
{
	for (unsigned i = 0; i < t->made; i++)
		iperf_stream_close(&t->streams[i]);
	free(t->streams);
	free(t->block);
	blob_unref(t->shared);
	if (t->connecting)
		sock_close(t->connecting);
	iperf_control_close(&t->control);
	timer_cancel(&t->loop->wheel, &t->interval_timer);
	timer_cancel(&t->loop->wheel, &t->end_timer);
	timer_cancel(&t->loop->wheel, &t->idle_timer);
	timer_cancel(&t->loop->wheel, &t->hello_timer);
	t->streams = NULL;
	t->block = NULL;
	t->shared = NULL;
	t->connecting = NULL;
	t->stream_count = t->made = 0;
	t->state = IPERF_STATE_NONE;
	t->expect = IPERF_EXPECT_STATE;
	t->began = t->running = t->omitting = t->over = false;
	memset(t->congestion, 0, sizeof(t->congestion));
}

static void on_end(struct work *w)
{
	struct iperf *t = CONTAINER_OF(w, struct iperf, end_work);
	bool more = t->cfg.server && !t->cfg.one_off;

	clear_test(t);
	if (more)
		iperf_server_listen(t);
	else
		iperf_tell(t, IPERF_DONE);
}

void iperf_stop(struct iperf *t)
{
	bool server = t->cfg.server;

	if (t->state != IPERF_STATE_NONE && !t->over) {
		enum iperf_state word = server ? IPERF_SERVER_TERMINATE : IPERF_CLIENT_TERMINATE;

		if (t->running) {
			timer_cancel(&t->loop->wheel, &t->interval_timer);
			tell_rest(t);
			iperf_tell(t, IPERF_TOTALS);
		}
		iperf_control_state(&t->control, word);
	}
	t->cfg.one_off = true;
	t->over = false;
	iperf_fail(t, "interrupt - the %s has terminated", server ? "server" : "client");
}

/* ---- making ---- */

struct iperf *iperf_new(struct loop *l, struct stack *s, const struct iperf_config *cfg, iperf_fn *fn,
	void *ctx, const char **step)
{
	struct iperf *t = calloc(1, sizeof(*t));
	int err;

	*step = "iperf3";
	if (!t)
		return NULL;
	t->loop = l;
	t->stack = s;
	t->cfg = *cfg;
	t->p = cfg->ask;
	t->fn = fn;
	t->ctx = ctx;
	list_init(&t->guests);
	timer_init(&t->interval_timer, on_interval);
	timer_init(&t->end_timer, on_end_timer);
	timer_init(&t->idle_timer, on_idle);
	timer_init(&t->hello_timer, iperf_client_hello);
	work_init(&t->end_work, on_end);
	err = cfg->server ? iperf_server_start(t, step) : 0;
	if (!err)
		return t;
	iperf_free(t);
	errno = -err;
	return NULL;
}

void iperf_start(struct iperf *t)
{
	if (t->cfg.server)
		iperf_server_listen(t);
	else
		iperf_client_start(t);
}

void iperf_free(struct iperf *t)
{
	clear_test(t);
	iperf_server_exit(t);
	work_cancel(&t->end_work);
	free(t);
}

/* ---- looking ---- */

const struct iperf_params *iperf_params(const struct iperf *t)
{
	return &t->p;
}

const struct iperf_stream *iperf_streams(const struct iperf *t, unsigned *count)
{
	*count = t->made;
	return t->streams;
}

const char *iperf_cookie(const struct iperf *t)
{
	return t->cookie;
}

unsigned iperf_tests(const struct iperf *t)
{
	return t->tests;
}

int iperf_mss(const struct iperf *t)
{
	return t->mss;
}

const char *iperf_congestion(const struct iperf *t, bool remote)
{
	return t->congestion[remote][0] ? t->congestion[remote] : NULL;
}
