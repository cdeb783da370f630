/* SPDX-License-Identifier: MIT */
/*
 * Requests: the head of a message, read strictly (RFC 9112 2 to 5). What two readers could take for different things
 * (spaces before a colon, folded lines, lone CRs, two lengths) is refused. A lone LF ends a line too (RFC 9112 2.2), for
 * those who type a request by hand.
 */
#include "app/http_internal.h"

#include <ctype.h>
#include <strings.h>

struct span {
	const char *at;
	size_t len;
};

/* What the fields say that only matters while they are read. */
struct fields {
	unsigned count, hosts;
	bool close, keep_alive, has_length, chunked, bad_range;
	uint64_t length;
};

size_t http_head_len(const char *text, size_t len)
{
	for (const char *lf = text; (lf = memchr(lf, '\n', len - (size_t)(lf - text))); lf++) {
		size_t next = (size_t)(lf - text) + 1;

		if (next < len && text[next] == '\n')
			return next + 1;
		if (next + 1 < len && text[next] == '\r' && text[next + 1] == '\n')
			return next + 2;
	}
	return 0;
}

/* The next line without its end; false: there is none. */
static bool next_line(struct span *text, struct span *line)
{
	const char *lf = memchr(text->at, '\n', text->len);

	if (!lf)
		return false;
	line->at = text->at;
	line->len = (size_t)(lf - text->at);
	text->at += line->len + 1;
	text->len -= line->len + 1;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.at[i]) && !strchr("!#$%&'*+-.^_`|~", s.at[i]))
			return false;
	return s.len > 0 && !memchr(s.at, '\0', s.len);
}

static bool has_controls(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < ' ' && s.at[i] != '\t')
			return true;
	return memchr(s.at, 0x7f, s.len) != NULL;
}

static bool is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool is_anyhow(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

static bool begins(struct span s, const char *text)
{
	return s.len >= strlen(text) && strncasecmp(s.at, text, strlen(text)) == 0;
}

/* Cuts `s` at the first `c`: what is before is returned. */
static struct span cut(struct span *s, char c)
{
	const char *end = memchr(s->at, c, s->len);
	struct span first = {s->at, end ? (size_t)(end - s->at) : s->len};
	size_t gone = first.len + (end != NULL);

	s->at += gone;
	s->len -= gone;
	return first;
}

static struct span trim(struct span s)
{
	while (s.len && (*s.at == ' ' || *s.at == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Digits only, and not too many. */
static bool number(struct span s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit((unsigned char)s.at[i]))
			return false;
		*out = *out * 10 + (uint64_t)(s.at[i] - '0');
	}
	return s.len > 0 && s.len <= 18;
}

/* ---- the request line ---- */

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10 : -1;
}

/* ".." as a segment, whatever it was written as. */
static bool climbs(const char *path)
{
	for (const char *p = path; (p = strstr(p, "/..")); p++)
		if (p[3] == '/' || p[3] == '\0')
			return true;
	return false;
}

/* The path of `target`, decoded. */
static int decode(struct span target, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < target.len && target.at[i] != '?'; i++) {
		char c = target.at[i];

		if (c == '%') {
			int high = i + 2 < target.len ? hex(target.at[i + 1]) : -1;
			int low = i + 2 < target.len ? hex(target.at[i + 2]) : -1;

			if (high < 0 || low < 0 || high + low == 0)
				return 400;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '#' || (unsigned char)c <= ' ' || c == 0x7f) {
			return 400;
		}
		if (c != '/' || n == 0 || out[n - 1] != '/')
			out[n++] = c;
	}
	out[n] = '\0';
	return out[0] != '/' ? 400 : climbs(out) ? 403 : 0;
}

static int take_target(struct span target, struct http_request *r)
{
	if (target.len > HTTP_TARGET_MAX)
		return 414;
	if (begins(target, "http://")) { /* absolute form: the path begins after the host */
		const char *slash = memchr(target.at + 7, '/', target.len - 7);

		if (!slash)
			return decode((struct span){"/", 1}, r->path);
		target.len -= (size_t)(slash - target.at);
		target.at = slash;
	}
	return decode(target, r->path);
}

