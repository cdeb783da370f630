/* SPDX-License-Identifier: MIT */
/* What packetdrill sees: its calls, each under the lock. And what it would ask the kernel, when this is preloaded. */
#include "lib/loop.h"
#include "tests/drill/drill.h"
#include "tests/drill/packetdrill.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/times.h>

#define EXPORT	   __attribute__((visibility("default")))

/* A script that waits so long for a packet waits for ever. */
#define GIVE_UP_NS (UINT64_C(86400) * NS_PER_SEC)

/* The one that getsockopt() below is asked about: a process has one script. */
static struct drill *running;

/* ---- the lock ---- */

static struct drill *enter(void *self)
{
	struct drill *d = self;

	pthread_mutex_lock(&d->lock);
	drill_is_back(d);
	return d;
}

/* The C library's way to tell of errors. */
static ssize_t unlock(struct drill *d, ssize_t result)
{
	pthread_mutex_unlock(&d->lock);
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* What the call leads to happens at its time. */
static ssize_t leave(struct drill *d, ssize_t result)
{
	drill_settle(d);
	return unlock(d, result);
}

/* ---- time and packets ---- */

static int plug_gettimeofday(void *self, struct timeval *tv, struct timezone *tz)
{
	struct drill *d = enter(self);

	(void)tz;
	drill_pass(
		d, d->loop.now + NS_PER_US); /* packetdrill waits for short times by asking again and again */
	tv->tv_sec = (time_t)(d->loop.now / NS_PER_SEC);
	tv->tv_usec = (suseconds_t)(d->loop.now % NS_PER_SEC / NS_PER_US);
	return (int)unlock(d, 0);
}

static int plug_usleep(void *self, useconds_t us)
{
	struct drill *d = enter(self);

	drill_pass(d, d->loop.now + us * NS_PER_US);
	return (int)unlock(d, 0);
}

static int plug_netdev_send(void *self, const void *buf, size_t len)
{
	struct drill *d = enter(self);

	return (int)leave(d, wire_input(d->wire, buf, len));
}

/* None ever comes: a length of 0 and an empty buffer are no packet, at which packetdrill ends the script; it would take
 * an error for a reason to ask again. */
static int plug_netdev_receive(void *self, void *buf, size_t *len, long long *time_us)
{
	struct drill *d = enter(self);
	uint64_t until = d->loop.now + GIVE_UP_NS;
	struct wire_packet *sent = wire_next(d->wire);

	while (!sent && drill_step(d, until))
		sent = wire_next(d->wire);
	memset(buf, 0, *len);
	*len = sent ? MIN(sent->len, *len) : 0;
	*time_us = (long long)((sent ? sent->time_ns : d->loop.now) / NS_PER_US);
	if (sent)
		memcpy(buf, sent->data, *len);
	free(sent);
	return (int)unlock(d, 0);
}

/* ---- sockets ---- */

static int plug_socket(void *self, int domain, int type, int protocol)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_socket(d, domain, type, protocol));
}

static int plug_close(void *self, int fd)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_close(d, fd));
}

static int plug_bind(void *self, int fd, const struct sockaddr *a, socklen_t len)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_bind(d, fd, a, len));
}

static int plug_listen(void *self, int fd, int backlog)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_listen(d, fd, backlog));
}

static int plug_accept(void *self, int fd, struct sockaddr *a, socklen_t *len)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_accept(d, fd, a, len));
}

static int plug_connect(void *self, int fd, const struct sockaddr *a, socklen_t len)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_connect(d, fd, a, len));
}

static int plug_shutdown(void *self, int fd, int how)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_shutdown(d, fd, how));
}

static int plug_getsockopt(void *self, int fd, int level, int name, void *value, socklen_t *len)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_getsockopt(d, fd, level, name, value, len));
}

static int plug_setsockopt(void *self, int fd, int level, int name, const void *value, socklen_t len)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_setsockopt(d, fd, level, name, value, len));
}

static int plug_fcntl(void *self, int fd, int cmd, ...)
{
	struct drill *d = enter(self);
	va_list more;

	va_start(more, cmd);
	int arg = va_arg(more, int); /* read or not, as with fcntl(2) itself */
	va_end(more);
	return (int)leave(d, drill_fcntl(d, fd, cmd, arg));
}

static int plug_ioctl(void *self, int fd, unsigned long request, ...)
{
	struct drill *d = enter(self);
	va_list more;

	va_start(more, request);
	int *value = va_arg(more, int *);
	va_end(more);
	return (int)leave(d, drill_ioctl(d, fd, request, value));
}

/* ---- reading and writing: all of it is recvmsg() and sendmsg() ---- */

static ssize_t plug_recvmsg(void *self, int fd, struct msghdr *m, int flags)
{
	struct drill *d = enter(self);

	return leave(d, drill_recvmsg(d, fd, m, flags));
}

static ssize_t plug_readv(void *self, int fd, const struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

	return plug_recvmsg(self, fd, &m, 0);
}

