/* SPDX-License-Identifier: MIT */
/* What commands in the manner of iputils and procps read from their arguments, and how they complain. */
#ifndef SHELL_ARGS_H
#define SHELL_ARGS_H

#include "shell/cmd.h"

#include <getopt.h>

/*
 * The options of a command, by getopt_long():
 *
 *	args_begin();
 *	while ((opt = args_next(c, "c:q", NULL)) > 0)
 *		switch (opt) { case 'c': ... optarg ...; case 'q': ... }
 *	if (opt < 0)
 *		return CMD_USAGE;
 *	... c->argv + optind: the operands
 *
 * args_next() gives 0 at the end and -1 after a mistake, which it has reported with the usage line.
 */
void args_begin(void);
int args_next(struct cmd *c, const char *letters, const struct option *longs);

/* A whole number from min to max; false after the message that iputils prints. */
bool args_number(struct cmd *c, const char *text, long long min, long long max, long long *out);

/* Seconds, as "2" or "0.25", to nanoseconds; false (nothing printed) when it is no number or out of range. */
bool args_seconds(const char *text, double max, uint64_t *ns);

/* A time with its unit (ns, us, ms, s, m, h, d; none: seconds), as "200ms" or "1.5", up to thirty years, to nanoseconds;
 * false (nothing printed) when it is none. */
bool args_duration(const char *text, uint64_t *ns);

/* The address that `name` means: dotted (also 127.1), or the name of a host of this world, whose address next
 * to the asking host is preferred. False after "NAME: Name or service not known". */
bool args_address(struct cmd *c, const char *name, uint32_t *addr);

/* The same, and nothing is said. */
bool args_lookup(struct cmd *c, const char *name, uint32_t *addr);

#endif
