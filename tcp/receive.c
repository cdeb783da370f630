/* SPDX-License-Identifier: MIT */
/*
 * RECEIVE (RFC 9293 3.9.1.3), and urgent data (3.8.5, RFC 6093).
 *
 * The pointer marks one octet of the stream. A read ends in front of it, and the next one goes on behind it: the octet is
 * read beside the stream (MSG_OOB), or in it, as one like the others (SO_OOBINLINE, which RFC 6093 recommends). It stays
 * where it is until the program has read past it.
 */
#include "tcp/recvq.h"

#include <errno.h>

/* ---- the urgent octet ---- */

static bool is_inline(const struct tcp_conn *c)
{
	return c->wishes.oobinline;
}

/* Is the program's next octet the urgent one? */
static bool at_mark(const struct tcp_conn *c)
{
	return c->urg_seen && tcp_rare(c)->rcv_up == tcp_recvq_head(c);
}

/* How many octets at the front are not read, as they were urgent (0 or 1). */
static uint32_t hole(const struct tcp_conn *c)
{
	return at_mark(c) && !is_inline(c) && seq_lt(tcp_rare(c)->rcv_up, c->rcv.nxt) ? 1 : 0;
}

size_t tcp_recvq_readable(const struct tcp_conn *c)
{
	size_t unread = tcp_recvq_unread(c);

	if (!c->urg_seen)
		return unread;
	uint32_t to_mark = tcp_rare(c)->rcv_up - tcp_recvq_head(c);
	if (!at_mark(c) && to_mark < unread)
		return to_mark; /* a read ends at the mark */
	return unread - hole(c);
}

/* Takes `n` octets off the front of what can be read. */
static void consume(struct tcp_conn *c, size_t n)
{
	struct tcp_recvq *q = c->recvq;

	q->ready.start += (uint32_t)n;
	while (n) {
		struct pkt *p = list_first(&q->ready.pkts, struct pkt, node);
		uint32_t part = (uint32_t)MIN(n, p->len);
		pkt_pull(p, part);
		n -= part;
		if (!p->len) {
			tcp_recvq_forget(c, p);
			pkt_done(p);
		}
	}
	if (c->urg_seen && seq_gt(q->ready.start, tcp_rare(c)->rcv_up))
		c->urg_seen = false;
}

/* RFC 6093 2.1, 3.1: the pointer names the octet after the urgent one, as everybody has it, unless sysctl tcp_stdurg. */
void tcp_urgent(struct tcp_conn *c, const struct tcp_seg *seg)
{
	uint32_t up = seg->seq + seg->urg;

	if (seg->urg && !c->stack->sysctl[SYSCTL_TCP_STDURG])
		up--;
	if (seq_lt(up, c->rcv.nxt) || (c->urg_seen && seq_le(up, tcp_rare(c)->rcv_up)))
		return; /* told already */
	if (!tcp_rare_of(c))
		return; /* no memory: it is an octet like others */
	if (hole(c))
		consume(c, 1); /* the earlier urgent octet would become one of the stream */
	TRACE(c->stack, LAYER_TCP, seg->p, "RFC 9293 3.8.5", "urgent data, to %u octets after RCV.NXT",
		up - c->rcv.nxt);
	c->rare->rcv_up = up;
	c->urg_seen = true;
	c->urg_taken = false;
	tcp_wake(c, SOCK_EVENT_URGENT);
	tcp_recvq_rest(c);
}

bool tcp_recvq_has_urgent(const struct tcp_conn *c)
{
	return c->urg_seen && !c->urg_taken && !is_inline(c) && seq_lt(tcp_rare(c)->rcv_up, c->rcv.nxt);
}

bool tcp_recvq_at_mark(const struct tcp_conn *c)
{
	return at_mark(c);
}

/* ---- reading ---- */

static void copy(const struct tcp_recvq *q, size_t skip, uint8_t *to, size_t n)
{
	list_each(p, &q->ready.pkts, struct pkt, node) {
		size_t part = p->len > skip ? MIN(p->len - skip, n) : 0;
		if (part)
			memcpy(to, p->data + skip, part);
		to += part;
		n -= part;
		skip -= MIN(skip, p->len);
		if (!n)
			return;
	}
}

ssize_t tcp_recvq_read(struct tcp_conn *c, void *buf, size_t room, int flags)
{
	size_t skip = hole(c);
	size_t n = MIN(tcp_recvq_readable(c), room);

	if (n && !(flags & MSG_TRUNC))
		copy(c->recvq, skip, buf, n);
	if ((flags & MSG_PEEK) || !(n + skip))
		return (ssize_t)n;
	consume(c, n + skip);
	tcp_window_read(c);
	tcp_recvq_rest(c);
	tcp_delack_read(c, n);
	return (ssize_t)n;
}

ssize_t tcp_recvq_read_urgent(struct tcp_conn *c, void *buf, size_t room, int flags)
{
	if (is_inline(c) || !c->urg_seen || c->urg_taken)
		return -EINVAL;
	if (!tcp_recvq_has_urgent(c))
		return -EAGAIN;
	if (room && !(flags & MSG_TRUNC))
		copy(c->recvq, tcp_rare(c)->rcv_up - tcp_recvq_head(c), buf, 1);
	if (!(flags & MSG_PEEK))
		c->urg_taken = true;
	return room ? 1 : 0;
}
