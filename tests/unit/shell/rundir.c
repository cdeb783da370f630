/* SPDX-License-Identifier: MIT */
#include "shell/rundir.h"

#include "lib/bytes.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void only_its_user_may_enter(void)
{
	char run[] = "/tmp/tapir-unit-XXXXXX", path[64], expected[64];
	struct stat st;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(run));
	setenv("XDG_RUNTIME_DIR", run, 1);
	snprintf(expected, sizeof(expected), "%s/tapir", run);
	CU_ASSERT_EQUAL(rundir_open(path, sizeof(path)), 0);
	CU_ASSERT_STRING_EQUAL(path, expected);
	CU_ASSERT_EQUAL(rundir_open(path, sizeof(path)), 0); /* it is there already */
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0700);
	CU_ASSERT_EQUAL(rundir_open(path, strlen(expected)), -ENAMETOOLONG);
	chmod(expected, 0750);
	CU_ASSERT_EQUAL(rundir_open(path, sizeof(path)), -EPERM);
	rmdir(expected);
	CU_ASSERT_EQUAL(symlink("/tmp", expected), 0);
	CU_ASSERT_EQUAL(rundir_open(path, sizeof(path)), -EPERM);
	unlink(expected);
	rmdir(run);
	CU_ASSERT_EQUAL(rundir_open(path, sizeof(path)), -ENOENT);
	unsetenv("XDG_RUNTIME_DIR");
	CU_ASSERT_EQUAL(rundir_open(path, sizeof(path)), 0);
	snprintf(expected, sizeof(expected), "/tmp/tapir-%u", (unsigned)getuid());
	CU_ASSERT_STRING_EQUAL(path, expected);
}

SUITE(shell_rundir, T(only_its_user_may_enter))
