/* SPDX-License-Identifier: MIT */
/* Growing text, and memory that is there or ends the program: a shell that cannot have a few bytes for a word
 * has no better answer. */
#ifndef SHELL_BUF_H
#define SHELL_BUF_H

#include "lib/bytes.h"

/* Zeroed. Never NULL. */
void *mem_new(size_t size);
void *mem_resize(void *p, size_t size);
char *mem_text(const char *text);
char *mem_textn(const char *text, size_t len);

/* A copy of argv: one block for the pointers, one for each word; ends with NULL. */
char **mem_words(int argc, char *const *argv);
void mem_words_free(char **argv);

/* `at` is NULL or text that ends with a zero byte after `len`. {0} is an empty one. */
struct buf {
	char *at;
	size_t len, room;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_eat(struct buf *b, size_t len); /* from the beginning */
void buf_exit(struct buf *b);

/* The text ("" when empty). The second one gives it away. */
const char *buf_text(const struct buf *b);
char *buf_take(struct buf *b);

/* Adds a word in single quotes where it needs them, after a space unless `b` is empty. */
void buf_add_quoted(struct buf *b, const char *word);

#endif
