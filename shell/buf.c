/* SPDX-License-Identifier: MIT */
/* Growing text. */
#include "shell/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void *must(void *p)
{
	if (!p) {
		perror("tapir: shell");
		abort();
	}
	return p;
}

void *mem_new(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *mem_resize(void *p, size_t size)
{
	return must(realloc(p, size ? size : 1));
}

char *mem_text(const char *text)
{
	return must(strdup(text));
}

char *mem_textn(const char *text, size_t len)
{
	return must(strndup(text, len));
}

char **mem_words(int argc, char *const *argv)
{
	char **copy = mem_new(((size_t)argc + 1) * sizeof(*copy));

	for (int i = 0; i < argc; i++)
		copy[i] = mem_text(argv[i]);
	return copy;
}

void mem_words_free(char **argv)
{
	for (char **w = argv; w && *w; w++)
		free(*w);
	free(argv);
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (b->len + len + 1 > b->room) {
		b->room = MAX(2 * b->room, b->len + len + 32);
		b->at = mem_resize(b->at, b->room);
	}
	if (len)
		memcpy(b->at + b->len, data, len);
	b->len += len;
	b->at[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		text = must(NULL);
	buf_add(b, text, (size_t)len);
	free(text);
}

void buf_eat(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	memmove(b->at, b->at + len, b->len - len + 1);
	b->len -= len;
}

void buf_exit(struct buf *b)
{
	free(b->at);
	*b = (struct buf){0};
}

const char *buf_text(const struct buf *b)
{
	return b->at ? b->at : "";
}

char *buf_take(struct buf *b)
{
	char *text = b->at ? b->at : mem_text("");

	*b = (struct buf){0};
	return text;
}

void buf_add_quoted(struct buf *b, const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./:=@%,";

	if (b->len)
		buf_putc(b, ' ');
	if (*word && word[strspn(word, plain)] == '\0' && !strchr(word, '=')) {
		buf_puts(b, word);
		return;
	}
	buf_putc(b, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, *word);
	}
	buf_putc(b, '\'');
}
