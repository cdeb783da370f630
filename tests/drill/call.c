/* SPDX-License-Identifier: MIT */
/* The socket calls, with their waiting, over sockets that never wait. */
#include "net/sock.h"
#include "tests/drill/drill.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CALL_FLAGS = MSG_OOB | MSG_PEEK | MSG_TRUNC | MSG_MORE, CALL_MAX = 1 << 24 };

/* ---- descriptors ---- */

struct drill_file *drill_file(const struct drill *d, int fd)
{
	return fd >= 0 && fd < DRILL_FDS ? d->files[fd] : NULL;
}

static struct drill_file *sock_file(const struct drill *d, int fd)
{
	struct drill_file *f = drill_file(d, fd);

	return f && f->sk ? f : NULL;
}

int drill_open(struct drill *d, struct drill_file **f)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	*f = fd >= 0 && fd < DRILL_FDS ? calloc(1, sizeof(**f)) : NULL;
	if (!*f) {
		close(fd);
		return -EMFILE;
	}
	if (d->files[fd]) /* packetdrill has closed it without a word */
		drill_forget(d, fd);
	(*f)->fd = fd;
	d->files[fd] = *f;
	return fd;
}

void drill_forget(struct drill *d, int fd)
{
	struct drill_file *f = d->files[fd];

	d->files[fd] = NULL;
	if (f->sk)
		sock_close(f->sk);
	drill_epoll_free(f->epoll);
	free(f);
}

static void count_news(struct sock *sk, unsigned events, void *ctx)
{
	struct drill_file *f = ctx;

	(void)sk;
	(void)events;
	f->news++;
}

static int open_sock(struct drill *d, struct sock *sk, bool nonblock)
{
	struct drill_file *f;
	int fd = drill_open(d, &f);

	if (fd < 0) {
		sock_close(sk);
		return fd;
	}
	f->sk = sk;
	f->nonblock = nonblock;
	sock_on_event(sk, count_news, f);
	return fd;
}

int drill_socket(struct drill *d, int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (domain != AF_INET)
		return -EAFNOSUPPORT;
	if (!protocol)
		protocol = kind == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	drill_follow(d);
	struct sock *sk = sock_open(d->s, kind, protocol);
	return sk ? open_sock(d, sk, type & SOCK_NONBLOCK) : -errno;
}

int drill_close(struct drill *d, int fd)
{
	if (!drill_file(d, fd))
		return -EBADF;
	drill_forget(d, fd);
	close(fd);
	return 0;
}

/* ---- names ---- */

static int read_addr(const struct sockaddr *a, socklen_t len, struct sock_addr *to)
{
	struct sockaddr_in in;

	*to = (struct sock_addr){0};
	if (len < sizeof(in))
		return -EINVAL;
	memcpy(&in, a, sizeof(in));
	if (in.sin_family != AF_INET)
		return in.sin_family == AF_UNSPEC ? 0 : -EAFNOSUPPORT;
	to->ip = ntohl(in.sin_addr.s_addr);
	to->port = ntohs(in.sin_port);
	return 0;
}

static void write_addr(const struct sock_addr *from, struct sockaddr *a, socklen_t *len)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(from->port), .sin_addr.s_addr = htonl(from->ip)};

	if (!a || !len)
		return;
	memcpy(a, &in, MIN((size_t)*len, sizeof(in)));
	*len = sizeof(in);
}

int drill_bind(struct drill *d, int fd, const struct sockaddr *a, socklen_t len)
{
	struct drill_file *f = sock_file(d, fd);
	struct sock_addr addr;
	int err = f ? read_addr(a, len, &addr) : -EBADF;

	return err ? err : sock_bind(f->sk, &addr);
}

int drill_listen(struct drill *d, int fd, int backlog)
{
	struct drill_file *f = sock_file(d, fd);

	return f ? sock_listen(f->sk, backlog) : -EBADF;
}

int drill_shutdown(struct drill *d, int fd, int how)
{
	struct drill_file *f = sock_file(d, fd);

	return f ? sock_shutdown(f->sk, how) : -EBADF;
}

/* ---- calls that may wait. Whoever slept looks the descriptor up again: it may have been closed. ---- */

static bool may_wait(const struct drill_file *f, int flags)
{
	return !f->nonblock && !(flags & MSG_DONTWAIT);
}

int drill_accept(struct drill *d, int fd, struct sockaddr *a, socklen_t *len)
{
	struct drill_file *f = sock_file(d, fd);
	struct sock_addr from;
	uint64_t until = drill_deadline(d, f ? f->rcv_timeout_ns : 0);

	for (; f; f = sock_file(d, fd)) {
		struct sock *sk = sock_accept(f->sk, &from);

		if (sk) {
			write_addr(&from, a, len);
			return open_sock(d, sk, false);
		}
		int err = -errno;
		if (err != -EAGAIN || !may_wait(f, 0) || !drill_sleep(d, until))
			return err;
	}
	return -EBADF;
}

int drill_connect(struct drill *d, int fd, const struct sockaddr *a, socklen_t len)
{
	struct drill_file *f = sock_file(d, fd);
	struct sock_addr to;
	int err = f ? read_addr(a, len, &to) : -EBADF;
	uint64_t until = drill_deadline(d, f ? f->snd_timeout_ns : 0);

	if (err)
		return err;
	err = sock_connect(f->sk, &to);
	while ((err == -EINPROGRESS || err == -EALREADY) && may_wait(f, 0)) {
		if (!drill_sleep(d, until))
			return -EINPROGRESS;
		f = sock_file(d, fd);
		if (!f)
			return -EBADF;
		err = sock_connect(f->sk, &to);
	}
	return err;
}

