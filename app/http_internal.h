/* SPDX-License-Identifier: MIT */
/* What the files of the HTTP server share. */
#ifndef APP_HTTP_INTERNAL_H
#define APP_HTTP_INTERNAL_H

#include "app/http.h"

#include <stdio.h>
#include <time.h>

/* ---- requests (http_request.c) ---- */

enum http_range { HTTP_RANGE_NONE, HTTP_RANGE_FROM, HTTP_RANGE_LAST };

struct http_request {
	bool head;			/* HEAD: the answer has no body */
	bool keep_alive;		/* the peer would, and could, go on */
	char path[HTTP_TARGET_MAX + 1]; /* decoded, "/" first, no "//", no query */
	enum http_range range;
	uint64_t first,
		last; /* FROM: these octets (last UINT64_MAX: to the end). LAST: the last `last` ones */
	bool has_since;
	time_t since; /* If-Modified-Since */
	bool has_if_range;
	time_t if_range; /* -1: something that we never gave out */
};

/* How long the head at the beginning of `text` is, its empty line included; 0: it is not whole. */
size_t http_head_len(const char *text, size_t len);

/* A whole head. 0, or the status that says what is wrong with it; r->head and r->keep_alive are right even then. */
int http_parse(const char *text, size_t len, struct http_request *r);

/* "Sun, 06 Nov 1994 08:49:37 GMT"; room for HTTP_DATE_LEN. */
enum { HTTP_DATE_LEN = 32 };
char *http_date(char *out, time_t t);

/* ---- files (http_file.c) ---- */

/* What a path stands for. */
struct http_found {
	int status; /* 200; 301: it is a directory and wants a "/" at its end; 403, 404, 503 */
	int fd;	    /* of the file; -1: there is none */
	uint64_t size;
	time_t modified;
	const char *type; /* "text/plain; charset=utf-8" */
	char *listing;	  /* of a directory without index.html, `size` octets, owned by the caller; or NULL */
};

struct http_found http_find(int root, const char *path);

/* Writes `text` as it may stand in a URL's path, and as it may stand in HTML. */
void http_put_url(FILE *out, const char *text);
void http_put_html(FILE *out, const char *text);

#endif
