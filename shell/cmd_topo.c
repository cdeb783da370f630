/* SPDX-License-Identifier: MIT */
/*
 * topo: hosts, devices and links. In text each host is a tree: ports stand under their bridge, what stands on a device
 * under that; at the right where its cable leads.
 */
#include "lib/text.h"
#include "net/netif.h"
#include "shell/args.h"
#include "shell/outside.h"
#include "shell/suggest.h"
#include "shell/topo.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 30, NAME_COLUMN = 10 };

/* ---- text ---- */

struct glyphs {
	const char *branch, *last, *pass, *none, *cable;
};
static const struct glyphs lines = {"├─ ", "└─ ", "│  ", "   ", "───"};
static const struct glyphs ascii = {"|- ", "`- ", "|  ", "   ", "---"};

struct canvas {
	FILE *out;
	const struct glyphs *g;
	bool colour;
	int width, column;
	struct buf margin; /* what stands in front of the lines below a device */
	int depth;	   /* in steps of three columns */
};

static void put_colored(struct canvas *v, const char *color, const char *text)
{
	if (v->colour && color)
		fprintf(v->out, "\033[%sm%s\033[0m", color, text);
	else
		fputs(text, v->out);
}

/* A word or a few, on a line of their own where this one is full. `wide`: columns of `text`. */
static void put(struct canvas *v, const char *color, const char *text, int wide)
{
	if (v->column + 2 + wide > v->width) {
		fprintf(v->out, "\n%s", buf_text(&v->margin));
		v->column = 3 * v->depth;
	}
	fputs("  ", v->out);
	put_colored(v, color, text);
	v->column += 2 + wide;
}

static void put_addresses(struct canvas *v, const struct dev *d)
{
	char text[TEXT_CIDR_LEN];

	netif_each_addr(a, d->netif) {
		snprintf(text, sizeof(text), "%s/%u", TEXT_IP(a->local), a->plen);
		put(v, "36", text, (int)strlen(text));
	}
}

/* "─── h2 eth0" */
static void put_cable(struct canvas *v, const char *what, const char *where)
{
	struct buf b = {0};

	buf_printf(&b, "%s %s%s%s", v->g->cable, what, *what && *where ? " " : "", where);
	put(v, NULL, b.at, 4 + (int)(strlen(what) + strlen(where)) + (*what && *where));
	buf_exit(&b);
}

static void put_links(struct canvas *v, const struct dev *d)
{
	char ifname[IFNAMSIZ];
	struct buf b = {0};

	if (outside_ifname(d, ifname))
		put_cable(v, "the machine", ifname);
	else if (d->link && d->link != d->lower)
		put_cable(v, d->link->stack == d->stack ? "" : d->link->stack->name, d->link->name);
	if (d->lower && d->lower != topo_above(d)) {
		buf_printf(&b, "on %s%s%s", d->lower->name, d->lower->stack == d->stack ? "" : " of ",
			d->lower->stack == d->stack ? "" : d->lower->stack->name);
		put(v, NULL, b.at, (int)b.len);
	}
	buf_exit(&b);
}

static void put_device(struct canvas *v, const struct dev *d)
{
	const char *state = topo_state(d);
	struct buf kind = {0};

	put_colored(v, "1", d->name);
	v->column += (int)strlen(d->name);
	fprintf(v->out, "%*s", MAX(0, NAME_COLUMN - v->column), "");
	v->column = MAX(v->column, NAME_COLUMN);
	topo_add_kind(&kind, d);
	put(v, NULL, kind.at, (int)kind.len);
	buf_exit(&kind);
	put_addresses(v, d);
	put_links(v, d);
	if (state)
		put(v, "31", state, (int)strlen(state));
	fputc('\n', v->out);
}

static const struct dev *next_below(const struct stack *s, const struct dev *above, const struct dev *after)
{
	bool passed = !after;

	stack_each_dev(d, s) {
		if (passed && topo_above(d) == above && !topo_is_hidden(d))
			return d;
		passed = passed || d == after;
	}
	return NULL;
}

static void step_in(struct canvas *v, bool last)
{
	buf_puts(&v->margin, last ? v->g->none : v->g->pass);
	v->depth++;
}

static void step_out(struct canvas *v, bool last)
{
	v->margin.len -= strlen(last ? v->g->none : v->g->pass);
	v->margin.at[v->margin.len] = '\0';
	v->depth--;
}

/* As deep as devices are stacked. */
static void draw_below(struct canvas *v, const struct stack *s, const struct dev *above)
{
	const struct dev *d = next_below(s, above, NULL);

	while (d) {
		const struct dev *next = next_below(s, above, d);

		fprintf(v->out, "%s%s", buf_text(&v->margin), next ? v->g->branch : v->g->last);
		v->column = 3 * (v->depth + 1);
		step_in(v, !next);
		put_device(v, d);
		draw_below(v, s, d);
		step_out(v, !next);
		d = next;
	}
}

