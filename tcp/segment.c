/* SPDX-License-Identifier: MIT */
/*
 * Building a segment (RFC 9293 3.1; RFC 7323 3.2; RFC 2018 3; RFC 3168 6.1) and handing it to IP.
 *
 * One function for segments of a connection, one for those that need none: half-open and TIME-WAIT entries, resets.
 */
#include "tcp/internal.h"

#include <errno.h>
#include <linux/virtio_net.h>

enum { ECN_ECT0 = 2 };

/* ---- options ---- */

/* A SYN offers what the host likes, a SYN-ACK of that what the peer's SYN had. */
static void offer(const struct tcp_conn *c, struct tcp_options *o)
{
	o->has_mss = true;
	o->mss = c->advmss;
	o->has_sack_ok = c->sack_on;
	o->has_wscale = c->wscale_on;
	o->wscale = c->rcv_wscale;
}

/* Text comes first: a segment that is full already has no room for SACK blocks, which then go with the ACKs, and where
 * a longer one is cut they take half at most. */
static unsigned most_sacks(const struct tcp_conn *c, uint32_t len)
{
	unsigned most = c->ts_on ? TCP_SACKS_MAX - 1 : TCP_SACKS_MAX;
	uint32_t text = len > c->mss ? c->mss / 2 : len;

	while (most && text && text + tcp_sack_len(most) > c->mss)
		most--;
	return most;
}

uint32_t tcp_piece_size(const struct tcp_conn *c)
{
	return tcp_segment_size(c, tcp_sack_count(c, most_sacks(c, UINT32_MAX)));
}

static void fill_options(struct tcp_conn *c, uint16_t flags, uint32_t len, struct tcp_options *o)
{
	*o = (struct tcp_options){0};
	if (flags & TCP_SYN)
		offer(c, o);
	o->has_ts = c->ts_on;
	if (o->has_ts) {
		o->tsval = tcp_ts_clock(c->stack) + c->ts_offset;
		o->tsecr = flags & TCP_ACK ? c->ts_recent : 0;
	}
	if (c->sack_on && c->recvq && !(flags & (TCP_SYN | TCP_RST)))
		o->sack_count = (uint8_t)tcp_sack_blocks(c, o->sacks, most_sacks(c, len));
}

/* ---- fields ---- */

/* RFC 9293 3.8.5, RFC 6093 3.1: the pointer is to the octet after the urgent one, as everybody has it. */
static uint16_t urgent_pointer(const struct tcp_conn *c, uint32_t seq)
{
	if (!c->urg_to_send || seq_ge(seq, c->sendq->up) || c->sendq->up - seq > UINT16_MAX)
		return 0;
	return (uint16_t)(c->sendq->up - seq);
}

/* RFC 3168 6.1.2, 6.1.3: the echo until the peer has reacted; CWR and ECT with new data only. */
static uint16_t ecn_flags(struct tcp_conn *c, bool new_data)
{
	uint16_t flags = c->ecn_echo ? TCP_ECE : 0;

	if (!new_data || !c->ecn_cwr)
		return flags;
	c->ecn_cwr = false;
	return flags | TCP_CWR;
}

static struct tcp_hdr make_header(struct tcp_conn *c, uint16_t flags, uint32_t seq, size_t hdr_len)
{
	uint16_t urg = flags & TCP_RST ? 0 : urgent_pointer(c, seq);

	return (struct tcp_hdr){
		.sport = c->e.local_port,
		.dport = c->e.remote_port,
		.seq = seq,
		.ack = flags & TCP_ACK ? c->rcv.nxt : 0,
		.flags = flags | (urg ? TCP_URG : 0),
		.wnd = tcp_window_to_send(c, flags & TCP_SYN),
		.urg = urg,
		.hdr_len = (uint8_t)hdr_len,
	};
}

/* The cutting of what is longer than one MSS is left to the device, as the checksum is; dev_output() does it for
 * those that cannot. */
static void set_offload(struct pkt *p, uint16_t hdr_len, uint32_t mss)
{
	if (p->len - hdr_len <= mss)
		return;
	p->offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	p->offload.gso_size = (uint16_t)mss;
	p->offload.hdr_len = hdr_len;
}

/* ---- counted ---- */

static void count(struct tcp_conn *c, uint32_t len, bool again)
{
	uint32_t segs = len > c->mss ? (len + c->mss - 1) / c->mss : 1;
	struct tcp_stats *st = len ? tcp_stats_of(c) : c->stats;

	c->stack->mib[MIB_TcpOutSegs] += segs;
	if (again)
		c->stack->mib[MIB_TcpRetransSegs] += segs;
	if (!st)
		return;
	st->segs_out += segs;
	if (!len)
		return;
	st->data_segs_out += segs;
	st->bytes_sent += len;
	if (again) {
		st->bytes_retrans += len;
		st->total_retrans += segs;
	}
}

/* ---- of a connection ---- */

static void trace(
	struct stack *s, const struct pkt *p, const struct tcp_hdr *h, uint32_t len, const char *note)
{
	TRACE(s, LAYER_TCP, p, "RFC 9293 3.1", "port %u > port %u %s seq %u ack %u, %u octets%s", h->sport,
		h->dport, TEXT_FLAGS(h->flags), h->seq, h->ack, len, note);
}

