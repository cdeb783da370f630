/* SPDX-License-Identifier: MIT */
/* shell_keep() and its end. */
#ifndef SHELL_KEEP_H
#define SHELL_KEEP_H

struct shell;

/* The shell ends: so does all that was kept. */
void keep_end_all(struct shell *sh);

#endif
