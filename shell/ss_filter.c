/* SPDX-License-Identifier: MIT */
/* ss's filters: read into a tree, and asked for each socket. */
#include "shell/ss_filter.h"

#include "net/dev.h"
#include "shell/address.h"
#include "shell/service.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORD_MAX = 64, DEPTH_MAX = 64 };

/* What is compared, and the three ways to join. */
enum expr_kind { EXPR_SPORT, EXPR_DPORT, EXPR_SRC, EXPR_DST, EXPR_DEV, EXPR_NOT, EXPR_AND, EXPR_OR };
enum expr_op { OP_EQ, OP_NE, OP_GE, OP_LE, OP_GT, OP_LT };

struct ss_expr {
	enum expr_kind kind;
	enum expr_op op;
	struct prefix net; /* SRC, DST; ports may name an address too */
	bool has_port;
	uint16_t port;
	int ifindex;
	struct ss_expr *a, *b;
};

static const struct {
	const char *name;
	unsigned bits;
} states[] = {
	{"all", SS_ALL},
	{"connected", SS_ALL & ~(1 << TCP_CLOSED | 1 << TCP_LISTEN)},
	{"synchronized", SS_ALL & ~(1 << TCP_CLOSED | 1 << TCP_LISTEN | 1 << TCP_SYN_SENT)},
	{"bucket", 1 << TCP_SYN_RECEIVED | 1 << TCP_TIME_WAIT},
	{"big", SS_ALL & ~(1 << TCP_SYN_RECEIVED | 1 << TCP_TIME_WAIT)},
	{"established", 1 << TCP_ESTABLISHED},
	{"syn-sent", 1 << TCP_SYN_SENT},
	{"syn-recv", 1 << TCP_SYN_RECEIVED},
	{"fin-wait-1", 1 << TCP_FIN_WAIT_1},
	{"fin-wait-2", 1 << TCP_FIN_WAIT_2},
	{"time-wait", 1 << TCP_TIME_WAIT},
	{"closed", 1 << TCP_CLOSED},
	{"unconnected", 1 << TCP_CLOSED},
	{"close-wait", 1 << TCP_CLOSE_WAIT},
	{"last-ack", 1 << TCP_LAST_ACK},
	{"listening", 1 << TCP_LISTEN},
	{"listen", 1 << TCP_LISTEN},
	{"closing", 1 << TCP_CLOSING},
};

const char *ss_state_name(size_t i)
{
	return i < ARRAY_SIZE(states) ? states[i].name : NULL;
}

/* ---- words ---- */

struct reader {
	const struct stack *s;
	const char *at; /* behind `word` */
	char word[WORD_MAX];
	struct buf *why;
	unsigned depth;
	struct ss_filter *f;
};

/* The next word into r->word; empty at the end. Signs stand for themselves, doubled or before "=" as one word. */
static void next(struct reader *r)
{
	size_t len;

	r->at += strspn(r->at, " \t\n");
	len = strcspn(r->at, " \t\n()!&|=<>");
	if (len == 0 && *r->at) {
		bool two =
			strchr("&|=", *r->at) ? r->at[1] == *r->at : strchr("!<>", *r->at) && r->at[1] == '=';
		len = two ? 2 : 1;
	}
	snprintf(r->word, sizeof(r->word), "%.*s", (int)MIN(len, sizeof(r->word) - 1), r->at);
	r->at += len;
}

static bool is(const struct reader *r, const char *a, const char *b, const char *c)
{
	return strcmp(r->word, a) == 0 || (b && strcmp(r->word, b) == 0) || (c && strcmp(r->word, c) == 0);
}

static struct ss_expr *fail(struct reader *r, const char *what)
{
	if (r->why->len == 0) {
		if (r->word[0])
			buf_printf(r->why, "filter: \"%s\": %s", r->word, what);
		else
			buf_printf(r->why, "filter ends too early: %s", what);
	}
	return NULL;
}

/* ---- conditions ---- */

