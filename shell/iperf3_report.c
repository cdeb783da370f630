/* SPDX-License-Identifier: MIT */
/* iperf3 -J: one object per test, with the keys of iperf3 3.12. */
#include "lib/clock.h"
#include "lib/text.h"
#include "shell/cmd_iperf3.h"

#include <jansson.h>
#include <time.h>

static void put_int(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

/* ---- start ---- */

static json_t *object_of(struct iperf3_run *run, const char *key, json_t *(*make)(void))
{
	json_t *o = json_object_get(run->report, key);

	if (o)
		return o;
	o = make();
	json_object_set_new(run->report, key, o);
	return o;
}

static void put_time(const struct iperf3_run *run, json_t *start)
{
	time_t now = (time_t)(clock_wall_ns(&run->c->world->loop->clock) / NS_PER_SEC);
	char text[64];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	json_object_set_new(
		start, "timestamp", json_pack("{s:s,s:I}", "time", text, "timesecs", (json_int_t)now));
}

static void on_connected(struct iperf3_run *run, const struct iperf_event *e)
{
	const struct iperf_params *p = iperf_params(run->t);
	json_t *start = object_of(run, "start", json_object);

	json_object_set_new(start, "version", json_string("iperf 3.12"));
	json_object_set_new(start, "system_info", json_string("tapir"));
	put_time(run, start);
	if (run->cfg.server)
		json_object_set_new(start, "accepted_connection",
			json_pack("{s:s,s:i}", "host", TEXT_IP(e->peer.ip), "port", e->peer.port));
	else
		json_object_set_new(start, "connecting_to",
			json_pack("{s:s,s:i}", "host", run->name, "port", run->cfg.port));
	json_object_set_new(start, "cookie", json_string(iperf_cookie(run->t)));
	if (!p->udp)
		json_object_set_new(start, "tcp_mss_default", json_integer(iperf_mss(run->t)));
}

static json_t *connected_of(const struct iperf_stream *st)
{
	return json_pack("{s:i,s:s,s:i,s:s,s:i}", "socket", st->number, "local_host", TEXT_IP(st->local.ip),
		"local_port", st->local.port, "remote_host", TEXT_IP(st->peer.ip), "remote_port",
		st->peer.port);
}

static json_t *test_start_of(const struct iperf_params *p)
{
	json_t *o = json_pack("{s:s,s:I,s:I,s:I}", "protocol", p->udp ? "UDP" : "TCP", "num_streams",
		(json_int_t)p->parallel, "blksize", (json_int_t)p->len, "omit", (json_int_t)p->omit_s);

	put_int(o, "duration", p->time_s);
	put_int(o, "bytes", p->bytes);
	put_int(o, "blocks", p->blocks);
	put_int(o, "reverse", p->reverse);
	put_int(o, "tos", p->tos);
	put_int(o, "target_bitrate", p->rate);
	return o;
}

static void on_streams(struct iperf3_run *run)
{
	const struct iperf_params *p = iperf_params(run->t);
	json_t *start = object_of(run, "start", json_object), *list = json_array();
	unsigned count;
	const struct iperf_stream *st = iperf_streams(run->t, &count);
	int sndbuf = 0, rcvbuf = 0;

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(list, connected_of(&st[i]));
	json_object_set_new(start, "connected", list);
	sock_get(st->sk, SO_OPT_SNDBUF, &sndbuf);
	sock_get(st->sk, SO_OPT_RCVBUF, &rcvbuf);
	put_int(start, "target_bitrate", p->rate);
	put_int(start, "sock_bufsize", p->window);
	put_int(start, "sndbuf_actual", (uint64_t)sndbuf);
	put_int(start, "rcvbuf_actual", (uint64_t)rcvbuf);
	json_object_set_new(start, "test_start", test_start_of(p));
}

/* ---- rows ---- */

static json_t *row_of(const struct iperf_row *r)
{
	return json_pack("{s:f,s:f,s:f,s:I,s:f}", "start", (double)r->start_ns / 1e9, "end",
		(double)r->end_ns / 1e9, "seconds", iperf3_seconds(r), "bytes", (json_int_t)r->n.bytes,
		"bits_per_second", iperf3_bits_per_second(r));
}

static void put_loss(json_t *o, const struct iperf_row *r)
{
	json_object_set_new(o, "jitter_ms", json_real(r->jitter_s * 1000));
	json_object_set_new(o, "lost_packets", json_integer(r->n.lost));
	put_int(o, "packets", r->n.packets);
	json_object_set_new(o, "lost_percent",
		json_real(r->n.packets ? 100.0 * (double)r->n.lost / (double)r->n.packets : 0));
}

static json_t *interval_of(
	const struct iperf3_run *run, const struct iperf_stream *st, const struct iperf_row *r, bool omitted)
{
	json_t *o = row_of(r);
	bool udp = iperf_params(run->t)->udp;

	if (udp && st->sender)
		put_int(o, "packets", r->n.packets);
	else if (udp)
		put_loss(o, r);
	else if (st->sender)
		put_int(o, "retransmits", r->n.retransmits);
	if (r == &st->interval) {
		put_int(o, "socket", (uint64_t)st->number);
		if (st->sender && !udp) {
			put_int(o, "snd_cwnd", st->cwnd);
			put_int(o, "snd_wnd", st->snd_wnd);
			put_int(o, "rtt", st->rtt_us);
			put_int(o, "rttvar", st->rttvar_us);
			put_int(o, "pmtu", st->pmtu);
		}
	}
	json_object_set_new(o, "omitted", json_boolean(omitted));
	json_object_set_new(o, "sender", json_boolean(st->sender));
	return o;
}

static void on_interval(struct iperf3_run *run, bool omitted)
{
	json_t *list = json_array(), *o = json_pack("{s:o}", "streams", list);
	unsigned count, n;
	const struct iperf_stream *st = iperf_streams(run->t, &count);

	for (unsigned i = 0; i < count; i++) {
		json_array_append_new(list, interval_of(run, &st[i], &st[i].interval, omitted));
		if (i + 1 < count && st[i + 1].sender == st[i].sender)
			continue;
		struct iperf_row sum = iperf3_sum(run->t, st[i].sender, IPERF3_INTERVAL, &n);
		json_object_set_new(o, n == count || i + 1 < count ? "sum" : "sum_bidir_reverse",
			interval_of(run, &st[i], &sum, omitted));
	}
	json_array_append_new(object_of(run, "intervals", json_array), o);
}

/* ---- end ---- */

static json_t *tcp_end_of(const struct iperf_stream *st, const struct iperf_row *r, bool at_sender)
{
	json_t *o = row_of(r);

	if (st)
		put_int(o, "socket", (uint64_t)st->number);
	if (at_sender)
		put_int(o, "retransmits", r->n.retransmits);
	if (st && at_sender && st->sender && st->samples) {
		put_int(o, "max_snd_cwnd", st->max_cwnd);
		put_int(o, "max_snd_wnd", st->max_wnd);
		put_int(o, "max_rtt", st->max_rtt_us);
		put_int(o, "min_rtt", st->min_rtt_us);
		put_int(o, "mean_rtt", st->sum_rtt_us / st->samples);
	}
	return o;
}

/* What was sent by the sender's count, and what became of it by the receiver's. */
static json_t *udp_end_of(const struct iperf_row *sent, const struct iperf_row *received)
{
	json_t *o = row_of(sent);

	put_loss(o, received);
	return o;
}

static json_t *stream_end_of(const struct iperf3_run *run, const struct iperf_stream *st)
{
	const struct iperf_row *sent = iperf3_row_of(st, true), *received = iperf3_row_of(st, false);
	json_t *o = json_object(), *a, *b;

	if (iperf_params(run->t)->udp) {
		a = udp_end_of(sent, received);
		put_int(a, "socket", (uint64_t)st->number);
		put_int(a, "out_of_order", (uint64_t)received->n.out_of_order);
		json_object_set_new(a, "sender", json_boolean(st->sender));
		json_object_set_new(o, "udp", a);
		return o;
	}
	a = tcp_end_of(st, sent, true);
	b = tcp_end_of(st, received, false);
	json_object_set_new(a, "sender", json_boolean(st->sender));
	json_object_set_new(b, "sender", json_boolean(st->sender));
	json_object_set_new(o, "sender", a);
	json_object_set_new(o, "receiver", b);
	return o;
}

static void put_sum(json_t *end, const char *key, bool reverse, json_t *o, bool sender)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s", key, reverse ? "_bidir_reverse" : "");
	json_object_set_new(o, "sender", json_boolean(sender));
	json_object_set_new(end, name, o);
}

