/* SPDX-License-Identifier: MIT */
/* nc, in the manner of OpenBSD's netcat, and snc, with the options of tapip's. */
#include "app/nc.h"
#include "lib/text.h"
#include "net/wire_ip.h"
#include "shell/args.h"
#include "shell/buf.h"
#include "shell/service.h"

#include <errno.h>
#include <stdlib.h>

enum { PORT_MAX = 65535, TTL_MAX = 255, TOS_MAX = 255 };

struct nc_run {
	struct cmd *c;
	struct nc *nc;
	struct nc_config cfg;
	const char *name;   /* of the other host, as typed; NULL: any address */
	const char *source; /* -s */
	bool verbose, numeric, shuffle;
	uint16_t *ports;
	size_t port_count;
};

/* ---- what it says ---- */

static const char *proto(const struct nc_run *run)
{
	return run->cfg.udp ? "udp" : "tcp";
}

/* Of other addresses somebody would have to be asked. */
static const char *name_of(const struct nc_run *run, uint32_t ip, char *text)
{
	return !run->numeric && ip == (IP_LOOPBACK_NET | 1) ? "localhost" : text_ip(text, ip);
}

/* The other host as typed, with its address where that was a name. */
static const char *peer_text(const struct nc_run *run, char *out, size_t room)
{
	const char *ip = TEXT_IP(run->cfg.host);

	if (strcmp(run->name, ip) == 0)
		snprintf(out, room, "%s", ip);
	else
		snprintf(out, room, "%s (%s)", run->name, ip);
	return out;
}

static void say_connected(const struct nc_run *run, uint16_t port)
{
	const char *service = run->numeric ? NULL : service_name(port, run->cfg.udp);
	char peer[128];

	fprintf(run->c->err, "Connection to %s %u port [%s/%s] succeeded!\n",
		peer_text(run, peer, sizeof(peer)), port, proto(run), service ? service : "*");
}

static void say_not_connected(const struct nc_run *run, const struct nc_event *e)
{
	char peer[128];

	if (e->error)
		cmd_error(run->c, "connect to %s port %u (%s) %s: %s", peer_text(run, peer, sizeof(peer)),
			e->addr.port, proto(run), e->what == NC_TIMED_OUT ? "timed out" : "failed",
			strerror(e->error));
}

static void say_cannot(const struct nc_run *run, const struct nc_event *e)
{
	if (run->cfg.listen)
		cmd_error(run->c, "%s", strerror(e->error));
	else
		cmd_error(run->c, "%s failed: %s", e->step, strerror(e->error));
}

static void on_event(const struct nc_event *e, void *ctx)
{
	struct nc_run *run = ctx;
	char text[TEXT_IP_LEN];

	if (e->what == NC_DONE) {
		cmd_done(run->c, e->status);
		return;
	}
	if (e->what == NC_CANNOT)
		say_cannot(run, e);
	if (!run->verbose)
		return;
	if (e->what == NC_LISTENING)
		fprintf(run->c->err, "%s on %s %u\n", run->cfg.udp ? "Bound" : "Listening",
			name_of(run, e->addr.ip, text), e->addr.port);
	else if (e->what == NC_RECEIVED)
		fprintf(run->c->err, "Connection received on %s %u\n", name_of(run, e->addr.ip, text),
			e->addr.port);
	else if (e->what == NC_CONNECTED)
		say_connected(run, e->addr.port);
	else if (e->what == NC_REFUSED || e->what == NC_TIMED_OUT)
		say_not_connected(run, e);
}

/* ---- bytes ---- */

static bool output(const void *data, size_t len, void *ctx)
{
	struct nc_run *run = ctx;

	fwrite(data, 1, len, run->c->out);
	return !cmd_out_is_full(run->c);
}

static void want_input(bool on, void *ctx)
{
	struct nc_run *run = ctx;

	cmd_hold_input(run->c, !on);
}

static void input(struct cmd *c, const char *data, size_t len)
{
	struct nc_run *run = c->state;

	nc_input(run->nc, data, len);
}

static void drained(struct cmd *c)
{
	struct nc_run *run = c->state;

	nc_resume(run->nc);
}

/* ---- the command line ---- */

