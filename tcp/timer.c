/* SPDX-License-Identifier: MIT */
/*
 * What happens when nothing happens (RFC 9293 3.8, 3.10.8; RFC 6298 5).
 *
 * A connection has one entry in the wheel and an array of deadlines. Setting a deadline later than the entry's
 * only writes it down; when the entry rings, those that are due are served and it is set to the next one.
 * Handlers change state and ask output to send.
 */
#include "lib/text.h"
#include "tcp/internal.h"

#include <errno.h>

#define RTO_MIN_MS UINT64_C(200)
#define RTO_MAX_MS UINT64_C(120000)
#define PRESSED_MS UINT64_C(60000) /* so long a window may stay shut while memory is short */
#define REFUSED_MS UINT64_C(500)   /* as Linux's TCP_RESOURCE_PROBE_INTERVAL */
#define NS_PER_MS  UINT64_C(1000000)

/* ---- the array of deadlines ---- */

static const struct {
	enum tcp_clock clock;
	void (*ring)(struct tcp_conn *c);
} timers[TCP_TIMER_COUNT] = {
#define X(name, clock, fn) [TCP_TIMER_##name] = {TCP_CLOCK_##clock, fn},
	TCP_TIMERS(X)
#undef X
};

static enum tcp_timer timer_of(const struct tcp_conn *c, unsigned clock)
{
	static const uint8_t only[TCP_CLOCK_COUNT] = {
		[TCP_CLOCK_RECEIVING] = TCP_TIMER_DELACK, [TCP_CLOCK_KEEPALIVE] = TCP_TIMER_KEEPALIVE};

	return clock == TCP_CLOCK_SENDING ? c->sending : only[clock];
}

static uint64_t deadline(const struct tcp_conn *c, unsigned clock)
{
	return clock == TCP_CLOCK_KEEPALIVE ? tcp_rare(c)->keepalive_ns : c->deadline_ns[clock];
}

static void set_deadline(struct tcp_conn *c, unsigned clock, uint64_t deadline_ns)
{
	if (clock != TCP_CLOCK_KEEPALIVE)
		c->deadline_ns[clock] = deadline_ns;
	else if (c->rare)
		c->rare->keepalive_ns = deadline_ns;
}

void tcp_timer_set(struct tcp_conn *c, enum tcp_timer which, uint64_t deadline_ns)
{
	if (timers[which].clock == TCP_CLOCK_SENDING)
		c->sending = (uint8_t)which;
	set_deadline(c, timers[which].clock, deadline_ns);
	if (!timer_is_armed(&c->timer) || deadline_ns < c->timer.deadline_ns)
		timer_arm(&stack_loop(c->stack)->wheel, &c->timer, deadline_ns);
}

void tcp_timer_stop(struct tcp_conn *c, enum tcp_timer which)
{
	if (tcp_timer_runs(c, which))
		set_deadline(c, timers[which].clock, TIMER_NEVER);
}

void tcp_timers_stop(struct tcp_conn *c)
{
	for (unsigned i = 0; i < TCP_CLOCK_COUNT; i++)
		set_deadline(c, i, TIMER_NEVER);
	timer_cancel(&stack_loop(c->stack)->wheel, &c->timer);
}

uint64_t tcp_timer_due(const struct tcp_conn *c, enum tcp_timer which)
{
	enum tcp_clock clock = timers[which].clock;

	return timer_of(c, clock) == which ? deadline(c, clock) : TIMER_NEVER;
}

static uint64_t earliest(const struct tcp_conn *c)
{
	uint64_t first = TIMER_NEVER;

	for (unsigned i = 0; i < TCP_CLOCK_COUNT; i++)
		first = MIN(first, deadline(c, i));
	return first;
}

void tcp_timers_run(struct tcp_conn *c)
{
	uint64_t now = stack_now(c->stack);

	for (unsigned i = 0; i < TCP_CLOCK_COUNT; i++) {
		if (deadline(c, i) > now)
			continue;
		set_deadline(c, i, TIMER_NEVER);
		timers[timer_of(c, i)].ring(c);
	}
	if (earliest(c) != TIMER_NEVER)
		timer_arm(&stack_loop(c->stack)->wheel, &c->timer, earliest(c));
}

static void set_after_ms(struct tcp_conn *c, enum tcp_timer which, uint64_t ms)
{
	tcp_timer_set(c, which, stack_now(c->stack) + ms * NS_PER_MS);
}

/* The RTO, doubled so often, in ms. */
static uint64_t backed_off_ms(const struct tcp_conn *c, unsigned times)
{
	return MIN(((uint64_t)tcp_rto_us(c) / 1000) << MIN(times, 20U), RTO_MAX_MS);
}