static void free_expr(struct ss_expr *e)
{
	if (!e)
		return;
	free_expr(e->a);
	free_expr(e->b);
	free(e);
}

static struct ss_expr *join(enum expr_kind kind, struct ss_expr *a, struct ss_expr *b)
{
	struct ss_expr *e = mem_new(sizeof(*e));

	e->kind = kind;
	e->a = a;
	e->b = b;
	return e;
}

static enum expr_op read_op(struct reader *r)
{
	static const struct {
		const char *words[4];
		enum expr_op op;
	} ops[] = {{{"=", "==", "eq"}, OP_EQ}, {{"!=", "ne", "neq"}, OP_NE}, {{">=", "ge", "geq"}, OP_GE},
		{{"<=", "le", "leq"}, OP_LE}, {{">", "gt", NULL}, OP_GT}, {{"<", "lt", NULL}, OP_LT}};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (is(r, ops[i].words[0], ops[i].words[1], ops[i].words[2])) {
			next(r);
			return ops[i].op;
		}
	}
	return OP_EQ;
}

/* "10.0.0.0/8:80", ":80", "10.0.0.1", and for ports "80". "*" is any. */
static bool read_end(struct reader *r, struct ss_expr *e, bool is_port)
{
	char *colon = strrchr(r->word, ':');
	const char *port = colon ? colon + 1 : is_port ? r->word : NULL;
	const char *net = colon == r->word || (is_port && !colon) ? NULL : r->word;

	if (port && strcmp(port, "*") != 0) {
		e->has_port = true;
		if (!service_parse(port, &e->port)) {
			fail(r, "no port (a number, or a name as http)");
			return false;
		}
	}
	if (colon)
		*colon = '\0';
	if (net && strcmp(net, "*") != 0 && !address_parse_prefix(net, &e->net)) {
		fail(r, "no address (10.0.0.1, 10.0.0.0/24)");
		return false;
	}
	return true;
}

static struct ss_expr *read_condition(struct reader *r, enum expr_kind kind)
{
	struct ss_expr *e = join(kind, NULL, NULL);
	const struct dev *d;

	next(r);
	e->op = read_op(r);
	if (kind == EXPR_DEV) {
		d = dev_by_name(r->s, r->word);
		e->ifindex = d ? d->ifindex : -1;
	}
	if (!r->word[0] || (kind == EXPR_DEV && e->ifindex < 0)) {
		fail(r, kind == EXPR_DEV ? "no such device" : "an address or port is missing");
		free_expr(e);
		return NULL;
	}
	if (kind != EXPR_DEV && !read_end(r, e, kind == EXPR_SPORT || kind == EXPR_DPORT)) {
		free_expr(e);
		return NULL;
	}
	next(r);
	return e;
}

/* ---- expressions ---- */

static struct ss_expr *read_either(struct reader *r);

static struct ss_expr *read_parentheses(struct reader *r)
{
	struct ss_expr *e;

	next(r);
	e = read_either(r);
	if (e && !is(r, ")", NULL, NULL)) {
		free_expr(e);
		return fail(r, "\")\" is missing");
	}
	next(r);
	return e;
}

static struct ss_expr *read_one(struct reader *r)
{
	static const char *const names[] = {"sport", "dport", "src", "dst", "dev"}; /* enum expr_kind */
	struct ss_expr *e = NULL;

	if (++r->depth > DEPTH_MAX)
		return fail(r, "nested too deeply");
	if (is(r, "not", "!", NULL)) {
		next(r);
		e = read_one(r);
		e = e ? join(EXPR_NOT, e, NULL) : NULL;
	} else if (is(r, "(", NULL, NULL)) {
		e = read_parentheses(r);
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(names) && !e && r->why->len == 0; i++) {
			if (is(r, names[i], NULL, NULL))
				e = read_condition(r, (enum expr_kind)i);
		}
		if (!e)
			fail(r, "sport, dport, src, dst, dev, not or ( was expected");
	}
	r->depth--;
	return e;
}

