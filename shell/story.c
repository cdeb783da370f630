/* SPDX-License-Identifier: MIT */
/* Stories: from records to packets and what came of them. shell/story.h says what they are. */
#include "shell/story.h"

#include "lib/loop.h"

#include <stdlib.h>

#define PATIENCE_NS NS_PER_SEC /* a story that is not over is told so far */

/* ---- parts and lines ---- */

static uint32_t hash_of(uint64_t id)
{
	return (uint32_t)id ^ (uint32_t)(id >> 32);
}

static struct story_part *find(const struct stories *ss, uint64_t id)
{
	hash_each_match(part, &ss->parts, hash_of(id), struct story_part, link)
		if (part->id == id)
			return part;
	return NULL;
}

/* NULL: the story is long enough. */
static struct story_line *line_new(struct story_part *part)
{
	struct story *st = part->story;
	struct story_line *line;

	if (st->lines >= STORY_LINES_MAX) {
		st->left_out++;
		return NULL;
	}
	line = mem_new(sizeof(*line));
	st->lines++;
	list_add_tail(&part->lines, &line->node);
	return line;
}

static struct story_part *part_new(struct stories *ss, struct story *st, uint64_t id, uint64_t parent)
{
	struct story_part *part = mem_new(sizeof(*part));

	part->id = id;
	part->parent = parent;
	part->story = st;
	list_init(&part->lines);
	if (hash_add(&ss->parts, &part->link, hash_of(id)))
		abort();
	list_add_tail(&st->parts, &part->node);
	st->alive++;
	return part;
}

static void part_free(struct stories *ss, struct story_part *part)
{
	list_each_safe(line, &part->lines, struct story_line, node)
		free(line);
	hash_del(&ss->parts, &part->link);
	free(part);
}

static void story_free(struct stories *ss, struct story *st)
{
	list_each_safe(part, &st->parts, struct story_part, node)
		part_free(ss, part);
	list_del(&st->node);
	free(st);
}

/* ---- stories ---- */

static bool has_enough(const struct stories *ss)
{
	return ss->most && ss->wanted >= ss->most;
}

static void finish(struct stories *ss, struct story *st)
{
	if (st->wanted && ss->tell)
		ss->tell(ss, st, true);
	story_free(ss, st);
}

/* Room for one more: the oldest that nobody wants goes, else the oldest, told as far as it is. */
static void make_room(struct stories *ss)
{
	struct story *victim = list_first(&ss->open, struct story, node);
	unsigned count = 0;

	list_each(st, &ss->open, struct story, node)
		count++;
	if (count < STORIES_MAX)
		return;
	list_each(st, &ss->open, struct story, node) {
		if (!st->wanted) {
			victim = st;
			break;
		}
	}
	ss->lost++;
	finish(ss, victim);
}

static void want(struct stories *ss, struct story *st)
{
	if (st->wanted || has_enough(ss))
		return;
	st->wanted = true;
	ss->wanted++;
}

static struct story_part *begin(struct stories *ss, uint64_t id, uint64_t parent)
{
	struct story *st;

	if (has_enough(ss))
		return NULL;
	make_room(ss);
	st = mem_new(sizeof(*st));
	list_init(&st->parts);
	list_add_tail(&ss->open, &st->node);
	st->due_ns = ss->world->loop->now + PATIENCE_NS;
	if (ss->tell && !timer_is_armed(&ss->timer))
		timer_arm(&ss->world->loop->wheel, &ss->timer, st->due_ns);
	if (!ss->filter)
		want(ss, st);
	return part_new(ss, st, id, parent);
}

static unsigned count_parts(const struct story *st)
{
	unsigned n = 0;

	list_each(part, &st->parts, struct story_part, node)
		n++;
	return n;
}

static struct story_part *grow(struct stories *ss, struct story_part *above, uint64_t id)
{
	struct story *st = above->story;
	struct story_line *line;

	if (above->depth >= STORY_DEPTH_MAX || count_parts(st) >= STORY_PARTS_MAX) {
		st->left_out++;
		return NULL;
	}
	line = line_new(above);
	if (!line)
		return NULL;
	line->child = part_new(ss, st, id, above->id);
	line->child->depth = above->depth + 1;
	return line->child;
}

