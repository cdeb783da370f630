/* SPDX-License-Identifier: MIT */
/* The window that is offered, and the receive buffer's size. */
#include "tests/unit/tcp/rx.h"

/* ---- the first one ---- */

static uint32_t first_window(struct rx *r, uint32_t rcvbuf, uint16_t mss, uint8_t *wscale)
{
	r->c->rcvbuf = rcvbuf;
	return tcp_window_first(r->c, mss, wscale);
}

/* RFC7323-2.2c RFC9293-REC-1: as Linux offers with its defaults: 64240, and a scale of 7. */
static void the_first_window_is_half_the_buffer_in_whole_segments(void)
{
	struct rx r = rx_new();
	uint8_t wscale;

	CU_ASSERT_EQUAL(first_window(&r, 131072, 1460, &wscale), 64240);
	CU_ASSERT_EQUAL(wscale, 7);
	CU_ASSERT_EQUAL(tcp_window_to_send(r.c, true), 65535 / RX_MSS * RX_MSS);
	CU_ASSERT_EQUAL(first_window(&r, 4096, 1460, &wscale), 1460);
	CU_ASSERT_EQUAL(first_window(&r, 2304, 1460, &wscale), 1152);
	CU_ASSERT_EQUAL(first_window(&r, 1 << 30, 65495, &wscale), 65495);
	CU_ASSERT_EQUAL(wscale, 14);
	rx_free(&r);
}

/* RFC7323-2.3a */
static void the_scale_follows_what_the_buffer_may_become(void)
{
	struct rx r = rx_new();
	uint8_t wscale;

	r.s->sysctl[SYSCTL_TCP_RMEM_MAX] = 65535;
	r.s->sysctl[SYSCTL_RMEM_MAX] = 65535;
	first_window(&r, 65536, 1460, &wscale);
	CU_ASSERT_EQUAL(wscale, 0);
	r.s->sysctl[SYSCTL_TCP_RMEM_MAX] = 65536;
	first_window(&r, 65536, 1460, &wscale);
	CU_ASSERT_EQUAL(wscale, 1);
	r.s->sysctl[SYSCTL_TCP_WINDOW_SCALING] = 0;
	first_window(&r, 1 << 24, 1460, &wscale);
	CU_ASSERT_EQUAL(wscale, 0);
	r.c->wscale_on = false;
	tcp_window_start(r.c);
	CU_ASSERT_EQUAL(r.c->rcv_wscale, 0);
	rx_free(&r);
}

/* As Linux: it will never be larger. */
static void a_buffer_that_the_program_has_set_needs_no_more_scale_than_that(void)
{
	struct rx r = rx_new();
	uint8_t wscale;

	r.c->wishes.rcvbuf_locked = true;
	CU_ASSERT_EQUAL(first_window(&r, 40000, 1460, &wscale), 18980);
	CU_ASSERT_EQUAL(wscale, 0);
	first_window(&r, 400000, 1460, &wscale);
	CU_ASSERT_EQUAL(wscale, 2);
	rx_free(&r);
}

static void adv_win_scale_says_how_much_is_offered(void)
{
	static const struct {
		int32_t scale;
		uint32_t window;
	} cases[] = {{1, 50000}, {2, 75000}, {0, 100000}, {-2, 25000}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rx r = rx_new();
		r.s->sysctl[SYSCTL_TCP_ADV_WIN_SCALE] = cases[i].scale;
		r.c->rcvbuf = 100000;
		CU_ASSERT_EQUAL(tcp_window_most(r.c), cases[i].window);
		rx_free(&r);
	}
}

/* ---- the right edge ---- */

