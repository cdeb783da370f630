/* SPDX-License-Identifier: MIT */
/*
 * The frame of the unit tests: a suite is a file, a case is a function whose name is a sentence.
 *
 *	static void request_for_another_host_creates_no_entry(void) { ... CU_ASSERT_EQUAL(...); }
 *	SUITE(arp_input, T(request_for_another_host_creates_no_entry), T(...))
 *
 * The suite bears the path of its file: tests/unit/arp/input.c is arp_input. CUnit's assertions are
 * used as they are; a failed one prints its file and line.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_case {
	const char *name;
	void (*run)(void);
	const void *arg; /* of a suite that is a table: unit_arg while the case runs */
};

struct suite {
	const char *name;
	const struct unit_case *cases;
	size_t n;
};

/* clang-format off */
#define T(f) {.name = #f, .run = f}
/* clang-format on */
#define SUITE(id, ...)                                              \
	extern const struct suite suite_##id;                       \
	static const struct unit_case cases_##id[] = {__VA_ARGS__}; \
	const struct suite suite_##id = {#id, cases_##id, sizeof(cases_##id) / sizeof(cases_##id[0])};

/* The table that the Makefile generates; ends with NULL. */
extern const struct suite *const unit_suites[];

/* Clocks and sequence numbers start just below 2^32 (the second run of `make unit`). */
extern bool unit_late;

/* Large numbers: as many as the claim is about (`make soak`). */
extern bool unit_soak;

/* The seed of this run, printed at its start; `--seed N` repeats it. */
extern uint64_t unit_seed;

/* unit_case.arg of the running case: which row of a table it is. Such a suite lists {"name", run, &row} itself. */
extern const void *unit_arg;

/* The running case cannot be run here: call this and return. It is counted as skipped. */
void unit_skip(const char *why);

#endif
