/* SPDX-License-Identifier: MIT */
/* Jobs. */
#include "shell/jobs.h"
#include "shell/internal.h"
#include "shell/program.h"

#include <signal.h>
#include <stdlib.h>

enum { JOBS_KEPT = 64 /* that have ended */ };

static void look_for_stopped(struct machine *m, void *found)
{
	if (m->program && program_is_stopped(m->program))
		*(bool *)found = true;
}

static bool is_stopped(struct machine *m)
{
	bool found = false;

	machine_each(m, look_for_stopped, &found);
	return found;
}

const char *job_state(const struct job *j)
{
	if (j->machine)
		return is_stopped(j->machine) ? "Stopped" : "Running";
	if (j->status == 0)
		return "Done";
	if (j->status > 128 && j->status < 128 + NSIG)
		return strsignal(j->status - 128);
	return "Failed";
}

void job_remove(struct job *j)
{
	list_del(&j->node);
	if (j->machine)
		machine_free(j->machine);
	free(j->text);
	free(j);
}

/* The oldest ones that have ended are forgotten. */
static void forget(struct shell *sh)
{
	unsigned ended = 0;

	for (struct list *n = sh->jobs.prev, *before; n != &sh->jobs; n = before) {
		struct job *j = list_entry(n, struct job, node);

		before = n->prev;
		if (!j->machine && !j->waiter && ++ended > JOBS_KEPT)
			job_remove(j);
	}
}

static void job_done(struct machine *m, int status)
{
	struct job *j = m->owner;
	struct shell *sh = m->shell;

	j->machine = NULL;
	j->status = status;
	if (sh->foreground == m)
		sh->foreground = sh->main;
	if (j->waiter)
		j->ended(j->waiter, j);
	forget(sh);
}

static struct job *job_new(struct shell *sh, struct machine *machine, const char *text)
{
	struct job *last = list_last(&sh->jobs, struct job, node), *j = mem_new(sizeof(*j));

	j->number = last ? last->number + 1 : 1;
	j->text = mem_text(text);
	j->machine = machine;
	list_add_tail(&sh->jobs, &j->node);
	machine->owner = j;
	machine->done = job_done;
	return j;
}

/* A job gets the keyboard when it comes to the foreground; in a script that will not be, so there is no
 * input. */
static struct io job_io(const struct machine *m)
{
	struct io io = io_get(machine_io(m));

	if (io.in->kind == SOURCE_KEYBOARD && !m->shell->interactive) {
		source_put(io.in);
		io.in = source_new(m->shell->loop, SOURCE_NONE, -1);
	}
	return io;
}

void job_start(struct machine *m, const struct node *n)
{
	struct shell *sh = m->shell;
	struct variables *vars = variables_copy(m->vars);
	struct io io = job_io(m);
	struct machine *job = machine_new(sh, &io, vars);
	struct job *j = job_new(sh, job, n->text);

	io_put(&io);
	variables_put(vars);
	job->host = machine_host(m);
	machine_copy_args(job, m->args);
	sh->last_job = j->number;
	if (sh->interactive)
		sink_printf(sh->err, "[%u] %s\n", j->number, j->text);
	machine_start_node(job, n->children[0]);
}

void job_suspend(struct machine *m)
{
	struct shell *sh = m->shell;
	struct job *j = m->owner;

	if (m == sh->main) {
		struct machine *half = machine_split(m);

		j = job_new(sh, half, half->tree->source);
	}
	sh->foreground = sh->main;
	machine_refresh_input(j->machine);
	sink_printf(sh->err, "\n[%u]  %-10s %s\n", j->number, job_state(j), j->text);
	if (j->waiter)
		j->ended(j->waiter, j);
}

static void bring_program(struct machine *m, void *unused)
{
	(void)unused;
	if (m->program)
		program_foreground(m->program);
}

void job_foreground(struct job *j)
{
	struct shell *sh = j->machine->shell;

	sh->foreground = j->machine;
	machine_each(j->machine, bring_program, NULL);
	machine_refresh_input(j->machine);
}

static void hold(struct machine *m, void *on)
{
	if (m->program)
		program_hold(m->program, *(bool *)on);
}

void job_hold(struct job *j, bool on)
{
	if (!j->machine)
		return;
	j->machine->awaited = on;
	machine_each(j->machine, hold, &on);
}

struct signalling {
	int sig;
	bool found; /* a program to give it to */
};

static void signal_program(struct machine *m, void *ctx)
{
	struct signalling *g = ctx;

	if (!m->program)
		return;
	g->found = true;
	program_signal(m->program, g->sig);
}

bool job_signal(struct job *j, int sig)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGKILL, SIGPIPE};
	struct signalling g = {.sig = sig};

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		if (sig == ending[i]) {
			machine_signal(j->machine, sig);
			return true;
		}
	}
	machine_each(j->machine, signal_program, &g); /* our own commands know no other */
	return g.found;
}

struct job *job_find(struct shell *sh, const char *name)
{
	struct job *found = NULL;
	char *end = NULL;
	unsigned long number;

	if (name && *name == '%')
		name++;
	if (!name || !*name || strcmp(name, "%") == 0 || strcmp(name, "+") == 0) {
		list_each(j, &sh->jobs, struct job, node)
			found = !found || j->machine ? j : found;
		return found;
	}
	number = strtoul(name, &end, 10);
	list_each(j, &sh->jobs, struct job, node)
		if (*end ? strncmp(j->text, name, strlen(name)) == 0 : j->number == number)
			return j;
	return NULL;
}

void jobs_tell(struct shell *sh)
{
	list_each_safe(j, &sh->jobs, struct job, node) {
		if (j->machine || j->waiter)
			continue;
		sink_printf(sh->err, "[%u]  %-10s %s\n", j->number, job_state(j), j->text);
		job_remove(j);
	}
}

void jobs_end(struct shell *sh)
{
	list_each_safe(j, &sh->jobs, struct job, node)
		job_remove(j);
}
