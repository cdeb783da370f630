/* SPDX-License-Identifier: MIT */
/*
 * tcp plot: what a connection did over time. It is looked at every 10 ms of the clock; what has not changed is kept once. At
 * its end, or at ^C, the samples go to FILE.csv, and gnuplot (a program of the machine) draws them.
 *
 * Where several connections are meant (one by which a program says what it wants, one for the data), all are recorded, and
 * the one that carried most is drawn.
 */
#include "lib/clock.h"
#include "shell/args.h"
#include "shell/cmd_tcp.h"
#include "shell/suggest.h"

#include <errno.h>
#include <stdlib.h>

enum { DEFAULT_INTERVAL_MS = 10, SAMPLES_MAX = 1 << 20, TRACKS_MAX = 16 };

typedef unsigned long long count;

/* Sequence numbers count from the first byte and go on above 2^32. */
struct sample {
	uint64_t time_ns; /* since the first one */
	uint64_t una, nxt, rcv_nxt;
	uint32_t snd_wnd, cwnd, ssthresh, unacked, rtt_us, rto_ms, total_retrans;
	uint8_t state;
};

/* One connection. */
struct track {
	struct tcp_row row;
	uint64_t start_ns;
	struct sample *samples;
	size_t count, room;
};

struct plotting {
	struct cmd *c;
	struct timer timer;
	struct tcp_wanted wanted;
	const char *name; /* as it was named */
	char *csv, *svg;  /* svg NULL: not asked for */
	uint64_t interval_ns;
	struct track tracks[TRACKS_MAX];
	size_t count, open; /* recorded, and still there at the last look */
	bool full;
};

/* ---- sampling ---- */

static uint64_t unwrap(uint64_t before, uint32_t now)
{
	return before + (uint32_t)(now - (uint32_t)before);
}

static struct sample take(const struct track *t, uint64_t now)
{
	const struct tcp_info *i = &t->row.info;
	struct sample none = {0};
	const struct sample *last = t->count ? &t->samples[t->count - 1] : &none;

	return (struct sample){.time_ns = now - t->start_ns,
		.una = unwrap(last->una, i->snd_una - i->iss),
		.nxt = unwrap(last->nxt, i->snd_nxt - i->iss),
		.rcv_nxt = unwrap(last->rcv_nxt, i->rcv_nxt - i->irs),
		.snd_wnd = i->snd_wnd,
		.cwnd = i->snd_cwnd,
		.ssthresh = i->snd_ssthresh < INT32_MAX ? i->snd_ssthresh : 0,
		.unacked = i->unacked,
		.rtt_us = i->rtt_us,
		.rto_ms = i->rto_ms,
		.total_retrans = i->total_retrans,
		.state = (uint8_t)t->row.state};
}

static bool is_same(const struct sample *a, const struct sample *b)
{
	struct sample at_once = *a;

	at_once.time_ns = b->time_ns;
	return memcmp(&at_once, b, sizeof(*b)) == 0;
}

/* The last of several that are the same moves on in time: a line between two points stays level. */
static void keep(struct track *t, const struct sample *s)
{
	size_t n = t->count;

	if (n > 1 && is_same(&t->samples[n - 1], s) && is_same(&t->samples[n - 2], s)) {
		t->samples[n - 1].time_ns = s->time_ns;
		return;
	}
	if (n == t->room) {
		t->room = MAX(2 * t->room, (size_t)1024);
		t->samples = mem_resize(t->samples, t->room * sizeof(*t->samples));
	}
	t->samples[t->count++] = *s;
}

static uint64_t carried(const struct track *t)
{
	const struct sample *last = &t->samples[t->count - 1];

	return last->nxt + last->rcv_nxt;
}

/* NULL: nothing was recorded. */
static const struct track *busiest(const struct plotting *p)
{
	const struct track *best = NULL;

	for (size_t i = 0; i < p->count; i++)
		if (!best || carried(&p->tracks[i]) > carried(best))
			best = &p->tracks[i];
	return best;
}

/* ---- writing ---- */

