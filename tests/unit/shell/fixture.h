/* SPDX-License-Identifier: MIT */
/* A shell under the virtual clock on a host without devices; what it prints goes to a file in memory. */
#ifndef TESTS_UNIT_SHELL_FIXTURE_H
#define TESTS_UNIT_SHELL_FIXTURE_H

#include "shell/internal.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fixture {
	struct loop loop;
	struct world world;
	struct stack *host;
	struct shell *sh;
	int out, in;
	char text[1 << 16]; /* what the last fixture_run() printed */
};

static inline struct fixture *fixture_with(struct shell_options o)
{
	struct fixture *f = calloc(1, sizeof(*f));
	static const struct proto *const no_protos[] = {NULL};
	struct clock clock;

	clock_init_virtual(&clock, unit_late ? UINT64_C(4294967000) * NS_PER_MS : 5 * NS_PER_SEC);
	loop_init(&f->loop, clock);
	world_init(&f->world, &f->loop, 1, no_protos);
	f->host = stack_new(&f->world, "h1", NULL);
	f->out = memfd_create("out", MFD_CLOEXEC);
	f->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	o.host = f->host;
	o.in = f->in;
	o.out = o.err = f->out;
	f->sh = shell_new(&f->world, &o);
	return f;
}

static inline struct fixture *fixture_new(void)
{
	return fixture_with((struct shell_options){0});
}

/* Runs the text; returns its exit status. */
static inline int fixture_run(struct fixture *f, const char *text)
{
	int status = shell_run_text(f->sh, "test", text);
	ssize_t n;

	n = pread(f->out, f->text, sizeof(f->text) - 1, 0);
	f->text[n > 0 ? n : 0] = '\0';
	if (ftruncate(f->out, 0) < 0 || lseek(f->out, 0, SEEK_SET) < 0)
		abort();
	return status;
}

static inline void fixture_free(struct fixture *f)
{
	shell_free(f->sh);
	world_exit(&f->world);
	CU_ASSERT_EQUAL(f->loop.waiters, 0);
	CU_ASSERT_EQUAL(f->loop.holds, 0);
	CU_ASSERT_EQUAL(f->loop.wheel.armed, 0);
	CU_ASSERT_EQUAL(f->loop.watch_count, 0);
	loop_exit(&f->loop);
	close(f->out);
	close(f->in);
	free(f);
}

/* What a script prints, in a shell of its own. */
#define PRINTS(script, expected)                                 \
	do {                                                     \
		struct fixture *f_ = fixture_new();              \
		fixture_run(f_, script);                         \
		CU_ASSERT_STRING_EQUAL(f_->text, expected);      \
		if (strcmp(f_->text, expected) != 0)             \
			printf("%s\n-> %s\n", script, f_->text); \
		fixture_free(f_);                                \
	} while (0)

/* The exit status of a script. */
#define STATUS(script, expected)                                    \
	do {                                                        \
		struct fixture *f_ = fixture_new();                 \
		CU_ASSERT_EQUAL(fixture_run(f_, script), expected); \
		fixture_free(f_);                                   \
	} while (0)

#endif
