/* SPDX-License-Identifier: MIT */
/* arping, in the manner of iputils. */
#include "app/arping.h"
#include "ip/ip.h"
#include "lib/text.h"
#include "shell/args.h"
#include "shell/buf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { CANNOT = 2 };

struct arping_run {
	struct cmd *c;
	struct arping *a;
	struct arping_config cfg;
	const char *device, *source;
	struct dev *dev;
	bool quiet;
};

/* ---- what comes back ---- */

/* iputils writes hardware addresses in capitals here. */
static void print_mac(FILE *out, struct mac m)
{
	fprintf(out, "[%02X:%02X:%02X:%02X:%02X:%02X] ", m.b[0], m.b[1], m.b[2], m.b[3], m.b[4], m.b[5]);
}

static void print_answer(const struct arping_run *run, const struct arping_event *e)
{
	FILE *out = run->c->out;

	if (run->quiet)
		return;
	fprintf(out, "%s %s from %s ", e->broadcast ? "Broadcast" : "Unicast",
		e->request ? "request" : "reply", TEXT_IP(e->from));
	print_mac(out, e->mac);
	if (e->to != run->cfg.src)
		fprintf(out, "for %s ", TEXT_IP(e->to));
	if (!mac_equal(e->to_mac, run->cfg.mac) && !e->request) {
		fputs("for ", out);
		print_mac(out, e->to_mac);
	}
	if (e->timed)
		fprintf(out, " %llu.%03llums\n", (unsigned long long)(e->rtt_us / 1000),
			(unsigned long long)(e->rtt_us % 1000));
	else
		fputs(" UNSOLICITED?\n", out);
}

static void print_statistics(const struct arping_run *run)
{
	const struct arping_stats *st = arping_stats(run->a);
	FILE *out = run->c->out;

	if (run->quiet)
		return;
	fprintf(out, "Sent %llu probes (%llu broadcast(s))\nReceived %llu response(s)",
		(unsigned long long)st->sent, (unsigned long long)st->broadcasts,
		(unsigned long long)st->received);
	if (st->got_requests || st->got_broadcasts)
		fputs(" (", out);
	if (st->got_requests)
		fprintf(out, "%llu request(s)", (unsigned long long)st->got_requests);
	if (st->got_broadcasts)
		fprintf(out, "%s%llu broadcast(s)", st->got_requests ? ", " : "",
			(unsigned long long)st->got_broadcasts);
	fputs(st->got_requests || st->got_broadcasts ? ")\n" : "\n", out);
}

/* With -D it is good news that nobody answers. */
static int exit_status(const struct arping_run *run)
{
	const struct arping_stats *st = arping_stats(run->a);
	uint64_t wanted = run->cfg.deadline_ns && run->cfg.count ? run->cfg.count : 1;

	switch (run->cfg.mode) {
	case ARPING_DAD:
		return st->received > 0;
	case ARPING_ASK:
		return st->received < wanted;
	default:
		return CMD_OK;
	}
}

static void on_arping(struct arping *a, const struct arping_event *e, void *ctx)
{
	struct arping_run *run = ctx;

	(void)a;
	if (!e->done) {
		print_answer(run, e);
		return;
	}
	if (e->error)
		cmd_error(run->c, "sendto: %s", strerror(e->error));
	print_statistics(run);
	cmd_done(run->c, e->error ? CANNOT : exit_status(run));
}

/* ---- the command line ---- */

static void take_mode(struct arping_run *run, int opt)
{
	switch (opt) {
	case 'A':
		run->cfg.mode = ARPING_REPLY;
		break;
	case 'b':
		run->cfg.keep_broadcasting = true;
		break;
	case 'D':
		run->cfg.mode = ARPING_DAD;
		break;
	case 'f':
		run->cfg.first_only = true;
		break;
	case 'q':
		run->quiet = true;
		break;
	case 'U':
		run->cfg.mode = ARPING_ANNOUNCE;
		break;
	}
}

static bool take_number(struct arping_run *run, int opt)
{
	long long v = 0;
	bool ok = args_number(run->c, optarg, opt == 'c', INT_MAX, &v);

	if (opt == 'c')
		run->cfg.count = (uint64_t)v;
	else if (opt == 'w')
		run->cfg.deadline_ns = (uint64_t)v * NS_PER_SEC;
	else
		run->cfg.interval_ns = (uint64_t)v * NS_PER_SEC;
	return ok;
}

