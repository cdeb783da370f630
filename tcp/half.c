/* SPDX-License-Identifier: MIT */
/*
 * Half-open entries: SYN-RECEIVED after a passive OPEN (RFC 9293 3.5, 3.10.7.4), as small as they can be, because
 * anybody can have them made by a packet. The connection itself is made when the ACK has come.
 */
#include "tcp/listen.h"

#define FIRST_WAIT_NS NS_PER_SEC /* RFC 6298 2.1 */
#define LAST_WAIT_NS  (120 * NS_PER_SEC)

/* ---- the SYN-ACK, and when it is sent again: after 1 s, then twice as long each time ---- */

static unsigned level_of(unsigned retries)
{
	return MIN(retries, (unsigned)TCP_HALF_LEVELS - 1);
}

static uint64_t wait_ns(unsigned retries)
{
	return MIN(FIRST_WAIT_NS << level_of(retries), LAST_WAIT_NS);
}

static void arm(struct tcp_listen *l)
{
	struct wheel *wheel = &stack_loop(tcp_listen_stack(l))->wheel;
	uint64_t due = TIMER_NEVER;

	for (unsigned i = 0; i < TCP_HALF_LEVELS; i++) {
		const struct tcp_half *h = list_first(&l->halves[i], struct tcp_half, node);
		if (h)
			due = MIN(due, h->due_ns);
	}
	if (due == TIMER_NEVER)
		timer_cancel(wheel, &l->timer);
	else
		timer_arm(wheel, &l->timer, due);
}

static void enqueue(struct tcp_half *h)
{
	h->due_ns = stack_now(tcp_listen_stack(h->listen)) + wait_ns(h->retries);
	list_add_tail(&h->listen->halves[level_of(h->retries)], &h->node);
}

void tcp_half_answer(struct tcp_half *h, uint32_t tsval, uint64_t parent)
{
	struct stack *s = tcp_listen_stack(h->listen);
	const struct tcp_conn *c = h->listen->conn;
	struct tcp_bare b = {
		.src = h->e.local,
		.dst = h->e.remote,
		.sport = h->e.local_port,
		.dport = h->e.remote_port,
		.seq = h->iss,
		.ack = h->irs + 1,
		.flags = (uint16_t)(TCP_SYN | TCP_ACK | (h->ecn ? TCP_ECE : 0)),
		.wnd = h->wnd,
		.tos = c->wishes.tos,
		.ttl = c->wishes.ttl,
		.oif = (int)c->port.dev,
		.parent = parent,
		.opt = {.has_mss = true,
			.mss = tcp_advertised_mss(c, h->e.remote, h->e.local),
			.has_sack_ok = h->sack,
			.has_wscale = h->wscale,
			.wscale = h->rcv_wscale,
			.has_ts = h->ts},
	};

	if (h->ts) {
		b.opt.tsval = tsval + tcp_ts_offset(s, &h->e);
		b.opt.tsecr = h->ts_recent;
	}
	tcp_answer(s, &b);
}

static void answer(struct tcp_half *h, uint64_t parent)
{
	tcp_half_answer(h, tcp_ts_clock(tcp_listen_stack(h->listen)), parent);
}

/* TCP_DEFER_ACCEPT in seconds is so many retries, as Linux counts them. */
static unsigned deferred(const struct tcp_listen *l)
{
	uint64_t wish = tcp_rare(l->conn)->defer_accept_s * NS_PER_SEC, passed = FIRST_WAIT_NS;
	unsigned retries = wish ? 1 : 0;

	for (; wish > passed; retries++)
		passed += wait_ns(retries);
	return retries;
}

static unsigned most_retries(const struct tcp_listen *l)
{
	unsigned own = tcp_rare(l->conn)->syncnt;

	return own ? own : (unsigned)tcp_listen_stack(l)->sysctl[SYSCTL_TCP_SYNACK_RETRIES];
}

static void give_up(struct tcp_half *h)
{
	mib_inc(tcp_listen_stack(h->listen), MIB_TcpAttemptFails);
	tcp_half_free(h);
}

/* An entry whose ACK has come keeps quiet until its program has waited long enough for text: then the SYN-ACK asks
 * for one ACK more. */
static void retry(struct tcp_half *h)
{
	unsigned defer = deferred(h->listen);

	if (h->retries >= most_retries(h->listen) && (!h->acked || h->retries >= defer)) {
		TRACE(tcp_listen_stack(h->listen), LAYER_TCP, NULL, "RFC 9293 3.8.3",
			"no ACK of our SYN-ACK after %u retries: forgotten", h->retries);
		give_up(h);
		return;
	}
	h->retries++;
	list_del(&h->node);
	enqueue(h);
	if (!h->acked || h->retries >= defer) {
		mib_inc(tcp_listen_stack(h->listen), MIB_TcpRetransSegs);
		answer(h, 0);
	}
}

