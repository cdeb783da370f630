/* SPDX-License-Identifier: MIT */
/*
 * The matrix of SEGMENT ARRIVES (RFC 9293 3.10.7): each state x each kind of segment x where it stands in the window x
 * what it acknowledges, and what has to come of it. A cell is a case: tcp_matrix/established/rst/inside/none.
 *
 * What is expected stands in the table below and comes from the RFCs' text: 9293 3.10.7.1 (closed), .2 (listen), .3
 * (syn_sent), .4 (the others, in its order: window, RST, SYN, ACK, text, FIN), with 5961 3.2 (RST), 4.2 (SYN), 5.2 (ACK)
 * in force, and 6191 2 for a SYN in TIME-WAIT.
 *
 * Places: left of the window by 20; its left edge, RCV.NXT; 100 inside; its right edge, the last octet; and right of
 * it by one octet more than the first that is outside (for that one see tcp_steps).
 * ACKs: old is below SND.UNA, current SND.NXT (so it acknowledges our FIN, or our SYN), future one above.
 * syn_received is a half-open entry of a listener, simultaneous the same state after an active OPEN.
 */
#include "tests/unit/tcp/bench.h"

enum {
	st_closed = TCP_CLOSED,
	st_listen = TCP_LISTEN,
	st_syn_sent = TCP_SYN_SENT,
	st_syn_received = TCP_SYN_RECEIVED,
	st_established = TCP_ESTABLISHED,
	st_fin_wait_1 = TCP_FIN_WAIT_1,
	st_fin_wait_2 = TCP_FIN_WAIT_2,
	st_close_wait = TCP_CLOSE_WAIT,
	st_closing = TCP_CLOSING,
	st_last_ack = TCP_LAST_ACK,
	st_time_wait = TCP_TIME_WAIT,
	st_simultaneous
};

enum kind { k_syn, k_syn_ack, k_ack, k_data, k_fin, k_rst, k_rst_ack, k_bare };
enum place { p_left, p_left_edge, p_inside, p_right_edge, p_right, p_any };
enum which { a_old, a_current, a_future, a_none };

enum { TEXT = 10 };

static const struct {
	uint16_t flags;
	size_t len;
} kinds[] = {
	[k_syn] = {TCP_SYN, 0},
	[k_syn_ack] = {TCP_SYN | TCP_ACK, 0},
	[k_ack] = {TCP_ACK, 0},
	[k_data] = {TCP_ACK | TCP_PSH, TEXT},
	[k_fin] = {TCP_FIN | TCP_ACK, 0},
	[k_rst] = {TCP_RST, 0},
	[k_rst_ack] = {TCP_RST | TCP_ACK, 0},
	[k_bare] = {0, 0},
};

/* ---- outcomes ---- */

enum reply { NONE, ACKED, SYN_ACK, RESET, RESET_ACK };

enum outcome {
	Taken,	/* nothing to say */
	Takena, /* answered by an ACK of the same RCV.NXT: text or a FIN out of order */
	Text,	/* in order: RCV.NXT moves, and an ACK says so */
	Old,
	Olds,
	Out,
	Outs,
	Outr,
	Oldr,
	ChalS,
	ChalR,
	Chalb,
	Chalq,
	BadAck,
	BadRst,
	BadSil,
	NoAck,
	NoSyn,
	NoRst,
	AftFin,
	NoConn,
	NoConnA,
	Late,
	Lates,
	ToLis,
	ToRcv,
	ToSim,
	Again,
	ToEst,
	ToEstA,
	ToEstT,
	ToCls,
	ToCw,
	ToClg,
	ToFw2,
	ToFw2A,
	ToFw2T,
	ToTw,
	ToTwF,
};

#define SAME TCP_STATE_COUNT