/* RFC9293-SHLD-14 RFC7323-2.4a RFC7323-2.4c RFC7323-2.3b */
static void the_right_edge_never_moves_left(void)
{
	for (int scaled = 0; scaled < 2; scaled++) {
		struct rx r = rx_new();
		uint32_t edge = r.c->rcv.adv;
		struct rng rng;

		rng_seed(&rng, unit_seed);
		if (!scaled)
			r.c->rcv_wscale = 0;
		r.c->wishes.rcvbuf_locked = true;
		for (int i = 0; i < 3000; i++) {
			uint32_t len = 1 + rng_below(&rng, RX_MSS);
			rx_text(&r, rx_nxt(&r), len, 0, 0);
			if (i % 3 == 0)
				r.c->rcvbuf =
					2304 + rng_below(&rng, 200000); /* the program changes its mind */
			if (rng_below(&rng, 3) == 0)
				tcp_recvq_read(r.c, NULL, rng_below(&rng, 4000), MSG_TRUNC);
			r.c->want |= TCP_WANT_ACK;
			struct rx_ack a = rx_ack(&r);
			CU_ASSERT_FATAL(seq_ge(r.c->rcv.adv, edge));
			CU_ASSERT_EQUAL_FATAL(r.c->rcv.nxt + a.wnd, r.c->rcv.adv);
			edge = r.c->rcv.adv;
		}
		rx_free(&r);
	}
}

/* ---- silly windows ---- */

/* Fills the buffer of a program that does not read, until the window is shut. */
static uint32_t fill(struct rx *r)
{
	uint32_t at = 0, wnd = tcp_rcv_wnd(r->c);

	r->c->wishes.rcvbuf_locked = true;
	while (wnd) {
		uint32_t len = MIN(wnd, RX_MSS);
		rx_text(r, at, len, 0, TCP_PSH);
		at += len;
		r->c->want |= TCP_WANT_ACK;
		wnd = rx_ack(r).wnd;
	}
	return at;
}

/* RFC9293-MAY-8 */
static void a_window_shuts_when_the_program_does_not_read(void)
{
	struct rx r = rx_new();

	uint32_t held = fill(&r);
	CU_ASSERT_EQUAL(tcp_rcv_wnd(r.c), 0);
	CU_ASSERT(held >= tcp_window_most(r.c) * 7 / 8 && held <= r.c->rcvbuf);
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPToZeroWindowAdv], 1);
	CU_ASSERT(r.s->mib[MIB_TcpExtTCPWantZeroWindowAdv] > 0);
	rx_free(&r);
}

/* RFC9293-MUST-39: nothing is offered again before there is room for a segment (or half the buffer, where that is less),
 * and then the peer is told at once. */
static void a_window_opens_by_a_segment_or_not_at_all(void)
{
	static const uint32_t buffers[] = {131072, 4096};

	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
		struct rx r = rx_new();
		r.c->rcvbuf = buffers[i];
		tcp_window_init(r.c);
		tcp_window_start(r.c);
		uint32_t least = MIN(RX_MSS, tcp_window_most(r.c) / 2), held = fill(&r);
		while (held-- && !(r.c->want & TCP_WANT_ACK)) {
			CU_ASSERT_EQUAL_FATAL(tcp_recvq_read(r.c, NULL, 1, MSG_TRUNC), 1);
			tcp_take_dirty(tcp_of(r.s));
		}
		CU_ASSERT(rx_ack(&r).wnd >= least);
		CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPFromZeroWindowAdv], 1);
		rx_free(&r);
	}
}

static void a_window_that_is_wide_open_is_no_reason_for_an_ack(void)
{
	struct rx r = rx_new();

	for (int i = 0; i < 40; i++) { /* past the quick ACKs */
		rx_text(&r, rx_nxt(&r), RX_MSS, 0, 0);
		rx_ack(&r);
		tcp_recvq_read(r.c, NULL, RX_MSS, MSG_TRUNC);
		tcp_take_dirty(tcp_of(r.s));
	}
	r.c->want = 0;
	tcp_ack_sent(r.c);
	rx_text(&r, rx_nxt(&r), RX_MSS, 0, 0);
	tcp_recvq_read(r.c, NULL, RX_MSS, MSG_TRUNC);
	CU_ASSERT_FALSE(r.c->want & TCP_WANT_ACK);
	rx_free(&r);
}

/* ---- growth ---- */

/* A second of a peer that fills the window each `rtt_ms` with segments of `len`, and a program that reads all. */
static void stream(struct rx *r, uint32_t rtt_ms, uint32_t len, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		uint32_t wnd = tcp_rcv_wnd(r->c);
		for (uint32_t sent = 0; sent + len <= wnd; sent += len) {
			rx_text(r, rx_nxt(r), len, 0, 0);
			tcp_recvq_read(r->c, NULL, len, MSG_TRUNC);
			tcp_take_dirty(tcp_of(r->s));
		}
		r->c->want |= TCP_WANT_ACK;
		rx_ack(r);
		lab_run(r->l, rtt_ms * NS_PER_MS);
		r->c->want = 0;
	}
}

