/* SPDX-License-Identifier: MIT */
/*
 * TCP's own view of itself: segments, and what its files do for each other. What is kept of a connection is in tcb.h.
 * The files follow RFC 9293:
 *
 *   3.1 header, options     option.c segment.c          3.8.4-6 timers, keepalive  timer.c
 *   3.3 TCB, states  tcb.h  conn.c table.c              3.9.1 user calls           sock.c
 *   3.4 ISN                 isn.c                       3.9.2 ICMP                 note.c
 *   3.5 opening             listen.c cookie.c syn_sent.c   3.10.7.4 SEGMENT ARRIVES   input.c steps.c
 *   3.6 closing             conn.c time_wait.c          sending: output.c sendq.c
 *   3.8.1-3 RTO, loss, cc   rtt.c ack.c scoreboard.c rack.c recovery.c cc.c newreno.c cubic.c
 *                                                       receiving: recvq.c receive.c window.c delack.c
 *
 * Input (and timers) change state and say what should be sent: c->want, marks on the scoreboard. Output, which
 * runs once for each dirty connection at the end of the turn, looks at state and sends. Input never sends; the
 * exceptions are answers that need no connection (tcp_answer(): resets, SYN-ACKs, what TIME-WAIT says).
 */
#ifndef TCP_INTERNAL_H
#define TCP_INTERNAL_H

#include "ip/ip.h"
#include "tcp/tcb.h"
#include "tcp/tcp.h"

#define NS_PER_US UINT64_C(1000)

enum { TCP_CACHED = 64 /* free objects that each pool keeps: for the requests of a turn */ };

/* ---- a segment, parsed (option.c, input.c) ---- */

enum { TCP_SACKS_MAX = 4, TCP_MSS_DEFAULT = 536, TCP_WSCALE_MAX = 14 };

struct tcp_sack {
	uint32_t start, end; /* [start, end) */
};

struct tcp_options {
	bool has_mss, has_wscale, has_sack_ok, has_ts;
	uint16_t mss;
	uint8_t wscale;	 /* at most TCP_WSCALE_MAX (RFC 7323 2.3) */
	bool wscale_cut; /* it said more */
	uint8_t sack_count;
	uint32_t tsval, tsecr;
	struct tcp_sack sacks[TCP_SACKS_MAX];
};

/* Everything of it in host order. p->data is at the first byte of text. */
struct tcp_seg {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint32_t len; /* bytes of text */
	uint32_t end; /* seq after it: text, SYN and FIN counted */
	uint32_t wnd; /* as it stands in the header, not scaled */
	uint16_t urg;
	uint16_t flags; /* enum tcp_flag */
	uint16_t segs;	/* how many segments of the wire it stands for (super-frames): 1 or more */
	bool ce;	/* IP said: congestion experienced (RFC 3168) */
	struct tcp_options opt;
	struct pkt *p; /* whoever keeps the text takes it and writes NULL here; what is left, input.c ends */
};

/* The segment's packet ends here, by name. Nothing when it has ended already. */
void tcp_drop(struct stack *s, struct tcp_seg *seg, enum drop_reason why);

/* "SA" or "RA": one letter for each flag, for traces. `out` has TCP_FLAGS_LEN bytes. Returns `out`. */
enum { TCP_FLAGS_LEN = 16 };
char *tcp_flags_text(char *out, uint16_t flags);
#define TEXT_FLAGS(flags) tcp_flags_text((char[TCP_FLAGS_LEN]){0}, flags)

/* Unknown options are passed over by their length; a length that is wrong ends the reading (RFC 9293 3.1, MUST-7).
 * Several of one kind: the last one counts. */
void tcp_options_parse(const uint8_t *b, size_t len, struct tcp_options *o);

/* Writes what is set, padded with NOPs to a multiple of 4, in Linux's order (MSS; SACK-OK+TS; wscale; SACKs, as many
 * as fit). At most `room` bytes (40); returns how many. */