static bool write_csv(const struct plotting *p, const struct track *t)
{
	FILE *f = fopen(p->csv, "we");

	if (!f)
		return false;
	fputs("seconds,una,nxt,rcv_nxt,snd_wnd,cwnd,ssthresh,unacked,rtt_ms,rto_ms,retransmits,state\n", f);
	for (size_t i = 0; i < t->count; i++) {
		const struct sample *s = &t->samples[i];
		fprintf(f, "%.6f,%llu,%llu,%llu,%u,%u,", (double)s->time_ns / 1e9, (count)s->una,
			(count)s->nxt, (count)s->rcv_nxt, s->snd_wnd, s->cwnd);
		if (s->ssthresh)
			fprintf(f, "%u", s->ssthresh);
		fprintf(f, ",%u,%.3f,%u,%u,%s\n", s->unacked, s->rtt_us / 1000.0, s->rto_ms, s->total_retrans,
			tcp_state_name_ss(s->state));
	}
	return fclose(f) == 0;
}

static bool has_ssthresh(const struct track *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->samples[i].ssthresh)
			return true;
	return false;
}

/* For the shell: one line that draws two panels, sequence numbers above and the window of congestion below. */
static char *drawing_line(const struct plotting *p, const struct track *t)
{
	struct buf script = {0}, line = {0};
	char name[TCP_ROW_NAME_LEN];

	tcp_row_name(&t->row, name, sizeof(name));
	buf_printf(&script,
		"set terminal svg size 900,700 dynamic background rgb \"white\"; set output \"%s\"; "
		"set datafile separator \",\"; set key left top; set grid; set xlabel \"seconds\"; "
		"set multiplot layout 2,1 title \"%s\" noenhanced; set ylabel \"sequence number (bytes)\"; "
		"plot \"%s\" skip 1 using 1:3 with steps title \"nxt\", \"\" skip 1 using 1:2 with steps "
		"title \"una\", "
		"\"\" skip 1 using 1:($2+$5) with steps title \"una + wnd\"; set ylabel \"segments\"; "
		"plot \"%s\" skip 1 using 1:6 with steps title \"cwnd\", \"\" skip 1 using 1:8 with steps "
		"title \"in "
		"flight\"",
		p->svg, name, p->csv, p->csv);
	if (has_ssthresh(t))
		buf_puts(&script, ", \"\" skip 1 using 1:7 with steps title \"ssthresh\"");
	buf_puts(&script, "; unset multiplot");
	buf_puts(&line, "!gnuplot -e ");
	buf_add_quoted(&line, buf_text(&script));
	buf_exit(&script);
	return buf_take(&line);
}

static void print_end(const struct plotting *p, const char *files)
{
	const struct track *t = busiest(p);
	char name[TCP_ROW_NAME_LEN];

	tcp_row_name(&t->row, name, sizeof(name));
	fprintf(p->c->out, "%s: %zu samples in %s\n", name, t->count, files);
}

static void drawn(struct cmd *c, int status)
{
	struct plotting *p = c->state;

	if (status)
		cmd_error(c, "gnuplot could not draw %s; the data is in %s", p->svg, p->csv);
	else
		print_end(p, p->svg);
	cmd_done(c, status ? CMD_FAILED : CMD_OK);
}

static void draw(struct plotting *p, const struct track *t)
{
	char *line = drawing_line(p, t);
	int err = cmd_spawn(p->c, NULL, line, drawn);

	free(line);
	if (err)
		drawn(p->c, CMD_FAILED);
}

/* The end of the recording. */
static void finish(struct plotting *p)
{
	struct cmd *c = p->c;
	const struct track *t = busiest(p);

	timer_cancel(&c->world->loop->wheel, &p->timer);
	if (!t) {
		cmd_done(c, cmd_error(c, "%s: no such connection came", p->name));
	} else if (!write_csv(p, t)) {
		cmd_done(c, cmd_error(c, "%s: %s", p->csv, strerror(errno)));
	} else if (p->svg && suggest_is_program("gnuplot")) {
		draw(p, t);
	} else {
		print_end(p, p->csv);
		fputs(p->svg ? "There is no gnuplot on this machine, so there is no drawing.\n" : "", c->out);
		cmd_done(c, CMD_OK);
	}
}

