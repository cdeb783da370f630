/* SPDX-License-Identifier: MIT */
/* Processes, signals, the environment, terminals. */
#include "record/recording.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The child is no part of the recording: what it does it does. */
CALL(pid_t, fork, void)
{
	pid_t pid = (pid_t)(is_again() ? give_answer(CALL_fork, 0, NULL, 0) : __real_fork());

	if (pid == 0)
		the_recording = NULL;
	return is_recording() ? (pid_t)note_answer(CALL_fork, 0, pid, NULL, 0) : pid;
}

CALL(pid_t, waitpid, pid_t pid, int *status, int options)
{
	return (pid_t)FILLS(
		waitpid, pid, status, status ? sizeof(*status) : 0, __real_waitpid(pid, status, options));
}

CALL(int, kill, pid_t pid, int sig)
{
	return (int)ASKS(kill, pid, __real_kill(pid, sig));
}

CALL(int, pipe2, int ends[2], int flags)
{
	return (int)FILLS(pipe2, 0, ends, 2 * sizeof(*ends), __real_pipe2(ends, flags));
}

CALL(pid_t, getpid, void)
{
	return (pid_t)ASKS(getpid, 0, __real_getpid());
}

CALL(pid_t, getpgrp, void)
{
	return (pid_t)ASKS(getpgrp, 0, __real_getpgrp());
}

CALL(int, setpgid, pid_t pid, pid_t group)
{
	return (int)ASKS(setpgid, pid, __real_setpgid(pid, group));
}

CALL(uid_t, getuid, void)
{
	return (uid_t)ASKS(getuid, 0, __real_getuid());
}

CALL(uid_t, geteuid, void)
{
	return (uid_t)ASKS(geteuid, 0, __real_geteuid());
}

CALL(gid_t, getgid, void)
{
	return (gid_t)ASKS(getgid, 0, __real_getgid());
}

CALL(int, unshare, int what)
{
	return (int)ASKS(unshare, what, __real_unshare(what));
}

/* ---- signals: again, there are none to take, and ^C ends it ---- */

CALL(int, sigaction, int sig, const struct sigaction *act, struct sigaction *old)
{
	return (int)ASKS(sigaction, sig, __real_sigaction(sig, act, old));
}

CALL(int, sigprocmask, int how, const sigset_t *set, sigset_t *old)
{
	return (int)ASKS(sigprocmask, how, __real_sigprocmask(how, set, old));
}

/* ---- environment ---- */

CALL(char *, getenv, const char *name)
{
	void *bytes;

	if (is_again())
		return next_answer(CALL_getenv, path_key(name), &bytes)->len ? bytes : NULL;
	char *value = __real_getenv(name);
	if (is_recording())
		note_answer(CALL_getenv, path_key(name), 0, value, value ? strlen(value) + 1 : 0);
	return value;
}

CALL(ssize_t, getrandom, void *data, size_t len, unsigned flags)
{
	return READS(getrandom, 0, data, len, __real_getrandom(data, len, flags));
}

/* ---- terminals ---- */

CALL(int, isatty, int fd)
{
	return (int)ASKS(isatty, fd, __real_isatty(fd));
}

CALL(int, tcgetattr, int fd, struct termios *modes)
{
	return (int)FILLS(tcgetattr, fd, modes, sizeof(*modes), __real_tcgetattr(fd, modes));
}

CALL(int, tcsetattr, int fd, int when, const struct termios *modes)
{
	return (int)ASKS(tcsetattr, fd, __real_tcsetattr(fd, when, modes));
}

CALL(pid_t, tcgetpgrp, int fd)
{
	return (pid_t)ASKS(tcgetpgrp, fd, __real_tcgetpgrp(fd));
}

CALL(int, tcsetpgrp, int fd, pid_t group)
{
	return (int)ASKS(tcsetpgrp, fd, __real_tcsetpgrp(fd, group));
}

CALL(int, posix_openpt, int flags)
{
	return (int)ASKS(posix_openpt, 0, __real_posix_openpt(flags));
}

CALL(int, grantpt, int fd)
{
	return (int)ASKS(grantpt, fd, __real_grantpt(fd));
}

CALL(int, unlockpt, int fd)
{
	return (int)ASKS(unlockpt, fd, __real_unlockpt(fd));
}
