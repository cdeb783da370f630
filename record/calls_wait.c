/* SPDX-License-Identifier: MIT */
/* Waiting, time, and sockets of the machine. */
#include "record/recording.h"

#include <assert.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

/* ---- epoll ---- */

CALL(int, epoll_create1, int flags)
{
	return (int)ASKS(epoll_create1, 0, __real_epoll_create1(flags));
}

/* What the loop wants to hear of a descriptor is a pointer, which says nothing in another process. While there is a
 * recording, the kernel is told the number instead, and epoll_wait() looks the pointer up. */
static void remember(struct recording *r, int fd, epoll_data_t data)
{
	if (fd >= r->watched_count) {
		int count = fd + 64;

		r->watched = realloc(r->watched, (size_t)count * sizeof(*r->watched));
		if (!r->watched)
			abort();
		r->watched_count = count;
	}
	r->watched[fd] = data;
}

CALL(int, epoll_ctl, int epoll, int what, int fd, struct epoll_event *ev)
{
	struct epoll_event number = {.events = ev ? ev->events : 0, .data.fd = fd};

	if (!the_recording)
		return __real_epoll_ctl(epoll, what, fd, ev);
	if (ev)
		remember(the_recording, fd, ev->data);
	return (int)ASKS(epoll_ctl, fd, __real_epoll_ctl(epoll, what, fd, &number));
}

CALL(int, epoll_wait, int epoll, struct epoll_event *events, int room, int ms)
{
	if (!the_recording)
		return __real_epoll_wait(epoll, events, room, ms);
	int n = (int)(is_again() ? give_answer(CALL_epoll_wait, epoll, events, (size_t)room * sizeof(*events))
				 : __real_epoll_wait(epoll, events, room, ms));

	if (is_recording())
		note_answer(CALL_epoll_wait, epoll, n, events, n > 0 ? (size_t)n * sizeof(*events) : 0);
	for (int i = 0; i < n; i++)
		events[i].data = the_recording->watched[events[i].data.fd];
	return n;
}

CALL(int, poll, struct pollfd *fds, nfds_t count, int ms)
{
	return (int)FILLS(poll, fds[0].fd, fds, count * sizeof(*fds), __real_poll(fds, count, ms));
}

/* ---- time ---- */

CALL(int, timerfd_create, int clock, int flags)
{
	return (int)ASKS(timerfd_create, clock, __real_timerfd_create(clock, flags));
}

CALL(int, timerfd_settime, int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	return (int)WRITES(
		timerfd_settime, fd, when, sizeof(*when), __real_timerfd_settime(fd, flags, when, old));
}

CALL(int, clock_gettime, clockid_t clock, struct timespec *now)
{
	return (int)FILLS(clock_gettime, clock, now, sizeof(*now), __real_clock_gettime(clock, now));
}

/* The name of the zone is a pointer, too. */
CALL(struct tm *, localtime_r, const time_t *when, struct tm *tm)
{
	long failed = FILLS(localtime_r, *when, tm, sizeof(*tm), __real_localtime_r(when, tm) ? 0 : -1);

	if (is_again())
		tm->tm_zone = "";
	return failed ? NULL : tm;
}

CALL(int, signalfd, int fd, const sigset_t *set, int flags)
{
	return (int)ASKS(signalfd, fd, __real_signalfd(fd, set, flags));
}

CALL(int, sigtimedwait, const sigset_t *set, siginfo_t *info, const struct timespec *most)
{
	assert(!info);
	return (int)ASKS(sigtimedwait, 0, __real_sigtimedwait(set, info, most));
}

/* ---- sockets ---- */

CALL(int, socket, int family, int type, int protocol)
{
	return (int)ASKS(socket, family, __real_socket(family, type, protocol));
}

CALL(int, bind, int fd, const struct sockaddr *a, socklen_t len)
{
	return (int)ASKS(bind, fd, __real_bind(fd, a, len));
}

CALL(int, listen, int fd, int backlog)
{
	return (int)ASKS(listen, fd, __real_listen(fd, backlog));
}

CALL(int, connect, int fd, const struct sockaddr *a, socklen_t len)
{
	return (int)ASKS(connect, fd, __real_connect(fd, a, len));
}

CALL(int, accept4, int fd, struct sockaddr *a, socklen_t *len, int flags)
{
	assert(!a);
	return (int)ASKS(accept4, fd, __real_accept4(fd, a, len, flags));
}

CALL(int, getsockopt, int fd, int level, int name, void *value, socklen_t *len)
{
	return (int)FILLS(getsockopt, fd, value, *len, __real_getsockopt(fd, level, name, value, len));
}

CALL(ssize_t, send, int fd, const void *data, size_t len, int flags)
{
	return WRITES(send, fd, data, len, __real_send(fd, data, len, flags));
}

CALL(ssize_t, recv, int fd, void *data, size_t room, int flags)
{
	return READS(recv, fd, data, room, __real_recv(fd, data, room, flags));
}

CALL(unsigned, if_nametoindex, const char *name)
{
	return (unsigned)ASKS(if_nametoindex, path_key(name), __real_if_nametoindex(name));
}
