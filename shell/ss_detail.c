/* SPDX-License-Identifier: MIT */
/* ss -o, -e, -m and -i: what follows the addresses, as iproute2 6.1 prints it. */
#include "shell/cmd_ss.h"

#include "lib/clock.h"
#include "net/stack.h"

typedef unsigned long long count;

/* ---- -o: timers ---- */

/* "119min", "1min59sec", "59sec", "204ms"; less than ten seconds as "1.520ms", as ss has it. */
static void add_duration(struct buf *b, uint64_t ms)
{
	uint64_t s = ms / 1000, min = s / 60;

	s %= 60;
	ms %= 1000;
	if (min) {
		buf_printf(b, "%llumin", (count)min);
		ms = 0;
		s = min > 9 ? 0 : s;
	}
	if (s > 9)
		ms = 0;
	if (s)
		buf_printf(b, "%llu%s", (count)s, ms ? "." : "sec");
	if (ms)
		buf_printf(b, "%03llums", (count)ms);
}

static void add_timer(struct buf *b, const struct tcp_info *info)
{
	static const char *const names[] = {"off", "on", "keepalive", "timewait", "persist"};
	unsigned retries = info->timer == TCP_SHOW_KEEPALIVE || info->timer == TCP_SHOW_PERSIST
		? info->probes
		: info->retransmits;

	if (info->timer == TCP_SHOW_OFF)
		return;
	buf_printf(b, " timer:(%s,", names[info->timer]);
	add_duration(b, info->timer_ns / NS_PER_MS);
	buf_printf(b, ",%u)", retries);
}

/* ---- -e ---- */

/* Which ways are still open, seen from here: "<->". */
static const char *open_ways(enum tcp_state state)
{
	switch (state) {
	case TCP_FIN_WAIT_1:
	case TCP_FIN_WAIT_2:
		return "<--";
	case TCP_CLOSE_WAIT:
		return "-->";
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return "---";
	default:
		return "<->";
	}
}

static void add_extended(struct buf *b, const struct socket_row *row)
{
	const struct sock *sk = row->end.sk;

	if (sk)
		buf_printf(b, " ino:%llu %s", (count)sk->ino, open_ways(row->end.state));
	else
		buf_puts(b, " ino:0");
}

/* ---- -m ---- */

static void add_memory(struct buf *b, const struct socket_row *row)
{
	const struct tcp_info *info = &row->end.info;
	const struct sock *sk = row->end.sk;

	if (row->kind == SOCKET_TCP)
		buf_printf(b, " skmem:(r%u,rb%u,t0,tb%u,f0,w%u,o0,bl0,d0)", info->rmem, info->rcvbuf,
			info->sndbuf, info->wmem);
	else if (sk)
		buf_printf(b, " skmem:(r%u,rb%u,t0,tb%u,f0,w%zu,o0,bl0,d%u)", sock_rx_bytes(sk),
			sk->extra->rx_limit, sk->extra->tx_limit, sock_unsent(sk), sock_rx_dropped(sk));
}

/* ---- -i ---- */

/* Bits per second: "12.3M" and like, -n as they are. */
static void add_rate(struct buf *b, const char *what, double bps, bool numeric)
{
	buf_printf(b, " %s ", what);
	if (numeric)
		buf_printf(b, "%.0f", bps);
	else if (bps > 1e6)
		buf_printf(b, "%.1fM", bps / 1e6);
	else if (bps > 1e3)
		buf_printf(b, "%.1fK", bps / 1e3);
	else
		buf_printf(b, "%g", bps);
	buf_puts(b, "bps");
}

static void add_count(struct buf *b, const char *name, uint64_t value)
{
	if (value)
		buf_printf(b, " %s:%llu", name, (count)value);
}

static void add_options(struct buf *b, const struct tcp_info *info)
{
	buf_puts(b, info->timestamps ? " ts" : "");
	buf_puts(b, info->sack ? " sack" : "");
	buf_puts(b, info->ecn ? " ecn" : "");
	buf_puts(b, info->ecn_seen ? " ecnseen" : "");
}

static void add_times(struct buf *b, const struct tcp_info *info)
{
	if (info->wscale)
		buf_printf(b, " wscale:%u,%u", info->snd_wscale, info->rcv_wscale);
	if (info->rto_ms)
		buf_printf(b, " rto:%u", info->rto_ms);
	add_count(b, "backoff", info->backoff);
	if (info->rtt_us)
		buf_printf(b, " rtt:%g/%g", info->rtt_us / 1000.0, info->rttvar_us / 1000.0);
	add_count(b, "ato", info->ato_ms);
}

