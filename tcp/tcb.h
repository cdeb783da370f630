/* SPDX-License-Identifier: MIT */
/* What is kept: of a connection, the TCB (RFC 9293 3.3.1), and of a host's TCP as a whole. */
#ifndef TCP_TCB_H
#define TCP_TCB_H

#include "net/port.h"
#include "net/sock.h"
#include "net/stack.h"
#include "net/tcp_info.h"
#include "net/wire_tcp.h"
#include "tcp/seq.h"

struct tcp_cc;
struct tcp_conn;
struct tcp_causes;
struct tcp_flight;
struct tcp_recvq;
struct tcp_sendq;

/* ---- the host's TCP ---- */

/* What the demultiplexer finds: the first member of connections, half-open and TIME-WAIT entries. */
enum tcp_entry_kind { TCP_ENTRY_CONN, TCP_ENTRY_HALF, TCP_ENTRY_TW };
struct tcp_entry {
	struct hash_link link; /* in tcp->entries */
	uint32_t local, remote;
	uint16_t local_port, remote_port;
	uint8_t kind;
	bool listed; /* it is in the table */
};

/* What may still be sent in the second that began at since_ns. */
struct tcp_quota {
	uint64_t since_ns; /* 0: never */
	uint32_t left;
};

struct tcp {
	struct stack *stack;
	struct hash entries;   /* of struct tcp_entry, by addresses and ports */
	struct hash listeners; /* of struct tcp_listen, by port */
	struct port_table ports;
	struct siphash_key hash_key, isn_key, ts_key, cookie_key;
	struct pool conns, halves, time_waits, flights, sent, recvqs, runs, stats, sendqs, small_chunks;
	size_t orphans;
	size_t memory;	   /* bytes held in queues, true sizes */
	bool mem_pressure; /* tcp_mem: it was above the second and is not yet below the first */
	struct tcp_quota challenges, resets;	   /* RFC 5961 7: so many in this second */
	struct tcp_conn *dirty_first, *dirty_last; /* something happened to them, output has to look */
	struct work output_work;		   /* which it does at the end of the turn */
	struct list time_wait;			   /* entries by the time they end: all stay equally long */
	struct list fin_wait_2;			   /* orphans' entries, likewise */
	struct timer time_wait_timer;		   /* the first of both */
	struct tcp_causes *causes;		   /* cause.c; NULL: TCP was never traced */
};

static inline struct tcp *tcp_of(struct stack *s)
{
	return s->tcp;
}

/* ---- a connection: the TCB (RFC 9293 3.3.1) ---- */

/* X(NAME, clock, function that is called when it is due). Those that watch over what we send come one at a time: setting
 * one ends the others. */
#define TCP_TIMERS(X)                                                                                        \
	X(REXMIT, SENDING, tcp_timer_rexmit)   /* RTO (RFC 6298) */                                          \
	X(PROBE, SENDING, tcp_timer_probe)     /* zero window (3.8.6.1) */                                   \
	X(TLP, SENDING, tcp_timer_tlp)	       /* tail loss (RFC 8985 7) */                                  \
	X(REORDER, SENDING, tcp_timer_reorder) /* RACK (RFC 8985 6.3) */                                     \
	X(REST, SENDING, tcp_timer_rest)       /* nothing sent for a while: the flight part is given back */ \
	X(DELACK, RECEIVING, tcp_timer_delack) /* delayed ACK (3.8.6.3) */                                   \
	X(KEEPALIVE, KEEPALIVE, tcp_timer_keepalive) /* 3.8.4 */

enum tcp_timer {
#define X(name, clock, fn) TCP_TIMER_##name,
	TCP_TIMERS(X)
#undef X
		TCP_TIMER_COUNT
};
enum tcp_clock { TCP_CLOCK_SENDING, TCP_CLOCK_RECEIVING, TCP_CLOCK_KEEPALIVE, TCP_CLOCK_COUNT };

/* What input and timers ask of output. */
enum tcp_want {
	TCP_WANT_ACK = 1 << 0,	     /* an ACK, now */
	TCP_WANT_PROBE = 1 << 1,     /* a byte or an old sequence number into a zero window */
	TCP_WANT_KEEPALIVE = 1 << 2, /* an ACK with SEG.SEQ = SND.UNA - 1 */
	TCP_WANT_TLP = 1 << 3,	     /* new data beyond cwnd, or the last segment again */
	TCP_WANT_SYN = 1 << 4,	     /* the SYN (or SYN-ACK of a simultaneous open), first or again */
	TCP_WANT_PUSH = 1 << 5,	     /* what Nagle or cork held back */
	TCP_WANT_RST = 1 << 6,	     /* a reset, then the connection is gone */
};

