/* SPDX-License-Identifier: MIT */
/*
 * A segment comes in: is it one, and who gets it? (RFC 9293 3.10.7)
 *
 *	tcp_input: parse -> one probe of the table -> connection   tcp_conn_input: syn_sent.c, steps.c
 *	                                              half-open    half.c
 *	                                              TIME-WAIT    time_wait.c
 *	                    none -> listener -> listen.c
 *	                            none -> a reset (3.10.7.1)
 */
#include "tcp/listen.h"

#include "lib/text.h"

void tcp_drop(struct stack *s, struct tcp_seg *seg, enum drop_reason why)
{
	if (seg->p)
		stack_drop(s, seg->p, why);
	seg->p = NULL;
}

enum { ECN_CE = 3 }; /* RFC 3168 5: both bits of the TOS octet */

/* ---- parsing ---- */

static uint16_t segments_in(const struct pkt *p)
{
	uint32_t size = p->offload.gso_type ? p->offload.gso_size : 0;

	if (!size || p->len <= size)
		return 1;
	return (uint16_t)((p->len + size - 1) / size);
}

/* Everything of `p` into *seg; its data moves to the text. */
static enum drop_reason read_segment(struct pkt *p, struct tcp_seg *seg)
{
	bool csum_ok = p->offload.csum != PKT_CSUM_NONE;
	struct tcp_hdr h;
	enum drop_reason why = tcp_parse(p->data, p->len, p->ip.src, p->ip.dst, csum_ok, &h);

	if (why)
		return why;
	if (!h.sport || !h.dport)
		return DROP_TCP_PORT_ZERO;
	*seg = (struct tcp_seg){
		.src = p->ip.src,
		.dst = p->ip.dst,
		.sport = h.sport,
		.dport = h.dport,
		.seq = h.seq,
		.ack = h.ack,
		.len = p->len - h.hdr_len,
		.wnd = h.wnd,
		.urg = h.urg,
		.flags = h.flags,
		.ce = (p->ip.tos & ECN_CE) == ECN_CE,
		.p = p,
	};
	seg->end = seg->seq + seg->len + !!(h.flags & TCP_SYN) + !!(h.flags & TCP_FIN);
	if (h.hdr_len > TCP_HDR_LEN)
		tcp_options_parse(p->data + TCP_HDR_LEN, (size_t)h.hdr_len - TCP_HDR_LEN, &seg->opt);
	pkt_pull(p, h.hdr_len);
	seg->segs = segments_in(p);
	return DROP_NONE;
}

static void count_bad(struct stack *s, enum drop_reason why)
{
	mib_inc(s, MIB_TcpInErrs);
	if (why == DROP_TCP_BAD_CHECKSUM)
		mib_inc(s, MIB_TcpInCsumErrors);
}

/* ---- who gets it ---- */

/* RFC 9293 3.9.2.3, RFC 1122 4.2.3.10: TCP is between two hosts. Nothing else is answered, by nothing. ip has asked where a
 * packet came from, but for those of our own. */
static bool is_between_two(const struct stack *s, const struct tcp_seg *seg)
{
	if (seg->p->to_group || !seg->p->local)
		return !seg->p->to_group;
	enum ip_addr_kind src = ip_addr_kind(s, seg->src);
	return src == IP_ADDR_UNICAST || src == IP_ADDR_LOCAL;
}

static void no_entry(struct stack *s, struct tcp_seg *seg, int ifindex)
{
	if (!is_between_two(s, seg)) {
		tcp_drop(s, seg, DROP_TCP_NOT_UNICAST);
		return;
	}
	struct tcp_listen *l = tcp_listen_find(tcp_of(s), seg, ifindex);
	if (l) {
		TRACE(s, LAYER_SOCK, seg->p, "RFC 9293 3.10.7.2", "for TCP socket %s:%u in LISTEN",
			TEXT_IP(l->conn->e.local), l->conn->e.local_port);
		tcp_listen_input(l, seg);
		return;
	}
	tcp_answer_reset(s, seg);
	tcp_drop(s, seg, seg->flags & TCP_RST ? DROP_TCP_NOTHING_TO_RESET : DROP_TCP_NO_CONNECTION);
}

static struct tcp_conn *conn_of(struct tcp_entry *e)
{
	return CONTAINER_OF(e, struct tcp_conn, e);
}

