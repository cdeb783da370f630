/* SPDX-License-Identifier: MIT */
/* ss, in the manner of iproute2 6.1: the sockets of this host. */
#include "shell/cmd_ss.h"

#include "ip/ip.h"
#include "lib/text.h"
#include "net/dev.h"
#include "shell/args.h"
#include "shell/service.h"

#include <stdarg.h>
#include <stdlib.h>

/* The columns: an address and its port are two. */
enum {
	COL_NETID,
	COL_STATE,
	COL_RECVQ,
	COL_SENDQ,
	COL_LOCAL,
	COL_LPORT,
	COL_PEER,
	COL_PPORT,
	COL_REST,
	COLUMNS
};

struct line {
	char *cells[COLUMNS];
};

struct ss_run {
	struct cmd *c;
	struct ss_options o;
	struct ss_filter filter;
	bool none; /* only kinds were asked for that are not here */
	struct line *lines;
	size_t count, room;
};

/* ---- cells ---- */

static char *print_cell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *print_cell(const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return mem_text(text);
}

static char *address_cell(const struct ss_run *run, uint32_t addr, int ifindex)
{
	const struct dev *d = ifindex ? dev_by_index(run->c->host, ifindex) : NULL;

	return d ? print_cell("%s%%%s:", TEXT_IP(addr), d->name) : print_cell("%s:", TEXT_IP(addr));
}

static char *port_cell(const struct ss_run *run, const struct socket_row *row, uint16_t port)
{
	bool named = !run->o.numeric && row->kind != SOCKET_RAW;
	const char *name = named ? service_name(port, row->kind == SOCKET_UDP) : NULL;

	if (!port)
		return mem_text("*");
	if (!run->o.numeric && row->kind == SOCKET_RAW && port == IP_PROTO_ICMP)
		name = "icmp";
	return name ? mem_text(name) : print_cell("%u", port);
}

static struct line *add_line(struct ss_run *run)
{
	if (run->count == run->room) {
		run->room = MAX(2 * run->room, (size_t)64);
		run->lines = mem_resize(run->lines, run->room * sizeof(*run->lines));
	}
	return &run->lines[run->count++];
}

static void add_head(struct ss_run *run)
{
	static const char *const titles[COLUMNS] = {"Netid", "State", "Recv-Q", "Send-Q",
		"Local Address:", "Port", "Peer Address:", "Port", "Process"};
	struct line *l = add_line(run);

	for (int i = 0; i < COLUMNS; i++)
		l->cells[i] = mem_text(titles[i]);
}

static void add_row(void *ctx, const struct socket_row *row)
{
	struct ss_run *run = ctx;
	const struct tcp_row *end = &row->end;
	int ifindex = end->sk ? end->sk->bound_dev : 0;
	struct buf rest = {0};
	struct line *l;

	if (!ss_filter_matches(&run->filter, row))
		return;
	l = add_line(run);
	ss_add_detail(&rest, row, &run->o);
	l->cells[COL_NETID] = mem_text(socket_kind_names[row->kind]);
	l->cells[COL_STATE] = mem_text(tcp_state_name_ss(end->state));
	l->cells[COL_RECVQ] = print_cell("%u", end->recvq);
	l->cells[COL_SENDQ] = print_cell("%u", end->sendq);
	l->cells[COL_LOCAL] = address_cell(run, end->local, ifindex);
	l->cells[COL_LPORT] = port_cell(run, row, end->local_port);
	l->cells[COL_PEER] = address_cell(run, end->remote, 0);
	l->cells[COL_PPORT] = port_cell(run, row, end->remote_port);
	l->cells[COL_REST] = buf_take(&rest);
}

/* ---- columns ---- */

/* One kind needs no column that says which, nor one state. */
static bool is_shown(const struct ss_run *run, int column)
{
	unsigned kinds = run->o.kinds, states = run->filter.states;

	if (column == COL_NETID)
		return (kinds & (kinds - 1)) != 0;
	return column != COL_STATE || (states & (states - 1)) != 0;
}

