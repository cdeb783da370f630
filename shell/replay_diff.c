/* SPDX-License-Identifier: MIT */
/*
 * Comparing captures. Each side is read with one packet in advance: a packet that is missing or too many is known by the
 * next one's being the same as the other side's present one.
 */
#include "shell/replay_diff.h"

/* ---- one side ---- */

struct side {
	struct capture_reader *in;
	struct kept now, next;
	unsigned long long number; /* of `now` */
};

/* The reader's error, or nothing: the end. */
static void keep(struct side *s, struct kept *k)
{
	struct capture_packet p;

	k->there = capture_read(s->in, &p) == CAPTURE_PACKET;
	if (k->there)
		kept_set(k, &p);
}

static void advance(struct side *s)
{
	struct kept old = s->now;

	s->now = s->next;
	s->next = old;
	if (s->now.there) {
		s->number++;
		keep(s, &s->next);
	} else {
		s->next.there = false;
	}
}

static void side_init(struct side *s, struct capture_reader *in)
{
	*s = (struct side){.in = in};
	keep(s, &s->next);
	advance(s);
}

static void side_exit(struct side *s)
{
	kept_exit(&s->now);
	kept_exit(&s->next);
}

static unsigned long long count_rest(struct side *s)
{
	while (s->now.there)
		advance(s);
	return s->number;
}

/* ---- comparing ---- */

static bool same_time(const struct mask *m, const struct kept *a, const struct kept *b)
{
	return a->ts_ns == b->ts_ns || mask_has(m, "time");
}

/* ---- saying so ---- */

static void report_packet(const struct diff *d, const struct side *a, const struct side *b)
{
	fprintf(d->out, "packet %llu is not as expected:\n", b->number);
	packet_print(d->out, &b->now, d->zero_ns);
	packets_print_row(d->out, "field", "expected", "got");
	if (!same_time(d->mask, &a->now, &b->now))
		packets_print_row(d->out, "time", packet_time(a->now.ts_ns, d->zero_ns, (char[32]){0}),
			packet_time(b->now.ts_ns, d->zero_ns, (char[32]){0}));
	packets_print(d->out, d->mask, &a->now, &b->now, "expected", "got");
}

static void report(const struct diff *d, const struct side *a, const struct side *b)
{
	const struct mask *m = d->mask;
	bool missing = !b->now.there || (a->now.there && packets_same(m, &a->next, &b->now));
	bool extra = !a->now.there || (b->now.there && packets_same(m, &a->now, &b->next));

	if (packets_same(m, &a->now, &b->now) || missing == extra) {
		report_packet(d, a, b);
	} else if (missing) {
		fprintf(d->out, "packet %llu of the expectation is missing:\n", a->number);
		packet_print(d->out, &a->now, d->zero_ns);
	} else {
		fprintf(d->out, "packet %llu was not expected:\n", b->number);
		packet_print(d->out, &b->now, d->zero_ns);
	}
}

/* ---- all of it ---- */

static bool is_broken(struct diff *d, struct capture_reader *in)
{
	snprintf(d->error, sizeof(d->error), "%s", capture_reader_error(in));
	return d->error[0];
}

static enum diff_result compare(struct diff *d, struct side *a, struct side *b)
{
	while (a->now.there && packets_same(d->mask, &a->now, &b->now) &&
		same_time(d->mask, &a->now, &b->now)) {
		advance(a);
		advance(b);
	}
	if (!a->now.there && !b->now.there)
		return DIFF_SAME;
	if (is_broken(d, d->expected))
		return DIFF_UNUSABLE;
	report(d, a, b);
	return DIFF_DIFFERENT;
}

enum diff_result diff_captures(struct diff *d)
{
	enum diff_result result;
	struct side a, b;

	side_init(&a, d->expected);
	side_init(&b, d->got);
	result = compare(d, &a, &b);
	d->expected_count = count_rest(&a);
	d->got_count = count_rest(&b);
	side_exit(&a);
	side_exit(&b);
	return is_broken(d, d->expected) || is_broken(d, d->got) ? DIFF_UNUSABLE : result;
}
