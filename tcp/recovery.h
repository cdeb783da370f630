/* SPDX-License-Identifier: MIT */
/*
 * The flight: what a connection must know while bytes are under way. It is made by the first tcp_sent() and given back
 * when nothing has been in flight for a while.
 *
 * The scoreboard. Records cover [SND.UNA, SND.NXT) without a gap. A record is what was sent in one go, up to 64 KiB; it
 * is only cut where SACK or a retransmission needs a part of it, and only where segments met, so no peer can make us
 * keep small pieces (CVE-2019-11477, -11478, -11479). A record is in one of three states:
 *
 *                  SACK (RFC 2018)
 *      FLYING ----------------------> SACKED        all in flight->sent by sequence number;
 *       |  ^                            ^           FLYING also in flight->flying by time of sending (RACK
 *  RACK |  | sent again, undo           | SACK      looks at the oldest first), LOST also in flight->lost
 *       v  |                            |           by sequence number (the next to be sent again first).
 *       LOST ---------------------------+
 *
 * So SetPipe() of RFC 6675 is a sum that is kept: the bytes FLYING.
 */
#ifndef TCP_RECOVERY_H
#define TCP_RECOVERY_H

#include "tcp/cc.h"
#include "tcp/internal.h"

enum { TCP_DUPTHRESH = 3, TCP_SENT_MAX = 8192 /* records, as far as SACK and new data make them */ };
enum { TCP_RECORD_MAX = 65536 /* bytes of one */, TCP_HINTS = 64, TCP_HINT_SHIFT = 16 };

enum tcp_sent_state { TCP_FLYING, TCP_SACKED, TCP_LOST, TCP_SENT_STATES };

struct tcp_sent {
	struct list node;  /* in flight->sent */
	struct list order; /* in flight->flying or flight->lost */
	uint32_t seq, end;
	uint16_t mss;	      /* where it may be cut: at multiples of this from seq */
	uint8_t state;	      /* enum tcp_sent_state */
	bool again : 1;	      /* it was sent more than once */
	bool app_limited : 1; /* when it was sent, there was no more to send */
	uint64_t sent_ns;     /* the last time */
	uint64_t number;      /* of that transmission: tells two of the same moment apart */

	/* when it was sent, for the delivery rate: */
	uint64_t delivered;    /* bytes delivered until then */
	uint64_t delivered_ns; /* time of the ACK that said so */
	uint64_t first_ns;     /* time of sending of the record that ACK was about */
};

/* What one ACK said, gathered while it is looked at. */
struct tcp_ack {
	const struct tcp_seg *seg; /* NULL: a timer, not an ACK */
	uint32_t acked;		   /* bytes that left [una, nxt) */
	uint32_t delivered;	   /* bytes that were acknowledged or SACKed for the first time */
	uint32_t lost;		   /* bytes that were marked lost */
	bool una_moved, window, dup, ece;
	bool sacked;	  /* a block told something new */
	bool reordered;	  /* something was overtaken, which is counted */
	bool again_acked; /* SND.UNA passed bytes that were sent more than once (Karn) */
	bool orig;	  /* bytes below the recovery point that were sent only once arrived (F-RTO) */
	bool dsack, dsack_tlp;
	bool ended;			      /* a reduction is over */
	uint64_t sent_first_ns, sent_last_ns; /* least and most of what was sent once; 0: none */
	uint64_t rtt_ns;		      /* by the youngest of them; 0: unknown */
	struct {
		uint64_t number, delivered, delivered_ns, sent_ns, first_ns; /* of the youngest record */
		bool app_limited, set;
	} rate;
};

struct tcp_flight {
	struct list sent, flying, lost;
	uint64_t transmissions;
	struct tcp_sent *hints[TCP_HINTS]; /* see find() in scoreboard.c */
	struct tcp_sent *mark;		   /* the record that was put into `lost` last; NULL: none */
	uint32_t count;			   /* of records */
	uint32_t bytes[TCP_SENT_STATES];
	uint32_t retrans; /* bytes of those FLYING that were sent again */
	uint32_t fack;	  /* the highest sequence number that arrived (RFC 8985: RACK.fack) */
	uint32_t dupacks; /* segments that duplicate ACKs say have arrived; peers without SACK */
	struct tcp_sack blocks[TCP_SACKS_MAX]; /* of the ACK before, already looked at */
	uint8_t block_count;

	uint32_t recovery_point; /* SND.NXT when recovery began (RFC 6675) */
	bool frto;		 /* RFC 5682 is on the trail of a spurious timeout */
	bool frto_new;		 /* and wants new data instead of what is marked lost */
	bool frto_tried;	 /* and got some */

	struct { /* RFC 8985 6.1: the latest transmission that arrived */
		uint64_t number;
		uint32_t end;
		uint64_t rtt_ns;
		bool reordering_seen, dsack_seen;
		uint8_t wnd_mult;	  /* how wide reo_wnd is, see rack_window(); */
		uint8_t wnd_persist;	  /* and for how many recoveries */
		uint64_t round_delivered; /* a round trip has passed when this has arrived */
	} rack;
	struct { /* RFC 8985 7.1 */
		uint32_t end;
		bool out, retrans;
		bool unmeasured; /* no RTT sample since the last one */
	} tlp;
	struct { /* RFC 6937 */
		uint32_t prior_cwnd, delivered, out;
	} prr;
	struct { /* RFC 3522, 4015, 2883 */
		bool possible;
		uint32_t marker; /* SND.UNA when recovery began */
		uint32_t bytes;	 /* sent again since, and not told to be superfluous */
		bool again;	 /* something was */
		uint32_t prior_cwnd, prior_ssthresh;
		bool stamped;
		uint32_t stamp; /* the timestamp clock at the first retransmission */
	} undo;
	struct {
		uint64_t delivered, delivered_ns, first_ns;
		uint64_t limited_until; /* bytes delivered; what was sent before was limited by the program */
		uint64_t bytes, interval_ns; /* the last good sample */
	} rate;
	struct {
		uint32_t end;  /* the round ends when this is acknowledged */
		uint32_t most; /* bytes in flight in it */
		bool limited;
	} usage;				  /* was cwnd the limit? */
	uint64_t retrans_total, dsack_total;	  /* bytes: more D-SACKs than retransmissions are lies */
	uint64_t min_rtt_ns[2], min_rtt_since_ns; /* of this half of the window and of the one before */
	uint64_t busy_since_ns;			  /* when [una, nxt) was last empty */
	uint64_t rto_at_ns; /* when the RTO is over; TLP and REORDER may run in its place before */
	uint64_t rtt_ns;    /* of the ACK at hand; 0: none */

