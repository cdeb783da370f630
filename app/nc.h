/* SPDX-License-Identifier: MIT */
/*
 * netcat's engine: connects to ports one after the other, or listens, and passes bytes both ways between a
 * connection and its owner. Memory is bounded: it asks for input only when it could send what it has, and reads
 * the network only while the owner can take more.
 */
#ifndef APP_NC_H
#define APP_NC_H

#include "lib/loop.h"
#include "net/sock.h"

struct nc;

enum { NC_DATAGRAM = 16384 }; /* input goes in UDP datagrams of at most so many octets */

struct nc_config {
	uint32_t host; /* to connect to, or to listen on */
	const uint16_t *ports;
	size_t port_count; /* > 0; listening uses the first one */
	bool listen, keep; /* keep: the next peer after one has gone */
	bool udp;
	bool zero_io;	 /* only try whether the ports can be connected to */
	bool probe;	 /* UDP: send a few octets first, to find ports that are closed */
	bool no_input;	 /* never asks for any */
	bool half_close; /* the end of input is told to the peer (FIN) */
	bool crlf;	 /* line ends are sent as CR LF */
	bool broadcast;
	uint32_t src; /* 0: the route's choice */
	uint16_t src_port;
	uint64_t timeout_ns;  /* to connect, and of silence on a connection; 0: none */
	uint64_t interval_ns; /* between lines sent and between ports; 0: none */
	uint64_t quit_ns;     /* ends this long after the end of input; NC_NEVER: not */
	unsigned recv_limit;  /* ends after so many pieces were received; 0: none */
	int tos, ttl;	      /* -1: the host's default */
	int rcvbuf, sndbuf;   /* 0: the same */
};

#define NC_NEVER UINT64_MAX

enum nc_what {
	NC_LISTENING, /* on addr */
	NC_RECEIVED,  /* the connection of addr (UDP: its first datagram) */
	NC_CONNECTED, /* to addr */
	NC_REFUSED,   /* connecting to addr failed with `error`, which is 0 for a silent UDP port; goes on */
	NC_TIMED_OUT, /* the same, in want of an answer */
	NC_CANNOT,    /* `step` ("bind", "listen" ...) failed with `error` */
	NC_DONE,      /* `status`: 0, or 1: nothing was reached. nc_free() may be called. */
};

struct nc_event {
	enum nc_what what;
	struct sock_addr addr;
	const char *step;
	int error; /* errno */
	int status;
};

struct nc_owner {
	void (*event)(const struct nc_event *e, void *ctx);
	/* Takes all of it. False: nothing more, please, until nc_resume(). */
	bool (*output)(const void *data, size_t len, void *ctx);
	/* nc_input() may be called, or should not be, from now on. At first it should not. */
	void (*want_input)(bool on, void *ctx);
	void *ctx;
};

/* cfg is copied. NULL: no memory. */
struct nc *nc_new(struct loop *l, struct stack *s, const struct nc_config *cfg, const struct nc_owner *owner);
void nc_start(struct nc *nc);
void nc_input(struct nc *nc, const void *data, size_t len); /* len 0: the end of input */
void nc_resume(struct nc *nc);
void nc_free(struct nc *nc);

#endif
