/* SPDX-License-Identifier: MIT */
/* Windows, and what of them is the same. */
#include "shell/diff_match.h"

#include "net/wire_tcp.h"

#include <stdlib.h>

/* ---- what belongs together ---- */

/* Room for one more element of a growing array. */
static void *grow(void *at, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return at;
	*room = MAX(2 * *room, (size_t)8);
	return mem_resize(at, *room * size);
}

void diff_init(struct diff_match *m)
{
	*m = (struct diff_match){0};
	terms_init(&m->terms);
}

void diff_add_input(struct diff_match *m, unsigned long long number, const struct capture_packet *p)
{
	struct diff_input *i;

	m->inputs = grow(m->inputs, m->input_count, &m->input_room, sizeof(*m->inputs));
	i = &m->inputs[m->input_count++];
	*i = (struct diff_input){.number = number};
	kept_set(&i->packet, p);
	fields_exit(&i->packet.fields); /* copy_input() reads them again */
}

static void copy_input(const struct diff_match *m, size_t i, struct kept *k)
{
	const struct kept *in = &m->inputs[i].packet;
	struct capture_packet p = {
		.ts_ns = in->ts_ns, .linktype = in->linktype, .data = in->data, .caplen = in->len};

	*k = (struct kept){0};
	kept_set(k, &p);
}

static void add_answer(struct diff_match *m, const struct kept *k)
{
	m->answers = grow(m->answers, m->answer_count, &m->answer_room, sizeof(*m->answers));
	m->answers[m->answer_count++] = (struct diff_answer){.packet = *k};
}

void diff_add_answer(struct diff_match *m, const struct capture_packet *p)
{
	struct kept k = {0}, fin = {0};

	kept_set(&k, p);
	terms_simplify(&k, &fin);
	add_answer(m, &k);
	if (fin.there)
		add_answer(m, &fin);
}

static uint64_t input_ns(const struct diff_match *m, size_t i)
{
	return i < m->input_count ? m->inputs[i].packet.ts_ns : UINT64_MAX;
}

/* The first answer from `i` on that is not before that time. */
static size_t skip_before(const struct diff_match *m, size_t i, uint64_t ns)
{
	while (i < m->answer_count && m->answers[i].packet.ts_ns < ns)
		i++;
	return i;
}

static bool go_on(struct diff_match *m)
{
	struct diff_window *w = &m->w;
	bool is_setup = !m->begun;
	uint64_t now = input_ns(m, w->to);

	if (!is_setup && w->to >= m->input_count)
		return false;
	m->begun = true;
	w->from = w->to;
	while (!is_setup && input_ns(m, w->to) == now)
		w->to++;
	w->answers = w->answers_to;
	w->late = skip_before(m, w->answers, is_setup ? now : now + 1);
	w->answers_to = skip_before(m, w->late, input_ns(m, w->to));
	return true;
}

/* What is late may come earlier from the kernel, in another window: so all of it is known from the beginning. */
void diff_begin(struct diff_match *m)
{
	while (go_on(m)) {
		for (size_t i = m->w.late; i < m->w.answers_to; i++) {
			m->answers[i].late = true;
			terms_note(&m->terms, DIFF_TAPIR, &m->answers[i].packet);
		}
	}
	m->w = (struct diff_window){0};
	m->begun = false;
}

bool diff_next(struct diff_match *m)
{
	if (!go_on(m))
		return false;
	for (size_t i = m->w.answers; i < m->w.late; i++)
		terms_note(&m->terms, DIFF_TAPIR, &m->answers[i].packet);
	return true;
}

uint64_t diff_gap_ns(const struct diff_match *m)
{
	if (m->w.to == m->w.from || m->w.to >= m->input_count)
		return 0;
	return input_ns(m, m->w.to) - input_ns(m, m->w.from);
}

void diff_get_input(struct diff_match *m, size_t i, struct kept *k)
{
	copy_input(m, i, k);
	terms_to_kernel(&m->terms, k);
}

/* ---- what is the same ---- */

static unsigned flags_of(const struct kept *k)
{
	return (unsigned)fields_value(&k->fields, "tcp.flags");
}

enum { TEXT = TCP_FLAGS + 1 };

/* What of a stream is in it. */
static unsigned carries(const struct kept *k)
{
	return (flags_of(k) & (TCP_SYN | TCP_FIN)) | (fields_find(&k->fields, "tcp.payload") ? TEXT : 0);
}

