/* SPDX-License-Identifier: MIT */
/*
 * Sockets: what programs see of a stack. They never block: bytes or -EAGAIN, and an event() when that
 * changes. Everything above the protocols (ping, servers, embedding programs) uses only this.
 *
 * Kinds:
 *   sock_open(s, SOCK_STREAM, IP_PROTO_TCP)        a TCP connection, or a listener (tcp)
 *   sock_open(s, SOCK_DGRAM, IP_PROTO_UDP)         datagrams (udp)
 *   sock_open(s, SOCK_DGRAM, IP_PROTO_ICMP)        ping socket: sends echo requests, gets its own replies (icmp)
 *   sock_open(s, SOCK_RAW, number)                 raw socket: packets of that protocol from the IP header on (ip)
 *   sock_open(s, SOCK_KIND_PACKET, ethertype)      packet socket: frames, ETHERTYPE_ALL for every type (net)
 */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include "lib/blob.h"
#include "lib/list.h"
#include "lib/loop.h"

#include <sys/socket.h>

struct pkt;
struct sock;
struct stack;

enum { SOCK_KIND_PACKET = 10 }; /* type for sock_open(): frames (Linux's SOCK_PACKET number) */

/* Where to, where from. Host order. A field that does not apply is 0. */
struct sock_addr {
	uint32_t ip;
	uint16_t port;	    /* ping sockets: the identifier */
	uint16_t ethertype; /* packet sockets, from here on */
	int ifindex;
	struct mac mac;
	uint8_t pkt_type; /* enum pkt_type */
};

/* WRITABLE is told when a socket that gave -EAGAIN or -EINPROGRESS may be written to again. */
enum {
	SOCK_EVENT_READABLE = 1,
	SOCK_EVENT_WRITABLE = 2,
	SOCK_EVENT_HANGUP = 4,
	SOCK_EVENT_ERROR = 8,
	SOCK_EVENT_URGENT = 16 /* TCP: an urgent octet is announced, or can be read (MSG_OOB) */
};

/* sock_recv(): what is known about a message besides its bytes. */
struct sock_msg {
	struct sock_addr from;
	uint32_t dst; /* its destination address */
	uint8_t ttl, tos;
	bool truncated;	  /* the buffer was too small; sock_recv() returned the true length */
	uint64_t time_ns; /* when it arrived */
	uint8_t opts[40]; /* its IP options */
	size_t opts_len;
	uint64_t pkt; /* id, for traces */
};

/* sock_recv_error(): an ICMP error about something this socket sent, or an error of our own (origin local).
 */
struct sock_error {
	int error; /* errno */
	bool local;
	uint8_t type, code; /* ICMP */
	uint32_t info;	    /* next-hop MTU or pointer */
	uint32_t from;	    /* who sent it */
	uint32_t dst;	    /* where our packet was going, */
	uint16_t port;	    /* with UDP to this port */
	uint16_t seq;	    /* ping sockets: the sequence number of the request */
	uint8_t ttl;	    /* TTL that the ICMP error itself arrived with */
	uint64_t time_ns;
};

enum sock_option {
	SO_OPT_RCVBUF, /* bytes, doubled as Linux does */
	SO_OPT_SNDBUF,
	SO_OPT_BROADCAST,    /* 0 or 1: may send to broadcast addresses (else -EACCES) */
	SO_OPT_BINDTODEVICE, /* ifindex, 0: any */
	SO_OPT_TTL,	     /* 1-255; -1: the host's default */
	SO_OPT_TOS,
	SO_OPT_MTU_DISCOVER, /* enum sock_pmtu */
	SO_OPT_RECVERR,	     /* 0 or 1: queue errors for sock_recv_error() */
	SO_OPT_HDRINCL,	     /* raw sockets: the IP header is in the data */
	SO_OPT_MTU,	     /* get only: path MTU to the connected peer */
	SO_OPT_ERROR,	     /* get only: pending errno, cleared by reading */
	SO_OPT_FREEBIND,
	SO_OPT_REUSEADDR,
	SO_OPT_REUSEPORT,
	SO_OPT_KEEPALIVE,
	SO_OPT_LINGER,	  /* seconds; -1: off. 0: close resets the connection */
	SO_OPT_OOBINLINE, /* urgent data stays in the stream (RFC 6093) */
	SO_OPT_MULTICAST_TTL,
	SO_OPT_MULTICAST_IF, /* ifindex; 0: by the route */
	SO_OPT_MULTICAST_LOOP,
	SO_OPT_UDP_SEGMENT, /* bytes of data in each datagram of one sock_send(); 0: all in one */

