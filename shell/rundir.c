/* SPDX-License-Identifier: MIT */
/* A private folder. */
#include "shell/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The user's id outside, which is another one in a sandbox's user namespace, where everybody is 0. */
static unsigned outer_uid(void)
{
	FILE *f = fopen("/proc/self/uid_map", "r");
	unsigned uid = getuid(), inside, outside, count;

	while (f && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3) {
		if (uid < inside || uid - inside >= count)
			continue;
		uid = outside + (uid - inside);
		break;
	}
	if (f)
		fclose(f);
	return uid;
}

int rundir_open(char *path, size_t room)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	struct stat st;
	int len = run && *run ? snprintf(path, room, "%s/tapir", run)
			      : snprintf(path, room, "/tmp/tapir-%u", outer_uid());

	if (len >= (int)room)
		return -ENAMETOOLONG;
	if (mkdir(path, S_IRWXU) < 0 && errno != EEXIST)
		return -errno;
	/* /tmp is everybody's: who made the name first may be somebody else, and it may lead elsewhere. */
	if (lstat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IRWXG | S_IRWXO)) ? 0
												    : -EPERM;
}
