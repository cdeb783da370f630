/* SPDX-License-Identifier: MIT */
/* Stories: parts at their place, and bounds. */
#include "shell/story.h"

#include "tests/unit/lab.h"

#include <stdio.h>

static void add(struct stories *ss, uint64_t pkt, uint64_t parent, const char *text)
{
	struct trace_record r = {.pkt = pkt, .parent = parent, .clause = ""};

	snprintf(r.text, sizeof(r.text), "%s", text);
	stories_add(ss, &r);
}

static unsigned count(const struct stories *ss)
{
	unsigned n = 0;

	list_each(st, &ss->open, struct story, node)
		n++;
	return n;
}

static const struct story *first(const struct stories *ss)
{
	return list_first(&ss->open, struct story, node);
}

static void what_came_of_a_packet_stands_where_it_began(void)
{
	struct lab *l = lab_new();
	struct stories ss = {.world = &l->world};
	const struct story_part *root;
	const struct story_line *line;

	stories_init(&ss);
	add(&ss, 5, 0, "before");
	add(&ss, 6, 5, "child");
	add(&ss, 5, 0, "after");
	add(&ss, 7, 6, "grandchild");
	add(&ss, 9, 8, "of a packet that nobody saw");
	add(&ss, 0, 0, "of none");
	CU_ASSERT_EQUAL(count(&ss), 2);
	root = list_first(&first(&ss)->parts, struct story_part, node);
	line = list_first(&root->lines, struct story_line, node);
	CU_ASSERT_STRING_EQUAL(line->record.text, "before");
	line = list_entry(line->node.next, struct story_line, node);
	CU_ASSERT_EQUAL(line->child->id, 6);
	CU_ASSERT_EQUAL(line->child->depth, 1);
	line = list_entry(line->node.next, struct story_line, node);
	CU_ASSERT_STRING_EQUAL(line->record.text, "after");
	stories_exit(&ss);
	lab_free(l);
}

static void stories_and_their_parts_are_bounded(void)
{
	struct lab *l = lab_new();
	struct stories ss = {.world = &l->world};

	stories_init(&ss);
	for (uint64_t id = 1; id <= STORIES_MAX + 10; id++)
		add(&ss, id, 0, "one of many");
	CU_ASSERT_EQUAL(count(&ss), STORIES_MAX);
	CU_ASSERT_EQUAL(ss.lost, 10);
	CU_ASSERT_EQUAL(
		list_first(&first(&ss)->parts, struct story_part, node)->id, 11); /* the oldest went */
	for (unsigned i = 0; i < STORY_LINES_MAX + 5; i++)
		add(&ss, 100, 0, "long");
	for (uint64_t id = 1000; id < 1000 + 2 * STORY_DEPTH_MAX; id++) /* each of the one before */
		add(&ss, id, id == 1000 ? 101 : id - 1, "deep");
	for (uint64_t id = 2000; id < 2000 + 2 * STORY_PARTS_MAX; id++)
		add(&ss, id, 102, "broad");
	list_each(st, &ss.open, struct story, node) {
		unsigned parts = 0;
		list_each(part, &st->parts, struct story_part, node) {
			CU_ASSERT(part->depth <= STORY_DEPTH_MAX);
			parts++;
		}
		CU_ASSERT(parts <= STORY_PARTS_MAX);
		CU_ASSERT(st->lines <= STORY_LINES_MAX);
	}
	stories_exit(&ss);
	lab_free(l);
}

SUITE(shell_story, T(what_came_of_a_packet_stands_where_it_began), T(stories_and_their_parts_are_bounded))