	/* TCP; times in the units of tcp(7) */
	SO_OPT_TCP_NODELAY,
	SO_OPT_TCP_CORK,
	SO_OPT_TCP_MAXSEG,
	SO_OPT_TCP_USER_TIMEOUT, /* ms */
	SO_OPT_TCP_KEEPIDLE,	 /* s */
	SO_OPT_TCP_KEEPINTVL,	 /* s */
	SO_OPT_TCP_KEEPCNT,
	SO_OPT_TCP_SYNCNT,
	SO_OPT_TCP_LINGER2, /* s; -1: no FIN-WAIT-2 without a socket */
	SO_OPT_TCP_QUICKACK,
	SO_OPT_TCP_DEFER_ACCEPT,  /* s */
	SO_OPT_TCP_NOTSENT_LOWAT, /* bytes */
	SO_OPT_TCP_AT_MARK,	  /* get only: 1: the next octet is the urgent one (SIOCATMARK) */
};

/* ping -M dont | want | do | probe (IP_PMTUDISC_*) */
enum sock_pmtu { SOCK_PMTU_DONT, SOCK_PMTU_WANT, SOCK_PMTU_DO, SOCK_PMTU_PROBE };

/* Told when a socket becomes ready (SOCK_EVENT_* bits), from the egress phase of the loop: the callback may
 * use and close the socket. */
typedef void sock_event_fn(struct sock *sk, unsigned events, void *ctx);

/* NULL with errno: EPROTONOSUPPORT, ENOMEM, EMFILE. Closed by sock_close() only; after its host was deleted
 * every call but close gives -ENODEV and the event was HANGUP. */
struct sock *sock_open(struct stack *s, int type, int protocol);
void sock_close(struct sock *sk);
void sock_on_event(struct sock *sk, sock_event_fn *fn, void *ctx);

/* All return 0 (or a length) or -errno as Linux gives them. */
int sock_bind(struct sock *sk, const struct sock_addr *a); /* -EADDRNOTAVAIL, -EADDRINUSE, -ENODEV */

/* -ENETUNREACH ...; ip 0 (TCP: ip and port 0): disconnect. TCP: -EINPROGRESS, then WRITABLE (connected) or ERROR;
 * -EALREADY, -EISCONN; 0, -ECONNREFUSED, -ETIMEDOUT ...: what became of the one before. */
int sock_connect(struct sock *sk, const struct sock_addr *a);

/* TCP. `backlog` is cut to net.core.somaxconn; again on a listener it changes the backlog. READABLE: something
 * to accept. */
int sock_listen(struct sock *sk, int backlog);

/* The next connection, a socket of its own without callback, which inherits the listener's options. NULL with
 * errno: EAGAIN, EINVAL (no listener), ENOMEM, EMFILE. `from` may be NULL. */
struct sock *sock_accept(struct sock *sk, struct sock_addr *from);

int sock_shutdown(struct sock *sk, int how); /* SHUT_RD, SHUT_WR, SHUT_RDWR; -ENOTCONN */
int sock_name(const struct sock *sk, struct sock_addr *a);
int sock_peer(const struct sock *sk, struct sock_addr *a); /* -ENOTCONN */

/* `to` NULL: the connected peer. Length, or -EAGAIN, -EMSGSIZE, -ENETUNREACH, -EHOSTUNREACH, -EACCES,
 * -EINVAL, -EDESTADDRREQ, -ENETDOWN, -ENOBUFS. Ping sockets: data begins with an ICMP echo header whose id
 * and checksum are filled in. */
ssize_t sock_send(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to);

/* The same on a stream for `len` of the blob's bytes, from `at` on, as by sendfile(): they are not copied (but where they are
 * few); until the peer has acknowledged them, and the device has them, there is a reference to the blob. Others:
 * -EOPNOTSUPP. */
ssize_t sock_send_blob(struct sock *sk, struct blob *b, size_t at, size_t len, int flags);