/* All streams of one direction. */
static void put_sums(struct iperf3_run *run, json_t *end, bool sender, bool reverse)
{
	unsigned n;
	struct iperf_row own = iperf3_sum(run->t, sender, IPERF3_TOTAL, &n);
	struct iperf_row remote = iperf3_sum(run->t, sender, IPERF3_REMOTE, &n);
	const struct iperf_row *sent = sender ? &own : &remote, *received = sender ? &remote : &own;
	struct iperf_row clean = *sent;

	if (!n)
		return;
	clean.n.lost = 0;
	clean.jitter_s = 0;
	if (!iperf_params(run->t)->udp) {
		put_sum(end, "sum_sent", reverse, tcp_end_of(NULL, sent, true), sender);
		put_sum(end, "sum_received", reverse, tcp_end_of(NULL, received, false), sender);
		return;
	}
	put_sum(end, "sum", reverse, udp_end_of(sent, received), sender);
	put_sum(end, "sum_sent", reverse, udp_end_of(&clean, &clean), true);
	put_sum(end, "sum_received", reverse, udp_end_of(received, received), false);
}

/* How busy the machine was is not known here: a run is a function of its seed and its inputs. */
static void put_machine(struct iperf3_run *run, json_t *end)
{
	static const char *const keys[] = {
		"host_total", "host_user", "host_system", "remote_total", "remote_user", "remote_system"};
	const char *here = iperf_congestion(run->t, false), *there = iperf_congestion(run->t, true);
	bool sends = iperf_params(run->t)->reverse == run->cfg.server;
	json_t *cpu = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_set_new(cpu, keys[i], json_real(0));
	json_object_set_new(end, "cpu_utilization_percent", cpu);
	if (here)
		json_object_set_new(
			end, sends ? "sender_tcp_congestion" : "receiver_tcp_congestion", json_string(here));
	if (there)
		json_object_set_new(
			end, sends ? "receiver_tcp_congestion" : "sender_tcp_congestion", json_string(there));
}

