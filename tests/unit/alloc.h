/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out when a test says so. The linker sends malloc(), calloc() and realloc() of everything
 * in the test program through here (-Wl,--wrap); what libraries allocate for themselves is not touched.
 */
#ifndef TESTS_UNIT_ALLOC_H
#define TESTS_UNIT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* The `nth` allocation from now on fails (1: the next one; 0: none), and with `for_good` all that follow. */
void alloc_arm(unsigned long nth, bool for_good);

/* Memory is there again. How many allocations were asked for since alloc_arm(); a failure happened when that
 * is at least nth. */
unsigned long alloc_disarm(void);

/* Bytes asked for since alloc_arm(). */
size_t alloc_bytes(void);

#endif
