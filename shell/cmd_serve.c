/* SPDX-License-Identifier: MIT */
/* serve: echo, discard, chargen, daytime. */
#include "app/serve.h"
#include "shell/args.h"
#include "shell/buf.h"

#include <errno.h>
#include <stdlib.h>

enum { KINDS = SERVE_DAYTIME + 1, PORT_MAX = 65535 };

struct serve_run {
	struct serve *serves[KINDS]; /* NULL: not asked for */
};

static void report(struct cmd *c)
{
	const struct serve_run *run = c->state;

	for (int i = 0; i < KINDS; i++) {
		struct serve_stats st;

		if (!run->serves[i])
			continue;
		st = serve_stats(run->serves[i]);
		fprintf(c->out,
			"%s: %llu connections (%u now, %llu refused), %llu datagrams (%llu not answered)\n",
			serve_name((enum serve_kind)i), (unsigned long long)st.accepted, st.connections,
			(unsigned long long)st.refused, (unsigned long long)st.datagrams,
			(unsigned long long)st.ignored);
	}
}

static void stop(struct cmd *c, int sig)
{
	cmd_done(c, 128 + sig);
}

static void free_run(struct cmd *c)
{
	struct serve_run *run = c->state;

	for (int i = 0; i < KINDS; i++)
		if (run->serves[i])
			serve_free(run->serves[i]);
	free(run);
}

/* Which services the word names: a bit each; 0: none. */
static unsigned services_of(const char *word)
{
	for (int i = 0; i < KINDS; i++)
		if (strcmp(word, serve_name((enum serve_kind)i)) == 0)
			return 1U << i;
	return strcmp(word, "all") == 0 ? (1U << KINDS) - 1 : 0;
}

static int start(struct cmd *c, unsigned wanted, struct serve_config cfg)
{
	struct serve_run *run = c->state;
	const char *step;

	for (int i = 0; i < KINDS; i++) {
		uint16_t port = cfg.port ? cfg.port : serve_port((enum serve_kind)i);

		if (!(wanted & 1U << i))
			continue;
		cfg.kind = (enum serve_kind)i;
		run->serves[i] = serve_new(c->world->loop, c->host, &cfg, &step);
		if (!run->serves[i])
			return cmd_error(
				c, "%s: port %u: %s: %s", serve_name(cfg.kind), port, step, strerror(errno));
		fprintf(c->out, "%s: port %u, TCP and UDP\n", serve_name(cfg.kind), port);
	}
	return CMD_RUNNING;
}

static int run_serve(struct cmd *c)
{
	struct serve_config cfg = {0};
	unsigned wanted = 0;
	long long number = 0;
	int opt;

	args_begin();
	while ((opt = args_next(c, "p:r:s:", NULL)) > 0) {
		if (opt == 's' ? !args_address(c, optarg, &cfg.addr)
			       : !args_number(
					 c, optarg, 1, opt == 'p' ? PORT_MAX : SERVE_ANSWERS_MAX, &number))
			return CMD_FAILED;
		if (opt == 'p')
			cfg.port = (uint16_t)number;
		else if (opt == 'r')
			cfg.answers = (unsigned)number;
	}
	if (opt < 0)
		return CMD_USAGE;
	for (int i = optind; i < c->argc; i++) {
		unsigned named = services_of(c->argv[i]);

		if (!named)
			return cmd_usage(c, "%s: there is no such service", c->argv[i]);
		wanted |= named;
	}
	if (!wanted)
		return cmd_usage(c, "which service?");
	if (cfg.port && (wanted & (wanted - 1)))
		return cmd_usage(c, "-p is for one service");
	c->state = mem_new(sizeof(struct serve_run));
	c->free_state = free_run;
	c->stop = stop;
	c->report = report;
	return start(c, wanted, cfg);
}

static void complete(struct completion *w)
{
	static const char *const words[] = {
		"echo", "discard", "chargen", "daytime", "all", "-p", "-r", "-s", NULL};

	complete_offer_list(w, words);
}

const struct command cmd_serve = {
	.name = "serve",
	.run = run_serve,
	.usage = "serve [-p PORT] [-r RATE] [-s ADDRESS] echo | discard | chargen | daytime | all ...",
	.about = "run the small services of old, by TCP and UDP, until ^C",
	.options =
		"  echo (7)      sends back what it gets (RFC 862);  discard (9): throws it away (RFC 863)\n"
		"  chargen (19)  sends characters without end (RFC 864);  daytime (13): the time (RFC 867)\n"
		"  -p PORT       another port;  -s ADDRESS: only this address of ours\n"
		"  -r RATE       so many datagrams a second are answered, instead of 1000\n"
		"^\\ says how much was served. Datagrams from ports below 1024, from the same port, and by\n"
		"broadcast are not answered.",
	.example = "serve echo &\nserve -p 7000 discard",
	.complete = complete,
};
