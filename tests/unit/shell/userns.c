/* SPDX-License-Identifier: MIT */
/* What /etc/subuid says; entering namespaces itself is a matter of the live tests. */
#include "shell/userns.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool find(
	const char *content, const char *name, unsigned id, unsigned long *first, unsigned long *count)
{
	char path[] = "/tmp/tapir-unit-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f) {
		unit_skip("no file can be made in /tmp");
		return false;
	}
	fputs(content, f);
	fclose(f);
	bool found = userns_find_range(path, name, id, first, count);
	unlink(path);
	return found;
}

static void a_range_is_found_by_name_or_number(void)
{
	unsigned long first = 0, count = 0;
	const char *file = "# comment\nann:100000:65536\n1001:200000:1000\nbob:300000:0\n\nbob:400000:10\n";

	CU_ASSERT_TRUE(find(file, "ann", 1000, &first, &count));
	CU_ASSERT_EQUAL(first, 100000);
	CU_ASSERT_EQUAL(count, 65536);
	CU_ASSERT_TRUE(find(file, NULL, 1001, &first, &count));
	CU_ASSERT_EQUAL(first, 200000);
	CU_ASSERT_TRUE(find(file, "bob", 1002, &first, &count));
	CU_ASSERT_EQUAL(first, 400000);
	CU_ASSERT_FALSE(find(file, "eve", 1003, &first, &count));
	CU_ASSERT_FALSE(find("", "ann", 1000, &first, &count));
}

static void no_file_is_no_range(void)
{
	unsigned long first, count;

	CU_ASSERT_FALSE(userns_find_range("/nonexistent/subuid", "ann", 1000, &first, &count));
}

SUITE(shell_userns, T(a_range_is_found_by_name_or_number), T(no_file_is_no_range))
