/* SPDX-License-Identifier: MIT */
/*
 * What ss is to show: states, and an expression.
 *
 *	filter	= { ("state" | "exclude") NAME } [ either ]
 *	either	= both { ("or" | "|" | "||") both }
 *	both	= one { [ "and" | "&" | "&&" ] one }
 *	one	= ("not" | "!") one | "(" either ")" | condition
 *	condition = ("dport" | "sport") [ OP ] [ADDRESS]:PORT | ("dst" | "src") [ OP ] PREFIX[:PORT] | "dev" [ OP ] NAME
 */
#ifndef SHELL_SS_FILTER_H
#define SHELL_SS_FILTER_H

#include "shell/buf.h"
#include "shell/sockets.h"

struct ss_expr;

/* Bits of states are 1 << enum tcp_state. */
enum {
	SS_ALL = (1 << TCP_STATE_COUNT) - 1,
	SS_LISTENING = 1 << TCP_LISTEN | 1 << TCP_CLOSED,
	SS_CONNECTED = SS_ALL & ~(SS_LISTENING | 1 << TCP_TIME_WAIT | 1 << TCP_SYN_RECEIVED),
};

struct ss_filter {
	unsigned states;      /* what to show; 0: no states were named */
	struct ss_expr *expr; /* NULL: everything */
};

/* The words (until NULL) of a command line. False: *why says what is wrong, to be freed by buf_exit(). */
bool ss_filter_parse(struct ss_filter *f, const struct stack *s, char *const *words, struct buf *why);
void ss_filter_free(struct ss_filter *f);
bool ss_filter_matches(const struct ss_filter *f, const struct socket_row *row);

/* The names that `state` takes, from 0 on; NULL: no more. */
const char *ss_state_name(size_t i);

#endif
