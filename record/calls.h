/* SPDX-License-Identifier: MIT */
/*
 * The calls by which tapir meets the machine.
 *
 * The linker leads each call of read() in tapir's own files to __wrap_read() in this folder (ld's --wrap; the
 * Makefile makes the options from this table), which does it by __real_read(), writes down what came of it, or takes
 * it from a recording. So nobody else has to know of recordings, and none is forgotten: tools/outside checks that
 * what tapir calls besides does not leave the process.
 */
#ifndef RECORD_CALLS_H
#define RECORD_CALLS_H

/* clang-format off */
#define CALLS(X) \
	/* descriptors and files */ \
	X(open) X(close) X(read) X(pread) X(write) X(lseek) X(fcntl) X(ioctl) X(dup) X(syscall) \
	X(stat) X(lstat) X(fstat) X(fstatat) X(access) X(mkdir) X(rmdir) X(unlink) X(rename) X(mkdtemp) X(mknod) \
	X(fchmod) X(umask) \
	/* directories */ \
	X(opendir) X(readdir) X(closedir) X(scandirat) \
	/* streams: what libc and libraries read and write by them goes by the calls above */ \
	X(fopen) X(fdopen) \
	/* sockets */ \
	X(socket) X(bind) X(listen) X(connect) X(accept4) X(getsockopt) X(send) X(recv) X(if_nametoindex) \
	/* waiting */ \
	X(epoll_create1) X(epoll_ctl) X(epoll_wait) X(poll) X(timerfd_create) X(timerfd_settime) X(signalfd) \
	X(sigtimedwait) X(clock_gettime) X(localtime_r) \
	/* processes */ \
	X(fork) X(waitpid) X(kill) X(pipe2) X(getpid) X(getpgrp) X(setpgid) X(getuid) X(geteuid) X(getgid) \
	X(unshare) X(sigaction) X(sigprocmask) X(getenv) X(getrandom) \
	/* terminals */ \
	X(isatty) X(tcgetattr) X(tcsetattr) X(tcgetpgrp) X(tcsetpgrp) X(posix_openpt) X(grantpt) X(unlockpt) \
	/* readline's history */ \
	X(read_history) X(history_truncate_file)
/* clang-format on */

#define CALL_ENUM(name) CALL_##name,
enum call {
	CALL_NONE,		   /* zeros: nothing was written there */
	CALLS(CALL_ENUM) CALL_END, /* of the run; its result is the exit status */
};
#undef CALL_ENUM

/* "read" */
const char *call_name(enum call c);

/* Begins the definition of a wrapper: CALL(int, close, int fd) { ... real_close(fd) ... } */
#define REAL(type, name, ...) type __real_##name(__VA_ARGS__)
#define CALL(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

#endif
