/* SPDX-License-Identifier: MIT */
/*
 * What loss and its signs do to a connection, by state (c->ca_state):
 *
 *   OPEN      nothing unusual                  DISORDER  SACKs or duplicate ACKs, but nothing is lost yet
 *   CWR       going down to ssthresh because of ECN or a full queue of our own
 *   RECOVERY  something is lost: sent again while going down to ssthresh (RFC 6675, PRR: RFC 6937)
 *   LOSS      the RTO fired: from one segment up again; F-RTO (RFC 5682) asks whether it was right
 *
 * Each but OPEN and DISORDER ends when flight->recovery_point is acknowledged. If everything that was sent again turns
 * out to have been superfluous, by timestamps (RFC 3522), by D-SACK (RFC 3708) or by F-RTO, the reduction is taken
 * back (RFC 4015).
 */
#include "tcp/recovery.h"

static bool is_reno(const struct tcp_conn *c)
{
	return !c->sack_on;
}

void recovery_set_state(struct tcp_conn *c, enum tcp_ca_state state)
{
	static const char *const names[] = {"open", "disorder", "cwr", "recovery", "loss"};

	if (c->ca_state == state)
		return;
	TRACE(c->stack, LAYER_TCP, NULL, "RFC 6675 5", "%s -> %s, cwnd %u", names[c->ca_state], names[state],
		c->cwnd);
	c->ca_state = (uint8_t)state;
}

/* What ssthresh would be worth if nothing were wrong (RFC 2861 3.2). */
static uint32_t current_ssthresh(const struct tcp_conn *c)
{
	if (recovery_is_reducing(c) || c->ssthresh == UINT32_MAX)
		return c->ssthresh;
	return MAX(c->ssthresh, c->cwnd / 4 * 3);
}

/* ---- going down: PRR ---- */

static void remember(struct tcp_conn *c, bool possible)
{
	struct tcp_flight *f = c->flight;

	f->undo.possible = possible;
	f->undo.marker = c->snd.una;
	f->undo.bytes = f->retrans;
	f->undo.again = f->retrans > 0;
	f->undo.stamped &= f->undo.again;
	f->undo.prior_cwnd = c->cwnd;
	f->undo.prior_ssthresh = current_ssthresh(c);
}

static void begin_reduction(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;

	f->recovery_point = c->snd.nxt;
	f->tlp.out = false;
	f->prr.prior_cwnd = c->cwnd;
	f->prr.delivered = f->prr.out = 0;
	c->ssthresh = tcp_cc_of(c)->on_loss(c);
	c->ecn_cwr = c->ecn_on;
}

/* RFC 5681 3.2 step 6: exactly to ssthresh, so the ACK that ends it does not let cwnd grow. */
static void end_reduction(struct tcp_conn *c, struct tcp_ack *a)
{
	tcp_cwnd_set(c, c->ssthresh);
	a->ended = true;
}

/* RFC 6937 3.1: while more than ssthresh is in flight, send in proportion to what arrives, so that ssthresh is reached
 * when all of it was replaced; below, fill up again: by one segment for each ACK that shows progress (SSRB), by no more
 * than has arrived where losses go on (CRB). The first retransmission goes out at once. */
void recovery_reduce(struct tcp_conn *c, uint32_t delivered, uint32_t lost, bool una_moved)
{
	struct tcp_flight *f = c->flight;
	uint32_t pipe = tcp_in_flight(c);
	int64_t sndcnt, behind;

	if (!f->prr.prior_cwnd || (!delivered && f->prr.out))
		return;
	f->prr.delivered += delivered;
	if (pipe > c->ssthresh) {
		uint64_t due = (uint64_t)c->ssthresh * f->prr.delivered + f->prr.prior_cwnd - 1;

		sndcnt = (int64_t)(due / f->prr.prior_cwnd) - f->prr.out;
	} else {
		behind = (int64_t)f->prr.delivered - f->prr.out;
		sndcnt = MAX(behind, (int64_t)delivered);
		if (una_moved && !lost)
			sndcnt += c->mss;
		sndcnt = MIN(sndcnt, (int64_t)(c->ssthresh - pipe));
	}
	sndcnt = MAX(sndcnt, f->prr.out ? 0 : c->mss);
	tcp_cwnd_set(c, pipe + (uint64_t)sndcnt);
}

void recovery_reduce_at_once(struct tcp_conn *c)
{
	if (c->ca_state > TCP_CA_CWR)
		return;
	c->flight->undo.possible = false;
	begin_reduction(c);
	tcp_cwnd_set(c, c->ssthresh);
}

/* RFC 3168 6.1.2, and the same for a queue of our own that is full: once for each window. */
void tcp_enter_cwr(struct tcp_conn *c)
{
	if (!c->flight || c->ca_state >= TCP_CA_CWR)
		return;
	c->flight->undo.possible = false;
	begin_reduction(c);
	recovery_set_state(c, TCP_CA_CWR);
}