/* What setsockopt() can change, small enough to be in every connection. 0: the host's default. */
struct tcp_wishes {
	uint8_t ttl, tos; /* ttl 0: the host's */
	bool nodelay : 1, cork : 1, keepalive : 1, oobinline : 1;
	bool rcvbuf_locked : 1, sndbuf_locked : 1; /* set by the program: not tuned */
	bool pmtu_off : 1, pmtu_probe : 1;	   /* IP_MTU_DISCOVER */
};

/* And what few programs change or meet. 0: the host's default. */
struct tcp_rare {
	uint32_t user_timeout_ms, notsent_lowat;
	uint16_t keepidle_s, keepintvl_s, defer_accept_s, maxseg;
	int16_t linger2_s; /* -1: none */
	uint8_t keepcnt, syncnt;
	bool lingers;
	int linger_s;	       /* SO_LINGER, if it lingers */
	uint32_t rcv_up;       /* RCV.UP */
	uint64_t keepalive_ns; /* the deadline of TCP_CLOCK_KEEPALIVE */
};

struct tcp_conn {
	struct tcp_entry e; /* hashed in SYN-SENT and all synchronized states */
	struct port_owner port;
	struct stack *stack;
	struct sock *sock; /* NULL: not accepted yet, or closed by its program (orphan) */
	/* In the queue of those (conn.c), always where it has neither socket nor queue nor table. NULL: not in there. */
	struct tcp_conn *dirty_next;

	uint8_t state;	  /* enum tcp_state */
	uint8_t ca_state; /* enum tcp_ca_state */
	uint8_t want;	  /* enum tcp_want */
	uint8_t retries;  /* of the timer that is running: retransmissions, probes or keepalives in a row */
	uint8_t backoff;  /* how often the RTO has been doubled */
	/* Agreed in the handshake. Before its end: what our SYN offers, by sysctl (tcp_take_syn() takes away what
	 * the peer does not want; ecn_on: tcp_ecn is 1). */
	bool ts_on : 1, sack_on : 1, wscale_on : 1, ecn_on : 1;
	bool ecn_echo : 1; /* receiver: ECE until the peer says CWR */
	bool ecn_cwr : 1;  /* sender: CWR on the next new data */
	bool ecn_seen : 1;
	bool is_orphan : 1;		  /* its program has closed; counted in tcp->orphans */
	bool fin_queued : 1;		  /* CLOSE or SHUTDOWN was called: FIN after the last byte */
	bool fin_sent : 1;		  /* and it stands in [una, nxt) or was acknowledged */
	bool fin_seen : 1;		  /* RCV.NXT has passed the peer's FIN */
	bool rcv_shut : 1;		  /* nobody will read any more */
	bool urg_to_send : 1;		  /* sendq->up holds */
	bool urg_seen : 1, urg_taken : 1; /* rare->rcv_up holds; and was read */
	bool more : 1;			  /* the last write said MSG_MORE */
	bool held : 1;			  /* and no ACK has come since: as cork */
	bool is_waiting : 1;		  /* in an accept queue */
	bool syn_was_lost : 1;		  /* RFC 6298 5.7: the first RTO is longer */
	uint8_t snd_wscale, rcv_wscale;
	uint8_t soft_error;   /* errno of an ICMP error that ended nothing: told when retries are exhausted */
	uint8_t sending;      /* enum tcp_timer: the one that TCP_CLOCK_SENDING is set for */
	uint32_t answered_ms; /* last ACK for a bad segment: one in tcp_invalid_ratelimit ms */

	struct timer timer; /* the earliest of: */
	/* by enum tcp_clock; KEEPALIVE's is rare->keepalive_ns; TIMER_NEVER: off */
	uint64_t deadline_ns[TCP_CLOCK_KEEPALIVE];

