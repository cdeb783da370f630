/* SPDX-License-Identifier: MIT */
/* Memory that runs out when a test says so. */
#include "tests/unit/alloc.h"

#include <errno.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static struct {
	bool armed, for_good;
	unsigned long count, nth;
	size_t bytes;
} state;

void alloc_arm(unsigned long nth, bool for_good)
{
	state.armed = true;
	state.for_good = for_good;
	state.count = 0;
	state.nth = nth;
	state.bytes = 0;
}

unsigned long alloc_disarm(void)
{
	state.armed = false;
	return state.count;
}

size_t alloc_bytes(void)
{
	return state.bytes;
}

static bool fails(size_t size)
{
	if (!state.armed)
		return false;
	state.count++;
	state.bytes += size;
	if (state.nth == 0 || state.count < state.nth || (state.count > state.nth && !state.for_good))
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(n * size) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails(size) ? NULL : __real_realloc(old, size);
}
