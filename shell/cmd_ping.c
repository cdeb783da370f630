/* SPDX-License-Identifier: MIT */
/*
 * ping, in the manner of iputils: it prints what that one prints, with the same digits and exit statuses (0:
 * a reply came; 1: none; 2: it could not be done).
 */
#include "lib/text.h"
#include "shell/cmd_ping.h"
#include "shell/args.h"
#include "shell/buf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { MAX_INTERVAL_S = 2147483, DEFAULT_SIZE = 56, DEFAULT_LINGER_S = 10, CMD_CANNOT = 2 };

static int exit_status(const struct ping_run *run)
{
	const struct ping_stats *st = ping_stats(run->pg);

	return !st->received || (run->cfg.deadline_ns && st->received < run->cfg.count);
}

static void on_ping(struct ping *pg, const struct ping_event *e, void *ctx)
{
	struct ping_run *run = ctx;

	(void)pg;
	ping_print_event(run, e);
	if (e->what != PING_DONE)
		return;
	ping_print_statistics(run);
	cmd_done(run->c, exit_status(run));
}

/* ---- the command line ---- */

/* "ff", "0102..": octets in hex. */
static bool read_pattern(struct ping_run *run, const char *text)
{
	struct ping_config *cfg = &run->cfg;
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	unsigned octet;
	int used;

	if (text[digits] != '\0') {
		cmd_error(run->c, "patterns must be specified as hex digits: %s", text);
		return false;
	}
	for (cfg->pattern_len = 0; *text && cfg->pattern_len < sizeof(cfg->pattern); text += used) {
		if (sscanf(text, "%2x%n", &octet, &used) != 1)
			break;
		cfg->pattern[cfg->pattern_len++] = (uint8_t)octet;
	}
	return true;
}

static bool read_pmtu(struct ping_run *run, const char *text)
{
	static const char *const names[] = {"dont", "want", "do", "probe"}; /* enum sock_pmtu */

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			run->cfg.pmtu = (int)i;
			return true;
		}
	}
	cmd_error(run->c, "invalid -M argument: %s", text);
	return false;
}

static bool read_seconds(struct ping_run *run, const char *text, const char *what, uint64_t *ns)
{
	if (args_seconds(text, MAX_INTERVAL_S, ns))
		return true;
	cmd_error(run->c, "bad %s: %s", what, text);
	return false;
}

static bool read_tos(struct ping_run *run, const char *text)
{
	char *end;
	unsigned long tos = strtoul(text, &end, 0);

	if (end == text || *end != '\0' || tos > 255) {
		cmd_error(run->c, "bad TOS value: %s", text);
		return false;
	}
	run->cfg.tos = (int)tos;
	return true;
}

static bool read_timestamp(struct ping_run *run, const char *text)
{
	if (ping_timestamp_option(&run->cfg, text))
		return true;
	cmd_error(run->c, "invalid timestamp type: %s", text);
	return false;
}

/* -R or -T: one of them. */
static bool read_ip_option(struct ping_run *run, int opt, const char *text)
{
	if (run->cfg.opts_len) {
		cmd_error(run->c, "only one of -T or -R may be used");
		return false;
	}
	if (opt == 'T')
		return read_timestamp(run, text);
	ping_record_route_option(&run->cfg);
	return true;
}

static void take_flag(struct ping_run *run, int opt)
{
	switch (opt) {
	case 'a':
		run->audible = true;
		break;
	case 'A':
		run->cfg.adaptive = true;
		break;
	case 'b':
		run->cfg.broadcast = true;
		break;
	case 'D':
		run->time_stamps = true;
		break;
	case 'f':
		run->flood = true;
		break;
	case 'O':
		run->cfg.report_unanswered = true;
		break;
	case 'q':
		run->quiet = true;
		break;
	case 'v':
		run->verbose = true;
		break;
	default: /* -4 -B -d -L -n -U: nothing to do here */
		break;
	}
}

