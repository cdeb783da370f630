/* SPDX-License-Identifier: MIT */
/* Jobs: jobs, fg, bg, wait, kill. */
#include "shell/internal.h"
#include "shell/jobs.h"

#include <signal.h>
#include <stdlib.h>

static void jobs_complete(struct completion *w)
{
	list_each(j, &w->shell->jobs, struct job, node) {
		char name[16];

		snprintf(name, sizeof(name), "%%%u", j->number);
		complete_offer(w, name);
	}
}

static struct job *find(struct cmd *c, const char *name)
{
	struct job *j = job_find(c->shell, name);

	if (!j)
		cmd_error(c, "%s: no such job", name ? name : "current");
	return j;
}

/* ---- jobs ---- */

static int jobs_run(struct cmd *c)
{
	list_each_safe(j, &c->shell->jobs, struct job, node) {
		fprintf(c->out, "[%u]  %-10s %s\n", j->number, job_state(j), j->text);
		if (!j->machine && !j->waiter)
			job_remove(j);
	}
	return CMD_OK;
}

const struct command cmd_jobs = {
	.name = "jobs",
	.run = jobs_run,
	.usage = "jobs",
	.about = "what runs in the background",
	.example = "ping 10.0.0.2 > /tmp/log &\njobs\n",
	.man = "bash(1)",
};

/* ---- waiting: fg, wait ---- */

/* Jobs that this command waits for are let go. */
static void waiting_free(struct cmd *c)
{
	list_each(j, &c->shell->jobs, struct job, node) {
		if (j->waiter != c)
			continue;
		j->waiter = NULL;
		job_hold(j, false);
		if (c->shell->foreground == j->machine)
			c->shell->foreground = c->shell->main;
	}
}

static void fg_ended(struct cmd *c, struct job *j)
{
	if (j->machine) { /* ^Z */
		cmd_done(c, 128 + SIGTSTP);
		return;
	}
	int status = j->status;

	j->waiter = NULL;
	job_remove(j);
	cmd_done(c, status);
}

static int fg_run(struct cmd *c)
{
	struct job *j = find(c, c->argv[1]);
	int status;

	if (!j)
		return CMD_FAILED;
	if (machine_root(run_of(c)->machine) != c->shell->main)
		return cmd_error(c, "only at the prompt");
	fprintf(c->out, "%s\n", j->text);
	if (!j->machine) {
		status = j->status;
		job_remove(j);
		return status;
	}
	j->waiter = c;
	j->ended = fg_ended;
	c->free_state = waiting_free;
	job_foreground(j);
	return CMD_RUNNING;
}

const struct command cmd_fg = {
	.name = "fg",
	.run = fg_run,
	.usage = "fg [%JOB]",
	.about = "bring a job to the foreground",
	.example = "fg %1\n",
	.man = "bash(1)",
	.complete = jobs_complete,
};

static int bg_run(struct cmd *c)
{
	struct job *j = find(c, c->argv[1]);

	if (!j)
		return CMD_FAILED;
	if (!j->machine || !job_signal(j, SIGCONT))
		return cmd_error(c, "%%%u is not stopped", j->number);
	fprintf(c->out, "[%u]  %s\n", j->number, j->text);
	return CMD_OK;
}

const struct command cmd_bg = {
	.name = "bg",
	.run = bg_run,
	.usage = "bg [%JOB]",
	.about = "let a stopped program go on in the background",
	.example = "bg %1\n",
	.man = "bash(1)",
	.complete = jobs_complete,
};

static bool is_waiting(struct cmd *c)
{
	list_each(j, &c->shell->jobs, struct job, node)
		if (j->waiter == c)
			return true;
	return false;
}

static void wait_ended(struct cmd *c, struct job *j)
{
	int status = j->status;

	if (j->machine)
		return;
	j->waiter = NULL;
	job_remove(j);
	if (!is_waiting(c))
		cmd_done(c, c->argc > 1 ? status : CMD_OK);
}

/* Returns the status of one that has ended already. */
static int wait_for(struct cmd *c, struct job *j)
{
	int status = j->status;

	if (j->machine) {
		j->waiter = c;
		j->ended = wait_ended;
		job_hold(j, true);
	} else {
		job_remove(j);
	}
	return status;
}

static int wait_run(struct cmd *c)
{
	int status = CMD_OK;

	if (machine_root(run_of(c)->machine) != c->shell->main)
		return cmd_error(c, "a job cannot wait for jobs");
	c->free_state = waiting_free;
	if (c->argc == 1) {
		list_each_safe(j, &c->shell->jobs, struct job, node)
			wait_for(c, j);
	}
	for (int i = 1; i < c->argc; i++) {
		struct job *j = find(c, c->argv[i]);

		status = j ? wait_for(c, j) : 127;
	}
	return is_waiting(c) ? CMD_RUNNING : status;
}

const struct command cmd_wait = {
	.name = "wait",
	.run = wait_run,
	.usage = "wait [%JOB...]",
	.about = "wait for jobs, or for all of them, to end",
	.example = "ping -c 3 10.0.0.2 & wait %1\n",
	.man = "bash(1)",
	.complete = jobs_complete,
};

/* ---- kill ---- */

/* "9", "INT", "SIGINT"; 0: no signal. */
static int parse_signal(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*text && !*end)
		return number > 0 && number < NSIG ? (int)number : 0;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int sig = 1; sig < NSIG; sig++)
		if (sigabbrev_np(sig) && strcasecmp(sigabbrev_np(sig), text) == 0)
			return sig;
	return 0;
}

static int kill_one(struct cmd *c, const char *name, int sig)
{
	struct job *j;

	if (*name != '%')
		return cmd_error(
			c, "%s: jobs are called %%1, %%2, ...; !kill is for processes of the machine", name);
	j = find(c, name);
	if (!j)
		return CMD_FAILED;
	if (!j->machine)
		return cmd_error(c, "%s has ended", name);
	if (!job_signal(j, sig))
		return cmd_error(
			c, "%s runs no program of the machine; signals that end it are understood", name);
	return CMD_OK;
}

static int kill_run(struct cmd *c)
{
	int sig = SIGTERM, i = 1, status = CMD_OK;

	if (i < c->argc && c->argv[i][0] == '-') {
		const char *text = c->argv[i++] + 1;

		if (strcmp(text, "s") == 0 && i < c->argc)
			text = c->argv[i++];
		sig = parse_signal(text);
		if (!sig)
			return cmd_usage(c, "%s is no signal", text);
	}
	if (i == c->argc)
		return cmd_usage(c, "which job?");
	for (; i < c->argc; i++)
		status |= kill_one(c, c->argv[i], sig);
	return status;
}

const struct command cmd_kill = {
	.name = "kill",
	.run = kill_run,
	.usage = "kill [-SIGNAL] %JOB...",
	.about = "end jobs",
	.options = "  -SIGNAL   its name or number; TERM when it is not said\n",
	.example = "kill %1\nkill -INT %2\n",
	.man = "kill(1)",
	.complete = jobs_complete,
};
