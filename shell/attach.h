/* SPDX-License-Identifier: MIT */
/*
 * `tapir attach [PID]`: a second terminal on a tapir that runs.
 *
 * Each tapir listens on a socket named by its process id, in the folder of shell/rundir.h.
 */
#ifndef SHELL_ATTACH_H
#define SHELL_ATTACH_H

/* A listening socket, mode 0600, and its path (to be unlinked and freed); -1: it cannot be had, which is no reason to
 * stop. Before the user id changes. */
int attach_listen(char **path);

/* The whole program: argv[0] is "attach". Returns the exit status. */
int attach_main(int argc, char **argv);

#endif
