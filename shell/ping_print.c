/* SPDX-License-Identifier: MIT */
/* What ping prints, to the digit as iputils does. */
#include "icmp/icmp.h"
#include "ip/ip.h"
#include "lib/text.h"
#include "net/wire_icmp.h"
#include "shell/cmd_ping.h"

#include <errno.h>

void ping_print_header(const struct ping_run *run)
{
	FILE *out = run->c->out;
	const struct ping_config *cfg = &run->cfg;

	if (cfg->broadcast && ip_addr_kind(run->c->host, cfg->dst) == IP_ADDR_BROADCAST)
		fputs("WARNING: pinging broadcast address\n", run->c->err);
	if (cfg->pattern_len && !run->quiet) {
		fputs("PATTERN: 0x", out);
		for (size_t i = 0; i < cfg->pattern_len; i++)
			fprintf(out, "%02x", cfg->pattern[i]);
		fputc('\n', out);
	}
	fprintf(out, "PING %s (%s) ", run->name, TEXT_IP(cfg->dst));
	if (run->from)
		fprintf(out, "from %s %s: ", TEXT_IP(ping_source(run->pg)), cfg->oif ? run->from : "");
	fprintf(out, "%zu(%zu) bytes of data.\n", cfg->size,
		cfg->size + ICMP_HDR_LEN + IP_HDR_LEN + cfg->opts_len);
}

/* ---- what comes back ---- */

static void print_clock(const struct ping_run *run)
{
	uint64_t us;

	if (!run->time_stamps)
		return;
	us = clock_wall_ns(&run->c->world->loop->clock) / NS_PER_US;
	fprintf(run->c->out, "[%llu.%06llu] ", (unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000));
}

void ping_print_ms(FILE *out, uint64_t us)
{
	unsigned long long t = us;

	if (t >= 100000 - 50)
		fprintf(out, "%llu", (t + 500) / 1000);
	else if (t >= 10000 - 5)
		fprintf(out, "%llu.%01llu", (t + 50) / 1000, (t + 50) % 1000 / 100);
	else if (t >= 1000)
		fprintf(out, "%llu.%02llu", (t + 5) / 1000, (t + 5) % 1000 / 10);
	else
		fprintf(out, "0.%03llu", t);
}

static void print_damage(const struct ping_run *run, const struct ping_event *e)
{
	FILE *out = run->c->out;

	fprintf(out, "\nwrong data byte #%zu should be 0x%x but was 0x%x", e->damaged, e->wanted[e->damaged],
		e->data[e->damaged]);
	for (size_t i = 16; i < run->cfg.size; i++) {
		if (i % 32 == 16)
			fprintf(out, "\n#%zu\t", i);
		fprintf(out, "%x ", e->data[i]);
	}
}

static void print_reply(struct ping_run *run, const struct ping_event *e)
{
	FILE *out = run->c->out;

	if (run->quiet)
		return;
	if (run->flood) {
		fputs("\b \b", out);
		return;
	}
	print_clock(run);
	fprintf(out, "%zu bytes from %s: icmp_seq=%u", e->len, TEXT_IP(e->msg->from.ip), e->seq);
	if (run->verbose)
		fprintf(out, " ident=%u", ping_id(run->pg));
	fprintf(out, " ttl=%u", e->msg->ttl);
	if (e->truncated) {
		fputs(" (truncated)\n", out);
		return;
	}
	if (e->timed) {
		fputs(" time=", out);
		ping_print_ms(out, e->rtt_us);
		fputs(" ms", out);
	}
	if (e->duplicate && (run->verbose || !ip_is_multicast(run->cfg.dst)))
		fputs(" (DUP!)", out);
	if (e->damaged != SIZE_MAX)
		print_damage(run, e);
	ping_print_options(out, e->msg->opts, e->msg->opts_len, run->last_route);
	if (run->audible)
		fputc('\a', out);
	fputc('\n', out);
}

static void print_icmp(struct ping_run *run, const struct sock_error *err)
{
	bool redirect = err->type == ICMP_REDIRECT;
	char what[96];

	if (run->quiet)
		return;
	if (run->flood) {
		fputs("\bE", run->c->out);
		return;
	}
	print_clock(run);
	fprintf(run->c->out, "From %s%s icmp_seq=%u %s\n", TEXT_IP(err->from), redirect ? ":" : "", err->seq,
		icmp_describe(what, sizeof(what), err->type, err->code, err->info));
}

