/* SPDX-License-Identifier: MIT */
/*
 * A server of static files by HTTP/1.1 (RFC 9110, RFC 9112): GET and HEAD, keep-alive and pipelining, single ranges,
 * If-Modified-Since, index.html or a listing for directories.
 *
 * It trusts nobody: nothing outside of the directory is opened, whatever symbolic links say (openat2(2)); heads are
 * bounded in length and in time; so are connections in number, and a peer who does not read is left after a while.
 * Files are read and sent in pieces as the connection takes them.
 */
#ifndef APP_HTTP_H
#define APP_HTTP_H

#include "lib/loop.h"
#include "net/sock.h"

struct http;

enum {
	HTTP_PORT = 80,
	HTTP_CONNECTIONS = 4096,
	HTTP_HEAD_MAX = 8192,	/* of a request: its line and its fields */
	HTTP_TARGET_MAX = 4096, /* of that, what is asked for */
	HTTP_FIELDS_MAX = 100,
	HTTP_HEAD_S = 10, /* for a whole head, from its first octet */
	HTTP_IDLE_S = 30, /* between requests */
	HTTP_SEND_S = 60, /* for the peer to take something */
	HTTP_LINGER_S = 2 /* for the peer to read what was sent, where the connection is closed */
};

struct http_config {
	const char *root; /* a directory of the machine */
	uint32_t addr;	  /* 0: any */
	uint16_t port;	  /* 0: 80 */
};

/* A request that has ended. */
struct http_entry {
	struct sock_addr from;
	const char *line; /* the request line, safe for a terminal, perhaps cut; "" where none came */
	int status;
	uint64_t sent;	/* octets of the body */
	bool cut_short; /* the connection ended first */
};

typedef void http_log_fn(const struct http_entry *e, void *ctx);

/* NULL with errno; *step names what failed ("open", "bind" ...). It serves until http_free(). `log` may be NULL. */
struct http *http_new(struct loop *l, struct stack *s, const struct http_config *cfg, http_log_fn *log,
	void *ctx, const char **step);
void http_free(struct http *h);
unsigned http_connections(const struct http *h); /* now */

#endif
