/* SPDX-License-Identifier: MIT */
/* Two packets, compared. */
#include "shell/packet_diff.h"

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

bool mask_has(const struct mask *m, const char *word)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->names[i], word) == 0)
			return true;
	return false;
}

/* ---- a packet ---- */

void kept_set(struct kept *k, const struct capture_packet *p)
{
	k->there = true;
	k->data = mem_resize(k->data, MAX(p->caplen, 1u));
	memcpy(k->data, p->data, p->caplen);
	k->len = p->caplen;
	k->ts_ns = p->ts_ns;
	k->linktype = p->linktype;
	fields_read(&k->fields, k->linktype, k->data, k->len);
}

void kept_exit(struct kept *k)
{
	free(k->data);
	fields_exit(&k->fields);
	*k = (struct kept){0};
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

/* The next one that counts; both NULL: there is none. */
static struct step next_difference(
	const struct mask *m, const struct kept *a, size_t *i, const struct kept *b, size_t *k)
{
	struct step s;

	do
		s = next_step(&a->fields, i, &b->fields, k);
	while ((s.x || s.y) && (is_masked(m, s.x ? s.x : s.y) || (s.x && s.y && same_value(a, s.x, b, s.y))));
	return s;
}

bool packets_same(const struct mask *m, const struct kept *a, const struct kept *b)
{
	size_t i = 0, k = 0;
	struct step s;

	if (!a->there || !b->there || a->linktype != b->linktype)
		return false;
	s = next_difference(m, a, &i, b, &k);
	return !s.x && !s.y;
}

/* ---- saying so ---- */

enum { ROW = 16 };

/* Whole nanoseconds, which a double would round. */
const char *packet_time(uint64_t ts_ns, uint64_t zero_ns, char text[32])
{
	bool before = ts_ns < zero_ns;
	uint64_t ns = before ? zero_ns - ts_ns : ts_ns - zero_ns;

	snprintf(text, 32, "%s%llu.%09llu s", before ? "-" : "", (unsigned long long)(ns / NS_PER_SEC),
		(unsigned long long)(ns % NS_PER_SEC));
	return text;
}

void packet_print(FILE *out, const struct kept *k, uint64_t zero_ns)
{
	struct buf b = {0};

	fields_summary(&k->fields, k->data, &b);
	fprintf(out, "  at %s: %s, %u octets\n", packet_time(k->ts_ns, zero_ns, (char[32]){0}), buf_text(&b),
		k->len);
	buf_exit(&b);
}

void packets_print_row(FILE *out, const char *what, const char *a, const char *b)
{
	fprintf(out, "  %-32s  %-34s  %s\n", what, a, b);
}

static void print_step(FILE *out, const struct step *s, const struct kept *a, const struct kept *b)
{
	const struct field *f = s->x ? s->x : s->y;
	char name[FIELD_TEXT_LEN], x[FIELD_TEXT_LEN] = "none", y[FIELD_TEXT_LEN] = "none";

	snprintf(name, sizeof(name), "%s%s", f->name, f->quoted ? " (quoted)" : "");
	if (s->x)
		field_text(s->x, a->data, x);
	if (s->y)
		field_text(s->y, b->data, y);
	packets_print_row(out, name, x, y);
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

/* The row of octets in which the first difference from octet `i` on stands. */
static void print_window(FILE *out, const struct kept *a, const struct kept *b, uint32_t i,
	const char *a_name, const char *b_name)
{
	uint32_t len = MAX(a->len, b->len), from;

	while (i < len && !octet_differs(a, b, i))
		i++;
	if (i == len)
		return;
	from = i - i % ROW;
	print_octets(out, a_name, a, from);
	print_octets(out, b_name, b, from);
	fprintf(out, "%*s", 19, "");
	for (uint32_t last = from; i < from + ROW && i < len; i++) {
		if (!octet_differs(a, b, i))
			continue;
		fprintf(out, "%*s", (int)(3 * (i + 1 - last)), "^^");
		last = i + 1;
	}
	fputc('\n', out);
}

void packets_print(FILE *out, const struct mask *m, const struct kept *a, const struct kept *b,
	const char *a_name, const char *b_name)
{
	size_t i = 0, k = 0;
	uint32_t from = UINT32_MAX;

	for (;;) {
		struct step s = next_difference(m, a, &i, b, &k);
		if (!s.x && !s.y)
			break;
		from = MIN(from, s.x ? s.x->at : s.y->at);
		print_step(out, &s, a, b);
	}
	print_window(out, a, b, from == UINT32_MAX ? 0 : from, a_name, b_name);
}
