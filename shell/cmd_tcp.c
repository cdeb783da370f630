/* SPDX-License-Identifier: MIT */
/* tcp list, watch and plot: TCP's connections from inside. */
#include "shell/cmd_tcp.h"

#include "lib/text.h"
#include "net/sock.h"
#include "shell/service.h"

#include <stdlib.h>

/* ---- names ---- */

/* "10.0.0.1:80", ":80", "10.0.0.1:*"; what is left out is 0. */
static bool read_end(const char *text, size_t len, uint32_t *ip, uint16_t *port)
{
	char word[64], *colon;

	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	colon = strrchr(word, ':');
	if (!colon || len >= sizeof(word))
		return false;
	*colon = '\0';
	*ip = 0;
	*port = 0;
	if (word[0] && strcmp(word, "*") != 0 && !text_parse_ip(word, ip))
		return false;
	return strcmp(colon + 1, "*") == 0 || service_parse(colon + 1, port);
}

bool tcp_wanted_parse(struct cmd *c, const char *text, struct tcp_wanted *w)
{
	const char *dash = strchr(text, '-');
	size_t first = dash ? (size_t)(dash - text) : strlen(text);
	char *end;

	*w = (struct tcp_wanted){.both = dash != NULL};
	w->ino = strtoull(text, &end, 10);
	if (*text && *end == '\0' && w->ino)
		return true;
	w->ino = 0;
	if (read_end(text, first, &w->a.ip, &w->a.port) &&
		(!dash || read_end(dash + 1, strlen(dash + 1), &w->b.ip, &w->b.port)))
		return true;
	cmd_error(c,
		"%s: a connection is named as 10.0.0.1:40000-10.0.0.2:80, by one end (10.0.0.2:80 or :80), "
		"or by its "
		"number in `tcp list`",
		text);
	return false;
}

static bool is_end(uint32_t ip, uint16_t port, uint32_t want_ip, uint16_t want_port)
{
	return (!want_ip || want_ip == ip) && (!want_port || want_port == port);
}

bool tcp_wanted_matches(const struct tcp_wanted *w, const struct tcp_row *row)
{
	bool local_a = is_end(row->local, row->local_port, w->a.ip, w->a.port);
	bool remote_a = is_end(row->remote, row->remote_port, w->a.ip, w->a.port);
	bool local_b = is_end(row->local, row->local_port, w->b.ip, w->b.port);
	bool remote_b = is_end(row->remote, row->remote_port, w->b.ip, w->b.port);

	if (w->ino)
		return row->sk && row->sk->ino == w->ino;
	return w->both ? (local_a && remote_b) || (local_b && remote_a) : local_a || remote_a;
}

/* ---- looking up ---- */

struct search {
	const struct tcp_wanted *wanted;
	const struct tcp_row *same;
	struct tcp_row *row;
	size_t live, others;
};

static bool is_live(const struct tcp_row *row)
{
	return row->state != TCP_LISTEN && row->state != TCP_TIME_WAIT && row->state != TCP_CLOSED;
}

static void try(void *ctx, const struct tcp_row *row)
{
	struct search *s = ctx;
	bool live = is_live(row);

	if (s->same ? !tcp_row_is_same(row, s->same) : !tcp_wanted_matches(s->wanted, row))
		return;
	if (live || s->live == 0)
		*s->row = *row;
	s->live += live;
	s->others += !live;
}

size_t tcp_wanted_find(struct stack *s, const struct tcp_wanted *w, struct tcp_row *row)
{
	struct search search = {.wanted = w, .row = row};

	tcp_each(s, try, &search);
	return search.live ? search.live : search.others;
}

bool tcp_row_is_same(const struct tcp_row *a, const struct tcp_row *b)
{
	return a->local == b->local && a->remote == b->remote && a->local_port == b->local_port &&
		a->remote_port == b->remote_port;
}

bool tcp_row_find_again(struct stack *s, const struct tcp_row *old, struct tcp_row *row)
{
	struct search search = {.same = old, .row = row};

	tcp_each(s, try, &search);
	return search.live + search.others != 0;
}

void tcp_row_name(const struct tcp_row *row, char *text, size_t room)
{
	snprintf(text, room, "%s:%u-%s:%u", TEXT_IP(row->local), row->local_port, TEXT_IP(row->remote),
		row->remote_port);
}

/* ---- list ---- */

static void print_row(void *ctx, const struct tcp_row *row)
{
	FILE *out = ctx;
	char name[TCP_ROW_NAME_LEN], number[24] = "-";

	tcp_row_name(row, name, sizeof(name));
	if (row->sk)
		snprintf(number, sizeof(number), "%llu", (unsigned long long)row->sk->ino);
	fprintf(out, "%6s  %-11s %s\n", number, tcp_state_name_ss(row->state), name);
}

static int list(struct cmd *c)
{
	if (c->argc > 1)
		return cmd_usage(c, "list takes nothing");
	fprintf(c->out, "%6s  %-11s %s\n", "number", "state", "local-remote");
	tcp_each(c->host, print_row, c->out);
	return CMD_OK;
}

/* ---- the command ---- */

static const struct {
	const char *name;
	int (*run)(struct cmd *c);
} verbs[] = {{"list", list}, {"watch", tcp_watch}, {"plot", tcp_plot}};

static int run_tcp(struct cmd *c)
{
	if (c->argc < 2)
		return list(c);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(c->argv[1], verbs[i].name) != 0)
			continue;
		memmove(c->argv, c->argv + 1, (size_t)c->argc-- * sizeof(*c->argv));
		return verbs[i].run(c);
	}
	return cmd_usage(c, "%s: list, watch or plot was expected", c->argv[1]);
}

static void offer_row(void *ctx, const struct tcp_row *row)
{
	char name[TCP_ROW_NAME_LEN];

	tcp_row_name(row, name, sizeof(name));
	if (row->state != TCP_LISTEN)
		complete_offer(ctx, name);
}

static void complete(struct completion *w)
{
	if (w->argc == 1) {
		for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
			complete_offer(w, verbs[i].name);
	} else if (strcmp(w->argv[1], "plot") == 0 && w->argc == 3) {
		complete_files(w);
	} else {
		tcp_each(w->host, offer_row, w);
	}
}

const struct command cmd_tcp = {
	.name = "tcp",
	.run = run_tcp,
	.usage = "tcp [list] | tcp watch [-1] [-i SECONDS] SOCKET | tcp plot [-i SECONDS] SOCKET FILE",
	.about = "look into TCP connections: their variables live, or as a plot over time",
	.options = "  list         connections and their numbers\n"
		   "  watch        sequence numbers, windows, cwnd, rtt, rto, timers, until it ends or ^C; "
		   "-1: once\n"
		   "  plot         record until it ends or ^C, then draw FILE.svg by gnuplot, with the data "
		   "in FILE.csv;\n"
		   "               FILE.csv: the data alone. It waits for the connection to begin;\n"
		   "               of several it takes the one that carries most\n"
		   "  -i SECONDS   between two looks (watch 0.5, plot 0.01)\n"
		   "  SOCKET       10.0.0.1:40000-10.0.0.2:80, one end of it as 10.0.0.2:80 or :80, or its "
		   "number",
	.example = "tcp watch :5201\n"
		   "tcp plot :5201 cwnd.svg &",
	.complete = complete,
};
