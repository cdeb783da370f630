/* SPDX-License-Identifier: MIT */
/* tcp watch: a connection's variables (RFC 9293 3.3.1) as they change, redrawn in place on a terminal. */
#include "lib/clock.h"
#include "lib/text.h"
#include "shell/args.h"
#include "shell/cmd_tcp.h"

#include <stdlib.h>

enum { GRAPH_WIDTH = 64, GRAPH_HEIGHT = 6, DEFAULT_INTERVAL_MS = 500 };

typedef unsigned long long count;

struct watching {
	struct cmd *c;
	struct timer timer;
	struct tcp_row row;
	uint64_t interval_ns;
	bool once;
	uint32_t cwnd[GRAPH_WIDTH], ssthresh[GRAPH_WIDTH]; /* a ring, the oldest at `looks` */
	unsigned looks;
};

/* ---- the page ---- */

/* "20.1 ms", "1.52 s" */
static void print_time(FILE *out, uint64_t us)
{
	if (us < 10 * 1000 * 1000)
		fprintf(out, "%.*f ms", us < 10000 ? 2 : us < 100000 ? 1 : 0, (double)us / 1000);
	else
		fprintf(out, "%.1f s", (double)us / 1e6);
}

static void print_sequence(FILE *out, const struct tcp_info *i)
{
	fprintf(out, "send     una %-10u nxt %-10u wnd %-8u in flight %u B, %u segments\n",
		i->snd_una - i->iss, i->snd_nxt - i->iss, i->snd_wnd, i->snd_nxt - i->snd_una, i->unacked);
	fprintf(out, "receive  nxt %-10u %-14s wnd %-8u to be read %u B\n", i->rcv_nxt - i->irs, "",
		i->rcv_wnd, i->unread_bytes);
}

static void print_congestion(FILE *out, const struct tcp_info *i)
{
	static const char *const states[] = {"open", "disorder", "cwr", "recovery", "loss"};

	fprintf(out, "cwnd     %u", i->snd_cwnd);
	if (i->snd_ssthresh == UINT32_MAX || i->snd_ssthresh >= INT32_MAX)
		fputs("  ssthresh -", out);
	else
		fprintf(out, "  ssthresh %u", i->snd_ssthresh);
	fprintf(out, "  segments of %u B  %s: %s\n", i->snd_mss, i->congestion, states[i->ca_state]);
}

static void print_rtt(FILE *out, const struct tcp_info *i)
{
	fputs("rtt      ", out);
	print_time(out, i->rtt_us);
	fputs("  var ", out);
	print_time(out, i->rttvar_us);
	if (i->min_rtt_us && i->min_rtt_us != UINT32_MAX) {
		fputs("  min ", out);
		print_time(out, i->min_rtt_us);
	}
	fputs("  rto ", out);
	print_time(out, i->rto_ms * (uint64_t)1000);
	fputc('\n', out);
}

static void print_timer(FILE *out, const struct tcp_info *i)
{
	static const char *const names[] = {
		"none", "retransmission", "keepalive", "TIME-WAIT", "zero-window probe"};

	fprintf(out, "timer    %s", names[i->timer]);
	if (i->timer != TCP_SHOW_OFF) {
		fputs(" in ", out);
		print_time(out, i->timer_ns / NS_PER_US);
	}
	if (i->retransmits || i->probes || i->backoff)
		fprintf(out, "  retransmits %u  probes %u  backoff %u", i->retransmits, i->probes,
			i->backoff);
	fputc('\n', out);
}

static void print_counts(FILE *out, const struct tcp_info *i)
{
	fprintf(out, "sent     %llu B in %llu segments, %llu B again;  received %llu B in %llu\n",
		(count)i->bytes_sent, (count)i->data_segs_out, (count)i->bytes_retrans,
		(count)i->bytes_received, (count)i->data_segs_in);
	fprintf(out, "loss     lost %u  sacked %u  retransmitted %u, %u in all  reordering %u\n", i->lost,
		i->sacked, i->retrans, i->total_retrans, i->reordering);
}

/* ---- the graph ---- */

static uint32_t sample_at(const struct watching *w, const uint32_t *ring, unsigned column)
{
	return ring[(w->looks + column) % GRAPH_WIDTH];
}

static uint32_t highest(const struct watching *w)
{
	uint32_t top = 1;

	for (unsigned i = 0; i < GRAPH_WIDTH; i++)
		top = MAX(top, w->cwnd[i]);
	return top;
}

