/* SPDX-License-Identifier: MIT */
/* The machine: its life, its frames, its next step. shell/machine.h says how it works. */
#include "shell/internal.h"
#include "shell/program.h"

#include <signal.h>
#include <stdlib.h>

enum { STEPS_AT_ONCE = 64 };

static void run_some(struct work *w);

/* ---- making and ending ---- */

struct io io_get(const struct io *io)
{
	return (struct io){source_get(io->in), sink_get(io->out), sink_get(io->err)};
}

void io_put(struct io *io)
{
	source_put(io->in);
	sink_put(io->out);
	sink_put(io->err);
	*io = (struct io){0};
}

struct machine *machine_new(struct shell *sh, const struct io *io, struct variables *vars)
{
	struct machine *m = mem_new(sizeof(*m));

	m->shell = sh;
	m->io = io_get(io);
	m->vars = variables_get(vars);
	list_init(&m->node);
	list_init(&m->children);
	work_init(&m->step, run_some);
	return m;
}

void frame_push(struct machine *m, const struct node *n, bool in_condition)
{
	struct frame *f = mem_new(sizeof(*f));

	f->node = n;
	f->in_condition = in_condition;
	f->below = m->top;
	m->top = f;
}

void frame_pop(struct machine *m)
{
	struct frame *f = m->top;

	m->top = f->below;
	for (size_t i = 0; i < f->result_count; i++)
		free(f->results[i]);
	free(f->results);
	mem_words_free(f->items);
	io_put(&f->io);
	free(f);
}

static void unwind(struct machine *m)
{
	while (m->top)
		frame_pop(m);
	node_put(m->tree);
	m->tree = NULL;
}

static void kill_children(struct machine *m)
{
	list_each_safe(child, &m->children, struct machine, node)
		machine_free(child);
}

void machine_free(struct machine *m)
{
	if (m->run)
		run_kill(m->run);
	if (m->program)
		program_kill(m->program);
	kill_children(m);
	unwind(m);
	work_cancel(&m->step);
	list_del(&m->node);
	if (m->io.out->writer == m)
		m->io.out->writer = NULL;
	io_put(&m->io);
	script_exit(&m->script);
	variables_put(m->vars);
	mem_words_free(m->args);
	free(m);
}

static void end(struct machine *m)
{
	list_del(&m->node);
	if (m->done)
		m->done(m, m->status);
	machine_free(m);
}

void machine_start_node(struct machine *m, struct node *tree)
{
	m->tree = node_get(tree);
	frame_push(m, tree, m->excused);
	machine_wake(m);
}

void machine_start_text(struct machine *m, const char *name, const char *text, bool open)
{
	script_init(&m->script, name, text, open);
	machine_wake(m);
}

void machine_wake(struct machine *m)
{
	loop_defer(m->shell->loop, &m->step);
}

struct machine *machine_split(struct machine *m)
{
	struct machine *half = machine_new(m->shell, &m->io, m->vars);

	half->host = machine_host(m);
	half->tree = m->tree;
	half->top = m->top;
	half->run = m->run;
	half->program = m->program;
	m->tree = NULL;
	m->top = NULL;
	m->run = NULL;
	m->program = NULL;
	list_splice_tail(&half->children, &m->children);
	list_each(child, &half->children, struct machine, node)
		child->parent = half;
	if (half->run)
		half->run->machine = half;
	if (half->program)
		program_move(half->program, half);
	machine_copy_args(half, m->args);
	machine_wake(m);
	return half;
}

void machine_copy_args(struct machine *m, char *const *args)
{
	int n = 0;

	while (args && args[n])
		n++;
	m->args = n ? mem_words(n, args) : NULL;
}

/* ---- about it ---- */

static struct machine *above(const struct machine *m)
{
	return m->parent ? m->parent : m->spawner ? m->spawner->machine : NULL;
}

struct machine *machine_root(struct machine *m)
{
	while (above(m))
		m = above(m);
	return m;
}

struct stack *machine_host(const struct machine *m)
{
	for (; m; m = above(m)) {
		if (m->host)
			return m->host;
		if (!above(m))
			return shell_host(m->shell);
	}
	return NULL;
}

bool machine_is_foreground(struct machine *m)
{
	return machine_root(m) == m->shell->foreground;
}