static void on_totals(struct iperf3_run *run)
{
	json_t *end = object_of(run, "end", json_object), *list = json_array();
	bool bidir = iperf_params(run->t)->bidir;
	unsigned count;
	const struct iperf_stream *st = iperf_streams(run->t, &count);

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(list, stream_end_of(run, &st[i]));
	json_object_set_new(end, "streams", list);
	put_sums(run, end, !run->cfg.server, bidir && run->cfg.server);
	put_sums(run, end, run->cfg.server, bidir && !run->cfg.server);
	put_machine(run, end);
}

/* "error - no way" is "no way" here. */
static const char *without_prefix(const char *text)
{
	const char *dash = strstr(text, " - ");

	return dash ? dash + 3 : text;
}

/* The end of a test: the whole of it. */
static void print(struct iperf3_run *run)
{
	if (!run->report)
		return;
	object_of(run, "start", json_object);
	object_of(run, "intervals", json_array);
	object_of(run, "end", json_object);
	json_dumpf(run->report, run->c->out, JSON_INDENT(4) | JSON_REAL_PRECISION(15));
	fputc('\n', run->c->out);
	json_decref(run->report);
	run->report = NULL;
}

void iperf3_report(struct iperf3_run *run, const struct iperf_event *e)
{
	if (!run->report && e->what != IPERF_LISTENING && e->what != IPERF_DONE)
		run->report = json_object();
	switch (e->what) {
	case IPERF_CONNECTED:
		on_connected(run, e);
		break;
	case IPERF_STREAMS:
		on_streams(run);
		break;
	case IPERF_INTERVAL:
		on_interval(run, e->omitted);
		break;
	case IPERF_TOTALS:
	case IPERF_RESULTS:
		on_totals(run);
		break;
	case IPERF_FAILED:
		json_object_set_new(run->report, "error", json_string(without_prefix(e->text)));
		break;
	case IPERF_LISTENING:
	case IPERF_DONE:
		print(run);
		break;
	}
}