size_t tcp_options_emit(uint8_t *b, size_t room, const struct tcp_options *o);

/* ---- cause.c: for traces ---- */

/* `p` came for the connection; what it sends in this turn is an answer to it. Does nothing unless TCP is traced. */
void tcp_cause_note(struct tcp_conn *c, const struct pkt *p);
uint64_t tcp_cause_of(const struct tcp_conn *c); /* id of that packet; 0: none */
void tcp_causes_forget(struct tcp *tcp);	 /* the turn is over */
void tcp_causes_exit(struct tcp *tcp);

/* ---- conn.c: life of a connection ---- */

/* CLOSED, in no table, with the host's defaults. NULL: no memory (or too many). */
struct tcp_conn *tcp_conn_new(struct stack *s);

/* What the program asked for with setsockopt() on `from` counts for `to` as well. 0, -ENOMEM */
int tcp_inherit(struct tcp_conn *to, const struct tcp_conn *from);

/* To be written to; NULL: no memory. */
struct tcp_rare *tcp_rare_of(struct tcp_conn *c);

/* Out of every table, timers off, queues ended, memory back. It may not have a socket any more, nor be dirty. */
void tcp_conn_free(struct tcp_conn *c);

void tcp_attend(struct work *w);			      /* tcp->output_work */
struct tcp_conn *tcp_take_dirty(struct tcp *tcp);	      /* the first one, or NULL */
void tcp_set_state(struct tcp_conn *c, enum tcp_state state); /* traced and counted (TcpCurrEstab ...) */

/* Local, remote and ISS are set: window, SYN-SENT, into the table, SYN asked for. 0, -EADDRNOTAVAIL (exists), -ENOMEM */
int tcp_open_active(struct tcp_conn *c);

/* The CLOSE call (3.10.4) of the program: FIN after what is queued. It may no longer be used by its socket. Lingers
 * as an orphan as long as the state demands. Unread data: reset instead (RFC 2525 2.17). */
void tcp_close(struct tcp_conn *c);

/* SHUT_WR: FIN after what is queued; the socket stays. */
void tcp_shutdown_send(struct tcp_conn *c);

/* The ABORT call (3.10.5): reset to the peer where the state asks for one; connection gone, its socket told
 * `error` (0: nothing). Never frees a connection with a socket; frees one without, at the end of the turn. */
void tcp_abort(struct tcp_conn *c, int error);

/* The peer or the network ended it (RST, retries exhausted; error 0: it is simply over): CLOSED, out of the table, queues of what was to be sent
 * ended, socket told. What was received can still be read. An orphan is freed at the end of the turn. */
void tcp_fail(struct tcp_conn *c, int error);

/* After a step changed what programs see: SOCK_EVENT_* to the socket, if any. */
void tcp_wake(struct tcp_conn *c, unsigned events);

/* The counters of a connection that carries data; NULL: no memory (nothing is counted then). */
struct tcp_stats *tcp_stats_of(struct tcp_conn *c);

/* ---- table.c: who gets a segment ---- */

int tcp_entry_add(struct tcp *tcp, struct tcp_entry *e);  /* 0, -EADDRNOTAVAIL: these four exist, -ENOMEM */
void tcp_entry_del(struct tcp *tcp, struct tcp_entry *e); /* nothing where it is in no table */

/* `to`, of the same four numbers, takes the place of `from`. */
void tcp_entry_replace(struct tcp *tcp, struct tcp_entry *from, struct tcp_entry *to);
struct tcp_entry *tcp_entry_find(
	const struct tcp *tcp, uint32_t local, uint16_t local_port, uint32_t remote, uint16_t remote_port);

/* The listener for a segment: exact address before wildcard, bound device before any; REUSEPORT ones share by hash. */
struct tcp_listen *tcp_listen_find(const struct tcp *tcp, const struct tcp_seg *seg, int ifindex);

/* ---- isn.c: what outsiders must not guess ---- */

