/* SPDX-License-Identifier: MIT */
/* ss -o and -i: lines as iproute2 6.1 prints them. */
#include "shell/cmd_ss.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

static void detail_is(const struct socket_row *row, struct ss_options o, const char *expected)
{
	struct buf b = {0};

	ss_add_detail(&b, row, &o);
	CU_ASSERT_STRING_EQUAL(buf_text(&b), expected);
	if (strcmp(buf_text(&b), expected) != 0)
		printf("printed: %s\n", buf_text(&b));
	buf_exit(&b);
}

static void timer_is(uint8_t timer, uint64_t ms, const char *expected)
{
	struct socket_row row = {.kind = SOCKET_TCP,
		.end = {.info = {.timer = timer, .timer_ns = ms * NS_PER_MS, .retransmits = 2}}};

	detail_is(&row, (struct ss_options){.timers = true}, expected);
}

static void timers_are_printed_as_ss_does(void)
{
	timer_is(TCP_SHOW_OFF, 0, "");
	timer_is(TCP_SHOW_ON, 204, " timer:(on,204ms,2)");
	timer_is(TCP_SHOW_ON, 5, " timer:(on,005ms,2)");
	timer_is(TCP_SHOW_PERSIST, 1868, " timer:(persist,1.868ms,0)");
	timer_is(TCP_SHOW_TIMEWAIT, 59900, " timer:(timewait,59sec,2)");
	timer_is(TCP_SHOW_KEEPALIVE, 119900, " timer:(keepalive,1min59sec,0)");
	timer_is(TCP_SHOW_KEEPALIVE, 7199000, " timer:(keepalive,119min,0)");
}

static const struct socket_row busy = {.kind = SOCKET_TCP,
	.end = {.state = TCP_ESTABLISHED,
		.info = {.congestion = "cubic",
			.timestamps = true,
			.sack = true,
			.wscale = true,
			.snd_wscale = 7,
			.rcv_wscale = 10,
			.rto_ms = 220,
			.rtt_us = 20100,
			.rttvar_us = 50,
			.ato_ms = 40,
			.snd_mss = 1448,
			.pmtu = 1500,
			.rcv_mss = 536,
			.advmss = 1448,
			.snd_cwnd = 10,
			.snd_ssthresh = 7,
			.bytes_sent = 30000,
			.bytes_acked = 20001,
			.segs_out = 30,
			.segs_in = 12,
			.data_segs_out = 29,
			.last_snd_ns = 3 * NS_PER_MS,
			.last_rcv_ns = 90 * NS_PER_MS,
			.delivery_rate = 500000,
			.delivered = 21,
			.busy_ns = 200 * NS_PER_MS,
			.rwnd_limited_ns = 50 * NS_PER_MS,
			.unacked = 9,
			.retrans = 1,
			.total_retrans = 3,
			.lost = 1,
			.sacked = 2,
			.reordering = 3,
			.rcv_space = 14480,
			.rcv_ssthresh = 64088,
			.notsent_bytes = 1000,
			.min_rtt_us = 20000,
			.snd_wnd = 65536}}};

static void inside_of_a_connection(void)
{
	const char *line =
		" cubic wscale:7,10 rto:220 rtt:20.1/0.05 ato:40 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 "
		"cwnd:10"
		" ssthresh:7 bytes_sent:30000 bytes_acked:20001 segs_out:30 segs_in:12 data_segs_out:29"
		" send 5763184bps lastsnd:3 lastrcv:90 delivery_rate 4000000bps delivered:21 busy:200ms"
		" rwnd_limited:50ms(25.0%) unacked:9 retrans:1/3 lost:1 sacked:2 rcv_space:14480"
		" rcv_ssthresh:64088 notsent:1000 minrtt:20 snd_wnd:65536";

	detail_is(&busy, (struct ss_options){.info = true, .numeric = true, .oneline = true}, line);
}

static void rates_are_short_without_n_and_options_come_with_o(void)
{
	struct socket_row row = {.kind = SOCKET_TCP,
		.end = {.state = TCP_ESTABLISHED,
			.info = {.timestamps = true,
				.sack = true,
				.congestion = "reno",
				.rtt_us = 20100,
				.snd_mss = 1448,
				.snd_cwnd = 10,
				.snd_ssthresh = UINT32_MAX}}};

	detail_is(&row, (struct ss_options){.info = true, .timers = true},
		"\n\t ts sack reno rtt:20.1/0 mss:1448 cwnd:10 send 5.8Mbps");
	row.end.state = TCP_LISTEN;
	detail_is(&row, (struct ss_options){.info = true}, "\n\t reno cwnd:10");
	row.kind = SOCKET_UDP;
	detail_is(&row, (struct ss_options){.info = true}, "");
}

SUITE(shell_ss_detail, T(timers_are_printed_as_ss_does), T(inside_of_a_connection),
	T(rates_are_short_without_n_and_options_come_with_o))