const struct io *machine_io(const struct machine *m)
{
	for (const struct frame *f = m->top; f; f = f->below)
		if (f->io.out)
			return &f->io;
	return &m->io;
}

bool machine_is_excused(const struct machine *m)
{
	for (const struct frame *f = m->top; f; f = f->below)
		if (f->in_condition)
			return true;
	return m->excused;
}

struct expansion machine_expansion(const struct machine *m)
{
	return (struct expansion){.vars = m->vars,
		.args = m->args,
		.status = m->status,
		.job = m->shell->last_job,
		.results = m->top->results};
}

void machine_each(struct machine *m, void (*fn)(struct machine *m, void *ctx), void *ctx)
{
	fn(m, ctx);
	list_each(child, &m->children, struct machine, node)
		machine_each(child, fn, ctx);
	if (m->run)
		list_each(child, &m->run->children, struct machine, node)
			machine_each(child, fn, ctx);
}

void machine_refresh_input(struct machine *m)
{
	if (m->run)
		run_attach_input(m->run); /* and those it spawned */
	list_each(child, &m->children, struct machine, node)
		machine_refresh_input(child);
}

/* ---- stepping ---- */

static bool is_waiting(const struct machine *m)
{
	return m->run || m->program || !list_empty(&m->children);
}

static bool is_loop(const struct node *n)
{
	return n->kind == NODE_FOR || n->kind == NODE_WHILE || n->kind == NODE_UNTIL;
}

/* `break` and `continue`: frames go until the loop's own is on top. Outside of loops they mean nothing. */
static void jump(struct machine *m)
{
	enum jump how = m->jump;
	const struct frame *f = m->top;

	m->jump = JUMP_NONE;
	while (f && !is_loop(f->node))
		f = f->below;
	if (!f)
		return;
	while (m->top != f)
		frame_pop(m);
	if (how == JUMP_BREAK)
		frame_pop(m);
	else if (m->top->node->kind != NODE_FOR)
		m->top->step += m->top->step % 2;
}

/* The next command of its script, or its end. False: it is idle, or gone. */
static bool next_command(struct machine *m)
{
	char error[PARSE_ERROR_LEN];
	enum parse_result result = PARSE_END;

	unwind(m);
	if (m->script.name && !m->leaving)
		result = parse_next(&m->script, &m->tree, error);
	if (result == PARSE_NODE) {
		frame_push(m, m->tree, false);
		return true;
	}
	if (result == PARSE_ERROR) {
		sink_printf(m->io.err, "%s\n", error);
		m->status = CMD_USAGE;
		m->leaving = !m->idle;
		return true;
	}
	if (m->idle && m->script.open && !m->leaving)
		m->idle(m, result == PARSE_MORE);
	else
		end(m);
	return false;
}

/* ^C ends the line that the main machine is at, or was about to begin; any other machine ends itself. */
static void obey(struct machine *m)
{
	unwind(m);
	if (m != m->shell->main || m->signal != SIGINT)
		m->leaving = true;
	else if (m->shell->interactive)
		m->script.pos = m->script.text.len;
	m->signal = 0;
}

static void run_frame(struct machine *m)
{
	if (m->leaving)
		unwind(m);
	else if (m->jump)
		jump(m);
	else
		step_frame(m);
}

static void run_some(struct work *w)
{
	struct machine *m = CONTAINER_OF(w, struct machine, step);

	for (int i = 0; i < STEPS_AT_ONCE; i++) {
		if (is_waiting(m))
			return;
		if (m->signal)
			obey(m);
		else if (m->top)
			run_frame(m);
		else if (!next_command(m))
			return;
	}
	work_cancel(&m->step); /* a command that ended at once has woken it, for this very turn */
	loop_post(m->shell->loop, &m->step);
}

void machine_report(struct machine *m)
{
	if (m->run)
		run_report(m->run);
	list_each(child, &m->children, struct machine, node)
		machine_report(child);
}

void machine_signal(struct machine *m, int sig)
{
	m->signal = sig;
	m->status = 128 + sig;
	if (m->run)
		run_stop(m->run, sig);
	else if (m->program)
		program_signal(m->program, sig);
	list_each(child, &m->children, struct machine, node)
		machine_signal(child, sig);
	machine_wake(m);
}