uint32_t tcp_isn(const struct stack *s, const struct tcp_entry *e);	  /* RFC 6528, 4 us clock */
uint32_t tcp_ts_offset(const struct stack *s, const struct tcp_entry *e); /* RFC 7323 5.4: per connection */

/* Our timestamp clock: milliseconds, as Linux's. */
static inline uint32_t tcp_ts_clock(const struct stack *s)
{
	return (uint32_t)(stack_now(s) / NS_PER_MS);
}

/* The present moment by it, to be kept in a field ..._ms, which takes half the room of one in ns: never 0, so that 0 can
 * mean "never". Every 49 days an old moment passes for a new one. */
static inline uint32_t tcp_moment(const struct stack *s)
{
	uint32_t now = tcp_ts_clock(s);

	return now ? now : UINT32_MAX;
}

static inline uint32_t tcp_ms_since(const struct stack *s, uint32_t moment_ms)
{
	return tcp_ts_clock(s) - moment_ms;
}

/* ---- listen.c, cookie.c: LISTEN, half-open entries, the accept queue ---- */

/* Less than 100 bytes; no timer of its own. */
struct tcp_half;

/* The local port is bound. Or a new backlog. 0, -EADDRINUSE (of port_listen()), -ENOMEM */
int tcp_listen_start(struct tcp_conn *c, int backlog);
void tcp_listen_stop(struct tcp_conn *c); /* half-open entries go, unaccepted connections are reset */
struct tcp_conn *tcp_listen_take(struct tcp_conn *c); /* the oldest that can be accepted, or NULL */
size_t tcp_listen_waiting(const struct tcp_conn *c);

void tcp_listen_input(struct tcp_listen *l, struct tcp_seg *seg); /* RFC 9293 3.10.7.2 */
void tcp_half_input(struct tcp_half *h, struct tcp_seg *seg);	  /* 3.10.7.4 in SYN-RECEIVED */
bool tcp_half_sent(const struct tcp_half *h, uint32_t seq);	  /* is it the number of our SYN-ACK? */
void tcp_half_note(struct tcp_half *h, const struct icmp_note *note);
void tcp_half_row(const struct tcp_half *h, struct tcp_row *row); /* its part of tcp_each() */

/* ---- input.c, syn_sent.c, steps.c, time_wait.c: SEGMENT ARRIVES (3.10.7) ---- */

void tcp_input(struct stack *s, struct pkt *p);
void tcp_conn_input(struct tcp_conn *c, struct tcp_seg *seg);	  /* by state */
void tcp_syn_sent_input(struct tcp_conn *c, struct tcp_seg *seg); /* 3.10.7.3 */
void tcp_steps(struct tcp_conn *c, struct tcp_seg *seg);	  /* 3.10.7.4 */

/* RFC 9293 3.10.7.4, first: the four cases of what is inside the window; text that fills it and overlaps it on both
 * sides is too. With one allowance (3.4): what stands at the very edge is taken when it has no text to be kept, so
 * that a peer who has filled our window still gets its ACKs, URGs and resets (window 0) heard. */
bool tcp_is_acceptable(uint32_t rcv_nxt, uint32_t rcv_wnd, const struct tcp_seg *seg);

/* RFC 9293 3.7.1, 3.8.1: the round trip of the SYN that `seg` answers, if that can be told. */
void tcp_syn_rtt(struct tcp_conn *c, const struct tcp_seg *seg);

/* Both ends have closed and ours has seen it: a small entry takes the connection's place for 60 s. Or: an orphan's
 * in FIN-WAIT-2, for linger2 or tcp_fin_timeout. The connection is then CLOSED, as by tcp_fail(c, 0). */
void tcp_enter_time_wait(struct tcp_conn *c, bool fin_wait_2_orphan);
void tcp_time_wait_input(struct tcp_entry *e, struct tcp_seg *seg);
void tcp_time_wait_row(const struct tcp_entry *e, struct tcp_row *row); /* its part of tcp_each() */
void tcp_time_wait_init(struct tcp *tcp);
void tcp_time_wait_exit(struct tcp *tcp);

