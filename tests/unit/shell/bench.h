/* SPDX-License-Identifier: MIT */
/*
 * A bench for commands: hosts h1 - r - h2 by veth under the virtual clock, and a shell on h1.
 *
 *	h1 eth0 10.0.1.1/24 --- 10.0.1.254 eth0 r eth1 10.0.2.254 --- 10.0.2.1/24 eth0 h2
 */
#ifndef TESTS_UNIT_SHELL_BENCH_H
#define TESTS_UNIT_SHELL_BENCH_H

#include "dev/kinds.h"
#include "shell/internal.h"
#include "tests/unit/lab.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct bench {
	struct lab *lab;
	struct stack *h1, *r, *h2;
	struct shell *sh;
	int out, in;
	char text[1 << 16]; /* what the last bench_run() printed */
};

static inline struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct shell_options o = {.make_lo = loopback_create};

	b->lab = lab_new();
	b->h1 = lab_host(b->lab, "h1");
	b->r = lab_host(b->lab, "r");
	b->h2 = lab_host(b->lab, "h2");
	lab_veth(b->h1, "eth0", "10.0.1.1/24", b->r, "eth0", "10.0.1.254/24");
	lab_veth(b->r, "eth1", "10.0.2.254/24", b->h2, "eth0", "10.0.2.1/24");
	lab_route(b->h1, "default", "10.0.1.254", dev_by_name(b->h1, "eth0"));
	lab_route(b->h2, "default", "10.0.2.254", dev_by_name(b->h2, "eth0"));
	CU_ASSERT_EQUAL(sysctl_set(b->r, "net.ipv4.ip_forward", 1), 0);
	b->lab->loop.waiters = 0;
	b->out = memfd_create("out", MFD_CLOEXEC);
	b->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	o.host = b->h1;
	o.in = b->in;
	o.out = o.err = b->out;
	b->sh = shell_new(&b->lab->world, &o);
	return b;
}

/* Runs the text on h1; returns its exit status. */
static inline int bench_run(struct bench *b, const char *text)
{
	int status = shell_run_text(b->sh, "test", text);
	ssize_t n = pread(b->out, b->text, sizeof(b->text) - 1, 0);

	b->text[n > 0 ? n : 0] = '\0';
	if (ftruncate(b->out, 0) < 0 || lseek(b->out, 0, SEEK_SET) < 0)
		abort();
	return status;
}

static inline void bench_free(struct bench *b)
{
	shell_free(b->sh);
	close(b->out);
	close(b->in);
	lab_free(b->lab);
	free(b);
}

/* What a script prints on a fresh bench, and how it ends. */
#define BENCH_PRINTS(script, status, expected)                       \
	do {                                                         \
		struct bench *b_ = bench_new();                      \
		CU_ASSERT_EQUAL(bench_run(b_, script), status);      \
		CU_ASSERT_STRING_EQUAL(b_->text, expected);          \
		if (strcmp(b_->text, expected) != 0)                 \
			printf("%s printed:\n%s", script, b_->text); \
		bench_free(b_);                                      \
	} while (0)

#endif
