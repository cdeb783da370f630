/* SPDX-License-Identifier: MIT */
/*
 * Runs the unit tests.
 *
 *	run [--late] [--soak] [--seed N] [--list] [NAME...]	NAME: the beginning of "suite" or "suite/case"
 *
 * The cases run one after the other in a child process. When one brings it down (a signal, an assert, a
 * sanitizer's report), the parent says which one it was, counts it as failed, and starts a new child with the
 * case after it. So no crash is silent, and none hides the cases behind it. A hanging case is ended by
 * SIGALRM. What the sanitizers find when a child exits (leaks) counts as one failure more.
 */
#include "tests/unit/unit.h"

#include <CUnit/TestRun.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CASE_SECONDS = 60, SOAK_SECONDS = 600 };

bool unit_late, unit_soak;
uint64_t unit_seed;
const void *unit_arg;

/* What child and parent both see. */
struct progress {
	unsigned next; /* index of the case to run, or running */
	unsigned passed, failed, skipped;
	bool running; /* between the start and the end of a case */
	bool skip;    /* the running case called unit_skip() */
};

struct entry {
	const struct suite *suite;
	const struct unit_case *c;
	CU_pSuite cu_suite;
	CU_pTest cu_test;
};

struct plan {
	struct entry *entries;
	unsigned n;
};

static struct progress *progress;

void unit_skip(const char *why)
{
	progress->skip = true;
	printf("skipped %s: %s\n", CU_get_current_test()->pName, why);
}

/* ASan ends with abort, so that a core or a debugger shows the place; leaks are looked for at exit. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1";
}

const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:abort_on_error=1:print_stacktrace=1";
}

static bool wanted(const struct suite *s, const struct unit_case *c, char **names)
{
	char full[256];

	if (!*names)
		return true;
	snprintf(full, sizeof(full), "%s/%s", s->name, c->name);
	for (; *names; names++)
		if (strncmp(full, *names, strlen(*names)) == 0)
			return true;
	return false;
}

/* Registers the wanted cases with CUnit; a case's index in the plan is the order they run in. */
static struct plan make_plan(char **names)
{
	struct plan plan = {0};

	for (const struct suite *const *s = unit_suites; *s; s++) {
		CU_pSuite cu = CU_add_suite((*s)->name, NULL, NULL);

		for (size_t i = 0; i < (*s)->n; i++) {
			const struct unit_case *c = &(*s)->cases[i];
			struct entry *grown;

			if (!wanted(*s, c, names))
				continue;
			grown = realloc(plan.entries, (plan.n + 1) * sizeof(*grown));
			if (!grown)
				abort();
			plan.entries = grown;
			plan.entries[plan.n++] = (struct entry){*s, c, cu, CU_add_test(cu, c->name, c->run)};
		}
	}
	return plan;
}

static void show_failures(const struct entry *e)
{
	printf("FAILED %s/%s\n", e->suite->name, e->c->name);
	for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
		if (f->strFileName)
			printf("  %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
}

static void run_one(const struct entry *e)
{
	progress->skip = false;
	progress->running = true;
	unit_arg = e->c->arg;
	alarm(unit_soak ? SOAK_SECONDS : CASE_SECONDS);
	CU_run_test(e->cu_suite, e->cu_test);
	alarm(0);
	progress->running = false;
	progress->next++;
	if (CU_get_number_of_failures() > 0) {
		progress->failed++;
		show_failures(e);
	} else if (progress->skip)
		progress->skipped++;
	else
		progress->passed++;
	fflush(stdout);
}

static void child_main(const struct plan *plan)
{
	while (progress->next < plan->n)
		run_one(&plan->entries[progress->next]);
}

/* The child has ended: how? Returns false when something went wrong outside any case. */
static void account(const struct plan *plan, int status)
{
	const struct entry *e;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !progress->running)
		return;
	progress->failed++;
	if (!progress->running) {
		printf("FAILED at exit, after the last case (a leak?)\n");
		progress->next = plan->n;
		return;
	}
	e = &plan->entries[progress->next++];
	if (WIFSIGNALED(status))
		printf("CRASHED %s/%s: %s\n", e->suite->name, e->c->name, strsignal(WTERMSIG(status)));
	else
		printf("CRASHED %s/%s: exit status %d\n", e->suite->name, e->c->name, WEXITSTATUS(status));
	progress->running = false;
}

/* Returns true in the child, whose work is done and who is to leave main() as usual. */
static bool run_all(const struct plan *plan)
{
	while (progress->next < plan->n) {
		int status = 0;
		pid_t pid;

		fflush(NULL);
		pid = fork();
		if (pid < 0)
			abort();
		if (pid == 0) {
			child_main(plan);
			return true;
		}
		while (waitpid(pid, &status, 0) < 0)
			continue;
		account(plan, status);
	}
	return false;
}

static void report(const char *program_run)
{
	const char *path = getenv("RESULTS");
	FILE *f = path && *path ? fopen(path, "a") : NULL;

	if (f) {
		fprintf(f, "%s %u %u %u\n", program_run, progress->passed, progress->failed,
			progress->skipped);
		fclose(f);
	}
	printf("%u passed, %u failed, %u skipped\n", progress->passed, progress->failed, progress->skipped);
}

static void list(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->n; i++)
		printf("%s/%s\n", plan->entries[i].suite->name, plan->entries[i].c->name);
}

/* Reads the options; returns the first NAME, or NULL after a mistake. */
static char **options(char **argv, bool *only_list)
{
	for (argv++; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
		if (strcmp(*argv, "--late") == 0)
			unit_late = true;
		else if (strcmp(*argv, "--soak") == 0)
			unit_soak = true;
		else if (strcmp(*argv, "--list") == 0)
			*only_list = true;
		else if (strcmp(*argv, "--seed") == 0 && argv[1])
			unit_seed = strtoull(*++argv, NULL, 0);
		else
			return NULL;
	}
	return argv;
}

int main(int argc, char **argv)
{
	bool only_list = false, in_child = false;
	struct plan plan;
	char **names;
	int bad;

	(void)argc;
	if (getrandom(&unit_seed, 4, 0) != 4)
		unit_seed = 1;
	names = options(argv, &only_list);
	if (!names) {
		fprintf(stderr, "usage: run [--late] [--soak] [--seed N] [--list] [NAME...]\n");
		return 2;
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	plan = make_plan(names);
	if (only_list) {
		list(&plan);
	} else {
		printf("unit tests%s, seed %" PRIu64 "\n", unit_late ? ", late clocks" : "", unit_seed);
		in_child = run_all(&plan);
		if (!in_child)
			report(unit_late ? "unit-late" : "unit");
	}
	bad = in_child ? 0 : progress->failed > 0 || (*names && plan.n == 0);
	free(plan.entries);
	CU_cleanup_registry();
	munmap(progress, sizeof(*progress));
	return bad;
}
