/* SPDX-License-Identifier: MIT */
/* What the machine does at each kind of node, a step at a time. */
#include "shell/internal.h"
#include "shell/jobs.h"
#include "shell/program.h"
#include "shell/redirect.h"

#include <signal.h>
#include <stdlib.h>

/* ---- children ---- */

/* A machine for part of this one's work, with a copy of its variables. */
static struct machine *new_child(struct machine *m, const struct io *io)
{
	struct variables *vars = variables_copy(m->vars);
	struct machine *child = machine_new(m->shell, io, vars);

	variables_put(vars);
	child->parent = m;
	child->depth = m->depth + 1;
	child->excused = machine_is_excused(m);
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

/* ---- the nodes, a step each ---- */

/* The end of something that can fail. */
static void pop_checked(struct machine *m)
{
	if (m->status && m->shell->options.stop_at_failure && !machine_is_excused(m))
		m->leaving = m->exits = true;
	frame_pop(m);
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

static void start_words(struct machine *m, const struct node *n, int argc, char **argv)
{
	char **env;

	if (!program_is_filter(argv[0])) {
		run_start(m, machine_host(m), argc, argv);
		return;
	}
	env = assignments_of(m, n);
	program_start_words(m, argv, env);
	mem_words_free(env);
	mem_words_free(argv);
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
		start_words(m, f->node, argc, argv);
		return;
	}
	mem_words_free(argv);
	if (!argv)
		sink_printf(machine_io(m)->err, "too many words\n");
	assign(m, f->node);
	m->status = !argv ? CMD_FAILED : f->result_count ? m->status : CMD_OK;
	pop_checked(m);
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
		frame_push(m, f->node->children[step], step == 0);
	else
		frame_pop(m);
}

static void step_list(struct machine *m, struct frame *f)
{
	if (f->step == f->node->child_count)
		frame_pop(m);
	else
		frame_push(m, f->node->children[f->step++], false);
}

static void step_background(struct machine *m, struct frame *f)
{
	job_start(m, f->node);
	m->status = 0;
	frame_pop(m);
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
		frame_pop(m);
		return;
	}
	variables_set(m->vars, n->text, f->items[f->step++]);
	frame_push(m, n->children[0], false);
}

static void step_while(struct machine *m, struct frame *f)
{
	bool go_on = (m->status == 0) == (f->node->kind == NODE_WHILE);

	if (f->step % 2 == 0) {
		f->status = f->step ? m->status : 0;
		frame_push(m, f->node->children[0], true);
	} else if (go_on) {
		frame_push(m, f->node->children[1], false);
	} else {
		m->status = f->status;
		frame_pop(m);
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
		frame_push(m, n->children[0], true);
		return;
	case 1:
		if (branch < n->child_count) {
			frame_push(m, n->children[branch], false);
			return;
		}
		m->status = 0;
		break;
	default:
		break;
	}
	frame_pop(m);
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

void step_frame(struct machine *m)
{
	struct frame *f = m->top;

	if (substitute(m, f))
		return;
	if (f->prepared || redirect_open(m, f))
		steps[f->node->kind](m, f);
	else
		pop_checked(m);
}