	struct {
		uint32_t una, nxt, wnd, wl1, wl2;
		uint32_t iss;
		uint32_t max_wnd; /* largest window the peer ever offered */
		uint32_t end;	  /* after the last byte that the program wrote; the FIN is not counted */
		uint32_t push;	  /* the octet before it is pushed, though the program has written more */
	} snd;
	struct {
		uint32_t nxt, irs;
		uint32_t adv;	/* right edge that was advertised: RCV.NXT + RCV.WND */
		uint32_t acked; /* RCV.NXT as we last told it (Last.ACK.sent, RFC 7323 4.3) */
	} rcv;

	uint32_t cwnd, ssthresh; /* bytes; ssthresh UINT32_MAX: none yet */
	uint16_t mss;		 /* SMSS: text of a full segment, without options that every segment bears */
	uint16_t peer_mss;	 /* as the peer's option said, or 536 */
	uint16_t advmss;	 /* as our option said */
	uint16_t rcv_mss;	 /* estimate of what the peer sends */
	uint32_t mtu;		 /* path MTU when mss was computed */
	uint32_t generation;	 /* of routes and addresses, then */

	uint32_t ts_recent, ts_offset;
	uint32_t ts_recent_s;	     /* when ts_recent was set, in s: stale after 24 days (RFC 7323 5.5) */
	uint32_t srtt_us, rttvar_us; /* srtt 0: none yet */
	uint32_t sndbuf, rcvbuf;     /* limits, bytes */
	uint32_t last_send_ms, last_rcv_ms; /* data sent; anything received; 0: never */
	uint64_t first_try_ns;		    /* when the present row of retries began */

	struct tcp_sendq *sendq;   /* NULL: no bytes */
	struct tcp_flight *flight; /* NULL: at rest (recovery.h) */
	struct tcp_recvq *recvq;   /* NULL: nothing held (recvq.h) */
	struct tcp_stats *stats;   /* NULL: no data yet */
	struct tcp_rare *rare;	   /* NULL: nothing of it was asked for, see tcp_rare() */
	struct tcp_wishes wishes;
	uint8_t cc; /* one more than its number (cc.c); 0: not chosen, tcp_cc_init() takes the host's */

	/* receiving (window.c, delack.c) */
	uint32_t rcv_ssthresh; /* most that is offered: grows as the peer fills its segments */
	uint32_t text_ms;      /* tcp_ts_clock() when text came last */
	uint16_t ato_ms;       /* how long an ACK waits; 0: no text yet */
	uint8_t quick;	       /* so many segments are still acknowledged at once */
	uint8_t pushed : 2;    /* short segments that came since the last ACK, at most 2 */
	bool dialogue : 1;     /* what comes is answered by text soon: the ACK rides on that */
};

/* Counted for TCP_INFO once a connection carries data, and the state of receive autotuning. */
struct tcp_stats {
	uint64_t bytes_sent, bytes_retrans, bytes_acked, bytes_received;
	uint64_t segs_out, segs_in, data_segs_out, data_segs_in;
	uint32_t total_retrans, dsack_dups, rcv_ooopack, reord_seen, reordering, delivered, delivered_ce;
	uint64_t busy_ns, rwnd_limited_ns, sndbuf_limited_ns, last_ack_ns;
	struct {
		uint32_t copied_seq; /* what the program had read when the measurement began */
		uint32_t space;	     /* bytes it read in the one before */
		uint64_t began_ns;
		uint32_t rtt_us, rtt_seq; /* the receiver's estimate of the round trip */
		uint64_t rtt_ns;
	} rcvq;
};

static inline const struct tcp_rare *tcp_rare(const struct tcp_conn *c)
{
	static const struct tcp_rare nothing = {.keepalive_ns = TIMER_NEVER};

	return c->rare ? c->rare : &nothing;
}

static inline bool tcp_is_synchronized(const struct tcp_conn *c)
{
	return c->state >= TCP_ESTABLISHED;
}

/* RCV.WND: what we told the peer it may still send. */
static inline uint32_t tcp_rcv_wnd(const struct tcp_conn *c)
{
	return seq_lt(c->rcv.nxt, c->rcv.adv) ? c->rcv.adv - c->rcv.nxt : 0;
}

static inline bool tcp_fin_acked(const struct tcp_conn *c)
{
	return c->fin_sent && c->snd.una == c->snd.end + 1;
}

/* States in which we may still send new data, and in which the peer may (tables in conn.c). */
bool tcp_may_send(const struct tcp_conn *c);	/* ESTABLISHED, CLOSE-WAIT */
bool tcp_may_receive(const struct tcp_conn *c); /* ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2 */

#endif
