/* SPDX-License-Identifier: MIT */
/*
 * Comparing captures. Each side is read with one packet in advance: a packet that is missing or too many is known by the
 * next one's being the same as the other side's present one.
 */
#include "shell/replay_diff.h"

#include "lib/clock.h"

#include <stdlib.h>

/* ---- what may differ ---- */

static const struct {
	const char *word, *names[4];
} aliases[] = {
	{"ipid", {"ip.id", "ip.checksum"}},
	{"ts", {"tcp.options.timestamp", "tcp.checksum"}},
	{"isn", {"tcp.seq", "tcp.ack", "tcp.options.sack_le", "tcp.options.sack_re"}},
	{"ports", {"tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"}},
	{"csum", {"ip.checksum", "tcp.checksum", "udp.checksum", "icmp.checksum"}},
};

const char mask_help[] =
	"  ipid             ip.id\n"
	"  ts               the values of TCP's timestamps\n"
	"  isn              tcp.seq, tcp.ack and SACK blocks\n"
	"  ports            the ports of TCP and UDP\n"
	"  csum             all checksums\n"
	"  time             when packets come\n"
	"  tcp.options ...  any field, or all that begin so; a checksum over masked fields is masked, too\n";

static void add_name(struct mask *m, const char *name)
{
	m->names = mem_resize(m->names, (m->count + 1) * sizeof(*m->names));
	m->names[m->count++] = mem_text(name);
}

/* Adds "tcp.checksum" for "tcp.seq". */
static void add_checksum(struct mask *m, const char *name)
{
	char checksum[32];

	snprintf(checksum, sizeof(checksum), "%.*s.checksum", (int)MIN(strcspn(name, "."), (size_t)8), name);
	if (fields_is_name(checksum))
		add_name(m, checksum);
}

static bool add_word(struct mask *m, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (strcmp(word, aliases[i].word) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(aliases[i].names) && aliases[i].names[k]; k++) {
			add_name(m, aliases[i].names[k]);
			add_checksum(m, aliases[i].names[k]);
		}
		return true;
	}
	if (strcmp(word, "time") != 0 && !fields_is_name(word))
		return false;
	add_name(m, word);
	add_checksum(m, word);
	return true;
}

bool mask_add(struct mask *m, const char *words, struct buf *error)
{
	for (const char *at = words; *at; at += strcspn(at, ","), at += *at == ',') {
		char *word = mem_textn(at, strcspn(at, ","));
		bool known = !*word || add_word(m, word);

		if (!known)
			buf_printf(error, "\"%s\" is no field, and no word for some", word);
		free(word);
		if (!known)
			return false;
	}
	return true;
}

void mask_exit(struct mask *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->names[i]);
	free(m->names);
	*m = (struct mask){0};
}

static bool is_masked(const struct mask *m, const struct field *f)
{
	for (size_t i = 0; i < m->count; i++)
		if (field_is(f, m->names[i]))
			return true;
	return false;
}

static bool time_is_masked(const struct mask *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->names[i], "time") == 0)
			return true;
	return false;
}

/* ---- one side ---- */

struct kept {
	bool there;
	unsigned linktype;
	uint64_t ts_ns;
	uint8_t *data;
	uint32_t len;
	struct fields fields;
};

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
	if (!k->there)
		return;
	k->data = mem_resize(k->data, MAX(p.caplen, 1u));
	memcpy(k->data, p.data, p.caplen);
	k->len = p.caplen;
	k->ts_ns = p.ts_ns;
	k->linktype = p.linktype;
	fields_read(&k->fields, k->linktype, k->data, k->len);
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
	free(s->now.data);
	free(s->next.data);
	fields_exit(&s->now.fields);
	fields_exit(&s->next.fields);
}

static unsigned long long count_rest(struct side *s)
{
	while (s->now.there)
		advance(s);
	return s->number;
}

/* ---- comparing ---- */

static bool same_value(
	const struct kept *a, const struct field *x, const struct kept *b, const struct field *y)
{
	if (x->form != FIELD_OCTETS)
		return x->value == y->value;
	return x->len == y->len && memcmp(a->data + x->at, b->data + y->at, x->len) == 0;
}

static bool same_name(const struct field *x, const struct field *y)
{
	return x->quoted == y->quoted && strcmp(x->name, y->name) == 0;
}

/* A field that one of two packets has, or both with other values. */
struct step {
	const struct field *x, *y; /* NULL: that packet does not have it */
};

static const struct field *at(const struct fields *f, size_t i)
{
	return i < f->count ? &f->at[i] : NULL;
}

static bool comes_later(const struct fields *f, size_t from, const struct field *wanted)
{
	for (size_t i = from; i < f->count; i++)
		if (same_name(&f->at[i], wanted))
			return true;
	return false;
}

/* The next pair of fields of the same name; a name that only one packet has stands alone. */
static struct step next_step(const struct fields *a, size_t *i, const struct fields *b, size_t *k)
{
	struct step s = {at(a, *i), at(b, *k)};

	if (s.x && s.y && !same_name(s.x, s.y)) {
		if (comes_later(b, *k, s.x))
			s.x = NULL;
		else
			s.y = NULL;
	}
	*i += s.x != NULL;
	*k += s.y != NULL;
	return s;
}

