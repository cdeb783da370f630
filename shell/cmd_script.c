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