	struct tcp_hystart hystart;
	union {
		struct tcp_newreno newreno;
		struct tcp_cubic_state cubic;
	} cc, cc_prior;
};

/* Is there anything, or the FIN, that was never sent? */
static inline bool tcp_unsent(const struct tcp_conn *c)
{
	return c->snd.nxt != c->snd.end + c->fin_queued;
}

/* ---- scoreboard.c ---- */

/* SND.UNA moves to seg->ack: what is below goes. */
void board_ack(struct tcp_conn *c, struct tcp_ack *a);

/* [start, end) in [una, nxt) is SACKed; only whole segments count. */
void board_sack(struct tcp_conn *c, uint32_t start, uint32_t end, struct tcp_ack *a);

/* FLYING becomes LOST. */
void board_lose(struct tcp_conn *c, struct tcp_sent *r, struct tcp_ack *a);

/* The first segment, where it flies for the first time (`again`: or not). */
void board_lose_head(struct tcp_conn *c, bool again, struct tcp_ack *a);
void board_unlose(struct tcp_conn *c);	     /* LOST becomes FLYING: it was a mistake */
void board_forget_sacks(struct tcp_conn *c); /* reneging: SACKED becomes LOST */
bool board_head_is_sacked(const struct tcp_conn *c);

static inline struct tcp_sent *board_head(const struct tcp_flight *f)
{
	return list_first(&f->sent, struct tcp_sent, node);
}

/* ---- sack.c ---- */

/* The SACK option: blocks that are valid and new go to the scoreboard; D-SACK is noticed. */
void sack_input(struct tcp_conn *c, struct tcp_ack *a);

/* ---- rack.c ---- */

/* [r->seq, end) of `r` has just arrived for the first time. */
void rack_delivered(struct tcp_conn *c, const struct tcp_sent *r, uint32_t end, struct tcp_ack *a);
void rack_detect(struct tcp_conn *c, struct tcp_ack *a); /* marks lost what must be; sets or stops REORDER */
void rack_update_window(struct tcp_conn *c, const struct tcp_ack *a);
uint64_t rack_window(const struct tcp_conn *c); /* ns */

/* Was what ended at a_end in transmission a sent after what ended at b_end in transmission b? */
static inline bool rack_sent_after(uint64_t a, uint32_t a_end, uint64_t b, uint32_t b_end)
{
	return a > b || (a == b && seq_gt(a_end, b_end));
}

bool tlp_allowed(const struct tcp_conn *c);
uint64_t tlp_timeout(const struct tcp_conn *c); /* PTO, ns */
void tlp_ack(struct tcp_conn *c, const struct tcp_ack *a);

/* ---- recovery.c ---- */

void recovery_ack(struct tcp_conn *c, struct tcp_ack *a); /* the states, by what an ACK said */
void recovery_enter(struct tcp_conn *c, bool ece);
void recovery_reduce(struct tcp_conn *c, uint32_t delivered, uint32_t lost, bool una_moved); /* PRR */
void recovery_set_state(struct tcp_conn *c, enum tcp_ca_state state);

/* A congestion event that needs no recovery: down to ssthresh at once (a tail loss probe repaired the loss). */
void recovery_reduce_at_once(struct tcp_conn *c);

static inline bool recovery_is_reducing(const struct tcp_conn *c)
{
	return c->ca_state == TCP_CA_CWR || c->ca_state == TCP_CA_RECOVERY;
}

static inline bool recovery_is_open(const struct tcp_conn *c)
{
	return c->ca_state < TCP_CA_RECOVERY;
}

/* ---- rtt.c ---- */

void rtt_init(struct tcp_conn *c, bool syn_was_lost); /* RFC 6298 2.1, 5.7 */
void rtt_ack(struct tcp_conn *c, struct tcp_ack *a);
void rtt_restart_rto(struct tcp_conn *c);      /* RFC 6298 5: the RTO begins anew, now */
uint64_t rtt_min_ns(const struct tcp_conn *c); /* 0: unknown */

/* Is the echoed timestamp of this ACK older than `stamp` of our clock? False without one. */
bool rtt_echo_before(const struct tcp_conn *c, const struct tcp_seg *seg, uint32_t stamp);

/* ---- rate.c ---- */

void rate_sent(struct tcp_conn *c, struct tcp_sent *r);
void rate_delivered(const struct tcp_sent *r, struct tcp_ack *a);
void rate_ack(struct tcp_conn *c, const struct tcp_ack *a);

/* ---- cc.c ---- */

void cc_sent(struct tcp_conn *c);			  /* after something was sent: was cwnd the limit? */
void cc_ack(struct tcp_conn *c, const struct tcp_ack *a); /* cwnd grows, where it may */

#endif
