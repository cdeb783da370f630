/* SPDX-License-Identifier: MIT */
/*
 * Entering namespaces: unshare(2), user_namespaces(7), newuidmap(1).
 *
 * A range of ids can only be mapped from outside, by newuidmap, which is setuid root and looks at
 * /etc/subuid. So a child is forked first, which stays outside: it waits until this process is inside, runs
 * newuidmap and newgidmap on it, and says by its exit status which maps are there. What is missing is then
 * mapped from inside, one id to root.
 */
#include "shell/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HAS_UID_MAP = 1, HAS_GID_MAP = 2, FAILED = 255 };

bool userns_find_range(
	const char *file, const char *name, unsigned id, unsigned long *first, unsigned long *count)
{
	FILE *f = fopen(file, "re");
	char line[256], user[128], digits[16];
	bool found = false;

	snprintf(digits, sizeof(digits), "%u", id);
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%127[^:]:%lu:%lu", user, first, count) == 3 && *count > 0 &&
			((name && strcmp(user, name) == 0) || strcmp(user, digits) == 0);
	if (f)
		fclose(f);
	return found;
}

/* Waits for a child: its exit status, FAILED when it has none. */
static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

static bool run_quietly(char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid > 0 && reap(pid) == 0;
}

/* Runs `newuidmap PID 0 ID 1 1 FIRST COUNT`, or newgidmap, whose file speaks of users too. */
static bool map_range(const char *program, const char *file, const char *user, pid_t pid, unsigned id)
{
	enum { LEN = 24 };
	unsigned long first, count;
	char text[4][LEN];

	if (!userns_find_range(file, user, getuid(), &first, &count))
		return false;
	snprintf(text[0], LEN, "%d", (int)pid);
	snprintf(text[1], LEN, "%u", id);
	snprintf(text[2], LEN, "%lu", first);
	snprintf(text[3], LEN, "%lu", count);
	char *argv[] = {(char *)program, text[0], "0", text[1], "1", "1", text[2], text[3], NULL};
	return run_quietly(argv);
}

/* The child that stays outside, from its first instruction to its last. `go` is readable when the parent is
 * inside, and at its end when it did not get there. */
static void __attribute__((noreturn)) map_from_outside(int go, pid_t parent)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *user = pw ? pw->pw_name : NULL;
	char byte;
	int maps = 0;

	if (read(go, &byte, 1) != 1)
		_exit(0);
	if (map_range("newuidmap", "/etc/subuid", user, parent, getuid()))
		maps |= HAS_UID_MAP;
	if (map_range("newgidmap", "/etc/subgid", user, parent, getgid()))
		maps |= HAS_GID_MAP;
	_exit(maps);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	int err = fd < 0 || write(fd, text, len) != (ssize_t)len ? errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

/* Maps the one id that is ours to root. */
static int map_one(const char *path, unsigned id)
{
	char text[32];

	snprintf(text, sizeof(text), "0 %u 1", id);
	return write_file(path, text);
}

/* Maps what the child did not. 0 or errno. */
static int map_from_inside(int maps, unsigned uid, unsigned gid)
{
	int err = maps & HAS_UID_MAP ? 0 : map_one("/proc/self/uid_map", uid);

	if (err || (maps & HAS_GID_MAP))
		return err;
	err = write_file("/proc/self/setgroups", "deny");
	return err && err != ENOENT ? err : map_one("/proc/self/gid_map", gid);
}

static int failed(struct userns *u, enum userns_step step, int err)
{
	u->step = step;
	u->err = err;
	return -1;
}

static int enter_user_ns(struct userns *u)
{
	pid_t self = getpid();
	unsigned uid = getuid(), gid = getgid();
	int go[2];

	if (pipe2(go, O_CLOEXEC) < 0)
		return failed(u, USERNS_UNSHARE, errno);
	pid_t child = fork();
	if (child == 0) {
		close(go[1]);
		map_from_outside(go[0], self);
	}
	close(go[0]);
	int err = child < 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? errno : 0;
	if (!err)
		(void)!write(go[1], "", 1);
	close(go[1]);
	int maps = child > 0 ? reap(child) : FAILED;
	if (err)
		return failed(u, USERNS_UNSHARE, err);
	if (maps == FAILED)
		maps = 0;
	err = map_from_inside(maps, uid, gid);
	if (err)
		return failed(u, USERNS_MAP, err);
	u->is_user_ns = true;
	u->one_uid = !(maps & HAS_UID_MAP) || !(maps & HAS_GID_MAP);
	return 0;
}

int userns_enter(struct userns *u)
{
	*u = (struct userns){0};
	return unshare(CLONE_NEWNET) == 0 ? 0 : enter_user_ns(u);
}
