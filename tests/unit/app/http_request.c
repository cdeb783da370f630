/* SPDX-License-Identifier: MIT */
/* Heads of requests (RFC 9110, RFC 9112): what is understood, and what is refused as what. */
#include "app/http_internal.h"
#include "lib/rng.h"

#include "tests/unit/unit.h"

#include <stdlib.h>

#define HOST "Host: h\r\n"

/* Parses what lies in memory up to its very end, so that ASan sees a read past it. */
static int parse(const char *text, size_t len, struct http_request *r)
{
	char *exact = malloc(len ? len : 1);
	int status;

	memcpy(exact, text, len);
	status = http_parse(exact, len, r);
	free(exact);
	return status;
}

static int parse_text(const char *text, struct http_request *r)
{
	CU_ASSERT_EQUAL(http_head_len(text, strlen(text)), strlen(text));
	return parse(text, strlen(text), r);
}

static void a_head_ends_with_an_empty_line(void)
{
	CU_ASSERT_EQUAL(http_head_len("", 0), 0);
	CU_ASSERT_EQUAL(http_head_len("GET / HTTP/1.1\r\n\r", 17), 0);
	CU_ASSERT_EQUAL(http_head_len("GET / HTTP/1.1\r\n\r\n", 18), 18);
	CU_ASSERT_EQUAL(http_head_len("GET / HTTP/1.0\n\nmore", 20), 16);
	CU_ASSERT_EQUAL(http_head_len("a\r\nb\r\n\r\nGET", 11), 8);
}

static void paths_are_decoded(void)
{
	static const struct {
		const char *target, *path;
	} cases[] = {
		{"/", "/"},
		{"/a/b.txt", "/a/b.txt"},
		{"/a?b=c/../d", "/a"},
		{"/%41%2fb%20c", "/A/b c"},
		{"/%c3%a4", "/\xc3\xa4"},
		{"//a///b//", "/a/b/"},
		{"http://h:80/x", "/x"},
		{"http://h", "/"},
		{"/...", "/..."},
		{"/..a/b../.c", "/..a/b../.c"},
		{"/./a", "/./a"},
	};
	struct http_request r;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", cases[i].target);
		CU_ASSERT_EQUAL(parse_text(text, &r), 0);
		CU_ASSERT_STRING_EQUAL(r.path, cases[i].path);
	}
}

static void targets_that_climb_or_hide_something_are_refused(void)
{
	static const struct {
		const char *target;
		int status;
	} cases[] = {
		{"/..", 403},
		{"/../", 403},
		{"/a/../../b", 403},
		{"/%2e%2e/", 403},
		{"/a/%2E./b", 403},
		{"/a%2f..%2f..", 403},
		{"//..//", 403},
		{"http://h/../x", 403},
		{"/%00", 400},
		{"/a%00.txt", 400},
		{"/%", 400},
		{"/%4", 400},
		{"/%g1", 400},
		{"/%1g", 400},
		{"a", 400},
		{"*", 400},
		{"", 400},
		{"../a", 400},
		{"/a#b", 400},
		{"/\x01", 400},
		{"/\x7f", 400},
		{"ftp://h/", 400},
	};
	struct http_request r;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", cases[i].target);
		CU_ASSERT_EQUAL(parse_text(text, &r), cases[i].status);
		if (parse_text(text, &r) != cases[i].status)
			printf("%s\n", cases[i].target);
		CU_ASSERT_FALSE(r.keep_alive && cases[i].status == 400);
	}
}

