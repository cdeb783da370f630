/* SPDX-License-Identifier: MIT */
/*
 * ping: echo requests at a pace, and what comes back. An engine for any program that has a loop and a stack;
 * it prints nothing and tells everything by one callback.
 */
#ifndef APP_PING_H
#define APP_PING_H

#include "lib/loop.h"
#include "net/sock.h"

struct ping;

struct ping_config {
	uint32_t dst;
	uint32_t src;	      /* 0: the route's choice */
	int oif;	      /* by this device only; 0: any */
	uint16_t id;	      /* identifier; 0: any free one */
	uint64_t count;	      /* requests; 0: until stopped */
	uint64_t interval_ns; /* between requests; 0: one as soon as the last is answered, at least 100/s */
	uint64_t deadline_ns; /* ends so long after the first request, whatever came; 0: none */
	uint64_t linger_ns;   /* how long to wait after the last request when nothing was received; 0: ever */
	unsigned preload;     /* requests sent at once at the beginning (1) */
	size_t size;	      /* octets of data; from 16 on they carry the time and round trips are known */
	uint8_t pattern[16];  /* what fills the data, */
	size_t pattern_len;   /* 0: its own offsets */
	int ttl;	      /* -1: the host's default */
	int tos;
	int pmtu;	  /* enum sock_pmtu; -1: the host's default */
	int sndbuf;	  /* 0: default */
	uint8_t opts[40]; /* IP options, */
	size_t opts_len;  /* of a length that is a multiple of 4 */
	bool broadcast;	  /* dst may be a broadcast address */
	bool adaptive;	  /* the interval follows the round trip time */
	bool report_unanswered;
};

enum ping_what {
	PING_SENT,
	PING_REPLY,
	PING_ICMP,	 /* an ICMP message about a request: ->error */
	PING_LOCAL,	 /* this host refused to send it: ->error */
	PING_UNANSWERED, /* the request before this one has no answer yet: ->seq */
	PING_DONE,	 /* the last of all: ping_free() may be called from it */
};

struct ping_event {
	enum ping_what what;
	uint16_t seq;
	const struct sock_error *error;

	/* PING_REPLY */
	const struct sock_msg *msg; /* sender, TTL, options */
	size_t len;		    /* octets of ICMP, header included */
	bool timed;		    /* rtt_us is known */
	uint64_t rtt_us;
	bool duplicate;
	bool truncated;	       /* less data than was sent */
	size_t damaged;	       /* offset of the first wrong octet of data; SIZE_MAX: none */
	const uint8_t *data;   /* what came, `size` octets of it at most, */
	const uint8_t *wanted; /* and what should have */
};

typedef void ping_event_fn(struct ping *pg, const struct ping_event *e, void *ctx);

struct ping_stats {
	uint64_t sent, received, duplicates, errors;
	uint64_t start_ns, last_sent_ns;
	uint64_t timed; /* replies (and duplicates) whose round trip time is in these: */
	uint64_t min_us, max_us, sum_us;
	unsigned __int128 sum2_us; /* of squares */
	uint64_t ewma_us8;	   /* moving average, 8 times */
	unsigned pipe;		   /* most requests that were on their way at once */
};

/* Opens the socket; nothing is sent yet. NULL with errno; *step then names what went wrong ("connect",
 * "bind", "setsockopt" ...). */
struct ping *ping_new(struct loop *l, struct stack *s, const struct ping_config *cfg, ping_event_fn *fn,
	void *ctx, const char **step);

/* Begins in the next turn of the loop. */
void ping_start(struct ping *pg);

/* Ends: PING_DONE comes before this returns (called from an event: right after that event). */
void ping_stop(struct ping *pg);
void ping_free(struct ping *pg);

const struct ping_stats *ping_stats(const struct ping *pg);
uint32_t ping_source(const struct ping *pg); /* the source address of the requests */
uint16_t ping_id(const struct ping *pg);

uint64_t ping_avg_us(const struct ping_stats *st);
uint64_t ping_mdev_us(const struct ping_stats *st); /* standard deviation */

#endif
