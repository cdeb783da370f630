/* SPDX-License-Identifier: MIT */
/* A laboratory with a shell on host h1: what is typed, and what it prints (output and errors together). */
#ifndef TESTS_UNIT_SHELL_TYPED_H
#define TESTS_UNIT_SHELL_TYPED_H

#include "dev/kinds.h"
#include "shell/shell.h"
#include "tests/unit/lab.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct typed {
	struct lab *lab;
	struct stack *h1;
	struct shell *sh;
	int out, in;
	int status;	    /* of the last line */
	char text[1 << 16]; /* what it printed */
};

static inline struct typed *typed_new(void)
{
	struct typed *t = calloc(1, sizeof(*t));
	struct shell_options o = {.make_lo = loopback_create};

	t->lab = lab_new();
	t->lab->loop.waiters = 0;
	t->h1 = lab_host(t->lab, "h1");
	t->out = memfd_create("out", MFD_CLOEXEC);
	t->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	o.host = t->h1;
	o.in = t->in;
	o.out = o.err = t->out;
	t->sh = shell_new(&t->lab->world, &o);
	return t;
}

static inline void typed_free(struct typed *t)
{
	shell_free(t->sh);
	lab_settle(t->lab);
	lab_free(t->lab);
	close(t->out);
	close(t->in);
	free(t);
}

/* Types a line; returns what it printed. */
static inline const char *type(struct typed *t, const char *line)
{
	ssize_t n;

	t->status = shell_run_text(t->sh, "test", line);
	n = pread(t->out, t->text, sizeof(t->text) - 1, 0);
	t->text[n > 0 ? n : 0] = '\0';
	if (ftruncate(t->out, 0) < 0 || lseek(t->out, 0, SEEK_SET) < 0)
		abort();
	return t->text;
}

/* A line must print exactly this and end with this status. */
#define TYPE_STATUS(t, line, expected, code)                                                 \
	do {                                                                                 \
		const char *got_ = type(t, line);                                            \
		CU_ASSERT_STRING_EQUAL(got_, expected);                                      \
		CU_ASSERT_EQUAL((t)->status, code);                                          \
		if (strcmp(got_, expected) != 0 || (t)->status != (code))                    \
			printf("%s\n-> %s[%d]\nnot: %s", line, got_, (t)->status, expected); \
	} while (0)

#define TYPE(t, line, expected) TYPE_STATUS(t, line, expected, 0)

#endif
