/* SPDX-License-Identifier: MIT */
/* Descriptors and files. */
#include "record/recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- descriptors ---- */

CALL(int, open, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return (int)ASKS(open, path_key(path), __real_open(path, flags, mode));
}

CALL(int, close, int fd)
{
	if (the_recording)
		note_text(fd, false);
	return (int)ASKS(close, fd, __real_close(fd));
}

CALL(ssize_t, read, int fd, void *data, size_t len)
{
	return READS(read, fd, data, len, __real_read(fd, data, len));
}

CALL(ssize_t, pread, int fd, void *data, size_t len, off_t at)
{
	return READS(pread, fd, data, len, __real_pread(fd, data, len, at));
}

CALL(ssize_t, write, int fd, const void *data, size_t len)
{
	return WRITES(write, fd, data, len, __real_write(fd, data, len));
}

CALL(off_t, lseek, int fd, off_t at, int from)
{
	return ASKS(lseek, fd, __real_lseek(fd, at, from));
}

CALL(int, fcntl, int fd, int what, ...)
{
	va_list args;
	long arg;

	va_start(args, what);
	arg = what == F_GETFL ? 0 : va_arg(args, int);
	va_end(args);
	return (int)ASKS(fcntl, fd, __real_fcntl(fd, what, arg));
}

CALL(int, dup, int fd)
{
	int copy = (int)ASKS(dup, fd, __real_dup(fd));

	if (the_recording)
		note_text(copy, is_text(fd));
	return copy;
}

/* How many bytes it fills. */
static size_t ioctl_fills(unsigned long what)
{
	switch (what) {
	case FIONREAD:
	case TUNGETSNDBUF:
		return sizeof(int);
	case TIOCGWINSZ:
		return sizeof(struct winsize);
	case TUNSETIFF: /* the name that was chosen */
	case TUNGETIFF:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
		return sizeof(struct ifreq);
	case TUNSETOFFLOAD:
	case TUNSETVNETHDRSZ:
	case SIOCSIFFLAGS:
	case SIOCSIFMTU:
	case SIOCSIFHWADDR:
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case TIOCSWINSZ:
	case TIOCGPTPEER:
		return 0;
	default:
		dprintf(2, "tapir: record: what does ioctl %#lx fill?\n", what);
		abort();
	}
}

/* readline asks the terminal itself for its size; so ours has the recorded one. */
CALL(int, ioctl, int fd, unsigned long what, ...)
{
	va_list args;
	void *arg;

	va_start(args, what);
	arg = va_arg(args, void *);
	va_end(args);
	if (!the_recording)
		return __real_ioctl(fd, what, arg);
	int result = (int)FILLS(ioctl, fd, arg, ioctl_fills(what), __real_ioctl(fd, what, arg));
	if (is_again() && what == TIOCGWINSZ && result == 0 && the_recording->terminal >= 0)
		__real_ioctl(the_recording->terminal, TIOCSWINSZ, arg);
	return result;
}

/* Only what brings nothing but its result. What io_uring brings comes by memory, unseen: so there is none. */
static bool may_be_recorded(long number)
{
	if (number == SYS_openat2 || number == SYS_io_uring_setup)
		return true;
	dprintf(2, "tapir: record: what does syscall %ld bring?\n", number);
	abort();
}

/* Six arguments, whatever it takes of them: as libc's own, which hands on what lies there. */
CALL(long, syscall, long number, long a, long b, long c, long d, long e, long f)
{
	if (the_recording && may_be_recorded(number) && number == SYS_io_uring_setup) {
		errno = ENOSYS;
		return -1;
	}
	return ASKS(syscall, number, __real_syscall(number, a, b, c, d, e, f));
}

/* ---- files ---- */

CALL(int, stat, const char *path, struct stat *st)
{
	return (int)FILLS(stat, path_key(path), st, sizeof(*st), __real_stat(path, st));
}

