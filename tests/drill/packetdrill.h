/* SPDX-License-Identifier: MIT */
/*
 * How packetdrill talks to a stack that is a shared object (--so_filename): it calls packetdrill_interface_init(),
 * which fills in this struct, and from then on makes the script's calls by its members. `self` is what the stack put into
 * the first one. Results and errno are those of the calls of the same names; packets are IP, from the header on.
 */
#ifndef TESTS_DRILL_PACKETDRILL_H
#define TESTS_DRILL_PACKETDRILL_H

#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The order is packetdrill's, and all must be there. */
struct packetdrill_interface {
	void *self;
	void (*free)(void *self);
	int (*socket)(void *self, int domain, int type, int protocol);
	int (*bind)(void *self, int fd, const struct sockaddr *a, socklen_t len);
	int (*listen)(void *self, int fd, int backlog);
	int (*accept)(void *self, int fd, struct sockaddr *a, socklen_t *len);
	int (*connect)(void *self, int fd, const struct sockaddr *a, socklen_t len);
	ssize_t (*read)(void *self, int fd, void *buf, size_t len);
	ssize_t (*readv)(void *self, int fd, const struct iovec *iov, int n);
	ssize_t (*recv)(void *self, int fd, void *buf, size_t len, int flags);
	ssize_t (*recvfrom)(
		void *self, int fd, void *buf, size_t len, int flags, struct sockaddr *a, socklen_t *alen);
	ssize_t (*recvmsg)(void *self, int fd, struct msghdr *m, int flags);
	ssize_t (*write)(void *self, int fd, const void *buf, size_t len);
	ssize_t (*writev)(void *self, int fd, const struct iovec *iov, int n);
	ssize_t (*send)(void *self, int fd, const void *buf, size_t len, int flags);
	ssize_t (*sendto)(void *self, int fd, const void *buf, size_t len, int flags,
		const struct sockaddr *a, socklen_t alen);
	ssize_t (*sendmsg)(void *self, int fd, const struct msghdr *m, int flags);
	int (*fcntl)(void *self, int fd, int cmd, ...);
	int (*ioctl)(void *self, int fd, unsigned long request, ...);
	int (*close)(void *self, int fd);
	int (*shutdown)(void *self, int fd, int how);
	int (*getsockopt)(void *self, int fd, int level, int name, void *value, socklen_t *len);
	int (*setsockopt)(void *self, int fd, int level, int name, const void *value, socklen_t len);
	int (*poll)(void *self, struct pollfd *fds, nfds_t n, int timeout_ms);
	int (*netdev_send)(void *self, const void *buf, size_t len); /* to the stack */
	/* From the stack: waits for a packet. *len: room, then bytes; 0: none came. */
	int (*netdev_receive)(void *self, void *buf, size_t *len, long long *time_us);
	int (*usleep)(void *self, useconds_t us);
	int (*gettimeofday)(void *self, struct timeval *tv, struct timezone *tz);
	int (*epoll_create)(void *self, int size);
	int (*epoll_ctl)(void *self, int epfd, int op, int fd, struct epoll_event *event);
	int (*epoll_wait)(void *self, int epfd, struct epoll_event *events, int room, int timeout_ms);
	int (*pipe)(void *self, int fds[2]);
	int (*splice)(
		void *self, int in, loff_t *in_at, int out, loff_t *out_at, size_t len, unsigned int flags);
};

/* `flags` is the text of --so_flags; NULL: there is none. */
typedef void packetdrill_interface_init_fn(const char *flags, struct packetdrill_interface *ifc);

#endif
