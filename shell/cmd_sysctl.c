/* SPDX-License-Identifier: MIT */
/* sysctl, in the manner of procps, on the settings of the host. */
#include "net/sysctl.h"
#include "shell/args.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

enum { OPT_PATTERN = 'r', NAME_LEN = 128 };

struct sysctl_run {
	struct cmd *c;
	bool all, write, names_only, values_only, quiet, ignore_unknown, binary;
	const char *pattern;
	regex_t regex;
	int status;
};

struct setting {
	char name[NAME_LEN];
	char value[SYSCTL_TEXT_LEN];
};

struct settings {
	struct setting *list;
	size_t count, room;
};

/* ---- printing ---- */

static void print(const struct sysctl_run *run, const char *name, const char *value)
{
	FILE *out = run->c->out;

	if (run->names_only)
		fprintf(out, "%s\n", name);
	else if (run->binary)
		fprintf(out, "%s", value);
	else if (run->values_only)
		fprintf(out, "%s\n", value);
	else
		fprintf(out, "%s = %s\n", name, value);
}

/* Names are shown with dots and found in /proc/sys with slashes. */
static void translate(char *out, const char *name, char from, char to)
{
	size_t i;

	for (i = 0; i < NAME_LEN - 1 && name[i]; i++)
		out[i] = name[i] == from ? to : name[i];
	out[i] = '\0';
}

static void unknown(struct sysctl_run *run, const char *name)
{
	char path[NAME_LEN];

	if (run->ignore_unknown)
		return;
	translate(path, name, '.', '/');
	run->status = cmd_error(run->c, "cannot stat /proc/sys/%s: %s", path, strerror(ENOENT));
}

/* ---- many settings ---- */

static void collect(void *ctx, const char *name, const char *value, const char *help)
{
	struct settings *all = ctx;
	struct setting *more;

	(void)help;
	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 128;
		more = realloc(all->list, all->room * sizeof(*more));
		if (!more)
			abort();
		all->list = more;
	}
	snprintf(all->list[all->count].name, NAME_LEN, "%s", name);
	snprintf(all->list[all->count++].value, SYSCTL_TEXT_LEN, "%s", value);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct setting *)a)->name, ((const struct setting *)b)->name);
}

static bool is_wanted(const struct sysctl_run *run, const struct setting *st, const char *below)
{
	size_t len = below ? strlen(below) : 0;

	if (below && (strncmp(st->name, below, len) != 0 || st->name[len] != '.'))
		return false;
	return !run->pattern || regexec(&run->regex, st->name, 0, NULL, 0) == 0;
}

/* Everything, or everything `below` a name, in order; false: there is nothing of that name. */
static bool list(const struct sysctl_run *run, const char *below)
{
	struct settings all = {0};
	bool any = false;

	sysctl_each(run->c->host, collect, &all);
	qsort(all.list, all.count, sizeof(*all.list), by_name);
	for (size_t i = 0; i < all.count; i++) {
		if (!is_wanted(run, &all.list[i], below))
			continue;
		print(run, all.list[i].name, all.list[i].value);
		any = true;
	}
	free(all.list);
	return any;
}

/* ---- one setting ---- */

static void show(struct sysctl_run *run, const char *arg)
{
	char name[NAME_LEN], value[SYSCTL_TEXT_LEN];

	translate(name, arg, '/', '.');
	if (sysctl_read(run->c->host, arg, value) == 0)
		print(run, name, value);
	else if (!list(run, name))
		unknown(run, arg);
}