static void retry_due(struct timer *t)
{
	struct tcp_listen *l = CONTAINER_OF(t, struct tcp_listen, timer);
	uint64_t now = stack_now(tcp_listen_stack(l));
	struct tcp_half *h;

	for (unsigned i = 0; i < TCP_HALF_LEVELS; i++)
		while ((h = list_first(&l->halves[i], struct tcp_half, node)) && h->due_ns <= now)
			retry(h);
	arm(l);
}

/* ---- coming and going ---- */

void tcp_half_init(struct tcp_listen *l)
{
	for (unsigned i = 0; i < TCP_HALF_LEVELS; i++)
		list_init(&l->halves[i]);
	timer_init(&l->timer, retry_due);
}

/* RFC 7323 2.2, 3.2; RFC 2018 2; RFC 3168 6.1.1: what the SYN offers, and we want too. */
struct tcp_half tcp_half_of(struct tcp_listen *l, const struct tcp_seg *syn)
{
	const int32_t *sysctl = tcp_listen_stack(l)->sysctl;
	const struct tcp_options *o = &syn->opt;
	uint16_t asks_ecn = TCP_ECE | TCP_CWR, mss = tcp_advertised_mss(l->conn, syn->src, syn->dst);
	bool ts = o->has_ts && sysctl[SYSCTL_TCP_TIMESTAMPS];
	uint8_t rcv_wscale;
	uint32_t wnd = tcp_window_first(l->conn, (uint16_t)(ts ? mss - TCP_TS_WORDS_LEN : mss), &rcv_wscale);

	return (struct tcp_half){
		.e = {.local = syn->dst,
			.remote = syn->src,
			.local_port = syn->dport,
			.remote_port = syn->sport,
			.kind = TCP_ENTRY_HALF},
		.listen = l,
		.irs = syn->seq,
		.ts_recent = o->tsval,
		.mss = o->has_mss ? o->mss : TCP_MSS_DEFAULT,
		.wnd = (uint16_t)MIN(wnd, UINT16_MAX),
		.snd_wscale = o->wscale & 15u,
		.rcv_wscale = rcv_wscale & 15u,
		.ts = ts,
		.sack = o->has_sack_ok && sysctl[SYSCTL_TCP_SACK],
		.wscale = o->has_wscale && sysctl[SYSCTL_TCP_WINDOW_SCALING],
		.ecn = (syn->flags & asks_ecn) == asks_ecn && sysctl[SYSCTL_TCP_ECN],
	};
}

void tcp_half_open(struct tcp_listen *l, const struct tcp_seg *syn, uint32_t iss)
{
	struct tcp *tcp = tcp_of(tcp_listen_stack(l));
	struct tcp_half *h = pool_get(&tcp->halves);

	if (!h) {
		mib_inc(tcp->stack, MIB_TcpExtListenDrops);
		return;
	}
	*h = tcp_half_of(l, syn);
	h->iss = iss;
	list_init(&h->node);
	if (tcp_entry_add(tcp, &h->e)) {
		pool_put(&tcp->halves, h);
		mib_inc(tcp->stack, MIB_TcpExtListenDrops);
		return;
	}
	l->half_count++;
	enqueue(h);
	arm(l);
	TRACE(tcp->stack, LAYER_TCP, syn->p, "RFC 9293 3.10.7.2", "half-open entry, SYN-ACK with ISS %u",
		iss);
	answer(h, syn->p->id);
}

void tcp_half_free(struct tcp_half *h)
{
	struct tcp *tcp = tcp_of(tcp_listen_stack(h->listen));

	tcp_entry_del(tcp, &h->e);
	list_del(&h->node);
	h->listen->half_count--;
	pool_put(&tcp->halves, h);
}

void tcp_half_row(const struct tcp_half *h, struct tcp_row *row)
{
	uint64_t now = stack_now(tcp_listen_stack(h->listen));

	row->state = TCP_SYN_RECEIVED;
	row->info.timer = TCP_SHOW_ON;
	row->info.timer_ns = h->due_ns > now ? h->due_ns - now : 0;
	row->info.retransmits = h->retries;
}

/* ---- the ACK has come ---- */

