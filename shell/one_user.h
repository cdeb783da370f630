/* SPDX-License-Identifier: MIT */
/* Programs of the machine in a user namespace that has one user only. */
#ifndef SHELL_ONE_USER_H
#define SHELL_ONE_USER_H

#define ONE_USER_PATH 128

/* Makes a private directory with wrappers, to stand first on PATH. `dir` becomes "" where none can be made:
 * programs then say themselves what they cannot do. */
void one_user_begin(char dir[ONE_USER_PATH]);

/* In the child that will become a program: setgroups(2), which such a namespace forbids, does nothing and
 * succeeds. */
void one_user_prepare(void);

/* Removes the directory. */
void one_user_end(char dir[ONE_USER_PATH]);

#endif