static void a_fast_reader_gets_a_large_buffer(void)
{
	struct rx r = rx_new();

	stream(&r, 20, RX_MSS, 12);
	CU_ASSERT_EQUAL(r.c->rcvbuf, (uint32_t)r.s->sysctl[SYSCTL_TCP_RMEM_MAX]);
	CU_ASSERT(tcp_rcv_wnd(r.c) > 2 << 20);
	CU_ASSERT(r.c->stats->rcvq.rtt_us >= 19000 && r.c->stats->rcvq.rtt_us <= 41000);
	rx_free(&r);
}

static void a_buffer_that_the_program_set_stays(void)
{
	struct rx r = rx_new();

	r.c->wishes.rcvbuf_locked = true;
	stream(&r, 20, RX_MSS, 12);
	CU_ASSERT_EQUAL(r.c->rcvbuf, (uint32_t)r.s->sysctl[SYSCTL_TCP_RMEM_DEFAULT]);
	rx_free(&r);
}

static void without_moderate_rcvbuf_it_stays_too(void)
{
	struct rx r = rx_new();

	r.s->sysctl[SYSCTL_TCP_MODERATE_RCVBUF] = 0;
	stream(&r, 20, RX_MSS, 12);
	CU_ASSERT_EQUAL(r.c->rcvbuf, (uint32_t)r.s->sysctl[SYSCTL_TCP_RMEM_DEFAULT]);
	rx_free(&r);
}

static void a_slow_reader_gets_no_larger_buffer(void)
{
	struct rx r = rx_new();

	for (int i = 0; i < 200; i++) { /* 1448 in a round trip, whatever the peer could send */
		rx_text(&r, rx_nxt(&r), RX_MSS, 0, 0);
		r.c->stats->rcvq.rtt_us = 20000;
		lab_run(r.l, 20 * NS_PER_MS);
		tcp_recvq_read(r.c, NULL, RX_MSS, MSG_TRUNC);
	}
	CU_ASSERT_EQUAL(r.c->rcvbuf, (uint32_t)r.s->sysctl[SYSCTL_TCP_RMEM_DEFAULT]);
	rx_free(&r);
}

/* RFC 7323 4.1: the receiver's own measure, by the echo of its timestamps. */
static void the_round_trip_is_measured_by_timestamps(void)
{
	struct rx r = rx_new();
	uint8_t text[RX_MSS] = {0};

	r.c->ts_on = true;
	r.c->ts_offset = 12345;
	for (int i = 0; i < 40; i++) {
		struct tcp_seg seg = {
			.seq = r.c->rcv.nxt, .len = RX_MSS, .segs = 1, .p = stack_pkt(r.s, RX_MSS)};
		memcpy(pkt_put(seg.p, RX_MSS), text, RX_MSS);
		seg.opt = (struct tcp_options){
			.has_ts = true, .tsecr = tcp_ts_clock(r.s) + r.c->ts_offset - (i < 20 ? 30 : 50)};
		tcp_text(r.c, &seg);
		tcp_recvq_read(r.c, NULL, RX_MSS, MSG_TRUNC);
		if (i == 19)
			CU_ASSERT_EQUAL(r.c->stats->rcvq.rtt_us, 30000);
	}
	CU_ASSERT(r.c->stats->rcvq.rtt_us > 45000 && r.c->stats->rcvq.rtt_us <= 50000);
	rx_free(&r);
}

/* Segments of 1 octet cost 2 KiB each: they never get the window that full segments get. */
static void tiny_segments_do_not_open_the_window(void)
{
	struct rx tiny = rx_new(), full = rx_new();
	uint32_t first = tiny.c->rcv_ssthresh;

	tiny.c->rcvbuf = full.c->rcvbuf = 4 << 20;
	stream(&tiny, 20, 60, 3);
	stream(&full, 20, RX_MSS, 3);
	CU_ASSERT_EQUAL(tiny.c->rcv_ssthresh, first);
	CU_ASSERT(full.c->rcv_ssthresh > 3 * first);
	rx_free(&tiny);
	rx_free(&full);
}

