/* SPDX-License-Identifier: MIT */
/* The hosts that tapir starts with, as the command line asks for them. */
#ifndef SHELL_SETUP_H
#define SHELL_SETUP_H

#include "net/stack.h"
#include "shell/options.h"
#include "shell/sandbox.h"

/* Before the world is made: enters the sandbox where there is to be one, or says on stderr why not (then
 * setup_hosts() makes two hosts instead). 0, or -1 with the reason on stderr: tapir cannot start. */
int setup_machine(const struct options *o, struct sandbox *b);

/* Makes host h1 with lo up, its devices, addresses and routes. NULL: the reason is on stderr. */
struct stack *setup_hosts(struct world *w, const struct options *o, struct sandbox *b);

/* What a person at the prompt is told first. */
void setup_banner(const struct options *o, const struct sandbox *b);

#endif
