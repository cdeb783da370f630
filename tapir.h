/* SPDX-License-Identifier: MIT */
/*
 * tapir in your own program: hosts with a TCP/IP stack of their own, TAP devices or cables to connect them, and sockets
 * that never block. docs/embedding.md has a whole program; link with -ltapir -lm.
 *
 *	struct tapir *t = tapir_new();
 *	struct tapir_host *h = tapir_host_new(t, "h1");
 *	tapir_tap(h, "eth0", "tap0");
 *	tapir_addr_add(h, "eth0", "10.0.0.1/24");
 *	struct tapir_sock *sk = tapir_socket(h, TAPIR_TCP);
 *	tapir_on_event(sk, my_event, my_data);
 *	tapir_run(t);
 *
 * There is one thread: everything happens inside tapir_run() or tapir_turn(), and nothing may be called from another
 * thread. Callbacks come from there too; they may call everything but these two and tapir_free(), and may close the
 * socket that they are about.
 *
 * Calls that can fail return 0 (or a length) or -errno, with the values that Linux has for the same call; those that
 * return a pointer return NULL and set errno. Addresses and ports are in host order.
 */
#ifndef TAPIR_H
#define TAPIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tapir;	   /* hosts, and the loop in which all of them run */
struct tapir_host; /* a stack: devices, addresses, routes, sockets */
struct tapir_sock;

struct tapir_addr {
	uint32_t ip; /* 0: any, or none */
	uint16_t port;
};

/* ---- the loop ---- */

struct tapir *tapir_new(void); /* ENOMEM */

/* Deletes the hosts that are left. Sockets, watches and timers must have been closed before. */
void tapir_free(struct tapir *t);

/* Runs until tapir_stop(), or until nothing can happen any more: no device, no descriptor, no timer. */
void tapir_run(struct tapir *t);
void tapir_stop(struct tapir *t);

/* One turn: what can be done now, after sleeping until there is something when `may_sleep`. False: nothing can ever
 * happen. */
bool tapir_turn(struct tapir *t, bool may_sleep);

/* For a program with a loop of its own: it polls the descriptor for input, no longer than so many ms (-1: for ever), and
 * then calls tapir_turn(t, false). */
int tapir_fd(const struct tapir *t);
int tapir_timeout_ms(struct tapir *t);

/* Monotonic time, ns; the same throughout a turn. */
uint64_t tapir_now_ns(const struct tapir *t);

/* A descriptor of the program's own (its terminal, a pipe): `fn` is called while poll(2) would say one of `events`. It
 * stays the program's, who unwatches it before closing it. ENOMEM */
struct tapir_watch;
struct tapir_watch *tapir_watch(
	struct tapir *t, int fd, short events, void (*fn)(int fd, short events, void *ctx), void *ctx);
void tapir_unwatch(struct tapir_watch *w);

/* `fn` is called once, `ns` from now, unless it is set anew or freed before. ENOMEM */
struct tapir_timer;
struct tapir_timer *tapir_timer_new(struct tapir *t, void (*fn)(void *ctx), void *ctx);
void tapir_timer_set(struct tapir_timer *tm, uint64_t ns);
void tapir_timer_free(struct tapir_timer *tm);

/* ---- hosts ---- */

/* With lo up. ENOMEM, EEXIST, EINVAL (the name) */
struct tapir_host *tapir_host_new(struct tapir *t, const char *name);

/* Its sockets are told HANGUP, and stay until they are closed. */
void tapir_host_free(struct tapir_host *h);

/* An Ethernet device `dev` whose other end is the machine's TAP interface `ifname`, which is made unless it is there.
 * -EPERM: it is not this user's (ip tuntap add dev ifname mode tap user ...); -ENOENT: no /dev/net/tun. */
int tapir_tap(struct tapir_host *h, const char *dev, const char *ifname);

/* The same without Ethernet, with a TUN interface. */
int tapir_tun(struct tapir_host *h, const char *dev, const char *ifname);

/* An Ethernet cable between two hosts (or one and itself). -EEXIST, -EINVAL (a name), -ENOMEM */
int tapir_cable(struct tapir_host *a, const char *dev_a, struct tapir_host *b, const char *dev_b);

/* "10.0.0.1/24". -ENODEV, -EINVAL, -EEXIST, -ENOMEM */
int tapir_addr_add(struct tapir_host *h, const char *dev, const char *cidr);

/* "default" or "10.1.0.0/16", by the gateway "10.0.0.254". -EINVAL, -EEXIST, -ENETUNREACH, -ENOMEM */
int tapir_route_add(struct tapir_host *h, const char *prefix, const char *gateway);

/* By Linux's names and values: "net.ipv4.tcp_sack", "0". -ENOENT, -EINVAL */
int tapir_sysctl(struct tapir_host *h, const char *name, const char *value);

/* ---- sockets ---- */

enum tapir_kind { TAPIR_TCP, TAPIR_UDP };