static ssize_t recv_some(struct drill *d, int fd, void *buf, size_t room, int flags, struct sock_msg *m)
{
	struct drill_file *f = sock_file(d, fd);
	uint64_t until = drill_deadline(d, f ? f->rcv_timeout_ns : 0);

	for (; f; f = sock_file(d, fd)) {
		ssize_t n = sock_recv(f->sk, buf, room, flags & CALL_FLAGS, m);

		if (n != -EAGAIN || !may_wait(f, flags) || !drill_sleep(d, until))
			return n;
	}
	return -EBADF;
}

/* MSG_WAITALL: until there is as much as was asked for, or no more comes. */
static ssize_t recv_all(struct drill *d, int fd, char *buf, size_t room, int flags, struct sock_msg *m)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = recv_some(d, fd, buf + done, room - done, flags, m);
		if (n > 0)
			done += (size_t)n;
	} while (n > 0 && done < room && flags & MSG_WAITALL && !(flags & (MSG_PEEK | MSG_DONTWAIT)));
	return done ? (ssize_t)done : n;
}

/* Into one buffer, from which the parts are filled. */
static size_t parts_len(const struct iovec *iov, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += iov[i].iov_len;
	return MIN(len, (size_t)CALL_MAX);
}

static void scatter(const char *from, size_t len, const struct iovec *iov)
{
	for (; len; iov++) {
		size_t part = MIN(len, iov->iov_len);

		if (iov->iov_base)
			memcpy(iov->iov_base, from, part);
		from += part;
		len -= part;
	}
}

static void gather(char *to, size_t len, const struct iovec *iov)
{
	for (; len; iov++) {
		size_t part = MIN(len, iov->iov_len);

		memcpy(to, iov->iov_base, part);
		to += part;
		len -= part;
	}
}

ssize_t drill_recvmsg(struct drill *d, int fd, struct msghdr *m, int flags)
{
	size_t room = parts_len(m->msg_iov, m->msg_iovlen);
	char *buf = malloc(room + 1);
	struct sock_msg got = {0};

	if (!buf)
		return -ENOMEM;
	ssize_t n = flags & MSG_ERRQUEUE ? -EAGAIN : recv_all(d, fd, buf, room, flags, &got);
	if (n >= 0) {
		scatter(buf, MIN((size_t)n, room), m->msg_iov);
		write_addr(&got.from, m->msg_name, &m->msg_namelen);
		m->msg_controllen = 0;
		m->msg_flags = got.truncated ? MSG_TRUNC : 0;
	}
	free(buf);
	return n;
}

/* A stream takes all before it returns, unless it may not wait. */
static ssize_t send_all(struct drill *d, int fd, const char *buf, size_t len, int flags, struct sock_addr *to)
{
	struct drill_file *f = sock_file(d, fd);
	uint64_t until = drill_deadline(d, f ? f->snd_timeout_ns : 0);
	size_t done = 0;

	for (; f; f = sock_file(d, fd)) {
		ssize_t n = sock_send(f->sk, buf + done, len - done, flags & CALL_FLAGS, to);

		if (n > 0)
			done += (size_t)n;
		if (n >= 0 && done == len)
			return (ssize_t)done;
		if ((n < 0 && n != -EAGAIN) || !may_wait(f, flags) || !drill_sleep(d, until))
			return done ? (ssize_t)done : n;
	}
	return done ? (ssize_t)done : -EBADF;
}

ssize_t drill_sendmsg(struct drill *d, int fd, const struct msghdr *m, int flags)
{
	size_t len = parts_len(m->msg_iov, m->msg_iovlen);
	struct sock_addr to;
	int err = m->msg_name ? read_addr(m->msg_name, m->msg_namelen, &to) : 0;
	char *buf = malloc(len + 1);

	if (!buf)
		return -ENOMEM;
	if (flags & MSG_FASTOPEN)
		err = -EOPNOTSUPP;
	gather(buf, len, m->msg_iov);
	ssize_t n = err ? err : send_all(d, fd, buf, len, flags, m->msg_name ? &to : NULL);
	free(buf);
	return n;
}

/* ---- about descriptors ---- */

int drill_fcntl(struct drill *d, int fd, int cmd, long arg)
{
	struct drill_file *f = drill_file(d, fd);

	if (!f)
		return -EBADF;
	switch (cmd) {
	case F_GETFL:
		return O_RDWR | (f->nonblock ? O_NONBLOCK : 0);
	case F_SETFL:
		f->nonblock = arg & O_NONBLOCK;
		return 0;
	default:
		return -EINVAL;
	}
}

int drill_ioctl(struct drill *d, int fd, unsigned long request, int *value)
{
	struct drill_file *f = sock_file(d, fd);

	if (!f)
		return -EBADF;
	switch (request) {
	case FIONREAD: /* SIOCINQ */
		*value = (int)sock_unread(f->sk);
		return 0;
	case TIOCOUTQ: /* SIOCOUTQ */
		*value = (int)sock_unsent(f->sk);
		return 0;
	case FIONBIO:
		f->nonblock = *value;
		return 0;
	default:
		return -ENOTTY;
	}
}