static void methods_and_versions_that_are_not_ours_have_their_status(void)
{
	struct http_request r;

	CU_ASSERT_EQUAL(parse_text("HEAD / HTTP/1.1\r\n" HOST "\r\n", &r), 0);
	CU_ASSERT(r.head && r.keep_alive);
	CU_ASSERT_EQUAL(parse_text("POST / HTTP/1.1\r\n" HOST "\r\n", &r), 405);
	CU_ASSERT_EQUAL(parse_text("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", &r), 405);
	CU_ASSERT_EQUAL(parse_text("BREW / HTTP/1.1\r\n" HOST "\r\n", &r), 501);
	CU_ASSERT_EQUAL(parse_text("get / HTTP/1.1\r\n" HOST "\r\n", &r), 501);
	CU_ASSERT_EQUAL(parse_text("G(T / HTTP/1.1\r\n" HOST "\r\n", &r), 400);
	CU_ASSERT_EQUAL(parse_text("GET / HTTP/2.0\r\n" HOST "\r\n", &r), 505);
	CU_ASSERT_EQUAL(parse_text("GET / HTTP/1.9\r\n" HOST "\r\n", &r), 0);
	CU_ASSERT_EQUAL(parse_text("GET / HTTP/1.11\r\n" HOST "\r\n", &r), 400);
	CU_ASSERT_EQUAL(parse_text("GET / http/1.1\r\n" HOST "\r\n", &r), 400);
	CU_ASSERT_EQUAL(parse_text("GET /\r\n\r\n", &r), 400);
	CU_ASSERT_EQUAL(parse_text("GET  / HTTP/1.1\r\n" HOST "\r\n", &r), 400);
	CU_ASSERT_EQUAL(parse_text("GET / HTTP/1.1 \r\n" HOST "\r\n", &r), 400);
	CU_ASSERT_EQUAL(parse_text("\x16\x03\x01 tls\r\n\r\n", &r), 400);
}

static void connections_go_on_where_both_ends_say_so(void)
{
	static const struct {
		const char *head;
		bool keep_alive;
	} cases[] = {
		{"GET / HTTP/1.1\r\n" HOST "\r\n", true},
		{"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\n" HOST "connection: te , CLOSE\r\n\r\n", false},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
		{"GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", true},
	};
	struct http_request r;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CU_ASSERT_EQUAL(parse_text(cases[i].head, &r), 0);
		CU_ASSERT_EQUAL(r.keep_alive, cases[i].keep_alive);
	}
}

/* What two readers may take for different requests ends the connection (RFC 9112 11.2). */
static void http_request_smuggling(void)
{
	static const struct {
		const char *fields;
		int status;
	} cases[] = {
		{HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
		{HOST "Content-Length: 5\r\nContent-Length: 6\r\n", 400},
		{HOST "Content-Length: 5\r\nContent-Length: 5\r\n", 0},
		{HOST "Content-Length: +5\r\n", 400},
		{HOST "Content-Length: 5, 5\r\n", 400},
		{HOST "Content-Length: 99999999999999999999\r\n", 400},
		{HOST "Content-Length:\r\n", 400},
		{HOST "Transfer-Encoding: chunked\r\n", 0},
		{HOST "Content-Length : 5\r\n", 400},
		{HOST " Content-Length: 5\r\n", 400},
		{HOST "X: a\r\n b\r\n", 400},
		{HOST "X: a\rContent-Length: 5\r\n", 400},
		{HOST "X\r\n", 400},
		{HOST ": x\r\n", 400},
		{HOST HOST, 400},
		{"", 400},
	};
	struct http_request r;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", cases[i].fields);
		CU_ASSERT_EQUAL(parse_text(text, &r), cases[i].status);
		CU_ASSERT_FALSE(r.keep_alive);
	}
	CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 30, &r), 400);
}

static void http_header_flood(void)
{
	static char text[20000];
	struct http_request r;
	size_t n = (size_t)sprintf(text, "GET / HTTP/1.1\r\n" HOST);

	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		n += (size_t)sprintf(text + n, "X: y\r\n");
	strcpy(text + n, "\r\n");
	CU_ASSERT_EQUAL(parse_text(text, &r), 0);
	strcpy(text + n, "X: y\r\n\r\n");
	CU_ASSERT_EQUAL(parse_text(text, &r), 431);

	n = (size_t)sprintf(text, "GET /");
	memset(text + n, 'a', HTTP_TARGET_MAX - 1);
	strcpy(text + n + HTTP_TARGET_MAX - 1, " HTTP/1.1\r\n" HOST "\r\n");
	CU_ASSERT_EQUAL(parse_text(text, &r), 0);
	CU_ASSERT_EQUAL(strlen(r.path), HTTP_TARGET_MAX);
	strcpy(text + n + HTTP_TARGET_MAX - 1, "a HTTP/1.1\r\n" HOST "\r\n");
	CU_ASSERT_EQUAL(parse_text(text, &r), 414);
}

