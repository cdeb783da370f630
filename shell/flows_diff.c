/* SPDX-License-Identifier: MIT */
/* Flows compared. */
#include "shell/flows_diff.h"

#include "lib/text.h"
#include "net/wire_ip.h"
#include "shell/flows_same.h"

#include <stdlib.h>

enum { ROW = 16, RANGES_SHOWN = 4 };

/* clang-format off */
const char flows_tolerance[] =
	"Not compared are the cut into segments, PSH, windows, ACKs without text,\n"
	"identifications, times, ARP, numbers and ports of our own, how much is sent again where something was "
	"lost, and\n"
	"probes of the tail where nothing was.\n";
/* clang-format on */

/* ---- words ---- */

static const char *proto_name(const struct flow *f)
{
	return f->key.proto == IP_PROTO_TCP ? "TCP" : f->key.proto == IP_PROTO_UDP ? "UDP" : "ICMP";
}

static void print_name(const struct flow *f, FILE *out)
{
	const struct flow_key *k = &f->key;

	fprintf(out, "%s %s:%u - %s:%u", proto_name(f), TEXT_IP(k->ours), k->our_port, TEXT_IP(k->peer),
		k->peer_port);
}

static void add_options(struct buf *b, const struct flow *f)
{
	if (!f->has_isn)
		buf_puts(b, "no SYN");
	else
		buf_printf(b, "SYN%s%s%s", f->sack_ok ? ", SACK" : "", f->wscale ? ", window scale" : "",
			f->has_ts ? ", timestamps" : "");
}

static void add_text(struct buf *b, const struct flow *f)
{
	buf_printf(b, "%u octets", f->text_len);
}

static void add_fin(struct buf *b, const struct flow *f)
{
	if (f->fin)
		buf_printf(b, "behind octet %u", f->fin_at - 1);
	else
		buf_puts(b, "none");
}

static void add_reset(struct buf *b, const struct flow *f)
{
	buf_puts(b, f->rst ? "sent" : "none");
}

static void add_acked(struct buf *b, const struct flow *f)
{
	buf_printf(b, "%u octets", f->acked);
}

static void add_state(struct buf *b, const struct flow *f)
{
	buf_puts(b, flow_state(f));
}

struct range {
	uint32_t from, to;
};

static int by_place(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* What was sent more than once (`probes`: at the tail, too), in order and put together. Freed by the caller. */
static struct range *sent_again(const struct flow *f, bool probes, size_t *count)
{
	struct range *r = mem_new((f->send_count + 1) * sizeof(*r));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < f->send_count; i++)
		if (f->sends[i].again && (probes || !f->sends[i].probe))
			r[n++] = (struct range){f->sends[i].from, f->sends[i].to};
	qsort(r, n, sizeof(*r), by_place);
	for (size_t i = 0; i < n; i++) {
		if (kept && r[i].from <= r[kept - 1].to)
			r[kept - 1].to = MAX(r[kept - 1].to, r[i].to);
		else
			r[kept++] = r[i];
	}
	*count = kept;
	return r;
}

static void print_ranges(const char *what, const struct range *r, size_t count, FILE *out)
{
	fprintf(out, "  %s: ", what);
	for (size_t i = 0; i < count && i < RANGES_SHOWN; i++)
		fprintf(out, "%s%u-%u", i ? ", " : "", r[i].from, r[i].to - 1);
	if (count > RANGES_SHOWN)
		fprintf(out, ", %zu more", count - RANGES_SHOWN);
	fputc('\n', out);
}

/* Does `r` hold any of it? */
static bool holds_any(const struct range *r, size_t count, const struct range *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (r[i].from < wanted->to && wanted->from < r[i].to)
			return true;
	return false;
}

/* What is lost is lost now, but who sends at other moments and in other bursts may take more or less of it for lost. Where nothing
 * was, he may still ask by the tail of what he sent whether it has come: that is a matter of milliseconds. */
static bool compare_again(const struct flow *a, const struct flow *b, FILE *out)
{
	size_t expected, got;
	struct range *x = sent_again(a, true, &expected), *y = sent_again(b, expected > 0, &got);
	size_t missing = 0;
	bool differ = !expected && got;

	for (size_t i = 0; i < expected; i++)
		if (!holds_any(y, got, &x[i]))
			x[missing++] = x[i];
	if (missing && out)
		print_ranges("of what was sent again not now", x, missing, out);
	if (differ && out)
		print_ranges("sent again, and not then", y, got, out);
	free(x);
	free(y);
	return differ || missing;
}

/* ---- connections ---- */

static const struct {
	const char *name;
	void (*add)(struct buf *b, const struct flow *f);
} rows[] = {
	{"offered", add_options},
	{"text", add_text},
	{"FIN", add_fin},
	{"RST", add_reset},
	{"acknowledged", add_acked},
	{"state", add_state},
};

