/* SPDX-License-Identifier: MIT */
/* STATUS: what a program and ss may know. */
#include "tests/unit/tcp/pair.h"

/* ---- STATUS ---- */

static void the_status_tells_what_was_done(void)
{
	struct pair p = connected();
	struct tcp_info out, in;

	transfer(&p, 200000);
	lab_run(p.l, 300 * MS);
	CU_ASSERT_EQUAL(sock_tcp_info(p.client, &out), 0);
	CU_ASSERT_EQUAL(sock_tcp_info(p.server, &in), 0);
	CU_ASSERT_EQUAL(out.state, TCP_ESTABLISHED);
	CU_ASSERT(out.timestamps && out.sack && out.wscale);
	CU_ASSERT_EQUAL(out.bytes_sent, 200000);
	CU_ASSERT_EQUAL(out.bytes_acked, 200000);
	CU_ASSERT_EQUAL(in.bytes_received, 200000);
	CU_ASSERT_EQUAL(out.snd_mss, 1448);
	CU_ASSERT_EQUAL(out.advmss, 1460);
	CU_ASSERT_EQUAL(out.pmtu, 1500);
	CU_ASSERT_EQUAL(in.rcv_mss, 1448);
	CU_ASSERT_EQUAL(out.data_segs_out, in.data_segs_in);
	CU_ASSERT(out.segs_in > 0 && in.segs_in >= in.data_segs_in);
	CU_ASSERT_EQUAL(out.unacked + out.notsent_bytes + out.unacked_bytes, 0);
	CU_ASSERT_EQUAL(out.snd_nxt, in.rcv_nxt);
	CU_ASSERT_EQUAL(out.iss, in.irs);
	CU_ASSERT_EQUAL(out.snd_wscale, 7);
	CU_ASSERT(out.snd_wnd > 60000 && out.snd_wnd <= in.rcv_wnd + 127);
	CU_ASSERT(out.rto_ms >= 200 && out.snd_cwnd >= 10 && out.last_snd_ns >= 300 * MS);
	CU_ASSERT(in.last_rcv_ns >= 300 * MS && in.last_rcv_ns < SEC);
	CU_ASSERT_STRING_EQUAL(out.congestion, "cubic");
	CU_ASSERT_EQUAL(out.timer, TCP_SHOW_OFF);
	sock_set(p.client, SO_OPT_KEEPALIVE, 1);
	sock_tcp_info(p.client, &out);
	CU_ASSERT_EQUAL(out.timer, TCP_SHOW_KEEPALIVE);
	CU_ASSERT(out.timer_ns > 7190 * SEC && out.timer_ns <= 7200 * SEC);
	sock_send(p.client, "x", 1, 0, NULL);
	loop_turn(&p.l->loop, false); /* it has left, and its ACK not come */
	sock_tcp_info(p.client, &out);
	CU_ASSERT_EQUAL(out.timer, TCP_SHOW_ON);
	sock_set(p.client, SO_OPT_KEEPALIVE, 0);
	over(&p);
}

struct rows {
	unsigned n, listeners;
	bool order;
	uint32_t recvq, sendq;
};

static void count_row(void *ctx, const struct tcp_row *row)
{
	struct rows *r = ctx;

	r->n++;
	if (row->state == TCP_LISTEN) {
		r->order &= r->listeners++ == r->n - 1;
		return;
	}
	r->recvq += row->recvq;
	r->sendq += row->sendq;
}

static void all_connections_are_listed_listeners_first(void)
{
	struct pair p = connected();
	struct rows r = {.order = true};
	struct sock *other = stream(p.b);

	bind_to(other, "0.0.0.0", PORT + 1);
	sock_listen(other, 3);
	CU_ASSERT_EQUAL(sock_send(p.client, "abcd", 4, 0, NULL), 4);
	lab_run(p.l, 50 * MS);
	tcp_each(p.b, count_row, &r);
	CU_ASSERT_EQUAL(r.n, 3);
	CU_ASSERT_EQUAL(r.listeners, 2);
	CU_ASSERT(r.order);
	CU_ASSERT_EQUAL(r.recvq, 4);
	r = (struct rows){0};
	sock_send(p.client, "abcde", 5, 0, NULL);
	tcp_each(p.a, count_row, &r);
	CU_ASSERT_EQUAL(r.sendq, 5);
	sock_close(other);
	over(&p);
}

SUITE(tcp_info, T(the_status_tells_what_was_done), T(all_connections_are_listed_listeners_first))
