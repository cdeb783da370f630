/* SPDX-License-Identifier: MIT */
/* One run of a command: its FILEs, its input, its end; and the functions of shell/cmd.h that go with it. */
#include "shell/internal.h"
#include "shell/suggest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <signal.h>

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = shell_commands; *c; c++)
		if ((*c)->run && strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

/* ---- the end ---- */

static void release(struct run *r)
{
	source_detach(&r->reader);
	drain_cancel(&r->drain);
	list_each_safe(child, &r->children, struct machine, node)
		machine_free(child);
	if (r->c.free_state)
		r->c.free_state(&r->c);
	fclose(r->c.out);
	fclose(r->c.err);
	io_put(&r->io);
	mem_words_free(r->words);
	free(r->c.argv);
	r->machine->run = NULL;
	free(r);
}

void run_kill(struct run *r)
{
	release(r);
}

/* Data that could not be written is a failure even when the command did not look. */
static int checked(struct run *r, int status)
{
	int error;

	sink_flush(r->io.out);
	error = r->io.out->error;
	if (status != CMD_OK || error == 0 || error == EPIPE)
		return status;
	return cmd_error(&r->c, "write error: %s", strerror(error));
}

static void finish(struct run *r, int status)
{
	struct machine *m = r->machine;

	m->status = checked(r, status);
	release(r);
	machine_wake(m);
}

/* After one of the command's own functions was called. */
static void left(struct run *r)
{
	if (--r->busy == 0 && r->ended)
		finish(r, r->status);
}

void cmd_done(struct cmd *c, int status)
{
	struct run *r = run_of(c);

	if (r->ended)
		return;
	r->ended = true;
	r->status = status;
	if (r->busy == 0)
		finish(r, status);
}

/* ---- the beginning ---- */

static void input(struct reader *reader, const char *data, size_t len)
{
	struct run *r = CONTAINER_OF(reader, struct run, reader);

	if (r->ended)
		return;
	r->at_end = len == 0;
	r->busy++;
	r->c.input(&r->c, data, len);
	left(r);
}

void run_attach_input(struct run *r)
{
	bool may = !r->held && (r->io.in->kind != SOURCE_KEYBOARD || machine_is_foreground(r->machine));

	if (r->reader.source && !may)
		source_detach(&r->reader);
	else if (!r->reader.source && may && r->c.input && !r->ended && !r->at_end)
		source_attach(r->io.in, &r->reader);
	list_each(child, &r->children, struct machine, node)
		machine_refresh_input(child);
}

void cmd_hold_input(struct cmd *c, bool hold)
{
	struct run *r = run_of(c);

	r->held = hold;
	run_attach_input(r);
}

/* ---- output ---- */

bool cmd_out_is_full(struct cmd *c)
{
	struct run *r = run_of(c);
	bool full = sink_is_full(r->io.out);

	if (full)
		sink_wait(r->io.out, &r->drain);
	return full;
}

static void drained(struct drain *d)
{
	struct run *r = CONTAINER_OF(d, struct run, drain);

	if (r->ended || !r->c.drained)
		return;
	r->busy++;
	r->c.drained(&r->c);
	left(r);
}

static void set_words(struct run *r, int argc, char *const *argv)
{
	char **words = mem_words(argc, argv);

	mem_words_free(r->words);
	free(r->c.argv);
	r->words = words;
	r->c.argc = argc;
	r->c.argv = mem_new(((size_t)argc + 1) * sizeof(char *));
	memcpy(r->c.argv, words, ((size_t)argc + 1) * sizeof(char *));
}

static int call(struct run *r)
{
	r->c.command = command_find(r->c.argv[0]);
	if (!r->c.command)
		return suggest_unknown(&r->c);
	return r->c.command->run(&r->c);
}

void run_start(struct machine *m, struct stack *host, int argc, char **argv)
{
	struct run *r = mem_new(sizeof(*r));
	int status;

	r->machine = m;
	r->io = io_get(machine_io(m));
	r->reader.input = input;
	drain_init(&r->drain, drained);
	list_init(&r->children);
	r->c.shell = m->shell;
	r->c.world = m->shell->world;
	r->c.host = host;
	r->c.out = sink_open(r->io.out);
	r->c.err = sink_open(r->io.err);
	r->c.out_is_tty = r->io.out->is_tty;
	m->run = r;
	set_words(r, argc, argv);
	mem_words_free(argv);
	r->busy++;
	status = call(r);
	if (status != CMD_RUNNING)
		cmd_done(&r->c, status);
	else if (!r->ended)
		run_attach_input(r);
	left(r);
}

int cmd_become(struct cmd *c, struct stack *host, int argc, char **argv)
{
	struct run *r = run_of(c);

	if (argc <= 0)
		return CMD_OK;
	if (c->free_state)
		c->free_state(c);
	c->state = NULL;
	c->free_state = NULL;
	c->stop = NULL;
	c->report = NULL;
	c->input = NULL;
	c->drained = NULL;
	c->host = host;
	set_words(r, argc, argv);
	return call(r);
}

/* ---- stopping ---- */

void run_stop(struct run *r, int sig)
{
	if (r->ended)
		return;
	r->busy++;
	list_each(child, &r->children, struct machine, node)
		machine_signal(child, sig);
	if (r->c.stop && sig != SIGKILL)
		r->c.stop(&r->c, sig);
	else if (list_empty(&r->children) || sig == SIGKILL)
		cmd_done(&r->c, 128 + sig);
	left(r);
}

void run_report(struct run *r)
{
	if (r->ended)
		return;
	list_each(child, &r->children, struct machine, node)
		machine_report(child);
	if (r->c.report)
		r->c.report(&r->c);
}

/* ---- children ---- */

static void spawned_done(struct machine *child, int status)
{
	struct run *r = child->spawner;

	if (child->exits)
		r->machine->leaving = r->machine->exits = true;
	if (r->ended)
		return;
	r->busy++;
	child->spawn_done(&r->c, status);
	left(r);
}

int cmd_spawn_text(struct cmd *c, struct stack *host, const char *name, const char *text, char *const *argv,
	void (*done)(struct cmd *c, int status))
{
	struct run *r = run_of(c);
	struct machine *m;

	if (r->machine->depth >= MACHINE_DEPTH)
		return -ELOOP;
	m = machine_new(c->shell, &r->io, r->machine->vars);
	m->spawner = r;
	m->depth = r->machine->depth + 1;
	m->host = host ? host : c->host != machine_host(r->machine) ? c->host : NULL;
	m->done = spawned_done;
	m->spawn_done = done;
	machine_copy_args(m, argv);
	list_add_tail(&r->children, &m->node);
	machine_start_text(m, name, text, false);
	return 0;
}

int cmd_spawn(struct cmd *c, struct stack *host, const char *line, void (*done)(struct cmd *c, int status))
{
	return cmd_spawn_text(c, host, c->argv[0], line, run_of(c)->machine->args, done);
}

/* ---- messages ---- */

static void message(struct cmd *c, const char *fmt, va_list ap)
{
	fprintf(c->err, "%s: ", run_of(c)->words[0]);
	vfprintf(c->err, fmt, ap);
	fputc('\n', c->err);
}

int cmd_error(struct cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(c, fmt, ap);
	va_end(ap);
	return CMD_FAILED;
}

int cmd_usage(struct cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(c, fmt, ap);
	va_end(ap);
	if (c->command)
		fprintf(c->err, "Usage: %s\n", c->command->usage);
	return CMD_USAGE;
}