/* Is it perhaps the same packet with another value somewhere? */
static bool is_alike(const struct kept *a, const struct kept *b)
{
	static const char *const names[] = {"eth.type", "arp.opcode", "ip.proto", "ip.dst", "icmp.type",
		"tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (fields_value(&a->fields, names[i]) != fields_value(&b->fields, names[i]))
			return false;
	return carries(a) == carries(b) || ((flags_of(a) | flags_of(b)) & TCP_RST);
}

/* An acknowledgment and nothing else. */
static bool is_bare_ack(const struct kept *k)
{
	return flags_of(k) == TCP_ACK && !carries(k) && !fields_find(&k->fields, "tcp.options.sack_le");
}

/* Does `b` acknowledge what `a` does, and more is in it? */
static bool is_covered_by(const struct kept *a, const struct kept *b)
{
	return !is_bare_ack(b) && fields_find(&b->fields, "tcp.flags") &&
		fields_value(&a->fields, "tcp.dstport") == fields_value(&b->fields, "tcp.dstport") &&
		fields_value(&a->fields, "tcp.srcport") == fields_value(&b->fields, "tcp.srcport") &&
		(int32_t)(fields_value(&b->fields, "tcp.ack") - fields_value(&a->fields, "tcp.ack")) >= 0;
}

/* Tapir's programs answer in the same moment, and the acknowledgment goes with that; the kernel's answer a little later. */
static bool is_covered(const struct diff_match *m, const struct kept *ack)
{
	bool covered = false;

	if (!is_bare_ack(ack))
		return false;
	for (size_t i = m->w.answers; i < m->w.late && !covered; i++)
		covered = is_covered_by(ack, &m->answers[i].packet);
	for (size_t i = 0; i < m->surplus_count && !covered; i++)
		covered = is_covered_by(ack, &m->surplus[i].packet);
	return covered;
}

/* An answer of this window is sent once, a late one as often as they like. */
static bool find_same(struct diff_match *m, const struct kept *k)
{
	for (size_t i = m->w.answers; i < m->w.late; i++)
		if (!m->answers[i].matched && packets_same(m->mask, k, &m->answers[i].packet))
			return m->answers[i].matched = true;
	for (size_t i = 0; i < m->answer_count; i++)
		if (m->answers[i].late && packets_same(m->mask, k, &m->answers[i].packet))
			return true;
	return false;
}

/* Takes what is in `k`. `by_timer`: or by a program that has read. */
static void hold_against(struct diff_match *m, struct kept *k, bool by_timer)
{
	if (find_same(m, k) || by_timer) {
		kept_exit(k);
		return;
	}
	m->surplus = grow(m->surplus, m->surplus_count, &m->surplus_room, sizeof(*m->surplus));
	m->surplus[m->surplus_count++] = (struct diff_surplus){.packet = *k};
}

void diff_take(struct diff_match *m, const struct capture_packet *p, bool at_once)
{
	struct kept k = {0}, fin = {0};
	bool again, by_timer;

	m->kernel_count++;
	kept_set(&k, p);
	k.ts_ns = input_ns(m, m->w.from);
	again = terms_note(&m->terms, DIFF_KERNEL, &k);
	by_timer = !at_once && (again || is_bare_ack(&k));
	terms_to_tapir(&m->terms, &k);
	terms_simplify(&k, &fin);
	hold_against(m, &k, by_timer);
	if (fin.there)
		hold_against(m, &fin, by_timer);
}

/* Something that the kernel was to send, and has not. */
static bool is_missing(const struct diff_match *m, const struct diff_answer *a)
{
	return !a->matched && !is_covered(m, &a->packet);
}

static struct diff_surplus *find_alike(struct diff_match *m, const struct diff_answer *a)
{
	for (size_t i = 0; i < m->surplus_count; i++)
		if (!m->surplus[i].is_paired && is_alike(&m->surplus[i].packet, &a->packet))
			return &m->surplus[i];
	return NULL;
}

/* What is missing, and what of the kernel's may stand in its place. */
static void pair(struct diff_match *m)
{
	for (size_t i = 0; i < m->surplus_count; i++)
		m->surplus[i].is_paired = false;
	for (size_t i = m->w.answers; i < m->w.late; i++) {
		struct diff_answer *a = &m->answers[i];
		a->instead = is_missing(m, a) ? find_alike(m, a) : NULL;
		if (a->instead)
			a->instead->is_paired = true;
	}
}

bool diff_has_all(struct diff_match *m)
{
	pair(m);
	for (size_t i = m->w.answers; i < m->w.late; i++)
		if (is_missing(m, &m->answers[i]) && !m->answers[i].instead)
			return false;
	return true;
}

/* ---- what is said of it ---- */

static void print_heading(struct diff_match *m, const char *what)
{
	struct kept k;

	m->differences++;
	if (m->w.to == m->w.from) {
		fprintf(m->out, "before the first packet%s\n", what);
		return;
	}
	copy_input(m, m->w.to - 1, &k);
	fprintf(m->out, "packet %llu%s\n", m->inputs[m->w.to - 1].number, what);
	packet_print(m->out, &k, input_ns(m, 0));
	kept_exit(&k);
}

static void print_one(struct diff_match *m, const struct kept *k, const char *what)
{
	print_heading(m, what);
	packet_print(m->out, k, input_ns(m, 0));
}

static void print_both(struct diff_match *m, const struct kept *kernel, const struct kept *tapir)
{
	print_heading(m, " is answered in two ways:");
	packet_print(m->out, tapir, input_ns(m, 0));
	packets_print_row(m->out, "field", "kernel", "tapir");
	packets_print(m->out, m->mask, kernel, tapir, "kernel", "tapir");
}

static void forget_surplus(struct diff_match *m)
{
	for (size_t i = 0; i < m->surplus_count; i++)
		kept_exit(&m->surplus[i].packet);
	m->surplus_count = 0;
}

void diff_judge(struct diff_match *m)
{
	pair(m);
	for (size_t i = m->w.answers; i < m->w.late; i++) {
		const struct diff_answer *a = &m->answers[i];
		if (a->instead)
			print_both(m, &a->instead->packet, &a->packet);
		else if (is_missing(m, a))
			print_one(m, &a->packet, ": tapir sends what the kernel does not:");
	}
	for (size_t i = 0; i < m->surplus_count; i++) {
		const struct diff_surplus *s = &m->surplus[i];
		if (!s->is_paired && !is_covered(m, &s->packet))
			print_one(m, &s->packet, ": the kernel sends what tapir does not:");
	}
	forget_surplus(m);
}

void diff_end(struct diff_match *m)
{
	forget_surplus(m);
	free(m->surplus);
	for (size_t i = 0; i < m->input_count; i++)
		kept_exit(&m->inputs[i].packet);
	for (size_t i = 0; i < m->answer_count; i++)
		kept_exit(&m->answers[i].packet);
	free(m->inputs);
	free(m->answers);
	terms_exit(&m->terms);
}
