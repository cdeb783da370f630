/* SPDX-License-Identifier: MIT */
/* `tapir diff CAPTURE`: the packets of a capture come to tapir and to the kernel of the machine, and what both send is compared. */
#ifndef SHELL_DIFF_H
#define SHELL_DIFF_H

/* The whole program: argv[0] is "diff". Returns the exit status: 0 the same, 1 different, 2 it cannot be done. */
int diff_main(int argc, char **argv);

#endif
