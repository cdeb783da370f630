/* SPDX-License-Identifier: MIT */
/* The machine: runs the tree step by step. shell/machine.h says how. */
#include "shell/internal.h"
#include "shell/jobs.h"
#include "shell/program.h"
#include "shell/redirect.h"

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

static void push(struct machine *m, const struct node *n, bool in_condition)
{
	struct frame *f = mem_new(sizeof(*f));

	f->node = n;
	f->in_condition = in_condition;
	f->below = m->top;
	m->top = f;
}

static void pop(struct machine *m)
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
		pop(m);
	node_put(m->tree);
	m->tree = NULL;
}

static void kill_children(struct machine *m)
{
	list_each_safe (child, &m->children, struct machine, node)
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
	push(m, tree, m->excused);
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
	list_each (child, &half->children, struct machine, node)
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

static bool is_excused(const struct machine *m)
{
	for (const struct frame *f = m->top; f; f = f->below)
		if (f->in_condition)
			return true;
	return m->excused;
}

void machine_refresh_input(struct machine *m)
{
	if (m->run)
		run_attach_input(m->run); /* and those it spawned */
	list_each (child, &m->children, struct machine, node)
		machine_refresh_input(child);
}

/* ---- children ---- */

/* A machine for part of this one's work, with a copy of its variables. */
static struct machine *new_child(struct machine *m, const struct io *io)
{
	struct variables *vars = variables_copy(m->vars);
	struct machine *child = machine_new(m->shell, io, vars);

	variables_put(vars);
	child->parent = m;
	child->depth = m->depth + 1;
	child->excused = is_excused(m);
	child->status = m->status;
	machine_copy_args(child, m->args);
	list_add_tail(&m->children, &child->node);
	return child;
}

/* The last one to end wakes the parent. */
static void child_done(struct machine *child)
{
	if (list_empty(&child->parent->children))
		machine_wake(child->parent);
}

static void substitution_done(struct machine *child, int status)
{
	struct machine *m = child->parent;
	struct buf *text = &child->io.out->pending;

	while (text->len && text->at[text->len - 1] == '\n')
		text->at[--text->len] = '\0';
	m->top->results[m->top->result_count++] = buf_take(text);
	m->status = status;
	child_done(child);
}

/* Runs the next $( ) of the frame's node; false when all have been. */
static bool substitute(struct machine *m, struct frame *f)
{
	const struct node *n = f->node;
	struct machine *child;
	struct io io;

	if (f->result_count == n->substitution_count)
		return false;
	if (!f->results)
		f->results = mem_new(n->substitution_count * sizeof(*f->results));
	if (!n->substitutions[f->result_count]->node) {
		f->results[f->result_count++] = mem_text("");
		return true;
	}
	io = io_get(machine_io(m));
	sink_put(io.out);
	io.out = sink_new_text(m->shell->loop);
	child = new_child(m, &io);
	io_put(&io);
	child->done = substitution_done;
	machine_start_node(child, n->substitutions[f->result_count]->node);
	return true;
}

struct expansion machine_expansion(const struct machine *m)
{
	return (struct expansion){.vars = m->vars,
		.args = m->args,
		.status = m->status,
		.job = m->shell->last_job,
		.results = m->top->results};
}

/* ---- the nodes, a step each ---- */

/* The end of something that can fail. */
static void pop_checked(struct machine *m)
{
	if (m->status && m->shell->options.stop_at_failure && !is_excused(m))
		m->leaving = m->exits = true;
	pop(m);
}

static void assign(struct machine *m, const struct node *n)
{
	for (size_t i = 0; i < n->assignment_count; i++) {
		struct expansion x = machine_expansion(m);
		char *value = expand_text(&x, &n->assignments[i].value);

		variables_set(m->vars, n->assignments[i].name, value);
		free(value);
	}
}

static void step_command(struct machine *m, struct frame *f)
{
	struct expansion x = machine_expansion(m);
	char **argv;
	int argc;

	if (f->step++ > 0) {
		pop_checked(m);
		return;
	}
	argv = expand_words(&x, f->node->words, f->node->word_count, &argc);
	if (argv && argc > 0) {
		run_start(m, machine_host(m), argc, argv);
		return;
	}
	mem_words_free(argv);
	if (!argv)
		sink_printf(machine_io(m)->err, "too many words\n");
	assign(m, f->node);
	m->status = !argv ? CMD_FAILED : f->result_count ? m->status : CMD_OK;
	pop_checked(m);
}

/* The environment that the assignments in front of a program make: "NAME=value", ... */
static char **assignments_of(struct machine *m, const struct node *n)
{
	char **list = mem_new((n->assignment_count + 1) * sizeof(*list));
	struct expansion x = machine_expansion(m);

	for (size_t i = 0; i < n->assignment_count; i++) {
		char *value = expand_text(&x, &n->assignments[i].value);
		struct buf b = {0};

		buf_printf(&b, "%s=%s", n->assignments[i].name, value);
		list[i] = buf_take(&b);
		free(value);
	}
	return list;
}

static void step_program(struct machine *m, struct frame *f)
{
	char **env;

	if (f->step++ > 0) {
		pop_checked(m);
		return;
	}
	env = assignments_of(m, f->node);
	program_start(m, f->node->text, env);
	mem_words_free(env);
}

static void stage_done(struct machine *child, int status)
{
	if (child->owner) /* the last stage */
		child->parent->status = status;
	child_done(child);
}

static void stage_broken(void *writer)
{
	machine_signal(writer, SIGPIPE);
}

static void step_pipe(struct machine *m, struct frame *f)
{
	size_t last = f->node->child_count - 1;
	struct source *next = NULL;

	if (f->step++ > 0) {
		pop_checked(m);
		return;
	}
	for (size_t i = 0; i <= last; i++) {
		struct io io = io_get(machine_io(m));
		struct machine *stage;

		if (next) {
			source_put(io.in);
			io.in = next;
		}
		if (i < last) {
			sink_put(io.out);
			pipe_new(m->shell->loop, &io.out, &next);
		}
		stage = new_child(m, &io);
		io_put(&io);
		stage->done = stage_done;
		if (i == last) {
			stage->owner = m;
		} else {
			stage->io.out->broken = stage_broken;
			stage->io.out->writer = stage;
		}
		machine_start_node(stage, f->node->children[i]);
	}
}

static void step_and_or(struct machine *m, struct frame *f)
{
	bool right = (m->status == 0) == (f->node->kind == NODE_AND);
	size_t step = f->step++;

	if (step == 0 || (step == 1 && right))
		push(m, f->node->children[step], step == 0);
	else
		pop(m);
}

static void step_list(struct machine *m, struct frame *f)
{
	if (f->step == f->node->child_count)
		pop(m);
	else
		push(m, f->node->children[f->step++], false);
}

static void step_background(struct machine *m, struct frame *f)
{
	job_start(m, f->node);
	m->status = 0;
	pop(m);
}

static char **copy_args(const struct machine *m)
{
	int n = 0;

	while (m->args && m->args[0] && m->args[n + 1])
		n++;
	return mem_words(n, n ? m->args + 1 : NULL);
}

static void step_for(struct machine *m, struct frame *f)
{
	struct expansion x = machine_expansion(m);
	const struct node *n = f->node;

	if (f->step == 0) {
		f->items = n->over_args ? copy_args(m) : expand_words(&x, n->words, n->word_count, NULL);
		m->status = f->items ? 0 : CMD_FAILED;
	}
	if (!f->items || !f->items[f->step]) {
		pop(m);
		return;
	}
	variables_set(m->vars, n->text, f->items[f->step++]);
	push(m, n->children[0], false);
}

static void step_while(struct machine *m, struct frame *f)
{
	bool go_on = (m->status == 0) == (f->node->kind == NODE_WHILE);

	if (f->step % 2 == 0) {
		f->status = f->step ? m->status : 0;
		push(m, f->node->children[0], true);
	} else if (go_on) {
		push(m, f->node->children[1], false);
	} else {
		m->status = f->status;
		pop(m);
		return;
	}
	f->step++;
}

static void step_if(struct machine *m, struct frame *f)
{
	const struct node *n = f->node;
	size_t branch = m->status == 0 ? 1 : 2;

	switch (f->step++) {
	case 0:
		push(m, n->children[0], true);
		return;
	case 1:
		if (branch < n->child_count) {
			push(m, n->children[branch], false);
			return;
		}
		m->status = 0;
		break;
	default:
		break;
	}
	pop(m);
}

static void (*const steps[])(struct machine *m, struct frame *f) = {
	[NODE_COMMAND] = step_command,
	[NODE_PROGRAM] = step_program,
	[NODE_PIPE] = step_pipe,
	[NODE_AND] = step_and_or,
	[NODE_OR] = step_and_or,
	[NODE_LIST] = step_list,
	[NODE_BACKGROUND] = step_background,
	[NODE_FOR] = step_for,
	[NODE_WHILE] = step_while,
	[NODE_UNTIL] = step_while,
	[NODE_IF] = step_if,
};

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
		pop(m);
	if (how == JUMP_BREAK)
		pop(m);
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
		push(m, m->tree, false);
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

static void run_frame(struct machine *m, struct frame *f)
{
	if (m->leaving)
		unwind(m);
	else if (m->jump)
		jump(m);
	else if (substitute(m, f))
		return;
	else if (f->prepared || redirect_open(m, f))
		steps[f->node->kind](m, f);
	else
		pop_checked(m);
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
			run_frame(m, m->top);
		else if (!next_command(m))
			return;
	}
	loop_post(m->shell->loop, &m->step);
}

void machine_report(struct machine *m)
{
	if (m->run)
		run_report(m->run);
	list_each (child, &m->children, struct machine, node)
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
	list_each (child, &m->children, struct machine, node)
		machine_signal(child, sig);
	machine_wake(m);
}
