/* SPDX-License-Identifier: MIT */
/*
 * What our hosts sent, put together from their packets: connections of TCP as streams, everything else as messages. How a
 * stream was cut into segments is forgotten; when which octets went is not.
 */
#ifndef SHELL_FLOWS_H
#define SHELL_FLOWS_H

#include "shell/fields.h"

#include "lib/hash.h"
#include "lib/list.h"

enum { FLOWS_MAX = 200000, FLOW_TEXT_MAX = 16 << 20 };

/* A message of ICMP has its type, code and number in front of its data. */
enum { FLOW_ICMP_HEAD = 4 };

struct flow_key {
	uint32_t proto;
	uint32_t ours, peer;
	uint16_t our_port, peer_port; /* of an echo the identifier, as the port of who asks */
};

/* Octets of TCP by their distance from the ISN: the SYN is 0, the first octet of text is 1, the FIN counts. A message
 * is one. */
struct flow_send {
	uint32_t from, to;
	bool again; /* was sent before */
	bool probe; /* ... and is the last that was sent, as in a probe for lost tails (RFC 8985 7) */
	uint32_t tsval;
	uint64_t at_ns;
};

/* Text that was lost on the way to where the capture was taken. */
struct flow_hole {
	uint32_t from, to;
};

struct flow {
	struct list node;      /* of flows.flows */
	struct list lone_node; /* of flows.lone */
	struct hash_link link;
	struct flow_key key;
	struct flow *twin; /* the same flow of the other run, or NULL */
	bool by_us;	   /* we began it */
	bool whole;	   /* TCP: its SYNs are there */

	struct buf text; /* TCP: the stream; else messages, each with its length in front */
	uint32_t same;	 /* octets of the stream, or messages, before that: like the twin's, and forgotten */
	uint32_t text_len; /* TCP: of the stream */
	bool differs;	   /* from the twin, for certain: no more text is kept */
	struct flow_send *sends;
	size_t send_count, send_room;
	uint32_t end;  /* behind the last octet, or message */
	bool repeated; /* something was sent again, but for probes */
	struct flow_hole *holes;
	size_t hole_count;
	unsigned long long missed; /* octets of holes that were never filled */

	/* TCP */
	bool has_isn, has_peer_isn;
	uint32_t isn, peer_isn;
	bool has_ts;
	uint32_t last_tsval;
	uint32_t ts_shift;    /* from our timestamps of then to those of now (foreign.c) */
	uint16_t mss;	      /* that we take */
	bool sack_ok, wscale; /* in our SYN */
	bool peer_wscale;
	uint8_t shift;		    /* of our windows, where both have the option */
	uint32_t acked, peer_acked; /* of the peer's octets by us, of ours by the peer */
	uint32_t room;		    /* up to here the peer may send */
	uint32_t
		stuck; /* where our sending was when we gave up waiting for more; 0: we did not (foreign.c) */
	bool fin, peer_fin, rst, peer_rst;
	bool fin_first; /* ours was before the peer's */
	uint32_t fin_at, peer_fin_at;
};

struct flows {
	struct list flows; /* of struct flow, in order of their beginning */
	struct list lone;  /* of those without a twin */
	struct hash by_key;
	unsigned count;
	bool full; /* there were more than FLOWS_MAX */
};

void flows_init(struct flows *fs);
void flows_exit(struct flows *fs);

/* A packet went by, whose fields are `x`. Returns its flow; NULL: it belongs to none (ARP, fragments, what is cut off, and
 * new ones where there are FLOWS_MAX). */
struct flow *flows_see(
	struct flows *fs, bool ours, const struct fields *x, const uint8_t *data, uint64_t now_ns);

/* The flow that it belongs to so far, or NULL. */
struct flow *flows_of(const struct flows *fs, bool ours, const struct fields *x);

/* The last flow with this key, or NULL. */
struct flow *flows_find(const struct flows *fs, const struct flow_key *key);

/* From now on they are each other's twin. Neither has one. */
void flow_pair(struct flow *a, struct flow *b);

/* The first sending of the octet (or message) before `end`; NULL: it was not sent yet. */
const struct flow_send *flow_sent(const struct flow *f, uint32_t end);
bool flow_sent_again(const struct flow *f, uint32_t end);

/* The next message of the flow's text from `at` on, which goes past it; NULL: there is none. */
const uint8_t *flow_message(const struct flow *f, size_t *at, uint32_t *len);

/* "ESTABLISHED", "FIN-WAIT-2" ...: of our end of the connection. */
const char *flow_state(const struct flow *f);

#endif