static void print_local(struct ping_run *run, const struct sock_error *err)
{
	if (run->quiet)
		return;
	if (run->flood)
		fputc('E', run->c->out);
	else if (err->error == EMSGSIZE && err->info)
		cmd_error(run->c, "local error: message too long, mtu=%u", err->info);
	else
		cmd_error(run->c, "sendmsg: %s", strerror(err->error));
}

void ping_print_event(struct ping_run *run, const struct ping_event *e)
{
	switch (e->what) {
	case PING_SENT:
		if (run->flood && !run->quiet)
			fputc('.', run->c->out);
		break;
	case PING_REPLY:
		print_reply(run, e);
		break;
	case PING_ICMP:
		print_icmp(run, e->error);
		break;
	case PING_LOCAL:
		print_local(run, e->error);
		break;
	case PING_UNANSWERED:
		print_clock(run);
		fprintf(run->c->out, "no answer yet for icmp_seq=%u\n", e->seq);
		break;
	case PING_DONE:
		break;
	}
}

/* ---- the end ---- */

static void print_us(FILE *out, const char *before, uint64_t us)
{
	fprintf(out, "%s%llu.%03llu", before, (unsigned long long)(us / 1000),
		(unsigned long long)(us % 1000));
}

static void print_counts(FILE *out, const struct ping_stats *st)
{
	double lost = (double)(st->sent - st->received) * 100.0;

	fprintf(out, "%llu packets transmitted, %llu received", (unsigned long long)st->sent,
		(unsigned long long)st->received);
	if (st->duplicates)
		fprintf(out, ", +%llu duplicates", (unsigned long long)st->duplicates);
	if (st->errors)
		fprintf(out, ", +%llu errors", (unsigned long long)st->errors);
	if (st->sent)
		fprintf(out, ", %g%% packet loss, time %llums", (double)(float)(lost / (double)st->sent),
			(unsigned long long)((st->last_sent_ns - st->start_ns) / NS_PER_MS));
	fputc('\n', out);
}

void ping_print_statistics(const struct ping_run *run)
{
	const struct ping_stats *st = ping_stats(run->pg);
	bool paced = run->cfg.interval_ns && !run->flood && !run->cfg.adaptive;
	const char *comma = "";
	FILE *out = run->c->out;

	fprintf(out, "\n--- %s ping statistics ---\n", run->name);
	print_counts(out, st);
	if (st->received && st->timed) {
		print_us(out, "rtt min/avg/max/mdev = ", st->min_us);
		print_us(out, "/", ping_avg_us(st));
		print_us(out, "/", st->max_us);
		print_us(out, "/", ping_mdev_us(st));
		fputs(" ms", out);
		comma = ", ";
	}
	if (st->pipe > 1) {
		fprintf(out, "%spipe %u", comma, st->pipe);
		comma = ", ";
	}
	if (st->received && !paced && st->sent > 1) {
		fprintf(out, "%sipg/ewma", comma);
		print_us(out, " ", (st->last_sent_ns - st->start_ns) / NS_PER_US / (st->sent - 1));
		print_us(out, "/", st->ewma_us8 / 8);
		fputs(" ms", out);
	}
	fputc('\n', out);
}

/* ^\: how it stands. */
void ping_print_status(const struct ping_run *run)
{
	const struct ping_stats *st = ping_stats(run->pg);
	FILE *err = run->c->err;

	fprintf(err, "\r%llu/%llu packets, %llu%% loss", (unsigned long long)st->received,
		(unsigned long long)st->sent,
		(unsigned long long)(st->sent ? (st->sent - st->received) * 100 / st->sent : 0));
	if (st->received && st->timed) {
		print_us(err, ", min/avg/ewma/max = ", st->min_us);
		print_us(err, "/", ping_avg_us(st));
		print_us(err, "/", st->ewma_us8 / 8);
		print_us(err, "/", st->max_us);
		fputs(" ms", err);
	}
	fputc('\n', err);
}