static int width_of(const struct ss_run *run, int column)
{
	size_t width = 0;

	for (size_t i = 0; i < run->count; i++)
		width = MAX(width, strlen(run->lines[i].cells[column]));
	return (int)width;
}

static void print_line(const struct ss_run *run, const struct line *l, const int *widths)
{
	struct buf b = {0};

	for (int i = 0; i < COL_REST; i++) {
		if (!is_shown(run, i))
			continue;
		buf_printf(&b, i == COL_LOCAL || i == COL_PEER ? "%*s" : "%-*s", widths[i], l->cells[i]);
		if (i != COL_LOCAL && i != COL_PEER && i != COL_PPORT)
			buf_putc(&b, ' ');
	}
	buf_puts(&b, l->cells[COL_REST]);
	while (b.len && b.at[b.len - 1] == ' ')
		b.len--;
	fprintf(run->c->out, "%.*s\n", (int)b.len, b.at);
	buf_exit(&b);
}

static void print_lines(const struct ss_run *run)
{
	int widths[COLUMNS];

	for (int i = 0; i < COLUMNS; i++)
		widths[i] = width_of(run, i);
	for (size_t i = 0; i < run->count; i++)
		print_line(run, &run->lines[i], widths);
}

/* ---- -s ---- */

static void print_transport(FILE *out, const char *name, size_t n)
{
	fprintf(out, "%s\t  %-9zu %-9zu %-9d\n", name, n, n, 0);
}

static void count_established(void *ctx, const struct socket_row *row)
{
	enum tcp_state st = row->end.state;

	*(size_t *)ctx += st == TCP_ESTABLISHED || st == TCP_CLOSE_WAIT;
}

static void print_summary(const struct ss_run *run)
{
	struct stack *s = run->c->host;
	FILE *out = run->c->out;
	struct tcp_stat st = {0};
	size_t raw = sockets_count(s, SOCKET_RAW), udp = sockets_count(s, SOCKET_UDP), established = 0, tcp,
	       all = 0;

	tcp_stat(s, &st);
	tcp = st.connections + st.listeners;
	sockets_each(s, 1u << SOCKET_TCP, count_established, &established);
	for (const struct list *i = s->socks.next; i != &s->socks; i = i->next)
		all++;
	fprintf(out, "Total: %zu\nTCP:   %zu (estab %zu, closed %zu, orphaned %zu, timewait %zu)\n\n", all,
		tcp + st.time_wait, established, st.time_wait, st.orphans, st.time_wait);
	fputs("Transport Total     IP        IPv6\n", out);
	print_transport(out, "RAW", raw);
	print_transport(out, "UDP", udp);
	print_transport(out, "TCP", tcp);
	print_transport(out, "INET", raw + udp + tcp);
	print_transport(out, "FRAG", 0);
	fputc('\n', out);
}

/* ---- the command ---- */

static void take_option(struct ss_run *run, int opt)
{
	struct ss_options *o = &run->o;

	switch (opt) {
	case 'a':
		o->all = true;
		break;
	case 'e':
		o->extended = true;
		break;
	case 'H':
		o->no_header = true;
		break;
	case 'i':
		o->info = true;
		break;
	case 'l':
		o->listening = true;
		break;
	case 'm':
		o->memory = true;
		break;
	case 'n':
		o->numeric = true;
		break;
	case 'o':
		o->timers = true;
		break;
	case 'O':
		o->oneline = true;
		break;
	case 's':
		o->summary = true;
		break;
	case 't':
		o->kinds |= 1u << SOCKET_TCP;
		break;
	case 'u':
		o->kinds |= 1u << SOCKET_UDP;
		break;
	case 'w':
		o->kinds |= 1u << SOCKET_RAW;
		break;
	case '6':
	case 'x':
		run->none = true; /* there are no such sockets */
		break;
	default: /* -4 -p -r: nothing to do here */
		break;
	}
}