/* ---- how long is too long ---- */

/* The time that so many retransmissions take from the least RTO on (RFC 1122 4.2.3.5, counted as Linux does: a time,
 * not a number, so that a large RTO does not keep a dead connection for hours). */
static uint64_t patience_ms(unsigned retries)
{
	unsigned doubling = 9; /* then 200 ms have become 120 s */

	if (retries <= doubling)
		return ((UINT64_C(2) << retries) - 1) * RTO_MIN_MS;
	return ((UINT64_C(2) << doubling) - 1) * RTO_MIN_MS + (retries - doubling) * RTO_MAX_MS;
}

static unsigned most_retries(const struct tcp_conn *c)
{
	const int32_t *sysctl = c->stack->sysctl;
	unsigned orphans =
		sysctl[SYSCTL_TCP_ORPHAN_RETRIES] ? (unsigned)sysctl[SYSCTL_TCP_ORPHAN_RETRIES] : 8;

	return c->is_orphan ? orphans : (unsigned)sysctl[SYSCTL_TCP_RETRIES2];
}

/* Has the peer been silent for longer than TCP_USER_TIMEOUT (RFC 9293 3.9.1.1), or than tcp_retries2 allows? */
static bool has_waited_too_long(const struct tcp_conn *c)
{
	uint64_t waited_ms = (stack_now(c->stack) - c->first_try_ns) / NS_PER_MS;

	if (tcp_rare(c)->user_timeout_ms)
		return c->retries && waited_ms >= tcp_rare(c)->user_timeout_ms;
	return c->retries && waited_ms >= patience_ms(most_retries(c));
}

static void begin_or_go_on(struct tcp_conn *c)
{
	if (c->retries == 0)
		c->first_try_ns = stack_now(c->stack) - tcp_rto_us(c) * NS_PER_US;
	if (c->retries < UINT8_MAX)
		c->retries++;
}

static void time_out(struct tcp_conn *c)
{
	mib_inc(c->stack, MIB_TcpExtTCPAbortOnTimeout);
	tcp_abort(c, c->soft_error ? c->soft_error : ETIMEDOUT);
}

/* ---- the handshake ---- */

/* Linux sends the first few at the same distance before it doubles. */
static void syn_again(struct tcp_conn *c)
{
	const int32_t *sysctl = c->stack->sysctl;
	unsigned most = c->state == TCP_SYN_RECEIVED ? (unsigned)sysctl[SYSCTL_TCP_SYNACK_RETRIES]
		: tcp_rare(c)->syncnt		     ? tcp_rare(c)->syncnt
						     : (unsigned)sysctl[SYSCTL_TCP_SYN_RETRIES];
	unsigned linear = (unsigned)sysctl[SYSCTL_TCP_SYN_LINEAR_TIMEOUTS];
	uint64_t waited_ms = (stack_now(c->stack) - c->first_try_ns) / NS_PER_MS;

	if (tcp_rare(c)->user_timeout_ms ? waited_ms >= tcp_rare(c)->user_timeout_ms
					 : c->retries >= most + (c->state == TCP_SYN_SENT ? linear : 0)) {
		time_out(c);
		return;
	}
	c->retries++;
	if (c->state == TCP_SYN_RECEIVED || c->retries > linear)
		c->backoff++;
	mib_inc(c->stack, MIB_TcpExtTCPTimeouts);
	set_after_ms(c, TCP_TIMER_REXMIT, backed_off_ms(c, c->backoff));
	tcp_want(c, TCP_WANT_SYN);
}

/* ---- data in flight ---- */

/* R1 of RFC 9293 3.8.3: time to tell IP, and who watches, that something is wrong. */
static void doubt_the_way(const struct tcp_conn *c)
{
	TRACE(c->stack, LAYER_TCP, NULL, "RFC 9293 3.8.3", "%s:%u: %u retransmissions in a row",
		TEXT_IP(c->e.remote), c->e.remote_port, c->retries);
	route_doubt(c->stack, c->e.remote);
}

/* RFC 6298 5.4 to 5.7 */
void tcp_timer_rexmit(struct tcp_conn *c)
{
	if (!tcp_is_synchronized(c)) {
		syn_again(c);
		return;
	}
	begin_or_go_on(c);
	if (c->retries > 1 && has_waited_too_long(c)) {
		time_out(c);
		return;
	}
	if (c->retries == (unsigned)c->stack->sysctl[SYSCTL_TCP_RETRIES1])
		doubt_the_way(c);
	mib_inc(c->stack, MIB_TcpExtTCPTimeouts);
	tcp_rto(c);
	tcp_want(c, 0);
}

