/* SPDX-License-Identifier: MIT */
/* Completion: what could stand where the cursor is. The functions for commands are in shell/cmd.h. */
#ifndef SHELL_COMPLETE_H
#define SHELL_COMPLETE_H

#include "shell/cmd.h"

/* What fits: sorted, each once; ends with NULL; free with mem_words_free(). `before` is the line up to the
 * word (of `len` bytes), `word` what is typed of it. */
char **complete_line(struct shell *sh, const char *before, size_t len, const char *word);

#endif
