/* SPDX-License-Identifier: MIT */
/*
 * clock: what time it is, and how the virtual clock moves.
 *
 * It stands (freeze), or flows as the machine's clock does, so many times as fast (run, speed). `step` and `until` jump, from
 * timer to timer, and end when all that happens at the moment they came to has happened.
 */
#include "net/trace.h"
#include "shell/args.h"
#include "shell/filter.h"
#include "shell/show_trace.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { LIMIT_S = 86400 };

#define SPEED_MAX 1e6

/* ---- show ---- */

static void print_date(FILE *out, const struct clock *clock)
{
	time_t seconds = (time_t)(clock_wall_ns(clock) / NS_PER_SEC);
	char date[16];
	struct tm tm;

	if (clock->is_virtual)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%F", &tm);
	fprintf(out, "%s ", date);
	show_trace_time(out, clock, clock->now_ns);
	fputc('\n', out);
}

static void print_motion(FILE *out, const struct clock *clock)
{
	if (!clock->is_virtual)
		fputs("clock       the machine's\n", out);
	else if (clock_flows(clock))
		fprintf(out, "clock       virtual, flows %gx as fast as the machine's\n", clock->speed);
	else
		fputs("clock       virtual, stands; jumps while a command waits\n", out);
}

static int show(struct cmd *c)
{
	const struct loop *l = c->world->loop;
	uint64_t first = wheel_first(&l->wheel);

	print_motion(c->out, &l->clock);
	fputs("now         ", c->out);
	print_date(c->out, &l->clock);
	if (first == TIMER_NEVER) {
		fputs("next timer  none\n", c->out);
		return CMD_OK;
	}
	fputs("next timer  ", c->out);
	show_trace_time(c->out, &l->clock, first);
	fprintf(c->out, ", in %.6f s\n", (double)(MAX(first, l->now) - l->now) / 1e9);
	return CMD_OK;
}

/* ---- freeze, run, speed ---- */

static int set_speed(struct cmd *c, double speed)
{
	clock_set_speed(&c->world->loop->clock, speed);
	return CMD_OK;
}

static int freeze(struct cmd *c)
{
	return set_speed(c, 0);
}

static int flow(struct cmd *c)
{
	return set_speed(c, 1);
}

static int speed(struct cmd *c)
{
	const char *text = c->argc > 1 ? c->argv[1] : "";
	char *end;
	double factor = strtod(text, &end);

	if (end == text || strcmp(end + (*end == 'x'), "") != 0 || !(factor > 0 && factor <= SPEED_MAX))
		return cmd_usage(c, "\"%s\" is no factor as 10x, up to %gx", text, SPEED_MAX);
	return set_speed(c, factor);
}

/* ---- step, until, while ---- */

enum event { UNTIL_TIME, UNTIL_PACKET, UNTIL_COMMAND };

struct waiting {
	struct cmd *c;
	enum event event;
	bool came;
	bool reversed; /* UNTIL_COMMAND: until it fails */
	uint64_t began_ns, limit_ns;
	struct timer timer; /* the next look, or the limit */
	struct work look;   /* at the end of that moment */
	char *line;	    /* UNTIL_COMMAND */
	struct filter *filter;
	struct trace_listener listener; /* UNTIL_PACKET */
	char where[96];
};

static void free_waiting(struct cmd *c)
{
	struct waiting *w = c->state;
	struct loop *l = c->world->loop;

	l->hurries--;
	timer_cancel(&l->wheel, &w->timer);
	work_cancel(&w->look);
	if (w->event == UNTIL_PACKET) {
		list_del(&w->listener.node);
		trace_everything(c->world, false);
	}
	filter_free(w->filter);
	free(w->line);
	free(w);
}

static void finish(struct waiting *w)
{
	struct cmd *c = w->c;
	const struct loop *l = c->world->loop;

	show_trace_time(c->out, &l->clock, l->now);
	fprintf(c->out, ", %.6f s later%s\n", (double)(l->now - w->began_ns) / 1e9, w->where);
	cmd_done(c, CMD_OK);
}

static void give_up(struct waiting *w)
{
	double s = (double)(w->limit_ns - w->began_ns) / 1e9;

	cmd_done(w->c, cmd_error(w->c, "not within %g s (-t LIMIT waits longer)", s));
}

static void arm(struct waiting *w, uint64_t at_ns)
{
	timer_arm(&w->c->world->loop->wheel, &w->timer, MIN(at_ns, w->limit_ns));
}

/* Not yet: nothing changes before the next timer. A command that could not even be tried ends it. */
static void checked(struct cmd *c, int status)
{
	struct waiting *w = c->state;
	uint64_t next = wheel_first(&c->world->loop->wheel);

	if (status > CMD_FAILED)
		cmd_done(c, status);
	else if ((status == CMD_OK) != w->reversed)
		finish(w);
	else if (next == TIMER_NEVER)
		cmd_done(c, cmd_error(c, "no timer is left, so nothing will ever change"));
	else
		arm(w, next);
}

