/* SPDX-License-Identifier: MIT */
/* Commands about time: sleep, time, watch. */
#include "shell/internal.h"

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

/* "1.5", "2m": nanoseconds; false when it is no time. */
static bool parse_time(const char *text, uint64_t *ns)
{
	static const char units[] = "smhd";
	static const double seconds[] = {1, 60, 3600, 86400};
	char *end;
	double value = strtod(text, &end);
	const char *unit = *end ? strchr(units, *end) : units;

	if (end == text || !unit || (*end && end[1]) || !(value >= 0 && value < 1e9))
		return false;
	*ns += (uint64_t)(value * seconds[unit - units] * 1e9);
	return true;
}

static int sleep_run(struct cmd *c)
{
	struct sleeping *s;
	uint64_t ns = 0;

	if (c->argc < 2)
		return cmd_usage(c, "how long?");
	for (int i = 1; i < c->argc; i++)
		if (!parse_time(c->argv[i], &ns))
			return cmd_usage(c, "%s is no time", c->argv[i]);
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
	.options = "  a number, also with a point; s, m, h or d behind it is its unit\n",
	.example = "sleep 0.5\nsleep 10m\n",
	.man = "sleep(1)",
};
