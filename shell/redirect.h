/* SPDX-License-Identifier: MIT */
/* Redirections: `<`, `>`, `>>`, `2>&1`, to files of the machine and to settings under /proc/sys. */
#ifndef SHELL_REDIRECT_H
#define SHELL_REDIRECT_H

#include "shell/machine.h"

/* Opens what the frame's node redirects into f->io, once. False: it said why, and m->status is set. */
bool redirect_open(struct machine *m, struct frame *f);

/* What `>`, `>>` and `<` open: a file of the machine, or a setting of the host. NULL with errno. */
struct sink *redirect_sink(struct stack *host, const char *path, bool append);
struct source *redirect_source(struct stack *host, const char *path);

#endif
