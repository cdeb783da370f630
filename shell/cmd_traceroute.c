/* SPDX-License-Identifier: MIT */
/* traceroute and tracepath, in the manner of the programs of those names. */
#include "app/tracepath.h"
#include "app/traceroute.h"
#include "lib/text.h"
#include "net/wire_icmp.h"
#include "shell/args.h"
#include "shell/buf.h"

#include <errno.h>
#include <stdlib.h>

enum { CANNOT = 2 };

static unsigned long long ms(uint64_t us)
{
	return (unsigned long long)(us / 1000);
}

static unsigned us_part(uint64_t us)
{
	return (unsigned)(us % 1000);
}

/* ---- traceroute: what is printed ---- */

struct traceroute_run {
	struct cmd *c;
	struct traceroute *t;
	struct traceroute_config cfg;
	const char *name, *device, *source;
	bool numeric;
	uint32_t last_from; /* named already in this line */
	unsigned line;	    /* TTL whose line is open */
};

/* "!H" and its like: why the destination is not reached. */
static void print_mark(FILE *out, const struct traceroute_probe *p)
{
	static const char marks[16][3] = {[ICMP_NET_UNREACH] = "!N",
		[ICMP_HOST_UNREACH] = "!H",
		[ICMP_PROT_UNREACH] = "!P",
		[ICMP_SR_FAILED] = "!S",
		[ICMP_NET_UNKNOWN] = "!N",
		[ICMP_HOST_UNKNOWN] = "!H",
		[ICMP_NET_PROHIBITED] = "!X",
		[ICMP_HOST_PROHIBITED] = "!X",
		[ICMP_NET_TOS] = "!N",
		[ICMP_HOST_TOS] = "!H",
		[ICMP_ADMIN_PROHIBITED] = "!X",
		[ICMP_PRECEDENCE] = "!V",
		[ICMP_PRECEDENCE_CUTOFF] = "!C"};

	if (p->reply || (p->type == ICMP_TIME_EXCEEDED && p->code == ICMP_TTL_EXCEEDED))
		return;
	if (p->type != ICMP_DEST_UNREACH)
		fprintf(out, " !<%u-%u>", p->type, p->code);
	else if (p->code == ICMP_FRAG_NEEDED)
		fprintf(out, " !F-%u", p->info);
	else if (p->code < ARRAY_SIZE(marks) && marks[p->code][0])
		fprintf(out, " %s", marks[p->code]);
	else
		fprintf(out, " !<%u>", p->code);
}

static void print_probe(struct traceroute_run *run, const struct traceroute_probe *p)
{
	FILE *out = run->c->out;

	if (run->line != p->ttl) {
		fprintf(out, "%s%2u ", run->line ? "\n" : "", p->ttl);
		run->line = p->ttl;
		run->last_from = 0;
	}
	if (!p->from) {
		fputs(" *", out);
		return;
	}
	if (p->from != run->last_from && run->numeric)
		fprintf(out, " %s", TEXT_IP(p->from));
	else if (p->from != run->last_from)
		fprintf(out, " %s (%s)", TEXT_IP(p->from), TEXT_IP(p->from));
	run->last_from = p->from;
	fprintf(out, "  %llu.%03u ms", ms(p->rtt_us), us_part(p->rtt_us));
	print_mark(out, p);
}

static void on_probe(struct traceroute *t, const struct traceroute_probe *p, int error, void *ctx)
{
	struct traceroute_run *run = ctx;

	(void)t;
	if (p) {
		print_probe(run, p);
		return;
	}
	if (run->line)
		fputc('\n', run->c->out);
	if (error)
		fprintf(run->c->err, "send: %s\n", strerror(error));
	cmd_done(run->c, error ? CMD_FAILED : CMD_OK);
}

/* ---- traceroute: the command line ---- */

static int complain(const struct traceroute_run *run, const char *text)
{
	fprintf(run->c->err, "%s\n", text);
	return CANNOT;
}

/* "MAX", "MAX,HERE" or "MAX,HERE,NEAR". */
static int take_wait(struct traceroute_run *run)
{
	double max = 0, here = 0, near = 0;
	char rest;
	int n = sscanf(optarg, "%lf,%lf,%lf%c", &max, &here, &near, &rest);

	if (n < 1 || n > 3 || !(max > 0 && max < 1e6) || here < 0 || near < 0)
		return complain(run, "bad wait specifications");
	run->cfg.wait_ns = (uint64_t)(max * 1e9);
	run->cfg.here = here;
	run->cfg.near = near;
	return 0;
}

