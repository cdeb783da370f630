/* SPDX-License-Identifier: MIT */
/* Socket options: Linux's numbers, to those of the core. */
#include "net/sock.h"
#include "tests/drill/drill.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

static const struct option {
	int level, name;
	enum sock_option opt;
} options[] = {
	{SOL_SOCKET, SO_RCVBUF, SO_OPT_RCVBUF},
	{SOL_SOCKET, SO_SNDBUF, SO_OPT_SNDBUF},
	{SOL_SOCKET, SO_BROADCAST, SO_OPT_BROADCAST},
	{SOL_SOCKET, SO_ERROR, SO_OPT_ERROR},
	{SOL_SOCKET, SO_REUSEADDR, SO_OPT_REUSEADDR},
	{SOL_SOCKET, SO_REUSEPORT, SO_OPT_REUSEPORT},
	{SOL_SOCKET, SO_KEEPALIVE, SO_OPT_KEEPALIVE},
	{SOL_SOCKET, SO_OOBINLINE, SO_OPT_OOBINLINE},
	{IPPROTO_IP, IP_TTL, SO_OPT_TTL},
	{IPPROTO_IP, IP_TOS, SO_OPT_TOS},
	{IPPROTO_IP, IP_MTU_DISCOVER, SO_OPT_MTU_DISCOVER},
	{IPPROTO_IP, IP_MTU, SO_OPT_MTU},
	{IPPROTO_IP, IP_RECVERR, SO_OPT_RECVERR},
	{IPPROTO_IP, IP_FREEBIND, SO_OPT_FREEBIND},
	{IPPROTO_TCP, TCP_NODELAY, SO_OPT_TCP_NODELAY},
	{IPPROTO_TCP, TCP_CORK, SO_OPT_TCP_CORK},
	{IPPROTO_TCP, TCP_MAXSEG, SO_OPT_TCP_MAXSEG},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, SO_OPT_TCP_USER_TIMEOUT},
	{IPPROTO_TCP, TCP_KEEPIDLE, SO_OPT_TCP_KEEPIDLE},
	{IPPROTO_TCP, TCP_KEEPINTVL, SO_OPT_TCP_KEEPINTVL},
	{IPPROTO_TCP, TCP_KEEPCNT, SO_OPT_TCP_KEEPCNT},
	{IPPROTO_TCP, TCP_SYNCNT, SO_OPT_TCP_SYNCNT},
	{IPPROTO_TCP, TCP_LINGER2, SO_OPT_TCP_LINGER2},
	{IPPROTO_TCP, TCP_QUICKACK, SO_OPT_TCP_QUICKACK},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT, SO_OPT_TCP_DEFER_ACCEPT},
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT, SO_OPT_TCP_NOTSENT_LOWAT},
};

static const struct option *find(int level, int name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].level == level && options[i].name == name)
			return &options[i];
	return NULL;
}

/* As the kernel answers: no more than there is room for. */
static int give(const void *from, size_t size, void *value, socklen_t *len)
{
	*len = (socklen_t)MIN((size_t)*len, size);
	memcpy(value, from, *len);
	return 0;
}

static int take(void *to, size_t size, const void *value, socklen_t len)
{
	if (len < size)
		return -EINVAL;
	memcpy(to, value, size);
	return 0;
}

/* ---- options with a struct ---- */

static int set_linger(struct sock *sk, const void *value, socklen_t len)
{
	struct linger l;
	int err = take(&l, sizeof(l), value, len);

	return err ? err : sock_set(sk, SO_OPT_LINGER, l.l_onoff ? l.l_linger : -1);
}

static int get_linger(struct sock *sk, void *value, socklen_t *len)
{
	int seconds = -1, err = sock_get(sk, SO_OPT_LINGER, &seconds);
	struct linger l = {seconds >= 0, MAX(seconds, 0)};

	return err ? err : give(&l, sizeof(l), value, len);
}

static int set_timeout(uint64_t *timeout_ns, const void *value, socklen_t len)
{
	struct timeval tv;
	int err = take(&tv, sizeof(tv), value, len);

	if (!err)
		*timeout_ns = (uint64_t)tv.tv_sec * NS_PER_SEC + (uint64_t)tv.tv_usec * NS_PER_US;
	return err;
}

static int set_congestion(struct sock *sk, const void *value, socklen_t len)
{
	char name[16] = "";

	memcpy(name, value, MIN((size_t)len, sizeof(name) - 1));
	return sock_set_congestion(sk, name);
}

static int get_congestion(struct sock *sk, void *value, socklen_t *len)
{
	const char *name = sock_congestion(sk);

	return name ? give(name, strlen(name) + 1, value, len) : -ENOPROTOOPT;
}

/* ---- the calls ---- */

int drill_setsockopt(struct drill *d, int fd, int level, int name, const void *value, socklen_t len)
{
	struct drill_file *f = drill_file(d, fd);
	const struct option *o = find(level, name);
	int number;

	if (!f || !f->sk)
		return -EBADF;
	if (o)
		return take(&number, sizeof(number), value, len) ? -EINVAL : sock_set(f->sk, o->opt, number);
	if (level == SOL_SOCKET && name == SO_LINGER)
		return set_linger(f->sk, value, len);
	if (level == SOL_SOCKET && name == SO_RCVTIMEO)
		return set_timeout(&f->rcv_timeout_ns, value, len);
	if (level == SOL_SOCKET && name == SO_SNDTIMEO)
		return set_timeout(&f->snd_timeout_ns, value, len);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION)
		return set_congestion(f->sk, value, len);
	return -ENOPROTOOPT;
}

int drill_getsockopt(struct drill *d, int fd, int level, int name, void *value, socklen_t *len)
{
	struct drill_file *f = drill_file(d, fd);
	const struct option *o = find(level, name);
	int number = 0, err;

	if (!f || !f->sk)
		return -EBADF;
	if (o) {
		err = sock_get(f->sk, o->opt, &number);
		return err ? err : give(&number, sizeof(number), value, len);
	}
	if (level == SOL_SOCKET && name == SO_LINGER)
		return get_linger(f->sk, value, len);
	if (level == SOL_SOCKET && name == SO_MEMINFO)
		return drill_meminfo(f->sk, value, len);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION)
		return get_congestion(f->sk, value, len);
	if (level == IPPROTO_TCP && name == TCP_INFO)
		return drill_tcp_info(f->sk, value, len);
	if (level == IPPROTO_TCP && name == TCP_CC_INFO) /* CUBIC tells nothing in Linux either */
		return give("", 0, value, len);
	return -ENOPROTOOPT;
}
