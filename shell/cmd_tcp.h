/* SPDX-License-Identifier: MIT */
/* What the files of `tcp` share: how a connection is named, and looked up again. */
#ifndef SHELL_CMD_TCP_H
#define SHELL_CMD_TCP_H

#include "shell/buf.h"
#include "shell/cmd.h"
#include "tcp/tcp.h"

/* "10.0.0.1:40000-10.0.0.2:80", "10.0.0.2:80", ":80", or the number that `tcp list` shows. */
struct tcp_wanted {
	uint64_t ino; /* 0: by ends */
	struct {
		uint32_t ip;
		uint16_t port;
	} a, b;	   /* 0: any */
	bool both; /* the two ends; else `a` is one of them */
};

/* False after a message. */
bool tcp_wanted_parse(struct cmd *c, const char *text, struct tcp_wanted *w);
bool tcp_wanted_matches(const struct tcp_wanted *w, const struct tcp_row *row);

/* The one connection that is meant: listeners and TIME-WAIT only when nothing else is. How many there are, of which *row
 * is one. */
size_t tcp_wanted_find(struct stack *s, const struct tcp_wanted *w, struct tcp_row *row);

/* The same endpoint at another time. False: it is gone. */
bool tcp_row_find_again(struct stack *s, const struct tcp_row *old, struct tcp_row *row);
bool tcp_row_is_same(const struct tcp_row *a, const struct tcp_row *b);

/* "10.0.0.1:40000-10.0.0.2:80" */
void tcp_row_name(const struct tcp_row *row, char *text, size_t room);
enum { TCP_ROW_NAME_LEN = 48 };

/* Commands of their own, with argv[0] the verb. */
int tcp_watch(struct cmd *c);
int tcp_plot(struct cmd *c);

#endif