/* ---- recording ---- */

/* The others have nothing to look at. */
static bool is_open(const struct tcp_row *row)
{
	return row->state != TCP_LISTEN && row->state != TCP_TIME_WAIT && row->state != TCP_CLOSED &&
		row->state != TCP_SYN_RECEIVED;
}

static struct track *track_of(struct plotting *p, const struct tcp_row *row)
{
	struct track *t = &p->tracks[p->count];

	for (size_t i = 0; i < p->count; i++)
		if (tcp_row_is_same(&p->tracks[i].row, row))
			return &p->tracks[i];
	if (p->count == TRACKS_MAX)
		return NULL;
	t->start_ns = p->c->world->loop->now;
	p->count++;
	return t;
}

static void look(void *ctx, const struct tcp_row *row)
{
	struct plotting *p = ctx;
	struct track *t = is_open(row) && tcp_wanted_matches(&p->wanted, row) ? track_of(p, row) : NULL;

	if (!t)
		return;
	t->row = *row;
	struct sample s = take(t, p->c->world->loop->now);
	keep(t, &s);
	p->open++;
	p->full = p->full || t->count == SAMPLES_MAX;
}

static void on_timer(struct timer *timer)
{
	struct plotting *p = CONTAINER_OF(timer, struct plotting, timer);
	struct loop *l = p->c->world->loop;

	p->open = 0;
	tcp_each(p->c->host, look, p);
	if ((p->count && !p->open) || p->full)
		finish(p);
	else
		timer_arm(&l->wheel, timer, l->now + p->interval_ns);
}

static void on_stop(struct cmd *c, int sig)
{
	(void)sig;
	finish(c->state);
}

static void free_plotting(struct cmd *c)
{
	struct plotting *p = c->state;

	timer_cancel(&c->world->loop->wheel, &p->timer);
	for (size_t i = 0; i < p->count; i++)
		free(p->tracks[i].samples);
	free(p->csv);
	free(p->svg);
	free(p);
}

/* ---- the command line ---- */

/* FILE.svg wants FILE.csv beside it. */
static int take_file(struct plotting *p, const char *file)
{
	size_t len = strlen(file);
	bool svg = len > 4 && strcmp(file + len - 4, ".svg") == 0;
	struct buf csv = {0};

	if (!svg && (len <= 4 || strcmp(file + len - 4, ".csv") != 0))
		return cmd_error(p->c, "%s: a name that ends in .svg or .csv was expected", file);
	if (strpbrk(file, "\"\\\n"))
		return cmd_error(p->c, "%s: gnuplot reads no such name", file);
	buf_printf(&csv, "%.*s.csv", (int)(len - 4), file);
	p->csv = buf_take(&csv);
	p->svg = svg ? mem_text(file) : NULL;
	return 0;
}

static int read_options(struct plotting *p)
{
	int opt;

	args_begin();
	while ((opt = args_next(p->c, "i:", NULL)) > 0) {
		if (!args_seconds(optarg, 3600, &p->interval_ns) || p->interval_ns < NS_PER_MS)
			return cmd_error(p->c, "%s is no time of at least 0.001 s", optarg);
	}
	if (opt < 0)
		return CMD_USAGE;
	if (optind != p->c->argc - 2)
		return cmd_usage(p->c, "plot: a connection and a file are to be named");
	p->name = p->c->argv[optind];
	if (!tcp_wanted_parse(p->c, p->c->argv[optind], &p->wanted))
		return CMD_FAILED;
	return take_file(p, p->c->argv[optind + 1]);
}

int tcp_plot(struct cmd *c)
{
	struct plotting *p = mem_new(sizeof(*p));
	int status;

	p->c = c;
	p->interval_ns = DEFAULT_INTERVAL_MS * NS_PER_MS;
	timer_init(&p->timer, on_timer);
	c->state = p;
	c->free_state = free_plotting;
	status = read_options(p);
	if (status)
		return status;
	c->stop = on_stop;
	timer_arm(&c->world->loop->wheel, &p->timer, c->world->loop->now);
	return CMD_RUNNING;
}