/* A column is "#" up to cwnd; ssthresh is a "-" in its height where nothing else is. */
static void print_graph(FILE *out, const struct watching *w)
{
	uint32_t top = highest(w);
	unsigned step = (top + GRAPH_HEIGHT - 1) / GRAPH_HEIGHT;

	fputs("\ncwnd, and ssthresh as -, in segments\n", out);
	for (unsigned row = GRAPH_HEIGHT; row > 0; row--) {
		char line[GRAPH_WIDTH + 1] = "";
		size_t end = 0;

		for (unsigned i = 0; i < GRAPH_WIDTH; i++) {
			uint32_t ssthresh = sample_at(w, w->ssthresh, i), floor = (row - 1) * step;
			bool full = sample_at(w, w->cwnd, i) > floor;
			line[i] = full ? '#' : ssthresh > floor && ssthresh <= row * step ? '-' : ' ';
			end = line[i] != ' ' ? i + 1 : end;
		}
		fprintf(out, "%6u |%.*s\n", row * step, (int)end, line);
	}
}

static void print_page(const struct watching *w)
{
	FILE *out = w->c->out;
	const struct tcp_info *i = &w->row.info;
	char name[TCP_ROW_NAME_LEN];

	if (w->c->out_is_tty && !w->once)
		fputs("\033[H\033[2J", out);
	tcp_row_name(&w->row, name, sizeof(name));
	fprintf(out, "%s  %s\n", name, tcp_state_name_ss(w->row.state));
	if (w->row.state == TCP_LISTEN) {
		fprintf(out, "queue    %u of %u wait to be accepted\n", w->row.recvq, w->row.sendq);
		return;
	}
	print_timer(out, i);
	if (w->row.state == TCP_TIME_WAIT || w->row.state == TCP_SYN_RECEIVED)
		return; /* no more is kept of them */
	print_sequence(out, i);
	print_congestion(out, i);
	print_rtt(out, i);
	print_counts(out, i);
	if (w->c->out_is_tty)
		print_graph(out, w);
	else if (!w->once)
		fputc('\n', out);
}

/* ---- looking ---- */

static bool look(struct watching *w)
{
	struct tcp_row row;

	if (!tcp_row_find_again(w->c->host, &w->row, &row))
		return false;
	w->row = row;
	w->cwnd[w->looks % GRAPH_WIDTH] = row.info.snd_cwnd;
	w->ssthresh[w->looks % GRAPH_WIDTH] = row.info.snd_ssthresh;
	w->looks++;
	print_page(w);
	return true;
}

static void on_timer(struct timer *t)
{
	struct watching *w = CONTAINER_OF(t, struct watching, timer);

	if (look(w)) {
		timer_arm(&w->c->world->loop->wheel, t, w->c->world->loop->now + w->interval_ns);
		return;
	}
	fputs("The connection has ended.\n", w->c->out);
	cmd_done(w->c, CMD_OK);
}

static void on_stop(struct cmd *c, int sig)
{
	(void)sig;
	cmd_done(c, CMD_OK);
}

static void free_watching(struct cmd *c)
{
	struct watching *w = c->state;

	timer_cancel(&c->world->loop->wheel, &w->timer);
	free(w);
}

/* ---- the command line ---- */

static int read_options(struct watching *w)
{
	int opt;

	args_begin();
	while ((opt = args_next(w->c, "1i:", NULL)) > 0) {
		if (opt == '1')
			w->once = true;
		else if (!args_seconds(optarg, 3600, &w->interval_ns) || w->interval_ns < NS_PER_MS)
			return cmd_error(w->c, "%s is no time of at least 0.001 s", optarg);
	}
	if (opt < 0)
		return CMD_USAGE;
	return optind == w->c->argc - 1 ? 0 : cmd_usage(w->c, "watch: one connection is to be named");
}

static int find(struct watching *w, const char *text)
{
	struct tcp_wanted wanted;
	size_t n;

	if (!tcp_wanted_parse(w->c, text, &wanted))
		return CMD_FAILED;
	n = tcp_wanted_find(w->c->host, &wanted, &w->row);
	if (n == 0)
		return cmd_error(w->c, "%s: no such connection (`tcp list` shows those of this host)", text);
	if (n > 1)
		return cmd_error(w->c, "%s: that is said of %zu connections; `tcp list` shows them", text, n);
	return 0;
}

int tcp_watch(struct cmd *c)
{
	struct watching *w = mem_new(sizeof(*w));
	int status;

	w->c = c;
	w->interval_ns = DEFAULT_INTERVAL_MS * NS_PER_MS;
	timer_init(&w->timer, on_timer);
	c->state = w;
	c->free_state = free_watching;
	status = read_options(w);
	if (!status)
		status = find(w, c->argv[optind]);
	if (status)
		return status;
	look(w);
	if (w->once)
		return CMD_OK;
	c->stop = on_stop;
	timer_arm(&c->world->loop->wheel, &w->timer, c->world->loop->now + w->interval_ns);
	return CMD_RUNNING;
}