static void ranges_that_are_understood(void)
{
	static const struct {
		const char *value;
		enum http_range range;
		uint64_t first, last;
	} cases[] = {
		{"bytes=0-0", HTTP_RANGE_FROM, 0, 0},
		{"bytes=5-", HTTP_RANGE_FROM, 5, UINT64_MAX},
		{"Bytes=5-9", HTTP_RANGE_FROM, 5, 9},
		{"bytes=-9", HTTP_RANGE_LAST, 0, 9},
		{"bytes=999999999999999999-", HTTP_RANGE_FROM, 999999999999999999, UINT64_MAX},
		{"bytes=9-5", HTTP_RANGE_NONE, 0, 0},
		{"bytes=0-1,3-4", HTTP_RANGE_NONE, 0, 0},
		{"bytes=-", HTTP_RANGE_NONE, 0, 0},
		{"bytes=", HTTP_RANGE_NONE, 0, 0},
		{"bytes=x-5", HTTP_RANGE_NONE, 0, 0},
		{"bytes=5-x", HTTP_RANGE_NONE, 0, 0},
		{"bytes=1-2-3", HTTP_RANGE_NONE, 0, 0},
		{"bytes=9999999999999999999-", HTTP_RANGE_NONE, 0, 0},
		{"lines=1-2", HTTP_RANGE_NONE, 0, 0},
	};
	struct http_request r;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "Range: %s\r\n\r\n", cases[i].value);
		CU_ASSERT_EQUAL(parse_text(text, &r), 0);
		CU_ASSERT_EQUAL(r.range, cases[i].range);
		CU_ASSERT_EQUAL(r.first, cases[i].first);
		CU_ASSERT_EQUAL(r.last, cases[i].last);
	}
}

static void dates_are_those_that_we_give_out(void)
{
	struct http_request r;
	char date[HTTP_DATE_LEN];

	CU_ASSERT_STRING_EQUAL(http_date(date, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
	parse_text("GET / HTTP/1.1\r\n" HOST "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		   "If-Range: \"tag\"\r\n\r\n",
		&r);
	CU_ASSERT(r.has_since && r.since == 784111777);
	CU_ASSERT(r.has_if_range && r.if_range == -1);
	parse_text("GET / HTTP/1.1\r\n" HOST "If-Modified-Since: Mon, 06 Nov 1994 08:49:37 GMT\r\n"
		   "If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
		&r);
	CU_ASSERT_FALSE(r.has_since);
	CU_ASSERT_EQUAL(r.if_range, 784111777);
	parse_text("GET / HTTP/1.1\r\n" HOST
		   "If-Modified-Since: whenever you like, or later than that\r\n\r\n",
		&r);
	CU_ASSERT_FALSE(r.has_since);
}

static void mutated_heads_are_parsed_or_refused(void)
{
	static const char original[] =
		"GET /a%20b/../c?d HTTP/1.1\r\n" HOST
		"Range: bytes=0-5\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		"Connection: keep-alive, x\r\nContent-Length: 0\r\n\r\n";
	struct http_request r;
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int i = 0; i < 20000; i++) {
		char text[sizeof(original)];
		size_t len = sizeof(original) - 1;
		int status;

		memcpy(text, original, sizeof(original));
		for (uint32_t n = rng_below(&rng, 6); n > 0; n--)
			text[rng_below(&rng, (uint32_t)len)] = (char)rng_u32(&rng);
		if (rng_below(&rng, 4) == 0)
			len = rng_below(&rng, (uint32_t)len);
		CU_ASSERT(http_head_len(text, len) <= len);
		status = parse(text, len, &r);
		CU_ASSERT(status == 0 || (status >= 400 && status <= 505));
		CU_ASSERT(status != 0 || (r.path[0] == '/' && !strstr(r.path, "/../")));
	}
}

SUITE(app_http_request, T(a_head_ends_with_an_empty_line), T(paths_are_decoded),
	T(targets_that_climb_or_hide_something_are_refused),
	T(methods_and_versions_that_are_not_ours_have_their_status),
	T(connections_go_on_where_both_ends_say_so), T(http_request_smuggling), T(http_header_flood),
	T(ranges_that_are_understood), T(dates_are_those_that_we_give_out),
	T(mutated_heads_are_parsed_or_refused))
