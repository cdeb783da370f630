/* SPDX-License-Identifier: MIT */
/*
 * What outsiders must not guess: initial sequence numbers (RFC 6528), timestamp offsets (RFC 7323 5.4, 7.1).
 *
 * Both are a keyed hash of the four numbers of a connection under secrets of the host: for outsiders noise, but
 * the next connection between the same ends goes on above the last one, by which RFC 6191 tells new from old.
 */
#include "tcp/internal.h"

#define ISN_TICK_NS (4 * NS_PER_US)

static uint32_t keyed_hash(const struct siphash_key *key, const struct tcp_entry *e)
{
	uint32_t four[3] = {e->local, e->remote, (uint32_t)e->local_port << 16 | e->remote_port};

	return (uint32_t)siphash(key, four, sizeof(four));
}

/* RFC 6528 3: ISN = M + F(localip, localport, remoteip, remoteport, secret) */
uint32_t tcp_isn(const struct stack *s, const struct tcp_entry *e)
{
	return (uint32_t)(stack_now(s) / ISN_TICK_NS) + keyed_hash(&s->tcp->isn_key, e);
}

uint32_t tcp_ts_offset(const struct stack *s, const struct tcp_entry *e)
{
	return s->sysctl[SYSCTL_TCP_TIMESTAMPS] == 1 ? keyed_hash(&s->tcp->ts_key, e) : 0;
}
