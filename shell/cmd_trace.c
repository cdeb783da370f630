/* SPDX-License-Identifier: MIT */
/*
 * trace: one line for each decision that a layer takes about a packet. The mask of layers is the host's; one
 * listener of the shell prints what comes from any host.
 */
#include "net/trace.h"
#include "shell/args.h"
#include "shell/show_trace.h"

#include <errno.h>

struct trace_printer {
	struct trace_listener listener;
	struct shell *shell; /* NULL: not yet listening */
	const struct clock *clock;
};

/* ---- the lines ---- */

/* What `explain` has recorded besides is not for us; what a layer reports though it is off (log_martians) is. */
static bool is_shown(const struct stack *s, const struct trace_record *r)
{
	uint32_t bit = 1u << r->layer;

	return s->trace_shown & bit || !(s->trace_mask & bit);
}

static void on_record(
	struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct trace_printer *tp = CONTAINER_OF(l, struct trace_printer, listener);
	char line[sizeof(*r) + 128] = "";
	FILE *out = is_shown(s, r) ? fmemopen(line, sizeof(line), "w") : NULL;

	(void)p;
	if (!out)
		return;
	show_trace_time(out, tp->clock, r->time_ns);
	fputc(' ', out);
	show_trace_record(out, r, shell_notice_is_tty(tp->shell));
	fputc('\n', out);
	fclose(out);
	shell_notice(tp->shell, line);
}

static void stop_listening(void *mem)
{
	struct trace_printer *tp = mem;

	if (tp->shell)
		list_del(&tp->listener.node);
}

static bool listen_to(struct cmd *c)
{
	struct trace_printer *tp =
		shell_keep_here(c->shell, &trace_layer_names, sizeof(struct trace_printer), stop_listening);

	if (!tp)
		return false;
	if (tp->shell)
		return true;
	tp->shell = c->shell;
	tp->clock = &c->world->loop->clock;
	tp->listener.fn = on_record;
	list_add_tail(&c->world->trace.listeners, &tp->listener.node);
	return true;
}

/* ---- the command ---- */

static int show(const struct cmd *c)
{
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		fprintf(c->out, "%-8s%s\n", trace_layer_names[i],
			c->host->trace_shown & 1u << i ? "on" : "off");
	return CMD_OK;
}

/* The bits of a layer's name; 0: no such layer. */
static uint32_t layer_mask(const char *name)
{
	for (unsigned i = 0; i < LAYER_COUNT; i++) {
		if (strcmp(name, trace_layer_names[i]) == 0)
			return 1u << i;
	}
	return strcmp(name, "all") == 0 ? (1u << LAYER_COUNT) - 1 : 0;
}

/* Layers, then perhaps "on" or "off"; no layer means all. */
static int run_trace(struct cmd *c)
{
	const char *last = c->argv[c->argc - 1];
	bool off = strcmp(last, "off") == 0, has_verb = off || strcmp(last, "on") == 0;
	int layers = c->argc - 1 - (c->argc > 1 && has_verb);
	uint32_t mask = layers ? 0 : layer_mask("all");

	if (c->argc == 1)
		return show(c);
	for (int i = 1; i <= layers; i++) {
		uint32_t bits = layer_mask(c->argv[i]);
		if (!bits)
			return cmd_usage(c, "\"%s\" is no layer", c->argv[i]);
		mask |= bits;
	}
	if (!listen_to(c))
		return cmd_error(c, "%s", strerror(ENOMEM));
	trace_show(c->host, off ? c->host->trace_shown & ~mask : c->host->trace_shown | mask);
	return CMD_OK;
}

static void complete(struct completion *w)
{
	static const char *const more[] = {"all", "on", "off", NULL};

	complete_offer_list(w, more);
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		complete_offer(w, trace_layer_names[i]);
}

#define TRACE_TEXTS                                                                                   \
	.about = "print what each layer of this host decides about each packet, and by which clause", \
	.options = "  without arguments: which layers are traced\n"                                   \
		   "  LAYER        dev, bridge, arp, ip, route, frag, icmp, sock, drop ..., or all\n" \
		   "  on, off      (on)",                                                             \
	.example = "trace arp icmp on; ping -c 1 10.0.0.2; trace off", .complete = complete

const struct command cmd_trace = {
	.name = "trace", .run = run_trace, .usage = "trace [LAYER...] [on|off]", TRACE_TEXTS};
const struct command cmd_debug = {
	.name = "debug", .run = run_trace, .usage = "debug [LAYER...] [on|off]", TRACE_TEXTS};
