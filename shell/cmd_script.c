/* SPDX-License-Identifier: MIT */
/* Commands that scripts are made of: echo, seq, true, false, set, export, unset, break, continue. */
#include "shell/internal.h"

#include <ctype.h>
#include <stdlib.h>

static const char echo_usage[] = "echo [-n] [-e] [WORD...]";

/* \n, \t, \\ and \e of `echo -e`. */
static void put_escaped(FILE *f, const char *text)
{
	static const char from[] = "nte\\ar", to[] = "\n\t\033\\\a\r";

	for (; *text; text++) {
		const char *which = text[0] == '\\' && text[1] ? strchr(from, text[1]) : NULL;

		fputc(which ? to[which - from] : *text, f);
		text += which != NULL;
	}
}

static int echo_run(struct cmd *c)
{
	bool newline = true, escapes = false;
	int i = 1;

	for (; i < c->argc && c->argv[i][0] == '-' && c->argv[i][1]; i++) {
		if (c->argv[i][strspn(c->argv[i] + 1, "ne") + 1])
			break;
		newline = newline && !strchr(c->argv[i], 'n');
		escapes = escapes || strchr(c->argv[i], 'e');
	}
	for (; i < c->argc; i++) {
		if (escapes)
			put_escaped(c->out, c->argv[i]);
		else
			fputs(c->argv[i], c->out);
		if (i + 1 < c->argc)
			fputc(' ', c->out);
	}
	if (newline)
		fputc('\n', c->out);
	return CMD_OK;
}

const struct command cmd_echo = {
	.name = "echo",
	.run = echo_run,
	.usage = echo_usage,
	.about = "print the words",
	.options = "  -n   no newline at the end\n"
		   "  -e   \\n, \\t, \\e and the like mean something\n",
	.example = "echo $X > /tmp/x\n",
	.man = "echo(1)",
};

static int true_run(struct cmd *c)
{
	(void)c;
	return CMD_OK;
}

const struct command cmd_true = {
	.name = "true",
	.run = true_run,
	.usage = "true",
	.about = "succeed",
	.example = "while true; do ping -c 1 10.0.0.2; sleep 1; done\n",
	.man = "true(1)",
};

static int false_run(struct cmd *c)
{
	(void)c;
	return CMD_FAILED;
}

const struct command cmd_false = {
	.name = "false",
	.run = false_run,
	.usage = "false",
	.about = "fail",
	.example = "false || echo failed\n",
	.man = "false(1)",
};

/* ---- seq ---- */

enum { SEQ_MAX = 1000000 };

static bool parse_number(const char *text, long *n)
{
	char *end;

	*n = strtol(text, &end, 10);
	return *text && !*end && *n > -1000000000 && *n < 1000000000;
}

static int seq_run(struct cmd *c)
{
	long first = 1, step = 1, last;
	bool ok = c->argc >= 2 && c->argc <= 4 && parse_number(c->argv[c->argc - 1], &last);

	if (ok && c->argc > 2)
		ok = parse_number(c->argv[1], &first);
	if (ok && c->argc == 4)
		ok = parse_number(c->argv[2], &step) && step != 0;
	if (!ok)
		return cmd_usage(c, "whole numbers, please");
	if ((last - first) / step > SEQ_MAX)
		return cmd_error(c, "more than %d numbers", SEQ_MAX);
	for (long n = first; step > 0 ? n <= last : n >= last; n += step)
		fprintf(c->out, "%ld\n", n);
	return CMD_OK;
}

const struct command cmd_seq = {
	.name = "seq",
	.run = seq_run,
	.usage = "seq [FIRST [STEP]] LAST",
	.about = "print numbers",
	.example = "for i in $(seq 1 5); do ping -c 1 10.0.0.$i; done\n",
	.man = "seq(1)",
};

/* ---- variables ---- */

static int set_option(struct cmd *c, const char *option)
{
	if (strcmp(option + 1, "e") != 0)
		return cmd_usage(c, "%s: only -e and +e are understood", option);
	c->shell->options.stop_at_failure = *option == '-';
	return CMD_OK;
}

static int set_run(struct cmd *c)
{
	const struct variables *v = run_of(c)->machine->vars;

	if (c->argc == 2 && (c->argv[1][0] == '-' || c->argv[1][0] == '+'))
		return set_option(c, c->argv[1]);
	if (c->argc > 1)
		return cmd_usage(c, "variables are set by NAME=VALUE");
	for (size_t i = 0; i < v->count; i++) {
		struct buf b = {0};

		buf_add_quoted(&b, v->at[i].value);
		fprintf(c->out, "%s=%s\n", v->at[i].name, buf_text(&b));
		buf_exit(&b);
	}
	return CMD_OK;
}

const struct command cmd_set = {
	.name = "set",
	.run = set_run,
	.usage = "set [-e|+e]",
	.about = "show the variables; -e: stop at the first failure",
	.example = "X=10.0.0.2\nset\n",
	.man = "bash(1)",
};

/* Programs of the machine see every variable, so there is no more to exporting than setting. */
static int export_run(struct cmd *c)
{
	for (int i = 1; i < c->argc; i++) {
		char *equals = strchr(c->argv[i], '=');

		if (!equals)
			continue;
		*equals = '\0';
		variables_set(run_of(c)->machine->vars, c->argv[i], equals + 1);
	}
	return CMD_OK;
}

const struct command cmd_export = {
	.name = "export",
	.run = export_run,
	.usage = "export NAME[=VALUE]...",
	.about = "set variables; programs of the machine see all of them",
	.example = "export LANG=C\n",
	.man = "bash(1)",
};

static int unset_run(struct cmd *c)
{
	for (int i = 1; i < c->argc; i++)
		variables_unset(run_of(c)->machine->vars, c->argv[i]);
	return CMD_OK;
}

const struct command cmd_unset = {
	.name = "unset",
	.run = unset_run,
	.usage = "unset NAME...",
	.about = "forget variables",
	.example = "unset X\n",
	.man = "bash(1)",
};

/* ---- loops ---- */

static int break_run(struct cmd *c)
{
	run_of(c)->machine->jump = JUMP_BREAK;
	return CMD_OK;
}

const struct command cmd_break = {
	.name = "break",
	.run = break_run,
	.usage = "break",
	.about = "leave the loop",
	.example = "for i in 1 2 3; do ping -c 1 10.0.0.$i && break; done\n",
	.man = "bash(1)",
};

static int continue_run(struct cmd *c)
{
	run_of(c)->machine->jump = JUMP_CONTINUE;
	return CMD_OK;
}

const struct command cmd_continue = {
	.name = "continue",
	.run = continue_run,
	.usage = "continue",
	.about = "go on with the loop's next round",
	.example = "for i in 1 2 3; do ping -c 1 10.0.0.$i || continue; echo $i; done\n",
	.man = "bash(1)",
};