static const struct {
	enum reply reply;
	enum tcp_state state; /* afterwards; SAME */
	enum drop_reason why; /* it was dropped; 0: not */
	bool in_order;	      /* what it holds is acknowledged */
} outcomes[] = {
	/* taken, no change of state */
	[Taken] = {NONE, SAME, 0, false},
	[Takena] = {ACKED, SAME, 0, false},
	[Text] = {ACKED, SAME, 0, true},
	/* first: not in the window. s: a reset, without answer; r: SYN-RECEIVED, answered by the
	 * SYN-ACK, which has the ACK in it */
	[Old] = {ACKED, SAME, DROP_TCP_OLD_DUPLICATE, false},
	[Olds] = {NONE, SAME, DROP_TCP_OLD_DUPLICATE, false},
	[Oldr] = {SYN_ACK, SAME, DROP_TCP_OLD_DUPLICATE, false},
	[Out] = {ACKED, SAME, DROP_TCP_OUT_OF_WINDOW, false},
	[Outs] = {NONE, SAME, DROP_TCP_OUT_OF_WINDOW, false},
	[Outr] = {SYN_ACK, SAME, DROP_TCP_OUT_OF_WINDOW, false},
	/* second and fourth: challenged (RFC 5961) */
	[ChalR] = {ACKED, SAME, DROP_TCP_RST_CHALLENGED, false},
	[ChalS] = {ACKED, SAME, DROP_TCP_SYN_CHALLENGED, false},
	[Chalb] = {SYN_ACK, SAME, DROP_TCP_RST_CHALLENGED, false},
	[Chalq] = {SYN_ACK, SAME, DROP_TCP_SYN_CHALLENGED, false},
	/* fifth */
	[BadAck] = {ACKED, SAME, DROP_TCP_BAD_ACK, false},
	[BadRst] = {RESET, SAME, DROP_TCP_BAD_ACK, false},
	[BadSil] = {NONE, SAME, DROP_TCP_BAD_ACK, false},
	[NoAck] = {NONE, SAME, DROP_TCP_NO_ACK, false},
	/* seventh and eighth, after the peer's FIN */
	[AftFin] = {NONE, SAME, DROP_TCP_AFTER_FIN, false},
	/* no connection */
	[NoSyn] = {NONE, SAME, DROP_TCP_NO_SYN, false},
	[NoRst] = {NONE, SAME, DROP_TCP_NOTHING_TO_RESET, false},
	[NoConn] = {RESET, SAME, DROP_TCP_NO_CONNECTION, false},
	[NoConnA] = {RESET_ACK, SAME, DROP_TCP_NO_CONNECTION, false},
	/* TIME-WAIT */
	[Late] = {ACKED, SAME, DROP_TCP_TIME_WAIT, false},
	[Lates] = {NONE, SAME, DROP_TCP_TIME_WAIT, false},
	[Again] = {SYN_ACK, TCP_SYN_RECEIVED, 0, true},
	/* the state moves (a connection that is gone leaves its listener); A: with an ACK, T: of the text or FIN in it */
	[ToLis] = {NONE, TCP_LISTEN, 0, false},
	[ToRcv] = {SYN_ACK, TCP_SYN_RECEIVED, 0, true},
	[ToEst] = {NONE, TCP_ESTABLISHED, 0, false},
	[ToEstA] = {ACKED, TCP_ESTABLISHED, 0, false},
	[ToEstT] = {ACKED, TCP_ESTABLISHED, 0, true},
	[ToCls] = {NONE, TCP_CLOSED, 0, false},
	[ToCw] = {ACKED, TCP_CLOSE_WAIT, 0, true},
	[ToClg] = {ACKED, TCP_CLOSING, 0, true},
	[ToFw2] = {NONE, TCP_FIN_WAIT_2, 0, false},
	[ToFw2A] = {ACKED, TCP_FIN_WAIT_2, 0, false},
	[ToFw2T] = {ACKED, TCP_FIN_WAIT_2, 0, true},
	[ToTw] = {NONE, TCP_TIME_WAIT, 0, false},
	[ToTwF] = {ACKED, TCP_TIME_WAIT, 0, true},
};

/* ---- a cell ---- */

struct cell {
	unsigned state;
	enum kind kind;
	enum place place;
	enum which ack;
	enum outcome outcome;
};

static uint32_t seq_of(const struct bench *b, enum place place)
{
	switch (place) {
	case p_left:
		return b->una - 20;
	case p_inside:
		return b->una + 100;
	case p_right_edge:
		return b->una + b->wnd - 1;
	case p_right:
		return b->una + b->wnd + 1;
	default:
		return b->nxt;
	}
}

