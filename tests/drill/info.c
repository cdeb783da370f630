/* SPDX-License-Identifier: MIT */
/* TCP_INFO and SO_MEMINFO in Linux's layout. */
#include "net/sock.h"
#include "net/tcp_info.h"
#include "tests/drill/drill.h"

#include <linux/sock_diag.h>
#include <string.h>

enum { INFINITE_SSTHRESH = 0x7fffffff };

/* The options' bits. */
enum { HAS_TIMESTAMPS = 1, HAS_SACK = 2, HAS_WSCALE = 4, HAS_ECN = 8, HAS_SEEN_ECN = 16 };

/* As of Linux 6.18; a member there was before is where it was. The headers of a machine may be older. */
struct linux_tcp_info {
	uint8_t state, ca_state, retransmits, probes, backoff, options;
	uint8_t wscales; /* sending, and in the upper four bits receiving */
	uint8_t app_limited;
	uint32_t rto, ato, snd_mss, rcv_mss; /* times here and below in us, but for last_* */
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv; /* ms */
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd;
};

/* Linux's numbers of the states, by ours. */
static const uint8_t states[TCP_STATE_COUNT] = {
	[TCP_CLOSED] = 7,
	[TCP_LISTEN] = 10,
	[TCP_SYN_SENT] = 2,
	[TCP_SYN_RECEIVED] = 3,
	[TCP_ESTABLISHED] = 1,
	[TCP_FIN_WAIT_1] = 4,
	[TCP_FIN_WAIT_2] = 5,
	[TCP_CLOSE_WAIT] = 8,
	[TCP_CLOSING] = 11,
	[TCP_LAST_ACK] = 9,
	[TCP_TIME_WAIT] = 6,
};

static uint32_t ms(uint64_t ns)
{
	return (uint32_t)(ns / NS_PER_MS);
}

static uint8_t flags(const struct tcp_info *i)
{
	return (uint8_t)((i->timestamps ? HAS_TIMESTAMPS : 0) | (i->sack ? HAS_SACK : 0) |
		(i->wscale ? HAS_WSCALE : 0) | (i->ecn ? HAS_ECN : 0) | (i->ecn_seen ? HAS_SEEN_ECN : 0));
}

static void fill_present(struct linux_tcp_info *l, const struct tcp_info *i)
{
	l->state = states[i->state];
	l->ca_state = i->ca_state;
	l->retransmits = i->retransmits;
	l->probes = i->probes;
	l->backoff = i->backoff;
	l->options = flags(i);
	l->wscales = (uint8_t)(i->snd_wscale | i->rcv_wscale << 4);
	l->app_limited = i->app_limited;
	l->rto = i->rto_ms * 1000;
	l->ato = i->ato_ms * 1000;
	l->snd_mss = i->snd_mss;
	l->rcv_mss = i->rcv_mss;
	l->unacked = i->unacked;
	l->sacked = i->sacked;
	l->lost = i->lost;
	l->retrans = i->retrans;
	l->last_data_sent = ms(i->last_snd_ns);
	l->last_data_recv = ms(i->last_rcv_ns);
	l->last_ack_recv = ms(i->last_ack_ns);
	l->pmtu = i->pmtu;
	l->rcv_ssthresh = i->rcv_ssthresh;
	l->rtt = i->rtt_us;
	l->rttvar = i->rttvar_us;
	l->snd_ssthresh = MIN(i->snd_ssthresh, INFINITE_SSTHRESH);
	l->snd_cwnd = i->snd_cwnd;
	l->advmss = i->advmss;
	l->reordering = i->reordering;
	l->rcv_rtt = i->rcv_rtt_us;
	l->rcv_space = i->rcv_space;
}

static void fill_counted(struct linux_tcp_info *l, const struct tcp_info *i)
{
	l->total_retrans = i->total_retrans;
	l->bytes_acked = i->bytes_acked;
	l->bytes_received = i->bytes_received;
	l->segs_out = (uint32_t)i->segs_out;
	l->segs_in = (uint32_t)i->segs_in;
	l->notsent_bytes = i->notsent_bytes;
	l->min_rtt = i->min_rtt_us;
	l->data_segs_in = (uint32_t)i->data_segs_in;
	l->data_segs_out = (uint32_t)i->data_segs_out;
	l->delivery_rate = i->delivery_rate;
	l->busy_time = i->busy_ns / NS_PER_US;
	l->rwnd_limited = i->rwnd_limited_ns / NS_PER_US;
	l->sndbuf_limited = i->sndbuf_limited_ns / NS_PER_US;
	l->delivered = i->delivered;
	l->delivered_ce = i->delivered_ce;
	l->bytes_sent = i->bytes_sent;
	l->bytes_retrans = i->bytes_retrans;
	l->dsack_dups = i->dsack_dups;
	l->reord_seen = i->reord_seen;
	l->rcv_ooopack = i->rcv_ooopack;
	l->snd_wnd = i->snd_wnd;
	l->rcv_wnd = i->rcv_wnd;
}

/* What packetdrill knows besides is 0. */
int drill_tcp_info(const struct sock *sk, void *value, socklen_t *len)
{
	struct tcp_info i = {0};
	struct linux_tcp_info l = {0};
	int err = sock_tcp_info(sk, &i);

	if (err)
		return err;
	fill_present(&l, &i);
	fill_counted(&l, &i);
	memset(value, 0, *len);
	memcpy(value, &l, MIN((size_t)*len, sizeof(l)));
	return 0;
}

int drill_meminfo(const struct sock *sk, void *value, socklen_t *len)
{
	uint32_t m[SK_MEMINFO_VARS] = {0};
	struct tcp_info i = {0};

	if (sock_tcp_info(sk, &i) == 0) {
		m[SK_MEMINFO_RMEM_ALLOC] = i.rmem;
		m[SK_MEMINFO_RCVBUF] = i.rcvbuf;
		m[SK_MEMINFO_WMEM_QUEUED] = i.wmem;
		m[SK_MEMINFO_SNDBUF] = i.sndbuf;
	}
	*len = (socklen_t)MIN((size_t)*len, sizeof(m));
	memcpy(value, m, *len);
	return 0;
}
