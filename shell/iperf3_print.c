/* SPDX-License-Identifier: MIT */
/* What iperf3 3.12 prints, to the column. */
#include "lib/text.h"
#include "shell/cmd_iperf3.h"

#define DASHES	  "-----------------------------------------------------------\n"
#define SEPARATOR "- - - - - - - - - - - - - - - - - - - - - - - - -\n"

/* ---- numbers ---- */

void iperf3_format(char *text, size_t room, double bytes, char format)
{
	static const char *const prefixes[] = {"", "K", "M", "G", "T"};
	static const char letters[] = "?KMGT";
	bool bits = format == '\0' || (format >= 'a' && format != 'A');
	double value = bits ? bytes * 8 : bytes, base = bits ? 1000 : 1024;
	const char *fixed = format && format != 'A' ? strchr(letters, format & ~0x20) : NULL;
	size_t unit = 0;

	while (fixed ? unit < (size_t)(fixed - letters) : value >= base && unit + 1 < ARRAY_SIZE(prefixes)) {
		value /= base;
		unit++;
	}
	snprintf(text, room, "%4.*f %s%s",
		value < 9.995		? 2
			: value < 99.95 ? 1
					: 0,
		value, prefixes[unit], bits ? "bits" : "Bytes");
}

double iperf3_seconds(const struct iperf_row *r)
{
	return (double)(r->end_ns - r->start_ns) / 1e9;
}

double iperf3_bits_per_second(const struct iperf_row *r)
{
	return r->end_ns > r->start_ns ? (double)r->n.bytes * 8 / iperf3_seconds(r) : 0;
}

const struct iperf_row *iperf3_row_of(const struct iperf_stream *st, bool at_sender)
{
	return at_sender == st->sender ? &st->total : &st->remote;
}

static void add(struct iperf_row *sum, const struct iperf_row *r)
{
	sum->start_ns = r->start_ns;
	sum->end_ns = r->end_ns;
	sum->n.bytes += r->n.bytes;
	sum->n.packets += r->n.packets;
	sum->n.retransmits += r->n.retransmits;
	sum->n.lost += r->n.lost;
	sum->n.out_of_order += r->n.out_of_order;
	sum->jitter_s += r->jitter_s;
}

struct iperf_row iperf3_sum(const struct iperf *t, bool sender, enum iperf3_count which, unsigned *streams)
{
	unsigned count, n = 0;
	const struct iperf_stream *st = iperf_streams(t, &count);
	struct iperf_row sum = {0};

	for (unsigned i = 0; i < count; i++) {
		if (st[i].sender != sender)
			continue;
		add(&sum,
			which == IPERF3_INTERVAL	? &st[i].interval
				: which == IPERF3_TOTAL ? &st[i].total
							: &st[i].remote);
		n++;
	}
	if (n)
		sum.jitter_s /= n;
	*streams = n;
	return sum;
}

/* ---- lines ---- */

/* "[  5][TX-C]   0.00-1.00   sec   248 KBytes  2.03 Mbits/sec"; number 0: the sum. */
static void print_begin(const struct iperf3_run *run, int number, bool sender, const struct iperf_row *r)
{
	FILE *out = run->c->out;
	char bytes[32], rate[32];

	iperf3_format(bytes, sizeof(bytes), (double)r->n.bytes, 'A');
	iperf3_format(rate, sizeof(rate), iperf3_bits_per_second(r) / 8, run->format);
	if (number)
		fprintf(out, "[%3d]", number);
	else
		fputs("[SUM]", out);
	if (iperf_params(run->t)->bidir)
		fprintf(out, "[%cX-%c]", sender ? 'T' : 'R', run->cfg.server ? 'S' : 'C');
	fprintf(out, " %6.2f-%-6.2f sec  %s  %s/sec", (double)r->start_ns / 1e9, (double)r->end_ns / 1e9,
		bytes, rate);
}

static void print_loss(FILE *out, const struct iperf_row *r)
{
	double percent = r->n.packets ? 100.0 * (double)r->n.lost / (double)r->n.packets : 0;

	fprintf(out, "  %5.3f ms  %lld/%llu (%.2g%%)  ", r->jitter_s * 1000, (long long)r->n.lost,
		(unsigned long long)r->n.packets, percent);
}

static void print_interval_row(const struct iperf3_run *run, const struct iperf_stream *st,
	const struct iperf_row *r, const char *end)
{
	const struct iperf_params *p = iperf_params(run->t);
	FILE *out = run->c->out;
	bool sum = r != &st->interval;
	char cwnd[32];

	print_begin(run, sum ? 0 : st->number, st->sender, r);
	if (p->udp && st->sender) {
		fprintf(out, "%s  %llu  ", p->bidir ? "          " : "", (unsigned long long)r->n.packets);
	} else if (p->udp) {
		print_loss(out, r);
	} else if (st->sender && sum) {
		fprintf(out, "  %3llu             ", (unsigned long long)r->n.retransmits);
	} else if (st->sender) {
		iperf3_format(cwnd, sizeof(cwnd), st->cwnd, 'A');
		fprintf(out, "  %3llu   %s       ", (unsigned long long)r->n.retransmits, cwnd);
	} else {
		fputs("                  ", out);
	}
	fprintf(out, "%s\n", end);
}