/* The SYN once more, as far as it was remembered: both kinds of opening then go the same way. */
static struct tcp_seg remembered_syn(const struct tcp_half *h)
{
	return (struct tcp_seg){
		.seq = h->irs,
		.flags = (uint16_t)(TCP_SYN | (h->ecn ? TCP_ECE | TCP_CWR : 0)),
		.opt = {.has_mss = true,
			.mss = h->mss,
			.has_wscale = h->wscale,
			.wscale = h->snd_wscale,
			.has_sack_ok = h->sack,
			.has_ts = h->ts,
			.tsval = h->ts_recent},
	};
}

static void fill_child(struct tcp_conn *c, const struct tcp_half *h)
{
	struct tcp_seg syn = remembered_syn(h);

	c->e.local = h->e.local;
	c->e.remote = h->e.remote;
	c->e.local_port = h->e.local_port;
	c->e.remote_port = h->e.remote_port;
	port_inherit(&c->port, &h->listen->conn->port);
	c->port.ip = c->e.local;
	c->snd.iss = c->snd.una = c->snd.push = h->iss;
	c->snd.nxt = c->snd.end = h->iss + 1;
	c->ts_on = c->sack_on = c->wscale_on = c->ecn_on = true;
	c->ts_offset = tcp_ts_offset(c->stack, &c->e);
	c->advmss = tcp_advertised_mss(h->listen->conn, c->e.remote, c->e.local);
	tcp_window_init(c);
	c->rcv_wscale = h->rcv_wscale;
	tcp_take_syn(c, &syn);
	c->rcv.adv = c->rcv.nxt + h->wnd; /* as the SYN-ACK said, whatever has changed since */
	c->retries = h->retries;
	c->first_try_ns = h->cookie ? 0 : h->due_ns - wait_ns(h->retries);
}

/* The entry gives way to the connection. NULL: no memory; the entry stays. */
static struct tcp_conn *make_child(struct tcp_half *h)
{
	struct tcp_listen *l = h->listen;
	struct stack *s = tcp_listen_stack(l);
	struct tcp_conn *c = tcp_listen_make_room(l) ? tcp_conn_new(s) : NULL;

	if (!c)
		return NULL;
	if (tcp_inherit(c, l->conn)) {
		tcp_conn_free(c);
		return NULL;
	}
	fill_child(c, h);
	if (h->cookie && tcp_entry_add(tcp_of(s), &c->e)) {
		tcp_conn_free(c);
		return NULL;
	}
	if (!h->cookie) {
		tcp_entry_replace(tcp_of(s), &h->e, &c->e);
		tcp_half_free(h);
		arm(l);
	}
	tcp_listen_add(l, c);
	tcp_set_state(c, TCP_SYN_RECEIVED);
	return c;
}

/* RFC 9293 3.10.7.4 does not know of a queue that is full. Linux forgets the ACK, and the peer believes that the
 * connection stands until its text is not acknowledged; or, by sysctl, it is told at once. */
static void overflow(struct tcp_half *h, struct tcp_seg *seg)
{
	struct stack *s = tcp_listen_stack(h->listen);

	mib_inc(s, MIB_TcpExtListenOverflows);
	mib_inc(s, MIB_TcpExtListenDrops);
	h->acked = true;
	if (s->sysctl[SYSCTL_TCP_ABORT_ON_OVERFLOW]) {
		mib_inc(s, MIB_TcpExtEmbryonicRsts);
		tcp_answer_reset(s, seg);
		if (!h->cookie)
			give_up(h);
	}
	tcp_drop(s, seg, DROP_TCP_ACCEPT_QUEUE_FULL);
}

void tcp_half_complete(struct tcp_half *h, struct tcp_seg *seg)
{
	struct tcp_listen *l = h->listen;
	struct stack *s = tcp_listen_stack(l);

	if (l->accept_count > l->backlog) {
		overflow(h, seg);
		return;
	}
	struct tcp_conn *c = make_child(h);
	if (!c) {
		mib_inc(s, MIB_TcpExtListenDrops);
		tcp_drop(s, seg, DROP_NO_MEMORY);
		return;
	}
	mib_inc(s, MIB_TcpPassiveOpens);
	tcp_conn_input(c, seg);
	tcp_wake(l->conn, SOCK_EVENT_READABLE);
}

/* ---- segments for an entry: RFC 9293 3.10.7.4 in SYN-RECEIVED, as far as it needs no connection ---- */

static struct tcp_bare ack_of(const struct tcp_half *h, const struct tcp_seg *seg)
{
	struct stack *s = tcp_listen_stack(h->listen);