void recovery_enter(struct tcp_conn *c, bool ece)
{
	mib_inc(c->stack, is_reno(c) ? MIB_TcpExtTCPRenoRecovery : MIB_TcpExtTCPSackRecovery);
	if (!recovery_is_reducing(c)) {
		remember(c, !ece);
		begin_reduction(c);
	} else { /* CWR: the reduction is under way, and was not for nothing */
		remember(c, false);
	}
	recovery_set_state(c, TCP_CA_RECOVERY);
}

/* ---- taking it back ---- */

static bool may_undo(const struct tcp_conn *c, const struct tcp_ack *a)
{
	const struct tcp_flight *f = c->flight;

	if (!f->undo.possible || !f->undo.again)
		return false;
	return !f->undo.bytes || (f->undo.stamped && rtt_echo_before(c, a->seg, f->undo.stamp));
}

static void undo(struct tcp_conn *c, bool unlose, const char *clause)
{
	struct tcp_flight *f = c->flight;

	TRACE(c->stack, LAYER_TCP, NULL, clause, "nothing was lost: cwnd %u -> %u", c->cwnd,
		MAX(c->cwnd, f->undo.prior_cwnd));
	if (unlose)
		board_unlose(c);
	f->rack.number = 0; /* what seemed to arrive of what was sent again were the originals */
	if (c->ca_state != TCP_CA_LOSS)
		f->rack.reordering_seen = true;
	tcp_cc_of(c)->on_undo(c);
	tcp_cwnd_set(c, MAX(c->cwnd, f->undo.prior_cwnd));
	c->ssthresh = MAX(c->ssthresh, f->undo.prior_ssthresh);
	c->ecn_cwr = false;
	f->undo.possible = false;
}

static bool undo_by_dsack(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;

	if (!f->undo.possible || f->undo.bytes || !f->undo.again)
		return false;
	mib_inc(c->stack, MIB_TcpExtTCPDSACKUndo);
	f->rack.wnd_persist = (uint8_t)MIN(f->rack.wnd_persist + 1, 16);
	undo(c, false, "RFC 3708 5");
	return true;
}

static bool undo_loss(struct tcp_conn *c, bool by_frto, const struct tcp_ack *a)
{
	if (!(by_frto && c->flight->undo.possible) && !may_undo(c, a))
		return false;
	mib_inc(c->stack, by_frto ? MIB_TcpExtTCPSpuriousRTOs : MIB_TcpExtTCPLossUndo);
	undo(c, true, by_frto ? "RFC 5682 3" : "RFC 4015 3");
	c->flight->frto = false;
	c->backoff = 0;
	return true;
}

/* ---- back to normal ---- */

/* After OPEN, DISORDER or CWR: which of the two it is now. */
static void try_to_open(struct tcp_conn *c, const struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	const struct tcp_sent *head = board_head(f);
	bool disorder = f->bytes[TCP_SACKED] || f->bytes[TCP_LOST] || f->dupacks || (head && head->again);

	if (!head || !head->again)
		f->undo.stamped = false;
	if (a->ece)
		tcp_enter_cwr(c);
	if (c->ca_state == TCP_CA_CWR)
		return;
	if (disorder && c->ca_state != TCP_CA_DISORDER)
		f->recovery_point = c->snd.nxt;
	recovery_set_state(c, disorder ? TCP_CA_DISORDER : TCP_CA_OPEN);
}

/* The recovery point is acknowledged. False: stay, since a peer without SACK may still send duplicate ACKs for what was
 * sent again, and they must not begin another recovery (RFC 6582 3.2 step 1). */
static bool finish(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	if (may_undo(c, a)) {
		mib_inc(c->stack, c->ca_state == TCP_CA_LOSS ? MIB_TcpExtTCPLossUndo : MIB_TcpExtTCPFullUndo);
		undo(c, false, "RFC 4015 3");
	} else if (is_reno(c) && c->snd.una == f->recovery_point) {
		return false;
	} else if (c->ca_state == TCP_CA_RECOVERY) {
		if (f->rack.wnd_persist)
			f->rack.wnd_persist--;
		end_reduction(c, a);
	}
	recovery_set_state(c, TCP_CA_OPEN);
	return true;
}

/* ---- what is lost ---- */

/* Without SACK (RFC 6582): at the third duplicate ACK the first segment; in recovery each partial acknowledgment says
 * that the next one is. */
static void detect_by_dupacks(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	if (c->ca_state < TCP_CA_RECOVERY ? f->dupacks >= TCP_DUPTHRESH
					  : c->ca_state == TCP_CA_RECOVERY && a->una_moved)
		board_lose_head(c, false, a);
}

static void detect(struct tcp_conn *c, struct tcp_ack *a)
{
	if (is_reno(c)) {
		detect_by_dupacks(c, a);
		return;
	}
	rack_update_window(c, a);
	rack_detect(c, a);
}

/* ---- the states ---- */

/* The ACK moves SND.UNA, not to the recovery point. If it answers what was sent before the first retransmission, then
 * that was not needed; as long as another one is under way its answer is waited for. */
static bool undo_partial(struct tcp_conn *c, const struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	if (!f->undo.possible || !f->undo.stamped || !rtt_echo_before(c, a->seg, f->undo.stamp))
		return false;
	if (f->retrans)
		return true;
	mib_inc(c->stack, MIB_TcpExtTCPPartialUndo);
	undo(c, true, "RFC 4015 3");
	try_to_open(c, a);
	return true;
}