static void add_sizes(struct buf *b, const struct tcp_info *info)
{
	add_count(b, "mss", info->snd_mss);
	add_count(b, "pmtu", info->pmtu);
	add_count(b, "rcvmss", info->rcv_mss);
	add_count(b, "advmss", info->advmss);
	add_count(b, "cwnd", info->snd_cwnd);
	if (info->snd_ssthresh && info->snd_ssthresh < 0xffff)
		buf_printf(b, " ssthresh:%u", info->snd_ssthresh);
	add_count(b, "bytes_sent", info->bytes_sent);
	add_count(b, "bytes_retrans", info->bytes_retrans);
	add_count(b, "bytes_acked", info->bytes_acked);
	add_count(b, "bytes_received", info->bytes_received);
	add_count(b, "segs_out", info->segs_out);
	add_count(b, "segs_in", info->segs_in);
	add_count(b, "data_segs_out", info->data_segs_out);
	add_count(b, "data_segs_in", info->data_segs_in);
}

static void add_rates(struct buf *b, const struct tcp_info *info, bool numeric)
{
	if (info->rtt_us && info->snd_mss && info->snd_cwnd)
		add_rate(b, "send", (double)info->snd_cwnd * info->snd_mss * 8e6 / info->rtt_us, numeric);
	add_count(b, "lastsnd", info->last_snd_ns / NS_PER_MS);
	add_count(b, "lastrcv", info->last_rcv_ns / NS_PER_MS);
	add_count(b, "lastack", info->last_ack_ns / NS_PER_MS);
	if (info->delivery_rate)
		add_rate(b, "delivery_rate", (double)info->delivery_rate * 8, numeric);
	add_count(b, "delivered", info->delivered);
	add_count(b, "delivered_ce", info->delivered_ce);
	buf_puts(b, info->app_limited ? " app_limited" : "");
}

/* How long something else than the window of congestion held the sender back: of the time it had something to send. */
static void add_limited(struct buf *b, const char *name, uint64_t ns, uint64_t busy_ns)
{
	if (ns / NS_PER_MS && busy_ns)
		buf_printf(b, " %s:%llums(%.1f%%)", name, (count)(ns / NS_PER_MS),
			100.0 * (double)ns / (double)busy_ns);
}

static void add_recovery(struct buf *b, const struct tcp_info *info)
{
	if (info->busy_ns / NS_PER_MS)
		buf_printf(b, " busy:%llums", (count)(info->busy_ns / NS_PER_MS));
	add_limited(b, "rwnd_limited", info->rwnd_limited_ns, info->busy_ns);
	add_limited(b, "sndbuf_limited", info->sndbuf_limited_ns, info->busy_ns);
	add_count(b, "unacked", info->unacked);
	if (info->retrans || info->total_retrans)
		buf_printf(b, " retrans:%u/%u", info->retrans, info->total_retrans);
	add_count(b, "lost", info->lost);
	add_count(b, "sacked", info->sacked);
	add_count(b, "dsack_dups", info->dsack_dups);
	add_count(b, "reordering", info->reordering != 3 ? info->reordering : 0);
	add_count(b, "reord_seen", info->reord_seen);
}

static void add_receiver(struct buf *b, const struct tcp_info *info)
{
	if (info->rcv_rtt_us)
		buf_printf(b, " rcv_rtt:%g", info->rcv_rtt_us / 1000.0);
	add_count(b, "rcv_space", info->rcv_space);
	add_count(b, "rcv_ssthresh", info->rcv_ssthresh);
	add_count(b, "notsent", info->notsent_bytes);
	if (info->min_rtt_us && info->min_rtt_us != UINT32_MAX)
		buf_printf(b, " minrtt:%g", info->min_rtt_us / 1000.0);
	add_count(b, "rcv_ooopack", info->rcv_ooopack);
	add_count(b, "snd_wnd", info->snd_wnd);
}

static void add_tcp(struct buf *b, const struct socket_row *row, const struct ss_options *o)
{
	const struct tcp_info *info = &row->end.info;

	if (o->timers)
		add_options(b, info);
	if (info->congestion[0])
		buf_printf(b, " %s", info->congestion);
	if (row->end.state == TCP_LISTEN) {
		add_count(b, "cwnd", info->snd_cwnd);
		return;
	}
	add_times(b, info);
	add_sizes(b, info);
	add_rates(b, info, o->numeric);
	add_recovery(b, info);
	add_receiver(b, info);
}

void ss_add_detail(struct buf *b, const struct socket_row *row, const struct ss_options *o)
{
	if (row->kind == SOCKET_TCP && (o->timers || o->extended))
		add_timer(b, &row->end.info);
	if (o->extended)
		add_extended(b, row);
	if (!o->memory && !(o->info && row->kind == SOCKET_TCP))
		return;
	buf_puts(b, o->oneline ? "" : "\n\t");
	if (o->memory)
		add_memory(b, row);
	if (o->info && row->kind == SOCKET_TCP)
		add_tcp(b, row, o);
}