/* SND.UNA is where the host was before a FIN or SYN that nobody has acknowledged. */
static uint32_t ack_of(const struct bench *b, const struct cell *c)
{
	static const bool in_flight[st_simultaneous + 1] = {[TCP_SYN_SENT] = true,
		[TCP_SYN_RECEIVED] = true,
		[TCP_FIN_WAIT_1] = true,
		[TCP_CLOSING] = true,
		[TCP_LAST_ACK] = true,
		[st_simultaneous] = true};
	uint32_t syn =
		c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED || c->state == st_simultaneous;

	if (c->ack == a_old)
		return b->host_nxt - in_flight[c->state] - !syn;
	return c->ack == a_current ? b->host_nxt : b->host_nxt + 1;
}

static size_t dropped(const struct bench *b)
{
	size_t n = 0;

	for (int why = DROP_NONE + 1; why < DROP_COUNT; why++)
		n += stack_drops(b->s, (enum drop_reason)why);
	return n;
}

static void check_reply(struct bench *b, enum reply reply, uint32_t seq, uint32_t ack, uint32_t end)
{
	switch (reply) {
	case NONE:
		break;
	case ACKED:
		EXPECT(b, TCP_ACK, b->host_nxt, ack);
		break;
	case SYN_ACK:
		EXPECT(b, TCP_SYN | TCP_ACK, b->host_isn, ack);
		break;
	case RESET:
		EXPECT(b, TCP_RST, seq, 0);
		break;
	case RESET_ACK:
		EXPECT(b, TCP_RST | TCP_ACK, 0, end);
		break;
	}
	EXPECT_NONE(b);
}

static void run(void)
{
	const struct cell *c = unit_arg;
	bool simultaneous = c->state == st_simultaneous;
	enum tcp_state before = simultaneous ? TCP_SYN_RECEIVED : (enum tcp_state)c->state;
	struct bench *b = bench_new();

	bench_into(b, before, simultaneous);
	if (c->outcome == Again)
		bench_isn_is(b->host_nxt + 100000);
	uint32_t seq = seq_of(b, c->place), ack = ack_of(b, c), rcv_nxt = b->nxt;
	uint16_t flags = kinds[c->kind].flags;
	uint32_t end = seq + (uint32_t)kinds[c->kind].len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	size_t drops_before = dropped(b);

	bench_say_at(b, flags, seq, ack, kinds[c->kind].len);
	if (c->outcome == Again)
		b->host_isn = b->host_nxt + 100000;
	check_reply(b, outcomes[c->outcome].reply, ack, outcomes[c->outcome].in_order ? end : rcv_nxt, end);
	CU_ASSERT_EQUAL(
		bench_state(b), outcomes[c->outcome].state == SAME ? before : outcomes[c->outcome].state);
	CU_ASSERT_EQUAL(dropped(b) - drops_before, outcomes[c->outcome].why ? 1 : 0);
	CU_ASSERT_EQUAL(stack_drops(b->s, outcomes[c->outcome].why), outcomes[c->outcome].why ? 1 : 0);
	bench_free(b);
}

/* ---- the table ---- */

