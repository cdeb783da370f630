/* SPDX-License-Identifier: MIT */
/* How a run again ends before the recording does: in words. */
#include "record/recording.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 100 /* bytes of text */ };

const char *where(char text[64])
{
	const struct recording *r = the_recording;
	uint64_t turns = r->loop ? r->loop->turns : r->turns;
	uint64_t now = r->loop ? r->loop->now : r->now;
	uint64_t ms = (now - r->began) / NS_PER_MS;

	snprintf(text, 64, "in turn %llu, at %llu.%03llu s", (unsigned long long)turns,
		(unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000));
	return text;
}

/* ---- what was done ---- */

static void put_text(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < MIN(len, (size_t)SHOWN); i++) {
		unsigned char b = (unsigned char)text[i];

		if (b == '\n')
			fputs("\\n", out);
		else if (b < ' ' || b >= 0x7f || b == '"' || b == '\\')
			fprintf(out, "\\x%02x", b);
		else
			fputc(b, out);
	}
	fputs(len > SHOWN ? "\"..." : "\"", out);
}

static void put_call(FILE *out, enum call c, int64_t key)
{
	fputs(c == CALL_END ? "the end" : call_name(c), out);
	if (c == CALL_END)
		fprintf(out, ", exit status %lld", (long long)key);
	else if (key >= 0 && key < 1 << 20)
		fprintf(out, " %lld", (long long)key);
}

static bool writes_text(enum call c, int64_t key)
{
	return c == CALL_write && is_text((int)key);
}

/* Both texts from the beginning of the line that differs. */
static void put_texts(FILE *out, const char *data, size_t len)
{
	const struct recording *r = the_recording;
	const char *was = r->text + r->text_at;
	size_t left = r->text_len - r->text_at, same = 0, from = 0;

	while (same < MIN(left, len) && was[same] == data[same])
		same++;
	for (size_t i = 0; i < same; i++)
		from = was[i] == '\n' ? i + 1 : from;
	fprintf(out, ", at byte %zu of the output\n  recorded: ", r->text_at + same);
	put_text(out, was + from, MIN(left - from, (size_t)SHOWN + 1));
	fputs("\n  now:      ", out);
	put_text(out, data + from, len - from);
}

static void put_calls(
	FILE *out, const struct log_entry *e, enum call c, int64_t key, const char *data, size_t len)
{
	const struct recording *r = the_recording;

	fputs("\n  recorded: ", out);
	put_call(out, (enum call)e->call, e->key);
	if (writes_text((enum call)e->call, e->key)) {
		fputs(" ", out);
		put_text(out, r->text + r->text_at, r->text_len - r->text_at);
	}
	fputs("\n  now:      ", out);
	put_call(out, c, key);
	if (data && writes_text(c, key)) {
		fputs(" ", out);
		put_text(out, data, len);
	} else if ((enum call)e->call == c && e->key == key) {
		fprintf(out, " (%zu bytes, but others)", len);
	}
}

/* ---- ends ---- */

/* Nothing of the run itself is to be undone: none of it was real. */
static void __attribute__((noreturn)) end(FILE *out, char **text, int status)
{
	fputc('\n', out);
	fclose(out);
	dprintf(the_recording->report, "%s", *text);
	_exit(status);
}

void differ(const struct log_entry *e, enum call c, int64_t key, const void *data, size_t len)
{
	char *text, place[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "again: different %s", where(place));
	if (data && writes_text(c, key) && (enum call)e->call == c && e->key == key)
		put_texts(out, data, len);
	else
		put_calls(out, e, c, key, data, len);
	end(out, &text, 1);
}

void out_of_log(enum log_next why)
{
	char *text, place[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "again: the same until the recording ");
	fputs(why == LOG_OPEN ? "ends, " : why == LOG_CUT ? "is cut off, " : "is damaged, ", out);
	fputs(where(place), out);
	fputs(why == LOG_OPEN ? ", where tapir was ended from outside" : "", out);
	end(out, &text, why == LOG_OPEN ? 0 : 2);
}