/* 0; or the exit status after a message. */
static int take_number(struct ping_run *run, int opt)
{
	struct ping_config *cfg = &run->cfg;
	long long v = 0;
	bool ok = true;

	switch (opt) {
	case 'c':
		ok = args_number(run->c, optarg, 1, LLONG_MAX, &v);
		cfg->count = (uint64_t)v;
		break;
	case 'e':
		ok = args_number(run->c, optarg, 1, 65535, &v);
		cfg->id = (uint16_t)v;
		break;
	case 'l':
		ok = args_number(run->c, optarg, 1, 65536, &v);
		cfg->preload = (unsigned)v;
		break;
	case 's':
		ok = args_number(run->c, optarg, 0, 1 << 20, &v);
		cfg->size = (size_t)v;
		break;
	case 'S':
		ok = args_number(run->c, optarg, 1, INT_MAX, &v);
		cfg->sndbuf = (int)v;
		break;
	case 't':
		ok = args_number(run->c, optarg, 0, 255, &v);
		cfg->ttl = (int)v;
		break;
	case 'w':
		ok = args_number(run->c, optarg, 0, INT_MAX, &v);
		cfg->deadline_ns = (uint64_t)v * NS_PER_SEC;
		break;
	}
	return ok ? 0 : CMD_FAILED;
}

static int take_option(struct ping_run *run, int opt)
{
	bool ok = true;

	switch (opt) {
	case 'c':
	case 'e':
	case 'l':
	case 's':
	case 'S':
	case 't':
	case 'w':
		return take_number(run, opt);
	case '6':
		cmd_error(run->c, "there is no IPv6 here yet");
		return CMD_CANNOT;
	case 'i':
		ok = read_seconds(run, optarg, "timing interval", &run->cfg.interval_ns);
		run->given_interval = true;
		break;
	case 'I':
		run->from = optarg;
		break;
	case 'M':
		ok = read_pmtu(run, optarg);
		break;
	case 'p':
		ok = read_pattern(run, optarg);
		break;
	case 'Q':
		ok = read_tos(run, optarg);
		break;
	case 'R':
	case 'T':
		ok = read_ip_option(run, opt, optarg);
		break;
	case 'W':
		ok = read_seconds(run, optarg, "linger time", &run->cfg.linger_ns);
		break;
	default:
		take_flag(run, opt);
	}
	return ok ? 0 : CMD_CANNOT;
}

/* Addresses before the destination are hops for -T tsprespec. */
static int take_operands(struct ping_run *run)
{
	struct cmd *c = run->c;
	uint32_t addr;

	if (optind >= c->argc) {
		cmd_error(c, "usage error: Destination address required");
		return CMD_FAILED;
	}
	for (; optind < c->argc - 1; optind++) {
		if (!args_address(c, c->argv[optind], &addr))
			return CMD_CANNOT;
		if (!ping_add_hop(&run->cfg, addr)) {
			cmd_error(c, "%s: one destination, or hops for -T tsprespec", c->argv[optind]);
			return CMD_CANNOT;
		}
	}
	run->name = c->argv[optind];
	if (!args_address(c, run->name, &run->cfg.dst))
		return CMD_CANNOT;
	if (!run->cfg.dst)
		run->cfg.dst = IP_LOOPBACK_NET | 1;
	return 0;
}

static int take_source(struct ping_run *run)
{
	struct dev *d;

	if (!run->from || text_parse_ip(run->from, &run->cfg.src))
		return 0;
	d = dev_by_name(run->c->host, run->from);
	if (!d) {
		cmd_error(run->c, "SO_BINDTODEVICE %s: %s", run->from, strerror(ENODEV));
		return CMD_CANNOT;
	}
	run->cfg.oif = d->ifindex;
	return 0;
}

