/* SPDX-License-Identifier: MIT */
/* poll(2) and epoll(7), by looking again whenever something has happened. */
#include "net/sock.h"
#include "net/tcp_info.h"
#include "tests/drill/drill.h"

#include <errno.h>
#include <stdlib.h>

enum { EPOLL_ITEMS = 64 };

struct drill_epoll {
	struct item {
		int fd; /* -1: free */
		struct epoll_event event;
		uint32_t seen; /* of the socket's news, when it was last told */
		bool silent;   /* EPOLLONESHOT was told */
	} items[EPOLL_ITEMS];
};

static bool peer_has_finished(const struct sock *sk)
{
	struct tcp_info i;

	return sock_tcp_info(sk, &i) == 0 &&
		(i.state == TCP_CLOSE_WAIT || i.state == TCP_LAST_ACK || i.state == TCP_CLOSING);
}

static uint32_t ready(const struct drill_file *f)
{
	unsigned is = sock_ready(f->sk);
	uint32_t events = 0;

	if (is & SOCK_EVENT_READABLE)
		events |= POLLIN | POLLRDNORM;
	if (is & SOCK_EVENT_WRITABLE)
		events |= POLLOUT | POLLWRNORM;
	if (is & SOCK_EVENT_URGENT)
		events |= POLLPRI;
	if (is & SOCK_EVENT_ERROR)
		events |= POLLERR;
	if (is & SOCK_EVENT_HANGUP)
		events |= POLLHUP | POLLRDHUP;
	if (peer_has_finished(f->sk))
		events |= POLLRDHUP;
	return events;
}

/* Below 0: no bound. */
static uint64_t deadline(const struct drill *d, int timeout_ms)
{
	return timeout_ms < 0 ? TIMER_NEVER : d->loop.now + (uint64_t)timeout_ms * NS_PER_MS;
}

static int poll_once(struct drill *d, struct pollfd *fds, nfds_t n)
{
	int found = 0;

	for (nfds_t i = 0; i < n; i++) {
		const struct drill_file *f = drill_file(d, fds[i].fd);
		uint32_t wanted = (uint32_t)(uint16_t)fds[i].events | POLLERR | POLLHUP;

		if (fds[i].fd < 0)
			fds[i].revents = 0;
		else if (!f || !f->sk)
			fds[i].revents = POLLNVAL;
		else
			fds[i].revents = (short)(ready(f) & wanted);
		found += fds[i].revents != 0;
	}
	return found;
}

int drill_poll(struct drill *d, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	uint64_t until = deadline(d, timeout_ms);
	int found = poll_once(d, fds, n);

	while (!found && drill_sleep(d, until))
		found = poll_once(d, fds, n);
	return found ? found : poll_once(d, fds, n);
}

/* ---- epoll ---- */

int drill_epoll_create(struct drill *d)
{
	struct drill_epoll *e = calloc(1, sizeof(*e));
	struct drill_file *f;
	int fd = e ? drill_open(d, &f) : -ENOMEM;

	if (fd < 0) {
		free(e);
		return fd;
	}
	for (int i = 0; i < EPOLL_ITEMS; i++)
		e->items[i].fd = -1;
	f->epoll = e;
	return fd;
}

void drill_epoll_free(struct drill_epoll *e)
{
	free(e);
}

static struct item *find(struct drill_epoll *e, int fd)
{
	for (int i = 0; i < EPOLL_ITEMS; i++)
		if (e->items[i].fd == fd)
			return &e->items[i];
	return NULL;
}

int drill_epoll_ctl(struct drill *d, int epfd, int op, int fd, const struct epoll_event *event)
{
	struct drill_file *ef = drill_file(d, epfd), *f = drill_file(d, fd);

	if (!ef || !f)
		return -EBADF;
	if (!ef->epoll || !f->sk)
		return -EINVAL;
	struct item *item = find(ef->epoll, fd);
	if (op == EPOLL_CTL_ADD && item)
		return -EEXIST;
	if (op != EPOLL_CTL_ADD && !item)
		return -ENOENT;
	if (op == EPOLL_CTL_DEL) {
		item->fd = -1;
		return 0;
	}
	item = item ? item : find(ef->epoll, -1);
	if (!item)
		return -ENOSPC;
	*item = (struct item){.fd = fd, .event = *event, .seen = f->news - 1};
	return 0;
}

/* What there is to tell of one descriptor; edge-triggered: only if something has happened since the last time. */
static uint32_t news_of(const struct item *item, const struct drill_file *f)
{
	bool edge = item->event.events & EPOLLET;

	if (item->silent || !f || !f->sk || (edge && item->seen == f->news))
		return 0;
	return ready(f) & (item->event.events | EPOLLERR | EPOLLHUP);
}

static int epoll_once(struct drill *d, struct drill_epoll *e, struct epoll_event *events, int room)
{
	int found = 0;

	for (int i = 0; i < EPOLL_ITEMS && found < room; i++) {
		struct item *item = &e->items[i];
		const struct drill_file *f = drill_file(d, item->fd);
		uint32_t is = news_of(item, f);

		if (!is)
			continue;
		item->seen = f->news;
		item->silent = item->event.events & EPOLLONESHOT;
		events[found].events = is;
		events[found++].data = item->event.data;
	}
	return found;
}

int drill_epoll_wait(struct drill *d, int epfd, struct epoll_event *events, int room, int timeout_ms)
{
	uint64_t until = deadline(d, timeout_ms);

	for (;;) {
		struct drill_file *f = drill_file(d, epfd);

		if (!f || !f->epoll)
			return f ? -EINVAL : -EBADF;
		int found = epoll_once(d, f->epoll, events, room);
		if (found || !drill_sleep(d, until))
			return found ? found : epoll_once(d, f->epoll, events, room);
	}
}