static void draw(struct canvas *v, const struct world *w)
{
	list_each(s, &w->stacks, struct stack, node) {
		put_colored(v, "1;32", s->name);
		fputc('\n', v->out);
		draw_below(v, s, NULL);
	}
	buf_exit(&v->margin);
}

static int terminal_width(const struct cmd *c)
{
	struct winsize size;

	if (!c->out_is_tty || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_DEFAULT;
	return MAX(size.ws_col, WIDTH_MIN);
}

/* ---- pictures ---- */

struct picture {
	char *file, *dot; /* `dot`: the graph, made before the picture and removed after it */
};

static void free_picture(struct cmd *c)
{
	struct picture *p = c->state;

	if (p->dot)
		unlink(p->dot);
	free(p->dot);
	free(p->file);
	free(p);
}

static bool write_dot(struct cmd *c, const char *file)
{
	FILE *f = fopen(file, "we");
	bool ok;

	if (!f)
		return false;
	topo_dot(f, c->world);
	ok = !ferror(f);
	return fclose(f) == 0 && ok;
}

static void drawn(struct cmd *c, int status)
{
	const struct picture *p = c->state;

	if (status)
		cmd_error(c, "%s: dot could not draw it", p->file);
	cmd_done(c, status ? CMD_FAILED : CMD_OK);
}

/* The graph is drawn by a program of the machine, which reads it from a file beside the picture. */
static int draw_svg(struct cmd *c, const char *file)
{
	struct picture *p = mem_new(sizeof(*p));
	struct buf line = {0}, dot = {0};

	c->state = p;
	c->free_state = free_picture;
	p->file = mem_text(file);
	buf_printf(&dot, "%s.dot", file);
	if (!write_dot(c, dot.at)) {
		cmd_error(c, "%s: %s", dot.at, strerror(errno));
		buf_exit(&dot);
		return CMD_FAILED;
	}
	p->dot = buf_take(&dot);
	buf_puts(&line, "!dot -Tsvg -o");
	buf_add_quoted(&line, p->file);
	buf_add_quoted(&line, p->dot);
	int err = cmd_spawn(c, NULL, line.at, drawn);
	buf_exit(&line);
	return err ? cmd_error(c, "%s", strerror(-err)) : CMD_RUNNING;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && strcmp(text + len - n, end) == 0;
}

static int draw_file(struct cmd *c, const char *file)
{
	if (ends_with(file, ".dot"))
		return write_dot(c, file) ? CMD_OK : cmd_error(c, "%s: %s", file, strerror(errno));
	if (!ends_with(file, ".svg"))
		return cmd_error(c, "%s: a name that ends in .svg or .dot was expected", file);
	if (!suggest_is_program("dot"))
		return cmd_error(c,
			"%s: dot is needed, which is in the package graphviz; `topo -o FILE.dot` does "
			"without",
			file);
	return draw_svg(c, file);
}

/* ---- the command ---- */

static int run_topo(struct cmd *c)
{
	struct canvas v = {.out = c->out, .g = &lines, .colour = c->out_is_tty, .width = terminal_width(c)};
	const char *file = NULL;
	long long width;
	int opt;

	args_begin();
	while ((opt = args_next(c, "ao:w:", NULL)) > 0) {
		if (opt == 'a')
			v.g = &ascii;
		else if (opt == 'o')
			file = optarg;
		else if (!args_number(c, optarg, WIDTH_MIN, 10000, &width))
			return CMD_USAGE;
		else
			v.width = (int)width;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (optind < c->argc)
		return cmd_usage(c, "\"%s\" is too much", c->argv[optind]);
	if (file)
		return draw_file(c, file);
	draw(&v, c->world);
	return CMD_OK;
}

static void complete(struct completion *w)
{
	static const char *const options[] = {"-a", "-o", "-w", NULL};

	if (strcmp(w->argv[w->argc - 1], "-o") == 0)
		complete_files(w);
	else
		complete_offer_list(w, options);
}

const struct command cmd_topo = {
	.name = "topo",
	.run = run_topo,
	.usage = "topo [-a] [-w COLUMNS] [-o FILE.svg|FILE.dot]",
	.about = "draw hosts, devices and links",
	.options = "  -a           lines of ASCII characters\n"
		   "  -w COLUMNS   as if the terminal were so wide\n"
		   "  -o FILE      a picture (.svg, by Graphviz's dot) or a graph for Graphviz (.dot)\n"
		   "Ports stand under their bridge or hub, what stands on a device under that one; lo is "
		   "left out.",
	.example = "topo\ntopo -o network.svg",
	.complete = complete,
};