/* One message, cut to `room` (msg->truncated). `msg` may be NULL. flags: MSG_PEEK. -EAGAIN: none there. A
 * pending error is returned first. Raw sockets: from the IP header; ping sockets: from the ICMP header;
 * packet sockets: from the link header; UDP: the data.
 * TCP: up to `room` bytes of the stream; 0: the peer sent its FIN. MSG_OOB: the urgent byte; MSG_TRUNC: the
 * bytes are thrown away, not copied. sock_send() there takes what fits the send buffer (MSG_MORE, MSG_OOB), or
 * gives -EAGAIN, -EPIPE (not connected, or sending is over), -ENOBUFS. */
ssize_t sock_recv(struct sock *sk, void *buf, size_t room, int flags, struct sock_msg *msg);

/* 0, or -EAGAIN when no error is queued. */
int sock_recv_error(struct sock *sk, struct sock_error *e);

int sock_set(struct sock *sk, enum sock_option opt, int value); /* -EINVAL, -ENOPROTOOPT, -ENODEV */
int sock_get(struct sock *sk, enum sock_option opt, int *value);

/* SOCK_EVENT_* bits that hold now (what poll() would say). */
unsigned sock_ready(const struct sock *sk);

/* Bytes that wait to be read, and bytes written that the peer has not acknowledged (SIOCINQ, SIOCOUTQ). */
size_t sock_unread(const struct sock *sk);
size_t sock_unsent(const struct sock *sk);

/* IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP; ifindex 0: by the route. -EINVAL, -ENODEV, -EADDRINUSE (is a member),
 * -EADDRNOTAVAIL (is none), -ENOBUFS (net.ipv4.igmp_max_memberships). Closing leaves all groups. */
int sock_join(struct sock *sk, uint32_t group, int ifindex);
int sock_leave(struct sock *sk, uint32_t group, int ifindex);

/* TCP_CONGESTION: "cubic", "reno". -ENOENT, -ENOPROTOOPT; NULL where there is none. */
int sock_set_congestion(struct sock *sk, const char *name);
const char *sock_congestion(const struct sock *sk);

/* TCP_INFO: see net/tcp_info.h. -ENOPROTOOPT */
struct tcp_info;
int sock_tcp_info(const struct sock *sk, struct tcp_info *info);

/* IP options to send with every packet (raw, ping): up to 40 bytes as on the wire. -EINVAL, -ENOMEM */
int sock_set_ip_options(struct sock *sk, const uint8_t *opts, size_t len);

/* A filter of the socket's own, looked through before queueing: true keeps. Packet and raw sockets. A packet
 * socket's filter sees the frame itself, before it is copied. NULL: none. 0, -ENOMEM. */
int sock_set_filter(struct sock *sk, bool (*keep)(const struct pkt *p, void *ctx), void *ctx);

/* ---- for protocols ---- */

struct sock_ops {
	const char *name;	      /* "ping", "raw", "packet" */
	size_t size;		      /* of the protocol's struct, which begins with a struct sock */
	int (*open)(struct sock *sk); /* all may be NULL: success, or -EOPNOTSUPP where that makes no sense */
	void (*close)(struct sock *sk);
	int (*bind)(struct sock *sk, const struct sock_addr *a);
	int (*connect)(struct sock *sk, const struct sock_addr *a);
	ssize_t (*send)(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to);
	ssize_t (*send_blob)(struct sock *sk, struct blob *b, size_t at, size_t len, int flags);
	int (*path_mtu)(const struct sock *sk); /* towards the peer; bytes or -errno */
	int (*group)(struct sock *sk, uint32_t group, int ifindex, bool join);
	bool hides_ip;	   /* sock_recv() leaves out the IP header that queued packets begin with */
	uint8_t hides_hdr; /* and so many bytes of header after it (UDP: 8) */
	void (*fill)(const struct pkt *p,
		struct sock_msg *msg); /* what the protocol knows about a message: ports */

	/* streams; local, peer, recv, set and get also wherever a protocol knows better than the core */
	int (*local)(const struct sock *sk, struct sock_addr *a);
	int (*peer)(const struct sock *sk, struct sock_addr *a);
	int (*listen)(struct sock *sk, int backlog);
	struct sock *(*accept)(struct sock *sk, struct sock_addr *from);
	int (*shutdown)(struct sock *sk, int how);
	ssize_t (*recv)(struct sock *sk, void *buf, size_t room, int flags, struct sock_msg *msg);
	int (*set)(struct sock *sk, enum sock_option opt,
		int value); /* -ENOPROTOOPT: not mine; the core's turn */
	int (*get)(struct sock *sk, enum sock_option opt, int *value);
	void (*changed)(struct sock *sk, enum sock_option opt); /* the core has set this one */
	unsigned (*ready)(const struct sock *sk);
	size_t (*unread)(const struct sock *sk);
	size_t (*unsent)(const struct sock *sk);
	int (*set_congestion)(struct sock *sk, const char *name);
	const char *(*congestion)(const struct sock *sk);
	int (*tcp_info)(const struct sock *sk, struct tcp_info *info);
};