/* "name=value", also with spaces around the sign when they are quoted. */
static void set(struct sysctl_run *run, const char *arg)
{
	const char *sign = strchr(arg, '=');
	size_t len = sign ? (size_t)(sign - arg) : 0;
	char name[NAME_LEN], shown[NAME_LEN];

	while (len && arg[len - 1] == ' ')
		len--;
	if (!len || len >= sizeof(name)) {
		run->status = cmd_error(run->c, "command line(0): invalid syntax, continuing...");
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, arg);
	translate(shown, name, '/', '.');
	const char *value = sign + 1 + strspn(sign + 1, " ");
	int err = sysctl_write(run->c->host, name, value);
	if (err == -ENOENT)
		unknown(run, name);
	else if (err)
		run->status = cmd_error(run->c, "setting key \"%s\": %s", shown, strerror(EINVAL));
	else if (!run->quiet)
		print(run, shown, value);
}

/* ---- the command ---- */

static int take_option(struct sysctl_run *run, int opt)
{
	switch (opt) {
	case 'a':
	case 'A':
	case 'X':
		run->all = true;
		break;
	case 'b':
		run->binary = true;
		break;
	case 'e':
		run->ignore_unknown = true;
		break;
	case 'n':
		run->values_only = true;
		break;
	case 'N':
		run->names_only = true;
		break;
	case 'q':
		run->quiet = true;
		break;
	case 'w':
		run->write = true;
		break;
	case OPT_PATTERN:
		run->pattern = optarg;
		break;
	default: /* -p */
		return cmd_error(run->c, "there is no /etc/sysctl.conf here; use -w, or a script");
	}
	return 0;
}

static int run_operands(struct sysctl_run *run)
{
	char **args = run->c->argv + optind;

	if (run->all)
		list(run, NULL);
	else if (!args[0])
		return cmd_usage(run->c, "a variable is needed, or -a");
	for (; *args && !run->all; args++) {
		if (run->write || strchr(*args, '='))
			set(run, *args);
		else
			show(run, *args);
	}
	return run->status;
}

static int run_sysctl(struct cmd *c)
{
	static const struct option longs[] = {{"all", 0, NULL, 'a'}, {"values", 0, NULL, 'n'},
		{"names", 0, NULL, 'N'}, {"ignore", 0, NULL, 'e'}, {"quiet", 0, NULL, 'q'},
		{"write", 0, NULL, 'w'}, {"binary", 0, NULL, 'b'}, {"pattern", 1, NULL, OPT_PATTERN},
		{"load", 2, NULL, 'p'}, {"system", 0, NULL, 'p'}, {0}};
	struct sysctl_run run = {.c = c};
	int opt, status;

	args_begin();
	while ((opt = args_next(c, "aAbefnNoqr:wxXp", longs)) > 0) {
		status = take_option(&run, opt);
		if (status)
			return status;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (run.pattern && regcomp(&run.regex, run.pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return cmd_error(c, "bad pattern: %s", run.pattern);
	status = run_operands(&run);
	if (run.pattern)
		regfree(&run.regex);
	return status;
}

/* ---- completion ---- */

static void offer(void *ctx, const char *name, const char *value, const char *help)
{
	(void)value;
	(void)help;
	complete_offer(ctx, name);
}

static void complete(struct completion *w)
{
	static const char *const options[] = {"-a", "-n", "-N", "-q", "-r", "-w", NULL};

	if (w->word[0] == '-')
		complete_offer_list(w, options);
	else
		sysctl_each(w->host, offer, w);
}

const struct command cmd_sysctl = {
	.name = "sysctl",
	.run = run_sysctl,
	.usage = "sysctl [-abenNqw] [-r PATTERN] [VARIABLE[=VALUE]...]",
	.about = "show and change the settings of this host",
	.options = "  -a           all of them;  -r PATTERN: those that match\n"
		   "  -w           set (also without it: VARIABLE=VALUE)\n"
		   "  -n           values only;  -N: names only;  -b: no line end\n"
		   "  -e           say nothing about unknown ones;  -q: nothing about what was set",
	.example = "sysctl -w net.ipv4.ip_forward=1\n"
		   "sysctl -a -r neigh.eth0",
	.man = "sysctl(8)",
	.complete = complete,
};