/* connect(): are the four numbers of `c` free? TIME-WAIT gives way where sysctl tcp_tw_reuse says so. If they are,
 * c->snd.iss is chosen, above what an old connection used. */
bool tcp_numbers_free(struct tcp_conn *c);

/* What the handshake agreed on, from the peer's SYN or SYN-ACK (both sides use it): options, window scale, MSS, IRS. */
void tcp_take_syn(struct tcp_conn *c, const struct tcp_seg *seg);

/* The handshake is over: ESTABLISHED, initial windows, keepalive timer, WRITABLE. */
void tcp_established(struct tcp_conn *c);

/* May one more challenge ACK be sent (RFC 5961 7; global limit and one each 500 ms for a connection)? Counts it. */
bool tcp_challenge_allowed(struct stack *s, uint32_t *last_ms);

/* May one more reset be sent to a segment that has no connection (sysctl tcp_reset_ratelimit)? Counts it. */
bool tcp_reset_allowed(struct stack *s);

/* May an unacceptable segment be answered by an ACK? Those without text once in tcp_invalid_ratelimit ms, so that two
 * ends never answer each other for ever. `skipped` counts the answers not given. */
bool tcp_ack_allowed(struct stack *s, const struct tcp_seg *seg, uint32_t *last_ms, enum mib skipped);

void tcp_note(struct stack *s, const struct icmp_note *note); /* note.c */

/* ---- timer.c ---- */

void tcp_timer_set(struct tcp_conn *c, enum tcp_timer which, uint64_t deadline_ns);
void tcp_timer_stop(struct tcp_conn *c, enum tcp_timer which);		/* nothing where it does not run */
uint64_t tcp_timer_due(const struct tcp_conn *c, enum tcp_timer which); /* TIMER_NEVER: it does not run */
static inline bool tcp_timer_runs(const struct tcp_conn *c, enum tcp_timer which)
{
	return tcp_timer_due(c, which) != TIMER_NEVER;
}
void tcp_timers_stop(struct tcp_conn *c);
void tcp_timers_run(struct tcp_conn *c);
uint64_t tcp_keepidle_ms(const struct tcp_conn *c); /* TCP_KEEPIDLE or the host's */
void tcp_probe_refused(struct tcp_conn *c);	    /* a queue of our own had no room for the window probe */
#define X(name, clock, fn) void fn(struct tcp_conn *c);
TCP_TIMERS(X)
#undef X

/* ---- sendq.c: bytes written and not yet acknowledged, [snd.una, snd.end) ---- */

struct tcp_chunk;
struct tcp_sendq {
	struct list chunks;	 /* of struct tcp_chunk: by sequence number, without gaps */
	struct tcp_chunk *read;	 /* where the last tcp_sendq_put() ended: the next one mostly goes on there */
	size_t size;		 /* bytes of memory */
	uint32_t up;		 /* SND.UP, where urg_to_send says so */
	uint32_t sml;		 /* end of the last segment sent that was not full (Minshall) */
	uint32_t probe_since_ms; /* zero-window probes since then; 0: none */
};

void tcp_sendq_init(struct tcp *tcp);
void tcp_sendq_exit(struct tcp *tcp);

/* Takes up to `len` bytes, as many as buffer and memory allow. `blob`, if not NULL, is what they are part of: many are then
 * referred to, few are copied. > 0, -EAGAIN, -ENOMEM. Moves snd.end. */
ssize_t tcp_sendq_write(struct tcp_conn *c, const void *data, size_t len, struct blob *blob);
/* Puts `len` bytes from `seq` on, which are in the queue, at the end of the packet, some of them as parts. */
void tcp_sendq_put(const struct tcp_conn *c, uint32_t seq, struct pkt *p, uint32_t len);
void tcp_sendq_acked(struct tcp_conn *c, uint32_t to); /* forgets what stands before `to` */
void tcp_sendq_free(struct tcp_conn *c);
size_t tcp_sendq_size(const struct tcp_conn *c); /* bytes of memory it takes */
size_t tcp_sendq_room(const struct tcp_conn *c); /* how many bytes would be taken now */