static int check(struct waiting *w)
{
	int err = cmd_spawn(w->c, NULL, w->line, checked);

	return err ? cmd_error(w->c, "%s", strerror(-err)) : CMD_RUNNING;
}

static void look(struct work *work)
{
	struct waiting *w = CONTAINER_OF(work, struct waiting, look);

	if (w->came)
		finish(w);
	else if (w->c->world->loop->now >= w->limit_ns)
		give_up(w);
	else if (check(w) != CMD_RUNNING)
		cmd_done(w->c, CMD_FAILED);
}

static void on_time(struct timer *t)
{
	struct waiting *w = CONTAINER_OF(t, struct waiting, timer);

	w->came |= w->event == UNTIL_TIME;
	loop_at_rest(w->c->world->loop, &w->look);
}

static void on_record(
	struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	(void)l, (void)s, (void)r, (void)p;
}

static void on_frame(struct trace_listener *l, const struct pkt *p, const struct dev *d, bool outgoing)
{
	struct waiting *w = CONTAINER_OF(l, struct waiting, listener);

	if (w->came || (w->filter && !filter_matches(w->filter, d, p)))
		return;
	w->came = true;
	snprintf(w->where, sizeof(w->where), ": %u octets %s at %s of %s", p->len, outgoing ? "out" : "in",
		d->name, d->stack->name);
	loop_at_rest(w->c->world->loop, &w->look);
}

static struct waiting *wait_for(struct cmd *c, enum event event, uint64_t limit_ns)
{
	struct waiting *w = mem_new(sizeof(*w));
	struct loop *l = c->world->loop;

	w->c = c;
	w->event = event;
	w->began_ns = l->now;
	w->limit_ns = l->now + limit_ns;
	timer_init(&w->timer, on_time);
	work_init(&w->look, look);
	w->listener = (struct trace_listener){.fn = on_record, .frame = on_frame};
	if (event == UNTIL_PACKET) {
		list_add_tail(&c->world->trace.listeners, &w->listener.node);
		trace_everything(c->world, true);
	}
	l->hurries++;
	c->state = w;
	c->free_state = free_waiting;
	return w;
}

static int step_for(struct cmd *c, uint64_t ns)
{
	arm(wait_for(c, UNTIL_TIME, ns), TIMER_NEVER);
	return CMD_RUNNING;
}

static int step_to_timer(struct cmd *c, uint64_t limit_ns)
{
	const struct loop *l = c->world->loop;
	uint64_t first = wheel_first(&l->wheel);

	if (first == TIMER_NEVER)
		return cmd_error(c, "no timer is armed");
	return step_for(c, MIN(MAX(first, l->now) - l->now, limit_ns));
}

static int step(struct cmd *c)
{
	uint64_t ns;

	if (c->argc < 2)
		return step_to_timer(c, TIMER_NEVER);
	if (c->argc > 2 || !args_duration(c->argv[1], &ns))
		return cmd_usage(c, "\"%s\" is no time as 200ms", c->argv[c->argc - 1]);
	return step_for(c, ns);
}

/* "00:10:00", "00:10:00.25": how long it is until then, perhaps tomorrow. */
static bool parse_time_of_day(const struct clock *clock, const char *text, uint64_t *wait_ns)
{
	const uint64_t day = 86400 * NS_PER_SEC;
	unsigned h, m;
	double s;
	int len = 0;

	if (sscanf(text, "%2u:%2u:%lf%n", &h, &m, &s, &len) != 3 || text[len] || h > 23 || m > 59 ||
		!(s >= 0 && s < 60))
		return false;
	uint64_t then = (h * UINT64_C(3600) + m * UINT64_C(60)) * NS_PER_SEC + (uint64_t)llround(s * 1e9);
	*wait_ns = (then + day - clock_wall_ns(clock) % day) % day;
	return true;
}

/* The words from `from` on, with a blank between them. */
static char *joined(const struct cmd *c, int from)
{
	struct buf line = {0};

	for (int i = from; i < c->argc; i++)
		buf_printf(&line, "%s%s", i > from ? " " : "", c->argv[i]);
	return buf_take(&line);
}

static int until_packet(struct cmd *c, int from, uint64_t limit_ns)
{
	struct waiting *w = wait_for(c, UNTIL_PACKET, limit_ns);
	char *text = joined(c, from);
	struct buf error = {0};
	int status = CMD_RUNNING;

	w->filter = filter_new(text, &error);
	if (!w->filter)
		status = cmd_usage(c, "%s", buf_text(&error));
	arm(w, TIMER_NEVER);
	buf_exit(&error);
	free(text);
	return status;
}