static int take_number(struct traceroute_run *run, int opt)
{
	long long v;

	if (!args_number(run->c, optarg, 0, UINT32_MAX, &v))
		return CANNOT;
	switch (opt) {
	case 'f':
		run->cfg.first_ttl = (unsigned)v;
		return v < 1 ? complain(run, "first hop out of range") : 0;
	case 'm':
		run->cfg.max_ttl = (unsigned)v;
		return v > TRACEROUTE_MAX_HOPS ? complain(run, "max hops cannot be more than 255")
			: v < 1		       ? complain(run, "first hop out of range")
					       : 0;
	case 'N':
		run->cfg.at_once = (unsigned)v;
		return v < 1 ? complain(run, "sim queries must be at least one") : 0;
	case 'p':
		run->cfg.port = (uint16_t)v;
		return v < 1 || v > 65535 ? complain(run, "port must be from 1 to 65535") : 0;
	case 'q':
		run->cfg.queries = (unsigned)v;
		return v < 1 || v > TRACEROUTE_MAX_QUERIES ? complain(run, "no more than 10 probes per hop")
							   : 0;
	default:
		run->cfg.tos = (int)v;
		return v > 255 ? complain(run, "tos cannot be more than 255") : 0;
	}
}

static int take_option(struct traceroute_run *run, int opt)
{
	switch (opt) {
	case 'I':
		run->cfg.method = TRACEROUTE_ICMP;
		return 0;
	case 'T':
		run->cfg.method = TRACEROUTE_TCP;
		return 0;
	case 'U':
		run->cfg.method = TRACEROUTE_UDP;
		run->cfg.fixed_port = true;
		return 0;
	case 'n':
		run->numeric = true;
		return 0;
	case 'F':
		run->cfg.dont_fragment = true;
		return 0;
	case 'i':
		run->device = optarg;
		return 0;
	case 's':
		run->source = optarg;
		return 0;
	case 'w':
		return take_wait(run);
	case '4':
		return 0;
	default:
		return take_number(run, opt);
	}
}

static int take_operands(struct traceroute_run *run)
{
	struct cmd *c = run->c;
	struct dev *d = run->device ? dev_by_name(c->host, run->device) : NULL;
	long long len = 0;

	if (optind >= c->argc)
		return complain(run, "Specify \"host\" missing argument.");
	run->name = c->argv[optind++];
	if (!args_address(c, run->name, &run->cfg.dst))
		return CANNOT;
	if (optind < c->argc && !args_number(c, c->argv[optind], 0, 65000, &len))
		return CANNOT;
	run->cfg.len = (size_t)len;
	if (run->device && !d) {
		cmd_error(c, "%s: %s", run->device, strerror(ENODEV));
		return CANNOT;
	}
	run->cfg.oif = d ? d->ifindex : 0;
	return run->source && !args_address(c, run->source, &run->cfg.src) ? CANNOT : 0;
}

