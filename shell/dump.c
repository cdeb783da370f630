/* SPDX-License-Identifier: MIT */
/* A packet's line: number, time, what it says, and its octets. */
#include "shell/dump_part.h"

#include "lib/clock.h"

#include <ctype.h>
#include <time.h>

/* ---- what all share ---- */

void dump_cut(struct dump *d, const char *what)
{
	buf_printf(d->out, " [|%s]", what);
	d->cut = true;
}

const char *dump_name(const struct dump_name *names, unsigned number)
{
	while (names->text && names->number != number)
		names++;
	return names->text;
}

/* As `cat -v` shows it: a capture may hold what a terminal would obey. */
static void print_safely(struct dump *d, uint8_t octet)
{
	uint8_t c = octet & 0x7f;

	if (octet != c)
		buf_puts(d->out, "M-");
	if (isprint(c))
		buf_putc(d->out, (char)c);
	else
		buf_printf(d->out, "^%c", c ^ 0x40);
}

void dump_quoted(struct dump *d, const uint8_t *text, size_t len)
{
	buf_putc(d->out, '"');
	for (size_t i = 0; i < len; i++)
		print_safely(d, text[i]);
	buf_putc(d->out, '"');
}

/* ---- hex ---- */

enum { LINE = 16 };

static void hex_line(struct dump *d, const uint8_t *b, uint32_t n, bool ascii)
{
	size_t begin = d->out->len;

	for (uint32_t i = 0; i < n; i++)
		buf_printf(d->out, i % 2 ? "%02x" : " %02x", b[i]);
	if (!ascii)
		return;
	buf_printf(d->out, "%*s", (int)(LINE / 2 * 5 - (d->out->len - begin)) + 2, "");
	for (uint32_t i = 0; i < n; i++)
		buf_putc(d->out, isgraph(b[i]) ? (char)b[i] : '.');
}

void dump_hex(struct dump *d, struct span s, bool ascii)
{
	for (uint32_t at = 0; at < s.have; at += LINE) {
		buf_printf(d->out, "\n\t0x%04x: ", at);
		hex_line(d, s.at + at, MIN(s.have - at, (uint32_t)LINE), ascii);
	}
}

void dump_ascii(struct dump *d, struct span s)
{
	buf_putc(d->out, '\n');
	for (uint32_t i = 0; i < s.have; i++) {
		uint8_t c = s.at[i];

		/* tcpdump takes a CR among the last two octets for the end of a line, whatever follows. */
		if (c == '\r' && (i + 2 >= s.have || s.at[i + 1] == '\n'))
			continue;
		buf_putc(d->out, isgraph(c) || c == '\t' || c == ' ' || c == '\n' ? (char)c : '.');
	}
}

static bool shows_octets(const struct dump_options *o)
{
	return o->hex || o->hex_ascii || o->ascii;
}

void dump_payload(struct dump *d, struct span s)
{
	if (!shows_octets(&d->o))
		dump_hex(d, s, true);
}

/* ---- time ---- */

/* What stands behind the point of a number of seconds. */
static void print_fraction(struct dump *d, uint64_t ns)
{
	if (d->o.nano)
		buf_printf(d->out, ".%09u ", (unsigned)(ns % NS_PER_SEC));
	else
		buf_printf(d->out, ".%06u ", (unsigned)(ns % NS_PER_SEC / NS_PER_US));
}

static void print_clock(struct dump *d, const char *format, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SEC);
	char text[64];
	struct tm tm;

	if (d->o.utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), format, &tm);
	buf_puts(d->out, text);
	print_fraction(d, ns);
}

/* Of times that are shown in microseconds the rest is cut before they are subtracted. */
static void print_since(struct dump *d, uint64_t now_ns, uint64_t then_ns)
{
	uint64_t unit = d->o.nano ? 1 : NS_PER_US;
	uint64_t now = now_ns - now_ns % unit, then = then_ns - then_ns % unit;
	uint64_t ns = now < then ? then - now : now - then;

	buf_printf(d->out, "%c%02u:%02u:%02u", now < then ? '-' : ' ', (unsigned)(ns / (3600 * NS_PER_SEC)),
		(unsigned)(ns / (60 * NS_PER_SEC) % 60), (unsigned)(ns / NS_PER_SEC % 60));
	print_fraction(d, ns);
}

static void print_time(struct dump *d, uint64_t ns)
{
	switch (d->o.time) {
	case DUMP_TIME:
		print_clock(d, "%H:%M:%S", ns);
		break;
	case DUMP_NONE:
		break;
	case DUMP_EPOCH:
		buf_printf(d->out, "%llu", (unsigned long long)(ns / NS_PER_SEC));
		print_fraction(d, ns);
		break;
	case DUMP_DELTA:
		print_since(d, ns, d->last_ns);
		break;
	case DUMP_DATE:
		print_clock(d, "%Y-%m-%d %H:%M:%S", ns);
		break;
	case DUMP_SINCE_FIRST:
		print_since(d, ns, d->first_ns);
		break;
	}
}

/* ---- a packet ---- */

/* Of two ways at once the one with more in it wins. */
static void print_octets(struct dump *d, struct span frame, uint32_t link_len)
{
	const struct dump_options *o = &d->o;
	int times = o->hex_ascii ? o->hex_ascii : o->hex ? o->hex : o->ascii;

	if (!times)
		return;
	if (times == 1 && !d->cut)
		frame = span_skip(frame, link_len);
	if (o->hex_ascii || o->hex)
		dump_hex(d, frame, o->hex_ascii);
	else
		dump_ascii(d, frame);
}

static void print_comment(struct dump *d, const char *comment)
{
	buf_puts(d->out, "\n\t# ");
	for (; *comment; comment++) {
		if (*comment == '\n')
			buf_puts(d->out, "\n\t# ");
		else
			print_safely(d, (uint8_t)*comment);
	}
}

void dump_packet(struct dump *d, const struct capture_packet *p)
{
	uint32_t link_len;

	if (d->packets++ == 0)
		d->first_ns = d->last_ns = p->ts_ns;
	if (d->o.numbers)
		buf_printf(d->out, "%5llu  ", (unsigned long long)d->packets);
	print_time(d, p->ts_ns);
	d->last_ns = p->ts_ns;
	d->cut = false;
	link_len = dump_link(d, p);
	print_octets(d, (struct span){p->data, p->caplen, p->len}, link_len);
	if (d->o.comments && p->comment)
		print_comment(d, p->comment);
	buf_putc(d->out, '\n');
}

void dump_init(struct dump *d, const struct dump_options *o, struct buf *out)
{
	*d = (struct dump){.o = *o, .out = out};
	hash_init(&d->flows);
}

void dump_exit(struct dump *d)
{
	dump_flows_exit(d);
}
