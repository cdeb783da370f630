/* SPDX-License-Identifier: MIT */
/* The folder for sockets of running tapirs, which only their user may enter. */
#ifndef SHELL_RUNDIR_H
#define SHELL_RUNDIR_H

#include <stddef.h>

/* "$XDG_RUNTIME_DIR/tapir", or "/tmp/tapir-UID" where there is no such variable; made if it is not there. 0, -errno of
 * mkdir(), -EPERM: what is there is no folder of this user's alone, -ENAMETOOLONG. */
int rundir_open(char *path, size_t room);

#endif