static int until_command(struct cmd *c, int from, uint64_t limit_ns, bool reversed)
{
	struct waiting *w = wait_for(c, UNTIL_COMMAND, limit_ns);

	w->reversed = reversed;
	w->line = joined(c, from);
	return check(w);
}

/* What stands before the event; false after a message. */
static bool read_limit(struct cmd *c, uint64_t *limit_ns)
{
	int opt;

	*limit_ns = LIMIT_S * NS_PER_SEC;
	args_begin();
	while ((opt = args_next(c, "+t:", NULL)) > 0) {
		if (args_duration(optarg, limit_ns))
			continue;
		cmd_usage(c, "\"%s\" is no time as 10m", optarg);
		return false;
	}
	if (opt == 0 && optind == c->argc)
		cmd_usage(c, "%s what?", c->argv[0]);
	return opt == 0 && optind < c->argc;
}

static int until(struct cmd *c)
{
	uint64_t limit_ns, ns;
	const char *word;

	if (!read_limit(c, &limit_ns))
		return CMD_USAGE;
	word = c->argv[optind];
	if (strcmp(word, "timer") == 0 && optind + 1 == c->argc)
		return step_to_timer(c, limit_ns);
	if (parse_time_of_day(&c->world->loop->clock, word, &ns) && optind + 1 == c->argc)
		return step_for(c, ns);
	if (strcmp(word, "packet") == 0)
		return until_packet(c, optind + 1, limit_ns);
	return until_command(c, optind, limit_ns, false);
}

static int while_it_succeeds(struct cmd *c)
{
	uint64_t limit_ns;

	return read_limit(c, &limit_ns) ? until_command(c, optind, limit_ns, true) : CMD_USAGE;
}

/* ---- the command ---- */

static const struct {
	const char *name;
	int (*run)(struct cmd *c);
} verbs[] = {{"show", show}, {"freeze", freeze}, {"run", flow}, {"speed", speed}, {"step", step},
	{"until", until}, {"while", while_it_succeeds}};

static int run_clock(struct cmd *c)
{
	if (c->argc < 2)
		return show(c);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(c->argv[1], verbs[i].name) != 0)
			continue;
		if (verbs[i].run != show && !c->world->loop->clock.is_virtual)
			return cmd_error(c,
				"this is the machine's clock, which cannot be moved: start tapir --virtual");
		memmove(c->argv, c->argv + 1, (size_t)c->argc-- * sizeof(*c->argv));
		return verbs[i].run(c);
	}
	return cmd_usage(c, "%s: show, freeze, run, speed, step, until or while was expected", c->argv[1]);
}

static void complete(struct completion *w)
{
	static const char *const events[] = {"timer", "packet", "-t", NULL};
	static const char *const speeds[] = {"10x", "100x", NULL};

	if (w->argc == 1) {
		for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
			complete_offer(w, verbs[i].name);
	} else if (strcmp(w->argv[1], "speed") == 0) {
		complete_offer_list(w, speeds);
	} else if (strcmp(w->argv[1], "while") == 0) {
		complete_rest(w, 2);
	} else if (strcmp(w->argv[1], "until") == 0) {
		complete_offer_list(w, events);
		complete_commands(w);
	}
}

const struct command cmd_clock = {
	.name = "clock",
	.run = run_clock,
	.usage = "clock [show] | clock step [TIME] | clock until [-t LIMIT] EVENT | clock while [-t LIMIT] "
		 "COMMAND |\n"
		 "       clock freeze | clock run | "
		 "clock speed FACTOR",
	.about = "show the time, and move the virtual clock",
	.options =
		"  step TIME    let so much time pass at once (200ms, 10s, 2m, 1h); without TIME: to the "
		"next timer\n"
		"  until EVENT  ... until something happens:\n"
		"               timer             the next timer\n"
		"               packet [FILTER]   a frame at any device of any host, as in tcpdump: packet "
		"arp\n"
		"               00:10:00          the time of day\n"
		"               COMMAND           it succeeds; it is tried at once and after each timer\n"
		"  while COMMAND  ... as long as it succeeds\n"
		"  -t LIMIT     give up after so much time (1d)\n"
		"  freeze       at the prompt the clock stands, and it jumps while a command waits: so it "
		"begins\n"
		"  run          it flows as the machine's does, also at the prompt;  speed 10x: ten times as "
		"fast",
	.example = "ping -c 1 10.0.0.2; clock until 'ip neigh | grep STALE'\n"
		   "clock while 'ss -tan | grep -q TIME-WAIT'\n"
		   "clock speed 10x",
	.complete = complete,
};