/* Is there so much room again that a program that met -EAGAIN should be told (a third of the buffer; lowat)? */
bool tcp_sendq_is_writable(const struct tcp_conn *c);

/* ---- output.c: what to send, and when ---- */

/* Runs tcp_output() in this turn's egress phase. */
void tcp_want(struct tcp_conn *c, unsigned want);
void tcp_output(struct tcp_conn *c);

/* MSS and MTU anew from the route (it changed, ICMP said so, options were agreed). Segments in flight that are now too
 * big are marked lost where `resend`. */
void tcp_mtu_changed(struct tcp_conn *c, bool resend);

/* The MSS option for a connection by this route, or a listener's: RFC 9293 3.7.1, MUST-14 to 16, 67. */
uint16_t tcp_advertised_mss(const struct tcp_conn *c, uint32_t remote, uint32_t local);

/* The text of one segment now, with so many SACK blocks in its header. A peer with a small buffer gets pieces of half
 * of it, else it would always wait for the whole (RFC 9293 3.8.6.2.1: Fs = 1/2). */
uint32_t tcp_segment_size(const struct tcp_conn *c, unsigned sacks);

/* ---- segment.c: building one ---- */

/* A segment of a connection: header, options, window, `len` bytes of text from `seq` on, which were sent before where
 * `again`. 0, or -errno of ip_output(). */
int tcp_segment_send(struct tcp_conn *c, uint16_t flags, uint32_t seq, uint32_t len, bool again);

/* Text of each segment that one longer than the MSS would be cut into now: SACK blocks take their room. */
uint32_t tcp_piece_size(const struct tcp_conn *c);

/* A segment without a connection: half-open and TIME-WAIT entries, resets. */
struct tcp_bare {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t flags, wnd;
	uint8_t tos, ttl; /* ttl 0: the host's */
	int oif;
	uint64_t parent; /* id of the packet it answers */
	struct tcp_options opt;
};
int tcp_answer(struct stack *s, const struct tcp_bare *b);

/* The reset that a segment for no connection, or with a wrong ACK in a state that is not synchronized, gets
 * (3.10.7.1); none for a reset. */
void tcp_answer_reset(struct stack *s, const struct tcp_seg *seg);

/* ---- ack.c, scoreboard.c, rack.c, recovery.c, rtt.c: what acknowledgments say (recovery.h) ---- */

/* The window and the acknowledgment of a segment whose SEG.ACK is in [SND.UNA - max window, SND.NXT]: SACKs, una, RTT,
 * RACK, recovery, congestion control, timers; bytes leave the send queue, WRITABLE is told. */
void tcp_ack_input(struct tcp_conn *c, const struct tcp_seg *seg);

/* Output has sent [seq, end): new data (end beyond SND.NXT, which it moves), or again. FIN counts as one. Notes the time,
 * counts it as in flight, starts the timers. False: no memory to remember it; do not send. `before` sending. */
bool tcp_sent(struct tcp_conn *c, uint32_t seq, uint32_t end);

/* Bytes that congestion control and recovery allow to be sent now (cwnd - pipe, PRR). */
uint32_t tcp_cwnd_room(struct tcp_conn *c);

/* The first stretch marked lost that was not sent again yet; at most `most` bytes of it. False: none, as
 * tcp_has_lost() says. */
bool tcp_has_lost(const struct tcp_conn *c);
bool tcp_next_lost(struct tcp_conn *c, uint32_t most, uint32_t *seq, uint32_t *end);

/* The last segment in flight, for a tail loss probe; at most an MSS. False: nothing in flight. */
bool tcp_last_sent(struct tcp_conn *c, uint32_t *seq, uint32_t *end);

