/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's stack is measured with: echo (7) by TCP and UDP, discard (9) and chargen (19), on plain sockets and
 * epoll. As in tapir's `serve`, discard has the stack throw away what came, without a copy (MSG_TRUNC).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 64 << 10, EVENTS = 256, BACKLOG = 4096 };

struct server {
	int epoll;
	char data[AT_ONCE];
};

struct watch {
	struct server *server;
	int fd;
	bool (*ready)(struct watch *w); /* false: the connection is over */
	const struct service *service;	/* of a listener */
};

struct service {
	uint16_t port;
	uint32_t events;
	bool (*talk)(struct watch *w);
};

static void must(bool worked, const char *what)
{
	if (worked)
		return;
	perror(what);
	exit(1);
}

static void watch(struct server *s, uint32_t events, struct watch what)
{
	struct watch *w = calloc(1, sizeof(*w));

	must(w, "memory");
	*w = what;
	w->server = s;
	must(epoll_ctl(s->epoll, EPOLL_CTL_ADD, w->fd, &(struct epoll_event){events, {w}}) == 0, "epoll");
}

/* The benchmark's requests are short: what came fits into the send buffer again. */
static bool echo(struct watch *w)
{
	char *data = w->server->data;
	ssize_t n;

	while ((n = recv(w->fd, data, AT_ONCE, 0)) > 0)
		if (send(w->fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			return false;
	return n < 0 && errno == EAGAIN;
}

static bool discard(struct watch *w)
{
	ssize_t n;

	while ((n = recv(w->fd, NULL, AT_ONCE, MSG_TRUNC)) > 0)
		;
	return n < 0 && errno == EAGAIN;
}

static bool chargen(struct watch *w)
{
	while (send(w->fd, w->server->data, AT_ONCE, MSG_NOSIGNAL) > 0)
		;
	return errno == EAGAIN;
}

static bool echo_datagrams(struct watch *w)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char *data = w->server->data;
	ssize_t n;

	while ((n = recvfrom(w->fd, data, AT_ONCE, 0, (struct sockaddr *)&from, &len)) >= 0)
		sendto(w->fd, data, (size_t)n, 0, (struct sockaddr *)&from, len);
	return true;
}

static bool accept_all(struct watch *w)
{
	int fd, yes = 1, no = 0;

	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (w->service->talk == echo) /* as tapir's does: an answer takes the ACK with it */
			setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &no, sizeof(no));
		watch(w->server, w->service->events, (struct watch){.fd = fd, .ready = w->service->talk});
	}
	return true;
}

static int open_port(int type, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	must(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "bind");
	return fd;
}

int main(void)
{
	static const struct service services[] = {
		{7, EPOLLIN, echo}, {9, EPOLLIN, discard}, {19, EPOLLIN | EPOLLOUT, chargen}};
	static struct server s;
	struct epoll_event events[EVENTS];

	s.epoll = epoll_create1(0);
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		int fd = open_port(SOCK_STREAM, services[i].port);
		must(listen(fd, BACKLOG) == 0, "listen");
		watch(&s, EPOLLIN, (struct watch){.fd = fd, .ready = accept_all, .service = &services[i]});
	}
	watch(&s, EPOLLIN, (struct watch){.fd = open_port(SOCK_DGRAM, 7), .ready = echo_datagrams});
	for (;;) {
		int n = epoll_wait(s.epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			struct watch *w = events[i].data.ptr;
			if (w->ready(w))
				continue;
			close(w->fd);
			free(w);
		}
	}
}
