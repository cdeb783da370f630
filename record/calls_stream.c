/* SPDX-License-Identifier: MIT */
/*
 * Streams. libc reads and writes for a FILE by itself, out of our sight. So while there is a recording a FILE is made
 * of our own read() and write(), and whoever uses it - fgets(), printf(), a library - is recorded.
 */
#include "record/recording.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <readline/history.h>

/* ---- a FILE of our calls; calls in here are led to the wrappers, as everywhere ---- */

static int fd_of(void *stream)
{
	return (int)(intptr_t)stream;
}

static ssize_t stream_read(void *stream, char *data, size_t len)
{
	return read(fd_of(stream), data, len);
}

static ssize_t stream_write(void *stream, const char *data, size_t len)
{
	ssize_t n = write(fd_of(stream), data, len);

	return n < 0 ? 0 : n; /* fopencookie(3) */
}

static int stream_seek(void *stream, off64_t *at, int from)
{
	*at = lseek(fd_of(stream), *at, from);
	return *at < 0 ? -1 : 0;
}

static int stream_close(void *stream)
{
	return close(fd_of(stream));
}

FILE *record_stream(int fd, const char *mode)
{
	static const cookie_io_functions_t io = {stream_read, stream_write, stream_seek, stream_close};

	return fopencookie((void *)(intptr_t)fd, mode, io);
}

static int open_flags(const char *mode)
{
	int more = strchr(mode, 'e') ? O_CLOEXEC : 0;

	assert(!strchr(mode, '+'));
	if (mode[0] == 'r')
		return more | O_RDONLY;
	return more | O_WRONLY | O_CREAT | (mode[0] == 'a' ? O_APPEND : O_TRUNC);
}

CALL(FILE *, fopen, const char *path, const char *mode)
{
	if (!the_recording)
		return __real_fopen(path, mode);
	int fd = open(path, open_flags(mode), 0666);
	FILE *f = fd < 0 ? NULL : record_stream(fd, (char[2]){mode[0]});
	if (fd >= 0 && !f)
		close(fd);
	return f;
}

/* ---- the terminal, which readline asks by itself for its modes and its size ---- */

struct looks {
	struct termios modes;
	struct winsize size;
};

REAL(int, open, const char *path, int flags, ...);
REAL(int, close, int fd);
REAL(int, ioctl, int fd, unsigned long what, ...);
REAL(int, tcgetattr, int fd, struct termios *modes);
REAL(int, tcsetattr, int fd, int when, const struct termios *modes);
REAL(int, posix_openpt, int flags);
REAL(int, unlockpt, int fd);

static int looks_of(int fd, struct looks *l)
{
	return __real_tcgetattr(fd, &l->modes) < 0 || __real_ioctl(fd, TIOCGWINSZ, &l->size) < 0 ? -1 : 0;
}

/* One that looks so. Nobody reads what is written to it, and nothing is: the drawing goes by write(). */
static int terminal_like(const struct looks *l)
{
	int master = __real_posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int fd = master < 0 || __real_unlockpt(master) < 0
		? -1
		: __real_ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || __real_tcsetattr(fd, TCSANOW, &l->modes) < 0 ||
		__real_ioctl(fd, TIOCSWINSZ, &l->size) < 0) {
		dprintf(STDERR_FILENO, "tapir: --again: no terminal to be had: %s\n", strerror(errno));
		_exit(2);
	}
	return fd;
}

/* What stands for a descriptor of the recording where libraries look at it themselves. */
static int stand_in(int fd)
{
	struct looks l = {0};
	bool is_terminal = FILLS(fdopen, fd, &l, sizeof(l), looks_of(fd, &l)) == 0;

	if (!is_again())
		return fd;
	return is_terminal ? terminal_like(&l) : __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* What readline reads comes by its rl_getc_function, which is ours. What it writes goes by us; but the speed of the
 * terminal, for padding, is asked of standard output. */
CALL(FILE *, fdopen, int fd, const char *mode)
{
	if (!the_recording)
		return __real_fdopen(fd, mode);
	int real = stand_in(fd);
	if (mode[0] == 'r') {
		the_recording->terminal = real;
		return __real_fdopen(real, mode);
	}
	if (is_again()) {
		dup2(real, STDOUT_FILENO);
		__real_close(real);
	}
	FILE *f = record_stream(fd, mode);
	if (f)
		setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

/* ---- readline's history ---- */

CALL(int, read_history, const char *path)
{
	int failed = (int)ASKS(read_history, path_key(path), __real_read_history(path));
	int count = (int)ASKS(read_history, 0, history_length);

	for (int i = 0; i < count; i++) {
		void *bytes;

		if (is_recording()) {
			const char *line = history_get(history_base + i)->line;
			note_answer(CALL_read_history, i, 0, line, strlen(line) + 1);
		} else if (is_again()) {
			next_answer(CALL_read_history, i, &bytes);
			add_history(bytes);
		}
	}
	return failed;
}

CALL(int, history_truncate_file, const char *path, int lines)
{
	return (int)ASKS(history_truncate_file, path_key(path), __real_history_truncate_file(path, lines));
}