/* A number as nc reads it, or a message that says what it is no good as. */
static bool take_number(const struct nc_run *run, const char *what, const char *text, long long min,
	long long max, long long *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (end == text || *end)
		cmd_error(run->c, "%s invalid: %s", what, text);
	else if (errno || *out < min || *out > max)
		cmd_error(run->c, "%s too %s: %s", what, *out < min ? "small" : "large", text);
	else
		return true;
	return false;
}

static bool take_port(const struct nc_run *run, const char *text, uint16_t *port)
{
	long long v;

	*port = service_port(text, run->cfg.udp);
	if (*port)
		return true;
	if (!take_number(run, "port number", text, 1, PORT_MAX, &v))
		return false;
	*port = (uint16_t)v;
	return true;
}

static void add_ports(struct nc_run *run, unsigned from, unsigned to)
{
	run->ports = mem_resize(run->ports, (run->port_count + to - from + 1) * sizeof(*run->ports));
	for (unsigned p = from; p <= to; p++)
		run->ports[run->port_count++] = (uint16_t)p;
}

/* "80", "http", "80-90" or "90-80". */
static bool take_ports(struct nc_run *run, const char *text)
{
	const char *dash = strchr(text, '-');
	uint16_t a = 0, b = 0;

	if (dash && dash[1] && !service_port(text, run->cfg.udp)) {
		char *first = mem_textn(text, (size_t)(dash - text));
		bool ok = take_port(run, first, &a) && take_port(run, dash + 1, &b);

		free(first);
		if (!ok)
			return false;
	} else if (take_port(run, text, &a)) {
		b = a;
	} else {
		return false;
	}
	add_ports(run, (uint16_t)MIN(a, b), (uint16_t)MAX(a, b));
	return true;
}

static bool take_tos(struct nc_run *run, const char *text)
{
	static const struct {
		const char *name;
		int value;
	} words[] = {{"lowdelay", 0x10}, {"throughput", 0x08}, {"reliability", 0x04}, {"critical", 0xa0},
		{"inetcontrol", 0xc0}, {"netcontrol", 0xe0}, {"ef", 0xb8}};
	char *end;
	long v = strtol(text, &end, 0);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].name, text) == 0)
			run->cfg.tos = words[i].value;
	if (end != text && !*end && v >= 0 && v <= TOS_MAX)
		run->cfg.tos = (int)v;
	if (run->cfg.tos < 0)
		cmd_error(run->c, "illegal tos value %s", text);
	return run->cfg.tos >= 0;
}

static bool take_value(struct nc_run *run, int opt)
{
	struct nc_config *cfg = &run->cfg;
	long long v = 0;
	bool ok;

	switch (opt) {
	case 'i':
		ok = take_number(run, "interval", optarg, 0, INT32_MAX, &v);
		cfg->interval_ns = (uint64_t)v * NS_PER_SEC;
		return ok;
	case 'w':
		ok = take_number(run, "timeout", optarg, 0, INT32_MAX / 1000, &v);
		cfg->timeout_ns = (uint64_t)v * NS_PER_SEC;
		return ok;
	case 'q':
		ok = take_number(run, "quit timer", optarg, INT32_MIN, INT32_MAX, &v);
		cfg->quit_ns = v < 0 ? NC_NEVER : (uint64_t)v * NS_PER_SEC;
		cfg->half_close |= v >= 0;
		return ok;
	case 'M':
		ok = take_number(run, "ttl", optarg, 0, TTL_MAX, &v);
		cfg->ttl = (int)v;
		return ok;
	case 'I':
		ok = take_number(run, "TCP receive window", optarg, 1, 1 << 30, &v);
		cfg->rcvbuf = (int)v;
		return ok;
	case 'O':
		ok = take_number(run, "TCP send window", optarg, 1, 1 << 30, &v);
		cfg->sndbuf = (int)v;
		return ok;
	default:
		ok = take_number(run, "receive limit", optarg, 1, INT32_MAX, &v);
		cfg->recv_limit = (unsigned)v;
		return ok;
	}
}

/* The ones that are a flag. False: it is none. */
static bool take_flag(struct nc_run *run, int opt)
{
	struct nc_config *cfg = &run->cfg;
	const struct {
		int opt;
		bool *flag;
	} flags[] = {{'b', &cfg->broadcast}, {'C', &cfg->crlf}, {'d', &cfg->no_input}, {'k', &cfg->keep},
		{'l', &cfg->listen}, {'N', &cfg->half_close}, {'n', &run->numeric}, {'r', &run->shuffle},
		{'u', &cfg->udp}, {'v', &run->verbose}, {'z', &cfg->zero_io}};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (flags[i].opt == opt) {
			*flags[i].flag = true;
			return true;
		}
	}
	return opt == '4' || opt == 'D';
}