static ssize_t plug_recvfrom(
	void *self, int fd, void *buf, size_t len, int flags, struct sockaddr *a, socklen_t *alen)
{
	struct iovec iov = {buf, len};
	struct msghdr m = {
		.msg_name = a, .msg_namelen = a && alen ? *alen : 0, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n = plug_recvmsg(self, fd, &m, flags);

	if (n >= 0 && alen)
		*alen = m.msg_namelen;
	return n;
}

static ssize_t plug_recv(void *self, int fd, void *buf, size_t len, int flags)
{
	return plug_recvfrom(self, fd, buf, len, flags, NULL, NULL);
}

static ssize_t plug_read(void *self, int fd, void *buf, size_t len)
{
	return plug_recv(self, fd, buf, len, 0);
}

static ssize_t plug_sendmsg(void *self, int fd, const struct msghdr *m, int flags)
{
	struct drill *d = enter(self);

	return leave(d, drill_sendmsg(d, fd, m, flags));
}

static ssize_t plug_writev(void *self, int fd, const struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

	return plug_sendmsg(self, fd, &m, 0);
}

static ssize_t plug_sendto(
	void *self, int fd, const void *buf, size_t len, int flags, const struct sockaddr *a, socklen_t alen)
{
	struct iovec iov = {(void *)(uintptr_t)buf, len};
	struct msghdr m = {
		.msg_name = (void *)(uintptr_t)a, .msg_namelen = alen, .msg_iov = &iov, .msg_iovlen = 1};

	return plug_sendmsg(self, fd, &m, flags);
}

static ssize_t plug_send(void *self, int fd, const void *buf, size_t len, int flags)
{
	return plug_sendto(self, fd, buf, len, flags, NULL, 0);
}

static ssize_t plug_write(void *self, int fd, const void *buf, size_t len)
{
	return plug_send(self, fd, buf, len, 0);
}

/* ---- several descriptors ---- */

static int plug_poll(void *self, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_poll(d, fds, n, timeout_ms));
}

static int plug_epoll_create(void *self, int size)
{
	struct drill *d = enter(self);

	return (int)leave(d, size > 0 ? drill_epoll_create(d) : -EINVAL);
}

static int plug_epoll_ctl(void *self, int epfd, int op, int fd, struct epoll_event *event)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_epoll_ctl(d, epfd, op, fd, event));
}

static int plug_epoll_wait(void *self, int epfd, struct epoll_event *events, int room, int timeout_ms)
{
	struct drill *d = enter(self);

	return (int)leave(d, drill_epoll_wait(d, epfd, events, room, timeout_ms));
}

/* A stack has no pipes. */
static int plug_pipe(void *self, int fds[2])
{
	(void)self;
	(void)fds;
	errno = ENOSYS;
	return -1;
}

static int plug_splice(
	void *self, int in, loff_t *in_at, int out, loff_t *out_at, size_t len, unsigned int flags)
{
	(void)self;
	(void)in;
	(void)in_at;
	(void)out;
	(void)out_at;
	(void)len;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

static void plug_free(void *self)
{
	running = NULL;
	drill_free(self);
}

EXPORT packetdrill_interface_init_fn packetdrill_interface_init;

void packetdrill_interface_init(const char *flags, struct packetdrill_interface *ifc)
{
	*ifc = (struct packetdrill_interface){
		.self = running = drill_new(flags),
		.free = plug_free,
		.socket = plug_socket,
		.bind = plug_bind,
		.listen = plug_listen,
		.accept = plug_accept,
		.connect = plug_connect,
		.read = plug_read,
		.readv = plug_readv,
		.recv = plug_recv,
		.recvfrom = plug_recvfrom,
		.recvmsg = plug_recvmsg,
		.write = plug_write,
		.writev = plug_writev,
		.send = plug_send,
		.sendto = plug_sendto,
		.sendmsg = plug_sendmsg,
		.fcntl = plug_fcntl,
		.ioctl = plug_ioctl,
		.close = plug_close,
		.shutdown = plug_shutdown,
		.getsockopt = plug_getsockopt,
		.setsockopt = plug_setsockopt,
		.poll = plug_poll,
		.netdev_send = plug_netdev_send,
		.netdev_receive = plug_netdev_receive,
		.usleep = plug_usleep,
		.gettimeofday = plug_gettimeofday,
		.epoll_create = plug_epoll_create,
		.epoll_ctl = plug_epoll_ctl,
		.epoll_wait = plug_epoll_wait,
		.pipe = plug_pipe,
		.splice = plug_splice,
	};
}

/* ---- preloaded (LD_PRELOAD): calls that packetdrill makes to the kernel, about descriptors of ours ---- */

EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct drill *d = running;

	if (d && drill_file(d, fd))
		return plug_getsockopt(d, fd, level, name, value, len);
	return (int)syscall(SYS_getsockopt, fd, level, name, value, len);
}

/* A script's commands: what they set counts at once. */
EXPORT int system(const char *command)
{
	struct drill *d = running;
	FILE *f = popen(command, "w");
	int status = f ? pclose(f) : -1;

	if (d) {
		enter(d);
		drill_follow(d);
		leave(d, 0);
	}
	return status;
}

/* Before it begins packetdrill watches this clock for ten ticks, to be in the middle of one. In virtual time there are no
 * ticks to be hit or missed: each look finds the next one. */
EXPORT clock_t times(struct tms *buf)
{
	if (!running)
		return syscall(SYS_times, buf);
	if (buf)
		*buf = (struct tms){0};
	return ++running->ticks;
}

/* packetdrill pins its memory, so that real time is precise, and ends when it may not. Virtual time needs none of that. */
EXPORT int mlockall(int flags)
{
	(void)flags;
	return 0;
}