/* Calls `fn` for each field that differs; returns whether any does. */
static bool each_difference(const struct mask *m, const struct kept *a, const struct kept *b,
	void (*fn)(const struct step *s, const struct kept *a, const struct kept *b, FILE *out), FILE *out)
{
	size_t i = 0, k = 0;
	bool any = false;

	while (i < a->fields.count || k < b->fields.count) {
		struct step s = next_step(&a->fields, &i, &b->fields, &k);

		if (is_masked(m, s.x ? s.x : s.y) || (s.x && s.y && same_value(a, s.x, b, s.y)))
			continue;
		any = true;
		if (!fn)
			return true;
		fn(&s, a, b, out);
	}
	return any;
}

static bool same_content(const struct mask *m, const struct kept *a, const struct kept *b)
{
	return a->there && b->there && a->linktype == b->linktype && !each_difference(m, a, b, NULL, NULL);
}

static bool same_time(const struct mask *m, const struct kept *a, const struct kept *b)
{
	return a->ts_ns == b->ts_ns || time_is_masked(m);
}

/* ---- saying so ---- */

enum { ROW = 16 };

/* Whole nanoseconds, which a double would round. */
static const char *text_seconds(const struct diff *d, uint64_t ts_ns, char text[32])
{
	bool before = ts_ns < d->zero_ns;
	uint64_t ns = before ? d->zero_ns - ts_ns : ts_ns - d->zero_ns;

	snprintf(text, 32, "%s%llu.%09llu s", before ? "-" : "", (unsigned long long)(ns / NS_PER_SEC),
		(unsigned long long)(ns % NS_PER_SEC));
	return text;
}

static void print_packet(const struct diff *d, const struct kept *k)
{
	struct buf b = {0};

	fields_summary(&k->fields, k->data, &b);
	fprintf(d->out, "  at %s: %s, %u octets\n", text_seconds(d, k->ts_ns, (char[32]){0}), buf_text(&b),
		k->len);
	buf_exit(&b);
}

static void print_row(FILE *out, const char *name, const char *expected, const char *got)
{
	fprintf(out, "  %-32s  %-34s  %s\n", name, expected, got);
}

static void print_step(const struct step *s, const struct kept *a, const struct kept *b, FILE *out)
{
	const struct field *f = s->x ? s->x : s->y;
	char name[FIELD_TEXT_LEN], expected[FIELD_TEXT_LEN] = "none", got[FIELD_TEXT_LEN] = "none";

	snprintf(name, sizeof(name), "%s%s", f->name, f->quoted ? " (quoted)" : "");
	if (s->x)
		field_text(s->x, a->data, expected);
	if (s->y)
		field_text(s->y, b->data, got);
	print_row(out, name, expected, got);
}

static void print_octets(FILE *out, const char *title, const struct kept *k, uint32_t from)
{
	fprintf(out, "  0x%04x  %-8s ", from, title);
	for (uint32_t i = from; i < from + ROW && i < k->len; i++)
		fprintf(out, " %02x", k->data[i]);
	fputc('\n', out);
}

static bool octet_differs(const struct kept *a, const struct kept *b, uint32_t i)
{
	return i >= a->len || i >= b->len || a->data[i] != b->data[i];
}

/* The row of octets in which the first difference stands, masked or not. */
static void print_window(FILE *out, const struct kept *a, const struct kept *b)
{
	uint32_t len = MAX(a->len, b->len), i = 0, from;

	while (i < len && !octet_differs(a, b, i))
		i++;
	if (i == len)
		return;
	from = i - i % ROW;
	print_octets(out, "expected", a, from);
	print_octets(out, "got", b, from);
	fprintf(out, "%*s", 19, "");
	for (uint32_t last = from; i < from + ROW && i < len; i++) {
		if (!octet_differs(a, b, i))
			continue;
		fprintf(out, "%*s", (int)(3 * (i + 1 - last)), "^^");
		last = i + 1;
	}
	fputc('\n', out);
}

static void report_packet(const struct diff *d, const struct side *a, const struct side *b)
{
	fprintf(d->out, "packet %llu is not as expected:\n", b->number);
	print_packet(d, &b->now);
	print_row(d->out, "field", "expected", "got");
	if (!same_time(d->mask, &a->now, &b->now))
		print_row(d->out, "time", text_seconds(d, a->now.ts_ns, (char[32]){0}),
			text_seconds(d, b->now.ts_ns, (char[32]){0}));
	each_difference(d->mask, &a->now, &b->now, print_step, d->out);
	print_window(d->out, &a->now, &b->now);
}

static void report(const struct diff *d, const struct side *a, const struct side *b)
{
	const struct mask *m = d->mask;
	bool missing = !b->now.there || (a->now.there && same_content(m, &a->next, &b->now));
	bool extra = !a->now.there || (b->now.there && same_content(m, &a->now, &b->next));

	if (same_content(m, &a->now, &b->now) || missing == extra) {
		report_packet(d, a, b);
	} else if (missing) {
		fprintf(d->out, "packet %llu of the expectation is missing:\n", a->number);
		print_packet(d, &a->now);
	} else {
		fprintf(d->out, "packet %llu was not expected:\n", b->number);
		print_packet(d, &b->now);
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
	while (a->now.there && same_content(d->mask, &a->now, &b->now) &&
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
