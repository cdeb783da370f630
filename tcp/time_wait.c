/* SPDX-License-Identifier: MIT */
/*
 * TIME-WAIT (RFC 9293 3.6, 3.10.7.4), and FIN-WAIT-2 of connections that no program has any more: small entries in the
 * place of connections, which keep the four numbers from being used again too early (RFC 1337) and answer what comes
 * late. A new SYN may end one early (RFC 6191).
 */
#include "tcp/listen.h"

#define TIME_WAIT_NS (60 * NS_PER_SEC) /* 2 MSL, as Linux has it */
#define REUSE_MS     1000

enum {
	ISS_DISTANCE = 65536 + 2
}; /* a new connection begins so far above the old one: more than an unscaled window */

struct tcp_tw {
	struct tcp_entry e;
	struct stack *stack;
	struct list node; /* in tcp->time_wait or tcp->fin_wait_2 */
	struct port_owner port;
	uint64_t due_ns;
	uint32_t since_ms, answered_ms;
	uint32_t snd_nxt, rcv_nxt, rcv_wnd;
	uint32_t ts_recent;
	uint8_t rcv_wscale, ttl, tos;
	bool ts : 1, fin_wait_2 : 1;
};

static struct tcp_tw *tw_of(const struct tcp_entry *e)
{
	return CONTAINER_OF((struct tcp_entry *)(uintptr_t)e, struct tcp_tw, e);
}

/* ---- time ---- */

static void arm(struct tcp *tcp)
{
	const struct tcp_tw *first = list_first(&tcp->time_wait, struct tcp_tw, node);
	const struct tcp_tw *second = list_first(&tcp->fin_wait_2, struct tcp_tw, node);
	struct wheel *wheel = &stack_loop(tcp->stack)->wheel;
	uint64_t due = MIN(first ? first->due_ns : TIMER_NEVER, second ? second->due_ns : TIMER_NEVER);

	if (due == TIMER_NEVER)
		timer_cancel(wheel, &tcp->time_wait_timer);
	else
		timer_arm(wheel, &tcp->time_wait_timer, due);
}

static void forget(struct tcp_tw *w)
{
	struct tcp *tcp = tcp_of(w->stack);

	tcp_entry_del(tcp, &w->e);
	list_del(&w->node);
	port_release(&tcp->ports, &w->port);
	pool_put(&tcp->time_waits, w);
	arm(tcp);
}

static void forget_due(struct list *l, uint64_t now)
{
	struct tcp_tw *w;

	while ((w = list_first(l, struct tcp_tw, node)) && w->due_ns <= now)
		forget(w);
}

static void time_is_over(struct timer *t)
{
	struct tcp *tcp = CONTAINER_OF(t, struct tcp, time_wait_timer);
	uint64_t now = stack_now(tcp->stack);

	forget_due(&tcp->time_wait, now);
	forget_due(&tcp->fin_wait_2, now);
	arm(tcp);
}

void tcp_time_wait_init(struct tcp *tcp)
{
	pool_init(&tcp->time_waits, "tcp time-wait", sizeof(struct tcp_tw), 0, TCP_CACHED);
	list_init(&tcp->time_wait);
	list_init(&tcp->fin_wait_2);
	timer_init(&tcp->time_wait_timer, time_is_over);
}

void tcp_time_wait_exit(struct tcp *tcp)
{
	forget_due(&tcp->time_wait, TIMER_NEVER);
	forget_due(&tcp->fin_wait_2, TIMER_NEVER);
	pool_exit(&tcp->time_waits);
}

/* Into the list by the time it ends: almost always at its tail. */
static void wait_for(struct tcp_tw *w, uint64_t ns)
{
	struct tcp *tcp = tcp_of(w->stack);
	struct list *l = w->fin_wait_2 ? &tcp->fin_wait_2 : &tcp->time_wait, *at = l;

	w->due_ns = stack_now(w->stack) + ns;
	list_del(&w->node);
	while (at->prev != l && list_entry(at->prev, struct tcp_tw, node)->due_ns > w->due_ns)
		at = at->prev;
	list_add_tail(at, &w->node);
	arm(tcp);
}

