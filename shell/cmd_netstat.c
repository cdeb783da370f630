/* SPDX-License-Identifier: MIT */
/* netstat, in the manner of net-tools: sockets; with -s counters, with -r routes, with -i devices. */
#include "shell/cmd_netstat.h"

#include "lib/text.h"
#include "net/stack.h"
#include "shell/args.h"
#include "shell/service.h"
#include "shell/sockets.h"

enum { ADDR_WIDTH = 23 };

struct netstat_run {
	struct cmd *c;
	unsigned kinds; /* 1 << enum socket_kind */
	bool all, listening, numeric, extended, timers, programs, counters, routes, devices;
};

/* ---- sockets ---- */

static void print_end(
	const struct netstat_run *run, const struct socket_row *row, uint32_t addr, uint16_t port)
{
	const char *name =
		run->numeric || row->kind == SOCKET_RAW ? NULL : service_name(port, row->kind == SOCKET_UDP);
	char text[64];

	if (!port)
		snprintf(text, sizeof(text), "%s:*", TEXT_IP(addr));
	else if (name)
		snprintf(text, sizeof(text), "%s:%s", TEXT_IP(addr), name);
	else
		snprintf(text, sizeof(text), "%s:%u", TEXT_IP(addr), port);
	fprintf(run->c->out, "%-*s ", ADDR_WIDTH, text);
}

static const char *state_of(const struct socket_row *row)
{
	if (row->kind == SOCKET_RAW)
		return row->end.state == TCP_ESTABLISHED ? "1" : "7";
	return row->kind == SOCKET_UDP && row->end.state == TCP_CLOSED ? "" : tcp_state_name(row->end.state);
}

static void print_timer(FILE *out, const struct tcp_info *info)
{
	static const char *const names[] = {"off", "on", "keepalive", "timewait", "probe"};

	fprintf(out, " %s (%2.2f/%u/%u)", names[info->timer], (double)info->timer_ns / 1e9, info->retransmits,
		info->probes);
}

static bool is_shown(const struct netstat_run *run, const struct socket_row *row)
{
	bool server =
		row->end.state == TCP_LISTEN || (row->kind != SOCKET_TCP && row->end.state == TCP_CLOSED);

	return run->all || server == run->listening;
}

static void print_row(void *ctx, const struct socket_row *row)
{
	const struct netstat_run *run = ctx;
	const struct tcp_row *end = &row->end;
	FILE *out = run->c->out;
	unsigned sendq = end->state == TCP_LISTEN ? 0 : end->sendq;

	if (!is_shown(run, row))
		return;
	fprintf(out, "%-4s  %6u %6u ", socket_kind_names[row->kind], end->recvq, sendq);
	print_end(run, row, end->local, end->local_port);
	print_end(run, row, end->remote, end->remote_port);
	fprintf(out, "%-11s", state_of(row));
	if (run->extended)
		fprintf(out, " %-10d %-10llu", 0, end->sk ? (unsigned long long)end->sk->ino : 0);
	if (run->programs)
		fprintf(out, " %-19s", "-");
	if (run->timers && row->kind == SOCKET_TCP)
		print_timer(out, &end->info);
	fputc('\n', out);
}

static void print_sockets(struct netstat_run *run)
{
	static const enum socket_kind order[] = {SOCKET_TCP, SOCKET_UDP, SOCKET_RAW};
	FILE *out = run->c->out;

	fprintf(out, "Active Internet connections (%s)\n",
		run->all		 ? "servers and established"
			: run->listening ? "only servers"
					 : "w/o servers");
	fputs("Proto Recv-Q Send-Q Local Address           Foreign Address         State      ", out);
	fputs(run->extended ? " User       Inode     " : "", out);
	fputs(run->programs ? " PID/Program name   " : "", out);
	fputs(run->timers ? " Timer\n" : "\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		sockets_each(run->c->host, run->kinds & 1u << order[i], print_row, run);
}

/* ---- the command ---- */

static void take_option(struct netstat_run *run, int opt)
{
	switch (opt) {
	case 'a':
		run->all = true;
		break;
	case 'e':
		run->extended = true;
		break;
	case 'i':
		run->devices = true;
		break;
	case 'l':
		run->listening = true;
		break;
	case 'n':
		run->numeric = true;
		break;
	case 'o':
		run->timers = true;
		break;
	case 'p':
		run->programs = true;
		break;
	case 'r':
		run->routes = true;
		break;
	case 's':
		run->counters = true;
		break;
	case 't':
		run->kinds |= 1u << SOCKET_TCP;
		break;
	case 'u':
		run->kinds |= 1u << SOCKET_UDP;
		break;
	case 'w':
		run->kinds |= 1u << SOCKET_RAW;
		break;
	default: /* -4 -W: nothing to do here */
		break;
	}
}

/* route and ifconfig print these. */
static int become(struct netstat_run *run)
{
	char *route[] = {"route", "-e", run->numeric ? "-n" : NULL, NULL};
	char *ifconfig[] = {"ifconfig", run->extended ? "-a" : "-s", NULL};

	if (run->routes)
		return cmd_become(run->c, run->c->host, run->numeric ? 3 : 2, route);
	fputs("Kernel Interface table\n", run->c->out);
	return cmd_become(run->c, run->c->host, run->extended && !run->all ? 1 : 2, ifconfig);
}

static int run_netstat(struct cmd *c)
{
	static const struct option longs[] = {{"all", 0, NULL, 'a'}, {"extend", 0, NULL, 'e'},
		{"interfaces", 0, NULL, 'i'}, {"listening", 0, NULL, 'l'}, {"numeric", 0, NULL, 'n'},
		{"timers", 0, NULL, 'o'}, {"programs", 0, NULL, 'p'}, {"route", 0, NULL, 'r'},
		{"statistics", 0, NULL, 's'}, {"tcp", 0, NULL, 't'}, {"udp", 0, NULL, 'u'},
		{"raw", 0, NULL, 'w'}, {"wide", 0, NULL, 'W'}, {"inet", 0, NULL, '4'}, {0}};
	struct netstat_run run = {.c = c};
	int opt;

	args_begin();
	while ((opt = args_next(c, "4aeilnoprstuwW", longs)) > 0)
		take_option(&run, opt);
	if (opt < 0)
		return CMD_USAGE;
	if (optind < c->argc)
		return cmd_usage(c, "%s: it takes options only", c->argv[optind]);
	if (run.routes || run.devices)
		return become(&run);
	if (!run.kinds)
		run.kinds = (1u << SOCKET_KINDS) - 1;
	if (run.counters)
		netstat_print_counters(c->out, c->host);
	else
		print_sockets(&run);
	return CMD_OK;
}

const struct command cmd_netstat = {
	.name = "netstat",
	.run = run_netstat,
	.usage = "netstat [-tuw] [-a | -l] [-neop] | -s | -r [-n] | -i [-ae]",
	.about = "show sockets, counters, routes or devices",
	.options =
		"  -t, -u, -w   TCP, UDP, raw (all)\n"
		"  -a           listening ones too;  -l: only those\n"
		"  -n           ports as numbers;  -e: their numbers;  -o: timers;  -p: no program owns any\n"
		"  -s           the MIB counters (nstat shows what moved)\n"
		"  -r           the routes;  -i: the devices",
	.example = "netstat -antu",
	.man = "netstat(8)",
};