static int read_command_line(struct arping_run *run)
{
	struct cmd *c = run->c;
	int opt;

	args_begin();
	while ((opt = args_next(c, "Abc:Dfi:I:qs:Uw:", NULL)) > 0) {
		if (opt == 'I')
			run->device = optarg;
		else if (opt == 's')
			run->source = optarg;
		else if (opt != 'c' && opt != 'i' && opt != 'w')
			take_mode(run, opt);
		else if (!take_number(run, opt))
			return CMD_FAILED;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (optind != c->argc - 1)
		return cmd_usage(c, "one destination is needed");
	if (run->cfg.interval_ns == 0)
		run->cfg.interval_ns = NS_PER_SEC;
	return args_address(c, c->argv[optind], &run->cfg.dst) ? 0 : CANNOT;
}

/* ---- which device, from which address ---- */

/* The device that has the address, or that leads to it. */
static struct dev *find_device(const struct arping_run *run)
{
	struct stack *s = run->c->host;
	struct netif *own = netif_owning(s, run->cfg.dst);
	struct route_key key = {.dst = run->cfg.dst};
	struct route_path path;

	if (run->device)
		return dev_by_name(s, run->device);
	if (own)
		return own->dev;
	return route_lookup(s, &key, &path) == 0 ? path.netif->dev : NULL;
}

static int take_device(struct arping_run *run)
{
	struct cmd *c = run->c;

	run->dev = find_device(run);
	if (!run->dev && run->device)
		return cmd_error(c, "Device %s not available.", run->device), CANNOT;
	if (!run->dev)
		return cmd_error(c, "Suitable device could not be determined. Please, use option -I."),
		       CANNOT;
	if (!(run->dev->flags & DEV_UP)) {
		fprintf(c->err, "Interface \"%s\" is down\n", run->dev->name);
		return CANNOT;
	}
	if (run->dev->type != DEV_ETHER || (run->dev->flags & DEV_NOARP)) {
		fprintf(c->err, "Interface \"%s\" is not ARPable\n", run->dev->name);
		return CANNOT;
	}
	run->cfg.ifindex = run->dev->ifindex;
	run->cfg.mac = run->dev->mac;
	return 0;
}

/* Whose address is in the requests: nobody's for -D, the announced one for -U and -A. */
static int take_source(struct arping_run *run)
{
	struct arping_config *cfg = &run->cfg;

	if (run->source && !args_address(run->c, run->source, &cfg->src))
		return CANNOT;
	if (cfg->mode == ARPING_DAD && !run->source)
		return 0;
	if (!run->source)
		cfg->src = cfg->mode == ARPING_ASK ? netif_source(run->dev->netif, cfg->dst, SCOPE_LINK)
						   : cfg->dst;
	if (!netif_owning(run->c->host, cfg->src)) {
		cmd_error(run->c, "bind: %s", strerror(EADDRNOTAVAIL));
		return CANNOT;
	}
	return 0;
}

/* ---- running ---- */

static void on_stop(struct cmd *c, int sig)
{
	(void)sig;
	arping_stop(((struct arping_run *)c->state)->a);
}

static void free_run(struct cmd *c)
{
	struct arping_run *run = c->state;

	if (run->a)
		arping_free(run->a);
	free(run);
}

static int run_arping(struct cmd *c)
{
	struct arping_run *run = mem_new(sizeof(*run));
	const char *step;
	int status;

	run->c = c;
	c->state = run;
	c->free_state = free_run;
	status = read_command_line(run);
	if (!status)
		status = take_device(run);
	if (!status)
		status = take_source(run);
	if (status)
		return status;
	run->a = arping_new(c->world->loop, c->host, &run->cfg, on_arping, run, &step);
	if (!run->a) {
		cmd_error(c, "%s: %s", step, strerror(errno));
		return CANNOT;
	}
	if (!run->quiet)
		fprintf(c->out, "ARPING %s from %s %s\n", c->argv[optind], TEXT_IP(run->cfg.src),
			run->dev->name);
	c->stop = on_stop;
	arping_start(run->a);
	return CMD_RUNNING;
}

static void complete(struct completion *w)
{
	if (w->argc > 1 && strcmp(w->argv[w->argc - 1], "-I") == 0)
		complete_devices(w);
	else
		complete_hosts(w);
}

const struct command cmd_arping = {
	.name = "arping",
	.run = run_arping,
	.usage = "arping [-AbDfqU] [-c COUNT] [-w SECONDS] [-i SECONDS] [-s SOURCE] [-I DEVICE] DESTINATION",
	.about = "ask by ARP who has an address",
	.options = "  -D           duplicate address detection: status 0 when nobody answers\n"
		   "  -U           announce the address as ours, by a request;  -A: by a reply\n"
		   "  -c COUNT     requests to send\n"
		   "  -w SECONDS   stop after this time\n"
		   "  -i SECONDS   between requests (1)\n"
		   "  -f           stop at the first answer\n"
		   "  -b           always to everybody, also once somebody answered\n"
		   "  -I DEVICE    on this device;  -s SOURCE: from this address\n"
		   "  -q           print nothing",
	.example = "arping -c 3 10.0.0.2\n"
		   "arping -D -c 2 -I eth0 10.0.0.9 && ip addr add 10.0.0.9/24 dev eth0",
	.man = "arping(8)",
	.complete = complete,
};