/* What sockets of messages have from the beginning, and streams not before an error is queued (sock_extra.c). */
struct sock_extra {
	struct sock_end {
		uint32_t ip;
		uint16_t port;
	} local, peer;		     /* peer.ip 0: not connected */
	uint32_t rx_limit, tx_limit; /* bytes */
	uint16_t protocol;	     /* as it was opened */
	int linger_s;		     /* -1: off */
	struct list rx;		     /* of struct pkt */
	uint32_t rx_bytes, rx_dropped;
	uint8_t opts[40]; /* IP options to send */
	size_t opts_len;
	bool (*filter)(const struct pkt *p, void *ctx);
	void *filter_ctx;
	struct list errors; /* of struct sock_queued_error */
	unsigned error_count;
};

/* Small, as there may be a million. */
struct sock {
	struct list node;    /* in stack->socks */
	struct stack *stack; /* NULL: the host is gone */
	const struct sock_ops *ops;
	struct sock_extra *extra; /* NULL: a stream */
	sock_event_fn *event;
	void *event_ctx;
	struct work event_work;
	uint32_t ino;  /* its number on its host, from 1: what ss -e shows */
	int bound_dev; /* ifindex or 0 */
	uint8_t type, tos, mtu_discover;
	uint8_t ttl;   /* 0: the host's */
	uint8_t error; /* errno that is pending */
	uint8_t pending_events;
	bool broadcast : 1, recverr : 1, hdrincl : 1, freebind : 1, reuseaddr : 1, reuseport : 1,
		keepalive : 1, oobinline : 1;
	bool named_ip : 1, named_port : 1; /* bind() was told so: they stay when it is disconnected */
	bool connecting : 1;		   /* streams: connect() has not yet told how it ended */
};

/* Another socket of that kind with the same options, without names, callback and filter; its protocol does the rest.
 * NULL with errno. */
struct sock *sock_like(const struct sock *sk);

/* Takes a packet for this socket: filter, bound on the queue, event; or the drop with its name. Data at the
 * IP header (packet sockets: at the link header), p->ip parsed. */
void sock_input(struct sock *sk, struct pkt *p);

/* The same, where the filter has been asked already. False: dropped, the queue is full. */
bool sock_queue(struct sock *sk, struct pkt *p);

struct pkt *sock_next(const struct sock *sk);	   /* the oldest in the queue, or NULL */
void sock_unqueue(struct sock *sk, struct pkt *p); /* gives it to the caller */
void sock_count_drop(struct sock *sk);		   /* a packet never came as far as its queue */

bool sock_has_errors(const struct sock *sk); /* sock_recv_error() would give one */
void sock_purge_errors(struct sock *sk);

/* Makes sk->extra where there is none yet. NULL: no memory. */
struct sock_extra *sock_extra_of(struct sock *sk);

static inline bool sock_wants(const struct sock *sk, const struct pkt *p)
{
	return !sk->extra || !sk->extra->filter || sk->extra->filter(p, sk->extra->filter_ctx);
}

static inline struct sock_addr sock_addr_of(struct sock_end e)
{
	return (struct sock_addr){.ip = e.ip, .port = e.port};
}

static inline uint32_t sock_rx_bytes(const struct sock *sk)
{
	return sk->extra ? sk->extra->rx_bytes : 0;
}

static inline uint32_t sock_rx_dropped(const struct sock *sk)
{
	return sk->extra ? sk->extra->rx_dropped : 0;
}

static inline size_t sock_opts_len(const struct sock *sk)
{
	return sk->extra ? sk->extra->opts_len : 0;
}

/* Reports an error: queued if RECVERR is on (a bounded number), else pending when `fatal`. */
void sock_report(struct sock *sk, const struct sock_error *e, bool fatal);
void sock_wake(struct sock *sk, unsigned events);

/* The host is going: sockets get HANGUP and lose it. */
void sock_stack_gone(struct stack *s);

#endif