static int read_command_line(struct ping_run *run)
{
	int opt, status;

	args_begin();
	while ((opt = args_next(run->c, "46aAbBc:dDe:fi:I:l:LM:nOp:qQ:Rs:S:t:T:UvW:w:", NULL)) > 0) {
		status = take_option(run, opt);
		if (status)
			return status;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (run->flood && !run->given_interval)
		run->cfg.interval_ns = 0;
	status = take_operands(run);
	return status ? status : take_source(run);
}

/* ---- running ---- */

static int explain(struct ping_run *run, const char *step)
{
	int error = errno;

	if (error == EACCES && !run->cfg.broadcast && strcmp(step, "connect") == 0)
		cmd_error(run->c,
			"Do you want to ping broadcast? Then -b. If not, check your local firewall rules");
	else if (error == EINVAL && run->cfg.ttl == 0)
		cmd_error(run->c, "cannot set unicast time-to-live: %s", strerror(error));
	else
		cmd_error(run->c, "%s: %s", step, strerror(error));
	return CMD_CANNOT;
}

static void on_stop(struct cmd *c, int sig)
{
	(void)sig;
	ping_stop(((struct ping_run *)c->state)->pg);
}

static void on_report(struct cmd *c)
{
	ping_print_status(c->state);
}

static void free_run(struct cmd *c)
{
	struct ping_run *run = c->state;

	if (run->pg)
		ping_free(run->pg);
	free(run);
}

static int run_ping(struct cmd *c)
{
	struct ping_run *run = mem_new(sizeof(*run));
	const char *step;
	int status;

	*run = (struct ping_run){.c = c,
		.cfg = {.interval_ns = NS_PER_SEC,
			.linger_ns = DEFAULT_LINGER_S * NS_PER_SEC,
			.preload = 1,
			.size = DEFAULT_SIZE,
			.ttl = -1,
			.pmtu = -1}};
	c->state = run;
	c->free_state = free_run;
	status = read_command_line(run);
	if (status)
		return status;
	run->pg = ping_new(c->world->loop, c->host, &run->cfg, on_ping, run, &step);
	if (!run->pg)
		return explain(run, step);
	ping_print_header(run);
	c->stop = on_stop;
	c->report = on_report;
	ping_start(run->pg);
	return CMD_RUNNING;
}

static void complete(struct completion *w)
{
	static const char *const pmtu[] = {"do", "dont", "probe", "want", NULL};
	static const char *const stamps[] = {"tsonly", "tsandaddr", "tsprespec", NULL};
	const char *last = w->argv[w->argc - 1];

	if (strcmp(last, "-I") == 0)
		complete_devices(w);
	else if (strcmp(last, "-M") == 0)
		complete_offer_list(w, pmtu);
	else if (strcmp(last, "-T") == 0)
		complete_offer_list(w, stamps);
	else
		complete_hosts(w);
}

#define PING_TEXTS                                                                                  \
	.about = "send echo requests, and show what comes back",                                    \
	.options = "  -c COUNT     stop after so many replies\n"                                    \
		   "  -i SECONDS   between requests (1; 0: as fast as they are answered)\n"         \
		   "  -s SIZE      octets of data (56)\n"                                           \
		   "  -t TTL       time to live\n"                                                  \
		   "  -M HOW       path MTU discovery: do, want, dont or probe\n"                   \
		   "  -W SECONDS   how long to wait for the first reply at the end (10)\n"          \
		   "  -w SECONDS   stop after this time\n"                                          \
		   "  -I FROM      device or source address\n"                                      \
		   "  -f           flood: a dot for each request, taken back by its reply\n"        \
		   "  -A           adapt the interval to the round trip time\n"                     \
		   "  -l COUNT     so many requests at once at the beginning\n"                     \
		   "  -p HEX       what fills the data\n"                                           \
		   "  -b           a broadcast address is meant\n"                                  \
		   "  -R           record the route (up to 9 hops)\n"                               \
		   "  -T HOW       time stamps of routers: tsonly, tsandaddr, tsprespec HOP...\n"   \
		   "  -Q TOS       type of service;  -e ID: identifier;  -S SIZE: send buffer\n"    \
		   "  -D           print the time;  -O: say which replies are outstanding\n"        \
		   "  -q           only the summary;  -v: more;  -a: ring the bell;  -n: no names", \
	.example = "ping -c 3 10.0.0.2\n"                                                           \
		   "ping -M do -s 1472 10.0.0.2",                                                   \
	.man = "ping(8)", .complete = complete

const struct command cmd_ping = {
	.name = "ping", .run = run_ping, .usage = "ping [OPTIONS] [HOP...] DESTINATION", PING_TEXTS};
const struct command cmd_ping2 = {
	.name = "ping2", .run = run_ping, .usage = "ping2 [OPTIONS] [HOP...] DESTINATION", PING_TEXTS};