/* Prints the row if the two differ; returns whether they do. */
static bool compare_row(size_t i, const struct flow *a, const struct flow *b, FILE *out)
{
	struct buf x = {0}, y = {0};
	bool differ;

	rows[i].add(&x, a);
	rows[i].add(&y, b);
	differ = strcmp(buf_text(&x), buf_text(&y)) != 0;
	if (differ && out)
		fprintf(out, "  %-14s  %-40s  %s\n", rows[i].name, buf_text(&x), buf_text(&y));
	buf_exit(&x);
	buf_exit(&y);
	return differ;
}

static size_t first_difference(const struct buf *a, const struct buf *b)
{
	size_t i = 0, len = MIN(a->len, b->len);

	while (i < len && a->at[i] == b->at[i])
		i++;
	return i;
}

static void print_octets(const char *title, const struct flow *f, size_t from, FILE *out)
{
	fprintf(out, "  octet %-8zu  %-8s ", f->same + from + 1, title);
	for (size_t i = from; i < from + ROW && i < f->text.len; i++)
		fprintf(out, " %02x", (uint8_t)f->text.at[i]);
	fputc('\n', out);
}

static bool compare_octets(const struct flow *a, const struct flow *b, FILE *out)
{
	size_t at = first_difference(&a->text, &b->text);

	if (at == a->text.len && at == b->text.len && !a->differs && !b->differs)
		return false;
	if (out) {
		print_octets("expected", a, at - at % ROW, out);
		print_octets("got", b, at - at % ROW, out);
	}
	return true;
}

static bool compare_connection(const struct flow *a, const struct flow *b, FILE *out)
{
	bool differ = false;

	if (out)
		fprintf(out, "  %-14s  %-40s  %s\n", "", "expected", "got");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		differ |= compare_row(i, a, b, out);
	differ |= compare_again(a, b, out);
	return compare_octets(a, b, out) || differ;
}

/* ---- messages ---- */

static void print_message(const char *title, const uint8_t *message, uint32_t len, FILE *out)
{
	fprintf(out, "  %-8s ", title);
	for (uint32_t i = 0; message && i < len && i < ROW; i++)
		fprintf(out, " %02x", message[i]);
	fprintf(out, message ? "%s (%u octets)\n" : " none\n", len > ROW ? " ..." : "", len);
}

static bool compare_messages(const struct flow *a, const struct flow *b, FILE *out)
{
	size_t at_a = 0, at_b = 0;
	uint32_t len_a = 0, len_b = 0;
	unsigned number = a->same;
	const uint8_t *x, *y;

	do {
		x = flow_message(a, &at_a, &len_a);
		y = flow_message(b, &at_b, &len_b);
		number++;
	} while (x && y && flow_same_message(a, x, len_a, y, len_b));
	if (!x && !y && a->end == b->end && !a->differs && !b->differs)
		return false;
	if (out) {
		fprintf(out, "  message %u of %u expected and %u sent:\n", number, a->end, b->end);
		print_message("expected", x, len_a, out);
		print_message("got", y, len_b, out);
	}
	return true;
}

/* ---- all of them ---- */

/* What began before the capture, and peers' flows to which nothing was said, are nothing to compare. */
static bool is_compared(const struct flow *f)
{
	return f->key.proto == IP_PROTO_TCP ? f->whole : f->end > 0 || (f->twin && f->twin->end > 0);
}

static bool compare(const struct flow *a, const struct flow *b, FILE *out)
{
	return a->key.proto == IP_PROTO_TCP ? compare_connection(a, b, out) : compare_messages(a, b, out);
}

static bool report(const struct flow *f, const char *what, FILE *out)
{
	print_name(f, out);
	fprintf(out, " %s\n", what);
	return false;
}

bool flows_compare(struct flows *expected, struct flows *got, FILE *out)
{
	list_each(a, &expected->flows, struct flow, node) {
		if (!is_compared(a))
			continue;
		if (!a->twin)
			return report(a, "was expected and did not come about", out);
		flow_patch(a, a->twin, MIN(a->text.len, a->twin->text.len));
		if (!compare(a, a->twin, NULL))
			continue;
		report(a, "is not as expected:", out);
		compare(a, a->twin, out);
		return false;
	}
	list_each(b, &got->flows, struct flow, node)
		if (!b->twin && is_compared(b))
			return report(b, "was not expected", out);
	return true;
}

unsigned long long flows_missed(const struct flows *fs)
{
	unsigned long long sum = 0;

	list_each(f, &fs->flows, struct flow, node)
		sum += f->missed;
	return sum;
}

unsigned flows_count(const struct flows *fs, FILE *out)
{
	unsigned connections = 0, others = 0;

	list_each(f, &fs->flows, struct flow, node) {
		connections += is_compared(f) && f->key.proto == IP_PROTO_TCP;
		others += is_compared(f) && f->key.proto != IP_PROTO_TCP;
	}
	if (connections + others)
		fprintf(out, "%u connection%s, %u exchange%s of messages", connections,
			connections == 1 ? "" : "s", others, others == 1 ? "" : "s");
	return connections + others;
}