/* SO_BINDTODEVICE: what comes by another device is not for it. */
static bool is_elsewhere(struct tcp_entry *e, int ifindex)
{
	int dev = e->kind == TCP_ENTRY_CONN ? (int)conn_of(e)->port.dev : 0;

	return dev && dev != ifindex;
}

static void dispatch(struct stack *s, struct tcp_seg *seg)
{
	static const char *const kinds[] = {[TCP_ENTRY_CONN] = "a connection",
		[TCP_ENTRY_HALF] = "half open",
		[TCP_ENTRY_TW] = "in TIME-WAIT"};
	int ifindex = seg->p->dev ? seg->p->dev->ifindex : 0;
	struct tcp_entry *e = tcp_entry_find(tcp_of(s), seg->dst, seg->dport, seg->src, seg->sport);

	if (e)
		TRACE(s, LAYER_SOCK, seg->p, "RFC 9293 3.3.1", "for %s:%u > %s:%u, %s", TEXT_IP(e->local),
			e->local_port, TEXT_IP(e->remote), e->remote_port, kinds[e->kind]);
	if (!e || is_elsewhere(e, ifindex))
		no_entry(s, seg, ifindex);
	else if (e->kind == TCP_ENTRY_CONN)
		tcp_conn_input(conn_of(e), seg);
	else if (e->kind == TCP_ENTRY_HALF)
		tcp_half_input((struct tcp_half *)e, seg);
	else
		tcp_time_wait_input(e, seg);
}

void tcp_input(struct stack *s, struct pkt *p)
{
	struct tcp_seg seg;
	enum drop_reason why = p->type == PKT_HOST ? read_segment(p, &seg) : DROP_TCP_NOT_UNICAST;

	mib_inc(s, MIB_TcpInSegs);
	if (why) {
		if (why != DROP_TCP_NOT_UNICAST)
			count_bad(s, why);
		stack_drop(s, p, why);
		return;
	}
	TRACE(s, LAYER_TCP, p, "RFC 9293 3.10.7", "%s:%u > %s:%u %s seq %u ack %u, %u octets, window %u",
		TEXT_IP(seg.src), seg.sport, TEXT_IP(seg.dst), seg.dport, TEXT_FLAGS(seg.flags), seg.seq,
		seg.ack, seg.len, seg.wnd);
	dispatch(s, &seg);
	if (seg.p)
		pkt_done(seg.p);
}

/* ---- a connection gets it ---- */

static void count(struct tcp_conn *c, const struct tcp_seg *seg)
{
	struct tcp_stats *st = seg->len ? tcp_stats_of(c) : c->stats;

	if (!st)
		return;
	st->segs_in += seg->segs;
	if (seg->len)
		st->data_segs_in += seg->segs;
}

/* What output will do about it at the end of the turn. */
static const char *what_follows(const struct tcp_conn *c)
{
	if (c->want & TCP_WANT_RST)
		return "answered by a reset";
	if (c->want & TCP_WANT_SYN)
		return "answered by our SYN-ACK";
	if (c->want & TCP_WANT_ACK)
		return "answered by an ACK, or by text with it";
	if (tcp_timer_runs(c, TCP_TIMER_DELACK))
		return "its ACK waits a little, for text or another segment";
	return "no answer needed";
}

static void tell(struct tcp_conn *c, enum tcp_state before)
{
	if (c->state == before)
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 9293 3.10.7.4", "%s: %s", tcp_state_name(before),
			what_follows(c));
	else
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 9293 3.10.7.4", "%s -> %s: %s", tcp_state_name(before),
			tcp_state_name(c->state), what_follows(c));
	if (c->flight)
		TRACE(c->stack, LAYER_TCP, NULL, "RFC 5681 3.1", "cwnd %u, %u octets in flight", c->cwnd,
			tcp_in_flight(c));
}

void tcp_conn_input(struct tcp_conn *c, struct tcp_seg *seg)
{
	enum tcp_state before = c->state;

	count(c, seg);
	tcp_cause_note(c, seg->p);
	if (c->state == TCP_SYN_SENT)
		tcp_syn_sent_input(c, seg);
	else
		tcp_steps(c, seg);
	tell(c, before);
}
