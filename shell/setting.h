/* SPDX-License-Identifier: MIT */
/* /proc/sys/net/... are the settings of tapir's hosts, not of the machine: in redirections and for `cat`. So is what a
 * host learnt of name servers, to be read. */
#ifndef SHELL_SETTING_H
#define SHELL_SETTING_H

#include "net/stack.h"
#include "shell/io.h"

bool setting_is(const char *path);

/* What is written sets it; a bad value is a write error. NULL with errno. */
struct sink *setting_sink(struct stack *host, const char *path);

/* Its value and a newline. NULL with errno. */
struct source *setting_source(struct stack *host, const char *path);

/* /etc/resolv.conf of a host that was told of name servers; NULL: it is another file, or none told it. */
struct source *setting_resolver(struct stack *host, const char *path);

#endif