static int read_traceroute(struct traceroute_run *run)
{
	struct traceroute_config *cfg = &run->cfg;
	int opt, status;

	args_begin();
	while ((opt = args_next(run->c, "4f:Fi:Im:nN:p:q:s:t:TUw:", NULL)) > 0) {
		status = take_option(run, opt);
		if (status)
			return status;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (cfg->first_ttl > (cfg->max_ttl ? cfg->max_ttl : 30))
		return complain(run, "first hop out of range");
	return take_operands(run);
}

/* ---- traceroute: running ---- */

static void stop_traceroute(struct cmd *c, int sig)
{
	struct traceroute_run *run = c->state;

	if (run->line)
		fputc('\n', c->out);
	cmd_done(c, 128 + sig);
}

static void free_traceroute(struct cmd *c)
{
	struct traceroute_run *run = c->state;

	if (run->t)
		traceroute_free(run->t);
	free(run);
}

static int run_traceroute(struct cmd *c)
{
	struct traceroute_run *run = mem_new(sizeof(*run));
	const struct traceroute_config *cfg;
	const char *step;
	int status;

	run->c = c;
	c->state = run;
	c->free_state = free_traceroute;
	status = read_traceroute(run);
	if (status)
		return status;
	run->t = traceroute_new(c->world->loop, c->host, &run->cfg, on_probe, run, &step);
	if (!run->t) {
		fprintf(c->err, "%s: %s\n", step, strerror(errno));
		return CMD_FAILED;
	}
	cfg = traceroute_settings(run->t);
	fprintf(c->out, "traceroute to %s (%s), %u hops max, %zu byte packets\n", run->name,
		TEXT_IP(cfg->dst), cfg->max_ttl, cfg->len);
	c->stop = stop_traceroute;
	traceroute_start(run->t);
	return CMD_RUNNING;
}

/* ---- tracepath ---- */

struct tracepath_run {
	struct cmd *c;
	struct tracepath *t;
	struct tracepath_config cfg;
	unsigned back; /* hops that the last answer took */
};

static void print_answer(FILE *out, const struct tracepath_event *e)
{
	fprintf(out, "%2u:  %-52s%3llu.%03ums ", e->ttl, TEXT_IP(e->from), ms(e->rtt_us), us_part(e->rtt_us));
}

static const char *unreachable_mark(uint8_t code)
{
	switch (code) {
	case ICMP_NET_UNREACH:
	case ICMP_NET_UNKNOWN:
		return "!N";
	case ICMP_PROT_UNREACH:
		return "!P";
	case ICMP_NET_PROHIBITED:
	case ICMP_HOST_PROHIBITED:
	case ICMP_ADMIN_PROHIBITED:
		return "!A";
	default:
		return "!H";
	}
}

static void print_resume(FILE *out, const struct tracepath_event *e, unsigned back)
{
	if (e->gave_up)
		fprintf(out, "     Too many hops: pmtu %u\n", e->mtu);
	fprintf(out, "     Resume: pmtu %u ", e->mtu);
	if (e->reached)
		fprintf(out, "hops %u back %u ", e->ttl, back);
	fputc('\n', out);
}

static void on_path(struct tracepath *t, const struct tracepath_event *e, void *ctx)
{
	struct tracepath_run *run = ctx;
	FILE *out = run->c->out;

	(void)t;
	switch (e->what) {
	case TRACEPATH_LOCAL_MTU:
		fprintf(out, "%2u?: %-32s pmtu %u\n", e->ttl, "[LOCALHOST]", e->mtu);
		break;
	case TRACEPATH_HOP:
		print_answer(out, e);
		if (e->back && e->back != e->ttl)
			fprintf(out, "asymm %2u ", e->back);
		fputc('\n', out);
		break;
	case TRACEPATH_MTU:
		print_answer(out, e);
		fprintf(out, "pmtu %u\n", e->mtu);
		break;
	case TRACEPATH_REACHED:
		print_answer(out, e);
		fputs("reached\n", out);
		run->back = e->back;
		break;
	case TRACEPATH_UNREACH:
		print_answer(out, e);
		fprintf(out, "%s\n", unreachable_mark(e->code));
		break;
	case TRACEPATH_NO_REPLY:
		fprintf(out, "%2u:  no reply\n", e->ttl);
		break;
	case TRACEPATH_SEND_ERROR:
		fprintf(out, "%2u:  send failed\n", e->ttl);
		break;
	case TRACEPATH_DONE:
		print_resume(out, e, run->back);
		cmd_done(run->c, CMD_OK);
		break;
	}
}

static int read_tracepath(struct tracepath_run *run)
{
	struct cmd *c = run->c;
	long long v;
	int opt;

	args_begin();
	while ((opt = args_next(c, "4bnl:m:", NULL)) > 0) {
		if (opt == 'l' && !args_number(c, optarg, 28, 65535, &v))
			return CMD_FAILED;
		if (opt == 'm' && !args_number(c, optarg, 1, 255, &v))
			return CMD_FAILED;
		if (opt == 'l')
			run->cfg.len = (size_t)v;
		else if (opt == 'm')
			run->cfg.max_hops = (unsigned)v;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (optind != c->argc - 1)
		return cmd_usage(c, "one destination is needed");
	return args_address(c, c->argv[optind], &run->cfg.dst) ? 0 : CMD_FAILED;
}

static void free_tracepath(struct cmd *c)
{
	struct tracepath_run *run = c->state;

	if (run->t)
		tracepath_free(run->t);
	free(run);
}

static int run_tracepath(struct cmd *c)
{
	struct tracepath_run *run = mem_new(sizeof(*run));
	const char *step;
	int status;

	run->c = c;
	c->state = run;
	c->free_state = free_tracepath;
	status = read_tracepath(run);
	if (status)
		return status;
	run->t = tracepath_new(c->world->loop, c->host, &run->cfg, on_path, run, &step);
	if (!run->t)
		return cmd_error(c, "%s: %s", step, strerror(errno));
	tracepath_start(run->t);
	return CMD_RUNNING;
}

const struct command cmd_traceroute = {
	.name = "traceroute",
	.run = run_traceroute,
	.usage =
		"traceroute [-I | -T | -U] [-nF] [-p PORT] [-f FIRST] [-m MAX] [-q QUERIES] [-N AT_ONCE] [-w "
		"MAX,HERE,NEAR] "
		"[-i DEVICE] [-s SOURCE] [-t TOS] HOST [LENGTH]",
	.about = "show the routers on the way to a host",
	.options = "  -I           by ICMP echo instead of UDP\n"
		   "  -T           by TCP SYNs, to port 80 or that of -p\n"
		   "  -p PORT      of the first datagram (33434); each goes to the next port\n"
		   "  -U           all to the same port (53, or that of -p)\n"
		   "  -n           addresses only\n"
		   "  -f FIRST     begin with this TTL (1);  -m MAX: end with this one (30)\n"
		   "  -q QUERIES   probes per hop (3);  -N AT_ONCE: on their way at once (16)\n"
		   "  -w SECONDS   wait for an answer at most (5)\n"
		   "  -F           do not fragment\n"
		   "  -i DEVICE, -s SOURCE, -t TOS   of the probes",
	.example = "traceroute -n 10.0.2.1",
	.man = "traceroute(1)",
	.complete = complete_hosts,
};

const struct command cmd_tracepath = {
	.name = "tracepath",
	.run = run_tracepath,
	.usage = "tracepath [-nb] [-l LENGTH] [-m HOPS] DESTINATION",
	.about = "show the way to a host and the path MTU (by ICMP echo)",
	.options = "  -l LENGTH    of the first packet (the MTU of the first link)\n"
		   "  -m HOPS      end after so many (30)",
	.example = "tracepath -n 10.0.2.1",
	.man = "tracepath(8)",
	.complete = complete_hosts,
};
