/* SPDX-License-Identifier: MIT */
/*
 * nstat, in the manner of iproute2: the MIB counters of the host, as increments since nstat last ran (for as
 * long as the shell lives; nstat keeps them in a file of the user).
 */
#include "shell/args.h"

#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>

struct nstat_seen {
	struct nstat_seen *next;
	char host[32];
	uint64_t mib[MIB_COUNT];
};

struct nstat_history {
	struct nstat_seen *hosts;
};

struct nstat_run {
	struct cmd *c;
	bool absolute, zeros, json, pretty, silent, keep, reset;
	const uint64_t *before; /* NULL: zeros */
};

/* ---- what was shown before ---- */

static void free_history(void *mem)
{
	struct nstat_history *h = mem;

	while (h->hosts) {
		struct nstat_seen *next = h->hosts->next;
		free(h->hosts);
		h->hosts = next;
	}
}

/* What nstat saw on this host last; made when it is not there. NULL: no memory. */
static struct nstat_seen *find_seen(struct cmd *c)
{
	struct nstat_history *h =
		shell_keep(c->shell, &mib_names, sizeof(struct nstat_history), free_history);
	struct nstat_seen *seen;

	if (!h)
		return NULL;
	for (seen = h->hosts; seen; seen = seen->next) {
		if (strcmp(seen->host, c->host->name) == 0)
			return seen;
	}
	seen = calloc(1, sizeof(*seen));
	if (!seen)
		return NULL;
	snprintf(seen->host, sizeof(seen->host), "%s", c->host->name);
	seen->next = h->hosts;
	h->hosts = seen;
	return seen;
}

/* A host of the same name that was made anew counts from zero. */
static bool is_older(const struct stack *s, const uint64_t *before)
{
	for (size_t i = 0; i < MIB_COUNT; i++) {
		if (before[i] > s->mib[i])
			return false;
	}
	return true;
}

/* ---- printing ---- */

static bool is_asked_for(const struct nstat_run *run, const char *name)
{
	char **patterns = run->c->argv + optind;

	for (size_t i = 0; patterns[i]; i++) {
		if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
			return true;
	}
	return !patterns[0];
}

static void each_value(
	const struct nstat_run *run, void (*fn)(void *ctx, const char *name, uint64_t value), void *ctx)
{
	for (size_t i = 0; i < MIB_COUNT; i++) {
		uint64_t value = run->c->host->mib[i] - (run->before ? run->before[i] : 0);
		if ((value || run->zeros) && is_asked_for(run, mib_names[i]))
			fn(ctx, mib_names[i], value);
	}
}

static void print_value(void *ctx, const char *name, uint64_t value)
{
	fprintf(ctx, "%-32s%-16llu%6.1f\n", name, (unsigned long long)value, 0.0);
}

static void add_value(void *ctx, const char *name, uint64_t value)
{
	json_object_set_new(ctx, name, json_integer((json_int_t)value));
}

static void print_json(const struct nstat_run *run)
{
	json_t *values = json_object(), *root = json_pack("{s:o}", "kernel", values);

	each_value(run, add_value, values);
	json_dumpf(root, run->c->out, run->pretty ? JSON_INDENT(4) : JSON_COMPACT);
	fputc('\n', run->c->out);
	json_decref(root);
}

static void print_all(const struct nstat_run *run)
{
	if (run->json) {
		print_json(run);
		return;
	}
	fputs("#kernel\n", run->c->out);
	each_value(run, print_value, run->c->out);
}

/* ---- the command ---- */

static void take_option(struct nstat_run *run, int opt)
{
	switch (opt) {
	case 'a':
		run->absolute = true;
		break;
	case 'j':
		run->json = true;
		break;
	case 'n':
		run->silent = true;
		break;
	case 'p':
		run->pretty = true;
		break;
	case 'r':
		run->reset = true;
		break;
	case 's':
		run->keep = true;
		break;
	case 'z':
		run->zeros = true;
		break;
	}
}

static int run_nstat(struct cmd *c)
{
	static const struct option longs[] = {{"ignore", 0, NULL, 'a'}, {"json", 0, NULL, 'j'},
		{"nooutput", 0, NULL, 'n'}, {"pretty", 0, NULL, 'p'}, {"reset", 0, NULL, 'r'},
		{"noupdate", 0, NULL, 's'}, {"zeros", 0, NULL, 'z'}, {0}};
	struct nstat_run run = {.c = c};
	struct nstat_seen *seen;
	int opt;

	args_begin();
	while ((opt = args_next(c, "ajnprsz", longs)) > 0)
		take_option(&run, opt);
	if (opt < 0)
		return CMD_USAGE;
	seen = find_seen(c);
	if (!seen)
		return cmd_error(c, "%s", strerror(ENOMEM));
	if (!run.absolute && !run.reset && is_older(c->host, seen->mib))
		run.before = seen->mib;
	if (!run.silent)
		print_all(&run);
	if (!run.keep)
		memcpy(seen->mib, c->host->mib, sizeof(seen->mib));
	return CMD_OK;
}

static void complete(struct completion *w)
{
	for (size_t i = 0; i < MIB_COUNT; i++)
		complete_offer(w, mib_names[i]);
}

const struct command cmd_nstat = {
	.name = "nstat",
	.run = run_nstat,
	.usage = "nstat [-anrsz] [-j [-p]] [PATTERN...]",
	.about = "show the MIB counters of this host that moved since the last time",
	.options = "  -a           since the beginning, not since the last time\n"
		   "  -z           those that are 0 too\n"
		   "  -s           do not take note;  -n: take note and print nothing;  -r: forget\n"
		   "  -j           JSON;  -p: pretty\n"
		   "  PATTERN      as for file names: 'Icmp*'",
	.example = "nstat -az 'Icmp*'",
	.man = "nstat(8)",
	.complete = complete,
};
