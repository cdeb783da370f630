/* SPDX-License-Identifier: MIT */
/* tracepath by ICMP echo: one probe at a time, with DF, which finds the path MTU on its way. */
#ifndef APP_TRACEPATH_H
#define APP_TRACEPATH_H

#include "lib/loop.h"
#include "net/sock.h"

struct tracepath;

struct tracepath_config {
	uint32_t dst;
	unsigned max_hops; /* 30 */
	size_t len;	   /* of the first packet, IP header included; 0: the MTU of the first link */
};

enum tracepath_what {
	TRACEPATH_LOCAL_MTU,  /* the first link does not carry every length: ->mtu */
	TRACEPATH_HOP,	      /* a router on the way: from, rtt_us, back */
	TRACEPATH_MTU,	      /* from there on the MTU is ->mtu; the same TTL is tried again */
	TRACEPATH_REACHED,    /* the destination */
	TRACEPATH_UNREACH,    /* ends there: ->code */
	TRACEPATH_NO_REPLY,   /* nobody answered for this TTL */
	TRACEPATH_SEND_ERROR, /* ->error */
	TRACEPATH_DONE,	      /* last of all; tracepath_free() may be called from it */
};

struct tracepath_event {
	enum tracepath_what what;
	unsigned ttl;
	uint32_t from;
	uint64_t rtt_us;
	unsigned back; /* hops that the answer took, by its TTL; 0: unknown */
	uint32_t mtu;  /* path MTU as it is known now */
	uint8_t code;  /* of destination unreachable */
	int error;
	bool reached; /* TRACEPATH_DONE: ended at the destination, */
	bool gave_up; /* or at max_hops */
};

typedef void tracepath_fn(struct tracepath *t, const struct tracepath_event *e, void *ctx);

/* NULL with errno; *step names what failed. */
struct tracepath *tracepath_new(struct loop *l, struct stack *s, const struct tracepath_config *cfg,
	tracepath_fn *fn, void *ctx, const char **step);
void tracepath_start(struct tracepath *t);
void tracepath_free(struct tracepath *t);

#endif
