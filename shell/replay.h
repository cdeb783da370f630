/* SPDX-License-Identifier: MIT */
/*
 * `tapir replay CAPTURE`: the packets of a capture come to hosts under the virtual clock, and what those send is compared
 * with what they sent another time.
 */
#ifndef SHELL_REPLAY_H
#define SHELL_REPLAY_H

/* The whole program: argv[0] is "replay". Returns the exit status: 0 the same, 1 different, 2 it cannot be done. */
int replay_main(int argc, char **argv);

#endif