static int read_command_line(struct ss_run *run)
{
	static const struct option longs[] = {{"all", 0, NULL, 'a'}, {"extended", 0, NULL, 'e'},
		{"no-header", 0, NULL, 'H'}, {"info", 0, NULL, 'i'}, {"listening", 0, NULL, 'l'},
		{"memory", 0, NULL, 'm'}, {"numeric", 0, NULL, 'n'}, {"options", 0, NULL, 'o'},
		{"oneline", 0, NULL, 'O'}, {"processes", 0, NULL, 'p'}, {"resolve", 0, NULL, 'r'},
		{"summary", 0, NULL, 's'}, {"tcp", 0, NULL, 't'}, {"udp", 0, NULL, 'u'},
		{"raw", 0, NULL, 'w'}, {"unix", 0, NULL, 'x'}, {"ipv4", 0, NULL, '4'}, {"ipv6", 0, NULL, '6'},
		{0}};
	struct cmd *c = run->c;
	struct buf why = {0};
	int opt;

	args_begin();
	while ((opt = args_next(c, "46aeHilmnoOprstuwx", longs)) > 0)
		take_option(run, opt);
	if (opt < 0)
		return CMD_USAGE;
	if (!ss_filter_parse(&run->filter, c->host, c->argv + optind, &why)) {
		cmd_error(c, "%s", why.at);
		buf_exit(&why);
		return CMD_FAILED;
	}
	return 0;
}

static void set_defaults(struct ss_run *run)
{
	struct ss_options *o = &run->o;

	if (!o->kinds && !run->none)
		o->kinds = (1u << SOCKET_KINDS) - 1;
	if (!run->filter.states)
		run->filter.states = o->all ? SS_ALL : o->listening ? SS_LISTENING : SS_CONNECTED;
}

static int run_ss(struct cmd *c)
{
	struct ss_run run = {.c = c};
	int status = read_command_line(&run);

	if (status)
		return status;
	set_defaults(&run);
	if (run.o.summary) {
		print_summary(&run);
		ss_filter_free(&run.filter);
		return CMD_OK;
	}
	if (!run.o.no_header)
		add_head(&run);
	sockets_each(c->host, run.o.kinds, add_row, &run);
	print_lines(&run);
	for (size_t i = 0; i < run.count * COLUMNS; i++)
		free(run.lines[i / COLUMNS].cells[i % COLUMNS]);
	free(run.lines);
	ss_filter_free(&run.filter);
	return CMD_OK;
}

static void complete(struct completion *w)
{
	static const char *const words[] = {
		"state", "exclude", "sport", "dport", "src", "dst", "dev", "and", "or", "not", NULL};
	const char *last = w->argv[w->argc - 1];

	if (strcmp(last, "dev") == 0)
		complete_devices(w);
	else if (strcmp(last, "state") != 0 && strcmp(last, "exclude") != 0)
		complete_offer_list(w, words);
	else
		for (size_t i = 0; ss_state_name(i); i++)
			complete_offer(w, ss_state_name(i));
}

const struct command cmd_ss = {
	.name = "ss",
	.run = run_ss,
	.usage = "ss [-tuw] [-al] [-nHO] [-oiems] [state STATE] [exclude STATE] [EXPRESSION]",
	.about = "show the sockets of this host",
	.options = "  -t, -u, -w   TCP, UDP, raw (all)\n"
		   "  -a           listening ones too;  -l: only those\n"
		   "  -n           ports as numbers\n"
		   "  -o           timers;  -e: number and open ways;  -m: memory\n"
		   "  -i           TCP: cwnd, rtt, rto, what was sent, lost, delivered ...\n"
		   "  -s           how many there are\n"
		   "  -H           no head;  -O: one line for each\n"
		   "  STATE        established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, "
		   "close-wait,\n"
		   "               last-ack, closing, closed, listening; all, connected, synchronized, "
		   "bucket, big\n"
		   "  EXPRESSION   dport = :80, sport >= :1024, dst 10.0.0.0/24, src 10.0.0.1:22, dev eth0;\n"
		   "               and, or, not, ( )",
	.example = "ss -tan\n"
		   "ss -ti state established '( dport = :80 or sport = :80 )'",
	.man = "ss(8)",
	.complete = complete,
};
