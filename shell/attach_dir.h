/* SPDX-License-Identifier: MIT */
/* The directory of sockets, and the tapirs that listen there. */
#ifndef SHELL_ATTACH_DIR_H
#define SHELL_ATTACH_DIR_H

#include "shell/buf.h"

#include <sys/types.h>
#include <sys/un.h>

/* The path of the directory; it need not exist. */
void attach_dir(struct buf *dir);

/* True if the directory is there, ours, and closed to all others. `make`: it is made where it is not there. */
bool attach_dir_is_safe(const char *dir, bool make);

/* The address of the socket of a process. False: the path is too long for one. */
bool attach_address(const char *dir, pid_t pid, struct sockaddr_un *a);

/* A connection to it, or -errno. */
int attach_connect(const char *dir, pid_t pid);

/* The processes that listen, by number; sockets that nobody listens to any more are removed. Ends with 0; to be freed. */
pid_t *attach_list(const char *dir);

#endif
