/* SPDX-License-Identifier: MIT */
/*
 * Terminals that are attached to this tapir (`tapir attach`), this side of it: a socket that takes them in, and a shell
 * beside the first one for each. Lines are edited there and run here; what they print goes there.
 */
#ifndef SHELL_SESSION_H
#define SHELL_SESSION_H

#include "shell/shell.h"

struct sessions;

enum { SESSIONS_MAX = 32 };

/* Takes over a listening socket, and terminals of the same user that come to it. */
struct sessions *sessions_new(struct shell *first, int fd);

/* Tells them that tapir ends, and ends them. NULL is fine. Before the first shell is freed. */
void sessions_free(struct sessions *ss);

#endif
