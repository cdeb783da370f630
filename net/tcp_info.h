/* SPDX-License-Identifier: MIT */
/*
 * What a program may know about a TCP connection (Linux's TCP_INFO, RFC 9293 3.9.1.6 STATUS): filled in by
 * sock_tcp_info(), printed by ss -i and tcp watch. Host order; windows are already scaled.
 */
#ifndef NET_TCP_INFO_H
#define NET_TCP_INFO_H

#include "lib/bytes.h"

/* RFC 9293 3.3.2. The order matters: TCP_ESTABLISHED and above are synchronized. */
/* clang-format off */
#define TCP_STATES(X) \
	X(CLOSED, "CLOSE", "UNCONN") \
	X(LISTEN, "LISTEN", "LISTEN") \
	X(SYN_SENT, "SYN_SENT", "SYN-SENT") \
	X(SYN_RECEIVED, "SYN_RECV", "SYN-RECV") \
	X(ESTABLISHED, "ESTABLISHED", "ESTAB") \
	X(FIN_WAIT_1, "FIN_WAIT1", "FIN-WAIT-1") \
	X(FIN_WAIT_2, "FIN_WAIT2", "FIN-WAIT-2") \
	X(CLOSE_WAIT, "CLOSE_WAIT", "CLOSE-WAIT") \
	X(CLOSING, "CLOSING", "CLOSING") \
	X(LAST_ACK, "LAST_ACK", "LAST-ACK") \
	X(TIME_WAIT, "TIME_WAIT", "TIME-WAIT")
/* clang-format on */

enum tcp_state {
#define X(name, netstat, ss) TCP_##name,
	TCP_STATES(X)
#undef X
		TCP_STATE_COUNT
};

/* Loss recovery (Linux's names; RFC 5681, 6675, 8985, 5682). */
enum tcp_ca_state { TCP_CA_OPEN, TCP_CA_DISORDER, TCP_CA_CWR, TCP_CA_RECOVERY, TCP_CA_LOSS };

/* The timer that will ring first: off, retransmission, keepalive, TIME-WAIT, zero-window probe (netstat -o). */
enum tcp_timer_shown { TCP_SHOW_OFF, TCP_SHOW_ON, TCP_SHOW_KEEPALIVE, TCP_SHOW_TIMEWAIT, TCP_SHOW_PERSIST };

struct tcp_info {
	uint8_t state;	  /* enum tcp_state */
	uint8_t ca_state; /* enum tcp_ca_state */
	uint8_t retransmits, probes, backoff;
	bool timestamps, sack, wscale, ecn, ecn_seen;
	uint8_t snd_wscale, rcv_wscale;
	uint8_t timer;	   /* enum tcp_timer_shown */
	uint64_t timer_ns; /* from now */
	uint32_t rto_ms, ato_ms;
	uint32_t snd_mss, rcv_mss, advmss, pmtu;
	uint32_t unacked, sacked, lost, retrans, total_retrans, reordering, reord_seen; /* segments */
	uint32_t rtt_us, rttvar_us, min_rtt_us, rcv_rtt_us;
	uint32_t snd_cwnd, snd_ssthresh;		    /* segments; ssthresh UINT32_MAX: infinite */
	uint32_t snd_wnd, rcv_wnd, rcv_space, rcv_ssthresh; /* bytes */
	uint32_t notsent_bytes, unacked_bytes, unread_bytes;
	uint32_t rmem, rcvbuf, wmem, sndbuf; /* memory that the queues take, and may */
	uint32_t snd_una, snd_nxt, rcv_nxt;  /* sequence numbers, for tcp watch and tcp plot */
	uint32_t iss, irs;
	uint64_t bytes_sent, bytes_retrans, bytes_acked, bytes_received;
	uint64_t segs_out, segs_in, data_segs_out, data_segs_in;
	uint64_t last_snd_ns, last_rcv_ns, last_ack_ns; /* how long ago */
	uint64_t delivery_rate;				/* bytes per second */
	bool app_limited;
	uint64_t busy_ns, rwnd_limited_ns, sndbuf_limited_ns;
	uint32_t delivered, delivered_ce, dsack_dups, rcv_ooopack;
	uint32_t backlog, accept_queue; /* listeners */
	char congestion[16];
};

const char *tcp_state_name(enum tcp_state state);    /* as netstat prints it: "ESTABLISHED" */
const char *tcp_state_name_ss(enum tcp_state state); /* as ss prints it: "ESTAB" */

#endif
