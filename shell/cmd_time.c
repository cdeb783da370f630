/* SPDX-License-Identifier: MIT */
/* Commands about time: sleep, time, watch. */
#include "shell/args.h"
#include "shell/internal.h"

#include <errno.h>
#include <stdlib.h>

/* ---- sleep ---- */

struct sleeping {
	struct cmd *c;
	struct timer timer;
};

static void sleep_over(struct timer *t)
{
	cmd_done(CONTAINER_OF(t, struct sleeping, timer)->c, CMD_OK);
}

static void sleep_free(struct cmd *c)
{
	struct sleeping *s = c->state;

	timer_cancel(&c->world->loop->wheel, &s->timer);
	free(s);
}

static int sleep_run(struct cmd *c)
{
	struct sleeping *s;
	uint64_t ns = 0, more;

	if (c->argc < 2)
		return cmd_usage(c, "how long?");
	for (int i = 1; i < c->argc; i++) {
		if (!args_duration(c->argv[i], &more))
			return cmd_usage(c, "%s is no time", c->argv[i]);
		ns = MIN(ns + more, (uint64_t)1e18);
	}
	s = mem_new(sizeof(*s));
	s->c = c;
	c->state = s;
	c->free_state = sleep_free;
	timer_init(&s->timer, sleep_over);
	timer_arm(&c->world->loop->wheel, &s->timer, c->world->loop->now + ns);
	return CMD_RUNNING;
}

const struct command cmd_sleep = {
	.name = "sleep",
	.run = sleep_run,
	.usage = "sleep SECONDS",
	.about = "wait; under the virtual clock that takes no time",
	.options = "  a number, also with a point; s, ms, us, m, h or d behind it is its unit\n",
	.example = "sleep 0.5\nsleep 10m\n",
	.man = "sleep(1)",
};

/* ---- time ---- */

/* Not loop->now, which stands still in a turn: a command may be over in the one in which it began. */
static uint64_t now_of(const struct cmd *c)
{
	return clock_read(&c->world->loop->clock);
}

static void time_done(struct cmd *c, int status)
{
	const uint64_t *start = c->state;
	uint64_t ms = (now_of(c) - *start) / NS_PER_MS;

	fprintf(c->err, "\nreal\t%um%u.%03us\n", (unsigned)(ms / 60000), (unsigned)(ms / 1000 % 60),
		(unsigned)(ms % 1000));
	cmd_done(c, status);
}

static void free_state(struct cmd *c)
{
	free(c->state);
}

static char *quoted_words(int argc, char *const *argv)
{
	struct buf b = {0};

	for (int i = 0; i < argc; i++)
		buf_add_quoted(&b, argv[i]);
	return buf_take(&b);
}

static int spawn_failed(struct cmd *c, int err)
{
	return cmd_error(c, "%s", err == -ELOOP ? "nested too deeply" : strerror(-err));
}

static int time_run(struct cmd *c)
{
	uint64_t *start;
	char *line;
	int err;

	if (c->argc < 2)
		return cmd_usage(c, "which command?");
	start = mem_new(sizeof(*start));
	*start = now_of(c);
	c->state = start;
	c->free_state = free_state;
	line = quoted_words(c->argc - 1, c->argv + 1);
	err = cmd_spawn(c, NULL, line, time_done);
	free(line);
	return err ? spawn_failed(c, err) : CMD_RUNNING;
}

static void complete_wrapped(struct completion *w)
{
	complete_rest(w, 1);
}

const struct command cmd_time = {
	.name = "time",
	.run = time_run,
	.usage = "time COMMAND...",
	.about = "run a command and tell how long it took",
	.example = "time ping -c 3 10.0.0.2\n",
	.man = "bash(1)",
	.complete = complete_wrapped,
};

/* ---- watch ---- */

struct watching {
	struct cmd *c;
	struct timer timer;
	uint64_t interval_ns, next_ns;
	char *line;
	bool header;
};

static void watch_done(struct cmd *c, int status)
{
	struct watching *s = c->state;
	struct loop *l = c->world->loop;

	(void)status;
	s->next_ns = MAX(s->next_ns + s->interval_ns, l->now);
	timer_arm(&l->wheel, &s->timer, s->next_ns);
}

static int watch_round(struct watching *s)
{
	struct cmd *c = s->c;

	if (c->out_is_tty)
		fputs("\033[H\033[2J", c->out);
	if (s->header)
		fprintf(c->out, "Every %.1fs: %s\n\n", (double)s->interval_ns / 1e9, s->line);
	return cmd_spawn(c, NULL, s->line, watch_done);
}

static void watch_again(struct timer *t)
{
	struct watching *s = CONTAINER_OF(t, struct watching, timer);
	int err = watch_round(s);

	if (err)
		cmd_done(s->c, spawn_failed(s->c, err));
}

static void watch_stop(struct cmd *c, int sig)
{
	(void)sig;
	cmd_done(c, CMD_OK);
}

static void watch_free(struct cmd *c)
{
	struct watching *s = c->state;

	timer_cancel(&c->world->loop->wheel, &s->timer);
	free(s->line);
	free(s);
}

/* The options before the command; returns where that begins, or a mistake's CMD_USAGE negated. */
static int watch_options(struct cmd *c, struct watching *s)
{
	int i = 1;

	for (; i < c->argc && c->argv[i][0] == '-'; i++) {
		const char *value = c->argv[i] + 2;

		if (strcmp(c->argv[i], "-t") == 0) {
			s->header = false;
			continue;
		}
		if (strncmp(c->argv[i], "-n", 2) != 0)
			return -cmd_usage(c, "%s is not understood", c->argv[i]);
		if (!*value && i + 1 < c->argc)
			value = c->argv[++i];
		if (!args_duration(value, &s->interval_ns) || s->interval_ns < 100 * NS_PER_MS)
			return -cmd_usage(c, "%s is no time of at least 0.1 s", value);
	}
	return i < c->argc ? i : -cmd_usage(c, "which command?");
}

static int watch_run(struct cmd *c)
{
	struct watching *s = mem_new(sizeof(*s));
	struct buf line = {0};
	int i, err;

	s->c = c;
	s->interval_ns = 2 * NS_PER_SEC;
	s->next_ns = c->world->loop->now;
	s->header = true;
	timer_init(&s->timer, watch_again);
	c->state = s;
	c->free_state = watch_free;
	i = watch_options(c, s);
	if (i < 0)
		return -i;
	for (; i < c->argc; i++)
		buf_printf(&line, "%s%s", line.len ? " " : "", c->argv[i]);
	s->line = buf_take(&line);
	c->stop = watch_stop;
	err = watch_round(s);
	return err ? spawn_failed(c, err) : CMD_RUNNING;
}

const struct command cmd_watch = {
	.name = "watch",
	.run = watch_run,
	.usage = "watch [-n SECONDS] [-t] COMMAND...",
	.about = "run a command again and again until ^C",
	.options = "  -n SECONDS   from one run to the next (2)\n"
		   "  -t           no header\n",
	.example = "watch -n 1 ip neigh\n",
	.man = "watch(1)",
	.complete = complete_wrapped,
};
