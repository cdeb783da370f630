/* SPDX-License-Identifier: MIT */
/* iperf3, in the manner of the program of that name: client and server, in its own protocol. */
#include "shell/cmd_iperf3.h"
#include "net/dev.h"
#include "shell/args.h"
#include "shell/buf.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

enum { UDP_RATE = 1 << 20, MAX_TIME_S = 86400, MAX_OMIT_S = 600, MAX_WINDOW = 512 << 20, MAX_MSS = 9216 };

enum long_option {
	OPT_BIDIR = 256,
	OPT_COUNTERS,
	OPT_DONT_FRAGMENT,
	OPT_SKIP_RX_COPY,
	OPT_GSRO,
	OPT_CPORT,
	OPT_BIND_DEV
};

/* ---- the command line ---- */

static int complain(struct iperf3_run *run, const char *text)
{
	return cmd_error(run->c, "parameter error - %s", text);
}

/* "1.5M": `base` is 1000 or 1024. False: no number. */
static bool read_amount(const char *text, double base, double *value)
{
	static const char letters[] = "kKmMgGtT";
	char *end;
	const char *unit;

	*value = strtod(text, &end);
	if (end == text || !(*value >= 0))
		return false;
	unit = *end ? strchr(letters, *end) : NULL;
	if (unit)
		*value *= pow(base, (double)((unit - letters) / 2 + 1));
	return unit ? end[1] == '\0' : *end == '\0';
}

/* -n, -k, -l, -w and their like, up to max. */
static int take_amount(struct iperf3_run *run, double base, double max, uint64_t *amount, const char *what)
{
	double value;

	if (!read_amount(optarg, base, &value) || value > max)
		return cmd_error(
			run->c, "parameter error - %s: %s (at most %.0f, as 10M or 1.5G)", what, optarg, max);
	*amount = (uint64_t)value;
	return 0;
}

/* "10M" or "10M/8": bits per second, and blocks at once. */
static int take_rate(struct iperf3_run *run)
{
	char *slash = strchr(optarg, '/');
	long long burst = 0;
	double rate;

	if (slash) {
		*slash = '\0';
		if (!args_number(run->c, slash + 1, 1, 1000, &burst))
			return CMD_FAILED;
	}
	if (!read_amount(optarg, 1000, &rate) || rate > 1e15)
		return cmd_error(
			run->c, "parameter error - bitrate: %s (bits per second, as 10M or 1.5G)", optarg);
	run->cfg.ask.rate = (uint64_t)rate;
	run->cfg.ask.burst = (uint32_t)burst;
	run->given_rate = true;
	return 0;
}

static int take_interval(struct iperf3_run *run)
{
	uint64_t ns;

	if (!args_seconds(optarg, 60, &ns) || (ns && ns < NS_PER_SEC / 10))
		return complain(run, "invalid report interval (min = 0.1, max = 60 seconds)");
	run->cfg.interval_ns = ns;
	return 0;
}

static int take_format(struct iperf3_run *run)
{
	if (optarg[0] == '\0' || optarg[1] != '\0' || !strchr("kmgtKMGT", optarg[0]))
		return complain(run, "bad format specifier (valid formats are in the set [kmgtKMGT])");
	run->format = optarg[0];
	return 0;
}

static int take_device(struct iperf3_run *run, const char *name)
{
	struct dev *d = dev_by_name(run->c->host, name);

	if (!d)
		return cmd_error(run->c, "unable to bind to device %s: %s", name, strerror(ENODEV));
	run->cfg.oif = d->ifindex;
	return 0;
}

