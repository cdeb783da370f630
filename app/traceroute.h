/* SPDX-License-Identifier: MIT */
/* traceroute by UDP, ICMP echo or TCP SYNs: many probes at once with growing TTL, told in order. */
#ifndef APP_TRACEROUTE_H
#define APP_TRACEROUTE_H

#include "lib/loop.h"
#include "net/sock.h"

struct traceroute;

enum { TRACEROUTE_MAX_HOPS = 255, TRACEROUTE_MAX_QUERIES = 10 };

enum traceroute_method { TRACEROUTE_UDP, TRACEROUTE_ICMP, TRACEROUTE_TCP };

struct traceroute_config {
	enum traceroute_method method;
	uint16_t port;	 /* UDP: of the first probe; each has the next one, unless: */
	bool fixed_port; /* all have the same, as with TCP always */
	uint32_t dst;
	uint32_t src; /* 0: the route's choice */
	int oif;      /* 0: any */
	unsigned first_ttl, max_ttl;
	unsigned queries;      /* probes per hop */
	unsigned at_once;      /* probes that may be unanswered at one time */
	uint64_t wait_ns;      /* for an answer at most; */
	double here, near;     /* and so many times what another probe of the same, or a later, hop took */
	uint64_t send_wait_ns; /* between probes */
	size_t len;	       /* of a whole packet, IP header included */
	int tos;
	bool dont_fragment;
};

/* One probe, in order of TTL and query. */
struct traceroute_probe {
	unsigned ttl, query;
	uint32_t from; /* who answered; 0: nobody in time */
	uint64_t rtt_us;
	bool reply; /* the destination's: echo reply, datagram, port unreachable, SYN-ACK, reset; else an error: */
	uint8_t type, code; /* TIME_EXCEEDED, DEST_UNREACH ... */
	uint32_t info;	    /* its MTU */
};

/* `p` NULL: all is told (error 0), or sending failed (errno). traceroute_free() may be called from that. */
typedef void traceroute_fn(struct traceroute *t, const struct traceroute_probe *p, int error, void *ctx);

/* Values that are 0 get the usual defaults. NULL with errno, and *step names what failed. */
struct traceroute *traceroute_new(struct loop *l, struct stack *s, const struct traceroute_config *cfg,
	traceroute_fn *fn, void *ctx, const char **step);
void traceroute_start(struct traceroute *t);
void traceroute_free(struct traceroute *t);
const struct traceroute_config *traceroute_settings(const struct traceroute *t);

#endif
