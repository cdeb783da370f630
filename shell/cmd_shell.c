/* SPDX-License-Identifier: MIT */
/* Commands about the shell itself: help, exit, source, history, clear, type. */
#include "shell/history.h"
#include "shell/internal.h"
#include "shell/suggest.h"

#include <errno.h>
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

/* ---- source ---- */

static void source_done(struct cmd *c, int status)
{
	cmd_done(c, status);
}

static int source_run(struct cmd *c)
{
	struct buf text = {0};
	int err;

	if (c->argc < 2)
		return cmd_usage(c, "which file?");
	if (!shell_read_file(c->argv[1], &text)) {
		err = errno;
		buf_exit(&text);
		return cmd_error(c, "%s: %s", c->argv[1], strerror(err));
	}
	err = cmd_spawn_text(c, NULL, c->argv[1], buf_text(&text), c->argv + 1, source_done);
	buf_exit(&text);
	if (err)
		return cmd_error(c, "%s: files that source files, too many deep", c->argv[1]);
	return CMD_RUNNING;
}

const struct command cmd_source = {
	.name = "source",
	.run = source_run,
	.usage = "source FILE [WORD...]",
	.about = "run the commands of a file; $1, $2 ... are the words",
	.example = "source lab.tapir\n",
	.man = "bash(1)",
	.complete = complete_files,
};

const struct command cmd_dot = {
	.name = ".",
	.run = source_run,
	.usage = ". FILE [WORD...]",
	.about = "the same",
	.example = ". lab.tapir\n",
	.man = "bash(1)",
	.complete = complete_files,
};

/* ---- history, clear, type ---- */

struct history_wanted {
	FILE *out;
	int skip;
};

static void count_line(void *ctx, int number, const char *line)
{
	(void)number;
	(void)line;
	++*(int *)ctx;
}

static void print_line(void *ctx, int number, const char *line)
{
	struct history_wanted *w = ctx;

	if (w->skip-- <= 0)
		fprintf(w->out, "%5d  %s\n", number, line);
}

static int history_run(struct cmd *c)
{
	struct history_wanted w = {.out = c->out};
	int count = 0;

	if (!c->shell->terminal)
		return cmd_error(c, "there is none without a prompt");
	history_each(count_line, &count);
	if (c->argc > 1)
		w.skip = count - atoi(c->argv[1]);
	history_each(print_line, &w);
	return CMD_OK;
}

const struct command cmd_history = {
	.name = "history",
	.run = history_run,
	.usage = "history [COUNT]",
	.about = "the lines that were typed, in this session and before",
	.example = "history 10\n",
	.man = "bash(1)",
};

static int clear_run(struct cmd *c)
{
	if (c->out_is_tty)
		fputs("\033[H\033[2J\033[3J", c->out);
	return CMD_OK;
}

const struct command cmd_clear = {
	.name = "clear",
	.run = clear_run,
	.usage = "clear",
	.about = "an empty screen",
	.example = "clear\n",
	.man = "clear(1)",
};

static int type_run(struct cmd *c)
{
	int status = CMD_OK;

	for (int i = 1; i < c->argc; i++) {
		const char *name = c->argv[i];

		if (command_find(name))
			fprintf(c->out, "%s is a command of tapir\n", name);
		else if (suggest_is_program(name))
			fprintf(c->out, "%s is a program of the machine: !%s\n", name, name);
		else
			status = cmd_error(c, "%s: not found", name);
	}
	return status;
}

const struct command cmd_type = {
	.name = "type",
	.run = type_run,
	.usage = "type NAME...",
	.about = "whether it is a command of tapir or a program of the machine",
	.example = "type ping\n",
	.man = "bash(1)",
	.complete = help_complete,
};
