/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors about segments of ours (RFC 9293 3.9.2.2; RFC 5927). Anybody can send one, so it must quote a sequence
 * number that is in flight now. Even then it ends no connection that stands, since segments may pass again later; only
 * the attempt to make one ends. Everything else is told to the program, if it listens (SO_OPT_RECVERR).
 */
#include "tcp/internal.h"

#include "lib/text.h"
#include "net/wire_icmp.h"

#include <errno.h>

static void tell(struct tcp_conn *c, const struct icmp_note *note, bool fatal)
{
	struct sock_error e = {
		.error = note->error,
		.type = note->type,
		.code = note->code,
		.info = note->info,
		.from = note->from,
		.dst = note->quoted->dst,
		.ttl = note->pkt->ip.ttl,
		.time_ns = stack_now(c->stack),
	};

	if (c->sock)
		sock_report(c->sock, &e, fatal);
}

/* RFC 1191, RFC 5927 7.2: the MTU of the next hop. What was small enough, or may be fragmented (as we send it, whatever the
 * quote says of DF), cannot have been refused for its size; less than IP's minimum nobody may ask for. */
static void too_big(struct tcp_conn *c, const struct icmp_note *note)
{
	const struct ip_hdr *quoted = note->quoted;

	if (c->wishes.pmtu_off || note->info >= quoted->total_len || (note->info && note->info < IP_MIN_MTU))
		return;
	uint32_t mtu = route_pmtu_update(c->stack, c->e.remote, note->info, quoted->total_len);
	TRACE(c->stack, LAYER_TCP, note->pkt, "RFC 1191 3", "path MTU to %s is %u now", TEXT_IP(c->e.remote),
		mtu);
	tcp_mtu_changed(c, true);
}

static void note_conn(struct tcp_conn *c, const struct icmp_note *note)
{
	bool opening = !tcp_is_synchronized(c);

	if (note->error == EMSGSIZE && !opening) {
		too_big(c, note);
		return;
	}
	TRACE(c->stack, LAYER_TCP, note->pkt, "RFC 5927 5.2", "ICMP error %d in %s: %s", note->error,
		tcp_state_name(c->state), opening ? "the attempt ends" : "noted");
	tell(c, note, false);
	c->soft_error = (uint8_t)note->error;
	if (opening && note->error != EMSGSIZE)
		tcp_fail(c, note->error);
}

/* RFC 5927 4.1: what the error quotes must be unacknowledged. */
static bool is_in_flight(const struct tcp_entry *e, uint32_t seq)
{
	const struct tcp_conn *c = CONTAINER_OF_C(e, struct tcp_conn, e);

	return seq_in(seq, c->snd.una, c->snd.nxt);
}

void tcp_note(struct stack *s, const struct icmp_note *note)
{
	struct tcp_hdr h;

	if (note->type == ICMP_REDIRECT || !tcp_parse_quote(note->payload, note->payload_len, &h))
		return; /* the way is IP's business */
	struct tcp_entry *e =
		tcp_entry_find(tcp_of(s), note->quoted->src, h.sport, note->quoted->dst, h.dport);
	if (!e || e->kind == TCP_ENTRY_TW)
		return;
	bool half = e->kind == TCP_ENTRY_HALF;
	if (half ? !tcp_half_sent((struct tcp_half *)e, h.seq) : !is_in_flight(e, h.seq)) {
		mib_inc(s, MIB_TcpExtOutOfWindowIcmps);
		return;
	}
	if (half)
		tcp_half_note((struct tcp_half *)e, note);
	else
		note_conn(CONTAINER_OF(e, struct tcp_conn, e), note);
}