/* A tail loss probe went out (SND.NXT after it), with new data or without. */
void tcp_tlp_sent(struct tcp_conn *c, bool new_data);

/* The RTO fired: everything is lost, cwnd of one segment, F-RTO begins, RTO doubled and set anew. */
void tcp_rto(struct tcp_conn *c);
void tcp_flight_free(struct tcp_conn *c);
uint32_t tcp_in_flight(const struct tcp_conn *c); /* pipe, bytes (RFC 6675) */
void tcp_mark_all_lost(struct tcp_conn *c);	  /* path MTU fell (RFC 1191 6.1: no congestion) */

/* The timer that should run while data is in flight or a window is shut: RTO, TLP or the probe; the others stop. */
void tcp_rearm(struct tcp_conn *c);
uint32_t tcp_rto_us(const struct tcp_conn *c); /* RFC 6298 2.1 to 2.5, 5.7 */
uint64_t tcp_rto_ns(const struct tcp_conn *c); /* the RTO as it is now, doubled c->backoff times */
void tcp_enter_cwr(struct tcp_conn *c);	       /* ECN, or a queue of our own that is full: RFC 3168 6.1.2 */

void tcp_rtt_sample(struct tcp_conn *c, uint64_t rtt_ns); /* RFC 6298 */
uint64_t tcp_min_rtt_us(const struct tcp_conn *c);	  /* of late; SRTT where it is not known */
void tcp_idle_restart(struct tcp_conn *c); /* before sending after an idle time: RFC 5681 4.1 by sysctl */
void tcp_recovery_info(const struct tcp_conn *c, struct tcp_info *info); /* its part of TCP_INFO */

/* ---- cc.c: congestion control behind a table ---- */

const struct tcp_cc *tcp_cc_find(const char *name);
const struct tcp_cc *tcp_cc_by_number(
	int i); /* NULL after the last; sysctl tcp_congestion_control is the number */
/* ESTABLISHED: initial window (RFC 6928), ssthresh. c->retries says how often the SYN (SYN-ACK) was sent again; it is
 * 0 afterwards, as backoff. After tcp_rtt_sample(), if there is one. */
void tcp_cc_init(struct tcp_conn *c);
const struct tcp_cc *tcp_cc_of(const struct tcp_conn *c); /* NULL: not chosen yet */
const char *tcp_cc_name(const struct tcp_cc *cc);
void tcp_cc_set(struct tcp_conn *c, const struct tcp_cc *cc); /* at any time; windows stay as they are */

/* ---- recvq.c, receive.c, window.c, delack.c: text on its way up ---- */

/* Step seven and the FIN of step eight: queues what is in the window, in order or not, and says what must be
 * acknowledged and when. True: RCV.NXT has just passed the peer's FIN. Takes seg->p when it keeps it. */
bool tcp_text(struct tcp_conn *c, struct tcp_seg *seg);

/* A segment outside the window: its old part is reported by D-SACK (RFC 2883). */
void tcp_note_duplicate(struct tcp_conn *c, uint32_t seq, uint32_t end);
void tcp_urgent(struct tcp_conn *c, const struct tcp_seg *seg); /* step six (RFC 6093) */

/* Up to `room` octets, ending at the urgent mark; 0: none there. MSG_PEEK, MSG_TRUNC. */
ssize_t tcp_recvq_read(struct tcp_conn *c, void *buf, size_t room, int flags);

/* The urgent octet: 1 (0 without room); -EINVAL (none, read already, or it is in the stream), -EAGAIN (announced only). */
ssize_t tcp_recvq_read_urgent(struct tcp_conn *c, void *buf, size_t room, int flags);
size_t tcp_recvq_unread(const struct tcp_conn *c);   /* all octets in order */
size_t tcp_recvq_readable(const struct tcp_conn *c); /* those that a read would give now */
bool tcp_recvq_has_urgent(const struct tcp_conn *c); /* tcp_recvq_read_urgent() would give it */
bool tcp_recvq_at_mark(const struct tcp_conn *c);    /* the next octet is the urgent one (SIOCATMARK) */
void tcp_recvq_free(struct tcp_conn *c);

