/* SPDX-License-Identifier: MIT */
/*
 * SYN cookies (RFC 4987 3.6; Bernstein, 1996): when half-open entries are too many, our SYN-ACK itself remembers
 * what the SYN was, and the ACK brings it back.
 *
 *	ISS     5 bits: the minute, modulo 32 | 3 bits: the peer's MSS, rounded down | 24 bits: keyed hash
 *	TSval   its lowest 6 bits: ECN | SACK | window scale (15: none)
 *
 * The hash covers the four numbers, the peer's ISN, the minute and the MSS, so only somebody who saw the SYN-ACK
 * can answer it, for three minutes. What stands in the timestamp is not covered: a liar hurts only himself.
 */
#include "tcp/listen.h"

#define MINUTE_NS (60 * NS_PER_SEC)
enum { MINUTES_VALID = 3, MINUTE_BITS = 31, MINUTE_SHIFT = 27, MSS_SHIFT = 24, HASH_MASK = 0xffffff };
enum { TS_BITS = 0x3f, TS_WSCALE = 0x0f, TS_SACK = 0x10, TS_ECN = 0x20, TS_NO_WSCALE = 15 };

static const uint16_t sizes[] = {216, 536, 1024, 1300, 1400, 1440, 1460, 8960};

static uint32_t minute(const struct tcp_half *h)
{
	return (uint32_t)(stack_now(tcp_listen_stack(h->listen)) / MINUTE_NS);
}

static uint32_t make(const struct tcp_half *h, uint32_t when, uint32_t size)
{
	const struct tcp_entry *e = &h->e;
	uint32_t covered[] = {
		e->local, e->remote, (uint32_t)e->local_port << 16 | e->remote_port, h->irs, when, size};
	uint64_t hash = siphash(&tcp_of(tcp_listen_stack(h->listen))->cookie_key, covered, sizeof(covered));

	return when << MINUTE_SHIFT | size << MSS_SHIFT | ((uint32_t)hash & HASH_MASK);
}

/* ---- SYN ---- */

static uint32_t size_index(uint16_t mss)
{
	uint32_t i = ARRAY_SIZE(sizes) - 1;

	while (i > 0 && sizes[i] > mss)
		i--;
	return i;
}

/* Our clock, moved back to the last moment that has these lowest bits. */
static uint32_t stamp(const struct tcp_half *h)
{
	uint32_t now = tcp_ts_clock(tcp_listen_stack(h->listen));
	uint32_t bits = (h->wscale ? h->snd_wscale : TS_NO_WSCALE) | (h->sack ? TS_SACK : 0u) |
		(h->ecn ? TS_ECN : 0u);
	uint32_t ts = (now & ~(uint32_t)TS_BITS) | bits;

	return seq_gt(ts, now) ? ts - TS_BITS - 1 : ts;
}

/* Without timestamps there is no room for the other options. */
void tcp_cookie_answer(struct tcp_listen *l, const struct tcp_seg *syn)
{
	struct stack *s = tcp_listen_stack(l);
	struct tcp_half h = tcp_half_of(l, syn);

	if (!h.ts)
		h.sack = h.wscale = h.ecn = false;
	h.iss = make(&h, minute(&h), size_index(h.mss));
	l->cookie_ns = stack_now(s);
	mib_inc(s, MIB_TcpExtTCPReqQFullDoCookies);
	mib_inc(s, MIB_TcpExtSyncookiesSent);
	TRACE(s, LAYER_TCP, syn->p, "RFC 4987 3.6", "%u half-open entries: answered by cookie %u",
		l->half_count, h.iss);
	tcp_half_answer(&h, stamp(&h), syn->p->id);
}

/* ---- ACK ---- */

static void read_stamp(struct tcp_half *h, const struct tcp_options *o)
{
	uint32_t bits = o->tsecr - tcp_ts_offset(tcp_listen_stack(h->listen), &h->e);

	h->ts_recent = o->tsval;
	h->wscale = (bits & TS_WSCALE) != TS_NO_WSCALE;
	h->snd_wscale = h->wscale ? MIN(bits & TS_WSCALE, (uint32_t)TCP_WSCALE_MAX) & 15u : 0;
	h->sack = bits & TS_SACK;
	h->ecn = bits & TS_ECN;
}

static bool is_recent(const struct tcp_listen *l)
{
	return l->cookie_ns && stack_now(tcp_listen_stack(l)) - l->cookie_ns < MINUTES_VALID * MINUTE_NS;
}

bool tcp_cookie_check(struct tcp_listen *l, const struct tcp_seg *seg, struct tcp_half *h)
{
	struct stack *s = tcp_listen_stack(l);
	uint32_t iss = seg->ack - 1, size = iss >> MSS_SHIFT & 7;

	if (!is_recent(l))
		return false;
	*h = tcp_half_of(l, seg);
	h->iss = iss;
	h->irs = seg->seq - 1;
	uint32_t age = (minute(h) - (iss >> MINUTE_SHIFT)) & MINUTE_BITS;
	if (age >= MINUTES_VALID || make(h, minute(h) - age, size) != iss) {
		mib_inc(s, MIB_TcpExtSyncookiesFailed);
		return false;
	}
	mib_inc(s, MIB_TcpExtSyncookiesRecv);
	h->cookie = true;
	h->mss = sizes[size];
	h->sack = h->wscale = h->ecn = false;
	if (h->ts)
		read_stamp(h, &seg->opt);
	TRACE(s, LAYER_TCP, seg->p, "RFC 4987 3.6", "the cookie is ours: MSS %u%s", h->mss,
		h->sack ? ", SACK" : "");
	return true;
}