/* ---- entering ---- */

static void answer(const struct tcp_tw *w, const struct tcp_seg *seg)
{
	struct tcp_bare b = {
		.src = w->e.local,
		.dst = w->e.remote,
		.sport = w->e.local_port,
		.dport = w->e.remote_port,
		.seq = w->snd_nxt,
		.ack = w->rcv_nxt,
		.flags = TCP_ACK,
		.wnd = (uint16_t)MIN(w->rcv_wnd >> w->rcv_wscale, UINT32_C(0xffff)),
		.tos = w->tos,
		.ttl = w->ttl,
		.oif = (int)w->port.dev,
		.parent = seg ? seg->p->id : 0,
		.opt = {.has_ts = w->ts,
			.tsval = tcp_ts_clock(w->stack) + tcp_ts_offset(w->stack, &w->e),
			.tsecr = w->ts_recent},
	};

	tcp_answer(w->stack, &b);
}

static struct tcp_tw what_stays(const struct tcp_conn *c, bool fin_wait_2)
{
	return (struct tcp_tw){
		.e = {.local = c->e.local,
			.remote = c->e.remote,
			.local_port = c->e.local_port,
			.remote_port = c->e.remote_port,
			.kind = TCP_ENTRY_TW},
		.stack = c->stack,
		.since_ms = tcp_ts_clock(c->stack),
		.snd_nxt = c->snd.nxt,
		.rcv_nxt = c->rcv.nxt,
		.rcv_wnd = tcp_rcv_wnd(c),
		.ts_recent = c->ts_recent,
		.rcv_wscale = c->rcv_wscale,
		.ttl = c->wishes.ttl,
		.tos = c->wishes.tos,
		.ts = c->ts_on,
		.fin_wait_2 = fin_wait_2,
	};
}

/* NULL: too many (sysctl tcp_max_tw_buckets), or no memory: then nobody waits. */
static struct tcp_tw *entry_new(struct tcp *tcp, const struct tcp_tw *init)
{
	size_t most = (size_t)tcp->stack->sysctl[SYSCTL_TCP_MAX_TW_BUCKETS];
	struct tcp_tw *w = pool_in_use(&tcp->time_waits) < most ? pool_get(&tcp->time_waits) : NULL;

	if (!w) {
		mib_inc(tcp->stack, MIB_TcpExtTCPTimeWaitOverflow);
		return NULL;
	}
	*w = *init;
	list_init(&w->node);
	list_init(&w->port.node);
	return w;
}

static uint64_t fin_wait_2_ns(const struct tcp_conn *c)
{
	int32_t own = tcp_rare(c)->linger2_s;

	return (uint64_t)(own > 0 ? own : c->stack->sysctl[SYSCTL_TCP_FIN_TIMEOUT]) * NS_PER_SEC;
}

/* The ACK that the connection owes is sent by the entry: output will not look at a connection that is over. */
void tcp_enter_time_wait(struct tcp_conn *c, bool fin_wait_2_orphan)
{
	struct tcp *tcp = tcp_of(c->stack);
	struct tcp_tw init = what_stays(c, fin_wait_2_orphan);
	bool owes_ack = c->rcv.acked != c->rcv.nxt,
	     nobody_waits = fin_wait_2_orphan && tcp_rare(c)->linger2_s < 0;
	uint64_t ns = fin_wait_2_orphan ? fin_wait_2_ns(c) : TIME_WAIT_NS;
	struct tcp_tw *w = nobody_waits ? NULL : entry_new(tcp, &init);

	if (w) {
		port_inherit(&w->port, &c->port);
		tcp_entry_replace(tcp, &c->e, &w->e);
	}
	if (!fin_wait_2_orphan)
		tcp_set_state(c, TCP_TIME_WAIT);
	tcp_fail(c, 0);
	if (owes_ack)
		answer(&init, NULL);
	if (!w)
		return;
	wait_for(w, ns);
	TRACE(tcp->stack, LAYER_TCP, NULL, "RFC 9293 3.6", "%s: an entry stays for %u s",
		fin_wait_2_orphan ? "FIN-WAIT-2" : "TIME-WAIT", (unsigned)(ns / NS_PER_SEC));
}