/* Why something is sent that was sent before. */
static const char *why_again(const struct tcp_conn *c)
{
	if (!tcp_is_synchronized(c))
		return "since the handshake was not answered";
	if (c->ca_state == TCP_CA_LOSS)
		return "since the retransmission timer fired";
	if (c->want & TCP_WANT_TLP)
		return "as a tail loss probe";
	return "since acknowledgments of later text say that it is lost";
}

/* What sending looks like for the connection by now. */
static void trace_congestion(const struct tcp_conn *c, const struct pkt *p, bool again)
{
	TRACE(c->stack, LAYER_TCP, p, "RFC 5681 3.1", "%s, cwnd %u, %u octets in flight before it%s%s",
		tcp_state_name(c->state), c->cwnd, tcp_in_flight(c), again ? "; sent again " : "",
		again ? why_again(c) : "");
}

static struct ip_send how_to_send(const struct tcp_conn *c, bool ect)
{
	return (struct ip_send){
		.dst = c->e.remote,
		.src = c->e.local,
		.proto = IP_PROTO_TCP,
		.tos = (uint8_t)(c->wishes.tos | (ect ? ECN_ECT0 : 0)),
		.ttl = c->wishes.ttl,
		.df_if_fits = !c->wishes.pmtu_off,
		.ignore_pmtu = c->wishes.pmtu_probe,
		.csum_offset = TCP_CHECK_OFFSET,
		.oif = c->sock ? c->sock->bound_dev : 0,
	};
}

int tcp_segment_send(struct tcp_conn *c, uint16_t flags, uint32_t seq, uint32_t len, bool again)
{
	struct stack *s = c->stack;
	bool new_data = len && !again;
	uint8_t opts[TCP_OPT_MAX];
	struct tcp_options o;

	fill_options(c, flags, len, &o);
	size_t hdr_len = TCP_HDR_LEN + tcp_options_emit(opts, sizeof(opts), &o);
	struct pkt *p = stack_pkt(s, len);
	if (!p)
		return -ENOBUFS;
	if (c->ecn_on && !(flags & (TCP_SYN | TCP_RST)))
		flags |= ecn_flags(c, new_data);
	struct tcp_hdr h = make_header(c, flags, seq, hdr_len);
	p->parent = tcp_cause_of(c);
	if (len)
		tcp_sendq_put(c, seq, p, len);
	if (s->trace_mask) /* filters may look at the text */
		pkt_linearize(p);
	uint8_t *b = pkt_push(p, hdr_len);
	memcpy(b + TCP_HDR_LEN, opts, hdr_len - TCP_HDR_LEN);
	tcp_emit(b, &h);
	set_offload(p, (uint16_t)hdr_len, tcp_segment_size(c, o.sack_count));
	count(c, len, again);
	trace(s, p, &h, len, again ? ", again" : "");
	if (len || again)
		trace_congestion(c, p, again);
	if (flags & TCP_ACK)
		tcp_ack_sent(c);
	struct ip_send how = how_to_send(c, c->ecn_on && new_data);
	return ip_output(s, p, &how);
}

/* ---- of none ---- */

int tcp_answer(struct stack *s, const struct tcp_bare *a)
{
	uint8_t opts[TCP_OPT_MAX];
	size_t hdr_len = TCP_HDR_LEN + tcp_options_emit(opts, sizeof(opts), &a->opt);
	struct tcp_hdr h = {
		.sport = a->sport,
		.dport = a->dport,
		.seq = a->seq,
		.ack = a->ack,
		.flags = a->flags,
		.wnd = a->wnd,
		.hdr_len = (uint8_t)hdr_len,
	};
	struct ip_send how = {.dst = a->dst,
		.src = a->src,
		.proto = IP_PROTO_TCP,
		.tos = a->tos,
		.ttl = a->ttl,
		.df_if_fits = true,
		.csum_offset = TCP_CHECK_OFFSET,
		.oif = a->oif};
	struct pkt *p = stack_pkt(s, 0);

	if (!p)
		return -ENOBUFS;
	p->parent = a->parent;
	uint8_t *b = pkt_push(p, hdr_len);
	memcpy(b + TCP_HDR_LEN, opts, hdr_len - TCP_HDR_LEN);
	tcp_emit(b, &h);
	trace(s, p, &h, 0, "");
	mib_inc(s, MIB_TcpOutSegs);
	if (a->flags & TCP_RST)
		mib_inc(s, MIB_TcpOutRsts);
	return ip_output(s, p, &how);
}

/* RFC 9293 3.10.7.1: a reset is never answered; one that has an ACK gets its number, the others one that says what
 * came. */
void tcp_answer_reset(struct stack *s, const struct tcp_seg *seg)
{
	bool acks = seg->flags & TCP_ACK;
	struct tcp_bare a = {
		.src = seg->dst,
		.dst = seg->src,
		.sport = seg->dport,
		.dport = seg->sport,
		.seq = acks ? seg->ack : 0,
		.ack = acks ? 0 : seg->end,
		.flags = acks ? TCP_RST : TCP_RST | TCP_ACK,
		.parent = seg->p ? seg->p->id : 0,
	};

	if (seg->flags & TCP_RST || !tcp_reset_allowed(s))
		return;
	if (seg->opt.has_ts) { /* RFC 7323 5.2 */
		struct tcp_entry e = {
			.local = a.src, .remote = a.dst, .local_port = a.sport, .remote_port = a.dport};
		a.opt.has_ts = true;
		a.opt.tsval = tcp_ts_clock(s) + tcp_ts_offset(s, &e);
		a.opt.tsecr = seg->opt.tsval;
	}
	tcp_answer(s, &a);
}
