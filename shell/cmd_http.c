/* SPDX-License-Identifier: MIT */
/* http: a static file server. */
#include "app/http.h"
#include "lib/text.h"
#include "shell/args.h"
#include "shell/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { PORT_MAX = 65535 };

struct http_run {
	struct cmd *c;
	struct http *http;
	bool quiet;
	uint64_t answers, octets;
};

/* A line of the common log format: who, when, what, its status, octets of body sent. */
static void on_entry(const struct http_entry *e, void *ctx)
{
	struct http_run *run = ctx;
	time_t now = (time_t)(clock_wall_ns(&run->c->world->loop->clock) / NS_PER_SEC);
	char when[32];
	struct tm tm;

	run->answers++;
	run->octets += e->sent;
	if (run->quiet)
		return;
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	fprintf(run->c->out, "%s - - [%s] \"%s\" %d %llu%s\n", TEXT_IP(e->from.ip), when, e->line, e->status,
		(unsigned long long)e->sent, e->cut_short ? " cut short" : "");
}

static void report(struct cmd *c)
{
	const struct http_run *run = c->state;

	fprintf(c->out, "http: %llu answers, %llu octets, %u connections now\n",
		(unsigned long long)run->answers, (unsigned long long)run->octets,
		http_connections(run->http));
}

static void stop(struct cmd *c, int sig)
{
	cmd_done(c, 128 + sig);
}

static void free_run(struct cmd *c)
{
	struct http_run *run = c->state;

	run->quiet = true; /* what is cut short by our own end is no news */
	if (run->http)
		http_free(run->http);
	free(run);
}

static int start(struct cmd *c, const struct http_config *cfg, bool quiet)
{
	struct http_run *run = mem_new(sizeof(*run));
	const char *step;

	run->c = c;
	run->quiet = quiet;
	c->state = run;
	c->free_state = free_run;
	c->stop = stop;
	c->report = report;
	run->http = http_new(c->world->loop, c->host, cfg, on_entry, run, &step);
	if (!run->http)
		return cmd_error(c, "%s: %s", step, strerror(errno));
	return CMD_RUNNING;
}

static int run_http(struct cmd *c)
{
	struct http_config cfg = {.port = HTTP_PORT};
	bool quiet = false;
	long long port;
	int opt;

	args_begin();
	while ((opt = args_next(c, "p:qs:", NULL)) > 0) {
		if (opt == 'p' && !args_number(c, optarg, 1, PORT_MAX, &port))
			return CMD_FAILED;
		if (opt == 's' && !args_address(c, optarg, &cfg.addr))
			return CMD_FAILED;
		if (opt == 'p')
			cfg.port = (uint16_t)port;
		quiet |= opt == 'q';
	}
	if (opt < 0)
		return CMD_USAGE;
	if (optind != c->argc - 1)
		return cmd_usage(c, "one directory is needed");
	cfg.root = c->argv[optind];
	return start(c, &cfg, quiet);
}

const struct command cmd_http = {
	.name = "http",
	.run = run_http,
	.usage = "http [-q] [-p PORT] [-s ADDRESS] DIR",
	.about = "serve the files of a directory of the machine by HTTP, until ^C",
	.options = "  -p PORT      instead of 80;  -s ADDRESS: only this address of ours\n"
		   "  -q           no line for each request\n"
		   "^\\ says how much was served.",
	.example = "http /usr/share/doc &\nhttp -q -p 8080 .",
	.complete = complete_files,
};
