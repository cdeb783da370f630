/* SPDX-License-Identifier: MIT */
/*
 * A stack for packetdrill: one host with one device, whose other end is the script, under the virtual clock.
 *
 * The calls of packetdrill come from two threads: its main one, which injects packets and lets time pass, and one that
 * makes the calls that block. There is one lock, taken where they come in (plugin.c) and nowhere else. Time moves on
 * by drill_pass() only, and stands still while a thread that was woken has not yet come back to ask for it: so a call
 * ends at the very moment at which its reason came.
 */
#ifndef TESTS_DRILL_DRILL_H
#define TESTS_DRILL_DRILL_H

#include "lib/list.h"
#include "net/stack.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

struct sock;
struct wire;

enum { DRILL_FDS = 1024 };

/* A descriptor that was given out: a socket, or an epoll instance. */
struct drill_file {
	int fd; /* a real one, as packetdrill closes them behind our back at the end */
	struct sock *sk;
	struct drill_epoll *epoll;
	bool nonblock;
	uint32_t news;				 /* moves on with each event of the socket */
	uint64_t rcv_timeout_ns, snd_timeout_ns; /* 0: none */
};

struct drill {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a thread was woken, or one that was has come back */
	pthread_t main;		/* who made this: when it waits, nobody else lets time pass */
	struct loop loop;
	struct world world;
	struct stack *s;
	struct wire *wire;
	bool follow; /* the settings of the machine */
	struct list sleepers;
	unsigned woken; /* threads that have not come back yet */
	clock_t ticks;	/* how often times() was asked */
	struct drill_file *files[DRILL_FDS];
};

/* ---- time.c ---- */

/* All that can happen at the present time happens, also in threads that waited for it. */
void drill_settle(struct drill *d);

/* Time passes until `to`: each timer on the way fires at its time. */
void drill_pass(struct drill *d, uint64_t to_ns);

/* Time passes to the next moment at which anything happens, at most to `until`. False: nothing did. */
bool drill_step(struct drill *d, uint64_t until_ns);

/* The calling thread waits until something has happened, at most until `until` (false). Gives the lock away meanwhile. In
 * packetdrill's main thread it lets time pass itself. */
bool drill_sleep(struct drill *d, uint64_t until_ns);

/* The calling thread is back: time may move on again. */
void drill_is_back(struct drill *d);

/* When a call that may take so long ends; 0: TIMER_NEVER. */
uint64_t drill_deadline(const struct drill *d, uint64_t timeout_ns);

/* ---- wire.c ---- */

int wire_create(struct stack *s, const char *name, struct wire **made);
struct dev *wire_dev(struct wire *w);

/* An IP packet comes. Longer ones than a segment of `mss` octets come as super-frames; 0: none does. -ENOMEM */
int wire_input(struct wire *w, const void *buf, size_t len);
void wire_set_mss(struct wire *w, uint16_t mss);

/* From now on its queue has no room for what is sent; or it has none, and all is sent at once. */
void wire_refuse(struct wire *w, bool all);

/* The oldest packet that was sent, or NULL. The caller frees it. */
struct wire_packet {
	struct list node;
	uint64_t time_ns;
	size_t len;
	uint8_t data[];
};
struct wire_packet *wire_next(struct wire *w);

/* ---- setup.c ---- */

/* A host by the text of --so_flags: words of the form NAME=VALUE. What is wrong with them is said, and ends the program. */
struct drill *drill_new(const char *flags);
void drill_free(struct drill *d);

/* The settings of the machine's network namespace become the host's, and of its tun0 the device's, where the flags ask
 * for that: scripts change them by commands. */
void drill_follow(struct drill *d);

/* ---- call.c: all return a length, a descriptor or 0, or -errno ---- */

struct drill_file *drill_file(const struct drill *d, int fd); /* NULL: not one of ours */
int drill_open(struct drill *d, struct drill_file **f);	      /* a new descriptor */
void drill_forget(struct drill *d, int fd);		      /* the real one stays open */

int drill_socket(struct drill *d, int domain, int type, int protocol);
int drill_close(struct drill *d, int fd);
int drill_bind(struct drill *d, int fd, const struct sockaddr *a, socklen_t len);
int drill_listen(struct drill *d, int fd, int backlog);
int drill_shutdown(struct drill *d, int fd, int how);
int drill_accept(struct drill *d, int fd, struct sockaddr *a, socklen_t *len);
int drill_connect(struct drill *d, int fd, const struct sockaddr *a, socklen_t len);
ssize_t drill_recvmsg(struct drill *d, int fd, struct msghdr *m, int flags);
ssize_t drill_sendmsg(struct drill *d, int fd, const struct msghdr *m, int flags);
int drill_fcntl(struct drill *d, int fd, int cmd, long arg);
int drill_ioctl(struct drill *d, int fd, unsigned long request, int *value);

/* ---- option.c ---- */

int drill_getsockopt(struct drill *d, int fd, int level, int name, void *value, socklen_t *len);
int drill_setsockopt(struct drill *d, int fd, int level, int name, const void *value, socklen_t len);

/* ---- info.c ---- */

/* TCP_INFO and SO_MEMINFO in Linux's layout, cut to *len. */
int drill_tcp_info(const struct sock *sk, void *value, socklen_t *len);
int drill_meminfo(const struct sock *sk, void *value, socklen_t *len);

/* ---- poll.c ---- */

int drill_poll(struct drill *d, struct pollfd *fds, nfds_t n, int timeout_ms);
int drill_epoll_create(struct drill *d);
int drill_epoll_ctl(struct drill *d, int epfd, int op, int fd, const struct epoll_event *event);
int drill_epoll_wait(struct drill *d, int epfd, struct epoll_event *events, int room, int timeout_ms);
void drill_epoll_free(struct drill_epoll *e);

#endif