/* What can be done without -EAGAIN, as poll(2) says it. A callback gets those that have become true. */
enum {
	TAPIR_READABLE = 1, /* text, a datagram, a connection to accept, the end of the stream */
	TAPIR_WRITABLE = 2, /* connected; or room again, after -EAGAIN */
	TAPIR_HANGUP = 4,   /* both directions are over */
	TAPIR_ERROR = 8,    /* TAPIR_OPT_ERROR says which */
	TAPIR_URGENT = 16,  /* an urgent octet (TAPIR_OOB) */
};
typedef void tapir_event_fn(struct tapir_sock *sk, unsigned events, void *ctx);

struct tapir_sock *tapir_socket(struct tapir_host *h, enum tapir_kind kind); /* ENOMEM */

/* What was written to a stream goes on being sent. */
void tapir_close(struct tapir_sock *sk);

/* What is true already is told soon, but for WRITABLE. NULL: nobody is told. */
void tapir_on_event(struct tapir_sock *sk, tapir_event_fn *fn, void *ctx);
unsigned tapir_ready(const struct tapir_sock *sk); /* all that are true now */

int tapir_bind(struct tapir_sock *sk, struct tapir_addr a); /* -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL */

/* TCP: -EINPROGRESS, then WRITABLE, or ERROR. */
int tapir_connect(struct tapir_sock *sk, struct tapir_addr a);
int tapir_listen(struct tapir_sock *sk, int backlog);

/* A connection, with the listener's options and no callback. `from` may be NULL. EAGAIN, ENOMEM */
struct tapir_sock *tapir_accept(struct tapir_sock *sk, struct tapir_addr *from);

int tapir_shutdown(struct tapir_sock *sk, int how); /* SHUT_RD, SHUT_WR, SHUT_RDWR. -ENOTCONN */
int tapir_name(const struct tapir_sock *sk, struct tapir_addr *a);
int tapir_peer(const struct tapir_sock *sk, struct tapir_addr *a); /* -ENOTCONN */

/* Flags of the calls below; the values are Linux's. */
enum {
	TAPIR_OOB = 0x01,   /* the urgent octet */
	TAPIR_PEEK = 0x02,  /* what is read stays */
	TAPIR_TRUNC = 0x20, /* a stream: throw away, buf may be NULL */
	TAPIR_MORE = 0x8000 /* more follows soon: no small segment now */
};

/* As much as there is room for, or -EAGAIN; -EPIPE, -ECONNRESET, -ETIMEDOUT ... */
ssize_t tapir_send(struct tapir_sock *sk, const void *data, size_t len, int flags);

/* A stream: 0 is its end. A datagram: its length, even where `room` was less. -EAGAIN: nothing is there. */
ssize_t tapir_recv(struct tapir_sock *sk, void *buf, size_t room, int flags);

/* Datagrams. */
ssize_t tapir_send_to(struct tapir_sock *sk, const void *data, size_t len, int flags, struct tapir_addr to);
ssize_t tapir_recv_from(struct tapir_sock *sk, void *buf, size_t room, int flags, struct tapir_addr *from);

/* Options, with the units and bounds of socket(7), ip(7) and tcp(7). */
enum tapir_option {
	TAPIR_OPT_ERROR, /* get only: the pending errno, cleared by reading */
	TAPIR_OPT_RCVBUF,
	TAPIR_OPT_SNDBUF,
	TAPIR_OPT_REUSEADDR,
	TAPIR_OPT_REUSEPORT,
	TAPIR_OPT_BROADCAST,
	TAPIR_OPT_KEEPALIVE,
	TAPIR_OPT_LINGER, /* s; -1: off; 0: closing resets the connection */
	TAPIR_OPT_OOBINLINE,
	TAPIR_OPT_TTL,
	TAPIR_OPT_TOS,
	TAPIR_OPT_NODELAY,
	TAPIR_OPT_CORK,
	TAPIR_OPT_MAXSEG,
	TAPIR_OPT_USER_TIMEOUT, /* ms */
	TAPIR_OPT_KEEPIDLE,	/* s */
	TAPIR_OPT_KEEPINTVL,	/* s */
	TAPIR_OPT_KEEPCNT,
	TAPIR_OPT_NOTSENT_LOWAT,
};
int tapir_set(struct tapir_sock *sk, enum tapir_option opt, int value); /* -EINVAL, -ENOPROTOOPT */
int tapir_get(struct tapir_sock *sk, enum tapir_option opt, int *value);

/* ---- addresses as text ---- */

/* "10.0.0.1", "10.0.0.1:80" or ":80". False: it is none of these. */
bool tapir_addr_parse(const char *text, struct tapir_addr *a);

/* "10.0.0.1:80". Returns `text`. */
char *tapir_addr_print(char text[22], struct tapir_addr a);

#ifdef __cplusplus
}
#endif

#endif