static int take_method(struct span method, struct http_request *r)
{
	static const char *const known[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"};

	r->head = is(method, "HEAD");
	if (r->head || is(method, "GET"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (is(method, known[i]))
			return 405;
	return is_token(method) ? 501 : 400;
}

static int take_line(struct span line, struct http_request *r, bool *old)
{
	struct span method = cut(&line, ' '), target = cut(&line, ' ');
	int status = take_method(method, r);

	if (status == 400 || line.len != strlen("HTTP/1.1") || memcmp(line.at, "HTTP/", 5) != 0)
		return 400;
	if (!isdigit((unsigned char)line.at[5]) || line.at[6] != '.' || !isdigit((unsigned char)line.at[7]))
		return 400;
	if (line.at[5] != '1')
		return 505;
	*old = line.at[7] == '0';
	return status ? status : take_target(target, r);
}

/* ---- fields ---- */

/* One range of octets. What we do not understand, or of which there are several, may be ignored (RFC 9110 14.2). */
static void take_range(struct span value, struct http_request *r)
{
	struct span first;
	uint64_t a = 0, b = UINT64_MAX;

	if (!begins(value, "bytes=") || memchr(value.at, ',', value.len) || !memchr(value.at, '-', value.len))
		return;
	value.at += 6;
	value.len -= 6;
	first = cut(&value, '-');
	if (first.len == 0 && number(value, &b)) {
		r->range = HTTP_RANGE_LAST;
		r->last = b;
	} else if (number(first, &a) && (value.len == 0 || (number(value, &b) && b >= a))) {
		r->range = HTTP_RANGE_FROM;
		r->first = a;
		r->last = b;
	}
}

static bool parse_date(struct span value, time_t *out)
{
	char text[HTTP_DATE_LEN], again[HTTP_DATE_LEN];
	struct tm tm = {0};

	if (value.len >= sizeof(text))
		return false;
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	if (!strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return false;
	*out = timegm(&tm);
	return strcmp(http_date(again, *out), text) == 0;
}

static void take_connection(struct span value, struct fields *f)
{
	while (value.len) {
		struct span option = trim(cut(&value, ','));

		f->close |= is_anyhow(option, "close");
		f->keep_alive |= is_anyhow(option, "keep-alive");
	}
}

static int take_length(struct span value, struct fields *f)
{
	uint64_t length;

	if (!number(value, &length) || (f->has_length && length != f->length))
		return 400;
	f->has_length = true;
	f->length = length;
	return 0;
}

static int take_field(struct span line, struct http_request *r, struct fields *f)
{
	struct span name, value = line;

	if (!memchr(line.at, ':', line.len) || has_controls(line))
		return 400;
	name = cut(&value, ':');
	value = trim(value);
	if (!is_token(name))
		return 400;
	if (++f->count > HTTP_FIELDS_MAX)
		return 431;
	if (is_anyhow(name, "Content-Length"))
		return take_length(value, f);
	if (is_anyhow(name, "Host"))
		f->hosts++;
	else if (is_anyhow(name, "Transfer-Encoding"))
		f->chunked = true;
	else if (is_anyhow(name, "Connection"))
		take_connection(value, f);
	else if (is_anyhow(name, "Range"))
		take_range(value, r);
	else if (is_anyhow(name, "If-Modified-Since"))
		r->has_since = parse_date(value, &r->since);
	else if (is_anyhow(name, "If-Range")) {
		r->has_if_range = true;
		if (!parse_date(value, &r->if_range))
			r->if_range = -1;
	}
	return 0;
}

/* ---- all of it ---- */

/* A body is never read: after the answer the connection ends, and nobody takes it for a request. */
static int judge(const struct fields *f, bool old, struct http_request *r)
{
	r->keep_alive = !f->close && (!old || f->keep_alive) && !f->chunked && f->length == 0;
	if (f->chunked && f->has_length)
		return 400;
	return f->hosts > 1 || (f->hosts == 0 && !old) ? 400 : 0;
}

int http_parse(const char *text, size_t len, struct http_request *r)
{
	struct span rest = {text, len}, line;
	struct fields f = {0};
	bool old = true;
	int status = 400, bad = 0;

	*r = (struct http_request){0};
	if (next_line(&rest, &line) && !has_controls(line))
		status = take_line(line, r, &old);
	if (status == 400)
		return status;
	while (next_line(&rest, &line) && line.len && !bad)
		bad = take_field(line, r, &f);
	if (!bad)
		bad = judge(&f, old, r);
	if (bad)
		r->keep_alive = false;
	return bad ? bad : status;
}

char *http_date(char *out, time_t t)
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, HTTP_DATE_LEN, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return out;
}