void tcp_time_wait_row(const struct tcp_entry *e, struct tcp_row *row)
{
	const struct tcp_tw *w = tw_of(e);
	uint64_t now = stack_now(w->stack);

	row->state = w->fin_wait_2 ? TCP_FIN_WAIT_2 : TCP_TIME_WAIT;
	row->info.timer = TCP_SHOW_TIMEWAIT;
	row->info.timer_ns = w->due_ns > now ? w->due_ns - now : 0;
}

/* ---- a new connection between the same ends ---- */

/* RFC 6191 2: it is new for certain if its clock is ahead, or if it begins above where the old one ended. */
static bool is_new_syn(const struct tcp_tw *w, const struct tcp_seg *seg)
{
	if ((seg->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
		return false;
	if (w->ts && seg->opt.has_ts && seg->opt.tsval != w->ts_recent)
		return seq_gt(seg->opt.tsval, w->ts_recent);
	return seq_gt(seg->seq, w->rcv_nxt);
}

/* True: there is a listener, and the entry has made room for its connection. */
static bool begin_again(struct tcp_tw *w, struct tcp_seg *seg)
{
	struct tcp *tcp = tcp_of(w->stack);
	struct tcp_listen *l = tcp_listen_find(tcp, seg, seg->p->ifindex);
	uint32_t iss = seq_max(tcp_isn(w->stack, &w->e), w->snd_nxt + ISS_DISTANCE);

	if (!l)
		return false;
	TRACE(w->stack, LAYER_TCP, seg->p, "RFC 6191 2", "a new connection ends TIME-WAIT");
	mib_inc(w->stack, MIB_TcpExtTWRecycled);
	forget(w);
	tcp_listen_syn(l, seg, iss);
	return true;
}

static bool gives_way(const struct tcp_tw *w)
{
	int32_t how = w->stack->sysctl[SYSCTL_TCP_TW_REUSE];
	bool wanted = how == 1 || (how == 2 && ip_is_loopback(w->e.remote));

	return wanted && !w->fin_wait_2 && w->ts && tcp_ms_since(w->stack, w->since_ms) >= REUSE_MS;
}

bool tcp_numbers_free(struct tcp_conn *c)
{
	struct stack *s = c->stack;
	struct tcp_entry *e =
		tcp_entry_find(tcp_of(s), c->e.local, c->e.local_port, c->e.remote, c->e.remote_port);

	c->snd.iss = tcp_isn(s, &c->e);
	if (!e)
		return true;
	if (e->kind != TCP_ENTRY_TW || !gives_way(tw_of(e)))
		return false;
	c->snd.iss = seq_max(c->snd.iss, tw_of(e)->snd_nxt + ISS_DISTANCE);
	mib_inc(s, MIB_TcpExtTWRecycled);
	forget(tw_of(e));
	return true;
}

/* ---- segments for an entry (RFC 9293 3.10.7.4) ---- */

static bool is_from_the_past(const struct tcp_tw *w, const struct tcp_seg *seg)
{
	return w->ts && seg->opt.has_ts && !(seg->flags & TCP_RST) && seq_lt(seg->opt.tsval, w->ts_recent);
}

static void answer_late(struct tcp_tw *w, struct tcp_seg *seg)
{
	enum mib skipped = w->fin_wait_2 ? MIB_TcpExtTCPACKSkippedFinWait2 : MIB_TcpExtTCPACKSkippedTimeWait;

	if (!(seg->flags & TCP_RST) && tcp_ack_allowed(w->stack, seg, &w->answered_ms, skipped))
		answer(w, seg);
	tcp_drop(w->stack, seg, w->fin_wait_2 ? DROP_TCP_OUT_OF_WINDOW : DROP_TCP_TIME_WAIT);
}

/* A reset in its exact place ends the entry, unless by sysctl it is not to assassinate TIME-WAIT (RFC 1337). */
static void reset(struct tcp_tw *w, struct tcp_seg *seg)
{
	struct stack *s = w->stack;

	if (seg->seq != w->rcv_nxt) {
		if (tcp_challenge_allowed(s, &w->answered_ms))
			answer(w, seg);
		tcp_drop(s, seg, DROP_TCP_RST_CHALLENGED);
	} else if (!w->fin_wait_2 && s->sysctl[SYSCTL_TCP_RFC1337]) {
		tcp_drop(s, seg, DROP_TCP_TIME_WAIT);
	} else {
		forget(w);
	}
}

/* FIN-WAIT-2 without a program: the FIN is all that may still come; for text there is nobody. */
static void fin_wait_2_input(struct tcp_tw *w, struct tcp_seg *seg)
{
	struct stack *s = w->stack;

	if (seg->len && seq_gt(seg->seq + seg->len, w->rcv_nxt)) {
		mib_inc(s, MIB_TcpExtTCPAbortOnData);
		tcp_answer_reset(s, seg);
		tcp_drop(s, seg, DROP_TCP_NOBODY_READS);
		forget(w);
	} else if (seg->flags & TCP_FIN) {
		w->rcv_nxt = seg->end;
		if (seg->opt.has_ts)
			w->ts_recent = seg->opt.tsval;
		list_del(&w->node);
		w->fin_wait_2 = false;
		w->since_ms = tcp_ts_clock(s);
		answer(w, seg);
		wait_for(w, TIME_WAIT_NS);
	}
}

/* TIME-WAIT: all that can come is the peer's FIN once more, because it did not hear our ACK. */
static void late_input(struct tcp_tw *w, struct tcp_seg *seg)
{
	bool fin_again = seg->flags & TCP_FIN && seg->end == w->rcv_nxt;
	bool says_nothing = seg->seq == seg->end && seg->seq == w->rcv_nxt;

	if (fin_again && !is_from_the_past(w, seg)) {
		answer(w, seg);
		wait_for(w, TIME_WAIT_NS);
	} else if (!says_nothing) {
		answer_late(w, seg);
	}
}

/* What is in its window has passed the checks that come before its text: first to fifth. */
static bool check(struct tcp_tw *w, struct tcp_seg *seg)
{
	if (seg->flags & TCP_RST) {
		reset(w, seg);
		return false;
	}
	if (seg->flags & TCP_SYN) {
		mib_inc(w->stack, MIB_TcpExtTCPSYNChallenge);
		if (tcp_challenge_allowed(w->stack, &w->answered_ms))
			answer(w, seg);
		tcp_drop(w->stack, seg, DROP_TCP_SYN_CHALLENGED);
		return false;
	}
	if (!(seg->flags & TCP_ACK)) {
		tcp_drop(w->stack, seg, DROP_TCP_NO_ACK);
		return false;
	}
	if (seq_gt(seg->ack, w->snd_nxt)) {
		answer_late(w, seg);
		return false;
	}
	return true;
}

void tcp_time_wait_input(struct tcp_entry *e, struct tcp_seg *seg)
{
	struct tcp_tw *w = tw_of(e);
	bool in_window = tcp_is_acceptable(w->rcv_nxt, w->rcv_wnd, seg) && !is_from_the_past(w, seg);

	if (!w->fin_wait_2 && is_new_syn(w, seg) && begin_again(w, seg))
		return;
	if (!in_window && w->fin_wait_2) {
		answer_late(w, seg);
		return;
	}
	if (!in_window && seg->flags & TCP_RST) {
		tcp_drop(w->stack, seg, DROP_TCP_TIME_WAIT);
		return;
	}
	if (in_window && !check(w, seg))
		return;
	if (w->fin_wait_2)
		fin_wait_2_input(w, seg);
	else
		late_input(w, seg);
}
