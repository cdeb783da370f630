/* SPDX-License-Identifier: MIT */
/* What is small and used everywhere. */
#include "lib/bytes.h"

#include "tests/unit/unit.h"

static void min_and_max_evaluate_each_argument_once(void)
{
	int a = 1, b = 1;

	CU_ASSERT_EQUAL(MIN(a++, 5), 1);
	CU_ASSERT_EQUAL(MIN(5, a++), 2);
	CU_ASSERT_EQUAL(a, 3);
	CU_ASSERT_EQUAL(MAX(b++, MAX(b++, 0)), 2);
	CU_ASSERT_EQUAL(b, 3);
}

static void min_and_max_have_the_type_of_both(void)
{
	uint64_t big = UINT64_C(1) << 40;
	uint32_t small = 7;

	CU_ASSERT_EQUAL(MAX(big, small), big);
	CU_ASSERT_EQUAL(MIN(small, big), 7);
	CU_ASSERT_EQUAL(sizeof(MIN(small, big)), sizeof(big));
	CU_ASSERT_EQUAL(MIN(-1, INT64_MAX), -1);
}

SUITE(lib_bytes, T(min_and_max_evaluate_each_argument_once), T(min_and_max_have_the_type_of_both))
