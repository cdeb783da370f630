/* SPDX-License-Identifier: MIT */
/* What the files of icmp/ share with each other and with nobody else. */
#ifndef ICMP_INTERNAL_H
#define ICMP_INTERNAL_H

#include "icmp/icmp.h"
#include "ip/ip.h"
#include "net/sock.h"
#include "net/wire_icmp.h"

/* How many answers may go out (limit.c). */
struct icmp_limit {
	int64_t credit; /* messages that may go to anybody; may fall to -1 */
	uint64_t refilled_ns;
	struct siphash_key key;
	struct hash hosts; /* of struct host, by address */
	struct list lru;   /* the same, longest unused first */
	struct pool pool;
};

/* ICMP's state on one host. */
struct icmp {
	struct icmp_limit limit;
	struct hash pings; /* of struct ping_sock, by id */
};

/* ---- icmp.c ---- */

/* Takes a message whose header and checksum are complete; counts it and sends it. 0 or -errno of ip_output().
 */
int icmp_output(struct stack *s, struct pkt *p, const struct ip_send *how);

/* The end of a received message that is faulty: counted in IcmpInErrors. */
void icmp_drop(struct stack *s, struct pkt *p, enum drop_reason why);

/* ---- handlers of the input table: take a message with data at its checked header ---- */

typedef void icmp_input_fn(struct stack *s, struct pkt *p, const struct icmp_hdr *h);

icmp_input_fn echo_input, timestamp_input; /* echo.c */
icmp_input_fn error_input, redirect_input; /* note.c */
icmp_input_fn ping_input;		   /* ping.c */

/* ---- error.c ---- */

ip_reject_fn icmp_reject;

/* ---- limit.c ---- */

void limit_init(struct stack *s);
void limit_exit(struct stack *s);

/* May a message of this kind go to `dst` now? If so, it is charged for. */
bool limit_allows(struct stack *s, uint32_t dst, uint8_t type, uint8_t code);

/* ---- ping.c ---- */

extern const struct sock_ops ping_sock_ops;

void ping_note(struct stack *s, const struct icmp_note *note);

#endif
