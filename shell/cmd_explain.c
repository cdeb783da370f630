/* SPDX-License-Identifier: MIT */
/* explain: what happened to packets on their whole way, over all hosts, as a tree of the packets that came of them. */
#include "shell/args.h"
#include "shell/hint.h"
#include "shell/show_trace.h"
#include "shell/story.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

extern const struct command cmd_explain;

enum { LAST_DEFAULT = 1 };

struct explain {
	struct stories stories;
	struct filter *filter;
	struct cmd *c;
	unsigned told;
	struct work end_work;
};

/* ---- printing ---- */

struct teller {
	FILE *out;
	const struct world *world;
	uint64_t began_ns;
	bool colour;
};

static void print_time(const struct teller *t, uint64_t time_ns, unsigned depth)
{
	fprintf(t->out, "%9.3f ms  %*s", (double)(time_ns - t->began_ns) / NS_PER_MS, (int)(2 * depth), "");
}

static void print_hint(const struct teller *t, const struct trace_record *r, unsigned depth)
{
	struct buf hint = {0};

	hint_add(&hint, t->world, r);
	if (hint.len)
		fprintf(t->out, t->colour ? "%*s\033[1mhint:\033[0m %s\n" : "%*shint: %s\n",
			(int)(16 + 2 * depth), "", hint.at);
	buf_exit(&hint);
}

static void print_record(const struct teller *t, const struct trace_record *r, unsigned depth)
{
	print_time(t, r->time_ns, depth);
	show_trace_record(t->out, r, t->colour);
	fputc('\n', t->out);
	if (r->layer == LAYER_DROP)
		print_hint(t, r, depth);
}

static bool has_news(const struct story_part *part)
{
	list_each(line, &part->lines, struct story_line, node)
		if (line->child ? has_news(line->child) : !line->told)
			return true;
	return false;
}

static uint64_t first_time(const struct story_part *part)
{
	list_each(line, &part->lines, struct story_line, node) {
		uint64_t time = line->child ? first_time(line->child) : line->record.time_ns;
		if (time)
			return time;
	}
	return 0;
}

static void print_part(const struct teller *t, struct story_part *part);

static void print_line(const struct teller *t, const struct story_part *part, struct story_line *line)
{
	if (line->child) {
		if (has_news(line->child)) {
			print_time(t, first_time(line->child), part->depth);
			fprintf(t->out, "packet %llu, %s %llu\n", (unsigned long long)line->child->id,
				line->child->titled ? "goes on, of" : "of", (unsigned long long)part->id);
			print_part(t, line->child);
		}
	} else if (!line->told) {
		print_record(t, &line->record, part->depth);
	}
	line->told = true;
}

/* As deep as STORY_DEPTH_MAX. */
static void print_part(const struct teller *t, struct story_part *part)
{
	part->titled = true;
	list_each(line, &part->lines, struct story_line, node)
		print_line(t, part, line);
}

static void print_title(const struct teller *t, const struct story_part *root)
{
	fprintf(t->out, t->colour ? "\033[1mpacket %llu\033[0m" : "packet %llu",
		(unsigned long long)root->id);
	if (root->titled) {
		fputs(" goes on\n", t->out);
		return;
	}
	if (root->parent)
		fprintf(t->out, " (of %llu)", (unsigned long long)root->parent);
	fputs(" at ", t->out);
	show_trace_time(t->out, &t->world->loop->clock, t->began_ns);
	fputc('\n', t->out);
}

static void print_story(const struct cmd *c, struct story *st, bool over)
{
	struct story_part *root = list_first(&st->parts, struct story_part, node);
	struct teller t = {
		.out = c->out, .world = c->world, .began_ns = first_time(root), .colour = c->out_is_tty};

	if (!has_news(root))
		return;
	print_title(&t, root);
	print_part(&t, root);
	if (st->left_out)
		fprintf(c->out, "%*s%u lines are left out\n", 14, "", st->left_out);
	if (!over)
		fprintf(c->out, "%*sit is still on its way\n", 14, "");
}

/* ---- the next packets ---- */

static void summarize(const struct explain *e)
{
	fprintf(e->c->out, "%u packets explained", e->told);
	if (e->stories.lost)
		fprintf(e->c->out, ", %u more were too many at once", e->stories.lost);
	fputc('\n', e->c->out);
}

static void end(struct work *w)
{
	struct explain *e = CONTAINER_OF(w, struct explain, end_work);

	cmd_done(e->c, CMD_OK);
}

static void tell(struct stories *ss, struct story *st, bool over)
{
	struct explain *e = CONTAINER_OF(ss, struct explain, stories);

	print_story(e->c, st, over);
	e->told += over;
	if (ss->most && e->told >= ss->most)
		loop_defer(e->c->world->loop, &e->end_work);
}

/* What is open is told as far as it is. */
static void stop(struct cmd *c, int sig)
{
	struct explain *e = c->state;

	(void)sig;
	list_each(st, &e->stories.open, struct story, node) {
		if (st->wanted) {
			print_story(c, st, false);
			e->told++;
		}
	}
	summarize(e);
	cmd_done(c, CMD_OK);
}

static void free_state(struct cmd *c)
{
	struct explain *e = c->state;

	work_cancel(&e->end_work);
	stories_exit(&e->stories);
	filter_free(e->filter);
	free(e);
}