static struct ss_expr *read_both(struct reader *r)
{
	struct ss_expr *e = read_one(r), *other;

	while (e && r->word[0] && !is(r, "or", "|", "||") && !is(r, ")", NULL, NULL)) {
		if (is(r, "and", "&", "&&"))
			next(r);
		other = read_one(r);
		if (!other) {
			free_expr(e);
			return NULL;
		}
		e = join(EXPR_AND, e, other);
	}
	return e;
}

static struct ss_expr *read_either(struct reader *r)
{
	struct ss_expr *e = read_both(r), *other;

	while (e && is(r, "or", "|", "||")) {
		next(r);
		other = read_both(r);
		if (!other) {
			free_expr(e);
			return NULL;
		}
		e = join(EXPR_OR, e, other);
	}
	return e;
}

/* ---- the whole ---- */

/* The first `state` begins with nothing, the first `exclude` with everything. */
static bool read_state(struct reader *r)
{
	bool exclude = is(r, "exclude", "excl", NULL);

	next(r);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (strcmp(states[i].name, r->word) != 0)
			continue;
		if (exclude)
			r->f->states = (r->f->states ? r->f->states : SS_ALL) & ~states[i].bits;
		else
			r->f->states |= states[i].bits;
		next(r);
		return true;
	}
	fail(r, "no state (established, syn-sent, fin-wait-1, time-wait, listening, connected ...)");
	return false;
}

bool ss_filter_parse(struct ss_filter *f, const struct stack *s, char *const *words, struct buf *why)
{
	struct buf text = {0};
	struct reader r = {.s = s, .why = why, .f = f};
	bool good = true;

	*f = (struct ss_filter){0};
	for (; *words; words++)
		buf_printf(&text, "%s ", *words);
	r.at = buf_text(&text);
	next(&r);
	while (good && is(&r, "state", "exclude", "excl"))
		good = read_state(&r);
	if (good && r.word[0]) {
		f->expr = read_either(&r);
		if (f->expr && r.word[0])
			fail(&r, "\"and\" or \"or\" was expected");
	}
	buf_exit(&text);
	if (why->len == 0)
		return true;
	ss_filter_free(f);
	return false;
}

void ss_filter_free(struct ss_filter *f)
{
	free_expr(f->expr);
	f->expr = NULL;
}

/* ---- matching ---- */

static bool compare(uint16_t a, enum expr_op op, uint16_t b)
{
	switch (op) {
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_GE:
		return a >= b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	case OP_LT:
		return a < b;
	}
	return false;
}

static bool is_in(uint32_t addr, const struct prefix *net)
{
	uint32_t mask = net->plen ? UINT32_MAX << (32 - net->plen) : 0;

	return ((addr ^ net->addr) & mask) == 0;
}

static bool matches(const struct ss_expr *e, const struct tcp_row *row)
{
	bool local = e->kind == EXPR_SPORT || e->kind == EXPR_SRC;
	uint16_t port = local ? row->local_port : row->remote_port;
	bool inside = is_in(local ? row->local : row->remote, &e->net);

	switch (e->kind) {
	case EXPR_SPORT:
	case EXPR_DPORT:
		return inside && (!e->has_port || compare(port, e->op, e->port));
	case EXPR_SRC:
	case EXPR_DST:
		return (inside && (!e->has_port || port == e->port)) == (e->op != OP_NE);
	case EXPR_DEV:
		return ((row->sk ? row->sk->bound_dev : 0) == e->ifindex) == (e->op != OP_NE);
	case EXPR_NOT:
		return !matches(e->a, row);
	case EXPR_AND:
		return matches(e->a, row) && matches(e->b, row);
	case EXPR_OR:
		return matches(e->a, row) || matches(e->b, row);
	}
	return false;
}

bool ss_filter_matches(const struct ss_filter *f, const struct socket_row *row)
{
	if (f->states && !(f->states & 1u << row->end.state))
		return false;
	return !f->expr || matches(f->expr, &row->end);
}
