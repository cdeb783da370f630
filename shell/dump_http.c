/* SPDX-License-Identifier: MIT */
/* The lines at the beginning of an HTTP request or response. */
#include "shell/dump_part.h"

#include <ctype.h>
#include <strings.h>

/* Where the word that begins at `at` ends. */
static uint32_t word_end(struct span s, uint32_t at)
{
	while (at < s.have && !isspace(s.at[at]))
		at++;
	return at;
}

static bool is_method(const uint8_t *word, uint32_t len)
{
	static const char *const methods[] = {
		"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", NULL};
	size_t i = 0;

	while (methods[i] &&
		(strlen(methods[i]) != len || strncasecmp(methods[i], (const char *)word, len) != 0))
		i++;
	return methods[i] != NULL;
}

/* A method, or a status of three digits as the second word. What goes on in the middle of a message has neither. */
static bool begins_message(struct span s)
{
	uint32_t end = word_end(s, 0), second = end;

	if (is_method(s.at, end))
		return true;
	while (second < s.have && isspace(s.at[second]) && s.at[second] != '\n')
		second++;
	end = word_end(s, second);
	return end - second == 3 && isdigit(s.at[second]) && isdigit(s.at[second + 1]) &&
		isdigit(s.at[second + 2]);
}

enum line { WHOLE, UNFINISHED, NO_TEXT };

/* The line at the beginning: how long it is, and with what ends it. */
static enum line find_line(struct span s, uint32_t *len, uint32_t *with_end)
{
	uint32_t n = 0;

	while (n < s.have && s.at[n] != '\n' && !(s.at[n] == '\r' && n + 1 < s.have && s.at[n + 1] == '\n')) {
		if (!isprint(s.at[n]) && s.at[n] != '\t')
			return NO_TEXT;
		n++;
	}
	*len = n;
	*with_end = n + (n < s.have && s.at[n] == '\r') + 1;
	return n < s.have ? WHOLE : UNFINISHED;
}

/* False: it was the last one that is shown. */
static bool print_line(struct dump *d, struct span *s, const char *before)
{
	uint32_t len = 0, with_end = 0;
	enum line line = find_line(*s, &len, &with_end);

	if (line == NO_TEXT)
		return false;
	if (line == WHOLE || span_is_whole(*s)) {
		buf_puts(d->out, before);
		buf_add(d->out, s->at, len);
	}
	if (line == UNFINISHED)
		buf_puts(d->out, " [|http]");
	*s = span_skip(*s, with_end);
	return line == WHOLE && s->have > 0;
}

void dump_http(struct dump *d, struct span s)
{
	buf_puts(d->out, "HTTP");
	if (!begins_message(s))
		return;
	if (!d->o.verbose) {
		print_line(d, &s, ": ");
		return;
	}
	buf_printf(d->out, ", length: %u", s.len);
	while (print_line(d, &s, "\n\t"))
		;
}