static bool take_option(struct nc_run *run, int opt, const char **port)
{
	if (take_flag(run, opt))
		return true;
	if (opt == 'p')
		*port = optarg;
	else if (opt == 's')
		run->source = optarg;
	else if (opt == 'T')
		return take_tos(run, optarg);
	else if (strchr("iwqMIOW", opt))
		return take_value(run, opt);
	else {
		cmd_error(run->c, "-%c: tapir has no %s (!nc is the machine's own)", opt,
			opt == '6'	     ? "IPv6 yet"
				: opt == 'U' ? "Unix sockets"
					     : "such thing");
		return false;
	}
	return true;
}

/* nc -l: [ADDRESS] PORT, either of them by -s and -p too. */
static bool take_listener(struct nc_run *run, int count, char **words, const char *port)
{
	run->name = run->source;
	if (count == 1 && !port)
		port = words[0];
	else if (count >= 1)
		run->name = words[0];
	if (count == 2)
		port = words[1];
	if (!port) {
		cmd_error(run->c, "missing port number");
		return false;
	}
	return take_ports(run, port);
}

static bool take_target(struct nc_run *run, int count, char **words, const char *port)
{
	run->name = words[0];
	if (count < 2) {
		cmd_error(run->c, "missing port number");
		return false;
	}
	for (int i = 1; i < count; i++)
		if (!take_ports(run, words[i]))
			return false;
	if (run->source && !args_address(run->c, run->source, &run->cfg.src))
		return false;
	return !port || take_port(run, port, &run->cfg.src_port);
}

static bool find_host(struct nc_run *run)
{
	if (!run->name || args_lookup(run->c, run->name, &run->cfg.host))
		return true;
	cmd_error(run->c, "getaddrinfo for host \"%s\" port %u: Name or service not known", run->name,
		run->ports[0]);
	return false;
}

static void shuffle(struct nc_run *run)
{
	for (size_t i = run->port_count; i > 1; i--) {
		size_t j = rng_below(&run->c->host->rng, (uint32_t)i);
		uint16_t port = run->ports[i - 1];

		run->ports[i - 1] = run->ports[j];
		run->ports[j] = port;
	}
}

static bool take_operands(struct nc_run *run, const char *port)
{
	struct cmd *c = run->c;
	int count = c->argc - optind;
	char **words = c->argv + optind;

	if ((count == 0 && !run->cfg.listen) || (count > 2 && run->cfg.listen)) {
		cmd_usage(c, count ? "only an address and a port can be listened on" : "where to is missing");
		return false;
	}
	if (run->cfg.zero_io && run->cfg.listen) {
		cmd_error(c, "cannot use -z and -l");
		return false;
	}
	if (run->cfg.keep && !run->cfg.listen) {
		cmd_error(c, "must use -l with -k");
		return false;
	}
	if (!(run->cfg.listen ? take_listener : take_target)(run, count, words, port) || !find_host(run))
		return false;
	if (run->shuffle)
		shuffle(run);
	run->cfg.ports = run->ports;
	run->cfg.port_count = run->port_count;
	run->cfg.probe = run->verbose;
	return true;
}

static bool read_command_line(struct nc_run *run)
{
	const char *port = NULL;
	int opt;

	run->cfg.tos = run->cfg.ttl = -1;
	run->cfg.quit_ns = NC_NEVER;
	args_begin();
	while ((opt = args_next(run->c, "46bCDdFI:i:klM:m:NnO:p:q:rSs:T:tUuV:vW:w:X:x:z", NULL)) > 0)
		if (!take_option(run, opt, &port))
			return false;
	return opt == 0 && take_operands(run, port);
}

/* ---- running ---- */

static void stop(struct cmd *c, int sig)
{
	cmd_done(c, 128 + sig);
}

static void free_run(struct cmd *c)
{
	struct nc_run *run = c->state;

	if (run->nc)
		nc_free(run->nc);
	free(run->ports);
	free(run);
}