static void take_flag(struct iperf3_run *run, int opt)
{
	struct iperf_params *ask = &run->cfg.ask;

	switch (opt) {
	case '1':
		run->cfg.one_off = true;
		break;
	case 'J':
		run->json = true;
		break;
	case 'N':
		ask->nodelay = true;
		break;
	case 'R':
		ask->reverse = true;
		break;
	case 's':
		run->cfg.server = true;
		break;
	case 'u':
		ask->udp = true;
		break;
	case OPT_BIDIR:
		ask->bidir = true;
		break;
	case OPT_COUNTERS:
		ask->counters_64bit = true;
		break;
	case OPT_DONT_FRAGMENT:
		ask->dont_fragment = true;
		break;
	case OPT_GSRO:
		ask->gsro = true;
		break;
	case 'Z':
		ask->zerocopy = true;
		break;
	case OPT_SKIP_RX_COPY:
		ask->skip_rx_copy = true;
		break;
	default: /* -4 -V: nothing to do here */
		break;
	}
}

/* 0; or the exit status after a message. */
static int take_number(struct iperf3_run *run, int opt)
{
	struct iperf_params *ask = &run->cfg.ask;
	long long v = 0,
		  max = opt == 'P' ? IPERF_STREAMS_MAX
		: opt == 't'	   ? MAX_TIME_S
		: opt == 'O'	   ? MAX_OMIT_S
		: opt == 'M'	   ? MAX_MSS
				   : 65535;

	if (!args_number(run->c, optarg, opt == 'P' || opt == 'p', max, &v))
		return CMD_FAILED;
	switch (opt) {
	case 'M':
		ask->mss = (uint32_t)v;
		break;
	case 'O':
		ask->omit_s = (uint32_t)v;
		break;
	case 'P':
		ask->parallel = (unsigned)v;
		break;
	case 'p':
		run->cfg.port = (uint16_t)v;
		break;
	case 't':
		ask->time_s = (uint32_t)v;
		run->given_time = true;
		break;
	case OPT_CPORT:
		run->cfg.client_port = (uint16_t)v;
		break;
	}
	return 0;
}

static int take_tos(struct iperf3_run *run)
{
	char *end;
	unsigned long tos = strtoul(optarg, &end, 0);

	if (end == optarg || *end || tos > 255)
		return complain(run, "bad TOS value (must be between 0 and 255 inclusive)");
	run->cfg.ask.tos = (uint8_t)tos;
	return 0;
}

/* What takes a word or an amount. */
static int take_value(struct iperf3_run *run, int opt)
{
	struct iperf_params *ask = &run->cfg.ask;
	uint64_t amount = 0;
	int status;

	switch (opt) {
	case 'B':
		return args_address(run->c, optarg, &run->cfg.bind) ? 0 : CMD_FAILED;
	case 'C':
		snprintf(ask->congestion, sizeof(ask->congestion), "%s", optarg);
		return 0;
	case 'c':
		run->name = optarg;
		return 0;
	case 'k':
		return take_amount(run, 1024, 1e15, &ask->blocks, "block count");
	case 'l':
		status = take_amount(run, 1024, IPERF_TCP_LEN_MAX, &amount, "block size");
		ask->len = (uint32_t)amount;
		return status;
	case 'n':
		return take_amount(run, 1024, 1e15, &ask->bytes, "bytes");
	case 'w':
		status = take_amount(run, 1024, MAX_WINDOW, &amount, "socket buffer size");
		ask->window = (uint32_t)amount;
		return status;
	default:
		return take_device(run, optarg);
	}
}

static int take_option(struct iperf3_run *run, int opt)
{
	switch (opt) {
	case 'b':
		return take_rate(run);
	case 'f':
		return take_format(run);
	case 'i':
		return take_interval(run);
	case 'S':
		return take_tos(run);
	case '6':
		return cmd_error(run->c, "there is no IPv6 here yet");
	case 'M':
	case 'O':
	case 'P':
	case 'p':
	case 't':
	case OPT_CPORT:
		return take_number(run, opt);
	case 'B':
	case 'C':
	case 'c':
	case 'k':
	case 'l':
	case 'n':
	case 'w':
	case OPT_BIND_DEV:
		return take_value(run, opt);
	}
	take_flag(run, opt);
	return 0;
}