static void in_recovery(struct tcp_conn *c, struct tcp_ack *a)
{
	if (a->una_moved && undo_partial(c, a))
		return;
	if (undo_by_dsack(c)) {
		recovery_set_state(c, TCP_CA_OPEN);
		try_to_open(c, a);
		return;
	}
	detect(c, a);
}

/* RFC 5682 2.1 and 3.1. The RTO was spurious if what arrives next was never sent again. The first ACK after it that
 * covers some, not all, is answered with new data (step 2b): it may cover what had arrived long before, if its ACK was
 * lost, or without SACK. Only the second one can tell. True: undone, or new data is to be sent. */
static bool f_rto(struct tcp_conn *c, const struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	if (a->orig && f->frto_tried && undo_loss(c, true, a))
		return true;
	if (seq_gt(c->snd.nxt, f->recovery_point)) {
		if (a->sacked || a->dup)
			f->frto = false; /* 3a: it was right */
	} else if (a->una_moved && seq_lt(c->snd.una, f->recovery_point)) {
		f->recovery_point = c->snd.nxt;
		if (tcp_unsent(c) && seq_gt(c->snd.una + c->snd.wnd, c->snd.nxt)) {
			f->frto_new = f->frto_tried = true;
			return true;
		}
		f->frto = false;
	}
	return false;
}

static void in_the_open(struct tcp_conn *c, struct tcp_ack *a)
{
	if (c->ca_state <= TCP_CA_DISORDER)
		undo_by_dsack(c);
	detect(c, a);
	if (c->flight->bytes[TCP_LOST])
		recovery_enter(c, a->ece);
	else
		try_to_open(c, a);
}

static void in_loss(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	bool undone;

	f->frto_new = false;
	undone = (a->una_moved && undo_loss(c, false, a)) || (f->frto && f_rto(c, a) && !f->frto_new);
	if (f->frto_new)
		return;
	if (undone)
		recovery_set_state(c, TCP_CA_OPEN);
	if (undone || (seq_ge(c->snd.una, f->recovery_point) && finish(c, a)))
		in_the_open(c, a);
	else
		detect(c, a);
}

void recovery_ack(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;

	if (a->ece)
		f->undo.possible = false;
	if (c->ca_state == TCP_CA_CWR && seq_gt(c->snd.una, f->recovery_point)) {
		end_reduction(c, a);
		recovery_set_state(c, TCP_CA_OPEN);
	}
	if (c->ca_state == TCP_CA_RECOVERY && seq_ge(c->snd.una, f->recovery_point) && !finish(c, a))
		return;
	switch ((enum tcp_ca_state)c->ca_state) {
	case TCP_CA_RECOVERY:
		in_recovery(c, a);
		break;
	case TCP_CA_LOSS:
		in_loss(c, a);
		break;
	case TCP_CA_OPEN:
	case TCP_CA_DISORDER:
	case TCP_CA_CWR:
		in_the_open(c, a);
		break;
	}
}

/* ---- the RTO ---- */

/* What was sent a moment ago may still arrive; all else is lost (RFC 8985 6.3). */
static void lose_all(struct tcp_conn *c, struct tcp_ack *a)
{
	struct tcp_flight *f = c->flight;
	uint64_t patience = is_reno(c) ? 0 : f->rack.rtt_ns + rack_window(c);

	f->dupacks = 0;
	if (board_head_is_sacked(c)) { /* RFC 2018 8: the receiver has thrown away what it SACKed */
		mib_inc(c->stack, MIB_TcpExtTCPSACKReneging);
		board_forget_sacks(c);
		patience = 0;
	}
	board_lose_head(c, true, a);
	list_each_safe(r, &f->flying, struct tcp_sent, order) {
		if (r->sent_ns + patience <= stack_now(c->stack))
			board_lose(c, r, a);
	}
}

void tcp_rto(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight;
	struct tcp_ack a = {0};
	bool first;

	if (!f || list_empty(&f->sent))
		return;
	first = c->ca_state <= TCP_CA_DISORDER || seq_ge(c->snd.una, f->recovery_point) ||
		(c->ca_state == TCP_CA_LOSS && !c->backoff);
	if (first) {
		remember(c, true);
		c->ssthresh = tcp_cc_of(c)->on_loss(c);
		tcp_cc_of(c)->on_rto(c);
	}
	lose_all(c, &a);
	c->ecn_cwr = c->ecn_on;
	f->tlp.out = false;
	f->prr.prior_cwnd = 0;
	f->recovery_point = c->snd.nxt;
	f->frto = c->stack->sysctl[SYSCTL_TCP_FRTO] && (first || c->backoff);
	f->frto_new = f->frto_tried = false;
	recovery_set_state(c, TCP_CA_LOSS);
	tcp_cwnd_set(c, tcp_in_flight(c) + c->mss);
	tcp_timer_stop(c, TCP_TIMER_REORDER);
	if (c->backoff < UINT8_MAX)
		c->backoff++;
	rtt_restart_rto(c);
	tcp_rearm(c);
}
