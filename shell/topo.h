/* SPDX-License-Identifier: MIT */
/* How devices stand to each other, for those who draw it. */
#ifndef SHELL_TOPO_H
#define SHELL_TOPO_H

#include "net/stack.h"
#include "shell/buf.h"
#include "shell/cmd.h"

/* The device of the same host under which `d` is shown: its master, else the one it stands on; NULL: none. */
const struct dev *topo_above(const struct dev *d);

/* True for lo without more than its own address: it is everywhere and leads nowhere. */
bool topo_is_hidden(const struct dev *d);

/* "macvlan mode bridge": the kind, and the first of what it is set to. */
void topo_add_kind(struct buf *b, const struct dev *d);

/* "down", "no carrier"; NULL: all is well. */
const char *topo_state(const struct dev *d);

/* All hosts as a graph in the language of Graphviz. */
void topo_dot(FILE *out, const struct world *w);

#endif
