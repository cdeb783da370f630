/* SPDX-License-Identifier: MIT */
/*
 * save: the network as a script of the commands that build it. It is written so that the order of what it makes is that
 * of what it found: saved, built and saved again, it is the same file.
 */
#include "arp/arp.h"
#include "dev/netem.h"
#include "lib/text.h"
#include "net/qdisc.h"
#include "shell/args.h"
#include "shell/buf.h"
#include "shell/ipcmd.h"
#include "shell/save.h"
#include "shell/tccmd.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- words ---- */

void save_begin(const struct save *v, const char *command, const struct stack *s)
{
	fputs(command, v->out);
	if (s == list_first(&v->world->stacks, struct stack, node))
		return;
	fputs(" -n", v->out);
	save_word(v, s->name);
}

void save_word(const struct save *v, const char *word)
{
	struct buf b = {0};

	buf_add_quoted(&b, word);
	fprintf(v->out, " %s", b.at);
	buf_exit(&b);
}

/* A line that one of the printers of `ip` and `tc` has written, without the blank at its end. */
static void put_line(
	const struct save *v, const struct stack *s, const char *command, const char *verb, char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		text[--len] = '\0';
	save_begin(v, command, s);
	fprintf(v->out, " %s %s\n", verb, text);
}

/* ---- routes ---- */

struct putting {
	const struct save *v;
	struct stack *s;
	bool with_gateway; /* after those without, which say where gateways are */
};

static void put_route(void *ctx, const struct route *r)
{
	static const struct ipcmd_route_hide nothing;
	const struct putting *p = ctx;
	struct route copy = *r;
	char *text = NULL;
	size_t len;

	if (r->origin == ROUTE_BY_KERNEL || r->origin == ROUTE_BY_REDIRECT || !!r->gateway != p->with_gateway)
		return;
	copy.flags &= (uint8_t)~ROUTE_LINKDOWN;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		abort();
	struct ipcmd ip = {.c = p->v->c, .s = p->s, .show = {.out = out}};
	ipcmd_print_route(&ip, &copy, &nothing);
	fclose(out);
	put_line(p->v, p->s, "ip", "route add", text);
	free(text);
}

static void put_routes(const struct save *v, struct stack *s)
{
	struct putting p = {.v = v, .s = s};

	route_each(s, false, put_route, &p);
	p.with_gateway = true;
	route_each(s, false, put_route, &p);
}

/* ---- neighbours ---- */

static void put_neigh(void *ctx, struct neigh *ng)
{
	const struct putting *p = ctx;

	if (!ng->proxy && ng->state != NEIGH_PERMANENT)
		return;
	save_begin(p->v, "ip", p->s);
	fprintf(p->v->out, " neigh add %s%s dev", ng->proxy ? "proxy " : "", TEXT_IP(ng->addr));
	save_word(p->v, ng->netif->dev->name);
	if (ng->proxy)
		fputc('\n', p->v->out);
	else
		fprintf(p->v->out, " lladdr %s nud permanent\n", TEXT_MAC(ng->mac));
}

static void put_neighbours(const struct save *v, struct stack *s)
{
	struct putting p = {.v = v, .s = s};

	neigh_each(s, NULL, 0, put_neigh, &p);
}

/* ---- qdiscs ---- */

static void put_qdisc(const struct save *v, const struct dev *d, enum qdisc_way way)
{
	const struct qdisc *q = d->qdisc[way];
	const struct netem_config *netem = q ? netem_config(q) : NULL;
	struct buf verb = {0};
	char *text = NULL;
	size_t len;

	if (!netem)
		return;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		abort();
	struct tccmd tc = {.c = v->c, .s = d->stack, .show = {.out = out}};
	tccmd_netem_show(&tc, netem);
	fclose(out);
	buf_puts(&verb, "qdisc add dev");
	buf_add_quoted(&verb, d->name);
	if (way == QDISC_ROOT)
		buf_printf(&verb, " root handle %x: netem", q->major);
	else
		buf_puts(&verb, " ingress netem");
	put_line(v, d->stack, "tc", verb.at, text + strspn(text, " "));
	buf_exit(&verb);
	free(text);
}

/* ---- all of it ---- */

static void put_hosts(const struct save *v)
{
	const struct stack *first = list_first(&v->world->stacks, struct stack, node);

	list_each(s, &v->world->stacks, struct stack, node) {
		if (s == first)
			continue;
		fputs("ip netns add", v->out);
		save_word(v, s->name);
		fputc('\n', v->out);
	}
}

static void put_network(const struct save *v)
{
	fputs("# A network, as `save` wrote it. To build it again: tapir --empty, and then source this "
	      "file.\n",
		v->out);
	put_hosts(v);
	save_devices(v);
	list_each(s, &v->world->stacks, struct stack, node)
		save_device_state(v, s);
	list_each(s, &v->world->stacks, struct stack, node) {
		put_routes(v, s);
		put_neighbours(v, s);
		stack_each_dev(d, s)
			for (int way = 0; way < QDISC_WAYS; way++)
				put_qdisc(v, d, (enum qdisc_way)way);
	}
}

/* Into a file beside it first: what was saved before stays until the new one is whole. */
static int save_to(struct cmd *c, const char *file)
{
	struct save v = {.c = c, .world = c->world};
	struct buf name = {0};
	bool ok = false;

	buf_printf(&name, "%s.new", file);
	v.out = fopen(name.at, "we");
	if (v.out) {
		put_network(&v);
		ok = fclose(v.out) == 0 && rename(name.at, file) == 0;
	}
	buf_exit(&name);
	return ok ? CMD_OK : cmd_error(c, "%s: %s", file, strerror(errno));
}

static int run_save(struct cmd *c)
{
	if (c->argc != 2)
		return cmd_usage(c, c->argc < 2 ? "a file is to be named" : "one file is enough");
	if (strcmp(c->argv[1], "-") != 0)
		return save_to(c, c->argv[1]);
	put_network(&(struct save){.c = c, .out = c->out, .world = c->world});
	return CMD_OK;
}

static void complete(struct completion *w)
{
	complete_files(w);
}

const struct command cmd_save = {
	.name = "save",
	.run = run_save,
	.usage = "save FILE",
	.about = "write the present network as a script that builds it: source FILE",
	.options = "  FILE         \"-\": to standard output\n"
		   "Hosts, devices, addresses, routes, permanent neighbours, settings that were changed, and "
		   "qdiscs.\n"
		   "Devices of the machine (tap, tun, macvtap) are named in comments, with the option to "
		   "start with.",
	.example = "save lab.tapir\n!tapir --empty -f lab.tapir",
	.complete = complete,
};
