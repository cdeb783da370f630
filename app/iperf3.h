/* SPDX-License-Identifier: MIT */
/*
 * iperf3: a measurement of bandwidth, as client or as server, in iperf3's own protocol (as of 3.12), so that either end
 * may be the program of that name.
 *
 * A test runs so: the client opens a control connection and sends a cookie; the server asks for the parameters
 * (JSON), then for the streams (connections that begin with the cookie; for UDP a datagram each way), then both
 * run. The client says when the end has come; both exchange what they counted (JSON again) and are done.
 */
#ifndef APP_IPERF3_H
#define APP_IPERF3_H

#include "lib/loop.h"
#include "net/sock.h"

struct iperf;

enum {
	IPERF_PORT = 5201,
	IPERF_STREAMS_MAX = 128,
	IPERF_TCP_LEN = 128 << 10,
	IPERF_TCP_LEN_MAX = 1 << 20,
	IPERF_UDP_LEN_MIN = 16,
	IPERF_UDP_LEN_MAX = 65507,
	IPERF_COOKIE_LEN = 37, /* with its final zero byte */
};

/* What is to be measured: the client's wish, which travels to the server. 0: not asked for. */
struct iperf_params {
	bool udp, reverse, bidir, nodelay, counters_64bit, dont_fragment, zerocopy, skip_rx_copy;
	bool gsro;	   /* not told to the other end: our own datagrams leave as super-frames */
	unsigned parallel; /* streams in each direction */
	uint32_t omit_s, time_s;
	uint64_t bytes, blocks; /* an end by amount instead of time */
	uint64_t rate;		/* bits per second of each stream */
	uint32_t burst;		/* blocks at once when a rate is kept */
	uint32_t len, window, mss;
	uint8_t tos;
	char congestion[16];
};

struct iperf_config {
	bool server, one_off;
	uint32_t addr; /* of the server; a server: to bind to, or 0 */
	uint32_t bind; /* a client's own address, or 0 */
	uint16_t port, client_port;
	int oif;		 /* ifindex, or 0 */
	uint64_t interval_ns;	 /* between IPERF_INTERVALs; 0: none */
	struct iperf_params ask; /* client */
};

/* What one end of a stream has counted. UDP: packets up to the highest number seen, of which so many did not come. */
struct iperf_counters {
	uint64_t bytes, packets, retransmits;
	int64_t lost, out_of_order;
};

/* A piece of the test, in time since its beginning. */
struct iperf_row {
	uint64_t start_ns, end_ns;
	struct iperf_counters n;
	double jitter_s;
};

/* One stream, to be read by whom it is told to. */
struct iperf_stream {
	struct iperf *test;
	struct sock *sk;
	int number;    /* as iperf3 prints it: 5, 7, 9 ... */
	int id;	       /* as it names it to the other end: 1, 3, 4, 5 ... */
	bool sender;   /* from here */
	bool has_info; /* TCP sender: retransmits and what follows are known */
	struct sock_addr local, peer;
	struct iperf_row interval; /* the last one told */
	struct iperf_row total;	   /* as counted here */
	struct iperf_row remote;   /* as counted there, with IPERF_RESULTS */
	uint32_t cwnd, snd_wnd, rtt_us, rttvar_us,
		pmtu; /* at the end of the last interval; windows in bytes */
	uint32_t max_cwnd, max_wnd, max_rtt_us, min_rtt_us, samples;
	uint64_t sum_rtt_us;

	/* the engine's own */
	struct iperf_counters raw, base, mark; /* since ever; at the beginning of the test, of the interval */
	uint32_t in_block;		       /* bytes of the present block that are sent */
	int64_t transit_ns;		       /* UDP: of the datagram before, if there was one */
	bool has_transit;
	double jitter_s;
	struct timer pace;
	struct work again; /* in the next turn */
};

enum iperf_what {
	IPERF_LISTENING, /* server: waits for the next test */
	IPERF_CONNECTED, /* the control connection stands; `peer` */
	IPERF_STREAMS,	 /* all streams are made */
	IPERF_INTERVAL,	 /* `omitted`: does not count */
	IPERF_TOTALS,	 /* the end of a test: what was counted here */
	IPERF_RESULTS,	 /* the same, with what was counted there */
	IPERF_FAILED,	 /* `text`: why there is no test, or no more of it */
	IPERF_DONE,	 /* nothing follows; iperf_free() may be called from here, and from here alone */
};

struct iperf_event {
	enum iperf_what what;
	struct sock_addr peer;
	bool omitted;
	const char *text;
};

typedef void iperf_fn(struct iperf *t, const struct iperf_event *e, void *ctx);

/* NULL with errno; *step names what failed. Nothing is told before iperf_start(). */
struct iperf *iperf_new(struct loop *l, struct stack *s, const struct iperf_config *cfg, iperf_fn *fn,
	void *ctx, const char **step);
void iperf_start(struct iperf *t);

/* ^C: the last interval and the totals are told, the other end is told; IPERF_DONE follows. */
void iperf_stop(struct iperf *t);
void iperf_free(struct iperf *t);

const struct iperf_params *iperf_params(const struct iperf *t);
const struct iperf_stream *iperf_streams(const struct iperf *t, unsigned *count);

/* The cookie of the present test; tests so far; the MSS of the control connection; "cubic", or NULL before the end. */
const char *iperf_cookie(const struct iperf *t);
unsigned iperf_tests(const struct iperf *t);
int iperf_mss(const struct iperf *t);
const char *iperf_congestion(const struct iperf *t, bool remote);

#endif
