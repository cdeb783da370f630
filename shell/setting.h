/* SPDX-License-Identifier: MIT */
/* /proc/sys/net/... are the settings of tapir's hosts, not of the machine: in redirections and for `cat`. */
#ifndef SHELL_SETTING_H
#define SHELL_SETTING_H

#include "net/stack.h"
#include "shell/io.h"

bool setting_is(const char *path);

/* What is written sets it; a bad value is a write error. NULL with errno. */
struct sink *setting_sink(struct stack *host, const char *path);

/* Its value and a newline. NULL with errno. */
struct source *setting_source(struct stack *host, const char *path);

#endif