/* How long the window has been shut. A FIN without text has no send queue: no window holds it back, only a queue of ours. */
static uint32_t probing_ms(const struct tcp_conn *c)
{
	struct tcp_sendq *q = c->sendq;

	if (!q)
		return 0;
	if (q->probe_since_ms == 0)
		q->probe_since_ms = tcp_moment(c->stack);
	return tcp_ms_since(c->stack, q->probe_since_ms);
}

/* As long as the peer acknowledges probes, the connection stays (RFC 9293 3.8.6.1, MUST-37), unless the program has
 * said how long it will wait, or has gone, or memory is short and this is no short while (RFC 6429). */
static bool probes_are_in_vain(const struct tcp_conn *c)
{
	uint32_t waited_ms = probing_ms(c);

	if (tcp_rare(c)->user_timeout_ms)
		return waited_ms >= tcp_rare(c)->user_timeout_ms;
	if (c->is_orphan && backed_off_ms(c, c->backoff) >= RTO_MAX_MS)
		return true;
	if (tcp_mem_pressure(c->stack) && waited_ms >= PRESSED_MS)
		return true;
	return c->retries >= most_retries(c);
}

/* SHLD-30: ever more rarely. */
void tcp_timer_probe(struct tcp_conn *c)
{
	if (probes_are_in_vain(c)) {
		time_out(c);
		return;
	}
	begin_or_go_on(c);
	if (backed_off_ms(c, c->backoff) < RTO_MAX_MS)
		c->backoff++;
	set_after_ms(c, TCP_TIMER_PROBE, backed_off_ms(c, c->backoff));
	tcp_want(c, TCP_WANT_PROBE);
}

/* That says nothing about the peer, so the next one comes soon and no later than this one came. */
void tcp_probe_refused(struct tcp_conn *c)
{
	if (c->backoff)
		c->backoff--;
	set_after_ms(c, TCP_TIMER_PROBE, REFUSED_MS);
}

/* ---- silence ---- */

uint64_t tcp_keepidle_ms(const struct tcp_conn *c)
{
	int32_t def = c->stack->sysctl[SYSCTL_TCP_KEEPALIVE_TIME];

	return UINT64_C(1000) * (tcp_rare(c)->keepidle_s ? tcp_rare(c)->keepidle_s : (uint32_t)def);
}

static uint64_t keepintvl_ms(const struct tcp_conn *c)
{
	int32_t def = c->stack->sysctl[SYSCTL_TCP_KEEPALIVE_INTVL];

	return UINT64_C(1000) * (tcp_rare(c)->keepintvl_s ? tcp_rare(c)->keepintvl_s : (uint32_t)def);
}

static bool peer_is_gone(const struct tcp_conn *c, uint32_t idle_ms)
{
	unsigned most = tcp_rare(c)->keepcnt ? tcp_rare(c)->keepcnt
					     : (unsigned)c->stack->sysctl[SYSCTL_TCP_KEEPALIVE_PROBES];

	if (tcp_rare(c)->user_timeout_ms)
		return c->retries > 0 && idle_ms >= tcp_rare(c)->user_timeout_ms;
	return c->retries >= most;
}

/* RFC 9293 3.8.4: only while nothing is in flight and nothing waits to be sent; then other timers watch the peer. */
void tcp_timer_keepalive(struct tcp_conn *c)
{
	uint32_t idle_ms = tcp_ms_since(c->stack, c->last_rcv_ms);

	if (!c->wishes.keepalive || !tcp_is_synchronized(c))
		return;
	if (c->snd.una != c->snd.end + c->fin_sent) {
		set_after_ms(c, TCP_TIMER_KEEPALIVE, tcp_keepidle_ms(c));
		return;
	}
	if (idle_ms < tcp_keepidle_ms(c)) {
		set_after_ms(c, TCP_TIMER_KEEPALIVE, tcp_keepidle_ms(c) - idle_ms);
		return;
	}
	if (peer_is_gone(c, idle_ms)) {
		time_out(c);
		return;
	}
	c->retries++;
	tcp_want(c, TCP_WANT_KEEPALIVE);
	set_after_ms(c, TCP_TIMER_KEEPALIVE, keepintvl_ms(c));
}

/* RFC 9293 3.8.6.3 is delack.c's, RFC 8985 rack.c's. Here: nothing was in flight for a while. */
void tcp_timer_rest(struct tcp_conn *c)
{
	if (c->snd.una == c->snd.nxt)
		tcp_flight_free(c);
}
