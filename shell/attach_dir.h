/* SPDX-License-Identifier: MIT */
/* The tapirs that listen in the folder of sockets (shell/rundir.h). */
#ifndef SHELL_ATTACH_DIR_H
#define SHELL_ATTACH_DIR_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

/* The address of the socket of a process. False: the path is too long for one. */
bool attach_address(const char *dir, pid_t pid, struct sockaddr_un *a);

/* A connection to it, or -errno. */
int attach_connect(const char *dir, pid_t pid);

/* The processes that listen, by number; sockets that nobody listens to any more are removed. Ends with 0; to be freed. */
pid_t *attach_list(const char *dir);

#endif
