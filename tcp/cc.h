/* SPDX-License-Identifier: MIT */
/*
 * Congestion control (RFC 5681): an algorithm is a const table of functions. It moves c->cwnd while all is well and
 * says how far to go down when it is not; when that is, and how cwnd gets there, is recovery.c's part (PRR).
 * Windows are in bytes. What it has to remember lies in the flight and ends with it: at rest only cwnd and ssthresh
 * are left.
 */
#ifndef TCP_CC_H
#define TCP_CC_H

#include "tcp/internal.h"

enum { TCP_CWND_MAX = 1 << 30 };

struct tcp_cc {
	const char *name;
	void (*on_ack)(
		struct tcp_conn *c, uint32_t acked); /* bytes delivered, and cwnd was what held us back */
	uint32_t (*on_loss)(struct tcp_conn *c);     /* congestion: the new ssthresh */
	void (*on_rto)(struct tcp_conn *c);	     /* after on_loss(): it was a timeout */
	void (*on_undo)(struct tcp_conn *c);	     /* the last on_loss() was a mistake */
};

extern const struct tcp_cc tcp_newreno, tcp_cubic;

/* What newreno.c keeps. */
struct tcp_newreno {
	uint32_t acked; /* bytes, since cwnd last grew */
};

/* What cubic.c keeps (RFC 9438 4.1). */
struct tcp_cubic_state {
	uint64_t epoch_ns;	 /* when congestion avoidance began; 0: it has not */
	uint64_t last_ns;	 /* the last ACK that counted */
	uint32_t w_max, w_est;	 /* bytes */
	uint32_t cwnd_prior;	 /* cwnd at the last reduction */
	uint32_t origin;	 /* where the plateau is */
	uint32_t k_ms;		 /* and when it is reached, after epoch_ns */
	uint64_t rest, est_rest; /* what divisions left over, for the next ACK */
};

/* HyStart++ (RFC 9406): leaves the first slow start before it overruns the path. */
struct tcp_hystart {
	bool begun, css; /* css: conservative slow start */
	uint8_t samples, css_rounds;
	uint32_t round_end;	      /* the round is over when this is acknowledged */
	uint64_t last_min_ns, min_ns; /* least RTT of the last round and of this one */
	uint64_t css_base_ns;
};

/* The bytes by which slow start may grow for `n` that were acknowledged; ends it (ssthresh) when delays say so. */
uint32_t hystart_grow(struct tcp_conn *c, uint32_t n);

/* RFC 5681 3.1: slow start up to ssthresh, by all that was delivered. As Linux without a bound (L of RFC 9406 4.2), since
 * receivers that put segments together acknowledge many at once; but by one segment after a time-out. Returns how many of
 * the bytes are left for congestion avoidance. */
uint32_t tcp_slow_start(struct tcp_conn *c, uint32_t acked);

void tcp_cwnd_set(struct tcp_conn *c, uint64_t cwnd);  /* bounded: one segment to TCP_CWND_MAX */
uint32_t tcp_initial_window(const struct tcp_conn *c); /* RFC 6928 */

/* RFC 9438 4.2, for tests: W_cubic at `t_ms` after the epoch began. */
uint64_t cubic_window(const struct tcp_cubic_state *cu, uint32_t mss, uint64_t t_ms);
uint32_t cubic_root(uint64_t x); /* floor of the cube root */

#endif