/* The window for the header of a segment that leaves now, already scaled down; moves rcv.adv, never to the left
 * (unless the program shrank the buffer to nothing: not even then). `syn`: not scaled. */
uint16_t tcp_window_to_send(struct tcp_conn *c, bool syn);
void tcp_window_init(struct tcp_conn *c); /* before the SYN: rcv_wscale, first window from tcp_rmem */

/* RCV.NXT is known and wscale_on agreed: what our SYN offered counts from there. */
void tcp_window_start(struct tcp_conn *c);

/* The first window for the connection's (or listener's) buffer (not scaled; whole segments of `mss`), and the scale to
 * offer: what that buffer needs, or, unless the program has set it, the largest there may be. */
uint32_t tcp_window_first(const struct tcp_conn *c, uint16_t mss, uint8_t *wscale);

/* SACK blocks for a segment that leaves now, D-SACK first; at most `max`. Returns how many. */
unsigned tcp_sack_blocks(struct tcp_conn *c, struct tcp_sack *blocks, unsigned max);

/* Bytes that so many blocks take in a header, with two NOPs. */
static inline unsigned tcp_sack_len(unsigned blocks)
{
	return blocks ? 4 + 8 * blocks : 0;
}
unsigned tcp_sack_count(const struct tcp_conn *c, unsigned max); /* how many these would be */

/* An ACK has left (any segment has one): delayed ACK timer off, rcv.acked moved. */
void tcp_ack_sent(struct tcp_conn *c);

/* Text of ours has left: soon after the peer's, it makes the connection a dialogue, where ACKs wait for the answer. */
void tcp_replied(struct tcp_conn *c);
void tcp_quickack(
	struct tcp_conn *c, unsigned segments); /* the next so many segments are acknowledged at once */
void tcp_recv_info(const struct tcp_conn *c, struct tcp_info *info);

/* ---- mem.c: bounds over all connections (tcp_mem, tcp_rmem, tcp_wmem, tcp_max_orphans) ---- */

bool tcp_mem_take(struct stack *s, size_t bytes); /* false: over the hard limit, nothing taken */
void tcp_mem_give(struct stack *s, size_t bytes);
void tcp_mem_force(struct stack *s, size_t bytes); /* where progress needs it */
bool tcp_mem_pressure(const struct stack *s);
bool tcp_mem_full(const struct stack *s);

/* Is this orphan one too many (tcp_max_orphans, each counted `weight` times; memory at the limit)? */
bool tcp_too_many_orphans(const struct stack *s, unsigned weight);

/* ---- info.c: STATUS (RFC 9293 3.9.1.6), tcp_each() ---- */

void tcp_conn_info(const struct tcp_conn *c, struct tcp_info *info);

/* The other entries' rows for tcp_each() (listen.c, time_wait.c): addresses and ports are filled in already. */
void tcp_half_row(const struct tcp_half *h, struct tcp_row *row);
void tcp_time_wait_row(const struct tcp_entry *e, struct tcp_row *row);

/* ---- sock.c ---- */

extern const struct sock_ops tcp_sock_ops;

/* The socket of a TCP endpoint. */
struct tcp_sock {
	struct sock sk;
	struct tcp_conn *conn; /* always there while sk.stack is */
};

static inline struct tcp_conn *tcp_sock_conn(const struct sock *sk)
{
	return CONTAINER_OF((struct sock *)(uintptr_t)sk, struct tcp_sock, sk)->conn;
}

/* sockopt.c */
int tcp_sock_set(struct sock *sk, enum sock_option opt, int value);
int tcp_sock_get(struct sock *sk, enum sock_option opt, int *value);
void tcp_sock_changed(struct sock *sk, enum sock_option opt);
int tcp_sock_set_congestion(struct sock *sk, const char *name);

#endif