/* Both ends of a stream (or of the sum) at the end of a test. */
static void print_total_row(const struct iperf3_run *run, int number, const struct iperf_stream *st,
	const struct iperf_row *r, bool at_sender)
{
	FILE *out = run->c->out;

	print_begin(run, number, st->sender, r);
	if (iperf_params(run->t)->udp && at_sender)
		fprintf(out, "  %5.3f ms  0/%llu (0%%)  ", 0.0, (unsigned long long)r->n.packets);
	else if (iperf_params(run->t)->udp)
		print_loss(out, r);
	else if (at_sender && st->has_info)
		fprintf(out, "  %3llu             ", (unsigned long long)r->n.retransmits);
	else
		fputs("                  ", out);
	fputs(at_sender ? "sender\n" : "receiver\n", out);
}

/* ---- heads ---- */

static bool sends(const struct iperf3_run *run)
{
	const struct iperf_params *p = iperf_params(run->t);

	return p->bidir || p->reverse == run->cfg.server;
}

static void print_head(const struct iperf3_run *run, const char *columns)
{
	fprintf(run->c->out, "[ ID]%s Interval           Transfer     Bitrate%s\n",
		iperf_params(run->t)->bidir ? "[Role]" : "", columns);
}

static const char *interval_columns(const struct iperf3_run *run)
{
	const struct iperf_params *p = iperf_params(run->t);

	if (p->udp)
		return sends(run) && !p->bidir ? "         Total Datagrams"
					       : "         Jitter    Lost/Total Datagrams";
	return run->cfg.server && !sends(run) ? "" : "         Retr  Cwnd";
}

static const char *total_columns(const struct iperf3_run *run)
{
	if (iperf_params(run->t)->udp)
		return "         Jitter    Lost/Total Datagrams";
	return run->cfg.server && !sends(run) ? "" : "         Retr";
}

/* ---- what happens ---- */

static void print_streams(const struct iperf3_run *run)
{
	unsigned count;
	const struct iperf_stream *st = iperf_streams(run->t, &count);

	for (unsigned i = 0; i < count; i++)
		fprintf(run->c->out, "[%3d] local %s port %u connected to %s port %u\n", st[i].number,
			TEXT_IP(st[i].local.ip), st[i].local.port, TEXT_IP(st[i].peer.ip), st[i].peer.port);
}

static void print_interval(struct iperf3_run *run, bool omitted)
{
	const char *end = omitted ? "(omitted)" : "";
	unsigned count, n;
	const struct iperf_stream *st = iperf_streams(run->t, &count);

	if (!run->head_printed)
		print_head(run, interval_columns(run));
	else if (iperf_params(run->t)->parallel > 1)
		fputs(SEPARATOR, run->c->out);
	run->head_printed = true;
	for (unsigned i = 0; i < count; i++) {
		print_interval_row(run, &st[i], &st[i].interval, end);
		if (i + 1 < count && st[i + 1].sender == st[i].sender)
			continue;
		struct iperf_row sum = iperf3_sum(run->t, st[i].sender, IPERF3_INTERVAL, &n);
		if (n > 1)
			print_interval_row(run, &st[i], &sum, end);
	}
}

/* The client knows what both ends counted; the server shows its own. */
static void print_both(const struct iperf3_run *run, int number, const struct iperf_stream *st,
	const struct iperf_row *own, const struct iperf_row *remote)
{
	if (run->cfg.server) {
		print_total_row(run, number, st, own, st->sender);
		return;
	}
	print_total_row(run, number, st, st->sender ? own : remote, true);
	print_total_row(run, number, st, st->sender ? remote : own, false);
}

static void print_totals(const struct iperf3_run *run)
{
	unsigned count, n;
	const struct iperf_stream *st = iperf_streams(run->t, &count);

	fputs(SEPARATOR, run->c->out);
	print_head(run, total_columns(run));
	for (unsigned i = 0; i < count; i++) {
		print_both(run, st[i].number, &st[i], &st[i].total, &st[i].remote);
		if (i + 1 < count && st[i + 1].sender == st[i].sender)
			continue;
		struct iperf_row own = iperf3_sum(run->t, st[i].sender, IPERF3_TOTAL, &n);
		struct iperf_row remote = iperf3_sum(run->t, st[i].sender, IPERF3_REMOTE, &n);
		if (n > 1)
			print_both(run, 0, &st[i], &own, &remote);
	}
}

static void print_connected(struct iperf3_run *run, const struct iperf_event *e)
{
	FILE *out = run->c->out;

	run->head_printed = false;
	if (run->cfg.server) {
		fprintf(out, "Accepted connection from %s, port %u\n", TEXT_IP(e->peer.ip), e->peer.port);
		return;
	}
	fprintf(out, "Connecting to host %s, port %u\n", run->name, run->cfg.port);
	if (run->cfg.ask.reverse)
		fprintf(out, "Reverse mode, remote host %s is sending\n", run->name);
}

void iperf3_print(struct iperf3_run *run, const struct iperf_event *e)
{
	FILE *out = run->c->out;

	switch (e->what) {
	case IPERF_LISTENING:
		fprintf(out, DASHES "Server listening on %u (test #%u)\n" DASHES, run->cfg.port,
			iperf_tests(run->t));
		break;
	case IPERF_CONNECTED:
		print_connected(run, e);
		break;
	case IPERF_STREAMS:
		print_streams(run);
		break;
	case IPERF_INTERVAL:
		print_interval(run, e->omitted);
		break;
	case IPERF_TOTALS:
		print_totals(run);
		break;
	case IPERF_RESULTS:
		print_totals(run);
		if (!run->cfg.server)
			fputs("\niperf Done.\n", out);
		break;
	case IPERF_FAILED:
		fprintf(run->c->err, "iperf3: %s\n", e->text);
		break;
	case IPERF_DONE:
		break;
	}
}