CALL(int, lstat, const char *path, struct stat *st)
{
	return (int)FILLS(lstat, path_key(path), st, sizeof(*st), __real_lstat(path, st));
}

CALL(int, fstat, int fd, struct stat *st)
{
	return (int)FILLS(fstat, fd, st, sizeof(*st), __real_fstat(fd, st));
}

CALL(int, fstatat, int dir, const char *path, struct stat *st, int flags)
{
	return (int)FILLS(fstatat, path_key(path), st, sizeof(*st), __real_fstatat(dir, path, st, flags));
}

CALL(int, access, const char *path, int mode)
{
	return (int)ASKS(access, path_key(path), __real_access(path, mode));
}

CALL(int, mkdir, const char *path, mode_t mode)
{
	return (int)ASKS(mkdir, path_key(path), __real_mkdir(path, mode));
}

CALL(int, rmdir, const char *path)
{
	return (int)ASKS(rmdir, path_key(path), __real_rmdir(path));
}

CALL(int, unlink, const char *path)
{
	return (int)ASKS(unlink, path_key(path), __real_unlink(path));
}

CALL(int, rename, const char *from, const char *to)
{
	return (int)ASKS(rename, path_key(to), __real_rename(from, to));
}

CALL(char *, mkdtemp, char *path)
{
	int64_t key = path_key(path);

	return FILLS(mkdtemp, key, path, strlen(path), __real_mkdtemp(path) ? 0 : -1) == 0 ? path : NULL;
}

CALL(int, mknod, const char *path, mode_t mode, dev_t dev)
{
	return (int)ASKS(mknod, path_key(path), __real_mknod(path, mode, dev));
}

CALL(int, fchmod, int fd, mode_t mode)
{
	return (int)ASKS(fchmod, fd, __real_fchmod(fd, mode));
}

CALL(mode_t, umask, mode_t mode)
{
	return (mode_t)ASKS(umask, mode, __real_umask(mode));
}

/* ---- directories. Again, a DIR is nothing but a pointer that is not NULL. ---- */

CALL(DIR *, opendir, const char *path)
{
	DIR *d = is_again() ? (DIR *)the_recording : __real_opendir(path);

	return ASKS(opendir, path_key(path), d ? 0 : -1) == 0 ? d : NULL;
}

static struct dirent *again_name(enum call c)
{
	void *bytes;

	return next_answer(c, 0, &bytes)->len ? bytes : NULL;
}

CALL(struct dirent *, readdir, DIR *d)
{
	if (is_again())
		return again_name(CALL_readdir);
	struct dirent *e = __real_readdir(d);
	if (is_recording())
		note_answer(CALL_readdir, 0, 0, e, e ? e->d_reclen : 0);
	return e;
}

CALL(int, closedir, DIR *d)
{
	return (int)ASKS(closedir, 0, __real_closedir(d));
}

static void *copy(const void *data, size_t len)
{
	void *c = malloc(len);

	if (!c)
		abort();
	return memcpy(c, data, len);
}

static struct dirent **again_names(int count)
{
	struct dirent **names = malloc(((size_t)count + 1) * sizeof(*names));

	if (!names)
		abort();
	for (int i = 0; i < count; i++) {
		const struct dirent *e = again_name(CALL_readdir);

		names[i] = copy(e, e->d_reclen);
	}
	return names;
}

/* The names that it brings follow as those of readdir(). */
CALL(int, scandirat, int dir, const char *path, struct dirent ***names, int (*which)(const struct dirent *d),
	int (*order)(const struct dirent **a, const struct dirent **b))
{
	int count = (int)ASKS(scandirat, path_key(path), __real_scandirat(dir, path, names, which, order));

	if (is_again() && count >= 0)
		*names = again_names(count);
	for (int i = 0; is_recording() && i < count; i++)
		note_answer(CALL_readdir, 0, 0, (*names)[i], (*names)[i]->d_reclen);
	return count;
}