static int run_nc(struct cmd *c)
{
	struct nc_owner owner = {on_event, output, want_input, NULL};
	struct nc_run *run;

	if (c->argc == 2 && strcmp(c->argv[1], "-h") == 0)
		return cmd_become(c, c->host, 2, (char *[]){"help", "nc"});
	run = mem_new(sizeof(*run));
	owner.ctx = run;
	run->c = c;
	c->state = run;
	c->free_state = free_run;
	if (!read_command_line(run))
		return CMD_FAILED;
	run->nc = nc_new(c->world->loop, c->host, &run->cfg, &owner);
	if (!run->nc)
		return cmd_error(c, "%s", strerror(ENOMEM));
	c->stop = stop;
	c->drained = drained;
	c->input = input;
	cmd_hold_input(c, true);
	nc_start(run->nc);
	return CMD_RUNNING;
}

/* snc -b ADDRESS:PORT listens, snc -c ADDRESS:PORT connects; anything else is for nc. */
static int run_snc(struct cmd *c)
{
	char *words[6] = {"nc"}, *at = NULL;
	bool listen = false, udp = false, debug = false, other = false;
	int opt, n = 1;

	args_begin();
	while ((opt = getopt(c->argc, c->argv, "+b:c:du")) != -1) {
		if (opt == 'b' || opt == 'c')
			at = optarg;
		listen |= opt == 'b';
		udp |= opt == 'u';
		debug |= opt == 'd';
		other |= opt == '?';
	}
	if (other || optind < c->argc || !at || !strchr(at, ':')) {
		c->argv[0] = words[0];
		return cmd_become(c, c->host, c->argc, c->argv);
	}
	if (udp)
		words[n++] = "-u";
	if (debug)
		words[n++] = "-v";
	if (listen)
		words[n++] = "-l";
	words[n++] = strtok(at, ":");
	words[n] = strtok(NULL, "");
	return cmd_become(c, c->host, words[n] ? n + 1 : n, words);
}

/* An address, and the ports that have a name. */
static void complete(struct completion *w)
{
	static const char *const ports[] = {"echo", "discard", "daytime", "chargen", "ssh", "http", NULL};

	complete_hosts(w);
	if (w->argc > 1)
		complete_offer_list(w, ports);
}

#define OPTIONS                                                                                  \
	"  -l           listen for a connection;  -k: and for the next one when it has ended\n"  \
	"  -u           UDP instead of TCP\n"                                                    \
	"  -z           only try the ports;  -v: say what happens;  -n: no names, neither way\n" \
	"  -N           the end of input ends our half of the connection too (FIN)\n"            \
	"  -q SECONDS   -N, and leave so long after the end of input\n"                          \
	"  -w SECONDS   wait so long for a connection, and for anything to come or go by it\n"   \
	"  -p PORT, -s ADDRESS   of our own\n"                                                   \
	"  -i SECONDS   between lines sent and ports tried;  -r: ports in random order\n"        \
	"  -C           send line ends as CR LF;  -d: read no input;  -W COUNT: leave after so " \
	"many pieces came\n"                                                                     \
	"  -T TOS, -M TTL, -I RECEIVE_BUFFER, -O SEND_BUFFER, -b (broadcasts)\n"                 \
	"A port is a number, a name, or a range: 20-25. ^D ends the input, ^C ends nc."

const struct command cmd_nc = {
	.name = "nc",
	.run = run_nc,
	.usage = "nc [-46bCDdklNnruvz] [-I SIZE] [-i SECONDS] [-M TTL] [-O SIZE] [-p PORT] [-q SECONDS] "
		 "[-s ADDRESS] [-T TOS] [-W COUNT] [-w SECONDS] [ADDRESS] [PORT...]",
	.about = "connect to a port, or listen on one: input goes there, what comes is printed",
	.options = OPTIONS,
	.example =
		"nc -v 10.0.0.2 80\nnc -l 5000 > FILE &\nnc -N 10.0.0.2 5000 < FILE\nnc -zv 10.0.0.2 20-80",
	.man = "nc(1)",
	.complete = complete,
};

const struct command cmd_snc = {
	.name = "snc",
	.run = run_snc,
	.usage = "snc [-du] -b ADDRESS:PORT | -c ADDRESS:PORT, or as nc",
	.about = "nc with the options of tapip's: -b listens, -c connects",
	.options = "  -u   UDP instead of TCP\n  -d   say what happens",
	.example = "snc -b 0.0.0.0:1234\nsnc -c 10.0.0.2:1234",
	.man = NULL,
	.complete = complete,
};
