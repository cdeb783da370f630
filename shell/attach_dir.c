/* SPDX-License-Identifier: MIT */
/* Where tapirs listen. */
#include "shell/attach_dir.h"

#include "shell/attach.h"
#include "shell/buf.h"
#include "shell/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool attach_address(const char *dir, pid_t pid, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	int len = snprintf(a->sun_path, sizeof(a->sun_path), "%s/%d", dir, (int)pid);

	return len > 0 && (size_t)len < sizeof(a->sun_path);
}

int attach_connect(const char *dir, pid_t pid)
{
	struct sockaddr_un a;
	int fd, err;

	if (!attach_address(dir, pid, &a))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int compare(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Connecting is the way to know; what it is not answered by is left over from a process that was killed. */
static bool is_alive(const char *dir, pid_t pid)
{
	struct sockaddr_un a;
	int fd = attach_connect(dir, pid);

	if (fd >= 0)
		close(fd);
	else if (fd == -ECONNREFUSED && attach_address(dir, pid, &a))
		unlink(a.sun_path);
	return fd >= 0;
}

pid_t *attach_list(const char *dir)
{
	pid_t *list = mem_new(sizeof(*list));
	size_t n = 0;
	DIR *d = opendir(dir);

	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		char *end;
		long pid = strtol(e->d_name, &end, 10);

		if (pid <= 0 || *end || !is_alive(dir, (pid_t)pid))
			continue;
		list = mem_resize(list, (n + 2) * sizeof(*list));
		list[n++] = (pid_t)pid;
		list[n] = 0;
	}
	if (d)
		closedir(d);
	qsort(list, n, sizeof(*list), compare);
	return list;
}

int attach_listen(char **path)
{
	char dir[PATH_MAX];
	struct sockaddr_un a;
	int fd = -1;

	*path = NULL;
	if (rundir_open(dir, sizeof(dir)) == 0 && attach_address(dir, getpid(), &a))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(a.sun_path); /* of an earlier process of this number */
	mode_t old = umask(0177);
	int err = bind(fd, (const struct sockaddr *)&a, sizeof(a)) || listen(fd, 8);
	umask(old);
	if (err) {
		close(fd);
		return -1;
	}
	*path = mem_text(a.sun_path);
	return fd;
}
