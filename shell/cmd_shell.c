/* SPDX-License-Identifier: MIT */
/* Commands about the shell itself: help, exit, source. */
#include "shell/internal.h"

#include <stdlib.h>

/* ---- help ---- */

static void indented(FILE *f, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		fprintf(f, "  %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static int help_about(struct cmd *c, const char *name)
{
	const struct command *about = command_find(name);

	if (!about)
		return cmd_error(c, "no command is called %s", name);
	fprintf(c->out, "%s: %s\n\nUsage: %s\n", about->name, about->about, about->usage);
	if (about->options)
		fprintf(c->out, "\n%s", about->options);
	if (about->example) {
		fprintf(c->out, "\nFor example:\n");
		indented(c->out, about->example);
	}
	if (about->man)
		fprintf(c->out, "\nPeople know it from %s.\n", about->man);
	return CMD_OK;
}

/* Families without commands are not shown. */
static int help_run(struct cmd *c)
{
	const char *family = NULL;

	if (c->argc > 2)
		return cmd_usage(c, "one command at a time");
	if (c->argc == 2)
		return help_about(c, c->argv[1]);
	for (const struct command *const *i = shell_commands; *i; i++) {
		if (!(*i)->run) {
			family = (*i)->about;
			continue;
		}
		if (family)
			fprintf(c->out, "%s%s\n", i == shell_commands + 1 ? "" : "\n", family);
		family = NULL;
		fprintf(c->out, "  %-12s %s\n", (*i)->name, (*i)->about);
	}
	fprintf(c->out, "\n`help COMMAND` tells more. `!COMMAND` runs a program of the machine.\n");
	return CMD_OK;
}

static void help_complete(struct completion *w)
{
	complete_commands(w);
}

const struct command cmd_help = {
	.name = "help",
	.run = help_run,
	.usage = "help [COMMAND]",
	.about = "what there is, and how it is used",
	.example = "help ping\n",
	.complete = help_complete,
};

/* ---- exit ---- */

static int exit_run(struct cmd *c)
{
	struct machine *m = run_of(c)->machine;
	struct shell *sh = c->shell;
	int status = c->argc > 1 ? atoi(c->argv[1]) & 0xff : m->status;

	if (machine_root(m) == sh->main && sh->host_count > 1) {
		sh->host_count--;
		return status;
	}
	m->leaving = m->exits = true;
	return status;
}

const struct command cmd_exit = {
	.name = "exit",
	.run = exit_run,
	.usage = "exit [STATUS]",
	.about = "go back to the host before, or leave",
	.example = "exit\n",
	.man = "exit(1)",
};