/* clang-format off */
#define CELL(st, kd, pl, ak, out) \
	{.name = #st "/" #kd "/" #pl "/" #ak, .run = run, .arg = &(const struct cell){st_##st, k_##kd, p_##pl, a_##ak, out}}

/* No window yet: by ACK only. */
#define ANY(st, kd, out) CELL(st, kd, any, none, out)
#define ACKS(st, kd, o, c, f) \
	CELL(st, kd, any, old, o), CELL(st, kd, any, current, c), CELL(st, kd, any, future, f)

/* Without ACK: by place only. */
#define PLACES(st, kd, l, le, i, re, r) \
	CELL(st, kd, left, none, l), CELL(st, kd, left_edge, none, le), CELL(st, kd, inside, none, i), \
	CELL(st, kd, right_edge, none, re), CELL(st, kd, right, none, r)

/* Both: three ACKs at each of five places. */
#define TRIPLE(st, kd, pl, o, c, f) \
	CELL(st, kd, pl, old, o), CELL(st, kd, pl, current, c), CELL(st, kd, pl, future, f)
#define ALL(st, kd, l0, l1, l2, le0, le1, le2, i0, i1, i2, re0, re1, re2, r0, r1, r2) \
	TRIPLE(st, kd, left, l0, l1, l2), TRIPLE(st, kd, left_edge, le0, le1, le2), \
	TRIPLE(st, kd, inside, i0, i1, i2), TRIPLE(st, kd, right_edge, re0, re1, re2), \
	TRIPLE(st, kd, right, r0, r1, r2)

SUITE(tcp_matrix,
	ANY(closed, syn, NoConnA), ANY(closed, syn_ack, NoConn), ANY(closed, ack, NoConn), ANY(closed, data, NoConn),
	ANY(closed, fin, NoConn), ANY(closed, rst, NoRst), ANY(closed, rst_ack, NoRst), ANY(closed, bare, NoConnA),

	ANY(listen, syn, ToRcv), ANY(listen, syn_ack, NoConn), ANY(listen, ack, NoConn), ANY(listen, data, NoConn),
	ANY(listen, fin, NoConn), ANY(listen, rst, NoRst), ANY(listen, rst_ack, NoRst), ANY(listen, bare, NoSyn),

	ANY(syn_sent, syn, ToRcv),
	ACKS(syn_sent, syn_ack, BadRst, ToEstT, BadRst),
	ACKS(syn_sent, ack, BadRst, NoSyn, BadRst),
	ACKS(syn_sent, data, BadRst, NoSyn, BadRst),
	ACKS(syn_sent, fin, BadRst, NoSyn, BadRst),
	ANY(syn_sent, rst, NoRst),
	ACKS(syn_sent, rst_ack, BadSil, ToCls, BadSil),
	ANY(syn_sent, bare, NoSyn),

	/*                                 left            left edge               inside                  right edge              right */
	PLACES(syn_received, syn,          Out,            ToLis,                  ToLis,                  ToLis,                  Out),
	ALL(syn_received, syn_ack,         Out,Out,Out,    ToLis,ToLis,ToLis,      ToLis,ToLis,ToLis,      ToLis,ToLis,ToLis,      Out,Out,Out),
	ALL(syn_received, ack,             Out,Out,Out,    BadRst,ToEst,BadRst,    BadRst,ToEst,BadRst,    BadRst,ToEst,BadRst,    Out,Out,Out),
	ALL(syn_received, data,            Out,Out,Out,    BadRst,ToEstT,BadRst,   BadRst,ToEstA,BadRst,   BadRst,ToEstA,BadRst,   Out,Out,Out),
	ALL(syn_received, fin,             Out,Out,Out,    BadRst,ToCw,BadRst,     BadRst,ToEstA,BadRst,   BadRst,ToEstA,BadRst,   Out,Out,Out),
	PLACES(syn_received, rst,          Outs,           ToLis,                  ChalR,                  ChalR,                  Outs),
	ALL(syn_received, rst_ack,         Outs,Outs,Outs, ToLis,ToLis,ToLis,      ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Outs,Outs,Outs),
	PLACES(syn_received, bare,         Out,            NoAck,                  NoAck,                  NoAck,                  Out),

	PLACES(simultaneous, syn,          Oldr,           Chalq,                  Chalq,                  Chalq,                  Outr),
	ALL(simultaneous, syn_ack,         Oldr,Oldr,Oldr, Chalq,Chalq,Chalq,      Chalq,Chalq,Chalq,      Chalq,Chalq,Chalq,      Outr,Outr,Outr),
	ALL(simultaneous, ack,             Oldr,Oldr,Oldr, BadRst,ToEst,BadRst,    BadRst,ToEst,BadRst,    BadRst,ToEst,BadRst,    Outr,Outr,Outr),
	ALL(simultaneous, data,            Oldr,Oldr,Oldr, BadRst,ToEstT,BadRst,   BadRst,ToEstA,BadRst,   BadRst,ToEstA,BadRst,   Outr,Outr,Outr),
	ALL(simultaneous, fin,             Oldr,Oldr,Oldr, BadRst,ToCw,BadRst,     BadRst,ToEstA,BadRst,   BadRst,ToEstA,BadRst,   Outr,Outr,Outr),
	PLACES(simultaneous, rst,          Olds,           ToCls,                  Chalb,                  Chalb,                  Outs),
	ALL(simultaneous, rst_ack,         Olds,Olds,Olds, ToCls,ToCls,ToCls,      Chalb,Chalb,Chalb,      Chalb,Chalb,Chalb,      Outs,Outs,Outs),
	PLACES(simultaneous, bare,         Oldr,           NoAck,                  NoAck,                  NoAck,                  Outr),

	PLACES(established, syn,           Old,            ChalS,                  ChalS,                  ChalS,                  Out),
	ALL(established, syn_ack,          Old,Old,Old,    ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      Out,Out,Out),
	ALL(established, ack,              Old,Old,Old,    Taken,Taken,BadAck,     Taken,Taken,BadAck,     Taken,Taken,BadAck,     Out,Out,Out),
	ALL(established, data,             Old,Old,Old,    Text,Text,BadAck,       Takena,Takena,BadAck,   Takena,Takena,BadAck,   Out,Out,Out),
	ALL(established, fin,              Old,Old,Old,    ToCw,ToCw,BadAck,       Takena,Takena,BadAck,   Takena,Takena,BadAck,   Out,Out,Out),
	PLACES(established, rst,           Olds,           ToLis,                  ChalR,                  ChalR,                  Outs),
	ALL(established, rst_ack,          Olds,Olds,Olds, ToLis,ToLis,ToLis,      ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Outs,Outs,Outs),
	PLACES(established, bare,          Old,            NoAck,                  NoAck,                  NoAck,                  Out),

	PLACES(fin_wait_1, syn,            Old,            ChalS,                  ChalS,                  ChalS,                  Out),
	ALL(fin_wait_1, syn_ack,           Old,Old,Old,    ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      Out,Out,Out),
	ALL(fin_wait_1, ack,               Old,Old,Old,    Taken,ToFw2,BadAck,     Taken,ToFw2,BadAck,     Taken,ToFw2,BadAck,     Out,Out,Out),
	ALL(fin_wait_1, data,              Old,Old,Old,    Text,ToFw2T,BadAck,     Takena,ToFw2A,BadAck,   Takena,ToFw2A,BadAck,   Out,Out,Out),
	ALL(fin_wait_1, fin,               Old,Old,Old,    ToClg,ToTwF,BadAck,     Takena,ToFw2A,BadAck,   Takena,ToFw2A,BadAck,   Out,Out,Out),
	PLACES(fin_wait_1, rst,            Olds,           ToLis,                  ChalR,                  ChalR,                  Outs),
	ALL(fin_wait_1, rst_ack,           Olds,Olds,Olds, ToLis,ToLis,ToLis,      ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Outs,Outs,Outs),
	PLACES(fin_wait_1, bare,           Old,            NoAck,                  NoAck,                  NoAck,                  Out),

	PLACES(fin_wait_2, syn,            Old,            ChalS,                  ChalS,                  ChalS,                  Out),
	ALL(fin_wait_2, syn_ack,           Old,Old,Old,    ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      Out,Out,Out),
	ALL(fin_wait_2, ack,               Old,Old,Old,    Taken,Taken,BadAck,     Taken,Taken,BadAck,     Taken,Taken,BadAck,     Out,Out,Out),
	ALL(fin_wait_2, data,              Old,Old,Old,    Text,Text,BadAck,       Takena,Takena,BadAck,   Takena,Takena,BadAck,   Out,Out,Out),
	ALL(fin_wait_2, fin,               Old,Old,Old,    ToTwF,ToTwF,BadAck,     Takena,Takena,BadAck,   Takena,Takena,BadAck,   Out,Out,Out),
	PLACES(fin_wait_2, rst,            Olds,           ToLis,                  ChalR,                  ChalR,                  Outs),
	ALL(fin_wait_2, rst_ack,           Olds,Olds,Olds, ToLis,ToLis,ToLis,      ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Outs,Outs,Outs),
	PLACES(fin_wait_2, bare,           Old,            NoAck,                  NoAck,                  NoAck,                  Out),

	PLACES(close_wait, syn,            Old,            ChalS,                  ChalS,                  ChalS,                  Out),
	ALL(close_wait, syn_ack,           Old,Old,Old,    ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      Out,Out,Out),
	ALL(close_wait, ack,               Old,Old,Old,    Taken,Taken,BadAck,     Taken,Taken,BadAck,     Taken,Taken,BadAck,     Out,Out,Out),
	ALL(close_wait, data,              Old,Old,Old,    AftFin,AftFin,BadAck,   AftFin,AftFin,BadAck,   AftFin,AftFin,BadAck,   Out,Out,Out),
	ALL(close_wait, fin,               Old,Old,Old,    AftFin,AftFin,BadAck,   AftFin,AftFin,BadAck,   AftFin,AftFin,BadAck,   Out,Out,Out),
	PLACES(close_wait, rst,            Olds,           ToLis,                  ChalR,                  ChalR,                  Outs),
	ALL(close_wait, rst_ack,           Olds,Olds,Olds, ToLis,ToLis,ToLis,      ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Outs,Outs,Outs),
	PLACES(close_wait, bare,           Old,            NoAck,                  NoAck,                  NoAck,                  Out),

	PLACES(closing, syn,               Old,            ChalS,                  ChalS,                  ChalS,                  Out),
	ALL(closing, syn_ack,              Old,Old,Old,    ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      Out,Out,Out),
	ALL(closing, ack,                  Old,Old,Old,    Taken,ToTw,BadAck,      Taken,ToTw,BadAck,      Taken,ToTw,BadAck,      Out,Out,Out),
	ALL(closing, data,                 Old,Old,Old,    AftFin,ToTw,BadAck,     AftFin,ToTw,BadAck,     AftFin,ToTw,BadAck,     Out,Out,Out),
	ALL(closing, fin,                  Old,Old,Old,    AftFin,ToTw,BadAck,     AftFin,ToTw,BadAck,     AftFin,ToTw,BadAck,     Out,Out,Out),
	PLACES(closing, rst,               Olds,           ToLis,                  ChalR,                  ChalR,                  Outs),
	ALL(closing, rst_ack,              Olds,Olds,Olds, ToLis,ToLis,ToLis,      ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Outs,Outs,Outs),
	PLACES(closing, bare,              Old,            NoAck,                  NoAck,                  NoAck,                  Out),

	PLACES(last_ack, syn,              Old,            ChalS,                  ChalS,                  ChalS,                  Out),
	ALL(last_ack, syn_ack,             Old,Old,Old,    ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      Out,Out,Out),
	ALL(last_ack, ack,                 Old,Old,Old,    Taken,ToLis,BadAck,     Taken,ToLis,BadAck,     Taken,ToLis,BadAck,     Out,Out,Out),
	ALL(last_ack, data,                Old,Old,Old,    AftFin,ToLis,BadAck,    AftFin,ToLis,BadAck,    AftFin,ToLis,BadAck,    Out,Out,Out),
	ALL(last_ack, fin,                 Old,Old,Old,    AftFin,ToLis,BadAck,    AftFin,ToLis,BadAck,    AftFin,ToLis,BadAck,    Out,Out,Out),
	PLACES(last_ack, rst,              Olds,           ToLis,                  ChalR,                  ChalR,                  Outs),
	ALL(last_ack, rst_ack,             Olds,Olds,Olds, ToLis,ToLis,ToLis,      ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Outs,Outs,Outs),
	PLACES(last_ack, bare,             Old,            NoAck,                  NoAck,                  NoAck,                  Out),

	PLACES(time_wait, syn,             Late,           ChalS,                  Again,                  Again,                  Again),
	ALL(time_wait, syn_ack,            Late,Late,Late, ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      ChalS,ChalS,ChalS,      Late,Late,Late),
	ALL(time_wait, ack,                Late,Late,Late, Taken,Taken,Late,       Late,Late,Late,         Late,Late,Late,         Late,Late,Late),
	ALL(time_wait, data,               Late,Late,Late, Late,Late,Late,         Late,Late,Late,         Late,Late,Late,         Late,Late,Late),
	ALL(time_wait, fin,                Late,Late,Late, Late,Late,Late,         Late,Late,Late,         Late,Late,Late,         Late,Late,Late),
	PLACES(time_wait, rst,             Lates,          ToLis,                  ChalR,                  ChalR,                  Lates),
	ALL(time_wait, rst_ack,            Lates,Lates,Lates, ToLis,ToLis,ToLis,   ChalR,ChalR,ChalR,      ChalR,ChalR,ChalR,      Lates,Lates,Lates),
	PLACES(time_wait, bare,            Late,           NoAck,                  NoAck,                  NoAck,                  Late))
/* clang-format on */
