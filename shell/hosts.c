/* SPDX-License-Identifier: MIT */
/* The hosts of the shell: of its prompt, and those that come and go. */
#include "shell/internal.h"
#include "shell/jobs.h"
#include "shell/program.h"

#include <errno.h>
#include <signal.h>

void shell_enter_host(struct shell *sh, struct stack *host)
{
	sh->hosts = mem_resize(sh->hosts, (sh->host_count + 1) * sizeof(struct stack *));
	sh->hosts[sh->host_count++] = host;
}

struct stack *shell_add_host(struct shell *sh, const char *name)
{
	return stack_new(sh->world, name, sh->options.make_lo);
}

struct search {
	const struct stack *host;
	bool found;
};

static void look_for_busy(struct machine *m, void *ctx)
{
	struct search *g = ctx;

	if (m->run && m->run->busy && m->run->c.host == g->host)
		g->found = true;
}

/* A command that is being called right now cannot lose its host. */
static bool is_busy_on(struct machine *m, const struct stack *host)
{
	struct search g = {.host = host};

	machine_each(m, look_for_busy, &g);
	return g.found;
}

static void end_on(struct machine *m, const struct stack *host)
{
	if (m->host == host) {
		m->host = NULL;
		m->leaving = true;
		if (m->program)
			program_signal(m->program, SIGHUP);
	}
	list_each(child, &m->children, struct machine, node)
		end_on(child, host);
	if (m->run)
		list_each(child, &m->run->children, struct machine, node)
			end_on(child, host);
	if (m->run && m->run->c.host == host)
		run_stop(m->run, SIGKILL);
}

static bool shell_is_busy_on(struct shell *sh, const struct stack *host)
{
	bool busy = host == sh->hosts[0] || (sh->main && is_busy_on(sh->main, host));

	list_each(j, &sh->jobs, struct job, node)
		busy = busy || (j->machine && is_busy_on(j->machine, host));
	return busy;
}

static void leave_host(struct shell *sh, const struct stack *host)
{
	size_t kept = 1;

	for (size_t i = 1; i < sh->host_count; i++)
		if (sh->hosts[i] != host)
			sh->hosts[kept++] = sh->hosts[i];
	sh->host_count = kept;
}

static void end_all_on(struct shell *sh, const struct stack *host)
{
	if (sh->main)
		end_on(sh->main, host);
	list_each(j, &sh->jobs, struct job, node)
		if (j->machine)
			end_on(j->machine, host);
	leave_host(sh, host);
}

int shell_del_host(struct shell *sh, struct stack *host)
{
	shell_each(each, sh) if (shell_is_busy_on(each, host)) return -EBUSY;
	shell_each(each, sh) end_all_on(each, host);
	stack_delete(host);
	return 0;
}