/* ---- pressure ---- */

static void under_pressure_windows_are_small(void)
{
	struct rx r = rx_new();
	size_t much = ((size_t)r.s->sysctl[SYSCTL_TCP_MEM_PRESSURE] + 1) * 4096;

	tcp_mem_force(r.s, much);
	CU_ASSERT(tcp_mem_pressure(r.s));
	CU_ASSERT_EQUAL(r.s->mib[MIB_TcpExtTCPMemoryPressures], 1);
	r.c->want |= TCP_WANT_ACK;
	rx_ack(&r);
	CU_ASSERT_EQUAL(r.c->rcv_ssthresh, 4 * RX_MSS);
	rx_text(&r, 0, RX_MSS, 0, 0);
	CU_ASSERT_EQUAL(r.c->rcv_ssthresh, 4 * RX_MSS);
	tcp_mem_give(r.s, much - (size_t)r.s->sysctl[SYSCTL_TCP_MEM_LOW] * 4096);
	CU_ASSERT(tcp_mem_pressure(r.s)); /* until it is below the first limit */
	tcp_mem_give(r.s, (size_t)r.s->sysctl[SYSCTL_TCP_MEM_LOW] * 4096);
	CU_ASSERT_FALSE(tcp_mem_pressure(r.s));
	rx_free(&r);
}

static void above_the_hard_limit_nothing_is_given(void)
{
	struct rx r = rx_new();
	size_t most = (size_t)r.s->sysctl[SYSCTL_TCP_MEM_HIGH] * 4096;

	CU_ASSERT(tcp_mem_take(r.s, most));
	CU_ASSERT_FALSE(tcp_mem_take(r.s, 1));
	CU_ASSERT(tcp_mem_full(r.s));
	CU_ASSERT(tcp_too_many_orphans(r.s, 1));
	tcp_mem_give(r.s, most);
	CU_ASSERT_FALSE(tcp_too_many_orphans(r.s, 1));
	tcp_of(r.s)->orphans = (size_t)r.s->sysctl[SYSCTL_TCP_MAX_ORPHANS];
	CU_ASSERT_FALSE(tcp_too_many_orphans(r.s, 1));
	CU_ASSERT(tcp_too_many_orphans(r.s, 2));
	tcp_of(r.s)->orphans = 0;
	rx_free(&r);
}

static void the_status_shows_the_window(void)
{
	struct rx r = rx_new();
	struct tcp_info info = {0};

	rx_text(&r, 0, 1000, 0, TCP_PSH);
	lab_run(r.l, 30 * NS_PER_MS);
	tcp_recv_info(r.c, &info);
	CU_ASSERT_EQUAL(info.rcv_wnd, tcp_rcv_wnd(r.c));
	CU_ASSERT_EQUAL(info.unread_bytes, 1000);
	CU_ASSERT_EQUAL(info.rcv_mss, RX_MSS);
	CU_ASSERT_EQUAL(info.ato_ms, 40);
	CU_ASSERT_EQUAL(info.rcv_space, 10 * RX_MSS);
	CU_ASSERT_EQUAL(info.last_rcv_ns, 30 * NS_PER_MS);
	rx_free(&r);
}

SUITE(tcp_window, T(the_first_window_is_half_the_buffer_in_whole_segments),
	T(the_scale_follows_what_the_buffer_may_become),
	T(a_buffer_that_the_program_has_set_needs_no_more_scale_than_that),
	T(adv_win_scale_says_how_much_is_offered), T(the_right_edge_never_moves_left),
	T(a_window_shuts_when_the_program_does_not_read), T(a_window_opens_by_a_segment_or_not_at_all),
	T(a_window_that_is_wide_open_is_no_reason_for_an_ack), T(a_fast_reader_gets_a_large_buffer),
	T(a_buffer_that_the_program_set_stays), T(without_moderate_rcvbuf_it_stays_too),
	T(a_slow_reader_gets_no_larger_buffer), T(the_round_trip_is_measured_by_timestamps),
	T(tiny_segments_do_not_open_the_window), T(under_pressure_windows_are_small),
	T(above_the_hard_limit_nothing_is_given), T(the_status_shows_the_window))
