/* SPDX-License-Identifier: MIT */
/* The network as a graph for Graphviz: a box for each host, a node for each device, lines for cables (solid), ports
 * (dashed) and what stands on what (dotted). */
#include "shell/topo.h"

#include "lib/text.h"
#include "net/netif.h"
#include "shell/outside.h"

/* In double quotes, as dot reads it; names may hold anything printable. */
static void put_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_id(FILE *out, const struct dev *d)
{
	fputc('"', out);
	put_quoted(out, d->stack->name);
	fputc('/', out);
	put_quoted(out, d->name);
	fputc('"', out);
}

static void put_node(FILE *out, const struct dev *d)
{
	const char *state = topo_state(d);
	struct buf kind = {0};

	topo_add_kind(&kind, d);
	fputs("\t\t", out);
	put_id(out, d);
	fputs(" [label=\"", out);
	put_quoted(out, d->name);
	fprintf(out, "\\n%s", kind.at);
	netif_each_addr(a, d->netif)
		fprintf(out, "\\n%s/%u", TEXT_IP(a->local), a->plen);
	if (state)
		fprintf(out, "\\n%s\", color=red, fontcolor=gray", state);
	else
		fputc('"', out);
	fputs("];\n", out);
	buf_exit(&kind);
}

static void put_host(FILE *out, const struct stack *s)
{
	fputs("\tsubgraph \"cluster_", out);
	put_quoted(out, s->name);
	fputs("\" {\n\t\tlabel=\"", out);
	put_quoted(out, s->name);
	fputs("\";\n\t\t\"", out);
	put_quoted(out, s->name);
	fputs("\" [style=invis, shape=point];\n", out); /* a host without devices is seen too */
	stack_each_dev(d, s)
		if (!topo_is_hidden(d))
			put_node(out, d);
	fputs("\t}\n", out);
}

static void put_edge(FILE *out, const struct dev *from, const struct dev *to, const char *style)
{
	fputc('\t', out);
	put_id(out, from);
	fputs(" -- ", out);
	put_id(out, to);
	fprintf(out, " [style=%s];\n", style);
}

static bool comes_first(const struct stack *a, const struct stack *b)
{
	list_each(s, &a->world->stacks, struct stack, node)
		if (s == a || s == b)
			return s == a;
	return false;
}

/* Of a cable only one end says it. */
static bool says_cable(const struct dev *d)
{
	const struct dev *end = d->link;

	if (!end || end == d->lower)
		return false;
	return d->stack == end->stack ? d->ifindex < end->ifindex : comes_first(d->stack, end->stack);
}

static void put_edges(FILE *out, const struct dev *d)
{
	char ifname[IFNAMSIZ];

	if (d->master)
		put_edge(out, d, d->master, "dashed");
	if (d->lower)
		put_edge(out, d, d->lower, "dotted");
	if (says_cable(d))
		put_edge(out, d, d->link, "solid");
	if (!outside_ifname(d, ifname))
		return;
	fprintf(out, "\t\"machine/%s\" [label=\"the machine\\n%s\", shape=ellipse];\n\t", ifname, ifname);
	put_id(out, d);
	fprintf(out, " -- \"machine/%s\";\n", ifname);
}

void topo_dot(FILE *out, const struct world *w)
{
	fputs("graph network {\n\tnode [shape=box, fontsize=10];\n\tcompound=true;\n", out);
	list_each(s, &w->stacks, struct stack, node)
		put_host(out, s);
	list_each(s, &w->stacks, struct stack, node)
		stack_each_dev(d, s)
			put_edges(out, d);
	fputs("}\n", out);
}