/* NULL: it is of no story, or there is no room for it. */
static struct story_part *part_of(struct stories *ss, uint64_t id, uint64_t parent)
{
	struct story_part *part = find(ss, id), *above;

	if (part || !id)
		return part;
	above = parent ? find(ss, parent) : NULL;
	return above ? grow(ss, above, id) : begin(ss, id, parent);
}

/* ---- what is heard ---- */

void stories_add(struct stories *ss, const struct trace_record *r)
{
	struct story_part *part = part_of(ss, r->pkt, r->parent);
	struct story_line *line = part ? line_new(part) : NULL;

	if (line)
		line->record = *r;
}

/* Data stands at the header that p->ip describes: before ARP, and where a packet on its way down is dropped. */
static bool begins_with_ip(const struct pkt *p)
{
	struct ip_hdr h;

	return p->ip.hdr_len && p->len >= p->ip.hdr_len && ip_parse(p->data, p->len, &h) == DROP_NONE &&
		h.src == p->ip.src && h.dst == p->ip.dst;
}

/* Packets that never get as far as a device are looked at where IP has made them. */
static void on_record(
	struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct stories *ss = CONTAINER_OF(l, struct stories, listener);
	struct story_part *part;

	(void)s;
	if (!p && !find(ss, r->pkt))
		return;
	stories_add(ss, r);
	part = ss->filter && p ? find(ss, p->id) : NULL;
	if (part && !part->story->wanted && (r->layer == LAYER_IP || r->layer == LAYER_DROP) &&
		begins_with_ip(p) && filter_matches_ip(ss->filter, p))
		want(ss, part->story);
}

static void on_frame(struct trace_listener *l, const struct pkt *p, const struct dev *d, bool outgoing)
{
	struct stories *ss = CONTAINER_OF(l, struct stories, listener);
	struct story_part *part = part_of(ss, p->id, p->parent);

	(void)outgoing;
	if (part && !part->story->wanted && filter_matches(ss->filter, d, p))
		want(ss, part->story);
}

static void on_end(struct trace_listener *l, const struct pkt *p)
{
	struct stories *ss = CONTAINER_OF(l, struct stories, listener);
	struct story_part *part = find(ss, p->id);

	if (!part || part->ended)
		return;
	part->ended = true;
	if (--part->story->alive == 0)
		loop_defer(ss->world->loop, &ss->look);
}

/* ---- when it is told ---- */

/* Whatever the packets make TCP send was asked for before they ended, so it has been sent by now. */
static void look(struct work *w)
{
	struct stories *ss = CONTAINER_OF(w, struct stories, look);

	list_each_safe(st, &ss->open, struct story, node)
		if (st->alive == 0)
			finish(ss, st);
}

static void be_impatient(struct timer *t)
{
	struct stories *ss = CONTAINER_OF(t, struct stories, timer);
	uint64_t now = ss->world->loop->now, next = TIMER_NEVER;

	list_each_safe(st, &ss->open, struct story, node) {
		if (st->due_ns <= now) {
			st->due_ns = now + PATIENCE_NS;
			if (st->wanted)
				ss->tell(ss, st, false);
		}
		next = MIN(next, st->due_ns);
	}
	if (next != TIMER_NEVER)
		timer_arm(&ss->world->loop->wheel, t, next);
}

/* ---- its life ---- */

void stories_init(struct stories *ss)
{
	hash_init(&ss->parts);
	list_init(&ss->open);
	list_init(&ss->listener.node);
	work_init(&ss->look, look);
	timer_init(&ss->timer, be_impatient);
}

void stories_listen(struct stories *ss)
{
	ss->listener.fn = on_record;
	ss->listener.frame = on_frame;
	ss->listener.ended = on_end;
	list_add_tail(&ss->world->trace.listeners, &ss->listener.node);
	trace_everything(ss->world, true);
}

void stories_exit(struct stories *ss)
{
	if (!list_empty(&ss->listener.node)) {
		list_del(&ss->listener.node);
		trace_everything(ss->world, false);
	}
	work_cancel(&ss->look);
	timer_cancel(&ss->world->loop->wheel, &ss->timer);
	list_each_safe(st, &ss->open, struct story, node)
		story_free(ss, st);
	hash_exit(&ss->parts);
}