	return (struct tcp_bare){
		.src = h->e.local,
		.dst = h->e.remote,
		.sport = h->e.local_port,
		.dport = h->e.remote_port,
		.seq = h->iss + 1,
		.ack = h->irs + 1,
		.flags = TCP_ACK,
		.wnd = (uint16_t)(h->wscale ? h->wnd >> h->rcv_wscale : h->wnd),
		.oif = (int)h->listen->conn->port.dev,
		.parent = seg->p->id,
		.opt = {.has_ts = h->ts,
			.tsval = tcp_ts_clock(s) + tcp_ts_offset(s, &h->e),
			.tsecr = h->ts_recent},
	};
}

static void answer_ack(struct tcp_half *h, const struct tcp_seg *seg)
{
	struct stack *s = tcp_listen_stack(h->listen);
	struct tcp_bare b = ack_of(h, seg);

	if (tcp_ack_allowed(s, seg, &h->answered_ms, MIB_TcpExtTCPACKSkippedSynRecv))
		tcp_answer(s, &b);
}

/* The SYN came again: our SYN-ACK was lost, or is late. */
static bool is_same_syn(const struct tcp_half *h, const struct tcp_seg *seg)
{
	return (seg->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN && seg->seq == h->irs;
}

/* First: is it for this window, and not from the past (RFC 7323 5.2)? */
static enum drop_reason check_first(const struct tcp_half *h, const struct tcp_seg *seg)
{
	bool stamped = h->ts && !(seg->flags & TCP_RST);

	if (stamped && seg->opt.has_ts && seq_lt(seg->opt.tsval, h->ts_recent))
		return DROP_TCP_PAWS;
	if (stamped && !seg->opt.has_ts && !(seg->flags & TCP_SYN))
		return DROP_TCP_NO_TIMESTAMP;
	return tcp_is_acceptable(h->irs + 1, h->wnd, seg) ? DROP_NONE : DROP_TCP_OUT_OF_WINDOW;
}

/* Second and third: a reset in its place, or a SYN, ends the entry; the listener goes on. Nothing is answered, RFC
 * 5961 3.2 apart. True: it was either. */
static bool reset_or_syn(struct tcp_half *h, struct tcp_seg *seg)
{
	struct stack *s = tcp_listen_stack(h->listen);

	if (!(seg->flags & (TCP_RST | TCP_SYN)))
		return false;
	if (seg->flags & TCP_RST && seg->seq != h->irs + 1) {
		struct tcp_bare b = ack_of(h, seg);
		if (tcp_challenge_allowed(s, &h->answered_ms))
			tcp_answer(s, &b);
		tcp_drop(s, seg, DROP_TCP_RST_CHALLENGED);
		return true;
	}
	TRACE(s, LAYER_TCP, seg->p, "RFC 9293 3.10.7.4", "%s in SYN-RECEIVED: back to LISTEN",
		TEXT_FLAGS(seg->flags));
	mib_inc(s, MIB_TcpExtEmbryonicRsts);
	give_up(h);
	return true;
}

void tcp_half_input(struct tcp_half *h, struct tcp_seg *seg)
{
	struct stack *s = tcp_listen_stack(h->listen);
	enum drop_reason why = check_first(h, seg);

	if (is_same_syn(h, seg)) {
		if (tcp_ack_allowed(s, seg, &h->answered_ms, MIB_TcpExtTCPACKSkippedSynRecv))
			answer(h, seg->p->id);
		return;
	}
	if (why) {
		if (!(seg->flags & TCP_RST) && why != DROP_TCP_NO_TIMESTAMP)
			answer_ack(h, seg);
		tcp_drop(s, seg, why);
		return;
	}
	if (reset_or_syn(h, seg))
		return;
	if (!(seg->flags & TCP_ACK)) {
		tcp_drop(s, seg, DROP_TCP_NO_ACK);
		return;
	}
	if (seg->ack != h->iss + 1) {
		tcp_answer_reset(s, seg);
		tcp_drop(s, seg, DROP_TCP_BAD_ACK);
		return;
	}
	if (h->retries < deferred(h->listen) && seg->end == h->irs + 1) {
		mib_inc(s, MIB_TcpExtTCPDeferAcceptDrop);
		h->acked = true;
		return;
	}
	tcp_half_complete(h, seg);
}

bool tcp_half_sent(const struct tcp_half *h, uint32_t seq)
{
	return seq == h->iss;
}

/* RFC 9293 3.9.2.2: hard errors end an attempt, soft ones do not. */
void tcp_half_note(struct tcp_half *h, const struct icmp_note *note)
{
	if (note->fatal)
		give_up(h);
}