/* What does not go together. */
static int check(struct iperf3_run *run)
{
	struct iperf_params *ask = &run->cfg.ask;
	bool client_only = ask->reverse || ask->bidir || ask->udp || ask->bytes || ask->blocks ||
		run->given_rate || run->given_time || ask->parallel > 1 || ask->zerocopy;

	if (run->cfg.server && run->name)
		return complain(run, "cannot be both server and client");
	if (!run->cfg.server && !run->name)
		return complain(run, "must either be a client (-c) or server (-s)");
	if (run->cfg.server && client_only)
		return complain(run, "some option you are trying to set is client only");
	if (!run->cfg.server && run->cfg.one_off)
		return complain(run, "some option you are trying to set is server only");
	if (ask->reverse && ask->bidir)
		return complain(run, "cannot be both reverse and bidirectional");
	if (run->given_time + (ask->bytes != 0) + (ask->blocks != 0) > 1)
		return complain(run, "only one test end condition (-t, -n, -k) may be specified");
	if (ask->udp && ask->len && (ask->len < IPERF_UDP_LEN_MIN || ask->len > IPERF_UDP_LEN_MAX))
		return complain(run, "block size invalid (minimum = 16 bytes, maximum = 65507 bytes)");
	return 0;
}

static int read_command_line(struct iperf3_run *run)
{
	static const struct option longs[] = {{"client", 1, NULL, 'c'}, {"server", 0, NULL, 's'},
		{"port", 1, NULL, 'p'}, {"format", 1, NULL, 'f'}, {"interval", 1, NULL, 'i'},
		{"bind", 1, NULL, 'B'}, {"bind-dev", 1, NULL, OPT_BIND_DEV}, {"verbose", 0, NULL, 'V'},
		{"json", 0, NULL, 'J'}, {"one-off", 0, NULL, '1'}, {"udp", 0, NULL, 'u'},
		{"bitrate", 1, NULL, 'b'}, {"bandwidth", 1, NULL, 'b'}, {"time", 1, NULL, 't'},
		{"bytes", 1, NULL, 'n'}, {"blockcount", 1, NULL, 'k'}, {"length", 1, NULL, 'l'},
		{"cport", 1, NULL, OPT_CPORT}, {"parallel", 1, NULL, 'P'}, {"reverse", 0, NULL, 'R'},
		{"bidir", 0, NULL, OPT_BIDIR}, {"window", 1, NULL, 'w'}, {"congestion", 1, NULL, 'C'},
		{"set-mss", 1, NULL, 'M'}, {"no-delay", 0, NULL, 'N'}, {"tos", 1, NULL, 'S'},
		{"zerocopy", 0, NULL, 'Z'}, {"omit", 1, NULL, 'O'},
		{"udp-counters-64bit", 0, NULL, OPT_COUNTERS}, {"dont-fragment", 0, NULL, OPT_DONT_FRAGMENT},
		{"skip-rx-copy", 0, NULL, OPT_SKIP_RX_COPY}, {"gsro", 0, NULL, OPT_GSRO}, {0}};
	struct cmd *c = run->c;
	int opt, status;

	args_begin();
	while ((opt = args_next(c, "146B:b:C:c:f:i:JVk:l:M:Nn:O:P:p:RS:st:uw:Z", longs)) > 0) {
		status = take_option(run, opt);
		if (status)
			return status;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (optind < c->argc)
		return cmd_usage(c, "%s: the server's name goes behind -c", c->argv[optind]);
	return check(run);
}

static int take_peer(struct iperf3_run *run)
{
	struct iperf_params *ask = &run->cfg.ask;

	if (run->cfg.server) {
		run->cfg.addr = run->cfg.bind;
		return 0;
	}
	if (ask->udp && !run->given_rate)
		ask->rate = UDP_RATE;
	if (!run->given_time && !ask->bytes && !ask->blocks)
		ask->time_s = 10;
	return args_address(run->c, run->name, &run->cfg.addr) ? 0 : CMD_FAILED;
}

/* ---- running ---- */

static void on_iperf(struct iperf *t, const struct iperf_event *e, void *ctx)
{
	struct iperf3_run *run = ctx;

	(void)t;
	if (run->json)
		iperf3_report(run, e);
	else
		iperf3_print(run, e);
	if (e->what == IPERF_LISTENING)
		run->status = CMD_OK;
	else if (e->what == IPERF_FAILED)
		run->status = CMD_FAILED;
	else if (e->what == IPERF_DONE)
		cmd_done(run->c, run->status);
}

static void on_stop(struct cmd *c, int sig)
{
	(void)sig;
	iperf_stop(((struct iperf3_run *)c->state)->t);
}

static void free_run(struct cmd *c)
{
	struct iperf3_run *run = c->state;

	if (run->t)
		iperf_free(run->t);
	json_decref(run->report);
	free(run);
}

static int run_iperf3(struct cmd *c)
{
	struct iperf3_run *run = mem_new(sizeof(*run));
	const char *step;
	int status;

	*run = (struct iperf3_run){
		.c = c, .cfg = {.port = IPERF_PORT, .interval_ns = NS_PER_SEC, .ask = {.parallel = 1}}};
	c->state = run;
	c->free_state = free_run;
	status = read_command_line(run);
	if (!status)
		status = take_peer(run);
	if (status)
		return status;
	run->t = iperf_new(c->world->loop, c->host, &run->cfg, on_iperf, run, &step);
	if (!run->t)
		return cmd_error(c, "error - unable to %s: %s", step, strerror(errno));
	c->stop = on_stop;
	iperf_start(run->t);
	return CMD_RUNNING;
}

static void complete(struct completion *w)
{
	static const char *const congestion[] = {"cubic", "reno", NULL};
	const char *last = w->argv[w->argc - 1];

	if (strcmp(last, "-C") == 0)
		complete_offer_list(w, congestion);
	else if (strcmp(last, "--bind-dev") == 0)
		complete_devices(w);
	else
		complete_hosts(w);
}

const struct command cmd_iperf3 = {
	.name = "iperf3",
	.run = run_iperf3,
	.usage = "iperf3 -s | -c HOST [OPTIONS]",
	.about = "measure bandwidth by TCP or UDP, with itself or the machine's iperf3",
	.options = "  -s           be the server;  -1: for one test only\n"
		   "  -c HOST      be the client\n"
		   "  -p PORT      of the server (5201);  --cport PORT: of the client\n"
		   "  -B ADDRESS, --bind-dev DEVICE   from here\n"
		   "  -i SECONDS   between reports (1; 0: none)\n"
		   "  -f UNIT      of rates: k m g t for bits, K M G T for bytes\n"
		   "  -J           JSON\n"
		   "of the client:\n"
		   "  -t SECONDS   how long (10);  -n BYTES, -k BLOCKS: how much instead\n"
		   "  -u           UDP\n"
		   "  -b RATE      bits per second of each stream, as 10M; 0: as fast as it goes (UDP 1M, "
		   "TCP 0).\n"
		   "               Under the virtual clock, where sending takes no time, 0 is 1G. RATE/N: N "
		   "blocks at once\n"
		   "  -R           the server sends;  --bidir: both do\n"
		   "  -P COUNT     streams at once (1)\n"
		   "  -l LENGTH    of a block (TCP 128K, UDP what fits one packet)\n"
		   "  -O SECONDS   at the beginning do not count\n"
		   "  -w SIZE      of the sockets' buffers;  -M MSS;  -N: no Nagle;  -C NAME: congestion "
		   "control\n"
		   "  -S TOS       type of service;  --dont-fragment;  --udp-counters-64bit\n"
		   "  -Z           TCP: the bytes are not copied to be sent;  --skip-rx-copy: nor when "
		   "received\n"
		   "  --gsro       our own datagrams leave as super-frames (not with -n, -k)",
	.example = "iperf3 -s &\n"
		   "iperf3 -c 10.0.0.2 -t 5 -R",
	.man = "iperf3(1)",
	.complete = complete,
};
