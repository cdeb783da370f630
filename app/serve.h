/* SPDX-License-Identifier: MIT */
/*
 * The small services of old: echo (RFC 862), discard (RFC 863), chargen (RFC 864), daytime (RFC 867), each by TCP
 * and by UDP.
 *
 * They are bounded: so many connections at once, so much memory each, an end when nothing moves. By UDP they are no
 * weapon: two services that answer each other would do so for ever, and a datagram with somebody else's address in it
 * makes us send to him. So nothing is answered that comes from a port below 1024 (where such services are), from our
 * own port, or by broadcast, and no more than so many datagrams a second are answered.
 */
#ifndef APP_SERVE_H
#define APP_SERVE_H

#include "lib/loop.h"
#include "net/sock.h"

struct serve;

enum serve_kind { SERVE_ECHO, SERVE_DISCARD, SERVE_CHARGEN, SERVE_DAYTIME };

enum { SERVE_CONNECTIONS = 4096, SERVE_IDLE_S = 300, SERVE_ANSWERS = 1000, SERVE_ANSWERS_MAX = 100000000 };

struct serve_config {
	enum serve_kind kind;
	uint32_t addr;	  /* 0: any */
	uint16_t port;	  /* 0: the service's own */
	unsigned answers; /* to datagrams, a second, up to SERVE_ANSWERS_MAX; 0: SERVE_ANSWERS */
};

struct serve_stats {
	unsigned connections;	     /* now */
	uint64_t accepted, refused;  /* connections; refused: there were too many */
	uint64_t datagrams, ignored; /* ignored: not answered, for the reasons above */
};

/* NULL with errno; *step names what failed ("bind" ...). It serves until serve_free(). */
struct serve *serve_new(struct loop *l, struct stack *s, const struct serve_config *cfg, const char **step);
void serve_free(struct serve *sv);
struct serve_stats serve_stats(const struct serve *sv);

/* "echo"; and its port. */
const char *serve_name(enum serve_kind kind);
uint16_t serve_port(enum serve_kind kind);

#endif