/* The rest of the words, which may be one or many. False: the filter is wrong. */
static bool read_filter(struct cmd *c, struct explain *e)
{
	struct buf text = {0}, error = {0};

	for (int i = optind; i < c->argc; i++)
		buf_printf(&text, "%s%s", i > optind ? " " : "", c->argv[i]);
	if (text.len)
		e->filter = filter_new(text.at, &error);
	if (error.len)
		cmd_error(c, "%s", error.at);
	buf_exit(&text);
	buf_exit(&error);
	e->stories.filter = e->filter;
	return e->filter || optind == c->argc;
}

static int explain_next(struct cmd *c, unsigned most)
{
	struct explain *e = mem_new(sizeof(*e));

	e->c = c;
	c->state = e;
	c->free_state = free_state;
	c->stop = stop;
	e->stories.world = c->world;
	e->stories.most = most;
	e->stories.tell = tell;
	work_init(&e->end_work, end);
	stories_init(&e->stories);
	if (!read_filter(c, e))
		return CMD_USAGE;
	stories_listen(&e->stories);
	return CMD_RUNNING;
}

/* ---- the last packets ---- */

static void add_ring(struct stories *ss, const struct trace *t)
{
	uint64_t n = MIN(t->written, (uint64_t)TRACE_RING);

	for (uint64_t i = t->written - n; t->ring && i < t->written; i++)
		stories_add(ss, &t->ring[i % TRACE_RING]);
}

static int explain_last(struct cmd *c, unsigned most)
{
	struct stories ss = {.world = c->world};
	unsigned count = 0, skip;

	if (!c->world->trace.written)
		return cmd_error(c, "nothing was recorded yet: type `explain record on` first");
	stories_init(&ss);
	add_ring(&ss, &c->world->trace);
	list_each(st, &ss.open, struct story, node)
		count++;
	skip = count > most ? count - most : 0;
	list_each(st, &ss.open, struct story, node) {
		if (skip)
			skip--;
		else
			print_story(c, st, true);
	}
	stories_exit(&ss);
	return CMD_OK;
}

/* ---- recording without a word ---- */

struct recording {
	struct world *world; /* NULL: off */
};

static void end_recording(void *mem)
{
	struct recording *rec = mem;

	if (rec->world)
		trace_everything(rec->world, false);
	rec->world = NULL;
}

static int record(struct cmd *c, const char *word)
{
	struct recording *rec = shell_keep(c->shell, &cmd_explain, sizeof(*rec), end_recording);
	bool on = word && strcmp(word, "on") == 0;

	if (word && !on && strcmp(word, "off") != 0)
		return cmd_usage(c, "\"%s\" is neither on nor off", word);
	if (!rec)
		return cmd_error(c, "%s", strerror(ENOMEM));
	if (!word) {
		fprintf(c->out, "%s, %llu records\n", rec->world ? "on" : "off",
			(unsigned long long)MIN(c->world->trace.written, (uint64_t)TRACE_RING));
		return CMD_OK;
	}
	end_recording(rec);
	if (on) {
		rec->world = c->world;
		trace_everything(c->world, true);
	}
	return CMD_OK;
}

/* ---- the command ---- */

static int run_last(struct cmd *c)
{
	const char *text = c->argv[optind + 1];
	long long most = LAST_DEFAULT;

	if (optind + 2 < c->argc)
		return cmd_usage(c, "too many arguments");
	if (text && !args_number(c, text, 1, INT_MAX, &most))
		return CMD_USAGE;
	return explain_last(c, (unsigned)most);
}

static int run_explain(struct cmd *c)
{
	long long most = 0;
	const char *word;
	int opt;

	args_begin();
	while ((opt = args_next(c, "+c:", NULL)) > 0)
		if (!args_number(c, optarg, 1, INT_MAX, &most))
			return CMD_USAGE;
	if (opt < 0)
		return CMD_USAGE;
	word = optind < c->argc ? c->argv[optind] : "";
	if (strcmp(word, "last") == 0)
		return run_last(c);
	if (strcmp(word, "record") == 0)
		return record(c, c->argv[optind + 1]);
	return explain_next(c, (unsigned)most);
}

static void complete(struct completion *w)
{
	static const char *const first[] = {"-c", "last", "record", NULL};
	static const char *const on_off[] = {"on", "off", NULL};
	static const char *const words[] = {
		"icmp", "arp", "tcp", "udp", "port", "host", "src", "dst", "and", "or", "not", NULL};

	if (w->argc > 1 && strcmp(w->argv[1], "record") == 0) {
		complete_offer_list(w, on_off);
		return;
	}
	if (w->argc == 1)
		complete_offer_list(w, first);
	complete_offer_list(w, words);
}

const struct command cmd_explain = {
	.name = "explain",
	.run = run_explain,
	.usage = "explain [-c COUNT] [FILTER] | explain last [COUNT] | explain record [on|off]",
	.about = "tell the whole way of packets over all hosts: who took them, by which rule, and what came "
		 "of them",
	.options = "  -c COUNT     stop after so many packets; those that came of them (answers, copies,\n"
		   "               fragments) stand below them and do not count\n"
		   "  FILTER       only packets of which a frame fits, as in tcpdump: icmp, port 80, host "
		   "10.0.0.2\n"
		   "  last         the last packets that were recorded (1)\n"
		   "  record       record what all hosts do for `explain last`, without printing it",
	.example = "explain -c 1 icmp & ping -c 1 10.0.0.2\n"
		   "explain record on; ping -c 1 10.0.0.2; explain last",
	.complete = complete,
};
